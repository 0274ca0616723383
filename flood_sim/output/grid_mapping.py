"""The coordinate system of a grid as attributes of a NetCDF file: CF's parameters and WKT."""

from __future__ import annotations

from typing import Any


def grid_mapping(crs: str) -> dict[str, Any]:
    """Attributes of the variable `crs`: parameters of the projection where CF names its kind
    (metres, degrees), the whole as WKT in `crs_wkt`, and again in `spatial_ref`, where GDAL looks.
    """
    if crs == "local":
        told = "local coordinates, not georeferenced"
        return {"crs_wkt": "", "spatial_ref": "", "long_name": told}
    import pyproj
    from rasterio.crs import CRS

    pyproj.network.set_network_enabled(active=False)  # PROJ fetches nothing
    wkt = str(CRS.from_user_input(crs).to_wkt())  # rasterio's table of codes is the only one
    return {**pyproj.CRS.from_wkt(wkt).to_cf(), "spatial_ref": wkt}
