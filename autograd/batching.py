"""A function for a whole batch: JAX's `vmap`.

The batch is gone through lane by lane. The parts of that are there by themselves, so that lanes can
also be computed in other ways: the arguments of each lane (`Vmap.lanes`), and the results of all
lanes put together (`Vmap.assembled`).
"""

import math
import operator
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Number, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.arrays import Array
from autograd.lane_sums import block_sums, lane_sums
from autograd.made import Made
from autograd.quiet import quiet, quietly
from autograd.reals import kind_of, plain, real
from autograd.trace import Function, name_of
from autograd.trees import Leaf, Path, Tree, array, keys, mapped
from autograd.values import values

Role = Callable[[Path], str]
"""From the path of an item to its name in messages."""

_FINISHED: dict[str, Callable[[NDArray[Any], int], NDArray[Any]]] = {
    "sum": lambda total, size: total,
    "mean": lambda total, size: total / size if size else np.full(len(total), math.nan),
}
"""From the sum over a batch to what is asked for; 0 / 0 might be -nan."""
_short = reprlib.Repr()
_short.maxother = 60


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
            `autograd.lane_sums.lane_sums`.

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
        if reduce not in (None, *_FINISHED):  # it may be something that has no hash
            raise ValueError(f"reduce must be 'sum', 'mean' or None, not {reduce!r}")
        self.reduce = reduce
        self.in_axes = _checked_in_axes(in_axes)
        self.out_axes = _checked_axes(out_axes, "out_axes")
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


# --- From the batch to its lanes -----------------------------------------------------------------


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
        return _plain(self.batch[index])

    def zero(self) -> Any:
        """The part of it that a lane of zeros would have."""
        shape = self.batch.shape[1:]
        if isinstance(self.batch, Array):
            return values(np.zeros(shape))[()]
        if self.batch.dtype == object:
            return np.full(shape, 0.0, object)[()]
        return _plain(np.zeros(shape, self.batch.dtype)[()])


_Take = Callable[[_Column], Any]
_Argument = Callable[[_Take], Any]
"""An argument of one lane, from what to take of each column."""


def _plain(item: Any) -> Any:
    """Python's number for one of NumPy's; anything else as it is."""
    if isinstance(item, np.floating):
        return float(item)
    return item.item() if isinstance(item, (np.integer, np.bool_)) else item


def _checked_in_axes(in_axes: Any) -> Any:
    if isinstance(in_axes, dict) or hasattr(in_axes, "_fields"):
        raise TypeError(
            "in_axes must be an integer, None or a tuple with an entry for each positional "
            f"argument, not {kind_of(in_axes)}: for one argument, in_axes=({in_axes!r},)"
        )
    return _checked_axes(tuple(in_axes) if isinstance(in_axes, list) else in_axes, "in_axes")


def _checked_axes(axes: Any, title: str) -> Any:
    """A copy of a tree of axes, with Python's integers."""

    def leaf(axis: Any, path: Path) -> int | None:
        if axis is None:
            return None
        try:
            if isinstance(axis, bool):
                raise TypeError
            return operator.index(axis)
        except TypeError:
            raise TypeError(
                f"{title}{keys(path)} must be an integer, None, or tuples, lists and dicts of "
                f"these, not {axis!r}"
            ) from None

    return mapped(leaf, axes)


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


def spread(axes: Any, tree: Any, title: str, role: Role) -> list[int | None]:
    """An axis for each leaf of a tree.

    Args:
        axes: an axis for the whole tree, or a structure like the upper part of it with axes in it.
        tree: leaves of any kind in lists, tuples and dicts.
        title: what to call `axes` in messages.
        role: what to call the item of the tree at a path.

    Raises:
        ValueError: if the structures do not fit.
    """
    found: list[int | None] = []

    def walk(axes: Any, part: Any, path: Path) -> None:
        if not isinstance(axes, (dict, list, tuple)):
            mapped(lambda *_: found.append(axes), part)
            return
        if not _fits(axes, part):
            raise ValueError(
                f"{title}{keys(path)} must be an axis, None or of the structure of {role(path)}, "
                f"which is {_shown(part)}, not {_short.repr(axes)}"
            )
        for key in part if isinstance(part, dict) else range(len(part)):
            walk(axes[key], part[key], (*path, key))

    walk(axes, tree, ())
    return found


