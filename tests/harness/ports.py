"""Free TCP ports for servers that must come back on the same port."""

import random
import socket

# Below the range from which the kernel takes ports for outgoing connections: while a server is down, nobody
# else is given its port, and a client that tries to reconnect can't by chance connect to itself.
_RANGE = range(15_000, 30_000)


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    for port in random.sample(_RANGE, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port found between {_RANGE.start} and {_RANGE.stop}")


def listening(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
