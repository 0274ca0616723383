"""[[actions]], [resources] and [action_list] as they stand in a scenario file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.schema_texts import Moment, UnfitError
from flood_sim.scenario.spec.switches import Named, Place
from flood_sim.scenario.spec.water import Section


class Trigger(Section):
    """What sets an action off: a time, a level, rain, or another action that is done; the earliest
    of several.
    """

    at: Moment | None = None
    gauge: str | None = Field(None, description="name of [output] gauges")
    at_m: Place | None = Field(None, description="map coordinates of a cell")
    node: str | None = Field(None, description="node of the network")
    edge: str | None = Field(None, description='a stage edge, e.g. "river" of a city')
    depth_m: float | None = Field(
        None, ge=0.0, le=100.0, description="at the place: above this depth"
    )
    level_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="or above this level"
    )
    rain_mm: float | None = Field(
        None,
        gt=0.0,
        le=2000.0,
        description="so much has fallen within within_h, mean over the grid",
    )
    within_h: float = Field(1.0, gt=0.0, le=72.0)
    after: str | None = Field(None, description="name of an action: once it is done")

    @model_validator(mode="after")
    def _something(self) -> Trigger:
        places = sum(p is not None for p in (self.gauge, self.at_m, self.node, self.edge))
        limits = sum(v is not None for v in (self.depth_m, self.level_m))
        if places > 1 or limits > 1:
            raise UnfitError("two places, or two limits, are given", do="leave one out")
        if places != limits:
            raise UnfitError(
                "a place (one of gauge, at_m, node, edge) goes with one of depth_m, level_m",
                do="add what is missing, or leave the other out",
            )
        if not places and self.at is None and self.rain_mm is None and self.after is None:
            raise UnfitError(
                "it is not said when: by at, a place with depth_m or level_m, rain_mm, or after",
                do="give one of these",
            )
        return self


class ActionSpec(Named):
    """What somebody does while the city floods."""

    list: str | None = Field(
        None,
        description="of the list of actions that it belongs to; absent: it belongs to every one",
    )
    trigger: Trigger = Field(
        description="a time, depth, level, rain or other action; the earliest of several"
    )
    decision_min: float = Field(
        0.0, ge=0.0, le=10_000.0, description="from the trigger to the order"
    )
    travel_min: float = Field(
        0.0, ge=0.0, le=10_000.0, description="of each crew to its place, whatever the roads"
    )
    depot_m: Place | None = Field(
        None,
        description=(
            "instead: crews drive from here over carriageways less than 0.5 m deep, slower in"
            " water; where none leads there they wait"
        ),
    )
    setup_min: float = Field(
        0.0,
        ge=0.0,
        le=10_000.0,
        description="for each board or door; of a measure that it completes: the measure's",
    )
    crews: int = Field(1, ge=0, le=1000, description="for each board or door at a time; 0: none")
    trucks: int = Field(
        0,
        ge=0,
        le=1000,
        description="sent for good: a mobile pump ([[rules]]) starts when = { action = NAME }",
    )
    completes: str | None = Field(
        None,
        description="name of a measure whose boards or doors it sets; nothing without the measure",
    )
    boards: tuple[str, ...] = Field(
        (),
        description="openings SITE/OPENING whose boards are placed, or a site: all of its openings",
    )
    doors: tuple[str, ...] = Field((), description="passages whose doors are shut")
    links: dict[str, Annotated[float, Field(ge=0.0, le=1.0)]] = Field(
        {}, description="links of the network to the setting that they are held at, 0 closed to 1"
    )
    warns: tuple[str, ...] = Field(
        (), description="sites whose people leave: no water moves, evacuation begins"
    )
    failure_probability: float = Field(
        0.0, ge=0.0, le=1.0, description="of each board or door, drawn"
    )
    seed: int = Field(0, ge=0, description="of the draws")


class Resources(Section):
    crews: int = Field(
        0, ge=0, le=100_000, description="that can work at the same time, over all actions"
    )
    trucks: int = Field(0, ge=0, le=10_000, description="that can be sent, over all actions")


class ActionList(Section):
    note: str = Field("", description="for people; not used")
