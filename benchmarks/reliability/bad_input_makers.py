"""What a bad input is made of: a small sound scenario, and writers of rasters, layers and networks
to spoil it with.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FLAT = (
    "bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, slope_x = -0.01, level_m ="
    " 10.0 }"
)
STORM = 'kind = "storm"\nstorm = "zhengzhou-720"'
BASE = f"""schema = 1
name = "bad"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T16:00:00+08:00
[terrain]
{FLAT}
[rainfall]
{STORM}
"""
SERIES = 'kind = "series"\nfile = "rain.csv"\nlabel = "left"\ninterval_s = 300'
NETWORK = """[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
[REPORT]
INPUT NO
[JUNCTIONS]
J1 8 2 0 0 0
J2 8 2 0 0 0
[OUTFALLS]
O 7 FREE NO
[STORAGE]
S 8 2 0 FUNCTIONAL 0 0 10 0 0
[CONDUITS]
C1 J1 J2 20 0.013 0 0 0 0
C2 J2 O 20 0.013 0 0 0 0
C3 S J2 20 0.013 0 0 0 0
[XSECTIONS]
C1 CIRCULAR 0.5 0 0 0
C2 CIRCULAR 0.5 0 0 0
C3 CIRCULAR 0.5 0 0 0
[COORDINATES]
J1 20 20
J2 40 20
S 40 30
O 60 20
"""
SEWER = '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n'
ROWS = "time_s,depth_mm\n0,1\n300,2\n600,1\n"
STUDY = 'schema = 1\nname = "bad"\nscenario = "six_projects_small"\n[projects]\na = ["paving"]\n'


class Case(NamedTuple):
    """What is put into a folder; the words that the answer must hold; odd : a doubt (exit 0) is the
    answer, too;  study : s.toml is one.
    """

    name: str
    kind: str
    files: dict[str, Any]  # name to text, bytes, or a function of the path
    words: tuple[str, ...]
    odd: bool = False
    study: bool = False


def scenario(*changes: tuple[str, str], more: str = "") -> str:
    text = BASE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text + more


def raster(values: Any, **keys: Any) -> Callable[[Path], None]:
    """Writes a GeoTIFF of 5 m cells over the flat bed's place (x 0..100, y 0..50)."""

    def write(path: Path) -> None:
        import rasterio
        from rasterio.transform import from_origin

        field = np.asarray(values, np.float32)
        profile = {
            "height": field.shape[0],
            "width": field.shape[1],
            "count": 1,
            "dtype": "float32",
            "crs": "EPSG:4547",
        } | keys
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            transform=from_origin(472000.0, 3846100.0, 5.0, 5.0),
            **profile,
        ) as data:
            data.write(field, 1)

    return write


def features(kind: str, *members: tuple[list[Any], dict[str, Any]]) -> str:
    import json

    found = [
        {"type": "Feature", "properties": p, "geometry": {"type": kind, "coordinates": c}}
        for c, p in members
    ]
    return json.dumps({"type": "FeatureCollection", "features": found})


CASES: list[Case] = []


def add(
    name: str,
    kind: str,
    words: str,
    files: dict[str, Any] | None = None,
    text: str | None = None,
    odd: bool = False,
    study: bool = False,
) -> None:
    """words : separated by ` | `."""
    CASES.append(
        Case(
            name,
            kind,
            {"s.toml": text if text is not None else BASE, **(files or {})},
            tuple(words.split(" | ")),
            odd,
            study,
        )
    )
