"""Checkpoints: everything a killed run needs to go on and end with the very same results.

The surface, the exchange and the books are stored; SWMM is replayed from its start with the inflows
and levels it was given (a tape), because its own hot-start file is float32 and loses state. A
checkpoint is a folder that is renamed into place: complete or absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.core.errors import InputError, input_error
from flood_sim.core.files.durable import sync_file, sync_folder, write_beside
from flood_sim.drainage.tape import TapedNetwork, digest_of
from flood_sim.output.state import collect, restore
from flood_sim.simulation.inputs import ModelInputs

if TYPE_CHECKING:
    from flood_sim.output.recorder import Recorder
    from flood_sim.simulation.loop import Simulation

FOLDER, SIDE, OLD, TAPE, DONE = (
    "checkpoint",
    "checkpoint.part",
    "checkpoint.old",
    "checkpoint.tape",
    "complete",
)
ANEW = "run it anew: flood-sim run SCENARIO --out DIR --overwrite"
COPIED = ("fields.nc", "network.nc", "gauges.csv", "sections.csv", "sites.csv", "openings.csv")


def made_of(inputs: ModelInputs) -> dict[str, str]:
    """What a result depends on: the scenario, the content of its files, the versions of what
    computes.
    """
    text = json.dumps(inputs.effective, sort_keys=True, default=str)
    parts = {"scenario": hashlib.sha256(text.encode()).hexdigest()}
    for path in sorted(set(_files_in(inputs.effective))):
        with path.open("rb") as file:
            parts[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return parts | {
        f"version of {name}": version(name)
        for name in ("flood_sim", "numpy", "numba", "pyswmm", "swmm-toolkit")
    }


def text_hash(out: Path) -> str:
    """SHA-256 of a result folder's scenario.toml; "" where there is none."""
    path = out / "scenario.toml"
    return _hash(path) if path.is_file() else ""


def _files_in(value: Any) -> Iterator[Path]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _files_in(part)
    elif (
        isinstance(value, str)
        and Path(value).suffix
        and Path(value).is_absolute()
        and Path(value).is_file()
    ):
        yield Path(value)


class Checkpoints:
    """Writes a checkpoint into a result folder every so many seconds of wall time; asked after
    every window.
    """

    def __init__(self, out: Path, every_s: float, meta: dict[str, Any]) -> None:
        self._out, self._every_s, self._meta = out, every_s, meta
        self._last = time.monotonic()

    def ask(self, simulation: Simulation, recorder: Recorder) -> None:
        """Write one where one is due."""
        if time.monotonic() - self._last >= self._every_s:
            self.write(simulation, recorder)
            self._last = time.monotonic()

    def write(self, simulation: Simulation, recorder: Recorder) -> None:
        """The state at the end of the last window, and the files as far as they are written."""
        side, folder, old = (self._out / name for name in (SIDE, FOLDER, OLD))
        _discard(side)
        side.mkdir()
        recorder.sync()
        for name in COPIED:
            if (self._out / name).exists():
                shutil.copyfile(self._out / name, side / name)
        state = collect(simulation, "simulation") | collect(recorder, "recorder")
        arrays = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
        values = {name: _plain(value) for name, value in state.items() if name not in arrays}
        tape, tape_hash = (
            simulation.network.recorded()
            if isinstance(simulation.network, TapedNetwork)
            else (0, "")
        )
        with (side / "state.npz").open("wb") as file:
            np.savez(file, **{f"a{k}": value for k, value in enumerate(arrays.values())})  # type: ignore[arg-type]
        document = {
            "meta": self._meta,
            "time_s": simulation.time_s,
            "tape": tape,
            "tape_hash": tape_hash,
            "arrays": list(arrays),
            "values": values,
        }
        (side / "state.json").write_text(json.dumps(document), encoding="utf-8")
        for path in side.iterdir():
            sync_file(path)
        (side / DONE).write_text(
            json.dumps({path.name: _hash(path) for path in sorted(side.iterdir())}),
            encoding="utf-8",
        )
        sync_file(side / DONE)
        sync_folder(side)
        _discard(old)
        if folder.exists():
            os.replace(folder, old)
        os.replace(side, folder)
        sync_folder(self._out)
        _discard(old)


