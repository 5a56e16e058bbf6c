"""The diagnosis of a wrong gradient: what is found by relations and by the search for mistakes."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

import numpy as np

from autograd.compare.candidates import Mistakes
from autograd.compare.case import Case, Grouping
from autograd.compare.evidence import Evidence, evidence
from autograd.compare.findings import Cause, Finding, escaped
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
from autograd.compare.mistakes import FACTORS
from autograd.compare.relations import VAGUE, local_relation
from autograd.compare.relations import relations as related
from autograd.compare.rounding import RELATIVE
from autograd.quiet import quiet

MOST_ALONE = 10
"""How many arguments are looked at one by one."""
MOST_LISTED = 5
"""How many mistakes that give the same numbers are listed."""
OF_TERMS = {
    *(kind for kind, _ in FACTORS),
    "a term has the wrong factor",
    "the sign of a term is flipped in a value, not in its derivative",
}
"""Mistakes in a term of a second derivative, however that is computed."""
SIZED = "a division is forgotten"
"""A mistake whose size depends on the length of an array."""
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
    judges = [shown, *(case.judge for case in cases)]
    end = perf_counter() + seconds
    wrong = [
        (several, where)
        for several, where in ((cases, ""), (step, " in the first wrong step"))
        if not all(case.right(case.yours) for case in several)
    ]
    if not wrong:
        return Diagnosis([], [])
    if (plain := _plain(cases, shown, exact)) is not None:
        return Diagnosis([plain], [_sentence(plain)])
    for cases, where in wrong:
        inquiry = Inquiry(cases, end)
        tiers = SINGLE if cases is wrong[-1][0] else (*SINGLE, *CONFUSED)
        if mistakes := inquiry.first(tiers):
            found = _mistakes(_simplest(mistakes, inquiry), judges)
            return Diagnosis(found, _named(found, where, len(cases)))
    facts_of, relations = _best(cases, shown, exact)
    if len(cases) == 1:
        relations = {name: x and _here(x) for name, x in relations.items()}
    facts = [x for x in relations.values() if x and x.kind not in VAGUE]
    constant = len(facts) == len(relations) and all(x.kind == "multiple" for x in facts)
    if not constant and (found := _mistakes(inquiry.first(CONFUSED), judges)):
        return Diagnosis(found, _named(found, where, len(cases)))
    left = [name for name, x in relations.items() if x not in facts]
    elsewhere = ELSEWHERE if len(shown.outputs) > 1 and not facts else ()
    if found := _mistakes(inquiry.first(elsewhere), judges):
        return Diagnosis(found, _named(found, where, len(cases)))
    found, words = _alone(cases, facts_of.grouping, left, inquiry, judges)
    left = [name for name in left if name not in map(_of, found)]
    if left and not facts and not found:
        local = local_relation(facts_of, cases)
        if local and local.kind != "replaced":
            return Diagnosis([local], [_sentence(local)])
        found = _mistakes(inquiry.first(COMBINED), judges)
        if len(found) > MOST_LISTED:  # so many pairs say nothing
            found = []
        if local and not found:
            return Diagnosis([local], [_sentence(local)])
        words = _named(found, where, len(cases))
        left = [] if found else left
    if left:
        known, more, explained = _one_by_one(cases, facts_of.grouping, left, inquiry, judges)
        found, words = [*found, *known], [*words, *more]
        left = [name for name in left if name not in explained]
    facts += [x for name, x in relations.items() if x and x.kind in VAGUE and name in left]
    facts = _gathered(facts, facts_of.grouping.noun)
    words = [*map(_sentence, facts), *words]
    unknown = [name for name in left if not (x := relations[name]) or x.kind == "elements"]
    if unknown:
        whose = unknown if len(unknown) < len(relations) else []
        words.append(_nothing(facts_of.grouping, whose, inquiry.untried))
    return Diagnosis([*facts, *found], words)


def _simplest(mistakes: list[Mistakes], inquiry: Inquiry) -> list[Mistakes]:
    """Single mistakes, or a value that is treated as a constant where that is simpler: where they
    are made in more places, or let nothing through by coincidence.
    """
    least = min(map(_extent, mistakes))
    known = any(mistake.stops for several in mistakes for mistake in several)
    if least > 1 or not known:
        stopped = inquiry.first(STOPPED)
        return [x for x in stopped if _extent(x) < least + (not known)] or mistakes
    # Where nothing flows, a mistake in more places only happens to let nothing through.
    return [x for x in mistakes if _extent(x) == least]


def _plain(cases: Sequence[Case], shown: Judge, exact: float) -> Finding | None:
    """That a single number of a matrix is a multiple of the right one: no place says more."""
    wrong = np.any([case.off for case in cases], axis=0)
    if len(shown.outputs) == 1 or wrong.sum() != 1:
        return None
    _, relations = _best(cases, shown, exact)
    return next((x for x in relations.values() if x and x.kind in ("multiple", "zero")), None)


def _best(
    cases: Sequence[Case], shown: Judge, exact: float
) -> tuple[Evidence, dict[str, Finding | None]]:
    """The relations in the first grouping in which they tell all, or else the most."""
    best: tuple[tuple[int, ...], Evidence, dict[str, Finding | None]] | None = None
    for grouping in cases[0].groupings:
        facts_of = evidence(cases, grouping, shown, exact)
        relations = related(facts_of)
        unknown = [name for name, x in relations.items() if x is None or x.kind in VAGUE]
        wrong = sum(int(x.bad.any(axis=0).sum()) for x in facts_of.arguments if x.name in unknown)
        # One number in the place of another is a last resort: it may hold by coincidence.
        replaced = sum(x is not None and x.kind == "replaced" for x in relations.values())
        facts = len(relations) - len(unknown)
        alone = bool(facts) == bool(grouping.noun)  # one by one only if that says something
        cost = wrong, replaced, facts, int(alone)
        if best is None or cost <= best[0]:
            best = cost, facts_of, relations
        several = sum(int(x.bad.any(axis=0).sum()) for x in facts_of.arguments) > 1
        if cost[:3] <= (0, 0, 1) and several:
            break
    assert best is not None
    return best[1:]


def _alone(
    cases: Sequence[Case],
    grouping: Grouping,
    names: Sequence[str],
    inquiry: Inquiry,
    judges: Sequence[Judge],
) -> tuple[list[Finding], list[str]]:
    """Mistakes in the gradients of some arguments alone, together or else one by one."""
    groups = grouping.names
    found: list[Finding] = []
    words: list[str] = []
    each = [(name,) for name in names] if len(names) <= MOST_ALONE else []
    for several in dict.fromkeys([tuple(names), *each]):
        columns = [i for i, group in enumerate(groups) if group in several]
        if mistakes := _in_columns(cases, columns, inquiry, judges):
            argument = _and(several)
            found += [replace(x, argument=argument) for x in mistakes]
            words += _named(mistakes, f" in {grouping.of(argument)}", len(cases))
            if len(several) == len(names):
                break
    return found, words


def _one_by_one(
    cases: Sequence[Case],
    grouping: Grouping,
    names: Sequence[str],
    inquiry: Inquiry,
    judges: Sequence[Judge],
) -> tuple[list[Finding], list[str], set[str]]:
    """Mistakes in single derivatives of some groups of which others are right; and the groups of
    which these are all that is wrong.
    """
    alike: dict[tuple[Finding, ...], list[str]] = {}
    explained = set()
    for name, columns in grouping.groups.items():
        wrong = [i for i in columns if any(case.off[i] for case in cases)]
        if name not in names or not 0 < len(wrong) < min(len(columns), MOST_ALONE):
            continue
        mistakes = {i: _in_columns(cases, [i], inquiry, judges, ALONE) for i in wrong}
        if cases[0].judge.slopes:  # nobody wrote the steps of the gradient
            mistakes = {i: [x for x in y if x.kind in OF_TERMS] for i, y in mistakes.items()}
        if all(mistakes.values()):
            explained.add(name)
        for i, several in mistakes.items():
            if several:
                alike.setdefault(tuple(several), []).append(_element(cases[0], i))
    found: list[Finding] = []
    words: list[str] = []
    for same, elements in alike.items():
        found += [replace(x, argument=_and(elements)) for x in same]
        words += _named(same, f" in {_and(elements)}", len(cases))
    return found, words, explained


def _and(names: Sequence[str]) -> str:
    """Some names as a list in words."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _element(case: Case, column: int) -> str:
    """One of the derivatives in words."""
    alone = [x for x in case.groupings if not x.noun]
    if alone:
        return alone[0].names[column]
    _, wrt = case.pairs[column]
    return f"the derivative with respect to {wrt.name}"


