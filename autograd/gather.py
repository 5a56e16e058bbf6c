"""The arguments of a reduction, vectors or nested lists, as one sequence of operands."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd.reals import kind_of, objects, plain


def flat(items: Any, name: str) -> list[Any]:
    """Every element of an array or of (nested) sequences."""
    if not isinstance(items, (list, tuple)):
        items = plain(items, f"the argument of {name}")
    if not isinstance(items, np.ndarray):
        if isinstance(items, str) or not isinstance(items, Iterable):
            raise TypeError(f"{name} takes a sequence or an array, not {kind_of(items)}")
        listed = list(items)
        if not any(isinstance(item, (list, tuple, np.ndarray)) for item in listed):
            return listed
        items = objects(listed, f"the argument of {name}")
    elements: list[Any] = np.ravel(np.asarray(items)).tolist()
    return elements


def all_of(name: str, empty: bool = True) -> Callable[[Any], Sequence[Any]]:
    """The function that gathers the elements for the reduction of that name."""

    def gather(operands: Any) -> Sequence[Any]:
        elements = flat(operands, name)
        if not elements and not empty:
            raise ValueError(f"{name} of no operands is undefined")
        return elements

    return gather


def _vector(items: Any) -> Sequence[Any]:
    if isinstance(items, (list, tuple)):
        return items
    items = plain(items, "a vector of dot")
    if isinstance(items, np.ndarray):
        if items.ndim == 1:
            elements: list[Any] = items.tolist()
            return elements
        raise ValueError(
            f"dot takes two vectors, not an array of shape {items.shape}; "
            "for matrices take the dot of each row, or use @"
        )
    if isinstance(items, (set, frozenset, dict)):
        raise TypeError(f"dot takes two vectors, not {kind_of(items)}: it has no order")
    return flat(items, "dot")


def two_vectors(a: Any, b: Any) -> Sequence[Any]:
    """The elements of the one vector, and then those of the other."""
    left, right = _vector(a), _vector(b)
    if len(left) != len(right):
        raise ValueError(
            f"dot takes two vectors of the same length, not of lengths {len(left)} and {len(right)}"
        )
    return [*left, *right]


def halves(operands: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The two vectors again."""
    half = len(operands) // 2
    return operands[:half], operands[half:]
