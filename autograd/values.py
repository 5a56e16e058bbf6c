"""Arrays of Values: make them, read their data and gradients back."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.arrays import Array
from autograd.reals import boxed, kind_of, objects, plain, real, refuse_loss
from autograd.sealing import refuse, seals
from autograd.value import Value


def values(array_like: ArrayLike, name: str | None = None) -> Array:
    """An array of new Values, one per number.

    Args:
        array_like: numbers in any shape that NumPy makes an array of.
        name: the elements are called `name0`, `name1`, …, or `name0_0`, `name0_1`, … in two
            dimensions; a single number is called `name`.

    Returns:
        An `Array` of the same shape, which NumPy's functions take.

    Raises:
        TypeError: if an element is not a real number, or the name is not a string.
        ValueError: if the rows have different lengths.

    Example:
        >>> values([1, -2], name="x")
        Array([Value(data=1.0, grad=0.0, name='x0'),
               Value(data=-2.0, grad=0.0, name='x1')], dtype=object)
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(f"a name must be a string, not {kind_of(name)}")
    role = "the argument of values()"
    refuse_loss(array_like, role)
    numbers: NDArray[Any] = np.asarray(plain(array_like, role))
    result = np.empty(numbers.shape, dtype=object)
    for index, number in np.ndenumerate(numbers):
        suffix = "_".join(map(str, index))
        result[index] = Value(number, None if name is None else f"{name}{suffix}")
    return result.view(Array)


def array(nested: Any) -> Array:
    """An array of the Values and numbers that are there already, as `jax.numpy.array` makes it.

    Args:
        nested: Values and numbers in nested sequences and arrays. Values are put into the array as
            they are: no new ones are made, and gradients flow to them.

    Returns:
        A new `Array`, so that writing into it changes nothing else.

    Raises:
        TypeError: if an element is neither a Value nor a real number.
        ValueError: if the rows have different lengths.

    Example:
        >>> import numpy as np
        >>> angle = Value(0.0, name="angle")
        >>> turn = array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        >>> data(turn @ [1.0, 2.0])
        array([1., 2.])
        >>> identity = array(np.eye(2))
        >>> identity[0, 0] = angle
    """
    role = "an element of array()"
    items = _unboxed(nested)
    found = boxed(items) if isinstance(items, Value) else objects(items, role)
    elements = []
    for item in found.flat:
        if isinstance(item, (list, tuple, np.ndarray)):
            raise ValueError("the rows of array() have different lengths")
        elements.append(item if isinstance(item, Value) else real(item, role))
    return np.fromiter(elements, object, found.size).reshape(found.shape).view(Array)


def _unboxed(item: Any) -> Any:
    """Nested sequences with what is in them in place of arrays without dimensions."""
    if isinstance(item, (list, tuple)):
        return [_unboxed(x) for x in item]
    item = plain(item, "an element of array()")
    if isinstance(item, np.ndarray):
        refuse_loss(item, "an element of array()")
        return np.asarray(item) if item.ndim else item[()]
    return item


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
    return _collected(
        tree, "data()", lambda item: item._number if isinstance(item, Value) else item
    )


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
    return _collected(tree, "grads()", lambda item: item._grad if isinstance(item, Value) else 0.0)


def _collected(tree: Any, act: str, number: Callable[[Any], float]) -> NDArray[np.float64]:
    role = "an array of Values"
    items = boxed(tree) if isinstance(tree, Value) else objects(plain(tree, role), role)
    if seals and any(isinstance(x, Value) for x in items.flat):
        refuse(act, "a Value" if isinstance(tree, Value) else "an array of Values")
    return floats(items, lambda x: number(x if isinstance(x, Value) else real(x, "an element")))


def floats(items: NDArray[Any], number: Callable[[Any], float]) -> NDArray[np.float64]:
    """A function applied to each element of an array, as a float array of the same shape."""
    return np.array([number(item) for item in items.flat], dtype=np.float64).reshape(items.shape)
