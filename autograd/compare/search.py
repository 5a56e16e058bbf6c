"""The search for points on all sides of the kinks and branches of a function."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import isfinite

import numpy as np

from autograd.compare.conditions import FEW, Condition, Heard
from autograd.compare.points import OVERSHOOTS, Branch, Fork, Point, Sample, Unseen
from autograd.quiet import quiet

ATTEMPTS = 20
"""How many points are tried for each one that is wanted, or for a branch not yet seen."""
MOST_TRIALS = 200
"""How many points are tried in all for branches not yet seen."""
MOST_RECORDED = 60_000
"""How many nodes may be recorded for that, unless it takes more for a few points."""
FEWEST_TRIALS = 20
MOST_STARTS = 3
"""From how many points the other side of a condition is looked for."""
BISECTIONS = 12
NEARLY = 0.95
"""How far towards a kink the points near it are, as a fraction of the way."""
MOST_JOINT = 8
"""The largest number of branches that are looked at two by two."""
FARTHEST = 2.3
"""How much larger than the given numbers others become, as a logarithm."""
ORDINARY = (0.1, 10.0)
"""The size of ordinary numbers; if there are others among the arguments, ordinary ones are tried
as well."""
MOST_ORDINARY = 4


class Search:
    """A search for points on all the sides of the kinks and of the branches in the code."""

    def __init__(
        self, take: Callable[..., Sample], heard: Callable[[], Heard], given: Point
    ) -> None:
        self.take, self.heard = take, heard
        first = take(given)
        self.found = [first]
        self.sides: dict[Fork, set[int]] = {fork: set() for fork in first.sides}
        self.pairs: set[tuple[Fork, int, Fork, int]] = set()
        self.outcomes: dict[Condition, set[int]] = {}
        self.known: dict[Fork, Sample] = dict.fromkeys(
            [*first.sides, *first.heard.decisions], first
        )
        self.trials = 0

    def _answered(self, heard: Heard) -> None:
        for condition, outcomes in heard.outcomes.items():
            self.outcomes.setdefault(condition, set()).update(outcomes)

    def try_at(self, point: Point, wanted: bool = False) -> Sample | None:
        """Keep a point if it is wanted, or shows something new."""
        self.trials += 1
        try:
            sample = self.take(point)
        except (TypeError, ValueError):  # the function is not defined there
            # A side on which it never is holds nothing to compare.
            self._answered(self.heard())
            return None
        for fork in (*sample.sides, *sample.heard.decisions):
            self.known.setdefault(fork, sample)
        if not all(isfinite(output.data) for output in sample.judge.outputs):
            self._answered(sample.heard)
        elif sample.usable and (wanted or self.new(sample.sides) or self._hears(sample.heard)):
            self.found.append(sample)
            for fork, side in sample.sides.items():
                self.sides.setdefault(fork, set()).add(side)
            self.pairs.update(_pairs(sample.sides))
            self._answered(sample.heard)
        return sample

    def new(self, sides: Mapping[Fork, int]) -> bool:
        """Whether one of these sides was never seen before, or two of them never at once."""
        return any(side not in self.sides.get(fork, ()) for fork, side in sides.items()) or any(
            pair not in self.pairs for pair in _pairs(sides)
        )

    def _hears(self, heard: Heard) -> bool:
        """Whether one of the answers was never given before."""
        return any(
            not answers <= self.outcomes.get(condition, set())
            for condition, answers in heard.outcomes.items()
        )

    def kinks(self, samples: Sequence[Sample]) -> None:
        """Step over the kinks and conditions whose other sides were never seen from some points."""
        size = len(self.found[0].judge.order)
        most = min(MOST_TRIALS, max(FEWEST_TRIALS, MOST_RECORDED // size))
        for sample in samples:
            for fork, side in sample.sides.items():
                for overshoot, relative in product(OVERSHOOTS, (False, True)):
                    other = {**sample.sides, fork: -side}
                    if self.trials > most or not side or not self.new(other):
                        break
                    self.try_at(sample.beyond(fork, overshoot, relative))

    def conditions(self) -> None:
        """Look for the answers in the code that were never given."""
        for condition, side in self._silent():
            for sample in list(self.found)[:MOST_STARTS]:
                for point in sample.into(condition):
                    if side in self.outcomes[condition]:
                        break
                    self.try_at(point)

    def _silent(self) -> list[tuple[Condition, int]]:
        """The answers that were never given."""
        return [(condition, -sum(x)) for condition, x in self.outcomes.items() if len(x) == 1]

    def between(self) -> None:
        """Look for points beyond one kink but not beyond another: on straight lines between points
        that are on different sides of both.
        """
        tried: set[tuple[Fork, Fork]] = set()
        for one, other in combinations(list(self.found), 2):
            for a, side, b, other_side in _pairs(one.sides):
                ends = {(a, side, b, -other_side), (a, -side, b, other_side)}
                if (
                    (a, b) not in tried
                    and (other.sides.get(a), other.sides.get(b)) == (-side, -other_side)
                    and side * other_side
                    and not ends <= self.pairs
                ):
                    tried.add((a, b))
                    self._bisect(one, other, a, b)

    def _bisect(self, one: Sample, other: Sample, a: Fork, b: Fork) -> None:
        for _ in range(BISECTIONS):
            middle = [0.5 * (x + y) for x, y in zip(one.point, other.point, strict=True)]
            sample = self.try_at(middle)
            if sample is None:
                return
            beyond = [sample.sides.get(x) == other.sides[x] for x in (a, b)]
            if beyond == [True, True]:
                other = sample
            elif beyond == [False, False]:
                one = sample
            else:
                return

    def near_kinks(self) -> None:
        """Add a point close to each kink on each side, to catch a mask that begins elsewhere."""
        if len(self.sides) > MOST_JOINT:
            return
        for branch in self.sides:
            for side in (1, -1):
                there = [x for x in self.found[1:] if x.sides.get(branch) == side]
                if there and branch not in there[0].middles:
                    self.try_at(there[0].beyond(branch, NEARLY), wanted=True)

    @property
    def unseen(self) -> dict[Fork, Unseen]:
        """The sides that no point is on: of kinks, and of the conditions in the code."""
        sides: dict[Fork, int] = {
            fork: -sum(seen) or 1
            for fork, seen in self.sides.items()
            if len(seen) < 2 and not isinstance(fork, Condition) and not self._one_of_many(fork)
        }
        sides.update(self._silent())
        return {fork: Unseen(side, self.known[fork]) for fork, side in sides.items()}

    def _one_of_many(self, branch: Branch) -> bool:
        """Whether a kink may pass unseen: one of an operation on many numbers, of which not each is
        the largest somewhere; or of operations in a loop that is longer at some points than at
        others, if both sides of another one were seen.
        """
        node = self.known[branch].judge.nodes[branch.place]
        if len(node.operands) > FEW:
            return True
        kind = branch.place.kind
        counts = {sum(place.kind == kind for place in x.judge.nodes) for x in self.found}
        seen = [
            side
            for fork, sides in self.sides.items()
            for side in sides
            if isinstance(fork, Branch) and (fork.place.kind, fork.kink) == (kind, branch.kink)
        ]
        return len(counts) > 1 and len({*seen}) > 1


def _pairs(sides: Mapping[Fork, int]) -> Iterator[tuple[Fork, int, Fork, int]]:
    """All pairs of sides that a point is on at once; none if there are too many."""
    if len(sides) <= MOST_JOINT:
        for (a, side), (b, other) in combinations(sides.items(), 2):
            if a.place != b.place:
                yield a, side, b, other


@quiet
def samples(
    take: Callable[..., Sample], heard: Callable[[], Heard], given: Point, count: int, seed: int
) -> tuple[list[Sample], dict[Fork, Unseen]]:
    """Samples at the given point and others, and the sides that none of them is on.

    The others are away from kinks, and on all the sides that can be found; if the given numbers are
    very large or very small, there are some at ordinary ones as well.

    Args:
        take: makes a sample at a point.
        heard: what the function asked when it was last called, even if it failed.
        given: the first point.
        count: how many others there are at least.
        seed: determines them.
    """
    random = np.random.default_rng(seed)
    search = Search(take, heard, given)
    for point in _proposals(given, random, ATTEMPTS * count, (0.3, 1.0, 3.0)):
        if len(search.found) > count:
            break
        search.try_at(point, wanted=True)
    if not _ordinary(given):
        enough = len(search.found) + MOST_ORDINARY
        ones = [np.ones_like(x) for x in given]
        for point in _proposals(ones, random, ATTEMPTS, (0.3, 0.6, 1.0)):
            if len(search.found) < enough:
                search.try_at(point, wanted=True)
    search.trials = 0
    before = len(search.found)
    search.kinks(search.found[:before])
    search.between()
    search.near_kinks()
    search.conditions()
    search.kinks(search.found[before:])  # there may be others on the other side of a condition
    for point in _proposals(given, random, ATTEMPTS, (10.0, 100.0, 1000.0)):
        if search.unseen:
            search.try_at(point)
    return search.found, search.unseen


def _ordinary(given: Point) -> bool:
    """Whether the arguments are neither very large nor very small."""
    largest = [float(np.abs(x).max(initial=0.0)) for x in given]
    return all(x == 0.0 or ORDINARY[0] <= x <= ORDINARY[1] for x in largest)


def _proposals(
    given: Point, random: np.random.Generator, count: int, widths: Sequence[float]
) -> Iterator[Point]:
    """Points around a given one, and farther away.

    Every other one has the same signs. Each of the rest has the opposite signs of the one before,
    so that every element is seen with both.
    """
    flat = np.concatenate([np.abs(x).ravel() for x in given])
    typical = float(np.median(flat[flat > 0.0])) if np.any(flat > 0.0) else 1.0
    signs: Point = []
    for attempt in range(count):
        width = widths[attempt // 2 % len(widths)]
        if attempt % 2:
            yield [
                np.where(x == 0.0, typical * random.normal(size=x.shape), x)
                * np.exp(np.clip(width * random.normal(size=x.shape), -FARTHEST, FARTHEST))
                for x in given
            ]
        else:
            if attempt % 4 == 0:
                signs = [np.where(random.random(x.shape) < 0.5, -1.0, 1.0) for x in given]
            signs = [-sign for sign in signs]
            yield [
                sign * (typical + np.abs(x)) * width * np.abs(random.normal(size=x.shape))
                for x, sign in zip(given, signs, strict=True)
            ]
