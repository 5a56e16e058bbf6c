"""`Array`: an array of Values that NumPy's functions take."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import numpy as np

from autograd.arrays.functions import apply_function
from autograd.arrays.ufuncs import apply_ufunc
from autograd.elements import node_of, numbers
from autograd.sealing import refuse, seals


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

    # Arrays of other libraries leave their operators to it.
    __array_priority__ = 2000.0
    __pandas_priority__ = 5000

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

    @property
    def data(self) -> Any:
        """The data of the elements, as a float array. Assigning numbers to it assigns to each."""
        if seals:
            self._bar("reading .data")
        return numbers(self)

    @data.setter
    def data(self, data: Any) -> None:
        self._assign("data", data)

    @property
    def grad(self) -> Any:
        """The gradients of the elements, as a float array. Assigning None or numbers sets them."""
        if seals:
            self._bar("reading .grad")
        found = [getattr(x, "_grad", 0.0) for x in self.ravel().tolist()]
        return np.array(found, dtype=np.float64).reshape(self.shape)

    @grad.setter
    def grad(self, grad: Any) -> None:
        self._assign("grad", 0.0 if grad is None else grad)

    def _bar(self, act: str) -> None:
        """Raise a RuntimeError if a function is recorded in this thread."""
        if any(hasattr(node_of(x), "_number") for x in self.flat):
            refuse(act, "an Array")

    def _assign(self, attribute: str, given: Any) -> None:
        if seals:
            self._bar(f"assigning to .{attribute}")
        for node, number in zip(self.flat, np.broadcast_to(given, self.shape).flat, strict=True):
            if not hasattr(node, attribute):
                raise TypeError(f"a plain number in the array has no {attribute} to assign to")
            setattr(node, attribute, number)

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

    def __iter__(self) -> Any:
        return iter(self.tolist()) if self.ndim == 1 else super().__iter__()

    def sort(self, axis: int = -1, **_: Any) -> None:  # type: ignore[override]
        """Put the elements in ascending order of their data, in place."""
        self[...] = np.sort(self, axis)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """A copy of another type: `object`, `bool` for a mask, or that of the numbers in it.

        Raises:
            TypeError: if a gradient would be lost, or for other types.
        """
        if np.dtype(dtype).kind not in "biufO":
            raise TypeError(f"an Array cannot be converted to {np.dtype(dtype)}")
        result = super().astype(dtype, *args, **kwargs)
        return result if result.dtype == object else result.view(np.ndarray)


Array._array_kind = Array  # type: ignore[attr-defined]
