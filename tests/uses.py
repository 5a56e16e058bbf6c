"""Uses and misuses of Values, and what comes of them: `python tests/uses.py` prints them all.

The two forms of the core must print the same, results, types, messages and warnings.
"""

import copy
import math
import operator
import re
import sys
import warnings
import weakref
from decimal import Decimal
from fractions import Fraction

import numpy as np

import autograd
from autograd import Op, Value, clip, dot, exp, grad, leaky_relu, log, maximum, mean, relu
from autograd.questions import listening


class Half(float):
    pass


class Whole(int):
    pass


class Stranger:
    def __add__(self, other):
        return "added"

    def __radd__(self, other):
        return "added from the right"


class Own(Value):
    def __add__(self, other):
        return "added by a subclass"


x, y = Value(2.0, name="x"), Value(3.0)
THINGS = [
    *(True, 3, 0, 2**63, 10**400, -0.0, 1e308, math.inf, math.nan, 1j, None, "a", b"a"),
    *(Half(2.5), Whole(3), Fraction(1, 3), Decimal("1.5"), np.float64(2.0), np.float32(0.1)),
    *(np.int64(3), np.bool_(True), np.array(2.0), np.array([1.0, 2.0]), np.array([x, y])),
    *(np.ma.array([1.0, 2.0], mask=[0, 1]), np.ma.masked, [1.0], (1.0,), {1.0}, {}, range(3)),
    *(Stranger(), Own(2.0), x, object, print),
]
OPERATORS = [
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod),
    *(operator.floordiv, operator.matmul, operator.iadd, operator.imul, operator.lt, operator.eq),
]
USES = [
    *(lambda: pow(x, 2, 3), lambda: abs(x), lambda: -x, lambda: +x, lambda: divmod(x, 2)),
    *(lambda: x.__add__("a"), lambda: x.__radd__(2), lambda: x.__rsub__(2), lambda: 1 + Own(2.0)),
    *(lambda: Value(), lambda: Value(x), lambda: Value("1"), lambda: Value(1, 2), Value(1).named),
    *(lambda: x.nothing, lambda: setattr(x, "nothing", 1), lambda: weakref.ref(x)),
    *(lambda: x.backward("a"), lambda: x.backward(None), lambda: x.backward(np.float32(2))),
    *(lambda: x.derivative(2), lambda: x.forward(), lambda: float(x), lambda: round(x)),
    *(lambda: sorted([y, x]), lambda: sum([x, y]), lambda: math.fsum([x]), lambda: bool(x)),
    *(lambda: dot([x], [1, 2]), lambda: dot([x, "a"], [1, 2]), lambda: dot([x], [None])),
    *(lambda: dot({1}, [x]), lambda: dot([], []), lambda: dot([x], y), lambda: dot(a=[x], b=[2])),
    *(lambda: autograd.sum([]), lambda: autograd.sum(x), lambda: mean([]), lambda: mean([x, [y]])),
    *(lambda: exp(), lambda: exp(x, y), lambda: exp(x=x), lambda: exp("a"), lambda: exp([x])),
    *(lambda: maximum(x), lambda: maximum(x, "a"), lambda: leaky_relu(x), lambda: clip(x, 0)),
    *(lambda: log(Value(-1.0)), lambda: Value(0.0) / 0, lambda: 1 / Value(0.0), lambda: x / 1e-320),
    *(lambda: Value(1e308) * 10, lambda: Value(0.0) ** -1, lambda: Value(-1.0) ** 0.5),
    *(lambda: exp(Value(1000.0)), lambda: dot([Value(1e300)], [1e300]), lambda: relu(math.nan * x)),
    *(lambda: autograd.sum([Value(math.inf), -math.inf]), lambda: x.tanh(1), lambda: x.clip(0, 1)),
    *(lambda: np.add(x, 1, out=np.zeros(1)), lambda: np.exp(x), lambda: np.float64(2) * x),
    *(lambda: copy.copy(x * y), lambda: copy.deepcopy(x * y), lambda: f"{x * y:.3f}"),
    *(lambda: grad(lambda v: v * "a")(1.0), lambda: grad(lambda v: "a")(1.0)),
    lambda: Op("strange", lambda v: "a", [lambda out, v: 1.0])(x),
    lambda: Op("strange", lambda v: 1.0, [lambda out, v: "a"])(x),
    lambda: Op("failing", lambda v: 1 // 0, [lambda out, v: 1.0])(x),
]


def told(use):
    """What comes of a use, as text."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            result = use()
            told = type(result).__name__, repr(result)
            if isinstance(result, Value):
                told += [type(x).__name__ for x in result.operands], result.partials
        except Exception as error:
            told = type(error).__name__, str(error), getattr(error, "__notes__", None)
    text = f"{told} {[str(warning.message) for warning in heard]}"
    return re.sub(r"0x[0-9a-f]+", "", text)


def assigned(attribute, thing):
    value = Value(1.0)
    setattr(value, attribute, thing)
    return value


def main():
    sys.set_int_max_str_digits(0)
    for place, thing in enumerate(THINGS):
        for function in OPERATORS:
            print(place, function.__name__, told(lambda f=function, z=thing: f(x, z)))
            print(place, function.__name__, told(lambda f=function, z=thing: f(z, x)))
        for attribute in ("data", "grad"):
            print(place, attribute, told(lambda a=attribute, z=thing: assigned(a, z)))
    for attribute in ("data", "grad"):
        print(attribute, told(lambda a=attribute: delattr(Value(1.0), a)))
    for place, use in enumerate(USES):
        print(place, told(use))
    heard = []
    with listening(heard.append):
        print(x > y, bool(x), x == 2.0, np.isnan(x))
    print([(question.asked.__name__, question.answer) for question in heard])


if __name__ == "__main__":
    main()
