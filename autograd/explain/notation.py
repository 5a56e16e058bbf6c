"""How numbers, operations and products of factors are written, in text and in LaTeX at once."""

import re
from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from autograd.explain.document import Math
from autograd.expression.templates import (
    ATOM,
    LATEX_ATOM,
    LATEX_POWER,
    LATEX_PRODUCT,
    NEGATIVE,
    PRODUCT,
    SUM,
    Template,
    Text,
    text_template,
)
from autograd.expression.text import LATEX, TEXT, latex_digits
from autograd.op import Op
from autograd.value import Value

SIDE_BY_SIDE = (
    Template([("1", SUM), ("2", ATOM)], PRODUCT, minus=SUM),
    Template([("1", NEGATIVE), " ", ("2", LATEX_POWER)], LATEX_PRODUCT, minus=NEGATIVE),
)
"""A number times something, such as `2(x - 1)`."""
MOST_OPERANDS = 8
"""How many operands of a reduction are written before some are left out."""


class Written(NamedTuple):
    """Something written in both notations."""

    text: Text
    latex: Text

    def math(self) -> Math:
        """The formula by itself."""
        return Math(self.text.text, self.latex.text)

    def _at_least(self, tightness: int, latex: int) -> Math:
        return Math(
            self.text.at_least(tightness, TEXT.parentheses),
            self.latex.at_least(latex, LATEX.parentheses),
        )

    def atom(self) -> Math:
        """In parentheses, unless it is a name or a function of something."""
        return self._at_least(ATOM, LATEX_ATOM)

    def factor(self) -> Math:
        """In parentheses where that makes the factors of a product easier to tell apart."""
        if self.text.text.startswith("-"):
            return self._at_least(ATOM, LATEX_PRODUCT)
        return self._at_least(
            ATOM if re.search(" [*/] ", self.text.text) else PRODUCT,
            LATEX_ATOM if " * " in self.text.text else LATEX_PRODUCT,
        )


ELLIPSIS = Written(Text("…", ATOM), Text(r"\ldots", LATEX_ATOM))


class Numbers:
    """Writes numbers, and remembers whether one of them was rounded."""

    def __init__(self) -> None:
        self.rounded = False

    def __call__(self, x: float) -> Written:
        text = f"{x:.0f}" if x.is_integer() and abs(x) < 1e9 else f"{x:.6g}"
        if float(text) != x and x == x:
            self.rounded = True
        latex = latex_digits(text) if isfinite(x) else LATEX.number(x)
        return Written(Text(text, SUM if text.startswith("-") else ATOM), latex)


def applied(op: Op, operands: Sequence[object], written: Sequence[Written]) -> Written:
    """An operation on operands that are already written; only the first and last of many."""
    if op.operator == "*" and isinstance(operands[0], float) and isinstance(operands[1], Value):
        number, other = (x.text for x in written)
        joins = re.fullmatch(r"[^\W\d]\d*", other.text)
        if re.fullmatch(r"-?\d+(\.\d+)?", number.text) and (joins or other.tightness < PRODUCT):
            templates = SIDE_BY_SIDE
            return _put(templates[0], templates[1], written)
    if op.arity is None and not re.search(r"#\d", op.text + op.latex):
        half = len(written) // 2
        if "#<" in op.text:
            written = [*_few(written[:half]), *_few(written[half:])]
        else:
            written = _few(written)
    text = "1[#1 > #2]" if op.operator == ">" else op.text
    return _put(text_template(text), LATEX.template(op, ()), written)


def _put(text: Template, latex: Template, written: Sequence[Written]) -> Written:
    plain = text.write([x.text for x in written], TEXT.parentheses)
    printable = "".join(x if x.isprintable() else "?" for x in plain.text)
    return Written(
        plain._replace(text=printable),
        latex.write([x.latex for x in written], LATEX.parentheses),
    )


def _few(written: Sequence[Written]) -> Sequence[Written]:
    if len(written) <= MOST_OPERANDS:
        return written
    return [*written[:3], ELLIPSIS, written[-1]]


def sum_of(terms: Sequence[Written]) -> Math:
    """The sum of numbers, with negative ones subtracted."""
    text, latex = terms[0].math()
    for term in terms[1:]:
        more = term.math()
        minus = more.text.startswith("-")
        text += f" - {more.text[1:]}" if minus else f" + {more.text}"
        latex += f" - {more.latex[1:]}" if minus else f" + {more.latex}"
    return Math(text, latex)
