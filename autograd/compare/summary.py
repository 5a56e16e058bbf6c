"""One report from the comparisons at many points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from autograd.compare.case import Case
from autograd.compare.checked import Check, Checked
from autograd.compare.comparison import float32_advice
from autograd.compare.counterexample import arithmetic, simplest
from autograd.compare.diagnosis import Diagnosis, diagnosed
from autograd.compare.points import Branch
from autograd.compare.report import PASSING, SEVERITY, Report, Row, said
from autograd.graph import topological_order
from autograd.value import Value

SMALLER = (0.1, 0.01, 0.001)
"""The factor that brings arguments nearer to 0."""
MOST_SIDES = 3
"""How many of the unseen sides of kinks are named."""


def summary(
    checked: Checked,
    checks: Sequence[Check],
    unseen: Mapping[Branch, int],
    every_branch: bool,
    seconds: float,
) -> Report:
    """The worst verdict on each derivative, and the diagnosis at a simple point that shows it."""
    first = checks[0]
    for check in checks:
        if check.comparison.places != first.comparison.places:
            this, that = (", ".join(x.comparison.derivatives) for x in (first, check))
            message = f"manual must return the same derivatives at every point, not {this}; {that}"
            raise ValueError(message)
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
        rows.append(row)
    rows = list(_exercised(first, rows, unseen, every_branch))
    found, words = Diagnosis([], [])
    if failing:
        usable = [check for check in checks if check.sample.usable] or checks
        cases = [_case(checked, check) for check in usable]
        shapes = dict(zip(checked.names, [x.shape for x in checked.given], strict=True))
        found, words = diagnosed(cases, shown.sample.judge, shapes, seconds)
        words.append(f"At {checked.described(shown.sample.point)}:")
        words += shown.comparison.diagnosis()
        words += arithmetic(shown.comparison)
        words += float32_advice(rows, checked.tolerance)
    root = shown.sample.judge.root
    root.backward()
    symbols = shown.comparison.labels.symbols(*said(rows, words))
    return Report(rows, words, found, symbols, root, shown.comparison.compared)


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


def _exercised(
    first: Check, rows: Sequence[Row], unseen: Mapping[Branch, int], every_branch: bool
) -> Iterator[Row]:
    """The rows; one that agrees, but was not compared on both sides of a kink, says so."""
    sample = first.sample
    computed = {
        branch.place: set(topological_order(node))
        for branch in unseen
        if (node := sample.judge.nodes.get(branch.place))
    }
    for row, ((_, wrt), _) in zip(rows, first.comparison.pairs, strict=True):
        missed = [branch for branch in unseen if wrt in computed.get(branch.place, ())]
        if not missed or row.verdict not in PASSING:
            yield row
            continue
        notes = [sample.described(branch, unseen[branch]) for branch in missed[:MOST_SIDES]]
        if len(missed) > MOST_SIDES:
            notes.append(f"likewise for {len(missed) - MOST_SIDES} more sides of kinks")
        note = "; ".join(filter(None, [row.note, *notes]))
        verdict = "not exercised" if every_branch else row.verdict
        yield replace(row, verdict=verdict, note=note)
