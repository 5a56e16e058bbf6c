"""The running example against the hand-derived formulas."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd import Value, data, dot, grads, maximum, relu, values
from autograd.neuron import Neuron, by_hand, train

LOSSES = [
    36.0, 33.872400000000006, 31.870541159999995, 29.98699217744401, 28.21476093975706,
    26.54726856821742, 24.978324995835766, 23.50210598858187, 22.113131524656684,
    20.80624545154948, 19.576596345362915, 18.419619501351963, 17.331019988822057,
    16.306756707482677, 15.34302738607045, 14.436254467553686, 13.58307182852126,
    12.780312283455652, 12.024995827503426, 11.314318574097975,
]  # fmt: skip


def test_training_digit_for_digit():
    steps = list(train(Neuron(), 20, 0.001))
    assert [step.loss for step in steps] == LOSSES
    assert {step.difference for step in steps} == {0.0}
    assert str(steps[-1].weights) == "[-3.18248226 -0.63503547  1.45255321]"
    assert steps[-1].bias == 0.8175177371706989


def test_the_program_by_hand():
    """The notebook cell, in NumPy alone, whose dot product rounds as the machine's BLAS does."""
    weights, bias, inputs, target = np.array([-3.0, -1.0, 2.0]), 1.0, np.array([1.0, -2.0, 3.0]), 0
    losses = []
    for _ in range(20):
        output = np.dot(inputs, weights) + bias
        relu_output = np.maximum(0, output)
        losses.append((relu_output - target) ** 2)
        dloss_doutput = 2 * (relu_output - target) * (1.0 if output > 0 else 0.0)
        weights = weights - 0.001 * (dloss_doutput * inputs)
        bias = bias - 0.001 * dloss_doutput
    assert losses == pytest.approx(LOSSES, rel=1e-14, abs=0.0)
    assert bias == pytest.approx(0.8175177371706989, rel=1e-14, abs=0.0)


def test_the_notebook_with_values_in_the_arrays():
    weights = values([-3.0, -1.0, 2.0], "w")
    inputs = values([1.0, -2.0, 3.0], "x")
    bias, target = Value(1.0, "b"), 0.0
    output = np.dot(inputs, weights) + bias
    relu_output = np.maximum(0, output)
    loss = (relu_output - target) ** 2
    loss.backward()
    assert loss.data == 36.0
    assert grads(weights).tolist() == [12.0, -24.0, 36.0]
    assert grads(inputs).tolist() == [-36.0, -12.0, 24.0]
    assert bias.grad == 12.0
    assert relu_output.op.name == "maximum"


def test_the_graph_has_the_steps_that_a_person_derives():
    x, w, b = values([1, -2, 3]), values([-3, -1, 2]), Value(1.0)
    loss = (relu(dot(x, w) + b) - 0.0) ** 2
    names = []
    node = loss
    while node.op:
        names.append(node.op.name)
        node = node.operands[0]
    assert names == ["power", "subtract", "relu", "add", "dot"]


NUMBERS = st.floats(-1e100, 1e100)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=50)


