"""Scenario files: every mistake is one message with file, key, value and way out; defaults,
extends, the reference of keys.
"""

from pathlib import Path

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.scenario import build_inputs, list_scenarios, load_scenario
from flood_sim.scenario.spec.document import document
from flood_sim.scenario.spec.schema import SurfaceSpec
from flood_sim.surface.settings import SurfaceSettings

GOOD = """
schema = 1
name = "plain"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:10:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, slope_x = -0.01, level_m = 10.0 }
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
"""


def load(folder: Path, text: str, **build):
    path = folder / "s.toml"
    path.write_text(text, encoding="utf-8")
    return build_inputs(load_scenario(path), **build)


def test_good_scenario_builds(tmp_path):
    inputs = load(tmp_path, GOOD)
    assert inputs.terrain.grid.shape == (10, 20)
    assert inputs.clock.duration_s == 600.0
    assert inputs.terrain.bed_elevation[0, 0] == pytest.approx(10.0 - 0.025)


def write_raster(path, values, crs="EPSG:4547", cell=5.0, nodata=None):
    import rasterio
    from rasterio.transform import from_origin

    values = np.asarray(values, np.float32)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype="float32",
        crs=crs,
        transform=from_origin(472000, 3846100, cell, cell),
        nodata=nodata,
    ) as data:
        data.write(values, 1)


BAD = [  # change of the good file, code, texts that the message must hold
    (
        ("stop = 2021-07-20T15:10:00+08:00", "stop = 2021-07-20T14:00:00+08:00"),
        "E104",
        ["[time]", "not after"],
    ),
    (
        ("stop = 2021-07-20T15:10:00+08:00", "stop = 2021-07-20T15:10:00"),
        "E302",
        ["`stop`", "offset"],
    ),
    (
        ("[rainfall]\n", "[rainfall]\nintensty = 3\n"),
        "E103",
        ["intensty", "unknown key", "rename or remove"],
    ),
    (("[terrain]", "[terrian]"), "E103", ["terrian", "did you mean `terrain`"]),
    (
        ('storm = "zhengzhou-720"', 'storm = "zhengzhou-721"'),
        "E104",
        ["storm", "zhengzhou-721", "zhengzhou-720"],
    ),
    (('kind = "storm"', 'kind = "strom"'), "E104", ["rainfall", "strom"]),
    (("schema = 1\n", ""), "E104", ["schema", "missing"]),
    (("cell_size_m = 5.0", "cell_size_m = -5.0"), "E104", ["cell_size_m", "-5.0", "> 0"]),
    (("[rainfall]", "[storm]\na = 1\n[rainfall]"), "E103", ["not implemented yet", "named storms"]),
    (
        ("[rainfall]", "[portfolio.six]\nmeasures = ['x']\n[rainfall]"),
        "E104",
        ["portfolio.six", "names a measure that is not there: x"],
    ),
    (
        ("[rainfall]", "[measure.a]\nkind = 'cross_connection_removal'\nafter = ['b']\n[rainfall]"),
        "E104",
        ["[measure.a] after", "names a measure that is not there: b"],
    ),
    (("bed_elevation = {", "manning_n = 5.0\nbed_elevation = {"), "E212", ["manning_n", "5"]),
    (
        ("bed_elevation = {", 'manning_n = "../n.tif"\nbed_elevation = {'),
        "E106",
        ["leaves the scenario's folder", "--allow-path"],
    ),
    (
        ("bed_elevation = {", 'manning_n = "gone.tif"\nbed_elevation = {'),
        "E101",
        ["gone.tif", "does not exist"],
    ),
    (("[rainfall]", "[initial]\ndepth = -1.0\n[rainfall]"), "E104", ["depth", "below zero"]),
    (
        ("[rainfall]", "[output]\ngauges = { a = [1e6, 0.0] }\n[rainfall]"),
        "E204",
        ["gauges", "`a`", "not on an open cell"],
    ),
    (
        (
            "[rainfall]",
            '[[boundaries]]\nkind = "point_inflow"\nlocation_m = [10.0, 10.0]\n[rainfall]',
        ),
        "E104",
        ["file and discharge_m3_s"],
    ),
    (("[rainfall]", '[drainage]\nkind = "swmm"\n[rainfall]'), "E104", ["network", "missing"]),
    (('name = "plain"', 'name = "plain'), "E102", ["not valid TOML", "line 3"]),
    (
        ("columns = 20, rows = 10", "columns = 20000, rows = 20000"),
        "E601",
        ["20000 x 20000", "GiB"],
    ),
    (("[rainfall]", "[surface]\nscheme = 'upwind'\n[rainfall]"), "E104", ["scheme", "upwind"]),
    (("[rainfall]", "[initial]\ndepth = inf\n[rainfall]"), "E104", ["depth", "finite"]),
    (
        (
            "[rainfall]",
            '[[boundaries]]\nkind = "stage_series"\nlevel_m = 1.0\nedge = "nroth"\n[rainfall]',
        ),
        "E104",
        ["first [[boundaries]]", "did you mean `north`"],
    ),
    (
        ("[rainfall]", '[[boundaries]]\nlevel_m = 1.0\nedge = "north"\n[rainfall]'),
        "E104",
        ["first [[boundaries]]", "`kind` is missing", "point_inflow"],
    ),
    (
        (
            "[rainfall]",
            (
                '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\ncoupling_step_s = 5\nrouting_step_s'
                " = 2\n[rainfall]"
            ),
        ),
        "E308",
        ["multiple of routing_step_s"],
    ),
]


