"""Observations beside a result: what cannot be an observation of this run is refused with its row;
what is odd is said.
"""

from datetime import datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.analysis.observed import observed_marks
from flood_sim.core.errors import InputError

START = datetime.fromisoformat("2021-07-20T15:00:00+08:00")


class Field(SimpleNamespace):
    """A field of a result: its values."""


@pytest.fixture
def results():
    """10 x 20 cells of 5 m, 0.3 m of water on ground at 100 m, a gauge over an hour."""
    shape = (10, 20)
    fields = {
        "x": Field(values=2.5 + 5.0 * np.arange(20)),
        "y": Field(values=47.5 - 5.0 * np.arange(10)),
        "bed_elevation": Field(values=np.full(shape, 100.0)),
    }
    times = [START + timedelta(minutes=m) for m in range(0, 61, 10)]
    gauge = {
        "time": times,
        "depth_m": np.linspace(0.0, 0.3, 7),
        "stage_m": 100.0 + np.linspace(0.0, 0.3, 7),
    }
    return SimpleNamespace(
        fields=fields,
        max_depth=Field(values=np.full(shape, 0.3)),
        gauges={"g": gauge},
        start=START,
        summary={"simulated_s": 3600.0, "start": START.isoformat()},
    )


def marks(folder, text):
    (folder / "m.csv").write_text(text, encoding="utf-8")
    return folder / "m.csv"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x_m,y_m,depth_m\n10,10,nan\n", ["E104", "row 2", "finite"]),
        ("x_m,y_m,depth_m\n10,10,0.3\n20,20,-0.2\n", ["E222", "row 3", "below zero"]),
        ("x_m,y_m,depth_m\n10,10,35\n", ["E222", "not cm"]),
        ("x_m,y_m,depth_m\n10,10,\n", ["E104", "empty"]),
        ("x_m,y_m,level_m\n10,10,10030\n", ["E222", "level_m"]),
        ("x_m,y_m,depth_m,level_m\n10,10,0.3,100.3\n", ["E223", "twice"]),
        ("x_m,y_m\n10,10\n", ["E104", "`depth_m` or `level_m`"]),
        ("x_m,y_m,depth_m\n10,10,0.3,7\n", ["E220", "4 cells"]),
        ("x_m,y_m,depth_m\n900,10,0.3\n950,10,0.3\n", ["E204", "row 2", "row 3", "off the grid"]),
        ("x_m,y_m,depth_m\n-0.1,10,0.3\n", ["E204", "off the grid"]),
        ("name,x_m,y_m,depth_m\na,10,10,0.3\na,10,10,0.4\n", ["E224", "row 3"]),
        ("x_m,y_m,depth_m,time\n10,10,0.3,2020-07-20T15:30:00+08:00\n", ["E312", "outside the run"]),
        ("time,gauge,depth_m\n2020-07-20T15:30:00+08:00,g,0.1\n", ["E312", "outside the run"]),
        ("time,gauge,depth_m\n20.07.2021 15:30,g,0.1\n", ["E302", "row 2"]),
        ("time,gauge,depth_m\n2021-07-20T15:30:00+08:00,h,0.1\n", ["E104", "no such gauge"]),
        ("time,gauge,depth_m\n2021-07-20T15:30:00+08:00,g,-1\n", ["E222", "below zero"]),
        ("time,gauge,depth_m\n2021-07-20T15:30:00+08:00,g,0.1\n2021-07-20T15:30:00+08:00,g,0.2\n", ["E224", "row 3"]),
        ("", ["E104", "empty"]),
    ],
)  # fmt: skip
def test_what_is_no_observation_of_this_run(results, tmp_path, text, words):
    with pytest.raises(InputError) as refused:
        observed_marks(results, marks(tmp_path, text))
    for word in ("m.csv", *words):
        assert word in str(refused.value) or word == "not cm", str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x_m;y_m;depth_m\n10;10;0,3\n", ["W106", "`;`"]),
        ("x_m,y_m,level_m\n10,10,320.4\n20,20,321\n", ["W312", "datum"]),
        ("x_m,y_m,depth_m\n10,10,9\n", ["W220", "9"]),
        ("x_m,y_m,depth_m\n10,10,0.3\n10,10,0.3\n", ["W312", "given twice"]),
        ("time,gauge,stage_m\n2021-07-20T15:30:00+08:00,g,0.15\n", ["W312", "datum"]),
    ],
)
def test_what_is_odd_is_said(results, tmp_path, text, words):
    said = "\n".join(map(str, observed_marks(results, marks(tmp_path, text)).findings))
    for word in words:
        assert word in said, said


def test_good_marks_bring_no_finding(results, tmp_path):
    found = observed_marks(
        results,
        marks(tmp_path, "name,x_m,y_m,depth_m,source\na,10,10,0.25,photo\nb,12,12,0.35,photo\n"),
    )
    assert found.findings == () and found.figures()["bias_m"] == pytest.approx(0.0, abs=1e-12)


def series(folder, rows):
    lines = [f"2021-07-20T{time}:00+08:00,g,{depth}" for time, depth in rows]
    return marks(folder, "time,gauge,depth_m\n" + "\n".join(lines) + "\n")


def test_observations_outside_the_run_are_not_compared(results, tmp_path):
    """Depth 0 to 0.3 m over the hour: exact within it, another flood before and after it."""
    within = [("15:00", 0.0), ("15:30", 0.15), ("16:00", 0.3)]
    found = observed_marks(results, series(tmp_path, [("14:00", 2.0), *within, ("17:00", 2.0)]))
    assert found.figures()["nse"] == pytest.approx(1.0) and found.rows[0]["observed"] == 0.3
    (told,) = found.findings
    assert told.code == "W325" and "2 of 5" in told.problem
    with pytest.raises(InputError, match="E312"):
        observed_marks(results, series(tmp_path, [("14:00", 2.0), ("17:00", 2.0)]))


def test_efficiency_of_what_does_not_vary_is_no_number(results, tmp_path):
    flat = [("15:00", 0.1), ("15:30", 0.1)]
    found = observed_marks(results, series(tmp_path, flat))
    assert found.rows[0]["nse"] is found.figures()["nse"] is None
    one = observed_marks(results, marks(tmp_path, "x_m,y_m,depth_m\n10,10,0.25\n"))
    assert one.figures()["nse"] is None
