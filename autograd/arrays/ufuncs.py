"""NumPy's ufuncs applied to Values and arrays of them: `np.tanh(x)` is `autograd.tanh(x)`."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arrays import products
from autograd.arrays.reductions import items_of, listed, mask, reduced
from autograd.arrays.refusals import remedy, require_object_type, require_objects
from autograd.arrays.registry import IGNORED
from autograd.elements import container, viewed
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
    if method == "at":
        return _at(ufunc, name, *inputs)
    inputs = tuple([listed(plain(x, role)) for x in inputs])
    options = {key: option for key, option in options.items() if key not in IGNORED}
    targets: tuple[Any, ...] = out or ()
    for target in targets:
        if not _asks(ufunc):
            require_objects(name, target)
    where = options.pop("where", True) if method == "__call__" else True
    if where is not True and not targets:
        raise TypeError(f"{name} of Values takes where= only with out=, or use np.where")
    chosen = None if where is True else np.broadcast_to(mask(where), targets[0].shape)
    if _asks(ufunc):
        result = ask(ufunc if method == "__call__" else getattr(ufunc, method), *inputs, **options)
    else:
        require_object_type(name, options.pop("dtype", None))
        if chosen is not None:  # of the others, nothing is computed
            inputs = tuple([np.broadcast_to(items_of(x), chosen.shape)[chosen] for x in inputs])
        result = _applied(ufunc, name, method, inputs, options)
    if not targets:
        return result
    results = result if isinstance(result, tuple) else (result,)
    for target, part in zip(targets, results, strict=True):
        if chosen is None:
            target[...] = part
        else:
            target[chosen] = np.broadcast_to(part, target.shape)[chosen] if _asks(ufunc) else part
    return targets if len(targets) > 1 else targets[0]


def _asks(ufunc: np.ufunc) -> bool:
    """Whether a ufunc answers a question."""
    return not {"d->?", "dd->?"}.isdisjoint(ufunc.types)


def _applied(
    ufunc: np.ufunc, name: str, method: str, inputs: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """A ufunc, or a method of one, applied to arrays of Values."""
    if method == "reduce" and ufunc in REDUCTIONS:
        return reduced(REDUCTIONS[ufunc], *inputs, **{"axis": 0, **options})
    if method not in ("__call__", "outer"):  # NumPy's own loop
        loop = np.frompyfunc(_quiet(_operation(ufunc, name)), 2, 1)
        result = getattr(loop, method)(*map(items_of, inputs), **options)
        return viewed(result, container(*inputs)) if isinstance(result, np.ndarray) else result
    if ufunc in _PRODUCTS and options.keys() <= {"axis", "axes"}:
        axes = options.pop("axes", None)  # which `a @= b` passes on
        if axes in (None, [(-2, -1)] * 3):
            return _PRODUCTS[ufunc](*inputs, **options)
        options = {"axes": axes}
    if options:
        raise TypeError(f"{name} of Values does not take {', '.join(options)}")
    if method == "outer":
        one, other = map(items_of, inputs)
        places = (slice(None),) * one.ndim + (None,) * other.ndim
        inputs = (viewed(one[places], container(inputs[0])), inputs[1])
    return _called(ufunc, name, inputs)


def _at(ufunc: np.ufunc, name: str, target: Any, places: Any, *others: Any) -> None:
    """The ufunc of the elements at some places, one after the other, in place."""
    require_objects(name, target)
    loop = np.frompyfunc(_quiet(_operation(ufunc, name)), ufunc.nin, 1)
    loop.at(np.asarray(target), places, *[items_of(listed(x)) for x in others])


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


def _quiet(op: Op) -> Callable[..., Any]:
    """An operation for a loop of NumPy's, lest that warn a second time."""

    def apply(*operands: Any) -> Any:
        result = op(*operands)
        clear_flags()
        return result

    return apply


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
