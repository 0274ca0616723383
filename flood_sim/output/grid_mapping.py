"""The coordinate system of a grid as attributes of a NetCDF file: CF's parameters and WKT."""

from __future__ import annotations

from typing import Any

# Web Mercator is Mercator on a sphere of the ellipsoid's large radius (EPSG 1024): on that sphere
# CF's `mercator` places every point as it does; on the ellipsoid it would lie 20 km off.
WEB_MERCATOR: dict[str, Any] = {
    "grid_mapping_name": "mercator",
    "earth_radius": 6378137.0,
    "longitude_of_projection_origin": 0.0,
    "standard_parallel": 0.0,
    "false_easting": 0.0,
    "false_northing": 0.0,
}


def grid_mapping(crs: str) -> dict[str, Any]:
    """Attributes of the variable `crs`: parameters of the projection where CF names its kind
    (metres, degrees), the whole as WKT in `crs_wkt`, and again in `spatial_ref`, where GDAL looks.
    A local grid has none: its variables name no mapping (`is_placed`).
    """
    if crs == "local":
        return {"long_name": "local coordinates, not georeferenced"}
    import pyproj
    from rasterio.crs import CRS

    pyproj.network.set_network_enabled(active=False)  # PROJ fetches nothing
    wkt = str(CRS.from_user_input(crs).to_wkt())  # rasterio's table of codes is the only one
    system = pyproj.CRS.from_wkt(wkt)
    operation = system.coordinate_operation
    told = dict(system.to_cf())
    if operation is not None and operation.method_name == "Popular Visualisation Pseudo Mercator":
        return {**WEB_MERCATOR, "crs_wkt": told["crs_wkt"], "spatial_ref": wkt}
    return {**told, "spatial_ref": wkt}


def is_placed(crs: str) -> bool:
    """Whether a grid has a coordinate system that its variables can name."""
    return crs != "local"
