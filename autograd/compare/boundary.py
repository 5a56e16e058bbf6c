"""A given point that is right on the boundary of a branch in the code: both sides count there."""

from collections.abc import Iterator

from autograd.compare.checked import Check, Checked
from autograd.compare.conditions import Condition
from autograd.compare.points import NOISE
from autograd.notation.numbers import number

BESIDE = 1e-9
"""How far from the boundary its two sides are looked at, relative to the arguments."""
ALIKE = 1e-6
"""How much a derivative may change on that way, relative to its size."""


def both_sides(checked: Checked, first: Check) -> dict[int, str]:
    """Let derivatives agree that lie between those on the two sides, as at a kink.

    Returns:
        A note on each of those, by its place among the rows.
    """
    verdicts = first.comparison.verdicts
    if "disagree" not in verdicts:
        return {}
    beside = list(_beside(checked, first))
    where = "kink" if first.sample.judge.slopes else "boundary of a condition"
    notes = {}
    for index, verdict in enumerate(verdicts):
        numbers = [x.comparison.number(index) for x in (first, *beside)]
        low, high = min(numbers), max(numbers)
        room = ALIKE * max(abs(low), abs(high))
        _, yours = first.comparison.pairs[index]
        if verdict == "disagree" and low < high and low - room <= yours <= high + room:
            verdicts[index] = "convention"
            notes[index] = (
                f"yours {number(yours)}, ours {number(numbers[0])}; at this {where} any value in "
                f"[{number(low)}, {number(high)}] is right"
            )
    return notes


def _beside(checked: Checked, first: Check) -> Iterator[Check]:
    """The comparisons on the sides of the boundaries that the given point is on: also of kinks, if
    what is compared are second derivatives, which jump there.
    """
    sample = first.sample
    for fork, side in sample.sides.items():
        if not side and (isinstance(fork, Condition) or sample.judge.slopes):
            reach = sample.reach(fork)
            if abs(sample.deciders[fork].data) > NOISE * reach:
                continue
            for step in (BESIDE, -BESIDE):
                point = sample.at(fork, step * (reach or 1.0))
                try:
                    yield checked.at(checked.sample(point))
                except (TypeError, ValueError):  # one of the functions is not defined there
                    continue
