"""Discharge laws of structures: walls, dykes, weirs, gates and bridge decks on faces; culverts and
pumps between two cells.

Each law is bounded by what inertia lets the water reach in a step (it is then smooth where levels
meet) and by a quarter of the giving cell's water: the one limiter of all structures.
"""

import math

import numpy as np
from numba import njit

from flood_kernels.arrays import DEEPEST_RATED, GRAVITY, PART, ROW

CONTRACTION = 0.61  # of the jet under a gate
LARGEST_SHARE = 0.25  # of the giving cell's water a step
ROUGHNESS = 0.03  # Manning's n under a bridge deck


@njit(**PART)
def standing(cells, j, i):
    """Depth (m) at which the water of a cell stands between its buildings."""
    depth = np.float64(cells.depth[j, i])
    return depth / np.float64(cells.porosity[j, i]) if cells.porosity.size > 1 else depth


@njit(**ROW)
def weir_discharge(upper, lower, crest, coefficient):
    """m2/s over a crest, levels in m: C H1^1.5 (1 - (H2/H1)^1.5)^0.385 (Villemonte 1947), never
    negative.
    """
    head = upper - crest
    if head <= 0.0:
        return 0.0
    drowned = min(max(lower - crest, 0.0) / head, 1.0)
    return coefficient * head * math.sqrt(head) * (1.0 - drowned * math.sqrt(drowned)) ** 0.385


@njit(**ROW)
def gate_discharge(upper, lower, sill, soffit, weir, orifice):
    """m2/s under a gate: the weir over its sill until the opening drowns, then C a sqrt(2 g dH);
    the jet contracts to 0.61 a.
    """
    opening = soffit - sill
    if upper <= sill or opening <= 0.0:
        return 0.0
    head = upper - max(lower, sill + CONTRACTION * opening)
    if upper < soffit or head <= 0.0:
        free = weir_discharge(upper, lower, sill, weir)
        return (
            free
            if upper < soffit
            else min(free, orifice * opening * math.sqrt(2.0 * GRAVITY * max(upper - lower, 0.0)))
        )
    return min(
        weir_discharge(upper, lower, sill, weir),
        orifice * opening * math.sqrt(2.0 * GRAVITY * head),
    )


@njit(**PART)
def reachable(before, downhill, deep, fall, cell_size, dt):
    """m2/s that water of this depth (m) reaches towards `downhill` (+1, -1) in a step from
    discharge `before` under a fall (m) over one cell.
    """
    return max(before * downhill + GRAVITY * deep * dt * fall / cell_size, 0.0)


@njit(**PART)
def set_structures(cells, flow, with_velocity, structures, cell_size, dt):
    """Discharge of every structure face for this step; positive towards +column, +row."""
    for k in range(structures.row.size):
        if structures.given[k]:
            continue
        j, i = structures.row[k], structures.column[k]
        jl, il = (j, i - 1) if structures.is_x[k] else (j - 1, i)
        depth_l, depth_r = standing(cells, jl, il), standing(cells, j, i)
        bed_l, bed_r = np.float64(cells.bed[jl, il]), np.float64(cells.bed[j, i])
        level_l, level_r = bed_l + depth_l, bed_r + depth_r
        ground = max(bed_l, bed_r)
        downhill = 1.0 if level_l >= level_r else -1.0
        upper, lower = max(level_l, level_r), min(level_l, level_r)
        fall, giver = (
            upper - lower,
            np.float64(cells.depth[jl, il] if downhill > 0.0 else cells.depth[j, i]),
        )
        over = through = 0.0
        crest = max(structures.crest[k], ground)
        if upper > crest:
            law = weir_discharge(upper, lower, crest, structures.weir[k])
            over = min(
                law, reachable(structures.over[k], downhill, upper - crest, fall, cell_size, dt)
            )
        sill, soffit = max(structures.sill[k], ground), structures.soffit[k]
        structures.active[k] = True
        if structures.deck[k]:
            before = structures.through[k] * downhill
            if upper <= soffit:
                structures.active[k] = False
                if with_velocity:
                    speed_l, speed_r = (
                        (flow.x[jl, il], flow.x[j, i])
                        if structures.is_x[k]
                        else (flow.y[jl, il], flow.y[j, i])
                    )
                    structures.through[k] = 0.5 * (depth_l * speed_l + depth_r * speed_r)
                else:
                    structures.through[k] = flow.x[j, i] if structures.is_x[k] else flow.y[j, i]
                structures.over[k] = 0.0
                continue
            deep = min(soffit - sill, upper - sill)
            if deep > 0.0:
                free = max(before + GRAVITY * deep * dt * fall / cell_size, 0.0)
                loss = 0.5 / (
                    structures.orifice[k] ** 2 * cell_size * deep
                )  # steady: through = C deep sqrt(2 g fall), friction apart
                brake = GRAVITY * ROUGHNESS**2 * deep ** (-7.0 / 3.0) + loss
                through = 2.0 * free / (1.0 + math.sqrt(1.0 + 4.0 * dt * brake * free))
        elif sill < soffit and upper > sill:
            law = gate_discharge(
                upper, lower, sill, soffit, structures.weir[k], structures.orifice[k]
            )
            through = min(
                law,
                reachable(
                    structures.through[k], downhill, min(upper, soffit) - sill, fall, cell_size, dt
                ),
            )
        total = structures.width[k] * (over + through)
        bound = LARGEST_SHARE * giver * cell_size / dt
        share = bound / total if total > bound else 1.0
        structures.over[k] = downhill * over * share
        structures.through[k] = downhill * through * share
        structures.discharge[k] = downhill * total * share