@given(PAIRS, NUMBERS, NUMBERS)
@example([(1.0, -3.0), (-2.0, -1.0), (3.0, 2.0)], 1.0, 0.0)
@example([(1.0, -1.0)], 1.0, 0.0)  # the output is exactly 0
@example([(0.0, 0.0)], -0.0, -0.0)
def test_gradients_equal_the_hand_derived_formulas_to_the_last_bit(pairs, bias, target):
    x, w = (np.array(column) for column in zip(*pairs, strict=True))
    inputs, weights, b, t = values(x), values(w), Value(bias), Value(target)
    with np.errstate(all="ignore"):
        product = dot(inputs, weights)
        output = product + b
        relu_output = relu(output)
        error = relu_output - t
        loss = error**2
        loss.backward()
        by_hand_product = float(sum(Fraction(a) * Fraction(b) for a, b in pairs))
        by_hand_output = by_hand_product + bias
        by_hand_relu = max(by_hand_output, 0.0)
        by_hand_loss = (by_hand_relu - target) * (by_hand_relu - target)
    assert (product.data, output.data) == (by_hand_product, by_hand_output)
    assert relu_output.data == by_hand_relu
    assert loss.data == by_hand_loss

    dloss_drelu = 2 * (by_hand_relu - target)
    drelu_doutput = 1.0 if by_hand_output > 0 else 0.0
    dloss_doutput = dloss_drelu * drelu_doutput
    assert loss.grad == 1.0
    assert (error.grad, relu_output.grad, t.grad) == (dloss_drelu, dloss_drelu, -dloss_drelu)
    assert output.grad == product.grad == b.grad == dloss_doutput
    assert grads(weights).tolist() == (dloss_doutput * x).tolist()
    assert grads(inputs).tolist() == (dloss_doutput * w).tolist()
    with np.errstate(over="ignore"):
        by_numpy = by_hand(output.data, x, target)
    assert grads(weights).tolist() == by_numpy[0].tolist()
    assert b.grad == by_numpy[1]


@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=50),
    st.floats(-1e3, 1e3),
    st.floats(-1e3, 1e3),
)
def test_the_unfused_neuron_is_within_rounding(pairs, bias, target):
    """Chopped into products and sums, max(0, z) and a product of the error with itself.

    A sum of n + 1 terms is off by at most (n + 1) u times the sum of their absolute values, u =
    2**-53 (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2), each product by u
    of itself; both this and the fused neuron are, and the gradient doubles that and is itself
    rounded in a few products.
    """
    x, w = (np.array(column) for column in zip(*pairs, strict=True))
    weights, b = values(w), Value(bias)
    output = b
    for weight, number in zip(weights, x.tolist(), strict=True):
        output = output + weight * number
    size = abs(bias) + math.fsum(abs(x * w))
    error = (len(pairs) + 2) * 2.0**-53 * size
    difference = maximum(0.0, output) - target
    (difference * difference).backward()
    z = math.fsum([bias, *(x * w)])
    if abs(z) <= 2 * error:
        return  # which side of the kink it is on is a matter of rounding
    dloss_dz = 2 * (max(z, 0.0) - target) * (z > 0)
    bound = 4 * error + 4 * 2.0**-53 * abs(dloss_dz) + 2.0**-1070
    assert abs(b.grad - dloss_dz) <= bound
    assert (np.abs(grads(weights) - dloss_dz * x) <= bound * np.abs(x) + 2.0**-1070).all()


@given(PAIRS, NUMBERS, NUMBERS, st.integers(0, 49), st.integers(0, 49))
def test_second_derivatives_equal_the_hand_derived_formula(pairs, bias, target, i, j):
    """d²loss / dw_i dw_j = 2 · 1[z > 0] · x_i x_j."""
    x, w = (np.array(column) for column in zip(*pairs, strict=True))
    i, j = i % len(pairs), j % len(pairs)
    weights = values(w)
    with np.errstate(all="ignore"):
        output = dot(x, weights) + bias
        second = ((relu(output) - target) ** 2).derivative(weights[i]).derivative(weights[j])
        expected = 2.0 * (output.data > 0) * x[i] * x[j]
    assert second.data == pytest.approx(expected, rel=1e-15, abs=5e-324)


def test_training_by_forward_alone():
    """Recording once and computing anew takes the same steps."""
    inputs, w, b = np.array([1.0, -2.0, 3.0]), values([-3, -1, 2]), Value(1.0)
    loss = (relu(dot(inputs, w) + b) - 0.0) ** 2
    losses = []
    for _ in range(20):
        losses.append(loss.forward())
        loss.zero_grad()
        loss.backward()
        for parameter in (*w, b):
            parameter.data -= 0.001 * parameter.grad
    assert losses == LOSSES
    assert data(w).tolist() == pytest.approx([-3.18248226, -0.63503547, 1.45255321])
