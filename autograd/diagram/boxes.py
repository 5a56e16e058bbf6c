"""The boxes of a picture, with all that is written in them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from autograd.diagram import palette
from autograd.diagram.alike import Pile
from autograd.diagram.folding import Folding, Place, Places
from autograd.diagram.groups import Group, name_in
from autograd.diagram.heat import shade, shades
from autograd.diagram.scene import Box, Heat, Line
from autograd.diagram.steps import Mark, Step
from autograd.diagram.telling import Telling, size_of, some
from autograd.diagram.widths import shortened, wrapped
from autograd.diagram.words import LONGEST_FORMULA, operation, pile_formula
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.op import Op

WIDEST, WIDEST_CAUSE = 20.0, 15.0
"""The width of a line in a box, and in a mark on a cause, in units of the font's size."""
MOST_LINES = 3
"""How many lines such a mark has, apart from one that says how many more there are."""
MOST_HEATS = 3
"""How many arrays are shown in the box of a group."""


class Boxes:
    """Makes the boxes of a picture."""

    def __init__(
        self,
        folding: Folding,
        telling: Telling,
        places: Places,
        frames: Mapping[Place, Group],
        opens: Mapping[Place, str],
    ) -> None:
        self._folding, self._telling = folding, telling
        self._places, self._frames, self._opens = places, frames, opens
        self._alike: dict[tuple[Pile, Op | None], bool] = {}
        self._numbered: dict[Place, Step] = {}
        self._members: dict[Place, list[Step]] = defaultdict(list)
        for step, place in places.items():
            self._members[place].append(step)
        self.keys = {place: f"box{count}" for count, place in enumerate(self._members)}
        self._outward = {
            x
            for step, place in places.items()
            for x in step.operands
            if isinstance(x, Step) and places.get(x) != place
        }.union(folding.roots)

    def all(self) -> list[Box]:
        """The boxes, in the order of the first Values in them."""
        return [self._box(place) for place in self._members]

    @property
    def numbered(self) -> dict[str, Step]:
        """The steps whose numbers stand in boxes, by the keys of these, once there are boxes."""
        return {self.keys[place]: step for place, step in self._numbered.items()}

    def shown(self) -> dict[str, Sequence[Step]]:
        """The steps in each box, by its key."""
        return {self.keys[place]: members for place, members in self._members.items()}

    def shows(self, step: Step) -> bool:
        """Whether it is the value of a step that its box shows, not that of what comes of it."""
        return self._places[step] is step or step in self._outward

    def _box(self, place: Place) -> Box:
        if isinstance(place, Step):
            return self._value(place)
        if isinstance(place, Pile):
            return self._rest(place) if place.rest else self._pile(place)
        return self._group(place)

    def _value(self, step: Step) -> Box:
        frame, root = self._frames[step], step in self._folding.roots
        lines = _name_lines(name_in(frame, step.name)) if step.name else []
        if not step.name and (step.op is None or root):
            lines.append(Line("name", self._telling.label(step)))
        if step.op is not None:
            lines.append(Line("operation", shortened(operation(step), 32) or "·"))
        lines += self._numbers(step, step)
        mark = worst(step.marks)
        lines += [Line("mark", mark.text, mark.color) for mark in step.marks if not mark.hint]
        return Box(
            self.keys[step],
            "leaf" if step.op is None else "operation",
            [*lines, *causes(step.marks)],
            "\n".join([*self._telling.told(step), *hints(step.marks)]),
            frame,
            root=root,
            dead=not step.alive,
            tint=shade(step.grad, self._telling.largest),
            color=mark.color if mark else None,
        )

    def _numbers(self, place: Place, step: Step) -> list[Line]:
        self._numbered[place] = step
        data = Line("data", f"data {number(step.data)}")
        if not self._telling.swept:
            return [data]
        return [data, Line("grad", f"grad {number(step.grad)}")]

    def _pile(self, pile: Pile) -> Box:
        members = set(self._members[pile])
        results = [x for x in pile.results if x in members] or self._members[pile][-1:]
        shape = pile.shape if len(results) == len(pile.results) else (len(results),)
        first, single = results[0], len(results) == 1
        lines = _name_lines(pile.label) if pile.label else []
        if not pile.label and (first.op is None or first in self._folding.roots):
            lines.append(Line("name", self._telling.label(first) if single else "leaves"))
        if first.op is not None:
            formula = shortened(pile_formula(first, self._part, self._same), LONGEST_FORMULA)
            lines += [Line("operation", line.strip()) for line in wrapped(formula, WIDEST)]
        if not single:
            lines.append(Line("count", size_of(shape)))
        told = self._telling.told(first) if single else self._telling.listed(results)
        return self._folded(
            pile,
            "leaf" if first.op is None else "operation",
            lines,
            [f"{legible(pile.name)}: {size_of(shape)}", *told],
            results,
            [] if single else [self._heat("", results, shape)],
        )

    def _rest(self, pile: Pile) -> Box:
        members = self._members[pile]
        words = size_of([len(members)])
        return self._folded(
            pile,
            "group",
            [Line("name", "…"), Line("count", words)],
            [f"not shown one by one: {words}", *self._telling.names(members)],
            members,
            [],
        )

    def _group(self, group: Group) -> Box:
        members = self._members[group]
        results = [x for x in members if x in self._outward]
        units = [
            f"{len(names)} unit{'s'[: len(names) != 1]}"
            for plate, names in self._folding.units.items()
            if plate[:-1] == group
        ]
        words = ", ".join([*units, size_of([len(members)])])
        return self._folded(
            group,
            "group",
            [*_name_lines(group[-1]), Line("count", words)],
            [f"{legible('.'.join(group))}: {words}", *self._telling.names(members)],
            results,
            self._arrays(members),
        )

    def _folded(
        self,
        place: Pile | Group,
        kind: Literal["leaf", "operation", "group"],
        lines: Sequence[Line],
        told: Sequence[str],
        results: Sequence[Step],
        heats: Sequence[Heat],
    ) -> Box:
        """The box of several Values. A single result is shown with its numbers."""
        members = self._members[place]
        single = results[0] if len(results) == 1 else None
        marks, note = self._marked(members)
        mark = worst(marks)
        return Box(
            self.keys[place],
            kind,
            [
                *lines,
                *(self._numbers(place, single) if single else []),
                *note,
                *causes(marks),
            ],
            "\n".join([*told, *hints(marks)]),
            self._frames[place],
            root=not set(members).isdisjoint(self._folding.roots),
            dead=not any(step.alive for step in members),
            tint=shade(single.grad, self._telling.largest) if single else 0,
            color=mark.color if mark else None,
            count=len(members if kind == "group" else results),
            heats=heats,
            opens=self._opens.get(place),
        )

    # --- What is in a folded box ----------------------------------------------------------------

    def _arrays(self, members: Sequence[Step]) -> list[Heat]:
        """The largest arrays in a group and what it hands on, in the order of their use."""
        inner = set(members)
        shown = {
            pile: [x for x in pile.results if x in inner and (x.op is None or x in self._outward)]
            for pile in dict.fromkeys(self._folding.pile_of[step] for step in members)
        }
        arrays = sorted(
            (pile for pile, steps in shown.items() if len(steps) > 1),
            key=lambda pile: (pile.results[0].op is not None, -len(shown[pile])),
        )[:MOST_HEATS]
        arrays.sort(key=lambda pile: self._folding.first_use[shown[pile][0]])
        return [
            self._heat(
                pile.label or "·",
                shown[pile],
                pile.shape if len(shown[pile]) == len(pile.results) else [len(shown[pile])],
            )
            for pile in arrays
        ]

    def _heat(self, label: str, steps: Sequence[Step], shape: Sequence[int]) -> Heat:
        data, grad = [step.data for step in steps], [step.grad for step in steps]
        swept, largest = self._telling.swept, self._telling.largest
        label = shortened(legible(label), 20)
        grads = shades(grad, shape, largest) if swept else ()
        return Heat(label, shades(data, shape), grads, steps, shape)

    def _marked(self, members: Sequence[Step]) -> tuple[list[Mark], list[Line]]:
        """All the marks within a box, and a note on the most serious one of those that have no
        hint, with how many there are like it.
        """
        found = [(step, mark) for step in members for mark in step.marks]
        inner = set(members)
        found += [
            (step, mark)
            for step in members
            for index, marks in step.arrow_marks.items()
            if step.operands[index] in inner
            for mark in marks
        ]
        marks = [mark for _, mark in found]
        mark = worst(mark for mark in marks if not mark.hint)
        if mark is None:
            return marks, []
        step, *others = [step for step, other in found if other.color == mark.color]
        words = f"{shortened(self._telling.label(step), 20)}: {mark.text}"
        more = f", and {len(others):,} more" if others else ""
        return marks, [Line("mark", words + more, mark.color)]

    def _part(self, step: Step, inside: Step) -> str | None:
        """How an operand is called in the formula of a pile, if at all; None if it is a part."""
        if step in self._places and self._places[step] == self._places[inside]:
            return None
        pile = self._folding.pile_of[step]
        if len(pile.members) > 1:
            return pile.label or ""
        return name_in(self._folding.group_of[step], step.name) if step.name else ""

    def _same(self, step: Step, index: int) -> bool:
        """Whether a constant is the same in all that is computed alike."""
        pile = self._folding.pile_of[step]
        if (pile, step.op) not in self._alike:
            found = {_constants(x) for x in pile.members if x.op is step.op} - {()}
            self._alike[pile, step.op] = len(found) == 1
        return self._alike[pile, step.op]


def _constants(step: Step) -> tuple[str, ...]:
    return tuple(sorted(repr(x) for x in step.operands if isinstance(x, float)))


def worst(marks: Iterable[Mark]) -> Mark | None:
    """The most serious of some marks."""
    return min(marks, key=lambda mark: palette.BY_SEVERITY.index(mark.color), default=None)


def causes(marks: Iterable[Mark]) -> list[Line]:
    """The first of the marks that have a hint, cut if it is long, and how many more there are."""
    found = list(dict.fromkeys(mark for mark in marks if mark.hint))
    if not found:
        return []
    first, *others = found
    lines = [line.rstrip(" ") for line in wrapped(first.text, WIDEST_CAUSE)]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]} …"]
    lines += [f"and {len(others):,} more"] if others else []
    return [Line("mark", line, first.color) for line in lines]


def hints(marks: Iterable[Mark]) -> list[str]:
    """The hints of some marks, or the first and last of them."""
    return some([*dict.fromkeys(mark.hint for mark in marks if mark.hint)], str)


def _name_lines(name: str) -> list[Line]:
    return [Line("name", line) for line in wrapped(legible(name), WIDEST)]
