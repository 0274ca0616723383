"""Result folders, runs, studies, and what the machine refuses (E111-E113, E120-E123, E601, E602,
E901), each mended as its message says. What only a system does (a full disk, a lost cluster) is
done to the first call by a patch, as long as the folder holds `full`.
"""

import json
import os
import re
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
import rasterio
from filelock import FileLock

from cli.test_bad_input import RASTER, ROWS, SERIES, STORM
from console import flood_sim
from flood_sim.core import net
from flood_sim.core.errors import Finding, InstabilityError
from flood_sim.core.files import live
from flood_sim.core.files.folder_lock import owner_file
from flood_sim.output.checkpoint import is_complete
from flood_sim.output.recorder import Recorder
from flood_sim.results import open_results
from flood_sim.runs.runner import run as run_apart
from flood_sim.simulation.loop import Simulation
from flood_sim.study.cluster import open_client
from scenario.test_loader import GOOD
from ways.folders import (
    QUIET,
    Here,
    does,
    finished,
    give,
    half,
    in_this_process,
    obey,
    reworded,
    studied,
    study_of,
    told_command,
    words,
)
from ways_out import Way, check, command, follow, printed, put

FULL = OSError(28, "No space left on device")


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def freed(folder: Path, finding: Finding) -> None:
    """There is room again."""
    (folder / "full").unlink()


def while_full(target: str, refusal: Callable, then=give):
    """`then`, where as long as the disk is full a function is this refusal."""

    def given(folder: Path) -> list[Finding]:
        with patch(target, refusal) if (folder / "full").exists() else nullcontext():
            return then(folder)

    return given


def scene(folder: Path, more: str = "") -> None:
    (folder / "s.toml").write_text(GOOD + more)


def run_words(folder: Path, out: str = "{}/run", *more: str) -> None:
    scene(folder)
    words(folder, "run", "{}/s.toml", "--out", out, *QUIET, *more)


# ------------------------------------------------------------------------------ folders for results


def taken(folder: Path) -> None:
    finished(folder)
    run_words(folder)


def other_files(folder: Path) -> None:
    run_words(folder)
    (folder / "run").mkdir()
    (folder / "run" / "holiday.jpg").write_text("")


def a_file(folder: Path) -> None:
    run_words(folder)
    (folder / "run").write_text("")


def below_a_file(folder: Path) -> None:
    (folder / "file").write_text("")
    run_words(folder, "{}/file/run")


def checked(out: str, make=None):
    def wrong(folder: Path) -> None:
        scene(folder)
        words(folder, "check", "{}/s.toml", "--out", out)
        (folder / "file").write_text("")

    return wrong


def copied(folder: Path) -> None:
    words(folder, "copy", "quickstart", "{}/city")
    assert not give(folder)


def copied_to_a_file(folder: Path) -> None:
    words(folder, "copy", "quickstart", "{}/city")
    (folder / "city").write_text("")


def locked_away(folder: Path) -> None:
    """A folder that may not be listed; the superuser may, so the system's answer is a patch."""
    run_words(folder)
    (folder / "run").mkdir()


def as_a_stranger(folder: Path) -> list[Finding]:
    listed = Path.iterdir

    def refused(self: Path):
        if self == folder / "run":
            raise PermissionError(13, "Permission denied", str(self))
        return listed(self)

    with patch.object(Path, "iterdir", refused):
        return give(folder)


def signed_when_full(folder: Path) -> None:
    run_words(folder)
    (folder / "full").write_text("")


def study_words(folder: Path) -> None:
    study_of(folder)
    (folder / "run").mkdir()
    (folder / "run" / "holiday.jpg").write_text("")
    words(folder, "study", "run", "{}/study.toml", "--out", "{}/run", "--quiet")


def give_study(folder: Path) -> list[Finding]:
    """The study's command; it asks for no run."""
    with in_this_process(), patch("flood_sim.study.queue.expand", lambda study: []):
        return give(folder)


def held(folder: Path) -> None:
    run_words(folder)
    (folder / "run").mkdir()
    LOCKS.append(FileLock(folder / "run" / live.RUN_LOCK))
    LOCKS[-1].acquire()


def ended(folder: Path, finding: Finding) -> None:
    """The other run ends."""
    LOCKS.pop().release()


