"""Arguments of compiled functions: numbers that may change, and all that is fixed."""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.surroundings import Same
from autograd.compiler.whole import LARGEST, Whole
from autograd.graph import Node
from autograd.reals import kind_of, refuse_loss
from autograd.trees import Path, array, keys, mapped
from autograd.value import Value

FLOAT, INT = "float", "int"
"""Stand in a key for a number."""
_FLOAT64 = np.dtype(np.float64)
_bits = struct.Struct("d").pack


class Fixed(NamedTuple):
    """Stands in a key for something that is fixed."""

    kind: Any
    item: Any


class HasValues(Exception):  # noqa: N818, it is no error
    """There are Values among the arguments."""


def collected(item: Any, numbers: list[float], key: list[Any], fixed_ints: bool = False) -> None:
    """Append the numbers of an argument that may change, and everything else to the key.

    Two calls with the same key can be computed by the same program.

    Args:
        item: an argument, of any kind and structure.
        numbers: floats, and integers that a float can be.
        key: hashable items.
        fixed_ints: whether integers are fixed.

    Raises:
        HasValues: if there are Values in it.
    """
    kind = type(item)
    if kind is float:
        numbers.append(item)
        key.append(FLOAT)
    elif kind is np.ndarray or kind is np.memmap:
        _array(item, numbers, key, fixed_ints)
    elif kind is int:
        _integer(item, numbers, key, fixed_ints)
    elif isinstance(item, (list, tuple)):
        key.append((kind, len(item)))
        for part in item:
            collected(part, numbers, key, fixed_ints)
    elif isinstance(item, dict):
        key.append((kind, *[fixed(x) for x in item]))
        for part in item.values():
            collected(part, numbers, key, fixed_ints)
    elif isinstance(item, np.floating):
        numbers.append(float(item))
        key.append(FLOAT)
    elif isinstance(item, np.integer):
        _integer(int(item), numbers, key, fixed_ints)
    elif isinstance(item, Node) or (hasattr(kind, "_array_kind") and isinstance(item, np.ndarray)):
        raise HasValues
    else:
        key.append(fixed(item))


def _integer(item: int, numbers: list[float], key: list[Any], fixed_ints: bool) -> None:
    if fixed_ints or abs(item) > LARGEST:
        key.append(fixed(item))
    else:
        numbers.append(float(item))
        key.append(INT)


def _array(item: np.ndarray[Any, Any], numbers: list[float], key: list[Any], ints: bool) -> None:
    kind = item.dtype.kind
    if item.dtype is _FLOAT64 and item.ndim == 1:
        numbers.extend(item.tolist())
        key.append((FLOAT, item.shape))
    elif kind == "f":
        numbers.extend(item.ravel().astype(np.float64, copy=False).tolist())
        key.append((FLOAT, item.shape))
    elif kind in "iu" and not ints and (not item.size or representable(item)):
        numbers.extend(item.ravel().astype(np.float64).tolist())
        key.append((INT, item.shape))
    elif kind == "O":
        key.append((object, item.shape))
        for part in item.ravel().tolist():
            collected(part, numbers, key, ints)
    else:
        key.append(fixed(item))


def has_ints(key: Sequence[Any]) -> bool:
    """Whether there are integers among the numbers of arguments with a key."""
    return any(item == INT or (type(item) is tuple and item[0] == INT) for item in key)


def representable(item: np.ndarray[Any, Any]) -> bool:
    """Whether all the integers of an array are floats, too."""
    return bool(item.max() <= LARGEST and item.min() >= -LARGEST)


def fixed(item: Any) -> Fixed:
    """A key for something that is fixed: equal for what cannot be told apart.

    Of an object that cannot be hashed, it is the object itself, which the key keeps alive.
    """
    kind = type(item)
    if isinstance(item, np.ndarray):
        return Fixed(np.ndarray, (item.dtype, item.shape, item.tobytes()))
    if kind is float:
        return Fixed(float, _bits(item))
    if kind is slice:
        return Fixed(slice, (fixed(item.start), fixed(item.stop), fixed(item.step)))
    if kind is set:
        return Fixed(set, (frozenset(item), repr(item)))
    try:
        hash(item)
    except TypeError:
        return Fixed(None, Same(item))
    compared: Any = kind.__eq__
    if kind in (int, bool, str, bytes) or compared is object.__eq__:
        return Fixed(kind, item)
    return Fixed(kind, (item, repr(item)))  # some that are equal are not the same


