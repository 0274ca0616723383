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


@pytest.mark.parametrize("code", EVERY)
def test_cfs_parameters_alone_place_a_point(code, tmp_path):
    """Readers that know no WKT. Web Mercator is CF's `mercator` on a sphere."""
    told = written(tmp_path, code)
    del told["crs_wkt"], told["spatial_ref"]
    there, back = (
        pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
        for system in (pyproj.CRS.from_user_input(code), pyproj.CRS.from_cf(told))
    )
    assert there.transform(472000.0, 3846100.0) == pytest.approx(
        back.transform(472000.0, 3846100.0), abs=1e-9
    )  # degrees; measured 0


def test_web_mercator_lies_on_a_sphere():
    """As CF's `mercator` on the ellipsoid it would lie 20 km off."""
    told = grid_mapping(WEB_MERCATOR)
    assert told["earth_radius"] == 6378137.0 and "semi_minor_axis" not in told
    assert grid_mapping(LAMBERT)["standard_parallel"] == (49.0, 44.0)


def test_a_local_grid_says_so(tmp_path):
    FieldsFile(tmp_path / "fields.nc", load(tmp_path, GOOD))._file.close()
    with netCDF4.Dataset(tmp_path / "fields.nc") as file:
        assert "not georeferenced" in file["crs"].long_name
        assert "crs_wkt" not in file["crs"].ncattrs()
        for variable in file.variables.values():  # CF 5.6: what is named must be a mapping
            assert "grid_mapping" not in variable.ncattrs()
            assert not getattr(variable, "standard_name", "").startswith("projection_")


# The checker (6.1) reads its own list of attributes of `mercator` letter by letter: both are left out.
@pytest.mark.parametrize("code", [UTM, GAUSS_KRUGER, LAMBERT, "local"])
def test_the_compliance_checker_finds_nothing(code, tmp_path):
    """CF-1.11 with the table of standard names that comes with the checker: no network."""
    from compliance_checker import runner

    text = GOOD
    if code != "local":
        write_raster(tmp_path / "dem.tif", np.ones((10, 12)), crs=code)
        text = raster_text()
    FieldsFile(tmp_path / "fields.nc", load(tmp_path, text))._file.close()
    runner.CheckSuite.load_all_available_checkers()
    passed, failed = runner.ComplianceChecker.run_checker(
        str(tmp_path / "fields.nc"),
        ["cf:1.11"],
        0,
        "strict",
        output_filename=str(tmp_path / "said.txt"),
        output_format="text",
    )
    said = (tmp_path / "said.txt").read_text()
    assert passed and not failed and "potential issue" not in said, said


def test_proj_fetches_nothing():
    grid_mapping(UTM)
    assert not pyproj.network.is_network_enabled()
