"""Mistakes of files, tables and maps (E101-E118, W105), each mended as its message says."""

import json
import re
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import xarray
from pyogrio.raw import read as read_vector
from pyogrio.raw import write as write_vector

from benchmarks.reliability.linked_netcdf import content
from benchmarks.reliability.untrusted import box, extent, geopackage
from cli.test_bad_input import RASTER, ROWS, SERIES, SEWER, STORM, dem, network
from flood_sim.core.errors import Finding, InputError
from flood_sim.scenario import build_inputs, load_scenario
from scenario.test_gridded_rain import SCENARIO as GRID_RAIN
from scenario.test_gridded_rain import write as write_rain
from scenario.test_loader import GOOD
from ways.folders import (
    finished,
    give,
    half,
    obey,
    reworded,
    words,
)
from ways_out import Way, check, command, follow, put


def remove(name: str, pattern: str):
    """Lines of a file taken out."""

    def mend(folder: Path, finding: Finding) -> None:
        path = folder / name
        text, count = re.subn(pattern, "", path.read_text(encoding="utf-8"))
        assert count, pattern
        path.write_text(text, encoding="utf-8")

    return mend


def scenario(folder: Path, more: str = "", *changes: tuple[str, str]) -> None:
    text = GOOD
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "s.toml").write_text(text + more, encoding="utf-8")


def toml(more: str = "", *changes: tuple[str, str]):
    return lambda folder: scenario(folder, more, *changes)


# --------------------------------------------------------------------------------- scenario's text


def unreadable(folder: Path) -> None:
    """A file of the system's that is there and gives an input/output error to whoever reads it."""
    (folder / "s.toml").symlink_to("/proc/self/mem")


def readable(folder: Path, finding: Finding) -> None:
    (folder / "s.toml").unlink()
    scenario(folder)


def fault_by_fault(folder: Path, finding: Finding) -> None:
    """Mends what is told, checks again, until nothing is told."""
    for _ in range(3):
        try:
            check(folder)
            return
        except InputError as told:
            for found in told.findings:
                if key := re.search(r"`(k\d+)`|\[(k\d+)\]", found.place):
                    remove("s.toml", rf"\n{key[1] or key[2]} = 1\b")(folder, finding)


SCENARIOS = [
    Way(
        "E102",
        "tables stand more than … deep in each other",
        "take out what is nested too deep",
        toml("[deep]\na = " + "[" * 20 + "]" * 20 + "\n"),
        remove("s.toml", r"\[deep\]\na = \[.*\n"),
    ),
    Way(
        "E102",
        "the file cannot be read: …",
        "give a file that you may read",
        unreadable,
        readable,
    ),
    Way(
        "E103",
        "not implemented yet: …",
        "remove this section",
        toml("[storm]\na = 1\n"),
        remove("s.toml", r"\[storm\]\na = 1\n"),
    ),
    Way(
        "E103",
        "… more faults",
        "mend these first, then check again",
        lambda folder: scenario(
            folder,
            "",
            ("schema = 1\n", "schema = 1\n" + "".join(f"k{n} = 1\n" for n in range(120))),
        ),
        fault_by_fault,
    ),
]

# ------------------------------------------------------------------------------------------- tables


def rain(raw: bytes):
    """A scenario whose rain is this file."""

    def make(folder: Path) -> None:
        scenario(folder, "", (STORM, SERIES))
        (folder / "rain.csv").write_bytes(raw)

    return make


def saved_as_utf8(name: str, encoding: str):
    def mend(folder: Path, finding: Finding) -> None:
        path = folder / name
        path.write_text(path.read_bytes().decode(encoding), encoding="utf-8")

    return mend


SQUARE = {"type": "Polygon", "coordinates": [[[10, 10], [30, 10], [30, 30], [10, 30], [10, 10]]]}


