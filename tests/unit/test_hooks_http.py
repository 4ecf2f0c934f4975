"""What becomes of a call over HTTP, whatever is at the other end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.harness.application import PROXIES, Application
from unstick.backends import hooks
from unstick.recovery.hooks_request import Request

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def _directly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


async def call(url: str, **options: object) -> str:
    given = {"method": "POST", "headers": {}, "body": None, "timeout_s": 5.0} | options
    async with hooks.http() as send:
        return await send(Request(url=url, **given))  # type: ignore[arg-type]


@asynccontextmanager
async def served(serve: Serve) -> AsyncIterator[str]:
    """The address of a server that does what it likes with a connection."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def saying(answer: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return serve


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_the_method_and_the_body_arrive_as_they_are(method: str, application: Application) -> None:
    body, headers = '{"job": "\\u00fc"}', {"Content-Type": "application/json", "X-Team": "data"}
    assert await call(f"{application.url}/a%2Fb?c=%20", method=method, body=body, headers=headers) == "204"
    [seen] = application.calls
    assert (seen.method, seen.path, seen.body.decode()) == (method, "/a%2Fb?c=%20", body)
    assert (seen.headers["content-type"], seen.headers["x-team"]) == ("application/json", "data")


async def test_dots_that_were_escaped_stay_where_they_are(application: Application) -> None:
    await call(f"{application.url}/jobs/%2E%2E/run")
    assert application.paths == ["/jobs/%2E%2E/run"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", "failed: server disconnected without sending a response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "200"),
        (b"HTTP/1.0 204 No Content\r\n\r\n", "204"),
        (b"HTTP/1.1 500 Secret Words\r\nContent-Length: 0\r\n\r\n", "failed: 500 Internal Server Error"),
    ],
)
async def test_half_an_answer_is_an_answer_if_it_has_a_status(answer: bytes, outcome: str) -> None:
    async with served(saying(answer)) as address:
        assert await call(f"http://{address}/") == outcome


async def test_what_is_no_http_is_told_in_printable_words() -> None:
    async with served(saying(b"\x00\x1b[31mSSH-2.0\r\n\r\n")) as address:
        outcome = await call(f"http://{address}/")
    assert outcome.startswith("failed: ")
    assert outcome.isprintable()


async def test_tls_that_can_t_be_spoken_is_said() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()

    async with served(plain) as address:
        assert (await call(f"https://{address}/")).startswith("failed: TLS: ")


async def test_a_host_that_does_not_exist_is_said() -> None:
    assert await call("http://no-such-host.invalid/") == "failed: there is no such host"


async def test_an_address_that_makes_no_sense_is_an_outcome_too() -> None:
    assert (await call("http://exa%20mple:port/")).startswith("failed: ")


async def test_an_answer_that_drips_is_cut_at_the_time_out_of_the_whole_call() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0)
        except ConnectionError:
            return

    async with served(drip) as address:
        outcome = await call(f"http://{address}/", timeout_s=0.1)
    # A status line without an end is refused sooner or later; nothing waits for it longer than that.
    assert outcome.startswith("failed: ")


async def test_a_status_counts_although_its_body_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "READ_S", 0.05)
    ended = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n")
        await writer.drain()
        await ended.wait()

    async with served(hang) as address:
        assert await call(f"http://{address}/") == "202"
        ended.set()


async def test_a_header_is_not_repeated_in_an_error(application: Application) -> None:
    secret = "s3cret\nX-Other: 1"
    outcome = await call(application.url, headers={"Authorization": secret}, hidden=(secret,))
    assert outcome == "failed: the headers can't be sent"
    assert application.calls == []
