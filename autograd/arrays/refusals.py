"""NumPy's and SciPy's functions that Values cannot go through, each with the remedy."""

import operator
import re
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from autograd.arrays.registry import FUNCTIONS
from autograd.elements import container

OP = "write an autograd.Op with the derivative of its result, from "
FORMULA = "write the formula in NumPy's elementwise functions"

_TABLE = {
    "cond eig eigh eigvals eigvalsh logm roots sqrtm svd svdvals": f"{OP}M. Giles, "
    '"Collected matrix derivative results for forward and reverse mode AD" (2008)',
    "pinv": f"{OP}G. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413",
    "expm": f"{OP}I. Najfeld and T. Havel, Adv. Appl. Math. 16 (1995) 321",
    "fft": "it is linear: multiply by its matrix (scipy.linalg.dft), cosines and sines apart, or "
    "write an autograd.Op with the transform of the direction as its derivative (J. Smith, "
    '"Mathematics of the DFT" (2007))',
    "solve lu lu_factor lu_solve cho_solve solve_triangular": "use np.linalg.solve",
    "cholesky cho_factor": "use np.linalg.cholesky",
    "inv": "use np.linalg.inv",
    "det": "use np.linalg.det",
    "qr": "use np.linalg.qr",
    "lstsq": "use np.linalg.lstsq",
    "logsumexp": "use autograd.logsumexp, or np.logaddexp.reduce(x, axis=…)",
    "softmax": "use autograd.softmax",
    "log_softmax": "use autograd.log_softmax",
    "logpdf pdf": f"{FORMULA}, autograd.gammaln and autograd.xlogy",
    "cdf sf": f"{FORMULA}, or, for the normal distribution, autograd.ndtr",
    "logcdf logsf": f"{FORMULA}, or, for the normal distribution, autograd.log_ndtr",
    "multigammaln": "write it as a sum of autograd.gammaln",
    "pandas": "compute with its numbers, .to_numpy(float)",
    "random": "draw first, and compute with the numbers drawn: x + scale * rng.normal()",
    "savetxt": "save autograd.data(array)",
    "histogram": "its counts have no derivative: give it autograd.data(array); weights add up by "
    "np.digitize and np.add.at(np.zeros(n, like=weights), places, weights)",
    "bincount": "use np.add.at(np.zeros(n, like=weights), places, weights)",
}
REMEDIES = {name: remedy for names, remedy in _TABLE.items() for name in names.split()}
ANY = "apply it to .data, or to autograd.data(array), or call an autograd.Op that you write for it"


def remedy(function: str) -> str:
    """The remedy for those who call a function of that name."""
    name = function.rpartition(".")[2]
    return REMEDIES.get("fft" if "fft" in function else name, ANY)


def refuse(function: str, name: str = "") -> NoReturn:
    """Raise the error that says what to do instead of calling a function."""
    raise TypeError(f"{function} does not take Values: {remedy(name or function)}")


def require_objects(function: str, target: Any) -> None:
    """Raise a TypeError if an array that is to be written into cannot hold Values."""
    if isinstance(target, np.ndarray) and target.dtype != object:
        raise TypeError(
            f"{function}: an array of {target.dtype} cannot hold Values; use array.astype(object), "
            "or autograd.array(array)"
        )


def require_object_type(function: str, dtype: Any) -> None:
    """Raise a TypeError if a result is wanted in a type that cannot hold Values."""
    if dtype is not None and np.dtype(dtype) != object:
        raise TypeError(
            f"{function}: dtype={np.dtype(dtype)} would lose the gradients; leave it out, or "
            "take the numbers alone with autograd.data(array)"
        )


def put(target: Any, result: Any) -> Any:
    """Write a result into the array that was given for it."""
    target[...] = result
    return target


def reworded(error: Exception) -> TypeError | None:
    """An error of NumPy or SciPy that Values are the reason for, in words of this library.

    Returns:
        None for any other error, and for those of this library.
    """
    if type(error).__module__.partition(".")[0] not in ("builtins", *OTHERS):
        return None
    words = str(error)
    kinds = (TypeError, AttributeError, NotImplementedError)
    if not isinstance(error, kinds) and "object" not in words and "dtype('O')" not in words:
        return None  # of the shapes, say
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    callers = [frame for frame in frames if _package(frame) != "autograd"]
    theirs = [frame for frame in callers if _package(frame) in OTHERS]
    own = _package(frames[-1]) == "autograd"
    if not theirs or (not own and callers[-1] is not theirs[-1]):  # a line of the user's
        ufunc = re.search(r"ufunc '(\w+)' not|type (?:float|int) .* callable (\w+) method", words)
        if not ufunc or own:
            return None
        name = ufunc[1] or ufunc[2]
        return TypeError(f"{'np.' * hasattr(np, name)}{name} {PLAIN}")
    drawn = theirs[0].f_globals["__name__"].startswith("numpy.random")
    if own and (callers[-1] is not theirs[-1] or (_package(theirs[0]) == "numpy" and not drawn)):
        return None  # it has a remedy, unless it is for a line of SciPy
    given = [x for frame in theirs for x in frame.f_locals.values()]
    if not own and "dtype('O')" not in words and not any(map(_holds_values, given)):
        return None
    name = _title(theirs)
    last = "random" if name.startswith("np.random.") else name.rpartition(".")[2]
    if name.startswith(("pandas.", "xarray.")):
        last = "pandas"
    if last in {function.__name__ for function in FUNCTIONS if name.startswith("np.")}:
        return TypeError(f"{name} {PLAIN}")
    return TypeError(f"{name} does not take Values: {remedy(last)}")


OTHERS = ("numpy", "scipy", "pandas", "xarray")
PLAIN = (
    "does not take this argument: if it is a plain array with Values in it, make it with "
    "autograd.array(…) in place of np.array(…)"
)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def _title(frames: Sequence[FrameType]) -> str:
    """The function of another library that was called, as it is written in a program."""
    for frame in frames:
        module = frame.f_globals["__name__"].split(".")
        function, owner = frame.f_code.co_name.rpartition(".")[2], frame.f_locals.get("self")
        if module[0] == "numpy":  # where it is public, not where it is defined
            for public in ("", "linalg.", "fft.", "random."):
                if function in dir(operator.attrgetter(public[:-1])(np) if public else np):
                    return f"np.{public}{function}"
        package = ".".join([x for x in module if not x.startswith("_")])
        if function == "__init__":
            return f"{package}.{type(owner).__name__}"
        if function.startswith("_"):
            break
        if "wrap" not in function:
            distribution = getattr(owner, "name", None)
            return ".".join([x for x in (package, distribution, function) if isinstance(x, str)])
    return f"a function of {package}"


def _holds_values(item: Any) -> bool:
    if isinstance(item, np.ndarray):
        return container(item) is not np.ndarray
    if isinstance(item, (list, tuple)):
        return any(map(_holds_values, item))
    return hasattr(type(item), "_array_kind")
