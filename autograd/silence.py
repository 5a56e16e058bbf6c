"""`no_grad`: blocks in which arithmetic on Values records nothing."""

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from autograd.forms import native
from autograd.sealing import refuse, sealing, seals

P = ParamSpec("P")
R = TypeVar("R")

silences: list["no_grad"] = []
"""The open blocks of all threads. Without any, nothing else is asked."""
_here: ContextVar[tuple["no_grad", ...]] = ContextVar("silences", default=())


def silent() -> bool:
    """Whether nothing is to be recorded in this thread now."""
    if seals and sealing() is not None:  # what is open there was opened outside of it
        return False
    return any(block in silences for block in _here.get())


class no_grad:  # noqa: N801, a block that is called as a function
    """A block in which arithmetic on Values records nothing: its results are leaves.

    That saves time and memory where no gradient is wanted, to evaluate a network or to sample from
    it. It holds for the thread that it is used in, and blocks may be nested. What differentiates by
    itself (`grad` and its kin, `derivative()`, `check_gradient`) records all the same. It can also
    be used as a decorator of a function, `@no_grad()`. A generator that yields inside such a block
    leaves it open for those who use it, until it goes on.

    Raises:
        TypeError: as a decorator of a generator, a coroutine or a class, whose code runs later: use
            the block inside it.

    Example:
        >>> from autograd import Value, no_grad
        >>> x = Value(3.0)
        >>> with no_grad():
        ...     y = x * x
        >>> y, y.operands
        (Value(data=9.0, grad=0.0), ())
    """

    def __enter__(self) -> None:
        if seals:
            refuse("entering no_grad")
        silences.append(self)
        _here.set((*_here.get(), self))
        if native is not None:
            native.silence(silent)

    def __exit__(self, *_: object) -> None:
        silences.remove(self)
        blocks = [*_here.get()]
        if self in blocks:  # not where a generator is closed in another context
            blocks.remove(self)
            _here.set(tuple(blocks))
        if native is not None and not silences:
            native.silence(None)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        kinds = (
            inspect.isgeneratorfunction,
            inspect.iscoroutinefunction,
            inspect.isasyncgenfunction,
            inspect.isclass,
        )
        if not callable(function) or any(kind(function) for kind in kinds):
            raise TypeError(
                "no_grad() is a decorator of functions: of a generator, a coroutine or a class the "
                "code runs later; use `with no_grad():` inside it"
            )

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            with no_grad():
                return function(*args, **kwargs)

        return wrapper


def recorded(function: Callable[P, R]) -> Callable[P, R]:
    """A decorator for a function in which everything is recorded, inside of `no_grad`, too."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if not silences:
            return function(*args, **kwargs)
        before = _here.get()
        _here.set(())
        try:
            return function(*args, **kwargs)
        finally:
            _here.set(before)

    return wrapper
