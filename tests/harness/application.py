"""An application that hooks are called on: a real HTTP server in threads, which notes every call."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.harness.ports import free_port


@dataclass(frozen=True)
class Call:
    """One call as it came in; `path` as it was on the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def key(self) -> str:
        """What tells a call made again from another one."""
        return self.headers["idempotency-key"]


class Application:
    """Answers each call with `status`, or with what `answer` says; `hold` makes calls wait until
    `release`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.status = 204
        self.answer: Callable[[Call], int] = lambda call: self.status
        self.headers: dict[str, str] = {}
        self.most = 0
        """Calls that were under way at the same time, at most."""
        self._now = 0
        self._lock = threading.Lock()
        self._free = threading.Event()
        self._free.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def paths(self) -> list[str]:
        """The paths called, in alphabetical order: calls overtake each other."""
        with self._lock:
            return sorted(call.path for call in self.calls)

    def hold(self) -> None:
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    def _take(self, call: Call) -> int:
        with self._lock:
            self.calls.append(call)
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            self._free.wait(60)
            return self.answer(call)
        finally:
            with self._lock:
                self._now -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        application = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = application._take(Call(self.command, self.path, headers, body))
                try:
                    self.send_response(status)
                    for name, value in {"Content-Length": "0", **application.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                except OSError:
                    # The caller has given up meanwhile.
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing: the test looks at the calls."""

        return Handler


def nobody() -> str:
    """A URL at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


PROXIES = tuple(
    name
    for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    for name in (upper, upper.lower())
)
"""What a developer's shell may hold that leads calls elsewhere."""

__all__ = ["PROXIES", "Application", "Call", "nobody"]
