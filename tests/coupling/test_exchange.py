"""Street and sewer: cases with hand calculations (CASES D), both sides' books, and what happens
when the coupling is cut.
"""

from dataclasses import replace

import numpy as np
import pytest

from cases import Silent, coupled_inputs, flat, grid_of, inp_text, steady_rain, write_inp
from flood_sim.drainage import engine
from flood_sim.ground.terrain import terrain_of
from flood_sim.simulation.inputs import NodeInlet
from flood_sim.simulation.loop import Simulation
from flood_sim.surface.settings import SurfaceSettings

WIDE = {"perimeter_m": 400.0, "area_m2": 40.0, "capacity_m3_s": np.inf}


def run(inputs, folder, probe=None):
    simulation, recorder = Simulation(inputs, folder), Silent(probe)
    try:
        assert simulation.run(recorder) == "complete"
    finally:
        simulation.close()
    return simulation, dict(recorder.seen)


def books_agree(simulation, residual=1e-3):
    assert simulation.exchange.book.relative_difference <= 1e-12
    assert simulation.ledger.relative_error <= 1e-6  # float32 cells; float64: 1e-16
    assert simulation.exchange.sign_flips.max() <= 10
    net = max(
        simulation.exchange.book.to_sewer_street, simulation.exchange.book.to_street_network, 1.0
    )
    assert abs(simulation.ledger.network_residual) / net <= residual


# D3, surcharge out of a manhole: 0.25 m3/s for 1,800 s, pipe 0.4 m, 200 m, n 0.013, outfall stage
# 1.2 m below ground; pipe flow with the head at ground 0.1613 m3/s; the rest spills onto a flat
# closed basin of 2,500 m2. By hand (no inertia): 21.1, 41.9, 62.3 mm at 600, 1,200, 1,800 s; SWMM
# alone with the basin as storage node: 21.9, 42.5, 62.8 mm.
def surcharging_manhole(folder, **rest):
    text = inp_text(
        junctions="M -2 2 0 0 0",
        outfalls="O -2.0 FIXED -1.2 NO",
        conduits="C M O 200 0.013 0 0 0 0",
        xsections="C CIRCULAR 0.4 0 0 0",
        inflows="M FLOW T FLOW 1 1",
        timeseries="T 0:00 0.25\nT 0:30 0.25\nT 0:30:01 0\nT 3:00 0",
    )
    return coupled_inputs(
        flat(1, 1, 50.0),
        write_inp(folder, text),
        [NodeInlet("M", 0, 0, **WIDE)],
        duration_s=3000,
        **rest,
    )


def test_surcharging_manhole_against_hand_calculation(tmp_path):
    simulation, depth = run(
        surcharging_manhole(tmp_path), tmp_path, lambda s: 1000.0 * float(s.surface.depth[0, 0])
    )
    assert simulation.network.surcharge.works
    assert depth[600.0] == pytest.approx(21.9, abs=1.5)
    assert depth[1200.0] == pytest.approx(42.5, rel=0.03)
    assert depth[1800.0] == pytest.approx(62.8, rel=0.03)
    assert (
        depth[2820.0] < 1.5
    )  # all but the weir's film is back below ground some 960 s after the inflow stops
    books_agree(simulation, residual=2e-3)


@pytest.mark.parametrize("area_m2", [0.03, 0.1])
def test_leaving_water_needs_the_head_of_its_opening(tmp_path, area_m2):
    """D3 through a small opening: H = street's level + (q / (C_o A))^2 / 2g, by hand; steady, no
    chatter.
    """
    inputs = surcharging_manhole(tmp_path)
    inlet = replace(inputs.drainage.inlets[0], area_m2=area_m2)
    inputs = replace(inputs, drainage=replace(inputs.drainage, inlets=(inlet,)))
    simulation, seen = run(
        inputs,
        tmp_path,
        lambda s: (
            float(s.exchange.flow[0]),
            float(s.network.heads()[0]),
            float(s.surface.depth[0, 0]),
        ),
    )
    flow = np.array([seen[t][0] for t in sorted(seen) if 1500.0 <= t <= 1780.0])
    _, head, depth = seen[1780.0]
    assert flow.std() < 0.02 * flow.mean() and flow.mean() > 0.01
    assert head - depth == pytest.approx(
        (flow.mean() / (0.6 * area_m2)) ** 2 / (2.0 * 9.80665), rel=0.05
    )
    books_agree(simulation, residual=5e-3)


