"""Studies killed and on full disks, races for one folder, signals, lost clusters: nothing lost,
`resume` always finishes, one message each time.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.reliability import kills

ROOT = Path(__file__).parents[2]
SCENARIO = """
schema = 1
name = "tiny"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:10:00+08:00
[city]
kind = "reference_city"
side_m = 500.0
cell_size_m = 10.0
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
label = "right"
[drainage]
kind = "swmm"
coupling_step_s = 10.0
routing_step_s = 5.0
[measure.clean]
kind = "inlet_cleaning"
targets = { layer = "nodes", where = ["inlets > 0"] }
open_share = 0.6
[measure.green]
kind = "sunken_green"
targets = { layer = "courts" }
share = 0.3
"""
STUDY = 'schema = 1\nname = "tiny"\nscenario = "tiny.toml"\n'
TABLES = ("catalogue.parquet", "outcomes.parquet", "attribution.json")
LIMITED = (
    "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ,"
    " signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),"
    " resource.RLIM_INFINITY))\nfrom flood_sim.cli.main import main\nmain(sys.argv[1:])\n"
)
MODULE = [sys.executable, "-m", "flood_sim.cli"]
PATIENCE_S = 600.0


def command(*words: object, start: list[str] | None = None, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*(start or MODULE), *map(str, words)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        **more,
    )


def told(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what was said; -1000 where it hung."""
    try:
        said = process.communicate(timeout=PATIENCE_S)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        return -1000, process.communicate()[1]
    return process.returncode, said


def written(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "tiny.toml").write_text(SCENARIO, encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


def row(kind: str, faults: list[str], tried: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "tried": tried,
        "held": tried - len(faults),
        "note": "; ".join(faults[:3]),
    }


def wait_for(holds: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    """Until it holds, the process has ended, or patience has."""
    end = time.monotonic() + PATIENCE_S
    while not holds() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)


def below(pid: int, word: str) -> list[psutil.Process]:
    """Processes below a study whose command line has a word."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if word in " ".join(process.cmdline()):
                    found.append(process)
    return found


def fault_of_study(path: Path, undisturbed: Path, out: Path, seed: int) -> str:
    """One disturbed study: the parent, a worker, a model killed, or a full disk, at a random
    moment; resumed. "" where nothing was lost.
    """
    rng = random.Random(seed)  # noqa: S311
    what = ("parent", "worker", "model", "full disk")[seed % 4]
    if what == "full disk":
        code, said = told(
            command(
                int(10.0 ** rng.uniform(2.0, 5.5)),
                "study",
                "run",
                path,
                "--out",
                out,
                "--quiet",
                start=[sys.executable, "-c", LIMITED],
            )
        )
        if code not in (0, 2, 3) or "Traceback" in said:
            return f"seed {seed}, {what}: exit {code}, {said[-200:]}"
    else:
        process = command("study", "run", path, "--out", out, "--quiet")
        wait_for(lambda: below(process.pid, "flood_sim.study.child"), process)
        time.sleep(rng.uniform(0.0, 20.0))
        victims = below(process.pid, "flood_sim.study.child")
        with contextlib.suppress(psutil.NoSuchProcess):
            if what == "parent" or not victims:
                process.kill()
            elif what == "worker":
                (victims[0].parent() or victims[0]).kill()
            else:
                victims[0].kill()
        told(process)
    code, said = told(
        command(
            "study",
            "resume" if (out / "study.json").exists() else "run",
            *([] if (out / "study.json").exists() else [path, "--out"]),
            out,
            "--quiet",
        )
    )
    wrong = [
        name
        for name in TABLES
        if not (out / name).exists()
        or (out / name).read_bytes() != (undisturbed / name).read_bytes()
    ]
    return (
        f"seed {seed}, {what}: resume ended with {code}, {wrong} differ, {said[-200:]}"
        if code or wrong
        else ""
    )


def studies(count: int, folder: Path) -> list[dict[str, Any]]:
    """Kills and full disks of studies; the tables' bytes are compared with those of one that nobody
    disturbed.
    """
    path = written(folder / "study")
    undisturbed = folder / "study" / "undisturbed"
    told(command("study", "run", path, "--out", undisturbed, "--quiet"))
    faults = []
    for seed in range(count):
        out = folder / "study" / f"out{seed}"
        faults.append(fault_of_study(path, undisturbed, out, seed))
        shutil.rmtree(out, ignore_errors=True)
    return [
        row("studies: parent, worker, model killed, disk full", [f for f in faults if f], count)
    ]


def whole_run(folder: Path) -> tuple[Path, Path]:
    """A scenario and the result folder of its undisturbed run."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "s.toml").write_text(
        kills.SCENARIO.replace("SCHEME", "local_inertial"), encoding="utf-8"
    )
    if not (folder / "quiet" / "summary.json").exists():
        told(
            command(
                "run",
                folder / "s.toml",
                "--out",
                folder / "quiet",
                "--no-report",
                "--quiet",
                "--threads",
                1,
            )
        )
    return folder / "s.toml", folder / "quiet"


