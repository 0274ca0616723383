"""Losses out of the depth of padded cells, once a coupling window: four soils, canopy and
depression storage, evaporation. Arrays only.

Common arguments. depth : padded, its own type;  pond : (ny or 1, nx) float32 m, water in hollows of
the ground, also offered to the soil;
soil : (ny, nx) integer, row of `table`;  fallen : (ny or 1, nx) float32 m, rain of the window;
total : (ny,) float64 m, sum over a row's cells. An array of one row serves all rows. What is taken
is what the depth shows: the ledger of float32 depths closes.
"""

import math

import numpy as np
from numba import njit, prange

from flood_kernels.arrays import LOOP, PARALLEL, ROW, WINDOW, WINDOW_PART, own_row
from flood_kernels.maxima import any_water

SECONDS_PER_HOUR = 3600.0
INCH = 0.0254  # m
NEWTON_STEPS = 4
BLOCK = 512  # columns taken together


@njit(**ROW)
def draw(depth, pond, i, wanted):
    """Take up to `wanted` (m) out of a cell, first from above the ground, then from its hollows;
    returns what was taken.
    """
    before = np.float64(depth[i])
    from_depth = min(wanted, before)
    depth[i] = before - from_depth
    taken = before - np.float64(depth[i])
    rest = wanted - from_depth
    if rest > 0.0 and pond[i] > 0.0:
        held = np.float64(pond[i])
        pond[i] = held - min(rest, held)
        taken += held - np.float64(pond[i])
    return taken


# --------------------------------------------------------------------------------------- Green-Ampt


@njit(**ROW)
def green_ampt_potential(filled, depth, conductivity, suction, deficit, dt):
    """Infiltration (m) that the soil could take in dt: the closed form of a backward Euler step.

    F1 = 1/2 [(F0 + K dt) + sqrt((F0 + K dt)^2 + 4 K dt dtheta (psi + h))]; filled = F0 m,
    conductivity m/s, suction m, deficit 1. Source: Green and Ampt 1911; Chow, Maidment, Mays 1988,
    section 4.3. 1.4 % low at dt 60 s, 0.3 % at 10 s (tested).
    """
    reached = filled + conductivity * dt
    return (
        0.5
        * (
            reached
            + math.sqrt(reached * reached + 4.0 * conductivity * dt * deficit * (suction + depth))
        )
        - filled
    )


@njit(**LOOP)
def green_ampt_row(depth, pond, filled, soil, table, dt, taken):
    """A row of Green-Ampt columns without recovery; table: conductivity m/s, suction m, deficit 1;
    taken (m): what each cell gave.

    Without branches, so that it is vectorised (a city's roofs and gardens take turns: guessing
    costs more than a root); `draw` written out.
    """
    for i in range(filled.size):
        before, held, inside, c = (
            np.float64(depth[i]),
            np.float64(pond[i]),
            np.float64(filled[i]),
            soil[i],
        )
        conductivity, water = table[c, 0], before + held
        potential = green_ampt_potential(inside, water, conductivity, table[c, 1], table[c, 2], dt)
        wanted = min(water, potential) if conductivity > 0.0 else 0.0
        above = min(wanted, before)
        depth[i] = before - above
        pond[i] = held - min(wanted - above, held)
        gone = (before - np.float64(depth[i])) + (held - np.float64(pond[i]))
        filled[i] = inside + gone
        taken[i] = gone


@njit(**ROW)
def recovering_row(depth, pond, filled, upper, deficit, wait, soil, table, dt):
    """Green-Ampt whose upper zone drains while the ground is dry, as SWMM's (Rossman and Huber
    2016, Hydrology manual, section 4.4).

    Upper zone 4 sqrt(K) inch deep (K in inch/h); its water `upper` sinks at sqrt(K)/75 of its room
    an hour; after 4.5/sqrt(K) dry hours (`wait`, s) the next event starts with F = 0 and the
    deficit recovered by then.
    """
    total = 0.0
    for i in range(filled.size):
        c = soil[i]
        k = table[c, 0]
        if k <= 0.0:
            continue
        root = math.sqrt(k * SECONDS_PER_HOUR / INCH)
        zone = 4.0 * root * INCH
        room = zone * table[c, 2]
        water = np.float64(depth[i]) + np.float64(pond[i])
        if water > 0.0:
            potential = green_ampt_potential(
                np.float64(filled[i]), water, k, table[c, 1], np.float64(deficit[i]), dt
            )
            taken = draw(depth, pond, i, min(water, potential))
            filled[i] += taken
            upper[i] = min(np.float64(upper[i]) + taken, room)
            total += taken
            wait[i] = 4.5 / root * SECONDS_PER_HOUR
        elif upper[i] > 0.0:
            sunk = root / 75.0 / SECONDS_PER_HOUR * room * dt
            upper[i] = max(np.float64(upper[i]) - sunk, 0.0)
            filled[i] = max(np.float64(filled[i]) - sunk, 0.0)
            wait[i] -= dt
            if wait[i] <= 0.0 or upper[i] == 0.0:
                deficit[i] = (room - np.float64(upper[i])) / zone
                filled[i] = 0.0
    return total


