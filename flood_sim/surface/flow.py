"""The water on the ground: owns depth and discharge on the padded grid and brings them to a time it
is told. Knows no sewer, no calendar.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from flood_kernels import arrays, maxima, pieces
from flood_sim.core.clock import Window
from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.ledger import Lines
from flood_sim.ground.infiltration import NoInfiltration
from flood_sim.surface import stability
from flood_sim.surface.arrays import (
    LEFT,
    TOP,
    aligned,
    between_buildings,
    empty_maxima,
    grid_view,
    make_cells,
    share_rows,
)
from flood_sim.surface.bounds import reach_of
from flood_sim.surface.face_structures import FaceStructures
from flood_sim.surface.faces import CountedFaces, faces_of
from flood_sim.surface.inlets import Handover, Inlets
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.losses import Losses
from flood_sim.surface.open_edges import OpenEdges
from flood_sim.surface.pairs import make_pairs, structure_lines
from flood_sim.surface.rain import surface_rain
from flood_sim.surface.schemes import FLOATS, scheme_named
from flood_sim.surface.sources import PointSources
from flood_sim.surface.sums import SurfaceSums
from flood_sim.surface.threads import limit_kernel_threads

# below this a second thread costs more than it brings (62,500 cells beside SWMM: 8.3 s with two,
# 7.5 with one)
CELLS_A_THREAD = 100_000


class SurfaceFlow:
    """Overland flow on a Terrain by the scheme that the settings name.

    Volumes are m3 since the start. `at_nodes` and `at_openings` hold what is exchanged with the
    models beside it: the surface does not know which they are.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "time_s", "steps", "smallest_step_s", "_state",
        "_cells.depth", "_cells.carry", "_cells.rain_weight", "_flow", "_on_ground_m3", "_runs",
        "_levels.left", "_levels.local", "_levels.fine", "_levels.wanted", "_levels.deepest",
        "_levels.gain", "_levels.runs",
        "rain", "losses", "_sources", "_inlets", "_open_edges", "_counted", "face_structures",
        "_shared.pairs", "held_stage_m", "held_inflow_m3_s",
        "inflow_volume", "boundary_in", "boundary_out", "section_volume", "structure_volume",
        "_section_window", "maxima", "reach",
    )  # fmt: skip

    def __init__(self, inputs: SurfaceInputs) -> None:
        """Raises RunFailedError where no cell is active, InputError for a depth below zero."""
        self.inputs, self.settings = inputs, inputs.settings
        self.terrain, self.grid = inputs.terrain, inputs.terrain.grid
        infiltration = inputs.infiltration or NoInfiltration()
        self.losses = Losses(infiltration, inputs.storage, self.grid.shape, self.grid.cell_area_m2)
        self.rain = surface_rain(inputs.rainfall, inputs.terrain, inputs.gutters, inputs.nodes)
        # of edges and inflows by name: set from outside (BMI), instead of their series
        self.held_stage_m: dict[str, float] = {}
        self.held_inflow_m3_s: dict[str, float] = {}
        self._scheme = scheme_named(self.settings.scheme)
        self._float = FLOATS[self.settings.precision]
        self._view = grid_view(self.grid.rows, self.grid.columns)
        self._allocate()
        self._open()
        self._set_limits()
        self.time_s, self.steps = 0.0, 0
        self.inflow_volume = self.boundary_in = self.boundary_out = 0.0
        self.section_volume = np.zeros(len(inputs.sections))
        self.structure_volume = np.zeros((len(inputs.structures), 2))  # m3 forward and back
        self.smallest_step_s = math.inf
        self.maxima = empty_maxima(self.grid.shape)
        self.reach = reach_of(self.terrain, inputs.edges, inputs.edge_inflows, inputs.structures)
        self._sum_up()

    def _set_limits(self) -> None:
        """Limits of the time step, and where it stands."""
        s, inputs = self.settings, self.inputs
        courant = self._scheme.courant if s.courant is None else s.courant
        wet = self._scheme.wet_depth(s) * float(self._cells.porosity.min()) if s.skip_dry else -1.0
        steps = (s.courant_coupled, s.largest_step_s, s.smallest_step_s)
        self._limits = arrays.Limits(
            float(courant),
            *map(float, steps),
            float(inputs.weir_coefficient),
            float(inputs.orifice_coefficient),
            1.0,
            float(wet),
            float(s.largest_step_ratio),
        )
        fastest = math.sqrt(GRAVITY_M_S2 * float(self.depth.max(initial=0.0)))
        self._state = arrays.Stepping(*(np.array([v]) for v in (fastest, 0.0, fastest, 0.0)))

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
    def stored_lines(self) -> Lines:
        """What the ledger begins with."""
        layers = self.losses.stored_volume
        return ("layers_stored", layers), ("surface_stored", self.volume + layers)

    @property
    def ledger_lines(self) -> Lines:
        """What the surface holds, got and gave since the start; with what others have handed it
        that is not yet in its cells.
        """
        layers = self.losses.stored_volume
        return (
            ("rain", self.rain_volume),
            ("inflow", self.inflow_volume),
            ("boundary_in", self.boundary_in),
            ("boundary_out", self.boundary_out),
            ("infiltration", self.losses.infiltrated_volume),
            ("evaporation", self.losses.evaporated_volume),
            ("layers_stored_end", layers),
            ("surface_stored_end", self.volume + self.undelivered_inflow() + layers),
            ("escrow_end", self.pending_volume),
            ("sites_stored_end", self.outlet_pending),
        )

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
        return float(self._state.fastest[0])

    @property
    def long_steps(self) -> int:
        """Steps of the ground that moves in long ones; 0 where all moves in one."""
        return int(self._state.long_steps[0])

    @property
    def rain_volume(self) -> float:
        """Rain since the start: cumulative series x catchment, never a sum over steps (m3)."""
        return self.rain.volume_until(self.time_s)

    @property
    def roof_volumes(self) -> np.ndarray:
        """(nodes,) m3 of roof water that gutters led into the network in the last window."""
        return self.rain.roof_volumes

    @property
    def at_nodes(self) -> Handover:
        """What surface and sewers hand each other: arrays (nodes,), brought (returns,)."""
        return self._inlets.at_nodes(self._sources.returns)

    @property
    def at_openings(self) -> Handover:
        """The same with underground spaces: arrays (openings,), brought (outlets,)."""
        return self._inlets.at_openings(self._sources.outlets)

    @property
    def pending_volume(self) -> float:
        """Returned water not yet in its cell (m3): float32 remainders."""
        return float(self._sources.returns.sum())

    @property
    def returned_volume(self) -> float:
        """Returned water that reached its cell since the start (m3), as the depths show it."""
        return self._sources.returned

    @property
    def outlet_pending(self) -> float:
        """Water from underground not yet in its cell (m3)."""
        return float(self._sources.outlets.sum())

    def undelivered_inflow(self) -> float:
        """Inflow booked but not yet in its cell (m3): float32 remainders."""
        return self._sources.undelivered

    def levels_at(self, cells: np.ndarray) -> np.ndarray:
        """(n,) m: water level in cells (n, 2), -inf where dry."""
        row, column = cells.T
        depth = self.depth[row, column].astype(float)
        return np.where(depth > 0.0, depth + self.terrain.bed_elevation[row, column], -np.inf)

    def set_sills(self, crest_m: np.ndarray, leak_m3_s: np.ndarray) -> None:
        """Crest (openings,) m of every way underground, and what seeps below it (m3/s)."""
        self._inlets.set_sills(crest_m, leak_m3_s)

    def set_openings(self, share: np.ndarray) -> None:
        """Share (inlets,) of each that is open now, 0 to 1."""
        self._inlets.set_open(share)

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
        self._inlets.begin_window()
        for volume in self._sources.begin_window(window, self.held_inflow_m3_s):
            self.inflow_volume += volume
        self._open_edges.set_stages(window, self.held_stage_m)
        self.face_structures.set_levels(window.stop)
        self.face_structures.set_inflows(window.start, window.stop)
        self._fallen = self.rain.begin_window(window, self._weights)
        self._counted.clear()

    def _book(self, window: Window) -> None:
        self._open_edges.empty(self._cells)
        self._count_faces()
        self.losses.take(self._cells.depth, self._fallen, TOP, LEFT, window.start, window.length)
        update = maxima.update_maxima if self.threads == 1 else maxima.update_maxima_bands
        update(
            *self._between_buildings(),
            self._scheme.moves_momentum,
            TOP,
            LEFT,
            self.maxima,
            self.time_s,
            window.length,
        )
        self._sum_up()

    def _count_faces(self) -> None:
        """Book what passed edges, sections and structures in the window."""
        entered, left = self._counted.volumes(0)
        self.boundary_in += entered
        self.boundary_out += left
        count = len(self.inputs.sections)
        passed = [self._counted.volumes(1 + k) for k in range(count + len(self.inputs.structures))]
        self.inflow_volume += sum(
            self._counted.volumes(1 + len(passed) + k)[0]
            for k in range(len(self.inputs.edge_inflows))
        )
        self._section_window = np.array([a - b for a, b in passed[:count]])
        self.section_volume += self._section_window
        self.structure_volume += np.array(passed[count:]).reshape(-1, 2)

    def _sum_up(self) -> None:
        sums = maxima.sum_rows if self.threads == 1 else maxima.sum_rows_bands
        sums(self._cells.depth, self._cells.carry, TOP, LEFT, self.grid.columns, self._row_sums)
        self._on_ground_m3 = math.fsum(self._row_sums) * self.grid.cell_area_m2

    def cells_deeper(self, limits_m: np.ndarray, dry_at_start: np.ndarray) -> np.ndarray:
        """(limits,) number of cells deeper than each limit, ascending, of those that were dry at
        the start (rows, columns).
        """
        count = np.zeros((self.grid.rows, limits_m.size), np.int64)
        counted = maxima.count_deeper if self.threads == 1 else maxima.count_deeper_bands
        counted(self.depth, dry_at_start, limits_m, count)
        return np.asarray(count.sum(axis=0))

    def _between_buildings(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        return between_buildings(self._cells, self._flow, self._scheme.moves_momentum)

    def structure_lines(self) -> dict[str, dict[str, float | str]]:
        """What passed each structure since the start (m3), forward and back: one line each."""
        return structure_lines(self.inputs, self.structure_volume, self._shared.pairs)

    def section_discharge(self, window: Window) -> np.ndarray:
        """(sections,) mean discharge of the last window, m3/s."""
        return self._section_window / window.length

    # ------------------------------------------------------------------------------------- building

    def _allocate(self) -> None:
        (rows, columns), real = self.grid.shape, self._float
        both = [*self.inputs.inlets, *self.inputs.openings]
        coupled = [(inlet.row, inlet.column) for inlet in both]
        self._cells, self.terrain_datum = make_cells(self.terrain, self.inputs.depth, coupled, real)
        shape = self._cells.depth.shape
        self._flow = arrays.Flow(aligned(shape, real), aligned(shape, real))
        worthwhile = (
            max(1, rows * columns // CELLS_A_THREAD) if self.settings.threads_by_size else rows
        )
        bands = max(1, min(self.settings.threads, rows // 8, worthwhile))
        self._band_rows = np.linspace(TOP, TOP + rows, bands + 1).astype(np.int64)
        self._scratch = self._scheme.scratch(bands, shape[1], real)
        self._numbers = self._scheme.numbers(self.settings, self.grid.cell_size_m)
        self._runs = pieces.empty_runs(*shape)
        local = not self._scheme.moves_momentum and self.settings.largest_step_ratio > 0.0
        self._levels = pieces.empty_levels(*shape, bands, real, local)
        self._row_sums = np.zeros(rows)

    def _open(self) -> None:
        """Everything that happens at points and single faces."""
        inputs, datum = self.inputs, self.terrain_datum
        self._open_edges = OpenEdges(
            self.terrain, inputs.edges, self._cells, datum, self._scheme.moves_momentum
        )
        self._sources = PointSources(inputs.inflows, inputs.returns, inputs.outlets)
        self._weights = self._cells.rain_weight[self._view]
        self._cells = share_rows(self._cells, self.rain.varies)
        if not self.rain.varies:
            self._weights = np.zeros((1, self.grid.columns), self._float)
        bed = self._cells.bed
        self.face_structures = FaceStructures(
            inputs.structures, inputs.edge_inflows, bed, datum, self.grid.cell_size_m
        )
        self._inlets = Inlets(
            inputs.inlets, inputs.openings, inputs.nodes, datum, bed, self.terrain
        )
        sections = [faces_of(s) for s in inputs.sections]
        groups = [self._open_edges.faces, *sections, *self.face_structures.groups]
        self._counted = CountedFaces([*groups, self._inlets.gutter_faces], bed.shape[0])
        self._inlets.count_gutters(self._counted, len(groups))
        self._section_window = np.zeros(len(sections))
        self._shared: arrays.Shared = arrays.Shared(
            self.rain.kernel,
            self._sources.kernel,
            self._inlets.kernel,
            self._open_edges.boundaries,
            self._counted.counters,
            self.face_structures.structures,
            make_pairs(inputs.culverts, inputs.pumps, datum),
        )

    def __repr__(self) -> str:
        return (
            f"SurfaceFlow ({self._scheme.name}, {self.settings.precision}, {self.threads} threads)"
            f" on {self.grid!r}\n  time     {self.time_s:.1f} s after {self.steps} steps\n  water  "
            f"  {self.volume:.1f} m3, deepest {float(self.depth.max(initial=0.0)):.3f} m\n  open   "
            f"  {len(self.inputs.edges)} edges, {len(self.inputs.inflows)} inflows,"
            f" {self._shared.inlets.row.size} inlets"
        )
