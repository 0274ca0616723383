"""[[failures]] and [[rules]] as they stand in a scenario file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flood_sim.core.files.map_keys import VectorFile
from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.schema_texts import Moment, UnfitError
from flood_sim.scenario.spec.water import Section

Place = tuple[float, float]


class WatchSpec(Section):
    """One place (gauge, at_m, node or edge) and one limit."""

    gauge: str | None = Field(None, description="name of [output] gauges")
    at_m: Place | None = Field(None, description="map coordinates of a cell")
    node: str | None = Field(None, description="node of the network")
    edge: str | None = Field(
        None,
        description=(
            'a stage edge: "stage_series 1" is the first of [[boundaries]]; of a city: "river"'
        ),
    )
    action: str | None = Field(
        None, description="name of one of [[actions]]: from when it is done; no limit goes with it"
    )
    depth_above_m: float | None = Field(None, ge=0.0, le=100.0)
    depth_below_m: float | None = Field(None, ge=0.0, le=100.0)
    level_above_m: float | None = Field(None, ge=LOWEST_M, le=HIGHEST_M)
    level_below_m: float | None = Field(None, ge=LOWEST_M, le=HIGHEST_M)

    @model_validator(mode="after")
    def _one_of_each(self) -> WatchSpec:
        places = [self.gauge, self.at_m, self.node, self.edge]
        limits = [self.depth_above_m, self.depth_below_m, self.level_above_m, self.level_below_m]
        if self.action is not None:
            if any(v is not None for v in (*places, *limits)):
                raise UnfitError(
                    "an action stands alone: no place, no limit",
                    do="leave the place and the limit out",
                )
            return self
        if sum(p is not None for p in places) != 1:
            raise UnfitError(
                "it needs one place (gauge, at_m, node or edge), or an action",
                do="give one of these, no more",
            )
        if sum(v is not None for v in limits) != 1:
            raise UnfitError(
                "it needs one limit: depth_above_m, depth_below_m, level_above_m or level_below_m",
                do="give one of these, no more",
            )
        if self.edge is not None and self.depth_above_m is None and self.depth_below_m is None:
            return self
        if self.edge is not None:
            raise UnfitError(
                "an edge has a level, no depth", do="write level_above_m or level_below_m"
            )
        return self


class Named(Section):
    name: str = Field(
        min_length=1, max_length=80, description="in the summary's list of switches; no two alike"
    )


class Drawn(Section):
    """What may be drawn at random."""

    probability: float = Field(1.0, gt=0.0, le=1.0)
    seed: int = Field(0, ge=0, description="of the draw; the same seed, the same draw")


class Happening(Named):
    """When it begins and ends."""

    at: Moment | None = Field(None, description="not before; absent: from the start")
    when: WatchSpec | None = Field(None, description="begins when this holds, checked every window")
    until: Moment | WatchSpec | None = Field(
        None, description="a time, or a watch; absent: for good"
    )

    @model_validator(mode="after")
    def _begins(self) -> Happening:
        if self.at is None and self.when is None:
            raise UnfitError(
                "it is not said when it begins", do="add at (a time), when = { ... }, or both"
            )
        return self


class Failure(Happening, Drawn):
    """A failure may be drawn at random: it happens with this probability."""


class PumpTrip(Failure):
    kind: Literal["pump_trip"]
    pumps: tuple[str, ...] = Field(min_length=1, description="pumps that stop, e.g. by power loss")


class StuckGate(Failure):
    kind: Literal["stuck_gate"]
    links: tuple[str, ...] = Field(min_length=1, description="orifices or weirs")
    setting: float = Field(
        ge=0.0, le=1.0, description="opening at which they stand: 0 closed, 1 open"
    )


class BlockedConduit(Failure):
    kind: Literal["blocked_conduit"]
    conduits: tuple[str, ...] = Field(min_length=1, description="closed altogether from then on")


class BlockedOutfall(Failure):
    kind: Literal["blocked_outfall"]
    outfalls: tuple[str, ...] = Field(min_length=1, description="every link that ends there closes")


class CollapsedConduit(Named, Drawn):
    """Before the storm: a pipe that has lost a part of its depth."""

    kind: Literal["collapsed_conduit"]
    conduits: tuple[str, ...] = Field(
        min_length=1, description="circular conduits of the network that are partly filled"
    )
    remaining: float = Field(
        gt=0.05,
        lt=1.0,
        description=(
            "share of the depth that is left; circular pipes keep their crown over a flat bed"
        ),
    )


class CloggedInlets(Failure):
    kind: Literal["clogged_inlets"]
    inside: str | VectorFile | None = Field(
        None, description="polygons (GeoPackage, GeoJSON, shapefile); absent: everywhere"
    )
    nodes: tuple[str, ...] = Field((), description="instead: the inlets that lead to these nodes")
    clogging: float = Field(
        gt=0.0,
        le=1.0,
        description=(
            "0.5: half of perimeter, area and capacity are lost, on top of [drainage] clogging"
        ),
    )

    @model_validator(mode="after")
    def _one_place(self) -> CloggedInlets:
        if self.inside is not None and self.nodes:
            raise UnfitError("inside and nodes do not go together", do="leave one of the two out")
        return self


class StuckFlap(Named, Drawn):
    """Before the storm: a flap gate that no longer shuts."""

    kind: Literal["stuck_flap"]
    outfalls: tuple[str, ...] = Field(
        min_length=1,
        description="the river may come back through them; those without a flap stay as they are",
    )


class MissingBoard(Named, Drawn):
    """Boards and self-rising gates that are not there when the water comes, whoever was to place
    them.
    """

    kind: Literal["missing_board"]
    openings: tuple[str, ...] = Field(
        min_length=1, description="SITE/OPENING; those without a board stay as they are"
    )


class CloggingSeries(Named, Drawn):
    kind: Literal["clogging_series"]
    inside: str | VectorFile | None = Field(
        None, description="polygons (GeoPackage, GeoJSON, shapefile); absent: everywhere"
    )
    file: str = Field(
        description=(
            "CSV: time or time_s, clogging (0 to 1); each value holds until the next, the last to"
            " the end; 0 before the first"
        )
    )


class SetLinks(Happening):
    kind: Literal["set_links"]
    links: tuple[str, ...] = Field(min_length=1, description="pumps, orifices, weirs or conduits")
    setting: float = Field(ge=0.0, le=1.0, description="while the rule is on; 1 after it")


class MobilePump(Happening):
    kind: Literal["mobile_pump"]
    from_m: Place = Field(description="x, y of the cell that it empties")
    to_node: str | None = Field(
        None,
        description='node of the network; street to street or river: [[structures]] kind = "pump"',
    )
    to_tank_m3: float | None = Field(
        None,
        gt=0.0,
        le=1e6,
        description="instead: an empty tank of this size; the pump stops when it is full",
    )
    discharge_m3_s: float = Field(gt=0.0, le=10.0)

    @model_validator(mode="after")
    def _one_target(self) -> MobilePump:
        if (self.to_node is None) == (self.to_tank_m3 is None):
            raise UnfitError(
                "it needs one of to_node and to_tank_m3, not both", do="give one of the two"
            )
        if self.to_tank_m3 is not None and isinstance(self.until, WatchSpec):
            raise UnfitError(
                "a pump into a tank stops when it is full: until is a time here",
                do="write until as a time",
            )
        return self


AnyFailure = Annotated[
    PumpTrip
    | StuckGate
    | BlockedConduit
    | BlockedOutfall
    | CollapsedConduit
    | CloggedInlets
    | CloggingSeries
    | StuckFlap
    | MissingBoard,
    Field(discriminator="kind"),
]
AnyRule = Annotated[SetLinks | MobilePump, Field(discriminator="kind")]
