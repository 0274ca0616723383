"""Project 2, pipe_network 排水管网系统提升: larger, more, cleaner and sounder sewers, and the
inlets that feed them.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.drainage.check import Conduit, node_inverts
from flood_sim.drainage.circular_pipe import DIAMETERS_M
from flood_sim.drainage.inlets import INLET_KINDS
from flood_sim.ground.rainfall import FORMULAS
from flood_sim.measures.base import (
    CONDITION,
    FORMULA,
    MAKE,
    RESIZE,
    InputsView,
    Measure,
    Project,
    Targets,
    doubt,
    refusal,
)
from flood_sim.measures.costs import sewer_item
from flood_sim.measures.edits import NEW_ROW, Plan
from flood_sim.measures.network_parts import (
    add_pipe,
    add_pump,
    add_store,
    add_weir,
    circular,
    rows_of,
)
from flood_sim.measures.targets import items_of
from flood_sim.simulation.inputs import NodeInlet

LEAST_SLOPE = 0.0004
OpenShare = Annotated[float, Field(gt=0.0, le=1.0)]


class PipeNetwork(Measure):
    PROJECT: ClassVar[Project] = "pipe_network"
    READS: ClassVar[frozenset[str]] = frozenset({"inp", "inlets"})
    targets: Targets = Field(
        Targets(),
        description="where: names, a layer with a rule, a vector file, polygon or line",
    )


class TrunkUpsizing(PipeNetwork):
    """Larger circular pipes on their old inverts."""

    STAGE: ClassVar[int] = RESIZE
    WRITES: ClassVar[frozenset[str]] = frozenset({"inp.XSECTIONS"})
    SUMMARY: ClassVar[str] = "pipes replaced by larger ones on their inverts"
    CHINESE: ClassVar[str] = "干管扩径"

    kind: Literal["trunk_upsizing"]
    diameter_m: float | None = Field(None, gt=0.0, le=4.0)
    size_for_return_period_y: float | None = Field(
        None, ge=1.0, le=100.0, description="by the rational method, never smaller than now"
    )
    min_cover_m: float = Field(0.7, ge=0.0, le=5.0, description="over the crown")

    @model_validator(mode="after")
    def _one(self) -> TrunkUpsizing:
        if (self.diameter_m is None) == (self.size_for_return_period_y is None):
            raise ValueError("give diameter_m or size_for_return_period_y")
        return self

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, rims, metre = Plan(), view.inp.rims(), view.inp.metres_per_unit
        plan.targets = items_of(name, self.targets, view, "pipes")
        narrow: list[str] = []
        for target in plan.targets:
            c = circular(name, plan, view, "targets", target)
            if c is None:
                continue
            wanted = self.diameter_m if self.diameter_m is not None else self._sized(view, c)
            if wanted < c.depth_m - 1e-9:
                plan.refusals.append(
                    refusal(
                        name,
                        "diameter_m",
                        f"{target} has {c.depth_m:g} m: smaller than it is",
                        given=f"{wanted:g}",
                        allowed=f"{c.depth_m:g} m or more",
                    )
                )
                continue
            if wanted <= c.depth_m + 1e-9 and c.shape == "CIRCULAR":
                continue
            room = (
                min(
                    rims.get(c.upper, math.inf) - c.inlet_m,
                    rims.get(c.lower, math.inf) - c.outlet_m,
                )
                - self.min_cover_m
            )
            if wanted > room + 1e-9 and wanted > c.depth_m + 1e-9:
                fits = max((d for d in DIAMETERS_M if d <= room + 1e-9), default=0.0)
                if self.diameter_m is None and fits > c.depth_m:
                    narrow.append(f"{target} {fits:g} of {wanted:g} m")
                    wanted = fits
                elif self.diameter_m is None:
                    narrow.append(f"{target} none")
                    continue
                else:
                    plan.refusals.append(
                        refusal(
                            name,
                            "diameter_m",
                            f"pipe {target} has {room + self.min_cover_m:.2f} m between invert and"
                            f" ground, needs {wanted:g} + {self.min_cover_m:g} m cover",
                            given=f"{wanted:g}",
                            allowed=f"largest that fits is {fits:g} m",
                            do="choose a relief_sewer, or a smaller min_cover_m",
                        )
                    )
                    continue
            plan.item("inp.XSECTIONS", (target, "shape"), "set", "CIRCULAR")
            plan.item("inp.XSECTIONS", (target, "geom1"), "raise_to", wanted / metre)
            plan.item("inp.XSECTIONS", (target, "geom2"), "set", 0.0)
            plan.count(sewer_item(wanted), c.length_m)
        if narrow:
            said = (
                f"{len(narrow)} of {len(plan.targets)} pipes have less room between invert and"
                f" ground than the return period asks: {', '.join(narrow[:4])}"
            )
            plan.doubts.append(
                doubt(
                    name,
                    said + (" ..." if len(narrow) > 4 else ""),
                    do="a relief_sewer, or a smaller min_cover_m",
                )
            )
        return plan

    def _sized(self, view: InputsView, c: Conduit) -> float:
        """The first diameter whose full flow at the pipe's slope carries the wanted return period:
        Q grows with 1 + C lg P, and D^(8/3).
        """
        law, now = FORMULAS[FORMULA], view.return_periods.get(c.name)
        wanted = self.size_for_return_period_y or 1.0
        if now is None or now <= 0.0 or now >= wanted:
            return c.depth_m
        growth = law.intensity_l_s_ha(10.0, wanted) / law.intensity_l_s_ha(10.0, now)
        return next(
            (d for d in DIAMETERS_M if d >= c.depth_m * growth**0.375 - 1e-9), DIAMETERS_M[-1]
        )


class ReliefSewer(PipeNetwork):
    """A second pipe between two nodes."""

    STAGE: ClassVar[int] = MAKE
    WRITES: ClassVar[frozenset[str]] = frozenset({"inp.CONDUITS", "inp.XSECTIONS"})
    SUMMARY: ClassVar[str] = "relief sewer between two nodes"
    CHINESE: ClassVar[str] = "复线、分流管"

    kind: Literal["relief_sewer"]
    from_node: str = Field(description="upper node of the network")
    to_node: str = Field(description="lower node of the network")
    diameter_m: float = Field(gt=0.0, le=4.0)
    inlet_level_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="invert at its upper end; absent: the node's; higher: it works as an overflow",
    )
    length_m: float | None = Field(None, gt=0.0, le=100_000.0)
    manning_n: float = Field(0.013, ge=0.009, le=0.03)
    min_cover_m: float = Field(0.7, ge=0.0, le=5.0)

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, inverts, where, metre = (
            Plan(targets=[self.from_node, self.to_node]),
            node_inverts(view.inp),
            view.inp.coordinates(),
            view.inp.metres_per_unit,
        )
        missing = [n for n in plan.targets if n not in inverts]
        if missing or self.from_node == self.to_node:
            plan.refusals.append(
                refusal(
                    name,
                    "from_node",
                    "two nodes of the network are needed",
                    given=", ".join(missing) or self.from_node,
                )
            )
            return plan
        if self.length_m is None and not {self.from_node, self.to_node} <= set(where):
            plan.refusals.append(
                refusal(name, "length_m", "a node has no coordinates: give the length")
            )
            return plan
        length = self.length_m or math.dist(where[self.from_node], where[self.to_node])
        upper = self.inlet_level_m if self.inlet_level_m is not None else inverts[self.from_node]
        slope = (upper - inverts[self.to_node]) / length
        if slope < LEAST_SLOPE:
            plan.refusals.append(
                refusal(
                    name,
                    "to_node",
                    f"its slope would be {slope:.5f}",
                    allowed=f"at least {LEAST_SLOPE}",
                    do="choose another node, or a pump",
                )
            )
        room = view.inp.rims().get(self.from_node, math.inf) - upper - self.min_cover_m
        if self.diameter_m > room + 1e-9:
            plan.refusals.append(
                refusal(
                    name,
                    "diameter_m",
                    "too little cover",
                    given=f"{self.diameter_m:g}",
                    allowed=f"at most {room:.2f} m",
                )
            )
        by_level = view.inp.option("LINK_OFFSETS") == "ELEVATION"
        offset = upper / metre if by_level else (upper - inverts[self.from_node]) / metre
        lower = inverts[self.to_node] / metre if by_level else 0.0
        add_pipe(
            plan,
            view,
            name,
            self.from_node,
            self.to_node,
            length,
            self.diameter_m,
            offset,
            lower,
            self.manning_n,
        )
        return plan


class InletAddition(PipeNetwork):
    """More inlets at the cells where a node already has some, or where it spills."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({"inlets"})
    SUMMARY: ClassVar[str] = "more street inlets at nodes"
    CHINESE: ClassVar[str] = "雨水口增设"

    kind: Literal["inlet_addition"]
    type: Literal[tuple(INLET_KINDS)] = Field(  # type: ignore[valid-type]
        "double_gutter_grate", description="one of: " + ", ".join(INLET_KINDS)
    )
    count: int = Field(2, ge=0, le=100, description="inlets a node")
    open_share: OpenShare = Field(
        0.6, description="what clogging leaves open; gutter grates 0.6 (assumed)"
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
                plan.item("inlets", (name, node, k), "insert", inlet)
            plan.count("inlet", self.count)
        if without:
            plan.refusals.append(
                refusal(
                    name,
                    "targets",
                    f"{len(without)} nodes have no cell on the ground",
                    given=", ".join(without[:5]),
                )
            )
        return plan


class InletCleaning(PipeNetwork):
    """Inlets opened to a share of their size."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({"inlets"})
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
        if not mine:
            plan.refusals.append(refusal(name, "targets", "these nodes have no inlets"))
        elif not dirty and any(i.open_share > self.open_share + 1e-12 for _, i in mine):
            plan.refusals.append(
                refusal(
                    name,
                    "open_share",
                    "the inlets are cleaner already",
                    given=f"{self.open_share:g}",
                    allowed=f"above {max(i.open_share for _, i in mine):g}",
                )
            )
        for k, _ in dirty:
            plan.item("inlets", k, "raise_to", self.open_share)
        plan.count("inlet_cleaning", len(dirty))
        return plan


class SewerCleaning(PipeNetwork):
    """Sediment out of circular pipes."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({"inp.XSECTIONS", "inp.CONDUITS"})
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
                    plan.item("inp.XSECTIONS", (target, "shape"), "set", "CIRCULAR")
                plan.item("inp.XSECTIONS", (target, "geom2"), "lower_to", self.sediment_m / metre)
            if rougher:
                plan.item("inp.CONDUITS", (target, "roughness"), "lower_to", self.manning_n)
            if silt > self.sediment_m + 1e-9 or rougher:
                cleaned += 1
                plan.count("sewer_cleaning", c.length_m)
        if plan.targets and not cleaned and self.sediment_m == 0.0 and not self.targets.allow_empty:
            plan.refusals.append(
                refusal(
                    name,
                    "targets",
                    "there is nothing to clean in these pipes",
                    do='choose pipes with sediment: where = ["sediment_m > 0"]',
                )
            )
        return plan


class TrunkRehabilitation(PipeNetwork):
    """Pipes lined: a little narrower, smoother, sound."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({"inp.XSECTIONS", "inp.CONDUITS"})
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
                plan.refusals.append(
                    refusal(
                        name,
                        "lining_mm",
                        f"{target} would have {inner:.2f} m left",
                        allowed="0.2 m",
                    )
                )
                continue
            if self.lining_mm == 0.0 and c.roughness <= self.manning_n:
                continue
            if self.lining_mm > 0.0:
                plan.item("inp.XSECTIONS", (target, "shape"), "set", "CIRCULAR")
                plan.item("inp.XSECTIONS", (target, "geom1"), "lower_to", inner / metre)
                plan.item("inp.XSECTIONS", (target, "geom2"), "set", 0.0)
            plan.item("inp.CONDUITS", (target, "roughness"), "lower_to", self.manning_n)
            plan.count("sewer_lining", c.length_m)
        return plan


class CrossConnectionRemoval(PipeNetwork):
    """Dry-weather flow taken off storm nodes."""

    STAGE: ClassVar[int] = CONDITION
    WRITES: ClassVar[frozenset[str]] = frozenset({"inp.DWF"})
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
        if without or not plan.targets:
            plan.refusals.append(
                refusal(
                    name,
                    "targets",
                    "these nodes have no dry-weather flow ([DWF])",
                    given=", ".join(without[:5]),
                )
            )
        for node in plan.targets:
            if node in dry:
                plan.item("inp.DWF", (node, NEW_ROW), "delete")
                plan.count("connection_removed", 1)
        return plan


class DeepTunnel(PipeNetwork):
    """A level tunnel as one store; shafts let water in over weirs, a pump empties it. Flow along
    the tunnel is not resolved.
    """

    STAGE: ClassVar[int] = MAKE
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {
            "inp.STORAGE",
            "inp.WEIRS",
            "inp.XSECTIONS",
            "inp.PUMPS",
            "inp.CURVES",
            "inp.COORDINATES",
            "return_cells",
        }
    )
    SUMMARY: ClassVar[str] = "deep tunnel with shafts behind weirs and a pump"
    CHINESE: ClassVar[str] = "深层隧道"

    kind: Literal["deep_tunnel"]
    diameter_m: float = Field(8.0, ge=3.0, le=12.0)
    length_m: float = Field(gt=0.0, le=100_000.0)
    crest_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="level of the weirs; absent: 0.5 m under each shaft's rim",
    )
    weir_m: float = Field(5.0, gt=0.0, le=50.0, description="length of the weir at each shaft")
    dewater_m3_s: float = Field(
        1.0, ge=0.0, le=50.0, description="pump back to the first shaft, on while it has room"
    )
    depth_m: float = Field(
        30.0, ge=10.0, le=80.0, description="of the tunnel's invert under the lowest rim"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, rims = Plan(), view.inp.rims()
        plan.targets = items_of(name, self.targets, view, "nodes")
        if self.dewater_m3_s == 0.0:
            plan.refusals.append(
                refusal(
                    name,
                    "dewater_m3_s",
                    "a tunnel without a pump is full after the first storm",
                    allowed="above 0",
                )
            )
        volume = math.pi / 4.0 * self.diameter_m**2 * self.length_m
        invert = min(rims[n] for n in plan.targets) - self.depth_m
        lowest = min(rims[n] for n in plan.targets)
        add_store(
            plan,
            view,
            name,
            invert,
            lowest,
            volume / self.diameter_m,
            plan.targets[0],
            invert + self.diameter_m,
        )
        for k, node in enumerate(plan.targets, start=1):
            crest = self.crest_m if self.crest_m is not None else rims[node] - 0.5
            add_weir(plan, view, name, f"{name}_w{k}", node, name, crest, self.weir_m)
        add_pump(
            plan,
            view,
            f"{name}_p",
            name,
            plan.targets[0],
            self.dewater_m3_s,
            start_m=0.5,
            stop_m=0.1,
        )
        plan.count("tunnel", volume)
        return plan


KINDS = (
    TrunkUpsizing,
    ReliefSewer,
    InletAddition,
    InletCleaning,
    SewerCleaning,
    TrunkRehabilitation,
    CrossConnectionRemoval,
    DeepTunnel,
)
