"""Hessians of which the curvature of some values is missing, and outer products in their place.

For a function f(u(x)), the Hessian is J' F J plus the sum of df/du times the second derivatives of
u, where J is the Jacobian of u and F the Hessian of f with respect to u. Gauss and Newton leave out
the sum, and that of nothing else: f may depend on x in other ways, too.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from autograd.compare.candidates import Candidates, Found
from autograd.compare.case import Array, Case, forward
from autograd.compare.judge import Judge
from autograd.compare.mistakes import LIKE_IT, Mistake, Words
from autograd.derivative import derivative_graphs
from autograd.graph import sort
from autograd.value import Value

MOST_NODES = 400
"""How many nodes a function may have whose Hessian is taken apart."""


def left_out(case: Case, found: Found) -> Candidates:
    """The second derivatives of a value, or of a family of values, within the function."""
    for nodes, inner, where in _within(case):
        kind = "the second derivatives of a value are left out, as Gauss and Newton do"
        yield (Mistake(kind, where),), partial(_without_bends, case, inner, nodes)


def outer_products(case: Case, found: Found) -> Candidates:
    """Gradients times themselves in place of second derivatives, as for the information matrix."""
    for nodes, inner, where in _within(case):
        kind = "the outer product of the gradient with itself stands for the Hessian"
        if len(nodes) > 1:
            kind = "the sum of outer products of gradients stands for the Hessian"
        yield (Mistake(kind, where),), partial(_outer, case, inner, nodes)


def _within(case: Case) -> Iterator[tuple[Sequence[Value], Judge, Words]]:
    """The values in the function whose Hessian it is, and the families of them, with the judge of
    the function and words for the place.
    """
    if not case.judge.slopes:
        return
    root, _ = next(iter(case.judge.slopes.values()))
    inner = case.judge.of(root)
    if len(inner.order) > MOST_NODES:
        return
    structure = inner.structure
    single = [[node] for node in inner.order if node.op is not None]
    below = [_operands(nodes) for nodes in [*single, *structure.families]]
    for nodes in single + structure.families + [x for x in below if len(x) > 1]:
        among = forward(inner.order, {node: column for column, node in enumerate(nodes)})
        rows = [structure.rows[node] for node in nodes]
        if (among[rows] != np.eye(len(nodes))).any():
            continue  # one is computed from another
        label = inner.formulas[nodes[0]].text.text
        yield nodes, inner, (f" (of {label}{LIKE_IT if len(nodes) > 1 else ')'}",)


def _operands(nodes: Sequence[Value]) -> list[Value]:
    """The nodes that some nodes were computed from, such as the residuals of squares."""
    operands = dict.fromkeys(x for node in nodes for x in node.operands if isinstance(x, Value))
    return [x for x in operands if x.op is not None]


def _without_bends(case: Case, inner: Judge, nodes: Sequence[Value]) -> Array:
    """The right numbers less df/du times the second derivatives of u: with df/du as constants, that
    is the Hessian of a sum.
    """
    leaves = _leaves(case)
    seeds = {node: inner.number(node) for node in nodes}
    slopes = derivative_graphs(inner.order, seeds, leaves)
    order = sort(*[x for x in slopes if isinstance(x, Value)], first=leaves)
    tangents = forward(order, {leaf: column for column, leaf in enumerate(leaves)})
    rows = {node: row for row, node in enumerate(order)}
    none = np.zeros(len(leaves))
    bends = np.array([tangents[rows[x]] if isinstance(x, Value) else none for x in slopes])
    return np.asarray(case.ours - _in_order(case, leaves, bends))


def _outer(case: Case, inner: Judge, nodes: Sequence[Value]) -> Array:
    """The products of the slopes of u, added up."""
    leaves = _leaves(case)
    known = {x: column for column, x in enumerate(leaves) if x in inner.structure.rows}
    tangents = forward(inner.order, known) if len(known) == len(leaves) else None
    if tangents is None:
        return np.full(len(case.pairs), np.nan)  # of an argument that does not occur
    jacobian = tangents[[inner.structure.rows[node] for node in nodes]]
    return _in_order(case, leaves, jacobian.T @ jacobian)


def _leaves(case: Case) -> list[Value]:
    """The Values with respect to which the second derivatives are."""
    return list(dict.fromkeys(x for of, wrt in case.pairs for x in (case.judge.slopes[of][1], wrt)))


def _in_order(case: Case, leaves: Sequence[Value], matrix: Array) -> Array:
    """The elements of a matrix for every two leaves, in the order of the numbers of the case."""
    columns = {leaf: column for column, leaf in enumerate(leaves)}
    slopes = case.judge.slopes
    return np.array([matrix[columns[slopes[of][1]], columns[wrt]] for of, wrt in case.pairs])
