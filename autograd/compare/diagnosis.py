"""The diagnosis of a wrong gradient: what is found by relations and by the search for mistakes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

import numpy as np

from autograd.catalogue.slopes import FACTORS
from autograd.compare.candidates import Mistakes
from autograd.compare.case import Case, Grouping
from autograd.compare.evidence import FEWEST, Evidence, evidence
from autograd.compare.findings import Finding
from autograd.compare.inquiry import (
    ALONE,
    COMBINED,
    CONFUSED,
    ELSEWHERE,
    SINGLE,
    STOPPED,
    Inquiry,
    Tier,
)
from autograd.compare.judge import Judge
from autograd.compare.relations import VAGUE, local_relation
from autograd.compare.relations import relations as related
from autograd.compare.wording import (
    MOST_LISTED,
    extent,
    findings_of,
    gathered,
    here,
    listed,
    named,
    nothing_found,
    sentence,
)
from autograd.quiet import quiet
from autograd.rounding import RELATIVE

MOST_ALONE = 10
"""How many arguments are looked at one by one."""
OF_TERMS = {
    *(kind for kind, _ in FACTORS),
    "a term has the wrong factor",
    "the sign of a term is flipped in a value, not in its derivative",
}
"""Mistakes in a term of a second derivative, however that is computed."""
PARTS = "mistakes in a part of the numbers alone"
ONE = "One number fits many mistakes: check_gradient() compares at many points."
SECONDS = 5.0
"""How long the search for mistakes takes at most, unless another time is given."""


class Diagnosis(NamedTuple):
    """The findings on wrong numbers, and the sentences that tell them."""

    findings: list[Finding]
    words: list[str]


@quiet
def diagnosed(
    cases: Sequence[Case],
    shown: Judge,
    seconds: float = SECONDS,
    exact: float = RELATIVE,
    step: Sequence[Case] = (),
) -> Diagnosis:
    """Everything that explains hand-derived numbers at all of some points.

    A single mistake of the classic ones is the best explanation, then constant ratios, then a
    formula that is confused with another, then other relations, then two mistakes at once. Where
    some arguments have a relation of their own, the mistake is looked for in the others.

    Args:
        cases: the numbers at each point.
        shown: the graph whose labels are used.
        seconds: how long the search takes at most.
        exact: how nearly numbers that are recognized must be met, relative to their size.
        step: the numbers of the first wrong step, and of those above, if the derivation has steps:
            they are explained where no single mistake explains all the numbers.
    """
    end = perf_counter() + seconds
    if step and not {*step[0].roots} & {*cases[0].roots}:
        cases = []  # a factor of the chain rule is wrong above all these numbers
    wrong = [
        _Explanation(several, shown, end, exact, where)
        for several, where in ((cases, ""), (step, " in the first wrong step"))
        if not all(case.right(case.yours) for case in several)
    ]
    if not wrong:
        return Diagnosis([], [])
    for explanation in wrong:
        if explanation.plain() or explanation.single(steps=explanation is not wrong[-1]):
            return explanation.told()
    explanation.by_parts()
    return explanation.told()


class _Explanation:
    """The explanations of the numbers at some points, as far as they are found.

    Args:
        cases: the numbers at each point.
        shown: the graph whose labels are used.
        end: the time, by `perf_counter`, at which the search ends.
        exact: how nearly numbers that are recognized must be met, relative to their size.
        where: words on the part of a derivation that the numbers are.
    """

    def __init__(
        self, cases: Sequence[Case], shown: Judge, end: float, exact: float, where: str
    ) -> None:
        self.cases, self.shown, self.exact, self.where = cases, shown, exact, where
        self.judges = [shown, *(case.judge for case in cases)]
        self.inquiry = Inquiry(cases, end)
        self.found: list[Finding] = []
        self.words: list[str] = []

    def told(self) -> Diagnosis:
        """All that is found."""
        return Diagnosis(self.found, self.words)

    def _is(self, mistakes: Sequence[Finding]) -> bool:
        """Take mistakes that explain all the numbers, if there are any."""
        self.found += mistakes
        self.words += named(mistakes, self.where, len(self.cases))
        return bool(mistakes)

    def _first(self, tiers: Iterable[Tier]) -> bool:
        """The mistakes of the first tier in which there are any that explain the numbers."""
        return self._is(findings_of(self.inquiry.first(tiers), self.judges))

    # --- All the numbers at once ----------------------------------------------------------------

    def plain(self) -> bool:
        """That a single number of a matrix is a multiple of the right one: no place says more."""
        wrong = np.any([case.off for case in self.cases], axis=0)
        if len(self.shown.outputs) == 1 or wrong.sum() != 1:
            return False
        _, relations = self._relations()
        return self._fact(
            next((x for x in relations.values() if x and x.kind in ("multiple", "zero")), None)
        )

    def _fact(self, fact: Finding | None) -> bool:
        """Take a relation that explains all the numbers, if there is one."""
        if fact is not None:
            self.found, self.words = [fact], [sentence(fact)]
        return fact is not None

    def single(self, steps: bool) -> bool:
        """A single mistake; of the classic ones only, unless there are steps to look at next, or
        there is only one number, which many mistakes would give.
        """
        if len(self.cases) == 1 == len(self.cases[0].pairs):
            if not self._first([x for x in (*SINGLE, *CONFUSED) if not x.solves]):
                self.words = [ONE]
            return True
        mistakes = self.inquiry.first((*SINGLE, *CONFUSED) if steps else SINGLE)
        if not mistakes:
            return False
        return self._is(findings_of(_simplest(mistakes, self.inquiry), self.judges))

    # --- Part by part ---------------------------------------------------------------------------

    def by_parts(self) -> None:
        """The relations of the parts, and mistakes in those that have none."""
        evidence, relations = self._relations()
        facts = [x for x in relations.values() if x and x.kind not in VAGUE]
        constant = len(facts) == len(relations) and all(
            x.kind == "multiple" and x.number is not None for x in facts
        )
        if not constant and self._first(CONFUSED):
            return
        if not facts and len(self.shown.outputs) > 1 and self._first(ELSEWHERE):
            return
        grouping = evidence.grouping
        left = [name for name, x in relations.items() if x not in facts]
        left = self._alone(grouping, left)
        if left and not facts and not self.found:
            if self._fact(local_relation(evidence, self.cases)):
                return
            pairs = findings_of(self.inquiry.first(COMBINED), self.judges)
            if len(pairs) <= MOST_LISTED and self._is(pairs):  # so many more say nothing
                return
        left = self._one_by_one(grouping, left)
        facts += [x for name, x in relations.items() if x and x.kind in VAGUE and name in left]
        facts = gathered(facts, grouping.noun)
        self.found = [*facts, *self.found]
        self.words = [*map(sentence, facts), *self.words]
        unknown = [name for name in left if not (x := relations[name]) or x.kind == "elements"]
        if unknown:
            whose = unknown if len(unknown) < len(relations) else []
            self.words.append(nothing_found(grouping, whose, self.inquiry.untried))

    def _relations(self) -> tuple[Evidence, dict[str, Finding | None]]:
        """The relations in the first grouping in which they tell all, or else the most."""
        best: tuple[tuple[int, ...], Evidence, dict[str, Finding | None]] | None = None
        for grouping in self.cases[0].groupings:
            facts_of = evidence(self.cases, grouping, self.shown, self.exact)
            relations = related(facts_of)
            wrong = {x.name: int(x.bad.any(axis=0).sum()) for x in facts_of.arguments}
            unknown = [name for name, x in relations.items() if x is None or x.kind in VAGUE]
            # One number in the place of another is a last resort: it may hold by coincidence.
            replaced = sum(x is not None and x.kind == "replaced" for x in relations.values())
            facts = len(relations) - len(unknown)
            alone = bool(facts) == bool(grouping.noun)  # one by one only if that says something
            cost = sum(wrong[name] for name in unknown), replaced, facts, int(alone)
            if best is None or cost <= best[0]:
                best = cost, facts_of, relations
            if cost[:3] <= (0, 0, 1) and sum(wrong.values()) > 1:
                break
        assert best is not None
        _, facts_of, relations = best
        if len(self.cases) == 1:
            relations = {name: x and here(x) for name, x in relations.items()}
        return facts_of, relations

    def _alone(self, grouping: Grouping, names: Sequence[str]) -> list[str]:
        """Take mistakes in some groups alone, together or else one by one; return the others."""
        left = list(names)
        each = [(name,) for name in names] if len(names) <= MOST_ALONE else []
        for several in dict.fromkeys([tuple(names), *each]):
            columns = [i for i, group in enumerate(grouping.names) if group in several]
            if mistakes := self._in_columns(columns):
                argument = listed(several)
                self.found += [replace(x, argument=argument) for x in mistakes]
                self.words += named(mistakes, f" in {grouping.of(argument)}", len(self.cases))
                left = [name for name in left if name not in several]
            if not left:
                break
        return left

    def _one_by_one(self, grouping: Grouping, names: Sequence[str]) -> list[str]:
        """Take mistakes in single derivatives of groups of which others are right; return the
        groups of which these are not all that is wrong.
        """
        alike: dict[tuple[Finding, ...], list[str]] = {}
        left = list(names)
        for name in names:
            columns = grouping.groups[name]
            wrong = [i for i in columns if any(case.off[i] for case in self.cases)]
            if not 0 < len(wrong) < min(len(columns), MOST_ALONE):
                continue
            mistakes = {i: self._in_columns([i], self._more(i)) for i in wrong}
            if self.shown.slopes:  # nobody wrote the steps of the gradient
                mistakes = {i: [x for x in y if x.kind in OF_TERMS] for i, y in mistakes.items()}
            if all(mistakes.values()):
                left.remove(name)
            for i, several in mistakes.items():
                if several:
                    alike.setdefault(tuple(several), []).append(_element(self.cases[0], i))
        for same, elements in alike.items():
            self.found += [replace(x, argument=listed(elements)) for x in same]
            self.words += named(same, f" in {listed(elements)}", len(self.cases))
        return left

    def _more(self, column: int) -> Sequence[Tier]:
        """More that is tried for one derivative alone, if it has enough different numbers, which
        those of a mask are not.
        """
        numbers = {float(case.yours[column]) for case in self.cases if case.off[column]}
        return ALONE if len(numbers) >= FEWEST else ()

    def _in_columns(self, columns: Sequence[int], more: Sequence[Tier] = ()) -> list[Finding]:
        """Mistakes that explain some of the derivatives alone."""
        if not 0 < len(columns) < len(self.cases[0].pairs):
            return []
        alone = Inquiry([case.only(columns) for case in self.cases], self.inquiry.end)
        mistakes = alone.first((*SINGLE, *CONFUSED, *more))
        if alone.untried and PARTS not in self.inquiry.untried:
            self.inquiry.untried.append(PARTS)
        return findings_of(mistakes, self.judges)


def _simplest(mistakes: list[Mistakes], inquiry: Inquiry) -> list[Mistakes]:
    """Single mistakes, or a value that is treated as a constant where that is simpler: where they
    are made in more places, or let nothing through by coincidence.
    """
    least = min(map(extent, mistakes))
    known = any(mistake.stops for several in mistakes for mistake in several)
    if least > 1 or not known:
        stopped = inquiry.first(STOPPED)
        return [x for x in stopped if extent(x) < least + (not known)] or mistakes
    # Where nothing flows, a mistake in more places only happens to let nothing through.
    return [x for x in mistakes if extent(x) == least]


def _element(case: Case, column: int) -> str:
    """One of the derivatives in words."""
    alone = [x for x in case.groupings if not x.noun]
    if alone:
        return alone[0].names[column]
    _, wrt = case.pairs[column]
    return f"the derivative with respect to {wrt.name}"
