"""Which Values belong together, by the dots in their names: `layer1.neuron2.w0`."""

from collections.abc import Collection, Sequence
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
    without those, where the operand belongs that took most steps to compute. A result without a
    name is in no group.
    """
    result: dict[Step, Group] = {}
    users: dict[Step, Group] = {}
    for step in reversed(order):
        if step.name:
            *outer, last = step.name.split(".", DEEPEST_GROUP)
            group = tuple(outer) if last and all(outer) else ()
        else:
            group = () if step.op is None else users.get(step, ())
        result[step] = group
        for operand in step.operands:
            if isinstance(operand, Step):
                users[operand] = _common(group, users.get(operand, group))
    if any(result.values()):
        height = heights(order)
        for step in order:
            if step.op is not None and not step.name and not result[step] and step not in roots:
                result[step] = _by_operands(step, result, height)
    return {step: result[step] for step in order}


def _by_operands(step: Step, group_of: dict[Step, Group], height: dict[Step, int]) -> Group:
    operands = [x for x in step.operands if isinstance(x, Step) and x in group_of]
    leaves = [x for x in operands if x.op is None and x.name]
    top = max((height[x] for x in operands), default=0)
    decisive = [x for x in leaves if group_of[x]] or leaves
    decisive = decisive or [x for x in operands if height[x] == top]
    found = [group_of[x] for x in decisive]
    result = found[0] if found else ()
    for group in found:
        result = _common(group, result)
    return result


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


def groups_around(group: Group) -> list[Group]:
    """The groups around a member of this one, from the outermost to this one."""
    return [group[:length] for length in range(1, len(group) + 1)]


def name_in(group: Group, name: str) -> str:
    """The part of a name that is not that of its group."""
    return name.split(".", len(group))[-1]