@njit(**{**ROW, "fastmath": {"reassoc"}})  # one sum a lane
def sum_of(values):
    """Sum of a row in float64."""
    total = 0.0
    for i in range(values.size):
        total += values[i]
    return total


@njit(**WINDOW_PART)
def green_ampt_of(j, depth, pond, filled, soil, table, top, left, dt, total):
    """Take dt's infiltration out of row j, a block at a time; hollows that one empty row stands for
    get an empty row of their own.
    """
    columns = filled.shape[1]
    taken, none, shared = (
        np.empty(BLOCK),
        np.zeros(BLOCK, pond.dtype),
        pond.shape[0] < filled.shape[0],
    )
    total[j] = 0.0
    for first in range(0, columns, BLOCK):
        last = min(first + BLOCK, columns)
        size = last - first
        row, held = (
            depth[j + top, left + first : left + last],
            (none[:size] if shared else pond[j, first:last]),
        )
        if any_water(row) | any_water(held) != 0:
            green_ampt_row(
                row, held, filled[j, first:last], soil[j, first:last], table, dt, taken[:size]
            )
            total[j] += sum_of(taken[:size])


@njit(**PARALLEL)
def green_ampt(depth, pond, filled, soil, table, top, left, dt, total):
    """Take dt's infiltration out of the cells."""
    for j in prange(filled.shape[0]):
        green_ampt_of(np.int64(j), depth, pond, filled, soil, table, top, left, dt, total)


@njit(**PARALLEL)
def green_ampt_recovering(
    depth, pond, filled, upper, deficit, wait, soil, table, top, left, dt, total
):
    """The same with recovery."""
    for j in prange(filled.shape[0]):
        row = depth[j + top, left : left + filled.shape[1]]
        total[j] = recovering_row(
            row,
            pond[own_row(j, pond)],
            filled[j],
            upper[j],
            deficit[j],
            wait[j],
            soil[j],
            table,
            dt,
        )


# ---------------------------------------------------------------------------- Horton, SCS, constant


@njit(**ROW)
def horton_depth(time, first, last, decay):
    """Depth (m) that a ponded Horton column has taken after `time` (s): fc t + (f0 - fc)/k (1 -
    e^(-k t)) (Horton 1940).
    """
    return last * time + (first - last) / decay * (1.0 - math.exp(-decay * time))


@njit(**ROW)
def horton_row(depth, pond, age, soil, table, dt):
    """A row of Horton columns; age (s): equivalent ponded time. table: first and last capacity m/s,
    decay and recovery 1/s.

    The capacity follows the depth infiltrated, not the clock (as SWMM): rain below it ages the soil
    less. Dry ground grows younger: 1 - e^(-k age) shrinks by e^(-recovery dt) (Rossman and Huber
    2016, section 4.3).
    """
    total = 0.0
    for i in range(age.size):
        c = soil[i]
        first, last, decay, recovery = table[c, 0], table[c, 1], table[c, 2], table[c, 3]
        if first <= 0.0:
            continue
        water, before = np.float64(depth[i]) + np.float64(pond[i]), np.float64(age[i])
        if water > 0.0:
            reached = horton_depth(before, first, last, decay)
            potential = horton_depth(before + dt, first, last, decay) - reached
            taken = draw(depth, pond, i, min(water, potential))
            older = dt
            if taken < potential:
                older = dt * taken / potential
                for _ in range(NEWTON_STEPS):
                    miss = horton_depth(before + older, first, last, decay) - reached - taken
                    older -= miss / (last + (first - last) * math.exp(-decay * (before + older)))
            age[i] = before + older
            total += taken
        elif before > 0.0 and recovery > 0.0:
            age[i] = (
                -math.log(1.0 - math.exp(-recovery * dt) * (1.0 - math.exp(-decay * before)))
                / decay
            )
    return total


