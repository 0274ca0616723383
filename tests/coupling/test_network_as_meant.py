"""The network is taken as its author meant it: lids, tanks, channels, names, steps, levels."""

import numpy as np
import pytest

from cases import inp_text, write_inp
from flood_sim.core.errors import InputError
from flood_sim.drainage.check import choose_step
from flood_sim.drainage.inp import read_inp
from flood_sim.drainage.storages import own_surcharge
from sewer_cases import PARTS, alone, codes, inputs_of, net, run, scenario

# 0.5 m3/s into a pipe of 0.2 m: the node before it fills and would spill
FULL = {
    "INFLOWS": "J1 FLOW TS FLOW 1 1",
    "TIMESERIES": "TS 0:00 0.3\nTS 0:10 0.3\nTS 0:11 0\nTS 9:00 0",
    "XSECTIONS": "C1 CIRCULAR 0.2 0 0 0\nC2 CIRCULAR 0.2 0 0 0",
}
TEN = {"stop": "2021-07-20T16:20:00+08:00"}
LID = {"JUNCTIONS": "J1 8.0 2 0 500 0\nJ2 7.9 2.1 0 500 0"}
WATER = "[initial]\ndepth = 0.3"


def spilled(simulation):
    return simulation.exchange.book.to_street_network


def test_a_surcharge_depth_keeps_a_node_shut(tmp_path):
    """A pressure main over the grid: SWMM alone spills nothing, and lets no street water in."""
    text = net(**FULL, **LID)
    simulation, seen = run(tmp_path, text, spilled, **TEN, more=WATER)
    assert alone(tmp_path, text)["Flooding Loss"] == 0.0 and seen == 0.0
    assert simulation.exchange.book.to_sewer_street == 0.0
    assert simulation.ledger.network_inflow == pytest.approx(189.0, rel=0.01)
    told = codes(simulation.inputs)["W439"].problem
    assert told.startswith("2 nodes have a SurDepth") and "up to 500 m" in told


def test_a_lid_spills_above_its_surcharge_depth(tmp_path):
    """With 1 m of SurDepth as much comes out as in SWMM alone; without, much more."""
    low = net(**FULL, JUNCTIONS="J1 8.0 2 0 1 0\nJ2 7.9 2.1 0 1 0")
    _, seen = run(tmp_path, low, spilled, **TEN)
    assert seen == pytest.approx(alone(tmp_path, low)["Flooding Loss"], rel=0.03)
    open_ = net(**FULL)
    _, more = run(tmp_path, open_, spilled, **TEN)
    assert more > seen + 5.0


def test_the_table_opens_a_node_that_has_a_lid(tmp_path):
    (tmp_path / "inlets.csv").write_text("node,kind\nj1,open_shaft\n")
    simulation, seen = run(
        tmp_path, net(**FULL, **LID), spilled, **TEN, drainage='inlets = "inlets.csv"'
    )
    assert seen > 50.0 and {i.node for i in simulation.inputs.drainage.inlets} == {"J1"}
    assert set(own_surcharge(simulation.inputs.drainage.network)) == {"J2"}


@pytest.mark.parametrize("kind", ["sealed", "none"])
@pytest.mark.parametrize("by", ["default", "table"])
def test_closed_kinds(tmp_path, kind, by):
    """Neither takes street water; a node `none` spills at its rim, a sealed one never."""
    (tmp_path / "inlets.csv").write_text(f"node,kind\nJ1,{kind}\nJ2,{kind}\n")
    drainage = f'default_inlet = "{kind}"' if by == "default" else 'inlets = "inlets.csv"'
    text = net(**FULL)
    simulation, seen = run(tmp_path, text, spilled, **TEN, drainage=drainage)
    assert simulation.inputs.drainage.inlets == ()
    assert simulation.exchange.book.to_sewer_street == 0.0 == simulation.ledger.spill_lost
    if kind == "none":
        assert seen == pytest.approx(alone(tmp_path, text)["Flooding Loss"], rel=0.03)
    else:
        assert seen == 0.0
        assert float(simulation.exchange._surcharge[0]) == pytest.approx(1000.0)


