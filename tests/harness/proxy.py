"""A TCP proxy in front of a server that loses connections when a test says so."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

from tests.harness.ports import free_port

CHUNK = 65_536
Fate = Literal["lost", "unanswered", "late"]
"""`lost`: it never reaches the server. `unanswered`: it does, but the answer is lost. `late`: the client's
connection is cut at once, and the server gets it when the test says `deliver`."""


class Proxy:
    """Passes everything on, until told to cut at a certain message of a client."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 0)
        self._port = free_port()
        place = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self._port}"
        self.url = urlunsplit((parts.scheme, place, parts.path, parts.query, parts.fragment))
        self._armed: tuple[bytes, Fate] | None = None
        self._late: list[tuple[socket.socket, bytes]] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, message: bytes, fate: Fate) -> None:
        """Cut the next connection whose client sends something that contains this."""
        self._armed = (message, fate)

    @property
    def armed(self) -> bool:
        """Whether the cut is still to come."""
        return self._armed is not None

    def deliver(self) -> None:
        """Let the server have what was held back; then it finds that nobody listens any more."""
        for server, data in self._late:
            with suppress(OSError):
                server.sendall(data)
        self._late.clear()

    def forget(self) -> None:
        """Throw away what was held back, and hang up on the server."""
        for server, _ in self._late:
            _close(server)
        self._late.clear()

    def cut_all(self) -> None:
        """Cut every connection."""
        for each in list(self._open):
            _close(each)

    def close(self) -> None:
        """Stop listening, and cut every connection."""
        _close(self._listener)
        self.cut_all()
        self.forget()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                self._open |= {client, server}
                threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
                threading.Thread(target=self._to_client, args=(client, server), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(CHUNK):
                if self._armed is not None and self._armed[0] in data:
                    self._cut(client, server, data, self._armed[1])
                    return
                server.sendall(data)
        self._end(client, server)

    def _cut(self, client: socket.socket, server: socket.socket, data: bytes, fate: Fate) -> None:
        # Nothing more goes to the client, whatever the server says.
        self._open -= {client}
        _close(client)
        if fate == "late":
            self._open -= {server}
            self._late.append((server, data))
        elif fate == "unanswered":
            # The other thread reads the answer, and finds nobody to give it to.
            server.sendall(data)
        else:
            self._end(client, server)
        self._armed = None

    def _to_client(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(CHUNK):
                client.sendall(data)
        self._end(client, server)

    def _end(self, client: socket.socket, server: socket.socket) -> None:
        self._open -= {client, server}
        _close(client)
        _close(server)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _close(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