def with_values(
    arguments: Any, numbers: Sequence[float], fixed_ints: bool, role: Callable[[Path], str]
) -> tuple[Any, list[Value], list[str]]:
    """The arguments with Values in place of the numbers, these Values, and a name for each.

    Args:
        arguments: positional and named ones, in any structure.
        numbers: of these arguments, as `collected` has them.
        fixed_ints: whether integers are fixed.
        role: what to call the item at a path in messages.

    Raises:
        TypeError: for arrays of other libraries, for masks and units.
    """
    leaves: list[Value] = []
    names: list[str] = []

    def value(path: Path) -> Value:
        leaves.append(Value(numbers[len(leaves)]))
        names.append(title(path))
        return leaves[-1]

    def item_of(item: Any, path: Path) -> Any:
        kind = type(item)
        if kind is np.ndarray or kind is np.memmap:
            item = np.asarray(item)
            dtype = item.dtype.kind
            if dtype == "f" or (
                dtype in "iu" and not fixed_ints and (not item.size or representable(item))
            ):
                made = [value((*path, *place)) for place in np.ndindex(item.shape)]
                return array(made if dtype == "f" else [*map(Whole, made)], item.shape)
            if dtype == "O":
                parts = [
                    item_of(x, (*path, *place))
                    for place, x in zip(np.ndindex(item.shape), item.ravel().tolist(), strict=True)
                ]
                return array(parts, item.shape)
            return item.copy()
        if kind is float or isinstance(item, np.floating):
            return value(path)
        if kind is int or isinstance(item, np.integer):
            return Whole(value(path)) if not fixed_ints and abs(int(item)) <= LARGEST else item
        if isinstance(item, Iterator):
            raise TypeError(
                f"{role(path)} must not be an iterator, which would be empty at the next call: "
                "make it a list"
            )
        refuse_loss(item, role(path))
        if hasattr(kind, "__array__") and not isinstance(item, np.generic):
            raise TypeError(
                f"{role(path)} must be an array of NumPy's, not {kind_of(item)}: give its "
                "numbers, with .to_numpy(float)"
            )
        return item

    return mapped(item_of, arguments), leaves, names


def title(path: Path) -> str:
    """The number at a path as a listing calls it: `w[0]`."""
    name, *places = path
    return f"{name}{keys(tuple(places))}"


def titles(arguments: Any) -> list[str]:
    """A name for each item of the key that `collected` makes of arguments."""
    found: list[str] = []

    def walk(item: Any, path: Path) -> None:
        if path:
            found.append(title(path))
        if isinstance(item, (list, tuple)):
            for place, part in enumerate(item):
                walk(part, (*path, place))
        elif isinstance(item, dict):
            for key, part in item.items():
                walk(part, (*path, key))
        elif isinstance(item, np.ndarray) and item.dtype == object:
            for index, part in zip(np.ndindex(item.shape), item.ravel().tolist(), strict=True):
                walk(part, (*path, *index))

    walk(arguments, ())
    return found


def changed(before: Any, after: Any, path: Path = ()) -> Path | None:
    """The path to the first item of the arguments that a function has changed in place, if any."""
    if isinstance(before, dict):
        if [*before] != [*after]:
            return path
        items: list[Any] = [(key, before[key], after[key]) for key in before]
    elif isinstance(before, (list, tuple)):
        if len(before) != len(after):
            return path
        items = [(i, *pair) for i, pair in enumerate(zip(before, after, strict=True))]
    elif isinstance(before, np.ndarray):
        if before.dtype != object:
            return None if before.tobytes() == after.tobytes() else path
        pairs = zip(before.ravel().tolist(), after.ravel().tolist(), strict=True)
        return path if any(x is not y for x, y in pairs) else None
    else:
        return None if before is after else path
    found = (changed(x, y, (*path, key)) for key, x, y in items)
    return next((place for place in found if place is not None), None)


def copied(arguments: Any) -> Any:
    """The arguments with copies of their lists, dicts and arrays, to see what changes."""

    def item_of(item: Any, _: Path) -> Any:
        return item.copy() if isinstance(item, np.ndarray) else item

    return mapped(item_of, arguments)


def named(args: Sequence[Any], kwargs: Mapping[str, Any], signature: Any) -> dict[str, Any]:
    """The arguments by the names of the parameters that take them, as far as they are known."""
    names: list[str] = []
    if signature is not None:
        kinds = (
            parameter
            for parameter in signature.parameters.values()
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        )
        names = [parameter.name for parameter in kinds][: len(args)]
    names += [f"argument{place}" for place in range(len(names), len(args))]
    names = [f"{name} by position" if name in kwargs else name for name in names]
    return {**dict(zip(names, args, strict=True)), **kwargs}
