"""What README and the documentation show is run, and what they print is compared.

Every fenced block is one of these; anything else is an error, so that nothing slips through.

- `pycon`: an interactive session, run by doctest.
- `python`: statements, executed in the same namespace as the page's sessions.
- `{diagram}`: the same, and a directive that shows the picture which its last line makes.
- `console`: commands after `$ `, each followed by what it prints. `autograd …` and
  `python docs/examples/…` are run; `pip`, `pytest` and `sphinx-build` are left to `.ci/run`.
  How many `steps/s` are made may differ.
- `py`, on the page of recipes: programs of their own, which `test_recipes.py` runs.
- `text`: not run. Any other fence in braces, `{literalinclude}` say, is a directive of Sphinx.

Where Sphinx is installed the pages are built as well, and opened where there is a browser.
"""

import doctest
import operator
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from browser import PROGRAM, browser
from patched import restore
from test_neuron import LOSSES

import autograd
from autograd import Op

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = ROOT / "docs" / "examples"
RECIPES = ROOT / "docs" / "cluster.md"

LEFT_TO_CI = ("pip", "pytest", "sphinx-build")
BY_BLAS = "python docs/examples/neuron_by_hand.py"
"""The one command whose last digits depend on how the machine's BLAS rounds a dot product."""
ENVIRONMENT = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}


class Block(NamedTuple):
    language: str
    body: str
    line: int
    """Where the body starts, counted from 1."""


def blocks(text: str) -> Iterator[Block]:
    """The fenced code blocks of a Markdown text."""
    fence = body = None
    language, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        opening = re.match(r" *(`{3,}|~{3,})\s*(.*)", line)
        if fence is None or body is None:
            if opening:
                fence, language = opening.groups()
                body, start = [], number + 1
        elif line.strip() == fence:
            yield Block(language.strip(), "\n".join(body) + "\n", start)
            fence = body = None
        else:
            body.append(line)
    assert fence is None, f"the fence before line {start} is never closed"


