"""What may stand in a scenario file: one frozen model a section; unknown keys are errors; a key
ends in its unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, model_validator

from flood_sim.city.parameters import CityParameters
from flood_sim.core.errors import nearest
from flood_sim.core.files.table_rows import HIGHEST_M, LONGEST_NAME, LOWEST_M
from flood_sim.core.plugins import brought, unique
from flood_sim.drainage.inlets import INLET_KINDS
from flood_sim.measures.effectiveness import Mode
from flood_sim.measures.plans import PlanSpec
from flood_sim.measures.registry import AnyMeasure
from flood_sim.scenario.spec.actions import ActionList, ActionSpec, Resources
from flood_sim.scenario.spec.sites import AnySite, PassageSpec
from flood_sim.scenario.spec.structures import AnyStructure
from flood_sim.scenario.spec.switches import AnyFailure, AnyRule
from flood_sim.scenario.spec.water import (
    LARGEST_DISCHARGE_M3_S,
    AnyFacility,
    EvaporationSpec,
    LandCover,
    Loss,
    NoInfiltrationSpec,
    NoRain,
    Rain,
    Section,
    StorageSpec,
)

NOT_YET = {
    "storm": "named storms of a study",
}


OWN_SCHEMES: dict[str, Any] = dict.fromkeys(
    ("local_inertial", "second_order")
)  # named here: reading a scenario loads no kernels
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")]
SCHEMES = (
    "auto",
    *unique("SCHEMES", OWN_SCHEMES, {scheme.name: scheme for scheme in brought("SCHEMES")}),
)


class Time(Section):
    start: AwareDatetime = Field(
        description="date and time with offset, e.g. 2021-07-20T15:00:00+08:00"
    )
    stop: AwareDatetime = Field(description="date and time with offset, after start")


class GridSpec(Section):
    cell_size_m: float | None = Field(
        None, gt=0.0, le=1000.0, description="resample to this cell; area-weighted"
    )
    extent: str | None = Field(None, description="polygon file (GeoJSON, GeoPackage) to clip to")
    bounds_m: tuple[float, float, float, float] | None = Field(
        None, description="west, south, east, north to clip to"
    )
    crs: str | None = Field(
        None,
        description=(
            'only where the raster has none, e.g. "EPSG:4547"; "local" for laboratory cases'
        ),
    )

    @model_validator(mode="after")
    def _ordered(self) -> GridSpec:
        if self.bounds_m is not None and not (
            self.bounds_m[0] < self.bounds_m[2] and self.bounds_m[1] < self.bounds_m[3]
        ):
            raise ValueError(
                "bounds_m are west, south, east, north: west must be below east and south below"
                " north"
            )
        return self


class FromRims(Section):
    from_rims: Literal[True]
    cells: int = Field(250_000, ge=100, le=100_000_000)


class FlatBed(Section):
    """A laboratory bed: a plane with optional boxes, for cases without a raster."""

    columns: int = Field(ge=1, le=20_000)
    rows: int = Field(ge=1, le=20_000)
    cell_size_m: float = Field(gt=0.0, le=10_000.0)
    level_m: float = Field(0.0, ge=LOWEST_M, le=HIGHEST_M)
    slope_x: float = Field(
        0.0, ge=-10.0, le=10.0, description="rise of the bed per metre to the east"
    )
    slope_y: float = Field(
        0.0, ge=-10.0, le=10.0, description="rise of the bed per metre to the north"
    )
    boxes: tuple[tuple[float, float, float, float, float, float], ...] = Field(
        (),
        description=(
            "[west, south, east, north, level_m at x = 0, rise per metre to the east]: parts of the"
            " bed with their own plane"
        ),
    )


class TerrainSpec(Section):
    bed_elevation: str | FromRims | FlatBed = Field(
        description="raster file (GeoTIFF, ASCII grid), or { columns, rows, cell_size_m, ... }"
    )
    manning_n: float | str | LandCover = Field(
        0.03, description="number 0.008 to 0.5, raster, or { file, table }"
    )
    buildings: str | None = Field(None, description="polygons (GeoJSON, GeoPackage) or raster mask")
    building_treatment: Literal["block", "hole", "porosity"] = Field(
        "hole",
        description=(
            "block: raised; hole: left out; porosity: water stands and passes in the share of a"
            " cell that buildings leave open (coarse grids)"
        ),
    )
    building_height_m: float = Field(
        5.0, gt=0.0, le=500.0, description="block: roof over the ground"
    )
    walls_above_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="cells higher than this are buildings (hole)"
    )
    vertical_datum: str = Field("not stated", description="e.g. 1985 National Height Datum")


class StageInside(Section):
    level_m: float = Field(
        ge=LOWEST_M, le=HIGHEST_M, description="of the standing water, on the datum of the ground"
    )
    inside: str | None = Field(
        None, description="polygon file; everywhere below the level where absent"
    )


class Initial(Section):
    depth: float | str = Field(0.0, description="m, number 0 to 200, or raster")
    stage: tuple[StageInside, ...] = ()


class SurfaceSpec(Section):
    scheme: Literal[SCHEMES] = Field(  # type: ignore[valid-type]
        "auto", description="auto: by the rule of docs/theory.md; `check` says which and why"
    )
    precision: Literal["float32", "float64"] = "float32"
    theta: float = Field(
        0.9, ge=0.7, le=1.0, description="local_inertial: weight of the face's own discharge"
    )
    limiter: float = Field(
        1.3,
        ge=1.0,
        le=1.5,
        description="second_order: 1 is the most diffusive, from 2 on it is unstable",
    )
    courant: float | None = Field(
        None, gt=0.0, le=0.95, description="absent: 0.65 for local_inertial, 0.85 for second_order"
    )
    courant_coupled: float = Field(0.5, gt=0.0, le=0.7)
    froude_max: float = Field(1.0, gt=0.0, le=5.0, description="local_inertial")
    dry_depth_m: float = Field(
        1e-4, ge=1e-6, le=0.01, description="local_inertial: faces with less carry nothing"
    )
    largest_step_ratio: float = Field(
        8.0,
        ge=0.0,
        le=16.0,
        description=(
            "local_inertial: shallow ground may take steps that much longer than deep water; 0: one"
            " step for all"
        ),
    )
    window_s: float = Field(
        4.0,
        gt=0.0,
        le=60.0,
        description="without sewers: how often losses, maxima and the ledger are taken",
    )


class NoDrainage(Section):
    kind: Literal["none"] = "none"


class StreetInlets(Section):
    """Inlets along street axes, shared by the nearest nodes."""

    lines: str = Field(description="street axes (GeoJSON, GeoPackage)")
    kind: Literal[tuple(INLET_KINDS)] = Field("double_grate", description="as default_inlet")  # type: ignore[valid-type]
    spacing_m: float = Field(30.0, ge=2.0, le=500.0, description="25 to 50 in practice (GB 50014)")
    count: float = Field(2.0, gt=0.0, le=20.0, description="inlets a place: one on each side")
    reach_m: float = Field(
        80.0, gt=0.0, le=1000.0, description="to the nearest node; places farther away get none"
    )


class SwmmDrainage(Section):
    kind: Literal["swmm"]
    network: str | None = Field(
        None, description="EPA SWMM .inp; the reference city brings its own"
    )
    coupling_step_s: float = Field(
        4.0, ge=1.0, le=10.0, description="whole seconds, a multiple of routing_step_s"
    )
    routing_step_s: float = Field(2.0, ge=0.1, le=5.0)
    inlets: str | None = Field(
        None,
        description=(
            "CSV: node, kind, and as needed count, clogging, x_m, y_m, perimeter_m, area_m2,"
            " capacity_m3_s, rim_m; other nodes take default_inlet"
        ),
    )
    default_inlet: Literal[tuple(INLET_KINDS)] = Field(  # type: ignore[valid-type]
        "manhole", description="one of: " + ", ".join(INLET_KINDS)
    )
    clogging: float = Field(
        0.0, ge=0.0, lt=1.0, description="0.5: half of perimeter, area and capacity are lost"
    )
    rim: Literal["network", "bed"] = Field("network", description="bed: rims are set to the ground")
    snap_m: float = Field(
        20.0,
        ge=0.0,
        le=200.0,
        description=(
            "nodes on buildings or outside go to the nearest open cell within this distance"
        ),
    )
    street_inlets: StreetInlets | None = Field(
        None, description="nodes that get one of these take no default_inlet"
    )
    outfalls: Literal["leave", "surface", "river"] = Field(
        "leave",
        description=(
            "surface: outfalls discharge onto the grid; river: and stand against its water there,"
            " behind flap gates"
        ),
    )
    min_surface_area_m2: float | None = Field(
        None, gt=0.0, le=50.0, description="replaces MIN_SURFAREA, whose water SWMM does not count"
    )
    roofs: Literal["street", "sewer"] = Field(
        "street",
        description=(
            "where gutters lead: street is the cell beside the building; sewer the nearest node"
            " within roof_reach_m"
        ),
    )
    roof_reach_m: float = Field(60.0, gt=0.0, le=500.0)
    gutter_capacity_mm_h: float | None = Field(
        None,
        gt=0.0,
        le=1000.0,
        description="rain above it falls to the street; absent: gutters take all",
    )
    trunk_share: float = Field(
        1.0,
        gt=0.0,
        le=1.0,
        description=(
            "share of the nodes that a coarse twin keeps: the trunks; inlets lead to the next kept"
            " node"
        ),
    )
    threads: int = Field(1, ge=1, le=64)


class EdgeSpec(Section):
    line_m: tuple[tuple[float, float], ...] = Field(
        min_length=2, description="map coordinates of a line along the edge"
    )


EdgeName = str | EdgeSpec


class ClosedBoundary(Section):
    kind: Literal["closed"]
    edge: EdgeName = "all"


class FreeOutflow(Section):
    kind: Literal["free_outflow"]
    edge: EdgeName = Field(
        "all",
        description=(
            '"north", "south", "west", "east", "all", a polygon or line file, or { line_m = [...] }'
        ),
    )
    slope: float | None = Field(
        None, gt=0.0, le=1.0, description="normal depth at this slope; absent: the bed's own"
    )
    critical: bool = Field(False, description="free overfall: critical depth")


class StageSeries(Section):
    kind: Literal["stage_series"]
    edge: EdgeName
    file: str | None = Field(None, description="CSV: time or time_s, level_m")
    level_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="a level that stays, on the datum of the ground",
    )

    @model_validator(mode="after")
    def _one(self) -> StageSeries:
        if (self.file is None) == (self.level_m is None):
            raise ValueError("give either file or level_m")
        return self


class DischargeSeries(Section):
    kind: Literal["discharge_series"]
    edge: EdgeName | None = None
    polygon: str | None = Field(
        None, description="polygon file; every active cell inside shares the discharge"
    )
    file: str | None = Field(None, description="CSV: time or time_s, discharge_m3_s")
    discharge_m3_s: float | None = Field(
        None, ge=0.0, le=LARGEST_DISCHARGE_M3_S, description="a discharge that stays"
    )
    level_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description=(
            "edge: level of the water that enters, where its flow is supercritical; absent: found"
            " by the flow"
        ),
    )

    @model_validator(mode="after")
    def _one(self) -> DischargeSeries:
        if self.level_m is not None and self.edge is None:
            raise ValueError("level_m goes with edge")
        if (self.edge is None) == (self.polygon is None):
            raise ValueError("give either edge or polygon")
        if (self.file is None) == (self.discharge_m3_s is None):
            raise ValueError("give either file or discharge_m3_s")
        return self


class PointInflow(Section):
    kind: Literal["point_inflow"]
    name: Name = "inflow"
    location_m: tuple[float, float]
    file: str | None = Field(None, description="CSV: time or time_s, discharge_m3_s")
    discharge_m3_s: float | None = Field(
        None, ge=0.0, le=LARGEST_DISCHARGE_M3_S, description="a discharge that stays"
    )

    @model_validator(mode="after")
    def _one(self) -> PointInflow:
        if (self.file is None) == (self.discharge_m3_s is None):
            raise ValueError("give either file or discharge_m3_s")
        return self


class ExposureSpec(Section):
    """Who and what stands in the water's way; it changes no water. A city brings its own."""

    roads: str | None = Field(
        None,
        description=(
            "lines with width_m, name, zone (centre, important, outside; for the audit), or"
            " polygons (GeoJSON, GeoPackage)"
        ),
    )
    buildings: str | None = Field(
        None,
        description=(
            "polygons with use (residential, commercial, industrial), floors, ground_floor_m over"
            " the ground, people"
        ),
    )
    population: str | None = Field(
        None, description="raster of people a cell; they are counted where buildings stand"
    )


