"""What may stand in a scenario file: one frozen model a section; unknown keys are errors; a key
ends in its unit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from flood_sim.city.parameters import CityParameters
from flood_sim.core.errors import nearest
from flood_sim.core.files.map_keys import BuildingFile, PeopleFile, RoadFile
from flood_sim.core.plugins import brought, unique
from flood_sim.core.schema_texts import Moment, UnfitError
from flood_sim.measures.effectiveness import Mode
from flood_sim.measures.plans import PlanSpec
from flood_sim.measures.registry import AnyMeasure
from flood_sim.scenario.spec.actions import ActionList, ActionSpec, Resources
from flood_sim.scenario.spec.boundaries import Boundary
from flood_sim.scenario.spec.drainage import Drain, NoDrainage
from flood_sim.scenario.spec.ground import GridSpec, Initial, TerrainSpec
from flood_sim.scenario.spec.names import Name, refuse_formulas
from flood_sim.scenario.spec.region import RegionSpec
from flood_sim.scenario.spec.rows import named_row
from flood_sim.scenario.spec.sites import AnySite, PassageSpec
from flood_sim.scenario.spec.structures import AnyStructure
from flood_sim.scenario.spec.switches import AnyFailure, AnyRule
from flood_sim.scenario.spec.water import (
    AnyFacility,
    EvaporationSpec,
    Loss,
    NoInfiltrationSpec,
    NoRain,
    Rain,
    Section,
    StorageSpec,
)
from flood_sim.surface.settings import SurfaceSettings

NOT_YET = {"storm": "named storms of a study"}

# named here: this module loads no kernels
OWN_SCHEMES: dict[str, Any] = dict.fromkeys(("local_inertial", "second_order"))
SCHEMES = (
    "auto",
    *unique("SCHEMES", OWN_SCHEMES, {scheme.name: scheme for scheme in brought("SCHEMES")}),
)


class Time(Section):
    start: Moment = Field(description="date and time with offset, e.g. 2021-07-20T15:00:00+08:00")
    stop: Moment = Field(description="date and time with offset, after start")


DEFAULTS = SurfaceSettings()  # of the keys that both have


class SurfaceSpec(Section):
    scheme: Literal[SCHEMES] = Field(  # type: ignore[valid-type]
        "auto", description="auto: by the rule of docs/theory.md; `check` says which and why"
    )
    precision: Literal["float32", "float64"] = Field(DEFAULTS.precision)
    theta: float = Field(
        DEFAULTS.theta,
        ge=0.7,
        le=1.0,
        description="local_inertial: weight of the face's own discharge",
    )
    limiter: float = Field(
        DEFAULTS.limiter,
        ge=1.0,
        le=1.5,
        description="second_order: 1 is the most diffusive, from 2 on it is unstable",
    )
    courant: float | None = Field(
        DEFAULTS.courant,
        gt=0.0,
        le=0.95,
        description="absent: 0.65 for local_inertial, 0.85 for second_order",
    )
    courant_coupled: float = Field(DEFAULTS.courant_coupled, gt=0.0, le=0.7)
    froude_max: float = Field(DEFAULTS.froude_max, gt=0.0, le=5.0, description="local_inertial")
    dry_depth_m: float = Field(
        DEFAULTS.dry_depth_m,
        ge=1e-6,
        le=0.01,
        description="local_inertial: faces with less carry nothing",
    )
    largest_step_ratio: float = Field(
        DEFAULTS.largest_step_ratio,
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


class ExposureSpec(Section):
    """Who and what stands in the water's way; it changes no water. A city brings its own."""

    roads: str | RoadFile | None = Field(
        None,
        description=(
            "lines with width_m, name, zone (centre, important, outside; for the audit), or"
            " polygons (GeoPackage, GeoJSON, shapefile); { file, layer, fields, zones } where the"
            " names are others"
        ),
    )
    buildings: str | BuildingFile | None = Field(
        None,
        description=(
            "polygons with use (residential, commercial, industrial), floors, ground_floor_m over"
            " the ground, people; { file, layer, fields, uses } where the names are others"
        ),
    )
    population: str | PeopleFile | None = Field(
        None,
        description=(
            "raster of people a cell, or { file, per } of people a ha or km2; they are counted"
            " where buildings stand"
        ),
    )


class Output(Section):
    interval_s: float = Field(300.0, ge=1.0, le=86400.0, description="between the frames")
    series_interval_s: float | None = Field(
        None,
        ge=0.01,
        le=86400.0,
        description=(
            "between the rows of gauges and sections; absent: interval_s. With sewers a multiple"
            " of coupling_step_s"
        ),
    )
    decimals: int = Field(
        3,
        ge=3,
        le=7,
        description="of depth and velocity in the frames; series have one more",
    )
    gauges: dict[Name, tuple[float, float]] = Field(
        {}, description="name = [x, y]: a series of depth, level and speed there"
    )
    sections: dict[Name, Annotated[tuple[tuple[float, float], ...], Field(min_length=2)]] = Field(
        {}, description="name = [[x, y], [x, y], ...]: a series of discharge across this line"
    )
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


