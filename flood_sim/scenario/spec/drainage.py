"""[drainage]: the sewers, and what leads to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flood_sim.core.files.map_keys import VectorFile
from flood_sim.core.schema_texts import UnfitError
from flood_sim.drainage.inlets import CLOSED_KINDS, INLET_KINDS
from flood_sim.scenario.spec.water import Section
from flood_sim.surface.on_grade import SPLASH_OVER


class NoDrainage(Section):
    kind: Literal["none"] = "none"


class StreetInlets(Section):
    """Inlets along street axes, shared by the nearest nodes."""

    lines: str | VectorFile = Field(description="street axes (GeoPackage, GeoJSON, shapefile)")
    kind: Literal[tuple(INLET_KINDS)] = Field("double_grate", description="as default_inlet")  # type: ignore[valid-type]
    spacing_m: float = Field(30.0, ge=2.0, le=500.0, description="25 to 50 in practice (GB 50014)")
    count: float = Field(2.0, gt=0.0, le=20.0, description="inlets a place: one on each side")
    reach_m: float = Field(
        80.0, gt=0.0, le=1000.0, description="to the nearest node; places farther away get none"
    )


class StreetGutter(Section):
    """The gutter in which inlets lie, by HEC-22."""

    cross_slope: float = Field(
        0.02, ge=0.005, le=0.15, description="m/m, of the street towards the kerb"
    )
    long_slope: float | None = Field(
        None,
        ge=0.001,
        le=0.3,
        description="m/m, along the kerb; absent: the fall of the cell's bed",
    )
    gutter_width_m: float | None = Field(
        None, gt=0.0, le=3.0, description="of a gutter steeper than the street, with gutter_slope"
    )
    gutter_slope: float | None = Field(
        None, ge=0.005, le=0.5, description="m/m, of that gutter towards the kerb"
    )
    gutter_manning_n: float | None = Field(
        None, ge=0.008, le=0.1, description="roughness; absent: the cell's"
    )
    grate: Literal[tuple(SPLASH_OVER)] = Field(  # type: ignore[valid-type]
        "reticuline",
        description=(
            "bars of the grates, HEC-22's: " + ", ".join(SPLASH_OVER) + ". reticuline splashes"
            " over first"
        ),
    )

    @model_validator(mode="after")
    def _a_gutter_has_width_and_slope(self) -> StreetGutter:
        if (self.gutter_width_m is None) != (self.gutter_slope is None):
            raise UnfitError(
                "gutter_width_m and gutter_slope go together", do="give both, or neither"
            )
        if self.gutter_slope is not None and self.gutter_slope < self.cross_slope:
            raise UnfitError("gutter_slope is at least cross_slope")
        return self


class SwmmDrainage(Section):
    kind: Literal["swmm"]
    network: str | None = Field(
        None, description="EPA SWMM .inp; the reference city brings its own"
    )
    coupling_step_s: float = Field(
        4.0, ge=1.0, le=10.0, description="whole seconds, a multiple of routing_step_s"
    )
    routing_step_s: float | None = Field(
        None,
        ge=0.1,
        le=5.0,
        description="SWMM's; absent: chosen from the network's quickest conduits, at most 2",
    )
    coupled: bool = Field(
        True, description="false: the network runs beside the street and exchanges no water with it"
    )
    network_utc_offset: str | None = Field(
        None,
        pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$",
        description=(
            'zone of the network\'s dates, patterns, tides and rules, as "+08:00"; absent: that of'
            " [time] start"
        ),
    )
    inlets: str | VectorFile | None = Field(
        None,
        description=(
            "CSV or points: node, kind, and as needed count, clogging, x_m, y_m, perimeter_m,"
            " area_m2, capacity_m3_s, rim_m, the gutter's; other nodes take default_inlet"
        ),
    )
    default_inlet: Literal[tuple((*INLET_KINDS, *CLOSED_KINDS))] | None = Field(  # type: ignore[valid-type]
        None,
        description=(
            "of nodes that nothing else names; absent: manhole, or none where inlets are given;"
            " one of: " + ", ".join((*INLET_KINDS, *CLOSED_KINDS))
        ),
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
    gutter: StreetGutter | None = Field(
        None,
        description=(
            "of grates, kerb openings and slots: on grade they take what HEC-22 says; absent: the"
            " ponded law, but for rows of the table with cross_slope"
        ),
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
    junction_losses: Literal["network", "hec22"] = Field(
        "network",
        description=(
            "network: [LOSSES] of the file alone; hec22: bends, drops and joins at manholes that it"
            " gives no loss get HEC-22's, as entry loss of the conduit that leaves"
        ),
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


Drain = Annotated[NoDrainage | SwmmDrainage, Field(discriminator="kind")]
