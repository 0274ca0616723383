"""The 7.20 series against its published sums; Chicago storms against the formulas' depths (FACTS 1.2, 2.1, 2.2)."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from flood_sim.rainfall import BEIJING, FORMULAS, ZHENGZHOU_720_MM, chicago_storm, zhengzhou_720

START = datetime(2021, 7, 19, 17, tzinfo=BEIJING)


def between(day_a, hour_a, day_b, hour_b):
    rain = zhengzhou_720(START)
    seconds = [(datetime(2021, 7, d, tzinfo=BEIJING) + timedelta(hours=h) - START).total_seconds() for d, h in ((day_a, hour_a), (day_b, hour_b))]
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
    """The hour labelled 17:00 falls between 16:00 and 17:00, on any run's clock and in any offset."""
    run = datetime(2021, 7, 20, 8, tzinfo=BEIJING).astimezone(tz=None)
    rain = zhengzhou_720(run)
    assert 1000.0 * rain.depth_between(8 * 3600.0, 9 * 3600.0) == pytest.approx(201.9, abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "minutes", "depths"),
    [
        ("zhengzhou-measures", 60, {1: 31.5, 2: 40.0, 3: 44.9, 5: 51.1, 10: 59.6, 20: 68.1, 50: 79.2, 100: 87.7}),
        ("zhengzhou-measures", 5, {1: 7.8, 100: 21.7}),
        ("zhengzhou-2002", 120, {1: 39.3, 3: 57.9, 50: 108.8, 100: 121.6}),
    ],
)
def test_formula_depths(formula, minutes, depths):
    for period, mm in depths.items():
        assert FORMULAS[formula].depth_mm(minutes, period) == pytest.approx(mm, abs=0.06)


def test_chicago_storm_sums_to_the_formula_and_peaks_where_it_should():
    """Worked example: "measures", P 50, T 120, r 0.4, 5 min: 97.69 mm, largest step 19.06 mm, the tenth."""
    storm = chicago_storm("zhengzhou-measures", 50.0, 120.0, 0.4, 5.0)
    steps = 1000.0 * np.diff(storm.cumulative_m)
    assert steps.sum() == pytest.approx(97.69, abs=0.005)
    assert steps.max() == pytest.approx(19.06, abs=0.005)
    assert steps.argmax() == 9
    assert (steps > 0.0).all()
