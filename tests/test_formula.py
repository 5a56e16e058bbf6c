"""Formulas that are typed in: what they give, what is refused, and that nothing is executed."""

import ast
import contextlib
import math
import sys
import time

import pytest
from graphs import graphs
from hypothesis import example, given
from hypothesis import strategies as st

from autograd import Value, expression, ops, topological_order
from autograd.formula import read


@pytest.mark.parametrize(
    ("text", "numbers", "data"),
    [
        ("(relu(w*x + b) - t)**2", {"w": -3, "x": 1, "b": 1, "t": 0}, 0.0),
        ("-x**2", {"x": 3}, -9.0),
        ("(-x)**2", {"x": 3}, 9.0),
        ("2**3**2", {}, 512.0),
        ("+x - -x", {"x": 3}, 6.0),
        ("a - b - c", {"a": 10, "b": 3, "c": 2}, 5.0),
        ("a / b / c", {"a": 12, "b": 3, "c": 2}, 2.0),
        ("a * b % c * a + -a // c", {"a": 3, "b": 4, "c": 5}, 5.0),
        ("mod(a, -b) + 2 * (-a % b)", {"a": 7, "b": 4}, 1.0),
        ("dot([a, b], (1, 2))", {"a": 3, "b": 4}, 11.0),
        ("ln(a) + lgamma(a) + fabs(-a) + round(a * 1.26, 1)", {"a": 1}, 2.3),
        ("max(a, 2, 1) + max([a, 3]) - min(a, 0)", {"a": 1}, 5.0),
        ("sum([a, 2, 3]) + mean([a]) + prod([a, a]) + logsumexp([0])", {"a": 1}, 8.0),
        ("sum([])", {}, 0.0),
        ("where(x > 0, log(x), 0)", {"x": 1}, 0.0),
        ("where(x > 0, 1, 2) + 10*where(x < 0, 1, 2)", {"x": 0}, 22.0),
        ("where(x >= 0, 1, 2) + 10*where(x <= 0, 1, 2)", {"x": 0}, 11.0),
        ("leaky_relu(x) + leaky_relu(x, 0.5)", {"x": -2}, -1.02),
        ("gelu(x) - gelu(x, 0)", {"x": -2}, 0.0),
        ("gelu(x, 1) / x", {"x": 9}, 1.0),
        ("pi*r**2", {"r": 1}, math.pi),
        ("pi*r**2", {"r": 1, "pi": 3}, 3.0),
        ("exp*exp(0)", {"exp": 5}, 5.0),
        ("e*x + π", {"e": 3, "x": 2, "π": 1}, 7.0),
        ("1/0", {}, math.inf),
        ("9**9**9**9", {}, math.inf),
        ("1_000 + 0x10 + 1e3 + .5", {}, 2016.5),
        ("a\n + b\t ", {"a": 1, "b": 2}, 3.0),
        ("é + 変数", {"é": 1, "変数": 2}, 3.0),
        ("ﬁ", {"fi": 1}, 1.0),
        ("x", {"x": 5}, 5.0),
        ("-" * 500 + "x", {"x": 5}, 5.0),
        ("+".join(["x"] * 900), {"x": 1}, 900.0),
        ("(" * 100 + "x" + ")" * 100, {"x": 5}, 5.0),
    ],
)
def test_what_it_gives(text, numbers, data):
    value = read(text, numbers)
    assert isinstance(value, Value)
    assert value.data == data
    assert {node.name for node in topological_order(value) if node.op is None} >= set(numbers)


def test_it_is_the_graph_that_python_makes():
    value = read("(relu(w*x + b) - t)**2", {"w": 3, "x": 1, "b": 1, "t": 0})
    assert expression(value) == "(relu(w * x + b) - t) ** 2"
    value.backward()
    assert [node.grad for node in topological_order(value) if node.name == "w"] == [8.0]


def test_every_exported_operation_can_be_called_and_no_other():
    for name, op in ops.TABLE.items():
        needed = (op.arity or 0) - len(getattr(op.forward, "__defaults__", None) or ())
        text = f"{name}({', '.join(['[x, x]'] * op.sequences or ['x'] * needed)})"
        if op.public:
            assert read(text, {"x": 1.0}).op is op
        else:
            with pytest.raises(ValueError, match=f"there is no operation '{name}'"):
                read(text, {"x": 1.0})


READ_BACK = [ops.add, ops.subtract, ops.multiply, ops.divide, ops.power, ops.negative, ops.tanh,
             ops.maximum, ops.sum, ops.clip]  # fmt: skip


