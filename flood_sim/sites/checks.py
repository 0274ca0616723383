"""Whether underground spaces can be as they are drawn: floors under sills, tables that rise, pumps
and passages within. Pure: no file, no model.

A space whose floor lies over its sill would give water that it does not hold. Looked at where a
scenario is read and again after measures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from flood_sim.core.errors import Finding
from flood_sim.sites.underground_inputs import Passage, Space, SpaceInputs

CODE = "E507"
SLACK_M = 0.01  # levels of one drawing that differ by a centimetre are one level
Place = Callable[
    [str, str], str
]  # ("sites" or "passages", name) to the words in front of a finding


def space_faults(inputs: SpaceInputs, place: Place) -> list[Finding]:
    """Every fault of every space and passage; [] where all can be."""
    found = [f for space in inputs.spaces for f in _of_space(space, place("sites", space.name))]
    sound = {s.name: s for s in inputs.spaces if s.stage_m.size}
    return found + [
        f for p in inputs.passages for f in _of_passage(p, sound, place("passages", p.name))
    ]


def _of_space(space: Space, place: str) -> Iterator[Finding]:
    stage, volume = np.asarray(space.stage_m, float), np.asarray(space.volume_m3, float)
    if len(stage) < 2 or volume[0] != 0.0 or not (rises(stage) and rises(volume)):
        rows = ", ".join(
            f"[{z:g}, {v:g}]" for z, v in zip(stage[:4].tolist(), volume[:4].tolist(), strict=False)
        )
        yield Finding(
            CODE,
            f"{place}, stage_volume",
            "the table does not rise from an empty floor",
            given=f"{len(stage)} rows: {rows}",
            allowed="at least two rows; the first with volume 0; stage and volume rising",
            do="give level and volume from the floor to the ceiling",
        )
        return
    floor, ceiling = float(stage[0]), float(stage[-1])
    yield from _of_openings(space, place, floor)
    held = math.isfinite(space.initial_m3)
    if not (held and 0.0 <= space.initial_m3 <= volume[-1] * (1.0 + 1e-9)):
        yield Finding(
            CODE,
            f"{place}, initial_depth_m",
            "the space does not hold this water at the start",
            given=f"{space.initial_m3:.6g} m3",
            allowed=f"0 to {volume[-1]:.6g} m3",
            do=f"give a depth between 0 and {ceiling - floor:.2f} m",
        )
    yield from _of_pumps(space, place, floor, ceiling)


def _of_openings(space: Space, place: str, floor: float) -> Iterator[Finding]:
    for o in space.openings:
        if not o.sill_m > floor:
            yield Finding(
                CODE,
                f"{place}, opening `{o.name}`",
                "its sill lies under the floor of the space: water would come out of an empty"
                " space",
                given=f"sill {o.sill_m:.2f} m, floor {floor:.2f} m",
                allowed=f"a sill over {floor:.2f} m",
                do=(
                    "check floor_elevation_m (or cover_m, stage_volume) and the sill: levels of one"
                    " datum, in metres"
                ),
            )


def _of_pumps(space: Space, place: str, floor: float, ceiling: float) -> Iterator[Finding]:
    for p in space.pumps:
        at = f"{place}, pump `{p.name}`"
        if not (p.capacity_m3_s > 0.0 and math.isfinite(p.capacity_m3_s)):
            yield Finding(
                CODE,
                at,
                "its capacity is no amount of water",
                given=f"{p.capacity_m3_s:g} m3/s",
                allowed="over 0 m3/s",
            )
        if not floor <= p.stop_m <= p.start_m:
            yield Finding(
                CODE,
                at,
                "it would pump on where the space is empty",
                given=f"stops at {p.stop_m:.2f} m, starts at {p.start_m:.2f} m",
                allowed=f"floor {floor:.2f} m <= stop <= start",
                do="give start_depth_m and stop_depth_m over the floor, the stop lower",
            )
        if p.start_m >= ceiling:
            yield Finding(
                CODE,
                at,
                "it starts over the ceiling, so it never runs in time",
                given=f"{p.start_m - floor:.2f} m over the floor",
                allowed=f"below {ceiling - floor:.2f} m",
                do="lower start_depth_m",
            )


def _of_passage(passage: Passage, spaces: dict[str, Space], place: str) -> Iterator[Finding]:
    ends = [spaces[name] for name in (passage.first, passage.second) if name in spaces]
    floor = min((float(s.stage_m[0]) for s in ends), default=-math.inf)
    ceiling = max((float(s.stage_m[-1]) for s in ends), default=math.inf)
    names = " and ".join(f"`{s.name}`" for s in ends)
    if not passage.sill_m >= floor - SLACK_M:
        yield Finding(
            CODE,
            f"{place}, sill_elevation_m",
            f"it lies under the floors of {names}",
            given=f"sill {passage.sill_m:.2f} m, lower floor {floor:.2f} m",
            allowed=f"at least {floor:.2f} m",
            do="check the levels of the passage and of both sites: one datum, in metres",
        )
    if not passage.sill_m < ceiling:
        yield Finding(
            CODE,
            f"{place}, sill_elevation_m",
            f"it lies over the ceilings of {names}",
            given=f"sill {passage.sill_m:.2f} m, higher ceiling {ceiling:.2f} m",
            allowed=f"below {ceiling:.2f} m",
            do="check the levels of the passage and of both sites: one datum, in metres",
        )


def rises(values: np.ndarray) -> bool:
    """Whether each of the values (n,) is a number and larger than the one before."""
    return bool(np.isfinite(values).all() and (np.diff(values) > 0.0).all())
