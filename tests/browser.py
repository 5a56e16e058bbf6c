"""Drives a headless Chromium through its debugging pipe: a page is opened, used and asked."""

import fcntl
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
OPTIONS = """
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-component-update
    --disable-background-networking --disable-sync --hide-scrollbars --remote-debugging-pipe
    --disable-features=IsolateSandboxedIframes
""".split()


class Page:
    """A page that is open. `complaints` is what it wrote to the console, errors above all."""

    def __init__(self, requests: IO[bytes], answers: IO[bytes]) -> None:
        self._requests, self._answers = requests, answers
        self._ids = itertools.count(1)
        self._session: str | None = None
        self._buffer = b""
        self.complaints: list[str] = []
        self.requested: list[str] = []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        attached = self("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._requests.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = self._answers.read(65536)
            assert more, "the browser has gone"
            self._buffer += more
        first, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(first)
        parameters = answer.get("params", {})
        match answer.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(parameters["args"]))
            case "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requested.append(parameters["request"]["url"])
            case "Page.javascriptDialogOpening":
                self.complaints.append("dialog: " + parameters["message"])
        return answer

    def open(self, place: Path | str) -> None:
        """Open a file or an address."""
        self("Page.navigate", url=place.as_uri() if isinstance(place, Path) else place)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited; anything that JSON can hold."""
        result = self(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")


@contextmanager
def browser() -> Iterator[Page]:
    """A browser of its own, with an empty page."""
    assert PROGRAM
    request_end, requests = os.pipe()
    answers, answer_end = os.pipe()
    # The browser reads from 3 and writes to 4, whatever else has these numbers here.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (request_end, answer_end)]

    def connect() -> None:
        os.dup2(ends[0], 3)
        os.dup2(ends[1], 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [PROGRAM, *OPTIONS, f"--user-data-dir={profile}"],
            close_fds=False,
            preexec_fn=connect,
            stderr=subprocess.DEVNULL,
        )
        for end in (request_end, answer_end, *ends):
            os.close(end)
        with os.fdopen(requests, "wb", buffering=0) as out, os.fdopen(answers, "rb", 0) as back:
            try:
                yield Page(out, back)
            finally:
                process.kill()
                process.wait()
