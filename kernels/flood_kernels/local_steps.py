"""Local time steps: a deep river moves in short steps, shallow streets in long ones.

The faces are shared out: those between two cells of the fine ground (whole chunks of LANES columns)
move in short steps, all others in long ones, which go first. What the faces between both kinds
bring to a fine cell in the long step reaches it evenly, short step by short step: given at once it
excites waves (tried: 0.5 m on quickstart). Each sweep keeps its own Courant number and its own
limit on what a cell gives; water is moved, never copied. First order in the long step, like the
scheme. Related: Sanders 2008, doi:10.1016/j.advwatres.2008.05.008 (local time steps on a flooded
city, factor 1.3 to 3).
"""

import math

import numpy as np
from numba import njit

from flood_kernels.arrays import ABOVE, BELOW, GRAVITY, INSIDE, LANES, LEFT, LEFT_FACE, LOOP, PART
from flood_kernels.local_inertial_rows import bring_gain
from flood_kernels.pieces import (
    PIECE,
    copy_marks,
    count_marks,
    cut_pieces,
    look_for_water,
    mark_cell,
    mark_cells,
    share_rows,
    widen,
)
from flood_kernels.points import depth_to_be, rain_until

LOOK = 16  # long steps between two looks
# cells around deep ones that move in short steps: what spreads until the next look only shortens
# the long step
MARGIN = np.int64(4)  # a type of its own else: all that takes it would be compiled once more
WORTH = 0.8  # of the cost of one step for all: dearer ones are not taken


@njit(**LOOP)
def deepest_of(depth):
    """Largest depth of a slice (m); a NaN may be passed over (the next step finds it)."""
    deepest = depth[0]
    for i in range(depth.size):
        deepest = max(deepest, depth[i])
    return deepest


@njit(**PART)
def find_deepest(depth, runs, deepest):
    """Write the largest depth (m) of every chunk that `runs` computes, and of its outer MARGIN
    columns.
    """
    for row in range(depth.shape[0]):
        for n in range(runs.count[row]):
            for begin in range(runs.start[row, n], runs.stop[row, n], LANES):
                end, chunk = begin + LANES, (begin - LEFT) // LANES
                deepest[0, row, chunk] = deepest_of(depth[row, begin:end])
                deepest[1, row, chunk] = deepest_of(depth[row, begin : begin + MARGIN])
                deepest[2, row, chunk] = deepest_of(depth[row, end - MARGIN : end])


@njit(**PART)
def mark_deep(limit, shared, runs, levels):
    """Set levels.wanted where water is deeper than `limit` (m) or MARGIN cells from it, and around
    what sets or counts discharges.
    """
    wanted, deepest = levels.wanted, levels.deepest
    last = wanted.shape[1] - 1
    wanted[:] = False
    for row in range(wanted.shape[0]):
        for chunk in range(last + 1):
            if deepest[0, row, chunk] > limit:
                wanted[row, chunk] = True
                if chunk > 0 and deepest[1, row, chunk] > limit:
                    wanted[row, chunk - 1] = True
                if chunk < last and deepest[2, row, chunk] > limit:
                    wanted[row, chunk + 1] = True
    mark_cells(shared.boundaries.row, shared.boundaries.column, MARGIN, wanted)
    mark_cells(shared.structures.row, shared.structures.column, MARGIN, wanted)
    mark_cells(shared.pairs.to_row, shared.pairs.to_column, MARGIN, wanted)
    counters = shared.counters
    for row in range(counters.first.size - 1):
        for k in range(counters.first[row], counters.first[row + 1]):
            mark_cell(row, counters.column[k], MARGIN, wanted)
    widen(wanted, MARGIN, runs)


@njit(**PART)
def choose_fine(dry_depth, raining, largest_ratio, cells, shared, runs, levels):
    """Set levels.fine by the cheapest ratio of long to short steps: cost (1 + ratio x fine share) /
    ratio against 1.

    Returns the depth (m) that no other ground exceeds now."""
    deepest = levels.deepest
    deepest[:] = 0.0
    find_deepest(cells.depth, runs, deepest)
    find_deepest(cells.depth, levels.runs, deepest)
    top, wet = 0.0, 0
    for row in range(deepest.shape[1]):
        for chunk in range(deepest.shape[2]):
            top = max(top, np.float64(deepest[0, row, chunk]))
            wet += raining or deepest[0, row, chunk] > dry_depth
    cost, best = WORTH, 1
    for ratio in (2, 3, 4, 6, 8):
        if ratio > largest_ratio:
            break
        mark_deep(top / (ratio * ratio), shared, runs, levels)
        share = count_marks(levels.wanted) / max(wet, 1)
        if share + 1.0 / ratio < cost:
            cost, best = share + 1.0 / ratio, ratio
    if best > 1:
        mark_deep(top / (best * best), shared, runs, levels)
    else:
        levels.wanted[:] = False
    copy_marks(levels.wanted, levels.fine)
    return top / (best * best)


