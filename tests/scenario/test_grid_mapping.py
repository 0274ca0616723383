"""From the raster's coordinate system to the grid mapping in fields.nc: PROJ in pyproj and in
rasterio agree, and what is written is read back as the same system.
"""

from dataclasses import replace

import netCDF4
import numpy as np
import pyproj
import pytest
from rasterio.crs import CRS as GdalCRS  # noqa: N811 (two classes of one name)

from flood_sim.output.fields import FieldsFile
from flood_sim.output.grid_mapping import grid_mapping
from scenario.test_loader import GOOD, load, raster_text, write_raster

UTM, GAUSS_KRUGER, LAMBERT, WEB_MERCATOR, MERCATOR = (
    f"EPSG:{code}" for code in (32650, 4547, 2154, 3857, 3395)
)
EVERY = (UTM, GAUSS_KRUGER, LAMBERT, WEB_MERCATOR, MERCATOR)


@pytest.mark.parametrize("code", EVERY)
def test_pyproj_and_rasterio_mean_the_same_system(code):
    """One PROJ lies in each of the two packages, with tables of its own."""
    ours, gdal = pyproj.CRS.from_user_input(code), GdalCRS.from_user_input(code)
    assert f"EPSG:{ours.to_epsg()}" == f"EPSG:{gdal.to_epsg()}" == code
    assert pyproj.CRS.from_wkt(gdal.to_wkt()).equals(ours, ignore_axis_order=True)
    assert GdalCRS.from_wkt(ours.to_wkt()) == gdal


def written(folder, code):
    """Attributes of `crs` in the fields.nc of a scenario with this system. A terrain so far from
    the equator is refused on Mercator's maps (E242): a grid is given one behind the reader.
    """
    world = code in (WEB_MERCATOR, MERCATOR)
    write_raster(folder / "dem.tif", np.ones((10, 12)), crs=UTM if world else code)
    inputs = load(folder, raster_text())
    grid = replace(inputs.terrain.grid, crs=code if world else inputs.terrain.grid.crs)
    inputs = replace(inputs, terrain=replace(inputs.terrain, grid=grid))
    FieldsFile(folder / "fields.nc", inputs)._file.close()
    with netCDF4.Dataset(folder / "fields.nc") as file:
        return {name: file["crs"].getncattr(name) for name in file["crs"].ncattrs()}


@pytest.mark.parametrize("code", EVERY)
def test_the_written_mapping_is_the_grids_system(code, tmp_path):
    told = written(tmp_path, code)
    assert pyproj.CRS.from_cf(told).to_epsg() == int(code[5:])
    assert GdalCRS.from_wkt(told["spatial_ref"]) == GdalCRS.from_user_input(code)
    assert told["GeoTransform"] == "472000.0 5.0 0 3846100.0 0 -5.0"


@pytest.mark.parametrize("code", [UTM, GAUSS_KRUGER, LAMBERT, MERCATOR])
def test_cfs_parameters_alone_place_a_point(code, tmp_path):
    """Readers that know no WKT. Web Mercator is none of CF's kinds: it has its WKT alone."""
    told = written(tmp_path, code)
    del told["crs_wkt"], told["spatial_ref"]
    there, back = (
        pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
        for system in (pyproj.CRS.from_user_input(code), pyproj.CRS.from_cf(told))
    )
    assert there.transform(472000.0, 3846100.0) == pytest.approx(
        back.transform(472000.0, 3846100.0), abs=1e-9
    )  # degrees; measured 0


def test_what_cf_does_not_name_is_not_named():
    """Web Mercator computes on a sphere: as CF's `mercator` it would lie 20 km off."""
    assert "grid_mapping_name" not in grid_mapping(WEB_MERCATOR)
    assert grid_mapping(LAMBERT)["standard_parallel"] == (49.0, 44.0)


def test_a_local_grid_says_so(tmp_path):
    FieldsFile(tmp_path / "fields.nc", load(tmp_path, GOOD))._file.close()
    with netCDF4.Dataset(tmp_path / "fields.nc") as file:
        assert "not georeferenced" in file["crs"].long_name and file["crs"].crs_wkt == ""


def test_proj_fetches_nothing():
    grid_mapping(UTM)
    assert not pyproj.network.is_network_enabled()
