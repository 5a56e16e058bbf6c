"""The two forms of the core give the same bits, and the native one leaves nothing behind.

The other form runs in a process of its own; graphs go there and back as pickles.
"""

import copy
import gc
import math
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path

import bits
import numpy as np
import pytest
from graphs import AWKWARD, NUMBERS, graphs
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    Op,
    Value,
    dot,
    exp,
    grad,
    hessian,
    jacobian,
    kernels,
    maximum,
    mean,
    relu,
    tanh,
    values,
)
from autograd import sum as total
from autograd.ops import TABLE
from autograd.rows import adjoint_rows

NATIVE = autograd.core == "native"
native = pytest.mark.skipif(not NATIVE, reason="the native core is not there")


@pytest.fixture(scope="module")
def elsewhere():
    """Everything that the other form says of a graph, and the graph as it comes back."""
    with ExitStack() as stack:
        yield stack.enter_context(bits.other("pure" if NATIVE else "native"))


def agree(root, elsewhere):
    there, pickled = elsewhere(root)
    for here, other in zip(bits.everything(root), there, strict=True):
        assert here == other
    assert bits.shape(pickle.loads(pickled)) == bits.shape(root)


# --- The same bits -------------------------------------------------------------------------------


@native
@given(root=graphs())
def test_random_graphs(elsewhere, root):
    agree(root, elsewhere)


@native
@settings(max_examples=1000)
@given(data=st.data())
def test_every_operation_anywhere(elsewhere, data):
    op = data.draw(st.sampled_from(list(TABLE.values())))
    count = op.arity or data.draw(st.sampled_from([2, 4, 18]))
    number = NUMBERS | st.sampled_from(AWKWARD)
    operands = [Value(x) for x in data.draw(st.lists(number, min_size=count, max_size=count))]
    for place in data.draw(st.sets(st.integers(1, count), max_size=count - 1)):
        operands[place - 1] = operands[place - 1].data
    with np.errstate(all="ignore"):
        root = bits.applied(op, operands)
    agree(root, elsewhere)


def printed(form, *arguments):
    """What Python prints when it runs one form of the core."""
    environment = {**os.environ, "AUTOGRAD_CORE": form}
    run = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.splitlines()


@native
def test_the_attributes_are_the_same():
    code = """if True:
        from inspect import getdoc
        from autograd import Value, exp
        names = [name for name in dir(Value) if not name.startswith("_")]
        print([(name, getdoc(getattr(Value, name))) for name in names], exp.__doc__)
        print(sorted({*dir(Value)} - {*dir(type)} - {"__slots__", "_past", "_operands_changed"}))
    """
    assert printed("native", "-c", code) == printed("pure", "-c", code)


@native
def test_uses_and_misuses():
    uses = str(Path(__file__).with_name("uses.py"))
    here, there = printed("native", uses), printed("pure", uses)
    assert len(here) > 900
    assert here == there


# --- Sums are rounded once -----------------------------------------------------------------------

wide = st.floats(-1e6, 1e6) | st.floats(allow_nan=False, allow_infinity=False)
near = st.sampled_from([2.0**53, 1.0, 2.0**-53, -(2.0**-53), 2.0**-106, 3.0, 0.1, -0.0, 1e-300])


def exactly(numerator: Fraction) -> float:
    try:
        return float(numerator)
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


@st.composite
def terms(draw):
    """Numbers that nearly cancel, or whose sum is close to the middle between two floats."""
    numbers = draw(st.lists(wide | near, min_size=1, max_size=20))
    if draw(st.booleans()):
        numbers += [-x for x in draw(st.permutations(numbers))][draw(st.integers(0, 3)) :]
    return numbers + draw(st.lists(near, max_size=3))


@given(numbers=terms())
def test_sums_and_means_are_the_exact_ones(numbers):
    leaves = list(map(Value, numbers))
    whole = sum(map(Fraction, numbers), Fraction())
    with np.errstate(all="ignore"):
        assert total(leaves).data == exactly(whole)
        assert mean(leaves).data == exactly(whole / len(numbers))
    assert math.copysign(1.0, total(leaves).data) == math.copysign(1.0, kernels.sum(*numbers))


