"""What is the same on every machine, and that the rest is within 4 units in the last place.

Other processors are put on: other kernels of NumPy's BLAS, and the paths of the C library without
fused multiply-adds, each in a process of its own. Where a setting is not understood, it does
nothing.
"""

import json
import math
import os
import struct
import subprocess
import sys

import pytest
from test_ops import samples

from autograd.ops import TABLE

SAME_EVERYWHERE = """
    add subtract multiply divide negative abs square sqrt dot sum mean prod relu leaky_relu maximum
    minimum fmax fmin clip where sign copysign heaviside floor ceil trunc floor_divide mod fmod
    reciprocal deg2rad rad2deg ratio greater exceeds nonnegative
    identity difference
    hard_tanh softsign softsign_slope softsign_bend huber huber_slope
""".split()
SETTINGS = {
    "OPENBLAS_CORETYPE": ["Haswell", "Nehalem"],
    "GLIBC_TUNABLES": ["glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4,-AVX512F"],
}
MACHINES = [(name, value) for name, values in SETTINGS.items() for value in values]


POINTS = {name: list(samples(op, 1000)) for name, op in TABLE.items()}
COMPUTE = """
import json, sys
import numpy as np
from autograd.ops import TABLE
np.seterr(all="ignore")
for name, points in json.load(sys.stdin).items():
    evaluated = [TABLE[name].evaluate(operands) for operands in points]
    print(json.dumps([name, [[out, *partials] for out, partials in evaluated]]))
"""


def computed(setting=()):
    """The value and the partials of every operation at points of its domain, on some machine."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    run = subprocess.run(
        [sys.executable, "-c", COMPUTE],
        input=json.dumps(POINTS), capture_output=True, text=True, check=True,
        env={**environment, **dict(setting), "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    return dict(map(json.loads, run.stdout.splitlines()))


@pytest.fixture(scope="module")
def here():
    return computed()


@pytest.fixture(scope="module", params=MACHINES, ids=lambda setting: setting[1][:25])
def there(request):
    return computed([request.param])


def units(x, y):
    """How many doubles apart two numbers are."""
    if x != x or y != y:
        return 0.0 if x != x and y != y else math.inf
    places = [struct.unpack("<q", struct.pack("<d", z))[0] for z in (x, y)]
    first, second = (place if place >= 0 else -(2**63) - place for place in places)
    return abs(first - second)


@pytest.mark.parametrize("name", TABLE)
def test_another_machine(name, here, there):
    distances = [
        units(x, y)
        for ours, theirs in zip(here[name], there[name], strict=True)
        for x, y in zip(ours, theirs, strict=True)
    ]
    assert len(distances) > 1000
    assert max(distances) <= (0 if name in SAME_EVERYWHERE else 4)
