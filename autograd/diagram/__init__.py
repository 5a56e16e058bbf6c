"""A graph drawn: boxes for the Values, arrows for the uses of operands, with all the numbers."""

from __future__ import annotations

import base64
import contextlib
import html
import os
import shutil
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from autograd.diagram import engine, png
from autograd.diagram.album import Album
from autograd.diagram.dot import source
from autograd.diagram.folding import Folding
from autograd.diagram.layout import read
from autograd.diagram.lesson import Lesson, lesson
from autograd.diagram.page import frame, page
from autograd.diagram.painter import Painter
from autograd.diagram.scene import CAPTIONS, DIRECTIONS, Direction, Edges, Scene, roomy
from autograd.diagram.states import require_states, require_teachable
from autograd.diagram.steps import Marks, Step, steps
from autograd.diagram.svg import drawn
from autograd.graph import require_value
from autograd.reals import real, whole
from autograd.silence import recorded
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.diagram.widget import Widget


@recorded
def draw(
    value: Value | Iterable[Value],
    *,
    edges: Edges = "partial",
    expand: bool | str | Collection[str] = False,
    collapse: str | Collection[str] | None = None,
    depth: int | None = None,
    direction: Direction | None = None,
    max_nodes: int = 1000,
    timeout: float = 30.0,
    marks: Marks = MappingProxyType({}),
    gradients: Mapping[Value, float] | None = None,
) -> Diagram:
    """Draw the graph of everything that a Value, or several, was computed from.

    Each Value is a box with its name, its operation, its data and its gradient, tinted by the sign
    and the size of the gradient; a constant is written in the operation that uses it. Each use of
    an operand is an arrow. Where no gradient flows, because a local derivative is 0, the picture is
    grey and dashed. A name with dots, `layer1.neuron2.w0`, puts a Value into groups, which are
    framed.

    A graph that is too large to be taken in is folded until it fits a screen. The elements of an
    array, `w0_0`, `w0_1`, …, become one box with a small heat map of their numbers and gradients,
    as do Values that are computed alike, such as the outputs of a layer; then steps without a name
    join those that use them; then groups become boxes, the innermost first; and if nothing else
    helps, all that is far from the results.

    The picture shows the numbers at the moment it is drawn: call `backward()` first. A Value that
    was computed from other numbers than its operands have now is marked as outdated.

    Args:
        value: the root whose graph is drawn, or several roots.
        edges: the numbers on an arrow. "partial": the local derivative of the result with respect
            to the operand; "contribution": also the gradient of the result times it, which this
            use adds to the gradient of the operand; None: nothing.
        expand: what to open: the name of a group or an array, or several; each opens into its
            parts. True opens everything, down to the multiplications and additions of `dot` and
            `sum`. The last of them has the value of the whole, which is rounded more carefully than
            a chain of additions.
        collapse: what to fold: the name of a group or an array, or several, each drawn as one box;
            the rest is folded as above if need be. `()` folds nothing at all.
        depth: how many arrows away from a root a box may be; by default any number. Arrows from
            operands that are left out begin at a mark.
        direction: where the arrows lead: "LR", from left to right, or "TB", from top to bottom. By
            default from left to right, unless only the other fits.
        max_nodes: how many boxes there may be, marks included, after folding.
        timeout: how long laying out the picture may take, in seconds.
        marks: notes for the gradients of Values, and for the local derivatives of pairs (Value,
            number of the operand, from 0), each several `autograd.diagram.steps.Mark`: reports mark
            what they compared, and where a mistake is.
        gradients: of the Values in the graph, 0 where there is none, shown instead of their `grad`:
            those of a report.

    Raises:
        TypeError: if `value` is not a Value or several, or an option is of the wrong type.
        ValueError: if there are more boxes than `max_nodes`, if there is no group or array of the
            name to open or fold, or if an option does not have such a value.

    Example:
        >>> from autograd import Value, draw
        >>> x = Value(3.0, name="x")
        >>> y = (x * x).named("y")
        >>> y.backward()
        >>> draw(y)
        <Diagram of y: 2 boxes, 2 arrows>
    """
    roots = _roots(value)
    if edges is not None and (not isinstance(edges, str) or edges not in CAPTIONS):
        raise ValueError(f"edges must be 'partial', 'contribution' or None, not {edges!r}")
    whole_graph = isinstance(expand, (bool, np.bool_)) and bool(expand)
    opened = _names(() if isinstance(expand, (bool, np.bool_)) else expand, "expand")
    closed = None if collapse is None else _names(collapse, "collapse")
    if depth is not None:
        depth = whole(depth, "depth", 0)
    if direction is not None and (not isinstance(direction, str) or direction not in DIRECTIONS):
        raise ValueError(f"direction must be 'LR', 'TB' or None, not {direction!r}")
    max_nodes = whole(max_nodes, "max_nodes", 1)
    timeout = real(timeout, "timeout")
    if not timeout > 0.0:
        raise ValueError(f"timeout must be a positive number of seconds, not {timeout!r}")
    folding = Folding(*steps(roots, expand=whole_graph, marks=marks, gradients=gradients))
    album = Album(
        folding,
        Painter(folding, edges),
        everything=whole_graph or closed == [],
        opened=opened,
        closed=closed or (),
        depth=depth,
        direction=direction,
        max_nodes=max_nodes,
    )
    return Diagram(album.first(), timeout, album.pictures, folding)


