"""Words on a function that has no finite value: what overflows, and what to write instead."""

from collections.abc import Sequence
from math import fabs, isfinite

from autograd.compare.checked import Check
from autograd.compare.judge import Judge
from autograd.compare.report import PASSING
from autograd.compare.stable import stable_form
from autograd.explain.reasons import first_not_finite
from autograd.graph import arguments
from autograd.quiet import quietly
from autograd.rounding import attempt
from autograd.value import Value

NEARBY = 1e-3
"""How far an operand is moved, relative to its size."""
HUGE = 1e100
"""A number that is larger than that nearby is no pole."""


def undefined_here(title: str, checks: Sequence[Check], index: int, note: str) -> str:
    """A note on a derivative that is undefined at the given point, the point of the first check.

    Args:
        title: the name of the function.
        checks: at all points.
        index: which of the derivatives.
        note: what is said if everything is finite but the hand-written number.
    """
    first, others = checks[0], checks[1:]
    _, yours = first.comparison.pairs[index]
    judge = first.sample.judge
    node = _not_finite(judge)
    if node is not None and _overflows(node):
        also = "; your formula does not" if isfinite(yours) else ", and so does your formula"
        words = [f"{title} overflows here ({judge.origin()}){also}"]
    else:
        words = [judge.origin() or note]
    words.append(_elsewhere(others, index))
    if node is not None and (found := stable_form(judge, node)):
        written = judge.labels.formula(found.node).text.text
        words.append(f"{written} stays finite here if it is written as {found.text}")
    return "; ".join(words)


def _elsewhere(others: Sequence[Check], index: int) -> str:
    """The result at the other points."""
    finite = [check for check in others if isfinite(check.comparison.pairs[index][1])]
    if not finite:
        return "there is no other point at which both are finite"
    agree = sum([check.comparison.verdicts[index] in PASSING for check in finite])
    points = f"the other {len(finite)} points" if len(finite) > 1 else "one other point"
    if agree == len(finite):
        return f"at {points}, where both are finite, they agree"
    return f"at {points}, where both are finite, they agree {agree} times"


def _not_finite(judge: Judge) -> Value | None:
    """The operation whose value is the first infinity or nan."""
    found = first_not_finite(judge.order)
    return found[0] if found and found[0].op and not isfinite(found[0].data) else None


def _overflows(node: Value) -> bool:
    """Whether the numbers around an infinite one are huge as well: not so at a pole."""
    op, data = node.op, arguments(node)
    assert op is not None
    for place, x in enumerate(data):
        for step in (-NEARBY, NEARBY):
            moved = [*data[:place], x + step * max(1.0, fabs(x)), *data[place + 1 :]]
            value = attempt(quietly, op.value, *moved)
            if value is None or not fabs(value) > HUGE:
                return False
    return True
