"""Real numbers, and whatever is given in their place: converted, or refused with a remedy."""

import numbers
import operator
import sys
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np


def kind_of(thing: object) -> str:
    """The type of a thing as a message has it: "an int", "a str", "None"."""
    name = type(thing).__name__
    article = "an" if name.lower().startswith((*"aeiou", "nd")) else "a"  # an int, an ndarray
    return "None" if thing is None else f"{article} {name}"


def boxed(item: object) -> np.ndarray[Any, Any]:
    """Any object as a 0-dimensional array, which NumPy broadcasts and never looks into."""
    box = np.empty((), dtype=object)
    box[()] = item
    return box


def masked(item: object) -> bool:
    """Whether an item is one of NumPy's masked arrays.

    `numpy.ma` takes 10 ms to import, and without it there are none.
    """
    kind = getattr(sys.modules.get("numpy.ma"), "MaskedArray", ())
    return isinstance(item, kind)


def refuse_loss(item: object, role: str) -> None:
    """Raise a TypeError for a mask or a unit, which a plain array would lose; also if nested."""
    if isinstance(item, (list, tuple)):
        for part in item:
            if type(part) is not float:
                refuse_loss(part, role)
    elif masked(item):
        raise TypeError(
            f"{role} must not have a mask, which would be lost: fill it with .filled(number), or "
            "take what is not masked with .compressed()"
        )
    elif type(item) is not np.ndarray and not isinstance(item, numbers.Real):
        unit = getattr(item, "unit", None) or getattr(item, "units", None)
        if unit is not None:
            raise TypeError(
                f"{role} must not have a unit ({unit}), which would be lost: give the number "
                "alone, its .value or .magnitude"
            )


def objects(items: object, role: str) -> np.ndarray[Any, Any]:
    """Numbers and Values in nested sequences as an object array."""
    refuse_loss(items, role)
    return np.asarray(items, dtype=object)


def plain(item: Any, role: str) -> Any:
    """An array of another library as one of NumPy's; everything else as it is.

    Of pandas' Series and xarray's arrays, only the labels are lost.

    Raises:
        TypeError: for a mask or a unit, and for anything but real numbers of NumPy's own types.
    """
    kind = type(item)
    if kind is np.ndarray or hasattr(kind, "_array_kind"):
        return item
    refuse_loss(item, role)
    if issubclass(kind, (np.ndarray, np.generic)) or not hasattr(kind, "__array__"):
        return item
    dtypes = getattr(item, "dtypes", getattr(item, "dtype", None))
    if dtypes is None:
        dtypes = np.asarray(item).dtype
    for dtype in dtypes if isinstance(dtypes, Iterable) else [dtypes]:
        if not isinstance(dtype, np.dtype) or dtype.kind not in "biuf":
            raise TypeError(
                f"{role} must be made of NumPy's real numbers, not {kind_of(item)} of {dtype}: "
                "give an array of floats (.to_numpy(float) in pandas) or, if there are Values in "
                "it, autograd.array(list(it))"
            )
    return np.asarray(item)


def symbolic(item: object) -> bool:
    """Whether an item is an expression of SymPy, which is not imported for the question."""
    return isinstance(item, getattr(sys.modules.get("sympy"), "Basic", ()))


_REMEDIES: dict[tuple[type, ...], str] = {
    (str, bytes): "convert it with float() first",
    (complex,): "treat its real and imaginary parts as two numbers",
    (type(None),): "give a number (was a return statement forgotten?)",
    (Decimal,): "convert it with float() first",
    (list, tuple, set, dict): "make an array of Values with autograd.values()",
}
NOT_NUMBERS = tuple([kind for kinds in _REMEDIES for kind in kinds])
"""Types that are sometimes given in place of a number, in addition to arrays."""


def real(number: object, role: str) -> float:
    """`number` as a float; a TypeError that names its `role` if it is not a real number."""
    if type(number) is float:
        return number
    if type(number) is int or isinstance(number, (numbers.Real, np.bool_)):
        return float(number)
    refuse_loss(number, role)
    shown = kind_of(number)
    if isinstance(number, (str, bytes, complex)):
        shown = f"the {type(number).__name__} {number!r}"
    item = [] if isinstance(number, np.ndarray) else number
    remedies = [remedy for kinds, remedy in _REMEDIES.items() if isinstance(item, kinds)]
    if symbolic(number) and getattr(number, "free_symbols", None):
        remedies.append("give its symbols numbers, or use to_sympy() to make expressions of Values")
    elif hasattr(number, "__float__"):
        remedies.append("convert it with float() first")
    remedy = "; " + remedies[0] if remedies else ""
    raise TypeError(f"{role} must be a real number, not {shown}{remedy}")


def whole(number: Any, role: str, least: int) -> int:
    """`number` as an integer: a TypeError if it is not one, a ValueError if below `least`."""
    if isinstance(number, (bool, np.bool_)) or not hasattr(number, "__index__"):
        raise TypeError(f"{role} must be a whole number, not {number!r}")
    index = operator.index(number)
    if index < least:
        raise ValueError(f"{role} must be at least {least}, not {number}")
    return index
