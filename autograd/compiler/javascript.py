"""A graph as JavaScript that computes its numbers anew, with the local derivatives, in a browser.

Each operation that occurs becomes a function, from the same instructions as compiled code. Sums are
not rounded once, and the digits of an exponential are those of the browser: the last ones of a
number may differ from Python's.
"""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from autograd.compiler.instructions import MATHEMATICS, Instruction
from autograd.compiler.lowering import CannotLower, Code, Ref, Slot
from autograd.compiler.program import Program
from autograd.graph import arguments, sort
from autograd.op import Op
from autograd.quiet import quietly
from autograd.value import Value

_SIGNS = {
    "less": "{} < {}", "less_equal": "{} <= {}", "greater": "{} > {}", "greater_equal": "{} >= {}",
    "equal": "{} === {}", "not_equal": "{} !== {}",
    "and": "{} && {}", "or": "{} || {}", "not": "!{}", "select": "{} ? {} : {}", "number": "+{}",
    "add": "{} + {}", "subtract": "{} - {}", "multiply": "{} * {}", "divide": "{} / {}",
    "negative": "-{}", "fmod": "{} % {}", "exp2": "2 ** {}",
}  # fmt: skip
"""Instructions that JavaScript has a sign for."""
_WRITTEN = {"copysign", "pow", "erf", "erfc", "rounded", "_sinc_derivative"}
"""Instructions that are functions of `program.js`."""
LONG = 300
"""How many characters a function may have before one is written for the constants it is given."""


def javascript(order: Sequence[Value]) -> str | None:
    """A graph as a JavaScript expression: an array with an entry for each node.

    An entry is empty for a leaf. Otherwise it is an object with `rule`, a function from numbers to
    the value and several arrays, as `_function` has them, and `operands`, for each the place of a
    node, or a constant in an array. It calls the functions of `program.js`.

    Args:
        order: the nodes in topological order.

    Returns:
        None if there is an operation that has no formula to be written out.
    """
    rules = _Rules()
    places = {node: place for place, node in enumerate(order)}
    entries = []
    for node in order:
        if node.op is None:
            entries.append("{}")
            continue
        try:
            rule = rules.name(node.op, node)
        except CannotLower:
            return None
        operands = [
            f"[{_literal(x)}]" if isinstance(x, float) else str(places[x]) for x in node.operands
        ]
        entries.append(f"{{rule:{rule},operands:[{','.join(operands)}]}}")
    sources = "\n".join([f"const {name} = {source};" for source, name in rules.names.items()])
    return f"(() => {{\n{sources}\nreturn [{','.join(entries)}];\n}})()"


class _Rules:
    """The functions that compute an operation and its derivatives, each of them once."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        """By their sources."""
        self._known: dict[Any, str] = {}

    def name(self, op: Op, node: Value) -> str:
        """The name of the function for a node.

        Raises:
            CannotLower: if the operation has no formula.
        """
        source = self._source(op, node, [None] * len(node.operands))
        if len(source) > LONG:
            fixed = [x if isinstance(x, float) else None for x in node.operands]
            source = self._source(op, node, fixed)
        return self.names.setdefault(source, f"{op.name}_{len(self.names)}")

    def _source(self, op: Op, node: Value, fixed: Sequence[float | None]) -> str:
        kind = op, *map(repr, fixed)
        if kind not in self._known:
            self._known[kind] = _rule(op, node, fixed)
        return self._known[kind]


def _rule(op: Op, node: Value, fixed: Sequence[float | None]) -> str:
    """The function of an operation, for the constants that it may be given only."""
    if not op.own:
        raise CannotLower(op)
    operands = [
        Value(float(z)) if x is None else x for x, z in zip(fixed, arguments(node), strict=True)
    ]
    out = Value(math.nan)  # where some derivatives are computed that are else the constant 0
    constants = [place for place, x in enumerate(operands) if isinstance(x, float)]
    slopes = quietly(op.differentiate, out, operands, constants)
    # Those of operations on any number of operands depend on which is the largest when recorded.
    kinks = op.kinks_of(len(operands)) if op.arity else []
    zeros = [quietly(kink, *operands) for kink in kinks]
    asked = [[quietly(zero, *operands) for zero, _ in cases] for *cases, _ in op.reasons]
    given = [x for x in operands if isinstance(x, Value)] + [out]
    program = Program([""] * len(given), given)
    outputs = [*slopes, *zeros, *[x for several in asked for x in several]]
    program.extend(sort(*[x for x in outputs if isinstance(x, Value)], first=given))
    program.finish(outputs)
    code = Code()
    inputs = [code.input(uniform=False) for _ in operands]
    numbers = [slot if x is None else x for slot, x in zip(inputs, fixed, strict=True)]
    value = code.lower(op, numbers)
    refs = code.steps(program, [*[x for x in numbers if isinstance(x, Slot)], value])
    found = [refs[x] if x >= 0 else program.constants[~x] for x in program.outputs]
    return _function(code, value, _split(found, [len(slopes), len(zeros), *map(len, asked)]))


def _function(code: Code, value: Ref, rows: Sequence[Sequence[Ref]]) -> str:
    """The source of a function that returns a value, partial derivatives, numbers that are 0 at a
    kink, and for each operand those that are 0 where a reason holds. What no output depends on is
    left out.
    """
    slopes, kinks, *asked = rows
    needed = {x.place for x in (value, *[y for row in rows for y in row]) if isinstance(x, Slot)}
    for place in reversed(range(len(code.instructions))):
        if place in needed:
            operands = code.instructions[place].operands
            needed.update([x.place for x in operands if isinstance(x, Slot)])
    lines = [
        f"t{place} = {_expression(instruction)}"
        for place, instruction in enumerate(code.instructions)
        if place in needed and instruction.name != "input"
    ]
    body = f"const {', '.join(lines)}; " if lines else ""
    reasons = f", {', '.join(map(_listed, asked))}" if any(asked) else ""
    returned = f"[{_operand(value)}, {_listed(slopes)}, {_listed(kinks)}{reasons}]"
    return f"({', '.join(map(_operand, code.inputs))}) => {{ {body}return {returned}; }}"


def _split(refs: Sequence[Ref], lengths: Sequence[int]) -> list[Sequence[Ref]]:
    return [refs[start:stop] for start, stop in pairwise(accumulate(lengths, initial=0))]


def _listed(refs: Sequence[Ref]) -> str:
    return f"[{', '.join(map(_operand, refs))}]"


def _expression(instruction: Instruction) -> str:
    name, operands = instruction.name, [*map(_operand, instruction.operands)]
    if name in _SIGNS:
        return _SIGNS[name].format(*operands)
    if name not in _WRITTEN:
        assert name in MATHEMATICS or name == "abs", name
        name = f"Math.{name}"
    return f"{name}({', '.join(operands)})"


def _operand(ref: Ref) -> str:
    return f"t{ref.place}" if isinstance(ref, Slot) else _literal(ref)


def _literal(x: float | bool) -> str:
    if isinstance(x, bool):
        return str(x).lower()
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0.0 else "-Infinity"
    text = repr(x).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text
