"""The paths through a function: each a program with its guards, for one point or for many."""

from collections.abc import Sequence
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.forking import making
from autograd.compiler.lanes import Lanes
from autograd.compiler.program import PASSED, Guard, Program
from autograd.compiler.replay import Counter, tape
from autograd.compiler.results import Item, Result, items, widths
from autograd.compiler.source import PythonSource
from autograd.compiler.tables import Layout, Table, layout
from autograd.trees import Leaf, mapped


class RecordedPath:
    """One way through a function, recorded as a program.

    Args:
        program: the program.
        result: the structure of what it computes.
        outside: the Values that it uses from around the function, its last inputs.
        at: the numbers of all inputs with which it was recorded.
        seconds: the time that took.

    Attributes:
        program: the steps, and the guards under which they are those of the function.
        counter: counts the points that are computed by it, and the time that takes.
    """

    def __init__(
        self,
        program: Program,
        result: Result,
        outside: Sequence[Any],
        at: Sequence[float],
        seconds: float = 0.0,
    ) -> None:
        self.program, self.result, self.outside = program, result, outside
        self.counter = Counter()
        self.counter.seconds = seconds
        self._recorded_at = at
        self._many: dict[tuple[Layout, bool], Lanes] = {}
        self._widths = widths(self.result.structure)

    @property
    def guards(self) -> list[Guard]:
        """The conditions under which a point takes this path, with the lines that ask."""
        return self.program.guards

    @property
    def points(self) -> int:
        """How many points have been computed by it."""
        points: int = self.counter.points
        return points

    @property
    def seconds(self) -> float:
        """The time that took, and the recording."""
        seconds: float = self.counter.seconds
        return seconds

    @cached_property
    def source(self) -> str:
        """The Python source that computes one point."""
        return self._single.source

    @cached_property
    def _single(self) -> PythonSource:
        return PythonSource(self.program, self.result)

    @cached_property
    def _flat(self) -> PythonSource:
        return PythonSource(self.program, self._row)

    @property
    def _row(self) -> Result:
        """The outputs as a result."""
        return Result([Item("float", i, i + 1, None) for i in range(len(self.program.outputs))], [])

    @cached_property
    def tape(self) -> Any:
        """The program as the native core runs it; None if it does not."""
        return tape(self.program, self.result, self.counter)

    @cached_property
    def _flat_tape(self) -> Any:
        return tape(self.program, self._row, self.counter)

    def computed(self, numbers: Sequence[float]) -> tuple[int, Any]:
        """The result at a point: the place of the guard that fails and None, or `PASSED` and it."""
        if self.outside:
            numbers = [*numbers, *self.numbers_outside()]
        return self._by_tape(self.tape, numbers) or self._timed(self._single, numbers)

    def outputs(self, numbers: Sequence[float]) -> tuple[int, list[float]]:
        """The same with the outputs of the program in place of the result, and the numbers of all
        its inputs."""
        return self._by_tape(self._flat_tape, numbers) or self._timed(self._flat, numbers)

    @staticmethod
    def _by_tape(tape: Any, numbers: Sequence[float]) -> tuple[int, Any] | None:
        """The same by the native core; None where Python has to be asked."""
        found: tuple[int, Any] | None = None if tape is None else tape(numbers)
        return found

    def _timed(self, source: PythonSource, numbers: Sequence[float]) -> tuple[int, Any]:
        start = perf_counter()
        failed, found = source(numbers)
        if failed == PASSED:
            self.counter.points += 1
            self.counter.seconds += perf_counter() - start
        return failed, found

    def lanes(
        self, tables: Sequence[Table], size: int, native: bool, outside: Sequence[float] = ()
    ) -> tuple[list[Table], NDArray[np.intp]]:
        """The numbers of the result, and the guards that fail, or `PASSED`, or `UNDECIDED`.

        Args:
            tables: the numbers of the lanes.
            size: how many lanes there are.
            native: whether the processor itself runs the program.
            outside: as `numbers_outside` has them.
        """
        start = perf_counter()
        tables = _with_outside(tables, outside)
        outputs, failed = self.for_layout(layout(tables), native)(tables, size)
        self.counter.points += int(np.count_nonzero(failed == PASSED))
        self.counter.seconds += perf_counter() - start
        return outputs, failed

    def all_lanes(self, tables: Sequence[Table], size: int, native: bool) -> list[Table] | None:
        """The numbers of the result; None if a lane is not on this path."""
        outputs, failed = self.lanes(tables, size, native, self.numbers_outside())
        if (failed != PASSED).any():
            return None
        return [x if x.ndim == 2 else np.tile(x, (size, 1)) for x in outputs]

    def sums(
        self, tables: Sequence[Table], size: int, outside: Sequence[float] = ()
    ) -> NDArray[np.float64] | None:
        """The sum of each number of the result in each block of lanes, as native code forms it;
        None if there is anything else in the result, or if a lane is not on this path."""
        if self.leaves is None:
            return None
        start = perf_counter()
        tables = _with_outside(tables, outside)
        found = self.for_layout(layout(tables), native=True).sums(tables, size)
        if found is not None:
            self.counter.points += size
            self.counter.seconds += perf_counter() - start
        return found

    @cached_property
    def leaves(self) -> Any:
        """The structure of the result with a leaf for each item; None if not all are computed."""
        found = items(self.result.structure)
        if not found or any(item.kind == "constant" for item in found):
            return None
        return mapped(
            lambda item, _: Leaf(item.start, item.stop, item.shape), self.result.structure
        )

    def numbers_outside(self) -> list[float]:
        """The numbers of the Values that it uses from around the function, as they are now."""
        return [x._number for x in self.outside]

    def bare(self, kind: int) -> "RecordedPath":
        """The path without anything of the user's, to be computed elsewhere.

        Args:
            kind: stands for the structure of its results.
        """
        flat = [Item(x.kind, x.start, x.stop, x.shape) for x in items(self.result.structure)]
        outside = [None] * len(self.outside)
        return RecordedPath(self.program, Result({kind: flat}, []), outside, self._recorded_at)

    def __reduce__(self) -> tuple[Any, ...]:
        return RecordedPath, (self.program, self.result, self.outside, self._recorded_at)

    def for_layout(self, given: Layout, native: bool) -> Lanes:
        """The program for lanes whose numbers are in tables of a layout."""
        with making:
            if (given, native) not in self._many:
                lanes = Lanes(self.program, self._recorded_at, given, native, self._widths)
                self._many[given, native] = lanes
            return self._many[given, native]

    def __repr__(self) -> str:
        conditions = "; ".join(f"{x.text} ({x.place})" for x in self.guards[:4])
        more = f"; and {len(self.guards) - 4} more" if len(self.guards) > 4 else ""
        size = f"{self.program.size} steps, {self.points} points, {self.seconds:.3g} s"
        return f"<RecordedPath of {size}{': ' if conditions else ''}{conditions}{more}>"


def _with_outside(tables: Sequence[Table], outside: Sequence[float]) -> Sequence[Table]:
    return [*tables, np.array(outside)] if outside else tables
