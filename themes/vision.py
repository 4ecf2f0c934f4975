"""How far apart two colours look, also to people who can't tell all of them apart."""

from __future__ import annotations

from unstick.themes.contrast import channels, linear

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
Triple = tuple[float, float, float]

DEUTERANOPIA: Matrix = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
"""Machado, Oliveira and Fernandes 2009, severity 1.0, for linear RGB."""

TRITANOPIA: Matrix = (
    (1.255528, -0.076749, -0.178779),
    (-0.078411, 0.930809, 0.147602),
    (0.004733, 0.691367, 0.303900),
)
"""The same for the third kind of cone."""

_XYZ: Matrix = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to XYZ, D65."""

_WHITE = (0.95047, 1.0, 1.08883)


def distance(one: str, other: str, *, seen_by: Matrix | None = None) -> float:
    """Return CIE 1976 delta E of two colours: about 2 is just noticeable, above 20 told apart at a glance.

    `seen_by` is the matrix of a colour vision deficiency, None for normal vision.
    """
    pairs = zip(_lab(one, seen_by), _lab(other, seen_by), strict=True)
    return float(sum((left - right) ** 2 for left, right in pairs) ** 0.5)


def _lab(colour: str, seen_by: Matrix | None) -> Triple:
    red, green, blue = (linear(channel) for channel in channels(colour))
    light = (red, green, blue)
    if seen_by is not None:
        light = _times(seen_by, light, lowest=0.0, highest=1.0)
    x, y, z = (_root(part / white) for part, white in zip(_times(_XYZ, light), _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _times(matrix: Matrix, vector: Triple, *, lowest: float = -9.0, highest: float = 9.0) -> Triple:
    first, second, third = (
        min(max(sum(a * b for a, b in zip(row, vector, strict=True)), lowest), highest) for row in matrix
    )
    return first, second, third


def _root(part: float) -> float:
    return float(part ** (1 / 3)) if part > 0.008856 else 7.787 * part + 16 / 116