class Output(Section):
    interval_s: float = Field(300.0, ge=1.0, le=86400.0)
    gauges: dict[Name, tuple[float, float]] = {}
    sections: dict[Name, Annotated[tuple[tuple[float, float], ...], Field(min_length=2)]] = {}
    fields: Literal["frames", "depth", "maxima"] = "frames"


class LimitsSpec(Section):
    volume_error_stop: float = Field(0.05, gt=0.0, le=0.05)
    volume_error_exceeded: float = Field(0.01, gt=0.0, le=0.01)


class Portfolio(Section):
    measures: tuple[str, ...] = Field((), description="names of [measure.NAME]")
    effectiveness: Mode = Field(
        "design",
        description="what works of the measures: as designed, as expected of their kind, or drawn",
    )
    seed: int = Field(
        0,
        ge=0,
        description=(
            "of drawn effectiveness: the same seed, the same draws, whatever other measures"
            " there are"
        ),
    )
    actions: str | None = Field(
        None,
        description=(
            "name of an [action_list.NAME]: which [[actions]] are taken besides those of no list"
        ),
    )


Drain = Annotated[NoDrainage | SwmmDrainage, Field(discriminator="kind")]
Boundary = Annotated[
    ClosedBoundary | FreeOutflow | StageSeries | DischargeSeries | PointInflow,
    Field(discriminator="kind"),
]


FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes cells that begin so for formulas


class ScenarioSpec(Section):
    """A whole scenario; `terrain` or `city`, not both."""

    schema_: Literal[1] = Field(alias="schema")
    name: str = Field(
        min_length=1,
        max_length=80,
        pattern=r"^[\w .-]+$",
        description="letters, digits, _ . - and space",
    )
    title: str = ""
    time: Time
    grid: GridSpec = GridSpec()
    terrain: TerrainSpec | None = None
    city: CityParameters | None = None
    rainfall: Rain = NoRain()
    infiltration: Loss = NoInfiltrationSpec()
    storage: StorageSpec = StorageSpec()
    evaporation: EvaporationSpec = EvaporationSpec()
    facilities: tuple[AnyFacility, ...] = ()
    initial: Initial = Initial()
    surface: SurfaceSpec = SurfaceSpec()
    drainage: Drain = NoDrainage()
    boundaries: tuple[Boundary, ...] = ()
    structures: tuple[AnyStructure, ...] = ()
    failures: tuple[AnyFailure, ...] = ()
    rules: tuple[AnyRule, ...] = ()
    sites: tuple[AnySite, ...] = ()
    passages: tuple[PassageSpec, ...] = ()
    actions: tuple[ActionSpec, ...] = ()
    action_list: dict[str, ActionList] = {}
    resources: Resources = Resources()
    exposure: ExposureSpec | None = None
    output: Output = Output()
    limits: LimitsSpec = LimitsSpec()
    measure: dict[Annotated[str, Field(pattern=r"^[\w.-]{1,40}$")], AnyMeasure] = Field(
        {}, description="names of letters, digits, _ . -"
    )
    plan: dict[str, PlanSpec] = {}
    portfolio: dict[str, Portfolio] = {"baseline": Portfolio()}

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        """A city brings its sewers and its soil, written out like any default, so that the
        effective scenario is the same run; there is always a baseline."""
        if isinstance(data, dict) and "city" in data:
            data = {"drainage": {"kind": "swmm"}, "infiltration": {"kind": "city_soil"}, **data}
        if isinstance(data, dict) and isinstance(data.get("portfolio"), dict):
            data = {**data, "portfolio": {"baseline": {}, **data["portfolio"]}}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> ScenarioSpec:
        if (self.terrain is None) == (self.city is None):
            raise ValueError("give either [terrain] or [city]")
        if self.city is None and self.infiltration.kind == "city_soil":
            raise ValueError('[infiltration] kind = "city_soil" needs [city]')
        lists = {f"[portfolio.{name}]": p.measures for name, p in self.portfolio.items()} | {
            f"[plan.{name}]": p.measures for name, p in self.plan.items()
        }
        lists |= {f"[measure.{name}] after": m.after for name, m in self.measure.items()}
        for place, names in lists.items():
            for measure in names:
                if measure not in self.measure:
                    raise ValueError(
                        f"{place} names a measure that is not there:"
                        f" {measure}{nearest(measure, self.measure)}"
                    )
            if len(set(names)) < len(names):
                raise ValueError(f"{place} names a measure twice")
        told: dict[str, str | None] = {
            f"[portfolio.{name}] actions": p.actions for name, p in self.portfolio.items()
        }
        told |= {f"[plan.{name}] actions": p.actions for name, p in self.plan.items()}
        told |= {f"[[actions]] {a.name}, list": a.list for a in self.actions}
        for place, action_list in told.items():
            if action_list is not None and action_list not in self.action_list:
                raise ValueError(
                    f"{place}: there is no"
                    f" [action_list.{action_list}]{nearest(action_list, self.action_list)}"
                )
        in_tables: dict[str, Iterable[str]] = {
            "gauges": self.output.gauges,
            "sections": self.output.sections,
            "sites": [s.name for s in self.sites],
        }
        for place, called in in_tables.items():
            if formulas := [name for name in called if name.startswith(FORMULA)]:
                raise ValueError(
                    f"{place}: a spreadsheet would take the name {formulas[0]!r} for a formula;"
                    " begin it with a letter or a digit"
                )
        if self.time.stop <= self.time.start:
            raise ValueError(
                f"[time] stop {self.time.stop.isoformat()} is not after start"
                f" {self.time.start.isoformat()}"
            )
        return self

    @property
    def duration_s(self) -> float:
        return (self.time.stop - self.time.start).total_seconds()

    def as_toml(self) -> dict[str, Any]:
        """All defaults written out, without empty values (TOML has no null)."""
        return _plain(self.model_dump(by_alias=True))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (str, int, float, bool, datetime)) else str(value)
