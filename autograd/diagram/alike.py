"""Which Values are alike: elements of an array, and what is computed from them by one formula.

`w0`, `w1`, `w2` are an array. So are `layer1.neuron0.w0` and its kin, of two dimensions: the
neurons are units, side by side, none of which is computed from another. Operations are alike if
they are the same operation on operands that are alike: so a loop over the elements of arrays is
found again, as one box for each line of its body. The value of a constant does not matter. A sum
that nothing else uses counts as a part of the sum that it is added to: `a + b + c` is one sum, and
so it is with products and the like.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from autograd.diagram.groups import Group, groups_around, heights, name_in
from autograd.diagram.steps import Step
from autograd.op import Op

Index = tuple[int, ...]

ELEMENT = re.compile(
    r"(?P<stem>.*?)[_\[({ ]?(?P<index>\d+(?:(?:_|, ?|\]\[|\)\()\d+)*)[\])}]?", re.DOTALL
)
"""The name of an element: w0, w_0, w0_1, w[0], w[0][1], w[0, 1]."""
ANY = "*"
"""Stands for the number in the name of a unit: `layer1.neuron*`."""


@dataclass(eq=False, slots=True, repr=False)
class Pile:
    """Values that are alike, in topological order, to be drawn as one box."""

    frame: Group
    """The groups around it, with `*` for the number of a unit."""
    label: str | None
    """The name that its elements have without their indices."""
    members: list[Step]
    shape: Index
    """That of the array which they fill, element by element."""
    results: list[Step]
    """Those among the members that are used elsewhere."""
    name: str = ""
    """The name by which it is opened and folded, different from all others."""
    joined: bool = False
    """Whether it holds steps of the formula of its results."""
    rest: bool = False
    """Whether it holds all that is far from the results of the graph."""


def arrays(names: Iterable[str]) -> dict[str, tuple[str, Index]]:
    """For each of the names that is an element's, the name of the array, and the index.

    `W10_0` is an element of `W1`, and `b2` a name like any other, if the elements of `W` and `b` do
    not fill arrays and those of `W1`, `W2`, `b1`, … do.
    """
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for name in dict.fromkeys(names):
        if match := ELEMENT.fullmatch(name):
            found[match["stem"]][name] = match["index"]
    result: dict[str, tuple[str, Index]] = {}
    for stem, written in found.items():
        indices = {name: _index(text) for name, text in written.items()}
        parts: dict[str, dict[str, Index]] = defaultdict(dict)
        for name, text in written.items():
            parts[stem + text[0]][name] = _index(text[1:])
        alone = [array for array, part in parts.items() if [*part.values()] == [()]]
        numbered = [part for array, part in parts.items() if array not in alone]
        if _full(indices.values()) or not (
            any(len(part) > 1 for part in numbered)
            and all(_full(part.values()) for part in numbered)
        ):
            parts, alone = {stem: indices}, []
        for array, elements in parts.items():
            if array not in alone:
                result |= {name: (array, index) for name, index in elements.items()}
    return result


def _index(text: str) -> Index:
    return tuple(map(int, re.findall(r"\d+", text)))


def _full(indices: Collection[Index]) -> bool:
    """Whether these are all the indices of an array, from 0, each once."""
    extent = _extent(indices)
    return prod(extent) == len(indices) and all(
        max(column) < length
        for column, length in zip(zip(*indices, strict=True), extent, strict=True)
    )


def _extent(indices: Collection[Index]) -> Index:
    """How many different indices there are in each dimension; none if they are not an array's."""
    lengths = {len(index) for index in indices}
    if len(lengths) != 1 or lengths == {0} or len(set(indices)) != len(indices):
        return (0,)
    return tuple(len(set(column)) for column in zip(*indices, strict=True))


def units(order: Sequence[Step], group_of: Mapping[Step, Group]) -> dict[Group, Group]:
    """For each group, the groups around it and itself, with `*` for the number of a unit.

    Groups side by side, `neuron0`, `neuron1`, … in the same group, are units if as many operations
    lead to each; layers follow one another, so they are not. A single one is a unit where others of
    its name are, in another layer.
    """
    height = heights(order)
    highest: dict[Group, int] = defaultdict(int)
    for step in order:
        for group in groups_around(group_of[step]):
            highest[group] = max(highest[group], height[step])
    kin: dict[tuple[Group, str], list[Group]] = defaultdict(list)
    for group in highest:
        if match := ELEMENT.fullmatch(group[-1]):
            kin[group[:-1], match["stem"]].append(group)
    part = {group: group[-1] for group in highest}
    parallel = {
        stem
        for (_, stem), alike in kin.items()
        if len(alike) > 1 and len({highest[group] for group in alike}) == 1
    }
    for (_, stem), alike in kin.items():
        if stem in parallel and len({highest[group] for group in alike}) == 1:
            part |= dict.fromkeys(alike, stem + ANY)
    around = {group: groups_around(group) for group in highest}
    return {(): (), **{group: tuple([part[x] for x in around[group]]) for group in highest}}


