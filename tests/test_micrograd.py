"""Programs for micrograd, with this library in its place: the same numbers, the same graphs."""

import importlib
import math
import random
import re
import subprocess
import sys
from types import SimpleNamespace

import micrograd.engine
import micrograd.nn
import numpy as np
import pytest
from patched import restore

import autograd
from autograd import Op, Value, dot, maximum


@pytest.fixture(scope="module", autouse=True)
def names():
    """micrograd's names, understood in these tests alone."""
    yield importlib.import_module("autograd.micrograd")
    restore()


@pytest.fixture
def ours(names):
    return SimpleNamespace(**vars(names))


theirs = SimpleNamespace(**{**vars(micrograd.nn), "Value": micrograd.engine.Value})


# --- Programs: each with a namespace of the one library or the other ----------------------------


def sanity_check(lib):
    """The first of micrograd's own tests."""
    x = lib.Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    return y.data, x.grad


def more_ops(lib):
    """The second of micrograd's own tests."""
    a, b = lib.Value(-4.0), lib.Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return g.data, a.grad, b.grad


def by_hand(lib):
    """A lecture's walk back through the graph, one `_backward()` after the other."""
    x1, x2, w1, w2 = (lib.Value(x) for x in (2.0, 0.0, -3.0, 1.0))
    n = (x1 * w1 + x2 * w2 + 6.8813735870195432) * 2
    o = (n - 1).relu() / (n + 1) ** 2
    order, seen = [], set()

    def build(v):
        if v not in seen:
            seen.add(v)
            for child in v._prev:
                build(child)
            order.append(v)

    build(o)
    o.grad = 1.0
    for node in reversed(order):
        node._backward()
    return o.data, x1.grad, x2.grad, w1.grad, w2.grad


def moons(lib, steps=3):
    """micrograd's demo: two moons, a network of 2-8-8-1, a max-margin loss with a penalty."""
    random.seed(1337)
    rng = np.random.default_rng(1337)
    angles = np.linspace(0.0, np.pi, 10)
    points = np.vstack(
        [
            np.column_stack([np.cos(angles), np.sin(angles)]),
            np.column_stack([1.0 - np.cos(angles), 0.5 - np.sin(angles)]),
        ]
    ) + rng.normal(scale=0.1, size=(20, 2))
    labels = [-1] * 10 + [1] * 10
    model = lib.MLP(2, [8, 8, 1])
    losses = []
    for step in range(steps):
        inputs = [list(map(lib.Value, row)) for row in points.tolist()]
        scores = list(map(model, inputs))
        margins = [(1 + -y * s).relu() for y, s in zip(labels, scores, strict=True)]
        data_loss = sum(margins) * (1.0 / len(margins))
        penalty = 1e-4 * sum(p * p for p in model.parameters())
        total = data_loss + penalty
        model.zero_grad()
        total.backward()
        rate = 1.0 - 0.9 * step / 100
        for p in model.parameters():
            p.data -= rate * p.grad
        losses.append(total.data)
    return losses + [p.data for p in model.parameters()]


def four_examples(lib):
    """A lecture's network on four examples with squared losses, trained for ten steps."""
    random.seed(7)
    model = lib.MLP(3, [4, 4, 1])
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    losses = []
    for _ in range(10):
        loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys, strict=True))
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data += -0.01 * p.grad
        losses.append(loss.data)
    return losses


def drawn(lib):
    """The nodes and edges of a drawing helper."""
    a, b = lib.Value(2.0), lib.Value(-3.0)
    d = (a * b + 10.0).relu() ** 2
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(d)
    return [len(nodes), len(edges), *sorted(f"{v._op} {v.data}" for v in nodes)]


PROGRAMS = [sanity_check, more_ops, by_hand, moons, four_examples]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_programs_give_the_same_numbers(program, ours):
    assert program(ours) == pytest.approx(program(theirs), rel=1e-11, abs=1e-13)


