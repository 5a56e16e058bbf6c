"""One report from the comparisons at many points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from autograd.compare.comparison import float32_advice, named_mistakes
from autograd.compare.functions import Check, Checked
from autograd.compare.mistakes import Case
from autograd.compare.report import PASSING, SEVERITY, Report, Row
from autograd.compare.sampling import Branch, Point
from autograd.graph import topological_order
from autograd.value import Value

SIMPLE = (1.0, -1.0, 2.0, -2.0, 3.0, 0.5)
"""What an argument is replaced with to make a point simpler."""
MOST_TRIALS = 40
LISTED = 3
"""How many sides of kinks are named that were not seen."""


def summary(checked: Checked, checks: Sequence[Check], unseen: Mapping[Branch, int]) -> Report:
    """The worst verdict on each derivative, and the diagnosis at a simple point that shows it."""
    first = checks[0]
    sizes = {len(check.comparison.pairs) for check in checks}
    if len(sizes) > 1:
        raise ValueError("manual must return the same derivatives at every point")
    rooms = _rooms(checks, checked.tolerance)
    for check in checks:
        check.comparison.forgive(rooms)
    failing = [check for check in checks if check.failed]
    shown = _simplest(checked, failing[0], rooms) if failing else first
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
    rows = list(_exercised(first, rows, unseen))
    words = []
    if failing:
        words.append(f"At {checked.described(shown.recording.point)}:")
        words += shown.comparison.diagnosis()
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


def _exercised(first: Check, rows: Sequence[Row], unseen: Mapping[Branch, int]) -> Iterator[Row]:
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
        yield replace(row, verdict="not exercised", note=note)


def _simplest(checked: Checked, check: Check, rooms: Sequence[float]) -> Check:
    """A point with simple numbers at which there is a difference, too."""
    trials = 0

    def better(point: Point) -> bool:
        nonlocal check, trials
        trials += 1
        if trials > MOST_TRIALS:
            return False
        recording = checked.record(point)
        if not recording.usable:
            return False
        try:
            candidate = checked.at(recording)
        except ValueError:  # the hand-written gradient fails at so simple a point
            return False
        candidate.comparison.forgive(rooms)
        if candidate.failed:
            check = candidate
        return candidate.failed

    better([np.asarray(np.round(x)) for x in check.recording.point]) or better(
        [np.asarray(np.round(x, 1)) for x in check.recording.point]
    )
    for position, argument in enumerate(check.recording.point):
        for index in np.ndindex(argument.shape):
            current = float(check.recording.point[position][index])
            if current in SIMPLE:
                continue
            for simple in (*SIMPLE, round(current), round(current, 1)):
                point = [np.array(x) for x in check.recording.point]
                point[position][index] = simple
                if better(point):
                    break
    return check
