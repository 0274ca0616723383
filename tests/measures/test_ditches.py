"""Ditches: filled in the city and dug again by measure, in culverts under streets, with a flap at
the dyke.
"""

from dataclasses import replace

import numpy as np
import pytest

from cases import flat
from flood_sim.city import CityParameters, reference_city
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.surface.boundaries import EdgeInflow, constant
from measure_cases import build, run, surface_inputs

CITY = """
schema = 1
name = "ditches"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:10:00+08:00
[city]
kind = "reference_city"
cell_size_m = 5.0
ditches = 1
filled_ditches = {filled}
river_bottlenecks = 1
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
label = "right"
[measure.reopened]
kind      = "new_channel"
targets   = ["ditch_1"]
bottom_m  = 5.0
depth_m   = 1.5
slope     = 0.0015
manning_n = 0.03
under     = [{{ layer = "arterials" }}, {{ layer = "lanes" }}, {{ layer = "dykes" }}]
[portfolio.reopened]
measures = ["reopened"]
"""


def inputs_of(tmp_path, filled, portfolio="baseline"):
    path = tmp_path / f"ditches{filled}.toml"
    path.write_text(CITY.format(filled=filled), encoding="utf-8")
    return build_inputs(load_scenario(path), portfolio)


def test_a_filled_ditch_dug_again_is_the_ditch_that_was(tmp_path):
    """Bed, roughness and boxes of the city that never filled it, and its bill."""
    was, again, filled = (
        inputs_of(tmp_path, 0),
        inputs_of(tmp_path, 1, "reopened"),
        inputs_of(tmp_path, 1),
    )
    assert np.allclose(
        again.terrain.bed_elevation, was.terrain.bed_elevation, atol=1e-9, equal_nan=True
    )
    assert np.array_equal(again.terrain.manning_n, was.terrain.manning_n)
    assert filled.culverts == () and len(was.culverts) == len(again.culverts) > 3
    for a, b in zip(
        sorted(was.culverts, key=lambda c: c.from_level_m),
        sorted(again.culverts, key=lambda c: c.from_level_m),
        strict=True,
    ):
        assert (a.from_cell, a.to_cell, a.area_m2, a.one_way) == (
            b.from_cell,
            b.to_cell,
            b.area_m2,
            b.one_way,
        )
        assert a.from_level_m == pytest.approx(b.from_level_m, abs=1e-9) and np.allclose(
            a.ratings, b.ratings
        )
    assert [c.one_way for c in was.culverts].count(True) == 1 and min(
        was.culverts, key=lambda c: c.to_level_m
    ).one_way  # the flap: at the dyke
    deep = filled.terrain.bed_elevation - was.terrain.bed_elevation
    bill = {q["item"]: q["amount"] for q in again.measures[0]["quantities"]}
    assert bill["earthworks"] == pytest.approx(float(np.nansum(deep)) * 25.0)
    assert bill["box_culvert"] == pytest.approx(
        sum(5.0 * abs(c.to_cell[0] - c.from_cell[0]) for c in was.culverts)
    )
    assert bill["open_channel"] == pytest.approx(0.9 * (1000.0 - 50.0))


def test_no_inlet_and_no_site_stands_in_a_ditch():
    """The flagship's two, on its own cells."""
    parameters = {"side_m": 5000.0, "cell_size_m": 5.0, "ditches": 2, "sites": "full"}
    was = reference_city(CityParameters(**parameters))
    dug = (
        was.ground.bed_elevation
        < reference_city(CityParameters(filled_ditches=2, **parameters)).ground.bed_elevation - 1e-9
    )
    assert dug.sum() > 300
    assert not any(dug[i.row, i.column] for i in was.network.inlets) and not any(
        dug[s.row, s.column] for s in was.sites
    )
    places = [
        o["location_m"]
        for s in was.site_tables()["sites"]
        for o in (s, *s.get("openings", []))
        if "location_m" in o
    ]
    assert len(places) > 300 and not any(
        dug[tuple(int(v) for v in was.ground.grid.cell_at(*place))] for place in places
    )