@pytest.mark.parametrize(
    ("change", "code", "texts"), BAD, ids=[f"{code}-{texts[0]}" for _, code, texts in BAD]
)
def test_bad_scenarios(tmp_path, change, code, texts, monkeypatch):
    if code == "E601":
        monkeypatch.setattr("flood_sim.scenario.memory.available_bytes", lambda: 2**33)
    assert change[0] in GOOD
    with pytest.raises(InputError) as caught:
        load(tmp_path, GOOD.replace(*change))
    message = str(caught.value)
    assert code in message
    for text in texts:
        assert text in message, message


def raster_text(**keys):
    extra = "\n".join(f"{k} = {v!r}" for k, v in keys.items())
    return GOOD.replace(
        GOOD[GOOD.index("bed_elevation") : GOOD.index("[rainfall]")],
        f'bed_elevation = "dem.tif"\n{extra}\n',
    )


def test_raster_without_crs_is_refused_and_the_way_out_works(tmp_path):
    write_raster(tmp_path / "dem.tif", np.ones((10, 12)), crs=None)
    with pytest.raises(InputError, match="no coordinate system") as caught:
        load(tmp_path, raster_text())
    assert 'crs = "EPSG:4547"' in str(caught.value)
    assert (
        load(
            tmp_path, raster_text().replace("[rainfall]", '[grid]\ncrs = "EPSG:4547"\n[rainfall]')
        ).terrain.grid.crs
        == "EPSG:4547"
    )


def test_raster_in_degrees_is_refused(tmp_path):
    write_raster(tmp_path / "dem.tif", np.ones((10, 12)), crs="EPSG:4326", cell=0.001)
    with pytest.raises(InputError, match="E202.*degrees"):
        load(tmp_path, raster_text())


def test_undeclared_nodata_is_refused(tmp_path):
    z = np.ones((10, 12))
    z[:2] = -9999.0
    write_raster(tmp_path / "dem.tif", z)
    with pytest.raises(InputError, match="E208.*-9999"):
        load(tmp_path, raster_text())


def test_a_vrt_named_tif_is_refused(tmp_path):
    (tmp_path / "dem.tif").write_text("<VRTDataset rasterXSize='2' rasterYSize='2'></VRTDataset>")
    with pytest.raises(InputError, match="E108"):
        load(tmp_path, raster_text())


def test_clip_and_resampling_keep_the_mean(tmp_path):
    rng = np.random.default_rng(0)
    z = rng.random((20, 24)).astype(np.float32)
    write_raster(tmp_path / "dem.tif", z)
    inputs = load(
        tmp_path, raster_text().replace("[rainfall]", "[grid]\ncell_size_m = 10.0\n[rainfall]")
    )
    assert inputs.terrain.grid.shape == (10, 12)
    assert np.allclose(
        inputs.terrain.bed_elevation, z.reshape(10, 2, 12, 2).mean(axis=(1, 3)), atol=1e-6
    )
    clipped = load(
        tmp_path,
        raster_text().replace(
            "[rainfall]",
            "[grid]\nbounds_m = [472020.0, 3846050.0, 472060.0, 3846100.0]\n[rainfall]",
        ),
    )
    assert np.allclose(clipped.terrain.bed_elevation, z[:10, 4:12])


