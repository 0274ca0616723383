"""Tables of what the network and the sites have, for targets by name or by rule: a row an item,
with its place on the map.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.drainage.inp import gate_place
from flood_sim.measures.base import InputsView

Row = dict[str, Any]


def pipes(view: InputsView) -> list[Row]:
    """Conduits with what rules may ask."""
    where, periods, rims = view.inp.coordinates(), view.return_periods, view.inp.rims()
    sections = {row.tokens[0]: row.tokens for row in view.inp.rows("XSECTIONS")}
    rows = []
    for c in view.conduits.values():
        ends = [where[n] for n in (c.upper, c.lower) if n in where]
        silt = (
            float(sections[c.name][3]) * view.inp.metres_per_unit
            if c.shape == "FILLED_CIRCULAR"
            else 0.0
        )
        rows.append(
            {
                "id": c.name,
                "length_m": c.length_m,
                "diameter_m": c.depth_m,
                "slope": c.slope,
                "manning_n": c.roughness,
                "sediment_m": silt,
                "full_flow_m3_s": c.capacity_m3_s,
                "return_period_y": periods.get(c.name, float("inf")),
                "shape": c.shape,
                "cover_m": rims.get(c.upper, float("inf")) - c.inlet_m - c.depth_m,
                "upper": c.upper,
                "lower": c.lower,
                "place": tuple(np.mean(ends, axis=0)) if ends else None,
            }
        )
    return rows


def nodes(view: InputsView) -> list[Row]:
    """Junctions and storage nodes."""
    where, rims = view.inp.coordinates(), view.inp.rims()
    share: dict[str, float] = {}
    count: dict[str, int] = {}
    for inlet in view.inlets:
        share[inlet.node], count[inlet.node] = inlet.open_share, count.get(inlet.node, 0) + 1
    return [
        {
            "id": n,
            "rim_m": rim,
            "inlets": count.get(n, 0),
            "open_share": share.get(n, 1.0),
            "place": where.get(n),
        }
        for n, rim in rims.items()
    ]


def outfalls(view: InputsView) -> list[Row]:
    """Outfalls; gated is "YES" or "NO"."""
    where, inp = view.inp.coordinates(), view.inp
    return [
        {
            "id": r.tokens[0],
            "invert_m": inp.number(r, 1) * inp.metres_per_unit,
            "gated": (
                r.tokens[gate_place(r.tokens)].upper()
                if len(r.tokens) > gate_place(r.tokens)
                else "NO"
            ),
            "place": where.get(r.tokens[0]),
        }
        for r in inp.rows("OUTFALLS")
    ]


def pumps(view: InputsView) -> list[Row]:
    """Pumps of the network; to_outfall is "yes" or "no"."""
    where, outfalls = view.inp.coordinates(), {r.tokens[0] for r in view.inp.rows("OUTFALLS")}
    return [
        {
            "id": r.tokens[0],
            "from": r.tokens[1],
            "to": r.tokens[2],
            "curve": r.tokens[3],
            "to_outfall": "yes" if r.tokens[2] in outfalls else "no",
            "place": where.get(r.tokens[1]),
        }
        for r in view.inp.rows("PUMPS")
    ]


def openings(view: InputsView) -> list[Row]:
    """Ways underground; sill_height_m over the ground in front."""
    grid = view.grid
    return [
        {
            "id": o.name,
            "site": s.name,
            "type": s.kind,
            "sill_m": o.sill_m,
            "sill_height_m": o.sill_m - view.ground_at(o.row, o.column),
            "width_m": o.width_m,
            "board_m": o.board_m,
            "place": (float(grid.x_m[o.column]), float(grid.y_m[o.row])),
        }
        for s in view.sites.spaces.spaces
        for o in s.openings
    ]


def spaces(view: InputsView) -> list[Row]:
    """Underground spaces; placed at their first opening."""
    grid = view.grid
    return [
        {
            "id": s.name,
            "type": s.kind,
            "volume_m3": float(s.volume_m3[-1]),
            "floor_m": float(s.stage_m[0]),
            "openings": len(s.openings),
            "pumps": len(s.pumps),
            "people": s.people,
            "place": (
                (float(grid.x_m[s.openings[0].column]), float(grid.y_m[s.openings[0].row]))
                if s.openings
                else None
            ),
        }
        for s in view.sites.spaces.spaces
    ]


def passages(view: InputsView) -> list[Row]:
    """Ways between spaces; door is "yes" or "no"."""
    return [
        {
            "id": p.name,
            "from": p.first,
            "to": p.second,
            "sill_m": p.sill_m,
            "width_m": p.width_m,
            "door": "yes" if p.door else "no",
            "place": None,
        }
        for p in view.sites.spaces.passages
    ]


def critical(view: InputsView) -> list[Row]:
    """Critical sites; inside is the space that they stand in, "" on the street."""
    grid, rows = view.grid, []
    for c in view.sites.critical:
        place = (
            None
            if isinstance(c.place, str)
            else (float(grid.x_m[c.place[1]]), float(grid.y_m[c.place[0]]))
        )
        rows.append(
            {
                "id": c.name,
                "type": c.kind,
                "failure_level_m": c.failure_level_m,
                "repair_h": c.repair_s / SECONDS_PER_HOUR,
                "weight": c.weight,
                "inside": c.place if isinstance(c.place, str) else "",
                "needs": len(c.needs),
                "stops": len(c.stops),
                "place": place,
            }
        )
    return rows


LAYERS: dict[str, Callable[[InputsView], list[Row]]] = {
    "pipes": pipes,
    "nodes": nodes,
    "outfalls": outfalls,
    "pumps": pumps,
    "openings": openings,
    "spaces": spaces,
    "passages": passages,
    "critical": critical,
}
