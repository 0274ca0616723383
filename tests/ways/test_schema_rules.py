"""Keys that do not fit together, in scenarios, studies, packs of regions and files of standards:
each mended as its message says.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pyproj import Transformer

from cli.test_bad_input import RASTER, ROWS, SERIES, STORM, dem, geojson, network, scenario
from coupling.test_switches import NETWORK as STREET_NETWORK
from coupling.test_switches import SCENARIO as STREET
from flood_sim.core.errors import Finding
from measured_town import TOWN, corners, town
from scenario.test_loader import GOOD, write_raster
from sites.test_actions import BOARD, ENTRANCE
from sites.test_underground import lake
from ways.test_keys import AUDIT, LOADS, STANDARDS
from ways.test_measures import LAKE, YARD, measured
from ways_out import Way, check, command, follow

THEM = "change the keys that it names"
TWO, BOTH, ONE = "give one of the two", "give both, or neither", "give one of these"
ADD = "add what is missing, or leave the other out"
ONLY = "give one of these, no more"
AT = "at = 2021-07-20T15:05:00+08:00"

Right = str | Callable[[Finding], str]


def files(folder: Path) -> None:
    """All that the files below name."""
    (folder / "own.toml").write_text(STANDARDS)
    (folder / "loads.toml").write_text(LOADS)
    network(folder)
    (folder / "n.inp").rename(folder / "sewer.inp")
    town(folder)
    dem(folder)
    write_raster(folder / "soil.tif", [[1.0] * 12] * 10)
    (folder / "street.inp").write_text(STREET_NETWORK)
    (folder / "level.csv").write_text("time_s,level_m\n0,9.5\n600,9.5\n")
    (folder / "flow.csv").write_text("time_s,discharge_m3_s\n0,0.1\n600,0.1\n")
    (folder / "gate.csv").write_text("time_s,opening_m\n0,0.5\n600,0.5\n")
    (folder / "soil.csv").write_text(
        "class,conductivity_mm_h,suction_mm,deficit,first_mm_h,last_mm_h,decay_1_h,recovery_1_h,"
        "curve_number\n1,3,100,0.2,20,5,2,0,80\n"
    )
    geojson(folder / "line.geojson", ("LineString", [[10, 22], [40, 22]], {}))
    geojson(folder / "area.geojson", ("Polygon", [corners(0, 5, 30, 15)], {}))


def rule(
    says: str,
    text: str,
    wrong: str,
    *rights: Right,
    do: str = THEM,
    name: str = "s.toml",
    beside: str = GOOD,
    give=check,
) -> list[Way]:
    """Ways out of what stands at @ of a file, one each of `rights`: what stands there in place of
    the wrong text, or what makes it of the message. beside : the scenario, where the file is
    another.
    """

    def written(value: Right):
        def write(folder: Path, finding: Finding | None = None) -> None:
            if finding is None:
                files(folder)
            (folder / "s.toml").write_text(beside, encoding="utf-8")
            new = value(finding) if callable(value) else value
            (folder / name).write_text(text.replace("@", new), encoding="utf-8")

        return write

    return [Way("E104", says, do, written(wrong), written(right), give) for right in rights]


def either(first: str, second: str, text: str, both: tuple[str, str]):
    """Of two keys one belongs there, and both stand there, or neither does."""
    says = f"it needs one of {first} and {second}, not both"
    return [way for w in ("\n".join(both), "") for way in rule(says, text, w, *both, do=TWO)]


def apart(first: str, second: str, text: str, both: tuple[str, str]):
    """Both keys stand there, where one or none belongs."""
    says = f"{first} and {second} do not go together"
    return rule(says, text, "\n".join(both), *both, do="leave one of the two out")


# -------------------------------------------------------------------------------- one of two keys
LINE = GOOD + '[[structures]]\nkind = "wall"\nname = "w"\n@\n'
GATE = (
    GOOD + '[[structures]]\nkind = "gate"\nname = "g"\nline_m = [[10.0, 20.0], [40.0, 20.0]]\n'
    "sill_m = 9.9\n@\n"
)
STAGE = GOOD + '[[boundaries]]\nkind = "stage_series"\nedge = "east"\n@\n'
FLOW = GOOD + '[[boundaries]]\nkind = "discharge_series"\n@\n'
SPRING = GOOD + '[[boundaries]]\nkind = "point_inflow"\nlocation_m = [12.5, 12.5]\n@\n'
ROOM = GOOD + '[[sites]]\nkind = "underground"\nname = "room"\n@\n'
DOOR, FLOOR = "location_m = [22.5, 22.5]\n", "floor_area_m2 = 300.0\n"
PUMP = (
    ROOM.replace("@", DOOR + FLOOR + "sill_height_m = 0.1")
    + '[[sites.pumps]]\ncapacity_m3_s = 0.1\n@\n[drainage]\nkind = "swmm"\nnetwork = "sewer.inp"\n'
)
CRITICAL = (
    ROOM.replace("@", DOOR + FLOOR + "sill_height_m = 0.1")
    + '[[sites]]\nkind = "critical"\nname = "switches"\n@\n'
)
TANK = (
    STREET + f'[[rules]]\nkind = "mobile_pump"\nname = "m"\n{AT}\nfrom_m = [52.5, 7.5]\n'
    "discharge_m3_s = 0.1\n@\n"
)
GROUND = "[terrain]\n" + GOOD.partition("[terrain]\n")[2].partition("[rainfall]")[0]
CITY = "[city]\nside_m = 500.0\ncell_size_m = 10.0\n"


def built(body: str) -> str:
    """A measure of the town, with a mark in it."""
    return TOWN + measured(body)


ONE_OF_TWO = [
    *either(
        "line_m", "file", LINE, ("line_m = [[10.0, 20.0], [40.0, 20.0]]", 'file = "line.geojson"')
    ),
    *either("opening_m", "opening_file", GATE, ("opening_m = 0.5", 'opening_file = "gate.csv"')),
    *either("file", "level_m", STAGE, ('file = "level.csv"', "level_m = 9.5")),
    *either("file", "discharge_m3_s", SPRING, ('file = "flow.csv"', "discharge_m3_s = 0.1")),
    *either(
        "file",
        "discharge_m3_s",
        FLOW.replace("@", 'edge = "west"\n@'),
        ('file = "flow.csv"', "discharge_m3_s = 0.1"),
    ),
    *either(
        "edge",
        "polygon",
        FLOW.replace("@", "discharge_m3_s = 0.1\n@"),
        ('edge = "west"', 'polygon = "area.geojson"'),
    ),
    *either(
        "floor_area_m2",
        "stage_volume",
        ROOM.replace("@", DOOR + "sill_height_m = 0.1\n@"),
        ("floor_area_m2 = 300.0", "stage_volume = [[0.0, 0.0], [3.0, 900.0]]"),
    ),
    *apart(
        "location_m",
        "openings",
        ROOM.replace("@", FLOOR + "@"),
        (DOOR, "openings = [{ location_m = [22.5, 22.5], sill_height_m = 0.1 }]"),
    ),
    *apart(
        "sill_elevation_m",
        "sill_height_m",
        ROOM.replace("@", DOOR + FLOOR + "@"),
        ("sill_elevation_m = 9.9", "sill_height_m = 0.1"),
    ),
    *apart(
        "sill_elevation_m",
        "sill_height_m",
        ROOM.replace("@", FLOOR + "[[sites.openings]]\n" + DOOR + "@"),
        ("sill_elevation_m = 9.9", "sill_height_m = 0.1"),
    ),
    *apart("to_m", "to_node", PUMP, ("to_m = [42.5, 42.5]", 'to_node = "J1"')),
    *either(
        "location_m",
        "inside",
        CRITICAL.replace("@", "failure_depth_m = 0.3\n@"),
        (DOOR, 'inside = "room"'),
    ),
    *either(
        "failure_depth_m",
        "failure_elevation_m",
        CRITICAL.replace("@", DOOR + "@"),
        ("failure_depth_m = 0.3", "failure_elevation_m = 10.0"),
    ),
    *either("to_node", "to_tank_m3", TANK, ('to_node = "Q"', "to_tank_m3 = 50.0")),
    *either("[terrain]", "[city]", GOOD.replace(GROUND, "@\n"), (GROUND, CITY)),
    *either(
        "crest_m",
        "raise_m",
        built("levee_raising\ntargets = { line_m = [[30, 5], [50, 5]] }\n@"),
        ("crest_m = 11.0", "raise_m = 1.0"),
    ),
    *either(
        "crest_m",
        "raise_m",
        built(f"flood_wall_gate\ntargets = {{ polygon_m = {YARD} }}\ndrain_m3_s = 0.1\n@"),
        ("crest_m = 11.0", "raise_m = 1.0"),
    ),
    *either(
        "diameter_m",
        "size_for_return_period_y",
        built('trunk_upsizing\ntargets = ["C1"]\n@'),
        ("diameter_m = 1.0", "size_for_return_period_y = 5.0"),
    ),
]

# ----------------------------------------------------------------------------- the ground, the rain
DRY = GOOD.partition("[rainfall]")[0]
SEWER = GOOD + '[drainage]\nkind = "swmm"\nnetwork = "sewer.inp"\n'
CELLS = (
    DRY + '[rainfall]\nkind = "moving_cells"\n[[rainfall.cells]]\npeak_mm_h = 50.0\n'
    "radius_m = 500.0\nfrom_m = [0.0, 0.0]\nto_m = [100.0, 0.0]\n@\n"
)
COVERED = 'land_cover = { file = "soil.tif", table = "soil.csv" }'
SOIL = scenario(RASTER, more="[infiltration]\n@\n")
DRIED = GOOD + "[evaporation]\nrate_mm_d = 3.0\n@\n"


def soil(kind: str, *keys: str) -> list[str]:
    return [f'kind = "{kind}"\n{key}' for key in keys]


GROUND_AND_RAIN = [
    *rule(
        "west must be below east, and south below north",
        scenario(RASTER, more="[grid]\n@\n"),
        "bounds_m = [472050.0, 3846055.0, 472005.0, 3846095.0]",
        "bounds_m = [472005.0, 3846055.0, 472050.0, 3846095.0]",
        do="write bounds_m as west, south, east, north",
    ),
    *rule(
        "end_s must be after begin_s", CELLS, "begin_s = 600\nend_s = 0", "begin_s = 0\nend_s = 600"
    ),
    *rule(
        "green_ampt needs conductivity_mm_h, suction_mm and deficit, or land_cover",
        SOIL,
        *soil(
            "green_ampt",
            "suction_mm = 100.0",
            "conductivity_mm_h = 3.0\nsuction_mm = 100.0\ndeficit = 0.2",
            COVERED,
        ),
        do="add these three, or land_cover = { file, table }",
    ),
    *rule(
        "horton needs first_mm_h, last_mm_h and decay_1_h, or land_cover",
        SOIL,
        *soil(
            "horton",
            "last_mm_h = 5.0",
            "first_mm_h = 20.0\nlast_mm_h = 5.0\ndecay_1_h = 2.0",
            COVERED,
        ),
        do="add these three, or land_cover = { file, table }",
    ),
    *rule(
        "first_mm_h must not be below last_mm_h",
        SOIL,
        *soil(
            "horton",
            "decay_1_h = 2.0\nfirst_mm_h = 5.0\nlast_mm_h = 20.0",
            "decay_1_h = 2.0\nfirst_mm_h = 20.0\nlast_mm_h = 5.0",
        ),
    ),
    *rule(
        "curve_number needs curve_number, or land_cover = { file, table }",
        SOIL,
        *soil("curve_number", "", "curve_number = 80.0", COVERED),
        do="add one of the two",
    ),
    *rule(
        "… goes with …: a value that stays has no gaps",
        STAGE,
        'level_m = 9.5\nbefore = "hold"\nafter = "hold"',
        "level_m = 9.5",
        do="leave … out",
    ),
    *rule(
        "… goes with …: a value that stays has no gaps",
        DRIED,
        'gaps = "zero"',
        "",
        do="leave … out",
    ),
    *rule(
        "gutter_width_m and gutter_slope go together",
        SEWER + "[drainage.gutter]\n@\n",
        "gutter_width_m = 0.6",
        "gutter_width_m = 0.6\ngutter_slope = 0.08",
        "",
        do=BOTH,
    ),
    *rule(
        "gutter_slope is at least cross_slope",
        SEWER + "[drainage.gutter]\n@\n",
        "gutter_width_m = 0.6\ngutter_slope = 0.01",
        "gutter_width_m = 0.6\ngutter_slope = 0.08",
    ),
    *rule(
        "level_m goes with edge, not with polygon",
        FLOW.replace("@", "discharge_m3_s = 0.1\n@"),
        'polygon = "area.geojson"\nlevel_m = 10.5',
        'polygon = "area.geojson"',
        'edge = "west"\nlevel_m = 10.5',
        do="leave level_m out, or give edge instead of polygon",
    ),
    *rule(
        "[time] stop … is not after start …",
        GOOD.replace("stop = 2021-07-20T15:10", "stop = 2021-07-20T@"),
        "14:10",
        "15:10",
    ),
    *rule(
        '[infiltration] kind = "city_soil" needs [city]',
        GOOD + "[infiltration]\n@\n",
        'kind = "city_soil"',
        'kind = "none"',
    ),
]

CITY_RULES = [
    *rule(
        "river_stage_h_m: at least one row, and hours that rise",
        GOOD.replace(GROUND, CITY + "@\n"),
        "river_stage_h_m = [[1.0, -2.0], [0.0, -1.5]]",
        "river_stage_h_m = [[0.0, -2.0], [1.0, -1.5]]",
    ),
    *rule(
        "river_stage_h_m: hours from -1000 to 10000, stages from -20 to 20 m against the"
        " riverside street",
        GOOD.replace(GROUND, CITY + "@\n"),
        "river_stage_h_m = [[0.0, 98.0]]",
        "river_stage_h_m = [[0.0, -2.0]]",
    ),
    *rule(
        "filled_ditches must not be above ditches: what is filled was a ditch",
        GOOD.replace(GROUND, CITY + "@\n"),
        "filled_ditches = 1",
        "ditches = 1\nfilled_ditches = 1",
    ),
]

# ---------------------------------------------------------------------------- structures and sites
PIPE = (
    GOOD + '[[structures]]\nkind = "culvert"\nname = "c"\nfrom_m = [12.5, 12.5]\n'
    "to_m = [52.5, 12.5]\nheight_m = 1.0\n@\n"
)
LIFT = (
    GOOD + '[[structures]]\nkind = "pump"\nname = "p"\nfrom_m = [12.5, 12.5]\n'
    "to_m = [52.5, 12.5]\ncapacity_m3_s = 0.1\n@\n"
)
BRIDGE = (
    GOOD + '[[structures]]\nkind = "bridge"\nname = "b"\nline_m = [[10.0, 20.0], [40.0, 20.0]]\n'
    "soffit_m = 12.0\n@\n"
)


def first_named(finding: Finding) -> str:
    """The first of those that the message says to give."""
    return f'inlet = "{finding.do.removeprefix("give one of ").split(", ")[0]}"'


STRUCTURES = [
    *rule(
        "line_m needs at least two points",
        LINE,
        "line_m = [[10.0, 20.0]]",
        "line_m = [[10.0, 20.0], [40.0, 20.0]]",
        do="add the points that are missing",
    ),
    *rule(
        "top_m must be above sill_m",
        GATE.replace("@", "opening_m = 0.5\n@"),
        "top_m = 9.0",
        "top_m = 11.0",
    ),
    *rule("deck_m must not be below soffit_m", BRIDGE, "deck_m = 11.0", "deck_m = 13.0"),
    *rule("no inlet `…`", PIPE, 'inlet = "square"', first_named, do="give one of …"),
    *rule(
        "the inlet `…` is for a … barrel, and this one is …",
        PIPE,
        'inlet = "box_wingwalls_0"',
        'inlet = "circular_metal_mitred"',
        'inlet = "box_wingwalls_0"\nwidth_m = 1.0',
        do="name an inlet of its shape; width_m makes a box",
    ),
    *rule(
        "stop_depth_m must not be above start_depth_m",
        LIFT,
        "stop_depth_m = 0.5",
        "stop_depth_m = 0.1",
        "stop_depth_m = 0.5\nstart_depth_m = 0.6",
    ),
    *rule(
        "stop_depth_m … is above start_depth_m …", PUMP, "stop_depth_m = 0.5", "stop_depth_m = 0.1"
    ),
]

# -------------------------------------------------------------------- failures, rules and actions
EVENT = STREET + '[[failures]]\nkind = "pump_trip"\nname = "f"\npumps = ["P"]\n@\n'
CLOGGED = STREET + f'[[failures]]\nkind = "clogged_inlets"\nname = "f"\nclogging = 0.5\n{AT}\n@\n'
ACTION = lake(stop="17:00") + ENTRANCE + BOARD.replace("{ at = 2021-07-20T@AT:00+08:00 }", "{ @ }")
CALLED = (
    STREET + '[[rules]]\nkind = "mobile_pump"\nname = "m"\nfrom_m = [52.5, 7.5]\nto_node = "Q"\n'
    f"discharge_m3_s = 0.1\n@\n[resources]\ntrucks = 1\n[[actions]]\n"
    f'name = "call"\ntrigger = {{ {AT} }}\ntrucks = 1\n'
)
DEPTH = "when = { at_m = [17.5, 7.5], depth_above_m = 0.1 }"

SWITCHES = [
    *rule(
        "an action stands alone: no place, no limit",
        CALLED,
        'when = { action = "call", gauge = "control_room", depth_above_m = 0.1 }',
        'when = { action = "call" }',
        do="leave the place and the limit out",
    ),
    *rule(
        "it needs one place (gauge, at_m, node or edge), or an action",
        EVENT,
        'when = { gauge = "control_room", node = "M", depth_above_m = 0.1 }',
        'when = { gauge = "control_room", depth_above_m = 0.1 }',
        'when = { node = "M", depth_above_m = 0.1 }',
        do=ONLY,
    ),
    *rule(
        "it needs one place (gauge, at_m, node or edge), or an action",
        EVENT,
        "when = { depth_above_m = 0.1 }",
        DEPTH,
        do=ONLY,
    ),
    *rule(
        "it needs one limit: depth_above_m, depth_below_m, level_above_m or level_below_m",
        EVENT,
        "when = { at_m = [17.5, 7.5] }",
        DEPTH,
        "when = { at_m = [17.5, 7.5], level_below_m = 10.0 }",
        do=ONLY,
    ),
    *rule(
        "an edge has a level, no depth",
        EVENT + '[[boundaries]]\nkind = "stage_series"\nedge = "east"\nlevel_m = 10.0\n',
        'when = { edge = "stage_series 2", depth_above_m = 0.1 }',
        'when = { edge = "stage_series 2", level_above_m = 0.1 }',
        'when = { edge = "stage_series 2", level_below_m = 0.1 }',
        do="write level_above_m or level_below_m",
    ),
    *rule(
        "it is not said when it begins",
        EVENT,
        "",
        AT,
        DEPTH,
        f"{AT}\n{DEPTH}",
        do="add at (a time), when = { ... }, or both",
    ),
    *rule(
        "inside and nodes do not go together",
        CLOGGED,
        'inside = "area.geojson"\nnodes = ["M"]',
        'inside = "area.geojson"',
        'nodes = ["M"]',
        do="leave one of the two out",
    ),
    *rule(
        "a pump into a tank stops when it is full: until is a time here",
        TANK,
        "to_tank_m3 = 50.0\nuntil = { at_m = [52.5, 7.5], depth_below_m = 0.1 }",
        "to_tank_m3 = 50.0\nuntil = 2021-07-20T15:20:00+08:00",
        do="write until as a time",
    ),
    *rule(
        "a place (one of gauge, at_m, node, edge) goes with one of depth_m, level_m",
        ACTION,
        f'{AT}, gauge = "square"',
        f'{AT}, gauge = "square", depth_m = 0.1',
        AT,
        do=ADD,
    ),
    *rule(
        "two places, or two limits, are given",
        ACTION,
        'gauge = "square", at_m = [17.5, 7.5], depth_m = 0.1',
        'gauge = "square", depth_m = 0.1',
        "at_m = [17.5, 7.5], depth_m = 0.1",
        do="leave one out",
    ),
    *rule(
        "it is not said when: by at, a place with depth_m or level_m, rain_mm, or after",
        ACTION,
        "within_h = 2.0",
        AT,
        'gauge = "square", depth_m = 0.1',
        "rain_mm = 5.0",
        do=ONE,
    ),
]

# ------------------------------------------------------------------------------- measures and plans
WELL = built("new_pump_station\ncapacity_m3_s = 0.1\n@")
RESERVOIR = built(
    'reservoir_prerelease\nboundary = "river"\nroom_m3 = 500.0\nrelease_m3_s = 2.0\norder = { @ }'
)
DRAWN = built(f"lake_drawdown\ntargets = {{ polygon_m = {LAKE} }}\ndraw_m = 0.1\n@")
WARNED = built('flood_warning\ntargets = ["a"]\norder = { @ }')
POND = "pond_restoration\ndepth_m = 0.5\ntargets = { @ }"
POOL = GOOD + (
    '[measure.pond]\nkind = "pond_restoration"\ndepth_m = 0.5\n'
    f"targets = {{ polygon_m = {YARD} }}\n"
)
LISTED = POOL + "[portfolio.it]\n@\n"

MEASURES = [
    *rule(
        "it needs from_node, or both from_m and to_m",
        WELL,
        "from_m = [22, 22]",
        "from_m = [22, 22]\nto_m = [33, 23]",
        'from_node = "J1"',
        do="give the one or the others",
    ),
    *rule(
        "stop_m must be below start_m",
        WELL,
        'from_node = "J1"\nstop_m = 3.0',
        'from_node = "J1"\nstop_m = 0.4',
        'from_node = "J1"\nstop_m = 3.0\nstart_m = 3.5',
    ),
    *rule(
        "a reservoir is ordered by the clock or by rain",
        RESERVOIR,
        'gauge = "quay", depth_m = 1.0',
        "at = 2021-07-20T15:00:00+08:00",
        "rain_mm = 1.0, within_h = 1.0",
        do="write order = { at = ... } or { rain_mm = ..., within_h = ... }",
    ),
    *rule(
        "order and to_node go together",
        DRAWN,
        f"order = {{ {AT} }}",
        f'order = {{ {AT} }}\nto_node = "J1"',
        "",
        do=BOTH,
    ),
    *rule(
        "… has … different points; it needs at least …",
        built(POND),
        "polygon_m = [[30, 5], [30, 5], [50, 5]]",
        f"polygon_m = {YARD}",
        do="add the points that are missing",
    ),
    *rule(
        "this kind belongs to project …, not …",
        built(POND.replace("@", f"polygon_m = {YARD}") + "\n@"),
        'project = "pipe_network"',
        "",
        do="leave `project` out",
    ),
    *rule(
        "a place (gauge or at_m) goes with depth_m",
        WARNED,
        f'{AT}, gauge = "quay"',
        f'{AT}, gauge = "quay", depth_m = 0.1',
        AT,
        do=ADD,
    ),
    *rule(
        "two places are given: gauge and at_m",
        WARNED,
        'gauge = "quay", at_m = [33, 23], depth_m = 0.1',
        'gauge = "quay", depth_m = 0.1',
        "at_m = [33, 23], depth_m = 0.1",
        do="leave one out",
    ),
    *rule(
        "it is not said when: by at, a place with depth_m, rain_mm, or after",
        WARNED,
        "decision_min = 5.0",
        AT,
        'gauge = "quay", depth_m = 0.1',
        "rain_mm = 5.0",
        do=ONE,
    ),
    *rule(
        "lead_min is the lead of a rain forecast, and rain_mm is missing",
        WARNED,
        f"{AT}, lead_min = 60.0",
        f"{AT}, lead_min = 60.0, rain_mm = 5.0",
        AT,
        do="add rain_mm, or leave lead_min out",
    ),
    *rule(
        "… names a measure that is not there: ……",
        LISTED,
        'measures = ["pnd"]',
        'measures = ["pond"]',
        'measures = ["pnd"]\n[measure.pnd]\nkind = "pond_restoration"\ndepth_m = 0.5\n'
        f"targets = {{ polygon_m = {YARD} }}",
        do="name one that is there, or add it",
    ),
    *rule(
        "… names a measure twice",
        LISTED,
        'measures = ["pond", "pond"]',
        'measures = ["pond"]',
        do="name it once",
    ),
    *rule(
        "…: there is no [action_list.…]…",
        LISTED,
        'actions = "night"',
        'actions = "night"\n[action_list.night]',
        do="name one that is there, or add it",
    ),
    *rule(
        "…: there is no [action_list.…]…",
        LISTED + "[action_list.night]\n",
        'actions = "nigth"',
        'actions = "night"',
        do="name one that is there, or add it",
    ),
    *rule(
        "…: a spreadsheet would take the name … for a formula",
        GOOD + "[output]\n@\n",
        'gauges = { "=g" = [20.0, 20.0] }',
        'gauges = { "g=" = [20.0, 20.0] }',
        do="begin the name with a letter or a digit",
    ),
]

# --------------------------------------------------------------------------------- other files
STUDY = 'schema = 1\nname = "few"\nscenario = "s.toml"\n@\n'
RANGE = '[draws.parameters]\n"rainfall.scale" = [0.5, 1.5]\n'
CHOICE = '[draws.choices]\n"surface.scheme" = ["local_inertial", "second_order"]\n'
LESS = "[twin.changes.rainfall]\nscale = 0.5\n"
MONEY = 'price_year = 2024\nsource = "own"\n[costs.items]\npond_m3 = [10.0, 20.0, 30.0]\n'
RIVER = (
    "[river]\nfull_y = 20.0\nfull_m = 1.0\n@\nduration_h = 24.0\n"
    'with_rain_y = 5.0\nsource = "own"\n'
)


def asked(says: str, wrong: str, *rights: str, do: str = THEM) -> list[Way]:
    """A study of the pond."""
    give = command("study", "check", "{}/study.toml")
    return rule(says, STUDY, wrong, *rights, do=do, name="study.toml", beside=POOL, give=give)


AUDITED = command(*AUDIT.split(), "--loads", "{}/loads.toml")


def packed(says: str, text: str, wrong: str, *rights: str, do: str = THEM) -> list[Way]:
    """A pack of a region."""
    beside = GOOD + '[region]\npack = "own.toml"\n'
    return rule(says, text, wrong, *rights, do=do, name="own.toml", beside=beside)


OTHER_FILES = [
    *asked(
        "it draws nothing: parameters or choices are missing",
        "[draws]\nn = 8",
        "[draws]\nn = 8\n" + RANGE,
        "[draws]\nn = 8\n" + CHOICE,
        do="add what is missing",
    ),
    *asked(
        "`…`: a choice has at least two values",
        '[draws]\nn = 8\n[draws.choices]\n"surface.scheme" = ["auto"]',
        "[draws]\nn = 8\n" + CHOICE,
        "",
        do="add a value, or leave the choice out",
    ),
    *asked(
        "…: either a range or a choice",
        "[draws]\nn = 8\n" + RANGE + '[draws.choices]\n"rainfall.scale" = [0.5, 1.0]',
        "[draws]\nn = 8\n" + RANGE,
    ),
    *asked(
        "a twin needs [draws] with more of them than dear_draws",
        f"[draws]\nn = 8\n{RANGE}[twin]\ndear_draws = 8\n{LESS}",
        f"[draws]\nn = 16\n{RANGE}[twin]\ndear_draws = 8\n{LESS}",
        f"[draws]\nn = 8\n{RANGE}",
        do="give more draws than dear_draws, or leave the twin out",
    ),
    *asked(
        "return_period_y names `…`, which is no storm of this study…",
        "return_period_y = { heavi = 100.0 }\n[storms.heavy.rainfall]\nscale = 2.0",
        "return_period_y = { heavy = 100.0 }\n[storms.heavy.rainfall]\nscale = 2.0",
        do="name one of its storms",
    ),
    *packed(
        "no such zone: …",
        'name = "x"\nzone = "@"\n',
        "Berlin",
        "Europe/Berlin",
        do="write it as Europe/Berlin",
    ),
    *packed(
        "[costs] are there, and `currency` is not: in which money are they?",
        f'name = "x"\n@\n[costs]\n{MONEY}',
        "",
        'currency = "EUR"',
        do="add `currency`",
    ),
    *packed(
        "…: low, middle, high must not fall",
        f'name = "x"\ncurrency = "EUR"\n[costs]\n{MONEY.replace("10.0, 20.0, 30.0", "@")}',
        "30.0, 20.0, 10.0",
        "10.0, 20.0, 30.0",
    ),
    *rule(
        "ladder_y: return periods that rise are needed, such as [1, 2, 5]",
        STANDARDS.replace("[5, 200]", "@"),
        "[200, 5]",
        "[5, 200]",
        name="own.toml",
        give=AUDITED,
    ),
    *rule(
        "crest_y must be above full_y, and crest_m above full_m",
        LOADS + RIVER,
        "crest_y = 10.0\ncrest_m = 0.5",
        "crest_y = 50.0\ncrest_m = 2.0",
        name="loads.toml",
        give=AUDITED,
    ),
]

# -------------------------------------------------------------- files that cannot be read as meant
ROADS = [[472010.0, 3846080.0], [472040.0, 3846080.0]]
MAPPED = scenario(RASTER, more='[exposure]\nroads = "roads.geojson"\n')


def roads(points: list) -> Callable[[Path], object]:
    return lambda folder: geojson(folder / "roads.geojson", ("LineString", points, {}))


def mapped(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """The scenario on a raster, and its roads."""
    return lambda folder: (files(folder), (folder / "s.toml").write_text(MAPPED), make(folder))


def in_utm(folder: Path) -> None:
    """Roads in another system of metres, which the file does not name."""
    points = Transformer.from_crs("EPSG:4547", "EPSG:32649", always_xy=True).itransform(ROADS)
    roads([list(point) for point in points])(folder)


def reprojected(folder: Path, finding: Finding) -> None:
    path = folder / "roads.geojson"
    (shape,) = json.loads(path.read_text())["features"]
    way = Transformer.from_crs("EPSG:32649", "EPSG:4547", always_xy=True)
    roads([list(p) for p in way.itransform(shape["geometry"]["coordinates"])])(folder)


def in_system(code: int) -> Callable[[Path], object]:
    """Roads that say their system."""
    name = f"urn:ogc:def:crs:EPSG::{code}"

    def make(folder: Path, finding: Finding | None = None) -> None:
        roads(ROADS)(folder)
        path = folder / "roads.geojson"
        said = {"crs": {"type": "name", "properties": {"name": name}}}
        path.write_text(json.dumps(json.loads(path.read_text()) | said))

    return make


def circle(folder: Path) -> None:
    """A series that is a link to itself."""
    (folder / "s.toml").write_text(scenario((STORM, SERIES)))
    (folder / "rain.csv").symlink_to("rain.csv")


def copied_in(folder: Path, finding: Finding) -> None:
    (folder / "rain.csv").unlink()
    (folder / "rain.csv").write_text(ROWS)


def series_of_its_own(folder: Path) -> None:
    """A key of series, of a network that has a series."""
    files(folder)
    (folder / "s.toml").write_text(SEWER + 'gaps = "zero"\n')


def rows_in_the_network(folder: Path, finding: Finding) -> None:
    (folder / "s.toml").write_text(SEWER)
    with (folder / "sewer.inp").open("a") as inp:
        inp.write("[TIMESERIES]\nT 0:00 0.1\nT 1:00 0.1\n")


FILES = [
    Way(
        "E103",
        "series in a network have no such key",
        "leave the key out; write rows into the .inp. …",
        series_of_its_own,
        rows_in_the_network,
    ),
    Way("E106", "this path cannot be followed: …", "copy the file in", circle, copied_in),
    Way(
        "E110",
        "this is no GeoJSON: …",
        "write the file again from your GIS as GeoJSON",
        mapped(lambda folder: (folder / "roads.geojson").write_text('{"type": "Feature')),
        lambda folder, finding: roads(ROADS)(folder),
    ),
    Way(
        "E204",
        "these shapes do not overlap the grid",
        "reproject it to the grid's system; check the axis order",
        mapped(in_utm),
        reprojected,
    ),
    Way(
        "E204",
        "these shapes do not overlap the grid",
        "check that it is of this place, and that its system is the right one",
        mapped(in_system(32650)),
        in_system(4547),
    ),
]

WAYS: list[Way] = [
    *ONE_OF_TWO,
    *GROUND_AND_RAIN,
    *CITY_RULES,
    *STRUCTURES,
    *SWITCHES,
    *MEASURES,
    *OTHER_FILES,
    *FILES,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.says[:60])
def test_done_as_it_is_said(way, tmp_path):
    follow(way, tmp_path)
