"""Which columns of which rows are computed: ground that no water can reach before the next look is
left out.

A cell at or below `wet_depth` neither gives water nor moves. Water wets at most one more cell a
step in each direction. So what lies REACH cells or more from a wet cell stays as it is for the next
STEPS steps, bit for bit, and is not swept.
"""

import numpy as np
from numba import njit

from flood_kernels.arrays import ALL_FACES, LANES, LEFT, LOOP, PAD, PART, ROW, Levels, Runs
from flood_kernels.points import rain_until
from flood_kernels.vectors import whole

STEPS = 4  # between two looks
EVERYTHING = -1  # steps left where all is computed
# cells: the growth of the wet ground, and what the stencils and limiters of its edge read
REACH = np.int64(STEPS + 3)  # no literal, which is a type of its own: see levels.MARGIN
NARROW_GAP = 1  # chunks of LANES columns: two pieces that are no further apart become one
# columns at most: shorter pieces cost more in calls than they save in cache (256: 10 % slower)
PIECE = 2048


@njit(**LOOP)
def count_wet(depth, wet_depth):
    """Cells deeper than wet_depth (m); one that is no number counts."""
    count = whole(0, depth)
    for i in range(depth.size):
        count = whole(count + whole(not depth[i] <= wet_depth, depth), depth)
    return count


@njit(**ROW)
def mark_wet(depth, runs, wet_depth, active):
    """Set `active` where a chunk that `runs` computes holds water, or lies less than REACH columns
    from water.
    """
    last = active.shape[1] - 1
    for row in range(depth.shape[0]):
        for n in range(runs.count[row]):
            for begin in range(runs.start[row, n], runs.stop[row, n], LANES):
                end, chunk = begin + LANES, (begin - LEFT) // LANES
                if count_wet(depth[row, begin:end], wet_depth) > 0:
                    active[row, chunk] = True
                    if chunk > 0 and count_wet(depth[row, begin : begin + REACH], wet_depth) > 0:
                        active[row, chunk - 1] = True
                    if chunk < last and count_wet(depth[row, end - REACH : end], wet_depth) > 0:
                        active[row, chunk + 1] = True


