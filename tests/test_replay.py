"""Programs that the native core runs again for one point: the bits that Python's source has."""

import gc
import itertools
import math
import sys
import threading
import weakref

import numpy as np
import pytest
from bits import bits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import NUMBERS, compiled, flat, programs

from autograd import Value, dot, exp, grad, jit, logsumexp, relu, sin, sqrt, value_and_grad
from autograd.compiler.program import PASSED, Program
from autograd.compiler.replay import tape
from autograd.compiler.results import Item, Result
from autograd.compiler.source import PythonSource
from autograd.forms import native
from autograd.ops import TABLE
from autograd.quiet import quietly

pytestmark = pytest.mark.skipif(native is None, reason="there is no native core")
INF, NAN, HUGE, TINY = math.inf, math.nan, 1.7976931348623157e308, 5e-324
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -1.5, 2.0, 3.0, 1e-300, TINY, HUGE, -HUGE, INF, -INF, NAN]


def both(program, result):
    """A program as the native core runs it, and as Python's source does."""
    return tape(program, result), PythonSource(program, result)


# --- The same bits --------------------------------------------------------------------------------


def alone(op, operands):
    """The program of one operation, applied to Values and constants."""
    inputs = [x for x in operands if isinstance(x, Value)]
    program = Program([f"x{i}" for i in range(len(inputs))], inputs)
    root = Value._record(op, operands)
    program.extend([root])
    program.finish([root])
    return program


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_every_operation(op):
    """With constants at its places, too, which choose how it is written."""
    count, rows, asked = op.arity or 4, 0, 0
    for fixed in itertools.product([None, 2.0, 0.5, 0.0], repeat=min(count, 2)):
        places = [*fixed, *[None] * (count - len(fixed))]
        if None not in places:
            continue
        operands = [Value(0.75) if x is None else x for x in places]
        program = quietly(alone, op, operands)
        here, python = both(program, Result(Item("float", 0, 1, None), []))
        numbers = SPECIAL if len(program.inputs) < 3 else SPECIAL[::2]
        for point in itertools.product(numbers, repeat=len(program.inputs)):
            found = here([*point])
            rows += 1
            asked += found is None
            if found is not None:
                failed, result = python([*point])
                assert found[0] == failed == PASSED
                assert bits(found[1]) == bits(result), (places, point)
    assert asked < 0.9 * rows


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    programs(scalar=True, parameters=2),
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6),
    st.booleans(),
)
def test_random_programs(source, points, derivative):
    """The results, and the conditions that fail, of all that is recorded at the first point."""
    f = compiled(source)
    count = f.__code__.co_argcount
    fast = jit(value_and_grad(f, tuple(range(count))) if derivative else f)
    fast(*points[0][:count])
    (path,) = fast.paths
    here, python = both(path.program, path.result)
    assert here is not None
    for point in points:
        if (found := here([*point[:count]])) is not None:
            failed, result = python(point[:count])
            assert found[0] == failed
            assert [*map(bits, flat(found[1]))] == [*map(bits, flat(result))]


def test_paths_are_tried_in_turn():
    def newton(x):
        guess = x
        while abs(guess * guess - x) > 1e-12 * x:
            guess = 0.5 * (guess + x / guess)
        return guess

    fast, points = jit(newton), [1.0, 9.0, 2.0, 1e6, 0.3, 50.0]
    expected = [newton(x) for x in points]
    for _ in range(4):
        assert [fast(x) for x in points] == expected
    (shortcut,) = fast._shortcuts
    assert len(shortcut.call.tapes) == len(fast.paths) > 3
    assert sum(path.points for path in fast.paths) == 4 * len(points)
    assert [shortcut.call((x,), {}) for x in points] == expected
    assert all(path.seconds > 0.0 for path in fast.paths)