@njit(**PART)
def given_momentum(discharge, depth, stage, bed, gravity):
    """Momentum flux (m3/s2) that a given discharge (m2/s) brings into a cell of this depth (m),
    less the cell's own pressure.

    q u + g/2 (h_b^2 - h^2), u = q / h_b; h_b from the stage, else the cell's own depth, never below
    critical (q^2/g)^(1/3).
    """
    critical = (discharge * discharge / gravity) ** (1.0 / 3.0)
    brought = max(depth, critical) if math.isnan(stage) else max(stage - bed, 1.0e-6)
    own = brought if math.isnan(stage) else depth
    return (
        discharge * discharge / brought + 0.5 * gravity * (brought * brought - own * own)
        if discharge != 0.0
        else 0.0
    )


@njit(**ROW)
def culvert_discharge(upper, lower, invert_upper, invert_lower, height, area, loss, rating):
    """m3/s through a barrel: its rating with a free outlet (inlet and outlet control), or less
    where the tailwater leaves less to its losses.
    """
    head = upper - invert_upper
    if head <= 0.0:
        return 0.0
    last = rating.size - 1
    place = math.sqrt(head / (DEEPEST_RATED * height)) * last
    k = min(int(place), last - 1)
    free = rating[k] + (place - k) * (
        rating[k + 1] - rating[k]
    )  # beyond the table the last stretch goes on: drowned, Q is linear in the root
    fall = upper - max(lower, invert_lower)
    return min(
        free, area * min(head / height, 1.0) * math.sqrt(2.0 * GRAVITY * max(fall, 0.0) / loss)
    )


@njit(**PART)
def take(cells, j, i, volume, cell_area):
    """Take water (m3) out of a cell; returns what was taken, as the depth shows it."""
    before = cells.depth[j, i]
    cells.depth[j, i] = max(before - volume / cell_area, 0.0)
    return (np.float64(before) - np.float64(cells.depth[j, i])) * cell_area


@njit(**PART)
def put(cells, j, i, volume, cell_area):
    """Put water (m3) into a cell; returns what its float type could not hold."""
    before = cells.carry[j, i]
    cells.carry[j, i] = before + volume / cell_area
    return volume - (np.float64(cells.carry[j, i]) - np.float64(before)) * cell_area


@njit(**PART)
def move_pairs(cells, pairs, cell_area, dt):
    """Move water through culverts and pumps for one step."""
    for k in range(pairs.from_row.size):
        a, b = (pairs.from_row[k], pairs.from_column[k]), (pairs.to_row[k], pairs.to_column[k])
        depth_a, depth_b = standing(cells, a[0], a[1]), standing(cells, b[0], b[1])
        level_a, level_b = np.float64(cells.bed[a]) + depth_a, np.float64(cells.bed[b]) + depth_b
        forward = True
        if pairs.pump[k] > 0.0:
            if depth_a > pairs.start_depth[k]:
                pairs.running[k] = True
            elif depth_a < pairs.stop_depth[k]:
                pairs.running[k] = False
            wanted = pairs.pump[k] if pairs.running[k] else 0.0
        else:
            forward = level_a >= level_b
            upper, lower = max(level_a, level_b), min(level_a, level_b)
            entry, exit_level = (
                (pairs.inlet_level[k], pairs.outlet_level[k])
                if forward
                else (pairs.outlet_level[k], pairs.inlet_level[k])
            )
            rating = pairs.rating[k, 0 if forward else 1]
            wanted = culvert_discharge(
                upper,
                lower,
                entry,
                exit_level,
                pairs.height[k],
                pairs.area[k],
                pairs.loss[k],
                rating,
            )
            wanted = min(wanted, LARGEST_SHARE * (upper - lower) * cell_area / dt)
            if not forward and pairs.one_way[k]:
                wanted = 0.0
        giver, taker = (a, b) if forward else (b, a)
        wanted = min(wanted * dt, LARGEST_SHARE * np.float64(cells.depth[giver]) * cell_area)
        taken = take(cells, giver[0], giver[1], wanted, cell_area) if wanted > 0.0 else 0.0
        pairs.discharge[k] = (taken if forward else -taken) / dt
        if forward:
            pairs.moved[k] += taken
        else:
            pairs.returned[k] += taken
        if taken + pairs.pending[k] != 0.0:
            pairs.pending[k] = put(cells, taker[0], taker[1], taken + pairs.pending[k], cell_area)
