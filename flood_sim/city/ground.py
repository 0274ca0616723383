"""The ground of the city as rasters: land use, elevation, roughness. Fixed functions of x and y
taken at cell centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flood_sim.city.land_use import (
    BUILDING,
    CARRIAGEWAYS,
    COURT,
    DYKE,
    LAKE,
    LAND_COVER,
    LAND_USES,
    LANE,
    OUTSIDE,
    PARK,
    PAVEMENT,
    PRIMARY,
    RIVER,
    SECONDARY,
    YARD,
    paint,
    span,
)
from flood_sim.city.parameters import CRS, ORIGIN_M, STREET_LEVEL_M, CityParameters
from flood_sim.city.streets import Ditch, Plan, Street
from flood_sim.core.grid import Grid
from flood_sim.surface.culverts import Barrel
from flood_sim.surface.ditches import channel_cells, crossings
from flood_sim.surface.structures import Culvert

KERB_M = 0.15
CROWN_SLOPE = 0.015
BLOCK_SLOPE = 0.003  # courts and yards rise with the way to the street
FLAT_CELL_M = 8.0  # from here on a carriageway is flat, lowered by the same volume
RIVER_DEPTH_M, RIVER_BOTTOM_M, DYKE_CREST_M = 4.0, 10.0, 1.5
LAKE_DEPTH_M, LAKE_FREEBOARD_M = 2.0, 0.5
DITCH_DEPTH_M, DITCH_MANNING_N, DITCH_BOX_M = (
    1.5,
    0.030,
    1.2,
)  # below the pavement at its head; earth; height of its boxes

UNDERPASS_BELOW_M = (
    1.0  # streets that lie deeper under the riverside street are ramps and floors of underpasses
)


@dataclass(frozen=True)
class Ground:
    """Rasters (rows, columns) of the city; land_use holds codes of LAND_USES; bed m, NaN outside;
    gutter: distance rule applied.
    """

    grid: Grid
    land_use: np.ndarray
    bed_elevation: np.ndarray
    manning_n: np.ndarray
    culverts: tuple[Culvert, ...] = ()  # of the open ditches

    @property
    def buildings(self) -> np.ndarray:
        """(rows, columns) mask."""
        return self.land_use == BUILDING

    @property
    def arterials(self) -> np.ndarray:
        """(rows, columns) mask of primary and secondary streets."""
        return (self.land_use == PRIMARY) | (self.land_use == SECONDARY)

    @cached_property
    def _streets(self) -> np.ndarray:
        level = np.nan_to_num(self.bed_elevation, nan=-np.inf) > STREET_LEVEL_M - UNDERPASS_BELOW_M
        return np.argwhere(np.isin(self.land_use, (PRIMARY, SECONDARY, LANE)) & level)

    def nearest_street(self, x_m: float, y_m: float) -> tuple[int, int]:
        """Row and column of the street cell nearest to a map point, not in an underpass."""
        row, column = (int(v) for v in self.grid.cell_at(x_m, y_m))
        k = int(np.argmin(((self._streets - (row, column)) ** 2).sum(axis=1)))
        return int(self._streets[k, 0]), int(self._streets[k, 1])

    def layers(self) -> dict[str, np.ndarray]:
        """Masks (rows, columns) of land uses by the names that targets of measures use."""
        use = self.land_use
        named = {
            "courts": (COURT,),
            "yards": (YARD,),
            "parks": (PARK,),
            "lakes": (LAKE,),
            "rivers": (RIVER,),
            "roofs": (BUILDING,),
            "pavements": (PAVEMENT,),
            "lanes": (LANE,),
            "arterials": (PRIMARY, SECONDARY),
            "dykes": (DYKE,),
        }
        return {name: np.isin(use, codes) for name, codes in named.items()}

    def shares(self) -> dict[str, float]:
        """Share of each land use in the land outside the river."""
        land = ~np.isin(self.land_use, (OUTSIDE, RIVER, DYKE))
        return {
            name: float((self.land_use == code).sum() / land.sum())
            for code, name in enumerate(LAND_USES)
            if code not in (OUTSIDE, RIVER, DYKE)
        }


def make_ground(p: CityParameters, plan: Plan) -> Ground:
    """Paint the plan on the grid and give every cell its height."""
    n = round(p.side_m / p.cell_size_m)
    grid = Grid(n, n, p.cell_size_m, ORIGIN_M[0], ORIGIN_M[1] + n * p.cell_size_m, CRS)
    x, y = grid.x_m - ORIGIN_M[0], grid.y_m - ORIGIN_M[1]
    land_use = paint(p, plan, x, y)
    pavement = _pavement_level(p, plan, x, y)
    bed = pavement + _rise_of_blocks(land_use, p.cell_size_m)
    for street in plan.streets[::-1]:  # arterials last: their profile holds at crossings with lanes
        _carve_street(p, street, plan, bed, pavement, x, y)
    _carve_underpass(plan, bed, pavement, x, y)
    _carve_lake(plan, land_use, bed, pavement, x, y)
    _carve_rivers(plan, land_use, bed, y)
    bed[land_use == OUTSIDE] = np.nan
    manning = np.full(land_use.shape, 0.03)
    for code, (roughness, *_) in LAND_COVER.items():
        manning[land_use == code] = p.river_manning_n if code == RIVER else roughness
    culverts = _dig_ditches(p, plan, grid, land_use, bed, manning)
    return Ground(grid, land_use, bed, manning, culverts)


def _pavement_level(p: CityParameters, plan: Plan, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A plane that rises from the riverside street, with two faint waves that die out towards
    it.
    """
    away = np.array([plan.river_distance(float(v)) for v in y])
    fade = (1.0 - np.exp(-away / 200.0))[:, None] * min(1.0, p.ground_slope / 0.0015)
    waves = (
        0.06
        * np.sin(2 * np.pi * x / 1170.0 + 0.7)[None, :]
        * np.sin(2 * np.pi * y / 940.0 + 0.4)[:, None]
    )
    waves = (
        waves
        + 0.04
        * np.sin(2 * np.pi * x / 760.0 + 2.1)[None, :]
        * np.sin(2 * np.pi * y / 830.0 + 1.3)[:, None]
    )
    return STREET_LEVEL_M + (p.ground_slope * away)[:, None] + fade * waves


