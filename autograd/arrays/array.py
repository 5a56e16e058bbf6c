"""`Array`: an array of Values that NumPy's functions take."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import numpy as np

from autograd.arrays.functions import apply_function
from autograd.arrays.ufuncs import apply_ufunc


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: "Array", *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = function.__name__
    method.__doc__ = f"`np.{function.__name__}` of the array, with the same arguments."
    return method


class Array(np.ndarray[Any, np.dtype[Any]]):
    """An array of Values and numbers, with the shapes, indices and views of NumPy's arrays.

    NumPy's functions applied to it record the operations of this library, element by element; those
    that ask something (comparisons, `np.isnan`, `np.argmax`) ask the data. What is computed from it
    is such an array, too. `values()` and `array()` make one; `data()` and `grads()` read one.

    Example:
        >>> import numpy as np
        >>> from autograd import data, grads, values
        >>> x = values([-1.0, 0.0, 2.0], name="x")
        >>> np.maximum(x, 0.0).sum().backward()
        >>> grads(x)
        array([0. , 0.5, 1. ])
    """

    def __new__(cls, *_: Any, **__: Any) -> Self:
        raise TypeError("an Array is made by autograd.array() of Values and numbers, or values()")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, **options)

    def __array_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[Any],
        args: Iterable[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        return apply_function(func, args, kwargs, Array)

    all, any = _method(np.all), _method(np.any)
    argmax, argmin = _method(np.argmax), _method(np.argmin)
    argsort, argpartition = _method(np.argsort), _method(np.argpartition)
    cumprod, cumsum = _method(np.cumprod), _method(np.cumsum)
    max, min, mean = _method(np.max), _method(np.min), _method(np.mean)
    prod, sum = _method(np.prod), _method(np.sum)
    std, var = _method(np.std), _method(np.var)
    clip, round = _method(np.clip), _method(np.round)
    dot, trace = _method(np.dot), _method(np.trace)
    nonzero, searchsorted = _method(np.nonzero), _method(np.searchsorted)

    def sort(self, axis: int = -1, **_: Any) -> None:  # type: ignore[override]
        """Put the elements in ascending order of their data, in place."""
        self[...] = np.sort(self, axis)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """A copy of another type, which for Values can only be `object` or, for masks, `bool`."""
        if np.dtype(dtype).kind not in "biufO":
            raise TypeError(f"an Array cannot be converted to {np.dtype(dtype)}")
        result = super().astype(dtype, *args, **kwargs)
        return result if result.dtype == object else result.view(np.ndarray)


Array._array = Array  # type: ignore[attr-defined]
