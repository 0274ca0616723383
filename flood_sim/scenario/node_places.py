"""Nodes of a network on the grid: the cell of each, and its rim against the ground there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.drainage.inp import InpFile
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.doors.heights import HEIGHTS
from flood_sim.scenario.spec.drainage import SwmmDrainage

RIM_DIFFERENCE_M = 0.2
# half of the rims so far from the ground: network and ground do not belong together
FARTHEST_RIM_M = 50.0
MOST_RIMS = 0.8  # of them differ: the ground is another one
# a shift: rims that stand off the ground by more than this, with a spread smaller than it
LEAST_SHIFT_M, LEAST_RIMS = 0.3, 5
# of rims that the ground meets in another unit: how far half of them stay off, and off what it was
LARGEST_MISFIT_M, LEAST_GAIN = 1.0, 0.2
LEAST_OF_QUARTERS = 20  # nodes, for the quarters of the map
QUARTERS = (
    ("north-west", False, True),
    ("north-east", True, True),
    ("south-west", False, False),
    ("south-east", True, False),
)
OTHER_DATUM = "Give network and ground on one datum, in one unit and one coordinate system"


@dataclass
class NodePlaces:
    """Cell of each coupled node, and why others have none."""

    cells: dict[str, tuple[int, int]]
    snapped: list[str]
    outside: list[str]
    unplaced: list[str]


def place_nodes(
    inp: InpFile, terrain: Terrain, spec: SwmmDrainage, findings: list[Finding]
) -> NodePlaces:
    """Cells of all nodes that are coupled, within snap_m of an open cell; what has none is said.
    Raises InputError where no node has one.
    """
    from scipy.spatial import cKDTree

    grid, where = terrain.grid, inp.coordinates()
    outfalls = {row.tokens[0] for row in inp.rows("OUTFALLS")}
    names = [
        n for n in inp.node_ids() if n in where and (spec.outfalls != "leave" or n not in outfalls)
    ]
    places = NodePlaces(
        {}, [], [], [n for n in inp.node_ids() if n not in where and n not in outfalls]
    )
    open_cells = np.argwhere(terrain.active)
    tree = cKDTree(open_cells)
    for name in names:
        row, column = (int(v) for v in grid.cell_at(*where[name]))
        if bool(grid.contains(row, column)) and terrain.active[row, column]:
            places.cells[name] = (row, column)
            continue
        distance, k = tree.query((row, column))
        if distance * grid.cell_size_m <= spec.snap_m:
            places.cells[name] = (int(open_cells[k][0]), int(open_cells[k][1]))
            places.snapped.append(name)
        else:
            places.outside.append(name)
    _say_places(inp, places, spec, len(names) + len(places.unplaced), findings)
    return places


def _say_places(
    inp: InpFile, places: NodePlaces, spec: SwmmDrainage, count: int, findings: list[Finding]
) -> None:
    if count and not places.cells:
        which = (
            "no node of the network lies on the grid"
            if count > len(places.unplaced)
            else "no node of the network has coordinates"
        )
        raise input_error(
            "E402",
            inp.path.name,
            which,
            do="the .inp needs [COORDINATES] in the terrain's system; or set coupled = false",
        )
    for code, names, text in (
        (
            "W402",
            places.snapped,
            (
                "nodes stand on buildings or outside the ground and go to the nearest open cell"
                f" within {spec.snap_m:g} m"
            ),
        ),
        (
            "W402",
            places.outside,
            "nodes lie off the grid: they are not coupled, what they spill leaves the model",
        ),
        ("W402", places.unplaced, "nodes have no coordinates: they are not coupled"),
    ):
        if names:
            named = f"{', '.join(names[:6])}{' ...' if len(names) > 6 else ''}"
            findings.append(
                Finding(
                    code,
                    inp.path.name,
                    f"{len(names)} of {count} {text}: {named}",
                    at=inp.places(names),
                )
            )


def check_datum(
    inp: InpFile, terrain: Terrain, places: NodePlaces, findings: list[Finding]
) -> None:
    """All rims off the ground by much the same is a finding of its own, said first. Raises
    InputError where network and ground do not belong together.
    """
    gaps = rim_gaps(inp, terrain, places)
    values = np.array(list(gaps.values()))
    if not values.size:
        return
    fits = _fitting_unit(inp, terrain, places, gaps)
    middle = float(np.median(values))
    low, high = np.quantile(values, (0.25, 0.75))
    said = (
        f"the rims stand {middle:+.2f} m over the ground in the middle, half of {values.size}"
        f" within {low:+.2f} to {high:+.2f} m"
    )
    if abs(middle) > FARTHEST_RIM_M:
        allowed, at = f"within {FARTHEST_RIM_M:g} m", inp.places(gaps)
        raise input_error(
            "E227", inp.path.name, said, allowed=allowed, do=f"{fits}{OTHER_DATUM}", at=at
        )
    if is_shift(values):
        text = f"{said}: a datum or unit error, not single nodes{_districts(inp, gaps)}"
        do = f'{fits}{OTHER_DATUM}: move one of them; rim = "bed" would only hide it'
        findings.insert(0, Finding("W437", inp.path.name, text, do=do, at=inp.places(gaps)))


def _fitting_unit(
    inp: InpFile, terrain: Terrain, places: NodePlaces, gaps: dict[str, float]
) -> str:
    """A way out where the ground would fit the rims in another unit of elevations, "" else."""
    if len(gaps) < LEAST_RIMS:
        return ""
    bed = np.array([terrain.bed_elevation[places.cells[n]] for n in gaps])
    rims = bed + np.array(list(gaps.values()))
    off = {unit: float(np.median(np.abs(bed * size - rims))) for unit, size in HEIGHTS.items()}
    unit = min(off, key=lambda name: off[name])
    if unit == "m" or off[unit] > min(LARGEST_MISFIT_M, LEAST_GAIN * off["m"]):
        return ""
    return (
        f"In {unit} the ground fits the rims to {off[unit]:.2f} m: [terrain] elevation_unit ="
        f' "{unit}"? '
    )


def is_shift(gaps: np.ndarray) -> bool:
    """Whether rims less ground (m) are one shift: its middle large beside the spread."""
    if gaps.size < LEAST_RIMS:
        return False
    low, middle, high = np.quantile(gaps, (0.25, 0.5, 0.75))
    return bool(abs(middle) > LEAST_SHIFT_M and high - low < abs(middle))


def rim_gaps(inp: InpFile, terrain: Terrain, places: NodePlaces) -> dict[str, float]:
    """Coupled node to its rim less the ground of its cell, m."""
    rims = inp.rims()
    return {
        n: float(rims[n] - terrain.bed_elevation[cell])
        for n, cell in places.cells.items()
        if n in rims
    }


def _districts(inp: InpFile, gaps: dict[str, float]) -> str:
    """The same for the four quarters of the map, where there are enough nodes."""
    where = inp.coordinates()
    points = np.array([where[n] for n in gaps])
    if len(points) < LEAST_OF_QUARTERS:
        return ""
    x, y = np.median(points, axis=0)
    values, parts = np.array(list(gaps.values())), []
    for name, east, north in QUARTERS:
        inside = ((points[:, 0] >= x) == east) & ((points[:, 1] >= y) == north)
        if inside.any():
            parts.append(f"{name} {float(np.median(values[inside])):+.2f} m")
    return f" ({', '.join(parts)})"


def check_rims(inp: InpFile, terrain: Terrain, places: NodePlaces, findings: list[Finding]) -> None:
    """W403: single rims that differ from the ground of their cells."""
    gaps = rim_gaps(inp, terrain, places)
    far = sorted((n for n in gaps if abs(gaps[n]) > RIM_DIFFERENCE_M), key=lambda n: -abs(gaps[n]))
    if not far:
        return
    worst = ", ".join(f"{n} {gaps[n]:+.2f} m" for n in far[:5])
    text = (
        f"{len(far)} of {len(gaps)} rims differ from the ground by more than {RIM_DIFFERENCE_M}"
        f" m (rim - ground: {worst})"
    )
    values = np.array(list(gaps.values()))
    middle = float(np.median(values))
    other = len(far) >= MOST_RIMS * len(gaps) and abs(middle) > RIM_DIFFERENCE_M
    do = OTHER_DATUM if other or is_shift(values) else 'mend them, or set [drainage] rim = "bed"'
    doubt = Finding(
        "W403",
        inp.path.name,
        f"{text}; half of them by {middle:+.2f} m" if other else text,
        do=do,
        at=inp.places(far),
    )
    # the ground is another one, not single nodes wrong: that stands first
    findings.insert(0 if other else len(findings), doubt)


def rims_on_the_bed(inp: InpFile, terrain: Terrain, places: NodePlaces) -> InpFile:
    """Maximum depth of coupled junctions so that their rim lies on the cell's bed."""
    lines, metre = list(inp.lines), inp.metres_per_unit
    for row in inp.rows("JUNCTIONS"):
        cell = places.cells.get(row.tokens[0])
        if cell is not None:
            depth = max(terrain.bed_elevation[cell] / metre - float(row.tokens[1]), 0.05)
            lines[row.line - 1] = " ".join(
                [row.tokens[0], row.tokens[1], f"{depth:.4f}", *(row.tokens[3:] or ["0", "0", "0"])]
            )
    return inp.with_lines(lines)
