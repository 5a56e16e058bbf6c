"""Times the same work in several ways in turn, and ends the run with a table of ratios."""

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple

import pytest


class Row(NamedTuple):
    """A line of the table: what was measured, and what it must reach."""

    work: str
    against: str
    result: str
    target: str
    met: bool | None
    """None where there is no target."""
    ours: str
    theirs: str


ROWS = pytest.StashKey[list[Row]]()


@pytest.fixture
def report(request):
    """Puts a row into the table."""

    def add(*fields):
        request.config.stash.setdefault(ROWS, []).append(Row(*fields))

    return add


@pytest.fixture
def race(benchmark, report):
    """Times `ours` against every rival: what each returns must agree, what each takes is compared.

    Everybody runs once in every round, and the ratio is the median of the rounds' ratios. A noisy
    machine, whose speed drifts from second to second, so slows all alike; timed one after the
    other, a slow spell would hit one library only. `ours` is timed by pytest-benchmark, the rivals
    in the set-up of each of its rounds.

    Everybody pays for freeing their own graphs, as in a training loop: the time includes collecting
    the garbage that is left, for micrograd's graphs are reference cycles. What was imported is out
    of the collector's sight meanwhile: going through PyTorch's objects, it would take three times
    as long over micrograd's graphs as it does where PyTorch is not loaded.

    Targets are how many times faster `ours` has to be. They are printed, not asserted: a test
    that depends on the clock fails for no reason one day.
    """

    def run(
        work: str,
        ours: Callable[[], object],
        rivals: dict[str, Callable[[], object]],
        targets: dict[str, float],
        *,
        rounds: int,
        steps: int = 1,
    ) -> None:
        times: dict[str, list[float]] = {name: [] for name in rivals}
        results: dict[str, list[object]] = {name: [] for name in ("ours", *rivals)}

        def run_ours() -> None:
            results["ours"].append(ours())
            gc.collect()

        def run_rivals() -> None:
            for name, rival in rivals.items():
                start = perf_counter()
                results[name].append(rival())
                gc.collect()
                times[name].append(perf_counter() - start)

        gc.collect()
        gc.freeze()
        try:
            # The first round, which also warms up caches, does not count.
            benchmark.pedantic(
                run_ours,
                setup=run_rivals,
                rounds=rounds,
                warmup_rounds=1,
            )
        finally:
            gc.unfreeze()
        for name in rivals:
            assert results[name] == [pytest.approx(x, rel=1e-9) for x in results["ours"]], name
        if benchmark.stats is None:  # --benchmark-disable
            return
        own_times = benchmark.stats.stats.data
        for name, durations in times.items():
            counted = durations[-len(own_times) :]
            ratio = median(theirs / own for theirs, own in zip(counted, own_times, strict=True))
            benchmark.extra_info[name] = {"ratio": ratio, "median": median(counted)}
            target = targets.get(name)
            report(
                work,
                name,
                f"{ratio:.3g} x",
                "" if target is None else f">= {target:g} x",
                None if target is None else ratio >= target,
                duration(median(own_times) / steps),
                duration(median(counted) / steps),
            )

    return run


def duration(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    rows = terminalreporter.config.stash.get(ROWS, [])
    if not rows:
        return
    head = Row("work", "against", "result", "target", None, "here", "there")
    marks = {True: "", False: "MISSED", None: ""}
    lines = [(*row[:4], *row[5:], marks[row.met]) for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    terminalreporter.section("how this library compares: n x = n times faster or smaller")
    for work, against, *cells, mark in lines:
        numbers = "  ".join(
            cell.rjust(width) for cell, width in zip(cells, widths[2:-1], strict=True)
        )
        terminalreporter.line(
            f"{work:{widths[0]}}  {against:{widths[1]}}  {numbers}  {mark}".rstrip(),
            red=bool(mark),
        )
