"""The lesson of a page: how the numbers of its pictures come about, one moment after the other."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Any

from autograd.compiler.javascript import javascript
from autograd.diagram import heat, palette
from autograd.diagram.folding import Folding
from autograd.diagram.scene import CAPTIONS, Scene
from autograd.diagram.steps import Step
from autograd.edges import Edge, flows, uses
from autograd.explain import outlines, sections
from autograd.explain.asked import Answers
from autograd.explain.document import line
from autograd.explain.moments import Moment, moments
from autograd.explain.partials import Partials
from autograd.explain.reasons import operation
from autograd.notation.labels import Labels
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.quiet import quietly
from autograd.silence import recorded
from autograd.value import Value

MOST_STEPS = 1_500
"""How many steps a graph may have for there to be a lesson."""
MOST_PATHS, MOST_ASKED, MOST_CHARACTERS = 4, 400, 40_000
"""How many paths to a step are told one by one; in graphs of up to how many steps; and about how
many characters that takes at most."""
MOST_MOMENTS = 2_000
"""How many moments there may be in all states for each to be told in words."""
LONGEST_PROGRAM = 200_000
"""How many characters the program may have that computes other numbers."""

COLORS = {
    "positive": palette.POSITIVE, "negative": palette.NEGATIVE, "zero": palette.ZERO,
    "nan": palette.NAN, "hatch": palette.HATCH, "card": palette.CARD, "ink": palette.INK,
    "leaf": palette.LEAF, "operation": palette.OPERATION, "muted": palette.MUTED,
    "root": palette.ROOT, "arrow": palette.ARROW, "dead": palette.DEAD,
    "deadFill": palette.DEAD_FILL,
    "cells": heat.MOST, "fewer": heat.FEWER,
}  # fmt: skip
"""Needed to colour a picture anew, and to know how large a heat map may be."""


class Lesson:
    """A lesson about one graph, in one or several states.

    Args:
        folding: the graph.
    """

    def __init__(self, folding: Folding) -> None:
        self._folding = folding
        self._nodes = quietly(_twins, folding.order)
        self._labels = Labels(self._nodes)
        self._places = {node: place for place, node in enumerate(self._nodes)}
        self._uses = uses(self._nodes)
        self._names = [self._labels[node].text.text for node in self._nodes]

    def leaves(self) -> dict[str, float]:
        """The numbers of the leaves, by their names."""
        named = zip(self._names, self._nodes, strict=True)
        return {name: node.data for name, node in named if node.op is None}

    @cached_property
    @recorded
    def program(self) -> str:
        """The graph in JavaScript; "null" if it cannot be written, or is too long."""
        found = javascript(self._nodes)
        return found if found and len(found) <= LONGEST_PROGRAM else "null"

    def shows(self, steps: Sequence[Step]) -> bool:
        """Whether a state has the gradients of one backward pass, or none."""
        adjoints = {self._nodes[-1]: 1.0}
        along = [x._replace(partial=slope) for x, slope in self._slopes(steps)]
        for edge, adjoint in flows(along, adjoints):
            flow, before = adjoint * edge.partial, adjoints.get(edge.operand)
            adjoints[edge.operand] = flow if before is None else before + flow
        return not any(step.grad != 0.0 for step in steps) or all(
            repr(step.grad) == repr(adjoints.get(node) or 0.0 * step.grad)
            for node, step in zip(self._nodes, steps, strict=True)
        )

    def _slopes(self, steps: Sequence[Step]) -> list[tuple[Edge[Value], float]]:
        """The uses, with the local derivatives of a state."""
        return [(x, steps[self._places[x.node]].partials[x.place]) for x in self._uses]

    @recorded
    def content(
        self, scenes: Mapping[str, Scene], states: Sequence[Sequence[Step]]
    ) -> dict[str, Any]:
        """The lesson, to be written as JSON.

        Args:
            scenes: the pictures, by their keys.
            states: the steps of the graph, as they were drawn, and as they are in other states.

        Returns:
            "names": what the steps are called; "formulas": how they are computed, "" if given, and
            "gaps": the same with gaps for numbers; "operations": the names of their operations.
            "where": where they are that have no name, to be told after the words.
            "gradients": what their gradients are called.
            "uses": in the order in which the backward pass goes: the numbers of the node and of the
            operand, whether the node selects, and what `outlines.addition` tells.
            "states": for each the data of the steps, the local derivatives of the uses, and the
            moments, none if there are too many states.
            "mistakes": the words for those that moments refer to.
            "pictures": by their keys, as `_picture` has them.
            "asked": for each step the lines of the chain rule, each with the number of a path or
            null, and the paths, as the numbers of uses; null where there is no room.
            "colors": `COLORS`.
        """
        labels, partials = self._labels, Partials(self._labels)
        found = moments(self._nodes, labels)
        mistakes: dict[str, int] = {}
        return {
            "names": self._names,
            "formulas": [x.op and labels.formula(x).text.text for x in self._nodes],
            "gaps": [x.op and outlines.value(x, labels, self._places) for x in self._nodes],
            "operations": [x.op and line([operation(x, labels)]) for x in self._nodes],
            "where": [_where(self._folding, x) for x in self._folding.order],
            "gradients": [sections.grad(x, labels).text for x in self._nodes],
            "uses": [
                (
                    self._places[x.node],
                    self._places[x.operand],
                    x.node.op is not None and x.node.op.selects,
                    *outlines.addition(x, labels, partials),
                )
                for x in self._uses
            ],
            "states": [
                {
                    "data": _numbers([x.data for x in state]),
                    "slopes": _numbers([slope for _, slope in self._slopes(state)]),
                    "moments": self._moments(count, state, found, mistakes),
                }
                for count, state in enumerate(states)
            ],
            "mistakes": [*mistakes],
            "asked": self._asked(found),
            "pictures": {key: self._picture(scene, states[0]) for key, scene in scenes.items()},
            "colors": COLORS,
        }

    def _moments(
        self, count: int, steps: Sequence[Step], drawn: Sequence[Moment], mistakes: dict[str, int]
    ) -> list[Any] | None:
        """For each moment of a state the words, the number of its step, its number as text, "" for
        none, the number of a use or null, and wrong numbers, each with the number of a mistake.
        """
        nodes, found, edges = self._nodes, drawn, self._uses
        if count:
            if (count + 1) * len(drawn) > MOST_MOMENTS:
                return None
            nodes = quietly(_twins, steps)
            found, edges = moments(nodes, Labels(nodes)), uses(nodes)
        where = [_where(self._folding, x) for x in self._folding.order]
        places = {node: place for place, node in enumerate(nodes)}
        numbers = {(x.node, x.place): place for place, x in enumerate(edges)}
        return [
            (
                x.said + where[places[x.node]],
                places[x.node],
                "" if x.number is None else number(x.number),
                x.edge and numbers[x.edge.node, x.edge.place],
                [
                    (float(f"{wrong:.6g}"), mistakes.setdefault(mistake, len(mistakes)))
                    for wrong, mistake in x.guesses
                ],
            )
            for x in found
        ]

    def _asked(self, found: Sequence[Moment]) -> list[Any]:
        nodes = self._nodes
        numbers = {(x.node, x.place): place for place, x in enumerate(self._uses)}
        adjoints = {x.node: x.number for x in found if x.backward and x.number is not None}
        answers = Answers(nodes, adjoints, self._labels, MOST_PATHS)
        room = MOST_CHARACTERS if len(nodes) <= MOST_ASKED else 0
        asked: dict[Value, Any] = {}
        for node in sorted(nodes[:-1], key=lambda node: (node.op is not None, not node.name)):
            if room <= 0:
                break
            lines, paths = answers.about(node)
            ways = [[numbers[edge.node, edge.place] for edge in path] for path in paths]
            asked[node] = {"lines": lines, "paths": ways}
            room -= sum([len(text) for text, _ in lines])
        return [asked.get(node) for node in nodes]

    def _picture(self, scene: Scene, order: Sequence[Step]) -> dict[str, Any]:
        """A picture: "boxes": for each step the key of the box that shows it; "numbers": by the
        key of a box, the step whose numbers stand there; "heats": by the key of a box, the steps
        of its heat maps, and their shapes; "arrows": for each use the key of the arrow;
        "labels": by the key of an arrow, the use whose numbers stand there; "local", "flows":
        whether those are the local derivative alone, or what flows.
        """
        numbers = {step: place for place, step in enumerate(order)}
        boxes = [""] * len(order)
        for key, steps in scene.shown.items():
            for step in steps:
                boxes[numbers[step]] = key
        arrows = {
            (numbers[step], place): key
            for key, several in scene.used.items()
            for step, place in several
        }
        of_uses = [arrows.get((self._places[x.node], x.place), "") for x in self._uses]
        numbered = {x.key for x in scene.arrows if not x.counted}
        return {
            "boxes": boxes,
            "numbers": {key: numbers[step] for key, step in scene.numbered.items()},
            "heats": {
                box.key: [([numbers[step] for step in x.steps], x.shape) for x in box.heats]
                for box in scene.boxes
                if box.heats
            },
            "arrows": of_uses,
            "labels": {key: use for use, key in enumerate(of_uses) if key in numbered},
            "local": scene.caption == CAPTIONS["partial"],
            "flows": scene.caption == CAPTIONS["contribution"],
        }


@recorded
def lesson(folding: Folding) -> Lesson | None:
    """The lesson about a graph.

    Returns:
        None if there are several roots or too many steps, or if a step is marked: what it was
        computed from has changed, or it is part of a report.
    """
    return Lesson(folding) if teachable(folding.order, len(folding.roots)) else None


def teachable(order: Sequence[Step], roots: int) -> bool:
    """Whether there is a lesson about steps, up to so many roots."""
    marked = any(step.marks or step.arrow_marks for step in order)
    return roots == 1 and len(order) <= MOST_STEPS and not marked


def _where(folding: Folding, step: Step) -> str:
    """In which group a step is that has no name, and so a formula that others may have as well."""
    group = folding.group_of[step]
    return f" (in {legible('.'.join(group))})" if group and not step.name else ""


def _twins(order: Sequence[Step]) -> list[Value]:
    """Values that stand for steps."""
    twins: dict[Step, Value] = {}
    for step in order:
        if step.op is None:
            twins[step] = Value(step.data)
        else:
            operands = [x if isinstance(x, float) else twins[x] for x in step.operands]
            twins[step] = Value._record(step.op, operands)
            if twins[step].data != step.data:  # of a dot product in parts
                twins[step].data = step.data
        twins[step].name = step.name
    return [*twins.values()]


def _numbers(numbers: Iterable[float]) -> list[float | str]:
    """Numbers as JSON can have them: those that are not finite in JavaScript's words."""
    return [x if isfinite(x) else str(x).replace("inf", "Infinity") for x in numbers]
