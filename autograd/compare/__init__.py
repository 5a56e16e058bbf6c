"""Hand-derived derivatives, compared with those of the graph."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from autograd.compare.checked import Checked
from autograd.compare.comparison import Comparison
from autograd.compare.diagnosis import SECONDS, diagnosed
from autograd.compare.findings import Finding
from autograd.compare.jacobians import CheckedHessian, CheckedJacobian
from autograd.compare.judge import SINGLE, TOLERANCE, Judge
from autograd.compare.keys import paired
from autograd.compare.precision import in_single_precision, judged_as_single
from autograd.compare.report import Report, Row, said
from autograd.compare.search import samples as sampled
from autograd.compare.summary import summary
from autograd.freshness import require_fresh
from autograd.graph import require_value, topological_order
from autograd.reals import real
from autograd.silence import recorded
from autograd.value import Value

__all__ = [
    "Finding",
    "Report",
    "Row",
    "check_gradient",
    "check_hessian",
    "check_jacobian",
    "compare",
]


@recorded
def compare(
    value: Value,
    manual: Mapping[Any, Any] | Iterable[tuple[Any, Any]],
    *,
    tolerance: float | None = None,
) -> Report:
    """Compare hand-derived derivatives with those of a recorded graph.

    Each gets a verdict:

    - **agree**: the difference can be rounding;
    - **convention**: at a kink, another valid choice;
    - **undefined**: a nan or an infinity, with the operation where the first one appeared;
    - **disagree**.

    Beside them is an estimate from differences of the graph's values, which uses no derivatives.
    If something disagrees, the diagnosis names the first wrong factor of the chain rule.

    Args:
        value: the root of the graph, the loss say.
        manual: the hand-derived numbers. A key is a Value (the derivative of `value` with respect
            to it), a pair of Values (the derivative of the first with respect to the second), or
            names in place of Values; `"w"` also means `w0`, `w1`, … together. Since an array cannot
            be the key of a dict, arrays of Values are given with their numbers in a list of pairs.
        tolerance: the difference that counts as rounding, in units of the bound on the rounding
            error: by and large that of the same computation with absolute values and plus signs
            (see "How it works" in the documentation of comparing). By default 8 times 2**-52, or
            8 times 2**-23 if all the numbers are in float32; the report says so.

    Raises:
        RuntimeError: if the data of a Value has changed since the graph was computed: `forward()`
            computes it anew.
        TypeError: if a key is not a Value, a pair or a name, or if a number is not real.
        ValueError: if a name stands for no Value or for several, or if shapes differ.

    Example:
        >>> from autograd import Value, compare
        >>> x, y = Value(3.0, name="x"), Value(4.0, name="y")
        >>> product = (x * y).named("product")
        >>> print(compare(product, {x: 4.0, "y": 4.0}))
        derivative   yours  automatic  numeric  difference  verdict
        dproduct/dx      4          4        4           0  agree
        dproduct/dy      4          3        3           1  disagree
        Changed alone, this factor explains the numbers here: dproduct/dy: 4 instead of 3 at y = 4
        The mistake: an argument has the gradient of another one (y has that of x).
    """
    require_value(value, "compare")
    judge = Judge(value, _tolerance(tolerance))
    pairs = list(paired(value, judge.names, manual))
    for root in dict.fromkeys([value, *(of for (of, _), _ in pairs)]):
        require_fresh(topological_order(root))
    if not pairs:
        raise ValueError("there is nothing to compare: no hand-derived number was given")
    comparison = Comparison(judge, pairs)
    if tolerance is None and in_single_precision([comparison]):
        judge.tolerance = SINGLE
        comparison = Comparison(judge, pairs)
    rows = comparison.rows()
    found: list[Finding] = []
    sentences = list(judged_as_single(judge.tolerance))
    if "disagree" in comparison.verdicts:
        sentences += comparison.diagnosis()
        places = comparison.first_step
        step = [comparison.step(places)] if places else []
        found, words = diagnosed([comparison.case()], judge, step=step)
        sentences += words
    symbols = comparison.labels.symbols(*said(rows, sentences))
    return Report(
        rows, sentences, found, symbols=symbols, _root=value, _compared=comparison.compared
    )


@recorded
def check_gradient(
    function: Callable[..., Any],
    manual: Callable[..., Any],
    *arguments: Any,
    wrt: Sequence[str] | None = None,
    samples: int = 10,
    seed: int = 0,
    tolerance: float | None = None,
    every_branch: bool = True,
    seconds: float = SECONDS,
) -> Report:
    """Compare the hand-written gradient of a function with the automatic one, at many points.

    The points are the given one and others around and beyond it, on both sides of every relu,
    maximum, abs, where and clip and of every `if` in the code, but not near their boundaries, and
    ordinary ones if the given one is extreme. If something disagrees, the diagnosis
    names the classic mistakes that give the same wrong numbers at all the points, and shows a
    simple point at which the two differ.

    A derivative gets the worst of its verdicts over all points, with the numbers of the simplest
    point with that verdict. There is one more than `compare()` has, **not exercised**: one side of
    a kink or of a branch was not reached, or the derivative was 0 at every point, so that a mistake
    would not be seen.

    Both functions are called twice at the given point. If one does not give the same result, the
    diagnosis begins with that, and what it concerns is undefined.

    Args:
        function: takes the arguments as Values and arrays of Values and returns a Value.
        manual: takes the arguments as floats and float arrays, copies that it may change, and
            returns the gradient: a tuple in the order of the arguments, or a dict by their names.
            The dict may hold derivatives with respect to named Values inside the function, too.
        arguments: numbers, arrays, and lists, tuples and dicts of these. A list or a tuple of
            numbers that NumPy makes an array of is an array.
        wrt: the names of the arguments whose gradients `manual` returns, by default all.
        samples: how many points are tried besides the given one; more where a branch needs them.
        seed: determines the points, which are the same in every run.
        tolerance: as for `compare()`.
        every_branch: whether what was not exercised keeps the report from passing. With False it
            only says so: for sides that cannot be reached, as in `relu(x * x)`.
        seconds: how long the search for mistakes that explain wrong numbers may take; the diagnosis
            says what there was no time for.

    Raises:
        TypeError: if an argument, or what one of the functions returns, is of the wrong type.
        ValueError: if `manual` raises, or returns the wrong shape or number of gradients.

    Example:
        >>> from autograd import check_gradient, relu
        >>> def loss(w, b):
        ...     return relu(w * 3.0 + b) ** 2
        >>> def by_hand(w, b):
        ...     z = w * 3.0 + b
        ...     upstream = z * (z > 0.0)
        ...     return upstream * 3.0, upstream
        >>> report = check_gradient(loss, by_hand, 0.5, 1.0)
        >>> report
        <Report: disagree, 2 derivatives compared>
        >>> report.diagnosis[0]
        'The mistake: the factor 2 is missing (at loss).'
    """
    return _checked(
        Checked, function, manual, arguments, wrt, samples, seed, tolerance, every_branch, seconds
    )


@recorded
def check_jacobian(
    function: Callable[..., Any],
    manual: Callable[..., Any],
    *arguments: Any,
    wrt: Sequence[str] | None = None,
    samples: int = 10,
    seed: int = 0,
    tolerance: float | None = None,
    every_branch: bool = True,
    seconds: float = SECONDS,
) -> Report:
    """Compare the hand-written Jacobian of a function that returns several numbers with the
    automatic one, at many points.

    All that `check_gradient()` does is done for every output, and the rows of the report are named
    by them: an output is called what its Value is called, else by its key in a dict, else by the
    name of the function and its place, `f0`, `f1`, …. The diagnosis speaks of the Jacobian as a
    whole, of its rows and its columns.

    Args:
        function: takes the arguments as Values and arrays of Values, and returns a vector or any
            other array of Values, or a list, tuple or dict of these.
        manual: takes the arguments as floats and float arrays, copies that it may change, and
            returns the Jacobian in one of three forms:

            - an array, or a list of rows: a row for each number that `function` returns, a column
              for each number in the arguments, in order;
            - a tuple with a Jacobian for each argument, or a dict by their names, where each has
              the shape of the result followed by that of the argument, as those of `jacobian()`;
            - if `function` returns a dict, a dict with the same keys of these, as `jacobian()`
              returns it.

            What can be read in two ways, as a tuple of as many parts as there are arguments and
            numbers returned, is read in the one that is nearest to the right numbers. The dict may
            hold derivatives with respect to named Values inside the function, too.
        arguments: as for `check_gradient()`.
        wrt: the names of the arguments with respect to which the Jacobian is, by default all.
        samples: as for `check_gradient()`, and so are all the following.

    Raises:
        TypeError: if an argument, or what one of the functions returns, is of the wrong type.
        ValueError: if `manual` raises, or returns the wrong shape.

    Example:
        >>> import numpy as np
        >>> from autograd import check_jacobian
        >>> def hand(q):  # of a robot's arm with two links
        ...     elbow = np.array([np.cos(q[0]), np.sin(q[0])])
        ...     return elbow + 0.5 * np.array([np.cos(q[0] + q[1]), np.sin(q[0] + q[1])])
        >>> def by_hand(q):
        ...     a, ab = q[0], q[0] + q[1]
        ...     return [
        ...         [-np.sin(a) - 0.5 * np.sin(ab), -0.5 * np.sin(ab)],
        ...         [np.cos(a) + 0.5 * np.cos(ab), -0.5 * np.cos(ab)],
        ...     ]
        >>> report = check_jacobian(hand, by_hand, [0.3, 0.8])
        >>> report
        <Report: disagree, 4 derivatives compared>
        >>> [row.derivative for row in report.rows if row.verdict == "disagree"]
        ['dhand1/dq1']
    """
    return _checked(
        CheckedJacobian,
        function, manual, arguments, wrt, samples, seed, tolerance, every_branch, seconds,
    )  # fmt: skip


@recorded
def check_hessian(
    function: Callable[..., Any],
    manual: Callable[..., Any],
    *arguments: Any,
    wrt: Sequence[str] | None = None,
    samples: int = 10,
    seed: int = 0,
    tolerance: float | None = None,
    every_branch: bool = True,
    seconds: float = SECONDS,
) -> Report:
    """Compare the hand-written Hessian of a function with the automatic one, at many points.

    It is the Jacobian of the gradient, and compared as `check_jacobian()` does, with a row for each
    derivative of the function. Both halves of the matrix are compared, so a Hessian that is not
    symmetric is wrong on one side.

    Args:
        function: takes the arguments as Values and arrays of Values and returns a Value.
        manual: takes the arguments as floats and float arrays, copies that it may change, and
            returns the Hessian in one of two forms:

            - an array, or a list of rows, with a row and a column for each number in the arguments;
            - a tuple of tuples, or a dict of dicts, with a block for every two arguments, which has
              the shape of the one followed by that of the other, as those of `hessian()`.

        arguments: as for `check_gradient()`.
        wrt: the names of the arguments with respect to which the Hessian is, by default all.
        samples: as for `check_gradient()`, and so are all the following.

    Raises:
        TypeError: if an argument, or what one of the functions returns, is of the wrong type.
        ValueError: if `manual` raises, or returns the wrong shape.

    Example:
        >>> from autograd import check_hessian
        >>> def rosenbrock(x, y):
        ...     return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2
        >>> def by_hand(x, y):
        ...     return [[2.0 + 1200.0 * x**2 - 400.0 * y, -400.0 * x], [-400.0 * x, 200.0 * x]]
        >>> report = check_hessian(rosenbrock, by_hand, -1.2, 1.0)
        >>> [row.derivative for row in report.rows if row.verdict == "disagree"]
        ['d²rosenbrock/dy²']
    """
    return _checked(
        CheckedHessian,
        function, manual, arguments, wrt, samples, seed, tolerance, every_branch, seconds,
    )  # fmt: skip


def _checked(
    kind: type[Checked],
    function: Callable[..., Any],
    manual: Callable[..., Any],
    arguments: Sequence[Any],
    wrt: Sequence[str] | None,
    samples: int,
    seed: int,
    tolerance: float | None,
    every_branch: bool,
    seconds: float,
) -> Report:
    """The report on derivatives by hand of one of the kinds."""
    if not arguments:
        raise TypeError(f"check_{kind.noun.lower()} needs the arguments at which to compare")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number, at least 0, not {seed!r}")
    checked = kind(function, manual, arguments, wrt, _tolerance(tolerance))
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise ValueError(f"samples must be a whole number, at least 1, not {samples!r}")
    limit = real(seconds, "seconds")
    if not limit >= 0.0:
        raise ValueError(f"seconds must be a number, at least 0, not {seconds!r}")
    taken, unseen = sampled(checked.sample, lambda: checked.heard, checked.given, samples, seed)
    checks = list(checked.at_all(taken))
    if tolerance is None and in_single_precision([check.comparison for check in checks]):
        checks = checked.again(checks, SINGLE)
    return summary(checked, checks, unseen, every_branch, limit)


def _tolerance(tolerance: float | None) -> float:
    allowed = TOLERANCE if tolerance is None else real(tolerance, "tolerance")
    if not 0.0 <= allowed < math.inf:
        raise ValueError(f"tolerance must be a finite number, at least 0, not {tolerance!r}")
    return allowed
