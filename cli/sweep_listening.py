"""Serves `/metrics` and `/health` of a sweep over HTTP, on threads that end with it."""

from __future__ import annotations

import errno
import json
import re
import socket
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import Any

from prometheus_client.exposition import choose_encoder

from unstick.cli.output import narrate, safe
from unstick.cli.sweep_figures import Board
from unstick.cli.sweep_health import health
from unstick.cli.sweep_metrics import registry
from unstick.recovery.alerting import Count
from unstick.recovery.errors import UsageError
from unstick.recovery.sweeping import Run

LOOPBACK = "127.0.0.1"
PATIENCE_S = 10.0
"""Seconds that a client may take to ask."""
_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:\[\]/]*):)?(?P<port>\d{1,5})")
Answer = tuple[int, str, bytes]


class Listener:
    """Listens from the beginning; `end` closes the port. Raises UsageError where it can't."""

    def __init__(self, address: str, board: Board, alerts: Mapping[str, Count] | None = None) -> None:
        host, port = parse_address(address)
        metrics = registry(board, alerts)

        def answer(path: str, accept: str) -> Answer:
            if path == "/metrics":
                encode, kind = choose_encoder(accept)
                return 200, kind, encode(metrics)
            if path == "/health":
                well, told = health(board)
                return 200 if well else 503, "application/json", _json(told)
            if path == "/":
                return 200, "text/plain; charset=utf-8", b"unstick sweep: /metrics /health\n"
            return 404, "text/plain; charset=utf-8", b"there are /metrics and /health\n"

        self._server = _bound(host, port, answer, address)
        self.port: int = self._server.server_address[1]
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1},
               name="unstick-listen", daemon=True).start()  # fmt: skip
        shown = f"[{host}]" if ":" in host else host
        narrate(f"metrics on http://{safe(shown)}:{self.port}/metrics, health on /health")

    def saw(self, run: Run) -> None:
        """Nothing: the board knows it already."""

    async def drain(self, within_s: float | None = None) -> None:
        """Close the port."""
        self.end()

    def end(self) -> None:
        """Close the port, and let go of whoever is still asking. Twice is once."""
        self._server.shutdown()
        self._server.server_close()


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, `:PORT` or `PORT`; without a host it is this machine's own. Raises
    UsageError."""
    match = _ADDRESS.fullmatch(text.strip())
    if match is None or int(match["port"]) > 65535:
        raise UsageError(
            f"--listen: {text!r} is no address; write {LOOPBACK}:9187, or port 0 for any free one"
        )
    return (match["host"] or LOOPBACK).strip("[]"), int(match["port"])


def _bound(host: str, port: int, answer: Callable[[str, str], Answer], given: str) -> _Server:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise UsageError(f"--listen: there is no host {host!r}") from None
    try:
        server = _Server(family, address, answer)
    except OSError as error:
        raise UsageError(f"--listen: {given} {_why(error)}") from None
    if not ip_address(str(address[0]).partition("%")[0]).is_loopback:
        narrate(f"note: whoever reaches {safe(host)} can read the names of sources and kinds of jobs")
    return server


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "is in use by another program; name another port, or 0 for any free one"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "may not be listened on by this user; name a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return "is no address of this machine"
    return f"can't be listened on: {error.strerror}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, family: socket.AddressFamily, address: Any, answer: Callable[[str, str], Answer]
    ) -> None:
        self.address_family, self.answer = family, answer
        super().__init__(address[:2], _Handler)

    def server_bind(self) -> None:
        """Bind without asking for this machine's name, which may take its time."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's business."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE_S
    server_version = "unstick"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer."""
        status, kind, body = self.server.answer(self.path.partition("?")[0], self.headers.get("Accept", ""))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args: Any) -> None:
        """Each scrape a line would drown the runs."""


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=True).encode() + b"\n"
