"""A worker's part: lanes computed by paths that were sent to it, and that it keeps.

It never calls the user's function, and knows nothing of it. Lanes that are on none of the paths go
back as they are.
"""

import hashlib
import pickle
import platform
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.batching.sums import block_sums
from autograd.compiler.backends import LLVM, checked
from autograd.compiler.known import Asked, Computed, KnownPaths
from autograd.compiler.paths import RecordedPath
from autograd.compiler.results import alike
from autograd.compiler.tables import Table
from autograd.quiet import quiet
from autograd.release import RELEASE

MOST_KEPT = 256
"""How many paths a worker keeps, and how many sets of them."""


class Sent:
    """Paths for a worker. In this process they are what they are, elsewhere they are kept, in case
    that they are sent again.

    Args:
        family: the paths.
        paths: those of them that there were.
        problem: why they cannot be used, where they have arrived.
        elsewhere: whether they have arrived in another process.
    """

    def __init__(
        self,
        family: KnownPaths,
        paths: tuple[RecordedPath, ...],
        problem: str | None = None,
        elsewhere: bool = False,
    ) -> None:
        self.family, self.paths = family, paths
        self.problem, self.elsewhere = problem, elsewhere

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (RELEASE, [*map(self._pickled, self.paths)])

    def _pickled(self, path: RecordedPath) -> tuple[bytes, bytes]:
        """The digest of a path, and its program."""
        pickled = self.family.pickled
        if path not in pickled:
            structure = path.result.structure
            kind = [alike(x.result.structure, structure) for x in self.paths].index(True)
            program = pickle.dumps(path.bare(kind))
            pickled[path] = hashlib.sha256(program).digest(), program
        return pickled[path]


class _Kept(OrderedDict[Hashable, Any]):
    """Things that were used last."""

    def used(self, key: Hashable) -> Any:
        """One of them, or None."""
        if key in self:
            self.move_to_end(key)
        return self.get(key)

    def keep(self, key: Hashable, thing: Any) -> None:
        self[key] = thing
        while len(self) > MOST_KEPT:
            self.popitem(last=False)


_paths, _families, _lock = _Kept(), _Kept(), threading.Lock()


def _arrived(release: str, programs: Sequence[tuple[bytes, bytes]]) -> Sent:
    """Paths that have arrived in another process, which an error here might end."""
    if release != RELEASE:
        problem = f"has scalar-autograd {RELEASE}, and its caller {release}"
        return Sent(KnownPaths(), (), problem, elsewhere=True)
    with _lock:
        digests = tuple([digest for digest, _ in programs])
        family = _families.used(digests)
        if family is None:
            family = KnownPaths([_path(digest, program) for digest, program in programs])
            _families.keep(digests, family)
    return Sent(family, family.paths, elsewhere=True)


def _path(digest: bytes, program: bytes) -> RecordedPath:
    path: RecordedPath = _paths.used(digest) or pickle.loads(program)
    _paths.keep(digest, path)
    return path


class Task(NamedTuple):
    """Lanes to be computed."""

    tables: list[Table]
    size: int
    outside: Sequence[Sequence[float]]
    first: int
    together: bool
    """As `Asked` has them."""
    backend: str
    sums: bool
    """Whether sums of blocks of lanes will do."""


class Reply(NamedTuple):
    """Lanes that have been computed."""

    computed: Computed | None
    sums: NDArray[np.float64] | None
    """The sums of all of them, as `RecordedPath.sums` has them."""
    path: int
    """The number of a path whose results have the structure of those that were added up."""
    points: list[tuple[int, int, float]]
    """For each path that was used elsewhere its number, how many lanes, and how many seconds."""


def compute(sent: Sent, task: Task) -> Reply:
    """Compute lanes. This is run by a worker.

    Raises:
        RuntimeError: if it cannot run them as its caller would.
    """
    problem = sent.problem
    if problem is None:
        try:
            checked(task.backend)
        except ImportError:
            problem = f"does not have the backend {task.backend!r} of its caller"
    if problem is not None:
        raise RuntimeError(f"the worker on {platform.node() or 'another machine'} {problem}")
    start, native = perf_counter(), task.backend == LLVM
    asked = Asked(sent.paths, task.outside, task.first, task.together)
    if task.sums and native and len(sent.paths) == 1:
        (path,), (outside,) = sent.paths, task.outside
        sums = path.sums(task.tables, task.size, outside)
        if sums is not None:
            points = [(0, task.size, perf_counter() - start)] if sent.elsewhere else []
            return Reply(None, sums, 0, points)
    found = sent.family.computed(task.tables, task.size, native, asked)
    slow = asked.one_by_one(task.tables, found.undecided)
    found = Computed(found.done + slow.done, found.left, slow.undecided)
    seconds = (perf_counter() - start) / task.size
    points = [(x.path, len(x.lanes), len(x.lanes) * seconds) for x in found.done if sent.elsewhere]
    sums = _added(found, task.size, sent.paths) if task.sums else None
    if sums is not None:
        return Reply(None, sums, found.done[0].path, points)
    done = [x._replace(lanes=_short(x.lanes, task.size)) for x in found.done]
    return Reply(found._replace(done=done), None, -1, points)


@quiet
def _added(found: Computed, size: int, paths: Sequence[RecordedPath]) -> NDArray[np.float64] | None:
    """The sums of the results of lanes; None if they are not all there, of one structure, and
    numbers."""
    structure = paths[found.done[0].path].result.structure if found.done else None
    if sum([len(x.lanes) for x in found.done]) < size or not all(
        paths[x.path].leaves is not None and alike(paths[x.path].result.structure, structure)
        for x in found.done
    ):
        return None
    rows = np.empty((size, sum([x.shape[-1] for x in found.done[0].outputs])))
    for _, lanes, outputs in found.done:
        start = 0
        for table in outputs:
            start, before = start + table.shape[-1], start
            rows[lanes, before:start] = table
    return block_sums(np.ascontiguousarray(rows.T))


def _short(lanes: Any, size: int) -> Any:
    return slice(None) if len(lanes) == size else lanes
