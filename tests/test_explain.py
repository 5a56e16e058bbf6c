"""Explanations: their numbers are those of the graph, their words true, their formulas readable."""

import math
import re
import time
from html.parser import HTMLParser

import mathjax
import numpy as np
import pytest
from graphs import chain, graphs, leaves_of
from hypothesis import example, given
from hypothesis import strategies as st
from nbconvert.filters import markdown2html

from autograd import (
    Explanation,
    Op,
    Value,
    abs,
    clip,
    dot,
    exp,
    explain,
    latex,
    leaky_relu,
    log,
    logsumexp,
    maximum,
    minimum,
    ops,
    relu,
    sqrt,
    topological_order,
    values,
    where,
)
from autograd import sum as total
from autograd.explain.partials import Partials
from autograd.explain.paths import MOST, Paths
from autograd.explain.sweep import sweep
from autograd.neuron import Neuron
from autograd.notation.labels import Labels
from autograd.ops import TABLE


def section(explanation, title):
    """The lines of one section of the text."""
    (found,) = re.findall(rf"(?:^|\n\n){title}\n(.*?)(?=\n\n|$)", str(explanation), re.DOTALL)
    return [line.removeprefix("  ") for line in found.split("\n")]


def remarks(explanation):
    return " ".join(section(explanation, "Remarks"))


# --- The board ----------------------------------------------------------------------------------


def test_one_path():
    x, w = values([1.0, -2.0, 3.0, 1.0], "x"), values([-3.0, -1.0, 2.0, 1.0], "w")
    z, target = dot(x, w).named("z"), Value(0.0, "target")
    loss = ((relu(z) - target) ** 2).named("loss")
    explanation = explain(loss, w[0])
    assert repr(explanation) == "<Explanation of dloss/dw0 = 12>"
    assert (
        str(explanation)
        == """\
Forward
  Given x0 = 1, x1 = -2, x2 = 3, x3 = 1, w0 = -3, w1 = -1, w2 = 2, w3 = 1, target = 0.
  z = dot([x0, x1, x2, x3], [w0, w1, w2, w3]) = dot([1, -2, 3, 1], [-3, -1, 2, 1]) = 6
  relu(z) = relu(6) = 6
  u = relu(z) - target = 6 - 0 = 6
  loss = u ** 2 = 6 ** 2 = 36

Local derivatives
  dloss/du = 2 * u = 12
  du/d(relu(z)) = 1
  d(relu(z))/dz = (z > 0) = 1
  dz/dw0 = x0 = 1

The chain rule
  dloss/dw0 = dloss/du · du/d(relu(z)) · d(relu(z))/dz · dz/dw0
            = (2 * u) · 1 · (z > 0) · x0
            = 12 · 1 · 1 · 1 = 12"""
    )


def test_several_paths():
    x = Value(3.0, "x")
    assert section(explain(x * x + x, x), "The chain rule") == [
        "3 paths lead from y back to x. Each contributes the product of the local derivatives "
        "along it, and",
        "the contributions add up: that is why gradients accumulate.",
        "path 1 = ∂y/∂(x * x) · ∂(x * x)/∂x[left] = 1 · x = 1 · 3 = 3",
        "path 2 = ∂y/∂(x * x) · ∂(x * x)/∂x[right] = 1 · x = 1 · 3 = 3",
        "path 3 = ∂y/∂x = 1",
        "dy/dx = 3 + 3 + 1 = 7",
    ]  # fmt: skip


def test_the_backward_pass():
    x, y = Value(3.0, "x"), Value(-2.0, "y")
    explanation = explain((x * y - x).named("f"))
    assert repr(explanation) == "<Explanation of f = -9>"
    assert section(explanation, "Backward") == [
        "grad(f) = 1",
        "grad(x * y) += grad(f) × 1 = 1 × 1 = 1",
        "grad(x) += grad(f) × (-1) = 1 × (-1) = -1",
        "grad(x) += grad(x * y) × y = 1 × (-2) = -2, so grad(x) = -3",
        "grad(y) += grad(x * y) × x = 1 × 3 = 3",
    ]
    assert section(explanation, "Gradients") == ["df/dx = -3", "df/dy = 3"]


