"""Calls that one program may compute: what tells them apart from others, and their paths."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from autograd.compiler.arguments import collected
from autograd.compiler.known import KnownPaths
from autograd.compiler.paths import RecordedPath
from autograd.compiler.surroundings import Surroundings
from autograd.compiler.warn import warn


class Call(NamedTuple):
    """The arguments of a call, as far as they tell it apart from others."""

    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    numbers: list[float]
    key: tuple[Any, ...]
    """All that it has in common with the calls of its family."""
    fixed_ints: bool
    general: tuple[Any, ...]
    """The key that it would have if integers were not fixed."""


class Family(KnownPaths):
    """The paths of calls that differ only in their numbers.

    Args:
        around: what the function finds around it.
        recorder: of the function.
        general: the key that they would have if integers were not fixed.
        paths: those that are known.
    """

    def __init__(
        self,
        around: Surroundings,
        recorder: Any,
        general: tuple[Any, ...],
        paths: Sequence[RecordedPath] = (),
    ) -> None:
        super().__init__(paths)
        self.around, self._recorder, self.general = around, recorder, general
        self.calls: float = 0
        """How often one of them has been taken apart item by item."""
        self.outdated = False
        """Whether something around the function has changed, so that there is another one now."""
        self._told = False

    def has_room(self) -> bool:
        """Whether another path may be recorded."""
        return len(self.paths) < self._recorder.max_paths and not self._recorder.in_python

    def tell(self) -> None:
        """Warn once that there are too many paths, and of the question at which they part."""
        if self._told or self._recorder.in_python:
            return
        self._told = True
        places = [guard.place for path in self.paths for guard in path.guards[-1:]]
        asked = f", as in {max(places, key=places.count)}," if places else ""
        warn(
            f"{self._recorder.name} has taken {len(self.paths)} paths: points that answer its "
            f"questions{asked} in other ways are computed in plain Python. Raise max_paths, or "
            "choose with where() instead"
        )


def taken_apart(
    args: Sequence[Any], kwargs: Mapping[str, Any], fixed_ints: bool
) -> tuple[list[float], tuple[Any, ...]]:
    """The numbers of a call, and the key of all that it has besides."""
    numbers: list[float] = []
    key: list[Any] = []
    collected(args, numbers, key, fixed_ints)
    if kwargs:
        collected(kwargs, numbers, key, fixed_ints)
    return numbers, tuple(key)


def but_for(place: int, key: Any, other: tuple[Any, ...]) -> bool:
    """Whether two keys differ at one place alone."""
    return len(key) == len(other) and all(
        (x == y) is (i != place) for i, (x, y) in enumerate(zip(key, other, strict=True))
    )
