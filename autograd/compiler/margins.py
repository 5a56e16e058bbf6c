"""How close to the threshold of a guard a number may be before another core might decide otherwise.

Cores that compute many lanes have other exponentials than the one that records, and sum in another
order: their numbers differ in the last digits. Numbers that are computed by exact steps alone do
not. The bound is that of a first-order error analysis, as in `autograd.rounding`: an
operation hands on the errors of its operands, multiplied by its partial derivatives, and adds its
own. It is computed in each lane, by steps of the program. In units of `EPSILON` a bound is larger
than its number: where that is near the end of the range of floats, the bound is infinite.
"""

import functools
from collections.abc import Container, Sequence
from math import inf, isfinite
from sys import float_info
from typing import Any

from autograd.compiler.guards import COMPARISONS, FINITE
from autograd.compiler.lowering import is_exact
from autograd.compiler.program import Guard, Program, Ref
from autograd.derivative import operand_partials
from autograd.graph import Node, arguments, sort
from autograd.op import Op
from autograd.quiet import quiet
from autograd.rounding import EPSILON
from autograd.special import erfc
from autograd.value import Value

UNITS, UNITS_OF_SPECIAL = 8.0, 512.0
"""How many units in the last place two cores may differ in one operation. Each is within 4 of the
true number, but in a few special functions only within 256."""
STEEPEST = 2.0
"""No slope next to a corner is more than this; that of `selu` is 1.76."""
ROUNDED = 2.0
"""How many units an exact operation may differ by, as it rounds other numbers."""
LEAST = float_info.min / EPSILON
"""So many units, where numbers may have lost digits below the range of normal floats."""
NEVER = 0.0, 1.0
"""A pair as in `Margins` that tells of doubt everywhere."""

Margins = list[list[tuple[Ref, Ref]]]
"""For each guard, pairs of a distance and what it must be more than. Last, those of all steps."""


@quiet
def with_margins(program: Program, at: Sequence[float]) -> tuple[Program, Margins]:
    """The program with the steps for the margins of its guards.

    Args:
        program: the program.
        at: the inputs with which it was recorded.
    """
    if not _any_doubts(program):
        return program, [[] for _ in (*program.guards, None)]
    errors = _Errors(program, at)
    wanted = [*map(errors.of_guard, program.guards), errors.of_steps()]
    roots = [x for pairs in wanted for pair in pairs for x in pair if isinstance(x, Node)]
    longer = program.reopened(errors.known())
    longer.extend(sort(*roots, first=[*errors.known()]))
    margins = [[(longer.ref(x), longer.ref(y)) for x, y in pairs] for pairs in wanted]
    return longer, margins


@functools.cache
def _jumps(op: Op) -> bool:
    """Whether the value of an operation jumps, or is chosen by an operand."""
    return _has_jumps(op) or op.cut is not None or op.condition


def _has_jumps(op: Op) -> bool:
    """Whether the value jumps. Comparisons do not count: derivatives are made of them, which may be
    those of either side next to a kink."""
    return op.jumps and op.spoken and op.operator not in COMPARISONS.values()


def _vanishes_with(op: Op | None, factors: Sequence[bool]) -> bool:
    """Whether an operation gives 0 where some of its operands are 0.

    A number that is kept only where such an operand is not 0, as in derivatives, is the same either
    way next to 0.
    """
    places = [place for place, is_factor in enumerate(factors) if is_factor]
    return (
        op is not None
        and bool(places)
        and all(_vanishes(op, len(factors), place) for place in places)
    )


@functools.cache
def _vanishes(op: Op, count: int, place: int) -> bool:
    """Whether the value of an operation goes to 0 with one of its operands, whatever the other is,
    as that of a product does."""
    if count != 2 or op.jumps:
        return False
    pairs = [(0.0, x) if place == 0 else (x, 0.0) for x in (1.0, -1.0, 2.5)]
    return all(op.value(*pair) == 0.0 for pair in pairs)


