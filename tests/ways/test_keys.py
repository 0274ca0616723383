"""Mistakes of values that name what is not there, or do not fit what stands beside them (E104), each
mended as its message says.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from unittest import mock

import netCDF4
import numpy as np
import pytest

from cli.test_bad_input import FLAT, geojson
from coupling.test_switches import NETWORK as STREET_NETWORK
from coupling.test_switches import SCENARIO as STREET
from flood_sim.analysis.compare import compare
from flood_sim.analysis.html.runs import runs_context
from flood_sim.analysis.observed import observed_marks
from flood_sim.analysis.pictures.animation import animate
from flood_sim.core.errors import Finding
from flood_sim.core.plugins import brought, plugins, unique
from flood_sim.results import Results, open_results
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.study import lead_time
from flood_sim.study.cluster import open_client
from flood_sim.study.lead_time import LeadTime, Search, Wanted
from flood_sim.surface.schemes import OWN
from measures.test_plans import SCENARIO as PLAN
from scenario.test_gridded_rain import SCENARIO as GRID
from scenario.test_gridded_rain import write as write_rain
from scenario.test_loader import GOOD, NETWORK, write_raster
from sites.test_actions import BOARD, ENTRANCE
from sites.test_underground import GARAGE, lake
from ways_out import Way, check, command, follow, put

STORM = 'kind = "storm"\nstorm = "zhengzhou-720"'
SERIES = 'kind = "series"\nfile = "rain.csv"\nlabel = "right"\ninterval_s = 300'
SEWER = '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n'
AT = "trigger = { at = 2021-07-20T15:40:00+08:00 }"
ORDERED = lake(stop="17:00") + ENTRANCE + BOARD.replace("@AT", "15:40")
PARKED = lake() + GARAGE
GRIDDED = GRID.format(more="")

Mend = Callable[[Path, Finding], object]
Files = dict[str, str | Callable[[Path], object]]


def wrote(text: str, files: Files) -> Callable[[Path], None]:
    """The scenario and its files, written or made, in an empty folder."""

    def wrong(folder: Path) -> None:
        for name, body in ({"s.toml": text} | files).items():
            if callable(body):
                body(folder / name)
            else:
                (folder / name).write_text(body, encoding="utf-8")

    return wrong


def one(says: str, do: str, text: str, mend: Mend, files: Files = {}, give=check) -> Way:
    return Way("E104", says, do, wrote(text, files), mend, give)


def key(old: str, new: str) -> Mend:
    return put("s.toml", old, new)


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def anew(name: str, make: Callable[[Path], object]) -> Mend:
    """A file of the folder made anew."""
    return lambda folder, finding: make(folder / name)


def allowed(old: str, name: str = "s.toml") -> Mend:
    """A value becomes the first of those that the message allows."""

    def mend(folder: Path, finding: Finding) -> None:
        put(name, old, finding.allowed.split(", ")[0])(folder)

    return mend


def allowed_in(name: str, old: str, new: str) -> Mend:
    """One of those that the message allows."""

    def mend(folder: Path, finding: Finding) -> None:
        assert new in finding.allowed.split(", ")
        put(name, old, new)(folder)

    return mend


def of_portfolio(name: str):
    """What `check --portfolio NAME` says."""
    return lambda folder: build_inputs(load_scenario(folder / "s.toml"), name).findings


# ------------------------------------------------------------------------------- actions and sites
def failure(kind: str, rest: str, name: str = "x") -> str:
    at = "at = 2021-07-20T15:10:00+08:00\n"
    return f'\n[[failures]]\nkind = "{kind}"\nname = "{name}"\n{at}{rest}\n'


TRIP = failure("pump_trip", 'pumps = ["P"]')


def in_street(says: str, do: str, events: str, mend: Mend) -> Way:
    return one(says, do, STREET + events, mend, {"street.inp": STREET_NETWORK})


def ordered(says: str, do: str, old: str, new: str, mend: Mend) -> Way:
    return one(says, do, changed(ORDERED, (old, new)), mend)


def roads(path: Path) -> None:
    box = [[[0, 0], [15000, 0], [15000, 15000], [0, 15000], [0, 0]]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": box}))


OTHER = BOARD.replace("@AT", "15:40").replace('name = "board"', 'name = "second"')
CHAIN = (
    '[[passages]]\nname = "p"\nfrom_site = "garage"\nto_site = "garage"\nsill_elevation_m = 7.0\n'
    "width_m = 2.0\n"
)
SHOP = GARAGE.replace("garage", "shop")
GIVEN = "give what is allowed"
RENAME = "rename one of them"

OPERATIONS = [
    ordered(
        "`…` needs more crews than there are",
        "give more crews, or crews = 0 in the action",
        "crews = 2",
        "crews = 0",
        key("crews = 0", "crews = 1"),
    ),
    ordered(
        "`…` sends more trucks than there are",
        "",
        "setup_min = 15",
        "setup_min = 15\ntrucks = 3",
        key("crews = 2", "crews = 2\ntrucks = 3"),
    ),
    one(
        "no such action…",
        GIVEN,
        changed(ORDERED, (AT, "trigger = { after = 'bored' }")) + OTHER,
        allowed("bored"),
    ),
    ordered(
        "no such measure…",
        GIVEN,
        "setup_min = 15",
        "setup_min = 15\ncompletes = 'guard'",
        key("completes = 'guard'\n", ""),
    ),
    ordered("no such ……", GIVEN, 'boards = ["metro"]', 'boards = ["metor"]', allowed("metor")),
    ordered(
        "outside the run",
        GIVEN,
        AT,
        AT.replace("07-20", "08-20"),
        key("08-20", "07-20"),
    ),
    ordered(
        "there are no roads to drive on",
        "[exposure] roads = FILE, or travel_min in place of depot_m",
        "setup_min = 15",
        "setup_min = 15\ndepot_m = [7500.0, 2500.0]",
        lambda folder, finding: (
            roads(folder / "roads.geojson"),
            key("[initial]", '[exposure]\nroads = "roads.geojson"\n[initial]')(folder, finding),
        ),
    ),
    ordered(
        "this opening has no board",
        "give it board_height_m",
        "board_height_m = 0.6\n",
        "",
        key("height_m = 10.0\n", "height_m = 10.0\nboard_height_m = 0.6\n"),
    ),
    one(
        "two actions have one name",
        RENAME,
        ORDERED + OTHER.replace("second", "board"),
        lambda folder, finding: (folder / "s.toml").write_text(ORDERED + OTHER),
    ),
    one(
        "a space without an opening needs its floor's level",
        "add floor_elevation_m, or an opening",
        changed(
            PARKED,
            (
                "location_m = [7500.0, 7500.0]\nsill_height_m = 0.15\nwidth_m = 6.0\n",
                "catchment_ha = 0.1\n",
            ),
        ),
        key("height_m = 3.0", "height_m = 3.0\nfloor_elevation_m = 5.0"),
    ),
    one(
        "no water can reach it",
        "give location_m, openings, catchment_ha, or a passage to it",
        changed(
            PARKED,
            (
                "location_m = [7500.0, 7500.0]\nsill_height_m = 0.15\nwidth_m = 6.0\n",
                "floor_elevation_m = 5.0\n",
            ),
        ),
        key("height_m = 3.0", "height_m = 3.0\ncatchment_ha = 0.1"),
    ),
    one(
        "it leads back to where it begins",
        "give another site in to_site, or remove the passage",
        PARKED + SHOP + CHAIN,
        key('to_site = "garage"', 'to_site = "shop"'),
    ),
    one(
        "the table does not rise from an empty floor",
        GIVEN,
        changed(
            PARKED,
            (
                "floor_area_m2 = 2400.0\nheight_m = 3.0",
                "stage_volume = [[6.0, 5.0], [9.0, 7200.0]]",
            ),
        ),
        key("[6.0, 5.0]", "[6.0, 0.0]"),
    ),
    one(
        "two … have one name",
        RENAME,
        PARKED + GARAGE,
        lambda folder, finding: (folder / "s.toml").write_text(PARKED + SHOP),
    ),
    in_street(
        "two have one name",
        RENAME,
        TRIP + TRIP,
        lambda folder, finding: (folder / "s.toml").write_text(
            STREET + TRIP + TRIP.replace('"x"', '"y"')
        ),
    ),
    in_street("no such link among ……", GIVEN, TRIP.replace('"P"', '"PP"'), allowed("PP")),
    in_street(
        "no such outfall…",
        GIVEN,
        failure("blocked_outfall", 'outfalls = ["OO"]'),
        allowed("OO"),
    ),
    in_street(
        "no inlet leads to these nodes",
        "name nodes with inlets, or remove the failure",
        failure("clogged_inlets", 'clogging = 1.0\nnodes = ["Q"]'),
        key('["Q"]', '["M"]'),
    ),
    in_street(
        "no such node…",
        GIVEN,
        failure(
            "mobile_pump", 'from_m = [7.5, 10.5]\nto_node = "OO"\ndischarge_m3_s = 0.1'
        ).replace("failures", "rules"),
        allowed("OO"),
    ),
    one(
        "there is no sewer network in this scenario",
        'add [drainage] kind = "swmm", network = "FILE.inp"; or remove this table',
        GOOD + TRIP,
        lambda folder, finding: (folder / "s.toml").write_text(GOOD),
    ),
]


# ------------------------------------------------------------------ ground, rain, sewers, exposure
def in_good(says: str, do: str, changes: list[tuple[str, str]], mend: Mend, **files) -> Way:
    named = {
        name.replace("_csv", ".csv").replace("_inp", ".inp"): body for name, body in files.items()
    }
    return one(says, do, changed(GOOD, *changes), mend, named)


def with_rain(says: str, do: str, rows: str, mend: Mend, more: str = "", spec: str = SERIES) -> Way:
    return in_good(says, do, [(STORM, spec + more)], mend, rain_csv=rows)


def box(x: float, y: float, side: float = 10.0) -> list:
    return [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]


def houses(*properties: dict, side: float = 10.0) -> Callable[[Path], None]:
    return lambda path: geojson(
        path, *(("Polygon", box(5.0 + 20.0 * k, 15.0, side), p) for k, p in enumerate(properties))
    )


def exposed(says: str, do: str, properties: dict, key_of: str, mend: Mend) -> Way:
    text = GOOD + f"[exposure]\nbuildings = {key_of}\n"
    return one(says, do, text, mend, {"b.geojson": houses(properties)})


def as_said(old: str, after: str) -> Mend:
    """What stands behind `after` in the message's way out takes the place of `old`."""
    return lambda folder, finding: put("s.toml", old, finding.do.partition(after)[2])(folder)


