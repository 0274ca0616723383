"""Emergency actions: triggers, decisions, crews, boards in time and too late; the water at a board.
Figures: MEASURES 13, test 6.
"""

import json

import pytest

from cases import inp_text
from flood_sim.core.errors import InputError
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import load_scenario
from sites.test_underground import lake, run

# Street rises 0.3 m/h over a sill of 4 m at the ground; T2 is 0 s. The water is at the sill from
# the start, so the story begins an hour later: the sill lies 0.3 m over the ground.
ENTRANCE = """
[resources]
crews = 2
[output]
gauges = { square = [12500.0, 12500.0] }
[[sites]]
name = "metro"
kind = "underground"
location_m = [7500.0, 7500.0]
sill_height_m = 0.3
width_m = 4.0
floor_area_m2 = 4200.0
height_m = 10.0
board_height_m = 0.6
board_leak_l_s_m = 0.02
"""
BOARD = (
    '[[actions]]\nname = "board"\ntrigger = { at = 2021-07-20T@AT:00+08:00 }\nsetup_min ='
    ' 15\nboards = ["metro"]\n'
)


def rising(tmp_path, events="", stop="17:00", entrance=ENTRANCE):
    simulation, seen = run(tmp_path, lake(stop=stop, rate_mm_h=300.0) + entrance + events)
    return simulation, {t - 3600.0: v for t, v in seen.items()}  # seconds since T2


def test_without_a_board_the_sill_law_fills_the_station(tmp_path):
    """(2/5) 1.70 B r^1.5 t^2.5: 18.2 m3 after 10 min, 1,609 m3 after 1 h."""
    _, seen = rising(tmp_path)
    assert seen[600.0][0] == pytest.approx(18.2, rel=0.01)
    assert seen[3600.0][0] == pytest.approx(1609.0, rel=0.01)


def test_a_board_in_time_keeps_out_all_but_its_leak(tmp_path):
    """Ordered 20 min before the water, 15 min of set-up: nothing but 0.02 L/s per m of 4 m."""
    simulation, seen = rising(tmp_path, BOARD.replace("@AT", "15:40"))
    assert seen[3600.0][0] == pytest.approx(0.02e-3 * 4.0 * 3600.0, rel=0.01)
    assert [d.what for d in simulation.actions.record] == [
        "triggered",
        "started metro/entrance",
        "done metro/entrance",
    ]
    _, tight = rising(
        tmp_path,
        BOARD.replace("@AT", "15:40"),
        entrance=ENTRANCE.replace("s_m = 0.02", "s_m = 0.0"),
    )
    assert tight[3600.0][0] == 0.0


MISSING = '[[failures]]\nkind = "missing_board"\nname = "gone"\nopenings = ["metro/entrance"]\n'
GATE = (
    '[measure.gate]\nkind = "automatic_gate"\ntargets = ["metro/entrance"]\nheight_m ='
    ' 0.6\nleak_l_s_m = 0.0\n[portfolio.gate]\nmeasures = ["gate"]\n'
)


def test_a_missing_board_or_gate_is_as_if_there_were_none(tmp_path):
    """Ordered in time and not there: 1,609 m3 after an hour, as without; the same of a gate that
    should have risen by itself.
    """
    simulation, seen = rising(tmp_path, BOARD.replace("@AT", "15:40") + MISSING)
    assert seen[3600.0][0] == pytest.approx(1609.0, rel=0.01)
    assert simulation.actions.record[-1].what == "failed metro/entrance"
    text = (
        lake(stop="17:00", rate_mm_h=300.0)
        + ENTRANCE.replace("board_height_m = 0.6\nboard_leak_l_s_m = 0.02\n", "")
        + GATE
    )
    kept = {}
    for name, more in (("there", ""), ("gone", MISSING)):
        _, water = run(tmp_path / name, text + more, portfolio="gate")
        kept[name] = water[7200.0][0]
    assert kept["there"] == 0.0 and kept["gone"] == pytest.approx(1609.0, rel=0.01)
    with pytest.raises(InputError, match="no such opening; did you mean `metro/entrance`"):
        rising(tmp_path, MISSING.replace("metro/entrance", "metro/entrence"))


