"""The steps of a computation that a picture shows, copied from the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any, NamedTuple, TypeAlias

from autograd.diagram import palette
from autograd.edges import Edge, edges, flows, uses
from autograd.freshness import outdated
from autograd.graph import backward_sweep, sort, topological_order
from autograd.op import Op
from autograd.quiet import quiet
from autograd.value import Value


class Mark(NamedTuple):
    """A note beside the number of a gradient or a local derivative."""

    text: str
    color: str
    hint: str = ""
    """All the words, where they may be many: the text is cut then."""


OUTDATED = Mark("outdated: call forward()", palette.DOUBTFUL)
"""The mark of Values that were computed from other numbers than their operands have now."""
Marks = Mapping[Value | tuple[Value, int], Sequence[Mark]]
"""Marks on the gradients of Values, and on their derivatives with respect to the first operand, the
second, …, which have the numbers 0, 1, …
"""


@dataclass(eq=False, slots=True, repr=False)
class Step:
    """A Value as it was when it was drawn, or a part of one that is drawn as several steps."""

    op: Op | None
    operands: Sequence[Step | float]
    partials: Sequence[float]
    data: float
    grad: float
    name: str | None = None
    reached: bool = False
    """Whether the backward sweep from the root gets here; a selection may cut the way."""
    alive: bool = False
    """Whether the sweep can bring anything but 0."""
    marks: Sequence[Mark] = ()
    arrow_marks: Mapping[int, Sequence[Mark]] = field(default_factory=dict)

    def flow(self, index: int) -> tuple[float, bool]:
        """The contribution to the gradient of an operand, and whether it can be other than 0."""
        step: Any = self  # it has all that an edge needs of a Value
        edge: Edge[Any] = Edge(step, index, step.operands[index], self.partials[index])
        if not self.reached or edge.cut:
            return 0.0, False
        return self.grad * edge.partial, _lives(edge, self.alive)


Use: TypeAlias = tuple[Step, int]
"""An operation, and which of its operands is meant."""


def _lives(edge: Edge[Any], alive: bool) -> bool:
    """Whether the sweep can bring anything but 0 to an operand; `alive` says so of the node."""
    return (alive and edge.partial != 0.0) or isnan(edge.node.grad * edge.partial)


def steps(
    roots: Sequence[Value],
    *,
    expand: bool,
    marks: Marks,
    gradients: Mapping[Value, float] | None = None,
) -> tuple[list[Step], list[Step]]:
    """The steps up to the roots, in topological order, and those of the roots.

    With `expand`, dot products and sums become multiplications and additions. `gradients` are shown
    instead of those that the Values have.
    """
    order = sort(*roots)
    alive = dict.fromkeys(roots, True)  # what is reached, and whether anything but 0 gets there
    for edge, lives in flows(uses(order), alive):
        alive[edge.operand] = alive.get(edge.operand, False) or _lives(edge, lives)
    stale = set(outdated(order))
    made: dict[Value, Step] = {}
    result = []
    for node in order:
        step = Step(
            node.op,
            [made[x] if isinstance(x, Value) else x for x in node.operands],
            node.partials,
            node.data,
            float(node.grad) if gradients is None else gradients.get(node, 0.0),
            node.name,
            node in alive,
            alive.get(node, False),
            [OUTDATED] if node in stale else marks.get(node, ()),
        )
        if marks:
            step.arrow_marks = {
                edge.place: marks[node, edge.place]
                for edge in edges(node)
                if (node, edge.place) in marks
            }
        result += _expansion(step) if expand else [step]
        made[node] = result[-1]
    return result, [made[root] for root in roots]


def _operands(node: Value) -> Iterable[Value]:
    return [edge.operand for edge in edges(node)]


@quiet
def _expansion(step: Step) -> list[Step]:
    """A dot product or a sum as the steps that it stands for; any other step as it is.

    The last of them has the value of the whole, which is rounded more carefully than a chain.
    """
    if step.op is None or step.op.expanded is None or not step.operands:
        return [step]
    twins = [x if isinstance(x, float) else Value(x.data) for x in step.operands]
    whole = step.op.expanded(*twins)
    given = zip(twins, step.operands, strict=True)
    made = {twin: operand for twin, operand in given if isinstance(twin, Value)}
    if isinstance(whole, float) or whole in made:
        return [step]
    parts = [node for node in topological_order(whole) if node not in made]
    parts.sort(key=lambda node: not made.keys() >= set(_operands(node)))  # products, then sums
    adjoints: dict[Any, Any] = {**dict.fromkeys([*made, *parts]), whole: step.grad}
    backward_sweep(adjoints)
    result: list[Step] = []
    for node in parts:
        operands = [x if isinstance(x, float) else made[x] for x in node.operands]
        part = Step(node.op, operands, node.partials, node.data, adjoints[node])
        part.reached, part.alive = step.reached, step.alive
        result.append(part)
        made[node] = part
    marked = {step.operands[index]: marks for index, marks in step.arrow_marks.items()}
    for part in result:
        places = {x: index for index, x in enumerate(part.operands)}
        part.arrow_marks = {places[x]: marks for x, marks in marked.items() if x in places}
    result[-1].data, result[-1].name, result[-1].marks = step.data, step.name, step.marks
    return result
