"""Mutants: the code with one change each, which some test should notice (needs cosmic-ray).

    python tests/mutants.py [--drawn N] [--seed SEED] [--tests FILE]... FILE...

A site is a place in one of the FILEs (below `autograd/`) that cosmic-ray can change. One change is
drawn with the seed for every site, or for N of them. Each is made in a copy of the repository, the
TESTS (all of them, if none are given) are run there until one fails, and the changes that none
noticed are printed. Not collected by pytest: it takes minutes for every ten mutants.
"""

import argparse
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db

ROOT = Path(__file__).parent.parent
SECONDS = 400  # for the tests of one mutant, which may have made a loop endless


def sites(files: list[str]) -> list[list[tuple[str, str, int]]]:
    """For every site the changes that can be made there: the file, the operator, its occurrence."""
    found = defaultdict(list)
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init([ROOT / file for file in files], database, {})
        for item in database.work_items:
            (change,) = item.mutations
            file = str(Path(change.module_path).relative_to(ROOT))
            found[file, change.start_pos].append((file, change.operator_name, change.occurrence))
    return [sorted(changes) for _, changes in sorted(found.items())]


def survivors(changes: list[tuple[str, str, int]], tests: list[str]) -> Iterator[str]:
    """The changes that no test notices, each as a difference."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "__pycache__", "_build"))
        if not passes(copy, tests):
            sys.exit("the tests fail without a change")
        for number, (file, operator, occurrence) in enumerate(changes, 1):
            before = (copy / file).read_text()
            after = mutate_code(before, get_operator(operator)(), occurrence)
            (copy / file).write_text(after)
            survived = passes(copy, tests)
            (copy / file).write_text(before)
            print(f"\r{number} of {len(changes)} ", end="", file=sys.stderr, flush=True)
            if survived:
                pair = before.splitlines(), after.splitlines()
                yield "\n".join(difflib.unified_diff(*pair, file, operator, lineterm="", n=2))


def passes(copy: Path, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "CI": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"AUTOGRAD_CORE": "pure", "PYTHONPATH": str(copy)}
    try:
        run = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--drawn", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--tests", action="append", default=[], metavar="FILE")
    given = parser.parse_args()
    draw = random.Random(given.seed)
    changes = [draw.choice(changes) for changes in sites(given.files)]
    if given.drawn is not None:
        changes = sorted(draw.sample(changes, min(given.drawn, len(changes))))
    count = 0
    for difference in survivors(changes, given.tests):
        count += 1
        print(f"\n{difference}\n", flush=True)
    print(f"{count} of {len(changes)} mutants survived")


if __name__ == "__main__":
    main()
