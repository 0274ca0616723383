"""Project 1, the channels themselves: rivers and ditches cleared, widened, dug anew."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from flood_sim.measures.base import CONDITION, MAKE, RESIZE, InputsView, Measure, Project, Targets
from flood_sim.measures.edits import Plan
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import cells_of, line_of
from flood_sim.surface.culverts import Barrel
from flood_sim.surface.ditches import Level, channel_cells, crossings


class Conveyance(Measure):
    PROJECT: ClassVar[Project] = "conveyance"
    targets: Targets = Field(
        Targets(),
        description="where: names, a layer with a rule, a vector file, polygon or line",
    )


class ChannelClearance(Conveyance):
    """Less roughness and a deeper bed inside a reach."""

    STAGE: ClassVar[int] = CONDITION
    READS: ClassVar[frozenset[str]] = frozenset(
        {Resource.MANNING_N, Resource.BED_ELEVATION, Resource.INITIAL_DEPTH, Resource.LAYERS}
    )
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {Resource.MANNING_N, Resource.BED_ELEVATION, Resource.INITIAL_DEPTH}
    )
    SUMMARY: ClassVar[str] = "rivers and ditches cleared: smoother, dug out"
    CHINESE: ClassVar[str] = "河道清淤疏浚"

    kind: Literal["channel_clearance"]
    reach: str | None = Field(
        None, description="polygon or line file; short for targets = { vector = ... }"
    )
    width_m: float = Field(
        20.0, gt=0.0, le=500.0, description="of the channel, where the reach is a line"
    )
    manning_n: float | None = Field(
        None, ge=0.012, le=0.15, description="after clearing; 0.027 is usual (0.020 to 0.040)"
    )
    lower_bed_m: float = Field(0.0, ge=0.0, le=2.0)
    kept_share: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        description="of the gain that is left when the storm comes; cost is that of the whole",
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        targets = Targets(vector=self.reach) if self.reach is not None else self.targets
        cells = cells_of(name, targets, view, half_width_m=0.5 * self.width_m)
        at = tuple(cells.T)
        plan.targets = [f"{len(cells)} cells"]
        if self.manning_n is not None:
            now = view.manning_n[at]
            rough = now > self.manning_n + 1e-12
            if len(now) and not rough.any() and now.max() < self.manning_n - 1e-12:
                plan.refuse(
                    name,
                    "manning_n",
                    "the reach is smoother already",
                    given=f"{self.manning_n:g}",
                    allowed=f"below {now.max():.3f}",
                )
            plan.cells(
                Resource.MANNING_N,
                "lower_to",
                cells[rough],
                now[rough] - self.kept_share * (now[rough] - self.manning_n),
            )
            if self.lower_bed_m == 0.0:
                plan.count("channel_clearing", float(rough.sum()) * view.grid.cell_area_m2)
        if self.lower_bed_m > 0.0:
            left = self.kept_share * self.lower_bed_m
            plan.cells(Resource.BED_ELEVATION, "add", cells, -left)
            wet = view.initial_depth[at] > 0.0
            plan.cells(Resource.INITIAL_DEPTH, "add", cells[wet], left)  # the water's level stays
            plan.count("dredging", self.lower_bed_m * len(cells) * view.grid.cell_area_m2)
            _say_pits(name, plan, view, cells, self.lower_bed_m)
        return plan


def _say_pits(name: str, plan: Plan, view: InputsView, cells: np.ndarray, lower_m: float) -> None:
    """A dug reach whose lowest bed lies below everything around it keeps its water."""
    from scipy.ndimage import binary_dilation

    bed = np.where(view.active, view.bed_elevation, np.inf)
    mask = np.zeros(bed.shape, bool)
    mask[tuple(cells.T)] = True
    ring = binary_dilation(mask) & ~mask
    if (
        ring.any()
        and bed[mask].min() - lower_m < bed[ring].min() - 1e-6
        and not _touches_edge(mask)
    ):
        depth = bed[ring].min() - bed[mask].min() + lower_m
        plan.doubt(
            name,
            f"the dug reach lies {depth:.2f} m below the lowest ground around it: a pit",
            do="dig on to the reach's outlet",
        )


def _touches_edge(mask: np.ndarray) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def carve(
    name: str,
    plan: Plan,
    view: InputsView,
    line: Any,
    bottom_m: float,
    side_slope: float,
    level: Level,
    kept: np.ndarray | None = None,
) -> np.ndarray:
    """Lower the ground to a channel: `level(chainage m)` at the bottom, sides of 1 to side_slope
    (0: vertical), but not the kept cells; returns the cells it digs."""
    grid, bed = view.grid, view.bed_elevation
    cells, wanted = channel_cells(
        grid,
        view.active if kept is None else view.active & ~kept,
        line,
        bottom_m,
        side_slope,
        level,
    )
    dug = wanted < bed[tuple(cells.T)] - 1e-9
    cells, wanted = cells[dug], wanted[dug]
    plan.cells(Resource.BED_ELEVATION, "lower_to", cells, wanted)
    deeper = bed[tuple(cells.T)] - wanted
    wet = view.initial_depth[tuple(cells.T)] > 0.0
    plan.cells(Resource.INITIAL_DEPTH, "add", cells[wet], deeper[wet])
    plan.count("earthworks", float(deeper.sum()) * grid.cell_area_m2)
    blocked = view.buildings & grid.cells_in(
        line.buffer(0.5 * bottom_m, cap_style="flat"), touched=False
    )
    if blocked.any():
        plan.refuse(
            name,
            "targets",
            f"it runs through {int(blocked.sum())} cells of buildings",
            given=f"row {np.argwhere(blocked)[0][0]}, column {np.argwhere(blocked)[0][1]}",
            do="move the line",
        )
    return cells


def refuse_narrow(name: str, plan: Plan, view: InputsView, key: str, width_m: float) -> None:
    if width_m < view.grid.cell_size_m - 1e-9:
        plan.refuse(
            name,
            key,
            "less than one cell wide",
            given=f"{width_m:g} m",
            allowed=f"at least {view.grid.cell_size_m:g} m",
            do="use smaller cells",
        )


class ChannelWidening(Conveyance):
    """The bed of the reach's own line, over a wider bottom."""

    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset(
        {
            Resource.BED_ELEVATION,
            Resource.MANNING_N,
            Resource.BUILDINGS,
            Resource.INITIAL_DEPTH,
            Resource.LINES,
        }
    )
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {Resource.BED_ELEVATION, Resource.MANNING_N, Resource.INITIAL_DEPTH}
    )
    SUMMARY: ClassVar[str] = "channel with a wider bottom along its thalweg"
    CHINESE: ClassVar[str] = "河道拓宽"

    kind: Literal["channel_widening"]
    width_m: float = Field(gt=0.0, le=500.0, description="of the bottom, after")
    side_slope: float = Field(2.0, ge=0.0, le=10.0, description="1 to side_slope; 0: vertical")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, line, grid = Plan(), line_of(name, self.targets, view), view.grid
        refuse_narrow(name, plan, view, "width_m", self.width_m)
        stations = np.linspace(0.0, line.length, max(2, int(line.length / grid.cell_size_m) + 1))
        rows, columns = grid.cell_at(
            [line.interpolate(s).x for s in stations], [line.interpolate(s).y for s in stations]
        )
        rows, columns = rows.clip(0, grid.rows - 1), columns.clip(0, grid.columns - 1)
        bed = view.bed_elevation[rows, columns]
        if np.isnan(bed).any():
            plan.refuse(
                name,
                "targets",
                "the line leaves the open ground",
                do="let it follow the channel's bed",
            )
            return plan
        cells = carve(
            name,
            plan,
            view,
            line,
            self.width_m,
            self.side_slope,
            lambda along: np.interp(along, stations, bed),
        )
        n = float(view.manning_n[rows, columns].min())
        rougher = view.manning_n[tuple(cells.T)] > n
        plan.cells(Resource.MANNING_N, "lower_to", cells[rougher], n)
        plan.targets = [f"{line.length:.0f} m of channel"]
        return plan