@given(
    pairs=st.lists(st.tuples(wide | near, wide | near), min_size=1, max_size=12),
    repeat=st.booleans(),
)
def test_dots_are_the_exact_ones(pairs, repeat):
    if repeat:
        pairs = [*pairs, *[(-x, y) for x, y in pairs[1:]]]
    left, right = map(list, zip(*pairs, strict=True))
    whole = sum((Fraction(x) * Fraction(y) for x, y in pairs), Fraction())
    with np.errstate(all="ignore"):
        result = dot(list(map(Value, left)), right)
    assert result.data == exactly(whole)
    assert bits.bits(result.data) == bits.bits(kernels.dot(tuple(left), tuple(right)))


@pytest.mark.parametrize("scale", [2.0**-500, 2.0**-515, 2.0**-530])
def test_dots_of_products_whose_errors_are_out_of_range(scale):
    """The error of the product is what is left, and next to nothing."""
    random = np.random.default_rng(1)
    for x, y in random.uniform(scale, 2 * scale, (300, 2)).tolist():
        result = dot([Value(x), Value(-1.0)], [y, x * y])
        assert result.data == exactly(Fraction(x) * Fraction(y) - Fraction(x * y))


@native
@pytest.mark.parametrize("x", [1e-310, -5e-324, 1.7e-320, 3.0, 1e300])
@pytest.mark.parametrize("y", [3.0, 0.7, -1e-310, 1e-300, 1e305, 7e15])
def test_quotients_near_the_end_of_the_range(elsewhere, x, y):
    with np.errstate(all="ignore"):
        quotients = [Value(x) / Value(y), Value(x) / y, x / Value(y)]
    for quotient in quotients:
        agree(quotient, elsewhere)


# --- The collector of garbage ---------------------------------------------------------------------


class Noted(Value):
    """A Value with attributes."""


def worked():
    """Something of everything that makes nodes."""
    x, w = Value(0.5, name="x"), values([0.25, -1.5, 2.0])
    row = [x, 1.0, w[0]]
    out = relu(dot(row, list(w)) + mean(row) - total(row)) * exp(x) / (x + 3) ** 2 - maximum(x, 0.1)
    out = tanh(1 - out) + dot(w, w) + (2.0**x) ** -0.5 + x.hypot(1)
    out.backward()
    x.data = 0.75
    out.forward()
    out.zero_grad()
    slope = out.derivative(x).derivative(w[0])
    copied = pickle.loads(pickle.dumps(slope))
    first = grad(lambda x, y: x * tanh(y) + dot([x, y], [y, 2.0]), (0, 1))(0.5, 2.0)
    assert first[1] == grad(grad(lambda x: x**3))(1.0) - 6.0 + first[1]
    for wrong in ("x", None, 10**400):
        with suppress(TypeError, OverflowError):
            out + wrong
    return copied.data


def test_nothing_is_left():
    """Neither objects that the collector knows nor others, counted by the blocks of memory."""
    for _ in range(20):
        worked()
    gc.collect()
    gc.disable()
    try:
        objects, blocks = len(gc.get_objects()), sys.getallocatedblocks()
        references = sys.getrefcount(Value)
        for _ in range(1000):
            worked()
        assert sys.getrefcount(Value) - references < 10
        assert len(gc.get_objects()) - objects < 100
        assert gc.collect() == 0  # this also empties the interpreter's lists of free objects
        assert sys.getallocatedblocks() - blocks < 500
    finally:
        gc.enable()


@native
def test_the_collector_does_not_see_graphs_that_cannot_be_cycles():
    x, y = Value(2.0), Value(3.0)
    graph = [x, x * y, 1.0 - x, relu(x), dot([x, y], [y, 1.0]), x.sin(), (x + y).derivative(x)]
    graph += pickle.loads(pickle.dumps(graph))
    assert not any(map(gc.is_tracked, graph))


@native
def test_a_copy_is_seen_by_the_collector_if_the_original_is():
    custom = Op("custom", lambda x: x, [lambda out, x: 1.0])
    noted = Noted(2.0)
    graph = [1.0 - noted, noted * 2.0, dot([1.0, noted], [2.0, 3.0]), custom(Value(1.0))]
    assert all(map(gc.is_tracked, [*graph, *map(copy.copy, graph)]))


