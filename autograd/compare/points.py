"""Points at which a function is compared: on all sides of its kinks and branches, and near none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import fabs, isfinite, isinf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compare.conditions import FEW, Condition, Decision, Heard, leaves_loop
from autograd.compare.judge import Judge, Place
from autograd.compare.rounding import EPSILON
from autograd.edges import edges
from autograd.graph import arguments, sort
from autograd.quiet import quiet, quietly
from autograd.value import Value

Point = list[NDArray[np.float64]]
"""The arguments, as arrays."""

CLEARANCE = 1e-3
"""How far from a kink a point must be, relative to the arguments."""
ATTEMPTS = 20
"""How many points are tried for each one that is wanted, or for a branch not yet seen."""
OVERSHOOTS = (1.1, 1.5, 3.0, 10.0)
"""How far the steps over a kink go, as a multiple of the way to it."""
MOST_TRIALS = 200
"""How many points are tried in all for branches not yet seen."""
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
NOISE = 64.0 * EPSILON
"""How far from its boundary the condition of a loop must be, relative to the arguments."""


class Branch(NamedTuple):
    """One of the kinks of a node, at which the function goes from one piece to another."""

    place: Place
    kink: int


Fork = Branch | Condition
"""Where a function goes from one piece to another: within an operation, or in its code."""


class Unseen(NamedTuple):
    """A side that no point was on, and a sample that knows what it is a side of."""

    side: int
    sample: "Sample"


class Sample:
    """The graph of a function at a point."""

    def __init__(
        self, point: Point, root: Value, leaves: list[Any], tolerance: float, heard: Heard
    ) -> None:
        self.point = [np.asarray(x) for x in point]
        self.leaves = leaves
        self.heard = heard
        self.judge = Judge(root, tolerance)
        self.middles: dict[Fork, Value | float] = {}
        """For each piece between two kinks, a number that is 0 in its middle."""
        self._reaches: dict[Value, float] = {}
        for node in self.judge.order:  # each after its operands
            self._reaches[node] = fabs(node.data) if node.op is None else self._reach(node)
        self.deciders = self._deciders()
        self.sides: dict[Fork, int] = {fork: self._side(x) for fork, x in self.deciders.items()}
        self.on_boundary = False
        """Whether the condition of a loop may come out differently by rounding."""
        if heard.decisions:
            self._hear(heard.decisions)

    def _hear(self, conditions: Mapping[Condition, Sequence[Decision]]) -> None:
        """Add the conditions that Python decided on to the deciders and their sides."""
        deciders = [x.decider for found in conditions.values() for x in found if x.decider]
        for node in sort(*deciders):  # each after its operands
            if node not in self._reaches:
                self._reaches[node] = fabs(node.data) if node.op is None else self._reach(node)
        for condition, decisions in conditions.items():
            if leaves_loop(decisions):
                continue
            for time, decision in enumerate(decisions):
                if (decider := decision.decider) is None:
                    continue
                if len(decisions) <= FEW:
                    fork = condition._replace(time=time)
                    self.deciders[fork], self.sides[fork] = decider, self._side(decider)
                elif not fabs(decider.data) > NOISE * self._reach(decider):
                    self.on_boundary = True

    @quiet
    def _deciders(self) -> dict[Fork, Value]:
        """For each kink of an operation, the number whose sign decides which side it is on."""
        result: dict[Fork, Value] = {}
        for node in self.judge.order:
            if node.op is None:
                continue
            kinks: list[Any] = [
                kink(*node.operands) for kink in node.op.kinks_of(len(node.operands))
            ]
            if node.op.condition:
                kinks.insert(0, node.operands[0])
            if node.op.between and all(map(isfinite, arguments(node))):
                one, other = [kinks[place] for place in node.op.between]
                self.middles[Branch(self.judge.places[node], len(kinks))] = 0.5 * (one + other)
                kinks.append(one * -other)  # inside or outside
            for count, decider in enumerate(kinks):
                # It depends on the arguments, and is not infinitely far from its kink.
                if isinstance(decider, Value) and not isinf(decider.data):
                    result[Branch(self.judge.places[node], count)] = decider
        return result

    def _side(self, decider: Value) -> int:
        """1 or -1, or 0 where small changes of the arguments may lead to the kink."""
        if not fabs(decider.data) > CLEARANCE * self._reach(decider):
            return 0
        return 1 if decider.data > 0.0 else -1

    def _reach(self, node: Value) -> float:
        """The largest change of a node, relative to that of the arguments."""
        if node not in self._reaches:
            self._reaches[node] = sum(
                fabs(edge.partial) * self._reach(edge.operand)
                for edge in edges(node)
                if edge.partial
            )
        return self._reaches[node]

    @property
    def usable(self) -> bool:
        """Whether everything is finite, and no kink that matters is near."""
        derivatives = self.judge.derivatives.values()
        return (
            isfinite(self.judge.root.data)
            and all(isfinite(x.number) and isfinite(x.bound) for x in derivatives)
            and not self.on_boundary
            and (all(self.sides.values()) or self._flat())
        )

    def _flat(self) -> bool:
        """Whether the sides of its kinks make no difference at the point: `relu(relu(-1))`."""
        exactly = {self.judge.places[node] for node in self.judge.kinks}
        return all(side or fork.place in exactly for fork, side in self.sides.items()) and all(
            low == high
            for node, (low, high) in self.judge.intervals.items()
            if node.op is None or (node.name and node is not self.judge.root)
        )

    def described(self, fork: Fork, side: int) -> str:
        """A sentence on a side that was never seen."""
        if isinstance(fork, Condition):
            return self.heard.described(fork, side)
        decider = self.deciders[fork]
        node = self.judge.nodes[fork.place]
        assert node.op is not None
        op = node.op.name
        name = self.judge.names.get(decider, f"the number that decides the {op}")
        word = "positive" if side > 0 else "negative"
        return f"{name} was never {word}, so that side of the {op} was not compared"

    def beyond(self, fork: Fork, overshoot: float, relative: bool = False) -> Point:
        """A point on the other side of a kink, as far as the function is nearly linear.

        With `relative`, linear in the logarithms of the arguments.
        """
        decider = self.middles.get(fork, self.deciders[fork])
        if isinstance(decider, float):
            return self.point
        if fork in self.middles:
            overshoot = 1.0
        return self._towards(decider, overshoot, relative)

    def into(self, condition: Condition) -> Iterator[Point]:
        """Points on the other side of a condition, beyond it in the code: a few for each time that
        it was asked.
        """
        decisions = self.heard.decisions.get(condition, [])
        for decision in (*decisions[:2], *decisions[2:][-1:]):
            if decision.decider is None:
                continue
            # `abs(x) < 1e-9`: not to the far side of 0, but half-way to it.
            limits = [x for x in (decision.left, decision.right) if not isinstance(x, Value)]
            if limits and limits[0] and isfinite(limits[0]):
                wanted = (-0.5 if decision.true else 0.5) * fabs(limits[0])
                yield self._towards(decision.decider - wanted, 1.0, False)
            for overshoot, relative in product(OVERSHOOTS, (False, True)):
                yield self._towards(decision.decider, overshoot, relative)

    def _towards(self, decider: Value, overshoot: float, relative: bool) -> Point:
        slopes = Judge(decider).derivatives
        gradient = [
            np.array([slopes[x].number if x in slopes else 0.0 for x in leaves.ravel()])
            for leaves in self.leaves
        ]
        if relative:
            gradient = [g * x.ravel() for x, g in zip(self.point, gradient, strict=True)]
        length = sum(float(g @ g) for g in gradient)
        if not length or not isfinite(length):
            return self.point
        steps = [-overshoot * decider.data / length * g for g in gradient]
        if relative:
            pairs = list(zip(self.point, steps, strict=True))
            steps = quietly(lambda: [x.ravel() * np.expm1(s) for x, s in pairs])
        return [x + s.reshape(x.shape) for x, s in zip(self.point, steps, strict=True)]


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
        if first.usable:
            self._answered(first.heard)

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
        if not isfinite(sample.judge.root.data):
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
    random = quietly(np.random.default_rng, seed)  # it turns a warning off and on again
    search = Search(take, heard, given)
    for point in _proposals(given, random, ATTEMPTS * count, (0.3, 1.0, 3.0)):
        if len(search.found) > count:
            break
        search.try_at(point, wanted=True)
    search.trials = 0
    for sample in list(search.found):
        for fork, side in sample.sides.items():
            for overshoot, relative in product(OVERSHOOTS, (False, True)):
                other = {**sample.sides, fork: -side}
                if search.trials > MOST_TRIALS or not side or not search.new(other):
                    break
                search.try_at(sample.beyond(fork, overshoot, relative))
    search.between()
    search.near_kinks()
    search.conditions()
    for point in _proposals(given, random, ATTEMPTS, (10.0, 100.0, 1000.0)):
        if search.unseen:
            search.try_at(point)
    if not _ordinary(given):
        enough = len(search.found) + MOST_ORDINARY
        ones = [np.ones_like(x) for x in given]
        for point in _proposals(ones, random, ATTEMPTS, (0.3, 0.6, 1.0)):
            if len(search.found) < enough:
                search.try_at(point, wanted=True)
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
