"""Measures of critical infrastructure and underground space: hand calculations of MEASURES 5 and 6,
refusals, and boards that wait for an action.
"""

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.measures import apply_measures
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.sites.critical import CriticalSites
from measure_cases import measure
from sites.test_actions import ENTRANCE, rising
from sites.test_underground import CHAIN, GARAGE, lake, run

HOUR = 3600.0
STREET = """
[[sites]]
name = "substation_1"
kind = "critical"
type = "substation"
location_m = [2500.0, 2500.0]
failure_depth_m = 0.25
[[sites]]
name = "substation_2"
kind = "critical"
type = "substation"
location_m = [7500.0, 2500.0]
failure_depth_m = 5.0
[[sites]]
name = "feeder"
kind = "critical"
location_m = [7500.0, 2500.0]
failure_depth_m = 5.0
needs = [{ any_of = ["substation_1"] }]
[[sites]]
name = "hospital"
kind = "critical"
type = "hospital"
location_m = [12500.0, 2500.0]
failure_depth_m = 5.0
needs = [{ any_of = ["substation_1"] }]
[[sites]]
name = "station"
kind = "critical"
type = "pump_station"
location_m = [12500.0, 12500.0]
failure_depth_m = 0.25
[[sites]]
name = "room"
kind = "critical"
type = "distribution_room"
inside = "garage"
failure_depth_m = 0.1
repair_h = 24
"""


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Nine cells at 10 m with a garage and six critical sites."""
    folder = tmp_path_factory.mktemp("street")
    (folder / "s.toml").write_text(lake() + GARAGE + STREET)
    return build_inputs(load_scenario(folder / "s.toml"))


def built(inputs, **keys):
    return apply_measures(inputs, {"it": measure(**keys)}, lambda file, place: []).inputs


@pytest.mark.parametrize("kind", ["flood_barrier", "automatic_gate"])
def test_a_board_that_fails_is_paid_for_and_not_there(street, kind):
    """All fail: no board at the garage's opening, the same bill; none fails: it is there."""
    both = [
        apply_measures(
            street,
            {"it": measure(kind=kind, targets=["garage"], fail_share=share)},
            lambda file, place: [],
        )
        for share in (0.0, 1.0)
    ]
    board = [b.inputs.sites.spaces.spaces[0].openings[0].board_m for b in both]
    assert board[0] > 0.5 and board[1] == street.sites.spaces.spaces[0].openings[0].board_m == 0.0
    bill = [b.measures[0]["capital"]["middle"] for b in both]
    assert bill[0] == bill[1] > 0.0


def lost(inputs, depth_at, hours, step_s=60.0):
    """Hours out by site, under a depth over the ground that is a function of cell or space name and
    hour.
    """
    critical = CriticalSites(inputs.sites.critical)
    bed = inputs.terrain.bed_elevation

    def level(place, hour):
        return (float(bed[place]) if not isinstance(place, str) else 0.0) + depth_at(place, hour)

    for k in range(round(hours * HOUR / step_s)):
        critical.update(
            np.array([level(s.place, k * step_s / HOUR) for s in critical.sites]),
            k * step_s,
            step_s,
        )
    return {s.name: float(t) / HOUR for s, t in zip(critical.sites, critical.lost_s, strict=True)}


SUBSTATION_1 = (2, 0)


def feed_out(begin, end):
    return lambda place, hour: 1.0 if place == SUBSTATION_1 and begin <= hour < end else 0.0


def test_a_step_lets_water_in_later(tmp_path):
    """Street rises 0.3 m/h: with 0.45 m more the first water comes 1.5 h later."""
    text = (
        '[measure.step]\nkind = "entrance_step"\ntargets = ["metro"]\nraise_m ='
        ' 0.45\n[portfolio.it]\nmeasures = ["step"]\n'
    )
    first = {}
    for name in ("baseline", "it"):
        simulation, _ = run(
            tmp_path / name, lake(stop="18:00", rate_mm_h=300.0) + ENTRANCE + text, portfolio=name
        )
        first[name] = float(simulation.sites.spaces.book.first_entry_s[0])
    assert first["it"] - first["baseline"] == pytest.approx(1.5 * HOUR, abs=5.0)


BARRIER = """
[measure.guard]
kind = "flood_barrier"
targets = ["metro"]
[portfolio.it]
measures = ["guard"]
[[actions]]
name = "place"
trigger = { at = 2021-07-20T15:40:00+08:00 }
completes = "guard"
"""


