"""How numbers are written."""

import re
from math import copysign, isfinite

from autograd.notation.precedence import ATOM, PRODUCT, SIGN, Text

DIGITS = 7
"""How many significant digits a number has where it is read and not computed with."""
LARGEST_INTEGER = 2.0**53


def number(x: float, digits: int | None = DIGITS) -> str:
    """A number as people write it: 3 for 3.0, otherwise rounded.

    Args:
        x: the number.
        digits: how many significant digits it has if it is not whole; None for all that are needed
            to read the same number again, the sign of a zero included.
    """
    if x.is_integer() and abs(x) <= LARGEST_INTEGER and (x or copysign(1.0, x) > 0.0):
        return str(int(x))
    written = repr(x) if digits is None else f"{x:.{digits}g}"
    return re.sub(r"e\+?(-?)0*", r"e\1", written)


def as_text(digits: str) -> Text:
    """A number in text."""
    return Text(digits, SIGN if digits.startswith("-") else ATOM)


def as_latex(digits: str) -> Text:
    """A number that is written in digits, perhaps with an exponent, in LaTeX."""
    sign, size = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    if not isfinite(float(size)):
        return Text(sign + {"inf": r"\infty", "nan": r"\mathrm{NaN}"}[size], SIGN if sign else ATOM)
    mantissa, e, exponent = size.partition("e")
    text = f"10^{{{exponent}}}" if e else mantissa
    if e and mantissa != "1":
        text = rf"{mantissa} \times {text}"
    return Text(sign + text, SIGN if sign else PRODUCT if e else ATOM)
