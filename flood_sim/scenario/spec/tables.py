"""What may stand in the tables that a scenario points to: one row model a table; a column of the
same meaning as a key has the key's range.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, create_model

from flood_sim.core.files.table_rows import (
    FARTHEST_M,
    HIGHEST_M,
    LOWEST_M,
    Row,
    TimedRow,
    like,
    usual,
)
from flood_sim.drainage.inlets import CLOSED_KINDS, INLET_KINDS
from flood_sim.ground.exposure import USES, ZONES
from flood_sim.scenario.spec.drainage import StreetGutter
from flood_sim.scenario.spec.structures import Barrels, Gate
from flood_sim.scenario.spec.water import (
    LARGEST_DISCHARGE_M3_S,
    ConstantInfiltrationSpec,
    CurveNumberSpec,
    EvaporationSpec,
    GreenAmptSpec,
    HortonSpec,
    StorageSpec,
)
from flood_sim.surface.on_grade import SPLASH_OVER

HIGHEST_RAIN_MM_H, ODD_RAIN_MM_H = (
    2500.0,
    300.0,
)  # 38 mm fell within a minute once; the record of an hour is 305 mm in 42 minutes
ODD_SHAFT_M2 = 20.0

_rain = usual(
    None,
    None,
    code="E501",
    what="rain",
    do="check the unit: depth_mm is in mm an interval, rate_mm_h in mm/h",
)


class RainRow(TimedRow):
    """[rainfall] kind = "series", and each gauge's file."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (*TimedRow.ONE_OF, ("depth_mm", "rate_mm_h"))
    depth_mm: float | None = Field(
        None, ge=0.0, le=2000.0, description="fallen within interval_s", json_schema_extra=_rain
    )
    rate_mm_h: float | None = Field(
        None,
        ge=0.0,
        le=HIGHEST_RAIN_MM_H,
        description="instead: mean of interval_s",
        json_schema_extra=_rain | usual(None, ODD_RAIN_MM_H),
    )


