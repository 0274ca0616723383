"""What map files say of themselves: systems and their units, layers and bands, packed values,
NoData, kinds of geometry, fields. Each small input is built here; values are by hand.
"""

import ast
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyogrio.raw import write as write_vector
from rasterio import Affine
from rasterio.warp import transform

from console import flood_sim
from flood_sim.core.errors import InputError
from flood_sim.core.grid import Grid
from flood_sim.output.places import feature_collection
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.doors import systems
from flood_sim.scenario.doors.heights import read_bed
from flood_sim.scenario.doors.map_source import MapSource, ReadLog
from flood_sim.scenario.doors.rasters import read_grid, read_layer
from flood_sim.scenario.doors.resampled import How, counted
from flood_sim.scenario.doors.vectors import AREA, LINE, read_features, read_geometries
from flood_sim.scenario.exposure import people_of_cells
from flood_sim.study.keys import run_key
from scenario.test_loader import GOOD, load

ROOT = Path(__file__).resolve().parents[2]
UTM = "EPSG:32649"
GRID = Grid(20, 20, 5.0, 500000.0, 3800000.0, UTM)


def tif(path, values, crs=UTM, cell=5.0, corner=(500000.0, 3800000.0), **keys):
    """A GeoTIFF; bands : more of them; units, scales, offsets : of the first band."""
    values = np.atleast_3d(np.asarray(values)).transpose(2, 0, 1)
    told = {key: keys.pop(key) for key in ("units", "scales", "offsets") if key in keys}
    dtype = keys.pop("dtype", "float32")
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(values),
        height=values.shape[1],
        width=values.shape[2],
        dtype=dtype,
        crs=crs,
        transform=keys.pop("transform", Affine(cell, 0, corner[0], 0, -cell, corner[1])),
        **keys,
    ) as data:
        data.write(values.astype(dtype))
        for key, value in told.items():
            setattr(data, key, [value] * len(values))
    return path


def source(path, **keys):
    return MapSource(path, "[terrain] x", ReadLog(), **keys)


def bed_of(path, crs=None, unit=None):
    findings = []
    grid, raster = read_grid(source(path), crs, findings)
    bed = read_bed(raster, grid, unit)
    return grid, bed, raster.source.log, findings + raster.source.log.findings


def layer(path, shapes, crs=UTM, name=None, append=False, kind=None, **columns):
    write_vector(
        str(path),
        shapely.to_wkb(np.array(shapes, object)),
        [np.array(v, object if isinstance(v[0], str) else None) for v in columns.values()],
        np.array(list(columns)),
        driver="ESRI Shapefile" if path.suffix == ".shp" else "GPKG",
        layer=name or path.stem,
        geometry_type=kind or "Unknown",
        crs=crs,
        append=append,
    )
    return path


def box(west, south, east, north):
    """By metres from the grid's south-west corner."""
    x, y = 500000.0, 3799900.0
    return shapely.box(x + west, y + south, x + east, y + north)


def line(*points):
    return shapely.LineString([(500000.0 + x, 3799900.0 + y) for x, y in points])


def refused(code, *texts):
    return pytest.raises(InputError, match=r"(?s)" + r".*".join((code, *texts)))


# ------------------------------------------------------------------------------- systems and units
FOOT, SURVEY = 0.3048, 1200.0 / 3937.0


@pytest.mark.parametrize(
    ("crs", "foot", "twin"),
    [("EPSG:2263", SURVEY, "EPSG:32118"), ("EPSG:2222", FOOT, "EPSG:26948")],
)
def test_a_map_in_feet_becomes_metres(tmp_path, crs, foot, twin):
    """40 cells of 16.4 ft are 199.95 m: 36 mm of rain on them are 1,439 m3, not 15,492."""
    tif(tmp_path / "d.tif", np.full((40, 40), 32.9), crs, 16.4, (984000.0, 200000.0))
    grid, bed, log, doubts = bed_of(tmp_path / "d.tif", unit="ft")
    assert grid.crs == twin and grid.cell_size_m == pytest.approx(16.4 * foot, rel=1e-9)
    assert grid.west_m == pytest.approx(984000.0 * foot) and not doubts
    assert bed == pytest.approx(32.9 * FOOT, abs=1e-5)
    assert 0.036 * grid.cell_area_m2 * 1600 == pytest.approx(1439.3, abs=0.2)
    assert "converted to metres" in log.lines["d.tif"] and "in ft" in log.lines["d.tif"]
    # the twin is the same map: a corner lies at the same place on Earth
    lon_lat = [
        transform(rasterio.crs.CRS.from_user_input(c), "EPSG:4326", [x], [y])
        for c, x, y in ((crs, 984000.0, 200000.0), (grid.crs, grid.west_m, grid.north_m))
    ]
    assert np.allclose(*lon_lat, atol=1e-9)


