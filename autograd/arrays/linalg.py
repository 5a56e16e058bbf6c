"""NumPy's linear algebra for matrices of Values, in scalar steps: one `dot` node for each element.

Pivots are chosen by the data. See G. Golub and C. Van Loan, "Matrix Computations" (2013), chapters
3 to 5, for the algorithms.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import ops
from autograd.arrays.products import matmul
from autograd.arrays.reductions import items_of, reduced
from autograd.arrays.registry import implements
from autograd.elements import container, numbers, shaped, viewed
from autograd.kernels import SMALLEST_NORMAL
from autograd.op import Op
from autograd.questions import ask, listeners
from autograd.quiet import quietly
from autograd.sealing import sealing

EPSILON = math.ulp(1.0)
Rows = list[list[Any]]
"""A matrix."""


class SlogdetResult(NamedTuple):
    """The result of `np.linalg.slogdet`."""

    sign: Any
    logabsdet: Any


class QRResult(NamedTuple):
    """The result of `np.linalg.qr`."""

    Q: Any
    R: Any


def _dot(left: Sequence[Any], right: Sequence[Any]) -> Any:
    return Op.__call__(ops.dot, left, right)


def _divide(x: Any, y: Any) -> Any:
    return Op.__call__(ops.divide, x, y)


def _less(x: Any, left: Sequence[Any], right: Sequence[Any]) -> Any:
    """`x - dot(left, right)`, rounded once, where the signs of `left` are changed already."""
    return _dot([1.0, *left], [x, *right]) if left else x


# --- Batches of matrices ------------------------------------------------------------------------


def _matrices(a: Any, square: bool = True) -> NDArray[Any]:
    array = items_of(a)
    if array.ndim < 2:
        raise np.linalg.LinAlgError(f"a matrix has two dimensions, not {array.ndim}")
    if square and array.shape[-1] != array.shape[-2]:
        raise np.linalg.LinAlgError(f"the last two dimensions of {array.shape} must be equal")
    return array


def _each(
    function: Callable[..., Any], *stacks: NDArray[Any], kind: Any, numpy: Callable[..., Any]
) -> Any:
    """A function of matrices that returns matrices, vectors or numbers, for each in a batch.

    Where there are no elements, the result is that of the function of NumPy's.
    """
    if not all(stack.size for stack in stacks):
        return _kept(ask(numpy, *stacks), kind)
    batch = np.broadcast_shapes(*[stack.shape[:-2] for stack in stacks])
    stacks = tuple([np.broadcast_to(x, batch + x.shape[-2:]) for x in stacks])
    places = [*np.ndindex(batch)]
    results = [function(*[stack[place].tolist() for stack in stacks]) for place in places]
    return _gathered(results, batch, kind)


def _kept(result: Any, kind: Any) -> Any:
    """A result of NumPy's without Values, in arrays of a kind."""
    if isinstance(result, tuple):
        return type(result)(*[_kept(part, kind) for part in result])
    if np.ndim(result) == 0:
        return float(result)
    return viewed(result, np.ndarray if result.size else kind)


def _gathered(results: list[Any], batch: tuple[int, ...], kind: Any) -> Any:
    first = results[0]
    if isinstance(first, tuple):
        parts = zip(*results, strict=True)
        return type(first)(*[_gathered([*part], batch, kind) for part in parts])
    if not isinstance(first, list):
        kind = np.ndarray if all(isinstance(x, float) for x in results) else kind
        return shaped(results, batch, kind)
    whole = np.empty((len(results), *np.shape(np.array(first, object))), object)
    for place, result in enumerate(results):
        whole[place] = result
    whole = whole.reshape(batch + whole.shape[1:])
    return whole.astype(np.float64) if kind is np.ndarray else viewed(whole, kind)


# --- Gaussian elimination -----------------------------------------------------------------------


class Factors(NamedTuple):
    """A matrix with its rows exchanged, as a product of triangular ones."""

    order: list[int]
    """The row of the matrix that each row of the factors is."""
    sign: float
    """1.0 for an even number of exchanges, -1.0 for an odd one."""
    multiples: Rows
    """The lower triangle with its signs changed, without the ones on its diagonal."""
    upper: Rows
    """The upper triangle, in whole rows."""
    regular: bool
    """Whether no pivot counts as 0. Where one does, the factors end."""


