"""What may stand in [[structures]]: walls, dykes, weirs, gates, bridges along lines; culverts and
pumps between two places.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flood_sim.core.files.map_keys import VectorFile
from flood_sim.core.files.table_rows import HIGHEST_M, LONGEST_S, LOWEST_M, usual
from flood_sim.core.schema_texts import UnfitError
from flood_sim.scenario.spec.cover import SlowCover, said_without_file
from flood_sim.surface.culverts import INLETS

Line = tuple[tuple[float, float], ...]


class Structure(BaseModel):
    """Base of all structures: frozen, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    name: str = Field(
        min_length=1, max_length=80, description="its line in the ledger; no two alike"
    )


class LineStructure(Structure):
    line_m: Line | None = Field(
        None,
        description=(
            "map coordinates of a line; it follows the edges of cells. Forward is from its left to"
            " its right"
        ),
    )
    file: str | VectorFile | None = Field(
        None, description="line file (GeoPackage, GeoJSON, shapefile) instead of line_m"
    )

    @model_validator(mode="after")
    def _one_line(self) -> LineStructure:
        if (self.line_m is None) == (self.file is None):
            raise UnfitError("it needs one of line_m and file, not both", do="give one of the two")
        if self.line_m is not None and len(self.line_m) < 2:
            raise UnfitError(
                "line_m needs at least two points", do="add the points that are missing"
            )
        return self


