"""The words for an operation in its box, and for the operands on the arrows that lead there."""

import inspect
import re
from collections.abc import Sequence

from autograd.diagram.steps import Step
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.notation.precedence import ATOM, Text
from autograd.notation.writing import Written, applied, digits
from autograd.op import Op

PLACE = "·"
"""Stands for an operand to which an arrow leads."""


def _infix(op: Op) -> re.Match[str] | None:
    """An operator between two operands, before one, or before a number: `#1 ** 2`."""
    text = op.text[1:-1] if op.text.startswith("(") else op.text
    return re.fullmatch(r"(?:#1 )?([^\s\w#()]+)(?: ?#[12]| (\d+))", text)


def operation(step: Step) -> str:
    """The operation on the operands that have arrows, with the constants, which have none.

    For example `relu`, `+`, `** 2`, `- 0`, `1 / ·`, `clip(·, 0, 1)`.
    """
    assert step.op is not None
    infix = _infix(step.op)
    if not any(isinstance(x, float) for x in step.operands):
        return " ".join(filter(None, infix.groups())) if infix else legible(step.op.name)
    place = Written(Text(PLACE, ATOM), Text(PLACE, ATOM))
    operands = [digits(number(x)) if isinstance(x, float) else place for x in step.operands]
    text = applied(step.op, step.operands, operands).text.text
    if infix:
        return text.removeprefix(f"{PLACE} ")
    return re.sub(rf"\[{PLACE}(, {PLACE})*\]", PLACE, text)


def roles(step: Step) -> Sequence[str]:
    """The role of each operand, where the arrows alone do not show it: `left`, `condition`."""
    op, count = step.op, len(step.operands)
    nothing = [""] * count
    if op is None or op.arity is None or op.symmetric:
        return nothing
    if sum(isinstance(x, Step) for x in step.operands) < 2:
        return nothing
    if _infix(op):
        return ["left", "right"]
    try:
        names = list(inspect.signature(op).parameters)
    except ValueError:  # partials that Python cannot look into
        return nothing
    return names if len(names) == count else nothing
