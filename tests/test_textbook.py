"""Derivatives as a textbook prints them: the same functions, and no longer than SymPy's."""

import itertools
import math
import time

import numpy as np
import pytest
import sympy
from graphs import graphs, leaves_of
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import (
    Op,
    Value,
    dot,
    exp,
    expression,
    hypot,
    latex,
    log,
    ops,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    to_sympy,
    topological_order,
)
from autograd.expression.textbook import textbook_derivative
from autograd.graph import arguments
from autograd.notation.names import symbol

PUBLIC = tuple(op for op in ops.TABLE.values() if op.public or op.operator)
SMOOTH = tuple(op for op in PUBLIC if not op.selects)
POINTS = st.floats(0.2, 3.0) | st.floats(-3.0, -0.2)


def named(names, start=0.3):
    return [Value(start + 0.21 * place, name) for place, name in enumerate(names.split())]


def written(value, wrt):
    result = textbook_derivative(value, wrt)
    return expression(result).replace("\n", "; ") if isinstance(result, Value) else result


def ordinary(value):
    """Whether no node is at a kink or nearly, and none is too large to be told from its error.

    The textbook's derivatives of `hypot` and `sinc` at the origin and of a power of 0 are 0 divided
    by 0 and 0 times infinity.
    """
    for node in topological_order(value):
        if node.op is not None:
            numbers = arguments(node)
            if node.op in (ops.hypot, ops.sinc, ops.power) and 0.0 in (node.data, numbers[0]):
                return False
            small = all(abs(x) < 1e4 for x in (node.data, *node.partials))  # and not nan
            if not small or any(
                abs(kink(*numbers)) < 1e-6 for kink in node.op.kinks_of(len(numbers))
            ):
                return False
            if not all(map(math.isfinite, numbers)):
                return False
    return True


def scale(value):
    """The sum of all that flows to the nodes, without any cancelling."""
    order = topological_order(value)
    flows = dict.fromkeys(order, 0.0) | {value: 1.0}
    for node in reversed(order):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if isinstance(operand, Value):
                flows[operand] += flows[node] * abs(partial)
    return 1.0 + max(flows.values())


def number(result):
    return result.data if isinstance(result, Value) else result


# --- The same function --------------------------------------------------------------------------


@given(graphs(PUBLIC, leaves_of(POINTS), (2.0, 3.0, 0.5, -1.5)), st.data())
def test_equals_the_automatic_derivative(value, data):
    with np.errstate(all="ignore"):
        assume(ordinary(value))
        leaves = [node for node in topological_order(value) if node.op is None]
        wrt = data.draw(st.sampled_from(topological_order(value)))
        taught, automatic = textbook_derivative(value, wrt), value.derivative(wrt)
        for fresh in (False, True):
            if fresh:
                for leaf in leaves:
                    leaf.data = data.draw(POINTS)
                for graph in (value, automatic, taught):
                    if isinstance(graph, Value):
                        graph.forward()
            if ordinary(value) and math.isfinite(automatic.data):
                assert abs(number(taught) - automatic.data) <= 1e-9 * scale(value)


@given(graphs(PUBLIC, leaves_of(POINTS)), st.data())
def test_no_helpers_in_the_result(value, data):
    with np.errstate(all="ignore"):
        assume(all(node.data == node.data for node in topological_order(value)))
        wrt = data.draw(st.sampled_from(topological_order(value)))
        result = textbook_derivative(value, wrt)
    if isinstance(result, Value):
        given = set(topological_order(value))
        assert {node.op for node in topological_order(result) if node.op} <= set(PUBLIC)
        leaves = {node for node in topological_order(result) if node.op is None}
        assert leaves <= given


@given(graphs(PUBLIC), st.data())
def test_never_fails(value, data):
    """Whatever the numbers are: infinite, nan, at kinks, out of the domain."""
    wrt = data.draw(st.sampled_from(topological_order(value)))
    result = textbook_derivative(value, wrt)
    assert isinstance(result, (Value, float))


# --- As in a textbook ---------------------------------------------------------------------------

