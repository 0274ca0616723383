"""Measures that work by the clock: pumps on trucks, control, ramp drains, closures, warnings, walls
with gates, releases. Figures: MEASURES 3 to 7.
"""

import json

import numpy as np
import pytest

from cases import START, grid_of
from coupling.test_switches import NETWORK, SCENARIO
from flood_sim.core.clock import Clock
from flood_sim.core.errors import InputError
from flood_sim.ground.rainfall import Rainfall
from flood_sim.ground.terrain import terrain_of
from flood_sim.operations.switches import Operation, Operations, Watch
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import load_scenario
from flood_sim.surface.boundaries import Inflow, Series
from measure_cases import build, surface_inputs
from measure_cases import run as run_inputs
from sites.test_actions import ENTRANCE
from sites.test_underground import lake, run

HOUR = 3600.0
SHUT = (
    '\n[[failures]]\nkind = "clogged_inlets"\nname = "all shut"\nclogging = 1.0\nat ='
    " 2021-07-20T15:00:00+08:00\n"
)
VAST = (
    NETWORK.replace("FUNCTIONAL 0 0 50", "FUNCTIONAL 0 0 100000")
    .replace("M 7.5 10.5\n", "M 7.5 2.5\n")
    .replace("P S Q PC ON 0 0", "P S Q PC OFF 9 8")
)
LATE = '{ gauge = "control_room", depth_m = 0.3 }'


def street(tmp_path, measure, hours, depth, probe, cell_m=5.0, portfolio="it"):
    """The closed street of the event tests, still water on it, its inlets shut; a vast well takes
    what is pumped.
    """
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "street.inp").write_text(VAST)
    scenario = (
        SCENARIO.partition("[[boundaries]]")[0]
        + f"[initial]\ndepth = {depth}\n[surface]"
        + SCENARIO.partition("[surface]")[2]
    )
    scenario = scenario.replace(
        "T15:30:00", f"T{15 + int(hours)}:{round(60 * (hours % 1)):02d}:00"
    ).replace("coupling_step_s = 2", "coupling_step_s = 10")
    scenario = scenario.replace("cell_size_m = 5.0", f"cell_size_m = {cell_m}").replace(
        "routing_step_s = 1\n", "routing_step_s = 5\n"
    )
    return run(
        tmp_path,
        scenario + SHUT + measure + '\n[portfolio.it]\nmeasures = ["it"]\n',
        probe,
        portfolio,
    )


def test_a_truck_comes_late_and_pumps_its_nameplate(tmp_path):
    """10,000 m3 on the street, one truck of 3,000 m3/h, 60 min on the way and at work: dry 200 min
    after that.
    """
    measure = (
        '[measure.it]\nkind = "mobile_pumps"\nfrom_m = [52.5, 7.5]\nto_node = "S"\norder ='
        f" {LATE}\n"
    )
    simulation, seen = street(tmp_path, measure, 5, 5.0, lambda s: s.exchange.book.to_sewer_street)
    assert seen[3600.0] == 0.0
    assert seen[3600.0 + 6000.0] == pytest.approx(
        5000.0, rel=0.015
    )  # an opening takes ten windows to its capacity: 42 m3
    assert seen[5 * HOUR] == pytest.approx(10_000.0 - 0.05 * 2000.0, rel=0.01)  # they stop at 5 cm
    dry = min(t for t, v in seen.items() if v > 9800.0)
    assert dry == pytest.approx((60 + 196) * 60.0, rel=0.01)
    assert [d.what for d in simulation.actions.record] == [
        "triggered",
        "started",
        "done",
    ] and simulation.actions.free_trucks == 0
    none, without = street(
        tmp_path / "none",
        measure,
        5,
        5.0,
        lambda s: s.exchange.book.to_sewer_street,
        portfolio="baseline",
    )
    assert without[5 * HOUR] == 0.0 and none.actions.actions == ()


