"""No false alarm and no free pass: what `check_gradient` does where there is little to compare."""

import builtins
import itertools
import math
import operator
import random
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    abs,
    check_gradient,
    cosh,
    dot,
    exp,
    floor,
    log,
    log1p,
    logaddexp,
    logsumexp,
    relu,
    sigmoid,
    sign,
    softplus,
    sqrt,
    stop_gradient,
    tanh,
    where,
)
from autograd.compare.checked import Checked
from autograd.compare.judge import TOLERANCE
from autograd.compare.stable import FORMS

LINE = r"the condition in test_exercised.py, line \d+, was never false"
LARGE = st.floats(50.0, 1e4) | st.floats(-1e4, -50.0)


def notes(report):
    return [row.note for row in report.rows]


def verdicts(report):
    return [row.verdict for row in report.rows]


# --- Where everything saturates ------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(LARGE, st.floats(-3.0, 3.0).filter(lambda c: builtins.abs(c - 1.0) > 0.01))
def test_a_wrong_gradient_of_what_saturates_is_found(w, factor):
    for function, slope in (
        (tanh, lambda z: 1.0 / math.cosh(min(builtins.abs(z), 300.0)) ** 2),
        (sigmoid, lambda z: (e := math.exp(-builtins.abs(z))) / (1.0 + e) ** 2),
    ):
        right = check_gradient(lambda w: function(w), lambda w: slope(w), w)  # noqa: B023
        assert right, str(right)
        wrong = check_gradient(
            lambda w: function(w),  # noqa: B023
            lambda w: factor * slope(w),  # noqa: B023
            w,
        )
        assert wrong.verdict == "disagree", str(wrong)


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e3, 1e6, 1e12])
def test_a_wrong_gradient_is_found_at_any_scale(scale):
    def right(w, x):
        slope = 1.0 / math.cosh(min(builtins.abs(w * x), 300.0)) ** 2
        return slope * x, slope * w

    def wrong(w, x):
        return x, w  # the derivative of tanh is forgotten

    at = 0.9 * scale, 1.1 * scale
    assert check_gradient(lambda w, x: tanh(w * x), right, *at)
    assert check_gradient(lambda w, x: tanh(w * x), wrong, *at).verdict == "disagree"


def test_a_wrong_gradient_of_a_saturated_neuron():
    x = np.array([1.0, 2.0])
    report = check_gradient(
        lambda w: tanh(dot(w, x)), lambda w: (1.0 + np.tanh(w @ x) ** 2) * 0.0 * x, [900.0, 900.0]
    )
    assert report.verdict == "disagree"


def test_a_gradient_that_is_0_at_every_point_is_not_exercised():
    zero = check_gradient(lambda x: tanh(x * 0.1 + 900.0), lambda x: 0.0, 1.0)
    assert zero.verdict == "not exercised"
    assert not zero.passed
    assert notes(zero) == ["it is 0 at every point tried, so a factor of it would not be noticed"]
    allowed = check_gradient(
        lambda x: tanh(x * 0.1 + 900.0), lambda x: 0.0, 1.0, every_branch=False
    )
    assert allowed
    assert notes(allowed) == notes(zero)
    # Not 0, but less than a rounding of the terms that a formula for it has.
    nearly = check_gradient(lambda x: tanh(x * 0.01 + 25.0), lambda x: 0.0, 1.0)
    assert nearly.verdict == "not exercised"
    dead = check_gradient(lambda x: relu(-(x * x) - 1.0), lambda x: 0.0, 1.0)
    assert dead.verdict == "not exercised"
    assert "every point" not in notes(dead)[0]  # the side of the relu says more


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (lambda x: sign(x), (2.0,)),
        (lambda x: floor(x) * 3.0, (2.5,)),
        (lambda x: stop_gradient(x) * 2.0, (2.0,)),
        (lambda x: 0.0 * x, (2.0,)),
        (lambda x: tanh(x) * 0.0, (2.0,)),
        (lambda x: dot(x, [0.0, 0.0]), ([1.0, 2.0],)),
        (lambda x: autograd.sum(relu(x) * np.array([0.0, 0.0])), ([1.0, 2.0],)),
        (lambda x: 1.0, (2.0,)),
        (lambda x: stop_gradient(x), (2.0,)),
    ],
)
def test_a_gradient_that_is_0_by_structure_agrees(function, arguments):
    zeros = tuple(np.zeros_like(x) if np.ndim(x) else 0.0 for x in arguments)
    report = check_gradient(function, lambda *x: zeros, *arguments)
    assert report.verdict == "agree", str(report)


