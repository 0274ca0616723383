"""Maps of a run for GIS: a Cloud-Optimised GeoTIFF each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.core.files.durable import write_beside

if TYPE_CHECKING:
    from flood_sim.simulation.loop import Simulation

LEAST_DEPTH_M = 0.01  # of water that has a level: a film after rain has the ground's
MAPS = {  # file: what it holds, unit
    "max_depth.tif": ("maximum water depth", "m"),
    "max_hazard.tif": ("maximum hazard class, AIDR H1-H6, 0 dry", "1"),
    "max_level.tif": ("highest water level; where the water was 1 cm deep", "m"),
    "max_velocity.tif": ("maximum flow speed", "m s-1"),
    "arrival_time.tif": ("time since the start when depth first exceeds 0.05 m", "s"),
}


def write_map(path: Path, name: str, simulation: Simulation) -> None:
    """One of MAPS."""
    field, nodata = map_field(name, simulation)
    write_geotiff(path, field, simulation.surface.grid, nodata, MAPS[name])


def map_field(name: str, simulation: Simulation) -> tuple[np.ndarray, float | None]:
    """(rows, columns) of a map, and the value of cells without one."""
    m, terrain = simulation.surface.maxima, simulation.inputs.terrain
    if name == "max_hazard.tif":
        return m.hazard, None
    field = {
        "max_depth.tif": m.depth,
        "max_level.tif": np.where(
            m.depth >= LEAST_DEPTH_M, m.depth + terrain.bed_elevation, np.nan
        ),
        "max_velocity.tif": m.velocity,
        "arrival_time.tif": m.arrival_time,
    }[name]
    return np.where(terrain.active, field, np.nan).astype(np.float32), np.nan


def write_geotiff(
    path: Path,
    field: np.ndarray,
    grid: Any,
    nodata: float | None,
    told: tuple[str, str] = ("", ""),
) -> None:
    """A Cloud-Optimised GeoTIFF (DEFLATE, overviews); told : description and unit of its band."""
    import rasterio
    from rasterio.shutil import copy

    crs = None if grid.crs == "local" else grid.crs
    profile = {
        "height": grid.rows,
        "width": grid.columns,
        "count": 1,
        "dtype": field.dtype.name,
        "crs": crs,
        "transform": grid.transform,
        "nodata": nodata,
    }
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", **profile) as plain:
            plain.write(field, 1)
            plain.descriptions, plain.units = (told[0],), (told[1],)
        with memory.open() as source:
            predictor = "YES" if field.dtype.kind == "f" else "NO"
            write_beside(
                path,
                lambda side: copy(
                    source, side, driver="COG", compress="DEFLATE", predictor=predictor
                ),
            )
