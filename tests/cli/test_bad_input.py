"""Sixty-odd inputs that are wrong: each is one refusal with code, place and way out, exit 2, no
traceback, and nothing is written (RELIABILITY 4).
"""

import json
from pathlib import Path

import numpy as np
import pytest

from flood_sim.cli.main import main
from scenario.test_loader import GOOD, NETWORK, write_raster

SERIES = 'kind = "series"\nfile = "rain.csv"\nlabel = "right"\ninterval_s = 300'
STORM = 'kind = "storm"\nstorm = "zhengzhou-720"'
FLAT = (
    "bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, slope_x = -0.01, level_m ="
    " 10.0 }"
)
SEWER = '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n'
ROWS = "time,depth_mm\n2021-07-20T15:00:00+08:00,1\n2021-07-20T15:05:00+08:00,2\n2021-07-20T15:10:00+08:00,1\n"


def scenario(*changes: tuple[str, str], more: str = "") -> str:
    text = GOOD
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text + more


def dem(folder, values=None, **keys):
    values = np.ones((10, 12)) * 10.0 if values is None else values
    write_raster(folder / "dem.tif", values, **keys)


RASTER = (FLAT, 'bed_elevation = "dem.tif"')


def spoilt(values, at, value):
    values = np.array(values, float)
    values[at] = value
    return values


def geojson(path: Path, *shapes: tuple[str, list, dict]):
    features = [
        {"type": "Feature", "properties": p, "geometry": {"type": kind, "coordinates": c}}
        for kind, c, p in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def network(folder, *changes, encoding="utf-8"):
    text = NETWORK
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "n.inp").write_bytes(text.encode(encoding))


# name: what is put into the folder, and the scenario; what the message must hold
CASES: dict[str, tuple] = {}


def case(*texts: str):
    def keep(make):
        CASES[make.__name__] = (make, texts)
        return make

    return keep


# -------------------------------------------------------------------------------------------- files
@case("E102", "line 3")
def toml_syntax(folder):
    return scenario(('name = "plain"', 'name = "plain'))


@case("E103", "intensty")
def unknown_key(folder):
    return scenario((STORM, STORM + "\nintensty = 1"))


@case("E104", "cell_size_m", "ten")
def unit_text_for_a_number(folder):
    return scenario(("cell_size_m = 5.0", 'cell_size_m = "ten"'))


@case("E102", "UTF-8")
def scenario_in_utf16(folder):
    (folder / "s.toml").write_bytes(scenario().encode("utf-16"))
    return None


@case("E102", "1 MB")
def scenario_of_two_megabytes(folder):
    return scenario(more="# " + "x" * 2_000_000)


@case("E102", "TOML")
def nested_brackets(folder):
    return scenario(more="a = " + "[" * 100_000)


@case("E106", "leaves the scenario's folder")
def path_out_of_the_folder(folder):
    return scenario((STORM, SERIES.replace("rain.csv", "../../rain.csv")))


@case("E106", "leaves the scenario's folder")
def symlink_out_of_the_folder(folder):
    (folder / "rain.csv").symlink_to("/etc/hostname")
    return scenario((STORM, SERIES))


@case("E107")
def remote_raster(folder):
    return scenario((FLAT, 'bed_elevation = "/vsicurl/http://example.org/dem.tif"'))


@case("E107")
def zipped_raster(folder):
    return scenario((FLAT, 'bed_elevation = "zip://a.zip!dem.tif"'))


@case("E107", ".png")
def unknown_raster_format(folder):
    (folder / "dem.png").write_bytes(b"\x89PNG")
    return scenario((FLAT, 'bed_elevation = "dem.png"'))


@case("E108")
def vrt_named_tif(folder):
    (folder / "dem.tif").write_text("<VRTDataset rasterXSize='2' rasterYSize='2'></VRTDataset>")
    return scenario(RASTER)


