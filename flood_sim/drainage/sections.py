"""Cross sections: SWMM's conduit shapes when full; circular sewers as they are bought and designed
(diameters, flow when full, the slope that keeps them clean).
"""

from __future__ import annotations

import math

from flood_sim.drainage.inp import InpFile, Row

OPEN_SHAPES = {
    "RECT_OPEN",
    "TRAPEZOIDAL",
    "TRIANGULAR",
    "PARABOLIC",
    "POWER",
    "IRREGULAR",
    "STREET",
}

DIAMETERS_M = (
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    1.0,
    1.1,
    1.2,
    1.35,
    1.5,
    1.65,
    1.8,
    2.0,
    2.2,
    2.4,
    2.6,
    2.8,
    3.0,
)
PIPE_MANNING_N = 0.013  # concrete
LEAST_SPEED_M_S = 0.75  # full

# Egg, horseshoe and the like: full area and hydraulic radius over depth squared and depth (SWMM 5
# reference manual II, 2017, table 5-4).
STANDARD = {
    "EGG": (0.5105, 0.1931), "HORSESHOE": (0.8293, 0.2538), "GOTHIC": (0.6554, 0.2269),
    "CATENARY": (0.70277, 0.23172), "SEMIELLIPTICAL": (0.785, 0.242),
    "BASKETHANDLE": (0.7862, 0.2464), "SEMICIRCULAR": (1.2697, 0.2946),
}  # fmt: skip


def full_section(inp: InpFile, row: Row) -> tuple[str, float, float, float, float]:
    """(shape, depth m, area m2, hydraulic radius m, barrels) of a row of [XSECTIONS]; NaN where the
    shape is a table (irregular, custom, street).
    """
    metre, shape = inp.metres_per_unit, row.tokens[1].upper() if len(row.tokens) > 1 else ""
    geometry = [_value(row, k) * metre for k in (2, 3, 4, 5)]
    barrels = max(_value(row, 6), 1.0)
    d, width, a, b = geometry
    nan = math.nan
    if shape in ("CIRCULAR", "FORCE_MAIN", "FILLED_CIRCULAR"):
        area, radius = math.pi * d * d / 4.0, d / 4.0
        if shape == "FILLED_CIRCULAR":
            area, radius = _filled(d, width)
    elif shape == "RECT_CLOSED":
        area, radius = d * width, d * width / (2.0 * (d + width)) if d + width > 0.0 else nan
    elif shape == "RECT_OPEN":
        area, radius = d * width, d * width / (2.0 * d + width) if d + width > 0.0 else nan
    elif shape == "TRAPEZOIDAL":
        left, right = a / metre, b / metre  # side slopes have no unit
        area = d * (width + 0.5 * d * (left + right))
        radius = (
            area / (width + d * (math.hypot(1.0, left) + math.hypot(1.0, right)))
            if width + d > 0.0
            else nan
        )
    elif shape == "TRIANGULAR":
        area, radius = (
            0.5 * d * width,
            (0.5 * d * width / (2.0 * math.hypot(d, 0.5 * width)) if d > 0.0 else nan),
        )
    elif shape in STANDARD:
        area, radius = STANDARD[shape][0] * d * d, STANDARD[shape][1] * d
    else:
        area = radius = nan
    return shape, d, area, radius, barrels


def _filled(d: float, sediment: float) -> tuple[float, float]:
    """Circular pipe with a flat bed of sediment."""
    ratio = min(max(1.0 - 2.0 * sediment / d, -1.0), 1.0) if d > 0.0 else 1.0
    angle = 2.0 * math.acos(ratio)
    lost, arc, chord = (
        d * d / 8.0 * (angle - math.sin(angle)),
        0.5 * d * angle,
        d * math.sin(0.5 * angle),
    )
    area = math.pi * d * d / 4.0 - lost
    wetted = math.pi * d - arc + chord
    return area, area / wetted if wetted > 0.0 else math.nan


def _value(row: Row, place: int) -> float:
    try:
        return float(row.tokens[place]) if place < len(row.tokens) else 0.0
    except ValueError:
        return 0.0


def full_flow(diameter_m: float, slope: float) -> float:
    """Manning flow of a full circular pipe, m3/s."""
    return (
        math.pi
        / 4.0
        * diameter_m**2
        * (diameter_m / 4.0) ** (2.0 / 3.0)
        * math.sqrt(slope)
        / PIPE_MANNING_N
    )


def cleaning_slope(diameter_m: float) -> float:
    """The slope at which the full pipe flows at LEAST_SPEED_M_S."""
    return (LEAST_SPEED_M_S * PIPE_MANNING_N / (diameter_m / 4.0) ** (2.0 / 3.0)) ** 2
