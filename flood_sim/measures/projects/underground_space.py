"""Project 5, underground_space 地下空间排水防涝提升: steps, boards, gates and doors. Pumps, vents
and ramp drains: in underground_equipment. Closures and warnings: in underground_operation.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.city.parameters import draw
from flood_sim.core.units import minutes_to_s
from flood_sim.measures.base import (
    SITES,
    Completion,
    InputsView,
    Measure,
    Project,
    Targets,
)
from flood_sim.measures.edits import Plan
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import items_of
from flood_sim.sites.underground_inputs import Opening, Space

LITRES_A_CUBIC_METRE = 1000.0
HIGHEST_BOARD_M, HIGHEST_SANDBAGS_M = 1.2, 0.5


class UndergroundSpace(Measure):
    PROJECT: ClassVar[Project] = "underground_space"
    STAGE: ClassVar[int] = SITES
    READS: ClassVar[frozenset[str]] = frozenset({Resource.SITES, Resource.BED_ELEVATION})

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


class EntranceStep(UndergroundSpace):
    """Steps or a counter-slope at an entrance: the sill rises for good."""

    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.OPENINGS})
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
            plan.refuse(name, "", "give either sill_height_m or raise_m")
            return plan
        for o in openings_of(name, self.targets, view):
            new = (
                o.sill_m + self.raise_m
                if self.raise_m is not None
                else view.ground_at(o.row, o.column) + (self.sill_height_m or 0.0)
            )
            if new < o.sill_m - 1e-9:
                given, allowed = f"{new:.2f} m at {o.name}", f"at least {o.sill_m:.2f} m"
                plan.refuse(
                    name, "sill_height_m", "the sill is higher today", given=given, allowed=allowed
                )
            if new > o.sill_m + 1e-9:
                plan.item(Resource.OPENINGS, (o.name, "sill_m"), "raise_to", new)
                plan.count(self._priced(), 1)
                plan.targets.append(o.name)
        return plan

    def _priced(self) -> str:
        return "entrance_step"


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

    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.OPENINGS})
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
            plan.refuse(
                name,
                "height_m",
                f"a {self.type} does not hold this",
                given=f"{self.height_m:g} m",
                allowed=f"at most {highest:g} m",
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
            plan.item(Resource.OPENINGS, (o.name, "board_m"), "raise_to", self.height_m)
            plan.item(Resource.OPENINGS, (o.name, "leak_m2_s"), "set", leak / LITRES_A_CUBIC_METRE)
            plan.targets.append(o.name)
        return plan

    def completed_by_action(self, targets: list[str]) -> Completion:
        return Completion(targets, [], minutes_to_s(self.setup_min), self.crews)


class AutomaticGate(UndergroundSpace):
    """Gates that rise with the water: no lead time, no crew."""

    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.OPENINGS})
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
            plan.item(Resource.OPENINGS, (o.name, "board_m"), "raise_to", self.height_m)
            plan.item(
                Resource.OPENINGS,
                (o.name, "leak_m2_s"),
                "set",
                self.leak_l_s_m / LITRES_A_CUBIC_METRE,
            )
            plan.item(Resource.OPENINGS, (o.name, "placed"), "set", 1)
            plan.count("automatic_gate", o.width_m)
            plan.targets.append(o.name)
        return plan


class WatertightDoor(UndergroundSpace):
    """A door in a passage between two spaces; an action shuts it."""

    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.PASSAGES})
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
                plan.item(Resource.PASSAGES, (passage, "door"), "set", 1)
                plan.count("watertight_door", 1)
                plan.targets.append(passage)
        return plan

    def completed_by_action(self, targets: list[str]) -> Completion:
        return Completion([], targets, minutes_to_s(self.closing_min), self.crews)


KINDS = (EntranceStep, FloodBarrier, AutomaticGate, WatertightDoor)
