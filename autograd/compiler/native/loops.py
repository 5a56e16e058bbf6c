"""Long code as a module in LLVM's language: a loop for each shape, and a table of what it is for.

A heap has a vector for each number. `steps` goes through loops, one after the other, and through
the rows of their table; so the time that LLVM takes does not grow with the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import Template
from typing import Any

import numpy as np

from autograd.batching.sums import PARTIAL_SUMS
from autograd.compiler.instructions import Ref as Operand
from autograd.compiler.loops import Loop, Loops
from autograd.compiler.native.ir import Function, Vector, select, transposed
from autograd.compiler.native.module import Module, indented
from autograd.compiler.native.source import computed
from autograd.compiler.schedule import LaneCheck
from autograd.compiler.shapes import Ref, Shapes
from autograd.compiler.tables import Layout, Table

_END = -1
"""Stands for the shape after the last loop."""


class LoopsWriter:
    """The module that computes code in loops.

    Args:
        code: the code.
        given: the layout of the tables that its inputs are in.
        results: for each table of results the numbers in its rows.
        checks: what must hold in each lane, in this order; those that ask functions are left out.
        lanes: how many there are in a vector.
        sums: as `ModuleWriter` has it.
    """

    def __init__(
        self,
        code: Shapes,
        given: Layout,
        results: Sequence[Sequence[Ref | float]],
        checks: Sequence[LaneCheck],
        lanes: int,
        sums: bool = False,
    ) -> None:
        rows = [[*map(code.ref, row)] for row in results]
        asked: Any = [(i, x.mask, x.expected) for i, x in enumerate(checks) if x.mask is not None]
        loops = self._loops = Loops(code, [x for row in rows for x in row], asked)
        self._code, self._given, self._lanes, self._sums = code, given, lanes, sums
        self._asks = bool(asked)
        self._called: dict[str, str] = {}
        self._data: list[Sequence[int]] = []
        alike = [not sums and all(map(loops.alike, row)) for row in rows]
        outputs = [row for row, same in zip(rows, alike, strict=True) if not same]
        widths = [width for width, differs in given if differs]
        steps, (rows_before, rows_within) = self._steps(), self._rows()
        before, within = self._before(rows_before), self._within(rows_within, outputs)
        self.module = Module(
            lanes, [*widths, *(() if sums else map(len, outputs))], len(widths),
            [before], [within], {}, self._called,
            len(code.uniform) + len(code.constants) + 1, loops.size,
            sum(map(len, outputs)) if sums else None, steps,
        )  # fmt: skip
        """The module."""
        self.data = np.array([x for part in self._data for x in part], np.int32)
        """The table of its loops: it finds the address after the last constant."""
        self.same_results = [
            [self.module.heap + self._place(x) for x in row] if same else None
            for row, same in zip(rows, alike, strict=True)
        ]
        """As `ModuleWriter` has them."""

    def _before(self, rows: Sequence[int]) -> Function:
        """The function that computes what is the same in all lanes.

        Args:
            rows: of its loops.
        """
        function = Function(self._lanes, self._called, "entry", constant=False)
        # First the numbers that are given, then constants.
        constants, start = len(self._code.constants), 0
        self._fill(function, len(self._code.uniform), constants, 0)
        place = constants
        for width, differs in self._given:
            if not differs:
                self._fill(function, start, width, place)
                start += width
            place += width
        self._go(function, self._loops.before, rows, "%heap")
        return function

    def _within(self, rows: Sequence[int], outputs: Sequence[Sequence[Ref]]) -> Function:
        """The function that does what is to be done in each lane.

        Args:
            rows: of its loops.
            outputs: the numbers of each table of results, or of sums.
        """
        function = Function(self._lanes, self._called, "loop")
        failed = function.address("%failed", "%at")
        if self._asks:
            function.store(function.splat(-1, "i"), failed)
        tables, place = 0, len(self._code.constants)
        for width, differs in self._given:
            if differs:
                self._take(function, tables, width, place)
                tables += 1
            place += width
        self._go(function, self._loops.within, rows, failed)
        if self._sums:
            self._add(function, [x for row in outputs for x in row])
        else:
            for table, row in enumerate(outputs, tables):
                self._hand_out(function, table, row)
        if self._asks:
            good = function.vector(failed, "i").equals(-1)
            function.tell_any(good)
            if self._sums:
                function.note(good ^ 1)
        return function

    def fixed(self) -> Table:
        """The content of the workspace after the given numbers that are the same in all lanes."""
        address = np.array([self.data.ctypes.data], np.intp).view(np.float64)
        return np.concatenate([self._code.constants, address])

    def _place(self, x: Ref) -> int:
        """The place of a number on the heap."""
        return self._lanes * self._loops.place(x)

    # --- Data ------------------------------------------------------------------------------------

    def _at(self, function: Function, numbers: Sequence[int]) -> str:
        """The address of numbers in the data, which they are appended to."""
        place = sum(map(len, self._data))
        self._data.append(numbers)
        field = function.address("%same", len(self._code.uniform) + len(self._code.constants))
        return function.shorts(function.pointer(field), place)

    def _rows(self) -> tuple[Sequence[int], Sequence[int]]:
        """The rows of the loops before and within, with places on the heap in numbers."""
        loops = self._loops
        rows = loops.rows * self._lanes
        rows[loops.checks] = loops.rows[loops.checks]
        before = sum([loop.times * loops.width(loop.shape) for loop in loops.before])
        return rows[:before].tolist(), rows[before:].tolist()

    # --- In and out ------------------------------------------------------------------------------

    def _fill(self, function: Function, start: int, count: int, place: int) -> None:
        """Put numbers that are the same in all lanes on the heap."""
        if not count:
            return
        numbers = function.address("%same", start)
        heap = function.address("%heap", self._lanes * place)

        def fill(i: str) -> None:
            x = function.every(function.number(function.address(numbers, i)))
            function.store(x, function.vectors(heap, i))

        function.repeat(count, fill)

    def _take(self, function: Function, table: int, width: int, place: int) -> None:
        """Put the inputs of a table on the heap."""
        start, lanes = function.table(table, width), self._lanes
        heap = function.address("%heap", lanes * place)

        def take(i: str) -> None:
            column = self._column(function, i, width)
            first, to = function.address(start, column), function.vectors(heap, column)
            rows = [function.vector(function.address(first, lane * width)) for lane in range(lanes)]
            for k, x in enumerate(transposed(rows)):
                function.store(x, function.vectors(to, k))

        if width >= lanes:
            function.repeat(-(-width // lanes), take)
        else:
            for column in range(width):
                x = function.gathered(start, width, column)
                function.store(x, function.vectors(heap, column))

    def _hand_out(self, function: Function, table: int, row: Sequence[Ref]) -> None:
        """Put the results of a table into it."""
        width, lanes = len(row), self._lanes
        start = function.table(table, width)
        places = self._at(function, [*map(self._place, row)])

        def vector(places: str, k: int) -> Vector:
            return function.vector(function.address("%heap", function.index(places, k)))

        def hand_out(i: str) -> None:
            column = self._column(function, i, width)
            first, of = function.address(start, column), function.shorts(places, column)
            for lane, x in enumerate(transposed([vector(of, k) for k in range(lanes)])):
                function.store(x, function.address(first, lane * width))

        if width >= lanes:
            function.repeat(-(-width // lanes), hand_out)
        else:
            for column in range(width):
                function.scatter(vector(places, column), start, width, column)

    def _add(self, function: Function, results: Sequence[Ref]) -> None:
        """Add results to their sums."""
        if not results:
            return
        places = self._at(function, [*map(self._place, results)])
        function.valid()

        def add(i: str) -> None:
            x = function.vector(function.address("%heap", function.index(places, i)))
            function.add_to(function.name(f"mul i64 {i}, {PARTIAL_SUMS}"), x)

        function.repeat(len(results), add)

    def _column(self, function: Function, i: str, width: int) -> str:
        """The first of as many columns as there are lanes: the last ones may be done twice."""
        column = function.name(f"mul i64 {i}, {self._lanes}")
        inside = function.name(f"icmp ult i64 {column}, {width - self._lanes}")
        return function.name(f"select i1 {inside}, i64 {column}, i64 {width - self._lanes}")

    # --- Loops -----------------------------------------------------------------------------------

    def _go(self, function: Function, loops: Sequence[Loop], rows: Sequence[int], of: str) -> None:
        """Go through loops.

        Args:
            function: to be appended to.
            loops: the loops.
            rows: their rows.
            of: the address of the failures.
        """
        if loops:
            numbers = [x for loop in loops for x in loop]
            order, table = self._at(function, [*numbers, _END, 0]), self._at(function, rows)
            function.lines.append(
                f"call void @steps(ptr %heap, ptr {order}, ptr {table}, ptr {of})"
            )

    def _steps(self) -> str:
        """The function that goes through loops."""
        function = Function(self._lanes, self._called, "next")
        shapes = sorted({x.shape for x in (*self._loops.before, *self._loops.within)})
        ends = [self._write_shape(function, shape) for shape in shapes]
        return _STEPS.substitute(
            order="".join([f", [%order.next, %{block}]" for block, _ in ends]),
            rows="".join([f", [{rows}, %{block}]" for block, rows in ends]),
            cases=" ".join([f"i32 {shape}, label %shape{shape}" for shape in shapes]),
            shapes=indented(function.lines),
        )

    def _write_shape(self, function: Function, shape: int) -> tuple[str, str]:
        """The part of it that goes through rows of one shape; returns the label of its end, and
        the address of the rows that follow."""
        width, check = self._loops.width(shape), self._loops.check(shape)

        def row(i: str) -> None:
            row = function.shorts("%rows", function.name(f"mul i64 {i}, {width}"))
            place = function.index(row, 0)
            operands = [
                function.vector(function.address("%heap", function.index(row, k)))
                for k in range(1, width)
            ]
            x = self._value(function, shape, iter(operands))
            if check is None:
                x = select(x, 1.0, 0.0) if x.letter == "m" else x
                function.store(x, function.address("%heap", place))
            else:
                failed, bad = function.vector("%failed", "i"), x ^ 1 if check else x
                first = failed.below(function.every(place, "i")) | (bad ^ 1)
                function.store(select(first, failed, function.every(place, "i")), "%failed")

        function.lines.append(f"shape{shape}:")
        function.block = f"shape{shape}"
        function.repeat("%count", row)
        rows = function.shorts("%rows", function.name(f"mul i64 %count, {width}"))
        function.lines.append("br label %next")
        return function.block, rows

    def _value(self, function: Function, shape: int, leaves: Iterator[Vector]) -> Vector:
        """The result of a shape, given what it takes from elsewhere."""
        number, *parts = self._loops.shapes[shape]
        masks = self._loops.masks(number)
        operands = []
        for part, mask in zip(parts, masks, strict=True):
            if part >= 0:
                operands.append(self._value(function, part, leaves))
            else:
                operands.append(next(leaves) > 0.5 if mask else next(leaves))
        if number >= len(self._code.patterns):  # a check
            return operands[0]
        pattern = self._code.patterns[number]
        code = pattern.code
        known: dict[Operand, Vector] = dict(zip(code.inputs, operands, strict=True))
        for slot in pattern.order:
            name, refs, mask, _ = code.instructions[slot.place]
            known[slot] = computed(
                function, name, [_vector(function, known, x) for x in refs], mask
            )
        return _vector(function, known, pattern.result)


def _vector(function: Function, known: dict[Operand, Vector], x: Operand) -> Vector:
    if isinstance(x, (bool, float)):
        return function.splat(x, "m" if isinstance(x, bool) else "f")
    return known[x]


_STEPS = Template("""\
define internal void @steps(ptr noalias %heap, ptr noalias %loops, ptr noalias %table,
    ptr noalias %failed) #0 {
entry:
  br label %next
next:
  %order = phi ptr [%loops, %entry]$order
  %rows = phi ptr [%table, %entry]$rows
  %order.next = getelementptr i32, ptr %order, i64 2
  %count.field = getelementptr i32, ptr %order, i64 1
  %shape = load i32, ptr %order, align 4
  %short = load i32, ptr %count.field, align 4
  %count = zext i32 %short to i64
  switch i32 %shape, label %finished [$cases]
$shapes
finished:
  ret void
}
""")
