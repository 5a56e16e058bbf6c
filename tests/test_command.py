"""The command `autograd`, in this process and as a program."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from picture import read
from test_neuron import LOSSES

import autograd
from autograd.__main__ import main
from autograd.neuron import Neuron, train


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "autograd", *arguments], capture_output=True, text=True, check=False
    )


def test_the_program_prints_every_loss():
    result = run("neuron")
    assert (result.returncode, result.stderr) == (0, "")
    header, *steps, weights, bias = result.stdout.splitlines()
    assert header.split() == ["step", "loss", "automatic", "-", "by", "hand"]
    assert [line.split() for line in steps] == [
        [str(count), repr(loss), "0.0"] for count, loss in enumerate(LOSSES, 1)
    ]
    assert weights == "final weights [-3.18248226 -0.63503547  1.45255321]"
    assert bias == "final bias 0.8175177371706989"


def test_options(capsys):
    main("neuron --steps 2 --learning-rate 0.1 --weights=-1,2 --inputs -3,0.5 --bias -.5".split())
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[1] == "12.25"  # relu(3 + 1 - 0.5) squared
    assert lines[-2].startswith("final weights")
    main(["neuron", "--steps", "0"])
    assert "final bias 1.0" in capsys.readouterr().out


DEAD = "not positive, so it outputs 0, no gradient flows, and further steps change nothing."


@pytest.mark.parametrize(
    ("options", "death", "z"),
    [
        ("--weights -1 --inputs 1 --bias 0 --steps 2", "is dead from the start", "-1.0"),
        ("--weights -1 --inputs 1 --bias 1 --steps 0", "is dead from the start", "0.0"),
        ("--weights -1e308,-1e308 --inputs 1,1", "is dead from the start", "-inf"),
        ("--learning-rate 100", "died in step 1", "-17994.0"),
        ("--learning-rate 100 --steps 1", "died in step 1", "-17994.0"),
        ("--learning-rate 100 --target 0.5 --steps 3", "died in step 1", "-16494.0"),
        ("--learning-rate 1e200 --steps 4", "died in step 1", "-1.7999999999999998e+202"),
        ("--learning-rate 100 --inputs 0 --weights 1", "died in step 1", "-199.0"),
        # The bias is so large that the step does not change it.
        (
            "--learning-rate 1e-12 --inputs 1e10 --weights -9999999 --bias 1e17",
            "died in step 1",
            "-1.99999999e+18",
        ),
    ],
)
def test_a_dead_neuron_says_so(options, death, z, capsys):
    main(["neuron", *options.split()])
    *_, said, weights, bias = capsys.readouterr().out.splitlines()
    assert said == f"The neuron {death}: its ReLU's input is {z}, {DEAD}"
    assert (weights[:14], bias[:11]) == ("final weights ", "final bias ")


@pytest.mark.parametrize(
    "options",
    [
        "--learning-rate 100 --steps 0",
        "--learning-rate 0 --steps 3",
        "--target 6 --steps 3",  # nothing to learn: the loss is 0, and so is the gradient
        "--learning-rate -0.1 --steps 2000",  # infinite in the end
        "--inputs 1e200,0 --weights 1e200,0 --steps 3",  # not a number in the end
    ],
)
def test_a_neuron_that_is_not_dead_does_not_say_so(options, capsys):
    main(["neuron", *options.split()])
    assert len(capsys.readouterr().out.splitlines()) == 1 + int(options.split()[-1]) + 2


@pytest.mark.parametrize(
    ("rate", "death"), [("0.06", None), ("0.07", 28), ("0.08", 8), ("0.1", 4), ("1", 2)]
)
def test_the_step_in_which_a_neuron_died(rate, death, capsys):
    """The error grows by the factor 1 - 30 rate in each step, until it is below -6.5."""
    example = Neuron(target=6.5)
    states = train(example, 50, float(rate))
    dead = [np.dot(example.inputs, step.weights) + step.bias <= 0.0 for step in states]
    main(["neuron", "--target", "6.5", "--steps", "50", "--learning-rate", rate])
    assert dead == [death is not None and count >= death for count in range(1, 51)]
    assert f"The neuron died in step {death}: " in capsys.readouterr().out or death is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("neuron --steps many", "argument --steps: 'many' is not a whole number"),
        ("neuron --steps 1.5", "argument --steps: '1.5' is not a whole number"),
        ("neuron --steps -3", "argument --steps: '-3' is negative"),
        ("neuron --learning-rate fast", "argument --learning-rate: 'fast' is not a number"),
        ("neuron --learning-rate inf", "argument --learning-rate: 'inf' is not a finite number"),
        ("neuron --weights 1,2", "there must be one weight for each input: --weights has 2"),
        ("neuron --weights 1,,2", "argument --weights: '' is not a number"),
        ("neuron --weights 1,two,3", "argument --weights: 'two' is not a number"),
        ("neuron --inputs nan,1,2", "argument --inputs: 'nan' is not a finite number"),
        ("neuron --bias -inf", "argument --bias: '-inf' is not a finite number"),
        ("neuron --weights -nan,1,2", "argument --weights: '-nan' is not a finite number"),
        ("neuron --bias nan", "argument --bias: 'nan' is not a finite number"),
        ("neuron --target", "argument --target: expected one argument"),
        (
            "neuron --svg x.gif",
            "argument --svg: a picture cannot be saved as 'x.gif': the name must",
        ),
        ("neuron --svg", "argument --svg: expected one argument"),
        ("neuron --colour red", "unrecognized arguments: --colour red"),
        ("", "the following arguments are required: COMMAND"),
        ("train", "invalid choice: 'train'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert message in output.err


def test_bad_input_as_a_program():
    result = run("neuron", "--steps", "x")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "autograd neuron: argument --steps: 'x' is not a whole number\n"


def test_a_reader_that_leaves_early():
    command = [sys.executable, "-m", "autograd", "neuron", "--steps", "20000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_the_trained_neuron_is_drawn(tmp_path, capsys):
    for suffix in ("svg", "html", "dot"):
        main(["neuron", "--steps", "1", "--svg", str(tmp_path / f"x.{suffix}")])
    picture = read((tmp_path / "x.svg").read_text(encoding="utf-8"))
    # After one step from (-3, -1, 2) and 1, along the gradients (12, -24, 36) and 12.
    assert picture.boxes["w0"].lines[:2] == ["w0", "data -3.012"]
    assert picture.boxes["w1"].lines[:2] == ["w1", "data -0.976"]
    assert picture.boxes["b"].lines[:2] == ["b", "data 0.988"]
    assert float(picture.boxes["loss"].lines[2].removeprefix("data ")) == pytest.approx(33.8724)
    assert float(picture.boxes["loss"].lines[3].removeprefix("grad ")) == 1.0
    assert capsys.readouterr().out.count("final bias 0.988") == 3
    main(["neuron", "--steps", "0", "--svg", str(tmp_path / "x.svg")])
    picture = read((tmp_path / "x.svg").read_text(encoding="utf-8"))
    assert picture.boxes["loss"].lines[2] == "data 36"


def test_a_neuron_of_many_inputs_is_drawn(tmp_path, capsys):
    numbers = ",".join(["0.5"] * 600)
    path = tmp_path / "x.svg"
    main(["neuron", "--steps", "1", "--inputs", numbers, "--weights", numbers, "--svg", str(path)])
    boxes = read(path.read_text(encoding="utf-8")).boxes
    assert [boxes[name].lines[1] for name in "xw"] == ["600 Values"] * 2


def test_a_picture_that_cannot_be_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    (tmp_path / "folder.svg").mkdir()
    for name, message in [
        ("no/x.svg", "No such file"),
        ("folder.svg", "Is a directory"),
        ("x" * 300 + ".svg", "File name too long"),
        ("x.pdf", "a .pdf file is drawn by the program `dot`, which is not installed: install"),
    ]:
        for command in (["neuron", "--steps", "1", "--svg"], ["explain", "x", "x=1", "--svg"],
                        ["draw", "x", "x=1", "-o"]):  # fmt: skip
            path = str(tmp_path / name)
            with pytest.raises(SystemExit) as stop:
                main([*command, path])
            assert stop.value.code == 2
            output = capsys.readouterr()
            assert bool(output.out) == (command[0] != "draw")
            assert output.err.count("\n") == 1
            place = f"autograd {command[0]}: {path!r} cannot be written: "
            assert output.err.startswith(place + message)


def test_a_picture_that_takes_too_long_or_that_graphviz_refuses(capsys, monkeypatch):
    for error in (TimeoutError("it takes too long"), RuntimeError("status 1: one\ntwo")):

        def drawn(*_, error=error, **__):
            raise error

        monkeypatch.setattr("autograd.__main__.draw", drawn)
        with pytest.raises(SystemExit) as stop:
            main(["draw", "x", "x=1", "-o", "x.svg"])
        assert stop.value.code == 2
        reason = " ".join(str(error).split())
        assert capsys.readouterr().err == f"autograd draw: 'x.svg' cannot be written: {reason}\n"


@pytest.fixture
def derivation(tmp_path, monkeypatch):
    """A module with a function, its gradient, and one with a mistake, in the working directory."""
    (tmp_path / "derivation.py").write_text(
        "import numpy as np\n"
        "from autograd import dot, relu\n"
        "def loss(w, b, target=0.5):\n"
        "    return (relu(dot([1.0, -2.0, 3.0], w) + b) - target) ** 2\n"
        "def gradient(w, b, mask=True):\n"
        "    z = np.dot([1.0, -2.0, 3.0], w) + b\n"
        "    upstream = 2 * (max(z, 0) - 0.5) * (z > 0 if mask else 1)\n"
        "    return upstream * np.array([1.0, -2.0, 3.0]), upstream\n"
        "def unmasked(w, b):\n"
        "    return gradient(w, b, mask=False)\n"
        "number = 3\n",
        encoding="utf-8",
    )
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield
    for name in ("derivation", "broken", "helper", "folder"):
        if name not in before:
            sys.modules.pop(name, None)


AT = ["--at", "w=-3,-1,2", "--at", "b=1"]


@pytest.mark.usefixtures("derivation")
def test_check(capsys):
    main(["check", "derivation:loss", "derivation:gradient", *AT])
    assert capsys.readouterr().out.count("agree") == 4
    with pytest.raises(SystemExit) as stop:
        main(["check", "derivation:loss", "derivation:unmasked", *AT, "--samples", "5"])
    assert stop.value.code == 1
    assert "the mask of relu is missing" in capsys.readouterr().out
    result = run("check", "derivation:loss", "derivation:unmasked", *AT)
    assert (result.returncode, result.stderr) == (1, "")


@pytest.mark.usefixtures("derivation")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["loss", "derivation:gradient"], "'loss' is not of the form module:function"),
        (["nowhere:loss", "derivation:gradient"], "imported: No module named 'nowhere'"),
        (["derivation:lost", "derivation:gradient"], "'derivation' has no 'lost' (/"),
        (["folder:loss", "derivation:gradient"], "'folder' has no 'loss'\n"),
        (["time:loss", "derivation:gradient"], "'time' has no 'loss' (built-in)"),
        ([".derivation:loss", "derivation:gradient"], "'.derivation' is not the name of a module"),
        (["derivation:loss", "derivation.py:gradient"], "'derivation.py:gradient' names a file; "),
        (["derivation:number", "derivation:gradient"], "'derivation:number' is not a function"),
        (["derivation:loss", "derivation:gradient", "--at", "w"], "'w' is not of the form name="),
        (["derivation:loss", "derivation:gradient", "--at", "w=1,x"], "'x' is not a number"),
        (["derivation:loss", "derivation:gradient", "--at", "w=1,2;3"], "have different lengths"),
        (["derivation:loss", "derivation:gradient", "--at", "b=1"], "the argument 'w' of the"),
        (["derivation:loss", "derivation:gradient", *AT, "--at", "c=1"], "has no argument 'c'"),
        (["derivation:loss", "derivation:gradient", *AT, "--at", "b=2"], "is given twice"),
        (["derivation:loss", "derivation:gradient", *AT, "--wrt", "v"], "has no argument 'v'"),
        (["derivation:loss", "derivation:gradient", *AT, "--samples", "0"], "samples must be"),
        (["derivation:loss", "derivation:gradient", "--at", "w=1,2", "--at", "b=1"], "dot takes"),
        (["derivation:loss", "derivation:loss", *AT], "as a tuple or a dict, not a"),
    ],
)
def test_check_called_wrongly(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["check", *arguments])
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert message in output.err


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("d.py:f", "give the module: d:f"),
        ("./d.py:f", "give the module: d:f"),
        ("d/:f", "give the module: d:f"),
        ("sub/d.py:f", "give the module: sub.d:f"),
        ("sub/d:f", "give the module: sub.d:f"),
        ("../d.py:f", "go to .. and give the module: d:f"),
        ("/home/me/d.py:f", "go to /home/me and give the module: d:f"),
        ("d.v2.py:f", "rename it to a name without a dot, which can be imported"),
    ],
)
@pytest.mark.skipif(os.sep != "/", reason="the folders are written as POSIX writes them")
def test_a_file_in_place_of_a_module(typed, remedy, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["check", typed, typed])
    assert stop.value.code == 2
    place = "autograd check: argument MODULE:FUNCTION: "
    assert capsys.readouterr().err == f"{place}{typed!r} names a file; {remedy}\n"


@pytest.mark.usefixtures("derivation")
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x:", "SyntaxError: '(' was never closed ({}:1)"),
        (" x = 1", "IndentationError: unexpected indent ({}:1)"),
        ("# coding: nonsense", "SyntaxError: unknown encoding: nonsense ({})"),
        ("exec('1 +')", "SyntaxError: invalid syntax ({}:1)"),
        ("x = 1\n1 / 0", "ZeroDivisionError: division by zero ({}:2)"),
        ("import math\nmath.none", "AttributeError: module 'math' has no attribute 'none' ({}:2)"),
        ("import no_such", "ModuleNotFoundError: No module named 'no_such' ({}:1)"),
        ("from math import no", "ImportError: cannot import name 'no' from 'math'"),
        ("import json\n\njson.loads('')", "json.decoder.JSONDecodeError: Expecting value: line"),
        ("import json\n\njson.loads('')", " 1 column 1 (char 0) ({}:3)"),
        ("def f():\n  f()\nf()", "RecursionError: maximum recursion depth exceeded ({}:2)"),
        ("assert False", "AssertionError ({}:1)"),
        ("raise RuntimeError('one\\n two')", "RuntimeError: one two ({}:1)"),
        ("class Stop(BaseException): pass\nraise Stop(3)", "broken.Stop: 3 ({}:2)"),
        ("class E(Exception):\n  __str__ = None\nraise E", "broken.E: <exception str() failed>"),
        ("import sys\nsys.exit()", "SystemExit ({}:2)"),
        ("raise SystemExit(0)", "SystemExit: 0 ({}:1)"),
        ("raise SystemExit(5)", "SystemExit: 5 ({}:1)"),
        ("raise SystemExit('bye\\nbye')", "SystemExit: bye bye ({}:1)"),
        ("def __getattr__(name):\n  return 1 / 0", "ZeroDivisionError: division by zero ({}:2)"),
        ("def __getattr__(name):\n  raise SystemExit(0)", "SystemExit: 0 ({}:2)"),
        (b"x = '\xe9'", "SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xe9"),
        (b"x = 1\0", "source code string cannot contain null bytes"),
    ],
)
def test_a_module_that_cannot_be_imported(source, said, capsys):
    path = Path("broken.py").resolve()
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    with pytest.raises(SystemExit) as stop:
        main(["check", "derivation:loss", "broken:gradient", *AT])
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    place = "autograd check: argument MODULE:GRADIENT: 'broken' cannot be imported: "
    assert output.err.startswith(place)
    assert 'File "' not in output.err
    assert said.format(path) in output.err


@pytest.mark.usefixtures("derivation")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 1 / 0", "raised ZeroDivisionError: division by zero; at x = 1 ({}:2)"),
        ("import helper; helper.fail()", "raised KeyError: 'k'; at x = 1 ({helper}:2)"),
        ("return function(x)", "raised RecursionError: maximum recursion depth exceeded; at x = 1"),
        ("assert x < 0, 'one\\ntwo'", "raised AssertionError: one two; at x = 1 ({}:2)"),
        ("return x + None", "TypeError: "),
        ("return x + None", "({}:2)"),
        ("raise SystemExit(0)", "autograd check: SystemExit: 0 ({}:2)"),
        ("raise SystemExit(1)", "autograd check: SystemExit: 1 ({}:2)"),
        ("if x > 1.5: raise SystemExit(0)\n  return x", "autograd check: SystemExit: 0 ({}:2)"),
        ("raise GeneratorExit", "autograd check: GeneratorExit ({}:2)"),
        ("raise Broken", "autograd check: ZeroDivisionError: division by zero ({}:6)"),
    ],
)
@pytest.mark.parametrize("role", ["function", "gradient"])
def test_a_function_that_fails(body, said, role, capsys):
    path, helper = Path("broken.py").resolve(), Path("helper.py").resolve()
    helper.write_text("def fail():\n  {}['k']\n", encoding="utf-8")
    path.write_text(
        f"def function(x):\n  {body}\n"
        "def right(x):\n  return x\n"
        "class Broken(Exception):\n  __str__ = lambda self: 1 / 0\n",
        encoding="utf-8",
    )
    functions = ["broken:function", "broken:right"]
    with pytest.raises(SystemExit) as stop:
        main(["check", *(functions if role == "function" else functions[::-1]), "--at", "x=1"])
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert output.err.startswith("autograd check: ")
    assert said.replace("{}", str(path)).replace("{helper}", str(helper)) in output.err


@pytest.mark.usefixtures("derivation")
def test_a_function_whose_signature_fails(capsys):
    Path("broken.py").write_text(
        "class F:\n  __signature__ = property(lambda self: 1 / 0)\n"
        "  def __call__(self, x):\n    return x\nf = F()\n",
        encoding="utf-8",
    )
    with pytest.raises(SystemExit) as stop:
        main(["check", "broken:f", "broken:f", "--at", "x=1"])
    assert stop.value.code == 2
    where = f"({Path('broken.py').resolve()}:2)"
    said = f"autograd check: ZeroDivisionError: division by zero {where}\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.usefixtures("derivation")
def test_a_package_that_fails_is_not_the_users_code(capsys):
    """The place is where the user's code calls it."""
    package = Path("site-packages")
    package.mkdir()
    (package / "helper.py").write_text("def fail():\n  1 / 0\n", encoding="utf-8")
    sys.path.insert(0, str(package.resolve()))
    Path("broken.py").write_text("import helper\n\nhelper.fail()\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["check", "broken:f", "broken:f", "--at", "x=1"])
    assert capsys.readouterr().err.endswith(f" ({Path('broken.py').resolve()}:3)\n")


@pytest.mark.usefixtures("derivation")
def test_ctrl_c_while_the_users_code_runs(capsys):
    for source in ("raise KeyboardInterrupt", "def f(x):\n  raise KeyboardInterrupt"):
        Path("broken.py").write_text(source, encoding="utf-8")
        sys.modules.pop("broken", None)
        with pytest.raises(SystemExit) as stop:
            main(["check", "broken:f", "broken:f", "--at", "x=1"])
        assert stop.value.code == 130
        assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(os.name != "posix", reason="asks a pipe how full it is")
def test_ctrl_c_while_nobody_reads():
    import fcntl
    import termios

    command = [sys.executable, "-m", "autograd", "neuron", "--steps", "1000000"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        # Whoever runs the tests in the background of a shell has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        waiting, end = 0, time.monotonic() + 60.0
        while waiting < 60_000 and time.monotonic() < end:
            time.sleep(0.1)
            size = fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4))
            waiting = int.from_bytes(size, sys.byteorder)
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=30) == 130
        finally:
            process.kill()
        assert process.stderr.read() == b""


