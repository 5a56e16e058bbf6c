"""The parser of the command `autograd`, and its two streams, which may be closed, full or unread.

If standard output cannot be written, Python itself ends with a traceback and status 1, or with
status 120 if it notices late. Status 1 is an answer of `autograd check`, so here it is 2, and one
line says why, if standard error can be written.
"""

import argparse
import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from typing import IO, Any, NoReturn

FAILED = 2
INTERRUPTED = 130
"""128 plus the number of SIGINT, as in shells."""
UNREAD = 141
"""The same for SIGPIPE: the reader of the output has seen enough of it."""


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line, and prints the output."""

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"{self.prog}: {' '.join(message.split())}\n")

    def print_help(self, file: Any = None) -> None:
        self.put(self.format_help().removesuffix("\n"))

    def put(self, text: str) -> None:
        """Print a line on standard output, with question marks for letters that it cannot show."""
        try:
            if sys.stdout is None:  # as it is after >&-
                raise OSError(errno.EBADF, "it is closed")
            encoding = sys.stdout.encoding or "utf-8"
            print(text.encode(encoding, "replace").decode(encoding), flush=True)
        except (OSError, ValueError) as error:
            self._output_lost(error)

    def finish(self) -> None:
        """Write what is still buffered, perhaps by the user's functions."""
        try:
            if sys.stdout is not None and not sys.stdout.closed:
                sys.stdout.flush()
        except OSError as error:
            self._output_lost(error)
        finally:
            try:
                if sys.stderr is not None and not sys.stderr.closed:
                    sys.stderr.flush()
            except OSError:
                drop(sys.stderr)

    def _output_lost(self, error: OSError | ValueError) -> NoReturn:
        drop(sys.stdout)
        if isinstance(error, BrokenPipeError):
            self.exit(UNREAD)
        reason = (isinstance(error, OSError) and error.strerror) or error
        self.error(f"standard output cannot be written: {reason}")


class Version(argparse.Action):
    """Prints the version in the same way as all other output."""

    def __init__(self, option_strings: Sequence[str], dest: str, version: str) -> None:
        super().__init__(
            option_strings, argparse.SUPPRESS, nargs=0, help="show the version and exit"
        )
        self.version = version

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        assert isinstance(parser, Parser)
        parser.put(f"{parser.prog} {self.version}")
        parser.exit()


def drop(stream: IO[str] | None) -> None:
    """Send a stream nowhere, along with whatever it has buffered.

    Python writes that as it ends. If writing failed before, it would fail again, with status 120.
    """
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):  # it may be closed, or not a file
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
