"""Regional flood control 流域防洪, the first of the three coordinations: what happens above the city, as changes of its boundaries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from flood_sim.boundaries import Series
from flood_sim.errors import nearest
from flood_sim.measures.base import RESIZE, InputsView, Measure, Project, refusal
from flood_sim.measures.edits import Plan


class ReservoirPrerelease(Measure):
    """The upstream reservoir makes room before the flood and holds its peak back: a discharge boundary loses its top and gains before it.

    The room (m3) is released at a steady rate in the lead time, then the flood above a level q_max with integral (Q - q_max) dt = room is kept.
    No water is lost: what is held back has been let out before.
    """

    PROJECT: ClassVar[Project] = "conveyance"
    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset({"boundaries"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"boundaries"})
    SUMMARY: ClassVar[str] = "upstream reservoir emptied ahead of the flood, its peak held back"
    CHINESE: ClassVar[str] = "上游水库预泄"

    kind: Literal["reservoir_prerelease"]
    boundary: str = Field(description='a discharge boundary: its name, or "inflow 1" for the first of [[boundaries]]')
    room_m3: float = Field(ge=0.0, le=1e9, description="made before the flood")
    release_m3_s: float = Field(gt=0.0, le=10_000.0, description="on top of the river's own flow, while room is made")
    ordered_s: float = Field(0.0, description="seconds from the start of the run at which the release begins; may lie before it")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, series = Plan(targets=[self.boundary]), view.discharges
        if self.boundary not in series:
            plan.refusals.append(
                refusal(
                    name,
                    "boundary",
                    f"no such discharge boundary{nearest(self.boundary, series)}",
                    given=self.boundary,
                    allowed=", ".join(series) or "the scenario has none",
                )
            )
            return plan
        if self.room_m3 == 0.0:
            return plan
        flood = series[self.boundary]
        cap, first = _cap(flood, self.room_m3)
        needed = self.room_m3 / self.release_m3_s
        if self.ordered_s + needed > first:
            plan.refusals.append(refusal(
                name, "ordered_s", f"{self.room_m3:.0f} m3 need {needed / 3600.0:.1f} h at {self.release_m3_s:g} m3/s, the flood passes {cap:.1f} m3/s at {first / 3600.0:.1f} h",
                given=f"{self.ordered_s:g}", allowed=f"at most {first - needed:.0f}", do="order it earlier, release more, or make less room",
            ))  # fmt: skip
            return plan
        plan.item("boundaries", self.boundary, "set", _released(flood, cap, self.ordered_s, needed, self.release_m3_s))
        plan.count("reservoir_operation", 1)
        return plan


def _fine(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """The series on a fine clock (a 4,000th of its length)."""
    times = np.unique(np.concatenate([series.time_s, np.linspace(series.time_s[0], series.time_s[-1], 4001)]))
    return times, np.interp(times, series.time_s, series.value)


def _cap(series: Series, volume_m3: float) -> tuple[float, float]:
    """Discharge above which the series holds this volume, and when it is first passed; the series' smallest where it holds less."""
    times, flow = _fine(series)
    low, high = float(flow.min()), float(flow.max())
    for _ in range(60):
        cap = 0.5 * (low + high)
        low, high = (cap, high) if np.trapezoid(np.maximum(flow - cap, 0.0), times) > volume_m3 else (low, cap)
    return high, float(times[np.argmax(flow > high)])


def _released(series: Series, cap: float, begin_s: float, length_s: float, release: float) -> Series:
    times, _ = _fine(series)
    edges = [begin_s, begin_s + 1e-3, begin_s + length_s, begin_s + length_s + 1e-3]
    times = np.unique(np.concatenate([times, [t for t in edges if t > times[0]]]))
    flow = np.minimum(np.interp(times, series.time_s, series.value), cap)
    flow += np.where((times > begin_s) & (times <= begin_s + length_s), release, 0.0)
    return Series(times, flow)


def with_series(things: tuple[Any, ...], name: str, series: Series) -> tuple[Any, ...]:
    """Inflows with another discharge."""
    return tuple(replace(t, discharge=series) if t.name == name else t for t in things)


KINDS = (ReservoirPrerelease,)
