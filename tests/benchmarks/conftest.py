"""Times the same work in several ways in turn, and ends the run with a table of ratios.

Targets of time are printed, not asserted: a test that depends on the clock fails for no reason one
day. A pair of them is that of the native core and that of the pure one.
"""

import gc
import io
import json
import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import pytest
from targets import CORE, Target, counting, duration

import autograd

BEFORE = "5f2b35c"
"""The last commit with one core only, in Python."""


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


def _reporting(report, sign, unit, quotient):
    """A function that puts the median of the quotients of times into the table."""

    def add(
        work: str,
        against: str,
        ours: Sequence[float],
        theirs: Sequence[float],
        target: Target,
        steps: int = 1,
    ) -> float:
        ratio = median(quotient(x, y) for x, y in zip(ours, theirs, strict=True))
        goal = counting(target)
        met = None if goal is None else ratio >= goal if sign == ">=" else ratio <= goal
        report(
            work,
            against,
            f"{ratio:.3g} {unit}",
            "" if goal is None else f"{sign} {goal:g} {unit}",
            met,
            duration(median(ours) / steps),
            duration(median(theirs) / steps),
        )
        return ratio

    return add


@pytest.fixture
def report_speed(report):
    """Puts a row into the table that says how many times faster `ours` is than `theirs`.

    Both are times, measured in turn; the ratio is the median of the ratios.
    """
    return _reporting(report, ">=", "x", lambda ours, theirs: theirs / ours)


@pytest.fixture
def report_cost(report):
    """Puts a row into the table that says how many times as long `ours` takes as `theirs`."""
    return _reporting(report, "<=", "times", lambda ours, theirs: ours / theirs)


@pytest.fixture
def deep_recursion():
    """For rivals that sort their graph by recursion, a frame for every node of a chain."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    yield
    sys.setrecursionlimit(limit)


@pytest.fixture
def race(benchmark, report_speed):
    """Times `ours` against every rival: what each returns must agree, what each takes is compared.

    Everybody runs once in every round, and the ratio is the median of the rounds' ratios. A noisy
    machine, whose speed drifts from second to second, so slows all alike; timed one after the
    other, a slow spell would hit one library only. `ours` is timed by pytest-benchmark, the rivals
    in the set-up of each of its rounds.

    Everybody pays for freeing their own graphs, as in a training loop: the time includes collecting
    the garbage that is left, for micrograd's graphs are reference cycles. What was imported is out
    of the collector's sight meanwhile: going through PyTorch's objects, it would take three times
    as long over micrograd's graphs as it does where PyTorch is not loaded.

    Targets are how many times faster `ours` has to be.
    """

    def run(
        work: str,
        ours: Callable[[], object],
        rivals: dict[str, Callable[[], object]],
        targets: dict[str, Target],
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
            ratio = report_speed(work, name, own_times, counted, targets.get(name), steps)
            benchmark.extra_info[name] = {"ratio": ratio, "median": median(counted)}

    return run


@pytest.fixture
def cost(benchmark, report_cost):
    """Reports how many times as long `ours` takes as `theirs`, in turn, as in a `race`.

    Here nothing that is timed leaves garbage, so none is collected. What they return need not
    agree.
    """

    def run(
        work: str,
        against: str,
        ours: Callable[[], object],
        theirs: Callable[[], object],
        target: Target,
        *,
        rounds: int,
        steps: int = 1,
    ) -> None:
        mine: list[float] = []
        others: list[float] = []

        def timed() -> None:
            start = perf_counter()
            ours()
            mine.append(perf_counter() - start)

        def other() -> None:
            start = perf_counter()
            theirs()
            others.append(perf_counter() - start)

        gc.collect()
        gc.freeze()
        try:
            benchmark.pedantic(timed, setup=other, rounds=rounds, warmup_rounds=2)
        finally:
            gc.unfreeze()
        report_cost(work, against, mine[-rounds:], others[-rounds:], target, steps)

    return run


# --- Other processes -----------------------------------------------------------------------------


class Worker:
    """A process that does the work of `workloads.py` when told to, and measures it itself."""

    def __init__(self, folder: Path | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("workloads.py"))],
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.file, self.core = self.answer()

    def answer(self) -> list:
        line = self.process.stdout.readline()
        assert line, "the process has ended"
        return json.loads(line)

    def run(self, work: str, collector: bool = True) -> tuple[float, list[float]]:
        """How long the work takes, with the garbage collector or without, and its result."""
        print(json.dumps([work, collector]), file=self.process.stdin, flush=True)
        seconds, result, error = self.answer()
        assert error is None, error
        return seconds, result

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def environment(folder: Path | None) -> dict[str, str]:
    """The variables for a process that imports the library from the folder, if there is one."""
    if folder is None:
        return dict(os.environ)
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}


@pytest.fixture(scope="session")
def folder_before(tmp_path_factory) -> Path:
    """A folder with the library as it was before."""
    try:
        archive = subprocess.run(
            ["git", "archive", "--format=zip", BEFORE, "autograd"],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"compares with commit {BEFORE}, which needs a clone with its history, and git")
    folder = tmp_path_factory.mktemp("before")
    zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
    return folder


@pytest.fixture(scope="session")
def before(folder_before) -> Iterator[Worker]:
    """A process with the library as it was before."""
    worker = Worker(folder_before)
    assert Path(worker.file).is_relative_to(folder_before)
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def now() -> Iterator[Worker]:
    """A process with the library that is tested, and without all the rest that is loaded here."""
    worker = Worker()
    assert Path(worker.file).samefile(autograd.__file__), f"it imports {worker.file}"
    assert worker.core == CORE
    yield worker
    worker.close()


# --- The table -----------------------------------------------------------------------------------


def processor() -> str:
    """The name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), platform.processor() or platform.machine())


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
    python = f"{platform.python_implementation()} {platform.python_version()}"
    terminalreporter.line(f"the {CORE} core, {python}, {processor()}")
    terminalreporter.line("")
    for work, against, *cells, mark in lines:
        numbers = "  ".join(
            cell.rjust(width) for cell, width in zip(cells, widths[2:-1], strict=True)
        )
        terminalreporter.line(
            f"{work:{widths[0]}}  {against:{widths[1]}}  {numbers}  {mark}".rstrip(),
            red=bool(mark),
        )
