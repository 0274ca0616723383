"""What the kernels hand each other: layout constants and named tuples of padded arrays. Nothing of
the flow is computed here.

Layout: all cell arrays share one shape (rows + 2 PAD, padded width), C order; the model's own cells
start at [PAD, LEFT]. Rows are swept over a multiple of LANES columns, so that no scalar remainder
is left; what lies beyond the ghost column is WALL. A closed edge, a building or a cell outside the
city is a cell whose bed is WALL: no face beside it is ever wet, so the rows need no branches.
"""

from typing import NamedTuple

import llvmlite.binding as llvm
import numba
import numpy as np

from flood_kernels.pipelines import KernelCompiler, NoAlias, PartCompiler

# LLVM halves the vectors of some AVX-512 processors (from the days when they clocked down):
# measured 30 % slower. Two vectors in flight hide the latency of roots and divisions. Without
# effect where the user's program has compiled something before.
_features = llvm.get_host_cpu_features()
if _features.get("avx512f") and numba.config.CPU_NAME is None and numba.config.CPU_FEATURES is None:
    numba.config.CPU_NAME = llvm.get_host_cpu_name()
    numba.config.CPU_FEATURES = _features.flatten() + ",-prefer-256-bit"
# Rows of some 12 arrays need more run-time overlap checks than LLVM's vectoriser allows by default
# (it then stays scalar: 10 times slower).
for _option in (
    "runtime-memory-check-threshold",
    "memory-check-merge-threshold",
    "vectorize-memory-check-threshold",
):
    llvm.set_option("", f"-{_option}=4096")
llvm.set_option("", "-force-vector-interleave=2")

PAD = 3
LANES = 32
LEFT = (
    2 * LANES
)  # columns left of the model: rows start on a cache line, one vector of ghosts may be computed
WALL = 1.0e6
GRAVITY = 9.80665
OK, TIME_STEP_COLLAPSED = 0, 1
# Faces of a piece of a row: left of its first cell, above and below its cells, between them (where
# these move, the cells get their rain).
LEFT_FACE, ABOVE, BELOW, INSIDE = np.uint8(1), np.uint8(2), np.uint8(4), np.uint8(8)
ALL_FACES = np.uint8(15)

# Constants that float32 holds exactly: mixed with float64 rows they do not narrow anything, with
# float32 rows they do not widen.
ZERO, EIGHTH, QUARTER, HALF, ONE, TWO = (np.float32(v) for v in (0.0, 0.125, 0.25, 0.5, 1.0, 2.0))
SAME, NEXT = (
    np.uint64(0),
    np.uint64(1),
)  # from a cell to the column of its neighbour along a sweep: of y, of x
# Added and taken away again: what is far smaller becomes 0. Speeds that friction halves every step
# would reach the denormal numbers, on which processors are slow.
TINY = np.float32(1.0e-20)
FAINT = np.float32(1.0e-14)  # m2/s: what is far smaller becomes 0
STILL = np.float32(1.0e-20)  # m4/s2 beside the square of a discharge: at rest nothing is 0 / 0


# Numba's options by kind of function. Without reference counting (_nrt) arrays are handed over for
# less; it is possible where nothing is allocated or copied. No reassoc (it would delete the carry),
# no nnan (a NaN must stay visible); contract only lets a*b + c be one instruction.
ROW = {
    "cache": True,
    "fastmath": {"contract"},
    "error_model": "numpy",
    "nogil": True,
    "_nrt": False,
    "no_cfunc_wrapper": True,  # nobody calls a kernel from C
    "pipeline_class": KernelCompiler,
}  # points, rows of a band
# Called by other kernels only, never from Python: unpacking some seventy arrays in a wrapper took
# more of the compiler's time than the function itself.
PART = {**ROW, "no_cpython_wrapper": True, "pipeline_class": PartCompiler}
# "forceinline": vectorised on its own, then put into its caller by LLVM: handing over some twenty
# rows costs up to 0.5 us a row otherwise.
FUSED = {**PART, "forceinline": True}
LOOP = {**ROW, "forceinline": True, "pipeline_class": NoAlias}  # the vectorised loops
INLINE = {
    **ROW,
    "inline": "always",
}  # returns one of its arguments: without reference counting it compiles only into its caller
WINDOW = {**ROW, "_nrt": True}
WINDOW_PART = {**PART, "_nrt": True}
PARALLEL = {**WINDOW, "parallel": True}
# Called by other kernels through an address.
ADDRESSED = {**ROW, "no_cpython_wrapper": True}
PARALLEL_ADDRESSED = {**PARALLEL, "no_cpython_wrapper": True}


