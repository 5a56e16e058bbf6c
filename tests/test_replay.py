"""Programs that the native core runs again for one point: the bits that Python's source has."""

import gc
import importlib
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

from autograd import Value, dot, exp, grad, jit, logsumexp, relu, sin, sqrt, value_and_grad, vmap
from autograd.compiler.program import PASSED, Program
from autograd.compiler.replay import tape
from autograd.compiler.results import Item, Result
from autograd.compiler.shortcuts import MISSED, OfBatch
from autograd.compiler.source import PythonSource
from autograd.forms import native
from autograd.ops import TABLE
from autograd.quiet import quietly

pytestmark = pytest.mark.skipif(native is None, reason="there is no native core")
INF, NAN, HUGE, TINY = math.inf, math.nan, 1.7976931348623157e308, 5e-324
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -1.5, 2.0, 3.0, 1e-300, TINY, HUGE, -HUGE, INF, -INF, NAN]


def both(program, result):
    """A program as the native core runs it, and as Python's source does."""
    return tape(program, result, native.Counter()), PythonSource(program, result)


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


def test_a_power_of_two_is_a_square():
    """The C library's is not always the nearest number."""
    numbers = np.random.default_rng(0).uniform(1.0, 2.0, 200_000).tolist()
    fast = jit(lambda x, y: x**y)
    for _ in range(4):
        fast(1.5, 3.0)
    for x in [x for x in numbers if math.pow(x, 2.0) != x * x][:50] or numbers[:50]:
        assert fast(x, 2.0) == x * x


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
    steps = ((None, 0, (0,), True, 0),)
    asks = native.Tape(1, (), (asked,), steps, ("float", None, (0,)), native.Counter())
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
    monkeypatch.setitem(globals(), "len", None)
    with pytest.raises(TypeError, match="not callable"):
        fast(1.0)
    monkeypatch.delitem(globals(), "len")
    agrees()
    monkeypatch.setattr(f, "__kwdefaults__", None)
    agrees()
    TABLE_OF_RATES.pop()


def test_a_function_that_gets_defaults():
    fast = jit(lambda x: scale(x) + 1.0)
    for _ in range(4):
        fast(1.0)
    (shortcut,) = fast._shortcuts
    assert shortcut.call((1.0,), {}) == 1.0 + RATE
    for name, value in (("__defaults__", (1.0,)), ("__kwdefaults__", {"y": 1.0})):
        setattr(scale, name, value)
        assert shortcut.call((1.0,), {}) is MISSED
        setattr(scale, name, None)
        assert shortcut.call((1.0,), {}) == 1.0 + RATE


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


# --- Batches --------------------------------------------------------------------------------------


@pytest.fixture
def by_python(monkeypatch):
    """Which calls for a batch the native core leaves to Python, in a list."""
    calls, original = [], OfBatch.__call__

    def call(self, args, kwargs):
        calls.append(args)
        return original(self, args, kwargs)

    monkeypatch.setattr(OfBatch, "__call__", call)
    return calls


def handed_over(function, *arguments):
    """A compiled function of a batch whose calls the native core makes, and the shortcut."""
    pytest.importorskip("llvmlite")
    fast = jit(function)
    for _ in range(4):
        fast(*arguments)
    (shortcut,) = fast._shortcuts
    assert type(shortcut.call) is native.Batch
    return fast, shortcut


def neuron(w, b, x, t):
    return (relu(dot(x, w) + b) - t) ** 2


def neurons(size):
    random = np.random.default_rng(size)
    return [-3.0, -1.0, 2.0], 1.0, random.normal(size=(size, 3)), random.normal(size=size)


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 255, 256, 257, 512, 513, 1000, 5 * 256 + 3])
def test_batches(by_python, reduce, size):
    batch = vmap(value_and_grad(neuron, (0, 1)), (None, None, 0, 0), reduce=reduce)
    fast, _ = handed_over(batch, *neurons(5))
    by_python.clear()
    found, expected = fast(*neurons(size)), jit(batch)(*neurons(size))
    assert [*map(bits, flat(found))] == [*map(bits, flat(expected))]
    assert not by_python
    assert fast.paths[0].points == 4 * 5 + size
    assert fast.paths[0].seconds > 0.0


