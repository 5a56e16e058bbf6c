"""Programs and calls as the native core runs them (`forms/tapes.h`, `replay.h`, `batches.h`).

A program is described by its steps, each with the function that computes it wherever the core does
not, and the structure of arguments and results by nested tuples `(shape, thing, parts or numbers)`.
What has no description is left to Python.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.program import Program, Ref
from autograd.compiler.results import Item, Result
from autograd.compiler.source import NAMES, template
from autograd.compiler.surroundings import MISSING, Surroundings, holder
from autograd.compiler.whole import LARGEST
from autograd.forms import native
from autograd.op import Op

_CALL = re.compile(r"([\w.]+)\(#1(, #2)?\)")
"""A template that calls a function with the operands."""
_UNCHANGING = str, bytes, bool, int, float, np.generic, type(None)


class Undescribed(Exception):  # noqa: N818, it is an answer
    """There is something that only Python can do."""


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
            known = tuple([program.constants[~x] if x < 0 else None for x in operands])
            function = functions.setdefault(_function(op, known), len(functions))
            steps.append((op, function, tuple(map(place, operands))))
    return native.Tape(first, tuple(program.constants), tuple(functions), tuple(steps), described,
                       counter)  # fmt: skip


def _function(op: Op, known: Sequence[float | None]) -> Callable[..., float]:
    """The function that computes an operation as the Python source does."""
    python = None if op.arity is None else template(op, known)
    function: Callable[..., float] = op.forward
    return function if python is None else _compiled(op, python)


@functools.cache
def _compiled(op: Op, python: str) -> Callable[..., float]:
    """A template of an operation as a function."""
    assert op.arity is not None
    operands = [f"x{i}" for i in range(op.arity)]
    called = _CALL.fullmatch(python)
    text = called[1] if called else f"lambda {', '.join(operands)}: {op.write(python, operands)}"
    function: Callable[..., float] = eval(text, dict(NAMES))
    return function


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


def replay(
    args: Sequence[Any], kwargs: Mapping[str, Any], around: Surroundings, missed: Any
) -> Any:
    """A call of a function by its `tapes`, for arguments of one structure.

    Args:
        args: positional arguments of that structure.
        kwargs: named ones.
        around: what is around the function, and must not change.
        missed: returned where the call has to be made in another way.

    Raises:
        Undescribed: if there is something that Python has to look at.
    """
    if native is None:
        raise Undescribed
    return native.Replay(*_arguments(args, kwargs, repeat(None)), _around(around), missed)


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
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    axes: Iterable[int | None],
    family: Any,
    counter: Any,
    code: BatchCode,
    structure: Any,
    divided: bool,
    most: int,
    other: Callable[..., Any],
    missed: Any,
    patience: int,
) -> Any:
    """A call of a function for a batch whose lanes are all on one path.

    Args:
        args: positional arguments of the structure that it is for.
        kwargs: named ones.
        axes: of the items in them that lanes lie along, None for those that all lanes have.
        family: that the lanes belong to.
        counter: counts them.
        code: of the only path of the family.
        structure: of the result, with items.
        divided: whether sums are divided by the number of lanes.
        most: so many lanes are added up at once.
        other: makes a call that is not the usual one, given the arguments.
        missed: returned where a lane is not on the path.
        patience: how often more a batch may miss it than not, until `other` makes all calls.

    Raises:
        Undescribed: if there is something that Python has to look at.
    """
    if native is None:
        raise Undescribed
    shapes: list[tuple[int, ...]] = []
    result = _result(structure, range(code.sums), None if code.sums else shapes)
    run = (*code, divided, most)
    return native.Batch(*_arguments(args, kwargs, axes), _around(family.around), result, run,
                        tuple(shapes), np.empty, family, counter, other, missed,
                        patience)  # fmt: skip


def _around(around: Surroundings) -> tuple[Any, ...]:
    """The description of what is around a function."""
    places = tuple([(*holder(x), x.thing, x.same) for x in around.places])
    held = [names for names, *_ in (*around.globals, *places)]
    if any(isinstance(x, dict) and type(x) is not dict for x in held):
        raise Undescribed
    return tuple(around.globals), tuple(around.without_defaults), places, MISSING


def _arguments(
    args: Sequence[Any], kwargs: Mapping[str, Any], axes: Iterable[int | None]
) -> tuple[Any, ...]:
    """The parts of positional arguments, and of named ones."""
    each = iter(axes)
    return _argument(tuple(args), each), _argument(dict(kwargs), each)


def _argument(item: Any, axes: Iterator[int | None]) -> tuple[Any, ...]:
    """A part of the arguments."""
    kind = type(item)
    if kind is dict:
        if any(type(key) is not str for key in item):
            raise Undescribed
        return "dict", (*item,), tuple([_argument(x, axes) for x in item.values()])
    if kind is list or kind is tuple or (isinstance(item, tuple) and hasattr(kind, "_fields")):
        shape = "list" if kind is list else "tuple"
        return shape, kind, tuple([_argument(x, axes) for x in item])
    axis = next(axes)
    if kind is np.ndarray and item.dtype is _LIKE.dtype and item.flags.c_contiguous and _FITS:
        if axis is None:
            return "array", _LIKE, item.shape
        if axis == 0:
            return "lanes", _LIKE, item.shape[1:]
    if axis is not None:
        raise Undescribed
    if kind is float:
        return "float", None, ()
    if kind is np.float64:
        return "float64", np.float64, ()
    if kind is int and abs(item) <= LARGEST:
        return "int", None, ()
    if item is None or kind is bool:
        return "same", item, ()
    if kind is str:
        return "text", item, ()
    raise Undescribed


_LIKE = np.zeros((2, 3))
"""An array of the only kind that the native core reads, whose fields it finds by themselves."""
_FITS = native is not None and native.array_fields(_LIKE) == (_LIKE.ctypes.data, _LIKE.shape, 1)
