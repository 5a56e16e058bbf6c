"""The sections of an explanation: the forward values, the local derivatives, the backward pass."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from autograd.edges import Edge
from autograd.explain.document import Equation, Words
from autograd.explain.partials import Partials
from autograd.explain.paths import use
from autograd.explain.reasons import cut
from autograd.explain.sweep import Accumulation
from autograd.notation.labels import Labels
from autograd.notation.writing import Math, joined
from autograd.value import Value

Item = Words | Equation
T = TypeVar("T")

TIMES = Math(" × ", r" \times ")
EQUALS, SO = Math(" = ", " = "), Math(", so ", r", \text{ so } ")
LEAVES = 12
"""How many of the given numbers are written."""


def limited(
    items: Sequence[T], limit: int, what: str, write: Callable[[T], Sequence[Item]]
) -> Iterator[Item]:
    """The first and the last of many items, with a note on those left out in between."""
    last = limit // 2 if len(items) > limit else 0
    first = limit - last
    for item in items[:first]:
        yield from write(item)
    if len(items) > limit:
        yield [f"… and {len(items) - limit:,} more {what} …"]
    for item in items[len(items) - last :] if last else ():
        yield from write(item)


def equal(*parts: Math) -> Math:
    """Parts with an equals sign between them, none twice in a row."""
    kept = [x for index, x in enumerate(parts) if index == 0 or x.text != parts[index - 1].text]
    return joined(kept, EQUALS)


def forward(order: Sequence[Value], labels: Labels[Value], limit: int) -> Iterator[Item]:
    """The values, step by step."""
    leaves = [node for node in order if node.op is None]
    given: list[str | Math] = []
    for leaf in leaves[:LEAVES]:
        given += ", " if given else "Given ", labels.equation(leaf)
    if len(leaves) > LEAVES:
        given.append(f" and {len(leaves) - LEAVES:,} more")
    if given:
        yield [*given, "."]

    computed = [node for node in order if node.op]
    yield from limited(computed, limit, "steps", lambda node: [value(node, labels)])


def value(node: Value, labels: Labels[Value]) -> Equation:
    """How a number is computed: the formula, then with the numbers of the operands."""
    left, number = labels[node].math(), labels.number(node.data).math()
    parts = [labels.formula(node).math(), labels.with_numbers(node).math(), number]
    if parts[0].text == left.text:
        del parts[0]
    return Equation(left, "=", equal(*parts))


def local(
    edges: Sequence[Edge[Value]], labels: Labels[Value], partials: Partials, limit: int, curly: bool
) -> Iterator[Item]:
    """The local derivatives: symbol, formula, number."""

    def write(edge: Edge[Value]) -> Sequence[Item]:
        symbol = labels.derivative(edge.node, edge.operand, curly, use(edge))
        formula = partials(edge.node, edge.place).math()
        return [Equation(symbol, "=", equal(formula, labels.number(edge.partial).math()))]

    yield from limited(edges, limit, "local derivatives", write)


def grad(node: Value, labels: Labels[Value]) -> Math:
    """The symbol of the gradient that is accumulated at a node."""
    text, latex = labels[node].math()
    return Math(f"grad({text})", rf"\operatorname{{grad}}\left({latex}\right)")


def backward(
    steps: Sequence[Accumulation],
    root: Value,
    labels: Labels[Value],
    partials: Partials,
    limit: int,
) -> Iterator[Item]:
    """The additions to the gradients, in the order in which they happen."""
    yield seed(root, labels)
    yield from limited(steps, limit, "steps", lambda step: [addition(step, labels, partials)])


def seed(root: Value, labels: Labels[Value]) -> Equation:
    """With what the backward pass begins."""
    return Equation(grad(root, labels), "=", Math("1", "1"))


def addition(step: Accumulation, labels: Labels[Value], partials: Partials) -> Item:
    """The number that one use adds to the gradient of its operand, or why it adds nothing."""
    edge = step.edge
    if edge.cut:
        target = grad(edge.operand, labels)
        return ["Nothing is added to ", target, ": ", *cut(edge, labels), "."]
    local = partials(edge.node, edge.place).factor()
    numbers = joined(
        [labels.number(step.upstream).factor(), labels.number(edge.partial).factor()], TIMES
    )
    flow = labels.number(step.upstream * edge.partial).math()
    right = equal(joined([grad(edge.node, labels), local], TIMES), numbers, flow)
    if step.before is not None and step.total is not None:
        total = joined([grad(edge.operand, labels), labels.number(step.total).math()], EQUALS)
        right = joined([right, total], SO)
    return Equation(grad(edge.operand, labels), "+=", right)


def gradients(
    order: Sequence[Value], adjoints: dict[Value, float], labels: Labels[Value], limit: int
) -> Iterator[Item]:
    """The derivatives with respect to the leaves."""

    def write(leaf: Value) -> Sequence[Item]:
        number = labels.number(adjoints.get(leaf, 0.0)).math()
        return [Equation(labels.derivative(order[-1], leaf), "=", number)]

    yield from limited([node for node in order if node.op is None], limit, "gradients", write)
