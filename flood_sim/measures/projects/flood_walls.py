"""Project 4, walls around an area, with gates that an action shuts and a pump inside."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.schema_texts import UnfitError
from flood_sim.core.units import minutes_to_s
from flood_sim.measures.base import RESIZE, Completion, InputsView, Targets
from flood_sim.measures.edits import Plan
from flood_sim.measures.projects.critical_infrastructure import CriticalInfrastructure
from flood_sim.measures.resources import Resource
from flood_sim.measures.targets import cells_of
from flood_sim.surface.structures import FaceStructure, SurfacePump


class FloodWallGate(CriticalInfrastructure):
    """A wall around an area, with gaps that are shut by an action ([[actions]] completes = "NAME"),
    and a pump for the rain that falls inside.
    """

    STAGE: ClassVar[int] = RESIZE
    READS: ClassVar[frozenset[str]] = frozenset({Resource.BED_ELEVATION, Resource.LAYERS})
    WRITES: ClassVar[frozenset[str]] = frozenset({Resource.STRUCTURES, Resource.PUMPS})
    SUMMARY: ClassVar[str] = "wall around an area, gates in it, a pump inside"
    CHINESE: ClassVar[str] = "防洪墙与闸门"
    NEEDS_ACTION: ClassVar[bool] = True

    kind: Literal["flood_wall_gate"]
    targets: Targets = Field(Targets(), description="the area inside: a polygon")
    crest_m: float | None = Field(None, ge=LOWEST_M, le=HIGHEST_M, description="level of the datum")
    raise_m: float | None = Field(
        None, ge=0.0, le=5.0, description="instead: over the higher ground beside each face"
    )
    gates_m: tuple[tuple[float, float], ...] = Field(
        (), description="map coordinates of the gaps; the nearest faces of the wall"
    )
    gate_width_m: float = Field(6.0, gt=0.0, le=100.0, description="of each gap, to whole cells")
    setup_min: float = Field(10.0, ge=0.0, le=1440.0, description="to shut each gate")
    crews: int = Field(1, ge=0, le=100, description="for each gate")
    drain_m3_s: float = Field(
        0.0, ge=0.0, le=20.0, description="pump from the lowest cell inside to just outside"
    )

    @model_validator(mode="after")
    def _one(self) -> FloodWallGate:
        if (self.crest_m is None) == (self.raise_m is None):
            raise UnfitError(
                "it needs one of crest_m and raise_m, not both", do="give one of the two"
            )
        return self

    @property
    def needs_action(self) -> bool:
        return bool(self.gates_m)

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, cells, grid = Plan(), cells_of(name, self.targets, view), view.grid
        inside = np.zeros(grid.shape, bool)
        inside[tuple(cells.T)] = True
        is_x, faces, ground = _ring(inside, view)
        crest = (
            np.full(len(ground), self.crest_m)
            if self.crest_m is not None
            else ground + (self.raise_m or 0.0)
        )
        higher = crest > ground + 1e-9
        if not higher.any():
            if self.crest_m is not None and len(cells):
                plan.refuse(
                    name, "crest_m", "the ground is higher all around", given=f"{self.crest_m:g} m"
                )
            return plan
        gate = np.zeros(len(ground), bool)
        for number, place in enumerate(self.gates_m, start=1):
            mine = ~gate & self._gap(place, view, is_x, faces, higher)
            gate |= mine
            ones, label = np.ones(int(mine.sum())), f"{name} gate {number}"
            gap = FaceStructure(
                label, "bridge", is_x[mine], faces[mine], crest[mine], ones, waits=True
            )
            plan.item(Resource.STRUCTURES, label, "insert", gap)
            plan.count("flood_wall_gate", float((crest - ground)[mine].sum()) * grid.cell_size_m)
            plan.targets.append(label)
        wall = higher & ~gate
        ones = np.ones(int(wall.sum()))
        whole = FaceStructure(name, "wall", is_x[wall], faces[wall], crest[wall], ones)
        plan.item(Resource.STRUCTURES, name, "insert", whole)
        plan.count("flood_wall", float((crest - ground)[wall].sum()) * grid.cell_size_m)
        if self.drain_m3_s > 0.0:
            self._drain(name, plan, view, inside)
        else:
            plan.doubt(name, "rain that falls inside the wall stands there", do="add drain_m3_s")
        return plan

    def _gap(
        self,
        place: tuple[float, float],
        view: InputsView,
        is_x: np.ndarray,
        faces: np.ndarray,
        higher: np.ndarray,
    ) -> np.ndarray:
        """(n,) whether a face belongs to the gap at a map point: at least the nearest one that the
        wall has.
        """
        grid = view.grid
        face_x = grid.x_m[faces[:, 1]] - 0.5 * grid.cell_size_m * is_x
        face_y = grid.y_m[faces[:, 0]] + 0.5 * grid.cell_size_m * ~is_x
        away = np.where(higher, np.hypot(face_x - place[0], face_y - place[1]), np.inf)
        return np.asarray(away <= max(0.5 * self.gate_width_m, float(away.min()) + 1e-9))

    def _drain(self, name: str, plan: Plan, view: InputsView, inside: np.ndarray) -> None:
        """From the lowest cell inside to the nearest open cell outside."""
        cells, others = np.argwhere(inside), np.argwhere(view.active & ~inside)
        sump = cells[np.argmin(view.bed_elevation[inside])]
        outside = others[np.argmin(((others - sump) ** 2).sum(axis=1))]
        ends = (int(sump[0]), int(sump[1])), (int(outside[0]), int(outside[1]))
        plan.item(
            Resource.PUMPS, name, "insert", SurfacePump(name, *ends, self.drain_m3_s, 0.05, 0.02)
        )
        plan.count("pump_added", self.drain_m3_s)

    def completed_by_action(self, targets: list[str]) -> Completion:
        return Completion([], [], minutes_to_s(self.setup_min), self.crews, targets)


def _ring(inside: np.ndarray, view: InputsView) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Faces between the cells inside and open cells outside: is_x (n,), the cell right of or below
    each (n, 2), the higher ground beside it (m).
    """
    outside, bed = view.active & ~inside, view.bed_elevation
    is_x, cells, ground = [], [], []
    for x_face, (down, right) in ((True, (0, 1)), (False, (1, 0))):
        near, far = (
            (slice(inside.shape[0] - down), slice(inside.shape[1] - right)),
            (slice(down, None), slice(right, None)),
        )
        found = np.argwhere((inside[near] & outside[far]) | (outside[near] & inside[far]))
        is_x.append(np.full(len(found), x_face))
        cells.append(found + np.array([down, right]))
        ground.append(np.maximum(bed[near], bed[far])[tuple(found.T)])
    return np.concatenate(is_x), np.concatenate(cells).astype(np.int64), np.concatenate(ground)


KINDS = (FloodWallGate,)
