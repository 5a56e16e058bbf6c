"""Functions that are made from another one, by `grad`, `vmap` or `jit`, and behave as it does."""

import functools
import importlib
import inspect
import operator
import pickle
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd.trace import Function, name_of


class Made:
    """A function that is made from another one.

    It has the name and the signature of that one, becomes a method where it is defined in a class,
    pickles where that one does, prints as the call that made it, and is equal to another that such
    a call makes.

    Args:
        call: the name of the function that makes it.
        maker: a function that makes it of its `_arguments`.
        fun: the function that it is made from.
        document: the first line of its docstring; by default it has that of `fun` alone.
    """

    def __init__(
        self, call: str, maker: Callable[..., Any], fun: Function, document: str | None = None
    ) -> None:
        functools.update_wrapper(self, fun, updated=())
        self.__name__ = name_of(fun)
        if document is not None:
            self.__doc__ = "\n\n".join([document, *filter(None, [inspect.getdoc(fun)])])
        self.fun, self._made_by, self._maker = fun, call, maker

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def _arguments(self) -> tuple[Any, ...]:
        """The arguments with which the maker makes it."""
        return (self.fun,)

    def _options(self) -> str:
        """Those after the first one as they are written, unless they are the default."""
        return ""

    def __get__(self, instance: object, owner: type) -> Any:
        """As a function that is defined in a class becomes a method."""
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        try:  # one that has the name of its function, being its decorator, is found by that
            module, name = sys.modules[self.__module__], vars(self)["__qualname__"]
            if operator.attrgetter(name)(module) is self:
                if self.__module__ != "__main__":
                    return name
                return by_name, (self.__module__, name, self._by_value())
        except (AttributeError, KeyError):
            pass
        return self._maker, self._arguments()

    def _by_value(self) -> bytes | None:
        """It pickled with the code of its function; None if nobody here does that, or is at it."""
        pickler: Any = next((sys.modules[name] for name in _PICKLERS if name in sys.modules), None)
        under_way = vars(_pickled).setdefault("under_way", [])
        if pickler is None or any(self is x for x in under_way):
            return None
        under_way.append(self)
        try:
            found: bytes = pickler.dumps((self._maker, self._arguments()))
        finally:
            under_way.pop()
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Made):
            return NotImplemented
        return (self._maker, self._arguments()) == (other._maker, other._arguments())

    def __hash__(self) -> int:
        return hash((self._maker, self.fun))  # of the others, some may have no hash

    def __repr__(self) -> str:
        written = repr(self.fun) if isinstance(self.fun, Made) else name_of(self.fun)
        return f"{self._made_by}({written}{self._options()})"


_PICKLERS = "cloudpickle", "joblib.externals.cloudpickle", "ray.cloudpickle"
"""Those that write down the code of functions, where one of them has been imported."""
_pickled = threading.local()


def by_name(module: str, name: str, by_value: bytes | None = None) -> Any:
    """Something in a module by its name, also in a class; if it is not there, by its code.

    Raises:
        AttributeError: if neither is there.
    """
    try:
        return operator.attrgetter(name)(importlib.import_module(module))
    except AttributeError:
        if by_value is None:
            raise
        maker, arguments = pickle.loads(by_value)
        return maker(*arguments)