def test_many_tables():
    """More arguments, and more results, than there is room for on the stack."""

    def f(xs, w):
        return {str(i): [x * w, (x + 1.0, x - w)] for i, x in enumerate(xs)}

    xs = [np.arange(3.0) + i for i in range(12)]
    fast, _ = handed_over(vmap(f, (0, None)), xs, 2.0)
    found = fast(xs, 3.0)
    for i, x in enumerate(xs):
        times, (more, less) = found[str(i)]
        assert (times.tolist(), more.tolist(), less.tolist()) == (
            (3.0 * x).tolist(), (x + 1.0).tolist(), (x - 3.0).tolist(),
        )  # fmt: skip


def test_results_are_arrays_of_their_own():
    fast, _ = handed_over(vmap(lambda x, w: np.outer(x, w)), np.ones((4, 2)), np.ones((4, 3)))
    x, w = np.arange(8.0).reshape(4, 2), np.arange(12.0).reshape(4, 3)
    one, other = fast(x, w), fast(x, 2.0 * w)
    assert one.flags.owndata
    assert one.flags.c_contiguous
    assert one.tolist() == np.einsum("ni,nj->nij", x, w).tolist()
    assert other.tolist() == (2.0 * one).tolist()


@pytest.mark.parametrize("reduce", [None, "sum"])
def test_other_arrays_are_left_to_python(by_python, reduce):
    fast, _shortcut = handed_over(vmap(lambda x, y: x[0] * x[1] + y, reduce=reduce),
                                 np.ones((3, 2)), np.ones(3))  # fmt: skip
    x, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    by_python.clear()
    expected = fast(x, y)
    for other in (np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2], x.astype("f4"),
                  x.astype(">f8"), x.astype(int)):  # fmt: skip
        assert np.array_equal(fast(other, y), expected)
    with pytest.raises(ValueError, match="make an array"):
        fast(x.tolist(), y)
    unaligned = np.frombuffer(b"\0" + x.tobytes(), offset=1).reshape(3, 2)
    assert np.array_equal(fast(unaligned, y), expected)
    assert len(by_python) == 7
    with pytest.raises(ValueError, match="same length"):
        fast(x, np.ones(4))
    assert np.array_equal(fast(x[:0], y[:0]), fast.fun(x[:0], y[:0]))
    x.flags.writeable = False
    by_python.clear()
    assert np.array_equal(fast(x, y), expected)
    assert not by_python


@pytest.mark.parametrize("reduce", [None, "sum"])
def test_a_lane_that_leaves_the_path(reduce):
    """It is missed a few times, and then Python makes all calls; so it does once there are two
    paths."""
    f = vmap(lambda x: sqrt(x) if x > 0.0 else 0.0 * x, reduce=reduce)
    usual, other = np.arange(1.0, 20.0), np.arange(19.0)
    fast, shortcut = handed_over(f, usual)
    fast._recorder.max_paths = 1
    with pytest.warns(RuntimeWarning, match="has taken 1 paths"):
        assert np.array_equal(fast(other), f(other))
    assert shortcut.call.misses == 1
    fast(usual)
    assert shortcut.call.misses == 0
    for _ in range(10):
        assert np.array_equal(fast(other), f(other))
    assert shortcut.given_up
    assert shortcut.call((usual,), {}) is MISSED
    assert np.array_equal(fast(usual), f(usual))


def test_two_paths():
    f = vmap(lambda x: sqrt(x) if x > 0.0 else 0.0 * x)
    usual, other = np.arange(1.0, 20.0), np.arange(19.0)
    fast, shortcut = handed_over(f, usual)
    assert np.array_equal(fast(other), f(other))
    for x in (usual, other, usual):
        assert np.array_equal(fast(x), f(x))
        assert shortcut.call((x,), {}) is MISSED


