"""Formulas that are confused or incomplete, and what is wrong with a layer or in a recurrence."""

from collections.abc import Sequence
from functools import partial
from itertools import chain, combinations, pairwise

import numpy as np

from autograd.catalogue.formulas import confused_partials
from autograd.catalogue.slopes import FACTORS
from autograd.compare.candidates import (
    Candidates,
    Found,
    each_and_all,
    kinds,
    nothing,
    one,
    together,
)
from autograd.compare.case import Array, Case, Partials
from autograd.compare.mistakes import LIKE_IT, Mistake, Slope, alike, at
from autograd.compare.places import Place
from autograd.edges import edges
from autograd.rounding import attempt
from autograd.value import Value

OPERANDS = (*FACTORS[:3], ("the derivative with respect to an operand is forgotten", 0.0))
MOST_OPERANDS = 4
"""How many operands the nodes of a family may have for each to be looked at alone."""
MOST_HELD = 60
"""How many families there may be for each two of them to be treated as constants."""
MOST_DIAGONAL = 200
"""How many nodes an array may have whose Jacobian is looked at."""
ROUGHLY = 1e-3
"""How nearly a derivative at another value must be the one that would explain the numbers."""


def confused(case: Case, found: Found) -> Candidates:
    """The formula of something else, in one place, in a layer, or everywhere."""
    places, alive, wanted = case.judge.places, case.factors(), kinds(found)
    every: dict[Value, list[tuple[str, Partials]]] = {}
    for node in case.judge.order:
        yield nothing()
        for kind, wrong in confused_partials(node) if node.op else ():
            if found is not None and kind not in wanted:
                continue
            if len(node.operands) > 1 or (places[node], 0) in alive:
                yield one(at(kind, [node], places), case, {node: wrong})
            every.setdefault(node, []).append((kind, {node: wrong}))
    for mistake, partials in together(case, every, found):
        yield one(mistake, case, partials)


# --- Derivatives that are taken elsewhere -------------------------------------------------------


def elsewhere(case: Case, found: Found) -> Candidates:
    """The derivative of an operation, taken at another node."""
    places, nodes, alive = case.judge.places, case.judge.nodes, case.factors()
    if found is not None:
        for (mistake,) in found:
            pair = [nodes[x] for x in mistake.where if isinstance(x, Place) and x in nodes]
            slope = _slope(*pair[::-1]) if len(pair) == 2 else None
            if slope is not None:
                yield one(mistake, case, {pair[1]: [slope]})
        return
    for node in case.judge.order:
        if node.op is None or len(node.operands) != 1 or node.op.sums:
            continue
        wanted = alive.get((places[node], 0), np.nan)
        for other in case.judge.order if np.isfinite(wanted) else ():
            slope = _slope(node, other)
            if slope is not None and abs(slope - wanted) <= ROUGHLY * abs(wanted):
                kind = f"the derivative of {node.op.name} is taken at another value"
                where = (" (at ", places[other], ", not at the operand of ", places[node], ")")
                mistake = Mistake(kind, where, made=[places[node]])
                yield one(mistake, case, {node: [slope]})


def _slope(node: Value, other: Value) -> float | None:
    """The derivative of an operation with one operand, if this were another node."""
    assert node.op is not None
    out = attempt(node.op.value, other.data)
    slopes = None if out is None else attempt(node.op.differentiate, out, [other.data])
    return float(slopes[0]) if slopes else None


def other_layers(case: Case, found: Found) -> Candidates:
    """The derivatives of a layer, taken at the values of another one."""
    places = case.judge.places
    for nodes in case.structure.families:
        op = nodes[0].op
        if op is None or len(nodes[0].operands) != 1 or op.sums:
            continue
        for others in case.structure.arrays:
            if len(others) == len(nodes) and others[0] is not nodes[0].operands[0]:
                kind = f"the derivative of {op.name} is taken at another value"
                there, belongs = places[others[0]], places[nodes[0]]
                where = (" (at ", there, ", …, not at the operands of ", belongs, ", …)")
                mistake = Mistake(kind, where, made=[places[node] for node in nodes])
                yield (mistake,), partial(_slopes_at, case, nodes, others)


def _slopes_at(case: Case, nodes: Sequence[Value], others: Sequence[Value]) -> Array:
    slopes = [_slope(*pair) for pair in zip(nodes, others, strict=True)]
    wrong = {
        node: [np.nan if slope is None else slope]
        for node, slope in zip(nodes, slopes, strict=True)
    }
    return case.gradient(wrong)


# --- Layers ---------------------------------------------------------------------------------------


def stopped(case: Case, found: Found) -> Candidates:
    """Values that are treated as constants, in one place or in a family."""
    kind = "a value is treated as a constant"
    for nodes in _nodes_and_families(case):
        yield one(at(kind, nodes, case.judge.places), case, _held(nodes))


