"""A call of a function with Values in place of numbers, recorded to be differentiated."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.arrays import data
from autograd.derivative import (
    derivative_graphs,
    recorded_partials,
    second_sweep,
    tangent_graphs,
)
from autograd.graph import Node, backward_sweep, forward_sweep, new_era, sort
from autograd.trees import Leaf, Path, Tree, flatten, keys, mapped
from autograd.value import Value, as_value, hand_on

Function = Callable[..., Any]


class Trace(NamedTuple):
    """The arguments of a function, its result, and the graph between them."""

    name: str
    inputs: Tree
    leaves: list[Value]
    """The Values in place of the numbers of `inputs`."""
    outputs: Tree
    aux: Any
    order: dict[Node, Any]
    """The topological order of the outputs, the leaves first, without anything below those."""
    outside: bool
    """Whether the outputs depend on Values other than the leaves."""

    def value(self) -> Any:
        """The result of the function."""
        if self.outside:
            return self.outputs.build(_values(self.outputs.numbers))
        numbers = [x if type(x) is float else x.data for x in self.outputs.numbers]
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

    def pull(self, seeds: Iterable[tuple[Any, Any]]) -> list[Any]:
        """The adjoints of the leaves, from those of the roots."""
        adjoints: dict[Node, Any] = {}
        for root, seed in seeds:
            if type(root) is not float and not _nothing(seed):
                adjoints[root] = adjoints[root] + seed if root in adjoints else seed
        if self._graphs(adjoints):
            return _values(derivative_graphs(self.order, adjoints, self.leaves))
        swept = {**dict.fromkeys(self.order), **adjoints}
        backward_sweep(swept)
        return _numbers(swept, self.leaves)

    def push(self, seeds: Mapping[Node, Any]) -> list[Any]:
        """The tangents of the outputs, from those of the leaves."""
        seeds = {leaf: seed for leaf, seed in seeds.items() if not _nothing(seed)}
        if self._graphs(seeds):
            tangents = tangent_graphs(self.order, seeds)
            return _values(_numbers(tangents, self.outputs.numbers))
        swept = {**dict.fromkeys(self.order), **seeds}
        forward_sweep(swept)
        # Adding 0.0 is what a tangent of 0 would have done: there is no -0.0.
        return [tangent + 0.0 for tangent in _numbers(swept, self.outputs.numbers)]

    def second(self, root: Any, directions: Iterable[Mapping[Node, Any]]) -> list[list[Any]]:
        """The tangents of the adjoints of the leaves, from tangents of the leaves."""
        directions = [
            {leaf: seed for leaf, seed in direction.items() if not _nothing(seed)}
            for direction in directions
        ]
        seeds = {} if type(root) is float else {root: 1.0}
        if any(map(self._graphs, directions)):
            gradient = derivative_graphs(self.order, seeds, self.leaves)
            order: dict[Node, Any] = dict.fromkeys(self.leaves)
            for slope in gradient:
                if isinstance(slope, Node):
                    sort(slope, order)
            return [_values(_numbers(tangent_graphs(order, x), gradient)) for x in directions]
        edges, order = recorded_partials(self.order, self.leaves)
        result = []
        for direction in directions:
            swept = {**dict.fromkeys(order), **direction}
            forward_sweep(swept)
            result.append(_numbers(second_sweep(edges, seeds, swept), self.leaves))
        return result

    def _graphs(self, seeds: Mapping[Node, Any]) -> bool:
        """Whether derivatives are graphs: they are if Values from outside take part in them."""
        return self.outside or any(type(seed) is not float for seed in seeds.values())


def traced(
    fun: Function,
    inputs: Tree,
    arguments: Callable[[Sequence[Value]], Sequence[Any]],
    has_aux: bool,
    kwargs: Mapping[str, Any] | None = None,
) -> Trace:
    """Call a function with the `arguments` made from Values in place of the `inputs`."""
    name, era = name_of(fun), new_era()
    leaves = [Value(x if type(x) is float else x.data) for x in inputs.numbers]
    try:
        result, aux = fun(*arguments(leaves), **kwargs or {}), None
    except TypeError as error:
        error.add_note(f"{name} was called with Values, so that its result can be differentiated")
        raise
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
            node._order = None  # it ended at the leaves, which hand on what is below them now
    aux = _handed_on(aux, leaves, given, era)
    return Trace(name, inputs, leaves, outputs, aux, order, outside or given)


def _sorted(
    roots: Iterable[Any], leaves: Sequence[Value], era: int
) -> tuple[dict[Node, Any], bool]:
    """The topological order down to the leaves, and whether it has other leaves from before.

    What was made during the call, by `detach()` say, is a constant.
    """
    order: dict[Node, Any] = dict.fromkeys(leaves)
    for root in roots:
        if type(root) is not float:
            sort(root, order)
    return order, any(node.op is None and node._older(era) for node in order)


def _nothing(seed: Any) -> bool:
    """Whether a seed is 0 and stays that: it brings nothing, not even where a slope is infinite."""
    return type(seed) is float and seed == 0.0


def _handed_on(aux: Any, leaves: Sequence[Value], given: bool, era: int) -> Any:
    """`aux` with plain numbers in place of Values if no Values from outside are in it."""
    found: list[Value] = []

    def find(item: Any, _: Path) -> None:
        items = item.flat if isinstance(item, np.ndarray) and item.dtype == object else [item]
        found.extend([x for x in items if isinstance(x, Value)])

    def number(item: Any, _: Path) -> Any:
        if isinstance(item, Value):
            return item.data
        inside = isinstance(item, np.ndarray) and any(isinstance(x, Value) for x in item.flat)
        return data(item) if inside else item

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
    if len(at) < len(trees):

        def leaf(part: Leaf, _: Path) -> Any:
            place = slice(part.start, part.stop)
            return nested(numbers, *trees, at=(*at, place), shapes=(*shapes, part.shape))

        return mapped(leaf, trees[len(at)].structure)
    if all(shape is None for shape in shapes):
        return numbers[at].item()
    return numbers[at].reshape([n for shape in shapes for n in shape or ()])


def name_of(fun: Function) -> str:
    """The name of a function in messages."""
    return getattr(fun, "__name__", None) or repr(fun)
