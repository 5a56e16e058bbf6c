"""An operation: its value, its partial derivatives, how it is written, where it is defined.

The operations themselves are in `autograd.ops`; an `Op` of your own is used like any of them.
"""

import functools
import inspect
import math
import re
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, overload

import numpy as np

from autograd.elements import container, shaped, uniform
from autograd.forms import native, take_methods
from autograd.quiet import quiet
from autograd.reals import boxed, kind_of, plain, real

Interval: TypeAlias = tuple[float, float]
REALS: Interval = (-math.inf, math.inf)

Reason: TypeAlias = str | Sequence[tuple[Callable[..., Any], str] | str]
"""Why nothing flows into an operand: a clause, or cases and the clause for all others."""


Applied = object
if native is not None and not TYPE_CHECKING:
    Applied = native.Applied


class Op(Applied):
    """A differentiable operation on real numbers.

    Called with numbers it computes a float; with a `Value` among the operands it records a new
    `Value`; with NumPy arrays it is applied elementwise, broadcasting as NumPy does.

    Everything the rest of the library needs to know about an operation is said here, and nowhere
    else. All but the first three arguments have defaults.

    Args:
        name: what the operation is called, in messages and in text.
        forward: computes the value from one float per operand. Trailing operands may have
            defaults.
        partials: one function per operand, `partial(out, *operands)`, the derivative of the value
            `out` with respect to that operand. Written with the library's own operations and
            ordinary arithmetic, it serves floats and Values alike, as second derivatives
            require. For an operation on any number of operands: a single function that
            returns all the partials at once.
        description: what the operation computes; it becomes the docstring.
        text: how the operation is written as text: `#1`, `#2`, … stand for the operands, `#*` for
            all of them, `#<` and `#>` for the first and the second half of them; by default
            `name(#*)`.
        latex: the same for LaTeX; by default the name as an operator.
        domain: a closed interval per operand in which the operation is defined and its value and
            partials can be represented, so that tests may sample there; by default all the reals.
        kinks: functions of the operands that are zero where a derivative jumps. For an operation on
            any number of operands: a single function that returns as many numbers.
        selects: whether the operation picks among its operands. Nothing flows back into an operand
            that was not picked (whose partial is 0), not even `0 * inf`.
        gather: turns the arguments of a call into operands, for operations on sequences.
        numpy: NumPy's function with the same meaning. It supplies the IEEE 754 result where
            `forward` raises an arithmetic error, and the warning there and where the result is not
            finite. Where it is a ufunc, applying it to a Value applies this operation, if that is
            one of the library's.
        scipy: the name of the ufunc of `scipy.special` with the same meaning.
        reduces: NumPy's ufunc of two operands which, applied to one after the other, has the same
            meaning as this operation on any number of them.
        fused: computes the value and all the partials at once, only for speed. It counts where the
            value is finite, and everywhere if there is no `numpy`; None leaves it to the rest.
        raises: whether `forward` raises where IEEE 754 has a result; by default true if there is a
            `numpy` function, which has that result.
        textbook: the partials as a textbook writes them, in terms of `out` where it does so, if the
            `partials` are written differently, to be more accurate say. Explanations show them,
            and a derivation by hand may have used them.
        forms: other ways to write the operation that lose more digits than its own, because terms
            cancel: functions `form(out, *operands)`, each of which returns a sequence of the value
            and, as far as they are written differently, too, the partials. A derivation by hand
            may have used any of them, so its rounding errors may be as large as they are there.
        expanded: the value computed step by step, in ordinary arithmetic, for pictures.
        sympy: how SymPy spells the operation, a template like `text`, in which SymPy's functions
            and the operations of the table may be called; by default it follows from the text. A
            custom operation becomes an undefined function.
        python: Python code that computes the same bits, a template like `text`, in which the
            functions of `autograd.kernels` may be called; or a function of the operands that
            returns one, or None. By default `forward` is called.
        operator: Python's operator that stands for the operation in a formula that is read.
        aliases: other names for the operation, accepted in a formula that is read.
        public: whether the operation is called by its name. Operators are not, nor are those that
            occur only in derivatives.
        symmetric: whether the two operands may be exchanged.
        sums: whether it adds its operands, with any signs.
        absorbs: whether the value may be a number where an operand is nan, as `nan ** 0` is 1; or
            a function of the operands that tells, given Values and, for constants, floats.
        unsigned: whether the value is never negative, not even -0.0.
        jumps: whether its value jumps at its kinks; at others it has a corner.
        cut: a function of the operands that is 0 where the value jumps though no derivative does.
        steps: whether it is constant between its jumps, so that its derivatives are all 0.
        condition: whether the first operand is a condition: only whether it is 0 counts.
        blocks: whether derivatives stop here by decree, though the value does follow the operand.
        between: the places of two of the kinks, if there is a piece of its own between them.
        reasons: for an operation that selects, why nothing flows into each operand where nothing
            does: a clause in which `#0` stands for the name of the operation, or several: pairs of
            a function of the operands that is zero where a clause holds, and the clause, and last
            the clause where none of them does.

    Raises:
        TypeError: when called with something that is not a real number or a Value, or with the
            wrong number of operands; if the name is not a string or a partial is not a function.

    Example:
        >>> from autograd import Op, Value
        >>> cube = Op("cube", lambda x: x * x * x, [lambda out, x: 3 * x * x])
        >>> cube(2.0)
        8.0
        >>> x = Value(2.0)
        >>> cube(x).backward()
        >>> x.grad
        12.0
    """

    own: ClassVar[bool] = False
    """Whether it is one of the library's: its partials do not warn at finite values, and it has no
    side effects."""

    def __init__(
        self,
        name: str,
        forward: Callable[..., float],
        partials: Sequence[Callable[..., Any]] | Callable[..., Sequence[Any]],
        *,
        description: str = "An operation without a description.",
        text: str | None = None,
        latex: str | None = None,
        domain: Sequence[Interval] = (),
        kinks: Sequence[Callable[..., Any]] | Callable[..., Sequence[Any]] = (),
        selects: bool = False,
        gather: Callable[..., Sequence[Any]] | None = None,
        numpy: Callable[..., Any] | None = None,
        scipy: str | None = None,
        reduces: np.ufunc | None = None,
        fused: Callable[..., tuple[float, tuple[float, ...]] | None] | None = None,
        raises: bool | None = None,
        textbook: Sequence[Callable[..., Any]] | Callable[..., Sequence[Any]] | None = None,
        forms: Sequence[Callable[..., Sequence[Any]]] = (),
        expanded: Callable[..., Any] | None = None,
        sympy: str | None = None,
        python: str | Callable[..., str | None] | None = None,
        operator: str | None = None,
        aliases: Sequence[str] = (),
        public: bool = True,
        symmetric: bool = False,
        sums: bool = False,
        absorbs: bool | Callable[..., bool] = False,
        unsigned: bool = False,
        jumps: bool = False,
        cut: Callable[..., Any] | None = None,
        steps: bool = False,
        condition: bool = False,
        blocks: bool = False,
        between: tuple[int, int] | None = None,
        reasons: Sequence[Reason] = (),
    ) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of an Op must be a string, not {kind_of(name)}")
        if not callable(partials) and not all(map(callable, partials)):
            raise TypeError(f"the partials of {name} must be functions, one for each operand")
        self.name = name
        self.forward = forward
        self.partials: Any = partials
        self.arity: int | None = None
        if not callable(partials):
            self.partials = tuple(partials)
            self.arity = len(self.partials)
        self.text = text or f"{name}(#*)"
        word = re.sub(r"([#$%&_{}])", r"\\\1", re.sub(r"[\\^~]", "-", name))
        self.latex = latex or rf"\operatorname{{{word}}}\left(#*\right)"
        self.domain = tuple(domain) or (REALS,) * (self.arity or 1)
        self.kinks = kinks if callable(kinks) else tuple(kinks)
        self.selects = bool(selects)
        self.gather = gather
        gathered = inspect.signature(gather).parameters.values() if gather else ()
        self.sequences = sum([x.default is x.empty for x in gathered])
        self.spread = any(x.kind is x.VAR_POSITIONAL for x in gathered)
        self.numpy = numpy
        self.scipy = scipy
        self.reduces = reduces
        self.fused = fused
        # For the core's loops, what computes one of the library's with one or two operands.
        rules = (forward, *self.partials) if self.own and self.arity in (1, 2) else ()
        self.rules = (*rules, None, None, None)[:3]
        self.raises = numpy is not None if raises is None else raises
        self.textbook, self.forms, self.expanded = textbook, tuple(forms), expanded
        self.sympy, self.python = sympy, python
        self.operator, self.aliases, self.public = operator, tuple(aliases), public
        self.symmetric, self.sums, self.unsigned = symmetric, sums, unsigned
        self.absorbs = absorbs
        self.condition, self.blocks, self.between = condition, blocks, between
        self.steps, self.jumps, self.cut = steps, jumps or steps, cut
        self.reasons: tuple[Sequence[Any], ...] = tuple(
            [(x,) if isinstance(x, str) else x for x in reasons]
        )
        self.__doc__ = description
        # The module that defines the operation, so that it pickles by reference as a function does.
        self.__module__ = sys._getframe(1).f_globals.get("__name__", "__main__")

    def __repr__(self) -> str:
        return f"<Op {self.name}>"

    def __reduce__(self) -> str:
        return self.name

    @overload
    def __call__(self, *operands: float) -> float: ...
    @overload
    def __call__(self, *arguments: Any, **named: Any) -> Any: ...
    def __call__(self, *arguments: Any, **named: Any) -> Any:
        operands: Sequence[Any] = arguments
        if named or len(arguments) != self.arity:
            operands = self._operands(arguments, named)
        kinds: Iterable[type] = map(type, operands)
        if len(operands) > 4:
            kinds = set(kinds)
        recorder: Any = None
        floats = True
        for kind in kinds:
            if kind is float:
                continue
            if hasattr(kind, "_record"):
                recorder = kind
            elif hasattr(kind, "__array__") and not issubclass(kind, np.generic):
                return self._elementwise(operands)
            else:
                floats = False
        if recorder is not None:
            return recorder._record(self, operands)
        if floats:
            return self.value(*operands)
        out = self.value(*[real(x, f"an operand of {self.name}") for x in operands])
        # A partial may divide by what an operation returns, which a NumPy scalar can be.
        return np.float64(out) if any(isinstance(x, np.floating) for x in operands) else out

    def _operands(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Sequence[Any]:
        """The operands of a call that does not give each of them by position."""
        if not named and self.gather is not None and len(arguments) == self.sequences:
            return self.gather(*arguments)
        if not named and self.gather is None and self.arity is None:
            return arguments
        try:
            bound = inspect.signature(self.gather or self.forward).bind(*arguments, **named)
        except (TypeError, ValueError):
            given = ", ".join([f"{len(arguments)} by position", *named])
            message = f"{self.name} is called as {self.name}{self.__signature__}; given: {given}"
            raise TypeError(message) from None
        if self.gather is not None:
            return self.gather(*arguments, **named)
        bound.apply_defaults()
        if len(bound.args) != self.arity:
            raise TypeError(
                f"{self.name} has {self.arity} partials, but {len(bound.args)} operands: it needs "
                "one for each, including those with a default"
            )
        return bound.args

    @property
    def spoken(self) -> bool:
        """Whether people write it, by its name or with an operator: not what occurs only in
        derivatives.
        """
        return self.public or self.operator is not None

    def hands_on(self, operands: Sequence[Any]) -> bool:
        """Whether the value is nan where an operand that is not a constant is.

        Args:
            operands: Values, and floats for constants.
        """
        return not (self.absorbs(*operands) if callable(self.absorbs) else self.absorbs)

    @property
    def __signature__(self) -> inspect.Signature:
        """How the operation is called: for `inspect`, notebooks and messages."""
        if self.arity is None and self.gather is None:
            return inspect.signature(lambda *operands: None)
        if self.gather is not None:
            gathered = inspect.signature(self.gather).parameters.values()
            return inspect.Signature([x.replace(annotation=x.empty) for x in gathered])
        _, *names = inspect.signature(self.partials[0]).parameters
        defaults = getattr(self.forward, "__defaults__", None) or ()
        values = [inspect.Parameter.empty] * (len(names) - len(defaults)) + list(defaults)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature(
            [
                inspect.Parameter(name, kind, default=default)
                for name, default in zip(names, values, strict=False)
            ]
        )

    def _elementwise(self, operands: Sequence[Any]) -> Any:
        """The operation applied to every element of the broadcast operands.

        Returns an array of Values if there are any among the elements, otherwise a float array.
        """
        role = f"an operand of {self.name}"
        arrays = [plain(x, role) for x in operands]
        if self.gather is not None:
            raise TypeError(f"{self.name} takes numbers and Values, not vectors of arrays")
        arrays = [np.asarray(x) if isinstance(x, np.ndarray) else boxed(x) for x in arrays]
        arrays = [x.astype(np.float64) if x.dtype == bool else x for x in arrays]  # a mask
        kind, by_operator = container(*operands), self._by_operator(arrays)
        if by_operator is not None and kind is not np.ndarray:
            try:
                result = by_operator(*arrays)
                return result.view(kind) if isinstance(result, np.ndarray) else result
            except (ArithmeticError, TypeError):  # of two numbers, or what is not a number
                pass
        shape = np.broadcast(*arrays).shape
        columns = [np.broadcast_to(x, shape).ravel().tolist() for x in arrays]
        return shaped([*map(self._applied(arrays), *columns)], shape, kind)

    def _by_operator(self, arrays: Sequence[np.ndarray[Any, Any]]) -> Callable[..., Any] | None:
        """NumPy's loop over objects that calls Python's operator, where that gives the same."""
        if not self.operator or not isinstance(self.numpy, np.ufunc):
            return None
        if self.domain == (REALS,) * len(self.domain) or _whole(arrays[-1]):
            return self.numpy
        if any(hasattr(uniform(x), "_record") for x in arrays):
            return self.numpy
        return None  # between two numbers, it might be complex

    def _applied(self, arrays: Sequence[np.ndarray[Any, Any]]) -> Callable[..., Any]:
        """The fastest function that applies the operation to elements of these arrays."""
        if native is None:
            kind: Any = next((x for x in map(uniform, arrays) if hasattr(x, "_record")), None)
            if kind is not None:  # it is known who records
                method = getattr(kind, self.name, None) if self.arity == 1 else None
                return method or (lambda *operands: kind._record(self, operands))
        if type(self).__call__ is Op.__call__:
            return self
        return functools.partial(Op.__call__, self)

    def value(self, *data: float) -> float:
        """The value at floats: IEEE 754 results, with NumPy's warnings as its errstate says."""
        try:
            out = self.forward(*data)
        except (ArithmeticError, ValueError):
            if self.numpy is None:
                raise
            return self._numpys(data)
        if type(out) is not float:
            out = real(out, f"the value of {self.name}")
        if out - out == 0.0 or self.numpy is None:
            return out
        if undefined(out, data) or all(x - x == 0.0 for x in data):  # not handed on
            self._numpys(data)
        return out

    def _numpys(self, data: Sequence[float]) -> float:
        """NumPy's value, with its warnings."""
        assert self.numpy is not None
        out = float(self.numpy(*data))
        clear_flags()
        return out

    def evaluate(
        self, data: Sequence[float], constants: Collection[int] = ()
    ) -> tuple[float, tuple[float, ...]]:
        """The value and the partial derivatives at `data`.

        The operands at the places `constants` are constant: their partials are 0.0 and are never
        evaluated. Partial derivatives do not warn: an infinite slope is an answer. Where the value
        is nan and no operand is, there is no derivative either: all of them are nan.
        """
        if self.fused is not None and (fast := self.fused(*data)) is not None:
            out, partials = fast
            if out - out == 0.0 or self.numpy is None:
                return out, _zeroed(partials, constants)
        if self.own:  # where everything is finite, as it nearly always is
            try:
                out = self.forward(*data)
                if out - out == 0.0:
                    partials = tuple(self.differentiate(out, data, constants))
                    for partial in partials:
                        if partial - partial != 0.0:
                            break
                    else:
                        return out, partials
            except (ArithmeticError, ValueError):
                pass
        out = self.value(*data)
        if undefined(out, data):
            return out, _zeroed((math.nan,) * len(data), constants)
        return out, self._partials_anywhere(out, data, constants)

    @quiet
    def _partials_anywhere(
        self, out: float, data: Sequence[float], constants: Collection[int]
    ) -> tuple[float, ...]:
        """The partial derivatives, even where they are not finite, by IEEE 754."""
        try:
            partials = self._reals(self.differentiate(out, data, constants))
        except (ArithmeticError, ValueError):
            # Python raises where IEEE 754 has a result, which NumPy's scalars give.
            scalars = [np.float64(x) for x in data]
            partials = self._reals(self.differentiate(np.float64(out), scalars, constants))
        clear_flags()
        return partials

    def differentiate(
        self, out: Any, arguments: Sequence[Any], constants: Collection[int] = ()
    ) -> Sequence[Any]:
        """The partial derivatives at `arguments`, numbers or Values; 0.0 at the `constants`."""
        if self.arity is not None:
            if self.arity == 1 and not constants:
                return (self.partials[0](out, *arguments),)
            partials = [0.0] * self.arity
            for place, partial in enumerate(self.partials):
                if place not in constants:
                    partials[place] = partial(out, *arguments)
            return partials
        partials = self.partials(out, *arguments)
        if not isinstance(partials, Sequence):
            raise TypeError(
                f"a partials function for any number of operands must return a sequence; that of "
                f"{self.name} returned {kind_of(partials)} (for one operand: [function])"
            )
        if len(partials) != len(arguments):
            message = f"{len(partials)} partials of {self.name} for {len(arguments)} operands"
            raise ValueError(message)
        return _zeroed(tuple(partials), constants)

    def taught(
        self, out: Any, arguments: Sequence[Any], constants: Collection[int] = ()
    ) -> Sequence[Any]:
        """The partial derivatives as `differentiate` has them, but by the textbook's formulas."""
        if self.textbook is None:
            return self.differentiate(out, arguments, constants)
        slopes = self.textbook
        if not callable(slopes):
            return [slope(out, *arguments) for slope in slopes]
        return slopes(out, *arguments)

    def kinks_of(self, count: int) -> Sequence[Callable[..., Any]]:
        """The functions that are zero at the kinks of the operation on so many operands."""
        kinks = self.kinks
        if not callable(kinks):
            return kinks
        return [lambda *operands, place=place: kinks(*operands)[place] for place in range(count)]

    def _reals(self, partials: Sequence[Any]) -> tuple[float, ...]:
        return tuple([real(x, f"a partial of {self.name}") for x in partials])

    def write(self, template: str, operands: Sequence[str]) -> str:
        """One of the templates `text` and `latex` with the operands put in."""
        half = len(operands) // 2
        groups = {"*": operands, "<": operands[:half], ">": operands[half:]}

        def replacement(match: re.Match[str]) -> str:
            key = match[1]
            return ", ".join(groups[key]) if key in groups else operands[int(key) - 1]

        return re.sub(r"#(\d+|[*<>])", replacement, template)


class Entry(Op):
    """An operation of the library's own: a row of its table."""

    own = True


call = Op.__call__
if native is not None:
    take_methods(Op, native.Applied)


def _whole(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array is a single whole number, as most exponents are."""
    return not array.ndim and isinstance(array[()], (int, float)) and array[()] % 1 == 0


def clear_flags() -> None:
    """Clear the processor's flags, lest a loop of NumPy's that runs warns of what set them."""
    np.add(0.0, 0.0)


def _zeroed(partials: tuple[Any, ...], constants: Collection[int]) -> tuple[Any, ...]:
    """Partial derivatives, with 0.0 for those with respect to constants."""
    if not constants:
        return partials
    places = set(constants)
    return tuple([0.0 if place in places else x for place, x in enumerate(partials)])


def undefined(out: float, data: Iterable[float]) -> bool:
    """Whether an operation has no value at `data`: it gives nan, and was not given one."""
    return out != out and all(x == x for x in data)