def test_land_cover_table_gives_roughness_and_soil(tmp_path):
    write_raster(tmp_path / "dem.tif", np.ones((4, 4)))
    classes = np.array([[1, 1, 2, 2]] * 4)
    write_raster(tmp_path / "cover.tif", classes)
    table = tmp_path / "cover.csv"
    table.write_text(
        "class,manning_n,conductivity_mm_h,suction_mm,deficit\n1,0.02,0,0,0\n2,0.05,3.6,100,0.3\n"
    )
    text = raster_text().replace(
        "[rainfall]",
        'manning_n = { file = "cover.tif", table = "cover.csv" }\n[infiltration]\nkind ='
        ' "green_ampt"\nland_cover = { file = "cover.tif", table = "cover.csv" }\n[rainfall]',
    )
    inputs = load(tmp_path, text)
    assert np.array_equal(inputs.terrain.manning_n, np.where(classes == 2, 0.05, 0.02))
    assert np.allclose(
        inputs.infiltration.table[inputs.infiltration.soil, 0], np.where(classes == 2, 1e-6, 0.0)
    )
    table.write_text("class,manning_n,conductivity_mm_h,suction_mm,deficit\n1,0.02,0,0,0\n")
    with pytest.raises(InputError, match="class 2 of cover.tif has no row"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("2021-07-20T15:00:00+08:00,nan\n", "no finite number"),
        ("2021-07-20T15:00:00,3\n", "has no offset"),
        ("2021-07-20T15:10:00+08:00,3\n2021-07-20T15:05:00+08:00,3\n", "times do not increase"),
        ("2021-07-20T15:00:00+08:00,-1\n", "rain below zero"),
        ("2021-07-20T15:00:00+08:00,201900\n", "check the unit"),
    ],
)
def test_bad_rain_series(tmp_path, rows, message):
    (tmp_path / "rain.csv").write_text("time,depth_mm\n" + rows)
    text = GOOD.replace(
        'kind = "storm"\nstorm = "zhengzhou-720"',
        'kind = "series"\nfile = "rain.csv"\nlabel = "right"\ninterval_s = 300',
    )
    with pytest.raises(InputError, match=message):
        load(tmp_path, text)


@pytest.mark.parametrize(("label", "first_s"), [("left", 300.0), ("right", 0.0)])
def test_label_of_a_series_is_never_guessed(tmp_path, label, first_s):
    (tmp_path / "rain.csv").write_text("time_s,depth_mm\n300,6\n600,3\n")
    text = GOOD.replace(
        'kind = "storm"\nstorm = "zhengzhou-720"',
        f'kind = "series"\nfile = "rain.csv"\nlabel = "{label}"\ninterval_s = 300',
    )
    rain = load(tmp_path, text).rainfall
    assert rain.depth_between(first_s, first_s + 300.0) == pytest.approx(0.006)
    assert rain.depth_between(first_s + 300.0, first_s + 600.0) == pytest.approx(0.003)


def test_extends_merges_and_circles_are_refused(tmp_path):
    (tmp_path / "base.toml").write_text(GOOD)
    (tmp_path / "s.toml").write_text(
        'extends = "base.toml"\nname = "child"\n[rainfall]\nscale = 0.5\n'
    )
    scenario = load_scenario(tmp_path / "s.toml")
    assert (scenario.name, scenario.spec.rainfall.scale, scenario.spec.rainfall.storm) == (
        "child",
        0.5,
        "zhengzhou-720",
    )
    (tmp_path / "base.toml").write_text(
        GOOD.replace("schema = 1", 'schema = 1\nextends = "s.toml"')
    )
    with pytest.raises(InputError, match="circle"):
        load_scenario(tmp_path / "s.toml")


def test_network_that_swmm_refuses_shows_swmms_own_lines(tmp_path):
    from flood_sim.simulation.loop import Simulation

    (tmp_path / "n.inp").write_text(
        "[OPTIONS]\nFLOW_UNITS CMS\nFLOW_ROUTING DYNWAVE\n[JUNCTIONS]\nJ1 0 2 0 0 0\n[OUTFALLS]\nO"
        " -1 FREE NO\n[CONDUITS]\nC J1 JX 10 0.013 0 0 0 0\n[XSECTIONS]\nC CIRCULAR 0.5 0 0"
        " 0\n[COORDINATES]\nJ1 20 20\nO 30 20\n"
    )
    text = GOOD.replace("[rainfall]", '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n[rainfall]')
    with pytest.raises(InputError, match="ERROR 209.*JX"):
        Simulation(load(tmp_path, text), tmp_path)


