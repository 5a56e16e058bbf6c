"""Code of LLVM's: its mathematics, the same bits on every processor, what there is without it."""

import math
import platform
import random
import sys
import threading
import warnings

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest
from backends import NativeColumns
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import compiled, programs

from autograd import Value, cos, dot, exp, jit, relu, sin, value_and_grad, vmap
from autograd.compiler import backends, calls
from autograd.compiler.instructions import MEANING
from autograd.compiler.lowering import Code
from autograd.compiler.native import blocks, machine, source
from autograd.compiler.native.machine import Machine
from autograd.compiler.native.mathematics import FUNCTIONS, REDUCIBLE, TOGETHER
from autograd.compiler.schedule import LaneCheck
from autograd.ops import TABLE

MACHINES = {"this one": Machine()}
if platform.machine() in ("x86_64", "AMD64"):
    MACHINES["SSE2"] = Machine("+sse2")
    if {"avx2", "fma"} <= {x for x, there in llvm.get_host_cpu_features().items() if there}:
        MACHINES["AVX2"] = Machine("+avx,+avx2,+fma")
SPECIAL = [
    x * sign
    for x in (
        0.0, 5e-324, 1e-310, 2.0**-1022, 1e-20, 2.0**-27, 0.5, 0.625, 1.0, 1.5, math.pi, 20.0,
        353.0, 353.0000001, 360.0, 372.5, 373.0,
        708.0, 709.782712893384, 709.7827128933841, 745.13321910194122, 746.0, 1e6, 1e22, 1e300,
        1.7976931348623157e308, math.inf,
    )
    for sign in (1.0, -1.0)
] + [math.nan]  # fmt: skip


@pytest.fixture
def on(monkeypatch):
    """Has code made for another processor."""
    return lambda name: monkeypatch.setattr(blocks, "machine", lambda: MACHINES[name])


def bits(array):
    """The bits of the numbers, any nan being the same."""
    array = np.where(np.isnan(array), math.nan, array)
    return array.view(np.int64).tolist()


# --- Mathematics ---------------------------------------------------------------------------------


def points(name):
    """Ordinary numbers, tiny ones, and those next to where a function is hard to compute."""
    draw = random.Random(name)
    spans = {
        "exp": [(-746.0, 710.0), (-1.0, 1.0), (-746.0, -700.0), (-1e-9, 1e-9)],
        "log": [(0.0, 4.0), (0.7, 1.42), (0.999, 1.001), (0.0, 1e-307), (0.0, 1e300)],
        "tanh": [(-1.0, 1.0), (-20.0, 20.0), (0.173, 0.174), (0.25, 0.27), (18.2, 18.6)],
        "sech2": [(-1.0, 1.0), (-20.0, 20.0), (0.2, 0.25), (1.3, 1.34), (340.0, 360.0)],
        "sin": [(-4.0, 4.0), (-REDUCIBLE, REDUCIBLE), (-1e-7, 1e-7), (-1e12, 1e12)],
    }
    for low, high in spans.get(name, spans["sin"]):
        yield from [draw.uniform(low, high) for _ in range(400)]
    if name in ("sin", "cos"):  # next to a zero
        yield from [k * math.pi / 2 for k in range(1, 300)]
        yield from [draw.randrange(650_000) * math.pi / 2 for _ in range(600)]
    if name == "exp":  # half way between two floats, nearly
        yield from [k * math.log(2.0) / 2 for k in range(-2000, 2000, 9)]
    if name == "log":
        yield from [2.0**k * (1.0 + j * 2.0**-52) for k in range(-1074, 1024, 50) for j in (0, 1)]


TRUE = {name: getattr(mpmath, name, None) for name in FUNCTIONS}
TRUE["sech2"] = lambda x: mpmath.sech(x) ** 2
UNITS = {"sech2": 4.0}
"""How many units in the last place functions may be from the truth, if it is not 1.5."""


def alone(*names):
    """Functions of the same number."""
    code = Code(native=True)
    x = code.input(uniform=False)
    return NativeColumns(code, [code.emit(name, x) for name in names])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_mathematics_is_within_its_budget(name):
    blocks = alone(name)
    given = [*points(name)]
    ((found,), _) = blocks([np.array(given)], len(given))
    with mpmath.workprec(160):
        for x, y in zip(given, found.tolist(), strict=True):
            true = TRUE[name](mpmath.mpf(x))
            unit = mpmath.mpf(2) ** max(math.frexp(float(true))[1] - 53, -1074)
            assert abs(mpmath.mpf(y) - true) <= UNITS.get(name, 1.5) * unit, x


