"""The Basic Model Interface: the same water as a run's, grids south first, values set from outside;
the public suite with and without sewers.
"""

import importlib.util
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from bmi_cases import CITY, SEWERS, get, write_city
from flood_sim.bmi import (
    BED,
    BOUNDARY_IN,
    DEPTH,
    EAST,
    HEAD,
    INFLOW,
    INFLOW_VOLUME,
    LEDGER_ERROR,
    NORTH,
    OUTFALL_VOLUME,
    OUTFALLS,
    STAGE,
    TOTALS,
    VOLUME,
    BmiFloodSim,
)
from flood_sim.core.clock import Window
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation

LEAST_PASSED = (100, 70)  # with and without sewers: a suite that skips is no pass
TWO_SPRINGS = """
[[boundaries]]
kind = "point_inflow"
location_m = [12.5, 42.5]
file = "q.csv"
after = "hold"
[[boundaries]]
kind = "point_inflow"
location_m = [52.5, 42.5]
discharge_m3_s = 0.2
"""


@pytest.fixture
def model(tmp_path):
    (tmp_path / "q.csv").write_text("time_s,discharge_m3_s\n0,0.1\n100,0.3\n")
    bmi = BmiFloodSim()
    bmi.initialize(str(write_city(tmp_path, CITY + TWO_SPRINGS)))
    yield bmi
    bmi.finalize()


def test_the_interface_runs_the_same_water(tmp_path):
    """To the end in steps: depth, velocity, heads and books are those of the simulation in this
    process, bit for bit, south first.
    """
    path, bmi = write_city(tmp_path), BmiFloodSim()
    bmi.initialize(str(path))
    plain = Simulation(build_inputs(load_scenario(path)), tmp_path)
    pointers = {name: bmi.get_value_ptr(name) for name in bmi.get_output_var_names()}
    while bmi.get_current_time() < bmi.get_end_time():
        plain.advance(Window(plain.time_s, plain.time_s + bmi.get_time_step()))
        bmi.update()
    east, north = plain.surface.velocity()
    volumes = plain.network.outfall_volume()
    plain.close()
    for name, field in (
        (DEPTH, plain.surface.depth),
        (EAST, east),
        (NORTH, north),
        (BED, plain.surface.terrain.bed_elevation),
    ):
        assert np.array_equal(
            get(bmi, name).reshape(bmi.get_grid_shape(0, np.empty(2, int)))[::-1], field
        )
    assert plain.time_s == bmi.get_current_time() == 600.0 and get(bmi, DEPTH).max() > 0.01
    assert (
        np.allclose(get(bmi, OUTFALL_VOLUME), volumes, rtol=1e-12)
        and volumes[0] > 1.0
        and get(bmi, HEAD)[0] > 8.0
    )
    assert (
        get(bmi, LEDGER_ERROR)[0] == plain.ledger.relative_error
        and get(bmi, VOLUME)[0] == plain.surface.volume
    )
    origin, spacing = bmi.get_grid_origin(0, np.empty(2)), bmi.get_grid_spacing(0, np.empty(2))
    assert origin.tolist() == [2.5, 2.5] and spacing.tolist() == [5.0, 5.0]
    assert bmi.get_grid_y(0, np.empty(10))[0] == 2.5 and get(bmi, BED)[0] == pytest.approx(
        10.0 - 0.025
    )
    assert (
        bmi.get_grid_x(OUTFALLS, np.empty(1)).tolist() == [30.0] and bmi.get_grid_rank(TOTALS) == 0
    )
    bmi.finalize()
    for name, pointer in pointers.items():  # live while the model runs, readable ever after
        assert (
            pointer.flags.c_contiguous
            and not pointer.flags.writeable
            and np.isfinite(pointer).all()
        ), name
    assert pointers[DEPTH].max() > 0.01


def test_values_set_from_outside_move_water(model):
    """Springs are shut and opened one by one, the edge is raised: the volumes by hand and the water
    on the ground say so.
    """
    assert get(model, INFLOW).tolist() == [0.1, 0.1, 0.2] and get(model, STAGE).tolist() == [9.2]
    model.set_value(INFLOW, np.array([0.0]))
    model.update_until(100.0)
    assert get(model, INFLOW_VOLUME)[0] == 0.0
    model.set_value(INFLOW, np.array([0.5, 0.0, 0.1]))
    model.update_until(150.0)
    assert get(model, INFLOW).tolist() == [0.5, 0.0, 0.1] and get(model, INFLOW_VOLUME)[
        0
    ] == pytest.approx(30.0)
    before = get(model, BOUNDARY_IN)[0]
    model.set_value_at_indices(STAGE, np.array([0]), np.array([10.5]))
    model.update_until(200.0)
    assert get(model, BOUNDARY_IN)[0] > before + 50.0 and get(model, LEDGER_ERROR)[0] <= 1e-6


