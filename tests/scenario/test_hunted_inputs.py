"""Kinds of input faults found in public threads of other tools; each small file is built here, and
values are by hand.
"""

import json

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from console import flood_sim
from flood_sim.core.errors import InputError
from flood_sim.core.files.csv_files import read_raw
from flood_sim.drainage.inp import read_inp
from flood_sim.scenario.doors.rasters import read_layer
from flood_sim.scenario.doors.resampled import How
from flood_sim.scenario.doors.vectors import AREA, read_features
from scenario.test_gridded_rain import field_of, total_mm, write
from scenario.test_gridded_rain import refused as refused_rain
from scenario.test_loader import GOOD
from scenario.test_map_doors import GRID, bed_of, box, layer, refused, source, tif


def test_people_on_a_turned_grid_keep_their_number(tmp_path):
    """A raster of 8 x 8 cells of 5 m, turned by 30 degrees about the middle, inside the grid."""
    turned = Affine.translation(500050, 3799950) @ Affine.rotation(30)
    turned @= Affine.translation(-20, 20) @ Affine(5, 0, 0, 0, -5, 0)
    people = np.arange(64.0).reshape(8, 8)
    tif(tmp_path / "p.tif", people, transform=turned)
    found = read_layer(source(tmp_path / "p.tif"), GRID, How.SUM)
    assert np.nansum(found) == pytest.approx(people.sum(), rel=1e-9)
    # south-west of the middle, turned: the first column's last rows lie left of and below it
    row, column = np.unravel_index(np.nanargmax(found), found.shape)
    x, y = turned @ (6.0, 7.5)
    assert abs(GRID.x_m[column] - x) < 10.0 and abs(GRID.y_m[row] - y) < 10.0


def test_a_mask_or_nodata_beside_a_geotiff_is_not_passed_over(tmp_path):
    values = np.full((20, 20), 5.0)
    path = tif(tmp_path / "a.tif", values)
    notes = tmp_path / "a.tif.aux.xml"
    band = '<PAMDataset><PAMRasterBand band="1">{}</PAMRasterBand></PAMDataset>'
    notes.write_text(band.format('<Metadata><MDI key="STATISTICS_MEAN">5</MDI></Metadata>'))
    assert read_layer(source(path), GRID)[3, 3] == 5.0  # statistics change no value
    for said in ("<NoDataValue>5</NoDataValue>", "<Scale>0.01</Scale>", "<UnitType>ft</UnitType>"):
        notes.write_text(band.format(said))
        with refused("E340", "a.tif", said[:6], "gdal_translate"):
            read_layer(source(path), GRID)
    notes.unlink()
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as data:
        data.write_mask(np.zeros((20, 20), "uint8"))
    with refused("E340", "a mask in a.tif.msk"):
        read_layer(source(path), GRID)


def test_notes_that_only_repeat_the_file_are_no_fault(tmp_path):
    """As GDAL and QGIS leave them: NoData, scale, unit, system and corner of the file itself."""
    values = np.full((20, 20), 5.0)
    values[0, 0] = -9999.0
    path = tif(tmp_path / "a.tif", values, nodata=-9999.0, units="m")
    notes = tmp_path / "a.tif.aux.xml"
    wkt = rasterio.crs.CRS.from_epsg(32649).to_wkt().replace('"', "&quot;")
    whole = (
        "<PAMDataset><SRS dataAxisToSRSAxisMapping='1,2'>{}</SRS>"
        "<GeoTransform> 5.0e+05, 5.0, 0.0, {}, 0.0, -5.0</GeoTransform>"
        "<PAMRasterBand band='1'><NoDataValue>{}</NoDataValue><Scale>1</Scale><Offset>0</Offset>"
        "<UnitType>m</UnitType><Histograms/></PAMRasterBand></PAMDataset>"
    )
    for nodata in ("-9.999E+03", "-9999"):
        notes.write_text(whole.format(wkt, "3.8e+06", nodata))
        found = read_layer(source(path), GRID)
        assert np.isnan(found[0, 0]) and found[3, 3] == 5.0
    other = rasterio.crs.CRS.from_epsg(32650).to_wkt().replace('"', "&quot;")
    for wrong, said in (
        ((other, "3.8e+06", "-9999"), "<SRS>"),
        ((wkt, "3800010", "-9999"), "<GeoTransform>"),
        ((wkt, "3.8e+06", "0"), "<NoDataValue>0"),
    ):
        notes.write_text(whole.format(*wrong))
        with refused("E340", said):
            read_layer(source(path), GRID)


