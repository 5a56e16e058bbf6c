"""Hatchling's build hook: compiles `native.c` and puts the extension into the wheel.

Where that cannot be done, the wheel is one of pure Python, without an error. AUTOGRAD_CORE=pure
leaves the extension out on purpose; with AUTOGRAD_CORE=native it is an error not to have it.
"""

import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOM = "autograd/forms"
MSVC = "MSC v." in sys.version
# Every product and every sum is rounded by itself, as Python rounds it. These flags follow those of
# the user, CFLAGS. Without debugging information, nothing in the result depends on the folder.
GNU = ["-O2", "-fwrapv", "-DNDEBUG", "-g0", "-ffp-contract=off", "-fno-fast-math"]
COMPILE = ["/O2", "/fp:precise"] if MSVC else GNU
LINK = ["/Brepro"] if MSVC else COMPILE  # with -ffast-math some would round all numbers coarsely


class Hook(BuildHookInterface[Any]):
    """Adds the native core to a wheel, or to the checkout if the installation is editable."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        wish = os.environ.get("AUTOGRAD_CORE", "")
        if wish not in ("", "native", "pure"):
            raise ValueError(f"AUTOGRAD_CORE must be 'native', 'pure' or empty, not {wish!r}")
        name = f"{ROOM}/native{sysconfig.get_config_var('EXT_SUFFIX')}"
        self.folder = TemporaryDirectory()
        file = Path(self.folder.name, name)
        reason = "AUTOGRAD_CORE=pure" if wish == "pure" else obstacle() or self.compile()
        if reason is not None and wish == "native":
            raise RuntimeError(f"the native core cannot be built: {reason}")
        if reason is not None:
            summary = "it does not compile here" if "\n" in reason else reason
            self.app.display_info(f"scalar-autograd: without the native core ({summary})")
        if version == "editable":
            target = Path(self.root, name)
            target.unlink(missing_ok=True)
            if reason is None:
                target.write_bytes(file.read_bytes())
        elif reason is None:
            build_data["force_include"][str(file)] = name
            build_data["infer_tag"] = True
            build_data["pure_python"] = False

    def finalize(self, *_: object) -> None:
        self.folder.cleanup()

    def compile(self) -> str | None:
        """Compile in a process of its own; what the compiler says if it fails, otherwise None."""
        run = subprocess.run(
            [sys.executable, __file__, self.folder.name],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        return f"\n{run.stdout}" if run.returncode else None


def obstacle() -> str | None:
    """The reason why there is no native core for this Python, None if there is one."""
    if platform.python_implementation() != "CPython":
        return f"it is for CPython, this is {platform.python_implementation()}"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "it relies on the GIL, this Python is free-threaded"
    return None


def main(folder: str) -> None:
    """Compile the extension into the folder, from the root of the checkout."""
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    extension = Extension(
        "autograd.forms.native",
        [f"{ROOM}/native.c"],  # relative, so that it is the same in the messages and for __FILE__
        extra_compile_args=COMPILE,
        extra_link_args=LINK,
    )
    command = build_ext(Distribution({"ext_modules": [extension]}))
    command.build_lib = folder
    command.build_temp = str(Path(folder, "objects"))
    command.ensure_finalized()
    command.run()


if __name__ == "__main__":
    main(sys.argv[1])
