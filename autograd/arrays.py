"""NumPy arrays of Values: make them, read their data and gradients back."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.reals import boxed, kind_of, objects, real, refuse_loss
from autograd.value import Value


def values(array_like: ArrayLike, name: str | None = None) -> NDArray[Any]:
    """An array of new Values, one per number.

    Args:
        array_like: numbers in any shape that NumPy makes an array of.
        name: the elements are called `name0`, `name1`, …, or `name0_0`, `name0_1`, … in two
            dimensions; a single number is called `name`.

    Returns:
        An object array of the same shape. It works in NumPy's arithmetic, `@`, `np.exp`, `sum`.

    Raises:
        TypeError: if an element is not a real number, or the name is not a string.
        ValueError: if the rows have different lengths.

    Example:
        >>> values([1, -2], name="x")
        array([Value(data=1.0, grad=0.0, name='x0'),
               Value(data=-2.0, grad=0.0, name='x1')], dtype=object)
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(f"a name must be a string, not {kind_of(name)}")
    refuse_loss(array_like, "the argument of values()")
    numbers: NDArray[Any] = np.asarray(array_like)
    result = np.empty(numbers.shape, dtype=object)
    for index, number in np.ndenumerate(numbers):
        suffix = "_".join(map(str, index))
        result[index] = Value(number, None if name is None else f"{name}{suffix}")
    return result


def data(tree: Any) -> NDArray[np.float64]:
    """The data of Values, as a float array of the shape in which they are arranged.

    Args:
        tree: a Value, an array or nested sequences of Values; plain numbers among them stand for
            themselves.

    Raises:
        TypeError: if there is something else in it.

    Example:
        >>> data(values([1, -2]) * 3)
        array([ 3., -6.])
    """
    return _collected(tree, lambda item: item.data if isinstance(item, Value) else item)


def grads(tree: Any) -> NDArray[np.float64]:
    """The gradients of Values, as a float array of the shape in which they are arranged.

    Args:
        tree: a Value, an array or nested sequences of Values; a plain number has gradient 0.

    Raises:
        TypeError: if there is something else in it.

    Example:
        >>> x = values([1, -2])
        >>> (x @ x).backward()
        >>> grads(x)
        array([ 2., -4.])
    """
    return _collected(tree, lambda item: item.grad if isinstance(item, Value) else 0.0)


def _collected(tree: Any, number: Callable[[Any], float]) -> NDArray[np.float64]:
    items = boxed(tree) if isinstance(tree, Value) else objects(tree, "an array of Values")
    return floats(items, lambda x: number(x if isinstance(x, Value) else real(x, "an element")))


def floats(items: NDArray[Any], number: Callable[[Any], float]) -> NDArray[np.float64]:
    """A function applied to each element of an array, as a float array of the same shape."""
    return np.array([number(item) for item in items.flat], dtype=np.float64).reshape(items.shape)
