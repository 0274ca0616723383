"""What is written of a measure: its bill, life and places on the map, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from flood_sim.measures.costs import OWN
from flood_sim.measures.edits import Plan
from flood_sim.measures.record import LARGEST_LIST, _features, record
from flood_sim.operations.actions import Action, Task
from flood_sim.operations.switches import MobilePump, Operation, Watch
from flood_sim.simulation.inputs import NodeInlet
from measure_cases import build, measure
from measures.test_teeth_plans import sewered
from measures.test_teeth_targets import ground, sites

STEP = {"kind": "entrance_step", "targets": ["a"], "raise_m": 0.1}


def places(inputs, *edits):
    """Item to geometry of a plan of these edits: (resource, key, op, value)."""
    plan = Plan()
    for edit in edits:
        plan.item(*edit)
    found = _features("m", measure(**STEP), plan, inputs)
    assert all(f["type"] == "Feature" and f["properties"]["measure"] == "m" for f in found)
    return {f["properties"]["item"]: f["geometry"] for f in found}


def at(*coordinates):
    return {"type": "Point", "coordinates": list(coordinates)}


def test_items_lie_where_they_are(tmp_path):
    """Cells of 5 m, the first at x 2.5, y 27.5; a row further is 5 m further south."""
    inputs = replace(sewered(tmp_path), sites=sites())
    old = NodeInlet("M", 1, 4)
    inputs = replace(inputs, drainage=replace(inputs.drainage, inlets=(old,)))
    tasks = (Task("board", "b"), Task("closure", "", cells=((5, 0), (5, 1))))
    held = Operation("h", "set_links", links=("C",))
    pump = MobilePump("truck", (3, 2), "M", 0.1, Watch("depth", (3, 2), above=0.1))
    found = places(
        inputs,
        ("inlets", ("m", "M", 0), "insert", NodeInlet("M", 2, 1)),
        ("inlets", 0, "raise_to", 0.5),
        ("mobile_pumps", "m", "insert", pump),
        ("actions", "m", "insert", Action("m", tasks)),
        ("operations", "m", "insert", held),
        ("openings", ("a/door", "sill_m"), "raise_to", 11.0),
        ("spaces", ("c", "people"), "set", 1.0),
        ("passages", ("bc", "door"), "set", 1),
        ("inp.PUMPS", ("P", "start"), "set", 1.0),
        ("inp.JUNCTIONS", ("M", "x"), "set", 1.0),
        ("inp.JUNCTIONS", ("new", "row"), "insert", ("1",)),
        ("inp.COORDINATES", ("new", "row"), "insert", ("7", "8")),
        ("inp.CONDUITS", ("D", "row"), "insert", ("M", "new", "10")),
    )
    area = found.pop("area")
    assert found == {
        "inlet M 2 1": at(7.5, 17.5),
        "inlet M 1 4": at(22.5, 22.5),
        "truck": at(12.5, 12.5),
        "b": at(2.5, 17.5),
        "C": {"type": "LineString", "coordinates": [[12.0, 12.0], [40.0, 12.0]]},
        "a/door": at(2.5, 27.5),
        "c": at(2.5, 7.5),
        "bc": at(2.5, 17.5),
        "P": {"type": "LineString", "coordinates": [[2.0, 2.0], [40.0, 12.0]]},
        "M": at(12.0, 12.0),
        "new": at(7.0, 8.0),
        "D": {"type": "LineString", "coordinates": [[12.0, 12.0], [7.0, 8.0]]},
    }
    corners = set(area["coordinates"][0])
    assert corners == {(0.0, 5.0), (0.0, 0.0), (10.0, 0.0), (10.0, 5.0)}


def test_a_bill_adds_up_and_a_users_price_replaces_it():
    """2 m of step cost nothing by metres: a piece at 50,000; stated: the user's, yearly 1 % or
    what is said. The life is that of the dearest line.
    """
    inputs, plan = ground(sites=sites()), Plan()
    for item, amount in (("entrance_step", 1.0), ("sump_pump", 1.0), ("entrance_step", 2.0)):
        plan.count(item, amount)
    plan.count("inlet", 0.0)  # nothing is no line
    row, _ = record("m", measure(**STEP), plan, inputs)
    assert [(q["item"], q["amount"]) for q in row["quantities"]] == [
        ("entrance_step", 3.0),
        ("sump_pump", 1.0),
    ]
    step, pump = OWN["entrance_step"], OWN["sump_pump"]
    assert row["capital"] == {
        "low": 3 * step.low + pump.low,
        "middle": 3 * step.middle + pump.middle,
        "high": 3 * step.high + pump.high,
    }
    assert row["yearly"] == pytest.approx(0.01 * 150e3 + 0.03 * 150e3)
    assert not row["cost_stated_by_user"] and row["life_years"] == 50.0
    plan.count("sump_pump", 1.0)  # 300,000 beside 150,000: the pumps' life
    assert record("m", measure(**STEP), plan, inputs)[0]["life_years"] == 25.0
    own = measure(**STEP, cost=7.0, yearly=2.0, life_years=9.0)
    row, _ = record("m", own, plan, inputs)
    assert row["capital"] == {"low": 7.0, "middle": 7.0, "high": 7.0}
    assert (row["cost_stated_by_user"], row["yearly"], row["life_years"]) == (True, 2.0, 9.0)
    free = record("m", measure(**STEP, cost=0.0), plan, inputs)[0]
    assert free["life_years"] is None and free["yearly"] > 0.0


def test_edits_are_listed_up_to_a_limit():
    plan = Plan()
    plan.cells("bed_elevation", "lower_to", np.array([[0, 0], [0, 1]]), np.array([3.0, 2.0]))
    for k in range(LARGEST_LIST + 3):
        plan.item("openings", (f"x{k}", "sill_m"), "set", float(k))
    row, _ = record("m", measure(**STEP), plan, ground(sites=sites()))
    assert len(row["edits"]) == LARGEST_LIST + 1 and row["edits_not_listed"] == 3
    assert row["edits"][0] == {
        "resource": "bed_elevation",
        "op": "lower_to",
        "cells": 2,
        "from": 2.0,
        "to": 3.0,
    }
    assert build(ground(sites=sites()), it=STEP).measures[0]["edits_not_listed"] == 0
