"""A simple point at which a hand-written gradient is wrong, and the arithmetic that shows it."""

from collections.abc import Iterator, Mapping
from random import Random

import numpy as np

from autograd.compare.checked import Check, Checked
from autograd.compare.comparison import Comparison
from autograd.compare.gradients import computed_from
from autograd.compare.judge import Judge
from autograd.compare.points import Point
from autograd.compare.report import apart
from autograd.edges import users
from autograd.notation.numbers import number
from autograd.value import Value

SIMPLE = (1.0, -1.0, 2.0, -2.0, 3.0, 0.5)
"""The numbers that replace an argument to make a point simpler."""
WHOLE = (0.0, *(sign * float(x) for x in range(1, 10) for sign in (1.0, -1.0)))
"""The numbers that Hypothesis tries in its place, the simplest first."""
MOST_ROUNDED = 40
MOST_ELEMENTS = 12
"""How many numbers the arguments may hold if Hypothesis is to look for simpler ones."""
MOST_SEARCHED = 200
MOST_LINES = 12
"""How many steps the arithmetic may have and still be shown."""


def simplest(checked: Checked, check: Check, forgiven: Mapping[int, float]) -> Check:
    """A check with simple numbers that fails as well as a given one."""
    check = _rounded(checked, check, forgiven)
    if sum(x.size for x in check.sample.point) <= MOST_ELEMENTS:
        check = _searched(checked, check, forgiven)
    return check


def _failing(checked: Checked, point: Point, forgiven: Mapping[int, float]) -> Check | None:
    """The check at a point if there is a difference and no kink nearby."""
    check = checked.tried(point)
    if check is not None:
        check.comparison.forgive(forgiven)
    return check if check is not None and check.failed else None


def _rounded(checked: Checked, check: Check, forgiven: Mapping[int, float]) -> Check:
    """The check with one number after another replaced by a simple one."""
    start = check.sample.point
    for digits in (0, 1):
        rounded = _failing(checked, [np.asarray(np.round(x, digits)) for x in start], forgiven)
        if rounded is not None:
            check = rounded
            break
    trials = 0
    for position, argument in enumerate(start):
        for index in np.ndindex(argument.shape):
            current = float(check.sample.point[position][index])
            if current in SIMPLE:
                continue
            for simple in (*SIMPLE, round(current), round(current, 1)):
                trials += 1
                if trials > MOST_ROUNDED:
                    return check
                point = [np.array(x) for x in check.sample.point]
                point[position][index] = simple
                if (simpler := _failing(checked, point, forgiven)) is not None:
                    check = simpler
                    break
    return check


def _searched(checked: Checked, check: Check, forgiven: Mapping[int, float]) -> Check:
    """The check at the smallest whole numbers, which Hypothesis finds if it is installed.

    Not within one of its own tests, where it makes the arguments of the test simpler.
    """
    try:
        import hypothesis
        from hypothesis import strategies as st
    except ImportError:
        return check
    if hypothesis.currently_in_test_context():
        return check
    start = check.sample.point
    known: dict[tuple[float, ...], Check | None] = {}

    def fails(numbers: tuple[float, ...]) -> bool:
        if numbers not in known:
            parts = np.split(np.array(numbers), np.cumsum([x.size for x in start])[:-1])
            point = [part.reshape(x.shape) for part, x in zip(parts, start, strict=True)]
            few = len(known) < MOST_SEARCHED
            known[numbers] = _failing(checked, point, forgiven) if few else None
        return known[numbers] is not None

    flat = np.concatenate([x.ravel() for x in start]).tolist()
    settings = hypothesis.settings(
        database=None,
        deadline=None,
        max_examples=100,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )
    try:
        elements = st.tuples(*[st.sampled_from([*WHOLE, x]) for x in flat])
        found = hypothesis.find(elements, fails, settings=settings, random=Random(0))
    except hypothesis.errors.NoSuchExample:
        return check
    return known[found] or check


def arithmetic(comparison: Comparison) -> Iterator[str]:
    """The steps to the first derivative that is wrong, forward and backward, if they are few."""
    judge = comparison.judge
    wrong = [
        (wrt, yours)
        for ((of, wrt), yours), verdict in zip(comparison.pairs, comparison.verdicts, strict=True)
        if verdict == "disagree" and of is judge.root and wrt in judge.derivatives
    ]
    if not wrong:
        return
    wrt, yours = wrong[0]
    steps = [
        *(_forward(judge, x) for x in judge.order if x.op),
        *_backward(comparison, wrt),
        f"yours is {number(yours)}{apart(yours, judge.number(wrt))}",
    ]
    if len(steps) <= MOST_LINES:
        yield from (f"  {step}" for step in steps)


def _forward(judge: Judge, node: Value) -> str:
    labels = judge.labels
    parts = [
        labels[node],
        labels.formula(node),
        labels.with_numbers(node),
        labels.number(node.data),
    ]
    return " = ".join(dict.fromkeys(part.text.text for part in parts))


def _backward(comparison: Comparison, wrt: Value) -> Iterator[str]:
    """The chain rule, with a line for each node from the root down to a given one."""
    judge, root, label = comparison.judge, comparison.judge.root, comparison.label
    uses = users(judge.order)
    for node in reversed(computed_from(wrt, judge.uses)):
        if node is root:
            continue
        words, numbers = [], []
        for user, _, _, partial in uses[node]:
            slope = judge.labels.number(partial)
            upstream = judge.labels.number(judge.number(user))
            if user is root:
                words.append(slope.text.text)
                numbers.append(slope.text.text)
            else:
                words.append(f"{label(root, user)} * {label(user, node)}")
                numbers.append(f"{upstream.text.text} * {slope.factor().text}")
        steps = [label(root, node), " + ".join(words), " + ".join(numbers)]
        yield " = ".join(dict.fromkeys([*steps, number(judge.number(node))]))
