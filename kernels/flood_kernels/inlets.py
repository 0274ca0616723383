"""Openings and inlets: what they draw in a step, found together with the level that their draw
leaves.
"""

import math

import numpy as np
from numba import njit

from flood_kernels.arrays import GRAVITY, INLINE, LANES, LEFT, PART
from flood_kernels.on_grade import intercepted
from flood_kernels.structures import standing, take

DRAW_TRIALS, DRAW_TOLERANCE = 30, 1.0e-5  # of what inlets draw; two trials as a rule
MODULAR_LIMIT = 2.0 / 3.0
# Of the gutter's slope, and of uniform flow on it: where the water's level falls by less, or less
# runs through, the ponded law comes in. Uniform flow has all of the slope; the rest is for rough
# ground. An inlet that takes all halves the flow through its cell.
FALLING, RUNNING = 0.5, 0.4


@njit(**PART)
def inlet_law(head, perimeter, area, capacity, weir_coefficient, orifice_coefficient):
    """What an inlet draws (m3/s) under a head (m) over its rim, and how fast that grows (m2/s).

    Q = min(C_w P H^1.5, C_o A sqrt(2 g) phi(H), capacity), phi(x) = sqrt(x) above 1 cm and linear
    below (continuous). Sources: Villemonte 1947 (weir), Rubinato et al. 2017
    doi:10.1016/j.jhydrol.2017.06.024, HEC-22.
    """
    root, through = math.sqrt(head), orifice_coefficient * area * math.sqrt(2.0 * GRAVITY)
    over = weir_coefficient * perimeter * root
    drawn, growth = over * head, 1.5 * over
    if head > 0.01:
        if through * root < drawn:
            drawn, growth = through * root, 0.5 * through / root
    elif through * head / 0.1 < drawn:
        drawn, growth = through * head / 0.1, through / 0.1
    return (drawn, growth) if drawn < capacity else (capacity, 0.0)


@njit(**PART)
def draw_cell(first, stop, base, lowering, inlets, weir_coefficient, orifice_coefficient):
    """Set what the inlets first .. stop-1 of a cell draw (`wanted`, m3/s) at the depth d (m) that
    their own draw leaves: d + lowering x sum(Q(d)) = base. Q is the ponded law's, on grade what
    set_on_grade left of it. A rim below the ground counts as ground.

    base : m, without their draw;  lowering : m a m3/s.
    """
    low, high, depth = 0.0, base, base
    for _ in range(DRAW_TRIALS):
        total = growth = 0.0
        for k in range(first, stop):
            head, drawn, grows = depth - max(inlets.rim[k] - inlets.bed[k], 0.0), 0.0, 0.0
            if head > 0.0:
                drawn, grows = inlet_law(
                    head,
                    inlets.perimeter[k],
                    inlets.area[k],
                    inlets.most[k],
                    weir_coefficient,
                    orifice_coefficient,
                )
            grade = inlets.on_grade
            drawn = grade.taken[k] + grade.ponded[k] * drawn
            inlets.wanted[k] = drawn
            total, growth = total + drawn, growth + grade.ponded[k] * grows
        over = depth + lowering * total - base
        if abs(over) <= DRAW_TOLERANCE * lowering * total:
            return
        if over > 0.0:
            high = depth
        else:
            low = depth
        depth -= over / (1.0 + lowering * growth)
        if not low < depth < high:
            depth = 0.5 * (low + high)


@njit(**PART)
def has_structure(structures, j, i, is_x):
    """Whether a structure rules the face left of (is_x) or above cell (j, i)."""
    for k in range(structures.first[j], structures.first[j + 1]):
        if structures.column[k] == i and structures.is_x[k] == is_x and structures.active[k]:
            return True
    return False


@njit(**PART)
def head_of(cells, flow, j, i, axis):
    """Second order: level with the velocity head along x (axis 0) or y (m above the datum)."""
    speed = np.float64(flow.x[j, i] if axis == 0 else flow.y[j, i])
    return np.float64(cells.bed[j, i]) + standing(cells, j, i) + speed * speed / (2.0 * GRAVITY)


