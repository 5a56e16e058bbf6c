"""Formulas that are found in a graph by their form: sums in any order and nesting, other operations
operand by operand.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

from autograd.value import Value

MOST_TERMS = 4
"""How many terms a sum may have for all their orders to be tried."""


def matches(
    pattern: Any, node: Any, holes: set[Value], bound: Mapping[Value, Any]
) -> Iterator[Mapping[Value, Any]]:
    """The ways in which a graph has the form of a pattern: what stands in each of its holes."""
    if not isinstance(pattern, Value):
        if not isinstance(node, Value) and node == pattern:
            yield bound
    elif pattern in holes:
        if pattern not in bound:
            yield {**bound, pattern: node}
        elif same(bound[pattern], node):
            yield bound
    elif isinstance(node, Value) and node.op is not None:
        if _adds(pattern) and _adds(node):
            parts, terms = terms_of(pattern), terms_of(node)
            if len(parts) == len(terms) <= MOST_TERMS:
                for order in permutations(terms):
                    yield from _all_match(parts, order, holes, bound)
        elif node.op is pattern.op:
            yield from _all_match(pattern.operands, node.operands, holes, bound)


def _all_match(
    parts: Sequence[Any], nodes: Sequence[Any], holes: set[Value], bound: Mapping[Value, Any]
) -> Iterator[Mapping[Value, Any]]:
    if len(parts) != len(nodes):
        return
    if not parts:
        yield bound
        return
    for more in matches(parts[0], nodes[0], holes, bound):
        yield from _all_match(parts[1:], nodes[1:], holes, more)


def same(one: Any, other: Any) -> bool:
    """Whether two parts of a graph are computed in the same way."""
    if one is other:
        return True
    if not (isinstance(one, Value) and isinstance(other, Value)):
        return not isinstance(one, Value) and not isinstance(other, Value) and bool(one == other)
    if one.op is None or one.op is not other.op or len(one.operands) != len(other.operands):
        return False
    return all(map(same, one.operands, other.operands))


def _adds(node: Value) -> bool:
    """Whether a node adds its operands as they are."""
    op = node.op
    if op is None or not op.sums or not (op.symmetric or op.arity is None):
        return False
    return {*node.partials} <= {0.0, 1.0}


def terms_of(node: Any) -> list[Any]:
    """The terms of a sum, and of the sums in it, which may be very deep."""
    result, parts = [], [node]
    while parts:
        part = parts.pop()
        if isinstance(part, Value) and _adds(part):
            parts += reversed(part.operands)
        else:
            result.append(part)
    return result
