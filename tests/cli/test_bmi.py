"""The Basic Model Interface: the same water as a run's, grids south first, values set from outside; the public suite where it is installed."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from flood_sim.bmi import BED, DEPTH, HEAD, INFLOW, STAGE, BmiFloodSim
from flood_sim.results import open_results
from flood_sim.runner import run_scenario
from flood_sim.scenario import load_scenario
from scenario.test_loader import GOOD, NETWORK

SCENARIO = (
    GOOD
    + """
[drainage]
kind = "swmm"
network = "n.inp"
coupling_step_s = 4.0
routing_step_s = 2.0
[[boundaries]]
kind = "stage_series"
edge = "east"
level_m = 9.2
[[boundaries]]
kind = "point_inflow"
name = "spring"
location_m = [12.5, 22.5]
discharge_m3_s = 0.1
"""
)


@pytest.fixture
def scenario(tmp_path):
    (tmp_path / "n.inp").write_text(NETWORK.replace("J1 0 2", "J1 8 2").replace("O -1", "O 7"))
    (tmp_path / "s.toml").write_text(SCENARIO)
    return tmp_path / "s.toml"


@pytest.fixture
def model(scenario):
    bmi = BmiFloodSim()
    bmi.initialize(str(scenario))
    yield bmi
    bmi.finalize()


def get(bmi, name):
    return bmi.get_value(name, np.empty(bmi.get_grid_size(bmi.get_var_grid(name)), bmi.get_var_type(name)))


def test_the_interface_runs_the_same_water(scenario, tmp_path, request):
    """To the end in steps: the last depth is that of `flood-sim run`, bit for bit, south first; heads as SWMM has them."""
    run_scenario(load_scenario(scenario), tmp_path / "r", threads=1)  # before: SWMM is one a process
    model = request.getfixturevalue("model")
    while model.get_current_time() < model.get_end_time():
        model.update()
    last = open_results(tmp_path / "r").fields["depth"][-1].values
    depth = get(model, DEPTH).reshape(tuple(model.get_grid_shape(0, np.empty(2, int))))
    assert depth.max() > 0.01 and np.allclose(depth[::-1], np.nan_to_num(last), atol=6e-4)  # files keep millimetres
    assert np.array_equal(get(model, HEAD), model._simulation.network.heads()) and get(model, HEAD)[0] >= 7.999
    origin, spacing = model.get_grid_origin(0, np.empty(2)), model.get_grid_spacing(0, np.empty(2))
    assert origin.tolist() == [2.5, 2.5] and spacing.tolist() == [5.0, 5.0]
    assert model.get_grid_y(0, np.empty(10))[0] == 2.5 and get(model, BED)[0] == pytest.approx(10.0 - 0.025)
    assert model.get_value_ptr(DEPTH) is model.get_value_ptr(DEPTH)


def test_values_set_from_outside_move_water(model):
    """The spring is shut and opened, the edge is raised: the ledger's inflow and the water on the ground say so."""
    assert get(model, INFLOW).tolist() == [0.1] and get(model, STAGE).tolist() == [9.2]
    model.set_value(INFLOW, np.array([0.0]))
    model.update_until(100.0)
    ledger = model._simulation.ledger
    assert ledger.inflow == 0.0
    model.set_value(INFLOW, np.array([0.5]))
    model.update_until(150.0)
    assert ledger.inflow == pytest.approx(25.0)
    before = ledger.boundary_in
    model.set_value_at_indices(STAGE, np.array([0]), np.array([10.5]))
    model.update_until(200.0)
    assert ledger.boundary_in > before + 50.0 and ledger.relative_error <= 1e-6
    for name, value, error in ((DEPTH, 1.0, KeyError), (INFLOW, -1.0, ValueError), (STAGE, np.nan, ValueError)):
        with pytest.raises(error):
            model.set_value(name, np.array([value]))
    with pytest.raises(ValueError, match="outside"):
        model.update_until(100.0)


@pytest.mark.skipif(importlib.util.find_spec("bmi_tester") is None, reason="bmi-tester (PyPI) is not installed")
def test_the_public_suite_passes(tmp_path):
    """Without sewers: the suite keeps two models alive in one process, SWMM allows one."""
    sewers = SCENARIO[SCENARIO.index("[drainage]") : SCENARIO.index("[[boundaries]]")]
    (tmp_path / "s.toml").write_text(SCENARIO.replace(sewers, ""))
    command = [sys.executable, "-m", "bmi_tester", "flood_sim.bmi:BmiFloodSim", f"--config-file={tmp_path / 's.toml'}", f"--root-dir={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
