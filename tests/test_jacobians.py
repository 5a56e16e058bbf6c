"""Jacobians and Hessians by hand, and nested arguments: right ones pass in every form, wrong ones
are found where they are wrong, and what cannot be judged is refused with a clear message.
"""

# ruff: noqa: N803, N806 - matrices are capital letters here

import collections
import copy
import itertools
import json
import math
import pickle
import random
import sys

import mpmath
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xarray as xr
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    Value,
    check_gradient,
    check_hessian,
    check_jacobian,
    clip,
    cosh,
    exp,
    leaky_relu,
    log,
    log1p,
    maximum,
    relu,
    sin,
    tanh,
)
from autograd.__main__ import main

Pair = collections.namedtuple("Pair", "u v")


def verdicts(report):
    return [row.verdict for row in report.rows]


def wrong(report):
    """The rows that disagree, by name."""
    return [row.derivative for row in report.rows if row.verdict == "disagree"]


def said(report):
    return "\n".join(report.diagnosis)


# --- Structures, taken apart here without the library's help --------------------------------------

NUMBER = ()
"""The shape of a number by itself; that of an array is a list of lengths."""


def shapes(largest=2, dimensions=3):
    return st.just(NUMBER) | st.lists(st.integers(1, largest), max_size=dimensions)


def structures(leaf, containers="dict list tuple pair", empty=False):
    """Specifications of arguments and of results: a tag, and what is inside."""
    least = 0 if empty else 1

    def within(inner):
        kinds = {
            "dict": st.tuples(
                st.just("dict"),
                st.dictionaries(st.sampled_from(["k", "l", "m n", "k_1"]), inner,
                                min_size=least, max_size=2).map(lambda x: tuple(x.items())),
            ),
            "list": st.tuples(st.just("list"), st.lists(inner, min_size=least, max_size=2)),
            "tuple": st.tuples(st.just("tuple"), st.lists(inner, min_size=least, max_size=2)),
            "pair": st.tuples(st.just("pair"), st.lists(inner, min_size=2, max_size=2)),
        }  # fmt: skip
        return st.one_of(*[kinds[name] for name in containers.split()])

    one = leaf.map(lambda shape: ("leaf", shape))
    return st.recursive(one, within, max_leaves=3)


def build(spec, numbers):
    """A structure filled with the next of some numbers, floats or Values."""
    tag, inside = spec
    if tag == "leaf":
        if inside is NUMBER:
            return next(numbers)
        items = list(itertools.islice(numbers, math.prod(inside)))
        plain = all(isinstance(x, float) for x in items)
        flat = np.array(items, dtype=float if plain else object)
        return flat.reshape(inside) if plain else autograd.array(flat.reshape(inside))
    if tag == "dict":
        return {key: build(part, numbers) for key, part in inside}
    parts = [build(part, numbers) for part in inside]
    return Pair(*parts) if tag == "pair" else {"list": list, "tuple": tuple}[tag](parts)


def flat(tree):
    """The numbers of a structure in order."""
    if isinstance(tree, dict):
        return [x for part in tree.values() for x in flat(part)]
    if isinstance(tree, (list, tuple)):
        return [x for part in tree for x in flat(part)]
    return list(np.asarray(tree, dtype=object).ravel())


def size(spec):
    tag, inside = spec
    if tag == "leaf":
        return math.prod(inside)
    return sum(size(part[1] if tag == "dict" else part) for part in inside)


def leaves(spec):
    """The tags that occur, and the shapes."""
    tag, inside = spec
    if tag == "leaf":
        return [spec]
    parts = [part[1] if tag == "dict" else part for part in inside]
    return [x for part in parts for x in leaves(part)]


def names(spec, name, before=None):
    """What the numbers of a structure are to be called."""
    tag, inside = spec
    if tag == "leaf":
        for index in np.ndindex(tuple(inside)):
            here, last = name, before
            for i in index:
                ends = last is not None and str(last)[-1:].isdigit()
                here, last = f"{here}{'_' if ends else ''}{i}", i
            yield here
        return
    parts = inside if tag == "dict" else zip(Pair._fields if tag == "pair" else itertools.count(),
                                             inside, strict=False)  # fmt: skip
    for key, part in parts:
        ends = before is not None and str(before)[-1:].isdigit()
        link = "." if isinstance(key, str) else "_" if ends else ""
        yield from names(part, f"{name}{link}{key}", key)


def blocks(matrix, outputs, inputs, row=0):
    """A matrix as `jacobian()` would nest it: the inputs within each part of the outputs."""
    column = itertools.count()

    def over_inputs(spec, shape, rows):
        tag, inside = spec
        if tag == "leaf":
            columns = [next(column) for _ in range(math.prod(inside))]
            part = matrix[np.ix_(rows, columns)].reshape((*shape, *inside))
            return float(part) if part.ndim == 0 else part
        if tag == "dict":
            return {key: over_inputs(part, shape, rows) for key, part in inside}
        parts = [over_inputs(part, shape, rows) for part in inside]
        return Pair(*parts) if tag == "pair" else {"list": list, "tuple": tuple}[tag](parts)

    row = itertools.count()

    def over_outputs(spec):
        nonlocal column
        tag, inside = spec
        if tag == "leaf":
            rows = [next(row) for _ in range(math.prod(inside))]
            column = itertools.count()
            several = tuple(over_inputs(x, inside, rows) for x in inputs)
            return several if len(several) > 1 else several[0]
        if tag == "dict":
            return {key: over_outputs(part) for key, part in inside}
        parts = [over_outputs(part) for part in inside]
        return Pair(*parts) if tag == "pair" else {"list": list, "tuple": tuple}[tag](parts)

    return over_outputs(outputs)


class Problem:
    """A function of given structures, sin(a · x) + b · x², whose derivatives are known."""

    def __init__(self, outputs, inputs, seed):
        self.outputs, self.inputs = outputs, inputs
        self.rows, self.columns = size(outputs), sum(map(size, inputs))
        draw = np.random.default_rng(seed)
        self.a, self.b = draw.uniform(0.3, 1.5, (2, self.rows, self.columns)).round(2)
        numbers = iter(draw.uniform(0.2, 2.0, self.columns).round(2).tolist())
        self.point = [build(spec, numbers) for spec in inputs]
        # With the names of the arguments that inspect.signature finds.
        listed = ", ".join("pqr"[: len(inputs)])
        self.function = eval(f"lambda {listed}: call({listed})", {"call": self._call})
        self.function.__name__ = "g"

    def _call(self, *arguments):
        x = flat(arguments)
        results = []
        for a, b in zip(self.a.tolist(), self.b.tolist(), strict=True):
            angle = sum([c * y for c, y in zip(a, x, strict=True)])
            results.append(sin(angle) + sum([c * y * y for c, y in zip(b, x, strict=True)]))
        return build(self.outputs, iter(results))

    def matrix(self, *arguments):
        x = np.array(flat(arguments), dtype=float)
        return np.cos(self.a @ x)[:, None] * self.a + 2.0 * self.b * x

    def check(self, manual, **options):
        return check_jacobian(self.function, manual, *self.point, samples=4, **options)

    def names(self):
        """What the rows are to be called."""
        tag, inside = self.outputs
        rows = names(self.outputs, "g")
        if tag == "dict":
            rows = [name for key, part in inside for name in names(part, key, key)]
        columns = [x for name, spec in zip("pqr", self.inputs, strict=False)
                   for x in names(spec, name)]  # fmt: skip
        return [(row, column) for row in rows for column in columns]


ANY = structures(shapes())
NUMBERS = ("leaf", NUMBER)
VECTOR = ("leaf", [2])
SMALL = settings(max_examples=25)


@st.composite
def problems(draw, outputs=ANY, inputs=ANY, most=3):
    result = draw(outputs), draw(st.lists(inputs, min_size=1, max_size=most))
    rows, columns = size(result[0]), sum(map(size, result[1]))
    assume(0 < rows <= 8 and 0 < columns <= 8)
    return Problem(*result, draw(st.integers(0, 5)))


# --- Right ones pass, in every form ---------------------------------------------------------------


@SMALL
@given(problems())
def test_one_matrix_passes_whatever_the_structures(problem):
    report = problem.check(problem.matrix)
    assert report.verdict == "agree", str(report)
    assert len(report.rows) == problem.rows * problem.columns


EMPTY = ("dict", ())


