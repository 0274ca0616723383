"""Bed elevation, roughness, buildings and the share of rain each cell receives. An edit returns a
new Terrain. No water here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from flood_sim.core.grid import Grid

# of a cell by buildings: beyond, the little water between them would only make the time step small
MOST_COVERED = 0.95


@dataclass(frozen=True)
class Terrain:
    """The ground as the models see it; all arrays (rows, columns).

    bed_elevation : m, float64, NaN where inactive;  manning_n : s m-1/3;  active : bool, cells that
    hold water;
    rain_weight : rain depth a cell receives per unit of rain, roof runoff included; its sum over
    active cells is the catchment in cells;
    outside : bool, cells beyond the model's edge (no ground in the raster), as against buildings
    inside it;
    porosity : share of each cell that buildings leave open, in (0, 1]; None: 1 everywhere;
    rain_to : int64, flat index of the cell that a cell's rain runs to (itself, or the one beside
    its building); None: everywhere itself.
    """

    grid: Grid
    bed_elevation: np.ndarray
    manning_n: np.ndarray
    active: np.ndarray
    rain_weight: np.ndarray
    outside: np.ndarray
    rain_to: np.ndarray | None = None
    porosity: np.ndarray | None = None

    @property
    def catchment_area_m2(self) -> float:
        """Area that receives rain, roofs of `hole` buildings included."""
        return float(self.rain_weight.sum()) * self.grid.cell_area_m2

    def collect_rain(self, depth_m: np.ndarray) -> np.ndarray:
        """What rain of (rows, columns) m brings to each active cell, roofs included, m over the
        cell.
        """
        if self.rain_to is None:
            return np.where(self.active, depth_m, 0.0)
        fallen = np.where(self.outside, 0.0, depth_m).ravel()
        brought = np.bincount(self.rain_to.ravel(), fallen, self.rain_to.size).reshape(
            self.active.shape
        )
        return np.where(self.active, brought, 0.0)

    def with_solid_buildings(self, buildings: np.ndarray) -> Terrain:
        """`hole`: building cells, (rows, columns) bool, leave the model, their rain goes to the
        nearest open cell (m2 of roof are kept to the last one).
        """
        roofs = buildings & self.active
        if not roofs.any():
            return self
        active = self.active & ~roofs
        row, column = nearest_open_cell(active)
        weight = np.where(active, self.rain_weight, 0.0)
        np.add.at(weight, (row[roofs], column[roofs]), self.rain_weight[roofs])
        own = np.arange(active.size).reshape(active.shape)
        onward = np.where(active, own, row * active.shape[1] + column)
        rain_to = onward if self.rain_to is None else onward.ravel()[self.rain_to]
        bed = np.where(active, self.bed_elevation, np.nan)
        return replace(self, active=active, rain_weight=weight, bed_elevation=bed, rain_to=rain_to)

    def with_raised_buildings(self, buildings: np.ndarray, height_m: float) -> Terrain:
        """`block`: building cells, (rows, columns) bool, stand `height_m` above their highest own
        ground and keep their rain, which runs off the roof's edge.
        """
        from scipy.ndimage import label, maximum

        parts, count = label(buildings & self.active)
        if count == 0:
            return self
        tops = maximum(self.bed_elevation, parts, index=np.arange(count + 1))
        bed = np.where(parts > 0, tops[parts] + height_m, self.bed_elevation)
        return replace(self, bed_elevation=bed)

    def with_porous_buildings(self, covered: np.ndarray) -> Terrain:
        """`porosity`: covered (rows, columns) is the share of each cell under buildings; water
        stands and passes in the rest, the roof's rain runs into it. Cells covered by more than
        MOST_COVERED are solid."""
        covered = np.where(self.active, covered, 0.0)
        solid = self.with_solid_buildings(covered > MOST_COVERED)
        if not (covered[solid.active] > 0.0).any():
            return solid
        return replace(solid, porosity=np.where(solid.active, 1.0 - covered, 1.0))

    def __repr__(self) -> str:
        z = self.bed_elevation[self.active]
        span = f"{z.min():.2f} to {z.max():.2f} m" if z.size else "none"
        return (
            f"Terrain on {self.grid!r}\n  active     {int(self.active.sum())} cells, catchment"
            f" {self.catchment_area_m2 / 1e6:.3f} km2\n  bed        {span}\n  manning_n "
            f" {np.nanmin(self.manning_n):.3f} to {np.nanmax(self.manning_n):.3f}"
        )


def terrain_of(grid: Grid, bed_elevation: np.ndarray, manning_n: np.ndarray | float) -> Terrain:
    """Terrain of a raster, bed_elevation (rows, columns) m: cells with an elevation are active and
    receive their own rain. manning_n : (rows, columns) s/m^(1/3), or one for all.
    """
    bed = np.asarray(bed_elevation, float)
    active = np.isfinite(bed)
    roughness = np.broadcast_to(np.asarray(manning_n, float), grid.shape).copy()
    return Terrain(grid, bed, roughness, active, active.astype(float), ~active)


def nearest_open_cell(active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column (rows, columns) of the active cell nearest to each cell; Euclidean, ties by
    the transform's order.
    """
    from scipy.ndimage import distance_transform_edt

    indices = distance_transform_edt(~active, return_distances=False, return_indices=True)
    return indices[0], indices[1]


def lone_extremes(bed_elevation: np.ndarray, limit_m: float) -> np.ndarray:
    """(rows, columns) bool: cells higher or lower than *all* their neighbours by more than
    `limit_m` (spikes and pits).
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    high = maximum_filter(
        np.where(np.isfinite(bed_elevation), bed_elevation, -np.inf), footprint=ring, mode="nearest"
    )
    low = minimum_filter(
        np.where(np.isfinite(bed_elevation), bed_elevation, np.inf), footprint=ring, mode="nearest"
    )
    with np.errstate(invalid="ignore"):
        return np.isfinite(bed_elevation) & (
            (bed_elevation - high > limit_m) | (low - bed_elevation > limit_m)
        )
