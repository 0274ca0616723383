"""Result folders and commands for ways out: one finished run and one that a full disk ended, each
made once and copied; words of a command that a mend changes.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from unittest.mock import patch

from console import flood_sim
from flood_sim.core.errors import Finding
from flood_sim.study import load_study
from flood_sim.study.child import run_one
from flood_sim.study.queue import run_study
from scenario.test_loader import GOOD
from ways_out import command, put

QUIET = ("--quiet", "--no-report", "--threads", "1")
WORDS = "words.txt"
_KEPT: list[tempfile.TemporaryDirectory] = []  # removed at the end of the process


def kept() -> Path:
    """A folder for the life of this process."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="ways_"))
    return Path(_KEPT[-1].name)


@cache
def _finished() -> Path:
    folder = kept()
    (folder / "s.toml").write_text(GOOD + "[output]\ninterval_s = 120\n")
    told = flood_sim("run", folder / "s.toml", "--out", folder / "run", *QUIET)
    assert told.returncode == 0, told
    return folder


@cache
def _half() -> Path:
    """Beside the scenario: said.txt, what was told when the disk was full."""
    from flood_sim.output.recorder import Recorder

    record, folder = Recorder.record, kept()

    def full(self, simulation, window):
        if window.stop >= 300.0:
            raise OSError(28, "No space left on device")
        record(self, simulation, window)

    (folder / "s.toml").write_text(GOOD + "[output]\ninterval_s = 120\n")
    with patch.object(Recorder, "record", full):
        told = flood_sim("run", folder / "s.toml", "--out", folder / "run", *QUIET)
    assert told.returncode == 3, told
    (folder / "said.txt").write_text(told.stderr)
    return folder


def finished(folder: Path) -> Path:
    """s.toml and its finished run; the run's folder."""
    shutil.copytree(_finished(), folder, dirs_exist_ok=True)
    return folder / "run"


def half(folder: Path) -> Path:
    """s.toml and a run with a checkpoint that ended in its middle; the run's folder."""
    shutil.copytree(_half(), folder, dirs_exist_ok=True)
    return folder / "run"


def words(folder: Path, *given: object) -> None:
    """The words of a command that `give` says; `{}` stands for the folder."""
    (folder / WORDS).write_text("\n".join(map(str, given)))


def give(folder: Path) -> list[Finding]:
    """The command whose words lie in the folder."""
    return command(*(folder / WORDS).read_text().splitlines())(folder)


def does(use: Callable[[Path], object]) -> Callable[[Path], list[Finding]]:
    """A use of the notebook API as what is given: it raises its findings."""

    def give(folder: Path) -> list[Finding]:
        use(folder)
        return []

    return give


def reworded(old: str, new: str):
    """Another word in the command, as a mend."""
    return put(WORDS, old, new)


def told_command(finding: Finding) -> list[str]:
    """The words behind `flood-sim` of the command that a message names."""
    text = finding.do[finding.do.index("flood-sim ") + len("flood-sim ") :]
    for end in (" makes it", " writes it", " draws", " on ", "`", ";", ",", ")"):
        text = text.split(end)[0]
    return text.split()


def obey(folder: Path, finding: Finding, *more: str) -> None:
    """Gives the command that a message names: SCENARIO is s.toml, DIR the run's folder."""
    names = {"SCENARIO": folder / "s.toml", "DIR": folder / "run"}
    told = flood_sim(*(names.get(word, word) for word in told_command(finding)), *more)
    assert told.returncode == 0, told


class Ended(Future):
    """A run that has ended."""

    def release(self) -> None: ...


class Here:
    """Stands in for a cluster: each run of a study at once, in this process."""

    status = "running"

    def submit(self, function, *values, **keys) -> Future:
        ended = Ended()
        ended.set_result(function(*values))
        return ended

    def nthreads(self) -> dict[str, int]:
        return {"here": 1}


@contextmanager
def in_this_process():
    """Studies start no workers."""

    def one(text: str, store: str, timeout_s: float) -> dict:
        return run_one(json.loads(text) | {"memory_bytes": None}, Path(store))

    with (
        patch("flood_sim.study.queue.hydraulics", one),
        patch("flood_sim.study.queue.open_client", lambda *a: nullcontext(Here())),
    ):
        yield


POND = """[measure.pond]
kind = "pond_restoration"
targets = { polygon_m = [[10, 10], [40, 10], [40, 40], [10, 40]] }
depth_m = 0.5
cost = 1e6
"""
STUDY = """schema = 1
name = "few"
scenario = "s.toml"
portfolios = { as_it_is = [], ponds = ["ponds"] }
[projects]
ponds = ["pond"]
[storms.a]
[storms.b.rainfall]
scale = 0.5
"""


def study_of(folder: Path, text: str = STUDY) -> Path:
    (folder / "s.toml").write_text(GOOD + POND)
    (folder / "study.toml").write_text(text)
    return folder / "study.toml"


@cache
def _studied() -> Path:
    folder = kept()
    with in_this_process():
        run_study(load_study(study_of(folder)), folder / "run", workers=1)
    return folder


def studied(folder: Path) -> Path:
    """s.toml, study.toml and the study's four runs, complete; the study's folder. It goes on from
    the files that it was begun with.
    """
    shutil.copytree(_studied(), folder, dirs_exist_ok=True)
    return folder / "run"