@pytest.mark.parametrize(
    ("outputs", "inputs"),
    [
        (("list", [NUMBERS, NUMBERS]), [NUMBERS, EMPTY]),
        (NUMBERS, [("dict", (("k", VECTOR), ("e", EMPTY)))]),
        (("dict", (("k", VECTOR), ("e", EMPTY))), [VECTOR]),
        (("list", [VECTOR, ("list", [])]), [NUMBERS, NUMBERS]),
    ],
)
def test_one_matrix_passes_beside_something_empty(outputs, inputs):
    problem = Problem(outputs, inputs, 0)
    assert problem.check(problem.matrix).verdict == "agree"


@pytest.mark.parametrize(
    ("outputs", "inputs"),
    [
        (("list", [NUMBERS, NUMBERS]), [EMPTY, NUMBERS]),
        (("list", [NUMBERS, NUMBERS]), [NUMBERS, ("leaf", [0])]),
        (NUMBERS, [("dict", (("e", ("list", [])), ("k", VECTOR)))]),
        (("dict", (("e", ("list", [])), ("k", VECTOR))), [VECTOR, NUMBERS]),
    ],
)
def test_one_matrix_passes_after_something_empty(outputs, inputs):
    problem = Problem(outputs, inputs, 0)
    assert problem.check(problem.matrix).verdict == "agree"
    assert problem.check(lambda *x: 2.0 * problem.matrix(*x)).verdict == "disagree"


@SMALL
@given(problems())
def test_a_list_of_rows_passes_whatever_the_structures(problem):
    assert problem.check(lambda *x: problem.matrix(*x).tolist()).verdict == "agree"
    assert problem.check(lambda *x: list(problem.matrix(*x))).verdict == "agree"


LEAVES = shapes().map(lambda shape: ("leaf", shape))
VECTORS = st.lists(st.integers(1, 2), min_size=1).map(lambda shape: ("leaf", shape[:3]))
WITHOUT_LISTS = structures(shapes(), "dict pair")
NAMED = st.lists(LEAVES, min_size=1, max_size=2).map(
    lambda parts: ("dict", tuple(zip(("first", "second"), parts, strict=False)))
)


@SMALL
@given(problems(LEAVES | NAMED, WITHOUT_LISTS))
def test_what_jacobian_returns_passes(problem):
    which = tuple(range(len(problem.point))) if len(problem.point) > 1 else 0
    assert problem.check(autograd.jacobian(problem.function, which)).verdict == "agree"

    def by_hand(*x):
        return blocks(problem.matrix(*x), problem.outputs, problem.inputs)

    assert problem.check(by_hand).verdict == "agree"


@SMALL
@given(problems(VECTORS, LEAVES))
def test_a_tuple_and_a_dict_of_the_arguments_pass(problem):
    def by_hand(*x):
        parts = blocks(problem.matrix(*x), problem.outputs, problem.inputs)
        return parts if isinstance(parts, tuple) else (parts,)

    def by_name(*x):
        return dict(reversed(list(zip("pqr", by_hand(*x), strict=False))))

    assert problem.check(by_hand).verdict == "agree"
    assert problem.check(by_name).verdict == "agree"


@SMALL
@given(problems(structures(st.just(NUMBER) | st.just([2]), "dict list tuple"), LEAVES))
@example(Problem(("list", [NUMBERS, NUMBERS]), [VECTOR, VECTOR], 0))
@example(Problem(("tuple", [NUMBERS, NUMBERS]), [VECTOR, NUMBERS], 0))
@example(Problem(("tuple", [NUMBERS, NUMBERS, NUMBERS]), [VECTOR, NUMBERS], 0))
@example(Problem(("tuple", [NUMBERS, NUMBERS]), [("pair", [NUMBERS, NUMBERS])], 0))
def test_what_jacobian_returns_passes_where_results_are_lists(problem):
    which = tuple(range(len(problem.point))) if len(problem.point) > 1 else 0
    assert problem.check(autograd.jacobian(problem.function, which)).verdict == "agree"


@pytest.mark.parametrize(
    ("outputs", "inputs"),
    [
        (("list", [VECTOR, VECTOR]), [VECTOR, NUMBERS]),
        (("list", [VECTOR, NUMBERS]), [VECTOR]),
        (("list", [NUMBERS, NUMBERS]), [("dict", (("W", ("leaf", [2, 2])), ("b", VECTOR)))]),
        (VECTOR, [("dict", (("l", ("list", [VECTOR, NUMBERS])),))]),
        (VECTOR, [("list", [VECTOR, ("list", [VECTOR])])]),
        (("dict", (("y", VECTOR),)), [("list", [NUMBERS, ("list", [NUMBERS])]), VECTOR]),
        (VECTOR, [("tuple", [("dict", (("k", VECTOR),))])]),
        (("list", [NUMBERS, NUMBERS]), [("dict", (("k", NUMBERS), ("e", ("list", []))))]),
        (("list", [NUMBERS, NUMBERS]), [("dict", ()), NUMBERS]),
        (NUMBERS, [("dict", (("p", NUMBERS), ("q", NUMBERS)))]),
    ],
)
def test_what_jacobian_returns_passes_in_every_structure(outputs, inputs):
    problem = Problem(outputs, inputs, 0)
    assert problem.check(problem.matrix).verdict == "agree"  # the structures themselves are fine
    which = tuple(range(len(problem.point))) if len(problem.point) > 1 else 0
    report = problem.check(autograd.jacobian(problem.function, which))
    assert report.verdict == "agree", str(report)


def test_dicts_of_the_outputs():
    def function(x, y):
        return {"sum": x[0] + y, "all": x * y}

    def by_hand(x, y):
        return {
            "sum": {"x": [1.0, 0.0], "y": 1.0},
            "all": (np.diag([y, y]), x),
        }

    report = check_jacobian(function, by_hand, [1.0, 2.0], 3.0)
    assert report.verdict == "agree"
    assert [row.derivative for row in report.rows][:4] == [
        "dsum/dx0", "dsum/dx1", "dsum/dy", "dall0/dx0"
    ]  # fmt: skip
    by_arguments = {  # the other way round
        "x": {"sum": np.array([1.0, 0.0]), "all": 3.0 * np.eye(2)},
        "y": {"sum": 1.0, "all": np.array([1.0, 2.0])},
    }
    at = [1.0, 2.0], 3.0
    report = check_jacobian(
        lambda x, y: {"sum": x[0] + y, "all": x + y * np.array([1.0, 2.0])},
        lambda x, y: {**by_arguments, "x": {**by_arguments["x"], "all": np.eye(2)}},
        *at,
    )
    assert report.verdict == "agree"


def test_a_dict_of_the_arguments_whose_names_are_those_of_the_outputs():
    """Both readings fit, so a right one must not be called transposed without a word on that."""

    def function(x, y):
        return {"x": x * y, "y": x + 1.0}

    def by_arguments(x, y):
        return {"x": {"x": y, "y": 1.0}, "y": {"x": x, "y": 0.0}}

    def by_outputs(x, y):
        return {"x": {"x": y, "y": x}, "y": {"x": 1.0, "y": 0.0}}

    assert check_jacobian(function, by_outputs, 3.0, 4.0).verdict == "agree"
    report = check_jacobian(function, by_arguments, 3.0, 4.0)
    assert report.passed or "outputs" in said(report)


