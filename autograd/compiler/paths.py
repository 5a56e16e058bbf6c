"""The paths through a function: each a program with its guards, for one point or for many."""

from collections.abc import Sequence
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.blocks import Column
from autograd.compiler.lanes import Lanes
from autograd.compiler.program import PASSED, Guard, Program
from autograd.compiler.recording import Recording
from autograd.compiler.results import Item, Result
from autograd.compiler.source import PythonSource


class RecordedPath:
    """One way through a function, recorded as a program.

    Attributes:
        program: the steps, and the guards under which they are those of the function.
        points: how many points have been computed by it.
        seconds: the time that took, and the recording.
    """

    def __init__(self, recording: Recording, numbers: Sequence[float], seconds: float) -> None:
        self.program: Program = recording.program
        self.points, self.seconds = 0, seconds
        self.result, self.outside = recording.result, recording.outside
        self._recorded_at = [*numbers, *[x._number for x in self.outside]]
        self._many: dict[tuple[bool, ...], Lanes] = {}

    @property
    def guards(self) -> list[Guard]:
        """The conditions under which a point takes this path, with the lines that ask."""
        return self.program.guards

    @cached_property
    def source(self) -> str:
        """The Python source that computes one point."""
        return self._single.source

    @cached_property
    def _single(self) -> PythonSource:
        return PythonSource(self.program, self.result)

    @cached_property
    def _flat(self) -> PythonSource:
        outputs = [Item("float", i, i + 1, None) for i in range(len(self.program.outputs))]
        return PythonSource(self.program, Result(outputs, []))

    def computed(self, numbers: Sequence[float]) -> tuple[int, Any]:
        """The result at a point: the place of the guard that fails and None, or `PASSED` and it."""
        return self._timed(self._single, numbers)

    def outputs(self, numbers: Sequence[float]) -> tuple[int, list[float]]:
        """The same, with the outputs of the program in place of the result."""
        return self._timed(self._flat, numbers)

    def _timed(self, source: PythonSource, numbers: Sequence[float]) -> tuple[int, Any]:
        start = perf_counter()
        if self.outside:
            numbers = [*numbers, *[x._number for x in self.outside]]
        failed, found = source(numbers)
        if failed == PASSED:
            self.points += 1
            self.seconds += perf_counter() - start
        return failed, found

    def lanes(self, columns: Sequence[Column], size: int) -> tuple[list[Column], NDArray[np.intp]]:
        """The outputs in each lane, and the guards that fail there, or `PASSED`, or `UNDECIDED`."""
        start = perf_counter()
        columns = [*columns, *[x._number for x in self.outside]]
        uniform = tuple([not isinstance(x, np.ndarray) for x in columns])
        if uniform not in self._many:
            self._many[uniform] = Lanes(self.program, self._recorded_at, uniform)
        outputs, failed = self._many[uniform](columns, size)
        self.points += int((failed == PASSED).sum())
        self.seconds += perf_counter() - start
        return outputs, failed

    def __repr__(self) -> str:
        conditions = "; ".join(f"{x.text} ({x.place})" for x in self.guards[:4])
        more = f"; and {len(self.guards) - 4} more" if len(self.guards) > 4 else ""
        size = f"{self.program.size} steps, {self.points} points, {self.seconds:.3g} s"
        return f"<RecordedPath of {size}{': ' if conditions else ''}{conditions}{more}>"