def stopped_twice(case: Case, found: Found) -> Candidates:
    """Two of them: the mean and the deviation, say."""
    places, groups = case.judge.places, _nodes_and_families(case)
    if len(groups) > MOST_HELD:
        groups = case.structure.families
    for pair in combinations(groups, 2) if len(groups) <= MOST_HELD else ():
        first, second = [alike(nodes, places)[1:-1] for nodes in pair]
        where = (" (at ", *first, " and at ", *second, ")")
        made = [places[node] for node in chain(*pair)]
        mistake = Mistake("two values are treated as constants", where, made=made)
        yield one(mistake, case, {**_held(pair[0]), **_held(pair[1])})


def _held(nodes: Sequence[Value]) -> Partials:
    return {node: [0.0] * len(node.operands) for node in nodes}


def ignored(case: Case, found: Found) -> Candidates:
    """The gradient from above ignored, or taken for the mask of a selection; the derivative of an
    inner expression ignored.
    """
    places = case.judge.places
    for nodes in _nodes_and_families(case):
        rows = [case.structure.rows[node] for node in nodes]
        mistake = at("what comes from above is taken as 1", nodes, places)
        yield (mistake,), partial(_handed_on, case, nodes)
        mistake = at("the derivative of an inner expression is forgotten", nodes, places)
        yield (mistake,), partial(_inner, case, rows)
        op = nodes[0].op
        if op is not None and op.selects and len(case.roots) == 1:
            kind = f"the mask of {op.name} is taken from the gradient"
            wrong = {
                node: [float(case.adjoints[case.structure.rows[node], 0] > 0.0)]
                * len(node.operands)
                for node in nodes
            }
            yield one(at(kind, nodes, places), case, wrong)


def _nodes_and_families(case: Case) -> list[list[Value]]:
    """Each node below the root, and each family of nodes."""
    single = [[node] for node in case.judge.order[:-1] if node.op is not None]
    return single + case.structure.families


def _handed_on(case: Case, nodes: Sequence[Value]) -> Array:
    """The numbers if some nodes hand on 1 in place of the derivative with respect to them."""
    if len({case.structure.levels[node] for node in nodes}) > 1:
        return case.swept({}, dict.fromkeys(nodes, 1.0))
    rows = [case.structure.rows[node] for node in nodes]
    adjoints = case.adjoints[rows]
    above = adjoints != 0.0 if len(case.roots) > 1 else True  # not each is above all nodes
    flows = np.where(above, adjoints - 1.0, 0.0) * case.onward[rows]
    return np.asarray(case.ours - flows.sum(axis=0))


def _inner(case: Case, rows: Sequence[int]) -> Array:
    """The numbers if the derivatives of some nodes, each of one argument's element, were 1."""
    onward = case.onward[rows]
    if (np.count_nonzero(onward, axis=1) > 1).any():
        return np.full(len(case.pairs), np.nan)
    flows = case.adjoints[rows] * np.where(onward, onward - 1.0, 0.0)
    return np.asarray(case.ours - flows.sum(axis=0))


def diagonals(case: Case, found: Found) -> Candidates:
    """The diagonal alone of the Jacobian of a layer with respect to an array below it; or the
    identity in place of it.
    """
    places = case.judge.places
    for above in case.structure.layers:
        for below in case.structure.arrays:
            higher = case.structure.levels[above[0]] > case.structure.levels[below[0]]
            if higher and len(above) == len(below) <= MOST_DIAGONAL:
                kind = "the terms off the diagonal of a Jacobian are missing"
                of, wrt = places[above[0]], places[below[0]]
                where = (" (that of ", of, ", … with respect to ", wrt, ", …)")
                made = [places[node] for node in above]
                mistake = Mistake(kind, where, made=made)
                yield (mistake,), partial(_diagonal, case, above, below, None)
                kind = "a matrix of derivatives is left out, as if it were the identity"
                mistake = Mistake(kind, where, made=made)
                yield (mistake,), partial(_diagonal, case, above, below, 1.0)


def _diagonal(
    case: Case, above: Sequence[Value], below: Sequence[Value], diagonal: float | None
) -> Array:
    """The numbers if a Jacobian had nothing off its diagonal, and perhaps another diagonal."""
    rows, columns = ([case.structure.rows[node] for node in nodes] for nodes in (above, below))
    jacobian = case.forward({node: column for column, node in enumerate(below)})[rows]
    kept = np.diagonal(jacobian) if diagonal is None else np.full(len(rows), diagonal)
    jacobian -= np.diag(kept)
    flows = (jacobian.T @ case.adjoints[rows]) * case.onward[columns]
    return np.asarray(case.ours - flows.sum(axis=0))


def transposed(case: Case, found: Found) -> Candidates:
    """The matrix W where its transpose belongs, on the way back through the products W @ x."""
    layers = [
        (nodes, mirrored) for nodes in case.structure.layers if (mirrored := _mirrored(nodes))
    ]
    kind = "the gradient is multiplied by the transpose of the right matrix (W @ d for W.T @ d)"
    return each_and_all(case, kind, layers)


