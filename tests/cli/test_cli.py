"""The command line as a person and a program meet it: messages, exit codes, result folder,
interruption, kill.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from console import flood_sim
from flood_sim.core.errors import InputError
from flood_sim.output.folder import claimed

SCENARIO = """
schema = 1
name = "small"
[time]
start = 2021-07-20T16:00:00+08:00
stop = {stop}
[terrain]
bed_elevation = {{ columns = 40, rows = 30, cell_size_m = 5.0, slope_x = -0.005, level_m = 10.0 }}
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
[output]
interval_s = 60
gauges = {{ middle = [100.0, 75.0] }}
"""
CONTRACT = {
    "schema", "status", "exceeded", "scenario", "portfolio", "cells", "steps", "wall_s", "timers",
    "threads", "versions", "ledger", "exchange", "flood", "gauges", "sites", "network",
}  # fmt: skip
LEDGER = {
    "rain", "inflow", "boundary_in", "boundary_out", "infiltration", "evaporation",
    "surface_stored_start", "surface_stored_end", "layers_stored_start", "layers_stored_end",
    "escrow_start", "escrow_end", "network_stored_start", "network_stored_end", "network_inflow",
    "outfall_out", "outfall_half_volumes", "network_residual", "sites_stored_start",
    "sites_stored_end", "sewer_evaporation", "sewer_seepage", "spill_lost", "error", "relative_error",
}  # fmt: skip


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO.format(stop="2021-07-20T16:10:00+08:00"))
    return path


@pytest.fixture
def long_scenario(tmp_path):
    path = tmp_path / "long.toml"
    path.write_text(
        SCENARIO.format(stop="2021-07-21T08:00:00+08:00").replace(
            "columns = 40, rows = 30", "columns = 200, rows = 200"
        )
    )
    return path


def test_help_imports_nothing_heavy():
    code = (
        "import sys, flood_sim.cli.main as c\ntry: c.main(['--help'])\nexcept SystemExit:"
        " pass\nprint([m for m in"
        " ('numba','scipy','matplotlib','xarray','pandas','rasterio','pydantic','rich') if m in"
        " sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(verb in done.stdout for verb in ("list", "copy", "check", "run", "report"))


def test_result_folder_keeps_its_contract(tmp_path, scenario):
    out = tmp_path / "out"
    done = flood_sim("run", scenario, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert {p.name for p in out.iterdir()} >= {
        "scenario.toml",
        "summary.json",
        "fields.nc",
        "max_depth.tif",
        "max_hazard.tif",
        "gauges.csv",
        "log.txt",
        "report",
        "measures.json",
    }
    summary = json.loads(done.stdout)
    assert summary == json.loads((out / "summary.json").read_text())
    assert set(summary) >= CONTRACT
    assert set(summary["ledger"]) == LEDGER
    assert summary["status"] == "complete"
    assert summary["ledger"]["rain"] == pytest.approx(0.2019 / 6.0 * 40 * 30 * 25.0, rel=1e-9)
    assert summary["ledger"]["relative_error"] <= 1e-6
    assert "16:10:00" in done.stderr or "complete" in done.stderr

    import rasterio
    import xarray

    fields = xarray.open_dataset(out / "fields.nc", decode_timedelta=False)
    assert fields.attrs["Conventions"] == "CF-1.11"
    assert fields.depth.shape == (11, 30, 40)
    assert str(fields.time.values[0])[:16] == "2021-07-20T08:00"  # UTC
    assert float(fields.max_depth.max()) == pytest.approx(float(fields.depth.max()), abs=2e-3)
    with rasterio.open(out / "max_depth.tif") as data:
        assert np.nanmax(data.read(1)) == pytest.approx(float(fields.max_depth.max()), abs=1e-6)
    lines = (out / "gauges.csv").read_text().splitlines()
    assert lines[0] == "time,gauge,depth_m,stage_m,velocity_m_s"
    assert lines[-1].startswith("2021-07-20T16:10:00+08:00,middle,")


def test_effective_scenario_gives_the_same_answer(tmp_path, scenario):
    assert flood_sim("run", scenario, "--out", tmp_path / "a", "--no-report").returncode == 0
    done = flood_sim(
        "run", tmp_path / "a" / "scenario.toml", "--out", tmp_path / "b", "--no-report"
    )
    assert done.returncode == 0, done.stderr
    first, second = (json.loads((tmp_path / k / "summary.json").read_text()) for k in "ab")
    assert first["ledger"] == second["ledger"]


def test_effective_scenario_of_a_city_keeps_its_soil_and_sewers(tmp_path):
    assert flood_sim("run", "teaching", "--out", tmp_path / "a", "--no-report").returncode == 0
    done = flood_sim(
        "run", tmp_path / "a" / "scenario.toml", "--out", tmp_path / "b", "--no-report"
    )
    assert done.returncode == 0, done.stderr
    first, second = (json.loads((tmp_path / k / "summary.json").read_text()) for k in "ab")
    assert first["ledger"] == second["ledger"]
    assert first["ledger"]["infiltration"] > 0.0 and first["network"]["nodes"] > 0


def test_results_are_never_overwritten_unasked(tmp_path, scenario):
    out = tmp_path / "out"
    assert flood_sim("run", scenario, "--out", out, "--no-report").returncode == 0
    before = (out / "fields.nc").read_bytes()
    done = flood_sim("run", scenario, "--out", out)
    assert done.returncode == 2
    assert "E111" in done.stderr and "--overwrite" in done.stderr and "Traceback" not in done.stderr
    assert (out / "fields.nc").read_bytes() == before
    scenario.write_text(scenario.read_text().replace("zhengzhou-720", "zhengzhou-721"))
    assert (
        flood_sim("run", scenario, "--out", out, "--overwrite").returncode == 2
    )  # wrong input: the old results stay
    assert (out / "fields.nc").read_bytes() == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.doc").write_text("precious")
    scenario.write_text(scenario.read_text().replace("zhengzhou-721", "zhengzhou-720"))
    assert flood_sim("run", scenario, "--out", tmp_path / "mine", "--overwrite").returncode == 2
    assert (tmp_path / "mine" / "thesis.doc").read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("run", "quickstrat", "--out", "{}"), ["E101", "did you mean `quickstart`"]),
        (("check", "nowhere.toml"), ["E101", "nowhere.toml"]),
        (("report", "{}"), ["no result folder"]),
        (
            ("run", "quickstart", "--out", "{}", "--portfolio", "six_projects"),
            ["no such portfolio", "baseline"],
        ),
    ],
)
def test_wrong_words_are_one_message_and_exit_2(tmp_path, arguments, texts):
    done = flood_sim(*(a.format(tmp_path / "out") for a in arguments))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for text in texts:
        assert text in done.stderr
    assert not (tmp_path / "out").exists()


def test_list_and_copy(tmp_path):
    rows = json.loads(flood_sim("list", "--json").stdout)
    assert "quickstart" in [row["name"] for row in rows]
    assert flood_sim("copy", "quickstart", tmp_path / "mine").returncode == 0
    assert flood_sim("check", tmp_path / "mine" / "quickstart.toml").returncode == 0
    assert flood_sim("copy", "quickstart", tmp_path / "mine").returncode == 2


def wait_for_frames(out: Path, count: int, process):
    for _ in range(18000):  # half an hour: the kernels may have to be compiled first
        gauges = out / "gauges.csv"
        if gauges.exists() and gauges.read_text().count("\n") > count:
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    raise AssertionError("no frames")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_readable_results(tmp_path, long_scenario, number):
    out = tmp_path / "out"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "flood_sim.cli",
            "run",
            str(long_scenario),
            "--out",
            str(out),
            "--no-report",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_frames(out, 5, process)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    summary = json.loads((out / "summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert summary["ledger"]["relative_error"] <= 1e-6

    from flood_sim import open_results

    results = open_results(out)
    assert results.fields.sizes["time"] >= 5
    assert float(results.max_depth.max()) > 0.0


def test_killed_run_keeps_every_announced_frame(tmp_path, long_scenario):
    out = tmp_path / "out"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "flood_sim.cli",
            "run",
            str(long_scenario),
            "--out",
            str(out),
            "--no-report",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_frames(out, 8, process)
    process.kill()
    process.wait()
    frames = (out / "gauges.csv").read_text().count("\n") - 1
    from flood_sim import open_results

    results = open_results(out)
    assert results.status == "unfinished"
    assert results.fields.sizes["time"] >= frames - 1 >= 6
    assert results.fields.attrs["frames_written"] >= frames - 1
    assert np.isfinite(results.fields.depth[frames - 2].values).all()
    assert (
        flood_sim("run", long_scenario, "--out", out).returncode == 2
    )  # a dead run's results are results too


def test_folder_in_use_is_refused(tmp_path, scenario):
    out = tmp_path / "out"
    with claimed(out, overwrite=False):
        done = flood_sim("run", scenario, "--out", out)
    assert done.returncode == 2
    assert "another run is writing here" in done.stderr and f"process {os.getpid()}" in done.stderr


@pytest.mark.parametrize("owner", ["gone", "own", "younger"])
def test_a_lock_left_by_a_killed_run_is_taken_over(tmp_path, owner):
    """The system takes a lock back with its process: no number in a file is believed, in a
    container every run has the same.
    """
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    number = {"gone": dead.pid, "own": os.getpid(), "younger": os.getppid()}[owner]
    (tmp_path / ".lock").write_text(str(number))
    (tmp_path / ".lock.owner").write_text(json.dumps({"pid": number, "host": "here", "since": 0.0}))
    with (
        claimed(tmp_path, overwrite=False),
        pytest.raises(InputError, match=f"E112.*\n.*process {os.getpid()} "),
        claimed(tmp_path, overwrite=False),
    ):
        pass
    assert not tmp_path.exists()  # nothing was begun in it


def test_resume_takes_no_scenario_beside_it(tmp_path, scenario):
    done = flood_sim("run", scenario, "--resume", tmp_path)
    assert done.returncode == 2 and "goes on with the run of DIR" in done.stderr.replace("\n", " ")


def test_failed_run_is_exit_3_and_keeps_its_frames(tmp_path, scenario):
    """Water that is faster than a bound, which is set low here: inputs that run away by themselves
    are refused before the run.
    """
    code = (
        "import sys\nfrom flood_sim.surface import stability\nfrom flood_sim.cli.main import"
        " main\nstability.FASTEST_SIGNAL_M_S = 0.05\nmain(sys.argv[1:])"
    )
    words = ["run", str(scenario), "--out", str(tmp_path / "out"), "--no-report", "--threads", "1"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert (
        "E502" in done.stderr
        and "water and its waves run at" in done.stderr
        and "Traceback" not in done.stderr
    )
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["status"] == "failed"


def test_notebook_api_runs_in_a_child(tmp_path, scenario):
    import flood_sim as fs

    results = fs.run(fs.load_scenario(scenario), out=tmp_path / "out")
    assert results.status == "complete"
    assert results.ledger["relative_error"] <= 1e-6
    assert results.gauges["middle"]["depth_m"][-1] > 0.0
    assert "Results in" in repr(results)


def test_city_from_files_floods_as_the_built_one(tmp_path):
    """`copy --as-files`: the city as GeoTIFF, GeoPackage, .inp and CSV; run from them it floods the
    same cells to the same depth.
    """
    assert flood_sim("copy", "teaching", tmp_path, "--as-files").returncode == 0
    names = {p.name for p in (tmp_path / "city").iterdir()}
    assert names == {
        "README.txt",
        "buildings.gpkg",
        "buildings.tif",
        "initial_depth.tif",
        "inlets.csv",
        "land_cover.csv",
        "land_cover.tif",
        "network.inp",
        "population.tif",
        "river_stage.csv",
        "roads.gpkg",
        "sites.gpkg",
        "terrain.tif",
        "zones.gpkg",
    }
    depths = []
    for stem in ("teaching", "teaching_files"):
        done = flood_sim("run", tmp_path / f"{stem}.toml", "--out", tmp_path / stem, "--no-report")
        assert done.returncode == 0, done.stderr
        from flood_sim import open_results

        results = open_results(tmp_path / stem)
        depths.append(results.max_depth.values)
        assert results.ledger["relative_error"] <= 1e-6
    assert np.array_equal(np.isfinite(depths[0]), np.isfinite(depths[1]))
    gap = np.abs(depths[0] - depths[1])
    assert np.nanmean(gap) < 1e-3  # float32 rasters, 0.05 mm on average
    import rasterio

    with rasterio.open(tmp_path / "city" / "population.tif") as data:
        assert data.read(1).sum() == pytest.approx(2500.0, rel=1e-3)


def test_exceeded_tolerance_is_exit_4_and_named(tmp_path, scenario):
    """float32 rounding (1e-9 of the rain) above a tolerance nobody can hold: the run is complete,
    and says what was exceeded.
    """
    scenario.write_text(scenario.read_text() + "[limits]\nvolume_error_exceeded = 1e-15\n")
    done = flood_sim("run", scenario, "--out", tmp_path / "out", "--no-report")
    assert done.returncode == 4, done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == "complete"
    assert "volume error" in summary["exceeded"][0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flood-sim ru", "run"),
        ("flood-sim run quick", "quickstart"),
        ("flood-sim check zheng", "zhengzhou_720"),
    ],
)
def test_the_shell_completes_commands_and_scenarios(line, expected):
    """What bash asks after `--install-completion`."""
    environment = os.environ | {
        "_FLOOD_SIM_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    code = "from flood_sim.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [expected], done.stderr


def test_version_is_said():
    from importlib.metadata import version

    assert flood_sim("--version").stdout.split() == ["flood-sim", version("flood_sim")]
