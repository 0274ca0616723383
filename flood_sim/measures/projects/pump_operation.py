"""Project 3, pumps in time: trucks with pumps that are sent to a place, and control by gauges."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.core.errors import nearest
from flood_sim.core.units import SECONDS_PER_HOUR, minutes_to_s
from flood_sim.measures.base import OPERATE, InputsView, Targets
from flood_sim.measures.edits import Plan
from flood_sim.measures.orders import Order, ordered
from flood_sim.measures.projects.pump_stations import PumpStations
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import items_of
from flood_sim.operations.actions import Task
from flood_sim.operations.switches import MobilePump, Operation, Watch

HIGHEST_LIFT_M, LONGEST_HOSE_M = 8.0, 2000.0  # of pumps on trucks: lift published, hose assumed


class MobilePumps(PumpStations):
    """Pumps on trucks: ordered, they drive to a place, are set up, and lift water from the street
    into the network while it stands there.
    """

    STAGE: ClassVar[int] = OPERATE
    READS: ClassVar[frozenset[str]] = frozenset(
        {Resource.INP, Resource.BED_ELEVATION, Resource.GAUGES, Resource.RAINFALL}
    )
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {Resource.ACTIONS, Resource.MOBILE_PUMPS, Resource.TRUCKS}
    )
    SUMMARY: ClassVar[str] = "pump trucks sent to a place, from the street into a node"
    CHINESE: ClassVar[str] = "移动泵车"

    kind: Literal["mobile_pumps"]
    from_m: tuple[float, float] = Field(description="map coordinates of the place")
    to_node: str = Field(description="node of the network that takes the water")
    trucks: int = Field(1, ge=0, le=100)
    capacity_m3_h: float = Field(
        3000.0,
        gt=0.0,
        le=20_000.0,
        description="of each truck: 1,500 to 3,000 (published); over a whole event far less",
    )
    order: Order = Field(description="when the trucks are ordered")
    mobilise_min: float = Field(
        30.0, ge=0.0, le=1440.0, description="on the way, whatever the roads (assumed)"
    )
    setup_min: float = Field(30.0, ge=0.0, le=1440.0, description="assumed")
    stop_depth_m: float = Field(
        0.05, ge=0.0, le=2.0, description="they stop while less water stands there"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, rims = Plan(targets=[self.to_node]), view.inp.rims()
        if self.trucks == 0:
            return plan
        cell = self._cell(name, plan, view, rims)
        if cell is None or plan.refusals:
            return plan
        tasks = (Task("notice", "", minutes_to_s(self.setup_min), 0, self.trucks),)
        way = minutes_to_s(self.mobilise_min)
        ordered(name, self.order, tasks, view, plan, travel_s=way)
        begins = Watch("action", name, above=0.5)
        ends = Watch("depth", cell, below=self.stop_depth_m) if self.stop_depth_m > 0.0 else None
        flow = self.trucks * self.capacity_m3_h / SECONDS_PER_HOUR
        pump = MobilePump(name, cell, self.to_node, flow, begins, ends)
        plan.item(Resource.MOBILE_PUMPS, name, "insert", pump)
        plan.item(Resource.TRUCKS, name, "add", self.trucks)
        plan.count("pump_truck", self.trucks)
        return plan

    def _cell(
        self, name: str, plan: Plan, view: InputsView, rims: dict[str, float]
    ) -> tuple[int, int] | None:
        """Where they stand; None, and a refusal, where they cannot stand or lift."""
        cell = view.open_cell(self.from_m)
        if cell is None:
            plan.refuse(
                name,
                "from_m",
                "this is no open cell",
                given=str(self.from_m),
                allowed=repr(view.grid),
                do="move it onto the grid, off buildings",
            )
            return None
        if self.to_node not in rims:
            problem = f"no such node{nearest(self.to_node, rims)}"
            plan.refuse(name, "to_node", problem, given=self.to_node, allowed="no outfall")
            return None
        self._refuse_far(name, plan, view, cell, rims[self.to_node])
        return cell

    def _refuse_far(
        self, name: str, plan: Plan, view: InputsView, cell: tuple[int, int], rim_m: float
    ) -> None:
        lift, end = rim_m - view.ground_at(*cell), view.inp.coordinates().get(self.to_node)
        if lift > HIGHEST_LIFT_M:
            plan.refuse(
                name,
                "to_node",
                "too high for pumps on trucks",
                given=f"{lift:.1f} m",
                allowed=f"at most {HIGHEST_LIFT_M:g} m",
                do="choose a lower node",
            )
        hose = math.dist(self.from_m, end) if end is not None else 0.0
        if hose > LONGEST_HOSE_M:
            plan.refuse(
                name,
                "to_node",
                "the hose would be too long",
                given=f"{hose:.0f} m",
                allowed=f"at most {LONGEST_HOSE_M:.0f} m",
                do="choose a nearer node or place",
            )


class SmartControl(PumpStations):
    """Stations that start earlier and empty their store before the storm, and links (gates, pumps)
    held at a setting while water stands at a far gauge. It makes no water vanish: what is pumped
    earlier is pumped once."""

    STAGE: ClassVar[int] = OPERATE
    READS: ClassVar[frozenset[str]] = frozenset({Resource.INP, Resource.GAUGES})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INP_PUMPS, Resource.OPERATIONS})
    SUMMARY: ClassVar[str] = "pumps that start earlier, links set by a far gauge"
    CHINESE: ClassVar[str] = "实时控制"

    kind: Literal["smart_control"]
    targets: Targets = Field(Targets(), description="pumps")
    start_m: float | None = Field(
        None,
        ge=0.0,
        le=20.0,
        description="depth in the wet well at which they start; at most today's",
    )
    stop_m: float | None = Field(None, ge=0.0, le=20.0, description="depth at which they stop")
    links: tuple[str, ...] = Field((), description="links that are held while the gauge says so")
    setting: float = Field(0.0, ge=0.0, le=1.0, description="0 closed, 1 open or on")
    gauge: str | None = Field(None, description="with links")
    above_m: float = Field(0.15, gt=0.0, le=10.0, description="depth at the gauge")
    sensor_delay_s: float = Field(
        60.0, ge=0.0, le=3600.0, description="from the gauge's level to the moved link, both ways"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.start_m is not None or self.stop_m is not None:
            self._start_earlier(name, plan, view)
        known = view.inp.links()
        for link in self.links:
            if link not in known:
                plan.refuse(name, "links", f"no such link{nearest(link, known)}", given=link)
        unknown = self.gauge is not None and self.gauge not in view.gauges
        if (self.gauge is None) != (not self.links) or unknown:
            self._refuse_gauge(name, plan, view, unknown)
        elif self.links:
            self._hold_links(name, plan, view.gauges[self.gauge or ""])
        if not plan.refusals and plan.edits:
            plan.count("control_system", 1)
        plan.targets += sorted(self.links)
        return plan

    def _refuse_gauge(self, name: str, plan: Plan, view: InputsView, unknown: bool) -> None:
        """One that is not there, or links without a gauge, or a gauge without links."""
        given, allowed = str(self.gauge), ", ".join(view.gauges) or "the scenario has none"
        if unknown:
            problem = f"no such gauge{nearest(str(self.gauge), view.gauges)}"
            do = "name one that is there, or add it to [output] gauges"
        else:
            problem, do = "links and gauge go together", "add the other, or leave both out"
        plan.refuse(name, "gauge", problem, given=given, allowed=allowed, do=do)

    def _hold_links(self, name: str, plan: Plan, cell: tuple[int, int]) -> None:
        """The links at their setting while water stands at the gauge's cell."""
        held = Operation(
            name,
            "set_links",
            begins=Watch("depth", cell, above=self.above_m),
            ends=Watch("depth", cell, below=self.above_m),
            links=self.links,
            setting=self.setting,
            delay_s=self.sensor_delay_s,
        )
        plan.item(Resource.OPERATIONS, name, "insert", held)

    def _start_earlier(self, name: str, plan: Plan, view: InputsView) -> None:
        rows, metre = (
            {r.tokens[0]: r.tokens for r in view.inp.rows("PUMPS")},
            view.inp.metres_per_unit,
        )
        for pump in items_of(name, self.targets, view, "pumps"):
            start, stop = (float(t) * metre for t in (*rows[pump][5:7], *["0"] * 2)[:2])
            wanted, rest = (
                start if self.start_m is None else self.start_m,
                min(stop if self.stop_m is None else self.stop_m, self.start_m or 1e9),
            )
            if wanted > start + 1e-9 or rest > wanted:
                given, allowed = (
                    f"{wanted:g} and {rest:g} m",
                    f"start at most {start:g} m (today's), stop at most start",
                )
                plan.refuse(
                    name,
                    "start_m",
                    f"{pump} would start later, or stop above its start",
                    given=given,
                    allowed=allowed,
                )
            elif wanted < start or rest < stop:
                plan.item(Resource.INP_PUMPS, (pump, "start"), "set", wanted / metre)
                plan.item(Resource.INP_PUMPS, (pump, "stop"), "set", rest / metre)
                plan.targets.append(pump)


KINDS = (MobilePumps, SmartControl)
