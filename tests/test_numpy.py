"""Values in NumPy: ufuncs on a Value, arrays of Values in NumPy's functions."""

import math
import operator
import subprocess
import sys
import warnings

import numpy as np
import pandas
import pytest
import scipy.interpolate
import scipy.linalg
import scipy.special
import scipy.stats
from test_ops import ordinary_points

import autograd
from autograd import (
    Array,
    Value,
    array,
    check_gradient,
    data,
    exp,
    grad,
    grads,
    jacobian,
    log,
    sqrt,
    topological_order,
    values,
)
from autograd.ops import TABLE, UFUNCS
from autograd.questions import listening

BINARY = [ufunc for ufunc in UFUNCS if ufunc.nin == 2]


def point(ufunc):
    return [1.5] if ufunc is np.arccosh else [0.5, 0.75][: ufunc.nin]


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_a_ufunc_on_values_gives_the_node(ufunc):
    operands = [Value(x) for x in point(ufunc)]
    node = ufunc(*operands)
    assert isinstance(node, Value)
    assert node.op is UFUNCS[ufunc]
    assert list(node.operands[: ufunc.nin]) == operands  # round has another one
    assert node.data == pytest.approx(ufunc(*point(ufunc)), rel=1e-15)


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_a_ufunc_on_arrays_of_values_records_a_node_for_each_element(ufunc):
    columns = [values([x, x]) for x in point(ufunc)]
    result = ufunc(*columns)
    assert type(result) is Array
    assert [node.op for node in result] == [UFUNCS[ufunc]] * 2
    assert data(result).tolist() == pytest.approx([ufunc(*point(ufunc))] * 2, rel=1e-15)
    np.sum(result).backward()
    for index, column in enumerate(columns):
        expected = ufunc(*[Value(x) for x in point(ufunc)]).partials[index]
        assert grads(column).tolist() == pytest.approx([expected] * 2, rel=1e-12)


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda u: u.__name__)
def test_a_ufunc_mixes_values_with_numbers_and_arrays(ufunc):
    v = Value(0.5)
    for number in (2, 2.0, np.float64(2), np.int32(2), np.array(2.0)):
        assert ufunc(v, number).operands == (v, 2.0)
        assert ufunc(number, v).operands == (2.0, v)
    for operand in (np.array([0.25, 0.75]), values([0.25, 0.75])):
        for result in (ufunc(v, operand), ufunc(operand, v)):
            assert result.shape == (2,)
            assert all(node.op is UFUNCS[ufunc] for node in result)


@pytest.mark.parametrize("symbol", ["add", "sub", "mul", "truediv", "pow"])
def test_operators_with_numpys_numbers_and_arrays(symbol):
    function = getattr(operator, symbol)
    v = Value(2.0)
    for x in (np.float64(3), np.float32(3), np.int64(3), np.array(3.0)):
        for node in (function(v, x), function(x, v)):
            assert isinstance(node, Value)
            assert all(type(c) is float for c in node.operands if c is not v)
    array = np.array([[1.0, 2.0], [3.0, 4.0]])
    expected = function(array, 2.0)
    result = function(array, v)
    assert result.dtype == object
    assert data(result).tolist() == expected.tolist()
    assert data(function(values(array), 2.0)).tolist() == expected.tolist()
    assert data(function(v, array)).tolist() == function(2.0, array).tolist()
    assert data(function(values(array), array[0])).tolist() == function(array, array[0]).tolist()


def test_linear_algebra():
    a, b = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([0.5, -1.0])
    m, v = values(a), values(b)
    for product in (m @ v, m @ b, a @ v, np.dot(m, v), np.matmul(m, v), np.einsum("ij,j->i", m, v)):
        assert data(product).tolist() == (a @ b).tolist()
    assert (v @ v).data == np.dot(v, b).data == np.vdot(v, v).data == b @ b
    assert data(m.T @ m).tolist() == (a.T @ a).tolist()
    assert data(np.outer(v, b)).tolist() == np.outer(b, b).tolist()
    np.sum(m @ v).backward()
    assert grads(v).tolist() == a.sum(axis=0).tolist()
    assert grads(m).tolist() == [b.tolist()] * 3


