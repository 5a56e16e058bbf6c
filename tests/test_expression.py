"""Formulas: what is written computes the same again, read by Python, SymPy and MathJax."""

import ast
import contextlib
import functools
import itertools
import math
import re
import struct
import time
import warnings

import mathjax
import numpy as np
import pytest
import sympy
from graphs import chain, graphs, leaves_of
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import (
    Op,
    Value,
    explain,
    expression,
    latex,
    log_softmax,
    ops,
    python_source,
    softmax,
    to_sympy,
    topological_order,
)
from autograd.expression.simplify import simplified
from autograd.formula import read
from autograd.neuron import Neuron

X, Y = Value(2.0, name="x"), Value(3.0, name="y")


def bits(number):
    """Equal for the same number, the sign of zero included; all nan are one."""
    return "nan" if number != number else struct.pack("<d", number)


def one_line(value):
    return expression(value).replace("\n", "; ")


def leaves(value):
    return [node for node in topological_order(value) if node.op is None]


# --- Text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (X + (Y + X), "x + (y + x)"),
        (X + Y + X, "x + y + x"),
        (X - (Y - X), "x - (y - x)"),
        (X * Y + X / Y, "x * y + x / y"),
        (X * (Y + 1), "x * (y + 1)"),
        (X / (Y * X), "x / (y * x)"),
        (X / Y / X, "x / y / x"),
        ((X * Y) ** 2, "(x * y) ** 2"),
        (X ** (Y**2), "x ** y ** 2"),
        ((X**Y) ** 2, "(x ** y) ** 2"),
        (-(X**2), "-x ** 2"),
        ((-X) ** 2, "(-x) ** 2"),
        (-(X * Y), "-(x * y)"),
        (X * -Y, "x * (-y)"),
        (2**-X, "2 ** -x"),
        ((X * -2) ** 2, "(x * (-2)) ** 2"),
        (Value._record(ops.power, (-2.0, X)), "(-2) ** x"),
        (X * 1e-5 + 1e22 + 0.1, "x * 1e-5 + 1e22 + 0.1"),
        (autograd.maximum(X, Y - 1), "maximum(x, y - 1)"),
        (autograd.dot([X, Y], [1.0, X + 1]), "dot([x, y], [1, x + 1])"),
        (autograd.log(X).derivative(X), "1 / x"),
        ((X / Y).derivative(Y), "-x / y ** 2"),
        (X, "x"),
        (Value(5.0), "x0"),
        (Value(5.0) * Value(6.0, name="x0"), "x1 * x0"),
        (X * Value(1.0, name="x"), "x * x1"),
        (autograd.relu(X) * autograd.relu(Y), "relu(x) * relu(y)"),
        (autograd.exp(Value(1.0, name="exp")), "exp(exp1)"),
        ((X + Y) * (X + Y), "(x + y) * (x + y)"),
    ],
)  # fmt: skip
def test_text(value, text):
    assert expression(value) == text


@pytest.mark.parametrize(
    ("value", "text", "formula"),
    [
        (autograd.gelu(X), "gelu(x)", r"\operatorname{GELU}\left(x\right)"),
        (X.gelu(approximate=True), "gelu(x, 1)", r"\operatorname{GELU}\left(x, 1\right)"),
        (autograd.elu(X), "elu(x)", r"\operatorname{elu}\left(x\right)"),
        (X.elu(0.5), "elu(x, 0.5)", r"\operatorname{elu}\left(x, 0.5\right)"),
        (X.elu(Value(1.0, "a")), "elu(x, a)", r"\operatorname{elu}\left(x, a\right)"),
        (autograd.leaky_relu(X), "leaky_relu(x)", r"\operatorname{leaky\_relu}\left(x\right)"),
    ],
)
def test_defaults_are_not_written(value, text, formula):
    assert (expression(value), latex(value)) == (text, formula)
    numbers = {"x": X.data, "a": 1.0} if text.endswith("a)") else {"x": X.data}
    assert read(text, numbers).data == value.data


