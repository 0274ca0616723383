"""Targets to cells, lines and ids. Rules are a field, a comparison and a value; nothing is
evaluated as code.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from flood_sim.core.errors import InputError, nearest
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.drainage.inp import gate_place
from flood_sim.measures.base import InputsView, Targets, refusal

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
RULE = re.compile(r"^\s*(\w+)\s*(<=|>=|==|!=|<|>)\s*(.+?)\s*$")

Row = dict[str, Any]


def cells_of(
    name: str,
    targets: Targets,
    view: InputsView,
    *,
    open_only: bool = True,
    half_width_m: float = 0.0,
) -> np.ndarray:
    """(n, 2) cells of polygons, of lines with half_width_m on each side, or of a layer. Raises
    InputError where there are none.
    """
    shape, grid = view.grid.shape, view.grid
    if targets.layer is not None:
        if targets.layer not in view.layers:
            raise InputError(
                refusal(
                    name,
                    "targets",
                    f"no such layer{nearest(targets.layer, view.layers)}",
                    given=targets.layer,
                    allowed=", ".join(view.layers) or "this scenario has none",
                )
            )
        mask = view.layers[targets.layer].copy()
    else:
        mask = np.zeros(shape, bool)
        for piece in _pieces(name, targets, view):
            if piece.geom_type.endswith("Polygon"):
                mask |= grid.cells_in(piece)
            elif half_width_m > 0.0:
                mask |= grid.cells_in(piece.buffer(half_width_m, cap_style="flat"))
            else:
                mask |= grid.cells_in(piece, touched=True)
    inside = _within(name, targets, view)
    if inside is not None:
        mask &= inside
    if open_only:
        mask &= view.active
    cells = np.argwhere(mask)
    if not len(cells) and not targets.allow_empty:
        raise InputError(
            refusal(
                name,
                "targets",
                "no open cell lies there" if open_only else "no cell lies there",
                given=_said(targets),
                allowed=repr(grid),
            )
        )
    return cells


def line_of(name: str, targets: Targets, view: InputsView) -> Any:
    """One shapely LineString: of a file, written in the scenario, or a line of the city by its
    name. Raises InputError otherwise.
    """
    import shapely

    if len(targets.names) == 1:
        (wanted,) = targets.names
        if len(view.lines.get(wanted, ())) != 1:
            raise InputError(
                refusal(
                    name,
                    "targets",
                    f"no such line{nearest(wanted, view.lines)}",
                    given=wanted,
                    allowed=", ".join(view.lines) or "none is known",
                )
            )
        return shapely.LineString(view.lines[wanted][0])
    pieces = _pieces(name, targets, view)
    if len(pieces) != 1 or pieces[0].geom_type != "LineString":
        kinds = ", ".join(p.geom_type for p in pieces) or "nothing"
        raise InputError(
            refusal(
                name,
                "targets",
                "one line is needed",
                given=kinds,
                do="line_m = [[x, y], [x, y], ...], or a file with one LineString",
            )
        )
    return pieces[0]


def items_of(name: str, targets: Targets, view: InputsView, layer: str) -> list[str]:
    """Sorted ids of a network layer by name or by rule. Raises InputError where a name or field is
    unknown or nothing is found.
    """
    if targets.layer is not None and targets.layer != layer:
        raise InputError(
            refusal(
                name,
                "targets.layer",
                f"this kind works on {layer}",
                given=targets.layer,
                allowed=layer,
            )
        )
    table = {row["id"]: row for row in LAYERS[layer](view)}
    for wanted in targets.names:
        if wanted not in table:
            raise InputError(
                refusal(
                    name,
                    "targets",
                    f"no such item among the {layer}{nearest(wanted, table)}",
                    given=wanted,
                )
            )
    if len(set(targets.names)) < len(targets.names):
        raise InputError(
            refusal(name, "targets", "a name stands twice", given=", ".join(targets.names)[:100])
        )
    if targets.names:
        rows = [table[n] for n in targets.names]
    elif (
        targets.layer is not None
        or targets.where
        or targets.any
        or targets.within
        or targets.within_m
    ):
        rows = list(table.values())
    else:
        raise InputError(
            refusal(name, "targets", f'name the {layer}, or give layer = "{layer}" with a rule')
        )
    inside = _within(name, targets, view)
    if inside is not None:
        rows = [r for r in rows if _on(view, r, inside)]
    rows = [r for r in rows if all(_holds(name, layer, text, r) for text in targets.where)]
    if targets.any:
        rows = [
            r
            for r in rows
            if any(all(_holds(name, layer, text, r) for text in group) for group in targets.any)
        ]
    rows = _limited(name, layer, rows, targets)
    if not rows and not targets.allow_empty:
        raise InputError(
            refusal(
                name,
                "targets",
                f"none of {len(table)} {layer} is meant",
                given=_said(targets),
                do="loosen the rule, or allow_empty = true",
            )
        )
    return sorted(r["id"] for r in rows)


def _pieces(name: str, targets: Targets, view: InputsView) -> list[Any]:
    import shapely

    if targets.vector is not None:
        pieces = list(shapely.get_parts(view.shapes(targets.vector, f"measure.{name}.targets")))
    elif targets.polygon_m:
        pieces = [shapely.Polygon(targets.polygon_m)]
    elif targets.line_m:
        pieces = [shapely.LineString(targets.line_m)]
    else:
        raise InputError(
            refusal(
                name, "targets", "no place is given", allowed="vector, polygon_m, line_m or layer"
            )
        )
    return pieces


def _within(name: str, targets: Targets, view: InputsView) -> np.ndarray | None:
    import shapely

    if targets.within is not None:
        shapes = view.shapes(targets.within, f"measure.{name}.targets.within")
    elif targets.within_m:
        shapes = [shapely.Polygon(targets.within_m)]
    else:
        return None
    mask = np.zeros(view.grid.shape, bool)
    for shape in shapes:
        mask |= view.grid.cells_in(shape)
    return mask


def _on(view: InputsView, row: Row, inside: np.ndarray) -> bool:
    if row["place"] is None:
        return False
    cell = tuple(int(v) for v in view.grid.cell_at(*row["place"]))
    return bool(view.grid.contains(*cell)) and bool(inside[cell])


def _holds(name: str, layer: str, text: str, row: Row) -> bool:
    found = RULE.match(text)
    if found is None:
        raise InputError(
            refusal(
                name,
                "targets.where",
                "this is no rule",
                given=text,
                allowed='"field op value" with < <= > >= == !=, e.g. "diameter_m < 0.6"',
            )
        )
    field, sign, wanted = found.groups()
    value = _field(name, layer, field, row)
    if isinstance(value, str):
        return COMPARISONS[sign](value, wanted.strip("'\""))
    try:
        return COMPARISONS[sign](value, float(wanted))
    except ValueError as error:
        raise InputError(
            refusal(name, "targets.where", f"`{field}` is a number", given=text)
        ) from error


def _field(name: str, layer: str, field: str, row: Row) -> Any:
    if field not in row:
        known = [k for k in row if k != "place"]
        raise InputError(
            refusal(
                name,
                "targets.where",
                f"{layer} have no such field{nearest(field, known)}",
                given=field,
                allowed=", ".join(known),
            )
        )
    return row[field]


def _limited(name: str, layer: str, rows: list[Row], targets: Targets) -> list[Row]:
    if targets.order_by is not None and rows:
        field = targets.order_by.lstrip("-")
        for row in rows:
            _field(name, layer, field, row)
        rows = sorted(rows, key=lambda r: r["id"])
        rows = sorted(rows, key=lambda r: r[field], reverse=targets.order_by.startswith("-"))
    if targets.limit is None:
        return rows
    rows = rows[: targets.limit.count] if targets.limit.count is not None else rows
    if targets.limit.length_m is None:
        return rows
    kept, length = [], 0.0
    for row in rows:
        length += _field(name, layer, "length_m", row)
        if length > targets.limit.length_m:
            break
        kept.append(row)
    return kept


def _said(targets: Targets) -> str:
    return ", ".join(f"{k} = {v}" for k, v in targets.model_dump(exclude_defaults=True).items())[
        :160
    ]


# ------------------------------------------------------------------------------------------- layers


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