def test_the_neuron():
    loss, w, b, _ = Neuron().record()
    for leaf, gradient in zip([*w, b], [12, -24, 36, 12], strict=True):
        explanation = explain(loss, leaf)
        assert repr(explanation) == f"<Explanation of dloss/d{leaf.name} = {gradient}>"
        assert str(explanation).endswith(f" = {gradient}")
        assert all(node.grad == 0.0 for node in topological_order(loss))
    assert section(explain(loss), "Gradients")[-1] == "dloss/db = 12"


def test_what_does_not_depend():
    x, z = Value(3.0, "x"), Value(1.0, "z")
    y = (x * 2).named("y")
    assert section(explain(y, z), "The chain rule") == ["y was not computed from z, so dy/dz = 0."]
    assert section(explain(y, z * x), "The chain rule") == [
        "y was not computed from z * x, so dy/d(z * x) = 0."
    ]
    assert section(explain(y, y), "The chain rule") == [
        "dy/dy = 1: the derivative of a Value with respect to itself."
    ]
    assert section(explain(x), "Forward") == ["Given x = 3."]
    assert repr(explain(x, x)) == "<Explanation of dx/dx = 1>"


def test_wrong_arguments():
    x = Value(1.0)
    for arguments, options, error, message in [
        ((1.0,), {}, TypeError, "explain takes a Value, not a float"),
        ((x, "x"), {}, TypeError, "wrt must be a Value, not a str"),
        ((x, values([1.0])), {}, TypeError, r"not an Array: give one element of it, .* w\[0\]"),
        ((x,), {"paths": 0}, ValueError, "paths must be at least 1, not 0"),
        ((x,), {"steps": 1.5}, TypeError, "steps must be a whole number, not 1.5"),
        ((x,), {"steps": True}, TypeError, "steps must be a whole number, not True"),
    ]:
        with pytest.raises(error, match=message):
            explain(*arguments, **options)


# --- Local derivatives --------------------------------------------------------------------------


def local(value, operand=0):
    partials = Partials(Labels(topological_order(value)))
    written = partials(value, operand)
    return written.text.text


X, A, B = Value(2.0, "x"), Value(1.0, "a"), Value(3.0, "b")


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (X**2, ["2 * x"]),
        (X**3, ["3 * x ** 2"]),
        ((X - A) ** 2, ["2 * (x - a)"]),
        (X * A, ["a", "x"]),
        (X / A, ["1 / a", "-x / a ** 2"]),
        (exp(X) + 0, ["1"]),
        (exp(X), ["y"]),
        (exp(X).named("e"), ["e"]),
        (log(X), ["1 / x"]),
        (ops.sigmoid(X), ["y * (1 - y)"]),
        (ops.tanh(X), ["1 - y ** 2"]),
        (ops.atan(X), ["1 / (1 + x ** 2)"]),
        (ops.sin(X), ["cos(x)"]),
        (relu(X), ["(x > 0)"]),
        (maximum(A, B), ["(a > b)", "(b > a)"]),
        (minimum(A, B), ["(b > a)", "(a > b)"]),
        (maximum(A, A), ["0.5", "0.5"]),
        (logsumexp([A, B]), ["exp(a - y)", "exp(b - y)"]),
        (dot([A, B], [B, X]), ["b", "x", "a", "b"]),
        (A + B, ["1", "1"]),
        (A**B, ["b * a ** (b - 1)", "a ** b * log(a)"]),
        (clip(X, 0, 5), ["(x > 0) * (x < 5)"]),
        (Op("sine", math.sin, [lambda out, x: math.cos(x)])(X), ["-0.4161468"]),
        (Op("cube", lambda x: x**3, [lambda out, x: 3 * x * x])(X), ["3 * x * x"]),
    ],
)
def test_local_derivatives(value, texts):
    assert [local(value, index) for index in range(len(texts))] == texts


