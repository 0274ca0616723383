"""Two at one folder: one lock, claimed before anything is read; a complete run is never touched;
damaged checkpoints are refused.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from flood_sim.cli.main import main
from flood_sim.core.errors import InputError
from flood_sim.core.files.folder_lock import held, looks_held
from flood_sim.output import checkpoint
from flood_sim.output.checkpoint import Saved
from flood_sim.runs.runner import resume_scenario, run_scenario
from flood_sim.runs.underway import Listener
from sewered import TEXT, written


@pytest.fixture
def scenario(tmp_path):
    return written(tmp_path)


def bytes_of(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def interrupted(scenario, out, at_s=120.0):
    """A run that was asked to stop: its checkpoint and its results are there."""

    def ask(simulation):
        if simulation.time_s >= at_s:
            simulation.wanted_stop.set()

    run_scenario(scenario, out, threads=1, listener=Listener(progress=ask))


CONTEST = """
import os, sys, time
from pathlib import Path
from flood_sim.core.errors import InputError
from flood_sim.core.files.folder_lock import held
sys.stdin.readline()
try:
    with held(Path(sys.argv[1]), ".lock", "run"):
        print("in", flush=True)
        sys.stdin.readline()
except InputError as error:
    print(error.findings[0].code, flush=True)
"""


def test_of_two_that_start_at_once_one_wins(tmp_path):
    """Both processes stand ready and are let go together, ten times: one holds the folder, the
    other is told E112.
    """
    for k in range(10):
        pair = [
            subprocess.Popen(
                [sys.executable, "-c", CONTEST, str(tmp_path / str(k))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for process in pair:
            process.stdin.write("go\n")
            process.stdin.flush()
        said = sorted(process.stdout.readline().strip() for process in pair)
        for process in pair:
            process.communicate("\n")
        assert said == ["E112", "in"]
        assert not (tmp_path / str(k)).exists()  # nothing was begun: the folder has gone again


def test_a_lock_goes_with_its_process_and_no_child_keeps_it(tmp_path):
    """kill -9 of the holder while a child of it lives on: the folder is free."""
    code = (
        "import subprocess, sys, time; from pathlib import Path; from"
        " flood_sim.core.files.folder_lock import held\n"
        + "with held(Path(sys.argv[1]), '.lock', 'run'):\n    child = subprocess.Popen(['sleep',"
        " '20']); print(child.pid, flush=True); time.sleep(20)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "out")], stdout=subprocess.PIPE, text=True
    )
    child = int(holder.stdout.readline())
    assert looks_held(tmp_path / "out", ".lock")
    holder.kill()
    holder.wait()
    try:
        assert not looks_held(tmp_path / "out", ".lock")
        with held(tmp_path / "out", ".lock", "run"):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_complete_run_is_never_touched(scenario, tmp_path, capsys):
    """Resumed, run again, resumed with a checkpoint that was left: refused with a way that leads
    on, or tidied; each file stays as it was.
    """
    out = tmp_path / "out"
    run_scenario(scenario, out, threads=1)
    before = bytes_of(out)
    for words, code in (
        (["--resume", str(out)], "E113"),
        ([str(tmp_path / "s.toml"), "--out", str(out)], "E111"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["run", *words, "--quiet"])
        said = capsys.readouterr().err
        assert ended.value.code == 2 and code in said, said
        assert bytes_of(out) == before
    assert "flood-sim report" in said or "--overwrite" in said
    with pytest.raises(InputError, match=f"(?s)complete.*flood-sim report {out}"):
        resume_scenario(out)


def test_a_run_killed_after_its_summary_is_complete(scenario, tmp_path, monkeypatch):
    """Killed between its last file and the removal of its checkpoint: resumed, nothing is computed,
    nothing of the results changes.
    """
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("flood_sim.runs.underway.remove_checkpoint", lambda out: None)
        run_scenario(scenario, out, threads=1)
    before = {
        path: content
        for path, content in bytes_of(out).items()
        if "checkpoint" not in str(path) and path.name != "log.txt"
    }
    assert Saved(out).time_s == 0.0
    outcome = resume_scenario(out)
    assert outcome.exit_code == 0 and outcome.summary["status"] == "complete"
    assert {
        path: content for path, content in bytes_of(out).items() if path.name != "log.txt"
    } == before


def test_resume_while_the_run_still_writes_is_refused(scenario, tmp_path):
    """In the last moment too: the folder is claimed before anything of it is read or removed."""
    out, refused = tmp_path / "out", []

    def resume_too(simulation):
        if simulation.time_s in (60.0, 600.0) or simulation.time_s >= simulation.clock.duration_s:
            with pytest.raises(InputError, match="E112") as error:
                resume_scenario(out)
            refused.append(error)

    outcome = run_scenario(scenario, out, threads=1, listener=Listener(progress=resume_too))
    assert outcome.exit_code == 0 and len(refused) >= 2 and (out / "summary.json").is_file()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A result folder with a checkpoint, to be copied."""
    folder = tmp_path_factory.mktemp("stopped")
    interrupted(written(folder), folder / "out")
    return folder / "out"


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint/state.json",
        "checkpoint/state.npz",
        "checkpoint/fields.nc",
        "checkpoint/complete",
        "checkpoint.tape",
        "scenario.toml",
    ],
)
@pytest.mark.parametrize("how", ["empty", "cut", "one bit"])
def test_a_damaged_checkpoint_is_refused_and_nothing_is_touched(stopped, tmp_path, name, how):
    out = tmp_path / "out"
    shutil.copytree(stopped, out)
    path = out / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(
        {"empty": b"", "cut": bytes(content[: len(content) // 2]), "one bit": bytes(content)}[how]
    )
    before = bytes_of(out)
    with pytest.raises(InputError, match="(?s)E113.*damaged.*--overwrite"):
        resume_scenario(out)
    assert bytes_of(out) == before


def test_where_the_newest_checkpoint_is_damaged_the_older_one_serves(scenario, tmp_path):
    """Killed between the renames of a write, and the newer one is half on the disk (a power
    cut).
    """
    out = tmp_path / "out"
    interrupted(scenario, out)
    (out / "checkpoint").rename(out / "checkpoint.old")
    shutil.copytree(out / "checkpoint.old", out / "checkpoint.part")
    (out / "checkpoint.part" / "state.npz").write_bytes(b"")
    assert resume_scenario(out, threads=1).summary["status"] == "complete"
    run_scenario(scenario, tmp_path / "whole", threads=1)
    assert (out / "gauges.csv").read_bytes() == (tmp_path / "whole" / "gauges.csv").read_bytes()
    assert (out / "max_depth.tif").read_bytes() == (
        tmp_path / "whole" / "max_depth.tif"
    ).read_bytes()


OF_SECONDS = TEXT.replace("interval_s = 60", "interval_s = 1")


@pytest.fixture(scope="module")
def of_seconds(tmp_path_factory):
    """Results of a run with a frame a second that nothing disturbed."""
    folder = tmp_path_factory.mktemp("of_seconds")
    run_scenario(written(folder, OF_SECONDS), folder / "out", threads=1)
    return folder / "out"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_in_a_row_end_a_run_readably(tmp_path, scenario, of_seconds, number):
    """Three of them, while it steps and while it writes: 128 + number, a checkpoint, no traceback,
    no pictures; resumed it is the undisturbed run.
    """
    (tmp_path / "s.toml").write_text(OF_SECONDS)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "flood_sim.cli", "run"]
    process = subprocess.Popen(
        [*command, str(tmp_path / "s.toml"), "--out", str(out), "--threads", "1"],
        stderr=subprocess.PIPE,
        text=True,
    )
    while (
        not (out / ".frames").exists() or int((out / ".frames").read_text() or 0) < 20
    ):  # ten frames
        assert process.poll() is None
        time.sleep(0.02)
    begun = time.monotonic()
    for _ in range(3):
        process.send_signal(number)
        time.sleep(0.05)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number and "Traceback" not in said and "--resume" in said, (
        process.returncode,
        said,
    )
    assert time.monotonic() - begun < 20.0  # 2 s, on a machine that does nothing else
    assert (
        json.loads((out / "summary.json").read_text())["status"] == "interrupted"
        and not (out / "report").exists()
    )
    subprocess.run(
        [*command, "--resume", str(out), "--no-report", "--quiet"], check=True, timeout=300
    )
    for name in ("gauges.csv", "max_depth.tif"):
        assert (out / name).read_bytes() == (of_seconds / name).read_bytes(), name


def test_a_signal_in_the_first_window_leaves_the_checkpoint_before_it(
    scenario, tmp_path, monkeypatch
):
    """While kernels are compiled, for a minute perhaps, nothing was won yet: the run ends at once,
    and goes on from its start.
    """
    from flood_sim.simulation.loop import Simulation

    out, advance = tmp_path / "out", Simulation.advance

    def slow(self, window):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(300.0)
        advance(self, window)

    monkeypatch.setattr(Simulation, "advance", slow)
    begun = time.monotonic()
    with pytest.raises(SystemExit) as ended:
        main(["run", str(tmp_path / "s.toml"), "--out", str(out), "--quiet"])
    assert ended.value.code == 143 and time.monotonic() - begun < 300.0
    monkeypatch.setattr(Simulation, "advance", advance)
    assert resume_scenario(out).summary["status"] == "complete"


def test_a_full_disk_of_the_kernel_cache_is_named(scenario, tmp_path, monkeypatch):
    """Numba cannot keep a kernel: not the result folder's fault."""
    from flood_kernels import cache_folder
    from flood_sim.core.errors import OutputError
    from flood_sim.simulation.loop import Simulation

    def full(self, window):
        code = compile("raise OSError(28, 'No space left on device')", "caching.py", "exec")
        exec(code, {"__name__": "numba.core.caching"})  # noqa: S102

    monkeypatch.setattr(Simulation, "advance", full)
    with pytest.raises(OutputError, match="(?s)E120.*NUMBA_CACHE_DIR.*--resume") as told:
        run_scenario(scenario, tmp_path / "out", threads=1)
    assert str(cache_folder()) in str(told.value)


def test_a_checkpoint_says_what_it_holds(scenario, tmp_path):
    out = tmp_path / "out"
    interrupted(scenario, out)
    marks = json.loads((out / "checkpoint" / checkpoint.DONE).read_text())
    assert {"state.json", "state.npz", "fields.nc", "gauges.csv"} <= marks.keys() and all(
        len(mark) == 64 for mark in marks.values()
    )


LONG = """
import os, signal, sys, threading
import numba
from flood_sim.cli import entry
from flood_sim.simulation.loop import Simulation

@numba.njit(nogil=True)
def compiled(x):
    for _ in range(10**12):
        x = x * 1.0000001 + 1e-9
    return x

advance = Simulation.advance
def long_window(self, window):
    if window.start >= 100.0:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
        compiled(1.0)
    advance(self, window)
Simulation.advance = long_window
entry.main()
"""


def test_a_compiled_window_that_does_not_end_is_left(scenario, tmp_path):
    """No handler of Python runs in compiled code: the process ends all the same, and the run goes
    on from its last checkpoint.
    """
    out = tmp_path / "out"
    words = [
        "run",
        str(tmp_path / "s.toml"),
        "--out",
        str(out),
        "--quiet",
        "--checkpoint-minutes",
        "0",
    ]
    done = subprocess.run(
        [sys.executable, "-c", LONG, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (
        done.returncode == 143
        and "last checkpoint" in done.stderr
        and "Traceback" not in done.stderr
    ), done
    resumed = resume_scenario(out)
    assert resumed.summary["status"] == "complete"
