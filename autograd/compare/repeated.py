"""Functions that give other numbers when they are called again: nothing can be said of them."""

from collections.abc import Hashable
from typing import NamedTuple

from autograd.compare.checked import Check, Checked
from autograd.notation.numbers import number

CAUSE = "a random number, or something that a call changes"


class Unsteady(NamedTuple):
    """A function that gave another result at the given point when it was called again."""

    words: str
    """A sentence on it."""
    keys: frozenset[Hashable] | None
    """The derivatives that it concerns; None for all."""


def unsteady(checked: Checked, first: Check) -> list[Unsteady]:
    """Both functions, called again at the given point: what does not repeat to the bit."""
    found = []
    judges = (first.sample.judge, checked.sample(checked.given).judge)
    results = [[x.data for x in judge.outputs] for judge in judges]
    changing = [pair for pair in zip(*results, strict=False) if not _same(*pair)]
    if changing:
        once, again = changing[0]
        found.append(
            Unsteady(
                f"{checked.title} gives two results at one point, {_both(once, again)}: it depends "
                f"on {CAUSE}, so its {checked.noun} cannot be judged.",
                None,
            )
        )
    numbers = dict(zip(first.keys, (n for _, n in first.comparison.pairs), strict=True))
    other = {key: n for key, _, n in checked.paired(first.sample)}
    keys = [key for key in numbers if key in other and not _same(numbers[key], other[key])]
    if keys:
        both = _both(numbers[keys[0]], other[keys[0]])
        what = first.comparison.derivatives[list(numbers).index(keys[0])]
        found.append(
            Unsteady(
                f"manual gives two results at one point, for {what} {both}: it depends on {CAUSE}, "
                "so it cannot be judged.",
                frozenset(keys),
            )
        )
    return found


def _same(x: float, y: float) -> bool:
    return repr(x) == repr(y)  # nan is itself here, and -0.0 is not 0.0


def _both(x: float, y: float) -> str:
    """Two numbers with as many digits as tell them apart."""
    texts = number(x), number(y)
    return " and ".join(texts if texts[0] != texts[1] else (repr(x), repr(y)))
