"""A page on which a picture can be moved and magnified, complete in one file."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template

from autograd.diagram.svg import STYLE


def page(title: str, svg: str) -> str:
    """The page. It loads nothing, and its policy allows only its own styles and script."""
    html, style, script = (
        (files("autograd.diagram") / f"page.{suffix}").read_text(encoding="utf-8")
        for suffix in ("html", "css", "js")
    )
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {_digest(style)} {_digest(STYLE)}; script-src {_digest(script)}"
    )
    return Template(html).substitute(
        policy=policy, title=escape(title), style=style, script=script, svg=svg
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
