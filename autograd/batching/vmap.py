"""A function for a whole batch: JAX's `vmap`.

The batch is gone through lane by lane. The parts of that are there by themselves, so that lanes can
also be computed in other ways: the arguments of each lane (`Vmap.lanes`), and the results of all
lanes put together (`Vmap.assembled`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from autograd.batching.arguments import Batch
from autograd.batching.axes import checked_axes, checked_in_axes
from autograd.batching.results import arranged, gathered
from autograd.batching.sums import REDUCTIONS_OF_LANES, Sums
from autograd.made import Made
from autograd.quiet import quietly
from autograd.reals import kind_of
from autograd.trace import Function, name_of


def vmap(
    fun: Function, in_axes: Any = 0, out_axes: Any = 0, *, reduce: str | None = None
) -> "Vmap":
    """A function of one set of arguments, as a function of a batch of them.

    The arguments have one axis more than those of `fun`, and so have the results. Along it lie the
    lanes: the function is called for each of them in turn, with what the others do not see. A lane
    of a vector is a Python number, and one of a vector of Values is a Value; a lane of an array
    with more axes is an array without that axis, a view of the whole. Numbers that the function
    returns become a vector, floats one of float64, integers one of int64, booleans one of bool and
    Values an `Array`; arrays are stacked. Anything else that it returns, such as None or a string,
    must be the same in all lanes and is handed on as it is.

    An empty batch has no lane to call the function with. It is called once with zeros instead, to
    learn the structure of the result.

    Args:
        fun: any function. Its arguments and results may be numbers, arrays, and lists, tuples and
            dicts of these; arguments that are not mapped over may be anything.
        in_axes: the axis of the arguments along which the lanes lie, negative ones counted from
            the end: one for all, or a tuple with an entry for each positional argument. None is for
            what is the same in all lanes and handed on as it is. An entry for a list, tuple or dict
            may have that structure, to any depth, with axes in it. Arguments that are passed by
            name are always mapped over axis 0. An argument that is None has nothing to map over.
        out_axes: the axis of the result along which the lanes are to lie: one for all, or the
            structure of the result, to any depth, with axes in it. None is for what is the same
            in all lanes, bit for bit, and is returned once.
        reduce: "sum" or "mean" for the sum or the mean of the results over all lanes in place of
            the batch. They are added in an order that depends on the number of lanes alone: see
            `autograd.batching.sums.lane_sums`.

    Returns:
        A function of the same arguments, with the structure of the result of `fun`.

    Raises:
        TypeError: if `fun` is not a function, or `in_axes` or `out_axes` are not made of integers
            and None; when called, if something other than an array is to be mapped over, if lanes
            return different things that are not numbers, or if such are to be reduced.
        ValueError: if `reduce` is something else, or is combined with `out_axes`; when called, if
            `in_axes` or `out_axes` do not fit the arguments or the result, if there is no axis to
            map over, if the sizes of the batch are not the same, if results of lanes differ in
            structure or, where `out_axes` is None, at all.

    Example:
        >>> import numpy as np
        >>> from autograd import dot, grad
        >>> x, w = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, -1.0])
        >>> vmap(dot, in_axes=(None, 0))(w, x)
        array([-1., -1., -1.])
        >>> slopes = vmap(grad(lambda w, x: dot(w, x) ** 2), in_axes=(None, 0))
        >>> slopes(w, x)
        array([[ -2.,  -4.],
               [ -6.,  -8.],
               [-10., -12.]])
        >>> vmap(slopes.fun, in_axes=(None, 0), reduce="mean")(w, x)
        array([-6., -8.])
    """
    return Vmap(fun, in_axes, out_axes, reduce)


class Vmap(Made):
    """A function of a batch that is computed by another one, lane by lane."""

    def __init__(
        self, fun: Function, in_axes: Any = 0, out_axes: Any = 0, reduce: str | None = None
    ) -> None:
        if not callable(fun):
            raise TypeError(
                f"what is mapped must be a function, not {kind_of(fun)}: vmap(f)(x), not vmap(f(x))"
            )
        if reduce not in (None, *REDUCTIONS_OF_LANES):  # it may be something that has no hash
            raise ValueError(f"reduce must be 'sum', 'mean' or None, not {reduce!r}")
        self.reduce = reduce
        self.in_axes = checked_in_axes(in_axes)
        self.out_axes = checked_axes(out_axes, "out_axes")
        if reduce is not None and self.out_axes != 0:
            raise ValueError(
                f"out_axes must be left out where there is a reduce, not {out_axes!r}: after the "
                f"{reduce} over the lanes no axis is left to be placed"
            )
        document = f"{name_of(fun)} for a batch, whose lanes lie along one more axis."
        super().__init__("vmap", Vmap, fun, document)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        lanes = self.lanes(args, kwargs)
        structure, stacked = gathered(list(self._results(lanes)), self.__name__)
        return self.assembled(structure, [numbers[: lanes.size] for numbers in stacked])

    def _results(self, lanes: "Batch") -> Iterable[Any]:
        """The result of the function for each lane; for an empty batch, for one lane of zeros."""
        lane = -1
        try:
            for lane in range(lanes.size):
                args, kwargs = lanes.lane(lane)
                yield self.fun(*args, **kwargs)
            if not lanes.size:
                args, kwargs = lanes.zeros()
                yield quietly(self.fun, *args, **kwargs)
        except Exception as error:
            where = f"in lane {lane} of a batch of {lanes.size}"
            if not lanes.size:
                where = "with zeros, to learn the structure of its result: the batch is empty"
            error.add_note(f"{self.__name__} was called {where}")
            raise

    def lanes(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> "Batch":
        """The arguments of each lane.

        Raises:
            TypeError: if something other than an array is to be mapped over.
            ValueError: if `in_axes` do not fit the arguments, or the sizes are not the same.
        """
        return Batch(self.__name__, self.in_axes, args, kwargs)

    def assembled(self, structure: Any, stacked: Sequence[NDArray[Any]]) -> Any:
        """The result for the batch, from the results of all lanes as `gathered` has them.

        Raises:
            TypeError: if something other than numbers is to be reduced.
            ValueError: if `out_axes` do not fit the structure, or results differ where they must
                not.
        """
        if self.reduce is None:
            return arranged(structure, stacked, self.out_axes, self.__name__)
        sums = self.sums()
        sums.add(structure, stacked)
        return sums.result()

    def sums(self) -> "Sums":
        """The sum or the mean that the results are reduced to, to be added up in parts."""
        return Sums(str(self.reduce), self.__name__)

    def _arguments(self) -> tuple[Any, ...]:
        return self.fun, self.in_axes, self.out_axes, self.reduce

    def _options(self) -> str:
        options: str = f", in_axes={self.in_axes}" * (self.in_axes != 0)
        options += f", out_axes={self.out_axes}" * (self.out_axes != 0)
        return options + f", reduce={self.reduce!r}" * (self.reduce is not None)
