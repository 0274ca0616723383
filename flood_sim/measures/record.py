"""What was built, for people: quantities, cost and places of a measure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from flood_sim.measures.base import PROJECTS, Measure
from flood_sim.measures.costs import Prices, UnitCost, prices
from flood_sim.measures.edits import CellEdit, Edit, Plan
from flood_sim.measures.refusals import refuse_unpriced, why_nothing
from flood_sim.measures.resources import Resource
from flood_sim.simulation.inputs import ModelInputs

LINKS = (Resource.INP_CONDUITS, Resource.INP_PUMPS, Resource.INP_WEIRS)  # rows name both ends
LARGEST_LIST = 500  # edits of single items that measures.json spells out


def record(
    name: str, measure: Measure, plan: Plan, inputs: ModelInputs
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of measures.json and the features of measures.geojson."""
    paid = prices(inputs.region)
    bill = _bill(name, plan, paid)
    capital = {key: sum(line[f"cost_{key}"] for line in bill) for key in ("low", "middle", "high")}
    stated = measure.cost is not None
    if stated:
        capital = dict.fromkeys(capital, measure.cost)
    yearly = (
        measure.yearly
        if measure.yearly is not None
        else sum(line["yearly_share"] * line["cost_middle"] for line in bill)
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
        "why_nothing": why_nothing(measure, plan),
        "quantities": bill,
        "currency": paid.currency,
        "price_year": paid.year,
        "capital": capital,
        "cost_stated_by_user": stated,
        "yearly": yearly,
        "life_years": measure.life_years or _life(bill, capital["middle"]),
        "edits": (
            [_cells_said(e) for e in plan.edits if isinstance(e, CellEdit)]
            + [_item_said(e) for e in items[:LARGEST_LIST]]
        ),
        "edits_not_listed": max(len(items) - LARGEST_LIST, 0),
        "parameters": measure.model_dump(mode="json", exclude_none=True),
    }
    return row, _features(name, measure, plan, inputs)


def _bill(name: str, plan: Plan, paid: Prices) -> list[dict[str, Any]]:
    """A line an item. Raises InputError where one has no price."""
    wanted = _summed(plan)
    refuse_unpriced(name, [item for item in wanted if item not in paid.items], paid.currency)
    return [_line(item, amount, paid.items[item]) for item, amount in wanted.items()]


def _summed(plan: Plan) -> dict[str, float]:
    total: dict[str, float] = {}
    for q in plan.quantities:
        total[q.item] = total.get(q.item, 0.0) + q.amount
    return total


def _line(item: str, amount: float, unit: UnitCost) -> dict[str, Any]:
    return {
        "item": item,
        "amount": amount,
        "unit": unit.unit,
        "unit_cost": [unit.low, unit.middle, unit.high],
        "source": unit.source,
        "cost_low": amount * unit.low,
        "cost_middle": amount * unit.middle,
        "cost_high": amount * unit.high,
        "yearly_share": unit.yearly,
        "life_years": unit.life_y,
    }


def _life(bill: list[dict[str, Any]], capital: float) -> float | None:
    """Of the dearest item."""
    return (
        max(bill, key=lambda line: line["cost_middle"])["life_years"]
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
    sketch = _Sketch(plan, inputs)
    for e in plan.edits:
        if isinstance(e, CellEdit):
            sketch.mask[tuple(e.cells.T)] = True
        elif e.resource.section:
            sketch.network(e)
        else:
            sketch.item(e)
    about = {"measure": name, "project": measure.PROJECT, "kind": getattr(measure, "kind", "")}
    found = [
        {"type": "Feature", "properties": {**about, "item": item}, "geometry": g}
        for item, g in sketch.places.items()
    ]
    return found + [
        {"type": "Feature", "properties": {**about, "item": "area"}, "geometry": g}
        for g in _outlines(sketch.mask, inputs.terrain.grid)
    ]


class _Sketch:
    """Where the edits of a plan lie: a mask of cells, and geometries by the name of the item."""

    def __init__(self, plan: Plan, inputs: ModelInputs) -> None:
        self._inputs, self._grid = inputs, inputs.terrain.grid
        self.mask = np.zeros(self._grid.shape, bool)
        self.places: dict[str, dict[str, Any]] = {}
        network = inputs.drainage.network if inputs.drainage is not None else None
        self._links = network.links() if network is not None else {}
        self._where = dict(network.coordinates()) if network is not None else {}
        placed = (e for e in plan.edits if e.resource == Resource.INP_COORDINATES)
        for e in placed:
            if isinstance(e, Edit) and isinstance(e.key, tuple):
                self._where[str(e.key[0])] = (float(e.value[0]), float(e.value[1]))

    def item(self, e: Edit) -> None:
        """What an edit beside the network changes."""
        if e.resource in (Resource.FACILITIES, Resource.STRUCTURES) and e.value is not None:
            self.mask[tuple(e.value.cells.T)] = True
        elif e.resource == Resource.INLETS:
            self._inlet(e)
        elif e.resource == Resource.MOBILE_PUMPS:
            self._point(e.value.name, e.value.cell)
        elif e.resource == Resource.ACTIONS:
            for task in e.value.tasks:
                self._point(task.target, _site_cell(task.target, None, self._inputs))
                for row, column in task.cells:
                    self.mask[row, column] = True
        elif e.resource == Resource.OPERATIONS:
            for link in e.value.links:
                self._line(link, self._links[link])
        elif e.resource.of_sites and isinstance(e.key, tuple):
            name = str(e.key[0])
            self._point(name, _site_cell(name, e.value, self._inputs))

    def network(self, e: Edit) -> None:
        """The link or the node of an edit of the .inp."""
        if not isinstance(e.key, tuple):
            return
        item, linked = str(e.key[0]), e.resource in LINKS
        own = tuple(e.value[:2]) if linked and isinstance(e.value, tuple) else ()
        if not self._line(item, self._links.get(item, own)) and item in self._where:
            self.places[item] = {"type": "Point", "coordinates": list(self._where[item])}

    def _inlet(self, e: Edit) -> None:
        drainage = self._inputs.drainage
        inlet = e.value if e.op == "insert" else None
        if e.op != "insert" and drainage and isinstance(e.key, int):
            inlet = drainage.inlets[e.key]
        if inlet is not None:
            name = f"inlet {inlet.node} {inlet.row} {inlet.column}"
            self._point(name, (inlet.row, inlet.column))

    def _line(self, item: str, ends: Iterable[str]) -> bool:
        points = [list(self._where[n]) for n in ends if n in self._where]
        if len(points) == 2:
            self.places[item] = {"type": "LineString", "coordinates": points}
        return len(points) == 2

    def _point(self, item: str, cell: tuple[int, int] | None) -> None:
        if cell is not None:
            at = [float(self._grid.x_m[cell[1]]), float(self._grid.y_m[cell[0]])]
            self.places[item] = {"type": "Point", "coordinates": at}


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