@pytest.mark.parametrize(
    ("function", "by_hand", "argument", "rows"),
    [
        (lambda x: x * x, lambda x: 2.0 * x, 3.0, ["df/dx"]),
        (lambda x: [x * x], lambda x: 2.0 * x, 3.0, ["df0/dx"]),
        (lambda x: np.array([[x * x]]), lambda x: [[2.0 * x]], 3.0, ["df0_0/dx"]),
        (lambda x: [x @ x], lambda x: 2.0 * x, [3.0], ["df0/dx0"]),
        (lambda x: x, lambda x: np.eye(2), [3.0, 4.0], "df0/dx0 df0/dx1 df1/dx0 df1/dx1".split()),
        (lambda x: {"x": x}, lambda x: [[1.0]], 3.0, ["df.x/dx"]),
        (lambda x: [x, x], lambda x: [1.0, 1.0], 3.0, ["df0/dx", "df1/dx"]),
        (lambda x: [x, 2.0, 3], lambda x: [1, 0, False], 3.0, ["df0/dx", "df1/dx", "df2/dx"]),
        (lambda x: [1.0, 2], lambda x: [0.0, 0.0], 3.0, ["df0/dx", "df1/dx"]),
        (lambda x: 3 * [(x * x).named("y")], lambda x: 3 * [2.0 * x], 3.0,
         ["dy/dx", "df1/dx", "df2/dx"]),
        (lambda x: [(x * x).named("x"), (x * 2.0).named("y")], lambda x: [2.0 * x, 2.0], 3.0,
         ["df0/dx", "dy/dx"]),
        (lambda x: [(x * x).named("a"), (x * 2.0).named("a")], lambda x: [2.0 * x, 2.0], 3.0,
         ["da/dx", "df1/dx"]),
        (lambda x: [(x * x).named("f1"), x * 2.0], lambda x: [2.0 * x, 2.0], 3.0,
         ["df1/dx", "df.f1/dx"]),
        (lambda x: Pair(x * x, x + 1.0), lambda x: Pair(2.0 * x, 1.0), 3.0, None),
        (lambda x: {"e": [], "k": [x, (x * x,)]}, lambda x: [[1.0], [2.0 * x]], 3.0,
         ["dk0/dx", "dk1_0/dx"]),
        (lambda p: p, lambda p: np.eye(2), {"a": 1.0, "b": 2.0}, None),
        (lambda p: p, lambda p: {"a": {"a": 1.0, "b": 0.0}, "b": {"a": 0.0, "b": 1.0}},
         {"a": 1.0, "b": 2.0}, ["da/dp.a", "da/dp.b", "db/dp.a", "db/dp.b"]),
    ],
)  # fmt: skip
def test_results_that_are_special(function, by_hand, argument, rows):
    report = check_jacobian(function, by_hand, argument)
    assert report.verdict == "agree", str(report)
    assert rows is None or [row.derivative for row in report.rows] == rows

    def off(x):
        result = by_hand(x)
        if isinstance(result, dict):
            return {key: {k: y + 1.0 for k, y in part.items()} for key, part in result.items()}
        return np.asarray(result, dtype=float) + 1.0

    if not isinstance(by_hand(np.array([3.0])), Pair):
        report = check_jacobian(function, off, argument)
        assert set(verdicts(report)) == {"disagree"}, str(report)


def test_a_value_that_is_the_users_keeps_its_name():
    theirs = Value(3.0, name="theirs")
    report = check_jacobian(lambda x: [theirs, theirs * x], lambda x: [0.0, 3.0], 2.0)
    assert report.verdict == "agree"
    assert theirs.name == "theirs"


def test_a_value_of_the_users_without_a_name_gets_none():
    theirs = Value(3.0) * 2.0
    check_jacobian(lambda x: [theirs, theirs * x], lambda x: [0.0, 6.0], 2.0)
    assert theirs.name is None


# --- One wrong entry ------------------------------------------------------------------------------


@SMALL
@given(problems(), st.data())
def test_one_wrong_entry_is_found_and_no_other(problem, data):
    rows, columns = problem.rows, problem.columns
    i, j = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    change = data.draw(st.sampled_from([lambda x: -x, lambda x: 1.001 * x, lambda x: x + 1e-6]))

    def manual(*x):
        result = problem.matrix(*x)
        result[i, j] = change(result[i, j])
        return result

    report = problem.check(manual, seconds=0.0)
    expected = ["agree"] * (rows * columns)
    expected[i * columns + j] = "disagree"
    assert verdicts(report) == expected, str(report)
    # The table is at report.point, where both functions can be called.
    row, point = report.rows[i * columns + j], list(report.point.values())
    assert list(report.point) == list("pqr"[: len(point)])
    if not any(tag in repr(problem.inputs) for tag in ("'list'", "'tuple'", "'leaf', []")):
        assert shape_of(point) == shape_of(problem.point)
    assert row.yours == manual(*point)[i, j]
    assert row.automatic == pytest.approx(problem.matrix(*point)[i, j], rel=1e-12, abs=1e-14)
    assert np.isfinite(np.array(flat(problem.function(*point)), dtype=float)).all()


def shape_of(tree):
    """The structure alone."""
    if isinstance(tree, dict):
        return {key: shape_of(part) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [type(tree), [shape_of(part) for part in tree]]
    return type(tree), np.shape(tree)


@SMALL
@given(problems())
def test_rows_are_named_by_outputs_and_arguments(problem):
    expected = problem.names()
    assume(len(set(expected)) == len(expected))
    flat_names = [x for pair in expected for x in pair]
    assume(all(x.replace(".", "").isidentifier() for x in flat_names))
    assume(not {row for row, _ in expected} & {column for _, column in expected})
    # A list of tuples that have fields is taken for an array: see below.
    inputs = repr(problem.inputs)
    assume("'pair'" not in inputs or ("'list'" not in inputs and "'tuple'" not in inputs))
    assume("'pair'" not in repr(problem.outputs))
    report = problem.check(problem.matrix)
    assert [row.derivative for row in report.rows] == [f"d{a}/d{b}" for a, b in expected]


def test_a_list_of_tuples_with_fields_keeps_the_fields():
    at = [Pair(2.0, 3.0), Pair(4.0, 5.0)]
    report = check_gradient(
        lambda pairs: pairs[0].u * pairs[0].v + pairs[1].u,
        lambda pairs: [Pair(pairs[0].v, pairs[0].u), Pair(1.0, 0.0)],
        at,
    )
    assert report.verdict == "agree"


def test_the_fields_of_a_result_name_the_rows():
    """As the fields of an argument name the columns."""
    report = check_jacobian(
        lambda p: Pair(p.u * p.v, p.u), lambda p: [[p.v, p.u], [1.0, 0.0]], Pair(2.0, 3.0)
    )
    assert [row.derivative for row in report.rows] == ["du/dp.u", "du/dp.v", "dv/dp.u", "dv/dp.v"]


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 4), st.data())
def test_one_wrong_entry_of_a_hessian(count, seed, data):
    """Of sin(a · x) + b · x³."""
    a, b = np.random.default_rng(seed).uniform(0.3, 1.5, (2, count)).round(2)
    i, j = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))

    def right(x):
        return -np.sin(a @ x) * np.outer(a, a) + np.diag(6.0 * b * x)

    def off(x):
        result = right(x)
        result[i, j] *= 1.25
        return result

    def function(x):
        return sin(autograd.dot(a, x)) + autograd.dot(b, x**3)

    at = np.linspace(0.3, 1.1, count)
    for form in (lambda x: x, lambda x: x.tolist(), lambda x: (x,), lambda x: {"x": x}):
        assert check_hessian(function, lambda x, form=form: form(right(x)), at).verdict == "agree"
    report = check_hessian(function, off, at, seconds=0.0)
    row = f"d²function/dx{i}" + ("²" if i == j else f"dx{j}")
    assert wrong(report) == [row]
    assert any("not symmetric" in x for x in report.diagnosis) == (i != j)


@settings(max_examples=30)
@given(st.lists(structures(shapes()), min_size=1, max_size=3), st.integers(0, 3))
@example([("dict", (("W", ("leaf", [2, 2])), ("l", ("list", [VECTOR, NUMBERS]))))], 0)
@example([("list", [VECTOR, ("list", [NUMBERS])]), ("tuple", [NUMBERS, VECTOR])], 0)
def test_what_hessian_returns_passes_whatever_the_structures(inputs, seed):
    count = sum(map(size, inputs))
    assume(0 < count <= 6)
    problem = Problem(NUMBERS, inputs, seed)
    which = tuple(range(len(inputs))) if len(inputs) > 1 else 0
    matrix = check_hessian(
        problem.function,
        lambda *x: -math.sin(problem.a[0] @ flat(x)) * np.outer(problem.a[0], problem.a[0])
        + 2.0 * np.diag(problem.b[0]),
        *problem.point, samples=4,
    )  # fmt: skip
    assert matrix.verdict == "agree"
    try:
        report = check_hessian(
            problem.function, autograd.hessian(problem.function, which), *problem.point, samples=4
        )
    except (TypeError, ValueError):
        # Lists, and tuples of one: see the tests above that are expected to fail.
        assert any(tag in repr(inputs) for tag in ("'list'", "'tuple'"))
        return
    assert report.verdict == "agree"


