"""Hazard to people and vehicles from instant fields, frame by frame: hazard rating (FD2320),
stability of cars (ARR). Depth and speed of one moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.core.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from flood_sim.analysis.outcomes.consequences import Consequences, Outcome

SQUARE_METRES_A_HECTARE = 1e4
LEAST_DEPTH_M = 0.05  # a film endangers nobody


def hazard_rating(depth: np.ndarray, velocity: np.ndarray, limits: dict[str, Any]) -> np.ndarray:
    """HR = d (v + 0.5) + DF; DF by depth, and 1 where the water is fast (DEFRA/EA FD2320); 0 on dry
    ground.
    """
    factor = np.asarray(limits["debris_factor"])[np.searchsorted(limits["debris_depth_m"], depth)]
    factor = np.where(velocity > limits["debris_velocity_m_s"], 1.0, factor)
    return np.where(depth > 0.0, depth * (velocity + 0.5) + factor, 0.0)


def vehicle_unstable(depth: np.ndarray, velocity: np.ndarray, limits: dict[str, Any]) -> np.ndarray:
    """Whether a vehicle may float or slide: depth times speed, depth at rest, or speed over its
    limit (Shand 2011, ARR P10).
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
    from flood_sim.analysis.outcomes.consequences import Outcome

    limits, e = consequences.limits, consequences.exposure
    names = [f"road_area_hours_{vehicle}" for vehicle in limits["vehicles"]]
    if not {"depth", "velocity_x", "velocity_y"} <= set(consequences.results.fields):
        why = 'no frames of depth and velocity in this run: [output] fields = "frames"'
        return [Outcome(n, None, "ha h", why, "fields.nc") for n in names] + [
            Outcome("danger_for_most_area", None, "ha", why, "fields.nc")
        ]
    hours = dict.fromkeys(limits["vehicles"], 0.0)
    worst: np.ndarray | None = None
    wet_at_start: np.ndarray | None = None
    for depth, velocity, length_h in _frames(consequences):
        if e is not None:
            for vehicle, law in limits["vehicles"].items():
                hours[vehicle] += (
                    float((e["road_share"] * vehicle_unstable(depth, velocity, law)).sum())
                    * length_h
                )
        rating = hazard_rating(depth, velocity, limits["hazard_rating"])
        worst = rating if worst is None else np.maximum(worst, rating)
        wet_at_start = depth > LEAST_DEPTH_M if wet_at_start is None else wet_at_start
    area = consequences.cell_area_m2 / SQUARE_METRES_A_HECTARE
    source = "fields.nc depth, velocity"
    found = [
        (
            Outcome(
                name,
                hours[vehicle] * area,
                "ha h",
                "carriageway on which such a car may float or slide; limits are a draft of their"
                " authors",
                source,
            )
            if e is not None
            else Outcome(
                name, None, "ha h", "no roads in this run: [exposure] in the scenario", source
            )
        )
        for name, vehicle in zip(names, limits["vehicles"], strict=True)
    ]
    danger = (
        np.zeros(1, bool)
        if worst is None or wet_at_start is None
        else (worst >= limits["hazard_rating"]["class_limits"][1]) & ~wet_at_start
    )
    note = (
        "ground dry at the start with a hazard rating of 1.25 and more in some frame; shorter peaks"
        " between frames are missed"
    )
    return [*found, Outcome("danger_for_most_area", float(danger.sum()) * area, "ha", note, source)]


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