@pytest.mark.parametrize("op", TABLE.values(), ids=list(TABLE))
def test_the_whole_table_is_explained(op):
    """Any formula of a local derivative, evaluated by Python, is its number."""
    for numbers in ([0.25, 0.5, 0.75], [0.75, 0.5, 0.25], [0.5, 0.5, 0.5]):
        leaves = [Value(x, name) for x, name in zip(numbers, "abc", strict=True)]
        operands = leaves[: op.arity or (2 if op is ops.dot else 3)]
        with np.errstate(all="ignore"):
            value = Value._record(op, operands).named("out")
        written = Partials(Labels(topological_order(value)))
        space = {**TABLE, "nan": math.nan, "out": value.data, **{x.name: x.data for x in leaves}}
        for index, partial in enumerate(value.partials):
            text = written(value, index).text.text
            with np.errstate(all="ignore"):
                assert eval(text, space) == pytest.approx(partial, rel=1e-5, nan_ok=True), text
        for leaf in (None, *operands):
            assert isinstance(explain(value, leaf).latex(), str)


# --- Paths --------------------------------------------------------------------------------------


def every_path(node, wrt):
    """The products of the local derivatives along all the paths, found by trying them."""
    if node is wrt:
        return [1.0]
    found = []
    for operand, partial in zip(node.operands, node.partials, strict=True):
        if isinstance(operand, Value):
            cut = node.op.selects and partial == 0.0
            found += [0.0 if cut else partial * x for x in every_path(operand, wrt)]
    return found


TAME = "add subtract multiply sin cos tanh relu maximum dot sum abs sigmoid where".split()


@given(
    graphs(
        [TABLE[name] for name in TAME],
        leaves_of(st.floats(-3.0, 3.0)),
        (1.0, -1.0, 0.0, 2.0, 0.5),
        uses=2,
    ),
    st.integers(1, 12),
)
def test_the_paths_add_up_to_the_gradient(value, limit):
    order = topological_order(value)
    value.zero_grad()
    value.backward()
    for leaf in order[:-1]:
        paths = Paths(order, leaf)
        products = every_path(value, leaf)
        assert paths.count == len(products)
        listed = paths.largest(limit)
        shown = [path.contribution for path in listed.paths]
        assert len(shown) == min(limit, len(products))
        assert listed.more == len(products) - len(shown)
        scale = sum(map(math.fabs, products)) + 1e-12
        assert sum(shown) + listed.rest == pytest.approx(leaf.grad, rel=1e-9, abs=1e-9 * scale)
        # They are different paths, and none that is left out contributes more.
        uses = {tuple((x.node, x.place) for x in path.edges) for path in listed.paths}
        assert len(uses) == len(shown)
        largest = sorted(map(math.fabs, products), reverse=True)[: len(shown)]
        assert list(map(math.fabs, shown)) == pytest.approx(largest, rel=1e-9, abs=1e-9 * scale)


@given(graphs(uses=2))
def test_the_backward_pass_is_that_of_backward(value):
    value.zero_grad()
    with np.errstate(all="ignore"):
        value.backward()
        order = topological_order(value)
        adjoints, steps = sweep(order)
    for node in order:
        assert repr(adjoints.get(node, 0.0) + 0.0) == repr(node.grad)
    for step in steps:
        if not step.edge.cut:
            flow = step.upstream * step.edge.partial
            after = flow if step.before is None else step.before + flow
            assert repr(after) == repr(step.total)


@given(graphs(leaves=leaves_of(st.floats())))
@example(Value(1.0))
def test_everything_is_explained(value):
    with np.errstate(all="ignore"):
        before = [(node.data, node.grad) for node in topological_order(value)]
        for wrt in (None, *topological_order(value)):
            explanation = explain(value, wrt, paths=3, steps=5)
            assert "other data" not in str(explanation)
            for text in (str(explanation), explanation.markdown(), explanation.latex()):
                assert len(text) < 100_000
        assert repr(before) == repr([(x.data, x.grad) for x in topological_order(value)])


