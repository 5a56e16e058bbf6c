"""A program for many points at once: its steps lowered, its guards checked in every lane."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.blocks import Blocks
from autograd.compiler.guards import COMPARISONS, FINITE
from autograd.compiler.lowering import Code, is_exact
from autograd.compiler.margins import with_margins
from autograd.compiler.program import PASSED, Guard, Program
from autograd.compiler.schedule import LaneCheck
from autograd.compiler.tables import Indices, Layout, Table, columns, from_columns

_COMPARED = {sign: f.__name__ for f, sign in COMPARISONS.items() if isinstance(f, np.ufunc)}
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
        program, margins = with_margins(program, at)
        code = Code(native)
        refs: list[Any] = [
            code.input(uniform=not differs) for width, differs in given for _ in range(width)
        ]

        def ref(place: int) -> Any:
            return refs[place] if place >= 0 else program.constants[~place]

        checks: list[LaneCheck] = []
        places: list[int] = []
        for (op, operands), number in zip(program.steps, program.numbers(at), strict=True):
            refs.append(code.lower(op, [*map(ref, operands)]))
            if op.arity is None and not is_exact(op, len(operands)):
                # A sum that is not rounded once may overflow on the way.
                mask = _finite(code, refs[-1])
                for operand in () if isfinite(number) else operands:
                    mask = code.emit("or", mask, code.emit("not", _finite(code, ref(operand))))
                checks.append(LaneCheck(mask, None, (), True))
                places.append(UNDECIDED)
        for place, several in enumerate(margins):
            for distance, margin in dict.fromkeys(several):
                decided = code.emit("greater", ref(distance), ref(margin))
                checks.append(LaneCheck(decided, None, (), True))
                places.append(UNDECIDED)
            if place < len(program.guards):
                guard = program.guards[place]
                checks.append(_check(code, guard, [*map(ref, guard.operands)]))
                places.append(place)
        results = [*map(ref, program.outputs)]
        self._places: Indices | None = None
        if places != [*range(len(places))]:
            self._places = np.array([*places, PASSED], dtype=np.intp)
        if native:
            from autograd.compiler.native.blocks import NativeBlocks  # llvmlite is optional

            self._blocks: Any = NativeBlocks(code, given, results, widths, checks)
        else:
            self._blocks = _InTables(Blocks(code, results, checks), widths)

    @property
    def source(self) -> str:
        """The source that computes lanes: Python's, or LLVM's."""
        source: str = self._blocks.source
        return source

    def __call__(self, tables: Sequence[Table], size: int) -> tuple[list[Table], Indices]:
        """The outputs in each lane, and the guards that fail there, or `PASSED`, or `UNDECIDED`."""
        outputs, failed = self._blocks(tables, size)
        return outputs, failed if self._places is None else self._places[failed]

    def sums(self, tables: Sequence[Table], size: int) -> Table | None:
        """The sums of the outputs, as `NativeBlocks.sums` has them."""
        sums: Table | None = self._blocks.sums(tables, size)
        return sums


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
