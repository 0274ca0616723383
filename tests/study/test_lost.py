"""What a study may lose and how it goes on: its disk, its scheduler, any of its files, its second
start, its terminal.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from flood_sim.core.errors import InputError, OutputError
from flood_sim.study import load_study
from flood_sim.study.child import is_complete, kind_of
from flood_sim.study.queue import open_study, run_study, study_status
from flood_sim.study.report import write_report
from flood_sim.study.store import Store
from study.test_cluster import free_port
from study.test_study import models_of, wait_for, written

TWO = "portfolios = { as_it_is = [], pipes = ['pipe_network'] }\n"
COMMAND = [sys.executable, "-m", "flood_sim.cli", "study"]
FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
from flood_sim.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study of two runs that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    path = written(folder, TWO)
    assert run_study(load_study(path), folder / "out", workers=1)["complete"] == 2
    return path, folder / "out"


def study(*words, **more):
    return subprocess.run(
        [*COMMAND, *map(str, words), "--workers", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        **more,
    )


def same(one, other):
    """The tables and the attribution of two folders hold the same bytes."""
    names = ("catalogue.parquet", "outcomes.parquet", "attribution.json")
    return [
        name for name in names if (one / name).read_bytes() != (other / name).read_bytes()
    ] == []


def test_a_study_that_met_a_full_disk_becomes_right_again(whole, tmp_path):
    """No file may grow beyond 40 kB: the runs stop, exit 3, no traceback; resumed with room it is
    the undisturbed one, without a gap.
    """
    path, undisturbed = whole
    out = tmp_path / "out"
    words = ["study", "run", str(path), "--out", str(out), "--workers", "1", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 3 and "Traceback" not in done.stderr and "E602" in done.stderr, (
        done.stderr
    )
    assert study_status(out)["complete"] == 0 and not list(
        (out / "runs").iterdir()
    )  # a full disk keeps no halves
    assert study("resume", out).returncode == 0
    assert same(out, undisturbed)


def test_a_disk_that_is_full_before_the_study_stands_asks_for_the_command_again(tmp_path):
    """There is nothing to resume before study.json is there."""
    store = Store(tmp_path / "out")
    store.prepare()
    for way in ("give the command again$", f"go on: flood-sim study resume {store.folder}$"):
        with pytest.raises(OutputError, match=f"(?s)E602.*then {way}"), store.locked():
            raise OSError(28, "No space left on device")
        (store.folder / "study.json").write_text("{}")


@pytest.mark.parametrize(
    ("status", "again"),
    [("died", True), ("timeout", True), ("stopped", True), ("refused", False), ("failed", False)],
)
def test_what_may_go_well_another_time_is_tried_again(tmp_path, status, again):
    store = Store(tmp_path / "out")
    store.prepare()
    store.note("a", {"status": status, "message": "x"})
    assert store.to_run("a") is again and store.answer("a")["status"] == status


def test_what_kind_of_failure_an_error_is(tmp_path):
    from flood_sim.core.errors import InstabilityError, input_error

    kinds = [
        (input_error("E104", "x", "wrong"), "refused"),
        (input_error("E602", "x", "no room"), "stopped"),
        (OutputError("x"), "stopped"),
        (MemoryError(), "stopped"),
        (OSError(28, "no space"), "stopped"),
        (InstabilityError("x"), "failed"),
        (ZeroDivisionError(), "failed"),
    ]
    assert [kind_of(error) for error, _ in kinds] == [kind for _, kind in kinds]


def test_a_run_that_the_model_fails_is_no_complete_run(tmp_path, monkeypatch):
    """It was renamed into place with the outcomes of its first minutes."""
    from flood_sim.core.errors import RunFailedError
    from flood_sim.study import child

    path = written(tmp_path, TWO)
    spec = load_study(path).scenario
    monkeypatch.setattr(
        "flood_sim.runs.runner.run_scenario",
        lambda *a, **k: type(
            "O", (), {"summary": {"status": "failed", "message": "E502 it ran away"}}
        ),
    )
    wanted = {
        "scenario": str(spec.path),
        "allowed": [],
        "changes": {},
        "portfolio": "x",
        "measures": [],
        "actions": None,
        "threads": 1,
    }
    (tmp_path / "store" / "runs").mkdir(parents=True)
    with pytest.raises(RunFailedError, match="ran away") as failed:
        child.run_one(wanted, tmp_path / "store")
    assert kind_of(failed.value) == "failed" and not list((tmp_path / "store" / "runs").iterdir())


FILES = [
    "study.json",
    "study.lock",
    "asked",
    "catalogue.parquet",
    "outcomes.parquet",
    "attribution.json",
    "runs_log.parquet",
]
OF_A_RUN = ["outcomes.json", "summary.json", "fields.nc", "network.nc", "gauges.csv", "exposure.nc"]


def cut(path, share):
    size = path.stat().st_size
    os.truncate(path, int(size * share))


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_cut_files_of_a_study_are_made_anew_or_one_message(whole, tmp_path, share):
    """Each file of the folder, empty or cut: status and report end in an answer or one message,
    resume makes the undisturbed study of it.
    """
    path, undisturbed = whole
    for name in FILES:
        out = tmp_path / name
        shutil.copytree(undisturbed, out)
        for file in sorted((out / "asked").iterdir()) if name == "asked" else [out / name]:
            cut(file, share) if file.exists() else file.write_text("{")
        for look in (study_status, write_report):
            try:
                look(out)
            except InputError as error:
                assert "\n  do " in str(error), (name, look)
        if name == "study.json":
            with pytest.raises(InputError, match="(?s)E110.*study run STUDY"):
                open_study(out)
        run_study(load_study(path), out, workers=1)
        assert same(out, undisturbed), name


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_a_run_with_a_cut_file_is_run_again(whole, share, tmp_path):
    _path, undisturbed = whole
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    for name in OF_A_RUN:
        folder = sorted((out / "runs").iterdir())[0]
        assert is_complete(folder)
        cut(folder / name, share)
        assert not is_complete(folder) and study_status(out)["missing"] == 1, name
        (folder / name).unlink()
        shutil.copy2(undisturbed / "runs" / folder.name / name, folder / name)
    cut(folder / "fields.nc", share)
    (out / "runs" / folder.name / "outcomes.json").write_text("")
    assert study("resume", out).returncode == 0
    assert same(out, undisturbed) and is_complete(folder)


def test_two_starts_one_study(whole, tmp_path):
    """Started together, again and again: one runs, the other is E112."""
    out = tmp_path / "out"
    shutil.copytree(whole[1], out)
    words = [*COMMAND, "resume", str(out), "--quiet"]
    for _ in range(2):
        both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = [process.communicate(timeout=120)[1] for process in both]
        codes = sorted(process.returncode for process in both)
        assert codes in ([0, 0], [0, 2]), said  # one may have ended before the other came
        assert codes == [0, 0] or any("E112" in text for text in said)


@pytest.fixture
def cluster(tmp_path):
    """Address of an open scheduler on the loopback, with one worker, and its process."""
    address = f"tcp://127.0.0.1:{free_port()}"
    common = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    scheduler = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--no-dashboard",
            "--port",
            address.rsplit(":", 1)[1],
        ],
        **common,
    )
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            address,
            "--host",
            "127.0.0.1",
            "--no-dashboard",
            "--nthreads",
            "1",
            "--no-nanny",
        ],
        **common,
    )
    yield address, scheduler
    for process in (worker, scheduler):
        process.kill()
        process.wait()


def test_a_lost_scheduler_is_one_message_and_the_study_goes_on(whole, tmp_path, cluster):
    """kill -9 of the scheduler while a run is under way: exit 3 within seconds, one message;
    resumed on this machine it is the undisturbed one.
    """
    path, undisturbed = whole
    address, scheduler = cluster
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, "run", str(path), "--out", str(out), "--scheduler", address, "--quiet"],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: list((out / "runs").glob("*.tmp-*")), 120.0)
    scheduler.kill()
    begun = time.monotonic()
    said = process.communicate(timeout=60)[1]
    assert time.monotonic() - begun < 30.0 and process.returncode == 3, said
    assert said.count("E121") == 1 and "study resume" in said and "Traceback" not in said, said
    assert study("resume", out).returncode == 0
    assert same(out, undisturbed)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_study_and_all_that_it_started(whole, tmp_path, number, code):
    path, undisturbed = whole
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, "run", str(path), "--out", str(out), "--workers", "1"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: models_of(process.pid), 120.0)
    below = models_of(process.pid)
    (
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    )  # Ctrl-C goes to all of a terminal
    said = process.communicate(timeout=60)[1]
    assert process.returncode == code and "Traceback" not in said and "study resume" in said, (
        process.returncode,
        said,
    )
    wait_for(lambda: not any(p.is_running() for p in below), 10.0)
    assert study("resume", out).returncode == 0 and same(out, undisturbed)
