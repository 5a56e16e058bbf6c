"""Sums rounded once: `dot`, `sum` and `mean` against exact rational arithmetic."""

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import Value, ops, values
from autograd.expression import python_source

HUGE, TINY = 1.7976931348623157e308, 5e-324
EXPONENTS = {
    "ordinary": (-30, 30),
    "any": (-1074, 1023),
    "products underflow": (-600, -480),
    "products overflow": (480, 600),
    "subnormal": (-1074, -1022),
    "largest": (1000, 1023),
}


def exact(left, right, divisor=1):
    """The sum of the products divided by a whole number, in fractions, as a float."""
    products = [x * y for x, y in zip(left, right, strict=True)]
    pairs = list(zip(left, right, products, strict=True))
    special = [p for x, y, p in pairs if not (math.isfinite(x) and math.isfinite(y))]
    if special:
        return sum(special)
    total = sum((Fraction(x) * Fraction(y) for x, y, _ in pairs), Fraction(0)) / divisor
    if not total:
        signs = {math.copysign(1.0, p) for p in products}
        return -0.0 if signs == {-1.0} else 0.0
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def same(a, b):
    return (
        a != a and b != b
        if a != a or b != b
        else (a, math.copysign(1, a)) == (b, math.copysign(1, b))
    )


def check(left, right):
    """The dot product, and the sum and the mean of its left side."""
    with np.errstate(all="ignore"):
        expected = exact(left, right)
        assert same(autograd.dot(left, right), expected)
        assert same(autograd.dot(values(left), right).data, expected)
        ones = [1.0] * len(left)
        assert same(autograd.sum(left), exact(left, ones))
        assert same(autograd.mean(left), exact(left, ones, len(left)))


FLOATS = st.one_of(
    st.floats(),
    st.integers(-6, 6).map(float),
    st.sampled_from([HUGE, -HUGE, TINY, -TINY, 2.0**-537, 2.0**-500, 1e16, 2.0**995, 2.0**1000]),
    st.floats(1.0, 2.0).flatmap(
        lambda x: st.sampled_from(
            [x * 2.0**k for k in (-1060, -540, -500, -480, 0, 500, 511, 1000)]
        )
    ),
)


@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=12), st.integers(0, 40))
@example([(1e16, 1.0), (1.0, 1.0), (-1e16, 1.0)], 0)
@example([(1e308, 1.0), (1e308, 1.0), (-1e308, 1.0), (-1e308, 1.0), (5e-324, 1.0)], 0)
@example([(1.0, 1.0), (2.0**-27, 2.0**-26), (TINY, 0.25)], 0)  # a tie, decided below the range
@example([(1.0, 1.0), (2.0**-27, 2.0**-26), (TINY, 0.25)], 40)
@example([(HUGE, 1.0), (2.0**969, 1.0)], 0)  # just below the middle between HUGE and 2 ** 1024
@example([(HUGE, 1.0), (2.0**970, 1.0)], 0)
@example([(-0.0, 1.0)], 0)
@example([(-TINY, 0.25)], 0)
@example([(-0.0, 1.0), (TINY, -0.25), (TINY, 0.25)], 0)
@example([(math.inf, 0.0), (1.0, 1.0)], 0)
@example([(HUGE, 2.0), (-math.inf, 1.0)], 0)
@example([(math.inf, 1.0), (HUGE, -HUGE), (-HUGE, HUGE)], 40)
@example([(1.0, 1.0), (2.0, 1.0), (4.0, 1.0)], 0)
def test_any_floats(pairs, repeats):
    """Also by arrays, which take over where vectors are long."""
    pairs = pairs + pairs[:2] * (repeats // 2)
    left, right = ([x for x, _ in pairs], [y for _, y in pairs])
    check(left, right)
    check(right, left)


@pytest.mark.parametrize("count", [1, 2, 7, 49, 50, 300])
@pytest.mark.parametrize("exponents", EXPONENTS.values(), ids=EXPONENTS)
def test_all_magnitudes_and_cancellation(count, exponents):
    draw = random.Random(count)

    def number():
        return math.copysign(
            math.ldexp(draw.uniform(1, 2), draw.randint(*exponents)), draw.random() - 0.5
        )

    for _ in range(1000 // count + 3):
        left, right = ([number() for _ in range(count)] for _ in range(2))
        check(left, right)
        check([*left, *left, number()], [*right, *[-y for y in right], number()])


def test_the_same_bits_in_every_order():
    left, right = [1e16, 1.0, -1e16, 2.0**-60], [1.0, 3.0, 1.0, -1.0]
    expected = autograd.dot(left, right)
    for order in itertools.permutations(range(4)):
        assert autograd.dot([left[i] for i in order], [right[i] for i in order]) == expected
    draw = random.Random(0)
    pairs = [(draw.gauss(0, 1) * 2.0 ** draw.randint(-99, 99), draw.gauss(0, 1)) for _ in range(99)]
    results = set()
    for _ in range(50):
        draw.shuffle(pairs)
        left, right = ([x for x, _ in pairs], [y for _, y in pairs])
        results.add((autograd.dot(left, right), autograd.sum(left), autograd.mean(left)))
    assert len(results) == 1


def test_ten_thousand_elements():
    draw = np.random.default_rng(0)
    left, right = draw.normal(size=(2, 10_000)) * 2.0 ** draw.integers(-300, 300, size=(2, 10_000))
    check(left.tolist(), right.tolist())
    check(np.append(left, left).tolist(), np.append(right, -right).tolist())


def test_sums_of_nothing():
    assert same(autograd.dot([], []), 0.0)
    assert same(autograd.sum([]), 0.0)


def test_figures_from_the_documentation():
    assert autograd.dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) == 1.0
    assert autograd.sum([1e308, 1e308, -1e308, -1e308, 5e-324]) == 5e-324
    assert autograd.mean([HUGE, HUGE]) == HUGE


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda x: autograd.dot([x * 1e300, 1.0], [1e300, 1.0]), "overflow"),
        (lambda x: autograd.dot([x * math.inf, 1.0], [0.0, 1.0]), "invalid value"),
        (lambda x: autograd.sum([x * 1.7e308, 1.7e308]), "overflow"),
        (lambda x: autograd.sum([x * math.inf, -math.inf]), "invalid value"),
        (lambda x: autograd.mean([x * math.inf, -math.inf]), "invalid value"),
    ],
)
def test_numpys_warnings(function, kind):
    for x in (1.0, Value(1.0)):
        with pytest.warns(RuntimeWarning, match=kind):
            function(x)