def _factors(a: Rows, rounding: bool = False) -> Factors:
    """The factors of a square matrix by Crout's and Doolittle's order of the steps.

    Each element is one dot product, rounded once. With `rounding`, a pivot that consists of
    rounding errors counts as 0, unless it is the last, by which nothing is divided.
    """
    n, sign = len(a), 1.0
    order, rest = [*range(n)], [*a]
    multiples: Rows = [[] for _ in a]
    upper: Rows = []
    for k in range(n):
        columns = [[row[j] for row in upper] for j in range(n)]
        below = [_less(rest[i][k], multiples[i], columns[k]) for i in range(k, n)]
        pivot = k + int(ask(_largest, tuple(below)))
        if pivot != k:
            sign = -sign
            for items in (order, rest, multiples):
                items[k], items[pivot] = items[pivot], items[k]
            below[0], below[pivot - k] = below[pivot - k], below[0]
        lost = rounding and 0 < k < n - 1 and ask(_lost, below[0], [row[k] for row in rest[k:]])
        if lost or not ask(_nonzero, below[0]):
            return Factors(order, sign, multiples, upper, False)
        row = [_less(rest[k][j], multiples[k], columns[j]) for j in range(k + 1, n)]
        upper.append([0.0] * k + [below[0], *row])
        minus = -below[0]
        for i in range(k + 1, n):
            multiples[i] = [*multiples[i], _divide(below[i - k], minus)]
    return Factors(order, sign, multiples, upper, True)


def _largest(column: Sequence[float]) -> Any:
    """The place of the largest element by absolute value, of a nan if there is one."""
    return np.argmax(np.abs(column))


def _nonzero(pivot: float) -> bool:
    return pivot != 0.0


def _solved(a: Rows, b: Rows) -> Rows:
    """The solution of a system of equations for each column of `b`."""
    factors, n = _factors(a), len(a)
    if not factors.regular:
        raise np.linalg.LinAlgError("Singular matrix")
    solutions = []
    for column in zip(*b, strict=True):
        forward: list[Any] = []
        for i in range(n):
            forward.append(_less(column[factors.order[i]], factors.multiples[i], forward))
        solution: list[Any] = []
        minus: list[Any] = []
        for i in reversed(range(n)):
            row = factors.upper[i]
            solution.insert(0, _divide(_less(forward[i], minus, row[i + 1 :]), row[i]))
            minus.insert(0, -solution[0])
        solutions.append(solution)
    return [[*row] for row in zip(*solutions, strict=True)] if solutions else [[] for _ in a]


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    left, right = _matrices(a), items_of(b)
    vector = right.ndim == 1
    if vector:
        right = right[:, None]
    if right.ndim < 2 or left.shape[-1] != right.shape[-2]:
        raise ValueError(f"a matrix of shape {left.shape} does not fit b of {items_of(b).shape}")
    result = _each(_solved, left, right, kind=container(a, b), numpy=np.linalg.solve)
    return result[..., 0] if vector else result


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    array = _matrices(a)
    return solve(viewed(array, container(a)), np.eye(array.shape[-1]))


def _determinant(a: Rows) -> Any:
    factors = _factors(a, rounding=True)
    if factors.regular:
        diagonal = [row[i] for i, row in enumerate(factors.upper)]
        return Op.__call__(ops.prod, [factors.sign, *_balanced(diagonal)])
    return _determinant_without_division(a)


def _balanced(factors: list[Any]) -> list[Any]:
    """Factors in an order in which their product does not leave the range of floats on the way,
    unless it does in the end.
    """
    return [factors[place] for place in ask(_balance, tuple(factors))]


def _balance(factors: Sequence[float]) -> Sequence[int]:
    """The places of the factors in such an order."""
    sizes = [abs(x) for x in factors]
    if SMALLEST_NORMAL <= math.prod(sizes) < math.inf:
        return range(len(sizes))
    rest, ordered, product = sorted(range(len(sizes)), key=sizes.__getitem__), [], 1.0
    while rest:
        ordered.append(rest.pop(0 if product > 1.0 else -1))
        product *= sizes[ordered[-1]]
    return ordered


def _determinant_without_division(a: Rows) -> Any:
    """The determinant as a polynomial, of which all derivatives are right at singular matrices.

    R. Bird, "A simple division-free algorithm for computing determinants" (2011).
    """
    n = len(a)
    f = a
    for _ in range(n - 1):
        diagonal = [f[i][i] for i in range(n)]
        turned = [
            [0.0] * i + [Op.__call__(ops.negative, _total(diagonal[i + 1 :]))] + f[i][i + 1 :]
            for i in range(n)
        ]
        f = [[_dot(row, column) for column in zip(*a, strict=True)] for row in turned]
    return f[0][0] if n % 2 else -f[0][0]


