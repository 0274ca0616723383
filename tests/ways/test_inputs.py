"""Mistakes of keys, rasters, tables, times and networks (those of tests/cli/test_bad_input.py), each
mended as its message says.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from cli.test_bad_input import CASES, ROWS, dem, geojson, network
from scenario.test_loader import GOOD, write_raster
from ways_out import Way, follow


def put(name: str, old: str, new: str):
    """A file of the folder mended."""

    def mend(folder: Path, text: str) -> str:
        path = folder / name
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new))
        return text

    return mend


def key(old: str, new: str):
    """The scenario's text mended."""

    def mend(folder: Path, text: str) -> str:
        assert old in text, (old, text)
        return text.replace(old, new)

    return mend


def made(name: str, make):
    """A file of the folder made anew."""

    def mend(folder: Path, text: str) -> str:
        path = folder / name
        if path.is_dir():
            path.rmdir()
        make(path)
        return text

    return mend


def whole(folder: Path, text: str) -> str:
    return GOOD


RAIN = made("rain.csv", lambda p: p.write_text(ROWS))
DEM = made("dem.tif", lambda p: dem(p.parent))
LAYER = made("manning.tif", lambda p: write_raster(p, np.full((10, 12), 0.03)))


def mistake(name: str):
    """Makes one of the cases of tests/cli/test_bad_input.py."""

    def make(folder: Path) -> None:
        made = CASES[name][0](folder)
        text = made if isinstance(made, str) else GOOD if made is None else made[0]
        if not (folder / "s.toml").exists():
            (folder / "s.toml").write_text(text, encoding="utf-8")

    return make


def way(name: str, code: str, says: str, do: str, mend) -> Way:
    """mend(folder, text of the scenario) mends files and returns the scenario's text."""

    def done(folder: Path, finding) -> None:
        path = folder / "s.toml"
        path.write_text(mend(folder, text_of(path)), encoding="utf-8")

    return Way(code, says, do, mistake(name), done)


