"""Local derivatives as formulas in the labels of the operands."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from autograd.expression.simplify import merged, simplified
from autograd.graph import constants, number
from autograd.notation.labels import Labels
from autograd.notation.writing import Written, applied
from autograd.quiet import quietly
from autograd.value import Value

LONGEST_PARTIAL = 60
"""How long the formula of a local derivative may be; if longer, its number stands alone."""


class Partials:
    """Writes the derivative of a node with respect to one of its operands."""

    def __init__(self, labels: Labels[Value]) -> None:
        self._labels = labels
        self._known: dict[Value, tuple[Sequence[Any], Mapping[Value, Written]] | None] = {}

    def __call__(self, node: Value, index: int) -> Written:
        """The formula, or the number if there is no short formula."""
        if node not in self._known:
            self._known[node] = self._differentiated(node)
        known, number = self._known[node], self._labels.number(node.partials[index])
        if known is None or isnan(node.partials[index]):  # the formula may be defined there
            return number
        formulas, labels = known
        (partial,) = simplified([formulas[index]])
        if not isinstance(partial, Value):
            return number
        written = dict(labels)
        for step in merged([partial]):
            if step.op is not None:
                operands = [
                    written[x] if isinstance(x, Value) else self._labels.number(x)
                    for x in step.operands
                ]
                written[step] = applied(step.op, step.operands, operands)
                if len(written[step].text.text) > LONGEST_PARTIAL:
                    return number
        return written[partial]

    def _differentiated(self, node: Value) -> tuple[Sequence[Any], Mapping[Value, Written]] | None:
        """The derivatives with respect to leaves that stand for the operands, and their labels."""
        assert node.op is not None
        twins = {x: Value(x.data) for x in node.operands if isinstance(x, Value)}
        out = Value(node.data)
        arguments = [twins[x] if isinstance(x, Value) else x for x in node.operands]
        labels = {twin: self._labels[x] for x, twin in twins.items()}
        labels[out] = self._labels[node]
        try:
            slopes = quietly(node.op.taught, out, arguments, constants(node))
        except Exception:  # a custom operation, whose partials are for floats only
            return None
        pairs = zip(slopes, node.partials, node.operands, strict=True)
        if node.op.selects and any(number(z) != p for z, p, x in pairs if isinstance(x, Value)):
            return None  # a tie, which textbooks do not mention
        return slopes, labels