def _total(terms: list[Any]) -> Any:
    return Op.__call__(ops.sum, terms)


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    power, kind = operator.index(n), container(a)
    factor = viewed(_matrices(a), kind)
    if power < 0:
        factor, power = inv(factor), -power
    result = None if power else np.broadcast_to(np.eye(factor.shape[-1]), factor.shape)
    while power:
        if power % 2:
            result = factor if result is None else matmul(result, factor)
        power //= 2
        factor = matmul(factor, factor) if power else factor
    return viewed(items_of(result), kind)


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be positive, not {ind}")
    shape = items_of(a).shape
    matrix = items_of(a).reshape(math.prod(shape[ind:]), -1)
    return np.reshape(inv(viewed(matrix, container(a))), shape[ind:] + shape[:ind])


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    left, right = items_of(a), items_of(b)
    if axes is not None:
        others = [axis for axis in range(left.ndim) if axis not in axes]
        left = left.transpose(*others, *axes)
    matrix = viewed(left.reshape(right.size, -1), container(a, b))
    return np.reshape(solve(matrix, right.ravel()), left.shape[right.ndim :])


@implements(np.linalg.det)
def det(a: Any) -> Any:
    return _each(_determinant, _matrices(a), kind=container(a), numpy=np.linalg.det)


def _log_determinant(a: Rows) -> SlogdetResult:
    factors = _factors(a)
    if not factors.regular:
        size = Op.__call__(ops.abs, _determinant_without_division(a))
        return SlogdetResult(0.0, quietly(ops.log, size))  # as NumPy's, which does not warn
    diagonal = [row[i] for i, row in enumerate(factors.upper)]
    signs = [float(ask(np.sign, x)) for x in diagonal]
    sizes = [x if sign > 0.0 else sign * x for x, sign in zip(diagonal, signs, strict=True)]
    return SlogdetResult(factors.sign * math.prod(signs), _total([ops.log(x) for x in sizes]))


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    return _each(_log_determinant, _matrices(a), kind=container(a), numpy=np.linalg.slogdet)


# --- Cholesky's factor --------------------------------------------------------------------------


def _lower(a: Rows) -> Rows:
    """The lower triangular matrix that makes `a` when multiplied by its transpose."""
    n = len(a)
    rows: Rows = []
    for i in range(n):
        row: list[Any] = []
        minus: list[Any] = []
        for j in range(i):
            row.append(_divide(_less(a[i][j], minus, rows[j][:j]), rows[j][j]))
            minus.append(-row[j])
        square = _less(a[i][i], minus, row)
        if ask(_not_positive, square):
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        rows.append([*row, Op.__call__(ops.sqrt, square), *[0.0] * (n - i - 1)])
    return rows


def _not_positive(x: float) -> bool:
    return x <= 0.0  # which nan is not


@implements(np.linalg.cholesky)
def cholesky(a: Any, upper: bool = False) -> Any:
    array = _matrices(a)
    if upper:
        array = np.swapaxes(array, -1, -2)
    result = _each(_lower, array, kind=container(a), numpy=np.linalg.cholesky)
    return np.swapaxes(result, -1, -2) if upper else result


# --- Orthogonal columns and least squares -------------------------------------------------------


def _orthogonal(a: Rows, signs: Sequence[float]) -> QRResult:
    """Orthonormal columns, and the upper triangle by which they make the columns of a matrix.

    By Gram and Schmidt, twice, which is enough; with LAPACK's signs of the diagonal.
    """
    columns = [[*column] for column in zip(*a, strict=True)]
    basis: Rows = []
    parts: Rows = []
    for k, column in enumerate(columns):
        given = column
        shares: list[Any] = [0.0] * len(basis)
        for _ in range(2 if k < len(a) else 0):
            found = [_dot(direction, column) for direction in basis]
            minus = [-x for x in found]
            across = zip(*basis, strict=True) if basis else [()] * len(a)
            column = [_less(x, minus, y) for x, y in zip(column, across, strict=True)]
            shares = [x + y for x, y in zip(shares, found, strict=True)]
        if k >= len(a):
            parts.append([_dot(direction, given) for direction in basis])
            continue
        length = signs[k] * Op.__call__(ops.norm, column)
        if ask(_lost, length, given):
            raise np.linalg.LinAlgError("the columns are linearly dependent: no derivative")
        basis.append([_divide(x, length) for x in column])
        parts.append([*shares, length])
    size = len(basis)
    upper = [
        [parts[j][i] if i < len(parts[j]) else 0.0 for j in range(len(columns))]
        for i in range(size)
    ]
    return QRResult([[*row] for row in zip(*basis, strict=True)], upper)


