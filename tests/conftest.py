import os
from pathlib import Path

from hypothesis import settings

import autograd

# The time of one example says nothing on a shared machine. In CI every run draws the same examples.
EXAMPLES = int(os.environ.get("EXAMPLES", "100"))
settings.register_profile("default", deadline=None, max_examples=EXAMPLES)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# The package under test is the installed one, which may have a native core, also in the programs
# that tests start in the checkout.
PACKAGE = Path(autograd.__file__).parent
others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
os.environ["PYTHONPATH"] = os.pathsep.join([str(PACKAGE.parent), *filter(None, others)])
os.environ["PYTHONSAFEPATH"] = "1"

# What is compiled in one run of the tests is so in the next.
os.environ["AUTOGRAD_CACHE_DIR"] = ""


def pytest_report_header():
    return f"autograd: the {autograd.core} core, in {PACKAGE}"
