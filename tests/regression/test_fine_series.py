"""Rows finer than a second, depths finer than a millimetre, where [output] asks for them."""

import numpy as np
import pytest

from flood_sim.core.clock import Clock
from flood_sim.core.errors import InputError
from flood_sim.results import open_results
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import build_inputs, load_scenario

TEXT = """
schema = 1
name = "drops"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:00:10+08:00
[terrain]
bed_elevation = { columns = 6, rows = 5, cell_size_m = 10.0, level_m = 10.0 }
manning_n = 0.03
[rainfall]
kind = "series"
file = "rain.csv"
label = "left"
interval_s = 3600
[output]
interval_s = 5
"""
RAIN = "time,depth_mm\n2021-07-20T16:00:00+08:00,36\n"


def scenario(folder, keys=""):
    folder.mkdir(exist_ok=True)
    (folder / "rain.csv").write_text(RAIN)
    (folder / "s.toml").write_text(TEXT + "gauges = { middle = [25.0, 25.0] }\n" + keys)
    return load_scenario(folder / "s.toml")


def gauge_of(folder, keys):
    run_scenario(scenario(folder, keys), folder / "out", threads=1)
    results = open_results(folder / "out")
    return results.gauges["middle"], np.asarray(results.fields["depth"])


def test_rows_of_a_quarter_second_hold_micrometres(tmp_path):
    """36 mm/h on flat ground: 10 micrometres a second, 0.0000025 m a row."""
    fine, frames = gauge_of(tmp_path / "fine", "series_interval_s = 0.25\ndecimals = 6\n")
    seconds = [(t - fine["time"][0]).total_seconds() for t in fine["time"]]
    assert seconds == pytest.approx(0.25 * np.arange(41))
    assert fine["depth_m"] == pytest.approx(1e-5 * np.array(seconds), abs=1.2e-7)
    assert fine["stage_m"][-1] == pytest.approx(10.0001, abs=1.2e-7)
    assert frames[:, 2, 2] == pytest.approx([0.0, 5e-5, 1e-4], abs=1e-6)


def test_by_default_rows_stand_with_the_frames(tmp_path):
    plain, frames = gauge_of(tmp_path / "plain", "")
    assert len(plain["time"]) == len(frames) == 3
    assert plain["depth_m"] == pytest.approx([0.0, 5e-5, 1e-4], abs=5e-5)
    assert frames[-1, 2, 2] == pytest.approx(1e-4, abs=5e-4)  # whole millimetres


@pytest.mark.parametrize("series_s", [0.3, 2.5, 7.0, 100.0])
def test_windows_end_at_frames_and_rows(series_s):
    clock = Clock(None, 20.0, 4.0, 5.0, series_s)
    stops = np.array([w.stop for w in clock.windows()])
    due = [5.0, 10.0, 15.0, 20.0, *np.arange(series_s, 20.0, series_s)]
    assert all(np.abs(stops - t).min() < 1e-9 for t in due)
    assert np.diff([0.0, *stops]).max() <= 4.0 + 1e-9 and stops[-1] == 20.0
    rows = [t for t in stops if clock.is_series(t)]
    assert len(rows) == len(np.arange(series_s, 20.0, series_s)) + 1


@pytest.mark.parametrize(("more", "told"), [
    ("series_interval_s = 3.0\n[drainage]\nkind = 'swmm'\nnetwork = 'n.inp'\ncoupling_step_s = 4\n",
     "multiples of coupling_step_s"),
    ("series_interval_s = 0.01\n", "at most 1000000"),
])  # fmt: skip
def test_rows_that_no_window_ends_at_are_refused(tmp_path, more, told):
    from sewer_cases import net

    wanted = scenario(tmp_path, more)
    (tmp_path / "n.inp").write_text(net())
    if "0.01" in more:
        (tmp_path / "s.toml").write_text(TEXT.replace("16:00:10", "19:00:00") + more)
        wanted = load_scenario(tmp_path / "s.toml")
    with pytest.raises(InputError, match="E308.*series_interval_s") as caught:
        build_inputs(wanted)
    assert told in str(caught.value)
