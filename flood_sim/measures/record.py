"""What was built, for people: quantities, cost and places of a measure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from flood_sim.measures.base import PROJECTS, Measure
from flood_sim.measures.costs import unit_costs
from flood_sim.measures.edits import CellEdit, Edit, Plan
from flood_sim.simulation.inputs import ModelInputs

LARGEST_LIST = 500  # edits of single items that measures.json spells out


def record(
    name: str, measure: Measure, plan: Plan, inputs: ModelInputs
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of measures.json and the features of measures.geojson."""
    bill = [_line(item, amount) for item, amount in _summed(plan).items()]
    capital = {
        key: sum(line[f"cost_{key}_cny"] for line in bill) for key in ("low", "middle", "high")
    }
    stated = measure.cost_cny is not None
    if stated:
        capital = dict.fromkeys(capital, measure.cost_cny)
    yearly = (
        measure.yearly_cny
        if measure.yearly_cny is not None
        else sum(line["yearly_share"] * line["cost_middle_cny"] for line in bill)
    )
    items = [e for e in plan.edits if isinstance(e, Edit)]
    row = {
        "name": name,
        "project": measure.PROJECT,
        "project_zh": PROJECTS[measure.PROJECT],
        "kind": getattr(measure, "kind", ""),
        "summary": measure.SUMMARY,
        "summary_zh": measure.CHINESE,
        "stage": measure.STAGE,
        "phase": measure.phase,
        "in_service": measure.in_service.isoformat() if measure.in_service else None,
        "targets": plan.targets,
        "quantities": bill,
        "capital_cny": capital,
        "cost_stated_by_user": stated,
        "yearly_cny": yearly,
        "life_years": measure.life_years or _life(bill, capital["middle"]),
        "edits": (
            [_cells_said(e) for e in plan.edits if isinstance(e, CellEdit)]
            + [_item_said(e) for e in items[:LARGEST_LIST]]
        ),
        "edits_not_listed": max(len(items) - LARGEST_LIST, 0),
        "parameters": measure.model_dump(mode="json", exclude_none=True),
    }
    return row, _features(name, measure, plan, inputs)


def _summed(plan: Plan) -> dict[str, float]:
    total: dict[str, float] = {}
    for q in plan.quantities:
        total[q.item] = total.get(q.item, 0.0) + q.amount
    return total


def _line(item: str, amount: float) -> dict[str, Any]:
    unit = unit_costs()[item]
    return {
        "item": item,
        "amount": amount,
        "unit": unit.unit,
        "unit_cost_cny": [unit.low, unit.middle, unit.high],
        "source": unit.source,
        "cost_low_cny": amount * unit.low,
        "cost_middle_cny": amount * unit.middle,
        "cost_high_cny": amount * unit.high,
        "yearly_share": unit.yearly,
        "life_years": unit.life_y,
    }


def _life(bill: list[dict[str, Any]], capital: float) -> float | None:
    """Of the dearest item."""
    return (
        max(bill, key=lambda line: line["cost_middle_cny"])["life_years"]
        if bill and capital > 0.0
        else None
    )


def _cells_said(e: CellEdit) -> dict[str, Any]:
    low, high = (float(v) for v in (e.value.min(), e.value.max()))
    return {"resource": e.resource, "op": e.op, "cells": len(e.cells), "from": low, "to": high}


def _item_said(e: Edit) -> dict[str, Any]:
    key = list(e.key) if isinstance(e.key, tuple) else e.key
    plain = e.value if isinstance(e.value, (str, int, float)) or e.value is None else _rows(e.value)
    return {"resource": e.resource, "key": key, "op": e.op, "value": plain}


def _rows(value: Any) -> Any:
    return (
        list(value)
        if isinstance(value, tuple)
        else [list(v) for v in value]
        if isinstance(value, list)
        else type(value).__name__
    )


