"""Derivative graphs without the gates that only keep 0 times infinity from becoming nan.

`autograd.derivative` lets what flows below a selection through a gate, `where(z > 0, flow, 0)`. The
flow itself is a product with the indicator `z > 0`, so to a reader the gate says nothing new.
"""

from collections.abc import Collection, Sequence

from autograd.expression.simplify import Operand, merged
from autograd.op import Op
from autograd.quiet import quiet
from autograd.value import Value


@quiet
def without_gates(roots: Sequence[Operand]) -> list[Operand]:
    """The same graphs, but for the gates."""
    made: dict[Value, Value] = {}
    indicators: set[Value] = set()
    """The nodes that are made of indicators and numbers alone: no user can record one."""
    closing: set[Value] = set()
    """The nodes that are 0 where an indicator in them is."""
    for node in merged(roots):
        op = node.op
        if op is None:
            made[node] = node
            continue
        given = node.operands
        operands = [made[x] if isinstance(x, Value) else x for x in given]
        if op.condition and operands[0] in indicators and not node.name:
            gate, flow, otherwise = operands
            zero = isinstance(otherwise, float) and otherwise == 0.0
            if zero and isinstance(flow, Value) and flow in closing:
                made[node] = flow
                continue
            if zero and isinstance(flow, float) and flow == 1.0 and isinstance(gate, Value):
                made[node] = gate  # where(z > 0, 1, 0)
                continue
        same = all(x is y for x, y in zip(operands, given, strict=True))
        new = made[node] = node if same else Value._record(op, operands).named(node.name)
        arithmetic = op.operator is not None or op.condition
        known = all(x in indicators for x in operands if isinstance(x, Value))
        if (op.selects and not op.public) or (arithmetic and known):
            indicators.add(new)
        if new in indicators or _closes(op, operands, closing):
            closing.add(new)
    return [made[x] if isinstance(x, Value) else x for x in roots]


def _closes(op: Op, operands: Sequence[Operand], closing: Collection[Value]) -> bool:
    """Whether an operation is 0 where these operands are."""
    inside = [isinstance(x, Value) and x in closing for x in operands]
    if op.sums:
        return all(inside)
    factors = {"*": inside, "/": inside[:1], "-": inside[:1]}
    return any(factors.get(op.operator or "", ()))
