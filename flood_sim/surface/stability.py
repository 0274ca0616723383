"""Water that runs away: where on the ground, and why. Reads the surface after each window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.errors import Finding, InstabilityError
from flood_sim.surface.sums import row_blocks

if TYPE_CHECKING:
    from flood_sim.surface.flow import SurfaceFlow

FASTEST_SIGNAL_M_S = 100.0  # speed and wave together: still water of 1,000 m, a free fall of 500 m
PIT_M = 5.0  # a bed so far under its lowest neighbour is no street
# of an inflow's cells: wherever the water has got to meanwhile, where nothing nearer explains it
FAST_RISE_M_S = 1.0
STEEPEST_GROUND = (
    0.5  # rise over run, median of a whole map: the Alps have 0.5, cities 0.02 and less
)
SHOWN = 100  # cells that are put on the map


def refuse(surface: SurfaceFlow, collapsed_step_s: float | None) -> None:
    """Raises InstabilityError, located and explained, where the stable step collapsed (to
    collapsed_step_s), a cell has lost its value or a signal is faster than any on land; a sound
    surface costs two comparisons."""
    fastest = surface.fastest_signal_m_s
    lost, fast = not math.isfinite(surface.volume), not fastest <= FASTEST_SIGNAL_M_S
    if collapsed_step_s is None and not (lost or fast or _beyond_a_fall(surface)):
        return
    where = located(surface)
    place, do, rest = where.place, where.do, where.rest
    if collapsed_step_s is not None:
        step = f"{collapsed_step_s * 1000:.3f} ms"
        least = f"(smallest allowed {surface.settings.smallest_step_s * 1000:g} ms)"
        text = f"the stable time step fell to {step} {least}{where.cause}"
        found = Finding("E503", place, text, do=do, **rest)
    elif lost:
        problem = f"the water on the ground has no volume{where.cause}"
        found = Finding("E502", place, problem, do=do, **rest)
    elif fast:
        said = f"water and its waves run at {fastest:.3g} m/s{where.cause}"
        found = Finding("E502", place, said, do=do, **rest)
    else:
        told = f"water and its waves run at {fastest:.3g} m/s. {_no_faster(surface)}{where.cause}"
        found = Finding("E506", place, told, do=do, **rest)
    raise InstabilityError(str(found), [found])


def _beyond_a_fall(surface: SurfaceFlow) -> bool:
    """Whether the fastest signal is beyond what a fall explains; the highest water is looked for
    only where it seems so.
    """
    reach = surface.reach
    if surface.fastest_signal_m_s > reach.fastest_signal():
        reach.see(surface.depth, surface.terrain.bed_elevation)
        reach.seen = max([reach.seen, *surface.held_stage_m.values()])
    return surface.fastest_signal_m_s > reach.fastest_signal()


def _no_faster(surface: SurfaceFlow) -> str:
    reach = surface.reach
    fall = math.sqrt(2.0 * GRAVITY_M_S2 * max(reach.energy - reach.lowest, 0.0))
    return (
        f"A fall from the highest level of the model, {reach.energy:.2f} m, to its lowest bed,"
        f" {reach.lowest:.2f} m, gives {fall:.3g} m/s"
    )


def refuse_beyond_physics(surface: SurfaceFlow, water_m3: float) -> None:
    """Raises InstabilityError (E506) where a cell holds more than the water of the whole model
    (water_m3), or its water runs faster than a fall.

    Called at outputs. Only a fall gives water speed; friction, steps and structures take it. The
    bound is 1.8 times what the fastest known wave of a broken dam has (physical_bounds.py), so that
    no physical run stops.
    """
    reach, depth, bed = surface.reach, surface.depth, surface.terrain.bed_elevation
    reach.see(depth, bed)
    reach.seen = max([reach.seen, *surface.held_stage_m.values()])
    for rows in row_blocks(*depth.shape):
        if (
            found := _too_full(surface, depth, rows, water_m3) or _too_fast(surface, bed, rows)
        ) is not None:
            raise InstabilityError(str(found), [found])


def _too_full(
    surface: SurfaceFlow, depth: np.ndarray, rows: slice, water_m3: float
) -> Finding | None:
    """The cell of some rows that holds more than the water of the whole model."""
    porosity, full = surface.terrain.porosity, depth[rows] * surface.grid.cell_area_m2
    full = full if porosity is None else full * porosity[rows]
    if float(full.max(initial=0.0)) <= water_m3:
        return None
    where = located(surface, _placed(surface, rows, full))
    text = (
        f"the deepest cell holds {float(full.max()):.4g} m3, all water of the model is"
        f" {water_m3:.4g} m3{where.cause}"
    )
    return Finding("E506", where.place, text, do=where.do, **where.rest)


def _too_fast(surface: SurfaceFlow, bed: np.ndarray, rows: slice) -> Finding | None:
    """The cells of some rows whose water runs faster than a fall."""
    speed = np.hypot(*surface.velocity(rows))
    share = np.divide(
        speed, surface.reach.fastest_water(bed[rows]), out=np.zeros(speed.shape), where=speed > 0.0
    )
    if float(share.max(initial=0.0)) <= 1.0:
        return None
    where = located(surface, _placed(surface, rows, share))
    text = f"water runs faster than any fall explains. {_no_faster(surface)}{where.cause}"
    return Finding("E506", where.place, text, do=where.do, **where.rest)


def _placed(surface: SurfaceFlow, rows: slice, values: np.ndarray) -> np.ndarray:
    """Values of some rows on the whole grid, 0 elsewhere."""
    whole = np.zeros(surface.grid.shape)
    whole[rows] = values
    return whole


class Located(NamedTuple):
    """The cells that run away: place of a message, likely cause (". Likely ..."), way out, and the
    first of them in words (given) with all on the map (at).
    """

    place: str
    cause: str
    do: str
    given: str
    at: tuple[tuple[float, float], ...]

    @property
    def rest(self) -> dict[str, Any]:
        """What a Finding has beside place, problem and way out."""
        return {"given": self.given, "at": self.at}


def located(surface: SurfaceFlow, worst: np.ndarray | None = None) -> Located:
    """The cells that run away, those without a value first, then by `worst` (rows, columns), None:
    by speed and wave."""
    depth = surface.depth.astype(float)
    speed = np.hypot(*(v.astype(float) for v in surface.velocity()))
    lost = ~(np.isfinite(depth) & np.isfinite(speed)) | (depth < 0.0)
    signal = np.where(
        lost,
        np.inf,
        np.sqrt(GRAVITY_M_S2 * np.where(lost, 0.0, depth)) + np.where(lost, 0.0, speed),
    )
    cells = _worst(signal if worst is None or lost.any() else worst)
    row, column = (int(v) for v in cells[0])
    cause, way = _cause(surface, row, column)
    at = surface.grid.middles(cells)
    said = (
        f"row {row}, column {column}, x {at[0][0]:.1f}, y {at[0][1]:.1f} m: depth"
        f" {depth[row, column]:.4g} m, {speed[row, column]:.4g} m/s"
    )
    gone = f"; {int(lost.sum())} cells have lost their value" if lost.any() else ""
    place = f"surface at {surface.time_s:.1f} s"
    return Located(place, f"{gone}. Likely {cause}", way, said, at)


def _worst(size: np.ndarray) -> np.ndarray:
    """(n, 2) cells with the largest values, the largest first: down to half of it, SHOWN at
    most.
    """
    order = np.argsort(-size, axis=None, kind="stable")[:SHOWN]
    cells = np.column_stack(np.unravel_index(order, size.shape))
    return cells[: max(1, int((size.ravel()[order] >= 0.5 * size.max()).sum()))]


def suspect(surface: SurfaceFlow) -> tuple[str, str, tuple[tuple[float, float], ...]]:
    """The cell that owes most water (else the fastest), in words with its likely cause; what to do;
    where the worst are on the map.
    """
    owed = surface.sums.owed()
    if not owed.any():
        fast = located(surface)
        return f"The fastest cell: {fast.given}{fast.cause}", fast.do, fast.at
    cells = _worst(owed)
    row, column = (int(v) for v in cells[0])
    cause, way = _cause(surface, row, column)
    if cause.startswith("none"):
        cause, way = _rough(surface, row, column)
    at = surface.grid.middles(cells)
    where = (
        f"Row {row}, column {column}, x {at[0][0]:.1f}, y {at[0][1]:.1f} m gave"
        f" {owed[row, column]:.3g} m of water more than it held"
    )
    return f"{where}; {int((owed > 0.0).sum())} cells did. Likely {cause}", way, at


def _rough(surface: SurfaceFlow, row: int, column: int) -> tuple[str, str]:
    """The ground's own step at a cell that gave more than it held."""
    bed = np.where(surface.terrain.active, surface.terrain.bed_elevation, np.nan)
    near = bed[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    step, size = float(np.nanmax(np.abs(near - bed[row, column]))), surface.grid.cell_size_m
    way = (
        "check the raster's unit (heights in metres); smooth the ground, or set [surface] scheme ="
        ' "local_inertial"'
    )
    return (
        f"ground too rough for its cells: a step of {step:.2f} m beside a cell of {size:g} m",
        way,
    )


def steepness(surface: SurfaceFlow) -> float:
    """Rise over run between neighbouring open cells, the median of all."""
    bed = np.where(surface.terrain.active, surface.terrain.bed_elevation, np.nan)
    rises = np.concatenate([np.abs(np.diff(bed, axis=axis)).ravel() for axis in (0, 1)])
    rises = rises[np.isfinite(rises)]
    return float(np.median(rises)) / surface.grid.cell_size_m if rises.size else 0.0


def _cause(surface: SurfaceFlow, row: int, column: int) -> tuple[str, str]:
    """What stands at or beside a cell that can drive it away, and what to do."""
    steep = steepness(surface)
    if steep > STEEPEST_GROUND:
        rise = steep * surface.grid.cell_size_m
        return (
            f"the unit of the ground: half of all neighbours differ by {rise:.1f} m and more",
            "check the raster's unit: heights are in metres",
        )
    return (
        _given_cause(surface, row, column)
        or _ground_cause(surface, row, column)
        or (
            "none of the causes that are looked for (inflow, structure, pit, steep bed)",
            "send the scenario with this message",
        )
    )


def _given_cause(surface: SurfaceFlow, row: int, column: int) -> tuple[str, str] | None:
    """An inflow, structure or open edge beside the cell; with none of these, an inflow anywhere
    that rises fast.
    """
    inputs = surface.inputs
    rises = [
        f.discharge.at(surface.time_s) / (len(f.cells) * surface.grid.cell_area_m2)
        for f in inputs.inflows
    ]

    def beside(cells: np.ndarray) -> bool:
        return bool((np.abs(cells - (row, column)).max(axis=1) <= 1).any())

    inflows = [k for k, f in enumerate(inputs.inflows) if beside(f.cells)]
    structures = [s.name for s in inputs.structures if beside(s.cells)]
    edges = [e.name for e in inputs.edges if beside(e.cells)] + [
        f.name for f in inputs.edge_inflows if beside(f.cells)
    ]
    if not (inflows or structures or edges):
        inflows = [k for k, rise in enumerate(rises) if rise > FAST_RISE_M_S]
    if inflows:
        name, rise = inputs.inflows[inflows[0]].name, rises[inflows[0]]
        return (
            f"inflow `{name}`: it raises its cells by {rise:.3g} m a second",
            "check its unit (m3/s), or spread it over a polygon",
        )
    if structures:
        return (
            f"structure `{structures[0]}` beside it",
            "check its levels against the ground on both sides (flood-sim check --out DIR)",
        )
    if edges:
        return (
            f"open edge `{edges[0]}` beside it",
            "check its stage, slope or discharge against the bed there",
        )
    return None


def _ground_cause(surface: SurfaceFlow, row: int, column: int) -> tuple[str, str] | None:
    """A pit, or a step that the equations do not carry."""
    near = slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2)
    bed = np.where(surface.terrain.active, surface.terrain.bed_elevation, np.nan)
    around = bed[near].copy()
    own = float(bed[row, column])
    around[row - near[0].start, column - near[1].start] = np.nan
    lowest, highest = (
        float(f(around)) if np.isfinite(around).any() else own for f in (np.nanmin, np.nanmax)
    )
    if lowest - own > PIT_M:
        return (
            f"a pit: the bed is {lowest - own:.1f} m under its lowest neighbour",
            "fill it, or mask it",
        )
    step = max(highest - own, own - lowest)
    if step > surface.grid.cell_size_m and surface.settings.scheme == "local_inertial":
        return (
            f"a step of {step:.1f} m in the bed, steeper than these equations carry",
            'set [surface] scheme = "second_order"',
        )
    return None
