"""The arguments of a compiled function for a batch, and its results, in tables."""

import math
import reprlib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import batching
from autograd.compiler.arguments import HasValues, collected, fixed, representable
from autograd.compiler.results import Item, containers
from autograd.compiler.tables import Indices, Table, taken
from autograd.trees import Leaf, Path, keys, mapped

_short = reprlib.Repr()
_short.maxother = 60


class Columns:
    """The numbers of the lanes of a batch, in groups of lanes that differ in these alone.

    Args:
        lanes: of the call.
        fixed_ints: whether integers are fixed, which lanes with different ones are apart by.

    Raises:
        HasValues: if there are Values among the arguments, or integers that no float can be.
    """

    def __init__(self, lanes: batching.Batch, fixed_ints: bool) -> None:
        self.size = lanes.size
        self.tables: list[Table] = []
        self._apart: list[NDArray[Any]] = []
        numbers: list[float] = []  # that are the same in all lanes, side by side
        for column, axis in zip(lanes.columns, lanes.axes, strict=True):
            if axis is None and not (type(column) is np.ndarray and column.dtype == np.float64):
                collected(column, numbers, [], fixed_ints)
                continue
            if numbers:
                self.tables.append(np.array(numbers))
                numbers = []
            if axis is None:
                self.tables.append(column.ravel())
                continue
            kind = column.dtype.kind
            if kind == "O" or (kind in "iu" and column.size and not representable(column)):
                raise HasValues
            if kind == "f" or (kind in "iu" and not fixed_ints):
                rows = column.reshape(lanes.size, math.prod(column.shape[1:]))
                self.tables.append(rows.astype(np.float64, copy=False))
            else:
                self._apart.append(column)
        if numbers:
            self.tables.append(np.array(numbers))

    def part(self, start: int, stop: int) -> "Columns":
        """Those of some lanes, which are counted anew."""
        if (start, stop) == (0, self.size):
            return self
        twin = Columns.__new__(Columns)
        twin.size = stop - start
        twin._apart = [x[start:stop] for x in self._apart]
        twin.tables = [x[start:stop] if x.ndim == 2 else x for x in self.tables]
        return twin

    @property
    def alike(self) -> bool:
        """Whether the lanes differ in numbers alone."""
        return not self._apart

    def groups(self) -> list[Indices]:
        """The lanes that have the same items in all columns that are not numbers."""
        if not self._apart:
            return [np.arange(self.size)]
        found: dict[Hashable, list[int]] = {}
        for lane in range(self.size):
            key = tuple([fixed(np.asarray(column[lane])) for column in self._apart])
            found.setdefault(key, []).append(lane)
        return [np.array(lanes) for lanes in found.values()]

    def taken(self, lanes: Indices) -> list[Table]:
        """The numbers of some lanes."""
        return self.tables if len(lanes) == self.size else taken(self.tables, lanes)