def races(count: int, folder: Path) -> list[dict[str, Any]]:
    """Two starts at once; a resume at a random moment of the run, its last seconds above all."""
    scenario, quiet = whole_run(folder / "race")
    starts, resumes = list[str](), list[str]()
    for k in range(count):
        out, rng = folder / "race" / f"out{k}", random.Random(k)  # noqa: S311
        run = ["run", scenario, "--out", out, "--no-report", "--quiet", "--threads", 1]
        both = [told(p) for p in [command(*run), command(*run)]]
        codes = sorted(code for code, _ in both)
        if (
            codes != [0, 2]
            or not any(w in said for _, said in both for w in ("E112", "E111"))
            or kills.differences(quiet, out)
        ):
            starts.append(f"{k}: exits {codes}")
        shutil.rmtree(out, ignore_errors=True)
        process = command(*run)
        wait_for(lambda out=out: (out / "checkpoint").exists(), process)
        (
            wait_for(lambda out=out: (out / "max_depth.tif").exists(), process)
            if k % 2
            else time.sleep(rng.uniform(0.0, 3.0))
        )
        late = told(command("run", "--resume", out, "--no-report", "--quiet"))
        first = told(process)
        if (
            first[0]
            or late[0] not in (0, 2)
            or "Traceback" in late[1]
            or kills.differences(quiet, out)
        ):
            resumes.append(f"{k}: exits {first[0]} and {late[0]}, {late[1][-150:]}")
        shutil.rmtree(out, ignore_errors=True)
    return [
        row("two starts at once", starts, count),
        row("a resume beside the run", resumes, count),
    ]


def signals(count: int, folder: Path) -> list[dict[str, Any]]:
    """One to three signals at random moments of a run with pictures; resumed, the bits of the
    undisturbed run.
    """
    scenario, quiet = whole_run(folder / "signal")
    faults, slowest = list[str](), 0.0
    for k in range(count):
        out, rng = folder / "signal" / f"out{k}", random.Random(k)  # noqa: S311
        number = rng.choice([signal.SIGINT, signal.SIGTERM])
        process = command("run", scenario, "--out", out, "--quiet", "--threads", 1)
        wait_for(lambda out=out: (out / "checkpoint").exists(), process)
        time.sleep(rng.uniform(0.0, 6.0))
        begun = time.monotonic()
        for _ in range(rng.randint(1, 3)):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            time.sleep(rng.uniform(0.0, 0.3))
        code, said = told(process)
        slowest = max(slowest, time.monotonic() - begun)
        if code not in (0, 128 + number) or "Traceback" in said:
            faults.append(f"{k}: exit {code}, {said[-200:]}")
        elif not (out / "max_depth.tif").exists():
            faults.append(f"{k}: no readable results")
        else:
            if (out / "checkpoint").exists():
                told(command("run", "--resume", out, "--no-report", "--quiet", "--threads", 1))
            faults += (
                [f"{k}: {kills.differences(quiet, out)}"] if kills.differences(quiet, out) else []
            )
        shutil.rmtree(out, ignore_errors=True)
    found = row("signals of runs", faults, count)
    return [found | {"note": found["note"] or f"slowest end {slowest:.1f} s"}]


def clusters(count: int, folder: Path) -> list[dict[str, Any]]:
    """The scheduler killed under a study, at a random moment: exit 3 and one message; resumed on
    this machine, the same tables.
    """
    path = written(folder / "cluster")
    undisturbed, faults = folder / "cluster" / "undisturbed", list[str]()
    told(command("study", "run", path, "--out", undisturbed, "--quiet"))
    for k in range(count):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            address = f"tcp://127.0.0.1:{s.getsockname()[1]}"
        out = folder / "cluster" / f"out{k}"
        common = ["--host", "127.0.0.1", "--no-dashboard"]
        scheduler = command(
            *common,
            "--port",
            address.rsplit(":", 1)[1],
            start=[sys.executable, "-m", "distributed.cli.dask_scheduler"],
        )
        worker = command(
            address,
            *common,
            "--nthreads",
            1,
            "--no-nanny",
            start=[sys.executable, "-m", "distributed.cli.dask_worker"],
        )
        process = command("study", "run", path, "--out", out, "--scheduler", address, "--quiet")
        wait_for(lambda out=out: list((out / "runs").glob("*.tmp-*")), process)
        time.sleep(random.Random(k).uniform(0.0, 10.0))  # noqa: S311
        scheduler.kill()
        code, said = told(process)
        for left in (worker, scheduler):
            left.kill()
            left.communicate()
        again, _ = told(command("study", "resume", out, "--quiet"))
        same = all(
            (out / name).read_bytes() == (undisturbed / name).read_bytes()
            for name in TABLES
            if (out / name).exists()
        )
        if code not in (0, 3) or "Traceback" in said or again or not same:
            faults.append(f"{k}: exits {code}, {again}: {said[-200:]}")
        shutil.rmtree(out, ignore_errors=True)
    return [row("scheduler killed under a study", faults, count)]


def reach_this_checkout() -> None:
    """Processes that are started from elsewhere find this checkout's code."""
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT), str(ROOT / "kernels"), os.environ.get("PYTHONPATH", "")]
    )