def test_feet_of_a_map_do_not_tell_the_unit_of_heights(tmp_path):
    tif(tmp_path / "d.tif", np.full((4, 4), 32.9), "EPSG:2263", 16.4, (984000.0, 200000.0))
    with refused("E243", "US survey foot", 'elevation_unit = "ft"'):
        bed_of(tmp_path / "d.tif")


@pytest.mark.parametrize(
    ("crs", "word", "metres"),
    [
        ("EPSG:32649", "ft", FOOT),
        ("EPSG:32649", "US survey foot", SURVEY),
        ("EPSG:32649", "cm", 0.01),
        ("EPSG:32649", "metre", 1.0),
        ("EPSG:32649", None, 1.0),
        ("EPSG:32118+6360", None, SURVEY),  # NAVD88 height (ftUS)
        ("EPSG:32118+5703", None, 1.0),
    ],
)
def test_the_unit_of_heights_is_the_file_s_own(tmp_path, crs, word, metres):
    keys = {} if word is None else {"units": word}
    tif(tmp_path / "d.tif", np.full((4, 4), 100.0), crs, 5.0, (300000.0, 60960.0), **keys)
    grid, bed, _, _ = bed_of(tmp_path / "d.tif")
    assert bed == pytest.approx(100.0 * metres, rel=1e-6) and "+" not in grid.crs


def test_a_stated_unit_that_the_file_contradicts_is_said(tmp_path):
    tif(tmp_path / "d.tif", np.full((4, 4), 10.0), units="ft")
    _, bed, _, (doubt,) = bed_of(tmp_path / "d.tif", unit="m")
    assert bed[0, 0] == 10.0 and doubt.code == "W244"


def test_a_map_in_kilometres_becomes_metres(tmp_path):
    km = rasterio.crs.CRS.from_proj4("+proj=utm +zone=49 +datum=WGS84 +units=km")
    tif(tmp_path / "d.tif", np.full((4, 4), 10.0), km, 0.005, (500.0, 3800.0))
    grid, bed, _, _ = bed_of(tmp_path / "d.tif")
    assert grid.cell_size_m == pytest.approx(5.0) and grid.west_m == pytest.approx(500000.0)
    assert bed[0, 0] == pytest.approx(10.0) and grid.crs == UTM


def test_degrees_are_refused_with_the_command_that_mends_them(tmp_path):
    tif(tmp_path / "d.tif", np.ones((4, 4)), "EPSG:4326", 5e-5, (113.6, 34.7))
    with refused("E202", "gdalwarp -t_srs EPSG:32649"):
        bed_of(tmp_path / "d.tif")
    tif(tmp_path / "e.tif", np.ones((4, 4)), None, 5e-5, (113.6, 34.7))
    with refused("E202", "degrees", "-s_srs EPSG:4326"):  # behind a system that the scenario states
        bed_of(tmp_path / "e.tif", "EPSG:32649")


def test_a_map_of_the_world_has_too_large_cells(tmp_path):
    """Web Mercator at 34.3 degrees: lengths 1 / cos(34.3) = 1.21 times, areas 1.46 times."""
    tif(tmp_path / "d.tif", np.ones((4, 4)), "EPSG:3857", 5.0, (12600000.0, 4070000.0))
    with refused("E242", "1.21 times", "gdalwarp -t_srs EPSG:32649"):
        bed_of(tmp_path / "d.tif")
    tif(tmp_path / "e.tif", np.ones((4, 4)), "EPSG:3857", 5.0, (12600000.0, 1600000.0))
    *_, (doubt,) = bed_of(tmp_path / "e.tif")
    assert doubt.code == "W242" and "1.03 times" in doubt.problem  # 1 / cos(14.2)


def test_a_raster_without_a_place_is_refused(tmp_path):
    with rasterio.open(
        tmp_path / "d.tif", "w", driver="GTiff", count=1, height=4, width=4, dtype="float32"
    ) as data:
        data.write(np.ones((1, 4, 4), np.float32))
    with refused("E241", r"\.tfw"):
        bed_of(tmp_path / "d.tif", "EPSG:32649")


def test_a_compound_system_is_its_flat_part(tmp_path):
    tif(tmp_path / "d.tif", np.ones((4, 4)), "EPSG:32649+5773")
    _, _, _, doubts = bed_of(tmp_path / "d.tif", "EPSG:32649")
    assert not doubts
    tif(tmp_path / "n.tif", np.full((4, 4), 0.05), "EPSG:32649+5773")
    grid = Grid(4, 4, 5.0, 500000.0, 3800000.0, UTM)
    assert read_layer(source(tmp_path / "n.tif"), grid) == pytest.approx(0.05)