class _Name(NamedTuple):
    """The parts of a step's name."""

    frame: Group
    """The groups around it, with `*` for the number of a unit."""
    label: str | None
    """The name without an index; None if it has no name."""
    numbers: Index
    """Those of the units, and the index."""


def _names(order: Sequence[Step], group_of: Mapping[Step, Group]) -> dict[Step, _Name]:
    frame_of = units(order, group_of)
    last = {step: name_in(group_of[step], step.name) for step in order if step.name}
    together: dict[Group, list[str]] = defaultdict(list)
    for step, name in last.items():
        together[frame_of[group_of[step]]].append(name)
    elements = {frame: arrays(names) for frame, names in together.items()}
    result = {}
    for step in order:
        group = group_of[step]
        frame = frame_of[group]
        label: str | None = None
        index: Index = ()
        if step in last:
            label, index = elements[frame].get(last[step], (last[step], ()))
        result[step] = _Name(frame, label, _numbers(group, frame) + index)
    return result


def _numbers(group: Group, frame: Group) -> Index:
    """The numbers of the units that a group is one of."""
    return tuple(
        number
        for part, pattern in zip(group, frame, strict=True)
        if part != pattern
        for number in _index(part.removeprefix(pattern.removesuffix(ANY)))
    )


def piles(
    order: Sequence[Step], group_of: Mapping[Step, Group], roots: Collection[Step]
) -> dict[Step, Pile]:
    """For each of the steps, which are in topological order, the pile of those that are alike."""
    names = _names(order, group_of)
    keys = _keys(order, names, roots)
    made: dict[Hashable, Pile] = {}
    for step in order:
        pile = made.setdefault(keys[step], Pile(names[step].frame, None, [], (), []))
        pile.members.append(step)
    outside = {*roots} | {x for step in order for x in _operands(step) if keys[x] != keys[step]}
    groups = {x for group in group_of.values() for x in groups_around(group)}
    seen = Counter(".".join(group) for group in groups)
    for pile in made.values():
        pile.results = [step for step in pile.members if step in outside]
        first = pile.results[0]
        pile.label = names[first].label
        indices = {step: names[step].numbers for step in pile.results}
        pile.shape = _extent(indices.values())
        if prod(pile.shape) == len(indices):
            pile.results.sort(key=indices.__getitem__)
        else:
            pile.shape = (len(indices),)
        own = pile.label or (first.op.name if first.op else "leaves")
        pile.name = ".".join([*pile.frame, own])
        seen[pile.name] += 1
        if seen[pile.name] > 1:
            pile.name += f" {seen[pile.name]}"
    return {step: made[keys[step]] for step in order}


def _operands(step: Step) -> list[Step]:
    return [x for x in step.operands if isinstance(x, Step)]


def chained(op: Op) -> bool:
    """Whether it makes no difference in which order, and how nested, it is applied to several."""
    return op.symmetric and op.arity == 2 and not op.condition


def _keys(
    order: Sequence[Step], names: Mapping[Step, _Name], roots: Collection[Step]
) -> dict[Step, Hashable]:
    """A key for each step, the same for those that are alike.

    An operation's key is made of those of its operands, so nothing that is alike is computed from
    one another, but for the parts of one sum.
    """
    uses = Counter(x for step in order for x in _operands(step))
    whole = {
        x: step
        for step in order
        if step.op is not None and chained(step.op)
        for x in _operands(step)
        if x.op is step.op
        and uses[x] == 1
        and not x.name
        and names[x].frame == names[step].frame
        and x not in roots
    }
    numbers: dict[Hashable, int] = {}
    result: dict[Step, int] = {}
    for step in order:
        if step not in whole:
            frame, label, _ = names[step]
            key = frame, label, step.op, _structure(step, whole, result)
            result[step] = numbers.setdefault(key, len(numbers))
    for step in reversed(order):
        if step in whole:
            result[step] = result[whole[step]]
    # A leaf without a name is known by what uses it, and how often.
    users: dict[Step, set[int]] = defaultdict(set)
    for step in order:
        for x in _operands(step):
            if x.op is None and not x.name:
                users[x].add(result[step])
    return result | {x: (frozenset(found), uses[x]) for x, found in users.items()}


CONSTANT = -1
"""The key of any constant."""


def _structure(step: Step, whole: Mapping[Step, Step], keys: Mapping[Step, int]) -> Hashable:
    """The keys of the operands of a step, as far as their order matters."""
    if step.op is None:
        return None
    found: list[int] = []
    chain = False
    stack = [*reversed(step.operands)]
    while stack:
        x = stack.pop()
        if isinstance(x, float):
            found.append(CONSTANT)
        elif x in whole and whole[x].op is step.op:
            stack += reversed(x.operands)
            chain = True
        else:
            found.append(keys[x])
    if chain or (CONSTANT in found and chained(step.op)):  # Python's sum begins with 0
        return "chain", frozenset(found) - {CONSTANT}
    if step.op.arity is not None:
        return tuple(sorted(found) if step.op.symmetric else found)
    if "#<" in step.op.text:  # two vectors
        half = len(found) // 2
        return frozenset(map(frozenset, zip(found[:half], found[half:], strict=True)))
    return frozenset(found)
