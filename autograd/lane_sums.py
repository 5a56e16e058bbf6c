"""Sums over the lanes of a batch, in an order that depends on their number alone.

It is the same on every machine, in a loop, and in compiled code.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK, PARTIAL_SUMS = 256, 8


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
    sums = np.concatenate(parts, axis=1)
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
