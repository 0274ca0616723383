"""Cells of a table that are no number, no time, or out of range, each mended as its message says."""

from pathlib import Path

import pytest

from cli.test_bad_input import RASTER, SERIES, SEWER, STORM, dem, network, scenario
from flood_sim.core.files.cell_values import ORDER
from scenario.test_loader import GOOD, write_raster
from ways_out import Way, follow, put

FIRST, THIRD = "2021-07-20T15:00:00+08:00", "2021-07-20T15:10:00+08:00"
SECOND = "2021-07-20T15:05:00+08:00"
GAP = "fill the gap or remove the row"
NUMBER = "this is no number"
COVER = (
    '[infiltration]\nkind = "green_ampt"\nland_cover = { file = "cover.tif", table = "c.csv" }\n'
)


def rain(time: str = SECOND, depth: str = "2", separator: str = ","):
    """A series whose second row has this time and depth."""

    def make(folder: Path, finding=None) -> None:
        rows = [("time", "depth_mm"), (FIRST, "1"), (time, depth), (THIRD, "1")]
        text = "\n".join(separator.join(row) for row in rows)
        (folder / "rain.csv").write_text(text, encoding="utf-8")
        (folder / "s.toml").write_text(GOOD.replace(STORM, SERIES), encoding="utf-8")

    return make


def number(says: str, do: str, wrong: str, right: str) -> Way:
    return Way("E104", says, do, rain(depth=wrong), put("rain.csv", f",{wrong}\n", f",{right}\n"))


def time(says: str, wrong: str, do: str = ORDER) -> Way:
    return Way("E302", says, do, rain(time=wrong), put("rain.csv", f"\n{wrong},", f"\n{SECOND},"))


def cover(row: str):
    """The row of the one class of soil."""

    def make(folder: Path) -> None:
        dem(folder)
        write_raster(folder / "cover.tif", [[1.0] * 12] * 10)
        head = "class,conductivity_mm_h,suction_mm,deficit\n"
        (folder / "c.csv").write_text(f"{head}{row}\n", encoding="utf-8")
        (folder / "s.toml").write_text(scenario(RASTER, more=COVER), encoding="utf-8")

    return make


ABSTRACTION = "an abstraction is not implemented; discharges are in m3/s"
KINDS = {
    "flow": '[[boundaries]]\nkind = "point_inflow"\nlocation_m = [12.5, 12.5]\nfile = "x.csv"\n',
    "clogging": SEWER + '[[failures]]\nkind = "clogging_series"\nname = "f"\nfile = "x.csv"\n',
}


def series(kind: str, value: str):
    """The second row of a series that is no rain."""

    def make(folder: Path) -> None:
        network(folder)
        column = "discharge_m3_s" if kind == "flow" else "clogging"
        (folder / "x.csv").write_text(f"time_s,{column}\n0,0\n300,{value}\n600,0\n")
        (folder / "s.toml").write_text(GOOD + KINDS[kind], encoding="utf-8")

    return make


def day(depth: str):
    """The rain of a day of a formula."""
    rain = f'[rainfall]\nkind = "daily_storm"\ndepth_mm = {depth}\n'
    text = GOOD.partition("[rainfall]")[0] + rain
    return lambda folder: (folder / "s.toml").write_text(text, encoding="utf-8")


WAYS = [
    number("this is no finite number", GAP, "nan", "0"),
    number(f"{NUMBER}: an error of the spreadsheet", "mend the cell there and export again",
           "#REF!", "2"),
    number(f"{NUMBER}: a gap", GAP, "n/a", "0"),
    number(f"{NUMBER}: hexadecimal", "write it in decimals", "0x1F", "31"),
    number(f"{NUMBER}: full-width characters", "write digits, `.` and `-` of ASCII", "２", "2"),
    number(f"{NUMBER}: a percentage", "write a share of 1, e.g. 0.5 for 50 %", "50%", "0.5"),
    Way("E104", f"{NUMBER}: a thousands separator, or a decimal comma?", "write 1234.5",
        cover("1,4,1'234.5,0.2"), put("c.csv", "1'234.5", "1234.5")),
    number(f"{NUMBER}: a decimal comma where commas separate the columns",
           "write 1.5, or separate the columns by `;`", '"1,5"', "1.5"),
    number(f"{NUMBER}: it has a unit or a word",
           "write the number alone, in the unit of the column", "2 mm", "2"),
    number(NUMBER, "write digits, with a decimal point", "two", "2"),
    time("no time", "tea time"),
    time("no time: a spreadsheet's serial number of a day", "44397.63"),
    time("no time: day and month can be taken for each other", "20.07.2021 15:05"),
    time("no time: seconds or milliseconds since 1970", "1626764700"),
    time("no time: the cell is empty", "", GAP),
    time("the time has no offset", "2021-07-20T15:05:00", "write …"),
    *(
        Way(code, f"{what} {how}…", do, series(kind, row), put("x.csv", f",{row}\n", f",{right}\n"))
        for code, what, do, kind, right in (
            ("E408", "a discharge", ABSTRACTION, "flow", "0.1"),
            ("E104", "a value", "correct the value", "clogging", "0.5"),
        )
        for how, row in (("below zero", "-0.5"), ("out of range", "1e7"))
    ),
    Way("E104", "a day of … mm does not go with the formula's … mm in three hours: … would",
        "a shorter return period, or a deeper day", day("90.0"), put("s.toml", "90.0", "200.0")),
    Way("E104", "a day of … mm does not go with the formula's … mm in three hours: … would",
        "a shorter return period, or a deeper day", day("90.0"),
        put("s.toml", "depth_mm = 90.0", "depth_mm = 90.0\nreturn_period_y = 5.0")),
    Way("E222", "… below zero…", "check the unit: … is in …", cover("1,-4,110,0.2"),
        put("c.csv", "-4", "4")),
    Way("E222", "… out of range…", "correct the value", cover("1,4,110,20"),
        put("c.csv", "110,20", "110,0.2")),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.code}-{way.says[:60]}")
def test_done_as_it_is_said(way, tmp_path):
    follow(way, tmp_path)
