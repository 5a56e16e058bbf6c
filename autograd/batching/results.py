"""From the results of the lanes to that of the batch."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.arrays import Array
from autograd.batching.axes import fits, is_value, leaf_of, plain_number, short, shown, spread
from autograd.reals import plain
from autograd.trees import Leaf, Path, array, keys, mapped


def gathered(results: Sequence[Any], name: str) -> tuple[Any, list[NDArray[Any]]]:
    """The results of all lanes, with those in one place of the structure in one array.

    Args:
        results: one for each lane, and at least one.
        name: of the function, in messages.

    Returns:
        The structure of the result, with a `Leaf` in place of each number and each array, and
        anything else as it is; and an array for each `Leaf`, in the order of `trees.mapped`, of
        what the lanes have there, along axis 0.

    Raises:
        TypeError: for something that is neither a number nor the same in all lanes.
        ValueError: if the results do not have the same structure and shapes.
    """
    first = results[0]
    for lane, result in enumerate(results):
        if not _alike(first, result):
            raise ValueError(_structure_differs(results, lane, name))
    stacked: list[NDArray[Any]] = []
    place = 0

    def part(_: Any, path: Path) -> Any:
        nonlocal place
        items = results
        for key in path:
            items = [item[key] for item in items]
        kind: Leaf | None = Leaf(0, 1, None)
        if {*map(type, items)} != {float}:
            role = f"the result{keys(path)} of {name}"
            items = [_result(item, role) for item in items]
            kind = leaf_of(items[0])
            for lane, item in enumerate(items):
                if leaf_of(item) != kind:
                    raise ValueError(_structure_differs(results, lane, name))
            if kind is None:
                return _constant(items, role)
        assert kind is not None
        stacked.append(_vector(items) if kind.shape is None else _stack(items, kind.shape))
        start, place = place, place + kind.stop
        return Leaf(start, place, kind.shape)

    return mapped(part, first), stacked


def _alike(one: Any, other: Any) -> bool:
    """Whether two trees consist of the same containers."""
    if not fits(one, other):
        return False
    if isinstance(one, dict):
        return all(_alike(item, other[key]) for key, item in one.items())
    if isinstance(one, (list, tuple)):
        return all(map(_alike, one, other))
    return True


def _structure_differs(results: Sequence[Any], lane: int, name: str) -> str:
    return (
        f"the result of {name} must have the same structure and shapes in all lanes, but it is "
        f"{shown(results[0])} in lane 0 and {shown(results[lane])} in lane {lane}"
    )


def _result(item: Any, role: str) -> Any:
    """A leaf of the result of a lane: a number or a Value, an array, or anything else."""
    if isinstance(item, np.generic):
        return plain_number(np.array(item)[()])
    item = plain(item, role)
    if not isinstance(item, np.ndarray):
        return item
    if not item.ndim:
        return _result(item[()], role)
    return item if hasattr(item, "_array_kind") else np.asarray(item)


def _vector(items: Sequence[Any]) -> NDArray[Any]:
    """The numbers of all lanes."""
    kinds = {*map(type, items)}
    if kinds == {bool}:
        return np.array(items)
    if kinds <= {int, bool}:
        return np.array(items, np.int64)
    return array([item if is_value(item) else float(item) for item in items], (len(items),))


def _stack(items: Sequence[NDArray[Any]], shape: tuple[int, ...]) -> NDArray[Any]:
    """The arrays of all lanes, which have the same shape."""
    if not any(item.dtype == object for item in items):
        return np.stack(items)
    stack = np.empty((len(items), *shape), object)
    for lane, item in enumerate(items):
        stack[lane] = item
    return stack.view(Array) if any(map(is_value, [*items, *stack.flat])) else stack


def _constant(items: Sequence[Any], role: str) -> Any:
    """Something that is not a number, and must be the same in all lanes."""
    first = items[0]
    for lane, item in enumerate(items):
        if item is not first and not (type(item) is type(first) and item == first):
            raise TypeError(
                f"{role} must be numbers, arrays or the same in all lanes, but it is "
                f"{short.repr(first)} in lane 0 and {short.repr(item)} in lane {lane}"
            )
    return first


def arranged(structure: Any, stacked: Sequence[NDArray[Any]], out_axes: Any, name: str) -> Any:
    """The result for a batch, with the lanes along the axes that they are to have.

    Args:
        structure: of the result of one lane, as `gathered` has it.
        stacked: the arrays that belong to it.
        out_axes: as `Vmap` has them.
        name: of the function, in messages.

    Raises:
        ValueError: if `out_axes` do not fit the structure, or results for which they are None are
            not the same in all lanes.
    """

    def role(path: Path) -> str:
        return f"the result{keys(path)} of {name}"

    axes, parts = iter(spread(out_axes, structure, "out_axes", role)), iter(stacked)

    def part(item: Any, path: Path) -> Any:
        axis = next(axes)
        if not isinstance(item, Leaf):
            return item
        lanes = next(parts)
        if axis is None:
            return _common(lanes, role(path))
        if not -lanes.ndim <= axis < lanes.ndim:
            raise ValueError(
                f"out_axes cannot put the lanes of {role(path)} along axis {axis}: with the lanes "
                f"it has axes from {-lanes.ndim} to {lanes.ndim - 1}"
            )
        # A copy in the new order, as np.stack makes it.
        return np.moveaxis(lanes, 0, axis).copy() if axis % lanes.ndim else lanes

    return mapped(part, structure)


def _common(lanes: NDArray[Any], role: str) -> Any:
    """The one result that all lanes have in common."""
    size = len(lanes)
    if not size:
        raise ValueError(
            f"out_axes must not be None for {role} where the batch is empty: there is no lane "
            "whose result could be returned"
        )
    rows = np.ascontiguousarray(lanes).reshape(size, math.prod(lanes.shape[1:]))
    if rows.dtype == object:
        kept = rows.tolist()
        same = np.array([all(map(_identical, kept[0], row)) for row in kept])
    else:
        same = (rows.view(np.uint8) == rows[:1].view(np.uint8)).all(axis=1)
    if not same.all():
        raise ValueError(
            f"out_axes must not be None for {role}, which is not the same in lane 0 and in lane "
            f"{same.argmin()}: give the axis along which the lanes are to lie, or reduce them"
        )
    return lanes[0].copy() if lanes.ndim > 1 else plain_number(lanes[0])


def _identical(one: Any, other: Any) -> bool:
    """Whether two items of an array are one object, or the same number to the bit."""
    return one is other or (type(one) is type(other) is float and one.hex() == other.hex())
