"""Mistakes of maps, levels and tables (E2xx, W2xx), each mended as its message says."""

import re
import shlex
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
import rasterio.shutil
import shapely
from PIL import Image
from rasterio import Affine
from rasterio.warp import transform

from analysis.test_observed import START, Field
from cli.test_bad_input import ROWS, SERIES, SEWER, STORM, scenario
from flood_sim.analysis.observed import observed_marks
from flood_sim.core.errors import Finding
from scenario.test_gridded_rain import X
from scenario.test_gridded_rain import write as gridded
from scenario.test_hunted_words import shapefile
from scenario.test_loader import NETWORK
from scenario.test_map_doors import FEET_NETWORK, box, case, geojson, layer, line, tif
from ways_out import Way, follow, put

Maker = str | Callable[[Path], object]
UTM_GRID = np.full((20, 20), 10.0)


# ------------------------------------------------------------------------------- making and mending
def given(text: str, **files: Maker) -> Callable[[Path], None]:
    """A scenario and its files: `q_csv` is q.csv; a text, or what writes the file at a path."""

    def make(folder: Path) -> None:
        (folder / "s.toml").write_text(text, encoding="utf-8")
        for name, what in files.items():
            fill(folder / name.replace("_", "."), what)

    return make


def fill(path: Path, what: Maker) -> None:
    if callable(what):
        what(path)
    else:
        path.write_text(what, encoding="utf-8")


def made(name: str, what: Maker) -> Callable[[Path, Finding], None]:
    """A file written anew."""

    def mend(folder: Path, finding: Finding) -> None:
        (folder / name).unlink()
        fill(folder / name, what)

    return mend


def values(array, **keys) -> Callable[[Path], object]:
    """What writes a raster of these values."""
    return lambda path: tif(path, np.asarray(array), **keys)


def shapes(*some, **keys) -> Callable[[Path], object]:
    """What writes a layer of these shapes."""
    return lambda path: layer(path, list(some), **keys)


def with_cells(at, value, base=UTM_GRID) -> np.ndarray:
    changed = np.array(base, float)
    changed[at] = value
    return changed


def terrain(more: str = "", keys: str = "", **files: Maker) -> Callable[[Path], None]:
    """A terrain of 20 x 20 cells of 5 m at 10 m, in UTM; keys : of [terrain]."""
    return given(case(buildings=keys, more=more), **{"dem_tif": values(UTM_GRID), **files})


def lab(*changes: tuple[str, str], more: str = "", **files: Maker) -> Callable[[Path], None]:
    """A plane of 20 x 10 cells of 5 m, from 9.975 m in the west down to 9.025 m."""
    return given(scenario(*changes, more=more), **files)


def said(pattern: str, finding: Finding) -> re.Match[str]:
    """What a message's way out names."""
    found = re.search(pattern, finding.do)
    assert found, finding.do
    return found


def key_said(pattern: str, section: str) -> Callable[[Path, Finding], None]:
    """The line that the way out names, put into a section."""

    def mend(folder: Path, finding: Finding) -> None:
        put("s.toml", f"[{section}]\n", f"[{section}]\n{said(pattern, finding)[1]}\n")(folder)

    return mend


def gdal(folder: Path, finding: Finding) -> None:
    """The command that the way out names, done by the libraries; and the new file named where the
    way out says so.
    """
    told = said(r".*(gdalwarp|gdal_translate|gdal_edit\.py|ogr2ogr) (.*)", finding)
    words = shlex.split(re.split(r", (?:and|or) | \(|; ", told[2])[0])
    options = {}
    while words[0].startswith("-"):
        count = {"-tr": 2, "-te": 4}.get(words[0], 1)
        options[words[0]], words = words[1 : 1 + count], words[1 + count :]
    COMMANDS[told[1]](folder, options, *words)
    new = {"ogr2ogr": words[:1], "gdal_edit.py": []}.get(told[1], words[1:])
    if new and "name that file" in finding.do:
        old = (words[1] if told[1] == "ogr2ogr" else words[0]).split(":")[-1]
        put("s.toml", f'"{old}"', f'"{new[0]}"')(folder)


