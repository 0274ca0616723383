"""When a measure that works by the clock is ordered: the `order` of warnings, closures, mobile
pumps, gates and releases.
"""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flood_sim.core.errors import nearest
from flood_sim.core.schema_texts import Moment, UnfitError
from flood_sim.core.units import minutes_to_s
from flood_sim.measures.base import InputsView
from flood_sim.measures.edits import Plan
from flood_sim.measures.resources import Resource
from flood_sim.operations.actions import Action, Task
from flood_sim.operations.switches import Watch


class Order(BaseModel):
    """A time, a gauge or place under water, rain within a span, or an action that is done; the
    earliest of those given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    at: Moment | None = Field(None, description="at this time, whatever the water does")
    gauge: str | None = Field(None, description="name of a gauge")
    at_m: tuple[float, float] | None = Field(None, description="instead: map coordinates of a cell")
    depth_m: float | None = Field(
        None, gt=0.0, le=100.0, description="at the gauge or place: above this depth"
    )
    rain_mm: float | None = Field(
        None,
        gt=0.0,
        le=2000.0,
        description="so much has fallen within within_h, mean over the grid",
    )
    within_h: float = Field(1.0, gt=0.0, le=72.0)
    lead_min: float = Field(
        0.0,
        ge=0.0,
        le=4320.0,
        description="so long before that rain has fallen: a forecast, taken as perfect",
    )
    after: str | None = Field(
        None,
        description="name of an action, or of a measure that orders something: once it is done",
    )
    decision_min: float = Field(0.0, ge=0.0, le=10_000.0, description="from there to the order")

    @model_validator(mode="after")
    def _something(self) -> Order:
        if self.gauge is not None and self.at_m is not None:
            raise UnfitError("two places are given: gauge and at_m", do="leave one out")
        if ((self.gauge or self.at_m) is None) != (self.depth_m is None):
            raise UnfitError(
                "a place (gauge or at_m) goes with depth_m",
                do="add what is missing, or leave the other out",
            )
        if self.at is None and self.depth_m is None and self.rain_mm is None and self.after is None:
            raise UnfitError(
                "it is not said when: by at, a place with depth_m, rain_mm, or after",
                do="give one of these",
            )
        if self.lead_min > 0.0 and self.rain_mm is None:
            raise UnfitError(
                "lead_min is the lead of a rain forecast, and rain_mm is missing",
                do="add rain_mm, or leave lead_min out",
            )
        return self

    def cell(self, view: InputsView) -> tuple[int, int] | None:
        """The cell that is watched; None without one."""
        if self.gauge is not None:
            return view.gauges.get(self.gauge)
        return None if self.at_m is None else view.open_cell(self.at_m)

    def given_at_s(self, view: InputsView) -> float:
        """When the clock or rain alone gives the order, s since the start (negative: before it);
        inf: never.
        """
        at_s = math.inf if self.at is None else (self.at - view.start).total_seconds()
        if self.rain_mm is not None:
            at_s = min(
                at_s, view.fallen_at_s(self.rain_mm, self.within_h) - minutes_to_s(self.lead_min)
            )
        return at_s + minutes_to_s(self.decision_min)


def ordered(
    name: str,
    order: Order,
    tasks: tuple[Task, ...],
    view: InputsView,
    plan: Plan,
    **rest: float | tuple[int, int] | None,
) -> None:
    """Adds the action that carries out tasks when the order comes, or a refusal where its place is
    not there. rest: fields of Action.
    """
    cell, watch = order.cell(view), None
    if order.depth_m is not None and cell is None:
        known = ", ".join(view.gauges) or "the scenario has none"
        if order.gauge is not None:
            plan.refuse(
                name,
                "order.gauge",
                f"no such gauge{nearest(order.gauge, view.gauges)}",
                given=order.gauge,
                allowed=known,
                do="name one that is there, or add it to [output] gauges",
            )
        else:
            plan.refuse(
                name,
                "order.at_m",
                "this is no open cell",
                given=str(order.at_m),
                allowed=repr(view.grid),
                do="move it onto the grid, off buildings",
            )
        return
    if cell is not None:
        watch = Watch("depth", cell, above=order.depth_m)
    decision = minutes_to_s(order.decision_min)
    at_s = max(order.given_at_s(view) - decision, 0.0)
    action = Action(name, tasks, at_s, watch, order.after, decision, **rest)  # type: ignore[arg-type]
    plan.item(Resource.ACTIONS, name, "insert", action)
