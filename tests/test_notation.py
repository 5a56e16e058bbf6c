"""The same name and the same writing everywhere."""

import math
import re

import pytest
from graphs import graphs
from hypothesis import given
from hypothesis import strategies as st
from picture import read

from autograd import (
    Op,
    Value,
    compare,
    dot,
    draw,
    exp,
    explain,
    expression,
    latex,
    relu,
    topological_order,
    values,
)
from autograd import sum as total
from autograd.notation.labels import LONGEST, Labels
from autograd.notation.names import Names, symbol
from autograd.notation.numbers import as_latex, number
from autograd.notation.precedence import latex_template, text_template

# --- Numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "near", "exact"),
    [
        (3.0, "3", "3"),
        (-2.0, "-2", "-2"),
        (0.0, "0", "0"),
        (-0.0, "-0", "-0.0"),
        (0.1, "0.1", "0.1"),
        (1 / 3, "0.3333333", "0.3333333333333333"),
        (123456789.0, "123456789", "123456789"),
        (1e-5, "1e-5", "1e-5"),
        (1e22, "1e22", "1e22"),
        (-2.5e-300, "-2.5e-300", "-2.5e-300"),
        (2.0**53, "9007199254740992", "9007199254740992"),
        (2.0**54, "1.80144e16", "1.8014398509481984e16"),
        (math.inf, "inf", "inf"),
        (math.nan, "nan", "nan"),
    ],
)
def test_numbers(x, near, exact):
    assert (number(x), number(x, None)) == (near, exact)


@given(st.floats(allow_nan=False))
def test_a_number_with_all_its_digits_is_read_again(x):
    assert repr(float(number(x, None))) == repr(x)
    assert float(number(x)) == pytest.approx(x, rel=5.1e-7)


def test_numbers_in_latex():
    texts = [as_latex(number(x)).text for x in (-2.0, 1e-5, -1e22, math.inf, -math.inf, math.nan)]
    assert texts == [
        "-2", "10^{-5}", "-10^{22}", r"\infty", r"-\infty", r"\mathrm{NaN}",
    ]  # fmt: skip


# --- Names --------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=5)))
def test_no_name_is_given_twice(wishes):
    names = Names({"inf"}, look=symbol)
    given_out = [names.new(wish) for wish in wishes]
    assert len({symbol(name) for name in given_out}) == len(wishes)
    assert all(name.isidentifier() for name in given_out)


@pytest.mark.parametrize(
    ("taken", "count", "found"),
    [
        ("", 1, "u"),
        ("", 2, "u v"),
        ("", 3, "u1 u2 u3"),
        ("u", 1, "v"),
        ("v", 2, "u1 u2"),
        ("u1 u", 2, "u2 u3"),
        ("u1", 1, "u2"),
        ("u2", 3, "u1 u3 u4"),
    ],
)
def test_symbols(taken, count, found):
    symbols = Names(taken.split()).symbols(count)
    assert [next(symbols) for _ in range(count)] == found.split()


# --- Labels -------------------------------------------------------------------------------------


def labels(value, **options):
    order = topological_order(value)
    found = Labels(order, **options)
    return [found[node].text.text for node in order]


def listed(value):
    return labels(value, symbols=True)


def test_labels():
    x, z = Value(1.0, "x"), values([1.0, 2.0], "z")
    assert listed(relu(x) - 1) == ["x", "relu(x)", "y"]
    assert listed(exp(z[0]) / (exp(z[0]) + exp(z[1]))) == [
        "z0", "exp(z0)", "u", "z1", "exp(z1)", "u + exp(z1)", "y",
    ]  # fmt: skip
    assert listed((x * Value(2.0) + 1).named("x") * 3) == ["x", "x0", "x * x0", "x1", "y"]
    assert listed(Value(1.0, "relu") + relu(x)) == ["relu", "x", "relu(x)", "y"]
    assert listed(x) == ["x"]
    assert listed(Value(1.0)) == ["x0"]
    assert listed(Value(1.0, "y") * 2) == ["y", "f"]
    assert listed(total([Value(1.0, name) for name in "yfgh"]))[-1] == "y1"
    long = Value(1.0, "a_very_long_name_indeed")
    assert listed(-(long * long)) == ["a_very_long_name_indeed", "u", "y"]
    assert listed(Value(1.0, "n" * 100_000))[0] == "n" * 39 + "…"


def test_a_long_formula_is_cut_where_there_are_no_symbols():
    x, w, b = values([1.0, 2.0, 3.0], "x"), values([4.0, 5.0, 6.0], "w"), Value(1.0, "b")
    z = dot(x, w) + b
    assert labels(relu(z) * 2, longest=30)[-4:] == [
        "dot([x0, …], [w0, …])", "b", "dot([x0, …], [w0, …]) + b", "relu(… + b)", "y",
    ][1:]  # fmt: skip
    long = values([1.0, 2.0], "a_name_of_many_letters")
    assert labels(-total(long), longest=20)[2] == "sum([…])"
    assert labels(exp(long[0] * long[1]) + 1, longest=20)[2:4] == ["… * …", "exp(… * …)"]


