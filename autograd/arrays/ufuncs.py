"""NumPy's ufuncs applied to Values and arrays of them: `np.tanh(x)` is `autograd.tanh(x)`."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arrays import products
from autograd.arrays.reductions import items_of, listed, reduced
from autograd.arrays.refusals import put, remedy, require_object_type, require_objects
from autograd.elements import container, numbers, viewed
from autograd.op import Op, clear_flags
from autograd.ops import REDUCTIONS, SCIPY, TABLE, UFUNCS
from autograd.questions import ask
from autograd.reals import plain

_IDENTITIES = (np.positive, np.conjugate)
_PRODUCTS = {
    getattr(np, name): getattr(products, name)
    for name in ("matmul", "matvec", "vecdot", "vecmat")
    if hasattr(np, name)
}
_IGNORED = ("casting", "order", "subok")


def apply_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], out: Any = None, **options: Any
) -> Any:
    """Apply a ufunc for `__array_ufunc__` of Values and of arrays of them.

    Ufuncs that the table knows record a node for each element; those that answer a question
    (`np.less`, `np.isfinite`) ask it of the data.

    Raises:
        TypeError: for a ufunc without a derivative here, for an option that is not supported, and
            for an `out` that cannot hold Values.
    """
    ordinary = out is None and not options and method == "__call__"
    if ordinary and ufunc in UFUNCS and not {list, tuple, range} & {*map(type, inputs)}:
        return UFUNCS[ufunc](*inputs)
    name = _name_of(ufunc)
    role = f"an operand of {name}"
    inputs = tuple([listed(plain(x, role)) for x in inputs])
    for option in _IGNORED:
        options.pop(option, None)
    if {"d->?", "dd->?"} & set(ufunc.types):
        question = ufunc if method == "__call__" else getattr(ufunc, method)
        answer = ask(question, *inputs, **options)
        return answer if out is None else put(out[0], answer)
    require_object_type(name, options.pop("dtype", None))
    target = None if out is None else out[0]
    require_objects(name, target)
    if method == "at":
        require_objects(name, inputs[0])
    if method == "__call__":
        where = options.pop("where", True)
        if options.get("axes") == [(-2, -1)] * 3:  # as in `a @= b`
            del options["axes"]
        if ufunc in _PRODUCTS and "axis" in options and np.ndim(inputs[0]):
            return products.vecdot(*inputs, **options)
        _refuse_options(name, options)
        if where is not True:
            return _masked(ufunc, name, inputs, target, where)
        result = _called(ufunc, name, inputs)
    elif method == "outer":
        _refuse_options(name, options)
        one, other = map(items_of, inputs)
        places = (slice(None),) * one.ndim + (None,) * other.ndim
        result = _called(ufunc, name, (viewed(one[places], container(inputs[0])), inputs[1]))
    elif method == "reduce" and ufunc in REDUCTIONS:
        result = reduced(REDUCTIONS[ufunc], *inputs, **{"axis": 0, **options})
    else:  # NumPy's own loop
        loop = getattr(np.frompyfunc(_quiet(_operation(ufunc, name)), 2, 1), method)
        result = loop(
            *[items_of(x) if hasattr(type(x), "_array") else x for x in inputs], **options
        )
        if isinstance(result, np.ndarray):
            result = viewed(result, container(*inputs, result))
    return result if target is None else put(target, result)


def _called(ufunc: np.ufunc, name: str, inputs: tuple[Any, ...]) -> Any:
    """The ufunc of each element."""
    if ufunc in _PRODUCTS:
        return _PRODUCTS[ufunc](*inputs)
    if ufunc is np.divmod:
        return UFUNCS[np.floor_divide](*inputs), UFUNCS[np.remainder](*inputs)
    if ufunc in _IDENTITIES:
        return inputs[0]
    if set("".join(ufunc.types)) == set("O->"):  # Python's function, made a ufunc by frompyfunc
        result = ufunc(*map(items_of, inputs))
        return viewed(result, container(*inputs)) if isinstance(result, np.ndarray) else result
    return _operation(ufunc, name)(*inputs)


def _operation(ufunc: np.ufunc, name: str) -> Op:
    """The operation of the table that a ufunc stands for."""
    if ufunc in UFUNCS:
        return UFUNCS[ufunc]
    if ufunc.__name__ == "clip":  # np.clip's, which has no public name
        return TABLE[ufunc.__name__]
    if _of_scipy(ufunc) and ufunc.__name__ in SCIPY:
        return SCIPY[ufunc.__name__]
    raise TypeError(f"{name} has no derivative here: {remedy(ufunc.__name__)}")


def _quiet(op: Op) -> Callable[[Any, Any], Any]:
    """An operation as a loop of NumPy's calls it, lest it warn a second time."""

    def apply(x: Any, y: Any) -> Any:
        result = op(x, y)
        clear_flags()
        return result

    return apply


def _masked(ufunc: np.ufunc, name: str, inputs: tuple[Any, ...], target: Any, where: Any) -> Any:
    """The ufunc of the elements where a condition is true; the others are left as they are."""
    if target is None:
        raise TypeError(f"{name} of Values takes where= only with out=, or use np.where")
    taken = np.broadcast_to(numbers(where), target.shape)
    target[taken] = _called(
        ufunc, name, tuple([np.broadcast_to(items_of(x), target.shape)[taken] for x in inputs])
    )
    return target


def _refuse_options(name: str, options: dict[str, Any]) -> None:
    if options:
        raise TypeError(f"{name} of Values does not take {', '.join(options)}")


def _name_of(ufunc: np.ufunc) -> str:
    """A ufunc as it is called in a program."""
    if getattr(np, ufunc.__name__, None) is ufunc:
        return f"np.{ufunc.__name__}"
    if _of_scipy(ufunc):
        return f"scipy.special.{ufunc.__name__.lstrip('_')}"
    return f"the ufunc {ufunc.__name__}"


def _of_scipy(ufunc: np.ufunc) -> bool:
    """Whether a ufunc is one of SciPy's, which is not imported for the question."""
    return ufunc is getattr(sys.modules.get("scipy.special"), ufunc.__name__, None)