def raster(value: float) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        values = np.zeros((10, 12))
        values[3, 3] = value
        write_raster(path, values)

    return make


def rain(path: Path, amounts: list[float], **keys) -> None:
    """Rain of four hours over the whole grid."""
    axis = 500.0 * np.arange(-1, 3)
    write_rain(path.parent, amounts, x=axis, y=axis, **keys)


def bare_axis(path: Path) -> None:
    """A rain whose axis x has no coordinates."""
    rain(path, [1.0, 2.0, 1.0, 1.0])
    with netCDF4.Dataset(path, "a") as file:
        file.renameVariable("x", "offset")


def with_x(folder: Path, finding: Finding) -> None:
    with netCDF4.Dataset(folder / "rain.nc", "a") as file:
        file.createVariable("x", "f8", ("x",))[:] = file["offset"][:]


def two_rains(path: Path) -> None:
    rain(path, [1.0, 2.0, 1.0, 1.0])
    with netCDF4.Dataset(path, "a") as file:
        snow = file.createVariable("snow", "f4", ("time", "y", "x"))
        snow.units, snow[:] = "mm", 0.0


COVER = [
    (FLAT, 'bed_elevation = "dem.tif"\nmanning_n = { file = "cover.tif", table = "cover.csv" }')
]
DEM: Files = {
    "dem.tif": lambda path: write_raster(path, np.full((10, 12), 10.0)),
    "cover.tif": lambda path: write_raster(path, np.ones((10, 12))),
}
RIMS = "bed_elevation = { from_rims = true, cells = 100 }"
THREE = "J1 0 2 0 0 0\nJ2 0 2 0 0 0\nJ3 0 2 0 0 0"
RIM_NETWORK = changed(
    NETWORK,
    ("J1 0 2 0 0 0", THREE),
    (
        "C J1 O 10 0.013 0 0 0 0",
        "C J1 O 10 0.013 0 0 0 0\nD J2 J1 10 0.013 0 0 0 0\nE J3 J1 10 0.013 0 0 0 0",
    ),
    ("C CIRCULAR 0.5 0 0 0", "C CIRCULAR 0.5 0 0 0\nD CIRCULAR 0.5 0 0 0\nE CIRCULAR 0.5 0 0 0"),
)
PLACES = "J2 40 20\nJ3 20 40\n"
CITY = """
schema = 1
name = "city"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:10:00+08:00
[city]
kind = "reference_city"
side_m = 500.0
cell_size_m = 10.0
[drainage]
kind = "swmm"
outfalls = "surface"
"""

