"""Optimisers: gradient descent, with momentum if wanted, and Adam.

They have the names of the methods and the steps of those of PyTorch. A parameter is a Value made
from a number; an optimiser takes them in lists, tuples, dicts and arrays.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from autograd.reals import kind_of, real
from autograd.sealing import refuse, seals
from autograd.trees import Path, flatten, keys
from autograd.value import Value


class Optimizer(ABC):
    """Parameters and how they are changed.

    Attributes:
        lr: the learning rate, which may be assigned to between steps.
        parameters: the Values that are changed, each once.
    """

    def __init__(self, parameters: Any, lr: float) -> None:
        self.parameters = _leaves(parameters)
        self.lr = _at_least_0(lr, "the learning rate")

    def step(self) -> None:
        """Change the data of every parameter by its gradient."""
        if seals:
            refuse("a step of an optimiser")
        lr = _at_least_0(self.lr, "the learning rate")
        for place, parameter in enumerate(self.parameters):
            parameter.data -= lr * self._direction(place, parameter.grad)

    def zero_grad(self) -> None:
        """Set the gradients of all the parameters to 0."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    @abstractmethod
    def _direction(self, place: int, slope: float) -> float:
        """The change of a parameter for a learning rate of 1, from its gradient."""


class SGD(Optimizer):
    """Gradient descent; `sgd` makes one."""

    def __init__(self, parameters: Any, lr: float, momentum: float) -> None:
        super().__init__(parameters, lr)
        self.momentum = _at_least_0(momentum, "the momentum")
        self._velocities = [0.0] * len(self.parameters)

    def _direction(self, place: int, slope: float) -> float:
        self._velocities[place] = velocity = self.momentum * self._velocities[place] + slope
        return velocity


class Adam(Optimizer):
    """Adam; `adam` makes one."""

    def __init__(self, parameters: Any, lr: float, betas: tuple[float, float], eps: float) -> None:
        super().__init__(parameters, lr)
        if not isinstance(betas, (tuple, list)):
            raise TypeError(f"betas must be two numbers, not {kind_of(betas)}")
        self.betas = tuple([_at_least_0(beta, "a beta") for beta in betas])
        if len(self.betas) != 2 or max(self.betas) >= 1.0:
            raise ValueError(f"betas must be two numbers from 0 to below 1, not {betas!r}")
        self.eps = _at_least_0(eps, "eps")
        self._steps = 0
        self._means = [0.0] * len(self.parameters)
        self._squares = [0.0] * len(self.parameters)

    def step(self) -> None:
        """Change the data of every parameter by the means of its gradients."""
        _at_least_0(self.lr, "the learning rate")  # or else it is not a step
        self._steps += 1
        super().step()

    def _direction(self, place: int, slope: float) -> float:
        one, two = self.betas
        self._means[place] = mean = one * self._means[place] + (1.0 - one) * slope
        self._squares[place] = square = two * self._squares[place] + (1.0 - two) * slope * slope
        mean, square = mean / (1.0 - one**self._steps), square / (1.0 - two**self._steps)
        return mean / (math.sqrt(square) + self.eps)


def sgd(parameters: Any, lr: float, momentum: float = 0.0) -> SGD:
    """Gradient descent: `p -= lr * v` with `v = momentum * v + p.grad`.

    Args:
        parameters: Values made from numbers, in lists, tuples, dicts and arrays, or from a
            generator.
        lr: the learning rate, at least 0.
        momentum: how much of the last change is repeated, at least 0.

    Returns:
        An optimiser, with the methods `step()` and `zero_grad()`.

    Raises:
        TypeError: if a parameter is not a Value, or another argument is not a real number.
        ValueError: if a parameter was computed from others, or a number is negative.

    Example:
        >>> from autograd import Value
        >>> from autograd.optim import sgd
        >>> x = Value(1.0)
        >>> optimizer = sgd([x], lr=0.1)
        >>> for _ in range(3):
        ...     optimizer.zero_grad()
        ...     (x * x).backward()
        ...     optimizer.step()
        >>> round(x.data, 12)
        0.512
    """
    return SGD(parameters, lr, momentum)


def adam(
    parameters: Any,
    lr: float = 0.001,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> Adam:
    """Adam: the mean of the gradients, over the root of the mean of their squares.

    D. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.

    Args:
        parameters: as for `sgd`.
        lr: the learning rate, at least 0.
        betas: how slowly the mean of the gradients and that of their squares change, from 0 to
            below 1.
        eps: what is added to the root, at least 0.

    Returns:
        An optimiser, with the methods `step()` and `zero_grad()`.

    Raises:
        TypeError: as `sgd` does.
        ValueError: as `sgd` does.

    Example:
        >>> from autograd import Value
        >>> from autograd.optim import adam
        >>> x = Value(1.0)
        >>> optimizer = adam([x], lr=0.1)
        >>> (x * x).backward()
        >>> optimizer.step()
        >>> round(x.data, 6)
        0.9
    """
    return Adam(parameters, lr, betas, eps)


def _leaves(parameters: Any) -> list[Value]:
    """The parameters, each once."""

    def role(path: Path) -> str:
        return f"parameter{keys(path)}"

    if hasattr(type(parameters), "parameters") or callable(parameters):
        raise TypeError(f"give the parameters, model.parameters(), not {kind_of(parameters)}")
    if not isinstance(parameters, (list, tuple, dict, str)) and not hasattr(parameters, "shape"):
        parameters = list(parameters) if isinstance(parameters, Iterable) else parameters
    found = flatten(parameters, role).numbers
    for parameter in found:
        if not isinstance(parameter, Value):
            raise TypeError(f"a parameter must be a Value, not {kind_of(parameter)}")
        if parameter.op is not None:
            raise ValueError(
                f"a parameter must be a Value made from a number, not one computed by "
                f"{parameter.op.name}"
            )
    if not found:
        raise ValueError("there are no parameters")
    return list(dict.fromkeys(found))


def _at_least_0(number: Any, role: str) -> float:
    found = real(number, role)
    if not found >= 0.0:
        raise ValueError(f"{role} must be at least 0, not {number!r}")
    return found