def test_an_argument_that_meets_only_a_masked_0():
    mask = np.array([1.0, 0.0])
    report = check_gradient(
        lambda v, w: dot(relu(v) * mask, w),
        lambda v, w: (w * mask * (v > 0.0), np.maximum(v, 0.0) * mask),
        [1.0, 2.0],
        [3.0, 4.0],
    )
    assert report, str(report)


def test_a_factor_that_no_derivative_passes_but_that_may_change():
    def function(x, w):
        return stop_gradient(1.0 - tanh(x * 0.01 + 25.0)) * w

    report = check_gradient(function, lambda x, w: (0.0, 0.0), 1.0, 1.0)
    assert verdicts(report) == ["agree", "not exercised"]


def test_terms_that_cancel_are_exercised():
    def by_hand(z):
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        return p - p

    report = check_gradient(lambda z: logsumexp(z) - logsumexp(z), by_hand, [1.0, 2.0, 3.0])
    assert report, str(report)


def test_what_a_large_selection_never_picks():
    report = check_gradient(
        lambda z: np.max(z), lambda z: (z == z.max()) * 1.0, np.arange(1.0, 40.0)
    )
    assert report, str(report)


# --- Where something overflows -------------------------------------------------------------------


def test_a_function_that_overflows_where_the_formula_does_not():
    report = check_gradient(lambda z: log(cosh(z)), lambda z: math.tanh(z), 2244.0)
    assert verdicts(report) == ["undefined"]
    (note,) = notes(report)
    assert re.fullmatch(
        r"f overflows here \(the first infinity is cosh\(z\) = cosh\(2244\)\); "
        r"your formula does not; "
        r"at the other \d+ points, where both are finite, they agree; "
        r"log\(cosh\(z\)\) stays finite here if it is written as logaddexp\(z, -z\) - log\(2\)",
        note,
    )
    wrong = check_gradient(lambda z: log(cosh(z)), lambda z: 2.0 * math.tanh(z), 2244.0)
    assert wrong.verdict == "disagree"
    stable = check_gradient(lambda z: logaddexp(z, -z) - log(2.0), lambda z: math.tanh(z), 2244.0)
    assert stable


def test_rows_that_agree_beside_one_that_overflows():
    report = check_gradient(
        lambda z, b: log(cosh(z)) + b * b, lambda z, b: (math.tanh(z), 2.0 * b), 2244.0, 1.0
    )
    assert verdicts(report) == ["undefined", "agree"]


def test_both_overflow():
    report = check_gradient(lambda x: exp(x) * 2.0, lambda x: 2.0 * np.exp(x), 1000.0)
    assert (
        "overflows here (the first infinity is exp(x) = exp(1000)), and so does your formula"
        in (notes(report)[0])
    )
    assert "is written" not in notes(report)[0]


def test_a_pole_is_no_overflow():
    report = check_gradient(lambda x: log(x), lambda x: 1.0 / x if x else 5.0, 0.0)
    assert notes(report)[0].startswith("the first infinity is f = log(0); at the other ")


def test_where_nothing_is_usable():
    report = check_gradient(lambda x: x * 0.0 + exp(exp(x * x + 7.0)), lambda x: 0.0, 1.0)
    assert verdicts(report) == ["undefined"]
    assert "there is no other point at which both are finite" in notes(report)[0]


def test_what_is_not_finite_in_the_formula_alone():
    report = check_gradient(lambda x: tanh(x), lambda x: math.nan if x == 2.0 else 0.0, 2.0)
    assert report.verdict == "disagree"
    report = check_gradient(lambda x: x * 2.0, lambda x: math.nan if x == 2.0 else 2.0, 2.0)
    (note,) = notes(report)
    assert note.startswith("the automatic one is 2, yours nan; at the other ")
    assert note.endswith("where both are finite, they agree")


