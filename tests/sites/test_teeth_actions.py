"""Who acts when: queue of crews, decisions, ways, delays; a town of numbers instead of models."""

import math

import numpy as np
import pytest

from flood_sim.operations.actions import Action, Actions, Task
from flood_sim.operations.switches import Operation, Operations, Watch


class Town:
    """What actions and operations look at and act on."""

    def __init__(self, **values):
        self.values, self.ways, self.did = values, {}, []

    def value_of(self, watch, time_s):
        value = self.values[watch.place]
        return value(time_s) if callable(value) else value

    def travel_s(self, depot, cell, time_s):
        way = self.ways[cell]
        return way(time_s) if callable(way) else way

    def place_board(self, opening):
        self.did.append(("board", opening))

    def shut_door(self, passage):
        self.did.append(("door", passage))

    def shut_gate(self, structure):
        self.did.append(("gate", structure))

    def hold_link(self, link, setting):
        self.did.append(("link", link, setting))

    def set_links(self, links, setting):
        self.did.append(("links", tuple(links), setting))

    def set_openings(self, shares):
        self.did.append(("openings", np.asarray(shares).tolist()))


def told(actions, town, until_s, step_s=10.0):
    """Record of a run: (s, action, what)."""
    for k in range(int(until_s / step_s) + 1):
        actions.apply(town, k * step_s)
    return [(d.time_s, d.action, d.what) for d in actions.record]


def board(name, setup_s=100.0, **keys):
    return Task("board", name, setup_s=setup_s, **keys)


def test_nobody_overtakes_who_waits_for_a_larger_crew():
    """Two crews. The first task takes one for 100 s, the second needs both, the third one: the
    third would find a crew at once, and waits behind the second.
    """
    tasks = (board("a"), board("b", crews=2), board("c"))
    lines = told(Actions([Action("all", tasks, at_s=0.0)], crews=2), Town(), 400.0)
    assert lines == [
        (0.0, "all", "triggered"),
        (0.0, "all", "started a"),
        (100.0, "all", "done a"),
        (100.0, "all", "started b"),
        (200.0, "all", "done b"),
        (200.0, "all", "started c"),
        (300.0, "all", "done c"),
    ]


def test_the_earlier_decision_goes_first():
    """The action that stands second is decided first: its task has the only crew first."""
    late = Action("late", (board("a"),), at_s=0.0, decision_s=30.0)
    soon = Action("soon", (board("b"),), at_s=10.0, decision_s=10.0)
    other = Action("other", (board("x"),), at_s=0.0)
    actions, town = Actions([late, soon, other], crews=1), Town()
    told(actions, town, 400.0)
    assert actions.ended_s("board") == {"x": 100.0, "b": 200.0, "a": 300.0}
    assert [name for _, name in town.did] == ["x", "b", "a"]


def test_trucks_stay_where_they_are_sent_and_crews_come_back():
    tasks = tuple(Task("link", f"p{k}", 50.0, trucks=1, setting=0.5) for k in range(3))
    actions, town = Actions([Action("pumps", tasks, at_s=0.0)], crews=1, trucks=2), Town()
    told(actions, town, 300.0)
    assert actions.ended_s("link") == {"p0": 50.0, "p1": 100.0}  # the third has no truck
    assert (actions.free_crews, actions.free_trucks) == (1, 0)
    assert town.did.count(("link", "p0", 0.5)) == 26  # held in every window from 50 s on
    assert not actions.is_done("pumps", 300.0) and not actions.is_done("else", 300.0)


def test_an_action_waits_for_its_time_its_watch_or_another():
    """In the first window after 40.5 s; at 70 s by the level; after the first is done (70 s); never
    by a level that does not come. Decision and way are added.
    """
    wet = Watch("level", "street", above=1.0)
    dry = Watch("level", "street", below=-1.0)
    actions = Actions(
        [
            Action("clock", (board("a", 20.0),), at_s=40.5),
            Action("level", (board("b", 5.0),), watch=wet, decision_s=20.0, travel_s=10.0),
            Action("then", (Task("door", "d"),), after="clock"),
            Action("never", (Task("gate", "g"),), watch=dry),
        ],
        crews=9,
    )
    town = Town(street=lambda t: 1.0 if t < 70.0 else 1.01)
    told(actions, town, 200.0)
    assert actions.triggered_s == [50.0, 70.0, 70.0, math.inf]
    assert actions.done_s == [70.0, 105.0, 70.0, math.inf]
    assert town.did == [("board", "a"), ("door", "d"), ("board", "b")]
    assert actions.is_done("clock", 70.0) and not actions.is_done("clock", 69.9)


