"""Keys of a map file where its name alone does not say what is meant: which layer, which band,
which of its fields.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class MapKeys(BaseModel):
    """Base: a table may stand wherever a file's name may stand."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    file: str = Field(description="file of the map")


class VectorFile(MapKeys):
    """Polygons, lines or points of one layer."""

    layer: str | None = Field(None, description="of a file with several")


class RasterFile(MapKeys):
    """One band of a raster."""

    band: int | None = Field(None, ge=1, le=65_535, description="of a raster with several")


class MaskFile(MapKeys):
    """Polygons or a raster."""

    layer: str | None = Field(None, description="of polygons in a file with several layers")
    band: int | None = Field(None, ge=1, le=65_535, description="of a raster with several")


class PeopleFile(RasterFile):
    """A raster of people."""

    per: Literal["cell", "ha", "km2"] = Field(
        "cell",
        description="what its numbers mean: people a cell of the raster (summed), a ha, a km2",
    )


class RoadFile(VectorFile):
    """Roads with the user's own names of fields and zones."""

    fields: dict[Literal["width_m", "zone", "name"], str] = Field(
        {}, description='our name = the name in the file, e.g. { width_m = "BREITE" }'
    )
    zones: dict[str, Literal["outside", "centre", "important"]] = Field(
        {}, description="word in the file = our zone"
    )
    other: Literal["outside", "centre", "important"] | None = Field(
        None, description="zone of all words that are not in zones"
    )


class BuildingFile(VectorFile):
    """Buildings with the user's own names of fields and uses."""

    fields: dict[Literal["use", "floors", "ground_floor_m", "people"], str] = Field(
        {}, description='our name = the name in the file, e.g. { floors = "storeys" }'
    )
    uses: dict[str, Literal["residential", "commercial", "industrial"]] = Field(
        {}, description='word in the file = our use, e.g. { yes = "residential" }'
    )
    other: Literal["residential", "commercial", "industrial"] | None = Field(
        None, description="use of all words that are not in uses"
    )


def named(value: str | MapKeys) -> str:
    """The file that a key names."""
    return value if isinstance(value, str) else value.file
