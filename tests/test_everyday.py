"""The operations with the names of builtins: these, unless there is something to differentiate."""

import builtins
import math
from collections import deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import Op, Value, check_gradient, data, grad, hessian, ops, values

STARRED = {}
exec("from autograd import *", STARRED)
NUMBERS = st.one_of(
    *(st.integers(), st.booleans(), st.floats(), st.fractions(), st.complex_numbers()),
    *(st.decimals(allow_nan=False), st.text(), st.floats().map(np.float64), st.none()),
)


class Once:
    """An iterable that is not a sequence."""

    def __init__(self, items):
        self._items = items

    def __iter__(self):
        return iter(self._items)


def outcome(call):
    """What a call returns, with its type, or the type of its error."""
    try:
        result = call()
    except Exception as error:
        return type(error)
    return type(result), repr(result)


def same(name, *arguments, **named):
    ours = outcome(lambda: STARRED[name](*arguments, **named))
    theirs = outcome(lambda: getattr(builtins, name)(*arguments, **named))
    # Where a builtin fails, rows of numbers may have a sum, and another error may say more.
    return ours == theirs or isinstance(theirs, type)


@given(st.lists(NUMBERS), NUMBERS)
@example([0.1] * 10, 0.0)
@example([1, 2], 0)
@example([[1], [2]], [])
@example([Decimal("0.1"), Fraction(1, 3)], 0)
def test_plain_arguments_give_what_the_builtins_give(numbers, number):
    for name in ("sum", "max", "min"):
        for kind in (list, tuple, deque, Once):
            assert same(name, kind(numbers))
    assert same("sum", numbers, number)
    assert same("sum", numbers, start=number)
    for name in ("max", "min"):
        assert same(name, numbers, default=number)
        assert same(name, numbers, key=str)
        assert same(name, number, number)
        assert same(name, *numbers, key=repr)
    assert same("abs", number)
    for digits in (None, 0, 2, -1):
        assert same("round", number, digits)
    assert same("round", number)


def test_after_an_import_of_everything():
    code = """
counted = [*range(sum([1, 2]))]
joined = sum([[1, 2], [3]], [])
longest = max("a bbb cc".split(), key=len)
none = min([], default=None)
whole, cents = round(2.5), round(2.675, 2)
size = abs(-3)
generated = sum(x * x for x in range(4))
table = max([(1, "b"), (1, "a")])
"""
    ours, theirs = dict(STARRED), {}
    exec(code, ours)
    exec(code, theirs)
    names = "counted joined longest none whole cents size generated table".split()
    assert [(type(ours[x]), ours[x]) for x in names] == [
        (type(theirs[x]), theirs[x]) for x in names
    ]
    assert all(isinstance(STARRED[name], Op) for name in "abs max min round sum".split())


def test_errors_are_the_builtins_or_say_more():
    for call, kind, message in [
        (lambda: autograd.max([]), ValueError, "empty"),
        (lambda: autograd.sum(3), TypeError, "sum takes a sequence or an array, not an int"),
        (lambda: autograd.sum(["a", "b"], ""), TypeError, "use ''.join"),
        (lambda: autograd.sum(["a"]), TypeError, "must be a real number, not the str 'a'"),
        (lambda: autograd.round("a"), TypeError, "must be a real number, not the str 'a'"),
        (lambda: autograd.sum([1], begin=2), TypeError, "begin"),
        (lambda: autograd.max(np.array([])), ValueError, "max of no operands is undefined"),
        (
            lambda: autograd.round(Value(1.5), 0.5),
            TypeError,
            "the number of digits must be a whole",
        ),
        (lambda: autograd.sum([Value(1.0), "a"]), TypeError, "must be a real number, not the str"),
    ]:
        with pytest.raises(kind, match=message):
            call()


# --- With Values ---------------------------------------------------------------------------------

X = values([1.0, -2.0, 4.0], "x")


