"""A BMI instance's process: its errors are the program's, it never hangs a program and never
outlives it, and nothing of it is left.
"""

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bmi_cases import CITY, get, write_city
from flood_sim.bmi import DEPTH, INFLOW, STAGE, BmiFloodSim
from flood_sim.core import sandbox
from flood_sim.core.errors import InputError, InstabilityError, RunFailedError
from flood_sim.scenario import build_inputs, load_scenario

ROOT = Path(__file__).resolve().parents[2]
HEAD = """
import os, signal, sys
from flood_sim.bmi import BmiFloodSim, DEPTH
def tell(*words): print(*words, flush=True)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored, and so would its children
model = BmiFloodSim()
model.initialize(sys.argv[1])
tell(model._model._process.pid, model._model._folder)
"""
EVENING = CITY.replace("15:10:00", "18:00:00")  # long enough to be interrupted


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return write_city(tmp_path_factory.mktemp("city"))


def started(city):
    model = BmiFloodSim()
    model.initialize(str(city))
    return model, model._model._process.pid, model._model._folder


def is_gone(pid, folder, within_s=20.0):
    """Whether process and scratch folder disappear soon."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        state = Path(f"/proc/{pid}/stat")
        dead = not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z"
        if dead and not folder.exists():
            return True
        time.sleep(0.05)
    return False


def program(city, text):
    """A program of its own session; warnings are errors there. Returns it, the model's pid and
    folder.
    """
    paths = os.pathsep.join(
        [str(ROOT), str(ROOT / "kernels"), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", HEAD + text, str(city)]
    run = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    first = run.stdout.readline().split()
    assert first, run.communicate(timeout=60)
    return run, int(first[0]), Path(first[1])


def test_errors_of_the_input_are_those_of_a_run(tmp_path):
    """The same findings; nothing is left; calls before, after and twice are told in words or
    harmless.
    """
    path = write_city(
        tmp_path,
        CITY.replace("level_m = 9.2", 'file = "gone.csv"').replace('"n.inp"', '"other.inp"'),
    )
    with pytest.raises(InputError) as here:
        build_inputs(load_scenario(path))
    model = BmiFloodSim()
    for task in (
        model.update,
        model.get_end_time,
        lambda: model.get_value_ptr(DEPTH),
        lambda: model.get_grid_size(0),
    ):
        with pytest.raises(RuntimeError, match="call initialize"):
            task()
    with pytest.raises(InputError) as there:
        model.initialize(str(path))
    assert there.value.findings == here.value.findings and len(here.value.findings) == 2
    model.finalize()
    model.finalize()
    with pytest.raises(RuntimeError, match="call initialize"):
        model.update()


def test_a_run_that_fails_and_a_process_that_dies(city):
    """A failed run stays failed; a dead process is told with its signal; both leave values to read,
    and initialize begins anew.
    """
    model, pid, folder = started(city)
    model.update_until(40.0)
    states = set()
    for stage in (1e6, 9.2):
        model.set_value(STAGE, np.array([stage]))
        with pytest.raises(InstabilityError, match="E503.*stage_series") as told:
            model.update()
        assert told.value.findings[0].at
        states.add(get(model, DEPTH).tobytes())
    assert len(states) == 1  # it was not taken further
    assert get(model, DEPTH).max() > 1000.0 and model.get_current_time() == 40.0
    model.initialize(str(city))  # ends the first
    assert is_gone(pid, folder) and model.get_current_time() == 0.0
    model.update()
    pid, folder = model._model._process.pid, model._model._folder
    os.kill(pid, signal.SIGKILL)
    for task in (model.update, lambda: model.set_value(INFLOW, np.array([0.2])), model.update):
        with pytest.raises(RunFailedError, match="ended by signal SIGKILL.*memory.*initialize"):
            task()
    assert get(model, DEPTH).max() < 1.0 and is_gone(pid, folder)


def test_nothing_is_left_of_a_model_that_nobody_holds(city, tmp_path, monkeypatch):
    """With the memory of systems that have no nameless one, in a folder of files that look like
    Python's own.
    """
    for name in ("json", "numpy", "flood_sim"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(os, "memfd_create", raising=False)
    model, pid, folder = started(city)
    depth = model.get_value_ptr(DEPTH)
    assert folder.is_dir()
    del model
    gc.collect()
    assert is_gone(pid, folder, 1.0) and np.isfinite(depth).all()


def test_a_program_ends_in_any_way(city):
    """Without finalize, by an exception, killed with a fork of it that goes on: no process, no
    folder, no word too many.
    """
    ways = (
        ("model.update()", 0, ""),
        ("raise SystemExit(7)", 7, ""),
        (
            (
                "pid = os.fork()\nif not pid:\n    import time; time.sleep(60);"
                " os._exit(0)\ntell(pid)\nos.kill(os.getpid(), 9)"
            ),
            -9,
            "",
        ),
    )
    programs = [program(city, text) for text, _, _ in ways]
    for (run, pid, folder), (_, code, errors) in zip(programs, ways, strict=True):
        assert run.wait(60) == code
        if code == -9:
            fork = int(run.stdout.readline())
            assert is_gone(pid, folder)  # while the fork holds the pipe
            os.kill(fork, signal.SIGKILL)
        told = run.communicate(timeout=60)
        assert told[1] == errors and is_gone(pid, folder), told


def test_ctrl_c_ends_an_update_and_the_model_goes_on(tmp_path):
    """The signal goes to the whole group, as in a terminal."""
    text = """
try:
    tell("begin")
    model.update_until(model.get_end_time())
except KeyboardInterrupt:
    at = model.get_current_time()
    model.update()
    tell(at, model.get_current_time(), model.get_end_time())
"""
    run, pid, folder = program(write_city(tmp_path, EVENING), text)
    assert run.stdout.readline() == "begin\n"
    time.sleep(0.3)
    os.killpg(run.pid, signal.SIGINT)
    told, errors = run.communicate(timeout=60)
    at, later, end = map(float, told.split())
    assert run.returncode == 0 and not errors and 0.0 <= at < end == 10800.0 and later == at + 4.0
    assert is_gone(pid, folder)


@pytest.mark.skipif(sandbox.available() == 0, reason="this kernel has no Landlock")
@pytest.mark.parametrize("off", ["", "1"])
def test_the_process_opens_what_its_scenario_needs_and_no_more(city, tmp_path, monkeypatch, off):
    """A plugin, which is code, tries to read a file elsewhere: the kernel keeps it away, unless the
    user has switched that off.
    """
    elsewhere, code = tmp_path / "elsewhere", tmp_path / "code"
    elsewhere.mkdir()
    code.mkdir()
    (elsewhere / "note.txt").write_text("secret")
    (code / "spy.py").write_text(
        f"with open({str(elsewhere / 'note.txt')!r}) as file:\n    raise"
        " RuntimeError(file.read())\n"
    )
    monkeypatch.syspath_prepend(code)
    monkeypatch.setenv("FLOOD_SIM_PLUGINS", "spy")
    monkeypatch.setenv("FLOOD_SIM_NO_SANDBOX", off)
    with pytest.raises(RunFailedError) as told:
        started(city)
    assert ("secret" in str(told.value)) == bool(off) and (off or "note.txt" in str(told.value)), (
        str(told.value)
    )
