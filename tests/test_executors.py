"""A batch that is spread over an executor has the bits that it has without one."""

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from backends import BACKENDS
from executors import Shuffled
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import compiled, programs
from test_bundles import flat, near, outcome, root, sign

from autograd import Op, Value, dot, exp, grad, jit, relu, tanh, value_and_grad, vmap
from autograd.compiler import executors, lanes, workers

both = pytest.mark.parametrize("backend", BACKENDS)
DRAW = np.random.default_rng(11)


def loss(w, x, y):
    hidden = relu(dot(w[:3], x)) + tanh(w[3] * x[0])
    return (hidden - y) ** 2 if y > 0.0 else exp(-hidden) * y


def points(size):
    return DRAW.normal(size=4), DRAW.normal(size=(size, 3)), DRAW.normal(size=size)


@pytest.fixture(scope="module")
def processes():
    """Two processes, of either kind."""
    kinds = ["fork", "spawn"] if hasattr(os, "fork") else ["spawn"]
    pools = {
        kind: ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(kind)) for kind in kinds
    }
    yield pools
    for pool in pools.values():
        pool.shutdown()


# --- The same bits --------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
@pytest.mark.parametrize(("count", "chunk"), [(1, None), (2, 1), (2, 77), (3, 256), (5, 3000)])
def test_whatever_the_chunks_and_the_workers(backend, reduce, count, chunk):
    w, x, y = points(1000 if chunk != 1 else 300)
    f = vmap(value_and_grad(loss), in_axes=(None, 0, 0), reduce=reduce)
    expected = flat(jit(f, backend=backend)(w, x, y))
    with Shuffled(count, seed=count, forgetful=0.1) as executor:
        batch = jit(f, backend=backend).on(executor, chunk=chunk)
        assert [flat(batch(w, x, y)) for _ in range(3)] == [expected] * 3
    if chunk is not None and reduce is None:
        assert max(executor.sizes) == min(chunk, 1000)
    if chunk is not None and reduce is not None:
        assert max(executor.sizes) == min(1000, -(-chunk // 256) * 256)


@given(text=programs(exact=False), data=st.data())
@settings(deadline=None, max_examples=60)
def test_programs_are_the_same(text, data):
    f = compiled(text)
    numbers = st.lists(st.floats(-4.0, 4.0), min_size=23, max_size=23)
    columns = [np.array(data.draw(numbers)) for _ in range(f.__code__.co_argcount)]
    chunk, count = data.draw(st.integers(1, 25)), data.draw(st.integers(1, 3))
    seed, forgetful = data.draw(st.integers(0, 99)), data.draw(st.sampled_from([0.0, 0.3]))
    reduce = data.draw(st.sampled_from([None, "sum"]))
    for backend in BACKENDS:
        whole, spread = [
            jit(vmap(f, reduce=reduce), backend=backend, max_paths=4) for _ in range(2)
        ]
        with Shuffled(count, seed, forgetful) as executor, warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # that there are too many paths
            expected, error = outcome(whole, *columns)
            for size in (chunk, 7):
                found = outcome(spread.on(executor, chunk=size), *columns)
                # The lanes that an error names may be others.
                assert (found[0], type(found[1])) == (expected, type(error))


@both
def test_all_kinds_of_arguments_and_results(backend):
    """Integers, arrays, names, constants, integers that are used as such, other axes."""

    def f(pair, n, name, k):
        first, *rest = pair["points"]
        total = first * k + (exp(first) if name == "a" else 2.0)
        for _ in range(n):
            total = total * rest[0]
        return {"total": total, "n": n + 1, "name": name, "rest": np.array(rest)}

    size = 300
    fun = vmap(f, in_axes=({"points": 1}, 0, None, 0))
    args = {"points": DRAW.normal(size=(3, size))}, DRAW.integers(0, 4, size), "a", np.arange(size)
    expected = jit(fun, backend=backend)(*args)
    with Shuffled(2) as executor:
        for chunk in (50, 1000):
            found = jit(fun, backend=backend).on(executor, chunk=chunk)(*args)
            assert found["name"] == expected["name"] == "a"
            assert [found["n"].dtype, found["rest"].shape] == [np.int64, (size, 2)]
            for key in ("total", "n", "rest"):
                assert found[key].tobytes() == expected[key].tobytes()


@both
@pytest.mark.parametrize("f", [root, sign, near])
def test_more_paths_than_may_be_recorded(f, backend):
    """Which of them are recorded depends on the order of the lanes alone."""
    x = np.abs(DRAW.normal(size=2000)) * 50.0 + 0.01
    whole, spread = [jit(vmap(f), backend=backend, max_paths=2) for _ in range(2)]
    with warnings.catch_warnings(), Shuffled(3, forgetful=0.2) as executor:
        warnings.simplefilter("ignore", RuntimeWarning)
        assert flat(spread.on(executor, chunk=100)(x)) == flat(whole(x))
    texts = [
        [guard.text for path in fast.paths for guard in path.guards] for fast in (whole, spread)
    ]
    assert sorted(texts[0]) == sorted(texts[1])


@both
def test_lanes_that_only_the_function_itself_can_decide(backend):
    threshold = np.log(2.0)
    x = np.concatenate([np.full(200, threshold), DRAW.normal(size=200), [np.nan, np.inf, -np.inf]])
    for f in (near, value_and_grad(near)):
        with Shuffled(2) as executor:
            found = jit(vmap(f), backend=backend).on(executor, chunk=50)(x)
        assert flat(found) == flat(jit(vmap(f), backend=backend)(x))


@both
def test_values_from_around_are_read_each_time(backend):
    w = Value(2.0)
    fast = jit(vmap(lambda x: w * x if x > 0.0 else w - x), backend=backend)
    with Shuffled(2) as executor:
        batch = fast.on(executor, chunk=1)
        for data in (2.0, 2.0, 3.0):
            w.data = data
            assert batch(np.array([1.0, -1.0])).tolist() == [data, data + 1.0]
    assert grad(lambda _: vmap(fast.fun.fun)(np.ones(2))[0])(1.0) == 0.0


@both
def test_what_is_around_the_function_may_change(backend):
    factor = 2.0
    fast = jit(vmap(lambda x: factor * x), backend=backend)
    with Shuffled(2) as executor:
        assert fast.on(executor)(np.ones(3)).tolist() == [2.0] * 3
        factor = 3.0
        assert fast.on(executor)(np.ones(3)).tolist() == [3.0] * 3


def test_operations_of_ones_own_are_computed_here():
    cube = Op("cube", lambda x: x * x * x, [lambda out, x: 3.0 * x * x])
    fast = jit(vmap(grad(lambda x: cube(x))))
    with Shuffled(2) as executor, pytest.warns(RuntimeWarning, match="of your own"):
        assert fast.on(executor)(np.array([1.0, 2.0])).tolist() == [3.0, 12.0]
    assert not executor.sizes


def test_results_are_compared_where_that_is_asked_for():
    class Scale:
        rate = 2.0

    scale = Scale()
    fast = jit(vmap(lambda x: scale.rate * x), check=True)
    with Shuffled(2) as executor:
        assert fast.on(executor, chunk=2)(np.ones(5)).tolist() == [2.0] * 5
        scale.rate = 3.0
        with pytest.raises(RuntimeError, match="compiled, the result of"):
            fast.on(executor, chunk=2)(np.ones(5))
        total = jit(vmap(lambda x: scale.rate * x, reduce="sum"), check=True)
        assert total.on(executor)(np.ones(5)) == 15.0
        scale.rate = 4.0
        with pytest.raises(RuntimeError, match="compiled, the result of"):
            total.on(executor)(np.ones(5))


def test_other_calls_are_those_of_the_function():
    """An empty batch, Values among the arguments, within a function that is recorded."""
    fast = jit(vmap(lambda x: x * x))
    with Shuffled(2) as executor:
        batch = fast.on(executor)
        assert batch(np.zeros(0)).shape == (0,)
        x = Value(3.0)
        (y,) = batch(np.array([x], dtype=object))
        y.backward()
        assert x.grad == 6.0
        assert jit(lambda x: batch(np.array([1.0, 2.0]))[1] * x)(2.0) == 8.0


def test_results_may_be_of_another_structure_on_each_path():
    fast = jit(vmap(lambda x: {"a": x, "b": -x} if x > 0.0 else {"b": x, "a": 2.0 * x}))
    x = DRAW.normal(size=100)
    with Shuffled(2) as executor:
        for _ in range(4):
            assert flat(fast.on(executor, chunk=10)(x)) == flat(fast(x))
        wrong = jit(vmap(lambda x: x if x > 0.0 else [x]))
        with pytest.raises(ValueError, match="must have the same structure"):
            wrong.on(executor, chunk=10)(x)


@both
@pytest.mark.parametrize(
    "f",
    [
        lambda x: {"a": x, "b": -x} if x > 0.0 else {"b": x, "a": 2.0 * x},
        lambda x: (x, [x * x, 2.0]) if x > 0.0 else (-x, [3.0, x]),
        lambda x: x if x > 0.0 else 1.0,
        lambda x: np.array([x, x * x]) if x > 0.0 else np.array([1, 2]),
    ],
)  # fmt: skip
def test_sums_of_results_that_differ_in_structure(f, backend):
    x = DRAW.normal(size=3000)
    fast = jit(vmap(f, reduce="sum"), backend=backend)
    expected = flat(fast(x))
    assert expected == flat(vmap(f, reduce="sum")(x))
    with Shuffled(2) as executor:
        for _ in range(3):
            assert flat(fast.on(executor, chunk=256)(x)) == expected


# --- What is sent ---------------------------------------------------------------------------------


def test_a_worker_keeps_what_is_sent_to_it(monkeypatch):
    """A path is unpickled, and compiled, once; and so is it with others that come later."""
    made = []
    init = lanes.Lanes.__init__

    def counting(self, *args):
        made.append(args[0].size)
        init(self, *args)

    monkeypatch.setattr(lanes.Lanes, "__init__", counting)
    fast = jit(vmap(lambda x: x * x + 1.0 if x > 0.0 else -x))
    with Shuffled(3) as executor:
        for x in (np.ones(50), DRAW.normal(size=50), DRAW.normal(size=50)):
            fast.on(executor, chunk=5)(x)
    assert sorted(made) == [1, 1, 1, 2, 2, 2]
    with Shuffled(1) as executor:
        monkeypatch.setattr(workers, "MOST_KEPT", 3)
        for i in range(10):
            jit(vmap(lambda x, i=i: x + i)).on(executor)(np.ones(2))
        assert [*map(len, executor.memories[0])] == [3, 3]


def test_so_much_is_on_its_way(monkeypatch):
    monkeypatch.setattr(executors, "BYTES_ON_THE_WAY", 10 * 256 * 8)
    monkeypatch.setattr(executors, "LEAST_CHUNKS", 1)
    fast = jit(vmap(lambda x: x * x, reduce="sum"))
    x = np.ones(100_000)
    with Shuffled(1) as executor:
        assert fast.on(executor, chunk=256)(x) == 1e5
    assert 5 <= executor.most <= 10
    assert len(executor.sizes) == -(-100_000 // 256)


def test_arguments_that_lanes_have_in_common_count_too(monkeypatch):
    monkeypatch.setattr(executors, "BYTES_ON_THE_WAY", 10 * 8000)
    fast = jit(vmap(lambda w, x: w[0] * x, in_axes=(None, 0)))
    with Shuffled(1) as executor:
        fast.on(executor, chunk=1)(np.ones(1000), np.ones(200))
    assert executors.LEAST_CHUNKS <= executor.most <= 10


def test_programs_count_too(monkeypatch):
    """Of what is on its way, however many chunks wait to be sent again with another path."""
    monkeypatch.setattr(executors, "BYTES_ON_THE_WAY", 10_000)
    fast = jit(vmap(lambda x: x**5 if x > 1.0 else -x if x < 0.0 else x * x + 1.0))
    x = DRAW.normal(size=1000)
    expected = flat(fast(x))
    with Shuffled(1) as executor:
        assert flat(fast.on(executor, chunk=5)(x)) == expected
    steps = sum(path.program.size for path in fast.paths)
    assert executor.most <= 1 + 10_000 // (20 * steps)


def test_a_long_program_leaves_room_for_few_chunks(monkeypatch):
    monkeypatch.setattr(executors, "BYTES_ON_THE_WAY", 6 * 20_000)

    def long(x):
        for _ in range(500):
            x = x * 0.5 + 1.0
        return x

    fast, executor = jit(vmap(long)), Never()
    with pytest.raises(TimeoutError):
        fast.on(executor, chunk=1, timeout=0.2)(np.ones(100))
    assert fast.program.size == 1000
    assert len(executor.futures) == max(6, executors.LEAST_CHUNKS)


def test_chunks_suit_the_program():
    with Shuffled(1) as executor:
        x = np.ones(600_000)
        jit(vmap(lambda x: x * x)).on(executor)(x)
        assert max(executor.sizes) == executors.BYTES // 16  # a number in, a number out
        executor.sizes.clear()

        def long(x):
            for _ in range(4000):
                x = x * 0.5 + 1.0
            return x

        jit(vmap(long)).on(executor)(x[:30_000])
        assert max(executor.sizes) == -(-int(executors.STEPS / 8000) // 256) * 256


@both
def test_points_are_counted_once(backend):
    fast = jit(vmap(root), backend=backend)
    x = np.abs(DRAW.normal(size=500)) + 0.1
    with Shuffled(2) as executor, ThreadPoolExecutor(2) as threads:
        for pool in (executor, threads):
            before = sum(path.points for path in fast.paths)
            fast.on(pool, chunk=100)(x)
            assert sum(path.points for path in fast.paths) - before == len(x)
    assert all(path.seconds > 0.0 for path in fast.paths)


# --- Real executors -------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("reduce", [None, "mean"])
def test_threads(backend, reduce):
    w, x, y = points(3000)
    f = vmap(value_and_grad(loss), in_axes=(None, 0, 0), reduce=reduce)
    with ThreadPoolExecutor(4) as executor:
        for _ in range(5):
            fast = jit(f, backend=backend)
            assert flat(fast.on(executor, chunk=256)(w, x, y)) == flat(jit(f)(w, x, y)) or (
                backend == "numpy"
                and flat(fast.on(executor, chunk=256)(w, x, y)) == flat(fast(w, x, y))
            )


@pytest.mark.parametrize("kind", ["fork", "spawn"])
@both
def test_processes(processes, kind, backend):
    if kind not in processes:
        pytest.skip("there is no fork here")
    w, x, y = points(3000)
    for reduce in (None, "mean"):
        f = vmap(value_and_grad(loss), in_axes=(None, 0, 0), reduce=reduce)
        fast = jit(f, backend=backend)
        batch = fast.on(processes[kind], chunk=256)
        assert flat(batch(w, x, y)) == flat(jit(f, backend=backend)(w, x, y))
        assert flat(batch(w, x, y)) == flat(fast(w, x, y))


def test_native_code_lets_other_threads_run():
    """While one runs, another counts."""

    def f(x):
        for i in range(200):
            x = tanh(x + i)
        return x

    fast = jit(vmap(f))
    if fast.backend != "llvm":
        pytest.skip("there is no native code")
    x = DRAW.normal(size=400_000)
    fast(x[:1000])
    done, ticks = threading.Event(), []

    def count():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    start = time.perf_counter()
    fast(x)
    stop = time.perf_counter()
    done.set()
    thread.join()
    gaps = [
        y - x for x, y in itertools.pairwise([start, *[t for t in ticks if start < t < stop], stop])
    ]
    assert max(gaps) < 0.5 * (stop - start)


# --- Errors ---------------------------------------------------------------------------------------


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies():
    x = np.ones(100_000)
    fast = jit(vmap(lambda x: x * x))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        executor.submit(die)
        with pytest.raises(RuntimeError, match="a worker has died, and its executor with it, at "):
            fast.on(executor, chunk=10)(x)


class Never(Executor):
    """Answers nothing."""

    def __init__(self):
        self.futures = []

    def submit(self, fn, /, *args, **kwargs):
        self.futures.append(Future())
        return self.futures[-1]


def test_a_time_that_is_over():
    executor = Never()
    batch = jit(vmap(lambda x: x * x)).on(executor, chunk=10, timeout=0.2)
    start = time.perf_counter()
    message = "only 0 of 100 lanes of <lambda> were computed within 0.2 seconds"
    with pytest.raises(TimeoutError, match=message):
        batch(np.ones(100))
    assert 0.2 <= time.perf_counter() - start < 5.0
    assert executor.futures
    assert all(future.cancelled() for future in executor.futures)


def test_a_time_that_is_over_while_lanes_are_computed_here():
    def hard(x):
        while x > 1.0:
            x = x * 0.999
        return x

    fast = jit(vmap(hard), max_paths=0)
    start = time.perf_counter()
    with Shuffled(1) as executor, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.raises(TimeoutError, match="only 0 of 2000 lanes of hard were computed"):
            fast.on(executor, timeout=0.3)(np.linspace(1.0, 1e6, 2000))
    assert time.perf_counter() - start < 3.0


def test_ctrl_c():
    """The call ends, and what has not begun is cancelled."""
    executor = Never()
    batch = jit(vmap(lambda x: x * x)).on(executor, chunk=10)
    timer = threading.Timer(0.5, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        batch(np.ones(100))
    timer.join()
    assert all(future.cancelled() for future in executor.futures)


class Interrupting(Never):
    """Ctrl-C comes in the middle of what it does."""

    def submit(self, fn, /, *args, **kwargs):
        signal.raise_signal(signal.SIGINT)
        return super().submit(fn, *args, **kwargs)


def test_ctrl_c_waits_for_the_executor():
    """Which would leave a lock of its if it were interrupted."""
    executor = Interrupting()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        jit(vmap(lambda x: x * x)).on(executor, chunk=10)(np.ones(100))
    assert len(executor.futures) == 1
    assert executor.futures[0].cancelled()
    assert signal.getsignal(signal.SIGINT) is before


CTRL_C = """
import os, signal, sys, threading, time
import numpy as np
from concurrent.futures import ProcessPoolExecutor
from autograd import jit, tanh, vmap

def slow(x):
    for i in range(1000):
        x = tanh(x + i)
    return x

if __name__ == "__main__":
    with ProcessPoolExecutor(2) as executor:
        batch = jit(vmap(slow)).on(executor, chunk=10_000)
        batch(np.ones(1000))
        threading.Timer(0.5, os.killpg, (os.getpgid(0), signal.SIGINT)).start()
        try:
            batch(np.ones(10_000_000))
        except (KeyboardInterrupt, RuntimeError) as error:
            print("stopped:", type(error).__name__, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_in_a_terminal_reaches_the_workers_too(tmp_path):
    (tmp_path / "program.py").write_text(CTRL_C)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")],
        capture_output=True, text=True, timeout=60, start_new_session=True,
    )  # fmt: skip
    assert "stopped:" in done.stdout, done.stderr


def test_lanes_that_the_executor_cancels():
    executor = Never()
    batch = jit(vmap(lambda x: x * x)).on(executor, chunk=50)
    timer = threading.Timer(0.3, lambda: executor.futures[0].cancel())
    timer.start()
    with pytest.raises(RuntimeError, match="lanes 0 to 49 of <lambda> were cancelled by the exec"):
        batch(np.ones(100))
    timer.join()


FORK = """
import multiprocessing, random, sys, threading, time
import numpy as np
from concurrent.futures import ProcessPoolExecutor
from autograd import jit, tanh, vmap
from autograd.compiler.native import machine

def long(x):
    draw, xs = random.Random(1), [x]
    for _ in range(1500):
        a, b = draw.choice(xs[-50:]), draw.choice(xs[-50:])
        xs.append(draw.choice([lambda: a * b, lambda: a + b, lambda: tanh(a) - b])())
    return xs[-1] + xs[-2]

small, big = jit(vmap(lambda x: x * x)), jit(vmap(long))
small(np.ones(10))
busy = threading.Event()
emitted = machine.Machine._emitted

def slow(*arguments):
    busy.set()
    return emitted(*arguments)

machine.Machine._emitted = slow
thread = threading.Thread(target=lambda: big(np.ones(10)))
thread.start()
busy.wait()
time.sleep(float(sys.argv[1]))
with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
    print(small.on(pool)(np.ones(1000)).sum(), pool.submit(big, np.ones(10)).result().size)
thread.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("delay", [0.0, 0.02, 0.1])
def test_a_fork_while_code_is_made(tmp_path, delay):
    (tmp_path / "program.py").write_text(FORK)
    done = subprocess.run(
        [sys.executable, "program.py", str(delay)], cwd=tmp_path, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.stdout == "1000.0 10\n", done.stderr


def test_an_executor_that_takes_nothing_any_more():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown") as caught:
        jit(vmap(lambda x: x * x)).on(executor)(np.ones(10))
    assert "lanes 0 to 9 of <lambda> were to be computed by" in caught.value.__notes__[0]


def test_a_worker_with_another_release(monkeypatch):
    fast = jit(vmap(lambda x: x * x))
    with Shuffled(1) as executor:
        reduce = workers.Sent.__reduce__

        def older(self):
            function, (_, *rest) = reduce(self)
            return function, ("0.0.9", *rest)

        monkeypatch.setattr(workers.Sent, "__reduce__", older)
        with pytest.raises(RuntimeError, match=r"has scalar-autograd .*, and its caller 0\.0\.9"):
            fast.on(executor)(np.ones(10))


def test_a_worker_without_the_backend(monkeypatch):
    def missing(backend):
        raise ImportError

    fast = jit(vmap(lambda x: x * x))
    backend = fast.backend
    monkeypatch.setattr(workers, "checked", missing)
    with Shuffled(1) as executor, pytest.raises(RuntimeError, match=f"the backend '{backend}' of"):
        fast.on(executor)(np.ones(10))


def test_an_error_in_the_function_tells_the_lane():
    def f(x):
        if x > 5.0:
            raise ValueError("too large")
        return x

    with Shuffled(2) as executor, pytest.raises(ValueError, match="too large") as caught:
        jit(vmap(f)).on(executor, chunk=2)(np.arange(10.0))
    assert caught.value.__notes__ == ["f was called in lane 6"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"chunk": 0}, ValueError, "chunk must be at least 1"),
        ({"chunk": 1.5}, TypeError, "chunk must be a whole number"),
        ({"timeout": 0}, ValueError, "timeout must be a positive number of seconds, not 0"),
        ({"timeout": float("nan")}, ValueError, "timeout must be a positive number"),
        ({"timeout": "1 s"}, TypeError, "timeout must be a real number"),
    ],
)  # fmt: skip
def test_options(options, error, message):
    with Shuffled(1) as executor, pytest.raises(error, match=message):
        jit(vmap(lambda x: x)).on(executor, **options)


def test_what_runs_on_an_executor():
    with Shuffled(1) as executor:
        with pytest.raises(TypeError, match=r"is one of a point: jit\(vmap\(root\)\)"):
            jit(root).on(executor)
        batch = jit(vmap(root)).on(executor)
        assert repr(batch) == f"jit(vmap(root)).on({executor!r})"
        assert batch.__name__ == "root"
    for wrong in (2, None, multiprocessing.get_context("spawn"), ThreadPoolExecutor):
        with pytest.raises(TypeError, match="executor must be a concurrent"):
            jit(vmap(root)).on(wrong)
