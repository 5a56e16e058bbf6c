"""The one place where the number of a Value is turned into a decision.

Anything that asks a Value something that is not differentiated (a comparison, `bool`, `np.isnan`,
the comparisons by which NumPy sorts and finds the largest) asks it through `ask`. Listeners are
told every question, with the answer and the line that asked: a graph that was recorded under one
answer may not hold under another. If there are no listeners, comparisons bypass `ask` for speed.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from types import CodeType
from typing import Any, TypeAlias

from autograd.elements import numbers


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """A question that was asked of Values, with the answer."""

    asked: Callable[..., object]
    """The function that was asked of their numbers: from `operator`, one of NumPy's (with options,
    a `functools.partial` of it), or `bool`."""
    operands: tuple[object, ...]
    answer: object
    file: str
    line: int
    """The line that asked, outside this package and NumPy."""
    column: int
    """Where on the line the expression begins that asked; -1 where Python does not tell."""


Listener: TypeAlias = Callable[[Question], None]


class _Listening:
    """One block during which a listener listens; the same listener may have several."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener


listeners: list[_Listening] = []
"""The listeners of all threads."""
_here: ContextVar[tuple[_Listening, ...]] = ContextVar("listeners", default=())


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have a listener told every question that is asked in this thread, until the block ends.

    Example:
        >>> from autograd import Value
        >>> from autograd.questions import listening
        >>> heard = []
        >>> with listening(heard.append):
        ...     Value(2.0) > 1.0
        True
        >>> heard[0].asked.__name__, heard[0].answer
        ('gt', True)
    """
    block = _Listening(listener)
    listeners.append(block)
    _here.set((*_here.get(), block))
    try:
        yield
    finally:
        listeners.remove(block)
        _here.set(tuple([other for other in _here.get() if other is not block]))


@contextmanager
def unheard() -> Iterator[None]:
    """A block in this thread whose questions no listener is told."""
    here = _here.get()
    _here.set(())
    try:
        yield
    finally:
        _here.set(here)


def ask(question: Callable[..., Any], *operands: object, **options: object) -> Any:
    """The answer of a function to the numbers of Values; listeners are told.

    A function of NumPy's that is given arrays of Values answers for all of them at once.
    """
    if options:
        question = partial(question, **options)
    answer = question(*map(numbers, operands))
    if listeners and (here := _here.get()):
        told = Question(question, operands, answer, *_line())
        _here.set(())  # a listener may look at the Values itself
        try:
            for block in here:
                block.listener(told)
        finally:
            _here.set(here)
    return answer


def _line() -> tuple[str, int, int]:
    """The place where the question was asked, leaving out frames of this package and of NumPy."""
    frame = sys._getframe()
    while frame.f_back is not None:
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package not in ("autograd", "numpy"):
            break
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno, _column(frame.f_code, frame.f_lasti)


@lru_cache(maxsize=256)
def _column(code: CodeType, offset: int) -> int:
    """The column of an instruction, of which there may be several for one expression, as for the
    condition of a `while`.
    """
    _, _, column, _ = next(islice(code.co_positions(), offset // 2, None))
    return -1 if column is None else column