def test_what_does_not_fit_is_refused_and_changes_nothing(model):
    assert model.get_value_ptr(DEPTH) is model.get_value_ptr(DEPTH)
    model.update_until(50.0)
    assert get(model, INFLOW).tolist() == [0.1, 0.2, 0.2]  # the scenario's series, now
    assert get(model, INFLOW_VOLUME)[0] == pytest.approx(5.0 + 0.5 * (0.1 + 0.2) * 50.0 + 10.0)
    one, three = np.array([0.4]), np.array([0.1, 0.2, 0.3])
    for task, error, says in (
        (lambda: model.set_value(DEPTH, one), KeyError, "cannot be set"),
        (lambda: model.set_value("depth", one), KeyError, "is no variable"),
        (lambda: model.set_value(INFLOW, -one), ValueError, "not below zero"),
        (lambda: model.set_value(STAGE, one * np.nan), ValueError, "finite"),
        (lambda: model.set_value(INFLOW, three[:2]), ValueError, "3 places, 2 values"),
        (lambda: model.set_value_at_indices(INFLOW, [3], one), IndexError, "0 to 2"),
        (lambda: model.set_value_at_indices(INFLOW, [-1], one), IndexError, "0 to 2"),
        (lambda: model.set_value_at_indices(INFLOW, [0.5], one), IndexError, "whole numbers"),
        (lambda: model.get_value(INFLOW, np.empty((2, 3))), ValueError, "flat"),
        (lambda: model.get_value(INFLOW, np.empty(3, int)), TypeError, "cast"),
        (
            lambda: model.get_value_at_indices(DEPTH, np.empty(1), np.array([200])),
            IndexError,
            "0 to 199",
        ),
        (lambda: model.get_grid_size(6), KeyError, "grid 6"),
        (lambda: model.get_grid_spacing(1, np.empty(2)), NotImplementedError, "grid 0"),
        (lambda: model.get_value_ptr(INFLOW).fill(9.0), ValueError, "read-only"),
        (lambda: model.update_until(40.0), ValueError, "outside"),
        (lambda: model.update_until(np.nan), ValueError, "outside"),
        (lambda: model.update_until(601.0), ValueError, "outside"),
        (lambda: model.update_until(53.0), ValueError, "routing_step_s"),
    ):
        with pytest.raises(error, match=says):
            task()
    assert get(model, INFLOW).tolist() == [0.1, 0.2, 0.2] and model.get_current_time() == 50.0
    assert model.get_value_at_indices(INFLOW, np.empty(2), np.array([2, 0])).tolist() == [0.2, 0.1]


@pytest.mark.skipif(
    importlib.util.find_spec("bmi_tester") is None, reason="bmi-tester (PyPI) is not installed"
)
def test_the_public_suite_passes(tmp_path):
    """With and without sewers, side by side. The suite keeps two models alive in one program and
    finalizes neither of them.
    """
    runs = []
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\n"
    )  # else the suite takes the settings of whatever folder the environment lies in
    settings = {**os.environ, "PYTEST_ADDOPTS": f"-c {tmp_path / 'pytest.ini'} -p no:cacheprovider"}
    for name, text in (("with", CITY), ("without", CITY.replace(SEWERS, ""))):
        path = write_city(tmp_path / name, text)
        command = [
            sys.executable,
            "-m",
            "bmi_tester",
            "flood_sim.bmi:BmiFloodSim",
            f"--config-file={path}",
            f"--root-dir={path.parent}",
        ]
        runs.append(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=settings
            )
        )
    for run, least in zip(runs, LEAST_PASSED, strict=True):
        told, _ = run.communicate(timeout=600)
        assert run.returncode == 0 and "All tests passed" in told, told[-4000:]
        assert sum(int(n) for n in re.findall(r"(\d+) passed", told)) >= least, told[-4000:]
        assert not re.search(r"\d+ (failed|error)", told)