def test_what_micrograds_own_tests_expect(ours):
    assert sanity_check(ours) == (-20.0, 46.0)
    g, by_a, by_b = more_ops(ours)
    assert g == pytest.approx(24.70408163265306, rel=1e-15)
    assert by_a == pytest.approx(138.83381924198252, rel=1e-14)
    assert by_b == pytest.approx(645.5772594752186, rel=1e-14)


def test_a_drawing_helper_sees_the_same_graph(ours):
    assert drawn(ours) == drawn(theirs)


@pytest.mark.parametrize("name", ["Neuron", "Layer", "MLP"])
def test_networks_print_as_micrograds_do(name, ours):
    arguments = {"Neuron": [(3,), (2, False)], "Layer": [(2, 3)], "MLP": [(3, [4, 4, 1])]}[name]
    for given in arguments:
        one, other = getattr(ours, name)(*given), getattr(theirs, name)(*given)
        assert repr(one) == repr(other)
        assert len(one.parameters()) == len(other.parameters())
    assert ours.Module().parameters() == []


# --- Names --------------------------------------------------------------------------------------


def test_it_is_the_same_class(ours):
    assert ours.Value is Value
    assert ours.Value is autograd.Value
    assert not hasattr(Value(1.0), "__dict__")


def test_labels():
    a = Value(2.0, label="a")
    assert (a.label, a.name) == ("a", "a")
    b = Value(2.0)
    assert b.label == ""
    b.label = "b"
    assert (b.name, repr(b)) == ("b", "Value(data=2.0, grad=0.0, name='b')")
    b.label = ""
    assert b.name is None
    c = a * b
    c.label = "c"
    assert c.name == "c"
    with pytest.raises(TypeError, match="a name must be a string"):
        b.label = 3


def test_arguments_of_micrograds_class():
    assert Value(2.0, (), "+").operands == Value(2.0, ()).operands == ()
    assert Value(2.0, (), "", "a").name == Value(2.0, _children=(), _op="", label="a").name == "a"
    assert Value(2.0, "a").name == Value(2.0, name="a").name == "a"
    assert Value(2.0, (), ()).data == 2.0
    with pytest.raises(TypeError, match=r"recorded by operations.*write an autograd\.Op"):
        Value(2.0, (Value(1.0),), "+")
    with pytest.raises(TypeError, match="every one has a gradient"):
        Value(2.0, requires_grad=True)
    with pytest.raises(TypeError, match="the data of a Value must be a real number"):
        Value("a", label="a")


def test_operations_have_micrograds_symbols():
    a, b = Value(2.0), Value(0.5)
    found = [a, a + b, a - 1, a * b, a / b, a**2, a**0.5, a**-1, a.tanh(), a.relu(), a.exp(), a**b]
    symbols = ["", "+", "-", "*", "/", "**2", "**0.5", "**-1", "tanh", "ReLU", "exp", "**"]
    assert [v._op for v in found] == symbols
    assert (-a)._op == "-"
    assert dot([a], [b])._op == "dot"


def test_symbols_keep_all_digits():
    a = Value(1.0)
    assert [(a**e)._op for e in (0.1234567, 1234567.0, -0.5)] == [
        "**0.1234567", "**1234567", "**-0.5",
    ]  # fmt: skip


def test_the_module_may_be_read_again(names):
    again = importlib.reload(names)
    assert again.Value(1.0, label="a").label == "a"
    assert Value.__init__.__name__ == "__init__"


def test_children_and_local_gradients():
    a, b = Value(2.0), Value(3.0)
    for v, children, slopes in (
        (a, (), ()),
        (a * b, (a, b), (3.0, 2.0)),
        (a * a, (a, a), (2.0, 2.0)),
        (a**3, (a,), (12.0,)),
        (dot([a, b], [b, a]), (a, b, b, a), (3.0, 2.0, 2.0, 3.0)),
    ):
        assert len(v._children) == len(v._local_grads) == len(children)
        assert all(x is y for x, y in zip(v._children, children, strict=True))
        assert v._local_grads == slopes
        assert v._prev == set(children)
        assert isinstance(v._prev, set)
    shifted = a + 1.5
    assert shifted._children[0] is a
    assert (shifted._children[1].data, shifted._children[1]._prev) == (1.5, set())
    assert shifted._local_grads == (1.0, 0.0)


