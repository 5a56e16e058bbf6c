"""Axes of a batch: one for all, or a structure like that of what they are of."""

import operator
import reprlib
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from autograd.reals import kind_of
from autograd.trees import Leaf, Path, Tree, keys, mapped

Role = Callable[[Path], str]
"""From the path of an item to its name in messages."""
short = reprlib.Repr()
short.maxother = 60


def checked_in_axes(in_axes: Any) -> Any:
    if isinstance(in_axes, dict) or hasattr(in_axes, "_fields"):
        raise TypeError(
            "in_axes must be an integer, None or a tuple with an entry for each positional "
            f"argument, not {kind_of(in_axes)}: for one argument, in_axes=({in_axes!r},)"
        )
    return checked_axes(tuple(in_axes) if isinstance(in_axes, list) else in_axes, "in_axes")


def checked_axes(axes: Any, title: str) -> Any:
    """A copy of a tree of axes, with Python's integers."""

    def leaf(axis: Any, path: Path) -> int | None:
        if axis is None:
            return None
        try:
            if isinstance(axis, bool):
                raise TypeError
            return operator.index(axis)
        except TypeError:
            raise TypeError(
                f"{title}{keys(path)} must be an integer, None, or tuples, lists and dicts of "
                f"these, not {axis!r}"
            ) from None

    return mapped(leaf, axes)


def spread(axes: Any, tree: Any, title: str, role: Role) -> list[int | None]:
    """An axis for each leaf of a tree.

    Args:
        axes: an axis for the whole tree, or a structure like the upper part of it with axes in it.
        tree: leaves of any kind in lists, tuples and dicts.
        title: what to call `axes` in messages.
        role: what to call the item of the tree at a path.

    Raises:
        ValueError: if the structures do not fit.
    """
    found: list[int | None] = []

    def walk(axes: Any, part: Any, path: Path) -> None:
        if not isinstance(axes, (dict, list, tuple)):
            mapped(lambda *_: found.append(axes), part)
            return
        if not fits(axes, part):
            raise ValueError(
                f"{title}{keys(path)} must be an axis, None or of the structure of {role(path)}, "
                f"which is {shown(part)}, not {short.repr(axes)}"
            )
        for key in part if isinstance(part, dict) else range(len(part)):
            walk(axes[key], part[key], (*path, key))

    walk(axes, tree, ())
    return found


def fits(one: Any, other: Any) -> bool:
    """Whether two containers, or neither of two items, are of one kind and have the same keys."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys()
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other)
    return not isinstance(other, (dict, list, tuple))


def shown(tree: Any) -> str:
    """A tree in words, with the kinds of numbers and arrays in place of them."""

    def leaf(item: Any, _: Path) -> Any:
        return leaf_of(item) or item

    return Tree([], mapped(leaf, tree)).shown()


def leaf_of(item: Any) -> Leaf | None:
    """The place of a number or an array in a structure; None for anything else."""
    if isinstance(item, np.ndarray):
        return Leaf(0, item.size, item.shape)
    return Leaf(0, 1, None) if isinstance(item, Real) or is_value(item) else None


def plain_number(item: Any) -> Any:
    """Python's number for one of NumPy's; anything else as it is."""
    if isinstance(item, np.floating):
        return float(item)
    return item.item() if isinstance(item, (np.integer, np.bool_)) else item


def is_value(item: Any) -> bool:
    """Whether an item is a Value, or something that stands for one."""
    return hasattr(type(item), "_array_kind")