LOCKS: list[FileLock] = []
OTHER = "give another --out"
FOLDERS = [
    Way(
        "E111",
        "results of an earlier run are here",
        "give another --out, or --overwrite to replace them…",
        taken,
        reworded("{}/run", "{}/other"),
        give,
    ),
    Way(
        "E111",
        "results of an earlier run are here",
        "give another --out, or --overwrite to replace them…",
        taken,
        reworded("--quiet", "--overwrite\n--quiet"),
        give,
    ),
    Way(
        "E111",
        "the file exists",
        "give another folder, or remove it",
        copied,
        lambda folder, finding: Path(finding.place).unlink(),
        give,
    ),
    Way(
        "E111",
        "the file exists",
        "give another folder, or remove it",
        copied,
        reworded("{}/city", "{}/another"),
        give,
    ),
    Way(
        "E111",
        "the folder cannot be made: …",
        OTHER,
        checked("{}/file/check"),
        reworded("{}/file/check", "{}/check"),
        give,
    ),
    Way(
        "E111",
        "the folder cannot be read: …",
        OTHER,
        locked_away,
        reworded("{}/run", "{}/other"),
        as_a_stranger,
    ),
    Way(
        "E111",
        "the folder cannot be written: …",
        "free space, or give another --out",
        signed_when_full,
        freed,
        while_full("flood_sim.core.files.folder_lock.os.replace", full),
    ),
    Way(
        "E111",
        "the folder cannot be written: …",
        OTHER,
        below_a_file,
        reworded("{}/file/run", "{}/run"),
        give,
    ),
    Way(
        "E111",
        "this folder holds other files",
        "give an empty or new --out",
        study_words,
        reworded("{}/run", "{}/new"),
        give_study,
    ),
    Way(
        "E111",
        "this folder holds other files",
        "give an empty or new folder as --out",
        other_files,
        reworded("{}/run", "{}/new"),
        give,
    ),
    Way(
        "E111",
        "this folder is not empty",
        "give a new --out",
        checked("{}"),
        reworded("--out\n{}", "--out\n{}/new"),
        give,
    ),
    Way("E111", "this is a file, not a folder", OTHER, a_file, reworded("{}/run", "{}/new"), give),
    Way(
        "E111",
        "this is a file, not a folder",
        "give another folder",
        copied_to_a_file,
        reworded("{}/city", "{}/another"),
        give,
    ),
    Way(
        "E112",
        "another … is … here",
        "wait until it ends or end it, or give this … another --out",
        held,
        ended,
        give,
    ),
]

# ------------------------------------------------------------------------------------------- resume


def wanted(folder: Path) -> list[Finding]:
    """Who wants finished results resumes, until they are there."""
    if is_complete(folder / "run"):
        return []
    return command("run", "--resume", "{}/run", "--quiet", "--no-report")(folder)


def obeyed(folder: Path, finding: Finding) -> None:
    """The first command that is told, given."""
    told = told_command(finding)
    rest = QUIET[:2] if "--resume" in told else QUIET if told[0] == "run" else ()
    obey(folder, finding, *rest)


def damaged(folder: Path) -> None:
    (half(folder) / "checkpoint" / "state.npz").write_bytes(b"PK")


def no_checkpoint(folder: Path) -> None:
    run = half(folder)
    for path in run.glob("checkpoint/*"):
        path.unlink()
    (run / "checkpoint").rmdir()


def nothing_there(folder: Path) -> None:
    scene(folder)
    (folder / "run").mkdir()


def half_of_a_series(folder: Path) -> None:
    """A run of a table of rain that a full disk ended; then the table was changed."""
    (folder / "s.toml").write_text(GOOD.replace(STORM, SERIES) + "[output]\ninterval_s = 120\n")
    (folder / "rain.csv").write_text(ROWS)
    record = Recorder.record

    def refused(self, simulation, window):
        if window.stop >= 300.0:
            full()
        record(self, simulation, window)

    with patch.object(Recorder, "record", refused):
        told = flood_sim("run", folder / "s.toml", "--out", folder / "run", *QUIET)
    assert told.returncode == 3, told
    put("rain.csv", ",2", ",3")(folder)


def changed_text(folder: Path) -> None:
    half(folder)
    put("run/scenario.toml", "15:10:00", "15:11:00")(folder)


def failed(folder: Path) -> None:
    """A run that ran away: the storm is more than its model holds."""

    def away(self, window):
        raise InstabilityError("E506 the water ran away")

    scene(folder)
    with patch.object(Simulation, "advance", away):
        told = flood_sim("run", folder / "s.toml", "--out", folder / "run", *QUIET)
    assert told.returncode == 3, told


def mended_and_run(folder: Path, finding: Finding) -> None:
    """What the summary says is mended (the patch has gone); then the command that is told."""
    place = Path(finding.do.split("(")[1].split(")")[0])
    assert "ran away" in json.loads(place.read_text())["message"]
    obeyed(folder, finding)


