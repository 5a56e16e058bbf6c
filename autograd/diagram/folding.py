"""How a graph is folded into boxes: Values, piles of Values that are alike, groups by their names.

A small graph is drawn Value by Value. A large one is folded until it can be taken in: the elements
of arrays and what is computed from them alike become piles, then what is used once joins what uses
it, then groups become boxes, the innermost first, and if all that is not enough what is far from
the results is one box.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from autograd.diagram.alike import Pile, piles
from autograd.diagram.groups import Group, groups, groups_around, heights
from autograd.diagram.steps import Step
from autograd.notation.names import legible

Place = Step | Pile | Group
"""A box: that of a single step, of a pile, or of a folded group."""
Places = dict[Step, Place]
"""The steps that are shown, in topological order, with the box of each."""
Frames = dict[Place, Group]
"""The groups around boxes, where they are not those that follow from the names."""

ELEMENTS = "[…]"
"""The end of the name of a frame around a pile that is open."""
LONGEST = 5
"""How many operations a formula in a box has at most."""
FEW = 40
"""How many Values of a group that is opened are drawn one by one, rather than in piles."""


class Folding:
    """A graph, and how it can be folded."""

    def __init__(self, order: Sequence[Step], roots: Collection[Step]) -> None:
        self.order, self.roots = order, roots
        self.group_of = groups(order, roots)

    @cached_property
    def pile_of(self) -> dict[Step, Pile]:
        """The pile of each step."""
        return piles(self.order, self.group_of, self.roots)

    @cached_property
    def names(self) -> dict[str, Pile | Group]:
        """All that can be opened and folded, by name."""
        piles = dict.fromkeys([*self._piles.values(), *self.formulas.values()])
        found: dict[str, Pile | Group] = {x.name: x for x in piles if isinstance(x, Pile)}
        around = (x for group in set(self.group_of.values()) for x in groups_around(group))
        found |= {".".join(group): group for group in (*around, *self.units)}
        return {legible(name): item for name, item in found.items()} | found

    @cached_property
    def units(self) -> dict[Group, list[str]]:
        """The names of the units, `neuron0`, `neuron1`, …, of which `neuron*` is one picture."""
        result: dict[Group, dict[str, None]] = defaultdict(dict)
        for step, pile in self.pile_of.items():
            group = self.group_of[step]
            for around, frame in zip(groups_around(group), groups_around(pile.frame), strict=True):
                if frame[-1] != around[-1]:
                    result[frame][around[-1]] = None
        return {frame: list(names) for frame, names in result.items()}

    @cached_property
    def first_use(self) -> dict[Step, int]:
        """For each step, how many operations come before the first that uses it."""
        height = heights(self.order)
        result = dict.fromkeys(self.order, len(self.order))
        for step in self.order:
            for x in step.operands:
                if isinstance(x, Step):
                    result[x] = min(result[x], height[step])
        return result

    def named(self, names: Collection[str], verb: str) -> list[Pile | Group]:
        """The groups and piles of the names.

        Raises:
            ValueError: if there is nothing of the name.
        """
        for name in sorted(names):
            if name not in self.names:
                choice = ", ".join(map(repr, sorted(self.names)[:FEW]))
                more = f", … and {len(self.names) - FEW} more" if len(self.names) > FEW else ""
                raise ValueError(
                    f"there is no group or array {name!r} to {verb}; there are: "
                    f"{choice or 'none'}{more}"
                )
        return [self.names[name] for name in names]

    @cached_property
    def _piles(self) -> Places:
        """Every step in its pile."""
        return {step: self._piled(step) for step in self.order}

    @cached_property
    def formulas(self) -> Places:
        """Every pile in one box with the steps without a name that it is computed by."""
        return self._joined(self._piles)

    # --- How far to fold ------------------------------------------------------------------------

    def open(self) -> Places:
        """Every step by itself."""
        return {step: step for step in self.order}

    def levels(self) -> Iterator[Places]:
        """The ways to fold the whole, from none to the most."""
        yield self.open()
        yield self._piles
        yield (places := self.formulas)
        for depth in range(max(map(len, self.group_of.values()), default=0), 0, -1):
            places = {step: self._folded(step, place, depth) for step, place in places.items()}
            yield places

    def _folded(self, step: Step, place: Place, depth: int) -> Place:
        frame = self.pile_of[step].frame
        if len(frame) < depth or any(x in self.units for x in groups_around(frame[:depth])):
            return place
        return frame[:depth]

    def _joined(self, places: Places) -> Places:
        """With what has no name and is used once in the box of what uses it.

        Elements go into what is computed from them element by element, or into a sum of them. So
        the outputs of a layer do not go into the next one, nor into a formula that is long already.
        """
        uses = Counter(x for step in self.order for x in step.operands if isinstance(x, Step))
        users: dict[Place, set[Place]] = defaultdict(set)
        last: dict[Place, None] = {}
        for step, place in places.items():
            last.pop(place, None)
            last[place] = None
            for x in step.operands:
                if isinstance(x, Step) and places[x] != place:
                    users[places[x]].add(place)
        end: dict[Place, Step | Pile] = {}
        length: Counter[Place] = Counter()
        for place in reversed(last):  # what uses something before what it uses
            if isinstance(place, tuple):
                continue
            end[place] = place
            (user, *others) = users[place] or [()]
            if not (
                others
                or isinstance(user, tuple)
                or length[end[user]] == LONGEST
                or not self._serves(place, user, uses)
            ):
                end[place] = end[user]
            length[end[place]] += 1
        made: dict[Place, Pile] = {}
        for place in end.values():
            if length[place] > 1 and place not in made:
                pile = place if isinstance(place, Pile) else self.pile_of[place]
                made[place] = replace(pile, members=[], joined=True)
        result: Places = {}
        for step, place in places.items():
            place = end.get(place, place)
            result[step] = made.get(place, place)
            if place in made:
                made[place].members.append(step)
        return result

    def _serves(self, place: Step | Pile, user: Step | Pile, uses: Counter[Step]) -> bool:
        """Whether something without a name is a part of the formula of what uses it."""
        results, of = _results(place), _results(user)
        return (
            self._frame(place) == self._frame(user)
            and (len(results) == len(of) or (of[0].op is not None and of[0].op.sums))
            and all(
                x.op is not None and not x.name and uses[x] == 1 and x not in self.roots
                for x in results
            )
        )

    def _frame(self, place: Step | Pile) -> Group:
        return place.frame if isinstance(place, Pile) else self.pile_of[place].frame

    def nearer(self, places: Places) -> Iterator[Places]:
        """The same, with less and less around the results, and the rest in one box.

        The leaves that are used there, such as weights, are always to be seen.
        """
        distance: dict[Step, int] = {}
        for step in reversed(self.order):
            away = distance.setdefault(step, 0) + 1
            for x in step.operands:
                if isinstance(x, Step) and distance.get(x, 0) < away:
                    distance[x] = away
        limit = max(distance.values())
        while limit > 0:
            limit = min(limit - 1, int(limit * 0.8))
            kept = [step for step in self.order if distance[step] <= limit]
            seen = {places[step] for step in kept} | {
                places[x]
                for step in kept
                for x in step.operands
                if isinstance(x, Step) and x.op is None
            }
            far = [step for step in self.order if places[step] not in seen]
            rest = Pile((), None, far, (len(far),), far, rest=True)
            yield {step: place if place in seen else rest for step, place in places.items()}

    # --- What is asked for ----------------------------------------------------------------------

    def parts(self, item: Pile | Group) -> int:
        """How many boxes, at most, a pile or a group opens into."""
        if not isinstance(item, Pile):
            return self._sizes[item]
        if item.joined and len(item.members) > FEW:
            return len({self.pile_of[step] for step in item.members})
        return len(item.members)

    @cached_property
    def _sizes(self) -> Counter[Group]:
        """How many boxes each group opens into."""
        direct = Counter(self.group_of.values())
        inner: dict[Group, set[Group]] = defaultdict(set)
        for group in direct:
            for x in groups_around(group):
                inner[x[:-1]].add(x)
        piles: dict[Group, set[Pile]] = defaultdict(set)
        for step, pile in self.pile_of.items():
            piles[self.group_of[step]].add(pile)
        result = Counter({plate: len(names) for plate, names in self.units.items()})
        for group in {*direct, *inner}:
            if len(inner[group]) > FEW:
                steps = [x for x in self.order if self.group_of[x][: len(group)] == group]
                result[group] += len({self.formulas[step] for step in steps})
            else:
                values = direct[group] if direct[group] <= FEW else len(piles[group])
                result[group] += values + len(inner[group])
        return result

    def opened(self, places: Places, frames: Frames, item: Pile | Group) -> tuple[Places, Group]:
        """The same, with a pile or a group open, each of its parts in one box; and their frame.

        The frames that do not follow from the names are added to `frames`. Nothing changes where
        every Value is a box already.
        """
        if isinstance(item, Pile):
            parts, frame = self._parts_of_pile(places, frames, item)
        elif item in self.units:  # side by side
            depth, frame = len(item), item
            parts = {
                step: self.group_of[step][:depth]
                for step in places
                if self.pile_of[step].frame[:depth] == item
            }
        else:
            parts, frame = self._parts_of_group(places, item), item
        if all(places[step] is step for step in parts):
            return places, frame
        frames.update((part, frame) for part in parts.values())
        return places | parts, frame

    def _parts_of_pile(self, places: Places, frames: Frames, item: Pile) -> tuple[Places, Group]:
        inner = [
            step
            for step, place in places.items()
            if isinstance(place, Pile) and place.results is item.results
        ] or [step for step in item.members if step in places]
        outer = next((frames[places[x]] for x in inner if places[x] in frames), item.frame)
        frame = *outer, item.name.removeprefix(".".join([*item.frame, ""])) + ELEMENTS
        few = not item.joined or len(inner) <= FEW
        return {step: step if few else self._piled(step) for step in inner}, frame

    def _parts_of_group(self, places: Places, item: Group) -> Places:
        """A group's parts: the groups in it, and Values, or piles where there are many."""
        inner = [step for step in places if self.group_of[step][: len(item)] == item]
        direct = [step for step in inner if self.group_of[step] == item]
        result: Places = {step: self.group_of[step][: len(item) + 1] for step in inner}
        if len(set(result.values()) - {item}) > FEW:  # too many units
            return {step: self.formulas[step] for step in inner}
        if len(direct) <= FEW:
            return result | {step: step for step in direct}
        if all(self.pile_of[step].frame == item for step in direct):
            return result | {step: self.formulas[step] for step in direct}
        within: dict[Pile, list[Step]] = defaultdict(list)
        for step in direct:
            within[self.pile_of[step]].append(step)
        for pile, steps in within.items():  # the part of it that is in this unit
            results = [x for x in pile.results if self.group_of[x] == item]
            part = replace(pile, frame=item, members=steps, results=results, shape=(len(results),))
            result |= {step: part if len(steps) > 1 else step for step in steps}
        return result

    def _piled(self, step: Step) -> Step | Pile:
        pile = self.pile_of[step]
        return pile if len(pile.members) > 1 else step

    def closed(self, places: Places, items: Collection[Pile | Group]) -> Places:
        """The same, with groups or piles as one box each, the outermost first."""
        wanted = {self.pile_of[x.results[0]] if isinstance(x, Pile) else x for x in items}

        def place(step: Step) -> Place:
            for group in groups_around(self.group_of[step]):
                if group in wanted:
                    return group
            for group in groups_around(self.pile_of[step].frame):
                if group in wanted:  # units: each is one box
                    return self.group_of[step][: len(group)]
            pile, now = self.pile_of[step], places[step]
            if pile not in wanted or (isinstance(now, Pile) and now.results is pile.results):
                return now
            return pile

        return {step: place(step) for step in places} if items else places


def _results(place: Step | Pile) -> Sequence[Step]:
    return place.results if isinstance(place, Pile) else [place]


def near(places: Places, roots: Collection[Step], depth: int) -> Places:
    """The steps whose boxes are at most `depth` arrows away from those of the results."""
    operands: dict[Place, set[Place]] = defaultdict(set)
    for step, place in places.items():
        operands[place].update(places[x] for x in step.operands if x in places)
    front = {places[root] for root in roots}
    found = set(front)
    while front and depth > 0:
        front = {operand for place in front for operand in operands[place]} - found
        found |= front
        depth -= 1
    return {step: place for step, place in places.items() if place in found}
