"""Several paths at once: each lane computes all of them, and keeps the results of its own.

What paths have in common is computed once. So where they have much in common, as those of a loop
that goes on until it is done, lanes need not be sorted by their paths.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.lanes import UNDECIDED, inputs, running
from autograd.compiler.lowering import Code
from autograd.compiler.results import alike, items
from autograd.compiler.tables import Layout, Table

if TYPE_CHECKING:
    from autograd.compiler.paths import RecordedPath

FEW, MOST = 300, 4_000
"""So many instructions are worth while, whatever paths have in common; and so many at most."""
NOWHERE = -1
"""Stands for the path of a lane that is on none of them."""


class Bundle:
    """Paths as one program.

    Args:
        paths: the paths.
        given: the layout of the tables that their inputs are in.
        native: whether the program is run by the processor itself.

    Raises:
        Apart: if they are better left to themselves.
    """

    def __init__(self, paths: Sequence["RecordedPath"], given: Layout, native: bool) -> None:
        self.paths = sorted(paths, key=lambda path: -path.program.size)
        """The longest first."""
        self.structure = structure = self.paths[0].result.structure
        """Of the results."""
        if any(item.kind == "constant" for item in items(structure)):
            raise Apart
        for path in paths:
            if path.outside or path.program.size > MOST:
                raise Apart
            if not alike(path.result.structure, structure):
                raise Apart
        code = Code(native)
        refs = inputs(code, given)
        outputs: list[Any] = []
        which: Any = float(NOWHERE)
        doubt: Any = False
        most = MOST
        for number, path in enumerate(self.paths):
            lanes = path.for_layout(given, native)
            if lanes.is_reordered():
                raise Apart
            results, checks, places = lanes.lowered(code, refs)
            here: Any = True
            for check, place in zip(checks, places, strict=True):
                if check.mask is None:
                    raise Apart
                good = check.mask if check.expected else code.emit("not", check.mask)
                if place == UNDECIDED:
                    bad = code.emit("and", here, code.emit("not", good))
                    doubt = code.emit("or", doubt, bad)
                else:
                    here = code.emit("and", here, good)
            which = code.choose(here, float(number), which)
            pairs = zip(results, outputs or results, strict=True)
            outputs = [code.choose(here, x, y) for x, y in pairs]
            common = 2 * len(code.instructions) + len(outputs) * len(paths)
            most = min(most, max(FEW, common))
            if len(code.instructions) > most:
                raise Apart
        which = code.choose(doubt, float(UNDECIDED), which)
        widths = [item.stop - item.start for item in items(structure)]
        self._blocks = running(code, given, [*outputs, which], [*widths, 1])

    def __call__(self, tables: Sequence[Table], size: int) -> tuple[list[Table], NDArray[np.intp]]:
        """The outputs in each lane, and the path that it is on, or `NOWHERE`, or `UNDECIDED`."""
        start = perf_counter()
        (*outputs, which), _ = self._blocks(tables, size)
        places = np.broadcast_to(which.ravel(), size).astype(np.intp)
        counts = np.bincount(places[places >= 0], minlength=len(self.paths))
        for path, count in zip(self.paths, counts.tolist(), strict=True):
            path.counter.points += count
            path.counter.seconds += (perf_counter() - start) * count / size
        return outputs, places


class Apart(Exception):  # noqa: N818, it is an answer
    """Paths have too little in common, or contain something that cannot be computed together."""