@native
def test_the_size_counts_all_operands():
    x = Value(1.0)
    few, many = (sys.getsizeof(total([x] * count)) for count in (10, 1010))
    assert many - few == 1000 * (struct.calcsize("P") + struct.calcsize("d"))


def cycle_through_an_operation():
    held = []
    op = Op("custom", lambda x: x, [lambda out, x: 1.0 if held else 2.0])
    held.append((Value(2.0) * 3.0).relu() + op(Value(1.0)))
    return held[0]


def cycle_through_a_reduction():
    held = []
    op = Op("custom", lambda *x: 1.0, lambda out, *x: [1.0 if held else 2.0] * len(x))
    held.append(dot([op(Value(1.0), Value(2.0)), Value(1.0)], [2.0, 3.0]))
    return held[0]


def cycle_through_an_attribute():
    leaf = Noted(2.0)
    leaf.result = relu(dot([leaf, 1.0], [3.0, 4.0]) * 2.0)
    return leaf.result


def cycle_through_an_argument():
    leaf = Noted(2.0)
    leaf.slope = grad(lambda x: x * x * x)(leaf)
    return leaf.slope


@pytest.mark.parametrize(
    "cycle",
    [
        cycle_through_an_operation,
        cycle_through_a_reduction,
        cycle_through_an_attribute,
        cycle_through_an_argument,
    ],
)
def test_cycles_are_collected(cycle):
    for _ in range(20):
        cycle()
    gc.collect()
    gc.disable()
    try:
        blocks = sys.getallocatedblocks()
        for _ in range(2000):
            node = cycle()
            assert gc.is_tracked(node)
        del node
        gc.collect()
        assert sys.getallocatedblocks() - blocks < 1000
    finally:
        gc.enable()


FINALIZERS = """
import gc
from autograd import Value, sum, topological_order

class Cycle:
    def __init__(self):
        self.me = self

    def __del__(self):
        leaves.clear()
        root.__init__(0.0)

for count in range(1, 60):
    gc.collect()
    gc.disable()
    leaves = [Value(float(i)) for i in range(20)]
    root = (Value(1.0) * 2 + 3) * Value(4.0)
    Cycle()
    gc.set_threshold(gc.get_count()[0] + count)  # the collector runs when so many more are made
    kept = []
    gc.enable()
    for _ in range(100):
        kept += [sum(leaves or [root]), *topological_order(root)]
    gc.disable()
    for value in kept:
        assert not isinstance(value, Value) or value.operands is not None
"""


def test_a_finalizer_that_takes_the_operands_away():
    subprocess.run([sys.executable, "-c", FINALIZERS], check=True)


def test_a_name_is_an_ordinary_string():
    assert type(Value(1.0, name=np.array(["a"])[0]).name) is str


# --- Code that runs in the middle -----------------------------------------------------------------


def test_code_that_runs_while_a_graph_is_freed_finds_nothing_of_it():
    found = []

    class Last(Value):
        def __del__(self):
            values = [x for x in gc.get_objects() if type(x) is Value]
            found.extend([x for x in values if x.data == 4.1875])

    root = Noted(2.09375) * 2.0 + Last(3.0)
    assert root.data == 7.1875
    del root
    assert found == []


def test_a_collection_may_begin_sweeps_of_its_own():
    x = Value(1.0)
    y = dot([x, x, x], [1.0, 2.0, 3.0])
    z = maximum(y, exp(x))

    class Sweeping:
        def __init__(self):
            self.itself = self

        def __del__(self):
            y._wide = y._wide
            z.forward()
            z.backward()

    threshold = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for _ in range(100):
            Sweeping()
            assert y.operands == (x, x, x, 1.0, 2.0, 3.0)
            assert z.derivative(x).data == 6.0
            assert jacobian(lambda a: [a * a + k for k in range(9)])(1.0) == [2.0] * 9
            assert hessian(lambda a: a * a * a)(1.0) == 6.0
    finally:
        gc.set_threshold(*threshold)


@native
def test_operands_that_are_replaced_while_they_are_replaced():
    class Replacing(float):
        pass

    class Number:
        def __float__(self):
            y._wide = y._wide
            return 4.0

    x = Value(1.0)
    y = dot([x], [2.0])
    nodes, _, seen = y._wide
    y._wide = (nodes, (Number(), Replacing(2.0)), seen)
    assert y.partials == (4.0, 0.0)
    with pytest.raises(TypeError, match="expected"):
        y._wide = [1.0]


