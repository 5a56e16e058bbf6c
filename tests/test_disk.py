"""Compiled code on disk: found again, refused where others may write, never in the way."""

import errno
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from test_bundles import flat

from autograd import exp, jit, tanh, value_and_grad, vmap

pytest.importorskip("llvmlite")

from autograd.compiler.native import blocks, disk
from autograd.compiler.native.disk import FOLDER, Disk
from autograd.compiler.native.machine import Machine

KEY, OTHER = b"\x01" * 32, b"\x02" * 32


def name(key):
    return f"autograd-code-{key.hex()}"


posix = pytest.mark.skipif(os.name != "posix", reason="there are no such permissions")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "cache"


def f(x, y):
    return tanh(x * y) + exp(-x * x)


def computed(machine, monkeypatch):
    """The bits that a machine computes."""
    monkeypatch.setattr(blocks, "machine", lambda: machine)
    x = np.linspace(-3.0, 3.0, 50)
    return flat(jit(vmap(value_and_grad(f)), backend="llvm")(x, x[::-1]))


def machine_with(folder):
    machine = Machine()
    machine.disk = Disk(folder)
    return machine


def refuse_to_compile(monkeypatch):
    def emitted(*_):
        raise AssertionError("compiled")

    monkeypatch.setattr(Machine, "_emitted", emitted)


def test_what_is_kept_is_found(folder):
    kept = Disk(folder)
    assert kept.found(KEY) is None
    assert not folder.exists()
    for thing in (b"", b"code", bytes(10**6)):
        kept.keep(KEY, thing)
        assert Disk(folder).found(KEY) == thing
    assert kept.found(OTHER) is None
    assert os.listdir(folder) == [name(KEY)]


@posix
def test_only_this_user_may_read_it(folder):
    before = os.umask(0)
    try:
        Disk(folder).keep(KEY, b"code")
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / name(KEY)).stat().st_mode & 0o777 == 0o600


def test_code_is_compiled_once_for_all_processes(folder, monkeypatch):
    expected = computed(machine_with(None), monkeypatch)
    assert computed(machine_with(folder), monkeypatch) == expected
    assert os.listdir(folder)
    refuse_to_compile(monkeypatch)
    assert computed(machine_with(folder), monkeypatch) == expected


@pytest.mark.parametrize("what", ["_triple", "_name", "_features"])
def test_code_for_another_processor_is_another(what, folder, monkeypatch):
    computed(machine_with(folder), monkeypatch)
    other = machine_with(folder)
    other._made_for[other._made_for.index(getattr(other, what))] += " "
    refuse_to_compile(monkeypatch)
    with pytest.raises(AssertionError, match="compiled"):
        computed(other, monkeypatch)


def test_code_of_other_releases_is_another():
    import llvmlite
    import llvmlite.binding as llvm

    made_for = Machine()._made_for
    assert {llvmlite.__version__, str(llvm.llvm_version_info)} < {*made_for}


@pytest.mark.parametrize("damage", ["cut", "longer", "changed", "empty", "renamed"])
def test_damaged_files_are_as_if_they_were_not_there(damage, folder, monkeypatch):
    expected = computed(machine_with(folder), monkeypatch)
    (path,) = folder.iterdir()
    content = path.read_bytes()
    Disk(folder).keep(KEY, b"code")
    other = (folder / name(KEY)).read_bytes()
    path.write_bytes({
        "cut": content[:-1], "longer": content + b"\0", "empty": b"", "renamed": other,
        "changed": content[:100] + bytes([content[100] ^ 1]) + content[101:],
    }[damage])  # fmt: skip
    assert computed(machine_with(folder), monkeypatch) == expected
    refuse_to_compile(monkeypatch)  # as it was written anew
    assert computed(machine_with(folder), monkeypatch) == expected


@posix
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(mode, folder):
    Disk(folder).keep(KEY, b"code")
    folder.chmod(mode)
    for use in (lambda kept: kept.found(KEY), lambda kept: kept.keep(OTHER, b"")):
        kept = Disk(folder)
        with pytest.warns(RuntimeWarning, match=f"not kept in {folder}, which belongs to another"):
            assert use(kept) is None
        assert kept.found(KEY) is None  # told once
        kept.keep(OTHER, b"")
    assert os.listdir(folder) == [name(KEY)]
    folder.chmod(0o755)
    assert Disk(folder).found(KEY) == b"code"


@posix
def test_a_file_that_others_may_write_to_is_refused(folder):
    Disk(folder).keep(KEY, b"code")
    (folder / name(KEY)).chmod(0o620)
    with pytest.warns(RuntimeWarning, match="others may write to"):
        assert Disk(folder).found(KEY) is None


@posix
def test_what_another_user_owns_is_refused(folder, monkeypatch):
    Disk(folder).keep(KEY, b"code")
    user = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.warns(RuntimeWarning, match="belongs to another user"):
        assert Disk(folder).found(KEY) is None


@posix
def test_links_are_not_followed(folder, tmp_path):
    Disk(folder).keep(KEY, b"code")
    (folder / name(KEY)).rename(tmp_path / "elsewhere")
    (folder / name(KEY)).symlink_to(tmp_path / "elsewhere")
    assert Disk(folder).found(KEY) is None


