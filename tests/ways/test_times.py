"""Mistakes of times, series, gridded rain and observations, each mended as its message says."""

import os
import re
import shlex
import shutil
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cftime
import netCDF4
import numpy as np
import pyproj
import pytest
import rasterio
import rasterio.shutil

from console import flood_sim
from flood_sim.analysis.observed import observed_marks
from flood_sim.core.errors import Finding
from flood_sim.results import open_results
from flood_sim.study import load_study
from measures.test_plans import SCENARIO as PLAN
from scenario.test_gridded_rain import FALLEN, SINCE, write
from scenario.test_loader import GOOD, write_raster
from scenario.test_series_cover import BASE, GAUGES, HALF, HOLE, LAW, RAIN, RIVER, SUMS
from sewer_cases import net
from sewer_cases import scenario as sewers
from study.test_study import STUDY
from ways_out import Way, command, follow, put

KEY = re.compile(r'(\w+) = ("[^"]*"|true|false|[\d.]+)')


# ------------------------------------------------------------------------------------------- mends
def said(folder: Path, finding: Finding) -> None:
    """The keys that `do` writes, as far as the first "or", into the scenario's last section."""
    path = folder / "s.toml"
    text = path.read_text(encoding="utf-8")
    first = KEY.search(finding.do)
    assert first, finding.do
    for name, value in KEY.findall(re.split(" or |;", finding.do[first.start() :])[0]):
        line = f"{name} = {value}"
        text, count = re.subn(rf"(?m)^{name} = .*$", line, text)
        text += "" if count else f"\n{line}\n"
    path.write_text(text, encoding="utf-8")


def key(name: str, value: str):
    """A key of the scenario set anew."""

    def mend(folder: Path, finding: Finding) -> None:
        said(folder, Finding("W000", "", "", do=f"{name} = {value}"))

    return mend


def attributes(variable: str, **values):
    """Attributes of a variable of rain.nc; None removes one."""

    def mend(folder: Path, finding: Finding) -> None:
        with changed(folder) as data:
            for name, value in values.items():
                if value is None:
                    data[variable].delncattr(name)
                else:
                    data[variable].setncattr(name, value)

    return mend


def changed(folder: Path) -> netCDF4.Dataset:
    """rain.nc to write in: a copy of its own, since a reader may hold the one before."""
    shutil.copy(folder / "rain.nc", folder / "copy.nc")
    os.replace(folder / "copy.nc", folder / "rain.nc")
    return netCDF4.Dataset(folder / "rain.nc", "a")


def filled(variable: str, values):
    """Numbers of a variable of rain.nc written again."""

    def mend(folder: Path, finding: Finding) -> None:
        with changed(folder) as data:
            data[variable][:] = values

    return mend


# ---------------------------------------------------------------------------------------- mistakes
def text(scenario: str, **files: str):
    """A scenario and its tables: rows_csv="..." is rows.csv."""

    def make(folder: Path) -> None:
        (folder / "s.toml").write_text(scenario, encoding="utf-8")
        for name, rows in files.items():
            (folder / name.replace("_csv", ".csv")).write_text(rows, encoding="utf-8")

    return make


def table(head: str, rows: dict) -> str:
    return "\n".join([head, *(f"{time},{value}" for time, value in rows.items())]) + "\n"


def series(section: str, rows: dict, head: str = "time_s,depth_mm", **more: str):
    return text(BASE + section, t_csv=table(head, rows), **more)


def river(rows: dict, more: str = ""):
    return series(RIVER + more, rows, "time_s,discharge_m3_s")


EAST = 471_500.0 + 500.0 * np.arange(4)
NORTH = 3_845_500.0 + 500.0 * np.arange(4)
GRIDDED = """
schema = 1
name = "grid"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T20:00:00+08:00
[terrain]
bed_elevation = "dem.tif"
[rainfall]
kind = "grid"
file = "rain.nc"
quantity = "depth_mm"
label = "left"
interval_s = 3600
"""


def gridded(amounts=FALLEN, more: str = "", crs: str | None = "EPSG:32649", **keys):
    """Four hours of rain in a NetCDF file over a terrain of 100 m."""

    def make(folder: Path) -> None:
        write_raster(folder / "dem.tif", np.full((20, 20), 10.0), crs=crs)
        write(folder, amounts, **{"x": EAST, "y": NORTH, **keys})
        (folder / "s.toml").write_text(GRIDDED + more)

    return make


