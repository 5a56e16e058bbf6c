"""Relations between a hand-derived gradient and the right one that hold at every point.

They are facts: a constant ratio, a factor too many, an extra term, an order, a sum over the wrong
axis, the gradient of another argument, elements that alone are wrong. They hold whatever the cause.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from math import isfinite, nan

import numpy as np

from autograd.compare.case import Case, telling
from autograd.compare.evidence import FEWEST, Argument, Evidence, Mask
from autograd.compare.findings import Cause, Finding
from autograd.compare.orders import elements_of_others, places, region
from autograd.compare.places import Use
from autograd.compare.ratios import factors as multiplied
from autograd.compare.ratios import multiples, unchanging
from autograd.compare.terms import differences, terms
from autograd.rounding import RELATIVE

LARGEST = 1e4
"""How many times too large a local derivative may be."""
MOST_ARGUMENTS = 40
"""How many arguments may be wrong for each to be compared with the numbers of the function."""
VAGUE = ("elements", "power")
"""Relations that say less than two mistakes at once do."""


def relations(evidence: Evidence) -> dict[str, Finding | None]:
    """For each argument that is wrong, the simplest relation, if there is any."""
    wrong = [x for x in evidence.arguments if x.bad.any()]
    if len(wrong) > MOST_ARGUMENTS:
        evidence = replace(evidence, quantities=[], arguments=wrong[:MOST_ARGUMENTS])
    return {x.name: next(_of(evidence, x), None) for x in wrong}


def _of(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """The relations of one argument, the simplest first."""
    bad = np.asarray(argument.bad.any(axis=0))
    whole = bool(bad.all())
    idle = (np.maximum(np.abs(argument.yours), np.abs(argument.ours)) <= argument.room).all(axis=0)
    if whole or (bad | idle).all():  # where both are 0, any ratio holds
        yield from _plain(evidence, argument)
    yield from places(evidence, argument)
    part = argument if whole else _wrong_elements(argument, bad)
    if not whole:
        yield from _plain(evidence, part)
    yield from elements_of_others(argument)
    yield from _by_values(evidence, part)
    yield from _some_points(evidence, argument)
    yield from _wrong_only(argument)


def local_relation(evidence: Evidence, cases: Sequence[Case]) -> Finding | None:
    """A relation of a local derivative that, if changed alone, explains the numbers: the simplest
    one of those from the root down.
    """
    alive: set[Use] | None = None
    factors = [case.only(telling(cases)).factors() for case in cases]
    for case, here in zip(cases, factors, strict=True):
        if case.off.any():
            alive = {*here} if alive is None else alive & here.keys()
    for use in cases[0].edges if alive else ():
        rows = [
            row
            for row, (case, here) in enumerate(zip(cases, factors, strict=True))
            if use in case.edges and isfinite(here.get(use, nan))
        ]
        if alive is None or use not in alive or len(rows) < FEWEST:
            continue
        ours = np.array([[cases[row].edges[use].partial] for row in rows])
        yours = np.array([[factors[row][use]] for row in rows])
        if np.abs(yours).max() > LARGEST * np.abs(ours).max():
            continue  # so little depends on it that its digits are lost
        room = RELATIVE * np.maximum(np.abs(ours), np.abs(yours))
        edge = cases[0].edges[use]
        name = cases[0].judge.formulas.derivative(edge.node, edge.operand).text
        local = Argument("gradient", name, (1,), yours, ours, room, ours)
        there = evidence.at(rows)
        by_number = (x for x in multiplied(there, local) if x.kind == "factor")
        if found := next(chain(multiples(there, local), by_number), None):
            return _local(found, use)
    return None


def _local(found: Finding, use: Use) -> Finding:
    """A relation of a local derivative, told as one."""
    subject, words = "the gradient of {argument}{place}", "the local derivative"
    short = str(replace(found, template=found.template.replace(subject, words)))
    template = found.template.replace(subject, f"{words} {{place}}")
    told = replace(found, argument="", place=found.argument, template=template)
    return replace(told, _causes=[Cause(use, short, str(told))])


def _plain(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A constant ratio, or a constant difference."""
    if (np.abs(argument.ours) <= argument.room).all():
        words = "the {noun} of {argument}{place} is not 0, but the right one is 0 at every point"
        yours = float(argument.yours.flat[0])
        if not np.ptp(argument.yours):
            words = f"the {{noun}} of {{argument}}{{place}} is {evidence.decimal(yours)} at every "
            words += "point, but the right one is 0"
        yield argument.finding("zero", words)
        return
    yield from multiples(evidence, argument)
    yield from unchanging(evidence, argument)
    yield from differences(evidence, argument)


def _by_values(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A ratio or a difference that follows a number of the function."""
    yield from multiplied(evidence, argument)
    yield from terms(evidence, argument)


def _wrong_elements(argument: Argument, bad: Mask) -> Argument:
    """The elements that alone are wrong."""
    rest = f"the rest of the {argument.noun} is right"
    rest = rest if argument.axes else "the other elements are right"
    return argument.elements(bad, f" in {region(argument, bad)}", f" ({rest})")


def _some_points(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """Points at which alone it is wrong, such as those where an element is negative, and how."""
    where, mask = _side(argument) or (" where it is wrong", argument.bad)
    if FEWEST <= mask.sum() < mask.size:
        part = argument.within(mask, where, " (elsewhere it is right)")
        for finding in _plain(evidence.within(mask), part):
            if finding.number or _side(argument):  # otherwise it says that it is wrong where wrong
                yield finding
        if _side(argument):
            yield from _by_values(evidence.within(mask), part)


def _wrong_only(argument: Argument) -> Iterator[Finding]:
    """The elements, or the sign of them, that alone are wrong, however they are."""
    bad = np.asarray(argument.bad.any(axis=0))
    if not bad.all():
        where = f" in {region(argument, bad)}"
        part = argument.elements(bad, where, ", and right in the others")
        yield part.finding("elements", "the {noun} of {argument} is wrong{place} only")
    elif side := _side(argument):
        part = argument.within(side[1], side[0], ", and right elsewhere")
        yield part.finding("elements", "the {noun} of {argument} is wrong{place} only")


def _side(argument: Argument) -> tuple[str, Mask] | None:
    """The sign of the elements that are wrong, if all with that sign are, and no others."""
    for word, side in (("< 0", argument.data < 0.0), ("> 0", argument.data > 0.0)):
        here, there = argument.telling & side, argument.telling & ~side
        wrong = (argument.bad == here)[argument.telling].all()
        if wrong and min(here.sum(), there.sum()) >= FEWEST:
            return f" where {argument.name} {word}", here
    return None
