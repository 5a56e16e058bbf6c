"""How close to the threshold of a guard a number may be before another core might decide otherwise.

Cores that compute many lanes have other exponentials than the one that records, and sum in another
order: their numbers differ in the last digits. Numbers that are computed by exact steps alone do
not. The bound is that of a first-order error analysis, as in `autograd.compare.rounding`: an
operation hands on the errors of its operands, multiplied by its partial derivatives, and adds its
own. It is computed in each lane, by steps of the program.
"""

from collections.abc import Sequence
from typing import Any

from autograd.compare.rounding import EPSILON
from autograd.compiler.guards import FINITE
from autograd.compiler.lowering import is_exact
from autograd.compiler.program import Guard, Program, Ref
from autograd.derivative import operand_partials
from autograd.graph import Node, sort
from autograd.quiet import quiet
from autograd.value import Value

UNITS = 512.0
"""How many units in the last place two cores may differ in one operation; most are within 4 of the
true number, but some special functions only within 256."""

Margins = list[list[tuple[Ref, Ref]]]
"""For each guard, pairs of a distance and what it must be more than."""


@quiet
def with_margins(program: Program, at: Sequence[float]) -> tuple[Program, Margins]:
    """The program with the steps for the margins of its guards.

    Args:
        program: the program.
        at: the inputs with which it was recorded.
    """
    if not any(_inexact(program, guard) for guard in program.guards):
        return program, [[] for _ in program.guards]
    errors = _Errors(program, at)
    wanted = [errors.of_guard(guard) for guard in program.guards]
    roots = [x for pairs in wanted for pair in pairs for x in pair if isinstance(x, Node)]
    longer = program.reopened(errors.known())
    longer.extend(sort(*roots, first=[*errors.known()]))
    margins = [[(longer.ref(x), longer.ref(y)) for x, y in pairs] for pairs in wanted]
    return longer, margins


def _inexact(program: Program, guard: Guard) -> bool:
    """Whether a guard depends on a step that is not exact."""
    seen: set[Ref] = set()
    waiting = [*guard.operands]
    while waiting:
        place = waiting.pop() - len(program.inputs)
        if place >= 0 and place not in seen:
            seen.add(place)
            op, operands = program.steps[place]
            if not is_exact(op, len(operands)):
                return True
            waiting += operands
    return False


class _Errors:
    """The errors of the numbers of a program, as Values or constants; 0.0 where it is exact."""

    def __init__(self, program: Program, at: Sequence[float]) -> None:
        self._program = program
        self._values: list[Any] = [Value(x) for x in at]
        self._errors: dict[Node, Any] = dict.fromkeys(self._values, 0.0)
        self._jumps: dict[Node, list[tuple[Any, Any]]] = {}
        for op, operands in program.steps:
            out = Value._record(op, [*map(self._value, operands)])
            self._values.append(out)
            self._errors[out] = self._of_step(out)
            self._jumps[out] = self._jumps_of(out)

    def known(self) -> dict[Node, Ref]:
        """The Values of the inputs and the steps of the program."""
        return {value: place for place, value in enumerate(self._values)}

    def of_guard(self, guard: Guard) -> list[tuple[Any, Any]]:
        """The distances that must be more than something for a guard to be sure."""
        values = [*map(self._value, guard.operands)]
        errors = [self._error(x) for x in values]
        jumps = [
            pair
            for node in sort(*[x for x in values if isinstance(x, Node)])
            for pair in self._jumps.get(node, ())
        ]
        if all(type(error) is float for error in errors):
            return jumps
        if guard.test is not None:
            return [(0.0, 1.0)]  # nobody knows how close it is
        if guard.asked == FINITE or values[0] is values[1]:
            return jumps
        return [*jumps, (_size(values[0] - values[1]), _sum(errors))]

    def _value(self, ref: Ref) -> Any:
        return self._values[ref] if ref >= 0 else self._program.constants[~ref]

    def _error(self, x: Any) -> Any:
        return self._errors.get(x, 0.0) if isinstance(x, Node) else 0.0

    def _moved(self, node: Node) -> list[Node | None]:
        """The operands that are not exact, None for the others."""
        return [
            x if isinstance(x, Node) and type(self._error(x)) is not float else None
            for x in node.operands
        ]

    def _of_step(self, out: Node) -> Any:
        """The error of a number: that of the step itself, and what it hands on."""
        op, operands = out.op, out.operands
        assert op is not None
        moved = self._moved(out)
        if is_exact(op, len(operands)) and not any(x is not None for x in moved):
            return 0.0
        if op.selects:  # never more than what is moved
            return _sum([self._errors[x] for x in moved if x is not None])
        handed = [_size(slope) * self._errors[x] for x, slope in operand_partials(out, moved)]
        if is_exact(op, len(operands)):  # it rounds, and other numbers otherwise
            return _sum([EPSILON * _size(out), *handed])
        units = UNITS * EPSILON * (len(operands) if op.arity is None else 1)
        nodes = [x if isinstance(x, Node) else None for x in operands]
        # Its terms may be larger than a sum, and so may the logarithms of a product.
        terms = [units * _size(slope * x) for x, slope in operand_partials(out, nodes)]
        return _sum([units * _size(out), *terms, *handed])

    def _jumps_of(self, out: Node) -> list[tuple[Any, Any]]:
        """Pairs as in `Margins`, which tell that no operand that is not exact is near a kink."""
        op, operands = out.op, out.operands
        assert op is not None
        moved = self._moved(out)
        if op.arity is None or not any(x is not None for x in moved):
            return []
        kinks = [kink(*operands) for kink in op.kinks_of(op.arity)]
        if op.condition and moved[0] is not None:
            kinks.append(operands[0])
        for node in sort(*[x for x in kinks if isinstance(x, Node)], first=self._errors):
            if node not in self._errors:
                self._errors[node] = self._of_step(node) if node.op else 0.0
        return [(_size(kink), self._error(kink)) for kink in kinks]


def _size(x: Any) -> Any:
    return abs(x)


def _sum(terms: Sequence[Any]) -> Any:
    total: Any = 0.0
    for term in terms:
        total = term if type(total) is float and total == 0.0 else total + term
    return total
