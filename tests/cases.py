"""Small cases made by code, shared by the tests: one function a case."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.clock import Clock, Window
from flood_sim.core.grid import Grid
from flood_sim.drainage.inp import InpFile, read_inp
from flood_sim.ground.infiltration import NoInfiltration
from flood_sim.ground.rainfall import NO_RAIN, Rainfall, rainfall_from_intervals
from flood_sim.ground.terrain import Terrain, terrain_of
from flood_sim.simulation.inputs import DrainageInputs, ModelInputs, NodeInlet
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.settings import SurfaceSettings

START = datetime(2021, 7, 20, 15, tzinfo=timezone(timedelta(hours=8)))
DOUBLE = SurfaceSettings(precision="float64")


class Silent:
    """A recorder that only keeps what a test asks for."""

    def __init__(self, probe: Any = None) -> None:
        self.probe, self.seen = probe, []

    def record(self, simulation: Any, window: Window) -> None:
        if self.probe is not None:
            self.seen.append((window.stop, self.probe(simulation)))


def grid_of(rows: int, columns: int, cell_size_m: float = 1.0) -> Grid:
    return Grid(rows, columns, cell_size_m, 0.0, rows * cell_size_m)


def flat(
    rows: int, columns: int, cell_size_m: float = 1.0, level_m: float = 0.0, manning_n: float = 0.03
) -> Terrain:
    grid = grid_of(rows, columns, cell_size_m)
    return terrain_of(grid, np.full(grid.shape, level_m), manning_n)


def rough_case(
    rows: int, columns: int, seed: int, wall_share: float = 0.1
) -> tuple[Terrain, np.ndarray]:
    """Random bed, walls, roughness and puddles on a slight slope: terrain and depth."""
    rng = np.random.default_rng(seed)
    bed = rng.random((rows, columns)) * 0.6 - 0.01 * np.arange(columns)
    bed[rng.random(bed.shape) < wall_share] = np.nan
    depth = np.where(rng.random(bed.shape) < 0.5, 0.0, rng.random(bed.shape) * 0.5)
    return terrain_of(
        grid_of(rows, columns, 4.0), bed, rng.uniform(0.01, 0.1, bed.shape)
    ), np.where(np.isfinite(bed), depth, 0.0)


def steady_rain(rate_mm_h: float, duration_s: float) -> Rainfall:
    return rainfall_from_intervals(
        "steady", np.array([0.0, duration_s]), np.array([rate_mm_h * duration_s / 3600.0])
    )


def advance(surface: SurfaceFlow, stop_s: float, window_s: float = 5.0, each: Any = None) -> None:
    while surface.time_s < stop_s - 1e-9:
        surface.advance(Window(surface.time_s, min(surface.time_s + window_s, stop_s)))
        if each is not None:
            each(surface)


def inp_text(
    *,
    junctions: str = "",
    outfalls: str = "",
    storage: str = "",
    conduits: str = "",
    xsections: str = "",
    inflows: str = "",
    timeseries: str = "",
    curves: str = "",
) -> str:
    """A SWMM file in CMS with DYNWAVE; each argument is the body of its section."""
    parts = {
        "TITLE": "case",
        "OPTIONS": (
            "FLOW_UNITS CMS\nFLOW_ROUTING DYNWAVE\nLINK_OFFSETS DEPTH\nINERTIAL_DAMPING"
            " PARTIAL\nMIN_SURFAREA 1.167\nHEAD_TOLERANCE 0.0005\nMAX_TRIALS 20\n"
        ),
        "JUNCTIONS": junctions,
        "OUTFALLS": outfalls,
        "STORAGE": storage,
        "CONDUITS": conduits,
        "XSECTIONS": xsections,
        "INFLOWS": inflows,
        "TIMESERIES": timeseries,
        "CURVES": curves,
    }
    return "\n".join(f"[{name}]\n{body}\n" for name, body in parts.items() if body)


def write_inp(folder: Path, text: str) -> InpFile:
    path = folder / "case.inp"
    path.write_text(text, encoding="utf-8")
    return read_inp(path)


def coupled_inputs(
    terrain: Terrain,
    network: InpFile,
    inlets: list[NodeInlet],
    *,
    duration_s: float,
    window_s: float = 2.0,
    routing_step_s: float = 1.0,
    rainfall: Rainfall = NO_RAIN,
    depth: Any = 0.0,
    settings: SurfaceSettings = SurfaceSettings(precision="float64"),
    **rest: Any,
) -> ModelInputs:
    drainage = DrainageInputs(network, tuple(inlets), _cells(inlets), routing_step_s)
    return ModelInputs(
        "case",
        Clock(START, duration_s, window_s, duration_s),
        terrain,
        rainfall,
        NoInfiltration(),
        settings,
        depth,
        drainage=drainage,
        **rest,
    )


def _cells(inlets: list[NodeInlet]) -> dict[str, tuple[tuple[int, int], ...]]:
    cells: dict[str, tuple[tuple[int, int], ...]] = {}
    for i in inlets:
        cells[i.node] = tuple(dict.fromkeys((*cells.get(i.node, ()), (i.row, i.column))))
    return cells
