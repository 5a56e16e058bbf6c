"""Another function was differentiated: with a part left out, other constants, other arguments."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite, nan

import numpy as np

from autograd.catalogue.formulas import parts_left_out
from autograd.compare.candidates import Candidates, Found, nothing
from autograd.compare.case import Array, Case, Partials
from autograd.compare.gradients import replaced
from autograd.compare.mistakes import LIKE_IT, Mistake, Slope, Words, alike, use_of
from autograd.compare.recognized import recognized
from autograd.edges import Edge, edges
from autograd.notation.numbers import number
from autograd.rounding import RELATIVE
from autograd.value import Value

MOST_CONSTANTS = 30
"""How many constants are tried."""
MOST_REPLACED = 50
"""How many nodes a graph may have for each to be put in the place of each other."""
SECANTS = 12
"""How many steps the search for a wrong constant may take."""
TIDY = 10
"""The significant digits of a constant that is found."""


def left_out(case: Case, found: Found) -> Candidates:
    """A term, a factor or an operation that is missing when the derivatives above it are computed,
    in a layer or in one place.
    """
    places = case.judge.places
    for nodes in (*case.structure.families, *([node] for node in case.judge.order if node.op)):
        several = [list(parts_left_out(node)) for node in nodes]
        if len({len(parts) for parts in several}) > 1:
            continue
        for same in zip(*several, strict=True):
            kind, what, _, _ = same[0]
            name = places[what] if isinstance(what, Value) else what
            at, *others = alike(nodes, places)[1:]
            where = (" (", name, " at ", at, *others) if name else (" (at ", at, *others)
            data = {node: part.data for node, part in zip(nodes, same, strict=True)}
            partials = {node: part.partials for node, part in zip(nodes, same, strict=True)}
            made = [places[node] for node in nodes]
            mistake = Mistake(kind, where, made=made)
            yield (mistake,), partial(_replayed, case, data, partials)
            local = f"{kind} in the derivatives of what is computed from it"
            yield (Mistake(local, where, made=made),), partial(_nearby, case, data)


def _replayed(case: Case, data: Mapping[Value, float], partials: Partials) -> Array:
    return case.gradient(case.replayed(data, partials))


def in_place_of_others(case: Case, found: Found) -> Candidates:
    """A value that stands where another one belongs, or an array where another one does."""
    places = case.judge.places
    single = [[node] for node in case.judge.order[:-1]]
    groups = [x for x in case.structure.arrays if len(x) > 1]
    for several in (single if len(single) <= MOST_REPLACED else [], groups):
        for nodes in several:
            yield nothing()
            end = LIKE_IT if len(nodes) > 1 else ")"
            for others in several:
                if len(nodes) != len(others) or nodes is others or not _differ(nodes, others):
                    continue
                where = (" (", places[others[0]], " for ", places[nodes[0]], end)
                for whole in (True, False):
                    kind = "an array" if len(nodes) > 1 else "a value"
                    kind += " stands where another belongs"
                    kind += "" if whole else ", in the derivatives of what is computed from it"
                    mistake = Mistake(kind, where, made=[places[node] for node in nodes])
                    yield (mistake,), partial(_in_place, case, nodes, others, whole)


def _differ(nodes: Sequence[Value], others: Sequence[Value]) -> bool:
    return any(x.data != y.data for x, y in zip(nodes, others, strict=True))


def _in_place(case: Case, nodes: Sequence[Value], others: Sequence[Value], whole: bool) -> Array:
    """The numbers with some values in the place of others; they themselves stay as they are."""
    data = {other: other.data for other in others}
    data |= {node: other.data for node, other in zip(nodes, others, strict=True)}
    if not whole:
        return _nearby(case, data)
    return _replayed(case, data, {node: node.partials for node in data if node.op})


def wrong_factors(case: Case, found: Found) -> Candidates:
    """A term of a single derivative, what flows along one edge, with a constant factor."""
    places = case.judge.places
    off = float(case.yours[0] - case.ours[0])
    for node in case.judge.order:
        above = case.adjoints[case.structure.rows[node], 0]
        for edge in edges(node) if above else ():
            flow = float(above * edge.partial * case.onward[case.structure.rows[edge.operand], 0])
            factor = 1.0 + off / flow if flow else nan
            if isfinite(factor):
                where = (" times the right one in ", Slope(places[node], places[edge.operand]), ")")
                yield from _with_factor(case, found, edge, where, factor)


def _with_factor(
    case: Case, found: Found, edge: Edge[Value], where: Words, factor: float
) -> Candidates:
    solved = factor
    if found is not None:
        known = [x.solved[0] for (x,) in found if x.where[1:] == where]
        solved = known[0] if known else nan
    spelled = recognized(solved, _constants(case), RELATIVE)
    if spelled and "/" not in spelled.removeprefix("1/"):
        mistake = Mistake(
            "a term has the wrong factor", (f" ({spelled}", *where), (solved,),
            made=[use_of(edge, case.judge.places)],
        )  # fmt: skip
        partials = replaced([edge._replace(partial=solved * edge.partial)])
        yield (mistake,), partial(case.gradient, partials)


def other_constants(case: Case, found: Found) -> Candidates:
    """The function with another constant: one that is off."""
    if found is not None:
        for (mistake,) in found:
            old, new = mistake.solved
            yield (mistake,), partial(_with_constant, case, old, new)
        return
    for constant in _constants(case):
        yield nothing()
        gradient = partial(_with_constant, case, constant)
        solved = _solved(case, gradient, constant)
        if solved is not None and solved != constant:
            where = (f" ({number(solved, None)} for {number(constant, None)})",)
            kind = "the gradient is that of the function with another constant"
            mistake = Mistake(kind, where, (constant, solved))
            yield (mistake,), partial(gradient, solved)


def _constants(case: Case) -> list[float]:
    """The constants of the function, without repetition."""
    constants = dict.fromkeys(
        x for node in case.judge.order if node.op for x in node.operands if isinstance(x, float)
    )
    return [*constants][:MOST_CONSTANTS]


def _nearby(case: Case, data: Mapping[Value, float]) -> Array:
    return case.gradient(case.nearby(data))


def _with_constant(case: Case, old: float, new: float) -> Array:
    return case.gradient(case.replayed({}, {}, {old: new}))


def updated(case: Case, found: Found) -> Candidates:
    """The gradients of the other arguments where one is updated already, as a whole or only in the
    products with it.
    """
    kind = "an argument is updated before the gradients of the others are computed"
    arguments = case.groupings[0].groups if len(case.roots) == 1 else {}
    for name, columns in arguments.items() if len(arguments) > 1 else ():
        for whole in (True, False):
            where = (" (", name, ")" if whole else ", in the products with it)")
            gradient = partial(_updated, case, columns, whole)
            if found is not None:
                same = [several for several in found if several[0].where == where]
                rates = [several[0].solved[0] for several in same]
            elif case.off[columns].any():
                continue  # its own gradient is right
            else:
                yield nothing()
                solved = _solved(case, gradient, 0.0)
                rates = [solved] if solved else []
            for rate in rates:
                yield (Mistake(kind, where, (rate,)),), partial(gradient, rate)


def _updated(case: Case, columns: Sequence[int], whole: bool, rate: float) -> Array:
    data = {case.pairs[i][1]: float(case.data[i] - rate * case.yours[i]) for i in columns}
    result = case.gradient(case.replayed(data, {}) if whole else case.nearby(data))
    result[list(columns)] = case.ours[list(columns)]
    return result


def _solved(case: Case, gradient: Callable[[float], Array], start: float) -> float | None:
    """The number with which a gradient has yours at the place where it is furthest off, by the
    secant method.
    """
    worst = int(np.abs(case.yours - case.ours).argmax())

    def off(x: float) -> float:
        return float(gradient(x)[worst] - case.yours[worst])

    a, b = start, start * (1.0 + 1e-4) or 1e-4
    at_a, at_b = off(a), off(b)
    for _ in range(SECANTS):
        if at_a == at_b or not np.isfinite(at_b):
            return None
        a, b, at_a = b, b - at_b * (b - a) / (at_b - at_a), at_b
        if abs(b - a) <= 1e-14 * abs(b):
            break
        at_b = off(b)
    tidy = float(f"{b:.{TIDY}g}")
    return tidy if abs(tidy - b) <= 1e-9 * max(abs(b), 1e-9) else b
