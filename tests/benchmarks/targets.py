"""Targets and times, as the rows of the table show them."""

import autograd

CORE = getattr(autograd, "core", "pure")

Target = float | tuple[float | None, float | None] | None
"""One for both cores, or one for the native core and one for the pure one; None is none."""


def counting(target: Target) -> float | None:
    """The target of the core that runs."""
    return target[CORE == "pure"] if isinstance(target, tuple) else target


def duration(seconds: float) -> str:
    if seconds >= 0.9995:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"
