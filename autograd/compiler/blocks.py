"""Code run by NumPy, for many lanes at once.

It is written out as a Python function with a call of NumPy's for each instruction. The lanes are
gone through in blocks, so short that the numbers at hand stay in the processor's cache. What is the
same in all lanes is computed once, before.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.block_source import Writer, function_name
from autograd.compiler.instructions import MEANING, Instructions, Ref
from autograd.compiler.schedule import LaneCheck, Mask
from autograd.compiler.tables import Column
from autograd.quiet import quietly


class Blocks:
    """Code as a function of columns, which have a number for each lane.

    Args:
        code: the code.
        results: the numbers that are wanted.
        checks: what must hold in each lane, in this order.
    """

    def __init__(
        self, code: Instructions, results: Sequence[Ref], checks: Sequence[LaneCheck] = ()
    ) -> None:
        writer = Writer(code.instructions, results, checks)
        self.source = writer.source(code.inputs)
        """The Python source."""
        names: dict[str, Any] = {f"test{i}": check.test for i, check in enumerate(checks)}
        names |= _NAMES
        exec(compile(self.source, "<code for lanes>", "exec"), names)
        self._function: Callable[..., Any] = names["run"]

    def __call__(
        self, columns: Sequence[Column], size: int
    ) -> tuple[list[Column], NDArray[np.intp]]:
        """The results, and for every lane the place of the first check that fails, or -1.

        Args:
            columns: for each input an array of that size, or a float where it is uniform.
            size: the number of lanes.

        Returns:
            Arrays of that size, and floats where results are uniform; in lanes where a check fails
            there may be anything in them. The array of places is not to be written to.
        """
        found: tuple[list[Column], NDArray[np.intp]] = quietly(self._function, columns, size)
        return found


# --- What the written function calls -------------------------------------------------------------


def _taken(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers side by side in memory: NumPy may compute other digits from those that are not."""
    return part if part.strides == (part.itemsize,) else part.copy()


def _each(function: Callable[..., float], out: NDArray[np.float64], *operands: Any) -> None:
    """Call a function of Python's for every lane."""
    columns = [x.tolist() if x.ndim else [x.item()] * len(out) for x in operands]
    out[:] = np.fromiter(map(function, *columns), np.float64, len(out))


class _Failed:
    """The first check that fails in each lane. Nothing is kept until one does."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: NDArray[np.intp] | None = None

    def _block(self, lanes: slice) -> NDArray[np.intp]:
        if self._known is None:
            self._known = np.full(self._size, -1, np.intp)
        return self._known[lanes]

    def leave(self, lanes: slice, index: int, expected: bool, answers: Any) -> bool:
        """Whether no lane is left, once those leave whose answers are not the expected ones."""
        block = self._block(lanes)
        block[(answers != expected) & (block < 0)] = index
        return bool(block.min() >= 0)

    def ask(
        self, lanes: slice, index: int, expected: bool, test: Callable[..., Mask], *operands: Any
    ) -> bool:
        """The same, with a function that is asked for the lanes that are left."""
        left: Any = slice(None)
        if self._known is not None and (self._block(lanes) >= 0).any():
            left = self._block(lanes) < 0
        columns = [x[left] if x.ndim else x.item() for x in operands]
        if not any(x.ndim for x in operands):
            columns = [np.full(1, x) for x in columns]
        answers = np.full(lanes.stop - lanes.start, expected)
        answers[left] = test(columns)
        return bool((answers != expected).any()) and self.leave(lanes, index, expected, answers)

    def places(self) -> NDArray[np.intp]:
        """The place of that check, -1 where all hold."""
        return np.broadcast_to(np.intp(-1), self._size) if self._known is None else self._known


_NAMES: dict[str, Any] = {
    **{function_name(name): meaning for name, meaning in MEANING.items()},
    "array": np.array, "copyto": np.copyto, "count": np.count_nonzero, "empty": np.empty,
    "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor, "invert": np.invert, "int8": np.int8, "int64": np.int64,
    "taken": _taken, "each": _each, "Failed": _Failed,
}  # fmt: skip
