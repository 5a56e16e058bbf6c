"""`jit`: a function is recorded once for each path that its questions take, and then replayed."""

import functools
import inspect
import math
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from autograd.batching import BLOCK, Vmap
from autograd.batching import Batch as BatchedArguments
from autograd.compiler.arguments import INT, Fixed, HasValues, has_ints, named, titles
from autograd.compiler.backends import LLVM, checked, chosen
from autograd.compiler.batch import Columns, Gathered, run
from autograd.compiler.checking import require_same
from autograd.compiler.families import Call, Family, but_for, taken_apart
from autograd.compiler.paths import RecordedPath
from autograd.compiler.program import PASSED, Program
from autograd.compiler.recording import RecordedCall, Unrecordable, evaluated, plain, record
from autograd.compiler.shortcuts import MISSED, OfBatch, OfPoint, Shortcut, Unwritten
from autograd.compiler.surroundings import Surroundings
from autograd.compiler.warn import warn
from autograd.made import Made
from autograd.reals import kind_of, whole
from autograd.sealing import sealing, seals
from autograd.trace import Function, differentiating

MOST_PATHS = 64
"""How many paths are recorded before other points are computed in plain Python."""
FIRST_PART, SHORTEST_PART = 4096, 1024
LONGEST_PART = 2**16
NUMBERS = 2**20
"""So many results of lanes may wait to be added up, where they are reduced."""
MOST_LOOKED_AT = 200
"""Among how many families those are looked for that differ in one argument."""
MOST_SHORTCUTS = 8
"""How many structures of arguments there are shortcuts for."""
MOST_FIXED = 8
"""How many recordings for one argument, or one number around the function, go without a warning."""


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


class _Again(Exception):  # noqa: N818, it is no error
    """A call has to be looked at anew, as it was found out how to."""