def test_an_operation_that_is_taken_away_meanwhile():
    nodes = []

    def partials(out, *x):
        for node in nodes:
            node.op = None
        return [1.0] * len(x)

    wipe = Op("wipe", lambda *x: 1.0, partials)
    x = Value(1.0)
    nodes.append(wipe(x * x, x))
    with pytest.raises(AssertionError):
        nodes[0].derivative(x)


def test_operands_that_are_taken_away_meanwhile():
    nodes = []

    def partials(out, *x):
        for node in nodes:
            node.__init__(0.0)
        return [1.0 * number for number in x]

    def function(x, y):
        nodes.clear()
        product = wipe(x * y, x)
        nodes.append(product)
        return product * y

    wipe = Op("wipe", lambda *x: 1.0, partials)
    with suppress(AssertionError, IndexError):
        hessian(function, (0, 1))(1.0, 2.0)
    for node in nodes:
        assert (node.op, node.operands) == (None, ())


def test_a_slope_that_overflows_leaves_no_warning_behind(recwarn):
    large, small = Value(1e300), Value(1e-5)
    divided = [1e300 / np.array([small]), np.array([large]) / np.array([small], object)]
    divided.append(np.array([large]) / np.array([1e-5], object))
    assert [item.partials for (item,) in divided] == [
        (0.0, -math.inf),
        (1 / 1e-5, -math.inf),
        (1 / 1e-5, 0.0),
    ]
    assert not recwarn.list


@native
@pytest.mark.parametrize("rules", [None, 5, [1, 2], (), (len,), (len,) * 9])
def test_rules_that_are_none(rules):
    double = Op("double", lambda x: 2.0 * x, [lambda out, x: 2.0])
    double.rules = rules
    x = Value(1.5)
    y = double(x)
    y._wide = None
    assert (y.forward(), y.derivative(x).data) == (3.0, 2.0)


# --- What is out of date --------------------------------------------------------------------------


def test_a_graph_is_not_in_order_any_more_when_a_leaf_hands_on_its_argument():
    kept = []

    def function(x):
        x.data = 5.0
        kept.append(x * x)
        kept[0].derivative(x)
        return kept[0]

    argument = Value(2.0)
    grad(function)(argument)
    with pytest.raises(RuntimeError, match="forward"):
        kept[0].derivative(argument)


STALE = """
import pickle, sys
x, y = pickle.load(sys.stdin.buffer)
try:
    (y + x).derivative(x)
except RuntimeError as error:
    sys.exit("forward()" not in str(error))
sys.exit("nothing was said")
"""


@pytest.mark.parametrize("form", ["native", "pure"])
def test_a_graph_that_was_pickled_out_of_date_is_still_so(form):
    if form == "native" and not NATIVE:
        pytest.skip("the native core is not there")
    x = Value(2.0)
    y = x * x
    x.data = 3.0
    subprocess.run(
        [sys.executable, "-c", STALE],
        input=pickle.dumps((x, y)),
        env={**os.environ, "AUTOGRAD_CORE": form},
        check=True,
    )


def test_a_reduction_of_the_same_value_with_other_slopes_is_out_of_date():
    x, y = Value(2.0), Value(3.0)
    product = dot([x], [y])
    x.data, y.data = 3.0, 2.0
    with pytest.raises(RuntimeError, match="forward"):
        product.derivative(x)


@pytest.mark.parametrize("first", [0.5, 100.0])
def test_a_flow_through_two_gates_goes_on_if_either_is_open(first):
    x, low, high = Value(1.0), Value(0.5), Value(100.0)
    inner = exp(x)
    slope = (maximum(inner, low) + maximum(inner, high)).derivative(x)
    assert slope.data == math.e
    low.data, high.data = first, 100.5 - first
    assert slope.forward() == math.e


def test_no_number_of_several_sweeps_is_a_negative_zero():
    x = Value(2.0)
    y = x * -0.0
    found = adjoint_rows([x, y], [{y: 1.0}, {y: 2.0}], [x])
    assert bits.numbers(found[0]) == bits.numbers(found[1]) == [bits.bits(0.0)]


