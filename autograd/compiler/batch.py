"""One call of a compiled function for a batch: each lane on its path, the results in order."""

import math
import reprlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import batching
from autograd.compiler.arguments import HasValues, collected, fixed, representable
from autograd.compiler.bundles import NOWHERE
from autograd.compiler.families import Family
from autograd.compiler.lanes import UNDECIDED
from autograd.compiler.paths import RecordedPath
from autograd.compiler.program import PASSED
from autograd.compiler.results import Item, containers, widths
from autograd.compiler.tables import Indices, Table, layout, points, split, taken
from autograd.trees import Leaf, Path, keys, mapped

FEW = 32
"""For so many lanes it is worth while to write out a program for one point."""
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
        self._name, self._size, self._start = name, size, start
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
        lane = self._start + int(lanes[0])
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


def run(
    batch: Columns,
    indices: Indices,
    gathered: Gathered,
    family: Family,
    record: Callable[[int], RecordedPath],
    evaluate: Callable[[int], tuple[Any, Sequence[float]]],
    used: Callable[[RecordedPath], None],
    check: Callable[[RecordedPath, int, Sequence[float]], None] | None,
    native: bool,
) -> None:
    """Compute the lanes of a group, each on its path.

    Args:
        batch: the batch.
        indices: the lanes.
        gathered: takes the results.
        family: the paths that are known, and how many there may be.
        record: records the path of a lane.
        evaluate: calls the function itself for a lane; returns the structure and the numbers.
        used: is told each path that is used.
        check: looks at the outputs of a path in a lane.
        native: whether the processor itself runs the programs.
    """
    waiting, slow = indices, [np.empty(0, dtype=np.intp)]

    def go(path: RecordedPath, waiting: Indices) -> Indices:
        used(path)
        outputs, failed = path.lanes(batch.taken(waiting), len(waiting), native)
        outputs, lanes = keep(path.result.structure, outputs, failed == PASSED, waiting)
        if check is not None:
            for lane, numbers in zip(lanes, points(outputs, len(lanes)), strict=True):
                check(path, int(lane), numbers)
        slow.append(waiting.take(np.flatnonzero(failed == UNDECIDED)))
        return waiting.take(np.flatnonzero(failed >= 0))

    def keep(
        structure: Any, outputs: list[Table], there: NDArray[np.bool_], waiting: Indices
    ) -> tuple[list[Table], Indices]:
        """Take the results of those lanes that they are there for."""
        lanes = waiting
        if not there.all():
            places = np.flatnonzero(there)
            outputs, lanes = taken(outputs, places), waiting.take(places)
        gathered.add(structure, outputs, lanes)
        return outputs, lanes

    bundle = family.bundle(layout(batch.tables), native) if check is None else None
    if bundle is not None:
        outputs, which = bundle(batch.taken(waiting), len(waiting))
        keep(bundle.structure, outputs, which >= 0, waiting)
        slow.append(waiting.take(np.flatnonzero(which == UNDECIDED)))
        waiting = waiting.take(np.flatnonzero(which == NOWHERE))
    for path in sorted(family.paths, key=lambda path: -path.points):
        if len(waiting):
            waiting = go(path, waiting)
    while len(waiting) and family.has_room():
        first = waiting[0]
        waiting = go(record(int(first)), waiting)
        if len(waiting) and waiting[0] == first:  # it is not on the path that it was recorded on
            slow.append(waiting[:1])
            waiting = waiting[1:]
    if len(waiting):
        family.tell()
    undecided = _one_by_one(batch, np.sort(np.concatenate(slow)), gathered, family.paths)
    for lane in np.sort(np.concatenate([undecided, waiting])).tolist():
        structure, numbers = evaluate(lane)
        gathered.add(structure, split(np.array(numbers), widths(structure)), np.array([lane]))


def _one_by_one(
    batch: Columns, lanes: Indices, gathered: Gathered, paths: Iterable[RecordedPath]
) -> Indices:
    """Compute lanes by the programs for one point, if they are many; returns those on no path."""
    for path in sorted(paths, key=lambda path: -path.points):
        if len(lanes) < FEW:
            break
        found = [path.outputs(point) for point in points(batch.taken(lanes), len(lanes))]
        there = np.array([failed == PASSED for failed, _ in found])
        rows = np.array([numbers for failed, numbers in found if failed == PASSED])
        outputs = split(rows, widths(path.result.structure)) if len(rows) else []
        gathered.add(path.result.structure, outputs, lanes[there])
        lanes = lanes[~there]
    return lanes
