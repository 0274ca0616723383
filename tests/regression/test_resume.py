"""kill -9 at any moment, then --resume: nothing is lost, the results are those of an undisturbed
run.
"""

import json
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

from benchmarks.reliability import kills
from cases import grid_of
from flood_sim.core.clock import Window
from flood_sim.core.errors import InputError
from flood_sim.ground.terrain import terrain_of
from flood_sim.output.state import collect, restore
from flood_sim.runs.runner import resume_scenario, run_scenario
from flood_sim.runs.underway import Listener
from flood_sim.scenario import load_scenario
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings


@pytest.mark.parametrize(("scheme", "count"), [("local_inertial", 7), ("second_order", 3)])
def test_killed_and_resumed_runs_end_with_the_same_bits(tmp_path, scheme, count):
    kills.killed_run(tmp_path / "quiet", scheme, 0)
    assert kills.killed_run(tmp_path / "killed", scheme, count, seed=3) >= count // 2
    assert kills.differences(tmp_path / "quiet" / "out", tmp_path / "killed" / "out") == []
    summary = json.loads((tmp_path / "quiet" / "out" / "summary.json").read_text())
    assert {e["name"] for e in summary["events"]} == {
        "leaves",
        "truck",
    }  # the events, the pump and the soil took part
    assert min(summary["ledger"][key] for key in ("infiltration", "evaporation")) > 0.0
    assert summary["structures"]["street to street"]["forward_m3"] > 0.0
    mall = summary["sites"]["mall"]
    assert (
        min(
            mall["entered_m3"],
            mall["pumped_m3"],
            mall["passed_out_m3"],
            summary["sites"]["substation"]["out_h"],
        )
        > 0.0
    )
    left = {path.name for path in (tmp_path / "killed" / "out").iterdir()}
    assert not {name for name in left if "checkpoint" in name or name in (".lock", "swmm.part")}


def test_an_interrupted_run_is_carried_on_by_the_command(tmp_path):
    """Ctrl-C leaves a checkpoint and readable results; --resume completes them."""
    import signal
    import time

    scenario = tmp_path / "s.toml"
    scenario.write_text(kills.SCENARIO.replace("SCHEME", "local_inertial"))
    command = [sys.executable, "-m", "flood_sim.cli", "run"]
    process = subprocess.Popen(
        [*command, str(scenario), "--out", str(tmp_path / "out"), "--no-report", "--quiet"]
    )
    while not (tmp_path / "out" / "checkpoint").exists():
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["status"] == "interrupted"
    done = subprocess.run(
        [*command, "--resume", str(tmp_path / "out"), "--no-report"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "resumed at" in done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == "complete" and summary["simulated_s"] == 2400.0


def test_resume_refuses_what_has_changed(tmp_path):
    with pytest.raises(InputError, match="no checkpoint"):
        resume_scenario(tmp_path)
    scenario = tmp_path / "s.toml"
    scenario.write_text(kills.SCENARIO.replace("SCHEME", "local_inertial"))
    run = load_scenario(scenario)
    run_scenario(
        run,
        tmp_path / "out",
        threads=1,
        listener=Listener(progress=lambda simulation: simulation.wanted_stop.set()),
    )
    effective = tmp_path / "out" / "scenario.toml"
    effective.write_text(effective.read_text().replace("peak_mm_h = 200", "peak_mm_h = 201"))
    before = {
        path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()
    }
    with pytest.raises(InputError, match="(?s)has changed.*scenario"):
        resume_scenario(tmp_path / "out")
    assert before == {
        path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()
    }


class Thing:
    """Every kind of value that a model may hold."""

    KEPT = ("array", "view", "number", "text", "flag", "nothing", "table", "rows", "later")

    def __init__(self, fill):
        self.array = np.full(3, float(fill))
        self.view = self.array[1:]
        self.number, self.text, self.flag, self.nothing = float(fill), str(fill), fill > 1, None
        self.table = {0.05: float(fill), 0.15: (1.0, float(fill))}
        self.rows = [(float(fill), 1, True)]
        self.later = np.zeros(fill)


def test_state_is_put_back_in_place():
    old, new = Thing(2), Thing(5)
    saved = json.loads(
        json.dumps({k: v for k, v in collect(old, "x").items() if not isinstance(v, np.ndarray)})
    )
    saved |= {k: v.copy() for k, v in collect(old, "x").items() if isinstance(v, np.ndarray)}
    view = new.view
    restore(new, saved, "x")
    assert new.view is view and np.array_equal(view, [2.0, 2.0])  # filled in place: others see it
    assert (new.number, new.text, new.flag, new.nothing) == (2.0, "2", True, None)
    assert new.table == old.table and new.rows == old.rows and new.later.size == 2


class Record(NamedTuple):
    """As the kernels get their arrays: nothing in it can be exchanged."""

    array: np.ndarray


def test_a_record_of_another_shape_is_refused():
    class Holder(Thing):
        KEPT = (*Thing.KEPT, "record")

    old, new = Holder(2), Holder(3)
    old.record, new.record = Record(np.zeros(2)), Record(np.zeros(3))
    with pytest.raises(RuntimeError, match="x/record/array"):
        restore(new, collect(old, "x"), "x")


def river_beside_streets(scheme, threads):
    """Water deep in a channel and thin around it: local inertial moves it in steps of its own."""
    y, x = np.mgrid[0:48, 0:200]
    channel = np.abs(y - 20) < 4
    bed = np.where(channel, 1.0, 4.0 + 0.002 * x) + 0.1 * np.random.default_rng(5).random(x.shape)
    depth = np.where(channel, 2.6 + 0.5 * (x < 60), 0.02)
    settings = SurfaceSettings(
        "float32",
        scheme=scheme,
        threads=threads,
        largest_step_ratio=8.0 if scheme == "local_inertial" else 0.0,
    )
    return SurfaceFlow(
        SurfaceInputs(terrain_of(grid_of(*bed.shape, 5.0), bed, 0.03), settings, depth=depth)
    )


@pytest.mark.parametrize("scheme", ["local_inertial", "second_order"])
@pytest.mark.parametrize(("before", "after"), [(1, 2), (3, 1)])
def test_a_run_goes_on_with_other_threads(scheme, before, after):
    """The bands belong to the threads of this run: kept from the killed one, the kernels would
    write beyond their work space.
    """
    killed, resumed = river_beside_streets(scheme, before), river_beside_streets(scheme, after)
    for k in range(10):
        killed.advance(Window(5.0 * k, 5.0 * (k + 1)))
    restore(
        resumed,
        {
            name: np.copy(value) if isinstance(value, np.ndarray) else value
            for name, value in collect(killed, "s").items()
        },
        "s",
    )
    assert resumed.threads == after and resumed._levels.band_rows.size == after + 1
    assert np.array_equal(
        resumed._levels.band_rows, river_beside_streets(scheme, after)._levels.band_rows
    )
    for surface in (killed, resumed):
        for k in range(10, 20):
            surface.advance(Window(5.0 * k, 5.0 * (k + 1)))
    assert resumed.steps == killed.steps and (
        scheme == "second_order" or 0 < resumed.long_steps < resumed.steps
    )
    assert np.array_equal(resumed.depth, killed.depth) and resumed.volume == killed.volume
    assert all(np.array_equal(a, b) for a, b in zip(resumed._flow, killed._flow, strict=True))