def test_a_longer_program_of_another_path():
    """The numbers of a call have room for the longest of its programs."""

    def f(x):
        if x > 0.0:
            return x
        for k in range(2000):
            x = x * 0.5 + k
        return x

    fast = jit(f)
    for _ in range(4):
        assert (fast(1.0), fast(-1.0)) == (1.0, f(-1.0))


# --- Where Python must be asked -------------------------------------------------------------------


def test_errors_of_arithmetic_are_left_to_python():
    fast = jit(lambda x, y: [exp(x), sqrt(y), x / y, sin(y)])
    for _ in range(4):
        fast(1.0, 2.0)
    assert [*map(bits, fast(1000.0, -0.0))] == [*map(bits, [INF, -0.0, -INF, -0.0])]
    assert bits(fast(1.0, -1.0)[1]) == bits(NAN)
    assert bits(fast(1.0, INF)[3]) == bits(NAN)


def test_other_errors_are_handed_on():
    class Stop(BaseException):
        pass

    def asked(x):
        if stop:
            raise Stop
        return float(np.sign(x))

    stop = []
    asks = native.Tape(1, (), (asked,), ((None, 0, (0,), True, 0),), ("float", None, (0,)))
    assert asks([3.0]) == (PASSED, 3.0)
    assert asks([0.0]) == (0, None)
    stop.append(True)
    with pytest.raises(Stop):
        asks([3.0])


# --- What is around -------------------------------------------------------------------------------

RATE, TABLE_OF_RATES = 2.0, [1.0, 2.0]


def scale(x):
    return x * RATE


def test_what_is_around_is_looked_at(monkeypatch):
    shift, items = 1.0, [1.0]

    def f(x, power=2.0):
        return abs(scale(x)) ** power + shift + items[0] + len(TABLE_OF_RATES)

    fast = jit(f)

    def agrees():
        for x in (1.0, 2.0, 3.0, 4.0):
            assert fast(x) == f(x)
        return fast._shortcuts[0]

    first = agrees()
    assert agrees() is first
    monkeypatch.setitem(globals(), "RATE", 3.0)
    assert agrees() is not first
    monkeypatch.setitem(globals(), "scale", lambda x: x * 5.0)
    agrees()
    shift = 4.0
    agrees()
    items[0] = 7.0
    agrees()
    TABLE_OF_RATES.append(3.0)
    agrees()
    f.__defaults__ = (3.0,)
    agrees()
    monkeypatch.setitem(globals(), "abs", lambda x: x * x)
    agrees()
    monkeypatch.setitem(globals(), "len", lambda _: 10.0)
    agrees()
    monkeypatch.setattr(f, "__kwdefaults__", None)
    agrees()
    TABLE_OF_RATES.pop()


def test_a_variable_without_a_value():
    def make():
        if len(sys.argv) < 0:
            later = 1.0

        def f(x):
            return x + later if x > 2.0 else x

        def bind(value):
            nonlocal later
            later = value

        def unbind():
            nonlocal later
            del later

        return f, bind, unbind

    f, bind, unbind = make()
    fast = jit(f)
    assert [fast(1.0) for _ in range(4)] == [1.0] * 4
    bind(5.0)
    assert [fast(1.0) for _ in range(4)] + [fast(3.0) for _ in range(4)] == [1.0] * 4 + [8.0] * 4
    unbind()
    assert [fast(1.0) for _ in range(4)] == [1.0] * 4
    with pytest.raises(NameError):
        fast(3.0)


def test_globals_of_another_kind_are_left_to_python():
    class Names(dict):
        def __missing__(self, name):
            return 3.0

    names = Names()
    exec("def f(x): return x * rate", names)
    names["rate"] = 2.0
    fast = jit(names["f"])
    assert [fast(1.0) for _ in range(4)] == [2.0] * 4
    names["rate"] = 4.0
    assert fast(1.0) == 4.0


# --- Memory, threads, misuse ----------------------------------------------------------------------


