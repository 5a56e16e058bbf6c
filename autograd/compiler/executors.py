"""Batches over any `concurrent.futures.Executor`: threads, processes, a cluster.

Lanes go to the workers in chunks, with the paths that are known. Those that are on none of them
come back; here a path is recorded for the first of them, and the others are sent again. Paths are
recorded in the order of the lanes, whichever worker is first, and so everything is the same however
many there are.
"""

import functools
import math
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.batching import BLOCK
from autograd.compiler.backends import LLVM, NUMPY
from autograd.compiler.batch import Gathered
from autograd.compiler.calls import BatchCall, Lot
from autograd.compiler.families import Call, Family
from autograd.compiler.known import Asked
from autograd.compiler.workers import Reply, Sent, Task, compute
from autograd.reals import kind_of, real, whole

STEPS = 2e8
"""So many steps of a program, for all lanes of a chunk, take some 40 ms."""
BYTES, BYTES_ON_THE_WAY = 2**20, 2**28
"""How much there is in a chunk at most, and in all chunks that are on their way."""
LEAST_CHUNKS, MOST_CHUNKS = 2 * (os.cpu_count() or 1), 1024
"""How many chunks are on their way at a time, whatever is in them."""
BYTES_PER_STEP = 20
"""So much of a program is sent with each chunk."""