# ------------------------------------------------------------------------------------------ values
def test_packed_elevations_are_unpacked(tmp_path):
    """1003 packed by 0.01 and 5 m: 15.03 m; NoData is a packed number."""
    packed = np.full((4, 4), 1003, np.int16)
    packed[0, 0] = -1
    tif(tmp_path / "d.tif", packed, dtype="int16", nodata=-1, scales=0.01, offsets=5.0)
    _, bed, log, _ = bed_of(tmp_path / "d.tif")
    assert math.isnan(bed[0, 0]) and bed[1, 1] == pytest.approx(15.03)
    assert "unpacked: x 0.01 + 5" in log.lines["d.tif"] and "1 of 16 cells" in log.lines["d.tif"]


@pytest.mark.parametrize("sign", [-9999.0, -99999.0, -32768.0, -3.4028234663852886e38, 1e20])
def test_six_cells_of_what_means_nothing_are_refused(tmp_path, sign):
    values = np.full((20, 20), 10.0)
    values[4:6, 4:7] = sign
    tif(tmp_path / "d.tif", values)
    with refused("E208", "6 cells", "gdal_edit.py -a_nodata"):
        bed_of(tmp_path / "d.tif")
    tif(tmp_path / "d.tif", values, nodata=sign)
    assert int(np.isnan(bed_of(tmp_path / "d.tif")[1]).sum()) == 6


def test_nodata_declared_with_other_digits_is_nodata(tmp_path):
    """ESRI's -3.40282306074e38 beside -3.4028234663852886e38 in the cells."""
    values = np.full((4, 4), 10.0)
    values[0] = -3.4028234663852886e38
    tif(tmp_path / "d.tif", values, nodata=-3.40282306074e38)
    assert int(np.isnan(bed_of(tmp_path / "d.tif")[1]).sum()) == 4


def test_nodata_of_zero_by_the_sea_is_said(tmp_path):
    values = np.full((4, 4), 0.4)
    values[0] = 0.0
    tif(tmp_path / "d.tif", values, nodata=0.0)
    *_, (doubt,) = bed_of(tmp_path / "d.tif")
    assert doubt.code == "W243" and "4 cells" in doubt.problem


def test_bands_and_pages_are_chosen(tmp_path):
    two = np.stack([np.full((4, 4), 3.0), np.full((4, 4), 7.0)], axis=2)
    tif(tmp_path / "d.tif", two)
    with refused("E240", "2 bands", "band = 1"):
        bed_of(tmp_path / "d.tif")
    grid = Grid(4, 4, 5.0, 500000.0, 3800000.0, UTM)
    assert read_layer(source(tmp_path / "d.tif", band=2), grid) == pytest.approx(7.0)
    with refused("E240", "no such band"):
        read_layer(source(tmp_path / "d.tif", band=3), grid)
    tif(tmp_path / "a.tif", two, photometric="MINISBLACK", alpha="YES", dtype="uint8")
    assert read_layer(source(tmp_path / "a.tif"), grid) == pytest.approx(3.0)
    pages = [Image.fromarray(np.full((4, 4), k, np.float32)) for k in (3, 7)]
    pages[0].save(tmp_path / "p.tif", save_all=True, append_images=pages[1:])
    with refused("E240", "2 rasters"):
        bed_of(tmp_path / "p.tif")


def test_a_mask_of_255_is_asked_about(tmp_path):
    mask = np.zeros((20, 20))
    mask[2:4, 2:4], mask[10:] = 1, 255
    tif(tmp_path / "dem.tif", np.full((20, 20), 10.0))
    tif(tmp_path / "m.tif", mask, dtype="uint8")
    with refused("E208", "mask", "255"):
        load(tmp_path, case(buildings='buildings = "m.tif"'))
    tif(tmp_path / "m.tif", mask, dtype="uint8", nodata=255)
    assert load(tmp_path, case(buildings='buildings = "m.tif"')).buildings.sum() == 4


def case(bed='bed_elevation = "dem.tif"', buildings="", more=""):
    begin = GOOD[: GOOD.index("bed_elevation")]
    return f"{begin}{bed}\n{buildings}\n{GOOD[GOOD.index('[rainfall]') :]}{more}"


# ---------------------------------------------------------------------------- counts and densities
@settings(max_examples=60, deadline=None)
@given(
    cell=st.floats(0.7, 60.0),
    shift=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    own=st.sampled_from([3.0, 10.0, 25.0]),
)
def test_a_count_survives_any_grid_that_covers_it(cell, shift, own):
    """Finer, coarser, shifted: the total stays to rounding; a mean would not."""
    values = np.arange(12.0).reshape(3, 4)
    values[1, 2] = np.nan
    place = Affine(own, 0, 100.0, 0, -own, 300.0)
    west, north = 100.0 - cell * shift[0], 300.0 + cell * shift[1]
    columns = int(np.ceil((100.0 + 4 * own - west) / cell)) + 1
    rows = int(np.ceil((north - 300.0 + 3 * own) / cell)) + 1
    spread = counted(values, place, Grid(rows, columns, cell, west, north))
    assert np.nansum(spread) == pytest.approx(np.nansum(values), rel=1e-12)


