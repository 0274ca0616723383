"""Faults of the system: a disk that is full before and in the middle of a run, a folder that goes
away. Nothing lost, a clear end.
"""

import subprocess
import sys

import numpy as np
import pytest

from flood_sim.cli.main import main
from flood_sim.results import open_results
from scenario.test_loader import GOOD, NETWORK

TAPED = """
import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from flood_sim.cli.main import main
from flood_sim.drainage.tape import TapedNetwork
advance = TapedNetwork.advance
def full(self, stop_s):
    if stop_s == 200.0:
        self._file.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._file.tell(), resource.RLIM_INFINITY))
    advance(self, stop_s)
TapedNetwork.advance = full
main(sys.argv[1:])
"""
LIMITED = """
import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from flood_sim.cli.main import main
from flood_sim.output.recorder import Recorder
record = Recorder.record
def full(self, simulation, window):
    if window.stop >= 200.0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(self.folder / "fields.nc"), resource.RLIM_INFINITY))
    record(self, simulation, window)
Recorder.record = full
main(sys.argv[1:])
"""
TEXT = (
    GOOD.replace("columns = 20, rows = 10", "columns = 60, rows = 60")
    + "[output]\ninterval_s = 10\n[surface]\nwindow_s = 5\n"
)


@pytest.fixture
def scenario(tmp_path):
    (tmp_path / "s.toml").write_text(TEXT)
    return tmp_path / "s.toml"


def test_a_disk_that_fills_ends_the_run_and_it_goes_on_when_there_is_room(tmp_path, scenario):
    """From 200 s on no file may grow: E602, exit 3, no traceback, no summary that looks complete;
    resumed with room it ends as undisturbed.
    """
    words = ["run", str(scenario), "--out", str(tmp_path / "out"), "--no-report", "--threads", "1"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 3, done.stderr
    assert "E602" in done.stderr and "--resume" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "summary.json").exists()
    with pytest.raises(SystemExit) as ended:
        main(["run", "--resume", str(tmp_path / "out"), "--no-report", "--quiet"])
    assert ended.value.code == 0
    with pytest.raises(SystemExit):
        main(
            [
                "run",
                str(scenario),
                "--out",
                str(tmp_path / "whole"),
                "--no-report",
                "--quiet",
                "--threads",
                "1",
            ]
        )
    fields = [open_results(tmp_path / name).fields["depth"].values for name in ("out", "whole")]
    assert fields[0].shape == fields[1].shape == (61, 60, 60) and np.array_equal(
        *fields, equal_nan=True
    )


