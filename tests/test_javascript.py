"""Graphs written as JavaScript: the same numbers as in Python, in a real browser."""

import json
import math
from importlib.resources import files

import pytest
from browser import browser
from test_ops import ordinary_points, samples
from test_page import needs_browser

from autograd import Value
from autograd.compiler.javascript import javascript
from autograd.edges import edges
from autograd.ops import TABLE
from autograd.quiet import quietly
from autograd.rounding import Bounds

RUNNING = (files("autograd.compiler") / "program.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page():
    with browser() as page:
        yield page


def run(page, order, program=None):
    """What a graph's program computes: for each node the value and the partial derivatives."""
    given = [repr(x.data).replace("inf", "Infinity") for x in order]
    found = page.evaluate(
        f"(() => {{ {RUNNING}\nconst program = {program or javascript(order)};"
        f"const {{ data, partials }} = evaluated(program, {json.dumps(given)}.map(Number));"
        "return data.map((x, place) => [x, ...partials[place]].map(String)); })()"
    )
    return [[float(x) for x in row] for row in found]


def agrees(found, order):
    """Whether the numbers of a graph are Python's, to 1e-12 of the size of their terms."""
    bounds = Bounds(order)
    for node, row in zip(order, found, strict=True):
        if node.op is None:
            continue
        wanted = [(node.data, bounds.data[node])]
        wanted += [(x.partial, bounds.of_slope(x)) for x in edges(node)]
        live = [place for place, x in enumerate(node.operands) if isinstance(x, Value)]
        given = [row[0], *[row[1 + place] for place in live]]
        for (right, size), x in zip(wanted, given, strict=True):
            if math.isnan(right) or math.isinf(right):
                assert repr(x) == repr(right), (node, given)
            else:
                assert abs(x - right) <= 1e-12 * max(abs(right), size) + 1e-300, (
                    node,
                    given,
                    wanted,
                )


def applied(op, operands):
    """An operation on leaves, with everything it is computed from."""
    leaves = [Value(float(x)) for x in operands]
    return [*leaves, quietly(Value._record, op, leaves)]


@needs_browser
@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_every_operation_of_the_table(page, op):
    order = [node for x in ordinary_points(op) for node in applied(op, x)]
    agrees(run(page, order), order)


@needs_browser
@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_at_nan(page, op):
    """Each operand in turn is nan; the program is that of ordinary numbers."""
    for operands in ordinary_points(op, 2):
        for place in range(len(operands)):
            leaves = [Value(float(x)) for x in operands]
            order = [*leaves, quietly(Value._record, op, leaves)]
            program = javascript(order)
            leaves[place].data = math.nan
            quietly(order[-1].forward)
            agrees(run(page, order, program), order)


@needs_browser
@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_at_all_magnitudes(page, op):
    order = [node for x in samples(op, 60) for node in applied(op, x)]
    agrees(run(page, order), order)


@needs_browser
def test_functions_that_math_does_not_have(page):
    """At the points where they differ from the next best thing."""
    for call, wanted in [
        ("pow(1, NaN)", 1.0), ("pow(1, Infinity)", 1.0), ("pow(-1, -Infinity)", 1.0),
        ("rounded(0.25, 1)", round(0.25, 1)), ("rounded(0.75, 1)", round(0.75, 1)),
        ("rounded(25, -1)", 20.0), ("rounded(35, -1)", 40.0), ("rounded(-2.5, 0)", -2.0),
        ("copysign(2, -0)", -2.0), ("erf(7)", 1.0), ("erf(-7)", -1.0), ("erfc(3)", math.erfc(3.0)),
    ]:  # fmt: skip
        found = page.evaluate(f"(() => {{ {RUNNING}\nreturn {call}; }})()")
        assert found == pytest.approx(wanted, rel=1e-13), call
