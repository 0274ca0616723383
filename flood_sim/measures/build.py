"""Measures onto inputs: plans of a stage see the same inputs, are merged, checked once, and become
new inputs; then the next stage.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, InputError
from flood_sim.core.grid import Grid
from flood_sim.measures.base import InputsView, Measure, Shapes
from flood_sim.measures.costs import currency_of
from flood_sim.measures.edits import Conflict, Merged, Op, Plan, merge, refused
from flood_sim.measures.network_edits import edited
from flood_sim.measures.projects.regional import with_series
from flood_sim.measures.record import record
from flood_sim.measures.refusals import together
from flood_sim.measures.resources import Resource
from flood_sim.measures.site_edits import edited_sites
from flood_sim.simulation.inputs import DrainageInputs, ModelInputs, NodeInlet
from flood_sim.sites.checks import space_faults
from flood_sim.surface.losses import overfull
from flood_sim.surface.structures import shared_face

LEVELS, SHOWN = ("low", "middle", "high"), 6  # of costs; measures that an object prints


@dataclass(frozen=True)
class Built:
    """The new inputs, what was built (for measures.json) and where (for measures.geojson)."""

    inputs: ModelInputs
    measures: tuple[dict[str, Any], ...]
    features: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        total = {key: sum(m["capital"][key] for m in self.measures) / 1e6 for key in LEVELS}
        money = currency_of(self.measures)
        lines = [
            f"Built: {len(self.measures)} measures, {total['middle']:.2f} M {money}"
            f" ({total['low']:.2f} to {total['high']:.2f}), {len(self.features)} places"
        ]
        for m in self.measures[:SHOWN]:
            what = ", ".join(f"{q['amount']:,.0f} {q['unit']}" for q in m["quantities"]) or "-"
            cost = m["capital"]["middle"] / 1e6
            lines.append(f"  {m['name']:<18} {m['kind']:<18} {what}; {cost:.2f} M {money}")
        if len(self.measures) > SHOWN:
            lines.append(f"  and {len(self.measures) - SHOWN} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A table of all measures: project, kind, quantities, capital in millions."""
        import pandas

        rows = [
            {
                "measure": m["name"],
                "project": m["project"],
                "kind": m["kind"],
                "quantities": ", ".join(
                    f"{q['amount']:,.0f} {q['unit']} {q['item']}" for q in m["quantities"]
                ),
                f"M {currency_of(self.measures)}": round(m["capital"]["middle"] / 1e6, 2),
            }
            for m in self.measures
        ]
        return pandas.DataFrame(rows).to_html(index=False)


def apply_measures(inputs: ModelInputs, measures: Mapping[str, Measure], shapes: Shapes) -> Built:
    """All measures, whatever the order they are given in. Raises InputError with every refusal and
    conflict.
    """
    rows: list[dict[str, Any]] = []
    features: list[dict[str, Any]] = []
    doubts: list[Finding] = []
    for group in rounds(measures):
        plans = _plans(inputs, {name: measures[name] for name in group}, shapes)
        merged, conflicts = merge(plans, inputs.terrain.grid.shape)
        refusals = [
            f
            for name in sorted(plans)
            for f in together(plans[name].refusals, set(plans[name].targets))
        ] + [_placed(c, inputs.terrain.grid) for c in conflicts]
        if refusals:
            raise InputError(refusals)
        before, inputs = inputs, _changed(inputs, merged)
        for name in sorted(plans):
            row, places = record(name, measures[name], plans[name], before)
            rows.append(row)
            features += places
            doubts += plans[name].doubts
    _refuse_shared_faces(inputs)
    _refuse_overfull(inputs)
    _refuse_wrong_spaces(inputs)
    return Built(
        replace(inputs, findings=(*inputs.findings, *doubts)),
        tuple(sorted(rows, key=lambda r: r["name"])),
        tuple(features),
    )


def _placed(conflict: Conflict, grid: Grid) -> Finding:
    """The finding of a conflict with the middle of the cells in which it lies."""
    if not len(conflict.cells):
        return conflict.finding
    x, y = (
        float(grid.x_m[conflict.cells[:, 1]].mean()),
        float(grid.y_m[conflict.cells[:, 0]].mean()),
    )
    return replace(
        conflict.finding,
        given=f"{conflict.finding.given}; around x {x:.0f}, y {y:.0f}",
        at=((x, y),),
    )


