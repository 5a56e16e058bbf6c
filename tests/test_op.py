"""Calling operations, and writing one's own."""

import math
import warnings
from decimal import Decimal

import numpy as np
import pytest

from autograd import (
    Op,
    Value,
    clip,
    dot,
    exp,
    leaky_relu,
    log,
    logsumexp,
    maximum,
    mean,
    prod,
    relu,
    sum,
    tanh,
    values,
    where,
)


def test_floats_in_floats_out():
    assert exp(0) == 1.0
    assert type(exp(2.0)) is float
    assert type(exp(np.float64(2.0))) is np.float64
    assert type(mean([1, 3])) is float
    assert dot([1, -2, 3], [-3, -1, 2]) == 5.0


def test_arrays_elementwise():
    assert tanh(np.array([0.0, 1.0])).tolist() == [0.0, math.tanh(1.0)]
    assert tanh(np.array([0.0, 1.0])).dtype == np.float64
    assert maximum(np.array([[1], [4]]), np.array([2, 5])).tolist() == [[2.0, 5.0], [4.0, 5.0]]
    assert relu(np.array(-1.0)) == 0.0
    assert exp(np.zeros((0, 3))).shape == (0, 3)
    x = values([-1.0, 0.0, 2.0])
    out = relu(x)
    assert [node.op.name for node in out] == ["relu"] * 3
    sum(out).backward()
    assert [node.grad for node in x] == [0.0, 0.0, 1.0]
    mixed = where(np.array([True, False]), Value(3.0), 5)
    assert [node.data for node in mixed] == [3.0, 5.0]
    assert maximum(Value(1.0), np.array([0.0, 2.0]))[1].data == 2.0


