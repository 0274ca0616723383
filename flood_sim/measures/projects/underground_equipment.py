"""Project 5, equipment of underground spaces: sump pumps, vents, drains of ramps."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.core.errors import nearest
from flood_sim.measures.base import (
    InputsView,
)
from flood_sim.measures.edits import Plan, refused
from flood_sim.measures.projects.underground_space import EntranceStep, UndergroundSpace, spaces_of
from flood_sim.measures.resources import Resource
from flood_sim.measures.site_edits import PUMP
from flood_sim.sites.underground_inputs import Space, SumpPump


def refuse_unknown_node(name: str, plan: Plan, view: InputsView, to_node: str | None) -> None:
    """A refusal where water is to go to a node that the network has not; None goes nowhere."""
    nodes = view.inp.rims() if to_node is not None else {}
    if to_node is not None and to_node not in nodes:
        plan.refuse(name, "to_node", f"no such node{nearest(to_node, nodes)}", given=to_node)


class VentRaising(EntranceStep):
    """Low vents with a higher rim."""

    SUMMARY: ClassVar[str] = "vents with a higher rim"
    CHINESE: ClassVar[str] = "风亭抬高"

    kind: Literal["vent_raising"]  # type: ignore[assignment]
    sill_height_m: float | None = Field(
        None,
        ge=0.0,
        le=3.0,
        description="of the rim over the ground; at least 1.0 (GB 50157, recalled)",
    )
    raise_m: float | None = Field(None, ge=0.0, le=3.0, description="instead: over today's rim")

    def _priced(self) -> str:
        return "vent_raised"


class SumpPumps(UndergroundSpace):
    """One pump on duty in each space, one that stands by; they need power."""

    READS: ClassVar[frozenset[str]] = frozenset(
        {Resource.SITES, Resource.BED_ELEVATION, Resource.INP}
    )
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.SPACES})
    SUMMARY: ClassVar[str] = "sump pumps in underground spaces"
    CHINESE: ClassVar[str] = "集水坑水泵"

    kind: Literal["sump_pumps"]
    capacity_m3_s: float = Field(0.05, ge=0.0, le=5.0)
    start_depth_m: float = Field(0.2, ge=0.0, le=10.0, description="of water over the floor")
    stop_depth_m: float = Field(0.05, ge=0.0, le=10.0)
    to_node: str | None = Field(
        None,
        description="node that takes the water; absent: the street in front of the first opening",
    )
    power: str | None = Field(
        None, description="critical site that feeds them; a generator of their own: its name"
    )
    always_powered: bool = Field(
        False, description="own supply that no water reaches; else power is needed"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.capacity_m3_s == 0.0:
            return plan
        self._refuse_power(name, plan, view)
        if self.stop_depth_m > self.start_depth_m:
            given = f"{self.stop_depth_m:g} m"
            plan.refuse(name, "stop_depth_m", "above start_depth_m", given=given)
        refuse_unknown_node(name, plan, view, self.to_node)
        if plan.refusals:
            return plan
        for space in spaces_of(name, self.targets, view):
            if self.to_node is None and not space.openings:
                problem = "this space has no opening to the street"
                raise refused(name, "to_node", problem, given=space.name, do="add to_node")
            plan.item(Resource.SPACES, (space.name, PUMP, name), "insert", self._pump(name, space))
            plan.count("sump_pump", 2)  # one stands by
            plan.targets.append(space.name)
        return plan

    def _refuse_power(self, name: str, plan: Plan, view: InputsView) -> None:
        known = [c.name for c in view.sites.critical]
        if (self.power is None) != self.always_powered:
            allowed = "power = a critical site, or always_powered = true"
            plan.refuse(name, "power", "say who feeds the pumps", allowed=allowed)
        elif self.power is not None and self.power not in known:
            problem = f"no such critical site{nearest(self.power, known)}"
            plan.refuse(name, "power", problem, given=self.power)

    def _pump(self, name: str, space: Space) -> SumpPump:
        cell = (space.openings[0].row, space.openings[0].column) if self.to_node is None else None
        floor = float(space.stage_m[0])
        return SumpPump(
            f"{name}_{space.name}",
            self.capacity_m3_s,
            floor + self.start_depth_m,
            floor + self.stop_depth_m,
            cell,
            self.to_node,
            self.power,
        )


class RampDrain(UndergroundSpace):
    """A grate across a ramp takes the rain that falls on it; what comes over the sill from the
    street is far more and goes on down.
    """

    READS: ClassVar[frozenset[str]] = frozenset(
        {Resource.SITES, Resource.BED_ELEVATION, Resource.INP}
    )
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.SPACES})
    SUMMARY: ClassVar[str] = "drains across ramps, for the rain that falls on them"
    CHINESE: ClassVar[str] = "坡道截水沟"

    kind: Literal["ramp_drain"]
    capacity_m3_s: float = Field(
        0.02,
        ge=0.0,
        le=1.0,
        description="of each grate; a ramp of 80 m2 under 201.9 mm/h gives 0.0045",
    )
    to_node: str | None = Field(
        None, description="node that takes the water; absent: out of the model"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        refuse_unknown_node(name, plan, view, self.to_node)
        if plan.refusals:
            return plan
        for space in spaces_of(name, self.targets, view):
            if space.catchment_m2 <= 0.0:
                plan.refuse(
                    name,
                    "targets",
                    "no ramp or other ground drains into this space",
                    given=space.name,
                )
            elif self.capacity_m3_s > space.ramp_drain_m3_s:
                plan.item(
                    Resource.SPACES, (space.name, "ramp_drain_m3_s"), "raise_to", self.capacity_m3_s
                )
                plan.item(Resource.SPACES, (space.name, "drain_to_node"), "set", self.to_node)
                plan.count("ramp_drain", 1)
                plan.targets.append(space.name)
        return plan


KINDS = (SumpPumps, VentRaising, RampDrain)
