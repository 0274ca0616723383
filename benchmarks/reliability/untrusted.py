"""Untrusted inputs: folders as they come by mail, each of which tries to read, write or reach
something outside. Cases only; watched.py runs them.

A case is a folder `NAME/city` with the scenario, and `NAME/outside` with files that nobody may open
or change.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.reliability.linked_netcdf import content

SCENARIO = """schema = 1
name = "mailed"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:10:00+08:00
{top}
[terrain]
bed_elevation = {bed}
{terrain}
{rain}
{more}
"""
PLANE = "{ columns = 20, rows = 10, cell_size_m = 5.0, slope_x = -0.01, level_m = 10.0 }"
STORM = '[rainfall]\nkind = "storm"\nstorm = "zhengzhou-720"'
NETWORK = """[TITLE]
import os; a title that would run
[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
[JUNCTIONS]
J1 7 2 0 0 0
[OUTFALLS]
O 6 FREE NO
[CONDUITS]
C J1 O 30 0.013 0 0 0 0
[XSECTIONS]
C CIRCULAR 0.5 0 0 0
[COORDINATES]
J1 22 22
O 52 22
"""
FOREIGN = (
    "raw",
    "raw_new",
    "link",
    "link_new",
    "virtual",
    "virtual_new",
    "group",
    "group_new",
)  # of linked_netcdf.py
OUTSIDE = {
    "secret.txt": b"07/20/2021 15:00 1.0\n07/20/2021 15:30 2.0\n",
    "target.txt": b"as it was\n",
    "outside.bin": bytes(range(108)),
    "secret.toml": b'title = "secret"\n',
    "secret.prj": b'PROJCS["secret"]',
    "start.hsf": b"SWMM5-HOTSTART4" + bytes(200),
}


@dataclass(frozen=True)
class Case:
    """One folder: what it is, how its `city` is made, the words after `flood-sim` in it; refused:
    exit 2 is asked for, else exit 0 will do as well.
    """

    kind: str
    name: str
    make: Callable[[Path, Path], Any]
    words: tuple[str, ...] = ("check", "s.toml")
    refused: bool = True


def scenario(
    city: Path,
    bed: str = PLANE,
    rain: str = STORM,
    top: str = "",
    terrain: str = "",
    more: str = "",
) -> None:
    (city / "s.toml").write_text(
        SCENARIO.format(bed=bed, rain=rain, top=top, terrain=terrain, more=more), encoding="utf-8"
    )


def network(city: Path, text: str) -> None:
    """A scenario with sewers, and lines behind the network's own."""
    scenario(city, more='[drainage]\nkind = "swmm"\nnetwork = "n.inp"')
    (city / "n.inp").write_text(NETWORK + text, encoding="utf-8", newline="\n")


def raster(path: Path, crs: str | None = "EPSG:4547", driver: str = "GTiff") -> None:
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin

    grid = {
        "height": 20,
        "width": 20,
        "count": 1,
        "dtype": "float32",
        "crs": crs,
        "transform": from_origin(472000, 3846100, 5, 5),
    }
    with rasterio.open(path, "w", driver=driver, **grid) as data:
        data.write(np.linspace(10, 9, 400, dtype=np.float32).reshape(20, 20), 1)


def extent(city: Path, name: str) -> None:
    """A scenario whose grid is cut out by a vector file."""
    raster(city / "dem.tif")
    scenario(city, '"dem.tif"', top=f'[grid]\nextent = "{name}"')


def geopackage(path: Path, *statements: str) -> None:
    import numpy as np
    import shapely
    from pyogrio.raw import write

    shape = shapely.to_wkb(np.array([shapely.box(472010, 3846010, 472090, 3846090)]))
    write(
        path,
        shape,
        [],
        np.array([], object),
        driver="GPKG",
        geometry_type="Polygon",
        crs="EPSG:4547",
        layer="area",
    )
    with sqlite3.connect(path) as data:
        for statement in statements:
            data.execute(statement)
    data.close()


def box(**more: Any) -> dict[str, Any]:
    ring = [
        [472010, 3846010],
        [472090, 3846010],
        [472090, 3846090],
        [472010, 3846090],
        [472010, 3846010],
    ]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [ring]} | more,
            }
        ],
    }


# ----------------------------------------------------------------------------------------- networks