def drawn(folder: Path) -> list[Finding]:
    """Who wants the page resumes the run that is complete."""
    if (folder / "run" / "report" / "report.html").exists():
        return []
    return command("run", "--resume", "{}/run", "--quiet")(folder)


def reported(folder: Path, finding: Finding) -> None:
    """The command that is told; its pictures have tests of their own."""
    with patch("flood_sim.cli.results.draw", lambda run, limits: run / "report"):
        obeyed(folder, finding)


NEW = "flood-sim run SCENARIO --out DIR"
ANEW = f"run it anew: {NEW} --overwrite"
RESUMED = [
    Way(
        "E113",
        "the checkpoint is damaged: the run cannot go on from it",
        ANEW,
        damaged,
        obeyed,
        wanted,
    ),
    Way(
        "E113",
        "the run cannot be resumed: what it is made of has changed",
        "put it back, or …",
        half_of_a_series,
        put("rain.csv", ",3", ",2"),
        wanted,
    ),
    Way(
        "E113",
        "the run cannot be resumed: what it is made of has changed, or is damaged",
        "put the file back, or …",
        changed_text,
        put("run/scenario.toml", "15:11:00", "15:10:00"),
        wanted,
    ),
    Way(
        "E113",
        "the run failed, and would fail again",
        "mend what its message says (…), then …",
        failed,
        mended_and_run,
        wanted,
    ),
    Way(
        "E113",
        "the run is complete: there is nothing to resume",
        "flood-sim report … draws its pictures and its page; or …",
        finished,
        reported,
        drawn,
    ),
    Way("E113", "there is no checkpoint to resume from", ANEW, no_checkpoint, obeyed, wanted),
    Way(
        "E113",
        "there is no checkpoint to resume from, nor any result",
        NEW,
        nothing_there,
        obeyed,
        wanted,
    ),
    Way(
        "E113",
        "there is no such folder, so there is nothing to resume",
        NEW,
        scene,
        obeyed,
        wanted,
    ),
]

# ----------------------------------------------------------------- disks, clusters, memory, faults


def filled(make):
    """The disk is full."""

    def wrong(folder: Path) -> None:
        make(folder)
        (folder / "full").write_text("")

    return wrong


def first_run(folder: Path) -> list[Finding]:
    """Who wants results runs, until they are there."""
    return [] if is_complete(folder / "run") else give(folder)


def resumed(folder: Path, finding: Finding) -> None:
    """Room is made; then the command that is told."""
    freed(folder, finding)
    obeyed(folder, finding)


def cache_full(self, window) -> None:
    """Numba cannot keep a kernel."""
    code = compile("raise OSError(28, 'No space left on device')", "caching.py", "exec")
    exec(code, {"__name__": "numba.core.caching"})  # noqa: S102


ADVANCE, RECORD = "simulation.loop.Simulation.advance", "output.recorder.Recorder.record"


def whole_study(folder: Path) -> list[Finding]:
    """Who wants a study's catalogue runs the study, until it is there."""
    if (folder / "run" / "catalogue.parquet").exists():
        return []
    with in_this_process():
        return give(folder)


def asked_study(folder: Path) -> None:
    """A study whose runs have ended and whose catalogue is to be made; one record is lost."""
    run = studied(folder)
    (run / "catalogue.parquet").unlink()
    min((run / "asked").glob("*.json")).unlink()
    words(folder, "study", "resume", "{}/run", "--quiet")


def resumed_study(folder: Path, finding: Finding) -> None:
    freed(folder, finding)
    with in_this_process():
        obey(folder, finding, "--quiet")


class Gone(Here):
    """A cluster whose scheduler is lost."""

    status = "closed"


def lost_cluster(folder: Path) -> list[Finding]:
    """The first scheduler goes, the next one stays."""
    lost = (folder / "full").exists()
    with in_this_process(), ExitStack() as stack:
        if lost:
            opened = "flood_sim.study.queue.open_client"
            stack.enter_context(patch(opened, lambda *_: nullcontext(Gone())))
        return [] if (folder / "run" / "catalogue.parquet").exists() else give(folder)


def frames_under_way(folder: Path) -> None:
    """A run, this process, is always between two frames."""
    run = finished(folder)
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
    owner_file(run, live.RUN_LOCK).write_text(json.dumps(owner))
    (run / live.COUNTER).write_text(f"{1:020d}")


def run_ended(folder: Path, finding: Finding) -> None:
    owner_file(folder / "run", live.RUN_LOCK).unlink()
    (folder / "run" / live.COUNTER).unlink()


