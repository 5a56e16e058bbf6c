"""Which Values belong together, by the dots in their names: `layer1.neuron2.w0`."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import takewhile

from autograd.diagram.steps import Step, nearest

Group = tuple[str, ...]
"""The parts of a dotted name before the last one; empty outside of all groups."""

DEEPEST_GROUP = 32
"""How deeply groups may be nested; further dots are part of the last name."""


def groups(order: Sequence[Step]) -> dict[Step, Group]:
    """The group of each of the steps, which are in topological order.

    An operation without a name belongs where everything that uses it belongs.
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
    return {step: result[step] for step in order}


def _common(a: Group, b: Group) -> Group:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
    return tuple([part for part, _ in pairs])


def name_in(group: Group, name: str) -> str:
    """The part of a name that is not that of its group."""
    return name.split(".", len(group))[-1]


def collapsed(group_of: dict[Step, Group], names: Collection[str]) -> dict[Step, Step | Group]:
    """Each step with what it is drawn as: itself, or the outermost of the named groups around it.

    Raises:
        ValueError: if there is no such group.
    """
    known = {".".join(x): x for group in set(group_of.values()) for x in groups_around(group)}
    for name in names:
        if name not in known:
            choice = ", ".join(map(repr, sorted(known))) or "none, since no name has a dot in it"
            raise ValueError(f"there is no group {name!r} to collapse; there are: {choice}")
    wanted = {known[name] for name in names}
    return {
        step: next((x for x in groups_around(group) if x in wanted), step)
        for step, group in group_of.items()
    }


def groups_around(group: Group) -> list[Group]:
    """The groups around a member of this one, from the outermost to this one."""
    return [group[:length] for length in range(1, len(group) + 1)]


def near(place_of: dict[Step, Step | Group], depth: int) -> dict[Step, Step | Group]:
    """The steps whose boxes are at most `depth` arrows away from that of the last one."""
    operands: dict[Step | Group, set[Step | Group]] = defaultdict(set)
    for step, place in place_of.items():
        operands[place].update(place_of[x] for x in step.operands if x in place_of)
    *_, root = place_of.values()
    found = nearest(root, operands.__getitem__, depth)
    return {step: place for step, place in place_of.items() if place in found}
