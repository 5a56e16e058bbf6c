"""Straight-line code: instructions on numbers and truth values, one after the other.

It says nothing about how it is run. Each instruction has the IEEE 754 result everywhere; which
digits an exponential or a logarithm has is up to what runs it.
"""

import math
import struct
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd import kernels
from autograd.quiet import quietly

_bits = struct.Struct("d").pack


class Slot(NamedTuple):
    """The place of an instruction in its code, which stands for its result."""

    place: int


Ref: TypeAlias = Slot | float | bool
"""An operand: the result of an instruction, or a constant."""


class Instruction(NamedTuple):
    """One step of code. Inputs are instructions called "input", without operands."""

    name: str
    operands: tuple[Ref, ...]
    mask: bool
    """Whether the result is a truth value."""
    uniform: bool
    """Whether it is the same in all lanes."""


COMPARISONS: dict[str, np.ufunc] = {
    name: getattr(np, name)
    for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
}
"""Of two numbers."""
LOGIC: dict[str, np.ufunc] = {
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip
"""Of truth values."""
ARITHMETIC: dict[str, np.ufunc] = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "negative": np.negative, "abs": np.absolute,
}  # fmt: skip
MATHEMATICS: dict[str, np.ufunc] = {
    "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh,
    "atan": np.arctan, "atan2": np.arctan2, "atanh": np.arctanh, "cbrt": np.cbrt,
    "copysign": np.copysign, "cos": np.cos, "cosh": np.cosh, "exp": np.exp, "exp2": np.exp2,
    "expm1": np.expm1, "fmod": np.fmod, "hypot": np.hypot, "log": np.log, "log10": np.log10,
    "log1p": np.log1p, "log2": np.log2, "pow": np.power, "sin": np.sin, "sinh": np.sinh,
    "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh,
}  # fmt: skip
"""Functions under the names that they have in `math`."""
CALLS: dict[str, Callable[..., float]] = {
    "erf": math.erf, "erfc": math.erfc, "rounded": kernels.rounded,
    "_sinc_derivative": kernels._sinc_derivative,
}  # fmt: skip
"""Functions that NumPy does not have, and in which Python never raises."""
MEANING: dict[str, Callable[..., Any]] = {
    **COMPARISONS, **LOGIC, **ARITHMETIC, **MATHEMATICS, **CALLS, "number": float,
    "fma": lambda x, y, z: kernels.dot((x, z), (y, 1.0)),
    "sech2": kernels.sech2,
}  # fmt: skip
"""Each instruction as a function of floats and bools. A mask as a `number` is 1.0 or 0.0. Besides,
there is `select(mask, x, y)`: x where the mask is true, otherwise y."""

MASKS = frozenset({*COMPARISONS, *LOGIC})
"""The instructions that give a truth value."""
EXACT = frozenset(
    {*MASKS, *ARITHMETIC, "select", "number", "sqrt", "fmod", "copysign", "rounded", "input"}
)
"""The instructions whose results have the same bits on every machine, whatever runs them. (So has
`fma`, but no operation of the table is made of it.)"""
_COMMUTATIVE = frozenset({"add", "multiply", "equal", "not_equal", "and", "or"})


def key(ref: Ref) -> Any:
    """A key that tells operands apart: for constants their bits, as -0.0 is equal to 0.0."""
    return _bits(ref) if isinstance(ref, float) else ref


