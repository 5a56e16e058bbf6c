"""Compiled functions: batches against C, NumPy by hand and JAX, one point against the core.

JAX (`pip install jax`) and gcc are optional: without them, their rows are left out.
"""

import ctypes
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from autograd import dot, exp, jit, relu, sqrt, tanh, value_and_grad, vmap
from autograd import sum as total

try:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
except ImportError:
    jax = None

DRAW = np.random.default_rng(0)
COUNTS = [1_000, 100_000]
both = pytest.mark.parametrize("backend", ["llvm", "numpy"])
SIZES = (2, 16, 16, 1)


def rivals(**functions):
    """Those that are installed."""
    return {name: function for name, function in functions.items() if name != "JAX" or jax}


def spread(count):
    """How often a work is repeated in a round, and how many rounds there are."""
    return (20, 10) if count == 1_000 else (1, 10)


def repeated(work, times):
    def run():
        for _ in range(times - 1):
            work()
        return work()

    return run


# --- The neuron: squared loss of three inputs, mean of the gradients ------------------------------


@both
@pytest.mark.parametrize("count", COUNTS)
def test_neuron(race, count, backend):
    xs, ts = DRAW.normal(size=(count, 3)), DRAW.normal(size=count)
    w, b = np.array([-3.0, -1.0, 2.0]), 1.0

    def loss(w, b, x, t):
        return (relu(dot(x, w) + b) - t) ** 2

    fast = jit(
        vmap(value_and_grad(loss, (0, 1)), (None, None, 0, 0), reduce="mean"), backend=backend
    )

    def ours():
        value, (dw, db) = fast(w, b, xs, ts)
        return [value, *dw.tolist(), db]

    def by_hand():
        z = xs @ w + b
        error = np.maximum(z, 0.0) - ts
        slope = 2.0 * error * (z > 0.0)
        return [np.mean(error**2), *(xs.T @ slope / count).tolist(), slope.mean()]

    def in_jax():
        value, (dw, db) = compiled(w, b, xs, ts)
        return [float(value), *dw.tolist(), float(db)]

    if jax:
        compiled = jax.jit(
            jax.value_and_grad(
                lambda w, b, xs, ts: jnp.mean((jax.nn.relu(xs @ w + b) - ts) ** 2), (0, 1)
            )
        )
    times, rounds = spread(count)
    race(
        f"{backend}: neuron, mean gradient of {count:,} points",
        repeated(ours, times),
        {
            name: repeated(work, times)
            for name, work in rivals(**{"NumPy by hand": by_hand, "JAX": in_jax}).items()
        },
        {},
        rounds=rounds,
        steps=times,
    )


@pytest.fixture(scope="module")
def in_c(tmp_path_factory):
    """The network as a function of C; None without a compiler."""
    if not shutil.which("gcc"):
        return None
    library = tmp_path_factory.mktemp("rivals") / "rivals.so"
    source = Path(__file__).with_name("rivals.c")
    command = ["gcc", "-O3", "-march=native", "-shared", "-fPIC", "-o", library, source]
    subprocess.run(command, check=True)
    network = ctypes.CDLL(str(library)).network
    network.restype = None
    array = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
    network.argtypes = [ctypes.c_long, *[array] * 10]
    return network


# --- A network 2-16-16-1 with a hinge loss --------------------------------------------------------


