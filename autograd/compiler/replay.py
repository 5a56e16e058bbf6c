"""Programs and calls as the native core runs them (`forms/tapes.h`, `replay.h`, `batches.h`).

A program is described by its steps, each with the function that computes it wherever the core does
not, and its result by nested tuples, as `structures` has them for arguments. What has no
description is left to Python.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.program import Program, Ref
from autograd.compiler.results import Item, Result
from autograd.compiler.structures import LIKE, Part, Undescribed
from autograd.compiler.surroundings import MISSING, Surroundings, holder
from autograd.forms import native

_UNCHANGING = str, bytes, bool, int, float, np.generic, type(None)


# --- A program ------------------------------------------------------------------------------------


@dataclass
class _Counter:
    points: int = 0
    seconds: float = 0.0


Counter: Any = _Counter if native is None else native.Counter
"""How many points were computed, and how long that took."""


def tape(program: Program, result: Result, counter: Any) -> Any:
    """A program that runs in the native core: given a list of its inputs, it returns what
    `PythonSource` does, or None where that must be asked. None if there is no native core, or if
    the result has something in it that only Python can make.

    Args:
        program: the program.
        result: of what it computes.
        counter: counts the points.
    """
    if native is None:
        return None
    first, constants = len(program.inputs), len(program.constants)

    def place(ref: Ref) -> int:
        if ref < 0:
            return first + ~ref
        return ref if ref < first else ref + constants

    try:
        described = _result(result.structure, [*map(place, program.outputs)], None)
    except Undescribed:
        return None
    functions: dict[Any, int] = {}
    steps: list[tuple[Any, ...]] = []
    waiting = program.waiting()
    for count in range(program.size + 1):
        for index in waiting.get(count, ()):
            guard = program.guards[index]
            test = functions.setdefault(guard.test, len(functions))
            places = tuple(map(place, guard.operands))
            asked = guard.asked if guard.test is None else None
            steps.append((asked, test, places, guard.answer is True, index))
        if count < program.size:
            number, *operands = program.entries[count]
            op = program.ops[number]
            function = functions.setdefault(op.forward, len(functions))
            steps.append((op, function, tuple(map(place, operands))))
    return native.Tape(first, tuple(program.constants), tuple(functions), tuple(steps), described,
                       counter)  # fmt: skip


def _result(
    item: Any, places: Sequence[int], tables: list[tuple[int, ...]] | None
) -> tuple[Any, ...]:
    """A part of the result.

    Args:
        item: the part.
        places: of all numbers in it.
        tables: takes the shapes of tables of the numbers of all lanes; None where there are none.
    """
    if type(item) is dict:
        return "dict", (*item,), tuple([_result(x, places, tables) for x in item.values()])
    if type(item) in (list, tuple):
        parts = tuple([_result(x, places, tables) for x in item])
        return type(item).__name__, type(item), parts
    if not isinstance(item, Item):
        raise Undescribed
    if tables is not None:
        tables.append(item.shape or ())
        return "lanes", None, (len(tables) - 1,)
    numbers = tuple(places[item.start : item.stop])
    if item.kind == "constant":
        if not isinstance(item.constant, _UNCHANGING):
            raise Undescribed
        return "same", item.constant, ()
    if item.shape is None:
        return "int" if item.kind == "int" else "float", None, numbers
    if item.kind == "int" or not _FITS:
        raise Undescribed
    return "array", functools.partial(np.empty, item.shape), numbers


# --- A call ---------------------------------------------------------------------------------------


def replay(structure: tuple[Part, Part], args: Any, around: Surroundings, missed: Any) -> Any:
    """A call of a function by its `tapes`, for arguments of one structure.

    Args:
        structure: of the arguments.
        args: such arguments, positional and named ones.
        around: what is around the function, and must not change.
        missed: returned where the call has to be made in another way.

    Raises:
        Undescribed: if there is something that Python has to look at.
    """
    if native is None or not _is_readable(args):
        raise Undescribed
    return native.Replay(*structure, _around(around), missed)


class BatchCode(NamedTuple):
    """Code for a batch, and how it is run."""

    owner: Any
    """Keeps it alive."""
    address: int
    size: int
    """How many numbers there are in its workspace."""
    same: int
    """Where those begin that are the same in all lanes: first those that it is given."""
    given: int
    """How many these are."""
    constants: tuple[float, ...]
    """Those that follow."""
    lanes: int
    """How many there are in a vector."""
    asks: bool
    """Whether there are checks that lanes may fail."""
    sums: int
    """How many sums it forms; 0 where its results are tables."""
    interrupts: Mapping[int, BaseException]
    """Exceptions that came up in functions of Python's that it called."""
    interrupted: Callable[[], None]
    """Raises that."""


def batch(
    structure: tuple[Part, Part],
    args: Any,
    family: Any,
    code: BatchCode,
    divided: bool,
    most: int,
    other: Callable[..., Any],
    missed: Any,
    patience: int,
) -> Any:
    """A call of a function for a batch whose lanes are all on one path.

    Args:
        structure: of the arguments.
        args: such arguments, positional and named ones.
        family: that the lanes belong to.
        code: of the only path of the family.
        divided: whether sums are divided by the number of lanes.
        most: so many lanes are added up at once.
        other: makes a call that is not the usual one, given the arguments.
        missed: returned where a lane is not on the path.
        patience: how often more a batch may miss it than not, until `other` makes all calls.

    Raises:
        Undescribed: if there is something that Python has to look at.
    """
    if native is None or not _is_readable(args):
        raise Undescribed
    (path,) = family.paths
    shapes: list[tuple[int, ...]] = []
    result = _result(path.result.structure, range(code.sums), None if code.sums else shapes)
    return native.Batch(*structure, _around(family.around), result, (*code, divided, most),
                        tuple(shapes), np.empty, family, path.counter, other, missed,
                        patience)  # fmt: skip


def _around(around: Surroundings) -> tuple[Any, ...]:
    """The description of what is around a function."""
    places = tuple([(*holder(x), x.thing, x.same) for x in around.places])
    held = [names for names, *_ in (*around.globals, *places)]
    if any(isinstance(x, dict) and type(x) is not dict for x in held):
        raise Undescribed
    return tuple(around.globals), tuple(around.without_defaults), places, MISSING


_FITS = native is not None and native.array_fields(LIKE) == (LIKE.ctypes.data, LIKE.shape, 1)
"""Whether the native core finds the fields of an array by itself."""


def _is_readable(item: Any) -> bool:
    """Whether the native core can read all arrays in arguments."""
    if isinstance(item, np.ndarray):
        return _FITS and item.flags.c_contiguous
    parts = item.values() if isinstance(item, dict) else item
    return not isinstance(item, (dict, list, tuple)) or all(map(_is_readable, parts))
