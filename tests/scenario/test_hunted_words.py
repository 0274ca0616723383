"""What files say in units, words and colours that a reader passes over: months, sums of a day,
palettes, encodings, decimal commas. Each small input is built here; values are by hand.
"""

from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from flood_sim.core.errors import InputError
from flood_sim.core.files.checked_tables import read_rows
from flood_sim.drainage.swmm import refused as refused_by_swmm
from flood_sim.scenario.build import bare_inputs, build_inputs, build_portfolio
from flood_sim.scenario.doors.map_source import MapSource, ReadLog
from flood_sim.scenario.doors.rasters import read_layer
from flood_sim.scenario.doors.resampled import How
from flood_sim.scenario.doors.vectors import AREA, read_features
from flood_sim.scenario.exposure_buildings import read_buildings
from flood_sim.scenario.loader import load_scenario
from flood_sim.scenario.spec.tables import StageRow
from flood_sim.simulation.loop import Simulation
from scenario.test_gridded_rain import field_of, total_mm, write
from scenario.test_gridded_rain import refused as refused_rain
from scenario.test_loader import GOOD
from scenario.test_map_doors import GRID, bed_of, box, layer, refused, source, tif
from sewer_cases import inputs_of, net, scenario

# --------------------------------------------------------------------------------- gridded rain


@pytest.mark.parametrize("unit", ["months", "years", "common_years"])
def test_months_and_years_have_no_one_length(tmp_path, unit):
    write(tmp_path, [10.0, 50.0, 20.0, 5.0], since=f"{unit} since 2021-07-20 08:00:00")
    finding = refused_rain(tmp_path)[0]
    assert finding.code == "E327" and "rain.nc, time" in finding.place
    assert 'units = "days since 2021-07-20 08:00:00"' in finding.do


def test_a_month_of_360_days_is_30_days(tmp_path):
    """15 minutes are 1 / 2880 of 30 days: four layers within the first hour."""
    write(
        tmp_path, [10.0, 50.0, 20.0, 5.0], since="months since 2021-07-20 08:00:00",
        calendar="360_day", times=np.arange(4) / 2880.0,
    )  # fmt: skip
    rain, _ = field_of(tmp_path, "interval_s = 900")
    assert total_mm(rain) == pytest.approx(85.0, rel=1e-6)
    assert rain.edges_s[:5] == pytest.approx([0.0, 900.0, 1800.0, 2700.0, 3600.0], abs=0.1)


@pytest.mark.parametrize("said", ["1 day", "24 hours comment: of reports", "1440 min"])
def test_sums_of_a_day_given_each_hour_are_not_sums_of_an_hour(tmp_path, said):
    attrs = {"cell_methods": f"area: mean time: sum (interval: {said})"}
    write(tmp_path, [10.0, 50.0, 20.0, 5.0], attrs=attrs)
    finding = refused_rain(tmp_path)[0]
    assert finding.code == "E322" and "86400 s apart" in finding.problem
    assert "cell_methods,rain" in finding.do


@pytest.mark.parametrize(
    "methods",
    ["time: sum (interval: 10 min)", "area: mean (interval: 5 km) time: sum", "time: mean"],
)
def test_finer_data_and_lengths_of_other_axes_are_no_contradiction(tmp_path, methods):
    write(tmp_path, [10.0, 50.0, 20.0, 5.0], attrs={"cell_methods": methods})
    assert total_mm(field_of(tmp_path)[0]) == pytest.approx(85.0, rel=1e-6)


def test_the_axis_of_time_may_have_another_name(tmp_path):
    attrs = {"cell_methods": "valid_time: maximum"}
    write(tmp_path, [10.0, 5.0], attrs=attrs, names=("valid_time", "y", "x"))
    assert refused_rain(tmp_path)[0].code == "E341"


# --------------------------------------------------------------------------------------- rasters


