"""A page on which pictures can be moved, magnified, opened and folded, complete in one file."""

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any
from zlib import compress

from autograd.diagram.svg import STYLE

SCRIPTS = (
    "page.js", "numbers.js", "painting.js", "player.js", "asking.js", "predicting.js",
    "changing.js", "training.js", "start.js",
)  # fmt: skip
"""The parts of the script, in their order."""


def page(
    title: str,
    pictures: Mapping[str, str],
    lesson: Mapping[str, Any] | None = None,
    program: str = "null",
) -> str:
    """The page. It loads nothing, and its policy allows only its own styles and script.

    The pictures are in SVG, by their keys; the page begins with that of the key "". In each of
    them `data-open` at a box, and `data-close` at a frame, is the key of the picture that a click
    leads to. The others, and the lesson, are compressed, and read once the first one is seen.

    Args:
        title: of the page.
        pictures: by their keys.
        lesson: on how their numbers come about, as `autograd.diagram.lesson` has it, if any.
        program: the JavaScript that computes other numbers, if there is one.
    """
    html, style, *scripts = (
        (files("autograd.diagram") / name).read_text(encoding="utf-8")
        for name in ("page.html", "page.css", *SCRIPTS)
    )
    running = (files("autograd.compiler") / "program.js").read_text(encoding="utf-8")
    script = "".join([running, f"\nconst program = {program};\n", *scripts])
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {_digest(style)} {_digest(STYLE)}; script-src {_digest(script)}"
    )
    return Template(html).substitute(
        policy=policy,
        title=escape(title),
        style=style,
        script=script,
        first=pictures[""],
        packed=_packed({**_in_lines(pictures), "lesson": lesson}),
    )


def frame(page: str, title: str) -> str:
    """An element that shows a page within another one, of which it can do and learn nothing."""
    return (
        f'<iframe sandbox="allow-scripts" title="{escape(title)}, step by step" '
        'style="width: 100%; height: 38rem; border: 1px solid #8888" '
        f'srcdoc="{escape(page)}"></iframe>'
    )


def _in_lines(pictures: Mapping[str, str]) -> dict[str, Any]:
    """The pictures but the first: "lines", each once, and "pictures", by their keys the numbers of
    their lines. They have most in common; the same words are near each other, for the compression.
    """
    split = {key: svg.split("\n") for key, svg in pictures.items() if key}
    lines = sorted({x for several in split.values() for x in several}, key=_words)
    places = {x: place for place, x in enumerate(lines)}
    numbers = {key: [places[x] for x in several] for key, several in split.items()}
    return {"lines": lines, "pictures": numbers}


def _words(line: str) -> tuple[str, str]:
    """A line of a picture, without its coordinates first."""
    return line.partition("<title>")[2], line


def _packed(content: Mapping[str, Any]) -> str:
    """Compressed JSON."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return b64encode(compress(text.encode("utf-8", "surrogatepass"), 9)).decode()


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
