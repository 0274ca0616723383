"""Mistakes of files, tables and maps (E101-E118, W105), each mended as its message says."""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import cache
from importlib import invalidate_caches
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas
import pytest
import xarray
from distributed import Client, LocalCluster
from pyogrio.raw import read as read_vector
from pyogrio.raw import write as write_vector

from benchmarks.reliability.linked_netcdf import content
from benchmarks.reliability.untrusted import box, extent, geopackage
from cli.test_bad_input import RASTER, ROWS, SERIES, SEWER, STORM, dem, network
from console import flood_sim
from flood_sim.analysis.compare import compare
from flood_sim.analysis.html.page import print_pdf
from flood_sim.analysis.limits.files import LIMITS, read_limits
from flood_sim.analysis.standards.files import STANDARDS, read_loads, read_standards
from flood_sim.core.errors import Finding, InputError
from flood_sim.core.files.folder_lock import owner_file
from flood_sim.core.files.live import RUN_LOCK
from flood_sim.core.plugins import plugins
from flood_sim.results import open_results, told_broken_netcdf
from flood_sim.runs.kernel_cache import refuse_foreign
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.study import load_study
from flood_sim.study.cluster import open_client
from flood_sim.study.report import study_context, write_report
from flood_sim.study.tables import read_tables
from scenario.test_gridded_rain import SCENARIO as GRID_RAIN
from scenario.test_gridded_rain import write as write_rain
from scenario.test_loader import GOOD
from study.test_cluster import free_port
from ways.folders import (
    QUIET,
    STUDY,
    does,
    finished,
    give,
    half,
    in_this_process,
    obey,
    reworded,
    studied,
    study_of,
    words,
)
from ways_out import Way, check, command, follow, put
from ways_out import printed as findings_of


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
    write_vector(target, shapes, values, meta["fields"], geometry_type="Polygon", crs=meta["crs"])


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
    write_vector(path, shapes, values, meta["fields"], geometry_type="Polygon", crs=meta["crs"])


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

# ------------------------------------------------------------------------------------------ names


def given(*text: str):
    """The words of the command."""
    return lambda folder: words(folder, *text)


def from_list(*listing: str):
    """Puts a name into the command that the list of them shows."""

    def mend(folder: Path, finding: Finding) -> None:
        told = flood_sim(*listing)
        assert told.returncode == 0
        assert finding.do != LISTED or " ".join(listing) in finding.do
        name = told.stdout.split()[0]
        line = (folder / "words.txt").read_text().splitlines()
        words(folder, *(name if "nowhere" in word else word for word in line))

    return mend


def allowed_name(old: str):
    """Puts the first of the allowed names into the command."""

    def mend(folder: Path, finding: Finding) -> None:
        reworded(old, finding.allowed.split(",")[0])(folder)

    return mend


def read(folder: Path) -> list[Finding]:
    """The scenario whose name is the command's last word, loaded."""
    load_scenario((folder / "words.txt").read_text().split()[-1])
    return []


@cache
def written_page() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return write_report(finished(Path(folder))).read_text(encoding="utf-8")


def pdf(folder: Path) -> list[Finding]:
    """What `report --pdf` does behind its page, on a machine without other programs."""
    with patch.dict(os.environ, {"PATH": str(folder)}):
        if "--pdf" in (folder / "words.txt").read_text():
            print_pdf(folder / "report.html")
    return []


def report_pdf(folder: Path) -> None:
    (folder / "report.html").write_text(written_page(), encoding="utf-8")
    words(folder, "report", "--pdf")


def broken_browser(folder: Path) -> None:
    report_pdf(folder)
    (folder / "chromium").write_text("#!/bin/sh\nexit 1\n")
    (folder / "chromium").chmod(0o755)


def printed_by_hand(folder: Path, finding: Finding) -> None:
    """The page that is named is there, with its own way to paper; the option goes."""
    page = Path(finding.do.split("open ")[1].split(" and print")[0])
    assert "@media print" in page.read_text(encoding="utf-8")
    reworded("\n--pdf", "")(folder)


def plugged(folder: Path) -> list[Finding]:
    """A scenario with a plugin of FLOOD_SIM_PLUGINS; more folders of modules lie in path.txt."""
    more = (folder / "path.txt").read_text().split()
    plugins.cache_clear()
    try:
        with (
            patch.dict(os.environ, {"FLOOD_SIM_PLUGINS": "ways_planters"}),
            patch.object(sys, "path", [*sys.path, *more]),
        ):
            invalidate_caches()
            plugins()
            return []
    finally:
        plugins.cache_clear()
        sys.modules.pop("ways_planters", None)


