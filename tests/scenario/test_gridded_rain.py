"""Gridded rain and what its file says of itself: unit, sums, system, times, missing values. Files
are made here; depths by hand.
"""

import netCDF4
import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.core.grid import Grid
from flood_sim.core.rain_units import rain_unit
from flood_sim.scenario import load_scenario
from flood_sim.scenario.rain_grids import grid_rain

SCENARIO = """
schema = 1
name = "grid"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T20:00:00+08:00
[terrain]
bed_elevation = {{ columns = 20, rows = 20, cell_size_m = 5.0 }}
[rainfall]
kind = "grid"
file = "rain.nc"
quantity = "depth_mm"
label = "left"
interval_s = 3600
{more}
"""
# 100 m x 100 m in UTM 49 N
GRID = Grid(20, 20, 5.0, 500_000.0, 3_800_000.0, "EPSG:32649")
X, Y = 499_500.0 + 500.0 * np.arange(4), 3_799_400.0 + 500.0 * np.arange(4)
SINCE = "hours since 2021-07-20 08:00:00"  # UTC: the start


def write(folder, amounts, units="mm", x=X, y=Y, names=("time", "y", "x"), since=SINCE, **more):
    """amounts : a number a layer, or (layers, rows, columns); more : attrs (of the rain), calendar,
    times, axes (their attributes), mapping (attributes of `crs`), kind (of the numbers).
    """
    amounts = np.asarray(amounts, float)
    if amounts.ndim == 1:
        amounts = np.broadcast_to(amounts[:, None, None], (len(amounts), len(y), len(x)))
    (folder / "rain.nc").unlink(missing_ok=True)  # a reader may hold the one before
    with netCDF4.Dataset(folder / "rain.nc", "w") as file:
        for name, size in zip(names, amounts.shape, strict=True):
            file.createDimension(name, size)
        time = file.createVariable(names[0], "f8", names[:1])
        time.units, time[:] = since, more.get("times", np.arange(len(amounts)))
        if "calendar" in more:
            time.calendar = more["calendar"]
        if "bounds" in more:
            file.createDimension("two", 2)
            time.bounds = "time_bnds"
            file.createVariable("time_bnds", "f8", (names[0], "two"))[:] = more["bounds"]
        for name, values in zip(names[1:], (y, x), strict=True):
            axis = file.createVariable(name, "f8", (name,))
            axis[:] = values
            axis.setncatts(more.get("axes", {}))
        fill = more.get("fill")
        rain = file.createVariable("rain", more.get("kind", "f4"), names, fill_value=fill)
        if units:
            rain.units = units
        rain.setncatts(more.get("attrs", {}))
        rain[:] = amounts
        if "mapping" in more:
            rain.grid_mapping = "crs"
            file.createVariable("crs", "i4").setncatts(more["mapping"])


def field_of(folder, said="", grid=GRID):
    """The rain on the grid and its findings; said : keys that replace or add to the scenario's."""
    text = SCENARIO.format(more="")
    for line in said.splitlines():
        key = line.split(" = ")[0]
        old = [row for row in text.splitlines() if row.startswith(key + " ")]
        text = text.replace(old[0], line) if old else text + line + "\n"
    (folder / "s.toml").write_text(text, encoding="utf-8")
    scenario, findings = load_scenario(folder / "s.toml"), []
    return grid_rain(scenario, scenario.spec.rainfall, grid, findings), findings


def total_mm(field):
    return 1000.0 * sum(field.depth_m(k) for k in range(field.intervals))


def refused(folder, said="", grid=GRID):
    with pytest.raises(InputError) as caught:
        field_of(folder, said, grid)
    return caught.value.findings


FALLEN = np.array([10.0, 50.0, 20.0, 5.0])  # 85 mm in four hours