@pytest.mark.parametrize(
    "reduction",
    [np.sum, np.mean, np.prod, np.max, np.min, np.cumsum, np.var, np.std, np.add.reduce,
     np.multiply.reduce, lambda x: np.sum(x, axis=0), lambda x: np.mean(x, axis=1),
     lambda x: x.sum(), lambda x: x.mean(axis=0), sum, lambda x: np.std(x, axis=0), np.diff,
     np.trace, lambda x: np.std(x, ddof=1), lambda x: np.multiply.outer(x, x[0, 0]),
     lambda x: np.add.accumulate(x, axis=1)],
)  # fmt: skip
def test_reductions(reduction):
    x = np.array([[0.5, -1.0], [2.0, 4.0]])
    v = values(x)
    expected = reduction(x)
    assert np.allclose(data(reduction(v)), expected, rtol=1e-15)
    # The gradient of the sum of the results, by central differences.
    np.sum(reduction(v)).backward()
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = 1e-6
        difference = np.sum(reduction(x + step)) - np.sum(reduction(x - step))
        assert grads(v)[index] == pytest.approx(difference / 2e-6, rel=1e-6, abs=1e-8)


def test_arrays_that_collect_values():
    v, w = Value(1.0), Value(2.0)
    assert type(np.array([v, w])) is np.ndarray
    assert type(np.array([v, w], like=v)) is Array
    assert np.stack([values([1]), values([2])]).shape == (2, 1)
    assert np.concatenate([values([1, 2]), [v]])[2] is v
    assert np.where([True, False], values([1, 2]), w)[1].operands[2] is w
    assert type(np.stack([v, w])) is type(np.hstack([w, v])) is Array
    assert np.sort(array([w, v]))[0] is v


def test_clip():
    v = Value(2.0)
    for node in (np.clip(v, 0, 1), v.clip(0, 1), np.clip(v, None, 1.0), np.clip(v, 0, Value(1.0))):
        assert node.op.name == "clip"
        assert (node.data, node.partials[0]) == (1.0, 0.0)
    assert np.clip(v, 0, None).operands == (v, 0.0, np.inf)
    assert np.clip(np.array([1.0, 3.0]), 0, v)[1].op.name == "clip"


def test_lists_and_ufunc_methods():
    v = Value(2.0)
    assert data(np.add(v, [1, 2])).tolist() == [3.0, 4.0]
    assert data(np.multiply.outer([1.0, 2.0], v)).tolist() == [2.0, 4.0]
    array = np.zeros(2, dtype=object)
    np.add.at(array, [0], v)
    assert data(array).tolist() == [2.0, 0.0]


def test_a_masked_number_is_refused():
    with pytest.raises(TypeError, match=r"the other operand of \+ .* must not have a mask"):
        Value(1.0) + np.ma.masked


def test_masked_arrays_keep_the_gradient():
    v = Value(2.0)
    for product in (np.ma.array([1.0, 3.0]) * v, v * np.ma.array([1.0, 3.0])):
        np.sum(np.asarray(product, dtype=object)).backward()
    assert v.grad == 8.0


@pytest.mark.parametrize(
    ("call", "messages"),
    [
        (lambda: np.sqrt(values([0.0])), []),
        (lambda: np.cbrt(values([0.0])), []),
        (lambda: values([0.0]) ** 0.5, []),
        (lambda: sqrt(values([0.0, 1.0])), []),
        (lambda: np.ones(1) / values([5e-310]), ["overflow"]),
        (lambda: np.full(1, 1e-200) / values([5e-310]), []),
        (lambda: np.log(values([0.0])), ["divide by zero"]),
        (lambda: log(values([0.0])), ["divide by zero"]),
        (lambda: np.exp(values([1000.0])), ["overflow"]),
        (lambda: exp(np.array([1000.0])), ["overflow"]),
        (lambda: values([1e200]) * values([1e200]), ["overflow"]),
    ],
)
def test_arrays_warn_once_of_values_and_never_of_partials(call, messages):
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        call()
    assert [str(warning.message).split(" encountered")[0] for warning in record] == messages


