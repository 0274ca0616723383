"""Project 5, underground_space 地下空间排水防涝提升: steps, boards, gates, doors, pumps, vents,
ramp drains, closures, warnings.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.city.parameters import draw
from flood_sim.core.errors import InputError, nearest
from flood_sim.core.units import minutes_to_s
from flood_sim.measures.base import (
    OPERATE,
    SITES,
    Completion,
    InputsView,
    Measure,
    Project,
    Targets,
    refusal,
)
from flood_sim.measures.edits import Plan
from flood_sim.measures.orders import Order, ordered
from flood_sim.measures.site_edits import PUMP
from flood_sim.measures.targets import items_of
from flood_sim.operations.actions import Task
from flood_sim.sites.underground import Opening, Space, SumpPump

LITRES_A_CUBIC_METRE = 1000.0
HIGHEST_BOARD_M, HIGHEST_SANDBAGS_M = 1.2, 0.5


class UndergroundSpace(Measure):
    PROJECT: ClassVar[Project] = "underground_space"
    STAGE: ClassVar[int] = SITES
    READS: ClassVar[frozenset[str]] = frozenset({"sites", "bed_elevation"})

    targets: Targets = Field(Targets(), description="names, or a layer with a rule")


def openings_of(name: str, targets: Targets, view: InputsView) -> list[Opening]:
    """The openings meant, sorted by name; a site stands for all of its openings. Raises InputError
    as `items_of`.
    """
    every = {o.name: o for s in view.sites.spaces.spaces for o in s.openings}
    of_site = {s.name: [o.name for o in s.openings] for s in view.sites.spaces.spaces}
    names = tuple(dict.fromkeys(o for n in targets.names for o in of_site.get(n, [n])))
    return [
        every[n]
        for n in items_of(name, targets.model_copy(update={"names": names}), view, "openings")
    ]


def spaces_of(name: str, targets: Targets, view: InputsView) -> list[Space]:
    """The spaces meant, sorted by name. Raises InputError as `items_of`."""
    every = {s.name: s for s in view.sites.spaces.spaces}
    return [every[n] for n in items_of(name, targets, view, "spaces")]


def refuse_unknown_node(name: str, plan: Plan, view: InputsView, to_node: str | None) -> None:
    """A refusal where water is to go to a node that the network has not; None goes nowhere."""
    nodes = view.inp.rims() if to_node is not None else {}
    if to_node is not None and to_node not in nodes:
        plan.refusals.append(
            refusal(name, "to_node", f"no such node{nearest(to_node, nodes)}", given=to_node)
        )


class EntranceStep(UndergroundSpace):
    """Steps or a counter-slope at an entrance: the sill rises for good."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"openings"})
    SUMMARY: ClassVar[str] = "entrances with higher steps or a counter-slope"
    CHINESE: ClassVar[str] = "出入口台阶、反坡"

    kind: Literal["entrance_step"]
    sill_height_m: float | None = Field(
        None,
        ge=0.0,
        le=1.5,
        description="over the ground in front; metro 0.30 to 0.45 (GB 50157, recalled)",
    )
    raise_m: float | None = Field(None, ge=0.0, le=1.0, description="instead: over today's sill")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if (self.sill_height_m is None) == (self.raise_m is None):
            plan.refusals.append(refusal(name, "", "give either sill_height_m or raise_m"))
            return plan
        for o in openings_of(name, self.targets, view):
            new = (
                o.sill_m + self.raise_m
                if self.raise_m is not None
                else view.ground_at(o.row, o.column) + (self.sill_height_m or 0.0)
            )
            if new < o.sill_m - 1e-9:
                given, allowed = f"{new:.2f} m at {o.name}", f"at least {o.sill_m:.2f} m"
                plan.refusals.append(
                    refusal(
                        name,
                        "sill_height_m",
                        "the sill is higher today",
                        given=given,
                        allowed=allowed,
                    )
                )
            if new > o.sill_m + 1e-9:
                plan.item("openings", (o.name, "sill_m"), "raise_to", new)
                plan.count(self._priced(), 1)
                plan.targets.append(o.name)
        return plan

    def _priced(self) -> str:
        return "entrance_step"


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


