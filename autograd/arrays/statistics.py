"""NumPy's averages, quantiles, covariances and norms of arrays of Values."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
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
from autograd.elements import container, shaped, viewed
from autograd.op import Op
from autograd.questions import ask
from autograd.reals import boxed


@implements(np.average)
def average(
    a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, keepdims: bool = False
) -> Any:
    array = items_of(a)
    if weights is None:
        total = sum_along(np.ones(array.shape), axis, keepdims)
        result = mean_along(a, axis, keepdims)
    else:
        weighing = _spread_out(items_of(weights), array, axis)
        total = sum_along(viewed(weighing, container(weights)), axis, keepdims)
        if np.any(ask(np.equal, total, 0.0)):
            raise ZeroDivisionError("the weights add up to 0")
        result = ops.divide(dot_along(a, weighing, axis, keepdims), total)
    return (result, total) if returned else result


def _spread_out(weights: NDArray[Any], array: NDArray[Any], axis: Axis) -> NDArray[Any]:
    """Weights of elements along some axes, in the order of these, for all elements of an array."""
    if weights.shape != array.shape:
        if axis is None:
            raise TypeError(
                f"weights of shape {weights.shape} for an array of shape {array.shape} need an axis"
            )
        axes = normalize_axis_tuple(axis, array.ndim)
        if weights.shape != tuple([array.shape[place] for place in axes]):
            raise ValueError(f"the weights of {axes} have shape {weights.shape}")
        others = [place for place in range(array.ndim) if place not in axes]
        weights = np.expand_dims(weights.transpose(np.argsort(axes)), others)
    return np.broadcast_to(weights, array.shape)


def _ranked(xs: list[Any]) -> list[Any]:
    """The elements in ascending order; if one of them is nan or there are none, a nan alone."""
    if not xs:
        return [math.nan]
    ranked = [
        xs[place] for place in ask(np.argsort, np.fromiter(xs, object, len(xs)), kind="stable")
    ]
    return ranked[-1:] if ask(np.isnan, ranked[-1]) else ranked


def _middle(ranked: list[Any]) -> Any:
    """The median."""
    n = len(ranked)
    middle = ranked[(n - 1) // 2 : n // 2 + 1]
    return middle[0] if len(middle) == 1 else Op.__call__(ops.mean, middle)


def _quantile(ranked: list[Any], share: float, method: Any) -> Any:
    # Where it lies among the elements is the quantile of their places.
    place = float(np.quantile(np.arange(float(len(ranked))), share, method=method))
    low = math.floor(place)
    if place == low:
        return ranked[low]
    return ranked[low] + (place - low) * (ranked[low + 1] - ranked[low])


def _quantiles(skip: bool, *, median: Any, quantile: Any, percentile: Any) -> None:
    """Functions of NumPy's, that skip the elements that are nan or do not."""

    def ranks(a: Any, axis: Axis, keepdims: bool) -> NDArray[Any]:
        taken = ~ask(np.isnan, a) if skip else True
        found = along(_ranked, [a], axis, keepdims, taken)
        return found if isinstance(found, np.ndarray) else boxed(found)

    @implements(median)
    def of_half(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        found = ranks(a, axis, keepdims)
        return shaped([_middle(x) for x in found.flat], found.shape, container(a))

    @implements(quantile)
    def of_shares(
        a: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
    ) -> Any:
        wanted, found = np.asarray(q, dtype=np.float64), ranks(a, axis, keepdims)
        elements = [_quantile(x, share, method) for share in wanted.flat for x in found.flat]
        return shaped(elements, wanted.shape + found.shape, container(a))

    @implements(percentile)
    def of_percents(
        a: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
    ) -> Any:
        return of_shares(a, np.true_divide(q, 100.0), axis, method, keepdims)


_quantiles(False, median=np.median, quantile=np.quantile, percentile=np.percentile)
_quantiles(True, median=np.nanmedian, quantile=np.nanquantile, percentile=np.nanpercentile)


@implements(np.cov)
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: float | None = None,
    fweights: Any = None, aweights: Any = None,
) -> Any:  # fmt: skip
    rows = _rows(m, rowvar)
    if y is not None:
        rows = np.concatenate([rows, _rows(y, rowvar)])
    less = ddof if ddof is not None else 0 if bias else 1
    weights = np.ones(rows.shape[1])
    for given in (fweights, aweights):
        weights = weights if given is None else weights * given
    total = sum_along(weights)
    centred = rows - ops.divide(dot_along(rows, weights, 1, keepdims=True), total)
    if aweights is not None and less:
        less = less * dot_along(weights, aweights) / total
    product = matmul(centred * weights, centred.T)
    return np.squeeze(ops.divide(product, ops.maximum(total - less, 0.0)))[()]


def _rows(m: Any, rowvar: bool) -> NDArray[Any]:
    """The variables, one in each row."""
    array = viewed(np.atleast_2d(items_of(m)), container(m))
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
