"""Derivatives of order 1 to 3 at the ends of domains, at infinity, 0 and kinks, and at any size.

Every operation of the table, every way of asking, against the limits of `limits.py`.
"""

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from limits import INF, KNOWN, Multi, arity, ends, truths

from autograd import Value, grad, hessian, hvp, jacobian, jvp, sqrt
from autograd.op import Op
from autograd.ops import TABLE

Operands = tuple[float, ...]

# --- Where --------------------------------------------------------------------------------------

SIGNS = (1.0, -1.0)
POWERS_OF_TEN = (105, 180, 300)  # where squares, cubes and fourth powers leave the range
SIZES = [sign * 10.0**e for p in POWERS_OF_TEN for e in (p, -p) for sign in SIGNS]
SPECIAL = [0.0, -0.0, INF, -INF, 1.0, -1.0, 1e-17, -1e-17]
NEAR_ONE = [sign * x for x in (1 - 2**-53, 1 + 2**-52, 1 - 1e-10, 1 + 1e-10) for sign in SIGNS]
ORDINARY = [sign * x for x in (0.5, 0.75, 2.5, 20.0, 40.0, 300.0, 710.0) for sign in SIGNS]

# What the other operands are.
BASES: dict[str, list[Operands]] = {
    "polygamma": [(0.0, 0.7), (1.0, -1.5), (2.0, 2.5)],
    "polygamma_difference": [(0.0, 0.7, 1.5), (1.0, 0.7, 1.5)],
    "round": [(2.5, 0.0), (-1.75, 1.0)],
    "leaky_relu": [(1.25, 0.1), (-1.5, 0.5)],
    "clip": [(0.5, 0.2, 0.9), (2.0, 1.0, 3.0), (0.5, 0.7, 1.0), (1.5, 0.7, 1.0)],
    "where": [(1.0, 0.7, 1.5), (0.0, 0.7, 1.5)],
}
BASES_BY_ARITY: dict[int, list[Operands]] = {
    2: [(0.3, 0.7), (-1.5, 2.0)],
    3: [(1.25, -0.7, 1.5)],
    4: [(1.25, 0.7, 1.5, -0.4)],
}


def points(op: Op) -> list[Operands]:
    """Every operand in turn at its special points, and every two of them together."""
    count = arity(op)
    if count == 1:
        outside = [x + sign for x, sign in zip(ends(op, 0), (-1.0, 1.0), strict=True)]
        return _distinct((x,) for x in (*SPECIAL, *NEAR_ONE, *ORDINARY, *SIZES, *outside))
    bases = BASES.get(op.name) or BASES_BY_ARITY[count]
    sizes = SIZES if count == 2 else SIZES[::5]
    found = []
    for base, index in itertools.product(bases, range(count)):
        ties = [x for i, x in enumerate(base) if i != index]
        found += [_replaced(base, {index: x}) for x in (*SPECIAL, *ties, *sizes)]
    for i, j in itertools.combinations(range(count), 2):
        values = (0.0, -0.0, INF, -INF) if count == 2 else (0.0, INF, -INF)
        corners = itertools.product(values, repeat=2)
        found += [_replaced(bases[0], {i: x, j: y}) for x, y in corners]
        for size in map(abs, sizes):
            pairs = [(size, size), (size, -size), (2.5 * size, -size), (size, 1e-3 * size)]
            found += [_replaced(bases[0], {i: x, j: y}) for x, y in pairs]
    return _distinct(found)


def _replaced(base: Operands, changes: dict[int, float]) -> Operands:
    return tuple(changes.get(index, x) for index, x in enumerate(base))


def _distinct(found: Any) -> list[Operands]:
    return list({repr(operands): operands for operands in found}.values())


DERIVATIVES = """
    sech2 gaussian normal_density normal_moment normal_density_bend length
    direction_among     inverse_mills inverse_mills_slope
    inverse_mills_bend gelu_gate gelu_gate_slope elu_slope softsign_slope softsign_bend
    huber_slope asin_slope acosh_slope atanh_slope cbrt_slope quotient_slope power_slope
    power_log power_mixed direction distance inversion ratio log_or_limit log1p_or_limit entr_slope
    logit_slope log1mexp_slope sinc_derivative erfinv_slope polygamma_difference
""".split()
"""Parts of derivatives, whose own higher ones are met in those of what they are parts of."""


