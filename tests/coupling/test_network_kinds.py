"""Kinds of network files from public reports, rebuilt small: each is right, or says what it is."""

import re

import pytest

from flood_sim.core.errors import InputError
from sewer_cases import PARTS, alone, codes, inputs_of, net, run

RAINY = {
    "RAINGAGES": 'G INTENSITY 0:30 1 FILE "rain gauge.dat" STA MM',
    "SUBCATCHMENTS": "S1 G J1 1 50 100 0.5 0",
    "SUBAREAS": "S1 0.015 0.1 0 0 0 OUTLET",
    "INFILTRATION": "S1 3 0.5 4 7 0",
}


def test_names_in_quotes(tmp_path):
    """dleutnant/swmmr#24, USEPA/SWMM-EPANET_User_Interface#148: quotes are no part of a name; SWMM
    itself refuses blanks in one, with the line.
    """
    text = net(
        JUNCTIONS='"J1" 8.0 2 0 0 0\nJ2 7.9 2.1 0 0 0',
        CONDUITS='C1 "J1" J2 50 0.013 0 0\nC2 J2 O1 50 0.013 0 0',
        COORDINATES='"J1" 15 25\nJ2 35 25\nO1 55 25',
        INFLOWS='J1 FLOW "TS" FLOW 1 1 0 ""',
        TIMESERIES='"TS" 0:00 0.1\nTS 9:00 0.1',
    )
    inputs = inputs_of(tmp_path, text)
    assert not {"W402", "W424", "W310"} & codes(inputs).keys()
    assert [i.node for i in inputs.drainage.inlets] == ["J1", "J2"]
    assert inputs.drainage.network.rows("INFLOWS")[0].tokens[-1] == '""'
    with pytest.raises(InputError, match="undefined object J 1"):
        run(tmp_path, text.replace('"J1"', '"J 1"').replace("J1 FLOW", '"J 1" FLOW'))


def test_parameters_in_small_letters_and_a_day_of_24_hours(tmp_path):
    """UI#377 (`Flow` in [INFLOWS]), generate_swmm_inp#25 (24:00:00)."""
    series = "TS 07/19/2007 24:00:00 0.1\nTS 07/20/2007 24:00:00 0.1"
    text = net({"END_TIME": "24:00:00"}, INFLOWS="J1 Flow TS Flow 1 1", TIMESERIES=series)
    with pytest.raises(InputError, match="E420.*2007-07-20 00:00 to 2007-07-21 00:00"):
        inputs_of(tmp_path, text)


@pytest.mark.parametrize("year", [2007, 2021])
def test_a_rain_file_of_another_year(tmp_path, year):
    """UI#196: a gauge that reads a file beside the network."""
    rows = [f"STA {year} 7 20 {h} {m} {v}" for h, m, v in ((16, 0, 36), (16, 30, 36), (17, 0, 0))]
    (tmp_path / "rain gauge.dat").write_text("\n".join(rows) + "\n")
    text = net(**RAINY)
    if year == 2007:
        with pytest.raises(InputError, match="E420.*file of gauge G"):
            inputs_of(tmp_path, text)
        return
    _, seen = run(tmp_path, text, lambda s: s.ledger.network_inflow)
    right = alone(tmp_path, text.replace('"rain gauge.dat"', f'"{tmp_path}/rain gauge.dat"'))
    assert seen == pytest.approx(right["Wet Weather Inflow"], rel=0.02) and seen > 100.0


def test_seepage_larger_than_the_inflow_is_not_complete_without_a_word(tmp_path):
    """USEPA/Stormwater-Management-Model#216: SWMM seeps more than it has."""
    from flood_sim.output.summary import Ended, _lost_inside

    text = net(
        INFLOWS="J1 FLOW TS FLOW 1 1",
        TIMESERIES="TS 0:00 0.002\nTS 9:00 0.002",
        LOSSES="C1 0 0 0 NO 2000\nC2 0 0 0 NO 2000",
    )
    simulation, told = run(tmp_path, text, lambda s: _lost_inside(s, Ended("complete")))
    ledger = simulation.ledger
    share = abs(ledger.network_residual) / ledger.network_inflow
    assert share > 0.01 and told[0].code == "W438"
    assert f"{share:.1%} of the 7 m3" in told[0].problem
    _, sound = run(tmp_path, net(), lambda s: _lost_inside(s, Ended("complete")))
    assert sound == []


