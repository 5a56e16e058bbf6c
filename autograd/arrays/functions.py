"""NumPy's functions applied to Values and arrays of them, by `__array_function__`."""

import inspect
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from autograd.arrays import linalg, products, selections, statistics, vectors  # noqa: F401  they register
from autograd.arrays.refusals import ANY, put, refuse, require_object_type, require_objects
from autograd.arrays.registry import FUNCTIONS, IGNORED
from autograd.questions import ask
from autograd.reals import boxed, plain


def _of_numpy(names: str) -> set[Any]:
    """The functions of NumPy that have these names, in the version that is installed."""
    found = set()
    for name in names.split():
        with suppress(AttributeError):
            found.add(operator.attrgetter(name)(np))
    return found


ASKED = _of_numpy(
    "all allclose any argmax argmin argpartition argsort argwhere array_equal array_equiv "
    "count_nonzero digitize flatnonzero isclose iscomplex isin isneginf isposinf isreal lexsort "
    "linalg.matrix_rank nanargmax nanargmin nonzero searchsorted"
)
"""Functions that answer a question, by the data."""

MOVED = _of_numpy(
    "append array_split astype atleast_1d atleast_2d atleast_3d "
    "block broadcast_arrays broadcast_to can_cast choose column_stack common_type compress concat "
    "concatenate copy copyto delete diag diag_indices_from diagflat diagonal dsplit dstack "
    "einsum_path empty_like expand_dims extract fill_diagonal flip fliplr flipud full_like hsplit "
    "hstack insert iscomplexobj isrealobj ix_ matrix_transpose may_share_memory meshgrid "
    "min_scalar_type moveaxis ndim permute_dims place put put_along_axis putmask ravel "
    "repeat reshape resize result_type roll rollaxis rot90 save savez savez_compressed shape "
    "shares_memory size split squeeze stack swapaxes take take_along_axis tile transpose tril "
    "tril_indices_from triu triu_indices_from unstack vsplit vstack linalg.diagonal "
    "fft.fftshift fft.ifftshift linalg.matrix_transpose lib.stride_tricks.sliding_window_view"
)
"""Functions that move elements, or do not look at them: NumPy's own, on plain arrays of objects."""

COMPOSED = _of_numpy(
    "apply_along_axis apply_over_axes array2string array_repr array_str diff geomspace "
    "linspace logspace nancumprod nancumsum piecewise poly polyadd polyder polyint polymul "
    "polysub polyval trapezoid trim_zeros vander cumulative_sum cumulative_prod linalg.multi_dot"
)
"""Functions that are made of others: NumPy's own, on arrays of Values."""

MADE = _of_numpy("arange array asarray empty eye full identity ones zeros")
"""Functions that make arrays, which are asked for with `like=`."""

INTO = _of_numpy("copyto fill_diagonal place put put_along_axis putmask")
"""Functions that write into their first argument."""


def apply_function(
    function: Any, args: Iterable[Any], kwargs: Mapping[str, Any], kind: type
) -> Any:
    """Apply one of NumPy's functions for `__array_function__`; arrays become those of a kind.

    Raises:
        TypeError: for a function that cannot be differentiated here, for an argument that is not
            supported, and for an `out` or a `dtype` that cannot hold Values.
    """
    name = name_of(function)
    role = f"an argument of {name}"
    args = [plain(x, role) for x in args]
    if len(args) == 1 and not kwargs and function in FUNCTIONS:  # as it mostly is
        return FUNCTIONS[function](args[0])
    kwargs = {key: plain(x, role) for key, x in kwargs.items()}
    if function in ASKED:
        return ask(function, *args, **kwargs)
    if function in FUNCTIONS:
        return _called(function, name, args, kwargs)
    if function in MADE:
        made = np.asarray(function(*args, **kwargs))
        return _viewed(made.astype(object) if made.dtype == np.float64 else made, kind)
    if function not in MOVED and function not in COMPOSED:
        refuse(name)
    if function in INTO:
        require_objects(name, args[0])
    require_objects(name, kwargs.get("out"))
    if not function.__name__.endswith("_like"):
        require_object_type(name, kwargs.get("dtype"))
    if function in MOVED:
        args, kwargs = _stripped(args), {key: _stripped(x) for key, x in kwargs.items()}
    else:
        args = [boxed(x).view(kind) if hasattr(type(x), "_record") else x for x in args]
    numpys = np.ndarray.__array_function__
    return _viewed(numpys(np.empty(0), function, (np.ndarray,), tuple(args), kwargs), kind)


def _called(
    function: Callable[..., Any], name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """The library's own function for one of NumPy's, which has parameters of the same names."""
    ours, signature = FUNCTIONS[function], _signature(function)
    taken, bound = _signature(ours).parameters, signature.bind(*args, **kwargs)
    kinds = [x.kind for x in signature.parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:  # nothing else can be given by name
        by_position, options = bound.args, bound.kwargs
    else:
        further = bound.arguments.pop("kwargs", {})
        options = {**bound.arguments, **further}
        count = kinds.count(inspect.Parameter.POSITIONAL_ONLY)
        by_position = tuple(
            [options.pop(x) for x in [*signature.parameters][:count] if x in options]
        )
    out = options.pop("out", None)
    require_objects(name, out)
    require_object_type(name, options.pop("dtype", None) if "dtype" not in taken else None)
    anything = any(x.kind is x.VAR_KEYWORD for x in taken.values())
    for key in () if anything else options.keys() - taken:
        default = getattr(signature.parameters.get(key), "default", None)
        if options.pop(key) is not default and key not in IGNORED:
            raise TypeError(f"{name} of Values does not take {key}: {ANY}")
    result = ours(*by_position, **options)
    return result if out is None else put(out, result)


_signature = cache(inspect.signature)


def name_of(function: Callable[..., Any]) -> str:
    """A function of NumPy as it is called in a program."""
    return f"{function.__module__}.{function.__name__}".replace("numpy.", "np.", 1)


def _stripped(item: Any) -> Any:
    """Plain arrays in place of arrays of Values."""
    if isinstance(item, (list, tuple)):
        return type(item)(map(_stripped, item))
    return np.asarray(item) if isinstance(item, np.ndarray) else item


def _viewed(result: Any, kind: type) -> Any:
    """Arrays of objects as those of a kind, and the others as plain ones."""
    if isinstance(result, (list, tuple)):
        return type(result)([_viewed(x, kind) for x in result])
    if isinstance(result, np.ndarray):
        return result.view(kind if result.dtype == object else np.ndarray)
    return result
