"""Project 6, source_and_storage 源头减排和雨水调蓄: layered facilities on the grid, basins, ponds,
tanks. Nothing scales the rain.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.units import mm_h_to_m_s, mm_to_m
from flood_sim.measures.base import (
    CONDITION,
    MAKE,
    InputsView,
    Measure,
    Project,
    Targets,
    doubt,
    refusal,
)
from flood_sim.measures.edits import Plan
from flood_sim.measures.layers import PavingLayers, RoofLayers, SoilLayers
from flood_sim.measures.network_parts import add_pump, add_store, add_weir
from flood_sim.measures.targets import cells_of
from flood_sim.simulation.inputs import NodeInlet
from flood_sim.surface.losses import Facility

Share = Annotated[float, Field(ge=0.0, le=1.0, description="of each cell (or roof)")]
FREE_ENTRY_M_S = 1.0  # water enters as fast as it comes
STEEPEST_PAVING = 0.05
DRAIN_DOWN_H = 24.0


class SourceAndStorage(Measure):
    PROJECT: ClassVar[Project] = "source_and_storage"
    targets: Targets = Field(
        Targets(),
        description="where: names, a layer with a rule, a vector file, polygon or line",
    )


class Layered(SourceAndStorage):
    """A layer stack on open cells; each takes the water of its cell, run-on included."""

    STAGE: ClassVar[int] = CONDITION
    READS: ClassVar[frozenset[str]] = frozenset({"layers", "bed_elevation"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"facilities"})
    share: Share = 1.0

    def place(self, name: str, view: InputsView, item: str) -> tuple[Plan, np.ndarray]:
        """The plan with its area, and the cells; none where the share is 0."""
        cells = cells_of(name, self.targets, view)
        plan = Plan(targets=[f"{len(cells)} cells"])
        plan.count(item, self.share * len(cells) * view.grid.cell_area_m2)
        return plan, cells if self.share > 0.0 else cells[:0]

    def build(self, name: str, plan: Plan, cells: np.ndarray, **layers: float) -> Plan:
        if len(cells):
            plan.item(
                "facilities",
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
                plan.refusals.append(
                    refusal(
                        name,
                        "targets",
                        f"{steep.mean():.0%} of the cells are steeper than {STEEPEST_PAVING:.0%}",
                        do="choose flatter ground",
                    )
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
    READS: ClassVar[frozenset[str]] = frozenset({"buildings", "layers"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"facilities"})
    share: Share = 1.0

    def roofs(self, name: str, view: InputsView) -> tuple[np.ndarray, np.ndarray, int]:
        """Cells that receive the roofs' rain, roof area over cell area in each, number of roof
        cells.
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
        if not len(cells):
            plan.refusals.append(refusal(name, "targets", "no building lies there"))
        elif self.share > 0.0:
            plan.item(
                "facilities",
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


class Basin(SourceAndStorage):
    """Ground dug out, each connected area to its own level: so deep under the lowest ground around
    it.
    """

    STAGE: ClassVar[int] = MAKE
    READS: ClassVar[frozenset[str]] = frozenset(
        {"bed_elevation", "initial_depth", "buildings", "layers", "inp"}
    )

    def dig(
        self, name: str, plan: Plan, view: InputsView, depth_m: float
    ) -> list[tuple[np.ndarray, float, float]]:
        """Cells (n, 2), lowest rim (m) and volume under it (m3) of each area."""
        from scipy.ndimage import find_objects, label

        cells = cells_of(name, self.targets, view)
        inside = np.zeros(view.grid.shape, bool)
        inside[tuple(cells.T)] = True
        areas, parts = [], label(inside)[0]
        for number, window in enumerate(find_objects(parts), start=1):
            around = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in window)
            mine = parts[around] == number
            bed, ring = view.bed_elevation[around], _ring(mine) & view.active[around]
            rim = float(min(bed[ring].min() if ring.any() else np.inf, bed[mine].max()))
            now, floor = bed[mine], rim - depth_m
            here = np.argwhere(mine) + np.array([around[0].start, around[1].start])
            deeper = now > floor + 1e-9
            plan.cells("bed_elevation", "lower_to", here[deeper], floor)
            wet = deeper & (view.initial_depth[around][mine] > 0.0)
            plan.cells("initial_depth", "add", here[wet], now[wet] - floor)
            areas.append(
                (here, rim, float((rim - np.minimum(now, floor)).sum()) * view.grid.cell_area_m2)
            )
        plan.targets = [
            f"{len(here)} cells, {volume:.0f} m3 under {rim:.2f} m" for here, rim, volume in areas
        ]
        return areas


def _ring(mask: np.ndarray) -> np.ndarray:
    """Cells beside a mask."""
    from scipy.ndimage import binary_dilation

    return np.asarray(binary_dilation(mask) & ~mask)


