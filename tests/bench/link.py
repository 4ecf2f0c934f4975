"""The console over ssh on a slow link: a round trip of 150 ms, and 256 kbit/s."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from queue import SimpleQueue

from tests.bench.figures import Figure, at_most, median
from tests.bench.references import own
from tests.bench.start import ROW
from tests.bench.wire import Wire
from tests.bench.world import World
from tests.harness.sshd import SshServer, Tmux, ensure_installed

TRIP_MS = 150.0
SLOW_BYTES = 256_000 / 8
HELD = 60
"""A key held for two seconds, thirty times a second."""


class Link:
    """A port that passes on to another one, late: half a round trip each way, and no faster than so many
    bytes per second towards the client."""

    def __init__(self, port: int, trip_ms: float, bytes_per_s: float | None = None) -> None:
        self._half, self._pace = trip_ms / 2000, bytes_per_s
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """Hang up."""
        self._ended.set()
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                self._open += [client, server]
                self._pass_on(client, server, None)
                self._pass_on(server, client, self._pace)

    def _pass_on(self, source: socket.socket, target: socket.socket, pace: float | None) -> None:
        waiting: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

        def read() -> None:
            with suppress(OSError):
                while data := source.recv(4096):
                    waiting.put((time.monotonic() + self._half, data))
            waiting.put((0.0, b""))

        def write() -> None:
            free = 0.0
            with suppress(OSError):
                while (item := waiting.get())[1]:
                    due, data = item
                    free = max(due, free) + (len(data) / pace if pace else 0.0)
                    self._ended.wait(max(free - time.monotonic(), 0.0))
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        for work in (read, write):
            threading.Thread(target=work, daemon=True).start()


def link(world: World) -> Iterator[Figure]:
    """Keys over ssh, with and without tmux, and a held key on a thin line."""
    ensure_installed()
    console = world.console(world.rows("postgresql"))
    with SshServer() as server:
        for name, through in (("ssh", False), ("tmux", True)):
            with _over(server, console, TRIP_MS, None, tmux=through) as wire:
                took = _keys(wire, world.sizes.keys // 4)
                line, what = f"link.key.{name}", f"key to paint over {name}, {TRIP_MS:g} ms round trip"
                yield at_most(line, what, took, "ms", limit=TRIP_MS + 10)
                yield at_most(
                    f"link.held.{name}",
                    f"lag after a held key over {name}",
                    _lag(wire),
                    "ms",
                    limit=2 * TRIP_MS,
                )
        with _over(server, own("datatable", 1_000), TRIP_MS, SLOW_BYTES, row=b"done") as wire:
            beside = _lag(wire)
        with _over(server, console, TRIP_MS, SLOW_BYTES) as wire:
            what = "lag after a held key, 150 ms and 256 kbit/s, 200x50"
            yield at_most("link.held.thin", what, _lag(wire), "ms", None, beside, "DataTable", 1000)


@contextmanager
def _over(
    server: SshServer,
    command: list[str],
    trip_ms: float,
    pace: float | None,
    *,
    tmux: bool = False,
    row: bytes = ROW,
) -> Iterator[Wire]:
    """Run a program at the other end of a link, in a window of 200x50, until its rows are there."""
    with ExitStack() as kept:
        way = Link(server.port, trip_ms, pace)
        kept.callback(way.close)
        if tmux:
            ours = Tmux()
            kept.callback(ours.close)
            command = ours.new(command)
        there = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": "/tmp", "SHELL": "/bin/sh"}
        session = server.session(command, there)
        # The key of the server is known by the port that it really has.
        session[session.index("-p") + 1] = str(way.port)
        alias = ["-o", f"HostKeyAlias=[127.0.0.1]:{server.port}"]
        wire = kept.enter_context(Wire([session[0], *alias, *session[1:]], columns=200, rows=50))
        _ = wire.until(row)
        _ = wire.drained(2)
        yield wire


def _keys(wire: Wire, times: int) -> float:
    """Return the median of the milliseconds from a key to the first bytes of what it changes."""
    found = []
    for turn in range(max(times, 8)):
        mark, begun = wire.mark(), time.perf_counter()
        wire.press("down" if turn % 4 < 2 else "up")
        _ = wire.until(b"\x1b[", mark)
        found.append((time.perf_counter() - begun) * 1000)
        _ = wire.drained(0.6)
    return median(found)


def _lag(wire: Wire) -> float:
    """Return the milliseconds for which frames still come after a key was held."""
    for _ in range(HELD):
        wire.press("down")
        _ = wire.drained(1 / 30)
    released = last = time.perf_counter()
    while wire.drained(0.4) and last - released < 60:
        last = time.perf_counter() - 0.4
    return max(last - released, 0.0) * 1000