@numba.njit(**ROW)
def own_row(row, array):
    """Row of an array that may have one row for all."""
    return np.int64(row) if array.shape[0] > 1 else np.int64(0)


@numba.njit(**FUSED)
def copy_row(source, target):
    """target[:] = source, of rows that do not overlap. Numba's own assignment compiles some forty
    functions for it, most of them of error messages.
    """
    for i in range(target.size):
        target[i] = source[i]


class Cells(NamedTuple):
    """State and properties of cells, padded; float32 or float64, all alike."""

    # m, >= 0; where buildings leave only a share of the cell open: water over the whole cell,
    # standing at depth / porosity
    depth: np.ndarray
    carry: (
        np.ndarray
    )  # m, what rounding and positivity owe to depth; sum(depth + carry) is the volume / area
    bed: np.ndarray  # m above the datum; WALL where there is no cell
    # n sqrt(g / 2) (a face adds its two cells' squares); its sign bit marks cells coupled to a
    # sewer (their faces take theta = 1)
    roughness: np.ndarray
    rain_weight: (
        np.ndarray
    )  # share of the rain depth that the cell receives (roof runoff makes it > 1)
    # int64 (padded rows,): row of `roughness` that holds this row's; equal rows are stored, and
    # read, once
    roughness_row: np.ndarray
    weight_row: np.ndarray  # the same of `rain_weight`
    porosity: (
        np.ndarray
    )  # share of the cell that buildings leave open, > 0; shape (1, 1): 1 everywhere


class Limits(NamedTuple):
    """Of the time steps and of what openings draw."""

    courant: float
    courant_coupled: float  # where a cell has an opening
    largest_step: float  # s
    smallest_step: float  # s
    weir: float  # m^0.5/s, coefficient of openings
    orifice: float  # the same
    drawn_share: float  # largest share of a cell's water that openings draw in a step
    wet_depth: float  # m, ground below it is dry; negative: none is
    step_ratio: float  # largest of long to short steps; 0: one step for all


class Stepping(NamedTuple):
    """How the steps go on; float64 (1,) each."""

    fastest: np.ndarray  # m/s, signal after the last step
    steps: np.ndarray  # taken so far
    fastest_long: np.ndarray  # the same of the ground that moves in long steps
    long_steps: np.ndarray


class Flow(NamedTuple):
    """Second field of the state, padded like the cells.

    local inertial: unit discharge (m2/s) on faces, x[j, i] left of cell (j, i), y[j, i] above it
    (between rows j-1 and j). second order: velocity (m/s) in cells, x towards +column, y towards
    +row.
    """

    x: np.ndarray
    y: np.ndarray


class Runs(NamedTuple):
    """Which columns of a row are computed: pieces [start, stop) of padded columns, ascending."""

    left: (
        np.ndarray
    )  # int64 (1,) steps until the next look at dry ground; -1: everything is computed
    count: np.ndarray  # int64 (padded rows,)
    start: np.ndarray  # int32 (padded rows, pieces)
    stop: np.ndarray
    # uint8 (padded rows, pieces) which faces of the piece this sweep moves: LEFT_FACE + ABOVE +
    # BELOW + INSIDE
    faces: np.ndarray
    active: (
        np.ndarray
    )  # bool (padded rows, chunks of LANES columns) work space: chunks to be computed
    above: np.ndarray  # uint8 (padded rows, chunks) work space: rows since a marked one above
    since: np.ndarray  # uint8 (chunks,) the same from below


class Levels(NamedTuple):
    """Local time steps: chunks that move in short steps, and the pieces of both sweeps."""

    left: np.ndarray  # int64 (1,) long steps until the next look
    local: np.ndarray  # bool (1,) whether any ground moves in short steps
    fine: (
        np.ndarray
    )  # bool (padded rows, chunks of LANES columns) moves in short steps; nowhere: one step for all
    wanted: np.ndarray  # bool, work space
    deepest: (
        np.ndarray
    )  # (3, padded rows, chunks) m, of a chunk, of its first and of its last columns
    # padded, or (1, 1) where no local steps are taken, m: what the faces between fine and other
    # ground still bring to fine cells until the long step ends
    gain: np.ndarray
    runs: Runs  # of the short steps
    band_rows: np.ndarray  # int64 (bands + 1,) of the short steps


