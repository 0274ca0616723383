"""Who can still be reached: fire engines and ambulances over the carriageways of the grid, frame by
frame.

Cells of the carriageway are a graph of eight neighbours; a cell's speed follows from its depth
(Pregnolato 2017). Help starts at fire stations and hospitals that work; a building is reached
through the carriageway cell nearest to it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.analysis.outcomes.buildings import middle_cells, no_people
from flood_sim.analysis.outcomes.outcome import NO_ROADS, Outcome, our_outcome
from flood_sim.core.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE
from flood_sim.ground.roads import Driving, RoadGraph

if TYPE_CHECKING:
    from flood_sim.analysis.outcomes.consequences import Consequences

STARTS = {"fire_engine": "fire_station", "car": "hospital"}  # vehicle that sets out, and from where


def driving_of(limits: dict[str, Any]) -> Driving:
    """The limits as data."""
    return Driving(
        tuple(limits["speed"]),
        limits["free_speed_km_h"],
        limits["car_depth_m"],
        limits["fire_engine_depth_m"],
        limits["slow_km_h"],
    )


def access_loss(consequences: Consequences) -> list[Outcome]:
    """Person hours beyond reach, for fire engines and for ambulances (cars); `accessible_share` at
    its lowest is in the note.
    """
    results, e, limits = consequences.results, consequences.exposure, consequences.limits["access"]
    names = {vehicle: f"access_loss_{vehicle}" for vehicle in STARTS}
    why = None
    if e is None or consequences.people is None:
        why = no_people(consequences)
    elif not (e["road_share"] > 0.0).any():
        why = NO_ROADS
    elif "depth" not in results.fields:
        why = 'no frames in this run: [output] fields = "frames" or "depth"'
    if why is not None or e is None:
        return [our_outcome(n, None, str(why), "fields.nc depth") for n in names.values()]
    found = []
    for vehicle, kind in STARTS.items():
        curve = accessible_share(consequences, vehicle, kind)
        if curve is None:
            there = Reach(consequences, vehicle, kind).sites
            why = f"nobody here is reached from a {kind} in the dry" if there else f"no {kind} in"
            why += "" if there else " this scenario"
            found.append(our_outcome(names[vehicle], None, why, "summary.json sites"))
            continue
        hours, share, people = curve
        loss = float(np.trapezoid(1.0 - share, hours)) * people
        note = (
            f"people whom no {vehicle.replace('_', ' ')} reaches within {limits['reach_min']:g} min"
            f" and who are reached in the dry; at worst {share.min():.0%} are"
        )
        found.append(our_outcome(names[vehicle], loss, note, "fields.nc depth, exposure.nc"))
    return found


class Reach:
    """Ways of one vehicle from the working starts of one kind, frame by frame. A start that is out
    (drowned, without power) sends nobody; nobody drives where an action has closed the road."""

    def __init__(self, consequences: Consequences, vehicle: str, kind: str) -> None:
        """kind : of critical sites, e.g. fire_station. The run needs roads and frames of depth."""
        results, limits = consequences.results, consequences.limits["access"]
        self._results, self._driving, self._high = (
            results,
            driving_of(limits),
            vehicle == "fire_engine",
        )
        self.sites = {
            n: s
            for n, s in results.summary.get("sites", {}).items()
            if s.get("type") == kind and s.get("cell") is not None
        }
        roads = (
            consequences.exposure["road_share"] > 0.0
            if consequences.exposure is not None
            else np.zeros((0, 0), bool)
        )
        self.graph = RoadGraph(
            roads & np.isfinite(results.fields["bed_elevation"].values),
            consequences.cell_area_m2**0.5,
        )
        cells = np.array([s["cell"] for s in self.sites.values()], np.int64).reshape(-1, 2)
        self._starts = dict(zip(self.sites, self.graph.nearest(cells).tolist(), strict=True))
        self._closed_s = closed_from_s(consequences)
        hours = results.fields["time"].values.astype("datetime64[s]")
        self.hours = (hours - hours[0]).astype(float) / SECONDS_PER_HOUR

    def dry_seconds(self) -> np.ndarray:
        """(carriageway cells,) s of the quickest way without water; inf where none leads."""
        speed = self._driving.speed_m_s(np.zeros(len(self.graph.cells)), self._high)
        return self.graph.seconds_from(np.array(list(self._starts.values()), np.int64), speed)

    def seconds(self, k: int) -> np.ndarray:
        """(carriageway cells,) s at frame k."""
        rows, columns = self.graph.cells.T
        depth = np.nan_to_num(self._results.fields["depth"][k].values)[rows, columns]
        speed = self._driving.speed_m_s(depth, self._high)
        speed[self._closed_s[rows, columns] <= SECONDS_PER_HOUR * self.hours[k]] = 0.0
        working = [
            start
            for n, start in self._starts.items()
            if self._results.sites[n]["state"][k] != "out"
        ]
        return self.graph.seconds_from(np.array(working, np.int64), speed)


def accessible_share(
    consequences: Consequences, vehicle: str, kind: str
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Hours since the start, share of the people reached in the dry who are reached at each frame,
    and how many they are; None without a start. People cut off in the dry are left out.

    Returns hours (n,), shares (n,), people.
    """
    if consequences.exposure is None or consequences.people is None:
        return None
    if not consequences.exposure["road_share"].any():
        return None
    reach, within_s = (
        Reach(consequences, vehicle, kind),
        consequences.limits["access"]["reach_min"] * SECONDS_PER_MINUTE,
    )
    if not reach.sites:
        return None
    homes, people = _homes(consequences.exposure)
    if not len(homes):
        return None
    at = reach.graph.nearest(homes)
    reached = reach.dry_seconds()[at] <= within_s
    total = float(people[reached].sum())
    if total <= 0.0:
        return None
    share = [
        float(people[reached & (reach.seconds(k)[at] <= within_s)].sum()) / total
        for k in range(len(reach.hours))
    ]
    return reach.hours, np.array(share), total


def closed_from_s(consequences: Consequences) -> np.ndarray:
    """(rows, columns) s since the start from which a cell is closed to traffic by an action; inf
    where none closes it.
    """
    results = consequences.results
    closed = np.full(results.fields["bed_elevation"].shape, np.inf)
    for closure in results.summary.get("actions", {}).get("closures", []):
        at = (datetime.fromisoformat(closure["time"]) - results.start).total_seconds()
        rows, columns = np.array(closure["cells"], np.int64).reshape(-1, 2).T
        closed[rows, columns] = np.minimum(closed[rows, columns], at)
    return closed


def _homes(e: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) middle cells of the buildings with people, and the people; those outside the grid are
    left out.
    """
    lived = np.flatnonzero(e["people"] > 0.0)
    middles = middle_cells(e, lived)
    here = np.isfinite(middles).all(axis=1)
    return middles[here], e["people"][lived][here]
