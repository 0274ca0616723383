"""Second order: the sweep along x, which moves a row on its own."""

from numba import njit

from flood_kernels.arrays import FUSED, INLINE, LANES, NEXT, ZERO, own_row
from flood_kernels.second_order_faces import count_faces, override_faces
from flood_kernels.second_order_rows import (
    BLOCK,
    Fluxes,
    Prediction,
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

MARGIN = (
    LANES // 2
    # columns computed beyond a piece: its first and last faces want two; with the two sides' half,
    # no scalar remainder is left
)


@njit(**INLINE)
def sweep_x(
    row,
    own,
    h,
    u,
    v,
    carry,
    cells,
    flow,
    peak,
    runs,
    work,
    faces,
    rough,
    standing,
    final,
    structures,
    counters,
    rain_depth,
    dt,
    scheme,
):
    """Advance one row along x, in place; own: this band owns the row (its counted faces are noted);
    final: no other sweep follows in this step (its fastest signal is noted).

    The pieces of a row follow each other: a piece that touches the one before finds its first
    predictions and fluxes done.
    """
    ratio = dt / scheme.cell_size
    z, g, weight = (
        cells.bed[row],
        cells.roughness[cells.roughness_row[row]],
        cells.rain_weight[cells.weight_row[row]],
    )
    p = Prediction(
        work[0], work[1], work[2], work[3], work[4], work[5], work[6], work[7], work[8], work[9]
    )
    f = Fluxes(faces[0], faces[1], faces[2], faces[3], faces[4])
    porous, open_ = cells.porosity.size > 1, cells.porosity[own_row(row, cells.porosity)]
    stands = standing if porous else h
    if porous:
        stand_row(0, h.size, h, open_, standing)
    before, rough_before, any_rough, built = (
        -1,
        False,
        False,
        structures.first[row + 1] > structures.first[row],
    )
    soon = (
        cells.depth[row + 1],
        flow.x[row + 1],
        flow.y[row + 1],
        cells.carry[row + 1],
        cells.bed[row + 1],
    )
    for n in range(runs.count[row]):
        a, b = runs.start[row, n], runs.stop[row, n]
        fresh = a != before
        first = a if fresh else a + 1
        begin, end = a - MARGIN if fresh else a + MARGIN, b + MARGIN
        predict_row(
            begin,
            end,
            NEXT,
            soon,
            (stands, stands, stands),
            (z, z, z),
            (u, u, u),
            (v, v, v),
            g,
            p,
            ratio,
            dt,
            scheme,
        )
        _flux_x(begin, end, z, open_, p, f, False, scheme)
        if built:
            _override_x(row, first, end, structures, p, f, open_, scheme)
        last_is_rough = _centre_x(
            a - 1 if fresh else first, first, b, stands, z, open_, p, f, rough, ratio, scheme
        )
        if rough_before and not fresh:
            _flux_x(first, first + 1, z, open_, p, f, True, scheme)
        any_rough = any_rough or rough[0]
        if built and (rough[0] or rough_before):
            _override_x(row, first, b + 1, structures, p, f, open_, scheme)
        if own and counters.first[row + 1] > counters.first[row]:
            count_faces(row, True, first, b + 1, counters, f.mass)
        if porous:
            update_porous_row(
                a, b, NEXT, f, f, p, h, u, v, carry, g, weight, open_, ratio, dt, rain_depth, scheme
            )
        else:
            update_row(
                a, b, NEXT, f, f, p, h, u, v, carry, g, weight, ratio, dt, rain_depth, scheme
            )
        if own and final:
            if porous:
                stand_row(a, b, h, open_, standing)
            signal_row(a, b, stands, u, v, peak, scheme)
        before, rough_before = b, last_is_rough
    if any_rough:
        p.centre[:] = ZERO


@njit(**FUSED)
def _override_x(row, lo, hi, structures, p, f, open_, scheme):
    override_faces(
        row,
        True,
        lo,
        hi,
        structures,
        f.mass,
        f.m_l,
        f.m_r,
        f.cross,
        p.h_r,
        p.h_l,
        p.w_r,
        p.w_l,
        open_,
        open_,
        1,
        scheme.gravity,
    )


@njit(**FUSED)
def _centre_x(lo, first, b, h, z, open_, p, f, rough, ratio, scheme):
    """Centre the rough blocks of cells lo..b and flux their faces (from `first` on) anew; rough[0]:
    there are any. Returns whether the last is.
    """
    rough[:] = False
    last = False
    for c in range(lo, b + 1, BLOCK):
        end = min(c + BLOCK, b + 1)
        last = rough_cells(c, end, NEXT, h, f, f, scheme.rough_from) > 0
        if last:
            rough[0] = rough[1 + (c - lo) // BLOCK] = True
            if open_.size > 1:
                centre_porous_row(c, end, NEXT, h, open_, p, f, f, ratio, scheme)
            else:
                centre_row(c, end, NEXT, h, p, f, f, ratio, scheme)
    if rough[0]:
        for c in range(lo, b + 1, BLOCK):
            if rough[1 + (c - lo) // BLOCK]:
                _flux_x(max(c, first), min(c + BLOCK + 1, b + 1), z, open_, p, f, True, scheme)
    return last


@njit(**FUSED)
def _flux_x(lo, hi, z, open_, p, f, centred, scheme):
    if open_.size > 1:
        flux_porous_row(lo, hi, NEXT, p, p, z, z, open_, open_, f, scheme)
    elif centred:
        flux_row(lo, hi, NEXT, p, p, z, z, p.centre, p.centre, f, scheme)
    else:
        flux_row(lo, hi, NEXT, p, p, z, z, None, None, f, scheme)
