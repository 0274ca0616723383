"""GeoJSON as its standard has it (RFC 7946): longitude and latitude on WGS 84."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DIGITS = 8  # of a degree: a millimetre


def feature_collection(features: Iterable[dict[str, Any]], crs: str) -> dict[str, Any]:
    """Features of a map in degrees. A laboratory case ("local") lies nowhere: its metres stay, and
    the member `coordinates_in` says so.
    """
    rows = list(features)
    if crs == "local":
        note = "metres of a local grid: on no map"
        return {"type": "FeatureCollection", "coordinates_in": note, "features": rows}
    import pyproj
    from rasterio.crs import CRS

    pyproj.network.set_network_enabled(active=False)  # PROJ fetches nothing
    wkt = CRS.from_user_input(crs).to_wkt()  # rasterio's table of codes is the only one
    way = pyproj.Transformer.from_crs(pyproj.CRS.from_wkt(wkt), "EPSG:4326", always_xy=True)
    placed = [row | {"geometry": _placed(row["geometry"], way)} for row in rows]
    return {"type": "FeatureCollection", "features": placed}


def _placed(geometry: dict[str, Any] | None, way: Any) -> dict[str, Any] | None:
    if geometry is None:
        return None
    return geometry | {"coordinates": _degrees(geometry["coordinates"], way)}


def _degrees(at: Any, way: Any) -> list[Any]:
    """Of a place, or of lists of places however deep."""
    if at and isinstance(at[0], int | float):
        lon, lat = way.transform(at[0], at[1])
        return [round(float(lon), DIGITS), round(float(lat), DIGITS)]
    return [_degrees(part, way) for part in at]
