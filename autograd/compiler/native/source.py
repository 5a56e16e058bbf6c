"""Code as a module in LLVM's language, for vectors of lanes.

Numbers that are the same in all lanes are computed before, and read where they are needed: a
processor multiplies by a number in memory as fast as by one that it has at hand. Long code is cut
into functions, since LLVM takes a time that grows faster than they do; what one of them hands on to
another is kept on a heap, a vector for each number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from autograd.batching.sums import PARTIAL_SUMS
from autograd.compiler.instructions import CALLS, Instructions, Ref, Slot
from autograd.compiler.native import mathematics
from autograd.compiler.native.ir import Function, Vector, fma, select, transposed
from autograd.compiler.native.module import Module
from autograd.compiler.schedule import LaneCheck, ordered
from autograd.compiler.tables import Layout, Table

PART = 300
"""How many items there are in a function."""
INLINE = 8
"""How many exponentials and the like are put where they are needed; more are functions."""
LAST = 7
"""So many items at the end are not worth a jump, where no lane is left that needs them."""
_BINARY = {
    "add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv", "fmod": "frem",
    "less": "fcmp olt", "less_equal": "fcmp ole", "greater": "fcmp ogt",
    "greater_equal": "fcmp oge", "equal": "fcmp oeq", "not_equal": "fcmp une",
    "and": "and", "or": "or",
}  # fmt: skip
_INTRINSICS = {"abs": "fabs", "sqrt": "sqrt", "copysign": "copysign"}
_SYMBOLS = {name: f"python.{name}" for name in CALLS if not name.startswith("erf")}
"""The symbols of functions that the C library does not have."""


class _Cell(NamedTuple):
    """A number in the rows of a table."""

    table: int
    width: int
    column: int


class _Rows(NamedTuple):
    """Numbers side by side in the rows of a table, from a column on."""

    table: int
    width: int
    column: int
    refs: Sequence[Ref]


class _Columns(NamedTuple):
    """Inputs side by side in the rows of a table, from a column on."""

    table: int
    width: int
    column: int
    slots: Sequence[Slot]


class _Check(NamedTuple):
    """A check of a mask, with its place among all of them."""

    place: int
    mask: Ref
    expected: bool


_Any = TypeVar("_Any", bound="_Item")
_Item: TypeAlias = Slot | _Columns | _Check | _Rows
"""Something to be done: an instruction, inputs to be taken from their table, a check, or results to
be put into theirs."""


class ModuleWriter:
    """The module that computes code.

    Args:
        code: the code.
        given: the layout of the tables that its inputs are in.
        results: for each table of results the numbers in its rows.
        checks: what must hold in each lane, in this order; those that ask functions are left out.
        lanes: how many there are in a vector.
        sums: whether the results are added up over the lanes, in the order of
            `autograd.batching.sums`, in place of being put into tables.
    """

    def __init__(
        self,
        code: Instructions,
        given: Layout,
        results: Sequence[Sequence[Ref]],
        checks: Sequence[LaneCheck],
        lanes: int,
        sums: bool = False,
    ) -> None:
        self._instructions, self._lanes, self._sums = code.instructions, lanes, sums
        self._inputs: dict[Slot, _Cell] = {}
        inputs = iter(code.inputs)
        widths: list[int] = []
        for width, differs in given:
            slots = [next(inputs) for _ in range(width)]
            if differs:
                self._inputs |= {x: _Cell(len(widths), width, i) for i, x in enumerate(slots)}
                widths.append(width)
        count = len(widths)
        outputs = []
        for row in results:
            if sums or any(self._differs(x) for x in row):
                outputs.append(_Rows(len(widths), len(row), 0, row))
                widths += [] if sums else [len(row)]
        asked = [
            _Check(index, check.mask, check.expected)
            for index, check in enumerate(checks)
            if check.mask is not None
        ]
        self._first = asked[0].place if asked else -1
        order: list[_Item] = [
            x if isinstance(x, Slot) else asked[x]
            for x in ordered(
                code.instructions,
                [x for row in results for x in row],
                [checks[x.place] for x in asked],
            )
        ]
        same = [x for x in code.inputs if not self._differs(x)]
        before = [x for x in order if isinstance(x, Slot) and self._computed(x, differs=False)]
        self._same = {x: place for place, x in enumerate([*same, *before])}
        # The numbers that are the same in all lanes, inputs first.
        within = self._paired(
            [x for x in order if not isinstance(x, Slot) or self._computed(x, differs=True)]
        )
        names = [self._instructions[x.place].name for x in within if isinstance(x, Slot)]
        elementary = [x for x in names if x in mathematics.FUNCTIONS]
        self._called_kernels = len(elementary) > INLINE
        self._kernels: dict[str, Function] = {}
        self._wanted: dict[Slot, list[_Cell]] = {}
        items = [*within, *self._handed_out(outputs)]
        self._parts = [*_cut([*self._taken(items), *items])] or [[]]
        self._kept = self._heap()
        self._known: dict[Ref, Vector] = {}
        self._called: dict[str, str] = {}
        label = "loop" if len(self._parts) == 1 else "entry"
        self.module = Module(
            lanes, widths, count,
            [self._part_before(part) for part in _cut(before)],
            [self._part(part, label) for part in self._parts],
            self._kernels, self._called, len(self._same), self._size,
            sum([len(x.refs) for x in outputs]) if sums else None,
        )  # fmt: skip
        """The module."""
        self.same_results = [
            None
            if any(map(self._differs, row))
            else [self.module.same + self._same[x] if isinstance(x, Slot) else x for x in row]
            for row in results
        ]
        """For each table of results whose numbers are the same in all lanes, where in the workspace
        they are: their places, or they themselves; None for the others."""

    data = None
    """Nothing else is needed."""

    def fixed(self) -> Table:
        """The content of the workspace after the given numbers that are the same in all lanes."""
        return np.empty(0)

    # --- What there is to be done ----------------------------------------------------------------

    def _operands(self, ref: Ref) -> Sequence[Ref]:
        return self._instructions[ref.place].operands if isinstance(ref, Slot) else ()

    def _differs(self, ref: Ref) -> bool:
        """Whether a number is not the same in all lanes."""
        return isinstance(ref, Slot) and not self._instructions[ref.place].uniform

    def _computed(self, ref: Ref, differs: bool) -> bool:
        """Whether a number is computed, either in each lane or once for all."""
        return bool(self._operands(ref)) and self._differs(ref) == differs

    def _refs(self, item: _Item) -> Sequence[Ref]:
        """The numbers that something is done with."""
        match item:
            case Slot():
                return self._operands(item)
            case _Check():
                return (item.mask,)
            case _Rows():
                return item.refs
        return ()

    def _taken(self, items: Sequence[_Item]) -> Iterator[_Columns]:
        """The inputs that are needed from the rows of wide tables, several at once."""
        needed = {x for item in items for x in self._refs(item) if x in self._inputs}
        tables: dict[int, list[Slot]] = {}
        for x, cell in self._inputs.items():
            if cell.width >= self._lanes:
                tables.setdefault(cell.table, []).append(x)
        for table, slots in tables.items():
            for place in range(0, len(slots), self._lanes):
                column = min(place, len(slots) - self._lanes)
                part = slots[column : column + self._lanes]
                if not needed.isdisjoint(part):
                    yield _Columns(table, len(slots), column, part)

    def _handed_out(self, outputs: Sequence[_Rows]) -> Iterator[_Rows]:
        """The results that are put into tables at the end: all that are not as soon as they are
        computed, since they are inputs or the same in all lanes, or since rows of them are put
        there at once.
        """
        lanes = self._lanes
        start = 0
        for table, width, _, row in outputs:
            if width >= lanes and not self._sums:
                for column in range(0, width, lanes):
                    column = min(column, width - lanes)
                    yield _Rows(table, width, column, row[column : column + lanes])
                continue
            for column, x in enumerate(row, start):
                if isinstance(x, Slot) and self._computed(x, differs=True):
                    self._wanted.setdefault(x, []).append(_Cell(table, width, column))
                else:
                    yield _Rows(table, width, column, (x,))
            start += width if self._sums else 0

    def _heap(self) -> dict[Slot, int]:
        """The places of the numbers that a part computes and a later one reads."""
        home: dict[Ref, int] = {}
        last: dict[Ref, int] = {}
        for number, part in enumerate(self._parts):
            for item in part:
                home |= dict.fromkeys(_made(item), number)
                last |= {x: number for x in self._refs(item) if x in home}
        places: dict[Slot, int] = {}
        free: list[int] = []
        self._size = 0
        leaving: dict[int, list[int]] = {}
        for number, part in enumerate(self._parts):
            free += leaving.pop(number, ())
            for x in [x for item in part for x in _made(item)]:
                if last.get(x, number) > number and x not in places:
                    if not free:
                        free.append(self._size)
                        self._size += 1
                    places[x] = free.pop()
                    leaving.setdefault(last[x] + 1, []).append(places[x])
        return places

    # --- Written ---------------------------------------------------------------------------------

    def _kernel(
        self, function: Function, kernel: Callable[..., Any], operands: Sequence[Vector]
    ) -> Sequence[Vector]:
        """The results of a function of vectors: one that others call, or put where it is needed."""
        if not self._called_kernels:
            return _several(kernel(*operands))
        name = kernel.__name__
        if name not in self._kernels:
            made = self._kernels[name] = Function(self._lanes, self._called, "entry")
            made.give_back(_several(kernel(*made.parameters(len(operands)))))
        return function.kernel(name, operands, self._kernels[name].results)

    def _paired(self, items: Sequence[_Item]) -> list[_Item]:
        """Things to be done, with functions that are computed together one after the other."""
        places: dict[tuple[str, tuple[Ref, ...]], Slot] = {}
        for item in items:
            if isinstance(item, Slot):
                name, operands, *_ = self._instructions[item.place]
                places[name, operands] = item
        self._partners: dict[Slot, Slot] = {}
        for (name, operands), slot in places.items():
            other, _ = mathematics.TOGETHER.get(name, (None, None))
            if other is not None and (other, operands) in places:
                self._partners[slot] = places[other, operands]
        first: dict[_Item, Slot] = {other: slot for slot, other in self._partners.items()}
        order: dict[_Item, None] = {}
        for item in items:
            one = first.get(item, item)
            order[one] = None
            if isinstance(one, Slot) and one in self._partners:
                order[self._partners[one]] = None
        return [*order]

    def _part_before(self, part: Sequence[Slot]) -> Function:
        """A function that computes what is the same in all lanes."""
        function = Function(self._lanes, self._called, "entry", constant=False)
        self._known = {}
        for item in part:
            x = self._known[item] = self._value(function, item)
            if x.letter == "m":
                x = select(x, 1.0, 0.0)
            function.store(function.element(x, 0), function.address("%same", self._same[item]))
        return function

    def _part(self, part: Sequence[_Item], label: str) -> Function:
        """A function that does what is to be done in each lane, or a part of it."""
        function = Function(self._lanes, self._called, label)
        self._known = {}
        failed, left, done = function.splat(-1, "i"), function.splat(1, "m"), []
        indices = [x.place for x in part if isinstance(x, _Check)]
        if indices and indices[0] != self._first:
            failed = function.vector(function.address("%failed", "%at"), "i")
            left = failed.equals(-1)
        for time, item in enumerate(part):
            if isinstance(item, Slot):
                if self._partners.get(item) in part[time + 1 : time + 2]:
                    self._compute_together(function, item)
                elif item not in self._known:
                    self._known[item] = self._value(function, item)
                self._keep(function, item)
            elif isinstance(item, _Columns):
                self._take(function, item)
            elif isinstance(item, _Rows):
                self._hand_out_rows(function, item)
            else:
                holds = self._operand(function, item.mask)
                holds = holds if item.expected else holds ^ 1
                failed = select(left & (holds ^ 1), function.splat(item.place, "i"), failed)
                left = left & holds
                if time + LAST < len(part):
                    done.append((function.block, failed.name))
                    function.leave_unless_any(left, "done")
        if indices:
            done.append((function.block, failed.name))
            function.enter("done")
            failed = function.merged(failed, done)
            function.store(failed, function.address("%failed", "%at"))
            function.tell_any(failed.equals(-1))
            if self._sums:
                function.note(failed.equals(-1) ^ 1)
        return function

    def _take(self, function: Function, columns: _Columns) -> None:
        """Inputs, as they are in rows, as vectors."""
        table, width, column, slots = columns
        start = function.table(table, width)
        rows = [
            function.vector(function.address(start, lane * width + column))
            for lane in range(self._lanes)
        ]
        for x, vector in zip(slots, transposed(rows), strict=True):
            if x not in self._known:
                self._known[x] = vector
                self._keep(function, x)

    def _keep(self, function: Function, item: Slot) -> None:
        """Put a number on the heap and among the results, if it is needed there."""
        x = self._known[item]
        if item in self._kept:
            kept = select(x, 1.0, 0.0) if x.letter == "m" else x
            function.store(kept, function.address("%heap", self._lanes * self._kept[item]))
        for table, width, column in self._wanted.get(item, ()):
            self._hand_out(function, table, width, column, x)

    def _hand_out_rows(self, function: Function, rows: _Rows) -> None:
        table, width, column, refs = rows
        vectors = [self._operand(function, x) for x in refs]
        if len(vectors) == 1:
            self._hand_out(function, table, width, column, vectors[0])
            return
        start = function.table(table, width)
        for lane, x in enumerate(transposed(vectors)):
            function.store(x, function.address(start, lane * width + column))

    def _hand_out(self, function: Function, table: int, width: int, column: int, x: Vector) -> None:
        """Put a result into a column of a table, or add it to a sum."""
        if self._sums:
            function.add_to(PARTIAL_SUMS * column, x)
            return
        function.scatter(x, function.table(table, width), width, column)

    # --- Each number -----------------------------------------------------------------------------

    def _operand(self, function: Function, ref: Ref) -> Vector:
        if isinstance(ref, bool):
            return function.splat(ref, "m")
        if isinstance(ref, float):
            return function.splat(ref)
        if ref not in self._known:
            self._known[ref] = self._read(function, ref)
        return self._known[ref]

    def _read(self, function: Function, ref: Slot) -> Vector:
        """A number that another function has computed, or an input."""
        if ref in self._inputs and ref not in self._kept:
            table, width, column = self._inputs[ref]
            return function.gathered(function.table(table, width), width, column)
        if ref in self._same:
            x = function.every(function.number(function.address("%same", self._same[ref])))
        else:
            x = function.vector(function.address("%heap", self._lanes * self._kept[ref]))
        return x > 0.5 if self._instructions[ref.place].mask else x

    def _value(self, function: Function, slot: Slot) -> Vector:
        """The result of an instruction."""
        name, refs, mask, _ = self._instructions[slot.place]
        operands = [self._operand(function, x) for x in refs]
        if name in mathematics.FUNCTIONS:
            return self._kernel(function, mathematics.FUNCTIONS[name], operands)[0]
        return computed(function, name, operands, mask)

    def _compute_together(self, function: Function, slot: Slot) -> None:
        """Compute the result of an instruction, and that of the one that goes with it."""
        name, refs, *_ = self._instructions[slot.place]
        operands = [self._operand(function, x) for x in refs]
        results = self._kernel(function, mathematics.TOGETHER[name][1], operands)
        self._known |= zip((slot, self._partners[slot]), results, strict=True)


def computed(function: Function, name: str, operands: Sequence[Vector], mask: bool) -> Vector:
    """The result of an instruction.

    Args:
        function: to be appended to.
        name: of the instruction.
        operands: its operands.
        mask: whether the result is a truth value.
    """
    x = operands[0]
    if name in _BINARY:
        text = f"{_BINARY[name]} {x.type} {x.name}, {operands[1].name}"
        return function.line(text, "m" if mask else "f")
    if name in _INTRINSICS:
        return function.intrinsic(_INTRINSICS[name], *operands)
    if name in mathematics.FUNCTIONS:
        return mathematics.FUNCTIONS[name](*operands)
    if name in _OTHERS:
        return _OTHERS[name](*operands)
    return function.each(_SYMBOLS.get(name, name), operands)


_OTHERS: dict[str, Callable[..., Vector]] = {
    "negative": lambda x: -x,
    "not": lambda x: x ^ 1,
    "number": lambda x: select(x, 1.0, 0.0),
    "select": select,
    "fma": fma,
}


def _several(results: Vector | Sequence[Vector]) -> Sequence[Vector]:
    return [results] if isinstance(results, Vector) else results


def _made(item: _Item) -> Sequence[Slot]:
    """The numbers that something to be done provides."""
    return (item,) if isinstance(item, Slot) else item.slots if isinstance(item, _Columns) else ()


def _cut(items: Sequence[_Any]) -> Iterator[Sequence[_Any]]:
    """Parts of so many items that LLVM is quick about each."""
    for start in range(0, len(items), PART):
        yield items[start : start + PART]