X, Y, A, B = named("x y a b")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (X * X, "2 * x"),
        (X * X * X, "3 * x ** 2"),
        (3 * X**2 / 2 * X / 4.5, "x ** 2"),
        (X**3 + 2 * X**2 + 5 * X + 1, "3 * x ** 2 + 4 * x + 5"),
        (0.1 * X**3, "0.3 * x ** 2"),
        (X / 3 * X, "2 * x / 3"),
        (X * (X + 1), "2 * x + 1"),
        ((X + 1) ** 2, "2 * (x + 1)"),
        ((X * Y) ** 2, "2 * x * y ** 2"),
        (Y - X**2, "-2 * x"),
        (A / X / Y, "-a / (x ** 2 * y)"),
        (1 / (A / X), "1 / a"),
        (X**0.5, "1 / (2 * sqrt(x))"),
        (sqrt(X) * X, "1.5 * sqrt(x)"),
        (X**-1, "-1 / x ** 2"),
        (X**Y, "y * x ** (y - 1)"),
        (X ** (Y + 1), "(y + 1) * x ** y"),
        (Y**X, "y ** x * log(y)"),
        (sigmoid(X), "sigmoid(x) * (1 - sigmoid(x))"),
        (tanh(X), "1 - tanh(x) ** 2"),
        (autograd.asin(X), "1 / sqrt(1 - x ** 2)"),
        (autograd.atan2(Y, X), "-y / (y ** 2 + x ** 2)"),
        (autograd.erf(X).derivative(X), "-2.256758334191025 * x * exp(-x ** 2)"),
        (relu(X) ** 2, "2 * relu(x) * (x > 0)"),
        (abs(X - Y), "sign(x - y)"),
        (X**2 * exp(-X) / 2, "x * exp(-x) * (2 - x) / 2"),
        (autograd.mean([X, X**2, 3 * X]), "2 * (x + 2) / 3"),
        (X * log(X) - X, "log(x)"),
        (sin(X) ** 2, "2 * sin(x) * cos(x)"),
        (A * sin(X) + A * tanh(X), "a * (cos(x) + 1 - tanh(x) ** 2)"),
    ],
)
def test_text(value, text):
    assert written(value, X) == text


MU, SIGMA, T, C, D, E = named("mu sigma t c d e")
XS, WS = named("x0 x1 x2"), named("w0 w1 w2")
TEN = {
    "normal density": (
        exp(-((X - MU) ** 2) / (2 * SIGMA**2)) / (SIGMA * math.sqrt(2 * math.pi)), X),
    "logistic loss": (log(1 + exp(-Y * X)), X),
    "softmax": (exp(A) / (exp(A) + exp(B) + exp(C)), A),
    "neuron": ((relu(dot(XS, WS) + B) - T) ** 2, WS[1]),
    "tanh network": (A * tanh(X * B + C) + MU * tanh(SIGMA * X + Y) + T, X),
    "polynomial": (X**4 - 3 * X**3 + 2 * X**2 + 5 * X + 1, X),
    "quotient": ((X**2 + 1) / (X - A), X),
    "x ** x": (X**X, X),
    "hypot": (hypot(X, Y), X),
    "log-sum-exp": (log(exp(A) + exp(B) + exp(C)), A),
}  # fmt: skip


@pytest.mark.parametrize("case", TEN)
def test_beside_sympy(case):
    value, wrt = TEN[case]
    taught = textbook_derivative(value, wrt)
    formula = to_sympy(value)
    derived = sympy.diff(formula, sympy.Symbol(wrt.name, real=True))
    difference = to_sympy(taught) - derived
    symbols = sorted(difference.free_symbols | derived.free_symbols, key=str)
    random = np.random.default_rng(0)
    for _ in range(20):
        point = {x: sympy.Rational(int(random.integers(10, 300)), 97) for x in symbols}
        exact = derived.subs(point).evalf(50)
        assert abs(difference.subs(point).evalf(50)) <= 1e-14 * max(1, abs(exact))
    value.name = "f"
    *steps, last = expression(value, wrt=wrt).split("\n")
    left, _, right = last.partition(" = ")
    assert left == f"df/d{wrt.name}"
    assert len("\n".join([*steps, right])) <= 1.5 * len(str(derived))
    several = len([node for node in topological_order(value) if node.op is None]) > 1
    d = r"\partial " if several else "d"
    formula, left = latex(value, wrt=wrt), rf"\frac{{{d}f}}{{{d}{symbol(wrt.name)}}}"
    assert formula.count(left) == 1
    assert len(formula.replace(left, "")) <= 1.5 * len(sympy.latex(derived))