def test_the_forms_of_a_hessian():
    def function(x, y):
        return x**3 * y

    forms = [
        lambda x, y: [[6 * x * y, 3 * x * x], [3 * x * x, 0]],
        lambda x, y: np.array([[6 * x * y, 3 * x * x], [3 * x * x, 0.0]]),
        lambda x, y: ((6 * x * y, 3 * x * x), (3 * x * x, 0.0)),
        lambda x, y: {"x": {"x": 6 * x * y, "y": 3 * x * x}, "y": {"y": 0.0, "x": 3 * x * x}},
        lambda x, y: {"y": (3 * x * x, 0.0), "x": (6 * x * y, 3 * x * x)},
    ]
    for form in forms:
        report = check_hessian(function, form, 2.0, 3.0)
        assert report.verdict == "agree"
        assert [row.derivative for row in report.rows] == [
            "d²function/dx²", "d²function/dxdy", "d²function/dydx", "d²function/dy²"
        ]  # fmt: skip
    assert check_hessian(function, lambda x, y: 6 * x * y, 2.0, 3.0, wrt=["x"]).passed
    assert not check_hessian(function, lambda x, y: 3 * x * y, 2.0, 3.0, wrt=["x"]).passed
    turned = check_hessian(
        function, lambda x, y: [[0.0, 3 * x * x], [3 * x * x, 6 * x * y]], 2.0, 3.0, wrt=["y", "x"]
    )
    assert turned.verdict == "agree"
    assert turned.rows[0].derivative == "d²function/dy²"


# --- mpmath ---------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.floats(0.1, 3.0), st.floats(0.1, 3.0))
def test_the_automatic_column_is_right_to_the_last_digits(x, y):
    """Also where each number is only known to mpmath."""

    def function(x, y):
        return [x * exp(-y), log1p(x * x) / y]

    def exact(x, y):
        with mpmath.workdps(40):
            pair = (lambda x, y: x * mpmath.exp(-y), lambda x, y: mpmath.log1p(x * x) / y)
            return [[float(mpmath.diff(f, (x, y), order)) for order in ((1, 0), (0, 1))]
                    for f in pair]  # fmt: skip

    report = check_jacobian(function, exact, x, y, samples=2)
    assert report.verdict == "agree", str(report)
    for row in report.rows:
        assert row.automatic == pytest.approx(row.yours, rel=1e-14)
        assert row.difference <= row.tolerance <= 1e-12 * abs(row.yours)
        assert row.numeric == pytest.approx(row.yours, rel=1e-6)

    def second(x, y):
        with mpmath.workdps(40):
            orders = ((2, 0), (1, 1), (0, 2))
            f = lambda x, y: mpmath.log1p(x * x) / y  # noqa: E731
            xx, xy, yy = [float(mpmath.diff(f, (x, y), order)) for order in orders]
            return [[xx, xy], [xy, yy]]

    report = check_hessian(lambda x, y: log1p(x * x) / y, second, x, y, samples=2)
    assert report.verdict == "agree", str(report)


# --- Points, kinks, branches ----------------------------------------------------------------------


def test_conventions_at_a_kink():
    """The numbers of all outputs together may belong to other sides of it."""
    report = check_jacobian(
        lambda x: [relu(x), relu(-x), x], lambda x: [float(x >= 0), -float(x < 0), 1.0], 0.0
    )
    assert verdicts(report) == ["convention", "agree", "agree"]
    assert report.passed
    assert "any value in [0, 1] is right" in report.rows[0].note
    report = check_jacobian(lambda x: [relu(x), x], lambda x: [1.5 * (x >= 0), 1.0], 0.0)
    assert verdicts(report) == ["disagree", "agree"]


def test_a_side_that_is_not_reached_concerns_its_output_alone():
    report = check_jacobian(lambda x: [relu(x * x), x], lambda x: [2.0 * x, 1.0], 2.0)
    assert verdicts(report) == ["not exercised", "agree"]


def test_a_side_that_is_not_reached():
    report = check_jacobian(lambda x: [relu(x * x), x], lambda x: [2.0 * x, 1.0], 2.0)
    assert report.rows[0].verdict == "not exercised"
    assert not report.passed
    allowed = check_jacobian(
        lambda x: [relu(x * x), x], lambda x: [2.0 * x, 1.0], 2.0, every_branch=False
    )
    assert allowed.passed
    assert allowed.rows[0].note


def test_both_sides_of_a_branch_in_the_code():
    def function(x):
        return [x * 3.0 if x > 0.0 else x * x, x]

    assert check_jacobian(function, lambda x: [3.0 if x > 0 else 2.0 * x, 1.0], 2.0)
    assert wrong(check_jacobian(function, lambda x: [3.0, 1.0], 2.0)) == ["dfunction0/dx"]
    report = check_jacobian(lambda x: [x * 3.0 if x * x >= 0.0 else x, x], lambda x: [3, 1.0], 2.0)
    assert "was never false" in report.rows[0].note
    report = check_hessian(lambda x: x**3 if x > 0.0 else x**2, lambda x: 6.0 * x, 2.0)
    assert report.verdict == "disagree"


def test_0_at_every_point():
    report = check_jacobian(
        lambda x: [tanh(x * 0.1 + 900.0), x, autograd.floor(x)], lambda x: [0.0, 1.0, 0.0], 1.0
    )
    assert verdicts(report) == ["not exercised", "agree", "agree"]
    assert check_hessian(lambda x: 3.0 * x, lambda x: 0.0, 1.0).verdict == "agree"


def test_overflow_of_one_output():
    report = check_jacobian(lambda x: [log(cosh(x)), x], lambda x: [math.tanh(x), 1.0], 2244.0)
    assert verdicts(report) == ["undefined", "agree"]
    assert "logaddexp(x, -x)" in report.rows[0].note
    report = check_jacobian(lambda x: x * x, lambda x: np.diag([math.nan, 2.0 * x[1]]), [1.0, 2.0])
    assert verdicts(report) == ["undefined", "agree", "agree", "agree"]


def test_what_is_random():
    report = check_jacobian(lambda x: [x * random.random(), x], lambda x: [0.5, 1.0], 2.0)
    assert not report.passed
    assert "f gives two results at one point" in report.diagnosis[0]
    assert "Jacobian" in report.diagnosis[0]
    report = check_jacobian(lambda x: [x * 3.0, x], lambda x: [random.random(), 1.0], 2.0)
    assert verdicts(report) == ["undefined", "agree"]
    assert "manual gives two results at one point, for df0/dx" in report.diagnosis[0]
    report = check_hessian(lambda x: x**3, lambda x: random.random(), 2.0)
    assert not report.passed


def test_single_precision():
    def by_hand(x):
        return np.diag(1.0 - np.tanh(np.float32(x)) ** 2).astype(np.float32)

    report = check_jacobian(np.tanh, by_hand, np.float32([0.3, 0.7]))
    assert report.passed
    assert "float32" in report.diagnosis[0]
    assert not check_jacobian(np.tanh, by_hand, [0.3, 0.7], tolerance=8 * 2.0**-52).passed
    off = check_jacobian(np.tanh, lambda x: by_hand(x) * np.float32(1.001), [0.3, 0.7])
    assert off.verdict == "disagree"


def test_the_tolerance_is_kept():
    def by_hand(x):
        return [2.0 * x * (1.0 + 1e-9), math.cos(x)]

    function = lambda x: [x * x, sin(x)]  # noqa: E731
    assert wrong(check_jacobian(function, by_hand, 2.0)) == ["df0/dx"]
    assert check_jacobian(function, by_hand, 2.0, tolerance=1e-6).passed
    assert not check_jacobian(function, by_hand, 2.0, tolerance=1e-11).passed


def test_samples_and_seeds():
    points = {}

    def report(samples, seed):
        seen = points[samples, seed] = []

        def by_hand(x):
            seen.append(x)
            return [2.0 * x, 1.0]

        return check_jacobian(lambda x: [x * x, x], by_hand, 2.0, samples=samples, seed=seed)

    assert report(5, 0).rows == report(5, 0).rows
    first = points[5, 0]
    report(5, 1)
    assert first != points[5, 1]
    assert len(points[5, 1]) < len(set(points[5, 0])) + 10
    report(50, 0)
    assert len(set(points[50, 0])) >= 50 > len(set(first)) >= 6


def test_manual_may_change_its_arguments():
    def spoiled(params, x):
        result = {"params": {"w": np.diag(x), "b": {"c": np.eye(2)}}, "x": np.diag(params["w"])}
        params["w"][:] = math.nan
        params["b"]["c"][:] = 9.0
        params["b"].clear()
        params["new"] = x[:] = 7.0
        return result

    at = {"w": np.array([1.0, 2.0]), "b": {"c": np.array([3.0, 4.0])}}, np.array([5.0, 6.0])
    kept = copy.deepcopy(at)

    def function(params, x):
        return params["w"] * x + params["b"]["c"]

    report = check_jacobian(function, spoiled, *at)
    assert report.verdict == "agree", str(report)
    assert repr(at) == repr(kept)
    assert not check_jacobian(function, lambda p, x: {**spoiled(p, x), "x": np.eye(2)}, *at).passed


