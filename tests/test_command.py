"""The command `autograd`, in this process and as a program."""

import os
import subprocess
import sys

import pytest
from picture import read
from test_neuron import LOSSES

import autograd
from autograd.__main__ import main


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


def test_a_dead_neuron_and_one_that_blows_up(capsys):
    main("neuron --weights -1 --inputs 1 --bias 0 --steps 2".split())
    assert capsys.readouterr().out.splitlines()[1].split() == ["1", "0.0", "0.0"]
    main("neuron --learning-rate 1e200 --steps 4".split())
    assert len(capsys.readouterr().out.splitlines()) == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("neuron --steps many", "argument --steps: 'many' is not a whole number"),
        ("neuron --steps 1.5", "argument --steps: '1.5' is not a whole number"),
        ("neuron --steps -3", "argument --steps: '-3' is negative"),
        ("neuron --learning-rate fast", "argument --learning-rate: 'fast' is not a number"),
        ("neuron --learning-rate inf", "argument --learning-rate: 'inf' is not a finite number"),
        ("neuron --weights 1,2", "as many weights as inputs are needed: there are 2"),
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
    assert process.wait() == 1
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
    assert float(picture.boxes["loss"].lines[2].removeprefix("data ")) == pytest.approx(33.872)
    assert float(picture.boxes["loss"].lines[3].removeprefix("grad ")) == 1.0
    assert capsys.readouterr().out.count("final bias 0.988") == 3
    main(["neuron", "--steps", "0", "--svg", str(tmp_path / "x.svg")])
    assert (tmp_path / "x.svg").read_text(encoding="utf-8").count("data 36.0") == 2


def test_a_neuron_of_many_inputs_is_drawn(tmp_path, capsys):
    numbers = ",".join(["0.5"] * 600)
    path = tmp_path / "x.svg"
    main(["neuron", "--steps", "1", "--inputs", numbers, "--weights", numbers, "--svg", str(path)])
    assert len(read(path.read_text(encoding="utf-8")).boxes) == 1206


def test_a_picture_that_cannot_be_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for name, message in [("no/x.svg", "No such file"), ("x.png", "not installed: install Graph")]:
        with pytest.raises(SystemExit) as stop:
            main(["neuron", "--steps", "1", "--svg", str(tmp_path / name)])
        assert stop.value.code == 1
        output = capsys.readouterr()
        assert "final bias" in output.out
        assert output.err.count("\n") == 1
        assert output.err.startswith("autograd neuron: ")
        assert message in output.err


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
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("derivation", None)


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
        (["nowhere:loss", "derivation:gradient"], "'nowhere' cannot be imported"),
        (["derivation:lost", "derivation:gradient"], "'derivation' has no 'lost'"),
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
    assert "The first nan: log(-1), node log, used by y." in capsys.readouterr().out


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
    assert read(path.read_text(encoding="utf-8")).boxes["w"].lines[:2] == ["w", "data -2.0"]
    main(["draw", "--output", str(path), "x*w", "x=5", "w=-2"])
    assert read(path.read_text(encoding="utf-8")).boxes["w"].lines[-1] == "grad 5.0"
    assert capsys.readouterr().out == ""
    path.unlink()
    main(["explain", "x*w", "x=5", "w=-2", "--svg", str(path), "--wrt", "w"])
    assert read(path.read_text(encoding="utf-8")).boxes["w"].lines[-1] == "grad 5.0"
    with pytest.raises(SystemExit) as stop:
        main(["draw", "x", "x=1", "-o", str(tmp_path / "nowhere" / "x.svg")])
    assert stop.value.code == 1


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
        (["foo(x)", "x=1"], "there is no operation 'foo'\n  foo(x)\n  ^\n"),
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
        (["--version"], [f"autograd {autograd.__version__}"]),
    ]:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
        output = " ".join(capsys.readouterr().out.split())
        assert all(part in output for part in parts)
