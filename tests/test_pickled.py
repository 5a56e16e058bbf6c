"""Compiled functions pickle with what was recorded of them."""

import copy
import math
import pickle
import subprocess
import sys
import textwrap
import types
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import cloudpickle
import numpy as np
import pytest
from backends import BACKENDS
from bits import bits
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import NUMBERS, compiled, flat, programs

from autograd import Value, array, exp, grad, jit, stop_gradient, value_and_grad, vmap
from autograd.compiler import recorder as recording

both = pytest.mark.parametrize("backend", BACKENDS)
FACTOR = 2.0
WEIGHTS = {"a": [1.0, 2.0], "b": np.array([3.0])}
W = Value(2.0)


class Pair(NamedTuple):
    left: object
    right: object


class CALLS:
    count = 0


def counted(x, n=2):
    CALLS.count += 1
    return exp(x) * FACTOR if x > 1.0 else x**n


def with_all_kinds(pair, names, k):
    best = int(np.argmax(array([pair.left, *pair.right])))
    order = np.argsort(array(pair.right))
    scale = WEIGHTS["a"][0] + WEIGHTS["b"][0]
    close = np.isclose(pair.left, 1.0)
    total = sum(pair.right[i] * (place + 1) for place, i in enumerate(order))
    return Pair(total * scale + best, {"names": names, "k": k + 1, "close": bool(close)})


def with_a_value(x):
    return W * x


@jit
def decorated(x):
    return counted(x)


class Model:
    @staticmethod
    @jit
    def loss(x):
        return x * x if x > 0.0 else -x


@pytest.fixture
def no_more_recordings(monkeypatch):
    """From when it is called."""

    def refuse(*_):
        raise AssertionError("recorded")

    return lambda: monkeypatch.setattr(recording, "record", refuse)


def twin(fast):
    return pickle.loads(pickle.dumps(fast))


@both
def test_recordings_come_along(backend, no_more_recordings):
    CALLS.count = 0
    fast = jit(value_and_grad(counted), backend=backend)
    expected = [fast(x) for x in (0.5, 2.0)]
    batch = jit(vmap(grad(counted)), backend=backend)
    lanes = np.array([0.5, 3.0, -1.0])
    slopes = batch(lanes)
    assert CALLS.count == 4
    twins = [twin(fast), twin(batch)]
    no_more_recordings()
    assert [twins[0](x) for x in (0.5, 2.0)] == expected
    assert twins[1](lanes).tobytes() == slopes.tobytes()
    assert CALLS.count == 4
    for one, other in zip(twins, (fast, batch), strict=True):
        assert one == other
        assert [str(x.program) for x in one.paths] == [str(x.program) for x in other.paths]
        assert [repr(x.guards) for x in one.paths] == [repr(x.guards) for x in other.paths]


def test_what_arrived_is_seen_before_the_first_call():
    fast = jit(counted)
    fast(0.5)
    found = twin(fast)
    assert [str(x.program) for x in found.paths] == [str(fast.program)]
    assert [x.points for x in found.paths] == [0]
    found(0.7)
    assert [x.points for x in found.paths] == [1]


def test_arguments_and_results_of_all_kinds(no_more_recordings):
    fast = jit(with_all_kinds)
    args = [
        (Pair(0.3, [4.0, 1.0]), ("x", None), 3),
        (Pair(9.0, [1.0, 2.0]), ("x", None), 4),
        (Pair(1.0, [1.0, 2.0]), ("y", True), np.float32(2.0)),
    ]
    expected = [fast(*x) for x in args]
    found = twin(fast)
    no_more_recordings()
    assert [found(*x) for x in args] == expected
    assert type(found(*args[0])) is Pair


def test_integers_that_are_used_as_such(no_more_recordings):
    def power(x, n):
        if not isinstance(n, int):
            raise TypeError
        return x**n

    fast = jit(power)
    expected = [fast(0.5, n) for n in (3, 4)]
    assert fast._recorder._with_fixed_ints
    found = copy.copy(fast)
    no_more_recordings()
    assert [found(0.5, n) for n in (3, 4)] == expected


@given(text=programs(), data=st.data())
@settings(deadline=None, max_examples=100)
def test_programs_are_the_same(text, data):
    """With all that they ask, and at other points too."""
    f = compiled(text)
    points = [[data.draw(NUMBERS) for _ in range(f.__code__.co_argcount)] for _ in range(6)]
    fast, found = jit(f), jit(f)
    try:
        for point in points[:3]:
            fast(*point)
    except (ValueError, OverflowError, ZeroDivisionError):
        return
    packed = fast._recorder.packed()
    assert len(packed) == len(fast._recorder.families)
    found._recorder.unpack(packed)
    assert len(found.paths) == len(fast.paths)
    for point in points:
        try:
            expected = fast(*point)
        except (ValueError, OverflowError, ZeroDivisionError):
            continue
        result = found(*point)
        assert [*map(bits, map(float, flat(result)))] == [*map(bits, map(float, flat(expected)))]
    assert len(found.paths) == len(fast.paths)