class Sources(NamedTuple):
    """Water put into cells during a window: point inflows and what the sewer returns."""

    row: np.ndarray  # int64 (n,), padded index
    column: np.ndarray
    pending: np.ndarray  # float64 (n,) m3 still to be delivered by the end of the window
    delivered: np.ndarray  # float64 (n,) m3 that reached the cell since the start


class OnGrade(NamedTuple):
    """Gutters of the inlets (HEC-22), one row an inlet; slopes m/m."""

    count: np.ndarray  # float64 (n,) such inlets, each in a gutter of its own; 0: ponded law alone
    length: np.ndarray  # float64 (n,) m along the kerb, of one, after clogging
    grate_width: np.ndarray  # float64 (n,) m across the gutter; 0: a kerb opening or a slot
    # float64 (n, 4) splash-over speed of the grate, m/s: s0 + s1 L - s2 L^2 + s3 L^3, L in m
    splash: np.ndarray
    cross_slope: np.ndarray  # float64 (n,) of the street
    gutter_width: np.ndarray  # float64 (n,) m at gutter_slope; 0: the street's slope to the kerb
    gutter_slope: np.ndarray  # float64 (n,) across, towards the kerb
    long_slope: np.ndarray  # float64 (n,); 0: no gutter with flow
    manning_n: np.ndarray  # float64 (n,)
    # int64 (n, 4) which counted faces are left of, right of, above and below its cell
    faces: np.ndarray
    taken: np.ndarray  # float64 (n,) work space, m3/s on grade in this step
    ponded: np.ndarray  # float64 (n,) work space, share of the ponded law, 0 to 1


class Inlets(NamedTuple):
    """Openings from street to sewer, sorted by cell."""

    row: np.ndarray  # int64 (n,)
    column: np.ndarray
    cell: np.ndarray  # int64 (n,) number of the inlet's cell
    node: np.ndarray  # int64 (n,)
    bed: np.ndarray  # float64 (n,) m above the datum, of the inlet's cell
    rim: np.ndarray  # float64 (n,) m above the datum
    perimeter: np.ndarray  # float64 (n,) m, after clogging
    area: np.ndarray  # float64 (n,) m2, after clogging
    capacity: np.ndarray  # float64 (n,) m3/s, inf where the kind has none
    free: np.ndarray  # float64 (n,) m3/s by the inlet law alone, in the last step that drew
    most: np.ndarray  # float64 (n,) work space, m3/s: the capacity, or what the node accepts
    wanted: np.ndarray  # float64 (n,) work space, m3/s
    acceptance: np.ndarray  # float64 (nodes,) m3/s the node takes in this window
    free_flow: np.ndarray  # float64 (nodes,) work space, m3/s by the inlet law alone
    offered: np.ndarray  # float64 (nodes,) m3 the inlet law alone would have taken in this window
    captured: np.ndarray  # float64 (nodes,) m3 taken from the street in this window
    on_grade: OnGrade


class Boundaries(NamedTuple):
    """Ghost cells whose depth is prescribed each step."""

    row: np.ndarray  # int64 (n,) ghost cell
    column: np.ndarray
    inner_row: np.ndarray  # int64 (n,) the cell it mirrors (free outflow)
    inner_column: np.ndarray
    # int64 (n,) second order: the cell behind the ghost, which takes its state (no slope in the
    # ghost); -1: none
    beyond_row: np.ndarray
    beyond_column: np.ndarray
    mirrors: np.ndarray  # bool (n,): depth of the inner cell (free outflow) instead of the stage
    critical: (
        np.ndarray
    )  # bool (n,) second order: where the inner flow is subcritical it leaves at critical depth
    stage_start: np.ndarray  # float64 (n,) m above the datum at the start of the window
    stage_stop: np.ndarray
    depth: np.ndarray  # float64 (n,) m, second order: what the ghost was given for this step,
    x: np.ndarray  # and its velocity, m/s
    y: np.ndarray
    # int64 (padded rows + 1,): ghosts, and cells behind them, of row j are held[first[j]] ..
    # held[first[j + 1] - 1]
    first: np.ndarray
    held: np.ndarray  # int64 (m,) the ghost whose state it has
    held_column: np.ndarray  # int64 (m,)


