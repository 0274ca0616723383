"""Data packs of places, read: those beside this module, or a user's own file of the same keys."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from flood_sim.core.errors import Finding, InputError, input_error, nearest
from flood_sim.core.files.toml_files import read_toml
from flood_sim.core.schema_texts import UnfitError, said
from flood_sim.ground.rainfall import StormFormula

PACKS = Path(__file__).parent


class PackLaw(BaseModel):
    """A rain law with its name: q = a (1 + c lg(P + p0)) / (t + b)^n, L/(s ha), t min, P years."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    a: float = Field(gt=0.0, le=1e5)
    c: float = Field(ge=0.0, le=5.0)
    p0: float = Field(0.0, ge=0.0, le=5.0)
    b: float = Field(ge=0.0, le=100.0)
    n: float = Field(gt=0.0, le=2.0)
    source: str

    @property
    def law(self) -> StormFormula:
        return StormFormula(self.a, self.c, self.p0, self.b, self.n, self.source)


Price = Annotated[float, Field(ge=0.0, le=1e12)]


class PackCosts(BaseModel):
    """Unit costs of measures in the pack's money: item to low, middle, high."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    price_year: int = Field(ge=1990, le=2100)
    source: str
    items: dict[str, tuple[Price, Price, Price]]

    @field_validator("items")
    @classmethod
    def _rising(
        cls, items: dict[str, tuple[float, float, float]]
    ) -> dict[str, tuple[float, float, float]]:
        for name, (low, middle, high) in items.items():
            if not low <= middle <= high:
                raise UnfitError(f"{name}: low, middle, high must not fall")
        return items


class Region(BaseModel):
    """What is always the same of a place; "" and None: nothing is said."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = ""
    language: str = Field("en", pattern="^(en|zh)$")
    zone: str = ""
    limits: str = ""
    standards: str = ""
    currency: str = Field("", pattern="^([A-Z]{3})?$")
    price_year: int | None = Field(None, ge=1990, le=2100)
    source: str = ""
    rain_law: PackLaw | None = None
    costs: PackCosts | None = None

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone:
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise UnfitError(f"no such zone: {zone}", do="write it as Europe/Berlin") from error
        return zone

    @model_validator(mode="after")
    def _costs_in_money(self) -> Region:
        if self.costs is not None and not self.currency:
            raise UnfitError(
                "[costs] are there, and `currency` is not: in which money are they?",
                do="add `currency`",
            )
        return self

    def offset_h(self, moment: datetime) -> float | None:
        """Hours that its clocks are before UTC at a moment; None where it names no zone."""
        offset = moment.astimezone(ZoneInfo(self.zone)).utcoffset() if self.zone else None
        return None if offset is None else offset.total_seconds() / 3600.0


def pack_names() -> list[str]:
    """Of the packs that come with the program."""
    return sorted(p.stem for p in PACKS.glob("*.toml"))


def read_region(path: Path, place: str) -> Region:
    """A pack from its file. Raises InputError with all that is wrong in it."""
    data = read_toml(path, place)
    try:
        return Region.model_validate(data)
    except ValidationError as error:
        faults = [_finding(fault, f"{place} {path.name}") for fault in error.errors()]
        raise InputError(faults) from error


def shipped_region(name: str, place: str) -> Region:
    """A pack by its name. Raises InputError where there is none."""
    path = PACKS / f"{name}.toml"
    if name not in pack_names():
        allowed = f"{', '.join(pack_names())}, or a TOML file"
        problem = f"no such pack{nearest(name, pack_names())}"
        raise input_error("E104", place, problem, given=name, allowed=allowed)
    return read_region(path, place)


def _finding(fault: Any, place: str) -> Finding:
    key = ".".join(str(part) for part in fault["loc"])
    at, given = (f"{place}, `{key}`" if key else place), str(fault["input"])[:60]
    if fault["type"] == "extra_forbidden":
        problem = f"unknown key{nearest(key, Region.model_fields)}"
        return Finding("E103", at, problem, given=given, do="rename or remove the key")
    code, text, do = said(fault)
    return Finding(code, at, text, given=given if fault["type"] != "missing" else "", do=do)
