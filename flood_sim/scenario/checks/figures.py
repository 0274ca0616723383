"""The figures by which an engineer sees a wrong input at a glance: each with the usual range, and a
mark where it is outside. What ranges rest on stands beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.drainage.conduits import node_inverts, read_conduits
from flood_sim.ground.rain_fields import mean_rainfall
from flood_sim.ground.rainfall import DesignLaw
from flood_sim.scenario.checks.edge_water import closed_share
from flood_sim.simulation.inputs import DrainageInputs, ModelInputs

LONGEST_Y = 10_000.0


class Figure(NamedTuple):
    """values : what is shown, None where the scenario has no such thing;  low, high : of each of
    them in usual models;  note : what it means, or why it is not there.
    """

    key: str
    label: str
    unit: str
    values: tuple[float, ...] | None
    low: float
    high: float
    note: str = ""

    @property
    def odd(self) -> bool:
        """Whether any value lies outside its usual range."""
        return self.values is not None and not all(self.low <= v <= self.high for v in self.values)

    def row(self) -> dict[str, Any]:
        """As `check --json` has it."""
        return self._asdict() | {"odd": self.odd}

    def line(self) -> str:
        """One line of the page; ! stands before what is outside."""
        shown = "-" if self.values is None else " / ".join(map(_short, self.values))
        usual = "" if self.values is None else f"usual {self.low:g} to {self.high:g}"
        mark = "!" if self.odd else " "
        text = f" {mark} {self.label:<35}{shown + ' ' + self.unit:<27} {usual:<21}{self.note}"
        return text.rstrip()


def figures_of(inputs: ModelInputs) -> list[Figure]:
    """All of them, in the order of the page."""
    makers: tuple[Callable[[ModelInputs], Iterator[Figure]], ...] = (
        _ground,
        _water,
        _network,
        _exposure,
        _edges,
    )
    return [figure for make in makers for figure in make(inputs)]


def figure_lines(figures: list[Figure]) -> list[str]:
    """The page."""
    odd = sum(f.odd for f in figures)
    return [
        "figures to look at before you believe a result (!: outside the usual range)",
        *(f.line() for f in figures),
        f"   {odd} of {len(figures)} are outside" if odd else "   none is outside",
    ]


def _ground(inputs: ModelInputs) -> Iterator[Figure]:
    terrain = inputs.terrain
    area = terrain.catchment_area_m2 / 1e6
    # From a laboratory bed to the largest cities that cells of metres can bear.
    yield Figure("area_km2", "area", "km2", (area,), 0.001, 2000.0)
    bed = terrain.bed_elevation[terrain.active]
    low, high = np.percentile(bed, [1.0, 99.0])
    # Between the 1st and 99th percentile. Flat is a floor; above are mountains, or feet.
    note = f"levels {low:.1f} to {high:.1f} m"
    yield Figure("relief_m", "relief, p1 to p99", "m", (float(high - low),), 0.2, 300.0, note)


def _water(inputs: ModelInputs) -> Iterator[Figure]:
    rain, stop = mean_rainfall(inputs.rainfall), inputs.clock.duration_s
    depth = 1000.0 * rain.depth_between(0.0, stop)
    # Two hours of a storm bring 10 to 200 mm; 7.20 brought 624 mm in a day.
    yield Figure("rain_mm", "rain over the run, mean", "mm", (depth,), 5.0, 700.0)
    hour = 1000.0 * _largest_hour_m(rain, stop)
    # 201.9 mm on 20 July 2021 in Zhengzhou is China's record on land.
    note = _period_text(hour, inputs.design_law)
    yield Figure("largest_hour_mm", "its largest hour", "mm", (hour,), 3.0, 202.0, note)
    series = [i.discharge for i in inputs.inflows] + [i.discharge for i in inputs.edge_inflows]
    volume = sum(s.integral(0.0, stop) for s in series)
    if not series:
        why = "no discharge enters"
        yield Figure("inflow_m3", "inflow over the run", "m3", None, 0.0, 0.0, why)
        return
    # A hydrograph that brings nothing lies in another year; a metre over all the ground is a unit.
    most = inputs.terrain.catchment_area_m2
    note = f"{1000.0 * volume / inputs.terrain.catchment_area_m2:.4g} mm over the area"
    yield Figure("inflow_m3", "inflow over the run", "m3", (volume,), 1.0, most, note)


def _largest_hour_m(rain: Any, stop_s: float) -> float:
    """Largest rain (m) in an hour within the run."""
    span = min(SECONDS_PER_HOUR, stop_s)
    ends = np.unique(np.clip(np.concatenate([rain.time_s, rain.time_s + span]), span, stop_s))
    upper = np.interp(ends, rain.time_s, rain.cumulative_m)
    return float((upper - np.interp(ends - span, rain.time_s, rain.cumulative_m)).max())


def _period_text(hour_mm: float, law: DesignLaw) -> str:
    """About how many years an hour's rain returns, by the scenario's law."""
    if hour_mm <= 0.0:
        return ""
    low, high = 0.05, LONGEST_Y
    if hour_mm >= law.law.depth_mm(60.0, high):
        return f"rarer than {high:g} years by {law.name}"
    if hour_mm <= law.law.depth_mm(60.0, low):
        return f"several times a year by {law.name}"
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if law.law.depth_mm(60.0, middle) < hour_mm else (low, middle)
    return f"about once in {low:.2g} years by {law.name}"


def _network(inputs: ModelInputs) -> Iterator[Figure]:
    names = (
        ("sewer_km_km2", "sewer length per area", "km/km2", 1.0, 60.0),
        ("manhole_depth_m", "manhole depths, p5 / p50 / p95", "m", 0.5, 10.0),
        ("map_over_length", "map length over conduit length", "", 0.9, 1.1),
        ("ground_over_rim_m", "ground over rim, p5 / p50 / p95", "m", -0.5, 0.5),
    )
    d = inputs.drainage
    found = (None,) * 4 if d is None else _network_values(inputs, d)
    why = "no sewers" if d is None else "no such node or conduit on the map"
    for (key, label, unit, low, high), values in zip(names, found, strict=True):
        # Built-up China has 11 km/km2, dense quarters 40; manholes are 1 to 6 m deep; lengths are
        # those of the map within bends; rims lie in the street within the error of a survey.
        yield Figure(key, label, unit, values, low, high, "" if values is not None else why)


def _network_values(
    inputs: ModelInputs, drainage: DrainageInputs
) -> tuple[tuple[float, ...] | None, ...]:
    """Density, depths, ratio of lengths, ground over rim."""
    inp, km2 = drainage.network, inputs.terrain.catchment_area_m2 / 1e6
    conduits, where = read_conduits(inp), inp.coordinates()
    rims, inverts = inp.rims(), node_inverts(inp)
    junctions = [row.tokens[0] for row in inp.rows("JUNCTIONS")]
    depths = [rims[n] - inverts[n] for n in junctions if n in rims and n in inverts]
    ratios = [
        math.dist(where[c.upper], where[c.lower]) / c.length_m
        for c in conduits
        if c.length_m > 0.0 and c.upper in where and c.lower in where
    ]
    over = _over_rims(inputs, {n: rims[n] for n in junctions if n in rims and n in where}, where)
    length = sum(c.length_m for c in conduits)
    return (
        (length / 1000.0 / km2,) if km2 > 0.0 else None,
        _spread(depths),
        (float(np.median(ratios)),) if ratios else None,
        _spread(over),
    )


def _over_rims(
    inputs: ModelInputs, rims: dict[str, float], where: dict[str, tuple[float, float]]
) -> list[float]:
    """Ground (m) less rim at each node that stands on open ground."""
    grid, terrain, found = inputs.terrain.grid, inputs.terrain, []
    for name, rim in rims.items():
        row, column = (int(v) for v in grid.cell_at(*where[name]))
        if grid.contains(row, column) and terrain.active[row, column]:
            found.append(float(terrain.bed_elevation[row, column]) - rim)
    return found


def _short(value: float) -> str:
    """Two decimals up to 100, whole numbers above; 0 is no -0.00."""
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{round(value, 3) + 0.0:.4g}"


def _spread(values: list[float]) -> tuple[float, ...] | None:
    return tuple(float(v) for v in np.percentile(values, [5.0, 50.0, 95.0])) if values else None


def _exposure(inputs: ModelInputs) -> Iterator[Figure]:
    e, km2 = inputs.exposure, inputs.terrain.catchment_area_m2 / 1e6
    people, why = None, "no buildings with people"
    if e is not None and e.people.size:
        why = "nobody says how many people live here"
        people = None if np.isnan(e.people).all() else (float(np.nansum(e.people)),)
    if people is not None:
        why = f"{people[0] / km2:,.0f} a km2" if km2 > 0.0 else ""
    # Dense quarters of cities hold 50,000 people a km2.
    most = 60_000.0 * km2
    yield Figure("people", "people in the layers", "", people, min(1.0, most), most, why)
    mask = None if e is None or not e.building.any() else e.building > 0
    if mask is None and inputs.buildings is not None and inputs.buildings.any():
        mask = inputs.buildings
    cells = int(np.count_nonzero(inputs.terrain.active | (mask if mask is not None else False)))
    share = None if mask is None else (100.0 * float(mask.sum()) / max(cells, 1),)
    # Villages 5 %, perimeter blocks 45 %; a surface model taken for a mask covers nearly all.
    why = "" if share is not None else "no buildings"
    yield Figure("building_share", "ground under buildings", "%", share, 1.0, 60.0, why)


def _edges(inputs: ModelInputs) -> Iterator[Figure]:
    share = closed_share(inputs)
    note = 'water stands there: [[boundaries]] kind = "free_outflow"?' if share > 0.3 else ""
    # By the ground alone, hollows filled. Most of a cut-out map falls towards its edges.
    values = (100.0 * share,)
    yield Figure("closed_edges", "ground that falls to closed edges", "%", values, 0.0, 30.0, note)