def test_what_was_used_longest_ago_goes_first(folder, monkeypatch):
    kept = Disk(folder)
    keys = [bytes([i]) * 32 for i in range(6)]
    monkeypatch.setattr(disk, "MOST_BYTES", 4 * 4096)
    monkeypatch.setattr(disk, "LOOKED_AFTER", 1)
    folder.mkdir(parents=True, mode=0o700)
    (folder / "results").write_bytes(bytes(10**6))
    (folder / "autograd-code-folder").mkdir()
    os.utime(folder / "results", (0, 0))
    for i, key in enumerate(keys[:4]):
        kept.keep(key, bytes(1000))
        os.utime(folder / name(key), (i, i))
    assert kept.found(keys[0]) is not None  # used now
    for key in keys[4:]:
        kept.keep(key, bytes(1000))
    kept_names = {name(keys[i]) for i in (0, 3, 4, 5)}
    assert {*os.listdir(folder)} == kept_names | {"results", "autograd-code-folder"}


def test_it_is_looked_after_now_and_then(folder, monkeypatch):
    """So that a full folder does not take time whenever something is kept."""
    calls = []
    monkeypatch.setattr(Disk, "_make_room", lambda _: calls.append(1))
    kept, draw = Disk(folder), np.random.default_rng(0)
    for _ in range(400):
        kept.keep(draw.bytes(32), bytes(2**15))  # 12.5 MB
    assert 4 <= len(calls) <= 30


def test_a_folder_that_can_only_be_read(folder, monkeypatch):
    Disk(folder).keep(KEY, b"code")

    def refuse(*_):
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(os, "utime", refuse)
    kept = Disk(folder)
    assert kept.found(KEY) == kept.found(KEY) == b"code"


def test_without_a_home_there_is_none(monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    platformdirs = pytest.importorskip("platformdirs")

    def homeless(*_, **__):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_cache_path", homeless)
    assert disk.disk().folder is None
    monkeypatch.setenv(FOLDER, "~/mine")
    assert disk.disk().folder == Path.home() / "mine"


def test_many_writers_and_readers(folder):
    things = {bytes([i]) * 32: bytes([i]) * 50_000 for i in range(4)}
    wrong, stop = [], time.monotonic() + 1.0

    def use(seed):
        kept, draw = Disk(folder), np.random.default_rng(seed)
        while time.monotonic() < stop:
            key, thing = [*things.items()][draw.integers(4)]
            if draw.random() < 0.3:
                kept.keep(key, thing)
            elif kept.found(key) not in (None, thing):
                wrong.append(key)
        if kept.folder is None:
            wrong.append("given up")

    threads = [threading.Thread(target=use, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sorted(os.listdir(folder)) == sorted(map(name, things))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk(number, folder, monkeypatch):
    """The result is there all the same, and so is a warning; nothing is left on the disk."""
    replace = os.replace

    def full(*_):
        raise OSError(number, "full")

    expected = computed(machine_with(None), monkeypatch)
    monkeypatch.setattr(os, "replace", full)
    machine = machine_with(folder)
    with pytest.warns(RuntimeWarning, match=f"not kept in {folder}, where there is no space left"):
        assert computed(machine, monkeypatch) == expected
    assert os.listdir(folder) == []
    monkeypatch.setattr(os, "replace", replace)
    assert computed(machine, monkeypatch) == expected
    assert os.listdir(folder) == []  # not tried again


@posix
def test_a_disk_that_is_really_full(folder, monkeypatch):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    folder.mkdir(parents=True, mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            disk.tempfile,
            "mkstemp",
            lambda **_: (os.open("/dev/full", os.O_WRONLY), str(folder / "x")),
        )
        with pytest.warns(RuntimeWarning, match="no space left"):
            Disk(folder).keep(KEY, b"code")


def test_where_nothing_can_be_written_there_is_nothing(tmp_path, recwarn):
    file = tmp_path / "file"
    file.write_text("")
    for place in (file, file / "below"):
        kept = Disk(place)
        kept.keep(KEY, b"code")
        assert kept.found(KEY) is None
    assert not recwarn.list


PROGRAM = """
    import numpy as np
    from autograd import exp, jit, vmap
    from autograd.compiler.native import machine
    made = []
    emitted = machine.Machine._emitted
    machine.Machine._emitted = lambda *args: made.append(1) or emitted(*args)
    f = jit(vmap(lambda x, y: exp(x * y) if x > y else {1.0, 2.0, 3.0} and x))
    print(f(np.ones(9), np.arange(9.0)).tobytes().hex(), len(made))
"""


@pytest.mark.parametrize("variable", ["empty", "folder", "default", "relative"])
def test_where_it_is(variable, tmp_path):
    """In processes of their own, whose hashes differ."""
    home = tmp_path / "home"
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "caches")}
    environment |= {"LOCALAPPDATA": str(home / "caches"), "PYTHONPATH": os.environ["PYTHONPATH"]}
    environment.pop(FOLDER, None)
    if variable != "default":
        environment[FOLDER] = {"empty": "", "folder": str(tmp_path / "mine"), "relative": "mine"}[
            variable
        ]
    found = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(PROGRAM)], cwd=tmp_path, check=True,
            capture_output=True, text=True, env={**environment, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        found.append(done.stdout.split())
    assert found[0][0] == found[1][0]
    assert (int(found[0][1]) > 0, int(found[1][1])) == (
        (True, int(found[0][1])) if variable == "empty" else (True, 0)
    )
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert bool(files) == (variable != "empty")
    if variable == "default":
        assert all("scalar-autograd" in str(path) for path in files)
    elif files:
        assert {path.parent for path in files} == {tmp_path / "mine"}