def _in_columns(
    cases: Sequence[Case],
    columns: Sequence[int],
    inquiry: Inquiry,
    judges: Sequence[Judge],
    more: Sequence[Tier] = (),
) -> list[Finding]:
    """Mistakes that explain some of the derivatives alone."""
    if not 0 < len(columns) < len(cases[0].pairs):
        return []
    alone = Inquiry([case.only(columns) for case in cases], inquiry.end)
    mistakes = _mistakes(alone.first((*SINGLE, *CONFUSED, *more)), judges)
    inquiry.untried += [x for x in alone.untried if x not in inquiry.untried]
    return mistakes


def _bare(place: str) -> str:
    """A place without the parentheses, or the comma, that it is put in."""
    return place[2:-1] if place.startswith(" (") and place.endswith(")") else place.lstrip(" ,")


def _here(finding: Finding) -> Finding:
    """A finding at the only point."""
    return replace(finding, template=finding.template.replace(" at every point", ""))


def _of(finding: Finding) -> str:
    return finding.argument


def _extent(mistakes: Mistakes) -> int:
    """In how many places mistakes are made."""
    return max(mistake.extent for mistake in mistakes)


def _gathered(facts: Sequence[Finding], noun: str) -> list[Finding]:
    """The same relation of several arguments as one."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for x in facts:
        alike.setdefault((x.kind, x.place, x.template), []).append(x)
    result = []
    for several in alike.values():
        first = several[0]
        if len(several) > 1:
            names = [x.argument for x in several]
            template = first.template.replace(
                f"the {noun} of {{argument}}", f"each of the {noun}s of {{argument}}"
            )
            if not noun:
                template = template.replace("{argument}", "each of {argument}", 1)
            joined = _and(names)
            first = Finding(first.kind, joined, first.place, first.number, True, template)
        result.append(first)
    return result


def _sentence(finding: Finding) -> str:
    words = str(finding)
    if finding.template.startswith("{argument}"):  # a symbol
        return f"{words}."
    return f"{words[0].upper()}{words[1:]}."


def _named(found: Sequence[Finding], where: str, points: int) -> list[str]:
    """The sentences on the mistakes that explain the numbers at so many points; if there are
    several, with what would tell them apart.
    """
    if not found:
        return []
    if len(found) == 1:
        return [f"The mistake{where}: {found[0]}."]
    title = f"Each of these mistakes{where} gives the same numbers:"
    if len(found) > MOST_LISTED:
        title = f"{len(found)} mistakes{where} would give the same numbers, among them:"
    if points == 1:
        apart = "Other points may tell them apart: check_gradient() tries many."
    elif any(SIZED in x.kind for x in found) and len({x.kind for x in found}) > 1:
        apart = "An array of another length would tell them apart."
    else:
        apart = f"They differ at none of the {points} points: to mend any of them is enough."
    return [title, *(f"  {x}" for x in found[:MOST_LISTED]), apart]


def _nothing(grouping: Grouping, arguments: Sequence[str], untried: Sequence[str]) -> str:
    """The sentence where no mistake is found: only what was tried is excluded."""
    numbers = grouping.of(_and(arguments)) if arguments else "these numbers"
    if not untried:
        return f"None of the classic mistakes gives {numbers}."
    return (
        f"None of the classic mistakes that were tried gives {numbers}; not tried in the time "
        f"given (seconds= allows more): {', '.join(untried)}."
    )


def _mistakes(found: Sequence[Mistakes], judges: Sequence[Judge]) -> list[Finding]:
    """One finding for each kind of mistake."""
    first: dict[tuple[str, ...], Mistakes] = {}
    known: dict[tuple[object, ...], str] = {}
    for several in found:
        alone, *others = several
        # In one place, the same numbers at all points are the same mistake in other words.
        if not others and alone.made and known.setdefault((*alone.made,), alone.kind) != alone.kind:
            continue
        same = tuple(mistake.kind for mistake in several)
        if same not in first or _extent(first[same]) > _extent(several):
            first[same] = several
    result = []
    for kinds, several in first.items():
        words = [x.kind + x.place(judges) for x in several]
        causes = [
            Cause(place, mistake.kind, sentence)
            for mistake, sentence in zip(several, words, strict=True)
            for place in mistake.made
        ]
        single = several[0] if len(several) == 1 else None
        result.append(
            Finding(
                "; and ".join(kinds),
                single.argument if single else "",
                _bare(single.place(judges)) if single else "",
                single.solved[-1] if single and single.solved else None,
                len(first) == 1,
                escaped("; and ".join(words)),
                causes,
            )
        )
    return result