def networks() -> Iterator[Case]:
    def lines(name: str, text: str, refused: bool = True, link: str | None = None) -> Case:
        def make(city: Path, outside: Path) -> None:
            if link:
                (city / "linked.txt").symlink_to(outside / link)
            (city / "start.hsf").write_bytes(OUTSIDE["start.hsf"])
            (city / "data").mkdir()
            network(city, text.replace("OUT", str(outside)))

        return Case("SWMM network", name, make, refused=refused)

    for k, header in enumerate(
        (
            "[FILES]",
            "[files]",
            "[FILE]",
            "   [Files]",
            "\t[FILES]",
            "[FILESYSTEM]",
            "[FILE",
            '"[FILES]"',
            "[FILES];x",
            "[FILES] OUT",
        )
    ):
        yield lines(f"save {k}", f"{header}\nSAVE OUTFLOWS OUT/target.txt\n")
    for kind in ("HOTSTART", "RUNOFF", "RAINFALL", "RDII"):
        yield lines(f"save {kind}", f"[FILES]\nSAVE {kind} OUT/target.txt\n")
    for k, line in enumerate(
        (
            'save outflows "OUT/target.txt"',
            "SAVED\tOUTFLOWS\tOUT/target.txt",
            '"SAVE" "OUTFLOWS" "OUT/target.txt"',
            "SAVE OUTFLOWS ../outside/target.txt",
            "SCRATCH RAINFALL OUT/target.txt",
            "SAVE OUTFLOWS linked.txt",
            "SAVE OUTFLOWS inside.txt",
            "SAVE HOTSTART OUT/target.txt 07/20/2021 15:05:00",
            "SAVE OUTFLOWS OUT/target.txt ; a comment",
            "NO RUNOFF OUT/target.txt",
        )
    ):
        yield lines(f"save as {k}", f"[FILES]\n{line}\n", link="target.txt")
    for kind in ("HOTSTART", "RUNOFF", "RAINFALL", "RDII", "INFLOWS"):
        for k, name in enumerate(("OUT/start.hsf", "../outside/start.hsf", "linked.txt")):
            yield lines(f"use {kind} {k}", f"[FILES]\nUSE {kind} {name}\n", link="start.hsf")
    yield lines("use a copy", "[FILES]\nUSE HOTSTART start.hsf\n")
    for k, row in enumerate(
        (
            "T FILE OUT/secret.txt",
            'T FILE "OUT/secret.txt"',
            "T file ../outside/secret.txt",
            "T FILE linked.txt",
            "T 0:00 1\nT FILE OUT/secret.txt",
            "T FILE /proc/self/environ",
            "T FILE /dev/zero",
            '"T" "FILE" "OUT/secret.txt"',
            "T\tFILE\tOUT/secret.txt",
        )
    ):
        yield lines(f"series {k}", f"[TIMESERIES]\n{row}\n", link="secret.txt")
    gage = "G INTENSITY 0:05 1.0"
    for k, row in enumerate(
        (
            f"{gage} FILE OUT/secret.txt S1 MM",
            f'{gage} FILE "linked.txt" S1 MM',
            f"{gage} FILENAME OUT/secret.txt S1 MM",
        )
    ):
        yield lines(
            f"gage {k}",
            f"[RAINGAGES]\n{row}\n[SUBCATCHMENTS]\nS G J1 1 50 100 0.5 0\n",
            link="secret.txt",
        )
    yield lines("climate", "[TEMPERATURE]\nFILE OUT/secret.txt\n")
    yield lines("climate 2", "[temp]\n[TEMPERATURES]\nfilename OUT/secret.txt\n")
    yield lines("lid report", "[LID_USAGE]\nS L 1 10 1 0 0 0 OUT/target.txt\n")
    yield lines("backdrop", "[BACKDROP]\nFILE OUT/secret.txt\n")
    yield lines("scratch folder", "[OPTIONS]\nTEMPDIR OUT\n")
    yield lines("scratch folder 2", "[OPTIONS]\ntempdirs ../outside\n")
    pad = "; " + "x" * 1021
    yield lines("behind a long comment", f"{pad}[FILES]\nSAVE OUTFLOWS OUT/target.txt\n")
    yield lines(
        "inside a long comment",
        f"{pad}[FILES] {'y' * 1015}SAVE OUTFLOWS OUT/target.txt\n",
        refused=False,
    )
    yield lines(
        "behind a long title", f"[TITLE]\n{'x' * 1023}[FILES]\nSAVE OUTFLOWS OUT/target.txt\n"
    )
    for code in (0x0B, 0x0C, 0x1C, 0x85, 0x2028):
        yield lines(
            f"separator {code:x}", f";{chr(code)}[FILES]{chr(code)}SAVE OUTFLOWS OUT/target.txt\n"
        )
    yield lines("blank without break", "[FILES]\nSAVE\u00a0 OUTFLOWS OUT/target.txt\n")
    yield lines("carriage return", "[FILES]\rSAVE OUTFLOWS OUT/target.txt\r")
    yield Case("SWMM network", "a name with a line break", _name_with_a_break)


