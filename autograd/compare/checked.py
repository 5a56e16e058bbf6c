"""A function and its hand-written gradient: called, and held to their promises."""

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compare.comparison import Comparison
from autograd.compare.conditions import Heard
from autograd.compare.keys import Pair, as_float, paired, zip_exactly
from autograd.compare.points import Point, Sample
from autograd.notation.numbers import number
from autograd.questions import Question, listening
from autograd.quiet import overflows, quietly
from autograd.reals import kind_of, objects, real
from autograd.trace import of_values
from autograd.value import Value, hand_on
from autograd.values import floats, values

MOST_WRITTEN = 64
"""How many elements an array may have and still be written out."""


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


class Checked:
    """A function of the library's operations, its gradient by hand, and their arguments."""

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
        self.names = _parameter_names(function, len(arguments))
        self.given: Point = [
            _floats(x, f"the argument {name}")
            for x, name in zip(arguments, self.names, strict=True)
        ]
        self.scalars = [x.ndim == 0 for x in self.given]
        for name, x in zip(self.names, self.given, strict=True):
            if not np.all(np.isfinite(x)):
                raise ValueError(f"the argument {name} must be finite, not {_text(x)}")
        if wrt is None:
            wrt = self.names
        if isinstance(wrt, str) or not wrt:
            raise ValueError(f"wrt must be a list of names of arguments, not {wrt!r}")
        for name in wrt:
            if name not in self.names:
                known = ", ".join(self.names)
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
        leaves = [values(x, name) for x, name in zip(point, self.names, strict=True)]
        # The function gets copies, which it may change.
        arguments = [
            x[()] if scalar else x.copy() for x, scalar in zip(leaves, self.scalars, strict=True)
        ]
        asked: list[Question] = []
        self.heard = Heard(asked, leaves)
        try:
            with of_values(self.title), listening(asked.append):
                result = quietly(self.function, *arguments)
        except TypeError:
            raise
        except Exception as error:
            at = self.described(point)
            message = f"{self.title} raised {type(error).__name__}: {error}; at {at}"
            raise ValueError(message) from error
        if isinstance(result, np.ndarray) and result.size == 1:
            result = result.item()
        if not isinstance(result, Value):
            if isinstance(result, (np.ndarray, list, tuple, dict)) or result is None:
                raise TypeError(
                    f"{self.title} must return one number, not {_kind(result)}: computed by "
                    "operations of this library from its arguments"
                )
            result = Value(real(result, f"the result of {self.title}"))
        elif result.op is None:  # an argument, which has a name of its own
            argument, result = result, Value(result.data)
            hand_on(result, argument)
        if result.name is None:
            result.name = self.title
        named = dict(zip(self.names, leaves, strict=True))
        return Sample(point, result, named, self.tolerance, self.heard)

    def _copies(self, sample: Sample) -> list[Any]:
        """The arguments of the hand-written gradient, which may change them."""
        return [
            float(x) if scalar else x.copy()
            for x, scalar in zip(sample.point, self.scalars, strict=True)
        ]

    def by_hand(self, sample: Sample) -> dict[Any, Any]:
        """The result of the hand-written gradient at the point of a sample, for each argument."""
        try:
            result = self._real(quietly(self.manual, *self._copies(sample)), sample)
        except Exception as error:
            at = self.described(sample.point)
            message = f"manual raised {type(error).__name__}: {error}; at {at}"
            raise ValueError(message) from error
        if isinstance(result, Mapping):
            ranks = {name: rank for rank, name in enumerate(self.names)}
            order = sorted(result, key=lambda key: (ranks.get(key, len(ranks)), repr(key)))
            return {key: result[key] for key in order}
        if len(self.wrt) == 1 and not (isinstance(result, tuple) and len(result) == 1):
            result = (result,)
        if not isinstance(result, (tuple, list)):
            raise TypeError(
                f"manual must return the gradients with respect to {', '.join(self.wrt)} as a "
                f"tuple or a dict, not {_kind(result)}"
            )
        if len(result) != len(self.wrt):
            raise ValueError(
                f"manual returned {len(result)} gradients where {len(self.wrt)} are expected, of "
                f"{', '.join(self.wrt)} (wrt= says with respect to which arguments)"
            )
        return dict(zip(self.wrt, result, strict=True))

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
        root, places = sample.judge.root, sample.judge.places
        leaves = dict(zip(self.names, sample.leaves, strict=True))
        for key, numbers in result.items():
            pairs: Iterator[tuple[Pair, float]]
            if isinstance(key, str) and key in leaves:
                what = f"manual's gradient with respect to {key}"
                pairs = (((root, x), n) for x, n in zip_exactly(leaves[key], numbers, what))
            else:
                pairs = paired(root, sample.judge.names, [(key, numbers)])
            for element, (pair, n) in enumerate(pairs):
                words = key if _words(key) else tuple([x.name or places.get(x) for x in pair])
                yield (words, element), pair, n

    def tried(self, point: Point) -> Check | None:
        """The comparison at a point; None where a function is not defined, or a kink is near."""
        try:
            sample = self.sample(point)
            return self.at(sample) if sample.usable else None
        except (TypeError, ValueError):  # one of the functions is not defined there
            return None

    def at(self, sample: Sample) -> Check:
        """The comparison at the point of a sample."""
        found = list(self.paired(sample))
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
        return overflows(self.manual, *self._copies(sample))

    def described(self, point: Point) -> str:
        """The arguments as text."""
        texts = [f"{name} = {_text(x)}" for name, x in zip(self.names, point, strict=True)]
        return ", ".join(texts)


def _words(key: Any) -> bool:
    """Whether a key is the name of a Value, or two of them."""
    return isinstance(key, str) or (
        isinstance(key, tuple) and all(isinstance(part, str) for part in key)
    )


def _text(x: NDArray[np.float64]) -> str:
    """A number or an array as Python reads it, unless it is too long."""
    if x.ndim == 0:
        return number(float(x))
    if x.size > MOST_WRITTEN:
        return f"an array of the shape {x.shape}"
    if x.ndim == 1:
        return f"[{', '.join([number(float(a)) for a in x])}]"
    return f"[{', '.join(map(_text, x))}]"


def _kind(thing: object) -> str:
    if thing is None:
        return "None (was a return statement forgotten?)"
    return kind_of(thing)


def _floats(x: Any, role: str) -> NDArray[np.float64]:
    items = objects(x, role)
    if any(isinstance(item, (list, tuple, np.ndarray)) for item in items.ravel()):
        raise ValueError(f"{role} must be a number or an array; its rows have different lengths")
    return floats(items, lambda item: as_float(item, role))


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the first parameters; numbered ones where the signature does not tell."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [x.name for x in parameters if x.kind in kinds]
    return names[:count] if len(names) >= count else [f"x{i}" for i in range(count)]