class SurfaceDetention(Basin):
    """A basin that empties through an orifice into a node."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"bed_elevation", "inlets", "initial_depth"})
    SUMMARY: ClassVar[str] = "detention basin with an outlet orifice into a sewer node"
    CHINESE: ClassVar[str] = "调节塘、湿塘"

    kind: Literal["surface_detention"]
    depth_m: float = Field(1.5, ge=0.0, le=6.0, description="under its lowest rim")
    outlet_node: str | None = Field(None, description="absent: no outlet, dead storage")
    outlet_d_m: float = Field(0.4, gt=0.0, le=2.0)

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.depth_m == 0.0:
            return plan
        areas = self.dig(name, plan, view, self.depth_m)
        plan.count("detention_basin", sum(volume for _, _, volume in areas))
        if len(areas) > 1:
            plan.refusals.append(
                refusal(
                    name,
                    "targets",
                    f"the basin falls into {len(areas)} areas",
                    do="one measure for each",
                )
            )
            return plan
        cells, rim, volume = areas[0]
        if self.outlet_node is None:
            plan.doubts.append(
                doubt(name, "the basin has no outlet: it is full after the first storm")
            )
            return plan
        if self.outlet_node not in view.inp.rims():
            plan.refusals.append(
                refusal(name, "outlet_node", "no such node", given=self.outlet_node)
            )
            return plan
        area = math.pi / 4.0 * self.outlet_d_m**2
        row, column = cells[int(np.argmin(view.bed_elevation[tuple(cells.T)]))]
        floor = rim - self.depth_m
        plan.item(
            "inlets",
            (name, self.outlet_node, 0),
            "insert",
            NodeInlet(
                self.outlet_node,
                int(row),
                int(column),
                math.pi * self.outlet_d_m,
                area,
                np.inf,
                floor,
                kind="drain",
            ),
        )
        hours = volume / (0.6 * area * math.sqrt(2.0 * 9.80665 * 0.5 * self.depth_m)) / 3600.0
        if hours > DRAIN_DOWN_H:
            plan.doubts.append(
                doubt(name, f"it needs about {hours:.0f} h to empty, more than {DRAIN_DOWN_H:.0f}")
            )
        return plan


class PondRestoration(Basin):
    WRITES: ClassVar[frozenset[str]] = frozenset({"bed_elevation", "initial_depth"})
    SUMMARY: ClassVar[str] = "filled ponds and lakes dug out again"
    CHINESE: ClassVar[str] = "恢复坑塘、填湖还湖"

    kind: Literal["pond_restoration"]
    depth_m: float = Field(1.5, ge=0.0, le=6.0)

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.depth_m > 0.0:
            areas = self.dig(name, plan, view, self.depth_m)
            plan.count("pond", sum(len(cells) for cells, _, _ in areas) * view.grid.cell_area_m2)
        return plan


class ParkRetention(Basin):
    """Parks and squares that fill by themselves; deeper than half a metre they need a fence."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"bed_elevation", "initial_depth"})
    SUMMARY: ClassVar[str] = "parks and squares lower than the streets around them"
    CHINESE: ClassVar[str] = "公园、广场调蓄"

    kind: Literal["park_retention"]
    depth_m: float = Field(0.5, ge=0.0, le=1.5)
    fenced: bool = Field(False, description="true: water deeper than 0.5 m is allowed")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.depth_m > 0.5 and not self.fenced:
            plan.refusals.append(
                refusal(
                    name,
                    "depth_m",
                    "deeper than 0.5 m without a fence",
                    given=f"{self.depth_m:g}",
                    allowed="at most 0.5",
                    do="fenced = true",
                )
            )
        if self.depth_m > 0.0:
            areas = self.dig(name, plan, view, self.depth_m)
            plan.count(
                "park_retention", sum(len(cells) for cells, _, _ in areas) * view.grid.cell_area_m2
            )
        return plan


class UndergroundTank(SourceAndStorage):
    """A tank beside a node: it fills over a weir and is pumped back."""

    STAGE: ClassVar[int] = MAKE
    READS: ClassVar[frozenset[str]] = frozenset({"inp"})
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {
            "inp.STORAGE",
            "inp.WEIRS",
            "inp.XSECTIONS",
            "inp.PUMPS",
            "inp.CURVES",
            "inp.COORDINATES",
            "return_cells",
        }
    )
    SUMMARY: ClassVar[str] = "buried tank behind a weir, emptied by a pump"
    CHINESE: ClassVar[str] = "地下调蓄池"

    kind: Literal["underground_tank"]
    node: str = Field(description="node of the network beside which it lies")
    volume_m3: float = Field(ge=0.0, le=1e6)
    crest_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="level of the weir; absent: half-way between invert and rim",
    )
    weir_m: float = Field(3.0, gt=0.0, le=50.0)
    depth_m: float = Field(5.0, gt=1.0, le=20.0, description="of the tank under its crest")
    empty_h: float = Field(
        12.0, gt=0.0, le=72.0, description="the pump back empties it in this time"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        from flood_sim.drainage.check import node_inverts

        plan, rims, inverts = Plan(targets=[self.node]), view.inp.rims(), node_inverts(view.inp)
        if self.node not in rims:
            plan.refusals.append(refusal(name, "node", "no such node", given=self.node))
            return plan
        if self.volume_m3 == 0.0:
            return plan
        crest = (
            self.crest_m
            if self.crest_m is not None
            else 0.5 * (rims[self.node] + inverts[self.node])
        )
        invert, store = crest - self.depth_m, f"{name}_tank"
        add_store(
            plan,
            view,
            store,
            invert,
            rims[self.node],
            self.volume_m3 / self.depth_m,
            self.node,
            crest,
        )
        add_weir(plan, view, name, f"{name}_weir", self.node, store, crest, self.weir_m)
        add_pump(
            plan,
            view,
            f"{name}_pump",
            store,
            self.node,
            self.volume_m3 / (3600.0 * self.empty_h),
            self.depth_m,
            0.1,
        )
        plan.count("underground_tank", self.volume_m3)
        return plan


KINDS = (
    PermeablePaving,
    Bioretention,
    SunkenGreen,
    GreenRoof,
    RainTank,
    SurfaceDetention,
    UndergroundTank,
    PondRestoration,
    ParkRetention,
)
