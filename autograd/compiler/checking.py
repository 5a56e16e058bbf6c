"""Whether compiled code gives what the function itself gives: for `jit(f, check=True)`."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from autograd.compare.rounding import EPSILON, data_bounds
from autograd.graph import sort
from autograd.trees import Path, keys, mapped
from autograd.value import Value


def rooms(returned: Sequence[Any]) -> list[float]:
    """How far each of the numbers that a function returned may be off by rounding."""
    nodes = [x for x in returned if isinstance(x, Value)]
    bounds = data_bounds(sort(*nodes), {}, False)
    return [bounds[x] * EPSILON if isinstance(x, Value) else 0.0 for x in returned]


def numbers_in(structure: Any, built: Any) -> list[float]:
    """The outputs in a result, given its structure with `Item`s."""
    items: list[Any] = []
    mapped(lambda item, _: items.append(item), structure)
    numbers: list[float] = []

    def take(leaf: Any, _: Path) -> None:
        if items.pop(0).kind != "constant":
            numbers.extend(np.ravel(np.asarray(leaf, dtype=np.float64)).tolist())

    mapped(take, built)
    return numbers


def require_same(
    name: str,
    structure: Any,
    compiled: Sequence[float],
    itself: Sequence[float],
    room: Sequence[float],
) -> None:
    """Raise a RuntimeError if the outputs of a program are not those of the function.

    Args:
        name: of the function.
        structure: of its result, with `Item`s.
        compiled: the outputs of the program.
        itself: those of the function.
        room: how far they may be apart, for each.
    """

    def compare(item: Any, path: Path) -> None:
        for place in range(item.start, item.stop):
            x, y = compiled[place], itself[place]
            if x == y or (x != x and y != y):
                continue
            if not (isfinite(x) and isfinite(y) and abs(x - y) <= room[place]):
                raise RuntimeError(
                    f"compiled, the result{keys(path)} of {name} is {x!r}; {name} itself returns "
                    f"{y!r}. It depends on something that was fixed when it was recorded, an "
                    "attribute, a file, the time or a random number, say: pass that as an argument"
                )

    mapped(compare, structure)