def test_sum():
    x = list(X)
    for total in (
        autograd.sum(x),
        autograd.sum(X),
        autograd.sum(tuple(x)),
        autograd.sum(y for y in x),
        autograd.sum(dict.fromkeys(x)),
        autograd.sum(x, start=0),
        autograd.sum([x[:1], [x[1]], x[2:]]),
        autograd.sum(X.reshape(1, 3)),
    ):
        assert (total.op, total.operands, total.data) == (ops.sum, tuple(x), 3.0)
    for total in (autograd.sum(x, 10), autograd.sum(x, start=10.0)):
        assert (total.op, total.operands, total.data) == (ops.sum, (10.0, *x), 13.0)
    assert autograd.sum([1.0, 2.0], x[2]).data == 7.0
    assert autograd.sum([[x[0]], x[1:]], []) == x  # concatenated, as by the builtin


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes(name):
    function, x = STARRED[name], list(X)
    picked = getattr(builtins, name)(x)
    for y in (function(x), function(*x), function(X), function(iter(x)), function(x, key=None)):
        assert (y.op, y.operands, y.data) == (ops.TABLE[name], tuple(x), picked.data)
        assert y.partials == tuple(float(z is picked) for z in x)
    assert function(x[0], 3).operands == (x[0], 3.0)
    assert function(x, key=lambda y: y.data**2) is getattr(builtins, name)(
        x, key=lambda y: y.data**2
    )
    assert function([(x[0], 1), (x[1], 0)]) == getattr(builtins, name)([(x[0], 1), (x[1], 0)])
    assert function((x[0], 1), (x[1], 0)) == getattr(builtins, name)((x[0], 1), (x[1], 0))
    assert function([1, x[0]], [x[1]]) == getattr(builtins, name)([1, x[0]], [x[1]])
    assert function(np.array([]), default=3) == function([], default=3) == 3
    with pytest.raises(TypeError, match="default"):
        function(x[0], x[1], default=0)
    assert function([], default=x[0]) is x[0]
    assert function(x, default=0.0).data == picked.data


def test_ties_are_shared_equally():
    a, b, c = Value(2.0), Value(2.0), Value(1.0)
    assert autograd.max(a, b, c).partials == (0.5, 0.5, 0.0)
    assert autograd.min(a, b, c).partials == (0.0, 0.0, 1.0)
    assert autograd.min(a, b, 2, c + 1.0).partials == (0.25, 0.25, 0.0, 0.25)
    assert grad(lambda x: autograd.max(x, x, x))(2.0) == 1.0
    assert hessian(lambda x, y: autograd.max(x, y), (0, 1))(2.0, 2.0) == ((0.0, 0.0), (0.0, 0.0))
    for nan in (autograd.max(a, math.nan), autograd.min(math.nan, a, b)):
        assert math.isnan(nan.data)
        assert any(map(math.isnan, nan.partials))


def test_nothing_flows_into_what_is_not_picked():
    x = Value(0.0)
    with np.errstate(divide="ignore"):
        y = autograd.max(x.log(), x, -1.0)
    y.backward()
    assert x.grad == 1.0
    assert "max does not pick" in str(autograd.explain(autograd.max(x, 1.0), x))


def test_a_gradient_with_an_extreme_is_checked_on_every_side():
    def largest(x):
        return autograd.max(x) ** 2

    def by_hand(x):
        return 2.0 * x.max() * (x == x.max())

    assert check_gradient(largest, by_hand, [1.0, 3.0, 2.0]).passed
    report = check_gradient(largest, lambda x: 2.0 * x.max() * np.array([0, 1, 0]), [1.0, 3.0, 2.0])
    assert not report.passed


def test_round():
    x = Value(2.675)
    assert autograd.round(x).data == 3.0
    assert autograd.round(x).op is np.rint(x).op is ops.round
    assert data([autograd.round(Value(y)) for y in (0.5, 1.5, -0.5, -2.5)]).tolist() == [
        0,
        2,
        0,
        -2,
    ]
    for number, digits in [(2.675, -1), (2.675, 0), (2.675, 2), (1e300, 20), (1e-300, 310)]:
        x = Value(number)
        rounded = autograd.round(x, digits)
        assert rounded.data == builtins.round(number, digits) == np.round(x, digits).data
        assert rounded.operands == (x, float(digits))
        assert grad(lambda y, digits=digits: autograd.round(y, digits))(number) == 0.0
    assert autograd.round(Value(-87545.89433595215), -5).data == -100000.0
    assert autograd.expression(autograd.round(Value(1.5, "x"))) == "round(x)"
    assert data(np.round(values([1.25, -0.5]), 1)).tolist() == [1.2, -0.5]
    assert data(np.rint(values([1.25, -0.5]))).tolist() == [1.0, 0.0]
    assert autograd.round(np.array([0.5, 1.6])).tolist() == [0.0, 2.0]
    assert autograd.round(np.array([1.26, 2.5]), 1).dtype == np.float64
    for kind in (np.int64, np.float32, bool):
        assert autograd.abs(np.array([-1, 2], dtype=float).astype(kind)).dtype == np.float64


def test_the_builtins_of_a_value():
    x = Value(-2.5, "x")
    assert builtins.sum([x, x]).data == -5.0
    assert builtins.max(x, 1.0) == 1.0
    assert builtins.abs(x).op is autograd.abs(x).op is ops.abs
    for convert in (builtins.round, lambda x: builtins.round(x, 2), float, math.floor):
        with pytest.raises(TypeError, match=r"the Value 'x' to a plain number .* use \.data"):
            convert(x)
