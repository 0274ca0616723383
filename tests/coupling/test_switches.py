"""Failures and rules: what trips, clogs, closes and pumps, when, and that the books still agree."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from cases import Silent, inp_text
from flood_sim.core.errors import InputError
from flood_sim.drainage.inp import read_inp
from flood_sim.operations.switches import Operation, Operations, Watch
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation

# A street of 20 x 4 cells of 5 m, closed; node M under its west end drains by pipe C into the wet
# well S; pump P lifts to Q, pipe E leads to O.
NETWORK = (
    inp_text(
        junctions="M 8 2 0 0 0\nQ 9 3 0 0 0",
        outfalls="O 8.8 FREE NO",
        storage="S 6 4 0 FUNCTIONAL 0 0 50 0 0",
        conduits="C M S 100 0.013 0 0 0 0\nE Q O 100 0.013 0 0 0 0",
        xsections="C CIRCULAR 0.5 0 0 0\nE CIRCULAR 0.6 0 0 0",
        curves="PC PUMP2 0 0.1\nPC 9 0.1",
    )
    + "\n[PUMPS]\nP S Q PC ON 0 0\n[COORDINATES]\nM 7.5 10.5\nS 500 500\nQ 501 500\nO 502 500\n"
)
SCENARIO = """
schema = 1
name = "street"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:30:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 4, cell_size_m = 5.0, level_m = 10.0 }
[drainage]
kind = "swmm"
network = "street.inp"
coupling_step_s = 2
routing_step_s = 1
default_inlet = "open_shaft"
[[boundaries]]
kind = "point_inflow"
name = "burst main"
location_m = [92.5, 7.5]
discharge_m3_s = 0.3
[surface]
precision = "float64"
[output]
interval_s = 300
gauges = { control_room = [17.5, 7.5] }
"""


def run(
    folder: Path, events: str = "", network: str = NETWORK, scenario: str = SCENARIO, probe=None
):
    (folder / "street.inp").write_text(network)
    (folder / "s.toml").write_text(scenario + events)
    simulation, recorder = (
        Simulation(build_inputs(load_scenario(folder / "s.toml")), folder),
        Silent(probe),
    )
    try:
        assert simulation.run(recorder) == "complete"
    finally:
        simulation.close()
    assert simulation.exchange.book.relative_difference <= 1e-12
    assert simulation.ledger.relative_error <= 1e-12
    return simulation, dict(recorder.seen)


def half_clogged(clean: float) -> float:
    """What the shaft of 1.2 m, a weir of half its length, draws in a window of 2 s (m3) from the
    water of which the whole one draws `clean`: both at the level that their draw leaves on a cell
    of 25 m2.
    """
    weir = 1.594 * np.pi * 1.2
    water = (clean / 2.0 / weir) ** (2.0 / 3.0) + clean / 25.0
    level = brentq(lambda d: d + weir * d**1.5 / 25.0 - water, 0.0, water)
    return weir * level**1.5


def link(name):
    return lambda s: (
        float(s.network.discharges()[s.network.link_ids.index(name)]),
        float(s.surface.depth[2, 3]),
    )


def test_flaps_stick_and_the_inlets_of_a_node_clog(tmp_path):
    """O's flap is gone from the network, nothing else; inlets of M alone keep nothing; a node
    without inlets is refused.
    """
    from flood_sim.drainage.inp import InpFile
    from flood_sim.scenario.network_failures import unflapped

    inp = InpFile(
        tmp_path / "a.inp",
        "[OUTFALLS]\nO 8.8 FIXED 9 YES\nP 8.8 FREE YES W\nQ 8 FREE\n".splitlines(),
    )
    assert unflapped(inp, {"O", "Q"}).lines == [
        "[OUTFALLS]",
        "O 8.8 FIXED 9 NO",
        "P 8.8 FREE YES W",
        "Q 8 FREE",
    ]
    assert unflapped(inp, {"P"}).lines[2] == "P 8.8 FREE NO W"
    (tmp_path / "street.inp").write_text(NETWORK)
    clogged = (
        '\n[[failures]]\nkind = "clogged_inlets"\nname = "some"\nclogging = 1.0\nat ='
        ' 2021-07-20T15:00:00+08:00\nnodes = ["@"]\n'
    )
    (tmp_path / "s.toml").write_text(SCENARIO + clogged.replace("@", "M"))
    inputs = build_inputs(load_scenario(tmp_path / "s.toml"))
    (operation,) = [o for o in inputs.operations if o.name == "some"]
    assert {inputs.drainage.inlets[k].node for k in operation.inlets} == {
        "M"
    } and operation.on_share == 0.0
    (tmp_path / "s.toml").write_text(SCENARIO + clogged.replace("@", "O"))
    with pytest.raises(InputError, match="no inlet leads to these nodes|no such node"):
        build_inputs(load_scenario(tmp_path / "s.toml"))


def test_a_pump_trips_when_its_control_room_floods_and_returns_when_it_is_dry(tmp_path):
    events = """
