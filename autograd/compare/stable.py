"""Formulas that overflow though their result does not, and how the library writes them instead.

Each is written in the library's own operations, and found in a graph by its form.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple

from autograd import ops
from autograd.catalogue.patterns import MOST_TERMS, matches, same, terms_of
from autograd.compare.gradients import computed_from
from autograd.compare.judge import Judge
from autograd.graph import topological_order
from autograd.quiet import quiet
from autograd.value import Value


class Form(NamedTuple):
    """A formula that overflows, and what to write."""

    formula: Callable[..., Any]
    stable: Callable[..., Any]
    text: str
    """The stable form, with the names of the parameters in braces, and with `minus_` before them
    where a minus sign belongs."""


def _sigmoids() -> Iterator[Callable[[Any], Any]]:
    yield lambda x: ops.exp(x) / (1.0 + ops.exp(x))
    yield lambda x: 1.0 / (1.0 + ops.exp(-x))


FORMS: tuple[Form, ...] = (
    Form(
        lambda x: ops.log(ops.cosh(x)),
        lambda x: ops.logaddexp(x, -x) - ops.log(2.0),
        "logaddexp({x}, {minus_x}) - log(2)",
    ),
    Form(lambda x: ops.log(1.0 + ops.exp(x)), ops.softplus, "softplus({x})"),
    Form(lambda x: ops.log1p(ops.exp(x)), ops.softplus, "softplus({x})"),
    Form(lambda x, y: ops.log(ops.exp(x) + ops.exp(y)), ops.logaddexp, "logaddexp({x}, {y})"),
    *(
        Form(lambda x, f=f: ops.log(f(x)), ops.log_sigmoid, "log_sigmoid({x})")
        for f in (*_sigmoids(), ops.sigmoid)
    ),
    *(Form(f, ops.sigmoid, "sigmoid({x})") for f in _sigmoids()),
    Form(lambda x: ops.sinh(x) / ops.cosh(x), ops.tanh, "tanh({x})"),
    *(
        Form(lambda x, y, f=f, g=g: ops.sqrt(f(x) + g(y)), ops.hypot, "hypot({x}, {y})")
        for f in (lambda x: x * x, lambda x: x**2.0, ops.square)
        for g in (lambda x: x * x, lambda x: x**2.0, ops.square)
    ),
)


class Match(NamedTuple):
    """A formula found in a graph."""

    node: Value
    text: str
    """The stable form."""


@quiet
def stable_form(judge: Judge, within: Value) -> Match | None:
    """The largest formula in a graph that contains a node, and stays finite in its stable form.

    Args:
        judge: of the graph.
        within: the node that overflows.
    """
    for node in reversed(computed_from(within, judge.uses)):
        found = [*_known(node, within, judge.names), *_of_many(node, within, judge.names)]
        if found:
            return Match(node, found[0])
    return None


def _known(node: Value, within: Value, names: Mapping[Value, str]) -> Iterator[str]:
    """The stable forms of the table."""
    for form in FORMS:
        signature = inspect.signature(form.formula).parameters.values()
        holes = {x.name: Value(0.5) for x in signature if x.default is x.empty}
        pattern = form.formula(*holes.values())
        for bound in matches(pattern, node, set(holes.values()), {}):
            found = {name: bound[hole] for name, hole in holes.items()}
            numbers = [x.data if isinstance(x, Value) else x for x in found.values()]
            if _inside(within, found.values()) and isfinite(form.stable(*numbers)):
                words = {name: _word(x, names) for name, x in found.items()}
                minus = {f"minus_{name}": f"-{_factor(text)}" for name, text in words.items()}
                yield form.text.format(**words, **minus)


def _of_many(node: Value, within: Value, names: Mapping[Value, str]) -> Iterator[str]:
    """Those of log(sum(exp(z))) and exp(z[i]) / sum(exp(z)), of any number of terms."""
    if node.op is ops.log:
        terms, text = terms_of(node.operands[0]), "logsumexp([{}])"
    elif node.op is ops.divide:
        above, terms = node.operands[0], terms_of(node.operands[1])
        terms = terms if any(same(above, x) for x in terms) else []
        text = "an element of softmax([{}])"
    else:
        return
    exponents = [x.operands[0] for x in terms if getattr(x, "op", None) is ops.exp]
    if len(exponents) == len(terms) > 1 and _inside(within, exponents):
        words = [_word(x, names) for x in exponents[:MOST_TERMS]]
        yield text.format(", ".join([*words, *(["…"] if len(exponents) > len(words) else [])]))


def _inside(within: Value, bound: Iterable[Any]) -> bool:
    """Whether a node belongs to a formula itself, not to what it is applied to."""
    return not any(isinstance(x, Value) and within in topological_order(x) for x in bound)


def _word(x: Any, names: Mapping[Value, str]) -> str:
    return names[x] if isinstance(x, Value) else f"{x:g}"


def _factor(text: str) -> str:
    """An operand as it is written after a minus sign."""
    return text if text.isidentifier() else f"({text})"
