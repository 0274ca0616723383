"""A result folder with a cut, empty or damaged file: every command that reads it ends in an answer
or in one message with the way out.
"""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from flood_sim.cli.main import main
from flood_sim.core.errors import InputError
from flood_sim.results import Results, open_results
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import load_scenario
from scenario.test_loader import GOOD
from sewered import written

GAUGE = "[[gauges]]\nname = 'g'\nat_m = [50.0, 25.0]\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished run with sewers."""
    folder = tmp_path_factory.mktemp("cut")
    run_scenario(written(folder), folder / "out", threads=1)
    return folder / "out"


def go(capsys, *words):
    """Exit code and what was said."""
    code = 0
    try:
        main([str(word) for word in words])
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, capsys.readouterr().err


def node_of(whole):
    return str(Results(whole).network["node_id"].values[0])


HOW = {
    "empty": lambda b: b"",
    "cut": lambda b: b[: len(b) * 6 // 10],
    "head lost": lambda b: b"\0" * 64 + b[64:],
    "last line": lambda b: b[:-3],
}
READERS = {
    "summary.json": ("report", "compare"), "fields.nc": ("report", "compare"),
    "network.nc": ("explain", "trace", "section"), "gauges.csv": ("report",),
    "scenario.toml": ("resume",),
}  # fmt: skip


CASES = [
    (name, how)
    for name in READERS
    for how in HOW
    if how in ("empty", "cut") or (how == "head lost") == name.endswith(".nc")
]


@pytest.mark.parametrize(("name", "how"), CASES)
def test_a_damaged_file_is_one_message(whole, tmp_path, capsys, name, how):
    out, node = tmp_path / "out", node_of(whole)
    shutil.copytree(whole, out)
    path = out / name
    path.write_bytes(HOW[how](path.read_bytes()))
    words = {
        "report": ["report", out],
        "compare": ["compare", whole, out],
        "explain": ["explain", out, node],
        "trace": ["trace", out, node],
        "section": ["section", out, node],
        "resume": ["run", "--resume", out],
    }
    for command in READERS[name]:
        code, said = go(capsys, *words[command])
        if (
            name == "gauges.csv" and how == "empty"
        ):  # this scenario has no gauges: nothing is missing
            assert code == 0, said
        else:
            assert (
                code == 2 and said.count("E110") + said.count("E113") == 1 and "\n  do " in said
            ), (command, said)


def test_a_table_that_ends_too_early_is_no_complete_one(whole, tmp_path):
    """Cut at the end of a line: nothing of it looks wrong but its last time."""
    shutil.copytree(whole, tmp_path / "out")
    path = tmp_path / "out" / "sites.csv"
    moments = [f"2021-07-20T15:{m:02d}:00+08:00" for m in range(3)]
    path.write_text(
        "time,site,stage_m,volume_m3,inflow_m3_s,state\n"
        + "".join(f"{t},mall,1.0,2.0,0.0,\n" for t in moments)
    )
    with pytest.raises(InputError, match="(?s)E110.*it ends at"):
        _ = open_results(tmp_path / "out").sites


def test_what_the_library_finds_only_when_values_are_asked_for(whole, tmp_path, capsys):
    """Zeros in the middle of fields.nc (blocks that never reached the disk): its head is whole, its
    values are not.
    """
    shutil.copytree(whole, tmp_path / "out")
    path = tmp_path / "out" / "fields.nc"
    content = bytearray(path.read_bytes())
    content[2048:] = bytes(len(content) - 2048)
    path.write_bytes(content)
    code, said = go(capsys, "report", tmp_path / "out")
    assert code == 2 and "E110" in said and "\n  do " in said, said


WRITER = """
import sys, time
from pathlib import Path
from flood_sim.output.recorder import Recorder
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import load_scenario
record = Recorder.record
def slow(self, simulation, window):
    record(self, simulation, window)
    time.sleep(0.01)
Recorder.record = slow
run_scenario(load_scenario(sys.argv[1]), Path(sys.argv[2]), threads=1)
"""


def test_results_are_read_while_the_run_writes_them(tmp_path):
    """A reader beside the writer, again and again: every frame that it sees is whole, and the run
    ends as if nobody had looked.
    """
    (tmp_path / "s.toml").write_text(
        GOOD.replace("columns = 20, rows = 10", "columns = 60, rows = 60")
        + "[output]\ninterval_s = 2\n[surface]\nwindow_s = 2\n"
    )
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "s.toml"), str(out)])
    seen = set()
    while process.poll() is None:
        if (out / "fields.nc").exists() and (out / ".frames").exists():
            fields = open_results(out).fields
            depth = fields["depth"].values
            assert (
                np.isfinite(depth).all() and np.isfinite(fields["time"].values.astype(float)).all()
            )
            assert (np.diff(fields["time"].values).astype("timedelta64[s]").astype(int) == 2).all()
            seen.add(depth.shape[0])
        time.sleep(0.05)
    assert process.returncode == 0 and len(seen) >= 3
    run_scenario(load_scenario(tmp_path / "s.toml"), tmp_path / "whole", threads=1)
    assert np.array_equal(
        open_results(out).fields["depth"].values,
        open_results(tmp_path / "whole").fields["depth"].values,
    )
    assert not (out / ".frames").exists() and "HDF5_USE_FILE_LOCKING" in os.environ
