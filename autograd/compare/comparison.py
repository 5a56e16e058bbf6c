"""Hand-derived numbers beside those of one graph, and what they say about the derivation."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import isfinite
from types import MappingProxyType

import numpy as np

from autograd.compare.case import Case, Grouping, Titles
from autograd.compare.gradients import computed_from
from autograd.compare.judge import Judge
from autograd.compare.keys import Pair
from autograd.compare.kinks import in_hull
from autograd.compare.report import MOST_ROWS, Row, should_be
from autograd.compare.structure import array_of
from autograd.compare.wrong_factors import explaining_factors, first_wrong
from autograd.notation.labels import Labels
from autograd.notation.numbers import number
from autograd.value import Value

TELLING = 1e-3
"""The largest room for rounding, relative to a derivative, that tells right from wrong."""
FEWEST_ESTIMATES, MOST_WORK = 3, 10_000
"""How many derivatives are estimated by differences: as many as the nodes of the graph allow."""
MOST_SUSPECTED = 4
"""How many factors are named that would each explain the numbers."""
CLASH = "no side of the kink, nor anything between its sides, has these derivatives together"


class Comparison:
    """The verdicts on hand-derived numbers at one point."""

    def __init__(self, judge: Judge, pairs: Sequence[tuple[Pair, float]]) -> None:
        self.judge, self.pairs = judge, pairs
        self.verdicts = [judge.of(of).verdict(wrt, yours)[0] for (of, wrt), yours in pairs]
        self._forgiven: set[int] = set()
        self._beside: set[int] = set()
        self._forgive_beside_others()
        self._clashing = "convention" in self.verdicts and not self._together()
        if self._clashing:
            self.verdicts = ["disagree" if x == "convention" else x for x in self.verdicts]

    @cached_property
    def labels(self) -> Labels[Value]:
        """The labels of the nodes of the graph, and of the others that numbers were given for."""
        inside = self.judge.places
        outside = [x for pair in self.compared for x in pair if x not in inside]
        if not outside:
            return self.judge.labels
        return Labels(self.judge.order, outside, symbols=True)

    @property
    def compared(self) -> list[Pair]:
        """The derivative that each row is about."""
        return [pair for pair, _ in self.pairs]

    @property
    def derivatives(self) -> list[str]:
        """The way each of them is written."""
        return [self.label(of, wrt) for of, wrt in self.compared]

    def number(self, index: int) -> float:
        """The right number for one of the pairs."""
        (of, wrt), _ = self.pairs[index]
        return self.judge.of(of).number(wrt)

    def forgive(self, sizes: Mapping[int, float]) -> None:
        """Let some of the pairs agree if they are off by no more than a formula that cancels may
        be, and that is little beside the size of the derivative where the formula is right.
        """
        for index, size in sizes.items():
            if not self.near(index, size):
                continue
            off, room = self._off(index)
            if off <= room <= TELLING * size:
                self.verdicts[index] = "agree"
                self._forgiven.add(index)

    def _forgive_beside_others(self) -> None:
        """Let numbers of a matrix agree whose error is rounding beside the largest of them, as in a
        product or an inverse of matrices, if they are 0 or that is little beside them, too.
        """
        if len(self.judge.outputs) == 1:
            return
        sizes = [abs(self.number(index)) for index in range(len(self.pairs))]
        room = self.judge.tolerance * max(filter(isfinite, sizes), default=0.0)
        for index, size in enumerate(sizes):
            if self.verdicts[index] == "disagree":
                off = abs(self.pairs[index][1] - self.number(index))
                if off <= room and (not size or off <= TELLING * size):
                    self.verdicts[index] = "agree"
                    self._beside.add(index)

    def near(self, index: int, size: float) -> bool:
        """Whether a derivative is wrong by little, beside a size that it has elsewhere."""
        _, yours = self.pairs[index]
        off = abs(yours - self.number(index))
        return self.verdicts[index] == "disagree" and off <= TELLING * size

    def telling(self, index: int) -> float:
        """The size of a derivative that agrees, and would not if it were wrong; otherwise 0."""
        if self.verdicts[index] != "agree":
            return 0.0
        size, (_, room) = abs(self.number(index)), self._off(index)
        return size if room <= TELLING * size else 0.0

    def _off(self, index: int) -> tuple[float, float]:
        """How far a number is off, and how far it may be if the formula for it cancels."""
        (of, wrt), yours = self.pairs[index]
        judge = self.judge.of(of)
        return abs(yours - judge.number(wrt)), judge.wide_room(wrt)

    def rows(self) -> list[Row]:
        """Each derivative with all the numbers, and a note on those that only inherit an error."""
        _, inherited = self._wrong
        result = []
        left = max(FEWEST_ESTIMATES, min(MOST_ROWS, MOST_WORK // len(self.judge.order)))
        for index, ((of, wrt), _) in enumerate(self.pairs):
            numeric = left > 0 and (index < MOST_ROWS or self.verdicts[index] != "agree")
            left -= numeric
            row = self.row(index, numeric)
            if of is self.judge.root and wrt in inherited:
                row = replace(row, note=inherited[wrt])
            result.append(row)
        return result

    def row(self, index: int, numeric: bool) -> Row:
        """One derivative with all the numbers, perhaps without the estimate."""
        (of, wrt), yours = self.pairs[index]
        row = self.judge.of(of).row(self.label(of, wrt), wrt, yours, numeric)
        if self._clashing and row.verdict == "convention":
            return replace(
                row, verdict="disagree", note=f"{row.note}, but not all at once: {CLASH}"
            )
        if index in self._beside:
            return replace(row, verdict="agree", note="off by rounding, beside the other numbers")
        if index in self._forgiven:
            room = max(self._off(index))
            note = f"a formula that cancels here may be off by {number(room, 2)}"
            return replace(row, verdict="agree", tolerance=room, note=note)
        return replace(row, verdict=self.verdicts[index])

    def diagnosis(self, cases: Sequence[Case] = (), found: bool = False) -> Iterator[str]:
        """Sentences on the errors, from the root down.

        Args:
            cases: the numbers at other points.
            found: whether the mistake is known.
        """
        wrong, _ = self._wrong
        factors = [
            f"{self.label(of, wrt)}: {should_be(yours, self.judge.of(of).number(wrt))} "
            f"at {self._title(wrt)} = {number(wrt.data)}"
            for (of, wrt), yours in map(self.pairs.__getitem__, self._wrong_factors)
        ]
        every = [*factors, *wrong.values(), *self._first_of_several()]
        if factors and wrong and not self._factor_first:
            every = [*wrong.values(), *factors]
        if "disagree" not in self.verdicts:
            return
        numbers = [wrt for (of, wrt) in self.compared if self._of_output(of, wrt)]
        inputs_alone = not factors and all(node.op is None for node in numbers)
        if inputs_alone and len(numbers) > 1 and (len(every) > 1 or not cases) and not found:
            explaining = explaining_factors(self.case(), cases)
            where = "at every point" if len(cases) > 1 else "here"
            if len(explaining) == 1:
                yield f"Changed alone, this factor explains the numbers {where}: {explaining[0]}"
                return
            if explaining:
                yield f"Changed alone, each of these factors explains the numbers {where}:"
                yield from (f"  {factor}" for factor in explaining[:MOST_SUSPECTED])
                return
        if inputs_alone and (found or len(every) > 1):
            return  # inputs have no order: the table says it all
        if every:
            yield f"First wrong: {every[0]}"
        if len(every) > 1:
            yield f"Independently wrong: {len(every) - 1} more, such as {every[1]}"

    def _first_of_several(self) -> Iterator[str]:
        """Of several results, the first wrong derivative with respect to an inner Value from which
        no other one is computed that has a wrong derivative, too.
        """
        wrong = {
            wrt: (of, yours)
            for ((of, wrt), yours), verdict in zip(self.pairs, self.verdicts, strict=True)
            if verdict == "disagree" and self._of_output(of, wrt) and wrt.op
        }
        for wrt, (of, yours) in wrong.items() if len(self.judge.outputs) > 1 else ():
            if len(wrong.keys() & computed_from(wrt, self.judge.uses).keys()) <= 1:
                words = should_be(yours, self.judge.of(of).number(wrt))
                yield f"{self.label(of, wrt)}: {words} at {self._title(wrt)} = {number(wrt.data)}"
                return

    def case(self, arguments: Mapping[Value, str] = MappingProxyType({})) -> Case:
        """The numbers to be explained; `arguments` says which argument a Value belongs to."""
        numbers = {
            (of, wrt): yours
            for (of, wrt), yours in self.pairs
            if self._of_output(of, wrt, arguments)
        }
        return self._case(numbers, arguments)

    def _case(self, numbers: Mapping[Pair, float], arguments: Mapping[Value, str]) -> Case:
        names = [arguments.get(wrt) or self._group(wrt) for _, wrt in numbers]
        parts = [Grouping("gradient", names)]
        return Case(self.judge, list(numbers), parts, list(numbers.values()))

    def titles(self, case: Case) -> Titles:
        """The names of the derivatives of a case that was made of these numbers."""
        rows, columns = ([self._title(pair[i]) for pair in case.pairs] for i in range(2))
        labels = [self.label(*pair) for pair in case.pairs]
        return Titles(rows, columns, case.groupings[0].names, labels)

    @property
    def first_step(self) -> list[int]:
        """The places of the numbers of the first wrong step of a derivation, and of all the steps
        above it, which are right; none if only derivatives with respect to inputs are wrong, which
        have no order.
        """
        if len(self.judge.outputs) > 1:
            return []
        if self._factor_first:
            of, _ = self.compared[self._wrong_factors[0]]
            return [index for index, pair in enumerate(self.compared) if pair[0] is of]
        wrong, _ = self._wrong
        first = next(iter(wrong), None)
        if first is None or first.op is None:
            return []
        above = computed_from(first, self.judge.uses)
        return [
            index
            for index, (of, wrt) in enumerate(self.compared)
            if of is self.judge.root and (wrt in above or self._group(wrt) == self._group(first))
        ]

    def step(self, places: Sequence[int]) -> Case:
        """Some of the numbers, to be explained by themselves."""
        return self._case(dict(map(self.pairs.__getitem__, places)), {})

    @property
    def _wrong_factors(self) -> list[int]:
        """The places of the factors of the chain rule that are wrong, from the root down."""
        wrong = {
            index: of
            for index, (of, wrt) in enumerate(self.compared)
            if self.verdicts[index] == "disagree" and not self._of_output(of, wrt)
        }
        several = set(wrong.values())
        above = {of: len(several & computed_from(of, self.judge.uses).keys()) for of in several}
        return sorted(wrong, key=lambda index: above[wrong[index]])

    @property
    def _factor_first(self) -> bool:
        """Whether the first thing that is wrong, from the root down, is a factor."""
        wrong, _ = self._wrong
        first = next(iter(wrong), None)
        if not self._wrong_factors or first is None:
            return bool(self._wrong_factors)
        of, _ = self.compared[self._wrong_factors[0]]
        above = computed_from(first, self.judge.uses)
        return of in above

    def _group(self, node: Value) -> str:
        """The array that a node belongs to by its name, w for w0 or w0_1; otherwise its title."""
        title = self._title(node)
        base = array_of(node.name or "")
        first = {name for name in self.judge.names.values() if name in (f"{base}0", f"{base}0_0")}
        return base if base and first else title

    def _together(self) -> bool:
        """Whether the choices at kinks are valid together: those of a tie have to add up to 1."""
        if "disagree" in self.verdicts or "undefined" in self.verdicts:
            return True
        return all(self._in_hull(self.judge.of(output)) for output in self.judge.outputs)

    def _in_hull(self, judge: Judge) -> bool:
        numbers = {
            wrt: yours
            for (of, wrt), yours in self.pairs
            if of is judge.root and wrt in judge.derivatives
        }
        corners = [[x[wrt] for wrt in numbers] for x in judge.corners]
        if not numbers or not corners or not np.isfinite(corners).all():
            return True  # with an infinite slope on one side, any number lies in between
        rooms = [judge.kink_room(wrt) for wrt in numbers]
        return in_hull(np.array([*numbers.values()]), np.array(corners), np.array(rooms))

    @cached_property
    def _wrong(self) -> tuple[dict[Value, str], dict[Value, str]]:
        local = {
            (of, wrt): yours
            for (of, wrt), yours in self.pairs
            if of is not self.judge.root and any(x is wrt for x in of.operands)
        }
        return first_wrong(self.judge, self._of_root(), local)

    def _of_root(self) -> dict[Value, float]:
        """The numbers given for derivatives of the root with respect to nodes of its graph."""
        return {
            wrt: yours
            for (of, wrt), yours in self.pairs
            if of is self.judge.root and wrt in self.judge.derivatives
        }

    def _of_output(self, of: Value, wrt: Value, arguments: Collection[Value] = ()) -> bool:
        """Whether a derivative is one of what is differentiated, with respect to an argument or to
        a node of the graph.
        """
        outputs = self.judge.outputs
        known = len(outputs) > 1 or wrt in self.judge.derivatives or wrt in arguments
        return known and any(of is output for output in outputs)

    def label(self, of: Value, wrt: Value) -> str:
        """How the derivative of one Value with respect to another is written."""
        if of in self.judge.slopes and wrt.op is None:
            root, first = self.judge.slopes[of]
            return self.labels.second_derivative(root, first, wrt)
        return self.labels.derivative(of, wrt).text

    def _title(self, node: Value) -> str:
        return self.labels[node].text.text
