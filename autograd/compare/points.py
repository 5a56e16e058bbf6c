"""Points at which a function is compared: on all sides of its kinks and branches, and near none."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import fabs, isfinite, isinf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compare.conditions import FEW, Condition, Decision, Heard, leaves_loop
from autograd.compare.judge import Judge
from autograd.compare.places import Place
from autograd.edges import edges
from autograd.graph import arguments, sort
from autograd.quiet import quiet, quietly
from autograd.rounding import EPSILON
from autograd.value import Value

Point = list[NDArray[np.float64]]
"""The arguments, as arrays."""

CLEARANCE = 1e-3
"""How far from a kink a point must be, relative to the arguments."""
ROUNDED = 1e-9
"""How near, relative to the arguments, a point may seem to be to a kink that it is at exactly."""
OVERSHOOTS = (1.1, 1.5, 3.0, 10.0)
"""How far the steps over a kink go, as a multiple of the way to it."""
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

    def __init__(self, point: Point, judge: Judge, leaves: dict[str, Any], heard: Heard) -> None:
        self.point = [np.asarray(x) for x in point]
        self.leaves = leaves
        """The arguments as arrays of Values, by their names."""
        self.arguments = {
            leaf: name for name, several in leaves.items() for leaf in several.ravel().tolist()
        }
        """Which argument each of the leaves belongs to."""
        self.heard, self.judge = heard, judge
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
                # One that only jumps, as a mask does, has a kink of its own where it does.
                mask = node.operands[0]
                kinks.insert(0, mask if isinstance(mask, Value) and self._reach(mask) else 1.0)
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
        return (
            all(isfinite(output.data) for output in self.judge.outputs)
            and not self.on_boundary
            and not any(map(self._near, self.sides))
            and all(isfinite(x.number + x.bound) for x in self.judge.derivatives.values())
            and (all(self.sides.values()) or self._flat())
        )

    def _near(self, fork: Fork) -> bool:
        """Whether a kink is near, and not as near as rounding may bring it."""
        decider = self.deciders[fork]
        return not self.sides[fork] and fabs(decider.data) > ROUNDED * self._reach(decider)

    def _flat(self) -> bool:
        """Whether the sides of its kinks make no difference at the point: `relu(relu(-1))`. That is
        not known of second derivatives, which jump where a slope does.
        """
        if self.judge.slopes:
            return False
        exactly = {self.judge.places[node] for node in self.judge.kinks}
        return all(side or fork.place in exactly for fork, side in self.sides.items()) and all(
            low == high
            for output in self.judge.outputs
            for node, (low, high) in self.judge.of(output).intervals.items()
            if node.op is None or (node.name and node is not output)
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

    def reach(self, fork: Fork) -> float:
        """How much what decides changes at most, relative to the arguments."""
        return self._reach(self.deciders[fork])

    def at(self, fork: Fork, wanted: float) -> Point:
        """A point at which what decides is a given number, as far as the function is linear."""
        return self._towards(self.deciders[fork] - wanted, 1.0, False)

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
            for leaves in self.leaves.values()
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
