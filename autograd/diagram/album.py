"""The pictures of one graph: the one that is drawn, and those with parts of it open or folded."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from math import inf
from typing import NamedTuple

from autograd.diagram.alike import Pile
from autograd.diagram.engine import REMEDY
from autograd.diagram.estimate import extent
from autograd.diagram.folding import Folding, Frames, Place, Places, near
from autograd.diagram.groups import Group, groups_around
from autograd.diagram.painter import Painter, View, arrows_of
from autograd.diagram.scene import DIRECTIONS, Direction, Scene
from autograd.diagram.steps import Step

Size = tuple[float, float]
"""The width and the height of a picture, in points."""

MOST_BOXES, MOST_ARROWS = 48, 48
"""How many of them there may be in a picture before it is folded."""
LARGEST = 3500.0, 2500.0
"""The largest picture that is not folded."""
SCREEN = 2000.0, 1400.0
"""The size below which a folded picture stays."""
MOST_OPENED = 64
"""How many boxes there may be in a picture that a click opens."""
FEWEST_PICTURES, MOST_PICTURES = 12, 60
MOST_STEPS, MOST_DRAWN = 3_000_000, 3_000
"""How many steps and how many boxes all the pictures together may have, if there are more than the
fewest: so many take a few seconds."""


class State(NamedTuple):
    """A picture, by what is opened or folded in the one that it was reached from."""

    parent: int
    item: Pile | Group
    opens: bool


class Album:
    """The pictures of a graph, and how one leads to another.

    In each picture something is open, or folded, that is not in the one it was reached from; what
    else there is to open leads to where it was first seen. So there are about as many pictures as
    there are things to open and to fold.
    """

    def __init__(
        self,
        folding: Folding,
        painter: Painter,
        *,
        everything: bool,
        opened: Collection[str],
        closed: Collection[str],
        depth: int | None,
        direction: Direction | None,
        max_nodes: int,
    ) -> None:
        self._folding, self._painter = folding, painter
        self._depth, self._direction = depth, direction
        self._max_nodes = max_nodes
        self._frames: Frames = {}
        folded = folding.named(closed, "collapse")
        if everything:
            self._piled, places = False, folding.closed(folding.open(), folded)
        else:
            self._piled, places = self._fitting(folded)
        for item in self._outermost_first(folding.named(opened, "expand"), places):
            places, _ = folding.opened(places, self._frames, item)
        self._first = self._near(places)
        self._states: list[State | None] = [None]
        self._opened: dict[int, Group] = {}
        self._keys: dict[tuple[int, Pile | Group, bool], int] = {}
        self._views: dict[int, tuple[Places, Frames]] = {0: (self._first, self._frames)}
        count = len(set(self._first.values())) + cut(self._first)
        if count > max_nodes:
            raise ValueError(
                f"the picture would have {count} boxes, more than max_nodes={max_nodes}: "
                + REMEDY.format("max_nodes")
            )

    def first(self) -> Scene:
        """The picture that is drawn."""
        return self._scene(0)

    def pictures(self) -> Iterator[tuple[str, Scene]]:
        """All the pictures with their keys; the first has the empty one."""
        number = 0
        while number < len(self._states):
            yield _key(number), self._scene(number)
            number += 1

    # --- How far to fold ------------------------------------------------------------------------

    def _fitting(self, closed: Collection[Pile | Group]) -> tuple[bool, Places]:
        """How to fold so that the picture fits, and whether there are piles in it.

        As little as fits a screen; otherwise as much as there is, if that is not too large; and
        otherwise also what is far from the results.
        """
        largest = None
        for count, level in enumerate(self._folding.levels()):
            places = self._folding.closed(level, closed)
            size = self._size(places, count > 0)
            if _excess(size, SCREEN if count else LARGEST) <= 1.0:
                return count > 0, places
            if count and _excess(size, LARGEST) <= 1.0:
                largest = places
        if largest is not None:
            return True, largest
        for nearer in self._folding.nearer(places):
            places = nearer
            if _excess(self._size(places, True), SCREEN) <= 1.0:
                break
        return True, places

    def _size(self, places: Places, piled: bool) -> Size:
        """The size of the picture; endless if there are too many boxes or arrows in it."""
        shown = self._near(places)
        if len(set(shown.values())) > MOST_BOXES or len(arrows_of(shown)) > MOST_ARROWS:
            return inf, inf
        view = View(shown, self._all_frames(shown, {}, piled), {}, {})
        return self._directed(self._painter.scene(view))[1]

    def _near(self, places: Places) -> Places:
        return places if self._depth is None else near(places, self._folding.roots, self._depth)

    def _directed(self, scene: Scene) -> tuple[Scene, Size]:
        """The picture in the direction that is asked for, or in which it fits best; its size."""
        choice = [self._direction] if self._direction else DIRECTIONS
        turned = [replace(scene, direction=direction) for direction in choice]
        sized = [(x, extent(x)) for x in turned]
        fitting = (x for limit in (SCREEN, LARGEST) for x in sized if _excess(x[1], limit) <= 1.0)
        return next(fitting, None) or min(sized, key=lambda x: _excess(x[1], LARGEST))

    def _outermost_first(
        self, items: Collection[Pile | Group], places: Places
    ) -> list[Pile | Group]:
        """The items that are to be opened, after the groups around them that are folded."""
        boxes = set(places.values())
        groups: set[Group] = set()
        for item in items:
            if isinstance(item, Pile):
                groups.update(group for group in groups_around(item.frame) if group in boxes)
            elif item in boxes:
                groups.add(item)
            else:
                around = groups_around(item)[:-1]
                groups.update(group for group in around if group not in self._folding.units)
                groups.add(item)
        piles = [item for item in items if isinstance(item, Pile)]
        return [*sorted(groups, key=lambda group: (len(group), group)), *piles]

    # --- From one picture to another ------------------------------------------------------------

    def _scene(self, number: int) -> Scene:
        places, frames = self._view(number)
        everywhere = self._all_frames(places, frames, self._piled)
        boxes = dict.fromkeys(places.values())
        opens = {}
        for place in boxes:
            if isinstance(place, Step) or (isinstance(place, Pile) and place.rest):
                continue
            if self._folding.parts(place) + len(boxes) <= min(MOST_OPENED, self._max_nodes):
                opens[place] = self._to(self._origin(number, place), place, True)
        around = dict.fromkeys(x for place in boxes for x in groups_around(everywhere[place]))
        closes = {group: self._closing(number, group) for group in around}
        view = View(
            places,
            everywhere,
            {place: key for place, key in opens.items() if key is not None},
            {group: key for group, key in closes.items() if key is not None},
        )
        return self._directed(self._painter.scene(view))[0]

    def _view(self, number: int) -> tuple[Places, Frames]:
        if number not in self._views:
            state = self._states[number]
            assert state is not None
            places, frames = self._view(state.parent)
            frames = dict(frames)
            if state.opens:
                places, self._opened[number] = self._folding.opened(places, frames, state.item)
            else:
                places = self._folding.closed(places, [state.item])
            self._views[number] = self._near(places), frames
        return self._views[number]

    def _origin(self, number: int, place: Place) -> int:
        """The first picture on the way to this one in which the box is seen."""
        while (state := self._states[number]) is not None:
            if place not in set(self._view(state.parent)[0].values()):
                break
            number = state.parent
        return number

    def _to(self, number: int, item: Pile | Group, opens: bool) -> str | None:
        """The key of the picture in which something is open, or folded, if there is room for it."""
        state = self._states[number]
        if state is not None and state.item == item and state.opens != opens:
            return _key(state.parent)
        if (number, item, opens) not in self._keys:
            boxes = len(set(self._first.values()))
            for many, most in ((len(self._folding.order), MOST_STEPS), (boxes, MOST_DRAWN)):
                if len(self._states) * many > most and len(self._states) > FEWEST_PICTURES:
                    return None
            if len(self._states) == MOST_PICTURES:
                return None
            self._keys[number, item, opens] = len(self._states)
            self._states.append(State(number, item, opens))
        return _key(self._keys[number, item, opens])

    def _closing(self, number: int, group: Group) -> str | None:
        """The key of the picture in which a frame that is open is one box."""
        above = number
        while (state := self._states[above]) is not None:
            if self._opened.get(above) == group:
                return _key(state.parent)
            above = state.parent
        if ".".join(group) not in self._folding.names:
            return None
        return self._to(0, group, group in self._folding.units)

    def _all_frames(self, places: Places, frames: Frames, piled: bool) -> Frames:
        result: Frames = {}
        for step, place in places.items():
            if place in result:
                continue
            if place in frames:
                result[place] = frames[place]
            elif isinstance(place, tuple):
                result[place] = place[:-1]
            elif isinstance(place, Pile):
                result[place] = place.frame
            else:
                group = self._folding.group_of[step]
                result[place] = self._folding.pile_of[step].frame if piled else group
        return result


def cut(places: Places) -> int:
    """How many boxes have operands that are not shown."""
    return len(
        {
            place
            for step, place in places.items()
            if any(isinstance(x, Step) and x not in places for x in step.operands)
        }
    )


def _excess(size: Size, limit: Size) -> float:
    """How large a picture is compared to a limit; up to 1 it fits."""
    return max(x / most for x, most in zip(size, limit, strict=True))


def _key(number: int) -> str:
    return str(number) if number else ""
