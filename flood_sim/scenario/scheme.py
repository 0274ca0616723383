"""Which equations a scenario is run with: what local_inertial would be off by, where people look,
and what the choice costs and gains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.errors import Finding
from flood_sim.ground.rain_fields import mean_rainfall
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.structures import FaceStructure

REFERENCE_DEPTH_M = 0.1  # of street flow, where no deeper water stands at the start
# local inertial: depth within 1 % up to 0.8, 6 % off at 1.1 (docs/theory.md)
LARGEST_FROUDE = 1.0
SLOPE_OVER_M = 25.0  # slopes are falls over this length: a kerb is none that street flow follows
SLOPE_OVER_SHARE = 0.125  # of the shorter side at most: a laboratory bed is smaller than a street
KERB_M = 0.2  # higher ground between two places holds back the water of the first
MOST_PLACES = 20_000  # of streets or ground that are looked at, evenly spread
PLACES_CHINESE = {
    "of the streets": "街道",
    "of the ground": "地面",
    "of the gauges, inlets and openings": "测点、雨水口和出入口",
}
ERROR = 0.1  # of the depth: more is an error that people see
ERROR_SHARE = 0.1  # of the streets, or of the gauges, inlets and openings, that may have it
# of the depth: more than half of the places may not have. A street of one slope is off everywhere.
HALF_ERROR = 0.03
# a step of the initial water surface between two wet neighbours, or wet against dry ground below it
WATER_WALL_M = 0.5
# a wave at any scale: a step of half the depth behind it, before a tenth of all water of the run
WALL_SHARE, WAVE_SHARE = 0.5, 0.1
COST = 5.0  # times the surface's computing time a simulated second (benchmarks: 4 to 6)


@dataclass(frozen=True)
class Looked:
    """Where people look. streets : bool (rows, columns), None where no roads are known: all ground;
    points : (rows (n,), columns (n,)) of gauges, inlets and openings;  supply_m3 : water that the
    run gets beside the initial one;  inflow_m2_s : largest discharge that enters a metre of edge.
    """

    streets: np.ndarray | None = None
    points: tuple[np.ndarray, np.ndarray] = field(
        default_factory=lambda: (np.zeros(0, np.int64), np.zeros(0, np.int64))
    )
    supply_m3: float = 0.0
    inflow_m2_s: float = 0.0


@dataclass(frozen=True)
class SchemeChoice:
    """What the rule found. scheme : the one to run with;  wanted : "auto", or the one named;  found
    : the one that the rule asks for;  why : its reason;  off_by : what local_inertial's depths may
    be off by (share), at the worst tenth of the places that people look at.
    """

    scheme: str
    wanted: str
    found: str
    why: str
    off_by: float
    why_chinese: str = ""

    @property
    def reason(self) -> str:
        """For the console, the log, the page and the summary."""
        error = f"; its depths may be {self.off_by:.0%} off on the steepest tenth of the places"
        told = error if self.scheme == "local_inertial" and self.off_by >= 0.01 else ""
        if self.wanted == "auto":
            return f"auto: {self.why}{told}"
        return f"named in the scenario; auto would take {self.found}: {self.why}{told}"

    @property
    def reason_chinese(self) -> str:
        """The same for the page."""
        error = f"；在最陡的十分之一处，水深误差可达 {self.off_by:.0%}"
        told = error if self.scheme == "local_inertial" and self.off_by >= 0.01 else ""
        if self.wanted == "auto":
            return f"自动选择：{self.why_chinese}{told}"
        return f"由情景指定；自动选择会用 {self.found}：{self.why_chinese}{told}"

    def finding(self, file: str) -> Finding | None:
        """W330 where the scheme that the scenario names is out of its range."""
        if self.scheme != "local_inertial" or self.found == "local_inertial":
            return None
        return Finding(
            "W330",
            f"{file}, [surface] scheme",
            f"local_inertial is out of its range here: {self.why}",
            given="local_inertial",
            do='scheme = "auto" or "second_order"; or take its depths there as too large',
        )


def looked_at(parts: dict[str, Any], terrain: Terrain) -> Looked:
    """From the parts of ModelInputs by their names."""
    exposure, drainage, sites = parts["exposure"], parts["drainage"], parts["sites"]
    streets = None if exposure is None or not exposure.road_share.any() else exposure.road_share > 0
    places = [*parts["gauges"], *(drainage.inlets if drainage is not None else ())]
    places += [o for space in sites.spaces.spaces for o in space.openings]
    points = np.array([(p.row, p.column) for p in places], np.int64).reshape(-1, 2)
    stop, area = parts["clock"].duration_s, terrain.catchment_area_m2
    supply = mean_rainfall(parts["rainfall"]).depth_between(0.0, stop) * area
    for inflow in (*parts["inflows"], *parts["edge_inflows"]):
        supply += inflow.discharge.integral(0.0, stop)
    entering = [
        float(inflow.discharge.value.max()) / (len(inflow.cells) * terrain.grid.cell_size_m)
        for inflow in parts["edge_inflows"]
    ]
    points_at = points[:, 0], points[:, 1]
    return Looked(streets, points_at, float(supply), max(entering, default=0.0))


def normal_froude(
    slope: np.ndarray, manning_n: np.ndarray, depth_m: np.ndarray | float = REFERENCE_DEPTH_M
) -> np.ndarray:
    """Froude number of normal flow at a depth: sqrt(S) h^(1/6) / (n sqrt(g)) (Manning). slope (m/m)
    and manning_n (s/m^(1/3)) have one shape, which is the result's.
    """
    return np.asarray(
        np.sqrt(slope) * np.power(depth_m, 1.0 / 6.0) / (manning_n * math.sqrt(GRAVITY_M_S2))
    )


def depth_error(froude: np.ndarray) -> np.ndarray:
    """What local_inertial's depth is off by (share, >= 0) where normal flow has this Froude number:
    its discharge is held at h sqrt(g h), so that it carries q at (q^2 / g)^(1/3) = h_n F^(2/3).
    """
    return np.asarray(np.maximum(np.cbrt(froude / LARGEST_FROUDE) ** 2 - 1.0, 0.0))


def ground_slope(
    terrain: Terrain, rows: np.ndarray, columns: np.ndarray, depth: np.ndarray | float = 0.0
) -> np.ndarray:
    """(n,) steepest fall (m/m) from cells over SLOPE_OVER_M in eight directions, where no wall and
    no ground higher than a kerb stands between; 0 where there is none. Where water stands on the
    bed (depth m) and its surface falls less, as on a river's uneven bed: of that.
    """
    level = float(np.nanmean(np.where(terrain.active, terrain.bed_elevation, np.nan)))
    bed = np.where(terrain.active, terrain.bed_elevation - level, np.nan)
    slope = _steepest(bed, rows, columns, terrain.grid.cell_size_m)
    if not np.any(np.asarray(depth) > 0.0):
        return slope
    return np.minimum(slope, _steepest(bed + depth, rows, columns, terrain.grid.cell_size_m))


def _steepest(
    surface: np.ndarray, rows: np.ndarray, columns: np.ndarray, cell_m: float
) -> np.ndarray:
    reach = min(SLOPE_OVER_M / cell_m, SLOPE_OVER_SHARE * min(surface.shape))
    most = max(1, round(reach))
    padded = np.pad(surface, most, constant_values=np.nan)
    r, c = rows + most, columns + most
    here, found = padded[r, c], np.zeros(len(rows))
    for down, right in ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)):
        unit = math.hypot(down, right)
        steps = max(1, round(most / unit))
        free, there = np.ones(len(rows), bool), here
        for k in range(1, steps + 1):
            there = padded[r + k * down, c + k * right]
            free &= there <= here + KERB_M  # not where there is no ground
        fall = (here - there) / (steps * unit * cell_m)
        found = np.maximum(found, np.where(free, fall, 0.0))
    return found


def water_walls(terrain: Terrain, depth: np.ndarray) -> tuple[float, float]:
    """Steps of the initial water surface under depth (rows, columns) m, between wet cells or from a
    wet cell down to dry ground beside it: the highest (m), and the water (m3) in the pools that
    stand behind a step of WALL_SHARE of their depth there.
    """
    from scipy.ndimage import label

    stage = np.where(terrain.active, terrain.bed_elevation + depth, np.nan)
    highest, behind = 0.0, np.zeros(depth.shape, bool)
    for axis in (0, 1):
        for shift in (1, -1):
            other = np.roll(stage, shift, axis)
            edge = [slice(None)] * 2
            edge[axis] = slice(0, 1) if shift == 1 else slice(-1, None)
            other[tuple(edge)] = np.nan
            # A film on a cliff is no wall of water.
            step = np.nan_to_num(np.minimum(stage - other, depth))
            highest = max(highest, float(step.max(initial=0.0)))
            behind |= (step >= WALL_SHARE * depth) & (step > 0.0)
    if not behind.any():
        return highest, 0.0
    pools, _ = label(depth > 0.0)
    let_go = np.isin(pools, np.unique(pools[behind]))
    return highest, float(depth[let_go].sum()) * terrain.grid.cell_size_m**2


def choose_scheme(
    wanted: str,
    terrain: Terrain,
    depth: np.ndarray | float,
    structures: tuple[FaceStructure, ...] = (),
    looked: Looked | None = None,
) -> SchemeChoice:
    """The rule: second_order where local_inertial's depth would be more than ERROR off on more than
    ERROR_SHARE of the streets, or of the gauges, inlets and openings, or more than HALF_ERROR on
    half of them; where water is let go from behind a wall, or a breach is planned; local_inertial
    else. `wanted` other than "auto" is taken as it is. depth : (rows, columns) m at the start, or
    one for all cells.
    """
    looked = looked or Looked()
    water = np.broadcast_to(np.asarray(depth, float), terrain.grid.shape)
    streets = terrain.active if looked.streets is None else looked.streets & terrain.active
    groups = {
        "of the streets" if looked.streets is not None else "of the ground": _spread(streets),
        "of the gauges, inlets and openings": looked.points,
    }
    errors = {
        name: _errors(terrain, water, looked.inflow_m2_s, *cells)
        for name, cells in groups.items()
        if len(cells[0])
    }
    off_by = max((float(np.quantile(e, 0.9)) for e in errors.values()), default=0.0)
    walls = water_walls(terrain, water)
    found, why, chinese = _rule(errors, *walls, structures, water, terrain, looked)
    scheme = found if wanted == "auto" else wanted
    return SchemeChoice(scheme, wanted, found, why, off_by, chinese)


def _spread(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells chosen, every n-th of them where they are many."""
    rows, columns = np.nonzero(chosen)
    every = -(-len(rows) // MOST_PLACES) if len(rows) else 1
    return rows[::every], columns[::every]


def _errors(
    terrain: Terrain, water: np.ndarray, inflow_m2_s: float, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """(n,) what the depth may be off by at cells of normal flow: as deep as the water there at the
    start, as REFERENCE_DEPTH_M or as what enters (m2/s) would be, whichever is deepest.
    """
    slope = ground_slope(terrain, rows, columns, np.nan_to_num(water))
    roughness = terrain.manning_n[rows, columns]
    with np.errstate(divide="ignore", invalid="ignore"):
        entering = np.where(slope > 0.0, inflow_m2_s * roughness / np.sqrt(slope), 0.0) ** 0.6
    deepest = np.maximum(np.nan_to_num(water[rows, columns]), entering)
    depth = np.maximum(deepest, REFERENCE_DEPTH_M)
    return depth_error(normal_froude(slope, roughness, depth))


def _rule(
    errors: dict[str, np.ndarray],
    wall: float,
    let_go: float,
    structures: tuple[FaceStructure, ...],
    water: np.ndarray,
    terrain: Terrain,
    looked: Looked,
) -> tuple[str, str, str]:
    """The scheme, and why in English and in Chinese."""
    total = float(water[terrain.active].sum()) * terrain.grid.cell_size_m**2 + looked.supply_m3
    flow = _flow_rule(errors)
    if flow[0] == "second_order":
        return flow
    if wall > WATER_WALL_M:
        height, limit = f"{wall:.2f} m", f"{WATER_WALL_M:g} m"
        return (
            "second_order",
            f"a wall of water of {height} stands at the start (limit {limit})",
            f"开始时有 {height} 高的水墙（限值 {limit}）",
        )
    if let_go > WAVE_SHARE * total:
        height, part, limit = f"{wall:.2g} m", f"{let_go / total:.0%}", f"{WAVE_SHARE:.0%}"
        return (
            "second_order",
            f"a wall of water of {height} lets go {part} of the run's water at the start"
            f" (limit {limit})",
            f"开始时 {height} 高的水墙放出全程水量的 {part}（限值 {limit}）",
        )
    breaches = [s.name for s in structures if s.breach_begin_s is not None]
    if breaches:
        return "second_order", f"`{breaches[0]}` breaches", f"{breaches[0]} 会溃决"
    return flow


def _flow_rule(errors: dict[str, np.ndarray]) -> tuple[str, str, str]:
    """The scheme by what the depths of local_inertial would be off by on slopes, and why."""
    shares = {name: float((e > ERROR).mean()) for name, e in errors.items()}
    name, share = max(shares.items(), key=lambda item: item[1], default=("of the ground", 0.0))
    said = f"on {share:.0%} {name} local_inertial's depth would be more than {ERROR:.0%} off"
    zh = f"{share:.0%} 的{PLACES_CHINESE[name]}处，local_inertial 的水深误差会超过 {ERROR:.0%}"
    limit = f"{ERROR_SHARE:.0%}"
    if share > ERROR_SHARE:
        return "second_order", f"{said} (limit {limit})", f"{zh}（限值 {limit}）"
    for place, found in errors.items():
        if (middle := float(np.median(found))) > HALF_ERROR:
            return (
                "second_order",
                f"on half {place} local_inertial's depth would be more than {middle:.0%} off (limit"
                f" {HALF_ERROR:.0%})",
                f"50% 以上的{PLACES_CHINESE[place]}处，local_inertial 的水深误差会超过 {middle:.0%}"
                f"（限值 {HALF_ERROR:.0%}）",
            )
    return (
        "local_inertial",
        f"{said}; from {limit} on it would be second_order",
        f"{zh}；达到 {limit} 时会用 second_order",
    )


def cost_line(scheme: str, reason: str) -> str:
    """What `check` prints: the scheme, why, and what the other one would cost or gain."""
    other = (
        f"local_inertial would take about 1/{COST:g} of the surface's time; where the flow is"
        " faster than Froude 1 its depths are 6 % off and more"
        if scheme == "second_order"
        else (
            f"second_order would take about {COST:g} times the surface's time and is right in"
            " hydraulic jumps, dam breaks and steep streets"
        )
    )
    return f"scheme: {scheme} ({reason}); {other}"