def test_a_lake_is_let_down_as_far_as_time_allows(tmp_path):
    """20 ha x 0.5 m at 5 m3/s: 100,000 m3 need 5.56 h; within 3 h 54,000 m3."""
    measure = (
        '[measure.it]\nkind = "lake_drawdown"\ntargets = { polygon_m = [[0, 0], [1000, 0], [1000,'
        ' 200], [0, 200]] }\nto_node = "S"\norder = { gauge = "control_room", depth_m = 0.3 }\n'
    )
    _, seen = street(
        tmp_path, measure, 6, 2.0, lambda s: s.exchange.book.to_sewer_street, cell_m=50.0
    )
    assert seen[3 * HOUR] == pytest.approx(54_000.0, rel=0.01)
    assert seen[6 * HOUR] == pytest.approx(100_000.0, rel=0.02)
    assert min(t for t, v in seen.items() if v > 99_000.0) == pytest.approx(5.5 * HOUR, rel=0.01)


WELL = (
    NETWORK.replace("FUNCTIONAL 0 0 50", "FUNCTIONAL 0 0 1000")
    .replace("S 6 4 0", "S 5 5 4.95")
    .replace("PC PUMP2 0 0.1\nPC 9 0.1", "PC PUMP2 0 3\nPC 9 3")
)
WELL = WELL.replace("P S Q PC ON 0 0", "P S O2 PC OFF 4.9 4.8").replace(
    "O 8.8 FREE NO", "O 8.8 FREE NO\nO2 9 FREE NO"
)
WELL = (
    WELL.replace("S 500 500", "S 52.5 2.5")
    + "[INFLOWS]\nS FLOW rise\n[TIMESERIES]\nrise 0 0\nrise 0:59 0\nrise 1:00 4\nrise 9:00 4\n"
)


def test_control_empties_the_well_before_the_storm(tmp_path):
    """5,000 m3 of well; a pump of 3 m3/s that starts when it is full, inflow of 4 after an hour: it
    spills 5,000 s later with an early start.
    """
    spilt, pumped = {}, {}
    for name in ("baseline", "it"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "street.inp").write_text(WELL)
        scenario = (
            SCENARIO.partition("[[boundaries]]")[0]
            + "[surface]"
            + SCENARIO.partition("[surface]")[2]
        )
        scenario = scenario.replace("T15:30:00", "T18:00:00") + SHUT
        control = (
            '[measure.it]\nkind = "smart_control"\ntargets = { layer = "pumps" }\nstart_m ='
            ' 0.2\nstop_m = 0.02\n[portfolio.it]\nmeasures = ["it"]\n'
        )
        _, seen = run(
            folder,
            scenario + control,
            lambda s: (s.exchange.book.to_street_network, s.network.balance()["outflow"]),
            name,
        )
        spilt[name] = min(t for t, v in seen.items() if v[0] > 10.0)
        pumped[name] = {t: v[1] for t, v in seen.items()}
    assert spilt["it"] - spilt["baseline"] == pytest.approx(
        5000.0, rel=0.05
    )  # the pump's band of 0.2 m is not emptied
    early = pumped["it"][3 * HOUR] - pumped["baseline"][3 * HOUR]
    assert early == pytest.approx(5000.0, rel=0.05)  # what the well held is pumped once, not more


def test_control_holds_a_link_while_the_gauge_says_so(tmp_path):
    (tmp_path / "street.inp").write_text(NETWORK)
    control = (
        '[measure.it]\nkind = "smart_control"\nlinks = ["P"]\nsetting = 0.0\ngauge ='
        ' "control_room"\nabove_m = 0.1\n[portfolio.it]\nmeasures = ["it"]\n'
    )
    moved = {}
    for delay_s in (0, 60):
        late = control.replace("above_m", f"sensor_delay_s = {delay_s}\nabove_m")
        simulation, _ = run(tmp_path, SCENARIO + late, None, "it")
        (on,) = [s for s in simulation.operations.record if s.on]
        assert on.name == "it"
        moved[delay_s] = on.time_s
    assert moved[60] == moved[0] + 60.0 and moved[0] > 0.0  # windows of 2 s


