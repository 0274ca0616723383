"""What may stand in [rainfall], [infiltration], [storage], [evaporation] and [[facilities]]: where
water comes from and what keeps it back.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flood_sim.core.files.map_keys import RasterFile, VectorFile
from flood_sim.core.files.table_rows import LONGEST_S, usual
from flood_sim.core.schema_texts import UnfitError
from flood_sim.ground.rainfall import FORMULAS, STORMS
from flood_sim.measures.layers import PavingLayers, RoofLayers, SoilLayers
from flood_sim.scenario.spec.cover import GaugesCover, RainCover, SlowCover, said_without_file

_SUMMED = (
    "whether depths are sums since a start; absent: amounts, and what looks summed up is refused"
)
LARGEST_DISCHARGE_M3_S = 400_000.0  # above the highest flood that was ever measured (Amazon)


class Section(BaseModel):
    """Base of all sections: frozen, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LandCover(Section):
    file: str = Field(description="raster of classes")
    band: int | None = Field(None, ge=1, le=65_535, description="of a raster with several")
    table: str = Field(
        description=(
            "CSV: class, manning_n, conductivity_mm_h, suction_mm, deficit, rate_mm_h as far as"
            " needed"
        )
    )

    @property
    def raster(self) -> RasterFile:
        return RasterFile(file=self.file, band=self.band)


class NoRain(Section):
    kind: Literal["none"] = "none"


class Gradient(Section):
    """A storm that grows in one direction; its mean over the grid stays."""

    per_km: float = Field(ge=0.0, le=1.0, description="0.1: a tenth more each kilometre")
    towards_deg: float = Field(
        ge=0.0, lt=360.0, description="0 north, 90 east; 7.20 grew towards the south-west: 225"
    )


class Placed(Section):
    """What a uniform storm may have in space."""

    gradient: Gradient | None = Field(
        None, description="a change of the rain over the map; absent: the same everywhere"
    )
    areal_reduction: float = Field(
        1.0, gt=0.3, le=1.0, description="of a point's rain over the whole area"
    )


class StormRain(Placed):
    kind: Literal["storm"]
    storm: Literal["zhengzhou-720"] = Field(description="one of: " + ", ".join(STORMS))
    label: Literal["right"] = Field("right", description="its hours are labelled by their end")
    scale: float = Field(1.0, ge=0.0, le=10.0)
    peak_hour: Literal["uniform", "peaked"] = Field(
        "uniform",
        description=(
            "peaked: 24.2 mm in its heaviest 5 minutes (assumed; no minute series is known)"
        ),
    )


_LAW = (
    "q = a (1 + c lg(P + p0)) / (t + b)^n in L/(s ha), P in years, t in minutes, lg to base 10; a"
    " law in mm/min: a times 167. Two hours must give 1 to 589 mm, usually 10 to 250; `check`"
    " prints them"
)


class FormulaSpec(Section):
    """q = a (1 + c lg(P + p0)) / (t + b)^n, L/(s ha), t in minutes (GB 50014): of any city."""

    a: float = Field(gt=0.0, le=1e5)
    c: float = Field(ge=0.0, le=5.0)
    p0: float = Field(0.0, ge=0.0, le=5.0)
    b: float = Field(ge=0.0, le=100.0)
    n: float = Field(gt=0.0, le=2.0)
    source: str = "given in the scenario"


class DesignRain(Placed):
    kind: Literal["design_storm"]
    formula: Literal["zhengzhou-measures", "zhengzhou-2002"] | FormulaSpec = Field(
        "zhengzhou-measures",
        description="one of: " + ", ".join(FORMULAS) + "; or { a, c, p0, b, n }: " + _LAW,
    )
    return_period_y: float = Field(ge=0.25, le=1000.0)
    duration_min: float = Field(
        120.0,
        ge=5.0,
        le=180.0,
        description='the formulas hold for short storms; a day: kind = "daily_storm"',
    )
    peak_ratio: float = Field(0.4, gt=0.0, lt=1.0)
    step_min: float = Field(5.0, gt=0.0, le=60.0)
    begin_s: float = Field(
        0.0, ge=0.0, le=LONGEST_S, description="seconds from the start of the run"
    )


class DailyRain(Placed):
    kind: Literal["daily_storm"]
    depth_mm: float = Field(
        gt=0.0,
        le=2000.0,
        description="of 24 h; Zhengzhou, 50 years: about 199 (recalled)",
        json_schema_extra=usual(1.0, 1000.0),
    )
    shape: Literal["alternating_block", "zhengzhou-720"] = "alternating_block"
    formula: Literal["zhengzhou-measures", "zhengzhou-2002"] | FormulaSpec = Field(
        "zhengzhou-measures", description="alternating_block: of its inner 3 h"
    )
    return_period_y: float = Field(
        50.0, ge=0.25, le=1000.0, description="alternating_block: of its inner 3 h"
    )
    peak_ratio: float = Field(0.5, gt=0.0, lt=1.0)
    begin_s: float = Field(
        0.0, ge=0.0, le=LONGEST_S, description="seconds from the start of the run"
    )