@case("E110", "dem.tif")
def truncated_raster(folder):
    dem(folder, np.random.default_rng(0).random((200, 200)))
    whole = (folder / "dem.tif").read_bytes()
    (folder / "dem.tif").write_bytes(whole[: len(whole) // 2])
    return scenario(RASTER)


@case("E108", "dem.tif")
def empty_raster(folder):
    (folder / "dem.tif").write_bytes(b"")
    return scenario(RASTER)


@case("E101", "gone.csv")
def missing_rain_file(folder):
    return scenario((STORM, SERIES.replace("rain.csv", "gone.csv")))


@case("E103", "circle")
def extends_in_a_circle(folder):
    (folder / "base.toml").write_text('extends = "s.toml"\n')
    return 'extends = "base.toml"\n' + scenario()


@case("rain.csv")
def rain_is_a_folder(folder):
    (folder / "rain.csv").mkdir()
    return scenario((STORM, SERIES))


# ----------------------------------------------------------------------------------------- geometry
@case("E201", "coordinate system", 'crs = "EPSG:4547"')
def raster_without_crs(folder):
    dem(folder, crs=None)
    return scenario(RASTER)


@case("E202", "degrees")
def raster_in_degrees(folder):
    dem(folder, crs="EPSG:4326", cell=0.001)
    return scenario(RASTER)


@case("manning.tif", "EPSG:4490")
def layers_in_two_systems(folder):
    dem(folder)
    write_raster(folder / "manning.tif", np.full((10, 12), 0.03), crs="EPSG:4490")
    return scenario((FLAT, 'bed_elevation = "dem.tif"\nmanning_n = "manning.tif"'))


@case("E204", "overlap")
def layers_that_do_not_meet(folder):
    dem(folder)
    geojson(folder / "roads.geojson", ("LineString", [[0, 0], [10, 10]], {}))
    return scenario(RASTER, more='[exposure]\nroads = "roads.geojson"\n')


@case("E205", "square")
def cells_that_are_not_square(folder):
    import rasterio
    from rasterio.transform import Affine

    profile = {
        "height": 10,
        "width": 12,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4547",
        "transform": Affine(5, 0, 472000, 0, -4.9, 3846100),
    }
    with rasterio.open(folder / "dem.tif", "w", driver="GTiff", **profile) as data:
        data.write(np.ones((10, 12), np.float32), 1)
    return scenario(RASTER)


@case("E208", "-9999")
def nodata_not_declared(folder):
    dem(folder, spoilt(np.ones((10, 12)), np.s_[:2], -9999.0))
    return scenario(RASTER)


@case("E207")
def no_cell_is_open(folder):
    dem(folder, np.full((10, 12), -9999.0), nodata=-9999.0)
    return scenario(RASTER)


@case("E212", "manning_n")
def roughness_below_zero(folder):
    return scenario((FLAT, FLAT + "\nmanning_n = -0.03"))


@case("E212", "manning.tif")
def roughness_raster_with_nan(folder):
    dem(folder)
    write_raster(folder / "manning.tif", spoilt(np.full((10, 12), 0.03), (3, 3), np.nan))
    return scenario((FLAT, 'bed_elevation = "dem.tif"\nmanning_n = "manning.tif"'))


@case("E213", "42")
def class_without_a_row(folder):
    dem(folder)
    write_raster(folder / "cover.tif", spoilt(np.ones((10, 12)), (3, 3), 42))
    (folder / "cover.csv").write_text("class,manning_n\n1,0.03\n")
    return scenario(
        (FLAT, 'bed_elevation = "dem.tif"\nmanning_n = { file = "cover.tif", table = "cover.csv" }')
    )


@case("cover.csv", "manning_n")
def table_without_its_column(folder):
    dem(folder)
    write_raster(folder / "cover.tif", np.ones((10, 12)))
    (folder / "cover.csv").write_text("class,n\n1,0.03\n")
    return scenario(
        (FLAT, 'bed_elevation = "dem.tif"\nmanning_n = { file = "cover.tif", table = "cover.csv" }')
    )


@case("E204", "gauges", "`a`")
def gauge_outside(folder):
    return scenario(more="[output]\ngauges = { a = [1e6, 0.0] }\n")


@case("E204", "leaves the grid by")
def dyke_off_the_grid(folder):
    return scenario(
        more=(
            '[[structures]]\nkind = "wall"\nname = "w"\nline_m = [[1000.0, 1000.0], [1010.0,'
            " 1000.0]]\n"
        )
    )


@case("E204", "both ends lie in one cell")
def culvert_within_a_cell(folder):
    return scenario(
        more=(
            '[[structures]]\nkind = "culvert"\nname = "c"\nfrom_m = [11.0, 11.0]\nto_m = [12.0,'
            " 12.0]\nheight_m = 1.0\n"
        )
    )


@case("E105", "two structures have this name")
def structures_of_one_name(folder):
    wall = '[[structures]]\nkind = "wall"\nname = "w"\nline_m = [[10.0, @], [40.0, @]]\n'
    return scenario(more=wall.replace("@", "20.0") + wall.replace("@", "30.0"))


# --------------------------------------------------------------------------------------------- time
@case("E104", "[time]")
def end_before_start(folder):
    return scenario(("stop = 2021-07-20T15:10:00+08:00", "stop = 2021-07-20T14:00:00+08:00"))


@case("E302", "offset")
def start_without_offset(folder):
    return scenario(("start = 2021-07-20T15:00:00+08:00", "start = 2021-07-20T15:00:00"))


@case("E302", "rain.csv", "offset")
def rain_without_offset(folder):
    (folder / "rain.csv").write_text(ROWS.replace("+08:00", ""))
    return scenario((STORM, SERIES))


@case("E302", "rain.csv")
def rain_with_two_offsets(folder):
    (folder / "rain.csv").write_text(ROWS.replace("15:05:00+08:00", "15:05:00"))
    return scenario((STORM, SERIES))


@case("E303", "rain.csv", "increase")
def rain_that_runs_backwards(folder):
    (folder / "rain.csv").write_text(ROWS.replace("15:10", "15:02"))
    return scenario((STORM, SERIES))


@case("E303", "rain.csv", "increase")
def rain_with_a_time_twice(folder):
    (folder / "rain.csv").write_text(ROWS.replace("15:10", "15:05"))
    return scenario((STORM, SERIES))


@case("E104", "label")
def rain_without_its_label(folder):
    (folder / "rain.csv").write_text(ROWS)
    return scenario((STORM, SERIES.replace('label = "right"\n', "")))


@case("E308", "frames")
def frames_without_number(folder):
    return scenario(
        ("stop = 2021-07-20T15:10:00+08:00", "stop = 2021-08-20T15:10:00+08:00"),
        more="[output]\ninterval_s = 1\n",
    )


@case("rain.csv", "finite")
def rain_that_is_no_number(folder):
    (folder / "rain.csv").write_text(ROWS.replace(",2", ",nan"))
    return scenario((STORM, SERIES))


@case("rain.csv", "below zero")
def rain_below_zero(folder):
    (folder / "rain.csv").write_text(ROWS.replace(",2", ",-2"))
    return scenario((STORM, SERIES))


@case("rain.csv", "unit")
def rain_in_metres_as_millimetres(folder):
    (folder / "rain.csv").write_text(ROWS.replace(",2", ",201900"))
    return scenario((STORM, SERIES))


@case("rain.csv")
def rain_without_rows(folder):
    (folder / "rain.csv").write_text("time,depth_mm\n")
    return scenario((STORM, SERIES))


@case("E105", "rain.csv", "offset")
def rain_of_bytes(folder):
    (folder / "rain.csv").write_bytes(bytes(range(256)) * 20)
    return scenario((STORM, SERIES))


# ------------------------------------------------------------------------------------------ network
@case("ERROR 209", "JX", "line")
def pipe_to_nowhere(folder):
    network(folder, ("C J1 O 10", "C J1 JX 10"))
    return scenario(more=SEWER)


@case("ERROR 207", "line 8")
def node_twice(folder):
    network(folder, ("J1 0 2 0 0 0", "J1 0 2 0 0 0\nJ1 0 2 0 0 0"))
    return scenario(more=SEWER)


@case("no node of the network lies on the grid")
def network_off_the_grid(folder):
    network(folder, ("J1 20 20", "J1 99999 20"))
    return scenario(more=SEWER)


@case("n.inp", "line 15", "no number")
def coordinate_that_is_no_number(folder):
    network(folder, ("J1 20 20", "J1 abc 20"))
    return scenario(more=SEWER)


@case("E404", "J1")
def depth_of_a_node_below_zero(folder):
    network(folder, ("J1 0 2 0 0 0", "J1 0 -2 0 0 0"))
    return scenario(more=SEWER)


@case("E405", "length 0")
def pipe_of_no_length(folder):
    network(folder, ("C J1 O 10", "C J1 O 0"))
    return scenario(more=SEWER)


@case("E406", "no outfall")
def network_without_outfall(folder):
    network(folder, ("O -1 FREE NO", ""))
    return scenario(more=SEWER)


@case("FLOW_UNITS", "XYZ")
def unknown_flow_units(folder):
    network(folder, ("CMS", "XYZ"))
    return scenario(more=SEWER)


@case("E408", "nan")
def inflow_that_is_no_number(folder):
    network(folder, ("[COORDINATES]", '[INFLOWS]\nJ1 FLOW "" FLOW 1.0 1.0 nan\n[COORDINATES]'))
    return scenario(more=SEWER)


@case("E408", "-5")
def inflow_below_zero(folder):
    network(folder, ("[COORDINATES]", '[INFLOWS]\nJ1 FLOW "" FLOW 1.0 1.0 -5\n[COORDINATES]'))
    return scenario(more=SEWER)


@case("twice")
def rain_on_subcatchments_too(folder):
    network(folder, ("[OUTFALLS]", "[SUBCATCHMENTS]\nS1 R J1 1 50 100 0.5 0\n[OUTFALLS]"))
    return scenario(more=SEWER)


@case("E104", "pump_new")
def rule_for_a_link_that_is_not_there(folder):
    network(folder)
    failure = (
        '[[failures]]\nkind = "pump_trip"\nname = "x"\npumps = ["pump_new"]\nat ='
        " 2021-07-20T15:05:00+08:00\n"
    )
    return scenario(more=SEWER + failure)


@case("E101", "n.inp")
def network_file_missing(folder):
    return scenario(more=SEWER)


@case("n.inp")
def network_of_bytes(folder):
    (folder / "n.inp").write_bytes(bytes(range(256)) * 30)
    return scenario(more=SEWER)


@case("E308", "multiple of routing_step_s")
def steps_that_do_not_fit(folder):
    network(folder)
    return scenario(more=SEWER + "coupling_step_s = 5\nrouting_step_s = 2\n")


# ----------------------------------------------------------------------------- measures and actions
@case("E104", "portfolio.six")
def portfolio_of_a_missing_measure(folder):
    return scenario(more='[portfolio.six]\nmeasures = ["x"]\n')


@case("circle")
def measures_in_a_circle(folder):
    kind = (
        '[measure.{}]\nkind = "surface_detention"\ntargets = {{ polygon_m = [[10, 10], [20, 10],'
        ' [20, 20]] }}\ndepth_m = 1.0\nafter = ["{}"]\n'
    )
    return (
        scenario(
            more=kind.format("a", "b")
            + kind.format("b", "a")
            + '[portfolio.it]\nmeasures = ["a", "b"]\n'
        ),
        "--portfolio",
        "it",
    )


@case("E104", "kind")
def measure_of_no_kind(folder):
    return scenario(more='[measure.a]\nkind = "dragon"\n')


@case("E104", "waits for itself")
def action_after_itself(folder):
    return scenario(more='[[actions]]\nname = "a"\ntrigger = { after = "a" }\n')


@case("E104", "no such portfolio", "did you mean `baseline`")
def portfolio_that_is_not_there(folder):
    return scenario(), "--portfolio", "basline"


# ---------------------------------------------------------------------------- physics and resources
@case("E104", "scale", "10")
def a_storm_of_two_hundred_metres(folder):
    return scenario((STORM, STORM + "\nscale = 1000.0"))


@case("E104", "finite")
def water_without_end_at_the_start(folder):
    return scenario(more="[initial]\ndepth = inf\n")


@case("E601", "20000 x 20000")
def more_cells_than_memory(folder):
    return scenario(("columns = 20, rows = 10", "columns = 20000, rows = 20000"))


@case("E601")
def raster_of_a_million_by_a_million(folder):
    (folder / "dem.asc").write_text(
        "ncols 1000000\nnrows 1000000\nxllcorner 0\nyllcorner 0\ncellsize 5\nNODATA_value -9999\n1"
        " 2 3\n"
    )
    return scenario((FLAT, 'bed_elevation = "dem.asc"'), more='[grid]\ncrs = "EPSG:4547"\n')


@case("E205", "no face of the grid")
def a_wall_beside_the_grid(folder):
    return scenario(
        more='[[structures]]\nkind = "wall"\nname = "w"\nline_m = [[120.0, 10.0], [120.0, 40.0]]\n'
    )


@case("E204", "leaves the grid by")
def a_wall_to_the_moon(folder):
    return scenario(
        more='[[structures]]\nkind = "wall"\nname = "w"\nline_m = [[10.0, 20.0], [4e8, 20.0]]\n'
    )


@case("E204", "gauges")
def a_gauge_beyond_all_integers(folder):
    return scenario(more="[output]\ngauges = { a = [20.0, -1e30] }\n")


@case("E104", "polygon_m", "at least 3")
def an_area_of_two_points(folder):
    return scenario(
        more=(
            '[measure.a]\nkind = "sunken_green"\ntargets = { polygon_m = [[10, 10], [20, 10]]'
            " }\nshare = 0.3\n"
        )
    )


@case("E104", "gauges", "formula")
def a_gauge_that_is_a_formula(folder):
    return scenario(more="[output]\ngauges = { '=cmd()' = [20.0, 20.0] }\n")


@case("E102", "TOML")
def a_key_twice(folder):
    return scenario(('name = "plain"', 'name = "plain"\nname = "plain"'))


@case("E104", "columns")
def a_grid_of_no_columns(folder):
    return scenario(("columns = 20", "columns = 0"))


@case("E110", "roads.geojson")
def geojson_that_is_none(folder):
    (folder / "roads.geojson").write_text('{"type": "FeatureCollection", "features": [')
    return scenario(more='[exposure]\nroads = "roads.geojson"\n')


@case("E110", "roads.gpkg")
def geopackage_that_is_text(folder):
    (folder / "roads.gpkg").write_text("no package")
    return scenario(more='[exposure]\nroads = "roads.gpkg"\n')


@case("zone", "did you mean `centre`")
def street_in_an_unknown_zone(folder):
    geojson(folder / "roads.geojson", ("LineString", [[5, 25], [90, 25]], {"zone": "center"}))
    return scenario(more='[exposure]\nroads = "roads.geojson"\n')


@case("E408", "below zero")
def discharge_below_zero(folder):
    (folder / "q.csv").write_text("time_s,discharge_m3_s\n0,1\n600,-1\n")
    return scenario(
        more='[[boundaries]]\nkind = "discharge_series"\nedge = "west"\nfile = "q.csv"\n'
    )


@case("stage.csv", "level_m")
def stage_without_its_column(folder):
    (folder / "stage.csv").write_text("time_s,stage\n0,1\n")
    return scenario(
        more='[[boundaries]]\nkind = "stage_series"\nedge = "west"\nfile = "stage.csv"\n'
    )


@case("rain.nc")
def netcdf_without_coordinates(folder):
    import netCDF4

    with netCDF4.Dataset(folder / "rain.nc", "w") as f:
        for name in ("time", "y", "x"):
            f.createDimension(name, 3)
        f.createVariable("rainfall_rate", "f4", ("time", "y", "x"))[:] = 1.0
    return scenario(
        (
            STORM,
            (
                'kind = "grid"\nfile = "rain.nc"\nquantity = "rate_mm_h"\nlabel ='
                ' "left"\ninterval_s = 300'
            ),
        )
    )


@case("rain.nc")
def netcdf_cut_in_half(folder):
    import netCDF4

    with netCDF4.Dataset(folder / "rain.nc", "w") as f:
        f.createDimension("time", 3)
        f.createVariable("time", "f8", ("time",))[:] = 0.0
    whole = (folder / "rain.nc").read_bytes()
    (folder / "rain.nc").write_bytes(whole[: len(whole) // 2])
    return scenario(
        (
            STORM,
            (
                'kind = "grid"\nfile = "rain.nc"\nquantity = "rate_mm_h"\nlabel ='
                ' "left"\ninterval_s = 300'
            ),
        )
    )


@case("E104", "zhengzhou-720")
def a_storm_that_nobody_knows(folder):
    return scenario((STORM, 'kind = "storm"\nstorm = "zhengzhou-721"'))


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name, tmp_path, capsys, monkeypatch):
    make, texts = CASES[name]
    monkeypatch.setattr("flood_sim.scenario.memory.available_bytes", lambda: 2**33)
    made = make(tmp_path)
    text, *words = made if isinstance(made, tuple) else (made,)
    if text is not None:
        (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    before = sorted(p.name for p in tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        main(["check", str(tmp_path / "s.toml"), *words])
    said = capsys.readouterr()
    assert ended.value.code == 2, said.err
    assert "Traceback" not in said.err and said.out == ""
    for wanted in texts:
        assert wanted in said.err, said.err
    assert said.err[0] in "E" and said.err[1:4].isdigit()  # it begins with a code
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


def test_there_are_sixty():
    assert len(CASES) >= 60


def test_all_faults_of_a_scenario_are_told_at_once(tmp_path, capsys):
    """A gauge outside, rain without its file, a wall off the grid, a network that is not there:
    four messages.
    """
    text = scenario(
        (STORM, SERIES),
        more=SEWER
        + '[output]\ngauges = { a = [1e6, 0.0] }\n[[structures]]\nkind = "wall"\nname = "w"\nline_m'
        " = [[1000.0, 1000.0], [1010.0, 1000.0]]\n",
    )
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(SystemExit):
        main(["check", str(tmp_path / "s.toml")])
    said = capsys.readouterr().err
    for words in ("rain.csv", "n.inp", "gauges, `a`", "leaves the grid by"):
        assert words in said, said


def test_a_check_leaves_its_messages_and_the_model_as_read(tmp_path, capsys):
    """messages.csv with each fault, also where the check refuses; else rasters equal to the
    model's, links, boundaries, structures and rain.
    """
    import csv

    import pyogrio
    import rasterio
    import shapely

    from flood_sim.scenario import build_inputs, load_scenario

    (tmp_path / "s.toml").write_text(scenario(more="[output]\ngauges = { a = [1e6, 0.0] }\n"))
    with pytest.raises(SystemExit):
        main(["check", str(tmp_path / "s.toml"), "--out", str(tmp_path / "refused")])
    (row,) = csv.DictReader((tmp_path / "refused" / "messages.csv").open(encoding="utf-8"))
    assert row["code"] == "E204" and row["severity"] == "error" and "gauges" in row["place"]
    assert (float(row["x_m"]), float(row["y_m"])) == (1e6, 0.0)
    (point,) = shapely.from_wkb(pyogrio.raw.read(tmp_path / "refused" / "messages.gpkg")[2])
    assert (point.x, point.y) == (1e6, 0.0)
    network(tmp_path)
    wall = '[[structures]]\nkind = "wall"\nname = "w"\nline_m = [[10.0, 20.0], [40.0, 20.0]]\n'
    edge = '[[boundaries]]\nkind = "free_outflow"\nedge = "east"\n'
    (tmp_path / "s.toml").write_text(scenario(more=SEWER + wall + edge))
    with pytest.raises(SystemExit) as ended:
        main(["check", str(tmp_path / "s.toml"), "--out", str(tmp_path / "check")])
    assert ended.value.code == 0, capsys.readouterr().err
    inputs = build_inputs(load_scenario(tmp_path / "s.toml"))
    with rasterio.open(tmp_path / "check" / "bed_elevation.tif") as data:
        assert np.allclose(data.read(1), inputs.terrain.bed_elevation, atol=1e-5)
        assert (
            data.bounds.left == inputs.terrain.grid.west_m
            and data.bounds.top == inputs.terrain.grid.north_m
        )
    links = pyogrio.raw.read(tmp_path / "check" / "links.gpkg")
    assert list(links[3][list(links[0]["fields"]).index("node")]) == ["J1"]
    (line,) = shapely.from_wkb(links[2])
    inlet, grid = inputs.drainage.inlets[0], inputs.terrain.grid
    assert (
        list(line.coords) == [(20.0, 20.0), (grid.x_m[inlet.column], grid.y_m[inlet.row])]
        and inlet.row != inlet.column
    )
    assert pyogrio.read_info(tmp_path / "check" / "boundaries.gpkg")["features"] == 10
    assert pyogrio.read_info(tmp_path / "check" / "structures.gpkg")["features"] == 6
    fallen = [
        float(r["fallen_mm"])
        for r in csv.DictReader((tmp_path / "check" / "rain.csv").open(encoding="utf-8"))
    ]
    assert fallen[0] == 0.0 and fallen[-1] == pytest.approx(
        1000.0 * inputs.rainfall.depth_between(0.0, 600.0), abs=1e-3
    )
    with pytest.raises(SystemExit) as ended:  # nothing is overwritten
        main(["check", str(tmp_path / "s.toml"), "--out", str(tmp_path / "check")])
    assert ended.value.code == 2 and "E111" in capsys.readouterr().err
    from flood_sim.scenario.checks.files import safe_cell

    assert safe_cell("=cmd()") == "'=cmd()" and safe_cell("plain") == "plain"
