"""How much room text takes in a picture."""

import unicodedata

SMALL, TINY = 12, 10
"""The font sizes of most text, and of the captions of heat maps."""
LINE_HEIGHT = 15
"""The height of a line of small text."""


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
    """The text in lines of at most that width, broken anywhere."""
    lines, room = [""], widest
    for character in text:
        room -= _width(character)
        if room < 0.0:
            lines.append("")
            room = widest - _width(character)
        lines[-1] += character
    return lines


def wrapped_words(text: str, widest: float) -> list[str]:
    """The text in lines of at most that width, or of one word."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer) <= widest:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shortened(text: str, longest: int) -> str:
    """The text, cut off where it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
