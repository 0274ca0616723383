"""Project 6, source_and_storage 源头减排和雨水调蓄: layered facilities on the grid. Basins, ponds
and tanks: in basins. Nothing scales the rain.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from flood_sim.core.units import mm_h_to_m_s, mm_to_m
from flood_sim.measures.base import CONDITION, InputsView, Measure, Project, Targets
from flood_sim.measures.edits import Plan
from flood_sim.measures.layers import PavingLayers, RoofLayers, SoilLayers
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import cells_of
from flood_sim.surface.losses import Facility

Share = Annotated[float, Field(ge=0.0, le=1.0, description="of each cell (or roof)")]
FREE_ENTRY_M_S = 1.0  # water enters as fast as it comes
STEEPEST_PAVING = 0.05


class SourceAndStorage(Measure):
    PROJECT: ClassVar[Project] = "source_and_storage"
    targets: Targets = Field(
        Targets(),
        description="where: names, a layer with a rule, a vector file, polygon or line",
    )


class Layered(SourceAndStorage):
    """A layer stack on open cells; each takes the water of its cell, run-on included."""

    STAGE: ClassVar[int] = CONDITION
    READS: ClassVar[frozenset[str]] = frozenset({Resource.LAYERS, Resource.BED_ELEVATION})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.FACILITIES})
    share: Share = 1.0

    def place(self, name: str, view: InputsView, item: str) -> tuple[Plan, np.ndarray]:
        """The plan with its area, and the cells (n, 2); none where the share is 0."""
        cells = cells_of(name, self.targets, view)
        plan = Plan(targets=[f"{len(cells)} cells"])
        plan.count(item, self.share * len(cells) * view.grid.cell_area_m2)
        return plan, cells if self.share > 0.0 else cells[:0]

    def build(self, name: str, plan: Plan, cells: np.ndarray, **layers: float) -> Plan:
        """The plan with a facility on the cells (n, 2); layers: SI."""
        if len(cells):
            plan.item(
                Resource.FACILITIES,
                name,
                "insert",
                Facility(name, self.kind, cells, np.full(len(cells), self.share), **layers),  # type: ignore[attr-defined,arg-type]
            )
        return plan


class PermeablePaving(Layered, PavingLayers):
    """Not on arterial roads (the targets are the user's to choose), not on steep ground."""

    SUMMARY: ClassVar[str] = "permeable paving over a gravel store"
    CHINESE: ClassVar[str] = "透水铺装"

    kind: Literal["permeable_paving"]

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, cells = self.place(name, view, "permeable_paving")
        if len(cells):
            steep = _slope(view)[tuple(cells.T)] > STEEPEST_PAVING
            if steep.mean() > 0.5:
                plan.refuse(
                    name,
                    "targets",
                    f"{steep.mean():.0%} of the cells are steeper than {STEEPEST_PAVING:.0%}",
                    do="choose flatter ground",
                )
        return self.build(name, plan, cells, **self.layers())


def _slope(view: InputsView) -> np.ndarray:
    bed = np.where(
        np.isfinite(view.bed_elevation), view.bed_elevation, np.nanmedian(view.bed_elevation)
    )
    down, right = (
        np.gradient(bed, view.grid.cell_size_m, axis=k) if bed.shape[k] > 1 else np.zeros(bed.shape)
        for k in (0, 1)
    )
    return np.hypot(down, right)


class Bioretention(Layered, SoilLayers):
    """A surface that takes water, soil, and a gravel store."""

    SUMMARY: ClassVar[str] = "rain gardens: surface store, soil, gravel store"
    CHINESE: ClassVar[str] = "生物滞留、雨水花园"

    kind: Literal["bioretention"]

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, cells = self.place(name, view, "bioretention")
        return self.build(name, plan, cells, **self.layers())


class SunkenGreen(Layered):
    """Green that lies lower than its kerb: a store of its depth, whatever the ground's own slope;
    what is above it flows on.
    """

    SUMMARY: ClassVar[str] = "green that lies lower than the paving around it"
    CHINESE: ClassVar[str] = "下沉式绿地"

    kind: Literal["sunken_green"]
    depth_m: float = Field(0.10, ge=0.0, le=0.20)
    seepage_mm_h: float = Field(
        0.0, ge=0.0, le=500.0, description="of its soil, compacted 1.5 to 10"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, cells = self.place(name, view, "sunken_green")
        cells = cells if self.depth_m > 0.0 else cells[:0]
        return self.build(
            name,
            plan,
            cells,
            entry=FREE_ENTRY_M_S,
            store_depth=self.depth_m,
            voids=1.0,
            seepage=mm_h_to_m_s(self.seepage_mm_h),
        )


class Roofs(SourceAndStorage):
    """Facilities that take only the rain that falls on roofs, before it runs to the street."""

    STAGE: ClassVar[int] = CONDITION
    READS: ClassVar[frozenset[str]] = frozenset({Resource.BUILDINGS, Resource.LAYERS})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.FACILITIES})
    share: Share = 1.0

    def roofs(self, name: str, view: InputsView) -> tuple[np.ndarray, np.ndarray, int]:
        """Cells (n, 2) that receive the roofs' rain, roof area over cell area in each (n,), number
        of roof cells.
        """
        mask = np.zeros(view.grid.shape, bool)
        if self.targets == Targets():
            mask[:] = True
        else:
            mask[tuple(cells_of(name, self.targets, view, open_only=False).T)] = True
        cells = np.argwhere(mask & view.buildings)
        if view.rain_to is None or not len(cells):
            return cells, np.full(len(cells), self.share), len(cells)
        index, count = np.unique(view.rain_to[tuple(cells.T)], return_counts=True)
        return (
            np.column_stack(np.unravel_index(index, view.grid.shape)),
            self.share * count,
            len(cells),
        )

    def build(
        self, name: str, plan: Plan, cells: np.ndarray, share: np.ndarray, **layers: float
    ) -> Plan:
        """The plan with a facility that takes the rain of roofs; cells (n, 2), share (n,)."""
        if not len(cells) and not self.targets.allow_empty:
            plan.refuse(name, "targets", "no building lies there")
        elif len(cells) and self.share > 0.0:
            plan.item(
                Resource.FACILITIES,
                name,
                "insert",
                Facility(name, self.kind, cells.astype(np.int64), share, True, **layers),  # type: ignore[attr-defined,arg-type]
            )
        return plan


