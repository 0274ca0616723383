"""Layered storage of single cells: green roofs, permeable paving, rain gardens. From the bottom up, so that every flux knows the room below.

Equations: the layer stack of SWMM's LID controls (Rossman and Huber 2016, Reference manual III, Water quality, chapter 6), one column a facility.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from flood_kernels.arrays import ROW, WINDOW


class Stacks(NamedTuple):
    """Facilities, one a row; depths are m over the facility's own area."""

    row: np.ndarray  # int64 (n,) cell, not padded
    column: np.ndarray
    share: np.ndarray  # float64 (n,) of the cell's area that the facility covers, > 0 (a roof beside the cell may make it > 1)
    only_rain: np.ndarray  # bool (n,) it gets only what falls on it (roof); else all water of its cell
    entry: np.ndarray  # m/s, entry rate of soil or pavement after clogging
    soil_depth: np.ndarray  # m
    porosity: np.ndarray  # 1
    field_capacity: np.ndarray  # 1
    percolation: np.ndarray  # m/s from the soil down
    store_depth: np.ndarray  # m
    voids: np.ndarray  # 1
    seepage: np.ndarray  # m/s into the native ground
    drain: np.ndarray  # m^0.5/s, underdrain coefficient: C sqrt(h3 - offset)
    drain_offset: np.ndarray  # m over the store's bottom
    drain_row: np.ndarray  # int64 (n,) cell that receives the drained water
    drain_column: np.ndarray
    soil: np.ndarray  # m of water in the soil or pavement
    store: np.ndarray  # m of water in the store
    drained: np.ndarray  # m3 that left by the underdrain since the start
    infiltrated: np.ndarray  # m3 that seeped into the ground since the start


@njit(**ROW)
def advance_stack(soil, store, offered, entry, soil_depth, porosity, field_capacity, percolation, store_depth, voids, seepage, drain, offset, dt):
    """One step of a column: new soil and store (m), what entered, seeped and drained (m)."""
    seeped = min(seepage * dt, store)
    store -= seeped
    height = store / voids if voids > 0.0 else 0.0
    drained = min(drain * math.sqrt(max(height - offset, 0.0)) * dt, max(store - offset * voids, 0.0))
    store -= drained
    sinking = min(min(percolation * dt, max(soil - field_capacity * soil_depth, 0.0)), store_depth * voids - store)
    sinking = max(sinking, 0.0)
    soil -= sinking
    store += sinking
    room = soil_depth * porosity - soil if soil_depth > 0.0 else store_depth * voids - store
    entered = max(min(min(entry * dt, offered), room), 0.0)
    if soil_depth > 0.0:
        soil += entered
    else:
        store += entered
    return soil, store, entered, seeped, drained


@njit(**WINDOW)
def advance_stacks(depth, stacks, fallen, top, left, cell_area, dt):
    """All facilities, one window; underdrains empty into their cell. Returns nothing: water moves between depth and stacks exactly."""
    for k in range(stacks.row.size):
        j, i = stacks.row[k] + top, stacks.column[k] + left
        own = np.float64(depth[j, i])
        at_hand = own / stacks.share[k]
        if stacks.only_rain[k]:
            at_hand = min(at_hand, np.float64(fallen[min(stacks.row[k], fallen.shape[0] - 1), stacks.column[k]]))
        soil, store, entered, seeped, drained = advance_stack(
            stacks.soil[k], stacks.store[k], at_hand, stacks.entry[k], stacks.soil_depth[k], stacks.porosity[k], stacks.field_capacity[k],
            stacks.percolation[k], stacks.store_depth[k], stacks.voids[k], stacks.seepage[k], stacks.drain[k], stacks.drain_offset[k], dt,
        )  # fmt: skip
        depth[j, i] = max(own - entered * stacks.share[k], 0.0)
        rounded = entered - (own - np.float64(depth[j, i])) / stacks.share[k]  # what a float32 depth did not give up
        if stacks.soil_depth[k] > 0.0:
            soil -= rounded
        else:
            store -= rounded
        if drained > 0.0:
            y, x = stacks.drain_row[k] + top, stacks.drain_column[k] + left
            before = np.float64(depth[y, x])
            depth[y, x] = before + drained * stacks.share[k]
            given = (np.float64(depth[y, x]) - before) / stacks.share[k]
            store += drained - given
            stacks.drained[k] += given * stacks.share[k] * cell_area
        stacks.soil[k], stacks.store[k] = soil, store
        stacks.infiltrated[k] += seeped * stacks.share[k] * cell_area