ABC = st.builds(lambda: [Value(0.5, "a"), Value(1.5, "b"), Value(0.25, "c")])


@given(graphs(READ_BACK, ABC, (2.0, -0.5), names=[None], most=8, uses=3))
def test_expressions_are_read_back(value):
    text = expression(value)
    if "\n" not in text:
        names = {x.id for x in ast.walk(ast.parse(text)) if isinstance(x, ast.Name)}
        leaves = [x for x in topological_order(value) if x.name in names]
        again = read(text, {x.name: x.data for x in leaves}).data
        before = value.data
        assert again == before or (again != again and before != before)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("x.data", "an attribute has no place in a formula", "."),
        ("x.__class__.__bases__", "an attribute has no place in a formula", "."),
        ("().__class__", "an attribute has no place in a formula", "."),
        ("exp(x).data", "an attribute has no place in a formula", "."),
        ("x[0]", "an index has no place in a formula", "x["),
        ("foo(x)", "there is no operation 'foo'", "foo"),
        ("1 + __import__(x)", "there is no operation '__import__'", "__import__"),
        ("__import__('os').system('ls')", "' has no place in a formula", "'os"),
        ("eval(x)", "there is no operation 'eval'", "eval"),
        ("greater(x, 0)", "there is no operation 'greater'", "greater"),
        ("sigmiod(x)", "there is no operation 'sigmiod'; did you mean 'sigmoid'?", "sig"),
        ("[x for x in x]", "for has no place in a formula", "for"),
        ("lambda: x", "lambda has no place in a formula", "lambda"),
        ("x if x else x", "if has no place in a formula", "if"),
        ("(x := 3)", ":= has no place in a formula", ":="),
        ("x = 3", "= has no place in a formula", "="),
        ("x == 3", "== has no place in a formula", "=="),
        ("not x", "not has no place in a formula", "not"),
        ("x and x", "and has no place in a formula", "and"),
        ("True", "True has no place in a formula", "True"),
        ("None", "None has no place in a formula", "None"),
        ("await x", "await has no place in a formula", "await"),
        ("'x'", "' has no place in a formula", "'"),
        ('f"{x}"', '" has no place in a formula', '"'),
        ("x; x", "; has no place in a formula", ";"),
        ("x # x", "# has no place in a formula", "#"),
        ("{x: 1}", "{ has no place in a formula", "{"),
        ("x ^ 2", "^ has no place in a formula; a power is written **", "^"),
        ("x × 2", "× has no place in a formula; a product is written *", "×"),
        ("x \N{MINUS SIGN} 2", "has no place in a formula; a minus is written -", "\N{MINUS SIGN}"),
        ("~x", "~ has no place in a formula", "~"),
        ("1j*x", "this has no place in a formula", "1j"),
        ("...", "this has no place in a formula", "..."),
        ("x > 0", "a comparison can only be the condition of where", "x"),
        ("where(x > 0, x > 1, 0)", "a comparison can only be the condition of where", "x > 1"),
        ("where(0 < x < 1, 1, 0)", "a chain of comparisons has no place in a formula", "0 <"),
        ("[x]", "a list can only be given to a reduction, such as sum", "[x"),
        ("x, 1", "a list can only be given to a reduction, such as sum", "x"),
        ("exp([x])", "a list can only be given to a reduction, such as sum", "[x"),
        ("sum([[x]])", "a list can only be given to a reduction, such as sum", "[x"),
        ("sum(x)", "a list is needed here, such as [a, b]", "x)"),
        ("sum(x, x)", "sum is called as sum([a, b, …])", "sum"),
        ("dot([x], [1, 2])", "dot takes two vectors of the same length", "dot"),
        ("mean([])", "mean of no operands is undefined", "mean"),
        ("exp(*x)", "a star has no place in a formula", "*"),
        ("exp(**x)", "arguments are given without names", "**"),
        ("exp(x, x)", "exp is called as exp(x); given: 2 by position", "exp"),
        ("exp()", "exp is called as exp(x); given: 0 by position", "exp"),
        ("exp + x", "exp is an operation: exp(…)", "exp"),
        ("x(2)", "x is a number, which cannot be called; a product is written with *", "x"),
        ("2(x)", "this is not an operation, which cannot be called; a product is written", "2"),
        ("2x", "invalid decimal literal; a product is written 2 * x", "2"),
        ("x + y", "'y' has no number", "y"),
        ("xx + x", "'xx' has no number; did you mean 'x'?", "xx"),
        ("x + inf", "'inf' has no number", "inf"),
        ("e**x", "'e' has no number; e ** x is written exp(x), and e alone exp(1)", "e"),
        ("2*π*x", "'π' has no number; it is written pi", "π"),
        ("1e999", "this number is too large", "1e"),
        ("1" * 4000, "this number is too large", "1"),
        ("1" * 6000, "this number has too many digits", "1"),
        ("(x", "'(' was never closed", "("),
        ("x)", "unmatched ')'", ")"),
        ("x +", "the formula ends too early", ""),
        ("(x + 1) *", "the formula ends too early", ""),
        ("x x", "this is not a formula", "x"),
        ("(" * 101 + "x" + ")" * 101, "parentheses are nested more than 100 deep", "("),
        ("-" * 9000 + "x", "a formula has at most 2,000 symbols", "-"),
        ("2**" * 3000 + "x", "a formula has at most 2,000 symbols", "*"),
        ("\ud800", "this has no place in a formula", "?"),
        ("x\0", "this has no place in a formula", "?"),
        ("変 + y.a", "an attribute has no place in a formula", ".a"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(text, message, place):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        read(text, {"x": 1.0, "変": 1.0})
    said, line, caret = str(error.value).split("\n")
    assert message in said
    assert len(said) < 150
    assert len(line) < 80
    column = caret.index("^") - line[: caret.index("^")].count("変")
    assert line[column:].startswith(place)


@pytest.mark.parametrize(
    ("text", "numbers", "message"),
    [
        ("", {}, "the formula is empty"),
        (" \n", {}, "the formula is empty"),
        ("x" * 1_000_000, {}, "a formula has at most 10,000 characters; this one has 1,000,000"),
        ("(" * 10_000 + ")" * 10_000, {}, "a formula has at most 10,000 characters"),
        ("x", {"x": 1, "q": 2}, "'q' is given, but is not in the formula"),
        ("width", {"width": 1, "widht": 2}, "'widht' is given, but is not in the formula; did you"),
        ("x", {"x y": 1}, "'x y' cannot be a name in a formula"),
        ("x", {"": 1}, "'' cannot be a name in a formula"),
        ("x", {"lambda": 1}, "'lambda' cannot be a name in a formula"),
        ("fi", {"fi": 1, "ﬁ": 2}, "'ﬁ' is given twice"),
    ],
)
def test_what_is_refused_as_a_whole(text, numbers, message):
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(")):
        read(text, numbers)


def test_a_formula_is_a_string():
    with pytest.raises(TypeError, match="a formula must be a string, not a bytes"):
        read(b"x", {})


PIECES = st.sampled_from(
    "x y 1 2.5 1e3 pi e + - * / ** ( ) [ ] , > < = . exp relu dot where sum sin( log( [x,1]".split()
    + "__import__ lambda for in if : ' \" # \\ { } := eval exec open . __class__ ~ @ ; ² é".split()
    + [" ", "\n", "\0", "\ud800", "\u0663"]
)
EXECUTED = []
"""What Python has noted that only code could do, while it is watched."""
WATCHED = [False]
sys.addaudithook(
    lambda event, arguments: (
        WATCHED[0]
        and event in ("import", "open", "exec", "os.system", "subprocess.Popen")
        and EXECUTED.append(event)
    )
)


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
@example("__import__('os').system('touch attacked')")
@example("().__class__.__base__.__subclasses__()")
@example("-" * 9_999)
@example("x" + "(x" * 3000)
def test_nothing_is_executed_and_only_a_valueerror_raised(text):
    EXECUTED.clear()
    WATCHED[0] = True
    try:
        result = read(text, {"x": 2.0})
    except ValueError:
        pass
    else:
        assert isinstance(result, Value)
    finally:
        WATCHED[0] = False
    assert EXECUTED == []


def test_it_is_quick():
    start = time.process_time()
    for text in ("x" * 10_000_000, "-" * 9_999 + "x", "+".join(["x"] * 2000), "x**" * 1900 + "x"):
        with contextlib.suppress(ValueError):
            read(text, {"x": 1.0})
    assert time.process_time() - start < 2.0


def test_long_names_take_no_time():
    start = time.process_time()
    with pytest.raises(ValueError, match="a name has at most 100 characters"):
        read("x" * 9000, {"x" * 80 + str(i): 1.0 for i in range(8)})
    with pytest.raises(ValueError, match="is too long for a name: it has 9,000 characters"):
        read("x", {"x" * 9000: 1.0})
    assert time.process_time() - start < 1.0


def test_a_formula_of_constants_has_no_inputs():
    value = read("1 + 2", {})
    assert value.data == 3.0
    assert all(node.op for node in topological_order(value))