def test_more_paths_than_could_be_listed():
    x = Value(1.0, "x")
    value = chain(60, lambda node: node + node, x)
    start = time.process_time()
    explanation = explain(value, x, paths=2)
    assert time.process_time() - start < 2.0
    lines = section(explanation, "The chain rule")
    assert lines[0].startswith("1,152,921,504,606,846,976 paths lead from y back to x.")
    assert lines[-2:] == [
        "… and 1,152,921,504,606,846,974 more paths, together 1.152922e18",
        "dy/dx = 1 + 1 + 1.152922e18 = 1.152922e18",
    ]
    value = chain(200, lambda node: node + node, value)
    assert Paths(topological_order(value), x).count == MOST + 1
    text = str(explain(value * 2.0**-260, x, paths=1))
    assert "more than 10^30 paths lead from y" in text
    assert "… and more than 10^30 more paths, together 1\n" in text


def test_the_rest_is_not_found_by_subtraction():
    a, b = Value(1e20, "a"), Value(1.0, "b")
    x = Value(1.0, "x")
    lines = section(explain(a * x + b * x + b * x, x, paths=1), "The chain rule")
    assert lines[-2:] == ["… and 2 more paths, together 2", "dy/dx = 1e20 + 2 = 1e20"]


def test_deep_graphs():
    x = Value(1.0, "x")
    value = chain(100_000, lambda node: node * 1.0001, x)
    start = time.process_time()
    one, everything = explain(value, x), explain(value)
    assert time.process_time() - start < 20.0
    assert len(str(one)) < 10_000
    assert len(str(everything)) < 20_000
    assert "… and 99,960 more steps …" in section(one, "Forward")
    assert "… and 99,960 more steps …" in section(everything, "Backward")
    assert "(… 99,988 more …)" in str(one)
    assert re.search(r"\(… together 219[\d.]+ …\)", str(one))


@pytest.mark.parametrize(("length", "left_out"), [(13, []), (14, ["(… 2 more …)"])])
def test_a_single_factor_is_not_left_out(length, left_out):
    x = Value(1.0, "x")
    text = str(explain(chain(length, lambda node: node * 1.5, x), x))
    assert re.findall(r"\(… \d+ more …\)", text) == left_out


def test_wide_graphs():
    x = values([1.0] * 20_000, "x")
    value = total(x * x)
    start = time.process_time()
    assert repr(explain(value, x[7])) == "<Explanation of dy/dx7 = 2>"
    text = str(explain(value))
    assert time.process_time() - start < 10.0
    last = "u19000"  # the products of long names have symbols: x1000 * x1000 is u1
    assert f"y = sum([x0 * x0, x1 * x1, x2 * x2, …, {last}]) = sum([1, 1, 1, …, 1])" in text
    assert f"{last} = x19999 * x19999 = 1 * 1 = 1" in text
    assert " and 19,988 more." in text
    assert len(text) < 10_000


# --- Words --------------------------------------------------------------------------------------

W, Z, TIED = Value(-3.2, "w0"), Value(0.0, "z"), Value(1.0, "tied")
PICK = Op("pick", lambda x: 0.0, [lambda out, x: 0.0], selects=True)
SAYS = Op("says#1", lambda x: 0.0, [lambda out, x: 0.0], selects=True, reasons=["#0 says so of #1"])


