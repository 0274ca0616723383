"""The 7.20 series against its published sums; Chicago storms against the formulas' depths (FACTS
1.2, 2.1, 2.2).
"""

from datetime import datetime, timedelta

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.ground.daily_storms import (
    alternating_block,
    library,
    shaped_like_720,
    storm_lines,
    storm_rows,
    with_peaked_hour,
)
from flood_sim.ground.rainfall import (
    BEIJING,
    FORMULAS,
    ZHENGZHOU_720_MM,
    chicago_storm,
    zhengzhou_720,
)
from flood_sim.scenario import build_inputs, load_scenario

START = datetime(2021, 7, 19, 17, tzinfo=BEIJING)


def between(day_a, hour_a, day_b, hour_b):
    rain = zhengzhou_720(START)
    seconds = [
        (datetime(2021, 7, d, tzinfo=BEIJING) + timedelta(hours=h) - START).total_seconds()
        for d, h in ((day_a, hour_a), (day_b, hour_b))
    ]
    return 1000.0 * rain.depth_between(*seconds)


@pytest.mark.parametrize(
    ("window", "mm"),
    [
        ((20, 16, 20, 17), 201.9),  # A1, the published hour
        ((19, 20, 20, 20), 552.5),  # A2
        ((20, 8, 21, 8), 624.1),  # A4, the meteorological day
        ((19, 17, 20, 17), 457.5),  # A6
        ((20, 14, 20, 20), 382.0),  # A9, recalled
    ],
)
def test_published_sums(window, mm):
    assert between(*window) == pytest.approx(mm, abs=0.05)


def test_whole_series_and_its_sliding_maxima():
    rain = zhengzhou_720(START)
    assert sum(ZHENGZHOU_720_MM) == pytest.approx(707.4, abs=0.05)
    for hours, mm in ((1, 201.9), (2, 257.0), (3, 302.0), (6, 382.0), (12, 499.2), (24, 652.0)):
        assert 1000.0 * rain.largest(3600.0 * hours) == pytest.approx(mm, abs=0.05)


def test_hours_are_labelled_by_their_end():
    """The hour labelled 17:00 falls between 16:00 and 17:00, on any run's clock and in any
    offset.
    """
    run = datetime(2021, 7, 20, 8, tzinfo=BEIJING).astimezone(tz=None)
    rain = zhengzhou_720(run)
    assert 1000.0 * rain.depth_between(8 * 3600.0, 9 * 3600.0) == pytest.approx(201.9, abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "minutes", "depths"),
    [
        (
            "zhengzhou-measures",
            60,
            {1: 31.5, 2: 40.0, 3: 44.9, 5: 51.1, 10: 59.6, 20: 68.1, 50: 79.2, 100: 87.7},
        ),
        ("zhengzhou-measures", 5, {1: 7.8, 100: 21.7}),
        ("zhengzhou-2002", 120, {1: 39.3, 3: 57.9, 50: 108.8, 100: 121.6}),
    ],
)
def test_formula_depths(formula, minutes, depths):
    for period, mm in depths.items():
        assert FORMULAS[formula].depth_mm(minutes, period) == pytest.approx(mm, abs=0.06)


def test_chicago_storm_sums_to_the_formula_and_peaks_where_it_should():
    """Worked example: "measures", P 50, T 120, r 0.4, 5 min: 97.69 mm, largest step 19.06 mm, the
    tenth.
    """
    storm = chicago_storm("zhengzhou-measures", 50.0, 120.0, 0.4, 5.0)
    steps = 1000.0 * np.diff(storm.cumulative_m)
    assert steps.sum() == pytest.approx(97.69, abs=0.005)
    assert steps.max() == pytest.approx(19.06, abs=0.005)
    assert steps.argmax() == 9
    assert (steps > 0.0).all()


def test_a_peaked_hour_keeps_every_sum():
    rain, peaked = zhengzhou_720(START), with_peaked_hour(zhengzhou_720(START))
    for hour in range(36):
        edges = rain.time_s[hour], rain.time_s[hour + 1]
        assert peaked.depth_between(*edges) == pytest.approx(rain.depth_between(*edges), abs=1e-15)
    assert 1000.0 * peaked.largest(300.0) == pytest.approx(24.2, abs=0.05)  # 12 % of 201.9


