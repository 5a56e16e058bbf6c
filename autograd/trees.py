"""Numbers in nested lists, tuples, dicts and arrays: taken out, and put back."""

import copy
import reprlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.arrays import Array
from autograd.elements import node_of
from autograd.graph import Node
from autograd.reals import kind_of, real, refuse_loss

Path = tuple[Any, ...]
"""The keys and indices that lead to an item of a tree."""

_short = reprlib.Repr()
_short.maxother = 60


@dataclass(slots=True)
class Leaf:
    """A number or an array of a tree: which of the tree's numbers are in it, and its shape."""

    start: int
    stop: int
    shape: tuple[int, ...] | None
    """None for a number by itself."""

    def __repr__(self) -> str:
        return "number" if self.shape is None else f"array of shape {self.shape}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Leaf) and (self.shape or ()) == (other.shape or ())


class Tree(NamedTuple):
    """The numbers of a tree in order, floats and Values, and the structure they were in."""

    numbers: list[Any]
    structure: Any
    """The containers with a `Leaf` in place of every number and every array."""

    def build(self, numbers: Sequence[Any]) -> Any:
        """The same structure with other numbers."""

        def leaf(part: Leaf, _: Path) -> Any:
            if part.shape is None:
                return numbers[part.start]
            return array(numbers[part.start : part.stop], part.shape)

        return mapped(leaf, self.structure)

    def shown(self) -> str:
        """The structure in words, shortened."""
        return _short.repr(self.structure)

    def like(self, other: "Tree", role: str) -> list[Any]:
        """The numbers of another tree of the same structure, in the order of this one.

        Raises:
            ValueError: if the structure or a shape is not the same.
        """
        if other.structure != self.structure:
            message = f"{role} must have the structure {self.shown()}, not {other.shown()}"
            raise ValueError(message)
        numbers: list[Any] = []

        def take(_: Leaf, path: Path) -> None:
            part = other.structure
            for key in path:
                part = part[key]
            numbers.extend(other.numbers[part.start : part.stop])

        mapped(take, self.structure)
        return numbers


def flatten(tree: Any, role: Callable[[Path], str]) -> Tree:
    """Take the numbers out of a tree.

    Args:
        tree: numbers, Values and arrays of them in lists, tuples and dicts.
        role: what to call the item at a path in messages.

    Raises:
        TypeError: if there is something else in it.
    """
    numbers: list[Any] = []

    def take(item: Any, path: Path) -> Leaf:
        start = len(numbers)
        if isinstance(item, np.ndarray):
            if type(item) is not np.ndarray:
                refuse_loss(item, role(path))
            item = np.asarray(item)  # not a matrix, which is never flat
            flat = item.ravel()
            if item.dtype.kind in "biuf":
                numbers.extend(flat.astype(np.float64).tolist())
            else:
                for index, x in zip(np.ndindex(item.shape), flat.tolist(), strict=True):
                    numbers.append(_number(x, (*path, *index), role))
            return Leaf(start, len(numbers), item.shape)
        numbers.append(item if type(item) is float else _number(item, path, role))
        return Leaf(start, start + 1, None)

    structure = mapped(take, tree)
    return Tree(numbers, structure)


def _number(item: Any, path: Path, role: Callable[[Path], str]) -> Any:
    node = item if isinstance(item, Node) else node_of(item)
    if isinstance(node, Node):
        return node
    if hasattr(type(item), "__array__") and not isinstance(item, np.generic):
        refuse_loss(item, role(path))
        raise TypeError(
            f"{role(path)} must be an array of NumPy's, not {kind_of(item)}: give its numbers, "
            "with .to_numpy(float)"
        )
    if isinstance(item, (set, frozenset)):
        raise TypeError(f"{role(path)} must not be a set, which has no order; make it a list")
    return real(item, role(path))


def mapped(function: Callable[[Any, Path], Any], tree: Any, path: Path = ()) -> Any:
    """The tree with every item that is not a list, tuple or dict replaced by `function` of it."""
    if isinstance(tree, dict):
        twin = copy.copy(tree)  # a dict of any kind, in its order
        twin.update({key: mapped(function, item, (*path, key)) for key, item in tree.items()})
        return twin
    if not isinstance(tree, (list, tuple)):
        return function(tree, path)
    items = [mapped(function, item, (*path, index)) for index, item in enumerate(tree)]
    if isinstance(tree, list):
        return items
    return type(tree)(*items) if hasattr(tree, "_fields") else tuple(items)


def array(numbers: Sequence[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """An array of numbers: of floats, or of Values if there are any among them."""
    if {*map(type, numbers)} <= {float}:
        return np.array(numbers, dtype=np.float64).reshape(shape)
    return np.fromiter(numbers, object, len(numbers)).reshape(shape).view(Array)


def keys(path: Path) -> str:
    """A path as it is written after the name of the tree."""
    return "".join([f"[{key!r}]" for key in path])
