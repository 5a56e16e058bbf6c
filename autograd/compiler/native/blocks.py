"""Code run by the processor itself, for many lanes at once."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import accumulate, pairwise
from threading import get_ident
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.batching.sums import BLOCK
from autograd.compiler.forking import making
from autograd.compiler.instructions import Instructions, Ref
from autograd.compiler.native.loops import LoopsWriter
from autograd.compiler.native.machine import interrupts, machine
from autograd.compiler.native.module import FUNCTIONS
from autograd.compiler.native.source import ModuleWriter
from autograd.compiler.replay import BatchCode
from autograd.compiler.schedule import LaneCheck
from autograd.compiler.shapes import Shapes
from autograd.compiler.tables import Layout, Table

LONG = 60_000
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
        self._compiled: dict[bool, _Compiled] = {}
        self._any_checks = len(self._tests) < len(checks)

    @property
    def _tables(self) -> _Compiled:
        return self._compiled.get(False) or self._compile(sums=False)

    @property
    def _sums(self) -> _Compiled:
        return self._compiled.get(True) or self._compile(sums=True)

    def _compile(self, sums: bool) -> _Compiled:
        with making:  # once, however many threads wait for it
            if sums not in self._compiled:
                self._compiled[sums] = _Compiled(*self._arguments, sums=sums)
            return self._compiled[sums]

    @property
    def source(self) -> str:
        """The module in LLVM's language."""
        source: str = self._tables.source
        return source

    def __call__(self, tables: Sequence[Table], size: int) -> tuple[list[Table], NDArray[np.intp]]:
        """The results, and for every lane the place of the first check that fails, or -1."""
        failed = np.empty(size, np.intp) if self._any_checks else np.full(size, -1, np.intp)
        outputs = self._tables.results(tables, failed, size)
        for index, check, places in self._tests:
            _ask(check, index, outputs[places], failed)
        return outputs[: self._count], failed

    def code(self, sums: bool) -> BatchCode | None:
        """How the native core may run it, for sums or else for tables; None if it cannot."""
        compiled = self._sums if sums else self._tables
        if self._tests or any(row is not None for row in compiled.same_results):
            return None
        return compiled.code(self._any_checks)

    def sums(self, tables: Sequence[Table], size: int) -> Table | None:
        """The sum of each result in each block of 256 lanes, as `autograd.batching.sums` forms it.

        Returns:
            An array with a row for each result; None if a check fails in any lane.
        """
        return None if self._tests else self._sums.sums(tables, size)


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
        write = LoopsWriter if isinstance(code, Shapes) else ModuleWriter
        writer: Any = write(code, given, rows, checks, processor.lanes, sums)
        self.source = writer.module.source
        level = 2 if self.source.count("\n") < LONG else 0
        self._library: Any = processor.compiled(self.source, level, FUNCTIONS)
        self._module, self._lanes = writer.module, processor.lanes
        self._fixed = writer.fixed()
        self._data = writer.data  # which the code reads
        self._workspaces: list[_Workspace] = []
        self._given = sum([width for width, differs in given if not differs])
        self._widths = [*map(len, rows)]
        self.same_results: list[Sequence[int | float] | None] = writer.same_results
        self._sums = sums

    def results(self, tables: Sequence[Table], failed: NDArray[np.intp], size: int) -> list[Table]:
        """The tables of results; those of failures are written to `failed`."""
        pairs = [*zip(self._widths, self.same_results, strict=True)]
        found = [np.empty((size, width)) for width, row in pairs if row is None]
        used = self._run(tables, [*found, failed], size)
        differing = iter(found)
        outputs = [
            next(differing) if row is None else _row(row, used.numbers) for row in self.same_results
        ]
        self._workspaces.append(used)
        return outputs

    def sums(self, tables: Sequence[Table], size: int) -> Table | None:
        """The sums of all results; None if a check fails."""
        sums = np.empty((-(-size // BLOCK), sum(self._widths)))
        failed = np.empty(2 * self._lanes, np.intp)
        self._workspaces.append(self._run(tables, [failed, sums], size))
        return None if failed[self._lanes :].any() else sums.T

    def code(self, asks: bool) -> BatchCode:
        """How the native core may run it.

        Args:
            asks: whether lanes may fail checks.
        """
        module, sums = self._module, sum(self._widths) if self._sums else 0
        address = ctypes.cast(self._library.run, ctypes.c_void_p).value or 0
        return BatchCode(self, address, module.size, module.same, self._given,
                         tuple(map(float, self._fixed)), self._lanes, asks, sums, interrupts,
                         raise_interrupt)  # fmt: skip

    def _run(self, tables: Sequence[Table], found: Sequence[Any], size: int) -> _Workspace:
        """Run it, and return the workspace, with the numbers that are the same in all lanes."""
        try:
            workspace = self._workspaces.pop()
        except IndexError:  # another thread has it, or there is none yet
            workspace = _Workspace(self._module.size, self._module.same)
            workspace.same[self._given : self._given + len(self._fixed)] = self._fixed
        start, arrays = 0, []
        for table in tables:
            if table.ndim == 1:
                workspace.same[start : start + len(table)] = table
                start += len(table)
            else:
                arrays.append(table if table.flags.c_contiguous else np.ascontiguousarray(table))
        arrays += found
        workspace.addresses[: len(arrays)] = [*map(_address, arrays)]
        if size:
            self._library.run(workspace.address, size)
        if interrupts:
            raise_interrupt()
        return workspace


def raise_interrupt() -> None:
    """Raise what came up in a function of Python's that native code called in this thread."""
    if (interrupt := interrupts.pop(get_ident(), None)) is not None:
        raise interrupt


class _Workspace:
    """Memory that code works in.

    Attributes:
        numbers: all of it.
        addresses: where it finds the addresses of tables.
        same: the numbers that are the same in all lanes.
        address: its own.
    """

    def __init__(self, size: int, same: int) -> None:
        numbers = np.empty(size + 8)
        start = -_address(numbers) % 64 // 8  # where a line of the cache begins
        self.numbers = numbers[start:]
        self.addresses = self.numbers.view(np.intp)
        self.same = self.numbers[same:]
        self.address = _address(self.numbers)


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


def _address(array: NDArray[Any]) -> int:
    """The address of the numbers of an array.

    It is a field of the object, after those that all objects have. To ask the array takes ten times
    as long.
    """
    address: int = ctypes.c_void_p.from_address(id(array) + object.__basicsize__).value or 0
    return address


def _asked(array: NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


if any(_address(x) != _asked(x) for x in (np.empty(3), np.arange(8)[2:])):
    _address = _asked  # another Python
