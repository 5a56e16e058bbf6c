"""Integers given to a function that is recorded: numbers in arithmetic, integers elsewhere."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.arrays import Array, apply_function, apply_ufunc
from autograd.elements import node_of
from autograd.op import Op
from autograd.questions import ask
from autograd.value import Value

LARGEST = 2**53
"""Larger integers are not all floats."""


def exact(x: float) -> bool:
    """Whether an integer that has this number is that number."""
    return -LARGEST <= x <= LARGEST


def _integer(item: Any) -> Any:
    """Python's integer for other kinds of integers; anything else as it is.

    Raises:
        OverflowError: if it is so large that it may be no float.
    """
    if isinstance(item, (bool, np.bool_, np.integer)):
        item = int(item)
    if type(item) is int and not exact(item):
        raise OverflowError(f"integers beyond 2**53, such as {item:.6g}, are rounded")
    return item


def _arithmetic(function: Callable[[Any, Any], Any], name: str) -> tuple[Any, Any]:
    """An operator and the reflected one: an integer of integers, a Value of anything else."""

    def method(self: "Whole", other: Any) -> Any:
        other = _integer(other)
        if type(other) is Whole:
            return Whole.computed(function(self._node, other._node))
        if type(other) is int:
            return Whole.computed(function(self._node, other))
        return function(self._node, other)

    def reflected(self: "Whole", other: Any) -> Any:
        other = _integer(other)
        if type(other) is int:
            return Whole.computed(function(other, self._node))
        return function(other, self._node)

    method.__name__, reflected.__name__ = f"__{name}__", f"__r{name}__"
    return method, reflected


def _comparison(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: "Whole", other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return ask(function, self._node, node_of(other))

    method.__name__ = f"__{function.__name__}__"
    return method


class Whole:
    """An integer in place of which a Value is recorded.

    In arithmetic it is that Value, and an integer again where integers give one. All that looks at
    it as an integer (an index, `range`, a comparison, its hash, its text) asks the Value a
    question.
    """

    __slots__ = ("_node",)
    _array_kind = Array

    def __init__(self, node: Value) -> None:
        self._node = node

    @classmethod
    def computed(cls, node: Value) -> "Whole":
        """The result of arithmetic, which has no -0.0.

        Raises:
            OverflowError: if it is so large that it may be rounded.
        """
        if not ask(exact, node):
            raise OverflowError(f"integers beyond 2**53, such as {node._number:.6g}, are rounded")
        return cls(node + 0.0)

    @classmethod
    def _record(cls, op: Op, operands: Sequence[Any]) -> Value:
        return Value._record(op, [x._node if type(x) is Whole else x for x in operands])

    __add__, __radd__ = _arithmetic(operator.add, "add")
    __sub__, __rsub__ = _arithmetic(operator.sub, "sub")
    __mul__, __rmul__ = _arithmetic(operator.mul, "mul")

    def __truediv__(self, other: Any) -> Any:
        return _quotient(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _quotient(other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _divided(operator.floordiv, self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _divided(operator.floordiv, other, self)

    def __mod__(self, other: Any) -> Any:
        return _divided(operator.mod, self, other)

    def __rmod__(self, other: Any) -> Any:
        return _divided(operator.mod, other, self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __pow__(self, other: Any, modulus: None = None) -> Any:
        if modulus is not None:
            return pow(int(self), int(other), modulus)
        return _power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return _power(other, self)

    def __neg__(self) -> "Whole":
        return Whole.computed(-self._node)

    def __pos__(self) -> "Whole":
        return self

    def __abs__(self) -> "Whole":
        return Whole.computed(abs(self._node))

    def __round__(self, digits: int | None = None) -> Any:
        return self if digits is None or digits >= 0 else round(int(self), digits)

    def __trunc__(self) -> "Whole":
        return self

    __floor__ = __ceil__ = __trunc__
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)
    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)

    def __bool__(self) -> bool:
        return bool(ask(bool, self._node))

    def __int__(self) -> int:
        return int(ask(int, self._node))

    __index__ = __int__

    def __hash__(self) -> int:
        return hash(int(self))

    def __repr__(self) -> str:
        return repr(int(self))

    def __format__(self, specification: str) -> str:
        return format(int(self), specification)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, tuple([_plain(x) for x in inputs]), **options)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply_function(func, [*map(_plain, args)], kwargs, Array)

    def __getattr__(self, name: str) -> Any:
        """The methods of an int, and those of a Value, such as `exp`, by which NumPy applies
        functions to objects."""
        if not name.startswith("_"):
            if hasattr(int, name):
                return getattr(int(self), name)
            if isinstance(getattr(np, name, None), np.ufunc):
                return getattr(self._node, name)
        raise AttributeError(f"'int' object has no attribute {name!r}", name=name, obj=self)


def _plain(item: Any) -> Any:
    """The Value that an integer stands for, also in sequences."""
    if isinstance(item, (list, tuple)):
        return type(item)(map(_plain, item))
    return item._node if type(item) is Whole else item


def _quotient(left: Any, right: Any) -> Any:
    """A quotient, which is a Value: an integer divided by 0 is an error, as in Python."""
    left, right = _integer(left), _integer(right)
    if type(left) in (int, Whole) and type(right) in (int, Whole) and not right:
        raise ZeroDivisionError("division by zero")
    return node_of(left) / node_of(right)


def _divided(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """A quotient or remainder of integers, an integer; of anything else, a Value."""
    left, right = _integer(left), _integer(right)
    if type(left) in (int, Whole) and type(right) in (int, Whole):
        if not right:
            raise ZeroDivisionError("integer division or modulo by zero")
        return Whole.computed(function(_plain(left), _plain(right)))
    return function(_plain(left), _plain(right))


def _power(base: Any, exponent: Any) -> Any:
    """A power of integers, an integer unless the exponent is negative; otherwise a Value."""
    base, exponent = _integer(base), _integer(exponent)
    value = _plain(base) ** _plain(exponent)
    integers = type(base) in (int, Whole) and type(exponent) in (int, Whole)
    return Whole.computed(value) if integers and exponent >= 0 else value