def test_nodes_that_a_table_does_not_name_have_no_inlet(tmp_path):
    (tmp_path / "inlets.csv").write_text("node,kind\nJ1,grate\n")
    drainage = inputs_of(tmp_path, net(), drainage='inlets = "inlets.csv"').drainage
    assert [i.node for i in drainage.inlets] == ["J1"] and set(drainage.return_cells) == {
        "J1",
        "J2",
    }
    line = "inlets: 1 nodes have inlets of their own, 1 nodes take the default `none`"
    assert drainage.notes[0] == line
    both = 'inlets = "inlets.csv"\ndefault_inlet = "manhole"'
    drainage = inputs_of(tmp_path, net(), drainage=both).drainage
    assert [i.node for i in drainage.inlets] == ["J1", "J2"]
    assert "1 nodes take the default `manhole`, 204 L/s each" in drainage.notes[0]


def test_a_node_is_not_closed_and_open(tmp_path):
    (tmp_path / "inlets.csv").write_text("node,kind\nJ1,grate\nJ1,sealed\n")
    with pytest.raises(InputError, match="E410.*a node is closed and has an inlet: J1"):
        inputs_of(tmp_path, net(), drainage='inlets = "inlets.csv"')


TANK = {
    "STORAGE": "ST 5.0 3.0 0 FUNCTIONAL 0 0 200 10 0",
    "OUTFALLS": "O1 7.8 FREE NO\nO2 4 FREE NO",
    "OUTLETS": "OL ST O2 0 FUNCTIONAL/DEPTH 0.05 0.0001 NO",
    "INFLOWS": "ST FLOW TS FLOW 1 1",
    "TIMESERIES": "TS 0:00 0.5\nTS 0:30 0.5\nTS 0:31 0\nTS 9:00 0",
}


@pytest.mark.parametrize("method", ["SLOT", "EXTRAN", ""])
@pytest.mark.parametrize("place", ["", "\nST 25 15"])
def test_a_closed_tank_does_not_spill(tmp_path, method, place):
    """915 m3 into a tank of 600 m3 whose lid holds 10 m, on the grid and off it: SWMM alone under
    SLOT floods nothing. Under EXTRAN SWMM makes as much water as came: the run takes SLOT, and
    says so.
    """
    options = {"SURCHARGE_METHOD": method} if method else {}
    text = net(options, **TANK, COORDINATES=PARTS["COORDINATES"] + place)
    simulation, _ = run(tmp_path, text)
    right = alone(
        tmp_path,
        text.replace("METHOD EXTRAN", "METHOD SLOT").replace(
            "[OPTIONS]\n", "[OPTIONS]\nSURCHARGE_METHOD SLOT\n"
        ),
    )
    ledger = simulation.ledger
    assert right["Flooding Loss"] == 0.0 == ledger.spill_lost == spilled(simulation)
    assert ledger.outfall_out == pytest.approx(right["External Outflow"], rel=0.01)
    assert abs(ledger.network_residual) < 1.0
    found = codes(simulation.inputs)
    assert ("SLOT" in found["W409"].problem) if method != "SLOT" else "W409" not in found


def test_what_leaves_sewers_has_lines_of_its_own(tmp_path):
    """A tank off the grid: seepage and evaporation as SWMM alone has them; what it spills, too."""
    text = net(
        **{**TANK, "STORAGE": "ST 5 2 0 FUNCTIONAL 0 0 200 0 1 100 360 0.2"},
        EVAPORATION="CONSTANT 240",
    )
    simulation, _ = run(tmp_path, text)
    right, ledger = alone(tmp_path, text), simulation.ledger
    assert ledger.sewer_seepage == pytest.approx(right["Exfiltration Loss"], abs=1.0)
    assert ledger.sewer_evaporation == pytest.approx(right["Evaporation Loss"], abs=1.0)
    assert ledger.spill_lost == pytest.approx(right["Flooding Loss"], abs=1.0)
    assert (
        ledger.sewer_seepage > 20.0 and ledger.spill_lost > 100.0 < 1e3 * ledger.sewer_evaporation
    )
    assert ledger.outfall_out == pytest.approx(right["External Outflow"], abs=1.0)
    assert abs(ledger.error) < 1e-6 * ledger.supplied


