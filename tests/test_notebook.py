"""Diagrams and explanations in a notebook that is executed, and in what it is exported to.

`jupyterlab.py` shows such a notebook in JupyterLab, trusted and not.
"""

import base64
import itertools
from html.parser import HTMLParser

import nbformat
import pytest
from browser import PROGRAM, browser
from nbclient import NotebookClient
from nbconvert import HTMLExporter, LatexExporter, MarkdownExporter
from picture import read

from autograd import Value, draw

CELLS = [
    "from autograd import draw, explain\nfrom autograd.neuron import Neuron",
    "loss, w, *_ = Neuron().record()\nloss.backward()\ndraw(loss)",
    # A tangle, which takes Graphviz a hundred times as long as it is given.
    "import random\nimport autograd\nrandom.seed(1)\nnodes = [loss]\n"
    "for _ in range(900):\n    nodes.append(random.choice(nodes) + random.choice(nodes))\n"
    "draw(autograd.sum(nodes), collapse=(), timeout=0.2)",
    "explain(loss, w[0])",
]


class Images(HTMLParser):
    """The attributes of the images of a page, and the names of its other elements."""

    def __init__(self, page):
        super().__init__()
        self.images, self.others = [], set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.images.append(dict(attributes))
        else:
            self.others.add(tag)


def embedded(source, kind="image/svg+xml"):
    """The content of a data URI."""
    start = f"data:{kind};base64,"
    assert source.startswith(start)
    return base64.b64decode(source.removeprefix(start), validate=True)


@pytest.fixture(scope="module")
def notebook():
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    result = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(result, timeout=120, kernel_name="python3").execute()
    return result


pytestmark = pytest.mark.filterwarnings("ignore")  # those of Jupyter


def test_a_notebook_displays_a_diagram(notebook):
    _, shown, failed, _ = (cell["outputs"] for cell in notebook.cells)
    (output,) = shown
    assert output["output_type"] == "execute_result"
    assert sorted(output["data"]) == ["image/png", "text/html", "text/plain"]
    assert output["data"]["text/plain"] == "<Diagram of loss: 12 boxes, 11 arrows>"
    (image,) = Images(output["data"]["text/html"]).images
    svg = embedded(image["src"]).decode()
    assert len(read(svg).boxes) == 12
    assert image["alt"] == read(svg).description
    assert base64.b64decode(output["data"]["image/png"]).startswith(b"\x89PNG")
    width = round(float(svg.partition(' width="')[2].partition('"')[0]))
    assert output["metadata"] == {"image/png": {"width": width}}
    (output,) = failed
    assert set(output["data"]) == {"text/plain"}
    assert "TimeoutError" in output["data"]["text/plain"]


def test_a_notebook_displays_an_explanation(notebook):
    (output,) = notebook.cells[-1]["outputs"]
    assert sorted(output["data"]) == ["text/markdown", "text/plain"]
    assert output["data"]["text/plain"] == "<Explanation of dloss/dw0 = 12>"
    assert output["data"]["text/markdown"].startswith("### Forward\n\nGiven $x_{0} = 1$")


def test_a_picture_cannot_leave_its_image():
    value = Value(1.0, '"><script>alert(1)</script>')
    page = Images(draw(value)._repr_mimebundle_()[0]["text/html"])
    ((image,), others) = (page.images, page.others)
    assert set(image) == {"alt", "style", "src"}
    assert others == {"details", "summary", "iframe"}
    assert image["alt"] == read(draw(value).svg()).description


@pytest.fixture(scope="module")
def exported(notebook):
    """The notebook as a page, without what it would load from elsewhere."""
    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
    return exporter.from_notebook_node(notebook)[0]


def test_exported_as_a_page(exported):
    page = Images(exported)
    (image,) = page.images
    assert len(read(embedded(image["src"]).decode()).boxes) == 12
    assert "h3" in page.others  # Forward, for example
    assert r"\frac{d\mathrm{loss}}{dw_{0}} &amp;=" in exported


@pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium")
def test_a_page_shows_the_picture_no_wider_than_itself_and_than_drawn(notebook, exported, tmp_path):
    output = notebook.cells[1]["outputs"][0]
    drawn = output["metadata"]["image/png"]["width"]
    bare = f"<!DOCTYPE html>{output['data']['text/html']}"
    place = tmp_path / "page.html"
    with browser() as page:
        for content, width in itertools.product((bare, exported), (400, 1600)):
            place.write_text(content, encoding="utf-8")
            page(
                "Emulation.setDeviceMetricsOverride",
                width=width, height=800, deviceScaleFactor=1, mobile=False,
            )  # fmt: skip
            page.open(place)
            left, right, natural, ratio = page.evaluate(
                "(async () => { const image = document.images[0]; await image.decode();"
                "const box = image.getBoundingClientRect();"
                "return [box.left, box.right, image.naturalWidth, box.width / box.height"
                " * image.naturalHeight / image.naturalWidth]})()"
            )
            assert natural == drawn
            assert 0 <= left < right <= width
            assert (round(right - left) == drawn) == (width == 1600)
            assert ratio == pytest.approx(1.0, abs=0.02)


def test_exported_as_markdown_and_latex(notebook):
    diagram = nbformat.v4.new_notebook(cells=[notebook.cells[1]])
    text, _ = MarkdownExporter().from_notebook_node(diagram)
    (image,) = Images(text).images
    assert len(read(embedded(image["src"]).decode()).boxes) == 12
    text, resources = LatexExporter().from_notebook_node(diagram)
    ((name, content),) = resources["outputs"].items()
    assert content.startswith(b"\x89PNG")
    assert f"{{{name}}}" in text
