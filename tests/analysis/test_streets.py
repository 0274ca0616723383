"""Segments of street: the driest way against a naive twin, the city's own segments, roads of a
file, crests of dykes and raised levees.
"""

import math

import numpy as np
import pytest

from cases import grid_of
from flood_kernels.roads import AROUND, driest_ways, find_neighbours
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.streets import DriestWays, freeboard_m
from flood_sim.analysis.standards.criteria import share_quantile
from flood_sim.city import CityParameters, reference_city
from flood_sim.city.exposure import city_exposure
from flood_sim.ground.exposure import BEGIN, END, ZONES
from flood_sim.output.dykes import dyke_crests
from flood_sim.results import open_results
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.exposure import _segment


def driest(depth, begin, end):
    """The kernel on one segment that is a whole raster."""
    n = depth.size
    start, cell = np.array([0, n]), np.arange(n)
    bits = (BEGIN * begin + END * end).ravel().astype(np.int8)
    neighbour, scratch = np.empty((n, AROUND), np.int64), np.full(n, -1, np.int64)
    find_neighbours(start, cell, *depth.shape, scratch, neighbour)
    assert (scratch == -1).all()
    out = np.empty(1)
    driest_ways(np.nan_to_num(depth, nan=np.inf).ravel(), start, cell, bits, neighbour, out)
    return float(out[0])


def naive(depth, begin, end):
    """Try every depth as a limit: flood fill over corners."""
    from scipy.ndimage import label

    for limit in np.unique(depth[np.isfinite(depth)]):
        pieces, count = label(depth <= limit, np.ones((3, 3)))
        if any(
            (pieces[begin] == k).any() and (pieces[end] == k).any() for k in range(1, count + 1)
        ):
            return float(limit)
    return math.inf


def test_the_driest_way_through_a_strip():
    """3 x 3 cells: by the diagonal .10 - .12 - .14 the road passes at 0.14 m; a wall of water: as
    deep as its shallowest cell; cut: never.
    """
    depth = np.array([[0.10, 0.20, 0.20], [0.20, 0.12, 0.20], [0.20, 0.20, 0.14]])
    begin, end = np.tile(np.arange(3) == 0, (3, 1)), np.tile(np.arange(3) == 2, (3, 1))
    assert driest(depth, begin, end) == pytest.approx(0.14)
    assert driest(np.full((3, 3), 0.2), begin, end) == 0.2
    depth[:, 1] = np.nan
    assert driest(depth, begin, end) == math.inf


def test_against_a_naive_twin():
    rng = np.random.default_rng(720)
    for _ in range(40):
        depth = rng.choice(
            [0.0, 0.05, 0.1, 0.2, 0.4, np.nan], (5, 12), p=[0.2, 0.2, 0.2, 0.1, 0.1, 0.2]
        )
        begin, end = np.zeros(depth.shape, bool), np.zeros(depth.shape, bool)
        begin[:, 0], end[:, -1] = True, True
        assert driest(depth, begin, end) == naive(depth, begin, end)


def test_two_segments_share_a_crossing_and_do_not_mix():
    """A row and a column that cross in one cell: water on the column's end leaves the row alone."""
    depth = np.zeros((3, 3))
    depth[0, 1] = 0.5
    start, cell = np.array([0, 3, 6]), np.array([3, 4, 5, 1, 4, 7])
    end = np.array([BEGIN, 0, END, BEGIN, 0, END], np.int8)
    neighbour = np.empty((6, AROUND), np.int64)
    find_neighbours(start, cell, 3, 3, np.full(9, -1, np.int64), neighbour)
    out = np.empty(2)
    driest_ways(depth.ravel(), start, cell, end, neighbour, out)
    assert out.tolist() == [0.0, 0.5]


def test_shares_of_length():
    value, length = np.array([0.1, 0.2, 0.9]), np.array([100.0, 890.0, 10.0])
    assert (
        share_quantile(value, length, 1.0) == 0.9
        and share_quantile(value, length, 0.99) == 0.2
        and share_quantile(value, length, 0.05) == 0.1
    )


