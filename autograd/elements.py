"""The elements of arrays: put into an array of the kind that they ask for, and taken out of one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.reals import real


def container(*items: Any) -> type[NDArray[Any]]:
    """The kind of array for what is computed from the items.

    Values have a kind for it, and so have arrays that are of this kind. A plain array of objects is
    searched for Values; without any of these, it is a plain array of floats.
    """
    for item in items:
        if hasattr(type(item), "_array_kind"):
            return type(item)._array_kind  # type: ignore[no-any-return]
    for item in items:
        if isinstance(item, np.ndarray) and item.dtype == object:
            for kind in set(map(type, item.flat)):
                if hasattr(kind, "_array_kind"):
                    return kind._array_kind  # type: ignore[no-any-return]
    return np.ndarray


def uniform(array: NDArray[Any]) -> type | None:
    """The type of all elements of an array of objects, None if there are several or none."""
    if array.dtype != object:
        return None
    kinds = set(map(type, array.flat))
    return kinds.pop() if len(kinds) == 1 else None


def shaped(elements: Sequence[Any], shape: tuple[int, ...], kind: type[NDArray[Any]]) -> Any:
    """The elements as an array of a kind; where it has no dimensions, the element itself."""
    if not shape:
        return elements[0]
    # `fromiter` does not look into the elements, which takes longer than recording them.
    array = np.fromiter(elements, np.float64 if kind is np.ndarray else object, len(elements))
    return array.reshape(shape).view(kind)


def viewed(array: NDArray[Any], kind: type[NDArray[Any]]) -> NDArray[Any]:
    """An array as one of a kind, whose elements are objects unless it is a plain one."""
    return array if kind is np.ndarray else array.astype(object, copy=False).view(kind)


def node_of(item: Any) -> Any:
    """The Value that something stands for, an integer that is recorded; anything else as it is."""
    return getattr(item, "_node", item)


def numbers(items: Any) -> Any:
    """Values, by themselves, in arrays and sequences, as plain numbers; the rest as it is."""
    if isinstance(items, (list, tuple)):
        return type(items)(map(numbers, items))
    if not isinstance(items, np.ndarray):
        return getattr(node_of(items), "_number", items)
    if items.dtype != object:
        return items
    found = [getattr(x, "_number", x) for x in items.ravel().tolist()]
    found = [x if type(x) is float else real(numbers(x), "an element") for x in found]
    return np.array(found, dtype=np.float64).reshape(items.shape)