def rounds(measures: Mapping[str, Measure]) -> list[list[str]]:
    """Names in the order of their stages; within a stage by `after`; measures of other portfolios
    are not waited for. Raises InputError for a circle.
    """
    depth: dict[str, int] = {}

    def deep(name: str, way: tuple[str, ...]) -> int:
        if name in way:
            raise refused(name, "after", "it runs in a circle", given=" -> ".join((*way, name)))
        if name not in depth:
            before = [
                n
                for n in measures[name].after
                if n in measures and measures[n].STAGE == measures[name].STAGE
            ]
            depth[name] = 1 + max((deep(n, (*way, name)) for n in before), default=-1)
        return depth[name]

    keys = {name: (measures[name].STAGE, deep(name, ())) for name in measures}
    return [sorted(n for n in keys if keys[n] == key) for key in sorted(set(keys.values()))]


def _plans(inputs: ModelInputs, measures: Mapping[str, Measure], shapes: Shapes) -> dict[str, Plan]:
    plans, faults = {}, []
    for name in sorted(measures):
        try:
            view = InputsView(inputs, shapes)
            plans[name] = measures[name].plan(name, view)
            plans[name].doubts += _law_taken(name, measures[name], view, inputs)
        except InputError as error:
            faults += error.findings
    if faults:
        raise InputError(faults)
    return plans


def _law_taken(name: str, measure: Measure, view: InputsView, inputs: ModelInputs) -> list[Finding]:
    """Whether sizes or targets hang on a rain law that no scenario named. The reference city's is
    its own.
    """
    by_period = "return_period_y" in str(getattr(measure, "targets", ""))
    if inputs.design_law.own or inputs.lines or not (view.sizes_by_law or by_period):
        return []
    text = f"return periods and sizes go by {inputs.design_law}: this scenario names no rain law"
    do = '[region] rain_law = "NAME" or { a, c, b, n }'
    return [Finding("W543", f"measure.{name}", text, do=do)]


def _changed(inputs: ModelInputs, merged: Merged) -> ModelInputs:
    terrain = inputs.terrain
    terrain = replace(
        terrain,
        bed_elevation=_cells(terrain.bed_elevation, Resource.BED_ELEVATION, merged),
        manning_n=_cells(terrain.manning_n, Resource.MANNING_N, merged),
    )
    depth = inputs.initial_depth
    if any(resource == Resource.INITIAL_DEPTH for resource, _ in merged.cells):
        depth = np.maximum(
            _cells(
                np.broadcast_to(np.asarray(depth, float), terrain.grid.shape),
                Resource.INITIAL_DEPTH,
                merged,
            ),
            0.0,
        )
    facilities = _items(inputs.storage.facilities, Resource.FACILITIES, merged)
    return replace(
        inputs,
        terrain=terrain,
        initial_depth=depth,
        storage=replace(inputs.storage, facilities=facilities),
        structures=_items(inputs.structures, Resource.STRUCTURES, merged),
        culverts=_items(inputs.culverts, Resource.CULVERTS, merged),
        pumps=_items(inputs.pumps, Resource.PUMPS, merged),
        operations=_items(inputs.operations, Resource.OPERATIONS, merged),
        mobile_pumps=_items(inputs.mobile_pumps, Resource.MOBILE_PUMPS, merged),
        actions=_items(inputs.actions, Resource.ACTIONS, merged),
        trucks=inputs.trucks + sum(value for _, _, value in _mine(Resource.TRUCKS, merged)),
        sites=edited_sites(inputs.sites, merged.items),
        inflows=_boundaries(inputs.inflows, merged),
        edge_inflows=_boundaries(inputs.edge_inflows, merged),
        drainage=None if inputs.drainage is None else _drainage(inputs.drainage, merged),
    )