def test_a_delayed_operation_follows_what_was_seen_and_loses_nothing():
    """A level that is high for 20 s switches 30 s later, for 20 s; without delay at once. The pulse
    is over before its switch comes.
    """
    watch = Watch("depth", (0, 0), above=0.5)

    class Street:
        def value_of(self, watch, time_s):
            return 1.0 if 100.0 <= time_s < 120.0 else 0.0

        def set_links(self, links, setting):
            pass

        def set_openings(self, shares):
            pass

    for delay_s in (0.0, 30.0):
        operations = Operations(
            [
                Operation(
                    "a",
                    "set_links",
                    begins=watch,
                    ends=Watch("depth", (0, 0), below=0.5),
                    delay_s=delay_s,
                )
            ],
            [],
            0,
        )
        for k in range(40):
            operations.apply(Street(), 5.0 * k)
        assert [(s.time_s, s.on) for s in operations.record] == [
            (100.0 + delay_s, True),
            (120.0 + delay_s, False),
        ]


RAMP = (
    '[[sites]]\nname = "garage"\nkind = "underground"\nlocation_m = [7500.0, 7500.0]\nsill_height_m'
    " = @SILL\nwidth_m = 6.0\nfloor_area_m2 = 2400.0\nheight_m = 3.0\ncatchment_ha ="
    " 0.008\nrunoff_coefficient = 1.0\n"
)
DRAIN = (
    '[measure.it]\nkind = "ramp_drain"\ntargets = ["garage"]\n[portfolio.it]\nmeasures = ["it"]\n'
)


def test_a_ramp_drain_takes_the_ramps_rain_and_no_more(tmp_path):
    """80 m2 at 201.9 mm/h: 4.49 L/s, 16.15 m3 an hour; water 0.153 m over the sill brings 608 L/s:
    the drain does not save the garage.
    """
    text = lake(stop="16:00", rate_mm_h=201.9)
    dry = {
        name: run(tmp_path / name, text + RAMP.replace("@SILL", "1.4") + DRAIN, None, name)[1][
            HOUR
        ][0]
        for name in ("baseline", "it")
    }
    assert dry["baseline"] / HOUR == pytest.approx(4.49e-3, rel=0.002) and dry["it"] == 0.0
    over = (0.608 / 1.7 / 6.0) ** (2.0 / 3.0)
    deep = lake(0.2 + over, stop="15:10") + RAMP.replace("@SILL", "0.2") + DRAIN
    _, seen = run(tmp_path / "deep", deep, None, "it")
    assert (seen[600.0][0] - seen[300.0][0]) / 300.0 == pytest.approx(0.608, rel=0.01)
    small, seen = run(
        tmp_path / "small",
        text
        + RAMP.replace("@SILL", "1.4")
        + DRAIN.replace("[portfolio", "capacity_m3_s = 0.001\n[portfolio"),
        None,
        "it",
    )
    assert seen[HOUR][0] / HOUR == pytest.approx(3.49e-3, rel=0.002)
    assert small.sites.spaces.left == pytest.approx(3.6, rel=1e-3)


CLOSURE = (
    '[measure.it]\nkind = "closure_rule"\ntargets = ["metro"]\ngauge = "square"\nclose_m ='
    ' @CLOSE\nlength_m = 1800\nclear_speed_m_s = 5\n[portfolio.it]\nmeasures = ["it"]\n'
)