@pytest.mark.parametrize(
    ("units", "factor", "quantity"),
    [
        ("mm", 1.0, "depth_mm"),
        ("m", 1e-3, "depth_mm"),  # ERA5
        ("m of water equivalent", 1e-3, "depth_mm"),
        ("kg m-2", 1.0, "depth_mm"),
        ("inches", 1.0 / 25.4, "depth_mm"),
        ("0.1 mm", 10.0, "depth_mm"),
        ("mm/h", 1.0, "rate_mm_h"),
        ("kg m-2 s-1", 1.0 / 3600.0, "rate_mm_h"),
        ("kg m**-2 s**-1", 1.0 / 3600.0, "rate_mm_h"),
        ("mm/15min", 0.25, "rate_mm_h"),
        ("m s-1", 1e-3 / 3600.0, "rate_mm_h"),
        ("mm day^-1", 24.0, "rate_mm_h"),
    ],
)
def test_a_unit_is_converted(tmp_path, units, factor, quantity):
    write(tmp_path, FALLEN * factor, units, kind="f8")
    field, findings = field_of(tmp_path, f'quantity = "{quantity}"')
    assert total_mm(field) == pytest.approx(85.0, rel=1e-9) and not findings
    assert units in field.source


@pytest.mark.parametrize(
    ("units", "quantity", "code"),
    [
        ("K", "depth_mm", "E323"),
        ("dBZ", "rate_mm_h", "E323"),
        ("m3 s-1", "rate_mm_h", "E323"),
        ("mm 10min-1", "rate_mm_h", "E323"),  # 600 or 6 mm/h
        ("mm", "rate_mm_h", "E501"),
        ("kg m-2 s-1", "depth_mm", "E501"),
    ],
)
def test_what_is_no_rain_or_the_other_quantity_is_refused(tmp_path, units, quantity, code):
    write(tmp_path, FALLEN, units)
    (fault,) = refused(tmp_path, f'quantity = "{quantity}"')
    assert fault.code == code and units in fault.given


def test_no_unit_is_told_and_a_unit_is_read_by_its_parts(tmp_path):
    write(tmp_path, FALLEN, "")
    field, (told,) = field_of(tmp_path)
    assert told.code == "W320" and total_mm(field) == pytest.approx(85.0)
    assert rain_unit("kg/(m2 s)") == ("rate", 3600.0) and rain_unit("l/m2") == ("depth", 1.0)
    assert rain_unit("mm per hour") == ("rate", 1.0) and rain_unit("10^-3 m") == ("depth", 1.0)
    assert rain_unit("m2") is rain_unit("hours") is rain_unit("%") is rain_unit("") is None


def test_sums_are_asked_for_and_taken_as_said(tmp_path):
    write(tmp_path, np.cumsum(FALLEN) / 1000.0, "m", kind="f8")
    (fault,) = refused(tmp_path)
    assert fault.code == "E320" and "235 mm" in fault.allowed and "85 mm" in fault.allowed
    field, findings = field_of(tmp_path, "cumulative = true")
    assert total_mm(field) == pytest.approx(85.0) and not findings
    assert field.depth_m(1).mean() == pytest.approx(0.050)
    field, _ = field_of(tmp_path, "cumulative = false")
    assert total_mm(field) == pytest.approx(235.0)
    write(tmp_path, [10.0, 60.0, 5.0, 25.0])
    field, (told,) = field_of(tmp_path, "cumulative = true")  # 10, 50, then anew: 5, 20
    assert total_mm(field) == pytest.approx(85.0) and told.code == "W322"
    (fault,) = refused(tmp_path, 'cumulative = true\nquantity = "rate_mm_h"')
    assert fault.code == "E501"  # the file's unit is a depth


def lon_lat(columns=6):
    """Rain of 1 mm a column of 0.001 degrees, the model in one of them."""
    import pyproj

    lon, lat = pyproj.Transformer.from_crs(GRID.crs, 4326, always_xy=True).transform(
        500_050.0, 3_799_950.0
    )
    x, y = lon + 0.01 * (np.arange(columns) - 3), lat + 0.01 * (2 - np.arange(5))
    return x, y, np.broadcast_to(1.0 + np.arange(columns), (2, 5, columns))


