"""Regional flood control 流域防洪, the first of the three coordinations: what happens above the
city, as changes of its boundaries; and lakes let down.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from flood_sim.core.errors import nearest
from flood_sim.core.files.table_rows import LONGEST_S
from flood_sim.core.schema_texts import UnfitError
from flood_sim.measures.base import RESIZE, InputsView, Measure, Project
from flood_sim.measures.edits import Plan
from flood_sim.measures.orders import Order, ordered
from flood_sim.measures.projects.source_and_storage import SourceAndStorage
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import cells_of
from flood_sim.operations.actions import Task
from flood_sim.operations.switches import MobilePump, Watch
from flood_sim.surface.boundaries import Series


class ReservoirPrerelease(Measure):
    """The upstream reservoir makes room before the flood and holds its peak back: a discharge
    boundary loses its top and gains before it.

    The room (m3) is released at a steady rate in the lead time, then the flood above a level q_max
    with integral (Q - q_max) dt = room is kept. No water is lost: what is held back has been let
    out before.
    """

    PROJECT: ClassVar[Project] = "conveyance"
    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset({Resource.BOUNDARIES, Resource.RAINFALL})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.BOUNDARIES, Resource.ACTIONS})
    SUMMARY: ClassVar[str] = "upstream reservoir emptied ahead of the flood, its peak held back"
    CHINESE: ClassVar[str] = "上游水库预泄"

    kind: Literal["reservoir_prerelease"]
    boundary: str = Field(
        description='a discharge boundary: its name, or "inflow 1" for the first of [[boundaries]]'
    )
    room_m3: float = Field(ge=0.0, le=1e9, description="made before the flood")
    release_m3_s: float = Field(
        gt=0.0, le=10_000.0, description="on top of the river's own flow, while room is made"
    )
    ordered_s: float = Field(
        0.0,
        ge=-LONGEST_S,
        le=LONGEST_S,
        description=(
            "seconds from the start of the run at which the release begins; may lie before it"
        ),
    )
    order: Order | None = Field(
        None,
        description=(
            "instead: at a time, or by rain within a span, known before the run (with a lead: a"
            " forecast)"
        ),
    )

    @model_validator(mode="after")
    def _by_rain(self) -> ReservoirPrerelease:
        order = self.order
        if order is not None and (
            (order.rain_mm is None and order.at is None)
            or order.depth_m is not None
            or order.after is not None
        ):
            raise UnfitError(
                "a reservoir is ordered by the clock or by rain",
                do="write order = { at = ... } or { rain_mm = ..., within_h = ... }",
            )
        return self

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, series = Plan(targets=[self.boundary]), view.discharges
        if self.boundary not in series:
            plan.refuse(
                name,
                "boundary",
                f"no such discharge boundary{nearest(self.boundary, series)}",
                given=self.boundary,
                allowed=", ".join(series) or "the scenario has none",
                do="name one that is there, or add it to [[boundaries]]",
            )
            return plan
        if self.room_m3 == 0.0:
            return plan
        flood, ordered_s = series[self.boundary], self.ordered_s
        if self.order is not None:
            ordered_s = self.order.given_at_s(view)
            ordered(name, self.order, (Task("notice", "", 0.0, 0),), view, plan)
        cap, first = _cap(flood, self.room_m3)
        needed = self.room_m3 / self.release_m3_s
        if ordered_s + needed > first:
            plan.refuse(
                name,
                "ordered_s",
                f"{self.room_m3:.0f} m3 need {needed / 3600.0:.1f} h at {self.release_m3_s:g}"
                f" m3/s, the flood passes {cap:.1f} m3/s at {first / 3600.0:.1f} h",
                given=f"{ordered_s:g}",
                allowed=f"at most {first - needed:.0f}",
                do="order it earlier, release more, or make less room",
            )
            return plan
        plan.item(
            Resource.BOUNDARIES,
            self.boundary,
            "set",
            _released(flood, cap, ordered_s, needed, self.release_m3_s),
        )
        plan.count("reservoir_operation", 1)
        return plan


def _fine(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """The series on a fine clock (a 4,000th of its length)."""
    times = np.unique(
        np.concatenate([series.time_s, np.linspace(series.time_s[0], series.time_s[-1], 4001)])
    )
    return times, np.interp(times, series.time_s, series.value)


def _cap(series: Series, volume_m3: float) -> tuple[float, float]:
    """Discharge above which the series holds this volume, and when it is first passed; the series'
    smallest where it holds less.
    """
    times, flow = _fine(series)
    low, high = float(flow.min()), float(flow.max())
    for _ in range(60):
        cap = 0.5 * (low + high)
        low, high = (
            (cap, high)
            if np.trapezoid(np.maximum(flow - cap, 0.0), times) > volume_m3
            else (low, cap)
        )
    return high, float(times[np.argmax(flow > high)])


def _released(
    series: Series, cap: float, begin_s: float, length_s: float, release: float
) -> Series:
    times, _ = _fine(series)
    edges = [begin_s, begin_s + 1e-3, begin_s + length_s, begin_s + length_s + 1e-3]
    times = np.unique(np.concatenate([times, [t for t in edges if t > times[0]]]))
    flow = np.minimum(np.interp(times, series.time_s, series.value), cap)
    flow += np.where((times > begin_s) & (times <= begin_s + length_s), release, 0.0)
    return Series(times, flow)


def with_series(things: tuple[Any, ...], name: str, series: Series) -> tuple[Any, ...]:
    """Inflows with another discharge."""
    return tuple(replace(t, discharge=series) if t.name == name else t for t in things)


class LakeDrawdown(SourceAndStorage):
    """A lake that stands lower when the storm begins; whether its gate has the time for it is
    checked, the lowering itself is before the run. With an order it is lowered during the run
    instead, through a gate into a node, as far as time allows.
    """

    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset(
        {
            Resource.INITIAL_DEPTH,
            Resource.LAYERS,
            Resource.BED_ELEVATION,
            Resource.INP,
            Resource.GAUGES,
            Resource.RAINFALL,
        }
    )
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {Resource.INITIAL_DEPTH, Resource.ACTIONS, Resource.MOBILE_PUMPS}
    )
    SUMMARY: ClassVar[str] = "lake lowered before the storm, or once it is ordered"
    CHINESE: ClassVar[str] = "湖库预泄"

    kind: Literal["lake_drawdown"]
    draw_m: float = Field(0.5, ge=0.0, le=1.0)
    lead_h: float = Field(12.0, gt=0.0, le=72.0)
    outflow_m3_s: float = Field(5.0, gt=0.0, le=100.0)
    order: Order | None = Field(
        None, description="when the gate is opened during the run; absent: before it"
    )
    to_node: str | None = Field(
        None, description="with order: node of the network that takes the water"
    )

    @model_validator(mode="after")
    def _both(self) -> LakeDrawdown:
        if (self.order is None) != (self.to_node is None):
            raise UnfitError("order and to_node go together", do="give both, or neither")
        return self

    def plan(self, name: str, view: InputsView) -> Plan:
        cells = cells_of(name, self.targets, view)
        wet = view.initial_depth[tuple(cells.T)]
        cells, wet = cells[wet > 0.0], wet[wet > 0.0]
        plan = Plan(targets=[f"{len(cells)} wet cells"])
        if not len(cells):
            if not self.targets.allow_empty:
                plan.refuse(name, "targets", "no water stands there at the start")
            return plan
        if self.order is not None:
            self._in_time(name, self.order, plan, view, cells, wet)
            return plan
        lowered = np.minimum(wet, self.draw_m)
        volume = float(lowered.sum()) * view.grid.cell_area_m2
        hours = volume / self.outflow_m3_s / 3600.0
        if hours > self.lead_h:
            plan.refuse(
                name,
                "lead_h",
                f"{volume:.0f} m3 need {hours:.1f} h at {self.outflow_m3_s:g} m3/s",
                given=f"{self.lead_h:g} h",
                do=(
                    f"order it {hours:.1f} h before, or draw_m ="
                    f" {self.draw_m * self.lead_h / hours:.2f}"
                ),
            )
        if self.draw_m > 0.0:
            plan.cells(Resource.INITIAL_DEPTH, "add", cells, -lowered)
            plan.count("lake_gate", 1)
        return plan

    def _in_time(
        self,
        name: str,
        order: Order,
        plan: Plan,
        view: InputsView,
        cells: np.ndarray,
        wet: np.ndarray,
    ) -> None:
        """A gate in the lake's deepest cell, open from the order until the water there has fallen
        by draw_m.
        """
        rims, node = view.inp.rims(), self.to_node or ""
        if node not in rims:
            plan.refuse(
                name,
                "to_node",
                f"no such node{nearest(node, rims)}",
                given=node,
                allowed="no outfall",
            )
        elif self.draw_m > 0.0:
            k = int(np.argmax(wet))
            gate = (int(cells[k, 0]), int(cells[k, 1]))
            ordered(name, order, (Task("notice", "", 0.0, 0),), view, plan)
            ends = Watch("depth", gate, below=float(wet[k]) - min(self.draw_m, float(wet[k])))
            plan.item(
                Resource.MOBILE_PUMPS,
                name,
                "insert",
                MobilePump(
                    name, gate, node, self.outflow_m3_s, Watch("action", name, above=0.5), ends
                ),
            )
            plan.count("lake_gate", 1)


KINDS = (ReservoirPrerelease, LakeDrawdown)
