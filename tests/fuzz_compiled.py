"""Random programs in native code: `python tests/fuzz_compiled.py [SECONDS] [SEED]`.

Functions with branches and loops, and their gradients, for batches of every size and layout, are
compiled to straight code, to loops, and as they come, each called three times, so that paths are
computed together and shortcuts are taken. Those of exact operations must have the bits of NumPy's;
the others must have the same bits in all forms and on all processors that can be had here. Each
hundred programs run in a process of their own, so that one that crashes is told, with its seed.
"""

import os
import subprocess
import sys
import time
import warnings

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from programs import compiled, programs
from test_native import MACHINES

from autograd import grad, jit, vmap
from autograd.compiler import lanes
from autograd.compiler.native import blocks

PROGRAMS = 100
SIZES = [1, 2, 7, 8, 9, 15, 16, 17, 33, 40, 255, 256, 257, 600]
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, 0.5, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 1e-160, 710.0,
    -745.0, 1e22,
]  # fmt: skip
FORMS = {"as it comes": (300, 20_000), "straight": (10**9, 10**9), "loops": (-1, 10**9)}
"""The shortest programs that are loops, and the longest that are not."""


def leaves(tree):
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    if isinstance(tree, (list, tuple)):
        return [x for part in tree for x in leaves(part)]
    return [] if tree is None else [np.asarray(tree)]


def laid_out(column, kind):
    """The same numbers in another layout."""
    if kind == 1:
        return np.repeat(column, 2)[::2]
    if kind == 2:
        return column[::-1].copy()[::-1]
    if kind == 3:
        return np.stack([column, column], 1)[:, 0]
    column = column.copy()
    column.flags.writeable = kind != 4
    return column


def results(make, arguments):
    """The results of the third call, or the error."""
    try:
        fast = make()
        for _ in range(3):
            found = [(x.dtype, x.shape, bits(x)) for x in leaves(fast(*arguments))]
        return found
    except (TypeError, ValueError, ZeroDivisionError) as error:
        return f"{type(error).__name__}: {error}"[:80]


def bits(array):
    array = array.astype(float)
    return np.where(np.isnan(array), np.nan, array).view(np.int64).tolist()


def child(number):
    """Check some programs."""
    processors = [*MACHINES.values()]
    checked = 0

    @seed(number)
    @given(text=st.data())
    @settings(
        deadline=None, max_examples=PROGRAMS, suppress_health_check=list(HealthCheck),
        database=None, phases=[Phase.generate],
    )  # fmt: skip
    def check(text):
        nonlocal checked
        exact, differentiated = text.draw(st.booleans()), text.draw(st.booleans())
        source = text.draw(programs(exact=exact, scalar=differentiated))
        f = compiled(source)
        count = f.__code__.co_argcount
        if differentiated:
            f = grad(f, tuple(range(count)))
        draw = np.random.default_rng(text.draw(st.integers(0, 10**6)))
        size, digits = text.draw(st.sampled_from(SIZES)), text.draw(st.sampled_from([0, 1, 12]))
        columns = []
        for _ in range(count):
            ordinary = draw.uniform(-4.0, 4.0, size).round(digits)
            column = np.where(draw.random(size) < 0.3, draw.choice(SPECIAL, size), ordinary)
            columns.append(laid_out(column, text.draw(st.integers(0, 4))))
        axes = tuple([0 if i == 0 or text.draw(st.integers(0, 3)) else None for i in range(count)])
        pairs = zip(columns, axes, strict=True)
        arguments = [x if axis == 0 else float(x[0]) for x, axis in pairs]
        reduce = text.draw(st.sampled_from([None, "sum", "mean"]))
        batch = vmap(f, axes, reduce=reduce)

        def make(backend="llvm"):
            return jit(batch, backend=backend, max_paths=20)

        found = {}
        if exact:
            found["NumPy"] = results(lambda: make("numpy"), arguments)
        for form, (lanes.SHORT, lanes.LONGEST) in FORMS.items():
            if not exact and form != "straight" and "logsumexp" in source:
                continue  # whose sum may be in another order
            for machine in processors if form == "loops" else processors[-1:]:
                blocks.machine = lambda machine=machine: machine
                found[form, machine.lanes] = results(make, arguments)
        first, *others = found.values()
        assert all(x == first for x in others), (source, arguments, axes, reduce, found)
        checked += 1

    warnings.simplefilter("ignore")
    check()
    print(checked)


def main(seconds=3600, number=0):
    """Check programs in children, until the time is over."""
    end, checked, children = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        number, children = number + 1, children + 1
        done = subprocess.run(
            [sys.executable, __file__, "child", str(number)],
            check=False, capture_output=True, text=True, env={**os.environ},
        )  # fmt: skip
        if done.returncode:
            print(f"seed {number}: {done.returncode}\n{done.stdout[-500:]}{done.stderr[-3000:]}")
            return 1
        checked += int(done.stdout.split()[-1])
    print(f"{checked:,} programs, {children} processes: the same bits, and no crash")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(int(sys.argv[2]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
