"""Candidates: the mistakes that a search tries, each with the numbers that it gives."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np

from autograd.compare.case import Array, Case, Partials
from autograd.compare.mistakes import Mistake, at, everywhere
from autograd.value import Value

Mistakes: TypeAlias = tuple[Mistake, ...]
"""Mistakes that are made at once."""
Found: TypeAlias = Mapping[Mistakes, object] | None
"""Those that explain the numbers of all the cases so far; None before the first case."""
Candidates: TypeAlias = Iterator[tuple[Mistakes, Callable[[], Array]]]
Wrong: TypeAlias = Mapping[Value, Sequence[tuple[str, Partials]]]
"""For each node, the wrong partial derivatives with the names of the mistakes."""


def nothing() -> tuple[Mistakes, Callable[[], Array]]:
    """A candidate of no mistakes that explains nothing: in between long computations, it lets the
    search look at the time.
    """
    return (), partial(np.array, np.nan)


def one(mistake: Mistake, case: Case, partials: Partials) -> tuple[Mistakes, Callable[[], Array]]:
    """The candidate of a single mistake with some partial derivatives."""
    return (mistake,), partial(case.gradient, partials)


def kinds(found: Found) -> set[str]:
    """The kinds of the mistakes that were found."""
    return {mistake.kind for several in found or () for mistake in several}


def merged(several: Iterable[Partials]) -> Partials:
    """The wrong partial derivatives of several mistakes."""
    return {node: wrong for partials in several for node, wrong in partials.items()}


def together(
    case: Case, wrong: Wrong, found: Found, local: Collection[str] = ()
) -> Iterator[tuple[Mistake, Partials]]:
    """The same mistake everywhere, in a layer, or wherever the same is computed.

    Nobody makes those in `local` everywhere.
    """
    wanted = kinds(found)
    places = case.judge.places
    by_kind: dict[str, list[Partials]] = {}
    for several in wrong.values():
        for kind, partials in several:
            by_kind.setdefault(kind, []).append(partials)
    known = set()
    for kind, every in by_kind.items():
        if (len(every) > 1 or kind in wanted) and kind not in local:
            changed = merged(every)
            known.add((kind, tuple(map(id, changed))))
            yield everywhere(kind, changed, places), changed
    for nodes in case.structure.families:
        family: dict[str, list[Partials]] = {}
        for node in nodes:
            for kind, partials in wrong.get(node, ()):
                family.setdefault(kind, []).append(partials)
        for kind, some in family.items():
            changed = merged(some)
            if len(some) > 1 and (kind, tuple(map(id, changed))) not in known:
                yield at(kind, [*changed], places), changed


def each_and_all(
    case: Case, kind: str, several: Sequence[tuple[Sequence[Value], Partials]]
) -> Candidates:
    """A mistake with each of some families of nodes, and with all of them."""
    for nodes, wrong in several:
        yield one(at(kind, nodes, case.judge.places), case, wrong)
    if len(several) > 1:
        every = merged([wrong for _, wrong in several])
        yield one(everywhere(kind, every, case.judge.places), case, every)
