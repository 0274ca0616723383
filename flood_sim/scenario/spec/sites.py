"""[[sites]] and [[passages]] as they stand in a scenario file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M, usual
from flood_sim.core.schema_texts import UnfitError
from flood_sim.scenario.spec.water import Section

Place = tuple[float, float]
SiteName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        pattern=r"^[^/]+$",
        description="no slash: SITE/OPENING names an opening",
    ),
]
SITE_TYPES = (
    "substation", "pump_station", "hospital", "water_works", "telecom", "metro", "data_centre",
    "fire_station", "distribution_room", "generator", "school", "other",
)  # fmt: skip


class OpeningSpec(Section):
    """A way from the street into a space: an entrance, a ramp, a vent."""

    name: str = Field("", description="absent: its number")
    location_m: Place = Field(description="map coordinates of the street cell in front of it")
    sill_elevation_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="level at which water enters"
    )
    sill_height_m: float | None = Field(
        None, ge=-10.0, le=10.0, description="instead: over the ground of the cell"
    )
    width_m: float = Field(4.0, gt=0.0, le=100.0)
    board_height_m: float = Field(
        0.0, ge=0.0, le=3.0, description="of a board or gate over the sill, once it stands"
    )
    board_leak_l_s_m: float = Field(
        0.02,
        ge=0.0,
        le=50.0,
        description="L/s per m of width through a board that water stands against",
    )
    board_placed: bool = Field(False, description="it stands from the start, or rises by itself")

    @model_validator(mode="after")
    def _one_sill(self) -> OpeningSpec:
        if self.sill_elevation_m is not None and self.sill_height_m is not None:
            raise UnfitError(
                "sill_elevation_m and sill_height_m do not go together",
                do="leave one of the two out",
            )
        return self


class SumpPumpSpec(Section):
    """A pump of a space. Lifts to the street (to_m), into a node (to_node), or out of the model."""

    name: str = ""
    capacity_m3_s: float = Field(
        gt=0.0, le=50.0, description="m3/s, not L/s", json_schema_extra=usual(None, 10.0)
    )
    start_depth_m: float = Field(0.3, ge=0.0, le=50.0, description="of water over the floor")
    stop_depth_m: float = Field(0.1, ge=0.0, le=50.0)
    to_m: Place | None = None
    to_node: str | None = None
    power: str | None = Field(
        None, description="name of the critical site that feeds it; absent: it always has power"
    )

    @model_validator(mode="after")
    def _sensible(self) -> SumpPumpSpec:
        if self.to_m is not None and self.to_node is not None:
            raise UnfitError("to_m and to_node do not go together", do="leave one of the two out")
        if self.stop_depth_m > self.start_depth_m:
            raise UnfitError(
                f"stop_depth_m {self.stop_depth_m:g} is above start_depth_m {self.start_depth_m:g}"
            )
        return self


class UndergroundSite(Section):
    """A space below the street that water can enter: metro station, garage, mall, underpass."""

    name: SiteName
    kind: Literal["underground"]
    type: str = Field(
        "garage", description="metro, garage, mall, underpass, tunnel, ... for the tables"
    )
    location_m: Place | None = Field(
        None, description="short for one opening here, with the keys below"
    )
    sill_elevation_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="level at which water enters"
    )
    sill_height_m: float | None = Field(None, ge=-10.0, le=10.0)
    width_m: float = Field(4.0, gt=0.0, le=100.0)
    board_height_m: float = Field(0.0, ge=0.0, le=3.0)
    board_leak_l_s_m: float = Field(0.02, ge=0.0, le=50.0)
    board_placed: bool = Field(False, description="true: the board stands from the start")
    openings: tuple[OpeningSpec, ...] = Field(
        (), description="several openings, instead of location_m"
    )
    floor_area_m2: float | None = Field(
        None, gt=0.0, le=1e7, description="vertical walls; or stage_volume"
    )
    height_m: float = Field(3.0, gt=0.0, le=100.0, description="floor to ceiling")
    floor_elevation_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="absent: the ceiling lies cover_m under the lowest sill",
    )
    cover_m: float = Field(
        1.0,
        ge=-100.0,
        le=100.0,
        description="lowest sill over the ceiling, where floor_elevation_m is absent",
    )
    stage_volume: str | tuple[tuple[float, float], ...] | None = Field(
        None,
        description=(
            "CSV: stage_m, volume_m3; or [[stage_m, volume_m3], ...]; from the floor, volume 0, to"
            " the ceiling"
        ),
    )
    initial_depth_m: float = Field(0.0, ge=0.0, le=100.0)
    pumps: tuple[SumpPumpSpec, ...] = Field(
        (), description="pumps inside: capacity_m3_s, to_node or to_m, power, levels"
    )
    catchment_ha: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        description=(
            "ground outside the grid that drains into it; its runoff is inflow of the ledger"
        ),
    )
    runoff_coefficient: float = Field(0.95, gt=0.0, le=1.0)
    people: float = Field(
        0.0,
        ge=0.0,
        le=1e6,
        description="inside when the water comes",
        json_schema_extra=usual(None, 50_000.0),
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> UndergroundSite:
        if self.location_m is not None and self.openings:
            raise UnfitError(
                "location_m and openings do not go together", do="leave one of the two out"
            )
        if (self.floor_area_m2 is None) == (self.stage_volume is None):
            raise UnfitError(
                "it needs one of floor_area_m2 and stage_volume, not both", do="give one of the two"
            )
        if self.sill_elevation_m is not None and self.sill_height_m is not None:
            raise UnfitError(
                "sill_elevation_m and sill_height_m do not go together",
                do="leave one of the two out",
            )
        return self

    @property
    def all_openings(self) -> tuple[OpeningSpec, ...]:
        """The openings, the short form written out."""
        if self.location_m is None:
            return self.openings
        return (
            OpeningSpec(
                name="entrance",
                location_m=self.location_m,
                sill_elevation_m=self.sill_elevation_m,
                sill_height_m=self.sill_height_m,
                width_m=self.width_m,
                board_height_m=self.board_height_m,
                board_leak_l_s_m=self.board_leak_l_s_m,
                board_placed=self.board_placed,
            ),
        )


class NeedSpec(Section):
    any_of: tuple[str, ...] = Field(
        min_length=1, description="names of critical sites of which one must work"
    )
    autonomy_h: float = Field(0.0, ge=0.0, le=1000.0, description="how long the site lasts without")
    reserve: str | None = Field(
        None, description="critical site (a generator) without which it does not last at all"
    )


class CriticalSiteSpec(Section):
    """A site whose service is lost when water reaches it, or when what it needs is lost."""

    name: SiteName
    kind: Literal["critical"]
    type: Literal[SITE_TYPES] = "other"  # type: ignore[valid-type]
    location_m: Place | None = Field(
        None, description="map coordinates; its water is that of this cell"
    )
    inside: str | None = Field(
        None, description="instead: name of an underground site that it stands in"
    )
    failure_depth_m: float | None = Field(
        None,
        ge=0.0,
        le=50.0,
        description="water over the ground (inside: over the floor) that drowns it",
    )
    failure_elevation_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="instead: the level"
    )
    repair_h: float = Field(0.0, ge=0.0, le=10_000.0, description="after the water has gone")
    needs: tuple[NeedSpec, ...] = Field(
        (), description="what it cannot work without: any_of = [sites], autonomy_h"
    )
    stops: tuple[str, ...] = Field(
        (), description="links of the network (pumps, gates) that stand still while it is out"
    )
    weight: float = Field(1.0, ge=0.0, le=1e9, description="of its service in the sum")

    @model_validator(mode="after")
    def _one_of_each(self) -> CriticalSiteSpec:
        if (self.location_m is None) == (self.inside is None):
            raise UnfitError(
                "it needs one of location_m and inside, not both", do="give one of the two"
            )
        if (self.failure_depth_m is None) == (self.failure_elevation_m is None):
            raise UnfitError(
                "it needs one of failure_depth_m and failure_elevation_m, not both",
                do="give one of the two",
            )
        return self


class PassageSpec(Section):
    """A way between two underground sites."""

    name: SiteName
    from_site: str = Field(description="an underground site")
    to_site: str = Field(description="another underground site")
    sill_elevation_m: float = Field(
        ge=LOWEST_M, le=HIGHEST_M, description="level over which water passes"
    )
    width_m: float = Field(gt=0.0, le=100.0)
    height_m: float = Field(3.0, gt=0.0, le=100.0)
    door: bool = Field(False, description="a watertight door that an action may shut")
    closed: bool = Field(False, description="it is shut from the start")


AnySite = Annotated[UndergroundSite | CriticalSiteSpec, Field(discriminator="kind")]
