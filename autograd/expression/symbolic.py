"""A graph as an expression of SymPy, to do algebra with."""

from collections.abc import Mapping, Sequence
from functools import cache
from math import copysign, isfinite
from types import CodeType
from typing import Any

from autograd.graph import require_value, sort
from autograd.notation.names import Names
from autograd.op import Op
from autograd.ops import TABLE
from autograd.silence import recorded
from autograd.value import Value


@recorded
def to_sympy(value: Value) -> Any:
    """The formula by which a Value was computed, as an expression of SymPy.

    Leaves become real symbols with their names, as in `expression()`; whole numbers become exact,
    other constants floats. A custom operation becomes an undefined function with its name, unless
    it says how SymPy spells it. SymPy is not part of this package:
    `pip install scalar-autograd[sympy]`.

    Raises:
        TypeError: if `value` is not a Value.
        ValueError: if SymPy refuses an operation, such as `relu` of what it finds to be infinite.
        ImportError: if SymPy is not installed.

    Example:
        >>> from autograd import Value, to_sympy
        >>> x, y = Value(2.0, name="x"), Value(3.0, name="y")
        >>> to_sympy((x + y) ** 2).expand()
        x**2 + 2*x*y + y**2
    """
    require_value(value, "to_sympy")
    try:
        import sympy
    except ImportError:
        raise ImportError("to_sympy needs SymPy: pip install sympy") from None
    order = sort(value)
    leaves = [node for node in order if node.op is None]
    names = Names(()).of_leaves(leaves)
    made: dict[Value, Any] = {}
    for node in order:
        if node.op is None:
            made[node] = sympy.Symbol(names[node], real=True)
            continue
        operands = [made[x] if isinstance(x, Value) else _constant(sympy, x) for x in node.operands]
        try:
            made[node] = _applied(sympy, node.op, operands)
        except (TypeError, ValueError) as error:  # it does not compare with its zoo and nan
            shown = ", ".join(map(str, operands))
            raise ValueError(f"SymPy cannot write {node.op.name}({shown}): {error}") from None
    return made[value]


def _constant(sympy: Any, x: float) -> Any:
    if not isfinite(x):
        return sympy.nan if x != x else sympy.oo * int(copysign(1.0, x))
    return sympy.Integer(int(x)) if x.is_integer() else sympy.Float(x)


class _Names(dict[str, Any]):
    """The names in a template: of operands, of operations of the table, and SymPy's own."""

    def __init__(self, sympy: Any, operands: Mapping[str, Any]) -> None:
        super().__init__(operands)
        self._sympy = sympy

    def __missing__(self, name: str) -> Any:
        op = TABLE.get(name)
        if op is not None:
            return lambda *operands: _applied(self._sympy, op, operands)
        if hasattr(self._sympy, name):
            return getattr(self._sympy, name)
        raise KeyError(name)  # one of Python's own functions


def _applied(sympy: Any, op: Op, operands: Sequence[Any]) -> Any:
    """An operation on SymPy's expressions, by its template or SymPy's function of that name."""
    template = op.sympy or op.text
    if op.sympy is None and (not op.own or op.text.startswith(f"{op.name}(")):
        known = getattr(sympy, op.name, None) if op.own else None
        return (known or sympy.Function(op.name))(*operands)
    scope = _Names(sympy, {f"x{count}": operand for count, operand in enumerate(operands)})
    return eval(_code(op, template, len(operands)), {}, scope)


@cache
def _code(op: Op, template: str, count: int) -> CodeType:
    return compile(op.write(template, [f"x{place}" for place in range(count)]), "<sympy>", "eval")