@pytest.mark.parametrize(
    ("function", "by_hand", "at"),
    [
        (lambda x: relu(x) ** 2, lambda x: 2.0 * (x > 0.0), 2.0),
        (lambda x: relu(x) ** 3, lambda x: 6.0 * x * (x > 0.0), 2.0),
        (lambda w: relu(1.0 - w) ** 2, lambda w: 2.0 * (w < 1.0), 0.5),
        (lambda x: np.maximum(x, 0.0) ** 3, lambda x: 6.0 * x * (x > 0.0), 2.0),
        (lambda x: leaky_relu(x, 0.1) ** 2, lambda x: 2.0 if x > 0.0 else 0.02, 2.0),
        (lambda x: clip(x, -1.0, 1.0) ** 2, lambda x: 2.0 * (abs(x) < 1.0), 0.5),
        (
            lambda x, y: maximum(x * x, y**3),
            lambda x, y: [[2.0 * (x * x > y**3), 0.0], [0.0, 6.0 * y * (x * x < y**3)]],
            (2.0, 1.0),
        ),
        (
            lambda x, y: relu(x) * relu(y),
            lambda x, y: [[0.0, float(x > 0 < y)], [float(x > 0 < y), 0.0]],
            (2.0, 3.0),
        ),
    ],
)
def test_a_right_hessian_with_a_kink_passes(function, by_hand, at):
    report = check_hessian(function, by_hand, *(at if isinstance(at, tuple) else (at,)))
    assert report.passed, str(report)


def test_a_hessian_without_the_mask_of_relu_is_found():
    assert check_hessian(lambda x: relu(x) ** 2, lambda x: 2.0, 2.0).verdict == "disagree"


def test_a_hessian_without_the_mask_of_relu_does_not_pass():
    report = check_hessian(lambda x: relu(x) ** 2, lambda x: 2.0, 2.0, every_branch=False)
    assert not report.passed


def test_conventions_of_a_hessian_at_a_kink():
    function = lambda x: relu(x) ** 2  # noqa: E731
    assert "the library" not in str(check_hessian(function, lambda x: 2.0 * (x > 0), 0.0))
    assert check_hessian(function, lambda x: 2.0 * (x >= 0), 0.0).rows[0].verdict == "convention"


def test_hessians_with_kinks_that_are_judged():
    for function, by_hand in [
        (lambda x: abs(x) ** 3, lambda x: 6.0 * abs(x)),
        (lambda x: autograd.where(x > 0.0, x**3, x * x), lambda x: 6.0 * x if x > 0 else 2.0),
        (
            lambda x: autograd.where(abs(x) < 1.0, 0.5 * x * x, abs(x) - 0.5),
            lambda x: float(abs(x) < 1.0),
        ),
    ]:
        assert check_hessian(function, by_hand, 2.0).verdict == "agree"
        assert not check_hessian(function, lambda x, f=by_hand: f(x) * (1.0 + (x < 0)), 2.0).passed


# --- Arguments and results of other libraries -----------------------------------------------------


def test_arrays_of_other_libraries():
    series = pd.Series([1.0, 2.0], index=["a", "b"])
    for given_, result in [
        (series, pd.DataFrame),
        (xr.DataArray([1.0, 2.0]), xr.DataArray),
        (autograd.values([1.0, 2.0]), np.array),
        (np.array([1, 2]), np.asfortranarray),
        ((1, 2), list),
    ]:
        right = lambda x, result=result: result(np.diag(2.0 * x))  # noqa: E731
        assert check_jacobian(lambda x: x * x, right, given_).verdict == "agree"
        off = lambda x, result=result: result(np.diag(3.0 * x))  # noqa: E731
        assert wrong(check_jacobian(lambda x: x * x, off, given_)) == ["df0/dx0", "df1/dx1"]
    report = check_jacobian(lambda p: p["s"] * 2.0, lambda p: {"s": 2.0 * np.eye(2)}, {"s": series})
    assert report.verdict == "agree"
    table = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]])
    report = check_jacobian(lambda x: x.sum(axis=0), lambda x: np.tile(np.eye(2), 2), table)
    assert report.verdict == "agree"


# --- Refused, with a message ----------------------------------------------------------------------


def vector(x):
    return np.array([x[0] * x[1], x[0] ** 2])


def jacobian(x):
    return [[x[1], x[0]], [2.0 * x[0], 0.0]]


@pytest.mark.parametrize(
    ("by_hand", "error", "message"),
    [
        (lambda x: np.ravel(jacobian(x)), ValueError, r"Jacobian must .* \(2, 2\), not \(4,\)"),
        (lambda x: [jacobian(x)[0]], ValueError, r"must have the shape \(2, 2\), not \(1, 2\)"),
        (lambda x: np.zeros((2, 2, 1)), ValueError, r"shape \(2, 2\), not \(2, 2, 1\)"),
        (lambda x: 1.0, ValueError, r"shape \(2, 2\), not \(\)"),
        (lambda x: [[1.0], [2.0, 3.0]], ValueError, "matrix; its rows have different lengths"),
        (lambda x: [["a", "b"], ["c", "d"]], TypeError, "not the str 'a'; convert it with float"),
        (lambda x: [[1.0, None], [1.0, 2.0]], TypeError, "not None; give a number"),
        (lambda x: np.array(jacobian(x)) * 1j, TypeError, "imaginary parts as two numbers"),
        (lambda x: np.ma.array(jacobian(x)), TypeError, "must not have a mask"),
        (lambda x: 1 / 0, ValueError, r"ZeroDivisionError: division by zero; at x = \[1, 2\]"),
        (lambda: 1.0, ValueError, r"manual raised TypeError: .* at x = \[1, 2\]"),
        (lambda x: {"x": jacobian(x), "z": [1.0, 2.0]}, ValueError, "no Value is called 'z'"),
    ],
)
def test_a_result_by_hand_that_is_refused(by_hand, error, message):
    with pytest.raises(error, match=message):
        check_jacobian(vector, by_hand, [1.0, 2.0])


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (None, "return statement"),
        ("abc", "str"),
        (print, "builtin_function"),
        ({1.0, 2.0}, "set"),
        ({"y": np.eye(2)}, "'y'|y"),
        (iter([1.0]), "list_iterator"),
        (scipy.sparse.csr_array(np.eye(2)), "csr_array"),
    ],
)
def test_a_result_by_hand_that_is_no_array_is_named(thing, message):
    with pytest.raises((TypeError, ValueError)) as raised:
        check_jacobian(vector, lambda x: thing, [1.0, 2.0])
    text = str(raised.value)
    assert "not ()" not in text
    assert message.split("|")[0] in text


def test_a_shape_that_is_wrong_at_another_point_than_the_given_one():
    with pytest.raises(ValueError, match="at x = -"):
        check_jacobian(lambda x: [x * x, x], lambda x: [2.0 * x, 1.0][: 1 + (x > 0)], 1.0)


def test_a_function_with_another_number_of_results_elsewhere():
    with pytest.raises(ValueError, match=r"^f "):
        check_jacobian(lambda x: [x, x] if x > 0 else [x], lambda x: [1.0, 1.0], 1.0)


def test_the_keys_that_a_dict_has_are_named():
    with pytest.raises(ValueError, match="'A', 'B'"):
        check_jacobian(lambda x: {"a": x, "b": x}, lambda x: {"A": 1.0, "B": 1.0}, 2.0)