[[failures]]
kind = "pump_trip"
name = "control room"
pumps = ["P"]
when = { gauge = "control_room", depth_above_m = 0.05 }
until = 2021-07-20T15:20:00+08:00
"""
    simulation, seen = run(tmp_path, events, probe=link("P"))
    record = simulation.operations.record
    assert [(e.name, e.on) for e in record] == [("control room", True), ("control room", False)]
    tripped = record[0].time_s
    assert seen[tripped][1] > 0.05 >= seen[tripped - 2.0][1]
    assert record[1].time_s == 1200.0
    assert all(flow == 0.0 for t, (flow, _) in seen.items() if tripped + 4.0 <= t <= 1200.0)
    assert seen[1210.0][0] == pytest.approx(0.1, rel=0.02) or seen[1210.0][0] > 0.01
    quiet, without = run(tmp_path, probe=link("P"))
    assert (
        not quiet.operations.record
        and max(flow for t, (flow, _) in without.items() if t > tripped) > 0.01
    )


def test_half_clogged_inlets_take_half(tmp_path):
    events = (
        '\n[[failures]]\nkind = "clogged_inlets"\nname = "leaves"\nclogging = 0.5\nat ='
        " 2021-07-20T15:15:00+08:00\n"
    )
    volumes = {}
    for name, text in (("clean", ""), ("leaves", events)):
        _, seen = run(
            tmp_path,
            text,
            probe=lambda s: (float(s.surface.at_nodes.offered.sum()), float(s.surface.depth[2, 1])),
        )
        volumes[name] = seen
    assert volumes["clean"][900.0] == volumes["leaves"][900.0]
    assert volumes["leaves"][902.0][0] == pytest.approx(
        half_clogged(volumes["clean"][902.0][0]), rel=1e-3
    )


def test_inlets_clog_inside_an_area_only(tmp_path):
    area = '{"type":"Polygon","coordinates":[[[50,0],[100,0],[100,20],[50,20],[50,0]]]}'
    (tmp_path / "a.geojson").write_text(area)
    events = (
        '\n[[failures]]\nkind = "clogged_inlets"\nname = "leaves"\nclogging = 1.0\ninside ='
        ' "a.geojson"\nat = 2021-07-20T15:00:00+08:00\n'
    )
    with pytest.raises(InputError, match="no inlet lies in this area"):
        run(tmp_path, events)
    (tmp_path / "a.geojson").write_text(area.replace("50", "0"))
    simulation, _ = run(tmp_path, events)
    assert simulation.exchange.book.to_sewer_street == 0.0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('kind = "blocked_conduit"\nconduits = ["C"]', "C"),
        ('kind = "blocked_outfall"\noutfalls = ["O"]', "E"),
    ],
)
def test_a_closed_way_carries_nothing_and_opens_again(tmp_path, text, name):
    events = (
        f'\n[[failures]]\nname = "x"\n{text}\nat = 2021-07-20T15:10:00+08:00\nuntil ='
        " 2021-07-20T15:20:00+08:00\n"
    )
    _, seen = run(tmp_path, events, probe=link(name))
    assert seen[598.0][0] > 0.01
    assert all(flow == 0.0 for t, (flow, _) in seen.items() if 604.0 <= t <= 1200.0)
    assert max(flow for t, (flow, _) in seen.items() if t > 1210.0) > 0.01


def test_a_mobile_pump_moves_what_it_says(tmp_path):
    """No inlets but the pump: 20 L/s from 15:05 to 15:20 while the street holds water: 18 m3 in the
    sewer, none before, none after.
    """
    network = NETWORK.replace("M 7.5 10.5\n", "")
    scenario = SCENARIO.replace("[[boundaries]]", "[initial]\ndepth = 0.5\n[[boundaries]]")
    events = """
