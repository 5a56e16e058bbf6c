"""Operations that have the names of Python's builtins: `abs`, `max`, `min`, `round`, `sum`.

`from autograd import *` puts them in the place of the builtins, so they take the same calls, and
are the builtins where there is nothing to differentiate.
"""

import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.gather import flat
from autograd.op import Entry, Op
from autograd.reals import whole


class Everyday(Entry):
    """An operation that returns exactly what the builtin of its name does, unless it is given a
    Value or an array, by itself or in a sequence.
    """

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) == 1 and not named and _begins(arguments[0]):  # as it mostly is
            return Op.__call__(self, *arguments)
        arguments = tuple([list(x) if isinstance(x, Iterator) else x for x in arguments])
        try:
            if not self._records(arguments, named):
                return getattr(builtins, self.name)(*arguments, **named)
        except TypeError:  # rows of numbers, or an error that says more
            if named or len(arguments) > 1:
                raise
        return super().__call__(*arguments, **named)

    def _records(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> bool:
        """Whether a call is for this operation, not for the builtin."""
        if named.get("key") is not None:
            return False  # the builtin returns one of the elements
        if self.spread and len(arguments) > 1:  # they are compared with each other
            return (
                "default" not in named
                and all(map(_single, arguments))
                and any(map(_differentiable, map(type, arguments)))
            )
        if self.spread and "default" in named and np.size(arguments[0]) == 0:
            return False
        return any(map(_holds, (*arguments, named.get("start"))))


class Rounding(Everyday):
    """The operation `round`, whose number of digits is a constant."""

    def __call__(self, number: Any, ndigits: Any = None) -> Any:  # type: ignore[override]
        if ndigits is None:
            return super().__call__(number)
        if isinstance(ndigits, float) and ndigits.is_integer():  # in a formula
            ndigits = int(ndigits)
        if _holds(number) and not _holds(ndigits):
            whole(ndigits, "the number of digits", -400)
        return super().__call__(number, ndigits)


def _begins(argument: Any) -> bool:
    """Whether an argument is a Value, or a list that begins with one."""
    first = argument[0] if type(argument) is list and argument else argument
    return hasattr(type(first), "_record")


def _single(argument: Any) -> bool:
    return not isinstance(argument, (list, tuple, str, bytes))


def _holds(argument: Any) -> bool:
    """Whether an argument is a Value or an array, or a sequence with one in it."""
    if _differentiable(type(argument)):
        return True
    if isinstance(argument, (str, bytes)) or not isinstance(argument, Iterable):
        return False
    return any(map(_differentiable, set(map(type, argument))))


def _differentiable(kind: type) -> bool:
    array = hasattr(kind, "__array__") and not issubclass(kind, np.generic)
    return array or hasattr(kind, "_record")


def addends(iterable: Any, start: Any = 0) -> Sequence[Any]:
    """The operands of `sum`."""
    elements = flat(iterable, "sum")
    return elements if isinstance(start, int) and start == 0 else [start, *elements]


def candidates(name: str) -> Any:
    """The function that gathers the operands of `max` or `min`: a sequence, or one by one."""

    def gather(*arguments: Any, key: None = None, default: Any = None) -> Sequence[Any]:
        elements = flat(arguments[0] if len(arguments) == 1 else arguments, name)
        if not elements:
            raise ValueError(f"{name} of no operands is undefined")
        return elements

    return gather