def test_subcatchments_and_rain_on_the_grid_are_refused(tmp_path):
    (tmp_path / "n.inp").write_text(
        "[OPTIONS]\nFLOW_UNITS CMS\n[SUBCATCHMENTS]\nS1 R J1 1 50 100 0.5 0\n[OUTFALLS]\nO -1 FREE"
        " NO\n[COORDINATES]\nO 30 20\n"
    )
    with pytest.raises(InputError, match="count the rain twice"):
        load(
            tmp_path,
            GOOD.replace("[rainfall]", '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n[rainfall]'),
        )


def test_shipped_scenarios_load():
    assert "quickstart" in list_scenarios()
    for name in list_scenarios():
        assert load_scenario(name).spec.title


def test_reference_of_keys_is_up_to_date():
    assert (Path(__file__).resolve().parents[2] / "docs" / "scenario.md").read_text(
        encoding="utf-8"
    ) == document()


NETWORK = """[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
[REPORT]
INPUT NO
[JUNCTIONS]
J1 0 2 0 0 0
[OUTFALLS]
O -1 FREE NO
[CONDUITS]
C J1 O 10 0.013 0 0 0 0
[XSECTIONS]
C CIRCULAR 0.5 0 0 0
[COORDINATES]
J1 20 20
O 30 20
"""


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        (("J1 20 20", "J1 abc 20"), ["n.inp, line 15", "no number", "J1 abc 20"]),
        (("J1 0 2 0 0 0", "J1 zero 2 0 0 0"), ["n.inp, line 7", "no number"]),
        (("J1 20 20", "J1 99999 20"), ["no node of the network lies on the grid"]),
        (("C J1 O 10", "C J1 O 0"), ["line 11", "length 0"]),
        (("O -1 FREE NO", ""), ["no outfall"]),
        (("CMS", "XYZ"), ["FLOW_UNITS", "XYZ", "LPS"]),
        (
            ("J1 0 2 0 0 0", "J1 0 2 0 0 0\nJ1 0 2 0 0 0"),
            ["ERROR 207", "line 8"],
        ),  # SWMM's line is the user's own
    ],
)
def test_bad_networks(tmp_path, change, texts):
    from flood_sim.simulation.loop import Simulation

    assert change[0] in NETWORK
    (tmp_path / "n.inp").write_text(NETWORK.replace(*change))
    text = GOOD.replace("[rainfall]", '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n[rainfall]')
    with pytest.raises(InputError) as caught:
        Simulation(load(tmp_path, text), tmp_path)
    for words in texts:
        assert words in str(caught.value), caught.value


@pytest.mark.shared_data
def test_networks_of_others_are_read_as_swmm_reads_them(tmp_path, shared_data):
    """Public networks in five unit systems and four encodings: our names and rims are SWMM's; those
    it refuses are refused with its words.
    """
    from datetime import UTC, datetime

    from flood_sim.drainage.inp import read_inp
    from flood_sim.drainage.swmm import SwmmNetwork

    names = (
        "all_outfall_types_6n",
        "bellinge_small_lps_16n",
        "pumps46_controls_gpm_853n",
        "taiwan_big5_cms_64n",
        "user5_cfs_200n_looped",
    )
    for name in names:
        inp = read_inp(shared_data / "swmm_networks" / f"{name}.inp")
        network = SwmmNetwork(inp, tmp_path, datetime(2021, 7, 20, tzinfo=UTC), 600.0, 1.0)
        try:
            network.advance(10.0)
            assert set(network.node_ids) == set(inp.node_ids())
            assert network.surcharge.works
            assert np.isfinite(list(network.balance().values())).all()
        finally:
            network.close()
    with pytest.raises(InputError, match="ERROR 141"):
        SwmmNetwork(
            read_inp(shared_data / "swmm_networks" / "tidal48_cfs_457n.inp"),
            tmp_path,
            datetime(2021, 7, 20, tzinfo=UTC),
            600.0,
            1.0,
        )