def _name_with_a_break(city: Path, outside: Path) -> None:
    network(city, "")
    more = (
        '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n[[events]]\nkind = "mobile_pump"\nname ='
        f' "p\\n[FILES]\\nSAVE OUTFLOWS {outside}/target.txt\\n"\n'
    )
    scenario(city, more=more + 'node = "J1"\nto_tank_m3 = 10\ncapacity_m3_s = 0.1\n')


# --------------------------------------------------------------------------------------- paths, crs


def paths() -> Iterator[Case]:
    keys = {
        "terrain": lambda t: {"bed": t},
        "manning": lambda t: {"terrain": f"manning_n = {t}"},
        "rain": lambda t: {"rain": f'[rainfall]\nkind = "series"\nfile = {t}'},
        "network": lambda t: {"more": f'[drainage]\nkind = "swmm"\nnetwork = {t}'},
        "evaporation": lambda t: {"more": f"[evaporation]\nfile = {t}"},
        "extends": lambda t: {"top": ""},
    }
    forms = (
        "OUT/secret.toml",
        "../outside/secret.toml",
        "linked",
        "pipe",
        "/dev/zero",
        "/proc/self/environ",
        "data",
        "loop",
        "a\\u0000b",
        "zip://OUT/a.zip",
        "http://127.0.0.1:9/x",
        "/vsicurl/http://127.0.0.1:9/x",
        "x" * 300,
    )
    for key, places in keys.items():
        for k, form in enumerate(forms):

            def make(
                city: Path, outside: Path, key: str = key, places: Any = places, form: str = form
            ) -> None:
                (city / "linked").symlink_to(outside / "secret.toml")
                (city / "loop").symlink_to("loop")
                (city / "data").mkdir()
                os.mkfifo(city / "pipe")
                text = f'"{form.replace("OUT", str(outside))}"'
                scenario(city, **places(text))
                if key == "extends":
                    (city / "s.toml").write_text(
                        f"extends = {text}\n" + (city / "s.toml").read_text()
                    )

            yield Case("path", f"{key} {k}", make)
    for k, form in enumerate(forms[:6]):

        def study(city: Path, outside: Path, form: str = form) -> None:
            (city / "linked").symlink_to(outside / "secret.toml")
            os.mkfifo(city / "pipe")
            (city / "study.toml").write_text(
                'schema = 1\nname = "s"\nscenario ='
                f' "{form.replace("OUT", str(outside))}"\n[storms.a]\n'
            )

        yield Case(
            "study file", f"scenario {k}", study, ("study", "run", "study.toml", "--out", "out")
        )


def systems() -> Iterator[Case]:
    texts = (
        "http://127.0.0.1:9/crs",
        "+proj=utm +zone=49 +nadgrids=OUT/secret.txt",
        "+init=OUT/secret.txt:1",
        "OUT/secret.prj",
        "file:OUT/secret.prj",
        "+proj=pipeline +step +proj=vgridshift +grids=OUT/secret.txt",
        "https://spatialreference.org/ref/epsg/4547",
        "+proj=tmerc +geoidgrids=OUT/secret.txt",
    )
    for k, text in enumerate(texts):

        def make(city: Path, outside: Path, text: str = text) -> None:
            raster(city / "dem.tif", None)
            scenario(city, '"dem.tif"', top=f'[grid]\ncrs = "{text.replace("OUT", str(outside))}"')

        yield Case("coordinate system", f"crs {k}", make)


# ---------------------------------------------------------------------------------------- map files


