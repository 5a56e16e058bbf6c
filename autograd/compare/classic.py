"""The classic mistakes: one at one node, the same one everywhere or in a layer, or two at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, combinations, product

from autograd.catalogue.slopes import FACTORS, wrong_partials, wrong_slopes
from autograd.compare.candidates import Candidates, Found, Mistakes, Wrong, one, together
from autograd.compare.case import Array, Case, Partials
from autograd.compare.gradients import replaced
from autograd.compare.mistakes import (
    EVERYWHERE,
    LOCAL,
    Change,
    Mistake,
    Slope,
    Words,
    at,
    in_arguments,
    use_of,
    used,
)
from autograd.compare.places import Place, Use
from autograd.edges import Edge, edges, users
from autograd.quiet import quiet
from autograd.value import Value

FORGOTTEN = "one use of a value is forgotten"
MOST_USES = 12
MOST_STEPS = 200_000
"""How much work may be done for all pairs of mistakes: about a twentieth of a second."""


@quiet
def mistaken(case: Case) -> dict[Mistake, Array]:
    """Every single classic mistake, with the numbers that it gives."""
    every = _candidates(case, None, None)
    return {mistake: numbers() for (mistake,), numbers in every}


def single(case: Case, found: Found) -> Candidates:
    """One mistake."""
    return _candidates(case, found, case.factors())


def _candidates(case: Case, found: Found, alive: Mapping[Use, float] | None) -> Candidates:
    for mistake, partials in _at_nodes(case, found, alive):
        yield one(mistake, case, partials)
    for mistake, change in in_arguments(case):
        yield (mistake,), partial(change, case.ours)


def _at_nodes(
    case: Case, found: Found, alive: Mapping[Use, float] | None
) -> Iterator[tuple[Mistake, Partials]]:
    """Wrong partial derivatives: the same mistake wherever it can be made, or at one node.

    `alive` are the uses that may explain the numbers alone, if that is known.
    """
    yield from together(case, _wrong(case), found, LOCAL)
    yield from _at_each_node(case, alive)
    yield from _uses(case)


def _wrong(case: Case) -> Wrong:
    return {
        node: [(kind, {node: partials}) for kind, partials in wrong_partials(node)]
        for node in case.judge.order
    }


def _at_each_node(
    case: Case, alive: Mapping[Use, float] | None
) -> Iterator[tuple[Mistake, Partials]]:
    """Mistakes in the partial derivatives of one node."""
    places = case.judge.places
    for node in case.judge.order:
        if alive is not None and len(node.operands) == 1 and (places[node], 0) not in alive:
            continue
        for kind, wrong in wrong_partials(node):
            yield at(kind, [node], places), {node: wrong}
    for node in case.judge.order:
        if len(node.operands) > MOST_USES:
            continue
        for edge in edges(node):
            use = use_of(edge, places)
            if alive is not None and use not in alive:
                continue
            slope = (" (in ", Slope(places[node], places[edge.operand]), ")")
            if case.judge.slopes and _is_factor(edge):
                continue  # the coefficient of a term of the gradient: nobody differentiates by it
            for kind, factor in FACTORS[:3]:
                mistake = Mistake(kind, slope, made=[use])
                yield mistake, replaced([edge._replace(partial=factor * edge.partial)])
            for kind, wrong_slope in wrong_slopes(edge):
                mistake = Mistake(kind, slope, made=[use])
                yield mistake, replaced([edge._replace(partial=wrong_slope)])
            if node.op and node.op.sums and edge.operand.op is not None:
                kind = "the derivative of a term is forgotten"
                where = used(edge, places)
                yield Mistake(kind, where, stops=True, made=[use]), _without([edge])


def _is_factor(edge: Edge[Value]) -> bool:
    """Whether a partial derivative is a constant factor of the node."""
    return len(edges(edge.node)) == 1 and edge.partial in edge.node.operands[1 - edge.place :][:1]


def _uses(case: Case) -> Iterator[tuple[Mistake, Partials]]:
    """Uses that are left out: those of one Value, or of all Values that are used as often."""
    places, summed = case.judge.places, len(case.roots) == 1
    alike: dict[int, list[list[Edge[Value]]]] = {}
    joined = len(case.judge.outputs) > 1  # the root, which nobody wrote
    for value, uses in users(case.judge.order[:-1] if joined else case.judge.order).items():
        if case.judge.slopes and value.op is not None:
            continue  # nobody adds up what flows back to a step of the gradient
        if 2 <= len(uses) <= MOST_USES:
            yield from _dropped([uses], [used(edge, places) for edge in uses], places, summed)
            alike.setdefault(len(uses), []).append(uses)
    for several in alike.values():
        if len(several) > 1:
            numbered = [
                (EVERYWHERE, ", as that of ", places[edge.operand], " in ", places[edge.node])
                for edge in several[0]
            ]
            yield from _dropped(several, numbered, places, summed)


def _dropped(
    uses: Sequence[Sequence[Edge[Value]]],
    where: Sequence[Words],
    places: Mapping[Value, Place],
    summed: bool,
) -> Iterator[tuple[Mistake, Partials]]:
    """Leave out all uses but one, or that one, of several Values that are used equally often.

    `summed` says whether derivatives are added up in a backward pass, as those of one result are.
    """
    count = len(uses[0])
    for kept in range(count):
        made = [use_of(each[kept], places) for each in uses]
        others = [edge for each in uses for i, edge in enumerate(each) if i != kept]
        kind = f"of the {count} uses of a value only one counts{' (= for +=)' if summed else ''}"
        yield Mistake(kind, where[kept], stops=True, made=made), _without(others)
        if count > 2:
            missing = [each[kept] for each in uses]
            mistake = Mistake(FORGOTTEN, where[kept], stops=True, made=made)
            yield mistake, _without(missing)


def _without(uses: Sequence[Edge[Value]]) -> Partials:
    return replaced(edge._replace(partial=0.0) for edge in uses)


def local_everywhere(case: Case, found: Found) -> Candidates:
    """Mistakes that are rarely made more than once, in all places."""
    for mistake, partials in _local_together(case, found):
        yield one(mistake, case, partials)


def _local_together(case: Case, found: Found) -> Iterator[tuple[Mistake, Partials]]:
    wrong = {
        node: [(kind, x) for kind, x in several if kind in LOCAL]
        for node, several in _wrong(case).items()
    }
    return together(case, wrong, found)


def scaled(case: Case, found: Found) -> Candidates:
    """Each of them together with a wrong factor of all the numbers."""
    for (mistake,), numbers in _candidates(case, found, None):
        if mistake.kind in (*LOCAL, FORGOTTEN, FACTORS[3][0]):
            continue  # two factors that undo each other somewhere would explain too much
        for kind, factor in FACTORS[:3]:
            yield (mistake, Mistake(kind)), partial(_times, factor, numbers)


def _times(factor: float, numbers: Callable[[], Array]) -> Array:
    return factor * numbers()


def paired(case: Case, found: Found) -> Candidates:
    """Two mistakes at once, where the graph is small."""
    nodes = dict(_at_nodes(case, found, None)) | dict(_local_together(case, found))
    changes = {mistake: x for mistake, x in in_arguments(case) if mistake.where}
    if len(nodes) ** 2 * len(case.judge.order) > MOST_STEPS:
        # Only what is wrong everywhere, or in the one place.
        counts = Counter(mistake.kind for mistake in nodes)
        nodes = {x: y for x, y in nodes.items() if EVERYWHERE in x.where or counts[x.kind] == 1}
    nodes = {x: y for x, y in nodes.items() if x.kind != FORGOTTEN or EVERYWHERE not in x.where}
    pairs: Iterable[Mistakes] = found or chain(
        product(nodes, changes), combinations(nodes, 2), product(changes, repeat=2)
    )
    for pair in pairs:
        a, b = pair
        if b in nodes and a in nodes and nodes[a].keys().isdisjoint(nodes[b]):
            yield pair, partial(case.gradient, {**nodes[a], **nodes[b]})
        elif b in changes and a in nodes:
            yield pair, partial(_changed_after, case, nodes[a], changes[b])
        elif b in changes and a in changes:
            yield pair, partial(_changed_twice, case, changes[a], changes[b])


def _changed_after(case: Case, partials: Partials, change: Change) -> Array:
    return change(case.gradient(partials))


def _changed_twice(case: Case, first: Change, second: Change) -> Array:
    return second(first(case.ours))
