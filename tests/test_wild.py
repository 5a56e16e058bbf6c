"""Mistakes that people made are found, and right gradients that look wrong pass."""

import numpy as np
import pytest
from wild import RIGHT, WRONG

from autograd import check_gradient


def flat(gradients):
    return np.concatenate([np.ravel(g) for g in gradients])


def by_hand(case, arguments):
    result = case.manual(*(np.copy(x)[()] for x in arguments))
    if isinstance(result, dict):
        names = case.function.__code__.co_varnames
        result = tuple(result[name] for name in names[: len(arguments)])
    return flat(result if isinstance(result, tuple) else (result,))


def differences(case, arguments):
    """Central differences with two steps, of which the error of second order cancels."""
    gradients = []
    for k, x in enumerate(arguments):
        x = np.asarray(x, dtype=float)
        gradient = np.empty_like(x)
        for index in np.ndindex(x.shape):
            h = 1e-3 * max(1.0, abs(x[index]))

            def slope(step, k=k, x=x, index=index):
                values = []
                for moved in (x[index] + step, x[index] - step):
                    changed = x.copy()
                    changed[index] = moved
                    at = [np.copy(y)[()] for y in arguments]
                    at[k] = changed[()]
                    values.append(float(case.function(*at)))
                return (values[0] - values[1]) / (2.0 * step)

            gradient[index] = (4.0 * slope(h / 2.0) - slope(h)) / 3.0
        gradients.append(gradient)
    return flat(gradients)


def agree(case, arguments):
    expected = differences(case, arguments)
    scale = np.abs(expected).max()
    return np.allclose(by_hand(case, arguments), expected, rtol=1e-6, atol=1e-6 * scale)


def nearby(arguments):
    random = np.random.default_rng(0)
    for _ in range(5):
        yield tuple(x + random.normal(size=np.shape(x)) / 4.0 for x in arguments)


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_a_wrong_gradient_is_found(case):
    report = check_gradient(case.function, case.manual, *case.arguments)
    assert not report.passed
    assert "disagree" in {row.verdict for row in report.rows}


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_a_right_gradient_passes(case):
    report = check_gradient(case.function, case.manual, *case.arguments)
    assert report.passed, report


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_it_is_wrong(case):
    assert case.truth
    points = (case.arguments, *nearby(case.arguments))
    assert not all(agree(case, arguments) for arguments in points)


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_it_is_right(case):
    assert not case.truth
    assert agree(case, case.arguments)