def test_numbers_in_the_place_of_operands_are_no_defaults():
    alpha = Value(1.0, "a")
    assert "elu(x, a) = elu(2, 1) = 2" in str(explain(X.elu(alpha).named("y"), alpha))


def test_a_gelu_whose_flag_is_a_value():
    x, flag = Value(-0.7, "x"), Value(0.0, "flag")
    y = autograd.gelu(x, flag)
    slope = y.derivative(x)
    for number in (0.0, 1.0, -3.0):
        flag.data = number
        y.forward()
        exact = autograd.gelu(Value(-0.7), bool(number))
        assert (y.data, y.partials, slope.forward()) == (
            exact.data, exact.partials, exact.partials[0]
        )  # fmt: skip
    with pytest.raises(TypeError, match="an operand of gelu must be a real number, not the str"):
        x.gelu("tanh")


def test_what_is_shared_is_a_line():
    z = (X * 3 + Y).named("z")
    assert one_line(z * autograd.exp(-z)) == "z = x * 3 + y; z * exp(-z)"
    square = X * X
    assert one_line(square + square) == "x * x + x * x"  # as short as with a symbol for it
    relu = autograd.relu(X + Y)
    assert one_line(relu * relu) == "relu(x + y) * relu(x + y)"
    relu = autograd.relu(X * Y + 1)
    assert one_line(relu * relu) == "u = relu(x * y + 1); u * u"
    sine, cosine = autograd.sin(X * Y + 2), autograd.exp(relu * 3 + Y * 4)
    assert one_line(sine * sine + relu * relu + cosine * cosine) == (
        "u1 = sin(x * y + 2); u2 = relu(x * y + 1); u3 = exp(u2 * 3 + y * 4); "
        "u1 * u1 + u2 * u2 + u3 * u3"
    )
    assert one_line((X**Y).derivative(Y)) == "x ** y * log(x)"
    assert one_line(((X + 1) ** Y).derivative(Y)) == "(x + 1) ** y * log(x + 1)"


def test_the_neuron():
    loss, w, *_ = Neuron().record()
    assert expression(loss) == "relu(dot([x0, x1, x2], [w0, w1, w2]) + b) ** 2"
    assert one_line(loss.derivative(w[0])) == (
        "u = dot([x0, x1, x2], [w0, w1, w2]) + b; 2 * relu(u) * (u > 0) * x0"
    )


WRITTEN_AS_THEY_ARE = [
    op for op in ops.TABLE.values() if "(" in op.text or op in (ops.add, ops.subtract, ops.multiply)
] + [ops.divide, ops.power, ops.negative]  # fmt: skip
WRITTEN_AS_THEY_ARE = [
    op for op in WRITTEN_AS_THEY_ARE if op.text.startswith((op.name, "#1 ", "-#1")) and
    op not in (ops.inversion, ops.direction, ops.quotient_slope, ops.power_log, ops.power_mixed,
               ops.difference)
]  # fmt: skip


@given(graphs(WRITTEN_AS_THEY_ARE))
@example(Value._record(ops.power, (-0.0, X)))
def test_python_reads_it_and_gets_the_same_bits(value):
    *lines, last = expression(value).split("\n")
    space = {op.name: op for op in WRITTEN_AS_THEY_ARE} | {"inf": math.inf, "nan": math.nan}
    space |= {"softmax": softmax, "log_softmax": log_softmax}
    taken = dict(space)
    named = {}
    (root,) = simplified([value])
    for leaf in leaves(root) if isinstance(root, Value) else []:
        named[leaf] = leaf
    # Leaves appear in the order in which they are named: read their names off a source.
    source = python_source(value, arguments=list(named))
    parameters = re.search(r"def f\((.*)\):", source)[1].split(", ")
    with np.errstate(all="ignore"):
        texts = "\n".join([*lines, last])
        names = {x.id for x in ast.walk(ast.parse(texts)) if isinstance(x, ast.Name)}
        for parameter, leaf in zip(filter(None, parameters), named, strict=True):
            taken[parameter] = leaf
        if not names <= {*taken, *(line.split(" = ")[0] for line in lines)}:
            return  # a function and a leaf have the same name; see the examples above
        for line in lines:
            exec(line, taken)
        result = eval(last, taken)
    assert bits(float(result.data if isinstance(result, Value) else result)) == bits(value.data)