def test_a_count_is_shared_by_area():
    """100 people on a cell of 10 m; a cell of 6 m holds 36, 24, 24, 16 of them."""
    grid = Grid(2, 2, 6.0, 0.0, 10.0)
    spread = counted(np.array([[100.0]]), Affine(10, 0, 0, 0, -10, 10), grid)
    assert np.allclose(spread, [[36.0, 24.0], [24.0, 16.0]])
    upward = counted(np.array([[4.0], [8.0]]), Affine(10, 0, 0, 0, 10, 0), Grid(2, 1, 10.0, 0, 20))
    assert upward.tolist() == [[8.0], [4.0]]  # rows from south to north


def test_people_of_four_large_cells_are_two_hundred(tmp_path):
    """4 cells of 100 m with 50 people; the nearest value on 5 m cells made 80,000 of them."""
    tif(tmp_path / "p.tif", np.full((2, 2), 50.0), cell=100.0)
    grid = Grid(40, 40, 5.0, 500000.0, 3800000.0, UTM)
    people = people_of_cells(opened_people(tmp_path / "p.tif"), grid)
    assert people.sum() == pytest.approx(200.0) and people[0, 0] == pytest.approx(0.125)
    hectares = people_of_cells(opened_people(tmp_path / "p.tif", per="ha"), grid)
    assert hectares.sum() == pytest.approx(200.0)  # 50 a ha on 4 ha
    assert people_of_cells(opened_people(tmp_path / "p.tif", per="km2"), grid).sum() == (
        pytest.approx(2.0)
    )


def opened_people(path, **keys):
    return source(path, **keys)


def test_people_in_degrees_keep_their_number(tmp_path):
    """WorldPop's 3 arc seconds: 9 cells with 10 people, the grid covers all of them."""
    lon, lat = (float(v[0]) for v in transform(UTM, "EPSG:4326", [500400.0], [3799600.0]))
    step = 3.0 / 3600.0
    corner = (lon - 1.5 * step, lat + 1.5 * step)
    tif(tmp_path / "p.tif", np.full((3, 3), 10.0), "EPSG:4326", step, corner, nodata=-99999)
    grid = Grid(80, 80, 10.0, 500000.0, 3800000.0, UTM)
    log_source = source(tmp_path / "p.tif")
    people = people_of_cells(log_source, grid)
    assert people.sum() == pytest.approx(90.0, rel=1e-9)
    assert "90 people on the grid" in log_source.log.lines["p.tif"]
    assert people[0, 0] == 0.0 and people[40, 40] > 0.0


def test_a_density_in_another_system_keeps_its_value(tmp_path):
    """Roughness in the neighbouring zone: 0.03 west of x = 500050, 0.05 east of it."""
    west, north = (v[0] for v in transform(UTM, "EPSG:32650", [499900.0], [3800100.0]))
    values = np.full((150, 150), 0.04)
    tif(tmp_path / "n.tif", values, "EPSG:32650", 2.0, (west, north))
    n_source = source(tmp_path / "n.tif")
    assert read_layer(n_source, GRID) == pytest.approx(0.04)
    assert "reprojected to EPSG:32649" in n_source.log.lines["n.tif"]
    ramp = np.broadcast_to(np.arange(150.0), (150, 150))
    tif(tmp_path / "r.tif", ramp, "EPSG:32650", 2.0, (west, north))
    x, y = GRID.x_m[7], GRID.y_m[11]
    there = transform(UTM, "EPSG:32650", [x], [y])[0][0]
    expected = (there - west) / 2.0 - 0.5
    assert read_layer(source(tmp_path / "r.tif"), GRID)[11, 7] == pytest.approx(expected, abs=0.02)
    near = read_layer(source(tmp_path / "r.tif"), GRID, How.NEAREST)
    assert near[11, 7] == math.floor((there - west) / 2.0)


def test_a_layer_of_cells_that_are_not_square_is_no_layer_of_the_grid(tmp_path):
    """20 x 20 cells of 5 x 4 m cover 80 m to the south: the rest of 100 m is not known."""
    values = np.full((20, 20), 0.04)
    tif(tmp_path / "n.tif", values, transform=Affine(5, 0, 500000, 0, -4, 3800000))
    n = read_layer(source(tmp_path / "n.tif"), GRID)
    assert np.isfinite(n[:16]).all() and np.isnan(n[16:]).all()


# -------------------------------------------------------------------------------- vectors: systems
def test_a_layer_in_another_system_is_moved(tmp_path):
    """ED50 over ETRS89: the same numbers lie 94 m east, 204 m north of where they are meant."""
    grid = Grid(100, 100, 5.0, 430000.0, 4582400.0, "EPSG:25831")
    layer(tmp_path / "b.gpkg", [shapely.box(430200, 4582200, 430250, 4582250)], "EPSG:23031")
    log_source = source(tmp_path / "b.gpkg")
    (shape,) = read_geometries(log_source, grid, (AREA,))
    assert shape.centroid.x == pytest.approx(430225 - 94, abs=2.0)
    assert shape.centroid.y == pytest.approx(4582225 - 204, abs=2.0)
    assert "EPSG:23031, reprojected to EPSG:25831" in log_source.log.lines["b.gpkg"]


