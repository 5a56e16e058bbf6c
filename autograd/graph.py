"""`Node`, the element of a graph, and what a graph can do: order, gradients, recomputation.

A node is the record of one number and of how it was computed: the operation `op` that made it
(None for a leaf), its operands and its derivatives with respect to each of them. Most nodes have
one or two operands, `_x` and `_y` with the partial derivatives `_dx` and `_dy`; where there may be
more, `_wide` has them all. An operand that is a constant is None, and the constant takes the place
of its partial derivative; a missing operand is None with 0.0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple, Never, Self, TypeAlias, TypeVar, cast

from autograd.forms import native, take_functions
from autograd.op import Op
from autograd.reals import kind_of, real
from autograd.record import Order, Record, bar
from autograd.sealing import seals

Operand: TypeAlias = "Node | float"


class Wide(NamedTuple):
    """The parts of a node that most nodes do without."""

    operands: tuple[Node | None, ...]
    """All the operands if there may be more than two, None for a constant; otherwise empty."""
    partials: tuple[float, ...]
    """The partial derivatives with respect to these, or the constants."""
    seen: tuple[float, ...]
    """The value, and the numbers that a custom operation was applied to; empty for one of the
    library's."""


def _unknown(others: Collection[str]) -> str:
    """The message on arguments of a Value that it does not take."""
    if "requires_grad" in others:
        remedy = "every one has a gradient"
    elif "label" in others:
        remedy = "the label is its name, Value(2.0, name='a')"
    else:
        remedy = "an operation records what it was computed from"
    if "requires_grad" not in others:
        remedy += "; programs for micrograd run after `import autograd.micrograd`"
    given = f", not {', '.join(others)}" if others else " alone"
    return f"a Value takes its data and a name{given}: {remedy}"


