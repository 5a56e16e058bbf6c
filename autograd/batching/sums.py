"""Sums over the lanes of a batch, in an order that depends on their number alone.

It is the same on every machine, in a loop, and in compiled code.
"""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.batching.axes import shown
from autograd.quiet import quiet
from autograd.reals import kind_of, real
from autograd.trees import Leaf, Path, array, keys, mapped
from autograd.value import Value

BLOCK, PARTIAL_SUMS = 256, 8
_DIVIDED = {"sum": False, "mean": True}
"""Whether the sum over a batch is divided by the number of lanes."""
REDUCTIONS_OF_LANES = tuple(_DIVIDED)


class Sums:
    """The sums or means of the results of all lanes, in the order of `lane_sums`.

    Args:
        how: "sum" or "mean".
        name: of the function, in messages.
    """

    def __init__(self, how: str, name: str) -> None:
        self._how, self._name = how, name
        self._size = 0
        self._structure: Any = None
        self._sums: list[list[NDArray[Any]]] = []

    @property
    def divided(self) -> bool:
        """Whether sums are divided by the number of lanes."""
        return _DIVIDED[self._how]

    @quiet
    def add(self, structure: Any, stacked: Sequence[NDArray[Any]]) -> None:
        """Take the results of the next lanes: a multiple of 256, but for the last ones.

        Raises:
            TypeError: if something other than numbers is in them.
            ValueError: if their structure is not that of the lanes before.
        """
        self._size += len(stacked[0]) if stacked else 0
        rows = self._ordered(structure, lambda place, role, _: self._rows(stacked[place], role))
        if all(x.dtype == np.float64 for x in rows) and len(rows) > 1:
            rows = [np.concatenate(rows)]
        self._sums.append([block_sums(x) for x in rows])

    def add_sums(self, structure: Any, sums: NDArray[np.float64], size: int) -> None:
        """Take the sums of the next lanes, in place of their results.

        Args:
            structure: of the results.
            sums: an array with a row for each number of a result, of the sums of the blocks.
            size: how many lanes there are: a multiple of 256, but for the last ones.

        Raises:
            ValueError: if their structure is not that of the lanes before.
        """
        self._size += size
        if not self._sums:
            self._structure = structure
        elif self._structure is not structure:  # keys may be in another order
            rows = iter(np.split(sums, _stops(structure)))
            sums = np.concatenate(self._ordered(structure, lambda *_: next(rows)))
        self._sums.append([sums])

    def _ordered(
        self, structure: Any, take: Callable[[int, str, Leaf], NDArray[Any]]
    ) -> list[NDArray[Any]]:
        """The sums of each leaf, in the order of the lanes that came first."""
        found: dict[Path, NDArray[Any]] = {}

        def leaf(item: Any, path: Path) -> None:
            role = f"the result{keys(path)} of {self._name}"
            if not isinstance(item, Leaf):
                what = kind_of(item)
                raise TypeError(f"{role} must be numbers for their {self._how}, not {what}")
            found[path] = take(len(found), role, item)

        mapped(leaf, structure)
        if not self._sums:
            self._structure = structure
        elif structure != self._structure:
            raise ValueError(
                f"the results of {self._name} must have the same structure in all lanes, not "
                f"{shown(self._structure)} and {shown(structure)}"
            )
        if structure is self._structure:
            return [*found.values()]
        paths: list[Path] = []
        mapped(lambda _, path: paths.append(path), self._structure)
        return [found[path] for path in paths]

    def _rows(self, stacked: NDArray[Any], role: str) -> NDArray[Any]:
        """The numbers of an array, a row for each place with those of all lanes."""
        numbers = np.asarray(stacked).reshape(len(stacked), math.prod(stacked.shape[1:])).T
        if numbers.dtype.kind in "biuf":
            return numbers.astype(np.float64, copy=False)
        if numbers.dtype != object:
            raise TypeError(
                f"{role} must be numbers for their {self._how}, not of type {numbers.dtype}"
            )
        checked = [
            x if isinstance(x, Value) else real(x, f"an element of {role}") for x in numbers.flat
        ]
        return np.fromiter(checked, object, len(checked)).reshape(numbers.shape)

    def result(self) -> Any:
        """The structure of a result with floats or Values, and arrays of them; float64 where there
        are no Values. The sum of no lanes is 0, their mean nan."""
        sums = [self.finished(parts, self._size) for parts in zip(*self._sums, strict=True)]
        numbers = [x for part in sums for x in part.tolist()]

        def leaf(item: Leaf, _: Path) -> Any:
            shape = item.shape or ()
            taken, numbers[:] = numbers[: math.prod(shape)], numbers[math.prod(shape) :]
            return array(taken, shape) if shape else taken[0]

        return mapped(leaf, self._structure)

    @quiet
    def finished(self, parts: Sequence[NDArray[Any]], size: int) -> NDArray[Any]:
        """The sums or means of rows, whose parts are as `lane_sums` has them.

        Args:
            parts: of the rows.
            size: how many lanes there are.
        """
        total = lane_sums(parts)
        if not self.divided:
            return total
        return total / size if size else np.full(len(total), math.nan)  # 0 / 0 might be -nan


