"""Warnings at the line of the user's that led to them."""

import sys
import warnings


def warn(message: str) -> None:
    """A warning at the line outside of this package that led to it."""
    frame, level = sys._getframe(), 1
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] == "autograd":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, RuntimeWarning, stacklevel=level)
