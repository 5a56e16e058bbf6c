"""Frames that follow one another: a layer stands behind what it is computed from."""

from collections import defaultdict

from autograd.diagram.circles import Part, circles, parts
from autograd.diagram.groups import Group
from autograd.diagram.scene import Scene


def succession(scene: Scene) -> list[tuple[str, str]]:
    """Pairs of boxes, by their keys, of which the second stands behind the first.

    Those are the leaves of each outermost frame, such as the weights of a layer, and the box among
    the operands from outside that comes last. So layers stand in a row; otherwise the weights of
    one would be beside the results of the layer before, and the frames one above the other.

    A frame follows nothing in a frame or box that it leads back to. So no pair is part of a circle,
    not even together with the arrows.
    """
    frames = {box.key: box.group[:1] for box in scene.boxes}
    ends = [(arrow, *parts(arrow, frames)) for arrow in scene.arrows]
    circle = circles((tail, head) for _, tail, head in ends)
    outer: dict[Group, list[str]] = defaultdict(list)
    behind: dict[Part, list[Part]] = defaultdict(list)
    for arrow, tail, head in ends:
        behind[arrow.head].append(arrow.tail)
        if isinstance(head, tuple) and circle[tail] != circle[head]:
            outer[head].append(arrow.tail)
    leaves = [key for key, frame in frames.items() if key not in behind and frame in outer]
    for leaf in leaves:
        behind[leaf].append(frames[leaf])
    for frame, operands in outer.items():
        behind[frame] += operands
    ranks: dict[Part, int] = {}
    for part in circles((x, part) for part, before in behind.items() for x in before):
        before = behind.get(part, ())
        ranks[part] = max((ranks.get(x, 0) for x in before), default=0) + isinstance(part, str)
    place = {key: count for count, key in enumerate(frames)}
    last = {
        frame: max(keys, key=lambda key: (ranks[key], place[key])) for frame, keys in outer.items()
    }
    return [(last[frames[leaf]], leaf) for leaf in leaves]