def test_a_datum_without_a_known_way_is_refused(tmp_path):
    """Xi'an 80 lies some hundred metres off CGCS2000; PROJ has no way: as it stands is wrong."""
    grid = Grid(20, 20, 5.0, 500000.0, 3800000.0, "EPSG:4547")
    layer(tmp_path / "b.gpkg", [box(0, 0, 50, 50)], "EPSG:2383")  # Xian 1980, CM 114E
    with refused("E203", "another datum", "ogr2ogr -t_srs EPSG:4547"):
        read_geometries(source(tmp_path / "b.gpkg"), grid)
    tif(tmp_path / "n.tif", np.full((20, 20), 0.04), "EPSG:2383")
    with refused("E203", "gdalwarp -t_srs EPSG:4547 -te"):
        read_layer(source(tmp_path / "n.tif"), grid)


def geojson(path, *geometries, **members):
    features = [{"type": "Feature", "properties": {}, "geometry": g} for g in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}))
    return path


def degrees(shape, swapped=False):
    xs, ys = zip(*shape.exterior.coords, strict=True)
    lon, lat = transform(UTM, "EPSG:4326", xs, ys)
    pairs = zip(lat, lon, strict=True) if swapped else zip(lon, lat, strict=True)
    return {"type": "Polygon", "coordinates": [[list(p) for p in pairs]]}


def test_geojson_in_degrees_is_read(tmp_path):
    geojson(tmp_path / "b.geojson", degrees(box(20, 20, 60, 60)))
    (shape,) = read_geometries(source(tmp_path / "b.geojson"), GRID, (AREA,))
    assert shape.equals_exact(box(20, 20, 60, 60).normalize(), 1e-3) or (
        shape.symmetric_difference(box(20, 20, 60, 60)).area < 0.1
    )
    geojson(tmp_path / "m.geojson", json.loads(shapely.to_geojson(box(20, 20, 60, 60))))
    (as_it_is,) = read_geometries(source(tmp_path / "m.geojson"), GRID, (AREA,))
    assert as_it_is.equals(box(20, 20, 60, 60))
    geojson(tmp_path / "s.geojson", degrees(box(20, 20, 60, 60), swapped=True))
    with refused("E204", "swapped"):
        read_geometries(source(tmp_path / "s.geojson"), GRID, (AREA,))


def test_a_shapefile_is_read_with_its_system_and_cut_names(tmp_path):
    shape = shapely.transform(
        box(20, 20, 60, 60),
        lambda xy: np.column_stack(transform(UTM, "EPSG:32650", *xy.T)),
    )
    layer(tmp_path / "b.shp", [shape], "EPSG:32650", kind="Polygon", ground_flo=[0.4], use=["home"])
    features = read_features(
        source(tmp_path / "b.shp"), GRID, (AREA,), ("ground_floor_m", "use", "people")
    )
    assert features.shapes[0].area == pytest.approx(1600.0, rel=1e-3)
    assert features.columns["ground_floor_m"].tolist() == [0.4] and "people" not in features.columns
    (tmp_path / "b.prj").unlink()
    wgs = shapely.box(111.0, 34.3, 111.001, 34.301)
    layer(tmp_path / "w.shp", [wgs], None, kind="Polygon", use=["home"])
    with refused("E244", r"\.prj", "ogr2ogr -a_srs EPSG:4326"):
        read_geometries(source(tmp_path / "w.shp"), GRID)
    (tmp_path / "w.dbf").unlink()
    with refused("E110", "no w.dbf"):
        read_geometries(source(tmp_path / "w.shp"), GRID)


# -------------------------------------------------------------------------- vectors: layers, kinds
def test_of_several_layers_one_is_chosen(tmp_path):
    path = layer(tmp_path / "b.gpkg", [box(0, 0, 90, 90)], name="parcels")
    layer(path, [box(20, 20, 60, 60)], name="buildings")
    with refused("E240", "2 layers", "parcels, buildings", "layer ="):
        read_geometries(source(path), GRID)
    (shape,) = read_geometries(source(path, layer="buildings"), GRID)
    assert shape.area == 1600.0
    with refused("E240", "did you mean `buildings`"):
        read_geometries(source(path, layer="building"), GRID)


def test_a_table_of_styles_is_no_layer(tmp_path):
    path = layer(tmp_path / "b.gpkg", [box(20, 20, 60, 60)])
    write_vector(
        str(path), None, [np.array(["x"], object)], np.array(["style"]), driver="GPKG",
        layer="layer_styles", geometry_type=None, crs=None,
    )  # fmt: skip
    assert len(read_geometries(source(path), GRID)) == 1


