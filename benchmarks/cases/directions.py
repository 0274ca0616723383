"""Flow at an angle to the grid: planes under rain, streets between staircase walls, the plane fed
through a piece of its edge (CASES C5).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.cases.channel import CaseResult, Finding, Setting, advance, build, steady
from flood_sim.core.grid import Grid
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, Series, edge_faces

MM_H = 1.0 / 3.6e6
SLOPE, RATE = 0.005, 100.0 * MM_H
# DG2 of LISFLOOD-FP 8 at 5 m, and where: x, y in m (Shaw and others 2021,
# doi:10.5194/gmd-14-3577-2021)
DG2 = {
    (50, 1000): 0.3251,
    (100, 1000): 0.2745,
    (200, 1000): 0.2275,
    (300, 1000): 0.2002,
    (400, 1000): 0.1800,
    (300, 1300): 0.1755,
}
ANGLES = (0, 30, 45, 60, 90)  # degrees to the x axis at which the front is looked for


def plane_at(
    setting: Setting, degrees: float, porosity: float | None = None, cells: int = 80
) -> np.ndarray:
    """Depth over the normal one, less 1, of a plane of 0.5 % that falls at an angle to the x axis
    under 100 mm/h; n 0.03. Away from the sides and from the line where two watersheds meet.
    """
    n, dx = 0.03, 5.0
    j, i = np.mgrid[0:cells, 0:cells]
    x, y = (i + 0.5) * dx, (j + 0.5) * dx
    along, down = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    terrain = terrain_of(
        Grid(cells, cells, dx, 0.0, cells * dx), -SLOPE * (x * along + y * down), n
    )
    if porosity is not None:
        terrain = replace(terrain, porosity=np.full(x.shape, porosity))
    edges = []
    for side, share in (("east", along), ("south", down)):
        if share > 1e-9:
            found = edge_faces(terrain, np.ones(x.shape, bool), side)
            edges.append(EdgeBoundary(side, *found, slope=share * SLOPE))
    surface = build(setting, terrain, rain=steady(RATE, 3000.0), edges=edges)
    advance(surface, 3000.0, 10.0)
    # a cell is as deep as what leaves it through its lower faces needs
    path = np.minimum((x + 0.5 * dx) / along, (y + 0.5 * dx) / max(down, 1e-12))
    open_share = porosity or 1.0
    normal = (n * RATE * path / open_share / np.sqrt(SLOPE)) ** 0.6
    inside = (path > 150.0) & (np.maximum(i, j) < cells - 8) & (np.abs(x * down - y * along) > 40.0)
    error: np.ndarray = (surface.depth / normal - 1.0)[inside]
    return error


def planes_by_angle(setting: Setting) -> CaseResult:
    """CASES C7: planes at 0, 15, 30, 45 degrees."""
    return CaseResult(
        [
            Finding(
                f"plane_at_{degrees}_degrees",
                abs(float(error.mean())),
                goal=0.01,
                note=f"mean {error.mean():+.2%}",
            )
            for degrees in (0, 15, 30, 45)
            for error in (plane_at(setting, degrees),)
        ]
    )


def diagonal_streets(setting: Setting) -> CaseResult:
    """Streets at 45 degrees between staircase walls of cells of 5 m, 0.5 %, n 0.016, 100 mm/h:
    mean depth of the lower half over the normal one, less 1.
    """
    n, dx, cells, findings = 0.016, 5.0, 160, []
    j, i = np.mgrid[0:cells, 0:cells]
    path = (i + j + 1) * dx / np.sqrt(2.0)
    for half in (1, 4):
        bed = np.where(np.abs(i - j) <= half, -SLOPE * path, np.nan)
        terrain = terrain_of(Grid(cells, cells, dx, 0.0, cells * dx), bed, n)
        edges = []
        for side, last in (("east", i == cells - 1), ("south", j == cells - 1)):
            found = edge_faces(terrain, np.isfinite(bed) & last, side)
            edges.append(EdgeBoundary(side, *found, slope=SLOPE / np.sqrt(2.0)))
        surface = build(setting, terrain, rain=steady(RATE, 3000.0), edges=edges)
        advance(surface, 3000.0, 10.0)
        normal = (n * RATE * (path + 0.5 * dx) / np.sqrt(SLOPE)) ** 0.6
        inside = np.isfinite(bed) & (path > 0.5 * path.max()) & (path < 0.9 * path.max())
        error = (surface.depth / normal - 1.0)[inside].mean()
        width = (2 * half + 1) * dx / np.sqrt(2.0)
        findings.append(
            Finding(
                f"diagonal_street_{width:.0f}_m",
                abs(float(error)),
                note=f"mean {error:+.1%}, between staircase walls",
            )
        )
    return CaseResult(findings)


def front_at(depth: np.ndarray, dx: float, degrees: float) -> float:
    """How far (m) from (0, middle) more than 0.01 m stand at an angle to the x axis."""
    r = np.arange(20.0, 700.0, 0.5)
    x = np.maximum(r * np.cos(np.radians(degrees)), 0.5 * dx) / dx - 0.5
    y = 0.5 * depth.shape[0] - 0.5 - r * np.sin(np.radians(degrees)) / dx
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    a, b = x - i, y - j
    upper = depth[j, i] * (1.0 - a) + depth[j, i + 1] * a
    lower = depth[j + 1, i] * (1.0 - a) + depth[j + 1, i + 1] * a
    return float(r[np.flatnonzero(upper * (1.0 - b) + lower * b > 0.01)[-1]])


def plane_fed_at_an_edge(setting: Setting) -> CaseResult:
    """CASES C5, the Environment Agency's test 4: peaks against DG2; the front after an hour along
    the axes and between them.
    """
    rows, columns, dx = 400, 200, 5.0
    terrain = terrain_of(Grid(rows, columns, dx, 0.0, rows * dx), np.zeros((rows, columns)), 0.05)
    mouth = np.zeros((rows, columns), bool)
    mouth[198:202, 0] = True
    hydrograph = Series(
        np.array([0.0, 300.0, 3600.0, 14400.0, 18000.0]), np.array([0.0, 0.0, 20.0, 20.0, 0.0])
    )
    inflow = EdgeInflow("mouth", *edge_faces(terrain, mouth, "west"), hydrograph)
    edges = [
        EdgeBoundary(side, *edge_faces(terrain, np.ones((rows, columns), bool), side))
        for side in ("east", "north", "south")
    ]
    surface = build(setting, terrain, inflows=[inflow], edges=edges)
    advance(surface, 3600.0, 10.0)
    fronts = [front_at(np.array(surface.depth, float), dx, degrees) for degrees in ANGLES]
    advance(surface, 18000.0, 10.0)
    peaks = [surface.maxima.depth[int(rows - 1 - y / dx), int(x / dx)] for x, y in DG2]
    errors = [float(peak) / depth - 1.0 for peak, depth in zip(peaks, DG2.values(), strict=True)]
    said = ", ".join(f"{f:.0f} m at {d}" for f, d in zip(fronts, ANGLES, strict=True))
    return CaseResult(
        [
            Finding(
                "fed_plane_peaks",
                max(abs(e) for e in errors),
                goal=0.014,
                note="against DG2: " + ", ".join(f"{e:+.1%}" for e in errors),
            ),
            Finding(
                "fed_plane_front_by_angle", max(fronts) / min(fronts) - 1.0, goal=0.02, note=said
            ),
        ]
    )


CASES = {
    "planes_by_angle": planes_by_angle,
    "diagonal_streets": diagonal_streets,
    "plane_fed_at_an_edge": plane_fed_at_an_edge,
}
