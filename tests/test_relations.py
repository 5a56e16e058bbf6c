"""Relations between a wrong gradient and the right one: each is stated where it holds only."""

# ruff: noqa: N803, N806 - matrices are capital letters here

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd import check_gradient
from autograd.compare.case import Grouping
from autograd.compare.evidence import Argument, Evidence, Quantity
from autograd.compare.orders import region
from autograd.compare.recognized import recognized
from autograd.compare.relations import relations

A = np.array([[0.7, -1.2, 0.5], [1.1, 0.4, -0.9], [-0.3, 0.8, 1.6]])
ROW = np.array([0.6, -1.3, 0.9])


def function(W, b, s):
    z = np.tanh(A @ W + b) * np.exp(0.3 * s)
    return (z * z).sum() + 0.5 * (W * W).sum() + s * b.sum()


def right(W, b, s):
    e = np.exp(0.3 * s)
    t = np.tanh(A @ W + b)
    d = 2.0 * t * e * e * (1.0 - t * t)
    return A.T @ d + W, d.sum(0) + s, 0.6 * (t * t * e * e).sum() + b.sum()


ARGUMENTS = (np.array([[0.4, -0.7, 0.2], [1.1, 0.3, -0.5], [-0.2, 0.9, 0.6]]), ROW, 0.7)


def findings(wrong):
    """The findings on a gradient that is made wrong."""
    report = check_gradient(function, lambda W, b, s: wrong(W, b, s, *right(W, b, s)), *ARGUMENTS)
    assert report.verdict == "disagree"
    for finding in report.findings:
        sentence = str(finding)
        assert f"{sentence[0].upper()}{sentence[1:]}." in report.diagnosis or any(
            sentence in line for line in report.diagnosis
        )
    return report.findings


def test_the_gradient_is_right():
    assert check_gradient(function, right, *ARGUMENTS).passed


@pytest.mark.parametrize(
    ("wrong", "argument", "sentence"),
    [
        (lambda W, b, s, dW, db, ds: (dW, 4.0 * db, ds), "b",
         "the gradient of b is 4 times the right one at every point: "
         "there is a factor 4 too many, or a division by it is missing"),
        (lambda W, b, s, dW, db, ds: (dW, db, ds / 3.0), "s",
         "the gradient of s is 1/3 (0.3333333) times the right one at every point: "
         "the factor 3 is missing, or a division by it is made twice "
         "(a sum in the function has 3 terms)"),
        (lambda W, b, s, dW, db, ds: (dW, -math.sqrt(2.0) * db, ds), "b",
         "the gradient of b is -sqrt(2) (-1.414214) times the right one at every point: "
         "there is a factor sqrt(2) too many, or a division by it is missing; "
         "and a sign is flipped"),
        (lambda W, b, s, dW, db, ds: (dW, math.pi * db, ds), "b",
         "the gradient of b is pi (3.141593) times the right one at every point: "
         "there is a factor pi too many, or a division by it is missing"),
        (lambda W, b, s, dW, db, ds: (dW, db * [3.0, -1.0, 0.5], ds), "b",
         "the elements of the gradient of b are the right ones times [3, -1, 1/2] at every point"),
        (lambda W, b, s, dW, db, ds: (dW, db * s, ds), "b",
         "the gradient of b is the right one multiplied by s at every point: "
         "there is a factor s too many, or a division by it is missing"),
        (lambda W, b, s, dW, db, ds: (dW, db / np.exp(0.3 * s), ds), "b",
         "the gradient of b is the right one divided by exp(0.3 * s) at every point: "
         "the factor exp(0.3 * s) is missing"),
        (lambda W, b, s, dW, db, ds: (dW * W, db, ds), "W",
         "the gradient of W is the right one multiplied by W at every point: "
         "there is a factor W too many, or a division by it is missing"),
        (lambda W, b, s, dW, db, ds: (dW, db * s**2, ds), "b",
         "the gradient of b is the right one multiplied by s ** 2 at every point: "
         "there is a factor s ** 2 too many, or a division by it is missing"),
        (lambda W, b, s, dW, db, ds: (dW, db / np.linalg.norm(db), ds), "b",
         "the gradient of b is the right one divided by its own length"),
        (lambda W, b, s, dW, db, ds: (dW, db + 0.25, ds), "b",
         "the gradient of b is too large by 0.25 at every point"),
        (lambda W, b, s, dW, db, ds: (dW, db - [0.1, 0.2, 0.3], ds), "b",
         "the gradient of b is too large by [-0.1, -0.2, -0.3] at every point"),
        (lambda W, b, s, dW, db, ds: (dW + 0.1 * W, db, ds), "W",
         "the gradient of W has an extra term 0.1 * W"),
        (lambda W, b, s, dW, db, ds: (dW - 3.0 * W, db, ds), "W",
         "the gradient of W lacks the term 3 * W"),
        (lambda W, b, s, dW, db, ds: (dW, db - s + b, ds), "b",
         "the gradient of b has the term b where s belongs"),
        (lambda W, b, s, dW, db, ds: (dW[:, ::-1], db, ds), "W",
         "the gradient of W is reversed along axis 1"),
        (lambda W, b, s, dW, db, ds: (dW[::-1], db, ds), "W",
         "the gradient of W is reversed along axis 0"),
        (lambda W, b, s, dW, db, ds: (np.roll(dW, 1, 1), db, ds), "W",
         "the gradient of W is shifted by 1 along axis 1"),
        (lambda W, b, s, dW, db, ds: (np.broadcast_to(dW.sum(0), (3, 3)), db, ds), "W",
         "each element of the gradient of W is the sum along axis 0 of the right one"),
        (lambda W, b, s, dW, db, ds: (dW, np.full(3, db.mean()), ds), "b",
         "each element of the gradient of b is the mean of the right one"),
        (lambda W, b, s, dW, db, ds: (dW, np.cumsum(db), ds), "b",
         "the gradient of b is the running sum of the right one"),
        (lambda W, b, s, dW, db, ds: (dW, dW.sum(1), ds), "b",
         "the gradient of b is the sum along axis 1 of your gradient of W"),
        (lambda W, b, s, dW, db, ds: (dW, db[[0, 0, 2]], ds), "b",
         "elements of the gradient of b are those of others: [1] has that of [0]"),
        (lambda W, b, s, dW, db, ds: (dW + np.diag(np.diag(dW)), db, ds), "W",
         "the gradient of W in its diagonal is 2 times the right one at every point: "
         "there is a factor 2 too many, or a division by it is missing "
         "(the other elements are right)"),
        (lambda W, b, s, dW, db, ds: (dW, db + 0.1 * b * [1.0, 0.0, 0.0], ds), "b",
         "the gradient of b in element [0] has an extra term 0.1 * b0 "
         "(the other elements are right)"),
        (lambda W, b, s, dW, db, ds: (dW * np.array([[1.0], [0.0], [1.0]]), db, ds), "W",
         "the gradient of W in row 1 is 0 at every point: it is forgotten "
         "(the other elements are right)"),
        (lambda W, b, s, dW, db, ds: (np.where(W < 0.0, -dW, dW), db, ds), "W",
         "the gradient of W where W < 0 is the right one with the opposite sign: "
         "a sign is flipped (elsewhere it is right)"),
        (lambda W, b, s, dW, db, ds: (dW * np.where(W < 0.0, np.cos(dW), 1.0), db, ds), "W",
         "the gradient of W is wrong where W < 0 only, and right elsewhere"),
        (lambda W, b, s, dW, db, ds: (dW * (1.0 + np.cos(dW) * np.eye(3)), db, ds), "W",
         "the gradient of W is wrong in its diagonal only, and right in the others"),
    ],
)  # fmt: skip
def test_a_relation(wrong, argument, sentence):
    (finding,) = findings(wrong)
    assert str(finding) == sentence
    assert finding.argument == argument
    assert finding.certain


