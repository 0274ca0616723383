"""Second order: single faces of a row whose discharge is given (structures) or counted."""

import math

import numpy as np
from numba import njit

from flood_kernels.arrays import PART, ZERO
from flood_kernels.structures import given_momentum


@njit(**PART)
def override_faces(
    row,
    is_x,
    lo,
    hi,
    structures,
    mass,
    momentum_l,
    momentum_r,
    across,
    h_left,
    h_right,
    w_left,
    w_right,
    open_left,
    open_right,
    shift,
    gravity,
):
    """Give the faces of structures in columns lo..hi-1 of this row their own discharge; both sides
    see a wall that the water hits.

    h_left, w_left, open_left are indexed by the face's column - shift (x: the cell left of it, y:
    the same column of the row above).
    open_left, open_right : share of the cells that buildings leave open; of one entry: 1
    everywhere.
    """
    for k in range(structures.first[row], structures.first[row + 1]):
        i = structures.column[k]
        if structures.is_x[k] == is_x and structures.active[k] and lo <= i < hi:
            hl, hr, ul, ur = h_left[i - shift], h_right[i], w_left[i - shift], w_right[i]
            share_l, share_r = (
                (open_left[i - shift], open_right[i])
                if open_right.size > 1
                else (open_left[0], open_right[0])
            )
            q = structures.discharge[k]
            mass[i] = q
            momentum_l[i] = share_l * hl * ul * math.sqrt(gravity * hl)
            momentum_r[i] = -share_r * hr * ur * math.sqrt(gravity * hr)
            across[i] = ZERO
            if structures.given[k]:
                share, depth = (
                    np.float64(share_r if q > 0.0 else share_l),
                    np.float64(hr if q > 0.0 else hl),
                )
                brought = share * given_momentum(
                    q / share,
                    depth,
                    structures.given_stage[k],
                    structures.sill[k],
                    np.float64(gravity),
                )
                momentum_l[i] = momentum_r[i] = brought


@njit(**PART)
def count_faces(row, is_x, lo, hi, counters, mass):
    """Note the discharge of the counted faces in columns lo..hi-1 of this row."""
    for k in range(counters.first[row], counters.first[row + 1]):
        i = counters.column[k]
        if counters.is_x[k] == is_x and lo <= i < hi:
            counters.discharge[k] = mass[i]
