"""A new operation is one entry of the table: every reader takes from there what it needs."""

import copy
import math
import pickle
import re
from pathlib import Path
from types import SimpleNamespace

import limits
import mpmath
import numpy as np
import oracle
import pytest
import sympy
import test_limits
import test_ops

from autograd import (
    Value,
    check_gradient,
    compare,
    draw,
    explain,
    expression,
    grad,
    hessian,
    kernels,
    latex,
    ops,
    python_source,
    to_sympy,
)
from autograd.expression.simplify import simplified
from autograd.formula import read
from autograd.op import Entry
from autograd.ops import TABLE

ROOT2, ROOT2PI = math.sqrt(2.0), math.sqrt(2.0 * math.pi)
POINTS = (-3.0, -0.5, 0.0, 0.25, 1.5)


def gelu_kernel(x: float) -> float:
    """`x` times the probability that a standard normal number is below it."""
    return 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0)))


@pytest.fixture(autouse=True)
def gelu(monkeypatch):
    """The entry, in the table and nowhere else, as if `ops.py` had it.

    Its formulas are those that come to mind, good enough for numbers of everyday size.
    """
    gelu = Entry(
        "gelu", gelu_kernel,
        [lambda out, x: 0.5 * (1.0 + ops.erf(x / ROOT2)) + x * ops.gaussian(x / ROOT2) / ROOT2PI],
        latex=r"#1 \cdot \Phi\left(#1\right)", sympy="#1 * (1 + erf(#1 / sqrt(2))) / 2",
        description="The Gaussian error linear unit.")  # fmt: skip
    monkeypatch.setitem(TABLE, "gelu", gelu)
    monkeypatch.setattr(ops, "gelu", gelu, raising=False)
    gelu.__module__ = ops.__name__
    return gelu


def exactly(x, order=0):
    def function(x):
        return x * mpmath.ncdf(x)

    return float(mpmath.diff(function, x, order))


def by_hand(x):
    return 0.5 * (1.0 + math.erf(x / ROOT2)) + x * math.exp(-x * x / 2.0) / ROOT2PI


def test_recorded_and_differentiated_to_any_order(gelu):
    for number in POINTS:
        x = Value(number)
        out = gelu(x)
        for order in range(4):
            assert out.data == pytest.approx(exactly(number, order), rel=1e-13, abs=1e-14)
            out = out.derivative(x)
        y = gelu(x)
        y.backward()
        assert x.grad == grad(gelu)(number) == y.partials[0]
    matrix = hessian(lambda x: gelu(x[0]) * gelu(x[1]))(np.array([0.5, -1.0]))
    assert matrix[0][1] == pytest.approx(exactly(0.5, 1) * exactly(-1.0, 1))
    x.data = 2.0
    assert y.forward() == gelu(2.0)


def test_called_with_numbers_and_arrays(gelu):
    assert gelu(0.5) == gelu_kernel(0.5)
    assert gelu(np.array(POINTS)).tolist() == [gelu_kernel(x) for x in POINTS]
    with pytest.raises(TypeError, match=r"gelu is called as gelu\(x\); given: 2 by position"):
        gelu(1.0, 2.0)


def test_copied_and_pickled(gelu):
    out = gelu(Value(0.5, "x"))
    for twin in (copy.deepcopy(out), pickle.loads(pickle.dumps(out))):
        assert twin.op is gelu
        assert twin.data == out.data


def test_written(gelu):
    x = Value(0.5, "x")
    assert expression(gelu(x + 1) * 2) == "gelu(x + 1) * 2"
    assert latex(gelu(x) ** 2) == r"\left(x \cdot \Phi\left(x\right)\right)^{2}"


@pytest.mark.parametrize("number", POINTS)
def test_as_python_to_the_same_bits(gelu, number):
    x, space = Value(number, "x"), {}
    loss = (gelu(x) - 0.5) ** 2
    loss.backward()
    exec(python_source(loss, gradient=True), space)
    assert space["f"](number) == (loss.data, (pytest.approx(x.grad, rel=1e-14),))


