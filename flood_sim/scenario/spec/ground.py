"""[grid], [terrain] and [initial]: where the model lies, and on what ground."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from flood_sim.core.files.map_keys import MaskFile, RasterFile, VectorFile
from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.schema_texts import UnfitError
from flood_sim.scenario.spec.water import LandCover, Section


class GridSpec(Section):
    cell_size_m: float | None = Field(
        None, gt=0.0, le=1000.0, description="resample to this cell; area-weighted"
    )
    extent: str | VectorFile | None = Field(
        None, description="polygons (GeoPackage, GeoJSON, shapefile) to clip to"
    )
    bounds_m: tuple[float, float, float, float] | None = Field(
        None, description="west, south, east, north to clip to"
    )
    crs: str | None = Field(
        None,
        description=(
            'only where the raster has none, e.g. "EPSG:4547"; "local" for laboratory cases'
        ),
    )

    @model_validator(mode="after")
    def _ordered(self) -> GridSpec:
        if self.bounds_m is not None and not (
            self.bounds_m[0] < self.bounds_m[2] and self.bounds_m[1] < self.bounds_m[3]
        ):
            raise UnfitError(
                "west must be below east, and south below north",
                do="write bounds_m as west, south, east, north",
            )
        return self


class FromRims(Section):
    from_rims: Literal[True]
    cells: int = Field(250_000, ge=100, le=100_000_000)


class FlatBed(Section):
    """A laboratory bed: a plane with optional boxes, for cases without a raster."""

    columns: int = Field(ge=1, le=20_000)
    rows: int = Field(ge=1, le=20_000)
    cell_size_m: float = Field(gt=0.0, le=10_000.0)
    level_m: float = Field(0.0, ge=LOWEST_M, le=HIGHEST_M)
    slope_x: float = Field(
        0.0, ge=-10.0, le=10.0, description="rise of the bed per metre to the east"
    )
    slope_y: float = Field(
        0.0, ge=-10.0, le=10.0, description="rise of the bed per metre to the north"
    )
    boxes: tuple[tuple[float, float, float, float, float, float], ...] = Field(
        (),
        description=(
            "[west, south, east, north, level_m at x = 0, rise per metre to the east]: parts of the"
            " bed with their own plane"
        ),
    )


class TerrainSpec(Section):
    bed_elevation: str | RasterFile | FromRims | FlatBed = Field(
        description=(
            "raster (GeoTIFF, ASCII grid), { file, band } of one with several bands, or"
            " { columns, rows, cell_size_m, ... }"
        )
    )
    elevation_unit: Literal["m", "ft", "us-ft", "cm", "dm", "mm"] | None = Field(
        None,
        description=(
            "of the raster's elevations; absent: what the file states, else m (a map in feet must"
            " state it)"
        ),
    )
    manning_n: float | str | LandCover | RasterFile = Field(
        0.03, description="number 0.008 to 0.5, raster, { file, band }, or { file, table }"
    )
    buildings: str | MaskFile | None = Field(
        None,
        description="polygons (GeoPackage, GeoJSON, shapefile) or raster mask, or { file, layer }",
    )
    building_treatment: Literal["block", "hole", "porosity"] = Field(
        "hole",
        description=(
            "block: raised; hole: left out; porosity: water stands and passes in the share of a"
            " cell that buildings leave open (coarse grids)"
        ),
    )
    building_height_m: float = Field(
        5.0, gt=0.0, le=500.0, description="block: roof over the ground"
    )
    walls_above_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="cells higher than this are buildings (hole)"
    )
    vertical_datum: str = Field("not stated", description="e.g. 1985 National Height Datum")


class StageInside(Section):
    level_m: float = Field(
        ge=LOWEST_M, le=HIGHEST_M, description="of the standing water, on the datum of the ground"
    )
    inside: str | VectorFile | None = Field(
        None, description="polygon file; everywhere below the level where absent"
    )


class Initial(Section):
    depth: float | str | RasterFile = Field(0.0, description="m, number 0 to 200, or raster")
    stage: tuple[StageInside, ...] = Field(
        (), description="[[initial.stage]]: water up to a level inside an area"
    )