class ScenarioSpec(Section):
    """A whole scenario; `terrain` or `city`, not both."""

    schema_: Literal[1] = Field(alias="schema")
    name: str = Field(
        min_length=1,
        max_length=80,
        pattern=r"^[\w .-]+$",
        description="letters, digits, _ . - and space",
    )
    title: str = Field("", description="one line for people; it stands over pictures and pages")
    time: Time = Field(description="section [time]: when the run starts and stops")
    grid: GridSpec = Field(
        GridSpec(), description="section [grid]: cells, extent, coordinate system"
    )
    terrain: TerrainSpec | None = Field(
        None, description="section [terrain]: the ground; this or [city]"
    )
    city: CityParameters | None = Field(
        None, description="section [city]: the synthetic reference city; this or [terrain]"
    )
    region: RegionSpec | None = Field(
        None,
        description="section [region]: rain law, limits, standards, language of the place",
    )
    rainfall: Rain = Field(
        NoRain(), description="section [rainfall]: rain by its kind; absent: none"
    )
    infiltration: Loss = Field(
        NoInfiltrationSpec(),
        description="section [infiltration]: what the soil takes, by its kind; absent: nothing",
    )
    storage: StorageSpec = Field(StorageSpec(), description="section [storage]: canopy and hollows")
    evaporation: EvaporationSpec = Field(
        EvaporationSpec(), description="section [evaporation]: from wet ground and stores"
    )
    facilities: tuple[AnyFacility, ...] = Field(
        (), description="[[facilities]]: layered facilities such as green roofs"
    )
    initial: Initial = Field(Initial(), description="section [initial]: water at the start")
    surface: SurfaceSpec = Field(
        SurfaceSpec(), description="section [surface]: scheme, precision, time step"
    )
    drainage: Drain = Field(
        NoDrainage(), description="section [drainage]: sewer network, by its kind; absent: none"
    )
    boundaries: tuple[Boundary, ...] = Field(
        (), description="[[boundaries]]: edges and inflows; what is not named is closed"
    )
    structures: tuple[AnyStructure, ...] = Field(
        (), description="[[structures]]: walls, dykes, weirs, gates, culverts, pumps"
    )
    failures: tuple[AnyFailure, ...] = Field((), description="[[failures]]: parts that fail")
    rules: tuple[AnyRule, ...] = Field((), description="[[rules]]: parts that are operated")
    sites: tuple[AnySite, ...] = Field(
        (), description="[[sites]]: underground spaces and critical sites"
    )
    passages: tuple[PassageSpec, ...] = Field(
        (), description="[[passages]]: ways between underground spaces"
    )
    actions: tuple[ActionSpec, ...] = Field((), description="[[actions]]: emergency actions")
    action_list: dict[str, ActionList] = Field(
        {}, description="[action_list.NAME]: lists that a portfolio can choose"
    )
    resources: Resources = Field(Resources(), description="section [resources]: crews")
    exposure: ExposureSpec | None = Field(
        None, description="section [exposure]: roads, buildings, people for the consequences"
    )
    output: Output = Field(Output(), description="section [output]: what is written and how often")
    limits: LimitsSpec = Field(LimitsSpec(), description="section [limits]: tolerances of the run")
    measure: dict[Annotated[str, Field(pattern=r"^[\w.-]{1,40}$")], AnyMeasure] = Field(
        {}, description="names of letters, digits, _ . -"
    )
    plan: dict[str, PlanSpec] = Field({}, description="[plan.NAME]: phases with dates and budgets")
    portfolio: dict[str, Portfolio] = Field(
        {"baseline": Portfolio()},
        description="[portfolio.NAME]: measures built together; baseline has none",
    )

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
            raise UnfitError(
                "it needs one of [terrain] and [city], not both", do="give one of the two"
            )
        if self.city is None and self.infiltration.kind == "city_soil":
            raise UnfitError('[infiltration] kind = "city_soil" needs [city]')
        _refuse_unknown_measures(self)
        _refuse_unknown_action_lists(self)
        refuse_formulas(
            {
                "gauges": self.output.gauges,
                "sections": self.output.sections,
                "sites": [s.name for s in self.sites],
            }
        )
        if self.time.stop <= self.time.start:
            raise UnfitError(
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


def _refuse_unknown_measures(spec: ScenarioSpec) -> None:
    """Raises UnfitError where a list names a measure that is not there, or one twice."""
    lists = {f"[portfolio.{name}]": p.measures for name, p in spec.portfolio.items()}
    lists |= {f"[plan.{name}]": p.measures for name, p in spec.plan.items()}
    lists |= {f"[measure.{name}] after": m.after for name, m in spec.measure.items()}
    for place, names in lists.items():
        for measure in names:
            if measure not in spec.measure:
                raise UnfitError(
                    f"{place} names a measure that is not there:"
                    f" {measure}{nearest(measure, spec.measure)}",
                    do="name one that is there, or add it",
                )
        if len(set(names)) < len(names):
            raise UnfitError(f"{place} names a measure twice", do="name it once")


def _refuse_unknown_action_lists(spec: ScenarioSpec) -> None:
    """Raises UnfitError where an [action_list.NAME] is named that is not there."""
    told: dict[str, str | None] = {
        f"[portfolio.{name}] actions": p.actions for name, p in spec.portfolio.items()
    }
    told |= {f"[plan.{name}] actions": p.actions for name, p in spec.plan.items()}
    told |= {f"{named_row('actions', spec.actions, a.name)}, list": a.list for a in spec.actions}
    for place, action_list in told.items():
        if action_list is not None and action_list not in spec.action_list:
            raise UnfitError(
                f"{place}: there is no"
                f" [action_list.{action_list}]{nearest(action_list, spec.action_list)}",
                do="name one that is there, or add it",
            )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (str, int, float, bool, datetime)) else str(value)
