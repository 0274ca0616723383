"""Water between underground spaces: from the higher to the lower over a sill, in short steps, never
past equal levels.
"""

import math

from numba import njit

from flood_kernels.arrays import GRAVITY, ROW

ORIFICE = 0.6
HALVINGS = 30


@njit(**ROW)
def between(x, xs, ys):
    """Linear interpolation in ascending xs, constant outside; xs may repeat its last value."""
    if x <= xs[0]:
        return ys[0]
    for k in range(1, xs.size):
        if x <= xs[k]:
            width = xs[k] - xs[k - 1]
            return (
                ys[k - 1] + (x - xs[k - 1]) / width * (ys[k] - ys[k - 1]) if width > 0.0 else ys[k]
            )
    return ys[xs.size - 1]


@njit(**ROW)
def step_flow(head, behind, width, coefficient):
    """Flow over a step (m3/s), heads over its crest: C B h1^1.5 [1 - (h2/h1)^1.5]^0.385 (Villemonte
    1947).
    """
    ratio = min(max(behind, 0.0) / head, 1.0)
    return coefficient * width * head * math.sqrt(head) * (1.0 - ratio * math.sqrt(ratio)) ** 0.385


@njit(**ROW)
def pass_once(a, b, sill, width, height, volume, stage, content, coefficient, dt):
    """What flows from space a to space b in dt (m3, negative: from b to a): the step's law, an
    orifice's where water stands over the passage, at most half of the way to equal levels. stage,
    content (spaces, k): tables of level and volume.
    """
    level_a, level_b = (
        between(volume[a], content[a], stage[a]),
        between(volume[b], content[b], stage[b]),
    )
    sign = 1.0
    if level_a < level_b:
        a, b, level_a, level_b, sign = b, a, level_b, level_a, -1.0
    head = level_a - sill
    if head <= 0.0 or level_a <= level_b:
        return 0.0
    flow = step_flow(head, level_b - sill, width, coefficient)
    if head > height:
        drop = max(level_a - max(level_b, sill + 0.5 * height), 0.0)
        flow = min(flow, ORIFICE * width * height * math.sqrt(2.0 * GRAVITY * drop))
    low, high, total = max(sill, level_b), level_a, volume[a] + volume[b]
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if between(middle, stage[a], content[a]) + between(middle, stage[b], content[b]) > total:
            high = middle
        else:
            low = middle
    return sign * min(flow * dt, max(0.5 * (volume[a] - between(low, stage[a], content[a])), 0.0))


@njit(**ROW)
def advance_passages(
    first,
    second,
    sill,
    width,
    height,
    closed,
    volume,
    stage,
    content,
    coefficient,
    dt,
    steps,
    passed_in,
    passed_out,
):
    """All open passages, one after the other, `steps` times dt; volume, passed_in, passed_out
    (spaces,) m3 are changed.
    """
    for _ in range(steps):
        for j in range(first.size):
            if closed[j]:
                continue
            a, b = first[j], second[j]
            moved = pass_once(
                a, b, sill[j], width[j], height[j], volume, stage, content, coefficient, dt
            )
            volume[a] -= moved
            volume[b] += moved
            if moved > 0.0:
                passed_out[a] += moved
                passed_in[b] += moved
            else:
                passed_out[b] -= moved
                passed_in[a] -= moved
