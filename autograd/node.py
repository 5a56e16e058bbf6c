"""`Node`: what a graph is made of, the record of one number and of how it was computed.

A node knows the operation `op` that made it (None for a leaf), its operands and its derivatives
with respect to each of them. Most nodes have one or two operands, `_x` and `_y` with the partial
derivatives `_dx` and `_dy`. Where there may be more, or where the operation is not one of the
library's, `_wide` has all of them. An operand that is a constant is None, and the constant stands
in the place of its partial derivative; what is missing is None with 0.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias

from autograd.op import Op, real

Operand: TypeAlias = "Node | float"
_era = _assignments = 0


class Wide(NamedTuple):
    """The operands of a node that does not have them in itself."""

    operands: tuple[Node | None, ...]
    partials: tuple[float, ...]
    seen: tuple[float, ...]
    """The value, and the numbers that an operation of one's own was applied to; empty for one of
    the library's."""


class Node:
    """A number, the operation that it is the result of, its operands and partial derivatives."""

    __slots__ = (
        "_dx",
        "_dy",
        "_grad",
        "_number",
        "_order",
        "_stamp",
        "_wide",
        "_x",
        "_y",
        "name",
        "op",
    )

    _number: float
    _x: Node | None
    _y: Node | None
    _dx: float
    _dy: float
    _wide: Wide | None
    _grad: float
    _order: dict[Node, None] | None
    """Everything that the node was computed from, in topological order, if `forward()` was called:
    a recorded graph never changes its shape. Without the node itself, as that would be a reference
    cycle."""
    _stamp: int
    """Of a leaf, the era that it was made in; of another node, if it has one, the number of
    assignments when its graph was last found to follow from its numbers."""
    name: str | None
    op: Op | None

    def __init__(self, data: float, name: str | None = None) -> None:
        if isinstance(data, Node):
            raise TypeError("a Value already: use it as it is, or a copy made by .detach()")
        self._number = real(data, "the data of a Value")
        self._x = self._y = self._wide = self._order = self.op = None
        self._dx = self._dy = self._grad = 0.0
        self._stamp = _era
        self.named(name)

    @property
    def data(self) -> float:
        """The number. Assigning it changes this Value alone; what was computed from it stays as it
        was until `forward()`.
        """
        return self._number

    @data.setter
    def data(self, data: float) -> None:
        global _assignments
        _assignments += 1
        self._number = data if type(data) is float else real(data, f"the data of {self._title()}")

    @property
    def grad(self) -> float:
        """What `backward()` has accumulated here, 0.0 at first. Assigning None makes it 0.0."""
        return self._grad

    @grad.setter
    def grad(self, grad: float | None) -> None:
        self._grad = 0.0 if grad is None else real(grad, f"the grad of {self._title()}")

    @property
    def operands(self) -> tuple[Operand, ...]:
        """What the Value was computed from, one entry per use, constants as floats."""
        if self._wide is None:
            x = self._dx if self._x is None else self._x
            y = self._dy if self._y is None else self._y
            return (x, y)[: 0 if self.op is None else self.op.arity]
        nodes, numbers, _ = self._wide
        return tuple([numbers[place] if x is None else x for place, x in enumerate(nodes)])

    @property
    def partials(self) -> tuple[float, ...]:
        """The derivative of the Value with respect to each operand, as it was when the operation
        happened; 0.0 for a constant.
        """
        nodes, numbers = self._slots()
        return tuple([0.0 if x is None else numbers[place] for place, x in enumerate(nodes)])

    def _slots(self) -> tuple[tuple[Node | None, ...], tuple[float, ...]]:
        """The operands, None for a constant, and the partial derivatives, or the constants."""
        if self._wide is not None:
            return self._wide[:2]
        count = 0 if self.op is None else self.op.arity
        if count == 2:
            return (self._x, self._y), (self._dx, self._dy)
        return ((self._x,), (self._dx,)) if count else ((), ())

    def named(self, name: str | None) -> Self:
        """Set the name and return this Value.

        Raises:
            TypeError: if the name is neither a string nor None.

        Example:
            >>> from autograd import Value
            >>> (Value(1.0) + 2).named("sum")
            Value(data=3.0, grad=0.0, name='sum')
        """
        if name is not None and not isinstance(name, str):
            raise TypeError(f"a name must be a string, not a {type(name).__name__}")
        self.name = name
        return self

    def _title(self) -> str:
        return f"the Value {self.name!r}" if self.name else "a Value"

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"Value(data={self._number!r}, grad={self._grad!r}{name})"

    def __format__(self, specification: str) -> str:
        return format(self._number, specification) if specification else str(self)

    # --- What becomes of a node -----------------------------------------------------------------

    def _born(self) -> None:
        """Remember the era that a leaf was made in; of another, that its graph may be outdated."""
        self._stamp = _era if self.op is None else -1

    def _older(self, era: int) -> bool:
        """Whether this leaf was there when an era began."""
        return self._stamp < era

    @property
    def _settled(self) -> bool:
        """Whether its graph was found to follow from its numbers, and none was assigned since."""
        return self.op is None or getattr(self, "_stamp", 0) == _assignments

    def _settle(self) -> None:
        """Remember that its graph follows from its numbers."""
        self._stamp = _assignments

    if TYPE_CHECKING:  # arithmetic is the affair of `Value`, and every node is one

        def __add__(self, other: Operand) -> Node: ...
        def __radd__(self, other: float) -> Node: ...
        def __mul__(self, other: Operand) -> Node: ...
        def __rmul__(self, other: float) -> Node: ...
        def __neg__(self) -> Node: ...


def new_era() -> int:
    """Begin an era. A leaf remembers the one that it was made in."""
    global _era
    _era += 1
    return _era


def number(operand: Operand) -> float:
    """The number that an operand has now."""
    return operand._number if isinstance(operand, Node) else operand


def arguments(node: Node) -> list[float]:
    """The numbers that the operands of a node have now."""
    nodes, numbers = node._slots()
    return [numbers[i] if x is None else x._number for i, x in enumerate(nodes)]


def constants(node: Node) -> list[int]:
    """The places of the operands that are constants."""
    nodes, _ = node._slots()
    return [place for place, x in enumerate(nodes) if x is None]