def test_in_place_arithmetic():
    v = Value(2.0)
    array = values([1.0, 2.0])
    array += v
    array *= 3
    assert data(array).tolist() == [9.0, 12.0]
    floats = np.array([1.0, 2.0])
    with pytest.raises(TypeError, match=r"float64 cannot hold Values; use array.astype\(object\)"):
        floats += v
    assert floats.tolist() == [1.0, 2.0]


def test_questions_are_asked_of_the_data():
    v = Value(2.0)
    assert np.isfinite(v)
    assert not np.isnan(v)
    assert np.signbit(-v)
    assert np.greater(v, 1)
    assert (v < np.array([1.0, 3.0])).tolist() == [False, True]
    assert (np.array([1.0, 3.0]) < v).tolist() == [True, False]
    assert (values([1, 3]) == v).tolist() == [False, False]


def test_identities():
    v = Value(2.0)
    assert np.positive(v) is +v is v
    assert np.conjugate(v) is v


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: np.spacing(v), r"no derivative here: apply .* call an autograd.Op"),
        (lambda v: np.nextafter(v, 2), "np.nextafter has no derivative here"),
        (lambda v: np.add(v, 1, where=[True]), "np.add of Values takes where= only with out="),
        (lambda v: np.add(v, "a"), "real number|not supported|ufunc"),
        (lambda v: v + np.array([1j]), "an operand of add .* real and imaginary"),
        (lambda v: np.array([v, v], dtype=float), "would lose its gradient"),
        (lambda v: np.zeros(2).__setitem__(0, v), "would lose its gradient"),
    ],
)
def test_what_numpy_cannot_do_with_values(call, message):
    with pytest.raises(TypeError, match=message):
        call(Value(2.0))


def test_the_table_knows_the_ufuncs_of_its_own_operations():
    same = {name for name in TABLE if isinstance(getattr(np, name, None), np.ufunc)}
    # The one is a question; the ufunc of the other is called rint.
    assert {op.name for op in UFUNCS.values()} == same - {"greater"} | {"round"}


OF_SCIPY = {op.name: op for op in TABLE.values() if op.scipy}


@pytest.mark.parametrize("op", OF_SCIPY.values(), ids=OF_SCIPY)
def test_ufuncs_of_scipy_are_operations(op):
    ufunc = getattr(scipy.special, op.scipy)
    assert isinstance(ufunc, np.ufunc)
    for operands in ordinary_points(op, 50):
        nodes = [Value(x) for x in operands]
        result = ufunc(*nodes)
        assert (result.op, result.operands) == (op, tuple(nodes))
        assert result.data == pytest.approx(float(ufunc(*operands)), rel=1e-12, abs=1e-14)


def test_other_ufuncs_of_scipy_are_refused():
    with pytest.raises(TypeError, match=r"scipy\.special\.j0 has no derivative here: apply it to"):
        scipy.special.j0(Value(1.0))
    with pytest.raises(TypeError, match=r"np\.spacing has no derivative here"):
        np.spacing(Value(1.0))


