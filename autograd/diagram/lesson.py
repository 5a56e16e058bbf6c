"""The lesson of a page: how the numbers of its pictures come about, one moment after the other."""

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from autograd.compiler.javascript import javascript
from autograd.diagram import heat, palette
from autograd.diagram.folding import Folding
from autograd.diagram.scene import CAPTIONS, Scene
from autograd.diagram.steps import Step
from autograd.edges import Edge, uses
from autograd.explain.asked import Answers
from autograd.explain.moments import Moment, addition, moments, value
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
LONGEST_PROGRAM = 200_000
"""How many characters the program may have that computes other numbers."""

COLORS = {
    "positive": palette.POSITIVE, "negative": palette.NEGATIVE, "zero": palette.ZERO,
    "nan": palette.NAN, "hatch": palette.HATCH, "card": palette.CARD, "ink": palette.INK,
    "arrow": palette.ARROW, "dead": palette.DEAD, "deadFill": palette.DEAD_FILL,
    "cells": heat.MOST, "fewer": heat.FEWER,
}  # fmt: skip
"""Needed to colour a picture anew, and to know how large a heat map may be."""


class Lesson:
    """A lesson about one graph, in one or several states.

    Args:
        folding: the graph.
        twins: Values that stand for its steps.
    """

    def __init__(self, folding: Folding, twins: Sequence[Value]) -> None:
        self._folding, self._nodes = folding, twins
        self._labels = Labels(twins)
        self._places = {node: place for place, node in enumerate(twins)}
        self._uses = uses(twins)

    def leaves(self) -> dict[str, float]:
        """The numbers of the leaves, by their names."""
        leaves = [node for node in self._nodes if node.op is None]
        return {value(node, self._labels): node.data for node in leaves}

    @recorded
    def program(self) -> str:
        """The graph in JavaScript; "null" if it cannot be written, or is too long."""
        found = javascript(self._nodes)
        return found if found and len(found) <= LONGEST_PROGRAM else "null"

    def shows(self, steps: Sequence[Step]) -> bool:
        """Whether a state has the gradients of one backward pass, or none."""
        root = len(steps) - 1
        grads = {root: 1.0}
        for edge in self._uses:
            node, operand = self._places[edge.node], self._places[edge.operand]
            slope = steps[node].partials[edge.place]
            if node in grads and not edge._replace(partial=slope).cut:
                flow = grads[node] * slope
                grads[operand] = grads[operand] + flow if operand in grads else flow
        return not any(step.grad != 0.0 for step in steps) or all(
            repr(step.grad) == repr(grads.get(place) or 0.0 * step.grad)
            for place, step in enumerate(steps)
        )

    @recorded
    def content(
        self, scenes: Mapping[str, Scene], states: Sequence[Sequence[Step]]
    ) -> dict[str, Any] | None:
        """The lesson, to be written as JSON.

        Args:
            scenes: the pictures, by their keys.
            states: the steps of the graph, as they were drawn, and as they are in other states.

        Returns:
            "moments": for each the words, the number of its step, its number as text, "" for none,
            the number of a use or null, and wrong numbers, each with the number of a mistake.
            "mistakes": their words.
            "forward": how many of the moments are in the forward pass.
            "leaves": the numbers of the steps that are given.
            "formulas": how each step is computed, without numbers.
            "uses": in the order in which the backward pass goes: the number of the node, whether it
            selects, the number of the operand, and what the use adds to its gradient, in symbols.
            "states": for each the data of the steps and the local derivatives of the uses.
            "pictures": by their keys, as `_picture` has them.
            "asked": for each step the lines of the chain rule, each with the number of a path or
            null, and the paths, as the numbers of uses; null where there is no room.
            "colors": `COLORS`.
            None if a state has other gradients than those of one `backward()`.
        """
        labels, places, order = self._labels, self._places, states[0]
        if not all(map(self.shows, states)):
            return None
        found = moments(self._nodes, labels)
        edges = {(x.node, x.place): count for count, x in enumerate(self._uses)}
        mistakes: dict[str, int] = {}
        return {
            "moments": [
                (
                    x.said + _where(self._folding, order[places[x.node]]),
                    places[x.node],
                    "" if x.number is None else number(x.number),
                    x.edge and edges[x.edge.node, x.edge.place],
                    [
                        (float(f"{wrong:.6g}"), mistakes.setdefault(mistake, len(mistakes)))
                        for wrong, mistake in x.guesses
                    ],
                )
                for x in found
            ],
            "mistakes": [*mistakes],
            "forward": len(order),
            "leaves": [place for place, step in enumerate(order) if step.op is None],
            "formulas": [value(node, labels) for node in self._nodes],
            "uses": [self._use(edge) for edge in self._uses],
            "states": [self._state(state) for state in states],
            "asked": self._asked(found, edges),
            "colors": COLORS,
            "pictures": {key: self._picture(scene, order) for key, scene in scenes.items()},
        }

    def _use(self, edge: Edge[Value]) -> tuple[int, bool, int, str]:
        op = edge.node.op
        node, operand = self._places[edge.node], self._places[edge.operand]
        return node, op is not None and op.selects, operand, addition(edge, self._labels)

    def _state(self, steps: Sequence[Step]) -> dict[str, Any]:
        slopes = [steps[self._places[x.node]].partials[x.place] for x in self._uses]
        return {"data": _numbers([x.data for x in steps]), "slopes": _numbers(slopes)}

    def _asked(self, found: Sequence[Moment], edges: Mapping[tuple[Value, int], int]) -> list[Any]:
        nodes = self._nodes
        adjoints = {x.node: x.number for x in found if x.backward and x.number is not None}
        answers = Answers(nodes, adjoints, self._labels, MOST_PATHS)
        room = MOST_CHARACTERS if len(nodes) <= MOST_ASKED else 0
        asked: dict[Value, Any] = {}
        for node in sorted(nodes[:-1], key=lambda node: (node.op is not None, not node.name)):
            if room <= 0:
                break
            lines, paths = answers.about(node)
            ways = [[edges[edge.node, edge.place] for edge in path] for path in paths]
            asked[node] = {"lines": lines, "paths": ways}
            room -= sum([len(text) for text, _ in lines])
        return [asked.get(node) for node in nodes]

    def _picture(self, scene: Scene, order: Sequence[Step]) -> dict[str, Any]:
        """A picture: "boxes": for each step the key of the box that shows it; "numbers": by the
        key of a box, the step whose numbers stand there; "heats": by the key of a box, the steps
        of its heat maps, and their shapes; "arrows": for each use the key of the arrow;
        "labels": by the key of an arrow, the use whose numbers stand there; "local", "flows":
        whether those are the local derivative alone, or what flows; "largest": the number of the
        strongest shade.
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
            "largest": scene.largest,
        }


@recorded
def lesson(folding: Folding) -> Lesson | None:
    """The lesson about a graph.

    Returns:
        None if there are several roots or too many steps, or if a step is marked: what it was
        computed from has changed, or it is part of a report.
    """
    order = folding.order
    if (
        len(folding.roots) > 1
        or len(order) > MOST_STEPS
        or any(x.marks or x.arrow_marks for x in order)
    ):
        return None
    return Lesson(folding, quietly(_twins, order))


def _where(folding: Folding, step: Step) -> str:
    """In which group a step is that has no name, and so a formula that others may have as well."""
    group = folding.group_of[step]
    return f" (in {legible('.'.join(group))})" if group and not step.name else ""


def written(lesson: Mapping[str, Any]) -> str:
    """A lesson as JSON, which nothing in it can end too early."""
    return json.dumps(lesson, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


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
