"""The things around a function, compared with those of another process: no object is the same."""

import builtins
import copyreg
import functools
import hashlib
import pickle
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from autograd.compiler.surroundings import (
    MISSING,
    UNCHANGING,
    Same,
    Surroundings,
    frozen,
    is_foreign,
)
from autograd.made import Made


def digest(around: Surroundings) -> bytes | None:
    """A digest of what is around a function, the same in another process if that is the same there.

    Of functions it is their code that counts, of numbers, strings, arrays and containers what is in
    them. None if there is something else, an object whose attributes may be any.
    """
    try:
        found = [*map(_defined, around.seen)]
        for names, name, thing in around.globals:
            if names is not vars(builtins):
                found.append(f"{name} {_reference(thing) if name in names else None}")
        for place in around.places:
            found.append(f"{place.name} {_written(place.frozen)}")
    except Exception:  # the TypeError of one of these, or what an object raises that is asked
        return None
    return hashlib.sha256("\n".join(found).encode()).digest()


def _defined(thing: Any) -> str:
    """Something that may be called, with all of it that is not looked at elsewhere.

    Raises:
        TypeError: if it is an object, whose attributes may be any.
    """
    if isinstance(thing, FunctionType):
        data = {name: x for name, x in vars(thing).items() if name != "__wrapped__"}
        return f"{_reference(thing)} {_written(thing.__code__)} {_written(frozen(data))}"
    if isinstance(thing, type) and not is_foreign(thing):
        data = {
            name: x
            for name, x in vars(thing).items()
            if not name.startswith(("__", "_abc_")) and not hasattr(type(x), "__get__")
        }
        return f"{_reference(thing)} {_written(frozen(data))}"
    if isinstance(thing, Made):
        return f"{type(thing).__name__} {_written(frozen(thing._arguments()[1:]))}"
    return _reference(thing)


def _reference(thing: Any) -> str:
    """A function, a class, a module, or something else that pickles as a name, by that.

    Raises:
        TypeError: if it has no name.
    """
    if isinstance(thing, (Made, functools.partial)):
        return type(thing).__name__  # what they are made of is looked at, too
    name = getattr(thing, "__qualname__", getattr(thing, "__name__", None))
    if isinstance(thing, BuiltinFunctionType) and not isinstance(
        thing.__self__, (ModuleType, type, type(None))
    ):
        raise TypeError  # a method of an object
    if isinstance(thing, ModuleType) and not is_foreign(thing):
        raise TypeError  # whose attributes may be any
    if not isinstance(thing, UNCHANGING):
        reduce = copyreg.dispatch_table.get(type(thing))
        name = thing.__reduce_ex__(pickle.DEFAULT_PROTOCOL) if reduce is None else reduce(thing)
    if not isinstance(name, str):
        raise TypeError
    return f"{getattr(thing, '__module__', None)}.{name}"


def _written(item: Any) -> str:
    """The result of `frozen`, or code, as text that is the same in every process.

    Raises:
        TypeError: if there is an object in it that is nowhere else.
    """
    if isinstance(item, CodeType):
        numbers = item.co_flags, item.co_argcount, item.co_posonlyargcount, item.co_kwonlyargcount
        names = item.co_names, item.co_varnames, item.co_freevars, item.co_cellvars
        return _written((item.co_code, item.co_exceptiontable, item.co_consts, numbers, names))
    if isinstance(item, bytes):
        return hashlib.sha256(item).hexdigest()
    if isinstance(item, Same):
        if item.item is None or item.item is MISSING:
            return str(item.item is None)
        return _reference(item.item)
    if isinstance(item, (tuple, list)):
        return f"({', '.join(map(_written, item))})"
    if isinstance(item, frozenset):
        return f"{{{', '.join(sorted(map(_written, item)))}}}"
    return _reference(item) if isinstance(item, type) else repr(item)