PACK = 'currency = "CHF"\n[costs]\nprice_year = 2024\nsource = "own"\n[costs.items]\nlevee = [60, 80, 100]\n'


def priced(folder: Path, finding: Finding) -> None:
    """The line that the message gives, with figures."""
    line = finding.do.removeprefix("add ").partition(" to ")[0]
    put(
        "own.toml",
        "[costs.items]\n",
        "[costs.items]\n" + line.replace("low, middle, high", "60, 80, 100") + "\n",
    )(folder)


PLACE = [
    in_good(
        "a depth below zero",
        GIVEN,
        [(FLAT, 'bed_elevation = "dem.tif"\n[initial]\ndepth = "depth.tif"')],
        lambda folder, finding: raster(0.3)(folder / "depth.tif"),
        **{"dem.tif": DEM["dem.tif"], "depth.tif": raster(-0.3)},
    ),
    with_rain(
        "a sum since the start is a depth, no rate",
        "rename the column depth_mm, or remove cumulative",
        "time_s,rate_mm_h\n0,0\n300,12\n600,24\n",
        put("rain.csv", "rate_mm_h", "depth_mm"),
        "\ncumulative = true",
    ),
    one(
        "a sum since the start is a depth, no rate",
        'set quantity = "depth_mm", or remove cumulative',
        changed(GRIDDED, ('"depth_mm"', '"rate_mm_h"\ncumulative = true')),
        key("\ncumulative = true", ""),
        {"rain.nc": lambda path: rain(path, [1.0, 2.0, 3.0, 4.0], units="mm/h")},
    ),
    one("the axis has no coordinates", "write them", GRIDDED, with_x, {"rain.nc": bare_axis}),
    one(
        "which variable is the rain?",
        "set variable",
        GRIDDED,
        key("quantity =", 'variable = "rain"\nquantity ='),
        {"rain.nc": two_rains},
    ),
    one(
        "an uncoupled network has no inlets and no outfalls onto the grid",
        "remove inlets, street_inlets, gutter and outfalls, or coupled = false",
        GOOD + SEWER + 'coupled = false\noutfalls = "surface"\n',
        key('outfalls = "surface"\n', ""),
        {"n.inp": NETWORK},
    ),
    one(
        "this key is missing",
        'add network = "network.inp"',
        GOOD + '[drainage]\nkind = "swmm"\n',
        lambda folder, finding: put(
            "s.toml", 'kind = "swmm"\n', 'kind = "swmm"\n' + finding.do.removeprefix("add ") + "\n"
        )(folder),
        {"network.inp": NETWORK},
    ),
    one(
        "from_rims needs [drainage] network",
        'add [drainage] kind = "swmm", network = "FILE.inp"',
        changed(GOOD, (FLAT, RIMS)),
        key("[rainfall]", SEWER + "[rainfall]"),
        {"n.inp": changed(RIM_NETWORK, ("J1 20 20\n", "J1 20 20\n" + PLACES))},
    ),
    one(
        "from_rims needs at least three nodes with coordinates",
        "add places to [COORDINATES], or give a raster as bed_elevation",
        changed(GOOD, (FLAT, RIMS)) + SEWER,
        put("n.inp", "J1 20 20\n", "J1 20 20\n" + PLACES),
        {"n.inp": RIM_NETWORK},
    ),
    one(
        "outfalls and inlets of the reference city are its own",
        "remove outfalls, street_inlets and gutter",
        CITY,
        key('outfalls = "surface"\n', ""),
    ),
    one(
        "roofs of buildings taken as porosity have no cells of their own: not implemented",
        'roofs = "street", or building_treatment = "hole"',
        changed(GOOD, (FLAT, FLAT + '\nbuildings = "b.geojson"\nbuilding_treatment = "porosity"'))
        + SEWER
        + 'roofs = "sewer"\n',
        key('"porosity"', '"hole"'),
        {"n.inp": NETWORK, "b.geojson": houses({}, side=2.5)},
    ),
    one(
        "under rain that differs from place to place: not implemented",
        "remove catchment_ha, or give one rain for the whole grid",
        GRIDDED
        + changed(
            GARAGE, ("[7500.0, 7500.0]", "[50.0, 50.0]"), ("width_m", "catchment_ha = 0.1\nwidth_m")
        ),
        key("catchment_ha = 0.1\n", ""),
        {"rain.nc": lambda path: rain(path, [1.0, 2.0, 1.0, 1.0])},
    ),
    in_good(
        "unknown edge…",
        GIVEN,
        [
            (
                "[rainfall]",
                '[[boundaries]]\nkind = "free_outflow"\nedge = "nord"\nslope = 0.01\n[rainfall]',
            )
        ],
        allowed("nord"),
    ),
    in_good(
        "the key `kind` is missing…",
        "set kind",
        [('kind = "storm"\n', "")],
        key("storm =", 'kind = "storm"\nstorm ='),
    ),
    exposed(
        "the file has no field `…`…",
        "give the name of the field in the file",
        {"Nutzung": "residential"},
        '{ file = "b.geojson", fields = { use = "Nutzng" } }',
        key("Nutzng", "Nutzung"),
    ),
    exposed(
        "which field is `…`? … differ in capitals alone",
        'name it: fields = { … = "…" }',
        {"USE": "residential", "Use": "residential"},
        '{ file = "b.geojson" }',
        lambda folder, finding: put(
            "s.toml", '" }', '", ' + finding.do.removeprefix("name it: ") + " }"
        )(folder),
    ),
    exposed(
        "… of … … have a … that is not known…",
        'say what they mean: [exposure] … = { file = "…", … = { "…" = "…" }, other = "…" }',
        {"use": "Wohnen"},
        '"b.geojson"',
        as_said('"b.geojson"', "[exposure] buildings = "),
    ),
    one(
        "a measure has neither in_service nor a phase of the plan",
        GIVEN,
        changed(
            PLAN,
            ('phase = "near"\n', 'phase = "soon"\n'),
            ("[plan.henan]\n", '[plan.henan]\nmeasures = ["green"]\n'),
        ),
        allowed("soon"),
        give=of_portfolio("henan@2030"),
    ),
    in_good(
        "no such pack…",
        GIVEN,
        [("[rainfall]", '[region]\npack = "germny"\n[rainfall]')],
        allowed_in("s.toml", "germny", "germany"),
    ),
    one(
        "the pack of [region] has no unit cost in … of …",
        "add … = [low, middle, high] to [costs.items] of the pack",
        changed(PLAN, ("[terrain]", '[region]\npack = "own.toml"\n[terrain]')),
        priced,
        {"own.toml": PACK},
        of_portfolio("expected"),
    ),
]

