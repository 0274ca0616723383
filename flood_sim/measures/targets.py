"""Targets to cells, lines and ids. Rules are a field, a comparison and a value; nothing is
evaluated as code.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from flood_sim.core.errors import nearest
from flood_sim.measures.base import InputsView, Targets
from flood_sim.measures.edits import refused
from flood_sim.measures.target_tables import LAYERS, Row

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
RULE = re.compile(r"^\s*(\w+)\s*(<=|>=|==|!=|<|>)\s*(.+?)\s*$")


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
            raise refused(
                name,
                "targets",
                f"no such layer{nearest(targets.layer, view.layers)}",
                given=targets.layer,
                allowed=", ".join(view.layers) or "this scenario has none",
                do="name a layer of the city, or give polygon_m, line_m or vector",
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
        raise refused(
            name,
            "targets",
            "no open cell lies there" if open_only else "no cell lies there",
            given=_said(targets),
            allowed=repr(grid),
            do="move it onto the grid, off buildings" if open_only else "move it onto the grid",
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
            raise refused(
                name,
                "targets",
                f"no such line{nearest(wanted, view.lines)}",
                given=wanted,
                allowed=", ".join(view.lines) or "none is known",
                do="name a line of the city, or give line_m or vector",
            )
        return shapely.LineString(view.lines[wanted][0])
    pieces = _pieces(name, targets, view)
    if len(pieces) != 1 or pieces[0].geom_type != "LineString":
        kinds = ", ".join(p.geom_type for p in pieces) or "nothing"
        raise refused(
            name,
            "targets",
            "one line is needed",
            given=kinds,
            do="line_m = [[x, y], [x, y], ...], or a file with one LineString",
        )
    return pieces[0]


def items_of(name: str, targets: Targets, view: InputsView, layer: str) -> list[str]:
    """Sorted ids of a network layer by name or by rule. Raises InputError where a name or field is
    unknown or nothing is found.
    """
    if targets.layer is not None and targets.layer != layer:
        raise refused(
            name, "targets.layer", f"this kind works on {layer}", given=targets.layer, allowed=layer
        )
    table = {row["id"]: row for row in LAYERS[layer](view)}
    rows = _named(name, targets, layer, table)
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
        problem = f"none of {len(table)} {layer} is meant"
        do = "loosen the rule, or allow_empty = true"
        raise refused(name, "targets", problem, given=_said(targets), do=do)
    return sorted(r["id"] for r in rows)


def _named(name: str, targets: Targets, layer: str, table: dict[str, Row]) -> list[Row]:
    """The rows of the names; without names all of a layer that a rule narrows."""
    for wanted in targets.names:
        if wanted not in table:
            problem = f"no such item among the {layer}{nearest(wanted, table)}"
            raise refused(name, "targets", problem, given=wanted)
    if len(set(targets.names)) < len(targets.names):
        given = ", ".join(targets.names)[:100]
        raise refused(name, "targets", "a name stands twice", given=given)
    if targets.names:
        return [table[n] for n in targets.names]
    ruled = targets.where or targets.any or targets.within or targets.within_m
    if targets.layer is None and not ruled:
        raise refused(
            name,
            "targets",
            f'name the {layer}, or give layer = "{layer}" with a rule',
            do='targets = ["NAME", ...], or { layer = "...", where = ["field op value"] }',
        )
    return list(table.values())


def _pieces(name: str, targets: Targets, view: InputsView) -> list[Any]:
    import shapely

    if targets.vector is not None:
        pieces = list(shapely.get_parts(view.shapes(targets.vector, f"measure.{name}.targets")))
    elif targets.polygon_m:
        pieces = [shapely.Polygon(targets.polygon_m)]
    elif targets.line_m:
        pieces = [shapely.LineString(targets.line_m)]
    else:
        raise refused(
            name, "targets", "no place is given", allowed="vector, polygon_m, line_m or layer"
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
        raise refused(
            name,
            "targets.where",
            "this is no rule",
            given=text,
            allowed='"field op value" with < <= > >= == !=, e.g. "diameter_m < 0.6"',
        )
    field, sign, wanted = found.groups()
    value = _field(name, layer, field, row)
    if isinstance(value, str):
        return COMPARISONS[sign](value, wanted.strip("'\""))
    try:
        return COMPARISONS[sign](value, float(wanted))
    except ValueError as error:
        raise refused(name, "targets.where", f"`{field}` is a number", given=text) from error


def _field(name: str, layer: str, field: str, row: Row) -> Any:
    if field not in row:
        known = [k for k in row if k != "place"]
        raise refused(
            name,
            "targets.where",
            f"{layer} have no such field{nearest(field, known)}",
            given=field,
            allowed=", ".join(known),
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