def test_steps_whose_heads_do_not_settle_are_counted_and_said(tmp_path):
    """Two trials for a tolerance of a nanometre: the count is that of SWMM's own report."""
    from flood_sim.output.summary import Ended, _unsettled

    flow = {"INFLOWS": "J1 FLOW TS FLOW 1 1", "TIMESERIES": "TS 0:00 0.1\nTS 0:30 0.4\nTS 1:00 0.1"}
    hasty = {"MAX_TRIALS": "2", "HEAD_TOLERANCE": "0.000000001"}
    simulation, told = run(tmp_path, net(hasty, **flow), lambda s: _unsettled(s, Ended("complete")))
    steps, unsettled = simulation.network.unsettled_steps()
    report = simulation.network.report.read_text()
    percent = float(re.search(r"Steps Not Converging\s*:\s*([\d.]+)", report)[1])
    assert steps > 100 and unsettled / steps == pytest.approx(percent / 100.0, abs=1e-4)
    assert told[0].code == "W453" and f"{unsettled / steps:.1%} of {steps}" in told[0].problem
    assert told[0].given == "MAX_TRIALS 2, HEAD_TOLERANCE 0.000000001"
    assert "routing steps (over 10%): each time at" in told[0].problem
    _, sound = run(tmp_path, net(**flow), lambda s: _unsettled(s, Ended("complete")))
    assert sound == []


def test_nodes_whose_heads_do_not_settle_are_named(tmp_path):
    """A tolerance of a nanometre, and water at J1 and J2 only. D1 is dry and first in SWMM's
    memory: a wrong stride or word would name it, or none.
    """
    from flood_sim.output.statistics import most_unsettled
    from flood_sim.output.summary import Ended, _unsettled

    text = net(
        {"MAX_TRIALS": "2", "HEAD_TOLERANCE": "0.000000001"},
        INFLOWS="J1 FLOW TS FLOW 1 1",
        TIMESERIES="TS 0:00 0.1\nTS 0:30 0.4\nTS 1:00 0.1",
        JUNCTIONS="D1 8 2 0 0 0\nJ1 8 2 0 0 0\nJ2 7.9 2.1 0 0 0",
        OUTFALLS="O1 7.8 FREE NO\nO2 7.8 FREE NO",
        CONDUITS="C1 J1 J2 50 0.013 0 0\nC2 J2 O1 50 0.013 0 0\nC3 D1 O2 50 0.013 0 0",
        XSECTIONS="\n".join(f"{c} CIRCULAR 0.5 0 0 0" for c in ("C1", "C2", "C3")),
        COORDINATES="D1 15 15\nJ1 15 25\nJ2 35 25\nO1 55 25\nO2 55 15",
    )
    simulation, told = run(tmp_path, text, lambda s: _unsettled(s, Ended("complete")))
    network = simulation.network
    steps, unsettled = network.unsettled_steps()
    moved = dict(zip(network.node_ids, network.unsettled_nodes().tolist(), strict=True))
    assert moved["O1"] == moved["O2"] == moved["D1"] == 0
    assert 0 < moved["J1"] <= unsettled and 0 < moved["J2"] <= unsettled
    assert max(moved["J1"], moved["J2"]) >= unsettled / 2  # in each such step one of the two moves
    assert set(most_unsettled(network)) == {"J1", "J2"} and len(told[0].at) == 2
    share = moved["J1"] / steps
    assert f"J1 ({share:.1%})" in told[0].problem and "of 5 nodes" in told[0].problem


@pytest.mark.parametrize(
    ("kind", "shape", "fits"),
    [
        ("GRATE 2 2 P_BAR-50", "STREET ST", True),
        ("DROP_GRATE 2 2 P_BAR-50", "STREET ST", False),
        ("DROP_GRATE 2 2 P_BAR-50", "TRAPEZOIDAL 1 2 1 1", True),
        ("GRATE 2 2 P_BAR-50", "RECT_OPEN 1 2 0 0", False),
    ],
)
def test_inlets_of_swmm_that_do_not_fit_their_conduit(tmp_path, kind, shape, fits):
    """USEPA/Stormwater-Management-Model#104: SWMM captures nothing, without a word."""
    text = net(
        XSECTIONS=f"C1 {shape}\nC2 CIRCULAR 0.5 0 0 0",
        STREETS="ST 5 0.15 2 0.016 0 0 1",
        INLETS=f"IN {kind}",
        INLET_USAGE="C1 IN J2 1 0 0 0 0",
        COORDINATES=PARTS["COORDINATES"],
    )
    assert ("W449" in codes(inputs_of(tmp_path, text))) != fits
