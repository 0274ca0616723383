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
from flood_sim.study.store import Store
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
from ways_out import Way, check, command, follow, put

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
    """The study's command; no run is left to be done, as its records are here."""
    studied(folder / "kept")
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
    """The command that is told last, given."""
    anew = "flood-sim run SCENARIO --out DIR --overwrite"
    text = finding.do.replace("; or " + anew, "")
    rest = QUIET[:2] if "--resume" in text else QUIET if "run SCENARIO" in text else ()
    obey(folder, Finding("E113", "", "", do=text), *rest)


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

WAYS: list[Way] = [*FOLDERS, *RESUMED]

# Rows that no test can follow, and why.
WITHOUT: dict[tuple[str, str, str], str] = {}


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