class Node(Record):
    """A number, the operation that it is the result of, its operands and partial derivatives."""

    __slots__ = ()

    _x: Node | None
    _y: Node | None
    _wide: Wide | None

    def __init__(self, data: float, name: str | None = None, *more: Never, **others: Never) -> None:
        if more or others:
            raise TypeError(_unknown(others))
        if isinstance(data, Node):
            raise TypeError("this is a Value already: use it as it is, or a copy made by .detach()")
        self._begin(real(data, "the data of a Value"))
        if name is not None:
            if isinstance(name, tuple):
                raise TypeError(_unknown(()))
            self.named(name)

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The Values and constants (as floats) that it was computed from, one entry per use."""
        if self._wide is None or not self._wide.operands:
            x = self._dx if self._x is None else self._x
            y = self._dy if self._y is None else self._y
            return (x, y)[: self._count()]
        nodes, numbers, _ = self._wide
        return tuple([numbers[place] if x is None else x for place, x in enumerate(nodes)])

    @property
    def partials(self) -> tuple[float, ...]:
        """The derivative of the Value with respect to each operand, as it was when the operation
        took place; 0.0 for a constant.
        """
        if seals:
            bar("reading .partials", self)
        nodes, numbers = self._slots()
        return tuple([0.0 if x is None else numbers[place] for place, x in enumerate(nodes)])

    def _slots(self) -> tuple[tuple[Node | None, ...], tuple[float, ...]]:
        """The operands, None for a constant, and the partial derivatives, or the constants."""
        if self._wide is not None and self._wide.operands:
            return self._wide[:2]
        count = self._count()
        if count == 2:
            return (self._x, self._y), (self._dx, self._dy)
        return ((self._x,), (self._dx,)) if count else ((), ())

    def _count(self) -> int:
        """How many operands there are, unless they are in `_wide`."""
        return 0 if self.op is None else self.op.arity or 0

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
            raise TypeError(f"a name must be a string, not {kind_of(name)}")
        self.name = None if name is None else str.__str__(name)  # not one of a subclass
        return self

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"Value(data={self._number!r}, grad={self._grad!r}{name})"

    def __format__(self, specification: str) -> str:
        return format(self._number, specification) if specification else str(self)

    # --- Its graph --------------------------------------------------------------------------------

    def backward(self, grad: float = 1.0) -> None:
        """Add the derivative of this Value with respect to every Value it was computed from.

        The derivatives are added to the `grad` of each, since a Value may be used in several
        places; `zero_grad()` clears them.

        Args:
            grad: what this Value contributes to the quantity that is differentiated.

        Raises:
            TypeError: if `grad` is not a real number.

        Example:
            >>> from autograd import Value
            >>> x, y = Value(2.0), Value(5.0)
            >>> (x * y).backward()
            >>> x.grad, y.grad
            (5.0, 2.0)
        """
        if seals:
            bar("backward()", self)
        accumulate(self, real(grad, "the grad of backward"))

    def zero_grad(self) -> None:
        """Set `grad` to 0.0 on this Value and on everything it was computed from.

        Example:
            >>> from autograd import Value
            >>> x = Value(2.0)
            >>> y = x * x
            >>> y.backward()
            >>> y.zero_grad()
            >>> x.grad
            0.0
        """
        if seals:
            bar("zero_grad()", self)
        clear(self)

    def forward(self) -> float:
        """Compute the recorded graph anew, in place, after the data of its leaves has changed.

        Values and partial derivatives are updated, `grad` is left alone. Only what was recorded is
        repeated: a branch that Python took on `if x > 0` stays taken, a plain number stays the
        number it was.

        Returns:
            The new data.

        Example:
            >>> from autograd import Value
            >>> x = Value(2.0)
            >>> y = x * x
            >>> x.data = 3.0
            >>> y.forward()
            9.0
        """
        if seals:
            bar("forward()", self)
        recompute(self)
        return self._number

    if TYPE_CHECKING:  # every node is a Value, which defines these

        def __add__(self, other: Operand) -> Node: ...
        def __radd__(self, other: float) -> Node: ...
        def __mul__(self, other: Operand) -> Node: ...
        def __rmul__(self, other: float) -> Node: ...
        def __neg__(self) -> Node: ...


N = TypeVar("N", bound=Node)


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


def topological_order(root: N) -> list[N]:
    """Every node that `root` was computed from, operands before the nodes that use them.

    A depth-first search with a stack of its own, so that a graph may be of any depth. The order
    depends on nothing but the graph: constants are left out, `root` is last.

    Raises:
        TypeError: if `root` is not a Value.

    Example:
        >>> from autograd import Value, topological_order
        >>> a, b = Value(2.0, name="a"), Value(3.0, name="b")
        >>> [node.name for node in topological_order((a * b).named("product"))]
        ['a', 'b', 'product']
    """
    require_value(root, "topological_order")
    return sort(root)


def require_value(item: object, taker: str) -> None:
    """Raise a TypeError unless a function was given a Value."""
    if not isinstance(item, Node):
        raise TypeError(f"{taker} takes a Value, not {kind_of(item)}")


def sort(*roots: N, first: Iterable[N] = ()) -> list[N]:
    """The topological order of the graphs of several roots, without the check of the argument.

    The nodes `first` come first, as they stand, and the search goes no further down than to them.
    """
    return list(_ordered(*roots, first=first))


def _ordered(*roots: N, first: Iterable[N] = ()) -> dict[N, None]:
    """The topological order as the keys of a dict, which have an order and are quickly found."""
    order = dict.fromkeys(first)
    if len(roots) == 1 and not order and isinstance(roots[0]._past, Order):
        return {**cast(dict[N, None], roots[0]._past), roots[0]: None}
    for root in roots:
        if root not in order:
            _search(root, cast(dict[Node, None], order))
    return order


def _search(root: Node, done: dict[Node, None]) -> None:
    """The depth-first search from a node that is not done yet."""
    path: list[Node | None] = []  # nodes that wait for operands; below a None, one to be visited
    node: Node | None = root
    while node is not None:
        x, y = node._x, node._y
        if y is not None and y not in done:
            path.append(node)
            if x is not None and x not in done:
                path += y, None
                node = x
            else:
                node = y
            continue
        if x is not None:
            if x not in done:
                path.append(node)
                node = x
                continue
        elif y is None and node._wide is not None:
            operands = reversed(node._wide.operands)
            fresh = [z for z in operands if z is not None and z not in done]
            if fresh:
                path.append(node)
                node = fresh.pop()
                for z in fresh:
                    path += z, None
                continue
        done[node] = None
        while path:
            node = path.pop()
            if node is None:
                node = path.pop()
                if node not in done:
                    break
            else:
                done[node] = None
        else:
            node = None


def accumulate(root: Node, seed: float) -> None:
    """Add the derivative of the root, times the seed, to the grad of all it was computed from."""
    adjoints = cast("dict[Node, float | None]", _ordered(root))
    adjoints[root] = seed
    backward_sweep(adjoints)
    for node, adjoint in adjoints.items():
        if adjoint is not None:
            node._grad += adjoint


def clear(root: Node) -> None:
    """Set the grad of everything that the root was computed from to 0."""
    for node in sort(root):
        node._grad = 0.0


def backward_sweep(adjoints: dict[Node, float | None]) -> None:
    """Fill in the adjoint of every node: the derivative of the seeded nodes with respect to it.

    The nodes are the keys of `adjoints`, in topological order, with the seeds at the roots and
    None everywhere else. The sweep goes from the roots to the leaves, pushing adjoint times partial
    along every edge; when a node is reached, everything that uses it has contributed. None remains
    where nothing flows (into a node that a maximum did not pick, say).
    """
    for node, adjoint in reversed(adjoints.items()):
        if adjoint is None or (op := node.op) is None:
            continue
        x, y = node._x, node._y
        if x is not None:
            partial = node._dx
            if partial or not op.selects:
                before = adjoints[x]
                adjoints[x] = adjoint * partial if before is None else before + adjoint * partial
        elif y is None and node._wide is not None:
            operands, partials, _ = node._wide
            for operand, partial in zip(operands, partials, strict=True):
                if operand is not None and (partial or not op.selects):
                    before, flow = adjoints[operand], adjoint * partial
                    adjoints[operand] = flow if before is None else before + flow
            continue
        if y is not None:
            partial = node._dy
            if partial or not op.selects:
                before = adjoints[y]
                adjoints[y] = adjoint * partial if before is None else before + adjoint * partial


def forward_sweep(tangents: dict[Node, float | None]) -> None:
    """Fill in the tangent of every node: its derivative in the direction of the seeds.

    The nodes are the keys of `tangents`, in topological order, with the seeds at the leaves and
    None everywhere else. The sweep goes from the leaves to the roots, pulling tangent times partial
    along every edge. None remains where nothing flows.
    """
    for node, tangent in tangents.items():
        if tangent is not None or (op := node.op) is None:
            continue
        x, y = node._x, node._y
        if x is not None:
            flow, partial = tangents[x], node._dx
            if flow is not None and (partial or not op.selects):
                tangent = flow * partial
        elif y is None and node._wide is not None:
            operands, partials, _ = node._wide
            for operand, partial in zip(operands, partials, strict=True):
                if operand is not None and (partial or not op.selects):
                    flow = tangents[operand]
                    if flow is not None:
                        tangent = flow * partial if tangent is None else tangent + flow * partial
        if y is not None:
            flow, partial = tangents[y], node._dy
            if flow is not None and (partial or not op.selects):
                tangent = flow * partial if tangent is None else tangent + flow * partial
        if tangent is not None:
            tangents[node] = tangent


def recompute(root: Node) -> None:
    """Compute the values and the partials of a graph anew, in place, in topological order."""
    order = root._past
    if not isinstance(order, Order):
        past, order = order, Order(cast(dict[Record, None], _ordered(root)))
        order.settled = past
        del order[root]
        root._past = order
    for node in (*order, root):
        op = node.op
        if op is None:
            continue
        forward, dx_of, dy_of = op.rules
        if dy_of is not None:  # two operands; and finite, as it nearly always is
            left, right, dx, dy = node._x, node._y, node._dx, node._dy
            x = dx if left is None else left._number
            y = dy if right is None else right._number
            try:
                number = forward(x, y)
                if number - number == 0.0:
                    if op.sums and dx == dx and dy == dy:
                        node._number = number  # the partials are 1 or -1 as before
                        continue
                    dx = x if left is None else dx_of(number, x, y)
                    dy = y if right is None else dy_of(number, x, y)
                    if dx - dx == dy - dy == 0.0:
                        node._number, node._dx, node._dy = number, dx, dy
                        continue
            except (ArithmeticError, ValueError):
                pass
        renew(node)


def renew(node: Node) -> None:
    """Compute a node anew from its operands, whatever it is and wherever they are."""
    op, wide = node.op, node._wide
    if op is None:
        return
    node._number, numbers, seen = anew(node, op)
    if wide is None or not wide.operands:
        node._dx, node._dy = (*numbers, 0.0)[:2]
        numbers = ()
    if wide is not None:
        node._wide = Wide(wide.operands, numbers, seen)


def doubtful(order: Iterable[N]) -> list[N]:
    """The nodes that may not follow from the numbers of their operands: here, all of them."""
    return list(order)


def anew(node: Node, op: Op) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
    """The value of a node at the numbers that its operands have now, and its slots."""
    nodes, numbers = node._slots()
    data = [numbers[place] if x is None else x._number for place, x in enumerate(nodes)]
    fixed = [place for place, x in enumerate(nodes) if x is None]
    value, partials = op.evaluate(data, fixed if op.arity else ())  # as in Value._record
    slots = list(partials)
    for place in fixed:
        slots[place] = data[place]
    return value, tuple(slots), () if op.own else (value, *data)


if native is not None:
    take_functions(globals(), "accumulate clear doubtful recompute sort")
