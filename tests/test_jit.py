"""`jit`: programs against the functions that were recorded, called with Values."""

import copy
import functools
import gc
import math
import pickle
import threading
import tracemalloc
import warnings
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from programs import NUMBERS, compiled, numbers, programs, same

import autograd
from autograd import (
    Op,
    Value,
    custom_root,
    dot,
    exp,
    grad,
    hessian,
    hvp,
    jacobian,
    jit,
    jvp,
    no_grad,
    relu,
    sin,
    stop_gradient,
    tanh,
    value_and_grad,
    values,
    vmap,
    where,
)
from autograd.compiler import program

MANY = settings(deadline=None, suppress_health_check=list(HealthCheck))


def called_with_values(f, *arguments):
    """What a function gives, called with Values: as plain numbers."""
    with np.errstate(all="ignore"):
        return numbers(f(*[Value(x) for x in arguments]))


def agrees(compiled_function, f, *arguments):
    found, expected = numbers(compiled_function(*arguments)), called_with_values(f, *arguments)
    assert len(found) == len(expected)
    assert all(map(same, found, expected)), (arguments, found, expected)


# --- Random programs ------------------------------------------------------------------------------


@MANY
@given(programs(), st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=6))
def test_a_program_gives_the_bits_of_its_function(source, points):
    f = compiled(source)
    fast, count = jit(f), f.__code__.co_argcount
    for point in [*points, *points]:
        agrees(fast, f, *point[:count])


@MANY
@given(
    programs(scalar=True, parameters=2),
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4),
    st.sampled_from(["value_and_grad", "hessian", "jvp", "third"]),
)
@example(
    "def f(x0):\n    v0 = -x0\n    return v0 + x0\n",
    [(0.0, 0.0), (math.inf, 0.0)],
    "value_and_grad",
)
def test_derivatives_of_random_programs(source, points, kind):
    f = compiled(source)
    count = f.__code__.co_argcount
    everything = tuple(range(count))
    derived = {
        "value_and_grad": lambda: value_and_grad(f, everything),
        "hessian": lambda: hessian(f, everything),
        "jvp": lambda: lambda *x: jvp(f, x, [1.0] * count),
        "third": lambda: grad(grad(grad(f))),
    }[kind]()
    fast = jit(derived)
    for point in points:
        agrees(fast, derived, *point[:count])


