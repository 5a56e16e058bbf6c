"""Frames and boxes that arrows lead to and fro between, so that no order puts them in a row."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from autograd.diagram.groups import Group
from autograd.diagram.scene import Arrow, Scene

Part = Group | str
"""A frame, by its group, or a box, by its key."""


def parts(arrow: Arrow, groups: Mapping[str, Group]) -> tuple[Part, Part]:
    """The outermost frames that hold one end of an arrow each; where there is none, the box."""
    tail, head = groups[arrow.tail], groups[arrow.head]
    depth = 0
    while depth < min(len(tail), len(head)) and tail[depth] == head[depth]:
        depth += 1
    return (
        tail[: depth + 1] if depth < len(tail) else arrow.tail,
        head[: depth + 1] if depth < len(head) else arrow.head,
    )


def circles(pairs: Iterable[tuple[Part, Part]]) -> dict[Part, int]:
    """Numbers for the parts, of which some lead to others: the same where each leads to the other.

    Otherwise the number of what leads to another is less, and the parts are in the order of these.
    That is Kosaraju's algorithm: the parts are finished in depth-first order, and then, the last
    first, each takes along all that leads to it.
    """
    above: dict[Part, list[Part]] = defaultdict(list)
    below: dict[Part, list[Part]] = defaultdict(list)
    for tail, head in pairs:
        above[tail].append(head)
        below[head].append(tail)
    finished: list[Part] = []
    seen: set[Part] = set()
    for part in above:
        finished += _reached(part, above, seen)
    result: dict[Part, int] = {}
    seen = set()
    for number, part in enumerate(reversed(finished)):
        result |= dict.fromkeys(_reached(part, below, seen), number)
    return result


def _reached(
    start: Part, arrows: Mapping[Part, Collection[Part]], seen: set[Part]
) -> Iterator[Part]:
    """All that is reached from a part and not seen yet, each after what is reached from it."""
    if start in seen:
        return
    seen.add(start)
    way = [(start, iter(arrows.get(start, ())))]
    while way:
        part, others = way[-1]
        other = next((x for x in others if x not in seen), None)
        if other is None:
            yield part
            way.pop()
        else:
            seen.add(other)
            way.append((other, iter(arrows.get(other, ()))))


def is_circular(scene: Scene) -> bool:
    """Whether no order of the frames has all arrows lead forwards."""
    groups = {box.key: box.group for box in scene.boxes}
    numbers = circles(parts(arrow, groups) for arrow in scene.arrows)
    return len(set(numbers.values())) < len(numbers)
