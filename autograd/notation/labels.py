"""The labels of the nodes of a graph, in every report, picture and message.

A node with a name is called by it, and a root without one y. Any other node is called by its
formula, `w * x + b`. Where that is long, readers that list every step call it u, v or u1, u2, …, as
a textbook does; for others the formula is cut, `exp(…) * x`.
"""

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

from autograd.notation.names import Names, symbol
from autograd.notation.precedence import ATOM, Need, Text
from autograd.notation.writing import ELLIPSIS, Math, Numbers, Written, applied, joined, named
from autograd.op import Op

LONGEST = 12
"""How long a formula may be and still stand for a node, where a symbol can do so."""
LONGEST_ALONE = 30
"""How long it may be where none can."""
LONGEST_NAME = 40
SHORTEST = 6
"""How much room the inside of a formula must have to be shown in a longer one."""
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Named(Protocol):
    """The part of a node that its label depends on."""

    @property
    def op(self) -> Op | None: ...
    @property
    def operands(self) -> Sequence[Any]: ...
    @property
    def data(self) -> float: ...
    @property
    def name(self) -> str | None: ...


N = TypeVar("N", bound=Named)


class Labels(Generic[N]):
    """The labels of the nodes of a graph.

    Args:
        order: the nodes in topological order.
        others: nodes that are not in the graph.
        symbols: whether the reader lists every step, so that a symbol may stand for a long formula.
        longest: how long a formula may be; by default that depends on whether there are symbols.
        distinct: whether no two labels may be the same, and none very long; a picture shows which
            of its boxes is meant.
    """

    def __init__(
        self,
        order: Sequence[N],
        others: Collection[N] = (),
        *,
        symbols: bool = False,
        longest: int = 0,
        distinct: bool = True,
    ) -> None:
        self.number = Numbers()
        self._longest = longest or (LONGEST if symbols else LONGEST_ALONE)
        self._distinct = distinct
        nodes = list(dict.fromkeys((*order, *others)))
        names = Names({"inf", "nan"}, look=symbol, spell=_brief)
        own = {
            node: names.new(node.name)
            for node in sorted(nodes, key=lambda node: node.op is not None)
            if node.name
        }
        if not distinct:
            own = {node: node.name or "" for node in own}
        unnamed = [node for node in nodes if node.op is None and not node.name]
        own |= names.of_leaves(unnamed)
        if order and order[-1] not in own:
            own[order[-1]] = names.result()
        self._own = {node: named(name) for node, name in own.items()}
        self._written = dict(self._own)
        self._symbols: dict[N, Written] = {}
        formulas = [node for node in nodes if node not in own]
        numbered = filter(names.free, map("u{}".format, itertools.count(1)))
        count = self._label(formulas, numbered if symbols else None)
        if 0 < count <= 2:
            self._label(formulas, names.symbols(count))  # letters
        self.number.rounded = False  # nothing is shown yet

    def _label(self, nodes: Sequence[N], symbols: Iterator[str] | None) -> int:
        """Call nodes by their formulas or by symbols, and return how many symbols that took."""
        seen = Counter(x.text.text for x in self._own.values())
        count = 0
        for node in nodes:
            written = self.formula(node)
            long = len(written.text.text) > self._longest
            if symbols and (long or written.text.text in seen):
                self._symbols[node] = written
                written = named(next(symbols))
                count += 1
            elif long:
                written = self._cut(node, self._longest)
            seen[written.text.text] += 1
            if self._distinct and (times := seen[written.text.text]) > 1:
                written = _numbered(written, times)
            self._written[node] = written
        return count

    def _cut(self, node: N, longest: int) -> Written:
        """The formula of a node without the operands that make it long."""
        assert node.op is not None
        labels = [self[x] for x in node.operands]
        shorter = [self._shorter(x) for x in node.operands]
        operands: Sequence[N | float] = node.operands
        if node.op.arity is None:  # of a vector, the first element
            length = len(labels) // (2 if "#<" in node.op.text else 1)
            labels = [x for label in labels[:: length or 1] for x in (label, ELLIPSIS)]
            operands = [x for operand in operands[:: length or 1] for x in (operand, 0.0)]
            shorter = labels
        third = longest // 3
        inner = [
            x if len(x.text.text) <= third else self._inner(operand, third)
            for x, operand in zip(labels, operands, strict=True)
        ]
        for kept in (shorter, inner, [ELLIPSIS] * len(labels)):
            if node.op.arity is None and all(x is ELLIPSIS for x in kept):
                kept = kept[::2]
            written = applied(node.op, node.operands, kept)
            if len(written.text.text) <= longest:
                break
        return written

    def _inner(self, operand: N | float, longest: int) -> Written:
        """An operand of something long: what it is made of is rather cut than the whole."""
        if isinstance(operand, float) or operand in self._own or operand.op is None:
            return ELLIPSIS
        if longest < SHORTEST:
            return ELLIPSIS
        written = self._cut(operand, longest)
        return written if len(written.text.text) <= longest else ELLIPSIS

    def _shorter(self, operand: N | float) -> Written:
        """The label of an operand, with the vectors in it cut."""
        written = self[operand]
        if isinstance(operand, float) or operand in self._own or operand.op is None:
            return written
        vectors = operand.op.arity is None and len(written.text.text) > self._longest // 3
        return self._cut(operand, self._longest) if vectors else written

    def __getitem__(self, operand: N | float) -> Written:
        """The label of a node; a constant is written as it is."""
        if isinstance(operand, float):
            return self.number(operand)
        if operand not in self._written:  # an operand that is not in the graph
            return named(operand.name) if operand.name else ELLIPSIS
        return self._written[operand]

    def formula(self, node: N) -> Written:
        """The formula that a node is computed by."""
        assert node.op is not None
        return applied(node.op, node.operands, [self[x] for x in node.operands])

    def symbols(self, *texts: str) -> dict[str, str]:
        """The symbols that occur in some texts, and in these formulas, each with its formula."""
        words = set(_words(*texts))
        found = {}
        for node, formula in reversed(self._symbols.items()):
            symbol = self._written[node].text.text
            if symbol in words:
                found[symbol] = formula.text.text
                words.update(_words(formula.text.text))
        return dict(reversed(found.items()))

    def with_numbers(self, node: N) -> Written:
        """The same, with the numbers of the operands."""
        assert node.op is not None
        data = [x if isinstance(x, float) else x.data for x in node.operands]
        return applied(node.op, node.operands, [self.number(x) for x in data])

    def equation(self, operand: N | float) -> Math:
        """A node and its value, `z = -3.2`."""
        if isinstance(operand, float):
            return self.number(operand).math()
        equals = Math(" = ", " = ")
        return joined([self[operand].math(), self.number(operand.data).math()], equals)

    def second_derivative(self, of: N, wrt: N, also: N) -> str:
        """The symbol of a second derivative as text: `d²f/dxdy`, `d²f/dx²`."""
        above, first, second = (_variable(self[x]).text for x in (of, wrt, also))
        return f"d²{above}/d{first}²" if wrt is also else f"d²{above}/d{first}d{second}"

    def derivative(self, of: N, wrt: N, partial: bool = False, place: str = "") -> Math:
        """The symbol of a derivative; `place` tells two uses of `wrt` apart."""
        return derivative(self[of], self[wrt], partial, place)