def test_the_same_city_from_files_has_its_ditch_and_its_bridge(tmp_path):
    from flood_sim.cli.scenarios import write_city_files

    built = inputs_of(tmp_path, 0)
    files = build_inputs(load_scenario(write_city_files(tmp_path / "ditches0.toml")))
    assert [s.name for s in files.structures] == ["bottleneck_1"] and np.array_equal(
        files.structures[0].cells, built.structures[0].cells
    )
    assert np.allclose(files.structures[0].soffit_m, built.structures[0].soffit_m)
    for a, b in zip(built.culverts, files.culverts, strict=True):
        assert (a.name, a.from_cell, a.to_cell, a.one_way) == (
            b.name,
            b.from_cell,
            b.to_cell,
            b.one_way,
        )
        assert np.allclose(a.ratings, b.ratings, rtol=1e-5) and a.loss == pytest.approx(b.loss)


def street_across(columns=60):
    """Flat ground of 5 m cells, 3 rows of which the middle is dug; a street of three cells lies
    across.
    """
    inputs = surface_inputs(flat(3, columns, 5.0, 10.0), 7200.0)
    street = np.zeros((3, columns), bool)
    street[:, 30:33] = True
    return replace(inputs, layers={"streets": street})


def dug(inputs, **more):
    line = {"line_m": [[0.1, 7.5], [5.0 * inputs.terrain.grid.columns - 0.1, 7.5]]}
    keys = {
        "kind": "new_channel",
        "targets": line,
        "bottom_m": 5.0,
        "depth_m": 1.5,
        "slope": 0.001,
        "under": [{"layer": "streets"}],
        **more,
    }
    return build(inputs, ditch=keys)


def test_a_ditch_passes_under_a_street(tmp_path):
    """1 m3/s comes out behind the street and the street stays dry; where the box is left out, the
    street is flooded. Box: 5 m x 1.2 m.
    """
    built = dug(street_across())
    (box,) = built.inputs.culverts
    assert (box.from_cell, box.to_cell, box.one_way, box.area_m2) == ((1, 29), (1, 33), True, 6.0)
    assert box.from_level_m == pytest.approx(
        8.5 - 0.001 * 147.4
    ) and box.to_level_m == pytest.approx(8.5 - 0.001 * 167.4)
    inflow = EdgeInflow("q", np.array([[1, 0]]), np.array([[0, -1]]), constant(1.0))
    street = {}
    for with_box in (True, False):
        inputs = replace(
            built.inputs, edge_inflows=(inflow,), culverts=built.inputs.culverts if with_box else ()
        )
        simulation, _ = run(
            replace(inputs, clock=replace(inputs.clock, duration_s=1500.0, output_s=1500.0)),
            tmp_path,
        )
        street[with_box] = float(simulation.surface.depth[1, 31])
        if (
            with_box
        ):  # all of it beyond the box but what fills the upper reach of 150 m2 to its level
            below = 25.0 * float(simulation.surface.depth[:, 33:].sum())
            above = 25.0 * float(simulation.surface.depth[:, :30].sum())
            assert below + above == pytest.approx(1500.0, rel=1e-9) and below > 0.4 * 1500.0
    assert street[True] == 0.0 and street[False] > 0.05


def test_its_flap_keeps_the_river_out(tmp_path):
    """1 m of water behind the street: nothing comes through with the flap, up to its level
    without.
    """
    upper = {}
    for flap in (True, False):
        built = dug(street_across(), flap=flap)
        depth = np.zeros((3, 60))
        depth[1, 33:] = 1.0
        simulation, _ = run(replace(built.inputs, initial_depth=depth), tmp_path)
        upper[flap] = float(simulation.surface.depth[1, :30].sum())
    assert upper[True] == 0.0 and upper[False] > 10.0


def test_a_box_out_of_the_ground_is_doubted():
    high = dug(street_across(), culvert_height_m=2.0)
    assert any("out of the ground" in f.problem for f in high.inputs.findings)
    assert not any("out of the ground" in f.problem for f in dug(street_across()).inputs.findings)