def test_what_is_alike_is_numbered_or_has_a_symbol():
    x = Value(1.0, "x")
    twice = (x * x) * (x * x)
    assert labels(twice) == ["x", "x * x", "(x * x)₂", "y"]
    assert labels(twice, symbols=True) == ["x", "x * x", "u", "y"]
    assert labels(twice, distinct=False) == ["x", "x * x", "x * x", "y"]
    assert labels(Value(1.0, "x") + x) == ["x", "x1", "y"]
    assert labels(Value(1.0, "x") + x, distinct=False) == ["x", "x", "y"]


@given(graphs(), st.booleans())
def test_no_two_nodes_have_the_same_label(value, symbols):
    found = labels(value, symbols=symbols)
    assert len(set(found)) == len(found)
    assert found == labels(value, symbols=symbols)
    if symbols:
        named = {node.name for node in topological_order(value)}
        assert all(len(text) <= LONGEST or text in named for text in found)


@given(graphs())
def test_every_symbol_is_explained(value):
    found = Labels(topological_order(value), symbols=True)
    mentioned = " ".join(found[node].text.text for node in topological_order(value))
    explained = found.symbols(mentioned)
    words = set(re.findall(r"\bu\d*\b|\bv\b", " ".join([mentioned, *explained.values()])))
    assert words == set(explained)
    assert found.symbols("nothing of it") == {}
    for count, formula in enumerate(explained.values()):  # in terms of those before
        assert not set(re.findall(r"\w+", formula)) & {*list(explained)[count:]}


def test_one_name_for_every_reader():
    x, w = values([1.0, -2.0, 3.0], "x"), values([-3.0, -1.0, 2.0], "w")
    z = dot(x, w) + Value(1.0, "b")
    loss = (relu(z) ** 2).named("loss")
    loss.backward()
    sums = "dot([x0, x1, x2], [w0, w1, w2])"
    report = compare(loss, {z: z.grad})
    assert report.rows[0].derivative == "dloss/d(u + b)"
    assert report.symbols == {"u": sums}
    assert "∂" not in str(explain(loss, z))
    assert f"u = {sums} = " in str(explain(loss, z))
    assert "dloss/d(u + b) = dloss/d(relu(u + b)) · d(relu(u + b))/d(u + b)" in str(
        explain(loss, z)
    )
    assert expression(loss) == f"relu({sums} + b) ** 2"
    assert f"loss = relu({sums} + b) ** 2" in read(draw(loss).svg()).boxes["loss"].tooltip
    for text in (str(report), str(explain(loss)), expression(loss), latex(loss)):
        assert not re.search(r"#\d|\b(add|multiply|power|subtract)\d*\b", text)


def test_a_formula_is_written_alike_by_all():
    x = Value(0.5, "x")
    y = (x * 3 + 1) * x - (-x) ** 2
    formula = "(x * 3 + 1) * x - (-x) ** 2"
    assert expression(y) == formula
    assert read(draw(y).svg()).boxes["y"].tooltip.startswith(f"y = {formula}\n")
    assert "(x * 3 + 1) * x = 2.5 * 0.5 = 1.25" in str(explain(y, x)).replace("u = ", "")


# --- Parentheses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "operands", "text"),
    [
        ("#1 + #2", ("-a", "-b"), "-a + (-b)"),
        ("#1 * #2", ("-a", "-b"), "-a * (-b)"),
        ("-#1", ("-a",), "-(-a)"),
        ("#1 ** #2", ("-a", "-b"), "(-a) ** -b"),
        ("f(#1, #2)", ("-a", "-b"), "f(-a, -b)"),
        ("(#1 > #2)", ("-a", "-b"), "(-a > -b)"),
    ],
)
def test_a_minus_after_an_operator_is_in_parentheses(template, operands, text):
    minus = text_template("-#1")
    letters = [text_template("f").write([], ("(", ")"))._replace(text=x[1:]) for x in operands]
    written = [minus.write([letter], ("(", ")")) for letter in letters]
    assert text_template(template).write(written, ("(", ")")).text == text


@pytest.mark.parametrize("text", ["#1 +", "f(#1", "\ud800(#1)", "#1\0"])
def test_a_template_that_is_not_python_or_latex(text):
    op = Op("odd", lambda x: x, [lambda out, x: 1.0], text=text, latex="{" + text)
    assert isinstance(expression(op(Value(1.0, "x")) ** 2), str)
    assert latex_template(op.latex).pieces
