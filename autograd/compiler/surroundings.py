"""The plain numbers, arrays and functions that a function finds around it: closures, defaults,
globals.

They are constants of what is recorded, so they are compared at every call. What a function finds
inside of other things, in attributes or modules, is not seen.
"""

import functools
import inspect
import struct
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

_bits = struct.Struct("d").pack
_FOREIGN = (sys.stdlib_module_names | {"autograd", "numpy", "scipy"}) - {"__main__"}
"""Modules whose functions have nothing around them that a program changes."""


class Surroundings:
    """The numbers around a function, and around those that it calls by name."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._places: list[tuple[str, Callable[[], Any]]] = []
        self._seen: set[int] = set()
        self._look(function)

    def numbers(self) -> list[Any]:
        """The numbers, arrays and functions as they are now, in a form that can be compared."""
        return [_frozen(_tried(get)) for _, get in self._places]

    def differing(self, before: list[Any], now: list[Any]) -> str:
        """The name of one that is not the same in two lists of `numbers`."""
        pairs = zip(self._places, before, now, strict=False)
        return next((name for (name, _), x, y in pairs if x != y), "something")

    def _look(self, item: Any) -> None:
        """Find the numbers around a function, around what wraps one, and in its defaults."""
        if id(item) in self._seen:
            return
        self._seen.add(id(item))
        if isinstance(item, functools.partial):
            self._watch("an argument of a partial", lambda: (item.args, item.keywords))
            self._look(item.func)
        elif isinstance(item, MethodType):
            self._look(item.__func__)
        elif isinstance(item, FunctionType):
            self._function(item)
        elif callable(item):  # a derivative, or another wrapper of a function
            wrapped = getattr(item, "__dict__", {}).get("__wrapped__")
            if wrapped is not None:
                self._look(wrapped)

    def _function(self, function: FunctionType) -> None:
        if str(function.__module__).partition(".")[0] in _FOREIGN:
            return
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            self._watch(name, functools.partial(getattr, cell, "cell_contents"))
        self._watch(f"a default of {function.__name__}", lambda: function.__defaults__)
        self._watch(f"a default of {function.__name__}", lambda: function.__kwdefaults__)
        there = function.__globals__
        for name in dict.fromkeys(_global_names(function.__code__)):
            if name in there:
                self._watch(name, functools.partial(there.get, name))
        wrapped = vars(function).get("__wrapped__")
        if wrapped is not None:
            self._look(wrapped)

    def _watch(self, name: str, get: Callable[[], Any]) -> None:
        thing = _tried(get)
        if _frozen(thing) is not None:
            self._places.append((name, get))
        if isinstance(thing, (list, tuple)):
            for item in thing:
                if callable(item):
                    self._look(item)
        elif callable(thing) and not inspect.isclass(thing):
            self._look(thing)


def _tried(get: Callable[[], Any]) -> Any:
    try:
        return get()
    except (ValueError, KeyError):  # a variable without a value
        return None


def _frozen(item: Any) -> Any:
    """A number, an array or a container of these alone, to be compared; None for anything else."""
    kind = type(item)
    if kind is float:
        return item if item and item == item else _bits(item)
    if kind is int or kind is bool:
        return kind, item
    if isinstance(item, np.ndarray):
        return None if item.dtype == object else (item.dtype.str, item.shape, item.tobytes())
    if isinstance(item, np.generic):
        return item.dtype.str, item.tobytes()
    if isinstance(item, dict):
        item = [*item.keys(), *item.values()] if all(type(x) is str for x in item) else ()
    if kind is str or kind is FunctionType:
        return item
    if not isinstance(item, (list, tuple)) or not item:
        return None
    parts = [_frozen(x) for x in item]
    return None if any(x is None for x in parts) else (kind, tuple(parts))


def _global_names(code: CodeType) -> Iterator[str]:
    """The names that code, and the functions defined in it, may look up among the globals."""
    yield from code.co_names
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _global_names(constant)
