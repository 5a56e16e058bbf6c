"""Relations between a hand-derived gradient and the right one that hold at every point.

They are facts: a constant ratio, a factor too many, an extra term, an order, a sum over the wrong
axis, the gradient of another argument, elements that alone are wrong. They hold whatever the cause.
"""

from collections.abc import Iterator

import numpy as np

from autograd.compare.evidence import FEWEST, Argument, Evidence, Mask
from autograd.compare.findings import Finding
from autograd.compare.orders import places, region
from autograd.compare.ratios import factors, multiples
from autograd.compare.terms import differences, terms

VAGUE = ("elements", "power")
"""Relations that say less than two mistakes at once do."""


def relations(evidence: Evidence) -> dict[str, Finding | None]:
    """For each argument that is wrong, the simplest relation, if there is any."""
    wrong = [x for x in evidence.arguments if x.bad.any()]
    return {x.name: next(_of(evidence, x), None) for x in wrong}


def _of(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """The relations of one argument, the simplest first."""
    if (np.abs(argument.ours) <= argument.room).all():
        words = "the gradient of {argument} is not 0, as the right one is at every point"
        yield argument.finding("zero", words)
        return
    whole = bool(argument.bad.any(axis=0).all())
    if whole:
        yield from _plain(evidence, argument)
    yield from places(evidence, argument)
    if whole:
        yield from _by_values(evidence, argument)
    yield from _some_elements(evidence, argument)
    yield from _some_points(evidence, argument)
    yield from _wrong_only(argument)


def _plain(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A constant ratio, or a constant difference."""
    yield from multiples(evidence, argument)
    yield from differences(evidence, argument)


def _by_values(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A ratio or a difference that follows a number of the function."""
    yield from factors(evidence, argument)
    yield from terms(evidence, argument)


def _some_elements(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """Elements that alone are wrong, and how."""
    bad = np.asarray(argument.bad.any(axis=0))
    if not bad.all():
        where = f" in {region(argument.shape, bad)}"
        part = argument.elements(bad, where, " (the other elements are right)")
        yield from _plain(evidence, part)
        yield from _by_values(evidence, part)


def _some_points(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """Points at which alone it is wrong, such as those where an element is negative, and how."""
    where, mask = _side(argument) or (" where it is wrong", argument.bad)
    if FEWEST <= mask.sum() < mask.size:
        part = argument.within(mask, where, " (elsewhere it is right)")
        yield from _plain(evidence.within(mask), part)
        yield from _by_values(evidence.within(mask), part)


def _wrong_only(argument: Argument) -> Iterator[Finding]:
    """The elements, or the sign of them, that alone are wrong, however they are."""
    bad = np.asarray(argument.bad.any(axis=0))
    if not bad.all():
        where = f" in {region(argument.shape, bad)}"
        part = argument.elements(bad, where, ", and right in the others")
        yield part.finding("elements", "the gradient of {argument} is wrong{place} only")
    elif side := _side(argument):
        part = argument.within(side[1], side[0], ", and right elsewhere")
        yield part.finding("elements", "the gradient of {argument} is wrong{place} only")


def _side(argument: Argument) -> tuple[str, Mask] | None:
    """The sign of the elements that are wrong, if all with that sign are, and no others."""
    for word, side in (("< 0", argument.data < 0.0), ("> 0", argument.data > 0.0)):
        here, there = argument.telling & side, argument.telling & ~side
        wrong = (argument.bad == here)[argument.telling].all()
        if wrong and min(here.sum(), there.sum()) >= FEWEST:
            return f" where {argument.name} {word}", here
    return None