def test_a_disk_that_fills_under_the_tape_of_the_network(tmp_path):
    """What SWMM was told can no longer be written down: E602, exit 3, no traceback; resumed with
    room it ends as undisturbed.
    """
    (tmp_path / "n.inp").write_text(NETWORK)
    text = (
        GOOD + '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\ncoupling_step_s = 1\nrouting_step_s ='
        ' 1\n[output]\ninterval_s = 600\nfields = "maxima"\n'
    )
    (tmp_path / "s.toml").write_text(text)
    words = ["run", str(tmp_path / "s.toml"), "--no-report", "--threads", "1", "--quiet", "--out"]
    done = subprocess.run(
        [sys.executable, "-c", TAPED, *words, str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 3, done.stderr
    assert "E602" in done.stderr and "--resume" in done.stderr and "Traceback" not in done.stderr
    for more in (
        ["run", "--resume", str(tmp_path / "out"), "--no-report", "--quiet"],
        [*words, str(tmp_path / "whole")],
    ):
        subprocess.run([sys.executable, "-m", "flood_sim.cli", *more], check=True, timeout=1800)
    for name in ("gauges.csv", "max_depth.tif", "swmm.inp"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), (
            name
        )


def test_results_that_never_fit_are_refused(tmp_path, scenario, capsys, monkeypatch):
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(
        "flood_sim.runs.runner.shutil.disk_usage", lambda path: usage._replace(free=1000)
    )
    with pytest.raises(SystemExit) as ended:
        main(["run", str(scenario), "--out", str(tmp_path / "out"), "--quiet"])
    said = capsys.readouterr().err
    assert (
        ended.value.code == 2
        and "E602" in said
        and "interval_s" in said
        and not (tmp_path / "out").exists()
    )


def test_a_folder_that_goes_away_is_told(tmp_path, scenario, capsys, monkeypatch):
    """Removed under way: E602 and exit 3; nobody writes it anew as if it were whole."""
    import shutil

    from flood_sim.output.recorder import Recorder

    record = Recorder.record

    def gone(self, simulation, window):
        if window.stop >= 100.0:
            shutil.rmtree(self.folder, ignore_errors=True)
        record(self, simulation, window)

    monkeypatch.setattr(Recorder, "record", gone)
    with pytest.raises(SystemExit) as ended:
        main(["run", str(scenario), "--out", str(tmp_path / "out"), "--quiet", "--threads", "1"])
    said = capsys.readouterr().err
    assert ended.value.code == 3 and "E602" in said and "Traceback" not in said
    assert not (tmp_path / "out" / "summary.json").exists()


def test_a_cell_that_loses_its_value_is_located(tmp_path, scenario, capsys, monkeypatch):
    """RELIABILITY P2: exit 3, place in the message and on a map, the frames before it kept and
    finite.
    """
    import pyogrio

    from flood_sim.output.recorder import Recorder

    record = Recorder.record

    def lose(self, simulation, window):
        record(self, simulation, window)
        if window.stop == 200.0:
            surface = simulation.surface
            surface._cells.depth[surface._view][17, 33] = np.nan

    monkeypatch.setattr(Recorder, "record", lose)
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(["run", str(scenario), "--out", str(out), "--quiet", "--threads", "1", "--no-report"])
    said = capsys.readouterr().err
    assert (
        ended.value.code == 3
        and "E502" in said
        and "lost their value" in said
        and "messages.gpkg" in said
        and "Traceback" not in said
    )
    places = pyogrio.raw.read(out / "messages.gpkg")
    assert len(places[2]) >= 1
    lines = (out / "messages.csv").read_text().splitlines()
    assert lines[1].startswith("E502,error,")
    results = open_results(out)
    assert results.status == "failed"
    depth = results.fields["depth"].values
    assert depth.shape[0] == 21 and np.isfinite(depth).all()


def test_a_clock_that_jumps_moves_no_result(tmp_path, scenario, monkeypatch):
    """The wall clock goes on by days and back again (a time server): checkpoints, results and their
    dates do not follow it.
    """
    import time

    from flood_sim.output.checkpoint import Checkpoints

    true, calls = time.time, iter(range(10**9))

    def jumping() -> float:
        k = next(calls)
        return true() + (86400.0 * k if k % 3 else -3600.0)

    folders, written = [], []
    write = Checkpoints.write
    monkeypatch.setattr(Checkpoints, "write", lambda *a: (written.append(a), write(*a))[1])
    for name, clock in (("steady", true), ("jumping", jumping)):
        monkeypatch.setattr(time, "time", clock)
        with pytest.raises(SystemExit) as ended:
            main(
                [
                    "run",
                    str(scenario),
                    "--out",
                    str(tmp_path / name),
                    "--quiet",
                    "--threads",
                    "1",
                    "--no-report",
                    "--checkpoint-minutes",
                    "600",
                ]
            )
        assert ended.value.code == 0
        folders.append(open_results(tmp_path / name))
    assert (
        len(written) == 2
    )  # one before the first window of each; a day later by the wall is no reason for another
    for variable in ("depth", "time"):
        assert np.array_equal(
            folders[0].fields[variable].values,
            folders[1].fields[variable].values,
            equal_nan=variable == "depth",
        )
    assert all(
        0.0 < folder.summary["wall_s"] < 43200.0 for folder in folders
    )  # the clock has jumped by a day and more


# of the calls that write, sync, copy or rename one is made to fail in a run of its own (all of them
# once by hand)
EVERY = 23


def test_every_call_to_the_disk_may_fail(tmp_path, monkeypatch, capsys):
    """RELIABILITY P3: the n-th write, sync, copy or rename of a run fails (EIO, ENOSPC), for n from
    1 to the last: E602 and exit 3, never a traceback nor a summary that looks complete; resumed, or
    run again where there is no checkpoint, the results are the undisturbed ones.
    """
    import errno
    import os
    import pathlib
    import shutil

    (tmp_path / "s.toml").write_text(
        GOOD + "[output]\ninterval_s = 120\n[surface]\nwindow_s = 60\n"
    )
    counted, fail_at = [0], [0]

    def failing(call):
        def wrapped(*args, **keys):
            counted[0] += 1
            if counted[0] == fail_at[0]:
                raise OSError(errno.EIO if fail_at[0] % 2 else errno.ENOSPC, "injected")
            return call(*args, **keys)

        return wrapped

    places = [
        (os, "fsync"),
        (os, "replace"),
        (shutil, "copyfile"),
        (pathlib.Path, "write_text"),
        (pathlib.Path, "rename"),
    ]
    wrappers = [failing(getattr(owner, name)) for owner, name in places]
    for (owner, name), wrapper in zip(places, wrappers, strict=True):
        monkeypatch.setattr(owner, name, wrapper)

    def go(*words: str, at: int = 0) -> int:
        counted[0], fail_at[0] = 0, at
        with pytest.raises(SystemExit) as ended:
            main(["run", *words, "--no-report", "--quiet"])
        return int(ended.value.code or 0)

    start = [str(tmp_path / "s.toml"), "--threads", "1", "--checkpoint-minutes", "0", "--out"]
    assert go(*start, str(tmp_path / "whole")) == 0
    calls = counted[0]
    assert calls > 50
    whole = open_results(tmp_path / "whole")
    told = 0
    for n in range(1, calls + 1, EVERY):
        out = tmp_path / f"out{n}"
        code = go(*start, str(out), at=n)
        said = capsys.readouterr().err
        if counted[0] < n:  # the first run of a process writes once more (caches of libraries)
            break
        assert code in (2, 3) and ("E602" in said or "E111" in said) and "injected" in said, (
            n,
            code,
            said,
        )
        assert not (out / "summary.json").exists() or open_results(out).status != "complete"
        told += 1
        again = (
            ["--resume", str(out)]
            if (out / "checkpoint").is_dir()
            else [*start, str(out), "--overwrite"]
        )
        assert go(*again) == 0, (n, capsys.readouterr().err)
        results = open_results(out)
        assert results.status == "complete" and np.array_equal(
            results.fields["depth"].values, whole.fields["depth"].values, equal_nan=True
        ), n
    assert told >= 8
