"""The functions that the Python source of a graph calls, with their own source."""

import builtins
import dis
import inspect
import math
import operator
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from autograd import ops
from autograd.expression.simplify import Operand
from autograd.expression.templates import Template, text_template
from autograd.op import Op
from autograd.value import Value

AS_PYTHON = {
    ops.add: ops.add.text,
    ops.subtract: ops.subtract.text,
    ops.multiply: ops.multiply.text,
    ops.negative: ops.negative.text,
    ops.square: "#1 * #1",
    ops.identity: "#1",
    ops.where: "#2 if #1 else #3",
    ops.dot: "float(np.dot([#<], [#>]))",
    ops.prod: "math.prod([#*], start=1.0)",
}
"""What Python computes as this library does, whatever the numbers."""
NEVER_RAISING = {math.fabs, math.atan, math.atan2, math.asinh, math.tanh, math.hypot}
NEVER_RAISING_OPS = {ops.cbrt, ops.logaddexp, ops.maximum, ops.minimum, ops.sign}


class Functions:
    """Collects the functions that are called."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        """The source of each, those that others need before them."""
        self._calls: dict[Op, str] = {}

    def template(self, op: Op, operands: Sequence[Operand]) -> Template:
        """How an operation is written in Python."""
        if op in AS_PYTHON:
            return text_template(AS_PYTHON[op])
        last = operands[-1] if operands else None
        if op is ops.power and isinstance(last, float) and last == 2.0:
            return text_template(AS_PYTHON[ops.square])
        if op is ops.divide and isinstance(last, float) and last != 0.0:
            return text_template(op.text)
        if op not in self._calls:
            self._calls[op] = self._call(op)
        return text_template(f"{self._calls[op]}(#*)")

    def collect(self, order: Iterable[Value]) -> set[str]:
        """Find the functions for a graph; what no variable in it may be called."""
        for node in order:
            if node.op is not None:
                self.template(node.op, node.operands)
        return {"float", "math", "np", *self.sources}

    def _call(self, op: Op) -> str:
        """What to call for an operation."""
        forward: Any = op.forward
        operands = {1: "x", 2: "x, y"}.get(op.arity or 0, "*operands")
        guarded = (
            op.numpy is not None and forward not in NEVER_RAISING and op not in NEVER_RAISING_OPS
        )
        if forward is operator.truediv:
            plain = "x / y"
        elif getattr(forward, "__module__", "") == "math":
            plain = f"math.{forward.__name__}"
        else:
            plain = self._define(op, forward, f"plain_{op.name}" if guarded else forward.__name__)
        if not guarded:
            return plain
        if plain != "x / y":
            plain += f"({operands})"
        numpy = f"{getattr(op.numpy, '__name__', '')}({operands})"
        if op.arity is None:
            numpy = f"{op.name}(operands)"
        self._add(
            op,
            op.name,
            f"def {op.name}({operands}):\n"
            f"    try:\n"
            f"        return {plain}\n"
            f"    except (ArithmeticError, ValueError):  # IEEE 754 has a result\n"
            f"        return float(np.{numpy})\n",
        )
        return op.name

    def _define(self, op: Op, function: Any, name: str) -> str:
        """Copy a function, after those that it calls."""
        if not isinstance(function, FunctionType) or function.__closure__:
            raise _unwritable(op, "is not a plain function")
        if function.__name__ == "<lambda>":
            raise _unwritable(op, "is a lambda, which has no source of its own: use def")
        try:
            source = textwrap.dedent(inspect.getsource(function))
        except (OSError, TypeError):
            raise _unwritable(op, "has no source that can be found") from None
        if source.startswith("@"):
            raise _unwritable(op, "has a decorator")
        for other in sorted(_globals(function)):
            if hasattr(builtins, other) and other not in function.__globals__:
                continue
            thing = function.__globals__.get(other)
            if (thing is math and other == "math") or (thing is np and other == "np"):
                continue
            if isinstance(thing, FunctionType) and thing is not function:
                self._define(op, thing, thing.__name__)
            elif isinstance(thing, (int, float)):
                self._add(op, other, f"{other} = {thing!r}\n")
            elif thing is not function:
                raise _unwritable(op, f"uses {other!r}, which is more than math and np")
        self._add(op, name, re.sub(r"^def \w+", f"def {name}", source))
        return name

    def _add(self, op: Op, name: str, source: str) -> None:
        if self.sources.setdefault(name, source) != source:
            raise _unwritable(op, f"needs a {name!r} of its own beside another one")


def _unwritable(op: Op, reason: str) -> ValueError:
    return ValueError(f"python_source cannot write the operation {op.name}: its forward {reason}")


def _globals(function: Callable[..., Any]) -> set[str]:
    """The global names that a function uses."""
    return set(_names(function.__code__)) - {"<lambda>"}


def _names(code: Any) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _names(constant)
