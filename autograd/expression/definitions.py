"""The functions that the Python source of a graph calls, with their own source."""

import builtins
import dis
import inspect
import math
import operator
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType, UnionType
from typing import Any

import numpy as np

from autograd import kernels, special
from autograd.expression.simplify import Operand
from autograd.notation.names import identifier
from autograd.notation.precedence import Template, text_template
from autograd.op import Op
from autograd.value import Value

KERNEL = re.compile(r"(?<![\w.])[^\W\d]\w*(?=\()")
"""A function that is called by its name alone."""
NAME = "\0"


KERNELS = kernels.__name__, special.__name__


class Functions:
    """Collects the functions that are called."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        """The source of each function, preceded by those that it needs."""
        self._templates: dict[tuple[Op, str | None], Template] = {}
        self._builtins: set[str] = set()

    def template(self, op: Op, operands: Sequence[Operand]) -> Template:
        """The operation as it is written in Python."""
        python = op.python(*operands) if callable(op.python) else op.python
        if (op, python) not in self._templates:
            self._templates[op, python] = self._template(op, python)
        return self._templates[op, python]

    def _template(self, op: Op, python: str | None) -> Template:
        if python is None and _is_operator(op) and not op.raises:
            python = op.text
        if python is not None:
            return text_template(KERNEL.sub(lambda name: self._kernel(op, name[0]), python))
        call = f"{self._call(op)}(#*)"
        return text_template(call if op.own else f"float({call})")

    def _kernel(self, op: Op, name: str) -> str:
        """The name that a function in a template has here; a kernel is copied."""
        kernel = getattr(kernels, name, None)
        return name if kernel is None else self._define(op, kernel)

    def collect(self, order: Iterable[Value]) -> set[str]:
        """Find the functions for a graph, and return the names that no variable in it may have."""
        for node in order:
            if node.op is not None:
                self.template(node.op, node.operands)
        return {"float", "math", "np", *self._builtins, *self.sources}

    def _call(self, op: Op) -> str:
        """The function to call for an operation."""
        forward: Any = op.forward
        operands = {1: "x", 2: "x, y"}.get(op.arity or 0, "*operands")
        guarded = op.raises and op.numpy is not None
        name = identifier(op.name)
        if _is_operator(op):
            called = op.write(op.text, operands.split(", "))
        else:
            if getattr(forward, "__module__", "") == "math":
                called = f"math.{forward.__name__}"
            else:
                called = self._define(op, forward, f"plain_{name}" if guarded else "")
            if not guarded:
                return called
            called += f"({operands})"
        return self._add(
            name,
            f"def {NAME}({operands}):\n"
            f"    try:\n"
            f"        return {called}\n"
            f"    except (ArithmeticError, ValueError):  # IEEE 754 has a result\n"
            f"        return float({_numpy(op)}({operands if op.arity else 'operands'}))\n",
        )

    def _define(self, op: Op, function: Any, name: str = "") -> str:
        """Copy a function, after those that it needs, and return its name here."""
        if not isinstance(function, FunctionType) or function.__closure__:
            raise _unwritable(op, "is not a plain function")
        own = function.__name__
        if own == "<lambda>":
            raise _unwritable(op, "is a lambda, which has no source of its own: use def")
        try:
            source = textwrap.dedent(inspect.getsource(function))
        except (OSError, TypeError):
            raise _unwritable(op, "has no source that can be found") from None
        defaults = function.__defaults__ or function.__kwdefaults__
        if not source.startswith("def ") or (defaults and function.__module__ not in KERNELS):
            raise _unwritable(op, "has a decorator or defaults")
        if not _only_builtins(function.__annotations__.values()):
            raise _unwritable(op, "has annotations that are not built-in types")
        for other in sorted(_globals(function) - {own}):
            thing = function.__globals__.get(other)
            if other not in function.__globals__ and hasattr(builtins, other):
                self._builtins.add(other)
                continue
            if (thing is math and other == "math") or (thing is np and other == "np"):
                continue
            if isinstance(thing, FunctionType):
                here = self._define(op, thing)
            elif isinstance(thing, (int, float, np.floating, np.integer)):
                number = float(thing)
                literal = repr(number) if math.isfinite(number) else f'float("{number}")'
                here = self._add(other, f"{NAME} = {literal}\n")
            else:
                raise _unwritable(op, f"uses {other!r}, while only math and np can be used")
            source = _renamed(source, other, here)
        return self._add(name or own, _renamed(source, own, NAME))

    def _add(self, name: str, source: str) -> str:
        """Keep a source, in which NAME stands for its name, under a name that is not taken."""
        wished, count = name, 0
        while self.sources.setdefault(name, made := source.replace(NAME, name)) != made:
            count += 1
            name = f"{wished}{count}"
        return name


def _numpy(op: Op) -> str:
    """NumPy's function for an operation."""
    if op.own and op.arity is None:
        return f"np.{op.name}"
    name = getattr(op.numpy, "__name__", "")
    if getattr(np, name, None) is not op.numpy:
        raise _unwritable(op, "falls back on a function that is not one of NumPy's own")
    return f"np.{name}"


def _is_operator(op: Op) -> bool:
    """Whether an operation is one of Python's own operators, so that its text computes it."""
    return getattr(op.forward, "__module__", "") == operator.add.__module__


def _renamed(source: str, name: str, other: str) -> str:
    return source if name == other else re.sub(rf"\b{name}\b", lambda _: other, source)


def _only_builtins(annotations: Iterable[object]) -> bool:
    return all(
        x is None
        or getattr(x, "__module__", "") == "builtins"
        or (isinstance(x, UnionType) and _only_builtins(x.__args__))
        for x in annotations
    )


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