@njit(**PARALLEL)
def horton(depth, pond, age, soil, table, top, left, dt, total):
    """Take dt's infiltration out of the cells."""
    for j in prange(age.shape[0]):
        total[j] = horton_row(
            depth[j + top, left : left + age.shape[1]],
            pond[own_row(j, pond)],
            age[j],
            soil[j],
            table,
            dt,
        )


@njit(**ROW)
def runoff_depth(rain, store, initial):
    """SCS runoff (m) of an event so far: (P - Ia)^2 / (P - Ia + S) (SCS 1972, National Engineering
    Handbook, section 4).
    """
    above = rain - initial
    return above * above / (above + store) if above > 0.0 else 0.0


@njit(**ROW)
def curve_number_row(depth, pond, rained, soil, table, fallen):
    """A row of curve-number cells; rained (m): the event's rain so far; table: S and Ia in m. Only
    rain that fell here is lost, not run-on.
    """
    total = 0.0
    for i in range(rained.size):
        store, initial = table[soil[i], 0], table[soil[i], 1]
        fell = np.float64(fallen[i])
        if fell > 0.0:
            before = np.float64(rained[i])
            after = before + fell
            rained[i] = after
            lost = fell - (
                runoff_depth(after, store, initial) - runoff_depth(before, store, initial)
            )
            total += draw(depth, pond, i, lost)
    return total


@njit(**PARALLEL)
def curve_number(depth, pond, rained, soil, table, fallen, top, left, total):
    """Take the window's loss out of the cells."""
    for j in prange(rained.shape[0]):
        row, one = depth[j + top, left : left + rained.shape[1]], fallen[own_row(j, fallen)]
        total[j] = curve_number_row(row, pond[own_row(j, pond)], rained[j], soil[j], table, one)


@njit(**ROW)
def constant_row(depth, pond, soil, table, dt):
    """A row at a constant rate; table: m/s."""
    total = 0.0
    for i in range(soil.size):
        water = np.float64(depth[i]) + np.float64(pond[i])
        if water > 0.0 and table[soil[i], 0] > 0.0:
            total += draw(depth, pond, i, min(water, table[soil[i], 0] * dt))
    return total


@njit(**PARALLEL)
def constant(depth, pond, soil, table, top, left, dt, total):
    """Take dt's infiltration out of the cells."""
    for j in prange(soil.shape[0]):
        total[j] = constant_row(
            depth[j + top, left : left + soil.shape[1]], pond[own_row(j, pond)], soil[j], table, dt
        )


# ------------------------------------------------------------------------------ stores, evaporation


@njit(**ROW)
def store_row(depth, store, capacity, most):
    """Move water from the ground into a store with room; `most` (m) at most in each cell."""
    for i in range(store.size):
        held = np.float64(store[i])
        wanted = min(min(np.float64(capacity[i]) - held, np.float64(most[i])), np.float64(depth[i]))
        if wanted > 0.0:
            before = np.float64(depth[i])
            store[i] = held + wanted
            if np.float64(store[i]) - held > before:  # rounded up: the cell does not hold that much
                store[i] = np.nextafter(store[i], np.float32(0.0))
            depth[i] = before - (np.float64(store[i]) - held)
            store[i] = held + (before - np.float64(depth[i]))


@njit(**WINDOW)
def fill_store(depth, store, capacity, most, top, left):
    """Fill canopy or depression storage. store, capacity : (ny, nx) m;  most : (ny or 1, nx) m,
    rain of the window (canopy) or inf.
    """
    for j in range(store.shape[0]):
        store_row(
            depth[j + top, left : left + store.shape[1]],
            store[j],
            capacity[j],
            most[own_row(j, most)],
        )


@njit(**ROW)
def evaporate_row(depth, canopy, pond, wanted):
    """Evaporation of a row's cells, first from leaves, then from hollows, then from standing water;
    returns m.
    """
    total = 0.0
    for i in range(depth.size):
        rest = wanted
        for store in (canopy, pond):
            held = np.float64(store[i])
            if rest > 0.0 and held > 0.0:
                store[i] = held - min(rest, held)
                gone = held - np.float64(store[i])
                rest -= gone
                total += gone
        if rest > 0.0 and depth[i] > 0.0:
            before = np.float64(depth[i])
            depth[i] = before - min(rest, before)
            total += before - np.float64(depth[i])
    return total


@njit(**WINDOW)
def evaporate(depth, canopy, pond, wanted, top, left, rows, columns, total):
    """Take up to `wanted` (m) out of every cell."""
    for j in range(rows):
        row = depth[j + top, left : left + columns]
        total[j] = evaporate_row(row, canopy[own_row(j, canopy)], pond[own_row(j, pond)], wanted)
