"""A graph as an expression of SymPy, for algebra with it."""

from collections.abc import Callable
from math import copysign, isfinite
from typing import Any

from autograd import ops
from autograd.expression.lines import Names, leaf_names
from autograd.graph import require_value, sort
from autograd.op import Op
from autograd.value import Value


def to_sympy(value: Value) -> Any:
    """The formula by which a Value was computed, as an expression of SymPy.

    Leaves become real symbols with their names, as in `expression()`; whole numbers become exact,
    other constants floats. An operation of one's own becomes an undefined function of its name.
    SymPy is no part of this package: `pip install scalar-autograd[sympy]`.

    Raises:
        TypeError: if `value` is not a Value.
        ValueError: if SymPy refuses an operation, as `relu` of what it finds infinite.
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
    functions = _functions(sympy)
    order = sort(value)
    names = leaf_names([node for node in order if node.op is None], Names(()))
    made: dict[Value, Any] = {}
    for node in order:
        if node.op is None:
            made[node] = sympy.Symbol(names[node], real=True)
            continue
        operands = [made[x] if isinstance(x, Value) else _constant(sympy, x) for x in node.operands]
        function = functions.get(node.op) or getattr(sympy, node.op.name, None)
        if not node.op.own or function is None:
            function = sympy.Function(node.op.name)
        try:
            made[node] = function(*operands)
        except (TypeError, ValueError) as error:  # it does not compare with its zoo and nan
            shown = ", ".join(map(str, operands))
            raise ValueError(f"SymPy cannot write {node.op.name}({shown}): {error}") from None
    return made[value]


def _constant(sympy: Any, x: float) -> Any:
    if not isfinite(x):
        return sympy.nan if x != x else sympy.oo * int(copysign(1.0, x))
    return sympy.Integer(int(x)) if x.is_integer() else sympy.Float(x)


def _functions(sympy: Any) -> dict[Op, Callable[..., Any]]:
    """The operations that SymPy calls otherwise, or has not."""
    exp, log, sqrt, where = sympy.exp, sympy.log, sympy.sqrt, sympy.Piecewise

    def halves(operands: tuple[Any, ...]) -> Any:
        half = len(operands) // 2
        return zip(operands[:half], operands[half:], strict=True)

    return {
        ops.add: lambda x, y: x + y,
        ops.subtract: lambda x, y: x - y,
        ops.multiply: lambda x, y: x * y,
        ops.divide: lambda x, y: x / y,
        ops.power: lambda x, y: x**y,
        ops.negative: lambda x: -x,
        ops.abs: sympy.Abs,
        ops.square: lambda x: x**2,
        ops.cbrt: lambda x: sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3),
        ops.hypot: lambda x, y: sqrt(x**2 + y**2),
        ops.expm1: lambda x: exp(x) - 1,
        ops.log1p: lambda x: log(1 + x),
        ops.log2: lambda x: log(x) / log(2),
        ops.log10: lambda x: log(x) / log(10),
        ops.logaddexp: lambda x, y: log(exp(x) + exp(y)),
        ops.sigmoid: lambda x: 1 / (1 + exp(-x)),
        ops.softplus: lambda x: log(1 + exp(x)),
        ops.relu: lambda x: sympy.Max(0, x),
        ops.leaky_relu: lambda x, slope: where((x, x > 0), (slope * x, True)),
        ops.maximum: sympy.Max,
        ops.minimum: sympy.Min,
        ops.clip: lambda x, lower, upper: sympy.Min(sympy.Max(x, lower), upper),
        ops.stop_gradient: lambda x: x,
        ops.where: lambda condition, x, y: where((x, sympy.Ne(condition, 0)), (y, True)),
        ops.dot: lambda *operands: sympy.Add(*[x * y for x, y in halves(operands)]),
        ops.sum: sympy.Add,
        ops.mean: lambda *operands: sympy.Add(*operands) / len(operands),
        ops.prod: sympy.Mul,
        ops.logsumexp: lambda *operands: log(sympy.Add(*map(exp, operands))),
        ops.greater: lambda x, y: where((1, x > y), (0, True)),
        ops.nonnegative: lambda x: x,
        ops.defined: lambda x, value: x,
        ops.identity: lambda x: x,
        ops.difference: lambda x, y: x - y,
        ops.sech2: lambda x: sympy.sech(x) ** 2,
        ops.gaussian: lambda x: exp(-(x**2)),
        ops.bounded: lambda x: x,
        ops.asin_slope: lambda x: 1 / sqrt(1 - x**2),
        ops.acosh_slope: lambda x: 1 / sqrt(x**2 - 1),
        ops.atanh_slope: lambda x: 1 / (1 - x**2),
        ops.cbrt_slope: lambda x: sympy.Abs(x) ** sympy.Rational(-2, 3) / 3,
        ops.quotient_slope: lambda x, y: -x / y**2,
        ops.power_slope: lambda x, y: y * x ** (y - 1),
        ops.power_log: lambda x, y: x**y * log(x),
        ops.power_mixed: lambda x, y: x ** (y - 1) * (1 + y * log(x)),
        ops.direction: lambda x, y: x / sqrt(x**2 + y**2),
        ops.distance: lambda x, y: sqrt(x**2 + y**2),
        ops.inversion: lambda x, y: x / (x**2 + y**2),
    }
