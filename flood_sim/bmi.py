"""flood_sim behind the Basic Model Interface (BMI 2.0, Hutton et al. 2020, doi 10.21105/joss.02317), for coupling with other models.

A subclass of `bmipy.Bmi` where bmipy is installed, the same methods without it. The configuration is a scenario file, with a portfolio after `#`
where one is wanted.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

try:
    from bmipy import Bmi  # type: ignore[import-not-found]
except ImportError:  # the interface is its methods
    Bmi = object

from flood_sim.clock import Window
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation import Simulation

CELLS, EDGES, INFLOWS, NODES = range(4)  # grids
DEPTH, BED = "land_surface_water__depth", "land_surface__elevation"
EAST, NORTH = "land_surface_water_flow__x_component_of_velocity", "land_surface_water_flow__y_component_of_velocity"
HEAD = "drainage_node_water__head"
STAGE, INFLOW = "land_surface_boundary_water__elevation", "land_surface_inflow_water__volume_flow_rate"


@dataclass(frozen=True)
class Variable:
    """Grid and unit of a variable."""

    grid: int
    unit: str


OUTPUTS = {
    DEPTH: Variable(CELLS, "m"),
    BED: Variable(CELLS, "m"),
    EAST: Variable(CELLS, "m s-1"),
    NORTH: Variable(CELLS, "m s-1"),
    HEAD: Variable(NODES, "m"),
}
INPUTS = {STAGE: Variable(EDGES, "m"), INFLOW: Variable(INFLOWS, "m3 s-1")}


class BmiFloodSim(Bmi):  # type: ignore[misc]
    """Surface, sewers and sites of one scenario. Grid 0: cells, row 0 in the south; grids 1 to 3: points (edges with a stage, inflows, nodes).

    Set values hold from the next step on, in place of the scenario's series. Nothing is written but SWMM's own scratch files.
    """

    _simulation: Simulation
    _folder: Path

    # ------------------------------------------------------------------------------------------------------------ control

    def initialize(self, config_file: str) -> None:
        path, _, portfolio = str(config_file).partition("#")
        inputs = build_inputs(load_scenario(path), portfolio or "baseline")
        self._folder = Path(tempfile.mkdtemp(prefix="flood_sim_bmi_"))
        self._simulation = Simulation(inputs, self._folder)
        self._clock, self._grid = inputs.clock, inputs.terrain.grid
        surface, network = self._simulation.surface, inputs.drainage
        self._edges = [e for e in surface.edges if e.stage is not None]
        where = network.network.coordinates() if network is not None else {}
        self._nodes = list(self._simulation.network.node_ids)
        cell = self._grid.cell_size_m
        self._points = {
            EDGES: np.array([self._middle(e.cells) for e in self._edges]).reshape(-1, 2),
            INFLOWS: np.array([self._middle(i.cells) for i in surface.inflows]).reshape(-1, 2),
            NODES: np.array([where.get(n, (math.nan, math.nan)) for n in self._nodes]).reshape(-1, 2),
        }
        self._origin = np.array([self._grid.north_m - cell * (self._grid.rows - 0.5), self._grid.west_m + 0.5 * cell])
        self._values = {name: np.zeros(self.get_grid_size(v.grid)) for name, v in (OUTPUTS | INPUTS).items()}
        self._values[BED][:] = inputs.terrain.bed_elevation[::-1].ravel()
        for k, edge in enumerate(self._edges):
            self._values[STAGE][k] = edge.stage.at(0.0) if edge.stage is not None else math.nan
        for k, inflow in enumerate(surface.inflows):
            self._values[INFLOW][k] = inflow.discharge.at(0.0)
        self._refresh()

    def _middle(self, cells: np.ndarray) -> tuple[float, float]:
        return float(self._grid.x_m[cells[:, 1]].mean()), float(self._grid.y_m[cells[:, 0]].mean())

    def update(self) -> None:
        self.update_until(min(self.get_current_time() + self.get_time_step(), self.get_end_time()))

    def update_until(self, time: float) -> None:
        """To this time (s), in windows of the scenario; raises ValueError before now or after the end."""
        now = self.get_current_time()
        if not now <= time <= self.get_end_time():
            raise ValueError(f"time {time} s lies outside {now} to {self.get_end_time()} s")
        while now < time - 1e-9:
            window = Window(now, min(now + self._clock.window_s, time))
            self._simulation.advance(window)
            now = window.stop
        self._refresh()

    def _refresh(self) -> None:
        surface = self._simulation.surface
        east, north = surface.velocity()
        for name, field in ((DEPTH, surface.depth), (EAST, east), (NORTH, north)):
            self._values[name][:] = field[::-1].ravel()
        self._values[HEAD][:] = self._simulation.network.heads() if self._nodes else 0.0

    def finalize(self) -> None:
        self._simulation.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # --------------------------------------------------------------------------------------------------------------- time

    def get_start_time(self) -> float:
        return 0.0

    def get_current_time(self) -> float:
        return float(self._simulation.time_s)

    def get_end_time(self) -> float:
        return float(self._clock.duration_s)

    def get_time_step(self) -> float:
        return float(self._clock.window_s)

    def get_time_units(self) -> str:
        return "s"

    # ---------------------------------------------------------------------------------------------------------- variables

    def get_component_name(self) -> str:
        return "flood_sim"

    def _there(self, names: dict[str, Variable]) -> tuple[str, ...]:
        """Those that this scenario has places for (a scenario without sewers has no heads)."""
        return tuple(n for n, v in names.items() if self.get_grid_size(v.grid) > 0)

    def get_input_item_count(self) -> int:
        return len(self.get_input_var_names())

    def get_output_item_count(self) -> int:
        return len(self.get_output_var_names())

    def get_input_var_names(self) -> tuple[str, ...]:
        return self._there(INPUTS)

    def get_output_var_names(self) -> tuple[str, ...]:
        return self._there(OUTPUTS)

    def get_var_grid(self, name: str) -> int:
        return (OUTPUTS | INPUTS)[name].grid

    def get_var_type(self, name: str) -> str:
        return str(self._values[name].dtype)

    def get_var_units(self, name: str) -> str:
        return (OUTPUTS | INPUTS)[name].unit

    def get_var_itemsize(self, name: str) -> int:
        return int(self._values[name].itemsize)

    def get_var_nbytes(self, name: str) -> int:
        return int(self._values[name].nbytes)

    def get_var_location(self, name: str) -> str:
        return "node"

    def get_value_ptr(self, name: str) -> np.ndarray:
        return self._values[name]

    def get_value(self, name: str, dest: np.ndarray) -> np.ndarray:
        dest[:] = self._values[name]
        return dest

    def get_value_at_indices(self, name: str, dest: np.ndarray, inds: np.ndarray) -> np.ndarray:
        dest[:] = self._values[name][inds]
        return dest

    def set_value(self, name: str, src: np.ndarray) -> None:
        self.set_value_at_indices(name, np.arange(self._values[name].size), np.broadcast_to(src, self._values[name].shape))

    def set_value_at_indices(self, name: str, inds: np.ndarray, src: np.ndarray) -> None:
        """Stages (m) and inflows (m3/s, not below zero). Raises KeyError for what cannot be set, ValueError for what is no number."""
        if name not in INPUTS:
            raise KeyError(f"{name} cannot be set; {', '.join(INPUTS)} can")
        values = np.asarray(src, float).ravel()
        if not np.isfinite(values).all() or (name == INFLOW and (values < 0.0).any()):
            raise ValueError(f"{name}: finite values{', not below zero' if name == INFLOW else ''}, given {values.tolist()[:5]}")
        self._values[name][inds] = values
        surface = self._simulation.surface
        for k, value in zip(np.ravel(inds).tolist(), values.tolist(), strict=True):
            if name == STAGE:
                surface.held_stage_m[self._edges[k].name] = value
            else:
                surface.held_inflow_m3_s[surface.inflows[k].name] = value

    # -------------------------------------------------------------------------------------------------------------- grids

    def get_grid_rank(self, grid: int) -> int:
        return 2

    def get_grid_size(self, grid: int) -> int:
        return self._grid.rows * self._grid.columns if grid == CELLS else len(self._points[grid])

    def get_grid_type(self, grid: int) -> str:
        return "uniform_rectilinear" if grid == CELLS else "unstructured"

    def get_grid_shape(self, grid: int, shape: np.ndarray) -> np.ndarray:
        self._only_cells(grid)
        shape[:] = self._grid.rows, self._grid.columns
        return shape

    def get_grid_spacing(self, grid: int, spacing: np.ndarray) -> np.ndarray:
        self._only_cells(grid)
        spacing[:] = self._grid.cell_size_m
        return spacing

    def get_grid_origin(self, grid: int, origin: np.ndarray) -> np.ndarray:
        """Centre of the south-western cell: y, x."""
        self._only_cells(grid)
        origin[:] = self._origin
        return origin

    def get_grid_x(self, grid: int, x: np.ndarray) -> np.ndarray:
        x[:] = self._grid.x_m if grid == CELLS else self._points[grid][:, 0]
        return x

    def get_grid_y(self, grid: int, y: np.ndarray) -> np.ndarray:
        y[:] = self._grid.y_m[::-1] if grid == CELLS else self._points[grid][:, 1]
        return y

    def get_grid_z(self, grid: int, z: np.ndarray) -> np.ndarray:
        raise NotImplementedError("these grids lie in a plane")

    def get_grid_node_count(self, grid: int) -> int:
        return self.get_grid_size(grid)

    def get_grid_edge_count(self, grid: int) -> int:
        return 0

    def get_grid_face_count(self, grid: int) -> int:
        return 0

    def get_grid_edge_nodes(self, grid: int, edge_nodes: np.ndarray) -> np.ndarray:
        return self._no_mesh()

    def get_grid_face_edges(self, grid: int, face_edges: np.ndarray) -> np.ndarray:
        return self._no_mesh()

    def get_grid_face_nodes(self, grid: int, face_nodes: np.ndarray) -> np.ndarray:
        return self._no_mesh()

    def get_grid_nodes_per_face(self, grid: int, nodes_per_face: np.ndarray) -> np.ndarray:
        return self._no_mesh()

    def _no_mesh(self) -> Any:
        raise NotImplementedError("no grid here has edges or faces")

    def _only_cells(self, grid: int) -> None:
        if grid != CELLS:
            raise NotImplementedError("points have no shape, spacing or origin")
