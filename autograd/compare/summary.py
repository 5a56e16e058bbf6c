"""One report from the comparisons at many points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from time import perf_counter

import numpy as np

from autograd.compare.boundary import both_sides
from autograd.compare.checked import Check, Checked
from autograd.compare.counterexample import Simpler, arithmetic
from autograd.compare.diagnosis import diagnosed
from autograd.compare.exercised import exercised
from autograd.compare.findings import Finding
from autograd.compare.judge import OUTSIDE
from autograd.compare.overflow import undefined_here
from autograd.compare.points import Fork, Unseen
from autograd.compare.precision import exact, judged_as_single
from autograd.compare.repeated import Unsteady, unsteady
from autograd.compare.report import SEVERITY, Report, Row, said

SMALLER = (0.1, 0.01, 0.001)
"""The factor that brings arguments nearer to 0."""
FOR_A_POINT = 0.2
"""The share of the time in which a simple point is looked for."""


def summary(
    checked: Checked,
    checks: Sequence[Check],
    unseen: Mapping[Fork, Unseen],
    every_branch: bool,
    seconds: float,
) -> Report:
    """The worst verdict on each derivative, and the diagnosis at a simple point that shows it."""
    first = checks[0]
    for check in checks:
        if check.keys != first.keys:
            this, that = (", ".join(x.comparison.derivatives) for x in (first, check))
            message = f"manual must return the same derivatives at every point, not {this}; {that}"
            raise ValueError(message)
    if changing := unsteady(checked, first):
        return _not_judged(checked, first, changing)
    forgiven: dict[int, float] = {}
    if any(check.failed for check in checks):
        checks = [*checks, *_smaller(checked)]
        forgiven = _forgiven(checks)
        for check in checks:
            check.comparison.forgive(forgiven)
    failing = [check for check in checks if check.failed]
    shown = first
    if failing:
        end = perf_counter() + FOR_A_POINT * seconds
        shown = Simpler(checked, failing[0], forgiven, end).found()
    rows = list(exercised(checks, _rows(checked, checks, shown), unseen, every_branch))
    found: list[Finding] = []
    sentences = list(judged_as_single(checked.tolerance))
    steps: Sequence[Sequence[str]] = ()
    if any(row.verdict == "disagree" for row in rows):
        usable = [check for check in checks if check.sample.usable and _finite(check)] or checks
        cases = checked.cases(usable)
        judge = shown.sample.judge
        left = (1.0 - FOR_A_POINT) * seconds
        places = shown.comparison.first_step
        step = [check.comparison.step(places) for check in usable] if places else []
        found, words = diagnosed(cases, judge, left, exact(checked.tolerance), step)
        steps = arithmetic(shown.comparison)
        at = checked.arguments.described(shown.sample.point)
        where = f"At {at}:" if steps else f"The table is at {at}."
        sentences += [
            *checked.remarks(shown),
            *words,
            *shown.comparison.diagnosis(cases, bool(found)),
            where,
        ]
    return _report(checked, shown, rows, sentences, found, steps)


def _forgiven(checks: Sequence[Check]) -> dict[int, float]:
    """The sizes of the derivatives for which a formula may be right where it does not cancel, which
    is forgiven for cancelling elsewhere.
    """
    result = {}
    for index in range(len(checks[0].comparison.pairs)):
        largest = max(abs(check.comparison.number(index)) for check in checks)
        if any(check.comparison.near(index, largest) for check in checks):
            result[index] = max(check.comparison.telling(index) for check in checks)
    return result


def _finite(check: Check) -> bool:
    """Whether all the hand-written numbers are finite."""
    return all(isfinite(yours) for _, yours in check.comparison.pairs)


def _report(
    checked: Checked,
    shown: Check,
    rows: Sequence[Row],
    sentences: Sequence[str],
    found: Sequence[Finding] = (),
    steps: Sequence[Sequence[str]] = (),
) -> Report:
    judge = shown.sample.judge
    judge.root.backward()
    comparison = shown.comparison
    flat = [text for step in steps for text in step]
    symbols = comparison.labels.symbols(*said(rows, [*sentences, *flat]))
    arguments = checked.arguments
    point = dict(zip(arguments.names, arguments.build(shown.sample.point), strict=True))
    differentiated = judge.root, judge.outputs, comparison.compared
    return Report(rows, sentences, found, point, steps, symbols, *differentiated)


def _rows(checked: Checked, checks: Sequence[Check], shown: Check) -> Sequence[Row]:
    """The worst verdict on each derivative, with the numbers of a point where that is the verdict,
    the point that is shown if possible.
    """
    first = checks[0]
    between = both_sides(checked, first)
    rows = []
    for index, row in enumerate(shown.comparison.rows()):
        verdicts = [check.comparison.verdicts[index] for check in checks]
        worst = max(verdicts, key=SEVERITY.index)
        if SEVERITY.index(worst) > SEVERITY.index(row.verdict):
            other = checks[verdicts.index(worst)]
            row = other.comparison.row(index, row.numeric is not None)
            note = f"at {checked.arguments.described(other.sample.point)}"
            row = replace(row, note="; ".join(filter(None, [row.note, note])))
        elif row.note == OUTSIDE and any(_inside(x, index) for x in checks):
            row = replace(row, note="")
        if row.verdict == "undefined" and first.comparison.verdicts[index] == row.verdict:
            row = replace(row, note=undefined_here(checked.title, checks, index, row.note))
        elif row.verdict == "convention" and index in between:
            row = replace(row, note=between[index])
        rows.append(row)
    return rows


def _inside(check: Check, index: int) -> bool:
    """Whether what a row is the derivative with respect to is in the graph at a point."""
    (_, wrt), _ = check.comparison.pairs[index]
    return wrt in check.sample.judge.derivatives


def _not_judged(checked: Checked, first: Check, changing: Sequence[Unsteady]) -> Report:
    """The report on functions that give different results when they are called again."""
    rows = first.comparison.rows()
    for _, keys in changing:
        for index, row in enumerate(rows):
            if keys is None or first.keys[index] in keys:
                note = "the function, or manual, does not give the same result twice"
                rows[index] = replace(row, verdict="undefined", note=note)
    return _report(checked, first, rows, [sentence for sentence, _ in changing])


def _smaller(checked: Checked) -> Iterator[Check]:
    """Checks at smaller arguments: if those given saturate something, only rounding is left."""
    for factor in SMALLER:
        check = checked.tried([np.asarray(factor * x) for x in checked.given])
        if check is not None:
            yield check
