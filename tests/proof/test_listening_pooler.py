"""Live updates through something that stands in between: what it swallows is found out."""

import socket
from contextlib import suppress

import pytest

from tests.contract.sides import Side
from tests.harness.proxy import CHUNK, Proxy
from tests.proof.test_listening import Open, Watching, add, move, opened, quick, side, until
from unstick.backends.sql import listening

__all__ = ["opened", "quick", "side"]


class Pooler(Proxy):
    """Passes on everything but notifications, as a pooler in transaction mode does; or nothing at all."""

    deaf = True
    frozen = False

    def _to_client(self, client: socket.socket, server: socket.socket) -> None:
        held = b""
        with suppress(OSError):
            while data := server.recv(CHUNK):
                held += data
                while len(held) >= 5 and len(held) > int.from_bytes(held[1:5], "big"):
                    length = 1 + int.from_bytes(held[1:5], "big")
                    message, held = held[:length], held[length:]
                    if not self.frozen and not (self.deaf and message[:1] == b"A"):
                        client.sendall(message)
        self._end(client, server)


@pytest.fixture
def pooled(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Pooler:
    """Something between us and the server."""
    monkeypatch.setattr(listening, "ECHO_S", 0.3)
    monkeypatch.setattr(listening, "ALIVE_S", 0.3)
    # Without the question for TLS, whose answer is no message like the others.
    return Pooler(f"{postgres_url}?sslmode=disable")


async def test_a_pooler_that_passes_no_notifications_on_is_found_out(
    side: Side, opened: Open, pooled: Pooler
) -> None:
    job = await add(side)
    with pooled:
        watching = Watching(await opened(url=pooled.url), job)
        await until(lambda: watching.backend.capabilities.problems, "it says so")
        [problem] = watching.backend.capabilities.problems
        assert "notifications do not come through" in problem
        assert "session mode" in problem
        assert not watching.backend.capabilities.notify
        await move(side, job, "running")
        assert (await watching.backend.job(job)).status == "running"
        pooled.deaf = False
        await watching.ticked(0)
        assert watching.seen[-1] == "running"
        await watching.backend.close()


async def test_a_connection_that_only_looks_alive_is_made_anew(
    side: Side, opened: Open, pooled: Pooler
) -> None:
    pooled.deaf = False
    with pooled:
        watching = Watching(await opened(url=pooled.url))
        await watching.listens()
        pooled.frozen = True
        await until(lambda: not watching.backend.capabilities.notify, "it has noticed")
        pooled.frozen = False
        pooled.cut_all()
        await watching.ticked(0)
        await watching.listens()
        await watching.backend.close()
