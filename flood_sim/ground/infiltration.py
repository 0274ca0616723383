"""Losses into the ground, by kind: none, constant, Green-Ampt, Horton, curve number. Each takes
water out of the surface's depth.

Soils are stored as classes: one small integer a cell and a table of parameters.
"""

from __future__ import annotations

import math
from typing import ClassVar, Protocol

import numpy as np

from flood_kernels import losses as kernels
from flood_sim.core.errors import input_error
from flood_sim.core.units import INCH_M

LARGEST_STEP_S = (
    10.0  # Green-Ampt's closed form is 0.3 % low at 10 s; longer windows are sub-stepped
)
INITIAL_ABSTRACTION = 0.2  # of S


class Infiltration(Protocol):
    """What the surface asks of a loss."""

    kind: str

    def take(
        self,
        depth: np.ndarray,
        pond: np.ndarray,
        fallen: np.ndarray,
        top: int,
        left: int,
        dt: float,
    ) -> float:
        """Take the water of dt (s) from depth and pond; the m taken, summed over cells.

        depth (padded rows, padded columns) m, the first cell of the grid at (top, left); pond (rows
        or 1, columns) m, water in hollows; fallen (rows or 1, columns) m, rain of the window.
        """
        ...


def soil_classes(*fields: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fields (rows, columns) to the class of each cell, (rows, columns) unsigned integer, and a
    table (classes, fields), float64.

    Raises InputError where a value is below zero or no number: such a soil would give water.
    """
    for field in fields:
        if not (np.asarray(field) >= 0.0).all():
            text, given = (
                "a value of the soil is below zero or no number: it would give water",
                f"{float(np.min(field)):g}",
            )
            raise input_error(
                "E509",
                "[infiltration]",
                text,
                given=given,
                allowed="0 and more",
                do="look through the table of land cover",
            )
    code = np.zeros(fields[0].size, np.int64)
    for field in fields:
        values, index = np.unique(np.asarray(field, float).ravel(), return_inverse=True)
        _, code = np.unique(code * len(values) + index, return_inverse=True)
    _, first = np.unique(code, return_index=True)
    table = np.column_stack([np.asarray(field, float).ravel()[first] for field in fields])
    kind = np.min_scalar_type(max(len(table) - 1, 1))
    return code.reshape(fields[0].shape).astype(kind), np.ascontiguousarray(table)


class NoInfiltration:
    """Impervious ground."""

    kind = "none"
    KEPT: ClassVar[tuple[str, ...]] = ()

    def take(
        self,
        depth: np.ndarray,
        pond: np.ndarray,
        fallen: np.ndarray,
        top: int,
        left: int,
        dt: float,
    ) -> float:
        return 0.0


class ConstantInfiltration:
    """A constant rate: rate_m_s (rows, columns), m/s."""

    kind = "constant"

    KEPT: ClassVar[tuple[str, ...]] = ()

    def __init__(self, rate_m_s: np.ndarray) -> None:
        self.soil, self.table = soil_classes(rate_m_s)
        self._total = np.zeros(len(self.soil))

    def take(
        self,
        depth: np.ndarray,
        pond: np.ndarray,
        fallen: np.ndarray,
        top: int,
        left: int,
        dt: float,
    ) -> float:
        kernels.constant(depth, pond, self.soil, self.table, top, left, dt, self._total)
        return math.fsum(self._total)


class GreenAmpt:
    """Green-Ampt columns: conductivity m/s, suction m, deficit (porosity less initial water
    content), each (rows, columns).

    recovers: the upper zone drains while the ground is dry, and the next rain meets a new deficit
    (SWMM's rule).
    """

    kind = "green_ampt"

    KEPT: ClassVar[tuple[str, ...]] = (
        "filled",
        "upper",
        "wait",
        "deficit",
    )

    def __init__(
        self,
        conductivity: np.ndarray,
        suction: np.ndarray,
        deficit: np.ndarray,
        recovers: bool = False,
    ) -> None:
        self.soil, self.table = soil_classes(conductivity, suction, deficit)
        self.filled = np.zeros(self.soil.shape, np.float32)  # m, F of the event
        self.recovers = recovers
        self.upper, self.wait, self.deficit = np.zeros((3, 0, 0), np.float32)
        if recovers:
            self.upper, self.wait = np.zeros_like(self.filled), np.zeros_like(self.filled)
            self.deficit = self.table[self.soil, 2].astype(np.float32)
        self._total = np.zeros(len(self.soil))

    def take(
        self,
        depth: np.ndarray,
        pond: np.ndarray,
        fallen: np.ndarray,
        top: int,
        left: int,
        dt: float,
    ) -> float:
        parts = max(1, int(np.ceil(dt / LARGEST_STEP_S - 1e-9)))
        taken = 0.0
        for _ in range(parts):
            if self.recovers:
                state = (self.filled, self.upper, self.deficit, self.wait)
                kernels.green_ampt_recovering(
                    depth, pond, *state, self.soil, self.table, top, left, dt / parts, self._total
                )
            else:
                kernels.green_ampt(
                    depth,
                    pond,
                    self.filled,
                    self.soil,
                    self.table,
                    top,
                    left,
                    dt / parts,
                    self._total,
                )
            taken += math.fsum(self._total)
        return taken


class Horton:
    """Horton columns: first and last capacity m/s, decay and recovery 1/s, each (rows, columns).
    Capacity by the depth infiltrated.
    """

    kind = "horton"

    KEPT: ClassVar[tuple[str, ...]] = ("age",)

    def __init__(
        self, first: np.ndarray, last: np.ndarray, decay: np.ndarray, recovery: np.ndarray
    ) -> None:
        self.soil, self.table = soil_classes(first, last, decay, recovery)
        self.age = np.zeros(
            self.soil.shape, np.float32
        )  # s of ponded time that the soil has behind it
        self._total = np.zeros(len(self.soil))

    def take(
        self,
        depth: np.ndarray,
        pond: np.ndarray,
        fallen: np.ndarray,
        top: int,
        left: int,
        dt: float,
    ) -> float:
        kernels.horton(depth, pond, self.age, self.soil, self.table, top, left, dt, self._total)
        return math.fsum(self._total)


class CurveNumber:
    """SCS curve number (rows, columns), 1 to 100: S = 25400 / CN - 254 mm, Ia = 0.2 S; one event,
    no recovery. 0: nothing is lost.
    """

    kind = "curve_number"

    KEPT: ClassVar[tuple[str, ...]] = ("rained",)

    def __init__(self, curve_number: np.ndarray) -> None:
        number = np.where(curve_number > 0.0, curve_number, 100.0)
        store = INCH_M * (1000.0 / number - 10.0)
        self.soil, self.table = soil_classes(store, INITIAL_ABSTRACTION * store)
        self.rained = np.zeros(self.soil.shape, np.float32)  # m
        self._total = np.zeros(len(self.soil))

    def take(
        self,
        depth: np.ndarray,
        pond: np.ndarray,
        fallen: np.ndarray,
        top: int,
        left: int,
        dt: float,
    ) -> float:
        kernels.curve_number(
            depth, pond, self.rained, self.soil, self.table, fallen, top, left, self._total
        )
        return math.fsum(self._total)