@given(graphs([*WRITTEN_AS_THEY_ARE, ops.power_mixed]))
def test_no_parentheses_are_superfluous(value):
    for line in expression(value).split("\n"):
        tree = ast.dump(ast.parse(line))
        opened = []
        for position, character in enumerate(line):
            if character == "(":
                opened.append(position)
            elif character == ")":
                start = opened.pop()
                if start and (line[start - 1].isalnum() or line[start - 1] == "_"):
                    continue  # a call
                if re.search(r"[-+*/] $", line[:start]) and line[start + 1] == "-":
                    continue  # a sign after an operator
                without = line[:start] + line[start + 1 : position] + line[position + 1 :]
                with contextlib.suppress(SyntaxError):
                    assert ast.dump(ast.parse(without)) != tree, line


EVERYDAY = leaves_of(st.floats(0.1, 3.0))
JUMPING = """
    sign copysign heaviside greater exceeds floor ceil trunc round mod fmod floor_divide
""".split()
ALGEBRAIC = [
    x for x in ops.TABLE.values()
    if x.name not in ("asin", "acos", "atanh", "acosh", "tan", "clip", "where", *JUMPING)
]  # fmt: skip


@given(graphs(ALGEBRAIC, EVERYDAY))
def test_sympy_agrees(value):
    """Both with the text, which it parses, and with the graph."""
    (root,) = simplified([value])
    if not isinstance(root, Value) or not math.isfinite(value.data):
        return
    inputs = {}
    for leaf, name in zip(leaves(root), leaf_names_of(root), strict=True):
        inputs[sympy.Symbol(name, real=True)] = sympy.Float(leaf.data)
    try:
        formula = to_sympy(root)
        got = formula.evalf(30, subs=inputs)
    except ValueError as error:  # a pole of the textbook's formula, which SymPy does not compare
        if re.search("not comparable|NaN comparison", str(error)):
            return
        raise
    assert formula.free_symbols <= set(inputs)
    sizes = [abs(node.data) for node in topological_order(value)]
    if got.is_real and max(sizes) < 1e6 and min(x for x in [1.0, *sizes] if x) > 1e-6:
        assert float(got) == pytest.approx(value.data, rel=1e-6, abs=1e-6 * max(1.0, *sizes))


def test_what_sympy_refuses():
    x = Value(2.0, name="x")
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"cannot write relu\(zoo\): "):
        to_sympy(autograd.relu(1.0 / (x - x)))


def leaf_names_of(root):
    source = python_source(root, arguments=leaves(root))
    return [x for x in re.search(r"def f\((.*)\):", source)[1].split(", ") if x]


def test_sympy_parses_the_text():
    w, b, t = Value(-3.0, name="w"), Value(1.0, name="b"), Value(0.5, name="t")
    loss = (autograd.sigmoid(w * X + b) - t) ** 2 / (1 + autograd.exp(-w)) + autograd.sqrt(X)
    symbols = {name: sympy.Symbol(name, real=True) for name in "wbtx"}
    space = {**symbols, "sigmoid": lambda x: 1 / (1 + sympy.exp(-x))}
    for value in (loss, loss.derivative(w), loss.derivative(X)):
        text = re.sub(r"sech2\(", "(lambda x: sech(x) ** 2)(", expression(value))
        *lines, last = text.split("\n")
        local = dict(space)
        for line in lines:
            name, _, right = line.partition(" = ")
            local[name] = sympy.sympify(right, locals=local)
        parsed = sympy.sympify(last, locals=local)
        point = {"w": -3.0, "b": 1.0, "t": 0.5, "x": 2.0}
        at = {symbols[name]: number for name, number in point.items()}
        assert float(parsed.evalf(subs=at)) == pytest.approx(value.data, rel=1e-12)
        assert float(to_sympy(value).evalf(subs=at)) == pytest.approx(value.data, rel=1e-12)
    difference = sympy.diff(to_sympy(loss), symbols["w"]) - to_sympy(loss.derivative(w))
    for at in np.random.default_rng(0).normal(size=(5, 4)):
        assert abs(difference.evalf(30, subs=dict(zip(symbols.values(), at, strict=True)))) < 1e-14


