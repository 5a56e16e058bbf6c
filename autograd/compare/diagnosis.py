"""The diagnosis of a wrong gradient: what is found by relations and by the search for mistakes."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import NamedTuple

from autograd.compare.candidates import Mistakes
from autograd.compare.case import Case
from autograd.compare.evidence import evidence
from autograd.compare.findings import Finding, escaped
from autograd.compare.inquiry import COMBINED, CONFUSED, SINGLE, STOPPED, Inquiry
from autograd.compare.judge import Judge
from autograd.compare.relations import VAGUE
from autograd.compare.relations import relations as related
from autograd.compare.rounding import RELATIVE
from autograd.quiet import quiet

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
    shapes: Mapping[str, tuple[int, ...]],
    seconds: float = SECONDS,
    exact: float = RELATIVE,
) -> Diagnosis:
    """Everything that explains hand-derived numbers at all of some points.

    A single mistake of the classic ones is the best explanation, then constant ratios, then a
    formula that is confused with another, then other relations, then two mistakes at once. Where
    some arguments have a relation of their own, the mistake is looked for in the others.

    Args:
        cases: the numbers at each point.
        shown: the graph whose labels are used.
        shapes: those of the arguments.
        seconds: how long the search takes at most.
        exact: how nearly numbers that are recognized must be met, relative to their size.
    """
    if all(case.right(case.yours) for case in cases):
        return Diagnosis([], [])  # what is wrong is not a derivative of the root
    judges = [shown, *(case.judge for case in cases)]
    inquiry = Inquiry(cases, perf_counter() + seconds)
    if mistakes := inquiry.first(SINGLE):
        least = min(map(_extent, mistakes))
        if least > 1:  # a value that is treated as a constant may be simpler
            simpler = [x for x in inquiry.first(STOPPED) if _extent(x) < least]
            mistakes = simpler or mistakes
        found = _mistakes(mistakes, judges)
        return Diagnosis(found, _named(found))
    relations = related(evidence(cases, shown, shapes, exact))
    facts = [x for x in relations.values() if x and x.kind not in VAGUE]
    constant = len(facts) == len(relations) and all(x.kind == "multiple" for x in facts)
    if not constant and (found := _mistakes(inquiry.first(CONFUSED), judges)):
        return Diagnosis(found, _named(found))
    left = [name for name, x in relations.items() if x not in facts]
    found = []
    if facts and left:  # a mistake of its own in the other arguments
        columns = [i for i, name in enumerate(cases[0].groups) if name not in map(_of, facts)]
        others = Inquiry([case.only(columns) for case in cases], inquiry.end)
        found = _mistakes(others.first((*SINGLE, *CONFUSED)), judges)
    elif left:
        found = _mistakes(inquiry.first(COMBINED), judges)
    if not found:
        facts += [x for x in relations.values() if x and x.kind in VAGUE]
    facts = _gathered(facts)
    words = [*map(_sentence, facts), *(_named(found) if found else [])]
    if left and not found:
        words.append(_nothing(left if len(left) < len(relations) else [], inquiry.untried))
    return Diagnosis([*facts, *found], words)


def _of(finding: Finding) -> str:
    return finding.argument


def _extent(mistakes: Mistakes) -> int:
    """In how many places mistakes are made."""
    return max(mistake.extent for mistake in mistakes)


def _gathered(facts: Sequence[Finding]) -> list[Finding]:
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
                "the gradient of {argument}", "each of the gradients of {argument}"
            )
            joined = f"{', '.join(names[:-1])} and {names[-1]}"
            first = Finding(first.kind, joined, first.place, first.number, True, template)
        result.append(first)
    return result


def _sentence(finding: Finding) -> str:
    words = str(finding)
    return f"{words[0].upper()}{words[1:]}."


def _named(found: Sequence[Finding]) -> list[str]:
    """The sentences on the mistakes that explain all the numbers."""
    if len(found) == 1:
        return [f"The mistake: {found[0]}."]
    return ["Each of these mistakes gives the same numbers:", *(f"  {x}" for x in found)]


def _nothing(arguments: Sequence[str], untried: Sequence[str]) -> str:
    """The sentence where no mistake is found: only what was tried is excluded."""
    numbers = f"the gradient of {' and '.join(arguments)}" if arguments else "these numbers"
    if not untried:
        return f"None of the classic mistakes gives {numbers}."
    return (
        f"None of the classic mistakes that were tried gives {numbers}; there was no time for "
        f"{', '.join(untried)} (seconds= allows more)."
    )


def _mistakes(found: Sequence[Mistakes], judges: Sequence[Judge]) -> list[Finding]:
    """One finding for each kind of mistake."""
    first: dict[tuple[str, ...], Mistakes] = {}
    for several in found:
        same = tuple(mistake.kind for mistake in several)
        if same not in first or _extent(first[same]) > _extent(several):
            first[same] = several
    result = []
    for kinds, several in first.items():
        words = [x.kind + x.place(judges) for x in several]
        place = several[0].place(judges) if len(several) == 1 else ""
        kind = "; and ".join(kinds)
        template = escaped("; and ".join(words))
        solved = several[0].solved if len(several) == 1 else ()
        result.append(
            Finding(
                kind,
                "",
                place.strip(" ()"),
                solved[-1] if solved else None,
                len(first) == 1,
                template,
            )
        )
    return result
