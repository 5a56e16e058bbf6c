"""The chain rule worked through, with the numbers of a graph."""

from collections.abc import Sequence

from autograd.edges import Edge
from autograd.explain import chain, reasons, sections
from autograd.explain.document import (
    Section,
    Words,
    as_latex,
    as_markdown,
    as_text,
)
from autograd.explain.partials import Partials
from autograd.explain.paths import Paths
from autograd.explain.sweep import Accumulation, sweep
from autograd.graph import require_value, topological_order
from autograd.notation.labels import Labels
from autograd.notation.numbers import DIGITS
from autograd.notation.writing import Math
from autograd.reals import kind_of, whole
from autograd.silence import recorded
from autograd.value import Value

__all__ = ["Explanation", "explain"]


@recorded
def explain(
    value: Value, wrt: Value | None = None, *, paths: int = 8, steps: int = 40
) -> "Explanation":
    """Work through how a derivative comes about, as on a board, with the numbers of this graph.

    With `wrt`: the values step by step, the local derivatives, then the chain rule along every path
    that leads from `value` back to `wrt`: symbols, formulas, numbers. Without: the values, and the
    backward pass, addition by addition in the order in which it happens. In either case, words say
    where a selection such as `relu` cuts a path, where a derivative is a convention because an
    operation is at a kink, and where a nan or an infinity comes from.

    A Value without a name is called by its formula, such as `relu(z)`, if that is short, otherwise
    u, v or u1, u2, ….
    Nothing is changed, neither data nor `grad`.

    Args:
        value: what is differentiated.
        wrt: what it is differentiated with respect to; by default everything.
        paths: how many paths are shown, those that contribute most. The others are counted and
            added up, however many there are.
        steps: how many values and how many derivatives are shown, half of them from either end.

    Raises:
        TypeError: if `value` or `wrt` is not a Value, or a limit is not a whole number.
        ValueError: if a limit is less than 1.

    Example:
        >>> from autograd import Value, explain, relu
        >>> w, x, b = Value(2.0, name="w"), Value(3.0, name="x"), Value(1.0, name="b")
        >>> z = (w * x + b).named("z")
        >>> print(explain((relu(z) ** 2).named("loss"), w))
        Forward
          Given w = 2, x = 3, b = 1.
          w * x = 2 * 3 = 6
          z = w * x + b = 6 + 1 = 7
          relu(z) = relu(7) = 7
          loss = relu(z) ** 2 = 7 ** 2 = 49
        <BLANKLINE>
        Local derivatives
          dloss/d(relu(z)) = 2 * relu(z) = 14
          d(relu(z))/dz = (z > 0) = 1
          dz/d(w * x) = 1
          d(w * x)/dw = x = 3
        <BLANKLINE>
        The chain rule
          dloss/dw = dloss/d(relu(z)) · d(relu(z))/dz · dz/d(w * x) · d(w * x)/dw
                   = (2 * relu(z)) · (z > 0) · 1 · x
                   = 14 · 1 · 1 · 3 = 42
    """
    require_value(value, "explain")
    if wrt is not None and not isinstance(wrt, Value):
        hint = ": give one element of it, such as w[0]" if hasattr(wrt, "__getitem__") else ""
        raise TypeError(f"wrt must be a Value, not {kind_of(wrt)}{hint}")
    paths, steps = whole(paths, "paths", 1), whole(steps, "steps", 1)
    order = topological_order(value)
    adjoints, flows = sweep(order)
    labels = Labels(order, () if wrt is None or wrt in set(order) else (wrt,), symbols=True)
    if wrt is None:
        return _of_everything(order, adjoints, flows, labels, steps)
    return _of_one(order, wrt, adjoints, flows, labels, paths, steps)


