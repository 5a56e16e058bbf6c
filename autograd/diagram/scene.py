"""The content of a picture: boxes and arrows, with everything that is written on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from autograd.diagram.groups import Group
from autograd.diagram.steps import Step, Use

Edges = Literal["partial", "contribution"] | None
Direction = Literal["LR", "TB"]

SHADES = 4
"""How many shades there are for a positive number, and for a negative one."""

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


@dataclass(frozen=True, slots=True)
class Heat:
    """Two small heat maps of an array, or of many Values alike: their data and their gradients.

    Each is a list of rows of shades, as `Box.tint` is one; no gradients where nothing has been
    swept.
    """

    label: str
    data: Sequence[Sequence[int | None]]
    grad: Sequence[Sequence[int | None]] = ()


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
    shown: Mapping[str, Sequence[Step]] = field(default_factory=dict, compare=False)
    """The steps that each box shows, by its key."""
    numbered: Mapping[str, Step] = field(default_factory=dict, compare=False)
    """The step whose numbers stand in a box, where there are numbers."""
    used: Mapping[str, Sequence[Use]] = field(default_factory=dict, compare=False)
    """The uses that each arrow stands for."""