def orders(op: Op) -> list[Multi]:
    """How often to differentiate with respect to each operand: 1 to 3 times one, once two."""
    count, most = arity(op), 1 if op.name in DERIVATIVES else 3
    alone = [
        tuple(times * (i == index) for i in range(count))
        for index in range(count)
        for times in range(1, most + 1)
    ]
    pairs = itertools.combinations(range(count), 2) if most > 1 else ()
    return alone + [tuple(int(i in pair) for i in range(count)) for pair in pairs]


# --- Every way of asking ------------------------------------------------------------------------
# `path` says which operand to differentiate with respect to, once for each order.


def _function(op: Op) -> Callable[..., Any]:
    def function(*xs: Any) -> Any:
        return Value._record(op, xs) if any(isinstance(x, Value) for x in xs) else op.value(*xs)

    return function


def _partial(function: Callable[..., Any], operands: Sequence[Any], index: int) -> Any:
    """A function of one operand, the others being constants."""
    return lambda x: function(*operands[:index], x, *operands[index + 1 :])


def by_partials(op: Op, operands: Operands, path: list[int]) -> Any:
    if len(path) == 1:
        return op.evaluate(operands)[1][path[0]]
    return None


def by_backward(op: Op, operands: Operands, path: list[int]) -> Any:
    nodes = [Value(x) for x in operands]
    out = Value._record(op, nodes)
    for index in path[:-1]:
        out = out.derivative(nodes[index])
    out.backward()
    return nodes[path[-1]].grad


def by_derivative(op: Op, operands: Operands, path: list[int]) -> Any:
    nodes = [Value(x) for x in operands]
    out = Value._record(op, nodes)
    for index in path:
        out = out.derivative(nodes[index])
    return out


def by_derivative_beside_constants(op: Op, operands: Operands, path: list[int]) -> Any:
    nodes = [Value(x) if index in path else x for index, x in enumerate(operands)]
    out = Value._record(op, nodes)
    for index in path:
        out = out.derivative(nodes[index])
    return out


def by_grad(op: Op, operands: Operands, path: list[int]) -> Any:
    function = _function(op)
    for index in path:
        function = grad(function, index)
    return function(*operands)


def _grad_of_all(function: Callable[..., Any], count: int, index: int) -> Callable[..., Any]:
    gradient = grad(function, tuple(range(count)))
    return lambda *xs: gradient(*xs)[index]


def by_grad_of_all(op: Op, operands: Operands, path: list[int]) -> Any:
    function = _function(op)
    for index in path:
        function = _grad_of_all(function, len(operands), index)
    return function(*operands)


def by_hessian(op: Op, operands: Operands, path: list[int]) -> Any:
    if len(path) == 1:
        return None
    if path[0] != path[1]:
        return hessian(_function(op), tuple(path))(*operands)[0][1]
    second = hessian(_function(op), path[0])
    return second(*operands) if len(path) == 2 else jacobian(second, path[2])(*operands)


def by_hvp(op: Op, operands: Operands, path: list[int]) -> Any:
    if len(path) == 1 or path[0] != path[1]:
        return None
    function, x = _partial(_function(op), operands, path[0]), operands[path[0]]
    if len(path) == 2:
        return hvp(function, (x,), (1.0,))
    return grad(lambda x: hvp(function, (x,), (1.0,)))(x)


def by_jvp_of_grad(op: Op, operands: Operands, path: list[int]) -> Any:
    function = _function(op)
    for index in path[:-1]:
        function = grad(function, index)
    index = path[-1]
    return jvp(_partial(function, operands, index), (operands[index],), (1.0,))[1]


def by_jvp_of_jvp(op: Op, operands: Operands, path: list[int]) -> Any:
    def along(function: Callable[..., Any], index: int) -> Callable[..., Any]:
        return lambda *xs: jvp(_partial(function, xs, index), (xs[index],), (1.0,))[1]

    function = _function(op)
    for index in path:
        function = along(function, index)
    return function(*operands)


WAYS = [
    by_partials,
    by_backward,
    by_derivative,
    by_derivative_beside_constants,
    by_grad,
    by_grad_of_all,
    by_hessian,
    by_hvp,
    by_jvp_of_grad,
    by_jvp_of_jvp,
]

# With a tangent for every operand, 0 but for one.