def _stops(structure: Any) -> list[int]:
    """The places between the numbers of the leaves of a structure."""
    counts: list[int] = []
    mapped(lambda leaf, _: counts.append(math.prod(leaf.shape or ())), structure)
    return [*accumulate(counts)][:-1]


def lane_sums(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The sum of each row, which has a number, or a Value, for each lane.

    The lanes are added in blocks of 256, counted from the first one. Within a block there are eight
    partial sums, of the lanes 0, 8, 16, …, of the lanes 1, 9, 17, … and so on, each from left to
    right. These are added in pairs, ((p0 + p1) + (p2 + p3)) + ((p4 + p5) + (p6 + p7)), and then the
    sums of the blocks: neighbours to each other, an odd last one kept for the next round, until one
    is left. Lanes that are missing in the last block, and partial sums without any lane, are left
    out. The sum of no lanes is 0.0.

    Args:
        parts: the rows, in parts of whole blocks but for the last one, as `block_sums` has them.
    """
    sums = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    return _pairwise(sums) if sums.shape[1] else np.zeros(len(sums))


def block_sums(rows: NDArray[Any]) -> NDArray[Any]:
    """The sum of each block of each row."""
    count, size = rows.shape
    blocks = size // BLOCK
    whole = rows[:, : blocks * BLOCK].reshape(count, blocks, BLOCK)
    sums = [_block_sums(part) for part in (whole, rows[:, None, blocks * BLOCK :]) if part.size]
    return np.concatenate(sums, axis=1) if sums else np.zeros((count, 0))


def _block_sums(blocks: NDArray[Any]) -> NDArray[Any]:
    """The sum of each block: the last axis has its lanes, and goes."""
    count, number, size = blocks.shape
    full = size - size % PARTIAL_SUMS
    if not full:
        return _pairwise(blocks)
    lines = blocks[:, :, :full].reshape(count, number, -1, PARTIAL_SUMS)
    # Along an axis that is not the last one, NumPy adds from left to right.
    start: dict[str, Any] = {} if blocks.dtype == object else {"initial": -0.0}
    partial = np.add.reduce(lines, axis=2, **start)
    partial[:, :, : size - full] += blocks[:, :, full:]
    return _pairwise(partial)


def _pairwise(sums: NDArray[Any]) -> NDArray[Any]:
    """The sum along the last axis, which goes: neighbours are added until one number is left."""
    while (length := sums.shape[-1]) > 1:
        even = length - length % 2
        pairs = sums[..., 0:even:2] + sums[..., 1:even:2]
        sums = np.concatenate([pairs, sums[..., even:]], axis=-1) if length % 2 else pairs
    return sums[..., 0]
