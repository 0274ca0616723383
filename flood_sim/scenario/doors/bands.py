"""Which band of a raster is meant, and whether its numbers are colours."""

from __future__ import annotations

from typing import Any

from flood_sim.core.errors import input_error
from flood_sim.scenario.doors.map_source import MapSource

PICTURE = (
    "red",
    "green",
    "blue",
    "cyan",
    "magenta",
    "yellow",
    "black",
    "hue",
    "saturation",
    "lightness",
)


def chosen_band(source: MapSource, data: Any) -> int:
    """The band that is meant. Raises InputError where there are several and none is chosen."""
    from rasterio.enums import ColorInterp

    pages = len(data.subdatasets)
    if pages > 1:
        raise input_error(
            "E240",
            source.name,
            f"the file holds {pages} rasters: which one is meant?",
            given=", ".join(text.split("/")[-1] for text in data.subdatasets[:4]),
            allowed="one raster a file",
            do=f"write one of them into a file: gdal_translate GTIFF_DIR:1:{source.name} one.tif,"
            " and name that file",
        )
    named = [k for k in data.indexes if data.colorinterp[k - 1] != ColorInterp.alpha]
    if source.band is not None and source.band not in data.indexes:
        raise input_error(
            "E240",
            source.name,
            "the raster has no such band",
            given=f"band = {source.band}",
            allowed=f"1 to {data.count}",
            do="choose another band",
        )
    if source.band is None and len(named) != 1:
        told = [f"{k} {data.descriptions[k - 1] or data.colorinterp[k - 1].name}" for k in named]
        raise input_error(
            "E240",
            source.name,
            f"the raster has {len(named)} bands: which one is meant?",
            given=", ".join(told[:8]),
            allowed="one band",
            do=f'{source.place} = {{ file = "{source.name}", band = 1 }} (or another one)',
        )
    return int(source.band or named[0])


def refuse_colours(source: MapSource, data: Any, band: int) -> None:
    """Raises InputError (E245) where the numbers of a band are those of a table of colours: no
    quantity. A band of a picture is doubted (W248): programs call three bands of bytes so.
    """
    colour = data.colorinterp[band - 1].name
    if colour == "palette":
        raise input_error(
            "E245",
            source.name,
            "the numbers of this raster are colours of its table, no measured values",
            given=f"band {band}, a palette",
            allowed="measured values; classes with a table where a layer takes classes",
            do="export the values, not the picture, from your GIS; if they are values all the same,"
            " gdal_calc.py writes them without the table of colours",
        )
    if colour in PICTURE:
        source.doubt(
            "W248",
            f"band {band} is the {colour} of a picture: are these measured values?",
            do="export the values, not the picture, from your GIS",
        )