def test_a_board_too_late_lets_in_what_had_come(tmp_path):
    """Ordered 5 min before the water: it stands 10 min after it; 18.2 m3 are inside, then it
    leaks.
    """
    _, seen = rising(tmp_path, BOARD.replace("@AT", "15:55"))
    assert seen[600.0][0] == pytest.approx(18.2, rel=0.01)
    assert seen[3600.0][0] == pytest.approx(seen[600.0][0] + 0.02e-3 * 4.0 * 3000.0, rel=0.01)


def test_an_overtopped_board_is_a_weir(tmp_path):
    """Two hours after T2 the water stands at the board's 0.6 m; half an hour later 0.15 m over it:
    (2/5) 1.70 B r^1.5 t^2.5 again.
    """
    _, seen = rising(
        tmp_path,
        BOARD.replace("@AT", "15:00"),
        stop="18:30",
        entrance=ENTRANCE.replace("s_m = 0.02", "s_m = 0.0"),
    )
    assert seen[7200.0][0] == 0.0
    assert seen[9000.0][0] == pytest.approx(
        0.4 * 1.7 * 4.0 * (0.3 / 3600.0) ** 1.5 * 1800.0**2.5, rel=0.01
    )


def test_crews_are_few_and_the_last_board_comes_late(tmp_path):
    """Six entrances, two crews, 15 min: the last board stands 45 min after the order; two are too
    late for water after 30 min.
    """
    opening = (
        '[[sites.openings]]\nname = "@K"\nlocation_m = [7500.0, 7500.0]\nsill_height_m ='
        " 0.3\nwidth_m = 4.0\nboard_height_m = 0.6\n"
    )
    site = ENTRANCE.partition("location_m")[0] + "floor_area_m2 = 4200.0\nheight_m = 10.0\n"
    site += "".join(opening.replace("@K", str(k)) for k in range(1, 7))
    (tmp_path / "s.toml").write_text("")
    simulation, _ = rising(tmp_path, BOARD.replace("@AT", "15:30"), entrance=site)
    ended = simulation.actions.ended_s("board")
    assert sorted(ended.values()) == [2700.0, 2700.0, 3600.0, 3600.0, 4500.0, 4500.0]
    reached = simulation.sites.spaces.reached_s
    assert (
        sum(
            ended[o.name] > t
            for o, t in zip(simulation.sites.spaces.openings, reached, strict=True)
        )
        == 2
    )
    assert simulation.actions.free_crews == 2


def test_triggers_by_level_by_rain_and_by_another_action(tmp_path):
    events = """
[[actions]]
name = "warning"
trigger = { rain_mm = 150, within_h = 3 }
decision_min = 10
warns = ["metro"]
[[actions]]
name = "close"
trigger = { gauge = "square", depth_m = 0.2 }
crews = 0
[[actions]]
name = "board"
trigger = { after = "warning" }
travel_min = 5
setup_min = 15
boards = ["metro/entrance"]
"""
    simulation, _ = rising(tmp_path, events)
    times = {(d.action, d.what): d.time_s for d in simulation.actions.record}
    assert times["warning", "triggered"] == 1800.0  # 300 mm/h: 150 mm after half an hour
    assert times["close", "triggered"] == pytest.approx(2400.0, abs=5.0)
    assert times["warning", "done metro"] == 2400.0
    assert times["board", "started metro/entrance"] == pytest.approx(2400.0, abs=5.0)
    assert times["board", "done metro/entrance"] == pytest.approx(2400.0 + 1200.0, abs=5.0)


