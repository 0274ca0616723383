"""Places as GeoJSON: degrees, as RFC 7946 has them; any program puts them where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

DECIMALS = 8  # of a degree: 1 mm


def feature_collection(features: Sequence[dict[str, Any]], crs: str) -> dict[str, Any]:
    """A document of features in a system, in degrees of WGS 84 (longitude first); of a local grid
    as they are, which is said. `properties` stay.
    """
    if crs == "local":
        told = "local coordinates, m; not georeferenced"
        return {"type": "FeatureCollection", "note": told, "features": list(features)}
    from rasterio.warp import transform_geom

    geometries = [f["geometry"] for f in features if f["geometry"] is not None]
    moved = iter(transform_geom(crs, "OGC:CRS84", geometries) if geometries else [])
    found = [
        f if f["geometry"] is None else f | {"geometry": _rounded(next(moved))} for f in features
    ]
    return {"type": "FeatureCollection", "features": found}


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": geometry["type"], "coordinates": _short(geometry["coordinates"])}


def _short(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_short(v) for v in value]
    return round(float(value), DECIMALS)
