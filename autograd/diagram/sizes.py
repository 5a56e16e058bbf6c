"""How much room boxes, labels and a whole picture take, in points."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from autograd.diagram.groups import Group
from autograd.diagram.scene import Box, Scene
from autograd.diagram.widths import width

SIZE, SMALL = 14, 12
"""The font size in boxes, and that of all other text."""
LINE_HEIGHT, NARROWEST = 1.2, 6.1
"""The height of a line, and the least width of a box, in units of the size."""
MARGIN = 9
"""The margin around the text in a box."""
GAP, RANK_GAP = 16, 44
"""The least distance between two boxes side by side, and between a box and its operand's."""
FRAME = 8
"""The distance between a frame and the boxes in it."""


def size(box: Box) -> tuple[float, float]:
    """The width and the height of a box."""
    lines = [width(line.text) for line in box.lines]
    if box.kind != "cut":
        lines.append(NARROWEST)
    return max(lines) * SIZE + 2 * MARGIN, len(box.lines) * SIZE * LINE_HEIGHT + 2 * MARGIN


def label_size(lines: Iterable[str]) -> tuple[float, float]:
    """The width and the height of the words on an arrow or a frame."""
    widths = [width(f" {line} ") * SMALL for line in lines]
    return max(widths, default=0.0), len(widths) * SMALL * LINE_HEIGHT


# --- The whole ----------------------------------------------------------------------------------


def extent(scene: Scene) -> tuple[float, float]:
    """About the width and the height of a picture, rather too large, without a layout.

    Graphviz puts boxes into ranks, an operand before what uses it. Along the arrows a picture is as
    long as its ranks and the labels between them; across, as wide as its fullest rank.
    """
    across = scene.direction == "LR"
    ranks = _ranks(scene)
    along: dict[int, float] = defaultdict(float)
    gaps: dict[int, float] = defaultdict(float)
    full: dict[Group, Counter[float]] = defaultdict(Counter)  # at each rank, and halfway to it
    for box in scene.boxes:
        long, wide = size(box) if across else size(box)[::-1]
        rank = ranks[box.key]
        along[rank] = max(along[rank], long)
        full[box.group][rank] += wide + GAP
    for arrow in scene.arrows:
        long, wide = label_size(arrow.lines) if across else label_size(arrow.lines)[::-1]
        tail, head = ranks[arrow.tail], ranks[arrow.head]
        middle = (tail + head) // 2
        gaps[middle] = max(gaps[middle], long)
        full[()][middle + 0.5] += wide + GAP
        for rank in range(tail + 1, head):
            full[()][rank] += GAP
    length = sum(along.values()) + sum(gaps.values()) + len(along) * RANK_GAP
    for cluster in sorted(scene.clusters, key=lambda cluster: -len(cluster.group)):
        inner = full[cluster.group]
        label = label_size([cluster.label])
        wide = max(inner.values()) + 2 * FRAME + (label[1] if across else 0.0)
        for half in range(int(2 * min(inner)), int(2 * max(inner)) + 1):
            full[cluster.group[:-1]][half / 2] += wide if across else max(wide, label[0])
        length += 2 * FRAME + (0.0 if across else label[1])
    breadth = 1.3 * max(full[()].values())
    caption, foot = label_size([scene.caption] if scene.caption else [])
    if across:
        return max(length, caption) + 2 * MARGIN, breadth + foot + 2 * MARGIN
    return max(breadth, caption) + 2 * MARGIN, length + foot + 2 * MARGIN


def _ranks(scene: Scene) -> dict[str, int]:
    """The rank of each box, by its key: as near as can be to what uses it, those before 0."""
    users = defaultdict(list)
    waiting: Counter[str] = Counter()
    for arrow in scene.arrows:
        users[arrow.head].append(arrow.tail)
        waiting[arrow.tail] += 1
    ready = [box.key for box in scene.boxes if not waiting[box.key]]
    ranks = dict.fromkeys((box.key for box in scene.boxes), 0)
    for key in ready:  # which grows
        for tail in users[key]:
            ranks[tail] = min(ranks[tail], ranks[key] - 1)
            waiting[tail] -= 1
            if not waiting[tail]:
                ready.append(tail)
    return ranks