def test_a_mistake_of_the_library_is_shown_whole_and_is_not_an_answer(capsys, monkeypatch):
    monkeypatch.setattr("autograd.__main__.explain", lambda *_: {}["bug"])
    with pytest.raises(SystemExit) as stop:
        main(["explain", "x", "x=1"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("Traceback")


ENTRIES = {
    "module": [sys.executable, "-m", "autograd"],
    "script": [sys.executable, "-c", "import sys; from autograd.__main__ import main; main()"],
}
FULL = ">/dev/full"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no file that is always full")
@pytest.mark.parametrize(("entry", "unbuffered"), [("module", "1"), ("script", "")])
@pytest.mark.usefixtures("derivation")
def test_streams_that_cannot_be_written(entry, unbuffered):
    """No traceback, one line where there is a place for it, and never the status 1 or 120."""
    for name, line in [
        ("talking", "print('a')"),
        ("closing", "import sys; sys.stdout.close()"),
        ("muffling", "import sys; sys.stderr.close()"),
    ]:
        Path(f"{name}.py").write_text(f"{line}\nfrom derivation import *\n", encoding="utf-8")
    at = shlex.join(AT)
    printing = ["--help", "--version", "neuron -h", "neuron --steps 500", "explain x*x x=2",
                f"check derivation:loss derivation:unmasked {at}"]  # fmt: skip
    refusing = ["neuron --steps x", "explain 2x", "draw x x=1 -o no/x.svg",
                "check derivation:loss derivation:none"]  # fmt: skip
    cases = [
        *((x, ">&-", 2, "standard output cannot be written: it is closed") for x in printing),
        *((x, FULL, 2, "standard output cannot be written: No space left") for x in printing),
        (printing[-1], ">&- 2>&-", 2, ""),
        (printing[-1], f"{FULL} 2{FULL}", 2, ""),
        *((x, f"2{FULL}", 2, "") for x in refusing),
        (refusing[0], "2>&-", 2, ""),
        (refusing[0], FULL, 2, "'x' is not a whole number"),
        ("draw x x=1 -o x.svg", FULL, 0, ""),
        ("draw x x=1 -o x.svg", "<&- >&- 2>&-", 0, ""),
        (f"check derivation:loss derivation:gradient {at}", "2>&-", 0, ""),
        (f"check derivation:loss derivation:unmasked {at}", "2>&-", 1, ""),
        (f"check closing:loss closing:gradient {at}", "", 2, "cannot be written: I/O operation on"),
        (f"check muffling:loss muffling:gradient {at}", "", 0, ""),
        # What a module prints may be lost on the spot, or only when all is flushed in the end.
        ("check talking:loss talking:none", FULL, 2, "autograd"),
        ("check talking:loss talking:none", f"{FULL} 2{FULL}", 2, ""),
    ]

    def outcome(case):
        command, redirection, *_ = case
        line = f"{shlex.join(ENTRIES[entry])} {command} {redirection}"
        environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONSAFEPATH": ""}
        result = subprocess.run(
            ["sh", "-c", line], env=environment, capture_output=True, text=True, check=False
        )
        return result.returncode, result.stderr

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for case, (status, said) in zip(cases, pool.map(outcome, cases), strict=True):
            prefix = " ".join(["autograd", *re.findall("^[a-z]+", case[0])]) + ": "
            assert status == case[2], (case, said)
            assert said.startswith(prefix) or not said or case[0].startswith("check talking")
            assert case[3] in said, (case, said)
            assert "Traceback" not in said, (case, said)
            assert "Exception" not in said, (case, said)
            if not case[0].startswith("check talking"):
                assert said.count("\n") == bool(case[3]), (case, said)


@pytest.mark.usefixtures("derivation")
def test_a_function_that_imports_when_it_is_called():
    Path("helper.py").write_text("def square(x):\n  return x * x\n", encoding="utf-8")
    Path("late.py").write_text(
        "def f(x):\n  import helper\n  return helper.square(x)\ndef g(x):\n  return 2 * x\n",
        encoding="utf-8",
    )
    for entry in ENTRIES.values():
        environment = {**os.environ, "PYTHONSAFEPATH": ""}
        result = subprocess.run(
            [*entry, "check", "late:f", "late:g", "--at", "x=3"],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (result.returncode, result.stderr) == (0, "")


def test_explain(capsys):
    main(["explain", "(relu(w*x + b) - t)**2", "w=-3", "x=1", "b=1", "t=2"])
    output = capsys.readouterr().out
    assert (
        "  Nothing is added to grad(w * x + b): relu's input w * x + b = -2 is negative.\n"
        in output
    )
    assert output.endswith("Gradients\n  dy/dw = 0\n  dy/dx = 0\n  dy/db = 0\n  dy/dt = 4\n")
    # Options may stand anywhere, and a formula may begin with a minus.
    main(["explain", "-w*x", "--wrt", "w", "w=-3", "--format", "text", "x=5e-1"])
    assert capsys.readouterr().out.endswith("= 0.5 · (-1) = -0.5\n")
    main(["explain", "--wrt", "x", "hypot(x, y)", "x=3", "y=-4"])
    assert "  df/dx = x / hypot(x, y) = 0.6\n" in capsys.readouterr().out
    for given in (["--wrt", "x", "-x"], ["--wrt=x", "--x"], ["--format", "text", "-2*x"]):
        main(["explain", *given, "x=1"])
        assert "dy/dx = " in capsys.readouterr().out
    main(["explain", "\ufb01*2", "\ufb01=1", "--wrt", "\ufb01"])  # a ligature: the parser reads fi
    assert "dy/dfi = 2" in capsys.readouterr().out
    main(["explain", "x*x", "x=3", "--format=markdown"])
    assert capsys.readouterr().out.startswith("### Forward\n\nGiven $x = 3$.\n")
    main(["explain", "x*x", "x=3", "--format=latex"])
    assert capsys.readouterr().out.startswith("\\paragraph{Forward}\n")
    main(["explain", "log(x) * x", "x=-1"])
    assert "The first nan: log(-1), node log(x), used by y." in capsys.readouterr().out


def test_a_terminal_without_the_letters():
    result = subprocess.run(
        [sys.executable, "-m", "autograd", "explain", "x*x", "x=3", "--wrt", "x"],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert "path 1 = ?y/?x[left] = x = 3" in result.stdout


def test_formulas_are_drawn(tmp_path, capsys):
    path = tmp_path / "x.svg"
    main(["draw", "-x*w", "x=3", "w=-2", "-o", str(path)])
    main(["draw", f"-o{path}", "-x*w", "x=3", "w=-2"])
    assert read(path.read_text(encoding="utf-8")).boxes["w"].lines[:2] == ["w", "data -2"]
    main(["draw", "--output", str(path), "x*w", "x=5", "w=-2"])
    assert read(path.read_text(encoding="utf-8")).boxes["w"].lines[-1] == "grad 5"
    assert capsys.readouterr().out == ""
    path.unlink()
    main(["explain", "x*w", "x=5", "w=-2", "--svg", str(path), "--wrt", "w"])
    assert read(path.read_text(encoding="utf-8")).boxes["w"].lines[-1] == "grad 5"
    with pytest.raises(SystemExit) as stop:
        main(["draw", "x", "x=1", "-o", str(tmp_path / "nowhere" / "x.svg")])
    assert stop.value.code == 2


@pytest.mark.parametrize("command", ["explain", "draw"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "x"], "argument NAME=X: 'x' is not of the form name=number"),
        (["x", "=1"], "argument NAME=X: '=1' is not of the form name=number"),
        (["x", "x=one"], "argument NAME=X: 'one' is not a number"),
        (["x", "x=nan"], "argument NAME=X: 'nan' is not a finite number"),
        (["x", "x=1", "x=2"], "a number is given twice: x x"),
        (["x", "x=1", "y=2"], "'y' is given, but is not in the formula"),
        (["x", "x=1", "--colour", "red"], "unrecognized arguments: --colour red"),
        (["x" * 20_000, "x=1"], "a formula has at most 10,000 characters; this one has 20,000\n"),
        (["", "x=1"], "the formula is empty"),
        (["foo(x)", "x=1"], "there is no operation 'foo'; did you mean 'floor'?\n  foo(x)\n  ^\n"),
        (["x + __import__('os')", "x=1"], "' has no place in a formula\n"),
        (["--wrt"], ""),
        ([], "the following arguments are required: FORMULA"),
    ],
)
def test_wrong_formulas(command, arguments, message, tmp_path, capsys):
    path = tmp_path / "x.svg"
    option = ["-o", str(path)] if command == "draw" else ["--svg", str(path)]
    with pytest.raises(SystemExit) as stop:
        main([command, *arguments, *option])
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == (3 if message.count("\n") else 1)
    assert message in output.err
    assert not path.exists()


def test_explain_and_draw_called_wrongly(capsys):
    for arguments, message in [
        (["explain", "x", "x=1", "--wrt", "q"], "argument --wrt: there is no 'q' in the formula"),
        (["explain", "x", "x=1", "--format", "pdf"], "argument --format: invalid choice: 'pdf'"),
        (["explain", "x", "x=1", "--svg", "x.gif"], "a picture cannot be saved as 'x.gif'"),
        (["draw", "x", "x=1", "-o", "x.gif"], "a picture cannot be saved as 'x.gif'"),
        (["draw", "x", "x=1"], "the following arguments are required: -o/--output"),
    ]:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.count("\n") == 1
        assert message in output.err


def test_help_and_version(capsys):
    for arguments, parts in [
        (["--help"], ["usage: autograd", "neuron", "--version"]),
        (["neuron", "--help"], ["--weights", "default: -3,-1,2", "default: 0.001", "gradient"]),
        (["explain", "--help"], ["FORMULA", "[NAME=X ...]", "--wrt", "dot([a, b], [c, d])"]),
        (["draw", "-h"], ["FORMULA", "-o FILE", ".html"]),
        (["check", "-h"], ["The exit status is 0 if they agree, 1 if they do not, and 2 if"]),
        (["--version"], [f"autograd {autograd.__version__} ({autograd.core} core)"]),
    ]:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
        output = " ".join(capsys.readouterr().out.split())
        assert all(part in output for part in parts)
