"""Names, grids and units of what crosses the Basic Model Interface, and where each value lies in
the memory that two processes share.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

CELLS, EDGES, INFLOWS, NODES, TOTALS, OUTFALLS = range(6)  # grids
DEPTH, BED = "land_surface_water__depth", "land_surface__elevation"
EAST, NORTH = (
    "land_surface_water_flow__x_component_of_velocity",
    "land_surface_water_flow__y_component_of_velocity",
)
HEAD, OUTFALL_VOLUME = "drainage_node_water__head", "drainage_outfall_water__outgoing_volume"
STAGE, INFLOW = (
    "land_surface_boundary_water__elevation",
    "land_surface_inflow_water__volume_flow_rate",
)
VOLUME, INFLOW_VOLUME = "land_surface_water__volume", "land_surface_inflow_water__volume"
BOUNDARY_IN, BOUNDARY_OUT = (
    "land_surface_boundary_water__incoming_volume",
    "land_surface_boundary_water__outgoing_volume",
)
LEDGER_ERROR = "model_water_balance__relative_error"
ALIGNMENT = 64  # bytes: no two variables share a cache line


@dataclass(frozen=True)
class Variable:
    """Grid and unit of a variable."""

    grid: int
    unit: str


OUTPUTS = {
    DEPTH: Variable(CELLS, "m"),
    BED: Variable(CELLS, "m"),
    EAST: Variable(CELLS, "m s-1"),
    NORTH: Variable(CELLS, "m s-1"),
    HEAD: Variable(NODES, "m"),
    OUTFALL_VOLUME: Variable(OUTFALLS, "m3"),  # volumes that pass: since the start
    VOLUME: Variable(TOTALS, "m3"),
    INFLOW_VOLUME: Variable(TOTALS, "m3"),
    BOUNDARY_IN: Variable(TOTALS, "m3"),
    BOUNDARY_OUT: Variable(TOTALS, "m3"),
    LEDGER_ERROR: Variable(TOTALS, "1"),
}
INPUTS = {STAGE: Variable(EDGES, "m"), INFLOW: Variable(INFLOWS, "m3 s-1")}
VARIABLES = OUTPUTS | INPUTS


def block_bytes(sizes: Mapping[int, int]) -> int:
    """Bytes of the shared memory; sizes: values by grid."""
    return max(sum(_padded(8 * sizes[v.grid]) for v in VARIABLES.values()), ALIGNMENT)


def views(block: mmap.mmap, sizes: Mapping[int, int]) -> dict[str, np.ndarray]:
    """Float64 array (size of its grid,) of each variable in the shared memory; read-only where the
    block is.
    """
    arrays, offset = {}, 0
    for name, variable in VARIABLES.items():
        arrays[name] = np.frombuffer(block, np.float64, sizes[variable.grid], offset)
        offset += _padded(8 * sizes[variable.grid])
    return arrays


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