def text_of(path: Path) -> str:
    """The scenario's text; a file in another encoding has none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def on_grid(path: Path) -> None:
    geojson(path, ("LineString", [[472010, 3846080], [472040, 3846080]], {}))
    text = path.read_text().replace(
        '"FeatureCollection",',
        '"FeatureCollection", "crs": {"type": "name", "properties": {"name":'
        ' "urn:ogc:def:crs:EPSG::4547"}},',
    )
    path.write_text(text)


WAYS = [
    way(
        "toml_syntax",
        "E102",
        "this is not valid TOML: …",
        "mend the line; strings stand in quotes",
        key('name = "plain', 'name = "plain"'),
    ),
    way(
        "unknown_key",
        "E103",
        "unknown key…",
        "rename or remove the key",
        key("\nintensty = 1", ""),
    ),
    way(
        "unit_text_for_a_number",
        "E104",
        "a number belongs here",
        "write digits, with a decimal point",
        key('"ten"', "10.0"),
    ),
    way(
        "scenario_in_utf16",
        "E102",
        "this is no UTF-8 text: byte … cannot be read",
        "save the file as UTF-8",
        whole,
    ),
    way(
        "scenario_of_two_megabytes",
        "E102",
        "a TOML file larger than 1 MB is not read",
        "put tables and series into CSV files",
        lambda folder, text: text[: text.index("# x")],
    ),
    way(
        "nested_brackets",
        "E102",
        "this is not valid TOML: …",
        "mend the line; strings stand in quotes",
        lambda folder, text: text[: text.index("a = [")],
    ),
    way(
        "path_out_of_the_folder",
        "E106",
        "this path leaves the scenario's folder",
        "copy the file in, or allow its folder: --allow-path DIR",
        lambda folder, text: (RAIN(folder, text), text.replace("../../rain.csv", "rain.csv"))[1],
    ),
    way(
        "remote_raster",
        "E107",
        "virtual or remote files are not read",
        "use a plain file",
        lambda folder, text: (dem(folder), re.sub(r'"/vsicurl[^"]*"', '"dem.tif"', text))[1],
    ),
    way(
        "unknown_raster_format",
        "E107",
        "this raster format is not read",
        "convert it to GeoTIFF: gdal_translate … ….tif",
        lambda folder, text: (dem(folder), text.replace("dem.png", "dem.tif"))[1],
    ),
    way(
        "vrt_named_tif", "E108", "this is no readable … raster", "re-copy or convert the file", DEM
    ),
    way("truncated_raster", "E110", "the raster is damaged", "re-copy the file", DEM),
    way("empty_raster", "E108", "this is no readable … raster", "re-copy or convert the file", DEM),
    way(
        "missing_rain_file",
        "E101",
        "the file does not exist…",
        "put the file there (…), or change the path",
        made("gone.csv", lambda p: p.write_text(ROWS)),
    ),
    way(
        "extends_in_a_circle",
        "E103",
        "`extends` runs in a circle",
        "remove or rename it",
        key('extends = "base.toml"\n', ""),
    ),
    way("rain_is_a_folder", "E106", "this is no plain file", "name a file", RAIN),
    way(
        "raster_without_crs",
        "E201",
        "the raster has no coordinate system",
        'set [grid] crs = "EPSG:4547" (or the right one; "local" for laboratory cases)',
        lambda folder, text: text + '[grid]\ncrs = "EPSG:4547"\n',
    ),
    way("raster_in_degrees", "E202", "the raster is in degrees", "reproject to metres: …", DEM),
    way(
        "layers_in_two_systems",
        "E204",
        "this raster does not overlap the grid",
        "check the coordinate systems; reproject the file",
        LAYER,
    ),
    way(
        "layers_that_do_not_meet",
        "E204",
        "these shapes do not overlap the grid",
        "reproject it to the grid's system; check the axis order",
        made("roads.geojson", lambda p: (p.write_text(""), on_grid(p))),
    ),
    way(
        "cells_that_are_not_square",
        "E205",
        "cells must be square and north-up",
        "resample the raster: …",
        DEM,
    ),
    way(
        "nodata_not_declared",
        "E208",
        "… cells hold … and …",
        "declare nodata = … in the raster: gdal_edit.py -a_nodata … …",
        made(
            "dem.tif",
            lambda p: dem(
                p.parent,
                np.where(np.arange(120).reshape(10, 12) < 24, -9999.0, 10.0),
                nodata=-9999.0,
            ),
        ),
    ),
    way(
        "no_cell_is_open",
        "E207",
        "no cell has an elevation",
        "mend the map layer, or move what lies there",
        DEM,
    ),
    way(
        "roughness_below_zero",
        "E212",
        "… cells are out of range",
        "mend the raster or table",
        key("-0.03", "0.03"),
    ),
    way(
        "roughness_raster_with_nan",
        "E212",
        "… active cells have no roughness, first at row …, column …",
        "fill the raster or mask the cells",
        LAYER,
    ),
    way(
        "class_without_a_row",
        "E213",
        "class … of … has no row",
        "add the row",
        put("cover.csv", "1,0.03\n", "1,0.03\n42,0.05\n"),
    ),
    way(
        "table_without_its_column",
        "E104",
        "columns are missing: …",
        "add them",
        put("cover.csv", "class,n", "class,manning_n"),
    ),
    way(
        "gauge_outside",
        "E204",
        "this place is not on an open cell",
        "move it off buildings and onto the grid",
        key("[1e6, 0.0]", "[20.0, 20.0]"),
    ),
    way(
        "dyke_off_the_grid",
        "E204",
        "the line leaves the grid by … m",
        "check its coordinates and their order",
        key("[[1000.0, 1000.0], [1010.0, 1000.0]]", "[[10.0, 20.0], [40.0, 20.0]]"),
    ),
    way(
        "culvert_within_a_cell",
        "E204",
        "both ends lie in one cell",
        "use smaller cells or leave it out",
        lambda folder, text: text[: text.index("[[structures]]")],
    ),
    way(
        "structures_of_one_name",
        "E105",
        "two structures have this name",
        "names must differ: the ledger has a line for each",
        lambda folder, text: text.replace('name = "w"', 'name = "v"', 1),
    ),
    way(
        "end_before_start",
        "E104",
        "[time] stop … is not after start …",
        "change the keys that it names",
        key("14:00:00", "15:10:00"),
    ),
    way(
        "start_without_offset",
        "E302",
        "a time needs its offset",
        "add the offset, e.g. +08:00",
        key("15:00:00\n", "15:00:00+08:00\n"),
    ),
    way("rain_without_offset", "E302", "…; so in … more rows", "write …", RAIN),
    way(
        "rain_that_runs_backwards",
        "E303",
        "times do not increase…",
        "sort the rows; remove duplicates",
        RAIN,
    ),
    way(
        "rain_without_its_label",
        "E104",
        "this key is missing",
        "add `… = ...`",
        key("interval_s = 300", 'interval_s = 300\nlabel = "right"'),
    ),
    way(
        "frames_without_number",
        "E308",
        "… frames",
        "write less often",
        key("interval_s = 1\n", "interval_s = 3600\n"),
    ),
    way(
        "rain_that_is_no_number",
        "E104",
        "this is no finite number",
        "fill the gap or remove the row",
        RAIN,
    ),
    way(
        "rain_below_zero",
        "E501",
        "rain below zero…",
        "check the unit: depth_mm is in mm an interval, rate_mm_h in mm/h",
        RAIN,
    ),
    way(
        "rain_in_metres_as_millimetres",
        "E501",
        "rain out of range…",
        "check the unit: depth_mm is in mm an interval, rate_mm_h in mm/h",
        RAIN,
    ),
    way(
        "rain_of_bytes",
        "E105",
        "this is no text in UTF-8 or GBK",
        "save the table as CSV, UTF-8",
        RAIN,
    ),
    way(
        "network_off_the_grid",
        "E402",
        "no node of the network lies on the grid",
        "the .inp needs [COORDINATES] in the terrain's system; or set coupled = false",
        put("n.inp", "J1 99999 20", "J1 20 20"),
    ),
    way(
        "depth_of_a_node_below_zero",
        "E404",
        "node … has a negative depth",
        "mend the network, or the table that names it",
        put("n.inp", "J1 0 -2 0 0 0", "J1 0 2 0 0 0"),
    ),
    way(
        "pipe_of_no_length",
        "E405",
        "conduit … has length …",
        "give its length",
        put("n.inp", "C J1 O 0", "C J1 O 10"),
    ),
    way(
        "network_without_outfall",
        "E406",
        "the network has no outfall: SWMM refuses it (error 145)",
        "add a dummy outfall",
        put("n.inp", "[OUTFALLS]\n", "[OUTFALLS]\nO -1 FREE NO\n"),
    ),
    way(
        "unknown_flow_units",
        "E401",
        "unknown FLOW_UNITS",
        "give what is allowed",
        put("n.inp", "XYZ", "CMS"),
    ),
    way(
        "rain_on_subcatchments_too",
        "E411",
        "… subcatchments and rain on the grid count the rain twice",
        "remove [SUBCATCHMENTS] from the network, or the rain from the scenario",
        put("n.inp", "[SUBCATCHMENTS]\nS1 R J1 1 50 100 0.5 0\n", ""),
    ),
    way(
        "network_file_missing",
        "E101",
        "the file does not exist…",
        "put the file there (…), or change the path",
        made("n.inp", lambda p: network(p.parent)),
    ),
    way(
        "network_of_bytes",
        "E401",
        "this is no SWMM input file: no [SECTION] found",
        "give an EPA SWMM 5 .inp file",
        made("n.inp", lambda p: network(p.parent)),
    ),
    way(
        "steps_that_do_not_fit",
        "E308",
        "the coupling step must be whole seconds and a multiple of routing_step_s",
        "mend the times of the file",
        key("routing_step_s = 2", "routing_step_s = 1"),
    ),
    way(
        "measure_of_no_kind",
        "E104",
        "unknown kind; did you mean …",
        "set kind",
        lambda folder, text: text[: text.index("[measure.a]")],
    ),
    way(
        "action_after_itself",
        "E104",
        "it waits for itself",
        "take `after` out of one of them, or name another action",
        key('trigger = { after = "a" }', "trigger = { at = 2021-07-20T15:05:00+08:00 }"),
    ),
    way(
        "a_storm_of_two_hundred_metres",
        "E104",
        "it should be at most …",
        "change the value",
        key("scale = 1000.0", "scale = 2.0"),
    ),
    way(
        "water_without_end_at_the_start",
        "E104",
        "it should be a finite number",
        "change the value",
        key("= inf", "= 0.1"),
    ),
    way(
        "more_cells_than_memory",
        "E601",
        "… x … cells need about … GiB",
        "clip the grid, or use cells at least … times as large",
        key(
            "columns = 20000, rows = 20000, cell_size_m = 5.0",
            "columns = 200, rows = 200, cell_size_m = 50.0",
        ),
    ),
    way(
        "a_wall_beside_the_grid",
        "E205",
        "no face of the grid lies on this line",
        "give what is allowed",
        key("[[120.0, 10.0], [120.0, 40.0]]", "[[50.0, 10.0], [50.0, 40.0]]"),
    ),
    way(
        "a_wall_to_the_moon",
        "E204",
        "the line leaves the grid by … m",
        "check its coordinates and their order",
        key("[4e8, 20.0]", "[40.0, 20.0]"),
    ),
    way(
        "an_area_of_two_points",
        "E104",
        "… has … different points; it needs at least …",
        "add the points that are missing",
        lambda folder, text: text.replace("[20, 10]] }", "[20, 10], [20, 20]] }").replace(
            "share = 0.3", "depth_m = 0.05"
        ),
    ),
    way(
        "a_gauge_that_is_a_formula",
        "E104",
        "…: a spreadsheet would take the name … for a formula",
        "begin the name with a letter or a digit",
        key("'=cmd()'", "cmd"),
    ),
    way(
        "a_key_twice",
        "E102",
        "this is not valid TOML: …",
        "mend the line; strings stand in quotes",
        key('name = "plain"\nname = "plain"', 'name = "plain"'),
    ),
    way(
        "a_grid_of_no_columns",
        "E104",
        "it should be at least …",
        "change the value",
        key("columns = 0", "columns = 20"),
    ),
]


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