def test_an_overflow_warns_in_any_order():
    """NumPy's own sum of these overflows in one order and not in another."""
    terms = [HUGE, 9e291, 9e291]
    for order in itertools.permutations(terms):
        for function in (autograd.sum, lambda x: autograd.dot(x, [1.0] * 3)):
            with pytest.warns(RuntimeWarning, match="overflow"):
                assert function(list(order)) == math.inf


@pytest.mark.parametrize("count", [3, 20, 60, 120])
def test_what_cancels_at_the_limits_of_the_range(count):
    """Products whose rounding errors are below the range, or above it, and that leave little."""
    draw = random.Random(count)
    for low, spread in itertools.product(
        (-1070, -1040, -1000, -990, -960, -500, 470, 1000), (0, 500)
    ):
        middle, left, right = (low if spread else low // 2), [], []
        for _ in range(count // 2 + 1):
            exponent = draw.randint(max(-1060, middle - spread), min(1000, middle + spread))
            x = math.ldexp(draw.uniform(1, 2), exponent)
            y = math.ldexp(draw.uniform(1, 2), max(-1060, min(1000, low - exponent)))
            left += [x, -x]
            right += [y, math.nextafter(y, draw.choice([0.0, math.inf]))]
        with np.errstate(all="raise", over="ignore"):
            assert same(autograd.dot(left, right), exact(left, right))


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_what_is_infinite_already_does_not_warn(x):
    """Not even where the finite operands alone would overflow."""
    for operation in (autograd.sum, autograd.mean, lambda xs: autograd.dot(xs, [1.0] * len(xs))):
        for operands in ([x, 1.0], [HUGE, HUGE, x], [-HUGE, -HUGE, x]):
            assert same(operation(operands), x)
            assert same(operation([Value(operands[0]), *operands[1:]]).data, x)


@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=6), st.booleans())
def test_the_source_of_a_sum_computes_the_same_bits(pairs, long):
    pairs *= 12 if long else 1
    left, right = ([x for x, _ in pairs], [y for _, y in pairs])
    x = values(left)
    with np.errstate(all="ignore"):
        for value in (autograd.dot(x, right), autograd.sum(x), autograd.mean(x)):
            space = {}
            exec(python_source(value, arguments=[x]), space)
            assert same(space["f"](*left), value.data)


def test_rounded_sums_are_those_of_the_table():
    """So every other way into them, `forward()` and the operations' values, has the same bits."""
    left, right = [0.1] * 3, [0.3, 0.7, -1.0 + 2.0**-50]
    x, y = values(left), values(right)
    node = autograd.dot(x, y)
    assert node.data == node.forward() == ops.dot.value(*left, *right) == exact(left, right)