def test_a_steady_surcharge_does_not_chatter(tmp_path):
    """D3 from minute 10 to 29: the exchange changes its sign at most twice (COUPLING 6.4); in the
    whole event at most ten times (books_agree).
    """
    simulation, flips = run(
        surcharging_manhole(tmp_path), tmp_path, lambda s: int(s.exchange.sign_flips.max())
    )
    assert flips[1740.0] - flips[600.0] <= 2
    books_agree(simulation, residual=2e-3)


def test_cut_the_coupling_and_the_street_stays_dry(tmp_path):
    inputs = surcharging_manhole(tmp_path)
    cut = replace(inputs, drainage=replace(inputs.drainage, inlets=(), return_cells={}))
    simulation, _ = run(cut, tmp_path)
    assert float(simulation.surface.depth.max()) == 0.0
    assert (
        simulation.exchange.uncoupled_flooding > 100.0
    )  # it spilled, but not onto the grid: it left the model, and the ledger says so
    assert simulation.ledger.relative_error <= 1e-9


# D1, two basins joined by one full pipe: 5,000 and 2,500 m2, depth 1.0 and 0 m, pipe 0.6 m, 100 m,
# 3 m below the floor. t = 2 (1 - sqrt(dH)) / (c (1/A1 + 1/A2)), c = 0.6140: dH 0.5, 0.25, 0.1 m at
# 1,590, 2,714, 3,712 s; SWMM alone 1,608, 2,730, 3,719 s.
def two_basins(folder, **rest):
    bed = np.full((1, 16), 0.0)
    bed[0, 10] = np.nan
    terrain = terrain_of(
        grid_of(1, 16, 22.360679775), bed, 0.03
    )  # cells of 500 m2: ten in basin 1, five in basin 2
    text = inp_text(
        junctions="A -3 3 3 0 0\nB -3 3 3 0 0\nD 10 1 0 0 0",
        outfalls="O 9 FREE NO",
        conduits="C A B 100 0.013 0 0 0 0\nX D O 50 0.013 0 0 0 0",
        xsections="C CIRCULAR 0.6 0 0 0\nX CIRCULAR 0.3 0 0 0",
    )
    depth = np.zeros((1, 16))
    depth[0, :10] = 1.0
    depth[0, 11:] = 0.01
    inlets = [NodeInlet("A", 0, k, 40.0, 4.0, np.inf) for k in range(10)] + [
        NodeInlet("B", 0, k, 40.0, 4.0, np.inf) for k in range(11, 16)
    ]
    return coupled_inputs(
        terrain, write_inp(folder, text), inlets, duration_s=6000, depth=depth, **rest
    )


def test_two_basins_level_through_the_sewer_alone(tmp_path):
    simulation, gap = run(
        two_basins(tmp_path),
        tmp_path,
        lambda s: float(s.surface.depth[0, :10].mean() - s.surface.depth[0, 11:].mean()),
    )
    times, values = np.array(list(gap)), np.array(list(gap.values()))
    start = values[0]
    for wanted, hand in ((0.5, 1590.0), (0.25, 2714.0), (0.1, 3712.0)):
        reached = times[np.argmax(values < wanted * start)]
        assert reached == pytest.approx(hand, rel=0.04)  # measured 1-2 %; SWMM alone is 1 % late
    assert abs(values[-1]) < 0.02
    books_agree(simulation, residual=1e-2)


def test_two_basins_without_the_coupling_never_meet(tmp_path):
    inputs = two_basins(tmp_path)
    cut = replace(inputs, drainage=replace(inputs.drainage, inlets=(), return_cells={}))
    simulation, _ = run(cut, tmp_path)
    assert float(simulation.surface.depth[0, 0] - simulation.surface.depth[0, 12]) == pytest.approx(
        0.99, abs=1e-6
    )