# ------------------------------------------------------------------------------------------ tables
SPACE = changed(PARKED, ("floor_area_m2 = 2400.0\nheight_m = 3.0", 'stage_volume = "sv.csv"'))
TABLE = "stage_m,volume_m3\n6,0\n9,7200\n"
TIMES = "time_s,depth_mm\n300,1\n600,2\n"
ROW = "fill the gap or remove the row"


def spaced(says: str, do: str, table: str, mend: Mend) -> Way:
    return one(says, do, SPACE, mend, {"sv.csv": table})


TABLES = [
    spaced(
        "columns are missing: ……",
        "",
        changed(TABLE, ("stage_m,volume_m3", "level,content")),
        put("sv.csv", "level,content", "stage_m,volume_m3"),
    ),
    spaced(
        "the column `…` is missing…",
        "",
        changed(TABLE, ("volume_m3", "volum")),
        put("sv.csv", "volum", "volume_m3"),
    ),
    spaced(
        "this is no number or name: the cell is empty…",
        ROW,
        TABLE + "10,\n",
        put("sv.csv", "10,\n", ""),
    ),
    with_rain(
        "the column … is missing",
        "",
        changed(TIMES, ("depth_mm", "rain")),
        put("rain.csv", "rain", "depth_mm"),
    ),
    with_rain(
        "the table has a header and no rows",
        "add the rows",
        "time_s,depth_mm\n",
        put("rain.csv", "depth_mm\n", "depth_mm\n300,1\n600,2\n"),
    ),
    with_rain(
        "the file has no header: it is empty",
        "give a CSV with a header and rows",
        "",
        anew("rain.csv", lambda path: path.write_text(TIMES)),
    ),
    with_rain(
        "this is no number: the cell is empty",
        ROW,
        changed(TIMES, ("600,2", "600,")),
        put("rain.csv", "600,", "600,2"),
    ),
    with_rain(
        "…; … more rows",
        "",
        changed(TIMES, (",1", ",one"), (",2", ",two")),
        lambda folder, finding: (
            put("rain.csv", ",one", ",1")(folder),
            put("rain.csv", ",two", ",2")(folder),
        ),
    ),
    one(
        "this is no number: the cell is empty",
        "fill the gap",
        changed(GOOD, *COVER),
        put("cover.csv", "1,\n", "1,0.03\n"),
        {**DEM, "cover.csv": "class,manning_n\n1,\n"},
    ),
]


