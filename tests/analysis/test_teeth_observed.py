"""Observations beside a result, by hand: cells of marks at the corners, buildings, gauges."""

import numpy as np
import pytest

from analysis.test_observed import marks, results
from flood_sim.analysis.observed import observed_marks
from flood_sim.core.errors import InputError

__all__ = ["results"]  # the fixture


def found(results, folder, text):
    return observed_marks(results, marks(folder, text)).rows


def test_marks_lie_in_the_cell_around_them(results, tmp_path):
    """Corners and edges of a grid of 100 x 50 m; a hair outside is off it."""
    results.max_depth.values = np.arange(200.0).reshape(10, 20) / 100.0
    text = "x_m,y_m,depth_m\n0,50,0\n4.999,45.001,0\n5,45,0\n99.9,0.1,0\n99.9,50,0\n0,0.1,0\n"
    rows = found(results, tmp_path, text)
    assert [r["computed"] for r in rows] == [0.0, 0.0, 0.21, 1.99, 0.19, 1.80]
    for place in ("-0.1,25", "100.1,25", "50,50.1", "50,-0.1"):
        with pytest.raises(InputError, match="the mark lies off the grid"):
            found(results, tmp_path, f"x_m,y_m,depth_m\n{place},0.1\n")


@pytest.mark.parametrize("place", [(0, 0), (9, 19), (4, 7)])
def test_a_mark_on_a_building_takes_the_deepest_beside_it(results, tmp_path, place):
    """Also at the grid's corners; the level is that of the cell's own ground."""
    line, column = place
    depth, bed = results.max_depth.values, results.fields["bed_elevation"].values
    bed[line, column] = depth[line, column] = np.nan
    beside = abs(line - 1), abs(column - 1)
    depth[beside], bed[beside] = 0.7, 101.0
    depth[(line + 3) % 10, column] = 0.9  # deeper, and not beside it
    x, y = 5.0 * column + 2.5, 50.0 - 5.0 * line - 2.5
    (row,) = found(results, tmp_path, f"x_m,y_m,level_m,name\n{x},{y},101.5,yard\n")
    assert row["computed"] == pytest.approx(101.7) and row["error"] == pytest.approx(0.2)
    assert row["name"] == "yard"


def test_a_gauges_series_by_hand(results, tmp_path):
    """The result rises evenly to 0.3 m at 60 min. Observed 0.1, 0.2, 0.2 m at 20, 40, 60 min:
    errors 0, 0, 0.1; NSE 1 - 0.01 / (2/3 0.01) = -0.5; its peak comes 20 min late.
    """
    text = "time,gauge,depth_m\n"
    for minute, depth in ((40, 0.2), (20, 0.1), (60, 0.2)):  # in any order
        text += f"2021-07-20T{15 + minute // 60}:{minute % 60:02d}:00+08:00,g,{depth}\n"
    (row,) = found(results, tmp_path, text)
    assert row["error"] == pytest.approx(0.1 / 3.0) and row["nse"] == pytest.approx(-0.5)
    assert (row["observed"], row["computed"]) == pytest.approx((0.2, 0.3))
    assert row["peak_late_min"] == 20.0
    day = "time,gauge,depth_m\n2021-07-20T16:01:00+08:00,g,0.3\n"  # a minute after its end
    with pytest.raises(InputError, match="no observation lies within the run"):
        found(results, tmp_path, day)
    with pytest.raises(InputError, match="no observation lies within the run"):
        found(results, tmp_path, day.replace("-20T16:01", "-19T15:30"))
