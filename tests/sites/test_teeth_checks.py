"""Spaces, openings, pumps and passages that can't be: each limit once, at its value and beside it."""

from dataclasses import replace

import numpy as np
import pytest

from flood_sim.sites.checks import rises, space_faults
from flood_sim.sites.underground_inputs import Opening, Passage, Space, SpaceInputs, SumpPump

A = Space(
    "a",
    np.array([5.0, 8.0]),
    np.array([0.0, 300.0]),
    (Opening("a/door", 0, 0, 9.0, 2.0),),
    (SumpPump("p", 0.1, 6.0, 5.5),),
)


def told(space=A, *passages, others=()):
    found = space_faults(
        SpaceInputs((space, *others), passages), lambda kind, name: f"{kind} {name}"
    )
    assert all(f.code == "E507" for f in found)
    return [f.problem for f in found]


def test_a_sound_space_has_no_fault():
    assert told() == []
    for volume in (0.0, 300.0):  # empty and full
        assert told(replace(A, initial_m3=volume)) == []
    pump = A.pumps[0]
    for start, stop in ((6.0, 6.0), (6.0, 5.0), (7.99, 5.0)):
        assert told(replace(A, pumps=(replace(pump, start_m=start, stop_m=stop),))) == []


@pytest.mark.parametrize(
    ("stage", "volume"),
    [
        ([5.0], [0.0]),
        ([5.0, 8.0], [1.0, 300.0]),
        ([5.0, 5.0], [0.0, 300.0]),
        ([5.0, 8.0], [0.0, 0.0]),
        ([5.0, 8.0, 7.0], [0.0, 10.0, 20.0]),
        ([5.0, np.nan], [0.0, 300.0]),
        ([5.0, np.inf], [0.0, 300.0]),
        ([5.0, 8.0], [0.0, np.inf]),
    ],
)
def test_a_table_rises_from_an_empty_floor(stage, volume):
    space = replace(A, stage_m=np.array(stage), volume_m3=np.array(volume))
    assert told(space) == ["the table does not rise from an empty floor"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"initial_m3": -0.1}, "does not hold this water"),
        ({"initial_m3": 300.1}, "does not hold this water"),
        ({"initial_m3": np.nan}, "does not hold this water"),
        ({"sill_m": 5.0}, "sill lies under the floor"),
        ({"sill_m": np.nan}, "sill lies under the floor"),
        ({"capacity_m3_s": 0.0}, "its capacity is no amount of water"),
        ({"capacity_m3_s": np.inf}, "its capacity is no amount of water"),
        ({"stop_m": 4.99}, "would pump on where the space is empty"),
        ({"stop_m": 6.01}, "would pump on where the space is empty"),
        ({"start_m": 8.0}, "starts over the ceiling"),
    ],
)
def test_each_limit_is_told_once(change, words):
    (key,) = change
    if key == "sill_m":
        space = replace(A, openings=(replace(A.openings[0], **change),))
    elif key == "initial_m3":
        space = replace(A, **change)
    else:
        space = replace(A, pumps=(replace(A.pumps[0], **change),))
    (problem,) = told(space)
    assert words in problem


@pytest.mark.parametrize(
    ("sill", "words"),
    [
        (4.5, None),  # over the lower floor
        (3.99, None),  # a centimetre of one drawing
        (3.98, "it lies under the floors of `a` and `b`"),
        (8.99, None),
        (9.0, "it lies over the ceilings of `a` and `b`"),
        (np.nan, "it lies under the floors of `a` and `b`"),
    ],
)
def test_a_passage_lies_between_floors_and_ceilings(sill, words):
    """Floors at 5 and 4 m, ceilings at 8 and 9 m."""
    b = replace(A, name="b", stage_m=np.array([4.0, 9.0]), openings=(), pumps=())
    problems = told(A, Passage("ab", "a", "b", sill, 2.0), others=(b,))
    assert (problems[:1] or [None])[0] == words


def test_numbers_that_rise():
    assert rises(np.array([1.0, 2.0])) and rises(np.array([1.0]))
    for values in ([1.0, 1.0], [2.0, 1.0], [1.0, np.nan], [1.0, np.inf], [-np.inf, 1.0]):
        assert not rises(np.array(values))