[[rules]]
kind = "mobile_pump"
name = "truck"
from_m = [52.5, 7.5]
to_node = "S"
discharge_m3_s = 0.02
at = 2021-07-20T15:05:00+08:00
when = { at_m = [52.5, 7.5], depth_above_m = 0.2 }
until = 2021-07-20T15:20:00+08:00
"""
    network = network.replace("[COORDINATES]\n", "[COORDINATES]\nM 7.5 2.5\n")
    quiet = (
        '\n[[failures]]\nkind = "clogged_inlets"\nname = "all shut"\nclogging = 1.0\nat ='
        " 2021-07-20T15:00:00+08:00\n"
    )
    _, seen = run(
        tmp_path, quiet + events, network, scenario, probe=lambda s: s.exchange.book.to_sewer_street
    )
    assert seen[300.0] == 0.0
    assert seen[600.0] - seen[400.0] == pytest.approx(4.0, rel=1e-9)  # steady: 20 L/s, bit by bit
    assert seen[1800.0] == seen[1200.0]
    assert seen[1200.0] == pytest.approx(
        18.0, abs=1.0
    )  # it grows to its capacity over some ten windows


def test_a_mobile_pump_finds_no_water_on_a_dry_street(tmp_path):
    events = (
        '\n[[rules]]\nkind = "mobile_pump"\nname = "truck"\nfrom_m = [2.5, 17.5]\nto_node ='
        ' "S"\ndischarge_m3_s = 5.0\nat = 2021-07-20T15:00:00+08:00\n'
    )
    dry = SCENARIO.replace("discharge_m3_s = 0.3", "discharge_m3_s = 0.0")
    simulation, _ = run(tmp_path, events, scenario=dry)
    assert simulation.exchange.book.to_sewer_street == 0.0
    assert simulation.surface.depth.min() == 0.0


def test_a_river_pump_stops_while_the_river_is_high(tmp_path):
    """The stage edge rises past 11 m after 10 minutes and falls below 10.5 m at 20: hysteresis
    between the two limits.
    """
    (tmp_path / "stage.csv").write_text(
        "time,level_m\n2021-07-20T15:00:00+08:00,9.0\n2021-07-20T15:10:00+08:00,11.0\n2021-07-20T15:20:00+08:00,10.5\n2021-07-20T15:30:00+08:00,9.0\n"
    )
    edge = (
        '\n[[boundaries]]\nkind = "stage_series"\nedge = { line_m = [[100.0, 16.0], [100.0, 19.0]]'
        ' }\nfile = "stage.csv"\n'
    )
    rule = """
