"""One report from the comparisons at many points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from autograd.compare.boundary import both_sides
from autograd.compare.checked import Check, Checked
from autograd.compare.comparison import float32_advice, named_mistakes
from autograd.compare.counterexample import arithmetic, simplest
from autograd.compare.exercised import exercised
from autograd.compare.judge import OUTSIDE
from autograd.compare.mistakes import Case
from autograd.compare.overflow import undefined_here
from autograd.compare.points import Fork, Unseen
from autograd.compare.repeated import Unsteady, unsteady
from autograd.compare.report import SEVERITY, Report, said
from autograd.value import Value

SMALLER = (0.1, 0.01, 0.001)
"""The factor that brings arguments nearer to 0."""


def summary(
    checked: Checked, checks: Sequence[Check], unseen: Mapping[Fork, Unseen], every_branch: bool
) -> Report:
    """The worst verdict on each derivative, and the diagnosis at a simple point that shows it."""
    first = checks[0]
    for check in checks:
        if check.keys != first.keys:
            this, that = (", ".join(x.comparison.derivatives) for x in (first, check))
            message = f"manual must return the same derivatives at every point, not {this}; {that}"
            raise ValueError(message)
    if changing := unsteady(checked, first):
        return _not_judged(first, changing)
    between = both_sides(checked, first)
    forgiven: dict[int, float] = {}
    if any(check.failed for check in checks):
        checks = [*checks, *_smaller(checked)]
        # A formula that is right where it does not cancel is forgiven for cancelling elsewhere.
        forgiven = {
            index: max(check.comparison.telling(index) for check in checks)
            for index in range(len(first.comparison.pairs))
        }
        for check in checks:
            check.comparison.forgive(forgiven)
    failing = [check for check in checks if check.failed]
    shown = simplest(checked, failing[0], forgiven) if failing else first
    rows = []
    for index, row in enumerate(shown.comparison.rows()):
        verdicts = [check.comparison.verdicts[index] for check in checks]
        worst = max(verdicts, key=SEVERITY.index)
        if SEVERITY.index(worst) > SEVERITY.index(row.verdict):
            other = checks[verdicts.index(worst)]
            row = other.comparison.row(index, row.numeric is not None)
            note = f"at {checked.described(other.sample.point)}"
            row = replace(row, note="; ".join(filter(None, [row.note, note])))
        elif row.note == OUTSIDE and any(_inside(x, index) for x in checks):
            row = replace(row, note="")
        rows.append(row)
    for index, row in enumerate(rows):
        if row.verdict == "undefined" and first.comparison.verdicts[index] == row.verdict:
            rows[index] = replace(row, note=undefined_here(checked.title, checks, index, row.note))
        elif row.verdict == "convention" and index in between:
            rows[index] = replace(row, note=between[index])
    rows = list(exercised(checks, rows, unseen, every_branch))
    words = []
    if failing:
        words.append(f"At {checked.described(shown.sample.point)}:")
        words += shown.comparison.diagnosis()
        words += arithmetic(shown.comparison)
        usable = [check for check in checks if check.sample.usable] or checks
        words += named_mistakes([_case(checked, check) for check in usable], shown.sample.judge)
        words += float32_advice(rows, checked.tolerance)
    root = shown.sample.judge.root
    root.backward()
    symbols = shown.comparison.labels.symbols(*said(rows, words))
    return Report(rows, words, symbols, root, shown.comparison.compared)


def _inside(check: Check, index: int) -> bool:
    """Whether what a row is the derivative with respect to is in the graph at a point."""
    (_, wrt), _ = check.comparison.pairs[index]
    return wrt in check.sample.judge.derivatives


def _not_judged(first: Check, changing: Sequence[Unsteady]) -> Report:
    """The report on functions that give different results when they are called again."""
    rows = first.comparison.rows()
    for _, keys in changing:
        for index, row in enumerate(rows):
            if keys is None or first.keys[index] in keys:
                note = "the function, or manual, does not give the same result twice"
                rows[index] = replace(row, verdict="undefined", note=note)
    words = [sentence for sentence, _ in changing]
    symbols = first.comparison.labels.symbols(*said(rows, words))
    root = first.sample.judge.root
    root.backward()
    return Report(rows, words, symbols, root, first.comparison.compared)


def _smaller(checked: Checked) -> Iterator[Check]:
    """Checks at smaller arguments: if those given saturate something, only rounding is left."""
    for factor in SMALLER:
        check = checked.tried([np.asarray(factor * x) for x in checked.given])
        if check is not None:
            yield check


def _case(checked: Checked, check: Check) -> Case:
    arguments: dict[Value, str] = {}
    for name, leaves in zip(checked.names, check.sample.leaves, strict=True):
        arguments |= dict.fromkeys(leaves.ravel().tolist(), name)
    return check.comparison.case(arguments)