def layers(**spoilt) -> np.ndarray:
    """The rain of FALLEN; without: columns that lack values in the last layer."""
    amounts = np.tile(FALLEN[:, None, None], (1, 4, 4))
    amounts[3, :, spoilt["without"]] = np.nan
    return amounts


def asked(folder: Path) -> list[Finding]:
    """`check` of a portfolio whose name stands in a file."""
    name = (folder / "portfolio").read_text()
    return command("check", "{}/s.toml", "--portfolio", name)(folder)


def plan(folder: Path) -> None:
    (folder / "s.toml").write_text(PLAN)
    (folder / "portfolio").write_text("henan@soon")


def day_of_it(folder: Path, finding: Finding) -> None:
    (folder / "portfolio").write_text(finding.allowed.split(" or ")[1])


def drawn(folder: Path) -> None:
    """A study whose range is given as [most, least]."""
    (folder / "tiny.toml").write_text(PLAN)
    (folder / "study.toml").write_text(
        STUDY + "[storms.a]\n[draws]\nn = 2\n[draws.parameters]\n"
        '"terrain.manning_n" = [0.09, 0.03]\n'
    )


def coupled(old: str, new: str):
    """A scenario with sewers whose steps do not fit."""

    def make(folder: Path) -> None:
        sewers(folder, net())
        put("s.toml", old, new)(folder)

    return make


def outside(unit: str = "m"):
    """Rain in a system that shows the other side of the world."""
    far = pyproj.CRS.from_proj4("+proj=ortho +lat_0=0 +lon_0=-66")
    return {"crs_wkt": far.to_wkt()}


UTM = {"crs_wkt": pyproj.CRS.from_epsg(32649).to_wkt()}


def noted(folder: Path) -> None:
    """A terrain whose scale stands in a file beside it."""
    gridded()(folder)
    (folder / "dem.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><Scale>0.5</Scale></PAMRasterBand></PAMDataset>'
    )


def translated(folder: Path, finding: Finding) -> None:
    """What gdal_translate does; the scenario names the new file."""
    words = finding.do.partition("gdal_translate ")[2].split()
    assert words[:3] == ["--config", "GDAL_TIFF_INTERNAL_MASK", "YES"]
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        rasterio.shutil.copy(folder / words[3], folder / words[4], driver="GTiff")
    put("s.toml", words[3], words[4])(folder)


def masked(folder: Path) -> None:
    """A terrain whose mask stands in a file beside it."""
    gridded()(folder)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False),
        rasterio.open(folder / "dem.tif", "r+") as data,
    ):
        data.write_mask(np.tri(20, dtype="uint8") * 255)


@cache
def ended() -> TemporaryDirectory[str]:
    """A run of ten minutes with a gauge, run once."""
    kept = TemporaryDirectory()
    folder = Path(kept.name)
    (folder / "s.toml").write_text(GOOD + "[output]\ngauges = { g = [52.0, 27.0] }\n")
    told = flood_sim("run", folder / "s.toml", "--out", folder / "out", "--no-report")
    assert told.returncode == 0, told
    return kept


def observed(rows: str):
    def make(folder: Path) -> None:
        shutil.copytree(Path(ended().name) / "out", folder / "out")
        (folder / "m.csv").write_text(rows)

    return make


def compared(folder: Path) -> list[Finding]:
    return list(observed_marks(open_results(folder / "out"), folder / "m.csv").findings)


def study(folder: Path) -> list[Finding]:
    load_study(folder / "study.toml")
    return []


def dated(rows: str):
    """Rain of a table with dates."""
    return text(BASE + RAIN, t_csv="time,depth_mm\n" + rows)


def gauges(rows: dict, other: dict):
    """Two gauges; the second in t.csv."""
    return series(
        GAUGES.format("thiessen"),
        rows,
        g_csv="gauge,x_m,y_m,file\na,5,30,a.csv\nb,55,30,t.csv\n",
        a_csv=table("time_s,depth_mm", other),
    )


def in_order(folder: Path, finding: Finding) -> None:
    low, high = sorted(float(v) for v in finding.given.strip("[]").split(","))
    put("study.toml", "[0.09, 0.03]", f"[{low:g}, {high:g}]")(folder)


