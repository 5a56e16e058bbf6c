"""Frames that follow one another: a layer stands behind what it is computed from."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from autograd.diagram.scene import Scene


def succession(scene: Scene) -> list[tuple[str, str]]:
    """Pairs of boxes, by their keys, of which the second stands behind the first.

    Those are the leaves of each outermost frame, such as the weights of a layer, and the box among
    the operands from outside that comes last. So layers stand in a row; otherwise the weights of
    one would be beside the results of the layer before, and the frames one above the other.
    """
    inside: dict[str, list[str]] = defaultdict(list)
    for box in scene.boxes:
        if box.group:
            inside[box.group[0]].append(box.key)
    above: dict[str, list[str]] = defaultdict(list)
    below: dict[str, list[str]] = defaultdict(list)
    for arrow in scene.arrows:
        above[arrow.tail].append(arrow.head)
        below[arrow.head].append(arrow.tail)
    result = []
    for keys in inside.values():
        leaves = [key for key in keys if not below[key]]
        outer = {tail for key in keys for tail in below[key]} - set(keys)
        outer -= _reached(keys, above)
        if leaves and outer:
            last = max(outer, key=lambda key: (len(_reached([key], below)), key))
            for leaf in leaves:
                result.append((last, leaf))
                above[last].append(leaf)
                below[leaf].append(last)
    return result


def _reached(start: Collection[str], arrows: Mapping[str, Collection[str]]) -> set[str]:
    """All boxes that arrows lead to from some, those included."""
    found, front = set(start), list(start)
    while front:
        for key in arrows.get(front.pop(), ()):
            if key not in found:
                found.add(key)
                front.append(key)
    return found
