"""A program as Python source that computes one call: the same bits as the function itself."""

import math
import operator
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from autograd import kernels
from autograd.compiler.guards import COMPARISONS, FINITE
from autograd.compiler.program import PASSED, Guard, Program, Ref
from autograd.compiler.results import Item, Result, written
from autograd.op import Op
from autograd.quiet import quietly


class PythonSource:
    """The function that computes a program, with its source.

    Called with the inputs, it returns the place of the first guard that fails and None, or `PASSED`
    and what the recorded function returned.
    """

    def __init__(self, program: Program, result: Result) -> None:
        self._program, self._built = program, result.build
        self._names: dict[str, Any] = {"math": math, "np": np, "dot": kernels.dot}
        self.source = "\n".join(self._lines(result.structure)) + "\n"
        exec(compile(self.source, "<recorded program>", "exec"), self._names)
        self._function: Callable[..., Any] = self._names["program"]

    def __call__(self, numbers: Sequence[float]) -> tuple[int, Any]:
        try:
            found: tuple[int, Any] = self._function(numbers)
            return found
        except (ArithmeticError, ValueError):  # Python raises where IEEE 754 has a result
            return quietly(self._carefully, numbers)

    def _carefully(self, inputs: Sequence[float]) -> tuple[int, Any]:
        """The program step by step, with the result of each operation at any numbers."""
        program, numbers = self._program, [*inputs]

        def number(ref: Ref) -> float:
            return numbers[ref] if ref >= 0 else program.constants[~ref]

        waiting, steps = program.waiting(), program.steps
        for place in range(program.size + 1):
            for index in waiting.get(place, ()):
                guard = program.guards[index]
                if not holds(guard, [*map(number, guard.operands)]):
                    return index, None
            if place < program.size:
                op, operands = steps[place]
                numbers.append(op.value(*map(number, operands)))
        return PASSED, self._built([*map(number, program.outputs)])

    # --- Written --------------------------------------------------------------------------------

    def _lines(self, structure: Any) -> list[str]:
        program = self._program
        lines = ["def program(inputs):"]
        if program.inputs:
            names = ", ".join(map(self._number, range(len(program.inputs))))
            lines.append(f"    {names}, = inputs")
        waiting, steps = program.waiting(), program.steps
        for place in range(program.size + 1):
            for index in waiting.get(place, ()):
                condition = self._condition(index, program.guards[index])
                lines.append(f"    if {condition}: return {index}, None")
            if place < program.size:
                op, operands = steps[place]
                name = self._number(len(program.inputs) + place)
                lines.append(f"    {name} = {self._step(op, operands)}")
        lines.append(f"    return {PASSED}, {written(structure, self._item, self._thing)}")
        return lines

    def _number(self, ref: Ref) -> str:
        if ref >= 0:
            return f"x{ref}"
        x = self._program.constants[~ref]
        if math.isfinite(x):
            return repr(x) if math.copysign(1.0, x) > 0.0 else f"({x!r})"
        return self._thing("nan" if x != x else "inf" if x > 0.0 else "minus_inf", x)

    def _step(self, op: Op, operands: Sequence[Ref]) -> str:
        names = [*map(self._number, operands)]
        known = [self._program.constants[~x] if x < 0 else None for x in operands]
        python = op.python(*known) if callable(op.python) else op.python
        if python is None and getattr(op.forward, "__module__", "") == operator.add.__module__:
            python = op.text
        if python is not None:
            return op.write(python, names)
        forward: Any = op.forward
        name = getattr(forward, "__name__", op.name)
        return (
            f"{self._thing(name if name.isidentifier() else op.name, forward)}({', '.join(names)})"
        )

    def _condition(self, index: int, guard: Guard) -> str:
        """Python's condition under which a guard fails."""
        names = [*map(self._number, guard.operands)]
        if guard.test is not None:
            return f"not {self._thing(f'same{index}', guard.test)}({', '.join(names)})"
        text = f"{names[0]} - {names[0]} == 0.0"
        if guard.asked != FINITE:
            text = f"{names[0]} {guard.asked} {names[1]}"
        return f"not {text}" if guard.answer else text

    def _thing(self, name: str, thing: Any) -> str:
        """The name under which the source knows a thing."""
        wished, more = name, count(1)
        while self._names.setdefault(name, thing) is not thing:
            name = f"{wished}_{next(more)}"
        return name

    def _item(self, item: Item) -> str:
        """The expression of an item of the result."""
        names = [*map(self._number, self._program.outputs[item.start : item.stop])]
        if item.kind == "constant":
            thing = self._thing(f"constant{len(self._names)}", item.constant)
            return f"{thing}.copy()" if isinstance(item.constant, np.ndarray) else thing
        if item.shape is None:
            return f"int({names[0]})" if item.kind == "int" else names[0]
        text = f"np.array([{', '.join(names)}])"
        if item.kind == "int":
            text += ".astype(np.int64)"
        return text if len(item.shape) == 1 else f"{text}.reshape({item.shape})"


def holds(guard: Guard, numbers: Sequence[float]) -> bool:
    """Whether the condition of a guard holds for other numbers."""
    if guard.test is not None:
        return bool(guard.test(*numbers))
    return _COMPARED[guard.asked](*numbers) is guard.answer


_COMPARED: dict[str, Callable[..., bool]] = {
    **{sign: f for f, sign in COMPARISONS.items() if not isinstance(f, np.ufunc)},
    FINITE: math.isfinite,
}
