"""The water on the ground: owns depth and discharge on the padded grid and brings them to a time it
is told. Knows no sewer, no calendar.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from flood_kernels import arrays, maxima, pieces
from flood_sim.core.clock import Window
from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.errors import RunFailedError
from flood_sim.ground.infiltration import Infiltration, NoInfiltration
from flood_sim.ground.rain_fields import RainField
from flood_sim.ground.rainfall import NO_RAIN, Rainfall
from flood_sim.ground.terrain import Terrain
from flood_sim.surface import stability
from flood_sim.surface.arrays import (
    LEFT,
    TOP,
    Inlet,
    aligned,
    distinct_rows,
    empty_maxima,
    inlet_order,
    make_inlets,
    refuse_negative,
)
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, Inflow, Section
from flood_sim.surface.bounds import reach_of
from flood_sim.surface.losses import Losses, StorageInputs
from flood_sim.surface.openings import (
    CountedFaces,
    FaceGroup,
    FaceStructures,
    OpenEdges,
    make_pairs,
    make_sources,
)
from flood_sim.surface.rain import Gutters, surface_rain
from flood_sim.surface.schemes import FLOATS, SurfaceSettings, scheme_named
from flood_sim.surface.structures import Culvert, FaceStructure, SurfacePump
from flood_sim.surface.sums import SurfaceSums

# below this a second thread costs more than it brings (62,500 cells beside SWMM: 8.3 s with two,
# 7.5 with one)
CELLS_A_THREAD = 100_000


class SurfaceFlow:
    """Overland flow on a Terrain by the scheme that the settings name.

    Volumes are m3 since the start; `inlet_capture` (nodes,) and `return_volumes` are the two hands
    held out to the exchange: the surface does not know who fills them.
    """

    def __init__(
        self,
        terrain: Terrain,
        settings: SurfaceSettings = SurfaceSettings(),
        *,
        rainfall: Rainfall | RainField = NO_RAIN,
        infiltration: Infiltration | None = None,
        storage: StorageInputs = StorageInputs(),
        gutters: Gutters | None = None,
        depth: np.ndarray | float = 0.0,
        edges: Sequence[EdgeBoundary] = (),
        inflows: Sequence[Inflow] = (),
        edge_inflows: Sequence[EdgeInflow] = (),
        inlets: Sequence[Inlet] = (),
        returns: np.ndarray | None = None,
        nodes: int = 0,
        openings: Sequence[Inlet] = (),
        outlets: np.ndarray | None = None,
        sections: Sequence[Section] = (),
        structures: Sequence[FaceStructure] = (),
        culverts: Sequence[Culvert] = (),
        pumps: Sequence[SurfacePump] = (),
        weir_coefficient: float = 1.594,
        orifice_coefficient: float = 0.6,
    ) -> None:
        """depth : m, number or (rows, columns);  returns : (n, 2) cells that receive water from the
        network;  nodes : of the network;
        openings : ways into underground spaces, each with a node of its own after the network's;
        outlets : (n, 2) cells that get water from them.
        """
        self.terrain, self.grid, self.settings = terrain, terrain.grid, settings
        self.losses = Losses(
            infiltration or NoInfiltration(), storage, self.grid.shape, self.grid.cell_area_m2
        )
        self.rain = surface_rain(rainfall, terrain, gutters, nodes)
        self.edges, self.inflows, self.edge_inflows = (
            tuple(edges),
            tuple(inflows),
            tuple(edge_inflows),
        )
        self.held_stage_m: dict[
            str, float
        ] = {}  # of edges and inflows by name: set from outside (BMI), instead of their series
        self.held_inflow_m3_s: dict[str, float] = {}
        self.sections, self.structures, self.culverts, self.pumps = (
            tuple(sections),
            tuple(structures),
            tuple(culverts),
            tuple(pumps),
        )
        self._scheme = scheme_named(settings.scheme)
        self._float = FLOATS[settings.precision]
        self._view = (slice(TOP, TOP + self.grid.rows), slice(LEFT, LEFT + self.grid.columns))
        self._nodes, self._openings = nodes, len(openings)
        both = [*inlets, *openings]
        self._allocate(depth, both)
        self._open(both, nodes + len({o.node for o in openings}), returns, outlets)
        s = settings
        courant = self._scheme.courant if s.courant is None else s.courant
        wet = self._scheme.wet_depth(s) * float(self._cells.porosity.min()) if s.skip_dry else -1.0
        steps = (s.courant_coupled, s.largest_step_s, s.smallest_step_s)
        self._limits = np.array(
            [courant, *steps, weir_coefficient, orifice_coefficient, 1.0, wet, s.largest_step_ratio]
        )
        self.time_s, self.steps = 0.0, 0
        self.inflow_volume = self.boundary_in = self.boundary_out = 0.0
        self.section_volume = np.zeros(len(self.sections))
        self.structure_volume = np.zeros(
            (len(self.structures), 2)
        )  # m3 forward and back, since the start
        self.smallest_step_s = math.inf
        fastest = math.sqrt(GRAVITY_M_S2 * float(self.depth.max(initial=0.0)))
        self._state = np.array(
            [fastest, 0.0, fastest, 0.0]
        )  # fastest signal m/s, steps taken; the same of long steps
        self.maxima = empty_maxima(self.grid.shape)
        self.reach = reach_of(terrain, self.edges, self.edge_inflows, self.structures)
        self._sum_up()

    # ----------------------------------------------------------------------------- what others read

    @property
    def depth(self) -> np.ndarray:
        """(rows, columns) read-only, m, as it stands between buildings; 0 in inactive cells. Water
        comes in through sources and boundaries: dry ground is not looked at.
        """
        view = self._cells.depth[self._view]
        if self.terrain.porosity is not None:
            view = view / self._cells.porosity[self._view]
        view.flags.writeable = False
        return view

    @property
    def threads(self) -> int:
        """Bands that run side by side."""
        return len(self._band_rows) - 1

    @property
    def volume(self) -> float:
        """Water on the ground, m3, with what rounding owes (float64)."""
        return self._on_ground_m3 + float(self._shared.pairs.pending.sum())

    @property
    def sums(self) -> SurfaceSums:
        """What the arrays hold, to be added up beside `volume`."""
        return SurfaceSums(
            self._cells,
            self._shared,
            self._view,
            self.depth,
            self.terrain.porosity,
            self.grid.cell_area_m2,
        )

    @property
    def fastest_signal_m_s(self) -> float:
        """Speed of water and wave together, the largest of all cells."""
        return float(self._state[0])

    @property
    def long_steps(self) -> int:
        """Steps of the ground that moves in long ones (local time steps); 0 where all moves in
        one.
        """
        return int(self._state[3])

    @property
    def rain_volume(self) -> float:
        """Rain since the start: cumulative series x catchment, never a sum over steps (m3)."""
        return self.rain.volume_until(self.time_s)

    @property
    def roof_volumes(self) -> np.ndarray:
        """(nodes,) m3 of roof water that gutters led into the network in the last window."""
        return self.rain.roof_volumes

    @property
    def pending_volume(self) -> float:
        """Returned water not yet in its cell (m3): float32 remainders carried to the next
        window.
        """
        return float(self._shared.sources.pending[self.return_slice].sum())

    @property
    def returned_volume(self) -> float:
        """Returned water that reached its cell since the start (m3), as the depths show it."""
        return float(self._shared.sources.delivered[self.return_slice].sum())

    @property
    def return_volumes(self) -> np.ndarray:
        """(returns,) m3 to be put into their cells during the next window; the exchange adds to
        it.
        """
        return self._shared.sources.pending[self.return_slice]

    @property
    def inlet_acceptance(self) -> np.ndarray:
        """(nodes,) m3/s a node takes during the next window; the exchange sets it."""
        return self._shared.inlets.acceptance[: self._nodes]

    @property
    def inlet_capture(self) -> np.ndarray:
        """(nodes,) m3 taken from the street in the last window."""
        return self._shared.inlets.captured[: self._nodes]

    @property
    def inlet_offered(self) -> np.ndarray:
        """(nodes,) m3 the inlet law alone would have taken in the last window."""
        return self._shared.inlets.offered[: self._nodes]

    @property
    def opening_acceptance(self) -> np.ndarray:
        """(openings,) m3/s a way into an underground space takes during the next window; the spaces
        set it.
        """
        return self._shared.inlets.acceptance[self._nodes :]

    @property
    def opening_capture(self) -> np.ndarray:
        """(openings,) m3 that went underground in the last window."""
        return self._shared.inlets.captured[self._nodes :]

    @property
    def outlet_volumes(self) -> np.ndarray:
        """(outlets,) m3 to be put into their cells during the next window; the spaces add to it."""
        return self._shared.sources.pending[self.outlet_slice]

    @property
    def outlet_pending(self) -> float:
        """Water from underground not yet in its cell (m3)."""
        return float(self.outlet_volumes.sum())

    def levels_at(self, cells: np.ndarray) -> np.ndarray:
        """(n,) m: water level in cells (n, 2), -inf where dry."""
        row, column = cells.T
        depth = self.depth[row, column].astype(float)
        return np.where(depth > 0.0, depth + self.terrain.bed_elevation[row, column], -np.inf)

    def set_sills(self, crest_m: np.ndarray, leak_m3_s: np.ndarray) -> None:
        """Crest (openings,) m of every way underground, and what seeps below it; each has two
        inlets: over the crest, and the seam of its board.
        """
        over, seam = self._opening_places
        self._shared.inlets.rim[over] = crest_m - self.terrain_datum
        self._shared.inlets.capacity[seam] = leak_m3_s

    def set_openings(self, share: np.ndarray) -> None:
        """Share (inlets,) of perimeter, area and capacity that is open now, 0 to 1, in the order in
        which the inlets were given.
        """
        kernel, open_ = (
            self._shared.inlets,
            np.append(share, np.ones(self._openings))[self._inlet_order],
        )
        perimeter, area, capacity = self._whole_inlets
        kernel.perimeter[:], kernel.area[:] = open_ * perimeter, open_ * area
        kernel.capacity[:] = np.where(
            open_ > 0.0, np.maximum(open_, 1e-300) * capacity, 0.0
        )  # capacity may be inf

    def velocity(self, rows: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Velocity towards east and north in cell centres (rows, columns) m/s, 0 where shallower
        than 1 mm; `rows`: of these alone.
        """
        first, last, _ = rows.indices(self.grid.rows)
        east, north = (np.zeros((last - first, self.grid.columns), np.float32) for _ in range(2))
        maxima.cell_velocity(
            *self._between_buildings(), self._scheme.moves_momentum, TOP + first, LEFT, east, north
        )
        return east, north

    # -------------------------------------------------------------------------------- time stepping

    def advance(self, window: Window) -> None:
        """Bring depth and discharge to window.stop in stable steps; raises InstabilityError where
        the water runs away.
        """
        limit_kernel_threads(self.threads)
        self._prepare(window)
        status, reached, steps, smallest = self._scheme.advance_window(
            window.start,
            window.stop,
            self._state,
            self._band_rows,
            LEFT,
            self.grid.columns,
            self._cells,
            self._flow,
            self._scratch,
            self._runs,
            self._levels,
            self._numbers,
            self._shared,
            self._limits,
        )
        self.time_s, self.steps = reached, self.steps + steps
        self.smallest_step_s = min(self.smallest_step_s, smallest)
        self._book(window)
        stability.refuse(self, smallest if status != arrays.OK else None)

    def _prepare(self, window: Window) -> None:
        self._shared.inlets.captured[:] = 0.0
        self._shared.inlets.offered[:] = 0.0
        for inflow, part in zip(self.inflows, self._inflow_slices, strict=True):
            held = self.held_inflow_m3_s.get(inflow.name)
            volume = (
                inflow.discharge.integral(window.start, window.stop)
                if held is None
                else held * window.length
            )
            self._shared.sources.pending[part] += volume / (part.stop - part.start)
            self.inflow_volume += volume
        for edge, part in zip(self.edges, self._open_edges.slices, strict=True):
            if edge.stage is not None:
                held, b = self.held_stage_m.get(edge.name), self._shared.boundaries
                for at, t in ((b.stage_start, window.start), (b.stage_stop, window.stop)):
                    at[part] = (edge.stage.at(t) if held is None else held) - self.terrain_datum
        self.face_structures.set_levels(window.stop)
        self.face_structures.set_inflows(window.start, window.stop)
        self._fallen = self.rain.begin_window(window, self._weights)
        self._counted.clear()

    def _book(self, window: Window) -> None:
        b = self._shared.boundaries
        behind = b.beyond_row >= 0
        for ghosts in ((b.row, b.column), (b.beyond_row[behind], b.beyond_column[behind])):
            self._cells.depth[ghosts] = self._cells.carry[ghosts] = (
                0.0  # set anew each step; between windows they are no water of the model
            )
        entered, left = self._counted.volumes(0)
        self.boundary_in += entered
        self.boundary_out += left
        count = len(self.sections)
        passed = [self._counted.volumes(1 + k) for k in range(count + len(self.structures))]
        self.inflow_volume += sum(
            self._counted.volumes(1 + len(passed) + k)[0] for k in range(len(self.edge_inflows))
        )
        self._section_window = np.array([a - b for a, b in passed[:count]])
        self.section_volume += self._section_window
        self.structure_volume += np.array(passed[count:]).reshape(-1, 2)
        self.losses.take(self._cells.depth, self._fallen, TOP, LEFT, window.start, window.length)
        maxima.update_maxima(
            *self._between_buildings(),
            self._scheme.moves_momentum,
            TOP,
            LEFT,
            self.maxima,
            self.time_s,
            window.length,
        )
        self._sum_up()

    def _sum_up(self) -> None:
        maxima.sum_rows(
            self._cells.depth, self._cells.carry, TOP, LEFT, self.grid.columns, self._row_sums
        )
        self._on_ground_m3 = math.fsum(self._row_sums) * self.grid.cell_area_m2

    def cells_deeper(self, limits_m: np.ndarray, dry_at_start: np.ndarray) -> np.ndarray:
        """(limits,) number of cells deeper than each limit, ascending, of those that were dry at
        the start (rows, columns).
        """
        count = np.zeros((self.grid.rows, limits_m.size), np.int64)
        maxima.count_deeper(self.depth, dry_at_start, limits_m, count)
        return np.asarray(count.sum(axis=0))

    def _between_buildings(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Padded depth (m), bed (m) and flow in the open share of the cells."""
        cells, flow = self._cells, self._flow
        if self.terrain.porosity is None:
            return cells.depth, cells.bed, flow.x, flow.y
        p = cells.porosity
        if self._scheme.moves_momentum:
            return cells.depth / p, cells.bed, flow.x, flow.y
        x, y = flow.x.copy(), flow.y.copy()
        x[:, 1:] /= np.minimum(p[:, 1:], p[:, :-1])
        y[1:] /= np.minimum(p[1:], p[:-1])
        return cells.depth / p, cells.bed, x, y

    def structure_lines(self) -> dict[str, dict[str, float | str]]:
        """What passed each structure since the start (m3), forward and back: one line each, as the
        ledger of the surface has it.
        """
        lines: dict[str, dict[str, float | str]] = {}
        for structure, (forward, back) in zip(
            self.structures, self.structure_volume.tolist(), strict=True
        ):
            lines[structure.name] = {"kind": structure.kind, "forward_m3": forward, "back_m3": back}
        pairs = self._shared.pairs
        kinds = [(c.name, "culvert") for c in self.culverts] + [
            (p.name, "pump") for p in self.pumps
        ]
        for k, (name, kind) in enumerate(kinds):
            lines[name] = {
                "kind": kind,
                "forward_m3": float(pairs.moved[k]),
                "back_m3": float(pairs.returned[k]),
            }
        return lines

    def section_discharge(self, window: Window) -> np.ndarray:
        """(sections,) mean discharge of the last window, m3/s."""
        return self._section_window / window.length

    def undelivered_inflow(self) -> float:
        """Inflow booked but not yet in its cell (m3): float32 remainders."""
        return float(self._shared.sources.pending[: self.return_slice.start].sum())

    # ------------------------------------------------------------------------------------- building

    def _allocate(self, depth: np.ndarray | float, inlets: Sequence[Inlet]) -> None:
        rows, columns, real = self.grid.rows, self.grid.columns, self._float
        right = (
            LEFT + (columns + arrays.LANES) // arrays.LANES * arrays.LANES
        )  # the ghost column lies inside
        width = right + 2 * arrays.LANES
        shape = (rows + 2 * TOP, width)
        active = self.terrain.active
        if not active.any():
            raise RunFailedError("the terrain has no active cell")
        refuse_negative(depth, active)
        ground = self.terrain.bed_elevation[active]
        self.terrain_datum = float(
            np.floor(ground.min())
        )  # float32 holds differences of small numbers
        bed, initial, roughness, weight = (aligned(shape, real) for _ in range(4))
        bed[...] = arrays.WALL
        bed[self._view] = np.where(
            active, self.terrain.bed_elevation - self.terrain_datum, arrays.WALL
        )
        initial[self._view] = np.where(active, depth, 0.0)
        roughness[self._view] = math.sqrt(0.5 * GRAVITY_M_S2) * self.terrain.manning_n
        weight[self._view] = self.terrain.rain_weight
        for inlet in inlets:
            j, i = inlet.row + TOP, inlet.column + LEFT
            roughness[j, i] = -abs(roughness[j, i])
        every = np.arange(shape[0])
        porosity = np.ones((1, 1), real)
        if self.terrain.porosity is not None:
            porosity = aligned(shape, real)
            porosity[...] = 1.0
            porosity[self._view] = self.terrain.porosity
            initial *= porosity
        self._cells = arrays.Cells(
            initial, aligned(shape, real), bed, roughness, weight, every, every, porosity
        )
        self._flow = arrays.Flow(aligned(shape, real), aligned(shape, real))
        worthwhile = (
            max(1, rows * columns // CELLS_A_THREAD) if self.settings.threads_by_size else rows
        )
        bands = max(1, min(self.settings.threads, rows // 8, worthwhile))
        self._band_rows = np.linspace(TOP, TOP + rows, bands + 1).astype(np.int64)
        self._scratch = self._scheme.scratch(bands, width, real)
        self._numbers = self._scheme.numbers(self.settings, self.grid.cell_size_m)
        self._runs = pieces.empty_runs(*shape)
        local = not self._scheme.moves_momentum and self.settings.largest_step_ratio > 0.0
        self._levels = pieces.empty_levels(*shape, bands, real, local)
        self._row_sums = np.zeros(rows)

    def _open(
        self,
        inlets: Sequence[Inlet],
        nodes: int,
        returns: np.ndarray | None,
        outlets: np.ndarray | None,
    ) -> None:
        """Everything that happens at points and single faces."""
        rows, datum = self._cells.bed.shape[0], self.terrain_datum
        self._open_edges = OpenEdges(
            self.terrain, self.edges, self._cells, self._scheme.moves_momentum
        )
        sources, (*self._inflow_slices, self.return_slice, self.outlet_slice) = make_sources(
            self.inflows, returns, outlets
        )
        self._share_rows()
        self.face_structures = FaceStructures(
            self.structures, self.edge_inflows, self._cells.bed, rows, datum, self.grid.cell_size_m
        )
        sections = [
            FaceGroup(s.is_x, s.cells[:, 0] + TOP, s.cells[:, 1] + LEFT, s.sign)
            for s in self.sections
        ]
        self._counted = CountedFaces(
            [self._open_edges.faces, *sections, *self.face_structures.groups], rows
        )
        self._section_window = np.zeros(len(self.sections))
        self._shared: arrays.Shared = arrays.Shared(
            self.rain.kernel,
            sources,
            make_inlets(inlets, nodes, datum, self._cells.bed),
            self._open_edges.boundaries,
            self._counted.counters,
            self.face_structures.structures,
            make_pairs(self.culverts, self.pumps, datum),
        )
        whole = self._shared.inlets
        self._inlet_order = np.array(inlet_order(inlets), np.int64)
        first, place = len(inlets) - self._openings, np.argsort(self._inlet_order)
        self._opening_places = place[first::2], place[first + 1 :: 2]
        self._whole_inlets = whole.perimeter.copy(), whole.area.copy(), whole.capacity.copy()

    def _share_rows(self) -> None:
        """Store equal rows of roughness once, and of rain weights where they never change: they are
        read from the cache, not from memory.
        """
        cells = self._cells
        roughness, roughness_row = distinct_rows(cells.roughness)
        self._weights = cells.rain_weight[self._view]
        weight, weight_row = (
            (cells.rain_weight, cells.weight_row)
            if self.rain.varies
            else distinct_rows(cells.rain_weight)
        )
        self._cells = cells._replace(
            roughness=roughness,
            roughness_row=roughness_row,
            rain_weight=weight,
            weight_row=weight_row,
        )
        if not self.rain.varies:
            self._weights = np.zeros((1, self.grid.columns), self._float)

    def __repr__(self) -> str:
        return (
            f"SurfaceFlow ({self._scheme.name}, {self.settings.precision}, {self.threads} threads)"
            f" on {self.grid!r}\n  time     {self.time_s:.1f} s after {self.steps} steps\n  water  "
            f"  {self.volume:.1f} m3, deepest {float(self.depth.max(initial=0.0)):.3f} m\n  open   "
            f"  {len(self.edges)} edges, {len(self.inflows)} inflows,"
            f" {self._shared.inlets.row.size} inlets"
        )


def limit_kernel_threads(threads: int) -> None:
    """As many kernel threads as bands. Threads that wait must sleep: spinning ones made a run 200
    times slower beside another one (0.9 s became 198 s on two cores); but waking a sleeper costs a
    small grid more than its work (0.02 ms a window became 10 beside another run).
    """
    import numba

    numba.set_num_threads(max(1, min(threads, int(getattr(numba.config, "NUMBA_NUM_THREADS", 1)))))
