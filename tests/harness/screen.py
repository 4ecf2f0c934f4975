"""The terminal's side of the output: a pyte screen, plus what pyte does not know."""

import re

import pyte

# Sequences that pyte takes for text or for something else: private ones beginning with < = >, every OSC but
# title and icon name, device control strings.
_UNKNOWN = re.compile(
    rb"\x1b\[[<=>][0-9;:]*[ -/]*[@-~]|\x1b\](?![012];)[^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\"
)
# What may be the beginning of any sequence: kept until the rest arrives.
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]P][^\x07\x1b]*\x1b?)?\Z")
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")


class Screen:
    """What a person would see, and which private modes (mouse, alternate screen, ...) are switched on."""

    def __init__(self, columns: int, rows: int) -> None:
        self.modes: set[int] = set()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._held = b""

    def feed(self, data: bytes) -> None:
        data = self._held + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        data, self._held = data[:cut], data[cut:]
        for numbers, switch in _MODE.findall(data):
            change = self.modes.update if switch == b"h" else self.modes.difference_update
            change(map(int, numbers.split(b";")))
        self._stream.feed(_UNKNOWN.sub(b"", data))

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row, from 0."""
        return self._screen.cursor.x, self._screen.cursor.y
