"""The numbers that single mistakes would give, for those who predict one before it is shown."""

from collections.abc import Iterable, Sequence
from math import floor, isfinite, log10
from typing import NamedTuple

from autograd.catalogue.formulas import own_confusions
from autograd.catalogue.slopes import wrong_partials, wrong_slopes
from autograd.catalogue.values import wrong_values
from autograd.explain.sweep import Accumulation
from autograd.quiet import quietly
from autograd.value import Value

MOST = 12
"""How many mistakes are told apart at one number."""
FACTORS = (
    ("a factor 2 is missing", 0.5),
    ("there is a factor 2 too many", 2.0),
    ("a sign is flipped", -1.0),
)


class Guess(NamedTuple):
    """A wrong number, and the mistake whose number it is, as a clause."""

    number: float
    mistake: str


def of_value(node: Value) -> list[Guess]:
    """The wrong values of a node."""
    return _told_apart(node.data, quietly(lambda: [*wrong_values(node)]))


def of_seed(root: Value) -> list[Guess]:
    """The wrong numbers of the derivative of the root with respect to itself."""
    value = ("the value itself stands where its derivative belongs", root.data)
    return _told_apart(1.0, [value, ("the derivative of a constant is taken", 0.0)])


class Additions:
    """The wrong numbers of gradients after something has been added to them."""

    def __init__(self) -> None:
        self._slopes: dict[Value, list[tuple[str, Sequence[float]]]] = {}

    def __call__(self, step: Accumulation) -> list[Guess]:
        """Those of one addition."""
        edge, above, before = step.edge, step.upstream, step.before or 0.0
        flow = above * edge.partial
        wrong: list[tuple[str, float]] = []
        if before:
            wrong.append(("what was there before is overwritten instead of added to", flow))
            wrong.append(("nothing is added to what was there before", before))
        slopes = [(kind, partials[edge.place]) for kind, partials in self._wrong(edge.node)]
        flows = [
            ("what comes from above is forgotten: the local derivative stands alone", edge.partial),
            ("the local derivative is forgotten", above),
            *[(kind, flow * factor) for kind, factor in FACTORS],
            *[(kind, above * slope) for kind, slope in (*wrong_slopes(edge), *slopes)],
            ("the two factors are added instead of multiplied", above + edge.partial),
        ]
        wrong += [(kind, before + x) for kind, x in flows]
        return _told_apart(before + flow, wrong)

    def _wrong(self, node: Value) -> list[tuple[str, Sequence[float]]]:
        """The wrong partial derivatives of a node."""
        if node not in self._slopes:
            found = quietly(lambda: [*wrong_partials(node), *own_confusions(node)])
            self._slopes[node] = found
        return self._slopes[node]


def _told_apart(right: float, wrong: Iterable[tuple[str, float]]) -> list[Guess]:
    """The first mistake of each number that is not the right one."""
    found: list[Guess] = []
    for mistake, number in wrong:
        known = [right, *[x.number for x in found]]
        if not isfinite(number) or any(alike(number, x) for x in known):
            continue
        found.append(Guess(number, mistake))
        if len(found) == MOST:
            break
    return found


def alike(x: float, wanted: float) -> bool:
    """Whether a number is another one to three digits, as many as somebody has to type."""
    if wanted == 0.0 or not isfinite(wanted):
        return x == wanted
    unit = 10.0 ** (floor(log10(abs(wanted))) - 2)
    return abs(x - wanted) <= 0.5001 * unit
