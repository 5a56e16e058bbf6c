"""MathJax as a parser of LaTeX, where Node.js and the package `mathjax` are installed."""

import functools
import json
import os
import shutil
import subprocess

SCRIPT = """
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
require("mathjax").init({loader: {load: ["input/tex-base", "[tex]/ams", "output/chtml"]},
                         tex: {packages: ["base", "ams"]}}).then((MathJax) => {
  const adaptor = MathJax.startup.adaptor;
  const errors = texts.map((text) => {
    const found = adaptor.outerHTML(MathJax.tex2chtml(text));
    const error = found.match(/data-mjx-error="([^"]*)"/);
    return error ? error[1] : "";
  });
  console.log(JSON.stringify(errors));
}).catch((error) => { console.error(error); process.exit(1); });
"""


@functools.cache
def environment() -> dict[str, str] | None:
    """The environment in which Node finds MathJax; None if it does not."""
    if shutil.which("node") is None:
        return None
    paths = [os.environ.get("NODE_PATH", "")]
    if npm := shutil.which("npm"):
        found = subprocess.run([npm, "root", "--global"], capture_output=True, text=True)
        paths.append(found.stdout.strip())
    result = {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, paths))}
    probe = ["node", "-e", "require.resolve('mathjax')"]
    if subprocess.run(probe, capture_output=True, env=result).returncode:
        return None
    return result


def errors(texts: list[str]) -> list[str]:
    """What MathJax says of each text, nothing if it is right."""
    done = subprocess.run(
        ["node", "-e", SCRIPT],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
