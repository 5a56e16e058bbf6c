"""The chain rule along the paths: symbols, the formulas under them, the numbers under those."""

from collections.abc import Iterator, Sequence
from math import inf, isfinite, prod

from autograd.edges import Edge
from autograd.explain.document import NOTHING, Equation
from autograd.explain.partials import Partials
from autograd.explain.paths import MOST, Listed, Path, Paths, use
from autograd.explain.sections import Item, equal
from autograd.notation.labels import Labels
from autograd.notation.writing import Math, joined, sum_of
from autograd.value import Value

TIMES = Math(" · ", r" \cdot ")
WIDTH = 96
"""How many characters of a product go in one line."""
MOST_FACTORS = 12
"""How many factors of a product are written before some are left out."""


def chain_rule(
    paths: Paths,
    listed: Listed,
    wrt: Value,
    total: float,
    labels: Labels[Value],
    partials: Partials,
) -> Iterator[tuple[Item, int | None]]:
    """The derivative as the sum over the paths, each the product of its local derivatives.

    Yields:
        Lines, each with the number of the path that it is about, counted from 0, or None.
    """
    root = paths.root
    symbol = labels.derivative(root, wrt)
    if paths.count == 1:
        for line in _path(listed.paths[0], symbol, labels, partials, curly=False):
            yield line, 0
        return
    names = [x.math() for x in (labels[root], labels[wrt])]
    several: Item = [
        f"{_counted(paths.count)} paths lead from ", names[0], " back to ", names[1],
        ". Each contributes the product of the local derivatives along it, and the contributions "
        "add up: that is why gradients accumulate.",
    ]  # fmt: skip
    yield several, None
    for number, path in enumerate(listed.paths):
        left = Math(f"path {number + 1}", rf"\text{{path {number + 1}}}")
        for line in _path(path, left, labels, partials, curly=True):
            yield line, number
    terms = [labels.number(x.contribution) for x in listed.paths]
    found = [x.contribution for x in listed.paths]
    rest_number = listed.rest
    if not isfinite(rest_number) and isfinite(total):  # overflow on the way
        rest_number = total - sum(found)
    if listed.more:
        found.append(rest_number)
        rest = labels.number(rest_number)
        others = f"… and {_counted(listed.more)} more path{'s'[: listed.more != 1]}, together "
        yield [others, rest.math()], None
        terms.append(rest)
    result = labels.number(total).math()
    if _adds_up(found, total):
        yield Equation(symbol, "=", equal(sum_of(terms), result)), None
        return
    yield Equation(symbol, "=", result), None
    remark = (
        "The contributions of the paths do not add up to that: one of them overflows, or is 0 "
        "times infinity. The backward pass adds before it multiplies."
    )
    yield [remark], None


def _adds_up(terms: Sequence[float], total: float) -> bool:
    found = sum(terms)
    size = sum(map(abs, terms))
    return repr(found) == repr(total) or abs(found - total) <= 1e-6 * size < inf


def _counted(count: int) -> str:
    return f"{count:,}" if count <= MOST else "more than 10^30"


def _path(
    path: Path, left: Math, labels: Labels[Value], partials: Partials, curly: bool
) -> Iterator[Equation]:
    """The contribution of a path, in one line if it is short."""
    edges = path.edges
    symbols = [labels.derivative(x.node, x.operand, curly, use(x)) for x in _ends(edges)]
    formulas = [partials(x.node, x.place).factor() for x in _ends(edges)]
    numbers = [labels.number(x.partial).factor() for x in _ends(edges)]
    if len(edges) == 1:
        formulas = [partials(edges[0].node, edges[0].place).math()]
        numbers = [labels.number(edges[0].partial).math()]
    rows = [symbols, numbers] if formulas == numbers else [symbols, formulas, numbers]
    for index, edge in enumerate(_ends(edges)):
        if edge.cut and not isfinite(prod([x.partial for x in edges])):
            numbers[index:] = [Math("0 (cut)", r"0 \text{ (cut)}")]
            break
    if left_out := len(edges) - len(symbols):
        middle = Math(f"(… {left_out:,} more …)", rf"(\ldots\text{{{left_out:,} more}}\ldots)")
        product = labels.number(_product(edges[MOST_FACTORS // 2 : -MOST_FACTORS // 2])).math()
        together = Math(
            f"(… together {product.text} …)", rf"(\ldots\text{{together }}{product.latex}\ldots)"
        )
        for row, inserted in ((symbols, middle), (formulas, middle), (numbers, together)):
            row.insert(MOST_FACTORS // 2, inserted)
    if joined(symbols, TIMES).text == left.text:
        del rows[0]
    value = labels.number(path.contribution).math()
    whole = equal(*[joined(row, TIMES) for row in rows], value)
    if (curly or len(path.edges) == 1) and len(left.text) + len(whole.text) <= WIDTH:
        yield Equation(left, "=", whole)
        return
    for row in rows:
        lines = list(_broken(row, WIDTH - len(left.text)))
        if row is rows[-1]:
            lines[-1] = equal(lines[-1], value)
        for index, line in enumerate(lines):
            yield Equation(
                left if row is rows[0] and index == 0 else NOTHING, "·" if index else "=", line
            )


def _ends(edges: Sequence[Edge[Value]]) -> Sequence[Edge[Value]]:
    """The first and the last of many; a single one is not worth leaving out."""
    if len(edges) <= MOST_FACTORS + 1:
        return edges
    return [*edges[: MOST_FACTORS // 2], *edges[-MOST_FACTORS // 2 :]]


def _product(edges: Sequence[Edge[Value]]) -> float:
    if any(edge.cut for edge in edges):
        return 0.0
    result = 1.0
    for edge in edges:
        result *= edge.partial
    return result


def _broken(factors: Sequence[Math], width: int) -> Iterator[Math]:
    """A product in lines that are not too long."""
    line: list[Math] = []
    length = 0
    for factor in factors:
        if line and length + len(factor.text) > width:
            yield joined(line, TIMES)
            line, length = [], 0
        line.append(factor)
        length += len(factor.text) + len(TIMES.text)
    yield joined(line, TIMES)
