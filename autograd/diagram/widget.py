"""The page of a picture as a widget for notebooks, whose leaves Python and the reader change."""

from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from autograd.reals import real


class Widget(anywidget.AnyWidget):  # type: ignore[misc, unused-ignore]
    """The page of a picture, made by `Diagram.widget()`.

    Args:
        frame: the page in a frame, in HTML.
        numbers: those of the leaves, by their names.
    """

    _esm = (files("autograd.diagram") / "widget.js").read_text(encoding="utf-8")
    frame = traitlets.Unicode(read_only=True).tag(sync=True)
    numbers = traitlets.Dict().tag(sync=True)
    """The numbers of the leaves, by their names: set them, or observe them."""

    def __init__(self, frame: str, numbers: dict[str, float]) -> None:
        self._known = numbers
        super().__init__(numbers=numbers)
        self.set_trait("frame", frame)

    @traitlets.validate("numbers")
    def _checked(self, proposal: dict[str, Any]) -> dict[str, float]:
        """All the numbers, those that are not given as they were."""
        given = proposal["value"]
        for name, x in given.items():
            if name not in self._known:
                names = ", ".join(self._known)
                raise traitlets.TraitError(f"there is no leaf {name!r}: there are {names}")
            if not abs(real(x, f"the number of {name}")) < float("inf"):
                raise traitlets.TraitError(f"the number of {name} must be finite, not {x!r}")
        self._known = {**self._known, **{name: float(x) for name, x in given.items()}}
        return self._known
