"""[region] to what a run knows of its place: the rain law of sizes, and the pack's other data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flood_sim.analysis.limits.files import read_limits
from flood_sim.core.errors import Finding
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.ground.rainfall import FORMULAS, TAKEN_LAW, DesignLaw, StormFormula
from flood_sim.ground.regions.packs import Region, read_region, shipped_region
from flood_sim.scenario.loader import Scenario

FILES = ("limits", "standards")  # keys whose value may be a file


def region_of(scenario: Scenario) -> Region:
    """The pack of a scenario, with what [region] gives in its place; an empty one without a
    section. Raises InputError.
    """
    spec = scenario.spec.region
    if spec is None:
        return Region()
    place = f"{scenario.path.name}, [region] pack"
    if spec.pack is None:
        found = Region()
    elif spec.pack.endswith(".toml"):
        found = read_region(scenario.file(spec.pack, "[region] pack"), place)
    else:
        found = shipped_region(spec.pack, place)
    own = {key: getattr(spec, key) or getattr(found, key) for key in FILES}
    for key, text in own.items():
        if text.endswith(".toml"):  # of the section, or of a pack beside the scenario
            own[key] = str(scenario.file(text, f"[region] {key}").resolve())
    own["language"] = spec.language or found.language
    return found.model_copy(update=own)


def told_region(scenario: Scenario, region: Region) -> dict[str, Any]:
    """What a run keeps of its region; limits of a user's file stand in it whole, so that its
    results can be judged where the file is not. Raises InputError where that file is wrong.
    """
    if scenario.spec.region is None:
        return {}
    told = region.model_dump(exclude={"rain_law"})
    if region.limits.endswith(".toml"):
        told |= {"limits": Path(region.limits).name, "limit_tables": read_limits(region.limits)}
    return told


def design_law(scenario: Scenario, region: Region) -> DesignLaw:
    """The law of return periods: [region] rain_law, its pack's, that of [rainfall], else the one
    that is taken.
    """
    spec, rain = scenario.spec.region, scenario.spec.rainfall
    if spec is not None and spec.rain_law is not None:
        return named_law(spec.rain_law)
    if region.rain_law is not None:
        return DesignLaw(region.rain_law.name, region.rain_law.law)
    formula = getattr(rain, "formula", None)
    if formula is None or getattr(rain, "shape", "") == "zhengzhou-720":
        return TAKEN_LAW
    return named_law(formula)


def named_law(given: Any) -> DesignLaw:
    """A law by its name, or as it is given in the scenario."""
    if isinstance(given, str):
        return DesignLaw(given, FORMULAS[given])
    return DesignLaw(
        "the scenario's own formula",
        StormFormula(given.a, given.c, given.p0, given.b, given.n, given.source),
    )


def pinned(scenario: Scenario, changes: dict[str, Any]) -> dict[str, Any]:
    """Changes of a study or audit that replace the rain keep the scenario's own law: what is built
    hangs on no storm. A scenario that names its law, or one that has none, stays as it is.
    """
    spec = scenario.spec
    if "rainfall" not in changes or "region" in changes:
        return changes
    law = design_law(scenario, region_of(scenario))
    if spec.region is not None and (spec.region.rain_law is not None or spec.region.pack):
        return changes
    if not law.own:
        return changes | {"region": {"rain_law": law.name}}
    given: Any = getattr(spec.rainfall, "formula", None)
    plain = given if isinstance(given, str) else given.model_dump()
    return changes | {"region": {"rain_law": plain}}


def region_doubts(scenario: Scenario, region: Region) -> list[Finding]:
    """W544 where the scenario's clock is not that of its region."""
    start = scenario.spec.time.start
    theirs, offset = region.offset_h(start), start.utcoffset()
    if theirs is None or offset is None:
        return []
    ours = offset.total_seconds() / SECONDS_PER_HOUR
    if ours == theirs:
        return []
    text = f"times are {ours:+g} h from UTC, clocks of {region.zone} {theirs:+g} h on that day"
    do = "give start and stop with the offset of the place"
    return [Finding("W544", f"{scenario.path.name}, [time] start", text, do=do)]