def test_two_lists_are_two_stories(tmp_path):
    lists = (
        """
[action_list.as_planned]
[action_list.as_happened]
[portfolio.planned]
actions = "as_planned"
[portfolio.happened]
actions = "as_happened"
"""
        + BOARD.replace("@AT", "15:40").replace('"board"', '"early"\nlist = "as_planned"')
        + BOARD.replace("@AT", "15:55").replace('"board"', '"late"\nlist = "as_happened"')
    )
    text = lake(stop="17:00", rate_mm_h=300.0) + ENTRANCE + lists
    volumes = {
        name: run(tmp_path / name, text, portfolio=name)[1][7200.0][0]
        for name in ("baseline", "happened", "planned")
    }
    assert volumes["baseline"] == pytest.approx(1609.0, rel=0.01)
    assert volumes["planned"] < 0.3 < 18.0 < volumes["happened"] < 18.6
    assert (
        run_scenario(
            load_scenario(tmp_path / "happened" / "s.toml"), tmp_path / "out", portfolio="happened"
        ).exit_code
        == 0
    )
    (board,) = json.loads((tmp_path / "out" / "summary.json").read_text())["actions"]["boards"]
    assert board["margin_min"] == pytest.approx(-10.0, abs=0.1)


def test_a_truck_pumps_once_it_is_there(tmp_path):
    """MEASURES 4: one truck of 3,000 m3/h an hour after the call, 10,000 m3 in a basin: dry after
    60 + 200 min; a second call finds no truck.
    """
    text = """
schema = 1
name = "truck"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T20:00:00+08:00
[terrain]
bed_elevation = { columns = 1, rows = 1, cell_size_m = 100.0, level_m = 10.0 }
[initial]
depth = 1.0
[drainage]
kind = "swmm"
network = "n.inp"
coupling_step_s = 10
routing_step_s = 5
inlets = "inlets.csv"
[surface]
precision = "float64"
[output]
interval_s = 600
gauges = { basin = [50.0, 50.0] }
[resources]
trucks = 1
[[actions]]
name = "call"
trigger = { gauge = "basin", depth_m = 0.5 }
travel_min = 30
setup_min = 30
trucks = 1
[[actions]]
name = "second call"
trigger = { gauge = "basin", depth_m = 0.5 }
trucks = 1
[[rules]]
kind = "mobile_pump"
name = "truck"
from_m = [50.0, 50.0]
to_node = "M"
discharge_m3_s = 0.8333333
when = { action = "call" }
"""
    (tmp_path / "n.inp").write_text(
        inp_text(
            junctions="M 0 12 0 0 0",
            outfalls="O -0.5 FREE NO",
            conduits="C M O 50 0.013 0 0 0 0",
            xsections="C CIRCULAR 1.5 0 0 0",
        )
        + "\n[COORDINATES]\nM 50 50\nO 500 50\n"
    )
    (tmp_path / "inlets.csv").write_text(
        "node,kind,perimeter_m,area_m2,capacity_m3_s\nM,custom,0.001,1e-9,1e-9\n"
    )
    simulation, seen = run(tmp_path, text, lambda s: float(s.surface.depth[0, 0]))
    assert seen[3600.0] == pytest.approx(1.0, abs=1e-3)
    assert seen[3600.0 + 6000.0] == pytest.approx(0.5, abs=0.01)
    assert seen[3600.0 + 12000.0] == pytest.approx(0.0, abs=0.01)
    assert simulation.actions.free_trucks == 0 and simulation.actions.done_s[1] == float("inf")


ROADS = """
schema = 1
name = "roads"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:30:00+08:00
[terrain]
bed_elevation = { columns = 30, rows = 1, cell_size_m = 100.0, level_m = 10.0, boxes = [[1400.0, 0.0, 1500.0, 100.0, 8.0, 0.0]] }
[initial]
stage = [{ level_m = LEVEL, inside = "dip.geojson" }]
[exposure]
roads = "roads.geojson"
[surface]
precision = "float64"
window_s = 5
[resources]
crews = 2
[[sites]]
name = "far"
kind = "underground"
location_m = [2950.0, 50.0]
floor_area_m2 = 100.0
board_height_m = 0.6
[[sites]]
name = "near"
kind = "underground"
location_m = [950.0, 50.0]
floor_area_m2 = 100.0
board_height_m = 0.6
[[actions]]
name = "order"
trigger = { at = 2021-07-20T15:00:00+08:00 }
setup_min = 10
depot_m = [50.0, 50.0]
boards = ["far", "near"]
"""


