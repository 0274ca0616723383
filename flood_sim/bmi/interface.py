"""The Basic Model Interface of a scenario. A subclass of `bmipy.Bmi` where bmipy is installed, the
same methods without it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from bmipy import Bmi  # type: ignore[import-not-found]
except ImportError:  # the interface is its methods
    Bmi = object

from flood_sim.bmi.process import ModelProcess
from flood_sim.bmi.variables import CELLS, INFLOW, INPUTS, OUTPUTS, TOTALS, VARIABLES, Variable

MOMENT_S = 1e-9


class BmiFloodSim(Bmi):  # type: ignore[misc]
    """Surface, sewers and sites of one scenario, in a process of its own: any number of instances
    run side by side in one program.

    Grid 0: cells, row 0 in the south; grids 1, 2, 3, 5: points (edges with a stage, inflows, nodes,
    outfalls); grid 4: one number for the model. Set values hold from the next step on, in place of
    the scenario's series. Nothing is written but SWMM's own scratch files. Errors of the scenario
    are InputError, a run that fails or a process that ends is RunFailedError; the values are then
    those of the moment at which it stopped.
    """

    def __init__(self) -> None:
        self._process: ModelProcess | None = None

    @property
    def _model(self) -> ModelProcess:
        if self._process is None:
            raise RuntimeError("the model is not initialized: call initialize(scenario file) first")
        return self._process

    # -------------------------------------------------------------------------------------- control

    def initialize(self, config_file: str) -> None:
        """Start the model of a scenario file, `#portfolio` behind it where one is wanted. A model
        that runs in this instance is ended.

        Raises InputError with all findings, as `flood-sim check` tells them.
        """
        self.finalize()
        process = ModelProcess(str(config_file))
        self._points = {
            int(grid): np.array(xy, float).reshape(-1, 2)
            for grid, xy in process.facts["points"].items()
        }
        self._process = process

    def update(self) -> None:
        """One coupling window, or what is left of it."""
        self.update_until(min(self.get_current_time() + self.get_time_step(), self.get_end_time()))

    def update_until(self, time: float) -> None:
        """To this time (s), in windows of the scenario. With sewers it is whole seconds and a
        multiple of their routing step.

        Raises ValueError for a time that does not fit; InstabilityError, VolumeLedgerError,
        DrainageError (all RunFailedError) as a run does.
        """
        now, routing = self.get_current_time(), self._model.facts["routing_step_s"]
        if not now <= time <= self.get_end_time():
            raise ValueError(f"time {time} s lies outside {now} to {self.get_end_time()} s")
        if routing is not None and any(
            abs(time / step - round(time / step)) > MOMENT_S for step in (1.0, routing)
        ):
            raise ValueError(
                f"time {time} s: with sewers, whole seconds and a multiple of routing_step_s,"
                f" {routing:g} s"
            )
        self._model.ask("update", until_s=float(time))

    def finalize(self) -> None:
        """End the model's process and remove its scratch files; safe to call twice. Arrays that
        were handed out stay readable.
        """
        process, self._process = self._process, None
        if process is not None:
            process.end("the model was finalized")

    # ----------------------------------------------------------------------------------------- time

    def get_start_time(self) -> float:
        return 0.0

    def get_current_time(self) -> float:
        return float(self._model.time_s)

    def get_end_time(self) -> float:
        return float(self._model.facts["end_s"])

    def get_time_step(self) -> float:
        return float(self._model.facts["step_s"])

    def get_time_units(self) -> str:
        return "s"

    # ------------------------------------------------------------------------------------ variables

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
        return _variable(name).grid

    def get_var_type(self, name: str) -> str:
        return str(self.get_value_ptr(name).dtype)

    def get_var_units(self, name: str) -> str:
        return _variable(name).unit

    def get_var_itemsize(self, name: str) -> int:
        return int(self.get_value_ptr(name).itemsize)

    def get_var_nbytes(self, name: str) -> int:
        return int(self.get_value_ptr(name).nbytes)

    def get_var_location(self, name: str) -> str:
        _variable(name)
        return "node"

    def get_value_ptr(self, name: str) -> np.ndarray:
        """(n,) float64, read-only, always the same array: every step shows in it."""
        _variable(name)
        return self._model.values[name]

    def get_value(self, name: str, dest: np.ndarray) -> np.ndarray:
        """Copy the values (n,) into dest. Raises ValueError where it has another size, TypeError
        where it takes no float64.
        """
        return _filled(dest, self.get_value_ptr(name))

    def get_value_at_indices(self, name: str, dest: np.ndarray, inds: np.ndarray) -> np.ndarray:
        """Copy the values at flat places inds (k,) into dest (k,). Raises IndexError outside 0 to
        n - 1.
        """
        values = self.get_value_ptr(name)
        return _filled(dest, values[_places(name, inds, values.size)])

    def set_value(self, name: str, src: np.ndarray) -> None:
        """Stages (m) or inflows (m3/s), one for each place, or one for all."""
        self.set_value_at_indices(name, np.arange(self.get_value_ptr(name).size), src)

    def set_value_at_indices(self, name: str, inds: np.ndarray, src: np.ndarray) -> None:
        """Stages (m) and inflows (m3/s, not below zero). Raises KeyError for what cannot be set,
        IndexError for a place that is not there, ValueError for what is no number or not one for
        each place; nothing is set then."""
        _variable(name)
        if name not in INPUTS:
            raise KeyError(f"{name} cannot be set; {', '.join(INPUTS)} can")
        places, values = (
            _places(name, inds, self.get_value_ptr(name).size),
            np.asarray(src, float).ravel(),
        )
        if not np.isfinite(values).all() or (name == INFLOW and (values < 0.0).any()):
            raise ValueError(
                f"{name}: finite values{', not below zero' if name == INFLOW else ''}, given"
                f" {values.tolist()[:5]}"
            )
        if values.size not in (1, places.size):
            raise ValueError(f"{name}: {places.size} places, {values.size} values")
        self._model.ask(
            "set",
            name=name,
            places=places.tolist(),
            values=np.broadcast_to(values, places.shape).tolist(),
        )

    # ---------------------------------------------------------------------------------------- grids

    def get_grid_rank(self, grid: int) -> int:
        self.get_grid_size(grid)
        return 0 if grid == TOTALS else 2

    def get_grid_size(self, grid: int) -> int:
        sizes = self._model.sizes
        if grid not in sizes:
            raise KeyError(f"grid {grid} is not there; {', '.join(map(str, sorted(sizes)))} are")
        return sizes[grid]

    def get_grid_type(self, grid: int) -> str:
        self.get_grid_size(grid)
        return {CELLS: "uniform_rectilinear", TOTALS: "scalar"}.get(grid, "unstructured")

    def get_grid_shape(self, grid: int, shape: np.ndarray) -> np.ndarray:
        """(2,) rows, columns."""
        self._only_cells(grid)
        shape[:] = self._model.facts["shape"]
        return shape

    def get_grid_spacing(self, grid: int, spacing: np.ndarray) -> np.ndarray:
        """(2,) m, of rows and of columns."""
        self._only_cells(grid)
        spacing[:] = self._model.facts["cell_m"]
        return spacing

    def get_grid_origin(self, grid: int, origin: np.ndarray) -> np.ndarray:
        """(2,) m: centre of the south-western cell, y and x."""
        self._only_cells(grid)
        origin[:] = self._model.facts["y_m"][0], self._model.facts["x_m"][0]
        return origin

    def get_grid_x(self, grid: int, x: np.ndarray) -> np.ndarray:
        """(columns,) m of the cells, or (n,) m of points."""
        return _filled(
            x, self._model.facts["x_m"] if grid == CELLS else self._of_points(grid)[:, 0]
        )

    def get_grid_y(self, grid: int, y: np.ndarray) -> np.ndarray:
        """(rows,) m of the cells, or (n,) m of points."""
        return _filled(
            y, self._model.facts["y_m"] if grid == CELLS else self._of_points(grid)[:, 1]
        )

    def get_grid_z(self, grid: int, z: np.ndarray) -> np.ndarray:
        """Raises NotImplementedError, whatever the array (n,): not of these grids."""
        raise NotImplementedError("these grids lie in a plane")

    def get_grid_node_count(self, grid: int) -> int:
        return self.get_grid_size(grid)

    def get_grid_edge_count(self, grid: int) -> int:
        self.get_grid_size(grid)
        return 0

    def get_grid_face_count(self, grid: int) -> int:
        self.get_grid_size(grid)
        return 0

    def get_grid_edge_nodes(self, grid: int, edge_nodes: np.ndarray) -> np.ndarray:
        """Raises NotImplementedError, whatever the array (n,): not of these grids."""
        return self._no_mesh()

    def get_grid_face_edges(self, grid: int, face_edges: np.ndarray) -> np.ndarray:
        """Raises NotImplementedError, whatever the array (n,): not of these grids."""
        return self._no_mesh()

    def get_grid_face_nodes(self, grid: int, face_nodes: np.ndarray) -> np.ndarray:
        """Raises NotImplementedError, whatever the array (n,): not of these grids."""
        return self._no_mesh()

    def get_grid_nodes_per_face(self, grid: int, nodes_per_face: np.ndarray) -> np.ndarray:
        """Raises NotImplementedError, whatever the array (n,): not of these grids."""
        return self._no_mesh()

    def _no_mesh(self) -> Any:
        raise NotImplementedError("no grid here has edges or faces")

    def _only_cells(self, grid: int) -> None:
        self.get_grid_size(grid)
        if grid != CELLS:
            raise NotImplementedError(
                "only the cells, grid 0, have a shape, a spacing and an origin"
            )

    def _of_points(self, grid: int) -> np.ndarray:
        self.get_grid_size(grid)
        if grid == TOTALS:
            raise NotImplementedError("one number for the whole model has no place")
        return self._points[grid]


def _variable(name: str) -> Variable:
    if name not in VARIABLES:
        raise KeyError(f"{name} is no variable; {', '.join(VARIABLES)} are")
    return VARIABLES[name]


def _places(name: str, inds: np.ndarray, size: int) -> np.ndarray:
    """Flat places, checked."""
    places = np.asarray(inds).ravel()
    if places.size and (places.dtype.kind not in "iu" or places.min() < 0 or places.max() >= size):
        raise IndexError(
            f"{name}: places are whole numbers from 0 to {size - 1}, given {places.tolist()[:5]}"
        )
    return places.astype(np.int64)


def _filled(dest: np.ndarray, values: Any) -> np.ndarray:
    """Values copied into an array of as many, never cut to whole numbers."""
    values = np.asarray(values, float)
    if np.shape(dest) != values.shape:
        raise ValueError(
            f"{values.size} values, an array of shape {np.shape(dest)} given: it must be flat and"
            " as long"
        )
    np.copyto(dest, values, casting="same_kind")
    return dest