def test_relations_of_several_arguments():
    both = findings(lambda W, b, s, dW, db, ds: (2.0 * dW, 4.0 * db, ds))
    assert [(x.kind, x.argument, x.number) for x in both] == [
        ("multiple", "W", 2.0),
        ("multiple", "b", 4.0),
    ]
    (same,) = findings(lambda W, b, s, dW, db, ds: (dW / 50.0, db / 50.0, ds))
    assert str(same) == (
        "each of the gradients of W and b is 1/50 (0.02) times the right one at every point: "
        "the factor 50 is missing, or a division by it is made twice"
    )


def test_the_gradient_of_a_square():
    """The loss is differentiated, but the function returns the output."""

    def output(w, b):
        return np.exp(w * 0.7 + b)

    def of_the_loss(w, b):
        y = np.exp(w * 0.7 + b)
        return 3.0 * (y - 0.2) * y * 0.7, 3.0 * (y - 0.2) * y

    (finding,) = check_gradient(output, of_the_loss, 0.4, 0.3).findings
    assert str(finding) == (
        "each of the gradients of w and b is that of 3/2 * (result - 0.2) ** 2, not of the result"
    )
    assert finding.number == pytest.approx(0.2)


def test_what_the_result_does_not_depend_on():
    (finding,) = check_gradient(lambda w, b: w * w, lambda w, b: (2.0 * w, 1.0), 2.0, 3.0).findings
    assert str(finding) == "the gradient of b is 1 at every point, but the right one is 0"


def test_one_number_in_the_place_of_another():
    def area(r, h):
        return r * (r + h) * h

    def by_hand(r, h):
        return (2.0 * r + h) * r, (r + 2.0 * h) * r  # the first has r where h belongs

    (finding,) = check_gradient(area, by_hand, 1.3, 0.7).findings
    assert str(finding) == "the gradient of r has r as a factor where h belongs"


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 100.0), st.booleans())
def test_any_constant_ratio_is_stated(ratio, negative):
    assume(abs(ratio - 1.0) > 1e-3)
    ratio = -ratio if negative else ratio
    report = check_gradient(
        lambda x, y: np.sin(x) * y,
        lambda x, y: (ratio * np.cos(x) * y, np.sin(x)),
        0.7,
        1.3,
    )
    (finding,) = report.findings
    if finding.kind == "multiple":
        assert finding.number == pytest.approx(ratio, rel=1e-8)
        assert finding.argument == "x"
    else:
        assert ratio in (0.5, 2.0, -1.0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["first", "all", "element"]))
