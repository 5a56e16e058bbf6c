"""One call of a compiled function for a batch: each lane on its path, the results in order."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import batching
from autograd.compiler.arguments import HasValues, collected, fixed, representable
from autograd.compiler.lanes import UNDECIDED, Column
from autograd.compiler.results import Item
from autograd.trees import Leaf, Path, keys, mapped

Indices = NDArray[np.intp]


class Columns:
    """The lanes of a batch as columns of numbers, in groups that differ in these alone.

    Args:
        lanes: of the call.
        fixed_ints: whether integers are fixed, which lanes with different ones are apart by.

    Raises:
        HasValues: if there are Values among the arguments, or integers that no float can be.
    """

    def __init__(self, lanes: batching.Batch, fixed_ints: bool) -> None:
        self.size = lanes.size
        self._columns: list[Column] = []
        self._apart: list[NDArray[Any]] = []
        for column, axis in zip(lanes.columns, lanes.axes, strict=True):
            if axis is None:
                numbers: list[float] = []
                collected(column, numbers, [], fixed_ints)
                self._columns += numbers
                continue
            kind = column.dtype.kind
            if kind == "O" or (kind in "iu" and column.size and not representable(column)):
                raise HasValues
            if kind == "f" or (kind in "iu" and not fixed_ints):
                flat = column.reshape(lanes.size, -1).astype(np.float64, copy=False)
                self._columns += list(flat.T)
            else:
                self._apart.append(column)

    def part(self, start: int, stop: int) -> "Columns":
        """Those of some lanes, which are counted anew."""
        if (start, stop) == (0, self.size):
            return self
        twin = Columns.__new__(Columns)
        twin.size = stop - start
        twin._apart = [x[start:stop] for x in self._apart]
        twin._columns = [x[start:stop] if isinstance(x, np.ndarray) else x for x in self._columns]
        return twin

    def groups(self) -> list[Indices]:
        """The lanes that have the same items in all columns that are not numbers."""
        if not self._apart:
            return [np.arange(self.size)]
        found: dict[Hashable, list[int]] = {}
        for lane in range(self.size):
            key = tuple([fixed(np.asarray(column[lane])) for column in self._apart])
            found.setdefault(key, []).append(lane)
        return [np.array(lanes) for lanes in found.values()]

    def taken(self, indices: Indices) -> list[Column]:
        """The columns of numbers of some lanes."""
        if len(indices) == self.size:
            return self._columns
        return [x[indices] if isinstance(x, np.ndarray) else x for x in self._columns]


class Gathered:
    """The results of lanes, as they come in: all of the same structure.

    Args:
        name: of the function, in messages.
        size: of the batch.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size
        self._structure: Any = None
        self._known = False
        self._first = 0
        self._columns: list[NDArray[np.float64]] = []
        self._kinds: list[set[str]] = []
        self._others: list[Any] = []

    def add(self, structure: Any, outputs: Sequence[Column], lanes: Indices) -> None:
        """Take the results of some lanes.

        Args:
            structure: of the result, with `Item`s.
            outputs: the numbers of these items, columns with an entry for each of the lanes.
            lanes: their indices in the batch.
        """
        if not len(lanes):
            return
        items: list[tuple[Item, Path]] = []
        skeleton = mapped(lambda item, path: items.append((item, path)), structure)
        if not self._known:
            self._begin(skeleton, [item for item, _ in items], int(lanes[0]))
        elif skeleton != self._structure or len(items) != len(self._kinds):
            raise ValueError(
                f"the results of {self._name} for lanes {self._first} and {int(lanes[0])} do not "
                "have the same structure"
            )
        place = 0
        for number, (item, path) in enumerate(items):
            numbers, kind = _numbers_of(item, outputs)
            if (item.shape, kind == "other") != self._shapes[number]:
                raise ValueError(
                    f"the result{keys(path)} of {self._name} is {_described(item)} for lane "
                    f"{int(lanes[0])}, but not for lane {self._first}"
                )
            if kind == "other":
                if self._others[number] != item.constant:
                    raise TypeError(
                        f"the result{keys(path)} of {self._name} is {item.constant!r} for lane "
                        f"{int(lanes[0])} and {self._others[number]!r} for lane {self._first}: "
                        "unless it is a number, it must be the same in all lanes"
                    )
                continue
            self._kinds[number].add(kind)
            for x in numbers:
                if len(lanes) == self._size and isinstance(x, np.ndarray):
                    self._columns[place] = x
                else:
                    self._columns[place][lanes] = x
                place += 1

    def _begin(self, skeleton: Any, items: Sequence[Item], lane: int) -> None:
        self._known, self._structure, self._first = True, skeleton, lane
        self._shapes = [(x.shape, _numbers_of(x, None)[1] == "other") for x in items]
        self._others = [x.constant for x in items]
        self._kinds = [set() for _ in items]
        count = sum(
            _count(x) for x, (_, other) in zip(items, self._shapes, strict=True) if not other
        )
        self._columns = [np.empty(self._size) for _ in range(count)]

    def stacked(self) -> tuple[Any, list[NDArray[Any]]]:
        """The structure of a result with a `Leaf` for its numbers, and an array for each with those
        of all lanes."""
        arrays: list[NDArray[Any]] = []
        number, place = 0, 0

        def leaf(_: Any, __: Path) -> Any:
            nonlocal number, place
            shape, other = self._shapes[number]
            kinds, constant = self._kinds[number], self._others[number]
            number += 1
            if other:
                return constant
            count = int(np.prod(shape or (), dtype=int))
            columns = self._columns[place : place + count]
            place += count
            array = columns[0] if count == 1 else np.array(columns).reshape(count, self._size).T
            array = array.reshape(self._size, *(shape or ()))
            dtype = {"int": np.int64, "bool": np.bool_}.get(*kinds) if len(kinds) == 1 else None
            arrays.append(array if dtype is None else array.astype(dtype))
            return Leaf(len(arrays) - 1, len(arrays), shape)

        return mapped(leaf, self._structure), arrays


