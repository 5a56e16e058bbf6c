"""`Record`, what a node stores, and how a node tells whether it is out of date.

Two clocks run for all nodes: eras, which begin with each function that is differentiated, and
assignments to the data of any of them. In the native form of the core, its own type takes the place
of `Record`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from autograd.forms import native, take_functions
from autograd.op import Op
from autograd.reals import real
from autograd.sealing import refuse, seals

_era = _assignments = 0


class Record:
    """The fields of a node."""

    __slots__ = (
        "_dx", "_dy", "_grad", "_number", "_past", "_wide", "_x", "_y", "name", "op",
    )  # fmt: skip

    _number: float
    _x: Record | None
    _y: Record | None
    _dx: float
    _dy: float
    _wide: tuple[object, ...] | None
    _grad: float
    _past: int | Order | None
    """For a leaf, the era that it was made in. For another node, the number of assignments when its
    graph was last found to follow from its numbers (None at first, as it does if there have been
    none); after `forward()`, its order, too."""
    name: str | None
    op: Op | None

    @property
    def data(self) -> float:
        """The number. Assigning to it changes only this Value; what was computed from it stays as
        it was until `forward()`.
        """
        if seals:
            bar("reading .data", self)
        return self._number

    @data.setter
    def data(self, data: float) -> None:
        global _assignments
        if seals:
            bar("assigning to .data", self)
        _assignments += 1
        self._number = data if type(data) is float else converted(self, "data", data)

    @property
    def grad(self) -> float:
        """The gradient `backward()` has accumulated, 0.0 at first. Assigning None resets it."""
        if seals:
            bar("reading .grad", self)
        return self._grad

    @grad.setter
    def grad(self, grad: float | None) -> None:
        if seals:
            bar("assigning to .grad", self)
        self._grad = grad if type(grad) is float else converted(self, "grad", grad)

    def _begin(self, number: float) -> None:
        """Be a leaf with this number, and without a name."""
        self._number = number
        self._x = self._y = self._wide = self.op = self.name = None
        self._dx = self._dy = self._grad = 0.0
        self._past = _era

    def _born(self) -> None:
        """Remember the era a leaf was made in, or that the graph of another may be outdated."""
        self._past = _era if self.op is None else -1

    @property
    def _settled(self) -> bool:
        """Whether its graph was found to follow from its numbers, with none assigned since."""
        past = self._past
        when = past.settled if isinstance(past, Order) else past
        return self.op is None or (when or 0) == _assignments

    def _settle(self) -> None:
        """Remember that its graph follows from its numbers."""
        if isinstance(self._past, Order):
            self._past.settled = _assignments
        else:
            self._past = _assignments

    def _operands_changed(self) -> None:
        """Forget what followed from the operands."""
        if self.op is not None:
            self._past = -1


class Order(dict[Record, None]):
    """Everything that a node was computed from, in topological order; without the node itself, as
    that would be a reference cycle."""

    settled: int | None = None
    """The number of assignments when the graph was last found to follow from its numbers."""


def title(node: Record) -> str:
    """A node as messages call it."""
    return f"the Value {node.name!r}" if node.name else "a Value"


def bar(act: str, node: Record) -> None:
    """Raise a RuntimeError if a function is recorded in this thread, and something is done to a
    node that must not be done there."""
    name = node.name
    refuse(act, title(node), name if name and name.isidentifier() else None)


def new_era() -> int:
    """Begin an era. A leaf remembers the era that it was made in."""
    global _era
    _era += 1
    return _era


def converted(node: Record, attribute: str, number: float | None) -> float:
    """The number that is assigned to an attribute of a node, as a float."""
    if number is None and attribute == "grad":
        return 0.0
    return real(number, f"the {attribute} of {title(node)}")


def older_leaf(order: Iterable[Record], era: int) -> bool:
    """Whether a leaf among these nodes existed when an era began."""
    return any(node.op is None and cast(int, node._past) < era for node in order)


if native is not None:
    take_functions(globals(), "new_era older_leaf")
    if not TYPE_CHECKING:
        Record = native.Record
