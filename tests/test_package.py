"""What the package promises as a whole."""

import ast
import inspect
import os
import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

import autograd
from autograd import Op, Value
from autograd.ops import TABLE

PACKAGE = Path(autograd.__file__).parent
ROOMS = [
    "release",
    "forms",
    "quiet",
    "kernels",
    "special",
    "reals",
    "elements",
    "op",
    "notation",
    "gather",
    "everyday",
    "ops",
    "sealing",
    "record",
    "silence",
    "graph",
    "edges",
    "freshness",
    "questions",
    "derivative",
    "rows",
    "pickling",
    "arrays",
    "value",
    "formula",
    "values",
    "trees",
    "optim",
    "trace",
    "made",
    "functional",
    "batching",
    "implicit",
    "neuron",
    "expression",
    "rounding",
    "catalogue",
    "compiler",
    "explain",
    "diagram",
    "micrograd",
    "compare",
    "command",
]
NAMES = """
    Array Diagram Explanation Finding Op Report Value abs acos acosh array asin asinh atan atan2
    atanh betaln cbrt ceil check_gradient check_hessian check_jacobian clip compare copysign cos
    cosh cross_entropy cumprod cumsum custom_root data deg2rad digamma dot draw elu entr erf erfc
    erfinv exp exp2 explain expm1 expression floor fmax fmin fmod gammaln gelu grad grads hard_tanh
    heaviside hessian huber hvp hypot jacobian jit jvp latex leaky_relu lgamma log log10 log1mexp
    log1p log2 log_ndtr log_sigmoid log_softmax logaddexp logit logsumexp max maximum mean min
    minimum mod ndtr no_grad norm polygamma prod python_source rad2deg reciprocal relu round selu
    sigmoid sign silu sin sinc sinh softmax softplus softsign sqrt square stop_gradient sum tan tanh
    to_sympy topological_order trunc value_and_grad values vjp vmap where xlog1py xlogy
""".split()


def test_public_names():
    assert autograd.__all__ == sorted(autograd.__all__) == NAMES
    documents = [getattr(autograd, name).__doc__ for name in autograd.__all__]
    assert all(documents)
    assert len(set(documents)) == len(documents) - 1  # lgamma is another name of gammaln


def test_the_public_operations_are_those_of_the_table():
    exported = {name for name in autograd.__all__ if isinstance(getattr(autograd, name), Op)}
    assert exported == {name for name, op in TABLE.items() if op.public} | {"lgamma"}
    assert all(getattr(autograd, name) is TABLE[name] for name in exported - {"lgamma"})
    assert autograd.lgamma is autograd.gammaln


def test_operations_say_what_they_compute_and_how_they_are_called():
    assert autograd.atan2.__doc__.startswith("The angle of the point (x, y)")
    signatures = {name: str(inspect.signature(op)) for name, op in TABLE.items()}
    assert signatures["exp"] == "(x)"
    assert signatures["atan2"] == "(y, x)"
    assert signatures["leaky_relu"] == "(x, slope=0.01)"
    assert signatures["clip"] == "(x, lower, upper)"
    assert signatures["dot"] == "(a, b)"
    assert Value.tanh.__doc__ == autograd.tanh.__doc__ == "The hyperbolic tangent."


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'autograd' has no attribute 'drawn'"):
        autograd.drawn  # noqa: B018


def test_typed():
    assert resources.files("autograd").joinpath("py.typed").is_file()


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room):
    """From the bottom of the list of rooms to its top."""
    files = (PACKAGE / room).glob("*.py") if (PACKAGE / room).is_dir() else [PACKAGE / f"{room}.py"]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    imported = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and node.module == "autograd":
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograd."):
            imported.add(node.module.split(".")[1])
    assert imported - {room} <= set(ROOMS[: ROOMS.index(room)])


NAMING = {
    "ops.py": "the table",
    "__init__.py": "the public names",
    "value.py": "a method for each operation",
    "derivative.py": "the gates of derivatives are made of two of them",
    "expression/simplify.py": "the identities of arithmetic are about particular ones",
    "expression/algebra.py": "so are the products and powers that a textbook gathers",
    "catalogue/slopes.py": "so are the mistakes that people make",
    "catalogue/formulas.py": "and the formulas that they confuse",
    "compare/stable.py": "so are the formulas that overflow, and what to write instead",
    "arrays/linalg.py": "NumPy's functions are made of them",
    "arrays/reductions.py": "NumPy's functions are made of them",
    "arrays/products.py": "NumPy's functions are made of them",
    "arrays/statistics.py": "NumPy's functions are made of them",
    "arrays/selections.py": "NumPy's functions are made of them",
    "arrays/ufuncs.py": "NumPy's functions are made of them",
    "arrays/vectors.py": "functions that return vectors are made of two of them",
    "catalogue/values.py": "and the mistakes in values",
    "compiler/javascript.py": "instructions of JavaScript, one of which has the same name",
    "compiler/instructions.py": "instructions of a processor, some of which have the same names",
    "implicit.py": "the derivative of a solution is made of two of them",
    "micrograd.py": "a program that uses the library, and names two operations otherwise",
    "neuron.py": "a program that uses the library",
}


def operations_named(tree):
    """The operations that a module knows by name: imported, `ops.tanh`, `TABLE["tanh"]`, a string
    that something is looked up by or compared with.
    """
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom("autograd" | "autograd.ops", aliases):
                names |= {alias.name for alias in aliases}
            case ast.Attribute(ast.Name("ops" | "autograd"), name):
                names.add(name)
            case ast.Compare() | ast.Subscript() | ast.Call(ast.Attribute(attr="get")):
                parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant)]
                names |= {part.value for part in parts if isinstance(part.value, str)}
    return names & TABLE.keys()


