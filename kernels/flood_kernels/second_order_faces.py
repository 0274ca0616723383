"""Second order: single faces of a row whose discharge is given (structures) or counted."""

import math

import numpy as np
from numba import njit

from flood_kernels.arrays import ROW, ZERO
from flood_kernels.structures import given_momentum


@njit(**ROW)
def override_faces(row, is_x, lo, hi, structures, mass, momentum_l, momentum_r, across, h_left, h_right, w_left, w_right, shift, gravity):
    """Give the faces of structures in columns lo..hi-1 of this row their own discharge; both sides see a wall that the water hits.

    h_left, w_left are indexed by the face's column - shift (x: the cell left of it, y: the same column of the row above).
    """
    for k in range(structures.first[row], structures.first[row + 1]):
        i = structures.column[k]
        if structures.is_x[k] == is_x and structures.active[k] and lo <= i < hi:
            hl, hr, ul, ur = h_left[i - shift], h_right[i], w_left[i - shift], w_right[i]
            q = structures.discharge[k]
            mass[i] = q
            momentum_l[i] = hl * ul * math.sqrt(gravity * hl)
            momentum_r[i] = -hr * ur * math.sqrt(gravity * hr)
            across[i] = ZERO
            if structures.given[k]:
                brought = given_momentum(q, np.float64(hr if q > 0.0 else hl), structures.given_stage[k], structures.sill[k], np.float64(gravity))
                momentum_l[i] = momentum_r[i] = brought


@njit(**ROW)
def count_faces(row, is_x, lo, hi, counters, mass):
    """Note the discharge of the counted faces in columns lo..hi-1 of this row."""
    for k in range(counters.first[row], counters.first[row + 1]):
        i = counters.column[k]
        if counters.is_x[k] == is_x and lo <= i < hi:
            counters.discharge[k] = mass[i]
