"""What may stand in a file of standards or of loads: criteria with limits, return periods, rain and
river by return period.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from flood_sim.analysis.standards import TESTS
from flood_sim.core.errors import Finding, InputError
from flood_sim.ground.rainfall import FORMULAS

Years = Annotated[float, Field(ge=0.1, le=100_000.0)]
NEEDS = {
    "carriageway": ("limit_m", "share"), "lane_path": ("limit_m", "share"),
    "recession": ("limit_m", "limit_h", "share"), "ground_floor": ("limit_m",),
    "dyke": ("safety_height_m",), "openings": ("limit_m",),
}  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Criterion(_Part):
    id: str = Field(min_length=1, max_length=80)
    english: str = ""
    chinese: str = ""
    test: Literal[tuple(TESTS)]  # type: ignore[valid-type]
    limit_m: float | None = Field(None, ge=0.0, le=10.0)
    limit_h: dict[str, Annotated[float, Field(ge=0.0, le=240.0)]] | None = None
    share: float | None = Field(None, gt=0.0, le=1.0)
    safety_height_m: float | None = Field(None, ge=0.0, le=10.0)

    @model_validator(mode="after")
    def _whole(self) -> Criterion:
        if lacking := [key for key in NEEDS[self.test] if getattr(self, key) is None]:
            raise ValueError(f"a criterion of test {self.test} needs {', '.join(lacking)}")
        return self


class Standard(_Part):
    chinese: str
    english: str = ""
    family: tuple[Literal["short", "day", "river"], ...] = Field(min_length=1)
    required_y: dict[str, Years] = Field(min_length=1)
    source: str
    criterion: tuple[Criterion, ...] = Field(min_length=1)


class ShortLoad(_Part):
    duration_min: float = Field(ge=5.0, le=180.0)
    formula: Literal[tuple(FORMULAS)]  # type: ignore[valid-type]
    after_h: float = Field(ge=0.0, le=72.0)
    source: str


class DayLoad(_Part):
    depth_mm: float = Field(gt=0.0, le=2000.0)
    at_y: Years
    formula: Literal[tuple(FORMULAS)]  # type: ignore[valid-type]
    source: str


class RiverLoad(_Part):
    full_y: Years
    full_m: float = Field(ge=-100.0, le=100.0)
    crest_y: Years
    crest_m: float = Field(ge=-100.0, le=100.0)
    duration_h: float = Field(gt=0.0, le=720.0)
    with_rain_y: Years
    source: str

    @model_validator(mode="after")
    def _rising(self) -> RiverLoad:
        if self.crest_y <= self.full_y or self.crest_m <= self.full_m:
            raise ValueError("crest_y must be above full_y, and crest_m above full_m")
        return self


LOADS: dict[str, type[_Part]] = {"short": ShortLoad, "day": DayLoad, "river": RiverLoad}


def refuse_wrong_standards(standards: Mapping[str, Any], place: str = "--standards") -> None:
    """Raises InputError with all that is missing or out of range."""
    ladder, parts = (
        standards.get("ladder_y"),
        {name: s for name, s in standards.items() if isinstance(s, Mapping)},
    )
    faults = []
    if not parts:
        faults.append(
            Finding(
                "E102",
                place,
                "the file holds no standard",
                do="give tables [NAME] with family, required_y, source and [[NAME.criterion]]",
            )
        )
    rising = (
        isinstance(ladder, list)
        and len(ladder) > 1
        and all(isinstance(y, int | float) and 0.1 <= y <= 1e5 for y in ladder)
    )
    if not rising or sorted(set(ladder or ())) != ladder:
        faults.append(
            Finding(
                "E104",
                f"{place}, ladder_y",
                "return periods that rise are needed",
                given=str(ladder)[:80],
                allowed="[1, 2, 5, ...] years",
            )
        )
    faults += _faults({name: (Standard, part) for name, part in parts.items()}, place)
    classes = {name: set(part.get("required_y", ())) for name, part in parts.items()}
    if not faults and len({frozenset(c) for c in classes.values()}) > 1:
        faults.append(
            Finding(
                "E104",
                f"{place}, required_y",
                "all standards need the same city classes",
                given=str(classes)[:120],
            )
        )
    if faults:
        raise InputError(faults)


def refuse_wrong_loads(loads: Mapping[str, Any], place: str = "--loads") -> None:
    """Raises InputError with all that is missing or out of range."""
    faults = _faults(
        {name: (LOADS[name], table) for name, table in loads.items() if name in LOADS}, place
    )
    if not loads:
        faults.append(
            Finding(
                "E102",
                place,
                "the file holds no loads",
                do="give [short], [day] or [river]: docs/studies.md",
            )
        )
    if faults:
        raise InputError(faults)


def _faults(tables: Mapping[str, tuple[type[_Part], Any]], place: str) -> list[Finding]:
    found = []
    for name, (model, table) in tables.items():
        try:
            model.model_validate(table)
        except ValidationError as error:
            for fault in error.errors():
                key = ".".join(str(part) for part in fault["loc"])
                given = "" if isinstance(fault.get("input"), dict) else str(fault.get("input"))[:80]
                problem = str(fault["msg"]).removeprefix("Value error, ")
                found.append(
                    Finding(
                        "E104",
                        f"{place}, [{name}] {key}".rstrip(),
                        problem[:1].lower() + problem[1:],
                        given=given,
                        do="mend the file",
                    )
                )
    return found