def commands(body: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output shown."""
    before, *parts = re.split(r"^\$ ", body, flags=re.MULTILINE)
    assert not before, f"a console block must start with a command, not {before!r}"
    for part in parts:
        command, _, output = part.partition("\n")
        yield command, output


def run(command: str) -> str:
    """What the runnable parts of a command line print, on stdout and stderr."""
    printed = ""
    for part in command.split(" && "):
        program, *arguments = shlex.split(part)
        if program in LEFT_TO_CI:
            continue
        if program == "autograd":
            arguments = ["-m", "autograd", *arguments]
        elif program != "python":
            pytest.fail(f"{command!r} cannot be run here; if it is not to be run, mark it `text`")
        process = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        printed += process.stdout
    return printed


def agree(printed: str, shown: str) -> bool:
    """Whether two outputs are the same but for the last digits of the numbers in them."""
    number = r"-?\d+\.\d+"
    if re.sub(number, "", printed) != re.sub(number, "", shown):
        return False
    return [float(x) for x in re.findall(number, printed)] == pytest.approx(
        [float(x) for x in re.findall(number, shown)], rel=1e-14, abs=0.0
    )


def without_rates(text: str) -> str:
    return re.sub(r" +\d+\.\d steps/s", " steps/s", text)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A directory for what is written on the way, in which the examples are found."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)
    yield
    restore()  # a page that comes from micrograd has its names understood


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.usefixtures("elsewhere")
def test_page_shows_what_happens(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A page is read as one session, which is `__main__` to those who type it in.
    session = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", session)
    monkeypatch.syspath_prepend(EXAMPLES)  # where a page asks for Python to be started
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    name = str(page.relative_to(ROOT))
    report: list[str] = []

    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "pycon":
            example = doctest.DocTestParser().get_doctest(
                block.body, {}, name, str(page), block.line - 1
            )
            assert example.examples, f"{name}, line {block.line}: no >>> in a pycon block"
            example.globs = vars(session)
            runner.run(example, out=report.append, clear_globs=False)
        elif block.language in ("python", "{diagram}"):
            body = block.body.replace(":page:", "", 1)  # an option of the directive
            exec(compile("\n" * (block.line - 1) + body, page, "exec"), vars(session))
        elif block.language == "console":
            for command, shown in commands(block.body):
                printed = run(command)
                same = agree if command == BY_BLAS else operator.eq
                if not same(without_rates(printed), without_rates(shown)):
                    report.append(
                        f"{name}, line {block.line}: $ {command}\n"
                        f"Expected:\n{shown}\nGot:\n{printed}\n"
                    )
        elif not re.fullmatch(r"text|\{.*\}.*" + "|py" * (page == RECIPES), block.language):
            report.append(f"{name}, line {block.line}: a fence of {block.language!r} is not run\n")

    assert not report, "\n" + "".join(report)


def test_documentation_holds_something_to_run() -> None:
    languages = {
        page.name: {block.language for block in blocks(page.read_text(encoding="utf-8"))}
        for page in PAGES
    }
    assert {"pycon", "console"} <= languages["README.md"]
    assert {"pycon", "console"} <= languages["tutorial.md"]
    assert "pycon" in languages["conventions.md"]
    assert "pycon" in languages["custom-operations.md"]
    assert "pycon" in languages["numpy.md"]
    assert "pycon" in languages["functions.md"]


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda example: example.name)
def test_example_is_shown_with_its_output(example: Path) -> None:
    line = f"$ python docs/examples/{example.name}\n"
    assert any(line in page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.usefixtures("elsewhere")
def test_neurons_by_hand_and_automatic_print_the_same() -> None:
    automatic = run("python docs/examples/neuron.py")
    assert automatic.splitlines()[:20] == [repr(loss) for loss in LOSSES]
    assert agree(run(BY_BLAS), automatic)
    assert not agree("36.0 1.0000000000001", "36.0 1.0")
    assert not agree("36.0 1.0", "36.0\n1.0")


def test_readme_starts_with_one_sentence_and_the_two_commands() -> None:
    text = README.read_text(encoding="utf-8")
    title, sentence, _ = text.split("\n\n", 2)
    assert title == "# scalar-autograd"
    assert re.fullmatch(r"[A-Z][^.]*\.", sentence)
    first, second, session, *_ = blocks(text)
    assert first.language == second.language == "console"
    assert first.body.startswith("$ pip install . && autograd neuron --svg neuron.svg\n")
    assert second.body == "$ pip install '.[test]' && pytest\n"
    assert session.language == "pycon"


@pytest.mark.usefixtures("elsewhere")
def test_the_pictures_are_those_that_the_examples_write() -> None:
    run(next(commands(next(blocks(read(README))).body))[0])
    run("python docs/examples/network.py")
    session: dict[str, object] = {}
    for block in blocks(read(README)):
        if block.language == "pycon":
            for example in doctest.DocTestParser().get_examples(block.body):
                exec(compile(example.source, README, "single"), session)
    shown = re.findall(r"!\[[^]]*\]\((.*?)\)", read(README))
    assert shown == ["docs/neuron.svg", "docs/network.svg", "docs/comparison.svg"]
    for path in shown:
        assert (ROOT / path).read_bytes() == Path(Path(path).name).read_bytes()


@pytest.mark.parametrize("page", ["index.md", "tutorial.md"])
def test_a_page_opens_with_a_picture(page: str) -> None:
    text = read(ROOT / "docs" / page)
    assert 0 < text.index("](neuron.svg)") < text.index("```")


def test_reference_describes_every_public_name() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"auto(?:class|function):: autograd\.(\w+)\n", reference))
    operations = {name for name in autograd.__all__ if isinstance(getattr(autograd, name), Op)}
    assert documented == set(autograd.__all__) - operations
    # The operations are listed from the table itself.
    assert {getattr(autograd, name) for name in operations} <= set(autograd.ops.TABLE.values())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages that Sphinx builds."""
    pytest.importorskip("sphinx", reason="Sphinx is not installed (the extra `docs`)")
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-d", directory / "doctrees"]
    subprocess.run([*command, ROOT / "docs", directory / "html"], env=ENVIRONMENT, check=True)
    return directory / "html"


def test_pages_load_nothing_but_their_own_files(site: Path) -> None:
    loads = {
        "*.html": r"<(?:link|script|img|iframe|source)\b[^>]*\b(?:href|src)=\"([^\"?#]+)",
        "*.css": r"(?:url\(|@import)\s*[\"']?(?!data:)([^\"')?#]+)",
    }
    loaded = {
        file.parent / name
        for pattern, reference in loads.items()
        for file in site.rglob(pattern)
        for name in re.findall(reference, read(file))
    }
    assert {path.suffix for path in loaded} >= {".css", ".js", ".ttf"}
    assert [path for path in loaded if not path.is_file()] == []


def test_every_formula_is_mathml(site: Path) -> None:
    for page in site.glob("*.html"):
        text = read(page)
        assert set(re.findall(r'(?s)class="math [^>]*>(.{5})', text)) <= {"<math"}, page.name
        prose = re.sub(r"<(pre|code|script|style)\b.*?</\1>|<[^>]*>", "", text, flags=re.DOTALL)
        assert not re.search(r"[\\$]", prose), page.name
    assert read(site / "reference.html").count("<math") >= len(autograd.ops.TABLE)


def test_the_reference_reads_no_description_as_a_type(site: Path) -> None:
    # Types are in the signatures; napoleon takes what stands before a colon for another one.
    reference = read(site / "reference.html")
    members = re.findall(
        r'(?s)<dl class="py (?:attribute|property)">.*?(?=<dl class="py|$)', reference
    )
    typed = [member for member in members if ">:</span>" in member.partition("</dt>")[0]]
    assert typed
    assert not [member for member in typed if ">Type<" in member]
    assert ">Return type<" not in reference


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed (Debian's package chromium)")
def test_formulas_are_shown_without_a_network(site: Path) -> None:
    with browser() as page:
        page.open(site / "reference.html")
        fonts = page.evaluate("document.fonts.ready.then((all) => [...all].map((x) => x.status))")
        assert fonts == ["loaded"]
        # An index is lower than what it belongs to, which takes a font for mathematics.
        lowered = page.evaluate(
            "[...document.querySelectorAll('msub')].map(({children: [base, index]}) =>"
            " index.getBoundingClientRect().bottom - base.getBoundingClientRect().bottom)"
        )
        assert min(lowered) > 2.0
        assert page.complaints == []
        assert [url for url in page.requested if not url.startswith(("file:", "data:"))] == []
