"""The backends that run batches: LLVM's code where llvmlite is installed, NumPy everywhere."""

import functools

from autograd.compiler.warn import warn

LLVM, NUMPY = "llvm", "numpy"


def checked(backend: str | None) -> str | None:
    """The name of a backend, or None for the better one that there is.

    Raises:
        ImportError: if it is not there.
        ValueError: if there is none of that name.
    """
    if backend not in (None, LLVM, NUMPY):
        raise ValueError(f"backend must be 'llvm', 'numpy' or None, not {backend!r}")
    if backend == LLVM and (problem := _problem()) is not None:
        raise ImportError(
            "the backend 'llvm' needs llvmlite, and a processor that LLVM makes code for: "
            "pip install 'scalar-autograd[jit]'"
        ) from problem
    return backend


def chosen(backend: str | None) -> str:
    """The backend to be used, of those that `checked` takes."""
    return backend or _better()


@functools.cache
def _better() -> str:
    problem = _problem()
    if problem is None:
        return LLVM
    if not isinstance(problem, ModuleNotFoundError):
        warn(f"LLVM makes no code for this processor, and batches run in NumPy: {problem}")
    return NUMPY


@functools.cache
def _problem() -> Exception | None:
    """Why LLVM cannot be used, if so."""
    try:
        from autograd.compiler.native.machine import machine  # llvmlite is optional

        machine()
    except Exception as problem:  # whatever LLVM does not like
        return problem
    return None