def test_meaningless_errors_have_no_relation(seed, what):
    random = np.random.default_rng(seed)
    p, q, r = random.uniform(0.5, 2.0, 3)

    def wrong(W, b, s, dW, db, ds):
        noise = 1.0 + 0.2 * np.sin(p * W.sum() + q * (b * b).sum() + r * s)
        if what == "element":
            dW = dW.copy()
            dW[1, 2] *= noise
            return dW, db, ds
        return dW * noise, db * noise**3 if what == "all" else db, ds

    found = findings(wrong)
    assert {x.kind for x in found} <= {"elements"}, found


def test_few_points_make_no_fact():
    """With two points, any ratio follows some number or other."""

    def manual(x, y):
        return y * np.cos(x) * (1.0 + 0.2 * np.sin(y)), np.sin(x)

    few = check_gradient(lambda x, y: np.sin(x) * y, manual, 0.7, 1.3, samples=1)
    assert few.verdict == "disagree"
    assert few.findings == []
    numbers = np.array([[0.3], [0.7]])
    argument = Argument("gradient", "x", (1,), numbers + 0.5, numbers, 0.0 * numbers, numbers)
    parts = Grouping("gradient", ["x"])
    evidence = Evidence(
        parts, [argument], [Quantity("v", numbers[:, 0] ** 2, 1)], [], [], numbers[:, 0]
    )
    assert relations(evidence) == {"x": None}


def test_a_right_gradient_multiplied_by_a_number_of_each_point_is_none_of_these():
    """The ratio is the same for all elements at each point, but no number of the function."""
    found = findings(lambda W, b, s, dW, db, ds: (dW * np.cos(W[0, 1] * s), db, ds))
    assert found == []


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (1.0, "1"), (-1.0, "-1"), (0.25, "1/4"), (7 / 3, "7/3"), (1 / 1000, "1/1000"),
        (64.0, "64"), (math.sqrt(2.0), "sqrt(2)"), (-1 / math.sqrt(3.0), "-1/sqrt(3)"),
        (math.sqrt(1.5), "sqrt(3/2)"), (math.pi, "pi"), (2 * math.pi, "2 * pi"),
        (0.5 / math.pi, "0.5/pi"), (1 / math.sqrt(2 * math.pi), "1/sqrt(2 * pi)"),
        (math.log(10.0), "log(10)"), (180 / math.pi, "180 / pi"), (math.e, "e"),
        (0.37, "0.37"), (0.373**2, "0.373 ** 2"), (1 / 0.37, "1/0.37"), (-2 * 0.37, "-0.74"),
        (3.7 * 0.1234, ""),
        (math.sqrt(0.37), "sqrt(0.37)"), (1.2345678, ""), (math.inf, ""), (math.nan, ""),
    ],
)  # fmt: skip
def test_numbers_are_recognized(number, text):
    assert recognized(number, [0.37, 0.373, 1.0, 0.0, math.inf]) == text


@given(st.floats(1e-3, 1e3))
def test_few_numbers_are_recognized_by_chance(x):
    """What is said is the number, to a billionth."""
    text = recognized(x)
    if text:
        value = eval(text, {"sqrt": math.sqrt, "pi": math.pi, "e": math.e, "log": math.log})
        assert value == pytest.approx(x, rel=1e-9)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], "its diagonal"),
        ([[0, 1, 1], [1, 0, 1], [1, 1, 0]], "what is off its diagonal"),
        ([[1, 1, 1], [1, 0, 0], [1, 0, 0]], "its first row and its first column"),
        ([[1, 1, 1], [1, 0, 1], [1, 1, 1]], "its border"),
        ([[0, 0, 0], [1, 0, 0], [1, 1, 0]], "what is below its diagonal"),
        ([[1, 0, 0], [1, 1, 0], [1, 1, 1]], "its lower triangle"),
        ([[0, 0, 0], [1, 1, 1], [0, 0, 0]], "row 1"),
        ([[1, 0, 1], [1, 0, 1], [1, 0, 1]], "columns 0, 2"),
        ([[0, 1, 0], [0, 0, 0], [1, 0, 0]], "elements [0, 1], [2, 0]"),
        ([0, 1, 0], "element [1]"),
        ([1] * 8 + [0], "elements [0], [1], [2], [3], [4], [5] and 2 more"),
    ],
)
def test_elements_in_words(chosen, words):
    mask = np.array(chosen, dtype=bool)
    nothing = np.zeros((1, mask.size))
    argument = Argument("gradient", "W", mask.shape, nothing, nothing, nothing, nothing)
    assert region(argument, mask.ravel()) == words