def _unit(count: int, index: int) -> tuple[float, ...]:
    return tuple(float(i == index) for i in range(count))


def by_hessian_of_all(op: Op, operands: Operands, path: list[int]) -> Any:
    if len(path) == 1:
        return None
    everything = tuple(range(len(operands)))
    matrix = hessian(_function(op), everything)
    if len(path) == 2:
        return matrix(*operands)[path[0]][path[1]]
    return jacobian(lambda *xs: matrix(*xs)[path[0]][path[1]], path[2])(*operands)


def by_hvp_of_all(op: Op, operands: Operands, path: list[int]) -> Any:
    if len(path) == 1:
        return None

    def product(*xs: Any) -> Any:
        return hvp(_function(op), xs, _unit(len(xs), path[1]))[path[0]]

    return product(*operands) if len(path) == 2 else grad(product, path[2])(*operands)


def by_jvp_of_all(op: Op, operands: Operands, path: list[int]) -> Any:
    function = _function(op)
    for index in path[:-1]:
        function = _grad_of_all(function, len(operands), index)
    return jvp(function, operands, _unit(len(operands), path[-1]))[1]


WAYS_WITH_ZERO_TANGENTS = [by_hessian_of_all, by_hvp_of_all, by_jvp_of_all]

# --- Right or wrong -----------------------------------------------------------------------------

SMALLEST_NORMAL = 2.0**-1022


def right(got: float, truth: float) -> bool:
    """Whether a derivative is the limit: exactly where that is 0 or infinite, else by 12 digits.

    A few factors, each within 4 units in the last place, some of them cancelling a little. Below
    the normal range the digits are lost.
    """
    if math.isnan(truth):
        return math.isnan(got)
    if truth == 0.0 or math.isinf(truth):
        return got == truth
    if abs(truth) < SMALLEST_NORMAL:
        return abs(got) <= SMALLEST_NORMAL
    return abs(got - truth) <= 1e-12 * abs(truth)


class Failure(NamedTuple):
    point: str
    order: Multi
    got: dict[str, float]
    """What each way gives that is wrong, or not the same as the others where there are two."""
    truths: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.point} {self.order}: {self.truths}, not {self.got}"


@functools.cache
def failures(op: Op) -> list[Failure]:
    """Everything that is wrong with an operation, by all ways at all points."""
    with np.errstate(all="ignore"):
        everything = itertools.product(points(op), orders(op))
        found = [_failure(op, operands, order) for operands, order in everything]
    return [failure for failure in found if failure.got]


def _failure(op: Op, operands: Operands, order: Multi) -> Failure:
    path = [index for index, times in enumerate(order) for _ in range(times)]
    got = {}
    for way in WAYS + WAYS_WITH_ZERO_TANGENTS * (len(operands) > 1):
        result = way(op, operands, path)
        if result is not None:
            got[way.__name__] = float(result.data if isinstance(result, Value) else result)
    allowed = truths(op, operands, order)
    wrong = [{way: x for way, x in got.items() if not right(x, truth)} for truth in allowed]
    return Failure(notation(op, operands), order, min(wrong, key=len), allowed)


def notation(op: Op, operands: Operands) -> str:
    return f"{op.name}({', '.join(map(repr, operands))})"


# --- The tests ----------------------------------------------------------------------------------

