"""One report from the comparisons at many points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from autograd.compare.comparison import float32_advice, named_mistakes
from autograd.compare.functions import Check, Checked
from autograd.compare.mistakes import Case
from autograd.compare.report import PASSING, SEVERITY, Report, Row
from autograd.compare.sampling import Branch
from autograd.compare.witness import arithmetic, simplest
from autograd.graph import topological_order
from autograd.value import Value

LISTED = 3
"""How many sides of kinks are named that were not seen."""


def summary(
    checked: Checked, checks: Sequence[Check], unseen: Mapping[Branch, int], every_branch: bool
) -> Report:
    """The worst verdict on each derivative, and the diagnosis at a simple point that shows it."""
    first = checks[0]
    for check in checks:
        if check.comparison.labels != first.comparison.labels:
            this, that = (", ".join(x.comparison.labels) for x in (first, check))
            message = f"manual must return the same derivatives at every point, not {this}; {that}"
            raise ValueError(message)
    rooms = _rooms(checks, checked.tolerance)
    for check in checks:
        check.comparison.forgive(rooms)
    failing = [check for check in checks if check.failed]
    shown = simplest(checked, failing[0], rooms) if failing else first
    rows = []
    for index, row in enumerate(shown.comparison.rows()):
        verdicts = [check.comparison.verdicts[index] for check in checks]
        worst = max(verdicts, key=SEVERITY.index)
        if SEVERITY.index(worst) > SEVERITY.index(row.verdict):
            other = checks[verdicts.index(worst)]
            row = other.comparison.row(index)
            note = f"at {checked.described(other.recording.point)}"
            row = replace(row, note="; ".join(filter(None, [row.note, note])))
        rows.append(row)
    rows = list(_exercised(first, rows, unseen, every_branch))
    words = []
    if failing:
        words.append(f"At {checked.described(shown.recording.point)}:")
        words += shown.comparison.diagnosis()
        words += arithmetic(shown.comparison)
        usable = [check for check in checks if check.recording.usable] or checks
        words += named_mistakes([_case(checked, check) for check in usable])
        words += float32_advice(rows, checked.tolerance)
    root = shown.recording.judge.root
    root.backward()
    return Report(rows, words, root, shown.comparison.compared)


def _rooms(checks: Sequence[Check], tolerance: float) -> list[float]:
    """For each derivative a rounding of it where it is largest.

    A right formula may cancel where the derivative is small, `s * (1 - s)` for a sigmoid near 1.
    """
    return [
        tolerance * max((x for x in map(abs, numbers) if x < inf), default=0.0)
        for numbers in zip(
            *[
                [check.comparison.number(index) for index in range(len(check.comparison.pairs))]
                for check in checks
            ],
            strict=True,
        )
    ]


def _case(checked: Checked, check: Check) -> Case:
    arguments: dict[Value, str] = {}
    for name, leaves in zip(checked.names, check.recording.leaves, strict=True):
        arguments |= dict.fromkeys(leaves.ravel().tolist(), name)
    return check.comparison.case(arguments)


def _exercised(
    first: Check, rows: Sequence[Row], unseen: Mapping[Branch, int], every_branch: bool
) -> Iterator[Row]:
    """The rows; what agrees, but was not compared on both sides of a kink, says so."""
    recording = first.recording
    users: dict[str, set[Value]] = {}
    for branch in unseen:
        node = next((x for x, name in recording.judge.names.items() if name == branch.node), None)
        if node is not None:
            users[branch.node] = set(topological_order(node))
    for row, ((_, wrt), _) in zip(rows, first.comparison.pairs, strict=True):
        missed = [branch for branch in unseen if wrt in users.get(branch.node, ())]
        if not missed or row.verdict not in PASSING:
            yield row
            continue
        notes = [recording.described(branch, unseen[branch]) for branch in missed[:LISTED]]
        if len(missed) > LISTED:
            notes.append(f"and {len(missed) - LISTED} more sides of kinks")
        note = "; ".join(filter(None, [row.note, *notes]))
        verdict = "not exercised" if every_branch else row.verdict
        yield replace(row, verdict=verdict, note=note)