def test_lines_of_several_parts_are_lines(tmp_path):
    parts = shapely.MultiLineString([line((0, 50), (40, 50)), line((60, 50), (100, 50))])
    path = layer(tmp_path / "r.gpkg", [parts, line((50, 0), (50, 100))], name="r", code=["a", "b"])
    features = read_features(source(path), GRID, (LINE,), ("code",))
    assert [s.geom_type for s in features.shapes] == [LINE] * 3
    assert features.columns["code"].tolist() == ["a", "a", "b"]
    assert features.number.tolist() == [1, 1, 2]


def test_null_geometries_open_rings_and_strange_kinds_are_one_message(tmp_path):
    ring = [[500020, 3799920], [500060, 3799920], [500060, 3799960], [500020, 3799960]]
    geojson(
        tmp_path / "b.geojson",
        {"type": "Polygon", "coordinates": [ring]},  # not closed
        None,
        {"type": "Point", "coordinates": [500020, 3799920]},
        {"type": "Polygon", "coordinates": []},
    )
    log_source = source(tmp_path / "b.geojson")
    (shape,) = read_geometries(log_source, GRID, (AREA,))
    assert shape.area == 1600.0
    gone, other = log_source.log.findings
    assert gone.code == other.code == "W246"
    assert "2 of 4 features have no geometry" in gone.problem and gone.given == "feature 2, 4"
    assert "1 of 4 features are no polygons" in other.problem
    geojson(tmp_path / "n.geojson", None, None)
    with refused("E204", "no feature has a geometry"):
        read_geometries(source(tmp_path / "n.geojson"), GRID)
    with refused("E205", "no lines", "Polygon"):
        read_geometries(source(tmp_path / "b.geojson"), GRID, (LINE,))


def test_polygons_that_leave_no_trace_are_counted(tmp_path):
    """A wall of 1 m between the centres of cells of 5 m: the water ran through it."""
    wall, house = box(50.2, 0, 51.2, 100), box(10, 10, 40, 40)
    path = layer(tmp_path / "b.gpkg", [wall, house, box(-90, 0, -89, 9)])
    log_source = source(path)
    read_geometries(log_source, GRID, (AREA,))
    (doubt,) = log_source.log.findings
    assert doubt.code == "W245" and "1 of 3 polygons" in doubt.problem and "wall" in doubt.do
    assert doubt.at[0] == pytest.approx((500050.7, 3799950.0))


# ---------------------------------------------------------------------------------------- exposure
EXPOSURE = '[exposure]\nbuildings = { file = "b.gpkg", KEYS }\n'


def test_own_names_of_fields_and_uses(tmp_path):
    tif(tmp_path / "dem.tif", np.full((20, 20), 10.0))
    shapes = [box(10, 10, 40, 40), box(50, 50, 80, 80)]
    layer(tmp_path / "b.gpkg", shapes, art=["Wohnhaus", "Lager"], storeys=[3, 1])
    keys = 'fields = { use = "art", floors = "storeys" }'
    with refused("E104", "2 of 2 buildings", "Wohnhaus, Lager", "uses ="):
        load(tmp_path, case(more=EXPOSURE.replace("KEYS", keys)))
    keys += ', uses = { Wohnhaus = "residential", Lager = "industrial" }'
    exposure = load(tmp_path, case(more=EXPOSURE.replace("KEYS", keys))).exposure
    assert exposure.use.tolist() == [0, 2] and exposure.floors.tolist() == [3.0, 1.0]
    other = keys.replace(', Lager = "industrial" }', ' }, other = "commercial"')
    exposure = load(tmp_path, case(more=EXPOSURE.replace("KEYS", other))).exposure
    assert exposure.use.tolist() == [0, 1]
    with refused("E104", "did you mean `storeys`"):
        load(tmp_path, case(more=EXPOSURE.replace("KEYS", 'fields = { floors = "story" }')))


def test_small_houses_take_the_nearest_cell_and_doubles_count_once(tmp_path):
    """A house of 2 m off all centres; one outside; nine that stand in one place of a cell; a
    double.
    """
    tif(tmp_path / "dem.tif", np.full((20, 20), 10.0))
    small, double = box(51, 51, 52, 52), box(10, 10, 20, 20)
    full = [box(70.1 + 0.4 * k, 70.1, 70.4 + 0.4 * k, 70.4) for k in range(10)]
    shapes = [double, double, small, box(-30, 0, -10, 20), *full]
    layer(tmp_path / "b.gpkg", shapes, people=[float(k) for k in [5, 5, 3, 2, *range(10, 20)]])
    inputs = load(tmp_path, case(more='[exposure]\nbuildings = "b.gpkg"\n'))
    e, found = inputs.exposure, {f.code: f for f in inputs.findings}
    assert e.people.tolist() == [5.0, 3.0, 2.0, *map(float, range(10, 20))]
    owned = set(np.unique(e.building)) - {0}
    assert set(range(1, 14)) - owned == {3, 13}  # outside; the last one has no cell left
    assert e.building[9, 10] == 2  # the cell that holds 51.5, 51.5
    assert "1 of 14 buildings repeat" in found["W247"].problem
    assert "11 of 13 buildings are smaller than a cell" in found["W541"].problem
    assert "1 of 13 buildings lie outside" in found["W542"].problem
    assert e.cell[-1] == 5 * 20 + 14 and e.cell[2] == -1


