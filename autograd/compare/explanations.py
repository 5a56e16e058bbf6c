"""Which of the classic mistakes explain hand-derived numbers: one, or two at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, product

import numpy as np

from autograd.compare.gradients import MOST_NODES
from autograd.compare.mistakes import (
    EVERYWHERE,
    FACTORS,
    LOCAL,
    Case,
    Mistake,
    at_nodes,
    in_arguments,
    mistaken,
)
from autograd.compare.rounding import attempt
from autograd.edges import edges
from autograd.graph import arguments, constants
from autograd.quiet import quiet
from autograd.value import Value

MOST_STEPS = 200_000
"""How much work may be done for pairs of mistakes: about a twentieth of a second."""

Mistakes = tuple[Mistake, ...]
"""Mistakes that are made at once."""
Found = Mapping[Mistakes, object] | None
"""Those that explain the numbers of all the cases so far; None before the first case."""


def explanations(cases: Sequence[Case]) -> list[str]:
    """The mistakes that reproduce the hand-derived numbers at all points, the simplest ones.

    They must change the gradient at some point: the right gradient explains nothing.
    """
    for tier in (_single, _scaled, _left_out, _paired):
        if found := _fitting(cases, tier):
            sentences: dict[tuple[str, ...], str] = {}
            for several in found:
                kinds = tuple(mistake.kind for mistake in several)
                words = "; and ".join(mistake.kind + mistake.place for mistake in several)
                sentences.setdefault(kinds, words)
            return list(sentences.values())
    return []


def _fitting(
    cases: Sequence[Case],
    tier: Callable[[Case, Found], Iterator[tuple[Mistakes, Sequence[float]]]],
) -> list[Mistakes]:
    """The mistakes of a tier that fit all cases, and change something in one of them."""
    found: dict[Mistakes, bool] | None = None
    for case in cases:
        here: dict[Mistakes, bool] = {}
        for mistakes, numbers in tier(case, found):
            if (found is None or mistakes in found) and case.fits(numbers):
                before = found is not None and found[mistakes]
                here[mistakes] = before or not case.right(numbers)
        found = here
        if not found:
            break
    return [mistakes for mistakes, changing in (found or {}).items() if changing]


def _single(case: Case, found: Found) -> Iterator[tuple[Mistakes, Sequence[float]]]:
    for mistake, numbers in mistaken(case):
        yield (mistake,), numbers


def _scaled(case: Case, found: Found) -> Iterator[tuple[Mistakes, Sequence[float]]]:
    """Each of them together with a wrong factor of all the numbers."""
    for mistake, numbers in mistaken(case):
        if mistake.kind in LOCAL or mistake.kind == FACTORS[3][0]:
            continue  # two factors that undo each other somewhere would explain too much
        for kind, factor in FACTORS[:3]:
            yield (mistake, Mistake(kind, "")), [factor * x for x in numbers]


def _left_out(case: Case, found: Found) -> Iterator[tuple[Mistakes, Sequence[float]]]:
    """A term or an operation that is missing when the derivatives above it are computed."""
    order, names = case.judge.order, case.judge.names
    if len(order) > MOST_NODES:
        return
    for position, node in enumerate(order):
        data = arguments(node)
        if node.op and node.op.sums and node.op.arity == 2:
            rest = (node.op.value(0.0, data[1]), data[0])
            for term, kept in zip(node.operands, rest, strict=True):
                title = names[term] if isinstance(term, Value) else f"{term:g}"
                mistake = Mistake("a term of a sum is left out", f" ({title} at {names[node]})")
                yield (mistake,), case.gradient(_replaced(order, position, kept, node.partials))
        elif len(data) == 1 and node.op:
            mistake = Mistake(f"{node.op.name} is left out", f" (at {names[node]})")
            yield (mistake,), case.gradient(_replaced(order, position, data[0], [1.0]))


def _paired(case: Case, found: Found) -> Iterator[tuple[Mistakes, Sequence[float]]]:
    """Two mistakes at once, where the graph is small."""
    nodes = dict(at_nodes(case.judge))
    arguments = {mistake: x for mistake, x in in_arguments(case) if mistake.place}
    size = len(case.judge.order)
    if len(nodes) ** 2 * size > MOST_STEPS:  # only what is wrong everywhere, or in the one place
        kinds = Counter(mistake.kind for mistake in nodes)
        nodes = {x: y for x, y in nodes.items() if EVERYWHERE in x.place or kinds[x.kind] == 1}
    if len(nodes) ** 2 * size > MOST_STEPS:
        return
    pairs: Iterable[Mistakes] = found or chain(
        product(nodes, arguments), combinations(nodes, 2), product(arguments, repeat=2)
    )
    for pair in pairs:
        a, b = pair
        if b in nodes and a in nodes and nodes[a].keys().isdisjoint(nodes[b]):
            yield pair, case.gradient({**nodes[a], **nodes[b]})
        elif b in arguments and (a in nodes or a in arguments):
            first = case.gradient(nodes[a]) if a in nodes else arguments[a](case.ours)
            yield pair, arguments[b](first)


@quiet
def _replaced(
    order: Sequence[Value], position: int, number: float, partials: Sequence[float]
) -> dict[Value, Sequence[float]]:
    """The partial derivatives if one node had other data, and the nodes that use it followed."""
    data = {order[position]: number}
    result = {order[position]: partials}
    for user in order[position + 1 :]:
        if user.op and any(edge.operand in data for edge in edges(user)):
            operands = [x if isinstance(x, float) else data.get(x, x.data) for x in user.operands]
            evaluated = attempt(user.op.evaluate, operands, constants(user))
            if evaluated is None:
                return {order[position]: [np.nan] * len(partials)}
            data[user], result[user] = evaluated
    return result
