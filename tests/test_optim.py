"""Optimisers: the steps of PyTorch's, written down with NumPy."""

import math

import numpy as np
import pytest

from autograd import Value, dot, values
from autograd.optim import adam, sgd

START = [3.0, -2.0]


class Model:
    def parameters(self):
        return [Value(1.0)]


def loss_of(x):
    return (x[0] - 1.0) ** 2 + 10.0 * (x[1] + x[0] * 0.5) ** 2


def slope_at(x):
    inner = 20.0 * (x[1] + x[0] * 0.5)
    return np.array([2.0 * (x[0] - 1.0) + 0.5 * inner, inner])


def trained(optimizer, x, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(x).backward()
        optimizer.step()
    return [v.data for v in x]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_gradient_descent(momentum):
    x, expected, velocity = values(START), np.array(START), np.zeros(2)
    found = trained(sgd(x, lr=0.01, momentum=momentum), x, 30)
    for _ in range(30):
        velocity = momentum * velocity + slope_at(expected)
        expected = expected - 0.01 * velocity
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"lr": 0.1}, {"betas": (0.8, 0.95), "eps": 1e-4}])
def test_adam(options):
    x, expected = values(START), np.array(START)
    found = trained(adam(x, **options), x, 30)
    rate, eps = options.get("lr", 0.001), options.get("eps", 1e-8)
    one, two = options.get("betas", (0.9, 0.999))
    mean = square = np.zeros(2)
    for step in range(1, 31):
        slope = slope_at(expected)
        mean = one * mean + (1.0 - one) * slope
        square = two * square + (1.0 - two) * slope**2
        corrected = mean / (1.0 - one**step), square / (1.0 - two**step)
        expected = expected - rate * corrected[0] / (np.sqrt(corrected[1]) + eps)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_adam_finds_the_minimum():
    x = values(START)
    assert trained(adam(x, lr=0.05), x, 2000) == pytest.approx([1.0, -0.5], abs=1e-6)


def test_parameters_come_in_any_structure_and_count_once():
    a, b = Value(1.0), Value(2.0)
    w = values([[3.0, 4.0]])
    assert [*map(id, sgd({"a": [a, a], "w": w}, 0.1).parameters)] == [*map(id, [a, *w.flat])]
    assert [*map(id, sgd((x for x in (a, b, b)), 0.1).parameters)] == [id(a), id(b)]
    assert sgd(a, 0.1).parameters == [a]


def test_the_rate_may_change_and_zero_grad_sets_gradients_to_0():
    a = Value(1.0)
    optimizer = sgd([a], lr=1.0)
    a.grad = 2.0
    optimizer.lr = 0.25
    optimizer.step()
    assert a.data == 0.5
    optimizer.zero_grad()
    assert a.grad == 0.0
    optimizer.step()
    assert a.data == 0.5


def test_a_step_that_is_refused_does_not_count():
    x = Value(1.0)
    optimizer = adam([x], lr=0.1)
    x.grad = 2.0
    optimizer.lr = -1.0
    with pytest.raises(ValueError, match="learning rate"):
        optimizer.step()
    optimizer.lr = 0.1
    optimizer.step()
    assert x.data == pytest.approx(0.9)


def test_values_of_a_dict():
    a, b = Value(1.0), Value(2.0)
    assert [*map(id, sgd({"a": a, "b": b}.values(), 0.1).parameters)] == [id(a), id(b)]


def test_a_neuron_learns():
    w, b = values([-3.0, -1.0, 2.0]), Value(1.0)
    optimizer = sgd([w, b], lr=0.001)
    losses = []
    for _ in range(20):
        loss = (dot([1.0, -2.0, 3.0], w) + b).relu() ** 2
        losses.append(loss.data)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[:2] == [36.0, 33.872400000000006]
    assert losses[-1] == 11.314318574097975


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda a: sgd([1.0], 0.1), TypeError, "a parameter must be a Value, not a float"),
        (lambda a: sgd(["a"], 0.1), TypeError, r"parameter\[0\] must be a real number"),
        (lambda a: sgd([a * 2.0], 0.1), ValueError, "not one computed by multiply"),
        (lambda a: sgd([], 0.1), ValueError, "there are no parameters"),
        (lambda a: sgd([a], -0.1), ValueError, "the learning rate must be at least 0, not -0.1"),
        (lambda a: sgd([a], "0.1"), TypeError, "the learning rate must be a real number"),
        (lambda a: sgd([a], math.nan), ValueError, "the learning rate must be at least 0, not nan"),
        (lambda a: sgd([a], 0.1, -1.0), ValueError, "the momentum must be at least 0"),
        (lambda a: adam([a], betas=(0.9, 1.0)), ValueError, "betas must be two numbers"),
        (lambda a: adam([a], betas=(0.9,)), ValueError, "betas must be two numbers"),
        (lambda a: adam([a], betas=0.9), TypeError, "betas must be two numbers, not a float"),
        (
            lambda a: sgd(Model(), 0.1),
            TypeError,
            r"give the parameters, model.parameters\(\), not a M",
        ),
        (lambda a: sgd(Model().parameters, 0.1), TypeError, r"model.parameters\(\), not a method"),
        (lambda a: adam([a], eps=-1.0), ValueError, "eps must be at least 0"),
    ],
)
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make(Value(1.0)).step()