@pytest.mark.parametrize("shift", [0.0, -360.0])
def test_rain_in_degrees_lands_where_it_belongs(tmp_path, shift):
    x, y, amounts = lon_lat()
    names = ("valid_time", "latitude", "longitude")
    write(tmp_path, amounts, x=x + shift, y=y, names=names, axes={"units": "degrees"})
    field, findings = field_of(tmp_path)
    assert (
        field.depth_m(0) == pytest.approx(np.full((20, 20), 4e-3)) and "EPSG:4326" in field.source
    )
    assert [f.code for f in findings] == ["W305"]


def test_rain_of_another_zone_is_reprojected_and_kilometres_are_read(tmp_path):
    import pyproj

    x0, y0 = pyproj.Transformer.from_crs(32649, 32650, always_xy=True).transform(
        500_050.0, 3_799_950.0
    )
    x, y = x0 + 1000.0 * (np.arange(6) - 3), y0 + 1000.0 * (np.arange(5) - 2)
    amounts = np.broadcast_to(1.0 + np.arange(6), (4, 5, 6))
    for size, unit in ((1.0, "m"), (1e-3, "km")):
        mapping = {"crs_wkt": pyproj.CRS.from_epsg(32650).to_wkt()}
        write(tmp_path, amounts, x=size * x, y=size * y, mapping=mapping, axes={"units": unit})
        field, _ = field_of(tmp_path, 'method = "bilinear"\ncumulative = false')
        # the middle of the model lies on the centre of column 3
        assert 1000.0 * field.depth_m(0).mean() == pytest.approx(4.0, abs=0.02)
        assert "EPSG:32650" in field.source
    write(tmp_path, amounts, x=x, y=y)  # without the system: 500 km away
    (fault,) = refused(tmp_path)
    assert fault.code == "E204"


def test_a_system_that_cannot_be_compared_is_refused(tmp_path):
    wkt = {"crs_wkt": "LOCAL[nonsense]"}
    write(tmp_path, FALLEN, mapping=wkt)
    assert refused(tmp_path)[0].code in ("E116", "E324")
    write(tmp_path, FALLEN, mapping={"grid_mapping_name": "no_such_projection"})
    assert refused(tmp_path)[0].code == "E324"
    write(tmp_path, FALLEN, attrs={"grid_mapping": "gone"})
    assert refused(tmp_path)[0].code == "E324"
    write(tmp_path, FALLEN, mapping={"spatial_ref": "EPSG:32649"})
    local = Grid(20, 20, 5.0, 500_000.0, 3_800_000.0, "local")
    assert refused(tmp_path, grid=local)[0].code == "E324"
    assert total_mm(field_of(tmp_path)[0]) == pytest.approx(85.0)


def test_all_layers_are_read_before_the_run_and_all_faults_told(tmp_path):
    amounts = np.tile(FALLEN[:, None, None], (1, 4, 4))
    amounts[2:], amounts[1] = -9999.0, 9000.0
    write(tmp_path, amounts)
    faults = refused(tmp_path)
    assert [f.code for f in faults] == ["E501", "E501"]
    assert "layer 3" in faults[0].place and "2 layers" in faults[0].problem
    assert "layer 2" in faults[1].place


def test_missing_values_are_gaps_or_told(tmp_path):
    amounts = np.tile(FALLEN[:, None, None], (1, 4, 4))
    amounts[1] = np.nan  # a whole hour of 50 mm
    write(tmp_path, amounts)
    field, (told,) = field_of(tmp_path)
    assert told.code == "W304" and "1 to 2 h" in told.given
    assert total_mm(field) == pytest.approx(35.0)
    held, none = field_of(tmp_path, 'gaps = "hold"')
    assert total_mm(held) == pytest.approx(45.0) and not none
    assert refused(tmp_path, 'gaps = "refuse"')[0].code == "E321"
    amounts[1] = 50.0
    amounts[3, :, :2] = np.nan  # the west half: columns at 499,500 and 500,000
    write(tmp_path, amounts)
    field, (told,) = field_of(tmp_path, 'method = "bilinear"')
    assert told.code == "W321" and "1 of 4" in told.problem
    assert total_mm(field)[0, 0] == pytest.approx(80.0 + 5.0 * 2.5 / 500.0)
    assert refused(tmp_path, 'method = "bilinear"\ncumulative = true')[0].code == "E320"
    write(tmp_path, np.full((4, 4, 4), np.nan))
    assert refused(tmp_path)[0].code == "E313"


