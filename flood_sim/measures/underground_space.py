"""Project 5, underground_space 地下空间排水防涝提升: steps, boards, gates, doors, pumps, vents. Ramp drains, closures and warnings are not implemented as measures."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.errors import InputError, nearest
from flood_sim.measures.base import SITES, Completion, InputsView, Measure, Project, Targets, refusal
from flood_sim.measures.edits import Plan
from flood_sim.measures.targets import items_of
from flood_sim.spaces import Opening, SumpPump
from flood_sim.units import minutes_to_s

LITRES_A_CUBIC_METRE = 1000.0
HIGHEST_BOARD_M, HIGHEST_SANDBAGS_M = 1.2, 0.5


class UndergroundSpace(Measure):
    PROJECT: ClassVar[Project] = "underground_space"
    STAGE: ClassVar[int] = SITES
    READS: ClassVar[frozenset[str]] = frozenset({"sites", "bed_elevation"})

    targets: Targets = Field(Targets(), description="names, or a layer with a rule")


def openings_of(name: str, targets: Targets, view: InputsView) -> list[Opening]:
    """The openings meant, sorted by name; a site stands for all of its openings. Raises InputError as `items_of`."""
    every = {o.name: o for s in view.sites.spaces.spaces for o in s.openings}
    of_site = {s.name: [o.name for o in s.openings] for s in view.sites.spaces.spaces}
    names = tuple(dict.fromkeys(o for n in targets.names for o in of_site.get(n, [n])))
    return [every[n] for n in items_of(name, targets.model_copy(update={"names": names}), view, "openings")]


class EntranceStep(UndergroundSpace):
    """Steps or a counter-slope at an entrance: the sill rises for good."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"openings"})
    SUMMARY: ClassVar[str] = "entrances with higher steps or a counter-slope"
    CHINESE: ClassVar[str] = "出入口台阶、反坡"

    kind: Literal["entrance_step"]
    sill_height_m: float | None = Field(None, ge=0.0, le=1.5, description="over the ground in front; metro 0.30 to 0.45 (GB 50157, recalled)")
    raise_m: float | None = Field(None, ge=0.0, le=1.0, description="instead: over today's sill")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if (self.sill_height_m is None) == (self.raise_m is None):
            plan.refusals.append(refusal(name, "", "give either sill_height_m or raise_m"))
            return plan
        for o in openings_of(name, self.targets, view):
            new = o.sill_m + self.raise_m if self.raise_m is not None else view.ground_at(o.row, o.column) + (self.sill_height_m or 0.0)
            if new < o.sill_m - 1e-9:
                given, allowed = f"{new:.2f} m at {o.name}", f"at least {o.sill_m:.2f} m"
                plan.refusals.append(refusal(name, "sill_height_m", "the sill is higher today", given=given, allowed=allowed))
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
    sill_height_m: float | None = Field(None, ge=0.0, le=3.0, description="of the rim over the ground; at least 1.0 (GB 50157, recalled)")
    raise_m: float | None = Field(None, ge=0.0, le=3.0, description="instead: over today's rim")

    def _priced(self) -> str:
        return "vent_raised"


class FloodBarrier(UndergroundSpace):
    """Boards, or sandbags, kept ready for entrances. They stand once an action has placed them ([[actions]] completes = "NAME"); a board is as good
    as its crew is early."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"openings"})
    SUMMARY: ClassVar[str] = "boards or sandbags ready at entrances; an action places them"
    CHINESE: ClassVar[str] = "挡水板"
    NEEDS_ACTION: ClassVar[bool] = True

    kind: Literal["flood_barrier"]
    height_m: float = Field(0.6, ge=0.0, le=3.0, description="over the sill; boards up to 1.2, sandbags up to 0.5")
    type: Literal["board", "sandbag"] = "board"
    leak_l_s_m: float | None = Field(None, ge=0.0, le=50.0, description="absent: 0.02 for boards in use, 0.5 for sandbags (assumed)")
    setup_min: float = Field(15.0, ge=0.0, le=1440.0, description="each board, once its crew is there (assumed)")
    crews: int = Field(1, ge=0, le=100, description="for each board at a time")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        highest = HIGHEST_SANDBAGS_M if self.type == "sandbag" else HIGHEST_BOARD_M
        if self.height_m > highest:
            plan.refusals.append(
                refusal(name, "height_m", f"a {self.type} does not hold this", given=f"{self.height_m:g} m", allowed=f"at most {highest:g} m")
            )
            return plan
        leak = self.leak_l_s_m if self.leak_l_s_m is not None else 0.5 if self.type == "sandbag" else 0.02
        for o in openings_of(name, self.targets, view):
            if self.height_m <= o.board_m:
                continue
            plan.item("openings", (o.name, "board_m"), "raise_to", self.height_m)
            plan.item("openings", (o.name, "leak_m2_s"), "set", leak / LITRES_A_CUBIC_METRE)
            plan.count("flood_barrier", self.height_m * o.width_m)
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

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        for o in openings_of(name, self.targets, view):
            if self.height_m <= (o.board_m if o.placed else 0.0):
                continue
            plan.item("openings", (o.name, "board_m"), "raise_to", self.height_m)
            plan.item("openings", (o.name, "leak_m2_s"), "set", self.leak_l_s_m / LITRES_A_CUBIC_METRE)
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
    to_node: str | None = Field(None, description="node that takes the water; absent: the street in front of the first opening")
    power: str | None = Field(None, description="critical site that feeds them; a generator of their own: its name")
    always_powered: bool = Field(False, description="own supply that no water reaches; else power is needed")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.capacity_m3_s == 0.0:
            return plan
        known = [c.name for c in view.sites.critical]
        if (self.power is None) != self.always_powered:
            plan.refusals.append(refusal(name, "power", "say who feeds the pumps", allowed="power = a critical site, or always_powered = true"))
        elif self.power is not None and self.power not in known:
            plan.refusals.append(refusal(name, "power", f"no such critical site{nearest(self.power, known)}", given=self.power))
        if self.stop_depth_m > self.start_depth_m:
            plan.refusals.append(refusal(name, "stop_depth_m", "above start_depth_m", given=f"{self.stop_depth_m:g} m"))
        nodes = view.inp.rims() if self.to_node is not None else {}
        if self.to_node is not None and self.to_node not in nodes:
            plan.refusals.append(refusal(name, "to_node", f"no such node{nearest(self.to_node, nodes)}", given=self.to_node))
        if plan.refusals:
            return plan
        spaces = {s.name: s for s in view.sites.spaces.spaces}
        for target in items_of(name, self.targets, view, "spaces"):
            space = spaces[target]
            if self.to_node is None and not space.openings:
                raise InputError(refusal(name, "to_node", "this space has no opening to the street: name a node", given=target))
            cell = (space.openings[0].row, space.openings[0].column) if self.to_node is None else None
            floor = float(space.stage_m[0])
            pump = SumpPump(
                f"{name}_{target}", self.capacity_m3_s, floor + self.start_depth_m, floor + self.stop_depth_m, cell, self.to_node, self.power
            )
            plan.item("spaces", (target, "pump", name), "insert", pump)
            plan.count("sump_pump", 2)  # one stands by
            plan.targets.append(target)
        return plan


KINDS = (EntranceStep, FloodBarrier, AutomaticGate, WatertightDoor, SumpPumps, VentRaising)