def on_file(folder, more=""):
    """A scenario on dem.tif."""
    old = GOOD[GOOD.index("bed_elevation") : GOOD.index("[rainfall]")]
    new = f'bed_elevation = "dem.tif"\n{more}'
    (folder / "s.toml").write_text(GOOD.replace(old, new))


def _palette(path):
    tif(path, np.full((20, 20), 30), dtype="uint8")
    with rasterio.open(path, "r+") as data:
        data.colorinterp = [ColorInterp.palette]
        data.write_colormap(1, {30: (255, 0, 0, 255)})
    return path


def test_colours_of_a_palette_are_no_elevations_and_no_people(tmp_path):
    path = _palette(tmp_path / "p.tif")
    with refused("E245", "p.tif", "colours", "gdal_calc.py"):
        bed_of(path)
    for how in How:  # rain of a radar picture is read by the nearest cell
        with refused("E245"):
            read_layer(source(path), GRID, how)
    assert read_layer(source(path), GRID, How.NEAREST, colours=True)[0, 0] == 30.0  # classes


def test_land_cover_may_have_a_palette(tmp_path):
    _palette(tmp_path / "cover.tif")
    (tmp_path / "n.csv").write_text("class,manning_n\n30,0.05\n")
    tif(tmp_path / "dem.tif", np.full((20, 20), 30.0), units="m")
    on_file(tmp_path, 'manning_n = { file = "cover.tif", table = "n.csv" }\n')
    inputs = build_inputs(load_scenario(tmp_path / "s.toml"))
    assert (inputs.terrain.manning_n == 0.05).all()


def test_a_band_of_a_picture_is_doubted(tmp_path):
    with rasterio.open(
        tmp_path / "p.tif", "w", driver="GTiff", count=3, height=10, width=20, dtype="uint8",
        crs="EPSG:32649", transform=GRID.transform, photometric="RGB",
    ) as data:  # fmt: skip
        data.write(np.full((3, 10, 20), 30, "uint8"))
    place = source(tmp_path / "p.tif", band=2)
    read_layer(place, GRID)
    assert [f.code for f in place.log.findings] == ["W248"]
    assert "green" in place.log.findings[0].problem


def test_decimetres_without_a_unit_are_named_where_the_rims_say_so(tmp_path):
    """Ground at 10 m, written as 100 dm: rims of a network stand at 10 m."""
    tif(tmp_path / "dem.tif", np.full((5, 6), 101.0), cell=10.0, corner=(0.0, 50.0), crs=None)
    nodes = "\n".join(f"J{k} {8 + 0.01 * k} {2.1 - 0.01 * k} 0 0 0" for k in range(1, 7))
    pipes = "\n".join(f"C{k} J{k} J{k + 1} 50 0.013 0 0" for k in range(1, 6))
    places = "\n".join(f"J{k} {4 + 8 * k} 25" for k in range(1, 7))
    text = net(
        JUNCTIONS=nodes, CONDUITS=f"{pipes}\nC6 J6 O1 50 0.013 0 0",
        XSECTIONS="\n".join(f"C{k} CIRCULAR 0.5 0 0 0" for k in range(1, 7)),
        COORDINATES=f"{places}\nO1 55 35",
    )  # fmt: skip
    place = scenario(tmp_path, text)
    told = (tmp_path / "s.toml").read_text()
    old = told[told.index("bed_elevation") : told.index("manning_n")]
    told = told.replace(old, 'bed_elevation = "dem.tif"\n').replace(
        "[terrain]", '[grid]\ncrs = "local"\n[terrain]'
    )
    (tmp_path / "s.toml").write_text(told)
    with refused("E227", "In dm the ground fits the rims to 0.00 m"):
        build_inputs(load_scenario(place.path))
    (tmp_path / "s.toml").write_text(told.replace("[terrain]", '[terrain]\nelevation_unit = "dm"'))
    assert "E227" not in {f.code for f in build_inputs(load_scenario(place.path)).findings}


