"""A graph as the source of a Python function that computes the same, bit for bit."""

import keyword
import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from autograd.derivative import derivative_graphs
from autograd.expression.definitions import Functions
from autograd.expression.lines import lines, with_lines
from autograd.expression.simplify import merged, simplified
from autograd.freshness import require_fresh
from autograd.graph import require_value, sort
from autograd.notation.names import Names
from autograd.notation.writing import TEXT
from autograd.reals import kind_of, objects
from autograd.silence import recorded
from autograd.value import Value


@recorded
def python_source(
    value: Value,
    name: str = "f",
    arguments: Sequence[Any] | None = None,
    *,
    gradient: bool = False,
) -> str:
    """The source of a Python function that computes a Value as its graph does.

    It needs `math` and, for some operations, NumPy, but not this library; where Python differs from
    IEEE 754, as in dividing by 0, small functions in front do the work. The results are those of
    the graph to the last bit. Values that have names or are used more than once get a line each.

    Args:
        value: the Value that is computed.
        name: the name of the function.
        arguments: the leaves that become its parameters, in this order, in arrays or alone; by
            default all of them. The others stay the numbers that they are.
        gradient: whether the function also returns the derivatives with respect to its
            parameters: `value, (derivative, …)`. They are computed as one would by hand, in steps
            called `dy_dx`.

    Raises:
        TypeError: if `value` or an argument is not a Value.
        RuntimeError: if derivatives are asked for, and the data of a Value has changed since the
            graph was computed: `forward()` computes it anew.
        ValueError: if the name is not an identifier, if an argument is not a leaf or is given
            twice, or if a custom operation cannot be written, not being a plain function.

    Example:
        >>> from autograd import Value, python_source
        >>> w, b = Value(2.0, name="w"), Value(-1.0, name="b")
        >>> output = (w * 3.0 + b).named("output")
        >>> loss = ((output - 0.5) ** 2).named("loss")
        >>> print(python_source(loss, gradient=True), end="")
        def f(w, b):
            output = w * 3.0 + b
            u = output - 0.5
            loss = u * u
            dloss_du = 2.0 * u
            dloss_dw = dloss_du * 3.0
            dloss_db = dloss_du
            return loss, (dloss_dw, dloss_db)
    """
    require_value(value, "python_source")
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"the name of a function must be an identifier, not {name!r}")
    order = sort(value)
    parameters = _parameters(order, arguments)
    free = set(parameters)
    constants = {x: x._number for x in order if x.op is None and x not in free}
    steps = [node for node in order if node.op] if gradient else []
    if gradient:
        require_fresh(order)
    slopes = derivative_graphs(order, {value: 1.0}, [*steps, *parameters]) if gradient else []
    root, *simple = simplified([value, *steps, *slopes], constants)
    forward, adjoints = simple[: len(steps)], simple[len(steps) :]
    wanted = adjoints[len(steps) :]

    functions = Functions()
    computed = merged([root, *wanted])
    reserved = functions.collect(computed)
    if name in reserved:
        raise ValueError(f"the function cannot be called {name!r}: its source uses that name")
    names = Names({name, *reserved})
    known = names.of_leaves(parameters)
    own: dict[Value, str | None] = {}
    for node, step in zip(steps, forward, strict=True):
        if isinstance(step, Value) and step.op:
            own.setdefault(step, node.name)
    named = {x for x in computed if x.name}
    notation = TEXT._replace(template=functions.template)
    roots = [root, *wanted]
    written = with_lines(roots, known, notation, named)
    owners: dict[Value, Value] = {}  # of the adjoints that get a line
    for step, adjoint in reversed(list(zip(forward, adjoints, strict=False))):
        if not isinstance(step, Value) or not isinstance(adjoint, Value) or step not in own:
            continue
        if step not in written and step is not root:
            continue  # it has no name in the source
        if adjoint.op and adjoint not in own and adjoint not in owners:
            owners[adjoint] = step
    kept = {*owners, *named}
    written = with_lines(roots, known, notation, kept)
    called = {*owners.values(), *written}
    result = names.new(value.name) if value.name else names.result()
    titles = {root: result} if isinstance(root, Value) and root in own else {}
    unnamed = [step for step in own if step in called and step not in titles and not own[step]]
    others = [x for x in written if not x.name and x not in own and x not in owners]
    titles |= zip(unnamed, names.symbols(len(unnamed) + len(others)), strict=False)
    titles |= {
        step: names.new(title) for step, title in own.items() if title and step not in titles
    }
    titles |= {x: names.new(f"d{result}_d{titles[step]}") for x, step in owners.items()}
    (*body,) = lines(roots, known, names, notation, _digits, titles=titles, kept=kept)
    outputs = [text.text for _, text in body[-1 - len(wanted) :]]
    code = [f"{variable} = {text.text}" for variable, text in body if variable]
    returned = outputs[0]
    if gradient:
        if returned != result:
            code.append(f"{result} = {returned}")
        derivatives = [names.new(f"d{result}_d{known[x]}") for x in parameters]
        code += map("{} = {}".format, derivatives, outputs[1:])
        returned = f"{result}, ({', '.join(derivatives)}{',' * (len(derivatives) == 1)})"
    return _module(functions, f"{name}({', '.join(known.values())})", [*code, f"return {returned}"])


def _module(functions: Functions, head: str, body: Sequence[str]) -> str:
    """The function with those that it calls, and what they import."""
    definition = f"def {head}:\n" + "\n".join(f"    {line}" for line in body)
    parts = [*(source.strip("\n") for source in functions.sources.values()), definition]
    code = "\n\n\n".join(parts) + "\n"
    if "np." in code:
        code = f"import numpy as np\n\n\n{code}"
    if "math." in code:
        code = f"import math\n\n{code}" if "np." in code else f"import math\n\n\n{code}"
    return code


def _parameters(order: Collection[Value], arguments: Sequence[Any] | None) -> list[Value]:
    """The leaves that are parameters."""
    if arguments is None:
        return [node for node in order if node.op is None]
    if isinstance(arguments, Value) or not isinstance(arguments, (list, tuple, np.ndarray)):
        raise TypeError("arguments must be a list of Values and arrays of Values")
    result: dict[Value, None] = {}
    for argument in arguments:
        for leaf in objects(argument, "arguments").ravel().tolist():
            if not isinstance(leaf, Value):
                raise TypeError(f"an argument must be a Value, not {kind_of(leaf)}")
            if leaf.op is not None:
                raise ValueError(f"an argument must be a leaf, which {leaf!r} is not")
            if leaf in result:
                raise ValueError(f"the argument {leaf!r} is given twice")
            result[leaf] = None
    return list(result)


def _digits(x: float) -> str:
    """A number as a float, since an integer has no -0.0."""
    text = repr(x)
    return text if math.isfinite(x) else text.replace("inf", "math.inf").replace("nan", "math.nan")
