"""Implicit differentiation: the derivative of a solution, through its equation."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd import ops
from autograd.arrays.linalg import solve as solved
from autograd.functional import jacobian
from autograd.graph import Node, sort
from autograd.op import Op
from autograd.questions import unheard
from autograd.reals import kind_of
from autograd.sealing import refuse, seals
from autograd.trace import Function, name_of
from autograd.trees import Path, Tree, flatten, keys
from autograd.value import Value
from autograd.values import array


def custom_root(f: Function, guess: Any, solve: Callable[[Function, Any], Any]) -> Any:
    """A solution of `f(x) = 0`, differentiated through the equation, not through the iterations.

    By the implicit function theorem, the derivatives of the solution follow from those of the
    equation at the solution: it does not matter how that was found, and nothing of the search is
    recorded. The name and the meaning are those of `jax.lax.custom_root`.

    Args:
        f: a function of one argument: a number, an array, or lists, tuples and dicts of these; it
            returns as many numbers. The solution is differentiated with respect to the Values that
            it uses besides its argument.
        guess: where the search begins, with the structure of the argument. It has no influence on
            the derivatives.
        solve: called as `solve(equation, guess)` with plain numbers; returns the solution. The
            `equation` is `f` without its Values: it gives plain numbers for plain numbers, so that
            solvers of other libraries take it, and can be differentiated by `grad` or `jacobian`.

    Returns:
        The solution, in the structure of the guess. Its numbers are Values if `f` uses any; they
        have derivatives of any order, nan or infinite where the derivative of `f` with respect to
        its argument is singular.

    Raises:
        TypeError: if `f` or `solve` is not a function, or a result is not made of real numbers.
            Solutions do not pickle: their `data` do.
        ValueError: if `f` does not return as many numbers as it takes, or the solution does not
            have as many numbers as the guess.

    Example:
        >>> from autograd import custom_root, grad
        >>> def newton(f, x):
        ...     for _ in range(20):
        ...         x = x - f(x) / grad(f)(x)
        ...     return x
        >>> def cube_root(a):
        ...     return custom_root(lambda x: x**3 - a, 1.0, newton)
        >>> cube_root(8.0), grad(cube_root)(8.0), grad(grad(cube_root))(8.0)
        (2.0, 0.08333333333333333, -0.006944444444444444)
    """
    for role, thing in (("f", f), ("solve", solve)):
        if not callable(thing):
            raise TypeError(f"{role} must be a function, not {kind_of(thing)}")
    start = _tree(guess, "the guess")
    with unheard():
        numbers = _solved(solve, _without_values(f), start)
    leaves = [Value(x) for x in numbers]
    result = _tree(f(start.build(leaves)), f"the result of {name_of(f)}").numbers
    if len(result) != len(numbers):
        raise ValueError(
            f"{name_of(f)} must return as many numbers as it takes, {len(numbers)}, not "
            f"{len(result)}"
        )
    recording = _Recording(leaves, result)
    if not recording.others:
        if seals and any(isinstance(x, Node) for x in start.numbers):
            refuse("searching a solution from a guess", "that is a Value")
        return start.build(numbers)
    equation = _Equation(recording, start, numbers, solve)
    return start.build([root(*recording.others) for root in equation.roots])


class _Recording:
    """A function as it was recorded: the nodes that depend on its argument, and what else they
    depend on.
    """

    def __init__(self, leaves: Sequence[Value], results: Sequence[Any]) -> None:
        self.leaves, self.results = leaves, results
        self.nodes: list[Any] = []
        known: dict[Any, None] = dict.fromkeys(leaves)
        others: dict[Any, None] = {}
        for node in sort(*[x for x in results if isinstance(x, Node)], first=leaves):
            operands = [x for x in getattr(node, "operands", ()) if isinstance(x, Node)]
            if node not in known and any(x in known for x in operands):
                known[node] = None
                self.nodes.append(node)
                others.update(dict.fromkeys([x for x in operands if x not in known]))
        others.update(dict.fromkeys([x for x in results if isinstance(x, Node) and x not in known]))
        self.others: list[Any] = [*others]

    def replayed(self, argument: Sequence[Any], others: Sequence[Any]) -> list[Any]:
        """The results for another argument, and for others in place of the Values besides it."""
        new = dict(zip([*self.leaves, *self.others], [*argument, *others], strict=True))
        for node in self.nodes:
            operands = [new[x] if isinstance(x, Node) else x for x in node.operands]
            if any(isinstance(x, Node) for x in operands):
                new[node] = Value._record(node.op, operands)
            else:
                new[node] = node.op.value(*operands)
        return [new[x] if isinstance(x, Node) else x for x in self.results]


class _Root(Op):
    """The operation that a number of a solution is the result of."""

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a solution of custom_root does not pickle, as it keeps the function that was solved: "
            "pickle its .data"
        )


class _Equation:
    """An equation with a solution, and an operation for each number of the solution."""

    def __init__(
        self, recording: _Recording, start: Tree, numbers: list[float], solve: Function
    ) -> None:
        self.recording, self.start, self.solve = recording, start, solve
        self.known = {tuple([x._number for x in recording.others]): numbers}
        count = len(numbers)
        names = ["root"] if count == 1 else [f"root{place}" for place in range(count)]
        self.roots = [self._root(name, place) for place, name in enumerate(names)]

    def _root(self, name: str, place: int) -> Op:
        return _Root(
            name,
            lambda *others: self.solution(others)[place],
            lambda out, *others: self.partials(place, out, others),
            description="A number of the solution of an equation.",
        )

    def solution(self, others: tuple[float, ...]) -> list[float]:
        """The solution where the Values besides the argument have these numbers."""
        if others not in self.known:

            def equation(x: Any) -> Any:
                tree = _tree(x, "the argument")
                return self.start.build(self.recording.replayed(tree.numbers, others))

            with unheard():
                known = {others: _solved(self.solve, equation, self.start)}
            self.known = known  # another thread may ask for another one
            return known[others]
        return self.known[others]

    def partials(self, place: int, out: Any, others: tuple[Any, ...]) -> Sequence[Any]:
        """The partial derivatives of a number of the solution: by the implicit function theorem, a
        row of `-inverse(df/dx) @ df/dothers`.
        """
        if isinstance(out, Node):
            roots = [root(*others) for root in self.roots]
            roots[place] = out
        else:
            roots = self.solution(tuple(map(float, others)))
        rows = jacobian(self.recording.replayed, (0, 1))(roots, [*others])
        by_argument, by_others = zip(*rows, strict=True)
        try:
            factors = _solved_for(place, [*zip(*by_argument, strict=True)])
        except np.linalg.LinAlgError:
            return [math.nan * out] * len(others)
        return [-Op.__call__(ops.dot, factors, column) for column in zip(*by_others, strict=True)]


def _solved_for(place: int, matrix: Sequence[Sequence[Any]]) -> list[Any]:
    """The column of the inverse of a matrix at a place."""
    if len(matrix) == 1:
        return [Op.__call__(ops.reciprocal, matrix[0][0])]
    found: list[Any] = solved(array(matrix), np.eye(len(matrix))[place]).tolist()
    return found


def _without_values(f: Function) -> Function:
    """A function with the numbers of the Values that it uses besides its argument."""

    @functools.wraps(f)
    def equation(x: Any) -> Any:
        result = _tree(f(x), f"the result of {name_of(f)}")
        leaves = [y for y in _tree(x, "the argument").numbers if isinstance(y, Node)]
        recording = _Recording(leaves, result.numbers)  # type: ignore[arg-type]
        return result.build(recording.replayed(leaves, _plain(recording.others)))

    return equation


def _solved(solve: Function, equation: Function, start: Tree) -> list[float]:
    """The numbers of the solution, which may be in another kind of sequence than the guess."""
    found = solve(equation, start.build(_plain(start.numbers)))
    if isinstance(found, dict) and not isinstance(start.structure, dict):
        remedy = ": of a result of SciPy's, return .x" if "x" in found else ""
        raise TypeError(f"solve must return the solution, not {kind_of(found)}{remedy}")
    numbers = _plain(_tree(found, "the solution").numbers)
    if len(numbers) != len(start.numbers):
        raise ValueError(
            f"the solution must have {len(start.numbers)} numbers, as the guess, not {len(numbers)}"
        )
    return numbers


def _tree(item: Any, role: str) -> Tree:
    def named(path: Path) -> str:
        return f"{role}{keys(path)}"

    return flatten(item, named)


def _plain(numbers: Sequence[Any]) -> list[float]:
    return [x._number if isinstance(x, Node) else x for x in numbers]