def derivative(of: Written, wrt: Written, partial: bool = False, place: str = "") -> Math:
    """The symbol of a derivative, `dy/dx`, or `∂y/∂x[left]` with `partial` and a `place`."""
    above, below = _variable(of), _variable(wrt)
    d, latex_d = ("∂", r"\partial ") if partial else ("d", "d")
    if place:
        below = Math(f"{below.text}[{place}]", rf"{{{below.latex}}}_{{\text{{{place}}}}}")
    return Math(
        f"{d}{above.text}/{d}{below.text}",
        rf"\frac{{{latex_d}{above.latex}}}{{{latex_d}{below.latex}}}",
    )


def _words(*texts: str) -> Iterator[str]:
    """The words in some texts; `du1` is also u1."""
    for word in re.findall(r"\w+", " ".join(texts)):
        yield from (word, word.removeprefix("d"))


def _brief(name: str) -> str:
    """A name, cut where it is too long; nothing else is changed."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _numbered(written: Written, count: int) -> Written:
    """A label that stands for several nodes, for one of them."""
    text, latex = written.fitting(Need(ATOM))
    return Written(
        Text(text + str(count).translate(SUBSCRIPTS), ATOM),
        Text(rf"{{{latex}}}_{{{count}}}", ATOM),
    )


def _variable(written: Written) -> Math:
    """Something that is differentiated, in parentheses unless it is a name: `d(relu(z))/dx`."""
    text, latex = written.fitting(Need(ATOM))
    inside = any(sign in text for sign in "(/") and not text.startswith("(")
    return Math(f"({text})" if inside else text, latex)