def _any_doubts(program: Program) -> bool:
    """Whether a step that jumps, or a guard that the function asks for, depends on a step that is
    not exact."""
    jumps = [*map(_jumps, program.ops)]
    if not any(jumps) and not any(guard.file for guard in program.guards):
        return False
    selects = [op.condition and op.cut is None and not _has_jumps(op) for op in program.ops]
    steps = [*map(_is_a_step, program.ops)]
    inexact = [False] * (len(program.inputs) + program.size + len(program.constants))
    for place, (index, *operands) in enumerate(program.entries, len(program.inputs)):
        moved = True in [inexact[x] for x in operands]
        if moved and jumps[index] and not selects[index]:
            return True
        if selects[index] and inexact[operands[0]] and not _is_gate(program, operands):
            return True
        exact = is_exact(program.ops[index], len(operands))
        inexact[place] = not exact or (moved and not steps[index])
    return any(inexact[x] for guard in program.guards if guard.file for x in guard.operands)


def _is_gate(program: Program, operands: Sequence[Ref]) -> bool:
    """Whether the second operand is a multiple of the first one, and the third one 0."""
    factor, kept, other = operands
    place = kept - len(program.inputs)
    if place < 0 or other >= 0 or program.constants[~other] != 0.0:
        return False
    index, *parts = program.entries[place]
    return _vanishes_with(program.ops[index], [x == factor for x in parts])


@functools.cache
def _is_a_step(op: Op) -> bool:
    """Whether all derivatives of an operation are 0 wherever it does not jump."""
    if not op.jumps or op.arity is None:
        return False
    operands = [Value(0.5) for _ in range(op.arity)]
    slopes = operand_partials(Value._record(op, operands), operands)
    return not any(isinstance(slope, Node) or slope for _, slope in slopes)


