"""The content of an explanation, before it becomes text, Markdown or LaTeX."""

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from autograd.notation.writing import Math

Words = Sequence[str | Math]
"""A sentence, with formulas in it."""
NOTHING = Math("", "")
COLUMNS = 100
"""The largest width of a sentence in text."""


class Equation(NamedTuple):
    """A line of a calculation; without a left side, it continues the line before."""

    left: Math
    sign: str
    right: Math


class Section(NamedTuple):
    """A heading and the items under it."""

    title: str
    items: Sequence[Words | Equation]


SIGNS = {
    "=": "&= ",
    "+=": r"&\mathrel{+}= ",
    "·": r"&\quad {}\cdot ",
    "+": r"&\quad {}+ ",
}
"""The signs before the right side of a line, in LaTeX."""


def _rendered(
    section: Section,
    sentence: Callable[[Words], str],
    calculation: Callable[[Sequence[Equation]], str],
) -> Iterator[str]:
    """The items of a section, with successive lines as one calculation."""
    for lines, items in groupby(section.items, lambda item: isinstance(item, Equation)):
        if lines:
            yield calculation([item for item in items if isinstance(item, Equation)])
        else:
            for item in items:
                yield sentence([part for part in item if isinstance(part, (str, Math))])


def line(item: Words | Equation) -> str:
    """One item as a line of text."""
    if isinstance(item, Equation):
        return f"{item.left.text} {item.sign} {item.right.text}"
    return "".join(x if isinstance(x, str) else x.text for x in item)


def as_text(sections: Sequence[Section]) -> str:
    """For a terminal."""

    def sentence(words: Words) -> str:
        # A formula is never broken across lines.
        text = "".join(x if isinstance(x, str) else x.text.replace(" ", "\0") for x in words)
        lines = textwrap.wrap(text, COLUMNS - 2, break_long_words=False, break_on_hyphens=False)
        return "\n".join(f"  {line}" for line in lines).replace("\0", " ")

    def calculation(lines: Sequence[Equation]) -> str:
        rows, indent = [], ""
        for line in lines:
            indent = " " * len(line.left.text) if line.left.text else indent
            rows.append(f"  {line.left.text or indent} {line.sign} {line.right.text}")
        return "\n".join(rows)

    return "\n\n".join("\n".join([x.title, *_rendered(x, sentence, calculation)]) for x in sections)


def as_markdown(sections: Sequence[Section]) -> str:
    """With the formulas in LaTeX between dollar signs, as notebooks and most sites read them."""

    def sentence(words: Words) -> str:
        return "".join(_markdown(x) if isinstance(x, str) else f"${x.latex}$" for x in words)

    def calculation(lines: Sequence[Equation]) -> str:
        return f"$$\n\\begin{{aligned}}\n{_aligned(lines)}\n\\end{{aligned}}\n$$"

    parts = [
        part for x in sections for part in (f"### {x.title}", *_rendered(x, sentence, calculation))
    ]
    return "\n\n".join(parts) + "\n"


def as_latex(sections: Sequence[Section]) -> str:
    """For a paper; it needs the packages amsmath and amssymb."""

    def sentence(words: Words) -> str:
        return "".join(_latex(x) if isinstance(x, str) else f"${x.latex}$" for x in words) + "\n"

    def calculation(lines: Sequence[Equation]) -> str:
        return f"\\begin{{align*}}\n{_aligned(lines)}\n\\end{{align*}}"

    parts = [
        part
        for x in sections
        for part in (rf"\paragraph{{{x.title}}}", *_rendered(x, sentence, calculation))
    ]
    return "\n".join(parts) + "\n"


def _aligned(lines: Sequence[Equation]) -> str:
    return " \\\\\n".join(f"{x.left.latex} {SIGNS[x.sign]}{x.right.latex}".strip() for x in lines)


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#$|~&])", r"\\\1", text)


_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "…": r"\dots{}",
    **{x: f"\\{x}" for x in "#$%&_{}"},
}  # fmt: skip


def _latex(text: str) -> str:
    return "".join(_LATEX.get(x, x) for x in text)