@pytest.mark.parametrize("name", FUNCTIONS)
def test_mathematics_of_special_numbers(name):
    blocks = alone(name)
    ((found,), _) = blocks([np.array(SPECIAL)], len(SPECIAL))
    with np.errstate(all="ignore"):
        expected = [float(MEANING[name](x)) for x in SPECIAL]
    for x, y, z in zip(SPECIAL, found.tolist(), expected, strict=True):
        assert math.isnan(y) == math.isnan(z), x
        near = pytest.approx(z, rel=3e-16 * UNITS.get(name, 1.5), abs=1e-323)
        assert math.isnan(y) or y == near, x
        assert math.copysign(1.0, y) == math.copysign(1.0, z) or math.isnan(z), x


@pytest.mark.parametrize("part", [source.PART, 3, 1])
@pytest.mark.parametrize("most", [source.INLINE, 0])
def test_functions_computed_together_have_the_bits_that_they_have_alone(
    on, monkeypatch, part, most
):
    """In one function or cut apart, called or put in place, whichever of them is wanted first."""
    monkeypatch.setattr(source, "PART", part)
    monkeypatch.setattr(source, "INLINE", most)
    numbers = [*SPECIAL, *points("tanh"), *points("sech2")]
    given = [np.array(numbers)]
    for place in MACHINES:
        on(place)
        for name, (other, _) in TOGETHER.items():
            expected = [alone(x)(given, len(numbers))[0][0] for x in (name, other)]
            for order in ((name, other), (other, name)):
                found, _ = alone(*order)(given, len(numbers))
                assert dict(zip(order, map(bits, found), strict=True)) == dict(
                    zip((name, other), map(bits, expected), strict=True)
                )


# --- The same bits everywhere ---------------------------------------------------------------------


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_an_operation_has_the_same_bits_on_every_processor(op, on):
    draw = random.Random(op.name)
    count = op.arity or 4

    def number():
        return draw.choice(SPECIAL) if draw.random() < 0.5 else draw.uniform(-9.0, 9.0)

    columns = [np.array([number() for _ in range(203)]) for _ in range(count)]
    found = []
    for name in MACHINES:
        on(name)
        code = Code(native=True)
        result = code.lower(op, [code.input(uniform=False) for _ in range(count)])
        found.append(bits(NativeColumns(code, [result])(columns, 203)[0][0]))
    assert all(x == found[0] for x in found)


def test_processors_have_vectors_of_different_lengths():
    lanes = {name: machine.lanes for name, machine in MACHINES.items()}
    assert lanes.pop("this one") in (2, 4, 8)
    assert lanes.items() <= {"SSE2": 2, "AVX2": 4}.items()


def loss(weights, shift, x, target):
    hidden = [relu(dot(row, x) + shift) for row in weights]
    return {"loss": (sin(hidden[0]) - target) ** 2 + exp(-hidden[1] * cos(x[0])), "hidden": hidden}


def batch(count, reduce):
    draw = np.random.default_rng(count)
    weights, shift = draw.normal(size=(2, 9)), 0.5
    xs, targets = draw.normal(size=(count, 9)), draw.normal(size=count)
    both = [loss, value_and_grad(lambda *x: loss(*x)["loss"], argnums=(0, 2))]
    found = []
    for f in both:
        fast = jit(vmap(f, (None, None, 0, 0), reduce=reduce), backend="llvm")
        found += [np.ravel(x) for x in leaves(fast(weights, shift, xs, targets))]
    return bits(np.concatenate(found))


def leaves(tree):
    if isinstance(tree, dict):
        tree = [*tree.values()]
    if isinstance(tree, (list, tuple)):
        return [x for part in tree for x in leaves(part)]
    return [] if tree is None else [np.asarray(tree)]


@pytest.mark.parametrize("count", [1, 5, 8, 255, 256, 261, 700])
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_batches_have_the_same_bits_on_every_processor_and_in_parts(count, reduce, on, monkeypatch):
    """Rows of nine numbers, which are transposed, and of fewer; lanes that are left over."""
    expected = batch(count, reduce)
    for name in MACHINES:
        on(name)
        assert batch(count, reduce) == expected
    for part, long in ((1, 0), (7, 10**6)):
        monkeypatch.setattr(source, "PART", part)
        monkeypatch.setattr(blocks, "LONG", long)
        assert batch(count, reduce) == expected


@pytest.mark.parametrize("part", [1, 5])
@given(source_text=programs(exact=True), data=st.data())
@settings(deadline=None, max_examples=20)
def test_programs_in_parts(part, source_text, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "PART", part)
        require_the_same_from_both(source_text, data)


