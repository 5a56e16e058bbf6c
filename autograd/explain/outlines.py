"""The words of the two passes with gaps for the numbers, to be filled in where these may change."""

import re
from collections.abc import Mapping

from autograd.edges import Edge
from autograd.explain.partials import Partials
from autograd.explain.paths import use
from autograd.explain.reasons import reason
from autograd.notation.labels import Labels
from autograd.notation.precedence import ATOM, SIGN, Text
from autograd.notation.writing import Written, applied
from autograd.value import Value


def value(node: Value, labels: Labels[Value], places: Mapping[Value, int]) -> str:
    """How a node is computed, with gaps for the numbers of its operands: `⟦3⟧ * ⟦-4⟧ + 1`.

    The number of an operand in a gap is its place; a minus before it says that a negative number is
    put in parentheses there.
    """
    assert node.op is not None
    plain, signed = (
        applied(node.op, node.operands, [_gap(x, labels, places, sign) for x in node.operands])
        for sign in ("", "-")
    )
    # Where a sign brings parentheses about, the text without one has none.
    pieces = re.split(r"(⟦\d+⟧)", plain.text.text)
    found = re.split(r"(\(-⟦\d+⟧\)|-⟦\d+⟧)", signed.text.text)
    for count in range(1, len(pieces), 2):
        own = pieces[count - 1].endswith("(") and pieces[count + 1].startswith(")")
        if found[count].startswith("(") and not own:
            pieces[count] = pieces[count].replace("⟦", "⟦-")
    return "".join(pieces)


def _gap(
    operand: Value | float, labels: Labels[Value], places: Mapping[Value, int], sign: str
) -> Written:
    if isinstance(operand, float):
        return labels.number(operand)
    text = Text(f"{sign}⟦{places[operand]}⟧", SIGN if sign else ATOM)
    return Written(text, text)


def addition(
    edge: Edge[Value], labels: Labels[Value], partials: Partials
) -> tuple[str, str, list[str]]:
    """How a use adds to the gradient of its operand.

    Returns:
        The symbol of the local derivative; its formula as a factor, "" if there is only its number;
        and why nothing is added where nothing is, with the operation as `#0` and the operands as
        `#1`, `#2`: a clause for each case, and last the one for all others.
    """
    node, place = edge.node, edge.place
    assert node.op is not None
    symbol = labels.derivative(node, edge.operand, True, use(edge)).text
    formula, number = partials(node, place), labels.number(edge.partial)
    *cases, last = reason(node.op, place)
    ranked = callable(node.op.kinks)  # its formula depends on which operand is the largest
    known = formula.text.text != number.text.text and not ranked
    return symbol, formula.factor().text if known else "", [*[x for _, x in cases], last]