# A point, and orders there: how often the derivative is taken with respect to each operand.
EXCEPTIONS: dict[str, str] = {
    "infinity times 0: the exponent is a factor of the derivative": """
        power(0.3, inf): 2,0 3,0
        power(0.0, inf): 2,0 3,0
        power(-0.0, inf): 2,0 3,0
        power(inf, -inf): 2,0 3,0 0,1 0,2 0,3 1,1
        power_slope(0.3, inf): 1,0
        power_slope(0.0, inf): 1,0
        power_slope(-0.0, inf): 1,0
        power_slope(inf, -inf): 1,0
        power_mixed(0.3, inf): 1,0 0,1
        power_mixed(0.0, inf): 1,0 0,1
        power_mixed(-0.0, inf): 1,0 0,1
        power_mixed(inf, -inf): 1,0 0,1
    """,
    "0 times infinity: a variable exponent that is 0, where the power of 0 is not continuous": """
        power(0.0, 0.0): 2,0 3,0
        power(0.0, -0.0): 2,0 3,0
        power(-0.0, 0.0): 2,0 3,0
        power(-0.0, -0.0): 2,0 3,0
        power_slope(0.0, 0.0): 1,0
        power_slope(0.0, -0.0): 1,0
        power_slope(-0.0, 0.0): 1,0
        power_slope(-0.0, -0.0): 1,0
    """,
    "the exponent less 1 is rounded to an even number": """
        power(-1.5, 1e+105): 2,0
        power(-1.5, 1e+180): 2,0
        power(-1.5, 1e+300): 2,0
        power_slope(-1.5, 1e+105): 1,0
    """,
    "a power of IEEE 754 that is no real one": """
        power(-inf, 0.7): 1,0 2,0 3,0
        power_slope(-inf, 0.7): 1,0
    """,
    "a factor, the lower derivative, overflows": """
        power(1e-105, 1e-105): 3,0
        power(1e-105, -1e-105): 3,0
        power(2.5e-105, -1e-105): 3,0
        power(1e-105, 1e-108): 3,0
        power(1e-180, 1e-180): 2,0
        power(1e-180, -1e-180): 2,0
        power(2.5e-180, -1e-180): 2,0
        power(1e-180, 1e-183): 2,0
        power(1e-300, 1e-300): 2,0
        power(1e-300, -1e-300): 2,0
        power(2.5e-300, -1e-300): 2,0
        power(1e-300, 1.0000000000000001e-303): 2,0
        power_slope(1e-180, 1e-180): 1,0
        power_slope(1e-180, -1e-180): 1,0
        power_slope(2.5e-180, -1e-180): 1,0
        power_slope(1e-180, 1e-183): 1,0
        power_slope(1e-300, 1e-300): 1,0
        power_slope(1e-300, -1e-300): 1,0
        power_slope(2.5e-300, -1e-300): 1,0
        power_slope(1e-300, 1.0000000000000001e-303): 1,0
    """,
    "the terms of a third derivative that is beyond the range have different signs": """
        atan2(2.5e-105, -1e-105): 0,3
        atan2(1e-105, 1e-108): 0,3
        atan2(2.5e-180, -1e-180): 0,3
        atan2(1e-180, 1e-183): 0,3
        atan2(2.5e-300, -1e-300): 0,3
        atan2(1e-300, 1.0000000000000001e-303): 0,3
    """,
    "a third derivative of a power by both, whose terms are infinite with different signs": """
        power_mixed(0.0, 0.7): 1,0 0,1
        power_mixed(-0.0, 0.7): 1,0 0,1
        power_mixed(1e-300, 0.7): 1,0
        power_mixed(0.0, 0.0): 1,0 0,1
        power_mixed(0.0, -0.0): 1,0 0,1
        power_mixed(-0.0, 0.0): 1,0 0,1
        power_mixed(-0.0, -0.0): 1,0 0,1
        power_mixed(1e-180, 1e-180): 1,0
        power_mixed(1e-180, 1e-183): 1,0
        power_mixed(1e-300, 1e-300): 1,0
        power_mixed(1e-300, 1.0000000000000001e-303): 1,0
    """,
    "at two infinities there is no direction, whose derivative this is": """
        hypot(inf, inf): 2,0 3,0 0,2 0,3 1,1
        hypot(inf, -inf): 2,0 3,0 0,2 0,3 1,1
        hypot(-inf, inf): 2,0 3,0 0,2 0,3 1,1
        hypot(-inf, -inf): 2,0 3,0 0,2 0,3 1,1
        norm(inf, inf, 1.5): 2,0,0 3,0,0 0,2,0 0,3,0 1,1,0 1,0,1 0,1,1
        norm(inf, -inf, 1.5): 2,0,0 3,0,0 0,2,0 0,3,0 1,1,0 1,0,1 0,1,1
        norm(-inf, inf, 1.5): 2,0,0 3,0,0 0,2,0 0,3,0 1,1,0 1,0,1 0,1,1
        norm(-inf, -inf, 1.5): 2,0,0 3,0,0 0,2,0 0,3,0 1,1,0 1,0,1 0,1,1
        norm(inf, -0.7, inf): 2,0,0 3,0,0 0,0,2 0,0,3 1,1,0 1,0,1 0,1,1
        norm(inf, -0.7, -inf): 2,0,0 3,0,0 0,0,2 0,0,3 1,1,0 1,0,1 0,1,1
        norm(-inf, -0.7, inf): 2,0,0 3,0,0 0,0,2 0,0,3 1,1,0 1,0,1 0,1,1
        norm(-inf, -0.7, -inf): 2,0,0 3,0,0 0,0,2 0,0,3 1,1,0 1,0,1 0,1,1
        norm(1.25, inf, inf): 0,2,0 0,3,0 0,0,2 0,0,3 1,1,0 1,0,1 0,1,1
        norm(1.25, inf, -inf): 0,2,0 0,3,0 0,0,2 0,0,3 1,1,0 1,0,1 0,1,1
        norm(1.25, -inf, inf): 0,2,0 0,3,0 0,0,2 0,0,3 1,1,0 1,0,1 0,1,1
        norm(1.25, -inf, -inf): 0,2,0 0,3,0 0,0,2 0,0,3 1,1,0 1,0,1 0,1,1
    """,
    "nor have the others, to which it is perpendicular": """
        direction_among(1.25, inf, inf): 0,1,0 0,0,1
        direction_among(1.25, inf, -inf): 0,1,0 0,0,1
        direction_among(1.25, -inf, inf): 0,1,0 0,0,1
        direction_among(1.25, -inf, -inf): 0,1,0 0,0,1
    """,
    "two infinities have no ratio, whose derivative this is": """
        xlogy(inf, inf): 0,3 1,1
        xlogy(-inf, inf): 0,3 1,1
        xlog1py(inf, inf): 0,3 1,1
        xlog1py(-inf, inf): 0,3 1,1
    """,
    "nor is there a slope of betaln at two infinities": """
        betaln(inf, inf): 2,0 3,0 0,2 0,3 1,1
    """,
    "a fourth derivative of log_ndtr, whose terms cancel, or are infinity times 0": """
        inverse_mills_bend(inf): 1
        inverse_mills_bend(-inf): 1
        inverse_mills_bend(-40.0): 1
        inverse_mills_bend(-300.0): 1
        inverse_mills_bend(-710.0): 1
        inverse_mills_bend(-1e+105): 1
    """,
    "infinity times 0: an infinite alpha, and its exponential": """
        elu(-inf, inf): 1,0 2,0 3,0 1,1
        elu(-inf, -inf): 1,0 2,0 3,0 1,1
    """,
    "a slope is in [0, 1]": """
        leaky_relu(1.25, inf): 1,0 1,1
        leaky_relu(1.25, -inf): 1,0 1,1
        leaky_relu(inf, inf): 1,0 1,1
        leaky_relu(inf, -inf): 1,0 1,1
    """,
}
"""Why a derivative is not the limit, and where."""


