"""A graph as a formula, in text or in LaTeX."""

import re
from collections.abc import Iterable
from functools import partial

from autograd.expression.gates import without_gates
from autograd.expression.lines import lines
from autograd.expression.simplify import merged, simplified
from autograd.expression.textbook import textbook_derivative
from autograd.graph import require_value, topological_order
from autograd.notation.labels import Labels, derivative
from autograd.notation.names import Names, symbol
from autograd.notation.numbers import DIGITS, number
from autograd.notation.writing import LATEX, TEXT, Math, Notation, named
from autograd.reals import kind_of, whole
from autograd.silence import recorded
from autograd.value import Value

SIGNS = {"e": "e^{", "sigma": r"\sigma"}
"""The symbols of functions in LaTeX, which no Value may have beside them."""


def functions(order: Iterable[Value]) -> set[str]:
    """The names of the functions in the formula of a graph, which no Value may have there."""
    operations = {node.op.text for node in order if node.op}
    return {name for text in operations for name in re.findall(r"[^\W\d]\w*(?=\()", text)}


@recorded
def expression(value: Value, *, wrt: Value | None = None, digits: int | None = None) -> str:
    """The formula by which a Value was computed, or of its derivative, as text.

    It is written in Python, with the names of the leaves, or x0, x1, … for those without; names
    that are not identifiers are changed, and numbered where two are the same. What is used more
    than once is computed in a line of its own before, unless it is short, so the text is only as
    long as the graph is large; without a name it is called u or v, or u1, u2, …. Steps that change
    nothing, `1 * x`, `x ** 1`, `-(-x)`, are left out.

    Args:
        value: the Value.
        wrt: if given, the derivative of `value` with respect to it is written, after its symbol and
            an equals sign, as in a textbook: powers, fractions and signs are gathered. Where it is
            1 because of a comparison and otherwise 0, the comparison is a factor: `(x > 0)`.
        digits: the number of significant digits; by default all that Python needs to compute the
            same.

    Raises:
        TypeError: if `value` or `wrt` is not a Value.

    Example:
        >>> from autograd import Value, exp, expression, relu
        >>> x, b = Value(2.0, name="x"), Value(-1.0, name="b")
        >>> z = (x * 3 + b).named("z")
        >>> print(expression((relu(z) - 0.5) ** 2))
        (relu(x * 3 + b) - 0.5) ** 2
        >>> print(expression(z * exp(-z)))
        z = x * 3 + b
        z * exp(-z)
        >>> print(expression((x ** 3 / b).named("y"), wrt=x))
        dy/dx = 3 * x ** 2 / b
    """
    layout = _Layout(value, wrt, "expression", TEXT, digits)
    left = f"{layout.derivative.text} = " if layout.derivative else ""
    return "\n".join([*(f"{name} = {text}" for name, text in layout.steps), left + layout.result])


class Latex(str):
    """LaTeX for a formula, which a notebook shows as such."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self}$"


@recorded
def latex(value: Value, *, wrt: Value | None = None, digits: int | None = DIGITS) -> Latex:
    r"""The formula by which a Value was computed, or of its derivative, in LaTeX for a paper or a
    notebook.

    It is laid out like that of `expression()`. A name of several letters is upright, a number after
    a name is an index, and names of Greek letters become the letters.

    Args:
        value: the Value.
        wrt: if given, the derivative of `value` with respect to it is written.
        digits: the number of significant digits; None for all of them.

    Raises:
        TypeError: if `value` or `wrt` is not a Value.

    Example:
        >>> from autograd import Value, exp, latex
        >>> sigma, x0 = Value(2.0, name="sigma"), Value(1.0, name="x0")
        >>> print(latex(exp(-x0 ** 2 / (2 * sigma))))
        e^{-\frac{x_{0}^{2}}{2 \sigma}}
        >>> print(latex((sigma ** 3).named("L"), wrt=sigma))
        \frac{dL}{d\sigma} = 3 \sigma^{2}
    """
    layout = _Layout(value, wrt, "latex", LATEX, digits)
    if not layout.steps:
        left = f"{layout.derivative.latex} = " if layout.derivative else ""
        return Latex(left + layout.result)
    left = layout.derivative.latex if layout.derivative else symbol(layout.title)
    rows = [*((symbol(name), text) for name, text in layout.steps), (left, layout.result)]
    aligned = r" \\ ".join(f"{name} &= {text}" for name, text in rows)
    return Latex(rf"\begin{{aligned}} {aligned} \end{{aligned}}")


class _Layout:
    """The lines of a formula."""

    def __init__(
        self, value: Value, wrt: Value | None, caller: str, notation: Notation, digits: int | None
    ) -> None:
        require_value(value, caller)
        if wrt is not None and not isinstance(wrt, Value):
            raise TypeError(f"wrt must be a Value, not {kind_of(wrt)}")
        if digits is not None:
            digits = whole(digits, "digits", 1)
        given = [value] if wrt is None else [value, wrt]
        roots = simplified(without_gates([value]) if wrt is None else [textbook_derivative(*given)])
        order = merged(roots)
        if notation is LATEX:
            written = {node.op.latex for node in order if node.op}
            taken = [name for name, sign in SIGNS.items() if any(sign in x for x in written)]
            names = Names(taken, look=symbol)
        else:
            names = Names(functions(order) | {"inf", "nan"})
        # A leaf is called the same in the formula of every derivative.
        leaves = [node for node in merged(roots if wrt is None else given) if node.op is None]
        known = names.of_leaves(leaves)
        if value in known:
            self.title = known[value]
        else:
            self.title = names.new(value.name) if value.name else names.result()
        titles = {value: self.title}
        self.derivative: Math | None = None
        if wrt is not None:
            if wrt in known:
                below = named(known[wrt])
            elif wrt in order:  # it has a line of its own
                titles[wrt] = names.new(wrt.name) if wrt.name else next(names.symbols(1))
                below = named(titles[wrt])
            else:
                below = Labels(topological_order(value), [wrt])[wrt]
            several = notation is LATEX and len(known) > 1
            self.derivative = derivative(named(self.title), below, partial=several)
        *steps, (_, result) = lines(
            roots,
            known,
            names,
            notation,
            partial(number, digits=digits),
            titles=titles,
            kept=set(given[1:]),
            repeating=True,
        )
        self.steps = [(name, text.text) for name, text in steps]
        self.result = result.text
