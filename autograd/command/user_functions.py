"""The user's functions, named on the command line, and the messages when they fail."""

import argparse
import importlib
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable
from typing import Any, cast

STANDARD_LIBRARY = sysconfig.get_path("stdlib")
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MISSING = object()


def named_function(text: str) -> Callable[..., Any]:
    """A function given as `module:function`; the module is found as Python would find it here."""
    module_name, _, name = text.rpartition(":")
    if not module_name or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form module:function")
    if "/" in module_name or os.sep in module_name or module_name.endswith(".py"):
        raise argparse.ArgumentTypeError(_as_module(text, module_name, name))
    if not all(module_name.split(".")):
        raise argparse.ArgumentTypeError(f"{module_name!r} is not the name of a module")
    if "" not in sys.path:  # the working directory, also for imports within the functions
        sys.path.insert(0, "")
    try:
        module = importlib.import_module(module_name)
        result = getattr(module, name, MISSING)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # modules run code, which may raise anything, SystemExit too
        message = f"{module_name!r} cannot be imported: {told(error)}"
        raise argparse.ArgumentTypeError(message) from None
    if result is MISSING:
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        known = f" ({origin})" if origin else ""  # perhaps not the one that was meant
        raise argparse.ArgumentTypeError(f"{module_name!r} has no {name!r}{known}")
    if not callable(result):
        raise argparse.ArgumentTypeError(f"{text!r} is not a function")
    return cast(Callable[..., Any], result)


def _as_module(text: str, path: str, name: str) -> str:
    """The complaint about a file in place of a module, and what to write instead."""
    folder, file = os.path.split(os.path.normpath(path.removesuffix(".py")))
    parts = [x for x in folder.split(os.sep) if x]
    remedy = f"give the module: {'.'.join([*parts, file])}:{name}"
    if "." in file:
        remedy = "rename it to a name without a dot, which can be imported"
    elif os.path.isabs(folder) or any("." in x for x in parts):
        remedy = f"go to {folder} and give the module: {file}:{name}"
    return f"{text!r} names a file; {remedy}"


def told(error: BaseException) -> str:
    """An exception in words: its type, its message, and where in the user's code it arose.

    A TypeError or ValueError that did not arise there is a refusal, whose message says enough.
    """
    place = _place(error)
    if place is None and type(error) in (TypeError, ValueError, ModuleNotFoundError):
        text = str(error)
        place = _place(error.__cause__) if error.__cause__ else None
    else:
        lines = traceback.format_exception_only(error)
        text = "".join(x for x in lines if not x.startswith(" "))  # but the lines of a SyntaxError
    return text if place is None else f"{text} ({place})"


def _place(error: BaseException) -> str | None:
    """The file and line of the user's code in which an exception arose, if that is known."""
    places: list[tuple[str, int | None]] = [
        (frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
    for file, line in reversed(places):
        if _is_the_users(file):
            return f"{file}:{line}" if line else file  # a wrong encoding has no line
    return None


def _is_the_users(file: str) -> bool:
    """Whether a file is neither of this library, nor of Python, nor of an installed package."""
    if file.startswith("<") or re.search(r"[\\/](site|dist)-packages[\\/]", file):
        return False
    return not file.startswith((PACKAGE + os.sep, STANDARD_LIBRARY + os.sep))
