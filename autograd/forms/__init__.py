"""The form of the core that runs: native, compiled from `native.c`, or pure, in Python alone.

The environment variable AUTOGRAD_CORE chooses once, when the package is imported: "native" or
"pure". Where it is not set, or empty, it is the native one if that is there.
"""

import os
import warnings
from importlib import import_module
from importlib.machinery import all_suffixes
from pathlib import Path
from typing import Any

FITTING = 6
"""The `VERSION` of the extension that this package works with. Both are raised whenever one of them
changes in a way that the other has to know."""
REBUILD = "install the package again where there are a C compiler and Python's headers"


def _extension() -> tuple[Any, str | None]:
    """The extension, or None and the reason why one that is there cannot be used."""
    try:
        module = import_module("autograd.forms.native")
    except ModuleNotFoundError as error:
        found = [file.name for file in Path(__file__).parent.glob("native.*") if _foreign(file)]
        if error.name == "autograd.forms.native" and not found:
            return None, None
        return None, f"built for another Python: {', '.join(found)}" if found else str(error)
    except ImportError as error:
        return None, str(error)
    version = getattr(module, "VERSION", None)
    if version != FITTING:
        return None, f"stale: its version is {version}, this package needs {FITTING}"
    return module, None


def _foreign(file: Path) -> bool:
    """Whether a file is an extension, but not one that this Python looks for."""
    name = file.name.removeprefix("native")
    return file.suffix in (".so", ".pyd") and name not in all_suffixes()


def _choose(wish: str) -> Any:
    """The extension if it is wished for, or None."""
    if wish not in ("", "native", "pure"):
        raise ValueError(f"AUTOGRAD_CORE must be 'native', 'pure' or empty, not {wish!r}")
    if wish == "pure":
        return None
    extension, reason = _extension()
    if wish == "native" and extension is None:
        raise ImportError(
            "AUTOGRAD_CORE=native, but the native core of autograd is not there: "
            + (
                reason
                or "the package was installed without it, as there was no C compiler, no "
                "Python.h or no support for this Python, or as AUTOGRAD_CORE was 'pure'"
            )
            + f". To have it, {REBUILD}, and with AUTOGRAD_CORE=native, which shows what fails; "
            "to do without it, unset AUTOGRAD_CORE",
            name="autograd.forms.native",
        )
    if reason is not None:
        warnings.warn(
            f"the native core of autograd cannot be used, the pure one runs instead ({reason}); "
            f"{REBUILD}, or set AUTOGRAD_CORE=pure",
            RuntimeWarning,
            stacklevel=2,
        )
    return extension


native: Any = _choose(os.environ.get("AUTOGRAD_CORE", ""))
"""The extension module `autograd.forms.native`, None where the pure form runs."""
FORM: str = "pure" if native is None else "native"
"""The form that runs: "native" or "pure"."""


def take_methods(cls: type, base: type) -> None:
    """Remove from a class what its native base has as well, which then shows."""
    for name in (vars(cls).keys() & vars(base).keys()) - {"__doc__", "__module__"}:
        delattr(cls, name)


def take_functions(module: dict[str, Any], names: str) -> None:
    """Put native functions in the place of those that a module has under the same names."""
    module.update({name: getattr(native, name) for name in names.split()})
