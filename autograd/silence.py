"""`no_grad`: blocks in which arithmetic on Values records nothing."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from autograd.forms import native

P = ParamSpec("P")
R = TypeVar("R")

silences: list[object] = []
"""The blocks of all threads. Without any, nothing else is asked."""
_here: ContextVar[bool] = ContextVar("silence", default=False)


def silent() -> bool:
    """Whether nothing is to be recorded in this thread now."""
    return bool(silences) and _here.get()


@contextmanager
def no_grad() -> Iterator[None]:
    """A block in which arithmetic on Values records nothing: its results are leaves.

    That saves time and memory where no gradient is wanted, to evaluate a network or to sample from
    it. It holds for the thread that it is used in, and blocks may be nested. What differentiates by
    itself (`grad` and its kin, `derivative()`, `check_gradient`) records all the same. It can also
    be used as a decorator, `@no_grad()`.

    Example:
        >>> from autograd import Value, no_grad
        >>> x = Value(3.0)
        >>> with no_grad():
        ...     y = x * x
        >>> y, y.operands
        (Value(data=9.0, grad=0.0), ())
    """
    block = object()
    silences.append(block)
    if native is not None:
        native.silence(_here)
    try:
        with _set(True):
            yield
    finally:
        silences.remove(block)
        if native is not None and not silences:
            native.silence(None)


@contextmanager
def _set(silence: bool) -> Iterator[None]:
    before = _here.get()
    _here.set(silence)
    try:
        yield
    finally:
        _here.set(before)


def recorded(function: Callable[P, R]) -> Callable[P, R]:
    """A decorator for a function in which everything is recorded, inside of `no_grad`, too."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with _set(False) if silences else nullcontext():
            return function(*args, **kwargs)

    return wrapper