def _roots(value: Value | Iterable[Value]) -> list[Value]:
    """The roots that are to be drawn, each once."""
    if isinstance(value, str) or not isinstance(value, Value | Iterable):
        require_value(value, "draw")
    roots: list[Value] = [value] if isinstance(value, Value) else _flat(value)
    for root in roots:
        require_value(root, "draw")
    if not roots:
        raise ValueError("there is nothing to draw: the sequence of Values is empty")
    return list(dict.fromkeys(roots))


def _flat(values: Iterable[Value]) -> list[Value]:
    return list(values.flat) if isinstance(values, np.ndarray) else list(values)


def _names(names: str | Collection[str], option: str) -> Collection[str]:
    """The names that were given for an option.

    Raises:
        TypeError: if they are not a string or several.
    """
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, Collection) or not all(isinstance(name, str) for name in listed):
        choice = "True, False, " if option == "expand" else ""
        none = ", or () for nothing" if option == "collapse" else ""
        raise TypeError(
            f"{option} must be {choice}the name of a group or several{none}, not {names!r}"
        )
    return list(listed)


MOST_FRAMED, LARGEST_FRAMED = 200, 300_000
"""How many steps a graph may have, and how many characters its page, to be in a notebook."""


class Diagram:
    """A picture of a graph, made by `draw()`. A notebook shows it by itself.

    Example:
        >>> from autograd import Value, draw
        >>> diagram = draw(Value(3.0, name="x") * 2)
        >>> diagram.svg()[:4]
        '<svg'
    """

    def __init__(
        self,
        scene: Scene,
        timeout: float,
        pictures: Callable[[], Iterable[tuple[str, Scene]]],
        folding: Folding,
    ) -> None:
        self._scene, self._folding = scene, folding
        self._pictures = pictures
        self._timeout = timeout
        self._svg: str | None = None
        self._states: Sequence[Sequence[Step]] = [folding.order]

    @classmethod
    def frames(cls, diagrams: Iterable[Diagram]) -> Diagram:
        """Several states of one computation, such as those of training, on one page.

        The page, that of `save("….html")`, `show()` and notebooks, goes from one to the next at the
        press of a button, with the curve of the result. All else shows the first state.

        Args:
            diagrams: what `draw` has drawn of each state: the same computation on other numbers.

        Raises:
            TypeError: if they are not Diagrams.
            ValueError: if there is none, if one has several roots, or if they are not of the same
                computation: the same operations and names in the same order.

        Example:
            >>> from autograd import Diagram, Value, draw
            >>> def state(x):
            ...     loss = (Value(x, name="x") ** 2).named("loss")
            ...     loss.backward()
            ...     return draw(loss)
            >>> Diagram.frames(map(state, [3.0, 2.4, 1.92]))
            <Diagram of loss: 2 boxes, 1 arrow, 3 states>
        """
        listed = [diagrams] if isinstance(diagrams, Diagram) else list(diagrams)
        for count, diagram in enumerate(listed, 1):
            if not isinstance(diagram, Diagram):
                kind = type(diagram).__name__
                raise TypeError(f"state {count} is of type {kind}, not a Diagram: see draw()")
            folding = diagram._folding
            require_teachable(count, folding.order, len(folding.roots))
        if not listed:
            raise ValueError("there is no state to show")
        first = listed[0]
        result = cls(first._scene, first._timeout, first._pictures, first._folding)
        result._states = [state for diagram in listed for state in diagram._states]
        require_states(result._states, Lesson(first._folding))
        return result

    def __repr__(self) -> str:
        boxes, arrows = len(self._scene.boxes), len(self._scene.arrows)
        return (
            f"<Diagram of {self._scene.title}: {boxes} box{'es'[: 2 * (boxes != 1)]}, "
            f"{arrows} arrow{'s'[: arrows != 1]}"
            + (f", {len(self._states)} states>" if len(self._states) > 1 else ">")
        )

    @property
    def source(self) -> str:
        """The picture in DOT, the language of Graphviz."""
        return source(self._scene)

    def svg(self) -> str:
        """The picture in SVG, the same on every machine, for light and dark surroundings.

        Raises:
            TimeoutError: if laying it out takes too long.
            RuntimeError: if Graphviz cannot lay it out.
        """
        if self._svg is None:
            self._svg = self._drawn(self._scene)
        return self._svg

    def _drawn(self, scene: Scene) -> str:
        return drawn(scene, read(engine.layout(source(scene), self._timeout)))

    @cached_property
    def _lesson(self) -> Lesson | None:
        """The lesson about the graph, if there is one."""
        about = lesson(self._folding)
        return about if about and all(map(about.shows, self._states)) else None

    def _page(self) -> str:
        """The page, with a picture for everything in it that can be opened or folded, and the
        lesson on how the numbers come about."""
        scenes = dict(self._pictures())
        about = self._lesson
        content = about.content(scenes, self._states) if about else None
        program = about.program if about else "null"
        if program != "null" or len(self._states) > 1:
            scenes = {key: roomy(scene) for key, scene in scenes.items()}
        pictures = {key: self._drawn(scene) for key, scene in scenes.items()}
        return page(self._scene.title, pictures, content, program)

    def _framed(self) -> str:
        """The page in a frame that can be opened, if there is a lesson on it, and it is small."""
        try:
            if self._lesson is None or len(self._states[0]) > MOST_FRAMED:
                return ""
            whole = self._page()
        except Exception:  # there is the picture
            return ""
        if len(whole) > LARGEST_FRAMED:
            return ""
        summary = "<summary>Step through it (where the notebook is trusted)</summary>"
        return f"<details>{summary}{frame(whole, self._scene.title)}</details>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, in the format given by the suffix of its name.

        - `.svg`
        - `.html`: a page on which parts can be opened and folded, and the picture moved, magnified,
          stepped through and changed; complete in one file
        - `.dot`: the source
        - `.png`: at twice its size, or at its own if it is large
        - `.pdf`: drawn by the program `dot`, if Graphviz is installed

        The file is written as a whole or not at all.

        Raises:
            ValueError: for any other suffix.
            OSError: if the file cannot be written.
            TimeoutError: if laying out the picture takes too long.
            RuntimeError: if Graphviz cannot lay it out, if the program that `.pdf` needs or the
                package that `.png` needs is not installed, or if it is too large for `.png`.
        """
        _write(Path(path), FORMATS[suffix(path)](self))

    def show(self) -> None:
        """Open the picture in the system's viewer, as a page like that of `save("….html")`.

        Raises:
            RuntimeError: if there is no viewer; the message says where the page is.
        """
        path = Path(tempfile.mkdtemp(prefix="autograd-")) / "diagram.html"
        self.save(path)
        if not webbrowser.open(path.as_uri()):
            raise RuntimeError(f"there is no program here to open {path}")

    def widget(self) -> Widget:
        """The page as a widget for notebooks, whose leaves both Python and the reader change.

        It needs the package anywidget: `pip install "scalar-autograd[widget]"`. Its trait `numbers`
        has the number of each leaf by its name, as the page calls it. What is assigned there is
        shown, and `observe` hears what the reader has typed; the graph itself stays as it is.

        Raises:
            RuntimeError: if anywidget is not installed.
            ValueError: if the numbers cannot be computed in a browser: there are several roots,
                more than 1,500 steps, marks, or an operation of your own; or if a leaf is not
                finite.
        """
        try:
            from autograd.diagram.widget import Widget
        except ImportError:
            message = "a widget needs the package anywidget: pip install 'scalar-autograd[widget]'"
            raise RuntimeError(message) from None
        about = self._lesson
        if about is None or about.program == "null":
            raise ValueError(f"{self} cannot be computed in a browser: see the pages on diagrams")
        numbers = about.leaves()
        if unfit := [name for name, x in numbers.items() if not isfinite(x)]:
            raise ValueError(f"a widget has finite numbers, and {unfit[0]} is {numbers[unfit[0]]}")
        return Widget(frame(self._page(), self._scene.title), numbers)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
        """The picture for a notebook, or the reason why there is none: this never raises.

        In HTML it is an image, since a notebook that is not trusted shows no other SVG, and the
        page in a frame under it, unless that is too large. Readers without HTML take the PNG, or
        the SVG where no PNG can be made.
        """
        data = {"text/plain": repr(self)}
        try:
            svg = self.svg()
        except Exception as error:
            data["text/plain"] += f"\n{type(error).__name__}: {error}"
            return data, {}
        data["text/html"] = (
            f'<img alt="{html.escape(self._scene.description)}" style="max-width: 100%; '
            f'height: auto" src="data:image/svg+xml;base64,{_base64(svg.encode())}">'
            + self._framed()
        )
        try:
            data["image/png"] = _base64(png.rendered(svg))
        except Exception:
            data["image/svg+xml"] = svg
            return data, {}
        return data, {"image/png": {"width": round(png.size(svg)[0])}}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


FORMATS: dict[str, Callable[[Diagram], bytes]] = {
    ".svg": lambda diagram: diagram.svg().encode(),
    ".html": lambda diagram: diagram._page().encode(),
    ".dot": lambda diagram: diagram.source.encode(),
    ".png": lambda diagram: png.rendered(diagram.svg()),
    ".pdf": lambda diagram: engine.pdf(diagram.source, diagram._timeout),
}


def suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a path in which a picture can be saved.

    Raises:
        ValueError: if it is not one of the formats.
    """
    result = Path(path).suffix.lower()
    if result not in FORMATS:
        raise ValueError(
            f"a picture cannot be saved as {os.fspath(path)!r}: "
            f"the name must end in {', '.join(FORMATS)}"
        )
    return result


def _write(path: Path, content: bytes) -> None:
    """Write a file as a whole: under a temporary name, until it is complete.

    An existing path that is not a file, such as a pipe or a device, is written to directly.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".autograd-{os.getpid()}-{threading.get_ident()}")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        partial.write_bytes(content)
        if target.exists():
            shutil.copymode(target, partial)
        partial.replace(target)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