def test_whole_numbers_are_doubted_as_another_unit(tmp_path):
    tif(tmp_path / "dem.tif", np.add.outer(np.arange(20.0), np.arange(20.0)))
    for unit, way in (("", True), ('elevation_unit = "m"\n', False)):
        on_file(tmp_path, unit)
        found = build_inputs(load_scenario(tmp_path / "s.toml")).findings
        (whole,) = [f for f in found if f.code == "W210"]
        assert ("elevation_unit" in whole.do) is way


# ---------------------------------------------------------------------------- texts and numbers


def shapefile(folder, words, encoding, cpg):
    path = layer(folder / "b.shp", [box(0, 0, 20, 20)] * len(words), use=["x" * 40] * len(words))
    raw = bytearray((folder / "b.dbf").read_bytes())
    for word in words:  # a DBF has no lengths: the bytes are put in place of the letters
        at, text = raw.index(b"x" * 40), word if isinstance(word, bytes) else word.encode(encoding)
        raw[at : at + 40] = text[:40].ljust(40)
    raw[29] = 0
    (folder / "b.dbf").write_bytes(raw)
    (folder / "b.cpg").unlink(missing_ok=True)
    if cpg is not None:
        (folder / "b.cpg").write_text(cpg)
    return path


@pytest.mark.parametrize(
    ("word", "encoding", "cpg"),
    [
        ("住宅", "gbk", "GBK"),
        ("住宅", "gbk", "936"),
        ("住宅", "gbk", "ANSI 936"),
        ("住宅", "gbk", None),
        ("住宅", "utf-8", "UTF-8"),
        ("住宅", "utf-8", "65001"),
        ("住宅", "utf-8", None),
        ("嘉義", "big5", "Big5"),
        ("Wohnhäuser", "latin-1", "ISO-8859-1"),
        ("Wohnhäuser", "latin-1", "88591"),
        ("Wohnhäuser", "latin-1", None),
        ("Wohnhäuser", "utf-8", None),
        ("Дома", "cp1251", "1251"),
        ("Дома", "utf-8", "UTF-8"),
        ("Οικίες", "utf-8", None),
    ],
)
def test_texts_of_a_shapefile_are_read_by_their_encoding(tmp_path, word, encoding, cpg):
    place = source(shapefile(tmp_path, [word], encoding, cpg))
    assert read_features(place, GRID, (AREA,), ("use",)).columns["use"].tolist() == [word]
    assert "texts in" in str(place.log.lines)


@pytest.mark.parametrize(
    ("word", "encoding", "cpg", "said"),
    [
        ("住宅", "gbk", "UTF-8", "read as GBK"),  # D7 A1 D5 AC: a Hebrew and an Armenian letter
        ("工业用地", "gbk", "UTF-8", "read as GBK"),
        ("住宅", "utf-8", "GBK", "read as UTF-8"),
        ("住宅", "gbk", "ISO-8859-1", "read as GBK"),
        ("Wohnhäuser", "utf-8", "1252", "read as UTF-8"),
        ("Wohnhäuser", "latin-1", "UTF-8", "no text in UTF-8"),
        ("住宅", "gbk", "signs", "not known"),
    ],
)
def test_a_cpg_that_names_another_encoding_is_refused(tmp_path, word, encoding, cpg, said):
    with refused("E246", "b.shp", said, "b.cpg", "GeoPackage"):
        read_features(source(shapefile(tmp_path, [word], encoding, cpg)), GRID, (AREA,), ("use",))


def test_a_sign_that_the_width_of_the_field_cut_is_left_out(tmp_path):
    place = source(shapefile(tmp_path, [("住" * 20).encode()[:40]], "utf-8", "UTF-8"))
    found = read_features(place, GRID, (AREA,), ("use",)).columns["use"]
    assert found.tolist() == ["住" * 13]  # 40 bytes hold 13 signs of three


