"""A page on which pictures can be moved, magnified, opened and folded, complete in one file."""

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from zlib import compress

from autograd.diagram.svg import STYLE

SCRIPTS = (
    "page.js", "numbers.js", "painting.js", "player.js", "asking.js", "predicting.js",
    "changing.js", "training.js", "start.js",
)  # fmt: skip
"""The parts of the script, in their order."""


def page(title: str, pictures: Mapping[str, str], lesson: str = "", program: str = "null") -> str:
    """The page. It loads nothing, and its policy allows only its own styles and script.

    The pictures are in SVG, by their keys; the page begins with that of the key "". In each of
    them `data-open` at a box, and `data-close` at a frame, is the key of the picture that a click
    leads to. The others are compressed, as they have much in common.

    Args:
        title: of the page.
        pictures: by their keys.
        lesson: on how their numbers come about, as `autograd.diagram.lesson` writes it, if any.
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
        others=_element("pictures", "text/plain", _packed(pictures)) if len(pictures) > 1 else "",
        lesson=_element("lesson", "application/json", lesson) if lesson else "",
    )


def frame(page: str, title: str, height: str = "38rem") -> str:
    """An element that shows a page within another one, of which it can do and learn nothing."""
    return (
        f'<iframe sandbox="allow-scripts" title="{escape(title)}, step by step" '
        f'style="width: 100%; height: {height}; border: 1px solid #8888" '
        f'srcdoc="{escape(page)}"></iframe>'
    )


def _element(name: str, kind: str, content: str) -> str:
    """Data for the script."""
    return f'<script type="{kind}" id="{name}">{content}</script>'


def _packed(pictures: Mapping[str, str]) -> str:
    """The pictures that are not seen at first, compressed."""
    others = {key: svg for key, svg in pictures.items() if key}
    return b64encode(compress(json.dumps(others).encode(), 9)).decode()


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
