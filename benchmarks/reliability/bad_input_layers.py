"""Bad inputs in rasters, layers, networks, sites, keys and studies. Importing it fills CASES."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.reliability.bad_input_makers import (
    FLAT,
    NETWORK,
    SEWER,
    STUDY,
    add,
    features,
    raster,
    scenario,
)

_TIF = (FLAT, 'bed_elevation = "dem.tif"\nmanning_n = { file = "cover.tif", table = "t.csv" }')
# ------------------------------------------------------------------------------------------ rasters
DEM = (FLAT, 'bed_elevation = "dem.tif"')
HILLS = 10.0 + 0.02 * np.add.outer(np.arange(10), np.arange(20))
_ROUGH = np.random.default_rng(1).normal(100.0, 3.0, (10, 20))
for _name, _words, _files, _changes, _more in (
    (
        "a DEM in centimetres",
        "E227 | steeper",
        {"dem.tif": raster(100.0 * _ROUGH / 10.0)},
        (DEM,),
        "",
    ),
    (
        "a DEM in millimetres",
        "E222 | out of range",
        {"dem.tif": raster(1000.0 * HILLS)},
        (DEM,),
        "",
    ),
    (
        "a DEM half in another unit",
        "E222 | out of range",
        {"dem.tif": raster(np.where(HILLS > 10.2, HILLS, HILLS * 1e4))},
        (DEM,),
        "",
    ),
    (
        "a DEM of mountains",
        "W227 | steeper",
        {"dem.tif": raster(100.0 + np.random.default_rng(2).normal(0.0, 2.5, (10, 20)))},
        (DEM,),
        "",
    ),
    (
        "a DEM with infinity",
        "E222 | inf",
        {"dem.tif": raster(np.where(HILLS > 10.5, np.inf, HILLS))},
        (DEM,),
        "",
    ),
    (
        "a depth raster of levels",
        "E227 | levels",
        {"dem.tif": raster(HILLS), "d.tif": raster(HILLS + 0.3)},
        (DEM,),
        '[initial]\ndepth = "d.tif"\n',
    ),
    (
        "a depth raster below zero",
        "E104 | below zero",
        {"dem.tif": raster(HILLS), "d.tif": raster(HILLS - 10.1)},
        (DEM,),
        '[initial]\ndepth = "d.tif"\n',
    ),
    (
        "a depth raster in centimetres",
        "E227 | deep at the start",
        {"dem.tif": raster(HILLS), "d.tif": raster(HILLS * 0 + 250)},
        (DEM,),
        '[initial]\ndepth = "d.tif"\n',
    ),
    (
        "a roughness raster of Strickler",
        "E212 | out of range",
        {"dem.tif": raster(HILLS), "m.tif": raster(HILLS * 0 + 33)},
        ((FLAT, 'bed_elevation = "dem.tif"\nmanning_n = "m.tif"'),),
        "",
    ),
    (
        "a mask in per cent",
        "E222 | per cent",
        {"dem.tif": raster(HILLS), "b.tif": raster(np.where(HILLS > 10.3, 100.0, 0.0))},
        ((FLAT, 'bed_elevation = "dem.tif"\nbuildings = "b.tif"'),),
        "",
    ),
    (
        "a mask below zero",
        "E222 | no share",
        {"dem.tif": raster(HILLS), "b.tif": raster(np.where(HILLS > 10.3, -1.0, 0.0))},
        ((FLAT, 'bed_elevation = "dem.tif"\nbuildings = "b.tif"'),),
        "",
    ),
    (
        "classes of 1.5",
        "E222 | whole number",
        {
            "dem.tif": raster(HILLS),
            "cover.tif": raster(HILLS * 0 + 1.5),
            "t.csv": "class,manning_n\n1,0.03\n",
        },
        (_TIF,),
        "",
    ),
    (
        "a start as deep as the sea",
        "E227 | deep at the start",
        {},
        (),
        "[initial]\ndepth = 900.0\n",
    ),
    ("a start of 12 m", "W227 | deeper", {}, (), "[initial]\ndepth = 12.0\n"),
    (
        "a lake of another datum",
        "E227 | deep at the start",
        {},
        (),
        "[initial]\nstage = [{ level_m = 400.0 }]\n",
    ),
    ("a lake over all roofs", "W227 | deeper", {}, (), "[initial]\nstage = [{ level_m = 22.0 }]\n"),
):
    add(
        _name,
        "rasters",
        _words or "E",
        _files,
        scenario(*_changes, more=_more),
        odd=_words.startswith("W"),
    )


# ----------------------------------------------------------------------------------------- exposure
def layer(
    name: str,
    words: str,
    key: str,
    kind: str,
    *members: tuple[list[Any], dict[str, Any]],
    odd: bool = False,
) -> None:
    add(
        name,
        "exposure",
        words,
        {"x.geojson": features(kind, *members)},
        scenario(more=f'[exposure]\n{key} = "x.geojson"\n'),
        odd,
    )


_WAY, _BOX = [[5, 25], [90, 25]], [[[20, 10], [40, 10], [40, 30], [20, 30], [20, 10]]]
layer("a road 700 m wide", "E222 | width_m", "roads", "LineString", (_WAY, {"width_m": 700.0}))
layer("a road of no width", "E222 | width_m", "roads", "LineString", (_WAY, {"width_m": 0.0}))
layer("a road below zero", "E222 | below zero", "roads", "LineString", (_WAY, {"width_m": -7.0}))
layer("a road of 90 m", "W220 | 90", "roads", "LineString", (_WAY, {"width_m": 90.0}), odd=True)
layer(
    "a road as wide as words",
    "E104 | no number",
    "roads",
    "LineString",
    (_WAY, {"width_m": "wide"}),
)
layer(
    "floors of two kinds",
    "E104 | feature 2",
    "buildings",
    "Polygon",
    (_BOX, {"floors": "2"}),
    (_BOX, {"floors": "2;3"}),
)
layer("people below zero", "E222 | below zero", "buildings", "Polygon", (_BOX, {"people": -40}))
layer("a tower of 900 floors", "E222 | floors", "buildings", "Polygon", (_BOX, {"floors": 900}))
layer("no floor at all", "E222 | floors", "buildings", "Polygon", (_BOX, {"floors": 0}))
layer(
    "a ground floor given as a level",
    "E222 | ground_floor_m",
    "buildings",
    "Polygon",
    (_BOX, {"ground_floor_m": 101.3}),
)
layer(
    "a ground floor 8 m up",
    "W220 | 8",
    "buildings",
    "Polygon",
    (_BOX, {"ground_floor_m": 8.0}),
    odd=True,
)
layer("a house for a city", "E222 | people", "buildings", "Polygon", (_BOX, {"people": 2e6}))
layer(
    "people who cannot stand",
    "W220 | people",
    "buildings",
    "Polygon",
    (_BOX, {"people": 9000, "floors": 1}),
    odd=True,
)
_POP = '[exposure]\npopulation = "p.tif"\n'
_DEM = {"dem.tif": raster(HILLS)}
for _name, _words, _field in (
    ("people below zero", "E222 | below zero", HILLS * 0 - 1),
    ("people a km2", "E222 | stand there", HILLS * 0 + 12_000),
    ("people a hectare", "W220 | a m2", HILLS * 0 + 60),
):
    add(
        f"population: {_name}",
        "exposure",
        _words,
        {**_DEM, "p.tif": raster(_field)},
        scenario(DEM, more=_POP),
        odd=_words[0] == "W",
    )


# ------------------------------------------------------------------------------------------- sewers
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
sewer(
    "a storage of negative area", "E222 | below zero", ("FUNCTIONAL 0 0 10", "FUNCTIONAL 0 0 -10")
)
sewer(
    "a storage curve of nothing",
    "W220 | no area",
    ("FUNCTIONAL 0 0 10", "TABULAR T"),
    ("[COORDINATES]", "[CURVES]\nT STORAGE 0 0\nT 2 0\n[COORDINATES]"),
    odd=True,
)
sewer("an initial depth of a mine", "E222 | initial depth", ("J1 8 2 0", "J1 8 2 900"))
sewer(
    "an inflow in L/s",
    "E222 | inflow",
    ("[COORDINATES]", '[INFLOWS]\nJ1 FLOW "" FLOW 1.0 1.0 9000\n[COORDINATES]'),
)
sewer(
    "a dry-weather flow of a river",
    "E222 | dry-weather",
    ("[COORDINATES]", "[DWF]\nJ1 FLOW 900\n[COORDINATES]"),
)
sewer(
    "a network on another mountain",
    "E227 | rims",
    ("J1 8 ", "J1 308 "),
    ("J2 8 ", "J2 308 "),
    ("S 8 ", "S 308 "),
    ("O 7 ", "O 307 "),
)
sewer(
    "a network three metres off",
    "W403 | half of them",
    ("J1 8 ", "J1 5 "),
    ("J2 8 ", "J2 5 "),
    ("S 8 ", "S 5 "),
    ("O 7 ", "O 4 "),
    odd=True,
)
sewer(
    "a network without coordinates", "E402 | coordinates", (NETWORK[NETWORK.index("[COORD") :], "")
)
sewer(
    "a series of last year",
    "W310 | 2020-07-20",
    (
        "[COORDINATES]",
        (
            "[INFLOWS]\nJ1 FLOW T FLOW 1.0 1.0\n[TIMESERIES]\nT 07/20/2020 15:00 0.1\nT 07/20/2020"
            " 16:00 0.1\n[COORDINATES]"
        ),
    ),
    odd=True,
)
INLETS = '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\ninlets = "i.csv"\n'
for _name, _words, _table in (
    ("minus two inlets", "E222 | below zero", "node,kind,count\nJ1,grate,-2\n"),
    ("no inlets", "E222 | count", "node,kind,count\nJ1,grate,0\n"),
    (
        "no inlets at a node that is not there",
        "E222 | count | E410 | not coupled | row 3",
        "node,kind,count\nJ1,grate,0\nJ99,grate,1\n",
    ),
    ("a thousand inlets", "E222 | count", "node,kind,count\nJ1,grate,1000\n"),
    ("a hundred inlets", "W220 | 100", "node,kind,count\nJ1,grate,100\n"),
    ("clogging in per cent", "E222 | clogging", "node,kind,clogging\nJ1,grate,50\n"),
    ("clogging below zero", "E222 | below zero", "node,kind,clogging\nJ1,grate,-0.5\n"),
    (
        "a capacity in L/s",
        "E222 | 0.035",
        "node,kind,perimeter_m,area_m2,capacity_m3_s\nJ1,custom,2,0.1,35\n",
    ),
    (
        "a capacity of 3 m3/s",
        "W220 | 3",
        "node,kind,perimeter_m,area_m2,capacity_m3_s\nJ1,custom,2,0.1,3\n",
    ),
    (
        "a perimeter in mm",
        "E222 | perimeter_m",
        "node,kind,perimeter_m,area_m2\nJ1,custom,2400,0.1\n",
    ),
    ("an area in cm2", "E222 | area_m2", "node,kind,perimeter_m,area_m2\nJ1,custom,2,1500\n"),
    (
        "an area below zero",
        "E222 | below zero",
        "node,kind,perimeter_m,area_m2\nJ1,custom,2,-0.1\n",
    ),
    ("a rim in space", "E222 | rim_m", "node,kind,rim_m\nJ1,grate,99999\n"),
    ("an inlet twice", "E224 | twice", "node,kind,count\nJ1,grate,2\nJ1,grate,2\n"),
    ("half a place", "E410 | go together", "node,kind,x_m,y_m\nJ1,grate,20,\n"),
    ("an inlet off the grid", "E402 | open cell", "node,kind,x_m,y_m\nJ1,grate,2000,20\n"),
    ("a custom inlet without its size", "E410 | perimeter_m", "node,kind\nJ1,custom\n"),
    ("an unknown kind", "E222 | grate", "node,kind\nJ1,grat\n"),
    ("no kind", "E104 | kind", "node\nJ1\n"),
    ("a node nobody knows", "E410 | J1", "node,kind\nJ11,grate\n"),
    ("an inlet without a node", "E104 | empty", "node,kind\n,grate\n"),
    ("a misspelt column", "W221 | clogging", "node,kind,cloging\nJ1,grate,0.5\n"),
    ("inlets of a spreadsheet", "W106 | `;`", "node;kind;clogging\nJ1;grate;0,5\n"),
    ("a count of words", "E104 | no number", "node,kind,count\nJ1,grate,two\n"),
):
    add(
        f"inlets: {_name}",
        "network",
        _words,
        {"n.inp": NETWORK, "i.csv": _table},
        scenario(more=INLETS),
        odd=_words.startswith("W"),
    )
_CLOG = SEWER + '[[failures]]\nkind = "clogging_series"\nname = "leaves"\nfile = "l.csv"\n'
for _value, _words in (
    ("50", "E104 | clogging"),
    ("-0.1", "E104 | below zero"),
    ("nan", "E104 | finite"),
):
    add(
        f"leaves of {_value}",
        "network",
        _words,
        {"n.inp": NETWORK, "l.csv": f"time_s,clogging\n0,0\n600,{_value}\n"},
        scenario(more=_CLOG),
    )

# -------------------------------------------------------------------------------------------- sites
SITE = (
    '[[sites]]\nkind = "underground"\nname = "{}"\nlocation_m = [22.5, 22.5]\nsill_height_m = 0.1\n'
)
for _name, _words, _spec, _files in (
    (
        "a stage in the sky",
        "E222 | stage_m",
        'stage_volume = "v.csv"\n',
        {"v.csv": "stage_m,volume_m3\n5,0\n99999,10\n"},
    ),
    (
        "a volume below zero",
        "E222 | below zero",
        'stage_volume = "v.csv"\n',
        {"v.csv": "stage_m,volume_m3\n5,-3\n8,10\n"},
    ),
    (
        "a volume of an ocean",
        "E222 | volume_m3",
        'stage_volume = "v.csv"\n',
        {"v.csv": "stage_m,volume_m3\n5,0\n8,1e12\n"},
    ),
    (
        "a volume that falls",
        "E104 | rise",
        'stage_volume = "v.csv"\n',
        {"v.csv": "stage_m,volume_m3\n5,0\n6,10\n7,9\n"},
    ),
    (
        "a table in the key out of range",
        "E222 | volume_m3",
        "stage_volume = [[5.0, 0.0], [8.0, -4.0]]\n",
        {},
    ),
    ("a floor of an ocean", "E104 | floor_area_m2", "floor_area_m2 = 1e12\n", {}),
    ("a floor of no area", "E104 | floor_area_m2", "floor_area_m2 = 0.0\n", {}),
    (
        "a pump in L/s",
        "E104 | capacity_m3_s",
        "floor_area_m2 = 100.0\npumps = [{ capacity_m3_s = 300.0 }]\n",
        {},
    ),
    (
        "a pump of 20 m3/s",
        "W220 | 20",
        "floor_area_m2 = 100.0\npumps = [{ capacity_m3_s = 20.0 }]\n",
        {},
    ),
    ("people below zero", "E104 | people", "floor_area_m2 = 100.0\npeople = -40.0\n", {}),
    (
        "a board as high as a house",
        "E104 | board_height_m",
        "floor_area_m2 = 100.0\nboard_height_m = 30.0\n",
        {},
    ),
):
    add(
        f"site: {_name}",
        "sites",
        _words,
        _files,
        scenario(more=SITE.format("g") + _spec),
        odd=_words.startswith("W"),
    )
add(
    "site without a name",
    "sites",
    "E104 | name",
    text=scenario(more=SITE.format("") + "floor_area_m2 = 9.0\n"),
)
add(
    "site with a slash",
    "sites",
    "E104 | name",
    text=scenario(more=SITE.format("a/b") + "floor_area_m2 = 9.0\n"),
)
add(
    "site of 200 letters",
    "sites",
    "E104 | name",
    text=scenario(more=SITE.format("a" * 200) + "floor_area_m2 = 9.0\n"),
)
add(
    "two sites of one name",
    "sites",
    "E104 | one name",
    text=scenario(more=2 * (SITE.format("g") + "floor_area_m2 = 9.0\n")),
)

# --------------------------------------------------------------------------------------------- keys
for _name, _words, _more in (
    (
        "a gauge with a control character",
        "E104 | gauges",
        '[output]\ngauges = { "a\\u0007" = [20.0, 20.0] }\n',
    ),
    (
        "a gauge of 200 letters",
        "E104 | gauges",
        f"[output]\ngauges = {{ {'a' * 200} = [20.0, 20.0] }}\n",
    ),
    (
        "an output gauge without a name",
        "E104 | gauges",
        '[output]\ngauges = { "" = [20.0, 20.0] }\n',
    ),
    ("a gauge at nan", "E104 | finite", "[output]\ngauges = { a = [nan, 20.0] }\n"),
    ("a section of one point", "E104 | sections", "[output]\nsections = { a = [[20.0, 20.0]] }\n"),
    ("bounds the wrong way round", "E104 | west", "[grid]\nbounds_m = [90.0, 0.0, 10.0, 40.0]\n"),
    ("cells of no size", "E104 | cell_size_m", "[grid]\ncell_size_m = 0.0\n"),
    ("an interval of nan", "E104 | finite", "[output]\ninterval_s = nan\n"),
    ("a limit that never stops", "E104 | volume_error_stop", "[limits]\nvolume_error_stop = 0.5\n"),
    (
        "a link opened by 50",
        "E104 | at most 1",
        SEWER
        + '[[actions]]\nname = "a"\ntrigger = { at = 2021-07-20T15:10:00+08:00 }\nlinks = { C1 ='
        " 50.0 }\n",
    ),
    (
        "an action that takes minus ten minutes",
        "E104 | travel_min",
        (
            '[[actions]]\nname = "a"\ntrigger = { at = 2021-07-20T15:10:00+08:00 }\ntravel_min ='
            " -10.0\n"
        ),
    ),
    (
        "crews of a half",
        "E104 | whole number",
        '[[actions]]\nname = "a"\ntrigger = { at = 2021-07-20T15:10:00+08:00 }\ncrews = 1.5\n',
    ),
    (
        "a plan that costs less than nothing",
        "E104 | budget",
        '[plan.p]\nphases = [{ name = "a", in_service = 2025-01-01 }]\nbudget = { a = -1.0 }\n',
    ),
    (
        "a measure for less than nothing",
        "E104 | cost",
        (
            '[measure.a]\nkind = "sunken_green"\ntargets = { polygon_m = [[10, 10], [40, 10], [40,'
            " 30]] }\nshare = 0.3\ncost = -5.0\n"
        ),
    ),
):
    add(_name, "keys", _words, {"n.inp": NETWORK}, scenario(more=_more))

# ------------------------------------------------------------------------------------------ studies
for _name, _words, _more in (
    (
        "a draw the wrong way round",
        "E310 | backwards",
        '[draws]\nn = 4\n[draws.parameters]\n"rainfall.scale" = [1.2, 0.8]\n',
    ),
    (
        "a draw beyond the schema",
        "E310 | rainfall.scale",
        '[draws]\nn = 4\n[draws.parameters]\n"rainfall.scale" = [0.5, 90.0]\n',
    ),
    (
        "a draw below the schema",
        "E310 | inlet_open_share",
        '[draws]\nn = 4\n[draws.parameters]\n"city.inlet_open_share" = [-0.2, 0.5]\n',
    ),
    (
        "a draw in per cent",
        "E310 | inlet_open_share",
        '[draws]\nn = 4\n[draws.parameters]\n"city.inlet_open_share" = [20.0, 50.0]\n',
    ),
    (
        "a draw of no key",
        "E310 | unknown key",
        '[draws]\nn = 4\n[draws.parameters]\n"city.inlet_open" = [0.2, 0.5]\n',
    ),
    (
        "a draw of whole numbers",
        "E310 | ditches",
        '[draws]\nn = 4\n[draws.parameters]\n"city.ditches" = [0, 3]\n',
    ),
    (
        "a draw of nan",
        "finite",
        '[draws]\nn = 4\n[draws.parameters]\n"rainfall.scale" = [nan, 1.0]\n',
    ),
    (
        "a choice of no scheme",
        "E310 | scheme",
        '[draws]\nn = 4\n[draws.choices]\n"surface.scheme" = ["local_inertial", "upwind"]\n',
    ),
    ("a storm of no kind", "E310 | storms.a", '[storms.a]\nrainfall = { kind = "hail" }\n'),
    ("a storm beyond the schema", "E310 | scale", "[storms.a]\nrainfall = { scale = 1000.0 }\n"),
    (
        "a failure set of no kind",
        "E310 | failure_sets.f",
        '[failure_sets.f]\nfailures = [{ kind = "meteor", name = "m" }]\n',
    ),
    (
        "a twin of no grid",
        "E310 | twin",
        (
            '[draws]\nn = 4\n[draws.parameters]\n"rainfall.scale" = [0.8, 1.2]\n[twin]\ndear_draws'
            " = 2\n[twin.changes]\ncity = { cell_size_m = 900.0 }\n"
        ),
    ),
    ("a discount rate in per cent", "rates", "[money]\nrates = [6.0, 8.0]\n"),
    ("a budget below zero", "yearly_budget", "[money]\nyearly_budget = [-1.0]\n"),
    ("a return period of nothing", "return_period_y", "[storms.a]\n[return_period_y]\na = 0.0\n"),
    ("a timeout of nothing", "timeout_s", "timeout_s = 0.0\n"),
):
    add(
        _name,
        "studies",
        _words,
        text=(
            STUDY.replace("[projects]", _more + "[projects]")
            if _name.startswith("a timeout")
            else STUDY + _more
        ),
        study=True,
    )