def test_dicts_with_other_keys():
    function = lambda x: {"a": x * x, "b": x}  # noqa: E731
    with pytest.raises(ValueError, match="must have the keys 'a', 'b'; it has 'a'"):
        check_jacobian(function, lambda x: {"a": 2.0 * x}, 2.0)
    with pytest.raises(ValueError, match="with a part for each of x, y, not a dict of 'x'"):
        check_jacobian(lambda x, y: [x, y], lambda x, y: {"x": [1.0, 0.0]}, 2.0, 3.0)
    with pytest.raises(TypeError, match="must be a dict with the keys 'a', 'b', not a list"):
        check_gradient(lambda p: p["a"] * p["b"], lambda p: [1.0, 2.0], {"a": 1.0, "b": 2.0})


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: None, TypeError, "f must return numbers, not None .*return statement"),
        (lambda x: "s", TypeError, "the result of f must be a real number, not the str 's'"),
        (lambda x: ["s", x[0]], TypeError, r"the result\[0\] of f must be a real number"),
        (lambda x: {"a": None}, TypeError, r"the result\['a'\] of f must be .* not None"),
        (lambda x: [x[0], 1j], TypeError, r"result\[1\] of f must be .* complex"),
        (lambda x: {x[0]}, TypeError, "must not be a set, which has no order; make it a list"),
        (lambda x: pd.Series(list(x)), TypeError, r"not a Series: .* \.to_numpy\(float\)"),
        (lambda x: [], ValueError, r"f must return numbers; it returned \[\]"),
        (lambda x: {}, ValueError, r"f must return numbers; it returned \{\}"),
        (lambda x: np.zeros((0, 3)), ValueError, r"it returned array of shape \(0, 3\)"),
        (lambda x: x[7], ValueError, r"f raised IndexError: .*; at x = \[1, 2\]"),
        (3, TypeError, "function must be a function, not an int"),
    ],
)
def test_a_function_that_is_refused(function, error, message):
    with pytest.raises(error, match=message):
        check_jacobian(function, jacobian, [1.0, 2.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples must be a whole number, at least 1, not 0"),
        ({"seed": -1}, "seed must be a whole number, at least 0, not -1"),
        ({"tolerance": math.nan}, "tolerance must be a finite number, at least 0, not nan"),
        ({"seconds": -1}, "seconds must be a number, at least 0, not -1"),
        ({"wrt": "x"}, "wrt must be a list of names of arguments, not 'x'"),
        ({"wrt": []}, r"wrt must be a list of names of arguments, not \[\]"),
        ({"wrt": ["z"]}, "vector has no argument 'z'; it has x"),
        ({"wrt": ["x", "x"]}, "names an argument twice"),
    ],
)  # fmt: skip
def test_options_that_are_refused(options, message):
    for check, function in ((check_jacobian, vector), (check_hessian, lambda x: x[0])):
        function.__name__ = "vector"
        with pytest.raises(ValueError, match=message):
            check(function, jacobian, [1.0, 2.0], **options)


@pytest.mark.parametrize(
    ("argument", "error", "message"),
    [
        ("abc", TypeError, "the argument x must be a real number, not the str"),
        (None, TypeError, "the argument x must be a real number, not None"),
        ([1.0, math.inf], ValueError, r"the argument x must be finite, not \[1, inf\]"),
        ({"a": [1.0, {"b": 1j}]}, TypeError, r"the argument x\['a'\]\[1\]\['b'\] must be a real"),
        ({"a": 1.0, "s": "relu"}, TypeError, r"the argument x\['s'\] must be a real number"),
        ({"a": [[1.0], [1.0, math.nan]]}, ValueError, r"argument x\['a'\]\[1\] must be finite"),
    ],
)
def test_an_argument_that_is_refused(argument, error, message):
    for check in (check_gradient, check_jacobian, check_hessian):
        with pytest.raises(error, match=message):
            check(lambda x: x, lambda x: x, argument)


def test_calls_without_what_is_needed():
    for check, name in ((check_jacobian, "jacobian"), (check_hessian, "hessian")):
        with pytest.raises(TypeError, match=f"check_{name} needs the arguments"):
            check(vector, jacobian)
    with pytest.raises(TypeError, match=r"must return one number, .*; check_jacobian\(\) takes"):
        check_hessian(vector, jacobian, [1.0, 2.0])


@pytest.mark.parametrize("nothing", [[], {}, {"a": []}])
def test_arguments_without_a_number(nothing):
    with pytest.raises(ValueError, match=r"nothing to compare|no number"):
        check_jacobian(lambda x: [3.0], lambda x: np.zeros((1, 0)), nothing)


# --- Nested arguments -----------------------------------------------------------------------------

X = np.array([[0.5, -1.0], [2.0, 0.3], [1.0, 1.0]])
Y = np.array([1.0, -1.0, 0.5])
PARAMS = {
    "W": np.array([[0.1, 0.4], [-0.3, 0.2]]),
    "b": np.array([0.1, -0.2]),
    "out": [np.array([0.7, -0.5]), 0.3],
}


def net(params):
    hidden = tanh(X @ params["W"] + params["b"])
    return ((hidden @ params["out"][0] + params["out"][1] - Y) ** 2).mean()


def of_net(params):
    v, c = params["out"]
    hidden = np.tanh(X @ params["W"] + params["b"])
    error = 2.0 * (hidden @ v + c - Y) / 3.0
    before = np.outer(error, v) * (1.0 - hidden**2)
    return {"W": X.T @ before, "b": before.sum(axis=0), "out": [hidden.T @ error, error.sum()]}


@pytest.mark.parametrize(
    "form",
    [lambda g: g, lambda g: (g,), lambda g: {"params": g}, lambda g: dict(reversed(g.items()))],
)
def test_a_gradient_of_nested_arguments(form):
    assert check_gradient(net, lambda params: form(of_net(params)), PARAMS).verdict == "agree"


@pytest.mark.parametrize(
    ("key", "change", "rows", "words"),
    [
        ("W", lambda g: g.T, ["W0_1", "W1_0"], "transposed, as 2 x 2 (that of params['W'])"),
        ("W", lambda g: -g, ["W0_0", "W0_1", "W1_0", "W1_1"],
         "a sign is flipped (in the gradient of params['W'])"),
        ("b", lambda g: 5.0 * g, ["b0", "b1"], "The gradient of params['b'] is 5 times the right"),
        ("out", lambda g: [g[0], 2.0 * g[1]], ["out1"], "(in the gradient of params['out'][1])"),
        ("out", lambda g: [g[0] + 1.0, g[1]], ["out0_0", "out0_1"],
         "The gradient of params['out'][0] is too large by 1 at every point."),
        ("b", lambda g: g * [1.0, 3.0], ["b1"], "The gradient of params['b'] in element [1]"),
    ],
)  # fmt: skip
def test_the_diagnosis_names_the_part_of_the_argument(key, change, rows, words):
    report = check_gradient(net, lambda p: {**(g := of_net(p)), key: change(g[key])}, PARAMS)
    assert wrong(report) == [f"dnet/dparams.{row}" for row in rows]
    assert words in said(report)
    assert list(report.point["params"]) == ["W", "b", "out"]
    assert math.isfinite(float(net(report.point["params"])))
    assert any(finding.argument.startswith("params[") for finding in report.findings)


@pytest.mark.parametrize(
    ("key", "change", "error", "message"),
    [
        (
            "W",
            lambda g: g[0],
            ValueError,
            r"params\['W'\] must have the shape \(2, 2\), not \(2,\)",
        ),
        ("out", lambda g: g[:1], ValueError, r"params\['out'\] must have 2 parts, not 1"),
        ("out", lambda g: [1.0, 2.0], ValueError, r"params\['out'\]\[0\] must have the shape"),
        ("b", lambda g: None, TypeError, r"params\['b'\] must be a real number, not None"),
        ("out", lambda g: 1.0, TypeError, r"params\['out'\] must be a list, not a float"),
    ],
)
def test_a_part_that_does_not_fit(key, change, error, message):
    with pytest.raises(error, match=message):
        check_gradient(net, lambda p: {**(g := of_net(p)), key: change(g[key])}, PARAMS)


@pytest.mark.parametrize("check", [check_gradient, check_jacobian])
def test_an_argument_with_a_key_that_is_its_own_name(check):
    def by_hand(p):
        return {"p": 2.0 * p["p"] * p["q"], "q": p["p"] ** 2}

    report = check(lambda p: p["p"] ** 2 * p["q"], by_hand, {"p": 2.0, "q": 3.0})
    assert report.verdict == "agree"


def test_dicts_of_other_kinds_stay_what_they_are():
    kinds = []

    def by_hand(p):
        kinds.append(type(p))
        return {"b": p["a"], "a": p["b"]}

    ordered = collections.OrderedDict(b=1.0, a=2.0)
    report = check_gradient(lambda p: p["a"] * p["b"], by_hand, ordered)
    assert report.verdict == "agree"
    assert {*kinds} == {collections.OrderedDict}
    assert [row.derivative for row in report.rows] == ["df/dp.b", "df/dp.a"]


# --- Relations in matrices ------------------------------------------------------------------------


def three(x):
    return np.array([x[0] * x[1] * x[2], x[0] ** 2 + np.sin(x[1]), np.exp(x[2] * x[0])])


def of_three(x):
    a, b, c = x
    e = math.exp(a * c)
    return np.array([[b * c, a * c, a * b], [2.0 * a, math.cos(b), 0.0], [c * e, 0.0, a * e]])


