"""A simple point at which a hand-written gradient is wrong, and the arithmetic that shows it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random
from time import perf_counter

import numpy as np

from autograd.compare.checked import Check, Checked
from autograd.compare.comparison import Comparison
from autograd.compare.gradients import computed_from
from autograd.compare.judge import Judge
from autograd.compare.points import Point
from autograd.compare.report import apart
from autograd.edges import users
from autograd.notation.labels import Labels
from autograd.notation.numbers import number
from autograd.value import Value

WHOLE = tuple(sign * float(x) for x in range(1, 13) for sign in (1.0, -1.0))
"""The numbers that Hypothesis tries, the simplest first."""
TINY = 1e-4
"""Smaller derivatives show nothing where everything else is of ordinary size."""
SPREADS = range(12)
"""The ways to spread small numbers over the arguments that are tried."""
MOST_ELEMENTS = 12
"""How many numbers the arguments may hold if Hypothesis is to look for simpler ones."""
MOST_SEARCHED = 200
MOST_LINES = 12
"""How many steps the arithmetic may have and still be shown."""


class Simpler:
    """A search for a check with simple numbers that fails as well as a given one.

    The best are small whole numbers of which no two are the same and none is 0: where elements are
    equal, or 0, a wrong formula may be right, and the reader cannot tell them apart.

    Args:
        checked: the functions.
        check: the check that fails.
        forgiven: as for `Comparison.forgive`.
        end: the time, by `perf_counter`, at which the search ends.
    """

    def __init__(
        self, checked: Checked, check: Check, forgiven: Mapping[int, float], end: float
    ) -> None:
        self.checked, self.check, self.forgiven, self.end = checked, check, forgiven, end
        self.shapes = [x.shape for x in check.sample.point]
        self.start = np.concatenate([x.ravel() for x in check.sample.point])
        self.telling = True
        """Whether the wrong numbers must not be tiny, as where something saturates."""

    def found(self) -> Check:
        """The simplest check that is found."""
        for self.telling in (True, False):
            best = self._spread() or self._rounded()
            if self.start.size <= MOST_ELEMENTS:
                best = self._smallest(distinct=True) or best or self._smallest(distinct=False)
            if best is not None:
                return best
        return self.check

    def failing(self, numbers: Sequence[float]) -> Check | None:
        """The check at some numbers if there is a difference and no kink nearby."""
        if perf_counter() > self.end:
            return None
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = np.split(np.array(numbers, dtype=float) + 0.0, np.cumsum(sizes)[:-1])  # no -0
        point: Point = [x.reshape(shape) for x, shape in zip(parts, self.shapes, strict=True)]
        check = self.checked.tried(point)
        if check is not None:
            check.comparison.forgive(self.forgiven)
        return check if check is not None and self._as_wrong(check) else None

    def _as_wrong(self, check: Check) -> bool:
        """Whether no argument is right at a point that is wrong at the one that was found first."""
        sizes = [
            max(abs(yours), abs(check.comparison.number(index)))
            for index, (_, yours) in enumerate(check.comparison.pairs)
        ]
        if self.telling and any(0.0 < size <= TINY for size in sizes):
            return False
        return self._wrong(check) >= self._wrong(self.check)

    def _wrong(self, check: Check) -> set[str]:
        names = check.sample.arguments
        return {
            names.get(wrt, "")
            for (_, wrt), verdict in zip(
                check.comparison.compared, check.comparison.verdicts, strict=True
            )
            if verdict == "disagree"
        }

    def _spread(self) -> Check | None:
        """A check at small numbers that are all different."""
        count = self.start.size
        random = Random(0)
        for unit, trial in product((1.0, 0.1) if count <= MOST_ELEMENTS else (0.01,), SPREADS):
            numbers = [(1 + i) * unit for i in range(count)]
            if trial:
                random.shuffle(numbers)
            signs = [-1.0 if (i + trial) % 2 else 1.0 for i in range(count)]
            if trial % 3 == 0:
                signs = [float(np.sign(x)) or 1.0 for x in self.start]
            numbers = [round(sign * x, 2) for sign, x in zip(signs, numbers, strict=True)]
            if (check := self.failing(numbers)) is not None:
                return check
        return None

    def _rounded(self) -> Check | None:
        """The check with rounded numbers."""
        for digits in range(4):
            if (check := self.failing(np.round(self.start, digits).tolist())) is not None:
                return check
        return None

    def _smallest(self, distinct: bool) -> Check | None:
        """The check at the smallest whole numbers, which Hypothesis finds if it is installed.

        Not within one of its own tests, where it makes the arguments of the test simpler.
        """
        try:
            import hypothesis
            from hypothesis import strategies as st
        except ImportError:
            return None
        if hypothesis.currently_in_test_context():
            return None
        known: dict[tuple[float, ...], Check | None] = {}

        def fails(numbers: Sequence[float]) -> bool:
            key = tuple(numbers)
            if key not in known:
                known[key] = self.failing(key) if len(known) < MOST_SEARCHED else None
            return known[key] is not None

        size = self.start.size
        if distinct:
            elements = st.sampled_from(WHOLE)
            strategy = st.lists(elements, min_size=size, max_size=size, unique_by=abs)
        else:
            each = [st.sampled_from([0.0, *WHOLE, x]) for x in self.start.tolist()]
            strategy = st.tuples(*each).map(list)
        settings = hypothesis.settings(
            database=None,
            deadline=None,
            max_examples=100,
            phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        )
        try:
            found = hypothesis.find(strategy, fails, settings=settings, random=Random(0))
        except (hypothesis.errors.NoSuchExample, hypothesis.errors.Unsatisfiable):
            return None
        return known[tuple(found)]


def arithmetic(comparison: Comparison) -> list[list[str]]:
    """The steps to the first derivative that is wrong, forward and backward, if they are few: each
    is a name, a formula, the formula with numbers, and its result, as far as these differ.
    """
    outputs = comparison.judge.outputs
    wrong = [
        (comparison.judge.of(of), wrt, yours)
        for ((of, wrt), yours), verdict in zip(comparison.pairs, comparison.verdicts, strict=True)
        if verdict == "disagree" and any(of is output for output in outputs)
    ]
    if not wrong or wrong[0][1] not in wrong[0][0].derivatives:
        return []
    judge, wrt, yours = wrong[0]
    labels = comparison.labels
    steps = [
        *(_forward(labels, x) for x in judge.order if x.op),
        *_backward(comparison, judge, wrt),
        [f"yours is {number(yours)}{apart(yours, judge.number(wrt))}"],
    ]
    return steps if len(steps) <= MOST_LINES else []


def _forward(labels: Labels[Value], node: Value) -> list[str]:
    parts = [
        labels[node],
        labels.formula(node),
        labels.with_numbers(node),
        labels.number(node.data),
    ]
    return list(dict.fromkeys(part.text.text for part in parts))


def _backward(comparison: Comparison, judge: Judge, wrt: Value) -> Iterator[list[str]]:
    """The chain rule, with a line for each node from the root down to a given one."""
    root, label, labels = judge.root, comparison.label, comparison.labels
    uses = users(judge.order)
    for node in reversed(computed_from(wrt, judge.uses)):
        if node is root:
            continue
        words, numbers = [], []
        for user, _, _, partial in uses[node]:
            slope = labels.number(partial)
            upstream = labels.number(judge.number(user))
            if user is root:
                words.append(slope.text.text)
                numbers.append(slope.text.text)
            else:
                words.append(f"{label(root, user)} * {label(user, node)}")
                numbers.append(f"{upstream.text.text} * {slope.factor().text}")
        steps = [label(root, node), " + ".join(words), " + ".join(numbers)]
        yield list(dict.fromkeys([*steps, number(judge.number(node))]))