@pytest.mark.parametrize(
    ("value", "wrt", "said"),
    [
        (relu((W * 1).named("z")), W, "reaches w0: relu's input z = -3.2 is negative."),
        (leaky_relu(W, 0.0), W, "leaky_relu's input w0 = -3.2 is negative and its slope there"),
        (leaky_relu(B, A), A, "leaky_relu does not use its slope, as b = 3 is not below 0."),
        (maximum(A, B), A, "No gradient reaches a: maximum picks b = 3, not a = 1."),
        (minimum(A, B), B, "No gradient reaches b: minimum picks a = 1, not b = 3."),
        (maximum(A, 2.0), A, "No gradient reaches a: maximum picks 2, not a = 1."),
        (clip(B, 0, 2), B, "No gradient reaches b: clip's input b = 3 is above its upper bound 2."),
        (clip(B, 5, 9), B, "No gradient reaches b: clip's input b = 3 is below its lower bound 5."),
        (clip(B, A, 9), A, "clip does not move b = 3 to its lower bound a = 1."),
        (clip(B, 3, 9), B, "b = 3 is at its lower bound, where the slope is taken to be 0."),
        (where(A, X, B), B, "where's condition a = 1 is true, so it does not pick b = 3."),
        (where(0.0, X, B), X, "where's condition 0 is false, so it does not pick x = 2."),
        (where(A, X, B), A, "where only asks whether its condition a = 1 is true."),
        (ops.sign(A), A, "No gradient reaches a: sign is constant on both sides of its jump."),
        (relu(Z), Z, "relu's input z = 0 is at the kink, where its slope is taken to be 0."),
        (relu(W) + W, W, "Cut: relu's input w0 = -3.2 is negative, so nothing flows back along"),
        (relu(A) + relu(W), A, ""),
        (abs(Z), Z, "abs is at a kink (z = 0), where the derivative is a convention: dy/dz = 0."),
        (maximum(A, A), A, ""),
        (maximum(A, TIED), A, "maximum is at a kink (a = 1, tied = 1), where the derivative is a"),
        (maximum(A, TIED), A, "is a convention: ∂y/∂a = 0.5."),
        (PICK(A), A, "No gradient reaches a: pick does not pick a = 1."),
        (SAYS(A), A, "No gradient reaches a: says#1 says so of a = 1."),
        (sqrt(Z) * 1, Z, "first infinity: the slope d(sqrt(z))/dz of sqrt(0), node sqrt(z), used"),
        (relu(Value(math.nan, "x")), None, "The first nan: the input x, used by y."),
    ],
)  # fmt: skip
def test_what_is_said(value, wrt, said):
    text = " ".join(str(explain(value, wrt)).split())
    assert said in text if said else "Remarks" not in text


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_the_origin_of_a_nan():
    a = Value(-1.0, "a")
    p = log(a).named("p")
    q, r = (p * 2).named("q"), (p + a).named("r")
    text = remarks(explain(q * r * p * (p + 1) * (p + 2)))
    assert text.startswith("The first nan: log(-1), node p, used by q, r, ")
    assert text.endswith(" and 2 more.")


def test_the_origin_of_an_infinity():
    a, tiny = Value(1.0, "a"), Value(1e-200, "t")
    with np.errstate(all="ignore"):
        infinite = exp(a * 800)
    assert remarks(explain(infinite)) == "The first infinity: exp(800), node y."
    assert remarks(explain(tiny * 1e200 * 1e200)) == (
        "All values and local derivatives are finite, but their products overflow: the first is "
        "dy/dt."
    )


def test_many_cuts_are_counted():
    w = Value(1.0, "w")
    value = total([relu(w - x) for x in range(1, 9)])
    lines = " ".join(section(explain(value, w), "Remarks"))
    assert lines.count("No gradient reaches w: relu's input") == 3
    assert lines.endswith("… and 5 more such cuts.")
    assert str(explain(value)).count("Nothing is added to") == 8


def test_a_cut_in_the_backward_pass():
    z = Value(-3.2, "z")
    assert section(explain(relu(z) + 1), "Backward")[-1] == (
        "Nothing is added to grad(z): relu's input z = -3.2 is negative."
    )


def test_an_infinity_behind_a_cut_is_no_nan():
    x = Value(0.0, "x")
    with np.errstate(all="ignore"):
        value = relu(log(x))
    explanation = explain(value, x)
    assert repr(explanation) == "<Explanation of dy/dx = 0>"
    assert section(explanation, "The chain rule")[-1] == "      = 0 (cut) = 0"


def test_data_that_changed():
    x = Value(2.0, "x")
    y = (x * x).named("y")
    assert "Remarks" not in str(explain(y))
    x.data = 3.0
    assert remarks(explain(y)) == (
        "y = 4 was computed from other data than its operands have now, and so were its "
        "derivatives; forward() computes them anew."
    )
    y.forward()
    assert "Remarks" not in str(explain(y))


def test_rounding_is_admitted():
    x = Value(1 / 3, "x")
    assert remarks(explain(x * 1)) == "Numbers are rounded to 7 digits."
    assert "Remarks" not in str(explain(Value(0.25, "x") * 3))
    hidden = x = Value(1.0, "x")
    for _ in range(9):
        hidden = hidden - 0 * x * (1 / 3)
    assert "Remarks" not in str(explain((hidden - x) * 1, steps=1))


