"""An independent opinion: derivatives estimated from values of the function alone."""

from collections.abc import Callable, Sequence
from math import fabs, inf, isfinite, nan, ulp

from autograd.compare.gradients import computed_from
from autograd.edges import Edge
from autograd.quiet import quiet
from autograd.value import Value

SHRINK = 2.0
"""The divisor that takes each step to the next one."""
LEVELS = 6
"""How many steps there are for each size."""
STEPS = (1e-6, 1e-4, 3e-3, 0.1)
"""The sizes that the steps begin with, relative to the point, the smallest first."""
DOUBT = 10.0
"""How far apart estimates may be and still agree, in multiples of their errors."""
STANDS_OUT = 1000.0
"""The change of a function at the smallest step that is tried, in multiples of its rounding."""
TINY = 1e-290
"""Smaller numbers say nothing about the size of the steps."""


def estimate(
    order: Sequence[Value], uses: Sequence[Edge[Value]], wrt: Value, bound: float, ours: float
) -> tuple[float, float] | None:
    """The derivative of the last of some nodes with respect to one of them, and its error.

    It is extrapolated from steps of several sizes. Where they do not agree, the smallest is
    believed: a large one may have jumped over a kink, a pole or a period. Since all of them may
    have, ours is not contradicted until the smallest step has been tried at which it stands out
    from rounding.

    Args:
        order: the nodes in topological order.
        uses: `uses(order)`.
        wrt: the node that is moved, as if it were an input.
        bound: how far the function may be off by rounding.
        ours: the derivative as it was computed.

    Returns:
        None where the function has no finite values nearby.
    """
    data = {node: node.data for node in order}
    open_uses = [edge for edge in uses if not (edge.node.op and edge.node.op.blocks)]
    later = [
        (node, node.op.value, node.operands)
        for node in computed_from(wrt, open_uses)
        if node.op and node is not wrt
    ]

    @quiet
    def function(x: float) -> float:
        data[wrt] = x
        try:
            for node, value, operands in later:
                data[node] = value(*[z if isinstance(z, float) else data[z] for z in operands])
        except Exception:  # one is not defined there; a custom one may raise anything at all
            return nan
        return data[order[-1]]

    x = wrt.data
    size = fabs(x) if fabs(x) > TINY else 1.0
    best: tuple[float, float] | None = None
    for step in STEPS:
        number, error = _extrapolated(function, x, step * size, bound)
        if not (isfinite(number) and isfinite(error)):
            continue
        if best is None or (
            error < best[1] and fabs(number - best[0]) <= DOUBT * (error + best[1])
        ):
            best = number, error
    if best is not None and ours and fabs(best[0] - ours) > DOUBT * best[1]:
        step = max(STANDS_OUT * bound / fabs(ours), 8.0 * ulp(x))
        for up, down in ((x + step, x - step), (x + step, x), (x, x - step)):
            number = (function(up) - function(down)) / (up - down)
            error = 2.0 * bound / (up - down)
            if fabs(number - ours) <= error + fabs(ours) / DOUBT:
                return number, max(error, fabs(number - ours))
    return best


def _extrapolated(
    function: Callable[[float], float], x: float, step: float, bound: float
) -> tuple[float, float]:
    """The derivative of a function by central differences, extrapolated to the step 0.

    C. Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4,
    1982. The error is the spread of the extrapolations, and the rounding error of the function
    divided by the step.
    """
    best, error = 0.0, inf
    before: list[float] = []
    for _ in range(LEVELS):
        up, down = x + step, x - step
        row = [(function(up) - function(down)) / (up - down)]
        factor = SHRINK**2
        for previous in before:
            row.append((factor * row[-1] - previous) / (factor - 1.0))
            factor *= SHRINK**2
        for level in range(1, len(row)):
            spread = max(fabs(row[level] - row[level - 1]), fabs(row[level] - before[level - 1]))
            total = spread + 2.0 * bound / step
            if total < error:
                best, error = row[level], total
        before = row
        step /= SHRINK
    return best, error