AT = [1.3, 0.7, -0.4]


def test_a_factor_of_a_matrix_with_a_0():
    report = check_jacobian(three, lambda x: 7.0 * of_three(x), AT)
    assert "The Jacobian of three is 7 times the right one at every point" in said(report)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda J: J.T, "The Jacobian of three is transposed."),
        (lambda J: J * [[1], [-1], [1]], "a sign is flipped (in the row of three1)"),
        (lambda J: J * [[1, -1, 1]], "a sign is flipped (in the column of x1)"),
        (lambda J: J * [[1, 5, 1]], "[three0, x1], [three1, x1] is 5 times the right one"),
        (lambda J: J[[1, 0, 2]], "the rows of two outputs are exchanged (three0 and three1)"),
        (lambda J: J[:, [1, 0, 2]], "the columns of two variables are exchanged (x0 and x1)"),
        (lambda J: np.diag(np.diag(J)), "[three1, x0], [three2, x0] is 0 at every"),
        (lambda J: J - np.diag(np.diag(J)), "in its diagonal is 0 at every point: it is forgotten"),
        (lambda J: J + np.eye(3), "in its diagonal is too large by 1 at every point"),
        (lambda J: J + np.diag([0, 2, 0]), "dthree1/dx1 is too large by 2"),
        (lambda J: 2.0 * J, "there is an extra factor 2"),
        (lambda J: -J, "a sign is flipped"),
        (lambda J: J * [[1], [0], [1]], "a row is forgotten (in the row of three1)"),
        (lambda J: J * [[1, 0, 1]], "a column is forgotten (in the column of x1)"),
        (lambda J: 0.0 * J, "a Jacobian is forgotten"),
        (lambda J: J[[1, 2, 0]], "is shifted by -1 along axis 0"),
        (lambda J: J.sum(axis=1, keepdims=True) + 0.0 * J, "is the sum along axis 1 of the right"),
    ],
)  # fmt: skip
def test_relations_in_a_jacobian(change, words):
    report = check_jacobian(three, lambda x: change(of_three(x)), AT)
    assert words in said(report)
    right = of_three(report.point["x"])
    off = ~np.isclose(change(right), right, rtol=1e-12, atol=0.0).ravel()
    assert [row.verdict == "disagree" for row in report.rows] == off.tolist()


def scalar(x):
    return x[0] ** 3 * x[1] + np.sin(x[1] * x[2]) + np.exp(x[0] * x[2])


def slope(x):
    a, b, c = x
    s, e = math.cos(b * c), math.exp(a * c)
    return np.array([3 * a * a * b + c * e, a**3 + c * s, b * s + a * e])


def curvature(x):
    a, b, c = x
    s, r, e = math.sin(b * c), math.cos(b * c), math.exp(a * c)
    xy, xz, yz = 3 * a * a, e + a * c * e, r - b * c * s
    return np.array(
        [[6 * a * b + c * c * e, xy, xz], [xy, -c * c * s, yz], [xz, yz, a * a * e - b * b * s]]
    )


@pytest.mark.parametrize(
    ("change", "words", "symmetric"),
    [
        (lambda H: H * [[1], [-1], [1]], "(in the row of dscalar/dx1)", False),
        (lambda H: H * [[1, 5, 1]], "in the column of x1 is 5 times the right one", False),
        (lambda H: H[[1, 0, 2]], "are exchanged (dscalar/dx0 and dscalar/dx1)", False),
        (lambda H: np.diag(np.diag(H)), "in what is off its diagonal is 0 at every point", True),
        (np.triu, "in what is below its diagonal is 0 at every point", False),
        (np.tril, "in what is above its diagonal is 0 at every point", False),
        (lambda H: H + np.diag(np.diag(H)), "in its diagonal is 2 times the right one", True),
        (lambda H: 2.0 * H - np.diag(np.diag(H)), "off its diagonal is 2 times the right", True),
        (lambda H: H + np.outer([0, 1, 0], [0, 0, 1]), "too large by 1 at every", False),
        (lambda H: 2.0 * H, "there is an extra factor 2", True),
        (lambda H: -H, "a sign is flipped", True),
    ],
)
def test_relations_in_a_hessian(change, words, symmetric):
    report = check_hessian(scalar, lambda x: change(curvature(x)), AT)
    assert report.verdict == "disagree"
    assert words in said(report)
    assert ("Your Hessian is not symmetric" in said(report)) != symmetric


def test_the_hessian_itself_passes():
    assert check_hessian(scalar, curvature, AT).verdict == "agree"
    assert check_jacobian(three, of_three, AT).verdict == "agree"


def test_the_outer_product_of_the_gradient():
    report = check_hessian(scalar, lambda x: np.outer(slope(x), slope(x)), AT)
    assert "the outer product of the gradient with itself stands for the Hessian" in said(report)


def residuals(x):
    return np.array([x[0] * x[1] - 1.0, x[0] ** 2 - x[1], np.sin(x[1]), x[0] * np.exp(x[1])])


def of_residuals(x):
    e = math.exp(x[1])
    return np.array([[x[1], x[0]], [2.0 * x[0], -1.0], [0.0, math.cos(x[1])], [e, x[0] * e]])


def test_gauss_and_newton_of_several_residuals():
    report = check_hessian(
        lambda x: (residuals(x) ** 2).sum(),
        lambda x: 2.0 * of_residuals(x).T @ of_residuals(x),
        [1.2, 0.6],
    )
    assert report.verdict == "disagree"
    assert "Gauss and Newton" in said(report)


def test_gauss_and_newton():
    t = np.array([0.0, 1.0, 2.0])

    def by_hand(x):
        J = -np.stack([np.exp(x[1] * t), x[0] * t * np.exp(x[1] * t)], axis=1)
        return J.T @ J

    report = check_hessian(
        lambda x: 0.5 * ((1.0 - x[0] * np.exp(x[1] * t)) ** 2).sum(), by_hand, [1.2, 0.6]
    )
    assert report.verdict == "disagree"
    assert "Gauss and Newton" in said(report)


# --- Derivatives of inner steps -------------------------------------------------------------------


def layered(x):
    inner = [u.named(f"u{i}") for i, u in enumerate(X @ x)]
    return np.array([tanh(u) for u in inner])


def of_layered(x, inner=1.0, outer=1.0):
    by_u = np.diag(1.0 - np.tanh(X @ x) ** 2) * outer
    return {"x": by_u @ X * inner, "u": by_u, **{(f"u{i}", "x"): X[i] * inner for i in range(3)}}


def test_derivatives_of_inner_steps():
    report = check_jacobian(layered, of_layered, [0.3, 0.2])
    assert report.verdict == "agree"
    assert len(report.rows) == 6 + 9 + 6
    report = check_jacobian(layered, lambda x: of_layered(x, inner=3.0), [0.3, 0.2])
    first = [x for x in report.diagnosis if x.startswith("First wrong")]
    assert first
    assert first[0].startswith("First wrong: du0/dx0: yours 1.5, should be 0.5")
    with pytest.raises(ValueError, match="with respect to 'u' must have 3 rows"):
        check_jacobian(layered, lambda x: {**of_layered(x), "u": [1.0, 2.0]}, [0.3, 0.2])


def test_the_first_wrong_step_is_told():
    report = check_jacobian(layered, lambda x: of_layered(x, outer=2.0), [0.3, 0.2])
    assert "First wrong: dlayered0/du0" in said(report)


# --- Large ones -----------------------------------------------------------------------------------


def recurrence(count):
    def function(x):
        a, b = x
        for _ in range(count):
            a, b = 0.999 * a + 0.001 * b * a, 0.999 * b - 0.001 * a
        return [a, b]

    def by_hand(x):
        a, b = x
        total = np.eye(2)
        for _ in range(count):
            total = np.array([[0.999 + 0.001 * b, 0.001 * a], [-0.001, 0.999]]) @ total
            a, b = 0.999 * a + 0.001 * b * a, 0.999 * b - 0.001 * a
        return total

    return function, by_hand


def test_a_recurrence_of_2000_steps():
    function, by_hand = recurrence(2000)
    report = check_jacobian(function, by_hand, [0.5, 0.3], samples=1)
    assert report.verdict == "agree"
    assert report.rows[0].numeric is None or report.rows[0].numeric == pytest.approx(
        report.rows[0].automatic, rel=1e-3
    )


