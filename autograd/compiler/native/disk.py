"""Compiled code on disk, for later processes.

It is run as it is, so nobody else may put anything there: the folder, and each file in it, must
belong to this user, and nobody else may write it. A file begins with a digest of its name and of
what is in it; where that is not right, it is as if there were none. Files are written under another
name first, so that whoever reads at the same time finds them whole or not at all.
"""

import errno
import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from autograd.compiler.warn import warn

FOLDER = "AUTOGRAD_CACHE_DIR"
"""The environment variable that names the folder; empty for none."""
MOST_BYTES = 200 * 10**6
"""How much there is in it at most: what was used longest ago goes first."""
LOOKED_AFTER = 2**20
"""About how many bytes are written before it is looked how much there is."""
PREFIX, PAGE = "autograd-code-", 4096
"""How the names of files begin, and of how many bytes their parts on the disk are."""
_DIGEST = hashlib.sha256().digest_size
_SPACE = errno.ENOSPC, errno.EDQUOT


class Disk:
    """A folder of things that can be made again.

    Args:
        folder: it is made, for this user alone, when something is kept; None for nowhere.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def found(self, key: bytes) -> bytes | None:
        """The thing that was kept under a key, if any."""
        if self.folder is None:
            return None
        path = self._path(key)
        try:
            self._require_own(os.stat(self.folder))
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            with open(os.open(path, flags), "rb") as file:
                self._require_own(os.fstat(file.fileno()))
                digest, thing = file.read(_DIGEST), file.read()
            if digest == _digest(key, thing):
                with suppress(OSError):  # it may be for reading only
                    os.utime(path)
                return thing
        except OSError as problem:
            self._give_up(problem)
        return None

    def keep(self, key: bytes, thing: bytes) -> None:
        """Keep something under a key."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._require_own(os.stat(self.folder))
            number, name = tempfile.mkstemp(prefix=PREFIX, dir=self.folder)
            try:
                with open(number, "wb") as file:
                    file.write(_digest(key, thing) + thing)
                os.replace(name, self._path(key))
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)
                raise
            if int.from_bytes(key[:4]) < 2**32 * len(thing) / LOOKED_AFTER:
                self._make_room()
        except OSError as problem:
            self._give_up(problem)

    def _make_room(self) -> None:
        """Remove what was used longest ago, if there is too much: of the files that are named as
        these are, as there may be others."""
        assert self.folder is not None
        files: list[tuple[float, int, str]] = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(PREFIX) and entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):  # another process has removed it
                        status = entry.stat(follow_symlinks=False)
                        size = -(-status.st_size // PAGE) * PAGE
                        files.append((status.st_mtime, size, entry.path))
        size = sum([size for _, size, _ in files])
        for _, bytes_, path in sorted(files):
            if size <= MOST_BYTES:
                break
            with suppress(FileNotFoundError):
                os.unlink(path)
            size -= bytes_

    def _path(self, key: bytes) -> Path:
        assert self.folder is not None
        return self.folder / f"{PREFIX}{key.hex()}"

    def _require_own(self, status: os.stat_result) -> None:
        """Raise a `_ForeignError` if somebody else might have written something."""
        if hasattr(os, "geteuid") and (
            status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        ):
            raise _ForeignError

    def _give_up(self, problem: OSError) -> None:
        """Do without a folder from now on, unless only a file is missing."""
        if isinstance(problem, FileNotFoundError):
            return
        folder, self.folder = self.folder, None
        if isinstance(problem, _ForeignError):
            warn(
                f"compiled code is not kept in {folder}, which belongs to another user, or which "
                f"others may write to: chmod 700 it, or set {FOLDER} to another folder, or to "
                "nothing"
            )
        elif problem.errno in _SPACE:
            warn(
                f"compiled code is not kept in {folder}, where there is no space left: set "
                f"{FOLDER} to another folder, or to nothing"
            )


class _ForeignError(OSError):
    """Somebody else might have written something."""


def _digest(key: bytes, thing: bytes) -> bytes:
    return hashlib.sha256(key + thing).digest()


def disk() -> Disk:
    """The folder that the environment names, or else the one for such things of this user's."""
    name = os.environ.get(FOLDER)
    if name is not None:
        return Disk(Path(name).expanduser().absolute() if name else None)
    try:
        from platformdirs import user_cache_path  # optional, too

        return Disk(user_cache_path("scalar-autograd", appauthor=False))
    except (ImportError, RuntimeError):  # or the user has no home
        return Disk(None)
