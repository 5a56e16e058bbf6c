"""The catalogue of mistakes in the value of a node: wrong numbers, each with its name."""

from collections.abc import Callable, Iterable, Iterator
from math import fsum, nan
from typing import Any

from autograd import ops
from autograd.graph import arguments
from autograd.rounding import attempt
from autograd.value import Value


def wrong_values(node: Value) -> Iterator[tuple[str, float]]:
    """The value of a node with each of the mistakes that people make at such an operation."""
    op, data = node.op, arguments(node)
    if op is None:
        return
    if op is ops.relu:
        yield "relu lets a negative number through", data[0]
        yield "relu stops a positive number", 0.0
    elif op is ops.abs:
        yield "the sign is kept", data[0]
    elif op in (ops.power, ops.square):
        exponent = data[1] if op is ops.power else 2.0
        yield "the base is multiplied by the exponent", data[0] * exponent
        yield "the power is forgotten", data[0]
        yield "base and exponent are exchanged", _number(lambda: exponent ** data[0])
    elif op is ops.multiply:
        yield "the factors are added", data[0] + data[1]
    elif op is ops.add:
        yield "the second term is subtracted", data[0] - data[1]
        yield "the terms are multiplied", data[0] * data[1]
    elif op is ops.subtract:
        yield "the two are exchanged", data[1] - data[0]
        yield "the second term is added", data[0] + data[1]
    elif op is ops.divide:
        yield "numerator and denominator are exchanged", _number(lambda: data[1] / data[0])
        yield "the two are multiplied", data[0] * data[1]
    elif op is ops.dot:
        middle = len(data) // 2
        products = [x * y for x, y in zip(data[:middle], data[middle:], strict=True)]
        total = _sum(products)
        yield "the factors are added, not multiplied", _sum(data)
        yield "the signs of the products are ignored", _sum(map(abs, products))
        for place, product in enumerate(products, 1):
            yield f"product {place} is left out", total - product
            yield f"the sign of product {place} is flipped", total - 2.0 * product
    elif op in (ops.sum, ops.mean):
        total, count = _sum(data), len(data) - 1.0 if op is ops.mean else 1.0
        yield "the division is forgotten (sum for mean)", total
        yield "there is an extra division (mean for sum)", total / len(data) if data else nan
        for place, x in enumerate(data, 1):
            yield f"term {place} is left out", (total - x) / count if count else nan
    elif op in (ops.maximum, ops.minimum, ops.max, ops.min):
        for x in data:
            yield f"{op.name} picks another operand", x
    elif len(data) == 1 and op is not ops.negative:
        yield f"{op.name} is forgotten", data[0]
        yield f"the derivative of {op.name} is taken for its value", node.partials[0]
    yield "a sign is flipped", -node.data


def _number(compute: Callable[[], Any]) -> float:
    """A number that there may not be: of a division by 0, say."""
    found = attempt(compute)
    return found if isinstance(found, float) else nan


def _sum(numbers: Iterable[float]) -> float:
    """A sum that there may not be: of infinities, say."""
    return _number(lambda: fsum(numbers))