def its_step(folder: Path, finding: Finding) -> None:
    key("interval_s", finding.given.split()[0])(folder, finding)


def multiple(name: str):
    """The value above of those that are allowed."""

    def mend(folder: Path, finding: Finding) -> None:
        given, step = (
            float(re.search(r"[\d.]+(?= s)", t)[0]) for t in (finding.given, finding.allowed)
        )
        key(name, f"{step * np.ceil(given / step):g}")(folder, finding)

    return mend


def earlier(folder: Path, finding: Finding) -> None:
    """The run ends with the rain."""
    path = folder / "s.toml"
    text = path.read_text()
    stop = re.search(r"stop = (.*)", text)[1]
    hours = float(re.search(r"ends ([\d.]+) h before", finding.problem)[1])
    ends = datetime.fromisoformat(stop) - timedelta(hours=hours)
    path.write_text(text.replace(stop, ends.isoformat()))


def in_days(folder: Path, finding: Finding) -> None:
    units = re.search('units = "(.*)"', finding.do)[1]
    with changed(folder) as data:
        data["time"].units = units
        data["time"][:] = 19.0 + 8.0 / 24.0 + np.arange(4) / 24.0


def in_the_standard_calendar(folder: Path, finding: Finding) -> None:
    with changed(folder) as data:
        time = data["time"]
        days = cftime.num2date(time[:], time.units, "julian")
        moved = [day.change_calendar("standard") for day in days]
        time[:] = cftime.date2num(moved, SINCE, "standard")
        time.units, time.calendar = SINCE, "standard"


def ncatted(folder: Path, finding: Finding) -> None:
    """The command of `do`, as NCO does it."""
    words = shlex.split(finding.do.partition("ncatted -a ")[2])
    name, variable, mode, kind, value = words[0].split(",")
    assert (mode, kind, words[1]) == ("m", "c", "rain.nc")
    attributes(variable, **{name: value})(folder, finding)


def units_as_told(folder: Path, finding: Finding) -> None:
    attributes("rain", units=re.search('units = "(.*)"', finding.do)[1])(folder, finding)


def times_the_factor(folder: Path, finding: Finding) -> None:
    """A law in mm/min: its `a` in L/(s ha)."""
    factor = float(re.search(r"a times ([\d.]+)", finding.do)[1])
    path = folder / "s.toml"
    a = re.search(r"\{ a = ([\d.]+)", path.read_text())[1]
    put("s.toml", f"a = {a},", f"a = {float(a) * factor:g},")(folder)


def in_metres(folder: Path, finding: Finding) -> None:
    path = folder / "m.csv"
    path.write_text(path.read_text().replace(",32.9", f",{32.9 * 0.3048:.3f}"))


SEEN = "2021-07-20T15:0{}:00+08:00,g,0.01\n"
HEAD = "time,gauge,depth_m\n"
SUMMED = "cumulative = true\n"
BILINEAR = 'method = "bilinear"\n'
ONCE = {0: 10, 900: 60, 1800: 80, 2700: 5}
DO_A = "a is in L/(s ha), t in minutes, lg to base 10; of a law in mm/min, a times …"
DO_GAUGE = 'fill the rows; a gauge that lists wet intervals only: gaps = "zero", after = "zero"'
SWITCH = "set cumulative = true or cumulative = false in [rainfall]"
LOST = "give the rows, shorten the run, or say what counts there: …"
QUARTERS = {900 * k: 20 for k in range(4)}
STEEP = GOOD.replace("slope_x = -0.01", "slope_x = -0.08")

