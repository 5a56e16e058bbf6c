"""Jacobians and Hessians by hand: their rows and columns, and the forms they may have."""

from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compare.arguments import items_of, kind_or_none
from autograd.compare.case import Axis, Grouping, Titles
from autograd.reals import kind_of, objects
from autograd.trees import Leaf
from autograd.value import Value

# --- Rows and columns ---------------------------------------------------------------------------


def of_a_matrix(noun: str, title: str, titles: Titles) -> list[Grouping]:
    """The numbers of a matrix as a whole, in blocks, one by one, in columns and in rows.

    Args:
        noun: what the matrix is.
        title: the name of the function that it is of.
        titles: those of its numbers.
    """
    rows, columns, arguments, derivatives = titles
    row, column = (Axis(x, [*dict.fromkeys(y)]) for x, y in (("row", rows), ("column", columns)))
    shape = len(row.names), len(column.names)
    result = [Grouping(noun, [title] * len(rows), {title: shape}, {title: [row, column]})]
    inside = dict(zip(columns, arguments, strict=True))
    blocks: dict[str, list[str]] = {}
    for name in column.names:
        blocks.setdefault(inside[name], []).append(name)
    if 1 < len(blocks) < len(column.names):
        shapes = {name: (shape[0], len(names)) for name, names in blocks.items()}
        axes = {name: [row, Axis("column", names)] for name, names in blocks.items()}
        result.append(Grouping("block", arguments, shapes, axes))
    result.append(Grouping("", derivatives))
    result.append(Grouping("column", columns, {}, {name: [row] for name in column.names}))
    result.append(Grouping("row", rows, {}, {name: [column] for name in row.names}))
    return result


# --- Forms --------------------------------------------------------------------------------------

Block = tuple[slice, slice, NDArray[Any]]
"""A part of a matrix, with its rows and columns."""


class Parts(dict[str, Any]):
    """The structures of several arguments by their names: a result may have a tuple or a dict in
    their place, and if there is only one, what belongs to that.
    """


def readings(result: Any, outputs: Any, inputs: Any, what: str) -> list[NDArray[Any]]:
    """The numbers of a Jacobian in any of its forms as a matrix: a row for each number of the
    outputs, a column for each one of the inputs. There may be several readings: a tuple may have a
    part for each output, or one for each argument.

    The forms are that matrix, an array or a list of rows; and parts of it in the structure of the
    outputs, of the inputs, or of these within those, where an array has the shape of the output
    followed by the shape of the input.

    Args:
        result: the Jacobian.
        outputs: their structure, with a `Leaf` in place of every array.
        inputs: that of the inputs.
        what: how to call the result in messages.

    Raises:
        TypeError: if it is not made of arrays, lists, tuples and dicts.
        ValueError: if a shape, a length or a key does not fit.
    """
    rows, columns = _span(outputs), _span(inputs)
    found = []
    for blocks in _read(result, outputs, inputs, what):
        matrix = np.empty((rows.stop, columns.stop), dtype=object)
        for row, column, numbers in blocks:
            matrix[row, column] = numbers
        found.append(matrix)
    return found


def _read(result: Any, outputs: Any, inputs: Any, what: str) -> list[list[Block]]:
    """The readings of a part of a Jacobian, each as the blocks of a matrix."""
    rows, columns = _span(outputs), _span(inputs)
    shape = rows.stop - rows.start, columns.stop - columns.start
    array = _array(result, what) if isinstance(result, (np.ndarray, list)) else None
    if array is not None and array.shape == shape:
        return [[(rows, columns, array)]]
    found: list[list[Block]] = []
    refused: list[Exception] = []
    both = (outputs, inputs)
    for structure in both[::-1] if _names_arguments(result, outputs) else both:
        try:
            ways = _ways(result, structure, what)
        except (TypeError, ValueError) as error:
            refused.append(error)
            continue
        for parts in ways:
            try:
                if structure is outputs:
                    each = [_read(x, part, inputs, what + key) for key, part, x in parts]
                else:
                    each = [_read(x, outputs, part, what + key) for key, part, x in parts]
                found += [[x for blocks in choice for x in blocks] for choice in _choices(each)]
            except (TypeError, ValueError) as error:
                refused.insert(0, error)
    try:
        found.append([(rows, columns, _block(result, outputs, inputs, shape, what))])
    except (TypeError, ValueError) as error:
        refused.append(error)
    if not found:
        raise refused[0]
    return found


