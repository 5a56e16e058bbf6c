"""NumPy's averages, quantiles, covariances and norms of arrays of Values."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import ops
from autograd.arrays.products import dot_along, matmul
from autograd.arrays.reductions import (
    Axis,
    along,
    items_of,
    max_along,
    mean_along,
    min_along,
    reduced,
    sum_along,
)
from autograd.arrays.refusals import refuse
from autograd.arrays.registry import implements
from autograd.elements import container
from autograd.op import Op
from autograd.questions import ask


@implements(np.average)
def average(
    a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, keepdims: bool = False
) -> Any:
    array = items_of(a)
    weighing = np.ones(array.shape) if weights is None else items_of(weights)
    if weighing.ndim == 1 and array.ndim > 1 and isinstance(axis, int):
        weighing = weighing.reshape(
            [-1 if n == axis % array.ndim else 1 for n in range(array.ndim)]
        )
    weighing = np.broadcast_to(weighing, array.shape).view(container(weighing))
    total = sum_along(weighing, axis, keepdims)
    if weights is None:
        result = mean_along(a, axis, keepdims)
    else:
        result = ops.divide(dot_along(a, weighing, axis, keepdims), total)
    return (result, total) if returned else result


@implements(np.median)
def median(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return along(_median, [a], axis, keepdims)


def _median(xs: list[Any]) -> Any:
    ranked, n = _ranked(xs), len(xs)
    if not _defined(ranked):
        return ranked[-1]
    middle = ranked[(n - 1) // 2 : n // 2 + 1]
    return middle[0] if len(middle) == 1 else Op.__call__(ops.mean, middle)


def _ranked(xs: list[Any]) -> list[Any]:
    """The elements in ascending order, with nan at the end."""
    if not xs:
        raise ValueError("there is no quantile of no elements")
    return [xs[place] for place in ask(np.argsort, _column(xs), kind="stable")]


def _column(xs: list[Any]) -> NDArray[Any]:
    return np.fromiter(xs, object, len(xs))


def _defined(ranked: list[Any]) -> bool:
    """Whether none of the elements is nan."""
    return not ask(np.isnan, ranked[-1])


@implements(np.quantile)
def quantile(
    a: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Any:
    wanted = np.asarray(q, dtype=np.float64)

    def one(share: float) -> Any:
        return along(lambda xs: _quantile(xs, share, method), [a], axis, keepdims)

    if not wanted.ndim:
        return one(float(wanted))
    results = [items_of(one(share)) for share in wanted.ravel().tolist()]
    stacked = np.stack(results) if results else np.empty(0, object)
    return stacked.reshape(wanted.shape + stacked.shape[1:]).view(container(a))


def _quantile(xs: list[Any], share: float, method: Any) -> Any:
    ranked = _ranked(xs)
    if not _defined(ranked):
        return ranked[-1]
    # Where it lies among the elements is the quantile of their places.
    place = float(np.quantile(np.arange(len(xs), dtype=np.float64), share, method=method))
    low = math.floor(place)
    if place == low:
        return ranked[low]
    return ranked[low] + (place - low) * (ranked[low + 1] - ranked[low])


@implements(np.percentile)
def percentile(
    a: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Any:
    return quantile(a, np.true_divide(q, 100.0), axis, method, keepdims)


@implements(np.cov)
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: float | None = None
) -> Any:
    rows = _rows(m, rowvar)
    if y is not None:
        rows = np.concatenate([rows, _rows(y, rowvar)])
    centred = rows - mean_along(rows, 1, keepdims=True)
    less = ddof if ddof is not None else 0 if bias else 1
    product = matmul(centred, centred.T)
    return np.squeeze(ops.divide(product, float(max(rows.shape[1] - less, 0))))[()]


def _rows(m: Any, rowvar: bool) -> NDArray[Any]:
    """The variables, one in each row."""
    array = np.atleast_2d(items_of(m)).view(container(m))
    return array if rowvar or np.ndim(items_of(m)) < 2 else array.T


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    covariance = cov(x, y, rowvar)
    if not np.ndim(items_of(covariance)):
        return covariance / covariance
    deviation = ops.sqrt(np.diag(covariance))
    return covariance / deviation[:, None] / deviation


# --- Norms --------------------------------------------------------------------------------------


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    ndim = items_of(x).ndim
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if ord is None or len(axes) == 1:
        return vector_norm(x, axis, keepdims, 2 if ord is None else ord)
    if len(axes) == 2:
        return _matrix_norm(x, ord, tuple(axes), keepdims)
    raise ValueError(f"a norm with ord={ord} is one of vectors or matrices: give their axes")


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if ord == 2:
        return reduced(ops.norm, x, axis, keepdims)
    if ord in (math.inf, -math.inf):
        return (max_along if ord > 0 else min_along)(ops.abs(x), axis, keepdims)
    if ord == 0:
        return ask(np.linalg.vector_norm, x, axis=axis, keepdims=keepdims, ord=0)
    if isinstance(ord, str):
        raise ValueError(f"there is no norm of a vector with ord={ord!r}")
    if ord == 1:
        return sum_along(ops.abs(x), axis, keepdims)
    total = sum_along(ops.abs(x) ** float(ord), axis, keepdims)
    return ops.where(total, total ** (1.0 / ord), 0.0)  # 0 at 0, as for the norm with ord=2


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    return _matrix_norm(x, ord, (-2, -1), keepdims)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in ("fro", "f", None):
        return reduced(ops.norm, x, axes, keepdims)
    if ord in (2, -2, "nuc"):
        refuse(f"np.linalg.norm with ord={ord!r}, which takes singular values,", "svd")
    extremes: dict[Any, tuple[Callable[..., Any], int]] = {
        1: (max_along, 0), -1: (min_along, 0), math.inf: (max_along, 1), -math.inf: (min_along, 1)
    }  # fmt: skip
    if ord not in extremes:
        raise ValueError(f"there is no norm of a matrix with ord={ord!r}")
    extreme, summed = extremes[ord]
    totals = sum_along(ops.abs(x), axes[summed], keepdims=True)
    return extreme(totals, axes, keepdims)
