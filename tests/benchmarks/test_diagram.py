"""How long a picture takes: that of the neuron, one of 500 boxes, and the first one of all."""

import os
import subprocess
import sys

import numpy as np
import pytest
from graphs import neuron
from targets import duration

from autograd import dot, draw, sum, tanh, values


def network(inputs, width, depth):
    """The root of a network of tanh neurons, after `backward()`."""
    random = np.random.default_rng(0)
    layer = values(random.normal(size=inputs), "x")
    for count in range(depth):
        w = values(random.normal(size=(width, len(layer))), f"layer{count}.w")
        b = values(random.normal(size=width), f"layer{count}.b")
        layer = [tanh(dot(layer, row) + bias) for row, bias in zip(w, b, strict=True)]
    loss = sum(layer).named("loss")
    loss.backward()
    return loss


def judged(seconds, target=None):
    """The rest of a row: nothing is compared, but there may be a target."""
    time = duration(seconds)
    if target is None:
        return time, "", None, time, ""
    return time, f"<= {duration(target)}", seconds <= target, time, ""


@pytest.mark.parametrize(
    ("work", "root", "boxes", "target"),
    [
        ("SVG of the neuron", neuron(), 12, 0.050),
        ("SVG of a network", network(10, 8, 5), 507, 1.0),
    ],
    ids=["neuron", "network"],
)
def test_picture(work, root, boxes, target, benchmark, report):
    picture = draw(root, collapse=()).svg()  # loads the engine
    assert picture.count('class="node') == boxes
    assert benchmark(lambda: draw(root, collapse=()).svg()) == picture
    if benchmark.stats is None:  # --benchmark-disable
        return
    here = benchmark.stats.stats.median
    report(f"{work}, {boxes} boxes", "", *judged(here, target))


FIRST = """
from time import perf_counter
from autograd import Value, draw
start = perf_counter()
draw(Value(1.0)).svg()
print(perf_counter() - start)
"""


def test_first_picture(tmp_path, report):
    """In a new process: where nothing is compiled yet, and then with what that has left behind."""
    for state in ("ever", "of a process"):
        process = subprocess.run(
            [sys.executable, "-P", "-c", FIRST],
            env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        report(f"the first picture {state}", "", *judged(float(process.stdout)))
