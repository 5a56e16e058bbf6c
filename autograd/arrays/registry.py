"""Which function stands for one of NumPy's where there are Values among the arguments."""

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""For each of NumPy's functions, what is called instead, with arguments of the same names."""


IGNORED = {
    *("casting", "device", "kind", "kth", "optimize", "order", "overwrite_input", "stable"),
    *("subok", "tol"),
}
"""Options that change nothing about the numbers."""


def implements(*functions: Any) -> Callable[[Function], Function]:
    """A decorator for what is called instead of functions of NumPy's."""

    def register(function: Function) -> Function:
        FUNCTIONS.update(dict.fromkeys(functions, function))
        return function

    return register
