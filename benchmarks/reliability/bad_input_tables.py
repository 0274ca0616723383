"""Bad inputs in tables: spreadsheets, rain, boundaries, structures, losses. Importing it fills
CASES.
"""

from __future__ import annotations

import numpy as np

from benchmarks.reliability.bad_input_makers import FLAT, ROWS, SERIES, STORM, add, raster, scenario


def rain(
    name: str, words: str, table: str | bytes, odd: bool = False, series: str = SERIES
) -> None:
    add(
        name,
        "spreadsheets" if not name.startswith("rain ") else "rain",
        words,
        {"rain.csv": table},
        scenario((STORM, series)),
        odd,
    )


# ------------------------------------------------------------------------------------- spreadsheets
rain("more cells than the header", "E220 | row 3 | 3 cells", "time_s,depth_mm\n0,1\n300,1,5\n")
rain("fewer cells than the header", "E220 | row 3 | 1 cells", "time_s,depth_mm\n0,1\n300\n")
rain("decimal commas between commas", "E220 | decimal commas", "time_s,depth_mm\n0,1,5\n300,2,5\n")
rain(
    "semicolons and decimal commas",
    "W106 | `;` | decimals have a comma",
    "time_s;depth_mm\n0;1,5\n300;2,5\n",
    odd=True,
)
rain("semicolons alone", "W106 | `;`", "time_s;depth_mm\n0;1.5\n300;2.5\n", odd=True)
rain("tabs", "W106 | tabs", "time_s\tdepth_mm\n0\t1.5\n300\t2.5\n", odd=True)
rain(
    "commas and points mixed",
    "E220 | decimal commas and decimal points",
    "time_s;depth_mm\n0;1,5\n300;2.5\n",
)
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
rain(
    "an integer of 5,000 digits",
    "E104 | finite | 5000 characters",
    "time_s,depth_mm\n0," + "9" * 5000 + "\n",
)
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
rain(
    "a column nobody knows",
    "W221 | `depth` | depth_mm",
    "time_s,depth_mm,depth\n0,1,1\n300,1,1\n",
    odd=True,
)
rain("a column misspelt", "E104 | depth_mm", "time_s,deph_mm\n0,1\n")
rain("too many rows", "E226 | 2,000,000", "time_s,depth_mm\n" + "0,1\n" * 2_000_001)
# --------------------------------------------------------------------------------------------- rain
rain("rain as depth and rate", "E223 | `depth_mm`", "time_s,depth_mm,rate_mm_h\n0,1,50\n300,1,12\n")
rain("rain below zero once", "E501 | below zero | row 4", "time_s,depth_mm\n0,1\n300,1\n600,-0.1\n")
rain("rain of a cloudburst in the wrong unit", "E501 | mm/h", "time_s,rate_mm_h\n0,2400\n")
rain("rain of 60 mm in five minutes", "E501 | mm/h at the peak", "time_s,depth_mm\n0,60\n")
rain("rain of 400 mm/h", "W220 | 400 mm/h", "time_s,rate_mm_h\n0,400\n300,10\n3600,0\n", odd=True)
rain("rain in metres an hour", "E501 | out of range", "time_s,rate_mm_h\n0,1e5\n")
rain(
    "rain of another year",
    "E313 | no rain falls",
    "time,depth_mm\n2020-07-20T15:00:00+08:00,1\n2020-07-20T15:05:00+08:00,2\n",
)
rain(
    "rain in the next year",
    "E313 | no rain falls",
    "time,depth_mm\n2022-07-20T15:00:00+08:00,1\n2022-07-20T15:05:00+08:00,2\n",
)
rain(
    "rain beyond the world's record",
    "W311 | on Earth",
    "time_s,depth_mm\n" + "".join(f"{300 * k},40\n" for k in range(60)),
    odd=True,
)
rain(
    "rain that is summed up already",
    "E320 | cumulative",
    "time_s,depth_mm\n0,10\n300,15\n600,17\n900,17\n",
)
rain("rain at one time twice", "E303 | increase", "time_s,depth_mm\n0,1\n0,1\n")
rain("rain closer than its interval", "E303 | interval_s", "time_s,depth_mm\n0,1\n60,1\n")
rain("rain of the Middle Ages", "E222 | out of range", "time_s,depth_mm\n-9e9,1\n")
GAUGES = 'kind = "gauges"\ngauges = "g.csv"\nlabel = "left"\ninterval_s = 300'
for _name, _words, _table in (
    (
        "two gauges of one name",
        "E224 | `gauge`",
        "gauge,x_m,y_m,file\na,10,10,rain.csv\na,20,10,rain.csv\n",
    ),
    ("a gauge without a file", "E104 | empty", "gauge,x_m,y_m,file\na,10,10,\n"),
    ("a gauge without a name", "E104 | empty", "gauge,x_m,y_m,file\n,10,10,rain.csv\n"),
    ("a gauge that is nowhere", "E104 | x_m", "gauge,x_m,y_m,file\na,,10,rain.csv\n"),
    ("a gauge on another planet", "E222 | x_m", "gauge,x_m,y_m,file\na,1e12,10,rain.csv\n"),
    ("a gauge's file that is not there", "E101 | b.csv", "gauge,x_m,y_m,file\na,10,10,b.csv\n"),
    ("gauges without coordinates", "E104 | x_m, y_m", "gauge,file\na,rain.csv\n"),
):
    add(_name, "rain", _words, {"g.csv": _table, "rain.csv": ROWS}, scenario((STORM, GAUGES)))