class OnExecutor:
    """A compiled function of a batch that runs over an executor: what `Jitted.on` returns.

    Attributes:
        fun: the compiled function.
        executor: it is not shut down.
        chunk: the number of lanes that are sent at once; None for what suits the program.
        timeout: the number of seconds that a call may take; None for any.
    """

    def __init__(
        self, fun: Any, executor: Executor, chunk: int | None, timeout: float | None
    ) -> None:
        functools.update_wrapper(self, fun, updated=())
        self.fun, self.executor = fun, executor
        self.chunk = None if chunk is None else whole(chunk, "chunk", 1)
        self.timeout = None if timeout is None else real(timeout, "timeout")
        if self.timeout is not None and not self.timeout > 0.0:
            raise ValueError(f"timeout must be a positive number of seconds, not {timeout!r}")
        if (
            isinstance(executor, type)
            or not callable(getattr(executor, "submit", None))
            or hasattr(executor, "get_executor")
        ):
            raise TypeError(
                "executor must be a concurrent.futures.Executor, such as a ProcessPoolExecutor, "
                f"not {kind_of(executor)}: that of a client of Dask is client.get_executor()"
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        deadline = math.inf if self.timeout is None else time.monotonic() + self.timeout
        return self.fun.called(args, kwargs, functools.partial(SpreadCall, self, deadline))

    def __repr__(self) -> str:
        return f"{self.fun!r}.on({self.executor!r})"


class SpreadCall(BatchCall):
    """One call for a batch, spread over an executor.

    Args:
        spread: how.
        deadline: by when it must be done, as `time.monotonic` tells the time.
        arguments: as `BatchCall` has them.
    """

    def __init__(self, spread: OnExecutor, deadline: float, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._spread, self._deadline = spread, deadline
        widths = [(x.ndim, x.shape[-1]) for x in self.columns.tables]
        self._bytes = 8 * max(1, sum([width for ndim, width in widths if ndim == 2]))
        """Of a lane."""
        self._same = 8 * sum([width for ndim, width in widths if ndim == 1])
        """Of what all lanes have in common."""
        self._pending: deque[_Chunk] = deque()
        self._ready: deque[tuple[_Chunk, Lot]] = deque()
        """Lanes to be sent, as soon as there is room."""
        self._on_the_way: dict[Future[Reply], _Trip] = {}
        self._size = 0
        """How many bytes are on the way."""
        self._back: SimpleQueue[Future[Reply]] = SimpleQueue()
        self._finished = 0

    def stacked(self) -> tuple[Any, list[NDArray[Any]]]:
        gathered = Gathered(self.recorder.name, self.lanes.size)
        for _ in self._chunks(gathered):
            pass
        return gathered.stacked()

    def reduced(self) -> Any:
        sums = self.fun.sums()
        for chunk in self._chunks(None):
            if chunk.sums is not None:
                structure, numbers = chunk.sums
                sums.add_sums(structure, numbers, chunk.size)
            else:
                sums.add(*chunk.gathered.stacked())
        return sums.result()

    def _chunks(self, gathered: Gathered | None) -> Iterator["_Chunk"]:
        """The chunks in their order, each when it has been computed.

        Args:
            gathered: takes the results; None for one for each chunk.
        """
        family = self.begun()
        if self.fun.reduce is None and family.paths:
            self._bytes += 8 * len(family.paths[0].program.outputs)
        length = self._length(family)
        most = max(LEAST_CHUNKS, min(BYTES_ON_THE_WAY // (self._bytes * length), MOST_CHUNKS))
        try:
            for start in range(0, self.lanes.size, length):
                chunk = _Chunk(self, start, min(start + length, self.lanes.size), gathered)
                self._pending.append(chunk)
                self._prepare([chunk])
                while len(self._pending) >= most:
                    yield from self._next()
            while self._pending:
                yield from self._next()
        finally:
            with _uninterrupted():
                for future in self._on_the_way:
                    future.cancel()

    def _length(self, family: Family) -> int:
        """How many lanes there are in a chunk."""
        steps = max([1, *[path.program.size for path in family.paths]])
        length = self._spread.chunk or int(min(STEPS / steps, BYTES / self._bytes))
        if self.fun.reduce is None and self._spread.chunk is not None:
            return length
        return max(1, -(-length // BLOCK)) * BLOCK

    def _next(self) -> Iterator["_Chunk"]:
        """The first chunk, if it has been computed; otherwise something that comes back is taken,
        or a path is recorded."""
        chunk = self._pending[0]
        if chunk.away:
            self._take()
            return
        for lot in chunk.lots:
            if lot.is_open():
                lot.record()  # as no lane before can be on another new path
                self._prepare(self._pending)
                return
        for lot in chunk.lots:
            lot.finish()
        self._pending.popleft()
        self._finished += chunk.size
        yield chunk

    def _prepare(self, chunks: Iterable["_Chunk"]) -> None:
        """Send what is here and may be on a path that it has not tried, now or later."""
        for chunk in chunks:
            lots = [lot for lot in chunk.lots if lot.untried and lot not in chunk.away]
            chunk.away.update(lots)
            self._ready += [(chunk, lot) for lot in lots]
        while self._ready and (
            self._size < BYTES_ON_THE_WAY or len(self._on_the_way) < LEAST_CHUNKS
        ):
            self._submit(*self._ready.popleft())

    def _submit(self, chunk: "_Chunk", lot: Lot) -> None:
        asked, size = lot.asked(), len(lot.waiting)
        task = Task(
            lot.tables(), size, asked.outside, asked.first, asked.together,
            LLVM if self.native else NUMPY,
            self.fun.reduce is not None and not self.check and size == chunk.size,
        )  # fmt: skip
        steps = sum([path.program.size for path in asked.paths])
        bytes_ = self._bytes * size + self._same + BYTES_PER_STEP * steps
        sent = Sent(lot.family, asked.paths)
        with self._told(chunk), _uninterrupted():
            future = self._spread.executor.submit(compute, sent, task)
            self._on_the_way[future] = _Trip(chunk, lot, asked, bytes_)
            self._size += bytes_
            future.add_done_callback(self._back.put)

    def lane(self, index: int) -> Call:
        self._require_time()
        return super().lane(index)

    def _require_time(self) -> float:
        """The number of seconds that are left.

        Raises:
            TimeoutError: if there are none.
        """
        left = self._deadline - time.monotonic()
        if left <= 0.0:
            raise TimeoutError(
                f"only {self._finished} of {self.lanes.size} lanes of {self.recorder.name} were "
                f"computed within {self._spread.timeout:g} seconds"
            )
        return left

    def _take(self) -> None:
        """Take what comes back next."""
        left = self._require_time()
        try:
            future = self._back.get(timeout=min(left, 1.0))  # Ctrl-C is heard in between
        except Empty:
            return
        chunk, lot, asked, size = self._on_the_way.pop(future)
        chunk.away.remove(lot)
        self._size -= size
        with self._told(chunk), _uninterrupted():
            reply = future.result()
        for number, points, seconds in reply.points:
            asked.paths[number].counter.points += points
            asked.paths[number].counter.seconds += seconds
        if reply.computed is not None:
            lot.take(reply.computed, asked)
        elif reply.sums is not None:
            chunk.sums = asked.paths[reply.path].leaves, reply.sums
            lot.waiting = lot.waiting[:0]
        self._prepare([chunk])

    @contextmanager
    def _told(self, chunk: "_Chunk") -> Iterator[None]:
        """Have errors tell the lanes."""
        lanes = f"lanes {chunk.start} to {chunk.start + chunk.size - 1} of {self.recorder.name}"
        try:
            yield
        except CancelledError as error:
            raise RuntimeError(f"{lanes} were cancelled by the executor") from error
        except BrokenExecutor as error:
            raise RuntimeError(
                f"a worker has died, and its executor with it, at {lanes}: make a new executor "
                f"({error})"
            ) from error
        except Exception as error:
            error.add_note(f"{lanes} were to be computed by {self._spread.executor!r}")
            raise


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Have Ctrl-C wait for a moment. In the middle of what an executor does, it might leave a lock
    of its, for which others would wait for ever."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    heard: list[Any] = []
    signal.signal(signal.SIGINT, lambda *arguments: heard.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if heard:
            before(*heard[0])


class _Chunk:
    """Lanes that are sent at once.

    Args:
        call: that they belong to.
        start: the first one.
        stop: the one after the last.
        gathered: takes their results; None for one of its own.
    """

    def __init__(self, call: BatchCall, start: int, stop: int, gathered: Gathered | None) -> None:
        self.start, self.size = start, stop - start
        self.gathered = gathered or Gathered(call.recorder.name, self.size, start)
        self.lots = [*call.lots(start, stop, self.gathered)]
        self.away: set[Lot] = set()
        """Those that are being computed somewhere, or will be."""
        self.sums: tuple[Any, NDArray[np.float64]] | None = None


class _Trip(NamedTuple):
    """Lanes that are being computed somewhere."""

    chunk: _Chunk
    lot: Lot
    asked: Asked
    bytes: int
