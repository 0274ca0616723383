"""Culverts and pumps between two cells, as the kernel takes them, and what passed them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flood_kernels import arrays
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.culverts import POINTS
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.structures import Culvert, SurfacePump


def make_pairs(
    culverts: Sequence[Culvert], pumps: Sequence[SurfacePump], datum_m: float
) -> arrays.Pairs:
    """The kernel's arrays, one entry a culvert or pump: culverts first, then pumps."""
    both: list[Culvert | SurfacePump] = [*culverts, *pumps]
    n = len(both)
    ends = np.array([[*p.from_cell, *p.to_cell] for p in both], np.int64).reshape(-1, 4) + np.array(
        [TOP, LEFT, TOP, LEFT]
    )
    rows = [_culvert_row(c, datum_m) for c in culverts] + [_pump_row(p) for p in pumps]
    numbers = np.array(rows, float).reshape(-1, 8)
    rating = np.zeros((n, 2, POINTS))
    for k, culvert in enumerate(culverts):
        rating[k] = culvert.ratings
    columns = [np.ascontiguousarray(numbers[:, k]) for k in range(8)]
    return arrays.Pairs(
        *(np.ascontiguousarray(ends[:, k]) for k in range(4)),
        *columns[:3],
        np.zeros(n, bool),
        *columns[3:],
        rating,
        np.array([getattr(p, "one_way", True) for p in both], bool),
        *(np.zeros(n) for _ in range(4)),
    )


def _culvert_row(c: Culvert, datum_m: float) -> list[float]:
    """Pump, start, stop (none); inlet, outlet level, height, area, loss."""
    levels = [c.from_level_m - datum_m, c.to_level_m - datum_m]
    return [0.0, 0.0, 0.0, *levels, c.height_m, c.area_m2, c.loss]


def _pump_row(p: SurfacePump) -> list[float]:
    return [p.capacity_m3_s, p.start_depth_m, p.stop_depth_m, 0.0, 0.0, 1.0, 1.0, 1.0]


def structure_lines(
    inputs: SurfaceInputs, face_volume: np.ndarray, pairs: arrays.Pairs
) -> dict[str, dict[str, float | str]]:
    """What passed each structure since the start, forward and back (m3), by its name.

    face_volume : (structures, 2) m3 of those on faces.
    """
    lines: dict[str, dict[str, float | str]] = {}
    for s, (forward, back) in zip(inputs.structures, face_volume.tolist(), strict=True):
        lines[s.name] = {"kind": s.kind, "forward_m3": forward, "back_m3": back}
    kinds = [(c.name, "culvert") for c in inputs.culverts] + [
        (p.name, "pump") for p in inputs.pumps
    ]
    for k, (name, kind) in enumerate(kinds):
        lines[name] = {
            "kind": kind,
            "forward_m3": float(pairs.moved[k]),
            "back_m3": float(pairs.returned[k]),
        }
    return lines