WAYS = [
    # ------------------------------------------------------------------------------------ times
    Way("E302", "a layer has no time", "fill the variable",
        gridded(times=[0, np.nan, 2, 3]), filled("time", np.arange(4.0))),
    Way("E302", "the times are numbers without a date",
        "write the attribute `units` with its date",
        gridded(since="hours"), attributes("time", units=SINCE)),
    Way("E302", "this is no date", "give what is allowed", plan, day_of_it, asked),
    Way("E303", "… stand closer than interval_s, or run backwards",
        "set interval_s to the series' step",
        series(RAIN, {0: 1, 300: 2, 600: 1, 900: 1}), its_step),
    Way("E308", "must be a multiple of [drainage] coupling_step_s", "give what is allowed",
        coupled("interval_s = 600", "interval_s = 602"), multiple("interval_s")),
    Way("E308", "street and sewers meet between two rows",
        "another series_interval_s, or a smaller coupling_step_s",
        coupled("interval_s = 600", "interval_s = 600\nseries_interval_s = 6"),
        multiple("series_interval_s")),
    Way("E308", "… rows a gauge", "write less often",
        text(GOOD.replace("15:10", "18:10") + "[output]\nseries_interval_s = 0.01\n"),
        key("series_interval_s", "60")),
    Way("E310", "the range runs backwards", "give [least, most]", drawn, in_order, study),
    # ----------------------------------------------------------------------------- observations
    Way("E312", "no observation lies within the run",
        "give those of this event; check date and offset",
        observed(HEAD + SEEN.format(5).replace("T15", "T13") + SEEN.format(6).replace("T15", "T13")),
        put("m.csv", "T13", "T15"), compared),
    Way("E312", "… of … observations lie outside the run", "give those of this event",
        observed(HEAD + SEEN.format(5).replace("2021", "2020")),
        put("m.csv", "2020", "2021"), compared),
    Way("W312", "… marks are given twice: each of them counts", "remove them",
        observed("x_m,y_m,depth_m\n12,12,0.3\n12,12,0.3\n"),
        put("m.csv", "12,12,0.3\n12,12,0.3\n", "12,12,0.3\n"), compared),
    Way("W312", "half of the marks differ from the result by more than … m (observed less"
        " computed … m)",
        "give them in metres, on the datum of the ground, of this event",
        observed("x_m,y_m,level_m\n12,12,32.9\n17,12,32.9\n"), in_metres, compared),
    Way("W325", "… of … observations lie outside the run: they are not compared",
        "remove them, or run longer",
        observed(HEAD + SEEN.format(5) + SEEN.format(5).replace("T15", "T16")),
        put("m.csv", SEEN.format(5).replace("T15", "T16"), ""), compared),
    # ------------------------------------------------------------------------- series and cover
    Way("E313", "the rain …: no rain falls between start and stop", "",
        dated("2020-07-20T16:00:00+08:00,1\n2020-07-20T16:15:00+08:00,2\n"),
        put("t.csv", "2020", "2021")),
    Way("E313", "the series …", "check the dates, the year and the offsets",
        text(BASE + RIVER, t_csv="time,discharge_m3_s\n2020-07-20T16:00:00+08:00,1\n"
             "2020-07-20T17:00:00+08:00,1\n"),
        put("t.csv", "2020", "2021")),
    Way("E320", "amounts or a sum since the start? The values …", SWITCH, series(RAIN, SUMS), said),
    Way("W306", "amounts or a sum since the start? The values …", SWITCH, series(RAIN, ONCE), said),
    Way("E321", "the series has no value from …", LOST, river(HALF), said),
    Way("E322", "the … stand … s apart, and interval_s says another length",
        'set interval_s = …; if it is dry between the …: gaps = "zero"',
        series(RAIN, {3600 * k: 20 for k in range(-3, 1)}, "time_s,rate_mm_h"), said),
    Way("W304", "… gaps in a regular series, … h in all: its value runs straight from row to row"
        " there", 'fill them, or say what counts: gaps = "linear", "hold" or "zero"',
        river(HOLE), said),
    Way("W304", "… gaps longer than interval_s, … h in all: no rain in them",
        'fill them, or say it: gaps = "zero" or "hold"',
        series(RAIN, {0: 10, 900: 10, 2700: 10}), said),
    Way("W305", "no gauge has a row for … h of the run: 0 there", DO_GAUGE,
        gauges({0: 20, 900: 20, 2700: 20}, {0: 20, 900: 20, 2700: 20}), said),
    Way("W305", "no rain falls between start and stop", "check dates and offsets",
        text(GOOD.replace("2021", "2022")), put("s.toml", "2022", "2021")),
    Way("W305", "the rain ends … h before the run; 0 after it",
        "end the run with it, unless the dry hours are meant",
        text(GOOD.replace("stop = 2021-07-20T15:10", "stop = 2021-07-24T15:00")), earlier),
    Way("W305", "the rain has no row for …: 0 there",
        'check dates and offsets, or say it: … = "zero" or "hold"',
        series(RAIN, {0: 1, 900: 2}), said),
    Way("W310", "the series has no row for …: … holds there", 'give the rows, or say it: … = "…"',
        river({600 * k: 0.5 for k in range(6)}), said),
    Way("W311", "… mm fall within … h: more than was ever measured on Earth",
        "check unit and interval_s",
        series(RAIN, {900 * k: 110 for k in range(4)}), put("t.csv", ",110", ",11.0")),
    Way("W323", "… of … gauges have no rows for a part of the run: the others stand in", DO_GAUGE,
        gauges({0: 20, 900: 20}, QUARTERS), said),
    Way("E326", "this law gives … mm in 2 h", DO_A, series(LAW.format(18.4), {}), times_the_factor),
    Way("W324", "this law gives … mm in 2 h: possible, but odd", DO_A,
        series(LAW.format(45.0), {}), times_the_factor),
    Way("W330", "local_inertial is out of its range here: …",
        'scheme = "auto" or "second_order"; or take its depths there as too large',
        text(STEEP + '[surface]\nscheme = "local_inertial"\n'), said),
    # ----------------------------------------------------------------------------- gridded rain
    Way("E313", "no layer holds a value at the model", "give the right cut",
        gridded(np.full((4, 4, 4), np.nan)), filled("rain", layers(without=[]))),
    Way("E320", "… layers have cells without a value: sums cannot be told apart there",
        "fill them, or give amounts",
        gridded(layers(without=[1]).cumsum(0), SUMMED + BILINEAR),
        filled("rain", layers(without=[]).cumsum(0))),
    Way("E322", "the file says that its numbers come from data … s apart, and interval_s is"
        " shorter",
        'give the sums of each interval_s, or mend the attribute: ncatted -a cell_methods,…,m,c,'
        '"time: sum" …',
        gridded(attrs={"cell_methods": "time: sum (interval: 24 hours)"}), ncatted),
    Way("E322", "the file's own intervals are not those of label and interval_s",
        'set label = "…", interval_s = …',
        gridded(times=np.arange(4) + 1.0, bounds=np.column_stack([np.arange(4), np.arange(4) + 1])),
        said),
    Way("E323", "this unit is no unit of rain",
        "name the variable that holds the rain, or mend its attribute `units`",
        gridded(units="millimeter_rain"), attributes("rain", units="mm")),
    Way("E324", "the coordinate system cannot be read", "write the attribute crs_wkt",
        gridded(mapping={"grid_mapping_name": "no_such_projection"}), attributes("crs", **UTM)),
    Way("E324", "the file has no such variable",
        "write the variable of the coordinate system, or remove the attribute",
        gridded(attrs={"grid_mapping": "gone"}), attributes("rain", grid_mapping=None)),
    Way("E324", "the grid lies outside the rain's system",
        "mend the system that the file names, or give the rain of this place",
        gridded(mapping=outside()), attributes("crs", **UTM)),
    Way("E324", "the rain has a coordinate system, the terrain has none",
        "set [grid] crs to the terrain's system",
        gridded(more='[grid]\ncrs = "local"\n', crs=None, mapping=UTM),
        key("crs", '"EPSG:32649"')),
    Way("E325", "days of this calendar are not those of the run",
        "convert the times to the standard calendar",
        gridded(calendar="julian", since=SINCE.replace("-20", "-07")), in_the_standard_calendar),
    Way("E327", "times are counted in months or years: their length is not said",
        'write its numbers in days: units = "days since…"',
        gridded(since="months since 2021-07-01 00:00:00", times=np.full(4, 0.6)), in_days),
    *[
        Way("E340", "a file beside this raster says what its values mean, and is not read",
            "write it into a file and name that one: gdal_translate --config"
            " GDAL_TIFF_INTERNAL_MASK YES … …_whole.tif", wrong, translated)
        for wrong in (noted, masked)
    ],
    Way("E341", "the file says that this variable is not the rain of each interval",
        "name the variable that holds the rain, or mend its attributes",
        gridded(attrs={"cell_methods": "time: maximum"}), attributes("rain", cell_methods="time: sum")),
    Way("W320", "the variable has no unit: it is taken as …",
        'write the attribute units = "…" into the file', gridded(units=""), units_as_told),
    Way("W321", "… of … layers have cells without a value: they are dry there",
        "fill them, or use them for dry cells only",
        gridded(layers(without=[1]), BILINEAR), filled("rain", layers(without=[]))),
]  # fmt: skip


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
