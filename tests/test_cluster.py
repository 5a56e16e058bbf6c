"""Batches over a cluster of Dask: two workers, in processes of their own."""

import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from test_bundles import flat
from test_executors import loss, points, root

from autograd import exp, jit, log1p, value_and_grad, vmap

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),  # to a worker that is dead
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=100
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_a_cluster(client, reduce):
    w, x, y = points(5000)
    f = vmap(value_and_grad(loss), in_axes=(None, 0, 0), reduce=reduce)
    batch = jit(f).on(client.get_executor(), chunk=500)
    for _ in range(2):
        assert flat(batch(w, x, y)) == flat(jit(f)(w, x, y))


def test_one_client_is_no_executor(client):
    with pytest.raises(TypeError, match=r"that of a client of Dask is client\.get_executor\(\)"):
        jit(vmap(root)).on(client)


def test_losses_are_the_same_on_any_number_of_workers():
    program = Path(__file__).parents[1] / "docs" / "examples" / "logistic.py"
    done = subprocess.run(
        [sys.executable, str(program), "--points", "50000"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    one, two, three, weights, last = done.stdout.splitlines()
    assert one.removeprefix("1") == two.removeprefix("2") == three.removeprefix("3")
    assert last == "the same losses"
    found = [float(x) for x in weights.split()[1:]]
    assert found == pytest.approx([1.5, -2.0, 0.5, 0.25], abs=0.1)


def test_ten_million_points_while_a_worker_is_killed(client):
    """The memory that is used is that of what is on its way."""

    def cost(w, x):
        return log1p(exp(-w * x)) if x > 0.0 else log1p(exp(w * x))

    x = np.random.default_rng(0).normal(size=10_000_000)
    f = jit(vmap(value_and_grad(cost), in_axes=(None, 0), reduce="mean"))
    expected = f(0.5, x)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    victim = min(client.run(os.getpid).values())
    timer = threading.Timer(0.3, os.kill, (victim, signal.SIGKILL))
    timer.start()
    assert f.on(client.get_executor(pure=False))(0.5, x) == expected
    timer.join()
    assert victim not in client.run(os.getpid).values()
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used * 1024 < 600e6
