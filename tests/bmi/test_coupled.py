"""Two cities with sewers in one program, step by step: what leaves one enters the other, and each
is what it is alone.
"""

import threading
from pathlib import Path

import numpy as np
import pytest

from bmi_cases import CITY, get, write_city
from flood_sim import bmi
from flood_sim.bmi import (
    BED,
    BOUNDARY_OUT,
    DEPTH,
    HEAD,
    INFLOW,
    INFLOW_VOLUME,
    LEDGER_ERROR,
    OUTFALL_VOLUME,
    STAGE,
    VOLUME,
    BmiFloodSim,
)
from flood_sim.core.errors import DrainageError
from flood_sim.drainage.swmm import SwmmNetwork
from flood_sim.runs.runner import run
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation

STEPS, STEP_S, WEST = (
    75,
    4.0,
    slice(0, 200, 20),
)  # WEST: the lower city's cells at the upper one's edge


def opened(*paths):
    """Models of these files, begun at the same time from threads."""
    models = [BmiFloodSim() for _ in paths]
    threads = [
        threading.Thread(target=m.initialize, args=(str(p),))
        for m, p in zip(models, paths, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return models


def seen(model):
    return [
        get(model, name).tobytes() for name in (DEPTH, HEAD, OUTFALL_VOLUME, BOUNDARY_OUT, VOLUME)
    ]


def test_two_coupled_cities(tmp_path):
    """Upper: what leaves over its edge and its outfall in a step is the lower one's inflow in the
    next, V / 4 s; lower: its level stands before the upper one's edge. By hand: the lower one's
    inflow is all that left the upper one until one step before the end.
    """
    upper_file = write_city(
        tmp_path / "upper", CITY.replace("discharge_m3_s = 0.1", "discharge_m3_s = 1.0")
    )
    lower_file = write_city(
        tmp_path / "lower",
        CITY.replace("level_m = 10.0", "level_m = 9.05").replace("level_m = 9.2", "level_m = 8.3"),
    )
    upper, lower = opened(upper_file, lower_file)
    forcing, coupled, left = [], [], [0.0]
    for _ in range(STEPS):
        stage = float((lower.get_value_ptr(BED)[WEST] + lower.get_value_ptr(DEPTH)[WEST]).max())
        inflow = (left[-1] - left[-2]) / STEP_S if len(left) > 1 else 0.0
        upper.set_value(STAGE, np.array([stage]))
        lower.set_value(INFLOW, np.array([inflow]))
        forcing.append((stage, inflow))
        upper.update()
        lower.update()
        coupled.append((seen(upper), seen(lower)))
        left.append(get(upper, BOUNDARY_OUT)[0] + get(upper, OUTFALL_VOLUME)[0])
    assert get(lower, INFLOW_VOLUME)[0] == pytest.approx(left[-2], rel=1e-12) and left[-2] > 20.0
    assert get(upper, INFLOW_VOLUME)[0] == pytest.approx(300.0)  # its own spring: 1 m3/s for 300 s
    assert get(upper, OUTFALL_VOLUME)[0] > 0.5 and len({stage for stage, _ in forcing}) > STEPS // 2
    assert max(get(m, LEDGER_ERROR)[0] for m in (upper, lower)) <= 1e-6
    for model in (upper, lower):
        model.finalize()
    for place, model, name in zip(
        (0, 1), opened(upper_file, lower_file), (STAGE, INFLOW), strict=True
    ):  # each alone
        for row, both in zip(forcing, coupled, strict=True):
            model.set_value(name, np.array([row[place]]))
            model.update()
            assert seen(model) == both[place]
        model.finalize()


def test_the_page_is_true(tmp_path):
    """Its example runs from top to bottom; its table has every variable with grid and unit."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "bmi.md").read_text(encoding="utf-8")
    write_city(tmp_path, name="upper.toml")
    write_city(tmp_path, name="lower.toml")
    example = (
        page.split("```python\n")[1]
        .split("```")[0]
        .replace('"upper.toml"', f'r"{tmp_path / "upper.toml"}"')
    )
    names: dict = {}
    exec(example.replace('"lower.toml"', f'r"{tmp_path / "lower.toml"}"'), names)  # noqa: S102
    upper, lower = names["upper"], names["lower"]
    assert (
        get(lower, INFLOW_VOLUME)[0] == pytest.approx(get(upper, OUTFALL_VOLUME)[0], rel=1e-12)
        and get(upper, OUTFALL_VOLUME)[0] > 1.0
    )
    upper.finalize()
    lower.finalize()
    rows = [
        [c.strip(" `") for c in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| `")
    ]
    told = {
        name.split("`")[0]: (getattr(bmi, short), int(grid[0]), unit)
        for name, short, grid, unit in rows
    }
    assert told == {
        name: (name, v.grid, v.unit) for name, v in {**bmi.OUTPUTS, **bmi.INPUTS}.items()
    }


def test_two_runs_in_threads_of_one_program(tmp_path):
    """`run` has a process for each run: two threads get the results of one run after the other."""
    paths = [
        write_city(tmp_path / "upper"),
        write_city(
            tmp_path / "lower", CITY.replace("discharge_m3_s = 0.1", "discharge_m3_s = 0.4")
        ),
    ]
    results = {}

    def work(path):
        results[path] = run(path, out=path.parent / "results", threads=1)

    threads = [threading.Thread(target=work, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    inflow = [results[path].summary["ledger"]["inflow"] for path in paths]
    assert inflow == pytest.approx([60.0, 240.0]) and all(
        results[p].summary["status"] == "complete" for p in paths
    )
    assert (
        float(results[paths[1]].fields["depth"][-1].sum())
        > float(results[paths[0]].fields["depth"][-1].sum())
        > 0.0
    )


def test_a_second_simulation_in_one_process_is_told_the_limit(tmp_path):
    """Not as a line of the network to mend; the first goes on, and after its end there may be
    another.
    """
    inputs = build_inputs(load_scenario(write_city(tmp_path / "city")))
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    first = Simulation(inputs, folders[0])
    with pytest.raises(DrainageError, match="one model in a process, and one is open here") as told:
        Simulation(inputs, folders[1])
    assert (
        "flood_sim.run" in str(told.value)
        and "BmiFloodSim" in str(told.value)
        and "mend" not in str(told.value)
    )
    first.advance(next(iter(first.clock.windows())))
    first.close()
    third = Simulation(inputs, folders[2])
    assert isinstance(third.network, SwmmNetwork)
    third.close()