def fails(seed: int, name: str, target: str, share: float) -> bool:
    """Whether this one of a measure's targets fails on demand: correlated by half (one warning, one
    depot), drawn by names alone.
    """
    if share <= 0.0:
        return False
    normal = NormalDist()
    common, own = (
        normal.inv_cdf(min(max(draw(seed, name, which), 1e-9), 1.0 - 1e-9))
        for which in ("common cause", target)
    )
    return normal.cdf(math.sqrt(0.5) * (common + own)) < share


class FloodBarrier(UndergroundSpace):
    """Boards, or sandbags, kept ready for entrances. They stand once an action has placed them
    ([[actions]] completes = "NAME"); a board is as good as its crew is early."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"openings"})
    SUMMARY: ClassVar[str] = "boards or sandbags ready at entrances; an action places them"
    CHINESE: ClassVar[str] = "挡水板"
    NEEDS_ACTION: ClassVar[bool] = True

    kind: Literal["flood_barrier"]
    height_m: float = Field(
        0.6, ge=0.0, le=3.0, description="over the sill; boards up to 1.2, sandbags up to 0.5"
    )
    type: Literal["board", "sandbag"] = "board"
    leak_l_s_m: float | None = Field(
        None,
        ge=0.0,
        le=50.0,
        description="absent: 0.02 for boards in use, 0.5 for sandbags (assumed)",
    )
    fail_share: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="of them that are not there on demand, one cause for half of it; drawn by name",
    )
    fail_seed: int = Field(0, ge=0)
    setup_min: float = Field(
        15.0, ge=0.0, le=1440.0, description="each board, once its crew is there (assumed)"
    )
    crews: int = Field(1, ge=0, le=100, description="for each board at a time")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        highest = HIGHEST_SANDBAGS_M if self.type == "sandbag" else HIGHEST_BOARD_M
        if self.height_m > highest:
            plan.refusals.append(
                refusal(
                    name,
                    "height_m",
                    f"a {self.type} does not hold this",
                    given=f"{self.height_m:g} m",
                    allowed=f"at most {highest:g} m",
                )
            )
            return plan
        leak = (
            self.leak_l_s_m
            if self.leak_l_s_m is not None
            else 0.5
            if self.type == "sandbag"
            else 0.02
        )
        for o in openings_of(name, self.targets, view):
            if self.height_m <= o.board_m:
                continue
            plan.count("flood_barrier", self.height_m * o.width_m)
            if fails(self.fail_seed, name, o.name, self.fail_share):
                continue
            plan.item("openings", (o.name, "board_m"), "raise_to", self.height_m)
            plan.item("openings", (o.name, "leak_m2_s"), "set", leak / LITRES_A_CUBIC_METRE)
            plan.targets.append(o.name)
        return plan

    def completed_by_action(self, targets: list[str]) -> Completion:
        return Completion(targets, [], minutes_to_s(self.setup_min), self.crews)


class AutomaticGate(UndergroundSpace):
    """Gates that rise with the water: no lead time, no crew."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"openings"})
    SUMMARY: ClassVar[str] = "gates at entrances that rise with the water"
    CHINESE: ClassVar[str] = "自动防淹门"

    kind: Literal["automatic_gate"]
    height_m: float = Field(1.0, ge=0.0, le=2.0, description="over the sill")
    leak_l_s_m: float = Field(0.02, ge=0.0, le=50.0, description="assumed")
    fail_share: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="of them that do not rise, one cause for half of it; drawn by name",
    )
    fail_seed: int = Field(0, ge=0)

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        for o in openings_of(name, self.targets, view):
            if self.height_m <= (o.board_m if o.placed else 0.0):
                continue
            if fails(self.fail_seed, name, o.name, self.fail_share):
                plan.count("automatic_gate", o.width_m)
                continue
            plan.item("openings", (o.name, "board_m"), "raise_to", self.height_m)
            plan.item(
                "openings", (o.name, "leak_m2_s"), "set", self.leak_l_s_m / LITRES_A_CUBIC_METRE
            )
            plan.item("openings", (o.name, "placed"), "set", 1)
            plan.count("automatic_gate", o.width_m)
            plan.targets.append(o.name)
        return plan