class SeriesRain(Section, RainCover):
    kind: Literal["series"]
    file: str = Field(description="CSV: time or time_s, and depth_mm or rate_mm_h")
    label: Literal["left", "right"] = Field(
        description="whether a time stamp marks the start or the end of its interval"
    )
    interval_s: float = Field(gt=0.0, le=86400.0)
    cumulative: bool | None = Field(None, description=_SUMMED)


class GaugesRain(Section, GaugesCover):
    kind: Literal["gauges"]
    gauges: str = Field(description="CSV: gauge, x_m, y_m, file; each file a CSV like a series'")
    method: Literal["thiessen", "inverse_distance"] = Field(
        "inverse_distance", description="thiessen: the nearest gauge; else squared inverse distance"
    )
    label: Literal["left", "right"] = Field(
        description="whether a time stamp marks the start or the end of its interval"
    )
    interval_s: float = Field(gt=0.0, le=86400.0)
    cumulative: bool | None = Field(None, description=_SUMMED)


class GridRain(Section, RainCover):
    kind: Literal["grid"]
    file: str = Field(
        description="NetCDF (CF: x, y, time) or a CSV of rasters: time or time_s, raster"
    )
    variable: str | None = Field(
        None, description="NetCDF variable; absent: the only one with time, y and x"
    )
    quantity: Literal["depth_mm", "rate_mm_h"] = Field(description="what its numbers are")
    label: Literal["left", "right"] = Field(
        description="whether a time stamp marks the start or the end of its interval"
    )
    interval_s: float = Field(gt=0.0, le=86400.0)
    cumulative: bool | None = Field(None, description=_SUMMED)
    method: Literal["nearest", "bilinear"] = Field(
        "nearest", description="from the rain's grid to the model's"
    )


class StormCellSpec(Section):
    peak_mm_h: float = Field(
        gt=0.0, le=500.0, description="rate in its middle", json_schema_extra=usual(None, 300.0)
    )
    radius_m: float = Field(gt=0.0, le=100_000.0, description="standard deviation of the Gaussian")
    begin_s: float = Field(
        ge=-LONGEST_S, le=LONGEST_S, description="seconds from the start of the run"
    )
    end_s: float = Field(
        ge=-LONGEST_S, le=LONGEST_S, description="seconds from the start of the run"
    )
    from_m: tuple[float, float] = Field(description="map coordinates of its middle at begin_s")
    to_m: tuple[float, float]

    @model_validator(mode="after")
    def _forward(self) -> StormCellSpec:
        if self.end_s <= self.begin_s:
            raise UnfitError("end_s must be after begin_s")
        return self


class MovingRain(Section):
    kind: Literal["moving_cells"]
    cells: tuple[StormCellSpec, ...] = Field(
        min_length=1, max_length=1000, description="[[rainfall.cells]]: rain cells that move"
    )
    interval_s: float = Field(
        60.0, ge=1.0, le=3600.0, description="how often the field is drawn anew; its sum is exact"
    )


class NoInfiltrationSpec(Section):
    kind: Literal["none"] = "none"


class CitySoilSpec(Section):
    """The reference city's own soil: the default with [city]."""

    kind: Literal["city_soil"]
    wetness: float = Field(
        0.0, ge=0.0, le=1.0, description="share of the soil's deficit that earlier rain has filled"
    )


class ConstantInfiltrationSpec(Section):
    kind: Literal["constant"]
    rate_mm_h: float | None = Field(
        None,
        ge=0.0,
        le=500.0,
        description="that the ground takes",
        json_schema_extra=usual(None, 250.0),
    )
    land_cover: LandCover | None = Field(
        None,
        description="raster of classes and its table; absent: this section everywhere",
    )


class GreenAmptSpec(Section):
    kind: Literal["green_ampt"]
    conductivity_mm_h: float | None = Field(
        None,
        ge=0.0,
        le=500.0,
        description="saturated; clay 0.3, sand 120",
        json_schema_extra=usual(None, 250.0),
    )
    suction_mm: float | None = Field(
        None, ge=0.0, le=2000.0, description="at the wetting front; sand 50, clay 320"
    )
    deficit: float | None = Field(
        None, ge=0.0, le=0.6, description="free pore space, share of the soil"
    )
    land_cover: LandCover | None = Field(
        None,
        description="raster of classes and its table; absent: this section everywhere",
    )
    wetness: float = Field(
        0.0, ge=0.0, le=1.0, description="share of the deficit that earlier rain has filled"
    )
    recovery: bool = Field(
        False,
        description=(
            "the upper zone drains while the ground is dry (SWMM's rule): for storms that follow"
            " each other"
        ),
    )

    @model_validator(mode="after")
    def _whole(self) -> GreenAmptSpec:
        if self.land_cover is None and None in (
            self.conductivity_mm_h,
            self.suction_mm,
            self.deficit,
        ):
            raise UnfitError(
                "green_ampt needs conductivity_mm_h, suction_mm and deficit, or land_cover",
                do="add these three, or land_cover = { file, table }",
            )
        return self


