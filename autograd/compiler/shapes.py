"""Code of long programs: few patterns, each of which comes again and again with other operands.

An operation is lowered once for all that are like it. What else there is to know of one of them is
a tuple of integers.
"""

import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from autograd.compiler.instructions import ARITHMETIC, COMPARISONS, Slot, key
from autograd.compiler.instructions import Ref as Operand
from autograd.compiler.lowering import Code, is_reordered
from autograd.compiler.program import Program
from autograd.compiler.schedule import ordered
from autograd.op import Op

_bits = struct.Struct("d").pack
LARGEST_PATTERN = 24
"""Operations on any number of operands that take more instructions than this are not one step."""
INPUT = -1
"""The pattern of an input."""

Ref: TypeAlias = int
"""A number or a truth value: the place of the item that it is, `~place` for a constant."""


class Pattern(NamedTuple):
    """The instructions of an item."""

    code: Code
    result: Operand

    @property
    def order(self) -> list[Slot]:
        """The instructions that are needed, in their order."""
        slots = ordered(self.code.instructions, [self.result], [])
        return [
            x for x in slots if isinstance(x, Slot) and self.code.instructions[x.place].operands
        ]

    def text(self) -> tuple[Any, ...]:
        """All that it does, to be compared with others."""
        instructions = self.code.instructions
        return tuple([(x.name, *map(key, x.operands)) for x in instructions]), key(self.result)


def _without(pattern: Pattern, constants: Sequence[float]) -> Pattern:
    """A pattern with more inputs in place of constants, wherever they are."""
    twin = Code(native=True)
    refs: dict[Any, Operand] = {x: twin.input(uniform=False) for x in pattern.code.inputs}
    for x in constants:
        refs[key(x)] = twin.input(uniform=False)
    for slot in pattern.order:
        instruction = pattern.code.instructions[slot.place]
        operands = tuple([refs.get(key(x), x) for x in instruction.operands])
        refs[slot] = twin.repeat(instruction._replace(operands=operands))
    return Pattern(twin, refs.get(key(pattern.result), pattern.result))


