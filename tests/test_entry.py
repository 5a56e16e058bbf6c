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

POINTS = (-3.0, -0.5, 0.0, 0.25, 1.5)


def mish_kernel(x: float) -> float:
    """`x * tanh(softplus(x))`."""
    return x * math.tanh(math.log1p(math.exp(x)))


@pytest.fixture(autouse=True)
def mish(monkeypatch):
    """The entry, in the table and nowhere else, as if `ops.py` had it.

    Its formulas are those that come to mind, good enough for numbers of everyday size.
    """
    mish = Entry(
        "mish", mish_kernel,
        [lambda out, x: ops.tanh(ops.softplus(x))
         + x * ops.sech2(ops.softplus(x)) * ops.sigmoid(x)],
        latex=r"#1 \cdot \tanh\left(\ln\left(1 + e^{#1}\right)\right)",
        sympy="#1 * tanh(log(1 + exp(#1)))", description="A smooth relu.")  # fmt: skip
    monkeypatch.setitem(TABLE, "mish", mish)
    monkeypatch.setattr(ops, "mish", mish, raising=False)
    mish.__module__ = ops.__name__
    return mish


def exactly(x, order=0):
    def function(x):
        return x * mpmath.tanh(mpmath.log1p(mpmath.exp(x)))

    return float(mpmath.diff(function, x, order))


def by_hand(x):
    t = math.tanh(math.log1p(math.exp(x)))
    return t + x * (1.0 - t * t) / (1.0 + math.exp(-x))


def test_recorded_and_differentiated_to_any_order(mish):
    for number in POINTS:
        x = Value(number)
        out = mish(x)
        for order in range(4):
            assert out.data == pytest.approx(exactly(number, order), rel=1e-13, abs=1e-14)
            out = out.derivative(x)
        y = mish(x)
        y.backward()
        assert x.grad == grad(mish)(number) == y.partials[0]
    matrix = hessian(lambda x: mish(x[0]) * mish(x[1]))(np.array([0.5, -1.0]))
    assert matrix[0][1] == pytest.approx(exactly(0.5, 1) * exactly(-1.0, 1))
    x.data = 2.0
    assert y.forward() == mish(2.0)


def test_called_with_numbers_and_arrays(mish):
    assert mish(0.5) == mish_kernel(0.5)
    assert mish(np.array(POINTS)).tolist() == [mish_kernel(x) for x in POINTS]
    with pytest.raises(TypeError, match=r"mish is called as mish\(x\); given: 2 by position"):
        mish(1.0, 2.0)


def test_copied_and_pickled(mish):
    out = mish(Value(0.5, "x"))
    for twin in (copy.deepcopy(out), pickle.loads(pickle.dumps(out))):
        assert twin.op is mish
        assert twin.data == out.data


def test_written(mish):
    x = Value(0.5, "x")
    assert expression(mish(x + 1) * 2) == "mish(x + 1) * 2"
    assert latex(mish(x) ** 2) == (
        r"\left(x \cdot \tanh\left(\ln\left(1 + e^{x}\right)\right)\right)^{2}"
    )


@pytest.mark.parametrize("number", POINTS)
def test_as_python_to_the_same_bits(mish, number):
    x, space = Value(number, "x"), {}
    loss = (mish(x) - 0.5) ** 2
    loss.backward()
    exec(python_source(loss, gradient=True), space)
    assert space["f"](number) == (loss.data, (pytest.approx(x.grad, rel=1e-14),))


def test_as_sympy(mish):
    x, symbol = Value(0.5, "x"), sympy.Symbol("x", real=True)
    out = mish(x)
    slope = sympy.diff(to_sympy(out), symbol)
    for number in POINTS:
        at = {symbol: number}
        assert float(to_sympy(out).evalf(subs=at)) == pytest.approx(exactly(number), abs=1e-15)
        for formula in (slope, to_sympy(out.derivative(x))):
            assert float(formula.evalf(subs=at)) == pytest.approx(exactly(number, 1), abs=1e-15)


def test_drawn(mish):
    x = Value(0.5, "x")
    out = mish(x) * 2.0
    out.backward()
    assert 'label="mish\\n' in draw(out).source
    assert "mish(x)" in draw(out).svg()


def test_explained(mish):
    x = Value(0.5, "x")
    text = str(explain((mish(x) ** 2).named("y"), x))
    assert "mish(x)" in text
    assert f"{by_hand(0.5):.6g}" in text  # the formula is too long to be written out
    assert r"\tanh" in explain(mish(x), x).latex()


def test_compared(mish):
    x = Value(0.5, "x")
    out = mish(x) ** 2
    right = 2.0 * mish_kernel(0.5) * by_hand(0.5)
    assert compare(out, {x: right}).passed
    assert check_gradient(mish, by_hand, 0.5)
    report = check_gradient(lambda x: mish(x) ** 2, lambda x: 2.0 * mish_kernel(x), 0.5)
    assert not report
    assert "the derivative of mish is forgotten" in str(report)


def test_simplified(mish):
    x = Value(0.5)
    out = mish(x * 1.0)
    (simple,) = simplified([out])
    assert simple.operands == (x,)
    assert simplified([out], {x: 0.5}) == [mish_kernel(0.5)]


def test_read_in_a_formula():
    assert read("mish(x) + 1", {"x": 0.5}).data == mish_kernel(0.5) + 1.0
    with pytest.raises(ValueError, match="no operation 'mesh'; did you mean 'mish'"):
        read("mesh(x)", {"x": 0.5})


def test_the_page_shows_an_operation_that_keeps_what_a_row_promises(monkeypatch):
    """mish as the page "Custom operations" adds it, with its parts, truths and allowance."""
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
    parts = ["mish_gate", "mish_gate_slope"]
    monkeypatch.setattr(test_limits, "DERIVATIVES", parts)
    monkeypatch.setattr(test_ops, "PARTS", parts)
    awkward = [-745.0, -720.5, -708.4, -1.1924312145, 0.0, 5.5, 19.5, 355.5, 1e300, -1e300]
    for op in (table[name] for name in ("mish", *parts)):
        for operands in [*test_ops.samples(op, 1000), *[(x,) for x in awkward]]:
            test_ops.check(op, operands)
        test_ops.test_fifty_digits_are_enough(op)
        test_ops.test_second_derivatives_agree_with_numerical_differentiation(op)
        assert not test_limits.failures(op)