@both
@pytest.mark.parametrize("count", [104, 1_000, 10_000, 100_000])
def test_network(race, count, backend, in_c):
    xs, ts = DRAW.normal(size=(count, 2)), DRAW.choice([-1.0, 1.0], size=count)
    layers = [(DRAW.normal(size=(m, n)) / np.sqrt(n), np.zeros(m)) for n, m in pairwise(SIZES)]

    def loss(layers, x, t):
        *hidden, (weights, bias) = layers
        for w, b in hidden:
            x = [relu(dot(row, x) + shift) for row, shift in zip(w, b, strict=True)]
        return relu(1.0 - t * (dot(weights[0], x) + bias[0]))

    fast = jit(vmap(value_and_grad(loss), (None, 0, 0), reduce="mean"), backend=backend)

    def flat(value, slopes):
        return [float(value), *[x for pair in slopes for a in pair for x in np.ravel(a).tolist()]]

    def by_hand():
        activations, x = [], xs
        for w, b in layers[:-1]:
            activations.append(x)
            x = np.maximum(x @ w.T + b, 0.0)
        activations.append(x)
        w, b = layers[-1]
        margin = 1.0 - ts * (x @ w[0] + b[0])
        flow = (-ts * (margin > 0.0) / count)[:, None]
        slopes = []
        for (w, _), x in zip(layers[::-1], activations[::-1], strict=True):
            slopes.append((flow.T @ x, flow.sum(axis=0)))
            flow = (flow @ w) * (x > 0.0)
        return flat(np.mean(np.maximum(margin, 0.0)), slopes[::-1])

    if jax:

        def batched(layers, xs, ts):
            x = xs
            for w, b in layers[:-1]:
                x = jax.nn.relu(x @ w.T + b)
            w, b = layers[-1]
            return jnp.mean(jax.nn.relu(1.0 - ts * (x @ w[0] + b[0])))

        compiled = jax.jit(jax.value_and_grad(batched))
    functions = {}
    if in_c:
        columns = [x for pair in layers for x in pair] + [*np.ascontiguousarray(xs.T), ts]
        out = np.empty(338)
        functions["C"] = lambda: in_c(count, *columns, out) or (out / count).tolist()
    times, rounds = {104: (20, 8), 1_000: (20, 8), 10_000: (3, 8)}.get(count, (1, 4))
    race(
        f"{backend}: network 2-16-16-1, mean gradient of {count:,} points",
        repeated(lambda: flat(*fast(layers, xs, ts)), times),
        {
            name: repeated(work, times)
            for name, work in rivals(
                **functions,
                **{"NumPy by hand": by_hand, "JAX": lambda: flat(*compiled(layers, xs, ts))},
            ).items()
        },
        {},
        rounds=rounds,
        steps=times,
    )


# --- A formula that nobody would write as matrices ------------------------------------------------


@both
@pytest.mark.parametrize("count", COUNTS)
def test_formula(race, count, backend):
    xs, ys = DRAW.normal(size=count), DRAW.normal(size=count)

    def f(x, y):
        r = sqrt(x * x + y * y + 0.1)
        return tanh(x * y) * exp(-r) / (1.0 + r)

    fast = jit(vmap(value_and_grad(f, (0, 1))), backend=backend)

    def ours():
        value, (dx, dy) = fast(xs, ys)
        return [value.sum(), dx.sum(), dy.sum()]

    def by_hand():
        r = np.sqrt(xs * xs + ys * ys + 0.1)
        t, e, s = np.tanh(xs * ys), np.exp(-r), 1.0 / (1.0 + r)
        value = t * e * s
        by_t, by_r = (1.0 - t * t) * e * s, -value - value * s
        dx, dy = by_t * ys + by_r * xs / r, by_t * xs + by_r * ys / r
        return [value.sum(), dx.sum(), dy.sum()]

    if jax:

        def formula(x, y):
            r = jnp.sqrt(x * x + y * y + 0.1)
            return jnp.tanh(x * y) * jnp.exp(-r) / (1.0 + r)

        compiled = jax.jit(jax.vmap(jax.value_and_grad(formula, (0, 1))))

    def in_jax():
        value, (dx, dy) = compiled(xs, ys)
        return [float(value.sum()), float(dx.sum()), float(dy.sum())]

    times, rounds = spread(count)
    race(
        f"{backend}: formula and its gradient at {count:,} points",
        repeated(ours, times),
        {
            name: repeated(work, times)
            for name, work in rivals(**{"NumPy by hand": by_hand, "JAX": in_jax}).items()
        },
        {},
        rounds=rounds,
        steps=times,
    )


