"""The words for an operation in its box, and for the operands on the arrows that lead there."""

import inspect
import re
from collections.abc import Callable, Sequence

from autograd.diagram.steps import Step
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.notation.precedence import ATOM, LOOSE, Text
from autograd.notation.writing import Written, applied, digits
from autograd.op import Op

DEEPEST_FORMULA = 6
"""How deeply the formula of a pile is nested before it is cut."""
PLACE_OF_MORE = "…"
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


def pile_formula(step: Step, label: Callable[[Step, Step], str | None]) -> str:
    """The formula by which the results of a pile are computed, in terms of other boxes.

    `label` says how an operand is written, or None if it is a part of the formula itself. A list
    of things that are called alike is written once: `dot(w, x)`.
    """
    assert step.op is not None

    def written(x: Step | float, user: Step, deep: int) -> Written:
        if isinstance(x, float):
            return digits(number(x))
        own = label(x, user)
        if own is not None or x.op is None or deep > DEEPEST_FORMULA:
            return Written(*[Text(own or PLACE, ATOM)] * 2)
        return formula(x, deep + 1)

    def formula(x: Step, deep: int) -> Written:
        assert x.op is not None
        if parts := _parts(x, label):
            texts = list(dict.fromkeys(written(part, x, deep).text.text for part in parts))
            more = [PLACE_OF_MORE] if len(parts) > len(texts) else []
            infix = _infix(x.op)
            sign = infix[1] if infix else f"{x.op.name} "
            return Written(*[Text(f" {sign} ".join([*texts, *more]), LOOSE)] * 2)
        return applied(x.op, x.operands, [written(y, x, deep) for y in x.operands])

    return re.sub(r"\[([^\[\],]+)(, (?:\1|…))*\]", r"\1", formula(step, 0).text.text)


def _parts(step: Step, label: Callable[[Step, Step], str | None]) -> list[Step | float]:
    """The operands of a chain of the same operation, or none, if it is a single one."""
    found: list[Step | float] = []
    stack: list[Step | float] = [*step.operands]
    chained = False
    while stack:
        x = stack.pop(0)
        if isinstance(x, Step) and x.op is step.op and label(x, step) is None:
            chained = True
            stack[:0] = x.operands
        else:
            found.append(x)
    return found if chained else []
