"""The keys of hand-derived numbers: which derivative each of the numbers is."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.reals import boxed, kind_of, objects, real
from autograd.value import Value

Pair = tuple[Value, Value]
"""The Value that is differentiated, and the one with respect to which."""


def paired(root: Value, names: Mapping[Value, str], manual: Any) -> Iterator[tuple[Pair, float]]:
    """Every hand-derived number with the pair of Values that it belongs to.

    Raises:
        TypeError: if a key or a number is of the wrong type.
        ValueError: if a name stands for no Value or for several, or if the shapes differ.
    """
    items = manual.items() if isinstance(manual, Mapping) else manual
    if isinstance(items, (str, bytes, Value)) or not isinstance(items, Iterable):
        raise TypeError(
            "the hand-derived derivatives must be a dict {Value: number} or a list of pairs "
            f"(Values, numbers), not {kind_of(manual)}"
        )
    for item in items:
        if not isinstance(item, Sequence) or isinstance(item, str) or len(item) != 2:
            raise TypeError(f"a pair (Values, numbers) is needed, not {item!r}")
        key, numbers = item
        of = root
        if isinstance(key, tuple) and len(key) == 2:
            of, key = _one(key[0], names), key[1]
        targets = resolved(key, names)
        what = f"the derivative with respect to {_described(key)}"
        yield from (((of, wrt), x) for wrt, x in zip_exactly(targets, numbers, what))


def zip_exactly(targets: Any, numbers: Any, what: str) -> Iterator[tuple[Any, float]]:
    """The elements of two arrays of the same shape, side by side; nothing is broadcast."""
    boxes = boxed(targets) if isinstance(targets, Value) else objects(targets, what)
    if numbers is None or isinstance(numbers, (str, bytes, complex)):
        real(numbers, what)
    array = objects(numbers, what)
    if array.shape != boxes.shape:
        raise ValueError(f"{what} must have the shape {boxes.shape}, not {array.shape}")
    for target, number in zip(boxes.flat, array.flat, strict=True):
        yield target, as_float(number, what)


def as_float(number: Any, what: str) -> float:
    """A real number, or that of a Value, as a float.

    Raises:
        TypeError: if it is not a real number.
        ValueError: if it is an integer beyond the range of floats.
    """
    try:
        return number.data if isinstance(number, Value) else real(number, what)
    except OverflowError:
        raise ValueError(f"{what} is too large for a float") from None


def resolved(key: Any, names: Mapping[Value, str]) -> Any:
    """The Value or array of Values that a key means."""
    if isinstance(key, (Value, str)):
        return _one(key, names, several=True)
    if isinstance(key, (list, tuple, np.ndarray)):
        for item in objects(key, "a key").ravel():
            if not isinstance(item, Value):
                raise TypeError(f"a key must be made of Values, not of {type(item).__name__}")
        return key
    raise TypeError(f"a key must be a Value, a name, or a pair or an array of them, not {key!r}")


def _one(key: Any, names: Mapping[Value, str], several: bool = False) -> Any:
    if isinstance(key, Value):
        return key
    if not isinstance(key, str):
        raise TypeError(f"a key must be a Value or the name of one, not {key!r}")
    found = [node for node in names if node.name == key]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{len(found)} Values are called {key!r}: use the Value itself as the key")
    numbered = {
        tuple(map(int, match[1].split("_"))): node
        for node in names
        if node.name and (match := re.fullmatch(rf"{re.escape(key)}(\d+(?:_\d+)*)", node.name))
    }
    if several and numbered:
        return _arranged(numbered)
    for node, title in names.items():
        if title == key:
            return node
    known = [node.name for node in names if node.name]
    close = difflib.get_close_matches(key, known, 3) or known[:10]
    raise ValueError(f"no Value is called {key!r}; there are {', '.join(map(repr, close))}")


def _arranged(numbered: Mapping[tuple[int, ...], Value]) -> Any:
    """The elements of an array, given by their indices: an array if none is missing, or else a
    list in their order.
    """
    shape = tuple(1 + max(axis) for axis in zip(*numbered, strict=False))
    every = set(np.ndindex(shape))
    if {len(index) for index in numbered} != {len(shape)} or every != numbered.keys():
        return [numbered[index] for index in sorted(numbered)]
    result = np.empty(shape, dtype=object)
    for index, node in numbered.items():
        result[index] = node
    return result


def _described(key: Any) -> str:
    if isinstance(key, Value):
        return repr(key.name) if key.name else "a Value without a name"
    return repr(key) if isinstance(key, str) else "an array of Values"