@njit(**PART)
def approach(cells, flow, structures, j, i):
    """Second order: how much higher (m) than a cell's water the head of the water around it is, and
    the share (0 to 1) in which both are one water.

    A cell that is drawn from lets flow pass at its faces like an open end (Godunov): its level
    falls under the street's by h u / c, however short the step. So the laws take the energy head of
    what comes in, level + v^2 / 2 g, v the mean inward speed of opposite sides; head is not gained
    on the way in. What falls in freely (tail below 2/3 of the depth over the higher bed, the
    modular limit of a broad crest) counts as far as it is drowned.
    """
    own, share, rise = standing(cells, j, i), 0.0, 0.0
    for axis in range(2):
        dj, di = (0, 1) if axis == 0 else (1, 0)
        joined = inward = gain = 0.0
        for side in range(-1, 2, 2):
            jn, im = j + side * dj, i + side * di
            step = np.float64(cells.bed[jn, im]) - np.float64(cells.bed[j, i])
            here, there = own - max(step, 0.0), standing(cells, jn, im) + min(step, 0.0)
            if min(here, there) <= 0.0 or has_structure(
                structures, max(j, jn), max(i, im), axis == 0
            ):
                continue
            drowned = min(min(here, there) / (MODULAR_LIMIT * max(here, there)), 1.0)
            joined += drowned
            rise += drowned * (there - here)
            inward -= drowned * side * np.float64(flow.x[jn, im] if axis == 0 else flow.y[jn, im])
            gain += drowned * max(
                head_of(cells, flow, jn + side * dj, im + side * di, axis)
                - there
                - max(step, 0.0)
                - np.float64(cells.bed[j, i]),
                0.0,
            )
        inward = max(inward, 0.0) / max(joined, 1.0)
        share += joined
        rise += min(joined * inward * inward / (2.0 * GRAVITY), gain)
    return rise / max(share, 1.0), min(share, 1.0)


@njit(**INLINE)
def level_fall(cells, structures, j, i, level, cell_size):
    """Slope (m/m) at which a level (m above the datum) of a cell falls to the lower of the
    neighbours along x and along y, both together; 0 in a pond. Dry ground counts as its bed.
    """
    square = 0.0
    for axis in range(2):
        dj, di = (0, 1) if axis == 0 else (1, 0)
        most = 0.0
        for side in range(-1, 2, 2):
            jn, im = j + side * dj, i + side * di
            fall = level - np.float64(cells.bed[jn, im]) - standing(cells, jn, im)
            if fall > most and not has_structure(structures, max(j, jn), max(i, im), axis == 0):
                most = fall
        square += most * most
    return math.sqrt(square) / cell_size


@njit(**PART)
def set_on_grade(
    first, stop, cells, counters, structures, base, lowering, inlets, limits, cell_size
):
    """Set what inlets first .. stop-1 of a cell take of the flow that runs through it (`taken`,
    m3/s), and which share of the ponded law is left to each. base, lowering : as draw_cell's.

    HEC-22 where the level falls along the street as the gutter does and the flow of the last step
    is near the uniform one (critical at most) of the depth; the ponded law where one of both is 0;
    in between both by their shares. The level is the one that HEC-22's draw leaves. Bounded by the
    inlet law under the flow's energy head, by capacity and node, and by the water there.
    """
    grade, gutters, total, lead = inlets.on_grade, 0.0, 0.0, first
    for k in range(first, stop):
        grade.taken[k], grade.ponded[k] = 0.0, 1.0
        gutters += grade.count[k]
        lead = k if grade.count[k] > 0.0 else lead
    if gutters == 0.0 or base <= 0.0:
        return
    j, i, gutters = inlets.row[first], inlets.column[first], max(gutters, 1.0)
    q, faces = counters.discharge, grade.faces
    left, right = q[faces[lead, 0]], q[faces[lead, 1]]
    above, below = q[faces[lead, 2]], q[faces[lead, 3]]
    enters = max(left, 0.0) + max(-right, 0.0) + max(above, 0.0) + max(-below, 0.0)
    through = 0.5 * math.hypot(left + right, above + below)
    each = enters * cell_size / gutters
    for k in range(first, stop):
        if grade.count[k] > 0.0 and each > 0.0:
            drawn, head = intercepted(k, grade, each, cell_size / gutters)
            head -= max(inlets.rim[k] - inlets.bed[k], 0.0)
            largest = 0.0
            if head > 0.0:
                largest, _ = inlet_law(
                    head,
                    inlets.perimeter[k],
                    inlets.area[k],
                    inlets.most[k],
                    limits.weir,
                    limits.orifice,
                )
            grade.taken[k] = min(grade.count[k] * drawn, largest)
            total += grade.taken[k]
    there = 1.0
    if lowering * total > base:
        there = base / (lowering * total)
    level = np.float64(cells.bed[j, i]) + base - there * lowering * total
    fall = level_fall(cells, structures, j, i, level, cell_size)
    rough = abs(np.float64(cells.roughness[cells.roughness_row[j], i]))  # n sqrt(g/2)
    for k in range(first, stop):
        if grade.count[k] > 0.0:
            uniform = base ** (5.0 / 3.0) * math.sqrt(0.5 * GRAVITY * grade.long_slope[k]) / rough
            running = through / min(uniform, base * math.sqrt(GRAVITY * base))
            share = min(fall / (FALLING * grade.long_slope[k]), 1.0)
            share *= min(running / RUNNING, 1.0)
            grade.taken[k] *= share * there
            grade.ponded[k] = 1.0 - share