def test_what_fails_takes_its_time_and_has_no_effect():
    tasks = (board("a", fails=True), board("b", 30.0))
    actions, town = Actions([Action("x", tasks, at_s=0.0)], crews=2), Town()
    lines = told(actions, town, 200.0)
    assert (100.0, "x", "failed a") in lines and town.did == [("board", "b")]
    assert actions.ended_s("board") == {"b": 30.0} and actions.done_s == [100.0]


def test_a_blocked_crew_lets_the_others_go_and_looks_again_each_minute():
    """No passable road to the first place until 130 s; roads are looked at every 60 s."""
    near, far = board("near", 10.0, cell=(0, 1)), board("far", 10.0, cell=(0, 9))
    actions = Actions([Action("x", (far, near), at_s=0.0, depot=(0, 0))], crews=1)
    town = Town()
    town.ways = {(0, 1): 25.0, (0, 9): lambda t: math.inf if t < 130.0 else 40.0}
    lines = told(actions, town, 400.0)
    assert lines == [
        (0.0, "x", "triggered"),
        (0.0, "x", "blocked far"),
        (0.0, "x", "started near"),
        (35.0, "x", "done near"),
        (180.0, "x", "started far"),
        (230.0, "x", "done far"),
    ]


def switched(operation, level, until_s=200.0, step_s=10.0, **more):
    """(s, on) of an operation under a level at its place, and what it did."""
    operations, town = Operations([operation], ["P", "Q"], 2), Town(here=level, **more)
    for k in range(int(until_s / step_s) + 1):
        operations.apply(town, k * step_s)
    return [(s.time_s, s.on) for s in operations.record], town.did


ABOVE, BELOW = Watch("depth", "here", above=1.0), Watch("depth", "here", below=0.5)


@pytest.mark.parametrize("delay_s", [0.0, 30.0])
def test_a_switch_stays_on_between_its_two_levels(delay_s):
    """On over 1 m, off under 0.5 m; 0.7 m in between changes nothing, whichever way it came."""
    levels = [0.7] * 3 + [1.2] * 3 + [0.7] * 4 + [0.4] * 2 + [0.7] * 9
    operation = Operation("p", "pump", begins=ABOVE, ends=BELOW, links=("Q",), delay_s=delay_s)
    lines, did = switched(operation, lambda t: levels[round(t / 10.0)])
    assert lines == [(30.0 + delay_s, True), (100.0 + delay_s, False)]
    held = [d for d in did if d[0] == "links"]
    assert held[:-1] == [("links", (1,), 0.0)] * 7 and held[-1] == ("links", (1,), 1.0)


def test_a_time_alone_happens_once_and_until_ends_for_good():
    lines, did = switched(
        Operation(
            "c", "clogged", at_s=20.0, until_s=60.0, inlets=(1,), on_share=0.3, off_share=0.9
        ),
        0.0,
    )
    assert lines == [(20.0, True), (60.0, False)]
    assert [d[1] for d in did] == [[1.0, 0.9], [1.0, 0.3], [1.0, 0.9]]
    ends = Watch("depth", "here", above=0.5)
    once = Operation("c", "clogged", at_s=20.0, ends=ends)
    lines, _ = switched(once, lambda t: 1.0 if 50.0 <= t < 80.0 else 0.0)
    assert lines == [(20.0, True), (50.0, False)]
    again = Operation("w", "pump", begins=Watch("depth", "here", below=0.5), ends=ends, at_s=30.0)
    lines, _ = switched(again, lambda t: 1.0 if 50.0 <= t < 80.0 else 0.0)
    assert lines == [(30.0, True), (50.0, False), (80.0, True)]


def test_two_that_clog_one_inlet_multiply():
    pair = [
        Operation(n, "clogged", inlets=(0,), on_share=share, at_s=at)
        for n, share, at in (("a", 0.5, 0.0), ("b", 0.4, 10.0))
    ]
    operations, town = Operations(pair, [], 2), Town()
    operations.apply(town, 0.0)
    operations.apply(town, 10.0)
    assert town.did == [("openings", [0.5, 1.0]), ("openings", [0.2, 1.0])]


def test_a_watch_holds_beyond_its_limit_only():
    assert not ABOVE.holds(1.0) and ABOVE.holds(1.001)
    assert not BELOW.holds(0.5) and BELOW.holds(0.499)
    assert not Watch("depth", "here").holds(0.0)
