"""Speed beside that of the library before, and what is timed best in a process of its own."""

import subprocess
import sys
from statistics import median

import pytest
from targets import duration


@pytest.fixture
def progress(now, before, report_speed, request):
    """Reports how many times faster some work is than before; the results must agree."""

    def run(label, work, target, rounds):
        once = request.config.getoption("benchmark_disable", False)
        ours, theirs = [], []
        for count in range(1 if once else rounds + 1):
            then, expected = before.run(work)
            seconds, result = now.run(work)
            assert result == pytest.approx(expected, rel=1e-9)
            if count:  # the first round warms up caches
                ours.append(seconds)
                theirs.append(then)
        if ours:
            report_speed(label, "before", ours, theirs, target)

    return run


def test_long_chain(progress):
    progress("chain of 1,000,000 nodes, until freed", "long chain", (4.0, 1.0), 4)


@pytest.mark.parametrize("name", ["chain", "network"])
def test_derivative(progress, name):
    progress(f"derivative(), {name}", f"derivative, {name}", (2.0, 1.0), 40)


@pytest.mark.parametrize("name", ["chain", "network"])
def test_hessian(progress, name):
    progress(f"hessian, {name}", f"hessian, {name}", (2.0, 1.0), 20)


@pytest.mark.parametrize("work", ["bundle adjustment", "bundle adjustment, centred"])
def test_jacobian(progress, work):
    """80 outputs: as they are, each of a few nodes of its own; and centred, each of all nodes."""
    progress(f"jacobian 80 x 80, {work}", work, (20.0, 8.0), 30)


def test_collector(now, report_cost, request):
    """The graph is built and swept with the garbage collector, and without it."""
    once = request.config.getoption("benchmark_disable", False)
    on, off = [], []
    for _ in range(1 if once else 4):
        seconds, result = now.run("lstm")
        on.append(seconds)
        seconds, other = now.run("lstm", collector=False)
        off.append(seconds)
        assert result == other
    report_cost("collector on, LSTM of 576,000 nodes", "off", on, off, (1.15, None))


FIRST = """
import numpy as np
from time import perf_counter
from autograd import grad
start = perf_counter()
slope = grad({function})(3.0)
print(perf_counter() - start)
assert slope == {slope}
"""


def first(script):
    """The time that the script prints, in a new process."""
    process = subprocess.run(
        [sys.executable, "-P", "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(process.stdout)


@pytest.mark.parametrize(
    ("function", "slope"),
    [("lambda x: x * x", "6.0"), ("lambda x: np.exp(x)", "np.exp(3.0)")],
    ids=["x * x", "np.exp(x)"],
)
@pytest.mark.usefixtures("now")  # which makes sure that the library tested is the one imported
def test_first_gradient(report, request, function, slope):
    script = FIRST.format(function=function, slope=slope)
    times = [first(script) for _ in range(9)]
    here, goal = median(times), 0.002
    time = duration(here)
    work = f"the first grad of a process, {request.node.callspec.id}"
    report(work, "", time, f"<= {duration(goal)}", here <= goal, time, "")
