"""Long code as loops: the same again and again, for numbers from other places.

Items that only one other needs are joined with it. What is left is gone through level by level, so
that all that a loop needs is there before it begins.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.compiler.shapes import INPUT, Ref, Shapes
from autograd.forms import native

LARGEST_SHAPE, MOST_OPERANDS = 32, 16
"""How many instructions and operands a shape has at most."""
MOST_SHAPES, ITEMS = 40, 1_500
"""How many shapes there are at most, beside those of items that are not joined; more where there
are more than so many items for each."""
Shape: TypeAlias = tuple[int, ...]
"""The pattern of an item and, for each operand, the index of its shape, or -1 if it is taken from
elsewhere."""


class Loop(NamedTuple):
    """The same steps again and again."""

    shape: int
    times: int


class Loops:
    """Code as loops, which go through rows of a table.

    Each row has the place of the result, or of the check, and those of the operands, as they are
    needed. Constants have the first places, then come inputs and what is computed.

    Args:
        code: the code.
        results: the numbers that are wanted.
        checks: what must hold in each lane: its place among all checks, a truth value, and which.
    """

    def __init__(
        self, code: Shapes, results: Sequence[Ref], checks: Sequence[tuple[int, Ref, bool]]
    ) -> None:
        self._code = code
        false, true = len(code.patterns), len(code.patterns) + 1
        self._checks = {false: False, true: True}
        asked = [(true if expected else false, mask) for _, mask, expected in checks]
        self._items = [*code.items, *asked]
        self._wanted = results
        self._indices: dict[Shape, int] = {}
        self._join(None)
        most = max(MOST_SHAPES, len(self._items) // ITEMS)
        if len({self._shapes[i] for i in self._roots()}) > most:
            common = Counter(self._shapes).most_common(most)
            self._join({shape for shape, _ in common})
        self.shapes = [*self._indices]
        """The shapes, by their indices."""
        self._arrange([place for place, *_ in checks])
        self.size = len(code.constants) + len(code.inputs) + len(self._order)
        """How many places there are."""

    def alike(self, x: Ref) -> bool:
        """Whether a number is the same in all lanes."""
        return self._uniform[x]

    def width(self, shape: int) -> int:
        """How many numbers there are in a row."""
        return 1 + sum([1 if part < 0 else self.width(part) - 1 for part in self.shapes[shape][1:]])

    def masks(self, pattern: int) -> list[bool]:
        """Which operands of a pattern are truth values."""
        if pattern in self._checks:
            return [True]
        code, _ = self._code.patterns[pattern]
        return [*map(code.is_mask, code.inputs)]

    def check(self, shape: int) -> bool | None:
        """The truth value that must hold, of a shape that is a check; None for others."""
        return self._checks.get(self.shapes[shape][0])

    def place(self, x: Ref | float) -> int:
        """The place of a number."""
        return int(self._places[self._code.ref(x)])

    def _join(self, common: set[int] | None) -> None:
        """Join items with those that need them, if there is only one.

        Args:
            common: the shapes that there may be beside those of single items, if not all.
        """
        items, constants = self._items, len(self._code.constants)
        uses = self._uses()
        sizes = [len(x.order) for x in self._code.patterns] + [1, 1]
        uniform = [False] * len(items) + [True] * constants  # constants count from the end
        for x in self._code.uniform:
            uniform[x] = True
        self._shapes: list[int]
        self._leaves: list[tuple[Ref, ...]]
        self._joined: list[bool]
        self._level: list[int]
        self._uniform: list[bool]
        found = (_join if native is None else native.join)(
            items, uses, sizes, uniform, bool(self._code.uniform), self._indices, common,
            LARGEST_SHAPE, MOST_OPERANDS,
        )  # fmt: skip
        self._shapes, self._leaves, self._joined, self._level, self._uniform = found

    def _uses(self) -> list[int]:
        """How often each item, and each constant from the end, is needed."""
        flat = [x for item in self._items for x in item[1:]]
        flat += self._wanted
        places = len(self._items) + len(self._code.constants)
        counts: list[int] = np.bincount(np.array(flat, np.intp) % places, minlength=places).tolist()
        return counts

    def _roots(self) -> list[int]:
        """The items that are not joined with others."""
        return [
            i
            for i, (item, joined) in enumerate(zip(self._items, self._joined, strict=True))
            if item[0] != INPUT and not joined
        ]

    def _arrange(self, checks: Sequence[int]) -> None:
        """Find the loops, and the rows that they go through."""
        code = self._code
        roots = np.array(self._roots(), dtype=np.intp)
        last = len(code.items)
        # Checks are made in each lane, whatever they ask.
        alike = np.array(self._uniform[: len(self._items)], bool)[roots] & (roots < last)
        level = np.array(self._level, dtype=np.intp)[roots]
        shape = np.array(self._shapes, dtype=np.intp)[roots]
        order = np.lexsort((shape, level, ~alike))
        self._order = [*roots[order].tolist()]
        alike, level, shape = alike[order], level[order], shape[order]
        self._places = np.zeros(len(self._items) + len(code.constants), np.int64)
        # A negative reference counts from the end.
        self._places[[-1 - i for i in range(len(code.constants))]] = range(len(code.constants))
        self._places[code.inputs] = range(
            len(code.constants), len(code.constants) + len(code.inputs)
        )
        start = len(code.constants) + len(code.inputs)
        self._places[self._order] = range(start, start + len(self._order))
        table: list[int] = []
        marks: list[int] = []
        for i in self._order:
            if i >= last:
                marks.append(len(table))
            table.append(i)
            table += self._leaves[i]
        self.rows = self._places[np.array(table, dtype=np.intp)]
        """The rows, one after the other."""
        self.checks = np.array(marks, dtype=np.intp)
        """Where in them the places of checks are."""
        self.rows[self.checks] = [checks[i - last] for i in self._order if i >= last]
        ends = np.flatnonzero(np.diff(shape) | np.diff(level) | np.diff(alike)) + 1
        self.before: list[Loop] = []
        """The loops that compute what is the same in all lanes; their rows come first."""
        self.within: list[Loop] = []
        """Those that do what is to be done in each lane."""
        for begin, end in pairwise([0, *ends.tolist(), len(shape)] if len(shape) else ()):
            loops = self.before if alike[begin] else self.within
            loops.append(Loop(int(shape[begin]), end - begin))


def _join(
    items: Sequence[tuple[int, ...]],
    uses: Sequence[int],
    sizes: Sequence[int],
    uniform: list[bool],
    any_uniform: bool,
    indices: dict[Shape, int],
    common: set[int] | None,
    largest: int,
    most: int,
) -> tuple[list[Any], ...]:
    """Join items with those that need them, if there is only one.

    Args:
        items: as `Shapes` has them, and checks.
        uses: how often each of them, and each constant from the end, is needed.
        sizes: how many instructions there are in each pattern.
        uniform: which items are the same in all lanes, as far as that is known, and constants.
        any_uniform: whether any input is.
        indices: of the shapes, which may be new.
        common: the shapes that there may be beside those of single items, if not all.
        largest: how many instructions a shape has at most.
        most: how many operands.

    Returns:
        The shape of each item, what it takes from elsewhere, whether it is joined, its level, and
        whether it is the same in all lanes.
    """
    level, below = [0] * len(uniform), [0] * len(uniform)
    size, shapes = [0] * len(uniform), [0] * len(items)  # 0 for what is not to be joined
    leaves: list[tuple[Ref, ...]] = [()] * len(items)
    joined = [False] * len(items)
    for i, item in enumerate(items):
        pattern, *refs = item
        if pattern == INPUT:
            continue
        alike = any_uniform and False not in [uniform[x] for x in refs]
        uniform[i] = alike
        count, lowest = sizes[pattern], 0
        parts, needed, taken = [pattern], list[Ref](), list[Ref]()
        for x in refs:
            more = size[x]
            if (
                more and count + more <= largest and uniform[x] is alike
                and len(needed) + len(leaves[x]) < most
            ):  # fmt: skip
                parts.append(shapes[x])
                needed += leaves[x]
                count += more
                if below[x] > lowest:
                    lowest = below[x]
                taken.append(x)
            else:
                parts.append(-1)
                needed.append(x)
                if level[x] > lowest:
                    lowest = level[x]
        kind = tuple(parts)
        shape = indices.get(kind)
        if shape is None:
            shape = indices[kind] = len(indices)
        if common is not None and taken and shape not in common:
            needed, taken = refs, []
            count, lowest = sizes[pattern], max([level[x] for x in refs])
            shape = indices.setdefault((pattern, *[-1] * len(refs)), len(indices))
        for x in taken:
            joined[x] = True
        shapes[i], leaves[i] = shape, tuple(needed)
        if uses[i] == 1:
            size[i] = count
        below[i], level[i] = lowest, lowest + 1
    return shapes, leaves, joined, level, uniform
