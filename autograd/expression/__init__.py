"""A graph written as text, as LaTeX, as Python source, as an expression of SymPy."""

from autograd.expression.formulas import Latex, expression, latex
from autograd.expression.python import python_source
from autograd.expression.symbolic import to_sympy

__all__ = ["Latex", "expression", "latex", "python_source", "to_sympy"]