def _names_arguments(result: Any, outputs: Any) -> bool:
    """Whether the keys of a dict can only be those of arguments."""
    return isinstance(result, Mapping) and not isinstance(outputs, dict)


def _choices(each: Sequence[list[list[Block]]]) -> Iterator[Sequence[list[Block]]]:
    """The first reading of every part, the second of every part, …"""
    for index in range(max(map(len, each), default=1)):
        yield [readings[min(index, len(readings) - 1)] for readings in each]


def _block(
    result: Any, outputs: Any, inputs: Any, shape: tuple[int, int], what: str
) -> NDArray[Any]:
    """The numbers of a part that is an array."""
    array = _array(result, what)
    if array is None and isinstance(result, list):
        raise ValueError(f"{what} must be a matrix; its rows have different lengths")
    if array is None or (
        not array.ndim and not isinstance(array.item(), (Real, np.bool_, complex, Value))
    ):
        raise TypeError(f"{what} must be made of arrays of real numbers, not {_form(result)}")
    full = (*_shape(outputs), *_shape(inputs))
    allowed = [full, shape, *[full[1:]] * (full[:1] == (1,)), *[()] * (shape == (1, 1))]
    if array.shape not in allowed:
        words = f"{what} must have the shape {full}, not {array.shape}"
        if len(full) == 2:
            words += f": a row for each of the {full[0]} results, a column for each argument"
        raise ValueError(words)
    return array.reshape(shape)


def _shape(structure: Any) -> tuple[int, ...]:
    """The shape of an array, and that of several numbers as a vector."""
    if isinstance(structure, Leaf):
        return structure.shape or ()
    span = _span(structure)
    return (span.stop - span.start,)


def _array(result: Any, what: str) -> NDArray[Any] | None:
    """A result as an array of single objects; None if there are others in it."""
    try:
        array = objects(result, what)
    except ValueError:  # shapes that begin alike
        return None
    several = (dict, list, tuple, set, np.ndarray)
    return None if any(isinstance(x, several) for x in array.flat) else array


def _ways(result: Any, structure: Any, what: str) -> list[list[tuple[str, Any, Any]]]:
    """The ways to take a result apart as a structure: keys, the parts, and the items there.

    Raises:
        TypeError: if it is no container as the structure is.
        ValueError: if it has other keys, or another length.
    """
    if isinstance(structure, Leaf):
        return []
    if not isinstance(structure, Parts):
        items = items_of(result, structure, what)
        return [[(f"[{key!r}]", part, item) for key, part, item in items]]
    ways = []
    if isinstance(result, Mapping) and result.keys() >= structure.keys():
        ways.append([(f"[{name!r}]", part, result[name]) for name, part in structure.items()])
    if len(structure) == 1:
        (only,) = structure.values()
        if isinstance(result, tuple) and len(result) == 1:
            ways.append([("", only, result[0])])
        ways.append([("", only, result)])
    elif isinstance(result, (list, tuple)) and len(result) == len(structure):
        named = zip(structure.items(), result, strict=True)
        ways.append([(f"[{name!r}]", part, item) for (name, part), item in named])
    if not ways and isinstance(result, (np.ndarray, list)):
        rows = f"a row for each result, a column for each of the {_shape(structure)[0]} numbers in "
        raise ValueError(
            f"{what} must be a matrix with {rows}{', '.join(structure)}, not {_form(result)} "
            "(wrt= says with respect to which arguments)"
        )
    if not ways:
        form = f"a tuple or a dict with a part for each of {', '.join(structure)}"
        raise ValueError(f"{what} must be a matrix, or {form}, not {_form(result)}")
    return ways


def _form(result: Any) -> str:
    if isinstance(result, Mapping):
        return f"a dict of {', '.join(map(repr, result)) or 'nothing'}"
    if isinstance(result, (np.ndarray, list)):
        array = _array(result, "it")
        return kind_of(result) if array is None else f"an array of the shape {array.shape}"
    return kind_or_none(result) + (f" of {len(result)}" if isinstance(result, tuple) else "")


def _span(structure: Any) -> slice:
    """The places of the numbers of a structure."""
    if isinstance(structure, Leaf):
        return slice(structure.start, structure.stop)
    parts = structure.values() if isinstance(structure, dict) else structure
    spans = [span for part in parts if (span := _span(part)).stop > span.start]
    return slice(spans[0].start, spans[-1].stop) if spans else slice(0, 0)
