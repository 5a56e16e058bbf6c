"""A page on which pictures can be moved, magnified, opened and folded, complete in one file."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from xml.sax.saxutils import quoteattr

from autograd.diagram.svg import STYLE


def page(title: str, pictures: Mapping[str, str], lesson: str = "") -> str:
    """The page. It loads nothing, and its policy allows only its own styles and script.

    The pictures are in SVG, by their keys; the page begins with that of the key "". In each of
    them `data-open` at a box, and `data-close` at a frame, is the key of the picture that a click
    leads to. The others wait in templates, which a browser reads but does not draw.

    Args:
        title: of the page.
        pictures: by their keys.
        lesson: on how their numbers come about, as `autograd.diagram.lesson` writes it, if any.
    """
    html, style, *scripts = (
        (files("autograd.diagram") / name).read_text(encoding="utf-8")
        for name in ("page.html", "page.css", "page.js", "player.js")
    )
    script = "".join(scripts)
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {_digest(style)} {_digest(STYLE)}; script-src {_digest(script)}"
    )
    # quoteattr keeps line breaks as they are, which a browser would change otherwise.
    others = "\n".join(
        f"<template data-key={quoteattr(key)}>{svg}</template>"
        for key, svg in pictures.items()
        if key
    )
    return Template(html).substitute(
        policy=policy,
        title=escape(title),
        style=style,
        script=script,
        first=pictures[""],
        others=others,
        lesson=f'<script type="application/json" id="lesson">{lesson}</script>' if lesson else "",
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