def vectors() -> Iterator[Case]:
    vrt = (
        "<OGRVRTDataSource><OGRVRTLayer"
        ' name="secret"><SrcDataSource>OUT/secret.geojson</SrcDataSource></OGRVRTLayer>'
        "</OGRVRTDataSource>"
    )
    link = {"type": "link", "properties": {"href": "http://127.0.0.1:9/x", "type": "proj4"}}
    texts: dict[str, Any] = {
        "vrt": vrt,
        "kml": (
            "<kml><NetworkLink><Link><href>http://127.0.0.1:9/x</href></Link></NetworkLink></kml>"
        ),
        "gml": '<gml:FeatureCollection xmlns:gml="x"/>',
        "csv": "x,y\n1,2\n",
        "topology": {"type": "Topology", "objects": {}, "arcs": []},
        "esri": {"geometryType": "esriGeometryPoint", "features": []},
        "algorithm": {
            "type": "gdal_streamed_alg",
            "command_line": "gdal vector read OUT/secret.geojson",
        },
        "crs link": box() | {"crs": link},
        "crs file": (
            box() | {"crs": {"type": "link", "properties": {"href": "file://OUT/secret.prj"}}}
        ),
        "crs grid": (
            box()
            | {
                "crs": {
                    "type": "name",
                    "properties": {"name": "+proj=utm +zone=49 +nadgrids=OUT/secret.txt"},
                }
            }
        ),
        "crs address": (
            box() | {"crs": {"type": "name", "properties": {"name": "http://127.0.0.1:9/x"}}}
        ),
        "crs of a shape": box(crs=link),
        "comment": "/* */ " + json.dumps(box()),
        "address": "http://127.0.0.1:9/x",
        "two types": '{"type":"Topology",' + json.dumps(box())[1:],
    }
    for name, text in texts.items():

        def make(city: Path, outside: Path, text: Any = text) -> None:
            (outside / "secret.geojson").write_text(json.dumps(box()))
            extent(city, "b.geojson")
            (city / "b.geojson").write_text(
                (text if isinstance(text, str) else json.dumps(text)).replace("OUT", str(outside))
            )

        yield Case("vector", f"geojson {name}", make)

    statements = {
        "view": ("CREATE VIEW v AS SELECT * FROM area",),
        "loads": (
            "CREATE VIEW v AS SELECT load_extension('OUT/secret.txt') AS fid, geom FROM area",
        ),
        "virtual": (
            "PRAGMA writable_schema = 1",
            (
                "INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v"
                " USING VirtualOGR(''OUT/secret.geojson'')')"
            ),
        ),
        "system": (
            (
                "UPDATE gpkg_spatial_ref_sys SET definition = 'http://127.0.0.1:9/x' WHERE srs_id ="
                " 4547"
            ),
        ),
        "system file": (
            (
                "UPDATE gpkg_spatial_ref_sys SET definition = '+proj=utm +zone=49"
                " +nadgrids=OUT/secret.txt', organization = 'none' WHERE srs_id = 4547"
            ),
        ),
    }
    for name, rows in statements.items():

        def package(city: Path, outside: Path, rows: Any = rows) -> None:
            (outside / "secret.geojson").write_text(json.dumps(box()))
            extent(city, "b.gpkg")
            geopackage(city / "b.gpkg", *(row.replace("OUT", str(outside)) for row in rows))

        yield Case("vector", f"geopackage {name}", package)
    for ending in ("-wal", "-journal"):

        def beside(city: Path, outside: Path, ending: str = ending) -> None:
            extent(city, "b.gpkg")
            geopackage(city / "b.gpkg")
            (city / f"b.gpkg{ending}").symlink_to(outside / "target.txt")

        yield Case("vector", f"geopackage {ending}", beside)

    def disguised(city: Path, outside: Path) -> None:
        extent(city, "b.gpkg")
        with sqlite3.connect(city / "b.gpkg") as data:
            data.execute("CREATE TABLE geometry_columns (f_table_name)")
        data.close()

    yield Case("vector", "another database", disguised)
    yield Case(
        "vector",
        "geopackage plain",
        lambda city, outside: (extent(city, "b.gpkg"), geopackage(city / "b.gpkg")),
        refused=False,
    )


