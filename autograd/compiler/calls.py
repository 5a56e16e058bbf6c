"""One call of a compiled function for a batch: each lane on its path, the results in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.batching import BLOCK, Batch, Vmap
from autograd.compiler.arguments import HasValues
from autograd.compiler.batch import Columns, Gathered
from autograd.compiler.families import Call, Family
from autograd.compiler.known import Asked, Computed
from autograd.compiler.paths import RecordedPath
from autograd.compiler.recorder import Again, Recorder
from autograd.compiler.recording import plain
from autograd.compiler.results import widths
from autograd.compiler.tables import Indices, Table, points, split
from autograd.trace import differentiating

FIRST_PART, SHORTEST_PART = 4096, 1024
LONGEST_PART = 2**16
NUMBERS = 2**20
"""So many results of lanes may wait to be added up, where they are reduced."""


class BatchCall:
    """One call for a batch.

    Args:
        recorder: of the function.
        fun: the function of a batch.
        lanes: the arguments, of one lane at least.
        native: whether the processor itself runs the programs.
        check: whether results are compared with those of the function itself.

    Raises:
        HasValues: if there are Values among the arguments, or integers that no float can be.
    """

    def __init__(
        self, recorder: Recorder, fun: Vmap, lanes: Batch, native: bool, check: bool
    ) -> None:
        self.recorder, self.fun, self.lanes = recorder, fun, lanes
        self.native, self.check = native, check
        self.first = recorder.told_apart(*lanes.lane(0))
        """The call for lane 0."""
        self.columns = Columns(lanes, self.first.fixed_ints)

    def result(self) -> Any:
        """The result of the call."""
        if self.fun.reduce is not None:
            return self.reduced()
        structure, stacked = self.stacked()
        return self.fun.assembled(structure, [*map(np.ascontiguousarray, stacked)])

    def stacked(self) -> tuple[Any, list[NDArray[Any]]]:
        """The results of all lanes, as `Gathered.stacked` has them."""
        return self._computed(0, self.lanes.size)

    def reduced(self) -> Any:
        """The sum or the mean of the results of all lanes."""
        size, sums, start, most = self.lanes.size, self.fun.sums(), 0, FIRST_PART
        while start < size:  # as long as they are on one path
            part = self.columns.part(start, min(start + most, size))
            summed = self._summed(part)
            if summed is None:
                break
            sums.add_sums(*summed, part.size)
            start, most = start + most, LONGEST_PART
        most = FIRST_PART
        while start < size:
            structure, stacked = self._computed(start, min(start + most, size))
            sums.add(structure, stacked)
            start += most
            numbers = sum([x[0].size for x in stacked])
            most = max(SHORTEST_PART, NUMBERS // (numbers + 1) // BLOCK * BLOCK)
        return sums.result()

    def begun(self) -> Family:
        """The family of lane 0, with a path at least, if there may be one."""
        family = self.recorder.family(self.first)
        if not family.paths and family.has_room():
            with in_lane(0, self.recorder.name):
                self.recorder.record(family, self.first)
        return family

    def _summed(self, columns: Columns) -> tuple[Any, NDArray[np.float64]] | None:
        """The sums of the results of lanes, if all of them are on one path and it can add them up;
        otherwise None."""
        if self.check or not self.native or not columns.alike:
            return None
        family = self.begun()
        if not family.paths:
            return None
        path = max(family.paths, key=lambda path: path.points)
        require_no_gradient(path)
        sums = path.sums(columns.tables, columns.size, path.numbers_outside())
        return None if sums is None else (path.leaves, sums)

    def _computed(self, start: int, stop: int) -> tuple[Any, list[NDArray[Any]]]:
        """The results of some lanes, as `Gathered.stacked` has them."""
        gathered = Gathered(self.recorder.name, stop - start, start)
        for lot in self.lots(start, stop, gathered):
            while lot.is_open():
                lot.record()
                asked = lot.asked()
                tables, size = lot.tables(), len(lot.waiting)
                lot.take(lot.family.computed(tables, size, self.native, asked), asked)
            lot.finish()
        return gathered.stacked()

    def lots(self, start: int, stop: int, gathered: Gathered) -> Iterator["Lot"]:
        """Some lanes, apart from each other by all that is not a number.

        Args:
            start: the first one.
            stop: the one after the last.
            gathered: takes the results.
        """
        columns = self.columns.part(start, stop)
        for indices in columns.groups():
            family = self.recorder.family(self.lane(start + int(indices[0])))
            for path in family.paths:
                require_no_gradient(path)
            yield Lot(self, columns, start, indices, family, gathered)

    def lane(self, index: int) -> Call:
        """The call for a lane."""
        return self.recorder.told_apart(*self.lanes.lane(index))


class Lot:
    """Lanes of one family, on their way.

    Args:
        call: that they belong to.
        columns: of the part of the batch that they are in.
        start: where that begins.
        indices: the lanes, counted from there.
        family: the paths that are known, and how many there may be.
        gathered: takes the results.
    """

    def __init__(
        self,
        call: BatchCall,
        columns: Columns,
        start: int,
        indices: Indices,
        family: Family,
        gathered: Gathered,
    ) -> None:
        self._call, self._columns, self._start, self._gathered = call, columns, start, gathered
        self.family = family
        self.waiting = indices
        """The lanes that are not computed yet."""
        self._slow = [indices[:0]]
        self._tried = 0
        self._recorded = -1

    def tables(self) -> list[Table]:
        """The numbers of the lanes that wait."""
        return self._columns.taken(self.waiting)

    def asked(self) -> Asked:
        """The paths that they may be on."""
        paths = self.family.paths
        outside = [path.numbers_outside() for path in paths]
        return Asked(paths, outside, self._tried, not self._call.check)

    def take(self, computed: Computed, asked: Asked) -> None:
        """Take what has become of them.

        Args:
            computed: their results.
            asked: the paths that they may have been on.
        """
        for path, lanes, outputs in computed.done:
            self._keep(asked.paths[path], self.waiting[lanes], outputs)
        self._slow.append(self.waiting.take(computed.undecided))
        self.waiting, self._tried = self.waiting.take(computed.left), len(asked.paths)
        if len(self.waiting) and self.waiting[0] == self._recorded:
            self._slow.append(self.waiting[:1])  # it is not on the path that it was recorded on
            self.waiting = self.waiting[1:]

    @property
    def untried(self) -> bool:
        """Whether there is a path that lanes have not tried."""
        return len(self.waiting) > 0 and self._tried < len(self.family.paths)

    def is_open(self) -> bool:
        """Whether lanes wait that may be on some path, known or to be recorded."""
        return self.untried or (len(self.waiting) > 0 and self.family.has_room())

    def record(self) -> None:
        """Record the path of the first lane, unless there is one that has not been tried."""
        if not self.untried:
            self._recorded = int(self.waiting[0])
            with self._in_lane(self._recorded) as call:
                path, _ = self._call.recorder.record(self.family, call)
            require_no_gradient(path)

    def finish(self) -> None:
        """Have the function itself compute all lanes that are on no path."""
        if len(self.waiting):
            self.family.tell()
        slow, asked = np.sort(np.concatenate(self._slow)), self.asked()
        found = asked.one_by_one(self._columns.tables, slow)
        for path, lanes, outputs in found.done:
            self._gather(asked.paths[path].result.structure, outputs, lanes)
        for lane in np.sort(np.concatenate([found.undecided, self.waiting])).tolist():
            with self._in_lane(lane) as call:
                result = self._call.recorder.itself(call)
            outputs = split(np.array(plain(result.numbers)), widths(result.structure))
            self._gather(result.structure, outputs, np.array([lane]))
        self._slow, self.waiting = [slow[:0]], slow[:0]

    def _keep(self, path: RecordedPath, lanes: Indices, outputs: list[Table]) -> None:
        """Take the results of lanes on a path."""
        self._gather(path.result.structure, outputs, lanes)
        if self._call.check:
            for lane, numbers in zip(lanes.tolist(), points(outputs, len(lanes)), strict=True):
                call = self._call.lane(self._start + lane)
                self._call.recorder.compare(call, path.result.build(numbers), exact=False)

    def _gather(self, structure: Any, outputs: list[Table], lanes: Indices) -> None:
        self._gathered.add(structure, outputs, lanes + (self._start - self._gathered.start))

    @contextmanager
    def _in_lane(self, lane: int) -> Iterator[Call]:
        """The call for a lane. Errors tell which one it is."""
        call = self._call.lane(self._start + lane)
        with in_lane(self._start + lane, self._call.recorder.name):
            yield call


@contextmanager
def in_lane(lane: int, name: str) -> Iterator[None]:
    """Have errors tell the lane."""
    try:
        yield
    except Again:
        raise
    except Exception as error:
        error.add_note(f"{name} was called in lane {lane}")
        raise


def require_no_gradient(path: RecordedPath) -> None:
    """Raise `HasValues` where a path uses Values from around the function, and it runs in one that
    is being differentiated: with respect to these, for all that is known."""
    if path.outside and differentiating():
        raise HasValues
