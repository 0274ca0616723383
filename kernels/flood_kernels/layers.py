"""Layered storage of single cells: green roofs, permeable paving, rain gardens. From the bottom up,
so that every flux knows the room below.

Equations: the layer stack of SWMM's LID controls (Rossman and Huber 2016, Reference manual III,
Water quality, chapter 6), one column a facility.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from flood_kernels.arrays import PARALLEL, ROW


class Stacks(NamedTuple):
    """Facilities on cells, one a row; those that drain within their row of cells first, sorted by
    it; depths are m over the facility's own area.
    """

    # int64 (rows + 1,) of the grid: first of each row's stacks; the rest, from first[-1] on, drain
    # into other rows
    first: np.ndarray
    kind: np.ndarray  # int32 (n,) row of `table`
    row: np.ndarray  # int32 (n,) cell, not padded
    column: np.ndarray
    drain_row: np.ndarray  # int32 (n,) cell that receives the drained water
    drain_column: np.ndarray
    # float64 (n,) of the cell's area that the facility covers, > 0 (a roof beside the cell may make
    # it > 1)
    share: np.ndarray
    soil: np.ndarray  # m of water in the soil or pavement
    store: np.ndarray  # m of water in the store
    table: np.ndarray  # float64 (kinds, 11): the columns below
    held: (
        np.ndarray
    )  # float64 (rows + 1,) m over the cell in the stacks of each row, and of the rest
    seeped: np.ndarray  # float64 (rows + 1,) m over the cell that seeped in the last window
    drained: (
        np.ndarray
    )  # float64 (rows + 1, kinds) m over the cell that left by underdrains since the start
    infiltrated: (
        np.ndarray
    )  # float64 (rows + 1, kinds) m over the cell that seeped into the ground since the start


# columns of `table`: entry rate m/s after clogging; soil depth m, porosity, field capacity,
# percolation m/s; store depth m, voids; seepage m/s into the native ground; underdrain m^0.5/s (C
# sqrt(h3 - offset)), its offset m; 1: it gets only the rain on it (roof), 0: all water of its cell
(
    ENTRY,
    SOIL_DEPTH,
    POROSITY,
    FIELD_CAPACITY,
    PERCOLATION,
    STORE_DEPTH,
    VOIDS,
    SEEPAGE,
    DRAIN,
    DRAIN_OFFSET,
    ONLY_RAIN,
) = range(11)


@njit(**ROW)
def advance_stack(
    soil,
    store,
    offered,
    entry,
    soil_depth,
    porosity,
    field_capacity,
    percolation,
    store_depth,
    voids,
    seepage,
    drain,
    offset,
    dt,
):
    """One step of a column: new soil and store (m), what entered, seeped and drained (m)."""
    seeped = min(seepage * dt, store)
    store -= seeped
    drained = 0.0
    if drain > 0.0:
        height = store / voids if voids > 0.0 else 0.0
        drained = min(
            drain * math.sqrt(max(height - offset, 0.0)) * dt, max(store - offset * voids, 0.0)
        )
        store -= drained
    sinking = min(
        min(percolation * dt, max(soil - field_capacity * soil_depth, 0.0)),
        store_depth * voids - store,
    )
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


@njit(**ROW)
def advance_one(k, part, depth, stacks, fallen, top, left, dt):
    """One facility on one cell; returns what seeped (m over the cell)."""
    kind, share = stacks.kind[k], stacks.share[k]
    law = stacks.table[kind]
    j, i = stacks.row[k] + top, stacks.column[k] + left
    own = np.float64(depth[j, i])
    soil, store = stacks.soil[k], stacks.store[k]
    if own <= 0.0 and store <= 0.0 and soil <= law[FIELD_CAPACITY] * law[SOIL_DEPTH]:
        return 0.0  # nothing comes, nothing sinks
    over_share = 1.0 / share
    at_hand = own * over_share
    if law[ONLY_RAIN] > 0.0:
        at_hand = min(
            at_hand, np.float64(fallen[min(stacks.row[k], fallen.shape[0] - 1), stacks.column[k]])
        )
    soil, store, entered, seeped, drained = advance_stack(
        soil,
        store,
        at_hand,
        law[ENTRY],
        law[SOIL_DEPTH],
        law[POROSITY],
        law[FIELD_CAPACITY],
        law[PERCOLATION],
        law[STORE_DEPTH],
        law[VOIDS],
        law[SEEPAGE],
        law[DRAIN],
        law[DRAIN_OFFSET],
        dt,
    )
    if entered > 0.0:
        depth[j, i] = max(own - entered * share, 0.0)
        rounded = (
            entered - (own - np.float64(depth[j, i])) * over_share
        )  # what a float32 depth did not give up
        if law[SOIL_DEPTH] > 0.0:
            soil -= rounded
        else:
            store -= rounded
    if drained > 0.0:
        y, x = stacks.drain_row[k] + top, stacks.drain_column[k] + left
        before = np.float64(depth[y, x])
        depth[y, x] = before + drained * share
        given = (np.float64(depth[y, x]) - before) * over_share
        store += drained - given
        stacks.drained[part, kind] += given * share
    stacks.soil[k], stacks.store[k] = soil, store
    stacks.infiltrated[part, kind] += seeped * share
    return seeped * share


@njit(**ROW)
def advance_part(part, begin, end, depth, stacks, fallen, top, left, dt):
    """Stacks begin to end, one after the other; sums into `part` of held and seeped."""
    seeped = held = 0.0
    for k in range(begin, end):
        seeped += advance_one(k, part, depth, stacks, fallen, top, left, dt)
        held += (stacks.soil[k] + stacks.store[k]) * stacks.share[k]
    stacks.held[part], stacks.seeped[part] = held, seeped


@njit(**PARALLEL)
def advance_stacks(depth, stacks, fallen, top, left, dt):
    """All facilities, one window: rows side by side, then those that drain into other rows. Water
    moves between depth and stacks exactly.
    """
    rows = stacks.first.size - 1
    for j in prange(rows):
        advance_part(j, stacks.first[j], stacks.first[j + 1], depth, stacks, fallen, top, left, dt)
    advance_part(rows, stacks.first[rows], stacks.row.size, depth, stacks, fallen, top, left, dt)