def test_backward_by_hand_adds_to_the_operands():
    a, b = Value(2.0), Value(3.0)
    c = a * b + a
    c.grad = 2.0
    c._backward()
    c._backward()
    assert a.grad == 4.0
    product = c.operands[0]
    assert product.grad == 4.0
    product._backward()
    assert (a.grad, b.grad) == (4.0 + 12.0, 8.0)
    a._backward()  # of a leaf: nothing
    with np.errstate(divide="ignore"):
        infinite = autograd.log(a * 0.0)
    picked = maximum(infinite, 1.0)
    picked.grad = math.inf
    picked._backward()
    assert infinite.grad == 0.0  # not 0 * inf


def test_backward_cannot_be_assigned():
    a = Value(1.0)
    with pytest.raises(AttributeError, match=r"_backward cannot be assigned to.*autograd\.Op"):
        a._backward = lambda: None
    for name in ("_prev", "_op", "_children", "_local_grads"):
        with pytest.raises(AttributeError):
            setattr(a, name, ())


def test_an_operation_of_ones_own_is_what_the_error_points_to():
    cube = Op("cube", lambda x: x**3, [lambda out, x: 3.0 * x * x])
    y = cube(Value(2.0))
    assert (y._op, y._local_grads) == ("cube", (12.0,))


def test_the_picture(ours, tmp_path):
    a = Value(2.0, label="a")
    root = a * a
    assert repr(ours.draw_dot(root)) == repr(autograd.draw(root))
    below = ours.draw_dot(root, format="dot", rankdir="TB")
    assert below.source == autograd.draw(root, direction="TB").source
    assert below.render(str(tmp_path / "graph")) == str(tmp_path / "graph.dot")
    assert (tmp_path / "graph.dot").read_text(encoding="utf-8") == below.source
    assert ours.draw_dot(root).render(tmp_path / "graph", cleanup=True).endswith("graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8").startswith("<svg")
    shown = []
    below.show = lambda: shown.append(True)
    below.render(tmp_path / "graph", view=True)
    assert shown == [True]


# --- Without the import -------------------------------------------------------------------------

CASES = {
    "Value(2.0, label='a')": r"not label: the label is its name, Value\(2.0, name=.*autograd.micro",
    "Value(2.0, (), 'op')": "takes its data and a name alone: .*autograd.micrograd",
    "Value(2.0, ())": "takes its data and a name alone: .*autograd.micrograd",
    "Value(2.0, _children=())": "takes its data and a name, not _children: .*autograd.micrograd",
    "Value(2.0, requires_grad=True)": "not requires_grad: every one has a gradient$",
    "Value(2.0).label": "no attribute 'label': its name is .name; .*autograd.micrograd",
    "setattr(Value(2.0), 'label', 'a')": "no attribute 'label': its name is .name",
    "Value(2.0)._prev": "no attribute '_prev': its operands are .operands; .*autograd.micrograd",
    "Value(2.0)._children": "no attribute '_children': its operands are .operands",
    "Value(2.0)._op": "no attribute '_op': its operation is .op",
    "Value(2.0)._local_grads": "no attribute '_local_grads': its partial derivatives are .partials",
    "Value(2.0)._backward()": r"no attribute '_backward': backward\(\) of a result goes back",
}


def test_without_the_import_errors_say_what_to_write():
    code = (
        "import sys\nfrom autograd import Value\n"
        f"for case in {list(CASES)!r}:\n"
        "    try:\n        eval(case)\n"
        "    except Exception as error:\n        print(type(error).__name__, error)\n"
        "assert 'autograd.micrograd' not in sys.modules\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    lines = run.stdout.splitlines()
    assert len(lines) == len(CASES)
    for said, expected in zip(lines, CASES.values(), strict=True):
        assert said.startswith(("TypeError a Value takes", "AttributeError a Value has"))
        assert re.search(expected, said), (said, expected)
