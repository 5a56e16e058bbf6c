"""Blocks in which no number of a Value leaves the graph."""

import asyncio
import copy
import pickle
import sys
import threading

import numpy as np
import pytest

import autograd
from autograd import (
    Value,
    array,
    custom_root,
    data,
    expression,
    grad,
    grads,
    hessian,
    hvp,
    jacobian,
    jvp,
    latex,
    no_grad,
    optim,
    python_source,
    stop_gradient,
    topological_order,
    value_and_grad,
    values,
    vjp,
)
from autograd.arrays.linalg import lstsq
from autograd.sealing import sealed, sealing, seals
from autograd.trace import differentiating

X, Y = Value(1.2, name="x"), Value(-0.7, name="y")
V = values([1.0, 2.0, 4.0], name="v")
PICKLED = pickle.dumps(Value(3.0))


def assign(thing, attribute, number):
    def assignment():
        setattr(thing, attribute, number)

    return assignment


def silently():
    with no_grad():
        return X * X


SGD, ADAM = optim.sgd([X], lr=0.1), optim.adam([X])
USE = "use the Value itself, or stop_gradient"
FORBIDDEN = {
    "data": (lambda: X.data, "reading .data of the Value 'x'", USE + r"\(x\) where nothing"),
    "data, no name": (lambda: (X * Y).data, "reading .data of a Value", USE + r"\(x\)"),
    "data, no identifier": (
        lambda: (X * Y).named("a b").data,
        "reading .data of the Value 'a b'",
        r"gradient\(x\)",
    ),
    "data of an array": (lambda: V.data, "reading .data of an Array", "use the Array itself"),
    "data()": (lambda: data(V), r"data\(\) of an array of Values", "use the Values themselves"),
    "data() of one": (lambda: data(X), r"data\(\) of a Value", "use the Values themselves"),
    "data() of a list": (lambda: data([1.0, [X][0]]), r"data\(\) of an array", "stop_gradient"),
    "data =": (assign(X, "data", 1.0), "assigning to .data of the Value 'x'", "return it"),
    "data = of an array": (assign(V, "data", 1.0), "assigning to .data of an Array", "return it"),
    "data = int": (assign(X, "data", 1), "assigning to .data of the Value 'x'", "return it"),
    "grad": (lambda: X.grad, "reading .grad of the Value 'x'", "differentiate with grad"),
    "grad of an array": (lambda: V.grad, "reading .grad of an Array", "differentiate with grad"),
    "grads()": (lambda: grads(V), r"grads\(\) of an array of Values", "differentiate with grad"),
    "grad =": (assign(X, "grad", None), "assigning to .grad of the Value 'x'", "outside"),
    "grad = of an array": (assign(V, "grad", None), "assigning to .grad of an Array", "outside"),
    "partials": (lambda: (X * Y).partials, "reading .partials of a Value", "derivative"),
    "detach": (lambda: X.detach(), r"detach\(\) of the Value 'x'", r"use stop_gradient\(x\)"),
    "copy": (lambda: copy.copy(X), "copying the Value 'x'", USE),
    "deepcopy": (lambda: copy.deepcopy([X * Y]), "copying a Value", USE),
    "deepcopy of an array": (lambda: copy.deepcopy(V), "copying the Value 'v0'", USE),
    "pickle": (lambda: pickle.dumps(X), "pickling the Value 'x'", "return it as a result of f"),
    "pickle of an array": (lambda: pickle.dumps(V), "pickling the Value 'v0'", "return it"),
    "unpickle": (lambda: pickle.loads(PICKLED), "unpickling a Value", "pass it to f"),
    "backward": (lambda: (X * Y).backward(), r"backward\(\) of a Value", "return the Value as"),
    "zero_grad": (lambda: X.zero_grad(), r"zero_grad\(\) of the Value 'x'", "outside"),
    "forward": (lambda: (X * Y).forward(), r"forward\(\) of a Value", "call f with other"),
    "no_grad": (silently, "entering no_grad", "use stop_gradient"),
    "@no_grad": (no_grad()(lambda: X * X), "entering no_grad", "use stop_gradient"),
    "sgd": (SGD.step, "a step of an optimiser", "take the step outside"),
    "adam": (ADAM.step, "a step of an optimiser", "take the step outside"),
    "zero_grad of an optimiser": (SGD.zero_grad, "assigning to .grad of the Value 'x'", "outside"),
    "a guess": (
        lambda: custom_root(lambda t: t * t - 2.0, X, lambda f, t: 2.0**0.5),
        "searching a solution from a guess that is a Value",
        "make the guess a plain number",
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_forbidden(name):
    act, done, remedy = FORBIDDEN[name]
    before = X.data, X.grad, data(V).tolist(), grads(V).tolist(), Value(1.0).op
    with (
        sealed("f"),
        pytest.raises(RuntimeError, match=f"^{done}.* while f is recorded (would|may) .*{remedy}"),
    ):
        act()
    assert (X.data, X.grad, data(V).tolist(), grads(V).tolist(), Value(1.0).op) == before
    assert seals == []


def test_outside_nothing_of_it_is():
    for name, (act, *_) in FORBIDDEN.items():
        if name not in ("data = of an array", "data =", "data = int", "sgd", "adam"):
            act()
    x = Value(1.0)
    x.data = 2.0
    assert x.data == 2.0


def f(x, y):
    return autograd.relu(x * y + 2.0) * autograd.exp(x) + abs(y)


TRANSFORMATIONS = {
    "grad": lambda x, y: grad(f, (0, 1))(x, y),
    "value_and_grad": lambda x, y: value_and_grad(f)(x, y),
    "grad of grad": lambda x, y: grad(grad(f))(x, y),
    "hessian": lambda x, y: hessian(f, (0, 1))(x, y),
    "jacobian": lambda x, y: jacobian(lambda z: [z * x, f(z, y)])(x),
    "jvp": lambda x, y: jvp(f, (x, y), (1.0, x)),
    "vjp": lambda x, y: vjp(f, x, y)[1](y),
    "hvp": lambda x, y: hvp(f, (x, y), (1.0, 2.0)),
    "has_aux": lambda x, y: grad(lambda z: (z * y, [z, np.array([x])]), has_aux=True)(x),
    "has_aux of numbers": lambda x, y: grad(lambda z: (z * z, [z]), has_aux=True)(2.0),
    "has_aux of an array": lambda x, y: grad(lambda z: (z @ z, z * z), has_aux=True)(np.ones(2)),
    "numbers alone": lambda x, y: hessian(f, (0, 1))(1.2, -0.7),
    "closure": lambda x, y: grad(lambda z: hessian(lambda w: f(w, x) * z)(y))(2.0),
    "derivative": lambda x, y: f(x, y).derivative(x).derivative(y),
    "selections": lambda x, y: grad(lambda z: autograd.max([z, y]) + np.floor(z) + np.sign(z))(x),
    "custom_root": lambda x, y: grad(
        lambda a: custom_root(lambda t: t**3 - a * x, 1.0, lambda f, t: 9.6 ** (1 / 3))
    )(8.0),
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_transformations_are_allowed(name):
    expected = str(TRANSFORMATIONS[name](X, Y))
    with sealed("f"):
        found = TRANSFORMATIONS[name](X, Y)
        shown = str(found)
    assert shown == expected


def test_printing_and_the_structure_are_allowed():
    z = (X * Y).named("z")
    shown = [
        lambda: repr(z),
        lambda: str(z),
        lambda: f"{z} {z:.3f}",
        lambda: repr(V),
        lambda: str(V),
    ]
    shown += [lambda: expression(f(X, Y)), lambda: latex(f(X, Y)), lambda: python_source(f(X, Y))]
    shown += [lambda: expression(f(X, Y), wrt=X), lambda: latex(f(X, Y), wrt=X)]
    expected = [show() for show in shown]
    with sealed("f"):
        assert [show() for show in shown] == expected
        assert (z.op.name, z.operands, z.name) == ("multiply", (X, Y), "z")
        assert (z * 2.0).named("twice").name == "twice"
        assert topological_order(z) == [X, Y, z]
        assert (X > 0.0, bool(X), X == Y, int(np.argmax(V))) == (True, True, False, 2)
        assert stop_gradient(X).op.name == "stop_gradient"


def test_numbers_without_values_are_not_looked_at():
    plain = array([1.0, 2.0])
    with sealed("f"):
        assert data([1.0, 2.0]).tolist() == plain.data.tolist() == [1.0, 2.0]
        assert grads([1.0]).tolist() == plain.grad[:1].tolist() == [0.0]


def test_arrays():
    with sealed("f"):
        solved = np.linalg.solve(np.diag(V), np.ones(3)) + np.interp(V, [0.0, 3.0], [1.0, 2.0])
        fitted = np.polyfit(V, V * V, 1)
        taken = np.sort(V)[:1] + np.nan_to_num(V) + np.unwrap(V) + np.median(V)
    assert {type(x) for part in (solved, fitted, taken) for x in part} == {Value}


def test_singular_values_are_none_of_the_constants():
    a = np.vander(V, 2)
    *_, expected = lstsq(a, np.ones(3))
    assert expected.dtype == float
    with sealed("f"):
        solution, residuals, rank, singular = lstsq(a, np.ones(3))
        *_, plain = lstsq(data_free := np.vander([1.0, 2.0, 4.0], 2), V)
    assert {x.op.name for x in singular} == {"singular_value"}
    assert not any(x.op.own for x in singular)
    np.testing.assert_allclose(data(singular), expected, rtol=1e-14)
    assert (rank, plain.dtype, data_free.dtype) == (2, float, float)
    assert singular[0].derivative(V[0]).data == 0.0
    assert len(solution) + len(residuals) == 3


def test_an_outer_no_grad_is_not_felt():
    with no_grad():
        with sealed("f"):
            assert (X * X).op is not None
            assert (np.exp(X) + X.tanh()).op is not None
        assert (X * X).op is None


def test_names_nesting_and_errors():
    assert sealing() is None
    with sealed("f"):
        assert sealing() == "f"
        with sealed("g"):
            assert sealing() == "g"
            with pytest.raises(RuntimeError, match="while g is recorded"):
                X.detach()
        assert sealing() == "f"
        with pytest.raises(RuntimeError, match="while f is recorded"):
            X.detach()
    with pytest.raises(KeyError), sealed("f"):
        raise KeyError
    assert sealing() is None
    assert seals == []
    assert X.data == 1.2


def test_it_holds_for_one_thread():
    found, inside, done = {}, threading.Event(), threading.Event()

    def recording():
        with sealed("f"):
            inside.set()
            done.wait(10.0)
            found["there"] = sealing()

    thread = threading.Thread(target=recording)
    thread.start()
    inside.wait(10.0)
    assert sealing() is None
    assert (X.data, X.detach().data, (X * X).partials, V.data.tolist()) == (
        1.2, 1.2, (1.2, 1.2), [1.0, 2.0, 4.0]
    )  # fmt: skip
    with no_grad():
        assert (X * X).op is None
    done.set()
    thread.join()
    assert found == {"there": "f"}
    assert seals == []


def test_it_holds_for_one_task_and_ends_for_those_that_outlive_it():
    async def recording():
        with sealed("f"):
            await asyncio.sleep(0.01)
            return sealing()

    async def other():
        await asyncio.sleep(0.005)
        return sealing()

    async def late(done):
        await done.wait()
        with sealed("g"):
            inside = sealing()
        return inside, sealing(), X.data

    async def main():
        done = asyncio.Event()
        with sealed("f"):
            begun = asyncio.create_task(late(done))
            await asyncio.sleep(0)
        both = await asyncio.gather(recording(), other())
        done.set()
        return both, await begun

    assert asyncio.run(main()) == (["f", None], ("g", None, 1.2))


def test_whether_a_function_is_differentiated():
    seen = []

    def see(x):
        seen.append(differentiating())
        return x * x

    assert not differentiating()
    grad(see)(1.0)
    grad(lambda x: grad(see)(x) + see(x))(1.0)
    jacobian(lambda x: [see(x)])(1.0)
    jvp(see, (1.0,), (1.0,))
    hvp(see, (1.0,), (1.0,))
    assert seen == [True] * len(seen)
    assert len(seen) >= 6
    assert not differentiating()

    def failing(x):
        raise KeyError

    with pytest.raises(KeyError):
        grad(failing)(1.0)
    assert not differentiating()

    def yielding():
        yield differentiating()
        yield grad(lambda x: x * differentiating())(1.0)
        yield differentiating()

    assert [*yielding()] == [False, 1.0, False]

    def elsewhere(x):
        thread = threading.Thread(target=lambda: seen.append(differentiating()))
        thread.start()
        thread.join()
        return x

    grad(elsewhere)(1.0)
    assert seen[-1] is False
    see(1.0)
    assert seen[-1] is False


def test_an_interrupt_does_not_leave_a_function_running():
    """Wherever it comes while a function is differentiated."""

    class Interrupt(BaseException):
        pass

    for line in range(200):
        count = 0

        def interrupt(frame, event, _, line=line):
            nonlocal count
            if frame.f_code.co_filename.endswith("trace.py"):
                count += event == "line"
                if count == line + 1:
                    sys.settrace(None)
                    raise Interrupt
            return interrupt

        before = sys.gettrace()
        sys.settrace(interrupt)
        try:
            grad(lambda x: x * x)(1.0)
        except Interrupt:
            pass
        finally:
            sys.settrace(before)
        assert not differentiating()
    assert count < 200  # every line was tried