@pytest.mark.skipif(program.native is None, reason="there is no native core")
@MANY
@given(
    programs(scalar=True, parameters=2),
    st.tuples(NUMBERS, NUMBERS),
    st.sampled_from([lambda f: f, grad, lambda f: grad(grad(f)), value_and_grad]),
)
def test_the_native_core_makes_the_same_programs(source, point, derived):
    f = compiled(source)
    found = []
    for core in (program.native, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(program, "native", core)
            fast = jit(derived(f))
            fast(*point[: f.__code__.co_argcount])
        if not fast.paths:
            return
        made = fast.program
        found.append(
            [str(made), made.entries, made.ops, made.outputs, sorted(made.overflown)]
            + [x.hex() for x in made.constants]
        )
    assert found[0] == found[1]


# --- What it is given, and returns ----------------------------------------------------------------


class Pair(NamedTuple):
    first: float
    second: object


def test_nested_arguments_and_results():
    def f(parameters, pair, *rest, scale=1.0):
        total = dot(parameters["w"], pair.second) + pair.first + sum(rest)
        return {"total": total * scale, "pair": Pair(total, [parameters["w"] * 2.0])}, None, "done"

    fast = jit(f)
    for w, s in (([1.0, 2.0], 1.0), ([3.0, -4.0], 0.5)):
        arguments = {"w": np.array(w)}, Pair(0.5, np.array([1.0, 3.0])), 1.0, 2.0
        found, expected = fast(*arguments, scale=s), f(*arguments, scale=s)
        assert repr(found) == repr(expected)
        assert type(found[0]["pair"]) is Pair
    assert len(fast.paths) == 1


@pytest.mark.parametrize(
    "x",
    [
        2.0,
        np.float64(2.0),
        np.float32(2.5),
        np.array([1.0, 2.0]),
        np.array([[1.0, 2.0], [3.0, 4.0]])[:, 1],
        np.array([1.5, 2.5], dtype=np.float32),
        np.array([1.5, 2.5], dtype=np.float16),
        np.zeros((0,)),
        np.zeros((2, 0, 3)),
        np.array(3.0),
        [1.0, [2.0, (3.0,)], {}],
    ],
    ids=repr,
)
def test_an_output_that_is_an_input(x):
    fast = jit(lambda x: x)
    for _ in range(2):
        result = fast(x)
        assert repr(result) == repr(
            np.asarray(x, dtype=np.float64) if isinstance(x, np.ndarray) else
            float(x) if isinstance(x, np.floating) else x
        )  # fmt: skip
        assert result is not x or isinstance(x, float)


def test_without_inputs_and_constant_outputs():
    class Calls:
        count = 0

    def constant():
        Calls.count += 1
        return exp(1.0), 3, True, None, np.array([1, 2])

    fast = jit(constant)
    first, second = fast(), fast()
    assert repr(first) == repr(second) == repr(constant())
    assert Calls.count == 2
    second[4][0] = 7  # which is a copy
    assert fast()[4].tolist() == [1, 2]
    assert jit(lambda x: 3)(1.0) == 3
    assert jit(lambda x, y: y)(1.0, "text") == "text"


def test_no_warnings_and_ieee_results():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fast = jit(lambda x, y: (x / y, x.log() if isinstance(x, Value) else 0.0, exp(x), x**y))
        for _ in range(2):
            assert repr(fast(0.0, 0.0)) == "(nan, -inf, 1.0, 1.0)"
            assert repr(fast(1e3, 0.0)) == "(inf, 6.907755278982137, inf, 1.0)"
            assert repr(fast(-1.0, 0.5)) == "(-2.0, nan, 0.36787944117144233, nan)"


def test_integers_are_numbers_in_arithmetic():
    fast = jit(lambda x, n: x * n + n**2 - n / 2 + n // 2 + n % 2)
    for n in range(5):
        assert fast(1.5, n) == 1.5 * n + n**2 - n / 2 + n // 2 + n % 2
    assert len(fast.paths) == 1
    total = jit(lambda x: np.sum(x * 0.5))
    assert [total(np.arange(n, n + 3)) for n in range(3)] == [1.5, 3.0, 4.5]
    assert len(total.paths) == 1
    integers = jit(lambda n: (n + 1, -n, abs(n), n // 2, n * n, 2**n, round(n), n % 3))
    for n in (5, 6, 7):
        expected = (n + 1, -n, abs(n), n // 2, n * n, 2**n, round(n), n % 3)
        assert repr(integers(n)) == repr(expected)
    assert len(integers.paths) == 1


@pytest.mark.parametrize(
    "f",
    [
        lambda x, n: x * sum([1.0] * n),
        lambda x, n: [x, 2.0 * x, x * x][n],
        lambda x, n: x * {0: 1.0, 1: 5.0, 2: 7.0}[n],
        lambda x, n: x if n == 1 else -x,
        lambda x, n: x * (n in (1, 2)),
        lambda x, n: x * {1: 2.0}.get(n, 0.5),
        lambda x, n: x * len(f"{n:03d}{n}{'a' * n}"),
        lambda x, n: x * (n & 1),
        lambda x, n: x * math.factorial(n),
        lambda x, n: x * float(n),
        lambda x, n: x * max(n, 1),
        lambda x, n: sum(x for _ in range(n + 1)),
        lambda x, n: x * np.zeros(n + 1).size,
        lambda x, n: x if n else 0.0 * x,
        lambda x, n: x * np.eye(3)[n].sum() * np.array([1.0, 2.0, 3.0])[n],
    ],
)
def test_an_integer_that_is_used_as_one_is_a_guard(f):
    fast = jit(f)
    for n in (0, 1, 2, 1, 0):
        for x in (1.5, -2.0):
            assert fast(x, n) == f(Value(x), n).data
    assert 2 <= len(fast.paths) <= 3


def test_an_array_of_integers_as_an_index():
    table = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    fast = jit(lambda w, labels: (w * table)[np.arange(2), labels].sum())
    assert fast(1.0, np.array([0, 2])) == 7.0
    assert fast(2.0, np.array([0, 2])) == 14.0
    assert fast(1.0, np.array([1, 1])) == 7.0
    assert len(fast.paths) == 2


def test_an_integer_that_is_differentiated_is_a_float():
    fast = jit(grad(lambda x: x**3))
    assert [fast(n) for n in (1, 2, 3)] == [3.0, 12.0, 27.0]
    assert len(fast.paths) == 1
    assert jit(grad(lambda x: (x**2).sum()))(np.arange(3)).tolist() == [0.0, 2.0, 4.0]


def test_large_integers_stay_exact():
    n = 2**53 + 1
    assert jit(lambda n, x: n)(n, 1.0) == n
    assert jit(lambda n, x: x * (n - 2**53))(n, 3.0) == 3.0


def test_what_is_fixed_is_recorded_anew():
    fast = jit(
        lambda x, mode, flip: (sin(x) if mode == "sin" else exp(x)) * (-1.0 if flip else 1.0)
    )
    assert fast(1.0, "sin", False) == math.sin(1.0)
    assert fast(1.0, "exp", False) == math.exp(1.0)
    assert fast(2.0, "sin", True) == -math.sin(2.0)
    assert fast(3.0, mode="sin", flip=False) == math.sin(3.0)
    assert len(fast.paths) == 4


def test_an_argument_that_is_fixed_but_always_another_one_is_named():
    fast = jit(lambda x, key: x * len(key))
    for n in range(8):
        fast(1.0, "a" * n)
    with pytest.warns(RuntimeWarning, match="the argument key of <lambda>.*for each of the 9"):
        fast(1.0, "a" * 8)
    fast(1.0, "a" * 9)  # told once
    counted = jit(lambda x, n: x * n if n > -1 else x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in range(20):
            counted(1.0, n)


def test_what_changes_around_the_function_is_seen():
    scale, table = 2.0, np.array([1.0, 2.0])
    rates = {"a": 1.0}

    def helper(x):
        return x * GLOBAL["rate"] * rates["a"]

    def f(x, factor=lambda: scale):
        return helper(x) * factor() + table[0]

    fast = jit(f)
    try:
        assert fast(1.0) == 3.0
        scale = 3.0
        assert fast(1.0) == 4.0
        table[0] = 10.0
        assert fast(1.0) == 13.0
        GLOBAL["rate"] = 2.0
        assert fast(1.0) == 16.0
        rates["a"] = 0.0
        assert fast(1.0) == 10.0
        f.__defaults__ = (lambda: 1.0,)
        assert fast(1.0) == 10.0
        table[0] = 1.0
        scale = 0.0
        assert fast(1.0) == 1.0

        def helper(x):
            return x * 7.0

        assert fast(1.0) == 8.0
    finally:
        GLOBAL["rate"] = 1.0


GLOBAL = {"rate": 1.0}


def test_a_number_around_that_always_changes_is_named():
    step = 0

    def f(x):
        return x + step

    fast = jit(f)
    fast(1.0)
    for step in range(1, 8):
        assert fast(1.0) == 1.0 + step
    step = 8
    with pytest.warns(RuntimeWarning, match="step, which f finds around it, has changed 8 times"):
        assert fast(1.0) == 9.0
    step = 9
    assert fast(1.0) == 10.0  # told once


def test_values_from_around_are_read_at_each_call():
    w = Value(2.0, name="w")
    doubled = w * 2.0
    fast = jit(lambda x: x * w + doubled)
    assert fast(1.0) == 6.0
    w.data = 5.0
    doubled.forward()
    assert fast(1.0) == 15.0
    assert "w" in fast.program.inputs
    assert len(fast.paths) == 1


def test_gradients_with_respect_to_values_from_around_are_not_lost():
    assert grad(lambda w: jit(lambda x: x * w)(3.0))(2.0) == 3.0
    assert grad(lambda w: jit(grad(lambda x: x**2 * w))(3.0))(2.0) == 6.0
    assert grad(lambda w: jit(vmap(lambda x: x * w))(np.array([1.0, 2.0])).sum())(2.0) == 3.0


def test_called_with_values_it_is_the_function():
    fast = jit(lambda x, y: x * y)
    x = Value(3.0)
    fast(x, 2.0).backward()
    assert x.grad == 2.0
    assert fast(values([1.0, 2.0]), 2.0).data.tolist() == [2.0, 4.0]
    assert grad(fast)(3.0, 2.0) == 2.0
    assert grad(jit(jit(lambda x: x**3)))(2.0) == 12.0
    assert not fast.paths
    inner = jit(lambda x: sin(x) ** 2)
    outer = jit(lambda x: inner(x) + inner(2.0))
    agrees(outer, lambda x: sin(x) ** 2 + sin(2.0) ** 2, 0.5)


def test_transformations():
    def f(x):
        return x[0] ** 2 * np.exp(x[1]) + np.sin(x[0] * x[1])

    x = np.array([0.5, -1.5])
    for derived in (grad(f), jacobian(grad(f)), hessian(f), value_and_grad(f)):
        fast = jit(derived)
        for point in (x, 2.0 * x):
            found, expected = numbers(fast(point)), numbers(derived(values(point)))
            assert found == expected
    assert jit(lambda x, v: hvp(f, (x,), (v,)))(x, x).tolist() == hvp(f, (x,), (x,)).tolist()
    third = grad(lambda x: hessian(f)(x)[0, 1])
    assert numbers(jit(third)(x)) == numbers(third(values(x)))


# --- Branches -------------------------------------------------------------------------------------


def test_guards_tell_their_lines_and_points():
    def f(x):
        if x > 1.0:
            return x * 2.0
        return -x

    fast = jit(f)
    assert [fast(x) for x in (2.0, 3.0, 0.0, 1.0, math.nan)][:4] == [4.0, 6.0, -0.0, -1.0]
    assert [path.points for path in fast.paths] == [3, 2]
    assert [path.guards[0].text for path in fast.paths] == ["not x > 1", "x > 1"]
    assert fast.paths[0].guards[0].file == __file__
    assert fast.paths[0].guards[0].line == f.__code__.co_firstlineno + 1
    assert all(path.seconds > 0.0 for path in fast.paths)
    assert "line" in repr(fast.paths[0])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[np.argmax(x)] * 2.0,
        lambda x: np.sort(x)[0],
        lambda x: x[np.argsort(x)][::-1],
        lambda x: x[np.isnan(x)].sum() + x[~np.isnan(x)].sum(),
        lambda x: x[np.isfinite(x)].sum(),
        lambda x: x[np.isinf(x)].sum(),
        lambda x: x[x > 0.5].sum(),
        lambda x: np.unique(x),
        lambda x: np.where(np.any(x > 2.0), x, -x),
        lambda x: np.nan_to_num(x),
        lambda x: np.interp(x, [0.0, 1.0, 2.0], [1.0, 3.0, 2.0]),
        lambda x: np.median(x),
        lambda x: sorted(x.tolist())[1],
        lambda x: max(x.tolist()),
        lambda x: np.linalg.solve(np.outer(x, x) + np.diag(x + 1.0), x),
        lambda x: np.linalg.det(np.outer(x, x) - np.diag(x)),
        lambda x: np.count_nonzero(x) * x,
        lambda x: x[np.searchsorted(x, 0.5) % 3],
    ],
)
def test_every_kind_of_question(f):
    fast = jit(f)
    points = [
        [0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [1.0, 1.0, 0.0], [2.5, -1.0, 0.6],
        [0.0, 0.0, 0.0], [3.0, 1.0, 2.0], [0.1, 0.25, 0.35],
    ]  # fmt: skip
    specials = [[math.nan, 1.0, 0.0], [math.inf, 1.0, -math.inf], [1.0, math.nan, math.nan]]
    for point in points + specials + points:
        x = np.array(point)
        try:
            with np.errstate(all="ignore"):
                expected = numbers(f(values(x)))
        except (np.linalg.LinAlgError, TypeError, ValueError) as error:
            with pytest.raises(type(error)):
                fast(x)
            continue
        found = numbers(fast(x))
        assert len(found) == len(expected)
        assert all(map(same, found, expected)), (point, found, expected)
    assert len(fast.paths) < 12


def test_an_index_that_is_computed():
    table = np.array([1.0, 10.0, 100.0])
    fast = jit(lambda x: table[int(autograd.floor(x))] * x)
    assert [fast(x) for x in (0.5, 1.5, 2.5, 1.25)] == [0.5, 15.0, 250.0, 12.5]
    assert len(fast.paths) == 3


def test_too_many_paths_run_in_python():
    def f(x):
        n = 0
        while n < x:
            n += 1
        return x * n

    fast = jit(f, max_paths=5)
    for x in range(5):
        assert fast(float(x)) == float(x) * x
    with pytest.warns(RuntimeWarning, match=r"f has taken 5 paths.*test_jit.py, line \d+"):
        assert fast(5.0) == 25.0
    for x in range(12):  # told once
        assert fast(float(x)) == float(x) * x
    assert len(fast.paths) == 5
    assert fast(3.0) == 9.0
    eager = jit(f, max_paths=0)
    with pytest.warns(RuntimeWarning):
        assert eager(3.0) == 9.0


def test_selections_are_no_guards_and_cut():
    fast = jit(grad(lambda x: where(x > 0.0, 1.0, 0.0) if False else relu(x.log())))
    for x in (2.0, 0.5, 0.0, -1.0, math.inf, math.nan):
        agrees(fast, grad(lambda x: relu(x.log())), x)
    assert len(fast.paths) <= 3


# --- What cannot be recorded ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (lambda x: x * x.data, r"reading \.data"),
        (lambda x: autograd.data(x) * x, r"\.data|data\(\)"),
        (lambda x: x * x.detach(), r"detach"),
        (lambda x: copy.copy(x), r"cop"),
        (lambda x: copy.deepcopy(x), r"cop"),
        (lambda x: pickle.dumps(x), r"pickl"),
        (lambda x: setattr(x, "data", 1.0), r"assigning .*\.data"),
        (lambda x: (x * x).backward(), r"backward"),
        (lambda x: no_grad().__enter__(), r"no_grad"),
        (lambda x: x * (x * x).partials[0], r"partials"),
    ],
)
def test_numbers_do_not_leak(does, words):
    def leaking(x):
        return does(x) or x

    with pytest.raises(RuntimeError, match=words) as raised:
        jit(leaking)(2.0)
    assert "leaking" in str(raised.value)
    if "reading" in words or "detach" in words:
        assert "stop_gradient" in str(raised.value)


def test_printing_is_allowed(capsys):
    def f(x):
        print(x, f"{x:.1f}", repr(x * 2.0))
        return stop_gradient(x) * x

    fast = jit(f)
    assert fast(2.0) == fast(-2.0) == 4.0
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        (lambda x, d: x.__setitem__(0, 2.0), "x"),
        (lambda x, d: d.update(a=x[0]), "d"),
        (lambda x, d: d["list"].append(1.0), r"d\['list'\]"),
        (lambda x, d: d["list"].__setitem__(1, 5.0), r"d\['list'\]"),
        (lambda x, d: d["table"].__setitem__(1, 5.0), r"d\['table'\]"),
    ],
)
def test_an_argument_that_is_changed_in_place_is_named(changes, place):
    def f(x, d):
        changes(x, d)
        return x.sum()

    d = {"list": [1.0, 2.0], "table": np.array([True, False])}
    with pytest.raises(RuntimeError, match=f"f changes its argument {place}.* in place.*copy"):
        jit(f)(np.array([1.0, 2.0]), d)
    assert d["list"] == [1.0, 2.0]


def test_an_operation_of_ones_own_runs_in_python():
    cube = Op("cube", lambda x: x * x * x, [lambda out, x: 3 * x * x])
    fast = jit(lambda x: cube(x) + x)
    with pytest.warns(RuntimeWarning, match="the operation cube of your own.*plain Python"):
        assert fast(2.0) == 10.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fast(3.0) == 30.0
        assert grad(fast)(2.0) == 13.0
    batch = jit(vmap(lambda x: cube(x) + x))
    with pytest.warns(RuntimeWarning, match="cube"):
        assert batch(np.array([1.0, 2.0])).tolist() == [2.0, 10.0]
    solved = jit(
        lambda a: custom_root(lambda x: x * x - a, 1.0, lambda f, x: x - f(x) / grad(f)(x))
    )
    with pytest.warns(RuntimeWarning, match="root"):
        assert solved(2.0) == solved(2.0) == 1.5


@pytest.mark.parametrize(
    ("result", "what"),
    [
        (lambda x: {x}, "a set"),
        (lambda x: object(), "an object"),
        (lambda x: [1.0, abs], r"result\[1\]"),
    ],
)
def test_results_that_would_stay(result, what):
    def f(x):
        return result(x)

    with pytest.raises(TypeError, match=what):
        jit(f)(2.0)


def test_arguments_of_other_libraries():
    class Series:
        def __array__(self, *_, **__):
            return np.zeros(2)

    def f(series):
        return series

    with pytest.raises(TypeError, match="argument of f, must be an array of NumPy's, not a Series"):
        jit(f)(Series())


def test_bad_calls():
    with pytest.raises(TypeError, match="jit takes a function, not a float"):
        jit(1.0)
    with pytest.raises(TypeError, match="max_paths"):
        jit(sin, max_paths=1.5)
    with pytest.raises(ValueError, match="max_paths"):
        jit(sin, max_paths=-1)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        jit(lambda x, y: x)(1.0)
    with pytest.raises(AttributeError, match="no program yet"):
        _ = jit(sin).program

    def raises(x):
        if x > 1.0:
            raise KeyError("too large")
        return x

    fast = jit(raises)
    assert fast(0.5) == 0.5
    with pytest.raises(KeyError, match="too large"):
        fast(2.0)
    assert fast(0.25) == 0.25


def test_checked_against_the_function():
    class Model:
        factor = 2.0

    model = Model()
    fast = jit(lambda x: x * model.factor, check=True)
    assert fast(1.0) == 2.0
    model.factor = 3.0
    with pytest.raises(RuntimeError, match=r"compiled, the result of <lambda> is 2\.0;.*attribute"):
        fast(1.0)
    assert jit(lambda x: x * model.factor, check=True)(2.0) == 6.0
    batch = jit(vmap(lambda x: (tanh(x) * model.factor, [x])), check=True)
    assert batch(np.array([0.0, 1.0]))[1][0].tolist() == [0.0, 1.0]
    model.factor = 4.0
    with pytest.raises(RuntimeError, match=r"the result\[0\]"):
        batch(np.array([0.0, 1.0]))


# --- As a function --------------------------------------------------------------------------------


@jit
def cubed(x):
    """The cube."""
    return x**3


class Line:
    def __init__(self, slope):
        self.slope = slope

    @jit
    def at(self, x):
        return self.slope * x

    @jit(max_paths=3)
    def sign(self, x):
        return 1.0 if x > 0.0 else -1.0


def test_a_decorator():
    assert cubed(2.0) == 8.0
    assert cubed.__doc__ == "The cube."
    assert cubed.__name__ == "cubed"
    assert repr(jit(grad(sin))) == "jit(grad(sin))"
    assert Line(2.0).at(3.0) == 6.0
    assert Line(5.0).at(3.0) == 15.0
    assert Line(5.0).sign(-3.0) == -1.0
    assert pickle.loads(pickle.dumps(cubed)) is cubed
    assert pickle.loads(pickle.dumps(jit(grad(cubed))))(2.0) == 12.0
    assert jit(sin) == jit(sin) != jit(sin, check=True)
    assert len({jit(sin), jit(sin)}) == 1
    assert functools.partial(cubed)(2.0) == 8.0
    assert jit(functools.partial(lambda k, x: k * x, 3.0))(2.0) == 6.0


def test_threads():
    def f(x, n):
        total = x
        while total < n:
            total = total * 1.5 + sin(total)
        return total

    for fast in (jit(f), jit(grad(f))):
        plain = f if fast.__wrapped__ is f else grad(f)
        points = [(0.1 + 0.07 * i, 1.0 + i % 5) for i in range(60)]
        expected = [called_with_values(plain, *point) for point in points]
        failed = []

        def work(start, fast=fast, points=points, expected=expected, failed=failed):
            for i in [*range(start, 60), *range(start)]:
                if numbers(fast(*points[i])) != expected[i]:
                    failed.append(i)

        threads = [threading.Thread(target=work, args=(7 * i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed


# --- The program ----------------------------------------------------------------------------------


def test_a_program_can_be_read():
    def f(x, w):
        if w > 0.0:
            return (x * x + w) / (x * x)
        return x

    fast = jit(f)
    fast(2.0, 1.0)
    program = str(fast.program)
    assert program.splitlines() == [
        "inputs   x, w",
        f"require  w > 0    # test_jit.py, line {f.__code__.co_firstlineno + 1}",
        "t0 = x * x",
        "t1 = t0 + w",
        "t2 = t1 / t0",
        "outputs  t2",
    ]
    assert fast.program.size == len(fast.program) == 3
    assert repr(fast.program) == "<Program of 2 inputs, 3 steps, 1 guards, 1 outputs>"
    assert "def program(inputs):" in fast.paths[0].source


def test_equal_steps_are_one_and_unused_ones_none():
    def f(x):
        unused = exp(x) * 3.0  # noqa: F841
        return sin(x) + sin(x) * sin(x) + dot([2.0], [3.0])

    fast = jit(f)
    fast(1.0)
    assert [step.op.name for step in fast.program.steps] == ["sin", "multiply", "add", "add"]


def test_memory_of_a_program():
    def f(x, y):
        for _ in range(4000):
            x = x * y + 0.25
            x = sin(x)
        return x

    fast = jit(f)
    fast(0.5, 0.5)
    fast(0.5, 0.25)
    gc.collect()
    tracemalloc.start()
    try:
        fast = jit(f)
        fast(0.5, 0.5)
        fast(0.5, 0.25)
        jit_batch = jit(vmap(f))
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
        del jit_batch
    finally:
        tracemalloc.stop()
    assert kept / fast.program.size < 2048


# --- Found by others ------------------------------------------------------------------------------


def test_what_is_defined_after_it_was_compiled():
    names = {}
    exec(
        "from autograd import jit\n"
        "@jit\ndef f(x): return helper(x) * RATE\n"
        "RATE = 2.0\ndef helper(x): return x + 1.0\n",
        names,
    )
    assert names["f"](1.0) == 4.0
    names["RATE"] = 3.0
    assert names["f"](1.0) == 6.0
    exec("def helper(x): return x + 2.0", names)
    assert names["f"](1.0) == 9.0
    exec("SHIFT = 1.0\ndef helper(x): return x + SHIFT", names)
    assert names["f"](1.0) == 6.0
    names["SHIFT"] = 3.0
    assert names["f"](1.0) == 12.0


def test_values_and_containers_around_that_are_others():
    w, several, array = Value(2.0), [Value(2.0), 1.0], values([1.0, 2.0])
    table, options, items, nothing = {0: 1.0}, {"lr": 1.0, "opt": None}, [], None

    def f(x):
        total = x * w + several[0] + several[1] + array.sum() + table[0] + options["lr"]
        return total + len(items) + (0.0 if nothing is None else nothing)

    seen = []

    def agree():
        seen.append(f(Value(1.0)).data)
        assert fast(1.0) == fast(1.0) == seen[-1]

    fast = jit(f)
    agree()
    w = Value(7.0)
    agree()
    several[0] = Value(5.0)
    agree()
    several[1] = 11.0
    agree()
    array = values([3.0, 4.0])
    agree()
    array[0] = Value(9.0)
    agree()
    table[0] = 13.0
    agree()
    options["lr"] = 17.0
    agree()
    items.append(1.0)
    agree()
    nothing = 19.0
    agree()
    assert len(set(seen)) == len(seen)


class Scaled:
    def __call__(self, x):
        return x * GLOBAL["rate"]


class Doubling:
    @staticmethod
    def of(x):
        return x * GLOBAL["rate"] * 2.0


def test_what_is_around_objects_and_classes_that_are_called():
    table = {"a": lambda x: x * GLOBAL["rate"]}
    for f in (Scaled(), lambda x: Doubling.of(x), lambda x: table["a"](x)):
        fast = jit(f)
        before = fast(1.0)
        try:
            GLOBAL["rate"] = 5.0
            assert fast(1.0) == 5.0 * before
        finally:
            GLOBAL["rate"] = 1.0


def test_integers_that_get_too_large_are_exact():
    assert jit(lambda n: 3**n % 7)(40) == 4
    assert jit(lambda s: (1103515245 * s + 12345) % 2**31)(1234567891) == 1273867792
    cube = jit(lambda k: k**3)
    assert [cube(10), cube(10**6 + 1), cube(10)] == [1000, (10**6 + 1) ** 3, 1000]
    assert jit(lambda k: 10**k)(400) == 10**400
    assert jit(lambda k: k.bit_length())(5) == 3


def test_integers_have_the_attributes_of_integers():
    fast = jit(
        lambda k: (k.bit_length(), k.real, np.exp(k), hasattr(k, "shape"), hasattr(k, "data"))
    )
    assert fast(5) == (3, 5, math.exp(5.0), False, False)
    assert fast(9)[0] == 4


def test_integers_have_no_negative_zero():
    assert jit(lambda k, x: 1.0 / ((-k) * x))(0, 2.0) == math.inf
    assert jit(lambda k, x: 1.0 / (k * 0 * x))(-3, 2.0) == math.inf


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (complex(0.0, 0.0), complex(-0.0, 0.0)),
        (frozenset([1]), frozenset([True])),
        ({1: 2.0}, {True: 2.0}),
        (frozenset([0.0]), frozenset([-0.0])),
        (np.zeros(1, [("a", "f8")]), np.zeros(1, [("bb", "f8")])),
    ],
    ids=repr,
)
def test_what_is_equal_but_not_the_same(one, other):
    def length(x, thing):
        names = getattr(getattr(thing, "dtype", None), "names", None)
        return x * len(repr([*thing] if isinstance(thing, dict) else names or thing))

    fast = jit(length)
    assert fast(1.0, one) == length(1.0, one)
    assert fast(1.0, other) == length(1.0, other)
    assert len(fast.paths) == 2


def test_a_set_that_is_changed():
    fast, some = jit(lambda x, some: x * len(some)), {1, 2}
    assert fast(1.0, some) == 2.0
    some.add(3)
    assert fast(1.0, some) == 3.0


def test_iterators_are_refused():
    with pytest.raises(TypeError, match=r"it, an argument of .*, must not be an iterator.*a list"):
        jit(lambda it, x: sum(it) * x)(iter([1.0, 2.0]), 1.0)


def test_constants_structures_and_integers_are_checked():
    class S:
        rate, n = 2.0, 2

    one, several = jit(lambda x: S.rate, check=True), jit(lambda x: [x] * S.n, check=True)
    whole = jit(lambda n, x: x**n if type(n) is int else 0.0 * x, check=True)
    assert (one(1.0), several(1.0)) == (2.0, [1.0, 1.0])
    S.rate, S.n = 3.0, 3
    for fast in (one, several):
        with pytest.raises(RuntimeError, match="compiled, the result of <lambda> is"):
            fast(1.0)
    with pytest.raises(RuntimeError, match=r"compiled, the result of <lambda> is 0\.0"):
        whole(2, 3.0)


def test_a_question_without_an_answer_leaves_the_path():
    b, a = np.array([1.0, 2.0, 3.0]), np.random.default_rng(0).normal(size=(3, 2))

    def f(a):
        total = (a * a).sum()
        return total if not total < 1e300 else np.linalg.lstsq(a, b, rcond=None)[0].sum()

    fast = jit(f)
    expected = f(values(a)).data
    assert fast(a) == fast(a) == expected
    a[0, 0] = math.inf
    assert fast(a) == math.inf


def test_names_of_parameters_that_are_taken():
    assert jit(lambda x, /, **others: x - others["x"])(1.0, x=2.0) == -1.0
    assert jit(lambda *a, argument0=0.0: a[0] - argument0)(1.0, argument0=2.0) == -1.0


def test_a_memory_map(tmp_path):
    mapped = np.memmap(tmp_path / "numbers", dtype=np.float64, mode="w+", shape=(3,))
    mapped[:] = [1.0, 2.0, 3.0]
    assert jit(lambda x: x * 2.0)(mapped).tolist() == [2.0, 4.0, 6.0]


@pytest.mark.parametrize(
    ("f", "n"),
    [
        (lambda k: (2**61 + 1) % k, 2),
        (lambda k: (k + 2**60) - 2**60, 5),
        (lambda k: 1.0 if k + 2**60 > 2**60 else 0.0, 1),
        (lambda k: (k + 2**63) % 10, 1),
        (lambda k: (6364136223846793005 * k + 1442695040888963407) % 2**64, 1),
        (lambda k: divmod(10**18 + k, 1000), 7),
        (lambda k: k + True, 3),
        (lambda k: k + np.int64(2), 3),
        (lambda k: 1.0 if k < 10**400 else 0.0, 1),
    ],
)
def test_integers_and_large_constants(f, n):
    assert repr(jit(f)(n)) == repr(f(n)).replace("np.int64(5)", "5")


def test_integers_divided_by_zero():
    fast = jit(lambda k: 1 / k)
    assert fast(2) == 0.5
    with pytest.raises(ZeroDivisionError):
        fast(0)


def test_floats_beside_integers_that_are_none():
    fast = jit(lambda x: 1.0 if x >= 2**53 + 1 else 0.0)
    assert [fast(2.0**54), fast(2.0**53), fast(2.0**53)] == [1.0, 0.0, 0.0]
    assert len(fast.paths) == 2
    assert jit(lambda x: x if x < 10**400 else 0.0)(1.0) == 1.0


def scaled(x):
    return x * GLOBAL["rate"]


class Base:
    def go(self, x):
        return x * GLOBAL["rate"]


class Child(Base):
    @property
    def rate(self):
        return GLOBAL["rate"]

    def __call__(self, x):
        return self.go(x)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, g: g(x),
        lambda x, g: Child().go(x),
        lambda x, g: Child().rate * x,
        lambda x, g: CHILD(x),
        lambda x, g: sum(h(x) for h in HELPERS),
        lambda x, g: CHILD.go(x),
    ],
)
def test_what_is_around_other_things_that_are_called(f):
    fast = jit(f)
    assert fast(1.0, scaled) == 1.0
    try:
        GLOBAL["rate"] = 5.0
        assert fast(1.0, scaled) == 5.0
    finally:
        GLOBAL["rate"] = 1.0


CHILD, HELPERS = Child(), {scaled}


def test_containers_deep_in_others():
    deep, items = [[[[[[[[1.0]]]]]]]], np.empty(1, object)
    items[0] = [1.0]
    fast = jit(lambda x: x * deep[0][0][0][0][0][0][0][0] * items[0][0])
    assert fast(1.0) == 1.0
    deep[0][0][0][0][0][0][0][0] = 5.0
    assert fast(1.0) == 5.0
    items[0][0] = 7.0
    assert fast(1.0) == 35.0


def test_valid_functions_pass_the_check():
    e = 2.0**-54
    x = np.array([[1.0] * 7, [1.0, -e, -e, -e, -e, -1.0, e]])
    jit(vmap(lambda x: np.sqrt(x.sum())), check=True)(x)
    assert jit(lambda k: k * k, check=True)(np.array([100, 2], np.int8)).tolist() == [10000.0, 4.0]