# D2, rain on a basin over a sewer with too little capacity: 60 mm/h for 1 h on 1 ha, pipe 0.3 m,
# 100 m, outfall stage 1.0 m below ground. Q = 0.0967 sqrt(h + 1.0): 4.2, 12.5, 25.0, 7.4 mm at 600,
# 1,800, 3,600, 5,400 s.
def test_rain_over_a_small_sewer_against_hand_calculation(tmp_path):
    text = inp_text(
        junctions="M -2.5 2.5 1.5 0 0",
        outfalls="O -2.5 FIXED -1.0 NO",
        conduits="C M O 100 0.013 0 0 0 0",
        xsections="C CIRCULAR 0.3 0 0 0",
    )
    inlet = NodeInlet("M", 0, 0, 10_000.0, 100.0, np.inf)
    inputs = coupled_inputs(
        flat(1, 1, 100.0),
        write_inp(tmp_path, text),
        [inlet],
        duration_s=5400,
        rainfall=steady_rain(60.0, 3600.0),
        settings=SurfaceSettings("float32"),
    )
    simulation, depth = run(inputs, tmp_path, lambda s: 1000.0 * float(s.surface.depth[0, 0]))
    for time, hand in ((600.0, 4.2), (1800.0, 12.5), (3600.0, 25.0), (5400.0, 7.4)):
        assert depth[time] == pytest.approx(hand, abs=0.6)  # measured +0.2 mm
    books_agree(simulation)


def test_closed_basin_keeps_its_water(tmp_path):
    """24 h; several inlets a cell, several cells an inlet, a dry start, tiny inlets: what is on the
    street, in the escrow and in the pipes is constant.
    """
    text = inp_text(
        junctions="A -2 2 0 0 0\nB -2.2 2.2 0 0 0\nD 10 1 0 0 0",
        outfalls="O 9 FREE NO",
        conduits="C A B 40 0.013 0 0 0 0\nX D O 50 0.013 0 0 0 0",
        xsections="C CIRCULAR 0.8 0 0 0\nX CIRCULAR 0.3 0 0 0",
    )
    inlets = [
        NodeInlet("A", 2, 2, 1.0, 0.1, np.inf),
        NodeInlet("B", 2, 2, 1.0, 0.1, 0.02),
        NodeInlet("A", 5, 5, 1e-3, 1e-5, np.inf),
        NodeInlet("B", 7, 1, 2.0, 0.3, np.inf),
    ]
    inputs = coupled_inputs(
        flat(9, 9, 5.0),
        write_inp(tmp_path, text),
        inlets,
        duration_s=86_400,
        window_s=10.0,
        routing_step_s=5.0,
        rainfall=steady_rain(80.0, 1800.0),
        settings=SurfaceSettings("float32"),
    )
    simulation, _ = run(inputs, tmp_path)
    ledger = simulation.ledger
    assert ledger.relative_error <= 1e-6
    assert ledger.stored_end + ledger.network_residual == pytest.approx(
        ledger.rain + ledger.stored_start, rel=1e-6
    )
    assert ledger.network_stored_end > 10.0
    books_agree(simulation, residual=5e-3)  # 0.15 m3 lost by SWMM while 10 m3 wet its dry pipes
    said = [
        float(line.split()[-1])
        for line in simulation.network.report.read_text().splitlines()
        if "Continuity Error (%)" in line
    ]
    assert simulation.network.continuity()["routing_percent"] == pytest.approx(
        said[-1], abs=5e-4
    )  # SWMM's own, from its report
    assert abs(said[-1]) > 1e-3


def test_network_received_what_swmm_says_it_received(tmp_path):
    """The trapezoid rule for lateral inflow: our sum of deliveries is SWMM's own external inflow,
    and its node statistic.
    """
    inputs = two_basins(tmp_path)
    simulation = Simulation(
        replace(inputs, clock=replace(inputs.clock, duration_s=600.0)), tmp_path
    )
    try:
        simulation.run(Silent())
        assert simulation.network.balance()["inflow"] == pytest.approx(
            simulation.exchange.volume_delivered, rel=1e-9
        )
    finally:
        simulation.close()


@pytest.mark.parametrize("depth_m", [0.01, 0.02, 0.05, 0.1, 0.3])
def test_inlet_takes_what_its_law_says_and_never_more(depth_m, tmp_path):
    """Q = min(1.594 P H^1.5, 0.6 A sqrt(2 g H)) into a network with room; a peer's inlet took 56
    times that in its first second.
    """
    text = inp_text(
        junctions="M -4 4 0 0 0",
        outfalls="O -5 FREE NO",
        conduits="C M O 20 0.013 0 0 0 0",
        xsections="C CIRCULAR 2.0 0 0 0",
    )
    perimeter, area = 1.2, 0.15
    inputs = coupled_inputs(
        flat(1, 1, 200.0),
        write_inp(tmp_path, text),
        [NodeInlet("M", 0, 0, perimeter, area, np.inf)],
        duration_s=60,
        depth=depth_m,
    )
    _, taken = run(inputs, tmp_path, lambda s: s.exchange.book.to_sewer_street)
    law = min(
        1.594 * perimeter * depth_m**1.5,
        0.6 * area * np.sqrt(2 * 9.80665) * (np.sqrt(depth_m) if depth_m > 0.01 else depth_m / 0.1),
    )
    steps = np.diff(np.array(list(taken.values())))
    assert steps.max() <= law * 2.0 * (1 + 1e-9)
    assert steps[-1] / 2.0 == pytest.approx(law, rel=0.01)


