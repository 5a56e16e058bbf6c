"""Batches over executors: against one core, and what a chunk costs besides its lanes.

Dask (`pip install distributed`) is optional.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import numpy as np
import pytest
from targets import duration

from autograd import exp, jit, tanh, value_and_grad, vmap

try:
    import distributed
except ImportError:
    distributed = None

DRAW = np.random.default_rng(0)
WORKERS, ROUNDS = 2, 9


def terms(count):
    """The function that many terms are a sum of, with its gradient."""

    def f(x, y):
        total = 0.0
        for i in range(count):
            total = total + tanh(0.01 * i * x + y) * exp(-x * x)
        return total

    return value_and_grad(f, argnums=(0, 1))


@contextmanager
def threads():
    with ThreadPoolExecutor(WORKERS) as executor:
        yield executor


@contextmanager
def processes():
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@contextmanager
def dask():
    with (
        distributed.LocalCluster(
            WORKERS, threads_per_worker=1, dashboard_address=":0", silence_logs=100
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor(pure=False)


EXECUTORS = {"threads": threads, "processes": processes} | ({"Dask": dask} if distributed else {})
each = pytest.mark.parametrize("name", EXECUTORS)


def seconds(work):
    start = perf_counter()
    work()
    return perf_counter() - start


@each
@pytest.mark.parametrize("reduce", [None, "mean"])
def test_speed_up(report_speed, name, reduce):
    """A batch that takes a second on one core: 1,000 terms at 400,000 points."""
    x, y = DRAW.normal(size=(2, 400_000))
    batch = jit(vmap(terms(1_000), reduce=reduce))
    for _ in range(3):
        batch(x, y)
    with EXECUTORS[name]() as executor:
        spread = batch.on(executor)
        for _ in range(8):  # until workers have straight code
            spread(x, y)
        here, there = [], []
        for _ in range(ROUNDS):
            there.append(seconds(lambda: batch(x, y)))
            here.append(seconds(lambda: spread(x, y)))
    work = f"{WORKERS} {name}: 1,000 terms, gradient at 400,000 points"
    target = 1.7 if name == "processes" else None
    report_speed(f"{work}{', mean' if reduce else ''}", "one core", here, there, target)


@each
def test_cost_of_a_chunk(report, name):
    """Of 256 lanes of a short program, one chunk after the other."""
    x, y = DRAW.normal(size=(2, 256 * 1_000))
    batch = jit(vmap(terms(1)))
    with EXECUTORS[name]() as executor:
        spread = batch.on(executor, chunk=256)
        spread(x, y)
        cost = median([seconds(lambda: spread(x, y)) / 1_000 for _ in range(ROUNDS)])
    goal = {"processes": 2e-3, "Dask": 5e-3}.get(name)
    report(
        f"{WORKERS} {name}: a chunk of 256 lanes", "", duration(cost),
        f"<= {duration(goal)}" if goal else "", None if goal is None else cost <= goal, "", "",
    )  # fmt: skip
