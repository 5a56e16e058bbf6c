"""A call of a function with Values in place of numbers, recorded to be differentiated."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from autograd.arrays import reworded
from autograd.derivative import derivative_graphs, recorded_partials, tangent_graphs
from autograd.elements import numbers
from autograd.graph import Node, sort
from autograd.op import Op
from autograd.record import new_era, older_leaf
from autograd.rows import adjoint_rows, second_rows, tangent_rows
from autograd.silence import recorded
from autograd.trees import Leaf, Path, Tree, flatten, keys, mapped
from autograd.value import Value, as_value, hand_on

Function = Callable[..., Any]


class _Running:
    """A call of a function that is to be differentiated, for as long as it runs."""


_here: ContextVar["ref[_Running] | None"] = ContextVar("differentiating", default=None)
"""The innermost call in this thread. An interrupt may leave one here that has ended."""


def differentiating() -> bool:
    """Whether a function that is to be differentiated is running in this thread now."""
    running = _here.get()
    return running is not None and running() is not None


class Trace(NamedTuple):
    """The arguments of a function, its result, and the graph between them."""

    name: str
    inputs: Tree
    leaves: list[Value]
    """The Values in place of the numbers of `inputs`."""
    outputs: Tree
    aux: Any
    order: list[Node]
    """The topological order of the outputs, the leaves first, without anything below those."""
    outside: bool
    """Whether the outputs depend on Values other than the leaves."""

    def value(self) -> Any:
        """The result of the function."""
        if self.outside:
            return self.outputs.build(_values(self.outputs.numbers))
        numbers = [x if type(x) is float else x._number for x in self.outputs.numbers]
        return self.outputs.build(numbers)

    def scalar(self) -> Any:
        """The one number that the function returned."""
        structure = self.outputs.structure
        if isinstance(structure, Leaf) and not structure.shape:
            return self.outputs.numbers[0]
        remedy = "take its jacobian, or make one number of it (autograd.sum, mean, dot)"
        if isinstance(structure, tuple) and len(structure) == 2:
            remedy += "; if the second part is to be handed on, pass has_aux=True"
        kind = "an" if isinstance(structure, Leaf) else f"the {type(structure).__name__}"
        raise TypeError(
            f"the result of {self.name} must be one real number, not {kind} "
            f"{self.outputs.shown()}: {remedy}"
        )

    def units(self) -> list[dict[Node, Any]]:
        """The directions in which one leaf changes."""
        return [{leaf: 1.0} for leaf in self.leaves]

    @recorded
    def pull(self, *pairs: Iterable[tuple[Any, Any]]) -> list[list[Any]]:
        """The adjoints of the leaves, from those of the roots: a list for each sweep."""
        seeds: list[dict[Node, Any]] = []
        for pair in pairs:
            adjoints: dict[Node, Any] = {}
            for root, seed in pair:
                if type(root) is not float and not _nothing(seed):
                    adjoints[root] = adjoints[root] + seed if root in adjoints else seed
            seeds.append(adjoints)
        if self._graphs(seeds):
            return [_values(derivative_graphs(self.order, x, self.leaves)) for x in seeds]
        return adjoint_rows(self.order, seeds, self.leaves)

    @recorded
    def push(self, *directions: Mapping[Node, Any]) -> list[list[Any]]:
        """The tangents of the outputs, from those of the leaves: a list for each direction."""
        seeds, outputs = _something(directions), self.outputs.numbers
        if not self._graphs(seeds):
            return tangent_rows(self.order, seeds, outputs)
        return [_values(_numbers(tangent_graphs(self.order, x), outputs)) for x in seeds]

    @recorded
    def second(
        self, roots: Sequence[Any], directions: Iterable[Mapping[Node, Any]]
    ) -> list[list[list[Any]]]:
        """For each of the roots, the tangents of the adjoints of the leaves, from those of the
        leaves: a list for each direction.
        """
        tangents = _something(directions)
        seeds: list[dict[Node, Any]] = [{} if type(x) is float else {x: 1.0} for x in roots]
        if not self._graphs(tangents):
            edges, order = recorded_partials(self.order, self.leaves)
            return [second_rows(order, edges, x, tangents, self.leaves) for x in seeds]
        result = []
        for seed in seeds:
            gradient = derivative_graphs(self.order, seed, self.leaves)
            slopes = [slope for slope in gradient if isinstance(slope, Node)]
            below = sort(*slopes, first=self.leaves)
            result.append([_values(_numbers(tangent_graphs(below, x), gradient)) for x in tangents])
        return result

    def _graphs(self, seeds: Iterable[Mapping[Node, Any]]) -> bool:
        """Whether derivatives are graphs: they are if Values from outside take part in them."""
        return self.outside or any(type(x) is not float for seed in seeds for x in seed.values())


@recorded
def traced(
    fun: Function,
    inputs: Tree,
    arguments: Callable[[Sequence[Value]], Sequence[Any]],
    has_aux: bool,
    kwargs: Mapping[str, Any] | None = None,
) -> Trace:
    """Call a function with the `arguments` made from Values in place of the `inputs`."""
    name, era = name_of(fun), new_era()
    leaves = [Value(x if type(x) is float else x._number) for x in inputs.numbers]
    before, running = _here.get(), _Running()
    _here.set(ref(running))
    try:
        with of_values(name):
            result, aux = fun(*arguments(leaves), **kwargs or {}), None
    finally:
        _here.set(before)
    if has_aux:
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            kind = type(result).__name__
            raise TypeError(f"with has_aux, {name} must return a pair (result, aux), not a {kind}")
        result, aux = result
    outputs = flatten(result, lambda path: f"the result{keys(path)} of {name}")
    # A leaf only while the function runs, so that derivatives taken within it see a Value from
    # outside. To the outside it is the argument itself, a constant or a Value from there.
    for leaf, argument in zip(leaves, inputs.numbers, strict=True):
        hand_on(leaf, argument)
    given = any(type(x) is not float for x in inputs.numbers)
    order, outside = _sorted(outputs.numbers, leaves, era)
    if given:
        for node in order:
            node._operands_changed()  # the leaves hand on what is below them now
    aux = _handed_on(aux, leaves, given, era)
    return Trace(name, inputs, leaves, outputs, aux, order, outside or given)


@contextmanager
def of_values(name: str) -> Iterator[None]:
    """Have errors of a function that is called with Values say so; in words of this library, if it
    is NumPy or SciPy that cannot take them.
    """
    note = f"{name} was called with Values, so that its result can be differentiated"
    try:
        yield
    except Exception as error:
        if (other := reworded(error)) is not None:
            other.add_note(note)
            raise other from error
        if isinstance(error, TypeError):
            error.add_note(note)
        raise


def _sorted(roots: Iterable[Any], leaves: Sequence[Value], era: int) -> tuple[list[Node], bool]:
    """The topological order down to the leaves, and whether it has other leaves from before.

    What was made during the call, by `detach()` say, is a constant.
    """
    order: list[Node] = sort(*[x for x in roots if type(x) is not float], first=leaves)
    return order, older_leaf(order, era)


def _nothing(seed: Any) -> bool:
    """Whether a seed is 0 and stays that: it brings nothing, not even where a slope is infinite."""
    return type(seed) is float and seed == 0.0


def _something(directions: Iterable[Mapping[Node, Any]]) -> list[dict[Node, Any]]:
    return [{leaf: x for leaf, x in item.items() if not _nothing(x)} for item in directions]


def _handed_on(aux: Any, leaves: Sequence[Value], given: bool, era: int) -> Any:
    """`aux` with plain numbers in place of Values if no Values from outside are in it."""
    found: list[Value] = []

    def find(item: Any, _: Path) -> None:
        items = item.flat if isinstance(item, np.ndarray) and item.dtype == object else [item]
        found.extend([x for x in items if isinstance(x, Value)])

    def number(item: Any, _: Path) -> Any:
        if isinstance(item, Value):
            return item._number
        inside = isinstance(item, np.ndarray) and any(isinstance(x, Value) for x in item.flat)
        return numbers(item) if inside else item

    mapped(find, aux)
    if not found or given or _sorted(found, leaves, era)[1]:
        return aux
    return mapped(number, aux)


def _numbers(found: Mapping[Node, Any], nodes: Iterable[Any]) -> list[Any]:
    """The number found for each node, or 0.0 if there is none, as for constants."""
    numbers = [None if type(node) is float else found.get(node) for node in nodes]
    return [0.0 if number is None else number for number in numbers]


def _values(numbers: Iterable[Any]) -> list[Value]:
    return [as_value(x) for x in numbers]


def nested(
    numbers: NDArray[Any],
    *trees: Tree,
    at: tuple[slice, ...] = (),
    shapes: tuple[tuple[int, ...] | None, ...] = (),
) -> Any:
    """A tree of trees: `numbers` has an axis for the numbers of each of them."""
    if len(at) == len(trees):
        return numbers[at].reshape([n for shape in shapes for n in shape or ()])
    structure = trees[len(at)].structure
    if isinstance(structure, Leaf) and structure.shape is not None:  # an array, nothing around it
        at = (*at, slice(structure.start, structure.stop))
        return nested(numbers, *trees, at=at, shapes=(*shapes, structure.shape))
    row: list[Any] = []
    if len(at) == len(trees) - 1 and not any(shape is not None for shape in shapes):
        row = numbers[at].ravel().tolist()
        if type(structure) in (list, tuple) and not [x for x in structure if not _single(x)]:
            return type(structure)(row)  # a vector, as most lists are: no need to look for arrays

    def leaf(part: Leaf, _: Path) -> Any:
        if row and part.shape is None:
            return row[part.start]
        place = slice(part.start, part.stop)
        return nested(numbers, *trees, at=(*at, place), shapes=(*shapes, part.shape))

    return mapped(leaf, structure)


def _single(part: Any) -> bool:
    """Whether a part of a structure is a number by itself."""
    return type(part) is Leaf and part.shape is None


def name_of(fun: Function) -> str:
    """The name of a function in messages."""
    return fun.name if isinstance(fun, Op) else getattr(fun, "__name__", None) or repr(fun)
