"""Sphinx's configuration; operations listed from the table, pictures drawn, formulas as MathML."""

import ast
import inspect
import io
import math
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from math_core import LatexError, LatexToMathML
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

import autograd
from autograd import Op
from autograd.diagram.page import frame
from autograd.ops import TABLE

project = "scalar-autograd"
copyright = "the authors of scalar-autograd"
version = release = autograd.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
default_role = "code"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
python_maximum_signature_line_length = 88

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"scalar-autograd {version}"
html_copy_source = False
html_css_files = ["formulas.css"]
html_static_path = [
    "formulas.css",
    str(resources.files("ziamath.fonts") / "STIXTwoMath-Regular.ttf"),
]
html_show_sphinx = False

sys.path.insert(0, str(Path(__file__).parent / "examples"))  # pictures on the pages import them

logger = logging.getLogger(__name__)
to_mathml = LatexToMathML(fancy_error=False).convert_with_local_state


class Diagram(SphinxDirective):
    """Python code, and the picture that is the value of its last line.

    It is a `Diagram` or a figure of matplotlib's; with `:page:`, the page of a `Diagram`, in a
    frame. The blocks of a page share their names.
    """

    has_content = True
    option_spec: ClassVar = {"page": directives.flag}

    def run(self) -> list[nodes.Node]:
        names = self.env.temp_data.setdefault("diagram", {})
        *body, last = ast.parse("\n".join(self.content)).body
        assert isinstance(last, ast.Expr)
        exec(compile(ast.Module(body, []), self.env.docname, "exec"), names)
        value = eval(compile(ast.Expression(last.value), self.env.docname, "eval"), names)
        if "page" in self.options:
            picture = frame(value._page(), value._scene.title)
        else:
            picture = svg(value).replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1)
        code = nodes.literal_block("", "\n".join(self.content), language="python")
        return [code, nodes.raw("", f"<p>{picture}</p>", format="html")]


def svg(picture: autograd.Diagram | Figure) -> str:
    """The picture as an element of a page."""
    if isinstance(picture, autograd.Diagram):
        return picture.svg()
    file = io.StringIO()
    picture.savefig(file, format="svg")
    return file.getvalue().partition("<!DOCTYPE")[2].partition(">")[2]


class Operations(SphinxDirective):
    """A table of operations: how each is called, what it computes, where it is defined."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        (group,) = self.arguments
        rows = [["operation", "value", "domain"]] + [
            [call(op), f":math:`{formula(op)}`", ", ".join(restrictions(op))]
            for name, op in TABLE.items()
            if group_of(name, op) == group
        ]
        if not any(restricted for *_, restricted in rows[1:]):
            rows = [row[:-1] for row in rows]
        lines = [".. list-table::", "   :header-rows: 1", ""]
        for first, *rest in rows:
            lines += [f"   * - {first}", *(f"     - {cell}" for cell in rest)]
        return self.parse_text_to_nodes("\n".join(lines))


def group_of(name: str, op: Op) -> str:
    """Which of the four tables of the reference an operation is in."""
    if is_operator(op):
        return "operators"
    if not op.public:
        return "parts"
    return "functions" if op.gather is None else "reductions"


def is_operator(op: Op) -> bool:
    """Whether an operation is written with one of Python's operators."""
    return op.operator is not None and op.operator in op.text


def parameters(op: Op) -> dict[str, str]:
    """What an operation is called with, and the defaults."""
    signature = inspect.signature(op).parameters.values()
    return {x.name: "" if x.default is x.empty else f"={x.default}" for x in signature}


def call(op: Op) -> str:
    """How an operation is called, as code."""
    if is_operator(op):
        return f"``{op.write(op.text, list(parameters(op)))}`` (``{op.name}``)"
    given = ", ".join(name + default for name, default in parameters(op).items())
    return f"``{op.name}({given})``"


def formula(op: Op) -> str:
    """The value in LaTeX; a reduction is written for operands from the first to the last."""
    names = [symbol(name) for name in parameters(op)]
    if op.gather is not None:
        vectors = "xy"[: len(names)]
        names = [part for x in vectors for part in (f"{x}_1", r"\ldots", f"{x}_n")]
    return op.write(op.latex, names)


def symbol(name: str) -> str:
    """The name of an operand in LaTeX."""
    return name if len(name) == 1 else rf"\textit{{{name}}}"


def restrictions(op: Op) -> Iterator[str]:
    """The operands that are not defined for all the reals, and their intervals."""
    if op.gather is not None:
        return
    for name, (lower, upper) in zip(parameters(op), op.domain, strict=True):
        left = rf"{lower:g} \le " if math.isfinite(lower) else ""
        right = rf" \le {upper:g}" if math.isfinite(upper) else ""
        if left and not right:
            left, right = "", rf" \ge {lower:g}"
        if left or right:
            yield f":math:`{left}{symbol(name)}{right}`"


def write_mathml(self: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML, which a browser shows by itself, without a network."""
    block = isinstance(node, nodes.math_block)
    tag = "div" if block else "span"
    self.body.append(self.starttag(node, tag, "", CLASS="math notranslate"))
    try:
        self.body.append(to_mathml(node.astext(), displaystyle=block))
    except LatexError as error:
        logger.warning("the formula %s: %s", node.astext(), error, location=node)
    self.body.append(f"</{tag}>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Make the directives and the writer of formulas known to Sphinx."""
    app.add_html_math_renderer("mathml", (write_mathml, None), (write_mathml, None))
    app.add_directive("diagram", Diagram)
    app.add_directive("operations", Operations)
