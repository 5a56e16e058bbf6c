"""Hessians of which the curvature of some values is missing, and outer products in their place.

For a function f(u(x)), the Hessian is J' F J plus the sum of df/du times the second derivatives of
u, where J is the Jacobian of u and F the Hessian of f with respect to u. Gauss and Newton leave out
the sum.
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
        yield (Mistake(kind, where),), partial(_above, case, inner, nodes)


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


def _above(case: Case, inner: Judge, nodes: Sequence[Value]) -> Array:
    """J' F J, in the order of the numbers of the case."""
    slopes = derivative_graphs(inner.order, {inner.root: 1.0}, nodes)
    order = sort(*[x for x in slopes if isinstance(x, Value)], first=nodes)
    tangents = forward(order, {node: column for column, node in enumerate(nodes)})
    rows = {node: row for row, node in enumerate(order)}
    none = np.zeros(len(nodes))
    hessian = np.array([tangents[rows[x]] if isinstance(x, Value) else none for x in slopes])
    return _product(case, inner, nodes, hessian)


def _outer(case: Case, inner: Judge, nodes: Sequence[Value]) -> Array:
    """J' J."""
    return _product(case, inner, nodes, np.eye(len(nodes)))


def _product(case: Case, inner: Judge, nodes: Sequence[Value], middle: Array) -> Array:
    """J' times a matrix times J, in the order of the numbers of the case."""
    known = set(inner.order)
    leaves = dict.fromkeys(x for of, wrt in case.pairs for x in (case.judge.slopes[of][1], wrt))
    columns = {x: column for column, x in enumerate(leaves)}
    seeds = {x: column for x, column in columns.items() if x in known}
    rows = [inner.structure.rows[node] for node in nodes]
    jacobian = np.zeros((len(nodes), len(columns)))
    jacobian[:, list(seeds.values())] = forward(inner.order, {x: i for i, x in enumerate(seeds)})[
        rows
    ]
    matrix = jacobian.T @ middle @ jacobian
    return np.array(
        [matrix[columns[case.judge.slopes[of][1]], columns[wrt]] for of, wrt in case.pairs]
    )
