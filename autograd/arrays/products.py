"""NumPy's products of arrays: each sum of products is one `dot` node."""

import math
import string
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import NDArray

from autograd import ops
from autograd.arrays.reductions import Axis, along, items_of, lines, sum_along
from autograd.arrays.registry import implements
from autograd.elements import container, shaped, uniform, viewed
from autograd.op import Op


def _dot_of(*arrays: NDArray[Any]) -> Callable[[list[Any], list[Any]], Any]:
    """The function for the dot products, each one node, of vectors from two arrays."""
    kinds: list[Any] = [*map(uniform, arrays)]
    for kind in kinds:
        if hasattr(kind, "_record"):  # no need to look which of the elements are Values
            return lambda left, right: kind._record(ops.dot, left + right)
    return lambda left, right: Op.__call__(ops.dot, left, right)


def dot_along(a: Any, b: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The dot products of the elements of two arrays along some axes."""
    return along(_dot_of(items_of(a), items_of(b)), [a, b], axis, keepdims)


@implements(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    left, right = items_of(a), items_of(b)
    if isinstance(axes, int):
        axes = range(left.ndim - axes, left.ndim), range(axes)
    first = normalize_axis_tuple(axes[0], left.ndim)
    second = normalize_axis_tuple(axes[1], right.ndim)
    summed, others = [left.shape[i] for i in first], [right.shape[i] for i in second]
    if summed != others:
        raise ValueError(
            f"arrays of shapes {left.shape} and {right.shape} do not fit: their products are "
            f"summed along axes of lengths {tuple(summed)} and {tuple(others)}"
        )
    columns, dot_of = lines(right, second), _dot_of(left, right)
    elements = [dot_of(row, column) for row in lines(left, first) for column in columns]
    shape = [left.shape[i] for i in range(left.ndim) if i not in first]
    shape += [right.shape[i] for i in range(right.ndim) if i not in second]
    return shaped(elements, tuple(shape), container(a, b))


@implements(np.dot)
def dot(a: Any, b: Any) -> Any:
    left, right = items_of(a), items_of(b)
    if not left.ndim or not right.ndim:
        return ops.multiply(a, b)
    return tensordot(a, b, ([-1], [-2 if right.ndim > 1 else 0]))


@implements(np.inner)
def inner(a: Any, b: Any) -> Any:
    if not np.ndim(items_of(a)) or not np.ndim(items_of(b)):
        return ops.multiply(a, b)
    return tensordot(a, b, ([-1], [-1]))


@implements(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    return dot_along(np.ravel(a), np.ravel(b))


@implements(np.vecdot, np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    return dot_along(x1, x2, axis)


@implements(np.matmul, np.linalg.matmul)
def matmul(x1: Any, x2: Any) -> Any:
    left, right = items_of(x1), items_of(x2)
    if not left.ndim or not right.ndim:
        raise ValueError("a number cannot be multiplied by @: use *")
    if left.ndim <= 2 and right.ndim <= 2:
        return dot(x1, x2)
    a = left[None, :] if left.ndim == 1 else left
    b = right[:, None] if right.ndim == 1 else right
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (np.broadcast_to(x, batch + x.shape[-2:]) for x in (a, b))
    result = np.empty((*batch, a.shape[-2], b.shape[-1]), object)
    for place in np.ndindex(batch):
        result[place] = tensordot(a[place], b[place], 1)
    if left.ndim == 1:
        result = result[..., 0, :]
    if right.ndim == 1:
        result = result[..., 0]
    return viewed(result, container(x1, x2))


def matvec(x1: Any, x2: Any) -> Any:
    """The products of matrices and vectors, `np.matvec`, where NumPy has it."""
    return matmul(x1, _viewed(x2)[..., None])[..., 0]


def vecmat(x1: Any, x2: Any) -> Any:
    """The products of vectors and matrices, `np.vecmat`, where NumPy has it."""
    return matmul(_viewed(x1)[..., None, :], x2)[..., 0, :]


def _viewed(a: Any) -> NDArray[Any]:
    return viewed(items_of(a), container(a))


@implements(np.outer, np.linalg.outer)
def outer(a: Any, b: Any) -> Any:
    return ops.multiply(np.ravel(a)[:, None], np.ravel(b)[None, :])


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    left, right = items_of(a), items_of(b)
    ndim = max(left.ndim, right.ndim)
    left, right = (x.reshape((1,) * (ndim - x.ndim) + x.shape) for x in (left, right))
    spread = np.expand_dims(left, [*range(1, 2 * ndim, 2)])
    repeated = np.expand_dims(right, [*range(0, 2 * ndim, 2)])
    result = ops.multiply(spread, repeated)
    return np.reshape(result, [m * n for m, n in zip(left.shape, right.shape, strict=True)])


@implements(np.cross)
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    left, right = np.moveaxis(items_of(a), axisa, -1), np.moveaxis(items_of(b), axisb, -1)
    if {left.shape[-1], right.shape[-1]} != {3}:
        raise ValueError(
            f"cross takes vectors of 3 elements, not of {left.shape[-1]} and {right.shape[-1]}"
        )
    shape = np.broadcast_shapes(left.shape, right.shape)
    xs, ys = (np.broadcast_to(x, shape).reshape(-1, 3).tolist() for x in (left, right))
    dot_of = _dot_of(left, right)
    elements = [
        dot_of([x[i], x[j]], [y[j], -y[i]])
        for x, y in zip(xs, ys, strict=True)
        for i, j in ((1, 2), (2, 0), (0, 1))
    ]
    return np.moveaxis(shaped(elements, shape, container(a, b)), -1, axisc)


@implements(np.linalg.cross)
def linalg_cross(x1: Any, x2: Any, axis: int = -1) -> Any:
    return cross(x1, x2, axis=axis)


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    left, right = np.atleast_1d(items_of(a)), np.atleast_1d(items_of(v))
    if left.ndim > 1 or right.ndim > 1 or not left.size or not right.size:
        raise ValueError(
            f"convolve takes two vectors with elements, not shapes {left.shape} and {right.shape}"
        )
    xs, ys = left.tolist(), right.tolist()
    if len(ys) > len(xs):
        xs, ys = ys, xs
    m, n = len(xs), len(ys)
    ys, dot_of = ys[::-1], _dot_of(items_of(a), items_of(v))
    elements = [
        dot_of(xs[max(0, k - n + 1) : k + 1], ys[max(0, n - 1 - k) : n - max(0, k - m + 1)])
        for k in range(m + n - 1)
    ]
    cuts = {"full": (0, m + n - 1), "same": ((n - 1) // 2, (n - 1) // 2 + m), "valid": (n - 1, m)}
    if mode not in cuts:
        raise ValueError(f"mode must be 'full', 'same' or 'valid', not {mode!r}")
    elements = elements[slice(*cuts[mode])]
    return shaped(elements, (len(elements),), container(a, v))


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    left, right = np.atleast_1d(items_of(a)), np.atleast_1d(items_of(v))
    if left.size < right.size:  # NumPy turns the result round, too
        return viewed(np.flip(np.asarray(convolve(right, left[::-1], mode))), container(a, v))
    return viewed(np.asarray(convolve(left, right[::-1], mode)), container(a, v))


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    diagonals = np.diagonal(items_of(a), offset, axis1, axis2)
    return sum_along(viewed(diagonals, container(a)), -1)


@implements(np.linalg.trace)
def linalg_trace(x: Any, offset: int = 0) -> Any:
    return trace(x, offset, -2, -1)


# --- Einstein's summation -----------------------------------------------------------------------


@implements(np.einsum)
def einsum(*operands: Any, **options: Any) -> Any:
    subscripts, arrays = _subscripts(operands)
    terms, _, result = subscripts.partition("->")
    labels = terms.split(",")
    kind = container(*arrays)
    parts = [*map(items_of, arrays)]
    if len(labels) != len(parts):
        raise ValueError(f"einsum has {len(labels)} terms and {len(parts)} operands")
    labels, result = _without_ellipsis(labels, result, parts)
    sizes: dict[str, int] = {}
    for label, part in zip(labels, parts, strict=True):
        if len(label) != part.ndim:
            raise ValueError(f"einsum has {len(label)} subscripts for shape {part.shape}: {label}")
        for letter, n in zip(label, part.shape, strict=True):
            if sizes.setdefault(letter, n) == 1:
                sizes[letter] = n
            if n not in (1, sizes[letter]):
                raise ValueError(f"einsum: {letter} stands for the lengths {sizes[letter]} and {n}")
    pairs = [
        _simplified(label, part, sizes, result + "".join(labels[:i] + labels[i + 1 :]))
        for i, (label, part) in enumerate(zip(labels, parts, strict=True))
    ]
    label, part = pairs[0]
    for i, (other, array) in enumerate(pairs[1:], start=2):
        needed = result + "".join([x for x, _ in pairs[i:]])
        label, part = _contracted(label, part, other, array, needed)
    for letter in result:
        if letter not in label or result.count(letter) > 1:
            where = "in no term" if letter not in label else "there twice"
            raise ValueError(f"einsum: {letter} of the result is {where}")
    return viewed(part.transpose([label.index(letter) for letter in result]), kind)[()]


def _subscripts(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """The subscripts with their result, as a string without blanks, and the arrays."""
    if isinstance(operands[0], str):
        subscripts, arrays = operands[0].replace(" ", ""), [*operands[1:]]
    else:  # array, list of numbers, array, list, …, and perhaps the list of the result
        arrays = [*operands[: len(operands) // 2 * 2 : 2]]
        terms = [_letters(x) for x in operands[1::2]]
        subscripts = ",".join(terms)
        if len(operands) % 2:
            subscripts += "->" + _letters(operands[-1])
    if "->" not in subscripts:
        letters = subscripts.replace(".", "").replace(",", "")
        single = sorted([x for x in letters if letters.count(x) == 1])
        subscripts += "->" + "..." * ("..." in subscripts) + "".join(single)
    return subscripts, arrays


def _letters(numbers: Sequence[Any]) -> str:
    return "".join(["..." if x is Ellipsis else string.ascii_letters[x] for x in numbers])


def _without_ellipsis(
    labels: Sequence[str], result: str, parts: Sequence[NDArray[Any]]
) -> tuple[list[str], str]:
    """The subscripts with letters in place of each ellipsis."""
    free = [x for x in string.ascii_letters if x not in "".join(labels)]
    counts = [
        part.ndim - len(label.replace("...", "")) if "..." in label else 0
        for label, part in zip(labels, parts, strict=True)
    ]
    letters = free[: max([*counts, 0])]
    if letters and "..." not in result:
        raise ValueError("einsum needs an ellipsis in the result, as there is one in a term")
    written = [
        label.replace("...", "".join(letters[len(letters) - max(count, 0) :]))
        for label, count in zip(labels, counts, strict=True)
    ]
    return written, result.replace("...", "".join(letters))


def _simplified(
    label: str, part: NDArray[Any], sizes: dict[str, int], others: str
) -> tuple[str, NDArray[Any]]:
    """An operand with each letter once: the diagonal of those that are repeated, and without those
    that nothing else has, which are summed.
    """
    part = np.broadcast_to(part, [sizes[letter] for letter in label])
    for letter in label:
        if label.count(letter) > 1:
            first = label.index(letter)
            part = np.diagonal(part, 0, first, label.index(letter, first + 1))
            label = label.replace(letter, "", 2) + letter
    summed = [place for place, letter in enumerate(label) if letter not in others]
    if summed:
        kept = [letter for letter in label if letter in others]
        part = items_of(sum_along(viewed(part, container(part)), tuple(summed)))
        label = "".join(kept)
    return label, part


def _contracted(
    one: str, left: NDArray[Any], other: str, right: NDArray[Any], needed: str
) -> tuple[str, NDArray[Any]]:
    """The products of two operands, summed over the letters that nothing else needs."""
    both = [x for x in one if x in other]
    batch, summed = [x for x in both if x in needed], [x for x in both if x not in needed]
    sizes = dict(zip(one + other, left.shape + right.shape, strict=True))
    rows, columns = (
        [x for x in mine if x not in theirs] for mine, theirs in ((one, other), (other, one))
    )

    def cut(label: str, array: NDArray[Any], own: Sequence[str]) -> list[list[list[Any]]]:
        groups = (batch, own, summed)
        shape = [math.prod([sizes[x] for x in group]) for group in groups]
        order = [label.index(x) for group in groups for x in group]
        listed: list[list[list[Any]]] = array.transpose(order).reshape(shape).tolist()
        return listed

    dot_of = _dot_of(left, right)
    elements = [
        dot_of(x, y) if summed else Op.__call__(ops.multiply, *x, *y)
        for xs, ys in zip(cut(one, left, rows), cut(other, right, columns), strict=True)
        for x, y in product(xs, ys)
    ]
    label = [*batch, *rows, *columns]
    found = np.fromiter(elements, object, len(elements)).reshape([sizes[x] for x in label])
    return "".join(label), found
