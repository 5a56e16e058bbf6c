"""The words for an operation in its box, and for the operands on the arrows that lead there."""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Sequence

from autograd.diagram.steps import Step
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.notation.precedence import ATOM, LOOSE, Text
from autograd.notation.writing import Written, applied, digits
from autograd.op import Op

DEEPEST_FORMULA = 6
"""How deeply the formula of a pile is nested at most."""
LONGEST_FORMULA = 50
"""How many characters it has, unless it is not nested."""
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


def pile_formula(
    step: Step, label: Callable[[Step, Step], str | None], alike: Callable[[Step, int], bool]
) -> str:
    """The formula by which the results of a pile are computed, in terms of other boxes.

    `label` says how an operand is written, or None if it is a part of the formula itself, and
    `alike` whether a constant is the same in all of the pile. A list of things that are called
    alike is written once, `dot(w, x)`, and a chain of additions as a sum.
    """

    def written(user: Step, index: int, room: int) -> Written:
        x = user.operands[index]
        if isinstance(x, float):
            return digits(number(x)) if alike(user, index) else _as_it_is(PLACE, ATOM)
        own = label(x, user)
        if own is not None or x.op is None or not room:
            return _as_it_is(PLACE_OF_MORE if own is None else own, ATOM)
        return formula(x, room - 1)

    def formula(x: Step, room: int) -> Written:
        assert x.op is not None
        if parts := _parts(x, label):
            return _chain(x.op, [written(user, index, room) for user, index in parts])
        return applied(x.op, x.operands, [written(x, i, room) for i in range(len(x.operands))])

    texts = []
    for room in range(DEEPEST_FORMULA, -1, -1):
        text = formula(step, room).text.text
        texts.append(re.sub(r"\[([^\[\],]+)(, (?:\1|…))*\]", r"\1", text))
    return next((text for text in texts if len(text) <= LONGEST_FORMULA), texts[-1])


def _as_it_is(text: str, level: int) -> Written:
    return Written(*[Text(text, level)] * 2)


def _chain(op: Op, parts: Sequence[Written]) -> Written:
    """A chain of the same operation, in which what occurs several times is written once."""
    counts = Counter(part.text.text for part in parts)
    if op.sums and op.symmetric:
        counts.pop("0", None)  # with which Python's sum() begins
        terms = [text if count == 1 else f"sum({text})" for text, count in counts.items()]
    else:
        terms = [*counts, *([PLACE_OF_MORE] if len(counts) < len(parts) else [])]
    infix = _infix(op)
    text = f" {infix[1] if infix else legible(op.name)} ".join(terms)
    return _as_it_is(text, ATOM if len(terms) == 1 else LOOSE)


def _parts(step: Step, label: Callable[[Step, Step], str | None]) -> list[tuple[Step, int]]:
    """The operands of a chain of the same operation, or none, if it is a single one."""
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