class Explanation:
    """The result of `explain()`: it prints as text, and a notebook shows it by itself.

    Example:
        >>> from autograd import Value, explain
        >>> x = Value(3.0, name="x")
        >>> explanation = explain((x ** 2).named("y"), x)
        >>> explanation
        <Explanation of dy/dx = 6>
        >>> print(explanation.markdown().splitlines()[0])
        ### Forward
    """

    def __init__(self, title: str, sections: Sequence[Section]) -> None:
        self._title = title
        self._sections = sections

    def __repr__(self) -> str:
        return f"<Explanation of {self._title}>"

    def __str__(self) -> str:
        return as_text(self._sections)

    def markdown(self) -> str:
        """The explanation in Markdown, with formulas in LaTeX between dollar signs."""
        return as_markdown(self._sections)

    def latex(self) -> str:
        """The explanation in LaTeX for a paper, with the packages amsmath and amssymb."""
        return as_latex(self._sections)

    def _repr_markdown_(self) -> str:
        return self.markdown()


def _of_everything(
    order: Sequence[Value],
    adjoints: dict[Value, float],
    flows: Sequence[Accumulation],
    labels: Labels[Value],
    steps: int,
) -> Explanation:
    root, partials = order[-1], Partials(labels)
    parts = [Section("Forward", [*sections.forward(order, labels, steps)])]
    backward = sections.backward(flows, root, labels, partials, steps)
    parts.append(Section("Backward", [*backward]))
    parts.append(Section("Gradients", [*sections.gradients(order, adjoints, labels, steps)]))
    said = reasons.kinks([step.edge for step in flows], labels)
    said += reasons.outdated(order, labels)
    _remark(parts, said, order, adjoints, labels)
    return Explanation(labels.equation(root).text, parts)


def _of_one(
    order: Sequence[Value],
    wrt: Value,
    adjoints: dict[Value, float],
    flows: Sequence[Accumulation],
    labels: Labels[Value],
    limit: int,
    steps: int,
) -> Explanation:
    root = order[-1]
    total = 1.0 if wrt is root else adjoints.get(wrt, 0.0)
    symbol, number = labels.derivative(root, wrt), labels.number(total).math()
    title = f"{symbol.text} = {number.text}"
    result = Math(title, f"{symbol.latex} = {number.latex}")
    parts = [Section("Forward", [*sections.forward(order, labels, steps)])]
    said: list[Words] = []
    paths = Paths(order, wrt)
    if wrt is root:
        parts.append(
            Section(
                "The chain rule", [[result, ": the derivative of a Value with respect to itself."]]
            )
        )
    elif root not in paths.edges:
        names = [x.math() for x in (labels[root], labels[wrt])]
        because: Words = [names[0], " was not computed from ", names[1], ", so ", result, "."]
        parts.append(Section("The chain rule", [because]))
    else:
        partials = Partials(labels)
        edges = [edge for node in reversed(order) for edge in paths.edges.get(node, ())]
        local = sections.local(edges, labels, partials, steps, curly=paths.count > 1)
        parts.append(Section("Local derivatives", [*local]))
        listed = paths.largest(limit)
        rule = chain.chain_rule(paths, listed, wrt, total, labels, partials)
        parts.append(Section("The chain rule", [item for item, _ in rule]))
        reached = [step.edge for step in flows if step.edge.operand in paths.counts]
        said += _cuts(reached, wrt, wrt in adjoints, labels)
        said += reasons.kinks(reached, labels)
    said += reasons.outdated(order, labels)
    _remark(parts, said, order, adjoints, labels)
    return Explanation(title, parts)


def _cuts(
    edges: Sequence[Edge[Value]], wrt: Value, flows: bool, labels: Labels[Value]
) -> list[Words]:
    """Sentences on where the paths are cut: all of them, or some."""
    name = labels[wrt].math()
    result: list[Words] = []
    for edge in edges:
        if edge.cut:
            why = reasons.cut(edge, labels)
            end = [", so nothing flows back along this path."]
            result.append(
                ["Cut: ", *why, *end] if flows else ["No gradient reaches ", name, ": ", *why, "."]
            )
    return reasons.several(result, lambda more: [f"… and {more:,} more such cuts."])


def _remark(
    parts: list[Section],
    said: list[Words],
    order: Sequence[Value],
    adjoints: dict[Value, float],
    labels: Labels[Value],
) -> None:
    """Add the remarks in words, if there are any."""
    if origin := reasons.origin(order, adjoints, labels):
        said.append(origin)
    if labels.number.rounded:
        said.append([f"Numbers are rounded to {DIGITS} digits."])
    if said:
        parts.append(Section("Remarks", said))