def test_no_maximum_depth_means_the_highest_crown(tmp_path):
    """Against SWMM's own depths: offsets, open channels, orifices, weirs; levels as offsets, feet."""
    from datetime import UTC, datetime

    from flood_sim.drainage.swmm import SwmmNetwork

    parts = {
        "JUNCTIONS": "A 10 0 0 0 0\nB 9 0.2 0 0 0\nC 8 5 0 0 0\nD 7 0 0 0 0\nE 6 0 0 0 0\nF 6",
        "OUTFALLS": "O 5 FREE NO",
        "STORAGE": "S 5 1 0 FUNCTIONAL 0 0 10 0 0",
        "CONDUITS": (
            "1 A B 100 0.013 0.3 0\n2 B C 100 0.013 0 0\n3 C D 100 0.013 0 0.5\n"
            "4 D S 100 0.013 0 0\n5 F O 90 0.013 0 0"
        ),
        "ORIFICES": "OR S E SIDE 0 0.65 NO",
        "WEIRS": "W E F TRANSVERSE 0.7 1.8 NO",
        "XSECTIONS": (
            "1 CIRCULAR 0.5 0 0 0\n2 CIRCULAR 0.6 0 0 0\n3 TRAPEZOIDAL 2 1 1 1\n4 CIRCULAR 3 0 0 0"
            "\n5 IRREGULAR T\nOR CIRCULAR 0.9 0 0 0\nW RECT_OPEN 1.2 2 0 0"
        ),
        "TRANSECTS": "NC 0.03 0.03 0.03\nX1 T 4 0 9 0 0 0 0 0 0\nGR 7 0 5.5 3 5.5 6 6.5 9",
    }
    right = {"A": 10.8, "B": 9.6, "C": 13.0, "D": 10.0, "E": 7.9, "F": 7.5, "S": 6.0}
    levels = parts["CONDUITS"].replace("0.3 0\n", "10.3 9\n").replace("0 0.5\n", "* 7.5\n")
    levels = levels.replace("0.013 0 0", "0.013 * *")
    by_level = {"LINK_OFFSETS": "ELEVATION"}
    cases = [
        (net(**{**parts, "COORDINATES": ""}), 1.0),
        (net(by_level, **{**parts, "CONDUITS": levels, "COORDINATES": "",
            "ORIFICES": "OR S E SIDE * 0.65 NO", "WEIRS": "W E F TRANSVERSE 6.7 1.8 NO"}), 1.0),
        (net({"FLOW_UNITS": "CFS"}, **{**parts, "COORDINATES": ""}), 0.3048),
    ]  # fmt: skip
    for text, metre in cases:
        (tmp_path / "n.inp").write_text(text)
        inp = read_inp(tmp_path / "n.inp")
        network = SwmmNetwork(inp, tmp_path, datetime(2021, 7, 20, tzinfo=UTC), 60.0, 1.0)
        network.close()
        own = dict(zip(network.node_ids, network.rim_m.tolist(), strict=True))
        for name, level in right.items():
            assert inp.rims()[name] == pytest.approx(level * metre) == pytest.approx(own[name])


CHANNEL = {
    "JUNCTIONS": "J1 9.0 0 0 0 0\nJ2 8.98 0 0 0 0",
    "OUTFALLS": "O1 8.96 FREE NO",
    "XSECTIONS": "C1 TRAPEZOIDAL 1 2 1 1\nC2 RECT_OPEN 1 2 0 0",
}


def test_nodes_of_open_channels_are_open_water(tmp_path):
    """As wide as their banks, at most a side of the cell; a closed pipe makes a manhole again."""
    inputs = inputs_of(tmp_path, net(**CHANNEL))
    sizes = {i.node: (i.perimeter_m, i.area_m2) for i in inputs.drainage.inlets}
    assert sizes["J1"] == pytest.approx((10.0, 100.0))  # 50 m and 125 m2: more than a cell
    assert "2 nodes join open conduits only" in codes(inputs)["W440"].problem
    piped = net(**{**CHANNEL, "XSECTIONS": "C1 TRAPEZOIDAL 1 2 1 1\nC2 CIRCULAR 0.5 0 0 0"})
    inputs = inputs_of(tmp_path, piped)
    sizes = {i.node: i.perimeter_m for i in inputs.drainage.inlets}
    assert sizes == pytest.approx({"J1": 10.0, "J2": np.pi * 0.7})
    shut = inputs_of(tmp_path, net(**CHANNEL), drainage='default_inlet = "none"')
    assert shut.drainage.inlets == () and "W440" not in codes(shut)


