"""Hazard to people and vehicles from instant fields, frame by frame: hazard rating (FD2320),
stability of cars (ARR). Depth and speed of one moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.analysis.outcomes.outcome import (
    NO_ROADS,
    SQUARE_METRES_A_HECTARE,
    Outcome,
    our_outcome,
)
from flood_sim.core.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from flood_sim.analysis.outcomes.consequences import Consequences

SOURCE = "fields.nc depth, velocity"
LEAST_DEPTH_M = 0.05  # a film endangers nobody


def hazard_rating(depth: np.ndarray, velocity: np.ndarray, limits: dict[str, Any]) -> np.ndarray:
    """HR = d (v + 0.5) + DF; DF by depth, and 1 where the water is fast (DEFRA/EA FD2320); 0 on dry
    ground. depth m, velocity m/s, both (rows, columns) as the result is.
    """
    factor = np.asarray(limits["debris_factor"])[np.searchsorted(limits["debris_depth_m"], depth)]
    factor = np.where(velocity > limits["debris_velocity_m_s"], 1.0, factor)
    return np.where(depth > 0.0, depth * (velocity + 0.5) + factor, 0.0)


def vehicle_unstable(depth: np.ndarray, velocity: np.ndarray, limits: dict[str, Any]) -> np.ndarray:
    """Whether a vehicle may float or slide: depth times speed, depth at rest, or speed over its
    limit (Shand 2011, ARR P10). depth m, velocity m/s, both (rows, columns) as the result is.
    """
    over = (
        (depth * velocity > limits["depth_velocity_m2_s"])
        | (depth > limits["still_depth_m"])
        | (velocity > limits["velocity_m_s"])
    )
    return over & (depth > LEAST_DEPTH_M)


def hazard_outcomes(consequences: Consequences) -> list[Outcome]:
    """Hours of carriageway on which cars are not safe, and the ground on which most people are in
    danger at some moment.
    """
    vehicles = consequences.limits["vehicles"]
    if not {"depth", "velocity_x", "velocity_y"} <= set(consequences.results.fields):
        why = 'no frames of depth and velocity in this run: [output] fields = "frames"'
        names = [*(f"road_area_hours_{vehicle}" for vehicle in vehicles), "danger_for_most_area"]
        return [our_outcome(name, None, why, "fields.nc") for name in names]
    counted = _Hazards(consequences)
    for depth, velocity, length_h in _frames(consequences):
        counted.add(depth, velocity, length_h)
    return counted.outcomes()


class _Hazards:
    """What the frames of a run add up to, read once: hours on roads by vehicle, worst rating."""

    def __init__(self, consequences: Consequences) -> None:
        self._limits, self._exposure = consequences.limits, consequences.exposure
        self._cell_ha = consequences.cell_area_m2 / SQUARE_METRES_A_HECTARE
        self._hours = dict.fromkeys(self._limits["vehicles"], 0.0)
        self._worst: np.ndarray | None = None
        self._wet_at_start: np.ndarray | None = None

    def add(self, depth: np.ndarray, velocity: np.ndarray, length_h: float) -> None:
        """A frame: depth (m) and speed (m/s) of (rows, columns), and the hours it stands for."""
        if self._exposure is not None:
            roads = self._exposure["road_share"]
            for vehicle, law in self._limits["vehicles"].items():
                unsafe = float((roads * vehicle_unstable(depth, velocity, law)).sum())
                self._hours[vehicle] += unsafe * length_h
        rating = hazard_rating(depth, velocity, self._limits["hazard_rating"])
        self._worst = rating if self._worst is None else np.maximum(self._worst, rating)
        if self._wet_at_start is None:
            self._wet_at_start = depth > LEAST_DEPTH_M

    def outcomes(self) -> list[Outcome]:
        """Roads by vehicle, then the ground that is dangerous for most."""
        return [*(self._road(vehicle) for vehicle in self._hours), self._danger()]

    def _road(self, vehicle: str) -> Outcome:
        name = f"road_area_hours_{vehicle}"
        if self._exposure is None or not self._exposure["road_share"].any():
            return our_outcome(name, None, NO_ROADS, SOURCE)
        note = (
            "carriageway on which such a car may float or slide; limits are a draft of their"
            " authors"
        )
        return our_outcome(name, self._hours[vehicle] * self._cell_ha, note, SOURCE)

    def _danger(self) -> Outcome:
        danger = np.zeros(1, bool)
        if self._worst is not None and self._wet_at_start is not None:
            limit = self._limits["hazard_rating"]["class_limits"][1]
            danger = (self._worst >= limit) & ~self._wet_at_start
        note = (
            "ground dry at the start with a hazard rating of 1.25 and more in some frame; shorter"
            " peaks between frames are missed"
        )
        value = float(danger.sum()) * self._cell_ha
        return our_outcome("danger_for_most_area", value, note, SOURCE)


def _frames(consequences: Consequences) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Depth, speed and the hours that a frame stands for: half of the way to its neighbours."""
    fields = consequences.results.fields
    seconds = fields["time"].values.astype("datetime64[s]").astype(float)
    if seconds.size < 2:
        return
    edges = np.concatenate([seconds[:1], 0.5 * (seconds[1:] + seconds[:-1]), seconds[-1:]])
    for k, length in enumerate(np.diff(edges) / SECONDS_PER_HOUR):
        depth = np.nan_to_num(fields["depth"][k].values)
        speed = np.hypot(
            np.nan_to_num(fields["velocity_x"][k].values),
            np.nan_to_num(fields["velocity_y"][k].values),
        )
        yield depth, speed, float(length)
