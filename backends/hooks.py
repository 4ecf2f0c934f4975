"""Calls hooks over HTTP. The library is imported when the first one is called, not before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from unstick.backends.hooks_words import hidden, outcome, why
from unstick.recovery.hooks import Send
from unstick.recovery.hooks_outcome import FAILED
from unstick.recovery.hooks_request import Request

if TYPE_CHECKING:
    import httpx

READ, READ_S = 64 * 1024, 1.0
"""Bytes and seconds for which the rest of an answer is read, so that the application can end it in peace;
nobody looks at it."""


@asynccontextmanager
async def http() -> AsyncIterator[Send]:
    """Give what makes one call and returns its outcome; connections are closed at the end.

    The time-out is for the whole call until its status is there, name look-up and all. Redirects are not
    followed: a hook that changes something must be called where it was configured.
    """
    import httpx

    async with httpx.AsyncClient(timeout=None, follow_redirects=False) as client:

        async def send(request: Request) -> str:
            return await _send(client, request)

        yield send


async def _send(client: httpx.AsyncClient, request: Request) -> str:
    import httpx

    try:
        async with asyncio.timeout(request.timeout_s):
            answer = await _answer(client, request)
        await _drain(answer)
    except TimeoutError:
        return f"{FAILED}timed out after {request.timeout_s:g}s"
    except httpx.LocalProtocolError:
        # Its words repeat the header at fault.
        return f"{FAILED}the headers can't be sent"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return f"{FAILED}{hidden(why(error), request)}"
    return outcome(answer.status_code, request.ok)


async def _answer(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    import httpx

    url = httpx.URL(request.url)
    # Apart from the URL, which the library writes into its log; a header that was given goes before it.
    given = any(name.lower() == "authorization" for name in request.headers)
    auth = (url.username, url.password) if url.userinfo and not given else None
    content = None if request.body is None else request.body.encode()
    asked = client.build_request(
        request.method,
        url.copy_with(username=None, password=None),
        headers=dict(request.headers),
        content=content,
    )
    return await client.send(asked, stream=True, auth=auth)


async def _drain(answer: httpx.Response) -> None:
    """Read the rest; what was answered stands, whatever becomes of it."""
    import httpx

    size = 0
    try:
        with suppress(httpx.HTTPError, TimeoutError):
            async with asyncio.timeout(READ_S):
                async for piece in answer.aiter_raw():
                    size += len(piece)
                    if size > READ:
                        break
    finally:
        await answer.aclose()