@pytest.mark.parametrize("peak_ratio", [0.35, 0.5])
def test_alternating_blocks_hold_the_formula_at_every_duration(peak_ratio):
    """199 mm in a day around the 50-year storm: the largest rain of 5, 60, 120, 180 min is the
    formula's; the peak is where it should be.
    """
    law = FORMULAS["zhengzhou-measures"]
    day = alternating_block(law, 50.0, 199.0, peak_ratio)
    assert 1000.0 * day.cumulative_m[-1] == pytest.approx(199.0, abs=1e-9)
    for minutes in (5, 60, 120, 180):
        assert 1000.0 * day.largest(60.0 * minutes) == pytest.approx(
            law.depth_mm(minutes, 50.0), abs=0.01
        )
    steps = np.diff(day.cumulative_m)
    assert abs(steps.argmax() / steps.size - peak_ratio) < 0.01
    for depth in (100.0, 400.0):
        with pytest.raises(
            ValueError, match="does not go with the formula's 108.3 mm in three hours"
        ):
            alternating_block(law, 50.0, depth)


def test_a_day_shaped_like_720():
    """24 h of 199 mm with the shape of 08:00 to 08:00: its largest hour is 201.9 / 624.1 of it."""
    day = shaped_like_720(199.0)
    assert 1000.0 * day.cumulative_m[-1] == pytest.approx(199.0)
    assert 1000.0 * day.largest(3600.0) == pytest.approx(199.0 * 201.9 / 624.1)


def test_the_library_says_what_is_reported():
    known = library()
    rows = storm_rows(known["zhengzhou-720"])
    assert [r["end"] for r in rows if r["reported"]] == ["2021-07-20T17:00:00+08:00"] and len(
        rows
    ) == 36
    assert not any(
        r["reported"] for name, s in known.items() if name != "zhengzhou-720" for r in storm_rows(s)
    )
    said = "\n".join(storm_lines(known["zhengzhou-720"]))
    assert (
        "2.55 times the 50-year hour" in said and "1000" not in said
    )  # never a return period of its own


SCENARIO = """
schema = 1
name = "rain"
[time]
start = 2021-07-20T08:00:00+08:00
stop = 2021-07-21T08:00:00+08:00
[terrain]
bed_elevation = { columns = 40, rows = 40, cell_size_m = 100.0 }
[rainfall]
"""


def rain_of(folder, text):
    (folder / "s.toml").write_text(SCENARIO + text)
    return build_inputs(load_scenario(folder / "s.toml")).rainfall


def test_a_gradient_keeps_the_mean_and_points_where_it_says(tmp_path):
    """A tenth a kilometre towards the south-west (225): on 4 km the corner there gets 1 + 0.1 x
    2.76 km of the mean.
    """
    field = rain_of(
        tmp_path,
        'kind = "storm"\nstorm = "zhengzhou-720"\ngradient = { per_km = 0.1, towards_deg = 225 }\n',
    )
    hour = field.depth_m(20)
    assert hour.mean() == pytest.approx(0.2019)
    assert (
        hour[-1, 0]
        == hour.max()
        == pytest.approx(0.2019 * (1.0 + 0.1 * np.hypot(1.95, 1.95)), rel=1e-9)
    )
    assert hour[0, -1] == hour.min()


def test_areal_reduction_day_and_own_formula(tmp_path):
    point = rain_of(tmp_path, 'kind = "storm"\nstorm = "zhengzhou-720"\n')
    area = rain_of(tmp_path, 'kind = "storm"\nstorm = "zhengzhou-720"\nareal_reduction = 0.9\n')
    assert area.depth_between(0.0, 86400.0) == pytest.approx(
        0.9 * point.depth_between(0.0, 86400.0)
    )
    day = rain_of(tmp_path, 'kind = "daily_storm"\ndepth_mm = 199\n')
    assert 1000.0 * day.depth_between(0.0, 86400.0) == pytest.approx(199.0)
    own = rain_of(
        tmp_path,
        'kind = "design_storm"\nreturn_period_y = 10\nformula = { a = 3073, c = 0.892, b = 15.1, n'
        " = 0.824 }\n",
    )
    named = rain_of(tmp_path, 'kind = "design_storm"\nreturn_period_y = 10\n')
    assert np.array_equal(own.cumulative_m, named.cumulative_m)
    with pytest.raises(InputError, match="does not go with the formula's"):
        rain_of(tmp_path, 'kind = "daily_storm"\ndepth_mm = 90\n')


def test_wet_soil_takes_less(tmp_path):
    """wetness 0.75 leaves a quarter of the deficit."""
    for wetness, deficit in ((0.0, 0.4), (0.75, 0.1)):
        (tmp_path / "s.toml").write_text(
            SCENARIO + 'kind = "none"\n[infiltration]\nkind = "green_ampt"\nconductivity_mm_h ='
            f" 6.6\nsuction_mm = 170\ndeficit = 0.4\nwetness = {wetness}\n"
        )
        assert build_inputs(load_scenario(tmp_path / "s.toml")).infiltration.table[
            0, 2
        ] == pytest.approx(deficit)
