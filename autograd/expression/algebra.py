"""Values as sums of products of powers, gathered by the identities of arithmetic.

What is not arithmetic is a base of products, and so is a sum that is multiplied and whatever has
more than `LIMIT` parts. So every step costs the same, however large the graph is. The identities of
arithmetic are about particular operations, which are named here for that reason.
"""

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from functools import cache, reduce
from math import isfinite
from operator import is_not
from types import CodeType
from typing import cast

from autograd import ops
from autograd.expression.rationals import (
    HALF,
    LARGEST,
    ONE,
    SMALLEST,
    ZERO,
    digits_of,
    exact,
    is_whole,
    numerals,
    pieces,
    product_of,
    quick,
)
from autograd.expression.simplify import Operand
from autograd.expression.terms import Sum, Term, factors, listed, total
from autograd.notation.precedence import width
from autograd.op import Op
from autograd.value import Value, as_value

LIMIT = 12
"""How many factors or terms are gathered into one product or sum."""
LONG = 40
"""How many characters of a Value count when lengths are compared: a long one gets a name."""
SCOPE = {**ops.TABLE, "__builtins__": {}}


def _is_notation(op: Op) -> bool:
    """Whether the table writes an operation in terms of others."""
    return op.own and op.operator is None and not op.text.startswith(f"{op.name}(")


@cache
def _code(op: Op, count: int) -> CodeType:
    names = [f"x{place}" for place in range(count)]
    return compile(op.write(op.text, names), "<textbook>", "eval")


def _expansion(op: Op, operands: Sequence[Operand]) -> Value:
    """An operation by the formula that it is written as."""
    # Constants are Values there, so that what is computed from them alone is gathered exactly, too.
    scope = {f"x{place}": as_value(x) for place, x in enumerate(operands)}
    return as_value(cast(Operand, eval(_code(op, len(operands)), SCOPE, scope)))


