"""A checkpoint puts back every file that grows with a run, and what is kept; by a run of numbers."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.drainage.tape import TapedNetwork
from flood_sim.output import checkpoint, recorder
from flood_sim.output.checkpoint import COPIED, Checkpoints, Saved, has_checkpoint, made_of
from flood_sim.output.state import collect, kept_names, restore

GROWING = ("fields.nc", "network.nc", "gauges.csv", "sections.csv", "sites.csv", "openings.csv")


class Model:
    KEPT = ("depth", "time_s", "notes", "table")
    network = None

    def __init__(self):
        self.depth, self.time_s = np.zeros(3), 0.0
        self.notes, self.table = [(0.0, "x")], {1: (2, 3)}


class Recorder:
    KEPT = ("frames",)

    def __init__(self):
        self.frames, self.synced = 0, 0

    def sync(self):
        self.synced += 1


def run(folder):
    """A run with every growing file, one checkpoint old."""
    model, told = Model(), Recorder()
    model.depth[:], model.time_s, told.frames = (1.0, 2.0, 3.0), 10.0, 4
    model.notes.append((5.0, "y"))
    for name in GROWING:
        (folder / name).write_text(f"{name} at 10 s")
    Checkpoints(folder, 0.0, {"made": "of"}).write(model, told)
    assert told.synced == 1


def test_every_file_that_grows_is_put_back(tmp_path):
    """Files go on after the checkpoint; a resume finds each as it was then."""
    run(tmp_path)
    for name in GROWING:
        (tmp_path / name).write_text(f"{name} at 10 s and what came after")
    (tmp_path / "summary.json").write_text("{}")
    saved = Saved(tmp_path)
    assert (saved.time_s, saved.meta) == (10.0, {"made": "of"})
    saved.put_files_back()
    assert [(tmp_path / n).read_text() for n in GROWING] == [f"{n} at 10 s" for n in GROWING]
    assert not (tmp_path / "summary.json").exists()
    (tmp_path / "checkpoint" / "openings.csv").unlink()
    saved.put_files_back()  # what was not there at the checkpoint is not there after it
    assert not (tmp_path / "openings.csv").exists()


def test_no_file_that_a_recorder_carries_on_is_forgotten():
    assert set(COPIED) == set(recorder.GROWING) == set(GROWING)


def test_what_is_kept_comes_back(tmp_path):
    """Arrays in place, tuples as tuples, numbers as keys."""
    run(tmp_path)
    model, told = Model(), Recorder()
    view = model.depth
    Saved(tmp_path).restore(model, told)
    assert view.tolist() == [1.0, 2.0, 3.0] and model.time_s == 10.0 and told.frames == 4
    assert model.notes == [(0.0, "x"), (5.0, "y")] and model.table == {1: (2, 3)}
    saved = collect(model, "m") | {"m/notes": None, "m/table": None}
    restore(model, saved, "m")  # what was nothing then is nothing again
    assert model.notes is model.table is None
    restore(model, collect(Model(), "m"), "m")
    assert model.notes == [(0.0, "x")] and model.table == {1: (2, 3)}


def test_a_damaged_checkpoint_is_refused_and_an_older_whole_one_taken(tmp_path):
    run(tmp_path)
    folder, old = tmp_path / "checkpoint", tmp_path / "checkpoint.old"
    shutil.copytree(folder, old)
    (folder / "sites.csv").write_text("cut")
    saved = Saved(tmp_path)
    assert saved.folder == old and has_checkpoint(tmp_path)
    saved.put_files_back()  # the next one is written where this one stands
    assert saved.folder == folder and not old.exists()
    (folder / "state.npz").write_bytes(b"")
    with pytest.raises(InputError, match="the checkpoint is damaged.*\n.*state.npz"):
        Saved(tmp_path)
    (folder / "complete").write_text(json.dumps({}))
    with pytest.raises(InputError, match="damaged"):
        Saved(tmp_path)


def test_a_checkpoint_is_written_when_it_is_due(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(checkpoint, "time", SimpleNamespace(monotonic=lambda: now[0]))
    written, keeper = [], Checkpoints(tmp_path, 60.0, {})
    monkeypatch.setattr(keeper, "write", lambda simulation, recorder: written.append(now[0]))
    for moment in (159.0, 160.0, 200.0, 219.0, 220.0, 230.0):
        now[0] = moment
        keeper.ask(None, None)
    assert written == [160.0, 220.0]


def test_a_result_depends_on_the_content_of_each_file(tmp_path):
    (tmp_path / "a.csv").write_text("1")
    (tmp_path / "b.csv").write_text("1")
    effective = {"x": {"file": str(tmp_path / "a.csv")}, "y": [{"f": str(tmp_path / "b.csv")}, "c"]}
    before = made_of(SimpleNamespace(effective=effective))
    (tmp_path / "b.csv").write_text("2")
    after = made_of(SimpleNamespace(effective=effective))
    assert {k for k in before if before[k] != after[k]} == {"b.csv"}
    assert before["scenario"] != made_of(SimpleNamespace(effective={"x": 1}))["scenario"]
    assert {"version of flood_sim", "version of numba", "version of pyswmm"} <= before.keys()


def test_a_record_of_another_shape_is_refused():
    """A tuple's array cannot be exchanged: the kernels would write beyond it."""
    model = Model()
    model.table = (np.zeros(2), 1.0)
    saved = collect(model, "m")
    model.table = (np.zeros(3), 1.0)
    with pytest.raises(RuntimeError, match=r"m/table/0 was kept as \(2,\), and is \(3,\) now"):
        restore(model, saved, "m")
    model.table = (np.ones(2), 1.0)
    restore(model, saved, "m")
    assert model.table[0].tolist() == [0.0, 0.0]


def test_what_does_not_say_what_it_keeps_is_a_fault():
    """A frozen record is built anew from the scenario: it can't be asked for what changes."""

    @dataclass(frozen=True)
    class Fixed:
        x: int

    @dataclass
    class Moving:
        x: int

    assert kept_names(Moving(1)) == ["x"] and kept_names((1, 2)) == ["0", "1"]
    for thing in (Fixed(1), object()):
        with pytest.raises(RuntimeError, match="does not declare what a checkpoint keeps"):
            kept_names(thing)


def test_the_tape_is_the_one_of_the_checkpoint(tmp_path):
    """Longer is fine and cut back; shorter, another or none is refused."""

    class Taped(TapedNetwork):
        def __init__(self):
            pass

        def recorded(self):
            return 3, hashlib.sha256(b"abc").hexdigest()

    model, tape = Model(), tmp_path / "checkpoint.tape"
    model.network = Taped()
    Checkpoints(tmp_path, 0.0, {}).write(model, Recorder())
    tape.write_bytes(b"abcdef")
    Saved(tmp_path).put_files_back()
    assert tape.read_bytes() == b"abc"
    for content in (b"ab", b"abX"):
        tape.write_bytes(content)
        with pytest.raises(InputError, match="the checkpoint is damaged"):
            Saved(tmp_path)
    tape.unlink()
    with pytest.raises(InputError, match="the checkpoint is damaged"):
        Saved(tmp_path)
