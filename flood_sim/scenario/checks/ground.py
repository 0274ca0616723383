"""The ground as it was read: roughness, lone cells, holes."""

from __future__ import annotations

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.ground.terrain import Terrain, lone_extremes
from flood_sim.scenario.spec.ground import TerrainSpec

MANNING_RANGE = (0.001, 0.5)
SMOOTHEST_N = 0.008  # glass; less is doubtful, and real rasters have it (resampled edges)
SPIKE_M = 10.0
WHOLE = 'are they decimetres, centimetres or feet? set [terrain] elevation_unit = "dm"'


def check_roughness(terrain: Terrain, findings: list[Finding]) -> None:
    """Manning's n of the active cells. Raises InputError out of MANNING_RANGE; W212 where it is
    smoother than glass.
    """
    low, high = MANNING_RANGE
    bad = terrain.active & ~((terrain.manning_n >= low) & (terrain.manning_n <= high))
    if bad.any():
        value = float(terrain.manning_n[bad][0])
        raise input_error(
            "E212",
            "[terrain] manning_n",
            f"{int(bad.sum())} cells are out of range",
            given=f"n = {value:g}",
            allowed=f"{low} to {high}",
            do="mend the raster or table",
            at=terrain.grid.centres(bad),
        )
    smooth = terrain.active & (terrain.manning_n < SMOOTHEST_N)
    if smooth.any():
        findings.append(
            Finding(
                "W212",
                "[terrain] manning_n",
                f"{int(smooth.sum())} cells are smoother than glass (n < {SMOOTHEST_N}), least"
                f" {terrain.manning_n[smooth].min():.4f}",
                at=terrain.grid.centres(smooth),
            )
        )


def check_elevations(terrain: Terrain, spec: TerrainSpec, findings: list[Finding]) -> None:
    """Lone peaks and pits, whole metres, holes. Raises InputError where nothing has a level."""
    if not terrain.active.any():
        raise input_error("E207", "[terrain] bed_elevation", "no cell has an elevation")
    bed = terrain.bed_elevation
    extreme = lone_extremes(bed, SPIKE_M)
    if spec.walls_above_m is not None:
        extreme &= ~(np.nan_to_num(bed, nan=-np.inf) > spec.walls_above_m)
    if extreme.any():
        row, column = np.argwhere(extreme)[0]
        places = terrain.grid.centres(extreme)
        x, y = places[0]
        findings.append(
            Finding(
                "W209",
                "[terrain] bed_elevation",
                f"{int(extreme.sum())} cells stand more than {SPIKE_M:g} m over or under all their"
                f" neighbours, first {bed[row, column]:.1f} m at x {x:.1f}, y {y:.1f}",
                do="smooth them, or set walls_above_m where they are buildings",
                at=places,
            )
        )
    values = bed[terrain.active]
    if values.size > 100 and np.all(values == np.rint(values)) and np.ptp(values) > 2.0:
        findings.append(
            Finding(
                "W210",
                "[terrain] bed_elevation",
                "elevations are whole metres: depths below 1 m mean little",
                do="" if spec.elevation_unit else WHOLE,
            )
        )
    _check_holes(terrain, findings)


def _check_holes(terrain: Terrain, findings: list[Finding]) -> None:
    from scipy.ndimage import label

    parts, _ = label(np.pad(terrain.outside, 1, constant_values=True))
    holes = terrain.outside & (parts[1:-1, 1:-1] != parts[0, 0])
    if holes.any():
        findings.append(
            Finding(
                "W207",
                "[terrain] bed_elevation",
                f"{int(holes.sum())} cells without elevation lie inside the model: nothing flows"
                " there",
                do="fill them if they are ground",
                at=terrain.grid.centres(holes),
            )
        )
