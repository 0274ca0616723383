"""Project 5, people underground: closures at a depth on a gauge, and warnings."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.measures.base import (
    OPERATE,
    InputsView,
)
from flood_sim.measures.edits import Plan
from flood_sim.measures.orders import Order, ordered
from flood_sim.measures.projects.underground_space import UndergroundSpace, spaces_of
from flood_sim.measures.resources import Resource
from flood_sim.operations.actions import Task
from flood_sim.sites.underground_inputs import Space


class ClosureRule(UndergroundSpace):
    """An underpass or a metro line closed at a depth: people are told at warn_m, barriers come down
    at close_m, who is inside drives or walks out, and the road before its mouths is off the graph
    of access from then on. It moves no water."""

    STAGE: ClassVar[int] = OPERATE
    READS: ClassVar[frozenset[str]] = frozenset(
        {Resource.SITES, Resource.BED_ELEVATION, Resource.GAUGES}
    )
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.ACTIONS})
    SUMMARY: ClassVar[str] = "underpasses and metro lines closed at a depth on a gauge"
    CHINESE: ClassVar[str] = "停运、封闭规则"

    kind: Literal["closure_rule"]
    gauge: str | None = Field(None, description="name of a gauge")
    at_m: tuple[float, float] | None = Field(
        None, description="instead: map coordinates of the cell that is watched"
    )
    warn_m: float = Field(0.15, ge=0.0, le=2.0, description="depth at which people are told")
    close_m: float = Field(
        0.25,
        gt=0.0,
        le=2.0,
        description=(
            "depth at which it closes; Shanghai above 0.25, Chengdu and Xi'an mark 0.30 (published)"
        ),
    )
    length_m: float = Field(0.0, ge=0.0, le=50_000.0, description="of the way out")
    clear_speed_m_s: float = Field(
        5.0, gt=0.0, le=30.0, description="of who is inside, on the way out"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.warn_m > self.close_m:
            plan.refuse(
                name,
                "warn_m",
                "above close_m",
                given=f"{self.warn_m:g} m",
                allowed=f"at most {self.close_m:g} m",
            )
            return plan
        if (self.gauge is None) == (self.at_m is None):
            plan.refuse(name, "gauge", "give either gauge or at_m")
            return plan
        warn, close = (
            Order(gauge=self.gauge, at_m=self.at_m, depth_m=max(d, 1e-9))
            for d in (self.warn_m, self.close_m)
        )
        cell, spaces = close.cell(view), spaces_of(name, self.targets, view)
        for space in spaces:
            self._refuse_late(name, plan, view, cell, space)
        told = tuple(Task("notice", space.name, crews=0) for space in spaces)
        tasks = tuple(
            Task(
                "closure",
                space.name,
                self.length_m / self.clear_speed_m_s,
                0,
                cells=tuple((o.row, o.column) for o in space.openings),
            )
            for space in spaces
        )
        plan.targets = [space.name for space in spaces]
        ordered(f"{name}_warns", warn, told, view, plan)
        ordered(name, close, tasks, view, plan)
        plan.count("closure_gauge", len(tasks))
        return plan

    def _refuse_late(
        self, name: str, plan: Plan, view: InputsView, cell: tuple[int, int] | None, space: Space
    ) -> None:
        """Where water is over the lowest sill before the depth is reached."""
        hump = min((o.sill_m for o in space.openings), default=float("inf"))
        if cell is not None and view.ground_at(*cell) + self.close_m >= hump:
            plan.refuse(
                name,
                "close_m",
                f"water is over the sill of {space.name} before it closes",
                given=f"{self.close_m:g} m",
                allowed=f"below {hump - view.ground_at(*cell):.2f} m",
                do="close at a smaller depth, or watch a lower place",
            )


class FloodWarning(UndergroundSpace):
    """People underground are told to leave; a share of them does, the rest when water comes in."""

    STAGE: ClassVar[int] = OPERATE
    READS: ClassVar[frozenset[str]] = frozenset(
        {Resource.SITES, Resource.RAINFALL, Resource.GAUGES}
    )
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.ACTIONS})
    SUMMARY: ClassVar[str] = "warning system: people leave underground spaces before the water"
    CHINESE: ClassVar[str] = "预警疏散"

    kind: Literal["flood_warning"]
    order: Order = Field(description="when the warning is given")
    compliance: float = Field(
        0.8, ge=0.0, le=1.0, description="share of the people who act on it (assumed; 0.4 to 0.95)"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.compliance == 0.0:
            return plan
        plan.targets = [s.name for s in spaces_of(name, self.targets, view)]
        ordered(
            name,
            self.order,
            tuple(Task("notice", s, crews=0, share=self.compliance) for s in plan.targets),
            view,
            plan,
        )
        plan.count("warning_system", 1)
        return plan


KINDS = (ClosureRule, FloodWarning)
