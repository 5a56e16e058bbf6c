"""The verdict on a hand-derived number, given the graph."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import inf, isfinite
from typing import Any

from autograd.compare.gradients import computed_from
from autograd.compare.kinks import Sides, at_kinks, corners, intervals
from autograd.compare.numeric import DOUBT, estimate
from autograd.compare.places import Place, places_of
from autograd.compare.report import Row, Verdict
from autograd.compare.structure import Structure
from autograd.edges import Edge, uses
from autograd.explain.reasons import first_not_finite, kind
from autograd.graph import topological_order
from autograd.notation.labels import Labels
from autograd.notation.numbers import number
from autograd.rounding import EPSILON, ZERO, Bounded, Bounds, data_bounds, derivatives
from autograd.value import Value

TOLERANCE = 8 * EPSILON
"""The difference that is put down to rounding, in units of the bound on the rounding error."""
SINGLE = TOLERANCE * 2.0**29
"""The same for numbers that were computed in float32."""
SMALLEST_SINGLE = 2.0**-126
"""Below it, float32 has fewer digits, and then 0."""

MOST_ESTIMATED = 4_000
"""How many nodes may be computed anew, in all, to estimate derivatives that agree."""
OUTSIDE = "not in the graph, so 0"


class Judge:
    """Knows the right derivatives of one Value with respect to those it was computed from."""

    def __init__(
        self,
        root: Value,
        tolerance: float = TOLERANCE,
        outputs: Sequence[Value] = (),
        form: Any = None,
    ) -> None:
        self.root = root
        self.outputs = list(outputs) or [root]
        """The Values that are differentiated: the root, or several that it was made of."""
        self.form = form
        """The structure that the outputs were returned in, with a `Leaf` for every array."""
        self.slopes: dict[Value, tuple[Value, Value]] = {}
        """The outputs that are derivatives themselves: of what, and with respect to what."""
        self.order = topological_order(root)
        self.tolerance = tolerance
        self._estimated = 0
        self._others: dict[Value, Judge] = {}
        self._whole = self
        """The judge of the graph that this one is a part of."""
        self._bounds: dict[bool, Bounds] = {}

    def of(self, value: Value) -> Judge:
        """The judge of another root."""
        if value is self.root:
            return self
        if value not in self._others:
            self._others[value] = Judge(value)
            if value in self.derivatives:
                self._others[value]._whole = self._whole
        self._others[value].tolerance = self.tolerance
        return self._others[value]

    @cached_property
    def labels(self) -> Labels[Value]:
        """The names of the nodes, their short formulas and the symbols for long ones."""
        return Labels(self.order, symbols=True)

    @cached_property
    def formulas(self) -> Labels[Value]:
        """The names of the nodes and their formulas, cut where they are long."""
        return Labels(self.order, longest=60, distinct=False)

    @cached_property
    def names(self) -> dict[Value, str]:
        """The labels of the nodes, as text."""
        return {node: self.labels[node].text.text for node in self.order}

    @cached_property
    def places(self) -> dict[Value, Place]:
        """The places of the nodes."""
        return places_of(self.order)

    @cached_property
    def nodes(self) -> dict[Place, Value]:
        """The nodes at the places."""
        return {place: node for node, place in self.places.items()}

    @cached_property
    def structure(self) -> Structure:
        """The nodes that are alike, and how far they are from the leaves."""
        return Structure(self.order)

    @cached_property
    def uses(self) -> list[Edge[Value]]:
        """The uses of operands, those by the root first."""
        return uses(self.order)

    @cached_property
    def derivatives(self) -> dict[Value, Bounded]:
        """Each derivative, and how far it may be off by the library's own formulas."""
        return derivatives(self.order, self.uses, self._bounds_of(forms=False))

    @cached_property
    def _allowed(self) -> dict[Value, Bounded]:
        """The bounds that hold in the other forms of the operations, too, which take more time."""
        return derivatives(self.order, self.uses, self._bounds_of(forms=True))

    def _bounds_of(self, forms: bool) -> Bounds:
        """The bounds of the nodes, which are those of other roots in the graph, too."""
        whole = self._whole
        if forms not in whole._bounds:
            whole._bounds[forms] = Bounds(whole.order, forms)
        return whole._bounds[forms]

    @cached_property
    def bounds(self) -> dict[Value, float]:
        """How far the data of each node may be off."""
        return data_bounds(self.order, {})

    @cached_property
    def kinks(self) -> Sides:
        """The nodes that are at a kink, with the partial derivatives on its sides."""
        return at_kinks(self.order, self.bounds)

    @cached_property
    def _jumps(self) -> bool:
        """Whether a mask is at the point where it jumps: its slope is 0 on both sides."""
        return any(not any(map(any, sides)) for sides in self.kinks.values())

    @cached_property
    def corners(self) -> list[dict[Value, float]]:
        """The gradients on all the sides of the kinks; those in between are valid, too."""
        return corners(self.order, self.uses, self.kinks)

    @cached_property
    def intervals(self) -> dict[Value, tuple[float, float]]:
        """The valid derivatives where a node is at a kink."""
        if self.corners:
            return {
                node: (min(found := [x[node] for x in self.corners]), max(found))
                for node in self.order
            }
        return intervals(self.order, self.kinks) if self.kinks else {}

    def number(self, wrt: Value) -> float:
        """The right derivative; 0 with respect to a Value that is not in the graph."""
        return self.derivatives.get(wrt, ZERO).number

    def room(self, wrt: Value) -> float:
        """The difference that rounding explains."""
        return self.tolerance * self._allowed.get(wrt, ZERO).bound + self._floor

    @property
    def _floor(self) -> float:
        return 8.0 * SMALLEST_SINGLE if self.tolerance == SINGLE else 0.0

    def kink_room(self, wrt: Value) -> float:
        """The difference that rounding explains on any side of the kinks."""
        opened = self.tolerance * self._opened.get(wrt, ZERO).bound if self.kinks else 0.0
        return max(self.room(wrt), opened if isfinite(opened) else 0.0)

    def wide_room(self, wrt: Value) -> float:
        """The difference that rounding explains in formulas that lose small terms in sums."""
        return self.tolerance * self._wide.get(wrt, ZERO).bound

    @cached_property
    def _opened(self) -> dict[Value, Bounded]:
        """The bounds where every kink is opened to the side of its largest slope."""
        opened = [
            edge._replace(partial=max((x[edge.place] for x in self.kinks[edge.node]), key=abs))
            if edge.node in self.kinks
            else edge
            for edge in self.uses
        ]
        return derivatives(self.order, opened, self._bounds_of(forms=True))

    @cached_property
    def _wide(self) -> dict[Value, Bounded]:
        return derivatives(self.order, self.uses, Bounds(self.order, absorbed=True))

    def verdict(self, wrt: Value, yours: float) -> tuple[Verdict, str]:
        """The verdict on the derivative with respect to a node, and a note on it."""
        ours = self.number(wrt)
        least = self.tolerance * self.derivatives.get(wrt, ZERO).bound + self._floor
        outside = "" if wrt in self.derivatives else OUTSIDE
        if yours == ours and isfinite(ours):
            return "agree", outside
        numbers = f"the automatic one is {number(ours)}, yours {number(yours)}"
        if not isfinite(ours) or not isfinite(self.root.data):
            return "undefined", self.origin() or numbers
        if not isfinite(yours):
            return "undefined", numbers
        if abs(yours - ours) <= least < inf:
            return "agree", outside
        room = self.room(wrt)
        if not isfinite(room):
            return "undefined", f"{numbers}; there is no finite bound on its rounding error here"
        if abs(yours - ours) <= room:
            return "agree", outside
        low, high = self.intervals.get(wrt, (ours, ours))
        if low < high:
            room = self.kink_room(wrt)
        if low < high and low - room <= yours <= high + room:
            return "convention", (
                f"yours {number(yours)}, ours {number(ours)}; at this kink any value in "
                f"[{number(low)}, {number(high)}] is right"
            )
        return "disagree", "" if wrt in self.derivatives else "not in the graph, so it should be 0"

    def origin(self) -> str:
        """Where the first infinity or nan comes from; nothing if there is none."""
        if not (found := first_not_finite(self.order)):
            return ""
        node, edge = found
        if node.op is None:
            return f"the first {kind(node.data)} is {self.names[node]}, an input"
        computed = f"{self.names[node]} = {self.labels.with_numbers(node).text.text}"
        if edge is None:
            return f"the first {kind(node.data)} is {computed}"
        slope = self.labels.derivative(node, edge.operand).text
        return f"the first {kind(edge.partial)} is {slope} of {computed}"

    def row(self, derivative: str, wrt: Value, yours: float, numeric: bool) -> Row:
        """The verdict with all the numbers, perhaps without the estimate, which takes time."""
        ours = self.number(wrt)
        verdict, note = self.verdict(wrt, yours)
        value = error = None
        if numeric:
            self._estimated += len(computed_from(wrt, self.uses))
        numeric = numeric and (verdict != "agree" or self._estimated <= MOST_ESTIMATED)
        if numeric and (opinion := self.opinion(wrt)):
            value, error = opinion
            low, high = self.intervals.get(wrt, (ours, ours))
            off = abs(value - ours) > DOUBT * error + self.room(wrt)
            if off and isfinite(ours) and not low < high and not self._jumps:
                note = (note and note + "; ") + (
                    f"a difference quotient gives {number(value)} ± {number(error, 2)}, not "
                    f"{number(ours)}: the library or a partial derivative of your own may be wrong"
                )
        return Row(
            derivative, yours, ours, value, error, abs(yours - ours), self.room(wrt), verdict, note
        )

    def opinion(self, wrt: Value) -> tuple[float, float] | None:
        """The derivative by differences, and its error."""
        if wrt not in self.derivatives:
            return None
        bound = self.bounds[self.root] * EPSILON
        return estimate(self.order, self.uses, wrt, bound, self.number(wrt))