def test_as_sympy(gelu):
    x, symbol = Value(0.5, "x"), sympy.Symbol("x", real=True)
    out = gelu(x)
    slope = sympy.diff(to_sympy(out), symbol)
    for number in POINTS:
        at = {symbol: number}
        assert float(to_sympy(out).evalf(subs=at)) == pytest.approx(exactly(number), abs=1e-15)
        for formula in (slope, to_sympy(out.derivative(x))):
            assert float(formula.evalf(subs=at)) == pytest.approx(exactly(number, 1), abs=1e-15)


def test_drawn(gelu):
    x = Value(0.5, "x")
    out = gelu(x) * 2.0
    out.backward()
    assert 'label="gelu\\n' in draw(out).source
    assert "gelu(x)" in draw(out).svg()


def test_explained(gelu):
    x = Value(0.5, "x")
    text = str(explain((gelu(x) ** 2).named("y"), x))
    assert "gelu(x)" in text
    assert f"{by_hand(0.5):.6g}" in text  # the formula is too long to be written out
    assert r"\Phi" in explain(gelu(x), x).latex()


def test_compared(gelu):
    x = Value(0.5, "x")
    out = gelu(x) ** 2
    right = 2.0 * gelu_kernel(0.5) * by_hand(0.5)
    assert compare(out, {x: right}).passed
    assert check_gradient(gelu, by_hand, 0.5)
    report = check_gradient(lambda x: gelu(x) ** 2, lambda x: 2.0 * gelu_kernel(x), 0.5)
    assert not report
    assert "the derivative of gelu is forgotten" in str(report)


def test_simplified(gelu):
    x = Value(0.5)
    out = gelu(x * 1.0)
    (simple,) = simplified([out])
    assert simple.operands == (x,)
    assert simplified([out], {x: 0.5}) == [gelu_kernel(0.5)]


def test_read_in_a_formula():
    assert read("gelu(x) + 1", {"x": 0.5}).data == gelu_kernel(0.5) + 1.0
    with pytest.raises(ValueError, match="no operation 'gelo'; did you mean 'gelu'"):
        read("gelo(x)", {"x": 0.5})


def test_the_page_shows_an_operation_that_keeps_what_a_row_promises(monkeypatch):
    """gelu as the page "Custom operations" adds it, with its parts, truths and allowance."""
    page = Path(__file__).parents[1] / "docs" / "custom-operations.md"
    text = page.read_text(encoding="utf-8")
    shown = dict(re.findall(r"```\w+\n# (\S+)\n(.*?)```", text, re.DOTALL))
    space = {**vars(kernels)}
    exec(shown["autograd/kernels.py"], space)
    table = {**vars(ops), "kernels": SimpleNamespace(**space)}
    exec(shown["autograd/ops.py"], table)
    for file, module, facts in (
        ("tests/oracle.py", oracle, (oracle.FUNCTIONS, oracle.KNOWN)),
        ("tests/limits.py", limits, (limits.EXPRESSIONS,)),
    ):
        for name, truth in eval(f"{{{shown[file]}}}", vars(module)).items():
            for known in facts:
                monkeypatch.setitem(known, name, truth)
    allowance = f"def allowance(op, operands, exact, index=None):\n{shown['tests/test_ops.py']}"
    exec(f"{allowance}    return 0.0", case := {**vars(test_ops)})
    monkeypatch.setattr(test_ops, "allowance", case["allowance"])
    parts = ["normal_cdf", "normal_density"]
    monkeypatch.setattr(test_limits, "DERIVATIVES", parts)
    monkeypatch.setattr(test_ops, "PARTS", parts)
    awkward = [-38.4, -37.676, -15.66, -1.1548404431299346, -0.7520383811394373, 1e300, -1e300]
    for op in (table[name] for name in ("gelu", *parts)):
        for operands in [*test_ops.samples(op, 1000), *[(x,) for x in awkward]]:
            test_ops.check(op, operands)
        test_ops.test_fifty_digits_are_enough(op)
        test_ops.test_second_derivatives_agree_with_numerical_differentiation(op)
        assert not test_limits.failures(op)
