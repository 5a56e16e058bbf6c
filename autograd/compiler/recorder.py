"""The recordings of a function: a family of paths for each structure of its arguments."""

import inspect
import pickle
import threading
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from autograd.compiler.arguments import INT, Fixed, has_ints, named, titles
from autograd.compiler.checking import require_same
from autograd.compiler.families import Call, Family, but_for, taken_apart
from autograd.compiler.forking import renew
from autograd.compiler.paths import RecordedPath
from autograd.compiler.portable import digest as digest_of
from autograd.compiler.recording import RecordedCall, Unrecordable, evaluated, record
from autograd.compiler.results import Result
from autograd.compiler.surroundings import Surroundings
from autograd.compiler.warn import warn
from autograd.release import RELEASE
from autograd.trace import Function

MOST_LOOKED_AT = 200
"""Among how many families those are looked for that differ in one argument."""
MOST_FIXED = 8
"""How many recordings for one argument, or one number around the function, go without a warning."""


class Again(Exception):  # noqa: N818, it is no error
    """A call has to be looked at anew, as it was found out how to."""


class Recorder:
    """Records a function, and keeps what was recorded.

    Args:
        fun: the function.
        name: of it, in messages.
        max_paths: how many paths are recorded for arguments of one structure.
    """

    in_python = False
    """Whether the function uses an operation that has no form in a program."""

    def __init__(self, fun: Function, name: str, max_paths: int) -> None:
        self.fun, self.name, self.max_paths = fun, name, max_paths
        self.families: dict[Hashable, Family] = {}
        self._arrived: dict[Hashable, tuple[bytes | None, tuple[RecordedPath, ...]]] = {}
        """Recordings from elsewhere, each with a digest of what was around the function there."""
        self._signature = _signature(fun)
        self._with_fixed_ints: set[Hashable] = set()
        self._changes: Counter[str] = Counter()
        self.lock = threading.RLock()
        renew(self)

    @property
    def paths(self) -> list[RecordedPath]:
        """All paths, those from elsewhere too."""
        families = [family.paths for family in self.families.values()]
        arrived = [paths for _, paths in self._arrived.values()]
        return [path for paths in families + arrived for path in paths]

    def told_apart(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """The numbers of a call, and the key of its family."""
        numbers, key = taken_apart(args, kwargs, fixed_ints=False)
        if key not in self._with_fixed_ints:
            return Call(args, kwargs, numbers, key, False, key)
        return Call(args, kwargs, *taken_apart(args, kwargs, fixed_ints=True), True, key)

    def family(self, call: Call) -> Family:
        """The family of a call; a new one where something around the function has changed."""
        family = self.families.get(call.key)
        name = None if family is None else family.around.changed()
        if family is not None and name is None:
            return family
        if family is None or name is None:
            self._look_at_fixed(call)
        else:
            family.outdated = True
            self._changes[name] += 1
            if self._changes[name] == MOST_FIXED:
                warn(
                    f"{name}, which {self.name} finds around it, has changed {MOST_FIXED} "
                    "times, and each time that was recorded anew: pass it as an argument"
                )
        around = Surroundings(self.fun, (call.args, call.kwargs))
        digest, paths = self._arrived.pop(call.key, (None, ()))
        if digest is not None and digest != digest_of(around):
            paths = ()
        family = self.families[call.key] = Family(around, self, call.general, paths)
        return family

    def packed(self) -> list[bytes]:
        """The recordings that mean the same in another process."""
        found = []
        for key, family in [*self.families.items()]:
            digest = None if family.around.changed() else digest_of(family.around)
            if digest is None or any(path.outside for path in family.paths):
                continue
            with suppress(Exception):  # something in it does not pickle, or is nowhere else
                item = RELEASE, key, family.general, digest, family.paths
                found.append(pickle.dumps(item))
        return found

    def unpack(self, packed: Sequence[bytes]) -> None:
        """Take recordings from another process. They are used where what is around the function is
        the same as it was there."""
        for item in packed:
            with suppress(Exception):  # then it is recorded anew
                release, key, general, digest, paths = pickle.loads(item)
                if release == RELEASE and key not in self.families:
                    self._arrived[key] = digest, paths
                    if key != general:
                        self._with_fixed_ints.add(general)

    def _look_at_fixed(self, call: Call) -> None:
        """Warn of an argument that is fixed, but is another one again and again."""
        for place, item in enumerate(call.key if len(self.families) < MOST_LOOKED_AT else ()):
            if not isinstance(item, Fixed):
                continue
            others = [key for key in self.families if but_for(place, key, call.key)]
            if len(others) == MOST_FIXED:
                arguments = [*named(call.args, call.kwargs, self._signature).items()]
                names = ["", *titles(dict(arguments[: len(call.args)]))]
                names += ["", *titles(call.kwargs)]
                why = "which is not a float"
                if item.kind is int:
                    why = "which is used as an integer"
                warn(
                    f"the argument {names[place]} of {self.name}, {why}, is fixed: for each of "
                    f"the {MOST_FIXED + 1} that were given it was recorded anew"
                )

    def record(
        self, family: Family, call: Call, known: Sequence[RecordedPath] | None = None
    ) -> tuple[RecordedPath, list[float]]:
        """Record the path of a call, and return it with the outputs.

        Args:
            family: of the call.
            call: the arguments.
            known: the paths that it is known not to take.

        Raises:
            Again: if it turns out that integers must be fixed, or that nothing can be recorded; if
                another thread has recorded a path meanwhile.
        """
        start = perf_counter()
        with self.lock:
            if known is not None and family.paths is not known:
                raise Again
            try:
                recording = record(self._with_values(call, call.fixed_ints))
            except Unrecordable as operation:
                self.in_python = True
                warn(
                    f"{self.name} uses the operation {operation} of your own, which has no "
                    "form in a program: it runs in plain Python"
                )
                raise Again from None
            except (TypeError, IndexError, AttributeError, OverflowError):
                if call.fixed_ints or not has_ints(call.key):
                    self._with_fixed_ints.discard(call.general)
                    raise
                self._with_fixed_ints.add(call.key)
                raise Again from None
            program, result, outside, returned = recording
            at = [*call.numbers, *[x._number for x in outside]]
            path = RecordedPath(program, result, outside, at, perf_counter() - start)
            family.paths = (*family.paths, path)
        return path, returned

    def _with_values(self, call: Call, fixed_ints: bool) -> RecordedCall:
        """The call with Values in place of its numbers."""
        numbers, _ = taken_apart(call.args, call.kwargs, fixed_ints)
        return RecordedCall(self.fun, call.args, call.kwargs, numbers, fixed_ints, self._signature)

    def itself(self, call: Call) -> Result:
        """The result of the function itself."""
        return evaluated(self._with_values(call, call.fixed_ints))

    def compare(self, call: Call, result: Any, exact: bool) -> None:
        """Raise an error if a result is not that of the function itself."""
        arrays = any(type(item) is tuple and item[0] == INT for item in call.general)
        found = evaluated(self._with_values(call, fixed_ints=not arrays))
        require_same(self.name, result, found, exact)


def _signature(fun: Function) -> inspect.Signature | None:
    try:
        return inspect.signature(fun)
    except (TypeError, ValueError):
        return None
