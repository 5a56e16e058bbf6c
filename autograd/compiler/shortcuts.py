"""Shortcuts: calls whose arguments have the structure of earlier ones, without walking through it.

To take arguments apart, and to put results together, functions are written out for one structure.
Where something is not as it was then, the call goes the long way.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count, repeat
from typing import Any

import numpy as np

from autograd.batching import Vmap
from autograd.compiler.families import Family
from autograd.compiler.program import PASSED
from autograd.compiler.replay import batch, replay
from autograd.compiler.results import Item, items, written
from autograd.compiler.structures import LIKE, Part, Undescribed, structure
from autograd.compiler.tables import Table, layout
from autograd.compiler.whole import LARGEST
from autograd.forms import native as core
from autograd.trace import differentiating

MISSED = object()
"""Stands for the result where a shortcut does not apply."""
MOST_LANES = 2**16
"""So many lanes are added up at once; more are taken in parts."""
MOST_LINES = 2_000
"""How many lines a written function has at most, to take arguments apart."""
MISSES = 4
"""How often more a batch may miss its path than it does not, until its shortcut is given up."""


class Shortcut(ABC):
    """A call whose arguments have a structure that is known.

    Args:
        family: that the call belongs to.

    Attributes:
        call: makes the call, given positional arguments and named ones, and returns the result;
            `MISSED` where it has to go the long way.
    """

    call: Callable[[Sequence[Any], Mapping[str, Any]], Any]

    def __init__(self, family: Family) -> None:
        self.family = family

    @property
    def given_up(self) -> bool:
        """Whether it is not worth while any more."""
        return False

    @abstractmethod
    def fits(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
        """Whether it is for arguments of such a structure."""

    def renew(self) -> None:  # noqa: B027, most have nothing to do
        """Learn of the paths that have been recorded since it was made."""


class Replayed(Shortcut):
    """A call of a function for one point, by the native core.

    Args:
        family: that the call belongs to.
        described: the structure of the arguments.
        args: such arguments, positional and named ones.

    Raises:
        Undescribed: if there is something that Python has to look at.
    """

    def __init__(self, family: Family, described: tuple[Part, Part], args: Any) -> None:
        super().__init__(family)
        self.call = self._replay = replay(described, args, family.around, MISSED)
        self.renew()
        if len(self._replay.tapes) < len(family.paths):
            raise Undescribed

    def fits(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
        return bool(self._replay.fits(args, kwargs))

    def renew(self) -> None:
        tapes = [path.tape for path in self.family.paths if not path.outside]
        self._replay.tapes = tuple([x for x in tapes if x is not None])


class _Written(Shortcut):
    """A call whose arguments are taken apart by a function that is written for them.

    Args:
        family: that the call belongs to.
        described: the structure of the arguments.
        batch: whether they are those of a batch.

    Raises:
        Undescribed: if that function would be too long.
    """

    def __init__(self, family: Family, described: tuple[Part, Part], batch: bool = False) -> None:
        super().__init__(family)
        self._described, self._taken = described, _Writer(batch).function(*described)
        self.call = self.__call__

    def fits(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
        return self._taken(args, kwargs) is not None

    @abstractmethod
    def __call__(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The result of a call, or `MISSED`."""


