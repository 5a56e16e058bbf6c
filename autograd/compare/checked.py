"""A function and its hand-written gradient: called, and held to their promises."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from autograd.compare.arguments import Arguments, aligned, kind_or_none
from autograd.compare.case import Case, Grouping, Titles
from autograd.compare.comparison import Comparison
from autograd.compare.conditions import Heard
from autograd.compare.judge import Judge
from autograd.compare.keys import Pair, paired, zip_exactly
from autograd.compare.points import Point, Sample
from autograd.graph import topological_order
from autograd.questions import Question, listening
from autograd.quiet import overflows, quietly
from autograd.reals import kind_of, real
from autograd.trace import of_values
from autograd.value import Value, hand_on


class Check(NamedTuple):
    """The hand-written gradient at one point."""

    sample: Sample
    comparison: Comparison
    keys: Sequence[Hashable]
    """For each number, in manual's words, the derivative that it is: the same at every point."""

    @property
    def failed(self) -> bool:
        """Whether there is a difference that is neither rounding nor a convention."""
        return "disagree" in self.comparison.verdicts


class SeveralNumbersError(TypeError):
    """A function returned several numbers where one is needed."""


class Checked:
    """A function of the library's operations, its gradient by hand, and their arguments."""

    noun = "gradient"

    def __init__(
        self,
        function: Callable[..., Any],
        manual: Callable[..., Any],
        arguments: Sequence[Any],
        wrt: Sequence[str] | None,
        tolerance: float,
    ) -> None:
        for role, thing in (("function", function), ("manual", manual)):
            if not callable(thing):
                raise TypeError(f"{role} must be a function, not {kind_of(thing)}")
        self.function, self.manual, self.tolerance = function, manual, tolerance
        self.title = getattr(function, "__name__", "f")
        if self.title == "<lambda>":
            self.title = "f"
        self.arguments = Arguments(function, arguments)
        if not any(x.size for x in self.arguments.point):
            raise ValueError("there is nothing to compare: there is no number in the arguments")
        self.given = self.arguments.point
        if wrt is None:
            wrt = self.arguments.names
        if isinstance(wrt, str) or not wrt:
            raise ValueError(f"wrt must be a list of names of arguments, not {wrt!r}")
        if len({*wrt}) < len(wrt):
            raise ValueError(f"wrt names an argument twice: {wrt!r}")
        for name in wrt:
            if name not in self.arguments.names:
                known = ", ".join(self.arguments.names)
                raise ValueError(f"{self.title} has no argument {name!r}; it has {known}")
        self.wrt = list(wrt)
        self.heard = Heard([], [])
        """The questions of the last call of the function, even if it failed."""

    def sample(self, point: Point) -> Sample:
        """The graph of the function at a point.

        Raises:
            TypeError: if the function does not return one number.
            ValueError: if it raises an exception.
        """
        leaves = self.arguments.leaves(point)
        asked: list[Question] = []
        self.heard = Heard(asked, [*leaves.values()])
        try:
            with of_values(self.title), listening(asked.append):
                result = quietly(self.function, *self.arguments.build([*leaves.values()]))
        except TypeError:
            raise
        except Exception as error:
            at = self.arguments.described(point)
            message = f"{self.title} raised {type(error).__name__}: {error}; at {at}"
            raise ValueError(message) from error
        return Sample(point, quietly(self.judge, result, leaves), leaves, self.heard)

    def judge(self, result: Any, leaves: Mapping[str, Any]) -> Judge:
        """The judge of what the function returned."""
        return Judge(self.number(result, leaves), self.tolerance)

    def number(self, result: Any, leaves: Mapping[str, Any]) -> Value:
        """The one number that the function returned."""
        if isinstance(result, np.ndarray) and result.size == 1:
            result = result.item()
        wanted = f"{self.title} must return one number, not {kind_or_none(result)}"
        if result is None:
            raise TypeError(wanted)
        if isinstance(result, (np.ndarray, list, tuple, dict)):
            raise SeveralNumbersError(
                f"{wanted}: computed by operations of this library from its arguments; "
                "check_jacobian() takes functions that return several"
            )
        return named(result, self.title, f"the result of {self.title}", members(leaves))

    def returned(self, sample: Sample) -> Any:
        """The result of the hand-written derivatives at the point of a sample."""
        try:
            result = quietly(self.manual, *self.arguments.build(sample.point))
            return self._real(result, sample)
        except Exception as error:
            at = self.arguments.described(sample.point)
            message = f"manual raised {type(error).__name__}: {error}; at {at}"
            raise ValueError(message) from error

    def by_hand(self, sample: Sample) -> dict[Any, Any]:
        """The result of the hand-written gradient at the point of a sample, for each argument."""
        result = self.returned(sample)
        if isinstance(result, Mapping) and not self._of_the_only_argument(result):
            ranks = {name: rank for rank, name in enumerate(self.arguments.names)}
            order = sorted(result, key=lambda key: (ranks.get(key, len(ranks)), repr(key)))
            return {key: result[key] for key in order}
        if len(self.wrt) == 1 and not (isinstance(result, tuple) and len(result) == 1):
            result = (result,)
        if not isinstance(result, (tuple, list)):
            raise TypeError(
                f"manual must return the gradients with respect to {', '.join(self.wrt)} as a "
                f"tuple or a dict, not {kind_or_none(result)}"
            )
        if len(result) != len(self.wrt):
            raise ValueError(
                f"manual returned {len(result)} gradients where {len(self.wrt)} are expected, of "
                f"{', '.join(self.wrt)} (wrt= says with respect to which arguments)"
            )
        return dict(zip(self.wrt, result, strict=True))

    def _of_the_only_argument(self, result: Mapping[Any, Any]) -> bool:
        """Whether a dict is the gradient of an argument that is a dict."""
        name, *others = self.wrt
        own = self.arguments.structures[name]
        if others or not isinstance(own, dict):
            return False
        return name not in result or own.keys() == result.keys()

    def _real(self, result: Any, sample: Sample) -> Any:
        """The result of a hand-written gradient, with real numbers in place of complex ones.

        Where Python has a complex number, as for `(-8.0) ** (1 / 3)`, NumPy has nan. At the given
        point, a number that has an imaginary part stays as it is, to be refused.
        """
        if isinstance(result, Mapping):
            return {key: self._real(numbers, sample) for key, numbers in result.items()}
        if type(result) in (list, tuple):
            return type(result)([self._real(part, sample) for part in result])
        if not isinstance(result, (complex, np.complexfloating)) and not (
            isinstance(result, np.ndarray) and result.dtype.kind == "c"
        ):
            return result
        numbers = np.asarray(result)
        imaginary = (numbers.imag != 0.0) & ~np.isnan(numbers)
        given = all(map(np.array_equal, sample.point, self.given))
        if given and imaginary.any():
            return result
        real = np.where(numbers.imag == 0.0, numbers.real, np.nan)
        return real if isinstance(result, np.ndarray) else float(real)

    def paired(self, sample: Sample) -> Iterator[tuple[Hashable, Pair, float]]:
        """Every number that the hand-written gradient gives, with what it is the derivative of: in
        manual's words, and as Values.
        """
        result = self.by_hand(sample)
        missing = [name for name in self.wrt if name not in result]
        if missing:
            raise ValueError(
                f"manual returned no gradient for {', '.join(missing)}, only for "
                f"{', '.join(map(str, result))} (wrt= says with respect to which arguments)"
            )
        for key, numbers in result.items():
            if isinstance(key, str) and key in self.arguments.structures:
                what = f"manual's gradient with respect to {key}"
                found = aligned(numbers, self.arguments.structures[key], what)
                own = self.parts(sample.leaves, [key])
                for (name, leaves), (_, item, what) in zip(own, found, strict=True):
                    several = zip_exactly(leaves, item, what)
                    for element, (x, n) in enumerate(several):
                        yield (name, element), (sample.judge.root, x), n
            else:
                yield from self.others(sample, key, numbers)

    def others(
        self, sample: Sample, key: Any, numbers: Any
    ) -> Iterator[tuple[Hashable, Pair, float]]:
        """The derivatives with respect to named Values, and of them."""
        root, places = sample.judge.root, sample.judge.places
        pairs = paired(root, sample.judge.names, [(key, numbers)])
        for element, (pair, n) in enumerate(pairs):
            words = key if _words(key) else tuple([x.name or places.get(x) for x in pair])
            yield (words, element), pair, n

    def parts(self, leaves: Mapping[str, Any], names: Sequence[str]) -> list[tuple[str, Any]]:
        """The Values of some arguments, array by array, with the names of the arrays."""
        owned = list(zip(self.arguments.owners, leaves.items(), strict=True))
        return [part for name in names for owner, part in owned if owner == name]

    def cases(self, checks: Sequence["Check"]) -> list[Case]:
        """The numbers at some points, to be explained."""
        cases = [check.comparison.case(check.sample.arguments) for check in checks]
        parts = self.groupings(checks[0].comparison.titles(cases[0]))
        for case in cases:  # the same at all points
            case.groupings = parts
        return cases

    def groupings(self, titles: Titles) -> list[Grouping]:
        """The parts of the numbers that may each have a mistake of their own."""
        named = zip(self.arguments.parts, self.given, strict=True)
        return [Grouping("gradient", titles.arguments, {part: x.shape for part, x in named})]

    def remarks(self, check: "Check") -> Iterator[str]:
        """Sentences on what the numbers cannot be, whatever the function."""
        yield from ()

    def tried(self, point: Point) -> Check | None:
        """The comparison at a point; None where a function is not defined, or a kink is near."""
        try:
            sample = self.sample(point)
            return self.at(sample) if sample.usable else None
        except (TypeError, ValueError):  # one of the functions is not defined there
            return None

    def at(self, sample: Sample) -> Check:
        """The comparison at the point of a sample."""
        try:
            found = list(self.paired(sample))
        except (TypeError, ValueError) as error:
            at = f"at {self.arguments.described(sample.point)}"
            given = all(map(np.array_equal, sample.point, self.given))
            if given or at in str(error) or type(error) not in (TypeError, ValueError):
                raise
            raise type(error)(f"{error}; {at}") from error.__cause__
        comparison = Comparison(sample.judge, [(pair, number) for _, pair, number in found])
        return Check(sample, comparison, [key for key, _, _ in found])

    def at_all(self, taken: Sequence[Sample]) -> Iterator[Check]:
        """The comparisons, without those far away, where the numbers of manual overflow."""
        for count, sample in enumerate(taken):
            try:
                check = self.at(sample)
            except ValueError as error:
                if count == 0 or not isinstance(error.__cause__, OverflowError):
                    raise
                continue
            finite = all(isfinite(number) for _, number in check.comparison.pairs)
            if count == 0 or finite or not self._overflows(sample):
                yield check

    def again(self, checks: Sequence[Check], tolerance: float) -> list[Check]:
        """The same comparisons with another tolerance, which is that of all further ones."""
        self.tolerance = tolerance
        for check in checks:
            check.sample.judge.tolerance = tolerance
        return [self.at(check.sample) for check in checks]

    def _overflows(self, sample: Sample) -> bool:
        """Whether NumPy meets numbers in manual that are too large, where `math` would raise."""
        return overflows(self.manual, *self.arguments.build(sample.point))


def named(
    result: Any,
    name: str,
    role: str,
    arguments: set[Value],
    taken: Collection[str | None] = (),
) -> Value:
    """A number that a function returned as a Value with a name; its own if that tells it apart."""
    if not isinstance(result, Value):
        return Value(real(result, role), name)
    value: Value = result
    outside = value.name is None and arguments.isdisjoint(topological_order(value))
    if value in arguments or outside:
        value = twin(value)  # an argument has a name of its own; others keep what they have
    if value.name is None or value.name in taken:
        value.name = name
    return value


def members(leaves: Mapping[str, Any]) -> set[Value]:
    """All the Values of the arguments."""
    return {x for several in leaves.values() for x in several.flat}


def twin(value: Value) -> Value:
    """A Value that hands on another one."""
    result = Value(value.data)
    hand_on(result, value)
    return result


def _words(key: Any) -> bool:
    """Whether a key is the name of a Value, or two of them."""
    return isinstance(key, str) or (
        isinstance(key, tuple) and all(isinstance(part, str) for part in key)
    )