def without_plugin(folder: Path) -> None:
    (folder / "path.txt").write_text("")
    (folder / "mine").mkdir()
    (folder / "mine" / "ways_planters.py").write_text("OUTCOMES = ()\n")


LISTED = "`flood-sim list` shows the shipped ones"
BY_HAND = "open … and print it to a file"
NAMES = [
    Way(
        "E101",
        "the scenario file does not exist…",
        LISTED,
        given("check", "nowhere.toml"),
        from_list("list"),
        read,
    ),
    Way(
        "E101",
        "no scenario of this name…",
        "give one of these names or the path of a .toml file",
        given("check", "quickstrat"),
        allowed_name("quickstrat"),
        read,
    ),
    Way(
        "E101",
        "no study of this name…",
        "name one that is there",
        given("study", "check", "nowhere"),
        from_list("study", "list"),
        does(lambda folder: load_study((folder / "words.txt").read_text().split()[-1])),
    ),
    Way(
        "E101",
        "no browser that prints was found",
        BY_HAND,
        report_pdf,
        printed_by_hand,
        pdf,
    ),
    Way(
        "E101",
        "the browser did not print: …",
        BY_HAND,
        broken_browser,
        printed_by_hand,
        pdf,
    ),
    Way(
        "E101",
        "plugin … cannot be imported: …",
        "install it, or put its folder on PYTHONPATH",
        without_plugin,
        lambda folder, finding: (folder / "path.txt").write_text(str(folder / "mine")),
        plugged,
    ),
    Way(
        "E102",
        "no such limits…",
        "give what is allowed",
        given("internatoinal"),
        allowed_name("internatoinal"),
        does(lambda folder: read_limits((folder / "words.txt").read_text())),
    ),
    Way(
        "E102",
        "no such standards…",
        "give what is allowed",
        given("chnia"),
        allowed_name("chnia"),
        does(lambda folder: read_standards((folder / "words.txt").read_text())),
    ),
]

# ----------------------------------------------------------------------- own standards and limits

DOCS = Path(__file__).resolve().parents[2] / "docs" / "studies.md"


def shown(key: str) -> str:
    """The line that docs/studies.md shows for a key."""
    blocks = "\n".join(re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.S))
    return re.search(rf"^{key} *= .*$", blocks, re.M)[0]


def own(model: Path, *lacking: str, more: str = ""):
    """A file of one's own without these keys."""

    def make(folder: Path) -> None:
        text = model.read_text(encoding="utf-8")
        for key in lacking:
            text, count = re.subn(rf"^{key} *= .*\n", "", text, count=1, flags=re.M)
            assert count, key
        (folder / "own.toml").write_text(text + more, encoding="utf-8")

    return make


def added_to(table: str, *keys: str):
    """The keys put below the table, as the documentation shows them."""

    def mend(folder: Path, finding: Finding) -> None:
        lines = "\n".join(shown(key) for key in keys)
        put("own.toml", f"[{table}]", f"[{table}]\n{lines}\n")(folder)

    return mend


def added_as_told(table: str):
    def mend(folder: Path, finding: Finding) -> None:
        line = finding.do.split("add ")[1].split(", or yours")[0]
        put("own.toml", f"[{table}]", f"[{table}]\n{line}\n")(folder)

    return mend


def appended(name: str, text: str):
    def mend(folder: Path, finding: Finding) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return mend


def reads(function):
    return does(lambda folder: function(folder / "own.toml"))


def standards_of(path: Path) -> dict:
    return read_standards(str(path))


