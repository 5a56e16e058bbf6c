"""`jit`: a function is recorded once for each path that its questions take, and then replayed."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, overload

from autograd.batching import Vmap
from autograd.compiler.arguments import HasValues
from autograd.compiler.backends import LLVM, checked, chosen
from autograd.compiler.calls import BatchCall, require_no_gradient
from autograd.compiler.executors import OnExecutor
from autograd.compiler.families import Call, Family
from autograd.compiler.paths import RecordedPath
from autograd.compiler.program import PASSED, Program
from autograd.compiler.recorder import Again, Recorder
from autograd.compiler.recording import plain
from autograd.compiler.shortcuts import MISSED, OfBatch, Shortcut, of_point
from autograd.compiler.structures import Undescribed
from autograd.made import Made, by_name
from autograd.reals import kind_of, whole
from autograd.sealing import sealing, seals
from autograd.trace import Function

MOST_PATHS = 64
"""How many paths are recorded before other points are computed in plain Python."""
MOST_SHORTCUTS = 8
"""How many structures of arguments there are shortcuts for."""


@overload
def jit(
    fun: Function,
    *,
    check: bool = False,
    max_paths: int = MOST_PATHS,
    backend: str | None = None,
) -> "Jitted": ...
@overload
def jit(
    fun: None = None,
    *,
    check: bool = False,
    max_paths: int = MOST_PATHS,
    backend: str | None = None,
) -> Callable[[Function], "Jitted"]: ...
def jit(
    fun: Function | None = None,
    *,
    check: bool = False,
    max_paths: int = MOST_PATHS,
    backend: str | None = None,
) -> Any:
    """A function that computes the same as another one, recorded once and then replayed.

    The function is called with Values in place of its numbers, and what that records is a program,
    which later calls run. Every question that the function asks of a Value, in an `if` or a `while`
    say, becomes a guard of the program; where a guard does not hold, the function is recorded anew,
    and so it has a program for each path. The results are those of the function called with Values,
    as plain numbers: by IEEE 754, without warnings. Called with Values, it is the function itself.

    Floats and arrays of floats may be other numbers at each call, and so may integers, as long as
    they are used as numbers: an integer that is an index, or is compared, is a guard. Everything
    else is fixed, strings, booleans, None and objects: for another one the function is recorded
    anew. So it is when a number or an array that it finds around it, in a closure, a default or a
    global, has changed. Values that it finds there are read at each call. All else that Python
    decides, by attributes, files, clocks or random numbers, stays as it was when recorded.

    What it returns pickles with what was recorded. A function of a batch, `jit(vmap(f))`, runs over
    threads, processes or a cluster by `.on(executor)`.

    Args:
        fun: a function of numbers, arrays, and lists, tuples and dicts of these, or what `grad`,
            `jacobian`, `hessian`, `value_and_grad` or `vmap` make of one. Without it, jit is a
            decorator with options, `@jit(check=True)`.
        check: whether the function itself is called as well, each time, and the results compared.
        max_paths: how many paths are recorded for arguments of one structure; other points are
            computed in plain Python, which is told once by a warning.
        backend: what runs batches: "llvm", code for the processor, which needs llvmlite, or
            "numpy"; None for the former where it can be had.

    Returns:
        A function of the same arguments, a `Jitted`.

    Raises:
        TypeError: if `fun` is not a function; when called, if the result is not made of numbers,
            arrays, strings and None, or an argument is an array of another library.
        RuntimeError: when called, if the function does what cannot be recorded: it reads or assigns
            the data of a Value, calls `backward()`, or changes an argument in place; with `check`,
            if the results are not the same.

    Example:
        >>> from autograd import grad, jit
        >>> @jit
        ... def root(x):
        ...     guess = x
        ...     while abs(guess * guess - x) > 1e-12 * x:
        ...         guess = 0.5 * (guess + x / guess)
        ...     return guess
        >>> root(9.0), jit(grad(root))(9.0)
        (3.0, 0.16666666666666669)
        >>> root(1.0)
        1.0
        >>> [len(path.guards) for path in root.paths]
        [7, 1]
    """
    if fun is None:
        return functools.partial(jit, check=check, max_paths=max_paths, backend=backend)
    if not callable(fun):
        raise TypeError(f"jit takes a function, not {kind_of(fun)}: jit(f)(x), not jit(f(x))")
    return Jitted(fun, bool(check), whole(max_paths, "max_paths", 0), checked(backend))


class Jitted(Made):
    """A function that is recorded once for each path, and then replayed: what `jit` returns."""

    def __init__(
        self, fun: Function, check: bool, max_paths: int, backend: str | None = None
    ) -> None:
        super().__init__("jit", Jitted, fun)
        self._check, self.max_paths, self._backend = check, max_paths, backend
        # What is recorded of a batch is a lane.
        recorded: Function = fun.fun if isinstance(fun, Vmap) else fun
        self._recorder = Recorder(recorded, self.__name__, max_paths)
        self._shortcuts: tuple[Shortcut, ...] = ()

    # --- What is known of it --------------------------------------------------------------------

    @property
    def paths(self) -> list[RecordedPath]:
        """The paths that were recorded, those that most points took first."""
        return sorted(self._recorder.paths, key=lambda path: -path.points)

    @property
    def program(self) -> Program:
        """The program of the path that most points took.

        Raises:
            AttributeError: if nothing has been recorded yet.
        """
        if not self.paths:
            raise AttributeError(f"{self.__name__} has no program yet: call it first")
        return self.paths[0].program

    @property
    def in_python(self) -> bool:
        """Whether it runs in plain Python, because of an operation of your own in it."""
        return self._recorder.in_python

    @property
    def backend(self) -> str:
        """The name of the backend that runs batches, "llvm" or "numpy"."""
        return chosen(self._backend)

    def on(
        self, executor: Executor, *, chunk: int | None = None, timeout: float | None = None
    ) -> OnExecutor:
        """The same function of a batch, computed by the workers of an executor: threads, processes,
        or those of a cluster.

        Lanes are sent to them in chunks, with the programs, and results come back: the same ones,
        bit for bit, whatever the executor, the chunks and the number of workers. They never call
        the function itself: where a lane is on a path that has not been recorded, this process
        records it. No chunk is sent before there is room for it, so that there are some 256 MB on
        their way at a time.

        Args:
            executor: any `concurrent.futures.Executor`, with workers that have this release of the
                library, and the backend of this process. It is not shut down.
            chunk: the number of lanes that are sent at once; None for as many as take some 40 ms.
                Where the results are reduced, it is rounded up to a multiple of 256.
            timeout: the number of seconds that a call may take; None for any.

        Returns:
            A function of the same arguments.

        Raises:
            TypeError: if it is not a function of a batch, `jit(vmap(f))`, or `executor` is not an
                executor.
            ValueError: if `chunk` or `timeout` is not positive.
            RuntimeError: when called, if a worker dies with its executor, or cannot run programs as
                this process would.
            TimeoutError: when called, if there is not enough time.

        Example:
            >>> from concurrent.futures import ThreadPoolExecutor
            >>> import numpy as np
            >>> from autograd import grad, jit, vmap
            >>> slopes = jit(vmap(grad(lambda x: x**3)))
            >>> with ThreadPoolExecutor(2) as threads:
            ...     slopes.on(threads)(np.arange(4.0))
            array([ 0.,  3., 12., 27.])
        """
        if not isinstance(self.fun, Vmap):
            raise TypeError(
                f"on() is for functions of a batch, and {self!r} is one of a point: "
                f"jit(vmap({self.__name__})).on(...)"
            )
        return OnExecutor(self, executor, chunk, timeout)

    # --- Called ---------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not seals or sealing() is None:
            for shortcut in self._shortcuts:
                result = shortcut.call(args, kwargs)
                if result is not MISSED:
                    return result
        return self.called(args, kwargs)

    def called(
        self,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        how: Callable[..., BatchCall] = BatchCall,
    ) -> Any:
        """The result of a call, by no shortcut.

        Args:
            args: positional arguments.
            kwargs: named ones.
            how: makes the call for a batch.
        """
        if seals and sealing() is not None:  # another one records the function itself
            return self.fun(*args, **kwargs)
        while True:
            try:
                if isinstance(self.fun, Vmap):
                    return self._batch(self.fun, args, kwargs, how)
                return self._point(self._recorder.told_apart(args, kwargs))
            except HasValues:
                return self.fun(*args, **kwargs)
            except Again:
                continue

    def _point(self, call: Call) -> Any:
        """The result of a call."""
        family = self._recorder.family(call)
        paths = family.paths
        for path in paths:
            failed, result = path.computed(call.numbers)
            if failed == PASSED:
                break
        else:
            if not family.has_room():
                family.tell()
                found = self._recorder.itself(call)
                return found.build(plain(found.numbers))
            path, returned = self._recorder.record(family, call, known=paths)
            path.counter.points += 1
            result = path.result.build(returned)
        require_no_gradient(path)
        if self._check:
            self._recorder.compare(call, result, exact=True)
        elif not call.fixed_ints:
            self._shorten(
                family, call.args, call.kwargs, lambda: of_point(family, call.args, call.kwargs)
            )
        return result

    def _batch(
        self,
        fun: Vmap,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        how: Callable[..., BatchCall],
    ) -> Any:
        """The results for all lanes of a batch."""
        lanes = fun.lanes(args, kwargs)
        if not lanes.size:
            return fun(*args, **kwargs)
        native = self.backend == LLVM
        call = how(self._recorder, fun, lanes, native, self._check)
        result = call.result()
        family = self._recorder.families.get(call.first.key)
        if family and len(family.paths) == 1 and not self._check and not call.first.fixed_ints:
            self._shorten(
                family,
                args,
                kwargs,
                lambda: OfBatch(family, native, fun, args, kwargs, lanes.axes),
            )
        return result

    def _shorten(
        self,
        family: Family,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        make: Callable[[], Shortcut],
    ) -> None:
        """Have calls like one take a shortcut, once there have been two of them.

        Args:
            family: of the call.
            args: positional arguments of the call.
            kwargs: named ones.
            make: makes a shortcut for it.
        """
        family.calls += 1
        if family.calls < 2:
            return
        for shortcut in self._shortcuts:
            if shortcut.family is family and shortcut.fits(args, kwargs):
                shortcut.renew()
                return
        others = [x for x in self._shortcuts if not (x.given_up or x.family.outdated)]
        if len(others) < MOST_SHORTCUTS:
            try:
                self._shortcuts = (make(), *others)
            except Undescribed:
                family.calls = -math.inf

    def __reduce__(self) -> Any:
        made = super().__reduce__()
        call = (by_name, (self.__module__, made)) if isinstance(made, str) else made
        return (*call, self._recorder.packed())

    def __setstate__(self, packed: Sequence[bytes]) -> None:
        self._recorder.unpack(packed)

    def _arguments(self) -> tuple[Any, ...]:
        return self.fun, self._check, self.max_paths, self._backend
