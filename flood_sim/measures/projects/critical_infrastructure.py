"""Project 4, critical_infrastructure 重要基础设施改造提升: plinths, relocation, proofing,
generators, ties; and the power side of project 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from flood_sim.core.errors import nearest
from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.units import hours_to_s, minutes_to_s
from flood_sim.measures.base import (
    RESIZE,
    SITES,
    Completion,
    InputsView,
    Measure,
    Project,
    Targets,
    doubt,
    refusal,
)
from flood_sim.measures.edits import Plan
from flood_sim.measures.site_edits import ANY_OF, AUTONOMY, NEW, RESERVE
from flood_sim.measures.targets import cells_of, items_of
from flood_sim.sites.critical import CriticalSite
from flood_sim.surface.structures import FaceStructure, SurfacePump

HIGHEST_DRY_PROOFING_M = 0.9  # 3 ft with freeboard without a check of the structure (FEMA P-55)


class CriticalInfrastructure(Measure):
    PROJECT: ClassVar[Project] = "critical_infrastructure"
    STAGE: ClassVar[int] = SITES
    READS: ClassVar[frozenset[str]] = frozenset({"sites", "bed_elevation"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"critical"})

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
            plan.refusals.append(refusal(name, "", "give either raise_m or failure_depth_m"))
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
                plan.refusals.append(
                    refusal(
                        name,
                        "failure_depth_m",
                        "the equipment stands higher today",
                        given=given,
                        allowed=allowed,
                    )
                )
            elif new >= ceiling:
                given = f"{new:.2f} m at {site.name}"
                plan.refusals.append(
                    refusal(
                        name,
                        "raise_m",
                        "above the ceiling of its room",
                        given=given,
                        allowed=f"below {ceiling:.2f} m",
                    )
                )
            elif new > site.failure_level_m + 1e-9:
                plan.item("critical", (site.name, "failure_level_m"), "raise_to", new)
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
            plan.refusals.append(
                refusal(
                    name,
                    "targets",
                    "this is no pump station",
                    given=others[0],
                    do="raised_plinth serves other sites",
                )
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
            plan.item("critical", (site.name, "place"), "set", cell)
            plan.item(
                "critical",
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
                plan.refusals.append(
                    refusal(name, "location_m", "not on an open cell", given=str(self.location_m))
                )
            return cell
        space = next((s for s in view.sites.spaces.spaces if s.name == site.place), None)
        if space is None or not space.openings:
            plan.refusals.append(
                refusal(
                    name,
                    "location_m",
                    "the site stands on the ground: say where it goes",
                    given=site.name,
                )
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
            plan.refusals.append(
                refusal(
                    name, "height_m", "walls may not bear this water", given=given, allowed=allowed
                )
            )
            return plan
        for site in self.sites(name, view):
            level = ground_of(site, view) + self.height_m
            if level > site.failure_level_m + 1e-9:
                plan.item("critical", (site.name, "failure_level_m"), "raise_to", level)
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
                    "critical",
                    (site.name, "repair_s"),
                    "lower_to",
                    self.repair_share * site.repair_s,
                )
                plan.count("wet_proofing", self.area_m2)
                plan.targets.append(site.name)
        return plan


class BackupPower(CriticalInfrastructure):
    """A generator at each site: it lasts so long without what it needs, as long as no water reaches
    the generator (a site of its own).
    """

    SUMMARY: ClassVar[str] = "generators at critical sites"
    CHINESE: ClassVar[str] = "备用电源"

    kind: Literal["backup_power"]
    autonomy_h: float = Field(
        8.0,
        ge=0.0,
        le=1000.0,
        description="hospital 8, data centre 12, water works 6, telecom 4 (assumed)",
    )
    generator_depth_m: float = Field(
        1.0,
        ge=0.0,
        le=5.0,
        description=(
            "water over the ground (inside a space: over its floor) that drowns the generator"
        ),
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        for site in self.sites(name, view):
            needs = [
                j
                for j, need in enumerate(site.needs)
                if need.autonomy_s < hours_to_s(self.autonomy_h)
            ]
            if not site.needs:
                plan.refusals.append(
                    refusal(
                        name,
                        "targets",
                        "this site needs nothing that a generator could replace",
                        given=site.name,
                    )
                )
            if not needs:
                continue
            generator = f"{name}_{site.name}"
            level = ground_of(site, view) + self.generator_depth_m
            new = replace(
                site,
                name=generator,
                kind="generator",
                failure_level_m=level,
                repair_s=0.0,
                needs=(),
                stops=(),
                weight=0.0,
            )
            plan.item("critical", (generator, NEW), "insert", new)
            for j in needs:
                plan.item(
                    "critical", (site.name, j, AUTONOMY), "raise_to", hours_to_s(self.autonomy_h)
                )
                plan.item("critical", (site.name, j, RESERVE), "set", generator)
            plan.count(self._priced(), 1)
            plan.targets.append(site.name)
        return plan

    def _priced(self) -> str:
        return "generator"


class SupplyTie(CriticalInfrastructure):
    """A second supplier for what sites need: either will do."""

    SUMMARY: ClassVar[str] = "ties from a second supplier to critical sites"
    CHINESE: ClassVar[str] = "联络线、双回路"

    kind: Literal["supply_tie"]
    from_site: str = Field(description="critical site that supplies as well")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, known = Plan(), {c.name: c for c in view.sites.critical}
        if self.from_site not in known:
            plan.refusals.append(
                refusal(
                    name,
                    "from_site",
                    f"no such critical site{nearest(self.from_site, known)}",
                    given=self.from_site,
                )
            )
            return plan
        behind = _suppliers(self.from_site, known)
        for site in self.sites(name, view):
            for j, need in enumerate(site.needs):
                if self.from_site in need.any_of or site.name == self.from_site:
                    continue
                common = sorted(set(need.any_of) & behind)
                if common:
                    given = (
                        f"{self.from_site} hangs on {common[0]}, which feeds {site.name} already"
                    )
                    plan.refusals.append(
                        refusal(
                            name,
                            "from_site",
                            "both feeds would fail together",
                            given=given,
                            do="tie to another substation",
                        )
                    )
                    continue
                plan.item(
                    "critical", (site.name, j, ANY_OF, self.from_site), "insert", self.from_site
                )
                plan.count(self._priced(), 1)
                plan.targets.append(site.name)
            if not site.needs:
                plan.refusals.append(
                    refusal(name, "targets", "this site needs nothing", given=site.name)
                )
        return plan

    def _priced(self) -> str:
        return "supply_tie"


class StandbyPower(SupplyTie):
    """A second feed of pump stations, from another substation (second-class supply, GB 50014)."""

    PROJECT: ClassVar[Project] = "pump_stations"
    SUMMARY: ClassVar[str] = "second feeds of pump stations"
    CHINESE: ClassVar[str] = "双电源"

    kind: Literal["standby_power"]  # type: ignore[assignment]

    def _priced(self) -> str:
        return "second_feed"


def _suppliers(name: str, known: dict[str, CriticalSite]) -> set[str]:
    """A site and everything without which it cannot work (single suppliers, through all steps)."""
    found, todo = set(), [name]
    while todo:
        now = todo.pop()
        if now not in found:
            found.add(now)
            todo += [need.any_of[0] for need in known[now].needs if len(need.any_of) == 1]
    return found


class FloodWallGate(CriticalInfrastructure):
    """A wall around an area, with gaps that are shut by an action ([[actions]] completes = "NAME"),
    and a pump for the rain that falls inside.
    """

    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset({"bed_elevation", "layers"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"structures", "pumps"})
    SUMMARY: ClassVar[str] = "wall around an area, gates in it, a pump inside"
    CHINESE: ClassVar[str] = "防洪墙与闸门"
    NEEDS_ACTION: ClassVar[bool] = True

    kind: Literal["flood_wall_gate"]
    targets: Targets = Field(Targets(), description="the area inside: a polygon")
    crest_m: float | None = Field(None, ge=LOWEST_M, le=HIGHEST_M, description="level of the datum")
    raise_m: float | None = Field(
        None, ge=0.0, le=5.0, description="instead: over the higher ground beside each face"
    )
    gates_m: tuple[tuple[float, float], ...] = Field(
        (), description="map coordinates of the gaps; the nearest faces of the wall"
    )
    gate_width_m: float = Field(6.0, gt=0.0, le=100.0, description="of each gap, to whole cells")
    setup_min: float = Field(10.0, ge=0.0, le=1440.0, description="to shut each gate")
    crews: int = Field(1, ge=0, le=100, description="for each gate")
    drain_m3_s: float = Field(
        0.0, ge=0.0, le=20.0, description="pump from the lowest cell inside to just outside"
    )

    @model_validator(mode="after")
    def _one(self) -> FloodWallGate:
        if (self.crest_m is None) == (self.raise_m is None):
            raise ValueError("give crest_m or raise_m")
        return self

    @property
    def needs_action(self) -> bool:
        return bool(self.gates_m)

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, cells, grid = Plan(), cells_of(name, self.targets, view), view.grid
        inside = np.zeros(grid.shape, bool)
        inside[tuple(cells.T)] = True
        is_x, faces, ground = _ring(inside, view)
        crest = (
            np.full(len(ground), self.crest_m)
            if self.crest_m is not None
            else ground + (self.raise_m or 0.0)
        )
        higher = crest > ground + 1e-9
        if not higher.any():
            if self.crest_m is not None:
                plan.refusals.append(
                    refusal(
                        name,
                        "crest_m",
                        "the ground is higher all around",
                        given=f"{self.crest_m:g} m",
                    )
                )
            return plan
        gate = np.zeros(len(ground), bool)
        for number, (x, y) in enumerate(self.gates_m, start=1):
            face_x, face_y = (
                grid.x_m[faces[:, 1]] - 0.5 * grid.cell_size_m * is_x,
                grid.y_m[faces[:, 0]] + 0.5 * grid.cell_size_m * ~is_x,
            )
            away = np.where(higher, np.hypot(face_x - x, face_y - y), np.inf)
            mine = ~gate & (away <= max(0.5 * self.gate_width_m, float(away.min()) + 1e-9))
            gate |= mine
            n, label = int(mine.sum()), f"{name} gate {number}"
            plan.item(
                "structures",
                label,
                "insert",
                FaceStructure(
                    label, "bridge", is_x[mine], faces[mine], crest[mine], np.ones(n), waits=True
                ),
            )
            plan.count("flood_wall_gate", float((crest - ground)[mine].sum()) * grid.cell_size_m)
            plan.targets.append(label)
        wall = higher & ~gate
        plan.item(
            "structures",
            name,
            "insert",
            FaceStructure(
                name, "wall", is_x[wall], faces[wall], crest[wall], np.ones(int(wall.sum()))
            ),
        )
        plan.count("flood_wall", float((crest - ground)[wall].sum()) * grid.cell_size_m)
        if self.drain_m3_s > 0.0:
            self._drain(name, plan, view, inside)
        else:
            plan.doubts.append(
                doubt(name, "rain that falls inside the wall stands there", do="drain_m3_s")
            )
        return plan

    def _drain(self, name: str, plan: Plan, view: InputsView, inside: np.ndarray) -> None:
        """From the lowest cell inside to the nearest open cell outside."""
        cells, others = np.argwhere(inside), np.argwhere(view.active & ~inside)
        if not len(others):
            plan.refusals.append(refusal(name, "drain_m3_s", "there is no open cell outside"))
            return
        sump = cells[np.argmin(view.bed_elevation[inside])]
        outside = others[np.argmin(((others - sump) ** 2).sum(axis=1))]
        ends = (int(sump[0]), int(sump[1])), (int(outside[0]), int(outside[1]))
        plan.item("pumps", name, "insert", SurfacePump(name, *ends, self.drain_m3_s, 0.05, 0.02))
        plan.count("pump_added", self.drain_m3_s)

    def completed_by_action(self, targets: list[str]) -> Completion:
        return Completion([], [], minutes_to_s(self.setup_min), self.crews, targets)


def _ring(inside: np.ndarray, view: InputsView) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Faces between the cells inside and open cells outside: is_x (n,), the cell right of or below
    each (n, 2), the higher ground beside it (m).
    """
    outside, bed = view.active & ~inside, view.bed_elevation
    is_x, cells, ground = [], [], []
    for x_face, (down, right) in ((True, (0, 1)), (False, (1, 0))):
        near, far = (
            (slice(inside.shape[0] - down), slice(inside.shape[1] - right)),
            (
                slice(down, None),
                slice(right, None),
            ),
        )
        found = np.argwhere((inside[near] & outside[far]) | (outside[near] & inside[far]))
        is_x.append(np.full(len(found), x_face))
        cells.append(found + np.array([down, right]))
        ground.append(np.maximum(bed[near], bed[far])[tuple(found.T)])
    return np.concatenate(is_x), np.concatenate(cells).astype(np.int64), np.concatenate(ground)


KINDS = (
    RaisedPlinth,
    RaisedControlRoom,
    Relocation,
    DryProofing,
    WetProofing,
    BackupPower,
    SupplyTie,
    StandbyPower,
    FloodWallGate,
)