def _hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _discard(folder: Path) -> None:
    """Delete a checkpoint's folder; its mark goes first, so that half of one never passes for a
    whole.
    """
    (folder / DONE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def remove_checkpoint(out: Path) -> None:
    """Delete what belongs to a checkpoint."""
    for name in (FOLDER, SIDE, OLD):
        _discard(out / name)
    (out / TAPE).unlink(missing_ok=True)


def has_checkpoint(out: Path) -> bool:
    """Whether something stands in the folder that was a whole checkpoint when it was written."""
    return any((out / name / DONE).exists() for name in (FOLDER, SIDE, OLD))


class Saved:
    """A checkpoint on disk, read and proved; nothing is changed until the files are put back.
    Raises InputError where there is none, or none whole.
    """

    def __init__(self, out: Path) -> None:
        self._out, damages = out, list[str]()
        for name in (
            FOLDER,
            SIDE,
            OLD,
        ):  # killed between two renames of a write: the new one, or the old, is complete
            if (out / name / DONE).exists():
                damage = _damage(out / name)
                if not damage:
                    self.folder = out / name
                    break
                damages.append(f"{name}/{damage}")
        else:
            raise _nothing_to_resume(out, damages)
        self._document = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        self.meta: dict[str, Any] = self._document["meta"]
        self.time_s: float = self._document["time_s"]
        tape, length = out / TAPE, int(self._document["tape"])
        if length and (
            not tape.is_file()
            or tape.stat().st_size < length
            or digest_of(tape, length).hexdigest() != self._document["tape_hash"]
        ):
            raise _nothing_to_resume(out, [TAPE])

    def put_files_back(self) -> None:
        """The result files as they were; what was written after the checkpoint is written again."""
        if (
            self.folder != self._out / FOLDER
        ):  # the next checkpoint is written where this one stands
            _discard(self._out / FOLDER)
            os.replace(self.folder, self._out / FOLDER)
            self.folder = self._out / FOLDER
        (self._out / "summary.json").unlink(missing_ok=True)  # it is not finished
        for name in COPIED:
            source = self.folder / name
            if source.exists():
                write_beside(self._out / name, partial(shutil.copyfile, source))
            else:
                (self._out / name).unlink(missing_ok=True)
        tape = self._out / TAPE
        if tape.exists():
            os.truncate(tape, int(self._document["tape"]))

    def restore(self, simulation: Simulation, recorder: Recorder) -> None:
        """Bring network, surface, exchange, books and statistics to the checkpoint."""
        if isinstance(simulation.network, TapedNetwork) and self._document["tape"]:
            simulation.network.replay(
                self._out / TAPE,
                int(self._document["tape"]),
                simulation.exchange.layout.outfalls_to_surface,
            )
        with np.load(self.folder / "state.npz") as data:
            saved: dict[str, Any] = {
                name: data[f"a{k}"] for k, name in enumerate(self._document["arrays"])
            }
        saved |= self._document["values"]
        restore(simulation, saved, "simulation")
        restore(recorder, saved, "recorder")


def _damage(folder: Path) -> str:
    """The file of a checkpoint that is not what it was when it was written; "" where all are."""
    try:
        marks = json.loads((folder / DONE).read_text(encoding="utf-8"))
        wrong = [
            name
            for name, mark in marks.items()
            if not (folder / name).is_file() or _hash(folder / name) != mark
        ]
        return wrong[0] if wrong else "" if "state.json" in marks else DONE
    except (ValueError, AttributeError):
        return DONE


def _nothing_to_resume(out: Path, damages: list[str]) -> InputError:
    """Why a run cannot go on, and what leads on instead."""
    if damages:
        return input_error(
            "E113",
            str(out),
            "the checkpoint is damaged: the run cannot go on from it",
            given=", ".join(damages),
            do=ANEW,
        )
    status = _status(out)
    if status == "complete":
        return input_error(
            "E113",
            str(out),
            "the run is complete: there is nothing to resume",
            do=f"flood-sim report {out} draws its pictures and its page; or {ANEW}",
        )
    if status == "failed":
        return input_error(
            "E113",
            str(out),
            "the run failed, and would fail again",
            do=f"mend what its message says ({out / 'summary.json'}), then {ANEW}",
        )
    if not (out / "scenario.toml").exists():
        return input_error(
            "E113",
            str(out),
            "there is no checkpoint to resume from, nor any result",
            do="flood-sim run SCENARIO --out DIR",
        )
    return input_error("E113", str(out), "there is no checkpoint to resume from", do=ANEW)


def _status(out: Path) -> str:
    """What the summary says of the run; "" where there is none that can be read."""
    try:
        return str(json.loads((out / "summary.json").read_text(encoding="utf-8"))["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def is_complete(out: Path) -> bool:
    """Whether a finished run stands here."""
    return _status(out) == "complete"


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
