"""The catalogue of mistakes that people make at one node: wrong partial derivatives, each with its
name.

It is about particular operations, so they are named: nobody forgets the mask of a sine.
"""

from collections.abc import Iterator, Sequence
from math import isnan, nan

from autograd import ops
from autograd.catalogue.patterns import terms_of
from autograd.edges import Edge
from autograd.graph import arguments
from autograd.rounding import attempt
from autograd.value import Value

FACTORS = (
    ("the factor 2 is missing", 0.5),
    ("there is an extra factor 2", 2.0),
    ("a sign is flipped", -1.0),
    ("a gradient is forgotten", 0.0),
)
"""The factors by which any derivative may be wrong."""


def wrong_partials(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """The partial derivatives of a node with each of the classic mistakes."""
    op, right = node.op, node.partials
    if op is None:
        return
    data = arguments(node)
    live = [isinstance(x, Value) for x in node.operands]
    count = len(data)
    if op is ops.relu:
        yield "the mask of relu is missing", [1.0]
        yield "the mask of relu is inverted", [1.0 - right[0]]
        yield "the mask of relu is >= instead of >", [float(data[0] >= 0.0)]
    elif op is ops.abs:
        yield "the sign of the absolute value is missing", [1.0]
    elif op in (ops.maximum, ops.minimum, ops.max, ops.min, ops.clip) and count > 1:
        yield f"the selection of {op.name} is missing", [float(x) for x in live]
        inverted = [float(x) - slope for x, slope in zip(live, right, strict=True)]
        yield f"the selection of {op.name} is inverted", inverted
    elif op is ops.where:
        yield "the selection of where is missing", [0.0, 1.0, 1.0]
        yield "the branches of where are exchanged", [0.0, right[2], right[1]]
    elif op is ops.multiply:
        if all(live):
            yield "the operands of a product are swapped", data
            yield from _one_sided(node)
        else:
            factor = data[live.index(False)]
            yield _missing(factor), [1.0, 1.0]
    elif op is ops.dot:
        yield "weights and inputs are exchanged in a dot product", data
        yield "the factors of a dot product are missing", [1.0] * count
        yield from _one_sided(node)
    elif op is ops.divide and not live[1]:
        what = f"the division by {data[1]:g} is forgotten"
        if _count(node.operands[0]) == data[1]:
            what = "a division is forgotten (sum for mean)"
        yield what, [1.0, 0.0]
    elif op is ops.mean:
        yield "a division is forgotten (sum for mean)", [1.0] * count
    elif op is ops.sum:
        yield "there is an extra division (mean for sum)", [1.0 / count] * count
    elif op is ops.power and not live[1]:
        yield _missing(data[1]), [right[0] / data[1] if data[1] else 0.0, 0.0]
        yield "the derivative of a power is forgotten", [1.0, 0.0]
    elif op is ops.square:
        yield _missing(2.0), [data[0]]
        yield "the derivative of a power is forgotten", [1.0]
    elif count == 1 and op is not ops.negative and op.spoken:
        yield f"the derivative of {op.name} is forgotten", [1.0]
        swapped = attempt(op.differentiate, node.data, [node.data])
        if swapped:
            yield f"the output of {op.name} is used where its input belongs", [float(swapped[0])]
        marked = attempt(op.taught, nan, data)
        wrong = attempt(op.taught, data[0], data)
        if wrong and marked and isnan(marked[0]):  # the formula is written with the output
            yield f"the input of {op.name} is used where its output belongs", [float(wrong[0])]


def _one_sided(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """A product of which one side counts twice, as for a quadratic form of a symmetric matrix: one
    side of the product is computed from the other.
    """
    middle = len(node.operands) // 2
    sides = node.operands[:middle], node.operands[middle:]
    within = [{id(y) for x in side if isinstance(x, Value) for y in x.operands} for side in sides]
    if not any(id(x) in within[1 - i] for i, side in enumerate(sides) for x in side):
        return
    nothing, twice = [0.0] * middle, [2.0 * x for x in node.partials]
    for side, partials in (
        ("first", [*twice[:middle], *nothing]),
        ("second", [*nothing, *twice[middle:]]),
    ):
        kind = f"the derivative of a product is twice that of its {side} factor"
        yield f"{kind} (as if a matrix were symmetric)", partials


def wrong_slopes(edge: Edge[Value]) -> Iterator[tuple[str, float]]:
    """Wrong partial derivatives of a node with respect to one of its operands."""
    op, operands = edge.node.op, edge.node.operands
    if op is ops.multiply and isinstance(operands[1 - edge.place], Value):
        yield "the other factor of a product is missing", 1.0
    elif op is ops.divide and edge.place == 0 and isinstance(operands[1], Value):
        yield "the division is missing", 1.0


def _count(node: Value | float) -> int:
    """How many terms a sum has, of numbers or of products; 1 if it is none."""
    dots = [x for x in terms_of(node) if isinstance(x, Value) and x.op is ops.dot]
    others = [x for x in terms_of(node) if isinstance(x, Value) and x.op is not ops.dot]
    return sum([len(x.operands) // 2 for x in dots]) + len(others)


def _missing(factor: float) -> str:
    if factor == -1.0:
        return "a sign is flipped"
    if factor == 0.0:
        return "a factor 0, a mask, is missing"
    return f"the factor {factor:g} is missing"
