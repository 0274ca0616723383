"""What may stand in a file of standards or of loads: criteria with limits, return periods, rain and
river by return period. One set of models, for the file and for a table made by a program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from flood_sim.core.errors import Finding, nearest
from flood_sim.core.schema_texts import UnfitError, said

Years = Annotated[float, Field(ge=0.1, le=100_000.0, strict=True)]
Metres = Annotated[float, Field(ge=0.0, le=10.0, strict=True)]
Level = Annotated[float, Field(ge=-100.0, le=100.0, strict=True)]
Share = Annotated[float, Field(gt=0.0, le=1.0, strict=True)]
Hours = Annotated[float, Field(ge=0.0, le=240.0, strict=True)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Criterion(_Part):
    id: str = Field(min_length=1, max_length=80)
    english: str = ""
    chinese: str = ""


class GroundFloor(_Criterion):
    test: Literal["ground_floor"]
    limit_m: Metres


class Openings(_Criterion):
    test: Literal["openings"]
    limit_m: Metres


class Carriageway(_Criterion):
    test: Literal["carriageway"]
    limit_m: Metres
    share: Share


class LanePath(_Criterion):
    test: Literal["lane_path"]
    limit_m: Metres
    share: Share


class Recession(_Criterion):
    test: Literal["recession"]
    limit_m: Metres
    limit_h: dict[str, Hours]
    share: Share


class Dyke(_Criterion):
    test: Literal["dyke"]
    safety_height_m: Metres


Criterion = Annotated[
    GroundFloor | Openings | Carriageway | LanePath | Recession | Dyke, Field(discriminator="test")
]

TESTS = ("ground_floor", "openings", "carriageway", "lane_path", "recession", "dyke")


class Standard(_Part):
    chinese: str
    english: str = ""
    family: tuple[Literal["short", "day", "river"], ...] = Field(min_length=1)
    required_y: dict[str, Years] = Field(min_length=1)
    source: str
    criterion: tuple[Criterion, ...] = Field(min_length=1)


class Ladder(_Part):
    """The return periods that are tried."""

    ladder_y: tuple[Years, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _rising(self) -> Ladder:
        if list(self.ladder_y) != sorted(set(self.ladder_y)):
            raise UnfitError("ladder_y: return periods that rise are needed, such as [1, 2, 5]")
        return self


class ShortLoad(_Part):
    duration_min: float = Field(ge=5.0, le=180.0, strict=True)
    formula: str | None = None  # the scenario's rain law
    after_h: float = Field(ge=0.0, le=72.0, strict=True)
    source: str


class DayLoad(_Part):
    depth_mm: float = Field(gt=0.0, le=2000.0, strict=True)
    at_y: Years
    formula: str | None = None  # the scenario's rain law
    source: str


class RiverLoad(_Part):
    full_y: Years
    full_m: Level
    crest_y: Years
    crest_m: Level
    duration_h: float = Field(gt=0.0, le=720.0, strict=True)
    with_rain_y: Years
    source: str

    @model_validator(mode="after")
    def _rising(self) -> RiverLoad:
        if self.crest_y <= self.full_y or self.crest_m <= self.full_m:
            raise UnfitError("crest_y must be above full_y, and crest_m above full_m")
        return self


LOADS: dict[str, type[_Part]] = {"short": ShortLoad, "day": DayLoad, "river": RiverLoad}


def faults_of(model: type[_Part], table: Any, place: str) -> list[Finding]:
    """What of a table is not as its model wants it: every fault, each at its key."""
    try:
        model.model_validate(table)
    except ValidationError as error:
        faults = error.errors()
    else:
        return []
    lacking: dict[tuple[str | int, ...], list[str]] = {}
    for fault in faults:
        if fault["type"] == "missing":
            lacking.setdefault(fault["loc"][:-1], []).append(str(fault["loc"][-1]))
    found = [_lacking(place, where, keys) for where, keys in lacking.items()]
    return found + [_fault(model, place, f) for f in faults if f["type"] != "missing"]


def _lacking(place: str, where: Sequence[str | int], keys: list[str]) -> Finding:
    if len(keys) == 1:
        at = _place(place, [*where, *keys])
        return Finding("E106", at, "this key is missing", do="add it, as docs/studies.md shows")
    given, do = ", ".join(sorted(keys)), "add them, as docs/studies.md shows"
    return Finding("E106", _place(place, where), "keys are missing", given=given, do=do)


def _fault(model: type[_Part], place: str, fault: Mapping[str, Any]) -> Finding:
    where = _place(place, fault["loc"])
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        known = model.model_fields if len(fault["loc"]) == 1 else ()
        return Finding("E103", where, f"unknown key{nearest(key, known)}", do="rename or remove it")
    if fault["type"].startswith("union_tag"):
        table = fault["input"]
        given = str(table.get("test")) if isinstance(table, dict) else str(table)
        unknown = "a criterion needs a test that is there"
        return Finding("E104", where, unknown, given=given, allowed=", ".join(TESTS))
    given = "" if isinstance(fault.get("input"), dict) else str(fault.get("input"))[:80]
    code, problem, do = said(fault)
    return Finding(code, where, problem, given=given, do=do)


def _place(place: str, where: Sequence[str | int]) -> str:
    """The table, then the row or the key as the file has it: "criterion 1 `share`"."""
    parts = list(where)
    if parts[:1] == ["criterion"] and len(parts) > 2:
        del parts[2]  # the test of the criterion, which the file has as a value
    keys: list[str] = []
    for part in parts:
        if isinstance(part, str):
            keys.append(part)
        elif keys == ["criterion"]:
            place, keys = f"{place}, criterion {part + 1}", []
        else:
            place, keys = f"{place} `{'.'.join(keys)}`, value {part + 1}", []
    return f"{place} `{'.'.join(keys)}`" if keys else place