@pytest.mark.parametrize(
    ("function", "arguments", "written"),
    [
        (lambda x: log(cosh(x * 2.0)), (900.0,), "logaddexp(x * 2, -(x * 2)) - log(2)"),
        (lambda x: log(1.0 + exp(x)), (900.0,), "softplus(x)"),
        (lambda x: log(exp(x) + 1.0), (900.0,), "softplus(x)"),
        (lambda x: 3.0 * log1p(exp(x)) + 1.0, (900.0,), "softplus(x)"),
        (lambda x: np.log(np.exp(x) + 1), (900.0,), "softplus(x)"),
        (lambda a, b: log(exp(a) + exp(b)), (900.0, 1.0), "logaddexp(a, b)"),
        (lambda x: 1.0 / (1.0 + exp(-x)), (-900.0,), "sigmoid(x)"),
        (lambda x: exp(x) / (1.0 + exp(x)), (900.0,), "sigmoid(x)"),
        (lambda x: (e := exp(x)) / (e + 1.0), (900.0,), "sigmoid(x)"),
        (lambda x: log(1.0 / (1.0 + exp(-x))), (-900.0,), "log_sigmoid(x)"),
        (lambda x: log(sigmoid(x)), (-900.0,), "log_sigmoid(x)"),
        (lambda z: np.log(np.sum(np.exp(z))), ([900.0, 1.0, 2.0],), "logsumexp([z0, z1, z2])"),
        (
            lambda z: log(exp(z[0]) + exp(z[1]) + exp(z[2])),
            ([900.0, 1.0, 2.0],),
            "logsumexp([z0, z1, z2])",
        ),
        (
            lambda z: np.log(np.exp(z).sum()),
            (np.full(6, 900.0),),
            "logsumexp([z0, z1, z2, z3, …])",
        ),
        (
            lambda z: exp(z[1]) / np.sum(np.exp(z)),
            ([1.0, 900.0, 2.0],),
            "an element of softmax([z0, z1, z2])",
        ),
        (lambda x, y: sqrt(x * x + y**2), (1e200, 1e200), "hypot(x, y)"),
        (lambda x, y: sqrt(x * x + y**2), (1.7e308, 1.7e308), None),
        (lambda x: exp(x) - exp(-x), (900.0,), None),
        (lambda x: 1.0 / (1.0 + exp(-exp(x))), (900.0,), None),
        (lambda x, y: (exp(x) + y) / (exp(x) + exp(y)), (900.0, 1.0), None),
        (lambda x: log(2.0 + exp(x)), (900.0,), None),
        (lambda x, y: log(exp(x) - exp(y)), (900.0, 1.0), None),
        (lambda x, y: log(exp(exp(x)) + exp(y)), (900.0, 1.0), None),
    ],
)
def test_the_stable_form_is_named(function, arguments, written):
    zeros = tuple(np.zeros_like(x) if np.ndim(x) else 0.0 for x in arguments)
    report = check_gradient(
        function, lambda *x: tuple(np.nan * np.array(z) for z in zeros), *arguments
    )
    text = " ".join(notes(report))
    if written is None:
        assert "is written as" not in text
    else:
        assert f"if it is written as {written}" in text


@settings(max_examples=50, deadline=None)
@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
def test_the_stable_forms_are_equal(x, y):
    for form in FORMS:
        count = form.text.count("{y}") + 1
        expected = form.formula(*(x, y)[:count])
        assert form.stable(*(x, y)[:count]) == pytest.approx(expected, rel=1e-9, abs=1e-9)


# --- Results whose identity changes --------------------------------------------------------------