CHINA, CITY = STANDARDS / "china.toml", STANDARDS / "reference_city.toml"
ADD = "as docs/studies.md shows"
OWN = [
    Way(
        "E103",
        "unknown key…",
        "rename or remove it",
        own(CHINA, more="limit = 1.0\n"),
        put("own.toml", "limit = 1.0\n", ""),
        reads(standards_of),
    ),
    Way(
        "E106",
        "keys are missing",
        f"add them, {ADD}",
        own(CHINA, "family", "required_y"),
        added_to("flood_protection", "family", "required_y"),
        reads(standards_of),
    ),
    Way(
        "E106",
        "this key is missing",
        f"add it, {ADD}",
        own(CITY, "crest_m"),
        added_to("river", "crest_m"),
        reads(read_loads),
    ),
    Way(
        "E106",
        "no loads are in this file",
        "give what is allowed",
        lambda folder: (folder / "own.toml").write_text(""),
        appended("own.toml", CITY.read_text(encoding="utf-8")),
        reads(read_loads),
    ),
    Way(
        "E106",
        "no standard is in this file",
        "give tables [NAME] with chinese, family, required_y, source and [[NAME.criterion]]",
        lambda folder: (folder / "own.toml").write_text("ladder_y = [1, 2, 5]\n"),
        appended(
            "own.toml",
            '[dry]\nchinese = "own"\nfamily = ["day"]\nrequired_y = { large = 5 }\nsource = "own"\n'
            '[[dry.criterion]]\nid = "a"\ntest = "openings"\nlimit_m = 0.0\n',
        ),
        reads(standards_of),
    ),
    Way(
        "E106",
        "this key is missing…",
        "add … = …, or yours",
        own(LIMITS, "still_depth_m"),
        added_as_told("vehicles.small_car"),
        reads(lambda path: read_limits(str(path))),
    ),
    Way(
        "E104",
        "this key is missing",
        "add `… = ...`",
        lambda folder: study_of(folder, STUDY.replace('name = "few"\n', "")),
        put("study.toml", "schema = 1\n", 'schema = 1\nname = "few"\n'),
        does(lambda folder: load_study(folder / "study.toml")),
    ),
]

# ------------------------------------------------------------------------- folders of runs, studies


def run_file(name: str, content: bytes, make=finished):
    """A file of the run's folder, or of the study's, is another program's."""
    return lambda folder: (make(folder) / name).write_bytes(content)


def opened(folder: Path) -> list[Finding]:
    open_results(folder / "run")
    return []


def linked_results(folder: Path) -> None:
    run = finished(folder)
    (run / "gauges.csv").replace(folder / "gauges.csv")
    (run / "gauges.csv").symlink_to(folder / "gauges.csv")


def copied_here(folder: Path, finding: Finding) -> None:
    link = Path(finding.place)
    held = link.resolve()
    link.unlink()
    shutil.copyfile(held, link)


def fields(folder: Path) -> list[Finding]:
    """Reads all maps of the run."""
    open_results(folder / "run").fields.load()
    return []


@does
def summary(folder: Path) -> object:
    return compare(open_results(folder / "run"), open_results(folder / "run")).changed_inputs


def put_back(name: str):
    """The file from the run as it was."""

    def mend(folder: Path, finding: Finding) -> None:
        finished(folder / "again")
        shutil.copyfile(folder / "again" / "run" / name, folder / "run" / name)

    return mend


def garbled(folder: Path) -> None:
    """A whole file with broken values: seen when they are asked for."""
    path = half(folder) / "fields.nc"
    packed = re.compile(rb"x[\x01\x5e\x9c\xda].{4}", re.S)  # the heads of what zlib wrote
    path.write_bytes(packed.sub(lambda found: found[0][:2] + b"\xff" * 4, path.read_bytes()))


@does
def maps(folder: Path) -> None:
    """Reads all maps as the report does."""
    with told_broken_netcdf(folder / "run"):
        open_results(folder / "run").fields.load()


def unfinished(folder: Path) -> None:
    half(folder)
    finished(folder / "other")


@does
def compared(folder: Path) -> None:
    compare(open_results(folder / "other" / "run"), open_results(folder / "run"))


def obeyed(folder: Path, finding: Finding) -> None:
    obey(folder, finding, *(QUIET[:2] if "run --resume" in finding.do else QUIET))


def resumed_study(folder: Path, finding: Finding) -> None:
    with in_this_process():
        obey(folder, finding, "--quiet")


@does
def tables(folder: Path) -> object:
    """The study's tables and outcomes, read."""
    return read_tables(folder / "run").kinds


def lost_catalogue(folder: Path) -> None:
    (studied(folder) / "catalogue.parquet").unlink()


def changed_catalogue(folder: Path) -> None:
    """The key of a run in the catalogue leads out of the folder."""
    path = studied(folder) / "catalogue.parquet"
    table = pandas.read_parquet(path)
    table["key"] = "../" + table["key"]
    table.to_parquet(path, index=False)


@does
def page(folder: Path) -> object:
    return study_context(folder / "run")


def no_first_storm(folder: Path) -> None:
    """As a study is where the runs of its first storm have died: no record of them, no row."""
    run = studied(folder)
    path = run / "catalogue.parquet"
    table = pandas.read_parquet(path)
    lost = table[table["storm"] == "a"]["key"]
    table[table["storm"] != "a"].to_parquet(path, index=False)
    for record in (run / "asked").glob("*.json"):
        if json.loads(record.read_text())["key"] in set(lost):
            record.unlink()
    for key in lost:
        shutil.rmtree(run / "runs" / key)


