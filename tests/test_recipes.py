"""The programs of docs/cluster.md that use other packages, where these are installed."""

import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys

import pytest
from test_documentation import RECIPES as PAGE
from test_documentation import blocks, read

RECIPES = {}
for block, after in itertools.pairwise(blocks(read(PAGE))):
    if block.language == "py":
        assert after.language == "text"
        packages = re.findall(r"^(?:import|from) (dask|joblib|ray|mpi4py)\b", block.body, re.M)
        RECIPES[packages[0]] = block.body, after.body


def test_there_is_a_recipe_for_each():
    assert sorted(RECIPES) == ["dask", "joblib", "mpi4py", "ray"]


@pytest.mark.parametrize("package", RECIPES)
def test_recipe(package, tmp_path):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    program, printed = RECIPES[package]
    (tmp_path / "program.py").write_text(program)
    command = [sys.executable, "program.py"]
    if package == "mpi4py":
        if shutil.which("mpiexec") is None:
            pytest.skip("there is no mpiexec")
        command = ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures", "program.py"]
    options = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    options |= {"OMPI_MCA_rmaps_base_oversubscribe": "1", "PYTHONSAFEPATH": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **options}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(printed)