# ------------------------------------------------------------ files of limits, standards and loads
def limited(says: str, do: str, table: str, old: str, new: str) -> Way:
    text = changed(GOOD, ("[rainfall]", '[region]\nlimits = "own.toml"\n[rainfall]'))
    return one(says, do, text, put("own.toml", old, new), {"own.toml": table})


PONDING = '[ponding]\ndepth_m = 0.15\nsource = "own"\n'
HAZARD = """[hazard_rating]
debris_depth_m = [0.25, 0.75]
debris_factor = [0.0, 1.0, 1.0]
debris_velocity_m_s = 2.0
class_limits = [0.75, 1.25, 2.0]
classes = ["low", "danger for some", "danger for most", "danger for all"]
source = "own"
"""
STANDARDS = """ladder_y = [5, 200]
[protection]
chinese = "城市防洪"
family = ["river"]
required_y = { mega = 200 }
source = "own"
[[protection.criterion]]
id = "roads"
test = "carriageway"
limit_m = 0.15
share = 1.0
"""
SECOND = STANDARDS.partition("\n")[2].replace("protection", "second")
LOADS = '[day]\ndepth_mm = 50.0\nat_y = 10.0\nsource = "own"\n'


def given(folder: Path) -> list[Finding]:
    """The command of words.txt."""
    return command(*(folder / "words.txt").read_text().split())(folder)


