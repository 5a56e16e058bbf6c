"""The sentences of a diagnosis, and the findings that they tell."""

from collections.abc import Sequence
from dataclasses import replace

from autograd.catalogue.slopes import FACTORS as CHANGES
from autograd.compare.candidates import Mistakes
from autograd.compare.case import Grouping
from autograd.compare.findings import Cause, Finding, escaped
from autograd.compare.judge import Judge
from autograd.compare.places import Place, Use

FACTORS = {kind for kind, _ in CHANGES}
MOST_PLACES = 3
"""How many places are listed at which a mistake would be the same."""
MOST_LISTED = 5
"""How many mistakes that give the same numbers are listed."""
SIZED = "a division is forgotten"
"""A mistake whose size depends on the length of an array."""


def findings_of(found: Sequence[Mistakes], judges: Sequence[Judge]) -> list[Finding]:
    """One finding for each kind of mistake, with the places at which it would be the same."""
    kinds: dict[tuple[str, ...], list[Mistakes]] = {}
    known: dict[tuple[object, ...], str] = {}
    for several in found:
        alone, *others = several
        # In one place, the same numbers at all points are the same mistake in other words.
        if not others and alone.made and known.setdefault((*alone.made,), alone.kind) != alone.kind:
            continue
        kinds.setdefault(tuple(mistake.kind for mistake in several), []).append(several)
    result = []
    for names, options in kinds.items():
        places = _places(options, judges)
        told = [[x.kind + x.place(judges) for x in several] for several in places]
        causes = [
            Cause(place, mistake.kind, words)
            for several, sentences in zip(places, told, strict=True)
            for mistake, words in zip(several, sentences, strict=True)
            for place in mistake.made
        ]
        first, *elsewhere = places
        single = first[0] if len(first) == 1 else None
        at = [_bare(x.place(judges)) for x, *_ in places] if single else [""]
        words = "; and ".join(told[0])
        if elsewhere:
            more = ", …" if len(places) > MOST_PLACES else ""
            words = f"{names[0]} ({', or '.join(at[:MOST_PLACES])}{more})"
        result.append(
            Finding(
                "; and ".join(names),
                single.argument if single else "",
                ", or ".join(at[:MOST_PLACES]),
                single.solved[-1] if single and single.solved else None,
                len(kinds) == 1 and not elsewhere,
                escaped(words),
                causes,
            )
        )
    return result


def _places(options: Sequence[Mistakes], judges: Sequence[Judge]) -> list[Mistakes]:
    """The same mistakes at the places where they are simplest: where they are made the least often;
    and if it is a factor, which may be anywhere along a chain, at operations that have it rather
    than in whole gradients, and there rather than in one of several local derivatives, of
    which those that are always 1 come last.
    """
    least = min(map(extent, options))
    options = [several for several in options if extent(several) == least]
    kind = options[0][0].kind
    if len(options[0]) > 1 or not (kind in FACTORS or kind.startswith("the factor ")):
        return options[:1]
    nodes = [x for x in options if isinstance(next(iter(x[0].made), None), Place)]
    whole = [x for x in options if not x[0].made]
    slopes = [x for x in options if x not in nodes and x not in whole]
    telling = [x for x in slopes if not all(_trivial(use, judges) for use in x[0].made)]
    if nodes or (whole and len(telling) != 1):
        return nodes or whole[:1]
    return telling or slopes


def _trivial(use: Place | Use, judges: Sequence[Judge]) -> bool:
    """Whether a local derivative is always 1, or always -1, as in a sum."""
    place, index = use if not isinstance(use, Place) else (use, 0)
    slopes = {x.nodes[place].partials[index] for x in judges if place in x.nodes}
    return slopes in ({1.0}, {-1.0})


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