def test_every_operation_in_sympy():
    for op in ops.TABLE.values():
        operands = [Value(0.3 + 0.2 * i, name=f"v{i}") for i in range(op.arity or 4)]
        if op in (ops.acosh, ops.acosh_slope):
            operands[0].data = 1.5
        if op in (ops.polygamma, ops.polygamma_difference):
            operands[0].data = 2.0  # a whole number
        if op is ops.round:
            operands[1].data = 1.0
        value = Value._record(op, operands)
        at = {sympy.Symbol(x.name, real=True): x.data for x in operands}
        assert float(to_sympy(value).subs(at).evalf(25)) == pytest.approx(value.data, rel=1e-12), op
    own = Op("own", lambda x: x, [lambda out, x: 1.0])
    assert str(to_sympy(own(X) + math.inf - 0.5)) == "own(x) + oo"
    assert str(to_sympy(own(X) * 0.5)) == "0.5*own(x)"
    gamma = Op("gamma", lambda x: x, [lambda out, x: 1.0])  # SymPy has another one of that name
    assert to_sympy(gamma(X)).func == sympy.Function("gamma")
    half = Op("half", lambda x: x / 2.0, [lambda out, x: 0.5], sympy="#1 / len([#1, #1])")
    assert str(to_sympy(half(X + 1))) == "x/2 + 1/2"


# --- Operators of one precedence ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text", "formula"),
    [
        (ops.mod(X * Y, 3.0), "x * y % 3", r"\left(x y \bmod 3\right)"),
        (ops.mod(X, Y * 3), "x % (y * 3)", r"\left(x \bmod y \cdot 3\right)"),
        (X * ops.mod(Y, 3.0), "x * (y % 3)", r"x \cdot \left(y \bmod 3\right)"),
        (ops.mod(-X, Y) ** 2, "(-x % y) ** 2", r"\left(-x \bmod y\right)^{2}"),
        (ops.mod(X, ops.mod(X, Y)), "x % (x % y)", None),
        (ops.mod(X + 1, -Y), "(x + 1) % (-y)", None),
        (
            ops.floor_divide(X, Y) * 2,
            "x // y * 2",
            r"\left\lfloor{\frac{x}{y}}\right\rfloor \cdot 2",
        ),
        (ops.floor_divide(X, Y / 2), "x // (y / 2)", None),
        (autograd.floor(X + 1), "floor(x + 1)", r"\left\lfloor{x + 1}\right\rfloor"),
    ],
)
def test_remainders_and_whole_quotients(value, text, formula):
    assert expression(value) == text
    assert formula in (None, latex(value))
    assert read(text, {leaf.name: leaf.data for leaf in leaves(value)}).data == value.data
    space = {}
    exec(python_source(value), space)
    assert space["f"](*[leaf.data for leaf in leaves(value)]) == value.data


