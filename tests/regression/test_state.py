"""What a checkpoint keeps is declared: every number and array of every object that changes is
either in its class's KEPT, or listed here as built anew from the scenario or as work space.
"""

import copy
import dataclasses
import json

import numpy as np
import pytest

from benchmarks.reliability import kills
from flood_sim.core.clock import Window
from flood_sim.operations.switches import Operation, Operations, Watch
from flood_sim.output.recorder import Recorder
from flood_sim.output.state import collect, is_leaf, kept_names, restore
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation

ANEW = {
    "Simulation": "timers network _handles wanted_stop _pool",
    "SurfaceFlow": """_limits _float _view terrain_datum _band_rows _scratch _numbers _row_sums _weights
        _fallen _cells.bed _cells.roughness _cells.roughness_row _cells.weight_row _cells.porosity
        _levels.band_rows _shared.rain _shared.sources _shared.inlets _shared.boundaries
        _shared.counters _shared.structures""",
    "FieldRain": "_area",
    "Losses": "_shape _cell_area _canopy_room _pond_room _facility _no_limit _totals inert",
    "GreenAmpt": "soil table recovers _total",
    "PointSources": "_inflows _parts _returns _outlets",
    "Inlets": "_nodes _openings _datum _order _step _seam _whole",
    "OpenEdges": "_bed _second_order _edges _datum _owner slices",
    "CountedFaces": "_sign _place _edges",
    "FaceStructures": "_inputs _inflows _datum _cell_size groups _parts _place",
    "Exchange": """_coupled _return_bed _return_row _return_column _inlet_node _inlet_area
        _shut_share _way_out _lid _own""",
    "Sites": "_inside _street _power _to_nodes",
    "Spaces": """openings _space _cells _sill _width _board _leak _opening_number _passage_number
        _sharing _tables _stage_table _volume_table _pumps _pump_space _pump_start _pump_stop
        _pump_rest _pump_outlets _drain_nodes _pump_nodes _ways""",
    "CriticalSites": "sites _needs _number _limits _repair_s",
    "Actions": "actions _number _tasks",
    "Operations": "operations _links _inlets",
    "Recorder": "folder _counter _fields _network _gauge_file _gauges",
    "SiteFiles": "_streams _writers",
}


def opened(tmp_path):
    """A run with soil, inlets, pumps, spaces, sites and events, two windows old."""
    scenario = tmp_path / "s.toml"
    scenario.write_text(kills.SCENARIO.replace("SCHEME", "local_inertial"))
    simulation = Simulation(build_inputs(load_scenario(scenario)), tmp_path)
    recorder = Recorder(tmp_path / "out", simulation)
    for k in range(2):
        window = Window(5.0 * k, 5.0 * (k + 1))
        simulation.advance(window)
        recorder.record(simulation, window)
    return simulation, recorder


def objects(thing):
    """Every object below a thing whose class declares what it keeps."""
    if hasattr(type(thing), "KEPT"):
        yield thing
    elif isinstance(thing, np.ndarray) or is_leaf(thing):
        return
    for name in kept_names(thing):
        owner = thing
        for part in name.split("."):
            owner = owner[int(part)] if part.isdigit() else getattr(owner, part)
        if not is_leaf(owner):
            yield from objects(owner)


def undeclared(thing):
    """Attributes that hold something and are neither kept nor built anew."""
    declared = {*kept_names(thing), *ANEW.get(type(thing).__name__, "").split()}
    in_parts = {name.split(".")[0] for name in declared if "." in name}
    values = {}
    for name, value in vars(thing).items():
        parts = value._asdict() if name in in_parts else {}
        values |= {f"{name}.{part}": v for part, v in parts.items()} or {name: value}
    for name, value in values.items():
        fixed = dataclasses.is_dataclass(value) and type(value).__dataclass_params__.frozen
        if name not in declared and not fixed and not isinstance(value, (str, type(None))):
            yield f"{type(thing).__name__}.{name}"


def test_every_attribute_says_whether_it_is_kept(tmp_path):
    simulation, recorder = opened(tmp_path)
    try:
        found = {type(o).__name__: o for thing in (simulation, recorder) for o in objects(thing)}
        assert [name for o in found.values() for name in undeclared(o)] == []
        assert {"SurfaceFlow", "Inlets", "Exchange", "Spaces", "Operations"} <= set(found)
        simulation.surface.made_up = np.zeros(3)  # noticed: it would be lost
        assert list(undeclared(simulation.surface)) == ["SurfaceFlow.made_up"]
    finally:
        simulation.close()


def test_what_is_kept_is_put_back_whole(tmp_path):
    """Everything kept is there again after a restore into a run that has gone on; a record that
    lacks something is refused.
    """
    simulation, _ = opened(tmp_path)
    try:
        saved = copy.deepcopy(collect(simulation, "s"))
        simulation.advance(Window(10.0, 15.0))
        gone_on = collect(simulation, "s")
        assert any(
            not np.array_equal(saved[name], value)
            for name, value in gone_on.items()
            if isinstance(value, np.ndarray)
        )
        restore(simulation, saved, "s")
        again = collect(simulation, "s")
        assert again.keys() == saved.keys()
        for name, value in again.items():
            np.testing.assert_array_equal(value, saved[name], err_msg=name)
        del saved["s/surface/steps"]
        with pytest.raises(RuntimeError, match="s/surface/steps was not kept"):
            restore(simulation, saved, "s")
    finally:
        simulation.close()


class Place:
    """A street that is always under water."""

    def __init__(self):
        self.shares = []

    def value_of(self, watch, time_s):
        return 1.0

    def set_openings(self, shares):
        self.shares.append(shares.tolist())


def test_a_switch_that_waits_is_kept():
    """What a watch has said and its delay still holds back is done after a resume, too."""
    begins = Watch("depth", (0, 0), above=0.5)
    late = Operation("late", "clogged_inlets", begins=begins, inlets=(0,), on_share=0.5, delay_s=10)
    killed, place = Operations([late], [], 1), Place()
    killed.apply(place, 0.0)
    saved = json.loads(json.dumps({k: v for k, v in collect(killed, "o").items() if k == "o/_due"}))
    assert saved["o/_due"] == [[10.0, 0, True]]
    resumed = Operations([late], [], 1)
    restore(resumed, collect(killed, "o") | saved, "o")
    resumed.apply(place, 10.0)
    assert resumed.on.tolist() == [True] and place.shares[-1] == [0.5]
