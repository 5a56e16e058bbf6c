"""The numbers of the lanes of a batch, in tables: a row for each lane, or one row for all."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise, repeat
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Table: TypeAlias = NDArray[np.float64]
"""An array of shape (lanes, width); of shape (width,) where the row is the same in all lanes."""
Column: TypeAlias = NDArray[np.float64] | float
"""A number in every lane, or one that is the same in all."""
Layout: TypeAlias = tuple[tuple[int, bool], ...]
"""The width of each table, and whether its rows differ."""
Indices: TypeAlias = NDArray[np.intp]
"""Lanes of a batch, in ascending order: as many as there are in it are all of them."""


def layout(tables: Sequence[Table]) -> Layout:
    """The layout of tables, which code for them depends on."""
    return tuple([(x.shape[-1], x.ndim == 2) for x in tables])


def taken(tables: Sequence[Table], lanes: Indices) -> list[Table]:
    """The rows of some lanes."""
    return [x.take(lanes, axis=0) if x.ndim == 2 else x for x in tables]


def columns(tables: Sequence[Table]) -> list[Column]:
    """A column for each number of a row."""
    return [x for table in tables for x in (table.T if table.ndim == 2 else table.tolist())]


def from_columns(columns: Sequence[Column], widths: Sequence[int], size: int) -> list[Table]:
    """Tables of columns side by side."""
    return [_table(columns[start:stop], size) for start, stop in _places(widths)]


def _table(columns: Sequence[Column], size: int) -> Table:
    if not any(isinstance(x, np.ndarray) for x in columns):
        return np.array(columns, dtype=np.float64)
    if len(columns) == 1:
        return np.reshape(columns[0], (size, 1))
    table = np.empty((size, len(columns)))
    for place, x in enumerate(columns):
        table[:, place] = x
    return table


def split(rows: Table, widths: Sequence[int]) -> list[Table]:
    """Tables of one that has them side by side."""
    return [rows[..., start:stop] for start, stop in _places(widths)]


def points(tables: Sequence[Table], size: int) -> Iterator[list[float]]:
    """The numbers of each lane."""
    rows = [x.tolist() if x.ndim == 2 else repeat(x.tolist(), size) for x in tables]
    for parts in zip(*rows, strict=True) if rows else repeat((), size):
        yield [x for part in parts for x in part]


def _places(widths: Sequence[int]) -> Iterator[tuple[int, int]]:
    return pairwise(accumulate(widths, initial=0))