# --- LaTeX --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (X + (Y + X), "x + y + x"),
        (X - (Y - X), r"x - \left(y - x\right)"),
        (X * -Y, r"x \cdot \left(-y\right)"),
        (X * -2, r"x \cdot \left(-2\right)"),
        ((-X) ** 2, r"\left(-x\right)^{2}"),
        (-(X**2), "-x^{2}"),
        (X + ((-Y).named("n") + X), r"x + \left(-y + x\right)"),
        ((X / Y) ** 2, r"\left(\frac{x}{y}\right)^{2}"),
        ((X + 1) / Y, r"\frac{x + 1}{y}"),
        (autograd.exp(X + 1) ** 2, r"\left(e^{x + 1}\right)^{2}"),
        (autograd.log1p(X + Y), r"\ln\left(1 + x + y\right)"),
        (autograd.log1p(-X * 0.1), r"\ln\left(1 + \left(-x \cdot 0.1\right)\right)"),
        (X * 1e-5, r"x \cdot 10^{-5}"),
        (X * math.inf, r"x \cdot \infty"),
        (Value(1.0, name="w0_1") * Value(1.0, name="sigma2"), r"w_{0,1} \sigma_{2}"),
        (Value(1.0, name="target") * X, r"\mathrm{target} \cdot x"),
        (Value(1.0, name="a_b") * X, r"\mathrm{a\_b} \cdot x"),
        (2 * X, "2 x"),
        (2 * (3 * X), r"2 \cdot 3 x"),
        (2 * (X + 1), r"2 \left(x + 1\right)"),
        (X * (X + 1), r"x \cdot \left(x + 1\right)"),  # not a function of x + 1
        ((X + 1) * (X - 1), r"\left(x + 1\right) \left(x - 1\right)"),
        (X * autograd.sin(X), r"x \sin\left(x\right)"),
        (-X / Y, r"-\frac{x}{y}"),
        (-(X + 1) / Y, r"-\frac{x + 1}{y}"),
        ((-X - Y) / Y, r"\frac{-x - y}{y}"),
        (X * (1 / 3), r"x \cdot 0.3333333"),
    ],
)  # fmt: skip
def test_latex(value, text):
    assert latex(value) == text
    assert latex(value)._repr_latex_() == rf"$\displaystyle {text}$"


def test_no_two_names_look_the_same():
    for one, other in [
        ("x1", "x_1"),
        ("x_0", None),
        ("w_0_1", "w0_1"),
        ("alpha", "\u03b1"),
        ("e", "e"),
    ]:
        left, right = latex(Value(1.0, name=one) - Value(2.0, name=other)).split(" - ")
        assert left != right
    assert latex(Value(1.0, name="e") ** X) == "e^{x}"
    assert latex(Value(1.0, name="e") ** autograd.exp(X)) == "e_{1}^{e^{x}}"
    assert expression(Value(1.0, name="_x") * X * Value(1.0, name="w_")) == "_x * x * w_"
    dots = autograd.dot([X, Y], [Y, X]) * autograd.dot([X, X], [Y, Y])
    assert latex(dots).count(r"\left(\left(") == 2


def test_a_derivative_that_is_a_number():
    slope = (3 * X).derivative(X)
    assert (expression(slope), latex(slope), str(to_sympy(slope))) == ("3", "3", "3")
    assert run_source(slope) == 3.0
    assert expression(slope * X + Y) == "3 * x + y"
    assert expression((X**3).derivative(X).derivative(X).derivative(X)) == "6"
    assert expression(X.derivative(Y)) == "0"


def test_latex_in_lines():
    z = (X * 3 + Y).named("z")
    assert latex(z * autograd.exp(-z)) == (
        r"\begin{aligned} z &= x \cdot 3 + y \\ f &= z e^{-z} \end{aligned}"
    )


HOSTILE = [
    "", " ", "x y", "$", "%", "#1", "&", "\\", r"\foo", "{", "}", "_", "^", "~", "'", '"', "<b>",
    "lambda", "None", "def", "import os", "__import__('os')", "x;y", "x\ny", "\x00", "0", "1x",
    "a" * 300, "é", "Ω", "变量", "👍", "½", "a\u0300", "math", "np", "float", "f", "\uff58", "x",
]  # fmt: skip


def test_hostile_names():
    values = [Value(float(i), name=name) for i, name in enumerate(HOSTILE)]
    total = autograd.exp(values[0])
    for value in values[1:]:
        total = (total * value + value).named(value.name)
    source = python_source(total, gradient=True)
    space = {}
    exec(source, space)
    result, _ = space["f"](*[x.data for x in leaves(total)])
    assert bits(result) == bits(total.data)
    ast.parse(expression(total))
    assert all(line.isprintable() for line in expression(total).split("\n"))
    if mathjax.environment():
        assert mathjax.errors([latex(total), *map(latex, values)]) == [""] * (1 + len(values))