class Instructions:
    """Code that grows instruction by instruction. No two of them are the same."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.inputs: list[Slot] = []
        self._known: dict[Any, Slot] = {}

    def input(self, uniform: bool, mask: bool = False) -> Slot:
        """A number that is given from outside.

        Args:
            uniform: whether it is the same in all lanes.
            mask: whether it is a truth value.
        """
        self.inputs.append(self.repeat(Instruction("input", (), mask, uniform)))
        return self.inputs[-1]

    def emit(self, name: str, *operands: Ref) -> Ref:
        """The result of an instruction: of a new one, unless it is known already.

        Args:
            name: a key of `MEANING`, or "select".
            operands: numbers or truth values, as it takes them.
        """
        operands = tuple([x if isinstance(x, (Slot, bool)) else float(x) for x in operands])
        simpler = self._simpler(name, operands)
        if simpler is not None:
            return simpler
        keys = [*map(key, operands)]
        if name in _COMMUTATIVE:
            keys.sort(key=str)
        known = (name, *keys)
        if known not in self._known:
            uniform = all(self._uniform(x) for x in operands)
            mask = name in MASKS
            self._known[known] = self.repeat(Instruction(name, operands, mask, uniform))
        return self._known[known]

    def is_mask(self, ref: Ref) -> bool:
        """Whether it is a truth value."""
        if isinstance(ref, Slot):
            return self.instructions[ref.place].mask
        return isinstance(ref, bool)

    def choose(self, mask: Ref, x: Ref, y: Ref) -> Ref:
        """One of two numbers, or one of two truth values."""
        if isinstance(mask, bool):
            return x if mask else y
        if not self.is_mask(x):
            return self.emit("select", mask, x, y)
        otherwise = self.emit("and", self.emit("not", mask), y)
        return self.emit("or", self.emit("and", mask, x), otherwise)

    def repeat(self, instruction: Instruction) -> Slot:
        """Append an instruction as it is."""
        self.instructions.append(instruction)
        return Slot(len(self.instructions) - 1)

    def _uniform(self, ref: Ref) -> bool:
        return not isinstance(ref, Slot) or self.instructions[ref.place].uniform

    def _operands(self, ref: Ref, *names: str) -> tuple[Ref, ...] | None:
        """The operands of the instruction that a reference stands for, if it has such a name."""
        if isinstance(ref, Slot) and self.instructions[ref.place].name in names:
            return self.instructions[ref.place].operands
        return None

    # --- The same bits for less -----------------------------------------------------------------

    def _simpler(self, name: str, operands: tuple[Ref, ...]) -> Ref | None:
        """A constant, an operand or another instruction with the same bits, if there is one."""
        if name == "select":
            return self._simpler_select(*operands)
        if not any(isinstance(x, Slot) for x in operands):
            value = quietly(MEANING[name], *operands)
            return bool(value) if name in MASKS else float(value)
        if name in LOGIC:
            return self._simpler_logic(name, operands)
        if len(operands) == 1:
            return self._simpler_sign(name, operands[0])
        if len(operands) == 2:
            return self._simpler_constant(name, *operands)
        return None

    def _simpler_select(self, mask: Ref, x: Ref, y: Ref) -> Ref | None:
        if isinstance(mask, bool):
            return x if mask else y
        if key(x) == key(y):
            return x
        if inner := self._operands(mask, "not"):
            return self.emit("select", inner[0], y, x)
        for place, branch in enumerate((x, y), 1):  # that asks the same question again
            if (inner := self._operands(branch, "select")) and inner[0] == mask:
                return self.emit("select", mask, *((inner[1], y) if place == 1 else (x, inner[2])))
        if (key(x), key(y)) == (_bits(1.0), _bits(0.0)):
            return self.emit("number", mask)
        return None

    def _simpler_logic(self, name: str, operands: tuple[Ref, ...]) -> Ref | None:
        if name == "not":
            for one, other in (("equal", "not_equal"), ("not_equal", "equal")):
                if inner := self._operands(operands[0], one):
                    return self.emit(other, *inner)
            inner = self._operands(operands[0], "not")
            return inner[0] if inner else None
        x, y = operands
        for this, that in ((x, y), (y, x)):
            if isinstance(this, bool):
                return that if this == (name == "and") else this
        return x if x == y else None

    def _simpler_sign(self, name: str, x: Ref) -> Ref | None:
        if name == "negative" and (inner := self._operands(x, "negative")):
            return inner[0]
        if name == "abs" and (inner := self._operands(x, "negative")):
            return self.emit("abs", *inner)
        return x if name == "abs" and self._operands(x, "abs") else None

    def _simpler_constant(self, name: str, x: Ref, y: Ref) -> Ref | None:
        """With what changes nothing; with a constant exponent that needs no logarithm."""
        if name == "multiply" and isinstance(x, float):
            x, y = y, x
        if not isinstance(y, float):
            return None
        if (name, _bits(y)) in _NEUTRAL:
            return x
        if (name, y) == ("multiply", -1.0):
            return self.emit("negative", x)
        if name == "pow" and y in (0.0, -1.0, 3.0):
            if y == 0.0:
                return 1.0
            square = self.emit("multiply", x, x)
            return self.emit("multiply", square, x) if y == 3.0 else self.emit("divide", 1.0, x)
        return None


_NEUTRAL = {
    (name, _bits(x))
    for name, x in (
        ("multiply", 1.0), ("divide", 1.0), ("add", -0.0), ("subtract", 0.0), ("pow", 1.0)
    )
}  # fmt: skip
"""Constants that leave the first operand as it is."""