@pytest.mark.parametrize(("close", "margin"), [("0.25", 14.0), ("0.30", 4.0)])
def test_an_underpass_is_closed_and_cleared_before_its_hump_is_overtopped(tmp_path, close, margin):
    """0.3 m/h at the hump: ordered at 50 min, 1.8 km cleared at 5 m/s by 56, the hump of 0.35 m
    overtopped at 70.
    """
    text = (
        lake(stop="16:30", rate_mm_h=300.0)
        + ENTRANCE.replace("sill_height_m = 0.3", "sill_height_m = 0.35")
        + CLOSURE.replace("@CLOSE", close)
    )
    (tmp_path / "rain.csv").write_text("time_s,rate_mm_h\n0,300\n")
    (tmp_path / "s.toml").write_text(text)
    outcome = run_scenario(load_scenario(tmp_path / "s.toml"), tmp_path / "out", portfolio="it")
    (closure,) = outcome.summary["actions"]["closures"]
    assert (
        closure["what"] == "metro"
        and closure["margin_min"] == pytest.approx(margin, abs=0.2)
        and closure["cells"]
    )
    (warned,) = outcome.summary["actions"]["warned"]
    assert warned["site"] == "metro" and warned["time"].startswith("2021-07-20T15:30")  # 0.15 m
    features = json.loads((tmp_path / "out" / "measures.geojson").read_text())["features"]
    assert {f["properties"]["measure"] for f in features} == {"it"}


def test_a_closure_above_the_hump_is_refused(tmp_path):
    text = lake(stop="16:30", rate_mm_h=300.0) + ENTRANCE + CLOSURE.replace("@CLOSE", "0.30")
    with pytest.raises(
        InputError,
        match=r"(?s)close_m: water is over the sill of metro before it closes.*below 0.30 m",
    ):
        run(tmp_path, text, None, "it")


WARNING = (
    '[measure.it]\nkind = "flood_warning"\ntargets = ["metro"]\ncompliance = 0.7\norder = { rain_mm'
    ' = 60, within_h = 3, lead_min = 5, decision_min = 2 }\n[portfolio.it]\nmeasures = ["it"]\n'
)


def test_a_warning_comes_with_the_forecast(tmp_path):
    """60 mm at 300 mm/h fall in 12 min; 5 min of lead, 2 of decision: people know after 9 min."""
    simulation, _ = run(
        tmp_path, lake(stop="15:30", rate_mm_h=300.0) + ENTRANCE + WARNING, None, "it"
    )
    ((task, end),) = simulation.actions.ended("notice")
    assert (task.target, task.share, end) == ("metro", 0.7, 540.0)
    text = WARNING.replace(
        "rain_mm = 60, within_h = 3, lead_min = 5, decision_min = 2", 'after = "siren"'
    )
    unheard, _ = run(
        tmp_path / "unheard", lake(stop="15:30", rate_mm_h=300.0) + ENTRANCE + text, None, "it"
    )
    assert unheard.actions.ended("notice") == [] and any(
        f.code == "W442" and "never comes" in f.problem for f in unheard.inputs.findings
    )
    siren = '[[actions]]\nname = "siren"\ntrigger = { at = 2021-07-20T15:20:00+08:00 }\n'
    heard, _ = run(
        tmp_path / "heard",
        lake(stop="15:30", rate_mm_h=300.0) + ENTRANCE + text + siren,
        None,
        "it",
    )
    assert heard.actions.ended_s("notice")["metro"] == pytest.approx(
        1200.0, abs=5.0
    )  # a window later


