"""A scalar autograd engine: exact derivatives of plain Python code, to see and to trust."""

from importlib.metadata import version as _version

from autograd.arrays import data, grads, values
from autograd.diagram import Diagram, draw
from autograd.graph import topological_order
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
    cbrt,
    clip,
    cos,
    cosh,
    dot,
    erf,
    exp,
    expm1,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logsumexp,
    maximum,
    mean,
    minimum,
    prod,
    relu,
    sigmoid,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    sum,
    tan,
    tanh,
    where,
)
from autograd.value import Value

__version__ = _version("scalar-autograd")

__all__ = [
    "Diagram", "Op", "Value", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh",
    "cbrt", "clip", "cos", "cosh", "data", "dot", "draw", "erf", "exp", "expm1", "grads", "hypot",
    "leaky_relu", "log", "log10", "log1p", "log2", "logaddexp", "logsumexp", "maximum", "mean",
    "minimum", "prod", "relu", "sigmoid", "sin", "sinh", "softplus", "sqrt", "square", "sum", "tan",
    "tanh", "topological_order", "values", "where",
]  # fmt: skip
