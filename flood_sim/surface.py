"""The water on the ground: owns depth and discharge on the padded grid and brings them to a time it is told. Knows no sewer, no calendar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flood_kernels import local_inertial as kernels
from flood_kernels import statistics
from flood_sim.boundaries import LEAST_OUTFLOW_SLOPE, EdgeBoundary, Inflow, Section
from flood_sim.clock import Window
from flood_sim.constants import GRAVITY_M_S2
from flood_sim.errors import RunFailedError, TimeStepError
from flood_sim.infiltration import Infiltration, NoInfiltration
from flood_sim.rainfall import NO_RAIN, Rainfall
from flood_sim.surface_arrays import LEFT, TOP, Inlet, aligned, empty_maxima, make_inlets
from flood_sim.terrain import Terrain

CELLS_A_THREAD = 100_000  # below this a second thread costs more than it brings (62,500 cells beside SWMM: 8.3 s with two, 7.5 with one)
SAMPLING_S = 10.0  # maxima are sampled at the first window's end after this long: at every window they cost a third of the surface
OVERFALL_M = 1000.0  # ghost bed below a critical outflow: the Froude limiter sets the discharge
FLOATS = {"float32": np.float32, "float64": np.float64}


@dataclass(frozen=True)
class SurfaceSettings:
    """Numbers of the scheme; see NUMERICS in the documentation. courant_coupled applies where a sewer inlet stands in the cell."""

    precision: str = "float32"
    theta: float = 0.9
    courant: float = 0.7
    courant_coupled: float = 0.5
    froude_max: float = 1.0
    dry_depth_m: float = 1.0e-4
    largest_step_s: float = 10.0
    smallest_step_s: float = 1.0e-3
    threads: int = 1
    threads_by_size: bool = False  # fewer threads than asked where the grid is too small to feed them


class SurfaceFlow:
    """Local inertial flow on a Terrain.

    Volumes are m3 since the start; `inlet_capture` (nodes,) and `return_volumes` are the two hands held out to the exchange:
    the surface does not know who fills them.
    """

    scheme = "local_inertial"

    def __init__(
        self,
        terrain: Terrain,
        settings: SurfaceSettings = SurfaceSettings(),
        *,
        rainfall: Rainfall = NO_RAIN,
        infiltration: Infiltration | None = None,
        depth: np.ndarray | float = 0.0,
        edges: Sequence[EdgeBoundary] = (),
        inflows: Sequence[Inflow] = (),
        inlets: Sequence[Inlet] = (),
        returns: np.ndarray | None = None,
        nodes: int = 0,
        sections: Sequence[Section] = (),
        weir_coefficient: float = 1.594,
        orifice_coefficient: float = 0.6,
    ) -> None:
        """depth : m, number or (rows, columns);  returns : (n, 2) cells that receive water from the network;  nodes : of the network."""
        self.terrain, self.grid, self.settings = terrain, terrain.grid, settings
        self.infiltration = infiltration or NoInfiltration()
        self.rainfall, self.edges, self.inflows = rainfall, tuple(edges), tuple(inflows)
        self.sections = tuple(sections)
        self._float = FLOATS[settings.precision]
        self._view = (slice(TOP, TOP + self.grid.rows), slice(LEFT, LEFT + self.grid.columns))
        self._allocate(depth, inlets)
        self._rain = kernels.Rain(np.asarray(rainfall.time_s, float), np.asarray(rainfall.cumulative_m, float), np.zeros(1))
        self._rain.applied[0] = rainfall.depth_until(0.0)
        self._rain_start = float(self._rain.applied[0])
        self._sources, self._inflow_slices, self.return_slice = self._make_sources(returns)
        self._inlets = make_inlets(inlets, nodes, self.terrain_datum)
        self._boundaries, self._edge_slices = self._make_boundaries()
        self._sections = self._make_sections()
        s = settings
        self._limits = np.array([s.courant, s.courant_coupled, s.largest_step_s, s.smallest_step_s, weir_coefficient, orifice_coefficient, 1.0])
        self.time_s, self.steps = 0.0, 0
        self.infiltrated_volume = self.inflow_volume = self.boundary_in = self.boundary_out = 0.0
        self.section_volume = np.zeros(len(self.sections))
        self.smallest_step_s = math.inf
        self._unsampled_s = 0.0
        self._deepest = float(self.depth.max(initial=0.0))
        self.maxima = empty_maxima(self.grid.shape)

    # ------------------------------------------------------------------------------------------------ what others read

    @property
    def depth(self) -> np.ndarray:
        """(rows, columns) view, m; 0 in inactive cells."""
        return self._cells.depth[self._view]

    @property
    def threads(self) -> int:
        """Bands that run side by side."""
        return len(self._band_rows) - 1

    @property
    def volume(self) -> float:
        """Water on the ground, m3, with what rounding owes (float64)."""
        owed = self._cells.carry[self._view].sum(dtype=np.float64)
        return float(self.depth.sum(dtype=np.float64) + owed) * self.grid.cell_area_m2

    @property
    def rain_volume(self) -> float:
        """Rain since the start: cumulative series x catchment, never a sum over steps (m3)."""
        fallen = self.rainfall.depth_until(self.time_s) - self._rain_start
        return fallen * self.terrain.catchment_area_m2

    @property
    def pending_volume(self) -> float:
        """Returned water not yet in its cell (m3): float32 remainders carried to the next window."""
        return float(self._sources.pending[self.return_slice].sum())

    @property
    def returned_volume(self) -> float:
        """Returned water that reached its cell since the start (m3), as the depths show it."""
        return float(self._sources.delivered[self.return_slice].sum())

    @property
    def return_volumes(self) -> np.ndarray:
        """(returns,) m3 to be put into their cells during the next window; the exchange adds to it."""
        return self._sources.pending[self.return_slice]

    @property
    def inlet_acceptance(self) -> np.ndarray:
        """(nodes,) m3/s a node takes during the next window; the exchange sets it."""
        return self._inlets.acceptance

    @property
    def inlet_capture(self) -> np.ndarray:
        """(nodes,) m3 taken from the street in the last window."""
        return self._inlets.captured

    @property
    def inlet_offered(self) -> np.ndarray:
        """(nodes,) m3 the inlet law alone would have taken in the last window."""
        return self._inlets.offered

    def stage_at(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Water surface elevation (m) of cells, float64."""
        return self.terrain.bed_elevation[row, column] + self.depth[row, column].astype(float)

    def velocity(self) -> tuple[np.ndarray, np.ndarray]:
        """Velocity towards east and north in cell centres (rows, columns) m/s, 0 where shallower than 1 mm."""
        east, north = np.zeros(self.grid.shape, np.float32), np.zeros(self.grid.shape, np.float32)
        statistics.cell_velocity(self._cells.depth, self._cells.bed, self._faces.qx, self._faces.qy, TOP, LEFT, east, north)
        return east, north

    # ----------------------------------------------------------------------------------------------------- time stepping

    def advance(self, window: Window) -> None:
        """Bring depth and discharge to window.stop in stable steps; raises TimeStepError where the stable step collapses."""
        self._prepare(window)
        status, reached, steps, self._deepest, smallest = kernels.advance_window(
            window.start,
            window.stop,
            self._deepest,
            self._band_rows,
            LEFT,
            LEFT + self.grid.columns,
            self._cells,
            self._faces,
            self._scratch,
            self._scheme,
            self._rain,
            self._sources,
            self._inlets,
            self._boundaries,
            self._sections,
            self._limits,
        )
        self.time_s, self.steps = reached, self.steps + steps
        self.smallest_step_s = min(self.smallest_step_s, smallest)
        self._book(window)
        if status != kernels.OK:
            self._explain_collapse(smallest)

    def _prepare(self, window: Window) -> None:
        self._inlets.captured[:] = 0.0
        self._inlets.offered[:] = 0.0
        for inflow, part in zip(self.inflows, self._inflow_slices, strict=True):
            volume = inflow.discharge.integral(window.start, window.stop)
            self._sources.pending[part] += volume / (part.stop - part.start)
            self.inflow_volume += volume
        for edge, part in zip(self.edges, self._edge_slices, strict=True):
            if edge.stage is not None:
                self._boundaries.stage_start[part] = edge.stage.at(window.start) - self.terrain_datum
                self._boundaries.stage_stop[part] = edge.stage.at(window.stop) - self.terrain_datum
        for book in (self._boundaries.face_volume_in, self._boundaries.face_volume_out, self._sections.volume):
            book[:] = 0.0

    def _book(self, window: Window) -> None:
        ghosts = (self._boundaries.row, self._boundaries.column)
        self._cells.depth[ghosts] = self._cells.carry[ghosts] = 0.0  # set anew each step; between windows they are no water of the model
        self.boundary_in += float(self._boundaries.face_volume_in.sum())
        self.boundary_out += float(self._boundaries.face_volume_out.sum())
        self.section_volume += self._sections.volume
        taken = self.infiltration.take(self._cells.depth, TOP, LEFT, window.length)
        self.infiltrated_volume += taken * self.grid.cell_area_m2
        self._unsampled_s += window.length
        if self._unsampled_s >= SAMPLING_S - 1e-9:
            self.sample_maxima()

    def sample_maxima(self) -> None:
        """Fold the present state into the running maxima; ponding time counts what has passed since the last sample."""
        cells, faces = self._cells, self._faces
        statistics.update_maxima(cells.depth, cells.bed, faces.qx, faces.qy, TOP, LEFT, self.maxima, self.time_s, self._unsampled_s)
        self._unsampled_s = 0.0

    def section_discharge(self, window: Window) -> np.ndarray:
        """(sections,) mean discharge of the last window, m3/s."""
        return self._sections.volume / window.length

    def undelivered_inflow(self) -> float:
        """Inflow booked but not yet in its cell (m3): float32 remainders."""
        return float(self._sources.pending[: self.return_slice.start].sum())

    def _explain_collapse(self, step_s: float) -> None:
        depth = np.nan_to_num(self.depth.astype(float), nan=np.inf)
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        x, y = self.grid.x_m[column], self.grid.y_m[row]
        where = f"row {row}, column {column}, x {x:.1f}, y {y:.1f} m, depth {self.depth[row, column]:.2f} m"
        raise TimeStepError(
            f"the stable time step fell to {step_s * 1000:.3f} ms (smallest allowed {self.settings.smallest_step_s * 1000:g} ms) at "
            f"{self.time_s:.1f} s; deepest cell: {where}. Likely a pit in the terrain or a wrong inflow unit."
        )

    # ---------------------------------------------------------------------------------------------------------- building

    def _allocate(self, depth: np.ndarray | float, inlets: Sequence[Inlet]) -> None:
        rows, columns, real = self.grid.rows, self.grid.columns, self._float
        width = LEFT + (columns + kernels.LANES) // kernels.LANES * kernels.LANES + kernels.LANES
        shape = (rows + 2 * TOP, width)
        active = self.terrain.active
        if not active.any():
            raise RunFailedError("the terrain has no active cell")
        ground = self.terrain.bed_elevation[active]
        self.terrain_datum = float(np.floor(ground.min()))  # float32 holds differences of small numbers
        bed, initial, friction, weight = (aligned(shape, real) for _ in range(4))
        bed[...] = kernels.WALL
        bed[self._view] = np.where(active, self.terrain.bed_elevation - self.terrain_datum, kernels.WALL)
        initial[self._view] = np.where(active, depth, 0.0)
        friction[self._view] = 0.5 * GRAVITY_M_S2 * self.terrain.manning_n**2
        weight[self._view] = self.terrain.rain_weight
        for inlet in inlets:
            j, i = inlet.row + TOP, inlet.column + LEFT
            friction[j, i] = -abs(friction[j, i])
        self._cells = kernels.Cells(initial, aligned(shape, real), bed, friction, weight)
        self._faces = kernels.Faces(aligned(shape, real), aligned(shape, real))
        worthwhile = max(1, rows * columns // CELLS_A_THREAD) if self.settings.threads_by_size else rows
        bands = max(1, min(self.settings.threads, rows // 8, worthwhile))
        self._band_rows = np.linspace(TOP, TOP + rows, bands + 1).astype(np.int64)
        self._scratch = kernels.Scratch(
            *(aligned((bands, k, width), real) for k in (4, 2, 5, 4, 4, 4)), aligned((bands, width), real), aligned((bands, width), real)
        )
        self._scratch.share[...] = 1.0
        s = self.settings
        froude_speed = s.froude_max * math.sqrt(GRAVITY_M_S2)
        numbers = (self.grid.cell_size_m, s.theta, froude_speed, s.dry_depth_m, GRAVITY_M_S2, 7.0 / 3.0, 35.0 / 9.0)
        self._scheme = kernels.Scheme(*[real(v) for v in numbers])

    def _make_sources(self, returns: np.ndarray | None) -> tuple[kernels.Sources, list[slice], slice]:
        lists = [inflow.cells for inflow in self.inflows] + [np.zeros((0, 2), np.int64) if returns is None else returns]
        stops = np.cumsum([0] + [len(cells) for cells in lists])
        slices = [slice(int(a), int(b)) for a, b in zip(stops[:-1], stops[1:], strict=True)]
        cells = np.concatenate(lists).astype(np.int64)
        sources = kernels.Sources(cells[:, 0] + TOP, cells[:, 1] + LEFT, np.zeros(len(cells)), np.zeros(len(cells)))
        return sources, slices[:-1], slices[-1]

    def _make_boundaries(self) -> tuple[kernels.Boundaries, list[slice]]:
        """Ghost cells beyond the open edges, and every face between a ghost and a cell of the model (a ghost in a notch has several).

        A ghost that serves several cells takes the lowest of their beds; one that two boundaries claim belongs to the first.
        """
        bed = self._cells.bed
        owner: dict[tuple[int, int], int] = {}
        ghosts: list[tuple[int, int, int, int, bool]] = []
        slices = []
        for number, edge in enumerate(self.edges):
            begin = len(ghosts)
            for (row, column), (down, right) in zip(edge.cells.tolist(), edge.sides.tolist(), strict=True):
                inner = (row + TOP, column + LEFT)
                ghost = (inner[0] + down, inner[1] + right)
                ground = float(bed[inner]) - self._fall_beyond(edge, inner, (down, right))
                if ghost not in owner:
                    owner[ghost] = number
                    ghosts.append((*ghost, *inner, edge.stage is None))
                    bed[ghost] = ground
                    self._cells.friction[ghost] = abs(self._cells.friction[inner])
                elif owner[ghost] == number:
                    bed[ghost] = min(float(bed[ghost]), ground)
            slices.append(slice(begin, len(ghosts)))
        index = np.array([ghost[:4] for ghost in ghosts], np.int64).reshape(-1, 4)
        mirrors = np.array([ghost[4] for ghost in ghosts], bool)
        faces = [face for ghost in owner for face in self._open_faces(ghost)]
        place = np.array([face[1:3] for face in faces], np.int64).reshape(-1, 2)
        count = len(faces)
        boundaries = kernels.Boundaries(
            *(np.ascontiguousarray(index[:, k]) for k in range(4)),
            mirrors,
            np.zeros(len(ghosts)),
            np.zeros(len(ghosts)),
            np.array([face[0] for face in faces], bool),
            np.ascontiguousarray(place[:, 0]),
            np.ascontiguousarray(place[:, 1]),
            np.array([face[3] for face in faces], float),
            np.zeros(count),
            np.zeros(count),
        )
        return boundaries, slices

    def _open_faces(self, ghost: tuple[int, int]) -> list[tuple[bool, int, int, float]]:
        """Faces of a ghost towards active cells: (is_x, row, column, +1 where positive discharge enters the model)."""
        active, found = self.terrain.active, []
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            row, column = ghost[0] + down, ghost[1] + right
            if self.grid.contains(row - TOP, column - LEFT) and active[row - TOP, column - LEFT]:
                found.append((right != 0, max(row, ghost[0]), max(column, ghost[1]), 1.0 if down + right > 0 else -1.0))
        return found

    def _fall_beyond(self, edge: EdgeBoundary, inner: tuple[int, int], side: tuple[int, int]) -> float:
        """How far the ghost's bed lies below the edge cell's: normal depth at the slope; steep slopes end at the Froude limit."""
        if edge.stage is not None:
            return 0.0
        slope = edge.slope
        if slope is None:
            before = float(self._cells.bed[inner[0] - side[0], inner[1] - side[1]])
            own = 0.0 if before >= kernels.WALL / 2 else (before - float(self._cells.bed[inner])) / self.grid.cell_size_m
            slope = max(own, LEAST_OUTFLOW_SLOPE)
        return OVERFALL_M if math.isinf(slope) else slope * self.grid.cell_size_m

    def _make_sections(self) -> kernels.Sections:
        if not self.sections:
            empty = np.zeros(0, np.int64)
            return kernels.Sections(np.zeros(0, bool), empty, empty, np.zeros(0), empty, np.zeros(0))
        cells = np.concatenate([s.cells for s in self.sections])
        owner = np.concatenate([np.full(len(s.cells), k) for k, s in enumerate(self.sections)]).astype(np.int64)
        return kernels.Sections(
            np.concatenate([s.is_x for s in self.sections]),
            cells[:, 0] + TOP,
            cells[:, 1] + LEFT,
            np.concatenate([s.sign for s in self.sections]),
            owner,
            np.zeros(len(self.sections)),
        )

    def __repr__(self) -> str:
        return (
            f"SurfaceFlow ({self.scheme}, {self.settings.precision}, {self.threads} threads) on {self.grid!r}\n"
            f"  time     {self.time_s:.1f} s after {self.steps} steps\n  water    {self.volume:.1f} m3, deepest {float(self.depth.max(initial=0.0)):.3f} m\n"
            f"  open     {len(self.edges)} edges, {len(self.inflows)} inflows, {self._inlets.row.size} inlets"
        )


def estimated_bytes(rows: int, columns: int, precision: str, green_ampt: bool) -> int:
    """Memory of the surface before anything is allocated: 7 padded fields, maxima, terrain in float64, output frames."""
    padded = (rows + 2 * TOP) * (columns + 3 * kernels.LANES)
    return padded * 7 * np.dtype(FLOATS[precision]).itemsize + rows * columns * (21 + 4 * 8 + 4 * 4 + (32 if green_ampt else 0))