def walled(tmp_path, depth, rain=None, gates=(), actions=(), **keys):
    """30 x 30 cells of 10 m; the wall around the middle 100 x 100 m."""
    grid = grid_of(30, 30, 10.0)
    inside = np.zeros(grid.shape, bool)
    inside[10:20, 10:20] = True
    rest = {} if rain is None else {"rain": rain}
    inputs = surface_inputs(
        terrain_of(grid, np.zeros(grid.shape), 0.03),
        HOUR,
        depth=depth(inside),
        window_s=10.0,
        **rest,
    )
    x0, y0 = float(grid.x_m[10]) - 5.0, float(grid.y_m[19]) - 5.0
    box = [[x0, y0], [x0 + 100.0, y0], [x0 + 100.0, y0 + 100.0], [x0, y0 + 100.0]]
    made = build(
        inputs,
        it={
            "kind": "flood_wall_gate",
            "targets": {"polygon_m": box},
            "crest_m": 2.0,
            "gates_m": [[x0, y0 + 50.0]] * bool(gates),
            **keys,
        },
    ).inputs
    from dataclasses import replace

    simulation, _ = run_inputs(replace(made, actions=actions, crews=1), tmp_path)
    return simulation.surface.depth[inside], made


def test_a_ring_of_walls_keeps_rain_in_and_the_flood_out(tmp_path):
    """Rain of 200 mm inside stands 0.200 m deep; 1 m outside: nothing passes; an open gate lets it
    in, a gate shut at once does not.
    """
    from flood_sim.operations.actions import Action, Task

    hour = Rainfall("hour", np.array([0.0, HOUR]), np.array([0.0, 0.2]))
    depth, _ = walled(tmp_path, lambda inside: 0.0, hour)
    assert depth == pytest.approx(0.2, abs=1e-12)
    flood = lambda inside: np.where(inside, 0.0, 1.0)  # noqa: E731
    assert walled(tmp_path, flood)[0].max() == 0.0
    opened, made = walled(tmp_path, flood, gates=(1,))
    assert [s.name for s in made.structures] == ["it", "it gate 1"] and opened.mean() > 0.5
    shut = (Action("close", (Task("gate", "it gate 1"),), at_s=0.0),)
    assert walled(tmp_path, flood, gates=(1,), actions=shut)[0].max() == 0.0
    late = (Action("close", (Task("gate", "it gate 1", setup_s=60.0),), at_s=0.0),)
    assert 0.0 < walled(tmp_path, flood, gates=(1,), actions=late)[0].mean() < opened.mean()
    assert made.findings[-1].code == "W520" and "stands there" in made.findings[-1].problem
    pumped, made = walled(tmp_path, lambda inside: 0.0, hour, drain_m3_s=0.5)
    assert pumped.mean() < 0.1 and made.pumps[0].capacity_m3_s == 0.5


def test_a_reservoir_is_ordered_by_a_forecast_of_rain():
    """100 mm fall by the 5th hour; ordered 3 h before: the release begins at 2 h."""
    grid = grid_of(3, 3, 10.0)
    rain = Rainfall("r", np.array([0.0, 10.0 * HOUR]), np.array([0.0, 0.2]))
    flood = Series(np.array([0.0, 6.0, 8.0, 10.0]) * HOUR, np.array([0.0, 0.0, 100.0, 0.0]))
    inputs = surface_inputs(
        terrain_of(grid, np.zeros(grid.shape), 0.03),
        10 * HOUR,
        rain=rain,
        inflows=(Inflow("q", np.array([[1, 1]]), flood),),
    )
    assert inputs.clock == Clock(START, 10 * HOUR, 10.0, 10 * HOUR)
    keys = {
        "kind": "reservoir_prerelease",
        "boundary": "q",
        "room_m3": 36_000.0,
        "release_m3_s": 10.0,
    }
    made = build(
        inputs, it={**keys, "order": {"rain_mm": 100.0, "within_h": 24.0, "lead_min": 180.0}}
    ).inputs
    released = made.inflows[0].discharge
    assert (
        released.at(1.99 * HOUR) == 0.0
        and released.at(2.01 * HOUR) == pytest.approx(10.0)
        and released.at(3.01 * HOUR) == 0.0
    )
    assert [a.name for a in made.actions] == ["it"] and made.actions[0].at_s == 2.0 * HOUR
    with pytest.raises(InputError, match="the flood passes"):
        build(inputs, it={**keys, "order": {"rain_mm": 150.0, "within_h": 24.0}})