# ------------------------------------------------------------------------- one door for each kind
def test_maps_are_opened_at_their_doors_alone():
    """Who opens a map elsewhere does not know what it says of itself. Results of our own runs and
    the self-test are no input.
    """
    doors = {"scenario/doors/rasters.py", "scenario/doors/vectors.py"}
    own = {"analysis/pictures/plots.py", "runs/doctor.py"}
    words = {"pyogrio": {"read", "read_info", "list_layers", "read_dataframe", "open_arrow"}}
    words["rasterio"] = {"open"}
    found = set()
    for path in (ROOT / "flood_sim").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not any(name in text for name in ("rasterio", "pyogrio", "fiona", "pandas", "osgeo")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute):
                head = ast.unparse(node.value).split(".")[0]
                reads = node.attr in words.get(head, ())
            elif isinstance(node, ast.ImportFrom):
                head = (node.module or "").split(".")[0]
                reads = bool({a.name for a in node.names} & words.get(head, set()))
                reads |= head in ("fiona", "geopandas", "osgeo")
            else:
                continue
            if reads:
                found.add(str(path.relative_to(ROOT / "flood_sim")))
    assert found == doors | own


def test_systems_written_otherwise_are_the_same():
    esri = rasterio.crs.CRS.from_epsg(4547).to_wkt(version="WKT1_ESRI")
    ours = systems.system_of("EPSG:4547", "x")
    assert systems.same_system(systems.system_of(esri, "x"), ours)
    assert not systems.same_system(systems.system_of("EPSG:4548", "x"), ours)


# -------------------------------------------------------------------------------- whole scenarios
FEET_NETWORK = """[OPTIONS]
FLOW_UNITS CFS
FLOW_ROUTING DYNWAVE
[JUNCTIONS]
A 90 10 0 0 0
B 90 10 0 0 0
C 90 10 0 0 0
[OUTFALLS]
O 80 FREE NO
[CONDUITS]
C1 A B 100 0.013 0 0
C2 B C 100 0.013 0 0
C3 C O 100 0.013 0 0
[XSECTIONS]
C1 CIRCULAR 2 0 0 0
C2 CIRCULAR 2 0 0 0
C3 CIRCULAR 2 0 0 0
[COORDINATES]
A 984100 199900
B 984200 199900
C 984300 199900
O 984400 199900
"""


def test_a_network_lies_on_the_terrain_s_map_in_feet(tmp_path):
    """Node A at (984100, 199900) ft on cells of 16.4 ft from (984000, 200000): row 6, column 6; its
    rim, 100 ft, is the ground.
    """
    values = np.full((40, 40), 100.0)
    tif(tmp_path / "dem.tif", values, "EPSG:2263", 16.4, (984000.0, 200000.0))
    (tmp_path / "n.inp").write_text(FEET_NETWORK)
    sewers = '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n'
    inputs = load(tmp_path, case('bed_elevation = "dem.tif"\nelevation_unit = "ft"', more=sewers))
    assert inputs.drainage.return_cells["A"] == ((6, 6),)
    x, y = inputs.drainage.network.coordinates()["A"]
    assert (x, y) == pytest.approx((984100 * SURVEY, 199900 * SURVEY), abs=1e-3)
    assert not any(f.code in ("W402", "W403") for f in inputs.findings)
    assert any("n.inp: map coordinates in US survey foot" in line for line in inputs.read_as)
    # a network whose map is in metres already is left as it is
    metres = FEET_NETWORK
    for feet in ("984100", "984200", "984300", "984400", "199900"):
        metres = metres.replace(feet, f"{float(feet) * SURVEY:.3f}")
    (tmp_path / "n.inp").write_text(metres)
    inputs = load(tmp_path, case('bed_elevation = "dem.tif"\nelevation_unit = "ft"', more=sewers))
    assert inputs.drainage.return_cells["A"] == ((6, 6),)