@pytest.mark.skipif(mathjax.environment() is None, reason="neither Node.js nor MathJax here")
def test_mathjax_reads_every_operation():
    texts = []
    for op in ops.TABLE.values():
        size = op.arity or 4
        with np.errstate(all="ignore"):
            outer = Value._record(op, [X + 1, -Y, X / Y, X * Y][:size])
            texts += [latex(outer), latex(outer**2 * outer), latex(-outer - outer)]
            texts += [latex(outer.derivative(X)), latex(outer.derivative(X).derivative(X))]
            texts += [latex(outer.named("out"), wrt=X), latex(outer**-2 * Y, wrt=Y)]
    assert [pair for pair in zip(mathjax.errors(texts), texts, strict=True) if pair[0]] == []


# --- Python -------------------------------------------------------------------------------------


def run_source(value, arguments=None, gradient=False):
    space = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        exec(python_source(value, arguments=arguments, gradient=gradient), space)
    with np.errstate(all="ignore"):
        return space["f"](*[x.data for x in (leaves(value) if arguments is None else arguments)])


@given(graphs())
def test_the_source_computes_the_same_bits(value):
    assert bits(run_source(value)) == bits(value.data)
    some = leaves(value)[1:]
    assert bits(run_source(value, some)) == bits(value.data)


@given(graphs())
def test_the_source_of_the_gradient(value):
    with np.errstate(all="ignore"):
        wanted = leaves(value)
        exact = [value.derivative(x).data for x in wanted]
        result, gradient = run_source(value, gradient=True)
    assert bits(result) == bits(value.data)
    assert list(map(bits, gradient)) == list(map(bits, exact))


@given(
    graphs(leaves=leaves_of(st.floats(-3.0, 3.0))),
    st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4),
)
def test_the_source_at_another_point(value, point):
    space = {}
    exec(python_source(value), space)
    inputs = leaves(value)
    with np.errstate(all="ignore"):
        for leaf, x in zip(inputs, point, strict=False):
            leaf.data = x
        value.forward()
        assert bits(space["f"](*[x.data for x in inputs])) == bits(value.data)


def test_the_source_of_the_neuron():
    loss, w, b, _ = Neuron().record()
    source = python_source(loss, "neuron", [w, b], gradient=True)
    assert source.endswith(
        "def neuron(w0, w1, w2, b):\n"
        "    u = dot([1.0, -2.0, 3.0], [w0, w1, w2]) + b\n"
        "    output = relu(u)\n"
        "    loss = output * output\n"
        "    v = greater(u, 0.0)\n"
        "    dloss_doutput = 2.0 * output\n"
        "    dloss_du = dloss_doutput * v if v else 0.0\n"
        "    dloss_dw0 = dloss_du\n"
        "    dloss_dw1 = dloss_du * (-2.0) if v else 0.0\n"
        "    dloss_dw2 = dloss_du * 3.0 if v else 0.0\n"
        "    dloss_db = dloss_du\n"
        "    return loss, (dloss_dw0, dloss_dw1, dloss_dw2, dloss_db)\n"
    )
    space = {}
    exec(source, space)
    assert space["neuron"](-3.0, -1.0, 2.0, 1.0) == (36.0, (12.0, -24.0, 36.0, 12.0))
    assert "autograd" not in source


def test_a_derivative_is_called_after_a_variable():
    """`dloss_du` only where there is a u: what is written within another line has no name."""
    x, y = Value(0.3, "x"), Value(0.4, "y")
    value = (autograd.sin(x * y + 1) * 3 + autograd.exp(x * 2 - y) / (y + 2) ** 3).named("loss")
    body = python_source(value, gradient=True).partition("def f(x, y):")[2]
    variables = {*re.findall(r"^ +(\w+) = ", body, re.MULTILINE), "x", "y"}
    named = {name.removeprefix("dloss_d") for name in variables if name.startswith("dloss_d")}
    assert named >= {"x", "y"}
    assert named <= variables


def scaled(x: float) -> float:
    return SCALE * math.exp(x) + helping(x)


def helping(x: float) -> float:
    return max(x, 0.0)


SCALE = 2.5
LIMIT = math.inf


def twice(x):
    return 2 if x < LIMIT else int(x)


def f(x):
    return x * 11


