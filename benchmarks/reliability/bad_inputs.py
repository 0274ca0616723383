"""Bad inputs: each is refused with a code, place and way out (exit 2), or told as odd; none is taken in silence, none ends in a traceback."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FLAT = "bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, slope_x = -0.01, level_m = 10.0 }"
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
    """What is put into a folder; the words that the answer must hold; odd : a doubt (exit 0) is the answer, too;  study : s.toml is one."""

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
        profile = {"height": field.shape[0], "width": field.shape[1], "count": 1, "dtype": "float32", "crs": "EPSG:4547"} | keys
        with rasterio.open(path, "w", driver="GTiff", transform=from_origin(472000.0, 3846100.0, 5.0, 5.0), **profile) as data:
            data.write(field, 1)

    return write


def features(kind: str, *members: tuple[list[Any], dict[str, Any]]) -> str:
    import json

    found = [{"type": "Feature", "properties": p, "geometry": {"type": kind, "coordinates": c}} for c, p in members]
    return json.dumps({"type": "FeatureCollection", "features": found})


CASES: list[Case] = []


def add(
    name: str, kind: str, words: str, files: dict[str, Any] | None = None, text: str | None = None, odd: bool = False, study: bool = False
) -> None:
    """words : separated by ` | `."""
    CASES.append(Case(name, kind, {"s.toml": text if text is not None else BASE, **(files or {})}, tuple(words.split(" | ")), odd, study))


def rain(name: str, words: str, table: str | bytes, odd: bool = False, series: str = SERIES) -> None:
    add(name, "spreadsheets" if not name.startswith("rain ") else "rain", words, {"rain.csv": table}, scenario((STORM, series)), odd)


# ------------------------------------------------------------------------------------------------------ spreadsheets
rain("more cells than the header", "E220 | row 3 | 3 cells", "time_s,depth_mm\n0,1\n300,1,5\n")
rain("fewer cells than the header", "E220 | row 3 | 1 cells", "time_s,depth_mm\n0,1\n300\n")
rain("decimal commas between commas", "E220 | decimal commas", "time_s,depth_mm\n0,1,5\n300,2,5\n")
rain("semicolons and decimal commas", "W106 | `;` | decimals have a comma", "time_s;depth_mm\n0;1,5\n300;2,5\n", odd=True)
rain("semicolons alone", "W106 | `;`", "time_s;depth_mm\n0;1.5\n300;2.5\n", odd=True)
rain("tabs", "W106 | tabs", "time_s\tdepth_mm\n0\t1.5\n300\t2.5\n", odd=True)
rain("commas and points mixed", "E220 | decimal commas and decimal points", "time_s;depth_mm\n0;1,5\n300;2.5\n")
rain("thousands in a semicolon table", "E104 | thousands", "time_s;depth_mm\n0;1\n1.200,5;2\n")
rain("a quoted decimal comma", "E104 | decimal comma", 'time_s,depth_mm\n0,"1,5"\n300,2\n')
rain("quoted thousands", "E104 | thousands", 'time_s,depth_mm\n0,1\n"1,200",2\n')
rain("thousands by a blank", "E104 | thousands", "time_s,depth_mm\n0,1\n1 200,2\n")
rain("thousands by an apostrophe", "E104 | thousands", "time_s,depth_mm\n0,1\n1'200,2\n")
rain("Excel's sep line", "W106", "sep=;\ntime_s;depth_mm\n0;1\n300;2\n", odd=True)
rain("a separator nobody reads", "E220 | separator", "sep=|\ntime_s|depth_mm\n0|1\n")
rain("bars between columns", "E104 | missing", "time_s|depth_mm\n0|1\n")
rain("header twice", "E221 | `depth_mm` twice", "time_s,depth_mm,depth_mm\n0,1,1\n")
rain("a column without a name", "E221 | no name", "time_s,,depth_mm\n0,5,1\n")
rain("a header alone", "E104 | no rows", "time_s,depth_mm\n")
rain("no header", "E104 | missing", "0,1\n300,2\n")
rain("an empty file", "E104 | empty", b"")
rain("comments alone", "E104 | empty", "# a\n# b\n")
rain("text in UTF-16", "E105 | UTF-16", "time_s,depth_mm\n0,1\n".encode("utf-16"))
rain("UTF-16 without its mark", "E105 | UTF-16", "time_s,depth_mm\n0,1\n".encode("utf-16-le"))
rain("a zero byte", "E105 | zero bytes", b"time_s,depth_mm\n0,1\x00\n")
rain("an unseen character", "E105 | control", b"time_s,depth_mm\n0,1\x07\n")
rain("a quote that is not closed", "E105 | quotation", 'time_s,depth_mm\n0,"1\n300,2\n')
rain("a quote that swallows rows", "E105 | quotation", 'time_s,depth_mm\n0,"1\n300,2"\n600,1\n')
rain("a quote inside a cell", "E105 | quotation", 'time_s,depth_mm\n0,"1"5\n')
rain("a cell of 200,000 characters", "E105 | 131,072", "time_s,depth_mm\n0," + "1" * 200_000 + "\n")
rain("an integer of 5,000 digits", "E104 | finite | 5000 characters", "time_s,depth_mm\n0," + "9" * 5000 + "\n")
rain("hexadecimal", "E104 | hexadecimal", "time_s,depth_mm\n0,0x1F\n")
rain("a gap as N/A", "E104 | a gap", "time_s,depth_mm\n0,N/A\n")
rain("a gap as a dash", "E104 | a gap", "time_s,depth_mm\n0,-\n")
rain("an empty cell", "E104 | empty", "time_s,depth_mm\n0,\n300,1\n")
rain("an error of the spreadsheet", "E104 | spreadsheet", "time_s,depth_mm\n0,#REF!\n")
rain("an error in the first column", "E104 | spreadsheet", "time_s,depth_mm\n#REF!,1\n300,1\n")
rain("full-width digits", "E104 | full-width", "time_s,depth_mm\n0,１２\n")
rain("full-width commas", "E104 | missing", "time_s，depth_mm\n0，1\n")
rain("digits with underscores", "E104 | no number", "time_s,depth_mm\n0,1_000\n")
rain("a number with its unit", "E104 | unit", "time_s,depth_mm\n0,5 mm\n")
rain("per cent", "E104 | percentage", "time_s,depth_mm\n0,5%\n")
rain("an infinite number", "E104 | finite", "time_s,depth_mm\n0,inf\n")
rain("a number beyond floats", "E104 | finite", "time_s,depth_mm\n0,1e400\n")
rain("German dates", "E302 | day and month", "time,depth_mm\n20.07.2021 15:00,1\n")
rain("American dates", "E302 | day and month", "time,depth_mm\n7/20/2021 15:00,1\n")
rain("Excel's serial days", "E302 | serial", "time,depth_mm\n44397.625,1\n")
rain("a date without time or offset", "E302 | offset", "time,depth_mm\n2021-07-20,1\n")
rain("a month of 13", "E302", "time,depth_mm\n2021-13-20T15:00:00+08:00,1\n")
rain("an empty time", "E302 | empty", "time,depth_mm\n,1\n2021-07-20T15:00:00+08:00,1\n")
rain("an empty time in seconds", "E302 | empty", "time_s,depth_mm\n,1\n300,1\n")
rain("two columns of time", "E223 | `time_s`", "time_h,time_s,depth_mm\n0,0,1\n")
rain("a column nobody knows", "W221 | `depth` | depth_mm", "time_s,depth_mm,depth\n0,1,1\n300,1,1\n", odd=True)
rain("a column misspelt", "E104 | depth_mm", "time_s,deph_mm\n0,1\n")
rain("too many rows", "E226 | 2,000,000", "time_s,depth_mm\n" + "0,1\n" * 2_000_001)
# -------------------------------------------------------------------------------------------------------------- rain
rain("rain as depth and rate", "E223 | `depth_mm`", "time_s,depth_mm,rate_mm_h\n0,1,50\n300,1,12\n")
rain("rain below zero once", "E501 | below zero | row 4", "time_s,depth_mm\n0,1\n300,1\n600,-0.1\n")
rain("rain of a cloudburst in the wrong unit", "E501 | mm/h", "time_s,rate_mm_h\n0,2400\n")
rain("rain of 60 mm in five minutes", "E501 | mm/h at the peak", "time_s,depth_mm\n0,60\n")
rain("rain of 400 mm/h", "W220 | 400 mm/h", "time_s,rate_mm_h\n0,400\n300,10\n3600,0\n", odd=True)
rain("rain in metres an hour", "E501 | out of range", "time_s,rate_mm_h\n0,1e5\n")
rain("rain of another year", "W305 | no rain falls", "time,depth_mm\n2020-07-20T15:00:00+08:00,1\n2020-07-20T15:05:00+08:00,2\n", odd=True)
rain("rain in the next year", "W305 | no rain falls", "time,depth_mm\n2022-07-20T15:00:00+08:00,1\n2022-07-20T15:05:00+08:00,2\n", odd=True)
rain("rain beyond the world's record", "W311 | on Earth", "time_s,depth_mm\n" + "".join(f"{300 * k},40\n" for k in range(60)), odd=True)
rain("rain that is summed up already", "W306 | cumulative", "time_s,depth_mm\n0,10\n300,15\n600,17\n900,17\n", odd=True)
rain("rain at one time twice", "E303 | increase", "time_s,depth_mm\n0,1\n0,1\n")
rain("rain closer than its interval", "E303 | interval_s", "time_s,depth_mm\n0,1\n60,1\n")
rain("rain of the Middle Ages", "E222 | out of range", "time_s,depth_mm\n-9e9,1\n")
GAUGES = 'kind = "gauges"\ngauges = "g.csv"\nlabel = "left"\ninterval_s = 300'
for _name, _words, _table in (
    ("two gauges of one name", "E224 | `gauge`", "gauge,x_m,y_m,file\na,10,10,rain.csv\na,20,10,rain.csv\n"),
    ("a gauge without a file", "E104 | empty", "gauge,x_m,y_m,file\na,10,10,\n"),
    ("a gauge without a name", "E104 | empty", "gauge,x_m,y_m,file\n,10,10,rain.csv\n"),
    ("a gauge that is nowhere", "E104 | x_m", "gauge,x_m,y_m,file\na,,10,rain.csv\n"),
    ("a gauge on another planet", "E222 | x_m", "gauge,x_m,y_m,file\na,1e12,10,rain.csv\n"),
    ("a gauge's file that is not there", "E101 | b.csv", "gauge,x_m,y_m,file\na,10,10,b.csv\n"),
    ("gauges without coordinates", "E104 | x_m, y_m", "gauge,file\na,rain.csv\n"),
):
    add(_name, "rain", _words, {"g.csv": _table, "rain.csv": ROWS}, scenario((STORM, GAUGES)))
for _key, _value, _words in (
    ("depth_mm", "9000.0", "E104 | depth_mm"), ("depth_mm", "-3.0", "E104 | depth_mm"), ("depth_mm", "1900.0", "E104 | deeper day"), ("depth_mm", "nan", "E104 | finite"),
):  # fmt: skip
    add(f"a day of {_value} mm", "rain", _words, text=scenario((STORM, f'kind = "daily_storm"\n{_key} = {_value}')), odd=_words.startswith("W"))
_CELL = "peak_mm_h = {}, radius_m = 500.0, begin_s = 0.0, end_s = 600.0, from_m = [0.0, 0.0], to_m = [9.0, 9.0]"
for _peak, _words in (("900.0", "E104 | peak_mm_h"), ("400.0", "W220 | 400"), ("inf", "E104 | finite")):
    add(
        f"a cell of {_peak} mm/h",
        "rain",
        _words,
        text=scenario((STORM, 'kind = "moving_cells"\ncells = [{ ' + _CELL.format(_peak) + " }]")),
        odd=_words[0] == "W",
    )


# ------------------------------------------------------------------------------------------------------------- edges
def edge(name: str, words: str, spec: str, table: str | None = None, odd: bool = False, kind: str = "levels") -> None:
    files = {"e.csv": table} if table is not None else {}
    add(name, kind, words, files, scenario(more="".join(f"[[boundaries]]\n{part}\n" for part in spec.split(" + "))), odd)


STAGE, WEST = 'kind = "stage_series"\nfile = "e.csv"\n', 'edge = "west"'
edge("a stage given as depths", "W227 | under all ground", STAGE + WEST, "time_s,level_m\n0,0.5\n3600,1.2\n", odd=True)
edge("a stage in centimetres", "E227 | over the lowest ground", STAGE + WEST, "time_s,level_m\n0,1000\n3600,1050\n")
edge("a stage ten metres too high", "W227 | holds", STAGE + WEST, "time_s,level_m\n0,20\n3600,21\n", odd=True)
edge("a stage of another datum", "E227 | under the lowest", 'kind = "stage_series"\nlevel_m = -30.0\n' + WEST)
edge("a stage in the air", "E104 | level_m", 'kind = "stage_series"\nlevel_m = 9999.0\n' + WEST)
edge("a stage that is no number", "E104 | finite", 'kind = "stage_series"\nlevel_m = nan\n' + WEST)
edge("a stage beyond the Earth", "E222 | level_m", STAGE + WEST, "time_s,level_m\n0,10000\n")
edge(
    "a stage of last year",
    "E313 | before",
    'kind = "stage_series"\nfile = "e.csv"\n' + WEST,
    "time,level_m\n2020-07-20T15:00:00+08:00,10\n2020-07-20T16:00:00+08:00,11\n",
)
edge("a stage that ends early", "W310 | 33%", 'kind = "stage_series"\nfile = "e.csv"\n' + WEST, "time_s,level_m\n0,10\n1200,10.2\n", odd=True)
edge(
    "a hydrograph of tomorrow",
    "E313 | after the run",
    'kind = "discharge_series"\nfile = "e.csv"\n' + WEST,
    "time,discharge_m3_s\n2021-07-21T15:00:00+08:00,1\n2021-07-21T16:00:00+08:00,2\n",
    kind="amounts",
)
edge("a stage without a row", "E104 | no rows", STAGE + WEST, "time_s,level_m\n")
edge(
    "two stages on one edge",
    "E229 | [[boundaries]] 1",
    f'kind = "stage_series"\nlevel_m = 10.5\n{WEST} + kind = "stage_series"\nlevel_m = 10.8\n{WEST}',
    kind="boundaries",
)
edge(
    "a free outflow on a stage's edge",
    "E229 | does nothing",
    f'kind = "stage_series"\nlevel_m = 10.5\n{WEST} + kind = "free_outflow"\n{WEST}',
    kind="boundaries",
)
edge(
    "everything open, and a stage after it",
    "E229 | does nothing",
    f'kind = "free_outflow" + kind = "stage_series"\nlevel_m = 10.5\n{WEST}',
    kind="boundaries",
)
edge("a line in the middle", "E204 | edge", 'kind = "free_outflow"\nedge = { line_m = [[40.0, 25.0], [60.0, 25.0]] }', kind="boundaries")
edge(
    "a line from the rim into the middle",
    "E229 | inside",
    'kind = "free_outflow"\nedge = { line_m = [[0.0, 25.0], [90.0, 25.0]] }',
    kind="boundaries",
)
edge("a line of one point", "E104 | line_m", 'kind = "free_outflow"\nedge = { line_m = [[0.0, 25.0]] }', kind="boundaries")
edge("a closed edge misspelt", "E104 | nroth", 'kind = "closed"\nedge = "nroth"', kind="boundaries")
Q = 'kind = "discharge_series"\nfile = "e.csv"\n'
edge("a discharge in L/s", "E228 | metre", Q + WEST, "time_s,discharge_m3_s\n0,45000\n", kind="amounts")
edge("a discharge that fills the valley", "W228 | open", Q + 'edge = "west"', "time_s,discharge_m3_s\n0,50\n", odd=True, kind="amounts")
edge(
    "a river on a lawn",
    "W228 | metre",
    Q + 'edge = "west" + kind = "free_outflow"\nedge = "east"',
    "time_s,discharge_m3_s\n0,4000\n",
    odd=True,
    kind="amounts",
)
edge("more than the Amazon", "E408 | out of range", Q + WEST, "time_s,discharge_m3_s\n0,5e6\n", kind="amounts")
edge("a discharge below zero late", "E408 | below zero | row 3", Q + WEST, "time_s,discharge_m3_s\n0,1\n60,-1\n", kind="amounts")
edge("a spring as large as a river", "E228 | metre", 'kind = "point_inflow"\nlocation_m = [50.0, 25.0]\ndischarge_m3_s = 20000.0', kind="amounts")
edge("a discharge of nan", "E104 | finite", 'kind = "point_inflow"\nlocation_m = [50.0, 25.0]\ndischarge_m3_s = nan', kind="amounts")
edge("an inflow off the grid", "E204 | open cell", 'kind = "point_inflow"\nlocation_m = [500.0, 25.0]\ndischarge_m3_s = 1.0', kind="amounts")
edge("an inflow without a name", "E104 | name", 'kind = "point_inflow"\nname = ""\nlocation_m = [50.0, 25.0]\ndischarge_m3_s = 1.0', kind="keys")

# --------------------------------------------------------------------------------------------------------- structures
CULVERT = "name,from_x_m,from_y_m,to_x_m,to_y_m,height_m{}\n"
TABLE = '[[structures]]\nkind = "culvert_table"\nname = "t"\nfile = "c.csv"\n'
for _name, _words, _head, _row in (
    ("a culvert deep under the ground", "E227 | 109.9 m under", ",from_level_m", "c,12,22,52,22,1,-100"),
    ("a culvert 15 m under the ground", "W227 | m under", ",to_level_m", "c,12,22,52,22,1,-6"),
    ("a culvert in the air", "E227 | m over", ",to_level_m", "c,12,22,52,22,1,300"),
    ("a culvert in millimetres", "E222 | height_m", "", "c,12,22,52,22,1000"),
    ("a culvert of no height", "E222 | height_m", "", "c,12,22,52,22,0"),
    ("a culvert below zero", "E222 | below zero", "", "c,12,22,52,22,-1"),
    ("a culvert of 12 m", "W220 | 12", "", "c,12,22,52,22,12"),
    ("a culvert a light year long", "E222 | length_m", ",length_m", "c,12,22,52,22,1,9e9"),
    ("a culvert of half a barrel", "E222 | whole", ",barrels", "c,12,22,52,22,1,1.5"),
    ("a culvert of minus two barrels", "E222 | below zero", ",barrels", "c,12,22,52,22,1,-2"),
    ("a culvert as smooth as ice", "E222 | manning_n", ",manning_n", "c,12,22,52,22,1,0.0001"),
    ("a culvert with n of 40", "E222 | manning_n", ",manning_n", "c,12,22,52,22,1,40"),
    ("a culvert with a flap maybe", "E222 | neither true", ",flap", "c,12,22,52,22,1,maybe"),
    ("a culvert of no known inlet", "E106 | no inlet", ",inlet", "c,12,22,52,22,1,round"),
    ("a culvert twice", "E224 | twice", "", "c,12,22,52,22,1\nc,12,27,52,27,1"),
    ("a culvert without a name", "E104 | empty", "", ",12,22,52,22,1"),
    ("a culvert off the grid", "E204 | open cell", "", "c,12,22,520,22,1"),
):
    add(_name, "structures", _words, {"c.csv": CULVERT.format(_head) + _row + "\n"}, scenario(more=TABLE), odd=_words.startswith("W"))
LINE = "line_m = [[50.0, 0.0], [50.0, 50.0]]\n"
for _name, _words, _spec in (
    ("a weir in the clouds", "E227 | over the ground", 'kind = "weir"\ncrest_m = 4000.0\n'),
    ("a weir 60 m high", "W227 | over the ground", 'kind = "weir"\ncrest_m = 70.0\n'),
    ("a dyke beyond the Earth", "E104 | crest_m", 'kind = "dyke"\ncrest_m = 1e6\n'),
    ("a gate of 80 m", "E104 | opening_m", 'kind = "gate"\nsill_m = 10.0\nopening_m = 80.0\n'),
    ("a gate of 30 m", "W220 | 30", 'kind = "gate"\nsill_m = 10.0\nopening_m = 30.0\n'),
    ("a gate with a share of 80", "E104 | open_share", 'kind = "gate"\nsill_m = 10.0\nopening_m = 1.0\nopen_share = 80.0\n'),
    (
        "a breach a continent wide",
        "E104 | width_m",
        'kind = "dyke"\ncrest_m = 12.0\nbreach = { location_m = [50.0, 25.0], width_m = 9000.0, begin_s = 0.0 }\n',
    ),
):
    add(_name, "structures", _words, text=scenario(more=f'[[structures]]\nname = "a"\n{LINE}{_spec}'), odd=_words.startswith("W"))
_GATE = '[[structures]]\nkind = "gate"\nname = "g"\nsill_m = 10.0\nopening_file = "o.csv"\n' + LINE
add("an opening below zero", "structures", "E222 | below zero", {"o.csv": "time_s,opening_m\n0,-1\n"}, scenario(more=_GATE))
add("an opening in millimetres", "structures", "E222 | opening_m", {"o.csv": "time_s,opening_m\n0,800\n"}, scenario(more=_GATE))
_PUMP = '[[structures]]\nkind = "pump"\nname = "p"\nfrom_m = [20.0, 20.0]\nto_m = [60.0, 20.0]\ncapacity_m3_s = {}\n'
for _capacity, _words in (("2000.0", "E104 | capacity_m3_s"), ("250.0", "W220 | 250"), ("-1.0", "E104 | capacity_m3_s"), ("nan", "E104 | finite")):
    add(f"a pump of {_capacity}", "structures", _words, text=scenario(more=_PUMP.format(_capacity)), odd=_words.startswith("W"))

# ------------------------------------------------------------------------------------------------------------ losses
EVAPORATION = '[evaporation]\nfile = "v.csv"\n'
for _name, _words, _value in (
    ("beyond the key's limit", "E222 | 30", "400"),
    ("below zero", "E222 | below zero", "-2"),
    ("of a desert", "W220 | 20", "20"),
):
    add(f"evaporation {_name}", "losses", _words, {"v.csv": f"time_s,rate_mm_d\n0,{_value}\n"}, scenario(more=EVAPORATION), odd=_words[0] == "W")
COVER = {"cover.tif": raster(np.ones((10, 20))), "dem.tif": raster(10.0 + np.zeros((10, 20)))}
_TIF = (FLAT, 'bed_elevation = "dem.tif"\nmanning_n = { file = "cover.tif", table = "t.csv" }')
for _name, _words, _table in (
    ("n of glass", "E222 | manning_n", "class,manning_n\n1,0.001\n"),
    ("Strickler for Manning", "E222 | manning_n", "class,manning_n\n1,40\n"),
    ("n below zero", "E222 | below zero", "class,manning_n\n1,-0.03\n"),
    ("n missing", "E104 | empty", "class,manning_n,name\n1,,a\n"),
    ("class twice", "E224 | `class`", "class,manning_n\n1,0.03\n1,0.05\n"),
    ("class of a half", "E222 | whole", "class,manning_n\n1.5,0.03\n"),
    ("class by its name", "E104 | no number", "class,manning_n\nroad,0.03\n"),
    ("n as N/A", "E104 | a gap", "class,manning_n\n1,N/A\n"),
):
    add(f"land cover: {_name}", "losses", _words, {**COVER, "t.csv": _table}, scenario(_TIF))
_SOIL = '[infiltration]\nkind = "green_ampt"\nland_cover = { file = "cover.tif", table = "t.csv" }\n'
for _name, _words, _row in (
    ("conductivity of a sieve", "E222 | conductivity_mm_h", "1,36000,100,0.3"), ("suction in metres of mercury", "E222 | suction_mm", "1,5,90000,0.3"),
    ("deficit in per cent", "E222 | deficit", "1,5,100,30"), ("deficit below zero", "E222 | below zero", "1,5,100,-0.1"),
    ("conductivity of gravel", "W220 | 300", "1,300,100,0.3"),
):  # fmt: skip
    table = "class,conductivity_mm_h,suction_mm,deficit\n" + _row + "\n"
    add(
        f"soil: {_name}", "losses", _words, {**COVER, "t.csv": table}, scenario((FLAT, 'bed_elevation = "dem.tif"'), more=_SOIL), odd=_words[0] == "W"
    )
_HORTON = _SOIL.replace("green_ampt", "horton")
add("Horton that grows", "losses", "E222 | first_mm_h", {**COVER, "t.csv": "class,first_mm_h,last_mm_h,decay_1_h,recovery_1_h\n1,5,50,2,0\n"},
    scenario((FLAT, 'bed_elevation = "dem.tif"'), more=_HORTON))  # fmt: skip
add("curve number of 200", "losses", "E104 | curve_number", text=scenario(more='[infiltration]\nkind = "curve_number"\ncurve_number = 200.0\n'))
add("curve number of 5", "losses", "W220 | 5", text=scenario(more='[infiltration]\nkind = "curve_number"\ncurve_number = 5.0\n'), odd=True)

# ----------------------------------------------------------------------------------------------------------- rasters
DEM = (FLAT, 'bed_elevation = "dem.tif"')
HILLS = 10.0 + 0.02 * np.add.outer(np.arange(10), np.arange(20))
_ROUGH = np.random.default_rng(1).normal(100.0, 3.0, (10, 20))
for _name, _words, _files, _changes, _more in (
    ("a DEM in centimetres", "E227 | steeper", {"dem.tif": raster(100.0 * _ROUGH / 10.0)}, (DEM,), ""),
    ("a DEM in millimetres", "E222 | out of range", {"dem.tif": raster(1000.0 * HILLS)}, (DEM,), ""),
    ("a DEM half in another unit", "E222 | out of range", {"dem.tif": raster(np.where(HILLS > 10.2, HILLS, HILLS * 1e4))}, (DEM,), ""),
    ("a DEM of mountains", "W227 | steeper", {"dem.tif": raster(100.0 + np.random.default_rng(2).normal(0.0, 2.5, (10, 20)))}, (DEM,), ""),
    ("a DEM with infinity", "E222 | inf", {"dem.tif": raster(np.where(HILLS > 10.5, np.inf, HILLS))}, (DEM,), ""),
    ("a depth raster of levels", "E227 | levels", {"dem.tif": raster(HILLS), "d.tif": raster(HILLS + 0.3)}, (DEM,), '[initial]\ndepth = "d.tif"\n'),
    ("a depth raster below zero", "E104 | below zero", {"dem.tif": raster(HILLS), "d.tif": raster(HILLS - 10.1)}, (DEM,), '[initial]\ndepth = "d.tif"\n'),
    ("a depth raster in centimetres", "E227 | deep at the start", {"dem.tif": raster(HILLS), "d.tif": raster(HILLS * 0 + 250)}, (DEM,), '[initial]\ndepth = "d.tif"\n'),
    ("a roughness raster of Strickler", "E212 | out of range", {"dem.tif": raster(HILLS), "m.tif": raster(HILLS * 0 + 33)},
     ((FLAT, 'bed_elevation = "dem.tif"\nmanning_n = "m.tif"'),), ""),
    ("a mask in per cent", "E222 | per cent", {"dem.tif": raster(HILLS), "b.tif": raster(np.where(HILLS > 10.3, 100.0, 0.0))},
     ((FLAT, 'bed_elevation = "dem.tif"\nbuildings = "b.tif"'),), ""),
    ("a mask below zero", "E222 | no share", {"dem.tif": raster(HILLS), "b.tif": raster(np.where(HILLS > 10.3, -1.0, 0.0))},
     ((FLAT, 'bed_elevation = "dem.tif"\nbuildings = "b.tif"'),), ""),
    ("classes of 1.5", "E222 | whole number", {"dem.tif": raster(HILLS), "cover.tif": raster(HILLS * 0 + 1.5), "t.csv": "class,manning_n\n1,0.03\n"}, (_TIF,), ""),
    ("a start as deep as the sea", "E227 | deep at the start", {}, (), "[initial]\ndepth = 900.0\n"),
    ("a start of 12 m", "W227 | deeper", {}, (), "[initial]\ndepth = 12.0\n"),
    ("a lake of another datum", "E227 | deep at the start", {}, (), "[initial]\nstage = [{ level_m = 400.0 }]\n"),
    ("a lake over all roofs", "W227 | deeper", {}, (), "[initial]\nstage = [{ level_m = 22.0 }]\n"),
):  # fmt: skip
    add(_name, "rasters", _words or "E", _files, scenario(*_changes, more=_more), odd=_words.startswith("W"))


# ---------------------------------------------------------------------------------------------------------- exposure
def layer(name: str, words: str, key: str, kind: str, *members: tuple[list[Any], dict[str, Any]], odd: bool = False) -> None:
    add(name, "exposure", words, {"x.geojson": features(kind, *members)}, scenario(more=f'[exposure]\n{key} = "x.geojson"\n'), odd)


_WAY, _BOX = [[5, 25], [90, 25]], [[[20, 10], [40, 10], [40, 30], [20, 30], [20, 10]]]
layer("a road 700 m wide", "E222 | width_m", "roads", "LineString", (_WAY, {"width_m": 700.0}))
layer("a road of no width", "E222 | width_m", "roads", "LineString", (_WAY, {"width_m": 0.0}))
layer("a road below zero", "E222 | below zero", "roads", "LineString", (_WAY, {"width_m": -7.0}))
layer("a road of 90 m", "W220 | 90", "roads", "LineString", (_WAY, {"width_m": 90.0}), odd=True)
layer("a road as wide as words", "E104 | no number", "roads", "LineString", (_WAY, {"width_m": "wide"}))
layer("floors of two kinds", "E104 | feature 2", "buildings", "Polygon", (_BOX, {"floors": "2"}), (_BOX, {"floors": "2;3"}))
layer("people below zero", "E222 | below zero", "buildings", "Polygon", (_BOX, {"people": -40}))
layer("a tower of 900 floors", "E222 | floors", "buildings", "Polygon", (_BOX, {"floors": 900}))
layer("no floor at all", "E222 | floors", "buildings", "Polygon", (_BOX, {"floors": 0}))
layer("a ground floor given as a level", "E222 | ground_floor_m", "buildings", "Polygon", (_BOX, {"ground_floor_m": 101.3}))
layer("a ground floor 8 m up", "W220 | 8", "buildings", "Polygon", (_BOX, {"ground_floor_m": 8.0}), odd=True)
layer("a house for a city", "E222 | people", "buildings", "Polygon", (_BOX, {"people": 2e6}))
layer("people who cannot stand", "W220 | people", "buildings", "Polygon", (_BOX, {"people": 9000, "floors": 1}), odd=True)
_POP = '[exposure]\npopulation = "p.tif"\n'
_DEM = {"dem.tif": raster(HILLS)}
for _name, _words, _field in (
    ("people below zero", "E222 | below zero", HILLS * 0 - 1), ("people a km2", "E222 | stand there", HILLS * 0 + 12_000), ("people a hectare", "W220 | a m2", HILLS * 0 + 60),
):  # fmt: skip
    add(f"population: {_name}", "exposure", _words, {**_DEM, "p.tif": raster(_field)}, scenario(DEM, more=_POP), odd=_words[0] == "W")


# ------------------------------------------------------------------------------------------------------------ sewers
def sewer(name: str, words: str, *changes: tuple[str, str], odd: bool = False) -> None:
    text = NETWORK
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    add(name, "network", words, {"n.inp": text}, scenario(more=SEWER), odd)


sewer("an invert in millimetres", "E222 | an invert", ("J1 8 2", "J1 80000 2"))
sewer("a shaft of 600 m", "E222 | a depth", ("J1 8 2", "J1 8 600"))
sewer("a shaft of 60 m", "W220 | a depth", ("J1 8 2", "J1 -50 60"), odd=True)
sewer("a pipe in millimetres", "E222 | section", ("C1 CIRCULAR 0.5", "C1 CIRCULAR 500"))
sewer("a pipe of nothing", "E222 | section", ("C1 CIRCULAR 0.5", "C1 CIRCULAR 0"))
sewer("a pipe below zero", "E222 | section", ("C1 CIRCULAR 0.5", "C1 CIRCULAR -0.5"))
sewer("a pipe around the Earth", "E222 | length", ("C1 J1 J2 20", "C1 J1 J2 4e7"))
sewer("a pipe with n of 75", "E222 | Manning", ("C1 J1 J2 20 0.013", "C1 J1 J2 20 75"))
sewer("a pipe with n of 0", "E222 | Manning", ("C1 J1 J2 20 0.013", "C1 J1 J2 20 0"))
sewer("a pipe with n of 0.5", "W428 | n 0.5", ("C1 J1 J2 20 0.013", "C1 J1 J2 20 0.5"), odd=True)
sewer("a storage of no area", "W220 | no area", ("FUNCTIONAL 0 0 10", "FUNCTIONAL 0 0 0"), odd=True)
sewer("a storage of negative area", "E222 | below zero", ("FUNCTIONAL 0 0 10", "FUNCTIONAL 0 0 -10"))
sewer(
    "a storage curve of nothing",
    "W220 | no area",
    ("FUNCTIONAL 0 0 10", "TABULAR T"),
    ("[COORDINATES]", "[CURVES]\nT STORAGE 0 0\nT 2 0\n[COORDINATES]"),
    odd=True,
)
sewer("an initial depth of a mine", "E222 | initial depth", ("J1 8 2 0", "J1 8 2 900"))
sewer("an inflow in L/s", "E222 | inflow", ("[COORDINATES]", '[INFLOWS]\nJ1 FLOW "" FLOW 1.0 1.0 9000\n[COORDINATES]'))
sewer("a dry-weather flow of a river", "E222 | dry-weather", ("[COORDINATES]", "[DWF]\nJ1 FLOW 900\n[COORDINATES]"))
sewer("a network on another mountain", "E227 | rims", ("J1 8 ", "J1 308 "), ("J2 8 ", "J2 308 "), ("S 8 ", "S 308 "), ("O 7 ", "O 307 "))
sewer("a network three metres off", "W403 | half of them", ("J1 8 ", "J1 5 "), ("J2 8 ", "J2 5 "), ("S 8 ", "S 5 "), ("O 7 ", "O 4 "), odd=True)
sewer("a network without coordinates", "E402 | coordinates", (NETWORK[NETWORK.index("[COORD") :], ""))
sewer(
    "a series of last year",
    "W310 | 2020-07-20",
    ("[COORDINATES]", "[INFLOWS]\nJ1 FLOW T FLOW 1.0 1.0\n[TIMESERIES]\nT 07/20/2020 15:00 0.1\nT 07/20/2020 16:00 0.1\n[COORDINATES]"),
    odd=True,
)
INLETS = '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\ninlets = "i.csv"\n'
for _name, _words, _table in (
    ("minus two inlets", "E222 | below zero", "node,kind,count\nJ1,grate,-2\n"),
    ("no inlets", "E222 | count", "node,kind,count\nJ1,grate,0\n"),
    ("a thousand inlets", "E222 | count", "node,kind,count\nJ1,grate,1000\n"),
    ("a hundred inlets", "W220 | 100", "node,kind,count\nJ1,grate,100\n"),
    ("clogging in per cent", "E222 | clogging", "node,kind,clogging\nJ1,grate,50\n"),
    ("clogging below zero", "E222 | below zero", "node,kind,clogging\nJ1,grate,-0.5\n"),
    ("a capacity in L/s", "E222 | 0.035", "node,kind,perimeter_m,area_m2,capacity_m3_s\nJ1,custom,2,0.1,35\n"),
    ("a capacity of 3 m3/s", "W220 | 3", "node,kind,perimeter_m,area_m2,capacity_m3_s\nJ1,custom,2,0.1,3\n"),
    ("a perimeter in mm", "E222 | perimeter_m", "node,kind,perimeter_m,area_m2\nJ1,custom,2400,0.1\n"),
    ("an area in cm2", "E222 | area_m2", "node,kind,perimeter_m,area_m2\nJ1,custom,2,1500\n"),
    ("an area below zero", "E222 | below zero", "node,kind,perimeter_m,area_m2\nJ1,custom,2,-0.1\n"),
    ("a rim in space", "E222 | rim_m", "node,kind,rim_m\nJ1,grate,99999\n"),
    ("an inlet twice", "E224 | twice", "node,kind,count\nJ1,grate,2\nJ1,grate,2\n"),
    ("half a place", "E410 | go together", "node,kind,x_m,y_m\nJ1,grate,20,\n"),
    ("an inlet off the grid", "E402 | open cell", "node,kind,x_m,y_m\nJ1,grate,2000,20\n"),
    ("a custom inlet without its size", "E410 | perimeter_m", "node,kind\nJ1,custom\n"),
    ("an unknown kind", "E410 | grate", "node,kind\nJ1,grat\n"),
    ("no kind", "E104 | kind", "node\nJ1\n"),
    ("a node nobody knows", "E410 | J1", "node,kind\nJ11,grate\n"),
    ("an inlet without a node", "E104 | empty", "node,kind\n,grate\n"),
    ("a misspelt column", "W221 | clogging", "node,kind,cloging\nJ1,grate,0.5\n"),
    ("inlets of a spreadsheet", "W106 | `;`", "node;kind;clogging\nJ1;grate;0,5\n"),
    ("a count of words", "E104 | no number", "node,kind,count\nJ1,grate,two\n"),
):
    add(f"inlets: {_name}", "network", _words, {"n.inp": NETWORK, "i.csv": _table}, scenario(more=INLETS), odd=_words.startswith("W"))
_CLOG = SEWER + '[[failures]]\nkind = "clogging_series"\nname = "leaves"\nfile = "l.csv"\n'
for _value, _words in (("50", "E104 | clogging"), ("-0.1", "E104 | below zero"), ("nan", "E104 | finite")):
    add(f"leaves of {_value}", "network", _words, {"n.inp": NETWORK, "l.csv": f"time_s,clogging\n0,0\n600,{_value}\n"}, scenario(more=_CLOG))

# ------------------------------------------------------------------------------------------------------------- sites
SITE = '[[sites]]\nkind = "underground"\nname = "{}"\nlocation_m = [22.5, 22.5]\nsill_height_m = 0.1\n'
for _name, _words, _spec, _files in (
    ("a stage in the sky", "E222 | stage_m", 'stage_volume = "v.csv"\n', {"v.csv": "stage_m,volume_m3\n5,0\n99999,10\n"}),
    ("a volume below zero", "E222 | below zero", 'stage_volume = "v.csv"\n', {"v.csv": "stage_m,volume_m3\n5,-3\n8,10\n"}),
    ("a volume of an ocean", "E222 | volume_m3", 'stage_volume = "v.csv"\n', {"v.csv": "stage_m,volume_m3\n5,0\n8,1e12\n"}),
    ("a volume that falls", "E104 | rise", 'stage_volume = "v.csv"\n', {"v.csv": "stage_m,volume_m3\n5,0\n6,10\n7,9\n"}),
    ("a table in the key out of range", "E222 | volume_m3", "stage_volume = [[5.0, 0.0], [8.0, -4.0]]\n", {}),
    ("a floor of an ocean", "E104 | floor_area_m2", "floor_area_m2 = 1e12\n", {}),
    ("a floor of no area", "E104 | floor_area_m2", "floor_area_m2 = 0.0\n", {}),
    ("a pump in L/s", "E104 | capacity_m3_s", "floor_area_m2 = 100.0\npumps = [{ capacity_m3_s = 300.0 }]\n", {}),
    ("a pump of 20 m3/s", "W220 | 20", "floor_area_m2 = 100.0\npumps = [{ capacity_m3_s = 20.0 }]\n", {}),
    ("people below zero", "E104 | people", "floor_area_m2 = 100.0\npeople = -40.0\n", {}),
    ("a board as high as a house", "E104 | board_height_m", "floor_area_m2 = 100.0\nboard_height_m = 30.0\n", {}),
):
    add(f"site: {_name}", "sites", _words, _files, scenario(more=SITE.format("g") + _spec), odd=_words.startswith("W"))
add("site without a name", "sites", "E104 | name", text=scenario(more=SITE.format("") + "floor_area_m2 = 9.0\n"))
add("site with a slash", "sites", "E104 | name", text=scenario(more=SITE.format("a/b") + "floor_area_m2 = 9.0\n"))
add("site of 200 letters", "sites", "E104 | name", text=scenario(more=SITE.format("a" * 200) + "floor_area_m2 = 9.0\n"))
add("two sites of one name", "sites", "E104 | one name", text=scenario(more=2 * (SITE.format("g") + "floor_area_m2 = 9.0\n")))

# -------------------------------------------------------------------------------------------------------------- keys
for _name, _words, _more in (
    ("a gauge with a control character", "E104 | gauges", '[output]\ngauges = { "a\\u0007" = [20.0, 20.0] }\n'),
    ("a gauge of 200 letters", "E104 | gauges", f"[output]\ngauges = {{ {'a' * 200} = [20.0, 20.0] }}\n"),
    ("an output gauge without a name", "E104 | gauges", '[output]\ngauges = { "" = [20.0, 20.0] }\n'),
    ("a gauge at nan", "E104 | finite", "[output]\ngauges = { a = [nan, 20.0] }\n"),
    ("a section of one point", "E104 | sections", "[output]\nsections = { a = [[20.0, 20.0]] }\n"),
    ("bounds the wrong way round", "E104 | west", "[grid]\nbounds_m = [90.0, 0.0, 10.0, 40.0]\n"),
    ("cells of no size", "E104 | cell_size_m", "[grid]\ncell_size_m = 0.0\n"),
    ("an interval of nan", "E104 | finite", "[output]\ninterval_s = nan\n"),
    ("a limit that never stops", "E104 | volume_error_stop", "[limits]\nvolume_error_stop = 0.5\n"),
    (
        "a link opened by 50",
        "E104 | less than or equal to 1",
        SEWER + '[[actions]]\nname = "a"\ntrigger = { at = 2021-07-20T15:10:00+08:00 }\nlinks = { C1 = 50.0 }\n',
    ),
    (
        "an action that takes minus ten minutes",
        "E104 | travel_min",
        '[[actions]]\nname = "a"\ntrigger = { at = 2021-07-20T15:10:00+08:00 }\ntravel_min = -10.0\n',
    ),
    ("crews of a half", "E104 | integer", '[[actions]]\nname = "a"\ntrigger = { at = 2021-07-20T15:10:00+08:00 }\ncrews = 1.5\n'),
    (
        "a plan that costs less than nothing",
        "E104 | budget_cny",
        '[plan.p]\nphases = [{ name = "a", in_service = 2025-01-01 }]\nbudget_cny = { a = -1.0 }\n',
    ),
    (
        "a measure for less than nothing",
        "E104 | cost_cny",
        '[measure.a]\nkind = "sunken_green"\ntargets = { polygon_m = [[10, 10], [40, 10], [40, 30]] }\nshare = 0.3\ncost_cny = -5.0\n',
    ),
):
    add(_name, "keys", _words, {"n.inp": NETWORK}, scenario(more=_more))

# ----------------------------------------------------------------------------------------------------------- studies
for _name, _words, _more in (
    ("a draw the wrong way round", "E310 | backwards", '[draws]\nn = 4\n[draws.parameters]\n"rainfall.scale" = [1.2, 0.8]\n'),
    ("a draw beyond the schema", "E310 | rainfall.scale", '[draws]\nn = 4\n[draws.parameters]\n"rainfall.scale" = [0.5, 90.0]\n'),
    ("a draw below the schema", "E310 | inlet_open_share", '[draws]\nn = 4\n[draws.parameters]\n"city.inlet_open_share" = [-0.2, 0.5]\n'),
    ("a draw in per cent", "E310 | inlet_open_share", '[draws]\nn = 4\n[draws.parameters]\n"city.inlet_open_share" = [20.0, 50.0]\n'),
    ("a draw of no key", "E310 | unknown key", '[draws]\nn = 4\n[draws.parameters]\n"city.inlet_open" = [0.2, 0.5]\n'),
    ("a draw of whole numbers", "E310 | ditches", '[draws]\nn = 4\n[draws.parameters]\n"city.ditches" = [0, 3]\n'),
    ("a draw of nan", "finite", '[draws]\nn = 4\n[draws.parameters]\n"rainfall.scale" = [nan, 1.0]\n'),
    ("a choice of no scheme", "E310 | scheme", '[draws]\nn = 4\n[draws.choices]\n"surface.scheme" = ["local_inertial", "upwind"]\n'),
    ("a storm of no kind", "E310 | storms.a", '[storms.a]\nrainfall = { kind = "hail" }\n'),
    ("a storm beyond the schema", "E310 | scale", "[storms.a]\nrainfall = { scale = 1000.0 }\n"),
    ("a failure set of no kind", "E310 | failure_sets.f", '[failure_sets.f]\nfailures = [{ kind = "meteor", name = "m" }]\n'),
    (
        "a twin of no grid",
        "E310 | twin",
        '[draws]\nn = 4\n[draws.parameters]\n"rainfall.scale" = [0.8, 1.2]\n[twin]\ndear_draws = 2\n[twin.changes]\ncity = { cell_size_m = 900.0 }\n',
    ),
    ("a discount rate in per cent", "rates", "[money]\nrates = [6.0, 8.0]\n"),
    ("a budget below zero", "yearly_budget_cny", "[money]\nyearly_budget_cny = [-1.0]\n"),
    ("a return period of nothing", "return_period_y", "[storms.a]\n[return_period_y]\na = 0.0\n"),
    ("a timeout of nothing", "timeout_s", "timeout_s = 0.0\n"),
):
    add(
        _name,
        "studies",
        _words,
        text=(STUDY.replace("[projects]", _more + "[projects]") if _name.startswith("a timeout") else STUDY + _more),
        study=True,
    )


def answer(case: Case, folder: Path) -> tuple[int, str]:
    """Exit code and everything that was said; 1 is a traceback."""
    for name, content in case.files.items():
        path = folder / name
        if callable(content):
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            _ask(case, folder / "s.toml")
        return 0, said.getvalue()
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    except Exception as error:  # what escapes is the fault that is looked for
        return 1, f"{said.getvalue()}\nTraceback: {type(error).__name__}: {error}"


def _ask(case: Case, path: Path) -> None:
    if not case.study:
        from flood_sim.cli import main

        main(["check", str(path)])
        return
    from flood_sim.errors import InputError
    from flood_sim.study import load_study

    try:
        load_study(path)
    except InputError as error:
        print(error)
        raise SystemExit(2) from error


def held(case: Case, code: int, said: str) -> str:
    """Empty where the answer is right, else what is wrong with it."""
    if code == 1 or "Traceback" in said:
        return f"traceback: {said[-200:]}"
    if missing := [word for word in case.words if word not in said]:
        return f"exit {code}, without {missing}: {said[:300]}"
    if case.odd:
        return "" if code in (0, 2) and re.search(r"^[EW]\d{3} ", said, re.MULTILINE) else f"exit {code}: {said[:200]}"
    return "" if code == 2 and re.search(r"^E\d{3} ", said, re.MULTILINE) else f"exit {code}, taken in silence: {said[:300]}"


def campaign(count: int, folder: Path) -> list[dict[str, Any]]:
    """The first `count` cases, one row a kind: tried, held, and the first that did not hold."""
    rows: dict[str, dict[str, Any]] = {}
    for case in CASES[:count]:
        row = rows.setdefault(case.kind, {"kind": f"bad input: {case.kind}", "tried": 0, "held": 0, "note": ""})
        own = folder / f"case_{sum(r['tried'] for r in rows.values())}"
        own.mkdir(parents=True)
        wrong = held(case, *answer(case, own))
        shutil.rmtree(own)
        row["tried"] += 1
        row["held"] += not wrong
        if wrong and len(row["note"]) < 600:
            row["note"] += f"{case.name}: {wrong}; "
    return list(rows.values())