@pytest.mark.parametrize("cell", [4.0, 10.0])
def test_the_citys_streets_end_at_crossings_and_rivers(cell):
    """Length of all segments: that of the streets, less crossings and rivers; each is whole when
    dry; every zone is there.
    """
    p = CityParameters(side_m=2000.0, cell_size_m=cell, sites="full")
    city = reference_city(p)
    streets = city_exposure(p, city.plan, city.ground, city.sites).streets
    neighbour, n = (
        np.empty((streets.cell.size, AROUND), np.int64),
        city.ground.grid.rows * city.ground.grid.columns,
    )
    find_neighbours(
        streets.start, streets.cell, *city.ground.grid.shape, np.full(n, -1, np.int64), neighbour
    )
    out = np.empty(len(streets.length_m))
    driest_ways(np.zeros(n), streets.start, streets.cell, streets.end, neighbour, out)
    assert (out == 0.0).all() and set(streets.zone.tolist()) == set(range(len(ZONES)))
    assert (
        not (city.ground.bed_elevation.ravel()[streets.cell] < 98.0).any()
        or city.plan.underpass is not None
    )
    ns = [s for s in city.plan.arterials if s.axis == "y"]
    ew = [s for s in city.plan.arterials if s.axis == "x"]
    mine = sum(
        length
        for name, length in zip(streets.name, streets.length_m, strict=True)
        if name.startswith("EW")
    )
    assert mine == pytest.approx(sum(s.length - sum(o.width for o in ns) for s in ew), rel=0.03)
    of_one = [name for name in streets.name if name.split(".")[0] == ew[0].name]
    assert len(of_one) == len(ns) + 1


def test_a_line_of_a_file_has_two_ends():
    import shapely

    grid = grid_of(9, 9, 10.0)
    name, zone, length, cells, end = _segment(
        grid, "a", 1, shapely.LineString([(0, 45), (90, 45)]), 10.0
    )
    assert (name, zone, length) == ("a", 1, 90.0) and sorted(cells.tolist()) == [
        4 * 9 + c for c in range(9)
    ]
    assert sorted(cells[(end & BEGIN) > 0].tolist()) == [36, 37] and sorted(
        cells[(end & END) > 0].tolist()
    ) == [43, 44]


CITY = """
schema = 1
name = "dyke"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:05:00+08:00
[city]
kind = "reference_city"
side_m = 500.0
cell_size_m = 5.0
river_stage_h_m = [[0, 0.3], [1, 0.3]]
[rainfall]
kind = "none"
[measure.higher]
kind = "levee_raising"
targets = { line_m = [[472000.0, 3846074.0], [472500.0, 3846074.0]] }
raise_m = 0.5
[portfolio.higher]
measures = ["higher"]
"""


def test_the_room_under_a_dykes_crest(tmp_path):
    """Crest 1.5 m, river at 0.3 m over the street: 1.2 m of room everywhere on the north bank; a
    levee of 0.5 m on it gives 1.7 m.
    """
    (tmp_path / "s.toml").write_text(CITY)
    scenario = load_scenario(tmp_path / "s.toml")
    inputs = build_inputs(scenario)
    crests = dyke_crests(inputs)
    north = (
        inputs.terrain.grid.y_m[(crests[:, 0] // inputs.terrain.grid.columns).astype(int)]
        > 3846050.0
    )
    assert north.sum() == 100 and np.allclose(
        crests[north, 1], 101.5, atol=0.35
    )  # a crest 4 m wide on cells of 5 m
    raised = dyke_crests(build_inputs(scenario, "higher"))
    assert np.allclose(raised[north, 1] - crests[north, 1], 0.5, atol=0.26) and np.array_equal(
        raised[~north], crests[~north]
    )
    run_scenario(scenario, tmp_path / "r")
    cells, room = freeboard_m(Consequences(open_results(tmp_path / "r")))
    assert np.allclose(room[north], crests[north, 1] - 100.3, atol=0.05) and np.array_equal(
        cells, crests[:, 0]
    )
    assert DriestWays(Consequences(open_results(tmp_path / "r"))).by_frame[1].shape[1] > 10