def exceptions(op: Op) -> set[tuple[str, Multi]]:
    listed: set[tuple[str, Multi]] = set()
    for line in "".join(EXCEPTIONS.values()).splitlines():
        point, _, found = line.strip().partition(": ")
        listed |= {(point, tuple(map(int, multi.split(",")))) for multi in found.split()}
    return {case for case in listed if case[0].startswith(f"{op.name}(")}


@pytest.mark.parametrize("name", [name for name in TABLE if name in KNOWN])
def test_derivatives_are_the_limits(name):
    op = TABLE[name]
    expected, found = exceptions(op), {(x.point, x.order): x for x in failures(op)}
    unexpected = [str(failure) for case, failure in found.items() if case not in expected]
    assert not unexpected, "\n".join(unexpected)
    assert not expected - found.keys(), "no longer exceptions: they agree with the limits"


def test_a_tangent_of_zero_beside_an_infinite_slope():
    def function(x, y):
        return sqrt(x) + y * y

    assert grad(function, 1)(0.0, 3.0) == 6.0
    assert jvp(function, (0.0, 3.0), (0.0, 1.0)) == (9.0, 6.0)


@pytest.mark.parametrize("base", [0.0, -0.0])
@pytest.mark.parametrize("exponent", [1e-300, 1e-17, 0.5, 1.0, 2.0, 3.0, 1e300, INF])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_powers_of_zero_with_respect_to_the_exponent(base, exponent, order):
    with np.errstate(all="ignore"):
        for zero in (base, Value(base)):
            y = Value(exponent)
            out = zero**y
            for _ in range(order):
                out = out.derivative(y)
            assert out.data == 0.0
