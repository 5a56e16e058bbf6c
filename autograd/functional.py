"""Derivatives of functions: JAX's transformations, with the same signatures.

A function is called once, with Values in place of the numbers it is differentiated with respect to,
and the graph that this records is swept. A derivative is a plain number where the function itself,
called with plain numbers, gives one. Where an argument is a Value already, or the function uses one
from elsewhere, the derivative is a Value, a graph that can be differentiated further: that is how
these functions nest. Each call makes Values of its own for its arguments, so that no two levels are
confused.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd.graph import Node
from autograd.made import Made
from autograd.reals import kind_of
from autograd.trace import Function, Trace, name_of, nested, traced
from autograd.trees import Path, Tree, array, flatten, keys
from autograd.value import Value

Argnums = int | Sequence[int]


def grad(fun: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The gradient of a function, as a function of the same arguments.

    Args:
        fun: returns one real number. It is called with Values in place of numbers, and with
            an `Array` of Values in place of an array.
        argnums: which positional arguments to differentiate with respect to, negative ones
            counted from the end. They may be numbers, arrays, and lists, tuples and dicts of
            these; integers and booleans are converted to floats. All other arguments are passed
            on as they are.
        has_aux: whether `fun` returns a pair, the number and something else to be handed on.

    Returns:
        A function that returns the gradient in the structure of the argument, floats for numbers
        and float64 arrays for arrays; for a sequence of argnums, a tuple of gradients. With
        `has_aux`, the pair of this and what `fun` handed on. Where the result does not depend on
        an argument, the gradient is 0, even if `fun` returns a plain number.

    Raises:
        TypeError: if `fun` is not a function or `argnums` is not made of integers; when called, if
            there is no such argument, if one is not made of real numbers, or if the result is not
            one real number.
        ValueError: if `argnums` names an argument twice.

    Example:
        >>> import numpy as np
        >>> from autograd import dot
        >>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
        (12.0, 12.0)
        >>> grad(lambda w, b: dot(w, w) + 3 * b, argnums=(0, 1))(np.array([1.0, 2.0]), 5.0)
        (array([2., 4.]), 3.0)
    """
    return Derivative(grad, _gradient, fun, argnums, has_aux)


def _gradient(trace: Trace) -> Any:
    """The gradient of the function."""
    (slopes,) = trace.pull([(trace.scalar(), 1.0)])
    return trace.inputs.build(slopes)


