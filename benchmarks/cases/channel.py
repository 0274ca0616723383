"""What the cases share: a setting, a finding, and short ways to build and advance a surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flood_sim.core.clock import Window
from flood_sim.core.grid import Grid
from flood_sim.ground.rain_fields import RainField
from flood_sim.ground.rainfall import NO_RAIN, Rainfall, rainfall_from_intervals
from flood_sim.ground.terrain import Terrain, terrain_of
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, constant, edge_faces
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings


@dataclass(frozen=True)
class Setting:
    """Scheme and precision of a run; threads where the case is large."""

    scheme: str
    precision: str
    threads: int = 2

    @property
    def surface(self) -> SurfaceSettings:
        return SurfaceSettings(
            self.precision,
            scheme=self.scheme,
            threads=self.threads,
            threads_by_size=True,
            dry_depth_m=1e-5,
        )

    def __str__(self) -> str:
        return f"{self.scheme}_{self.precision}"


@dataclass
class Finding:
    """A figure of a case. goal: upper limit, or None; value None with a note where the case does
    not apply.
    """

    name: str
    value: float | None
    unit: str = "1"
    goal: float | None = None
    note: str = ""
    lower: bool = False  # the goal is a lower limit

    @property
    def holds(self) -> bool | None:
        if self.value is None or self.goal is None:
            return None
        return bool(self.value >= self.goal) if self.lower else bool(self.value <= self.goal)


@dataclass
class CaseResult:
    """Findings of one run, and lines for its picture: label -> (x, y)."""

    findings: list[Finding]
    lines: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    axes: tuple[str, str] = ("x, m", "h, m")


def advance(
    surface: SurfaceFlow,
    stop_s: float,
    window_s: float = 4.0,
    each: Callable[[], Any] = lambda: None,
) -> None:
    """Windows of window_s up to stop_s."""
    while surface.time_s < stop_s - 1e-9:
        surface.advance(Window(surface.time_s, min(surface.time_s + window_s, stop_s)))
        each()


def strip(
    bed: np.ndarray, cell_size_m: float, manning_n: float | np.ndarray = 0.0, rows: int = 1
) -> Terrain:
    """A channel of one or more rows along x."""
    return terrain_of(
        Grid(rows, bed.size, cell_size_m, 0.0, rows * cell_size_m),
        np.tile(bed, (rows, 1)),
        manning_n,
    )


def edge_at(terrain: Terrain, side: str) -> tuple[np.ndarray, np.ndarray]:
    return edge_faces(terrain, np.ones(terrain.grid.shape, bool), side)


def inflow(
    terrain: Terrain, side: str, unit_discharge: float, stage: float | None = None
) -> EdgeInflow:
    """m2/s through a whole side."""
    cells, sides = edge_at(terrain, side)
    total = unit_discharge * len(cells) * terrain.grid.cell_size_m
    return EdgeInflow(
        side, cells, sides, constant(total), None if stage is None else constant(stage)
    )


def outlet(
    terrain: Terrain, side: str, stage: float | None = None, slope: float | None = None
) -> EdgeBoundary:
    cells, sides = edge_at(terrain, side)
    return EdgeBoundary(side, cells, sides, None if stage is None else constant(stage), slope)


def steady(rate_m_s: float, duration_s: float) -> Rainfall:
    return rainfall_from_intervals(
        "steady", np.array([0.0, duration_s]), np.array([1000.0 * rate_m_s * duration_s])
    )


def build(
    setting: Setting,
    terrain: Terrain,
    depth: np.ndarray | float = 0.0,
    *,
    rain: Rainfall | RainField = NO_RAIN,
    edges: Sequence[EdgeBoundary] = (),
    inflows: Sequence[EdgeInflow] = (),
    **rest: Any,
) -> SurfaceFlow:
    return SurfaceFlow(
        SurfaceInputs(
            terrain,
            setting.surface,
            rainfall=rain,
            depth=depth,
            edges=edges,
            edge_inflows=inflows,
            **rest,
        )
    )


def set_velocity(surface: SurfaceFlow, u: np.ndarray, v: np.ndarray) -> None:
    """Initial velocity towards +column and +row (second order only)."""
    surface._flow.x[surface._view] = u
    surface._flow.y[surface._view] = v
    surface._state.fastest[0] += float(np.hypot(u, v).max())


def relative_l1(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(found - exact).sum() / np.abs(exact).sum())


def front(x: np.ndarray, depth: np.ndarray, limit: float) -> float:
    """The last place deeper than the limit."""
    wet = np.flatnonzero(depth > limit)
    return float(x[wet[-1]]) if wet.size else float(x[0])
