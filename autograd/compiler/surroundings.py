"""Numbers, arrays and other things that a function finds around it: closures, defaults, globals.

They are fixed in what is recorded, so they are compared at every call: numbers, strings, arrays and
containers by what is in them, anything else by whether it is the same object. What a function finds
inside of objects and modules is not seen.
"""

import builtins
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

_FOREIGN = (sys.stdlib_module_names | {"autograd", "numpy", "scipy"}) - {"__main__"}
"""Modules whose functions have nothing around them that a program changes."""
_CONTAINERS = list, tuple, dict, set, frozenset, np.ndarray
UNCHANGING = FunctionType, BuiltinFunctionType, ModuleType, type
"""Kinds of things that are compared by whether they are the same object."""
MISSING = object()
_DEEPEST = 20
"""Containers in containers are looked into so far."""


class _Place(NamedTuple):
    """Something around a function, as it was."""

    name: str
    get: Callable[[], Any]
    thing: Any
    frozen: Any

    def same(self) -> bool:
        """Whether it is still the same."""
        now = self.get()
        if now is self.thing and not isinstance(now, _CONTAINERS):
            return True
        return bool(frozen(now) == self.frozen)


class Surroundings:
    """The things around a function, and around those that it calls by name, as they are now."""

    def __init__(self, function: Callable[..., Any], arguments: Any = ()) -> None:
        self.places: list[_Place] = []
        self.globals: list[tuple[dict[str, Any], str, Any]] = []
        """Those that are globals and stay what they are, to be looked at quickly."""
        self.without_defaults: list[FunctionType] = []
        self.seen: list[Any] = []
        for thing in (function, *_things(arguments, _DEEPEST)):
            if callable(thing):
                self._look(thing)

    def changed(self) -> str | None:
        """The name of one that is not what it was, None if all of them are."""
        for names, name, thing in self.globals:
            if names.get(name, MISSING) is not thing:
                return name
        for function in self.without_defaults:
            if function.__defaults__ is not None or function.__kwdefaults__ is not None:
                return _default_of(function)
        for place in self.places:
            if not place.same():
                return place.name
        return None

    def _look(self, item: Any) -> None:
        """Find what is around something that may be called."""
        if any(item is x for x in self.seen):
            return
        self.seen.append(item)
        if isinstance(item, functools.partial):
            self._watch("an argument of a partial", lambda: (item.args, item.keywords))
            self._look(item.func)
        elif isinstance(item, MethodType):
            self._look(item.__func__)
        elif isinstance(item, FunctionType):
            self._function(item)
        elif inspect.isclass(item):
            for cls in item.__mro__:
                if not is_foreign(cls):
                    for method in vars(cls).values():
                        self._method(method)
        else:
            wrapped = getattr(item, "__dict__", {}).get("__wrapped__")  # by a derivative, say
            self._look(type(item) if wrapped is None else wrapped)

    def _method(self, method: Any) -> None:
        """Find what is around a function that is defined in a class."""
        for name in ("__func__", "fget", "func"):
            method = getattr(method, name, method)
        if isinstance(method, FunctionType):
            self._look(method)

    def _function(self, function: FunctionType) -> None:
        if is_foreign(function):
            return
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            self._watch(name, functools.partial(_contents, cell))
        if function.__defaults__ is None and function.__kwdefaults__ is None:
            self.without_defaults.append(function)
        else:
            self._watch(_default_of(function), lambda: function.__defaults__)
            self._watch(_default_of(function), lambda: function.__kwdefaults__)
        names = function.__globals__
        for name in dict.fromkeys(_global_names(function.__code__)):
            thing = names.get(name, vars(builtins).get(name))
            if isinstance(thing, UNCHANGING):
                self.globals.append((names, name, names.get(name, MISSING)))
                if name not in names:
                    self.globals.append((vars(builtins), name, thing))
                self._look(thing)
            else:
                self._watch(name, functools.partial(_global, names, name))
        wrapped = vars(function).get("__wrapped__")
        if wrapped is not None:
            self._look(wrapped)

    def _watch(self, name: str, get: Callable[[], Any]) -> None:
        thing = get()
        self.places.append(_Place(name, get, thing, frozen(thing)))
        for part in _things(thing, _DEEPEST):
            if callable(part):
                self._look(part)


def is_foreign(thing: Any) -> bool:
    """Whether something is of a module that a program does not change."""
    module = thing.__name__ if isinstance(thing, ModuleType) else thing.__module__
    return str(module).partition(".")[0] in _FOREIGN


def _default_of(function: FunctionType) -> str:
    return f"a default of {function.__name__}"


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a variable without a value
        return MISSING


def holder(place: _Place) -> tuple[Any, Any]:
    """Globals and a name among them, or a variable of a closure and None, if what is there can only
    change by another thing being put there; otherwise twice None."""
    get = place.get
    if not isinstance(get, functools.partial) or isinstance(place.thing, _CONTAINERS):
        return None, None
    if get.func is _global and get.args[1] in get.args[0]:
        return get.args
    return (get.args[0], None) if get.func is _contents else (None, None)


def _global(names: dict[str, Any], name: str) -> Any:
    return names.get(name, vars(builtins).get(name, MISSING))


def _things(item: Any, depth: int) -> Iterator[Any]:
    """The things in containers, or an item that is none."""
    if isinstance(item, np.ndarray):
        item = item.ravel().tolist() if item.dtype == object else ()
    if depth and isinstance(item, (list, tuple, dict, set, frozenset)):
        for part in (*item, *item.values()) if isinstance(item, dict) else item:
            yield from _things(part, depth - 1)
    else:
        yield item


class Same:
    """Equal to what is made of the same object alone, which it keeps alive."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.item is other.item

    def __hash__(self) -> int:
        return id(self.item)


def frozen(item: Any, depth: int = _DEEPEST) -> Any:
    """Something to be compared with what is made of the same thing later."""
    kind = type(item)
    if kind is float or kind is complex:
        return kind, repr(item)
    if kind in (int, bool, str, bytes):
        return kind, item
    if isinstance(item, np.ndarray):
        if item.dtype == object:
            return (
                kind,
                item.shape,
                [frozen(x, depth and depth - 1) for x in item.ravel().tolist()],
            )
        return kind, item.dtype, item.shape, item.tobytes()
    if isinstance(item, np.generic):
        return kind, item.tobytes()
    if depth and isinstance(item, dict):
        keys, values = [*item], [*item.values()]
        return kind, [frozen(x, 0) for x in keys], [frozen(x, depth - 1) for x in values]
    if depth and isinstance(item, (list, tuple, set, frozenset)):
        return kind, [frozen(x, depth - 1) for x in item]
    return Same(item)


def _global_names(code: CodeType) -> Iterator[str]:
    """The names that code, and the functions defined in it, may look up among the globals."""
    yield from code.co_names
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _global_names(constant)
