"""The sentences of a diagnosis, and the findings that they tell."""

from collections.abc import Sequence
from dataclasses import replace

from autograd.compare.candidates import Mistakes
from autograd.compare.case import Grouping
from autograd.compare.findings import Cause, Finding, escaped
from autograd.compare.judge import Judge

MOST_LISTED = 5
"""How many mistakes that give the same numbers are listed."""
SIZED = "a division is forgotten"
"""A mistake whose size depends on the length of an array."""


def findings_of(found: Sequence[Mistakes], judges: Sequence[Judge]) -> list[Finding]:
    """One finding for each kind of mistake."""
    first: dict[tuple[str, ...], Mistakes] = {}
    known: dict[tuple[object, ...], str] = {}
    for several in found:
        alone, *others = several
        # In one place, the same numbers at all points are the same mistake in other words.
        if not others and alone.made and known.setdefault((*alone.made,), alone.kind) != alone.kind:
            continue
        same = tuple(mistake.kind for mistake in several)
        if same not in first or extent(first[same]) > extent(several):
            first[same] = several
    result = []
    for kinds, several in first.items():
        words = [x.kind + x.place(judges) for x in several]
        causes = [
            Cause(place, mistake.kind, told)
            for mistake, told in zip(several, words, strict=True)
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


def _bare(place: str) -> str:
    """A place without the parentheses, or the comma, that it is put in."""
    return place[2:-1] if place.startswith(" (") and place.endswith(")") else place.lstrip(" ,")


def extent(mistakes: Mistakes) -> int:
    """In how many places mistakes are made."""
    return max(mistake.extent for mistake in mistakes)


def named(found: Sequence[Finding], where: str, points: int) -> list[str]:
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


def nothing_found(grouping: Grouping, arguments: Sequence[str], untried: Sequence[str]) -> str:
    """The sentence where no mistake is found: only what was tried is excluded."""
    numbers = grouping.of(listed(arguments)) if arguments else "these numbers"
    if not untried:
        return f"None of the classic mistakes gives {numbers}."
    return (
        f"None of the classic mistakes that were tried gives {numbers}; not tried in the time "
        f"given (seconds= allows more): {', '.join(untried)}."
    )


def gathered(facts: Sequence[Finding], noun: str) -> list[Finding]:
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
            joined = listed(names)
            first = Finding(first.kind, joined, first.place, first.number, True, template)
        result.append(first)
    return result


def sentence(finding: Finding) -> str:
    words = str(finding)
    if finding.template.startswith("{argument}"):  # a symbol
        return f"{words}."
    return f"{words[0].upper()}{words[1:]}."


def here(finding: Finding) -> Finding:
    """A finding at the only point."""
    return replace(finding, template=finding.template.replace(" at every point", ""))


def listed(names: Sequence[str]) -> str:
    """Some names as a list in words."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