class OfPoint(_Written):
    """A call of a function for one point, by Python."""

    def __call__(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        numbers = self._taken(args, kwargs)
        if numbers is None or self.family.around.changed() is not None:
            return MISSED
        for path in self.family.paths:
            if path.outside and differentiating():
                return MISSED
            failed, result = path.computed(numbers)
            if failed == PASSED:
                return result
        return MISSED


class OfBatch(_Written):
    """A call for a batch, all lanes of which are on the only path that is known.

    Args:
        family: that the lanes belong to.
        native: whether the processor itself runs the program.
        fun: the function of a batch.
        args: positional arguments.
        kwargs: named ones.
        axes: of the items in them that lanes lie along, None for those that all lanes have.

    Raises:
        Undescribed: if there is something in the arguments that has to be looked at each time, or
            in the results.
    """

    def __init__(
        self,
        family: Family,
        native: bool,
        fun: Vmap,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        axes: Sequence[int | None],
    ) -> None:
        super().__init__(family, structure(args, kwargs, axes), batch=True)
        self._native, self._path, self._misses = native, family.paths[0], 0
        result = self._path.result.structure
        if {x.kind for x in items(result)} != {"float"}:
            raise Undescribed
        if fun.out_axes != 0 or (fun.reduce and not native):
            raise Undescribed
        self._sums = fun.sums() if fun.reduce else None
        self._built = _built(result, of_sums=fun.reduce is not None)
        self._batch: Any = None
        self._open = native and core is not None and not self._path.outside

    @property
    def given_up(self) -> bool:
        """Whether it is not worth while any more, as lanes take other paths."""
        misses = self._misses + (0 if self._batch is None else self._batch.misses)
        return len(self.family.paths) > 1 or misses > MISSES

    def __call__(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        path = self._path
        if self.given_up or (path.outside and differentiating()):
            return MISSED
        taken = self._taken(args, kwargs)
        if taken is None or self.family.around.changed() is not None:
            return MISSED
        tables, size = taken
        if self._sums is not None and size > MOST_LANES:
            return MISSED
        found: Any
        if self._sums is None:
            found = path.all_lanes(tables, size, self._native)
        else:
            found = path.sums(tables, size, path.numbers_outside())
        if found is None:
            self._misses += 1
            return MISSED
        self._misses = max(0, self._misses - 1)
        if self._open:
            self._hand_over(args, kwargs, tables)
        if self._sums is not None:
            found = self._sums.finished([found], size)
        return self._built(found, size)

    def _hand_over(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], tables: Sequence[Table]
    ) -> None:
        """Have the native core make the calls that follow, once no other code will be made."""
        lanes = self._path.for_layout(layout(tables), native=True)
        if not lanes.settled:
            return
        self._open = False
        code = lanes.code(sums=self._sums is not None)
        if code is not None:
            divided = self._sums is not None and self._sums.divided
            with suppress(Undescribed):
                self._batch = batch(self._described, (args, kwargs), self.family, code, divided,
                                    MOST_LANES, self.__call__, MISSED, MISSES)  # fmt: skip
                self.call = self._batch


def of_point(family: Family, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Shortcut:
    """A shortcut for calls of a function for one point: by the native core, if it can make them.

    Args:
        family: that the call belongs to.
        args: positional arguments.
        kwargs: named ones.

    Raises:
        Undescribed: if there is something in the arguments that has to be looked at each time.
    """
    described = structure(args, kwargs, repeat(None))
    try:
        return Replayed(family, described, (args, kwargs))
    except Undescribed:
        return OfPoint(family, described)


class _Writer:
    """Writes the function that takes numbers out of arguments: it returns a list of them for one
    point, tables and their number of rows for a batch, or None for arguments of another structure.

    Args:
        batch: whether it is for a batch.
    """

    def __init__(self, batch: bool) -> None:
        self._batch = batch
        self._lines: list[str] = []
        self._names: dict[str, Any] = {
            "ndarray": np.ndarray, "array": np.array, "dtype": LIKE.dtype, "float64": np.float64,
        }  # fmt: skip
        self._numbers: list[str] = []
        """The expressions of numbers, and of lists of them with a star."""
        self._tables: list[str] = []
        self._sized = False

    def function(self, args: Part, kwargs: Part) -> Callable[..., Any]:
        """The function.

        Args:
            args: the structure of positional arguments.
            kwargs: that of named ones.
        """
        self._walk(args, "args")
        self._walk(kwargs, "kwargs")
        if not self._batch:
            found = f"[{', '.join(self._numbers)}]"
        else:
            self._close()
            found = f"[{', '.join(self._tables)}], size"
        lines = ["def take(args, kwargs):", *self._lines, f"    return {found}"]
        exec(compile("\n".join(lines), "<arguments>", "exec"), self._names)
        function: Callable[..., Any] = self._names["take"]
        return function

    def _require(self, condition: str) -> None:
        if len(self._lines) > MOST_LINES:
            raise Undescribed
        self._lines.append(f"    if not ({condition}): return None")

    def _thing(self, thing: Any) -> str:
        name = f"thing{len(self._names)}"
        self._names[name] = thing
        return name

    def _walk(self, part: Part, name: str) -> None:
        kind, thing, more = part
        if kind == "dict":
            self._require(f"type({name}) is dict and [*{name}] == {[*thing]!r}")
            self._parts(more, f"{name}.values()")
        elif kind in ("list", "tuple"):
            self._require(f"type({name}) is {self._thing(thing)} and len({name}) == {len(more)}")
            self._parts(more, name)
        elif kind in ("array", "lanes"):
            self._require(f"type({name}) is ndarray and {name}.dtype is dtype")
            self._array(kind, more, name)
        elif kind == "same":
            self._require(f"{name} is {thing}")
        elif kind == "text":
            self._require(f"type({name}) is str and {name} == {thing!r}")
        else:
            self._number(kind, name)

    def _parts(self, parts: Sequence[Part], names: str) -> None:
        numbered = [f"x{len(self._lines)}_{i}" for i in range(len(parts))]
        if parts:
            self._lines.append(f"    {', '.join(numbered)}, = {names}")
        for part, name in zip(parts, numbered, strict=True):
            self._walk(part, name)

    def _number(self, kind: str, name: str) -> None:
        small = f" and {-LARGEST} <= {name} <= {LARGEST}" if kind == "int" else ""
        self._require(f"type({name}) is {kind}{small}")
        self._numbers.append(name if kind == "float" else f"float({name})")

    def _array(self, kind: str, shape: tuple[int, ...], name: str) -> None:
        if kind == "lanes":
            self._close()
            size = f"len({name}) == size"
            if not self._sized:
                self._sized, size = True, f"(size := len({name}))"
            self._require(f"{name}.shape[1:] == {shape} and {size}")
            table = f"{name}.reshape(size, {math.prod(shape)})"
            self._tables.append(name if len(shape) == 1 else table)
            return
        self._require(f"{name}.shape == {shape}")
        flat = name if len(shape) == 1 else f"{name}.ravel()"
        if self._batch:
            self._close()
            self._tables.append(flat)
        else:
            self._numbers.append(f"*{flat}.tolist()")

    def _close(self) -> None:
        """Make a table of the numbers since the last one."""
        if self._numbers:
            self._tables.append(f"array([{', '.join(self._numbers)}])")
            self._numbers = []


def _built(structure: Any, of_sums: bool) -> Callable[[Any, int], Any]:
    """The function that puts the result for a batch together, of sums or else of tables."""
    names: dict[str, Any] = {}
    table = count()

    def thing(name: str, thing: Any) -> str:
        names[name] = thing
        return name

    def item_of(item: Item) -> str:
        if not of_sums:
            places = "".join([f", {x}" for x in item.shape or ()])
            return f"found[{next(table)}].reshape(size{places})"
        if item.shape is None:
            return f"found.item({item.start})"
        return f"found[{item.start}:{item.stop}].reshape({item.shape})"

    text = f"lambda found, size: {written(structure, item_of, thing)}"
    function: Callable[[Any, int], Any] = eval(compile(text, "<result>", "eval"), names)
    return function
