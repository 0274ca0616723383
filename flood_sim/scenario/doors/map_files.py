"""What a map file may hold before a map library opens it: the format that its ending says, no
reference to another file or server.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flood_sim.core.errors import InputError, input_error
from flood_sim.scenario.doors.raster_notes import refusal

os.environ["PROJ_NETWORK"] = "OFF"  # before PROJ is loaded: it fetches no grids
os.environ.setdefault(
    "GDAL_SKIP", "VRT,HTTP"
)  # a VRT named .tif reads any file of the machine; before GDAL registers its drivers

CODES = re.compile(
    r"(EPSG|ESRI|IGNF|OGC|IAU_\d{4}):[\w.-]{1,24}(\+(EPSG:)?\d{4,6})?|urn:ogc:def:crs:(EPSG|ESRI|IGNF|OGC|IAU):[\w.]{0,16}:[\w.-]{1,24}",
    re.IGNORECASE,
)
WKT = re.compile(r"\s*[A-Z_]*(CRS|CS|GEOGCS|PROJCS)\s*[\[(]", re.IGNORECASE)
NAMES_A_FILE = re.compile(
    r"\+?\w*grids\s*=|parameterfile|\+(file|init|catalog|model)\s*=|\binit\s*=|://|/vsi",
    re.IGNORECASE,
)
NO_GRID = re.compile(
    r"\+?nadgrids\s*=\s*@null\b", re.IGNORECASE
)  # PROJ's word for no grid at all: in EPSG:3857
GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
GEOJSON = GEOMETRIES | {"Feature", "FeatureCollection"}
FUNCTIONS = re.compile(r"\b(load_extension|readfile|writefile|gdal\w*|ogr\w*)\s*\(", re.IGNORECASE)


def check_crs(text: str, place: str) -> str:
    """The coordinate system, where it is a code or WKT that names no file and no server. Raises
    InputError (E116) otherwise.
    """
    plain = NO_GRID.sub("", text)
    if CODES.fullmatch(text.strip()) or (WKT.match(plain) and not NAMES_A_FILE.search(plain)):
        return text
    raise input_error(
        "E116",
        place,
        "this coordinate system is no code, or it names a file or a server",
        given=text[:100],
        allowed="EPSG:4547 (or a code of ESRI, IGNF, OGC), or WKT without grid files",
        do="give the code of the system",
    )


BYTE_FOR_BYTE = "ISO-8859-1"  # each byte of a shapefile's texts is one sign: see dbf_texts.py
BESIDE = {".asc": (".prj",), ".shp": (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx")}


def check_sidecars(path: Path) -> None:
    """What a map library reads beside an ASCII grid or a shapefile must be a plain file there.
    Raises InputError where it is a link out of the folder, or a mask beside a GeoTIFF (E340).
    """
    if path.suffix.lower() in (".tif", ".tiff"):
        _refuse_mask_beside(path)
    endings = BESIDE.get(path.suffix.lower(), ())
    for beside in path.parent.glob(f"{escape(path.stem)}.*") if endings else ():
        told = f"{path.name}.aux.xml".lower()
        read = beside.suffix.lower() in endings or beside.name.lower() == told
        if read:
            _refuse_link(path, beside)


def _refuse_link(path: Path, beside: Path) -> None:
    if not (beside.is_file() and beside.resolve().parent == path.parent.resolve()):
        raise input_error(
            "E106",
            path.name,
            "the file beside this map is no plain file of its folder",
            given=beside.name,
            do="copy it in",
        )


def _refuse_mask_beside(path: Path) -> None:
    """A mask that stands beside a GeoTIFF is not read; what notes there say: raster_notes.py."""
    mask, notes = Path(f"{path}.msk"), Path(f"{path}.aux.xml")
    for beside in (mask, notes):
        if beside.exists() or beside.is_symlink():
            _refuse_link(path, beside)
    if mask.is_file():
        raise refusal(path, f"a mask in {mask.name}")


@dataclass(frozen=True)
class VectorPlace:
    """How a map library is to open a vector file. system_stated : whether the file itself says in
    which system it is;  layers : those with geometry, filled by who lists them.
    """

    text: str
    options: dict[str, Any] = field(default_factory=dict)
    system_stated: bool = True
    layers: list[str] = field(default_factory=list)


def checked_vector(path: Path) -> VectorPlace:
    """How a map library is to open a vector file. Raises InputError where it is not what its ending
    says, or names other files.
    """
    ending = path.suffix.lower()
    if ending == ".gpkg":
        _check_geopackage(path)
        return VectorPlace(str(path), {"IMMUTABLE": "YES"})  # nothing is written beside it
    if ending in (".geojson", ".json"):
        return VectorPlace(f"GeoJSON:{path}", {}, _check_geojson(path))
    if ending == ".shp":
        _check_shapefile(path)
        return VectorPlace(str(path), {"encoding": BYTE_FOR_BYTE})
    raise input_error(
        "E107",
        path.name,
        "this vector format is not read",
        allowed=".gpkg, .geojson, .shp",
        do=f"convert the file: ogr2ogr {path.stem}.gpkg {path.name}",
    )


def _check_shapefile(path: Path) -> None:
    check_sidecars(path)
    with path.open("rb") as file:
        head = file.read(4)
    if head != bytes((0, 0, 0x27, 0x0A)):
        raise input_error(
            "E110",
            path.name,
            "this is no shapefile",
            given=repr(head),
            do="write the layer again from your GIS, as a GeoPackage",
        )
    lacking = [e for e in (".shx", ".dbf") if not _beside(path, e)]
    if lacking:
        raise input_error(
            "E110",
            path.name,
            "a shapefile is several files, and some are missing",
            given=", ".join(f"no {path.stem}{e}" for e in lacking),
            do="copy all files of this name (.shp, .shx, .dbf, .prj), or give a GeoPackage",
        )


def _beside(path: Path, ending: str) -> bool:
    return any(p.suffix.lower() == ending for p in path.parent.glob(f"{escape(path.stem)}.*"))


def _refused(path: Path, problem: str, do: str, given: str = "") -> InputError:
    return input_error("E118", path.name, problem, given=given[:120], do=do)


def _check_geojson(path: Path) -> bool:
    """Strict JSON of a GeoJSON type; each `crs` in it a name. GDAL's own parser takes more, so what
    Python refuses is refused. Returns whether a system is named.
    """
    found: list[Any] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(value for key, value in pairs if key == "crs" and isinstance(value, dict))
        return dict(pairs) | {
            "type": None if [k for k, _ in pairs].count("type") > 1 else dict(pairs).get("type")
        }

    try:
        document = json.loads(
            path.read_bytes().decode("utf-8-sig", errors="replace"), object_pairs_hook=members
        )
    except (ValueError, RecursionError) as error:
        raise input_error(
            "E110",
            path.name,
            f"this is no GeoJSON: {error}"[:160],
            do="write the file again from your GIS as GeoJSON",
        ) from error
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in GEOJSON:
        raise _refused(
            path,
            "this is no GeoJSON",
            "write the file again from your GIS as GeoJSON",
            f"type {kind}",
        )
    for crs in found:
        named = crs.get("properties")
        name = named.get("name") if crs.get("type") == "name" and isinstance(named, dict) else None
        if not isinstance(name, str):
            raise input_error(
                "E116",
                f"{path.name}, `crs`",
                "this coordinate system is a link",
                given=str(crs)[:100],
                do="give its code, or remove `crs`",
            )
        check_crs(name, f"{path.name}, `crs`")
    return bool(found)


def _check_geopackage(path: Path) -> None:
    """A GeoPackage of plain tables, closed by who wrote it."""
    with path.open("rb") as file:
        head = file.read(16)
    if head != b"SQLite format 3\0":
        raise input_error(
            "E110",
            path.name,
            "this is no GeoPackage",
            given=repr(head[:16]),
            do="write the file again from your GIS as GeoPackage",
        )
    _refuse_open_geopackage(path)
    rows, systems = _geopackage_tables(path)
    if "gpkg_contents" not in {name for kind, name, _ in rows if kind == "table"}:
        raise _refused(
            path,
            "this is no GeoPackage: the table gpkg_contents is missing",
            "write the file again from your GIS as GeoPackage",
        )
    for kind, name, sql in rows:
        if kind == "view" or _virtual_table(sql) or FUNCTIONS.search(sql):
            raise _refused(
                path,
                "the GeoPackage holds more than plain tables",
                "save the layer alone into a new GeoPackage",
                f"{kind} {name}",
            )
    for text in systems:
        if text.strip().lower() not in ("", "undefined", "none"):
            check_crs(text, f"{path.name}, gpkg_spatial_ref_sys")


def _refuse_open_geopackage(path: Path) -> None:
    for ending in ("-wal", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.is_symlink() or (beside.exists() and beside.stat().st_size > 0):
            raise _refused(
                path,
                "a program still has this GeoPackage open",
                "close it there (QGIS: remove the layer); remove the file",
                beside.name,
            )


def _geopackage_tables(path: Path) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Kind, name and SQL of all that it holds, and its coordinate systems. Raises InputError where
    it is damaged.
    """
    try:
        with sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True) as data:
            rows = data.execute(
                "SELECT type, name, coalesce(sql, '') FROM sqlite_master"
            ).fetchall()
            systems = (
                []
                if "gpkg_spatial_ref_sys" not in {r[1] for r in rows}
                else data.execute("SELECT definition FROM gpkg_spatial_ref_sys").fetchall()
            )
        data.close()
    except sqlite3.Error as error:
        raise input_error(
            "E110", path.name, f"the GeoPackage is damaged: {error}", do="re-copy the file"
        ) from error
    return rows, [str(text) for (text,) in systems]


def _virtual_table(sql: str) -> bool:
    """Made by an extension; the spatial index (rtree) aside."""
    made = re.match(r"\s*CREATE\s+VIRTUAL\s+TABLE", sql, re.IGNORECASE)
    index = re.search(r"\bUSING\s+[\"'`\[]?rtree\b", sql, re.IGNORECASE)
    return made is not None and index is None
