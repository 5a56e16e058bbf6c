"""The words and numbers in a picture, and how much room they take."""

import inspect
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from autograd.diagram.steps import Step

PLACE = "·"
"""Stands for an operand to which an arrow leads."""
LONGEST = 120
"""How many characters a formula within another one may have."""

_INFIX = re.compile(r"(?:#1 )?([^\s\w#()]+)(?: ?#[12]| (\d+))")


def legible(text: str) -> str:
    """The text with a symbol for each control character and for what XML cannot hold."""
    return "".join(map(_legible, text))


def _legible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode has pictures of these
    if code in (0xFFFE, 0xFFFF) or unicodedata.category(character) in ("Cc", "Cs"):
        return "\N{SYMBOL FOR DELETE}" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"
    return character


def width(text: str) -> float:
    """The largest width of a line in a monospaced font, in units of the font's size.

    No common font has letters wider than 0.61. Characters that it lacks come from another font, and
    are taken to be as wide as the widest emoji.
    """
    return sum(map(_width, text))


def _width(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    return 0.61 if ord(character) < 0x590 or character in "…∂" else 1.4


def wrapped(text: str, widest: float) -> list[str]:
    """The text in lines of at most that width."""
    lines, room = [""], widest
    for character in text:
        room -= _width(character)
        if room < 0.0:
            lines.append("")
            room = widest - _width(character)
        lines[-1] += character
    return lines


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, cut off where it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def number(x: float) -> str:
    """A number to be read at a glance: five digits, or all of them if they are few."""
    exact = repr(x)
    return exact if len(exact) <= 9 else f"{x:.5g}"


def operation(step: Step) -> str:
    """The operation on the operands that have arrows, with the constants, which have none.

    For example `relu`, `+`, `** 2`, `- 0.0`, `1.0 / ·`, `clip(·, 0.0, 1.0)`.
    """
    assert step.op is not None
    infix = _INFIX.fullmatch(step.op.text)
    if not any(isinstance(x, float) for x in step.operands):
        return " ".join(filter(None, infix.groups())) if infix else legible(step.op.name)
    text = _written(step, number, lambda operand: PLACE)
    if infix:
        return text.removeprefix(f"{PLACE} ")
    return re.sub(rf"\[{PLACE}(, {PLACE})*\]", PLACE, text)


def formula(step: Step, formulas: Mapping[Step, str]) -> str:
    """The formula of a step, written with the names of the operands.

    An operand without a name is written as its own formula, if `formulas` has it and it is not
    too long.
    """
    if step.op is None:
        return repr(step.data)
    infix = step.op.text.startswith(("#", "-"))

    def written(operand: Step) -> str:
        if operand.name:
            return legible(operand.name)
        text = formulas.get(operand, "…")
        if len(text) > LONGEST:
            return "…"
        inner = operand.op.text if operand.op is not None else text
        return f"({text})" if infix and inner.startswith(("#", "-")) else text

    return _written(step, repr, written)


def _written(step: Step, constant: Callable[[float], str], operand: Callable[[Step], str]) -> str:
    """The formula of an operation, with a constant whole exponent written without the `.0`."""
    assert step.op is not None
    texts = [constant(x) if isinstance(x, float) else operand(x) for x in step.operands]
    if step.op.operator == "**":
        _, exponent = step.operands
        if isinstance(exponent, float) and exponent.is_integer() and abs(exponent) < 1e6:
            texts[1] = str(int(exponent))
        if texts[0].startswith("-"):
            texts[0] = f"({texts[0]})"
    return legible(step.op.write(step.op.text, texts))


def roles(step: Step) -> Sequence[str]:
    """The role of each operand, where the arrows alone do not show it: `left`, `condition`."""
    op, count = step.op, len(step.operands)
    nothing = [""] * count
    if op is None or op.arity is None or op.symmetric:
        return nothing
    if sum(isinstance(x, Step) for x in step.operands) < 2:
        return nothing
    if _INFIX.fullmatch(op.text):
        return ["left", "right"]
    try:
        names = list(inspect.signature(op).parameters)
    except ValueError:  # partials that Python cannot look into
        return nothing
    return names if len(names) == count else nothing