for _key, _value, _words in (
    ("depth_mm", "9000.0", "E104 | depth_mm"),
    ("depth_mm", "-3.0", "E104 | depth_mm"),
    ("depth_mm", "1900.0", "E104 | deeper day"),
    ("depth_mm", "nan", "E104 | finite"),
):
    add(
        f"a day of {_value} mm",
        "rain",
        _words,
        text=scenario((STORM, f'kind = "daily_storm"\n{_key} = {_value}')),
        odd=_words.startswith("W"),
    )
_CELL = (
    "peak_mm_h = {}, radius_m = 500.0, begin_s = 0.0, end_s = 600.0, from_m = [0.0, 0.0], to_m ="
    " [9.0, 9.0]"
)
for _peak, _words in (
    ("900.0", "E104 | peak_mm_h"),
    ("400.0", "W220 | 400"),
    ("inf", "E104 | finite"),
):
    add(
        f"a cell of {_peak} mm/h",
        "rain",
        _words,
        text=scenario((STORM, 'kind = "moving_cells"\ncells = [{ ' + _CELL.format(_peak) + " }]")),
        odd=_words[0] == "W",
    )


# -------------------------------------------------------------------------------------------- edges
def edge(
    name: str,
    words: str,
    spec: str,
    table: str | None = None,
    odd: bool = False,
    kind: str = "levels",
) -> None:
    files = {"e.csv": table} if table is not None else {}
    add(
        name,
        kind,
        words,
        files,
        scenario(more="".join(f"[[boundaries]]\n{part}\n" for part in spec.split(" + "))),
        odd,
    )