class GaugeRow(Row):
    """[rainfall] gauges: rain gauges and their series."""

    KEY: ClassVar[tuple[str, ...]] = ("gauge",)
    gauge: str = Field(description="its name")
    x_m: float = Field(ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate")
    y_m: float = Field(ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate")
    file: str = Field(description="series of the gauge")


class RasterRow(TimedRow):
    """[rainfall] kind = "grid": a stack of rasters."""

    raster: str = Field(description="raster file of this time")


class StageRow(TimedRow):
    """[[boundaries]] kind = "stage_series", file."""

    level_m: float = Field(
        ge=LOWEST_M, le=HIGHEST_M, description="of the water, on the datum of the ground"
    )


class DischargeRow(TimedRow):
    """[[boundaries]] kind = "discharge_series" and "point_inflow", file."""

    discharge_m3_s: float = Field(
        ge=0.0,
        le=LARGEST_DISCHARGE_M3_S,
        description="into the model",
        json_schema_extra=usual(
            None,
            None,
            code="E408",
            what="a discharge",
            do="an abstraction is not implemented; discharges are in m3/s",
        ),
    )


class OpeningRow(TimedRow):
    """[[structures]] kind = "gate", opening_file."""

    opening_m: float = like(Gate, "opening_m", required=True)


class CloggingRow(TimedRow):
    """[[failures]] kind = "clogging_series", file."""

    clogging: float = Field(
        ge=0.0,
        le=1.0,
        description="share that is lost, not per cent",
        json_schema_extra=usual(None, None, code="E104"),
    )


class EvaporationRow(TimedRow):
    """[evaporation] file."""

    rate_mm_d: float = like(EvaporationSpec, "rate_mm_d", required=True)


class _CoverRow(Row):
    """Land cover of [terrain] manning_n, [infiltration] and [storage]: the columns that the section
    needs.
    """

    KEY: ClassVar[tuple[str, ...]] = ("class",)
    name: str | None = Field(None, description="for the reader")
    manning_n: float | None = Field(None, ge=0.008, le=0.5, description="roughness")
    conductivity_mm_h: float | None = like(GreenAmptSpec, "conductivity_mm_h")
    suction_mm: float | None = like(GreenAmptSpec, "suction_mm")
    deficit: float | None = like(GreenAmptSpec, "deficit")
    rate_mm_h: float | None = like(ConstantInfiltrationSpec, "rate_mm_h")
    first_mm_h: float | None = like(HortonSpec, "first_mm_h")
    last_mm_h: float | None = like(HortonSpec, "last_mm_h")
    decay_1_h: float | None = like(HortonSpec, "decay_1_h")
    recovery_1_h: float | None = like(HortonSpec, "recovery_1_h")
    curve_number: float | None = like(CurveNumberSpec, "curve_number")
    canopy_mm: float | None = like(StorageSpec, "canopy_mm")
    depression_mm: float | None = like(StorageSpec, "depression_mm")


# `class` is a word of Python: it cannot stand in the body of a class
ClassRow = create_model(
    "ClassRow",
    __base__=_CoverRow,
    __doc__=_CoverRow.__doc__,
    **{"class": (int, Field(ge=-32768, le=2**31, description="value of the raster"))},
)  # type: ignore[call-overload]


class InletRow(Row):
    """[drainage] inlets (CSV, or points of a GeoPackage or GeoJSON): several a node and several a
    cell may be there, equal rows not.
    """

    KEY: ClassVar[tuple[str, ...]] = (
        "node",
        "kind",
        "count",
        "clogging",
        "x_m",
        "y_m",
        "perimeter_m",
        "area_m2",
        "capacity_m3_s",
        "rim_m",
        "cross_slope",
        "long_slope",
        "length_m",
        "grate_width_m",
        "grate",
        "gutter_width_m",
        "gutter_slope",
        "gutter_manning_n",
    )
    node: str = Field(description="node of the network")
    kind: Literal[tuple((*INLET_KINDS, "custom", *CLOSED_KINDS))] = Field(  # type: ignore[valid-type]
        description=(
            "an inlet of the catalogue, or custom: with perimeter_m and area_m2; none: no street"
            " water in; sealed: nothing in or out"
        ),
    )
    count: float | None = Field(
        None,
        gt=0.0,
        le=500.0,
        description="of them; of a slot: its metres; absent: 1",
        json_schema_extra=usual(None, 50.0),
    )
    clogging: float | None = Field(
        None,
        ge=0.0,
        lt=1.0,
        description="share that is lost, not per cent; absent: [drainage] clogging",
    )
    x_m: float | None = Field(
        None, ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate; absent: the node's"
    )
    y_m: float | None = Field(
        None, ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate; absent: the node's"
    )
    perimeter_m: float | None = Field(
        None,
        ge=0.0,
        le=500.0,
        description="over which water falls in",
        json_schema_extra=usual(None, 60.0),
    )
    area_m2: float | None = Field(
        None,
        ge=0.0,
        le=200.0,
        description="clear opening",
        json_schema_extra=usual(None, ODD_SHAFT_M2),
    )
    capacity_m3_s: float | None = Field(
        None,
        ge=0.0,
        le=10.0,
        description="most it takes; a street inlet takes 0.01 to 0.1",
        json_schema_extra=usual(None, 1.0, do="capacity_m3_s is in m3/s: 35 L/s are 0.035"),
    )
    rim_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="level; absent: the node's rim"
    )
    cross_slope: float | None = Field(
        None,
        ge=0.005,
        le=0.15,
        description=(
            "m/m, of the street towards the kerb: HEC-22's law on grade; absent: that of [drainage]"
            " gutter, and so the others"
        ),
    )
    long_slope: float | None = like(StreetGutter, "long_slope")
    length_m: float | None = Field(
        None, gt=0.0, le=50.0, description="along the kerb, of one; absent: its kind's"
    )
    grate_width_m: float | None = Field(
        None,
        ge=0.0,
        le=5.0,
        description="across the gutter; 0: a kerb opening or slot; absent: its kind's",
    )
    grate: Literal[tuple(SPLASH_OVER)] | None = Field(  # type: ignore[valid-type]
        None, description="its bars"
    )
    gutter_width_m: float | None = like(StreetGutter, "gutter_width_m")
    gutter_slope: float | None = like(StreetGutter, "gutter_slope")
    gutter_manning_n: float | None = like(StreetGutter, "gutter_manning_n")


class CulvertRow(Row):
    """[[structures]] kind = "culvert_table", file: the keys of a culvert."""

    KEY: ClassVar[tuple[str, ...]] = ("name",)
    name: str = Field(description="its name in the results")
    from_x_m: float = Field(ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate of one end")
    from_y_m: float = Field(ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate of one end")
    to_x_m: float = Field(
        ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate of the other end"
    )
    to_y_m: float = Field(
        ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate of the other end"
    )
    height_m: float = like(Barrels, "height_m", required=True)
    width_m: float | None = like(Barrels, "width_m")
    barrels: int | None = like(Barrels, "barrels")
    inlet: str | None = like(Barrels, "inlet")
    from_level_m: float | None = like(Barrels, "from_level_m")
    to_level_m: float | None = like(Barrels, "to_level_m")
    length_m: float | None = like(Barrels, "length_m")
    manning_n: float | None = like(Barrels, "manning_n")
    entry_loss: float | None = like(Barrels, "entry_loss")
    exit_loss: float | None = like(Barrels, "exit_loss")
    flap: bool | None = like(Barrels, "flap")


class StageVolumeRow(Row):
    """[[sites]] stage_volume: from the floor, where the volume is 0, to the ceiling; both rise."""

    stage_m: float = Field(
        ge=LOWEST_M, le=HIGHEST_M, description="level, on the datum of the ground"
    )
    volume_m3: float = Field(
        ge=0.0, le=1e8, description="below this level", json_schema_extra=usual(None, 5e6)
    )


class RoadFeature(Row):
    """[exposure] roads: columns of the lines or polygons."""

    width_m: float | None = Field(
        None,
        gt=0.0,
        le=150.0,
        description="carriageway; absent: 7",
        json_schema_extra=usual(1.5, 80.0),
    )
    zone: str | None = Field(None, description="one of: " + ", ".join(ZONES))
    name: str | None = Field(None, description="absent: its number")


class BuildingFeature(Row):
    """[exposure] buildings: columns of the polygons."""

    use: str | None = Field(None, description="one of: " + ", ".join(USES))
    floors: float | None = Field(
        None,
        gt=0.0,
        le=200.0,
        description="storeys over the ground; absent: 1",
        json_schema_extra=usual(None, 120.0),
    )
    ground_floor_m: float | None = Field(
        None,
        ge=-6.0,
        le=20.0,
        description="of the lowest floor over the ground, no level; absent: 0.15",
        json_schema_extra=usual(-3.0, 5.0),
    )
    people: float | None = Field(
        None,
        ge=0.0,
        le=50_000.0,
        description="who live or work there",
        json_schema_extra=usual(None, 10_000.0),
    )


TABLES: tuple[type[Row], ...] = (
    RainRow,
    GaugeRow,
    RasterRow,
    StageRow,
    DischargeRow,
    OpeningRow,
    CloggingRow,
    EvaporationRow,
    ClassRow,
    InletRow,
    CulvertRow,
    StageVolumeRow,
    RoadFeature,
    BuildingFeature,
)
