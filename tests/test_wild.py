"""Mistakes that people made are found, and right gradients that look wrong pass."""

# ruff: noqa: E501 - a line for each case

import re

import numpy as np
import pytest
from wild import RIGHT, WRONG
from wild_matrices import RIGHT_HESSIANS, RIGHT_JACOBIANS, WRONG_HESSIANS, WRONG_JACOBIANS

from autograd import check_gradient, check_hessian, check_jacobian


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


# --- Jacobians and Hessians ---------------------------------------------------------------------

MATRICES = [(check_jacobian, WRONG_JACOBIANS), (check_hessian, WRONG_HESSIANS)]
OF_MATRICES = {
    "odometry: cosine and sine not exchanged": r"dodometry0/dpose2 has cos.* where sin.* belongs",
    "velocity motion: third row of zeros": "dvelocity_motion2/dpose2 is 0 at every point: it is forgotten",
    "unicycle: heading after the motion": r"stands where another belongs \(unicycle2 for state2\)",
    "unicycle: input matrix with sine and cosine exchanged": r"exchanged: unicycle0 and unicycle1 \(that of u0\)",
    "unicycle: time step missing": "the factor 0.1 is missing",
    "constant velocity: speed missing": "the factor state3 is missing",
    "bicycle: wheelbase missing": r"dbicycle3/dstate2 is 5/2 .* \(2.5 occurs in the function\)",
    "Euler angles: sign of one term of yaw by pitch": r"sign of a term is flipped.*\(rates2 \* cos",
    "differential drive: wheels exchanged": "a sign is flipped",
    "range and bearing: -1 divided with the rest": "drange_bearing1/dpose2 is the right one divided by",
    "bearings: the terms of atan2 exchanged": "the columns of two variables are exchanged",
    "radar: sign in the range rate": "drate/dstate1 is the right one with the opposite sign",
    "pinhole: x and y in the column of z": "dpinhole0/dpoint2 has point1 as a factor where point0",
    "splat: the camera's translation for the point": r"has t0 as a factor where dot.* \+ t0 belongs",
    "fisheye: terms missing in the radial derivative": r"a term of a sum is left out in the der.*\(1 \+",
    "planar arm: the second angle for the sum": r"a term of a sum is left out \(q0 at q0 \+ q1",
    "leg: the same sine twice": r"dleg0/dq1 has sin\(q1\) as a factor where sin\(q2\) belongs",
    "base: sign of a term": r"a sign is flipped \(in d\(q0 \* base_pose1\)/dbase_pose1\)",
    "rotated axis: normalisation left out": "a matrix of derivatives is left out",
    "difference of poses: 1 for -1": "dbetween2/dfirst2 is the right one with the opposite sign",
    "copter: gravity upwards": "the right one with the opposite sign",
    "van der Pol: a factor lost": "the other factor of a product is missing",
    "Oregonator: rows as columns": "the Jacobian of oregonator is transposed",
    "Robertson: 2 of the square lost": r"the factor 2 is missing \(at y1 \*\* 2",
    "predator and prey: y for x": "has u1 as a factor where u0 belongs",
    "cylinder: 1/2 of the root lost": "there is an extra factor 2",
    "direction: length as a constant": "treated as a constant",
    "polar: degrees": "the derivative of deg2rad is forgotten",
    "sinc: the other one": "the derivative of sin",
    "parabola: a factor too much": "multiplied by params1",
    "decay: not divided by the spread": r"the row of weighted_decay0 is 3/10 \(0.3\) times",
    "Karplus: of the squared residuals": "each of the rows of karplus0, .* multiplied by its output",
    "softmax: only the diagonal": "off its diagonal is 0 at every point",
    "log-softmax: probabilities along rows": "the Jacobian of log_softmax is transposed",
    "layer norm: deviation as a constant": r"the derivative of a term is forgotten \(mean\(",
    "Rosenbrock: 1 for 2": "the factor 2 is missing",
    "Powell: corners of zeros": "is 0 at every point: it is forgotten",
    "Himmelblau: squares lost": r"has the term 8 \* x0 where 8 \* \(x0 \*\* 2\) belongs",
    "triangles: mixed derivatives twice": "2 times the right one",
    "decay: Gauss and Newton": "as Gauss and Newton do",
    "ridge: off the diagonal too": "what is off its diagonal is too small by 0.6",
    "least squares: 2 of the second derivative lost": "the factor 2 is missing",
    "cross-entropy: doubled diagonal": "2 on the diagonal and 0 off it",
    "emission: sign of the logarithm": "a sign is flipped",
    "normal: expected for observed": "off its diagonal is 0 at every point",
    "vanna: sign and root of time": r"-sqrt\(3/2\)",
    "vomma: copied from vanna": "d²call/dsigma² is what d²call/dSdsigma should be",
    "gamma: dividends not discounted": "the factor 0.9851119 is missing",
    "stretch: geometric term": "treated as a constant",
}


@pytest.mark.parametrize(
    ("check", "name", "case"),
    [(check, name, case) for check, cases in MATRICES for name, case in cases.items()],
    ids=[name for _, cases in MATRICES for name in cases],
)
def test_a_wrong_matrix_is_found(check, name, case):
    report = check(case.function, case.manual, *case.arguments)
    assert "disagree" in {row.verdict for row in report.rows}
    if name in OF_MATRICES:
        findings = [str(finding) for finding in report.findings]
        assert any(re.search(OF_MATRICES[name], x) for x in findings), findings


@pytest.mark.parametrize("scale", [1.0, 1e-3, 30.0])
@pytest.mark.parametrize(
    ("check", "case"),
    [
        *[(check_jacobian, case) for case in RIGHT_JACOBIANS.values()],
        *[(check_hessian, case) for case in RIGHT_HESSIANS.values()],
    ],
    ids=[*RIGHT_JACOBIANS, *RIGHT_HESSIANS],
)
def test_a_right_matrix_is_not_accused(check, case, scale):
    arguments = [np.multiply(x, scale)[()] for x in case.arguments]
    report = check(case.function, case.manual, *arguments)
    assert report.passed if scale == 1.0 else "disagree" not in {x.verdict for x in report.rows}