STAGE, WEST = 'kind = "stage_series"\nfile = "e.csv"\n', 'edge = "west"'
edge(
    "a stage given as depths",
    "W227 | under all ground",
    STAGE + WEST,
    "time_s,level_m\n0,0.5\n3600,1.2\n",
    odd=True,
)
edge(
    "a stage in centimetres",
    "E227 | over the lowest ground",
    STAGE + WEST,
    "time_s,level_m\n0,1000\n3600,1050\n",
)
edge(
    "a stage ten metres too high",
    "W227 | holds",
    STAGE + WEST,
    "time_s,level_m\n0,20\n3600,21\n",
    odd=True,
)
edge(
    "a stage of another datum",
    "E227 | under the lowest",
    'kind = "stage_series"\nlevel_m = -30.0\n' + WEST,
)
edge("a stage in the air", "E104 | level_m", 'kind = "stage_series"\nlevel_m = 9999.0\n' + WEST)
edge("a stage that is no number", "E104 | finite", 'kind = "stage_series"\nlevel_m = nan\n' + WEST)
edge("a stage beyond the Earth", "E222 | level_m", STAGE + WEST, "time_s,level_m\n0,10000\n")
edge(
    "a stage of last year",
    "E313 | before",
    'kind = "stage_series"\nfile = "e.csv"\n' + WEST,
    "time,level_m\n2020-07-20T15:00:00+08:00,10\n2020-07-20T16:00:00+08:00,11\n",
)
edge(
    "a stage that ends early",
    "E321 | after",
    'kind = "stage_series"\nfile = "e.csv"\n' + WEST,
    "time_s,level_m\n0,10\n1200,10.2\n",
)
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
    "E229 | first [[boundaries]]",
    f'kind = "stage_series"\nlevel_m = 10.5\n{WEST} + kind = "stage_series"\nlevel_m ='
    f" 10.8\n{WEST}",
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
edge(
    "a line in the middle",
    "E204 | edge",
    'kind = "free_outflow"\nedge = { line_m = [[40.0, 25.0], [60.0, 25.0]] }',
    kind="boundaries",
)
edge(
    "a line from the rim into the middle",
    "E229 | inside",
    'kind = "free_outflow"\nedge = { line_m = [[0.0, 25.0], [90.0, 25.0]] }',
    kind="boundaries",
)
edge(
    "a line of one point",
    "E104 | line_m",
    'kind = "free_outflow"\nedge = { line_m = [[0.0, 25.0]] }',
    kind="boundaries",
)
edge("a closed edge misspelt", "E104 | nroth", 'kind = "closed"\nedge = "nroth"', kind="boundaries")
Q = 'kind = "discharge_series"\nfile = "e.csv"\n'
edge(
    "a discharge in L/s",
    "E228 | metre",
    Q + WEST,
    "time_s,discharge_m3_s\n0,45000\n",
    kind="amounts",
)
edge(
    "a discharge that fills the valley",
    "W228 | open",
    Q + 'edge = "west"',
    "time_s,discharge_m3_s\n0,50\n",
    odd=True,
    kind="amounts",
)
edge(
    "a river on a lawn",
    "W228 | metre",
    Q + 'edge = "west" + kind = "free_outflow"\nedge = "east"',
    "time_s,discharge_m3_s\n0,4000\n",
    odd=True,
    kind="amounts",
)
edge(
    "more than the Amazon",
    "E408 | out of range",
    Q + WEST,
    "time_s,discharge_m3_s\n0,5e6\n",
    kind="amounts",
)
edge(
    "a discharge below zero late",
    "E408 | below zero | row 3",
    Q + WEST,
    "time_s,discharge_m3_s\n0,1\n60,-1\n",
    kind="amounts",
)
edge(
    "a spring as large as a river",
    "E228 | metre",
    'kind = "point_inflow"\nlocation_m = [50.0, 25.0]\ndischarge_m3_s = 20000.0',
    kind="amounts",
)
edge(
    "a discharge of nan",
    "E104 | finite",
    'kind = "point_inflow"\nlocation_m = [50.0, 25.0]\ndischarge_m3_s = nan',
    kind="amounts",
)
edge(
    "an inflow off the grid",
    "E204 | open cell",
    'kind = "point_inflow"\nlocation_m = [500.0, 25.0]\ndischarge_m3_s = 1.0',
    kind="amounts",
)
edge(
    "an inflow without a name",
    "E104 | name",
    'kind = "point_inflow"\nname = ""\nlocation_m = [50.0, 25.0]\ndischarge_m3_s = 1.0',
    kind="keys",
)

# --------------------------------------------------------------------------------------- structures
CULVERT = "name,from_x_m,from_y_m,to_x_m,to_y_m,height_m{}\n"
TABLE = '[[structures]]\nkind = "culvert_table"\nname = "t"\nfile = "c.csv"\n'
for _name, _words, _head, _row in (
    (
        "a culvert deep under the ground",
        "E227 | 109.9 m under",
        ",from_level_m",
        "c,12,22,52,22,1,-100",
    ),
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
    ("a culvert of no known inlet", "E104 | no inlet", ",inlet", "c,12,22,52,22,1,round"),
    ("a culvert twice", "E224 | twice", "", "c,12,22,52,22,1\nc,12,27,52,27,1"),
    ("a culvert without a name", "E104 | empty", "", ",12,22,52,22,1"),
    ("a culvert off the grid", "E204 | open cell", "", "c,12,22,520,22,1"),
):
    add(
        _name,
        "structures",
        _words,
        {"c.csv": CULVERT.format(_head) + _row + "\n"},
        scenario(more=TABLE),
        odd=_words.startswith("W"),
    )
