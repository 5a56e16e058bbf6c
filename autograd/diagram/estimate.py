"""How large a picture will be, before it is laid out."""

from collections import Counter, defaultdict

from autograd.diagram.groups import Group
from autograd.diagram.legend import legend, legend_size
from autograd.diagram.scene import Scene
from autograd.diagram.sizes import FRAME, GAP, PAD, RANK_GAP, SPACES, label_size, size
from autograd.diagram.succession import succession


def extent(scene: Scene) -> tuple[float, float]:
    """About the width and the height of a picture, rather too large, without a layout.

    Graphviz puts boxes into ranks, an operand before what uses it. Along the arrows a picture is as
    long as its ranks and the labels between them; across, as wide as its fullest rank.
    """
    across = scene.direction == "LR"
    ranks = _ranks(scene)
    along: dict[float, float] = defaultdict(float)  # at each rank, and halfway to the next
    full: dict[Group, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for box in scene.boxes:
        long, wide = size(box) if across else size(box)[::-1]
        rank = ranks[box.key]
        along[rank] = max(along[rank], long + RANK_GAP)
        full[box.group][rank] += wide + GAP
    for arrow in scene.arrows:
        room = label_size(line.longest for line in arrow.lines)
        long, wide = room if across else room[::-1]
        tail, head = ranks[arrow.tail], ranks[arrow.head]
        middle = (tail + head) // 2 + 0.5
        along[middle] = max(along[middle], long + SPACES)
        full[()][middle] += wide + GAP
        for rank in range(tail + 1, head):
            full[()][rank] += 2 * GAP
    length = 1.05 * sum(along.values())
    for cluster in sorted(scene.clusters, key=lambda cluster: -len(cluster.group)):
        inner = full[cluster.group]
        title, high = label_size([cluster.label])
        wide = max(inner.values()) + 2 * FRAME + GAP
        wide = wide + high if across else max(wide, title)
        for half in range(int(2 * min(inner)), int(2 * max(inner)) + 1):
            full[cluster.group[:-1]][half / 2] += wide
        length += 2 * FRAME + (0.0 if across else high)
    breadth = 1.5 * max(full[()].values())
    wide, high = (length, breadth) if across else (breadth, length)
    foot_width, foot = legend_size(legend(scene, wide))
    return max(wide, foot_width) + 2 * PAD, high + foot + 3 * PAD


def _ranks(scene: Scene) -> dict[str, int]:
    """The rank of each box, by its key: as near as can be to what uses it, those before 0."""
    users: dict[str, list[str]] = defaultdict(list)
    waiting: Counter[str] = Counter()
    arrows = [(arrow.tail, arrow.head) for arrow in scene.arrows]
    for tail, head in [*arrows, *succession(scene)]:
        users[head].append(tail)
        waiting[tail] += 1
    ready = [box.key for box in scene.boxes if not waiting[box.key]]
    ranks = dict.fromkeys((box.key for box in scene.boxes), 0)
    for key in ready:  # which grows
        for tail in users[key]:
            ranks[tail] = min(ranks[tail], ranks[key] - 1)
            waiting[tail] -= 1
            if not waiting[tail]:
                ready.append(tail)
    return ranks
