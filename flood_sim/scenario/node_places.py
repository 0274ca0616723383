"""Nodes of a network on the grid: the cell of each, and its rim against the ground there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.drainage.inp import InpFile
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.spec.drainage import SwmmDrainage

RIM_DIFFERENCE_M = 0.2
# half of the rims so far from the ground: network and ground do not belong together
FARTHEST_RIM_M = 50.0
MOST_RIMS = 0.8  # of them differ: the ground is another one
OTHER_DATUM = "Are network and ground on one datum, in one unit and one coordinate system?"


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
            "E402", inp.path.name, which, do="the .inp needs [COORDINATES] in the terrain's system"
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


def check_rims(inp: InpFile, terrain: Terrain, places: NodePlaces, findings: list[Finding]) -> None:
    """Rims against the ground of their cells (W403). Raises InputError where network and ground do
    not belong together.
    """
    rims = inp.rims()
    gaps = {
        n: rims[n] - terrain.bed_elevation[cell] for n, cell in places.cells.items() if n in rims
    }
    far = sorted((n for n in gaps if abs(gaps[n]) > RIM_DIFFERENCE_M), key=lambda n: -abs(gaps[n]))
    if not far:
        return
    worst = ", ".join(f"{n} {gaps[n]:+.2f} m" for n in far[:5])
    text = (
        f"{len(far)} of {len(gaps)} rims differ from the ground by more than {RIM_DIFFERENCE_M}"
        f" m (rim - ground: {worst})"
    )
    middle = float(np.median(list(gaps.values())))
    if abs(middle) > FARTHEST_RIM_M:
        raise input_error(
            "E227",
            inp.path.name,
            f"{text}; half of them by more than {abs(middle):.1f} m",
            allowed=f"within {FARTHEST_RIM_M:g} m",
            do=OTHER_DATUM,
            at=inp.places(far),
        )
    do = 'mend them, or set [drainage] rim = "bed"'
    other = len(far) >= MOST_RIMS * len(gaps) and abs(middle) > RIM_DIFFERENCE_M
    doubt = Finding(
        "W403",
        inp.path.name,
        f"{text}; half of them by {middle:+.2f} m" if other else text,
        do=f"{OTHER_DATUM} Or {do}" if other else do,
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