def _count(item: Item) -> int:
    return int(np.prod(item.shape or (), dtype=int))


def _described(item: Item) -> str:
    if item.kind == "constant" and not _numeric(item.constant):
        return repr(item.constant)
    return "a number" if item.shape is None else f"an array of shape {item.shape}"


def _numeric(constant: Any) -> bool:
    if isinstance(constant, np.ndarray):
        return constant.dtype.kind in "biuf"
    return isinstance(constant, (bool, int, float, np.bool_, np.integer, np.floating))


def _numbers_of(item: Item, outputs: Sequence[Column] | None) -> tuple[Sequence[Column], str]:
    """The numbers of an item, and whether they are floats, integers, booleans or none at all."""
    if item.kind != "constant":
        return (() if outputs is None else outputs[item.start : item.stop]), item.kind
    if not _numeric(item.constant):
        return (), "other"
    array = np.asarray(item.constant)
    kind = {"b": "bool", "f": "float"}.get(array.dtype.kind, "int")
    return array.astype(np.float64).ravel().tolist(), kind


def run(
    batch: Columns,
    indices: Indices,
    gathered: Gathered,
    family: Any,
    record: Callable[[int], tuple[Any, Any]],
    evaluate: Callable[[int], tuple[Any, Sequence[float]]],
    used: Callable[[Any], None],
    check: Callable[[Any, int, Sequence[float]], None] | None,
) -> None:
    """Compute the lanes of a group, each on its path.

    Args:
        batch: the batch.
        indices: the lanes.
        gathered: takes the results.
        family: the paths that are known, and how many there may be.
        record: records the path of a lane; returns it and the outputs in this lane.
        evaluate: calls the function itself for a lane; returns the structure and the numbers.
        used: is told each path that is used.
        check: looks at the outputs of a path in a lane.
    """
    waiting, slow = indices, [np.empty(0, dtype=np.intp)]

    def go(path: Any, waiting: Indices) -> Indices:
        used(path)
        outputs, failed = path.lanes(batch.taken(waiting), len(waiting))
        there = failed == -1
        if there.all():
            gathered.add(path.result.structure, outputs, waiting)
        else:
            some = [x[there] if isinstance(x, np.ndarray) else x for x in outputs]
            gathered.add(path.result.structure, some, waiting[there])
        if check is not None:
            for place in np.flatnonzero(there).tolist():
                numbers = [float(x[place]) if isinstance(x, np.ndarray) else x for x in outputs]
                check(path, int(waiting[place]), numbers)
        slow.append(waiting[failed == UNDECIDED])
        rest: Indices = waiting[failed >= 0]
        return rest

    for path in sorted(family.paths, key=lambda path: -path.points):
        if len(waiting):
            waiting = go(path, waiting)
    while len(waiting) and family.has_room():
        path, returned = record(int(waiting[0]))
        used(path)
        gathered.add(path.result.structure, returned, waiting[:1])
        waiting = waiting[1:]
        if len(waiting):
            waiting = go(path, waiting)
    if len(waiting):
        family.tell()
    for lane in np.sort(np.concatenate([*slow, waiting])).tolist():
        structure, numbers = evaluate(lane)
        gathered.add(structure, numbers, np.array([lane]))