def typed(says: str, do: str, words: str, mend: Mend, text: str = GOOD, give=given, **files) -> Way:
    """A command whose words are wrong, or the files that they name. No run is needed after it, or
    one that ways share.
    """
    named = {name.replace("_toml", ".toml"): body for name, body in files.items()}
    return one(says, do, text, mend, {"words.txt": words} | named, give)


def word(old: str, new: str) -> Mend:
    return put("words.txt", old, new)


AUDIT = (
    "audit {}/s.toml --portfolio baseline --standards {}/own.toml --city-class mega --out {}/audit"
)


def audited(
    says: str,
    do: str,
    mend: Mend,
    *,
    words: str = AUDIT + " --loads {}/loads.toml",
    own=STANDARDS,
    loads=LOADS,
) -> Way:
    """A river alone, on ground without one: nothing is run."""
    return typed(says, do, words, mend, own_toml=own, loads_toml=loads)


FILES = [
    limited("unknown table…", GIVEN, PONDING.replace("[ponding]", "[pondng]"), "pondng", "ponding"),
    limited(
        "a finite number is needed here", "as in …", PONDING.replace("0.15", "inf"), "inf", "0.15"
    ),
    limited("a number below zero", GIVEN, PONDING.replace("0.15", "-0.15"), "-0.15", "0.15"),
    limited("a … is needed here", "", PONDING.replace('"own"', "3"), "3", '"own"'),
    limited(
        "it needs as many values as `…`",
        GIVEN,
        HAZARD.replace("[0.0, 1.0, 1.0]", "[0.0, 1.0]"),
        "[0.0, 1.0]",
        "[0.0, 1.0, 1.0]",
    ),
    audited(
        "a criterion needs a test that is there",
        GIVEN,
        allowed_in("own.toml", "carriagway", "carriageway"),
        own=STANDARDS.replace("carriageway", "carriagway"),
    ),
    audited(
        "all standards need the same city classes",
        "give each required_y the same classes",
        put("own.toml", "super", "mega"),
        own=STANDARDS + SECOND.replace("mega", "super"),
    ),
    audited(
        "no such loads…",
        GIVEN,
        put("loads.toml", "[dy]", "[day]"),
        loads=LOADS.replace("day", "dy"),
    ),
    audited(
        "no such formula…",
        GIVEN,
        allowed("zhengzou", "loads.toml"),
        loads=LOADS + 'formula = "zhengzou"\n',
    ),
    audited(
        "no such class…",
        GIVEN,
        allowed("mgea", "words.txt"),
        words=AUDIT.replace("mega", "mgea") + " --loads {}/loads.toml",
    ),
    audited(
        "the loads by return period that come with the program are the reference city's",
        "--loads FILE with those of this place (docs/studies.md)",
        word("audit {}", "audit --loads {}/loads.toml {}"),
        words=AUDIT,
    ),
]


# ------------------------------------------------------------------------------- commands, studies
SITE = changed(
    ENTRANCE, ("[7500.0, 7500.0]", "[50.0, 25.0]"), ("[12500.0, 12500.0]", "[60.0, 25.0]")
)
LEAD = GOOD + SITE + changed(BOARD.replace("@AT", "15:05"), ("setup_min = 15", "setup_min = 1"))
SEARCH = (
    "lead-time {}/s.toml --portfolio baseline --action board --outcome underground_entry_garage"
    " --limit 20 --step-min 5 --out {}/lead --json"
)


def looked_up(search: Search, wanted: Wanted, last: int, say) -> LeadTime:
    """A search without its runs, each a process: tests/study/test_lead_time.py has them."""
    lead_time._refuse_unknown_outcome({"underground_entry_garage": {"value": 1.0}}, wanted.outcome)
    return LeadTime(**dict.fromkeys(LeadTime.__dataclass_fields__))


def sought(folder: Path) -> list[Finding]:
    with mock.patch.object(lead_time, "_searched", looked_up):
        return given(folder)


GREEN = """[measure.@]
kind = "sunken_green"
targets = { polygon_m = [[0, 0], [50, 0], [50, 50], [0, 50]] }
share = 0.001
"""
TWO = GOOD + GREEN.replace("@", "a") + GREEN.replace("@", "b")
STUDY = 'schema = 1\nname = "tiny"\nscenario = "s.toml"\n'


def searched(says: str, do: str, old: str, new: str, mend: Mend) -> Way:
    return typed(says, do, changed(SEARCH, (old, new)), mend, LEAD, sought)


def studied(says: str, do: str, extra: str, mend: Mend, text: str = TWO, **files) -> Way:
    return typed(
        says, do, "study check {}/study.toml", mend, text, study_toml=STUDY + extra, **files
    )


def many(count: int) -> str:
    return GOOD + "".join(GREEN.replace("@", f"m{k}") for k in range(count))