class Algebra:
    """Values as sums of products, and these as Values."""

    def __init__(self, order: Sequence[Value], wrt: Value) -> None:
        self._given = set(order)
        self._wrt = wrt
        self._terms: dict[Value, Term] = {}
        self._sums: dict[Value, Sum] = {}
        self._canonical: dict[Value, Operand] = {}
        self._expanded: dict[Value, Value] = {}
        self._exponents: dict[Value, tuple[Value, Value]] = {}
        self._known: dict[Hashable, Operand] = {}
        self._ranks: dict[Value, int] = {}
        self._sizes: dict[Value, int] = {}
        for node in order:
            self.term(node)

    # --- Values as products ---------------------------------------------------------------------

    def term(self, x: Operand) -> Term:
        """A Value as a product, perhaps of nothing but itself."""
        if not isinstance(x, Value):
            return self._constant(x)
        path = [x]
        while path:
            node = path[-1]
            if node not in self._terms:
                inner = self._inner(node)
                unread = [y for y in inner if isinstance(y, Value) and y not in self._terms]
                if unread:
                    path += reversed(unread)
                    continue
                self._terms[node] = self._read(node, inner)
            path.pop()
        return self._terms[x]

    def _inner(self, node: Value) -> Sequence[Operand]:
        """The Values that a Value is read as a function of; none if it is taken as it is."""
        if node.op is None or node.name or node is self._wrt:
            return ()
        if not _is_notation(node.op) or not any(isinstance(x, Value) for x in node.operands):
            return node.operands
        if node not in self._expanded:
            self._expanded[node] = _expansion(node.op, node.operands)
        return (self._expanded[node],)

    def _read(self, node: Value, inner: Sequence[Operand]) -> Term:
        if node.op is None or not inner:
            self._canonical[node] = node
            self._sizes[node] = len(node.name or "x0")
            return self._base(node)
        if node in self._expanded:
            if node.op.public:
                self._rebuilt(node)
            else:
                self._canonical[node] = self._rewritten(inner[0])
            return self.term(inner[0])
        whole = self._rebuilt(node) if node in self._given else None
        try:
            term = self._arithmetic(node.op, inner, whole)
        except ZeroDivisionError:  # among constants
            term = None
        return self._base(self._rebuilt(node)) if term is None else term

    def _rebuilt(self, node: Value) -> Operand:
        """A Value without helpers in it: itself if there were none and no other is the same."""
        assert node.op is not None
        operands = [self._rewritten(x) for x in node.operands]
        self._canonical[node] = self._applied(node.op, operands, node)
        return self._canonical[node]

    def _rewritten(self, x: Operand) -> Operand:
        if not isinstance(x, Value):
            return x
        if x not in self._canonical:
            self._canonical[x] = self.product(self._terms[x])
        return self._canonical[x]

    def _applied(self, op: Op, operands: Sequence[Operand], node: Value | None = None) -> Operand:
        """The result of an operation, the same Value if there is one already; it may be `node`."""
        if not any(isinstance(x, Value) for x in operands):
            return op.value(*cast(Sequence[float], operands))
        key = (op, *[x if isinstance(x, Value) else repr(x) for x in operands])
        if key not in self._known:
            result = node
            if result is None or any(map(is_not, operands, result.operands)):
                result = Value._record(op, operands)
            inner = sum(self._sizes[x] if isinstance(x, Value) else 3 for x in operands)
            self._sizes[result] = min(width(op.text) + inner, LONG)
            self._known[key] = result
        return self._known[key]

    def _base(self, x: Operand) -> Term:
        """A Value as a factor that is not looked into."""
        if not isinstance(x, Value):
            return self._constant(x)
        self._ranks.setdefault(x, len(self._ranks))
        self._terms.setdefault(x, Term(ONE, ((x, ONE),)))
        return Term(ONE, ((x, ONE),))

    def _constant(self, number: float) -> Term:
        if isfinite(number):
            return Term(exact(number))
        node = self._known.setdefault(repr(number), as_value(number))
        assert isinstance(node, Value)
        self._canonical[node], self._sizes[node] = number, 3
        return self._base(node)

    def _arithmetic(
        self, op: Op, operands: Sequence[Operand], whole: Operand | None
    ) -> Term | None:
        """The result of an operation that is one of arithmetic, otherwise None."""
        if op.sums:
            signs = [Term(quick(Fraction(sign))) for sign in op.differentiate(None, operands)]
            terms = [
                self.times(*pair) for pair in zip(signs, map(self.term, operands), strict=True)
            ]
            opened = self._opened(terms)
            parts = opened if len(opened) <= LIMIT else total(terms)
            return self._added(parts, whole) if len(parts) <= LIMIT or whole is None else None
        if op is ops.power:
            return self._general_power(*operands)
        if op is ops.sqrt:
            return self._power(operands[0], HALF)
        if op is ops.negative:
            return self.times(Term(-ONE), self.term(operands[0]))
        if op is ops.multiply:
            return self.times(self.term(operands[0]), self.term(operands[1]))
        if op is ops.divide:
            return self.times(self.term(operands[0]), self._power(operands[1], -ONE))
        return None

    # --- Products -------------------------------------------------------------------------------

    def times(self, x: Term, y: Term) -> Term:
        """The product of two products."""
        number = product_of(x.number, y.number)
        if number is None:  # out of the range of floats, so the two numbers stay apart
            if not x.powers and not y.powers:
                return self._constant(float(x.number) * float(y.number))
            x, y = (x, y) if y.powers else (y, x)
            return self.times(x, self._closed(y))
        if not number:
            return Term(ZERO)
        merged = dict(x.powers)
        roots = Term(ONE)
        for base, exponent in y.powers:
            before = merged.pop(base, ZERO)
            after = quick(before + exponent)
            if base.op is ops.greater and after > 1:  # 0 or 1, to any power
                after = ONE
            if is_whole(after) and not is_whole(before):  # not a root any longer
                raised = self._raised(self._terms[base], after) if after else Term(ONE)
                roots = self.times(roots, raised or Term(ONE, ((base, after),)))
            elif after:
                merged[base] = after
        if len(merged) > LIMIT:
            x, y = sorted((x, y), key=lambda term: len(term.powers))
            return self.times(x, Term(y.number, self._closed(Term(ONE, y.powers)).powers))
        powers = sorted(merged.items(), key=lambda power: self._ranks[power[0]])
        product = Term(number, tuple(powers))
        return product if roots == Term(ONE) else self.times(product, roots)

    def _closed(self, term: Term) -> Term:
        return self._base(self.product(term))

    def _raised(self, term: Term, exponent: Fraction) -> Term | None:
        """A product to a constant power, as a product; None where that is not always the same."""
        number, powers = term
        if not is_whole(exponent):
            # (x ** 2) ** 0.5 is |x|, and (x * y) ** 0.5 exists if both are negative.
            if number != 1 or len(powers) != 1 or powers[0][1] % 2 == 0:
                return None
        elif number != 1:
            if abs(exponent) > LIMIT or (number == 0 and exponent < 0):
                return None
            number = quick(Fraction(number) ** exponent.numerator)
            if not SMALLEST < abs(number) < LARGEST:
                return None
        result = Term(number)
        for base, inner in powers:
            outer = product_of(inner, exponent)
            if outer is None:
                return None
            result = self.times(result, Term(ONE, ((base, outer),)))
        return result

    def _power(self, x: Operand, exponent: Fraction) -> Term:
        """A constant power."""
        term = self.term(x)
        raised = self._raised(term, exponent)
        if raised is not None:
            return raised
        base = self._rewritten(x)
        if not isinstance(base, Value):
            return self._constant(ops.power.value(base, float(exponent)))
        self._terms.setdefault(base, term)
        self._base(base)
        return Term(ONE, ((base, exponent),))

    def _general_power(self, x: Operand, y: Operand) -> Term | None:
        """A power, where `x ** (y + n)` counts as `x ** y * x ** n` if n is an integer."""
        number, powers = self.term(y)
        if not powers:
            return self._power(x, number)
        base, exponent = self._rewritten(x), self._rewritten(y)
        if not isinstance(base, Value):
            return None
        parts = self._sums.get(powers[0][0], {}) if number == 1 == len(powers) else {}
        n = parts.get((), ZERO) if powers[0][1] == 1 else ZERO
        n = n if is_whole(n) else ZERO
        if n:
            rest = self._added({key: part for key, part in parts.items() if key})
            exponent = self.product(rest)
        power = self._applied(ops.power, (base, exponent))
        assert isinstance(power, Value)
        if isinstance(exponent, Value):
            self._exponents[power] = base, exponent
        return self.times(self._base(power), self._power(x, n))

    def product(self, term: Term) -> Operand:
        """A product as a Value: a number, then powers, those that divide below one fraction bar."""
        powers = dict(term.powers)
        for power, exponent in term.powers:
            base, y = self._exponents.get(power, (power, power))
            n = powers.get(base)
            if exponent == 1 and base is not power and n and is_whole(n):  # x ** y * x ** n
                parts = self._opened([self._base(y), Term(n)])
                whole = self._applied(ops.power, (base, self.product(self._added(parts))))
                assert isinstance(whole, Value)
                powers = {
                    whole if key is power else key: e
                    for key, e in powers.items()
                    if key is not base
                }
        above: list[Operand] = []
        below: list[Operand] = []
        for base, given in powers.items():
            for exponent in pieces(given):
                (above if exponent > 0 else below).append(self._factor(base, abs(exponent)))
        sign = -1.0 if term.number < 0 else 1.0
        upper, lower = numerals(abs(term.number), bool(below))
        if upper != 1.0 or not above:
            above.insert(0, sign * upper)
        elif sign < 0:
            above[0] = self._applied(ops.negative, above[:1])
        if lower != 1.0:
            below.insert(0, lower)
        top = self._chain(above)
        return self._applied(ops.divide, (top, self._chain(below))) if below else top

    def _factor(self, base: Value, exponent: Fraction) -> Operand:
        plain = self._canonical.get(base, base)  # a constant as a number
        if not isinstance(plain, Value) or exponent == 1:
            return plain
        if exponent == HALF:
            return self._applied(ops.sqrt, (plain,))
        return self._applied(ops.power, (plain, float(exponent)))

    def _chain(self, factors: Iterable[Operand]) -> Operand:
        return reduce(lambda x, y: self._applied(ops.multiply, (x, y)), factors)

    # --- Sums -----------------------------------------------------------------------------------

    def gathered(self, terms: Iterable[Term]) -> Term:
        """The sum of products, as one product, in the shortest of the ways to write it."""
        closed = total(terms)
        if len(closed) < 2:
            return self._added(closed)
        opened = self._opened(listed(closed))
        ways: list[tuple[Term, Sum]] = []
        for parts in (closed, opened) if opened != closed else (closed,):
            ways.append((Term(ONE), parts))
            for factor in factors(parts):
                inverse = Term(
                    quick(1 / Fraction(factor.number)), tuple([(x, -e) for x, e in factor.powers])
                )
                inner = total([self.times(inverse, part) for part in listed(parts)])
                ways += (factor, inner), (factor, self._opened(listed(inner), scaled=True))
        factor, inner = min(ways, key=self._length)
        return self.times(factor, self._added(inner))

    def _opened(self, terms: Iterable[Term], scaled: bool = False) -> Sum:
        """The sum of products, where one that is a sum itself counts as its terms; with `scaled`,
        also a sum times a number.
        """
        opened: list[Term] = []
        for term in terms:
            lone = len(term.powers) == 1 and term.powers[0][1] == 1
            lone = lone and (scaled or abs(term.number) == 1)
            parts = self._sums.get(term.powers[0][0]) if lone else None
            if parts:
                opened += [Term(term.number * part, powers) for powers, part in parts.items()]
            else:
                opened.append(term)
        return total(opened)

    def _added(self, parts: Sum, whole: Operand | None = None) -> Term:
        """A sum as a product: of a single base, if there are several terms."""
        if len(parts) < 2:
            return next(iter(listed(parts)), Term(ZERO))
        key = frozenset(parts.items())
        if key not in self._known:
            self._known[key] = self._sum(listed(parts)) if whole is None else whole
        node = self._known[key]
        if isinstance(node, Value) and len(parts) <= LIMIT:
            self._sums.setdefault(node, parts)
        return self._base(node)

    def _sum(self, terms: list[Term]) -> Operand:
        """A sum as a Value, that begins without a minus if it can."""
        first = next((place for place, term in enumerate(terms) if term.number > 0), 0)
        result = self.product(terms.pop(first))
        for term in terms:
            op = ops.add if term.number > 0 else ops.subtract
            size = term._replace(number=abs(term.number))
            result = self._applied(op, (result, self.product(size)))
        return result

    def _length(self, way: tuple[Term, Sum]) -> int:
        """How many characters a factor and a sum take, roughly."""
        factor, inner = way
        outside = 0 if factor == Term(ONE) else self._width(factor)
        terms = listed(inner)
        # In parentheses a fraction is one too many.
        fractions = sum(t.number.denominator > 1 or any(e < 0 for _, e in t.powers) for t in terms)
        return sum(self._width(t) + 3 for t in terms) + (
            outside + 5 + 9 * fractions if outside else 0
        )

    def _width(self, term: Term) -> int:
        if not term.powers:  # a constant is written as one number
            return len(digits_of(float(term.number)))
        upper, lower = numerals(abs(term.number), any(e < 0 for _, e in term.powers))
        width = sum(len(digits_of(number)) + 3 for number in (upper, lower) if number != 1.0)
        for base, exponent in term.powers:
            around = 2 if base in self._sums else 0
            raised = 0 if abs(exponent) == 1 else 4 + len(digits_of(abs(float(exponent))))
            width += self._sizes[base] + around + raised + 3
        return width + (2 if sum(e < 0 for _, e in term.powers) + (lower != 1.0) > 1 else 0)
