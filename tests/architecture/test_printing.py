"""Public objects print themselves in three to eight lines: what they are, how much, with units."""

import re

import pytest

from cases import coupled_inputs, flat, inp_text, steady_rain, write_inp
from cli.test_comparing import SCENARIO
from flood_sim.core.ledger import Ledger
from flood_sim.measures.build import Built, apply_measures
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.inputs import NodeInlet
from flood_sim.simulation.loop import Simulation
from flood_sim.sites.underground import Spaces
from flood_sim.sites.underground_inputs import Opening, Passage, Space, SpaceInputs, SumpPump
from flood_sim.study import load_study
from study.test_study import written


def few_lines(thing) -> str:
    text = repr(thing)
    assert 3 <= len(text.splitlines()) <= 8 and max(map(len, text.splitlines())) < 200, text
    return text


def test_a_ledger():
    ledger = Ledger(rain=100.0, inflow=20.0, infiltration=30.0, outfall_out=10.0)
    ledger.surface_stored_end, ledger.network_stored_end = 70.0, 10.5
    text = few_lines(ledger)
    assert text.startswith("Ledger (m3): error 0.5, relative 4.2e-03\n")
    assert "supplied   120.0: rain 100.0, inflow 20.0" in text
    assert "left       40.0" in text and "soil 30.0" in text and "outfalls 10.0" in text
    assert "stored     80.5: ground 70.0, sewers 10.5" in text
    assert str(ledger).count("\n") > 20  # the whole table, as messages have it


@pytest.fixture
def inputs(tmp_path):
    network = inp_text(
        junctions="J1 8 2 0 0 0",
        outfalls="O 7 FREE NO",
        conduits="C J1 O 100 0.013 0 0 0 0",
        xsections="C CIRCULAR 0.5 0 0 0 1",
    )
    return coupled_inputs(
        flat(4, 6, 5.0, level_m=10.0),
        write_inp(tmp_path, network),
        [NodeInlet("J1", 1, 2, 2.0, 0.5, 0.1)],
        duration_s=600.0,
        rainfall=steady_rain(60.0, 600.0),
    )


def test_inputs(inputs):
    text = few_lines(inputs)
    assert text.startswith("ModelInputs of case, portfolio baseline\n")
    assert "600 s in windows of 2 s, 2 frames" in text and "4 x 6 cells of 5 m" in text
    assert "Rainfall steady: 10.0 mm" in text and "1 nodes on the street, 1 inlets" in text


def test_a_simulation_and_its_exchange(inputs, tmp_path):
    simulation = Simulation(inputs, tmp_path)
    try:
        text = few_lines(simulation)
        assert text.startswith("Simulation of case, 20 Jul 2021 15:00:00: 0 of 600 s\n")
        assert "surface    4 x 6 cells of 5 m, 0.0 m3, deepest 0.00 m" in text
        assert "sewers     2 nodes, 1 links" in text and "0 underground, 0.0 m3; 0 critical" in text
        exchange = few_lines(simulation.exchange)
        assert exchange.startswith("Exchange of 2 nodes: 1 inlets, 1 cells where flooding comes up")
        assert "0.0 m3, 0.0 m3 of it waiting" in exchange and "+0.000 m3/s" in exchange
    finally:
        simulation.close()


def test_spaces():
    table = ([5.0, 8.0], [0.0, 600.0])
    door = Opening("door", 0, 0, 10.0, 4.0, board_m=0.5, placed=True)
    pump = SumpPump("pump", 0.1, 5.2, 5.1)
    from numpy import array

    spaces = Spaces(
        SpaceInputs(
            (
                Space("mall", *map(array, table), (door,), (pump,), initial_m3=50.0),
                Space("metro", *map(array, table)),
            ),
            (Passage("way", "mall", "metro", 5.0, 2.0, 2.0, closed=True),),
        )
    )
    text = few_lines(spaces)
    assert text.startswith("Spaces: 2 underground, 50.0 m3 in 1 of them\n")
    assert "openings   1, boards stand at 1, 0 reached" in text and "passages   1, 1 shut" in text
    assert "pumps      1, 0 run" in text and "fullest 50.0 m3" in text


def test_a_study(tmp_path):
    study = load_study(written(tmp_path, "[storms.whole]\n[storms.half.rainfall]\nscale = 0.5\n"))
    text = few_lines(study)
    assert text.startswith("Study tiny (") and "2 of 3 measures: pipe_network, source" in text
    assert "portfolios factorial" in text and "storms     whole, half" in text
    table = study._repr_html_()
    assert "<table" in table and re.search(
        r"source_and_storage</td>\s*<td>green, green_more", table
    )


def test_what_measures_built(tmp_path):
    (tmp_path / "s.toml").write_text(SCENARIO)
    scenario = load_scenario(tmp_path / "s.toml")
    inputs = build_inputs(scenario)
    built = apply_measures(inputs, scenario.spec.measure, lambda file, place: [])
    text = few_lines(built)
    assert text.startswith("Built: 2 measures, 1.45 M CNY (1.40 to 1.50), ")
    assert "pond               pond_restoration" in text and "10,000 m2; 0.45 M CNY" in text
    many = few_lines(Built(inputs, built.measures * 5, ()))
    assert many.endswith("  and 4 more")
    table = built._repr_html_()
    assert "<table" in table and "sunken_green" in table and "0.45" in table
