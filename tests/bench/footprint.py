"""Memory at any size of the table, and what many sources cost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tests.bench.figures import Figure, at_most, median
from tests.bench.references import own
from tests.bench.start import MINIMAL, ROW
from tests.bench.wire import Wire
from tests.bench.world import World

FEW = 1_000
USED = ("end", "g", "pagedown", "pagedown", "enter", "escape")
"""What somebody does before the memory is looked at."""


def footprint(world: World) -> Iterator[Figure]:
    """Memory and time to open, on few rows and on all of them."""
    many, few = world.rows("postgresql"), world.some("postgresql", FEW)
    number = world.sizes.rows["postgresql"]
    taken: dict[str, list[float]] = {"many": [], "few": []}
    memory: dict[str, float] = {}
    for turn in range(world.sizes.starts + 1):
        for name, url in (("few", few), ("many", many)):
            with Wire(world.console(url)) as wire:
                took = wire.until(ROW) - wire.started
                if turn:
                    taken[name].append(took * 1000)
                    continue
                for key in USED:
                    wire.press(key)
                    _ = wire.drained(0.5)
                memory[name] = wire.memory()
    with Wire(own("minimal")) as wire:
        _ = wire.until(MINIMAL)
        minimal = wire.memory()
    what = f"memory over the minimal app, {number:,} rows"
    yield at_most("memory.rows", what, memory["many"] - minimal, "MiB", limit=40)
    more = memory["many"] - memory["few"]
    yield at_most("memory.more", f"memory that {number:,} rows take more than {FEW:,}", more, "MiB", limit=2)
    opened = median(taken["many"])
    yield at_most(
        "start.many", f"first of {number:,} rows", opened, "ms", 1.2, median(taken["few"]), f"of {FEW:,}"
    )


def sources(world: World) -> Iterator[Figure]:
    """Many sources side by side on the Sources screen; and once more with one that never answers."""
    number, seconds = world.sizes.sources, max(world.sizes.seconds, 10.0)
    urls = [world.some("postgresql", 200) for _ in range(number)]
    for hanging in (False, True):
        with ExitStack() as open_now:
            chosen = list(urls)
            if hanging:
                port = open_now.enter_context(never_answering())
                chosen[1] = f"postgresql://somebody@127.0.0.1:{port}/none"
            command = world.console(*chosen, name="hung" if hanging else "many")
            wire = open_now.enter_context(Wire(command, columns=120, rows=60))
            _ = wire.until(ROW)
            wire.press("0")
            _ = wire.drained(8)
            busy = wire.busy()
            _ = wire.drained(seconds)
            share = (wire.busy() - busy) / seconds * 100
            yield from _told(world, number, share, hanging=hanging)


def _told(world: World, number: int, share: float, *, hanging: bool) -> Iterator[Figure]:
    line, answering = "sources.hanging" if hanging else "sources", number - hanging
    what = f"{number} sources{', one of them hanging' if hanging else ''}"
    yield at_most(f"{line}.cpu", f"processor, {what}", share, "%", limit=25)
    yield at_most(f"{line}.connections", f"connections, {what}", _count(world), "", limit=answering)
    # Each is asked every five seconds.
    fresh = _count(world, "AND clock_timestamp() - query_start < interval '7 seconds'")
    line, what = f"{line}.fresh", f"of {what}: refreshed in the last 7 s"
    yield Figure(line, what, fresh, limit=answering, least=True)


def _count(world: World, condition: str = "") -> int:
    """Return how many connections of consoles there are."""
    counted = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'unstick' {condition}"
    return int(world.postgres.execute(counted))


@contextmanager
def never_answering() -> Iterator[int]:
    """A server that takes connections and says nothing: its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                kept.append(listener.accept()[0])

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        for one in kept:
            one.close()
