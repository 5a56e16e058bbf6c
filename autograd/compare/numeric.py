"""An independent opinion: derivatives estimated from values of the function alone."""

from collections.abc import Sequence
from math import fabs, inf, isfinite

import numpy as np

from autograd.value import Value

SHRINK = 2.0
"""What each step is divided by to get the next one."""
LEVELS = 10
"""How many steps there are."""
TINY = 1e-290
"""What is smaller than this says nothing of the size of the steps."""


def estimate(order: Sequence[Value], wrt: Value, bound: float) -> tuple[float, float] | None:
    """The derivative of the last of some nodes with respect to one of them, and its error.

    Central differences with smaller and smaller steps, extrapolated to the step 0: C. Ridders,
    Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4, 1982. The
    error is the spread of the extrapolations, and the rounding error of the function divided by the
    step.

    Args:
        order: the nodes in topological order.
        wrt: the node that is moved, as if it were an input.
        bound: how far the function may be off by rounding.

    Returns:
        None where the function has no finite values nearby.
    """
    below: dict[Value, float] = {}

    def function(x: float) -> float:
        below[wrt] = x
        for node in later:
            assert node.op is not None
            below[node] = node.op.value(
                *[z if isinstance(z, float) else below.get(z, z.data) for z in node.operands]
            )
        return below[order[-1]]

    later = _depending(order, wrt)
    x = wrt.data
    step = 0.1 * (fabs(x) if fabs(x) > TINY else 1.0)
    best, error = 0.0, inf
    before: list[float] = []
    with np.errstate(all="ignore"):
        for _ in range(LEVELS):
            up, down = x + step, x - step
            row = [(function(up) - function(down)) / (up - down)]
            factor = SHRINK**2
            for previous in before:
                row.append((factor * row[-1] - previous) / (factor - 1.0))
                factor *= SHRINK**2
            for level in range(1, len(row)):
                spread = max(
                    fabs(row[level] - row[level - 1]), fabs(row[level] - before[level - 1])
                )
                total = spread + 2.0 * bound / step
                if total < error:
                    best, error = row[level], total
            before = row
            step /= SHRINK
    return (best, error) if isfinite(error) and isfinite(best) else None


def _depending(order: Sequence[Value], wrt: Value) -> list[Value]:
    """The nodes that were computed from one of them, in order."""
    found = {wrt}
    result = []
    for node in order:
        if any(isinstance(x, Value) and x in found for x in node.operands):
            found.add(node)
            result.append(node)
    return result