@pytest.mark.parametrize("name", ["FACTOR", "WEIGHTS"])
def test_other_things_around_the_function_there(name, monkeypatch):
    """Then it is recorded anew."""
    fun, args = {
        "FACTOR": (counted, (2.0,)),
        "WEIGHTS": (with_all_kinds, (Pair(1.0, [2.0]), 1, 2)),
    }[name]
    fast = jit(fun)
    before = fast(*args)
    pickled = pickle.dumps(fast)
    other = 3.0 if name == "FACTOR" else {"a": [1.5], "b": np.array([1.0])}
    monkeypatch.setitem(globals(), name, other)
    found = pickle.loads(pickled)
    assert found(*args) == jit(fun)(*args) != before
    assert len(found.paths) == 1


def test_what_has_changed_here_is_not_sent(monkeypatch):
    fast = jit(counted)
    fast(2.0)
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    assert fast._recorder.packed() == []
    assert twin(fast)(2.0) == fast(2.0) == 5.0 * math.exp(2.0)


def test_another_function_of_the_same_name(tmp_path):
    """Its code is part of what must be the same."""
    program = """
        import pickle, sys
        from autograd import jit
        def f(x):
            return x * {factor} + (lambda y: y - {term})(x)
        if sys.argv[1] == "write":
            fast = jit(f)
            fast(1.0)
            pickle.dump(fast, open("pickled", "wb"))
        else:
            fast = pickle.load(open("pickled", "rb"))
            print(len(fast.paths), fast(1.0))
    """

    def run(mode, factor, term):
        text = textwrap.dedent(program).format(factor=factor, term=term)
        done = subprocess.run(
            [sys.executable, "-c", text, mode], cwd=tmp_path, capture_output=True, text=True
        )
        assert not done.stderr
        return done.stdout.split()

    run("write", 2.0, 1.0)
    assert run("read", 2.0, 1.0) == ["1", "2.0"]
    assert run("read", 3.0, 1.0) == ["1", "3.0"]
    assert run("read", 2.0, 7.0) == ["1", "-4.0"]


MODULES = {
    "any number of arguments": ("def f(x): return x[0]", "def f(*x): return x[0]", [2.0, 3.0]),
    "a default": ("def f(x, k=1.0): return x * k", "def f(x, k=2.0): return x * k", 2.0),
    "a function in it": (
        "def f(x):\n def g(y): return y[0]\n return g([x, x * 2])",
        "def f(x):\n def g(*y): return y[0]\n return g([x, x * 2])",
        2.0,
    ),
    "a method of an object": (
        "r = {'a': 2.0}.get\ndef f(x): return x * r('a')",
        "r = {'a': 3.0}.get\ndef f(x): return x * r('a')",
        2.0,
    ),
    "an attribute of a class": (
        "class C: rate = 2.0\ndef f(x): return x * C.rate",
        "class C: rate = 3.0\ndef f(x): return x * C.rate",
        2.0,
    ),
    "a static method": (
        "class C:\n @staticmethod\n def rate(): return 2.0\ndef f(x): return x * C.rate()",
        "class C:\n @staticmethod\n def rate(): return 3.0\ndef f(x): return x * C.rate()",
        2.0,
    ),
    "an attribute of a function": (
        "def g(): return 1\ng.rate = 2.0\ndef f(x): return x * g.rate",
        "def g(): return 1\ng.rate = 3.0\ndef f(x): return x * g.rate",
        2.0,
    ),
    "an attribute of a module": (
        "import types; m = types.ModuleType('m'); m.rate = 2.0\ndef f(x): return x * m.rate",
        "import types; m = types.ModuleType('m'); m.rate = 3.0\ndef f(x): return x * m.rate",
        2.0,
    ),
    "a derivative": (
        "from autograd import grad\ng = grad(lambda x, y: x * y**2)\ndef f(x): return g(x, 3.0)",
        "from autograd import grad\ng = grad(lambda x, y: x * y**2, 1)\ndef f(x): return g(x, 3.0)",
        2.0,
    ),
    "an exception": (
        "def f(x):\n try: return [x][1]\n except KeyError: return 1\n except IndexError: return x",
        "def f(x):\n try: return [x][1]\n except IndexError: return 1\n except KeyError: return x",
        2.0,
    ),
}


@pytest.mark.parametrize("what", MODULES)
def test_a_module_that_is_another_there(what, monkeypatch):
    here, there, argument = MODULES[what]

    def module(source):
        made = types.ModuleType("module_that_changes")
        monkeypatch.setitem(sys.modules, made.__name__, made)
        exec(source, vars(made))
        return made

    fast = jit(module(here).f)
    fast(argument)
    pickled = pickle.dumps(fast)
    other = module(there)
    assert repr(pickle.loads(pickled)(argument)) == repr(jit(other.f)(argument))