def projects(count: int) -> str:
    return "[projects]\n" + "".join(f"p{k} = ['m{k}']\n" for k in range(count))


COMMANDS = [
    typed("no such kind…", GIVEN, "measures sunken_gren", allowed("sunken_gren", "words.txt")),
    typed("no such storm…", GIVEN, "storms zhengzou-720", allowed("zhengzou-720", "words.txt")),
    typed(
        "no such portfolio…",
        GIVEN,
        "check {}/s.toml --portfolio basline",
        allowed("basline", "words.txt"),
    ),
    typed(
        "no such plan…",
        GIVEN,
        "check {}/s.toml --portfolio hennan@2030",
        allowed("hennan", "words.txt"),
        PLAN,
    ),
    typed(
        "this scenario has no [city] to write",
        "leave out --as-files, or name a scenario with [city]",
        "copy {}/s.toml {}/copy --as-files",
        word(" --as-files", ""),
    ),
    searched(
        "a limit is a number of the outcome's unit",
        GIVEN,
        "--limit 20",
        "--limit=-20",
        word("=-20", "=20"),
    ),
    searched(
        "no such outcome…",
        GIVEN,
        "entry_garage",
        "entry_metro",
        word("entry_metro", "entry_garage"),
    ),
    searched(
        "the steps do not fit the run",
        GIVEN,
        "--step-min 5",
        "--step-min 0.0001",
        word("0.0001", "5"),
    ),
    searched(
        "the portfolio `…` takes no such action…",
        "name one of its [[actions]], or a measure with an order",
        "--action board",
        "--action bord",
        allowed("bord", "words.txt"),
    ),
    studied(
        "no such project…",
        GIVEN,
        "portfolios = { mine = ['pumps'] }\n",
        allowed("pumps", "study.toml"),
    ),
    studied(
        "no such measure…", GIVEN, "projects = { x = ['ccc'] }\n", allowed("ccc", "study.toml")
    ),
    studied(
        "the scenario has no measures",
        "add [measure.NAME] tables to it, or name another scenario",
        "",
        lambda folder, finding: (folder / "s.toml").write_text(TWO),
        GOOD,
    ),
    studied(
        "the fraction of 16 runs is one of six projects",
        'give six projects, or portfolios = "factorial"',
        "portfolios = 'fractional'\n",
        put("study.toml", "fractional", "factorial"),
    ),
    studied(
        "the scenario has no such components",
        "name components that it has, or remove [envelope]",
        "[envelope]\nsequences = 2\nlevels = [0.5]\n",
        put("study.toml", "[envelope]\nsequences = 2\nlevels = [0.5]\n", ""),
    ),
    studied(
        "levels are shares that rise",
        GIVEN,
        "[envelope]\nsequences = 2\ncomponents = ['pipes']\nlevels = [0.5, 0.2]\n",
        put("study.toml", "[0.5, 0.2]", "[0.2, 0.5]"),
        TWO + SEWER,
        **{"n.inp": NETWORK},
    ),
    studied(
        "… projects make … portfolios",
        'group measures into fewer projects, portfolios = "sampled", or name the portfolios',
        projects(9),
        put("study.toml", "p7 = ['m7']\np8 = ['m8']", "p7 = ['m7', 'm8']"),
        many(9),
    ),
    studied(
        "… measures",
        'set sampling.of = "projects"',
        'portfolios = "sampled"\nsampling = { of = "measures", pairs = 2 }\n',
        put("study.toml", '"measures"', '"projects"'),
        many(63),
    ),
]

# ----------------------------------------------------------------- results, pages, plugins, clusters
GAUGED = GOOD + '[output]\nfields = "frames"\ngauges = { g = [20.0, 20.0] }\n'
RUNS = {
    "plain": GAUGED,
    "twin": GAUGED + "# again\n",
    "small": GAUGED.replace("columns = 20", "columns = 10"),
}


def finished(text: str, folder: Path) -> Results:
    """One run of a scenario for all ways, beside their folders."""
    shared = folder.parent / f"run_{sha256(text.encode()).hexdigest()[:8]}"
    if not shared.exists():
        (folder / "run.toml").write_text(text)
        run_scenario(load_scenario(folder / "run.toml"), shared)
    return open_results(shared)


def of_runs(use: Callable[[list[Results]], object]) -> Callable[[Path], list[Finding]]:
    """Something made of the runs that words.txt names."""

    def give(folder: Path) -> list[Finding]:
        use([finished(RUNS[name], folder) for name in (folder / "words.txt").read_text().split()])
        return []

    return give


