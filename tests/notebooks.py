"""Opens a notebook in JupyterLab and in Notebook 7, trusted and not, and checks what they show.

Run as `python tests/notebooks.py [folder]`: the screenshots are left in the folder, for eyes.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from browser import Page, browser
from nbclient import NotebookClient

WIDTH, HEIGHT = 1100, 3600
NAMES = ("untrusted", "trusted")
CELLS = [
    "from autograd import Value, draw, explain, relu\nfrom autograd.neuron import Neuron\n"
    "loss, w, *_ = Neuron().record()\nloss.backward()\ndraw(loss)",
    "explain(loss, w[0])",
    # Names that would be formulas, formatting, elements of a page or programs.
    'x = Value(2.0, "a$b*c_d*e")\ny = Value(-3.0, "<script>document.hacked = 1</script>")\n'
    'z = Value(1.5, "`q` $x$ \\\\[ | [l](javascript:alert(1)) <img src=x onerror=alert(1)>")\n'
    'u = (x * y + z.exp() * relu(y)).named("</h3> $$ &amp; 重み")\nu.backward()\nexplain(u)',
    "explain(relu(y), y)",
    "draw(u)",
    # What is shown only where the notebook is trusted.
    "from IPython.display import SVG\nSVG(draw(loss).svg())",
]
OUTPUTS = """
[...document.querySelectorAll(".jp-Cell")].map(cell => {
    const room = cell.querySelector(".jp-OutputArea-output");
    const image = room?.querySelector("img");
    const inside = room?.getBoundingClientRect(), box = image?.getBoundingClientRect();
    return {
        image: image && image.complete && [image.naturalWidth, box.width, box.left, box.right],
        alt: image?.alt,
        room: room && [inside.left, inside.right],
        headings: [...(room?.querySelectorAll("h3") ?? [])].map(x => x.innerText.split("¶")[0]),
        formulas: room?.querySelectorAll("mjx-container").length,
        hostile: room?.querySelectorAll("script, iframe, [onerror], a[href^=javascript]").length,
        errors: room?.querySelectorAll("mjx-merror, [data-mjx-error]").length,
        text: room?.innerText,
    };
})
"""


def write(folder: Path) -> None:
    """Write a notebook that has been executed, twice, for what is trusted is the content."""
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for name in NAMES:
        notebook.metadata.title = name
        nbformat.write(notebook, folder / f"{name}.ipynb")


@contextlib.contextmanager
def server(application: str, folder: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """An application that serves the folder on this machine; yields its address and token."""
    command = [sys.executable, "-m", application, "--no-browser", "--ServerApp.ip=127.0.0.1",
               "--ServerApp.port_retries=100", f"--ServerApp.root_dir={folder}"]  # fmt: skip
    if os.name == "posix" and os.geteuid() == 0:
        command.append("--allow-root")
    with (folder / f"{application}.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            runtime = Path(environment["JUPYTER_RUNTIME_DIR"], f"jpserver-{process.pid}.json")
            for _ in range(600):
                time.sleep(0.1)
                if runtime.exists() and runtime.read_text():
                    break
                assert process.poll() is None, (folder / f"{application}.log").read_text()
            yield json.loads(runtime.read_text())
        finally:
            process.terminate()
            process.wait()


def shown(page: Page, address: str) -> list[dict[str, Any]]:
    """What each cell of a notebook shows, as soon as that no longer changes."""
    page.open(address)
    outputs: list[dict[str, Any]] = []
    for _ in range(60):
        time.sleep(1.0)
        before, outputs = outputs, page.evaluate(OUTPUTS)
        if outputs == before and len(outputs) == len(CELLS) and outputs[1]["formulas"]:
            break
    return outputs


def check(outputs: list[dict[str, Any]], trusted: bool) -> None:
    """Check that pictures fit their cells, formulas are typeset, and names are harmless."""
    neuron, chain, hostile, dead, picture, svg = outputs
    for output in (neuron, picture):
        natural, width, left, right = output["image"]
        assert natural > 100, output
        assert width <= natural
        assert output["room"][0] <= left < right <= output["room"][1], output
        assert output["alt"].startswith("Computation graph of ")
    assert chain["headings"] == ["Forward", "Local derivatives", "The chain rule"]
    assert chain["formulas"] > 5
    assert hostile["headings"][:3] == ["Forward", "Backward", "Gradients"]
    assert "No gradient reaches" in dead["text"]
    for output in outputs:
        assert output["hostile"] == output["errors"] == 0, output
    for output in (chain, hostile, dead):
        assert not {"$", "\\", "*"} & set(output["text"]), output["text"]
    assert bool(svg["image"]) == trusted, svg


def main(folder: Path) -> None:
    """Open the notebook in each application, with settings and a memory of trust of its own."""
    environment = dict(os.environ)
    for name in ("CONFIG", "DATA", "RUNTIME"):
        environment[f"JUPYTER_{name}_DIR"] = str(folder / name.lower())
    settings = folder / "config/labconfig/default_setting_overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    news = {"fetchNews": "false", "checkForUpdates": False}
    settings.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": news}))
    write(folder)
    trust = [sys.executable, "-m", "jupyter", "trust", str(folder / "trusted.ipynb")]
    subprocess.run(trust, env=environment, check=True, stdout=subprocess.DEVNULL)
    for application, path in (("jupyterlab", "lab/tree"), ("notebook", "notebooks")):
        with server(application, folder, environment) as serving:
            for name in NAMES:
                with browser() as page:
                    page(
                        "Emulation.setDeviceMetricsOverride",
                        width=WIDTH, height=HEIGHT, deviceScaleFactor=1, mobile=False,
                    )  # fmt: skip
                    address = f"{serving['url']}{path}/{name}.ipynb?reset&token={serving['token']}"
                    outputs = shown(page, address)
                    screenshot = folder / f"{application}-{name}.png"
                    image = page("Page.captureScreenshot")["data"]
                    screenshot.write_bytes(b64decode(image))
                    check(outputs, trusted=name == "trusted")
                    assert page.evaluate("document.hacked ?? null") is None
                    assert not [x for x in page.complaints if x.startswith("dialog")]
                    print(f"{application}, {name}: all is shown; see {screenshot}")


if __name__ == "__main__":
    target = Path(*sys.argv[1:] or [tempfile.mkdtemp(prefix="autograd-")]).resolve()
    target.mkdir(parents=True, exist_ok=True)
    main(target)
