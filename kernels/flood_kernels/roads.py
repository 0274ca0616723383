"""The driest way along segments of road: how deep the water is that a vehicle cannot avoid."""

import math

import numpy as np
from numba import njit

from flood_kernels.arrays import ROW, WINDOW

AROUND = 8  # neighbours of a cell, corners too


@njit(**ROW)
def root_of(parent, k):
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@njit(**WINDOW)
def driest_ways(depth, start, cell, end, neighbour, out):
    """Of each segment the least d such that cells at most d deep join its two ends over 8
    neighbours; inf where none does.

    depth (cells of the grid,) m;  segment k holds places start[k] to start[k + 1] of cell (flat
    indices) and end (bit 1: first end, 2: last); neighbour (places, 8): places of the neighbours in
    the same segment, -1 none;  out (segments,). Kruskal: cells are opened from the driest on.
    """
    for k in range(start.size - 1):
        low, n = start[k], start[k + 1] - start[k]
        value = np.empty(n)
        for j in range(n):
            value[j] = depth[cell[low + j]]
        order = np.argsort(value)
        parent = np.arange(n + 2)
        opened = np.zeros(n, np.bool_)
        out[k] = math.inf
        for j in order:
            if not math.isfinite(value[j]):
                break
            opened[j] = True
            if end[low + j] & 1:
                parent[root_of(parent, n)] = root_of(parent, j)
            if end[low + j] & 2:
                parent[root_of(parent, n + 1)] = root_of(parent, j)
            for q in range(AROUND):
                other = neighbour[low + j, q] - low
                if other >= 0 and opened[other]:
                    parent[root_of(parent, other)] = root_of(parent, j)
            if root_of(parent, n) == root_of(parent, n + 1):
                out[k] = value[j]
                break


@njit(**ROW)
def find_neighbours(start, cell, rows, columns, place, out):
    """Fills out (places, 8) for driest_ways; place (rows * columns,): scratch, -1 everywhere before
    and after.
    """
    for k in range(start.size - 1):
        for j in range(start[k], start[k + 1]):
            place[cell[j]] = j
        for j in range(start[k], start[k + 1]):
            row, column = cell[j] // columns, cell[j] % columns
            q = 0
            for down in range(-1, 2):
                for right in range(-1, 2):
                    if down != 0 or right != 0:
                        r, c = row + down, column + right
                        out[j, q] = (
                            place[r * columns + c] if 0 <= r < rows and 0 <= c < columns else -1
                        )
                        q += 1
        for j in range(start[k], start[k + 1]):
            place[cell[j]] = -1
