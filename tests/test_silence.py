"""Blocks in which nothing is recorded."""

import asyncio
import threading

import numpy as np
import pytest

import autograd
from autograd import (
    Op,
    Value,
    check_gradient,
    compare,
    custom_root,
    draw,
    explain,
    expression,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    latex,
    no_grad,
    python_source,
    to_sympy,
    value_and_grad,
    values,
    vjp,
)
from autograd.silence import silences

CUBE = Op("cube", lambda x: x**3, [lambda out, x: 3.0 * x * x])
ARITHMETIC = {
    "+": lambda x: x + x, "+ 1": lambda x: x + 1, "1 +": lambda x: 1 + x, "-": lambda x: x - x,
    "- 1": lambda x: x - 1, "1 -": lambda x: 1.0 - x, "*": lambda x: x * x, "* 2": lambda x: x * 2,
    "2 *": lambda x: 2.0 * x, "/": lambda x: x / x, "/ 2": lambda x: x / 2, "2 /": lambda x: 2 / x,
    "** 2": lambda x: x**2, "** 3": lambda x: x**3, "**": lambda x: x**x, "2 **": lambda x: 2**x,
    "negative": lambda x: -x, "abs": abs, "%": lambda x: x % 2, "//": lambda x: x // 2,
    "exp": autograd.exp, "method": lambda x: x.tanh(), "relu": autograd.relu,
    "maximum": lambda x: autograd.maximum(x, 1.0), "where": lambda x: autograd.where(x, x, 1.0),
    "dot": lambda x: autograd.dot([x, 1.0], [2.0, x]), "sum": lambda x: autograd.sum([x, x, x]),
    "mean": lambda x: autograd.mean([x] * 40), "prod": lambda x: autograd.prod([x, x, 2.0]),
    "overflow": lambda x: autograd.exp(x * 1e6 - 1e9), "custom": CUBE,
    "numpy": lambda x: np.hypot(x, 2.0), "array": lambda x: (np.ones(2) * x).sum(),
    "product": lambda x: np.ones(2) @ np.stack([x, x]), "detach": lambda x: x.detach(),
}  # fmt: skip


@pytest.mark.parametrize("name", ARITHMETIC)
def test_results_are_leaves(name):
    x = Value(2.5, name="x")
    recorded = ARITHMETIC[name](x)
    with no_grad():
        silent = ARITHMETIC[name](x)
    assert type(silent) is Value
    assert silent.data == recorded.data
    assert (silent.op, silent.operands, silent.name) == (
        None,
        (),
        None if name != "detach" else "x",
    )
    silent.backward()
    assert (silent.grad, x.grad) == (1.0, 0.0)
    assert ARITHMETIC[name](x).op is not None or name == "detach"


def test_blocks_nest_and_end_with_errors():
    x = Value(2.0)
    with no_grad():
        with no_grad():
            assert (x * x).op is None
        assert (x * x).op is None
    assert (x * x).op is not None
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * x).op is not None
    assert silences == []


def test_a_decorator():
    @no_grad()
    def sample(x):
        return x * x

    assert sample(Value(2.0)).op is None
    assert (Value(2.0) * 2.0).op is not None


def test_it_holds_for_one_thread():
    x, found, inside, done = Value(2.0), {}, threading.Event(), threading.Event()

    def quiet():
        with no_grad():
            inside.set()
            done.wait(10.0)
            found["quiet"] = x * x + autograd.exp(x)

    thread = threading.Thread(target=quiet)
    thread.start()
    inside.wait(10.0)
    found["loud"] = x * x + autograd.exp(x)
    done.set()
    thread.join()
    assert found["quiet"].op is None
    assert found["loud"].op is not None
    assert found["loud"].operands[0].op is not None


def test_it_holds_for_one_task():
    x = Value(2.0)

    async def quiet():
        with no_grad():
            await asyncio.sleep(0.01)
            return x * x

    async def loud():
        await asyncio.sleep(0.005)
        return x * x

    async def both():
        return await asyncio.gather(quiet(), loud())

    silent, recorded = asyncio.run(both())
    assert silent.op is None
    assert recorded.op is not None


