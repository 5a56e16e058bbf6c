"""The content of a picture: boxes and arrows, with everything that is written on them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from autograd.diagram.groups import Group
from autograd.diagram.steps import Step, Use

Edges = Literal["partial", "contribution"] | None
Direction = Literal["LR", "TB"]

SHADES = 4
"""How many shades there are for a positive number, and for a negative one."""

ANY_NUMBER = "-0.123456"
"""As much room as a number needs that may be any other one."""
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
CAPTIONS: dict[Edges, str] = {
    "partial": "on each arrow: ∂result/∂operand",
    "contribution": "on each arrow: upstream × local = contribution to the operand's gradient",
    None: "",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a box, or on an arrow."""

    role: Literal["name", "operation", "count", "data", "grad", "label", "mark"]
    text: str
    color: str = ""
    """That of a mark."""
    room: str = ""
    """The text that there is room for, if it may change."""

    @property
    def longest(self) -> str:
        """The longest text that it may have."""
        return max(self.text, self.room, key=len)


@dataclass(frozen=True, slots=True)
class Heat:
    """Two small heat maps of an array, or of many Values alike: their data and their gradients.

    Each is a list of rows of shades, as `Box.tint` is one; no gradients where nothing has been
    swept.
    """

    label: str
    data: Sequence[Sequence[int | None]]
    grad: Sequence[Sequence[int | None]] = ()
    steps: Sequence[Step] = field(default=(), compare=False)
    """Those whose numbers the cells show, in the shape of an array."""
    shape: Sequence[int] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Box:
    """A Value, a collapsed group of them, or the mark of operands that are not shown."""

    key: str
    kind: Literal["leaf", "operation", "group", "cut"]
    lines: Sequence[Line]
    tooltip: str
    group: Group = ()
    root: bool = False
    dead: bool = False
    tint: int | None = 0
    """The shade of the gradient, from -SHADES to SHADES, with its sign; None for nan."""
    color: str | None = None
    """That of the most serious mark, if there is one."""
    count: int = 1
    """How many Values it shows, of those that are alike, or that are in the group."""
    heats: Sequence[Heat] = ()
    """Below the lines."""
    opens: str | None = None
    """The key of the picture in which it is open, if there is one."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The frame around a group that is not collapsed."""

    key: str
    group: Group
    label: str
    tooltip: str
    closes: str | None = None
    """The key of the picture in which it is one box, if there is one."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A use of an operand: from its box to that of the operation."""

    key: str
    tail: str
    head: str
    lines: Sequence[Line]
    tooltip: str
    dead: bool = False
    cut: bool = False
    color: str | None = None
    """That of the most serious mark, if there is one."""
    counted: bool = False
    """Whether it says how many uses it stands for, rather than a local derivative."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture."""

    title: str
    description: str
    caption: str
    clusters: Sequence[Cluster]
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]
    largest: float = 0.0
    """The largest finite magnitude of a gradient, which has the strongest shade."""
    swept: bool = True
    """Whether there are gradients: not before `backward()`."""
    direction: Direction = "LR"
    """Where the arrows lead: from left to right, or from top to bottom."""
    roomy: bool = False
    """Whether there is room for other numbers."""
    shown: Mapping[str, Sequence[Step]] = field(default_factory=dict, compare=False)
    """The steps that each box shows, by its key."""
    numbered: Mapping[str, Step] = field(default_factory=dict, compare=False)
    """The step whose numbers stand in a box, where there are numbers."""
    used: Mapping[str, Sequence[Use]] = field(default_factory=dict, compare=False)
    """The uses that each arrow stands for."""


def roomy(scene: Scene) -> Scene:
    """A picture with room for other numbers than it shows."""

    def with_room(line: Line) -> Line:
        if line.role in ("data", "grad"):
            return replace(line, room=f"{line.role} {ANY_NUMBER}")
        if line.role != "label":
            return line
        label, colon, number = line.text.rpartition(": ")
        digits = re.sub(r"-?[\d.]+(e-?\d+)?|-?inf|nan", ANY_NUMBER, number)
        return replace(line, room=label + colon + digits)

    return replace(
        scene,
        roomy=True,
        boxes=[replace(box, lines=[*map(with_room, box.lines)]) for box in scene.boxes],
        arrows=[
            arrow if arrow.counted else replace(arrow, lines=[*map(with_room, arrow.lines)])
            for arrow in scene.arrows
        ],
    )
