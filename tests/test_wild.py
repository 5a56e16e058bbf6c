"""Mistakes that people made are found, and right gradients that look wrong pass."""

# ruff: noqa: E501 - a line for each case

import re

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


SAID = {
    "LSTM: the forget gate once more through sigmoid": "sigmoid of its output is used where its derivative belongs",
    "gates: all biases have that of the forget gate": r"\[1\] has that of \[0\], \[2\] has that of \[0\]",
    "RNN: the state of the same step": "the state after the step is used",
    "recurrence: the slope of the next step": "the derivative of the next step is used",
    "attention: queries and keys exchanged": r"exchanged \(Q and K\)",
    "softmax: only the diagonal": "off the diagonal of a Jacobian are missing",
    "softmax: upstream twice": "are the right ones times",
    "batch norm: variance as a constant": "treated as a constant",
    "normalisation: the mean taken for a sum": "sum for mean",
    "leaky relu: branches exchanged": "branches of where are exchanged",
    "tanh: derivative at the output": "the output of tanh is used where its input belongs",
    "GELU: a rounded constant": r"0\.0447 for 0\.044715",
    "relu: the mask overwrites the gradient": "what comes from above is taken as 1",
    "relu: masked by the sign of the gradient": "mask of relu is taken from the gradient",
    "dropout: scaled but not masked": "a mask, is missing",
    "bias: the gradient of the weights, summed": "sum along axis 1 of your gradient of W",
    "squared error: delta of the cross-entropy": "derivative of sigmoid is forgotten",
    "linear layer: outer product transposed": "transposed",
    "deep network: W where W.T belongs": r"W @ d for W\.T @ d",
    "regulariser: ones in the column of the biases": r"in column 0 is too large by 0\.15",
    "logistic regression: inputs missing": "the factors of a dot product are missing",
    "focal loss: by the probability, not the score": "derivative of sigmoid is forgotten",
    "pseudo-Huber: alpha missing": "the factor 9/10 is missing",
    "modified Huber: 2 missing in one branch": "the factor 2 is missing",
    "least squares: derivative of the model for that of the residual": "a sign is flipped",
    "matrix factorisation: with the updated users": "updated before",
    "GloVe: 2 missing": "the factor 2 is missing",
    "linear regression: with the learning rate": "the factor 20 is missing",
    "t-SNE: 4 left out": "the factor 4 is missing",
    "likelihood: scale missing for its logarithm": "derivative of exp is forgotten",
    "Gaussian process: sign for the mean": "a sign is flipped",
    "Gamma model: estimated scale as a constant": "treated as a constant",
    "GARCH: gradient in another order": "the gradient of omega is that of alpha",
    "Bernoulli: sign in the upper tail": "where it is wrong is the right one with the opposite sign",
    "algebraic sphere: the normal": "divided by its own length",
    "pose of a robot: sign of one of two terms": "a sign is flipped",
    "quaternion: squared norm for the norm": "the operand of sqrt stands where its value belongs",
    "camera: 1 missing in the numerator": r"a term of a sum is left out .*\(1 at 1 \+ k0",
    "exponential: the rule for powers": "base and exponent are exchanged",
    "balance: sign of the slope in one branch": "a sign is flipped",
    "vanna: sign and a root": r"sqrt\(2\) too many, .* a sign is flipped",
    "total variation: first row and column": "its first row and its first column only",
    "Rosenbrock: a factor x too many": "there is a factor x too many",
    "Ackley: pi is 3.1415": r"6\.283 for 6\.283185",
}
"""Part of the one finding on each of the cases whose mistake is known for sure."""


@pytest.mark.parametrize("name", SAID)
def test_the_mistake_is_stated(name):
    case = WRONG[name]
    findings = check_gradient(case.function, case.manual, *case.arguments, seconds=60.0).findings
    assert re.search(SAID[name], str(findings[0])), findings
    alike = name.startswith("GARCH")
    assert len(findings) == (3 if alike else 1)


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_a_right_gradient_passes(case):
    report = check_gradient(case.function, case.manual, *case.arguments)
    assert report.passed, report


def in_float32(manual):
    """The same gradient, computed in float32."""

    def single(x):
        return np.asarray(x, np.float32)

    def by_hand(*arguments):
        result = manual(*map(np.float32, arguments))
        if isinstance(result, dict):
            return {name: single(x) for name, x in result.items()}
        return tuple(map(single, result)) if isinstance(result, tuple) else single(result)

    return by_hand


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3])
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("name", RIGHT)
def test_no_right_gradient_is_accused(name, scale, precision):
    """Where functions overflow the derivatives are undefined; manual may not even be."""
    case = RIGHT[name]
    manual = case.manual if precision == "double" else in_float32(case.manual)
    arguments = [np.multiply(x, scale)[()] for x in case.arguments]
    try:
        report = check_gradient(case.function, manual, *arguments)
    except ValueError as error:
        if isinstance(error.__cause__, OverflowError):
            return
        raise
    assert "disagree" not in {row.verdict for row in report.rows}, report


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_it_is_wrong(case):
    assert case.truth
    points = (case.arguments, *nearby(case.arguments))
    assert not all(agree(case, arguments) for arguments in points)


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_it_is_right(case):
    assert not case.truth
    assert agree(case, case.arguments)