@njit(**PART)
def mark_cell(row, column, reach, active):
    """Set `active` where the columns up to `reach` from a cell (padded index) lie."""
    last = active.shape[1] - 1
    for side in (column - reach, column + reach):
        active[row, min(max(side - LEFT, 0) // LANES, last)] = True


@njit(**PART)
def mark_cells(rows, columns, reach, active):
    """Set `active` around single cells (padded index): sources, ghosts, structures."""
    for k in range(rows.size):
        mark_cell(rows[k], columns[k], reach, active)


@njit(**LOOP)
def rows_since(active, before, now):
    """Rows since the last marked one, per chunk: 0 where this row is marked; saturates."""
    for chunk in range(now.size):
        now[chunk] = 0 if active[chunk] else min(before[chunk] + 1, 2 * REACH)


@njit(**LOOP)
def mark_near(active, since, above, reach):
    """Mark the chunks with a marked row at most `reach` rows above or below; above, since : rows
    since one in either direction (since: updated).
    """
    for chunk in range(active.size):
        since[chunk] = 0 if active[chunk] else min(since[chunk] + 1, 2 * REACH)
        active[chunk] = min(above[chunk], since[chunk]) <= reach


@njit(**ROW)
def widen(active, reach, runs):
    """Dilate the marks by `reach` rows (REACH at most); runs : work space."""
    above, since = runs.above, runs.since
    rows = active.shape[0]
    since[:] = 2 * REACH
    for row in range(rows):
        rows_since(active[row], above[row - 1] if row > 0 else since, above[row])
    since[:] = 2 * REACH
    for row in range(rows - 1, -1, -1):
        mark_near(active[row], since, above[row], reach)


@njit(**ROW)
def cut_pieces(top, bottom, runs):
    """Turn the marks of rows top-2 .. bottom+1 (ghosts and what lies behind them) into pieces
    [start, stop).
    """
    chunks = runs.active.shape[1]
    runs.count[:] = 0
    for row in range(top - 2, bottom + 2):
        count, open_from, gap = 0, -1, 0
        for chunk in range(chunks + 1):
            wet = chunk < chunks and runs.active[row, chunk]
            if wet and open_from < 0:
                open_from = chunk
            gap = 0 if wet else gap + 1
            if open_from >= 0 and (
                gap > NARROW_GAP or chunk == chunks or (chunk - open_from) * LANES >= PIECE
            ):
                stop = chunk - gap + 1 if gap > 0 else chunk
                runs.start[row, count], runs.stop[row, count] = (
                    LEFT + open_from * LANES,
                    LEFT + stop * LANES,
                )
                runs.faces[row, count] = ALL_FACES
                count += 1
                open_from = chunk if wet else -1
        runs.count[row] = count


@njit(**PART)
def share_rows(band_rows, runs):
    """Give every band about the same number of cells, at least one row."""
    bands, top, bottom = band_rows.size - 1, band_rows[0], band_rows[-1]
    total = 0
    for row in range(top, bottom):
        total += LANES
        for n in range(runs.count[row]):
            total += runs.stop[row, n] - runs.start[row, n]
    done, band = 0, 1
    for row in range(top, bottom):
        if (
            band < bands
            and (done * bands >= band * total or bottom - row <= bands - band)
            and row > band_rows[band - 1]
        ):
            band_rows[band] = row
            band += 1
        done += LANES
        for n in range(runs.count[row]):
            done += runs.stop[row, n] - runs.start[row, n]


@njit(**PART)
def copy_marks(source, target):
    """target[:] = source would copy first, which functions without reference counting cannot."""
    for row in range(source.shape[0]):
        for chunk in range(source.shape[1]):
            target[row, chunk] = source[row, chunk]


@njit(**PART)
def count_marks(marks):
    """Number of marked chunks."""
    count = 0
    for row in range(marks.shape[0]):
        for chunk in range(marks.shape[1]):
            count += marks[row, chunk]
    return count


@njit(**PART)
def look_for_water(stop, wet_depth, cells, shared, runs, levels):
    """Before a step: look where the water is, every STEPS steps, and set runs.active. Returns
    whether it looked. While rain falls until `stop` (s) everything is computed, and so it is where
    wet_depth (m) is negative."""
    everything = wet_depth < 0.0 or rain_until(stop, shared.rain) > shared.rain.applied[0]
    if everything and runs.left[0] == EVERYTHING:
        return False
    if not everything and runs.left[0] > 0:
        runs.left[0] -= 1
        return False
    runs.left[0] = EVERYTHING if everything else STEPS - 1
    active = runs.active
    if everything:
        active[:] = True
        return True
    copy_marks(levels.fine, active)
    wet = cells.depth.dtype.type(wet_depth)
    mark_wet(cells.depth, runs, wet, active)
    mark_wet(cells.depth, levels.runs, wet, active)
    mark_cells(shared.sources.row, shared.sources.column, REACH, active)
    mark_cells(shared.boundaries.row, shared.boundaries.column, REACH, active)
    mark_cells(shared.structures.row, shared.structures.column, REACH, active)
    mark_cells(shared.pairs.to_row, shared.pairs.to_column, REACH, active)
    widen(active, REACH, runs)
    return True


@njit(**PART)
def choose_runs(stop, wet_depth, band_rows, cells, shared, runs, levels):
    """Before a step: which columns it computes, all of them in one step."""
    if look_for_water(stop, wet_depth, cells, shared, runs, levels):
        cut_pieces(band_rows[0], band_rows[-1], runs)
        share_rows(band_rows, runs)


@njit(**PART)
def same_runs(runs, one, other):
    """Whether two rows compute the same columns."""
    if runs.count[one] != runs.count[other]:
        return False
    same = True
    for n in range(runs.count[one]):
        same = (
            same
            and runs.start[one, n] == runs.start[other, n]
            and runs.stop[one, n] == runs.stop[other, n]
        )
    return same


@njit(**PART)
def idle(runs, row, above):
    """Whether `row` and the `above` rows before it compute nothing."""
    total = 0
    for k in range(max(row - above, 0), min(row, runs.count.size - 1) + 1):
        total += runs.count[k]
    return total == 0


def empty_runs(padded_rows, padded_columns):
    """Runs that compute every chunk; the caller's first look narrows them. padded_columns: LEFT + a
    multiple of LANES + what lies right of it.
    """
    chunks = (padded_columns - 2 * LEFT) // LANES
    count = np.zeros(padded_rows, np.int64)
    start, stop, faces = (
        np.zeros((padded_rows, chunks + 2), kind) for kind in (np.int32, np.int32, np.uint8)
    )
    work = (
        np.ones((padded_rows, chunks), np.bool_),
        np.zeros((padded_rows, chunks), np.uint8),
        np.zeros(chunks, np.uint8),
    )
    runs = Runs(np.zeros(1, np.int64), count, start, stop, faces, *work)
    cut_pieces(PAD, padded_rows - PAD, runs)
    return runs


def empty_levels(padded_rows, padded_columns, bands, real, used):
    """One step for all. used : whether the scheme may take local steps."""
    runs = empty_runs(padded_rows, padded_columns)
    runs.count[:] = 0
    shape = runs.active.shape
    fine, wanted, deepest = (
        np.zeros(shape, np.bool_),
        np.zeros(shape, np.bool_),
        np.zeros((3, *shape), real),
    )
    gain = np.zeros((padded_rows, padded_columns) if used else (1, 1), real)
    band_rows = np.linspace(PAD, padded_rows - PAD, bands + 1).astype(np.int64)
    return Levels(
        np.zeros(1, np.int64), np.zeros(1, np.bool_), fine, wanted, deepest, gain, runs, band_rows
    )
