"""Values of the wrong kind or outside their range, unknown keys, units that are not ours: each
mended as its message says.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.test_bad_input import network
from flood_sim.core.errors import Finding, InputError
from flood_sim.scenario import load_scenario
from scenario.test_loader import GOOD
from ways_out import Way, follow

CHANGE = "change the value"
DIGITS, ALONE = "write digits, with a decimal point", "write the number alone"
LIST = "write [ ... ], also around a single value; a section of several rows as [[...]]"
TABLE = "write { key = value } or a section"
QUOTED = 'write it in quotation marks: "..."'
DAY, MOMENT = "write it as 2026-05-31", "write it as 2021-07-20T15:00:00+08:00"
UNIT = "a number without a unit: this key is in …"
RENAME = "rename or remove the key"


def inside(part: str) -> str:
    """The good scenario with a mark in place of a part."""
    assert GOOD.count(part) == 1
    return GOOD.replace(part, "@")


SCHEMA, NAME = inside("schema = 1"), inside('name = "plain"')
START = inside("start = 2021-07-20T15:00:00+08:00")
CELL, COLUMNS = inside("cell_size_m = 5.0"), inside("columns = 20")
LEVEL, RAIN = inside("level_m = 10.0"), GOOD + "@\n"
SPRING = GOOD + '[[boundaries]]\nkind = "point_inflow"\ndischarge_m3_s = 0.1\n@\n'
PIPE = (
    GOOD + '[[structures]]\nkind = "culvert"\nname = "c"\nfrom_m = [12.5, 12.5]\n'
    "to_m = [52.5, 12.5]\nheight_m = 1.0\n@\n"
)
WALL = GOOD + '[[structures]]\nname = "w"\nline_m = [[10.0, 20.0], [40.0, 20.0]]\n@\n'
SEWER = GOOD + '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n@\n'
BLOCKED = SEWER.replace("@\n", "") + (
    '[[failures]]\nkind = "blocked_conduit"\nname = "f"\nat = 2021-07-20T15:05:00+08:00\n@\n'
)
PLANNED = GOOD + (
    '[measure.pond]\nkind = "pond_restoration"\ndepth_m = 0.5\n'
    "targets = { polygon_m = [[10, 10], [40, 10], [40, 40]] }\n@\n"
    '[plan.p]\nphases = [{ name = "near", in_service = 2025-01-01 }]\n'
)
GAUGE = GOOD + "[output]\ngauges = { g = @ }\n"
SURFACE = GOOD + "[surface]\n@\n"


def one(
    says: str,
    do: str,
    text: str,
    wrong: str,
    right: str | Callable[[Finding], str],
    code: str = "E104",
) -> Way:
    """right : what stands at the mark of the text in place of `wrong`, or what makes it of the
    message.
    """

    def make(folder: Path) -> None:
        network(folder)
        (folder / "s.toml").write_text(text.replace("@", wrong), encoding="utf-8")

    def mend(folder: Path, finding: Finding) -> None:
        value = right(finding) if callable(right) else right
        (folder / "s.toml").write_text(text.replace("@", value), encoding="utf-8")

    return Way(code, says, do, make, mend)


def written(finding: Finding) -> str:
    """The line that the message says to write."""
    return finding.do.removeprefix("write ").partition(" (")[0]


RANGES = [
    one("it should be greater than …", CHANGE, CELL, "cell_size_m = 0.0", "cell_size_m = 5.0"),
    one("it should be at least …", CHANGE, COLUMNS, "columns = 0", "columns = 20"),
    one("it should be at most …", CHANGE, RAIN, "scale = 11", "scale = 10"),
    one("it should be less than …", CHANGE, SEWER, "clogging = 1.0", "clogging = 0.5"),
    one("it should be a finite number", CHANGE, LEVEL, "level_m = inf", "level_m = 10.0"),
    one("it should be …", "give one of these", SCHEMA, "schema = 2", "schema = 1"),
    one(
        "it should be …",
        "give one of these",
        SURFACE,
        'scheme = "upwind"',
        lambda finding: f"scheme = {finding.problem.split()[-1]}",
    ),
    one("unknown kind…", "set kind", WALL, 'kind = "dragon"', 'kind = "wall"'),
]

KINDS = [
    one("a number belongs here", DIGITS, CELL, 'cell_size_m = "five"', "cell_size_m = 5.0"),
    one("a number belongs here", DIGITS, CELL, "cell_size_m = [5.0]", "cell_size_m = 5.0"),
    one(
        "a whole number belongs here",
        "write digits alone",
        COLUMNS,
        "columns = 20.5",
        "columns = 20",
    ),
    one(
        "a whole number belongs here",
        "write digits alone",
        COLUMNS,
        'columns = "many"',
        "columns = 20",
    ),
    one("true or false belongs here", "write true or false alone", PIPE, "flap = 7", "flap = true"),
    one("a text belongs here", QUOTED, NAME, "name = 7", 'name = "7"'),
    one("a list belongs here", LIST, BLOCKED, 'conduits = "C"', 'conduits = ["C"]'),
    one("a list belongs here", LIST, SPRING, "location_m = 12.5", "location_m = [12.5, 12.5]"),
    one(
        "a table of keys belongs here",
        TABLE,
        SEWER,
        "gutter = 0.02",
        "gutter = { cross_slope = 0.02 }",
    ),
    one(
        "a table of keys belongs here",
        TABLE,
        SEWER,
        "gutter = 0.02",
        "[drainage.gutter]\ncross_slope = 0.02",
    ),
    one("a day belongs here", DAY, PLANNED, 'in_service = "2026-13-45"', "in_service = 2026-05-31"),
    one(
        "a day belongs here",
        DAY,
        PLANNED,
        "in_service = 2026-05-31T10:00:00",
        "in_service = 2026-05-31",
    ),
    one(
        "a time belongs here",
        MOMENT,
        START,
        'start = "2021-07-20, at three"',
        "start = 2021-07-20T15:00:00+08:00",
        "E302",
    ),
    one(
        "a number says no time",
        f"{MOMENT}, a day as 2021-07-20",
        START,
        "start = 20210720",
        "start = 2021-07-20T15:00:00+08:00",
    ),
    one(
        "a number says no time",
        f"{MOMENT}, a day as 2021-07-20",
        PLANNED,
        "in_service = 2026",
        "in_service = 2026-07-20",
    ),
]

LENGTHS = [
    one(
        "the text is empty",
        "write a text",
        NAME,
        'name = ""',
        'name = "plain"',
    ),
    one(
        "the text is empty",
        "write a text",
        SPRING,
        'location_m = [12.5, 12.5]\nname = ""',
        'location_m = [12.5, 12.5]\nname = "well"',
    ),
    one(
        "the text is longer than … characters",
        "write a shorter text",
        NAME,
        f'name = "{"x" * 81}"',
        'name = "plain"',
    ),
    one(
        "the text does not fit the pattern …",
        "change the text",
        NAME,
        'name = "plain/flat"',
        'name = "plain"',
    ),
    one("the list has too few values", "add what is missing", GAUGE, "[20.0]", "[20.0, 20.0]"),
    one(
        "there is more than the … that belong here",
        "leave the rest out",
        GAUGE,
        "[20.0, 20.0, 9.8]",
        "[20.0, 20.0]",
    ),
    one(
        "values or rows are missing: it has …, and needs at least …",
        "add what is missing",
        BLOCKED,
        "conduits = []",
        'conduits = ["C"]',
    ),
]

NO_SYSTEM = (
    "remove the key and convert the values; maps in feet are converted by their own system,"
    " elevations by [terrain] elevation_unit, a network by its FLOW_UNITS"
)
UNITS = [
    one(
        "no key sets the units of a scenario: each key's name ends in its unit",
        NO_SYSTEM,
        GOOD.replace("schema = 1", "schema = 1\n@"),
        'units = "ft"',
        "",
        "E103",
    ),
    one("unknown key…", RENAME, PIPE, "heigth_m = 1.0\n", "", "E103"),
    one("unknown key…", RENAME, PIPE, "barrel = 2", "barrels = 2", "E103"),
    one("unknown unit: this key is in …", "write …", PIPE, "width_ft = 3", written, "E103"),
    one(UNIT, "write …", PIPE, 'width_m = "3,5 ft"', written),
    one(UNIT, ALONE, PIPE, 'width_m = "2 wide"', "width_m = 2"),
    one(
        "a number belongs here, without a word",
        ALONE,
        GOOD + "[surface]\n@\n",
        'theta = "0.8 of it"',
        "theta = 0.8",
    ),
    one(
        "a number stands without quotation marks, with a point",
        "write … = …",
        PIPE,
        'width_m = "1,5"',
        written,
    ),
]

WAYS = [*RANGES, *KINDS, *LENGTHS, *UNITS]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(way, tmp_path):
    follow(way, tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("columns = 20,", "columns = 20.5,"), "`columns`: a whole number belongs here"),
        (("columns = 20,", 'columns = "many",'), "`columns`: a whole number belongs here"),
        (
            ("[rainfall]", '[terrain.manning_n]\nfile = "n.tif"\nbnd = 2\n[rainfall]'),
            "`bnd`: unknown key",
        ),
    ],
)
def test_of_a_key_that_may_be_several_things_one_speaks(tmp_path, change, told):
    """Not all the keys that another kind would need."""
    (tmp_path / "s.toml").write_text(GOOD.replace(*change))
    with pytest.raises(InputError) as error:
        load_scenario(tmp_path / "s.toml")
    (finding,) = error.value.findings
    assert told in str(finding)
