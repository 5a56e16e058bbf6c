"""Points at which a function is compared: on all sides of its kinks, and not near any."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import fabs, isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compare.judge import Judge, Place
from autograd.edges import edges
from autograd.graph import arguments
from autograd.quiet import quiet, quietly
from autograd.value import Value

Point = list[NDArray[np.float64]]
"""The arguments, as arrays."""

CLEARANCE = 1e-3
"""How far from a kink a point must be, relative to the arguments."""
ATTEMPTS = 20
"""How many points are tried for each one that is wanted, or for a branch not yet seen."""
MOST_TRIALS = 200
"""How many points are tried in all for branches not yet seen."""
BISECTIONS = 12
NEARLY = 0.95
"""How far towards a kink the points near it are, as a fraction of the way."""
MOST_JOINT = 8
"""The largest number of branches that are looked at two by two."""
FARTHEST = 2.3
"""How much larger than the given numbers others become, as a logarithm."""


class Branch(NamedTuple):
    """One of the kinks of a node, at which the function goes from one piece to another."""

    place: Place
    kink: int


class Sample:
    """The graph of a function at a point."""

    def __init__(self, point: Point, root: Value, leaves: list[Any], tolerance: float) -> None:
        self.point = [np.asarray(x) for x in point]
        self.leaves = leaves
        self.judge = Judge(root, tolerance)
        self.middles: dict[Branch, Value | float] = {}
        """For each piece between two kinks, a number that is 0 in its middle."""
        self._reaches: dict[Value, float] = {}
        for node in self.judge.order:  # each after its operands
            self._reaches[node] = fabs(node.data) if node.op is None else self._reach(node)
        self.deciders = self._deciders()
        self.sides = {branch: self._side(x) for branch, x in self.deciders.items()}

    @quiet
    def _deciders(self) -> dict[Branch, Value | float]:
        """For each branch, the number whose sign decides it; a condition may be a plain number."""
        result: dict[Branch, Value | float] = {}
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
                if isinstance(decider, Value) or (node.op.condition and count == 0):
                    result[Branch(self.judge.places[node], count)] = decider
        return result

    def _side(self, decider: Value | float) -> int:
        """1 or -1, or 0 where small changes of the arguments may lead to the kink."""
        if isinstance(decider, float):
            return 1 if decider else -1
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
            and (all(self.sides.values()) or self._flat())
        )

    def _flat(self) -> bool:
        """Whether the sides of its kinks make no difference at the point: `relu(relu(-1))`."""
        exactly = {self.judge.places[node] for node in self.judge.kinks}
        return all(side or branch.place in exactly for branch, side in self.sides.items()) and all(
            low == high
            for node, (low, high) in self.judge.intervals.items()
            if node.op is None or (node.name and node is not self.judge.root)
        )

    def described(self, branch: Branch, side: int) -> str:
        """A sentence on a side that was never seen."""
        decider = self.deciders[branch]
        node = self.judge.nodes[branch.place]
        assert node.op is not None
        op = node.op.name
        if isinstance(decider, float):
            return f"the condition of a {op} was never {'true' if side > 0 else 'false'}"
        name = self.judge.names.get(decider, f"the number that decides the {op}")
        word = "positive" if side > 0 else "negative"
        return f"{name} was never {word}, so that side of the {op} was not compared"

    def beyond(self, branch: Branch, overshoot: float, relative: bool = False) -> Point:
        """A point on the other side of a kink, as far as the function is nearly linear.

        With `relative`, linear in the logarithms of the arguments.
        """
        decider = self.middles.get(branch, self.deciders[branch])
        if isinstance(decider, float):
            return self.point
        if branch in self.middles:
            overshoot = 1.0
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
    """A search for points on all the sides of the kinks."""

    def __init__(self, take: Callable[..., Sample], given: Point) -> None:
        self.take = take
        self.found = [take(given)]
        self.sides: dict[Branch, set[int]] = {branch: set() for branch in self.found[0].sides}
        self.pairs: set[tuple[Branch, int, Branch, int]] = set()
        self.trials = 0

    def try_at(self, point: Point, wanted: bool = False) -> Sample | None:
        """Keep a point if it is wanted, or shows something new."""
        self.trials += 1
        try:
            sample = self.take(point)
        except (TypeError, ValueError):  # the function is not defined there
            return None
        if sample.usable and (wanted or self.new(sample.sides)):
            self.found.append(sample)
            for branch, side in sample.sides.items():
                self.sides.setdefault(branch, set()).add(side)
            self.pairs.update(_pairs(sample.sides))
        return sample

    def new(self, sides: Mapping[Branch, int]) -> bool:
        """Whether one of these sides was never seen before, or two of them never at once."""
        return any(side not in self.sides.get(branch, ()) for branch, side in sides.items()) or any(
            pair not in self.pairs for pair in _pairs(sides)
        )

    def between(self) -> None:
        """Look for points beyond one kink but not beyond another: on straight lines between points
        that are on different sides of both.
        """
        tried: set[tuple[Branch, Branch]] = set()
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

    def _bisect(self, one: Sample, other: Sample, a: Branch, b: Branch) -> None:
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
    def unseen(self) -> dict[Branch, int]:
        """The sides of kinks that no point is on."""
        return {branch: -sum(seen) or 1 for branch, seen in self.sides.items() if len(seen) < 2}


def _pairs(sides: Mapping[Branch, int]) -> Iterator[tuple[Branch, int, Branch, int]]:
    """All pairs of sides that a point is on at once; none if there are too many."""
    if len(sides) <= MOST_JOINT:
        for (a, side), (b, other) in combinations(sides.items(), 2):
            if a.place != b.place:
                yield a, side, b, other


def samples(
    take: Callable[..., Sample], given: Point, count: int, seed: int
) -> tuple[list[Sample], dict[Branch, int]]:
    """Samples at the given point and others, and the sides of branches that none of them is on.

    The others are away from kinks, and on all the sides that can be found.
    """
    random = quietly(np.random.default_rng, seed)  # it turns a warning off and on again
    search = Search(take, given)
    for point in _proposals(given, random, ATTEMPTS * count, (0.3, 1.0, 3.0)):
        if len(search.found) > count:
            break
        search.try_at(point, wanted=True)
    search.trials = 0
    for sample in list(search.found):
        for branch, side in sample.sides.items():
            for overshoot, relative in product((1.1, 1.5, 3.0, 10.0), (False, True)):
                other = {**sample.sides, branch: -side}
                if search.trials > MOST_TRIALS or not side or not search.new(other):
                    break
                search.try_at(sample.beyond(branch, overshoot, relative))
    search.between()
    search.near_kinks()
    for point in _proposals(given, random, ATTEMPTS, (10.0, 100.0, 1000.0)):
        if search.unseen:
            search.try_at(point)
    return search.found, search.unseen


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
