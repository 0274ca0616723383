"""Street and sewer at the nodes, one pass over them each: what a node is offered, what it is given,
where it spills. Arrays only; one file.

All of (nodes,), float64. The scheme: flood_sim/simulation/exchange.py and the documentation. Numpy
took a pass a term: 5,000 nodes beside a million cells cost 6 % of the surface's time, most of it in
passes over arrays of 40 kB.
"""

import numpy as np
from numba import njit

OPTIONS = {
    "cache": True,
    "fastmath": False,
    "error_model": "numpy",
    "nogil": True,
    "no_cfunc_wrapper": True,
}


@njit(**OPTIONS)
def accept(length, calm, spilled, delivered, captured_flow, free_flow, rules, acceptance):
    """What each node takes in the next window (m3/s) into `acceptance`; `calm` moves on. rules :
    calm s, growth, overfull offer, least offer, least calm.
    """
    calm_s, growth, overfull, least_offer, least_calm = rules
    step = length / calm_s
    for k in range(calm.size):
        full = spilled[k] > 0.0
        calm[k] = 0.0 if full else min(calm[k] + step, 1.0)
        if full:
            offer = overfull * max((delivered[k] - spilled[k]) / length, 0.0)
        else:
            offer = (1.0 + (growth - 1.0) * calm[k]) * captured_flow[k]
        acceptance[k] = offer + least_offer * free_flow[k] * max(calm[k], least_calm)


@njit(**OPTIONS)
def deliver(length, half, smallest, escrow, inflow, delivered):
    """Inflow (m3/s) that empties the escrow (m3) within the window, given that SWMM blends it in
    over a step of 2 `half` s; `delivered` m3 of it.
    """
    for k in range(escrow.size):
        flow = max(0.0, (escrow[k] - inflow[k] * half) / length)
        if flow < smallest:
            flow = 0.0
        delivered[k] = flow * length + (inflow[k] - flow) * half
        escrow[k] -= delivered[k]
        inflow[k] = flow


@njit(**OPTIONS)
def street_level(depth, nodes, rows, columns, bed, level):
    """Raise `level` (m) of the nodes to the water that stands over their return cells; depth (rows,
    columns) m.
    """
    for k in range(nodes.size):
        water = np.float64(depth[rows[k], columns[k]])
        if water > 0.0:
            level[nodes[k]] = max(level[nodes[k]], bed[k] + water)


@njit(**OPTIONS)
def orifice_head(flow, area, coefficient, gravity):
    """Head (m) that a flow (m3/s) through openings (m2) costs; 0 where there are none."""
    return (flow / (coefficient * area)) ** 2 / (2.0 * gravity) if area > 0.0 else 0.0


@njit(**OPTIONS)
def surcharge_depth(
    length, share, orifice, level, rim, lift, area, coupled, own, delivered, spilled, leaving, depth
):
    """Depth over the rim (m) at which each node spills, into `depth`; `leaving` (m3/s) moves on by
    `share`. orifice : coefficient, gravity.
    """
    coefficient, gravity = orifice
    for k in range(depth.size):
        net = delivered[k] - spilled[k]
        entering, out = max(net, 0.0) / length, max(-net, 0.0) / length
        leaving[k] += (out - leaving[k]) * share
        head = (
            level[k]
            + orifice_head(leaving[k], area[k], coefficient, gravity)
            - orifice_head(entering, area[k], coefficient, gravity)
        )
        depth[k] = max(max(head, rim[k] + lift[k]) - rim[k], 0.0) if coupled[k] else own[k]


@njit(**OPTIONS)
def take(
    length, captured, roofs, spilled, offered, escrow, flow, captured_flow, free_flow, sign_flips
):
    """What the street gave goes into the escrow; flows (m3/s, + leaves the sewer) of the window,
    and where their sign changed.
    """
    for k in range(escrow.size):
        escrow[k] += captured[k] + roofs[k]
        now = (spilled[k] - captured[k]) / length
        sign_flips[k] += now * flow[k] < 0.0
        flow[k] = now
        captured_flow[k] = captured[k] / length
        free_flow[k] = offered[k] / length