[[rules]]
kind = "set_links"
name = "river high"
links = ["P"]
setting = 0.0
when = { edge = "stage_series 2", level_above_m = 10.99 }
until = { edge = "stage_series 2", level_below_m = 10.5 }
"""
    simulation, seen = run(tmp_path, edge + rule, probe=link("P"))
    on, off = simulation.operations.record
    assert (on.on, off.on) == (True, False)
    assert on.time_s == pytest.approx(598.0, abs=2.1) and off.time_s == pytest.approx(
        1202.0, abs=2.1
    )
    assert all(flow == 0.0 for t, (flow, _) in seen.items() if on.time_s + 4.0 <= t <= off.time_s)


def test_a_collapsed_pipe_carries_less(tmp_path):
    events = (
        '\n[[failures]]\nkind = "collapsed_conduit"\nname = "roots"\nconduits = ["C"]\nremaining ='
        " 0.2\n"
    )
    full, _ = run(tmp_path)
    less, _ = run(tmp_path, events)
    assert "FILLED_CIRCULAR" in (tmp_path / "swmm.inp").read_text()
    assert less.exchange.volume_delivered < 0.9 * full.exchange.volume_delivered
    assert (
        read_inp(tmp_path / "street.inp").rows("XSECTIONS")[0].tokens[1] == "CIRCULAR"
    )  # the user's file stays as it is


def test_draws_are_repeatable_and_said(tmp_path):
    (tmp_path / "street.inp").write_text(NETWORK)
    happened = []
    for seed in range(40):
        events = (
            '\n[[failures]]\nkind = "pump_trip"\nname = "x"\npumps = ["P"]\nat ='
            f" 2021-07-20T15:10:00+08:00\nprobability = 0.3\nseed = {seed}\n"
        )
        (tmp_path / "s.toml").write_text(SCENARIO + events)
        inputs = [build_inputs(load_scenario(tmp_path / "s.toml")) for _ in range(2)]
        assert inputs[0].operations == inputs[1].operations
        happened.append(len(inputs[0].operations))
        assert happened[-1] or any(f.code == "W441" for f in inputs[0].findings)
    assert 5 <= sum(happened) <= 20


BAD = [
    (
        (
            '[[failures]]\nkind = "pump_trip"\nname = "x"\npumps = ["PP"]\nat ='
            " 2021-07-20T15:10:00+08:00\n"
        ),
        "no such link among pumps.*did you mean `P`",
    ),
    (
        '[[failures]]\nkind = "pump_trip"\nname = "x"\npumps = ["P"]\n',
        "it is not said when it begins",
    ),
    (
        (
            '[[failures]]\nkind = "pump_trip"\nname = "x"\npumps = ["P"]\nat ='
            " 2022-07-20T15:10:00+08:00\n"
        ),
        "outside the run",
    ),
    (
        (
            '[[failures]]\nkind = "pump_trip"\nname = "x"\npumps = ["P"]\nwhen = { gauge ='
            ' "contol_room", depth_above_m = 0.1 }\n'
        ),
        "no such gauge.*control_room",
    ),
    (
        (
            '[[failures]]\nkind = "pump_trip"\nname = "x"\npumps = ["P"]\nwhen = { gauge ='
            ' "control_room" }\n'
        ),
        "it needs one limit: depth_above_m",
    ),
    (
        (
            '[[rules]]\nkind = "mobile_pump"\nname = "x"\nfrom_m = [2.5, 2.5]\nto_node ='
            ' "O"\ndischarge_m3_s = 1.0\nat = 2021-07-20T15:10:00+08:00\n'
        ),
        "a node, no outfall",
    ),
    (
        (
            '[[rules]]\nkind = "mobile_pump"\nname = "x"\nfrom_m = [-5, 2.5]\nto_node ='
            ' "S"\ndischarge_m3_s = 1.0\nat = 2021-07-20T15:10:00+08:00\n'
        ),
        "not on an open cell",
    ),
]


@pytest.mark.parametrize(("events", "message"), BAD)
def test_wrong_events_are_one_message(tmp_path, events, message):
    (tmp_path / "street.inp").write_text(NETWORK)
    (tmp_path / "s.toml").write_text(SCENARIO + events)
    with pytest.raises(InputError, match=f"(?s){message}"):
        build_inputs(load_scenario(tmp_path / "s.toml"))


class Stub:
    """A place whose watched value is a table of time."""

    def __init__(self, values):
        self.values, self.settings, self.shares = values, [], None

    def value_of(self, watch, time_s):
        return self.values[time_s]

    def set_links(self, links, setting):
        self.settings.append((tuple(links), setting))

    def set_openings(self, shares):
        self.shares = shares


def test_the_networks_own_controls_keep_working(tmp_path):
    """[CONTROLS] of the .inp: the pump runs only while the wet well stands above 1 m; coupled or
    not, SWMM decides.
    """
    rules = (
        "[CONTROLS]\nRULE R1\nIF NODE S DEPTH > 1.0\nTHEN PUMP P STATUS = ON\nELSE PUMP P STATUS ="
        " OFF\n"
    )

    def level(s):
        return (
            float(s.network.discharges()[s.network.link_ids.index("P")]),
            float(s.network.heads()[s.network.node_ids.index("S")] - 6.0),
        )

    _, ruled = run(tmp_path, network=NETWORK + rules, probe=level)
    assert max(flow for flow, _ in ruled.values()) > 0.05
    assert all(flow < 1e-6 for flow, depth in ruled.values() if depth < 0.97)
    _, free = run(tmp_path, probe=level)
    assert any(flow > 0.01 for flow, depth in free.values() if depth < 0.97)


def test_two_limits_make_a_hysteresis():
    watch = Operation(
        "x",
        "set_links",
        begins=Watch("depth", (0, 0), above=0.3),
        ends=Watch("depth", (0, 0), below=0.1),
        links=("b",),
        inlets=(1,),
        on_share=0.4,
    )
    operations = Operations([watch], ["a", "b"], 3)
    states = []
    values = [0.0, 0.2, 0.31, 0.2, 0.11, 0.09, 0.2, 0.4]
    place = Stub(dict(enumerate(values)))
    for t in range(len(values)):
        operations.apply(place, float(t))
        states.append(bool(operations.on[0]))
    assert states == [False, False, True, True, True, False, False, True]
    assert place.settings[:4] == [((1,), 0.0)] * 3 + [((1,), 1.0)]
    assert np.allclose(place.shares, [1.0, 0.4, 1.0])


def test_a_pump_into_a_tank_stops_when_it_is_full(tmp_path):
    """100 L/s into a tank of 30 m3: it takes 30 m3 and no more; the book has them in the sewer's
    storage.
    """
    scenario = SCENARIO.replace("[[boundaries]]", "[initial]\ndepth = 0.5\n[[boundaries]]")
    events = (
        '\n[[failures]]\nkind = "clogged_inlets"\nname = "all shut"\nclogging = 1.0\nat ='
        " 2021-07-20T15:00:00+08:00\n"
    )
    events += (
        '\n[[rules]]\nkind = "mobile_pump"\nname = "tank car"\nfrom_m = [52.5, 7.5]\nto_tank_m3 ='
        " 30.0\ndischarge_m3_s = 0.1\nwhen = { at_m = [52.5, 7.5], depth_above_m = 0.1 }\n"
    )
    simulation, seen = run(
        tmp_path, events, scenario=scenario, probe=lambda s: s.exchange.book.to_sewer_street
    )
    assert seen[1800.0] == pytest.approx(
        30.0, abs=0.4
    )  # two windows of 0.2 m3 until it is seen to be full
    assert [e.on for e in simulation.operations.record if e.name == "tank car"] == [True, False]


def test_clogging_in_time(tmp_path):
    """Offered by the law: half from minute 10 to 20, nothing after."""
    (tmp_path / "leaves.csv").write_text("time_s,clogging\n0,0\n600,0.5\n1200,1\n")
    events = '\n[[failures]]\nkind = "clogging_series"\nname = "leaves"\nfile = "leaves.csv"\n'
    offered = lambda s: float(s.surface.at_nodes.offered.sum())  # noqa: E731
    _, clean = run(tmp_path, probe=offered)
    _, seen = run(tmp_path, events, probe=offered)
    assert seen[600.0] == clean[600.0]
    assert seen[602.0] == pytest.approx(half_clogged(clean[602.0]), rel=1e-3)
    assert all(volume == 0.0 for t, volume in seen.items() if t > 1202.0)
    (tmp_path / "leaves.csv").write_text("time_s,clogging\n0,0\n600,50\n")
    with pytest.raises(InputError, match="out of range"):
        run(tmp_path, events)