class Jitted(Made):
    """A function that is recorded once for each path, and then replayed: what `jit` returns."""

    in_python = False
    """Whether it runs in plain Python, as it uses an operation that has no form in a program."""

    def __init__(
        self, fun: Function, check: bool, max_paths: int, backend: str | None = None
    ) -> None:
        super().__init__("jit", Jitted, fun)
        self._check, self.max_paths, self._backend = check, max_paths, backend
        # What is recorded of a batch is a lane.
        self._recorded: Function = fun.fun if isinstance(fun, Vmap) else fun
        self._signature = _signature(self._recorded)
        self._families: dict[Hashable, Family] = {}
        self._shortcuts: tuple[Shortcut, ...] = ()
        self._with_fixed_ints: set[Hashable] = set()
        self._changes: Counter[str] = Counter()
        self._lock = threading.RLock()

    # --- What is known of it --------------------------------------------------------------------

    @property
    def paths(self) -> list[RecordedPath]:
        """The paths that were recorded, those that most points took first."""
        paths = [path for family in self._families.values() for path in family.paths]
        return sorted(paths, key=lambda path: -path.points)

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
    def backend(self) -> str:
        """The name of what runs batches: "llvm" or "numpy"."""
        return chosen(self._backend)

    # --- Called ---------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if seals and sealing() is not None:  # another one records the function itself
            return self.fun(*args, **kwargs)
        for shortcut in self._shortcuts:
            result = shortcut(args, kwargs)
            if result is not MISSED:
                return result
        while True:
            try:
                if isinstance(self.fun, Vmap):
                    return self._batch(self.fun, args, kwargs)
                return self._point(self._told_apart(args, kwargs))
            except HasValues:
                return self.fun(*args, **kwargs)
            except _Again:
                continue

    def _point(self, call: Call) -> Any:
        """The result of a call."""
        family = self._family(call)
        paths = family.paths
        for path in paths:
            failed, result = path.computed(call.numbers)
            if failed == PASSED:
                break
        else:
            if not family.has_room():
                family.tell()
                found = self._itself(call)
                return found.build(plain(found.numbers))
            path, returned = self._record(family, call, known=paths)
            path.points += 1
            result = path.result.build(returned)
        _require_no_gradient(path)
        if self._check:
            self._compare(call, result, exact=True)
        elif not call.fixed_ints:
            self._shorten(
                family, call.args, call.kwargs, lambda: OfPoint(family, call.args, call.kwargs)
            )
        return result

    def _batch(self, fun: Vmap, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The results for all lanes of a batch."""
        lanes = fun.lanes(args, kwargs)
        if not lanes.size:
            return fun(*args, **kwargs)
        first = self._told_apart(*lanes.lane(0))
        columns = Columns(lanes, first.fixed_ints)
        if fun.reduce is None:
            structure, stacked = self._part(columns, lanes, 0)
            result = fun.assembled(structure, [*map(np.ascontiguousarray, stacked)])
        else:
            result = self._reduced(fun, columns, lanes, first)
        family = self._families.get(first.key)
        if family and len(family.paths) == 1 and not self._check and not first.fixed_ints:
            self._shorten(
                family,
                args,
                kwargs,
                lambda: OfBatch(family, self.backend == LLVM, fun, args, kwargs, lanes.axes),
            )
        return result

    def _reduced(self, fun: Vmap, columns: Columns, lanes: BatchedArguments, first: Call) -> Any:
        """The sum or the mean of the results for all lanes.

        Args:
            fun: the function of a batch.
            columns: its numbers.
            lanes: its arguments.
            first: the call for lane 0.
        """
        sums, start, most = fun.sums(), 0, FIRST_PART
        while start < lanes.size:  # as long as they are on one path
            part = columns.part(start, min(start + most, lanes.size))
            summed = self._summed(part, first)
            if summed is None:
                break
            sums.add_sums(*summed, part.size)
            start, most = start + most, LONGEST_PART
        most = FIRST_PART
        while start < lanes.size:
            part = columns.part(start, min(start + most, lanes.size))
            structure, stacked = self._part(part, lanes, start)
            sums.add(structure, stacked)
            start += most
            numbers = sum([x[0].size for x in stacked])
            most = max(SHORTEST_PART, NUMBERS // (numbers + 1) // BLOCK * BLOCK)
        return sums.result()

    def _summed(self, columns: Columns, first: Call) -> tuple[Any, NDArray[np.float64]] | None:
        """The sums of the results of lanes, if all of them are on one path and it can add them up;
        otherwise None.

        Args:
            columns: of the lanes.
            first: the call for lane 0 of the batch.
        """
        if self._check or self.backend != LLVM or not columns.alike:
            return None
        family = self._family(first)
        if not family.paths and family.has_room():
            with _in_lane(0, self.__name__):
                self._record(family, first)
        if not family.paths:
            return None
        path = max(family.paths, key=lambda path: path.points)
        _require_no_gradient(path)
        sums = path.sums(columns.tables, columns.size)
        return None if sums is None else (path.leaves, sums)

    def _part(self, columns: Columns, lanes: BatchedArguments, start: int) -> tuple[Any, list[Any]]:
        """The results of the lanes of a batch from `start` on, as many as there are columns of."""
        gathered = Gathered(self.__name__, columns.size, start)

        def call(index: int) -> Call:
            return self._told_apart(*lanes.lane(start + index))

        def recorded(family: Family, index: int) -> RecordedPath:
            with _in_lane(start + index, self.__name__):
                path, _ = self._record(family, call(index))
                return path

        def evaluate(index: int) -> tuple[Any, list[float]]:
            with _in_lane(start + index, self.__name__):
                found = self._itself(call(index))
            return found.structure, plain(found.numbers)

        def check(path: RecordedPath, index: int, numbers: Sequence[float]) -> None:
            self._compare(call(index), path.result.build(numbers), exact=False)

        for indices in columns.groups():
            family = self._family(call(int(indices[0])))
            run(
                columns, indices, gathered, family,
                functools.partial(recorded, family), evaluate, _require_no_gradient,
                check if self._check else None, self.backend == LLVM,
            )  # fmt: skip
        return gathered.stacked()

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
        if family.calls < 2 or any(
            x.family is family and x.fits(args, kwargs) for x in self._shortcuts
        ):
            return
        others = [x for x in self._shortcuts if not x.given_up]
        if len(others) < MOST_SHORTCUTS:
            try:
                self._shortcuts = (make(), *others)
            except Unwritten:
                family.calls = -math.inf

    def _told_apart(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """The numbers of a call, and the key of its family."""
        numbers, key = taken_apart(args, kwargs, fixed_ints=False)
        if key not in self._with_fixed_ints:
            return Call(args, kwargs, numbers, key, False, key)
        return Call(args, kwargs, *taken_apart(args, kwargs, fixed_ints=True), True, key)

    def _family(self, call: Call) -> Family:
        """The family of a call; a new one where something around the function has changed."""
        family = self._families.get(call.key)
        name = None if family is None else family.around.changed()
        if family is not None and name is None:
            return family
        if name is None:
            self._look_at_fixed(call)
        else:
            self._changes[name] += 1
            if self._changes[name] == MOST_FIXED:
                warn(
                    f"{name}, which {self.__name__} finds around it, has changed {MOST_FIXED} "
                    "times, and each time that was recorded anew: pass it as an argument"
                )
        self._shortcuts = tuple([x for x in self._shortcuts if x.family is not family])
        family = self._families[call.key] = Family(
            Surroundings(self._recorded, (call.args, call.kwargs)), self
        )
        return family

    def _look_at_fixed(self, call: Call) -> None:
        """Warn of an argument that is fixed, but is another one again and again."""
        for place, item in enumerate(call.key if len(self._families) < MOST_LOOKED_AT else ()):
            if not isinstance(item, Fixed):
                continue
            others = [key for key in self._families if but_for(place, key, call.key)]
            if len(others) == MOST_FIXED:
                arguments = [*named(call.args, call.kwargs, self._signature).items()]
                names = ["", *titles(dict(arguments[: len(call.args)]))]
                names += ["", *titles(call.kwargs)]
                why = "which is not a float"
                if item.kind is int:
                    why = "which is used as an integer"
                warn(
                    f"the argument {names[place]} of {self.__name__}, {why}, is fixed: for each of "
                    f"the {MOST_FIXED + 1} that were given it was recorded anew"
                )

    def _record(
        self, family: Family, call: Call, known: Sequence[RecordedPath] | None = None
    ) -> tuple[RecordedPath, list[float]]:
        """Record the path of a call, and return it with the outputs.

        Args:
            family: of the call.
            call: the arguments.
            known: the paths that it is known not to take.

        Raises:
            _Again: if it turns out that integers must be fixed, or that nothing can be recorded; if
                another thread has recorded a path meanwhile.
        """
        start = perf_counter()
        with self._lock:
            if known is not None and family.paths is not known:
                raise _Again
            try:
                recording = record(self._with_values(call, call.fixed_ints))
            except Unrecordable as operation:
                self.in_python = True
                warn(
                    f"{self.__name__} uses the operation {operation} of your own, which has no "
                    "form in a program: it runs in plain Python"
                )
                raise _Again from None
            except (TypeError, IndexError, AttributeError, OverflowError):
                if call.fixed_ints or not has_ints(call.key):
                    self._with_fixed_ints.discard(call.general)
                    raise
                self._with_fixed_ints.add(call.key)
                raise _Again from None
            path = RecordedPath(recording, call.numbers, perf_counter() - start)
            family.paths = (*family.paths, path)
        return path, recording.returned

    def _with_values(self, call: Call, fixed_ints: bool) -> RecordedCall:
        """The call with Values in place of its numbers."""
        numbers, _ = taken_apart(call.args, call.kwargs, fixed_ints)
        return RecordedCall(
            self._recorded, call.args, call.kwargs, numbers, fixed_ints, self._signature
        )

    def _itself(self, call: Call) -> Any:
        """The result of the function itself."""
        return evaluated(self._with_values(call, call.fixed_ints))

    def _compare(self, call: Call, result: Any, exact: bool) -> None:
        """Raise an error if a result is not that of the function itself."""
        arrays = any(type(item) is tuple and item[0] == INT for item in call.general)
        found = evaluated(self._with_values(call, fixed_ints=not arrays))
        require_same(self.__name__, result, found, exact)

    def _arguments(self) -> tuple[Any, ...]:
        return self.fun, self._check, self.max_paths, self._backend


@contextmanager
def _in_lane(lane: int, name: str) -> Iterator[None]:
    """Have errors tell the lane."""
    try:
        yield
    except _Again:
        raise
    except Exception as error:
        error.add_note(f"{name} was called in lane {lane}")
        raise


def _require_no_gradient(path: RecordedPath) -> None:
    """Raise `HasValues` where a path uses Values from around the function, and it runs in one that
    is being differentiated: with respect to these, for all that is known."""
    if path.outside and differentiating():
        raise HasValues


def _signature(fun: Function) -> inspect.Signature | None:
    try:
        return inspect.signature(fun)
    except (TypeError, ValueError):
        return None