def _mirrored(nodes: Sequence[Value]) -> Partials:
    """The partial derivatives of some nodes with respect to as many others that they all have as
    operands, with that matrix transposed; nothing if there are no such others.
    """
    uses = [{edge.operand: edge for edge in edges(node)} for node in nodes]
    operands = [x for x in uses[0] if all(x in use for use in uses)]
    if len(operands) != len(nodes):
        return {}
    result = {}
    for i, node in enumerate(nodes):
        partials = list(node.partials)
        for j, operand in enumerate(operands):
            partials[uses[i][operand].place] = uses[j][operands[i]].partial
        result[node] = partials
    return result


def operands_of_all(case: Case, found: Found) -> Candidates:
    """The flow back to one operand of all nodes of a family, forgotten or with a wrong factor."""
    places = case.judge.places
    for nodes in (*case.structure.families, *_by_operation(case)):
        count = len(nodes[0].operands)
        if count > MOST_OPERANDS or any(len(node.operands) != count for node in nodes):
            continue
        for place, operand in enumerate(nodes[0].operands):
            if not isinstance(operand, Value):
                continue
            where = (" (in ", Slope(places[nodes[0]], places[operand]), LIKE_IT)
            made = [(places[node], place) for node in nodes]
            for kind, factor in OPERANDS if count > 1 else FACTORS[:3]:
                wrong = {}
                for node in nodes:
                    partials = list(node.partials)
                    partials[place] *= factor
                    wrong[node] = partials
                yield one(Mistake(kind, where, made=made), case, wrong)


def _by_operation(case: Case) -> list[list[Value]]:
    """All the nodes with the same operation."""
    result: dict[str, list[Value]] = {}
    for node in case.judge.order:
        if node.op is not None:
            result.setdefault(node.op.name, []).append(node)
    return [nodes for nodes in result.values() if len(nodes) > 1]


def reversed_factors(case: Case, found: Found) -> Candidates:
    """The factors of products of vectors in the opposite order, as in a convolution."""
    for nodes in (*case.structure.families, *_by_operation(case)):
        count = len(nodes[0].operands)
        op = nodes[0].op
        if op is None or op.sums or op.arity is not None or count % 2:
            continue
        for first, what in ((0, "first"), (count // 2, "second")):
            wrong = {}
            for node in nodes:
                partials, half = list(node.partials), slice(first, first + len(node.operands) // 2)
                partials[half] = partials[half][::-1]
                wrong[node] = partials
            kind = f"the derivatives with respect to the {what} factors of {op.name} are reversed"
            yield one(at(kind, nodes, case.judge.places), case, wrong)


# --- Recurrences ----------------------------------------------------------------------------------


def shifted(case: Case, found: Found) -> Candidates:
    """The next step, or the one before, of a recurrence: its partial derivatives, or its state."""
    steps = [nodes for nodes in case.structure.roles if _one_by_one(case, nodes)]
    functions = [nodes for nodes in steps if len(nodes[0].operands) == 1]
    for word, turn in (("next", 1), ("previous", -1)):
        kind = f"the derivative of the {word} step is used"
        moved = [(nodes, _moved(nodes[::turn])) for nodes in functions]
        yield from each_and_all(case, kind, moved)
    after = [(nodes, wrong) for nodes in steps if (wrong := _states_after(nodes, steps))]
    kind = "the state after the step is used, not that before it"
    yield from each_and_all(case, kind, after)


def _one_by_one(case: Case, nodes: Sequence[Value]) -> bool:
    """Whether there is no more than one of some nodes at each level, as in a recurrence."""
    return len({case.structure.levels[node] for node in nodes}) == len(nodes)


def _moved(nodes: Sequence[Value]) -> Partials:
    """The partial derivatives of some nodes, each with those of the one after it."""
    return {node: after.partials for node, after in pairwise(nodes)}


def _states_after(nodes: Sequence[Value], steps: Sequence[Sequence[Value]]) -> Partials:
    """The partial derivatives of products of weights and states, with the states of the step after;
    nothing if the nodes are no such products.
    """
    count = len(nodes[0].operands)
    if count % 2 or nodes[0].op is None or nodes[0].op.sums:
        return {}
    result: dict[Value, list[float]] = {}
    for place, weight in enumerate(nodes[0].operands):
        if not isinstance(weight, Value) or weight.op is not None:
            continue
        states = [node.operands[(place + count // 2) % count] for node in nodes]
        family = next(filter(None, (_family(state, steps) for state in states)), None)
        # The first state is a plain number; nothing follows the last one.
        after = dict(zip([None, *map(id, family or ())], family or (), strict=False))
        known = {id(x) for x in family or ()}
        for node, state in zip(nodes, states, strict=True):
            following = after.get(id(state) if id(state) in known else None)
            if following is not None:
                partials = result.setdefault(node, list(node.partials))
                partials[place] = following.data
    return result


def _family(state: Value | float, steps: Sequence[Sequence[Value]]) -> Sequence[Value] | None:
    """The nodes among which a state is one."""
    return next((nodes for nodes in steps if any(x is state for x in nodes)), None)
