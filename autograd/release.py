"""The release of the library that is installed."""

from importlib.metadata import version

RELEASE = version("scalar-autograd")