class HortonSpec(Section):
    """Capacity falls with the depth infiltrated (as SWMM), from first to last; dry ground
    recovers.
    """

    kind: Literal["horton"]
    first_mm_h: float | None = Field(None, ge=0.0, le=1000.0, description="capacity of dry ground")
    last_mm_h: float | None = Field(None, ge=0.0, le=500.0, description="capacity of wet ground")
    decay_1_h: float | None = Field(
        None, gt=0.0, le=100.0, description="from the first to the last"
    )
    recovery_1_h: float | None = Field(
        None,
        ge=0.0,
        le=10.0,
        description="share of the lost capacity that comes back in a dry hour; absent: 0",
    )
    land_cover: LandCover | None = Field(
        None,
        description="raster of classes and its table; absent: this section everywhere",
    )

    @model_validator(mode="after")
    def _whole(self) -> HortonSpec:
        if self.land_cover is None and None in (self.first_mm_h, self.last_mm_h, self.decay_1_h):
            raise UnfitError(
                "horton needs first_mm_h, last_mm_h and decay_1_h, or land_cover",
                do="add these three, or land_cover = { file, table }",
            )
        if (
            self.first_mm_h is not None
            and self.last_mm_h is not None
            and self.first_mm_h < self.last_mm_h
        ):
            raise UnfitError("first_mm_h must not be below last_mm_h")
        return self


class CurveNumberSpec(Section):
    """SCS: one event; only rain that falls on a cell is lost there, not what runs on to it."""

    kind: Literal["curve_number"]
    curve_number: float | None = Field(
        None,
        ge=1.0,
        le=100.0,
        description="SCS; pavement 98, pasture 60 to 80",
        json_schema_extra=usual(30.0, 100.0),
    )
    land_cover: LandCover | None = Field(
        None,
        description="raster of classes and its table; absent: this section everywhere",
    )

    @model_validator(mode="after")
    def _whole(self) -> CurveNumberSpec:
        if self.land_cover is None and self.curve_number is None:
            raise UnfitError(
                "curve_number needs curve_number, or land_cover = { file, table }",
                do="add one of the two",
            )
        return self


class StorageSpec(Section):
    """Water that leaves and hollows hold back."""

    canopy_mm: float = Field(0.0, ge=0.0, le=20.0, description="rain that leaves hold")
    depression_mm: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        description=(
            "impervious 1.3 to 2.5, lawn 2.5 to 5; it seeps and evaporates, it does not flow"
        ),
    )
    land_cover: LandCover | None = Field(
        None, description="table columns canopy_mm, depression_mm instead"
    )


class EvaporationSpec(Section, SlowCover):
    rate_mm_d: float = Field(
        0.0,
        ge=0.0,
        le=30.0,
        description="from leaves, hollows and standing water, in this order",
        json_schema_extra=usual(None, 15.0),
    )
    file: str | None = Field(None, description="CSV instead: time or time_s, rate_mm_d")

    @model_validator(mode="after")
    def _with_file(self) -> EvaporationSpec:
        said_without_file(self, "file")
        return self


class FacilitySpec(Section):
    """A layer stack on the cells of a polygon; `share` of each cell is facility."""

    name: str = Field(min_length=1, max_length=80, description="its line in the summary")
    polygon: str | VectorFile = Field(
        description="polygon file (GeoPackage, GeoJSON, shapefile), or { file, layer }"
    )
    share: float = Field(1.0, gt=0.0, le=1.0, description="of each cell's (or roof's) area")


class PermeablePaving(FacilitySpec, PavingLayers):
    kind: Literal["permeable_paving"]


class Bioretention(FacilitySpec, SoilLayers):
    kind: Literal["bioretention"]


class GreenRoof(FacilitySpec, RoofLayers):
    kind: Literal["green_roof"]


Rain = Annotated[
    NoRain | StormRain | DesignRain | DailyRain | SeriesRain | GaugesRain | GridRain | MovingRain,
    Field(discriminator="kind"),
]
Loss = Annotated[
    NoInfiltrationSpec
    | CitySoilSpec
    | ConstantInfiltrationSpec
    | GreenAmptSpec
    | HortonSpec
    | CurveNumberSpec,
    Field(discriminator="kind"),
]
AnyFacility = Annotated[PermeablePaving | Bioretention | GreenRoof, Field(discriminator="kind")]