@njit(**PART)
def moving_faces(row, chunk, short, fine):
    """Which faces of a chunk the sweep moves: short steps those between fine chunks, long steps all
    others. Beyond the grid is as here.
    """
    here = fine[row, chunk]
    left, above = fine[row, max(chunk - 1, 0)], fine[max(row - 1, 0), chunk]
    below = fine[min(row + 1, fine.shape[0] - 1), chunk]
    if chunk == 0:
        left = here
    faces = np.uint8(0)
    if (here and left) == short:
        faces |= LEFT_FACE
    if (here and above) == short:
        faces |= ABOVE
    if (here and below) == short:
        faces |= BELOW
    if here == short:
        faces |= INSIDE
    return faces


@njit(**PART)
def cut_level(top, bottom, short, active, fine, runs):
    """The pieces of one sweep. Neighbours whose inner faces move become one. A fine chunk beside
    coarse ground takes part in the long step with its outer faces alone; its right face belongs to
    the chunk there."""
    chunks = fine.shape[1]
    runs.count[:] = 0
    for row in range(top - 1, bottom + 1):
        count, before = 0, np.uint8(0)
        for chunk in range(chunks):
            here = fine[row, chunk]
            faces = (
                moving_faces(row, chunk, short, fine)
                if active[row, chunk] and (here or not short)
                else np.uint8(0)
            )
            beside = not short and here and chunk + 1 < chunks and not fine[row, chunk + 1]
            if faces != 0 or beside:
                begin = LEFT + chunk * LANES
                joined = LEFT_FACE | INSIDE | (before & (ABOVE | BELOW))
                if (
                    faces == joined
                    and (before & INSIDE) != 0
                    and begin - runs.start[row, count - 1] < PIECE
                ):
                    runs.stop[row, count - 1] = begin + LANES
                else:
                    runs.start[row, count], runs.stop[row, count], runs.faces[row, count] = (
                        begin,
                        begin + LANES,
                        faces,
                    )
                    count += 1
            before = faces
        runs.count[row] = count


@njit(**PART)
def choose_levels(
    stop, wet_depth, dry_depth, largest_ratio, state, band_rows, cells, shared, runs, levels
):
    """Before a long step: which ground moves in short steps, and the pieces of both sweeps. Returns
    whether any does. largest_ratio: of long to short step, as much as a window holds; 0: never;
    state : as advance_window's, its speed of long steps is set at a look.
    """
    changed = False
    levels.left[0] -= 1
    if levels.left[0] <= 0 and largest_ratio > 0.0:
        levels.left[0] = LOOK
        raining = rain_until(stop, shared.rain) > shared.rain.applied[0]
        limit = choose_fine(dry_depth, raining, largest_ratio, cells, shared, runs, levels)
        state.fastest_long[0] = math.sqrt(
            GRAVITY * limit
        )  # ground that moved in short steps until now has not been felt by a long one
        changed = True
        runs.left[0] = 0
    if look_for_water(stop, wet_depth, cells, shared, runs, levels) or changed:
        local = count_marks(levels.fine) > 0
        if local:
            cut_level(band_rows[0], band_rows[-1], np.bool_(False), runs.active, levels.fine, runs)
            cut_level(
                band_rows[0], band_rows[-1], np.bool_(True), runs.active, levels.fine, levels.runs
            )
            share_rows(levels.band_rows, levels.runs)
        else:
            cut_pieces(band_rows[0], band_rows[-1], runs)
            levels.runs.count[:] = 0
        share_rows(band_rows, runs)
        levels.local[0] = local
    return levels.local[0]


@njit(**PART)
def signal_ahead(cells, shared, cell_area, fine):
    """Speed (m/s) that a long step must resolve and may not have felt yet: at sources about to be
    filled.
    """
    ahead, sources = 0.0, shared.sources
    for k in range(sources.row.size):
        if (
            sources.pending[k] > 0.0
            and not fine[sources.row[k], (sources.column[k] - LEFT) // LANES]
        ):
            ahead = max(ahead, depth_to_be(k, cells, sources, cell_area))
    return math.sqrt(GRAVITY * ahead)


@njit(**PART)
def bring_gains(cells, runs, gain, share_of_rest):
    """Short step: give fine cells at the rim their share of what the long step's faces bring."""
    for row in range(runs.count.size):
        for n in range(runs.count[row]):
            if not runs.faces[row, n] & INSIDE:
                bring_gain(
                    runs.start[row, n],
                    runs.stop[row, n],
                    gain[row],
                    cells.carry[row],
                    share_of_rest,
                )