def test_the_same_module_there(monkeypatch, no_more_recordings):
    """With a class, a function's attribute, a method of a class of Python's, a derivative."""
    source = """
from autograd import grad
class C:
    rate = 2.0
    def twice(x): return 2.0 * x * C.rate
def g(x): return x * x
g.factor = 3.0
h = grad(g)
hexadecimal = float.fromhex
def f(x): return C.twice(x) * g.factor + h(x) + hexadecimal("0x1p-2")
"""
    made = types.ModuleType("module_that_stays")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(source, vars(made))
    fast = jit(made.f)
    expected = fast(2.0)
    found = twin(fast)
    no_more_recordings()
    assert found(2.0) == expected


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor

    def method(self, x):
        return x * self.factor


@pytest.mark.parametrize("take", [lambda scale: scale, lambda scale: scale.method])
def test_objects_are_looked_at_anew(take):
    """Their attributes may have changed since."""
    scale = Scale(2.0)
    fast = jit(take(scale))
    assert fast(1.0) == 2.0
    scale.factor = 3.0
    assert twin(fast)(1.0) == 3.0


def test_values_from_around_are_those_that_are_there():
    """Of such functions nothing comes along."""
    fast = jit(with_a_value)
    fast(3.0)
    assert fast._recorder.packed() == []
    assert twin(fast)(3.0) == 6.0


def test_a_value_in_a_module_of_pythons(monkeypatch):
    monkeypatch.setattr(types, "weight", Value(2.0), raising=False)
    fast = jit(lambda x: types.weight * x)
    assert fast(3.0) == 6.0
    assert fast._recorder.packed() == []


def test_another_release(monkeypatch):
    fast = jit(counted)
    fast(0.5)
    pickled = pickle.dumps(fast)
    monkeypatch.setattr(recording, "RELEASE", "0.0.9")
    assert pickle.loads(pickled).paths == []


def test_what_does_not_pickle_is_left_out():
    class Local:
        pass

    fast = jit(lambda x, _: x * x)
    fast(2.0, Local())
    fast(2.0, "name")
    assert len(fast._recorder.packed()) == 1


def test_decorated_functions_are_found_by_their_names(no_more_recordings):
    CALLS.count = 0
    decorated(0.5)
    Model.loss(2.0)
    for fast in (decorated, Model.loss):
        pickled = pickle.dumps(fast)
        assert pickle.loads(pickled) is fast
        assert copy.deepcopy(fast) is fast
        fast._recorder.families.clear()
        fast._shortcuts = ()
        assert pickle.loads(pickled) is fast
    no_more_recordings()
    assert (decorated(0.5), Model.loss(2.0)) == (0.25, 4.0)


def test_in_another_process():
    fast = jit(vmap(value_and_grad(counted)))
    CALLS.count = 0
    x = np.array([0.5, 2.0, 3.0])
    expected = fast(x)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        found = executor.submit(fast, x).result()
    assert [part.tobytes() for part in found] == [part.tobytes() for part in expected]


def test_functions_by_their_code(no_more_recordings):
    """Which is how Dask, Ray and joblib send what has no name."""
    rate, weights = 3.0, {"w": [1.0, 2.0]}

    def f(x):
        return rate * x + weights["w"][0] if x > 0.0 else stop_gradient(x) * x

    fast = jit(grad(f))
    assert [fast(x) for x in (2.0, -2.0)] == [3.0, -2.0]
    pickled = cloudpickle.dumps(fast)
    no_more_recordings()
    found = pickle.loads(pickled)
    assert [found(x) for x in (2.0, -2.0)] == [3.0, -2.0]


DECORATED = """
import cloudpickle, pickle, sys
from autograd import grad, jit

@jit
def f(x):
    return x * x if x > 0.0 else -x

@grad
def g(x):
    return f(x) * 2.0

@jit
def again(x):
    return x if x > 100.0 else again(x * 2.0)

if sys.argv[1] == "write":
    f(3.0), f(-3.0)
    assert [pickle.loads(pickle.dumps(x)) is x for x in (f, g, again)] == [True] * 3
    pickle.dump([*map(cloudpickle.dumps, (f, g, again))], open("pickled", "wb"))
"""
READ = """
import pickle
f, g = map(pickle.loads, pickle.load(open("pickled", "rb"))[:2])
print(len(f.paths), f(3.0), g(3.0))
"""


def test_decorated_functions_of_a_program_go_elsewhere(tmp_path):
    """Where there is no program, they are made of their code."""
    (tmp_path / "program.py").write_text(DECORATED)
    for command in (["program.py", "write"], ["-c", READ]):
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True
        )
        assert not done.stderr
    assert done.stdout.split() == ["2", "9.0", "12.0"]
