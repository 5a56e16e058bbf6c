"""The branches that Python takes, `if x > 0`: the questions that a function asked, and what decides
them.

An order comparison (`<`, `<=`, `>`, `>=`) of numbers that depend on the arguments is a condition,
and the difference of its two sides decides it. Others are none: two numbers are equal at single
points only, and the largest of many has as many answers as there are numbers.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import isinf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.graph import sort
from autograd.notation.labels import Labels
from autograd.notation.numbers import number
from autograd.questions import Question
from autograd.quiet import quiet
from autograd.reals import boxed, objects
from autograd.value import Value

ASKED = {
    "lt": ("<", -1.0),
    "less": ("<", -1.0),
    "le": ("<=", -1.0),
    "less_equal": ("<=", -1.0),
    "gt": (">", 1.0),
    "greater": (">", 1.0),
    "ge": (">=", 1.0),
    "greater_equal": (">=", 1.0),
}
"""The functions that compare, how they are written, and the sign of what decides them."""
MOST_ELEMENTS = 100
"""How many elements of an array have conditions of their own."""
MOST_DECIDED = 400
"""How many answers of one call are looked at more closely."""
FEW = 8
"""How often a condition may be asked in one call for each time to be looked at by itself."""
LONGEST_CONDITION = 60


class Condition(NamedTuple):
    """A condition in the code of a function: the same at all points."""

    file: str
    line: int
    column: int
    """The place on the line: there may be several conditions on it."""
    asked: str
    """How the comparison is written."""
    element: int
    """Its place in an array; -1 where all the elements of a large one are taken together."""
    time: int = 0
    """How often it was asked before in the same call, where that counts."""

    @property
    def place(self) -> "Condition":
        """As for kinks: two conditions are always at two places."""
        return self


class Decision(NamedTuple):
    """One answer."""

    condition: Condition
    left: Any
    right: Any
    decider: Value | None
    """The difference of the two sides, positive where the answer was true; None if there were too
    many questions."""
    true: bool


class Heard:
    """The questions of one call, with the arguments it had."""

    def __init__(self, questions: Sequence[Question], leaves: Sequence[NDArray[Any]]) -> None:
        self.questions, self.leaves = questions, leaves

    @cached_property
    def decisions(self) -> dict[Condition, list[Decision]]:
        """All the answers to each of the conditions, in order."""
        if not self.questions:
            return {}
        found = list(_decisions(self.questions))
        deciders = [decision.decider for decision in found if decision.decider is not None]
        depending = {leaf for leaves in self.leaves for leaf in leaves.ravel().tolist()}
        for node in sort(*deciders):
            if any(isinstance(x, Value) and x in depending for x in node.operands):
                depending.add(node)
        result: dict[Condition, list[Decision]] = {}
        for decision in found:
            decider = decision.decider
            if decider is None or (decider in depending and not isinf(decider.data)):
                result.setdefault(decision.condition, []).append(decision)
        return result

    @property
    def outcomes(self) -> dict[Condition, set[int]]:
        """The answers to each of the conditions: 1 where one was true, -1 where one was false."""
        return {
            condition: {1 if decision.true else -1 for decision in decisions}
            for condition, decisions in self.decisions.items()
        }

    def described(self, condition: Condition, side: int) -> str:
        """A sentence on an answer that was never given."""
        decision = self.decisions[condition][0]
        where = f"{Path(condition.file).name}, line {condition.line}"
        answer = "true" if side > 0 else "false"
        if decision.decider is not None:
            text = f"{_title(decision.left)} {condition.asked} {_title(decision.right)}"
            if len(text) <= LONGEST_CONDITION and "…" not in text:
                return f"the condition {text} ({where}) was never {answer}"
        return f"the condition in {where}, was never {answer}"


def leaves_loop(decisions: Sequence[Decision]) -> bool:
    """Whether a condition was asked again and again until the answer was another one."""
    answers = [decision.true for decision in decisions]
    return len(answers) > 2 and set(answers[:-1]) == {not answers[-1]}


def _decisions(questions: Sequence[Question]) -> Iterator[Decision]:
    left = MOST_DECIDED
    for question in questions:
        name = getattr(question.asked, "__name__", "")
        if name not in ASKED or len(question.operands) != 2:
            continue
        asked, sign = ASKED[name]
        where = question.file, question.line, question.column, asked
        one, other = map(_elements, question.operands)
        answers = np.asarray(question.answer)
        if answers.size > MOST_ELEMENTS or answers.size > left:
            for true in set(answers.ravel().tolist()):
                yield Decision(Condition(*where, -1), one, other, None, bool(true))
            continue
        left -= answers.size
        pairs = np.broadcast(one, other)
        for element, ((a, b), true) in enumerate(zip(pairs, answers.flat, strict=True)):
            decider = _difference(a, b, sign)
            if isinstance(decider, Value):
                yield Decision(Condition(*where, element), a, b, decider, bool(true))


@quiet
def _difference(a: Any, b: Any, sign: float) -> Any:
    return a - b if sign > 0.0 else b - a


def _elements(operand: Any) -> NDArray[Any]:
    if isinstance(operand, (list, tuple, np.ndarray)):
        return objects(operand, "a comparison").view(np.ndarray)
    return boxed(operand)


def _title(side: Any) -> str:
    if not isinstance(side, Value):
        return number(float(side))
    if side.name:
        return side.name
    return Labels(sort(side)).formula(side).text.text