def test_facts_about_operations_are_in_the_table():
    """A reader that asks which operation it has before it is a second table."""
    found = {
        file.relative_to(PACKAGE).as_posix(): operations_named(ast.parse(file.read_text("utf-8")))
        for file in PACKAGE.rglob("*.py")
    }
    others = {file: names for file, names in found.items() if names and file not in NAMING}
    assert not others, "make it a field of Op"


@pytest.mark.parametrize(
    "code",
    [
        "from autograd.ops import tanh",
        "from autograd import tanh as t",
        "op is ops.tanh",
        "op is autograd.tanh",
        "op is TABLE['tanh']",
        "op is ops.TABLE['tanh']",
        "op is TABLE.get('tanh')",
        "op.name == 'tanh'",
        "op.name in ('tanh', 'sigmoid')",
    ],
)
def test_a_second_table_is_found(code):
    assert "tanh" in operations_named(ast.parse(code))


TREES = {
    str(file.relative_to(PACKAGE)): ast.parse(file.read_text(encoding="utf-8"))
    for file in sorted(PACKAGE.rglob("*.py"))
}


def test_no_docstring_opens_with_what():
    """A docstring says what a thing is or does; that of a number or a field, too."""
    docstrings = {
        f"{name}:{node.lineno}": node.value.value
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    assert len(docstrings) > 500
    assert [place for place, text in docstrings.items() if text.lstrip().startswith("What")] == []


def test_no_two_classes_have_the_same_name():
    names = Counter(
        node.name
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and file != "micrograd.py"  # names that are not ours
    )
    assert [name for name, count in names.items() if count > 1] == []


def numbers(tree):
    """The numbers that have names in a module: their names and how they are written."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            parts = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
            if all(isinstance(x, parts) for x in ast.walk(node.value)):
                yield node.targets[0].id, ast.unparse(node.value)


def test_a_number_that_has_a_name_is_written_once():
    named = Counter(x for tree in TREES.values() for x in numbers(tree))
    assert [x for x, count in named.items() if count > 1] == []
    written = Counter(
        ast.unparse(node)
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
    )
    assert [written[x] for x in ("2.0 ** (-52)", "2.0 ** (-1022)")] == [1, 1], written


def test_what_a_selection_cuts_is_known_to_the_graph_alone():
    """Above it the edges are asked."""
    asking = [
        name
        for name, tree in TREES.items()
        if any(isinstance(x, ast.Attribute) and x.attr == "selects" for x in ast.walk(tree))
    ]
    above = ROOMS[ROOMS.index("value") :]
    asking = {name for name in asking if name.removesuffix(".py").split(os.sep)[0] in above}
    allowed = {
        "rounding.py": "whether a partial is exact",
        "compare/confusions.py": "whether there is a mask to be mistaken",
        "catalogue/formulas.py": "whether there is a selection to be left out",
        "compiler/margins.py": "whether an error may be handed on at a kink",
        "diagram/lesson.py": "whether a use may be cut off by other numbers",
        "explain/partials.py": "whether it may be that of a tie",
        "expression/gates.py": "for an indicator",
        "expression/textbook.py": "for an indicator",
    }
    assert asking <= allowed.keys()


def test_importing_the_library_is_quiet_and_imports_neither_command_nor_graphviz():
    code = (
        "import sys, autograd; assert 'draw' in dir(autograd);"
        "print([m for m in sys.modules if m in ('argparse', 'graphviz', 'wasmtime')])"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")


@pytest.fixture(
    params=["RuntimeError('unsupported architecture: riscv64')", "OSError('no library')"]
)
def no_wasmtime(request, tmp_path, monkeypatch):
    """Processes in which wasmtime fails at import, as it does where there is no library for it."""
    (tmp_path / "wasmtime.py").write_text(f"raise {request.param}\n")
    path = [str(tmp_path), str(PACKAGE.parent), *sys.path]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_without_wasmtime_only_a_picture_fails(no_wasmtime, tmp_path):
    (tmp_path / "program.py").write_text(
        "from autograd import *\n"
        "import autograd\n"
        "x = Value(3.0, name='x')\n"
        "y = x * x\n"
        "y.backward()\n"
        "diagram = draw(y)\n"
        "assert 'digraph' in diagram.source\n"
        "diagram.save('y.dot')\n"
        "print(compare(y, {x: 6.0}), explain(y), diagram)\n"
        "print(diagram._repr_mimebundle_()[0]['text/plain'])\n"
        "def square(x): return x * x\n"
        "def slope(x): return 2 * x\n"
        "diagram.svg()\n"
    )
    run = no_wasmtime("program.py")
    assert run.stdout.endswith(
        "save the picture as .dot, and where Graphviz is installed as .pdf\n"
    )
    assert "RuntimeError: laying out a picture needs the package wasmtime" in run.stderr
    (tmp_path / "derivation.py").write_text("def f(x): return x * x\ndef g(x): return 2 * x\n")
    for command in (
        "neuron --steps 1 --svg x.dot",
        "explain x*x x=2",
        "draw x*x x=2 -o x.dot",
        "check derivation:f derivation:g --at x=3",
    ):
        run = no_wasmtime("-m", "autograd", *command.split())
        assert (run.returncode, run.stderr) == (0, ""), command
    run = no_wasmtime("-m", "autograd", "draw", "x*x", "x=2", "-o", "x.svg")
    assert run.returncode != 0
    assert run.stderr.count("\n") == 1
    assert "needs the package wasmtime, which cannot be loaded here" in run.stderr
