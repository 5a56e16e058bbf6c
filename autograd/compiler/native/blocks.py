"""Code run by the processor itself, for many lanes at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.batching.sums import BLOCK
from autograd.compiler.instructions import Instructions, Ref, Slot
from autograd.compiler.native.machine import machine
from autograd.compiler.native.module import FUNCTIONS
from autograd.compiler.native.source import ModuleWriter
from autograd.compiler.schedule import LaneCheck
from autograd.compiler.tables import Layout, Table

LONG = 1000
"""How many lines a module has at most that LLVM takes its time for."""


class NativeBlocks:
    """Code as a function of tables.

    Args:
        code: the code.
        given: the layout of the tables that its inputs are in.
        results: the numbers that are wanted.
        widths: of the tables that they are to be in.
        checks: what must hold in each lane, in this order.
    """

    def __init__(
        self,
        code: Instructions,
        given: Layout,
        results: Sequence[Ref],
        widths: Sequence[int],
        checks: Sequence[LaneCheck] = (),
    ) -> None:
        rows = [results[start:stop] for start, stop in pairwise(accumulate(widths, initial=0))]
        self._count = len(rows)
        self._tests: list[tuple[int, LaneCheck, slice]] = []
        for index, check in enumerate(checks):
            if check.mask is None:
                self._tests.append(
                    (index, check, slice(len(rows), len(rows) + len(check.operands)))
                )
                rows += [(x,) for x in check.operands]
        self._arguments = code, given, rows, checks
        self._any_checks = len(self._tests) < len(checks)

    @cached_property
    def _tables(self) -> _Compiled:
        return _Compiled(*self._arguments, sums=False)

    @cached_property
    def _sums(self) -> _Compiled:
        return _Compiled(*self._arguments, sums=True)

    @property
    def source(self) -> str:
        """The module in LLVM's language."""
        return self._tables.source

    def __call__(self, tables: Sequence[Table], size: int) -> tuple[list[Table], NDArray[np.intp]]:
        """The results, and for every lane the place of the first check that fails, or -1."""
        compiled = self._tables
        found = [np.empty((size, row)) if isinstance(row, int) else None for row in compiled.rows]
        failed = np.empty(size, np.intp) if self._any_checks else np.full(size, -1, np.intp)
        same = compiled.run(tables, [x for x in found if x is not None], failed, size, np.empty(0))
        outputs = [
            _row(row, same) if x is None else x for x, row in zip(found, compiled.rows, strict=True)
        ]
        for index, check, places in self._tests:
            _ask(check, index, outputs[places], failed)
        return outputs[: self._count], failed

    def sums(self, tables: Sequence[Table], size: int) -> Table | None:
        """The sum of each result in each block of 256 lanes, as `autograd.batching.sums` forms it.

        Returns:
            An array with a row for each result; None if a check fails in any lane.
        """
        if self._tests:
            return None
        compiled, blocks = self._sums, -(-size // BLOCK)
        count = sum(map(len, self._arguments[2]))
        sums, failed = _aligned((8 + blocks) * count), np.empty(2 * machine().lanes, np.intp)
        compiled.run(tables, [], failed, size, sums)
        if failed[machine().lanes :].any():
            return None
        return sums[8 * count :].reshape(blocks, count).T


class _Compiled:
    """Code as LLVM has compiled it."""

    def __init__(
        self,
        code: Instructions,
        given: Layout,
        rows: Sequence[Sequence[Ref]],
        checks: Sequence[LaneCheck],
        sums: bool,
    ) -> None:
        processor = machine()
        writer = ModuleWriter(code, given, rows, checks, processor.lanes, sums)
        self.source = writer.module.source
        level = 2 if self.source.count("\n") < LONG else 0
        self._library: Any = processor.compiled(self.source, level, FUNCTIONS)
        self._module, self._same, self._lanes = writer.module, len(writer.same), processor.lanes
        self.rows: list[Any] = []
        """For each table of results its width, or where its numbers are that are the same in all
        lanes: their places, or they themselves."""
        for row in rows:
            differs = any(isinstance(x, Slot) and x not in writer.same for x in row)
            places = [writer.same[x] if isinstance(x, Slot) else x for x in row if not differs]
            self.rows.append(len(row) if differs else places)

    def run(
        self,
        tables: Sequence[Table],
        found: Sequence[Table],
        failed: NDArray[np.intp],
        size: int,
        sums: Table,
    ) -> Table:
        """Run it, and return the numbers that are the same in all lanes."""
        same = np.empty(self._same)
        start, arrays = 0, []
        for table in tables:
            if table.ndim == 1:
                same[start : start + len(table)] = table
                start += len(table)
            else:
                arrays.append(np.ascontiguousarray(table))
        spare = _aligned(self._module.spare if size % self._lanes else 0)
        heap = _aligned(self._module.heap)
        addresses = np.array([_address(x) for x in (*arrays, *found)], np.intp)
        if self._same:
            self._library.before(_address(same))
        if size:
            self._library.run(
                _address(same), _address(addresses), _address(failed), size,
                _address(heap), _address(sums), _address(spare),
            )  # fmt: skip
        return same


def _row(places: Sequence[int | float], same: Table) -> Table:
    return np.array([same[x] if isinstance(x, int) else x for x in places], dtype=np.float64)


def _ask(check: LaneCheck, index: int, operands: Sequence[Table], failed: Any) -> None:
    """Have the lanes fail a check that a function answers, unless they failed one before."""
    assert check.test is not None
    left = np.flatnonzero((failed < 0) | (failed > index))
    if len(left):
        columns: list[Any] = [x[left, 0] if x.ndim == 2 else float(x[0]) for x in operands]
        if not any(x.ndim == 2 for x in operands):
            columns = [np.full(1, x) for x in columns]
        failed[left[np.broadcast_to(check.test(columns) != check.expected, len(left))]] = index


def _aligned(count: int) -> Table:
    """An array of so many numbers that begins with a cache line."""
    array = np.empty(count + 8)
    start = -_address(array) % 64 // 8
    return array[start : start + count]


def _address(array: NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