def test_default_and_named_operands():
    x = Value(-2.0)
    assert leaky_relu(x).operands == (x, 0.01)
    assert leaky_relu(x, slope=0.5).data == -1.0
    assert leaky_relu(-2.0, 0.5) == -1.0
    assert clip(5.0, lower=0.0, upper=1.0) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: relu(), r"relu is called as relu\(x\); given: 0 by position"),
        (lambda: relu(1.0, 2.0), r"relu is called as relu\(x\); given: 2 by position"),
        (lambda: exp(), r"exp is called as exp\(x\)"),
        (lambda: math.fsum([maximum(1.0)]), r"called as maximum\(x, y\); given: 1"),
        (lambda: leaky_relu(1.0, negative_slope=0.1), "given: 1 by position, negative_slope"),
    ],
)
def test_wrong_number_of_operands(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: relu("3"), TypeError, "an operand of relu must be a real number, not the str '3'"),
        (lambda: relu(None), TypeError, "an operand of relu .* not None"),
        (lambda: relu([1.0]), TypeError, "an operand of relu .* autograd.values"),
        (lambda: maximum(Value(1.0), "3"), TypeError, "an operand of maximum .* convert it"),
        (lambda: exp(1j), TypeError, "an operand of exp .* real and imaginary"),
        (lambda: Value(1.0).leaky_relu("a"), TypeError, "an operand of leaky_relu"),
        (lambda: relu(np.array(["a"])), TypeError, "an operand of relu"),
        (lambda: sum(3.0), TypeError, "sum takes a sequence or an array, not a float"),
        (lambda: sum("abc"), TypeError, "sum takes a sequence or an array, not a str"),
        (lambda: sum([1.0, "a"]), TypeError, "an operand of sum"),
        (lambda: mean([]), ValueError, "mean of no operands is undefined"),
        (lambda: logsumexp([]), ValueError, "logsumexp of no operands is undefined"),
        (lambda: dot([1, 2, 3], [1, 2]), ValueError, "not of lengths 3 and 2"),
        (lambda: dot(values([1]), np.ones(4)), ValueError, "not of lengths 1 and 4"),
        (lambda: dot(np.ones((2, 3)), np.ones(3)), ValueError, r"an array of shape \(2, 3\)"),
        (lambda: dot([[1, 2], [3, 4]], [1, 2]), TypeError, "an operand of dot .* list"),
        (lambda: dot(2.0, [1.0]), TypeError, "dot takes a sequence or an array, not a float"),
        (
            lambda: dot(Value(2.0), [1.0]),
            TypeError,
            "dot takes a sequence or an array, not a Value",
        ),
        (lambda: dot({1.0, 2.0}, [1.0, 2.0]), TypeError, "not a set: it has no order"),
        (lambda: mean(1, 2), TypeError, r"mean is called as mean\(operands\); given: 2 by"),
        (lambda: mean([1], axis=0), TypeError, r"mean\(operands\); given: 1 by position, axis"),
        (lambda: sum(1, 2), TypeError, "'int' object is not iterable"),
        (lambda: dot([1, 2]), TypeError, r"dot is called as dot\(a, b\); given: 1 by position"),
        (lambda: exp(Decimal(1)), TypeError, "an operand of exp .* convert it with float"),
    ],
)
def test_bad_operands(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_reductions_take_what_holds_numbers():
    x, y = Value(1.0), Value(2.0)
    for items in ([x, y], (x, y), np.array([x, y]), np.array([[x], [y]]), [[x], [y]],
                  (v for v in (x, y)), {x: 1, y: 2}):  # fmt: skip
        assert sum(items).operands == (x, y)
    assert sum([]) == 0.0
    assert prod([]) == 1.0
    assert dot([], []) == 0.0
    assert mean([x, 5]).data == 3.0


# --- Operations of one's own ------------------------------------------------------------------


def test_an_operation_of_ones_own():
    softsign = Op(
        "softsign",
        lambda x: x / (1 + abs(x)),
        [lambda out, x: (1 - abs(out)) * (1 - abs(out))],
        kinks=[lambda x: x],
    )
    assert softsign(1.0) == 0.5
    assert softsign(np.array([1.0, -1.0])).tolist() == [0.5, -0.5]
    x = Value(1.0)
    out = 3 * softsign(x)
    out.backward()
    assert x.grad == 0.75
    assert out.derivative(x).derivative(x).data == -0.75
    x.data = 3.0
    assert out.forward() == 2.25
    assert softsign.write(softsign.text, ["x"]) == "softsign(x)"
    assert softsign.write(softsign.latex, ["x"]) == r"\operatorname{softsign}\left(x\right)"


def test_partials_with_math_serve_the_first_derivative_and_refuse_the_second():
    loud = Op("loud", math.exp, [lambda out, x: math.exp(x)])
    x = Value(0.0, name="x")
    out = loud(x)
    out.backward()
    assert x.grad == 1.0
    with pytest.raises(TypeError, match=r"'x'.*autograd\.exp"):
        out.derivative(x)


def test_partials_that_divide_by_zero_follow_ieee():
    reciprocal = Op("reciprocal", lambda x: 0.0 if x == 0 else 1 / x, [lambda out, x: -1 / (x * x)])
    x = Value(0.0)
    reciprocal(x).backward()
    assert x.grad == -math.inf


def test_partials_may_compute_with_truth_values():
    modulus = Op("modulus", abs, [lambda out, x: (x > 0) - (x < 0)])
    for point in (-3.0, math.inf, -math.inf):
        x = Value(point)
        modulus(x).backward()
        assert x.grad == math.copysign(1.0, point)


def test_an_operation_on_any_number_of_operands():
    norm = Op(
        "norm1",
        lambda *x: math.fsum(map(abs, x)),
        lambda out, *x: [(v > 0) - (v < 0) for v in x],
    )
    x, y = Value(2.0), Value(-3.0)
    out = norm(x, y, 4.0)
    out.backward()
    assert (out.data, x.grad, y.grad) == (9.0, 1.0, -1.0)
    assert out.partials == (1.0, -1.0, 0.0)
    assert out.derivative(y).data == -1.0


def test_a_selecting_operation_of_ones_own_cuts_the_path():
    gate = Op(
        "gate",
        lambda x, open: x if open > 0 else 0.0,
        [lambda out, x, open: float(open > 0), lambda out, x, open: 0.0],
        selects=True,
    )
    x = Value(0.0)
    with np.errstate(all="ignore"):
        out = gate(log(x), -1.0)
    out.backward()
    assert x.grad == 0.0
    assert out.derivative(x).data == 0.0


@pytest.mark.parametrize(
    ("op", "error", "message"),
    [
        (Op("f", lambda x: None, [lambda out, x: 1.0]), TypeError, "the value of f .* not None"),
        (Op("f", lambda x: 1j, [lambda out, x: 1.0]), TypeError, "the value of f must be a real"),
        (Op("f", lambda x: x, [lambda out, x: None]), TypeError, "a partial of f .* not None"),
        (Op("f", lambda x: x, [lambda out, x: "1"]), TypeError, "a partial of f must be a real"),
        (Op("f", lambda x: x, lambda out, x: [1.0, 2.0]), ValueError, "2 partials of f for 1"),
        (
            Op("f", lambda x: x, lambda out, x: 1.0),
            TypeError,
            r"sequence; that of f .* \[function\]",
        ),
        (Op("f", math.log, [lambda out, x: 1 / x]), ValueError, "math domain error|positive"),
    ],
)
def test_mistakes_in_an_operation_of_ones_own(op, error, message):
    with pytest.raises(error, match=message):
        op(Value(-1.0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Op(3, math.exp, [math.exp]), "the name of an Op must be a string"),
        (lambda: Op("f", math.exp, ["x"]), "the partials of f must be functions"),
        (
            lambda: Op("f", lambda x, y: x, [lambda out, x: 1.0])(Value(1.0), 2.0),
            "f has 1 partials",
        ),
        (lambda: Op("f", lambda x: x, [lambda out, x: 1.0] * 2)(Value(1.0)), "2 partials, but 1"),
        (lambda: Op("f", lambda x, k=2: x, [lambda out, x: 1.0])(Value(1.0), 2.0), "1 partials"),
    ],
)
def test_partials_that_do_not_fit(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_partials_of_ones_own_do_not_warn():
    xlogx = Op(
        "xlogx", lambda x: x * math.log(x) if x else 0.0, [lambda out, x: 1.0 + log(x)]
    )  # fmt: skip
    x = Value(0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xlogx(x).backward()
    assert x.grad == -math.inf


def test_a_partial_that_captures_a_value_is_refused():
    k = Value(2.0)
    scale = Op("scale", lambda x: 2.0 * x, [lambda out, x: 2.0 * k])
    with pytest.raises(TypeError, match="a partial of scale must be a real number, not a Value"):
        scale(Value(1.0))


def test_forward_may_return_any_real_number():
    for result in (3, np.float64(3), np.int64(3), True):
        op = Op("constant", lambda x, result=result: result, [lambda out, x: 0])
        assert type(op(Value(1.0)).data) is float
        assert type(op(1.0)) is float
