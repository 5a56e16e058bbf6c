"""`Value`: a number that remembers how it was computed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Self, cast

import numpy as np

from autograd import ops
from autograd.arrays import Array, apply_function, apply_ufunc
from autograd.derivative import derivative_graphs
from autograd.elements import node_of
from autograd.forms import native, take_methods
from autograd.freshness import require_fresh
from autograd.graph import Node, Operand, Wide, renew, sort
from autograd.kernels import SMALLEST_NORMAL
from autograd.op import Entry, Op, call
from autograd.pickling import copied, reduction
from autograd.questions import ask, listeners
from autograd.reals import NOT_NUMBERS, kind_of, masked, real, symbolic
from autograd.record import bar, converted, title
from autograd.sealing import seals
from autograd.silence import recorded, silences, silent

_add, _multiply = ops.add, ops.multiply


def _apply(op: Op, left: object, right: object, other: object) -> Value:
    """Arithmetic of a Value with something else, which is `other`, one of the two operands.

    Arrays and unknown types get their own turn.
    """
    if isinstance(other, (float, Node)):
        return Value._record(op, (left, right))
    if isinstance(other, (int, Real, np.bool_)):
        constant = float(other)
        return Value._record(op, (constant, right) if left is other else (left, constant))
    if (
        isinstance(other, NOT_NUMBERS)
        or symbolic(other)
        or (isinstance(other, np.ndarray) and not other.ndim and masked(other))
    ):
        value = cast(Value, right if left is other else left)
        real(other, f"the other operand of {op.operator} with {title(value)}")
    return cast(Value, NotImplemented)


def _unary(op: Op) -> Callable[[Value], Value]:
    apply = op if type(op) is Entry else partial(Op.__call__, op)  # no builtin is asked for

    def method(self: Value) -> Value:
        if native is not None:
            return cast(Value, apply(self))
        data, (partial,) = op.evaluate((self._number,))
        return _node(data, op, self, partial)

    method.__name__, method.__qualname__ = op.name, f"Value.{op.name}"
    method.__doc__ = op.__doc__
    return method


_MICROGRAD = "; `import autograd.micrograd` has micrograd's names understood"


class Elsewhere:
    """An attribute that a Value does not have, with the remedy for those who expect it."""

    def __init__(self, remedy: str) -> None:
        self._remedy = remedy

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, value: Value | None, owner: type) -> Self:
        if value is None:
            return self
        message = f"{title(value)} has no attribute {self._name!r}: {self._remedy}"
        raise AttributeError(message, name=self._name, obj=value)

    def __set__(self, value: Value, assigned: object) -> None:
        self.__get__(value, type(value))


class Value(Node):
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

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def operands(self) -> tuple[Value | float, ...]: ...

    # --- Recording ------------------------------------------------------------------------------

    @classmethod
    def _record(cls, op: Op, operands: Sequence[object]) -> Value:
        """Apply an operation to Values and numbers, and record it."""
        try:
            data = [x if type(x) is float else x._number for x in operands]  # type: ignore[attr-defined]
            if silences and silent():
                return Value(op.value(*data))
        except AttributeError:
            role = f"an operand of {op.name}"
            reals = [x if isinstance(x, Node) else real(x, role) for x in map(node_of, operands)]
            return cls._record(op, reals)
        nodes: Sequence[Node | None] = operands  # type: ignore[assignment]
        if float not in map(type, operands):
            out, partials = op.evaluate(data)
        else:
            # The partials of a reduction come all at once: no need to tell it what is constant.
            constants = [place for place, x in enumerate(operands) if type(x) is float]
            out, partials = op.evaluate(data, constants if op.arity else ())
            left, slots = [*nodes], [*partials]
            for place in constants:
                left[place], slots[place] = None, data[place]
            nodes, partials = left, tuple(slots)
        seen = () if op.own else (out, *data)
        if op.arity == 1:
            node = _node(out, op, nodes[0], partials[0])
        elif op.arity == 2:
            node = _node(out, op, nodes[0], partials[0], nodes[1], partials[1])
        else:
            node = _node(out, op, None, 0.0)
            node._wide = _new_tuple(Wide, (tuple(nodes), partials, seen))
        if seen and node._wide is None:
            node._wide = _new_tuple(Wide, ((), (), seen))
        return node

    # --- Differentiating ------------------------------------------------------------------------

    @recorded
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
            raise TypeError(f"derivative takes a Value, not {kind_of(wrt)}")
        order = sort(self)
        if not self._settled:
            require_fresh(order)
            self._settle()
        (result,) = derivative_graphs(order, {self: 1.0}, [wrt])
        return as_value(result)

    def detach(self) -> Value:
        """A Value of the same data and name without any history.

        Example:
            >>> x = Value(2.0, name="x")
            >>> (x * x).detach().operands
            ()
        """
        if seals:
            bar("detach()", self)
        return Value(self._number, self.name)

    # --- Arithmetic -----------------------------------------------------------------------------
    # Between Values and plain numbers `+ - * /` and squares record themselves: a graph is made of
    # little else, and looking up the table would take five times as long. It is looked up for
    # results that are not finite and for all other types.

    def __add__(self, other: object) -> Value:
        if silences:
            return _apply(ops.add, self, other, other)
        node = _new(Value)
        if type(other) is Value:
            node._number = data = self._number + other._number
            node._y = other
            node._dy = 1.0
        elif type(other) is float or type(other) is int:
            node._dy = constant = float(other)
            node._number = data = self._number + constant
            node._y = None
        else:
            return _apply(ops.add, self, other, other)
        if data - data != 0.0:
            return _apply(ops.add, self, other, other)
        node._x = self
        node._dx = 1.0
        node._grad = 0.0
        node._wide = node._past = node.name = None
        node.op = _add
        return node

    def __radd__(self, other: object) -> Value:
        if type(other) is float or type(other) is int:
            x = float(other)
            return _reflected(ops.add, x, self, x + self._number, 1.0)
        return _apply(ops.add, other, self, other)

    def __sub__(self, other: object) -> Value:
        if type(other) is Value:
            data = self._number - other._number
            if data - data == 0.0:
                return _node(data, ops.subtract, self, 1.0, other, -1.0)
        elif type(other) is float or type(other) is int:
            constant = float(other)
            data = self._number - constant
            if data - data == 0.0:
                return _node(data, ops.subtract, self, 1.0, None, constant)
        return _apply(ops.subtract, self, other, other)

    def __rsub__(self, other: object) -> Value:
        if type(other) is float or type(other) is int:
            x = float(other)
            return _reflected(ops.subtract, x, self, x - self._number, -1.0)
        return _apply(ops.subtract, other, self, other)

    def __mul__(self, other: object) -> Value:
        if silences:
            return _apply(ops.multiply, self, other, other)
        node = _new(Value)
        x = self._number
        if type(other) is Value:
            node._dx = y = other._number
            node._y = other
            node._dy = x
        elif type(other) is float or type(other) is int:
            node._dx = node._dy = y = float(other)
            node._y = None
        else:
            return _apply(ops.multiply, self, other, other)
        node._number = data = x * y
        if data - data != 0.0:
            return _apply(ops.multiply, self, other, other)
        node._x = self
        node._grad = 0.0
        node._wide = node._past = node.name = None
        node.op = _multiply
        return node

    def __rmul__(self, other: object) -> Value:
        if type(other) is float or type(other) is int:
            x = float(other)
            return _reflected(ops.multiply, x, self, x * self._number, x)
        return _apply(ops.multiply, other, self, other)

    def __truediv__(self, other: object) -> Value:
        if type(other) is Value:
            y = other._number
            if abs(y) >= SMALLEST_NORMAL:
                data = self._number / y
                if SMALLEST_NORMAL <= abs(data) < math.inf:
                    slope = -data / y
                    if slope - slope == 0.0:
                        return _node(data, ops.divide, self, 1.0 / y, other, slope)
        elif type(other) is float or type(other) is int:
            constant = float(other)
            if abs(constant) >= SMALLEST_NORMAL:
                data = self._number / constant
                if data - data == 0.0:
                    return _node(data, ops.divide, self, 1.0 / constant, None, constant)
        return _apply(ops.divide, self, other, other)

    def __rtruediv__(self, other: object) -> Value:
        return _apply(ops.divide, other, self, other)

    def __pow__(self, other: object, modulus: None = None) -> Value:
        if modulus is not None:
            raise TypeError("pow() of Values does not take a modulus")
        if (type(other) is float or type(other) is int) and other == 2:
            x = self._number
            if x * x < math.inf:
                return _node(x * x, ops.power, self, 2.0 * x, None, 2.0)
        return _apply(ops.power, self, other, other)

    def __rpow__(self, other: object) -> Value:
        return _apply(ops.power, other, self, other)

    def __floordiv__(self, other: object) -> Value:
        return _apply(ops.floor_divide, self, other, other)

    def __rfloordiv__(self, other: object) -> Value:
        return _apply(ops.floor_divide, other, self, other)

    def __mod__(self, other: object) -> Value:
        return _apply(ops.mod, self, other, other)

    def __rmod__(self, other: object) -> Value:
        return _apply(ops.mod, other, self, other)

    def __divmod__(self, other: object) -> tuple[Value, Value]:
        return self // other, self % other

    def __rdivmod__(self, other: object) -> tuple[Value, Value]:
        return other // self, other % self

    def __neg__(self) -> Value:
        return _node(-self._number, ops.negative, self, -1.0)

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return self.abs()

    # --- Comparing, by data ---------------------------------------------------------------------

    __hash__ = Node.__hash__

    def __lt__(self, other: Operand) -> bool:
        if listeners:
            return cast(bool, ask(operator.lt, self, other))
        return self._number < (other._number if isinstance(other, Node) else other)

    def __le__(self, other: Operand) -> bool:
        if listeners:
            return cast(bool, ask(operator.le, self, other))
        return self._number <= (other._number if isinstance(other, Node) else other)

    def __gt__(self, other: Operand) -> bool:
        if listeners:
            return cast(bool, ask(operator.gt, self, other))
        return self._number > (other._number if isinstance(other, Node) else other)

    def __ge__(self, other: Operand) -> bool:
        if listeners:
            return cast(bool, ask(operator.ge, self, other))
        return self._number >= (other._number if isinstance(other, Node) else other)

    def __eq__(self, other: object) -> bool:
        if listeners:
            return cast(bool, ask(operator.eq, self, other))
        return self._number == (other._number if isinstance(other, Node) else other)

    def __ne__(self, other: object) -> bool:
        if listeners:
            return cast(bool, ask(operator.ne, self, other))
        return self._number != (other._number if isinstance(other, Node) else other)

    def __bool__(self) -> bool:
        return cast(bool, ask(bool, self)) if listeners else self._number != 0.0

    # --- One method per unary operation ---------------------------------------------------------

    exp = _unary(ops.exp)
    exp2 = _unary(ops.exp2)
    expm1 = _unary(ops.expm1)
    log = _unary(ops.log)
    log1p = _unary(ops.log1p)
    log2 = _unary(ops.log2)
    log10 = _unary(ops.log10)
    reciprocal = _unary(ops.reciprocal)
    entr = _unary(ops.entr)
    logit = _unary(ops.logit)
    log1mexp = _unary(ops.log1mexp)
    sqrt = _unary(ops.sqrt)
    cbrt = _unary(ops.cbrt)
    sin = _unary(ops.sin)
    cos = _unary(ops.cos)
    tan = _unary(ops.tan)
    asin = _unary(ops.asin)
    acos = _unary(ops.acos)
    atan = _unary(ops.atan)
    sinc = _unary(ops.sinc)
    deg2rad = _unary(ops.deg2rad)
    rad2deg = _unary(ops.rad2deg)
    sinh = _unary(ops.sinh)
    cosh = _unary(ops.cosh)
    tanh = _unary(ops.tanh)
    asinh = _unary(ops.asinh)
    acosh = _unary(ops.acosh)
    atanh = _unary(ops.atanh)
    sigmoid = _unary(ops.sigmoid)
    log_sigmoid = _unary(ops.log_sigmoid)
    softplus = _unary(ops.softplus)
    silu = _unary(ops.silu)
    selu = _unary(ops.selu)
    softsign = _unary(ops.softsign)
    hard_tanh = _unary(ops.hard_tanh)
    relu = _unary(ops.relu)
    stop_gradient = _unary(ops.stop_gradient)
    erf = _unary(ops.erf)
    erfinv = _unary(ops.erfinv)
    gammaln = _unary(ops.gammaln)
    digamma = _unary(ops.digamma)
    erfc = _unary(ops.erfc)
    ndtr = _unary(ops.ndtr)
    log_ndtr = _unary(ops.log_ndtr)
    abs = _unary(ops.abs)
    sign = _unary(ops.sign)
    floor = _unary(ops.floor)
    ceil = _unary(ops.ceil)
    trunc = _unary(ops.trunc)

    def square(self) -> Value:
        """The square."""
        x = self._number
        if x * x < math.inf:
            return _node(x * x, ops.square, self, 2.0 * x)
        return Value._record(ops.square, (self,))

    def leaky_relu(self, slope: float | Value = 0.01) -> Value:
        """`x` where it is positive, otherwise `slope * x`."""
        return Value._record(ops.leaky_relu, (self, slope))

    def elu(self, alpha: float | Value = 1.0) -> Value:
        """`x` where it is positive, otherwise `alpha * (exp(x) - 1)`."""
        return Value._record(ops.elu, (self, alpha))

    def gelu(self, approximate: bool = False) -> Value:
        """`x * ndtr(x)`, or the approximation of that by a tanh."""
        return Value._record(ops.gelu, (self, approximate))

    # --- NumPy ----------------------------------------------------------------------------------

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **options: object
    ) -> object:
        return apply_ufunc(ufunc, method, inputs, **options)

    def __array_function__(
        self,
        func: object,
        types: object,
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> object:
        return apply_function(func, args, kwargs, Array)

    _array_kind = Array

    # On a plain array of objects, NumPy calls the method with the ufunc's name on every element.
    arcsin, arccos, arctan, fabs = asin, acos, atan, abs
    arcsinh, arccosh, arctanh = asinh, acosh, atanh
    radians, degrees = deg2rad, rad2deg

    def arctan2(self, other: float | Value) -> Value:
        """The angle of the point (other, self), in radians from -pi to pi."""
        return Value._record(ops.atan2, (self, other))

    def hypot(self, other: float | Value) -> Value:
        """The distance of the point (self, other) from the origin."""
        return Value._record(ops.hypot, (self, other))

    def fmod(self, other: float | Value) -> Value:
        """The remainder of a division by `other`, with the sign of this Value."""
        return Value._record(ops.fmod, (self, other))

    def clip(
        self, lower: float | Value | None, upper: float | Value | None, out: None = None
    ) -> Value:
        """The Value moved into [lower, upper], None meaning no bound; `np.clip` calls this."""
        lower = -math.inf if lower is None else lower
        upper = math.inf if upper is None else upper
        return Value._record(ops.clip, (self, lower, upper))

    def round(self, decimals: int | None = None, out: None = None) -> Value:
        """The nearest whole number, or multiple of 10 ** -decimals; `np.round` calls this."""
        return cast(Value, ops.round(self, decimals))

    def rint(self) -> Value:
        """The nearest whole number."""
        return self.round()

    def conjugate(self) -> Value:
        """The Value itself, which is real."""
        return self

    # As NumPy's numbers do, a Value answers for an array without dimensions.
    shape, ndim, size = (), 0, 1

    @property
    def T(self) -> Value:  # noqa: N802
        """The Value itself."""
        return self

    def _itself(self, axis: None = None, **options: object) -> Value:
        """The Value itself, which is the only element."""
        return self

    sum = mean = prod = max = min = squeeze = _itself

    def reshape(self, *shape: int | tuple[int, ...]) -> Array:
        """An `Array` with the Value as its only element."""
        return cast(Array, np.reshape(self, shape[0] if len(shape) == 1 else shape))  # type: ignore[call-overload]

    def ravel(self) -> Array:
        """A vector with the Value as its only element."""
        return self.reshape(1)

    flatten = ravel

    def __float__(self) -> float:
        raise TypeError(
            f"converting {title(self)} to a plain number would lose its gradient: use .data, or "
            "autograd.data(array), where the number alone is wanted, otherwise the operations of "
            "this library (autograd.exp instead of math.exp) and, in place of an array of floats, "
            "autograd.array(array)"
        )

    def __int__(self) -> int:
        if self.op is not None and self.op.steps:  # nothing is lost: as an index, say
            return cast(int, ask(int, self))
        return int(float(self))

    def __complex__(self) -> complex:
        return complex(float(self))

    def __round__(self, digits: int = 0) -> float:
        return round(float(self), digits)

    def __trunc__(self) -> int:
        return int(float(self))

    __sympy__ = False  # an expression on the left leaves its operator to the Value

    # --- What tensors have elsewhere -------------------------------------------------------------

    item = Elsewhere("its number is .data, a float")
    numpy = Elsewhere("its number is .data; of an array of Values take autograd.data(array)")
    label = Elsewhere(f"its name is .name{_MICROGRAD}")
    _prev = Elsewhere(f"its operands are .operands{_MICROGRAD}")
    _children = Elsewhere(f"its operands are .operands{_MICROGRAD}")
    _op = Elsewhere(f"its operation is .op, the name of that .op.name{_MICROGRAD}")
    _local_grads = Elsewhere(f"its partial derivatives are .partials{_MICROGRAD}")
    _backward = Elsewhere(f"backward() of a result goes back through all of them{_MICROGRAD}")
    requires_grad = Elsewhere("every Value has a gradient; a constant is a plain number")

    # --- Copying and pickling -------------------------------------------------------------------
    # Both go through the graph in topological order, so that it may be of any depth.

    def __copy__(self) -> Value:
        if seals:
            bar("copying", self)
        return copied(self, Value)

    def __deepcopy__(self, memo: dict[int, object]) -> Value:
        if seals:
            bar("copying", self)
        for node in sort(self):
            if id(node) not in memo:
                memo[id(node)] = copied(node, Value, lambda x: cast(Node, memo[id(x)]))
        return cast(Value, memo[id(self)])

    def __reduce__(self) -> tuple[object, ...]:
        if seals:
            bar("pickling", self)
        return reduction(self, Value, lambda: sort(cast(Node, self)))


_new = Value.__new__
_new_tuple = tuple.__new__  # twice as fast as calling a NamedTuple


def _node(
    number: float, op: Op, x: Node | None, dx: float, y: Node | None = None, dy: float = 0.0
) -> Value:
    """The Value that an operation gives; the operands are laid out as `autograd.graph` says."""
    if silences and silent():
        return Value(number)
    node = _new(Value)
    node._number = number
    node._x = x
    node._dx = dx
    node._y = y
    node._dy = dy
    node._grad = 0.0
    node._wide = node._past = node.name = None
    node.op = op
    return node


def _reflected(op: Op, x: float, y: Value, number: float, dy: float) -> Value:
    """The result of an operator with a number on the left."""
    if number - number == 0.0:
        return _node(number, op, None, x, y, dy)
    return Value._record(op, (x, y))


def as_value(operand: Operand) -> Value:
    """A Value as it is, a constant as a Value that counts as computed, so not as a leaf."""
    return operand if isinstance(operand, Value) else Value._record(ops.identity, (operand,))


def hand_on(leaf: Value, operand: Operand) -> None:
    """Turn a leaf, in place, into a Value that hands on an operand."""
    leaf.op = ops.identity
    leaf._x, leaf._dx = (operand, 1.0) if isinstance(operand, Node) else (None, operand)
    leaf._born()


if native is not None:
    take_methods(Value, native.Record)
    native.install(
        Value=Value,
        Entry=Entry,
        Wide=Wide,
        apply=_apply,
        record=Value._record,
        call=call,
        renew=renew,
        convert=converted,
        bar=bar,
        table=ops.TABLE,
    )
    _node = native.node
    Value._record = native.record  # type: ignore[method-assign]
