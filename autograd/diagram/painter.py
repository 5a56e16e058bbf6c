"""Everything that is written in a picture: from steps and their boxes to the content of a scene."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple, TypeVar

from autograd.diagram import palette
from autograd.diagram.alike import Pile
from autograd.diagram.folding import REST, Folding, Place, Places
from autograd.diagram.groups import Group, groups_around, name_in
from autograd.diagram.heat import shade, shades
from autograd.diagram.scene import (
    CAPTIONS,
    Arrow,
    Box,
    Cluster,
    Edges,
    Heat,
    Line,
    Scene,
)
from autograd.diagram.steps import Mark, Step
from autograd.diagram.widths import shortened, wrapped
from autograd.diagram.words import LONGEST_FORMULA, operation, pile_formula, roles
from autograd.notation.labels import Labels
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.op import Op

T = TypeVar("T")
Use = tuple[Step, int]
"""An operation, and which of its operands is meant."""

WIDEST = 20.0
"""The width of a line in a box, in units of the font's size."""
MOST_TOLD = 20
"""How many Values are described in words."""
MOST_HEATS = 3
"""How many arrays are shown in the box of a group."""
LONGEST_INNER = 120
"""How many characters a formula within another one may have."""


class View(NamedTuple):
    """The boxes of a picture, and the other pictures that they and the frames lead to."""

    places: Places
    frames: Mapping[Place, Group]
    """The groups around each box."""
    opens: Mapping[Place, str]
    closes: Mapping[Group, str]


class Painter:
    """Knows everything about the whole graph that is needed to draw a part of it."""

    def __init__(self, folding: Folding, edges: Edges) -> None:
        self.folding, self.edges = folding, edges
        self._alike: dict[tuple[Pile, Op | None, int], bool] = {}
        order = folding.order
        self.labels = Labels(order, longest=LONGEST_INNER, distinct=False)
        self.swept = any(step.grad != 0.0 for step in order)
        self.largest = max([abs(x.grad) for x in order if abs(x.grad) < inf], default=0.0)

    def scene(self, view: View) -> Scene:
        """The picture of the steps that are shown, in the boxes that they are shown as."""
        return _Sheet(self, view).scene()

    def label(self, step: Step) -> str:
        """The name or the formula by which a step is called."""
        text = self.labels[step].text.text
        return text if step.name else shortened(text, 40)

    def formula(self, step: Step, longest: int) -> str:
        """The formula of a step, or the number of a leaf."""
        if step.op is None:
            return exact(step.data)
        return shortened(self.labels.formula(step).text.text, longest)

    def description(self) -> str:
        """A description of the graph in words, for those who cannot see it."""
        order, roots = self.folding.order, self.folding.roots
        inputs = [step for step in order if step.op is None and step.name]
        results = [step for step in order if step.op is not None and (step.name or step in roots)]
        title = ", ".join(_some([self.label(root) for root in roots]))
        sentences = [f"Computation graph of {title}, {len(order):,} Values"]
        if inputs:
            words = _some_of(
                inputs, lambda x: f"{self.label(x)} = {exact(x.data)}{self._gradient(x)}"
            )
            sentences.append("Inputs: " + ", ".join(words))
        if results:
            words = _some_of(
                results, lambda x: f"{self.label(x)} = {self.formula(x, 500)} = {exact(x.data)}"
            )
            sentences.append("Computed: " + "; ".join(words))
        return ". ".join(sentences) + "."

    def alike(self, step: Step, index: int) -> bool:
        """Whether a constant is the same in all that is computed alike."""
        pile = self.folding.pile_of[step]
        if (pile, step.op, index) not in self._alike:
            operands = [x.operands for x in pile.members if x.op is step.op]
            found = {x[index] for x in operands if index < len(x) and isinstance(x[index], float)}
            self._alike[pile, step.op, index] = len(found) == 1
        return self._alike[pile, step.op, index]

    def _gradient(self, step: Step) -> str:
        return f" (gradient {exact(step.grad)})" if self.swept else ""


