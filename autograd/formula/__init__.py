"""A formula that was typed in, read as a graph. Nothing in it is ever executed."""

import unicodedata
from collections.abc import Mapping
from keyword import iskeyword

from autograd.formula.reader import Reader, meant
from autograd.formula.syntax import LONGEST_NAME, Source
from autograd.quiet import quiet
from autograd.reals import kind_of
from autograd.value import Value, as_value

__all__ = ["read"]


@quiet
def read(text: str, numbers: Mapping[str, float]) -> Value:
    """The graph of a formula such as `(relu(w * x + b) - t) ** 2`.

    It is made of numbers, names, `pi`, `+ - * / // % **`, parentheses and the operations that this
    package exports; reductions take lists: `dot([a, b], [c, d])`. A comparison `< <= > >=` may be
    the condition of `where`. It is parsed like Python, but nothing else is accepted.

    Args:
        text: the formula.
        numbers: the number that each name stands for.

    Returns:
        The result, computed from leaves with the given names.

    Raises:
        ValueError: if the text is not such a formula (the message shows where), if a name has no
            number, or if a number is given for a name that is not in the formula.

    Example:
        >>> from autograd.formula import read
        >>> read("relu(w * x + 1) ** 2", {"w": 2, "x": 3})
        Value(data=49.0, grad=0.0)
        >>> read("x.data", {"x": 3})
        Traceback (most recent call last):
            ...
        ValueError: an attribute has no place in a formula
          x.data
           ^
    """
    if not isinstance(text, str):
        raise TypeError(f"a formula must be a string, not {kind_of(text)}")
    leaves = {}
    for name, number in numbers.items():
        normal = unicodedata.normalize("NFKC", name)
        if len(normal) > LONGEST_NAME:
            raise ValueError(
                f"{name[:20] + '…'!r} is too long for a name: it has {len(name):,} characters"
            )
        if not normal.isidentifier() or iskeyword(normal):
            raise ValueError(f"{name!r} cannot be a name in a formula")
        if normal in leaves:
            raise ValueError(f"{name!r} is given twice")
        leaves[normal] = Value(number, normal)
    reader = Reader(Source(text), leaves)
    result = reader.computed()
    for name in leaves:
        if name not in reader.used:
            hint = meant(name, reader.used)
            raise ValueError(f"{name!r} is given, but is not in the formula{hint}")
    return as_value(result)
