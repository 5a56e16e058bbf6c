"""The two passes of backpropagation, one moment after the other, each in words."""

from collections.abc import Iterator, Sequence
from math import isnan
from typing import NamedTuple

from autograd.edges import Edge
from autograd.explain import guesses, reasons, sections
from autograd.explain.document import line
from autograd.explain.guesses import Guess
from autograd.explain.partials import Partials
from autograd.explain.sweep import sweep
from autograd.notation.labels import Labels
from autograd.value import Value


class Moment(NamedTuple):
    """One number is found, in the forward pass or in the backward pass."""

    node: Value
    """Whose number it is."""
    said: str
    """How it comes about: the formula, then with numbers."""
    number: float | None
    """The data, in the forward pass; in the backward pass the gradient as far as it has been added
    up, None if nothing has been added yet."""
    backward: bool = False
    edge: Edge[Value] | None = None
    """The use along which something flows back, or would but for a selection."""
    guesses: Sequence[Guess] = ()
    """The numbers of single mistakes."""


def moments(order: Sequence[Value], labels: Labels[Value]) -> list[Moment]:
    """The moments of a graph.

    Args:
        order: its nodes in topological order, the root last.
        labels: of the nodes.
    """
    return [*_forward(order, labels), *_backward(order, labels)]


def _forward(order: Sequence[Value], labels: Labels[Value]) -> Iterator[Moment]:
    for node in order:
        if node.op is None:
            yield Moment(node, f"{labels.equation(node).text} is given.", node.data)
            continue
        said = line(sections.value(node, labels))
        if isnan(node.data) and not any(
            isinstance(x, Value) and isnan(x.data) for x in node.operands
        ):
            said += ". This is where a nan comes from."
        yield Moment(node, said, node.data, guesses=guesses.of_value(node))


def _backward(order: Sequence[Value], labels: Labels[Value]) -> Iterator[Moment]:
    root, partials, additions = order[-1], Partials(labels), guesses.Additions()
    _, steps = sweep(order)
    said = f"{line(sections.seed(root, labels))}: backpropagation begins."
    yield Moment(root, said, 1.0, True, guesses=guesses.of_seed(root))
    for step in steps:
        said = line(sections.addition(step, labels, partials))
        for kink in reasons.kinks([step.edge], labels):
            said += f". Here {line(kink)}"
        wrong = () if step.edge.cut else additions(step)
        yield Moment(step.edge.operand, said, step.total, True, step.edge, wrong)
