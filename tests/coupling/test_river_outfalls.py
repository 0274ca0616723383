"""Outfalls that stand against the water of the grid's own river."""

import numpy as np
import pytest

from cases import Silent, inp_text
from flood_sim.core.errors import InputError
from flood_sim.drainage.tape import TapedNetwork
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation
from flood_sim.simulation.models import open_network

# Cells of 50 m: a street cell at 0 m, a wall, a river cell with its bed at -3 m. Pipe of D3: 0.4 m,
# 200 m, n 0.013: 0.1613 m3/s need 1.2 m of head.
NETWORK = (
    inp_text(
        junctions="M -2 2 0 0 0",
        outfalls="O -2.0 FREE NO",
        conduits="C M O 200 0.013 0 0 0 0",
        xsections="C CIRCULAR 0.4 0 0 0",
        inflows="M FLOW T FLOW 1 1",
        timeseries="T 0:00 0\nT 0:10 @Q\nT 3:00 @Q",
    )
    + "\n[COORDINATES]\nM 25 25\nO 125 25\n"
)
SCENARIO = """
schema = 1
name = "river"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:40:00+08:00
[terrain]
bed_elevation = { columns = 3, rows = 1, cell_size_m = 50.0, level_m = 0.0, boxes = [[50.0, 0.0, 100.0, 50.0, 20.0, 0.0], [100.0, 0.0, 150.0, 50.0, -3.0, 0.0]] }
[initial]
stage = [{ level_m = LEVEL }]
[drainage]
kind = "swmm"
network = "n.inp"
coupling_step_s = 2
routing_step_s = 1
default_inlet = "open_shaft"
outfalls = "river"
[surface]
precision = "float64"
scheme = "local_inertial"
[output]
interval_s = 240
"""


def run(folder, level, inflow, network=NETWORK, tape=None):
    (folder / "n.inp").write_text(network.replace("@Q", str(inflow)))
    (folder / "s.toml").write_text(SCENARIO.replace("LEVEL", str(level)))
    inputs = build_inputs(load_scenario(folder / "s.toml"))
    simulation = Simulation(inputs, folder, tape)

    def probe(s):
        return (
            *s.network.heads().tolist(),
            float(s.surface.depth[0, 0]),
            float(s.surface.depth[0, 2]),
        )

    recorder = Silent(probe)
    try:
        assert simulation.run(recorder) == "complete"
    finally:
        simulation.close()
    assert simulation.exchange.book.relative_difference <= 1e-12
    assert simulation.ledger.relative_error <= 1e-12
    return simulation, np.array([values for _, values in recorder.seen])


def test_a_higher_river_holds_the_manhole_higher(tmp_path):
    """0.14 m3/s need 1.2 (0.14 / 0.1613)^2 = 0.904 m: the head is the river's level and that, while
    it stays under the street.
    """
    for level in (-1.4, -1.1):
        _, seen = run(tmp_path, level, 0.14)
        manhole, outfall, street, river = seen[-1]
        assert outfall == pytest.approx(-3.0 + river, abs=1e-3)
        assert river - (3.0 + level) > 0.08  # 0.14 m3/s for half an hour over 2,500 m2: 0.1 m
        assert manhole - outfall == pytest.approx(0.904, rel=0.02)
        assert street < 1e-3  # a surge spills 0.4 m3 while the pipe fills


def test_a_river_over_the_street_fills_no_sewer_but_what_enters_spills(tmp_path):
    """Level 0.5 m with a flap: nothing comes up by itself; with 0.05 m3/s the shaft spills all that
    does not pass the flap.
    """
    simulation, seen = run(tmp_path, 0.0, 0.0)
    assert seen[:, 2].max() == 0.0 and simulation.exchange.book.to_street_network == 0.0
    simulation, seen = run(
        tmp_path,
        0.0,
        0.2,
        # 0.1613 m3/s pass with 1.2 m of head; the street lies at the river's level: all but a head
        # of centimetres spills
    )
    assert seen[-1, 2] > 0.05
    assert seen[-1, 2] * 2500.0 > 0.6 * 0.2 * 2100.0


def test_the_stage_counts_in_the_residual(tmp_path):
    """SWMM makes half of the last pipe's wet volume as the stage rises; that is named, what is left
    is small.
    """
    simulation, _ = run(tmp_path, -1.1, 0.14)
    assert abs(simulation.ledger.network_residual) < 0.01 * simulation.ledger.network_inflow


def test_the_tape_has_the_stages(tmp_path):
    """The same calls again give the same heads bit for bit (checkpoints)."""
    simulation, seen = run(tmp_path, -1.1, 0.14, tape=tmp_path / "tape")
    again = open_network(simulation.inputs, tmp_path)
    try:
        TapedNetwork(again, tmp_path / "unused").replay(
            tmp_path / "tape", (tmp_path / "tape").stat().st_size, with_outfalls=True
        )
        assert again.heads().tolist() == seen[-1, :2].tolist()
    finally:
        again.close()


def test_an_outfall_off_the_grid_has_no_river(tmp_path):
    with pytest.raises(InputError, match=r"(?s)off the grid.*given +O"):
        run(tmp_path, -1.0, 0.1, NETWORK.replace("O 125 25", "O 1125 25"))