def _rise_of_blocks(land_use: np.ndarray, cell: float) -> np.ndarray:
    """0.3 % of the way to the nearest street through open ground (around buildings, through gates),
    so that every court drains.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    open_cells = ~np.isin(land_use, (OUTSIDE, BUILDING, RIVER, DYKE))
    rows, columns = land_use.shape
    number: np.ndarray = np.full((rows, columns), -1, np.int64)
    number[open_cells] = np.arange(open_cells.sum())
    pairs = []
    for down, right, length in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 2**0.5), (1, -1, 2**0.5)):
        a = number[: rows - down, max(0, -right) : columns - max(0, right)]
        b = number[down:, max(0, right) : columns + min(0, right)]
        both = (a >= 0) & (b >= 0)
        pairs.append((a[both], b[both], np.full(both.sum(), length * cell)))
    i, j, weight = (np.concatenate([q[k] for q in pairs]) for k in range(3))
    size = int(open_cells.sum())
    graph = coo_matrix((weight, (i, j)), shape=(size, size)).tocsr()
    streets = number[np.isin(land_use, CARRIAGEWAYS)]
    distance = dijkstra(graph, directed=False, indices=streets, min_only=True)
    rise = np.zeros(land_use.shape)
    rise[open_cells] = BLOCK_SLOPE * np.where(np.isfinite(distance), distance, 0.0)
    rise[land_use == BUILDING] = 0.3
    return rise


def _profile(p: CityParameters, street: Street, offset: np.ndarray) -> np.ndarray:
    """Height (m) of the carriageway against the pavement at a distance from its axis: gutter,
    crown; flat on coarse cells.
    """
    crown = CROWN_SLOPE * street.half
    if p.cell_size_m >= FLAT_CELL_M or street.width < 1.5 * p.cell_size_m:
        return np.full(offset.shape, -(KERB_M - 0.5 * crown))
    lowest = street.half - 0.5 * p.cell_size_m  # centre of the gutter cell
    return -KERB_M + CROWN_SLOPE * np.maximum(lowest - np.abs(offset), 0.0)


def _carve_street(
    p: CityParameters,
    street: Street,
    plan: Plan,
    bed: np.ndarray,
    pavement: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> None:
    across_axis, along_axis = (y, x) if street.axis == "x" else (x, y)
    across, along = (
        span(street.at - street.half, street.at + street.half, across_axis),
        span(street.start, street.stop, along_axis),
    )
    profile = _profile(p, street, across_axis[across] - street.at)
    window = (across, along) if street.axis == "x" else (along, across)
    level = pavement[window] + (profile[:, None] if street.axis == "x" else profile[None, :])
    carved = bed[window] < pavement[window] - 1e-9
    arterial = street.kind in ("primary", "secondary")
    # Where two arterials cross the lower profile holds: each gutter runs on through the crossing.
    bed[window] = (
        np.where(
            carved & _crossed_by_arterial(street, plan, x, y)[window],
            np.minimum(level, bed[window]),
            level,
        )
        if arterial
        else level
    )


def _crossed_by_arterial(street: Street, plan: Plan, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    mask = np.zeros((y.size, x.size), bool)
    for other in plan.arterials:
        if other.axis != street.axis:
            along = y if other.axis == "x" else x
            strip = span(other.at - other.half, other.at + other.half, along)
            mask[(strip, slice(None)) if other.axis == "x" else (slice(None), strip)] = True
    return mask


def _carve_underpass(
    plan: Plan, bed: np.ndarray, pavement: np.ndarray, x: np.ndarray, y: np.ndarray
) -> None:
    """V-shaped floor with a hump at both mouths and a parapet along its sides."""
    u = plan.underpass
    if u is None:
        return
    along = span(u.centre - u.reach, u.centre + u.reach, x)
    away = np.abs(x[along] - u.centre)
    drop = np.where(away < u.ramp, -u.depth * (1.0 - away / u.ramp), 0.0)
    hump = np.where(away >= u.ramp, u.hump * np.sin(np.pi * (away - u.ramp) / u.hump_length), 0.0)
    road = span(u.street.at - u.street.half, u.street.at + u.street.half, y)
    bed[road, along] += drop + hump
    for low, high in (
        (u.street.at - u.street.half - 4.0, u.street.at - u.street.half),
        (u.street.at + u.street.half, u.street.at + u.street.half + 4.0),
    ):
        wall = span(low, high, y)
        bed[wall, along] = np.maximum(bed[wall, along], pavement[wall, along] + 0.4)


def _carve_lake(
    plan: Plan,
    land_use: np.ndarray,
    bed: np.ndarray,
    pavement: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> None:
    """A bowl in the middle of the largest park."""
    if plan.lake is None:
        return
    q = plan.lake
    rows, columns = span(q.y0 + 12.0, q.y1 - 12.0, y), span(q.x0 + 12.0, q.x1 - 12.0, x)
    u = (x[columns] - 0.5 * (q.x0 + q.x1)) / (0.5 * (q.x1 - q.x0) - 12.0)
    v = (y[rows] - 0.5 * (q.y0 + q.y1)) / (0.5 * (q.y1 - q.y0) - 12.0)
    radius = np.sqrt(u[None, :] ** 2 + v[:, None] ** 2)
    inside = radius < 1.0
    level = float(pavement[rows, columns].min())
    view = bed[rows, columns]
    view[inside] = level - LAKE_DEPTH_M * np.minimum(1.0, 3.0 * (1.0 - radius[inside]))
    land_use[rows, columns][inside] = LAKE


def _carve_rivers(plan: Plan, land_use: np.ndarray, bed: np.ndarray, y: np.ndarray) -> None:
    """Trapezoid of 1:2 below the bank, dyke with 1:3 slopes and a 4 m crest; heights against the
    riverside street.
    """
    for centre in plan.rivers:
        away = np.abs(y - centre)
        inner = -RIVER_DEPTH_M + np.clip((away - RIVER_BOTTOM_M) / 2.0, 0.0, RIVER_DEPTH_M)
        dyke = np.minimum(
            np.clip((away - 18.0) / 3.0, 0.0, DYKE_CREST_M),
            np.clip((31.0 - away) / 3.0, 0.0, DYKE_CREST_M),
        )
        level = STREET_LEVEL_M + np.where(away < 18.0, inner, dyke)
        mask = np.isin(land_use, (RIVER, DYKE)) & (away < 31.0)[:, None]
        bed[mask] = np.broadcast_to(level[:, None], bed.shape)[mask]


def ditch_axis(ditch: Ditch) -> tuple[tuple[float, float], tuple[float, float]]:
    """Map points of its head and its mouth."""
    east, north = ORIGIN_M
    return (east + ditch.x, north + ditch.head), (east + ditch.x, north + ditch.mouth)


def _dig_ditches(
    p: CityParameters,
    plan: Plan,
    grid: Grid,
    land_use: np.ndarray,
    bed: np.ndarray,
    manning: np.ndarray,
) -> tuple[Culvert, ...]:
    """The ditches that are not filled, as the measure `new_channel` digs them; returns the boxes
    under streets and dykes.
    """
    import shapely

    culverts: list[Culvert] = []
    kept = np.isin(land_use, (*CARRIAGEWAYS, DYKE))
    for ditch in plan.ditches:
        if ditch.filled:
            continue
        line = shapely.LineString(ditch_axis(ditch))
        begin = float(bed[tuple(int(v) for v in grid.cell_at(*line.coords[0]))]) - DITCH_DEPTH_M

        def level(along: Any, begin: float = begin) -> Any:
            return begin - p.ground_slope * np.asarray(along)

        cells, wanted = channel_cells(grid, ~kept & np.isfinite(bed), line, ditch.width, 0.0, level)
        dug = wanted < bed[tuple(cells.T)] - 1e-9
        at = tuple(cells[dug].T)
        bed[at], manning[at] = wanted[dug], DITCH_MANNING_N
        culverts += crossings(
            ditch.name, grid, line, kept, level, Barrel(False, DITCH_BOX_M, ditch.width), flap=True
        )
    return tuple(culverts)