@pytest.mark.parametrize("name", ["a.tif.aux.xml", "a.tif.msk"])
def test_a_link_beside_a_geotiff_is_not_followed(tmp_path, name):
    path = tif(tmp_path / "a.tif", np.full((20, 20), 5.0))
    outside = tmp_path.parent / f"{tmp_path.name}_secret"
    outside.write_text("<NoDataValue>5</NoDataValue>")
    (tmp_path / name).symlink_to(outside)
    with refused("E106", "no plain file of its folder", name):
        read_layer(source(path), GRID)


def test_a_mask_within_a_geotiff_is_nodata(tmp_path):
    path = tif(tmp_path / "a.tif", np.full((20, 20), 5.0))
    mask = np.full((20, 20), 255, "uint8")
    mask[:5] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as data:
        data.write_mask(mask)
        data.update_tags(AREA_OR_POINT="Point")  # the corner stays where GDAL says
    grid, bed, _, _ = bed_of(path, unit="m")
    assert np.isnan(bed[:5]).all() and (bed[5:] == 5.0).all()
    assert (grid.west_m, grid.north_m) == (500000.0, 3800000.0)


@pytest.mark.parametrize("name", ["PEOPLE", "People"])
def test_a_field_in_other_capitals_is_that_field(tmp_path, name):
    for ending in ("gpkg", "shp"):
        path = layer(tmp_path / f"b.{ending}", [box(0, 0, 20, 20)], **{name: [12.0]})
        found = read_features(source(path), GRID, (AREA,), ("people",))
        assert found.columns["people"].tolist() == [12.0]


@pytest.mark.parametrize(
    "attrs",
    [
        {"cell_methods": "area: mean time: maximum"},
        {"standard_name": "snowfall_amount"},
        {"standard_name": "air_temperature"},
        {"cell_methods": "time: sum within days time: mean over days"},
        {"cell_methods": "time: mean within years time: mean over years"},
        {"GRIB_stepType": "max"},
    ],
)
def test_a_variable_that_calls_itself_something_else_is_no_rain(tmp_path, attrs):
    write(tmp_path, [10.0, 50.0, 20.0, 5.0], attrs=attrs)
    finding = refused_rain(tmp_path)[0]
    assert finding.code == "E341" and next(iter(attrs.values())) in finding.given


def test_rain_by_its_own_name_with_noise_below_zero(tmp_path):
    attrs = {"standard_name": "lwe_thickness_of_precipitation_amount", "cell_methods": "time: sum"}
    write(tmp_path, [10.0, 50.0, 20.0, -1e-9], attrs=attrs, kind="f8")
    assert total_mm(field_of(tmp_path)[0]) == pytest.approx(80.0, rel=1e-12)
    write(tmp_path, [10.0, 50.0, 20.0, -0.5])
    assert refused_rain(tmp_path)[0].code == "E501"


def test_of_two_rows_of_an_option_the_last_counts_as_in_swmm(tmp_path):
    (tmp_path / "n.inp").write_text("[OPTIONS]\nFLOW_UNITS CMS\n[OPTIONS]\nFLOW_UNITS CFS\n")
    assert read_inp(tmp_path / "n.inp").metres_per_unit == 0.3048


def test_accents_of_latin_1_are_not_read_as_chinese(tmp_path):
    text = "[OPTIONS]\nFLOW_UNITS CMS\n[JUNCTIONS]\n{} 1 2\n"
    for name, encoding in (("RÜB_1", "latin-1"), ("检查井", "gb18030"), ("Schacht_Ö", "utf-8")):
        (tmp_path / "n.inp").write_bytes(text.format(name).encode(encoding))
        assert read_inp(tmp_path / "n.inp").node_ids() == [name]
    (tmp_path / "t.csv").write_bytes("node,x\nRÜB_1,2\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"(?s)E105.*Latin-1.*UTF-8"):
        read_raw(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_bytes("node,x\n检查井1,2\n".encode("gb18030"))
    assert list(read_raw(tmp_path / "t.csv").columns["node"]) == ["检查井1"]


def test_a_run_keeps_how_its_files_were_read(tmp_path):
    tif(tmp_path / "dem.tif", np.full((10, 20), 30.0), units="m")
    text = GOOD.replace(
        GOOD[GOOD.index("bed_elevation") : GOOD.index("[rainfall]")], 'bed_elevation = "dem.tif"\n'
    )
    (tmp_path / "s.toml").write_text(text.replace("15:10:00", "15:00:20"))
    told = flood_sim("run", tmp_path / "s.toml", "--out", tmp_path / "out")
    assert told.returncode == 0, told.stderr
    lines = json.loads((tmp_path / "out" / "summary.json").read_text())["read_as"]
    assert any("dem.tif" in line and "elevations in m" in line for line in lines)