CHANGING = {
    "max": (lambda x: builtins.max(x, 0.0), lambda x: float(x > 0.0), 2.0),
    "min": (lambda x: builtins.min(0.0, x * x - 1.0), lambda x: 2.0 * x * (x * x < 1.0), 0.5),
    "abs": (lambda x: x if x > 0.0 else -x, lambda x: 1.0 if x > 0.0 else -1.0, 2.0),
    "np.max": (lambda z: np.max(z), lambda z: (z == z.max()) * 1.0, [1.0, 2.0, 3.0]),
    "np.sort": (lambda z: np.sort(z)[-1], lambda z: (z == z.max()) * 1.0, [1.0, 2.0, 3.0]),
    "sorted": (lambda z: sorted(z)[0], lambda z: (z == z.min()) * 1.0, [1.0, 2.0, 3.0]),
    "max of a list": (
        lambda z: builtins.max(list(z)), lambda z: (z == z.max()) * 1.0, [1.0, 2.0, 3.0],
    ),
    "argmax": (lambda z: z[np.argmax(z)] ** 2, lambda z: 2.0 * z * (z == z.max()), [1.0, 2.0, 3.0]),
    "named": (
        lambda x: (x * x).named("a") if x > 0.0 else (x * x * x).named("b"),
        lambda x: 2.0 * x if x > 0.0 else 3.0 * x * x,
        2.0,
    ),
    "a number": (lambda x: 0.0 if x < 0.0 else x * x, lambda x: 2.0 * max(x, 0.0), 2.0),
    "an int": (lambda x: 0 if x < 0.0 else x * x, lambda x: 2 * max(x, 0), 2.0),
    "0-d": (lambda x: np.zeros(()) if x < 0.0 else x * x, lambda x: 2.0 * max(x, 0.0), 2.0),
    "float64": (lambda x: np.float64(0) if x < 0.0 else x * x, lambda x: 2.0 * max(x, 0.0), 2.0),
    "one element": (lambda x: np.ones(1) if x < 0.0 else x * x, lambda x: 2.0 * max(x, 0.0), 2.0),
    "while": (
        lambda x: (y := x * 1.0, [y := y * 0.5 for _ in range(9) if y > 1.0], y)[-1]
        if x > 0 else x,
        lambda x: 0.5 ** max(0, math.ceil(math.log2(x))) if x > 0.0 else 1.0,
        3.3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [1.0, -1.0, 1e-6, 1e3])
@pytest.mark.parametrize("name", [name for name in CHANGING if name != "while"])
def test_results_whose_identity_changes_are_judged(name, scale, seed):
    function, manual, at = CHANGING[name]
    at = np.multiply(at, scale)
    right = check_gradient(function, manual, at, seed=seed)
    assert right, str(right)
    assert not any("not in the graph" in note for note in notes(right))
    wrong = check_gradient(function, lambda x: np.multiply(1.001, manual(x)), at, seed=seed)
    assert wrong.verdict == "disagree", str(wrong)


def test_derivatives_of_a_name_that_moves():
    """What is called h is computed in two ways; the rows belong together by its name."""

    def function(x):
        h = (x * x if x > 0.0 else -x).named("h")
        return (h * 3.0).named("a" if x > 0.0 else "b")

    def manual(x):
        return {"x": 6.0 * x if x > 0.0 else -3.0, "h": 3.0}

    assert check_gradient(function, manual, 2.0)
    wrong = check_gradient(function, lambda x: {**manual(x), "h": 2.0}, 2.0)
    assert verdicts(wrong)[1] == "disagree"


@pytest.mark.parametrize(
    "manual",
    [
        lambda x: complex(2.0 * x, 0.0),
        lambda x: np.complex128(2.0 * x),
        lambda x: np.array(2.0 * x + 0.0j),
        lambda x: (complex(2.0 * x),),
        lambda x: {"x": complex(2.0 * x)},
    ],
)
def test_complex_numbers_without_an_imaginary_part(manual):
    assert check_gradient(lambda x: x * x, manual, 3.0)
    assert check_gradient(lambda x: dot(x, x), lambda x: 2.0 * x + 0j, [3.0, 4.0])
    assert check_gradient(lambda x: dot(x, x), lambda x: [complex(2.0 * y) for y in x], [3.0, 4.0])


def test_complex_numbers_with_one():
    assert check_gradient(lambda x: x ** (1.0 / 3.0), lambda x: x ** (1 / 3) / (3 * x), 8.0)

    def root(x):
        return where(x > 0.0, abs(x) ** 0.5, x)

    def by_hand(x):
        return 0.5 * x**-0.5 if x > 0.0 else x**0.5  # complex where x is negative

    report = check_gradient(root, by_hand, 4.0)
    assert verdicts(report) == ["undefined"]
    assert "the automatic one is 1, yours nan" in notes(report)[0]
    with pytest.raises(TypeError, match="must be a real number, not the complex"):
        check_gradient(root, by_hand, -4.0)
    nan = complex(math.nan, math.nan)
    report = check_gradient(root, lambda x: by_hand(x) if x > 0.0 else nan, -4.0)
    assert verdicts(report) == ["undefined"]


@pytest.mark.parametrize("numbers", [lambda: [2, True], lambda: (2, 1), lambda: np.array([2, 1])])
def test_whole_numbers_and_truth_values(numbers):
    assert check_gradient(lambda x: 2.0 * x[0] + x[1], lambda x: numbers(), [1.0, 2.0])


# --- Functions that give two results at one point ------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.floats(-3.0, 3.0), st.integers(0, 99))
def test_a_function_that_is_random_is_told(x, seed):
    generator = random.Random(seed)
    report = check_gradient(lambda x: x * x + generator.random(), lambda x: 2.0 * x, x)
    assert not report.passed
    assert verdicts(report) == ["undefined"]
    found = re.match(
        r"f gives two results at one point, (.*) and (.*): it dep", report.diagnosis[0]
    )
    assert found
    assert found[1] != found[2]


def test_a_hidden_state():
    calls = itertools.count()
    cache = {}

    def counting(x):
        return x * x * (1.0 + 1e-13 * next(calls))

    def caching(x):
        return x * cache.setdefault("first", x.data) + len(cache)

    def growing(x):
        cache[len(cache)] = 1
        return x * x + len(cache)

    for function in (counting, growing):
        report = check_gradient(function, lambda x: 2.0 * x, 3.0)
        assert report.verdict == "undefined"
        assert report.diagnosis[0].startswith(f"{function.__name__} gives two results at one point")
        one, other = re.findall(r"[\d.]+\d", report.diagnosis[0])
        assert one != other
        assert "The mistake" not in " ".join(report.diagnosis)
    assert check_gradient(caching, lambda x: 3.0, 3.0)  # the same twice


def test_a_manual_gradient_that_is_random():
    generator = np.random.default_rng(0)

    def manual(a, b):
        return b + generator.normal(), a

    report = check_gradient(lambda a, b: a * b, manual, 2.0, 3.0)
    assert verdicts(report) == ["undefined", "agree"]
    assert report.diagnosis[0].startswith("manual gives two results at one point, for df/da ")
    assert not report.passed


def test_nan_twice_is_the_same():
    report = check_gradient(lambda x: log(x), lambda x: math.nan, -1.0)
    assert report.diagnosis == []
    assert report.verdict == "undefined"


def test_zeros_of_two_signs_are_two_results():
    signs = itertools.cycle([0.0, -0.0])
    report = check_gradient(lambda x: 0.0 * x, lambda x: next(signs), 1.0)
    assert "0 and -0" in report.diagnosis[0]


# --- Branches that Python takes ------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.sampled_from([operator.gt, operator.le]))
def test_the_other_side_of_a_branch_is_found(limit, x, compared):
    def function(x):
        return x * x if compared(x, limit) else -3.0 * x

    def manual(x):
        return 2.0 * x if compared(x, limit) else -3.0

    assert check_gradient(function, manual, x)
    assert check_gradient(function, lambda x: 2.0 * x, x).verdict == "disagree"
    assert check_gradient(function, lambda x: -3.0, x).verdict == "disagree"


def test_a_side_that_is_never_reached():
    def function(x):
        return x * 2.0 if x * x >= 0.0 else x

    line = function.__code__.co_firstlineno + 1
    report = check_gradient(function, lambda x: 2.0, 3.0)
    assert report.verdict == "not exercised"
    assert notes(report) == [
        f"the condition x * x >= 0 (test_exercised.py, line {line}) was never false"
    ]
    assert check_gradient(function, lambda x: 2.0, 3.0, every_branch=False)
    report = check_gradient(lambda x: x if exp(x) < 0.0 else -x, lambda x: -1.0, 3.0)
    assert "the condition exp(x) < 0 (" in notes(report)[0]
    assert notes(report)[0].endswith("was never true")


def test_all_rows_follow_a_branch():
    """y is not in the condition, but what becomes of it depends on the outcome."""
    report = check_gradient(
        lambda x, y: 2.0 * y if x * x >= 0.0 else 3.0 * y, lambda x, y: (0.0, 2.0), 1.0, 1.0
    )
    assert verdicts(report) == ["not exercised"] * 2


def test_a_constant_condition_is_no_branch():
    from autograd import Value

    assert check_gradient(
        lambda x: x * 2.0 if Value(3.0) > 2.0 and np.all(np.ones(3) > 0.0) else x,
        lambda x: 2.0,
        1.0,
    )


def test_equality_and_nan_are_no_branches():
    assert check_gradient(lambda x: x if x == 7.0 else 2.0 * x, lambda x: 2.0, 1.0)
    assert check_gradient(lambda x: x if np.isnan(x) else 2.0 * x, lambda x: 2.0, 1.0)
    assert check_gradient(lambda x: x if x < math.inf else 2.0 * x, lambda x: 1.0, 1.0)


def test_two_conditions_on_one_line():
    """The second is never false, though the first is."""
    report = check_gradient(
        lambda x, y: x * y if x > 0.0 and y * y > -1.0 else x + y,
        lambda x, y: (y, x) if x > 0.0 else (1.0, 1.0),
        1.0,
        1.0,
    )
    assert verdicts(report) == ["not exercised"] * 2
    assert "y * y > -1" in notes(report)[0]
    assert "x > 0" not in notes(report)[0]


def test_nested_branches():
    def function(x, y):
        if x > 0.0:
            return x * y if y > 100.0 else x + y
        return x - y

    def manual(x, y):
        if x > 0.0:
            return (y, x) if y > 100.0 else (1.0, 1.0)
        return 1.0, -1.0

    for at in ((1.0, 1.0), (-1.0, -1.0)):
        assert check_gradient(function, manual, *at)
        wrong = check_gradient(
            function,
            lambda x, y: (1.0, 1.0) if x > 0.0 and y > 100.0 else manual(x, y),
            *at,
        )
        assert wrong.verdict == "disagree"


def test_a_side_on_which_the_function_is_not_defined():
    def guarded(x):
        if x <= 0.0:
            raise ValueError("x must be positive")
        return log(x)

    assert check_gradient(guarded, lambda x: 1.0 / x, 2.0)
    assert check_gradient(lambda x: log(x) if x > 0.0 else math.nan, lambda x: 1.0 / x, 2.0)

    def refusing(x):
        if x <= 0.0:
            raise TypeError("x must be positive")
        return log(x)

    assert check_gradient(refusing, lambda x: 1.0 / x, 2.0)


@pytest.mark.parametrize("x", [0.5, 2.0, 1e-3, 1e3, 1e6])
def test_a_loop_that_converges(x):
    def root(x):
        if x < 0.0:
            return x
        y = x * 0.5 + 0.5
        step = y
        while step * step > 1e-24 * y * y:
            step = 0.5 * (y - x / y)
            y = y - step
        return y

    report = check_gradient(root, lambda x: 0.5 / math.sqrt(x) if x > 0.0 else 1.0, x)
    assert report, str(report)
    wrong = check_gradient(root, lambda x: 0.6 / math.sqrt(x) if x > 0.0 else 1.0, x)
    assert wrong.verdict == "disagree"


def test_a_loop_that_goes_on_until_nothing_changes():
    def root(x):
        y, old = 1.0 + abs(x), 0.0
        for _ in range(100):
            if y == old:
                break
            old, y = y, 0.5 * (y + (1.0 + abs(x)) / y)
            if abs(y - old) <= 0.0:
                break
        return y

    report = check_gradient(
        root, lambda x: np.sign(x) * 0.5 / math.sqrt(1.0 + builtins.abs(x)), 2.0
    )
    assert report, str(report)


def test_the_inside_of_a_tiny_window():
    """A guard against a division by 0 is reached."""

    def function(x):
        return 1.0 - x * x / 6.0 if abs(x) < 1e-12 else np.sin(x) / x

    def manual(x):
        return -x / 3.0 if builtins.abs(x) < 1e-12 else (x * math.cos(x) - math.sin(x)) / x**2

    for at in (1.0, -3.0, 100.0):
        assert check_gradient(function, manual, at)
        wrong = check_gradient(
            function, lambda x: 5.0 if builtins.abs(x) < 1e-12 else manual(x), at
        )
        assert wrong.verdict == "disagree"


def test_conditions_of_arrays():
    def function(z):
        return np.where(z > 1.0, z * z, 3.0 * z).sum()

    def manual(z):
        return np.where(z > 1.0, 2.0 * z, 3.0)

    at = np.linspace(0.1, 0.9, 8)
    assert check_gradient(function, manual, at)
    report = check_gradient(lambda z: np.where(z * z >= 0.0, z, 0.0).sum(), np.ones_like, at)
    assert verdicts(report) == ["not exercised"] * 8
    assert "the condition z0 * z0 >= 0 (" in notes(report)[0]
    assert "likewise for 5 more sides" in notes(report)[0]
    below = check_gradient(lambda z: np.where(z < 1e6, z, 0.0).sum(), np.ones_like, at)
    assert below.verdict == "disagree"
    # Those of a large array are taken together.
    large = np.linspace(-1.0, 3.0, 150)
    assert check_gradient(function, manual, large)
    report = check_gradient(lambda z: np.where(z * z >= 0.0, z, 0.0).sum(), np.ones_like, large)
    assert set(verdicts(report)) == {"not exercised"}
    assert re.match(LINE, notes(report)[0])


@pytest.mark.parametrize("at", [0.0, -0.0])
@pytest.mark.parametrize(
    ("slope", "verdict"),
    [(1.0, "convention"), (-1.0, "agree"), (0.0, "convention"), (2.0, "disagree")],
)
def test_the_boundary_of_a_branch_itself(at, slope, verdict):
    report = check_gradient(
        lambda x: x if x > 0.0 else -x, lambda x: slope if x == 0.0 else math.copysign(1.0, x), at
    )
    assert verdicts(report) == [verdict], str(report)
    if verdict == "convention":
        assert notes(report) == [
            f"yours {slope:g}, ours -1; "
            "at this boundary of a condition any value in [-1, 1] is right"
        ]


def test_a_boundary_does_not_excuse_what_is_wrong_elsewhere():
    report = check_gradient(lambda x: x if x > 1.0 else -x, lambda x: 0.0, 1.0)
    assert report.verdict == "disagree"
    # Nor beside the boundary.
    report = check_gradient(
        lambda x: x if x > 1.0 else -x, lambda x: 0.0 if x == 1.0001 else (x > 1.0) * 2 - 1, 1.0001
    )
    assert report.verdict == "disagree"
    # Nor where the function is not defined on the other side.
    report = check_gradient(lambda x: x if x > 1.0 else x / 0, lambda x: 1.0, 1.5)
    assert report
    report = check_gradient(
        lambda x: x * x if x >= 1.0 else 1 / 0, lambda x: 2.0 if x > 1.0 else 7.0, 1.0
    )
    assert report.verdict == "disagree"


def test_kinks_on_the_other_side_of_a_branch():
    def huber(r):
        return 0.5 * r * r if abs(r) <= 1.0 else abs(r) - 0.5

    for scale in (1e-6, 1e-3, 1.0, 1e3):
        for seed in range(4):
            right = check_gradient(
                huber, lambda r: r if builtins.abs(r) <= 1.0 else np.sign(r), 0.3 * scale, seed=seed
            )
            assert right, str(right)
            wrong = check_gradient(
                huber, lambda r: r if builtins.abs(r) <= 1.0 else 1.0, 0.3 * scale, seed=seed
            )
            assert wrong.verdict == "disagree"


def test_a_formula_that_overflows_elsewhere():
    """With NumPy as with math: what is too large for the formula, far away, is left out."""
    for e in (np.exp, math.exp):
        report = check_gradient(lambda x: softplus(x), lambda x, e=e: e(x) / (1.0 + e(x)), 400.0)
        assert report, str(report)
    report = check_gradient(lambda x: softplus(x), lambda x: np.exp(x) / (1.0 + np.exp(x)), 900.0)
    assert verdicts(report) == ["undefined"]
    # But nan is no overflow.
    report = check_gradient(
        lambda x: softplus(x), lambda x: np.sqrt(x) * 0.0 + 1 / (1 + np.exp(-x)), 4.0
    )
    assert verdicts(report) == ["undefined"]


def test_a_loop_of_bisections():
    """The numbers get as near to each other as the loop wants; points are left."""

    def near(x):
        low, high = 0.0, 1.0 + abs(x)
        while high - low > 1e-6:
            middle = 0.5 * (low + high)
            if middle * middle * middle > abs(x):
                high = middle
            else:
                low = middle
        return x * 3.0 + 0.0 * low

    report = check_gradient(near, lambda x: 3.0, 2.0)
    assert report, str(report)
    assert check_gradient(near, lambda x: 3.1, 2.0).verdict == "disagree"


def test_a_branch_that_one_of_many_numbers_takes():
    """It is asked too often for each time to be looked at, but both answers are looked for."""

    def function(z):
        return sum([x if x < 1e7 else 2.0 * x for x in z])

    at = np.linspace(1.0, 2.0, 12)
    assert check_gradient(function, lambda z: np.where(z < 1e7, 1.0, 2.0), at)
    assert check_gradient(function, np.ones_like, at).verdict == "disagree"


def test_a_kink_behind_a_branch_that_is_far_away():
    def function(x):
        return relu(x - 2e5) if x > 1e5 else x

    assert check_gradient(function, lambda x: float(x > 2e5 or x <= 1e5), 1.0)
    assert check_gradient(function, lambda x: float(x <= 1e5), 1.0).verdict == "disagree"


def test_a_kink_in_a_loop_that_is_longer_at_some_points():
    def function(x):
        total = x * 0.0
        while total < 5.0:
            total = total + relu(x * x) + 1.0
        return total

    def manual(x):
        steps = 0
        while steps * (x * x + 1.0) < 5.0:
            steps += 1
        return 2.0 * x * steps

    assert check_gradient(function, manual, 1.3).verdict == "not exercised"


def test_a_point_on_the_boundary_of_a_loop_is_not_used():
    checked = Checked(
        lambda z: sum([x if x > 0.0 else 0.0 for x in z]), np.sign, [np.ones(12)], None, TOLERANCE
    )
    points = [np.arange(12.0) - 5.5, np.arange(12.0) - 5.0, np.arange(12.0) - 5.0 + 1e-9]
    assert [checked.sample([point]).usable for point in points] == [True, False, True]


def test_no_point_is_near_a_branch():
    """As near a kink, where a difference quotient sees two slopes at once."""
    seen = []

    def function(x):
        seen.append(x.data)
        return x if x > 1.0 else 2.0 * x

    report = check_gradient(function, lambda x: 1.0 if x > 1.0 + 1e-5 else 2.0, 1.5)
    assert report, str(report)
    assert len(seen) > 10


def test_a_condition_that_long_formulas_are_in():
    report = check_gradient(
        lambda x: x if sum([(x * k) ** 2 for k in range(1, 30)]) >= 0.0 else 2.0 * x,
        lambda x: 1.0,
        1.0,
    )
    assert re.match(LINE, notes(report)[0])


def test_large_graphs_have_fewer_estimates():
    def function(w):
        y = dot(w, w)
        for _ in range(400):
            y = y * 0.99 + 0.01
        return y

    report = check_gradient(function, lambda w: 2.0 * w * 0.99**400, np.ones(30), tolerance=1e-9)
    assert report, str(report)
    assert 0 < sum(row.numeric is not None for row in report.rows) < 30


def test_many_questions_take_little_time():
    def function(z):
        total = z[0] * 0.0
        for x in z:
            total = total + (x if x > 0.0 else 0.0)
        return total

    start = time.process_time()
    report = check_gradient(function, lambda z: (z > 0.0) * 1.0, np.linspace(-1.0, 1.0, 200))
    assert report, str(report)
    assert time.process_time() - start < 10.0