def facilities(folder: Path, *rows: str) -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": SQUARE}
    (folder / "area.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    head = '[[facilities]]\nkind = "permeable_paving"\npolygon = "area.geojson"\n'
    scenario(folder, "".join(head + row + "\n" for row in rows))


def culverts(folder: Path) -> None:
    rows = "name,from_x_m,from_y_m,to_x_m,to_y_m,height_m\ns,2,2,22,2,1\nt,2,12,22,12,1\n"
    (folder / "c.csv").write_text(rows)
    one = '[[structures]]\nkind = "culvert"\nname = "t"\nfrom_m = [2, 17]\nto_m = [22, 17]\n'
    many = '[[structures]]\nkind = "culvert_table"\nname = "many"\nfile = "c.csv"\n'
    scenario(folder, one + "height_m = 1.0\n" + many)


def chinese_network(folder: Path) -> None:
    network(folder, ("[OPTIONS]", ";; 排水管网\n[OPTIONS]"), encoding="gb18030")
    scenario(folder, SEWER)


SAVE = "save the table as CSV, UTF-8"
LATIN = ROWS.replace("time,", "# Böe über Köln\ntime,")
TABLES = [
    Way(
        "E105",
        "a cell is longer than … characters",
        "mend the row",
        rain(ROWS.replace(",2", ",2" + "0" * 140_000).encode()),
        remove("rain.csv", "0{100000,}"),
    ),
    Way(
        "E105",
        "a quotation mark is not closed, or stands inside a cell",
        "mend the row",
        rain(ROWS.replace(",2", ',"2').encode()),
        remove("rain.csv", '"'),
    ),
    Way(
        "E105",
        "the cell holds unseen control characters",
        "retype the cell",
        rain(ROWS.replace(",2", ",2\x07").encode()),
        put("rain.csv", ",2\x07", ",2"),
    ),
    Way(
        "E105",
        "this is no text: it holds zero bytes (UTF-16?)",
        SAVE,
        rain(ROWS.encode("utf-16-le")),
        saved_as_utf8("rain.csv", "utf-16-le"),
    ),
    Way(
        "E105",
        "this text is in UTF-16",
        SAVE,
        rain(ROWS.encode("utf-16")),
        saved_as_utf8("rain.csv", "utf-16"),
    ),
    Way(
        "E105",
        "this text is in Latin-1 (Windows-1252), it seems",
        SAVE,
        rain(LATIN.encode("latin-1")),
        saved_as_utf8("rain.csv", "latin-1"),
    ),
    Way(
        "W105",
        "the file is …; a UTF-8 copy is used",
        "save as UTF-8",
        chinese_network,
        saved_as_utf8("n.inp", "gb18030"),
    ),
    Way(
        "E105",
        "the shares of a cell sum to more than 1",
        "lower the shares, or separate the polygons",
        lambda folder: facilities(folder, 'name = "a"\nshare = 0.6', 'name = "b"\nshare = 0.7'),
        put("s.toml", "share = 0.7", "share = 0.4"),
    ),
    Way(
        "E105",
        "two facilities have this name",
        "names must differ: the summary has a line for each",
        lambda folder: facilities(folder, 'name = "a"\nshare = 0.3', 'name = "a"\nshare = 0.4'),
        put("s.toml", 'name = "a"\nshare = 0.4', 'name = "b"\nshare = 0.4'),
    ),
    Way(
        "E105",
        "two structures have this name",
        "names must differ",
        culverts,
        put("c.csv", "\nt,2,12", "\nu,2,12"),
    ),
]

# ---------------------------------------------------------------------------------- files of SWMM


def sewers(*changes: tuple[str, str], more: str = ""):
    def make(folder: Path) -> None:
        network(folder, *changes)
        path = folder / "n.inp"
        path.write_text(path.read_text() + more)
        scenario(folder, SEWER)

    return make


def long_name(folder: Path) -> None:
    """A file whose whole path is longer than SWMM reads."""
    name = "t" * 240 + ".dat"
    sewers(more=f'[TIMESERIES]\nT FILE "{name}"\n')(folder)
    (folder / name).write_text("07/20/2021 15:00 1\n07/20/2021 15:10 1\n")


def renamed(folder: Path, finding: Finding) -> None:
    line = int(finding.place.rpartition(" ")[2])
    name = (folder / "n.inp").read_text().splitlines()[line - 1].split('"')[1]
    (folder / name).rename(folder / "t.dat")
    put("n.inp", name, "t.dat")(folder)


def circle(folder: Path) -> None:
    sewers(more="[TIMESERIES]\nT FILE t.dat\n")(folder)
    (folder / "t.dat").symlink_to("t.dat")


def series(folder: Path, finding: Finding) -> None:
    """The file copied to the place that is told, or into the folder."""
    path = folder / "t.dat"
    path.unlink(missing_ok=True)
    if "copy the file to " in finding.do:
        told = Path(finding.do.split("copy the file to ")[1].split(", or ")[0])
        assert told == path.resolve()
    path.write_text("07/20/2021 15:00 1\n07/20/2021 15:10 1\n")


def no_network(folder: Path) -> None:
    sewers()(folder)
    put("s.toml", '"n.inp"', '"/proc/self/mem"')(folder)


def check_with_proc(folder: Path) -> list[Finding]:
    """`check --allow-path /proc`: there lies a file that gives an error to whoever reads it."""
    return build_inputs(load_scenario(folder / "s.toml", (Path("/proc"),))).findings


LID = "[LID_USAGE]\nS1 L1 1 10 5 0 0 0 lid.txt\n"
NETWORKS = [
    Way(
        "E101",
        "the file does not exist, or is no plain file",
        "copy the file to …, or remove the line",
        sewers(more="[TIMESERIES]\nT FILE t.dat\n"),
        series,
    ),
    Way(
        "E101",
        "the network cannot be read: …",
        "check [drainage] network",
        no_network,
        put("s.toml", '"/proc/self/mem"', '"n.inp"'),
        check_with_proc,
    ),
    Way(
        "E106",
        "SWMM cannot be given this path whole",
        "rename the file, or move the folder to a shorter path",
        long_name,
        renamed,
    ),
    Way(
        "E106",
        "SWMM would write this file",
        "remove the line: flood_sim writes its own results",
        sewers(more="[FILES]\nSAVE RUNOFF r.txt\n"),
        remove("n.inp", "SAVE RUNOFF r.txt\n"),
    ),
    Way(
        "E106",
        "SWMM would write this file",
        "write * in its place: flood_sim writes its own results",
        sewers(more=LID),
        put("n.inp", "lid.txt", "*"),
    ),
    Way(
        "E106",
        "this path cannot be followed: …",
        "copy the file in, or allow its folder: --allow-path DIR",
        circle,
        series,
    ),
]

# ------------------------------------------------------------------------------------------- maps


def cut_out(name: str, make=None):
    """A grid cut out by a vector file; make(path) spoils it."""

    def wrong(folder: Path) -> None:
        extent(folder, name)
        sound(folder / name)
        if make:
            make(folder / name)

    return wrong


def sound(path: Path) -> None:
    """The vector file as it should be."""
    path.unlink(missing_ok=True)
    if path.suffix == ".gpkg":
        geopackage(path)
    elif path.suffix == ".geojson":
        path.write_text(in_system(system("urn:ogc:def:crs:EPSG::4547")))
    else:
        place = path.parent / "sound.gpkg"
        geopackage(place)
        converted(place, path)
        place.unlink()


def system(name: str) -> dict:
    return {"type": "name", "properties": {"name": name}}


def in_system(crs: dict) -> str:
    return json.dumps(box() | {"crs": crs})


def converted(source: Path, target: Path) -> None:
    """As ogr2ogr does it."""
    meta, _, shapes, values = read_vector(source)
    write_vector(
        target, shapes, values, meta["fields"], geometry_type="Polygon", crs=meta["crs"]
    )


def as_told(folder: Path, finding: Finding) -> None:
    """The conversion that the message names, given to the scenario."""
    target, source = finding.do.split("ogr2ogr ")[1].split()
    converted(folder / source, folder / target)
    put("s.toml", f'"{source}"', f'"{target}"')(folder)


def copied_again(name: str):
    return lambda folder, finding: sound(folder / name)


def statements(*rows: str):
    def spoil(path: Path) -> None:
        with sqlite3.connect(path) as data:
            for row in rows:
                data.execute(row)
        data.close()

    return spoil


def layer_alone(folder: Path, finding: Finding) -> None:
    path = folder / "b.gpkg"
    path.rename(folder / "old.gpkg")
    meta, _, shapes, values = read_vector(folder / "old.gpkg", layer="area")
    write_vector(
        path, shapes, values, meta["fields"], geometry_type="Polygon", crs=meta["crs"]
    )


def cut(length: int):
    """The file ends early."""
    return lambda path: path.write_bytes(path.read_bytes()[:length])


def damaged(start: int):
    """The file's bytes from here on are others."""
    return lambda path: path.write_bytes(path.read_bytes()[:start] + b"\xff" * 4000)


def closed(folder: Path, finding: Finding) -> None:
    """The program that had it open has gone; the file that it left is removed."""
    assert finding.given == "b.gpkg-wal"
    (folder / finding.given).unlink()


def shapefile(name: str):
    """Parts of a shapefile that lie elsewhere."""

    def spoil(path: Path) -> None:
        for part in (".shx", ".dbf", ".prj"):
            path.with_suffix(part).rename(path.parent / f"kept{part}")

    return spoil


def whole_shapefile(folder: Path, finding: Finding) -> None:
    for part in re.findall(r"\.\w{3}", finding.do.split("(")[1]):
        if part != ".shp":
            (folder / f"kept{part}").rename(folder / f"b{part}")


def no_system(folder: Path) -> None:
    """A raster without a system, and a code in the scenario that nobody has given."""
    dem(folder, crs=None)
    scenario(folder, '[grid]\ncrs = "EPSG:999999"\n', RASTER)


def beside_elsewhere(folder: Path) -> None:
    """Notes beside the map that are a link out of the folder."""
    cut_out("b.gpkg")(folder)
    (folder / "out").mkdir()
    (folder / "out" / "notes.xml").write_text("<PAMDataset/>")
    (folder / "dem.tif.aux.xml").symlink_to(folder / "out" / "notes.xml")


def copied_in(folder: Path, finding: Finding) -> None:
    link = folder / finding.given if finding.given else Path(finding.place)
    source = link.resolve()
    link.unlink()
    shutil.copyfile(source, link)


GIS = "write the file again from your GIS as"
VECTORS = [
    Way(
        "E106",
        "the file beside this map is no plain file of its folder",
        "copy it in",
        beside_elsewhere,
        copied_in,
    ),
    Way(
        "E107",
        "this vector format is not read",
        "convert the file: ogr2ogr ….gpkg …",
        cut_out("b.fgb"),
        as_told,
    ),
    Way(
        "E110",
        "a shapefile is several files, and some are missing",
        "copy all files of this name (.shp, .shx, .dbf, .prj), or give a GeoPackage",
        cut_out("b.shp", shapefile("b")),
        whole_shapefile,
    ),
    Way(
        "E110",
        "the GeoPackage is damaged: …",
        "re-copy the file",
        cut_out("b.gpkg", damaged(100)),
        copied_again("b.gpkg"),
    ),
    Way(
        "E110",
        "the vector file cannot be read",
        "mend the file, or give another",
        cut_out("b.shp", cut(60)),
        copied_again("b.shp"),
    ),
    Way(
        "E110",
        "this is no GeoPackage",
        f"{GIS} GeoPackage",
        cut_out("b.gpkg", lambda path: path.write_bytes(b"PK\3\4 another format")),
        copied_again("b.gpkg"),
    ),
    Way(
        "E110",
        "this is no shapefile",
        "write the layer again from your GIS, as a GeoPackage",
        cut_out("b.shp", lambda path: path.write_bytes(b"PK\3\4 another format")),
        lambda folder, finding: (
            sound(folder / "b.gpkg"),
            put("s.toml", '"b.shp"', '"b.gpkg"')(folder),
        ),
    ),
    Way(
        "E116",
        "this coordinate system is a link",
        "give its code, or remove `crs`",
        cut_out(
            "b.geojson",
            lambda path: path.write_text(in_system({"type": "link", "properties": {}})),
        ),
        copied_again("b.geojson"),
    ),
    Way(
        "E116",
        "this coordinate system is no code, or it names a file or a server",
        "give the code of the system",
        cut_out(
            "b.geojson",
            lambda path: path.write_text(in_system(system("+proj=utm +zone=49"))),
        ),
        copied_again("b.geojson"),
    ),
    Way(
        "E116",
        "this coordinate system is not known",
        "give the code of the system",
        no_system,
        put("s.toml", "EPSG:999999", "EPSG:4547"),
    ),
    Way(
        "E118",
        "a program still has this GeoPackage open",
        "close it there (QGIS: remove the layer); remove the file",
        cut_out("b.gpkg", lambda path: path.with_name("b.gpkg-wal").write_bytes(b"x" * 99)),
        closed,
    ),
    Way(
        "E118",
        "the GeoPackage holds more than plain tables",
        "save the layer alone into a new GeoPackage",
        cut_out("b.gpkg", statements("CREATE VIEW v AS SELECT * FROM area")),
        layer_alone,
    ),
    Way(
        "E118",
        "this is no GeoJSON",
        f"{GIS} GeoJSON",
        cut_out("b.geojson", lambda path: path.write_text('{"type": "Topology", "arcs": []}')),
        copied_again("b.geojson"),
    ),
    Way(
        "E118",
        "this is no GeoPackage: the table gpkg_contents is missing",
        f"{GIS} GeoPackage",
        cut_out(
            "b.gpkg",
            lambda path: (path.unlink(), statements("CREATE TABLE area (name)")(path)),
        ),
        copied_again("b.gpkg"),
    ),
]

# --------------------------------------------------------------------------------- gridded rain


AROUND = {"x": 100.0 * np.arange(-1, 3), "y": 100.0 * np.arange(-1, 3)}


def gridded(make):
    def wrong(folder: Path) -> None:
        (folder / "s.toml").write_text(GRID_RAIN.format(more=""), encoding="utf-8")
        write_rain(folder, [1.0] * 5, **AROUND)
        make(folder)

    return wrong


def rain_again(folder: Path, finding: Finding) -> None:
    write_rain(folder, [1.0] * 5, **AROUND)


def linked(folder: Path) -> None:
    """Its rain is a link to a file of another folder."""
    (folder / "rain.nc").write_bytes(content("link_new"))
    (folder / "outside").mkdir()
    held = folder / "outside" / "rain.nc"
    write_rain(held.parent, [1.0] * 5, **AROUND)


def virtual(folder: Path) -> None:
    """Its rain lies in ../outside/outside.nc."""
    (folder / "outside").mkdir()
    (folder / "outside" / "outside.nc").write_bytes(content("plain"))
    (folder / "city").mkdir()
    gridded(lambda city: (city / "rain.nc").write_bytes(content("virtual")))(folder / "city")


def as_nccopy(folder: Path, finding: Finding) -> None:
    """All that the library reads of a file, in one: what nccopy does (compared with its 4.9.0)."""
    assert "nccopy OLD.nc NEW.nc" in finding.do
    path = folder / "city" / "rain.nc"
    with xarray.open_dataset(path, decode_cf=False) as data:
        assert (data.load().rain == 1.0).all()
        data.to_netcdf(folder / "new.nc")
    (folder / "new.nc").replace(path)


def held_there(folder: Path, finding: Finding) -> None:
    (folder / "outside" / "rain.nc").replace(folder / "rain.nc")


NETCDFS = [
    Way(
        "E110",
        "the NetCDF file cannot be read",
        "mend the file, or give another",
        gridded(lambda folder: cut(3000)(folder / "rain.nc")),
        rain_again,
    ),
    Way(
        "E110",
        "this is no NetCDF file",
        "re-copy the file, or write it again as NetCDF",
        gridded(lambda folder: (folder / "rain.nc").write_text("time,rain\n")),
        rain_again,
    ),
    Way(
        "E117",
        "a part of the file is a link to another file",
        "give the file that holds it",
        gridded(linked),
        held_there,
    ),
    Way(
        "E117",
        "the file takes data from other files",
        "copy it into one file: nccopy OLD.nc NEW.nc",
        virtual,
        as_nccopy,
        lambda folder: check(folder / "city"),
    ),
]

WAYS: list[Way] = [*SCENARIOS, *TABLES, *NETWORKS, *VECTORS, *NETCDFS]

# Rows that no test can follow, and why.
WITHOUT: dict[tuple[str, str, str], str] = {}


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