def _cells(field: np.ndarray, resource: Resource, merged: Merged) -> np.ndarray:
    """A field after its edits. Different operations never meet on a cell: a conflict before."""
    mine = {op: merged.cells[r, op] for r, op in merged.cells if r == resource}
    if not mine:
        return field
    changed = np.array(field, float)
    for op, (cells, value) in mine.items():
        at = tuple(cells.T)
        now = changed[at]
        changed[at] = {
            "lower_to": np.minimum(now, value),
            "raise_to": np.maximum(now, value),
            "add": now + value,
            "set": value,
        }[op]
    return changed


def _mine(resource: Resource, merged: Merged) -> list[tuple[Hashable, Op, Any]]:
    found = [(key, op, value) for (r, key), (op, value) in merged.items.items() if r == resource]
    return sorted(found, key=lambda edit: str(edit[0]))


def _items(present: tuple[Any, ...], resource: Resource, merged: Merged) -> tuple[Any, ...]:
    """Named things: replaced in place, taken out, added at the end in the order of their names."""
    edits = _mine(resource, merged)
    replaced = {key: value for key, op, value in edits if op == "set"}
    gone = {key for key, op, _ in edits if op == "delete"}
    kept = [replaced.get(thing.name, thing) for thing in present if thing.name not in gone]
    new = [value for _, op, value in edits if op == "insert"]
    taken = {thing.name for thing in kept}
    double = [thing.name for thing in new if thing.name in taken]
    if double:
        raise refused(
            double[0],
            "",
            f"the scenario has {resource} of this name already",
            do="rename the measure",
        )
    return (*kept, *new)


def _boundaries(present: tuple[Any, ...], merged: Merged) -> tuple[Any, ...]:
    for name, _, series in _mine(Resource.BOUNDARIES, merged):
        present = with_series(present, str(name), series)
    return present


def _drainage(drainage: DrainageInputs, merged: Merged) -> DrainageInputs:
    inp = drainage.network
    for (resource, key), (op, _) in merged.items.items():
        if resource.section and op == "insert" and resource != Resource.INP_COORDINATES:
            name = key[0]  # type: ignore[index]
            if any(row.tokens[0] == name for row in inp.rows(resource.section)):
                problem = f"the network has a row of this name in [{resource.section}]"
                raise refused(str(name), "", problem, do="rename the measure")
    cells = drainage.return_cells | {
        str(key): value for key, _, value in _mine(Resource.RETURN_CELLS, merged)
    }
    return replace(
        drainage,
        network=edited(inp, merged.items),
        inlets=_inlets(drainage.inlets, merged),
        return_cells=cells,
    )


def _inlets(present: tuple[NodeInlet, ...], merged: Merged) -> tuple[NodeInlet, ...]:
    """Inlets by their number: opened to a share; new ones at the end."""
    inlets, new = list(present), []
    for key, op, value in _mine(Resource.INLETS, merged):
        if op == "insert":
            new.append(value)
            continue
        k = int(str(key))
        inlets[k] = inlets[k].opened(value)
    return (*inlets, *new)


def _refuse_shared_faces(inputs: ModelInputs) -> None:
    shared = shared_face(inputs.structures)
    if shared is not None:
        name, other, row, column = shared
        problem = f"it shares a face with `{other}` (row {row}, column {column})"
        raise refused(
            name, "targets", problem, do="let lines end a cell apart, or make them one structure"
        )


def _refuse_overfull(inputs: ModelInputs) -> None:
    """Facilities on the ground of a cell cover at most the cell."""
    over = overfull(inputs.storage.facilities, inputs.terrain.grid.shape)
    if over is not None:
        row, column, share, names = over
        problem = f"{' and '.join(names)} cover {share:.0%} of a cell"
        raise refused(
            names[-1],
            "share",
            problem,
            given=f"row {row}, column {column}",
            do="lower the shares, or separate the areas",
        )


def _refuse_wrong_spaces(inputs: ModelInputs) -> None:
    """Spaces as the measures leave them: what is refused in a scenario is refused here."""
    faults = space_faults(
        inputs.sites.spaces, lambda kind, name: f"measure.* (after all of them), [[{kind}]] {name}"
    )
    if faults:
        raise InputError(faults)