class Gathered:
    """The results of lanes, as they come in: all of the same structure.

    Args:
        name: of the function, in messages.
        size: how many lanes there are.
        start: the first one, in messages.
    """

    def __init__(self, name: str, size: int, start: int = 0) -> None:
        self._name, self._size, self.start = name, size, start
        self._structure: Any = None
        self._first = -1
        self._paths: list[Path] = []
        self._shapes: list[tuple[tuple[int, ...] | None, bool]] = []
        self._tables: dict[int, Table] = {}
        self._kinds: list[set[str]] = []
        self._others: list[Any] = []

    def add(self, structure: Any, outputs: Iterable[Table], lanes: Indices) -> None:
        """Take the results of some lanes.

        Args:
            structure: of the result, with `Item`s.
            outputs: the numbers of each item that is not constant.
            lanes: their indices in the batch.

        Raises:
            HasValues: if there are integers in it that no float can be.
            TypeError: if something other than numbers is not the same as in the lanes before.
            ValueError: if the structure is not.
        """
        if not len(lanes):
            return
        lane = self.start + int(lanes[0])
        items: dict[Path, tuple[Item, Table, str]] = {}
        tables = iter(outputs)
        mapped(lambda item, path: items.setdefault(path, _numbers_of(item, tables)), structure)
        if self._first < 0:
            self._begin(structure, items, lane)
        elif containers(structure) != containers(self._structure):
            one, other = _short.repr(self._structure), _short.repr(structure)
            raise ValueError(
                f"the results of {self._name} must have the same structure in all lanes, not {one} "
                f"in lane {self._first} and {other} in lane {lane}"
            )
        if lanes[0] == 0:
            self._structure = structure  # whose keys are in the order that the loop has
        for number, path in enumerate(self._paths):
            item, table, kind = items[path]
            if (item.shape, kind == "other") != self._shapes[number]:
                raise ValueError(
                    f"the result{keys(path)} of {self._name} is {_described(item)} in lane "
                    f"{lane}, but not in lane {self._first}"
                )
            if kind == "other":
                if not _identical(self._others[number], item.constant):
                    raise TypeError(
                        f"the result{keys(path)} of {self._name} is {item.constant!r} in lane "
                        f"{lane} and {self._others[number]!r} in lane {self._first}: "
                        "unless it is a number, it must be the same in all lanes"
                    )
                continue
            self._kinds[number].add(kind)
            if len(lanes) == self._size and table.ndim == 2:
                self._tables[number] = table
                continue
            if number not in self._tables:
                self._tables[number] = np.empty((self._size, table.shape[-1]))
            self._tables[number][lanes] = table

    def _begin(
        self, structure: Any, items: Mapping[Path, tuple[Item, Table, str]], lane: int
    ) -> None:
        self._structure, self._first, self._paths = structure, lane, [*items]
        self._shapes = [(item.shape, kind == "other") for item, _, kind in items.values()]
        self._others = [item.constant for item, *_ in items.values()]
        self._kinds = [set() for _ in items]

    def stacked(self) -> tuple[Any, list[NDArray[Any]]]:
        """The structure of a result with a `Leaf` for its numbers, and an array for each with those
        of all lanes."""
        arrays: list[NDArray[Any]] = []
        numbers = {path: number for number, path in enumerate(self._paths)}

        def leaf(_: Any, path: Path) -> Any:
            place = numbers[path]
            shape, other = self._shapes[place]
            kinds, constant = self._kinds[place], self._others[place]
            if other and not isinstance(constant, np.ndarray):
                return constant
            if other:
                arrays.append(np.array([constant] * self._size))
            else:
                array = self._tables[place].reshape(self._size, *(shape or ()))
                if "float" not in kinds:
                    array = array.astype(np.int64 if "int" in kinds else np.bool_)
                arrays.append(array)
            return Leaf(len(arrays) - 1, len(arrays), shape)

        return mapped(leaf, self._structure), arrays


def _identical(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and bool(np.array_equal(one, other))
    return type(one) is type(other) and bool(one == other)


def _described(item: Item) -> str:
    if item.kind == "constant" and not _numeric(item.constant):
        return repr(item.constant)
    return "a number" if item.shape is None else f"an array of shape {item.shape}"


def _numeric(constant: Any) -> bool:
    if isinstance(constant, np.ndarray):
        return constant.dtype.kind in "biuf"
    return isinstance(constant, (bool, int, float, np.bool_, np.integer, np.floating))


def _numbers_of(item: Item, outputs: Iterator[Table]) -> tuple[Item, Table, str]:
    """An item, its numbers, and whether they are floats, integers, booleans or none at all."""
    if item.kind != "constant":
        return item, next(outputs), item.kind
    if not _numeric(item.constant):
        return item, np.empty(math.prod(item.shape or ())), "other"
    array = np.asarray(item.constant)
    if array.dtype.kind not in "bf" and not (array.size == 0 or representable(array)):
        raise HasValues
    kind = {"b": "bool", "f": "float"}.get(array.dtype.kind, "int")
    return item, array.astype(np.float64).ravel(), kind