def no_study(folder: Path) -> None:
    (studied(folder) / "study.json").unlink()


def run_of_study(folder: Path, finding: Finding) -> None:
    """`flood-sim study run NAME --out DIR`, or with the folder that is told."""
    text = finding.do.replace("NAME", "STUDY").replace("STUDY", str(folder / "study.toml"))
    line = text[text.index("flood-sim ") :].split(" writes it")[0].split()[1:]
    with in_this_process():
        told = flood_sim(*(folder / "run" if word == "DIR" else word for word in line), "--quiet")
    assert told.returncode == 0, told


def status(folder: Path) -> list[Finding]:
    return command("study", "status", "{}/run")(folder)


RESUME = "flood-sim study resume …"
ANEW = "flood-sim run --resume … writes it anew"
RESULTS = [
    Way(
        "E101",
        "this is no result folder: fields.nc is not there",
        "run `flood-sim run SCENARIO --out DIR` first",
        toml(),
        obeyed,
        opened,
    ),
    Way(
        "E101",
        "this run is not finished",
        "flood-sim run --resume …",
        unfinished,
        obeyed,
        compared,
    ),
    Way(
        "E106",
        "a link out of this folder, a pipe or a device",
        "copy the file in, or remove it",
        linked_results,
        copied_here,
        opened,
    ),
    Way(
        "E110",
        "this file is damaged, or not of these results: …",
        "",
        run_file("scenario.toml", b"\x89HDF"),
        put_back("scenario.toml"),
        summary,
    ),
    Way(
        "E110",
        "this file of a result folder is damaged",
        ANEW,
        run_file("fields.nc", b"", half),
        obeyed,
        fields,
    ),
    Way(
        "E110",
        "a file in this result folder is damaged",
        ANEW,
        garbled,
        obeyed,
        maps,
    ),
    Way(
        "E101", "this study has no complete run yet", RESUME, lost_catalogue, resumed_study, tables
    ),
    Way(
        "E101",
        "the first storm has no complete run yet",
        RESUME,
        no_first_storm,
        resumed_study,
        page,
    ),
    Way(
        "E101",
        "this is no study's folder: study.json is not there",
        "flood-sim study run NAME --out DIR",
        no_study,
        run_of_study,
        status,
    ),
    Way(
        "E106",
        "this is no name of a run",
        "the study's tables were changed: flood-sim study resume DIR",
        changed_catalogue,
        resumed_study,
        page,
    ),
    Way(
        "E110",
        "this file of a study's folder is damaged, or not there",
        "flood-sim study resume … makes it anew from the runs",
        run_file("outcomes.parquet", b"PAR1", studied),
        resumed_study,
        tables,
    ),
    Way(
        "E110",
        "this file of a study's folder is damaged",
        "flood-sim study run STUDY --out … writes it anew and goes on; no run is done twice",
        run_file("study.json", b"{", studied),
        run_of_study,
        status,
    ),
]

# ------------------------------------------------------------------- what the system keeps from us


def bell_in_a_name(folder: Path) -> None:
    """A file whose name holds a control character, in the scenario too."""
    rain(ROWS.encode())(folder)
    (folder / "rain.csv").rename(folder / "ra\x07in.csv")
    put("s.toml", '"rain.csv"', '"ra\\u0007in.csv"')(folder)


def without_bell(folder: Path, finding: Finding) -> None:
    (folder / "ra\x07in.csv").rename(folder / "rain.csv")
    put("s.toml", "ra\\u0007in.csv", "rain.csv")(folder)


HELD = """
import sys
from pathlib import Path
from flood_sim.core import sandbox
from flood_sim.core.errors import InputError

scenario, file, *allowed = sys.argv[1:]
sandbox.arm()
sandbox.enter("check", {"name": scenario, "allow_path": list(map(Path, allowed))})
try:
    with sandbox.told():
        if not (sandbox.available() or any(Path(file).is_relative_to(p) for p in allowed)):
            raise PermissionError(13, "Permission denied", file)  # as a newer kernel does it
        open(file).close()
except InputError as error:
    sys.stderr.write(str(error))
"""


def held_apart(folder: Path) -> list[Finding]:
    """A process that the kernel holds to the folders of `check` opens a file of another folder."""
    line = (folder / "words.txt").read_text().replace("{}", str(folder)).splitlines()
    code = [sys.executable, "-c", HELD, *(word for word in line[1:] if word != "--allow-path")]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    return findings_of(done.stderr)