def test_a_channel_stands_no_higher_than_the_street_beside_it(tmp_path):
    """0.5 m3/s more than it carries: its water spreads over the banks, centimetres over them."""
    text = net(**CHANNEL, INFLOWS="J1 FLOW TS FLOW 1 1", TIMESERIES="TS 0:00 6\nTS 9:00 6")
    _, heads = run(tmp_path, text, lambda s: s.network.heads() - s.network.rim_m, **TEN)
    simulation, _ = run(tmp_path, text, **TEN)
    street = float(simulation.surface.depth[2, 1])
    assert street > 0.1 and heads[0] == pytest.approx(street, abs=0.05)


def test_names_that_differ_in_case_are_one_name(tmp_path):
    text = net(
        CONDUITS="C1 j1 J2 50 0.013 0 0\nC2 j2 o1 50 0.013 0 0",
        XSECTIONS="c1 CIRCULAR 0.5 0 0 0\nC2 CIRCULAR 0.5 0 0 0",
        COORDINATES="j1 15 25\nJ2 35 25\no1 55 25",
        INFLOWS="j2 FLOW ts FLOW 1 1", TIMESERIES="Ts 0:00 0.1\ntS 9:00 0.1",
    )  # fmt: skip
    (tmp_path / "inlets.csv").write_text("node,kind\nj2,grate\n")
    inputs = inputs_of(tmp_path, text, drainage='inlets = "inlets.csv"\nrouting_step_s = 1')
    found, inp = codes(inputs), inputs.drainage.network
    assert not {"W424", "W402", "W310"} & found.keys()
    assert [i.node for i in inputs.drainage.inlets] == ["J2"]
    assert inp.links() == {"C1": ("J1", "J2"), "C2": ("J2", "O1")}
    assert inp.rows("INFLOWS")[0].tokens[:3] == ["J2", "FLOW", "Ts"]
    assert {row.tokens[0] for row in inp.rows("TIMESERIES")} == {"Ts"}


def test_a_network_without_places_is_refused_or_runs_by_itself(tmp_path):
    text = net(**FULL, COORDINATES="")
    with pytest.raises(
        InputError, match=r"E402.*no node of the network has coordinates(.|\n)*coupled"
    ):
        inputs_of(tmp_path, text)
    simulation, _ = run(tmp_path, text, **TEN, drainage="coupled = false", more=WATER)
    right = alone(tmp_path, text)["Flooding Loss"]
    assert simulation.ledger.spill_lost == pytest.approx(right, rel=0.03)
    assert simulation.exchange.book.to_sewer_street == 0.0 == spilled(simulation)
    assert "W448" in codes(simulation.inputs)


def test_an_uncoupled_network_writes_its_results(tmp_path):
    from console import flood_sim

    path = scenario(tmp_path, net(COORDINATES=""), **TEN, drainage="coupled = false").path
    done = flood_sim("run", path, "--out", tmp_path / "out", "--quiet", "--no-report")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "summary.json").is_file()


def lengths(*metres):
    """A row of pipes of 0.4 m: a wave passes a metre in 0.505 s."""
    rows = range(len(metres))
    return {
        "junctions": "\n".join(f"N{k} {10 - 0.01 * k} 3 0 0 0" for k in rows),
        "outfalls": "O 5 FREE NO",
        "conduits": "\n".join(
            f"{k} N{k} {f'N{k + 1}' if k + 1 < len(metres) else 'O'} {metres[k]} 0.013 0 0"
            for k in rows
        ),
        "xsections": "\n".join(f"{k} CIRCULAR 0.4 0 0 0" for k in rows),
    }


@pytest.mark.parametrize(
    ("metres", "coupling", "step"),
    [
        ((50, 50), 4.0, 2.0),
        ((50, 50), 5.0, 1.0),  # 2 s do not divide it
        ((50, 3), 4.0, 1.0),  # 1.51 s
        ((50, 1.5), 4.0, 0.5),  # 0.76 s
        ((50, 0.1), 4.0, 0.1),
        ((*[50] * 150, 1.0), 4.0, 2.0),  # one of 151 may be quicker
        ((*[50] * 50, 1.0), 4.0, 0.5),
    ],
)
def test_the_routing_step_is_chosen(tmp_path, metres, coupling, step):
    assert choose_step(write_inp(tmp_path, inp_text(**lengths(*metres))), coupling)[0] == step


def test_slot_is_never_routed_over_more_than_a_second(tmp_path):
    text = inp_text(**lengths(50, 50)).replace("FLOW_UNITS", "SURCHARGE_METHOD SLOT\nFLOW_UNITS")
    assert choose_step(write_inp(tmp_path, text), 4.0)[0] == 1.0


