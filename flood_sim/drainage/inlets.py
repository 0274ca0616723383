"""The catalogue of openings between street and sewer: geometry, capacity, lids, with their
sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class InletKind:
    """One opening: weir perimeter m, clear area m2, capacity m3/s, each before clogging.

    lid_m : head over the street (m) that lifts its lid, 0 where it has none; until then shut_share
    of perimeter and area is open;  length_m : along the kerb, 0 where it lies in no gutter;
    grate_width_m : across the gutter, 0 for a kerb opening or a slot;  by_metre : a count of it is
    its metres.
    """

    perimeter_m: float
    area_m2: float
    capacity_m3_s: float
    source: str
    lid_m: float = 0.0
    shut_share: float = 1.0
    length_m: float = 0.0
    grate_width_m: float = 0.0
    by_metre: bool = False


LID_KG, LID_RADIUS_M, PICK_HOLES_M2 = (
    60.0,
    0.35,
    0.0025,
)  # cast-iron cover of a 0.7 m shaft; two pick holes of 40 mm
ATLAS = "16S518, clean (recalled)"

# Grates 0.75 x 0.45 m, 45 % open, several along the kerb; kerb openings 0.15 m high. On grade a
# kerb opening beside a grate of its length takes nothing more (HEC-22).
INLET_KINDS = {
    "grate": InletKind(
        2.4, 0.15, 0.020, f"flat grate, 20 L/s, {ATLAS}", length_m=0.75, grate_width_m=0.45
    ),
    "double_grate": InletKind(
        3.9, 0.30, 0.035, f"two flat grates, 35 L/s, {ATLAS}", length_m=1.5, grate_width_m=0.45
    ),
    "triple_grate": InletKind(
        5.4, 0.45, 0.050, f"three flat grates, 50 L/s, {ATLAS}", length_m=2.25, grate_width_m=0.45
    ),
    "gutter_grate": InletKind(
        1.2, 0.15, 0.020, f"one gutter grate, 20 L/s, {ATLAS}", length_m=0.75, grate_width_m=0.45
    ),
    "double_gutter_grate": InletKind(
        1.95, 0.30, 0.035, f"two gutter grates, 35 L/s, {ATLAS}", length_m=1.5, grate_width_m=0.45
    ),
    "curb_opening": InletKind(
        0.75, 0.1125, 0.015, f"one kerb opening, 15 L/s, {ATLAS}", length_m=0.75
    ),
    "double_curb_opening": InletKind(
        1.5, 0.225, 0.0225, f"two kerb openings, 20 to 25 L/s, {ATLAS}", length_m=1.5
    ),
    "combined": InletKind(
        1.9,
        0.25,
        0.030,
        f"grate and kerb opening, 30 L/s, {ATLAS}",
        length_m=0.75,
        grate_width_m=0.45,
    ),
    "double_combined": InletKind(
        3.4, 0.50, 0.050, f"two of each, 50 L/s, {ATLAS}", length_m=1.5, grate_width_m=0.45
    ),
    "slotted_drain": InletKind(
        2.0,
        0.044,
        math.inf,
        "a metre of a slot of 44 mm, water from both sides (HEC-22); count: its metres",
        length_m=1.0,
        by_metre=True,
    ),
    "manhole": InletKind(math.pi * 0.7, math.pi * 0.35**2, math.inf, "open shaft of 0.7 m"),
    "manhole_lid": InletKind(
        math.pi * 2.0 * LID_RADIUS_M,
        math.pi * LID_RADIUS_M**2,
        math.inf,
        "shaft of 0.7 m under a lid of 60 kg with two pick holes (recalled weight); once lifted it"
        " lies beside",
        lid_m=LID_KG / (1000.0 * math.pi * LID_RADIUS_M**2),
        shut_share=PICK_HOLES_M2 / (math.pi * LID_RADIUS_M**2),
    ),
    "open_shaft": InletKind(math.pi * 1.2, math.pi * 0.6**2, math.inf, "open shaft of 1.2 m"),
}

# No opening: `none` lets no street water in, the node may spill as its SurDepth says; `sealed` lets
# nothing in or out, the head may rise.
NO_INLET, SEALED = "none", "sealed"
CLOSED_KINDS = (NO_INLET, SEALED)
