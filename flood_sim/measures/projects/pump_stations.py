"""Project 3, pump_stations 雨水泵站提升: new stations and more pumps. Trucks and control: in
pump_operation. Power: in critical_supply. Control rooms: in critical_infrastructure.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from flood_sim.core.errors import nearest
from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.schema_texts import UnfitError
from flood_sim.core.units import SWMM_FLOW_UNITS
from flood_sim.drainage.conduits import node_inverts
from flood_sim.measures.base import MAKE, RESIZE, InputsView, Measure, Project, Targets
from flood_sim.measures.edits import NEW_ROW, Plan
from flood_sim.measures.network_parts import add_pump, add_store
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import items_of
from flood_sim.surface.structures import SurfacePump

LEAST_EMPTYING_S = 60.0  # a sump that lasts less makes pumps start and stop


class PumpStations(Measure):
    PROJECT: ClassVar[Project] = "pump_stations"


class NewPumpStation(PumpStations):
    """Pumps from a node over the river's level, or from one place on the ground to another. A
    junction gets a wet well of its own: pumps that empty their sump within a minute only start and
    stop."""

    STAGE: ClassVar[int] = MAKE
    READS: ClassVar[frozenset[str]] = frozenset({Resource.INP})
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {
            Resource.INP_OUTFALLS,
            Resource.INP_PUMPS,
            Resource.INP_CURVES,
            Resource.INP_COORDINATES,
            Resource.INP_STORAGE,
            Resource.INP_CONDUITS,
            Resource.INP_XSECTIONS,
            Resource.RETURN_CELLS,
            Resource.PUMPS,
        }
    )
    SUMMARY: ClassVar[str] = (
        "pump station from a node to a new outfall, or between two places on the ground"
    )
    CHINESE: ClassVar[str] = "新建泵站"

    kind: Literal["new_pump_station"]
    from_node: str | None = Field(
        None,
        description="a node of the network: a storage node is the wet well, a junction gets one",
    )
    from_m: tuple[float, float] | None = Field(
        None, description="instead: map coordinates of the inlet on the ground"
    )
    to_m: tuple[float, float] | None = Field(None, description="with from_m: where the water goes")
    outlet_level_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="with from_node: level of the outlet; absent: the node's rim",
    )
    capacity_m3_s: float = Field(ge=0.0, le=100.0)
    units: int = Field(3, ge=1, le=12, description="equal pumps that share the capacity")
    start_m: float | None = Field(
        None,
        gt=0.0,
        le=20.0,
        description="depth at which the first starts; absent: 2 in a well, 0.15 on the ground",
    )
    stop_m: float | None = Field(
        None, ge=0.0, le=20.0, description="absent: 0.5 in a well, 0.05 on the ground"
    )
    sump_m: float = Field(
        2.5, ge=0.5, le=10.0, description="floor of a new wet well under the junction's invert"
    )

    @model_validator(mode="after")
    def _whole(self) -> NewPumpStation:
        if (self.from_node is None) == (self.from_m is None) or (self.from_m is None) != (
            self.to_m is None
        ):
            raise UnfitError(
                "it needs from_node, or both from_m and to_m", do="give the one or the others"
            )
        if self.levels[1] >= self.levels[0]:
            raise UnfitError("stop_m must be below start_m")
        return self

    @property
    def levels(self) -> tuple[float, float]:
        """Depths at which the first pump starts and stops."""
        start, stop = (2.0, 0.5) if self.from_node is not None else (0.15, 0.05)
        return start if self.start_m is None else self.start_m, (
            stop if self.stop_m is None else self.stop_m
        )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.capacity_m3_s == 0.0:
            return plan
        plan.count("pump_station", self.capacity_m3_s)
        if self.from_node is None:
            self._on_the_ground(name, plan, view)
            return plan
        plan.targets = [self.from_node]
        rims = view.inp.rims()
        if self.from_node not in rims:
            plan.refuse(
                name,
                "from_node",
                f"no such node{nearest(self.from_node, rims)}",
                given=self.from_node,
                allowed="a junction or storage node",
            )
            return plan
        self._doubt_inflow(name, plan, view, self.from_node)
        well = self._well(name, plan, view, self.from_node)
        self._add_pumps(name, plan, view, well, self.outlet_level_m or rims[self.from_node])
        return plan

    def _doubt_inflow(self, name: str, plan: Plan, view: InputsView, node: str) -> None:
        into = (c.capacity_m3_s for c in view.conduits.values() if c.lower == node)
        inflow = max((q for q in into if math.isfinite(q)), default=0.0)
        if 0.0 < inflow < 0.5 * self.capacity_m3_s:
            plan.doubt(
                name,
                f"the pipes into {node} bring {inflow:.2f} m3/s by gravity: the pumps will starve",
            )

    def _add_pumps(
        self, name: str, plan: Plan, view: InputsView, well: str, level_m: float
    ) -> None:
        """Equal pumps that start one after the other; an outfall takes one link: each has its
        own.
        """
        place, metre = view.inp.coordinates().get(self.from_node or ""), view.inp.metres_per_unit
        start, stop = self.levels
        band = 0.5 * (start - stop) / self.units
        each = self.capacity_m3_s / self.units
        for k in range(self.units):
            outfall, pump = f"{name}_out{k + 1}", f"{name}_p{k + 1}"
            plan.row("OUTFALLS", outfall, level_m / metre, "FREE", "NO")
            if place is not None:
                plan.row("COORDINATES", outfall, place[0] + 3.0 * (k + 1), place[1])
            levels = start + band * k, stop + band * k
            add_pump(plan, view, pump, well, outfall, each, *levels)

    def _well(self, name: str, plan: Plan, view: InputsView, node: str) -> str:
        """The wet well: the storage node itself, or a new one beside a junction, large enough that
        all pumps need a minute to empty it.
        """
        start, stop = self.levels
        stores = {r.tokens[0]: r.tokens for r in view.inp.rows("STORAGE")}
        inverts, rims = node_inverts(view.inp), view.inp.rims()
        area = LEAST_EMPTYING_S * self.capacity_m3_s / (start - stop)
        depth = rims[node] - inverts[node] + (0.0 if node in stores else self.sump_m)
        if start >= depth:
            given, allowed = f"{start:g} m", f"below {depth:.2f} m"
            problem = "the pumps would start over the rim"
            plan.refuse(name, "start_m", problem, given=given, allowed=allowed)
        if node not in stores:
            return self._new_well(name, plan, view, node, area)
        own = _constant_area(stores[node]) * view.inp.metres_per_unit**2
        if own < area:
            plan.refuse(
                name,
                "from_node",
                "the pumps empty this well within a minute",
                given=f"{own:.0f} m2",
                allowed=f"at least {area:.0f} m2 between {stop:g} and {start:g} m, or"
                f" {own / area * self.capacity_m3_s:.2f} m3/s",
            )
        return node

    def _new_well(self, name: str, plan: Plan, view: InputsView, node: str, area_m2: float) -> str:
        """A well of its own beside a junction, and the pipe into it."""
        well, inlet, metre = f"{name}_well", f"{name}_inlet", view.inp.metres_per_unit
        invert = node_inverts(view.inp)[node]
        add_store(plan, view, well, invert - self.sump_m, view.inp.rims()[node], area_m2, node)
        pipe = max((c.depth_m for c in view.conduits.values() if c.lower == node), default=1.0)
        by_level = view.inp.option("LINK_OFFSETS") == "ELEVATION"
        upper, lower = (invert, invert - 0.01) if by_level else (0.0, self.sump_m - 0.01)
        offsets = upper / metre, lower / metre
        plan.row("CONDUITS", inlet, node, well, 12.0 / metre, 0.013, *offsets, 0, 0)
        plan.row("XSECTIONS", inlet, "CIRCULAR", pipe / metre, 0, 0, 0, 1)
        return well

    def _on_the_ground(self, name: str, plan: Plan, view: InputsView) -> None:
        ends = []
        for key, location in (("from_m", self.from_m), ("to_m", self.to_m)):
            cell = view.open_cell(location or (0.0, 0.0))
            if cell is None:
                plan.refuse(
                    name,
                    key,
                    "this is no open cell",
                    given=str(location),
                    allowed=repr(view.grid),
                    do="move it onto the grid, off buildings",
                )
                return
            ends.append(cell)
        if ends[0] == ends[1]:
            plan.refuse(name, "to_m", "both ends lie in one cell")
            return
        plan.item(
            Resource.PUMPS,
            name,
            "insert",
            SurfacePump(name, ends[0], ends[1], self.capacity_m3_s, *self.levels),
        )


def _constant_area(tokens: list[str]) -> float:
    """Constant area of a functional storage node, in the file's units; endless where it is given
    otherwise.
    """
    return float(tokens[7]) if len(tokens) > 7 and tokens[4].upper() == "FUNCTIONAL" else math.inf


class PumpCapacity(PumpStations):
    """Pumps in parallel with those that are there: they add flow at a head, less than twice the
    pumps on one rising main.
    """

    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset({Resource.INP})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INP_PUMPS, Resource.INP_CURVES})
    SUMMARY: ClassVar[str] = "more pumps beside existing ones"
    CHINESE: ClassVar[str] = "扩容"

    kind: Literal["pump_capacity"]
    targets: Targets = Field(
        Targets(),
        description="where: names, a layer with a rule, a vector file, polygon or line",
    )
    add_m3_s: float = Field(
        ge=0.0,
        le=100.0,
        description="of all named pumps together, at the largest flow of their curves",
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        plan.targets = items_of(name, self.targets, view, "pumps")
        if self.add_m3_s == 0.0 or not plan.targets:
            return plan
        rows = {r.tokens[0]: r.tokens for r in view.inp.rows("PUMPS")}
        kinds, points = pump_curves(view)
        unit = SWMM_FLOW_UNITS[view.inp.flow_units]
        outfalls = {r.tokens[0] for r in view.inp.rows("OUTFALLS")}
        share = self.add_m3_s / len(plan.targets)
        for target in plan.targets:
            tokens, curve = rows[target], rows[target][3]
            if curve not in kinds:
                plan.refuse(
                    name,
                    "targets",
                    f"{target} has no curve (ideal pump): it takes what comes already",
                    given=curve,
                )
                continue
            if tokens[2] in outfalls:
                plan.refuse(
                    name,
                    "targets",
                    f"{target} lifts straight into outfall {tokens[2]}, which takes one link",
                    do="new_pump_station from the same well",
                )
                continue
            factor = share / unit / max(q for _, q in points[curve])
            link, own = f"{name}_{target}", f"{name}_{target}_curve"
            (x, q), *rest = [(f"{x:.9g}", f"{factor * q:.9g}") for x, q in points[curve]]
            curve_rows = [(own, kinds[curve], x, q), *((own, x, q) for x, q in rest)]
            plan.item(Resource.INP_CURVES, (own, NEW_ROW), "insert", curve_rows)
            plan.row("PUMPS", link, tokens[1], tokens[2], own, *tokens[4:7])
            plan.count("pump_added", share)
        return plan


def pump_curves(view: InputsView) -> tuple[dict[str, str], dict[str, list[tuple[float, float]]]]:
    """Type and points (x, flow) of every pump curve, in the file's units."""
    kinds: dict[str, str] = {}
    values: dict[str, list[float]] = {}
    for row in view.inp.rows("CURVES"):
        tokens = row.tokens
        if len(tokens) > 1 and tokens[1].upper().startswith("PUMP"):
            kinds[tokens[0]], tokens = tokens[1].upper(), [tokens[0], *tokens[2:]]
        if tokens[0] in kinds:
            values.setdefault(tokens[0], []).extend(float(t) for t in tokens[1:])
    return kinds, {name: list(zip(v[0::2], v[1::2], strict=True)) for name, v in values.items()}


KINDS = (NewPumpStation, PumpCapacity)