class _Sheet:
    """A picture while it is being drawn."""

    def __init__(self, painter: Painter, view: View) -> None:
        self.painter, self.view = painter, view
        self.folding, self.swept = painter.folding, painter.swept
        self.members: dict[Place, list[Step]] = defaultdict(list)
        for step, place in view.places.items():
            self.members[place].append(step)
        self.keys = {place: f"box{count}" for count, place in enumerate(self.members)}
        self.outward = {
            x
            for step, place in view.places.items()
            for x in step.operands
            if isinstance(x, Step) and view.places.get(x) != place
        }

    def scene(self) -> Scene:
        boxes = [self._box(place) for place in self.members]
        arrows: list[Arrow] = []
        for (tail, head, _), uses in arrows_of(self.view.places).items():
            if tail is None:
                mark = self._mark(f"box{len(boxes)}", head, uses)
                boxes.append(mark)
                arrows.append(self._arrow(f"arrow{len(arrows)}", mark.key, head, uses, cut=True))
            else:
                arrows.append(self._arrow(f"arrow{len(arrows)}", self.keys[tail], head, uses))
        painter = self.painter
        return Scene(
            ", ".join(_some([painter.label(root) for root in self.folding.roots])),
            painter.description(),
            CAPTIONS[painter.edges],
            self._clusters(boxes),
            boxes,
            arrows,
            painter.largest,
            self.swept,
        )

    # --- Boxes ----------------------------------------------------------------------------------

    def _box(self, place: Place) -> Box:
        if isinstance(place, Step):
            return self._value(place)
        if isinstance(place, Pile):
            return self._pile(place)
        return self._group(place)

    def _value(self, step: Step) -> Box:
        root = step in self.folding.roots
        lines = self._names(step, self.view.frames[step]) if step.name else []
        if not step.name and (step.op is None or root):
            lines.append(Line("name", self.painter.label(step)))
        if step.op is not None:
            lines.append(Line("operation", shortened(operation(step), 32) or "·"))
        lines += self._numbers(step)
        if step.mark:
            lines.append(Line("mark", step.mark.text))
        return Box(
            self.keys[step],
            "leaf" if step.op is None else "operation",
            lines,
            "\n".join(self._told(step)),
            self.view.frames[step],
            root=root,
            dead=not step.alive,
            tint=shade(step.grad, self.painter.largest),
            color=step.mark.color if step.mark else None,
        )

    def _names(self, step: Step, group: Group) -> list[Line]:
        return _name_lines(name_in(group, step.name or ""))

    def _numbers(self, step: Step) -> list[Line]:
        data = Line("data", f"data {number(step.data)}")
        return [data, Line("grad", f"grad {number(step.grad)}")] if self.swept else [data]

    def _told(self, step: Step) -> list[str]:
        """A Value in words, with all digits."""
        label, formula = self.painter.label(step), self.painter.formula(step, 1000)
        named = step.name or step.op is None or step in self.folding.roots
        return [
            f"{label} = {formula}" if named else formula,
            f"data {exact(step.data)}",
            f"grad {exact(step.grad)}" if self.swept else "no gradient yet",
        ]

    def _pile(self, pile: Pile) -> Box:
        members = self.members[pile]
        inner = set(members)
        results = [x for x in pile.results if x in inner] or members[-1:]
        shape = pile.shape if len(results) == len(pile.results) else (len(results),)
        first = results[0]
        single = len(results) == 1
        if pile.label == REST:
            return self._rest(pile, members)
        lines = _name_lines(pile.label) if pile.label else []
        if not pile.label and (first.op is None or first in self.folding.roots):
            label = self.painter.label(first) if single else "leaves"
            lines.append(Line("name", label))
        if first.op is not None:
            formula = pile_formula(first, self._part, self.painter.alike)
            formula = shortened(formula, LONGEST_FORMULA)
            lines += [Line("operation", line) for line in wrapped(formula, WIDEST)]
        if single:
            lines += self._numbers(first)
        else:
            lines.append(Line("count", _size(shape)))
        mark, words = _marked(members)
        if words:
            lines.append(Line("mark", words))
        told = self._told(first) if single else self._listed(results)
        return Box(
            self.keys[pile],
            "leaf" if first.op is None else "operation",
            lines,
            "\n".join([f"{legible(pile.name)}: {_size(shape)}", *told]),
            self.view.frames[pile],
            root=any(root in inner for root in self.folding.roots),
            dead=not any(step.alive for step in members),
            tint=shade(first.grad, self.painter.largest) if single else 0,
            color=mark.color if mark else None,
            count=len(results),
            heats=[] if single else [self._heat("", results, shape)],
            opens=self.view.opens.get(pile),
        )

    def _part(self, step: Step, inside: Step) -> str | None:
        """How an operand is written in the formula of a pile; None if its formula is a part."""
        place = self.view.places.get(step)
        if place is not None and place == self.view.places[inside]:
            return None
        pile = self.folding.pile_of.get(step)
        if pile and len(pile.members) > 1:
            return legible(pile.label) if pile.label else "·"
        return name_in(self.folding.group_of.get(step, ()), step.name) if step.name else "·"

    def _heat(self, label: str, steps: Sequence[Step], shape: Sequence[int]) -> Heat:
        grad = shades([x.grad for x in steps], shape, self.painter.largest) if self.swept else ()
        return Heat(label, shades([x.data for x in steps], shape), grad)

    def _listed(self, steps: Sequence[Step]) -> list[str]:
        return _some_of(
            steps,
            lambda x: (
                f"{self.painter.label(x)} = {exact(x.data)}"
                + (f", grad {exact(x.grad)}" if self.swept else "")
            ),
        )

    def _rest(self, pile: Pile, members: Sequence[Step]) -> Box:
        words = _size([len(members)])
        named = [step for step in members if step.name]
        told = _some_of(named, lambda step: legible(step.name or ""))
        return Box(
            self.keys[pile],
            "group",
            [Line("name", "…"), Line("count", words)],
            "\n".join([f"not shown one by one: {words}", *told]),
            count=len(members),
            dead=not any(step.alive for step in members),
        )

    def _group(self, group: Group) -> Box:
        members = self.members[group]
        inner = set(members)
        count = _size([len(members)])
        results = [x for x in members if x in self.outward or x in self.folding.roots]
        plates = [plate for plate in self.folding.units if plate[:-1] == group]
        units = [f"{len(self.folding.units[plate])} units" for plate in plates]
        lines = [*_name_lines(group[-1]), Line("count", ", ".join([*units, count]))]
        if len(results) == 1:
            lines += self._numbers(results[0])
        named = [step for step in members if step.name]
        shown = {
            pile: [x for x in pile.results if x in inner and (x.op is None or x in self.outward)]
            for pile in dict.fromkeys(self.folding.pile_of[step] for step in members)
        }
        arrays = sorted(
            (pile for pile, steps in shown.items() if len(steps) > 1),
            key=lambda pile: (pile.results[0].op is not None, -len(shown[pile])),
        )
        heats = [
            self._heat(
                pile.label or "·",
                shown[pile],
                pile.shape if len(shown[pile]) == len(pile.results) else [len(shown[pile])],
            )
            for pile in arrays[:MOST_HEATS]
        ]
        mark, words = _marked(members)
        if words:
            lines.append(Line("mark", words))
        return Box(
            self.keys[group],
            "group",
            lines,
            "\n".join(
                [
                    f"{legible('.'.join(group))}: {count}",
                    *_some_of(named, lambda step: legible(step.name or "")),
                ]
            ),
            group[:-1],
            root=any(root in inner for root in self.folding.roots),
            dead=not any(step.alive for step in members),
            tint=shade(results[0].grad, self.painter.largest) if len(results) == 1 else 0,
            color=mark.color if mark else None,
            count=len(members),
            heats=heats,
            opens=self.view.opens.get(group),
        )

    def _mark(self, key: str, head: Place, uses: list[Use]) -> Box:
        words = "…" if len(uses) == 1 else f"… {len(uses)} operands"
        operands = [step.operands[index] for step, index in uses]
        names = [self.painter.label(x) for x in operands if isinstance(x, Step)]
        return Box(
            key,
            "cut",
            [Line("count", words)],
            "\n".join(["not shown:", *_some(names)]),
            self.view.frames[head],
        )

    def _clusters(self, boxes: Sequence[Box]) -> list[Cluster]:
        """The groups in which the boxes lie, a group before those in it."""
        groups = dict.fromkeys(group for box in boxes for group in groups_around(box.group))
        return [
            Cluster(
                f"group{count}",
                group,
                shortened(legible(self._frame_label(group)), 60),
                legible(".".join(group)),
                self.view.closes.get(group),
            )
            for count, group in enumerate(groups)
        ]

    def _frame_label(self, group: Group) -> str:
        names = self.folding.units.get(group)
        return f"{names[0]} … {names[-1]}" if names else group[-1]

    # --- Arrows ---------------------------------------------------------------------------------

    def _arrow(self, key: str, tail: str, head: Place, uses: list[Use], cut: bool = False) -> Arrow:
        lines: list[str] = []
        mark = None
        if len(uses) == 1:
            lines = self._labels(*uses[0])
            mark = uses[0][0].arrow_marks.get(uses[0][1])
        elif not cut:
            lines = [f"{len(uses):,} uses"]
            marks = [step.arrow_marks[index] for step, index in uses if index in step.arrow_marks]
            mark = _worst(marks)
        return Arrow(
            key,
            tail,
            self.keys[head],
            lines,
            "\n".join(_some_of(uses, lambda use: self._chain_rule(*use))),
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
        first, *others = numbers[self.painter.edges] or [""]
        lines = [f"{role}: {first}" if role and first else role or first, *others]
        if mark := step.arrow_marks.get(index):
            lines.append(mark.text)
        return [line for line in lines if line]

    def _chain_rule(self, step: Step, index: int) -> str:
        """Upstream times local, in full."""
        operand = step.operands[index]
        assert isinstance(operand, Step)
        local = self.painter.labels.derivative(step, operand, partial=True).text
        equation = f"{local} = {exact(step.partials[index])}"
        if not self.swept:
            return equation
        contribution, _ = step.flow(index)
        return f"{equation}\nupstream {exact(step.grad)} × local = {exact(contribution)}"


def arrows_of(places: Places) -> dict[tuple[Place | None, Place, int | None], list[Use]]:
    """The uses that each arrow stands for, by its ends; None is the end of those that are cut.

    Between Values it is one use of an operand, otherwise all the uses between the two.
    """
    result: dict[tuple[Place | None, Place, int | None], list[Use]] = defaultdict(list)
    for step, head in places.items():
        for index, operand in enumerate(step.operands):
            if isinstance(operand, float):
                continue
            tail = places.get(operand)
            if isinstance(tail, Step) and isinstance(head, Step):
                result[tail, head, index].append((step, index))
            elif tail != head:  # the inside of a box is not drawn
                result[tail, head, None].append((step, index))
    return result


def arrow_count(places: Places) -> int:
    """How many arrows there are."""
    between = set()
    single = 0
    for step, head in places.items():
        for operand in step.operands:
            if not isinstance(operand, float):
                tail = places.get(operand)
                if tail is operand and head is step:
                    single += 1
                elif tail != head:
                    between.add((tail, head))
    return single + len(between)


def exact(x: float) -> str:
    """A number with all its digits."""
    return number(x, digits=None).removesuffix(".0")


def _size(shape: Sequence[int]) -> str:
    """How many Values there are, in words."""
    if len(shape) > 1:
        return " × ".join(map(str, shape))
    return f"{shape[0]:,} Value{'s'[: shape[0] != 1]}"


def _marked(steps: Iterable[Step]) -> tuple[Mark | None, str]:
    """The most serious mark on some steps, with how many there are of its colour."""
    marks = [step.mark for step in steps if step.mark]
    worst = _worst(marks)
    if worst is None:
        return None, ""
    more = sum(mark.color == worst.color for mark in marks) - 1
    return worst, worst.text + (f", and {more:,} more" if more else "")


def _worst(marks: Sequence[Mark]) -> Mark | None:
    return min(marks, key=lambda mark: palette.BY_SEVERITY.index(mark.color), default=None)


def _name_lines(name: str) -> list[Line]:
    return [Line("name", line) for line in wrapped(legible(name), WIDEST)]


def _some(items: Sequence[str]) -> list[str]:
    """The items, or the first and last of them with a note on those left out."""
    return _some_of(items, str)


def _some_of(items: Sequence[T], told: Callable[[T], str]) -> list[str]:
    """The same, of items that are told in words."""
    if len(items) <= MOST_TOLD:
        return [told(item) for item in items]
    half = MOST_TOLD // 2
    return [
        *[told(item) for item in items[:half]],
        f"… {len(items) - MOST_TOLD:,} more …",
        *[told(item) for item in items[-half:]],
    ]