def test_check_says_how_each_file_was_read(tmp_path):
    tif(tmp_path / "dem.tif", np.full((20, 20), 10.0))
    layer(tmp_path / "b.gpkg", [box(20, 20, 60, 60), box(73, 0, 74, 90)])
    (tmp_path / "s.toml").write_text(case(buildings='buildings = "b.gpkg"'))
    told = flood_sim("check", tmp_path / "s.toml")
    assert told.returncode == 0
    lines = [line for line in told.stdout.splitlines() if line.startswith("read as: ")]
    assert lines[0] == "read as: dem.tif: EPSG:32649; band 1 of 1; elevations in m (not stated)"
    assert lines[1].startswith("read as: b.gpkg: layer b; EPSG:32649; 2 features")
    assert "W245 b.gpkg: 1 of 2 polygons" in told.stdout
    document = json.loads(flood_sim("check", tmp_path / "s.toml", "--json").stdout)
    assert document["read_as"] == [line.removeprefix("read as: ") for line in lines]
    # the log is of one build: read again it says the same, once
    scenario = load_scenario(tmp_path / "s.toml")
    first, again = build_inputs(scenario), build_inputs(scenario)
    assert first.read_as == again.read_as and first.findings == again.findings
    assert run_key(first) == run_key(replace(first, read_as=()))


def test_the_log_is_of_one_build(tmp_path):
    """What a portfolio's measure reads is not told of the baseline built after it."""
    tif(tmp_path / "dem.tif", np.full((20, 20), 10.0))
    layer(tmp_path / "t.gpkg", [box(20, 20, 60, 60), box(72, 0, 73, 90)], name="t")
    green = """[measure.g]
kind = "sunken_green"
targets = { vector = { file = "t.gpkg", layer = "t" } }
depth_m = 0.05
[portfolio.p]
measures = ["g"]
"""
    (tmp_path / "s.toml").write_text(case(more=green))
    scenario = load_scenario(tmp_path / "s.toml")
    built, plain = build_inputs(scenario, "p"), build_inputs(scenario)
    assert [line.split(":")[0] for line in built.read_as] == ["dem.tif", "t.gpkg, t"]
    assert [line.split(":")[0] for line in plain.read_as] == ["dem.tif"]


def test_geojson_of_ours_is_in_degrees():
    """(500000, 3800000) of zone 49 is 111 E, 34.3413 N; a laboratory case lies nowhere."""
    point = {"type": "Feature", "properties": {}, "geometry": {"type": "Point"}}
    point["geometry"]["coordinates"] = [500000.0, 3800000.0]
    ring = [[(500000.0, 3800000.0), (500010.0, 3800000.0), (500000.0, 3800000.0)]]
    area = {"type": "Feature", "properties": {}}
    area["geometry"] = {"type": "Polygon", "coordinates": ring}
    placed = feature_collection([point, area, area | {"geometry": None}], UTM)["features"]
    assert placed[0]["geometry"]["coordinates"] == pytest.approx([111.0, 34.341302716])
    assert placed[1]["geometry"]["coordinates"][0][1] == pytest.approx([111.00010872, 34.341302716])
    assert placed[2]["geometry"] is None and point["geometry"]["coordinates"][0] == 500000.0
    local = feature_collection([point], "local")
    assert local["features"] == [point] and "not georeferenced" in local["note"]


def test_ground_from_rims_on_a_map_in_feet(tmp_path):
    """Three rims of 100 ft on a map in feet: ground of 30.48 m, cells in metres."""
    (tmp_path / "n.inp").write_text(FEET_NETWORK)
    text = case(
        "bed_elevation = { from_rims = true, cells = 100 }",
        more='[grid]\ncrs = "EPSG:2263"\n[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n',
    )
    inputs = load(tmp_path, text)
    grid = inputs.terrain.grid
    assert grid.crs == "EPSG:32118" and grid.west_m < 984100 * SURVEY < grid.bounds[2]
    assert grid.bounds[2] - grid.west_m < 150.0  # 200 ft and margins
    assert inputs.terrain.bed_elevation == pytest.approx(30.48, abs=1e-6)
    assert set("ABC") <= set(inputs.drainage.return_cells)
    with refused("E202", "degrees"):
        load(tmp_path, text.replace("EPSG:2263", "EPSG:4326"))


def test_streets_of_several_parts_are_judged(tmp_path):
    """A street drawn as MultiLineString was no street: the standard was passed over 0.55 m. Widths
    and names that are empty take their defaults.
    """
    tif(tmp_path / "dem.tif", np.full((20, 20), 10.0))
    low = shapely.MultiLineString([line((0, 22), (40, 22)), line((60, 22), (100, 22))])
    high = line((0, 72), (100, 72))
    layer(tmp_path / "r.gpkg", [low, high], width_m=[np.nan, 12.0], art=["Haupt", ""])
    roads = 'roads = { file = "r.gpkg", fields = { name = "art", zone = "art" }, KEYS }'
    roads = "[exposure]\n" + roads.replace("KEYS", 'zones = { Haupt = "important" }')
    streets = load(tmp_path, case(more=roads + "\n")).exposure.streets
    assert streets.name == ("Haupt", "Haupt", "road 2")
    assert streets.length_m.tolist() == [40.0, 40.0, 100.0]
    assert streets.zone.tolist() == [2, 2, 1]
    with refused("E104", "2 of 3 roads", "Haupt", "zones ="):
        load(tmp_path, case(more=roads.replace("Haupt =", "Neben =") + "\n"))