def test_halving_the_window_changes_little(tmp_path):
    """Coupling itself makes 60 mm here; window 4 s against 2 s against 1 s moves less than 1 % of
    that.
    """
    ends = []
    for window in (1.0, 2.0, 4.0):
        folder = tmp_path / f"{window:g}"
        folder.mkdir()
        _, depth = run(
            surcharging_manhole(folder, window_s=window),
            folder,
            lambda s: 1000.0 * float(s.surface.depth[0, 0]),
        )
        ends.append(depth[1800.0])
    assert np.ptp(ends) < 0.6


def test_storage_nodes_spill_at_their_rim(tmp_path):
    """A pumped sump under a flooded street: with the street's level on a storage node SWMM made 0.6
    % of the run's water.
    """
    text = (
        inp_text(
            storage="S -3 3 0.3 FUNCTIONAL 0 0 40 0 0",
            outfalls="O 2 FREE NO",
            curves="K PUMP4 0.3 0\nK 1.0 0.2\nK 3.0 0.2",
        )
        + "\n[PUMPS]\nP S O K ON 0 0\n"
    )
    inputs = coupled_inputs(
        flat(1, 1, 50.0),
        write_inp(tmp_path, text),
        [NodeInlet("S", 0, 0, 20.0, 4.0, np.inf)],
        duration_s=1800,
        depth=1.0,
    )
    simulation, _ = run(inputs, tmp_path)
    assert simulation.ledger.outfall_out == pytest.approx(0.2 * 1800.0, rel=0.05)
    # SWMM books the whole inflow of the step that fills a node as overflow: it makes at most that
    # step's 10 m3, once.
    books_agree(simulation, residual=1.5e-2)


def test_bulk_reads_equal_pyswmm(tmp_path):
    from pyswmm import Links, Nodes

    inputs = surcharging_manhole(tmp_path)
    simulation = Simulation(
        replace(inputs, clock=replace(inputs.clock, duration_s=1200.0)), tmp_path
    )
    try:
        simulation.run(Silent())
        network = simulation.network
        nodes, links = list(Nodes(network._simulation)), list(Links(network._simulation))
        assert np.allclose(network.heads(), [n.head for n in nodes], rtol=0, atol=1e-12)
        assert np.allclose(
            network.flooded_volume()[0], nodes[0].statistics["flooding_volume"], rtol=1e-12
        )
        assert np.allclose(network.discharges(), [link.flow for link in links], rtol=0, atol=1e-12)
        assert network.flooded_volume()[0] > 10.0
        nodes_n, links_n = len(network.node_ids), len(network.link_ids)
        assert network.calls.direct
        for name, size in (
            ("read_heads", nodes_n),
            ("read_flooded", nodes_n),
            ("read_links", links_n),
        ):
            fast, slow = np.zeros(size), np.zeros(size)
            assert (
                getattr(network.calls, name)(fast)
                == getattr(engine.toolkit_calls(), name)(slow)
                == 0
            )
            assert np.array_equal(fast, slow) and np.abs(fast).max() > 0.0
        assert network.calls.read_inflow(0) == engine.toolkit_calls().read_inflow(0)
    finally:
        simulation.close()


def test_without_the_engines_functions_the_toolkit_serves(tmp_path, monkeypatch):
    """Slower, and no surcharge depth: nodes spill at the rim. D3 comes out alike, because its
    street opens at the rim too.
    """
    monkeypatch.setattr(engine, "engine", lambda: None)
    simulation, depth = run(
        surcharging_manhole(tmp_path), tmp_path, lambda s: 1000.0 * float(s.surface.depth[0, 0])
    )
    assert not simulation.network.calls.direct and not simulation.network.surcharge.works
    assert depth[1800.0] == pytest.approx(62.8, rel=0.1)
    assert simulation.exchange.book.relative_difference <= 1e-12
