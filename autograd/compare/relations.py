"""Relations between a hand-derived gradient and the right one that hold at every point.

They are facts: a constant ratio, a factor too many, an extra term, an order, a sum over the wrong
axis, the gradient of another argument, elements that alone are wrong. They hold whatever the cause.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compare.case import Array, Case, near
from autograd.compare.findings import Finding, escaped
from autograd.compare.recognized import recognized
from autograd.compare.rounding import RELATIVE
from autograd.notation.numbers import number
from autograd.quiet import quiet

Mask = NDArray[np.bool_]

FEWEST = 4
"""How many points with different numbers it takes to call a relation with a free number a fact."""
CONDITION = 1e3
"""How much larger than its rounding a number must be to tell the size of a ratio."""
POWERS = {1.0: "", 2.0: " ** 2", 0.5: "", -1.0: "", -2.0: " ** 2", -0.5: ""}
MOST_LISTED = 6
MOST_PAIRED = 300
"""How many numbers of the function are compared with each other."""


class Quantity(NamedTuple):
    """A number of the graph at each point, or one for each element of an argument."""

    name: str
    numbers: Array
    """Of the shape (points,) or (points, elements)."""
    rank: int
    """How simple it is: leaves come first."""


class Argument:
    """The numbers of one argument at several points: arrays of the shape (points, elements)."""

    def __init__(
        self, name: str, shape: tuple[int, ...], cases: Sequence[Case], columns: Sequence[int]
    ) -> None:
        def table(rows: Iterator[Array]) -> Array:
            return np.array([row[list(columns)] for row in rows])

        self.name, self.shape, self.columns = name, shape, list(columns)
        self.yours = table(case.yours for case in cases)
        self.ours = table(case.ours for case in cases)
        self.room = table(case.room for case in cases)
        self.data = table(case.data for case in cases)

    @cached_property
    def bad(self) -> Mask:
        """Which numbers are wrong."""
        return ~near(self.yours, self.ours, self.room)

    def same(self, numbers: Array, scale: float = 1.0) -> bool:
        """Whether some numbers are yours, apart from rounding, at all points."""
        room = self.room * max(1.0, abs(scale))
        return bool(near(numbers, self.yours, np.broadcast_to(room, numbers.shape)).all())

    def part(self, elements: Mask) -> "Argument":
        """Some of the elements, as an argument of their own."""
        result = object.__new__(Argument)
        result.name, result.shape = self.name, (int(elements.sum()),)
        result.columns = [x for x, kept in zip(self.columns, elements, strict=True) if kept]
        for table in ("yours", "ours", "room", "data"):
            setattr(result, table, getattr(self, table)[:, elements])
        return result

    def within(self, mask: Mask) -> "Argument":
        """Some of the elements at some of the points, each as a point of its own."""
        result = object.__new__(Argument)
        result.name, result.shape, result.columns = self.name, (1,), self.columns[:1]
        for table in ("yours", "ours", "room", "data"):
            setattr(result, table, getattr(self, table)[mask][:, None])
        return result


class Relations:
    """The relations of all the arguments that are wrong somewhere.

    Args:
        arguments: all the arguments, right or wrong.
        quantities: the numbers of the function that a relation may be about.
        constants: the plain numbers that occur in the function.
        exact: how nearly numbers that are recognized must be met.
        root: the results of the function.
    """

    def __init__(
        self,
        arguments: Sequence[Argument],
        quantities: Sequence[Quantity],
        constants: Sequence[float],
        exact: float = RELATIVE,
        root: Array | None = None,
    ) -> None:
        self.root = np.zeros(0) if root is None else root
        self.arguments = arguments
        self.quantities = sorted(quantities, key=lambda x: x.rank)
        self.constants, self.exact = list(constants), exact

    @quiet
    def found(self) -> dict[str, Finding | None]:
        """For each argument that is wrong, the simplest relation, if there is any."""
        wrong = [x for x in self.arguments if x.bad.any()]
        return {x.name: next(self.of(x), None) for x in wrong}

    def of(self, argument: Argument) -> Iterator[Finding]:
        """The relations of one argument, the simplest first."""
        if argument.bad.any(axis=0).all():
            yield from self.alike(argument, argument.name)
        yield from self._places(argument)
        if argument.bad.any(axis=0).all():
            yield from self.values(argument, argument.name)
        yield from self._some_elements(argument)
        yield from self._some_points(argument)
        yield from self._wrong_elements(argument)

    def alike(self, argument: Argument, name: str, where: str = "") -> Iterator[Finding]:
        """A constant ratio, or a constant difference."""
        ratio = self.ratio(argument.yours, argument.ours, argument.room)
        if ratio is not None:
            yield self.times(ratio, name, where)
            return
        yield from self._constant_difference(argument, name, where)
        yield from self._ratios(argument, name, where)

    # --- Ratios -----------------------------------------------------------------------------------

    def ratio(self, yours: Array, ours: Array, room: Array) -> float | None:
        """The constant ratio of all the numbers; None if there is none, or too little to tell."""
        strongest = np.unravel_index(np.abs(ours).argmax(), ours.shape)
        if not ours[strongest]:
            return None
        ratio = float(yours[strongest] / ours[strongest])
        if abs(ratio) * np.abs(ours).max() <= room[strongest]:
            ratio = 0.0
        if not near(ratio * ours, yours, room * max(1.0, abs(ratio))).all():
            return None
        sizes = np.unique(np.abs(ours[np.abs(ours) > CONDITION * room]).round(9))
        known = recognized(ratio, self.constants, self.exact)
        return ratio if known or len(sizes) >= 2 else None

    def times(self, ratio: float, name: str, where: str = "") -> Finding:
        """The sentence on a constant ratio."""
        known = recognized(ratio, self.constants, self.exact)
        inverse = recognized(1.0 / ratio, self.constants, self.exact) if ratio else ""
        subject = "the gradient of {argument}{place}"
        if ratio == 0.0:
            words = f"{subject} is 0 at every point: it is forgotten"
        elif ratio == -1.0 or known == "-1":
            words = f"{subject} is the right one with the opposite sign: a sign is flipped"
        else:
            sign = ", and a sign is flipped" if ratio < 0.0 else ""
            size = known or number(ratio)
            spelled = "" if size == number(ratio) else f" ({number(ratio)})"
            words = f"{subject} is {size}{spelled} times the right one at every point"
            if (
                inverse
                and (abs(ratio) < 1.0 or self._occurs(1.0 / ratio))
                and not self._occurs(ratio)
            ):
                words += f": the factor {inverse.removeprefix('-')} is missing{sign}"
            else:
                words += f": there is an extra factor {size.removeprefix('-')}{sign}"
            words += self._constant(abs(ratio), size)
        return Finding("multiple", name, where, ratio, True, words)

    def _occurs(self, x: float) -> bool:
        """Whether a number is a constant of the function and no simple fraction."""
        sizes = [abs(constant) for constant in self.constants]
        near = any(abs(abs(x) - size) <= self.exact * size for size in sizes)
        return near and abs(x) % 1.0 != 0.0 and abs(1.0 / x) % 1.0 != 0.0

    def _ratios(self, argument: Argument, name: str, where: str) -> Iterator[Finding]:
        """A ratio for each element, the same at all points."""
        count = argument.ours.shape[1]
        if len(argument.ours) < FEWEST or count < 2:
            return
        ratios = []
        for i in range(count):
            yours, ours, room = (x[:, i] for x in (argument.yours, argument.ours, argument.room))
            ratio = self.ratio(yours, ours, room)
            if ratio is None or np.ptp(ours) <= 1e-6 * np.abs(ours).max():
                return
            ratios.append(ratio)
        texts = [recognized(x, self.constants, self.exact) or number(x) for x in ratios]
        shown = ", ".join(texts[:MOST_LISTED]) + (", …" if count > MOST_LISTED else "")
        words = (
            "the elements of the gradient of {argument}{place} are the right ones times "
            f"[{shown}] at every point"
        )
        yield Finding("multiple", name, where, template=words)

    def _constant(self, ratio: float, text: str) -> str:
        """A word on a number of the function that the ratio is, or is 1 divided by."""
        for constant in self.constants:
            for size in (ratio, 1.0 / ratio):
                if abs(constant) > 2.0 and abs(size - abs(constant)) <= self.exact * size:
                    return f" ({number(abs(constant))} occurs in the function)"
        return ""

    # --- Elements in other places -----------------------------------------------------------------

    def _places(self, argument: Argument) -> Iterator[Finding]:
        """The right numbers at other places, or sums of them."""
        yield from self._orders(argument)
        for other in self.arguments:
            if other is argument:
                continue
            for source, whose in ((other.ours, ""), (other.yours, "your ")):
                if source.shape == argument.yours.shape and argument.same(source):
                    words = f"the gradient of {{argument}} is {whose}that of {escaped(other.name)}"
                    yield Finding("argument", argument.name, template=words)
                    return
            yield from self._sums_of_another(argument, other)
        yield from self._sums(argument)

    def _orders(self, argument: Argument) -> Iterator[Finding]:
        """The same elements in another order."""
        count, shape = len(argument.columns), argument.shape
        if count < 2:
            return
        numbers = np.arange(count)
        grid = numbers.reshape(shape)
        orders: dict[str, NDArray[np.int_]] = {}
        if grid.ndim == 2:
            square = shape[0] == shape[1]
            orders["transposed" if square else "transposed and reshaped"] = grid.T.reshape(-1)
            orders["reshaped as if its axes were exchanged"] = (
                grid.ravel().reshape(shape[::-1]).T.reshape(-1)
            )
        for axis in range(grid.ndim):
            along = f" along axis {axis}" if grid.ndim > 1 else ""
            orders[f"reversed{along}"] = np.flip(grid, axis).reshape(-1)
            for shift in (1, -1):
                orders[f"shifted by {shift}{along}"] = np.roll(grid, shift, axis).reshape(-1)
        for how, order in orders.items():
            if argument.same(argument.ours[:, order]):
                yield Finding(
                    "order", argument.name, template=f"the gradient of {{argument}} is {how}"
                )
                return
        source = self._sources(argument)
        if source is None or (source == numbers).all():
            return
        moved = [i for i in numbers if source[i] != i]
        if sorted(source) == list(numbers) or argument.bad.any():
            pairs = [
                f"{self.element(shape, i)} has that of {self.element(shape, int(source[i]))}"
                for i in moved[:MOST_LISTED]
            ]
            more = f" and {len(moved) - MOST_LISTED} more" if len(moved) > MOST_LISTED else ""
            words = "elements of the gradient of {argument} are those of others: {place}"
            yield Finding("order", argument.name, ", ".join(pairs) + more, template=words)

    def _sources(self, argument: Argument) -> NDArray[np.int_] | None:
        """The element whose right number each element has, if that is always the same one."""
        count = len(argument.columns)
        if len(argument.yours) < 2 or count > 200:
            return None
        yours, ours, room = argument.yours, argument.ours, argument.room
        result = []
        for i in range(count):
            fits = near(yours[:, i, None], ours, room[:, i, None]).all(axis=0)
            if not fits.any() or not np.abs(ours).max():
                return None
            result.append(i if fits[i] else int(fits.argmax()))
        return np.array(result)

    def _sums(self, argument: Argument) -> Iterator[Finding]:
        """Sums or means of its own elements, along an axis or all of them."""
        shape = argument.shape
        if len(argument.columns) < 2 or len(argument.yours) < 2:
            return
        grid = argument.ours.reshape(-1, *shape)
        axes: list[tuple[str, int | None]] = [("all its elements", None)]
        if len(shape) == 2:
            axes += [("its column", 0), ("its row", 1)]
        for what, axis in axes:
            along = tuple(range(1, 1 + len(shape))) if axis is None else 1 + axis
            for how, function in (("sum", np.sum), ("mean", np.mean)):
                totals = np.broadcast_to(function(grid, axis=along, keepdims=True), grid.shape)
                if argument.same(totals.reshape(argument.ours.shape), len(argument.columns)):
                    words = f"each element of the gradient of {{argument}} is the {how} of the right numbers of {what}"
                    yield Finding("sum", argument.name, template=words)
                    return
        for axis in range(len(shape)):
            for how, turned in (
                ("running", slice(None)),
                ("backward running", slice(None, None, -1)),
            ):
                index = (slice(None),) * (1 + axis) + (turned,)
                totals = np.cumsum(grid[index], axis=1 + axis)[index]
                if argument.same(totals.reshape(argument.ours.shape), len(argument.columns)):
                    words = f"the gradient of {{argument}} is the {how} sum of the right one"
                    yield Finding("sum", argument.name, template=words)
                    return

    def _sums_of_another(self, argument: Argument, other: Argument) -> Iterator[Finding]:
        """A sum or a mean of the gradient of another argument."""
        if other.data.shape[1] <= argument.data.shape[1]:
            return
        for numbers, whose in ((other.yours, "your"), (other.ours, "the right")):
            grid = numbers.reshape(-1, *other.shape)
            for axis in range(len(other.shape)):
                for how, function in (("sum", np.sum), ("mean", np.mean)):
                    totals = function(grid, axis=1 + axis)
                    if len(other.shape) == 1:
                        totals = totals.reshape(-1, 1)
                    totals = totals.reshape(len(totals), -1)
                    if totals.shape == argument.yours.shape and argument.same(totals, len(grid[0])):
                        along = f" along axis {axis}" if len(other.shape) > 1 else ""
                        words = f"the gradient of {{argument}} is the {how}{along} of {whose} gradient of {escaped(other.name)}"
                        yield Finding("sum", argument.name, template=words)
                        return

    # --- Values of the function -------------------------------------------------------------------

    def _constant_difference(
        self, argument: Argument, name: str, where: str = ""
    ) -> Iterator[Finding]:
        """A difference that is the same at all points."""
        off = argument.yours - argument.ours
        if len(off) < FEWEST or not self._varies(argument.ours):
            return
        mean = np.broadcast_to(np.median(off, axis=0), off.shape)
        size = np.maximum(np.abs(argument.yours), np.abs(argument.ours))
        # The difference of two large numbers is known to a rounding of these.
        telling = size <= 1e5 * np.abs(mean)
        if not near(argument.ours + mean, argument.yours, argument.room).all():
            return
        if np.min(telling.sum(axis=0)[np.abs(mean[0]) > 0.0], initial=FEWEST) < FEWEST:
            return
        constants = mean[0]
        texts = [recognized(x, self.constants, self.exact) or number(x) for x in constants]
        first = float(constants[0])
        subject = "the gradient of {argument}{place} is too "
        way = "large" if first > 0.0 else "small"
        if len(set(texts)) == 1:
            words = f"{subject}{way} by {texts[0].removeprefix('-')} at every point"
        elif len(texts) <= MOST_LISTED:
            words = f"{subject}large by [{', '.join(texts)}] at every point"
        else:
            words = f"{subject}large by the same array at every point"
        yield Finding("difference", name, where, first, True, words)

    def _varies(self, numbers: Array) -> bool:
        return bool((np.ptp(numbers, axis=0) > 1e-6 * np.abs(numbers).max(axis=0)).any())

    def values(self, argument: Argument, name: str, where: str = "") -> Iterator[Finding]:
        """A ratio or a difference that follows a number of the function."""
        yield from self._ratio_of_values(argument, name, where)
        yield from self._difference_of_values(argument, name, where)

    def _ratio_of_values(self, argument: Argument, name: str, where: str) -> Iterator[Finding]:
        ratio = argument.yours / argument.ours
        telling = (np.abs(argument.ours) > CONDITION * argument.room) & (
            np.abs(argument.yours) > CONDITION * argument.room
        )
        if not near(argument.yours, argument.ours, argument.room)[~telling].all():
            zero = np.abs(argument.ours) <= argument.room
            if not (np.abs(argument.yours) <= argument.room)[zero & ~telling].all():
                return
        error = self.exact + 4.0 * argument.room / np.minimum(
            np.abs(argument.ours), np.abs(argument.yours)
        )
        yield from self._of_a_square(ratio, error, telling, name, where)
        for quantity, power, factor in self._powers(ratio, error, telling, argument):
            yield self._by_value(quantity.name, power, factor, name, where)
            return
        yield from self._replaced(ratio, error, telling, name, where)

    def _of_a_square(
        self, ratio: Array, error: Array, telling: Mask, name: str, where: str
    ) -> Iterator[Finding]:
        """A ratio that is a multiple of the result plus a constant: the gradient of a square."""
        root = np.broadcast_to(self.root[:, None], ratio.shape)[telling] if self.root.size else None
        if root is None or telling.any(axis=1).sum() < FEWEST + 1:
            return
        low, high = root.argmin(), root.argmax()
        target, rooms = ratio[telling], error[telling]
        slope = (target[high] - target[low]) / (root[high] - root[low])
        offset = target[low] - slope * root[low]
        size = np.abs(slope * root) + abs(offset)
        if (
            not np.isfinite(slope)
            or not (np.abs(slope * root + offset - target) <= 4.0 * rooms * size).all()
        ):
            return
        center = -offset / slope
        if abs(slope) <= 1e-9 * abs(offset):
            return
        if abs(center) <= 1e-9 * np.abs(root).max():
            return  # the result itself is the factor
        text = recognized(center, self.constants, self.exact) or number(center)
        scale = recognized(0.5 * slope, self.constants, self.exact) or number(0.5 * slope)
        minus = f"+ {text[1:]}" if text.startswith("-") else f"- {text}"
        words = (
            "the gradient of {argument}{place} is that of "
            f"{'' if scale == '1' else f'{scale} * '}(result {escaped(minus)}) ** 2, not of the result"
        )
        yield Finding("square", name, where, float(center), True, words)

    def _replaced(
        self, ratio: Array, error: Array, telling: Mask, name: str, where: str
    ) -> Iterator[Finding]:
        """One number of the function in the place of another, as a factor."""
        rows = telling.any(axis=1)
        if rows.sum() < FEWEST:
            return
        for shape in ((len(ratio),), ratio.shape):
            several = [x for x in self.quantities if x.numbers.shape == shape]
            if not several or len(several) > MOST_PAIRED:
                continue
            if len(shape) == 1:
                target = _first(ratio, telling)[rows]
                if not (np.abs(ratio[rows] - target[:, None]) <= error[rows] * np.abs(ratio[rows]))[
                    telling[rows]
                ].all():
                    continue
                table = np.array([x.numbers[rows] for x in several])
                rooms = error.max(axis=1, where=telling, initial=self.exact)[rows]
            else:
                target, rooms = ratio[telling], error[telling]
                table = np.array([x.numbers[telling] for x in several])
            # ratio * below = above
            products = table * target
            for below, product in enumerate(products):
                size = np.maximum(np.abs(table), np.abs(product))
                for sign in (1.0, -1.0):
                    fits = (np.abs(sign * table - product) <= (rooms + 1e-12) * size).all(axis=1)
                    fits &= np.isfinite(size).all(axis=1) & (size > 0.0).all(axis=1)
                    for above in np.flatnonzero(fits):
                        if above == below:
                            continue
                        opposite = " with the opposite sign" if sign < 0.0 else ""
                        words = (
                            f"the gradient of {{argument}}{{place}} has {escaped(several[above].name)} "
                            f"as a factor where {escaped(several[below].name)} belongs{opposite}"
                        )
                        yield Finding("factor", name, where, template=words)
                        return

    def _powers(
        self, target: Array, error: Array, telling: Mask, argument: Argument
    ) -> Iterator[tuple[Quantity, float, float]]:
        """The quantities that some numbers are a power of, times a constant."""
        rows = telling.any(axis=1)
        if rows.sum() < FEWEST:
            return
        # One number for each point, if all elements agree.
        column = np.where(telling, target, np.nan)
        uniform = _first(target, telling)
        agreed = not telling.any() or bool(
            (np.abs(column - uniform[:, None]) <= error * np.abs(target))[telling].all()
        )
        found: list[tuple[tuple[int, ...], Quantity, float, float]] = []
        length = Quantity("its own length", np.linalg.norm(argument.ours, axis=1), 1)
        for quantity in (*self.quantities, *([length] if argument.ours.shape[1] > 1 else [])):
            numbers = quantity.numbers
            if numbers.ndim == 1 and not agreed:
                continue
            if numbers.ndim == 2 and numbers.shape != target.shape:
                continue
            grid = np.broadcast_to(numbers[:, None] if numbers.ndim == 1 else numbers, target.shape)
            for rank, power in enumerate(POWERS):
                raised = (
                    np.sign(grid) ** (power % 2) * np.abs(grid) ** power
                    if abs(power) >= 1
                    else grid**power
                )
                factors = (target / raised)[telling]
                if not np.isfinite(factors).all():
                    continue
                factor = float(np.median(factors))
                if not (
                    np.abs(factors - factor) <= (error[telling] + 1e-12) * abs(factor) * 4.0
                ).all():
                    continue
                if np.ptp(np.abs(grid[telling])) <= 1e-6 * np.abs(grid[telling]).max():
                    continue  # a constant
                known = recognized(factor, self.constants, self.exact)
                plain = abs(abs(factor) - 1.0) < 1e-6
                found.append(((not plain, not known, quantity.rank, rank), quantity, power, factor))
        for _, quantity, power, factor in sorted(found, key=lambda x: x[0])[:1]:
            yield quantity, power, factor

    def _by_value(self, value: str, power: float, factor: float, name: str, where: str) -> Finding:
        text = f"sqrt({value})" if abs(power) == 0.5 else value
        if POWERS[power] and " " in text:
            text = f"({text})"
        text = escaped(text + POWERS[power])
        spelled = recognized(factor, self.constants, self.exact) or number(factor)
        words = "the gradient of {argument}{place} is the right one"
        if spelled == "-1":
            words += " with the opposite sign,"
        elif spelled != "1":
            words += f" times {spelled} and"
        if power > 0.0:
            words += f" multiplied by {text} at every point: there is a factor {text} too many"
        else:
            words += f" divided by {text} at every point: the factor {text} is missing"
        plain = abs(power) == 1.0 and spelled == "1"
        return Finding("factor" if plain else "power", name, where, factor, True, words)

    def _difference_of_values(self, argument: Argument, name: str, where: str) -> Iterator[Finding]:
        """A difference that is proportional to a number of the function."""
        off = argument.yours - argument.ours
        size = np.maximum(np.abs(argument.yours), np.abs(argument.ours))
        telling = np.abs(off) > CONDITION * np.maximum(argument.room, 1e-14 * size)
        rows = telling.any(axis=1)
        if rows.sum() < FEWEST:
            return
        gradients = [
            Quantity(f"the gradient of {x.name}", x.ours, 5)
            for x in self.arguments
            if x is not argument and x.ours.shape == off.shape
        ]
        found: list[tuple[tuple[int, ...], Quantity, float]] = []
        for quantity in (*self.quantities, *gradients):
            numbers = quantity.numbers
            if numbers.ndim == 2 and numbers.shape != off.shape:
                continue
            grid = np.broadcast_to(numbers[:, None] if numbers.ndim == 1 else numbers, off.shape)
            factors = (off / grid)[telling]
            if not np.isfinite(factors).all():
                continue
            factor = float(np.median(factors))
            if not near(argument.ours + factor * grid, argument.yours, argument.room * 4.0).all():
                continue
            if np.ptp(np.abs(grid[telling])) <= 1e-6 * np.abs(grid[telling]).max():
                continue
            known = recognized(factor, self.constants, self.exact)
            found.append(((not known, quantity.rank), quantity, factor))
        if not found:
            yield from self._swapped(argument, off, name, where)
        for _, quantity, factor in sorted(found, key=lambda x: x[0])[:1]:
            spelled = recognized(factor, self.constants, self.exact) or number(factor)
            value = quantity.name
            if not value.isidentifier() and not value.startswith("the gradient"):
                value = f"({value})"
            times = spelled.removeprefix("-")
            term = escaped(value if times == "1" else f"{times} * {value}")
            how = "lacks the term" if spelled.startswith("-") else "has an extra term"
            words = f"the gradient of {{argument}}{{place}} {how} {term}"
            yield Finding("term", name, where, factor, True, words)

    def _swapped(self, argument: Argument, off: Array, name: str, where: str) -> Iterator[Finding]:
        """One number of the function in the place of another, as a term."""
        for shape in ((len(off),), off.shape):
            several = [x for x in self.quantities if x.numbers.shape == shape and x.rank <= 1]
            if not several or len(several) > MOST_PAIRED:
                continue
            table = np.array([x.numbers for x in several])
            if len(shape) == 1:
                table = np.repeat(table[:, :, None], off.shape[1], axis=2)
            for below in range(len(several)):
                moved = table[below] + off
                room = argument.room * 4.0 + 1e-14 * np.abs(table[below])
                fits = near(table, np.broadcast_to(moved, table.shape), room).all(axis=(1, 2))
                for above in np.flatnonzero(fits):
                    if above != below:
                        words = (
                            f"the gradient of {{argument}}{{place}} has the term "
                            f"{escaped(several[above].name)} where {escaped(several[below].name)} belongs"
                        )
                        yield Finding("term", name, where, template=words)
                        return

    # --- Some elements ----------------------------------------------------------------------------

    def _some_elements(self, argument: Argument) -> Iterator[Finding]:
        """Elements that alone are wrong, and how."""
        bad = argument.bad.any(axis=0)
        if bad.all():
            return
        where = f" in {self.elements(argument.shape, bad)}"
        part = argument.part(bad)
        yield from self._with(self, part, where, " (the other elements are right)")

    def _some_points(self, argument: Argument) -> Iterator[Finding]:
        """Points at which alone it is wrong, such as those where an element is negative, and how."""
        bad = argument.bad
        telling = bad | (np.abs(argument.ours) > CONDITION * argument.room)
        for word, side in (("< 0", argument.data < 0.0), ("> 0", argument.data > 0.0)):
            here, there = telling & side, telling & ~side
            if (bad == here)[telling].all() and min(here.sum(), there.sum()) >= FEWEST:
                where, mask = f" where {argument.name} {word}", here
                break
        else:
            where, mask = " where it is wrong", bad
        if mask.all() or mask.sum() < FEWEST:
            return
        yield from self._with(
            self.within(mask), argument.within(mask), where, " (elsewhere it is right)"
        )

    def _with(
        self, relations: "Relations", part: Argument, where: str, rest: str
    ) -> Iterator[Finding]:
        """The relations of a part of an argument."""
        for finding in (
            *relations.alike(part, part.name, where),
            *relations.values(part, part.name, where),
        ):
            template = finding.template + rest
            yield Finding(finding.kind, part.name, where, finding.number, True, template)
            return

    def within(self, mask: Mask) -> "Relations":
        """The relations of some elements at some points, each of which counts as a point."""
        quantities = []
        for x in self.quantities:
            numbers = x.numbers[:, None] if x.numbers.ndim == 1 else x.numbers
            if numbers.shape in (mask.shape, (len(mask), 1)):
                quantities.append(x._replace(numbers=np.broadcast_to(numbers, mask.shape)[mask]))
        return Relations(self.arguments, quantities, self.constants, self.exact)

    def _wrong_elements(self, argument: Argument) -> Iterator[Finding]:
        """The elements, or the sign of them, that alone are wrong, however they are."""
        bad = argument.bad.any(axis=0)
        if not bad.all():
            where = f" in {self.elements(argument.shape, bad)}"
            words = "the gradient of {argument} is wrong{place} only, and right in the others"
            yield Finding("elements", argument.name, where, template=words)
            return
        telling = argument.bad | (np.abs(argument.ours) > CONDITION * argument.room)
        for word, side in (("< 0", argument.data < 0.0), ("> 0", argument.data > 0.0)):
            here, there = telling & side, telling & ~side
            if (argument.bad == here)[telling].all() and min(here.sum(), there.sum()) >= FEWEST:
                where = f" where {argument.name} {word}"
                words = "the gradient of {argument} is wrong{place} only, and right elsewhere"
                yield Finding("elements", argument.name, where, template=words)

    @staticmethod
    def element(shape: tuple[int, ...], flat: int) -> str:
        """The index of an element, as it is written."""
        index = np.unravel_index(flat, shape)
        return f"[{', '.join(map(str, index))}]"

    def elements(self, shape: tuple[int, ...], chosen: Mask) -> str:
        """Some elements of an array, in words."""
        grid = chosen.reshape(shape)
        if grid.ndim == 2:
            row, column = np.indices(grid.shape)
            last = [size - 1 for size in grid.shape]
            corners = {
                "its diagonal": row == column,
                "all but its diagonal": row != column,
                "its lower triangle": row >= column,
                "its upper triangle": row <= column,
                "what is below its diagonal": row > column,
                "what is above its diagonal": row < column,
                "its first row and its first column": (row == 0) | (column == 0),
                "its last row and its last column": (row == last[0]) | (column == last[1]),
                "its border": (row % last[0] == 0) | (column % last[1] == 0)
                if min(last)
                else grid & False,
            }
            for title, mask in corners.items():
                if (grid == mask).all():
                    return title
            rows, columns = grid.all(axis=1), grid.all(axis=0)
            for title, full, lines in (
                ("row", rows, grid.any(axis=1)),
                ("column", columns, grid.any(axis=0)),
            ):
                if (full == lines).all():
                    numbers = [str(i) for i in np.flatnonzero(full)]
                    return f"{title}{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
        listed = [self.element(shape, int(i)) for i in np.flatnonzero(chosen)]
        more = f" and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""
        word = "elements" if len(listed) > 1 else "element"
        return f"{word} {', '.join(listed[:MOST_LISTED])}{more}"


def _first(numbers: Array, telling: Mask) -> Array:
    """For each point, the first of its numbers that tell something; nan if none does."""
    first = np.take_along_axis(numbers, telling.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(telling.any(axis=1), first, np.nan)