def _fits(one: Any, other: Any) -> bool:
    """Whether two containers, or neither of two items, are of one kind and have the same keys."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys()
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other)
    return not isinstance(other, (dict, list, tuple))


def _shown(tree: Any) -> str:
    """A tree in words, with the kinds of numbers and arrays in place of them."""

    def leaf(item: Any, _: Path) -> Any:
        return _leaf(item) or item

    return Tree([], mapped(leaf, tree)).shown()


# --- From the lanes to the batch -----------------------------------------------------------------


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
            kind = _leaf(items[0])
            for lane, item in enumerate(items):
                if _leaf(item) != kind:
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
    if not _fits(one, other):
        return False
    if isinstance(one, dict):
        return all(_alike(item, other[key]) for key, item in one.items())
    if isinstance(one, (list, tuple)):
        return all(map(_alike, one, other))
    return True


def _structure_differs(results: Sequence[Any], lane: int, name: str) -> str:
    return (
        f"the result of {name} must have the same structure and shapes in all lanes, but it is "
        f"{_shown(results[0])} in lane 0 and {_shown(results[lane])} in lane {lane}"
    )


def _result(item: Any, role: str) -> Any:
    """A leaf of the result of a lane: a number or a Value, an array, or anything else."""
    if isinstance(item, np.generic):
        return _plain(np.array(item)[()])
    item = plain(item, role)
    if not isinstance(item, np.ndarray):
        return item
    if not item.ndim:
        return _result(item[()], role)
    return item if hasattr(item, "_array_kind") else np.asarray(item)


def _leaf(item: Any) -> Leaf | None:
    """The place of a number or an array in a structure; None for anything else."""
    if isinstance(item, np.ndarray):
        return Leaf(0, item.size, item.shape)
    return Leaf(0, 1, None) if isinstance(item, Real) or _value(item) else None


def _value(item: Any) -> bool:
    """Whether an item is a Value, or something that stands for one."""
    return hasattr(type(item), "_array_kind")


def _vector(items: Sequence[Any]) -> NDArray[Any]:
    """The numbers of all lanes."""
    kinds = {*map(type, items)}
    if kinds == {bool}:
        return np.array(items)
    if kinds <= {int, bool}:
        return np.array(items, np.int64)
    return array([item if _value(item) else float(item) for item in items], (len(items),))


def _stack(items: Sequence[NDArray[Any]], shape: tuple[int, ...]) -> NDArray[Any]:
    """The arrays of all lanes, which have the same shape."""
    if not any(item.dtype == object for item in items):
        return np.stack(items)
    stack = np.empty((len(items), *shape), object)
    for lane, item in enumerate(items):
        stack[lane] = item
    return stack.view(Array) if any(map(_value, [*items, *stack.flat])) else stack


def _constant(items: Sequence[Any], role: str) -> Any:
    """Something that is not a number, and must be the same in all lanes."""
    first = items[0]
    for lane, item in enumerate(items):
        if item is not first and not (type(item) is type(first) and item == first):
            raise TypeError(
                f"{role} must be numbers, arrays or the same in all lanes, but it is "
                f"{_short.repr(first)} in lane 0 and {_short.repr(item)} in lane {lane}"
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
    return lanes[0].copy() if lanes.ndim > 1 else _plain(lanes[0])


def _identical(one: Any, other: Any) -> bool:
    """Whether two items of an array are one object, or the same number to the bit."""
    return one is other or (type(one) is type(other) is float and one.hex() == other.hex())


# --- Sums over a batch ---------------------------------------------------------------------------


class Sums:
    """The sums or means of the results of all lanes, in the order of `lane_sums`.

    Args:
        how: "sum" or "mean".
        name: of the function, in messages.
    """

    def __init__(self, how: str, name: str) -> None:
        self._how, self._name = how, name
        self._size = 0
        self._structure: Any = None
        self._paths: list[Path] = []
        self._sums: list[list[NDArray[Any]]] = []

    @quiet
    def add(self, structure: Any, stacked: Sequence[NDArray[Any]]) -> None:
        """Take the results of the next lanes: a multiple of 256, but for the last ones.

        Raises:
            TypeError: if something other than numbers is in them.
            ValueError: if their structure is not that of the lanes before.
        """
        found: dict[Path, NDArray[Any]] = {}
        self._size += len(stacked[0]) if stacked else 0

        def leaf(item: Any, path: Path) -> None:
            role = f"the result{keys(path)} of {self._name}"
            if not isinstance(item, Leaf):
                what = kind_of(item)
                raise TypeError(f"{role} must be numbers for their {self._how}, not {what}")
            found[path] = self._rows(stacked[len(found)], role)

        mapped(leaf, structure)
        if not self._sums:
            self._structure, self._paths = structure, [*found]
        elif structure != self._structure:
            raise ValueError(
                f"the results of {self._name} must have the same structure in all lanes, not "
                f"{_shown(self._structure)} and {_shown(structure)}"
            )
        rows = [found[path] for path in self._paths]  # keys may be in another order
        if all(x.dtype == np.float64 for x in rows) and len(rows) > 1:
            rows = [np.concatenate(rows)]
        self._sums.append([block_sums(x) for x in rows])

    def _rows(self, stacked: NDArray[Any], role: str) -> NDArray[Any]:
        """The numbers of an array, a row for each place with those of all lanes."""
        numbers = np.asarray(stacked).reshape(len(stacked), math.prod(stacked.shape[1:])).T
        if numbers.dtype.kind in "biuf":
            return numbers.astype(np.float64, copy=False)
        if numbers.dtype != object:
            raise TypeError(
                f"{role} must be numbers for their {self._how}, not of type {numbers.dtype}"
            )
        checked = [x if _value(x) else real(x, f"an element of {role}") for x in numbers.flat]
        return np.fromiter(checked, object, len(checked)).reshape(numbers.shape)

    @quiet
    def result(self) -> Any:
        """The structure of a result with floats or Values, and arrays of them; float64 where there
        are no Values. The sum of no lanes is 0, their mean nan."""
        finish = _FINISHED[self._how]
        sums = [finish(lane_sums(parts), self._size) for parts in zip(*self._sums, strict=True)]
        numbers = [x for part in sums for x in part.tolist()]

        def leaf(item: Leaf, _: Path) -> Any:
            shape = item.shape or ()
            taken, numbers[:] = numbers[: math.prod(shape)], numbers[math.prod(shape) :]
            return array(taken, shape) if shape else taken[0]

        return mapped(leaf, self._structure)
