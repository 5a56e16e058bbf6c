"""NumPy's functions that pick, round, sort and interpolate numbers, for arrays of Values."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd import ops
from autograd.arrays.products import tensordot
from autograd.arrays.reductions import items_of, listed
from autograd.arrays.refusals import refuse
from autograd.arrays.registry import implements
from autograd.elements import container, shaped, viewed
from autograd.op import Op
from autograd.questions import ask


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return ask(np.nonzero, condition)
    if x is None or y is None:
        raise ValueError("where takes the condition alone, or with both x and y")
    return ops.where(listed(condition), listed(x), listed(y))


@implements(np.select)
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0.0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError("select takes as many choices as conditions")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = where(condition, choice, result)
    return result


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None) -> Any:
    lower, upper = min if a_min is None else a_min, max if a_max is None else a_max
    lower = -math.inf if lower is None else listed(lower)
    upper = math.inf if upper is None else listed(upper)
    return ops.clip(listed(a), lower, upper)


@implements(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    largest = float(np.finfo(np.float64).max)
    finite = ask(np.isfinite, x)
    above: Any = False
    below: Any = False
    if not np.all(finite):
        above, below = ask(np.isposinf, x), ask(np.isneginf, x)
    replaced = np.where(
        above,
        largest if posinf is None else posinf,
        np.where(below, -largest if neginf is None else neginf, nan),
    )
    result = ops.where(finite, x, replaced)
    if not copy:
        x[...] = result
        return x
    return result


@implements(np.sinc)
def sinc(x: Any) -> Any:
    return ops.sinc(x)


@implements(np.round, np.around)
def rounded(a: Any, decimals: int = 0) -> Any:
    return Op.__call__(ops.round, a, float(decimals))


@implements(np.fix)
def fix(x: Any) -> Any:
    return ops.trunc(x)


@implements(np.real)
def real(val: Any) -> Any:
    return val


@implements(np.real_if_close)
def real_if_close(a: Any) -> Any:
    return a


@implements(np.imag)
def imag(val: Any) -> Any:
    return np.zeros(items_of(val).shape)[()]


@implements(np.sort, np.partition)
def sort(a: Any, axis: int | None = -1, **_: Any) -> Any:
    array = np.ravel(a) if axis is None else a
    order = ask(np.argsort, array, axis=-1 if axis is None else axis, kind="stable")
    return viewed(np.take_along_axis(items_of(array), order, axis), container(a))


@implements(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, period: float = 2.0 * math.pi) -> Any:
    turns = ask(_turns, p, discont=discont, axis=axis, period=period)
    return p + turns * period


def _turns(p: Any, discont: Any, axis: int, period: float) -> Any:
    """How many periods are added to each number, as a float."""
    return np.round((np.unwrap(p, discont, axis, period=period) - p) / period)


@implements(np.interp)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None
) -> Any:
    points, heights = items_of(xp), items_of(fp)
    if points.shape != heights.shape or points.ndim != 1 or not points.size:
        raise ValueError("interp takes two vectors xp and fp of the same length, at least 1")
    if period is not None:
        return _periodic(x, points, heights, abs(period))
    xs, ys = points.tolist(), heights.tolist()
    ends = (ys[0] if left is None else left, ys[-1] if right is None else right)
    wanted = items_of(x)

    def one(place: Any, nan: bool, before: int, after: int) -> Any:
        """The height at a place, with the numbers of points below it and not above it."""
        if nan:
            return place
        if after == 0:
            return ends[0]
        if before == len(xs):
            return ends[1]
        if after == len(xs):
            return ys[-1]
        slope = (ys[after] - ys[after - 1]) / (xs[after] - xs[after - 1])
        return ys[after - 1] + slope * (place - xs[after - 1])

    places = [
        np.ravel(answer).tolist()
        for answer in (
            ask(np.isnan, x),
            ask(np.searchsorted, xp, x),
            ask(np.searchsorted, xp, x, side="right"),
        )
    ]
    found = [*map(one, wanted.ravel().tolist(), *places)]
    return shaped(found, wanted.shape, container(x, xp, fp))


def _periodic(x: Any, points: Any, heights: Any, period: float) -> Any:
    """Interpolation between the points of one period, and the first and last of its neighbours."""
    if not period:
        raise ValueError("the period of interp must not be 0")
    place, points = ops.mod(listed(x), period), items_of(ops.mod(points, period))
    order = ask(np.argsort, points, kind="stable")
    points, heights = points[order], heights[order]
    around = [
        [points[-1] - period, *points, points[0] + period],
        [heights[-1], *heights, heights[0]],
    ]
    xp, fp = (np.fromiter(row, object, len(row)) for row in around)
    return interp(place, xp, fp)


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    parts = [to_begin, np.diff(np.ravel(ary)), to_end]
    return np.concatenate([np.ravel(x) for x in parts if x is not None])


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    array = items_of(f)
    axes = range(array.ndim) if axis is None else normalize_axis_tuple(axis, array.ndim)
    if container(*varargs) is not np.ndarray:
        refuse("np.gradient with Values in the distances")
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError(f"gradient takes a distance for each of {len(axes)} axes")
    distances = varargs or (1.0,)
    distances = distances * len(axes) if len(distances) == 1 else distances
    results = []
    for place, distance in zip(axes, distances, strict=True):
        # It is linear, so its matrix is what it does to the unit vectors.
        matrix = np.gradient(np.eye(array.shape[place]), distance, axis=0, edge_order=edge_order)
        moved = np.moveaxis(array, place, 0)
        rows = [
            tensordot(row[row != 0.0], viewed(moved[row != 0.0], container(f)), 1) for row in matrix
        ]
        stacked = viewed(np.stack([items_of(x) for x in rows]), container(f))
        results.append(np.moveaxis(stacked, 0, place))
    return results[0] if len(results) == 1 else tuple(results)


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    if mode == "median":
        refuse("np.pad with mode='median'")
    return viewed(np.pad(items_of(array), pad_width, mode, **options), container(array))


# --- New arrays ---------------------------------------------------------------------------------


def _filled(function: Any, number: float) -> None:
    @implements(function)
    def new(a: Any, dtype: Any = None, shape: Any = None) -> Any:
        sizes = items_of(a).shape if shape is None else shape
        if dtype is not None and np.dtype(dtype) != object:
            return np.full(sizes, number, dtype)
        return viewed(np.full(sizes, number, object), container(a))


_filled(np.zeros_like, 0.0)
_filled(np.ones_like, 1.0)
