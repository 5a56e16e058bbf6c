"""The search for the mistakes that explain hand-derived numbers at every point.

The simplest are tried first: one mistake in one place, or in all places of a kind; then formulas
that are confused or incomplete; then two mistakes at once. What there was no time for is told.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from time import perf_counter
from typing import NamedTuple

from autograd.compare import classic, confusions, curvature, replays
from autograd.compare.candidates import Candidates, Found, Mistakes, nothing
from autograd.compare.case import Case, telling


class Tier(NamedTuple):
    """Mistakes that are tried together."""

    what: str
    candidates: Callable[[Case, Found], Candidates]
    solves: bool = False
    """Whether they have a free number, which fits any single number."""


SINGLE = (Tier("single mistakes", classic.single),)
STOPPED = (Tier("values that are treated as constants", confusions.stopped),)
CONFUSED = (
    Tier("small mistakes everywhere", classic.local_everywhere),
    *STOPPED,
    Tier("operands of which the same is forgotten everywhere", confusions.operands_of_all),
    Tier("gradients from above that are ignored", confusions.ignored),
    Tier("formulas that are confused or incomplete", confusions.confused),
    Tier("derivatives that are taken at another value", confusions.elsewhere),
    Tier("derivatives that are taken at the values of another layer", confusions.other_layers),
    Tier("Jacobians of which only the diagonal counts", confusions.diagonals),
    Tier("matrices that are transposed", confusions.transposed),
    Tier("factors that are reversed", confusions.reversed_factors),
    Tier("second derivatives of which a part is missing", curvature.left_out),
    Tier("outer products for second derivatives", curvature.outer_products),
    Tier("steps of a recurrence that are shifted", confusions.shifted),
    Tier("constants that are off", replays.other_constants, solves=True),
    Tier("arguments that are updated too early", replays.updated, solves=True),
)
ELSEWHERE = (
    Tier("terms, factors and operations that are left out", replays.left_out),
    Tier("values that stand where others belong", replays.in_place_of_others),
)
COMBINED = (
    Tier("two values that are treated as constants", confusions.stopped_twice),
    Tier("mistakes together with a factor", classic.scaled),
    *ELSEWHERE,
    Tier("two mistakes at once", classic.paired),
)


ALONE = (
    Tier("constant factors of a term", replays.wrong_factors, solves=True),
    *ELSEWHERE,
)
"""Mistakes in one derivative alone."""


class Inquiry:
    """A search among the mistakes for those that explain the numbers at some points.

    Args:
        cases: the numbers at each point.
        end: the time, by `perf_counter`, at which it ends.
    """

    def __init__(self, cases: Sequence[Case], end: float) -> None:
        # The point at which most is wrong comes first: it refutes most.
        self.cases = sorted(cases, key=lambda case: -int(case.off.sum()))
        for case in self.cases[1:]:
            case.structure.take(self.cases[0].structure)
        columns = telling(cases)
        if len(columns) < len(cases[0].pairs):
            self.cases.insert(0, self.cases[0].only(columns))
        self.end = end
        self.untried: list[str] = []

    def first(self, tiers: Iterable[Tier]) -> list[Mistakes]:
        """The mistakes of the first tier in which there are any that explain the numbers."""
        for tier in tiers:
            if found := self._fitting(tier):
                return found
        return []

    def _fitting(self, tier: Tier) -> list[Mistakes]:
        """The mistakes of a tier that fit all cases."""
        found: dict[Mistakes, None] | None = None
        for case in self.cases:
            here: dict[Mistakes, None] = {}
            tried: set[Mistakes] = set()
            for mistakes, numbers in chain([nothing()], tier.candidates(case, found)):
                if perf_counter() > self.end:
                    self.untried.append(tier.what)
                    return []
                if found is not None and mistakes not in found:
                    continue
                tried.add(mistakes)
                if case.fits(numbers()):
                    here[mistakes] = None
            if found is not None and not case.off.any():  # where a mistake cannot be made
                here |= dict.fromkeys(x for x in found if x not in tried)
            found = here
            if not found:
                break
        return list(found or ())
