"""How the native core is built, where it is left out, and which form of the core is loaded."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import autograd
from autograd import forms

ROOT = Path(__file__).parents[1]
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
PURE = f"scalar_autograd-{autograd.__version__}-py3-none-any.whl"
CODE = "import sys, hatchling.build; getattr(hatchling.build, 'build_' + sys.argv[1])(sys.argv[2])"


def tree(target):
    """A copy of the files that a build needs."""
    for name in (".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    unwanted = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
    shutil.copytree(ROOT / "autograd", target / "autograd", ignore=unwanted)
    return target


def build(folder, core, kind="wheel", **environment):
    """Build what an installer builds; the process, and the files that were made."""
    target = folder / "dist"
    shutil.rmtree(target, ignore_errors=True)
    run = subprocess.run(
        [sys.executable, "-c", CODE, kind, str(target)],
        cwd=folder, env={**os.environ, "AUTOGRAD_CORE": core, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run, sorted(target.glob("*")) if target.exists() else []


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return tree(tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def native_wheel(copy, tmp_path_factory):
    """A wheel with the native core, which is not to be had where nothing can be compiled."""
    run, files = build(copy, os.environ.get("AUTOGRAD_CORE", ""))
    assert run.returncode == 0, run.stderr
    if files[0].name == PURE:
        pytest.skip("the native core cannot be built here")
    return files[0].rename(tmp_path_factory.mktemp("native") / files[0].name)


@pytest.fixture(scope="module")
def hidden(tmp_path_factory):
    """The environment of a machine on which every compiler fails, saying how it was called."""
    if os.name != "posix":
        pytest.skip("a compiler is hidden by scripts in front of PATH")
    folder = tmp_path_factory.mktemp("bin")
    known = [sysconfig.get_config_var(name) for name in ("CC", "CXX", "LDSHARED")]
    for name in {"cc", "gcc", "clang", "c++", *(x.split()[0] for x in known if x)}:
        (folder / name).write_text('#!/bin/sh\necho "$0: no compiler: $@" >&2\nexit 1\n')
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_the_wheel_with_the_native_core(native_wheel):
    assert f"-cp{sys.version_info.major}{sys.version_info.minor}-" in native_wheel.name
    with zipfile.ZipFile(native_wheel) as wheel:
        names = [name for name in wheel.namelist() if name.startswith("autograd/forms/")]
        (facts,) = [name for name in wheel.namelist() if name.endswith(".dist-info/WHEEL")]
        assert "Root-Is-Purelib: false" in wheel.read(facts).decode()
    assert sorted(names) == ["autograd/forms/__init__.py", f"autograd/forms/native{SUFFIX}"]


def test_it_is_the_same_in_every_folder(native_wheel, tmp_path):
    run, files = build(tree(tmp_path / "an other folder, ü"), "native")
    assert run.returncode == 0, run.stderr
    assert [file.read_bytes() for file in files] == [native_wheel.read_bytes()]


def test_without_a_compiler_the_wheel_is_one_of_pure_python(copy, hidden):
    run, (without,) = build(copy, "", **hidden)
    assert (run.returncode, without.name) == (0, PURE)
    assert (run.stdout + run.stderr).splitlines() == [
        "scalar-autograd: without the native core (it does not compile here)"
    ]
    content = without.read_bytes()
    run, (chosen,) = build(copy, "pure")
    assert (run.returncode, chosen.name, chosen.read_bytes()) == (0, PURE, content)
    with zipfile.ZipFile(chosen) as wheel:
        names = [name for name in wheel.namelist() if name.startswith("autograd/forms/")]
    assert names == ["autograd/forms/__init__.py"]


def test_a_core_that_is_asked_for_and_does_not_compile(copy, hidden):
    """The error shows how the compiler was called: the flags that keep the bits come last."""
    run, files = build(copy, "native", **hidden, CFLAGS="-mfma -ffp-contract=fast")
    assert (run.returncode, files) == (1, [])
    assert "RuntimeError: the native core cannot be built: " in run.stderr
    (call,) = [line.split() for line in run.stderr.splitlines() if ": no compiler: " in line]
    assert call.index("-mfma") < call.index("-ffp-contract=fast") < call.index("-ffp-contract=off")
    assert not {"-march=native", "-ffast-math", "-Ofast"} & set(call)
    assert call[call.index("-c") + 1] == "autograd/forms/native.c"


def test_a_wish_that_is_none(copy):
    run, files = build(copy, "fast")
    assert (run.returncode, files) == (1, [])
    assert run.stderr.endswith("AUTOGRAD_CORE must be 'native', 'pure' or empty, not 'fast'\n")


def test_pythons_without_a_native_core(monkeypatch):
    spec = importlib.util.spec_from_file_location("hook", ROOT / "autograd" / "forms" / "build.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    monkeypatch.setattr(sysconfig, "get_config_var", {"Py_GIL_DISABLED": 1}.get)
    assert hook.obstacle() == "it relies on the GIL, this Python is free-threaded"
    monkeypatch.setattr(platform, "python_implementation", lambda: "PyPy")
    assert hook.obstacle() == "it is for CPython, this is PyPy"
    monkeypatch.undo()
    if autograd.core == "native":
        assert hook.obstacle() is None


@pytest.mark.usefixtures("native_wheel")
def test_an_editable_installation_builds_in_place(tmp_path):
    folder = tree(tmp_path)
    extension = folder / "autograd" / "forms" / f"native{SUFFIX}"
    run, _ = build(folder, "native", "editable")
    assert run.returncode == 0, run.stderr
    assert extension.is_file()
    run, (file,) = build(folder, "", "sdist")
    with tarfile.open(file) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    sources = {f"autograd/forms/{file.name}" for file in extension.parent.glob("*.[chp]*")}
    sources = {name for name in sources if name.endswith((".c", ".h", ".py"))}
    assert {"autograd/forms/native.c", "autograd/forms/build.py"} < sources
    assert {name for name in names if name.startswith("autograd/forms/")} == sources
    build(folder, "pure", "editable")
    assert not extension.exists()


def program(folder, core, code):
    environment = {**os.environ, "AUTOGRAD_CORE": core, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def loaded(folder, core):
    """The form that a package in the folder has, and what is said on the way."""
    run = program(folder, core, "from autograd.forms import *; print(FORM, native is not None)")
    return run.stdout, run.stderr


@pytest.fixture
def package(tmp_path):
    """A package with the loader and without an extension; returns the folder of that."""
    room = tmp_path / "autograd" / "forms"
    room.mkdir(parents=True)
    (room.parent / "__init__.py").touch()
    shutil.copy(forms.__file__, room)
    return room


def test_with_an_extension(package, tmp_path):
    (package / "native.py").write_text(f"VERSION = {forms.FITTING}")
    for core in ("", "native"):
        assert loaded(tmp_path, core) == ("native True\n", "")
    assert loaded(tmp_path, "pure") == ("pure False\n", "")


@pytest.mark.usefixtures("package")
def test_without_an_extension(tmp_path):
    for core in ("", "pure"):
        assert loaded(tmp_path, core) == ("pure False\n", "")
    out, said = loaded(tmp_path, "native")
    assert out == ""
    assert "ImportError: AUTOGRAD_CORE=native, but the native core of autograd is not" in said
    assert "installed without it, as there was no C compiler" in said
    assert "install the package again where there are a C compiler and Python's headers" in said


def test_a_form_that_is_none(tmp_path, package):
    (package / "native.py").write_text(f"VERSION = {forms.FITTING}")
    out, said = loaded(tmp_path, "Native")
    assert out == ""
    message = "ValueError: AUTOGRAD_CORE must be 'native', 'pure' or empty, not 'Native'\n"
    assert said.endswith(message)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("native.py", "VERSION = -1", "stale: its version is -1, this package needs"),
        ("native.py", "", "stale: its version is None, this package needs"),
        ("native.py", "import no_such_library", "No module named 'no_such_library'"),
        (f"native{SUFFIX}", "broken", ""),
        ("native.cpython-20-other.so", "", "built for another Python: native.cpython-20-other.so"),
    ],
)
def test_an_extension_that_does_not_fit(name, content, reason, package, tmp_path):
    (package / name).write_text(content)
    assert loaded(tmp_path, "pure") == ("pure False\n", "")
    out, said = loaded(tmp_path, "")
    assert out == "pure False\n"
    assert "RuntimeWarning: the native core of autograd cannot be used, the pure one runs" in said
    assert f"({reason}" in said
    out, said = loaded(tmp_path, "native")
    assert out == ""
    assert "ImportError: AUTOGRAD_CORE=native, but the native core of autograd is not" in said
    assert f"is not there: {reason}" in said


def test_the_form_of_the_package():
    assert autograd.core == forms.FORM == ("pure" if forms.native is None else "native")
    assert forms.native is None or forms.native.__name__ == "autograd.forms.native"
    wish = os.environ.get("AUTOGRAD_CORE", "")
    assert wish in ("", autograd.core)
    folder = Path(autograd.__file__).parents[1]
    for core in {"pure", autograd.core}:
        run = program(folder, core, "from autograd.__main__ import main; main(['--version'])")
        version = f"{autograd.__version__} ({core} core)\n"
        assert (run.stdout.partition(" ")[2], run.stderr) == (version, "")