class _Errors:
    """The errors of the numbers of a program, in units of `EPSILON`: Values, or 0.0 where a number
    is exact. They are formed for those that are asked for."""

    def __init__(self, program: Program, at: Sequence[float]) -> None:
        self._program = program
        self._values: list[Any] = [Value(x) for x in at]
        self._errors: dict[Node, Any] = dict.fromkeys(self._values, 0.0)
        self._looked_at = {*self._values}
        self._inexact: set[Node] = set()
        self._told: set[Node] = set()
        for op, operands in program.steps:
            out = Value._record(op, [*map(self._value, operands)])
            self._values.append(out)
            self._look_at(out)
        self._steps = {*self._values}

    def known(self) -> dict[Node, Ref]:
        """The Values of the inputs and the steps of the program."""
        return {value: place for place, value in enumerate(self._values)}

    def of_guard(self, guard: Guard) -> list[tuple[Any, Any]]:
        """The distances that must be more than something for a guard to be sure."""
        if not guard.file:  # the derivative asks: the bounds of all of it would cost too much
            return []
        values = [*map(self._value, guard.operands)]
        errors = [*map(self._error, values)]
        doubts = self._new_doubts(values)
        if all(type(error) is float for error in errors):
            return doubts
        if guard.test is not None:
            return [NEVER]  # nobody knows how close it is
        if guard.asked == FINITE or values[0] is values[1]:
            return [*doubts, (inf, EPSILON * _sum(errors))]
        return [*doubts, (_size(values[0] - values[1]), EPSILON * _sum(errors))]

    def _new_doubts(self, values: Sequence[Any]) -> list[tuple[Any, Any]]:
        """The doubts of numbers and of all that they depend on, which no guard before has told."""
        doubts: list[tuple[Any, Any]] = []
        waiting = [x for x in values if isinstance(x, Node)]
        while waiting:
            node = waiting.pop()
            if node not in self._told:
                self._told.add(node)
                doubts += self._doubts_of(node)
                waiting += [x for x in node.operands if isinstance(x, Node)]
        return doubts

    def of_steps(self) -> list[tuple[Any, Any]]:
        """The distances that must be more than something for the steps that jump to be sure."""
        return [
            pair
            for node in self._values
            if node not in self._told and node.op is not None and _jumps(node.op)
            for pair in self._doubts_of(node)
        ]

    def _value(self, ref: Ref) -> Any:
        return self._values[ref] if ref >= 0 else self._program.constants[~ref]

    def _look_at(self, node: Node) -> None:
        """Find out whether a number is exact, once that is known of its operands."""
        op, moved = node.op, self._moved(node)
        self._looked_at.add(node)
        if op is not None and (
            not is_exact(op, len(moved))
            or (any(x is not None for x in moved) and not self._on_a_step(node))
        ):
            self._inexact.add(node)
        else:
            self._errors[node] = 0.0

    def _on_a_step(self, node: Node) -> bool:
        """Whether a number stays the same where its operands move, as there is no doubt told."""
        op = node.op
        assert op is not None
        return op.jumps and not any(
            isinstance(slope, Node) or slope
            for _, slope in operand_partials(node, self._moved(node))
        )

    def _error(self, x: Any, curved: bool = True) -> Any:
        """The error of a number.

        Args:
            x: the number.
            curved: whether that of a step is more than a first-order bound.
        """
        if not isinstance(x, Node) or x not in self._inexact:
            return 0.0
        for node in _below(x, self._errors):
            self._errors[node] = self._of_step(node, curved and node in self._steps)
        return self._errors[x]

    def _moved(self, node: Node) -> list[Node | None]:
        """The operands that are not exact, None for the others."""
        return [x if isinstance(x, Node) and x in self._inexact else None for x in node.operands]

    def _of_step(self, out: Node, curved: bool) -> Any:
        """The error of a number that is not exact: of the step itself, and what it hands on.

        Args:
            out: the number.
            curved: whether slopes are taken to be off by their own errors.
        """
        op, operands = out.op, out.operands
        assert op is not None
        moved = self._moved(out)
        exact = is_exact(op, len(operands))
        if op.selects and not op.jumps:  # never more than what is moved
            handed = [STEEPEST * self._errors[x] for x in moved if x is not None]
        else:
            corner = STEEPEST if op.kinks and not op.jumps else 0.0
            slopes = operand_partials(out, moved)
            if curved:
                self._extend([slope for _, slope in slopes])
            handed = [
                _sum([_size(slope), corner, EPSILON * self._error(slope, False) if curved else 0.0])
                * self._errors[x]
                for x, slope in slopes
            ]
        if exact:
            return _sum([ROUNDED * _size(out), LEAST, *handed])
        special = getattr(op.forward, "__module__", "") == erfc.__module__
        units = UNITS_OF_SPECIAL if special else UNITS
        units *= len(operands) if op.arity is None else 1
        nodes = [x if isinstance(x, Node) else None for x in operands]
        # Its terms may be larger than a sum, and so may the logarithms of a product.
        terms = [units * _size(slope * x) for x, slope in operand_partials(out, nodes)]
        return _sum([units * _size(out), LEAST, *terms, *handed])

    def _doubts_of(self, out: Node) -> list[tuple[Any, Any]]:
        """Pairs as in `Margins`, which tell that the error is as `_of_step` has it: that no operand
        that is not exact is near a jump, a pole, or the end of a domain.
        """
        op, operands = out.op, out.operands
        moved = self._moved(out)
        if op is None or op.arity is None or not any(x is not None for x in moved):
            return []
        near: list[Any] = []
        if op.cut is not None:
            near.append(op.cut(*operands))
        if op.jumps:
            near += [kink(*operands) for kink in op.kinks_of(op.arity)]
        if op.condition and moved[0] is not None:
            factor, kept, other = operands
            parts = [x is factor for x in kept.operands] if isinstance(kept, Node) else ()
            gate = isinstance(kept, Node) and _vanishes_with(kept.op, parts)
            if not gate or isinstance(other, Node) or other != 0.0:
                near.append(factor)
        for place, x in enumerate(moved):
            if x is None:
                continue
            value: Any = x
            near += [value - end for end in op.domain[place] if isfinite(end)]
            numbers = arguments(out)
            numbers[place] = 0.0
            if not isfinite(op.evaluate(numbers)[1][place]):
                near.append(x)
        self._extend(near)
        return [
            (_size(x), EPSILON * error) for x in near if type(error := self._error(x)) is not float
        ]

    def _extend(self, numbers: Sequence[Any]) -> None:
        """Look at more numbers, which are computed from those that there are."""
        for x in numbers:
            if isinstance(x, Node):
                for node in _below(x, self._looked_at):
                    self._look_at(node)


def _below(x: Node, known: Container[Node]) -> list[Node]:
    """A number and those that it depends on, in topological order, but for known ones."""
    found: dict[Node, None] = {}
    waiting = [x]
    while waiting:
        node = waiting.pop()
        if node in found or node in known:
            continue
        missing = [
            y for y in node.operands if isinstance(y, Node) and y not in found and y not in known
        ]
        if missing:
            waiting += [node, *missing]
        else:
            found[node] = None
    return [*found]


def _size(x: Any) -> Any:
    return abs(x)


def _sum(terms: Sequence[Any]) -> Any:
    total: Any = 0.0
    for term in terms:
        total = term if type(total) is float and total == 0.0 else total + term
    return total
