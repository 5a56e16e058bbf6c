"""Turns NumPy's warnings off while something is computed, and on again whatever happens.

`np.errstate` leaves them off for good where an interrupt (Ctrl-C) comes between its two halves. A
context of its own ends with the call that runs in it.
"""

import functools
from collections.abc import Callable
from contextvars import copy_context
from typing import ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


def quietly(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function without NumPy's warnings."""

    def run() -> R:
        np.seterr(all="ignore")
        return function(*args, **kwargs)

    return copy_context().run(run)


def overflows(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
    """Whether NumPy meets a number that is too large in a call of a function."""

    def run() -> None:
        np.seterr(all="ignore", over="raise")
        function(*args, **kwargs)

    try:
        copy_context().run(run)
    except FloatingPointError:
        return True
    return False


def quiet(function: Callable[P, R]) -> Callable[P, R]:
    """A decorator for a function that is to run without NumPy's warnings."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return quietly(function, *args, **kwargs)

    return wrapper
