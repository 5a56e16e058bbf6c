"""Arrays of Values, and what NumPy's functions do with them."""

from autograd.arrays.array import Array
from autograd.arrays.functions import apply_function
from autograd.arrays.refusals import reworded
from autograd.arrays.ufuncs import apply_ufunc

__all__ = ["Array", "apply_function", "apply_ufunc", "reworded"]
