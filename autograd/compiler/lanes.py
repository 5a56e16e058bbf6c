"""A program for many points at once: its steps lowered, its guards checked in every lane."""

import math
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.blocks import Blocks
from autograd.compiler.guards import COMPARISONS, FINITE
from autograd.compiler.lowering import Code, is_exact, is_reordered
from autograd.compiler.margins import with_margins
from autograd.compiler.program import PASSED, Guard, Program
from autograd.compiler.replay import BatchCode
from autograd.compiler.schedule import LaneCheck
from autograd.compiler.shapes import Shapes
from autograd.compiler.tables import Indices, Layout, Table, columns, from_columns

_COMPARED = {sign: f.__name__ for f, sign in COMPARISONS.items() if isinstance(f, np.ufunc)}
SHORT, LONGEST = 300, 20_000
"""Up to how many steps programs are straight native code from the start, and up to how many they
ever are. The others are loops; those in between at first, unless other code has other digits."""
SECONDS = 5e-5
"""For how many seconds, times the number of its steps, a program runs in loops before straight code
is made of it: half of the time that it takes to make that."""
UNDECIDED = -2
"""Stands for a guard whose answer another core might give differently."""


class Lanes:
    """A program for many points.

    Args:
        program: the program.
        at: the inputs with which it was recorded.
        given: the layout of the tables that its inputs are in.
        native: whether it is run by the processor itself.
        widths: of the tables that its outputs are to be in.
    """

    def __init__(
        self,
        program: Program,
        at: Sequence[float],
        given: Layout,
        native: bool,
        widths: Sequence[int],
    ) -> None:
        self._program, self._margins = with_margins(program, at)
        self._given, self._native, self._widths = given, native, widths
        size = self._program.size
        in_loops = native and size > SHORT and (size > LONGEST or not self.is_reordered())
        self._blocks = self._made(in_loops)
        self._patience = size * SECONDS if in_loops and size <= LONGEST else math.inf
        self._ready: set[Any] = set()

    def is_reordered(self) -> bool:
        """Whether the digits of other code might be others."""
        ops = self._program.ops
        kinds = {(entry[0], len(entry) - 1) for entry in self._program.entries}
        return any(is_reordered(ops[index], count) for index, count in kinds)

    def _made(self, in_loops: bool) -> Any:
        """The program as code that runs."""
        code: Any = Shapes() if in_loops else Code(self._native)
        results, checks, places = self.lowered(code, inputs(code, self._given))
        self._places: Indices | None = None
        if places != [*range(len(places))]:
            self._places = np.array([*places, PASSED], dtype=np.intp)
        return running(code, self._given, results, self._widths, checks)

    def lowered(
        self, code: Any, inputs: Sequence[Any]
    ) -> tuple[list[Any], list[LaneCheck], list[int]]:
        """Lower the program to code; returns its outputs, the checks, and what each stands for."""
        program, constants = self._program, self._program.constants
        refs = code.steps(program, inputs)

        def ref(place: int) -> Any:
            return refs[place] if place >= 0 else constants[~place]

        checks: list[LaneCheck] = []
        places: list[int] = []
        sums = self._sums()
        for place, several in enumerate(self._margins):
            for sum_ in sums[place]:
                # That is not rounded once, it may overflow on the way.
                mask = _finite(code, ref(sum_))
                for operand in program.operands(sum_) if sum_ in program.overflown else ():
                    mask = code.emit("or", mask, code.emit("not", _finite(code, ref(operand))))
                checks.append(LaneCheck(mask, None, (), True))
                places.append(UNDECIDED)
            for distance, margin in dict.fromkeys(several):
                decided = code.emit("greater", ref(distance), ref(margin))
                checks.append(LaneCheck(decided, None, (), True))
                places.append(UNDECIDED)
            if place < len(program.guards):
                guard = program.guards[place]
                checks.append(_check(code, guard, [*map(ref, guard.operands)]))
                places.append(place)
        return [*map(ref, program.outputs)], checks, places

    def _sums(self) -> list[list[int]]:
        """For each guard, the sums that may overflow on which it is the first to depend; last,
        those on which none does. A lane that fails a guard before has nothing to do with them."""
        program = self._program
        found: list[list[int]] = [[] for _ in self._margins]
        first = len(program.inputs)
        sums = [
            place
            for place, (index, *operands) in enumerate(program.entries, first)
            if program.ops[index].arity is None and not is_exact(program.ops[index], len(operands))
        ]
        if not sums:
            return found
        seen = [False] * (first + program.size)
        for several, guard in zip(found, program.guards, strict=False):
            waiting = [x for x in guard.operands if x >= first]
            while waiting:
                place = waiting.pop()
                if not seen[place]:
                    seen[place] = True
                    waiting += [x for x in program.operands(place) if x >= first]
            several += [place for place in sums if seen[place]]
            sums = [place for place in sums if not seen[place]]
        found[-1] += sums
        return found

    @property
    def source(self) -> str:
        """The source that computes lanes: Python's, or LLVM's."""
        source: str = self._blocks.source
        return source

    def __call__(self, tables: Sequence[Table], size: int) -> tuple[list[Table], Indices]:
        """The outputs in each lane, and the guards that fail there, or `PASSED`, or `UNDECIDED`."""
        outputs, failed = self._timed(self._blocks, tables, size)
        return outputs, failed if self._places is None else self._places[failed]

    def sums(self, tables: Sequence[Table], size: int) -> Table | None:
        """The sums of the outputs, as `NativeBlocks.sums` has them."""
        sums: Table | None = self._timed(self._blocks.sums, tables, size)
        return sums

    @property
    def settled(self) -> bool:
        """Whether no other code will be made."""
        return self._patience == math.inf

    def code(self, sums: bool) -> BatchCode | None:
        """How the native core may run the native code that there is, for sums or else for tables;
        None if it cannot."""
        code: BatchCode | None = self._blocks.code(sums)
        return code

    def _timed(self, run: Callable[..., Any], tables: Sequence[Table], size: int) -> Any:
        """Run code; if that has taken too much time, have other code made, with the same bits."""
        if self.settled:
            return run(tables, size)
        start = perf_counter()
        found = run(tables, size)
        if run in self._ready:
            self._patience -= perf_counter() - start
        self._ready.add(run)  # the first time it is compiled
        if self._patience < 0.0:
            self._patience = math.inf  # other threads go on as they are
            self._blocks = self._made(in_loops=False)
            self._ready.clear()
        return found