class Breach(BaseModel):
    """Where and when a dyke goes: it opens from the middle outwards within widening_s; each part
    sinks within sinking_s.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    location_m: tuple[float, float]
    width_m: float = Field(
        gt=0.0, le=2000.0, description="of the gap in the end", json_schema_extra=usual(None, 500.0)
    )
    begin_s: float = Field(ge=0.0, le=LONGEST_S, description="seconds from the start of the run")
    sinking_s: float = Field(600.0, gt=0.0, le=86400.0)
    widening_s: float = Field(0.0, ge=0.0, le=86400.0)
    level_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="what is left of the crest; absent: the ground"
    )


class Wall(LineStructure):
    kind: Literal["wall"]


class Dyke(LineStructure):
    kind: Literal["dyke"]
    crest_m: float = Field(ge=LOWEST_M, le=HIGHEST_M, description="level of the crest")
    coefficient: float = Field(1.7, gt=0.5, le=3.0, description="m^0.5/s: broad crest 1.7")
    breach: Breach | None = Field(
        None,
        description="[structures.breach]: where, when and how deep it breaks; absent: it holds",
    )


class Weir(LineStructure):
    kind: Literal["weir"]
    crest_m: float = Field(ge=LOWEST_M, le=HIGHEST_M, description="level of the crest")
    coefficient: float = Field(
        1.8, gt=0.5, le=3.0, description="m^0.5/s: sharp crest 1.8 to 1.9, broad crest 1.7"
    )


class Gate(LineStructure, SlowCover):
    kind: Literal["gate"]
    sill_m: float = Field(ge=LOWEST_M, le=HIGHEST_M, description="level of the sill")
    top_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="level over which the closed gate spills; absent: never",
    )
    opening_m: float | None = Field(
        None,
        ge=0.0,
        le=50.0,
        description="height of the opening over the sill",
        json_schema_extra=usual(None, 20.0),
    )
    opening_file: str | None = Field(None, description="CSV instead: time or time_s, opening_m")
    coefficient: float = Field(0.6, gt=0.1, le=1.0, description="of the jet under the gate")
    open_share: float = Field(
        1.0, gt=0.0, le=1.0, description="share of the line that is opening (piers taken off)"
    )

    @model_validator(mode="after")
    def _one_opening(self) -> Gate:
        if (self.opening_m is None) == (self.opening_file is None):
            raise UnfitError(
                "it needs one of opening_m and opening_file, not both", do="give one of the two"
            )
        said_without_file(self, "opening_file")
        if self.top_m is not None and self.top_m <= self.sill_m:
            raise UnfitError("top_m must be above sill_m")
        return self


class Bridge(LineStructure):
    kind: Literal["bridge"]
    soffit_m: float = Field(
        ge=LOWEST_M,
        le=HIGHEST_M,
        description=(
            "level of the deck's underside: below it the flow is free, above it under pressure"
        ),
    )
    deck_m: float = Field(
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="level over which water runs across the deck, parapets included",
    )
    coefficient: float = Field(0.8, gt=0.1, le=1.0, description="of the pressure flow")
    open_share: float = Field(
        1.0, gt=0.0, le=1.0, description="share of the opening that piers leave"
    )

    @model_validator(mode="after")
    def _above(self) -> Bridge:
        if self.deck_m < self.soffit_m:
            raise UnfitError("deck_m must not be below soffit_m")
        return self


class Barrels(Structure):
    """A culvert's barrels, in the scenario or as a row of a table."""

    from_m: tuple[float, float] = Field(description="x, y of one end, on an open cell")
    to_m: tuple[float, float] = Field(description="x, y of the other end, on an open cell")
    height_m: float = Field(
        gt=0.0,
        le=20.0,
        description="of one barrel; its diameter where it is circular",
        json_schema_extra=usual(0.1, 8.0),
    )
    width_m: float | None = Field(
        None,
        gt=0.0,
        le=100.0,
        description="of one barrel; absent: circular",
        json_schema_extra=usual(0.1, 30.0),
    )
    barrels: int = Field(1, ge=1, le=50)
    inlet: str | None = Field(
        None, description=f"by HDS-5, else a plain weir and orifice; one of {', '.join(INLETS)}"
    )
    from_level_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="invert; absent: the ground there"
    )
    to_level_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="invert at the other end; absent: the ground there",
    )
    length_m: float | None = Field(
        None,
        gt=0.0,
        le=20_000.0,
        description="absent: the distance of the two places",
        json_schema_extra=usual(None, 2000.0),
    )
    manning_n: float = Field(0.015, ge=0.008, le=0.1)
    entry_loss: float = Field(0.5, ge=0.0, le=2.0)
    exit_loss: float = Field(1.0, ge=0.0, le=2.0)
    flap: bool = Field(False, description="nothing flows back")

    @model_validator(mode="after")
    def _fits(self) -> Barrels:
        if self.inlet is not None and self.inlet not in INLETS:
            raise UnfitError(f"no inlet `{self.inlet}`", do=f"give one of {', '.join(INLETS)}")
        shape = "circular" if self.width_m is None else "box"
        if self.inlet is not None and INLETS[self.inlet][0] != shape:
            raise UnfitError(
                f"the inlet `{self.inlet}` is for a {INLETS[self.inlet][0]} barrel, and this one"
                f" is {shape}",
                do="name an inlet of its shape; width_m makes a box",
            )
        return self


class CulvertSpec(Barrels):
    kind: Literal["culvert"]


class CulvertTable(Structure):
    kind: Literal["culvert_table"]
    file: str = Field(
        description=(
            "CSV: name, from_x_m, from_y_m, to_x_m, to_y_m, height_m, and as needed the other keys"
            " of a culvert"
        )
    )


class PumpSpec(Structure):
    kind: Literal["pump"]
    from_m: tuple[float, float] = Field(description="x, y where it takes the water")
    to_m: tuple[float, float] = Field(description="x, y where it delivers the water")
    capacity_m3_s: float = Field(
        gt=0.0, le=500.0, description="m3/s, not L/s", json_schema_extra=usual(None, 100.0)
    )
    start_depth_m: float = Field(
        0.2, gt=0.0, le=20.0, description="depth at its inlet above which it starts"
    )
    stop_depth_m: float = Field(0.05, ge=0.0, le=20.0)

    @model_validator(mode="after")
    def _ordered(self) -> PumpSpec:
        if self.stop_depth_m > self.start_depth_m:
            raise UnfitError("stop_depth_m must not be above start_depth_m")
        return self


AnyStructure = Annotated[
    Wall | Dyke | Weir | Gate | Bridge | CulvertSpec | CulvertTable | PumpSpec,
    Field(discriminator="kind"),
]