def observed(says: str, do: str, row: str, mend: Mend) -> Way:
    table = f"time,gauge,depth_m\n2021-07-20T15:05:00+08:00,g,0.0\n{row}"

    def give(folder: Path) -> list[Finding]:
        observed_marks(finished(GAUGED, folder), folder / "o.csv")
        return []

    return one(says, do, GAUGED, mend, {"o.csv": table}, give)


def animated(folder: Path) -> list[Finding]:
    """The scenario run, and drawn as `report --animation` draws it."""
    animate(finished((folder / "s.toml").read_text(), folder), folder / "report" / "flood.gif")
    return []


def audit_in(path: Path) -> None:
    words = AUDIT.replace("{}/audit", f"{{}}/{path.name}") + " --loads {}/loads.toml"
    assert command(*words.split())(path.parent) is not None


def plugged(folder: Path) -> list[Finding]:
    """A plugin's schemes beside the program's own, as the start of the program takes them."""
    sys.modules.pop("a_plugin", None)
    plugins.cache_clear()
    here = {"FLOOD_SIM_PLUGINS": "a_plugin"}
    try:
        with (
            mock.patch.dict(os.environ, here),
            mock.patch.object(sys, "path", [str(folder), *sys.path]),
        ):
            importlib.invalidate_caches()
            unique("SCHEMES", OWN, {scheme.name: scheme for scheme in brought("SCHEMES")})
    finally:
        sys.modules.pop("a_plugin", None)
        plugins.cache_clear()
    return []


def plugin(says: str, do: str, text: str, better: str) -> Way:
    mend = anew("a_plugin.py", lambda path: path.write_text(better))
    return one(says, do, GOOD, mend, {"a_plugin.py": text}, plugged)


def scheduled(folder: Path) -> list[Finding]:
    """A scheduler on an address that is not the loopback's usual one, asked for as words.txt says."""
    from distributed import LocalCluster

    trusted = "--i-trust-this-network" in (folder / "words.txt").read_text()
    with (
        LocalCluster(
            n_workers=0,
            processes=False,
            host="127.0.0.2",
            protocol="tcp",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        open_client(1, cluster.scheduler_address, trusted) as client,
    ):
        assert client.status == "running"
    return []


TAKEN = (
    "import dataclasses\nfrom flood_sim.surface.schemes import OWN\nSCHEMES = tuple(OWN.values())\n"
)
RENAMED = TAKEN.replace(
    "tuple(OWN.values())",
    "tuple(dataclasses.replace(s, name='my_' + s.name) for s in OWN.values())",
)
RESULTS = [
    observed(
        "the result has no such gauge…",
        GIVEN,
        "2021-07-20T15:05:00+08:00,h,0.1\n",
        put("o.csv", "2021-07-20T15:05:00+08:00,h,0.1\n", "2021-07-20T15:10:00+08:00,g,0.1\n"),
    ),
    observed(
        "this is no number: the cell is empty",
        "fill or remove the row",
        "2021-07-20T15:10:00+08:00,g,\n",
        put("o.csv", "15:10:00+08:00,g,\n", "15:10:00+08:00,g,0.1\n"),
    ),
    typed(
        "the two results lie on different grids",
        "compare runs of one scenario",
        "plain small",
        word("small", "twin"),
        give=of_runs(lambda runs: compare(*runs)),
    ),
    typed(
        "the results lie on different grids",
        "one page for runs of one scenario",
        "plain small",
        word("small", "twin"),
        give=of_runs(runs_context),
    ),
    typed(
        "… runs on one page",
        "name fewer, or make a study of them",
        "plain twin " * 4,
        word("plain twin plain twin ", "plain twin "),
        give=of_runs(runs_context),
    ),
    one(
        "this run kept no frames to animate",
        '[output] fields = "frames" or "depth", then run again',
        GAUGED.replace("frames", "maxima"),
        key("maxima", "frames"),
        give=animated,
    ),
    typed(
        "one page holds one study and one audit",
        "name fewer folders",
        "report {}/a {}/b",
        word(" {}/b", ""),
        **{"own.toml": STANDARDS, "loads.toml": LOADS, "a": audit_in, "b": audit_in},
    ),
    plugin("plugin … brings nothing", GIVEN, "x = 1\n", "SCHEMES = ()\n"),
    plugin(
        "…: a plugin brings `…`, which is there already", "give it another name", TAKEN, RENAMED
    ),
    typed(
        "whoever reaches an open scheduler can run code on its workers",
        "use TLS, or --i-trust-this-network",
        "study run",
        word("study run", "study run --i-trust-this-network"),
        give=scheduled,
    ),
]

WAYS: list[Way] = [*OPERATIONS, *PLACE, *TABLES, *FILES, *COMMANDS, *RESULTS]
WITHOUT: dict[tuple[str, str, str], str] = {}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.says[:60])
def test_done_as_it_is_said(way, tmp_path):
    follow(way, tmp_path)
