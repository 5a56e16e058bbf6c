"""Recorded programs and calls for one point as the native core runs them (`forms/replay.h`).

A program is described by its steps, each with the function that computes it wherever the core does
not, and the structure of arguments and results by nested tuples `(shape, thing, parts or numbers)`.
What has no description is left to Python.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.compiler.program import Program, Ref
from autograd.compiler.results import Item, Result
from autograd.compiler.source import NAMES, template
from autograd.compiler.surroundings import Surroundings, holder
from autograd.compiler.whole import LARGEST
from autograd.forms import native
from autograd.op import Op

_CALL = re.compile(r"([\w.]+)\(#1(, #2)?\)")
"""A template that calls a function with the operands."""
_UNCHANGING = str, bytes, bool, int, float, np.generic, type(None)


class Undescribed(Exception):  # noqa: N818, it is an answer
    """There is something that only Python can do."""


# --- A program ------------------------------------------------------------------------------------


def tape(program: Program, result: Result) -> Any:
    """A program that runs in the native core: given a list of its inputs, it returns what
    `PythonSource` does, or None where that must be asked. None if there is no native core, or if
    the result has something in it that only Python can make."""
    if native is None:
        return None
    first, constants = len(program.inputs), len(program.constants)

    def place(ref: Ref) -> int:
        if ref < 0:
            return first + ~ref
        return ref if ref < first else ref + constants

    try:
        described = _result(result.structure, [*map(place, program.outputs)])
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
    return native.Tape(first, tuple(program.constants), tuple(functions), tuple(steps), described)


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


def _result(item: Any, places: Sequence[int]) -> tuple[Any, ...]:
    """A part of the result."""
    if type(item) is dict:
        return "dict", (*item,), tuple([_result(x, places) for x in item.values()])
    if type(item) in (list, tuple):
        return type(item).__name__, type(item), tuple([_result(x, places) for x in item])
    if not isinstance(item, Item):
        raise Undescribed
    numbers = tuple(places[item.start : item.stop])
    if item.kind == "constant":
        if not isinstance(item.constant, _UNCHANGING):
            raise Undescribed
        return "same", item.constant, ()
    if item.shape is None:
        return "int" if item.kind == "int" else "float", None, numbers
    if item.kind == "int":
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
    places = tuple([(*holder(x), x.thing, x.same) for x in around.places])
    held = [names for names, *_ in (*around.globals, *places)]
    if native is None or any(isinstance(x, dict) and type(x) is not dict for x in held):
        raise Undescribed
    functions = tuple(around.without_defaults)
    described = _argument(tuple(args)), _argument(dict(kwargs))
    return native.Replay(*described, tuple(around.globals), functions, places, missed)


def _argument(item: Any) -> tuple[Any, ...]:
    """A part of the arguments."""
    kind = type(item)
    if kind is dict:
        if any(type(key) is not str for key in item):
            raise Undescribed
        return "dict", (*item,), tuple(map(_argument, item.values()))
    if kind is list:
        return "list", list, tuple(map(_argument, item))
    if kind is tuple or (isinstance(item, tuple) and hasattr(kind, "_fields")):
        return "tuple", kind, tuple(map(_argument, item))
    if kind is np.ndarray and item.dtype is _FLOATS and item.flags.c_contiguous:
        return "array", np.ndarray, item.shape
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


_FLOATS = np.dtype(np.float64)
