"""What a node occupies, and what a graph leaves behind. No clock here, so the targets hold."""

import gc
import operator
import tracemalloc

import micrograd.engine
import pytest

from autograd import Value

NODES = 20_000
LIMIT = 136


def bytes_per_node(make, operation):
    """The memory of a graph of binary nodes, divided by their number, to the byte.

    A graph built before and kept alive uses up the interpreter's free lists, from which the first
    few thousand nodes would otherwise be had for nothing.
    """

    def graph():
        y, x = make(1.0), make(0.999)
        nodes = [None] * NODES  # all are kept, so that they are not freed in a deep recursion
        for i in range(NODES):
            nodes[i] = y = operation(y, x)
        return nodes

    earlier = graph()
    gc.collect()
    tracemalloc.start()
    try:
        nodes = graph()
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(nodes) == len(earlier)
    return round((size - nodes.__sizeof__()) / NODES)


@pytest.mark.parametrize("operation", [operator.add, operator.mul], ids=["+", "*"])
def test_bytes_per_node(operation, report, request):
    here = bytes_per_node(Value, operation)
    there = bytes_per_node(micrograd.engine.Value, operation)
    sign = request.node.callspec.id
    report(
        f"memory of a node of x {sign} y",
        "micrograd",
        f"{there / here:.3g} x",
        f"<= {LIMIT} B",
        here <= LIMIT,
        f"{here} B",
        f"{there} B",
    )
    assert here <= LIMIT


def left_behind(make):
    """The objects alive that were not before 1,000 graphs were built, used and dropped."""

    def use_graphs():
        for _ in range(1_000):
            x, y = make(2.0), make(3.0)
            ((x * y + x) * (x + 1.0) - y).relu().backward()

    use_graphs()  # what is imported or cached at first use is no garbage
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        use_graphs()
        return len(gc.get_objects()) - before, gc.collect()
    finally:
        gc.enable()


def test_no_garbage(report):
    here, collected = left_behind(Value)
    there, _ = left_behind(micrograd.engine.Value)
    report(
        "objects that 1,000 graphs leave",
        "micrograd",
        "",
        "0",
        here == collected == 0,
        f"{here:,}",
        f"{there:,}",
    )
    assert (here, collected) == (0, 0)