LINE = "line_m = [[50.0, 0.0], [50.0, 50.0]]\n"
for _name, _words, _spec in (
    ("a weir in the clouds", "E227 | over the ground", 'kind = "weir"\ncrest_m = 4000.0\n'),
    ("a weir 60 m high", "W227 | over the ground", 'kind = "weir"\ncrest_m = 70.0\n'),
    ("a dyke beyond the Earth", "E104 | crest_m", 'kind = "dyke"\ncrest_m = 1e6\n'),
    ("a gate of 80 m", "E104 | opening_m", 'kind = "gate"\nsill_m = 10.0\nopening_m = 80.0\n'),
    ("a gate of 30 m", "W220 | 30", 'kind = "gate"\nsill_m = 10.0\nopening_m = 30.0\n'),
    (
        "a gate with a share of 80",
        "E104 | open_share",
        'kind = "gate"\nsill_m = 10.0\nopening_m = 1.0\nopen_share = 80.0\n',
    ),
    (
        "a breach a continent wide",
        "E104 | width_m",
        (
            'kind = "dyke"\ncrest_m = 12.0\nbreach = { location_m = [50.0, 25.0], width_m = 9000.0,'
            " begin_s = 0.0 }\n"
        ),
    ),
):
    add(
        _name,
        "structures",
        _words,
        text=scenario(more=f'[[structures]]\nname = "a"\n{LINE}{_spec}'),
        odd=_words.startswith("W"),
    )
_GATE = '[[structures]]\nkind = "gate"\nname = "g"\nsill_m = 10.0\nopening_file = "o.csv"\n' + LINE
add(
    "an opening below zero",
    "structures",
    "E222 | below zero",
    {"o.csv": "time_s,opening_m\n0,-1\n"},
    scenario(more=_GATE),
)
add(
    "an opening in millimetres",
    "structures",
    "E222 | opening_m",
    {"o.csv": "time_s,opening_m\n0,800\n"},
    scenario(more=_GATE),
)
_PUMP = (
    '[[structures]]\nkind = "pump"\nname = "p"\nfrom_m = [20.0, 20.0]\nto_m = [60.0,'
    " 20.0]\ncapacity_m3_s = {}\n"
)
for _capacity, _words in (
    ("2000.0", "E104 | capacity_m3_s"),
    ("250.0", "W220 | 250"),
    ("-1.0", "E104 | capacity_m3_s"),
    ("nan", "E104 | finite"),
):
    add(
        f"a pump of {_capacity}",
        "structures",
        _words,
        text=scenario(more=_PUMP.format(_capacity)),
        odd=_words.startswith("W"),
    )

# ------------------------------------------------------------------------------------------- losses
EVAPORATION = '[evaporation]\nfile = "v.csv"\n'
for _name, _words, _value in (
    ("beyond the key's limit", "E222 | 30", "400"),
    ("below zero", "E222 | below zero", "-2"),
    ("of a desert", "W220 | 20", "20"),
):
    add(
        f"evaporation {_name}",
        "losses",
        _words,
        {"v.csv": f"time_s,rate_mm_d\n0,{_value}\n"},
        scenario(more=EVAPORATION),
        odd=_words[0] == "W",
    )
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
_SOIL = (
    '[infiltration]\nkind = "green_ampt"\nland_cover = { file = "cover.tif", table = "t.csv" }\n'
)
for _name, _words, _row in (
    ("conductivity of a sieve", "E222 | conductivity_mm_h", "1,36000,100,0.3"),
    ("suction in metres of mercury", "E222 | suction_mm", "1,5,90000,0.3"),
    ("deficit in per cent", "E222 | deficit", "1,5,100,30"),
    ("deficit below zero", "E222 | below zero", "1,5,100,-0.1"),
    ("conductivity of gravel", "W220 | 300", "1,300,100,0.3"),
):
    table = "class,conductivity_mm_h,suction_mm,deficit\n" + _row + "\n"
    add(
        f"soil: {_name}",
        "losses",
        _words,
        {**COVER, "t.csv": table},
        scenario((FLAT, 'bed_elevation = "dem.tif"'), more=_SOIL),
        odd=_words[0] == "W",
    )
_HORTON = _SOIL.replace("green_ampt", "horton")
add(
    "Horton that grows",
    "losses",
    "E222 | first_mm_h",
    {**COVER, "t.csv": "class,first_mm_h,last_mm_h,decay_1_h,recovery_1_h\n1,5,50,2,0\n"},
    scenario((FLAT, 'bed_elevation = "dem.tif"'), more=_HORTON),
)
add(
    "curve number of 200",
    "losses",
    "E104 | curve_number",
    text=scenario(more='[infiltration]\nkind = "curve_number"\ncurve_number = 200.0\n'),
)
add(
    "curve number of 5",
    "losses",
    "W220 | 5",
    text=scenario(more='[infiltration]\nkind = "curve_number"\ncurve_number = 5.0\n'),
    odd=True,
)