@pytest.mark.parametrize("scale", [1e-270, 1e-290, 1e-308, 1e-310, 1e-318, 5e-324])
def test_means_of_tiny_numbers(scale):
    random = np.random.default_rng(1)
    for count in [3, 5, 7] * 100:
        numbers = (random.uniform(-9, 9, count) * scale).tolist()
        exact = sum(map(Fraction, numbers), Fraction()) / count
        assert mean(list(map(Value, numbers))).data == float(exact)


# --- Deep, interrupted, in threads ----------------------------------------------------------------


def in_a_thread(work, stack):
    failures = []

    def run():
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threading.stack_size(stack)
    thread = threading.Thread(target=run)
    thread.start()
    threading.stack_size(0)
    thread.join()
    assert not failures, failures


def test_a_million_operations_on_a_small_stack():
    def work():
        x = y = Value(0.5)
        for _ in range(500_000):
            y = y * 0.999999 + x
        y.backward()
        first = x.grad
        x.data = 0.25
        y.forward()
        y.zero_grad()
        y.backward()
        assert x.grad == first
        del y

    in_a_thread(work, 512 * 1024)


INTERRUPTS = """
import signal, time
from autograd import Value, dot, tanh

def fresh():
    x = y = Value(0.5)
    for step in range(300):
        y = tanh(y * 1.01 + x) if step % 7 else dot([y, x], [x, 1.0])
    return x, y

def interrupt(*_):
    raise KeyboardInterrupt

x, y = fresh()
y.backward()
truth = y.data, x.grad, y.derivative(x).data
signal.signal(signal.SIGALRM, interrupt)
interrupted = 0
x, y = fresh()
end = time.monotonic() + 2.0
while time.monotonic() < end:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0001 + 0.003 * (interrupted % 97) / 97)
        for _ in range(1000):
            y.backward()
            y.forward()
            y.derivative(x)
            fresh()
    except KeyboardInterrupt:
        interrupted += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    y.zero_grad()
    y.forward()
    y.backward()
    assert (y.data, x.grad, y.derivative(x).data) == truth
assert interrupted > 20
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer here")
def test_an_interrupt_leaves_the_graph_usable():
    subprocess.run([sys.executable, "-c", INTERRUPTS], check=True)


def test_eight_threads_share_leaves():
    leaves = [Value(0.1 * i) for i in range(1, 9)]
    rounds = 200

    def function(x):
        return tanh(dot(x, leaves)) * x[0] + leaves[3] * x[1]

    expected = [x.data for x in grad(lambda *x: function(x), tuple(range(8)))(*[0.5] * 8)]
    single = function([0.5] * 8)
    single.backward()
    alone = [leaf.grad for leaf in leaves]
    single.zero_grad()

    def work():
        for _ in range(rounds):
            own = [Value(0.5) for _ in leaves]
            result = function(own)
            result.backward()
            assert [leaf.grad for leaf in own] == expected
            assert result.derivative(own[0]).data == own[0].grad
            result.forward()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads, failures = [], []
        for _ in range(8):

            def run():
                try:
                    work()
                except BaseException as error:
                    failures.append(error)

            threads.append(threading.Thread(target=run))
            threads[-1].start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures
    if NATIVE:  # a sweep is not interrupted; in Python, an addition to a shared grad may be lost
        assert [leaf.grad for leaf in leaves] == pytest.approx(
            [8 * rounds * x for x in alone], rel=1e-9
        )


# --- Subclasses -----------------------------------------------------------------------------------


def test_subclasses():
    class Loud(Value):
        def __add__(self, other):
            return "added"

        def __rmul__(self, other):
            return "multiplied"

    x, loud = Value(2.0), Loud(3.0)
    loud.note = "kept"
    assert loud + x == "added"
    assert 2.0 * loud == "multiplied"
    assert x * loud == "multiplied"  # as Python has it for a subclass on the right
    assert type(x - loud) is type(loud - x) is type(-loud) is Value
    assert (loud.note, type(loud)) == ("kept", Loud)
    (x - loud).backward()
    assert (x.grad, loud.grad) == (1.0, -1.0)
