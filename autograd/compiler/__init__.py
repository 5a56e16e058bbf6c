"""Functions recorded as programs, which are run without a graph: for one point, or for many."""

from autograd.compiler.jit import Jitted, jit

__all__ = ["Jitted", "jit"]
