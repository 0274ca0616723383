"""Who can still be reached: fire engines and ambulances over the carriageways of the grid, frame by frame.

Cells of the carriageway are a graph of eight neighbours; a cell's speed follows from its depth (Pregnolato 2017). Help starts at fire stations
and hospitals that work; a building is reached through the carriageway cell nearest to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from flood_sim.analysis.consequences import Consequences, Outcome

KM_H_M_S = 3.6
STARTS = {"fire_engine": "fire_station", "car": "hospital"}  # vehicle that sets out, and from where


def speed_m_s(depth_m: np.ndarray, limits: dict[str, Any], vehicle: str) -> np.ndarray:
    """Speed over water; 0 where the vehicle does not pass. Fire engines crawl between the cars' limit and their own."""
    a, b, c = limits["speed"]
    mm = 1000.0 * depth_m
    flowing = np.where(depth_m < limits["car_depth_m"], np.minimum(a * mm**2 + b * mm + c, limits["free_speed_km_h"]), 0.0)
    if vehicle == "fire_engine":
        crawling = (depth_m >= limits["car_depth_m"]) & (depth_m < limits["fire_engine_depth_m"])
        flowing = np.where(crawling, limits["slow_km_h"], flowing)
    return np.maximum(flowing, 0.0) / KM_H_M_S


class RoadGraph:
    """Carriageway cells and the steps between them."""

    def __init__(self, road: np.ndarray, cell_size_m: float) -> None:
        """road : bool (rows, columns)."""
        from scipy.spatial import cKDTree

        self.cells = np.argwhere(road)
        self._tree = cKDTree(self.cells) if len(self.cells) else None
        number = np.full(road.shape, -1, np.int64)
        number[road] = np.arange(len(self.cells))
        rows, columns = road.shape
        ends, lengths = [], []
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            here = number[: rows - down, max(-right, 0) : columns - max(right, 0)]
            there = number[down:, max(right, 0) : columns + min(right, 0)]
            both = (here >= 0) & (there >= 0)
            ends.append(np.column_stack([here[both], there[both]]))
            lengths.append(np.full(int(both.sum()), cell_size_m * np.hypot(down, right)))
        self._ends, self._lengths = np.concatenate(ends), np.concatenate(lengths)

    def nearest(self, places: np.ndarray) -> np.ndarray:
        """(n,) number of the carriageway cell nearest to each (row, column)."""
        return np.asarray(self._tree.query(places)[1]) if self._tree is not None else np.zeros(0, np.int64)

    def minutes_from(self, starts: np.ndarray, speed_m_s: np.ndarray) -> np.ndarray:
        """(cells,) minutes of the quickest way from any of the starts; inf where none leads. speed_m_s (cells,)."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import dijkstra

        count = len(self.cells)
        starts = starts[speed_m_s[starts] > 0.0]
        if not starts.size:
            return np.full(count, np.inf)
        a, b = self._ends.T
        open_ = (speed_m_s[a] > 0.0) & (speed_m_s[b] > 0.0)
        seconds = 0.5 * self._lengths[open_] * (1.0 / speed_m_s[a[open_]] + 1.0 / speed_m_s[b[open_]])
        graph = coo_matrix((seconds, (a[open_], b[open_])), shape=(count, count)).tocsr()
        found = dijkstra(graph, directed=False, indices=np.unique(starts), min_only=True)
        return np.asarray(found) / SECONDS_PER_MINUTE


def access_loss(consequences: Consequences) -> list[Outcome]:
    """Person hours beyond reach, for fire engines and for ambulances (cars); `accessible_share` at its lowest is in the note."""
    from flood_sim.analysis.consequences import Outcome

    results, e, limits = consequences.results, consequences.exposure, consequences.limits["access"]
    names = {vehicle: f"access_loss_{vehicle}" for vehicle in STARTS}
    why = None
    if e is None or not (e["road_share"] > 0.0).any() or not e["people"].any():
        why = "no roads or people in this run: [exposure] in the scenario"
    elif "depth" not in results.fields:
        why = 'no frames in this run: [output] fields = "frames" or "depth"'
    if why is not None or e is None:
        return [Outcome(name, None, "person h", str(why), "fields.nc depth") for name in names.values()]
    found = []
    for vehicle, kind in STARTS.items():
        curve = accessible_share(consequences, vehicle, kind)
        if curve is None:
            found.append(Outcome(names[vehicle], None, "person h", f"no {kind} in this scenario", "summary.json sites"))
            continue
        hours, share, people = curve
        loss = float(np.trapezoid(1.0 - share, hours)) * people
        note = f"people whom no {vehicle.replace('_', ' ')} reaches within {limits['reach_min']:g} min and who are reached in the dry; at worst {share.min():.0%} are"
        found.append(Outcome(names[vehicle], loss, "person h", note, "fields.nc depth, exposure.nc"))
    return found


def accessible_share(consequences: Consequences, vehicle: str, kind: str) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Hours since the start, share of the people reached in the dry who are reached at each frame, and how many they are; None without a start.

    A start that is out (drowned, without power) sends nobody; people cut off in the dry are left out.
    """
    results, e, limits = consequences.results, consequences.exposure, consequences.limits["access"]
    sites = {n: s for n, s in results.summary.get("sites", {}).items() if s.get("type") == kind and s.get("cell") is not None}
    if not sites or e is None:
        return None
    fields = results.fields
    cell_size = consequences.cell_area_m2**0.5
    graph = RoadGraph((e["road_share"] > 0.0) & np.isfinite(fields["bed_elevation"].values), cell_size)
    homes, people = _homes(e)
    at = graph.nearest(homes)
    starts = dict(zip(sites, graph.nearest(np.array([s["cell"] for s in sites.values()])).tolist(), strict=True))
    rows, columns = graph.cells.T
    dry = graph.minutes_from(np.array(list(starts.values())), speed_m_s(np.zeros(len(graph.cells)), limits, vehicle))
    reached = dry[at] <= limits["reach_min"]
    total = float(people[reached].sum())
    if total <= 0.0:
        return None
    hours = fields["time"].values.astype("datetime64[s]")
    hours = (hours - hours[0]).astype(float) / SECONDS_PER_HOUR
    share = np.ones(len(hours))
    for k in range(len(hours)):
        depth = np.nan_to_num(fields["depth"][k].values)[rows, columns]
        working = [starts[n] for n in sites if results.sites[n]["state"][k] != "out"]
        minutes = graph.minutes_from(np.array(working, np.int64), speed_m_s(depth, limits, vehicle))
        share[k] = float(people[reached & (minutes[at] <= limits["reach_min"])].sum()) / total
    return hours, share, total


def _homes(e: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) middle cells of the buildings with people, and the people."""
    from scipy.ndimage import center_of_mass

    lived = np.flatnonzero(e["people"] > 0.0)
    middles = np.array(center_of_mass(e["building"] > 0, e["building"], lived + 1)).reshape(-1, 2)
    return middles, e["people"][lived]
