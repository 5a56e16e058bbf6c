"""Lanes computed by paths that are known: each is on one of them, or on none."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.bundles import NOWHERE, Apart, Bundle
from autograd.compiler.lanes import UNDECIDED
from autograd.compiler.paths import RecordedPath
from autograd.compiler.program import PASSED
from autograd.compiler.results import widths
from autograd.compiler.tables import Indices, Layout, Table, layout, points, split, taken

FEW = 32
"""For so many lanes it is worth while to write out a program for one point."""


class Done(NamedTuple):
    """Lanes that have been computed."""

    path: int
    """The number of a path whose results have the structure of theirs."""
    lanes: Any
    """Their places, in ascending order: indices, or a slice."""
    outputs: list[Table]


class Computed(NamedTuple):
    """Lanes after they have tried some paths."""

    done: list[Done]
    left: Indices
    """Those that are on none of the paths."""
    undecided: Indices
    """Those that are so close to the threshold of a guard that only the function itself can tell
    on which path they are."""


class KnownPaths:
    """Paths that lanes may be on.

    Attributes:
        paths: in the order in which they were recorded.
    """

    def __init__(self, paths: Sequence[RecordedPath] = ()) -> None:
        self.paths: tuple[RecordedPath, ...] = tuple(paths)
        self.pickled: dict[RecordedPath, tuple[bytes, bytes]] = {}
        """Of some paths a digest and the program, to be sent to where they are computed."""
        self._last: Sequence[RecordedPath] = ()
        self._bundles: dict[tuple[Layout, bool], tuple[Sequence[RecordedPath], Bundle | None]] = {}

    def bundle(self, given: Layout, native: bool) -> Bundle | None:
        """All paths together, once none has been added since the last batch; None if they are
        better left to themselves.

        Args:
            given: the layout of the tables that the numbers of lanes are in.
            native: whether the processor itself runs the programs.
        """
        paths, bundle = self._bundles.get((given, native), ((), None))
        if self.paths is self._last and len(self.paths) > 1 and paths is not self.paths:
            try:
                bundle = Bundle(self.paths, given, native)
            except Apart:
                bundle = None
            self._bundles[given, native] = self.paths, bundle
        self._last = self.paths
        return bundle

    def computed(
        self,
        tables: Sequence[Table],
        size: int,
        native: bool,
        asked: "Asked",
    ) -> Computed:
        """Compute lanes.

        Args:
            tables: the numbers of the lanes.
            size: how many lanes there are.
            native: whether the processor itself runs the programs.
            asked: the paths that they may be on.
        """
        done: list[Done] = []
        undecided: list[Indices] = []
        waiting = np.arange(size)

        def keep(path: RecordedPath, outputs: list[Table], there: Indices) -> None:
            if len(there):
                if len(there) < len(waiting):
                    outputs = taken(outputs, there)
                done.append(Done(asked.paths.index(path), waiting.take(there), outputs))

        bundle = None
        if asked.together and not asked.first and asked.paths is self.paths:
            bundle = self.bundle(layout(tables), native)
        if bundle is not None:
            outputs, which = bundle(tables, size)
            keep(bundle.paths[0], outputs, np.flatnonzero(which >= 0))
            undecided.append(np.flatnonzero(which == UNDECIDED))
            waiting = np.flatnonzero(which == NOWHERE)
        for path, outside in asked.by_points(asked.first):
            if not len(waiting):
                break
            here = tables if len(waiting) == size else taken(tables, waiting)
            outputs, failed = path.lanes(here, len(waiting), native, outside)
            keep(path, outputs, np.flatnonzero(failed == PASSED))
            undecided.append(waiting.take(np.flatnonzero(failed == UNDECIDED)))
            waiting = waiting.take(np.flatnonzero(failed >= 0))
        slow = np.sort(np.concatenate(undecided)) if undecided else waiting[:0]
        return Computed(done, waiting, slow)


class Asked(NamedTuple):
    """Which paths lanes may be on."""

    paths: tuple[RecordedPath, ...]
    outside: Sequence[Sequence[float]]
    """For each path, the numbers of the Values that it uses from around the function."""
    first: int = 0
    """The number of the first one that has not been tried."""
    together: bool = True
    """Whether they may be computed together."""

    def by_points(self, first: int = 0) -> list[tuple[RecordedPath, Sequence[float]]]:
        """The paths from one on, with what is around them: that of most points first."""
        pairs = zip(self.paths[first:], self.outside[first:], strict=True)
        return sorted(pairs, key=lambda pair: -pair[0].points)

    def one_by_one(self, tables: Sequence[Table], lanes: Indices) -> Computed:
        """Compute some of the lanes by the programs for one point, if they are many."""
        done: list[Done] = []
        for path, outside in self.by_points():
            if len(lanes) < FEW:
                break
            some = points(taken(tables, lanes), len(lanes))
            found = [path.outputs([*point, *outside]) for point in some]
            there = np.array([failed == PASSED for failed, _ in found])
            rows = np.array([numbers for failed, numbers in found if failed == PASSED])
            if len(rows):
                outputs = split(rows, widths(path.result.structure))
                done.append(Done(self.paths.index(path), lanes[there], outputs))
            lanes = lanes[~there]
        return Computed(done, lanes[:0], lanes)
