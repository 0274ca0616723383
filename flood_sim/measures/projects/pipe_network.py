"""Project 2, pipe_network 排水管网系统提升: larger pipes and relief sewers. Inlets, cleaning and
lining: in sewer_condition. New branches: in branches. Deep tunnels: in tunnels.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.schema_texts import UnfitError
from flood_sim.drainage.conduits import Conduit, node_inverts
from flood_sim.drainage.sections import DIAMETERS_M
from flood_sim.measures.base import (
    MAKE,
    RESIZE,
    InputsView,
    Measure,
    Project,
    Targets,
)
from flood_sim.measures.costs import sewer_item
from flood_sim.measures.edits import Plan
from flood_sim.measures.network_parts import (
    add_pipe,
    circular,
)
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import items_of

LEAST_SLOPE = 0.0004


class PipeNetwork(Measure):
    PROJECT: ClassVar[Project] = "pipe_network"
    READS: ClassVar[frozenset[str]] = frozenset({Resource.INP, Resource.INLETS})
    targets: Targets = Field(
        Targets(),
        description="where: names, a layer with a rule, a vector file, polygon or line",
    )


class TrunkUpsizing(PipeNetwork):
    """Larger circular pipes on their old inverts."""

    STAGE: ClassVar[int] = RESIZE
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INP_XSECTIONS})
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
            raise UnfitError(
                "it needs one of diameter_m and size_for_return_period_y, not both",
                do="give one of the two",
            )
        return self

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, metre = Plan(), view.inp.metres_per_unit
        plan.targets = items_of(name, self.targets, view, "pipes")
        narrow: list[str] = []
        for target in plan.targets:
            c = circular(name, plan, view, "targets", target)
            wanted = None if c is None else self._wanted(name, plan, view, c, narrow)
            if c is None or wanted is None:
                continue
            plan.item(Resource.INP_XSECTIONS, (target, "shape"), "set", "CIRCULAR")
            plan.item(Resource.INP_XSECTIONS, (target, "geom1"), "raise_to", wanted / metre)
            plan.item(Resource.INP_XSECTIONS, (target, "geom2"), "set", 0.0)
            plan.count(sewer_item(wanted), c.length_m)
        if narrow:
            more = " ..." if len(narrow) > 4 else ""
            said = (
                f"{len(narrow)} of {len(plan.targets)} pipes have less room between invert and"
                f" ground than the return period asks: {', '.join(narrow[:4])}{more}"
            )
            plan.doubt(name, said, do="a relief_sewer, or a smaller min_cover_m")
        return plan

    def _wanted(
        self, name: str, plan: Plan, view: InputsView, c: Conduit, narrow: list[str]
    ) -> float | None:
        """The pipe's new diameter (m); None where it stays as it is, or is refused."""
        wanted = self.diameter_m if self.diameter_m is not None else self._sized(view, c)
        if wanted < c.depth_m - 1e-9:
            plan.refuse(
                name,
                "diameter_m",
                f"{c.name} has {c.depth_m:g} m: smaller than it is",
                given=f"{wanted:g}",
                allowed=f"{c.depth_m:g} m or more",
            )
            return None
        if wanted <= c.depth_m + 1e-9 and c.shape == "CIRCULAR":
            return None
        return self._fitting(name, plan, view, c, wanted, narrow)

    def _fitting(
        self,
        name: str,
        plan: Plan,
        view: InputsView,
        c: Conduit,
        wanted: float,
        narrow: list[str],
    ) -> float | None:
        """The wanted diameter (m), or a smaller one that has its cover."""
        rims = view.inp.rims()
        upper, lower = rims.get(c.upper, math.inf), rims.get(c.lower, math.inf)
        room = min(upper - c.inlet_m, lower - c.outlet_m) - self.min_cover_m
        if wanted <= room + 1e-9 or wanted <= c.depth_m + 1e-9:
            return wanted
        fits = max((d for d in DIAMETERS_M if d <= room + 1e-9), default=0.0)
        if self.diameter_m is not None:
            plan.refuse(
                name,
                "diameter_m",
                f"pipe {c.name} has {room + self.min_cover_m:.2f} m between invert and"
                f" ground, needs {wanted:g} + {self.min_cover_m:g} m cover",
                given=f"{wanted:g}",
                allowed=f"largest that fits is {fits:g} m",
                do="choose a relief_sewer, or a smaller min_cover_m",
            )
            return None
        if fits > c.depth_m:
            narrow.append(f"{c.name} {fits:g} of {wanted:g} m")
            return fits
        narrow.append(f"{c.name} none")
        return None

    def _sized(self, view: InputsView, c: Conduit) -> float:
        """The first diameter whose full flow at the pipe's slope carries the wanted return period:
        Q grows with 1 + C lg P, and D^(8/3).
        """
        law, now = view.design_law.law, view.return_periods.get(c.name)
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
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INP_CONDUITS, Resource.INP_XSECTIONS})
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
        plan, inverts = Plan(targets=[self.from_node, self.to_node]), node_inverts(view.inp)
        where, metre = view.inp.coordinates(), view.inp.metres_per_unit
        missing = [n for n in plan.targets if n not in inverts]
        if missing or self.from_node == self.to_node:
            given = ", ".join(missing) or self.from_node
            plan.refuse(name, "from_node", "two nodes of the network are needed", given=given)
            return plan
        if self.length_m is None and not {self.from_node, self.to_node} <= set(where):
            plan.refuse(name, "length_m", "a node has no coordinates", do="add length_m")
            return plan
        length = self.length_m or math.dist(where[self.from_node], where[self.to_node])
        upper = self.inlet_level_m if self.inlet_level_m is not None else inverts[self.from_node]
        self._refuse_unfit(name, plan, view, upper, (upper - inverts[self.to_node]) / length)
        by_level = view.inp.option("LINK_OFFSETS") == "ELEVATION"
        offset = upper / metre if by_level else (upper - inverts[self.from_node]) / metre
        lower = inverts[self.to_node] / metre if by_level else 0.0
        ends = self.from_node, self.to_node
        add_pipe(plan, view, name, *ends, length, self.diameter_m, offset, lower, self.manning_n)
        return plan

    def _refuse_unfit(
        self, name: str, plan: Plan, view: InputsView, upper_m: float, slope: float
    ) -> None:
        """Too flat, or too little ground over its crown."""
        if slope < LEAST_SLOPE:
            plan.refuse(
                name,
                "to_node",
                f"its slope would be {slope:.5f}",
                allowed=f"at least {LEAST_SLOPE}",
                do="choose another node, or a pump",
            )
        room = view.inp.rims().get(self.from_node, math.inf) - upper_m - self.min_cover_m
        if self.diameter_m > room + 1e-9:
            given, allowed = f"{self.diameter_m:g}", f"at most {room:.2f} m"
            plan.refuse(name, "diameter_m", "too little cover", given=given, allowed=allowed)


KINDS = (TrunkUpsizing, ReliefSewer)