class Counters(NamedTuple):
    """Faces whose discharge is summed, sorted by padded row: open edges, recorded sections,
    structures.
    """

    first: np.ndarray  # int64 (padded rows + 1,): faces of row j are first[j] .. first[j + 1] - 1
    is_x: np.ndarray  # bool (n,)
    column: np.ndarray  # int64 (n,)
    discharge: (
        np.ndarray
    )  # float64 (n,) m2/s through the face in this step, towards +column or +row
    inward: np.ndarray  # float64 (n,) m3 in the positive direction during the window
    outward: np.ndarray  # float64 (n,) m3 in the negative direction, >= 0


class Structures(NamedTuple):
    """Faces whose discharge follows a law of its own (wall, dyke, weir, gate, bridge deck), sorted
    by padded row.
    """

    first: np.ndarray  # int64 (padded rows + 1,)
    is_x: np.ndarray  # bool (n,)
    row: np.ndarray  # int64 (n,)
    column: np.ndarray  # int64 (n,) of the cell right of or below the face
    active: (
        np.ndarray
    )  # bool (n,) whether the law holds in this step (a bridge deck above the water does not)
    deck: (
        np.ndarray
    )  # bool (n,) the opening is a bridge's: no law until the water reaches its soffit
    crest: np.ndarray  # float64 (n,) m above the datum, now
    weir: np.ndarray  # float64 (n,) coefficient m^0.5/s of flow over the crest
    # float64 (n,) m above the datum, bottom of the opening under the crest (gate, bridge); inf:
    # none
    sill: np.ndarray
    soffit: np.ndarray  # float64 (n,) m above the datum, top of that opening
    orifice: np.ndarray  # float64 (n,) discharge coefficient of the opening
    width: (
        np.ndarray
    )  # float64 (n,) share of the face's width that the structure leaves open, 0 to 1
    over: np.ndarray  # float64 (n,) m2/s over the crest in this step
    through: np.ndarray  # float64 (n,) m2/s through the opening
    discharge: np.ndarray  # float64 (n,) m2/s of the face, both together times width
    # bool (n,) the discharge is a boundary's: it is set from outside and brings its momentum along
    given: np.ndarray
    # float64 (n,) m above the datum of the water that it brings; NaN: as deep as the cell it
    # enters, at least critical
    given_stage: np.ndarray


class Pairs(NamedTuple):
    """Culverts and pumps: what leaves one cell enters another in the same step."""

    from_row: np.ndarray  # int64 (n,) padded
    from_column: np.ndarray
    to_row: np.ndarray
    to_column: np.ndarray
    pump: np.ndarray  # float64 (n,) m3/s that a pump moves while it runs; 0: a culvert
    start_depth: np.ndarray  # float64 (n,) m over the bed at the pump's inlet: it starts above, and
    stop_depth: np.ndarray  # stops below
    running: np.ndarray  # bool (n,)
    inlet_level: np.ndarray  # float64 (n,) m above the datum, invert at the "from" end
    outlet_level: np.ndarray  # the same at the "to" end
    height: np.ndarray  # float64 (n,) m, of the barrel
    area: np.ndarray  # float64 (n,) m2, of all barrels
    loss: (
        np.ndarray
    )  # float64 (n,) 1, sum of loss coefficients with friction: full flow v = sqrt(2 g dH / loss)
    # float64 (n, 2, points) m3/s, free outlet, entering at the "from" and "to" end; evenly spaced
    # in the root of 0 to DEEPEST_RATED
    rating: np.ndarray
    one_way: np.ndarray  # bool (n,) a flap lets nothing back
    discharge: np.ndarray  # float64 (n,) m3/s now, positive from -> to
    moved: np.ndarray  # float64 (n,) m3 from -> to since the start
    returned: np.ndarray  # float64 (n,) m3 to -> from since the start
    pending: (
        np.ndarray
    )  # float64 (n,) m3 taken and not yet in its cell: what float32 could not hold


DEEPEST_RATED = 8.0  # headwater of a rating's last point, in heights of the barrel


class Rain(NamedTuple):
    """Cumulative rain as a piecewise linear series; exact at every step boundary."""

    time: np.ndarray  # float64 (n,) s
    cumulative: np.ndarray  # float64 (n,) m
    applied: (
        np.ndarray
    )  # float64 (2,) m given so far to the cells, and to those that move in long steps only


class Shared(NamedTuple):
    """What a step does at points, whatever the scheme."""

    rain: Rain
    sources: Sources
    inlets: Inlets
    boundaries: Boundaries
    counters: Counters
    structures: Structures
    pairs: Pairs
