"""The content of a picture: boxes and arrows, with everything that is written on them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan, sqrt
from typing import Literal

from autograd.diagram.groups import Group, groups_around, name_in
from autograd.diagram.steps import Step
from autograd.diagram.widths import shortened, wrapped
from autograd.diagram.words import operation, roles
from autograd.notation.labels import Labels
from autograd.notation.names import legible
from autograd.notation.numbers import number

Edges = Literal["partial", "contribution"] | None
Direction = Literal["LR", "TB"]
Place = Step | Group
"""The box that a step is drawn as: its own, or that of a collapsed group."""
Use = tuple[Step, int]
"""An operation, and which of its operands is meant."""

SHADES = 4
"""How many shades there are for a positive number, and for a negative one."""
WIDEST = 20.0
"""The width of a line in a box, in units of the font's size."""
MOST_TOLD = 20
"""How many Values are described in words."""
LONGEST_INNER = 120
"""How many characters a formula within another one may have."""

CAPTIONS: dict[Edges, str] = {
    "partial": "on each arrow: ∂result/∂operand",
    "contribution": "on each arrow: upstream × local = contribution to the operand's gradient",
    None: "",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a box."""

    role: Literal["name", "operation", "count", "data", "grad", "mark"]
    text: str


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
    """That of a mark, if there is one."""
    count: int = 1
    """How many Values it stands for."""
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
    lines: Sequence[str]
    tooltip: str
    dead: bool = False
    cut: bool = False
    color: str | None = None
    """That of a mark, if there is one."""


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


def scene(group_of: Mapping[Step, Group], place_of: Mapping[Step, Place], edges: Edges) -> Scene:
    """The picture of steps in topological order.

    The keys of `place_of` are the steps that are shown, with what each is drawn as: itself, or a
    group. `group_of` says which group a step is in.
    """
    return _Painter(group_of, place_of, edges).scene()


def shade(x: float, largest: float) -> int | None:
    """A number as one of the shades from -SHADES to SHADES; None for nan.

    By the square root of its size, so that small ones show, too.
    """
    if isnan(x):
        return None
    if x == 0.0:
        return 0
    share = abs(x) / largest if abs(x) < inf else 1.0
    size = min(SHADES, 1 + int(SHADES * sqrt(share)))
    return size if x > 0.0 else -size


class _Painter:
    """Knows everything about the whole graph that is needed to draw a part of it."""

    def __init__(
        self, group_of: Mapping[Step, Group], place_of: Mapping[Step, Place], edges: Edges
    ) -> None:
        self.group_of, self.place_of, self.edges = group_of, place_of, edges
        self.order = list(place_of)
        self.root = self.order[-1]
        self.members: dict[Place, list[Step]] = defaultdict(list)
        for step in self.order:
            self.members[place_of[step]].append(step)
        self.labels = Labels(self.order, longest=LONGEST_INNER, distinct=False)
        self.keys = {place: f"box{count}" for count, place in enumerate(self.members)}
        self.swept = any(step.grad != 0.0 for step in self.order)
        self.largest = max([abs(x.grad) for x in self.order if abs(x.grad) < inf], default=0.0)

    def scene(self) -> Scene:
        boxes = [self._box(place) for place in self.members]
        arrows: list[Arrow] = []
        for (tail, head, _), uses in self._uses().items():
            if tail is None:
                mark = self._mark(f"box{len(boxes)}", head, uses)
                boxes.append(mark)
                arrows.append(self._arrow(f"arrow{len(arrows)}", mark.key, head, uses, cut=True))
            else:
                arrows.append(self._arrow(f"arrow{len(arrows)}", self.keys[tail], head, uses))
        return Scene(
            self._label(self.root),
            self._description(),
            CAPTIONS[self.edges],
            _clusters(boxes),
            boxes,
            arrows,
            self.largest,
            self.swept,
        )

    def _uses(self) -> dict[tuple[Place | None, Place, int | None], list[Use]]:
        """The uses that each arrow stands for, by its ends; None is the end of those that are cut.

        Between Values it is one use of an operand, otherwise all the uses between the two.
        """
        result: dict[tuple[Place | None, Place, int | None], list[Use]] = defaultdict(list)
        for step in self.order:
            head = self.place_of[step]
            for index, operand in enumerate(step.operands):
                if isinstance(operand, float):
                    continue
                tail = self.place_of.get(operand)
                if isinstance(tail, Step) and isinstance(head, Step):
                    result[tail, head, index].append((step, index))
                elif tail != head:  # the inside of a collapsed group is not drawn
                    result[tail, head, None].append((step, index))
        return result

    # --- Boxes ----------------------------------------------------------------------------------

    def _box(self, place: Place) -> Box:
        return self._value(place) if isinstance(place, Step) else self._collapsed(place)

    def _value(self, step: Step) -> Box:
        group = self.group_of[step]
        lines = _name_lines(name_in(group, step.name)) if step.name else []
        if not step.name and (step.op is None or step is self.root):
            lines.append(Line("name", self._label(step)))
        if step.op is not None:
            lines.append(Line("operation", shortened(operation(step), 32) or "·"))
        lines.append(Line("data", f"data {number(step.data)}"))
        if self.swept:
            lines.append(Line("grad", f"grad {number(step.grad)}"))
        if step.mark:
            lines.append(Line("mark", step.mark.text))
        formula = self._formula(step, 1000)
        named = step.name or step is self.root
        tooltip = [
            f"{self._label(step)} = {formula}" if named or step.op is None else formula,
            f"data {_exact(step.data)}",
            f"grad {_exact(step.grad)}" if self.swept else "no gradient yet",
        ]
        return Box(
            self.keys[step],
            "leaf" if step.op is None else "operation",
            lines,
            "\n".join(tooltip),
            group,
            root=step is self.root,
            dead=not step.alive,
            tint=self._tint(step.grad),
            color=step.mark.color if step.mark else None,
        )

    def _tint(self, grad: float) -> int | None:
        """The shade of a gradient, with its sign."""
        return shade(grad, self.largest)

    def _collapsed(self, group: Group) -> Box:
        members = self.members[group]
        count = f"{len(members)} Value{'s'[: len(members) != 1]}"
        named = [legible(step.name) for step in members if step.name]
        return Box(
            self.keys[group],
            "group",
            [*_name_lines(group[-1]), Line("count", count)],
            "\n".join([f"{legible('.'.join(group))}: {count}", *_some(named)]),
            group[:-1],
            root=self.root in members,
            dead=not any(step.alive for step in members),
        )

    def _mark(self, key: str, head: Place, uses: list[Use]) -> Box:
        words = "…" if len(uses) == 1 else f"… {len(uses)} operands"
        operands = [step.operands[index] for step, index in uses]
        names = [self._label(operand) for operand in operands if isinstance(operand, Step)]
        group = self.group_of[head] if isinstance(head, Step) else head[:-1]
        return Box(
            key, "cut", [Line("count", words)], "\n".join(["not shown:", *_some(names)]), group
        )

    # --- Arrows ---------------------------------------------------------------------------------

    def _arrow(self, key: str, tail: str, head: Place, uses: list[Use], cut: bool = False) -> Arrow:
        lines: list[str] = []
        mark = None
        if len(uses) == 1:
            lines = self._labels(*uses[0])
            mark = uses[0][0].arrow_marks.get(uses[0][1])
        elif not cut:
            lines = [f"{len(uses)} uses"]
        return Arrow(
            key,
            tail,
            self.keys[head],
            lines,
            "\n".join(_some([self._chain_rule(*use) for use in uses])),
            dead=not any(step.flow(index)[1] for step, index in uses),
            cut=cut,
            color=mark.color if mark else None,
        )

    def _labels(self, step: Step, index: int) -> list[str]:
        """The lines on an arrow: the operand's role, where it matters, and the numbers."""
        local, (contribution, _) = step.partials[index], step.flow(index)
        numbers = {
            "partial": [number(local)],
            "contribution": [
                f"{number(step.grad)} × {number(local)}",
                f"= {number(contribution)}",
            ],
            None: [],
        }
        role = roles(step)[index]
        first, *others = numbers[self.edges] or [""]
        lines = [f"{role}: {first}" if role and first else role or first, *others]
        if mark := step.arrow_marks.get(index):
            lines.append(mark.text)
        return [line for line in lines if line]

    def _chain_rule(self, step: Step, index: int) -> str:
        """Upstream times local, in full."""
        operand = step.operands[index]
        assert isinstance(operand, Step)
        contribution, _ = step.flow(index)
        local = self.labels.derivative(step, operand, partial=True).text
        return (
            f"{local} = {_exact(step.partials[index])}\n"
            f"upstream {_exact(step.grad)} × local = {_exact(contribution)}"
        )

    # --- In words -------------------------------------------------------------------------------

    def _label(self, step: Step) -> str:
        text = self.labels[step].text.text
        return text if step.name else shortened(text, 40)

    def _formula(self, step: Step, longest: int) -> str:
        """The formula of a step, or the number of a leaf."""
        if step.op is None:
            return _exact(step.data)
        return shortened(self.labels.formula(step).text.text, longest)

    def _description(self) -> str:
        """A description of the graph in words, for those who cannot see it."""
        inputs = [
            f"{self._label(step)} = {_exact(step.data)} (gradient {_exact(step.grad)})"
            for step in self.order
            if step.op is None and step.name
        ]
        results = [
            f"{self._label(step)} = {self._formula(step, 500)} = {_exact(step.data)}"
            for step in self.order
            if step.op is not None and (step.name or step is self.root)
        ]
        sentences = [f"Computation graph of {self._label(self.root)}, {len(self.order)} Values"]
        if inputs:
            sentences.append("Inputs: " + ", ".join(_some(inputs)))
        if results:
            sentences.append("Computed: " + "; ".join(_some(results)))
        return ". ".join(sentences) + "."


def _exact(x: float) -> str:
    return number(x, digits=None).removesuffix(".0")


def _clusters(boxes: Sequence[Box]) -> list[Cluster]:
    """The groups in which the boxes lie, a group before those in it."""
    groups = dict.fromkeys(group for box in boxes for group in groups_around(box.group))
    return [
        Cluster(f"group{count}", group, _brief(group[-1]), legible(".".join(group)))
        for count, group in enumerate(groups)
    ]


def _brief(name: str) -> str:
    return shortened(legible(name), 60)


def _name_lines(name: str) -> list[Line]:
    return [Line("name", line) for line in wrapped(legible(name), WIDEST)]


def _some(items: list[str]) -> list[str]:
    """The items, or the first and last of them with a note on those left out."""
    if len(items) <= MOST_TOLD:
        return items
    half = MOST_TOLD // 2
    return [*items[:half], f"… {len(items) - MOST_TOLD} more …", *items[-half:]]
