"""What an inlet takes from a gutter with flow: HEC-22 (FHWA-NHI-10-009), chapter 4. Functions of
one gutter; the street around it is inlets.py's.

A gutter: kerb, `gutter_width` m at `gutter_slope`, then the street at `cross_slope`, as far as
`width` m. Where the water spreads over less, this is HEC-22's section; where over more, the rest
runs beside it and is not this gutter's. S.I. units; slopes m/m.
"""

from numba import njit

from flood_kernels.arrays import GRAVITY, INLINE, PART

IZZARD = 0.376  # Q = 0.376/n Sx^(5/3) SL^(1/2) T^(8/3)
NEWTON_STEPS, FLOW_TOLERANCE = 40, 1.0e-6  # of the flow; five steps as a rule, none in a triangle


@njit(**PART)
def gutter_section(depth, width, gutter_width, gutter_slope, cross_slope):
    """Conveyance (m^(8/3): flow n/(0.376 SL^0.5)), its growth with the depth, and area (m2) of the
    first `width` m under `depth` m at the kerb. Within the spread HEC-22's 4-2 to 4-5, without
    rounding 8/3 to 2.67.
    """
    inner = min(width, gutter_width)
    edge = max(depth - gutter_slope * inner, 0.0)
    outer = max(edge - cross_slope * (width - inner), 0.0)
    a, b, c = depth ** (5.0 / 3.0), edge ** (5.0 / 3.0), outer ** (5.0 / 3.0)
    return (
        (depth * a - edge * b) / gutter_slope + (edge * b - outer * c) / cross_slope,
        8.0 / 3.0 * ((a - b) / gutter_slope + (b - c) / cross_slope),
        0.5
        * (
            (depth * depth - edge * edge) / gutter_slope
            + (edge * edge - outer * outer) / cross_slope
        ),
    )


@njit(**INLINE)
def depth_at_kerb(conveyance, width, gutter_width, gutter_slope, cross_slope):
    """Depth (m) at which the section has this conveyance. It is convex in the depth and the
    triangle's is no larger: Newton's steps come down to it from above.
    """
    depth = (conveyance * cross_slope) ** 0.375
    for _ in range(NEWTON_STEPS):
        now, growth, _ = gutter_section(depth, width, gutter_width, gutter_slope, cross_slope)
        if abs(conveyance - now) <= FLOW_TOLERANCE * conveyance:
            break
        depth += (conveyance - now) / growth
    return depth


@njit(**INLINE)
def frontal_efficiency(speed, splash_over):
    """Rf: share of the flow over a grate's width that it takes (HEC-22 4-18); speeds in m/s."""
    return min(max(1.0 - 0.295 * (speed - splash_over), 0.0), 1.0)


@njit(**INLINE)
def side_efficiency(speed, length, cross_slope):
    """Rs: share of the flow beside a grate that it takes (HEC-22 4-19); m/s and m."""
    into = cross_slope * length**2.3
    return into / (into + 0.0828 * speed**1.8) if into > 0.0 else 0.0


@njit(**INLINE)
def kerb_length(discharge, long_slope, manning_n, equivalent_slope):
    """Length (m) of a kerb opening or slot that takes all of a discharge (m3/s; HEC-22 4-22)."""
    return 0.817 * discharge**0.42 * long_slope**0.3 * (1.0 / (manning_n * equivalent_slope)) ** 0.6


@njit(**INLINE)
def kerb_efficiency(length, whole_length):
    """Share that a kerb opening takes of the flow (HEC-22 4-23)."""
    return 1.0 - (1.0 - length / whole_length) ** 1.8 if length < whole_length else 1.0


@njit(**INLINE)
def intercepted(k, grade, discharge, width):
    """What inlet k of `grade` takes (m3/s) from a gutter of `width` m with this discharge (m3/s),
    and the energy head of that flow at the kerb (m over its bed).

    A grate takes Rf Eo + Rs (1 - Eo) of it, Eo the flow over the grate's width; a kerb opening or
    slot 1 - (1 - L/LT)^1.8, depressed by the gutter: Se = Sx + (Sw - Sx) Eo. Beside a grate of the
    same length a kerb opening takes nothing more.
    """
    izzard = IZZARD * grade.long_slope[k] ** 0.5 / grade.manning_n[k]
    cross_slope, length = grade.cross_slope[k], grade.length[k]
    gutter_width, gutter_slope = grade.gutter_width[k], grade.gutter_slope[k]
    depth = depth_at_kerb(discharge / izzard, width, gutter_width, gutter_slope, cross_slope)
    _, _, area = gutter_section(depth, width, gutter_width, gutter_slope, cross_slope)
    speed = discharge / area
    grate = grade.grate_width[k]
    front, _, _ = gutter_section(
        depth,
        min(grate if grate > 0.0 else gutter_width, width),
        gutter_width,
        gutter_slope,
        cross_slope,
    )
    front = min(front * izzard / discharge, 1.0)
    if grate > 0.0:
        splash_over = grade.splash[k, 0] + length * (
            grade.splash[k, 1] - length * (grade.splash[k, 2] - length * grade.splash[k, 3])
        )
        share = front * frontal_efficiency(speed, splash_over) + (1.0 - front) * side_efficiency(
            speed, length, cross_slope
        )
    else:
        equivalent = cross_slope + (gutter_slope - cross_slope) * front
        whole = kerb_length(discharge, grade.long_slope[k], grade.manning_n[k], equivalent)
        share = kerb_efficiency(length, whole)
    return share * discharge, depth + speed * speed / (2.0 * GRAVITY)
