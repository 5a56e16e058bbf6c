"""The order in which code is run: each check as early as it can be, each number when needed."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.instructions import Instruction, Ref, Slot

Mask: TypeAlias = NDArray[np.bool_]


class LaneCheck(NamedTuple):
    """A condition that must hold in a lane, or it leaves.

    Either `mask` or `test` is None. A test is called with a list of one array or float for each
    operand, of those lanes that have not left, and answers for each of them.
    """

    mask: Ref | None
    test: Callable[..., Mask] | None
    operands: tuple[Ref, ...]
    expected: bool

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The numbers that it is asked of."""
        return self.operands if self.mask is None else (self.mask,)


def ordered(
    instructions: Sequence[Instruction], results: Sequence[Ref], checks: Sequence[LaneCheck]
) -> list[Slot | int]:
    """The instructions that results and checks depend on, and the places of the checks."""
    known: set[Slot] = set()
    order: list[Slot | int] = []
    for index, check in enumerate(checks):
        order += [*_needed(instructions, check.refs, known), index]
    return [*order, *_needed(instructions, results, known)]


def _needed(
    instructions: Sequence[Instruction], refs: Iterable[Ref], known: set[Slot]
) -> list[Slot]:
    """The instructions that these depend on, but for those that are known."""
    found: list[Slot] = []
    waiting = [x for x in refs if isinstance(x, Slot)]
    while waiting:
        slot = waiting.pop()
        if slot not in known:
            known.add(slot)
            found.append(slot)
            waiting += [x for x in instructions[slot.place].operands if isinstance(x, Slot)]
    return sorted(found)