def require_the_same_from_both(text, data):
    """Native code and NumPy have the same results, or the same error."""
    f = compiled(text)
    numbers = st.lists(st.floats(-4.0, 4.0), min_size=11, max_size=11)
    columns = [np.array(data.draw(numbers)) for _ in range(f.__code__.co_argcount)]
    found = []
    for backend in ("llvm", "numpy"):
        try:
            results = leaves(jit(vmap(f), backend=backend)(*columns))
            found.append([(x.dtype, bits(x.astype(float))) for x in results])
        except (TypeError, ValueError) as error:  # of lanes whose results are not alike
            found.append(str(error))
    assert found[0] == found[1]


# --- Sums ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 8, 9, 255, 256, 257, 1003])
def test_sums_are_those_of_the_loop(size):
    x = np.random.default_rng(size).normal(size=size) * 10.0 ** np.arange(size).clip(0, 20)

    def f(x):
        return x * 3.0, [x, -x]

    for how in ("sum", "mean"):
        fast = jit(vmap(f, reduce=how), backend="llvm")
        assert fast(x) == vmap(f, reduce=how)(x)
        assert fast.paths[0].points == size


def test_sums_where_lanes_part():
    x = np.linspace(-3.0, 5.0, 1003)

    def f(x):
        return (x * x, 1.0) if x > 0.0 else (-x, 2.0)

    fast = jit(vmap(f, reduce="sum"), backend="llvm")
    for _ in range(2):
        assert fast(x) == vmap(f, reduce="sum")(x)
    assert len(fast.paths) == 2


def test_sums_of_many_lanes_one_of_which_parts(monkeypatch):
    monkeypatch.setattr(calls, "FIRST_PART", 512)
    monkeypatch.setattr(calls, "LONGEST_PART", 2048)
    x = np.random.default_rng(0).normal(size=5000)
    x[4000] = 9.0

    def f(x):
        return x * x if x < 5.0 else x

    fast = jit(vmap(f, reduce="sum"), backend="llvm")
    for _ in range(2):
        assert fast(x) == vmap(f, reduce="sum")(x)
    assert [path.points for path in fast.paths] == [2 * 4999, 2]


def test_results_that_are_not_computed_are_added_up_as_well():
    x = np.ones(300)
    for f in (lambda x: (x, 1.0), lambda x: 2.0, lambda x: [x, np.arange(2.0)]):
        found, expected = [
            leaves(g(x))
            for g in (jit(vmap(f, reduce="sum"), backend="llvm"), vmap(f, reduce="sum"))
        ]
        assert [y.tolist() for y in found] == [y.tolist() for y in expected]


# --- What it is made of --------------------------------------------------------------------------


def test_lanes_that_fail_are_told_apart_in_parts(monkeypatch):
    monkeypatch.setattr(source, "PART", 2)
    code = Code()
    x, u = code.input(False), code.input(True)
    y = code.emit("sin", code.emit("add", x, u))
    checks = [
        LaneCheck(code.emit("less", x, 2.0), None, (), True),
        LaneCheck(None, lambda columns: columns[0] < 1.0, (x,), True),
        LaneCheck(code.emit("less", y, 0.5), None, (), False),
    ]
    native = NativeColumns(code, [y, 3.0, x], checks)
    column = np.linspace(-2.0, 3.0, 21)
    (sine, three, same), failed = native([column, 1.0], 21)
    expected = [
        0 if not z < 2.0 else 1 if not z < 1.0 else 2 if math.sin(z + 1.0) < 0.5 else -1
        for z in column
    ]
    assert failed.tolist() == expected
    assert three == 3.0
    for lane in np.flatnonzero(failed < 0):
        assert (sine[lane], same[lane]) == (math.sin(column[lane] + 1.0), column[lane])


def test_threads_call_the_same_code():
    fast = jit(vmap(lambda x: sin(x) * x + exp(-x * x)), backend="llvm")
    columns = [np.linspace(0.0, i + 1.0, 5003) for i in range(8)]
    expected = [fast(x).tolist() for x in columns]
    wrong = []

    def work():
        for x, y in zip(columns, expected, strict=True):
            for _ in range(20):
                if fast(x).tolist() != y:
                    wrong.append(x)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_memory_of_arguments_is_not_written_to():
    x = np.linspace(0.0, 1.0, 37)
    x.flags.writeable = False
    assert jit(vmap(lambda x: x), backend="llvm")(x).tolist() == x.tolist()
    rows = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    found = jit(vmap(lambda row: [row[2], row[0]]), backend="llvm")(rows)
    assert [y.tolist() for y in found] == [rows[:, 2].tolist(), rows[:, 0].tolist()]


# --- Which backend --------------------------------------------------------------------------------