def _lost(length: float, column: Sequence[float]) -> bool:
    """Whether what is left of a column, when others are taken from it, is rounding errors."""
    return abs(length) <= len(column) * EPSILON * math.hypot(*column) < math.inf


def _signs(a: Any) -> Any:
    """The signs of the diagonal of LAPACK's upper triangle, 1 for those of 0."""
    diagonal = np.diagonal(np.linalg.qr(a, mode="r"), axis1=-2, axis2=-1)
    return np.where(diagonal < 0.0, -1.0, 1.0)


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    array = _matrices(a, square=False)
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(f"np.linalg.qr: mode must be 'reduced', 'complete' or 'r', not {mode!r}")
    if mode == "raw" or (mode == "complete" and array.shape[-2] > array.shape[-1]):
        raise TypeError(
            f"np.linalg.qr with mode={mode!r} does not take Values: use mode='reduced'; the "
            "further columns of a complete Q are arbitrary, and have no derivative"
        )
    signs = ask(_signs, array)
    result = _each(
        lambda rows, sign: _orthogonal(rows, sign[0]), array, signs[..., None, :],
        kind=container(a), numpy=lambda rows, sign: np.linalg.qr(rows),
    )  # fmt: skip
    return result.R if mode == "r" else result


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    matrix, right = items_of(a), items_of(b)
    kind = container(a, b)
    found = np.linalg.lstsq(numbers(a), numbers(b), rcond=rcond)
    rank, singular = found[2], _without_slope(found[3], matrix)
    if listeners:
        ask(_rank, matrix, rcond=rcond)  # of what was found, nothing else decides anything
    m, n = matrix.shape
    if rank < min(m, n) and container(a) is np.ndarray:  # linear in b
        cutoff = EPSILON * max(m, n) if rcond is None else rcond
        solution = matmul(np.linalg.pinv(numbers(matrix), cutoff), viewed(right, kind))
        return solution, np.empty(0), rank, singular
    if rank < min(m, n):
        raise np.linalg.LinAlgError(
            f"the rank is {rank}, not {min(m, n)}: the solution of smallest norm has no derivative"
        )
    if not matrix.size:
        solution = viewed(found[0], kind)
    elif m >= n:
        q, r = qr(viewed(matrix, kind))
        solution = solve(r, matmul(q.T, viewed(right, kind)))
    else:
        q, r = qr(viewed(matrix.T, kind))
        solution = matmul(q, solve(r.T, viewed(right, kind)))
    residuals: Any = np.empty(0)
    if m > n:
        rest = np.atleast_2d(
            np.transpose(viewed(right, kind) - matmul(viewed(matrix, kind), solution))
        )
        residuals = np.vecdot(rest, rest)
    return solution, residuals, rank, singular


def _rank(a: NDArray[np.float64], rcond: Any) -> int:
    """The rank of a matrix as least squares have it."""
    return int(np.linalg.lstsq(a, np.zeros(len(a)), rcond=rcond)[2])


def _without_slope(singular: NDArray[np.float64], matrix: NDArray[Any]) -> Any:
    """The singular values of a matrix, which are plain numbers, without derivatives.

    While a function is recorded they would be constants of it: there each is the Value that a
    custom operation gives.
    """
    elements = matrix.ravel().tolist()
    if sealing() is None or all(isinstance(x, float) for x in elements):
        return singular

    def value(place: int) -> Any:
        def one(*numbers: float) -> float:
            sizes = np.linalg.svd(np.reshape(numbers, matrix.shape), compute_uv=False)
            return float(sizes[place])

        return Op("singular_value", one, lambda out, *x: [0.0] * len(x))(*elements)

    found = np.array([value(place) for place in range(len(singular))], object)
    return viewed(found, container(matrix))


@implements(np.polyfit)
def polyfit(x: Any, y: Any, deg: int, w: Any = None) -> Any:
    kind = container(x, y, w)
    powers = np.vander(viewed(items_of(x), kind), deg + 1)
    heights = viewed(items_of(y), kind)
    if w is not None:
        weights = viewed(items_of(w), kind)
        powers, heights = (powers.T * weights).T, (heights.T * weights).T
    # So that the columns are alike; by how much they are divided makes no difference.
    sizes = ops.stop_gradient(reduced(ops.norm, powers, 0))
    return (lstsq(powers / sizes, heights)[0].T / sizes).T
