"""NumPy's functions of the elements along an axis: one node for each result where the table has one
for it, otherwise a few.
"""

import functools
import math
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import NDArray

from autograd import ops
from autograd.arrays.registry import implements
from autograd.elements import container, shaped
from autograd.op import Op
from autograd.questions import ask
from autograd.reals import boxed

Axis = int | tuple[int, ...] | None


def items_of(a: Any) -> NDArray[Any]:
    """A Value, an array or nested sequences as an array whose elements are taken out."""
    return boxed(a) if hasattr(type(a), "_record") else np.asarray(a)


def listed(a: Any) -> Any:
    """Nested sequences as an array, everything else as it is."""
    return np.asarray(a) if isinstance(a, (list, tuple, range)) else a


def along(
    line: Callable[..., Any], arrays: Sequence[Any], axis: Axis, keepdims: bool = False,
    where: Any = True, like: Any = None,
) -> Any:  # fmt: skip
    """A function of the elements of arrays along some axes, for each place on the others."""
    kind = container(*arrays, like)
    arrays = [*map(items_of, arrays)]
    if len(arrays) > 1:
        arrays = np.broadcast_arrays(*arrays)
    shape = list(arrays[0].shape)
    axes = range(len(shape)) if axis is None else normalize_axis_tuple(axis, len(shape))
    found = [*zip(*[lines(array, axes) for array in arrays], strict=True)]
    if where is not True:
        taken = lines(np.broadcast_to(mask(where), shape), axes)
        found = [
            tuple([[*compress(xs, t)] for xs in place])
            for place, t in zip(found, taken, strict=True)
        ]
    shape = [1 if place in axes else n for place, n in enumerate(shape)]
    if not keepdims:
        shape = [n for place, n in enumerate(shape) if place not in axes]
    return shaped([line(*place) for place in found], tuple(shape), kind)


def mask(where: Any) -> NDArray[np.bool_]:
    """Where something is to be done. Values in it are asked."""
    if container(where) is np.ndarray:
        return np.asarray(where, dtype=bool)
    answer: NDArray[np.bool_] = np.asarray(ask(np.not_equal, where, 0.0))
    return answer


def lines(array: NDArray[Any], axes: Sequence[int]) -> list[list[Any]]:
    """The elements along some axes, for each place on the others."""
    others = [axis for axis in range(array.ndim) if axis not in axes]
    sizes = [math.prod([array.shape[axis] for axis in group]) for group in (others, axes)]
    found: list[list[Any]] = array.transpose(*others, *axes).reshape(sizes).tolist()
    return found


# --- Sums, products, extremes -------------------------------------------------------------------


def reduced(
    op: Op,
    a: Any,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
    nothing: Callable[[], Any] | None = None,
) -> Any:
    """An operation on any number of operands, along some axes; of none, what `nothing` returns."""
    first = [] if initial is None else [initial]

    def line(xs: list[Any]) -> Any:
        if nothing is not None and not xs and not first:
            return float(nothing())
        return Op.__call__(op, first + xs)

    return along(line, [a], axis, keepdims, where, initial)


def _reduction(op: Op) -> Callable[..., Any]:
    def reduction(
        a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = True
    ) -> Any:
        return reduced(op, a, axis, keepdims, initial, where)

    return reduction


sum_along = implements(np.sum)(_reduction(ops.sum))
prod_along = implements(np.prod)(_reduction(ops.prod))
max_along = implements(np.max, np.amax)(_reduction(ops.max))
min_along = implements(np.min, np.amin)(_reduction(ops.min))


@implements(np.ptp)
def ptp_along(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return max_along(a, axis, keepdims) - min_along(a, axis, keepdims)


# --- Means and spreads --------------------------------------------------------------------------


@implements(np.mean)
def mean_along(a: Any, axis: Axis = None, keepdims: bool = False, where: Any = True) -> Any:
    return reduced(ops.mean, a, axis, keepdims, where=where, nothing=lambda: np.mean(np.empty(0)))


def _spread(of: Callable[[list[Any], float], Any]) -> Callable[..., Any]:
    """A function of the differences from the mean, and of what their squares are divided by."""

    def spread(
        a: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False, where: Any = True,
        mean: Any = None, correction: float | None = None,
    ) -> Any:  # fmt: skip
        less = ddof if correction is None else correction

        def line(xs: list[Any], means: Sequence[Any] = ()) -> Any:
            if not xs:
                return float(np.var(np.empty(0)))  # with NumPy's warnings
            middle = means[0] if means else Op.__call__(ops.mean, xs)
            return of([x - middle for x in xs], float(max(len(xs) - less, 0)))

        return along(line, [a] if mean is None else [a, mean], axis, keepdims, where)

    return spread


var_along = implements(np.var)(
    _spread(lambda xs, count: Op.__call__(ops.divide, Op.__call__(ops.dot, xs, xs), count))
)
# Not the square root of the variance, whose slope at 0 is infinite.
std_along = implements(np.std)(
    _spread(lambda xs, count: Op.__call__(ops.divide, Op.__call__(ops.norm, xs), math.sqrt(count)))
)


def _skipping(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction of the elements that are not nan."""

    @functools.wraps(function)
    def reduction(a: Any, axis: Axis = None, where: Any = True, **options: Any) -> Any:
        return function(a, axis, where=~ask(np.isnan, a) & mask(where), **options)

    return reduction


_of_nothing = functools.partial(np.nanmax, [np.nan])
_SKIPPING: dict[Any, Callable[..., Any]] = {
    np.nansum: sum_along,
    np.nanprod: prod_along,
    np.nanmax: functools.partial(reduced, ops.max, nothing=_of_nothing),
    np.nanmin: functools.partial(reduced, ops.min, nothing=_of_nothing),
    np.nanmean: mean_along,
    np.nanvar: var_along,
    np.nanstd: std_along,
}
for _skip, _function in _SKIPPING.items():
    implements(_skip)(_skipping(_function))