class WatertightDoor(UndergroundSpace):
    """A door in a passage between two spaces; an action shuts it."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"passages"})
    SUMMARY: ClassVar[str] = "watertight doors between underground spaces; an action shuts them"
    CHINESE: ClassVar[str] = "防淹密闭门"
    NEEDS_ACTION: ClassVar[bool] = True

    kind: Literal["watertight_door"]
    closing_min: float = Field(5.0, ge=0.0, le=1440.0)
    crews: int = Field(0, ge=0, le=100, description="0: shut from a control room")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, doors = Plan(), {p.name for p in view.sites.spaces.passages if p.door}
        for passage in items_of(name, self.targets, view, "passages"):
            if passage not in doors:
                plan.item("passages", (passage, "door"), "set", 1)
                plan.count("watertight_door", 1)
                plan.targets.append(passage)
        return plan

    def completed_by_action(self, targets: list[str]) -> Completion:
        return Completion([], targets, minutes_to_s(self.closing_min), self.crews)


class SumpPumps(UndergroundSpace):
    """One pump on duty in each space, one that stands by; they need power."""

    READS: ClassVar[frozenset[str]] = frozenset({"sites", "bed_elevation", "inp"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"spaces"})
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
        known = [c.name for c in view.sites.critical]
        if (self.power is None) != self.always_powered:
            plan.refusals.append(
                refusal(
                    name,
                    "power",
                    "say who feeds the pumps",
                    allowed="power = a critical site, or always_powered = true",
                )
            )
        elif self.power is not None and self.power not in known:
            plan.refusals.append(
                refusal(
                    name,
                    "power",
                    f"no such critical site{nearest(self.power, known)}",
                    given=self.power,
                )
            )
        if self.stop_depth_m > self.start_depth_m:
            plan.refusals.append(
                refusal(
                    name, "stop_depth_m", "above start_depth_m", given=f"{self.stop_depth_m:g} m"
                )
            )
        refuse_unknown_node(name, plan, view, self.to_node)
        if plan.refusals:
            return plan
        for space in spaces_of(name, self.targets, view):
            target = space.name
            if self.to_node is None and not space.openings:
                raise InputError(
                    refusal(
                        name,
                        "to_node",
                        "this space has no opening to the street: name a node",
                        given=target,
                    )
                )
            cell = (
                (space.openings[0].row, space.openings[0].column) if self.to_node is None else None
            )
            floor = float(space.stage_m[0])
            pump = SumpPump(
                f"{name}_{target}",
                self.capacity_m3_s,
                floor + self.start_depth_m,
                floor + self.stop_depth_m,
                cell,
                self.to_node,
                self.power,
            )
            plan.item("spaces", (target, PUMP, name), "insert", pump)
            plan.count("sump_pump", 2)  # one stands by
            plan.targets.append(target)
        return plan


class RampDrain(UndergroundSpace):
    """A grate across a ramp takes the rain that falls on it; what comes over the sill from the
    street is far more and goes on down.
    """

    READS: ClassVar[frozenset[str]] = frozenset({"sites", "bed_elevation", "inp"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"spaces"})
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
                plan.refusals.append(
                    refusal(
                        name,
                        "targets",
                        "no ramp or other ground drains into this space",
                        given=space.name,
                    )
                )
            elif self.capacity_m3_s > space.ramp_drain_m3_s:
                plan.item("spaces", (space.name, "ramp_drain_m3_s"), "raise_to", self.capacity_m3_s)
                plan.item("spaces", (space.name, "drain_to_node"), "set", self.to_node)
                plan.count("ramp_drain", 1)
                plan.targets.append(space.name)
        return plan


class ClosureRule(UndergroundSpace):
    """An underpass or a metro line closed at a depth: people are told at warn_m, barriers come down
    at close_m, who is inside drives or walks out, and the road before its mouths is off the graph
    of access from then on. It moves no water."""

    STAGE: ClassVar[int] = OPERATE
    READS: ClassVar[frozenset[str]] = frozenset({"sites", "bed_elevation", "gauges"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"actions"})
    SUMMARY: ClassVar[str] = "underpasses and metro lines closed at a depth on a gauge"
    CHINESE: ClassVar[str] = "停运、封闭规则"

    kind: Literal["closure_rule"]
    gauge: str | None = Field(None, description="name of a gauge")
    at_m: tuple[float, float] | None = Field(
        None, description="instead: map coordinates of the cell that is watched"
    )
    warn_m: float = Field(0.15, ge=0.0, le=2.0, description="depth at which people are told")
    close_m: float = Field(
        0.25,
        gt=0.0,
        le=2.0,
        description=(
            "depth at which it closes; Shanghai above 0.25, Chengdu and Xi'an mark 0.30 (published)"
        ),
    )
    length_m: float = Field(0.0, ge=0.0, le=50_000.0, description="of the way out")
    clear_speed_m_s: float = Field(
        5.0, gt=0.0, le=30.0, description="of who is inside, on the way out"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.warn_m > self.close_m:
            plan.refusals.append(
                refusal(
                    name,
                    "warn_m",
                    "above close_m",
                    given=f"{self.warn_m:g} m",
                    allowed=f"at most {self.close_m:g} m",
                )
            )
            return plan
        if (self.gauge is None) == (self.at_m is None):
            plan.refusals.append(refusal(name, "gauge", "give either gauge or at_m"))
            return plan
        warn, close = (
            Order(gauge=self.gauge, at_m=self.at_m, depth_m=max(d, 1e-9))
            for d in (self.warn_m, self.close_m)
        )
        cell, tasks, told = close.cell(view), list[Task](), list[Task]()
        for space in spaces_of(name, self.targets, view):
            hump = min((o.sill_m for o in space.openings), default=float("inf"))
            if cell is not None and view.ground_at(*cell) + self.close_m >= hump:
                given, allowed = (
                    f"{self.close_m:g} m",
                    f"below {hump - view.ground_at(*cell):.2f} m",
                )
                plan.refusals.append(
                    refusal(
                        name,
                        "close_m",
                        f"water is over the sill of {space.name} before it closes",
                        given=given,
                        allowed=allowed,
                    )
                )
            told.append(Task("notice", space.name, crews=0))
            tasks.append(
                Task(
                    "closure",
                    space.name,
                    self.length_m / self.clear_speed_m_s,
                    0,
                    cells=tuple((o.row, o.column) for o in space.openings),
                )
            )
            plan.targets.append(space.name)
        ordered(f"{name}_warns", warn, tuple(told), view, plan)
        ordered(name, close, tuple(tasks), view, plan)
        plan.count("closure_gauge", len(tasks))
        return plan


class FloodWarning(UndergroundSpace):
    """People underground are told to leave; a share of them does, the rest when water comes in."""

    STAGE: ClassVar[int] = OPERATE
    READS: ClassVar[frozenset[str]] = frozenset({"sites", "rainfall", "gauges"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"actions"})
    SUMMARY: ClassVar[str] = "warning system: people leave underground spaces before the water"
    CHINESE: ClassVar[str] = "预警疏散"

    kind: Literal["flood_warning"]
    order: Order = Field(description="when the warning is given")
    compliance: float = Field(
        0.8, ge=0.0, le=1.0, description="share of the people who act on it (assumed; 0.4 to 0.95)"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.compliance == 0.0:
            return plan
        plan.targets = [s.name for s in spaces_of(name, self.targets, view)]
        ordered(
            name,
            self.order,
            tuple(Task("notice", s, crews=0, share=self.compliance) for s in plan.targets),
            view,
            plan,
        )
        plan.count("warning_system", 1)
        return plan


KINDS = (
    EntranceStep,
    FloodBarrier,
    AutomaticGate,
    WatertightDoor,
    SumpPumps,
    VentRaising,
    RampDrain,
    ClosureRule,
    FloodWarning,
)
