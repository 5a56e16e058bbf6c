"""A graph laid out in lines: a step that is shared or nested too deeply gets a line and a name."""

import itertools
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from autograd.expression.simplify import Operand, merged
from autograd.expression.templates import Template, Text
from autograd.op import Op
from autograd.value import Value

DEEPEST = 30
"""How many operations may be nested in one line."""


class Notation(NamedTuple):
    """How things are written."""

    template: Callable[[Op, Sequence[Operand]], Template]
    number: Callable[[float], Text]
    name: Callable[[str], Text]
    parentheses: tuple[str, str]


class Names:
    """Gives out names, none of them twice, and no two that look the same."""

    def __init__(self, reserved: Collection[str], look: Callable[[str], str] = str) -> None:
        self._taken = set(map(look, reserved))
        self._look = look
        self._counts: dict[str, int] = {}

    def new(self, wish: str) -> str:
        """The desired name, as an identifier, with a number if it is taken."""
        base = result = identifier(wish)
        while self._look(result) in self._taken:
            count = self._counts[base] = self._counts.get(base, 0) + 1
            result = f"{base}_{count}" if base[-1].isdigit() else f"{base}{count}"
        self._taken.add(self._look(result))
        return result


def identifier(wish: str) -> str:
    """The identifier closest to a name."""
    text = unicodedata.normalize("NFKC", wish)
    if not text.isidentifier():
        text = re.sub(r"\W+", "_", text).strip("_")
    if not text.isidentifier():
        text = f"_{text}"
    if not text.isidentifier():  # a mark that a word may contain, but not an identifier
        text = re.sub(r"[^0-9A-Za-z_]+", "_", text)
    return f"{text}_" if keyword.iskeyword(text) else text


def leaf_names(leaves: Collection[Value], names: Names) -> dict[Value, str]:
    """A name for each leaf: its own, or x0, x1, … for those that have none."""
    named = {node: names.new(node.name) for node in leaves if node.name}
    numbered = (f"x{count}" for count in itertools.count())
    return {
        node: named.get(node) or next(x for x in numbered if names.new(x) == x) for node in leaves
    }


def lines(
    roots: Sequence[Operand],
    known: Mapping[Value, str],
    names: Names,
    notation: Notation,
    *,
    titles: Mapping[Value, str] = {},
    kept: Collection[Value] = (),
) -> Iterator[tuple[str, Text]]:
    """The computation line by line: the name of a Value, and the text that computes it.

    The roots themselves come last, without names.

    Args:
        roots: the results.
        known: the names of Values that need no line, such as leaves.
        names: gives out the names of lines.
        notation: how things are written.
        titles: the names of the lines of some Values; others are called by their own names, or
            their operation's.
        kept: Values that always get a line.
    """
    order = merged(roots)
    chosen = _chosen(order, roots, known, notation, kept)
    texts = {node: notation.name(name) for node, name in known.items()}

    def text(operand: Operand) -> Text:
        if not isinstance(operand, Value):
            return notation.number(operand)
        kept = operand in known or operand in chosen
        return texts[operand] if kept else texts.pop(operand)

    for node in order:
        if node.op is None or node in known:
            continue
        written = notation.template(node.op, node.operands).write(
            [text(x) for x in node.operands], notation.parentheses
        )
        if node in chosen:
            name = titles.get(node) or names.new(node.name or node.op.name)
            yield name, written
            written = notation.name(name)
        texts[node] = written
    for root in roots:
        yield "", text(root)


def _chosen(
    order: Collection[Value],
    roots: Sequence[Operand],
    known: Collection[Value],
    notation: Notation,
    kept: Collection[Value],
) -> set[Value]:
    """The Values that get a line: those written more than once, or nested deeply."""
    times = Counter(root for root in roots if isinstance(root, Value))
    for node in order:
        if node.op is not None:
            written = 2 if notation.template(node.op, node.operands).repeats else 1
            for operand in node.operands:
                if isinstance(operand, Value):
                    times[operand] += written
    chosen: set[Value] = set()
    heights: dict[Value, int] = {}
    for node in order:
        if node.op is None or node in known:
            continue
        inner = [heights.get(x, 0) for x in node.operands if isinstance(x, Value)]
        heights[node] = 1 + max(inner, default=0)
        if times[node] > 1 or heights[node] >= DEEPEST or node in kept:
            chosen.add(node)
            heights[node] = 0
    return chosen
