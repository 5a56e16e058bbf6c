import os

from hypothesis import settings

# The time of one example says nothing on a shared machine. In CI every run draws the same examples.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