def factorial(x):
    return 1.0 if x < 1.0 else x * factorial(x - 1.0)


def with_default(x, scale=SCALE):
    return x * scale


def annotated(x: Value) -> Value:
    return x


def test_operations_of_ones_own():
    own = Op("own", scaled, [lambda out, x: autograd.exp(x) * SCALE])
    assert bits(run_source(own(X) * 2)) == bits((own(X) * 2).data)
    for forward, reason in [
        (lambda x: x, "is a lambda"),
        (math.lgamma, None),
        (abs, "is not a plain function"),
        (np.exp, "is not a plain function"),
    ]:
        value = Op("own", forward, [lambda out, x: 1.0])(X)
        if reason is None:
            assert run_source(value) == math.lgamma(2.0)
        else:
            with pytest.raises(ValueError, match=f"python_source cannot write .* own.* {reason}"):
                python_source(value)
    spelled = Op("own", lambda x: 3.0 * x, [lambda out, x: 3.0], python="3.0 * #1")
    assert python_source(spelled(X)) == "def f(x):\n    return 3.0 * x\n"
    bound = Op("own", math.tanh, [lambda out, x: 1.0], numpy=np.tanh, raises=False)
    assert python_source(bound(X)).endswith("    return float(math.tanh(x))\n")
    assert "except" in python_source(Op("own", math.exp, [lambda out, x: out], numpy=np.exp)(X))
    factor = 3.0

    def closure(x):
        return factor * x

    def hidden(x):
        return itertools.count(x)

    with pytest.raises(ValueError, match="own: its forward is not a plain function"):
        python_source(Op("own", closure, [lambda out, x: 3.0])(X))
    with pytest.raises((ValueError, TypeError)):
        python_source(Op("own", hidden, [lambda out, x: 3.0])(X))
    hidden_value = Op("p", functools.partial(scaled), [lambda out, x: 1.0])(X)
    with pytest.raises(ValueError, match="p: its forward is not a plain function"):
        python_source(hidden_value)
    for odd in (
        Op("my-op", scaled, [lambda out, x: 1.0], numpy=np.exp),
        Op("twice", twice, [lambda out, x: 2.0]),
        Op("f", f, [lambda out, x: 11.0]),
        Op("factorial", factorial, [lambda out, x: 1.0], numpy=np.exp),
        Op("exp", helping, [lambda out, x: 1.0]),
    ):
        for value in (odd(X), odd(X) * autograd.exp(X) / Y):
            space = {}
            exec(python_source(value, "g"), space)
            inputs = [x.data for x in leaves(value)]
            assert repr(space["g"](*inputs)) == repr(value.data)
    with pytest.raises(ValueError, match="is not one of NumPy's own"):
        python_source(Op("own", scaled, [lambda out, x: 1.0], numpy=lambda x: x)(X))
    with pytest.raises(ValueError, match="its forward has a decorator or defaults"):
        python_source(Op("own", with_default, [lambda out, x: 1.0])(X))
    with pytest.raises(ValueError, match="has annotations"):
        python_source(Op("own", annotated, [lambda out, x: 1.0])(X))
    for name in ("exp", "math", "np", "float", "max"):
        with pytest.raises(ValueError, match=f"cannot be called '{name}': its source uses that"):
            python_source(autograd.exp(X) * autograd.maximum(X, Y), name)
    for odd, text in [
        (Op("a%b#c&d{", helping, [lambda out, x: 1.0]), r"\operatorname{a\%b\#c\&d\{}"),
        (Op("braced", helping, [lambda out, x: 1.0], latex="{#1}"), r"\left({x + 1}\right)^{2}"),
    ]:
        assert text in latex(odd(X + 1) ** 2)
    attribute = Op("real", helping, [lambda out, x: 1.0], text="#1.real")
    assert expression(attribute(X + 1) ** 2) == "(x + 1).real ** 2"
    both = Op("both", lambda x, y: y, [lambda out, x, y: 0.0] * 2, text="#1 and #2")
    assert expression(both(X + 1, -Y) ** 2) == "((x + 1) and (-y)) ** 2"
    unclear = Op("unclear", lambda x: x, [lambda out, x: 1.0], text="#1 ⊕ 1", latex=r"#1 \oplus 1")
    assert expression((unclear(X + 1) * 2) ** 2) == "((x + 1) ⊕ 1) * 2) ** 2".replace("((x", "(((x")