def value_and_grad(fun: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The value and the gradient of a function in one go.

    Args:
        fun: returns one real number.
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair, the number and something else to be handed on.

    Returns:
        A function of the same arguments that returns the pair of what `fun` returns, as a plain
        number, and the gradient; with `has_aux`, `((value, aux), gradient)`.

    Raises:
        TypeError: as `grad` does.
        ValueError: as `grad` does.

    Example:
        >>> value_and_grad(lambda x, y: x * y, argnums=1)(2.0, 5.0)
        (10.0, 2.0)
    """
    return Derivative(value_and_grad, _value_and_gradient, fun, argnums, has_aux)


def _value_and_gradient(trace: Trace) -> Any:
    """The value and the gradient of the function."""
    gradient = _gradient(trace)
    return trace.value(), gradient


def jacobian(fun: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The derivatives of all the numbers a function returns with respect to all it is given.

    It takes one sweep for each number returned or for each number given, whichever are fewer. If
    there are many, all the sweeps are made at once.

    Args:
        fun: returns numbers, arrays, or lists, tuples and dicts of these.
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair, the result and something else to be handed on.

    Returns:
        A function of the same arguments. It returns the structure of the result, with the
        structure of the argument in place of each number or array, and there an array with the
        shape of the one followed by the shape of the other: (n, m) for a vector of n returned and
        one of m given. With `has_aux`, the pair of this and what `fun` handed on.

    Raises:
        TypeError: as `grad` does, but the result may be any number of real numbers.
        ValueError: as `grad` does.

    Example:
        >>> import numpy as np
        >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
        >>> jacobian(lambda r, phi: {"x": r * np.cos(phi), "y": r * np.sin(phi)}, 1)(2.0, 0.0)
        {'x': 0.0, 'y': 2.0}
    """
    return Derivative(jacobian, _jacobian, fun, argnums, has_aux)


def _jacobian(trace: Trace) -> Any:
    """The Jacobian of the function."""
    roots, leaves = trace.outputs.numbers, trace.leaves
    shape = len(roots), len(leaves)
    if len(roots) <= len(leaves):
        rows = trace.pull(*[[(root, 1.0)] for root in roots])
        matrix = array([x for row in rows for x in row], shape)
    else:
        columns = trace.push(*trace.units())
        matrix = array([x for column in columns for x in column], shape[::-1]).T
    return nested(matrix, trace.outputs, trace.inputs)


def hessian(fun: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The second derivatives of a function with respect to every two of the numbers it is given.

    It takes one Hessian-vector product for each number given, on a graph that is recorded once; if
    there are many, all are made at once. The result is exactly symmetric.

    Args:
        fun: returns one real number; if it returns several, each has a Hessian of its own.
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair, the result and something else to be handed on.

    Returns:
        A function of the same arguments. It returns the structure of the argument within the
        structure of the argument (both within the structure of the result), and there an array
        whose shape is that of the one followed by that of the other: (m, m) for a vector of m.
        With `has_aux`, the pair of this and what `fun` handed on.

    Raises:
        TypeError: as `jacobian` does.
        ValueError: as `grad` does.

    Example:
        >>> import numpy as np
        >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
        array([[4., 2.],
               [2., 0.]])
    """
    return Derivative(hessian, _hessian, fun, argnums, has_aux)


def _hessian(trace: Trace) -> Any:
    """The Hessian of the function."""
    n = range(len(trace.leaves))
    numbers: list[Any] = []
    for columns in trace.second(trace.outputs.numbers, trace.units()):
        # The lower triangle, mirrored. Row and column are rounded differently; a mean of the
        # two would be symmetric as well, but could overflow and would spread a nan.
        numbers += [columns[min(i, j)][max(i, j)] for i in n for j in n]
    cube = array(numbers, (len(trace.outputs.numbers), len(n), len(n)))
    return nested(cube, trace.outputs, trace.inputs, trace.inputs)


def jvp(
    fun: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """The value of a function and its derivative in a direction: the Jacobian times a vector.

    Forward mode: tangents go through the recorded graph once, from the arguments to the result,
    however many of either there are.

    Args:
        fun: returns numbers, arrays, or lists, tuples and dicts of these.
        primals: a tuple of all the arguments at which `fun` is differentiated.
        tangents: a tuple of the same structure and shapes, the direction.
        has_aux: whether `fun` returns a pair, the result and something else to be handed on.

    Returns:
        The result and, in the same structure, its derivative; with `has_aux`, what `fun` handed on
        comes third.

    Raises:
        TypeError: if `primals` or `tangents` are not tuples (or lists) of real numbers, or if the
            result is not made of real numbers.
        ValueError: if the tangents do not have the structure and shapes of the primals.

    Example:
        >>> jvp(lambda x, y: x * y, (2.0, 5.0), (1.0, 0.0))
        (10.0, 5.0)
    """
    inputs, seeds = _direction(fun, primals, tangents)
    trace = traced(fun, inputs, inputs.build, has_aux)
    (slopes,) = trace.push(dict(zip(trace.leaves, seeds, strict=True)))
    return (trace.value(), trace.outputs.build(slopes), trace.aux)[: 3 if has_aux else 2]


def vjp(fun: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of a function, and a function that multiplies its Jacobian by a vector on the left.

    Reverse mode: `fun` is recorded once, and each multiplication is one sweep from the result back
    to the arguments.

    Args:
        fun: returns numbers, arrays, or lists, tuples and dicts of these.
        primals: all the arguments at which `fun` is differentiated.
        has_aux: whether `fun` returns a pair, the result and something else to be handed on.

    Returns:
        The result and a function. The function takes a cotangent with the structure and shapes of
        the result, and returns a tuple with the structure and shapes of the primals. With
        `has_aux`, what `fun` handed on comes third.

    Raises:
        TypeError: if the primals or the result are not made of real numbers.
        ValueError: from the function returned, if a cotangent does not have the structure and
            shapes of the result.

    Example:
        >>> value, pullback = vjp(lambda x, y: x * y, 2.0, 5.0)
        >>> value, pullback(1.0)
        (10.0, (5.0, 2.0))
    """
    inputs = _inputs(fun, primals, tuple(range(len(primals))))
    trace = traced(fun, inputs, inputs.build, has_aux)

    def pullback(cotangent: Any) -> Any:
        tree = flatten(cotangent, lambda path: f"the cotangent{keys(path)} of {name_of(fun)}")
        seeds = trace.outputs.like(tree, f"the cotangent of {name_of(fun)}")
        (slopes,) = trace.pull(zip(trace.outputs.numbers, seeds, strict=True))
        return inputs.build(slopes)

    return (trace.value(), pullback, trace.aux)[: 3 if has_aux else 2]


def hvp(fun: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of a function times a vector, for a few times the price of a gradient.

    With one primal, it is the second result of `jvp(grad(fun), primals, tangents)`. JAX has no
    function of this name; the arguments are those of `jvp`.

    Args:
        fun: returns one real number.
        primals: a tuple of all the arguments at which `fun` is differentiated.
        tangents: a tuple of the same structure and shapes, the vector.

    Returns:
        The product, in the structure of the primal. Several primals are taken as one long vector,
        and the product is a tuple of as many parts.

    Raises:
        TypeError: as `jvp` does, and if the result is not one number.
        ValueError: as `jvp` does.

    Example:
        >>> import numpy as np
        >>> hvp(lambda x: x[0] ** 2 * x[1], (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
        array([4., 2.])
    """
    inputs, seeds = _direction(fun, primals, tangents)
    trace = traced(fun, inputs, inputs.build, has_aux=False)
    direction: dict[Node, Any] = dict(zip(trace.leaves, seeds, strict=True))
    ((product,),) = trace.second([trace.scalar()], [direction])
    parts = inputs.build(product)
    return parts[0] if len(parts) == 1 else parts


class Derivative(Made):
    """A function of the same arguments as another, from which it is computed."""

    def __init__(
        self,
        transformation: Callable[..., Any],
        compute: Callable[[Trace], Any],
        fun: Function,
        argnums: Argnums,
        has_aux: bool,
    ) -> None:
        self._argnums = _checked(fun, argnums)
        title, _, _ = (compute.__doc__ or "").partition(" of the function")
        document = f"{title} of {name_of(fun)}, with the same arguments."
        super().__init__(transformation.__name__, transformation, fun, document)
        self._compute, self._has_aux = compute, has_aux

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        trace = _traced(self.fun, self._argnums, args, kwargs, self._has_aux)
        result = self._compute(trace)
        if not self._has_aux:
            return result
        if self._compute is _value_and_gradient:  # it goes with the value
            value, gradient = result
            return (value, trace.aux), gradient
        return result, trace.aux

    def _arguments(self) -> tuple[Any, ...]:
        return self.fun, self._argnums, self._has_aux

    def _options(self) -> str:
        options = f", argnums={self._argnums}" * (self._argnums != 0)
        return options + ", has_aux=True" * self._has_aux


# --- From arguments to a trace -------------------------------------------------------------------


def _checked(fun: Function, argnums: Argnums) -> int | tuple[int, ...]:
    _callable(fun)
    try:
        if isinstance(argnums, bool):
            raise TypeError
        if isinstance(argnums, Sequence):
            return tuple([operator.index(argnum) for argnum in argnums])
        return operator.index(argnums)
    except TypeError:
        message = f"argnums must be an integer or a sequence of integers, not {argnums!r}"
        raise TypeError(message) from None


def _traced(
    fun: Function, argnums: Any, args: Sequence[Any], kwargs: Mapping[str, Any], has_aux: bool
) -> Trace:
    """Call a function with Values in place of the numbers in the arguments `argnums`."""
    name = name_of(fun)
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    for position in positions:
        if not -len(args) <= position < len(args):
            raise TypeError(
                f"{name} cannot be differentiated with respect to argument {position}: it was "
                f"called with {len(args)} positional arguments (those passed by name do not count)"
            )
    positions = tuple([position % len(args) for position in positions])
    if len(set(positions)) < len(positions):
        raise ValueError(f"argnums {argnums} name an argument of {name} twice")
    inputs = _inputs(fun, args, positions)

    def arguments(leaves: Sequence[Value]) -> list[Any]:
        replaced = dict(zip(positions, inputs.build(leaves), strict=True))
        return [replaced.get(position, argument) for position, argument in enumerate(args)]

    trace = traced(fun, inputs, arguments, has_aux, kwargs)
    if isinstance(argnums, tuple):
        return trace
    return trace._replace(inputs=Tree(inputs.numbers, inputs.structure[0]))


def _inputs(fun: Function, args: Sequence[Any], positions: Sequence[int]) -> Tree:
    """The numbers in the arguments of a function."""
    name = name_of(_callable(fun))

    def role(path: Path) -> str:
        return f"argument {positions[path[0]]}{keys(path[1:])} of {name}"

    return flatten(tuple([args[position] for position in positions]), role)


def _direction(
    fun: Function, primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Tree, list[Any]]:
    """The numbers in primals and in tangents."""
    name = name_of(_callable(fun))
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(
                f"the {what} of {name} must be a tuple with one entry for each argument, "
                f"not {kind_of(given)}: for one argument, (x,)"
            )
    inputs = _inputs(fun, primals, range(len(primals)))

    def role(path: Path) -> str:
        return f"the tangent of argument {path[0]}{keys(path[1:])} of {name}"

    return inputs, inputs.like(flatten(tuple(tangents), role), f"the tangents of {name}")


def _callable(fun: Function) -> Function:
    if callable(fun):
        return fun
    raise TypeError(
        f"what is differentiated must be a function, not {kind_of(fun)}: grad(f)(x), not grad(f(x))"
    )
