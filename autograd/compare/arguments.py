"""The arguments of a function: numbers, arrays, and lists, tuples and dicts of these."""

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compare.keys import as_float
from autograd.compare.points import Point
from autograd.notation.numbers import number
from autograd.reals import kind_of, objects
from autograd.trees import Leaf, Path, keys, mapped
from autograd.values import floats, values

MOST_WRITTEN = 64
"""How many elements an array may have and still be written out."""


def stem(start: str, path: Sequence[Any], before: Any = "") -> str:
    """The name of the number at a path, from the name of what it is in: `params.W0_1`. That name
    is the key `before`, if it is one.
    """
    for key in path:
        ends = isinstance(before, int) or str(before)[-1:].isdigit()
        link = "." if not isinstance(key, int) else "_" if ends else ""
        start += f"{link}{key}"
        before = key
    return start


class Arguments:
    """The arguments of a function, taken apart into arrays.

    A list or tuple that NumPy makes an array of numbers of is an array. Others, and dicts, are
    taken apart.

    Raises:
        TypeError: if there is something else than real numbers in them.
        ValueError: if a number is not finite.
    """

    def __init__(self, function: Callable[..., Any], given: Sequence[Any]) -> None:
        self.names = _parameter_names(function, len(given))
        self.parts: list[str] = []
        """The names of the arrays, as Python has them: `w`, `params['w']`."""
        self.point: Point = []
        """The numbers given, an array for each part; 0-dimensional ones for single numbers."""
        self.owners: list[str] = []
        """The argument that each part belongs to."""
        self._paths: list[Path] = []
        self._count = 0
        self.structures = {
            name: self._taken(x, (name,)) for x, name in zip(given, self.names, strict=True)
        }
        """Each argument with a `Leaf` in place of every array."""

    def _taken(self, x: Any, path: Path) -> Any:
        """An argument, or the part of one at a path, with a `Leaf` in place of every array."""
        if isinstance(x, dict):
            twin = copy.copy(x)
            twin.update({key: self._taken(item, (*path, key)) for key, item in x.items()})
            return twin
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            fields = zip(x, x._fields, strict=True)
            return type(x)(*[self._taken(item, (*path, field)) for item, field in fields])
        if isinstance(x, (list, tuple)) and _uneven(x):
            return type(x)([self._taken(item, (*path, i)) for i, item in enumerate(x)])
        owner, *inside = path
        name = owner + keys(tuple(inside))
        array = _floats(x, f"the argument {name}")
        if not np.all(np.isfinite(array)):
            raise ValueError(f"the argument {name} must be finite, not {written(array)}")
        start, self._count = self._count, self._count + array.size
        self.parts.append(name)
        self.owners.append(owner)
        self.point.append(array)
        self._paths.append(path)
        return Leaf(start, self._count, array.shape if array.ndim else None)

    def numbered(self, names: Sequence[str]) -> dict[str, Any]:
        """The structures of some of the arguments, in which their numbers are counted anew."""
        count = 0

        def leaf(old: Leaf, _: object) -> Leaf:
            nonlocal count
            start, count = count, count + old.stop - old.start
            return Leaf(start, count, old.shape)

        return {name: mapped(leaf, self.structures[name]) for name in names}

    def leaves(self, point: Point) -> dict[str, Any]:
        """Arrays of new Values with the numbers of a point, by the names of the parts."""
        result = {}
        paths = [stem(owner, path) for owner, *path in self._paths]
        taken = {name for name, x in zip(paths, self.point, strict=True) if not x.ndim}
        for part, (owner, *path), x in zip(self.parts, self._paths, point, strict=True):
            leaves = values(x)
            for index, leaf in np.ndenumerate(leaves):
                name = stem(owner, (*path, *index))
                if index and name in taken:  # f(p, p0): p[0] is not p0
                    name = part + keys(index)
                leaf.name = name
                taken.add(name)
            result[part] = leaves
        return result

    def build(self, arrays: Sequence[NDArray[Any]]) -> list[Any]:
        """The arguments of a call, with copies of some arrays in place of the parts."""
        each = iter(arrays)

        def part(leaf: Leaf, _: object) -> Any:
            x = next(each)
            if leaf.shape is not None:
                return x.copy()
            return x[()] if x.dtype == object else float(x)

        return [mapped(part, self.structures[name]) for name in self.names]

    def described(self, point: Point) -> str:
        """The arguments as text."""
        texts = [f"{name} = {written(x)}" for name, x in zip(self.parts, point, strict=True)]
        return ", ".join(texts)