def f(x, y):
    return autograd.relu(x * y + 2.0) * autograd.exp(x) + abs(y)


X, Y = Value(1.2, name="x"), Value(-0.7, name="y")
ROOT = f(X, Y)
DIFFERENTIATING = {
    "grad": lambda: grad(f, (0, 1))(1.2, -0.7),
    "value_and_grad": lambda: value_and_grad(f)(1.2, -0.7),
    "grad of grad": lambda: grad(grad(f))(1.2, -0.7),
    "hessian": lambda: hessian(f, (0, 1))(1.2, -0.7),
    "jacobian": lambda: jacobian(lambda x: [x * x, autograd.exp(x)])(2.0),
    "jvp": lambda: jvp(f, (1.2, -0.7), (1.0, 2.0)),
    "vjp": lambda: vjp(f, 1.2, -0.7)[1](1.0),
    "hvp": lambda: hvp(f, (1.2, -0.7), (1.0, 2.0)),
    "custom_root": lambda: grad(lambda a: custom_root(lambda t: t**3 - a, 1.0, lambda f, t: 2.0))(
        8.0
    ),
    "derivative": lambda: ROOT.derivative(X).derivative(Y).data,
    "compare": lambda: compare(ROOT, {X: 1.0, Y: 2.0}),
    "check_gradient": lambda: check_gradient(f, lambda x, y: (1.0, 2.0), 1.2, -0.7),
    "explain": lambda: explain(ROOT),
    "expression": lambda: expression(ROOT, wrt=X),
    "latex": lambda: latex(ROOT, wrt=X),
    "python_source": lambda: python_source(ROOT, gradient=True),
    "to_sympy": lambda: to_sympy(ROOT),
    "draw": lambda: draw(ROOT).source,
    "forward": lambda: ROOT.forward(),
}


@pytest.mark.parametrize("name", DIFFERENTIATING)
def test_what_differentiates_by_itself_records_all_the_same(name):
    expected = str(DIFFERENTIATING[name]())
    with no_grad():
        assert str(DIFFERENTIATING[name]()) == expected
        assert (X * Y).op is None


def test_a_part_of_a_function_that_is_differentiated():
    def loss(x):
        with no_grad():
            scale = x.sum()
        return (x * x).sum() / scale

    x = np.array([1.0, 3.0])
    assert grad(loss)(x).tolist() == (2.0 * x / 4.0).tolist()


def test_arrays():
    x = values([1.0, 2.0])
    with no_grad():
        silent = np.exp(x) @ x
        assert silent.op is None
        assert np.exp(x)[0].op is None


def test_what_runs_later_is_no_function_to_decorate():
    def generator():
        yield 1

    async def coroutine():
        pass

    async def both():
        yield 1

    for later in (generator, coroutine, both, Value, 3):
        with pytest.raises(TypeError, match="use `with no_grad\\(\\):` inside it"):
            no_grad()(later)


def test_a_block_may_be_used_again_and_ends_alone():
    x, block = Value(2.0), no_grad()
    for _ in range(2):
        with block:
            assert (x * x).op is None
        assert (x * x).op is not None

    def suspended():
        with no_grad():
            yield x * x

    generator = suspended()
    assert next(generator).op is None
    with no_grad():
        generator.close()
        assert (x * x).op is None
    assert (x * x).op is not None


def test_a_task_outlives_the_block_that_it_was_begun_in():
    x = Value(2.0)

    async def task(done):
        await done.wait()
        with no_grad_elsewhere():
            return x * x

    def no_grad_elsewhere():
        # another thread opens a block, which is none of the task's business
        opened, end = threading.Event(), threading.Event()

        def quiet():
            with no_grad():
                opened.set()
                end.wait(10.0)

        thread = threading.Thread(target=quiet)
        thread.start()
        opened.wait(10.0)

        class Block:
            def __enter__(self):
                pass

            def __exit__(self, *_):
                end.set()
                thread.join()

        return Block()

    async def main():
        done = asyncio.Event()
        with no_grad():
            begun = asyncio.create_task(task(done))
            await asyncio.sleep(0)
        done.set()
        return await begun

    assert asyncio.run(main()).op is not None