def test_a_barrier_waits_for_its_action(tmp_path):
    entrance = ENTRANCE.replace("board_height_m = 0.6\n", "")
    text = lake(stop="17:00", rate_mm_h=300.0) + entrance
    simulation, seen = run(tmp_path / "done", text + BARRIER, portfolio="it")
    assert seen[7200.0][0] == pytest.approx(0.02e-3 * 4.0 * 3600.0, rel=0.01)
    assert simulation.actions.ended_s("board") == {
        "metro/entrance": 3300.0
    }  # 15 min of the measure's own after 15:40
    _, never = run(
        tmp_path / "baseline", text + BARRIER
    )  # without the measure the action has nothing to place
    assert never[7200.0][0] == pytest.approx(1609.0, rel=0.01)
    simulation, never = run(
        tmp_path / "lying", text + BARRIER.partition("[[actions]]")[0], portfolio="it"
    )
    assert never[7200.0][0] == pytest.approx(1609.0, rel=0.01)
    assert any(
        f.code == "W443" and "stay in the store" in f.problem for f in simulation.inputs.findings
    )


def test_an_automatic_gate_needs_nobody(tmp_path):
    """0 m3 until the street stands 1.0 m over the sill, 3.33 h after the water came."""
    text = (
        '[measure.gate]\nkind = "automatic_gate"\ntargets = ["metro"]\nleak_l_s_m ='
        ' 0.0\n[portfolio.it]\nmeasures = ["gate"]\n'
    )
    entrance = ENTRANCE.replace("board_height_m = 0.6\n", "")
    simulation, _ = run(
        tmp_path, lake(stop="19:30", rate_mm_h=300.0) + entrance + text, portfolio="it"
    )
    assert simulation.sites.spaces.book.first_entry_s[0] == pytest.approx(
        (1.3 / 0.3) * HOUR, abs=6.0
    )


def test_a_door_in_a_chain_is_shut_by_an_action(tmp_path):
    text = """
[measure.door]
kind = "watertight_door"
targets = ["tunnel_23"]
[portfolio.it]
measures = ["door"]
[[actions]]
name = "shut"
trigger = { at = 2021-07-20T15:00:00+08:00 }
completes = "door"
"""
    _, seen = run(tmp_path, lake(0.5) + CHAIN + text, portfolio="it")
    assert seen[5400.0][2] == 0.0 and seen[5400.0][1] > 1000.0


def test_sump_pumps_take_what_they_can(tmp_path):
    """Inflow 0.05 m3/s, pump 0.03: 72 m3 an hour stay."""
    head = (0.05 / 1.7 / 6.0) ** (2.0 / 3.0)
    text = lake(0.15 + head, stop="17:00") + GARAGE
    text += (
        '[measure.sump]\nkind = "sump_pumps"\ntargets = ["garage"]\ncapacity_m3_s ='
        " 0.03\nstart_depth_m = 0.01\nstop_depth_m = 0.0\nalways_powered = true\n"
    )
    _, seen = run(tmp_path, text + '[portfolio.it]\nmeasures = ["sump"]\n', portfolio="it")
    assert seen[7200.0][0] - seen[3600.0][0] == pytest.approx(72.0, rel=0.02)


def test_a_plinth_and_a_raised_control_room(street):
    """Triangle 0 - 1.0 m at 3 h - 0 at 6 h: level 0.25 is out 4.5 h, 0.80 1.2 h, 1.05 never."""

    def triangle(place, hour):
        return max(min(hour, 6.0 - hour) / 3.0, 0.0) if not isinstance(place, str) else 0.0

    for depth, hours in ((0.25, 4.5), (0.80, 1.2), (1.05, 0.0)):
        after = built(street, kind="raised_plinth", targets=["substation_1"], failure_depth_m=depth)
        assert lost(after, triangle, 8)["substation_1"] == pytest.approx(
            hours, abs=0.04
        )  # minutes at both ends

    def rising_street(
        place, hour
    ):  # 0.3 m/h: fails at .25 m after 50 min, at .75 m after 150: 100 min of 3 m3/s are 18,000 m3
        return 0.3 * hour

    before = lost(street, rising_street, 4)["station"]
    after = lost(
        built(street, kind="raised_control_room", targets=["station"], raise_m=0.5),
        rising_street,
        4,
    )["station"]
    assert (before - after) * HOUR * 3.0 == pytest.approx(18_000.0, rel=0.02)


def test_relocation_and_proofing(street):
    def wet(place, hour):  # the garage stands 0.5 m deep from 2 to 6.5 h, the street 0.2 m
        inside = -1.0 + 10.0 if isinstance(place, str) else 0.0
        deep = 2.0 <= hour < 6.5
        return (inside if deep else -5.0) if isinstance(place, str) else (0.2 if deep else 0.0)

    assert lost(street, wet, 40)["room"] == pytest.approx(4.5 + 24.0)
    assert lost(built(street, kind="wet_proofing", targets=["room"]), wet, 40)[
        "room"
    ] == pytest.approx(4.5 + 7.2)
    moved = built(street, kind="relocation", targets=["room"])
    assert lost(moved, wet, 40)["room"] == 0.0
    assert next(c for c in moved.sites.critical if c.name == "room").place == (1, 1)
    dry = built(street, kind="dry_proofing", targets=["station"], height_m=0.6)
    assert next(
        c for c in dry.sites.critical if c.name == "station"
    ).failure_level_m == pytest.approx(10.6)