def warp(folder: Path, options: dict, old: str, new: str) -> None:
    """Cells of the old size, or as -tr has it, each with the nearest old value: rows run from north
    to south.
    """
    with rasterio.open(folder / old) as data:
        own = options.get("-s_srs", [data.crs])[0]
        crs = options.get("-t_srs", [own])[0]
        t, cells = data.transform, data.read(1)
        rows, columns = cells.shape
    edges = [t * (c, r) for c in (0, columns) for r in (0, rows)]
    x, y = (np.array(v) for v in transform(own, crs, *zip(*edges, strict=True)))
    size = float(options.get("-tr", [(x.max() - x.min()) / columns])[0])
    place = Affine(size, 0, x.min(), 0, -size, y.max())
    wide, high = int((x.max() - x.min()) / size + 0.5), int((y.max() - y.min()) / size + 0.5)
    px, py = np.meshgrid(np.arange(wide) + 0.5, np.arange(high) + 0.5)
    there = transform(crs, own, *(v.ravel() for v in place * (px, py)))
    column, row = (np.floor(v).astype(int) for v in ~t * tuple(map(np.array, there)))
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    taken = cells[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
    found = np.where(inside, taken, -9999.0).reshape(high, wide)
    tif(folder / new, found, crs, transform=place, nodata=-9999.0)


def translate(folder: Path, options: dict, old: str, new: str) -> None:
    at = old.rfind(":") + 1
    rasterio.shutil.copy(f"{old[:at]}{folder / old[at:]}", folder / new, driver="GTiff")


def edit(folder: Path, options: dict, old: str) -> None:
    with rasterio.open(folder / old, "r+") as data:
        data.nodata = float(options["-a_nodata"][0])


def vectors(folder: Path, options: dict, new: str, old: str) -> None:
    meta, _, wkb, columns = pyogrio.raw.read(folder / old)
    found = list(shapely.from_wkb(wkb))
    crs = options["-a_srs" if "-a_srs" in options else "-t_srs"][0]
    if "-t_srs" in options:  # of the survey office: seven parameters would stand here
        way = pyproj.Transformer.from_pipeline("+proj=affine +xoff=12 +yoff=-4.5")
        found = [shapely.transform(s, lambda xy: np.array(way.transform(*xy.T)).T) for s in found]
    names = dict(zip(meta["fields"], columns, strict=True))
    layer(folder / new, found, crs, **{k: v.tolist() for k, v in names.items()})


COMMANDS = {
    "gdalwarp": warp,
    "gdal_translate": translate,
    "gdal_edit.py": edit,
    "ogr2ogr": vectors,
}


def allowed(pattern: str, name: str, old: str, new: str) -> Callable[[Path, Finding], None]:
    """A value of a file given as the message allows it; `new` has {} for what is allowed."""

    def mend(folder: Path, finding: Finding) -> None:
        found = re.search(pattern, finding.allowed)
        assert found, finding.allowed
        put(name, old, new.format(found[1]))(folder)

    return mend


def inlets(*some) -> Callable[[Path], object]:
    """What writes a layer of inlets of node J1."""
    columns = [np.array([text] * len(some), object) for text in ("J1", "grate")]
    return lambda path: pyogrio.raw.write(
        path, shapely.to_wkb(np.array(some, object)), columns, np.array(["node", "kind"]),
        driver="GPKG", geometry_type="Unknown", crs="EPSG:32649",
    )  # fmt: skip


# ---------------------------------------------------------------------------------------- ways: maps
USUAL = "mend the map layer, or move what lies there"
ALLOWED = "give what is allowed"
NAMED = ", and name that file"
PEOPLE = 'the raster holds people a cell; others: { file = "...", per = "ha" } or "km2"'


def turned(path: Path) -> None:
    tif(path, UTM_GRID, transform=Affine(5, 0, 500000, 0, 5, 3799900))


def without_place(path: Path) -> None:
    """A TIFF, and its place in a world file."""
    Image.fromarray(UTM_GRID.astype(np.float32)).save(path)
    path.with_suffix(".tfw").write_text("5\n0\n0\n-5\n500002.5\n3799997.5\n")


def pages(path: Path) -> None:
    """Two rasters in one file."""
    tif(path, UTM_GRID)
    tif(path, UTM_GRID - 1.0, append_subdataset="YES")


def palette(path: Path) -> None:
    tif(path, UTM_GRID, dtype="uint8")
    with rasterio.open(path, "r+") as data:
        data.write_colormap(1, {10: (200, 30, 30, 255)})


def in_degrees(path: Path) -> None:
    """A shapefile without its .prj."""
    lon, lat = transform("EPSG:32649", "EPSG:4326", [500020, 500060], [3799920, 3799960])
    layer(path, [shapely.box(lon[0], lat[0], lon[1], lat[1])], None, kind="Polygon", use=["home"])


def bands(array, **keys) -> Callable[[Path], object]:
    return values(np.stack([array, array - 1.0, array], axis=2), **keys)


HOUSES = '[exposure]\nbuildings = "b.gpkg"\n'
SHAPE = '[exposure]\nbuildings = "b.shp"\n'
CITY = '[exposure]\nbuildings = "b.gpkg"\npopulation = "p.tif"\n'
HOME = box(20, 20, 60, 60)
MANNING = 'manning_n = { file = "cover.tif", table = "cover.csv" }'
COVER = "class,manning_n\n1,0.03\n2,0.05\n"
RAIN_OF_GRID = (
    'kind = "grid"\nfile = "rain.nc"\nquantity = "depth_mm"\nlabel = "left"\ninterval_s = 3600'
)
LEVELS = '[[boundaries]]\nkind = "stage_series"\nedge = "west"\nfile = "q.csv"\n'
OPEN = '[[boundaries]]\nkind = "free_outflow"\nedge = @\n'
WALL = '[[structures]]\nkind = "wall"\nname = "@"\nline_m = [[!, 20.0], [?, 20.0]]\n'
PAVING = '[[facilities]]\nname = "p"\nkind = "permeable_paving"\nshare = 0.5\npolygon = "a.gpkg"\n'
HOLE = with_cells(np.s_[:, :10], np.nan)
SPRING = '[[boundaries]]\nkind = "discharge_series"\npolygon = "a.gpkg"\ndischarge_m3_s = 0.1\n'
STREETS = (
    'default_inlet = "grate"\nstreet_inlets = { lines = "r.gpkg", kind = "grate", spacing_m = 10,'
    " count = 2, reach_m = 5 }\n"
)
UTM_NETWORK = NETWORK.replace("J1 20 20", "J1 500020 3799920").replace(
    "O 30 20", "O 500030 3799920"
)
CLOGGED = (
    '[[failures]]\nkind = "clogged_inlets"\nname = "leaves"\nclogging = 0.5\nat ='
    ' 2021-07-20T15:05:00+08:00\ninside = "a.gpkg"\n'
)

MAPS = [
    Way(
        "E202",
        "the network's map would be in degrees",
        "give the system of its [COORDINATES], or write them anew in metres",
        given(
            case(
                "bed_elevation = { from_rims = true, cells = 100 }",
                more='[grid]\ncrs = "EPSG:4326"\n' + SEWER,
            ),
            n_inp=FEET_NETWORK,
        ),
        put("s.toml", "EPSG:4326", "EPSG:2263"),
    ),
    Way(
        "E203",
        "its coordinate system rests on another datum than the terrain's, and no way between them"
        " is known here",
        "reproject the file with your survey office's parameters (as a pipeline of PROJ behind"
        " -ct): …",
        terrain(
            HOUSES,
            dem_tif=values(UTM_GRID, crs="EPSG:4547"),
            b_gpkg=shapes(HOME, crs="EPSG:2383"),
        ),
        gdal,
    ),
    Way(
        "E204",
        "no feature has a geometry",
        "draw them",
        terrain(
            '[exposure]\nbuildings = "b.geojson"\n', b_geojson=lambda p: geojson(p, None, None)
        ),
        made("b.geojson", lambda p: geojson(p, *[shapely.geometry.mapping(HOME)] * 1)),
    ),
    Way(
        "E204",
        "the file holds no geometry",
        USUAL,
        terrain('[exposure]\nbuildings = "b.geojson"\n', b_geojson=lambda p: geojson(p)),
        made("b.geojson", lambda p: geojson(p, shapely.geometry.mapping(HOME))),
    ),
    Way(
        "E204",
        "no inlet lies in this area",
        USUAL,
        terrain(
            SEWER + 'default_inlet = "grate"\n' + CLOGGED,
            n_inp=UTM_NETWORK,
            a_gpkg=shapes(box(60, 60, 90, 90)),
        ),
        made("a.gpkg", shapes(box(10, 10, 40, 40))),
    ),
    Way(
        "E204",
        "no open cell lies in the polygon",
        USUAL,
        terrain(SPRING, dem_tif=values(HOLE), a_gpkg=shapes(box(10, 10, 30, 30))),
        made("a.gpkg", shapes(box(60, 10, 80, 30))),
    ),
    Way(
        "E204",
        "no open cell of the model's edge lies there",
        "name a side, or give a line or polygon that touches edge cells",
        terrain(OPEN.replace("@", '"a.gpkg"'), a_gpkg=shapes(line((40, 40), (60, 40)))),
        put("s.toml", '"a.gpkg"', '"west"'),
    ),
    Way(
        "E204",
        "no … lies in the polygon",
        "check its place and coordinate system",
        terrain(PAVING, dem_tif=values(HOLE), a_gpkg=shapes(box(10, 10, 30, 30))),
        made("a.gpkg", shapes(box(60, 10, 80, 30))),
    ),
    Way(
        "E204",
        "none of … places lies on open ground within … m of a node",
        "check reach_m and lines",
        terrain(SEWER + STREETS, n_inp=UTM_NETWORK, r_gpkg=shapes(line((0, 60), (99, 60)))),
        put("s.toml", "reach_m = 5", "reach_m = 80"),
    ),
    Way(
        "E204",
        "the breach does not lie on the dyke",
        ALLOWED,
        lab(
            more='[[structures]]\nkind = "dyke"\nname = "d"\nline_m = [[30.0, 50.0], [30.0, 0.0]]\n'
            "crest_m = 12.0\nbreach = { location_m = [60.0, 25.0], width_m = 20.0, begin_s = 60.0,"
            " widening_s = 100.0 }\n"
        ),
        put("s.toml", "[60.0, 25.0]", "[35.0, 25.0]"),
    ),
    Way(
        "E204",
        "the clip does not overlap the terrain",
        ALLOWED,
        terrain("[grid]\nbounds_m = [600000.0, 3799900.0, 600050.0, 3800000.0]\n"),
        put(
            "s.toml",
            "[600000.0, 3799900.0, 600050.0, 3800000.0]",
            "[500000.0, 3799900.0, 500050.0, 3800000.0]",
        ),
    ),
    Way(
        "E205",
        "it shares a face with `…` (row …, column …)",
        "let lines end a cell apart, or make them one structure",
        lab(
            more="".join(
                WALL.replace("@", n).replace("!", a).replace("?", b)
                for n, a, b in (("v", "10.0", "40.0"), ("w", "30.0", "70.0"))
            )
        ),
        put("s.toml", "[30.0, 20.0]", "[45.0, 20.0]"),
    ),
    Way(
        "E205",
        "one line is needed, in one piece",
        "join them, or give each its own structure",
        terrain(
            '[[structures]]\nkind = "wall"\nname = "w"\nfile = "a.gpkg"\n',
            a_gpkg=shapes(line((10, 20), (40, 20)), line((50, 20), (80, 20))),
        ),
        made("a.gpkg", shapes(line((10, 20), (40, 20), (50, 20), (80, 20)))),
    ),
    Way(
        "E205",
        "the file holds no …",
        "give a layer of them",
        terrain(HOUSES, b_gpkg=shapes(line((10, 10), (40, 10), (40, 40), (10, 10)))),
        made("b.gpkg", shapes(HOME)),
    ),
    Way(
        "E205",
        "the line crosses no face between two open cells",
        "move it onto open ground",
        terrain(
            '[[structures]]\nkind = "wall"\nname = "w"\nline_m = [[500010.0, 3799950.0],'
            " [500030.0, 3799950.0]]\n",
            dem_tif=values(HOLE),
        ),
        put(
            "s.toml",
            "[[500010.0, 3799950.0], [500030.0, 3799950.0]]",
            "[[500060.0, 3799950.0], [500080.0, 3799950.0]]",
        ),
    ),
    Way(
        "E205",
        "… of … features are no points",
        "give points",
        terrain(
            SEWER + 'inlets = "i.gpkg"\n',
            n_inp=UTM_NETWORK,
            i_gpkg=inlets(line((20, 20), (21, 20))),
        ),
        made("i.gpkg", inlets(shapely.Point(500020, 3799920))),
    ),
    Way(
        "E206",
        "rows run from south to north",
        "flip the raster (gdalwarp writes north-up): …",
        terrain(dem_tif=turned),
        gdal,
    ),
    Way(
        "E207",
        "… active cells have no class",
        "fill the raster",
        terrain(
            keys=MANNING,
            cover_tif=values(with_cells(np.s_[:2], np.nan, np.ones((20, 20)))),
            cover_csv=COVER,
        ),
        made("cover.tif", values(np.ones((20, 20)))),
    ),
    Way(
        "E208",
        "… cells of the mask hold 255 and no NoData value is declared",
        "declare nodata = 255 in the raster: gdal_edit.py -a_nodata 255 …",
        terrain(
            keys='buildings = "m.tif"',
            m_tif=values(
                with_cells(np.s_[10:], 255, with_cells(np.s_[2:4, 2:4], 1, 0 * UTM_GRID)),
                dtype="uint8",
            ),
        ),
        gdal,
    ),
    Way(
        "E240",
        "the file has no such layer…",
        "choose another layer",
        terrain(
            '[exposure]\nbuildings = { file = "b.gpkg", layer = "building" }\n',
            b_gpkg=shapes(HOME, name="buildings"),
        ),
        put("s.toml", '"building"', '"buildings"'),
    ),
    Way(
        "E240",
        "the file has … layers: which one is meant?",
        '… = { file = "…", layer = "…" } (or another one)',
        terrain(
            HOUSES,
            b_gpkg=lambda p: layer(
                layer(p, [HOME], name="buildings"), [box(0, 0, 90, 90)], name="parcels"
            ),
        ),
        lambda folder, finding: put("s.toml", '"b.gpkg"', said(r"(\{.*\})", finding)[1])(folder),
    ),
    Way(
        "E240",
        "the file holds … rasters: which one is meant?",
        f"write one of them into a file: gdal_translate GTIFF_DIR:1:… one.tif{NAMED}",
        terrain(dem_tif=pages),
        gdal,
    ),
    Way(
        "E240",
        "the raster has no such band",
        "choose another band",
        given(case('bed_elevation = { file = "dem.tif", band = 4 }'), dem_tif=bands(UTM_GRID)),
        put("s.toml", "band = 4", "band = 3"),
    ),
    Way(
        "E240",
        "the raster has … bands: which one is meant?",
        '… = { file = "…", band = 1 } (or another one)',
        terrain(dem_tif=bands(UTM_GRID)),
        lambda folder, finding: put("s.toml", '"dem.tif"', said(r"(\{.*\})", finding)[1])(folder),
    ),
    Way(
        "E241",
        "the raster has no place on the map",
        "write them into it: gdal_translate … placed.tif (reads a .tfw), or add -a_ullr west north"
        " east south; then name that file",
        terrain('[grid]\ncrs = "EPSG:32649"\n', dem_tif=without_place),
        gdal,
    ),
    Way(
        "E242",
        "lengths on this map are … times those on the ground, areas and volumes … times",
        "",
        terrain(
            dem_tif=values(UTM_GRID, crs="EPSG:3857", corner=(12600000.0, 4070000.0)),
        ),
        gdal,
    ),
    Way(
        "E243",
        "the map is in …, and nothing says in which unit the elevations are",
        'set [terrain] elevation_unit = "ft" (or the right one)',
        terrain(dem_tif=values(UTM_GRID, crs="EPSG:2263", cell=16.4, corner=(984000.0, 200000.0))),
        key_said(r"(elevation_unit = \S+)", "terrain"),
    ),
    Way(
        "E244",
        "its coordinates are degrees, and it states no coordinate system",
        f"write it with its system: ogr2ogr -a_srs … ….gpkg …{NAMED}",
        terrain(SHAPE, b_shp=in_degrees),
        gdal,
    ),
    Way(
        "E245",
        "the numbers of this raster are colours of its table, no measured values",
        "export the values, not the picture, from your GIS; if they are values all the same,"
        " gdal_calc.py writes them without the table of colours",
        terrain(dem_tif=palette),
        made("dem.tif", values(UTM_GRID)),
    ),
    Way(
        "E246",
        "its texts are in another encoding than it says: …",
        "write … into ….cpg, or export the layer as a GeoPackage",
        terrain(
            SHAPE.replace('"b.shp"', '{ file = "b.shp", other = "residential" }'),
            b_shp=lambda p: shapefile(p.parent, ["住宅"], "gbk", "UTF-8"),
        ),
        lambda folder, finding: (folder / said(r"into (\S+\.cpg)", finding)[1]).write_text(
            said(r"write (\S+) into", finding)[1]
        ),
    ),
    Way(
        "E246",
        "… names an encoding that is not known",
        "write the right one into …, or export the layer as a GeoPackage",
        terrain(
            SHAPE.replace('"b.shp"', '{ file = "b.shp", other = "residential" }'),
            b_shp=lambda p: shapefile(p.parent, ["住宅"], "gbk", "signs"),
        ),
        lambda folder, finding: (folder / said(r"into (\S+\.cpg)", finding)[1]).write_text("GBK"),
    ),
]


# -------------------------------------------------------------------------------------- ways: levels
SAME = "are ground and level on one datum, both in metres?"
STAGE = "… A stage is a level, no depth"
DATUM_OF_STAGE = f"{SAME} A stage is a level, no depth"
UNITS = "check the unit of the elevations (centimetres, feet?) and of the map"
LITRES = "discharges are in m3/s, not L/s; widen the place where it enters"
BESIDE = (
    "draw it along the edge of the ground; inside the model use a point_inflow, a polygon, or"
    " [[structures]]"
)
RAMP = 10.0 + 0.12 * np.add.outer(np.arange(20), np.arange(20))  # m: 2.4 % both ways
HILL = 10.0 + 0.31 * np.add.outer(np.arange(20), np.arange(20))  # m: 6 %
MIDDLE = "{ line_m = [[1.0, 25.0], [@, 25.0]] }"


def stage(level: str) -> Callable[[Path], None]:
    return lab(more=f'[[boundaries]]\nkind = "stage_series"\nedge = "west"\nlevel_m = {level}\n')


def level(old: str, new: str) -> Callable[..., None]:
    return put("s.toml", f"level_m = {old}", f"level_m = {new}")


def weir(crest: str) -> Callable[[Path], None]:
    return lab(
        more='[[structures]]\nkind = "weir"\nname = "w"\nline_m = [[50.0, 50.0], [50.0, 0.0]]\n'
        f"crest_m = {crest}\n"
    )


def culvert(invert: str) -> Callable[[Path], None]:
    return lab(
        more='[[structures]]\nkind = "culvert"\nname = "c"\nfrom_m = [22, 22]\nto_m = [62, 22]\n'
        f"height_m = 1.0\nfrom_level_m = {invert}\n"
    )


def inflow(discharge: str, more: str = "") -> Callable[[Path], None]:
    return lab(
        more='[[boundaries]]\nkind = "point_inflow"\nname = "q"\nlocation_m = [52.0, 26.0]\n'
        f"discharge_m3_s = {discharge}\n{more}"
    )


def discharge(old: str, new: str) -> Callable[..., None]:
    return put("s.toml", f"discharge_m3_s = {old}", f"discharge_m3_s = {new}")


def sewers_at(rim_m: float) -> str:
    """Six manholes whose rims stand at one level."""
    nodes = [f"J{k}" for k in range(6)]
    text = {
        "OPTIONS": ["FLOW_UNITS CMS", "FLOW_ROUTING DYNWAVE"],
        "JUNCTIONS": [f"{n} {rim_m - 2} 2 0 0 0" for n in nodes],
        "OUTFALLS": [f"O {rim_m - 3} FREE NO"],
        "CONDUITS": [
            f"C{n} {n} {m} 10 0.013 0 0" for n, m in zip(nodes, [*nodes[1:], "O"], strict=True)
        ],
        "XSECTIONS": [f"C{n} CIRCULAR 0.5 0 0 0" for n in nodes],
        "COORDINATES": [f"{n} {500010 + 10 * k} 3799950" for k, n in enumerate([*nodes, "O"])],
    }
    return "".join(f"[{name}]\n" + "\n".join(rows) + "\n" for name, rows in text.items())


LEVELS_OF_GROUND = [
    Way(
        "E222",
        "… cells are out of range",
        "check the unit (centimetres, feet?), or declare the NoData value",
        terrain(dem_tif=values(UTM_GRID + 2e6)),
        made("dem.tif", values(UTM_GRID)),
    ),
    Way(
        "E227",
        "half of the ground is steeper than … m a metre, its relief is … m",
        UNITS,
        terrain(dem_tif=values(100.0 * RAMP)),
        put("s.toml", "[terrain]\n", '[terrain]\nelevation_unit = "cm"\n'),
    ),
    Way(
        "W227",
        "half of the ground is steeper than … m a metre, its relief is … m",
        UNITS,
        terrain(dem_tif=values(10.0 * HILL)),
        put("s.toml", "[terrain]\n", '[terrain]\nelevation_unit = "dm"\n'),
    ),
    Way(
        "E227",
        "these are levels, no depths: half of … of the model stands … m deep, as high as its ground",
        "subtract the ground, or give [initial] stage = [{ level_m = ... }]",
        terrain('[initial]\ndepth = "d.tif"\n', d_tif=values(UTM_GRID + 0.3)),
        made("d.tif", values(0.0 * UTM_GRID + 0.3)),
    ),
    Way(
        "E227",
        "the water stands … m deep at the start",
        SAME,
        lab(more="[initial]\nstage = [{ level_m = 1005.0 }]\n"),
        level("1005.0", "10.05"),
    ),
    Way(
        "W227",
        "half of the … of the model that is wet at the start stands deeper than … m",
        SAME,
        lab(more="[initial]\nstage = [{ level_m = 33.0 }]\n"),  # feet
        level("33.0", "10.06"),
    ),
    Way(
        "E227",
        "the stage is … m … the lowest ground of its edge",
        STAGE,
        stage("1030.0"),  # centimetres
        level("1030.0", "10.30"),
    ),
    Way(
        "W227",
        "the stage stands … m over half of its edge's ground; a pool at this level holds …",
        SAME,
        stage("33.0"),
        level("33.0", "10.06"),
    ),
    Way(
        "W227",
        "the stage stays … m under all ground of its edge: water only leaves there",
        STAGE,
        stage("0.4"),  # a depth
        level("0.4", "10.375"),
    ),
    Way(
        "E227", "it lies … m over the ground", SAME, weir("1050.0"), put("s.toml", "1050.0", "10.5")
    ),
    Way("W227", "it lies … m over the ground", SAME, weir("36.0"), put("s.toml", "36.0", "10.97")),
    Way(
        "E227",
        "the invert lies … the ground there",
        SAME,
        culvert("965.0"),
        put("s.toml", "965.0", "9.65"),
    ),
    Way(
        "W227",
        "the invert lies … the ground there",
        SAME,
        culvert("32.0"),
        put("s.toml", "32.0", "9.75"),
    ),
    Way(
        "E227",
        "the rims stand … m over the ground in the middle, half of … within … to … m",
        "……",
        terrain(SEWER, dem_tif=values(100.0 * UTM_GRID), n_inp=sewers_at(10.0)),
        key_said(r"\[terrain\] (elevation_unit = \"\w+\")", "terrain"),
    ),
    Way(
        "E212",
        "the crest lies in the ground everywhere",
        ALLOWED,
        weir("0.8"),
        allowed(r"above (\S+) m", "s.toml", "crest_m = 0.8", "crest_m = {}9"),
    ),
    Way(
        "E228",
        "… m3/s enter each metre of … m",
        LITRES,
        inflow("45000.0"),
        discharge("45000.0", "45.0"),
    ),
    Way(
        "W228",
        "… m3/s enter each metre of … m",
        LITRES,
        inflow("1500.0"),
        discharge("1500.0", "1.5"),
    ),
    Way(
        "E228",
        "the water would stand … m deep",
        LITRES,
        inflow("9000.0"),
        discharge("9000.0", "9.0"),
    ),
    Way(
        "W228",
        "no edge is open, and the water would stand … m deep",
        LITRES,
        inflow("900.0"),
        discharge("900.0", "0.9"),
    ),
    Way(
        "E229",
        "about … of this line lies at the model's edge, … of its cells lie inside",
        BESIDE,
        lab(
            ("columns = 20", "columns = 40"),
            more=OPEN.replace("@", MIDDLE.replace("@", "199.0")),
        ),
        put("s.toml", "[[1.0, 25.0], [199.0, 25.0]]", "[[1.0, 1.0], [199.0, 1.0]]"),
    ),
    Way(
        "W229",
        "about … of this line lies at the model's edge, … of its cells lie inside",
        BESIDE,
        lab(more=OPEN.replace("@", MIDDLE.replace("@", "99.0"))),
        put("s.toml", "[[1.0, 25.0], [99.0, 25.0]]", "[[1.0, 1.0], [99.0, 1.0]]"),
    ),
    Way(
        "E229",
        "…: this boundary does nothing",
        "one boundary an edge: remove one",
        lab(more=2 * OPEN.replace("@", '"west"')),
        put("s.toml", 2 * OPEN.replace("@", '"west"'), OPEN.replace("@", '"west"')),
    ),
    Way(
        "W229",
        "…, which counts there",
        "separate their lines",
        lab(
            more=OPEN.replace("@", "{ line_m = [[1.0, 26.0], [1.0, 49.0]] }")
            + OPEN.replace("@", "{ line_m = [[1.0, 1.0], [1.0, 49.0]] }")
        ),
        put("s.toml", "[[1.0, 1.0], [1.0, 49.0]]", "[[1.0, 1.0], [1.0, 24.0]]"),
    ),
]

# ------------------------------------------------------------------------------- ways: rain, tables
CUT = "thin it out, or cut it to the time of the run"
DAY = "hours since 2021-07-20 07:00:00"  # UTC: the start
GAUGES = 'kind = "gauges"\ngauges = "g.csv"\nlabel = "right"\ninterval_s = 300'
GAUGE = "gauge,x_m,y_m,file\na,{},rain.csv\n"
CULVERTS = '[[structures]]\nkind = "culvert_table"\nname = "t"\nfile = "c.csv"\n'
HEAD = "name,from_x_m,from_y_m,to_x_m,to_y_m,height_m,barrels,flap\n"
ROW = "a,22,22,62,22,1,1,false\n"
HORTON = '[infiltration]\nkind = "horton"\nland_cover = { file = "cover.tif", table = "h.csv" }\n'
RATES = "class,first_mm_h,last_mm_h,decay_1_h,recovery_1_h\n1,@,4,0.1\n"
MARKS = "x_m,y_m,depth_m\n"


def gridded_rain(**keys) -> Callable[[Path], None]:
    """A terrain under gridded rain; keys : of tests/scenario/test_gridded_rain.py's `write`."""
    text = case().replace(STORM, RAIN_OF_GRID)

    def make(folder: Path) -> None:
        given(text, dem_tif=values(UTM_GRID))(folder)
        gridded(folder, [10.0, 5.0], since=DAY, **keys)

    return make


def rain_anew(folder: Path, finding: Finding) -> None:
    """Around the model, each axis one way, 4 x 4 cells."""
    gridded(folder, [10.0, 5.0], since=DAY)


def gauge(x: float, y: float) -> Callable[[Path], None]:
    text = case().replace(STORM, GAUGES)
    return given(text, dem_tif=values(UTM_GRID), g_csv=GAUGE.format(f"{x},{y}"), rain_csv=ROWS)


def levels(rows: str, head: str = "time_s,level_m\n") -> Callable[[Path], None]:
    """Levels at the west edge, of a table."""
    return lab(more=LEVELS, q_csv=head + rows)


def culverts(rows: str) -> Callable[[Path], None]:
    return lab(more=CULVERTS, c_csv=HEAD + rows)


def storage(area: str) -> Callable[[Path], None]:
    junction = "[JUNCTIONS]\nJ1 0 2 0 0 0"
    text = NETWORK.replace(junction, f"[STORAGE]\nJ1 0 2 0 FUNCTIONAL 0 0 {area} 0 0")
    return lab(more=SEWER, n_inp=text)


def endless(path: Path) -> None:
    """Rows of the run, and a file of more than 256 MiB behind them."""
    path.write_text("time_s,level_m\n0,10.0\n600,10.1\n")
    with path.open("r+b") as file:
        file.truncate(257 * 2**20)


def two_million_rows(path: Path) -> None:
    """A row a second, for 23 days."""
    path.write_text("time_s,level_m\n" + "".join(f"{k},10\n" for k in range(2_000_001)))


def first_rows(count: int) -> Callable[[Path, Finding], None]:
    """The table cut: its header, and the rows of the run of ten minutes."""

    def mend(folder: Path, finding: Finding) -> None:
        with (folder / "q.csv").open() as file:
            kept = "".join(islice(file, count))
        (folder / "q.csv").write_text(kept)

    return mend


def compared(folder: Path) -> list[Finding]:
    """What `compare` says of marks beside 10 x 20 cells of 5 m with 0.3 m of water."""
    fields = {
        "x": Field(values=2.5 + 5.0 * np.arange(20)),
        "y": Field(values=47.5 - 5.0 * np.arange(10)),
        "bed_elevation": Field(values=np.full((10, 20), 100.0)),
    }
    results = SimpleNamespace(
        fields=fields, max_depth=Field(values=np.full((10, 20), 0.3)), start=START, gauges={}
    )
    return list(observed_marks(results, folder / "m.csv").findings)


TABLES = [
    Way(
        "E204",
        "the mark lies off the grid",
        ALLOWED,
        lambda folder: (folder / "m.csv").write_text(MARKS + "800,20,0.3\n"),
        put("m.csv", "800,", "80,"),
        compared,
    ),
    Way(
        "E204",
        "the gauges stand in degrees, it seems: none is near the grid",
        "give their places in the terrain's system",
        gauge(111.0005, 34.341),
        put("g.csv", "111.0005,34.341", "500046,3799963"),
    ),
    Way(
        "W204",
        "gauges lie more than a grid's width away: …",
        "check the coordinate system",
        gauge(333000, 3800000),  # of zone 50
        put("g.csv", "333000,3800000", "500050,3799950"),
    ),
    Way(
        "E204",
        "the rain does not cover the grid",
        "give a larger cut of the rain, or name its system",
        gridded_rain(x=X + 5000.0),
        rain_anew,
    ),
    Way(
        "E205",
        "the coordinates of the rain do not run one way",
        "sort the file",
        gridded_rain(x=X[[0, 2, 1, 3]]),
        rain_anew,
    ),
    Way(
        "E205",
        "the rain's grid needs at least 2 x 2 cells",
        "give a larger cut of the rain",
        gridded_rain(x=X[1:2]),
        rain_anew,
    ),
    Way(
        "E220",
        "decimal commas and decimal points in one table: which are thousands?",
        "use one sign",
        levels("0;10,1\n600;10.2\n", "time_s;level_m\n"),
        put("q.csv", "10.2", "10,2"),
    ),
    Way(
        "E220",
        "the row has … cells, the header ……",
        "decimal commas, or thousands separators? write 1.5 and 1234; or separate the columns by"
        " `;`",
        levels("0,10,1\n600,10,2\n"),
        put("q.csv", ",10,", ",10."),
    ),
    Way(
        "E220",
        "this separator is not read",
        "save the table as CSV, UTF-8",
        levels("0|10.1\n600|10.2\n", "sep=|\ntime_s|level_m\n"),
        made("q.csv", "time_s,level_m\n0,10.1\n600,10.2\n"),
    ),
    Way(
        "E221",
        "column … of the header has no name",
        "name the column, or remove it",
        levels("0,,10.1\n600,,10.2\n", "time_s,,level_m\n"),
        put("q.csv", ",,", ","),
    ),
    Way(
        "E221",
        "the header has the column `…` twice",
        "remove or rename one",
        levels("0,10.1,10.1\n600,10.2,10.2\n", "time_s,level_m,level_m\n"),
        made("q.csv", "time_s,level_m\n0,10.1\n600,10.2\n"),
    ),
    Way(
        "W221",
        "columns are not read: ……",
        "rename or remove them",
        levels("0,10.1,a\n600,10.2,b\n", "time_s,level_m,source\n"),
        made("q.csv", "time_s,level_m\n0,10.1\n600,10.2\n"),
    ),
    Way(
        "E223",
        "the columns … say the same thing twice",
        "keep one of them",
        levels("0,0,10.1\n600,0.2,10.2\n", "time_s,time_h,level_m\n"),
        made("q.csv", "time_s,level_m\n0,10.1\n600,10.2\n"),
    ),
    Way(
        "E224",
        "… is given twice, first in ……",
        "remove or rename one",
        culverts(ROW + ROW.replace("22,62,22", "27,62,27")),
        put("c.csv", "a,22,27", "b,22,27"),
    ),
    Way(
        "E222",
        "this text is too long",
        ALLOWED,
        culverts(ROW.replace("a", "a" * 90, 1)),
        allowed(r"(\d+) characters", "c.csv", "a" * 90, "a"),
    ),
    Way(
        "E222",
        "this is neither true nor false",
        ALLOWED,
        culverts(ROW.replace("false", "maybe")),
        allowed(r"(true), false", "c.csv", "maybe", "{}"),
    ),
    Way(
        "E222",
        "this is no whole number",
        "give a whole number",
        culverts(ROW.replace("1,false", "1.5,false")),
        put("c.csv", "1.5", "2"),
    ),
    Way(
        "E222",
        "first_mm_h must not be below last_mm_h",
        "swap them",
        terrain(HORTON, cover_tif=values(UTM_GRID / 10), h_csv=RATES.replace("@", "12.7,76.2")),
        put("h.csv", "12.7,76.2", "76.2,12.7"),
    ),
    Way(
        "E226",
        "this table has too many rows",
        CUT,
        lab(more=LEVELS, q_csv=two_million_rows),
        first_rows(602),
    ),
    Way(
        "E226",
        "this table is too large to be read",
        CUT,
        lab(more=LEVELS, q_csv=endless),
        first_rows(3),
    ),
    Way(
        "W220",
        "this value is possible but odd: another unit? So are … more rows",
        "check it against its unit",
        lab(
            (STORM, SERIES),
            rain_csv=ROWS.replace("depth_mm", "rate_mm_h").replace("00,", "00,40"),
        ),  # tenths of a millimetre
        lambda folder, finding: [
            put("rain.csv", f",{v}\n", f",{v / 10:g}\n")(folder) for v in (401, 402)
        ],
    ),
    Way(
        "E222",
        "storages have an area below zero: …",
        "give the area, or make them junctions",
        storage("-50"),
        put("n.inp", " -50 ", " 50 "),
    ),
    Way(
        "W220",
        "storages have no area: …; they hold next to nothing",
        "give the area, or make them junctions",
        storage("0"),
        put("n.inp", "FUNCTIONAL 0 0 0", "FUNCTIONAL 0 0 50"),
    ),
    Way(
        "E222",
        "… out of range: …",
        "check the unit: FLOW_UNITS is …",
        lab(more=SEWER, n_inp=NETWORK.replace("CIRCULAR 0.5", "CIRCULAR 500")),  # mm
        put("n.inp", "CIRCULAR 500", "CIRCULAR 0.5"),
    ),
    Way(
        "W220",
        "… that is possible but odd: another unit? …",
        "check the unit: FLOW_UNITS is …",
        lab(more=SEWER, n_inp=NETWORK.replace("CIRCULAR 0.5", "CIRCULAR 50")),  # cm
        put("n.inp", "CIRCULAR 50", "CIRCULAR 0.5"),
    ),
]

# -------------------------------------------------------------------------- ways: values of layers
WEST = np.s_[:, :4]
FEET = UTM_GRID / 0.3048
PICTURE = "export the values, not the picture, from your GIS"
LEFT_OUT = '[exposure]\nbuildings = "b.geojson"\n'
RIGHT = shapely.geometry.mapping(HOME)
POINT = {"type": "Point", "coordinates": [500020, 3799920]}
ED50 = {"crs": "EPSG:25831", "corner": (430000.0, 4582400.0)}  # of the terrain


def moved_house(crs: str) -> Callable[[Path], object]:
    """A house that stands 94 m west and 204 m south of its numbers, which are of ED50."""
    return shapes(shapely.box(430194, 4582324, 430224, 4582354), crs=crs)


VALUES = [
    Way(
        "E222",
        "the raster holds infinite depths",
        "mend the raster",
        terrain(
            '[initial]\ndepth = "d.tif"\n', d_tif=values(with_cells((3, 3), np.inf, 0 * UTM_GRID))
        ),
        made("d.tif", values(0 * UTM_GRID)),
    ),
    Way(
        "E222",
        "… active cells hold no class: a class is a whole number",
        "give a raster of classes, resampled to the nearest",
        terrain(
            keys=MANNING,
            cover_tif=values(with_cells((3, 3), 1.5, UTM_GRID / 10)),
            cover_csv=COVER,
        ),
        made("cover.tif", values(with_cells((3, 3), 2, UTM_GRID / 10))),
    ),
    Way(
        "E222",
        "… cells hold no share of a cell",
        "a mask holds 1 where a building stands, 0 elsewhere",
        terrain(keys='buildings = "m.tif"', m_tif=values(with_cells(WEST, 100, 0 * UTM_GRID))),
        made("m.tif", values(with_cells(WEST, 1, 0 * UTM_GRID))),
    ),
    Way(
        "E222",
        "… cells hold people below zero, or without end",
        "declare the NoData value of the raster",
        terrain(CITY, b_gpkg=shapes(HOME), p_tif=values(with_cells(WEST, -1, 0 * UTM_GRID))),
        lambda folder, finding: edit(folder, {"-a_nodata": ["-1"]}, "p.tif"),
    ),
    Way(
        "E222",
        "… cells hold more people than can stand there",
        PEOPLE,
        terrain(CITY, b_gpkg=shapes(HOME), p_tif=values(40 * UTM_GRID)),
        lambda folder, finding: put(
            "s.toml", '"p.tif"', '{ file = "p.tif", ' + said(r"(per = \"ha\" \})", finding)[1]
        )(folder),
    ),
    Way(
        "W220",
        "… cells hold more than … people a m2, at most … a cell: per ha or per km2?",
        PEOPLE,
        terrain(CITY, b_gpkg=shapes(HOME), p_tif=values(4 * UTM_GRID)),
        lambda folder, finding: put(
            "s.toml", '"p.tif"', '{ file = "p.tif", ' + said(r"(per = \"ha\" \})", finding)[1]
        )(folder),
    ),
    Way(
        "W220",
        "… buildings hold more than … people a m2 of floor",
        "give the people of each building alone",
        terrain(HOUSES, b_gpkg=shapes(HOME, people=[9000.0])),
        lambda folder, finding: [
            (folder / "b.gpkg").unlink(),
            layer(folder / "b.gpkg", [HOME], people=[90.0]),
        ],
    ),
    Way(
        "W204",
        "no building covers an active cell",
        "check its coordinate system",
        terrain(
            keys='buildings = "b.gpkg"',
            dem_tif=values(with_cells(np.s_[:20], np.nan, np.full((100, 100), 10.0)), **ED50),
            b_gpkg=moved_house("EPSG:25831"),
        ),
        made("b.gpkg", moved_house("EPSG:23031")),
    ),
    Way(
        "W207",
        "… cells without elevation lie inside the model: nothing flows there",
        "fill them if they are ground",
        terrain(dem_tif=values(with_cells((5, 5), np.nan))),
        made("dem.tif", values(UTM_GRID)),
    ),
    Way(
        "W209",
        "… cells stand more than … m over or under all their neighbours, first … m at x …, y …",
        "smooth them, or set walls_above_m where they are buildings",
        terrain(dem_tif=values(with_cells((5, 5), 60.0))),
        put("s.toml", "[terrain]\n", "[terrain]\nwalls_above_m = 30.0\n"),
    ),
    Way(
        "W243",
        "NoData is declared as 0: … cells are left out, and the lowest ground is … m",
        "is that ground at sea level? Declare another NoData value, e.g. -9999",
        terrain(dem_tif=values(with_cells(WEST, 0.0, UTM_GRID / 25), nodata=0.0)),
        lambda folder, finding: edit(
            folder, {"-a_nodata": [said(r"e\.g\. (\S+)", finding)[1]]}, "dem.tif"
        ),
    ),
    Way(
        "W244",
        "[terrain] elevation_unit differs from the unit that the file states",
        "elevation_unit is used: remove it, or write the right unit into the file",
        terrain(keys='elevation_unit = "m"', dem_tif=values(FEET, units="ft")),
        put("s.toml", 'elevation_unit = "m"\n', ""),
    ),
    Way(
        "W244",
        "the unit that the file states for its heights is not known",
        "metres are assumed; set [terrain] elevation_unit",
        terrain(dem_tif=values(FEET, units="Fuss")),
        put("s.toml", "[terrain]\n", '[terrain]\nelevation_unit = "ft"\n'),
    ),
    Way(
        "W245",
        "… of … polygons cover no centre of a cell: they leave no trace",
        'use smaller cells; a wall is a [[structures]] kind = "wall"; houses: building_treatment ='
        ' "porosity"',
        terrain(keys='buildings = "b.gpkg"', b_gpkg=shapes(HOME, box(73, 3, 77, 4.5))),
        key_said(r"houses: (building_treatment = \S+)", "terrain"),
    ),
    Way(
        "W246",
        "… of … features are no …: they are left out",
        "remove them, or give them in a layer of their own",
        terrain(LEFT_OUT, b_geojson=lambda p: geojson(p, RIGHT, POINT)),
        made("b.geojson", lambda p: geojson(p, RIGHT)),
    ),
    Way(
        "W246",
        "… of … features have no geometry: they are left out",
        "draw or remove them",
        terrain(LEFT_OUT, b_geojson=lambda p: geojson(p, RIGHT, None)),
        made("b.geojson", lambda p: geojson(p, RIGHT)),
    ),
    Way(
        "W247",
        "… of … buildings repeat another one, shape and fields: each is taken once",
        "remove what is double",
        terrain(HOUSES, b_gpkg=shapes(HOME, HOME)),
        made("b.gpkg", shapes(HOME)),
    ),
    Way(
        "W540",
        "… of … buildings give no …: … is taken",
        "fill in the column",
        terrain(HOUSES, b_gpkg=shapes(HOME, box(70, 20, 90, 60), floors=[2.0, np.nan])),
        lambda folder, finding: [
            (folder / "b.gpkg").unlink(),
            layer(folder / "b.gpkg", [HOME, box(70, 20, 90, 60)], floors=[2.0, 1.0]),
        ],
    ),
    Way(
        "W248",
        "band … is the … of a picture: are these measured values?",
        PICTURE,
        given(
            case('bed_elevation = { file = "dem.tif", band = 1 }'),
            dem_tif=bands(UTM_GRID, photometric="RGB", dtype="uint8"),
        ),
        made("dem.tif", values(UTM_GRID)),
    ),
]

WAYS = [*MAPS, *LEVELS_OF_GROUND, *TABLES, *VALUES]


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
