"""Who can still be reached: fire engines and ambulances over the carriageways of the grid, frame by frame.

Cells of the carriageway are a graph of eight neighbours; a cell's speed follows from its depth (Pregnolato 2017). Help starts at fire stations
and hospitals that work; a building is reached through the carriageway cell nearest to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.roads import Driving, RoadGraph
from flood_sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from flood_sim.analysis.consequences import Consequences, Outcome

STARTS = {"fire_engine": "fire_station", "car": "hospital"}  # vehicle that sets out, and from where


def driving_of(limits: dict[str, Any]) -> Driving:
    """The limits as data."""
    return Driving(tuple(limits["speed"]), limits["free_speed_km_h"], limits["car_depth_m"], limits["fire_engine_depth_m"], limits["slow_km_h"])


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
    cell_size, driving, high = consequences.cell_area_m2**0.5, driving_of(limits), vehicle == "fire_engine"
    within_s = limits["reach_min"] * SECONDS_PER_MINUTE
    graph = RoadGraph((e["road_share"] > 0.0) & np.isfinite(fields["bed_elevation"].values), cell_size)
    homes, people = _homes(e)
    at = graph.nearest(homes)
    starts = dict(zip(sites, graph.nearest(np.array([s["cell"] for s in sites.values()])).tolist(), strict=True))
    rows, columns = graph.cells.T
    dry = graph.seconds_from(np.array(list(starts.values())), driving.speed_m_s(np.zeros(len(graph.cells)), high))
    reached = dry[at] <= within_s
    total = float(people[reached].sum())
    if total <= 0.0:
        return None
    hours = fields["time"].values.astype("datetime64[s]")
    hours = (hours - hours[0]).astype(float) / SECONDS_PER_HOUR
    share = np.ones(len(hours))
    for k in range(len(hours)):
        depth = np.nan_to_num(fields["depth"][k].values)[rows, columns]
        working = [starts[n] for n in sites if results.sites[n]["state"][k] != "out"]
        seconds = graph.seconds_from(np.array(working, np.int64), driving.speed_m_s(depth, high))
        share[k] = float(people[reached & (seconds[at] <= within_s)].sum()) / total
    return hours, share, total


def _homes(e: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) middle cells of the buildings with people, and the people."""
    from scipy.ndimage import center_of_mass

    lived = np.flatnonzero(e["people"] > 0.0)
    middles = np.array(center_of_mass(e["building"] > 0, e["building"], lived + 1)).reshape(-1, 2)
    return middles, e["people"][lived]