def test_equal_operands_of_a_selection_have_the_whole_derivative_together():
    x, y = named("x y")
    for value in (autograd.maximum(x, x), autograd.minimum(2 * x, x + x) / 2):
        assert textbook_derivative(value, x) == 1.0
    value = autograd.minimum(x * y, y * x)
    assert value.derivative(x).data == textbook_derivative(value, x).data


def test_nothing_is_divided_by_a_zero_that_was_found():
    x, y = named("x y")
    for zero in (x - x, x * 0, x * y - y * x):
        with np.errstate(all="ignore"):
            value = log(sqrt(zero))
        assert isinstance(expression(value, wrt=x), str)


def test_derivatives_of_derivatives_have_no_gates():
    x, y = named("x y")
    slope = (relu(x) ** 2).derivative(x)
    assert expression(slope) == "2 * relu(x) * (x > 0)"
    assert expression(slope, wrt=x) == "dy/dx = 2 * (x > 0)"
    assert "where" not in expression(slope.derivative(x)) + latex(slope.derivative(x))
    assert "where" not in expression(autograd.maximum(x * y, y**2).derivative(x))
    indicator = relu(x).derivative(x)
    assert expression(autograd.where(indicator, y, 0.0)) == "where((x > 0), y, 0)"  # not a gate
    user = autograd.where(x, y, 0.0)
    assert expression(user * 2) == "where(x, y, 0) * 2"
    assert latex(user) == (r"\begin{cases} y & x \neq 0 \\ 0 & \text{otherwise} \end{cases}")


def test_the_left_side_speaks_as_the_right_side_does():
    a, b = Value(1.5), Value(2.0)
    assert expression(a + b**2) == "x0 + x1 ** 2"
    assert expression(a + b**2, wrt=b) == "dy/dx1 = 2 * x1"
    assert latex(a + b**2, wrt=b) == r"\frac{\partial y}{\partial x_{1}} = 2 x_{1}"
    one, other = Value(1.0, "t"), Value(2.0, "t")
    assert expression(one * other**2, wrt=one) == "dy/dt = t1 ** 2"
    e, sigma = Value(0.3, "e"), Value(0.2, "sigma")
    assert latex(exp(e) * e, wrt=e) == (
        r"\frac{dy}{de_{1}} = e^{e_{1}} \cdot \left(e_{1} + 1\right)"
    )
    assert latex(sigmoid(sigma) * 2) == r"\sigma\left(\sigma_{1}\right) \cdot 2"
    z = (a * b + 1).named("z")
    assert expression(z**2 * a, wrt=z) == "z = x0 * x1 + 1\ndy/dz = 2 * x0 * z"
    assert expression((a * b + 1) ** 2, wrt=a) == "dy/dx0 = 2 * x1 * (x0 * x1 + 1)"
    # A step with the number of the variable is not the variable.
    x, mean = Value(0.5, "x"), Value(0.0, "mean")
    assert expression((x - mean) ** 2, wrt=x) == "dy/dx = 2 * (x - mean)"
    step = sin(a) + 0.5
    assert expression(step * Value(step.data), wrt=step) == "dy/d(sin(x0) + 0.5) = x1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (autograd.clip(X, 0, 1), "(x > 0) * (x < 1)"),
        (autograd.atan(X), "1 / (1 + x ** 2)"),
        (X**3 / (1 + X), "x ** 2 * (3 + 2 * x) / (1 + x) ** 2"),
        (X / (1 + X**2), "(1 - x ** 2) / (1 + x ** 2) ** 2"),
    ],
)
def test_more_text(value, text):
    assert written(value, X) == text


# --- Awkward ones -------------------------------------------------------------------------------


def test_constant_results():
    x, y = named("x y")
    assert textbook_derivative(x, x) == 1.0
    assert textbook_derivative(x, y) == 0.0
    assert textbook_derivative(x * 3 - y, x) == 3.0
    assert textbook_derivative(x - x, x) == 0.0
    assert textbook_derivative(autograd.stop_gradient(x) * 2, x) == 0.0
    assert textbook_derivative(2 * x * (3 * y), x) is not None
    assert all(type(textbook_derivative(z, x)) is float for z in (x, y, x + 0.5, 6 * x / 4))