@both
@pytest.mark.parametrize("count", [100, 1_000])
def test_sum_of_terms(race, count, backend):
    """The same formula again and again, with other constants."""
    xs, ys = DRAW.normal(size=(2, 4096))
    constants = DRAW.normal(size=count)

    def f(x, y):
        return total([tanh(c * x + y) * exp(-(x**2)) for c in constants.tolist()])

    fast = jit(vmap(value_and_grad(f, (0, 1))), backend=backend)

    def ours():
        value, (dx, dy) = fast(xs, ys)
        return [value.sum(), dx.sum(), dy.sum()]

    def by_hand():
        t = np.tanh(np.multiply.outer(constants, xs) + ys)
        e = np.exp(-(xs**2))
        slopes = 1.0 - t * t
        dx = e * (constants @ slopes - 2.0 * xs * t.sum(axis=0))
        return [(t.sum(axis=0) * e).sum(), dx.sum(), (e * slopes.sum(axis=0)).sum()]

    if jax:

        def formula(x, y):
            return jnp.sum(jnp.tanh(jnp.array(constants) * x + y) * jnp.exp(-(x**2)))

        compiled = jax.jit(jax.vmap(jax.value_and_grad(formula, (0, 1))))

    def in_jax():
        value, (dx, dy) = jax.block_until_ready(compiled(xs, ys))
        return [value.sum(), dx.sum(), dy.sum()]

    race(
        f"{backend}: sum of {count:,} terms and its gradient at 4,096 points",
        ours,
        rivals(**{"NumPy by hand": by_hand, "JAX": in_jax}),
        {},
        rounds=8,
    )


# --- Branches -------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("spread_out", [False, True], ids=["most alike", "twelve paths"])
def test_square_roots(race, spread_out, backend):
    """Newton's method, as many rounds as each lane needs; 10,000 lanes."""
    high = 1e6 if spread_out else 9.0
    xs = np.exp(DRAW.uniform(np.log(8.0 if not spread_out else 0.5), np.log(high), 10_000))

    def root(x):
        guess = x
        while abs(guess * guess - x) > 1e-12 * x:
            guess = 0.5 * (guess + x / guess)
        return guess

    fast = jit(vmap(root), backend=backend)

    def masked():
        guess, active = xs.copy(), np.ones(len(xs), dtype=bool)
        while active.any():
            active = np.abs(guess * guess - xs) > 1e-12 * xs
            guess = np.where(active, 0.5 * (guess + xs / guess), guess)
        return guess.sum()

    paths = "many paths" if spread_out else "few paths"
    race(
        f"{backend}: square roots by Newton, {paths}, 10,000 points",
        lambda: fast(xs).sum(),
        {"NumPy, masked": masked},
        {},
        rounds=20,
    )


# --- One point ------------------------------------------------------------------------------------


def test_one_point(race):
    x, w, b, t = [1.0, -2.0, 3.0], [-3.0, -1.0, 2.0], 1.0, 0.0
    derived = value_and_grad(lambda w, b, x, t: (relu(dot(x, w) + b) - t) ** 2, (0, 1))
    fast = jit(derived)

    def flat(value, slopes):
        return [value, *slopes[0], slopes[1]]

    race(
        "neuron, value and gradient of one point",
        repeated(lambda: flat(*fast(w, b, x, t)), 500),
        {"value_and_grad": repeated(lambda: flat(*derived(w, b, x, t)), 500)},
        {},
        rounds=20,
        steps=500,
    )


def test_a_long_program(race):
    def series(x, y):
        total = x
        for k in range(2_000):
            total = total * y + x / (k + 1.0)
        return total

    derived = value_and_grad(series, (0, 1))
    fast = jit(derived)
    race(
        "series of 2,000 terms, value and gradient of one point",
        lambda: [fast(0.5, 0.9)[0], *fast(0.5, 0.9)[1]],
        {"value_and_grad": lambda: [derived(0.5, 0.9)[0], *derived(0.5, 0.9)[1]]},
        {},
        rounds=20,
        steps=2,
    )
