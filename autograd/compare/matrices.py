"""Jacobians and Hessians by hand: their rows and columns, and the forms they may have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compare.arguments import items_of
from autograd.compare.case import Axis, Grouping
from autograd.reals import objects
from autograd.trees import Leaf

# --- Rows and columns ---------------------------------------------------------------------------


def of_a_matrix(
    noun: str,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    arguments: Sequence[str],
    derivatives: Sequence[str],
) -> list[Grouping]:
    """The numbers of a matrix as a whole, in blocks, one by one, in columns and in rows.

    Args:
        noun: what the matrix is.
        title: the name of the function that it is of.
        rows: for each number, the name of the output.
        columns: for each number, the name of that with respect to which it is.
        arguments: for each number, the argument that it belongs to.
        derivatives: for each number, how it is written.
    """
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


class Parts(dict[str, Any]):
    """The structures of several arguments by their names: a result may have a tuple or a dict in
    their place, and if there is only one, what belongs to that.
    """


def filled(result: Any, outputs: Any, inputs: Any, what: str) -> NDArray[Any]:
    """The numbers of a Jacobian in any of its forms as a matrix: a row for each number of the
    outputs, a column for each one of the inputs.

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
    matrix = np.empty((rows.stop, columns.stop), dtype=object)
    for row, column, numbers in _blocks(result, outputs, inputs, what):
        matrix[row, column] = numbers
    return matrix


def _blocks(
    result: Any, outputs: Any, inputs: Any, what: str
) -> Iterator[tuple[slice, slice, NDArray[Any]]]:
    """The parts of a matrix, each with its rows and columns."""
    rows, columns = _span(outputs), _span(inputs)
    shape = rows.stop - rows.start, columns.stop - columns.start
    array = objects(result, what) if isinstance(result, (np.ndarray, list)) else None
    if array is not None and array.shape == shape:
        yield rows, columns, array
        return
    for structure, of_outputs in ((outputs, True), (inputs, False)):
        if (parts := _parts(result, structure, what, of_outputs)) is not None:
            for key, part, item in parts:
                name = what if key is None else f"{what}[{key!r}]"
                if of_outputs:
                    yield from _blocks(item, part, inputs, name)
                else:
                    yield from _blocks(item, outputs, part, name)
            return
    for structure in (outputs, inputs):
        if not isinstance(structure, Leaf):
            items_of(result, structure, what)
    full = (*(outputs.shape or ()), *(inputs.shape or ()))
    array = objects(result, what)
    allowed = [full, shape, *[full[1:]] * (full[:1] == (1,)), *[()] * (shape == (1, 1))]
    if array.shape not in allowed:
        raise ValueError(f"{what} must have the shape {full}, not {array.shape}")
    yield rows, columns, array.reshape(shape)


def _parts(
    result: Any, structure: Any, what: str, of_outputs: bool
) -> list[tuple[Any, Any, Any]] | None:
    """The keys, the parts of a structure, and the items of a result; None where it has none."""
    if isinstance(structure, Leaf):
        return None
    if not isinstance(structure, Parts):
        if of_outputs and isinstance(result, Mapping) and isinstance(structure, dict):
            if result.keys() != structure.keys():
                return None  # it may be a dict of the arguments
        elif of_outputs and isinstance(result, Mapping):
            return None
        return items_of(result, structure, what)
    if isinstance(result, Mapping) and result.keys() >= structure.keys():
        return [(name, part, result[name]) for name, part in structure.items()]
    if len(structure) == 1:
        (only,) = structure.values()
        single = isinstance(result, tuple) and len(result) == 1
        return [(None, only, result[0] if single else result)]
    if isinstance(result, (list, tuple)) and len(result) == len(structure):
        named = zip(structure.items(), result, strict=True)
        return [(name, part, item) for (name, part), item in named]
    names = ", ".join(structure)
    form = f"be a matrix, or a tuple or a dict with a part for each of {names}"
    raise ValueError(f"{what} must {form}, not {_form(result)}")


def _form(result: Any) -> str:
    if isinstance(result, Mapping):
        return f"a dict of {', '.join(map(str, result)) or 'nothing'}"
    if isinstance(result, (np.ndarray, list)):
        return f"an array of the shape {objects(result, 'it').shape}"
    return f"a {type(result).__name__}" + (
        f" of {len(result)}" if isinstance(result, tuple) else ""
    )


def _span(structure: Any) -> slice:
    """The places of the numbers of a structure."""
    if isinstance(structure, Leaf):
        return slice(structure.start, structure.stop)
    parts = structure.values() if isinstance(structure, dict) else structure
    spans = [_span(part) for part in parts] or [slice(0, 0)]
    return slice(spans[0].start, spans[-1].stop)