@does
def impatient(folder: Path) -> None:
    with patch.object(live, "PATIENCE_S", 0.1):
        open_results(folder / "run").fields.load()


@does
def own_workers(folder: Path) -> None:
    with open_client(1, None, False):
        pass


def starts(slots: int, stack: ExitStack) -> Here:
    return Here()


def few_workers(folder: Path) -> list[Finding]:
    with patch("flood_sim.study.cluster._own_cluster", starts):
        return while_full("flood_sim.study.cluster._own_cluster", full, own_workers)(folder)


def large(folder: Path) -> None:
    scene(folder)
    put("s.toml", "columns = 20, rows = 10", "columns = 200, rows = 100")(folder)
    words(folder, "check", "{}/s.toml")


def small_machine(folder: Path) -> list[Finding]:
    """Memory for a few hundred cells."""

    def read(scenario, *more):
        if scenario.spec.terrain.bed_elevation.columns > 100:
            raise MemoryError
        return build(scenario, *more)

    from flood_sim.scenario import build_inputs as build

    with patch("flood_sim.scenario.build_inputs", read):
        return give(folder)


def huge_raster(folder: Path) -> None:
    """Ten thousand million cells, none of them written."""
    text = GOOD.replace(*RASTER)
    (folder / "s.toml").write_text(text)
    keys = {"width": 100_000, "height": 100_000, "count": 1, "dtype": "float32", "crs": "EPSG:4547"}
    keys["transform"] = rasterio.transform.from_origin(472_000, 3_846_100, 5.0, 5.0)
    keys |= {"sparse_ok": True, "tiled": True, "blockxsize": 4096, "blockysize": 4096}
    with rasterio.open(folder / "dem.tif", "w", driver="GTiff", BIGTIFF="YES", **keys):
        pass


def clipped(folder: Path, finding: Finding) -> None:
    """A window of the raster."""
    with rasterio.open(folder / "dem.tif") as old:
        values = np.nan_to_num(old.read(1, window=((0, 10), (0, 20)))) + 10.0
        keys = {"width": 20, "height": 10, "count": 1, "dtype": "float32", "crs": old.crs}
        keys["transform"] = old.transform
    with rasterio.open(folder / "new.tif", "w", driver="GTiff", **keys) as new:
        new.write(values.astype(np.float32), 1)
    (folder / "new.tif").replace(folder / "dem.tif")


def large_machine(folder: Path) -> list[Finding]:
    """A machine with all memory that a model might ask for."""
    with patch("flood_sim.scenario.memory.available_bytes", lambda: 1 << 60):
        return check(folder)


def small_disk(folder: Path) -> None:
    (folder / "small").mkdir()
    (folder / "large").mkdir()
    run_words(folder, "{}/small/run")


def two_disks(folder: Path) -> list[Finding]:
    """Below `small` there is hardly any room."""

    def usage(place: Path) -> SimpleNamespace:
        return SimpleNamespace(free=100 if "small" in Path(place).parts else 1 << 40)

    with patch("flood_sim.runs.runner.shutil.disk_usage", usage):
        return give(folder)


def fewer_results(folder: Path, finding: Finding) -> None:
    """`fields = "maxima"`, in the words of the message."""
    assert '[output] fields = "depth" or "maxima"' in finding.do
    with (folder / "s.toml").open("a") as file:
        file.write('[output]\nfields = "maxima"\n')


def listing(folder: Path) -> None:
    words(folder, "list")


def copying(folder: Path) -> None:
    words(folder, "copy", "quickstart", "{}/city")


def obey_again(folder: Path, finding: Finding) -> None:
    """Room is made, and the command may be given again."""
    assert finding.do.startswith("free space") and "give the command again" in finding.do
    freed(folder, finding)


def unforeseen(folder: Path) -> None:
    words(folder, "list")
    (folder / "full").write_text("")


def torn(keeps_logs: bool):
    """A fault of ours in a command, told as the process tells it."""

    def given(folder: Path) -> list[Finding]:
        keys = {} if keeps_logs else {"side_effect": OSError(28, "No space left on device")}
        kept = patch("tempfile.mkstemp", **keys) if keys else patch.dict(os.environ, {})
        target = "flood_sim.scenario.load_scenario"
        with kept, patch("tempfile.tempdir", str(folder)):
            try:
                return while_full(target, lambda *_: {}["x"])(folder)
            except KeyError as error:
                return printed(net.fault(error, ["flood-sim", "list"]))

    return given