def _features(name: str, measure: Measure, plan: Plan, inputs: ModelInputs) -> list[dict[str, Any]]:
    """Areas of edited cells, lines of edited links, points of edited nodes and inlets, in the
    grid's own coordinates.
    """
    grid, mask = inputs.terrain.grid, np.zeros(inputs.terrain.grid.shape, bool)
    places: dict[str, dict[str, Any]] = {}
    where = inputs.drainage.network.coordinates() if inputs.drainage is not None else {}
    links = inputs.drainage.network.links() if inputs.drainage is not None else {}
    for e in plan.edits:
        if isinstance(e, Edit) and e.resource == "inp.COORDINATES" and isinstance(e.key, tuple):
            where = where | {str(e.key[0]): (float(e.value[0]), float(e.value[1]))}

    def line(item: str, ends: Iterable[str]) -> bool:
        points = [list(where[n]) for n in ends if n in where]
        if len(points) == 2:
            places[item] = {"type": "LineString", "coordinates": points}
        return len(points) == 2

    def point(item: str, cell: tuple[int, int] | None) -> None:
        if cell is not None:
            places[item] = {
                "type": "Point",
                "coordinates": [float(grid.x_m[cell[1]]), float(grid.y_m[cell[0]])],
            }

    for e in plan.edits:
        if isinstance(e, CellEdit):
            mask[tuple(e.cells.T)] = True
            continue
        if e.resource in ("facilities", "structures") and e.value is not None:
            mask[tuple(e.value.cells.T)] = True
        elif e.resource == "inlets":
            inlet = (
                e.value
                if e.op == "insert"
                else (
                    inputs.drainage.inlets[e.key]
                    if inputs.drainage and isinstance(e.key, int)
                    else None
                )
            )
            if inlet is not None:
                point(f"inlet {inlet.node} {inlet.row} {inlet.column}", (inlet.row, inlet.column))
        elif e.resource == "mobile_pumps":
            point(e.value.name, e.value.cell)
        elif e.resource == "actions":
            for task in e.value.tasks:
                point(task.target, _site_cell(task.target, None, inputs))
                for row, column in task.cells:
                    mask[row, column] = True
        elif e.resource == "operations":
            for link in e.value.links:
                line(link, links[link])
        elif e.resource in ("openings", "critical", "spaces", "passages") and isinstance(
            e.key, tuple
        ):
            point(str(e.key[0]), _site_cell(str(e.key[0]), e.value, inputs))
        elif e.resource.startswith("inp.") and isinstance(e.key, tuple):
            item = str(e.key[0])
            ends = links.get(
                item,
                (
                    tuple(e.value[:2])
                    if e.resource in ("inp.CONDUITS", "inp.PUMPS", "inp.WEIRS")
                    and isinstance(e.value, tuple)
                    else ()
                ),
            )
            if not line(item, ends) and item in where:
                places[item] = {"type": "Point", "coordinates": list(where[item])}
    about = {"measure": name, "project": measure.PROJECT, "kind": getattr(measure, "kind", "")}
    found = [
        {"type": "Feature", "properties": {**about, "item": item}, "geometry": g}
        for item, g in places.items()
    ]
    return found + [
        {"type": "Feature", "properties": {**about, "item": "area"}, "geometry": g}
        for g in _outlines(mask, grid)
    ]


def _site_cell(name: str, value: Any, inputs: ModelInputs) -> tuple[int, int] | None:
    """Where an opening, a space, a passage's end or a critical site lies; of a new site, where it
    will.
    """
    for space in inputs.sites.spaces.spaces:
        for o in space.openings:
            if name in (o.name, space.name):
                return o.row, o.column
    for passage in inputs.sites.spaces.passages:
        if passage.name == name:
            return _site_cell(passage.first, None, inputs) or _site_cell(
                passage.second, None, inputs
            )
    places = {c.name: c.place for c in inputs.sites.critical}
    place = places.get(name, getattr(value, "place", None))
    if isinstance(place, str):
        return _site_cell(place, None, inputs)
    return place


def _outlines(mask: np.ndarray, grid: Any) -> list[dict[str, Any]]:
    from rasterio.features import shapes

    if not mask.any():
        return []
    return [
        geometry
        for geometry, _ in shapes(mask.astype(np.uint8), mask=mask, transform=grid.transform)
    ]