def test_it_is_freed_with_its_function():
    def make():
        fast = jit(value_and_grad(lambda x: relu(x) * keep[0]))
        keep = [2.0, fast]  # a cycle through what is around it
        for _ in range(4):
            fast(1.0)
        assert fast._shortcuts
        return weakref.ref(fast), weakref.ref(fast.fun)

    found = make()
    gc.collect()
    assert [x() for x in found] == [None, None]


def test_nothing_is_left_of_a_call():
    fast = jit(lambda x: {"a": [x[0] * 2.0, exp(x[1])], "b": (x, dot(x, x), "text", None)})
    x = np.array([1.0, 2.0, 3.0])
    for _ in range(4):
        fast(x)
    call = fast._shortcuts[0].call
    counts = []
    for _ in range(3):
        for _ in range(100):
            call((x,), {})
            call((np.ones(4),), {})
            call((np.array([1.0, 1000.0, 3.0]),), {})
        gc.collect()
        counts.append((sys.getallocatedblocks(), sys.getrefcount(x), sys.getrefcount(None)))
    assert all(abs(one - other) < 30 for one, other in zip(counts[1], counts[2], strict=True))


def test_threads():
    fast = jit(value_and_grad(lambda x, y: logsumexp([x, y, x * y])))
    points = [(0.1 * k, 1.0 - 0.2 * k) for k in range(50)]
    expected = [value_and_grad(fast.fun.fun)(*point) for point in points]
    found = {}

    def run(number):
        found[number] = [fast(*point) for _ in range(20) for point in points]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number] == expected * 20 for number in range(4))


def test_arrays_in_and_out():
    fast = jit(grad(lambda w, x: dot(w[0], x) * dot(w[1], x)))
    w, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])
    for _ in range(4):
        fast(w, x)
    expected = [[-1.0, 1.0], [-1.0, 1.0]]
    found = fast(w, x)
    assert found.tolist() == expected
    found += 1.0  # the caller's own
    w.flags.writeable = False
    assert fast(w, x).tolist() == expected
    for other in (
        np.asfortranarray(w),
        w.T.copy().T,
        w[::-1][::-1],
        w.astype("f4"),
        w.astype(">f8"),
    ):
        assert fast(other, x).tolist() == expected
    assert fast(np.frombuffer(b"\0" + w.tobytes(), offset=1).reshape(2, 2), x).tolist() == expected


RESULT = ("float", None, (0,))


@pytest.mark.parametrize(
    "described",
    [
        (1, (), (abs,), ((TABLE["abs"], 0, (1,)),), RESULT),
        (1, (), (abs,), ((TABLE["abs"], 0, (-1,)),), RESULT),
        (1, (), (abs,), ((TABLE["abs"], 1, (0,)),), RESULT),
        (1, (), (abs,), ((TABLE["abs"], 0, ("x",)),), RESULT),
        (1, (), (abs,), ((TABLE["abs"], 0),), RESULT),
        (1, (), (abs,), ("abs",), RESULT),
        (1, ("x",), (), (), RESULT),
        (1, (), (), (), ("float", None, (1,))),
        (1, (), (), (), ("number", None, (0,))),
        (1, (), (), (), ("list", list, (RESULT, ("float", None, (7,))))),
        (1, (), (), (), RESULT[:2]),
    ],
    ids=repr,
)
def test_descriptions_that_make_no_sense(described):
    with pytest.raises((TypeError, ValueError)):
        native.Tape(*described)


def test_programs_of_other_inputs():
    program = native.Tape(1, (), (), (), RESULT)
    number = ("float", None, ())
    call = native.Replay(("tuple", tuple, (number, number)), ("dict", (), ()), (), (), (), None)
    for wrong in ((program,), [program], (1,), None):
        with pytest.raises(TypeError, match="of as many inputs"):
            call.tapes = wrong
    with pytest.raises(ValueError, match="as many numbers"):
        program([1.0, 2.0])
    with pytest.raises(TypeError):
        program(["x"])
    with pytest.raises(TypeError):
        call([1.0, 2.0], {})