def looked_at(folder: Path, finding: Finding) -> None:
    """What a report takes with it: the traceback, where there is one, and `flood-sim doctor`."""
    place = re.search(r"the traceback is in (\S+);", finding.problem)
    if place:
        assert "Traceback" in Path(place[1]).read_text()
    assert "`flood-sim doctor`" in finding.problem
    assert flood_sim("doctor", "--help").returncode == 0  # it runs in tests/cli/test_doctor.py
    freed(folder, finding)


@does
def notebook(folder: Path) -> None:
    """`run` of the notebook API; its child is this process."""

    def child(line: list[str], **keys) -> SimpleNamespace:
        told = flood_sim(*line[3:], "--no-report")
        return SimpleNamespace(returncode=told.returncode, stderr=told.stderr)

    with patch("flood_sim.runs.runner.subprocess.run", child):
        run_apart(folder / "s.toml", out=folder / "run", threads=1)


def misspelt(folder: Path) -> None:
    scene(folder)
    put("s.toml", "[rainfall]", "[rainfal]")(folder)


FAULT = "this is a fault of flood_sim;"
REPORT = "please report it with the output of `flood-sim doctor`"
KEPT = "free space or give the folder back, then …"
MACHINE = [
    Way(
        "E100",
        "…",
        "mend what it names, then give the command again",
        misspelt,
        put("s.toml", "[rainfal]", "[rainfall]"),
        notebook,
    ),
    Way(
        "E120",
        "the compiled kernels cannot be kept…: …",
        "free space there, or set NUMBA_CACHE_DIR to a folder of your own on another disk, then …",
        filled(run_words),
        resumed,
        while_full(f"flood_sim.{ADVANCE}", cache_full, first_run),
    ),
    Way(
        "E121",
        "the cluster is lost: …; the runs that had ended are kept",
        "",
        filled(asked_study),
        resumed_study,
        lost_cluster,
    ),
    Way(
        "E122",
        "the run writes frames faster than the file can be copied (… s were tried)",
        "wait until the run has ended, or give [output] a longer interval_s",
        frames_under_way,
        run_ended,
        impatient,
    ),
    Way(
        "E123",
        "the workers cannot be started: …",
        "free space in … and memory, then the same command again; a script of your own calls it"
        ' below `if __name__ == "__main__":`',
        filled(scene),
        freed,
        few_workers,
    ),
    Way(
        "E601",
        "this machine could not hold the run; clip the grid or use larger cells",
        "",
        large,
        put(
            "s.toml",
            "columns = 200, rows = 100, cell_size_m = 5.0",
            "columns = 20, rows = 10, cell_size_m = 50.0",
        ),
        small_machine,
    ),
    Way(
        "E601",
        "… x … cells cannot be read on this machine",
        "clip the raster, or use larger cells",
        huge_raster,
        clipped,
        large_machine,
    ),
    Way(
        "E602",
        "the results do not fit on this disk",
        '[output] fields = "depth" or "maxima", a longer interval_s, or another --out',
        small_disk,
        reworded("{}/small", "{}/large"),
        two_disks,
    ),
    Way(
        "E602",
        "the results do not fit on this disk",
        '[output] fields = "depth" or "maxima", a longer interval_s, or another --out',
        small_disk,
        fewer_results,
        two_disks,
    ),
    Way(
        "E602",
        "the system refused it: …",
        "…; then …",
        filled(listing),
        obey_again,
        while_full("flood_sim.scenario.load_scenario", full),
    ),
    Way(
        "E602",
        "this cannot be written: …",
        "…; then …",
        filled(copying),
        obey_again,
        while_full("os.fsync", full),
    ),
    Way(
        "E602",
        "what the study needs there cannot be written or read: …",
        KEPT,
        filled(asked_study),
        resumed_study,
        while_full("flood_sim.study.store.Store.note", full, whole_study),
    ),
    Way(
        "E602",
        "… cannot be written…: …",
        KEPT,
        filled(run_words),
        resumed,
        while_full(f"flood_sim.{RECORD}", full, first_run),
    ),
    Way(
        "E901",
        f"unexpected error (…) at …; {FAULT} {REPORT}",
        "",
        unforeseen,
        looked_at,
        torn(keeps_logs=False),
    ),
    Way(
        "E901",
        f"unexpected error (…); {FAULT.replace(';', '')}; the traceback is in …; {REPORT}",
        "",
        unforeseen,
        looked_at,
        torn(keeps_logs=True),
    ),
]

WAYS: list[Way] = [*FOLDERS, *RESUMED, *MACHINE]

# Rows that no test can follow, and why.
WITHOUT: dict[tuple[str, str, str], str] = {}


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
