"""Shells that complete command lines, and the programs that look at manual pages."""

from tests.harness.debian import ensure, find_program

PACKAGES = {"bash": "bash", "zsh": "zsh", "fish": "fish", "mandoc": "mandoc", "man": "man-db"}


def program(name: str) -> str:
    """The path of a shell or of a reader of manual pages, installed where we may. Raises ServerFailed."""

    def find() -> str:
        return find_program([name], what=name, package=PACKAGES[name])

    ensure(find, [PACKAGES[name]], name)
    return find()
