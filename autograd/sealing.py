"""`sealed`: blocks in which no number of a Value leaves the graph, as a function is recorded.

What is recorded is repeated for other numbers later. A number that code read meanwhile would be a
constant in every repetition, and what it assigned would be assigned once: so these raise an error.
Questions are none of them: `autograd.questions` hears them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from autograd.forms import native

_CONSTANT = "would make a constant of it: "
_ONCE = "would take place once, not in every call: "
_USE = _CONSTANT + "use {0} itself, or stop_gradient({1}) where nothing shall flow back"
_GRADIENT = (
    "differentiate with grad, vjp or the method derivative(), which are recorded, or pass the "
    "gradient to {2} as an argument"
)
_REFUSED = {
    "reading .data": _USE,
    "data()": _CONSTANT
    + "use the Values themselves, or stop_gradient({1}) where nothing shall flow back",
    "assigning to .data": _ONCE + "compute a new Value, and return it as a result of {2}",
    "reading .grad": _CONSTANT + _GRADIENT,
    "grads()": _CONSTANT + _GRADIENT,
    "assigning to .grad": _ONCE + "return the gradient as a result of {2}, and assign it outside",
    "reading .partials": "would make constants of them: use the method derivative(), which is "
    "recorded",
    "detach()": _CONSTANT + "use stop_gradient({1}), through which nothing flows back",
    "copying": _USE.replace("would", "may"),
    "pickling": _CONSTANT + "return it as a result of {2}, and pickle that",
    "unpickling": _CONSTANT + "do it outside, and pass it to {2} as an argument",
    "backward()": _ONCE + "differentiate with grad, vjp or the method derivative(), which are "
    "recorded, or return {0} as a result of {2} and call backward() on that",
    "zero_grad()": _ONCE + "call it outside; grad, vjp and the method derivative() have no need of "
    "it",
    "forward()": _ONCE + "call {2} with other arguments, or compute a new Value",
    "entering no_grad": "would make constants of what is computed in it: use stop_gradient(x) "
    "where nothing shall flow back",
    "a step of an optimiser": _ONCE + "return the gradients as a result of {2}, and take the step "
    "outside",
    "searching a solution from a guess": "would make a constant of the solution, which nothing "
    "else is used for: make the guess a plain number",
}
"""All that must not be done, each with what comes of it and the remedy: {0} stands for the kind of
thing that it is done to, {1} for its name in code, {2} for the function that is recorded."""


class _Seal:
    """One block; a function that calls itself may have several."""

    def __init__(self, name: str) -> None:
        self.name = name


seals: list[_Seal] = []
"""The open blocks of all threads. Without any, nothing else is asked."""
_here: ContextVar[tuple[_Seal, ...]] = ContextVar("seals", default=())


@contextmanager
def sealed(name: str) -> Iterator[None]:
    """A block in this thread in which a function is recorded: a RuntimeError says where a number
    would get lost. What `no_grad` says outside of it does not count inside.

    Args:
        name: of the function.

    Example:
        >>> from autograd import Value, grad
        >>> x = Value(3.0, name="x")
        >>> with sealed("f"):
        ...     print(x * x, grad(lambda y: x * y * y)(x))
        Value(data=9.0, grad=0.0) Value(data=18.0, grad=0.0)
        >>> with sealed("f"):
        ...     x.detach()
        Traceback (most recent call last):
        ...
        RuntimeError: detach() of the Value 'x' while f is recorded would make a constant of it: \
use stop_gradient(x), through which nothing flows back
    """
    block = _Seal(name)
    seals.append(block)
    _here.set((*_here.get(), block))
    if native is not None:
        native.seal(1)
    try:
        yield
    finally:
        seals.remove(block)
        _here.set(tuple([other for other in _here.get() if other is not block]))
        if native is not None:
            native.seal(-1)


def sealing() -> str | None:
    """The name of the function that is recorded in this thread now, None if there is none."""
    if seals:
        for block in reversed(_here.get()):
            if block in seals:  # not where a task has outlived it
                return block.name
    return None


def refuse(act: str, thing: str = "", code: str | None = None) -> None:
    """Raise a RuntimeError if a function is recorded in this thread.

    Args:
        act: what was done, one of those that have a remedy here.
        thing: what it was done to, as messages call it.
        code: how to write that, `x` by default.
    """
    name = sealing()
    if name is not None:
        of = " of " if act.endswith(("()", "data", "grad", "partials")) else " "
        kind = "the Array" if thing == "an Array" else "the Value"
        remedy = _REFUSED[act].format(kind, code or "x", name)
        raise RuntimeError(f"{act}{of * bool(thing)}{thing} while {name} is recorded {remedy}")