def test_names_of_fields_have_that_encoding_too(tmp_path):
    path = layer(tmp_path / "b.shp", [box(0, 0, 20, 20)], xxxxxx=[7.0])
    raw = (tmp_path / "b.dbf").read_bytes()
    (tmp_path / "b.dbf").write_bytes(raw.replace(b"xxxxxx", "人口数".encode("gbk")))
    (tmp_path / "b.cpg").write_text("GBK")
    place = MapSource(path, "x", ReadLog(), fields={"people": "人口数"})
    assert read_features(place, GRID, (AREA,), ("people",)).columns["people"].tolist() == [7.0]


def people(tmp_path, *words):
    layer(
        tmp_path / "b.gpkg",
        [box(0, 20 * k, 20, 20 * k + 20) for k in range(len(words))],
        people=list(words),
    )
    found = []
    (tmp_path / "s.toml").write_text(GOOD)
    table = read_buildings(load_scenario(tmp_path / "s.toml"), GRID, "b.gpkg", found)[1]
    return table["people"].tolist(), found


def test_a_decimal_comma_in_a_text_field_is_read_and_said(tmp_path):
    values, found = people(tmp_path, "12,5", "3", "0,125")
    assert values == [12.5, 3.0, 0.125]
    (said,) = [f for f in found if f.code == "W106"]
    assert "12,5" in said.problem and "`people`" in said.place


@pytest.mark.parametrize("word", ["1,234", "12.345,6", "2;3", "12 people"])
def test_what_may_be_thousands_is_no_number(tmp_path, word):
    with refused("E104", "feature 1", "`people`", "no number"):
        people(tmp_path, word, "3")


@pytest.mark.parametrize("day", ["03/04/2021 10:00", "03.04.2021", "13/04/2021", "3-4-21"])
def test_day_and_month_are_never_guessed(tmp_path, day):
    """Also where only one order is possible: the next file would have the other one."""
    (tmp_path / "t.csv").write_text(f"time,level_m\n{day},1\n")
    (tmp_path / "s.toml").write_text(GOOD)
    start = load_scenario(tmp_path / "s.toml").spec.time.start
    with pytest.raises(InputError, match="day and month can be taken for each other"):
        read_rows(tmp_path / "t.csv", StageRow, [], start)


# --------------------------------------------------------------------------------------- network


def test_a_dummy_conduit_has_no_length_and_no_section(tmp_path):
    """A dummy passes its water on at once: no crown, no capacity, no Courant step of its own."""
    text = net(
        CONDUITS="C1 J1 J2 0.5 0.013 0 0\nC2 J2 O1 50 0.013 0 0",
        XSECTIONS="C1 DUMMY 0 0 0 0\nC2 CIRCULAR 0.5 0 0 0",
    )
    found = inputs_of(tmp_path, text, drainage="")
    whole = inputs_of(tmp_path, net(), drainage="")
    assert found.drainage.routing_step_s == whole.drainage.routing_step_s


def test_one_reason_of_swmm_is_one_message(tmp_path):
    """Five curves without order: one message, three lines shown; another reason is another one."""
    curves = "\n".join(f"K{k} PUMP1 10 1\nK{k} 5 2" for k in range(5))
    place = scenario(tmp_path, net(CURVES=curves))
    with pytest.raises(InputError) as caught:
        Simulation(build_inputs(place), tmp_path)
    (order,) = caught.value.findings
    assert "5 times for this" in order.problem and order.given.count("ERROR 171") == 3
    report = tmp_path / "two.rpt"
    report.write_text("ERROR 171: Curve A\nERROR 108: ambiguous B\nERROR 171: Curve C\n")
    found = refused_by_swmm(SimpleNamespace(path="n.inp"), report, ValueError()).findings
    assert [f.given for f in found] == [
        "ERROR 171: Curve A; ERROR 171: Curve C",
        "ERROR 108: ambiguous B",
    ]