class NewChannel(Conveyance):
    """An open channel from ground to a lower mouth, straight in level; under streets and dykes that
    stay it runs in box culverts.
    """

    STAGE: ClassVar[int] = MAKE
    READS: ClassVar[frozenset[str]] = frozenset(
        {
            Resource.BED_ELEVATION,
            Resource.MANNING_N,
            Resource.BUILDINGS,
            Resource.INITIAL_DEPTH,
            Resource.LAYERS,
            Resource.LINES,
        }
    )
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {Resource.BED_ELEVATION, Resource.MANNING_N, Resource.INITIAL_DEPTH, Resource.CULVERTS}
    )
    SUMMARY: ClassVar[str] = "new or reopened open channel, in culverts under what stays"
    CHINESE: ClassVar[str] = "新开、恢复河道(明沟)"

    kind: Literal["new_channel"]
    bottom_m: float = Field(5.0, ge=1.0, le=50.0)
    depth_m: float = Field(1.5, gt=0.0, le=10.0, description="below the ground at its start")
    side_slope: float = Field(0.0, ge=0.0, le=10.0)
    slope: float | None = Field(
        None,
        gt=0.0,
        le=0.05,
        description="absent: to the bed at the mouth, or as deep there as at the start",
    )
    manning_n: float = Field(0.020, ge=0.011, le=0.1)
    under: tuple[Targets, ...] = Field(
        (),
        description=(
            "layers or areas that it may not cut: the ground stays, a box culvert passes beneath"
        ),
    )
    culvert_height_m: float = Field(
        1.2, gt=0.0, le=5.0, description="of the boxes, as wide as the bottom"
    )
    flap: bool = Field(True, description="the last culvert lets nothing back")

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, line, grid = Plan(), line_of(name, self.targets, view), view.grid
        refuse_narrow(name, plan, view, "bottom_m", self.bottom_m)
        ends = [tuple(int(v) for v in grid.cell_at(*line.coords[k])) for k in (0, -1)]
        if not all(bool(grid.contains(*e)) and view.active[e] for e in ends):
            plan.refuse(
                name,
                "targets",
                "both ends must lie on open ground",
                given=f"{line.coords[0]}, {line.coords[-1]}",
            )
            return plan
        begin, end = self._levels(name, plan, view, line, (ends[0], ends[1]))

        def level(along: Any) -> Any:
            return np.interp(along, [0.0, line.length], [begin, end])

        kept = np.zeros(grid.shape, bool)
        for targets in self.under:
            kept[tuple(cells_of(name, targets, view).T)] = True
        cells = carve(name, plan, view, line, self.bottom_m, self.side_slope, level, kept)
        plan.cells(Resource.MANNING_N, "set", cells, self.manning_n)
        barrel = Barrel(False, self.culvert_height_m, self.bottom_m)
        culverts = crossings(name, grid, line, kept, level, barrel, self.flap)
        for culvert in culverts:
            plan.item(Resource.CULVERTS, culvert.name, "insert", culvert)
        self._say_cover(name, plan, view, kept, line, level)
        boxes = sum(math.dist(c.from_cell, c.to_cell) for c in culverts)
        plan.count("open_channel", line.length)
        plan.count("box_culvert", boxes * grid.cell_size_m)
        plan.targets = [
            f"{line.length:.0f} m, from {begin:.2f} to {end:.2f} m, {len(culverts)} culverts"
        ]
        return plan

    def _levels(
        self,
        name: str,
        plan: Plan,
        view: InputsView,
        line: Any,
        ends: tuple[tuple[int, ...], tuple[int, ...]],
    ) -> tuple[float, float]:
        """Of its bed at its start and its mouth (m); refused where it rises."""
        first, last = (float(view.bed_elevation[e]) for e in ends)
        begin = first - self.depth_m
        if self.slope is not None:
            end = begin - self.slope * line.length
        elif last > begin + 1e-6:
            end = last - self.depth_m
        else:
            end = min(last, begin - 1e-4 * line.length)
        if end >= begin:
            given = f"from {begin:.2f} to {end:.2f} m"
            do = "turn the line round, or give a slope"
            plan.refuse(name, "targets", "it runs uphill", given=given, do=do)
        steep = self.slope is not None and end < last - self.depth_m - 1e-6 and last < begin
        if end < last - self.depth_m - 1.0 or steep:
            plan.doubt(name, f"its mouth lies {last - end:.2f} m below the ground there: a pit")
        return begin, end

    def _say_cover(
        self, name: str, plan: Plan, view: InputsView, kept: np.ndarray, line: Any, level: Level
    ) -> None:
        """A box whose top reaches the ground over it."""
        import shapely

        over = np.argwhere(kept & view.grid.cells_in(line, touched=True) & view.active)
        if len(over):
            along = shapely.line_locate_point(
                line, shapely.points(view.grid.x_m[over[:, 1]], view.grid.y_m[over[:, 0]])
            )
            cover = view.bed_elevation[tuple(over.T)] - level(along) - self.culvert_height_m
            if cover.min() < 0.0:
                plan.doubt(
                    name,
                    f"its boxes stand {-cover.min():.2f} m out of the ground over them",
                    do="a lower culvert_height_m, or dig deeper",
                )


KINDS = (ChannelClearance, ChannelWidening, NewChannel)
