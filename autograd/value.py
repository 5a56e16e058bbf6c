"""`Value`: a number that remembers how it was computed."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Self, cast

import numpy as np

from autograd import ops
from autograd.graph import backward_sweep, derivative_graphs, recompute, require_fresh, sort
from autograd.kernels import SMALLEST_NORMAL
from autograd.op import Op, real
from autograd.pickling import reduction
from autograd.ufuncs import apply_ufunc

_new = object.__new__
_add, _multiply = ops.add, ops.multiply
_era = _assignments = 0
_REFUSED = (str, bytes, complex, list, tuple, set, dict, type(None))


def new_era() -> int:
    """Begin an era. A leaf remembers the one that it was made in, so it can be asked whether it
    was there before.
    """
    global _era
    _era += 1
    return _era


def _apply(op: Op, left: Any, right: Any, other: Any) -> Value:
    """Arithmetic of a Value with something else, `other` being one of the two operands.

    Arrays, and types unknown here, are given their turn.
    """
    if isinstance(other, (Value, numbers.Real, np.bool_)):
        return Value._record(op, (left, right))
    if isinstance(other, _REFUSED) or (isinstance(other, np.ma.MaskedArray) and not other.ndim):
        value = right if left is other else left
        real(other, f"the other operand of {op.name} with {value._title()}")
    return cast(Value, NotImplemented)


def _reflected(op: Op) -> Callable[[Value, Any], Value]:
    def method(self: Value, other: Any) -> Value:
        if type(other) is not float and type(other) is not int:
            return _apply(op, other, self, other)
        other = float(other)
        if op.fused_binary is not None and (fast := op.fused_binary(other, self._number)):
            data, (_, partial) = fast
            if data - data == 0.0:
                return _node(data, op, other, 0.0, self, partial)
        return Value._record(op, (other, self))

    return method


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Any], bool]:
    return lambda self, other: compare(
        self._number, other._number if isinstance(other, Value) else other
    )


def _unary(op: Op) -> Callable[[Value], Value]:
    def method(self: Value) -> Value:
        data, partials = op.evaluate((self._number,), (self,))
        return _node(data, op, self, partials[0])

    method.__name__, method.__qualname__ = op.name, f"Value.{op.name}"
    method.__doc__ = op.__doc__
    return method


class Value:
    """A real number that remembers how it was computed, so that it can be differentiated.

    Values are combined with each other and with plain numbers by ordinary arithmetic, by the
    operations of this library and by NumPy's ufuncs; each combination is a new Value that knows
    its operands. Results are those of IEEE 754, with NumPy's warnings.

    Values compare by their data and hash by identity: `a == b` asks whether two numbers are equal,
    a dictionary keeps two equal Values apart.

    Args:
        data: a real number.
        name: what to call the Value in messages, formulas and pictures.

    Attributes:
        op: the `Op` that computed the Value, None for a Value made from a number.
        name: the name, or None.

    Raises:
        TypeError: if `data` is not a real number (a string, None, a complex number, an array, a
            Value).

    Example:
        >>> x = Value(3.0, name="x")
        >>> y = x * x + 1
        >>> y.backward()
        >>> y
        Value(data=10.0, grad=1.0)
        >>> x
        Value(data=3.0, grad=6.0, name='x')
    """

    __slots__ = (
        "_dx",
        "_dy",
        "_grad",
        "_number",
        "_order",
        "_seen",
        "_stamp",
        "_x",
        "_y",
        "name",
        "op",
    )

    _number: float
    _order: dict[Value, None] | None
    _x: Any
    _y: Value | float | None
    _dx: Any
    _dy: float
    _grad: float
    _stamp: int
    """Of a leaf, the era that it was made in; of another Value, if it has one, the number of
    assignments when its graph was last found to follow from its numbers."""
    _seen: Sequence[float]
    """Where the operation is not one of the library's: its value, and what it was applied to."""
    name: str | None
    op: Op | None

    def __init__(self, data: float, name: str | None = None) -> None:
        if isinstance(data, Value):
            raise TypeError("a Value already: use it as it is, or a copy made by .detach()")
        self._number = real(data, "the data of a Value")
        self._order = None
        self._x = self._y = self._dx = self._dy = self._grad = 0.0
        self._stamp = _era
        self.op = None
        self.named(name)

    @property
    def data(self) -> float:
        """The number. Assigning it changes this Value alone; what was computed from it stays as it
        was until `forward()`.
        """
        return self._number

    @data.setter
    def data(self, data: float) -> None:
        global _assignments
        _assignments += 1
        self._number = data if type(data) is float else real(data, f"the data of {self._title()}")

    @property
    def grad(self) -> float:
        """What `backward()` has accumulated here, 0.0 at first. Assigning None makes it 0.0."""
        return self._grad

    @grad.setter
    def grad(self, grad: float | None) -> None:
        self._grad = 0.0 if grad is None else real(grad, f"the grad of {self._title()}")

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """What the Value was computed from, one entry per use, constants as floats."""
        if self._y is None:
            return cast(tuple[Value | float, ...], self._x)
        return (self._x, self._y)[: self._count()]

    @property
    def partials(self) -> tuple[float, ...]:
        """The derivative of the Value with respect to each operand, as it was when the operation
        happened; 0.0 for a constant.
        """
        if self._y is None:
            return cast(tuple[float, ...], self._dx)
        return (self._dx, self._dy)[: self._count()]

    def _count(self) -> int:
        """How many operands there are, where they are not in a tuple."""
        return 0 if self.op is None else self.op.arity or 0

    def named(self, name: str | None) -> Self:
        """Set the name and return this Value.

        Raises:
            TypeError: if the name is neither a string nor None.

        Example:
            >>> (Value(1.0) + 2).named("sum")
            Value(data=3.0, grad=0.0, name='sum')
        """
        if name is not None and not isinstance(name, str):
            raise TypeError(f"a name must be a string, not a {type(name).__name__}")
        self.name = name
        return self

    def _title(self) -> str:
        return f"the Value {self.name!r}" if self.name else "a Value"

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"Value(data={self._number!r}, grad={self.grad!r}{name})"

    def __format__(self, specification: str) -> str:
        return format(self._number, specification) if specification else str(self)

    # --- Recording ------------------------------------------------------------------------------

    @classmethod
    def _record(cls, op: Op, operands: Sequence[Any]) -> Value:
        """Apply an operation to Values and numbers and record that."""
        try:
            data = [x if type(x) is float else x._number for x in operands]
        except AttributeError:
            role = f"an operand of {op.name}"
            operands = [x if isinstance(x, Value) else real(x, role) for x in operands]
            data = [x if type(x) is float else x._number for x in operands]
        out, partials = op.evaluate(data, operands)
        if op.arity == 1:
            node = _node(out, op, operands[0], partials[0])
        elif op.arity == 2:
            node = _node(out, op, operands[0], partials[0], operands[1], partials[1])
        else:
            node = _node(out, op, tuple(operands), partials, None)
        if not op.own:
            node._seen = [out, *data]
        return node

    # --- Differentiating ------------------------------------------------------------------------

    def _sorted(self) -> dict[Value, Any]:
        """This Value's graph in topological order."""
        if self._order is None:
            return sort(self)
        return {**self._order, self: None}

    def backward(self, grad: float = 1.0) -> None:
        """Add the derivative of this Value with respect to every Value it was computed from.

        The derivatives are added to the `grad` of each, as a Value that is used in several places
        asks for; `zero_grad()` clears them.

        Args:
            grad: what this Value contributes to the quantity that is differentiated.

        Raises:
            TypeError: if `grad` is not a real number.

        Example:
            >>> x, y = Value(2.0), Value(5.0)
            >>> (x * y).backward()
            >>> x.grad, y.grad
            (5.0, 2.0)
        """
        seed = real(grad, "the grad of backward")
        adjoints = self._sorted()
        adjoints[self] = seed
        backward_sweep(adjoints)
        for node, adjoint in adjoints.items():
            if adjoint is not None:
                node._grad += adjoint

    def zero_grad(self) -> None:
        """Set `grad` to 0.0 on this Value and on everything it was computed from.

        Example:
            >>> x = Value(2.0)
            >>> y = x * x
            >>> y.backward()
            >>> y.zero_grad()
            >>> x.grad
            0.0
        """
        for node in self._sorted():
            node._grad = 0.0

    def forward(self) -> float:
        """Compute the recorded graph anew, in place, after the data of its leaves has changed.

        Values and partial derivatives are updated, `grad` is left alone. Only what was recorded is
        repeated: a branch that Python took on `if x > 0` stays taken, a plain number stays the
        number it was.

        Returns:
            The new data.

        Example:
            >>> x = Value(2.0)
            >>> y = x * x
            >>> x.data = 3.0
            >>> y.forward()
            9.0
        """
        if self._order is None:
            # Kept for the next time: a recorded graph never changes its shape. Without this Value
            # itself, which would make a reference cycle.
            self._order = sort(self)
            del self._order[self]
        recompute([*self._order, self])
        return self._number

    def derivative(self, wrt: Value) -> Value:
        """The derivative of this Value with respect to another, as a graph of its own.

        Being a Value, it can be differentiated again, and `forward()` computes it anew.

        Args:
            wrt: a Value; where this one does not depend on it, the derivative is 0.

        Raises:
            TypeError: if `wrt` is not a Value.
            RuntimeError: if the data of a Value has changed, but not what was computed from it:
                `forward()` does that.

        Example:
            >>> x = Value(2.0)
            >>> slope = (x ** 3).derivative(x)
            >>> slope.data, slope.derivative(x).data
            (12.0, 12.0)
        """
        if not isinstance(wrt, Value):
            raise TypeError(f"derivative takes a Value, not a {type(wrt).__name__}")
        order = self._sorted()
        if self.op is not None and getattr(self, "_stamp", 0) != _assignments:
            require_fresh(order)
            self._stamp = _assignments
        (result,) = derivative_graphs(order, {self: 1.0}, [wrt])
        return as_value(result)

    def detach(self) -> Value:
        """A Value of the same data and name without any history.

        Example:
            >>> x = Value(2.0, name="x")
            >>> (x * x).detach().operands
            ()
        """
        return Value(self._number, self.name)

    # --- Arithmetic -----------------------------------------------------------------------------
    # Between Values and plain numbers `+ - * /` and squares record themselves: a graph is made of
    # little else. Results that are not finite and all other types go by the table.

    def __add__(self, other: Any) -> Value:
        if type(other) is Value:
            data = self._number + other._number
            dy = 1.0
        elif type(other) is float or type(other) is int:
            other = float(other)
            data = self._number + other
            dy = 0.0
        else:
            return _apply(ops.add, self, other, other)
        if data - data != 0.0:
            return Value._record(ops.add, (self, other))
        node = _new(Value)
        node._number = data
        node._order = node.name = None
        node._x = self
        node._y = other
        node._dx = 1.0
        node._dy = dy
        node._grad = 0.0
        node.op = _add
        return node

    def __sub__(self, other: Any) -> Value:
        if type(other) is Value:
            data = self._number - other._number
            dy = -1.0
        elif type(other) is float or type(other) is int:
            other = float(other)
            data = self._number - other
            dy = 0.0
        else:
            return _apply(ops.subtract, self, other, other)
        if data - data != 0.0:
            return Value._record(ops.subtract, (self, other))
        return _node(data, ops.subtract, self, 1.0, other, dy)

    def __mul__(self, other: Any) -> Value:
        dy = self._number
        if type(other) is Value:
            dx = other._number
            data = dy * dx
        elif type(other) is float or type(other) is int:
            other = dx = float(other)
            data = dy * dx
            dy = 0.0
        else:
            return _apply(ops.multiply, self, other, other)
        if data - data != 0.0:
            return Value._record(ops.multiply, (self, other))
        node = _new(Value)
        node._number = data
        node._order = node.name = None
        node._x = self
        node._y = other
        node._dx = dx
        node._dy = dy
        node._grad = 0.0
        node.op = _multiply
        return node

    def __truediv__(self, other: Any) -> Value:
        if type(other) is Value:
            y = other._number
            if abs(y) >= SMALLEST_NORMAL:
                data = self._number / y
                if SMALLEST_NORMAL <= abs(data) < math.inf:
                    return _node(data, ops.divide, self, 1.0 / y, other, -data / y)
        elif type(other) is float or type(other) is int:
            other = float(other)
            if abs(other) >= SMALLEST_NORMAL:
                data = self._number / other
                if data - data == 0.0:
                    return _node(data, ops.divide, self, 1.0 / other, other)
        return _apply(ops.divide, self, other, other)

    def __pow__(self, other: Any) -> Value:
        if type(other) is float or type(other) is int:
            other = float(other)
            x = self._number
            if other == 2.0 and x * x < math.inf:
                return _node(x * x, ops.power, self, 2.0 * x, other)
            return Value._record(ops.power, (self, other))
        return _apply(ops.power, self, other, other)

    __radd__ = _reflected(ops.add)
    __rsub__ = _reflected(ops.subtract)
    __rmul__ = _reflected(ops.multiply)
    __rtruediv__ = _reflected(ops.divide)
    __rpow__ = _reflected(ops.power)

    def __neg__(self) -> Value:
        return _node(-self._number, ops.negative, self, -1.0)

    def __pos__(self) -> Value:
        return self

    # --- Comparing, by data ---------------------------------------------------------------------

    __hash__ = object.__hash__

    __eq__ = _comparison(operator.eq)
    __ne__ = _comparison(operator.ne)
    __lt__ = _comparison(operator.lt)
    __le__ = _comparison(operator.le)
    __gt__ = _comparison(operator.gt)
    __ge__ = _comparison(operator.ge)

    def __bool__(self) -> bool:
        return bool(self._number)

    # --- One method per unary operation ---------------------------------------------------------

    exp = _unary(ops.exp)
    expm1 = _unary(ops.expm1)
    log = _unary(ops.log)
    log1p = _unary(ops.log1p)
    log2 = _unary(ops.log2)
    log10 = _unary(ops.log10)
    sqrt = _unary(ops.sqrt)
    cbrt = _unary(ops.cbrt)
    square = _unary(ops.square)
    sin = _unary(ops.sin)
    cos = _unary(ops.cos)
    tan = _unary(ops.tan)
    asin = _unary(ops.asin)
    acos = _unary(ops.acos)
    atan = _unary(ops.atan)
    sinh = _unary(ops.sinh)
    cosh = _unary(ops.cosh)
    tanh = _unary(ops.tanh)
    asinh = _unary(ops.asinh)
    acosh = _unary(ops.acosh)
    atanh = _unary(ops.atanh)
    sigmoid = _unary(ops.sigmoid)
    softplus = _unary(ops.softplus)
    relu = _unary(ops.relu)
    stop_gradient = _unary(ops.stop_gradient)
    erf = _unary(ops.erf)
    abs = __abs__ = _unary(ops.abs)

    def leaky_relu(self, slope: float | Value = 0.01) -> Value:
        """`x` where it is positive, otherwise `slope * x`."""
        return Value._record(ops.leaky_relu, (self, slope))

    # --- NumPy ----------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, **options)

    # On an object array NumPy calls the method of its own name of every element.
    arcsin, arccos, arctan = asin, acos, atan
    arcsinh, arccosh, arctanh = asinh, acosh, atanh

    def arctan2(self, other: float | Value) -> Value:
        """The angle of the point (other, self), in radians from -pi to pi."""
        return Value._record(ops.atan2, (self, other))

    def hypot(self, other: float | Value) -> Value:
        """The distance of the point (self, other) from the origin."""
        return Value._record(ops.hypot, (self, other))

    def clip(
        self, lower: float | Value | None, upper: float | Value | None, out: None = None
    ) -> Value:
        """The Value moved into [lower, upper], None being no bound; what `np.clip` calls."""
        lower = -math.inf if lower is None else lower
        upper = math.inf if upper is None else upper
        return Value._record(ops.clip, (self, lower, upper))

    def conjugate(self) -> Value:
        """The Value itself, which is real."""
        return self

    def __float__(self, *_: object) -> NoReturn:
        raise TypeError(
            f"converting {self._title()} to a plain number would lose its gradient: use the "
            "operations of this library (autograd.exp instead of math.exp), or .data where the "
            "number alone is wanted"
        )

    __int__ = __complex__ = __round__ = __trunc__ = __float__

    # --- Copying and pickling -------------------------------------------------------------------
    # Both go through the graph in topological order, so that its depth is no limit.

    def _fields(self) -> tuple[Any, ...]:
        seen = getattr(self, "_seen", None)
        return (
            self._x,
            self._dx,
            self._y,
            self._dy,
            self._number,
            self.op,
            self._grad,
            seen,
            self.name,
        )

    def __copy__(self) -> Value:
        return _restore(*self._fields())

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        def twin(operand: Any) -> Any:
            if type(operand) is tuple:
                return tuple([twin(x) for x in operand])
            return memo[id(operand)] if isinstance(operand, Value) else operand

        for node in self._sorted():
            if id(node) not in memo:
                x, dx, y, dy, *rest = node._fields()
                memo[id(node)] = _restore(twin(x), dx, twin(y), dy, *rest)
        return cast(Value, memo[id(self)])

    def __reduce__(self) -> tuple[Any, ...]:
        return reduction(self, lambda: list(self._sorted()), _restore, self._fields())


def as_value(number: Value | float) -> Value:
    """A Value as it is, a constant as a Value that was computed: it is not a leaf."""
    return number if isinstance(number, Value) else Value._record(ops.identity, (number,))


def _node(
    data: float, op: Op, x: Any, dx: Any, y: Value | float | None = 0.0, dy: float = 0.0
) -> Value:
    """The Value that an operation gives; the operands are laid out as `autograd.graph` says."""
    node = _new(Value)
    node._number = data
    node._order = node.name = None
    node._x = x
    node._y = y
    node._dx = dx
    node._dy = dy
    node._grad = 0.0
    node.op = op
    return node


def _restore(*fields: Any) -> Value:
    """The Value of the given `_fields()`; the first of a pickle has its list in front of them."""
    x, dx, y, dy, number, op, grad, seen, name = fields[-9:]
    node = _node(number, op, x, dx, y, dy)
    node._grad, node.name = grad, name
    node._stamp = _era if op is None else -1
    if seen is not None:
        node._seen = seen
    return node
