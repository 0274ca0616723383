"""Project 4, critical_infrastructure 重要基础设施改造提升: plinths, relocation, proofing; and the
control rooms of project 3. Generators and ties: in critical_supply. Walls: in flood_walls.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.measures.base import SITES, InputsView, Measure, Project, Targets
from flood_sim.measures.edits import Plan
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import items_of
from flood_sim.sites.critical import CriticalSite

HIGHEST_DRY_PROOFING_M = 0.9  # 3 ft with freeboard without a check of the structure (FEMA P-55)


class CriticalInfrastructure(Measure):
    PROJECT: ClassVar[Project] = "critical_infrastructure"
    STAGE: ClassVar[int] = SITES
    READS: ClassVar[frozenset[str]] = frozenset({Resource.SITES, Resource.BED_ELEVATION})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.CRITICAL})

    targets: Targets = Field(
        Targets(), description="names of critical sites, or a rule of the layer critical"
    )

    def sites(self, name: str, view: InputsView) -> list[CriticalSite]:
        """The sites meant, sorted by name."""
        every = {c.name: c for c in view.sites.critical}
        return [every[n] for n in items_of(name, self.targets, view, "critical")]


def ground_of(site: CriticalSite, view: InputsView) -> float:
    """Level (m) of the ground, or floor, that a site stands on."""
    if isinstance(site.place, str):
        return next(float(s.stage_m[0]) for s in view.sites.spaces.spaces if s.name == site.place)
    return view.ground_at(*site.place)


class RaisedPlinth(CriticalInfrastructure):
    """Equipment set higher: water must stand deeper before it fails."""

    SUMMARY: ClassVar[str] = "equipment of critical sites set higher"
    CHINESE: ClassVar[str] = "设备抬高"

    kind: Literal["raised_plinth"]
    raise_m: float | None = Field(None, ge=0.0, le=3.0, description="over today's level")
    failure_depth_m: float | None = Field(
        None,
        ge=0.0,
        le=5.0,
        description="instead: over the ground, or over the floor inside a space",
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if (self.raise_m is None) == (self.failure_depth_m is None):
            plan.refuse(name, "", "give either raise_m or failure_depth_m")
            return plan
        for site in self.sites(name, view):
            new = (
                site.failure_level_m + self.raise_m
                if self.raise_m is not None
                else ground_of(site, view) + (self.failure_depth_m or 0.0)
            )
            ceiling = next(
                (float(s.stage_m[-1]) for s in view.sites.spaces.spaces if s.name == site.place),
                float("inf"),
            )
            if new < site.failure_level_m - 1e-9:
                given, allowed = (
                    f"{new:.2f} m at {site.name}",
                    f"at least {site.failure_level_m:.2f} m",
                )
                plan.refuse(
                    name,
                    "failure_depth_m",
                    "the equipment stands higher today",
                    given=given,
                    allowed=allowed,
                )
            elif new >= ceiling:
                given = f"{new:.2f} m at {site.name}"
                plan.refuse(
                    name,
                    "raise_m",
                    "above the ceiling of its room",
                    given=given,
                    allowed=f"below {ceiling:.2f} m",
                )
            elif new > site.failure_level_m + 1e-9:
                plan.item(Resource.CRITICAL, (site.name, "failure_level_m"), "raise_to", new)
                plan.count(self._priced(), 1)
                plan.targets.append(site.name)
        return plan

    def _priced(self) -> str:
        return "plinth"


class RaisedControlRoom(RaisedPlinth):
    """Motors and switchgear of pump stations set higher: entry half a metre over the design stage
    (GB 50014-2021 6.1.8).
    """

    PROJECT: ClassVar[Project] = "pump_stations"
    SUMMARY: ClassVar[str] = "electrical rooms of pump stations set higher"
    CHINESE: ClassVar[str] = "电气设备抬高"

    kind: Literal["raised_control_room"]  # type: ignore[assignment]

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = super().plan(name, view)
        others = [s.name for s in self.sites(name, view) if s.kind != "pump_station"]
        if others:
            plan.refuse(
                name,
                "targets",
                "this is no pump station",
                given=others[0],
                do="raised_plinth serves other sites",
            )
        return plan

    def _priced(self) -> str:
        return "control_room"


class Relocation(CriticalInfrastructure):
    """Rooms moved out of the basement to the ground in front of it, or to a place of their own."""

    SUMMARY: ClassVar[str] = "distribution rooms moved from underground to the ground"
    CHINESE: ClassVar[str] = "配电房地下迁地上"

    kind: Literal["relocation"]
    location_m: tuple[float, float] | None = Field(
        None,
        description="map coordinates; absent: before the first opening of the space it stands in",
    )
    failure_depth_m: float = Field(0.3, ge=0.0, le=5.0, description="over the ground there")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        for site in self.sites(name, view):
            cell = self._cell(name, plan, view, site)
            if cell is None or cell == site.place:
                continue
            plan.item(Resource.CRITICAL, (site.name, "place"), "set", cell)
            plan.item(
                Resource.CRITICAL,
                (site.name, "failure_level_m"),
                "set",
                view.ground_at(*cell) + self.failure_depth_m,
            )
            plan.count("relocation", 1)
            plan.targets.append(site.name)
        return plan

    def _cell(
        self, name: str, plan: Plan, view: InputsView, site: CriticalSite
    ) -> tuple[int, int] | None:
        if self.location_m is not None:
            cell = view.open_cell(self.location_m)
            if cell is None:
                plan.refuse(
                    name,
                    "location_m",
                    "not on an open cell",
                    given=str(self.location_m),
                    do="move it onto the grid, off buildings",
                )
            return cell
        space = next((s for s in view.sites.spaces.spaces if s.name == site.place), None)
        if space is None or not space.openings:
            plan.refuse(
                name,
                "location_m",
                "the site stands on the ground: say where it goes",
                given=site.name,
                do="add location_m",
            )
            return None
        return space.openings[0].row, space.openings[0].column


class DryProofing(CriticalInfrastructure):
    """Walls, doors and cable ducts sealed: water outside may stand higher before it gets in. What
    leaks is pumped (by hand: 40 m, 2 h: 5.8 m3).
    """

    SUMMARY: ClassVar[str] = "critical sites sealed against standing water"
    CHINESE: ClassVar[str] = "防水封堵"

    kind: Literal["dry_proofing"]
    height_m: float = Field(
        0.9, ge=0.0, le=3.0, description="over the ground; above 0.9 the structure must be checked"
    )
    perimeter_m: float = Field(
        40.0, gt=0.0, le=1000.0, description="sealed length of each site, for the cost"
    )
    structure_checked: bool = Field(
        False, description="true: the walls were shown to bear the water"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.height_m > HIGHEST_DRY_PROOFING_M and not self.structure_checked:
            given, allowed = (
                f"{self.height_m:g} m",
                f"at most {HIGHEST_DRY_PROOFING_M:g} m, or structure_checked = true",
            )
            plan.refuse(
                name, "height_m", "walls may not bear this water", given=given, allowed=allowed
            )
            return plan
        for site in self.sites(name, view):
            level = ground_of(site, view) + self.height_m
            if level > site.failure_level_m + 1e-9:
                plan.item(Resource.CRITICAL, (site.name, "failure_level_m"), "raise_to", level)
                plan.count("dry_proofing", self.perimeter_m)
                plan.targets.append(site.name)
        return plan


class WetProofing(CriticalInfrastructure):
    """What gets wet is made to dry soon: repair takes a share of its time."""

    SUMMARY: ClassVar[str] = "critical sites that are repaired sooner after a flood"
    CHINESE: ClassVar[str] = "耐淹改造"

    kind: Literal["wet_proofing"]
    repair_share: float = Field(0.3, ge=0.0, le=1.0, description="of today's repair time")
    area_m2: float = Field(100.0, gt=0.0, le=1e5, description="of each site, for the cost")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        for site in self.sites(name, view):
            if self.repair_share < 1.0 and site.repair_s > 0.0:
                plan.item(
                    Resource.CRITICAL,
                    (site.name, "repair_s"),
                    "lower_to",
                    self.repair_share * site.repair_s,
                )
                plan.count("wet_proofing", self.area_m2)
                plan.targets.append(site.name)
        return plan


KINDS = (RaisedPlinth, RaisedControlRoom, Relocation, DryProofing, WetProofing)