def test_a_wrong_entry_of_a_recurrence():
    function, by_hand = recurrence(100)
    report = check_jacobian(
        function,
        lambda x: by_hand(x) * [[1.0, 1.0], [1.0, 2.0]],
        [0.5, 0.3],
        samples=3,
        seconds=0.0,
    )
    assert wrong(report) == ["dfunction1/dx1"]


def dense(count):
    weights = np.random.default_rng(0).normal(size=(count, count))

    def by_hand(x):
        return (1.0 - np.tanh(weights @ x) ** 2)[:, None] * weights

    return (lambda x: np.tanh(weights @ x)), by_hand, np.linspace(-1.0, 1.0, count)


def test_30_outputs_of_30_arguments():
    function, by_hand, at = dense(30)
    assert check_jacobian(function, by_hand, at, samples=4).verdict == "agree"

    def off(x):
        result = by_hand(x)
        result[3, 7] *= 1.5
        return result

    report = check_jacobian(function, off, at, samples=4, seconds=0.0)
    assert wrong(report) == ["df3/dx7"]
    assert "… and 870 more, none of them worse" in str(report)
    assert "df3/dx7" in str(report)


def test_a_transposed_one_of_9_by_9():
    function, by_hand, at = dense(9)
    report = check_jacobian(function, lambda x: by_hand(x).T, at, samples=4)
    assert "The Jacobian of f is transposed." in said(report)


def test_a_transposed_one_of_16_by_16():
    """At some of the points 1 - tanh(x) ** 2 has lost digits."""
    function, by_hand, at = dense(16)
    report = check_jacobian(function, lambda x: by_hand(x).T, at, seconds=0.2)
    assert "The Jacobian of f is transposed." in said(report)


# --- Names, and what a report can do --------------------------------------------------------------

NAMES = ["{0}", "%s", "<b>&amp;", "a\nb", "f0", "x", "d", "∂f/∂x", "'\"", " ", "x" * 100, "None"]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names(name):
    def function(x):
        return {name: [(x * x).named(name), x * 3.0], "b": x}

    function.__name__ = name
    report = check_jacobian(
        function, lambda x: {name: [2.0 * x, 3.0 * x], "b": 1.0}, 3.0, samples=4, seconds=0.2
    )
    assert verdicts(report) == ["agree", "disagree", "agree"]
    assert len({row.derivative for row in report.rows}) == 3
    assert str(report).splitlines()[0].startswith("derivative")
    html = report._repr_html_()
    assert "<b>" not in html.replace("<b>&amp;", "<b>") or name != "<b>&amp;"
    works(report)


def works(report):
    """All that can be done with a report."""
    plain = report.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    again = pickle.loads(pickle.dumps(report))
    assert (str(again), again.to_dict()) == (str(report), plain)
    assert repr(report).startswith("<Report: ")
    assert report._repr_html_().count("<tr") >= min(len(report.rows), 30)
    svg = report.draw().svg()
    assert svg.startswith("<svg")
    with pytest.raises(AssertionError) as raised:
        report.raise_if_failed()
    assert str(raised.value) == f"\n{report}"


def test_what_a_report_can_do():
    works(check_jacobian(three, lambda x: of_three(x).T, AT, samples=4))
    works(check_hessian(scalar, lambda x: np.triu(curvature(x)), AT, samples=4))
    works(check_jacobian(lambda p: [p.u * p.v], lambda p: [[1.0, 2.0]], Pair(2.0, 3.0)))


def test_the_picture_has_the_numbers_of_a_jacobian():
    report = check_jacobian(
        lambda x: [x**2, sin(x) * x], lambda x: [2.0 * x, 2.5], 3.0, samples=4, seconds=0.0
    )
    svg = report.draw().svg()
    assert ">sum<" not in svg
    assert "yours 2.5" in svg


@pytest.mark.parametrize(
    "argument",
    [
        {"a": np.array([1.0, 2.0])},
        {"a": [1.0, [2.0]]},
        [[1.0], [2.0, 3.0]],
        ({"a": 2.0}, np.array([1.0])),
    ],
)
def test_a_report_on_nested_arguments_as_plain_values(argument):
    def total(x):
        return sum([y * y for y in flat(x)])

    def by_hand(x):
        return np.full((1, len(flat(x))), 7.0)

    report = check_jacobian(total, by_hand, argument, samples=4, seconds=0.0)
    plain = report.to_dict()
    assert json.loads(json.dumps(plain)) == plain


def test_names_that_clash_are_told_apart():
    report = check_jacobian(
        lambda w, w0: [w[0] * 2.0, w0], lambda w, w0: ([[3.0], [0.0]], [0.0, 1.0]), [1.0], 5.0
    )
    assert len({row.derivative for row in report.rows}) == 4
    assert verdicts(report) == ["disagree", "agree", "agree", "agree"]
    report = check_jacobian(
        lambda p: [p["a.b"] * 2.0, p["a"]["b"]], lambda p: np.eye(2), {"a.b": 1.0, "a": {"b": 2.0}}
    )
    assert len({row.derivative for row in report.rows}) == 4
    assert verdicts(report) == ["disagree", "agree", "agree", "agree"]


# --- The command ----------------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "hostile.py").write_text(
        "import numpy as np\n"
        "def f(x): return np.array([x[0] * x[1], x[0] ** 2])\n"
        "def J(x): return [[x[1], x[0]], [2 * x[0], 0.0]]\n"
        "def bad(x): return [[x[1], x[0]], [x[0], 0.0]]\n"
        "def d(x, y): return {'a': x * y, 'b': x}\n"
        "def D(x, y): return {'a': (y, x), 'b': (1.0, 0.0)}\n"
        "def s(x, y): return x**3 * y\n"
        "def H(x, y): return [[6 * x * y, 3 * x * x], [3 * x * x, 0]]\n"
        "def half(x, y): return [[6 * x * y, 3 * x * x], [0, 0]]\n"
        "def xx(x, y): return 6 * x * y\n"
        "def none(x): pass\n"
        "def empty(x): return []\n"
        "def strings(x): return ['a', 'b']\n"
        "def raises(x): raise RuntimeError('one\\ntwo')\n"
        "def flat(x): return [1.0, 2.0]\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("hostile", None)


ONE, TWO = ["--at", "x=1,2"], ["--at", "x=1", "--at", "y=2"]


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("function", "by_hand", "options", "status", "words"),
    [
        ("f", "J", ONE, 0, "df1/dx0"),
        ("f", "bad", ONE, 1, "df1/dx0 is 1/2 (0.5) times the right one"),
        ("d", "D", TWO, 0, "da/dy"),
        ("s", "H", [*TWO, "--hessian"], 0, "d²s/dxdy"),
        ("s", "half", [*TWO, "--hessian"], 1, "Your Hessian is not symmetric"),
        ("s", "xx", [*TWO, "--hessian", "--wrt", "x"], 0, "d²s/dx²"),
    ],
)
def test_check(function, by_hand, options, status, words, capsys):
    command = ["check", f"hostile:{function}", f"hostile:{by_hand}", *options]
    if status:
        with pytest.raises(SystemExit) as stop:
            main(command)
        assert stop.value.code == status
    else:
        main(command)
    output = capsys.readouterr()
    assert words in output.out
    assert output.err == ""


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("function", "by_hand", "options", "message"),
    [
        ("none", "J", ONE, "none must return one number, not None (was a return statement"),
        ("empty", "J", ONE, "empty must return numbers; it returned []"),
        ("strings", "J", ONE, "the result[0] of strings must be a real number, not the str"),
        ("raises", "J", ONE, "raises raised RuntimeError: one two; at x = [1, 2] ("),
        ("f", "flat", ONE, "manual's Jacobian must have the shape (2, 2), not (2,)"),
        ("f", "raises", ONE, "manual raised RuntimeError: one two; at x = [1, 2] ("),
        ("s", "xx", [*TWO, "--hessian"], "manual's Hessian must be a matrix, or a tuple"),
        ("f", "J", [*ONE, "--wrt", "q"], "f has no argument 'q'; it has x"),
    ],
)
def test_check_called_wrongly(function, by_hand, options, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["check", f"hostile:{function}", f"hostile:{by_hand}", *options])
    output = capsys.readouterr()
    assert (stop.value.code, output.out) == (2, "")
    assert output.err.startswith(f"autograd check: {message}")
    assert output.err.count("\n") == 1


@pytest.mark.usefixtures("module")
def test_the_hessian_of_several_results_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["check", "hostile:f", "hostile:J", *ONE, "--hessian"])
    assert capsys.readouterr().err.startswith("autograd check: f must return one number")
