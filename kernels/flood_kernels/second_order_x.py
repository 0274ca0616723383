"""Second order: the sweep along x, which moves a row on its own."""

from numba import njit

from flood_kernels.arrays import FUSED, INLINE, LANES, ROW, ZERO
from flood_kernels.second_order_faces import count_faces, override_faces
from flood_kernels.second_order_rows import (
    BLOCK,
    centre_porous_row,
    centre_row,
    flux_porous_row,
    flux_row,
    predict_row,
    rough_cells,
    signal_row,
    stand_row,
    update_porous_row,
    update_row,
)


@njit(**ROW)
def own_row(row, array):
    """Row of an array that may have one for all."""
    return row if array.shape[0] > 1 else row - row


@njit(**INLINE)
def sweep_x(row, own, h, u, v, carry, cells, peak, runs, work, faces, rough, standing, final, structures, counters, rain_depth, dt, scheme):
    """Advance one row along x, in place; own: this band owns the row (its counted faces are noted);
    final: no other sweep follows in this step (its fastest signal is noted).

    The pieces of a row follow each other: a piece that touches the one before finds its first predictions and fluxes done.
    """
    ratio = dt / scheme.cell_size
    z, g, weight = cells.bed[row], cells.roughness[cells.roughness_row[row]], cells.rain_weight[cells.weight_row[row]]
    mass, m_l, m_r, cross = faces[0], faces[1], faces[2], faces[3]
    porous, open_ = cells.porosity.size > 1, cells.porosity[own_row(row, cells.porosity)]
    stands = standing if porous else h
    if porous:
        stand_row(h, open_, standing)
    before, rough_before, any_rough, built = -1, False, False, structures.first[row + 1] > structures.first[row]
    for n in range(runs.count[row]):
        a, b = runs.start[row, n], runs.stop[row, n]
        fresh = a != before
        first = a if fresh else a + 1
        begin = a - LANES if fresh else a + LANES
        _predict_x(begin, b + LANES, stands, u, v, z, g, work, ratio, dt, scheme)
        _flux_x(begin + 1 if fresh else begin, b + LANES, z, open_, work, faces, scheme)
        if built:
            override_faces(
                row, True, first, b + LANES, structures, mass, m_l, m_r, cross, work[1], work[0], work[3], work[2], open_, open_, 1, scheme.gravity
            )
        last_is_rough = _centre_x(a - 1 if fresh else first, first, b, stands, z, open_, work, faces, rough, ratio, scheme)
        if rough_before and not fresh:
            _flux_x(first, first + 1, z, open_, work, faces, scheme)
        any_rough = any_rough or rough[0]
        if built and (rough[0] or rough_before):
            override_faces(
                row, True, first, b + 1, structures, mass, m_l, m_r, cross, work[1], work[0], work[3], work[2], open_, open_, 1, scheme.gravity
            )
        if own and counters.first[row + 1] > counters.first[row]:
            count_faces(row, True, first, b + 1, counters, mass)
        if porous:
            update_porous_row(
                mass[a:b], mass[a + 1 : b + 1], m_r[a:b], m_l[a + 1 : b + 1], cross[a:b], cross[a + 1 : b + 1], work[6, a:b],
                h[a:b], u[a:b], v[a:b], work[9, a:b], carry[a:b], g[a:b], weight[a:b], open_[a:b], ratio, dt, rain_depth, scheme,
            )  # fmt: skip
        else:
            update_row(
                mass[a:b], mass[a + 1 : b + 1], m_r[a:b], m_l[a + 1 : b + 1], cross[a:b], cross[a + 1 : b + 1], work[6, a:b],
                h[a:b], u[a:b], v[a:b], work[9, a:b], carry[a:b], g[a:b], weight[a:b], ratio, dt, rain_depth, scheme,
            )  # fmt: skip
        if own and final:
            if porous:
                stand_row(h[a:b], open_[a:b], standing[a:b])
            signal_row(stands[a:b], u[a:b], v[a:b], peak[a:b], scheme)
        before, rough_before = b, last_is_rough
    if any_rough:
        work[8, :] = ZERO


@njit(**FUSED)
def _centre_x(lo, first, b, h, z, open_, work, faces, rough, ratio, scheme):
    """Centre the rough blocks of cells lo..b and flux their faces (from `first` on) anew; rough[0]: there are any. Returns whether the last is."""
    mass, jump = faces[0], faces[4]
    rough[:] = False
    last = False
    for c in range(lo, b + 1, BLOCK):
        end = min(c + BLOCK, b + 1)
        last = rough_cells(h[c:end], jump[c:end], jump[c + 1 : end + 1], scheme.rough_from) > 0
        if last:
            rough[0] = rough[1 + (c - lo) // BLOCK] = True
            s, after = slice(c, end), slice(c + 1, end + 1)
            if open_.size > 1:
                centre_porous_row(h[s], work[0][s], work[1][s], mass[s], mass[after], jump[s], jump[after], open_[s], work[8][s], ratio, scheme)
            else:
                centre_row(h[s], work[0][s], work[1][s], mass[s], mass[after], jump[s], jump[after], work[8][s], ratio, scheme)
    if rough[0]:
        for c in range(lo, b + 1, BLOCK):
            if rough[1 + (c - lo) // BLOCK]:
                _flux_x(max(c, first), min(c + BLOCK + 1, b + 1), z, open_, work, faces, scheme)
    return last


@njit(**INLINE)
def _predict_x(lo, hi, h, u, v, z, g, work, ratio, dt, scheme):
    b, a = slice(lo - 1, hi - 1), slice(lo + 1, hi + 1)
    s = slice(lo, hi)
    predict_row(
        h[b], h[s], h[a], z[b], z[s], z[a], u[b], u[s], u[a], v[b], v[s], v[a], g[s],
        work[0][s], work[1][s], work[2][s], work[3][s], work[4][s], work[5][s], work[6][s], work[7][s], work[9][s], ratio, dt, scheme,
    )  # fmt: skip


@njit(**FUSED)
def _flux_x(lo, hi, z, open_, work, faces, scheme):
    b, s = slice(lo - 1, hi - 1), slice(lo, hi)
    if open_.size > 1:
        flux_porous_row(
            work[1][b], work[0][s], work[3][b], work[2][s], work[5][b], work[4][s], z[b], z[s], work[7][b], work[7][s], work[8][b], work[8][s],
            open_[b], open_[s], faces[0][s], faces[1][s], faces[2][s], faces[3][s], faces[4][s], scheme,
        )  # fmt: skip
        return
    flux_row(
        work[1][b], work[0][s], work[3][b], work[2][s], work[5][b], work[4][s], z[b], z[s], work[7][b], work[7][s], work[8][b], work[8][s],
        faces[0][s], faces[1][s], faces[2][s], faces[3][s], faces[4][s], scheme,
    )  # fmt: skip
