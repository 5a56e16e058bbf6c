"""A graph as a formula, in text or in LaTeX."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from math import copysign, isfinite

from autograd.expression.lines import Names, Notation, leaf_names, lines
from autograd.expression.simplify import merged, simplified
from autograd.expression.templates import (
    ATOM,
    LATEX_ATOM,
    LATEX_PRODUCT,
    NEGATIVE,
    SIGN,
    Text,
    latex_template,
    text_template,
)
from autograd.graph import require_value
from autograd.value import Value

LARGEST_INTEGER = 2.0**53
GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|"
    "upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)


def number(x: float) -> str:
    """A number with all its digits and no more: 2 for 2.0."""
    if x.is_integer() and abs(x) < LARGEST_INTEGER and (x or copysign(1.0, x) > 0.0):
        return str(int(x))
    return repr(x)


def _signed(text: str) -> Text:
    return Text(text, SIGN if text.startswith("-") else ATOM)


TEXT = Notation(
    template=lambda op, operands: text_template(op.text),
    number=lambda x: _signed(number(x)),
    name=lambda name: Text(name, ATOM),
    parentheses=("(", ")"),
)


def functions(order: Iterable[Value]) -> set[str]:
    """The names of the functions in the formula of a graph, which no Value may have there."""
    operations = {node.op.text for node in order if node.op}
    return {name for text in operations for name in re.findall(r"[^\W\d]\w*(?=\()", text)}


def expression(value: Value) -> str:
    """The formula by which a Value was computed, as text.

    It is written in Python, with the names of the leaves, or x0, x1, … for those without; names
    that are not identifiers are changed, and numbered where two are the same. A Value that is used
    more than once is computed in a line of its own before, so the text is only as long as the graph
    is large. Steps that change nothing, `1 * x`, `x ** 1`, `-(-x)`, are left out.

    Raises:
        TypeError: if `value` is not a Value.

    Example:
        >>> from autograd import Value, exp, expression, relu
        >>> x, b = Value(2.0, name="x"), Value(-1.0, name="b")
        >>> z = (x * 3 + b).named("z")
        >>> print(expression((relu(z) - 0.5) ** 2))
        (relu(x * 3 + b) - 0.5) ** 2
        >>> print(expression(z * exp(-z)))
        z = x * 3 + b
        z * exp(-z)
    """
    *steps, (_, result) = _lines(value, "expression", TEXT)
    return "\n".join([*(f"{name} = {text.text}" for name, text in steps), result.text])


class Latex(str):
    """LaTeX for a formula, which a notebook shows as such."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self}$"


def latex(value: Value) -> Latex:
    r"""The formula by which a Value was computed, in LaTeX for a paper or a notebook.

    It is laid out like that of `expression()`. A name of several letters is upright, a number after
    a name is an index, and names of Greek letters become the letters.

    Raises:
        TypeError: if `value` is not a Value.

    Example:
        >>> from autograd import Value, exp, latex
        >>> sigma, x0 = Value(2.0, name="sigma"), Value(1.0, name="x0")
        >>> print(latex(exp(-x0 ** 2 / (2 * sigma))))
        e^{\frac{-{x_{0}}^{2}}{2 \cdot \sigma}}
    """
    *steps, (_, result) = _lines(value, "latex", LATEX)
    if not steps:
        return Latex(result.text)
    rows = [f"{symbol(name)} &= {text.text}" for name, text in steps]
    return Latex(
        r"\begin{aligned} " + r" \\ ".join([*rows, f"& {result.text}"]) + r" \end{aligned}"
    )


def _lines(value: Value, caller: str, notation: Notation) -> Iterator[tuple[str, Text]]:
    require_value(value, caller)
    roots = simplified([value])
    order = merged(roots)
    if notation is LATEX:
        euler = any(node.op and "e^{" in node.op.latex for node in order)
        names = Names(["e"] if euler else (), look=symbol)
    else:
        names = Names(functions(order) | {"inf", "nan"})
    known = leaf_names([node for node in order if node.op is None], names)
    return lines(roots, known, names, notation)


def symbol(name: str) -> str:
    """A name in LaTeX: w_{0,1} for w0_1."""
    match = re.fullmatch(r"([^\W\d_]+?)_?(\d+(?:_\d+)*)?", name)
    if not match:
        return rf"\mathrm{{{_escaped(name)}}}"
    word, index = match.groups()
    letter = unicodedata.name(word, "") if len(word) == 1 else ""
    if greek := re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", letter):
        spelled = greek[2].lower() if greek[1] == "SMALL" else greek[2].capitalize()
        word = spelled if GREEK.fullmatch(spelled) else word
    if GREEK.fullmatch(word):
        word = rf"\{word}"
    elif len(word) > 1:
        word = rf"\mathrm{{{word}}}"
    return f"{word}_{{{index.replace('_', ',')}}}" if index else word


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")


def _latex_number(x: float) -> Text:
    if isfinite(x):
        return latex_digits(number(x))
    if x < 0.0:
        return Text("-\\infty", NEGATIVE)
    return Text(r"\infty" if x == x else r"\mathrm{NaN}", LATEX_ATOM)


def latex_digits(digits: str) -> Text:
    """A number that is written in digits, perhaps with an exponent, in LaTeX."""
    mantissa, e, exponent = digits.partition("e")
    text = rf"{mantissa} \times 10^{{{int(exponent)}}}" if e else mantissa
    if text.startswith("-"):
        return Text(text, NEGATIVE)
    return Text(text, LATEX_PRODUCT if e else LATEX_ATOM)


LATEX = Notation(
    template=lambda op, operands: latex_template(op.latex),
    number=_latex_number,
    name=lambda name: Text(symbol(name), LATEX_ATOM),
    parentheses=(r"\left(", r"\right)"),
)
