"""How an operation is written: in text, in LaTeX, in both at once."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.notation.names import legible, symbol
from autograd.notation.numbers import as_latex, as_text, number
from autograd.notation.precedence import (
    ATOM,
    LOOSE,
    PRODUCT,
    Need,
    Template,
    Text,
    latex_template,
    text_template,
)
from autograd.op import Op

MOST_OPERANDS = 8
"""How many operands of a reduction are written before some are left out."""


class Notation(NamedTuple):
    """How things are written."""

    template: Callable[[Op, Sequence[Any]], Template]
    """An operation on some operands."""
    number: Callable[[str], Text]
    """A number that was written in digits."""
    name: Callable[[str], Text]
    parentheses: tuple[str, str]


def _fitted(template: str, op: Op, operands: Sequence[Any]) -> str:
    """A template for an operation on some operands: `x < 1` rather than `1 > x`.

    Constants at the end that are what they would be by default are left out: `gelu(x)`.
    """
    if op.arity is not None and "#*" in template:
        defaults = getattr(op.forward, "__defaults__", None) or ()
        count = op.arity
        while defaults and isinstance(operands[count - 1], float):
            *defaults, default = defaults
            if operands[count - 1] != default:
                break
            count -= 1
        if count < op.arity:
            written = ", ".join(f"#{place}" for place in range(1, count + 1))
            return template.replace("#*", written)
    if op.operator == ">" and isinstance(operands[0], float) and not isinstance(operands[1], float):
        return template.replace("#1 > #2", "#2 < #1")
    return template


TEXT = Notation(
    template=lambda op, operands: text_template(_fitted(op.text, op, operands)),
    number=as_text,
    name=lambda name: Text(name, ATOM),
    parentheses=("(", ")"),
)
LATEX = Notation(
    template=lambda op, operands: latex_template(_fitted(op.latex, op, operands)),
    number=as_latex,
    name=lambda name: Text(symbol(name), ATOM),
    parentheses=(r"\left(", r"\right)"),
)


class Math(NamedTuple):
    """A formula in both notations."""

    text: str
    latex: str


class Written(NamedTuple):
    """Something written in both notations, and how tightly it holds together."""

    text: Text
    latex: Text

    def math(self) -> Math:
        """The formula by itself."""
        return Math(self.text.text, self.latex.text)

    def fitting(self, need: Need) -> Math:
        """The formula as a part of another one."""
        return Math(
            self.text.fitting(need, TEXT.parentheses), self.latex.fitting(need, LATEX.parentheses)
        )

    def factor(self) -> Math:
        """As a factor of a product of formulas, with parentheses that tell the factors apart."""
        return self.fitting(Need(ATOM if " " in self.text.text else PRODUCT, minus=False))


ELLIPSIS = Written(Text("…", ATOM), Text(r"\ldots", ATOM))


def named(name: str) -> Written:
    """A name, in parentheses within a formula if it could be read as one."""
    plain = re.fullmatch(r"[\w.]+", name) is not None
    return Written(Text(legible(name), ATOM if plain else LOOSE), LATEX.name(name))


def digits(text: str) -> Written:
    """A number that was written in digits."""
    return Written(TEXT.number(text), LATEX.number(text))


def applied(op: Op, operands: Sequence[Any], written: Sequence[Written]) -> Written:
    """An operation on operands that are already written; only the first and last of many."""
    if op.arity is None and not re.search(r"#\d", op.text + op.latex):
        half = len(written) // 2
        if "#<" in op.text:
            written = [*_few(written[:half]), *_few(written[half:])]
        else:
            written = _few(written)
    text, latex = (
        notation.template(op, operands).write([x[place] for x in written], notation.parentheses)
        for place, notation in enumerate((TEXT, LATEX))
    )
    return Written(*[x._replace(text=legible(x.text)) for x in (text, latex)])


def _few(written: Sequence[Written]) -> Sequence[Written]:
    if len(written) <= MOST_OPERANDS:
        return written
    return [*written[:3], ELLIPSIS, written[-1]]


def joined(parts: Sequence[Math], between: Math) -> Math:
    """Formulas side by side."""
    texts, latexes = zip(*parts, strict=True)
    return Math(between.text.join(texts), between.latex.join(latexes))


def sum_of(terms: Sequence[Written]) -> Math:
    """The sum of numbers, with negative ones subtracted."""
    text, latex = terms[0].math()
    for term in terms[1:]:
        more = term.math()
        minus = more.text.startswith("-")
        text += f" - {more.text[1:]}" if minus else f" + {more.text}"
        latex += f" - {more.latex[1:]}" if minus else f" + {more.latex}"
    return Math(text, latex)


class Numbers:
    """Writes numbers as they are read, and remembers whether one of them was rounded."""

    def __init__(self) -> None:
        self.rounded = False

    def __call__(self, x: float) -> Written:
        text = number(x)
        if float(text) != x and x == x:
            self.rounded = True
        return digits(text)
