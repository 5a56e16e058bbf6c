"""The structure of arguments: all that calls with other numbers must have in common with one call.

It is described by nested tuples `(shape, thing, more)`, where a shape is one of these:

- "list" and "tuple", with their class and their parts; "dict", with its keys and its parts;
- "float", "float64" and "int", without more;
- "array" of float64, with an array like it and its shape, and "lanes", one that has a lane in each
  row, with the shape of a row;
- "same", with what an argument must be identical to, and "text", with what it must be equal to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.compiler.whole import LARGEST

Part: TypeAlias = tuple[str, Any, tuple[Any, ...]]


class Undescribed(Exception):  # noqa: N818, it is an answer
    """There is something that has to be looked at each time."""


LIKE = np.zeros((2, 3))
"""An array of the kind that "array" and "lanes" are."""


def structure(
    args: Sequence[Any], kwargs: Mapping[str, Any], axes: Iterable[int | None]
) -> tuple[Part, Part]:
    """The structure of positional arguments, and that of named ones.

    Args:
        args: positional arguments.
        kwargs: named ones.
        axes: of the items in them that lanes lie along, None for those that all lanes have.

    Raises:
        Undescribed: if there is something in them that has to be looked at each time.
    """
    each = iter(axes)
    return _part(tuple(args), each), _part(dict(kwargs), each)


def _part(item: Any, axes: Iterator[int | None]) -> Part:
    kind = type(item)
    if kind is dict:
        if any(type(key) is not str for key in item):
            raise Undescribed
        return "dict", (*item,), tuple([_part(x, axes) for x in item.values()])
    if kind is list or kind is tuple or (isinstance(item, tuple) and hasattr(kind, "_fields")):
        name = "list" if kind is list else "tuple"
        return name, kind, tuple([_part(x, axes) for x in item])
    axis = next(axes)
    if kind is np.ndarray and item.dtype is LIKE.dtype and axis in (None, 0):
        return ("array", LIKE, item.shape) if axis is None else ("lanes", LIKE, item.shape[1:])
    if axis is not None:
        raise Undescribed
    if kind is float:
        return "float", None, ()
    if kind is np.float64:
        return "float64", np.float64, ()
    if kind is int and abs(item) <= LARGEST:
        return "int", None, ()
    if item is None or kind is bool:
        return "same", item, ()
    if kind is str:
        return "text", item, ()
    raise Undescribed
