"""NumPy's ufuncs applied to Values: `np.tanh(value)` is `autograd.tanh(value)`."""

import sys
from typing import Any

import numpy as np

from autograd.graph import Node
from autograd.op import Op
from autograd.ops import SCIPY, TABLE, UFUNCS
from autograd.questions import ask
from autograd.reals import boxed, refuse_loss

_IDENTITIES = (np.positive, np.conjugate)


def apply_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], out: Any = None, **options: Any
) -> Any:
    """Apply a ufunc for `Value.__array_ufunc__`.

    Ufuncs that the table knows record nodes, elementwise where arrays are involved; those that
    answer a question (`np.less`, `np.isfinite`) ask it of the data.

    Raises:
        TypeError: for a ufunc without a derivative here, for options such as `where=`, and for an
            `out` that cannot hold Values.
    """
    refuse_loss(inputs, f"an operand of np.{ufunc.__name__}")
    if method != "__call__":  # reduce, outer, …: NumPy's own loop over objects
        arrays = [boxed(x) if isinstance(x, Node) else x for x in inputs]
        return getattr(ufunc, method)(*arrays, **({"out": out} if out else {}), **options)
    inputs = tuple([np.asarray(x) if isinstance(x, (list, tuple)) else x for x in inputs])
    if options:
        raise TypeError(f"np.{ufunc.__name__} of a Value does not take {', '.join(options)}")
    if ufunc in UFUNCS:
        result = UFUNCS[ufunc](*inputs)
    elif (op := _of_scipy(ufunc)) is not None:
        result = op(*inputs)
    elif ufunc is np.divmod:
        return UFUNCS[np.floor_divide](*inputs), UFUNCS[np.remainder](*inputs)
    elif {"d->?", "dd->?"} & set(ufunc.types):
        result = ask(ufunc, *inputs)
    elif ufunc in _IDENTITIES:
        result = inputs[0]
    elif ufunc.__name__ in TABLE:  # np.clip's, which has no public name
        result = TABLE[ufunc.__name__](*inputs)
    else:
        known = getattr(np, ufunc.__name__, None) is ufunc
        raise TypeError(
            f"{'np.' if known else 'the ufunc '}{ufunc.__name__} has no derivative here: "
            "apply it to .data, or call an autograd.Op that you write for it"
        )
    if out is None:
        return result
    (target,) = out
    if target.dtype != object:
        message = f"an array of {target.dtype} cannot hold Values; use array.astype(object)"
        raise TypeError(message)
    target[...] = result
    return target


def _of_scipy(ufunc: np.ufunc) -> Op | None:
    """The operation that a ufunc of SciPy's, which is not imported for the question, stands for."""
    special = sys.modules.get("scipy.special")
    name = ufunc.__name__
    return SCIPY.get(name) if ufunc is getattr(special, name, None) else None
