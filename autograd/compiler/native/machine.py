"""LLVM: text in its intermediate language is turned into functions of this process."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import itertools
import math
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from autograd.compiler.forking import making, wait_for
from autograd.compiler.instructions import CALLS
from autograd.compiler.native.disk import disk
from autograd.release import RELEASE

wait_for(getattr(getattr(llvm.ffi.lib, "_lock", None), "_lock", None) or threading.Lock())

FEATURES = "AUTOGRAD_CPU_FEATURES"
"""The environment variable that has LLVM make code for a processor with these features alone, such
as "+avx2,+fma"."""

MOST_BYTES = 2**26
"""How many bytes of compiled code are kept in memory, in case the same code is compiled again: when
a cell of a notebook is run once more, say."""


class Library:
    """Functions that LLVM made, as long as this object lives.

    Args:
        tracker: of LLVM, which unloads them when it goes.
        parameters: of the functions, by name, as `Machine.compiled` has them.
    """

    def __init__(self, tracker: Any, parameters: Mapping[str, str]) -> None:
        self._tracker = tracker
        for name, types in parameters.items():
            kinds = [_KINDS[letter] for letter in types]
            setattr(self, name, ctypes.CFUNCTYPE(None, *kinds)(tracker[name]))


_KINDS: dict[str, Any] = {"p": ctypes.c_void_p, "i": ctypes.c_int64}


class Machine:
    """A processor that code is made for, and what LLVM needs to know of it.

    Args:
        features: of the processor, as LLVM has them; those of this one by default.
    """

    def __init__(self, features: str | None = None) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._triple = llvm.get_process_triple()
        self._name, self._features = "generic", features or ""
        if features is None:
            self._name = llvm.get_host_cpu_name()
            self._features = llvm.get_host_cpu_features().flatten()
        near = self._triple.startswith("x86_64") and "linux" in self._triple
        # There, a module is put into memory in one piece, where code finds its constants by short
        # addresses. Elsewhere it is given long ones.
        self._model = {"reloc": "pic", "codemodel": "small"} if near else {}
        self._levels: dict[int, Any] = {}
        self._images: OrderedDict[bytes, tuple[bytes, list[str]]] = OrderedDict()
        """The code of the modules that were used last, which may be wanted again."""
        self.disk = disk()
        """Where code is kept for other processes."""
        self._made_for = [
            RELEASE, llvmlite.__version__, str(llvm.llvm_version_info),
            self._triple, self._name, self._features, *self._model.values(),
        ]  # fmt: skip
        self._jit = llvm.create_lljit_compiler(self._target(2), use_jit_link=bool(self._model))
        self._count = itertools.count()
        self.lanes = self._width() // 64
        """How many floats there are in a vector."""

    def _width(self) -> int:
        has = {x[1:] for x in self._features.split(",") if x.startswith("+")}
        if {"avx512f", "avx512dq", "avx512vl"} <= has:
            return 512
        return 256 if {"avx2", "fma"} <= has else 128

    def _target(self, level: int) -> Any:
        if level not in self._levels:
            self._levels[level] = llvm.Target.from_triple(self._triple).create_target_machine(
                self._name, self._features, opt=level, jit=True, **self._model
            )
        return self._levels[level]

    def compiled(self, source: str, level: int, functions: Mapping[str, str]) -> Library:
        """The functions of a module.

        Args:
            source: the module.
            level: how hard LLVM tries, from 0 to 3.
            functions: their names, and for each parameter `p` for a pointer or `i` for an integer.
        """
        image, called = self._image(source, level)
        builder = llvm.JITLibraryBuilder().add_object_img(image)
        for name in (*called, "memcpy", "memset", "fma", "fmod", "rint"):  # intrinsics need these
            builder.import_symbol(name, _address(name))
        for name in functions:
            builder.export_symbol(name)
        return Library(builder.link(self._jit, f"code{next(self._count)}"), functions)

    def _image(self, source: str, level: int) -> tuple[bytes, list[str]]:
        """The code of a module, and the functions from elsewhere that it calls."""
        key = hashlib.sha256("\n".join([*self._made_for, str(level), source]).encode()).digest()
        with making:
            if key in self._images:
                self._images.move_to_end(key)
                return self._images[key]
        kept = self.disk.found(key)
        if kept is None:
            found = self._emitted(source, level)
            self.disk.keep(key, " ".join(found[1]).encode() + b"\0" + found[0])
        else:
            names, _, image = kept.partition(b"\0")
            found = image, names.decode().split()
        with making:
            self._images[key] = found
            while sum([len(image) for image, _ in self._images.values()]) > MOST_BYTES:
                self._images.popitem(last=False)
        return found

    def _emitted(self, source: str, level: int) -> tuple[bytes, list[str]]:
        """The same, made by LLVM."""
        module = llvm.parse_assembly(source)
        module.verify()  # LLVM itself would end the process
        declared = [x.name for x in module.functions if x.is_declaration]
        image = self._target(level).emit_object(module)
        return image, [name for name in declared if not name.startswith("llvm.")]


@functools.cache
def _library() -> Any:
    return ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)


_callbacks: dict[str, Any] = {}
interrupts: dict[int, BaseException] = {}
"""Exceptions that came up in a function of Python's that native code called, such as a
KeyboardInterrupt, by the thread: they cannot go through it, and are to be raised afterwards."""


def _careful(function: Callable[..., float]) -> Callable[..., float]:
    def call(*numbers: float) -> float:
        try:
            return function(*numbers)
        except BaseException as interrupt:
            interrupts[threading.get_ident()] = interrupt
            return math.nan

    return call


@functools.cache
def _address(name: str) -> int:
    """The address of a function of the C library, or of one of `CALLS`, called `python.name`."""
    if name.startswith("python."):
        function = CALLS[name.removeprefix("python.")]
        count = function.__code__.co_argcount
        kind = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * count)
        found = _callbacks.setdefault(name, kind(_careful(function)))  # one for all threads
    else:
        found = getattr(_library(), name)
    address = ctypes.cast(found, ctypes.c_void_p).value
    assert address is not None
    return address


@functools.cache
def machine() -> Machine:
    """This processor."""
    features = os.environ.get(FEATURES)
    if not features:
        return Machine()
    there = {f"+{x}" for x, has in llvm.get_host_cpu_features().items() if has}
    names = [x.strip() for x in features.split(",")]
    if not there.issuperset(names):
        raise ValueError(
            f"{FEATURES} must be features that this processor has, like '+avx2,+fma', not "
            f"{features!r}"
        )
    return Machine(",".join(names))