def test_buildings_as_porosity(tmp_path):
    """One building over a quarter of cell (2, 3) and all of (5, 5): shares by 8 x 8 points a cell,
    for either scheme.
    """
    import json

    def square(x, y, w, h):
        return {
            "type": "Feature",
            "properties": {},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]],
            },
        }

    shapes = [square(15.0, 35.0, 2.5, 2.5), square(25.0, 20.0, 5.0, 5.0)]
    (tmp_path / "b.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": shapes})
    )
    text = GOOD.replace(
        "level_m = 10.0 }",
        'level_m = 10.0 }\nbuildings = "b.geojson"\nbuilding_treatment = "porosity"',
    )
    inputs = load(tmp_path, text)
    assert inputs.surface.scheme == "local_inertial"
    porosity = inputs.terrain.porosity
    assert porosity[2, 3] == pytest.approx(0.75)
    assert not inputs.terrain.active[5, 5]
    assert (porosity < 1.0).sum() == 1
    inputs = load(tmp_path, text + '[surface]\nscheme = "second_order"\n')
    assert inputs.surface.scheme == "second_order" and inputs.terrain.porosity[
        2, 3
    ] == pytest.approx(0.75)


def test_findings_stand_where_the_fault_is(tmp_path):
    """A spike, a hole, a place off the grid, rims that differ: each with the middle of its cell,
    its coordinates, its nodes; all of them on the map.
    """
    import pyogrio
    import shapely

    from flood_sim.scenario.checks.files import write_message_layer

    bed = np.tile(np.linspace(10.0, 9.0, 20), (10, 1))
    bed[4, 7] += 60.0
    bed[6, 12] = np.nan
    write_raster(tmp_path / "dem.tif", bed)
    ground = GOOD[GOOD.index("bed_elevation") : GOOD.index("[rainfall]")]
    network = NETWORK.replace("J1 0 2 0 0 0", "J1 0 2 0 0 0\nJ2 0 2 0 0 0").replace(
        "J1 20 20", "J1 @1\nJ2 @2"
    )
    text = GOOD.replace(ground, 'bed_elevation = "dem.tif"\n')
    grid = load(tmp_path, text).terrain.grid
    (spike,), (hole,) = grid.middles([(4, 7)]), grid.middles([(6, 12)])
    first, second = grid.middles([(2, 2), (3, 3)])
    for mark, (x, y) in (("@1", first), ("@2", second)):
        network = network.replace(mark, f"{x} {y}")
    (tmp_path / "n.inp").write_text(network.replace("O 30 20", f"O {first[0] + 10} {first[1]}"))
    sewers = (
        '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\ncoupling_step_s = 1\nrouting_step_s = 1\n'
    )
    inputs = load(tmp_path, text + sewers)
    found = {f.code: f for f in inputs.findings}
    assert found["W209"].at == (spike,) and (found["W209"].x_m, found["W209"].y_m) == spike
    assert found["W207"].at == (hole,)
    assert set(found["W403"].at) == {first, second}
    write_message_layer(tmp_path, inputs.findings, grid.crs)
    meta, _, shapes, columns = pyogrio.raw.read(tmp_path / "messages.gpkg")
    codes = columns[list(meta["fields"]).index("code")]
    drawn = sorted(
        (code, shape.x, shape.y)
        for code, shape in zip(codes, shapely.from_wkb(shapes), strict=True)
    )
    assert (
        drawn == sorted((f.code, x, y) for f in inputs.findings for x, y in f.at)
        and len(drawn) >= 4
    )
    with pytest.raises(InputError) as refused:
        load(
            tmp_path,
            text
            + '[[boundaries]]\nkind = "point_inflow"\nlocation_m = [1.0, 2.0]\ndischarge_m3_s ='
            " 1.0\n",
        )
    assert refused.value.findings[0].at == ((1.0, 2.0),)


def test_the_surface_has_one_set_of_defaults(tmp_path):
    """[surface] and the settings of the schemes: the same names, the same numbers, handed over by
    name.
    """
    default, spec = SurfaceSettings(), SurfaceSpec()
    keys = set(SurfaceSpec.model_fields) - {"scheme", "window_s"}
    assert {k: getattr(spec, k) for k in keys} == {k: getattr(default, k) for k in keys}
    other = {
        "precision": "float64",
        "theta": 0.8,
        "limiter": 1.2,
        "courant": 0.4,
        "courant_coupled": 0.3,
        "froude_max": 2.0,
        "dry_depth_m": 1e-3,
        "largest_step_ratio": 2.0,
    }
    assert set(other) == keys
    lines = "\n".join(f"{key} = {value!r}" for key, value in other.items())
    built = load(tmp_path, GOOD + f"[surface]\n{lines}\n", threads=3).surface
    assert {key: getattr(built, key) for key in keys} == other
    assert built.threads == 3 and built.threads_by_size