class Shapes:
    """Code that grows operation by operation, as `Code` does, for vectors of the processor."""

    native = True

    def __init__(self) -> None:
        self.patterns: list[Pattern] = []
        self.items: list[tuple[int, ...]] = []
        """The pattern of each item, and its operands; that of inputs is `INPUT`."""
        self.inputs: list[Ref] = []
        self.constants: list[float] = []
        self.uniform: set[Ref] = set()
        """Those inputs that are the same in all lanes."""
        self._masks: set[Ref] = set()
        self._places: dict[bytes, Ref] = {}
        self._known: dict[Any, Any] = {}
        self._shared = Code(native=True)
        self._slots: dict[Ref, Slot] = {}
        self._shared_refs: dict[Any, Any] = {}

    def input(self, uniform: bool) -> Ref:
        """A number that is given from outside."""
        self.items.append((INPUT,))
        self.inputs.append(len(self.items) - 1)
        if uniform:
            self.uniform.add(self.inputs[-1])
        return self.inputs[-1]

    def steps(self, program: Program, inputs: Sequence[Ref]) -> list[Ref]:
        """The numbers of a program, as `Code.steps` has them, of which it must be the first.

        An entry of an operation that is a single instruction is an item as it stands, as long as
        the places of both are the same.
        """
        constants = program.constants
        for x in constants:
            self.ref(x)
        simple = []
        for number, op in enumerate(program.ops):
            pattern = self._instruction(op)
            simple.append(pattern is not None)
            self.patterns.append(pattern or Pattern(Code(native=True), 0.0))
            if pattern is not None:
                self._known[op, op.arity] = partial(self._append, number)
        refs, aligned = [*inputs], True
        for entry in program.entries:
            if aligned and simple[entry[0]]:
                self.items.append(entry)
                refs.append(len(refs))
                continue
            index, *operands = entry
            given = [refs[x] if x >= 0 else constants[~x] for x in operands]
            refs.append(self.lower(program.ops[index], given))
            aligned = aligned and refs[-1] == len(refs) - 1
        return refs

    def _instruction(self, op: Op) -> Pattern | None:
        """The pattern of an operation that is a single instruction, whatever its operands are."""
        if op.arity is None or is_reordered(op, op.arity):
            return None
        code = Code(native=True)
        pattern = Pattern(code, code.lower(op, [code.input(False) for _ in range(op.arity)]))
        names = [code.instructions[x.place].name for x in pattern.order]
        single = len(names) == 1 and (names[0] in ARITHMETIC or names[0] in COMPARISONS)
        return pattern if single else None

    def lower(self, op: Op, operands: Sequence[Ref | float]) -> Ref:
        """The value of an operation, as `Code.lower` has it."""
        kind = op, len(operands)
        append: Callable[[Sequence[Ref | float]], Ref] | None = self._known.get(kind)
        if append is None:
            append = self._known[kind] = self._looked_at(op, len(operands))
        return append(operands)

    def emit(self, name: str, *operands: Ref | float) -> Ref:
        """The result of an instruction."""
        masks = tuple([type(x) is int and x in self._masks for x in operands])
        kind = name, masks
        if kind not in self._known:
            code = Code(native=True)
            refs = [code.input(uniform=False, mask=mask) for mask in masks]
            self._known[kind] = self._pattern(Pattern(code, code.emit(name, *refs)))
        ref = self._append(self._known[kind], operands)
        if self.is_mask(self._known[kind]):
            self._masks.add(ref)
        return ref

    def is_mask(self, pattern: int) -> bool:
        """Whether a pattern gives a truth value."""
        code, result = self.patterns[pattern]
        return code.is_mask(result)

    def ref(self, x: Ref | float) -> Ref:
        """The reference to a number, or to a constant."""
        if type(x) is int:
            return x
        bits = _bits(x)
        if bits not in self._places:
            self.constants.append(float(x))
            self._places[bits] = -len(self.constants)
        return self._places[bits]

    def _append(self, pattern: int, operands: Sequence[Ref | float]) -> Ref:
        self.items.append((pattern, *[x if type(x) is int else self.ref(x) for x in operands]))
        return len(self.items) - 1

    def _pattern(self, pattern: Pattern) -> int:
        self.patterns.append(pattern)
        return len(self.patterns) - 1

    def _looked_at(self, op: Op, count: int) -> Callable[[Sequence[Ref | float]], Ref]:
        """The function that appends an operation on so many operands."""
        if is_reordered(op, count):
            return partial(self._together, op)
        code = Code(native=True)
        inputs = [code.input(uniform=False) for _ in range(count)]
        pattern = Pattern(code, code.lower(op, inputs))
        if op.arity is None and len(pattern.order) > LARGEST_PATTERN:
            return partial(self._step_by_step, pattern)
        return partial(self._with_constants, op, {})

    def _with_constants(
        self,
        op: Op,
        known: dict[Any, tuple[int, list[float]]],
        operands: Sequence[Ref | float],
    ) -> Ref:
        """An operation whose instructions depend on which of its operands are constants."""
        kind = tuple([None if type(x) is int else _bits(x) for x in operands])
        if kind not in known:
            code = Code(native=True)
            given = [code.input(uniform=False) if type(x) is int else x for x in operands]
            constants = [x for x in operands if type(x) is not int]
            pattern = _without(Pattern(code, code.lower(op, given)), constants)
            text = pattern.text()
            if text not in self._known:
                self._known[text] = self._pattern(pattern)
            known[kind] = self._known[text], constants
        number, constants = known[kind]
        return self._append(number, [*[x for x in operands if type(x) is int], *constants])

    def _step_by_step(self, pattern: Pattern, operands: Sequence[Ref | float]) -> Ref:
        """An operation with a step for each of its instructions."""
        code, result = pattern
        refs: dict[Operand, Any] = dict(zip(code.inputs, operands, strict=True))
        for slot in pattern.order:
            name, parts, *_ = code.instructions[slot.place]
            refs[slot] = self.emit(name, *[refs.get(x, x) for x in parts])
        return self.ref(refs.get(result, result))

    def _together(self, op: Op, operands: Sequence[Ref | float]) -> Ref:
        """An operation that shares instructions with others: they are steps, but only once."""
        code, refs = self._shared, self._shared_refs
        for x in sorted({x for x in operands if type(x) is int} - self._slots.keys()):
            self._slots[x] = code.input(uniform=False)
            refs[self._slots[x]] = x
        result = code.lower(op, [self._slots[x] if type(x) is int else x for x in operands])
        waiting: list[Operand] = [result]
        while waiting:
            slot = waiting[-1]
            if not isinstance(slot, Slot) or slot in refs:
                waiting.pop()
                continue
            name, parts, *_ = code.instructions[slot.place]
            missing = [x for x in parts if isinstance(x, Slot) and x not in refs]
            waiting += missing
            if not missing:
                refs[slot] = self.emit(name, *[refs.get(x, x) for x in parts])
        return self.ref(refs.get(result, result))