def test_the_scenarios_own_step_wins(tmp_path):
    assert inputs_of(tmp_path, net()).drainage.routing_step_s == 1.0
    assert inputs_of(tmp_path, net(), drainage="").drainage.routing_step_s == 2.0


def grid_of_nodes(rim_m, **odd):
    """Thirty manholes on ground at 10 m."""
    names = [f"N{k}" for k in range(30)]
    depth = {n: odd.get(n, rim_m) - 7.0 for n in names}
    return net(
        JUNCTIONS="\n".join(f"{n} 7 {depth[n]} 0 0 0" for n in names),
        OUTFALLS="O 6 FREE NO",
        CONDUITS="\n".join(
            f"C{k} {n} {names[k + 1] if k < 29 else 'O'} 20 0.013 0 0" for k, n in enumerate(names)
        ),
        XSECTIONS="\n".join(f"C{k} CIRCULAR 0.5 0 0 0" for k in range(30)),
        COORDINATES="\n".join(f"N{k} {5 + 10 * (k % 6)} {5 + 10 * (k // 6)}" for k in range(30)),
    )


@pytest.mark.parametrize("rim", ["network", "bed"])
def test_a_shifted_datum_is_named_and_not_hidden(tmp_path, rim):
    found = codes(inputs_of(tmp_path, grid_of_nodes(11.2, N3=11.4), drainage=f'rim = "{rim}"'))
    told = found["W437"]
    assert "+1.20 m over the ground" in told.problem and "north-west +1.20 m" in told.problem
    assert "datum" in told.problem and "only hide it" in told.do
    if rim == "network":
        assert 'rim = "bed"' not in found["W403"].do


def test_single_rims_are_no_shift(tmp_path):
    found = codes(inputs_of(tmp_path, grid_of_nodes(10.05, N3=11.4, N7=9.0)))
    assert "W437" not in found and 'rim = "bed"' in found["W403"].do


NOTCH = {
    "STORAGE": "ST 8 2 0 FUNCTIONAL 0 0 50 0 0",
    "WEIRS": "W1 ST J1 V-NOTCH 0.5 1.4 NO 0 0 YES",
    "XSECTIONS": PARTS["XSECTIONS"] + "\nW1 TRIANGULAR 1 1 0 0",
}
GATE = '[[failures]]\nkind = "stuck_gate"\nname = "stuck"\nlinks = ["W1"]\nat = 2021-07-20T16:10:00+08:00\nsetting = {}'


def test_a_notch_is_never_half_open(tmp_path):
    with pytest.raises(InputError, match=r"E421.*`stuck`, weir `W1`(.|\n)*0.5(.|\n)*0 or 1"):
        inputs_of(tmp_path, net(**NOTCH), more=GATE.format(0.5))
    for setting in (0, 1):
        inputs_of(tmp_path, net(**NOTCH), more=GATE.format(setting))
    rules = "RULE r\nIF SIMULATION TIME > 0:10\nTHEN WEIR w1 SETTING = 0.5"
    assert "W1" in codes(inputs_of(tmp_path, net(**NOTCH, CONTROLS=rules)))["W445"].problem


def test_what_swmm_does_otherwise_is_said(tmp_path):
    parts = {
        "PUMPS": "P1 J1 J2 K ON 0 0", "CURVES": "K PUMP2 10 0.05",
        "OUTFALLS": "O1 7.8 FREE YES S1\nO2 7 FIXED 7.5 YES",
    }  # fmt: skip
    found = codes(inputs_of(tmp_path, net(**parts)))
    assert "1 pumps draw from junctions" in found["W447"].problem and "P1" in found["W447"].problem
    assert found["W446"].problem.endswith("O1")
    assert not {"W445", "W446", "W447"} & codes(inputs_of(tmp_path, net())).keys()


def test_rain_that_seeps_in_and_falls_is_said(tmp_path):
    rain = '[rainfall]\nkind = "design_storm"\nreturn_period_y = 1\nduration_min = 30'
    text = net(RDII="J1 UH1 1", HYDROGRAPHS="UH1 G", RAINGAGES="G INTENSITY 1:00 1 TIMESERIES R")
    assert "RDII" in codes(inputs_of(tmp_path, text, more=rain))["W436"].problem
    assert "W436" not in codes(inputs_of(tmp_path, text))