def elsewhere(folder: Path) -> None:
    (folder / "city").mkdir()
    (folder / "other").mkdir()
    scenario(folder / "city")
    (folder / "other" / "rain.csv").write_text(ROWS)
    words(folder, "check", "{}/city/s.toml", "{}/other/rain.csv")


def allowed_folder(folder: Path, finding: Finding) -> None:
    place = Path(finding.place).parent
    assert place == (folder / "other").resolve() and "--allow-path DIR" in finding.do
    reworded("rain.csv", f"rain.csv\n--allow-path\n{place}")(folder)


def full_while_written(folder: Path) -> None:
    """A run writes here, this process; the disk for a copy is full."""
    run = finished(folder)
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
    owner_file(run, RUN_LOCK).write_text(json.dumps(owner))
    (run / ".frames").write_text(f"{0:020d}")
    (folder / "full").write_text("")


def reads_a_copy(folder: Path) -> list[Finding]:
    def full(*places: object) -> None:
        raise OSError(28, "No space left on device")

    with ExitStack() as stack:
        if (folder / "full").exists():
            stack.enter_context(patch("flood_sim.core.files.live.shutil.copyfile", full))
        return fields(folder)


def open_cache(folder: Path) -> None:
    (folder / "cache").mkdir()
    (folder / "cache").chmod(0o777)


def closed_cache(folder: Path, finding: Finding) -> None:
    line = re.search(r"chmod 700 \S+(?=,)", finding.do).group()
    subprocess.run(line.split(), check=True)


def no_scheduler(folder: Path) -> None:
    words(folder, f"tcp://127.0.0.1:{free_port()}")


def started_scheduler(folder: Path, finding: Finding) -> None:
    port = int(finding.given.rpartition(":")[2])
    SCHEDULERS.append(
        LocalCluster(
            n_workers=0,
            processes=False,
            host="127.0.0.1",
            scheduler_port=port,
            dashboard_address=None,
            silence_logs=50,
        )
    )


SCHEDULERS: list[LocalCluster] = []


def connected(folder: Path) -> list[Finding]:
    """A study's way to its scheduler; refused connections are given up after one second."""

    def soon(address: str, timeout: str) -> Client:
        return Client(address, timeout="1s")

    address = (folder / "words.txt").read_text()
    with (
        patch("distributed.Client", soon),
        patch("flood_sim.study.cluster._silence"),
        open_client(1, address, False),
    ):
        pass
    SCHEDULERS.pop().close()
    return []


def out_of_the_folder(folder: Path) -> None:
    (folder / "city").mkdir()
    scenario(folder / "city", "", (STORM, SERIES.replace("rain.csv", "../rain.csv")))
    (folder / "rain.csv").write_text(ROWS)
    words(folder, "check", "{}/city/s.toml")


SYSTEM = [
    Way(
        "E106",
        "this path leaves the scenario's folder",
        "copy the file in, or allow its folder: --allow-path DIR",
        out_of_the_folder,
        reworded("s.toml", "s.toml\n--allow-path\n{}"),
        give,
    ),
    Way(
        "E101",
        "no connection: …",
        "start it; with TLS, name certificate and key in dask's configuration (docs/cluster.md)",
        no_scheduler,
        started_scheduler,
        connected,
    ),
    Way(
        "E106",
        "a path holds no control characters",
        "rename the file",
        bell_in_a_name,
        without_bell,
    ),
    Way(
        "E106",
        "this file lies outside the folders that this command may open",
        "copy the file in; run, check and study run can allow its folder: --allow-path DIR",
        elsewhere,
        allowed_folder,
        held_apart,
    ),
    Way(
        "E110",
        "no copy can be made while the run writes: …",
        "free space, or wait until the run has ended",
        full_while_written,
        lambda folder, finding: (folder / "full").unlink(),
        reads_a_copy,
    ),
    Way(
        "E114",
        "the compiled kernels lie where others can write: what they put there would run with"
        " your rights",
        "chmod 700 …, or …",
        open_cache,
        closed_cache,
        does(lambda folder: refuse_foreign(folder / "cache")),
    ),
]

WAYS: list[Way] = [
    *SCENARIOS,
    *TABLES,
    *NETWORKS,
    *VECTORS,
    *NETCDFS,
    *NAMES,
    *OWN,
    *RESULTS,
    *SYSTEM,
]

# Rows that no test can follow, and why.
WITHOUT: dict[tuple[str, str, str], str] = {}


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