def drive(tmp_path, level):
    tmp_path.mkdir(exist_ok=True)
    for name, box in (("roads", [0, 0, 3000, 100]), ("dip", [1400, 0, 1500, 100])):
        w, s, e, n = box
        (tmp_path / f"{name}.geojson").write_text(
            json.dumps(
                {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]}
            )
        )
    simulation, _ = run(tmp_path, ROADS.replace("LEVEL", str(level)))
    return simulation.actions


def test_crews_drive_over_passable_roads(tmp_path):
    """2.9 km at 40 km/h: 261 s and 10 min of set-up; 0.9 km: 81 s. A dip with 0.4 m: 100 m at 5
    km/h; with 0.6 m nobody gets across.
    """
    dry = drive(tmp_path / "dry", 8.0).ended_s("board")
    assert dry["far/entrance"] == pytest.approx(2900.0 / 40.0 * 3.6 + 600.0) and dry[
        "near/entrance"
    ] == pytest.approx(81.0 + 600.0)
    slow = drive(tmp_path / "slow", 8.4).ended_s("board")
    assert slow["far/entrance"] == pytest.approx((2800.0 / 40.0 + 100.0 / 5.0) * 3.6 + 600.0)
    blocked = drive(tmp_path / "blocked", 8.6)
    assert set(blocked.ended_s("board")) == {"near/entrance"} and blocked.free_crews == 2
    assert ("order", "blocked far/entrance") in {(d.action, d.what) for d in blocked.record}


def test_a_board_that_fails_is_drawn_and_told(tmp_path):
    simulation, seen = rising(
        tmp_path, BOARD.replace("@AT", "15:40") + "failure_probability = 1.0\n"
    )
    assert seen[3600.0][0] == pytest.approx(1609.0, rel=0.01)
    assert simulation.actions.record[-1].what == "failed metro/entrance"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('boards = ["metro"]|boards = ["metor"]', "no such opening"),
        ("crews = 2|crews = 0", "needs more crews than there are"),
        ("board_height_m = 0.6|", "has no board"),
        (
            "trigger = { at = 2021-07-20T15:40:00+08:00 }|trigger = { after = 'board' }",
            "waits for itself",
        ),
        (
            "trigger = { at = 2021-07-20T15:40:00+08:00 }|trigger = { after = 'bored' }",
            "no such action",
        ),
        (
            (
                "trigger = { at = 2021-07-20T15:40:00+08:00 }|trigger = { at ="
                " 2021-07-21T15:40:00+08:00 }"
            ),
            "outside the run",
        ),
        (
            "trigger = { at = 2021-07-20T15:40:00+08:00 }|trigger = { gauge = 'square' }",
            "goes with one of depth_m, level_m",
        ),
        (
            "trigger = { at = 2021-07-20T15:40:00+08:00 }|trigger = { }",
            "it is not said when: by at",
        ),
        (
            (
                "trigger = { at = 2021-07-20T15:40:00+08:00 }|trigger = { gauge = 'sqare', depth_m"
                " = 1.0 }"
            ),
            "no such gauge",
        ),
        ("setup_min = 15|setup_min = 15\nlist = 'as_planed'", "there is no .action_list"),
        ("setup_min = 15|setup_min = 15\ndoors = ['d']", "no such passage"),
        ("setup_min = 15|setup_min = 15\ncompletes = 'guard'", "no such measure"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, change, words):
    old, _, new = change.partition("|")
    text = ENTRANCE + BOARD.replace("@AT", "15:40")
    assert old in text
    with pytest.raises(InputError, match=words):
        rising(tmp_path, text.replace(old, new, 1), entrance="")
