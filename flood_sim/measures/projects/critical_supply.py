"""Project 4, what critical sites need: generators, ties to a second supplier; and second feeds of
pump stations (project 3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.core.errors import nearest
from flood_sim.core.units import hours_to_s
from flood_sim.measures.base import InputsView, Project
from flood_sim.measures.edits import Plan
from flood_sim.measures.projects.critical_infrastructure import CriticalInfrastructure, ground_of
from flood_sim.measures.resources import Resource
from flood_sim.measures.site_edits import ANY_OF, AUTONOMY, NEW, RESERVE
from flood_sim.sites.critical import CriticalSite


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
                plan.refuse(
                    name,
                    "targets",
                    "this site needs nothing that a generator could replace",
                    given=site.name,
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
            plan.item(Resource.CRITICAL, (generator, NEW), "insert", new)
            for j in needs:
                plan.item(
                    Resource.CRITICAL,
                    (site.name, j, AUTONOMY),
                    "raise_to",
                    hours_to_s(self.autonomy_h),
                )
                plan.item(Resource.CRITICAL, (site.name, j, RESERVE), "set", generator)
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
            plan.refuse(
                name,
                "from_site",
                f"no such critical site{nearest(self.from_site, known)}",
                given=self.from_site,
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
                    plan.refuse(
                        name,
                        "from_site",
                        "both feeds would fail together",
                        given=given,
                        do="tie to another substation",
                    )
                    continue
                plan.item(
                    Resource.CRITICAL,
                    (site.name, j, ANY_OF, self.from_site),
                    "insert",
                    self.from_site,
                )
                plan.count(self._priced(), 1)
                plan.targets.append(site.name)
            if not site.needs:
                plan.refuse(name, "targets", "this site needs nothing", given=site.name)
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


KINDS = (BackupPower, SupplyTie, StandbyPower)