def inputs(code: Any, given: Layout) -> list[Any]:
    """The inputs of code, for tables of a layout."""
    return [code.input(uniform=not differs) for width, differs in given for _ in range(width)]


def running(
    code: Any,
    given: Layout,
    results: Sequence[Any],
    widths: Sequence[int],
    checks: Sequence[LaneCheck] = (),
) -> Any:
    """Code as a function of tables, as `NativeBlocks` is, which it is if code is native."""
    if not code.native:
        return _InTables(Blocks(code, results, checks), widths)
    from autograd.compiler.native.blocks import NativeBlocks  # llvmlite is optional

    return NativeBlocks(code, given, results, widths, checks)


class _InTables:
    """Code for columns as a function of tables."""

    def __init__(self, blocks: Blocks, widths: Sequence[int]) -> None:
        self._blocks, self._widths, self.source = blocks, widths, blocks.source

    def __call__(self, tables: Sequence[Table], size: int) -> tuple[list[Table], Indices]:
        outputs, failed = self._blocks(columns(tables), size)
        return from_columns(outputs, self._widths, size), failed


def _check(code: Code, guard: Guard, operands: Sequence[Any]) -> LaneCheck:
    if guard.test is not None:
        return LaneCheck(None, _each(guard.test), tuple(operands), True)
    if guard.asked == FINITE:
        return LaneCheck(_finite(code, operands[0]), None, (), guard.answer)
    return LaneCheck(code.emit(_COMPARED[guard.asked], *operands), None, (), guard.answer)


def _finite(code: Code, x: Any) -> Any:
    return code.emit("equal", code.emit("subtract", x, x), 0.0)


def _each(test: Callable[..., bool]) -> Callable[..., NDArray[np.bool_]]:
    """A test of every lane by itself."""

    def answers(columns: Sequence[Any]) -> NDArray[np.bool_]:
        lanes = np.broadcast_arrays(*columns)
        return np.array([test(*lane) for lane in zip(*[x.tolist() for x in lanes], strict=True)])

    return answers