def rasters() -> Iterator[Case]:
    source = "<SimpleSource><SourceFilename>OUT/dem.tif</SourceFilename></SimpleSource>"
    vrt = (
        '<VRTDataset rasterXSize="20" rasterYSize="20"><VRTRasterBand dataType="Float32"'
        f' band="1">{source}</VRTRasterBand></VRTDataset>'
    )
    for name, text in {
        "vrt": vrt,
        "wms": (
            "<GDAL_WMS><Service"
            ' name="TMS"><ServerUrl>http://127.0.0.1:9/</ServerUrl></Service></GDAL_WMS>'
        ),
    }.items():

        def make(city: Path, outside: Path, text: str = text) -> None:
            raster(outside / "dem.tif")
            (city / "dem.tif").write_text(text.replace("OUT", str(outside)))
            scenario(city, '"dem.tif"')

        yield Case("raster", name, make)
    for ending in (".aux.xml", ".ovr", ".msk"):
        yield Case(
            "raster",
            f"beside {ending}",
            lambda city, outside, e=ending: _beside(city, outside, "dem.tif", f"dem.tif{e}"),
            refused=False,
        )
    for name in ("dem.tfw", "dem.IMD", "dem_rpc.txt", "dem.tab", "dem.RPB"):
        yield Case(
            "raster",
            f"beside {name}",
            lambda city, outside, n=name: _beside(city, outside, "dem.tif", n),
            refused=False,
        )
    for name in ("dem.prj", "dem.PRJ"):
        yield Case(
            "raster",
            f"grid beside {name}",
            lambda city, outside, n=name: _beside(city, outside, "dem.asc", n),
        )
    yield Case(
        "raster",
        "grid beside .aux.xml",
        lambda city, outside: _beside(city, outside, "dem.asc", "dem.asc.aux.xml"),
        refused=False,
    )

    def shifted(city: Path, outside: Path) -> None:
        (city / "dem.asc").write_text(
            "ncols 3\nnrows 3\nxllcorner 0\nyllcorner 0\ncellsize 5\n1 2 3\n1 2 3\n1 2 3\n"
        )
        (city / "dem.prj").write_text(
            f'PROJCS["x",EXTENSION["PROJ4","+proj=utm +zone=49 +nadgrids={outside}/secret.txt"]]'
        )
        scenario(city, '"dem.asc"', top='[grid]\ncrs = "local"')

    yield Case("raster", "grid with a shift file", shifted, refused=False)


def _beside(city: Path, outside: Path, name: str, link: str) -> None:
    raster(outside / "whole.tif")
    if name.endswith(".asc"):
        text = "ncols 20\nnrows 10\nxllcorner 472000\nyllcorner 3846000\ncellsize 5\n" + "\n".join(
            " ".join(["9.5"] * 20) for _ in range(10)
        )
        (city / name).write_text(text + "\n")
    else:
        raster(city / name)
    (city / link).symlink_to(outside / "secret.prj")
    scenario(city, f'"{name}"', top='[grid]\ncrs = "EPSG:4547"')


def netcdfs() -> Iterator[Case]:
    rain = (
        '[rainfall]\nkind = "grid"\nfile = "rain.nc"\nquantity = "depth_mm"\nlabel ='
        ' "right"\ninterval_s = 3600.0'
    )
    for name in FOREIGN:

        def make(city: Path, outside: Path, name: str = name) -> None:
            (outside / "outside.nc").write_bytes(content("plain"))
            (city / "rain.nc").write_bytes(content(name))
            scenario(city, rain=rain)

        yield Case("NetCDF", name, make)
    for name in FOREIGN:
        yield Case(
            "result folder",
            f"fields {name}",
            lambda city, outside, n=name: _results(city, outside, n),
            ("explain", "run", "J1"),
        )


def _results(city: Path, outside: Path, name: str) -> Path:
    run = city / "run"
    run.mkdir()
    (outside / "outside.nc").write_bytes(content("plain"))
    for file in ("fields.nc", "network.nc"):
        (run / file).write_bytes(content(name))
    (run / "summary.json").write_text(
        json.dumps(
            {
                "status": "complete",
                "scenario": "s",
                "portfolio": "p",
                "start": "2021-07-20T15:00:00+08:00",
            }
        )
    )
    return run


def results() -> Iterator[Case]:
    for command in ("report", "compare"):
        for name in ("fields.nc", "summary.json", "report", "consequences.json", "pipe"):

            def make(city: Path, outside: Path, name: str = name) -> None:
                run = _results(city, outside, "plain")
                (run / name).unlink(missing_ok=True)
                (outside / "folder").mkdir()
                (
                    os.mkfifo(run / name)
                    if name == "pipe"
                    else (run / name).symlink_to(
                        outside / ("folder" if name == "report" else "target.txt")
                    )
                )

            yield Case(
                "result folder",
                f"{command} {name}",
                make,
                (command, *["run"] * (2 if command == "compare" else 1)),
            )


def cases() -> list[Case]:
    """All of them, in one order."""
    return [*networks(), *paths(), *systems(), *vectors(), *rasters(), *netcdfs(), *results()]


def made(case: Case, place: Path) -> Path:
    """The case's folder, filled."""
    city, outside = place / "city", place / "outside"
    city.mkdir(parents=True)
    outside.mkdir()
    for name, data in OUTSIDE.items():
        (outside / name).write_bytes(data)
    case.make(city, outside)
    return place
