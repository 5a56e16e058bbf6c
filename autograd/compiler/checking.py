"""Whether compiled code gives the results of the function itself: for `jit(f, check=True)`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler.recording import plain
from autograd.compiler.results import Result, containers
from autograd.graph import sort
from autograd.quiet import quiet
from autograd.rounding import EPSILON, data_bounds
from autograd.trees import Path, keys, mapped
from autograd.value import Value


def _rooms(returned: Sequence[Any]) -> list[float]:
    """How far each of the numbers that a function returned may be off by rounding."""
    nodes = [x for x in returned if isinstance(x, Value)]
    bounds = data_bounds(sort(*nodes), {}, False)
    return [bounds[x] * EPSILON if isinstance(x, Value) else 0.0 for x in returned]


def require_same(name: str, compiled: Any, itself: Result, exact: bool) -> None:
    """Raise a RuntimeError if a result is not that of the function.

    Args:
        name: of the function.
        compiled: the result of compiled code.
        itself: that of the function.
        exact: whether no rounding is allowed for.
    """
    numbers = plain(itself.numbers)
    room = [0.0] * len(numbers) if exact else _rooms(itself.numbers)
    leaves: dict[Path, Any] = {}
    mapped(lambda item, path: leaves.setdefault(path, item), compiled)

    def compare(item: Any, path: Path) -> None:
        x, y = leaves[path], item.build(numbers)
        if not _close(x, y, room[item.start : item.stop]):
            raise RuntimeError(_differs(f"the result{keys(path)}", name, x, y))

    if containers(compiled) != containers(itself.structure):
        raise RuntimeError(_differs("the result", name, compiled, itself.build(numbers)))
    mapped(compare, itself.structure)


@quiet
def _close(one: Any, other: Any, room: Sequence[float]) -> bool:
    x, y = np.asarray(one), np.asarray(other)
    if x.dtype.kind not in "biuf" or y.dtype.kind not in "biuf" or x.shape != y.shape:
        return x.shape == y.shape and bool(np.all(x == y))
    x, y = x.astype(np.float64), y.astype(np.float64)
    rooms = np.reshape(room, x.shape) if room else np.zeros(x.shape)
    near = (np.isfinite(x - y) & (np.abs(x - y) <= rooms)) | ~np.isfinite(rooms)
    return bool(np.all(near | (x == y) | ((x != x) & (y != y))))


def _differs(what: str, name: str, compiled: Any, itself: Any) -> str:
    return (
        f"compiled, {what} of {name} is {compiled!r}; {name} itself returns {itself!r}. It depends "
        "on something that was fixed when it was recorded, an attribute, a file, the time or a "
        "random number, say: pass that as an argument"
    )
