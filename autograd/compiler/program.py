"""A recorded function as a flat program: numbers in, one operation of the table after the other."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from autograd.compiler.guards import FINITE, Requirement
from autograd.forms import native
from autograd.graph import Node
from autograd.notation.numbers import number
from autograd.op import Op

_bits = struct.Struct("d").pack

Ref = int
"""A number of a program: the place of an input, or of the step that computes it, counted on from
the inputs; `~place` for one of the constants."""


PASSED = -1
"""Stands for the guard that failed where all hold."""


class ProgramStep(NamedTuple):
    """An operation, and the numbers that it is applied to."""

    op: Op
    operands: tuple[Ref, ...]


class Guard(NamedTuple):
    """A condition that holds on the recorded path, and the line that asked for it."""

    asked: str
    """A comparison, "is finite", or the name of a function that was asked."""
    operands: tuple[Ref, ...]
    answer: Any
    test: Any
    """Of a function: whether it has the same answer for other numbers; otherwise None."""
    file: str
    line: int
    text: str
    """The condition as it reads in a listing."""

    @property
    def place(self) -> str:
        """The line that asked."""
        return f"{Path(self.file).name}, line {self.line}" if self.file else "the derivative"

    def __repr__(self) -> str:
        return f"<{self.text} ({self.place})>"


class Program:
    """The steps that compute what a function returns, and the conditions under which they do.

    Equal steps are one, steps whose operands are constants are constants, and what nothing depends
    on is left out. `print` shows it.
    """

    def __init__(self, inputs: Sequence[str], nodes: Sequence[Node]) -> None:
        self.inputs = list(inputs)
        """The names of the numbers that go in."""
        self.constants: list[float] = []
        self.ops: list[Op] = []
        """The operations that there are."""
        self.entries: list[tuple[int, ...]] = []
        """For each step the index of its operation, and its operands: tuples of integers alone,
        which the collector of garbage does not look at again."""
        self.overflown: set[Ref] = set()
        """The steps of operations on any number of operands that were not finite when recorded."""
        self.guards: list[Guard] = []
        self.outputs: list[Ref] = []
        self._refs: dict[Node, Ref] = {node: place for place, node in enumerate(nodes)}
        self._places: dict[Any, Ref] = {}
        self._numbers: dict[Op, int] = {}

    # --- Made -----------------------------------------------------------------------------------

    def extend(self, order: Iterable[Node]) -> None:
        """Append the steps of nodes in topological order."""
        if native is None:
            self._extend(order)
        else:
            fields = self._refs, self._places, self.constants, self.entries, self.ops, self._numbers
            native.extend([*order], *fields, self.overflown, len(self.inputs))

    def _extend(self, order: Iterable[Node]) -> None:
        """The same in Python."""
        refs, places, entries, numbers = self._refs, self._places, self.entries, self._numbers
        start = len(self.inputs)
        for node in order:
            if node in refs:
                continue
            if (op := node.op) is None:
                refs[node] = self.constant(node._number)
                continue
            operands = [refs[x] if isinstance(x, Node) else self.constant(x) for x in node.operands]
            if operands and operands[0] < 0 and max(operands) < 0:
                refs[node] = self.constant(node._number)
                continue
            number = numbers.get(op)
            if number is None:
                if op.python == "#1":  # its operand itself
                    refs[node] = operands[0]
                    continue
                number = numbers[op] = len(self.ops)
                self.ops.append(op)
            entry = (number, *operands)
            place = places.get(entry)
            if place is None:  # there is no equal step
                place = places[entry] = start + len(entries)
                entries.append(entry)
                if op.arity is None and not isfinite(node._number):
                    self.overflown.add(place)
            refs[node] = place

    def constant(self, x: float) -> Ref:
        key = _bits(x)
        if key not in self._places:
            self.constants.append(x)
            self._places[key] = -len(self.constants)
        return self._places[key]

    def ref(self, item: Any) -> Ref:
        """The number of a node or a constant."""
        return self._refs[item] if isinstance(item, Node) else self.constant(float(item))

    def guard(self, condition: Requirement, file: str, line: int) -> None:
        """Append a condition, unless it is about constants or is there already."""
        operands = tuple([self.ref(x) for x in condition.operands])
        if not operands or max(operands) < 0:
            return
        key = condition.asked, operands
        if condition.test is None:
            if key in self._places:
                return
            self._places[key] = 0
        text = self._condition(condition.asked, operands, condition.answer)
        self.guards.append(
            Guard(condition.asked, operands, condition.answer, condition.test, file, line, text)
        )

    def finish(self, outputs: Iterable[Any]) -> None:
        """Set the outputs, nodes and constants, and forget the nodes and what was looked up."""
        self.outputs = [self.ref(x) for x in outputs]
        self._refs, self._places, self._numbers = {}, {}, {}

    def reopened(self, known: Mapping[Node, Ref]) -> "Program":
        """The same program, to be extended by nodes that are computed from known ones."""
        twin = Program(self.inputs, ())
        twin.constants, twin.ops, twin.entries = [*self.constants], [*self.ops], [*self.entries]
        twin.guards, twin.outputs = self.guards, self.outputs
        twin.overflown = {*self.overflown}
        twin._refs = dict(known)
        twin._places = {_bits(x): ~place for place, x in enumerate(self.constants)}
        start = len(self.inputs)
        twin._places |= {entry: start + i for i, entry in enumerate(self.entries)}
        twin._numbers = {op: number for number, op in enumerate(self.ops)}
        return twin

    # --- Read -----------------------------------------------------------------------------------

    @property
    def steps(self) -> list[ProgramStep]:
        """The steps, in the order in which they are computed."""
        return [ProgramStep(self.ops[entry[0]], entry[1:]) for entry in self.entries]

    def operands(self, place: Ref) -> tuple[Ref, ...]:
        """The operands of the step that computes a number."""
        return self.entries[place - len(self.inputs)][1:]

    @property
    def size(self) -> int:
        """The number of steps."""
        return len(self.entries)

    def __len__(self) -> int:
        return self.size

    def waiting(self) -> dict[int, list[int]]:
        """The guards, by how many steps there must have been for their numbers to be known."""
        found: dict[int, list[int]] = {}
        for index, guard in enumerate(self.guards):
            after = max(0, max(guard.operands) - len(self.inputs) + 1)
            found.setdefault(after, []).append(index)
        return found

    def name(self, ref: Ref) -> str:
        """A number as the listing calls it."""
        if ref < 0:
            return number(self.constants[~ref], digits=None)
        return self.inputs[ref] if ref < len(self.inputs) else f"t{ref - len(self.inputs)}"

    def _condition(self, asked: str, operands: tuple[Ref, ...], answer: Any) -> str:
        names = [*map(self.name, operands)]
        if len(operands) == 2 and asked[0] in "<>=!":
            if asked in "!===" and operands[0] == operands[1]:
                return f"{names[0]} is {'nan' if (asked == '!=') == answer else 'not nan'}"
            text = f"{names[0]} {asked} {names[1]}"
        elif asked == FINITE:
            return f"{names[0]} is {'' if answer else 'not '}finite"
        else:
            text = f"{asked}({', '.join(names[:6])}{', …' if len(names) > 6 else ''})"
            if answer is not True and answer is not False:
                return f"{text} is {answer}"
        return text if answer else f"not {text}"

    def __repr__(self) -> str:
        return (
            f"<Program of {len(self.inputs)} inputs, {self.size} steps, {len(self.guards)} guards, "
            f"{len(self.outputs)} outputs>"
        )

    def __str__(self) -> str:
        lines = [f"inputs   {', '.join(self.inputs) or 'none'}"]
        waiting, steps = self.waiting(), self.steps
        width = len(f"t{self.size}")
        for place in range(self.size + 1):
            for guard in [self.guards[index] for index in waiting.get(place, ())]:
                lines.append(f"require  {guard.text}    # {guard.place}")
            if place < self.size:
                op, operands = steps[place]
                text = op.write(op.text, [*map(self.name, operands)])
                lines.append(f"{f't{place}':<{width}} = {text}")
        lines.append(f"outputs  {', '.join(map(self.name, self.outputs)) or 'none'}")
        return "\n".join(lines)
