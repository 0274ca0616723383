"""Losses into the ground, by kind: none, constant, Green-Ampt. Each object takes water out of the surface's depth and says how much.

Horton, curve number, recovery after rain and layered storage are not implemented yet.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from flood_kernels import infiltration as kernels

LARGEST_STEP_S = 10.0  # Green-Ampt's closed form is 0.3 % low at 10 s; longer windows are sub-stepped


class Infiltration(Protocol):
    """What the surface asks of a loss: take dt's water from the padded depth, return m summed over cells."""

    kind: str

    def take(self, depth: np.ndarray, top: int, left: int, dt: float) -> float: ...


class NoInfiltration:
    """Impervious ground."""

    kind = "none"

    def take(self, depth: np.ndarray, top: int, left: int, dt: float) -> float:
        return 0.0


class ConstantInfiltration:
    """A constant rate: rate_m_s (rows, columns), m/s."""

    kind = "constant"

    def __init__(self, rate_m_s: np.ndarray) -> None:
        self.rate = np.ascontiguousarray(rate_m_s, float)
        self.filled = np.zeros_like(self.rate)

    def take(self, depth: np.ndarray, top: int, left: int, dt: float) -> float:
        return float(kernels.infiltrate_constant(depth, self.filled, self.rate, top, left, dt))


class GreenAmpt:
    """Green-Ampt columns: conductivity m/s, suction m, deficit (porosity less initial water content), each (rows, columns)."""

    kind = "green_ampt"

    def __init__(self, conductivity: np.ndarray, suction: np.ndarray, deficit: np.ndarray) -> None:
        self.conductivity, self.suction, self.deficit = (np.ascontiguousarray(a, float) for a in (conductivity, suction, deficit))
        self.filled = np.zeros_like(self.conductivity)

    def take(self, depth: np.ndarray, top: int, left: int, dt: float) -> float:
        parts = max(1, int(np.ceil(dt / LARGEST_STEP_S - 1e-9)))
        soil = (self.filled, self.conductivity, self.suction, self.deficit)
        return sum(float(kernels.infiltrate_green_ampt(depth, *soil, top, left, dt / parts)) for _ in range(parts))
