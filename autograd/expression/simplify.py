"""Graphs made simpler where that changes no bit of any result, whatever the data.

The identities of arithmetic, such as `1 * x = x`, are about particular operations, so these are
named here.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from autograd import ops
from autograd.graph import sort
from autograd.op import Op
from autograd.quiet import quiet
from autograd.value import Value

Operand = Value | float


def merged(roots: Iterable[Operand]) -> dict[Value, None]:
    """The graphs of all the roots in one topological order, in which a Value can be looked up."""
    return dict.fromkeys(sort(*[root for root in roots if isinstance(root, Value)]))


@quiet
def simplified(roots: Sequence[Operand], constants: Mapping[Value, float] = {}) -> list[Operand]:
    """Roots with the same results, but without the steps that nobody would write.

    Those are `1 * x`, `x / 1`, `x ** 1`, `x - 0`, `-(-x)`, `x + -y`, `x + -2`, steps with constants
    alone, and `0 + x` where x cannot be -0.0. Steps that were shared stay shared, and those with a
    name stay. The leaves `constants` keep the numbers that they have.
    """
    order = merged(roots)
    uses = Counter(x for node in order for x in node.operands if isinstance(x, Value))
    made: dict[Value, Operand] = {}
    once: set[Value] = set()
    known: set[Value] = set()
    for node in order:
        if node.op is None:
            made[node] = constants.get(node, node)
            continue
        given = node.operands
        operands = [made[x] if isinstance(x, Value) else x for x in given]
        named = node.name and any(isinstance(x, Value) for x in operands)
        simpler = None if named else _simpler(node.op, operands, once)
        if simpler is not None:
            made[node] = simpler
        elif all(x is y for x, y in zip(operands, given, strict=True)):
            made[node] = node
        else:
            made[node] = Value._record(node.op, operands).named(node.name)
        result = made[node]
        if isinstance(result, Value):
            if uses[node] == 1 and result not in known:
                once.add(result)
            else:
                once.discard(result)
            known.add(result)
    return [made[x] if isinstance(x, Value) else x for x in roots]


def _simpler(op: Op, operands: Sequence[Any], once: Collection[Value]) -> Operand | None:
    """A simpler equivalent of an operation, or None; `once` are the Values with one user."""
    if not any(isinstance(x, Value) for x in operands):
        return op.value(*operands)
    if op is ops.where:
        condition, x, y = operands
        return _picked(condition, x, y, once)
    if op is ops.identity:
        return _operand(operands[0])
    if op is ops.negative:
        return _negated(operands[0])
    if op.arity != 2:
        return None
    x, y = operands
    if op is ops.multiply:
        for factor, other in ((x, y), (y, x)):
            if _is(factor, 1.0):
                return _operand(other)
            if _is(factor, -1.0):
                return _negated(other) or -other
    elif op in (ops.divide, ops.power) and _is(y, 1.0):
        return _operand(x)
    elif op is ops.add:
        for term, other in ((x, y), (y, x)):
            if _is(term, -0.0) or (_is(term, 0.0) and other.op and other.op.unsigned):
                return _operand(other)
        if (negated := _negated(y)) is not None:
            return _operand(x - negated)
        if (negated := _negated(x)) is not None:
            return _operand(y - negated)
        if isinstance(y, float) and y < 0.0:
            return _operand(x - -y)
    elif op is ops.subtract:
        if _is(y, 0.0):
            return _operand(x)
        if isinstance(y, float) and y < 0.0:
            return _operand(x + -y)
        if (negated := _negated(y)) is not None:
            return _operand(x + negated)
    return None


def _picked(condition: Operand, x: Operand, y: Operand, once: Collection[Value]) -> Operand | None:
    """A simpler equivalent of a `where`: within x, the same condition is known to be true."""
    if isinstance(condition, float):
        return x if condition else y
    if isinstance(x, Value) and _chooses(x, condition) and isinstance(y, float):
        if _is(x.operands[2], y):
            return x
    elif isinstance(x, Value) and x.op is not None and x in once and not x.name:
        inner = [
            z.operands[1] if isinstance(z, Value) and z in once and _chooses(z, condition) else z
            for z in x.operands
        ]
        if any(z is not before for z, before in zip(inner, x.operands, strict=True)):
            return Value._record(ops.where, (condition, Value._record(x.op, inner), y))
    return None


def _chooses(node: Value, condition: Value) -> bool:
    return node.op is ops.where and not node.name and node.operands[0] is condition


def _is(x: Operand, number: float) -> bool:
    """Whether an operand is this constant, with the same sign if it is 0."""
    return isinstance(x, float) and repr(x) == repr(number)


def _negated(x: Operand) -> Operand | None:
    """The operand that another one was computed from by a change of sign; otherwise None."""
    if isinstance(x, Value) and x.op is ops.negative and not x.name:
        return x.operands[0]
    return None


def _operand(x: Any) -> Operand:
    assert isinstance(x, (Value, float))
    return x