# --- Notations ----------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>", "x y", "$x$", r"\foo", "}{", "a_b", "w0_1", "#1", "%", "&", "^",
    "~", "|", "x\ny", "\x00", "\u202e", "lambda", "é", "Ω", "变量", "👍", "```", "<!--", "1", "**",
    "' onload='", "alpha", "]]>", "[x](javascript:1)",
]  # fmt: skip


def hostile():
    nodes = [Value(0.5, name) for name in HOSTILE]
    inner = total([(x * nodes[0]).named(x.name) for x in nodes[1:]])
    return relu(inner - 100) + inner * maximum(nodes[0], nodes[1]), nodes


class Tags(HTMLParser):
    """The tags of a page with their attributes, and the text between them, scripts apart."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data):
        self.text += data


def test_hostile_names():
    value, nodes = hostile()
    for wrt in (None, *nodes[:5]):
        explanation = explain(value, wrt, steps=200)
        text = str(explanation)
        assert all(x.isprintable() for x in text.replace("\n", ""))
        assert "script>" not in explanation.markdown() + explanation.latex()
        page = Tags(markdown2html(explanation.markdown()))
        assert page.tags == {"h3", "p", "a"}
        assert page.attributes == {"id", "class", "href"}  # those of the headings
        formulas = re.findall(r"(?s)\$\$.*?\$\$", explanation.markdown())
        assert re.findall(r"(?s)\$\$.*?\$\$", page.text) == formulas


def test_a_hostile_operation_is_harmless_in_markdown_and_words():
    op = Op("<b>\n$x$", lambda x: 0.0, [lambda out, x: 0.0], selects=True)
    explanation = explain(op(Value(1.0, "x")))
    assert r"\<b\>␊\$x\$ does not pick" in explanation.markdown()
    assert r"\textless{}b\textgreater{}␊\$x\$ does not pick" in explanation.latex()
    page = Tags(markdown2html(explanation.markdown()))
    assert "b" not in page.tags
    assert "<b>␊$x$ does not pick" in page.text


@pytest.mark.skipif(mathjax.environment() is None, reason="Node.js with mathjax is not installed")
def test_mathjax_reads_every_formula():
    explanations = []
    value, nodes = hostile()
    explanations += [explain(value, steps=200), explain(value, nodes[0], steps=200)]
    for op in TABLE.values():
        operands = [Value(0.5, "x"), Value(0.25, "a_b"), Value(2.0)]
        with np.errstate(all="ignore"):
            value = relu(Value._record(op, operands[: op.arity or 2]) * 2 - 1e-30)
        explanations += [explain(value), explain(value, operands[0])]
    x = Value(1.0, "x")
    deep = x
    with np.errstate(all="ignore"):
        for _ in range(60):
            deep = deep + deep * deep
        explanations += [explain(deep, x, paths=3), explain(log(x - 1) * 1e300, x)]
    texts = []
    for explanation in explanations:
        markdown = explanation.markdown()
        blocks = re.findall(r"\$\$\n(.*?)\n\$\$", markdown, re.DOTALL)
        prose = re.sub(r"(?s)\$\$.*?\$\$", "", markdown)
        inline = re.findall(r"(?<!\\)\$([^$\n]+)\$", prose)
        aligned = re.findall(r"(?s)\\begin\{align\*\}.*?\\end\{align\*\}", explanation.latex())
        assert len(aligned) == len(blocks)
        texts += [*blocks, *inline, *aligned]
    wrong = {text: error for text, error in zip(texts, mathjax.errors(texts), strict=True) if error}
    assert wrong == {}


def test_markdown_and_latex():
    x = Value(3.0, "x")
    explanation = explain((x * x).named("y"), x)
    assert isinstance(explanation, Explanation)
    assert explanation.markdown().startswith(
        "### Forward\n\nGiven $x = 3$.\n\n$$\n\\begin{aligned}\ny &= x \\cdot x = 3 \\cdot 3 = 9\n"
    )
    assert r"\text{path 1} &= \frac{\partial y}{\partial {x}_{\text{left}}} = x = 3 \\" in (
        explanation.latex()
    )
    assert explanation.latex().startswith("\\paragraph{Forward}\nGiven $x = 3$.\n")


def test_a_notebook_shows_the_markdown():
    explanation = explain(Neuron().record()[0])
    assert explanation._repr_markdown_() == explanation.markdown()
    assert not hasattr(explanation, "_repr_html_")  # which notebooks would show instead


def test_markdown_and_latex_say_what_the_text_says():
    """The same headings, the same number of lines, the same number at the end of each."""
    loss, w, *_ = Neuron().record()
    for explanation in (explain(loss, w[0]), explain(loss)):
        sections = [x.split("\n") for x in str(explanation).split("\n\n")]
        for written in (explanation.markdown(), explanation.latex()):
            shown = re.split(r"### |\\paragraph{", written)[1:]
            for (title, *lines), part in zip(sections, shown, strict=True):
                assert part.startswith(title)
                (calculation,) = re.findall(r"(?s)\\begin{align.*?}\n(.*)\n\\end{align", part)
                calculated = [line for line in lines if not line.startswith("  Given")]
                for row, line in zip(calculation.split(" \\\\\n"), calculated, strict=True):
                    result = line.split("= ")[-1]
                    assert row.endswith(f"= {result}") or not re.fullmatch(r"-?[\d.]+", result)


# --- What does not add up, and what looks the same ----------------------------------------------


def test_paths_that_overflow_where_the_backward_pass_does_not():
    u = Value(1e-250, "u")
    y = (u * 1e200) * 1e200 * 1e-300 + u * 1e105
    chain = section(explain(y, u, paths=1), "The chain rule")
    assert "… and 1 more path, together 1e100" in chain[-2]
    assert chain[-1].endswith("= 1e105 + 1e100 = 1.00001e105")
    shared = u * 1e200
    text = str(explain(shared * 1e200 - shared * 1e200, u))
    assert "The contributions of the paths do not add up to that" in " ".join(text.split())


def test_what_a_cut_stands_before_is_not_multiplied():
    x = Value(-1.0, "x")
    with np.errstate(all="ignore"):
        text = str(explain(where(x > 0.0, log(x), 0.0), x))
    assert "0 · nan" not in text
    assert "0 (cut) = 0" in text


def test_a_partial_that_is_out_of_date():
    x, z = Value(2.0, "x"), Value(0.0, "z")
    y = (x * z).named("y")
    x.data = 5.0
    assert "was computed from other data" in str(explain(y, z))


def test_a_random_operation_is_not_repeated():
    calls = []
    noise = Op("noise", lambda x: x + len(calls) + (calls.append(x) or 0), [lambda o, x: 1])
    y = noise(Value(1.0, "x")) * 2
    count = len(calls)
    assert "Remarks" not in str(explain(y))
    assert len(calls) == count


def test_signs_of_zero_and_large_numbers():
    with np.errstate(all="ignore"):
        text = str(explain(1.0 / Value(-0.0, "x")))
    assert "y = 1 / x = 1 / (-0) = -inf" in text
    big = explain(Value(123456789012.0, "x") * 2.0)
    assert r"123456789012 \cdot 2 = 246913578024" in big.latex()


def test_symbols_of_different_leaves_differ_in_latex():
    value = Value(2.0, "y1") * Value(3.0, "y_1")
    first, second = (leaf.name for leaf in value.operands)
    assert first != second
    formula = explain(value).latex()
    assert r"y_{1} \cdot y_{1}" not in formula


def test_names_of_operations_are_printable():
    odd = Op("a\nb\x1b[31m", lambda x: x, [lambda out, x: 1.0])
    assert "a␊b␛[31m" in str(explain(odd(Value(1.0, "x"))))
    if mathjax.environment():
        hostile = Op("\\frac{", lambda x: x, [lambda out, x: 1.0])
        assert mathjax.errors([latex(hostile(Value(1.0, "x")))]) == [""]
