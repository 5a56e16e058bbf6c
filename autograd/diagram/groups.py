"""Which Values belong together, by the dots in their names: `layer1.neuron2.w0`."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile

from autograd.diagram.steps import Step

Group = tuple[str, ...]
"""The parts of a dotted name before the last one; empty outside of all groups."""

DEEPEST_GROUP = 32
"""How deeply groups may be nested; further dots are part of the last name."""


def groups(order: Sequence[Step], roots: Collection[Step]) -> dict[Step, Group]:
    """The group of each of the steps, which are in topological order.

    An operation without a name belongs where everything that uses it belongs. If that is in no
    group, it belongs where the named leaves belong that it uses, such as the weights of a layer;
    without those, where the operand belongs that took most steps to compute, unless no named leaf
    is used after it: what is left then is the loss rather than a layer. And what only serves a
    result in no group, `(layer3.out - 1) ** 2`, is in none either: the name has ended the layer.
    """
    own: dict[Step, Group] = {}
    for step in order:
        if step.name:
            *outer, last = step.name.split(".", DEEPEST_GROUP)
            own[step] = tuple(outer) if last and all(outer) else ()
        elif step.op is None or step in roots:
            own[step] = ()
    result = _by_users(order, own)
    if any(result.values()):
        decided = {step: group for step, group in result.items() if step in own or group}
        inner = {x for step in order if own.get(step) != () for x in step.operands}
        height = heights(order)
        followed = _followed(order)
        for step in order:
            if step not in decided:
                ended = step not in inner and _is_named(step.operands)
                ended = ended or not (_uses_named_leaf(step) or step in followed)
                group = () if ended else _by_operands(step, decided, height)
                if group is not None:
                    decided[step] = group
        result = _by_users(order, decided)
    return {step: result[step] for step in order}


def _by_users(order: Sequence[Step], decided: Mapping[Step, Group]) -> dict[Step, Group]:
    """Decided steps keep their group; any other is in the group that all its users share."""
    result: dict[Step, Group] = {}
    users: dict[Step, Group] = {}
    for step in reversed(order):
        group = result[step] = decided[step] if step in decided else users.get(step, ())
        for operand in step.operands:
            if isinstance(operand, Step):
                users[operand] = _common(group, users.get(operand, group))
    return result


def _by_operands(
    step: Step, decided: Mapping[Step, Group], height: Mapping[Step, int]
) -> Group | None:
    """The group of a step by its operands; None if they say nothing."""
    operands = [x for x in step.operands if isinstance(x, Step)]
    leaves = [x for x in operands if x.op is None and x.name]
    top = max((height[x] for x in operands), default=0)
    decisive = [x for x in leaves if decided[x]] or leaves
    decisive = decisive or [x for x in operands if height[x] == top]
    result = decided.get(decisive[0], ()) if decisive else ()
    for x in decisive:
        result = _common(decided.get(x, ()), result)
    return result if result or leaves else None


def _followed(order: Sequence[Step]) -> set[Step]:
    """The steps from which something is computed that uses a named leaf, too."""
    result: set[Step] = set()
    for step in reversed(order):
        if step in result or _uses_named_leaf(step):
            result.update(x for x in step.operands if isinstance(x, Step))
    return result


def _uses_named_leaf(step: Step) -> bool:
    return any(isinstance(x, Step) and x.op is None and x.name for x in step.operands)


def _is_named(operands: Sequence[Step | float]) -> bool:
    """Whether the operands are operations with names, or constants."""
    return all(isinstance(x, float) or (x.op is not None and x.name) for x in operands)


def heights(order: Sequence[Step]) -> dict[Step, int]:
    """How many operations there are on the longest way to each step, its own included."""
    result: dict[Step, int] = {}
    for step in order:
        below = [result.get(x, 0) for x in step.operands if isinstance(x, Step)]
        result[step] = 0 if step.op is None else 1 + max(below, default=0)
    return result


def _common(a: Group, b: Group) -> Group:
    if a == b:
        return a
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
    return tuple([part for part, _ in pairs])


@lru_cache(maxsize=10_000)
def groups_around(group: Group) -> Sequence[Group]:
    """The groups around a member of this one, from the outermost to this one."""
    return [group[:length] for length in range(1, len(group) + 1)]


def name_in(group: Group, name: str) -> str:
    """The part of a name that is not that of its group."""
    return name.split(".", len(group))[-1]
