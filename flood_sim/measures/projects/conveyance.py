"""Project 1, conveyance 城市排涝行泄通道畅通: rivers, ditches, culverts, roads that carry water,
flap gates, levees.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from flood_sim.core.errors import InputError, nearest
from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.schema_texts import UnfitError
from flood_sim.core.units import minutes_to_s
from flood_sim.drainage.inp import gate_place
from flood_sim.measures.base import CONDITION, MAKE, RESIZE, InputsView
from flood_sim.measures.edits import Plan
from flood_sim.measures.orders import Order, ordered
from flood_sim.measures.projects import channels
from flood_sim.measures.projects.channels import Conveyance, refuse_narrow
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import items_of, line_of
from flood_sim.operations.actions import Task
from flood_sim.surface.boundaries import Transect, transect_along
from flood_sim.surface.structures import FaceStructure


class ObstructionRemoval(Conveyance):
    """A structure of the scenario taken away."""

    STAGE: ClassVar[int] = MAKE
    READS: ClassVar[frozenset[str]] = frozenset({Resource.STRUCTURES})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.STRUCTURES, Resource.CULVERTS})
    SUMMARY: ClassVar[str] = "bridge, weir, wall or pipe crossing taken out of the way"
    CHINESE: ClassVar[str] = "卡口打通"

    kind: Literal["obstruction_removal"]

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan(targets=sorted(self.targets.names))
        for target in self.targets.names:
            kind = view.structures.get(target)
            if kind is None or kind == "pump":
                plan.refuse(
                    name,
                    "targets",
                    f"no such structure{nearest(target, view.structures)}",
                    given=target,
                    allowed=", ".join(view.structures) or "the scenario has none",
                    do="name one that is there, or leave the measure out",
                )
                continue
            plan.item(
                Resource.CULVERTS if kind == "culvert" else Resource.STRUCTURES, target, "delete"
            )
            plan.count("obstruction_removed", 1)
        if not self.targets.names:
            do = 'targets = ["NAME", ...]'
            plan.refuse(name, "targets", "names of structures are needed", do=do)
        return plan


class CulvertEnlargement(Conveyance):
    """More barrels, or a larger box in the network."""

    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset({Resource.STRUCTURES, Resource.INP})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.CULVERTS, Resource.INP_XSECTIONS})
    SUMMARY: ClassVar[str] = "culverts with more barrels or a larger section"
    CHINESE: ClassVar[str] = "涵洞扩建"

    kind: Literal["culvert_enlargement"]
    barrels: int = Field(
        2, ge=1, le=20, description="surface culverts: times as many as now; conduits: number after"
    )
    height_m: float | None = Field(None, gt=0.0, le=10.0, description="conduits only")
    width_m: float | None = Field(None, gt=0.0, le=50.0, description="conduits only: a box")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan(targets=sorted(self.targets.names))
        surface = {c.name: c for c in view.inputs.culverts}
        for target in self.targets.names:
            if target in surface:
                self._barrels(name, plan, surface[target])
            elif target in view.conduits:
                self._section(name, plan, view, target)
            else:
                known = [*surface, *view.conduits]
                plan.refuse(
                    name,
                    "targets",
                    f"no such culvert or conduit{nearest(target, known)}",
                    given=target,
                )
        return plan

    def _barrels(self, name: str, plan: Plan, culvert: Any) -> None:
        if self.height_m is not None or self.width_m is not None:
            plan.refuse(
                name,
                "height_m",
                "a culvert between surface cells gets more barrels of its own size; another"
                " size is not implemented",
                given=culvert.name,
                do="use barrels",
            )
        elif self.barrels > 1:
            n = float(self.barrels)
            wider = replace(
                culvert,
                area_m2=n * culvert.area_m2,
                ratings=(n * culvert.ratings[0], n * culvert.ratings[1]),
            )
            plan.item(Resource.CULVERTS, culvert.name, "set", wider)
            plan.count("culvert", self.barrels - 1)

    def _section(self, name: str, plan: Plan, view: InputsView, target: str) -> None:
        c, metre = view.conduits[target], view.inp.metres_per_unit
        height = self.height_m or c.depth_m
        width = self.width_m or (c.area_m2 / c.depth_m if c.shape == "RECT_CLOSED" else None)
        area = self.barrels * (height * width if width else np.pi / 4.0 * height**2)
        if area < c.area_m2 - 1e-9:
            plan.refuse(
                name,
                "height_m",
                f"{target} would be smaller than it is",
                given=f"{area:.2f} m2",
                allowed=f"above {c.area_m2:.2f} m2",
            )
            return
        if area <= c.area_m2 + 1e-9:
            return
        plan.item(
            Resource.INP_XSECTIONS, (target, "shape"), "set", "RECT_CLOSED" if width else "CIRCULAR"
        )
        plan.item(Resource.INP_XSECTIONS, (target, "geom1"), "set", height / metre)
        plan.item(Resource.INP_XSECTIONS, (target, "geom2"), "set", (width or 0.0) / metre)
        plan.item(Resource.INP_XSECTIONS, (target, "barrels"), "set", self.barrels)
        plan.count("culvert", 1)
        for lower in view.conduits.values():
            if lower.upper == c.lower and lower.area_m2 < area - 1e-9:
                plan.doubt(
                    name,
                    f"{lower.name} below it is smaller ({lower.area_m2:.2f} m2): the bottleneck"
                    " moves there",
                )


class RoadFloodWay(Conveyance):
    """A road that carries water to its outlet between kerbs; ordered, it is closed to traffic and
    off the graph of access from then on.
    """

    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset(
        {
            Resource.BED_ELEVATION,
            Resource.MANNING_N,
            Resource.GAUGES,
            Resource.RAINFALL,
            Resource.LINES,
        }
    )
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {Resource.BED_ELEVATION, Resource.MANNING_N, Resource.STRUCTURES, Resource.ACTIONS}
    )
    SUMMARY: ClassVar[str] = "road falls all the way to its outlet, between kerbs"
    CHINESE: ClassVar[str] = "道路行泄通道"

    kind: Literal["road_flood_way"]
    width_m: float = Field(ge=2.0, le=80.0)
    kerb_m: float = Field(0.15, ge=0.0, le=0.30)
    manning_n: float = Field(0.016, ge=0.011, le=0.05)
    lower_road_m: float = Field(0.0, ge=0.0, le=0.5)
    close: Order | None = Field(
        None, description="when it is closed to traffic; absent: it never is"
    )
    close_min: float = Field(
        10.0, ge=0.0, le=1440.0, description="from the order until nobody drives there"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, line, grid = Plan(), line_of(name, self.targets, view), view.grid
        refuse_narrow(name, plan, view, "width_m", self.width_m)
        cells = np.argwhere(
            grid.cells_in(line.buffer(0.5 * self.width_m, cap_style="flat")) & view.active
        )
        if not len(cells):
            plan.refuse(name, "targets", "no open cell lies on the road")
            return plan
        level = self._level(view, line, cells)
        ground = view.bed_elevation[tuple(cells.T)]
        high = level < ground - 1e-9
        deepest = float((ground - level)[high].max(initial=0.0))
        if deepest > 2.0:
            plan.refuse(
                name,
                "targets",
                f"the road would be cut {deepest:.1f} m deep to fall all the way",
                allowed="2 m",
                do="choose another way to the outlet",
            )
        plan.cells(Resource.BED_ELEVATION, "lower_to", cells[high], level[high])
        rough = view.manning_n[tuple(cells.T)] > self.manning_n
        plan.cells(Resource.MANNING_N, "lower_to", cells[rough], self.manning_n)
        if self.kerb_m > 0.0:
            kerb = _kerbs(name, view, line, cells, level, self.kerb_m, self.width_m)
            if len(kerb.cells):
                plan.item(Resource.STRUCTURES, name, "insert", kerb)
        if self.close is not None:
            taken = tuple((int(r), int(c)) for r, c in cells)
            closed = Task("closure", name, minutes_to_s(self.close_min), 0, cells=taken)
            ordered(name, self.close, (closed,), view, plan)
        plan.count("flood_way", line.length)
        plan.targets = [f"{line.length:.0f} m of road"]
        return plan

    def _level(self, view: InputsView, line: Any, cells: np.ndarray) -> np.ndarray:
        """Level (n,) m of the road in its cells (n, 2): it never rises towards the outlet."""
        import shapely

        grid = view.grid
        along = shapely.line_locate_point(
            line, shapely.points(grid.x_m[cells[:, 1]], grid.y_m[cells[:, 0]])
        )
        bins = (along / grid.cell_size_m).astype(int)
        lowest = np.full(bins.max() + 1, np.inf)
        np.minimum.at(lowest, bins, view.bed_elevation[tuple(cells.T)])
        return np.asarray(np.minimum.accumulate(lowest)[bins] - self.lower_road_m)


def _kerbs(
    name: str,
    view: InputsView,
    line: Any,
    cells: np.ndarray,
    level: np.ndarray,
    kerb_m: float,
    width_m: float,
) -> FaceStructure:
    """Faces between the road and open ground beside it; both ends stay open."""
    grid, inside = view.grid, np.full(view.grid.shape, np.nan)
    inside[tuple(cells.T)] = level
    road, wider = (
        line.buffer(0.5 * width_m + k * grid.cell_size_m, cap_style="flat") for k in (0, 2)
    )
    beside = (
        grid.cells_in(wider.difference(road)) & view.active
    )  # not what lies before and behind it
    is_x, faces, crest = [], [], []
    for x_face, (down, right) in ((True, (0, 1)), (False, (1, 0))):
        near, far = (
            (slice(grid.rows - down), slice(grid.columns - right)),
            (slice(down, None), slice(right, None)),
        )
        a, b = inside[near], inside[far]
        kerbed = (~np.isnan(a) & np.isnan(b) & beside[far]) | (
            np.isnan(a) & ~np.isnan(b) & beside[near]
        )
        for row, column in np.argwhere(kerbed):
            is_x.append(x_face)
            faces.append((row + down, column + right))
            crest.append(float(np.nanmax([a[row, column], b[row, column]])) + kerb_m)
    n = len(faces)
    return FaceStructure(
        name,
        "wall",
        np.array(is_x, bool),
        np.array(faces, np.int64).reshape(n, 2),
        np.array(crest),
        np.ones(n),
    )


class OutfallFlapGate(Conveyance):
    """Nothing comes back through an outfall."""

    STAGE: ClassVar[int] = CONDITION
    READS: ClassVar[frozenset[str]] = frozenset({Resource.INP})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.INP_OUTFALLS, Resource.INP_LOSSES})
    SUMMARY: ClassVar[str] = "flap gates on outfalls"
    CHINESE: ClassVar[str] = "拍门、挡水闸"

    kind: Literal["outfall_flap_gate"]
    head_loss_k: float = Field(
        0.2, ge=0.0, le=5.0, description="on the last pipe: SWMM has none for an outfall's flap"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        rows = {r.tokens[0]: r.tokens for r in view.inp.rows("OUTFALLS")}
        losses = {r.tokens[0]: r.tokens for r in view.inp.rows("LOSSES")}
        plan.targets = items_of(name, self.targets, view, "outfalls")
        for outfall in plan.targets:
            tokens = rows[outfall]
            place = gate_place(tokens)
            if len(tokens) > place and tokens[place].upper() == "YES":
                continue
            if tokens[2].upper() in ("FREE", "NORMAL"):
                plan.doubt(name, f"{outfall} falls freely: no river can enter, a flap does nothing")
            plan.item(Resource.INP_OUTFALLS, (outfall, "gated"), "set", "YES")
            plan.count("flap_gate", 1)
            for link, ends in view.inp.links().items():
                if outfall in ends and link in view.conduits and self.head_loss_k > 0.0:
                    if link in losses:
                        plan.item(Resource.INP_LOSSES, (link, "exit"), "add", self.head_loss_k)
                    else:
                        plan.row("LOSSES", link, 0, self.head_loss_k, 0, "NO")
        return plan


class LeveeRaising(Conveyance):
    """A crest along faces; water passes over it by weir flow."""

    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset(
        {Resource.BED_ELEVATION, Resource.STRUCTURES, Resource.LINES}
    )
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.STRUCTURES})
    SUMMARY: ClassVar[str] = "levee or flood wall with a crest along a line"
    CHINESE: ClassVar[str] = "堤防加高加固"

    kind: Literal["levee_raising"]
    crest_m: float | None = Field(None, ge=LOWEST_M, le=HIGHEST_M, description="level of the datum")
    raise_m: float | None = Field(
        None, ge=0.0, le=5.0, description="instead: over the ground along the line"
    )

    @model_validator(mode="after")
    def _one(self) -> LeveeRaising:
        if (self.crest_m is None) == (self.raise_m is None):
            raise UnfitError(
                "it needs one of crest_m and raise_m, not both", do="give one of the two"
            )
        return self

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, line = Plan(), line_of(name, self.targets, view)
        try:
            section = transect_along(
                view.inputs.terrain,
                name,
                [(float(x), float(y)) for x, y in line.coords],
                f"measure.{name}.targets",
            )
        except InputError as error:
            plan.refusals += error.findings
            return plan
        is_x, cells, ground = _faces_along(section, view)
        crest = (
            np.full(len(cells), self.crest_m)
            if self.crest_m is not None
            else ground + (self.raise_m or 0.0)
        )
        higher = crest > ground + 1e-9
        if self.crest_m is not None and not higher.any():
            plan.refuse(
                name,
                "crest_m",
                "the ground is higher everywhere",
                given=f"{self.crest_m:g} m",
                allowed=f"above {ground.min():.2f} m",
            )
        if higher.any():
            ones = np.ones(int(higher.sum()))
            levee = FaceStructure(name, "dyke", is_x[higher], cells[higher], crest[higher], ones)
            plan.item(Resource.STRUCTURES, name, "insert", levee)
            plan.count("levee", line.length)
        plan.targets = [f"{line.length:.0f} m"]
        return plan


def _faces_along(transect: Transect, view: InputsView) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Faces of a line between open cells, each once: is_x (n,), the cell right of or below each
    (n, 2), the higher ground beside it (n,) m.
    """
    faces = np.unique(np.column_stack([transect.is_x, transect.cells]), axis=0)
    is_x, cells = faces[:, 0].astype(bool), faces[:, 1:]
    other = cells - np.where(is_x[:, None], [0, 1], [1, 0])
    inside = (
        (other >= 0).all(axis=1)
        & view.active[tuple(cells.T)]
        & view.active[tuple(np.maximum(other, 0).T)]
    )
    is_x, cells, other = is_x[inside], cells[inside], other[inside]
    bed = view.bed_elevation
    return is_x, cells, np.maximum(bed[tuple(cells.T)], bed[tuple(other.T)])


KINDS = (
    *channels.KINDS,
    ObstructionRemoval,
    CulvertEnlargement,
    RoadFloodWay,
    OutfallFlapGate,
    LeveeRaising,
)