# --- Simplification -----------------------------------------------------------------------------


@given(graphs())
def test_simplifying_changes_no_bit(value):
    (simple,) = simplified([value])
    number = simple.data if isinstance(simple, Value) else simple
    assert bits(number) == bits(value.data)
    if isinstance(simple, Value):
        assert len(topological_order(simple)) <= len(topological_order(value))
    with np.errstate(all="ignore"):
        for leaf in leaves(value):
            leaf.data = -leaf.data
        value.forward()
        if isinstance(simple, Value):
            assert bits(simple.forward()) == bits(value.data)
        for leaf in leaves(value):
            leaf.data = -leaf.data


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 * X, "x"), (X * 1, "x"), (X / 1, "x"), (X**1, "x"), (X - 0, "x"),
        (Value.__neg__(-X), "x"),
        (-1 * X, "-x"), (X * -1, "-x"), (-1 * -X, "x"), (X + -Y, "x - y"), (-X + Y, "y - x"),
        (X - -Y, "x + y"), (X + -0.0, "x"), (autograd.exp(X) + 0, "exp(x)"),
        (X + 0, "x + 0"), (0 * X, "0 * x"), (X - X, "x - x"), (X**0, "x ** 0"), (X / X, "x / x"),
        (X - -0.0, "x - (-0.0)"), (1 / X, "1 / x"),
        (X * -2 + -3, "x * (-2) - 3"), (X - -3, "x + 3"), (-3 + X, "-3 + x"),
    ],
)  # fmt: skip
def test_exact_identities(value, text):
    assert expression(value) == text


# --- Size, and what is refused ------------------------------------------------------------------


def test_deep_graphs_in_linear_time():
    times = []
    for length in (10_000, 100_000):
        value = chain(length // 2, lambda node: autograd.sin(node * 1.5), X)
        start = time.process_time()
        text, formula = expression(value), latex(value)
        source = python_source(value)
        times.append(time.process_time() - start)
        assert len(text) < 30 * length
        assert len(formula) < 100 * length
    assert times[1] < 40 * times[0]
    space = {}
    exec(source, space)
    assert bits(space["f"](2.0)) == bits(value.data)
    wide = autograd.sum([Value(1.0) for _ in range(20_000)])
    start = time.process_time()
    assert len(python_source(wide)) < 1_000_000
    assert time.process_time() - start < 5.0
    assert len(expression(chain(1000, lambda node: node + node, X))) < 100_000
    long_sum = chain(20_000, lambda node: node + Y, X)
    space = {}
    exec(python_source(long_sum, gradient=True), space)
    assert space["f"](2.0, 3.0) == (long_sum.data, (1.0, 20_000.0))


def test_what_is_refused():
    for function in (expression, latex, python_source, to_sympy):
        for wrong in (1.0, "x", None, [X]):
            with pytest.raises(TypeError, match=f"{function.__name__} takes a Value, not "):
                function(wrong)
    for name in ("", "1f", "lambda", "f g", None):
        with pytest.raises(ValueError, match="the name of a function must be an identifier"):
            python_source(X * Y, name)
    with pytest.raises(TypeError, match="an argument must be a Value, not a str"):
        python_source(X * Y, arguments=["x"])
    with pytest.raises(TypeError, match="arguments must be a list of Values"):
        python_source(X * Y, arguments=X)
    with pytest.raises(ValueError, match="an argument must be a leaf"):
        python_source(X * Y, arguments=[X * Y])
    with pytest.raises(ValueError, match="is given twice"):
        python_source(X * Y, arguments=[X, Y, X])
    stranger = Value(1.0, name="stranger")
    space = {}
    exec(python_source(X * Y, arguments=[stranger, X], gradient=True), space)
    assert space["f"](5.0, 4.0) == (12.0, (0, 3.0))