def test_a_step_on_the_way_is_a_variable_of_its_own():
    x, y = named("x y")
    z = x * y
    result = textbook_derivative(z * z * sin(z), z)
    assert expression(textbook_derivative(z**2, z)) == "2 * (x * y)"
    assert z in topological_order(result)
    assert textbook_derivative(z**2, z).operands[1] is z


def test_values_with_names_stay():
    x, w = named("x w")
    z = (x * w).named("z")
    result = textbook_derivative(z * z, x)
    assert z in topological_order(result)
    shared = exp(z)
    assert shared in topological_order(textbook_derivative(shared**2, x))


def test_large_exponents_and_coefficients():
    x = Value(1.0, "x")
    assert written(x**1e17, x) == "1e17 * x ** 1e17 / x"
    assert written((x**1e200) ** 2, x).startswith("2e200 * x ** ")
    x.data = 1e-200
    result = textbook_derivative(1e200 * (1e200 * x**2) * 1e-250, x)
    assert "inf" not in expression(result)
    assert "inf" not in expression(textbook_derivative(1e200 * (x * (1e200 * x)), x))
    assert written((1e200 * x) ** 2, x).count("inf") == 0
    tiny = textbook_derivative(1e-200 * (x * (1e-200 * x)), x)
    assert isinstance(tiny, Value)


@pytest.mark.parametrize("constant", [math.inf, -math.inf, math.nan])
def test_constants_that_are_not_finite_stay(constant):
    x = Value(2.0, "x")
    with np.errstate(all="ignore"):
        value = x * x * constant
        assert repr(constant) in written(value, x)
        result = textbook_derivative(x * constant, x)
    assert isinstance(result, float)
    assert repr(result) == repr(constant)


def test_roots_of_squares_are_not_cancelled():
    x = Value(-2.0, "x")
    result = textbook_derivative(sqrt(x**2), x)
    assert result.data == -1.0
    y = Value(-3.0, "y")
    assert textbook_derivative(sqrt(x * y), x).data == pytest.approx(-3 / (2 * math.sqrt(6)))


def test_custom_operations():
    cube = Op("cube", lambda x: x**3, [lambda out, x: 3 * x * x])
    numeric = Op("numeric", lambda x: x**3, [lambda out, x: 3 * math.pow(x, 2)])
    broken = Op("broken", lambda x: x, lambda out, *x: [1.0 if type(out) is float else 1 / 0])
    x, y = Value(2.0, "x"), Value(5.0, "y")
    assert written(cube(x), x) == "3 * x ** 2"
    assert written(y * numeric(x), x) == "12 * y"
    assert textbook_derivative(broken(x), x) == 1.0


def test_second_derivatives():
    x = Value(0.5, "x")
    once = textbook_derivative(exp(-(x**2)), x)
    assert written(once, x) == "exp(-x ** 2) * (4 * x ** 2 - 2)"


@pytest.mark.parametrize("arguments", [(X, 1.0), (1.0, X)])
def test_takes_values(arguments):
    with pytest.raises(TypeError, match="textbook_derivative takes a Value, not a float"):
        textbook_derivative(*arguments)


# --- Large graphs -------------------------------------------------------------------------------


def chain(x, size):
    steps = [sin, tanh, lambda v: v * 0.5 + 0.1, sigmoid, lambda v: v * v, lambda v: v / (v + 2)]
    for _, step in zip(range(size), itertools.cycle(steps), strict=False):
        x = step(x)
    return x


def ladder(x, size):
    for _ in range(size):
        x = x * x + x
    return x


def wide(x, size):
    return autograd.sum([sin(x * float(i)) for i in range(size)])


def product(x, size):
    return autograd.prod([x + i / size for i in range(size)])


@pytest.mark.parametrize("graph", [chain, ladder, wide, product])
def test_time_is_linear(graph):
    """Twenty times the size takes about twenty times as long."""
    seconds = []
    for size in (1000, 20_000):
        x = Value(1e-9, "x")
        value = graph(x, size)
        start = time.process_time()
        result = textbook_derivative(value, x)
        seconds.append(time.process_time() - start)
        assert len(topological_order(result)) < 60 * size
    assert seconds[1] < 80 * seconds[0]


def test_a_hundred_thousand_steps():
    x = Value(0.3, "x")
    value = chain(x, 100_000)
    assert textbook_derivative(value, x).data == pytest.approx(value.derivative(x).data)
