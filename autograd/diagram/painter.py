"""A picture of a graph: from steps and their boxes to the content of a scene."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from autograd.diagram.boxes import Boxes, causes, hints, worst
from autograd.diagram.folding import ELEMENTS, Folding, Place, Places
from autograd.diagram.groups import Group, groups_around
from autograd.diagram.scene import CAPTIONS, Arrow, Box, Cluster, Edges, Line, Scene
from autograd.diagram.steps import Step, Use
from autograd.diagram.telling import Telling, exact, some
from autograd.diagram.widths import shortened
from autograd.diagram.words import roles
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.notation.writing import digits


class View(NamedTuple):
    """The boxes of a picture, and the other pictures that they and the frames lead to."""

    places: Places
    frames: Mapping[Place, Group]
    """The groups around each box."""
    opens: Mapping[Place, str]
    closes: Mapping[Group, str]


class Painter:
    """Paints pictures of a graph."""

    def __init__(self, folding: Folding, edges: Edges) -> None:
        self._folding, self._edges = folding, edges
        self._telling = Telling(folding)

    def scene(self, view: View) -> Scene:
        """The picture of the steps that are shown, in the boxes that they are shown as."""
        maker = Boxes(self._folding, self._telling, view.places, view.frames, view.opens)
        boxes, keys = maker.all(), maker.keys
        arrows: list[Arrow] = []
        used: dict[str, Sequence[Use]] = {}
        for (tail, head, _), uses in arrows_of(view.places).items():
            key = f"arrow{len(arrows)}"
            used[key] = uses
            if tail is None:
                mark = self._mark(f"box{len(boxes)}", view.frames[head], uses)
                boxes.append(mark)
                arrows.append(self._arrow(key, mark.key, keys[head], uses, True, maker.shows))
            else:
                arrows.append(self._arrow(key, keys[tail], keys[head], uses, False, maker.shows))
        return Scene(
            self._telling.title,
            self._telling.description,
            self._caption(arrows),
            self._clusters(boxes, view.closes),
            boxes,
            arrows,
            self._telling.largest,
            self._telling.swept,
            shown=maker.shown(),
            numbered=maker.numbered,
            used=used,
        )

    def _caption(self, arrows: Sequence[Arrow]) -> str:
        """The meaning of what is written on the arrows; there may only be counts."""
        if arrows and all(arrow.counted for arrow in arrows):
            return "on each arrow: how many uses of operands it stands for"
        return CAPTIONS[self._edges]

    def _mark(self, key: str, frame: Group, uses: Sequence[Use]) -> Box:
        """The mark of operands that are not shown."""
        words = "…" if len(uses) == 1 else f"… {len(uses)} operands"
        operands = [x for step, index in uses if isinstance(x := step.operands[index], Step)]
        told = ["not shown:", *some(operands, self._telling.label)]
        return Box(key, "cut", [Line("count", words)], "\n".join(told), frame)

    def _clusters(self, boxes: Sequence[Box], closes: Mapping[Group, str]) -> list[Cluster]:
        """The groups in which the boxes lie, a group before those in it."""
        groups = dict.fromkeys(group for box in boxes for group in groups_around(box.group))
        return [
            Cluster(
                f"group{count}",
                group,
                shortened(legible(self._frame_label(group)), 60),
                legible(".".join(group)).removesuffix(ELEMENTS),
                closes.get(group),
            )
            for count, group in enumerate(groups)
        ]

    def _frame_label(self, group: Group) -> str:
        names = self._folding.units.get(group, [group[-1].removesuffix(ELEMENTS)])
        return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"

    def _arrow(
        self,
        key: str,
        tail: str,
        head: str,
        uses: Sequence[Use],
        cut: bool,
        shows: Callable[[Step], bool],
    ) -> Arrow:
        marks = [mark for x, index in uses for mark in x.arrow_marks.get(index, ())]
        numbered = len(uses) == 1 and shows(uses[0][0])
        if numbered:
            words = self._labels(*uses[0])
        else:  # a local derivative would be taken for that of what the box shows
            words = [] if cut else [f"{len(uses):,} use{'s'[: len(uses) != 1]}"]
        lines = [Line("label", line) for line in words]
        if mark := worst(mark for mark in marks if not mark.hint):
            lines.append(Line("mark", mark.text, mark.color))
        mark = worst(marks)
        return Arrow(
            key,
            tail,
            head,
            [*lines, *causes(marks)],
            "\n".join([*some(uses, lambda use: self._chain_rule(*use)), *hints(marks)]),
            dead=not any(step.flow(index)[1] for step, index in uses),
            cut=cut,
            color=mark.color if mark else None,
            counted=not numbered,
        )

    def _labels(self, step: Step, index: int) -> list[str]:
        """The lines on an arrow: the operand's role, where it matters, and the numbers."""
        local, (contribution, _) = step.partials[index], step.flow(index)
        numbers = {
            "partial": [number(local)],
            "contribution": [
                f"{number(step.grad)} × {digits(number(local)).factor().text}",
                f"= {number(contribution)}",
            ],
            None: [],
        }
        role = roles(step)[index]
        first, *others = numbers[self._edges] or [""]
        lines = [f"{role}: {first}" if role and first else role or first, *others]
        return [line for line in lines if line]

    def _chain_rule(self, step: Step, index: int) -> str:
        """Upstream times local, in full."""
        operand = step.operands[index]
        assert isinstance(operand, Step)
        local = self._telling.labels.derivative(step, operand, partial=True).text
        equation = f"{local} = {exact(step.partials[index])}"
        if not self._telling.swept:
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
