"""A graph in words, for its picture: the names of Values, their numbers, the whole."""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from math import inf
from typing import TypeVar

from autograd.diagram.folding import Folding
from autograd.diagram.steps import Step
from autograd.diagram.widths import shortened
from autograd.notation.labels import Labels
from autograd.notation.names import legible
from autograd.notation.numbers import number

T = TypeVar("T")

MOST_TOLD = 20
"""How many Values are described in words."""
LONGEST_INNER = 120
"""How many characters a formula within another one may have."""


class Telling:
    """The words for the Values of a graph."""

    def __init__(self, folding: Folding) -> None:
        self.order, self.roots = folding.order, folding.roots
        self.labels = Labels(self.order, longest=LONGEST_INNER, distinct=False)
        self.swept = any(step.grad != 0.0 for step in self.order)
        self.largest = max([abs(x.grad) for x in self.order if abs(x.grad) < inf], default=0.0)

    def label(self, step: Step) -> str:
        """The name or the formula by which a step is called."""
        text = self.labels[step].text.text
        return text if step.name else shortened(text, 40)

    def formula(self, step: Step, longest: int) -> str:
        """The formula of a step, or the number of a leaf."""
        if step.op is None:
            return exact(step.data)
        return shortened(self.labels.formula(step).text.text, longest)

    @cached_property
    def title(self) -> str:
        """The names of the roots."""
        return ", ".join(some([*self.roots], self.label))

    @cached_property
    def description(self) -> str:
        """A description of the graph in words, for those who cannot see it."""
        order, roots = self.order, self.roots
        inputs = [step for step in order if step.op is None and step.name]
        results = [step for step in order if step.op is not None and (step.name or step in roots)]
        sentences = [f"Computation graph of {self.title}, {size_of([len(order)])}"]
        if inputs:
            words = some(inputs, lambda x: f"{self.label(x)} = {exact(x.data)}{self._gradient(x)}")
            sentences.append("Inputs: " + ", ".join(words))
        if results:
            words = some(
                results, lambda x: f"{self.label(x)} = {self.formula(x, 500)} = {exact(x.data)}"
            )
            sentences.append("Computed: " + "; ".join(words))
        marks = [mark for step in order for mark in chain(step.marks, *step.arrow_marks.values())]
        if causes := dict.fromkeys(mark.hint for mark in marks if mark.hint):
            sentences.append("Marked: " + "; ".join(some([*causes], str)))
        return ". ".join(sentences) + "."

    def _gradient(self, step: Step) -> str:
        return f" (gradient {exact(step.grad)})" if self.swept else ""

    def told(self, step: Step) -> list[str]:
        """A Value, its data and its gradient, with all digits."""
        formula = self.formula(step, 1000)
        named = step.name or step.op is None or step in self.roots
        return [
            f"{self.label(step)} = {formula}" if named else formula,
            f"data {exact(step.data)}",
            f"grad {exact(step.grad)}" if self.swept else "no gradient yet",
        ]

    def listed(self, steps: Sequence[Step]) -> list[str]:
        """Several Values, each in a line."""

        def line(step: Step) -> str:
            grad = f", grad {exact(step.grad)}" if self.swept else ""
            return f"{self.label(step)} = {exact(step.data)}{grad}"

        return some(steps, line)

    def names(self, steps: Sequence[Step]) -> list[str]:
        """The names of those that have one."""
        return some([step for step in steps if step.name], lambda step: legible(step.name or ""))


def exact(x: float) -> str:
    """A number with all its digits."""
    return number(x, digits=None).removesuffix(".0")


def size_of(shape: Sequence[int]) -> str:
    """How many Values there are, in words: `11 × 3`, or `5 Values`."""
    if len(shape) > 1:
        return " × ".join(map(str, shape))
    return f"{shape[0]:,} Value{'s'[: shape[0] != 1]}"


def some(items: Sequence[T], told: Callable[[T], str]) -> list[str]:
    """Items in words, or the first and last of them with a note on those left out."""
    if len(items) <= MOST_TOLD:
        return [told(item) for item in items]
    half = MOST_TOLD // 2
    return [
        *[told(item) for item in items[:half]],
        f"… {len(items) - MOST_TOLD:,} more …",
        *[told(item) for item in items[-half:]],
    ]