def aligned(result: Any, structure: Any, what: str) -> Iterator[tuple[Leaf, Any, str]]:
    """Each array of a structure with what a result has in its place, and how to call that.

    Raises:
        TypeError: if the result is not a dict or a sequence where the structure is one.
        ValueError: if it has other keys, or another length.
    """
    if isinstance(structure, Leaf):
        yield structure, result, what
        return
    for key, part, item in items_of(result, structure, what):
        yield from aligned(item, part, f"{what}[{key!r}]")


def walk(structure: Any, path: Path = ()) -> Iterator[tuple[Path, Leaf]]:
    """The arrays of a structure with their paths, in which fields have their names."""
    if isinstance(structure, Leaf):
        yield path, structure
        return
    keys: Iterable[Any] = range(len(structure))
    if isinstance(structure, dict):
        keys, structure = structure, structure.values()
    for key, part in zip(getattr(structure, "_fields", keys), structure, strict=True):
        yield from walk(part, (*path, key))


def items_of(result: Any, structure: Any, what: str) -> list[tuple[Any, Any, Any]]:
    """The keys of a dict or a sequence, the parts of it, and the items that a result has there.

    Raises:
        TypeError: if the result is not a dict or a sequence where the structure is one.
        ValueError: if it has other keys, or another length.
    """
    if isinstance(structure, dict):
        if not isinstance(result, Mapping):
            keys = ", ".join(map(repr, structure))
            raise TypeError(f"{what} must be a dict with the keys {keys}, not {kind_of(result)}")
        if result.keys() != structure.keys():
            keys, others = (", ".join(map(repr, x)) or "none" for x in (structure, result))
            raise ValueError(f"{what} must have the keys {keys}; it has {others}")
        return [(key, part, result[key]) for key, part in structure.items()]
    if not isinstance(result, (list, tuple, np.ndarray)):
        raise TypeError(f"{what} must be a {type(structure).__name__}, not {kind_of(result)}")
    if len(result) != len(structure):
        raise ValueError(f"{what} must have {len(structure)} parts, not {len(result)}")
    return [(i, *pair) for i, pair in enumerate(zip(structure, result, strict=True))]


def written(x: NDArray[np.float64]) -> str:
    """A number or an array as Python reads it, unless it is too long."""
    if x.ndim == 0:
        return number(float(x))
    if x.size > MOST_WRITTEN:
        return f"an array of the shape {x.shape}"
    if x.ndim == 1:
        return f"[{', '.join([number(float(a)) for a in x])}]"
    return f"[{', '.join(map(written, x))}]"


def _uneven(x: Sequence[Any]) -> bool:
    """Whether a list or a tuple is none that NumPy makes an array of numbers of."""
    if any(hasattr(part, "_fields") for part in x):
        return True
    try:
        items = objects(x, "an argument")
    except ValueError:  # shapes that begin alike
        return True
    return any(isinstance(item, (dict, list, tuple, np.ndarray)) for item in items.ravel())


def _floats(x: Any, role: str) -> NDArray[np.float64]:
    return floats(objects(x, role), lambda item: as_float(item, role))


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the first parameters; numbered ones where the signature does not tell."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [x.name for x in parameters if x.kind in kinds]
    return names[:count] if len(names) >= count else [f"x{i}" for i in range(count)]


def kind_or_none(thing: object) -> str:
    """The kind of a thing in messages, with the usual reason for None."""
    if thing is None:
        return "None (was a return statement forgotten?)"
    return kind_of(thing)
