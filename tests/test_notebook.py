"""A diagram in a notebook that is executed."""

import nbformat
import pytest
from nbclient import NotebookClient
from picture import read


@pytest.mark.filterwarnings("ignore")  # those of Jupyter
def test_a_notebook_displays_a_diagram():
    cells = [
        "from autograd import draw\nfrom autograd.neuron import Neuron",
        "loss, *_ = Neuron().record()\nloss.backward()\ndraw(loss)",
        # A tangle, which takes Graphviz a hundred times as long as it is given.
        "import random\nimport autograd\nrandom.seed(1)\nnodes = [loss]\n"
        "for _ in range(900):\n    nodes.append(random.choice(nodes) + random.choice(nodes))\n"
        "draw(autograd.sum(nodes), timeout=0.2)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(x) for x in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    _, shown, failed = (cell["outputs"] for cell in notebook.cells)
    (output,) = shown
    assert output["output_type"] == "execute_result"
    assert output["data"]["text/plain"] == "<Diagram of loss: 12 boxes, 11 arrows>"
    assert len(read(output["data"]["image/svg+xml"]).boxes) == 12
    (output,) = failed
    assert set(output["data"]) == {"text/plain"}
    assert "TimeoutError" in output["data"]["text/plain"]
