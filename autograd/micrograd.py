"""The names of micrograd, for programs that were written for it.

`from autograd.micrograd import Value` in place of `from micrograd.engine import Value` is the same
class as `autograd.Value`, which understands micrograd's names from then on: `label`, `_prev`,
`_children`, `_local_grads`, `_op`, `_backward()` and the arguments `_children`, `_op`, `label`.
`Module`, `Neuron`, `Layer` and `MLP` are those of `micrograd.nn`, with the same random numbers;
`draw_dot` calls `draw`.
"""

import random
from collections.abc import Sequence
from typing import Any, NoReturn

from autograd import ops
from autograd.diagram import Diagram, draw
from autograd.edges import edges
from autograd.graph import Node
from autograd.op import Op
from autograd.value import Value

__all__ = ["MLP", "Drawing", "Layer", "Module", "Neuron", "Value", "draw_dot"]

_SYMBOLS: dict[Op, str] = {ops.relu: "ReLU"}


def _label(value: Value) -> str:
    """The name, `""` if there is none."""
    return value.name or ""


def _relabel(value: Value, label: str) -> None:
    if label == "":
        value.name = None
    else:
        value.named(label)


def _children(value: Value) -> tuple[Value, ...]:
    """The operands, without constant exponents. Another constant is a new leaf each time."""
    operands = value.operands
    if value.op is ops.power and isinstance(operands[1], float):
        operands = operands[:1]
    return tuple([x if isinstance(x, Value) else Value(x) for x in operands])


def _local_grads(value: Value) -> tuple[float, ...]:
    """The partial derivatives with respect to the children, 0.0 for constants."""
    return value.partials[: len(_children(value))]


def _prev(value: Value) -> set[Value]:
    """The operands as a set."""
    return set(_children(value))


def _symbol(value: Value) -> str:
    """How micrograd writes the operation; `""` for a leaf."""
    if value.op is None:
        return ""
    if value.op is ops.power and isinstance(value.operands[1], float):
        exponent = value.operands[1]
        return f"**{int(exponent) if exponent.is_integer() else exponent}"
    return _SYMBOLS.get(value.op) or value.op.operator or value.op.name


def _backward(value: Value) -> None:
    """Add the gradient of a Value, times each partial derivative, to those of its operands.

    Nothing goes where a selection cuts the path. Unlike `backward()`, a walk by hand goes on from
    there all the same, with a gradient of 0, which an infinite slope makes nan.
    """
    for edge in edges(value):
        if not edge.cut:
            edge.operand.grad += edge.partial * value.grad


class _Backward:
    """`value._backward()`, which cannot be assigned to."""

    def __get__(self, value: Value | None, owner: type) -> Any:
        return _backward if value is None else lambda: _backward(value)

    def __set__(self, value: Value, function: object) -> NoReturn:
        raise AttributeError(
            "_backward cannot be assigned to, as derivatives come from the operation: write an "
            "autograd.Op with its partial derivatives"
        )


def _init(
    value: Value,
    data: float,
    _children: Any = (),
    _op: str = "",
    label: str | None = None,
    name: str | None = None,
    **others: Any,
) -> None:
    if not isinstance(_children, (tuple, list, set)):  # the name, in its place
        name, _children = _children, ()
    if _children:
        raise TypeError(
            "a Value is made from a number alone: what it was computed from is recorded by "
            "operations. For one of your own, write an autograd.Op"
        )
    Node.__init__(value, data, name if name is not None else label or None, **others)


_init.__name__ = "__init__"
Value.__init__ = _init  # type: ignore[method-assign, assignment]
for _name, _property in {
    "label": property(_label, _relabel),
    "_prev": property(_prev),
    "_children": property(_children),
    "_local_grads": property(_local_grads),
    "_op": property(_symbol),
    "_backward": _Backward(),
}.items():
    setattr(Value, _name, _property)


class Drawing(Diagram):
    """A picture that can also be written to a file as one of the package graphviz can."""

    format = "svg"

    def render(
        self, filename: str = "graph", format: str | None = None, view: bool = False, **_: Any
    ) -> str:
        """Write the picture to a file whose name is `filename` and the format.

        Returns:
            The name of the file.
        """
        path = f"{filename}.{format or self.format}"
        self.save(path)
        if view:
            self.show()
        return path


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Drawing:
    """The picture of a graph that `autograd.draw` makes.

    Args:
        root: the Value whose graph is drawn.
        format: the format of files that `render()` writes: "svg", "png", "pdf" or "dot".
        rankdir: `"LR"` for a graph from left to right, `"TB"` from top to bottom.

    Returns:
        A `Diagram` that also has graphviz' method `render(filename, format, view)`.
    """
    picture = draw(root, direction=rankdir)  # type: ignore[arg-type]
    drawing = Drawing(picture._scene, picture._timeout, picture._pictures, picture._folding)
    drawing.format = format
    return drawing


# --- micrograd.nn -------------------------------------------------------------------------------


class Module:
    """Something with parameters."""

    def zero_grad(self) -> None:
        """Set the gradients of all the parameters to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def parameters(self) -> list[Value]:
        """All the parameters."""
        return []


class Neuron(Module):
    """A neuron with `nin` inputs, and a relu if `nonlin`."""

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def __call__(self, x: Sequence[Any]) -> Value:
        act: Value = ops.dot(self.w, x) + self.b
        return act.relu() if self.nonlin else act

    def parameters(self) -> list[Value]:
        """The weights and the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons with the same `nin` inputs."""

    def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x: Sequence[Any]) -> Any:
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        """Those of all the neurons."""
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """A network with `nin` inputs and layers of `nouts` neurons, the last one without a relu."""

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        sizes = [nin, *nouts]
        last = len(nouts) - 1
        self.layers = [Layer(sizes[i], sizes[i + 1], nonlin=i != last) for i in range(len(nouts))]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Value]:
        """Those of all the layers."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
