"""Project 2, what is there made to work: inlets added and cleaned, pipes cleaned and lined, foul
connections taken off.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from flood_sim.drainage.inlets import INLET_KINDS
from flood_sim.measures.base import (
    CONDITION,
    InputsView,
)
from flood_sim.measures.edits import NEW_ROW, Plan
from flood_sim.measures.network_parts import (
    circular,
    rows_of,
)
from flood_sim.measures.projects.pipe_network import PipeNetwork
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import items_of
from flood_sim.simulation.inputs import NodeInlet

OpenShare = Annotated[float, Field(gt=0.0, le=1.0)]


class InletAddition(PipeNetwork):
    """More inlets at the cells where a node already has some, or where it spills."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INLETS})
    SUMMARY: ClassVar[str] = "more street inlets at nodes"
    CHINESE: ClassVar[str] = "雨水口增设"

    kind: Literal["inlet_addition"]
    type: Literal[tuple(INLET_KINDS)] = Field(  # type: ignore[valid-type]
        "double_gutter_grate", description="one of: " + ", ".join(INLET_KINDS)
    )
    count: int = Field(2, ge=0, le=100, description="inlets a node")
    open_share: OpenShare = Field(
        0.6, description="what clogging leaves open; gutter grates 0.6 (FACTS 5.4, assumed)"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, shape = Plan(), INLET_KINDS[self.type]
        plan.targets = items_of(name, self.targets, view, "nodes")
        drainage = view.drainage
        if drainage is None or self.count == 0:
            return plan
        template = {i.node: i for i in view.inlets if i.kind == "inlet"}
        without = []
        for node in plan.targets:
            cells = drainage.return_cells.get(node, ())
            if not cells:
                without.append(node)
                continue
            part = self.count * self.open_share / len(cells)
            rim = template[node].rim_m if node in template else None
            for k, (row, column) in enumerate(cells):
                inlet = NodeInlet(
                    node,
                    row,
                    column,
                    part * shape.perimeter_m,
                    part * shape.area_m2,
                    part * shape.capacity_m3_s,
                    rim,
                    open_share=self.open_share,
                )
                plan.item(Resource.INLETS, (name, node, k), "insert", inlet)
            plan.count("inlet", self.count)
        if without:
            plan.refuse(
                name,
                "targets",
                f"{len(without)} nodes have no cell on the ground",
                given=", ".join(without[:5]),
            )
        return plan


class InletCleaning(PipeNetwork):
    """Inlets opened to a share of their size."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INLETS})
    SUMMARY: ClassVar[str] = "inlets cleaned"
    CHINESE: ClassVar[str] = "雨水口清掏"

    kind: Literal["inlet_cleaning"]
    open_share: OpenShare = Field(
        0.6, description="after: by type 0.5 to 0.8 in a storm with debris, 1 clean"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        plan.targets = items_of(name, self.targets, view, "nodes")
        wanted = set(plan.targets)
        mine = [(k, i) for k, i in enumerate(view.inlets) if i.node in wanted and i.kind == "inlet"]
        dirty = [(k, i) for k, i in mine if i.open_share < self.open_share - 1e-12]
        if plan.targets and not mine:
            plan.refuse(name, "targets", "these nodes have no inlets")
        elif not dirty and any(i.open_share > self.open_share + 1e-12 for _, i in mine):
            plan.refuse(
                name,
                "open_share",
                "the inlets are cleaner already",
                given=f"{self.open_share:g}",
                allowed=f"above {max(i.open_share for _, i in mine):g}",
                do="give a larger open_share, or leave the measure out",
            )
        for k, _ in dirty:
            plan.item(Resource.INLETS, k, "raise_to", self.open_share)
        plan.count("inlet_cleaning", len(dirty))
        return plan


class SewerCleaning(PipeNetwork):
    """Sediment out of circular pipes."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INP_XSECTIONS, Resource.INP_CONDUITS})
    SUMMARY: ClassVar[str] = "sediment cleaned out of pipes"
    CHINESE: ClassVar[str] = "管道清淤"

    kind: Literal["sewer_cleaning"]
    sediment_m: float = Field(0.0, ge=0.0, le=2.0, description="what stays")
    manning_n: float | None = Field(None, ge=0.009, le=0.03, description="after; absent: as it is")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, metre = Plan(), view.inp.metres_per_unit
        plan.targets = items_of(name, self.targets, view, "pipes")
        sections, cleaned = rows_of(view, "XSECTIONS"), 0
        for target in plan.targets:
            c = view.conduits[target]
            silt = float(sections[target][3]) * metre if c.shape == "FILLED_CIRCULAR" else 0.0
            rougher = self.manning_n is not None and c.roughness > self.manning_n + 1e-12
            if silt > self.sediment_m + 1e-9:
                if self.sediment_m == 0.0:
                    plan.item(Resource.INP_XSECTIONS, (target, "shape"), "set", "CIRCULAR")
                plan.item(
                    Resource.INP_XSECTIONS, (target, "geom2"), "lower_to", self.sediment_m / metre
                )
            if rougher:
                plan.item(Resource.INP_CONDUITS, (target, "roughness"), "lower_to", self.manning_n)
            if silt > self.sediment_m + 1e-9 or rougher:
                cleaned += 1
                plan.count("sewer_cleaning", c.length_m)
        if plan.targets and not cleaned and self.sediment_m == 0.0 and not self.targets.allow_empty:
            plan.refuse(
                name,
                "targets",
                "there is nothing to clean in these pipes",
                do='choose pipes with sediment: where = ["sediment_m > 0"]',
            )
        return plan


class TrunkRehabilitation(PipeNetwork):
    """Pipes lined: a little narrower, smoother, sound."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INP_XSECTIONS, Resource.INP_CONDUITS})
    SUMMARY: ClassVar[str] = "broken pipes lined in place"
    CHINESE: ClassVar[str] = "破损修复 (CIPP)"

    kind: Literal["trunk_rehabilitation"]
    lining_mm: float = Field(15.0, ge=0.0, le=100.0)
    manning_n: float = Field(0.010, ge=0.009, le=0.02)

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, metre = Plan(), view.inp.metres_per_unit
        plan.targets = items_of(name, self.targets, view, "pipes")
        for target in plan.targets:
            c = circular(name, plan, view, "targets", target)
            if c is None:
                continue
            inner = c.depth_m - 2.0 * self.lining_mm / 1000.0
            if inner < 0.2:
                plan.refuse(
                    name, "lining_mm", f"{target} would have {inner:.2f} m left", allowed="0.2 m"
                )
                continue
            if self.lining_mm == 0.0 and c.roughness <= self.manning_n:
                continue
            if self.lining_mm > 0.0:
                plan.item(Resource.INP_XSECTIONS, (target, "shape"), "set", "CIRCULAR")
                plan.item(Resource.INP_XSECTIONS, (target, "geom1"), "lower_to", inner / metre)
                plan.item(Resource.INP_XSECTIONS, (target, "geom2"), "set", 0.0)
            plan.item(Resource.INP_CONDUITS, (target, "roughness"), "lower_to", self.manning_n)
            plan.count("sewer_lining", c.length_m)
        return plan


class CrossConnectionRemoval(PipeNetwork):
    """Dry-weather flow taken off storm nodes."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INP_DWF})
    SUMMARY: ClassVar[str] = "foul connections taken off the storm sewers"
    CHINESE: ClassVar[str] = "雨污混接改造"

    kind: Literal["cross_connection_removal"]

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, dry = Plan(), rows_of(view, "DWF")
        chosen = self.targets.names or ()
        if chosen:
            plan.targets = items_of(name, self.targets, view, "nodes")
        else:
            plan.targets = sorted(
                n for n in items_of(name, self.targets, view, "nodes") if n in dry
            )
        without = [n for n in plan.targets if n not in dry]
        if without or not (plan.targets or self.targets.allow_empty):
            plan.refuse(
                name,
                "targets",
                "these nodes have no dry-weather flow ([DWF])",
                given=", ".join(without[:5]),
            )
        for node in plan.targets:
            if node in dry:
                plan.item(Resource.INP_DWF, (node, NEW_ROW), "delete")
                plan.count("connection_removed", 1)
        return plan


KINDS = (InletAddition, InletCleaning, SewerCleaning, TrunkRehabilitation, CrossConnectionRemoval)
