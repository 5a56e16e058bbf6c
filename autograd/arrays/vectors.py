"""Functions of a vector that return a vector: NumPy's and SciPy's, for Values."""

import operator
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import ops
from autograd.arrays.registry import implements
from autograd.elements import container
from autograd.op import Op
from autograd.ops import log_softmax as _log_share
from autograd.ops import softmax as _share
from autograd.reals import kind_of, objects, plain, real, whole


def softmax(x: Any, axis: int | None = None) -> NDArray[Any]:
    """The exponentials of numbers, divided by their sum: positive, and together 1.

    Each result is one node with all the numbers as operands, itself first, so that n of them take
    n * n steps; nothing overflows.

    Args:
        x: numbers and Values, in a sequence, nested sequences or an array.
        axis: the axis along which they add up to 1; by default that is all of them.

    Returns:
        An `Array` of the shape of `x`, or one of float64 if there is no Value in it.

    Raises:
        TypeError: if an element is not a real number, or the axis is not an integer.
        ValueError: if there is no such axis.

    Example:
        >>> from autograd import data, values
        >>> data(softmax(values([0.0, 0.0, 1e3])))
        array([0., 0., 1.])
    """
    return _along(_each_first(_share), x, axis, "softmax")


def log_softmax(x: Any, axis: int | None = None) -> NDArray[Any]:
    """The logarithm of `softmax`, which keeps its digits where a share is close to 0 or to 1.

    Args:
        x: as for `softmax`.
        axis: as for `softmax`.

    Returns:
        An array of the shape of `x`.

    Raises:
        TypeError: as `softmax` does.
        ValueError: as `softmax` does.

    Example:
        >>> log_softmax([0.0, 50.0])
        array([-5.00000000e+01, -1.92874985e-22])
    """
    return _along(_each_first(_log_share), x, axis, "log_softmax")


def cross_entropy(logits: Any, target: Any) -> Any:
    """The surprise at the right classes, `-log(softmax(logits)[target])`, on average.

    The name and the meaning are those of PyTorch. Each example is a node or two, right to the last
    digits where the share of the right class is close to 0 or to 1.

    Args:
        logits: a score for each class, in a sequence; for several examples, a sequence of these.
        target: the number of the right class, from 0; for several examples, one for each. Or, in
            the shape of `logits`, a weight for each class: its probability. They are not checked.

    Returns:
        A Value, or a float if there is no Value among the arguments.

    Raises:
        TypeError: if a score or a weight is not a real number, or a target not a whole number.
        ValueError: if there is no such class, or the shapes do not fit.

    Example:
        >>> cross_entropy([0.0, 0.0], 1)
        0.6931471805599453
        >>> cross_entropy([[0.0, 50.0], [0.0, 0.0]], [1, 0])
        0.34657359027997264
    """
    scores = objects(plain(logits, "the logits"), "the logits of cross_entropy")
    if scores.ndim not in (1, 2) or not scores.size:
        raise ValueError(
            f"the logits of cross_entropy have one or two dimensions, not the shape {scores.shape}"
        )
    wanted = objects(plain(target, "the target"), "the target of cross_entropy")
    logs = log_softmax(scores, axis=-1).reshape(-1, scores.shape[-1]).tolist()
    if wanted.shape == scores.shape:
        shares = wanted.reshape(-1, scores.shape[-1]).tolist()
        losses = [_surprise(row, log) for row, log in zip(shares, logs, strict=True)]
    elif wanted.shape == scores.shape[:-1]:
        places = [whole(place, "a target", 0) for place in wanted.ravel().tolist()]
        if max(places) >= scores.shape[-1]:
            raise ValueError(f"there are {scores.shape[-1]} classes, from 0: none is {max(places)}")
        losses = [-log[place] for log, place in zip(logs, places, strict=True)]
    else:
        raise ValueError(
            f"a target of shape {wanted.shape} does not fit logits of shape {scores.shape}"
        )
    return losses[0] if scores.ndim == 1 else Op.__call__(ops.mean, losses)


def _surprise(shares: list[Any], logs: list[Any]) -> Any:
    """The surprise at the classes that have a share, which is finite if theirs is."""
    pairs = [(x, log) for x, log in zip(shares, logs, strict=True) if not _zero(x)]
    return -Op.__call__(ops.dot, [x for x, _ in pairs], [log for _, log in pairs])


def _zero(share: Any) -> bool:
    return not hasattr(type(share), "_record") and real(share, "a share") == 0.0


@implements(np.cumsum)
def cumsum(a: Any, axis: int | None = None) -> NDArray[Any]:
    """The sums of the first, the first two, the first three, … numbers, by a chain of additions.

    Args:
        a: numbers and Values, in a sequence, nested sequences or an array.
        axis: the axis along which they are added; by default all of them, as one vector.

    Returns:
        An `Array` of the shape of `a`, or a vector if no axis is given; one of float64 if there is
        no Value in it.

    Raises:
        TypeError: as `softmax` does.
        ValueError: as `softmax` does.

    Example:
        >>> cumsum([1.0, 2.0, 3.0])
        array([1., 3., 6.])
    """
    return _along(_running(operator.add), a, axis, "cumsum", flat=True)


@implements(np.cumprod)
def cumprod(a: Any, axis: int | None = None) -> NDArray[Any]:
    """The products of the first, the first two, the first three, … numbers, one after the other.

    Args:
        a: as for `cumsum`.
        axis: as for `cumsum`.

    Returns:
        As `cumsum` does.

    Raises:
        TypeError: as `softmax` does.
        ValueError: as `softmax` does.

    Example:
        >>> from autograd import grads, values
        >>> x = values([2.0, 0.0, 3.0])
        >>> cumprod(x)[-1].backward()
        >>> grads(x)
        array([0., 6., 0.])
    """
    return _along(_running(operator.mul), a, axis, "cumprod", flat=True)


Line = Callable[[list[Any]], Sequence[Any]]


def _each_first(op: Callable[[Sequence[Any]], Any]) -> Line:
    """An operation applied with each element in turn as the first."""

    def line(xs: list[Any]) -> Sequence[Any]:
        return [op([x, *xs[:place], *xs[place + 1 :]]) for place, x in enumerate(xs)]

    return line


def _running(step: Callable[[Any, Any], Any]) -> Line:
    return lambda xs: list(accumulate(xs, step))


def _along(line: Line, x: Any, axis: int | None, name: str, flat: bool = False) -> NDArray[Any]:
    """The results of a function for each line of an array along an axis, or for all elements."""
    role = f"an element of the argument of {name}"
    array = objects(plain(x, f"the argument of {name}"), f"the argument of {name}")
    if axis is not None and not -array.ndim <= operator.index(axis) < array.ndim:
        raise ValueError(f"{name} of an array of shape {array.shape} has no axis {axis}")
    if not array.ndim and isinstance(x, np.ndarray) and flat:
        array = array.reshape(1)
    if not array.ndim:
        raise TypeError(f"{name} takes a sequence or an array, not {kind_of(x)}")
    numbers = [y if hasattr(type(y), "_record") else real(y, role) for y in array.flat]
    shape = (array.size,) if flat and axis is None else array.shape
    result = np.empty(array.size, dtype=object)
    result[:] = numbers
    if axis is None:
        result[:] = line(numbers)
        result = result.reshape(shape)
    else:
        result = np.moveaxis(result.reshape(shape), axis, -1)
        for place in np.ndindex(result.shape[:-1]):
            result[place] = line(list(result[place]))
        result = np.moveaxis(result, -1, axis)
    kind = container(x, result)
    return result.astype(np.float64) if kind is np.ndarray else result.view(kind)
