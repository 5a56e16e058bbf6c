"""From a batch to the arguments of its lanes."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.arrays import Array
from autograd.batching.axes import plain_number, spread
from autograd.reals import kind_of, plain
from autograd.trees import Path, keys, mapped
from autograd.values import values


class Batch:
    """The arguments of a function for each lane of a batch.

    The leaves of the tree `(args, kwargs)` are what is not a list, tuple or dict, in the order of
    `trees.mapped`.
    """

    size: int
    """How many lanes there are."""
    axes: list[int | None]
    """The axis of each leaf that is mapped over, counted from the front."""
    columns: list[Any]
    """Each leaf itself or, where it is mapped over, an array with the lanes along axis 0."""

    def __init__(
        self, name: str, in_axes: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Find the axes, and check them.

        Args:
            name: of the function, in messages.
            in_axes: as `Vmap` has them.
            args: the positional arguments.
            kwargs: those passed by name, which are mapped over axis 0.
        """

        def role(path: Path) -> str:
            return f"argument {path[0]}{keys(path[1:])} of {name}"

        if not isinstance(in_axes, tuple):
            in_axes = (in_axes,) * len(args)
        if len(in_axes) != len(args):
            raise ValueError(_number_differs(name, in_axes, args))
        axes = iter(spread(in_axes, tuple(args), "in_axes", role))
        self.axes, self.columns = [], []
        sizes: dict[int, list[str]] = {}

        def leaf(item: Any, path: Path) -> Any:
            axis = next(axes, 0)  # those passed by name come last
            if axis is None or item is None:
                self.axes.append(None)
                self.columns.append(item)
                return item
            column = _Column(item, axis, role(path), named=isinstance(path[0], str))
            self.axes.append(column.axis)
            self.columns.append(column.batch)
            sizes.setdefault(len(column.batch), []).append(column.described)
            return column

        def argument(item: Any, key: Any) -> _Argument:
            before = len(self.axes)
            tree = mapped(leaf, item, (key,))
            if type(tree) is _Column:
                return lambda take: take(tree)
            if all(axis is None for axis in self.axes[before:]):
                return lambda _: item  # itself, not a copy
            return lambda take: mapped(
                lambda part, _: take(part) if type(part) is _Column else part, tree
            )

        self._args = [argument(item, position) for position, item in enumerate(args)]
        self._kwargs = {key: argument(item, key) for key, item in kwargs.items()}
        if not sizes:
            raise ValueError(
                f"in_axes must not be None for all arguments of {name}: there is nothing to map "
                f"over, and {name} itself can be called"
                if any(item is not None for item in self.columns)
                else f"{name} must be called with at least one array, to be mapped over"
            )
        if len(sizes) > 1:
            listed = ", and ".join(f"{size} for {_listed(sizes[size])}" for size in sizes)
            raise ValueError(
                f"the arguments of {name} must have the same length along the axes that are mapped "
                f"over, but it is {listed}: give None in in_axes for what is the same in all lanes"
            )
        (self.size,) = sizes

    def lane(self, index: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of one lane: positional ones, and those passed by name."""
        return self._arguments(lambda column: column.lane(index))

    def zeros(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a lane of zeros, with the types and shapes of the lanes."""
        return self._arguments(_Column.zero)

    def _arguments(self, take: "_Take") -> tuple[tuple[Any, ...], dict[str, Any]]:
        args = tuple([argument(take) for argument in self._args])
        return args, {key: argument(take) for key, argument in self._kwargs.items()}


class _Column:
    """An array that is mapped over, taken apart into lanes."""

    def __init__(self, item: Any, axis: int, role: str, named: bool) -> None:
        found = plain(item, role)
        same = "pass it by position, with None for it in in_axes"
        if not named:
            same = "give None for it in in_axes"
        if not isinstance(found, np.ndarray):
            if not isinstance(item, (Number, np.generic)) and not hasattr(item, "_array_kind"):
                raise TypeError(
                    f"{role} must be an array to be mapped over, not {kind_of(item)}: make one "
                    f"with np.array(...) or, if it is the same in all lanes, {same}"
                )
            found, what = np.empty(()), "a number"
        else:
            what = "an array without dimensions"
            if not hasattr(found, "_array_kind"):
                found = np.asarray(found)  # not a matrix, whose rows are matrices
        if not found.ndim:
            raise ValueError(
                f"{role} is {what}, which has no axis to be mapped over: make an array of "
                "the numbers of all lanes with np.array(...) or, if it is the same in all lanes, "
                f"{same}"
            )
        if not -found.ndim <= axis < found.ndim:
            raise ValueError(
                f"{role} cannot be mapped over axis {axis}: its shape is {found.shape}, with axes "
                f"from {-found.ndim} to {found.ndim - 1}"
            )
        self.axis = axis % found.ndim
        self.batch: NDArray[Any] = np.moveaxis(found, self.axis, 0)
        self.described = f"{role} (axis {self.axis} of shape {found.shape})"

    def lane(self, index: int) -> Any:
        """The part of it that a lane has."""
        return plain_number(self.batch[index])

    def zero(self) -> Any:
        """The part of it that a lane of zeros would have."""
        shape = self.batch.shape[1:]
        if isinstance(self.batch, Array):
            return values(np.zeros(shape))[()]
        if self.batch.dtype == object:
            return np.full(shape, 0.0, object)[()]
        return plain_number(np.zeros(shape, self.batch.dtype)[()])


_Take = Callable[[_Column], Any]
_Argument = Callable[[_Take], Any]
"""An argument of one lane, from what to take of each column."""


def _number_differs(name: str, in_axes: tuple[Any, ...], args: Sequence[Any]) -> str:
    message = (
        f"in_axes must have one entry for each positional argument of {name}, but it has "
        f"{len(in_axes)} for {len(args)} (those passed by name are always mapped over axis 0)"
    )
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        message += f": for the parts of one argument, in_axes=({in_axes!r},)"
    return message


def _listed(items: Sequence[str]) -> str:
    more = [f"{len(items) - 5} more"] if len(items) > 6 else []
    shown = [*items[:5], *more] if more else [*items]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
