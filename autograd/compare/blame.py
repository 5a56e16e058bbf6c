"""Where a derivation by hand goes wrong: the first wrong factor of the chain rule."""

from collections.abc import Mapping

from autograd.compare.judge import Judge
from autograd.compare.sweeps import gradients
from autograd.compare.wording import apart, should_be
from autograd.value import Value

RELATIVE = 1e-9
"""How nearly numbers must agree that follow from a wrong one, for which no bound is known."""
MOST_NODES = 400
"""How large a graph may be for every factor in it to be tried."""


def first_wrong(
    judge: Judge,
    manual: Mapping[Value, float],
    local: Mapping[tuple[Value, Value], float],
) -> tuple[list[str], dict[Value, str]]:
    """The derivatives that are wrong of themselves, from the root down, and those that inherit.

    What follows by the chain rule from the numbers given for other Values, be they right or wrong,
    only inherits their errors.

    Args:
        judge: of the root.
        manual: the hand-derived derivatives of the root.
        local: hand-derived factors of the chain rule: of a Value by one of its operands.

    Returns:
        A sentence on each that is wrong of itself, and a note on each of the others that disagree.
    """
    expected = gradients(judge.order, _replaced(local), manual)
    users = _users(judge)
    root = judge.names[judge.root]
    wrong, inherited = [], {}
    for node in reversed(judge.order):
        if node not in manual or judge.verdict(node, manual[node])[0] != "disagree":
            continue
        top, name = _above(node, users, manual, judge.root), judge.names[node]
        upstream = manual.get(top, judge.derivatives[top].number)
        right = judge.derivatives[node].number
        follows = _near(manual[node], expected[node], judge.room(node))
        if follows and abs(expected[node] - right) > judge.room(node):
            inherited[node] = "this only follows from what is wrong above it"
        elif top is node or not upstream:
            wrong.append(
                f"d {root}/d {name}: {should_be(manual[node], expected[node])} "
                f"at {name} = {node.data:.9g}"
            )
        else:
            wrong.append(
                f"d {judge.names[top]}/d {name}: "
                f"{should_be(manual[node] / upstream, expected[node] / upstream)} "
                f"at {name} = {node.data:.9g}"
            )
    return wrong, inherited


def _replaced(local: Mapping[tuple[Value, Value], float]) -> dict[Value, list[float]]:
    """The partial derivatives of Values some of whose factors are given."""
    result: dict[Value, list[float]] = {}
    for (of, wrt), factor in local.items():
        uses = [index for index, x in enumerate(of.operands) if x is wrt]
        for index in uses:
            result.setdefault(of, list(of.partials))[index] = factor / len(uses)
    return result


def _above(
    node: Value, users: Mapping[Value, list[Value]], manual: Mapping[Value, float], root: Value
) -> Value:
    """The nearest Value above, for which there is a number, through which alone a node acts."""
    top = node
    while len(users.get(top, ())) == 1:
        (top,) = users[top]
        if top in manual or top is root:
            return top
    return root


def _users(judge: Judge) -> dict[Value, list[Value]]:
    result: dict[Value, list[Value]] = {}
    for node in judge.order:
        for operand in dict.fromkeys(x for x in node.operands if isinstance(x, Value)):
            result.setdefault(operand, []).append(node)
    return result


def _near(a: float, b: float, room: float) -> bool:
    return abs(a - b) <= max(room, RELATIVE * max(abs(a), abs(b)))


def explaining_factors(judge: Judge, manual: Mapping[Value, float]) -> list[str]:
    """The local derivatives each of which, changed alone, makes all the numbers right.

    A derivative is a sum of products, and linear in each factor: the change of the factor follows
    from one number, and the others confirm it or do not.
    """
    if len(judge.order) > MOST_NODES:
        return []
    positions = {node: index for index, node in enumerate(judge.order)}
    off = {node: manual[node] - judge.derivatives[node].number for node in manual}
    result = []
    for node in reversed(judge.order):
        upstream = judge.derivatives[node].number
        if node.op is None or not upstream:
            continue
        for index, operand in enumerate(node.operands):
            if not isinstance(operand, Value):
                continue
            onward = gradients(judge.order[: positions[operand] + 1])
            effects = {wrt: upstream * onward.get(wrt, 0.0) for wrt in manual}
            strongest = max(manual, key=lambda wrt: abs(effects[wrt]))
            if not effects[strongest]:
                continue
            change = off[strongest] / effects[strongest]
            if not change or not all(
                _near(off[wrt], change * effects[wrt], judge.room(wrt)) for wrt in manual
            ):
                continue
            local = node.partials[index]
            yours = local + change if abs(local + change) > RELATIVE * abs(local) else 0.0
            result.append(
                f"d {judge.names[node]}/d {judge.names[operand]}: {yours:.9g} instead of "
                f"{local + 0.0:.9g}{apart(yours, local)} "
                f"at {judge.names[operand]} = {operand.data:.9g}"
            )
    return list(dict.fromkeys(result))
