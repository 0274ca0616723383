"""The reference city against its acceptance (CITY 11): densities, sewers that an engineer would
sign, SWMM alone, drained courts.
"""

import re

import numpy as np
import pytest

from flood_sim.city import CityParameters, reference_city
from flood_sim.city.land_use import BUILDING, LAKE, OUTSIDE, RIVER
from flood_sim.ground.rainfall import FORMULAS


@pytest.fixture(scope="module")
def city():
    return reference_city()


def test_built_densities(city):
    built = city.measured()
    assert built["road_density_km_km2"] == pytest.approx(5.11, rel=0.05)
    assert built["drain_density_km_km2"] == pytest.approx(8.86, rel=0.02)
    assert 240 <= built["sewer_nodes"] <= 270
    assert built["deepest_sewer_m"] < 6.0
    assert 0.28 < built["buildings_share"] < 0.36


def test_same_seed_same_bytes_other_seed_other_city(city):
    again = reference_city()
    assert again.network.inp == city.network.inp
    assert again.ground.bed_elevation.tobytes() == city.ground.bed_elevation.tobytes()
    assert reference_city(CityParameters(seed=1)).network.inp != city.network.inp


def test_sewers_follow_the_rules(city):
    """Every node one pipe down and a way to an outfall, no diameter shrinking, cover, slope."""
    tree, design = city.tree, city.design
    assert len(tree.order()) == len(tree.nodes)  # a tree: no circle
    for k, node in enumerate(tree.nodes):
        pipe = design.pipes[k]
        assert pipe.upper + pipe.diameter <= node.rim - 0.7 + 1e-9
        assert pipe.slope >= 0.0004 - 1e-12
        if node.down >= 0:
            below = design.pipes[node.down]
            assert below.diameter >= pipe.diameter
            assert (
                below.upper <= pipe.lower + 1e-9
                or below.upper + below.diameter <= pipe.lower + pipe.diameter + 1e-9
            )
            assert 20.0 < node.length < 45.0
        else:
            assert k in tree.roots


def pits(bed: np.ndarray, open_cells: np.ndarray, drains: np.ndarray) -> np.ndarray:
    """Depth (m) of closed hollows: how far water must rise in each open cell to run to a cell that
    drains. Priority flood.
    """
    import heapq

    level = np.full(bed.shape, np.inf)
    heap = [(float(bed[r, c]), int(r), int(c)) for r, c in np.argwhere(drains)]
    for z, r, c in heap:
        level[r, c] = z
    heapq.heapify(heap)
    while heap:
        z, r, c = heapq.heappop(heap)
        if z > level[r, c]:
            continue
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            a, b = r + down, c + right
            if 0 <= a < bed.shape[0] and 0 <= b < bed.shape[1] and open_cells[a, b]:
                up = max(z, float(bed[a, b]))
                if up < level[a, b]:
                    level[a, b] = up
                    heapq.heappush(heap, (up, a, b))
    return np.where(open_cells & np.isfinite(level), level - bed, 0.0)


def test_every_open_cell_drains_and_is_connected(city):
    from scipy.ndimage import label

    use, bed = city.ground.land_use, city.ground.bed_elevation
    open_cells = ~np.isin(use, (OUTSIDE, BUILDING))
    assert label(open_cells)[1] == 1
    drains = np.isin(use, (RIVER, LAKE))
    for inlet in city.network.inlets:
        drains[inlet.row, inlet.column] = True
    hollow = pits(bed, open_cells, drains)
    assert hollow[open_cells].mean() < 0.002  # measured 0.1 mm


@pytest.mark.parametrize("cell", [2.0, 5.0, 10.0])
def test_every_cell_size_gives_the_same_city(city, cell):
    from scipy.ndimage import label

    other = reference_city(CityParameters(cell_size_m=cell))
    assert label(~np.isin(other.ground.land_use, (OUTSIDE, BUILDING)))[1] == 1
    assert other.ground.shares()["building"] == pytest.approx(
        city.ground.shares()["building"], abs=0.04 if cell < 8.0 else 0.09
    )  # 10 m: a ring of 14 m is one cell, measured 0.23
    assert other.measured()["drain_density_km_km2"] == pytest.approx(8.86, rel=0.03)


@pytest.mark.parametrize("side", [500.0, 2000.0, 5000.0])
def test_other_sizes(side):
    city = reference_city(CityParameters(side_m=side, cell_size_m=5.0))
    built = city.measured()
    assert built["deepest_sewer_m"] < 6.0
    assert built["drain_density_km_km2"] <= 8.86 * 1.02
    assert len(city.tree.order()) == len(city.tree.nodes)
    if side == 5000.0:
        assert built["drain_density_km_km2"] == pytest.approx(8.86, rel=0.02)
        assert built["road_density_km_km2"] == pytest.approx(5.11, rel=0.05)


def own_storm_inflows(city, factor, minutes=120.0):
    """[INFLOWS] and [TIMESERIES] that put the Chicago storm of P = 1 on every node's catchment."""
    from flood_sim.ground.rainfall import chicago_storm

    storm = chicago_storm("zhengzhou-measures", 1.0, minutes, 0.4, 10.0)
    rate = np.diff(storm.cumulative_m) / 600.0
    series = "\n".join(
        f"STORM 0:{10 * k:02d} {q:.8f}" if k < 6 else f"STORM {k // 6}:{10 * (k % 6):02d} {q:.8f}"
        for k, q in enumerate([*rate, 0.0, 0.0])
    )
    inflows = "\n".join(
        f"{node.name} FLOW STORM FLOW 1.0 {factor * node.area:.3f}" for node in city.tree.nodes
    )
    return f"\n[INFLOWS]\n{inflows}\n", series


@pytest.mark.parametrize(("pumps", "continuity"), [(False, 0.2), (True, 0.5)])
def test_swmm_alone_passes_the_sewers_own_storm(tmp_path, pumps, continuity):
    """Sewers of 1 year in their own storm, river at the 2-year stage, clean: nothing floods and
    SWMM closes.
    """
    from pyswmm import Nodes, Simulation

    city = reference_city(
        CityParameters(
            silted_share=0.0,
            half_full_share=0.0,
            pump_stations=pumps,
            river_stage_h_m=((0.0, -2.0),),
        )
    )
    inflows, series = own_storm_inflows(city, 0.5)
    text = city.network.inp.replace("[TIMESERIES]\n", f"[TIMESERIES]\n{series}\n") + inflows
    path = tmp_path / "own.inp"
    path.write_text(re.sub(r"END_TIME .*", "END_TIME 19:00:00", text), encoding="utf-8")
    with Simulation(str(path)) as simulation:
        nodes = list(Nodes(simulation))
        for _ in simulation:
            pass
        flooded = sum(n.statistics["flooding_volume"] for n in nodes if not n.is_outfall())
        error = simulation.flow_routing_error
    total = (
        0.5
        * sum(node.area for node in city.tree.nodes)
        * FORMULAS["zhengzhou-measures"].depth_mm(120, 1)
        / 1000.0
    )
    assert flooded / total < 0.001
    assert abs(error) < continuity