def test_a_batch_that_is_given_up_leaves_nothing():
    """Again and again, as other calls need room."""
    threshold = float(np.exp(1.0))
    batch = vmap(lambda x, name: x * 2.0 if exp(x) >= threshold else -x, in_axes=(0, None))
    fast, _ = handed_over(batch, np.full(20, 1.5), "p")
    made = []
    for _ in range(20):
        for name in "pq":
            for x in (np.full(20, 1.5), np.full(20, 1.0)):  # too close to call
                for _ in range(8):
                    fast(x, name)
        made += [weakref.ref(x) for x in fast._shortcuts if all(x is not y() for y in made)]
    gc.collect()
    assert len(made) > 5
    assert sum(x() is not None for x in made) <= len(fast._shortcuts)


def test_what_is_around_a_batch_is_looked_at(monkeypatch):
    f = vmap(lambda x: scale(x))
    x = np.arange(3.0)
    fast, shortcut = handed_over(f, x)
    monkeypatch.setitem(globals(), "RATE", 7.0)
    for _ in range(4):
        assert fast(x).tolist() == (7.0 * x).tolist()
    assert fast._shortcuts[0] is not shortcut


def test_batches_at_the_same_time():
    """Each call in its own workspace, in the order in which they end."""
    fast, _ = handed_over(
        vmap(value_and_grad(neuron), (None, None, 0, 0), reduce="sum"), *neurons(9)
    )
    several = [neurons(size) for size in (40_000, 30_001, 8, 20_000)]
    expected = [[*map(bits, flat(fast(*each)))] for each in several]
    found = {}

    def run(number):
        found[number] = [[*map(bits, flat(fast(*several[number])))] for _ in range(20)]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number] == [expected[number]] * 20 for number in range(4))


def test_an_interrupt_in_a_batch(monkeypatch):
    """One that comes up in a function of Python's, which code for the processor calls."""
    fast, _ = handed_over(vmap(lambda x: x * 2.0), np.ones(3))
    machine = importlib.import_module("autograd.compiler.native.machine")
    monkeypatch.setitem(machine.interrupts, threading.get_ident(), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fast(np.ones(3))
    monkeypatch.setitem(machine.interrupts, -1, KeyboardInterrupt())  # of another thread
    assert fast(np.ones(3)).tolist() == [2.0] * 3


def test_nothing_is_left_of_a_batch():
    _, shortcut = handed_over(vmap(lambda x, w: [x * w[0], {"a": x if x > -1e9 else w}]),
                                 np.ones(3), np.ones((3, 2)))  # fmt: skip
    x, w, counts = np.arange(50.0), np.ones((50, 2)), []
    for _ in range(4):
        for _ in range(300):
            shortcut.call((x, w), {})
            shortcut.call((x, w[:7]), {})
            shortcut.call((x - 1e10, w), {})
            shortcut.call.misses = 0
        gc.collect()
        counts.append((sys.getallocatedblocks(), sys.getrefcount(x), sys.getrefcount(None)))
    assert all(abs(one - other) < 100 for one, other in zip(counts[2], counts[3], strict=True))


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
    for _ in range(4):
        for _ in range(300):
            call((x,), {})
            call((np.ones(4),), {})
            call((np.array([1.0, 1000.0, 3.0]),), {})
        gc.collect()
        counts.append((sys.getallocatedblocks(), sys.getrefcount(x), sys.getrefcount(None)))
    assert all(abs(one - other) < 100 for one, other in zip(counts[2], counts[3], strict=True))


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
        native.Tape(*described, native.Counter())


def test_programs_of_other_inputs():
    program = native.Tape(1, (), (), (), RESULT, native.Counter())
    number = ("float", None, ())
    none = ("dict", (), ())
    call = native.Replay(("tuple", tuple, (number, number)), none, ((), (), (), None), None)
    for wrong in ((program,), [program], (1,), None):
        with pytest.raises(TypeError, match="of as many inputs"):
            call.tapes = wrong
    with pytest.raises(ValueError, match="as many numbers"):
        program([1.0, 2.0])
    with pytest.raises(TypeError):
        program(["x"])
    with pytest.raises(TypeError):
        call([1.0, 2.0], {})
