"""Results of recorded functions: structures with numbers of the program in them."""

import copy
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.whole import Whole
from autograd.elements import node_of
from autograd.graph import Node
from autograd.reals import kind_of
from autograd.trees import Path, keys, mapped

_PLAIN = (str, bytes, bool, int, float, np.generic, type(None))


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """A number, an array or something else in a result."""

    kind: str
    """`"float"` or `"int"`, with a shape for an array; `"constant"` for all that does not depend
    on what the function is given."""
    start: int
    stop: int
    """Which of the outputs are in it."""
    shape: tuple[int, ...] | None
    constant: Any = None

    def __repr__(self) -> str:
        if self.kind == "constant":
            return repr(self.constant)
        return "number" if self.shape is None else f"array of shape {self.shape}"

    def build(self, numbers: Sequence[float]) -> Any:
        """The item with its numbers, given all outputs."""
        if self.kind == "constant":
            return self.constant.copy() if isinstance(self.constant, np.ndarray) else self.constant
        whole = self.kind == "int"
        if self.shape is None:
            return int(numbers[self.start]) if whole else numbers[self.start]
        array = np.array(numbers[self.start : self.stop], dtype=np.float64).reshape(self.shape)
        return array.astype(np.int64) if whole else array


class Result(NamedTuple):
    """The structure, and the numbers: Values, and constants among them in arrays."""

    structure: Any
    """Lists, tuples and dicts with an `Item` in place of everything else."""
    numbers: list[Any]

    def build(self, numbers: Sequence[float]) -> Any:
        """The structure with numbers in place of the outputs."""
        return mapped(lambda item, _: item.build(numbers), self.structure)


def containers(structure: Any) -> Any:
    """The containers of a structure, to be compared with those of another: keys in any order."""
    if isinstance(structure, dict):
        return type(structure), {key: containers(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure), [*map(containers, structure)]
    return None


def alike(one: Any, other: Any) -> bool:
    """Whether two structures are the same, with the same items at the same places."""
    return containers(one) == containers(other) and placed(one) == placed(other)


def placed(structure: Any) -> list[tuple[Path, Item]]:
    """The items of a structure, with the paths to them."""
    found: list[tuple[Path, Item]] = []
    mapped(lambda item, path: found.append((path, item)), structure)
    return found


def items(structure: Any) -> list[Item]:
    """The items of a structure."""
    return [item for _, item in placed(structure)]


def widths(structure: Any) -> list[int]:
    """How many outputs there are in each item that is not constant."""
    return [item.stop - item.start for item in items(structure) if item.kind != "constant"]


def written(
    structure: Any, item_of: Callable[[Item], str], thing: Callable[[str, Any], str]
) -> str:
    """The expression of Python's that makes a structure.

    Args:
        structure: with items.
        item_of: the expression of each.
        thing: takes something, with a name that it might have, and returns the name that it has.
    """
    count = itertools.count()

    def part(item: Any) -> str:
        if isinstance(item, Item):
            return item_of(item)
        if type(item) is list:
            return f"[{', '.join(map(part, item))}]"
        if type(item) is tuple:
            return f"({''.join(f'{part(x)}, ' for x in item)})"
        if type(item) is dict:
            pairs = [f"{thing(f'key{next(count)}', key)}: {part(x)}" for key, x in item.items()]
            return f"{{{', '.join(pairs)}}}"
        parts = [part(x) for x in (item.values() if isinstance(item, dict) else item)]
        return f"{thing(f'build{next(count)}', _builder(item))}([{', '.join(parts)}])"

    return part(structure)


def _builder(container: Any) -> Callable[[Sequence[Any]], Any]:
    """Puts items into a container that is not one of Python's own."""

    def build(items: Sequence[Any]) -> Any:
        if isinstance(container, dict):
            twin = copy.copy(container)
            twin.update(zip(container, items, strict=True))
            return twin
        kind = type(container)
        return kind(*items) if hasattr(container, "_fields") else kind(items)

    return build


def result(returned: Any, name: str, given: Callable[[Any], bool]) -> Result:
    """Take the numbers out of what a function returned.

    Args:
        returned: numbers, arrays, strings, None, in lists, tuples and dicts.
        name: of the function.
        given: whether something else is an argument that the function handed on.

    Raises:
        TypeError: if there is anything else in it.
    """
    numbers: list[Any] = []

    def take(item: Any, path: Path) -> Item:
        start = len(numbers)
        if isinstance(item, Node):
            numbers.append(item)
            return Item("float", start, start + 1, None)
        if type(item) is Whole:
            numbers.append(item._node)
            return Item("int", start, start + 1, None)
        if isinstance(item, np.ndarray):
            if item.dtype != object:
                return Item("constant", 0, 0, item.shape, item.copy())
            parts = item.ravel().tolist()
            whole = bool(parts) and all(type(x) in (Whole, int) for x in parts)
            for place, x in zip(np.ndindex(item.shape), parts, strict=True):
                if not isinstance(x, (Node, Whole, int, float, np.number)):
                    raise _unfit(x, name, (*path, *place))
                numbers.append(node_of(x))
            return Item("int" if whole else "float", start, len(numbers), item.shape)
        if not isinstance(item, _PLAIN) and not given(item):
            raise _unfit(item, name, path)
        return Item("constant", 0, 0, None, item)

    return Result(mapped(take, returned), numbers)


def _unfit(item: Any, name: str, path: Path) -> TypeError:
    return TypeError(
        f"the result{keys(path)} of {name} must be a number, an array, a string, None, or a list, "
        f"tuple or dict of these, not {kind_of(item)}: what is in it would stay as it was when "
        f"{name} was recorded"
    )