def test_scipy_is_not_imported_for_its_ufuncs():
    code = (
        "import sys, numpy, autograd; numpy.exp(autograd.Value(1)); print('scipy' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.strip() == b"False"


class Quantity(np.ndarray):
    """An array with a unit, as those of astropy and unyt are."""

    unit = "m"


class Amount:
    """A number with units, as those of pint are."""

    units = "metre"

    def __init__(self, number):
        self.magnitude = number

    def __iter__(self):
        return iter([Amount(x) for x in self.magnitude])

    def __array__(self, *_, **__):
        return np.asarray(self.magnitude)


MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
WITH_UNIT = np.array([1.0, 2.0]).view(Quantity)
LOSING = {
    "exp": exp,
    "maximum": lambda x: autograd.maximum(x, Value(1.0)),
    "sum": autograd.sum,
    "mean of a list": lambda x: autograd.mean([x, x]),
    "dot": lambda x: autograd.dot(x, x),
    "data": data,
    "grads": grads,
    "values": values,
    "values of a list": lambda x: values([x, x]),
    "Value": Value,
    "the data of a Value": lambda x: setattr(Value(1.0), "data", x),
    "backward": lambda x: Value(1.0).backward(x),
    "np.add": lambda x: np.add(x, Value(3.0)),
    "np.add, the other way": lambda x: np.add(Value(3.0), x),
    "np.multiply.outer": lambda x: np.multiply.outer(Value(1.0), x),
    "an argument of grad": autograd.grad(autograd.sum),
    "a result of grad": lambda x: autograd.grad(lambda y: x)(1.0),
    "a tangent": lambda x: autograd.jvp(lambda y: y, (1.0,), (x,)),
    "compare": lambda x: autograd.compare((v := Value(2.0)) * 2.0, {v: x}),
    "check_gradient": lambda x: autograd.check_gradient(autograd.sum, lambda y: y, x),
    "manual": lambda x: autograd.check_gradient(lambda y: y * 2.0, lambda y: x, 1.0),
}


@pytest.mark.parametrize("use", LOSING)
@pytest.mark.parametrize(
    ("thing", "word"),
    [
        (MASKED, "a mask, which would be lost: fill it"),
        (np.ma.masked, "a mask, which would be lost: fill it"),
        (WITH_UNIT, r"a unit \(m\), which would be lost: give the number alone"),
        (WITH_UNIT[0:1].reshape(()), r"a unit \(m\), which would be lost: give the number alone"),
        (Amount([1.0, 2.0]), r"a unit \(metre\), which would be lost: give the number alone"),
        (Amount(1.0), r"a unit \(metre\), which would be lost: give the number alone"),
    ],
    ids=["masked", "the masked constant", "units", "0-d with unit", "units of pint", "a quantity"],
)
def test_masks_and_units_are_not_lost(use, thing, word):
    with pytest.raises(TypeError, match=word):
        LOSING[use](thing)


# --- Methods and options of ufuncs ----------------------------------------------------------------


def test_at_places():
    x = array(np.zeros((3, 3)))
    v = Value(2.0)
    for places in (([0, 1], [1, 2]), (0, 1), 2, (slice(None), [0, 1]), np.eye(3) > 0.5):
        expected = data(x)
        np.add.at(expected, places, 2.0)
        np.add.at(x, places, v)
        assert data(x).tolist() == expected.tolist()
    x.sum().backward()
    assert v.grad == 2 + 1 + 3 + 6 + 3
    y = values([1.0, 2.0])
    np.negative.at(y, [0, 0, 1])
    np.exp.at(y, 0)
    assert data(y).tolist() == [np.exp(1.0), -2.0]
    with pytest.raises(TypeError, match=r"np\.add: an array of float64 cannot hold Values"):
        np.add.at(np.zeros(2), 0, v)


@pytest.mark.parametrize("method", ["accumulate", "reduce", "outer", "reduceat"])
@pytest.mark.parametrize(
    "ufunc", [np.add, np.multiply, np.maximum, np.logaddexp, np.hypot, np.subtract, np.fmax]
)
def test_methods_of_ufuncs(ufunc, method):
    numbers = np.array([[0.5, 1.5, -1.0], [2.0, 3.0, 0.25]])
    more = {"outer": [[1.0, 4.0]], "reduceat": [[0, 1]]}.get(method, [])
    function = getattr(ufunc, method)
    result = function(values(numbers), *more)
    assert type(result) is Array
    assert np.allclose(data(result), function(numbers, *more), rtol=1e-14)
    np.add.reduce(result, axis=None).backward()
    if method != "outer":
        total = function(values(numbers.T), *more, axis=1)
        assert np.allclose(data(total).T, function(numbers, *more), rtol=1e-14)


def test_questions_with_methods_and_options():
    x = values([1.1, 3.3, 2.2])
    numbers, mask = data(x), np.array([True, False, True])
    assert np.greater.outer(x, [2.0, 3.0]).tolist() == np.greater.outer(numbers, [2, 3]).tolist()
    assert np.logical_or.reduce(x) == np.logical_or.reduce(numbers)
    assert np.logical_and.accumulate(x).tolist() == [True, True, True]
    for ufunc, more in ((np.isfinite, []), (np.less, [5.0])):
        out = np.zeros(3, dtype=bool)
        assert ufunc(x, *more, where=mask, out=out) is out
        assert out.tolist() == mask.tolist()
    out = values([9.0, 9.0, 9.0])
    assert np.isfinite(np.ones(3), out=out) is out
    assert out.tolist() == [True] * 3
    with pytest.raises(TypeError, match=r"np\.isnan of Values takes where= only with out="):
        np.isnan(x, where=mask)


def test_where_and_out():
    x, y = values([1.0, 4.0, 9.0]), values([2.0, 0.0, 3.0])
    out = np.zeros_like(x)
    assert np.divide(x, y, out=out, where=data(y) != 0.0) is out
    assert data(out).tolist() == [0.5, 0.0, 3.0]
    out.sum().backward()
    assert grads(x).tolist() == [0.5, 0.0, 1.0 / 3.0]
    assert data(np.sqrt(x, out=np.ones_like(x), where=y)).tolist() == [1.0, 1.0, 3.0]
    whole, rest = np.zeros_like(x), np.zeros_like(x)
    np.divmod(x, 2.0, out=(whole, rest))
    assert (data(whole).tolist(), data(rest).tolist()) == ([0.0, 2.0, 4.0], [1.0, 0.0, 1.0])


def test_masks_are_asked_once_and_only_if_there_are_values_in_them():
    x, out, heard = values([1.0, 4.0]), array([0.0, 0.0]), []
    with listening(heard.append):
        np.sqrt(x, out=out, where=np.array([True, False]))
        np.sum(x, where=[True, False])
        assert heard == []
        np.sqrt(x, out=out, where=x)
        np.sum(x, where=x)
    assert [question.asked for question in heard] == [np.not_equal] * 2


NAN, INF = float("nan"), float("inf")
DECIDED = {
    "nan_to_num": (np.nan_to_num, [1.0, -2.0, 0.5], [-1.0, 2.0, 0.25]),
    "nan_to_num, not finite": (
        lambda x: np.nan_to_num(x * [1.0, 1.0, INF, -INF, NAN], posinf=3.0, neginf=x[0]),
        [1.0, -2.0, 2.0, 2.0, 1.0], [-4.0, 1.0, 3.0, 0.5, -9.0],
    ),
    "interp": (
        lambda x: np.interp(x, [0.0, 1.0, 2.0], [1.0, 4.0, 2.0], left=-1.0, right=7.0),
        [-1.0, 0.0, 0.5, 1.0, 1.7, 2.0, 9.0, NAN], [-3.0, 0.0, 0.1, 1.0, 1.2, 2.0, 2.5, NAN],
    ),
    "interp, points": (
        lambda x: np.interp([-1.0, 0.3, 1.6, 7.0], x, x * x), [0.0, 1.0, 3.0], [0.1, 0.9, 4.0],
    ),
    "interp, period": (
        lambda x: np.interp(x, [0.1, 1.0, 2.0], [1.0, 4.0, 2.0], period=2.5),
        [-1.0, 4.1], [-0.9, 4.0],
    ),
    "unwrap": (np.unwrap, [0.0, 3.0, -3.0, -1.0, 9.0], [0.1, 2.8, -2.9, -1.5, 8.5]),
    "unwrap, period": (lambda x: np.unwrap(x, period=1), [0.0, 0.9, 2.2], [0.1, 0.8, 2.3]),
    "sort": (np.sort, [3.0, 1.0, 2.0], [4.0, 0.5, 1.5]),
    "median": (np.median, [3.0, 1.0, 2.0, 8.0], [4.0, 0.5, 1.5, 5.0]),
    "nanmean": (lambda x: np.nanmean(x * [1.0, NAN, 1.0]), [1.0, 2.0, 3.0], [4.0, 3.0, 2.0]),
    "average": (lambda x: np.average(x, weights=x), [1.0, 2.0], [3.0, 4.0]),
    "norm, 0": (lambda x: np.linalg.norm(x, 0) * x[0], [1.0, 0.0, 2.0], [4.0, 0.0, 3.0]),
    "lstsq": (
        lambda x: np.linalg.lstsq(np.vander(x, 2), x * x)[0], [1.0, 2.0, 4.0], [1.1, 2.1, 4.5],
    ),
    "lstsq, residuals": (
        lambda x: np.linalg.lstsq(np.vander(x, 2), x * x)[1], [1.0, 2.0, 4.0], [1.1, 2.1, 4.5],
    ),
    "lstsq, no unknowns": (
        lambda x: np.linalg.lstsq(np.empty((3, 0)), x)[1], [1.0, 2.0, 4.0], [1.1, 2.1, 4.5],
    ),
    "polyfit": (lambda x: np.polyfit(x, x**3, 2), [1.0, 2.0, 4.0, 5.0], [1.1, 2.3, 3.0, 5.5]),
    "polyfit, heights": (lambda x: np.polyfit([0, 1, 3], x, 1), [1.0, 2.0, 0.0], [2.0, 1, 1]),
    "solve": (
        lambda x: np.linalg.solve(x.reshape(2, 2), x[:2]),
        [1.0, 2.0, 3.0, 5.0], [2.0, 4.5, 4.0, 5.0],
    ),
    "det": (lambda x: np.linalg.det(x.reshape(2, 2)), [1.0, 2.0, 3.0, 5.0], [2.0, 4.5, 4.0, 5.0]),
    "det, out of range": (
        lambda x: np.linalg.det(np.diag(x)), [1e200, 1e-200, 2e200, 1e-200], [2e200, 1e-190, 3e200,
        1e-210],
    ),
    "slogdet": (
        lambda x: np.linalg.slogdet(x.reshape(2, 2))[1], [1.0, 2.0, 3.0, 5.0], [2.0, 4.5, 4.0, 5.0],
    ),
    "qr": (lambda x: np.linalg.qr(x.reshape(2, 2)).R, [1.0, 2.0, 3.0, 5.0], [2.0, 4.5, 4.0, 5.0]),
    "cholesky": (
        lambda x: np.linalg.cholesky(np.diag(x) + 0.1), [1.0, 2.0, 3.0], [2.0, 1.0, 4.0],
    ),
    "grad": (lambda x: autograd.grad(lambda y: y @ y * y[0])(x), [1.0, 2.0], [3.0, -4.0]),
    "jvp": (lambda x: autograd.jvp(np.exp, (x,), (x,))[1], [1.0, 2.0], [3.0, -4.0]),
    "hvp": (lambda x: autograd.hvp(lambda y: y @ y * y[0], (x,), (x,)), [1.0, 2.0], [3.0, -4.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", DECIDED)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_decided_by_numbers_is_asked_without_an_answer_of_numbers(name):
    """The graph at one point is that of another where the answers are the same."""
    function, one, other = DECIDED[name]
    heard, again = [], []
    x, y = values(one), values(other)
    with listening(heard.append):
        result = function(x)
    with listening(again.append):
        expected = function(y)
    answers = [(getattr(q.asked, "func", q.asked), listed(q.answer)) for q in heard]
    assert str(answers) == str(
        [(getattr(q.asked, "func", q.asked), listed(q.answer)) for q in again]
    )
    for _, answer in answers:
        for part in np.ravel(answer):
            assert isinstance(part, (bool, int, np.bool_, np.integer)) or part % 1.0 == 0.0
    for element, leaf in zip(x, other, strict=True):
        element.data = leaf
    for found, wanted in zip(np.ravel(result), np.ravel(expected), strict=True):
        graphs = [
            [(node.op, *[type(z) if isinstance(z, Value) else z for z in node.operands])
             for node in topological_order(root)]
            for root in (found, wanted) if isinstance(root, Value)
        ]  # fmt: skip
        assert len(graphs) in (0, 2)
        if graphs:
            assert str(graphs[0]) == str(graphs[1])
            found.forward()
        np.testing.assert_equal(data(found), data(wanted))


def listed(answer):
    return np.asarray(answer).tolist()


def test_products_in_place():
    x = values([[1.0, 2.0], [3.0, 4.0]])
    expected = data(x) @ data(x)
    x @= np.asarray(x).view(Array).copy()
    assert data(x).tolist() == expected.tolist()
    assert data(np.vecdot(x, x, axis=0)).tolist() == (expected * expected).sum(axis=0).tolist()
    with pytest.raises(TypeError, match=r"np\.matmul of Values does not take axes"):
        np.matmul(x, x, axes=[(0, 1), (0, 1), (0, 1)])
    with pytest.raises(TypeError, match=r"np\.exp of Values does not take signature"):
        np.exp(x, signature="d->d")


def test_functions_of_python_as_ufuncs():
    twice = np.frompyfunc(lambda x: 2.0 * x, 1, 1)
    assert type(twice(values([1.0, 2.0]))) is Array
    assert data(twice(values([1.0, 2.0]))).tolist() == [2.0, 4.0]
    assert twice(Value(3.0)).data == 6.0


def test_means_of_nothing_are_nan_with_numpys_warnings():
    x = values([[1.0, np.nan], [np.nan, np.nan]])

    def told(call):
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            answer = call()
        return answer, str(record[0].message).rstrip(".")

    assert told(lambda: math.isnan(np.mean(x[:0]))) == (True, "Mean of empty slice")
    row, words = told(lambda: np.nanmean(x, axis=1))
    assert (row[0].data, math.isnan(row[1]), words) == (1.0, True, "Mean of empty slice")
    nothing, words = told(lambda: np.nanmax(x[1]))
    assert math.isnan(nothing)
    assert "All-NaN" in words
    isnan, words = told(lambda: math.isnan(np.var(x[:0])))
    assert isnan
    assert "Degrees of freedom" in words
    with pytest.raises(ValueError, match="max of no operands is undefined"):
        np.max(x[:0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x: np.tensordot(x, np.ones(3), 1),
            ValueError,
            r"shapes \(2, 2\) and \(3,\) do not",
        ),
        (lambda x: np.matmul(x, 2.0), ValueError, r"a number cannot be multiplied by @: use \*"),
        (lambda x: np.einsum("ij,jk", x), ValueError, "einsum has 2 terms and 1 operands"),
        (lambda x: np.einsum("ijk->i", x), ValueError, "einsum has 3 subscripts for shape"),
        (lambda x: np.einsum("...i->i", x), ValueError, "einsum needs an ellipsis in the result"),
        (lambda x: np.einsum("ij->ii", x), ValueError, "i of the result is there twice"),
        (lambda x: np.einsum("ij->ik", x), ValueError, "k of the result is in no term"),
        (
            lambda x: np.einsum("ij,j", x, np.ones(3)),
            ValueError,
            "j stands for the lengths 2 and 3",
        ),
        (lambda x: np.interp(1.0, x, x), ValueError, "two vectors xp and fp of the same length"),
        (lambda x: np.convolve(x, x), ValueError, "convolve takes two vectors with elements"),
        (lambda x: np.convolve(x[0], x[0], "all"), ValueError, "mode must be 'full', 'same' or"),
        (lambda x: np.cross(x, x), ValueError, "cross takes vectors of 3 elements, not of 2 and 2"),
        (lambda x: np.average(x, weights=[1, 2]), TypeError, "need an axis"),
        (lambda x: np.average(x, 0, [1, 2, 3]), ValueError, "the weights of .* have shape"),
        (lambda x: np.average(x[0], weights=[0, 0]), ZeroDivisionError, "weights add up to 0"),
        (lambda x: np.linalg.norm(x, "nuc"), TypeError, "ord='nuc', which takes singular values"),
        (lambda x: np.linalg.norm(x, 3), ValueError, "no norm of a matrix with ord=3"),
        (lambda x: np.linalg.norm(x[0], "fro"), ValueError, "no norm of a vector with ord='fro'"),
        (lambda x: np.gradient(x[0], x[0]), TypeError, "np.gradient with Values in the distances"),
        (lambda x: np.cov(x, dtype=float), TypeError, "np.cov: dtype=float64 would lose the grad"),
        (lambda x: np.quantile(x, 0.5, weights=[1, 1]), TypeError, "does not take weights: apply"),
        (
            lambda x: np.copyto(np.zeros(2), x[0]),
            TypeError,
            "float64 cannot hold Values; use array",
        ),
        (lambda x: np.concatenate([x, x], dtype=float), TypeError, "dtype=float64 would lose the"),
        (lambda x: np.stack([x, x], out=np.zeros((2, 2, 2))), TypeError, "cannot hold Values"),
        (lambda x: np.unique(x), TypeError, "np.unique does not take Values: apply it to .data"),
        (lambda x: x.astype(str), TypeError, "an Array cannot be converted to"),
        (lambda x: np.average(x[0]) * np.array([1], "m8[s]"), TypeError, "operand|ufunc"),
    ],
)
def test_what_functions_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call(values([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: scipy.special.logsumexp(x), "scipy.special.logsumexp .* use autograd.logsumexp"),
        (
            lambda x: scipy.stats.norm.logpdf(x).sum(),
            "scipy.stats.norm.logpdf does not take Values",
        ),
        (
            lambda x: scipy.linalg.expm(np.outer(x, x))[0, 0],
            "scipy.linalg.expm .*autograd.Op .*Najf",
        ),
        (
            lambda x: scipy.interpolate.CubicSpline([0, 1, 2], x)(1.0),
            "scipy.interpolate.CubicSpline",
        ),
        (lambda x: np.random.default_rng(0).normal(x).sum(), r"np.random.normal .* draw first"),
        (
            lambda x: np.exp(np.array([x[0], 1.0])).sum(),
            r"np.exp .* autograd.array\(…\) in place of",
        ),
        (
            lambda x: np.percentile(np.array([x[0], 1.0]), 5),
            r"np.percentile .* autograd.array\(…\)",
        ),
        (
            lambda x: scipy.special.expit(np.array([x[0]])).sum(),
            r"^expit does not take this argument",
        ),
        (lambda x: pandas.DataFrame({"a": x}).mean().sum(), r"pandas.* compute with its numbers"),
    ],
)
def test_errors_of_other_libraries_are_told_with_a_remedy(function, message):
    for differentiate in (grad(function), jacobian(function)):
        with pytest.raises(TypeError, match=message) as caught:
            differentiate(np.array([0.2, 0.3, 0.5]))
        assert caught.value.__cause__ is not None
        assert "was called with Values" in caught.value.__notes__[0]
    with pytest.raises(TypeError, match=message):
        check_gradient(function, lambda x: x, np.array([0.2, 0.3, 0.5]))


class BrokenError(Exception):
    def __str__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: np.concatenate([x, np.zeros((2, 2))]), ValueError, "number of dimensions"),
        (lambda x: x.summ(), AttributeError, "no attribute 'summ'"),
        (lambda x: np.reshape(x, (5, 7)).sum(), ValueError, "cannot reshape"),
        (lambda x: np.take(x, [7]).sum(), IndexError, "out of bounds"),
        (lambda x: np.pad(x, (1, 2, 3)).sum(), ValueError, "broadcast"),
        (lambda x: np.apply_along_axis(lambda row: {}["k"], 0, x), KeyError, "k"),
        (lambda x: np.piecewise(x, [x > 0], [lambda row: int("q")]), ValueError, "invalid literal"),
        (lambda x: x * np.add("a", 1), TypeError, "StrDType|loop"),
        (lambda x: np.exp(None) * x, TypeError, "NoneType"),
        (lambda x: np.zeros("a"), TypeError, "cannot be interpreted as an integer"),
        (lambda x: scipy.special.comb(3, "a") * x, TypeError, "^(?!.*does not take Values)"),
    ],
)
def test_other_errors_keep_their_words(function, error, message):
    with pytest.raises(error, match=message):
        grad(function)(np.ones(3))


def test_errors_of_the_function_itself_go_through():
    def function(x):
        raise BrokenError

    with pytest.raises(BrokenError):
        grad(function)(1.0)
