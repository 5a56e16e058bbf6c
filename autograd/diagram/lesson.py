"""The lesson of a page: how the numbers of its pictures come about, one moment after the other."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from autograd.diagram.folding import Folding
from autograd.diagram.scene import CAPTIONS, Scene
from autograd.diagram.steps import Step
from autograd.explain.asked import Answers
from autograd.explain.moments import Moment, moments
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


@recorded
def lesson(folding: Folding, scenes: Mapping[str, Scene]) -> dict[str, Any] | None:
    """The lesson, to be written as JSON.

    Args:
        folding: the graph.
        scenes: the pictures, by their keys.

    Returns:
        "moments": for each the words, the number of its step, and its number as text, "" for none.
        "forward": how many of them are in the forward pass.
        "pictures": by the key, "boxes": for each step the key of the box that shows it; "numbers":
        by the key of a box, the step whose numbers stand there; "arrows": for each moment of the
        backward pass the key of the arrow; "flows": whether there is more than the local derivative
        on an arrow.
        "asked": for each step the lines of the chain rule, each with the number of a path or null,
        and the paths, as the numbers of moments of the backward pass; null where there is no room.
        None if there are several roots or too many steps, if the picture is about other gradients
        than those of one `backward()`, or if a step was computed from other numbers than its
        operands have.
    """
    order = folding.order
    if (
        len(folding.roots) > 1
        or len(order) > MOST_STEPS
        or any(x.marks or x.arrow_marks for x in order)
    ):
        return None
    nodes = quietly(_twins, order)
    labels = Labels(nodes)
    found = moments(nodes, labels)
    places = {node: place for place, node in enumerate(nodes)}
    if not _are_shown(found, order, places):
        return None
    forward = len(order)
    numbers = {
        (x.edge.node, x.edge.place): count
        for count, x in enumerate(found[forward:])
        if x.edge is not None
    }
    uses = [x.edge and (places[x.edge.node], x.edge.place) for x in found[forward:]]
    return {
        "moments": [
            (
                x.said + _where(folding, order[places[x.node]]),
                places[x.node],
                "" if x.number is None else number(x.number),
            )
            for x in found
        ],
        "forward": forward,
        "asked": _asked(nodes, labels, found, numbers),
        "pictures": {key: _picture(scene, order, uses) for key, scene in scenes.items()},
    }


def _asked(
    nodes: Sequence[Value],
    labels: Labels[Value],
    found: Sequence[Moment],
    numbers: Mapping[tuple[Value, int], int],
) -> list[Any]:
    adjoints = {x.node: x.number for x in found if x.backward and x.number is not None}
    answers = Answers(nodes, adjoints, labels, MOST_PATHS)
    room = MOST_CHARACTERS if len(nodes) <= MOST_ASKED else 0
    asked: dict[Value, Any] = {}
    for node in sorted(nodes[:-1], key=lambda node: (node.op is not None, not node.name)):
        if room <= 0:
            break
        lines, paths = answers.about(node)
        ways = [[numbers.get((edge.node, edge.place), 0) for edge in path] for path in paths]
        asked[node] = {"lines": lines, "paths": ways}
        room -= sum([len(text) for text, _ in lines])
    return [asked.get(node) for node in nodes]


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


def _are_shown(found: Sequence[Moment], order: Sequence[Step], places: Mapping[Value, int]) -> bool:
    """Whether the gradients of a lesson are those that are shown, if any are."""
    totals = {places[x.node]: x.number for x in found if x.backward}
    return not any(step.grad != 0.0 for step in order) or all(
        repr(step.grad) == repr(totals.get(place) or 0.0 * step.grad)
        for place, step in enumerate(order)
    )


def _picture(
    scene: Scene, order: Sequence[Step], uses: Sequence[tuple[int, int] | None]
) -> dict[str, Any]:
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
    return {
        "boxes": boxes,
        "numbers": {key: numbers[step] for key, step in scene.numbered.items()},
        "arrows": [arrows.get(use, "") if use else "" for use in uses],
        "flows": scene.caption == CAPTIONS["contribution"],
    }
