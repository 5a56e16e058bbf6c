"""A graph laid out in lines: a step that is shared or nested too deeply gets a line and a name."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from autograd.expression.simplify import Operand, merged
from autograd.notation.names import Names
from autograd.notation.precedence import Text, width
from autograd.notation.writing import Notation
from autograd.value import Value

DEEPEST = 30
"""How many operations may be nested in one line."""
LINE = 5
"""How many characters a line of its own costs, `u = ` and the end of the line."""
SAVED = 6
"""How many characters it must save."""


def lines(
    roots: Sequence[Operand],
    known: Mapping[Value, str],
    names: Names,
    notation: Notation,
    digits: Callable[[float], str],
    *,
    titles: Mapping[Value, str] = {},
    kept: Collection[Value] = (),
    repeating: bool = False,
) -> Iterator[tuple[str, Text]]:
    """The computation line by line: the name of a Value, and the text that computes it.

    The roots themselves come last, without names.

    Args:
        roots: the results.
        known: the names of Values that need no line, such as leaves.
        names: gives out the names of lines.
        notation: how things are written.
        digits: how numbers are.
        titles: the names of the lines of some Values; others are called by their own names, or by
            symbols.
        kept: Values that always get a line.
        repeating: whether a step is written out wherever it is used, unless a line is shorter.
    """
    order = merged(roots)
    chosen = with_lines(roots, known, notation, kept, repeating)
    texts = {node: notation.name(name) for node, name in known.items()}
    unnamed = [node for node in chosen if not node.name and node not in titles]
    symbols = names.symbols(len(unnamed))

    def text(operand: Operand) -> Text:
        if not isinstance(operand, Value):
            return notation.number(digits(operand))
        return texts[operand]

    for node in order:
        if node.op is None or node in known:
            continue
        written = notation.template(node.op, node.operands).write(
            [text(x) for x in node.operands], notation.parentheses
        )
        if node in chosen:
            name = titles.get(node) or (names.new(node.name) if node.name else next(symbols))
            yield name, written
            written = notation.name(name)
        texts[node] = written
    for root in roots:
        yield "", text(root)


def with_lines(
    roots: Sequence[Operand],
    known: Mapping[Value, str],
    notation: Notation,
    kept: Collection[Value],
    repeating: bool = False,
) -> set[Value]:
    """The Values that get a line: those written more than once, or nested deeply."""
    order = merged(roots)
    times = Counter(root for root in roots if isinstance(root, Value))
    for node in order:
        if node.op is not None:
            written = 2 if notation.template(node.op, node.operands).repeats else 1
            for operand in node.operands:
                if isinstance(operand, Value):
                    times[operand] += written
    chosen: set[Value] = set()
    heights: dict[Value, int] = {}
    lengths = {node: len(name) for node, name in known.items()}
    for node in order:
        if node.op is None or node in known:
            continue
        inner = [heights.get(x, 0) for x in node.operands if isinstance(x, Value)]
        heights[node] = 1 + max(inner, default=0)
        lengths[node] = width(node.op.text) + sum(
            lengths[x] if isinstance(x, Value) else 1 for x in node.operands
        )
        saved = (times[node] - 1) * lengths[node] - times[node] - LINE
        shared = times[node] > 1 and (saved > SAVED or bool(node.name) or not repeating)
        if node in kept or heights[node] >= DEEPEST or shared:
            chosen.add(node)
            heights[node], lengths[node] = 0, len(node.name or "u")
    return chosen
