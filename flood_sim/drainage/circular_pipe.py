"""Circular sewers as they are bought and designed: diameters, flow when full (Manning), the slope
that keeps them clean.
"""

from __future__ import annotations

import math

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