class GreenRoof(Roofs, RoofLayers):
    """It keeps what its soil lacks to field capacity: nothing after days of rain."""

    SUMMARY: ClassVar[str] = "soil on roofs: keeps what its soil can hold, delays the rest"
    CHINESE: ClassVar[str] = "绿色屋顶"

    kind: Literal["green_roof"]
    soil_start: float = Field(
        0.35,
        ge=0.0,
        le=0.9,
        description="water content at the start: field capacity after antecedent rain, 0.15 dry",
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        cells, share, roofs = self.roofs(name, view)
        plan = Plan(targets=[f"{roofs} roof cells"])
        plan.count("green_roof", self.share * roofs * view.grid.cell_area_m2)
        return self.build(name, plan, cells, share, **self.layers())


class RainTank(Roofs):
    """Tanks under the downpipes, shut during the rain."""

    SUMMARY: ClassVar[str] = "tanks that keep the roofs' water"
    CHINESE: ClassVar[str] = "雨水桶、蓄水池"

    kind: Literal["rain_tank"]
    volume_mm: float = Field(
        20.0, ge=0.0, le=500.0, description="tank volume over roof area: 10 m3 for 500 m2 are 20 mm"
    )
    start_share: float = Field(
        0.0, ge=0.0, le=1.0, description="full at the start: 0 emptied before the storm"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        cells, share, roofs = self.roofs(name, view)
        plan = Plan(targets=[f"{roofs} roof cells"])
        depth = mm_to_m(self.volume_mm)
        plan.count("rain_tank", self.share * roofs * view.grid.cell_area_m2 * depth)
        if depth == 0.0:
            return plan
        return self.build(
            name,
            plan,
            cells,
            share,
            entry=FREE_ENTRY_M_S,
            store_depth=depth,
            voids=1.0,
            store_start=self.start_share * depth,
        )


KINDS = (PermeablePaving, Bioretention, SunkenGreen, GreenRoof, RainTank)