@pytest.fixture
def fresh(monkeypatch):
    """As if nobody had asked yet what there is."""
    backends._better.cache_clear()
    backends._problem.cache_clear()
    yield monkeypatch
    backends._better.cache_clear()
    backends._problem.cache_clear()


def test_the_backend():
    assert jit(vmap(sin)).backend == "llvm"
    assert jit(vmap(sin), backend="numpy").backend == "numpy"
    assert jit(backend="llvm")(sin).backend == "llvm"
    assert Value(2.0) * jit(sin, backend="numpy")(Value(0.0)) == 0.0
    with pytest.raises(ValueError, match="backend must be 'llvm', 'numpy' or None, not 'cuda'"):
        jit(sin, backend="cuda")


def test_without_llvmlite(fresh):
    fresh.setitem(sys.modules, "llvmlite.binding", None)
    fresh.delitem(sys.modules, "autograd.compiler.native.machine")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fast = jit(vmap(sin))
        assert fast.backend == "numpy"
        assert fast(np.zeros(2)).tolist() == [0.0, 0.0]
    with pytest.raises(ImportError, match=r"pip install 'scalar-autograd\[jit\]'"):
        jit(sin, backend="llvm")


def test_an_exception_in_a_function_of_python_comes_up_afterwards(monkeypatch):
    fast = jit(vmap(lambda x: np.round(x, 1)), backend="llvm")
    assert fast(np.array([0.26, 0.31])).tolist() == [0.3, 0.3]
    machine.interrupts[threading.get_ident()] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fast(np.array([0.26]))
    assert machine._careful(lambda x: 1.0 / x)(0.0) != 0.0
    with pytest.raises(ZeroDivisionError):
        fast(np.array([0.26]))
    assert fast(np.array([0.26])).tolist() == [0.3]


def test_an_exception_is_that_of_its_thread():
    fast = jit(vmap(lambda x: np.round(x, 1)), backend="llvm")
    fast(np.array([0.26]))
    machine.interrupts[-1] = KeyboardInterrupt()  # of another one
    try:
        assert fast(np.array([0.26])).tolist() == [0.3]
    finally:
        machine.interrupts.clear()


@pytest.mark.parametrize(
    "features", ["avx2,fma", "-sse2", "-64bit", "+soft-float", "+fma17", "+", "+sse2,,+sse"]
)
def test_features_that_are_none(features, fresh):
    """With some of them LLVM would end the process."""
    fresh.setenv(machine.FEATURES, features)
    machine.machine.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="must be features that this processor has, like"):
            assert jit(vmap(sin)).backend == "numpy"
    finally:
        machine.machine.cache_clear()


def test_features_with_blanks_between_them(fresh):
    names = [f"+{x}" for x, there in llvm.get_host_cpu_features().items() if there][:2]
    fresh.setenv(machine.FEATURES, " , ".join(names))
    machine.machine.cache_clear()
    try:
        assert jit(vmap(sin)).backend == "llvm"
    finally:
        machine.machine.cache_clear()


def test_a_processor_that_llvm_does_not_know(fresh):
    def machine():
        raise RuntimeError("no available targets are compatible with triple")

    fresh.setattr("autograd.compiler.native.machine.machine", machine)
    fast = jit(vmap(sin))
    with pytest.warns(RuntimeWarning, match="batches run in NumPy: no available targets"):
        assert fast(np.zeros(2)).tolist() == [0.0, 0.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert jit(vmap(cos))(np.zeros(2)).tolist() == [1.0, 1.0]


def test_code_that_was_made_already_is_made_no_more(monkeypatch):
    made = []
    whole = llvm.TargetMachine.emit_object
    monkeypatch.setattr(
        llvm.TargetMachine, "emit_object", lambda self, x: made.append(x) or whole(self, x)
    )
    new = Machine()
    monkeypatch.setattr(blocks, "machine", lambda: new)
    x = np.array([1.0, 2.0])
    for _ in range(3):
        assert jit(vmap(lambda x: x * 3.0 + exp(x)), backend="llvm")(x).tolist() == pytest.approx(
            x * 3.0 + np.exp(x)
        )
    assert len(made) == 1

    def compiled(k):
        jit(vmap(lambda x: x * k + exp(x)), backend="llvm")(x)

    (size,) = [len(image) for image, _ in new._images.values()]
    monkeypatch.setattr(machine, "MOST_BYTES", int(2.5 * size))
    for k in (4.0, 4.0, 5.0, 4.0, 6.0, 4.0):  # 5.0 has to go for 6.0
        compiled(k)
    assert len(made) == 4
    compiled(5.0)
    assert len(made) == 5
