"""The words for an operation in its box, and for the operands on the arrows that lead there."""

import inspect
import re
from collections.abc import Callable, Sequence

from autograd.diagram.alike import chained
from autograd.diagram.steps import Step
from autograd.diagram.widths import shortened
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.notation.precedence import ATOM, Text
from autograd.notation.writing import ELLIPSIS, Written, applied, digits, named
from autograd.op import Op

DEEPEST_FORMULA = 6
"""How deeply the formula of a pile is nested at most."""
LONGEST_FORMULA = 50
"""How many characters it has, unless it is not nested."""
LONGEST_NAME = 20
MOST_CONSTANTS = 2
"""How many constants of one operation are written; a vector of more is a dot."""
PLACE = "·"
"""Stands for an operand to which an arrow leads."""
ANYTHING = Written(Text(PLACE, ATOM), Text(PLACE, ATOM))


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
    operands = [digits(number(x)) if isinstance(x, float) else ANYTHING for x in step.operands]
    text = applied(step.op, step.operands, operands).text.text
    if infix:
        return text.removeprefix(f"{PLACE} ")
    text = text.removesuffix(f"({PLACE})")  # its constants are left out
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


def pile_formula(
    step: Step, label: Callable[[Step, Step], str | None], alike: Callable[[Step, int], bool]
) -> str:
    """The formula by which the results of a pile are computed, in terms of other boxes.

    `label` says how an operand is called, or None if it is a part of the formula itself, and
    `alike` whether a constant is the same in all of the pile. A list of things that are called
    alike is written once, `dot(w, x)`, and a chain of additions as a sum.
    """

    def written(user: Step, index: int, room: int) -> Written:
        x = user.operands[index]
        if isinstance(x, float):
            vector = sum(isinstance(y, float) for y in user.operands) > MOST_CONSTANTS
            return digits(number(x)) if alike(user, index) and not vector else ANYTHING
        own = label(x, user)
        if own is None and x.op is not None:
            return formula(x, room - 1) if room else ELLIPSIS
        return named(shortened(own, LONGEST_NAME)) if own else ANYTHING

    def formula(x: Step, room: int) -> Written:
        assert x.op is not None
        if parts := _parts(x, label):
            return _chain(x, parts, lambda part: written(*part, room))
        return applied(x.op, x.operands, [written(x, i, room) for i in range(len(x.operands))])

    texts = []
    for room in range(DEEPEST_FORMULA, -1, -1):
        text = formula(step, room).text.text
        texts.append(re.sub(r"\[([^\[\],]+)(, (?:\1|…))*\]", r"\1", text))
    return next((text for text in texts if len(text) <= LONGEST_FORMULA), texts[-1])


def _parts(step: Step, label: Callable[[Step, Step], str | None]) -> list[tuple[Step, int]]:
    """The operands of a chain of the same operation, or none, if it is a single one."""
    if step.op is None or not chained(step.op):
        return []
    found: list[tuple[Step, int]] = []
    stack = [(step, index) for index in reversed(range(len(step.operands)))]
    while stack:
        user, index = stack.pop()
        x = user.operands[index]
        if isinstance(x, Step) and x.op is step.op and label(x, user) is None:
            stack += [(x, inner) for inner in reversed(range(len(x.operands)))]
        else:
            found.append((user, index))
    return found if len(found) > len(step.operands) else []


def _chain(
    step: Step,
    parts: Sequence[tuple[Step, int]],
    written: Callable[[tuple[Step, int]], Written],
) -> Written:
    """A chain of the same operation, in which what occurs several times is written once.

    A sum of several that are called alike is `sum(x)`; of anything else it is `x * … * x`. The 0
    with which Python's `sum` begins is left out.
    """
    op = step.op
    assert op is not None
    counts: dict[Written, int] = {}
    for user, index in parts:
        if not (op.sums and user.operands[index] == 0.0):
            term = written((user, index))
            counts[term] = counts.get(term, 0) + 1
    result: Written | None = None
    for term, count in counts.items():
        terms = [term]
        if count > 1 and op.sums:
            terms = [_call("sum", term)]
        elif count > 1:
            terms = [term, ELLIPSIS, term]
        for x in terms:
            result = x if result is None else applied(op, [step, step], [result, x])
    return result or ANYTHING


def _call(name: str, operand: Written) -> Written:
    """A function of one operand."""
    return Written(*[Text(f"{name}({operand.text.text})", ATOM)] * 2)