def test_generators_last_and_drown(street):
    """Feed out 10 h, autonomy 8: 2 h lost; the generator's place flooded an hour after the feed
    went: 9 h.
    """
    after = built(street, kind="backup_power", targets=["hospital"], autonomy_h=8.0)
    assert lost(after, feed_out(2, 12), 24)["hospital"] == pytest.approx(2.0)
    hospital = (2, 2)

    def flooded(place, hour):
        return 1.5 if place == hospital and hour >= 3.0 else feed_out(2, 12)(place, hour)

    assert lost(after, flooded, 24)["hospital"] == pytest.approx(9.0)
    assert lost(street, feed_out(2, 12), 24)["hospital"] == pytest.approx(10.0)


def test_a_tie_helps_from_another_substation_only(street):
    after = built(street, kind="supply_tie", targets=["hospital"], from_site="substation_2")
    assert lost(after, feed_out(2, 12), 24)["hospital"] == 0.0
    with pytest.raises(
        InputError, match="(?s)both feeds would fail together.*feeder hangs on substation_1"
    ):
        built(street, kind="supply_tie", targets=["hospital"], from_site="feeder")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"kind": "entrance_step", "targets": ["garage"], "sill_height_m": 0.1},
            "the sill is higher today",
        ),
        ({"kind": "entrance_step", "targets": ["garage"]}, "give either sill_height_m or raise_m"),
        (
            {"kind": "entrance_step", "targets": ["garag"], "raise_m": 0.1},
            "no such item among the openings",
        ),
        ({"kind": "entrance_step", "raise_m": 0.1}, "name the openings"),
        (
            {"kind": "flood_barrier", "targets": ["garage"], "height_m": 1.5},
            "a board does not hold this",
        ),
        (
            {"kind": "flood_barrier", "targets": ["garage"], "type": "sandbag", "height_m": 0.6},
            "a sandbag does not hold this",
        ),
        ({"kind": "sump_pumps", "targets": ["garage"]}, "say who feeds the pumps"),
        ({"kind": "sump_pumps", "targets": ["garage"], "power": "moon"}, "no such critical site"),
        (
            {"kind": "sump_pumps", "targets": ["garage"], "always_powered": True, "to_node": "N1"},
            "no such node",
        ),
        (
            {"kind": "raised_plinth", "targets": ["station"], "failure_depth_m": 0.1},
            "stands higher today",
        ),
        ({"kind": "raised_plinth", "targets": ["room"], "raise_m": 3.0}, "above the ceiling"),
        (
            {"kind": "raised_control_room", "targets": ["hospital"], "raise_m": 0.1},
            "this is no pump station",
        ),
        ({"kind": "relocation", "targets": ["station"]}, "say where it goes"),
        (
            {"kind": "relocation", "targets": ["room"], "location_m": [-1.0, 0.0]},
            "not on an open cell",
        ),
        (
            {"kind": "dry_proofing", "targets": ["station"], "height_m": 1.2},
            "walls may not bear this water",
        ),
        (
            {"kind": "backup_power", "targets": ["station"]},
            "nothing that a generator could replace",
        ),
        (
            {"kind": "supply_tie", "targets": ["hospital"], "from_site": "sun"},
            "no such critical site",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(street, keys, words):
    with pytest.raises(InputError, match=words):
        built(street, **keys)


def test_a_higher_sill_and_a_board_add_up(tmp_path):
    """Step 0.3 m and board 0.6 m over it: 0.9 m."""
    text = (
        lake(stop="15:30")
        + GARAGE
        + '[measure.a]\nkind = "entrance_step"\ntargets = ["garage"]\nraise_m = 0.3\n'
    )
    text += (
        '[measure.b]\nkind = "automatic_gate"\ntargets = ["garage"]\nheight_m ='
        ' 0.6\n[portfolio.it]\nmeasures = ["a", "b"]\n'
    )
    simulation, _ = run(tmp_path, text, portfolio="it")
    assert simulation.sites.spaces.crests() == pytest.approx(np.array([10.15 + 0.9]))


def test_rising_is_as_the_actions_have_it(tmp_path):
    simulation, _ = rising(tmp_path, stop="15:30")
    assert simulation.ledger.rain == pytest.approx(0.15 * 225e6)