def test_what_one_portfolio_reads_is_not_told_of_the_next(tmp_path):
    """Both are built on one bare place, as `study check` does."""
    measures = ""
    for name, shape in (("a", box(0, 0, 20, 20)), ("b", box(40, 40, 60, 60))):
        layer(tmp_path / f"{name}.gpkg", [shape, None])  # one without a geometry: a doubt
        measures += (
            f'[measure.{name}]\nkind = "sunken_green"\ntargets = {{ vector = "{name}.gpkg" }}\n'
        )
        measures += f'[portfolio.{name}]\nmeasures = ["{name}"]\n'
    tif(tmp_path / "dem.tif", np.full((20, 20), 30.0), units="m")
    on_file(tmp_path)
    with (tmp_path / "s.toml").open("a") as file:
        file.write(measures)
    place = load_scenario(tmp_path / "s.toml")
    bare = bare_inputs(place)
    first, second = (build_portfolio(place, bare, name) for name in ("a", "b"))
    assert [("a.gpkg" in t, "b.gpkg" in t) for t in map(str, (first.read_as, second.read_as))] == [
        (True, False),
        (False, True),
    ]
    assert "a.gpkg" not in str(second.findings) and "b.gpkg" in str(second.findings)


# ---------------------------------------------------------------- kinds from threads of other tools


def test_rain_stored_by_longitude_first_lies_where_it_fell(tmp_path):
    """qgis/QGIS 33082: (time, x, y). 7 mm fall in the third column and second row from the south
    alone, around x 500070, y 3799930.
    """
    amounts = np.zeros((2, 4, 4))
    amounts[0, 2, 1] = 7.0
    x, y = 499_990.0 + 40.0 * np.arange(4), 3_799_890.0 + 40.0 * np.arange(4)
    write(tmp_path, amounts, names=("time", "x", "y"), x=y, y=x)
    fell = total_mm(field_of(tmp_path)[0])
    row, column = (int(v) for v in GRID.cell_at(500_072.0, 3_799_932.0))
    assert fell[row, column] == pytest.approx(7.0, rel=1e-6)
    row, column = (int(v) for v in GRID.cell_at(500_032.0, 3_799_972.0))
    assert fell[row, column] == 0.0


@pytest.mark.parametrize("off_s", [-1.0, 1.0])
def test_times_a_second_off_are_the_hour(tmp_path, off_s):
    """dtcenter/MET 1674: 14:59:59 by rounding of days."""
    write(tmp_path, [10.0, 50.0, 20.0, 5.0], times=np.arange(4) + off_s / 3600.0)
    assert total_mm(field_of(tmp_path)[0]) == pytest.approx(85.0, rel=1e-3)


def test_a_missing_value_that_only_a_word_declares_is_no_rain(tmp_path):
    """qgis/QGIS 33082: CodeMissingValue = "-9999.9" of IMERG."""
    write(tmp_path, [10.0, -9999.9, 20.0, 5.0], attrs={"CodeMissingValue": "-9999.9"})
    finding = refused_rain(tmp_path)[0]
    assert finding.code == "E501" and "-9999.9" in finding.given


def test_the_hour_that_clocks_repeat_is_two_hours(tmp_path):
    """rchlumsk/RavenR 69: 02:30 stands twice in October, an hour apart by its offsets."""
    rows = "2021-10-31T02:30:00+02:00,1\n2021-10-31T02:30:00+01:00,2\n"
    (tmp_path / "t.csv").write_text("time,level_m\n" + rows)
    start = datetime.fromisoformat("2021-10-31T02:00:00+02:00")
    table = read_rows(tmp_path / "t.csv", StageRow, [], start)
    assert table.columns["time_s"].tolist() == [1800.0, 5400.0]
    (tmp_path / "t.csv").write_text("time,level_m\n" + rows.replace("+01:00", "+02:00"))
    with pytest.raises(InputError, match="E303"):
        read_rows(tmp_path / "t.csv", StageRow, [], start)