def test_packed_numbers_and_the_valid_range(tmp_path):
    """Shorts of 0.1 mm; 3,000 (300 mm) is outside the valid range: missing."""
    packing = {"scale_factor": 0.1, "add_offset": 0.0, "valid_range": np.array([0, 2000], "i2")}
    write(tmp_path, [10.0, 300.0, 20.0, 5.0], attrs=packing, kind="i2", fill=-1)
    field, (told,) = field_of(tmp_path)
    assert total_mm(field) == pytest.approx(35.0, rel=1e-6) and told.code == "W304"


@pytest.mark.parametrize(
    ("calendar", "code"), [("360_day", ""), ("noleap", ""), ("julian", "E325")]
)
def test_calendars(tmp_path, calendar, code):
    write(tmp_path, FALLEN, calendar=calendar)
    if code:
        assert refused(tmp_path)[0].code == code
        return
    field, _ = field_of(tmp_path)
    assert total_mm(field) == pytest.approx(85.0) and calendar in field.source
    write(tmp_path, FALLEN, calendar="360_day", since="hours since 2021-02-29 22:00:00")
    assert refused(tmp_path)[0].code == "E325"  # a 30th of February


def test_times_without_a_date_and_with_an_offset(tmp_path):
    write(tmp_path, FALLEN, since="hours")
    (fault,) = refused(tmp_path)
    assert fault.code == "E302" and "since" in fault.allowed
    write(tmp_path, FALLEN, since="hours since 2021-07-20 16:00:00 +08:00")
    assert total_mm(field_of(tmp_path)[0]) == pytest.approx(85.0)
    write(tmp_path, FALLEN, since="hours since 2020-07-20 08:00:00")
    assert refused(tmp_path)[0].code == "E313"


def test_bounds_of_the_file_are_compared_with_label_and_interval(tmp_path):
    ends = np.arange(4) + 1.0
    write(tmp_path, FALLEN, times=ends, bounds=np.column_stack([ends - 1.0, ends]))
    (fault,) = refused(tmp_path)
    assert fault.code == "E322" and 'label = "right"' in fault.do
    assert total_mm(field_of(tmp_path, 'label = "right"')[0]) == pytest.approx(85.0)
    write(tmp_path, FALLEN, times=ends - 0.5, bounds=np.column_stack([ends - 1.0, ends]))
    assert "in the middle" in refused(tmp_path)[0].allowed
    write(tmp_path, FALLEN)
    assert refused(tmp_path, "interval_s = 900")[0].code == "E322"


def test_a_stack_of_rasters_is_read_whole(tmp_path):
    import rasterio

    names = []
    for k, value in enumerate((10.0, 50.0, -3.0)):
        names.append(f"{3600 * k},r{k}.tif")
        with rasterio.open(
            tmp_path / f"r{k}.tif", "w", driver="GTiff", height=20, width=20, count=1,
            dtype="float32", crs=GRID.crs, transform=GRID.transform,
        ) as file:  # fmt: skip
            file.write(np.full((1, 20, 20), value, np.float32))
    (tmp_path / "r.csv").write_text("time_s,raster\n" + "\n".join(names) + "\n")
    (fault,) = refused(tmp_path, 'file = "r.csv"')
    assert fault.code == "E501" and "layer 3" in fault.place
    (tmp_path / "r.csv").write_text("time_s,raster\n" + "\n".join(names[:2]) + "\n")
    field, (told,) = field_of(tmp_path, 'file = "r.csv"')
    assert total_mm(field) == pytest.approx(60.0) and told.code == "W305"
