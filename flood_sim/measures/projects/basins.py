"""Project 6, storage: basins, ponds, parks that fill, tanks under the ground."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.measures.base import MAKE, InputsView
from flood_sim.measures.edits import Plan
from flood_sim.measures.network_parts import (
    STORE_BEHIND_A_WEIR,
    add_pump,
    add_store,
    add_weir,
)
from flood_sim.measures.projects.source_and_storage import SourceAndStorage
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import cells_of
from flood_sim.simulation.inputs import NodeInlet

DRAIN_DOWN_H = 24.0


class Basin(SourceAndStorage):
    """Ground dug out, each connected area to its own level: so deep under the lowest ground around
    it.
    """

    STAGE: ClassVar[int] = MAKE
    READS: ClassVar[frozenset[str]] = frozenset(
        {
            Resource.BED_ELEVATION,
            Resource.INITIAL_DEPTH,
            Resource.BUILDINGS,
            Resource.LAYERS,
            Resource.INP,
        }
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
            plan.cells(Resource.BED_ELEVATION, "lower_to", here[deeper], floor)
            wet = deeper & (view.initial_depth[around][mine] > 0.0)
            plan.cells(Resource.INITIAL_DEPTH, "add", here[wet], now[wet] - floor)
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

    WRITES: ClassVar[frozenset[str]] = frozenset(
        {Resource.BED_ELEVATION, Resource.INLETS, Resource.INITIAL_DEPTH}
    )
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
        if not areas:
            return plan
        if len(areas) > 1:
            plan.refuse(
                name,
                "targets",
                f"the basin falls into {len(areas)} areas",
                do="one measure for each",
            )
            return plan
        cells, rim, volume = areas[0]
        if self.outlet_node is None:
            plan.doubt(name, "the basin has no outlet: it is full after the first storm")
            return plan
        if self.outlet_node not in view.inp.rims():
            plan.refuse(name, "outlet_node", "no such node", given=self.outlet_node)
            return plan
        area = math.pi / 4.0 * self.outlet_d_m**2
        lowest = cells[int(np.argmin(view.bed_elevation[tuple(cells.T)]))]
        self._outlet(name, plan, self.outlet_node, lowest, rim - self.depth_m, area)
        hours = volume / (0.6 * area * math.sqrt(2.0 * 9.80665 * 0.5 * self.depth_m)) / 3600.0
        if hours > DRAIN_DOWN_H:
            plan.doubt(name, f"it needs about {hours:.0f} h to empty, more than {DRAIN_DOWN_H:.0f}")
        return plan

    def _outlet(
        self, name: str, plan: Plan, node: str, cell: np.ndarray, floor_m: float, area_m2: float
    ) -> None:
        """The orifice in the lowest cell (2,)."""
        outlet = NodeInlet(
            node,
            int(cell[0]),
            int(cell[1]),
            math.pi * self.outlet_d_m,
            area_m2,
            np.inf,
            floor_m,
            kind="drain",
        )
        plan.item(Resource.INLETS, (name, node, 0), "insert", outlet)


class PondRestoration(Basin):
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.BED_ELEVATION, Resource.INITIAL_DEPTH})
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

    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.BED_ELEVATION, Resource.INITIAL_DEPTH})
    SUMMARY: ClassVar[str] = "parks and squares lower than the streets around them"
    CHINESE: ClassVar[str] = "公园、广场调蓄"

    kind: Literal["park_retention"]
    depth_m: float = Field(0.5, ge=0.0, le=1.5)
    fenced: bool = Field(False, description="true: water deeper than 0.5 m is allowed")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        if self.depth_m > 0.5 and not self.fenced:
            plan.refuse(
                name,
                "depth_m",
                "deeper than 0.5 m without a fence",
                given=f"{self.depth_m:g}",
                allowed="at most 0.5",
                do="fenced = true",
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
    READS: ClassVar[frozenset[str]] = frozenset({Resource.INP})
    WRITES: ClassVar[frozenset[str]] = STORE_BEHIND_A_WEIR
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
        from flood_sim.drainage.conduits import node_inverts

        plan, rims, inverts = Plan(targets=[self.node]), view.inp.rims(), node_inverts(view.inp)
        if self.node not in rims:
            plan.refuse(name, "node", "no such node", given=self.node)
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


KINDS = (SurfaceDetention, UndergroundTank, PondRestoration, ParkRetention)
