"""A scalar autograd engine: exact derivatives of plain Python code, to see and to trust."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from autograd.arrays import Array
from autograd.arrays.vectors import cross_entropy, cumprod, cumsum, log_softmax, softmax
from autograd.batching import vmap
from autograd.compare import Finding, Report, check_gradient, check_hessian, check_jacobian, compare
from autograd.explain import Explanation, explain
from autograd.expression import expression, latex, python_source, to_sympy
from autograd.forms import FORM as _FORM
from autograd.functional import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.graph import topological_order
from autograd.implicit import custom_root
from autograd.op import Op
from autograd.ops import (
    abs,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    betaln,
    cbrt,
    ceil,
    clip,
    copysign,
    cos,
    cosh,
    deg2rad,
    digamma,
    dot,
    elu,
    entr,
    erf,
    erfc,
    erfinv,
    exp,
    exp2,
    expm1,
    floor,
    fmax,
    fmin,
    fmod,
    gammaln,
    gelu,
    hard_tanh,
    heaviside,
    huber,
    hypot,
    leaky_relu,
    log,
    log1mexp,
    log1p,
    log2,
    log10,
    log_ndtr,
    log_sigmoid,
    logaddexp,
    logit,
    logsumexp,
    max,
    maximum,
    mean,
    min,
    minimum,
    mod,
    ndtr,
    norm,
    polygamma,
    prod,
    rad2deg,
    reciprocal,
    relu,
    round,
    selu,
    sigmoid,
    sign,
    silu,
    sin,
    sinc,
    sinh,
    softplus,
    softsign,
    sqrt,
    square,
    stop_gradient,
    sum,
    tan,
    tanh,
    trunc,
    where,
    xlog1py,
    xlogy,
)
from autograd.ops import gammaln as lgamma
from autograd.release import RELEASE as _RELEASE
from autograd.silence import no_grad
from autograd.value import Value
from autograd.values import array, data, grads, values

if _TYPE_CHECKING:
    from autograd.compiler import jit
    from autograd.diagram import Diagram, draw

__version__ = _RELEASE
core: str = _FORM
"""The form of the core that runs: `"native"` where that was built and the environment variable
`AUTOGRAD_CORE` is not `pure`, otherwise `"pure"`."""

__all__ = [
    "Array", "Diagram", "Explanation", "Finding", "Op", "Report", "Value", "abs", "acos",
    "acosh", "array", "asin", "asinh", "atan", "atan2", "atanh", "betaln", "cbrt", "ceil",
    "check_gradient", "check_hessian", "check_jacobian", "clip", "compare", "copysign", "cos",
    "cosh", "cross_entropy", "cumprod", "cumsum", "custom_root", "data", "deg2rad", "digamma",
    "dot", "draw", "elu", "entr", "erf", "erfc", "erfinv", "exp", "exp2", "explain", "expm1",
    "expression", "floor", "fmax", "fmin", "fmod", "gammaln", "gelu", "grad", "grads",
    "hard_tanh", "heaviside", "hessian", "huber", "hvp", "hypot", "jacobian", "jit", "jvp",
    "latex", "leaky_relu", "lgamma", "log", "log10", "log1mexp", "log1p", "log2", "log_ndtr",
    "log_sigmoid", "log_softmax", "logaddexp", "logit", "logsumexp", "max", "maximum", "mean",
    "min", "minimum", "mod", "ndtr", "no_grad", "norm", "polygamma", "prod", "python_source",
    "rad2deg", "reciprocal", "relu", "round", "selu", "sigmoid", "sign", "silu", "sin", "sinc",
    "sinh", "softmax", "softplus", "softsign", "sqrt", "square", "stop_gradient", "sum", "tan",
    "tanh", "to_sympy", "topological_order", "trunc", "value_and_grad", "values", "vjp", "vmap",
    "where", "xlog1py", "xlogy",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """The names of `autograd.diagram`, imported when first asked for: with Graphviz they take as
    long as all the rest; `jit`; and the modules that not every program needs.
    """
    if name == "jit":
        from autograd.compiler import jit

        return jit
    if name in ("Diagram", "draw"):
        from autograd import diagram

        return getattr(diagram, name)
    if name in ("micrograd", "optim"):
        return _import_module(f"autograd.{name}")
    raise AttributeError(f"module 'autograd' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