@njit(**PART)
def accept_shares(inlets, fine, short):
    """Cut what inlets want down to what their nodes accept; `most` (m3/s) is what then bounds each.
    What a node's inlets on ground of the other steps want counts too.
    """
    inlets.free_flow[:] = 0.0
    for k in range(inlets.row.size):
        now = fine[inlets.row[k], (inlets.column[k] - LEFT) // LANES] == short
        inlets.free_flow[inlets.node[k]] += inlets.wanted[k] if now else inlets.free[k]
    for k in range(inlets.row.size):
        node = inlets.node[k]
        if inlets.free_flow[node] > inlets.acceptance[node]:
            inlets.wanted[k] *= inlets.acceptance[node] / inlets.free_flow[node]
            inlets.most[k] = inlets.wanted[k]


@njit(**PART)
def cell_of(first, inlets):
    """End of the inlets that lie in one cell with inlet `first`, and whether its node bounds one of
    them while another is free to take more.
    """
    stop, bound, loose = first, False, False
    while stop < inlets.row.size and inlets.cell[stop] == inlets.cell[first]:
        held = inlets.most[stop] < inlets.capacity[stop]
        bound, loose = bound or held, loose or (not held and inlets.capacity[stop] > 0.0)
        stop += 1
    return stop, bound and loose


@njit(**PART)
def want(cells, flow, with_velocity, shared, fine, short, limits, cell_area, dt, again):
    """What the inlets on ground of this step want (m3/s). again: only those of cells where a node
    bounds one inlet and not another. Returns whether there are such.
    """
    inlets, first, found = shared.inlets, np.int64(0), False
    while first < inlets.row.size:
        stop, mixed = cell_of(first, inlets)
        j, i = inlets.row[first], inlets.column[first]
        if (mixed or not again) and fine[j, (i - LEFT) // LANES] == short:
            base = standing(cells, j, i)
            open_ = np.float64(cells.porosity[j, i]) if cells.porosity.size > 1 else 1.0
            lowering = dt / (cell_area * open_)
            if with_velocity and base > 0.0:
                rise, share = approach(cells, flow, shared.structures, j, i)
                base, lowering = max(base + rise, 0.0), lowering * (1.0 - share)
            set_on_grade(
                first,
                stop,
                cells,
                shared.counters,
                shared.structures,
                base,
                lowering,
                inlets,
                limits,
                math.sqrt(cell_area),
            )
            draw_cell(first, stop, base, lowering, inlets, limits.weir, limits.orifice)
            found = found or mixed
        first = stop
    return found


@njit(**INLINE)
def take_wanted(cells, inlets, fine, short, fullest, cell_area, dt):
    """Take from the street what the inlets want, in all at most `fullest` of what a cell holds."""
    first = np.int64(0)
    while first < inlets.row.size:
        stop, _ = cell_of(first, inlets)
        j, i, total = inlets.row[first], inlets.column[first], 0.0
        for k in range(first, stop):
            total += inlets.wanted[k] * dt
        if total > 0.0 and fine[j, (i - LEFT) // LANES] == short:
            share = min(np.float64(cells.depth[j, i]) * cell_area * fullest / total, 1.0)
            for k in range(first, stop):
                taken = take(cells, j, i, inlets.wanted[k] * dt * share, cell_area)
                inlets.captured[inlets.node[k]] += taken
        first = stop


@njit(**PART)
def capture_inlets(cells, flow, with_velocity, shared, fine, short, limits, cell_area, dt):
    """Take from the street what the inlets draw in dt at the level that their draw leaves. A node
    takes at most its acceptance.

    fine (rows, chunks) : ground of short steps;  short : whether this is such a step;  limits :
    arrays.Limits.
    """
    inlets = shared.inlets
    for k in range(inlets.row.size):
        inlets.most[k] = inlets.capacity[k]
    want(cells, flow, with_velocity, shared, fine, short, limits, cell_area, dt, np.bool_(False))
    for k in range(inlets.row.size):
        if fine[inlets.row[k], (inlets.column[k] - LEFT) // LANES] == short:
            inlets.free[k] = inlets.wanted[k]
            inlets.offered[inlets.node[k]] += inlets.free[k] * dt
    accept_shares(inlets, fine, short)
    if want(cells, flow, with_velocity, shared, fine, short, limits, cell_area, dt, np.bool_(True)):
        accept_shares(inlets, fine, short)
    take_wanted(cells, inlets, fine, short, limits.drawn_share, cell_area, dt)


@njit(**INLINE)
def deepest_coupled(cells, inlets):
    """Largest depth (m) of the cells that have an inlet."""
    deepest = 0.0
    for k in range(inlets.row.size):
        deepest = max(deepest, standing(cells, inlets.row[k], inlets.column[k]))
    return deepest
