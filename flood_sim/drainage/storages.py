"""Storage nodes: where a row holds its surcharge depth, and which are closed tanks."""

from __future__ import annotations

import numpy as np

from flood_sim.drainage.inp import InpFile, Row

# tokens of a row's shape behind its name: a curve, or three numbers
SHAPE_NUMBERS = {"TABULAR": 1}
SEALED_M = 1000.0  # over the rim: no head comes there


def surcharge_place(section: str, row: Row) -> int:
    """Where a row of [JUNCTIONS] or [STORAGE] holds SurDepth."""
    if section == "JUNCTIONS":
        return 4
    return 5 + SHAPE_NUMBERS.get(row.tokens[4].upper() if len(row.tokens) > 4 else "", 3)


def own_surcharge(inp: InpFile) -> dict[str, float]:
    """Nodes whose file lets the head stand over their rim, m: bolted lids, pressure mains, closed
    tanks.
    """
    found = {}
    for section in ("JUNCTIONS", "STORAGE"):
        for row in inp.rows(section):
            place = surcharge_place(section, row)
            depth = inp.number(row, place) if place < len(row.tokens) else 0.0
            if depth > 0.0:
                found[row.tokens[0]] = depth * inp.metres_per_unit
    return found


def closed_storages(inp: InpFile) -> list[str]:
    """Storages with a surcharge depth: tanks under a lid."""
    stores, closed = {row.tokens[0] for row in inp.rows("STORAGE")}, own_surcharge(inp)
    return [name for name in closed if name in stores]


def with_surcharge(inp: InpFile, depths_m: dict[str, float]) -> InpFile:
    """The network with other surcharge depths (m) of these junctions and storages."""
    if not depths_m:
        return inp
    lines = list(inp.lines)
    for section in ("JUNCTIONS", "STORAGE"):
        for row in inp.rows(section):
            if row.tokens[0] in depths_m:
                place = surcharge_place(section, row)
                depth = f"{depths_m[row.tokens[0]] / inp.metres_per_unit:g}"
                tokens = [*row.tokens, *["0"] * (place + 1 - len(row.tokens))]
                lines[row.line - 1] = " ".join([*tokens[:place], depth, *tokens[place + 1 :]])
    return inp.with_lines(lines)


def area_at_rim(inp: InpFile, row: Row) -> float:
    """Area of a storage at its maximum depth, m2; 0 for shapes other than functions and tables."""
    shape = row.tokens[4].upper() if len(row.tokens) > 4 else ""
    depth, metre = inp.number(row, 2), inp.metres_per_unit
    if shape == "FUNCTIONAL":
        coefficient, exponent, constant = (inp.number(row, k) for k in (5, 6, 7))
        return (constant + coefficient * depth**exponent) * metre**2
    if shape != "TABULAR":
        return 0.0
    tokens = [t for r in inp.rows("CURVES") if r.tokens[0] == row.tokens[5] for t in r.tokens[1:]]
    numbers = [float(t) for t in tokens if t.upper() != "STORAGE"]
    return float(np.interp(depth, numbers[0::2], numbers[1::2])) * metre**2


def closed_tanks(inp: InpFile) -> dict[str, float]:
    """Closed storages, each with its area at the rim (m2)."""
    closed = set(closed_storages(inp))
    return {r.tokens[0]: area_at_rim(inp, r) for r in inp.rows("STORAGE") if r.tokens[0] in closed}
