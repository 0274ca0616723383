"""Measures together: order cannot matter, zero is nothing, plans read and write what they declare, and wrong ones are one message."""

import hashlib
import itertools
import pickle
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from flood_sim.errors import InputError
from flood_sim.measures import KINDS, AnyMeasure, InputsView, apply_measures
from flood_sim.measures.edits import CellEdit, Plan, merge, resources
from flood_sim.scenario import build_inputs, load_scenario

ADAPTER = TypeAdapter(AnyMeasure)
SCENARIO = """
schema = 1
name = "small"
[time]
start = 2021-07-20T15:30:00+08:00
stop = 2021-07-20T16:10:00+08:00
[city]
kind = "reference_city"
side_m = 500.0
flapless_share = 1.0
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
label = "right"
[[structures]]
kind = "culvert"
name = "old culvert"
from_m = [472124, 3846150]
to_m = [472124, 3846190]
height_m = 0.5
"""
PIPES = {"layer": "pipes", "where": ["diameter_m < 0.9", "sediment_m == 0"], "order_by": "length_m", "limit": {"count": 5}}
NODES = {"layer": "nodes", "where": ["inlets > 0"]}
SQUARE = {"layer": "courts"}
LINE = {"line_m": [[472244.0, 3846190.0], [472244.0, 3846150.0]]}

# Each kind as it may stand in this city, and the same at zero (None: what makes something has no zero but its absence).
EXAMPLES = {
    "channel_clearance": ({"targets": {"layer": "rivers"}, "manning_n": 0.03, "lower_bed_m": 0.3}, {"targets": {"layer": "rivers"}}),
    "channel_widening": ({"targets": {"line_m": [[472002, 3846062], [472498, 3846062]]}, "width_m": 30.0}, None),
    "obstruction_removal": ({"targets": ["old culvert"]}, None),
    "new_channel": ({"targets": LINE, "bottom_m": 8.0, "depth_m": 1.0, "slope": 0.001}, None),
    "culvert_enlargement": ({"targets": ["old culvert"], "barrels": 2}, {"targets": ["old culvert"], "barrels": 1}),
    "road_flood_way": ({"targets": LINE, "width_m": 8.0, "kerb_m": 0.1}, None),
    "outfall_flap_gate": ({"targets": {"layer": "outfalls"}}, None),
    "levee_raising": ({"targets": LINE, "raise_m": 1.0}, {"targets": LINE, "raise_m": 0.0}),
    "trunk_upsizing": (
        {"targets": PIPES, "size_for_return_period_y": 5},
        {"targets": {**PIPES, "where": ["return_period_y > 1.001"]}, "size_for_return_period_y": 1},
    ),
    "relief_sewer": ({"from_node": "N00040", "to_node": "N00001", "diameter_m": 0.3}, None),
    "inlet_addition": ({"targets": NODES, "count": 2}, {"targets": NODES, "count": 0}),
    "inlet_cleaning": ({"targets": NODES, "open_share": 0.6}, {"targets": NODES, "open_share": 0.3}),
    "sewer_cleaning": (
        {"targets": {"layer": "pipes", "where": ["sediment_m > 0"]}},
        {"targets": {"layer": "pipes", "where": ["sediment_m > 0"]}, "sediment_m": 2.0},
    ),
    "trunk_rehabilitation": ({"targets": PIPES}, {"targets": PIPES, "lining_mm": 0, "manning_n": 0.013}),
    "cross_connection_removal": (None, None),
    "deep_tunnel": ({"targets": ["N00001"], "length_m": 1000.0, "diameter_m": 4.0}, None),
    "new_pump_station": (
        {"from_node": "N00001", "capacity_m3_s": 0.5, "start_m": 0.8},
        {"from_node": "N00001", "capacity_m3_s": 0.0, "start_m": 0.8},
    ),
    "pump_capacity": (None, None),
    "permeable_paving": ({"targets": {"layer": "yards"}, "share": 0.3}, {"targets": {"layer": "yards"}, "share": 0.0}),
    "bioretention": ({"targets": SQUARE, "share": 0.1}, {"targets": SQUARE, "share": 0.0}),
    "sunken_green": ({"targets": SQUARE, "share": 0.4}, {"targets": SQUARE, "depth_m": 0.0}),
    "green_roof": ({"share": 0.2}, {"share": 0.0}),
    "rain_tank": ({"share": 0.5}, {"volume_mm": 0.0}),
    "surface_detention": (
        {"targets": {**SQUARE, "within_m": [[472136, 3846096], [472240, 3846096], [472240, 3846274], [472136, 3846274]]}, "outlet_node": "N00001"},
        {"targets": SQUARE, "depth_m": 0.0},
    ),
    "underground_tank": ({"node": "N00010", "volume_m3": 500.0}, {"node": "N00010", "volume_m3": 0.0}),
    "pond_restoration": (
        {"targets": {**SQUARE, "within_m": [[472394, 3846314], [472500, 3846314], [472500, 3846500], [472394, 3846500]]}, "depth_m": 1.0},
        {"targets": SQUARE, "depth_m": 0.0},
    ),
    "park_retention": (
        {"targets": {**SQUARE, "within_m": [[472000, 3846314], [472112, 3846314], [472112, 3846500], [472000, 3846500]]}},
        {"targets": SQUARE, "depth_m": 0.0},
    ),
    "lake_drawdown": ({"targets": {"layer": "rivers"}, "outflow_m3_s": 50.0}, {"targets": {"layer": "rivers"}, "draw_m": 0.0, "outflow_m3_s": 50.0}),
}
BUILT = [kind for kind, (example, _) in EXAMPLES.items() if example is not None]


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    (folder / "s.toml").write_text(SCENARIO)
    inputs = build_inputs(load_scenario(folder / "s.toml"))
    dwf = replace(inputs.drainage.network, lines=[*inputs.drainage.network.lines, "[DWF]", "N00003 FLOW 0.001"], _sections={})
    return replace(inputs, drainage=replace(inputs.drainage, network=dwf))


def example(kind):
    return ADAPTER.validate_python({"kind": kind, **(EXAMPLES[kind][0] or {"targets": ["N00003"]})})


def build(inputs, measures):
    return apply_measures(inputs, measures, lambda file, place: [])


def digest(inputs):
    """A hash of everything that measures may change."""
    parts = [inputs.terrain.bed_elevation.tobytes(), inputs.terrain.manning_n.tobytes(), np.asarray(inputs.initial_depth, float).tobytes()]
    parts += ["\n".join(inputs.drainage.network.lines).encode(), repr(inputs.drainage.inlets).encode(), repr(inputs.drainage.return_cells).encode()]
    parts += [pickle.dumps(thing) for thing in (inputs.storage.facilities, inputs.structures, inputs.culverts, inputs.pumps)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_every_kind_has_an_example():
    assert set(EXAMPLES) == set(KINDS)


@pytest.mark.parametrize("kind", [*BUILT, "cross_connection_removal"])
def test_each_kind_changes_something_and_is_priced(city, kind):
    built = build(city, {"it": example(kind)})
    assert digest(built.inputs) != digest(city)
    (row,) = built.measures
    assert row["capital_cny"]["low"] <= row["capital_cny"]["middle"] <= row["capital_cny"]["high"] and row["capital_cny"]["middle"] > 0.0
    assert row["quantities"] and row["edits"] and row["project"] == KINDS[kind].PROJECT
    assert built.features or kind in ("obstruction_removal", "culvert_enlargement")
    assert city.rainfall is built.inputs.rainfall  # nothing touches the rain


@pytest.mark.parametrize("kind", [k for k, (_, zero) in EXAMPLES.items() if zero is not None])
def test_zero_is_nothing(city, kind):
    zero = ADAPTER.validate_python({"kind": kind, **EXAMPLES[kind][1]})
    assert digest(build(city, {"it": zero}).inputs) == digest(city)


@pytest.mark.parametrize("kind", [*BUILT, "cross_connection_removal"])
def test_plans_read_and_write_what_they_declare(city, kind):
    view, measure = InputsView(city, lambda file, place: []), example(kind)
    plan = measure.plan("it", view)
    assert view.reads <= measure.READS | {"layers"}, view.reads
    assert resources(plan.edits) <= measure.WRITES


def test_any_order_of_six_gives_one_city(city):
    """720 permutations of one measure of each stage and more: one hash."""
    kinds = ("channel_clearance", "trunk_upsizing", "inlet_cleaning", "sewer_cleaning", "permeable_paving", "sunken_green")
    measures = {f"m{n}": example(kind) for n, kind in enumerate(kinds)}
    plans = {name: m.plan(name, InputsView(city, lambda file, place: [])) for name, m in measures.items()}
    seen = set()
    for order in itertools.permutations(plans):
        merged, conflicts = merge({name: plans[name] for name in order}, city.terrain.grid.shape)
        cells = [(key, c.tobytes(), v.tobytes()) for key, (c, v) in merged.cells.items()]
        seen.add(hashlib.sha256(repr((cells, sorted(map(repr, merged.items.items())), conflicts)).encode()).hexdigest())
    assert len(seen) == 1
    hashes = {
        digest(build(city, {name: measures[name] for name in order}).inputs)
        for order in itertools.islice(itertools.permutations(measures), 0, 720, 97)
    }
    assert len(hashes) == 1


@pytest.mark.parametrize("pair", list(itertools.combinations(BUILT, 2)), ids="-".join)
def test_two_kinds_meet_the_same_way_round(city, pair):
    """Both orders give one city or the same refusal."""
    a, b = ({"a": example(pair[0])}, {"b": example(pair[1])})
    outcomes = []
    for order in ({**a, **b}, {**b, **a}):
        try:
            outcomes.append(digest(build(city, order).inputs))
        except InputError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def test_merge_of_random_plans_knows_no_order():
    """300 sets of six plans on 6 x 6 cells; values or the same conflicts, in ten orders each."""
    rng = np.random.default_rng(720)
    for _ in range(300):
        plans = {}
        for k in range(6):
            cells = np.argwhere(rng.random((6, 6)) < 0.15)
            plan = Plan()
            plan.cells("bed_elevation", rng.choice(["lower_to", "lower_to", "raise_to", "add"]), cells, rng.random(len(cells)))
            plan.item("inp.XSECTIONS", ("C1", "geom1"), rng.choice(["raise_to", "raise_to", "add"]), float(rng.random()))
            plans[f"m{k}"] = plan
        outcomes = set()
        for _ in range(10):
            order = rng.permutation(list(plans))
            merged, conflicts = merge({name: plans[name] for name in order}, (6, 6))
            if conflicts:
                outcomes.add(repr(sorted(str(c.finding) for c in conflicts)))
            else:
                outcomes.add(repr([(k, c.tobytes(), v.tobytes()) for k, (c, v) in merged.cells.items()]) + repr(merged.items))
        assert len(outcomes) == 1


def test_applying_twice_is_refused_or_changes_nothing_more(city):
    once = build(city, {"clear": example("channel_clearance")})
    with pytest.raises(InputError, match=r"(?s)measures a and b both change bed_elevation of 1\d\d\d cells.*after = \[\"a\"\]"):
        build(city, {"a": example("channel_clearance"), "b": example("channel_clearance")})
    again = ADAPTER.validate_python({"kind": "channel_clearance", "targets": {"layer": "rivers"}, "manning_n": 0.03})
    assert digest(build(once.inputs, {"again": again}).inputs) == digest(once.inputs)


def test_after_makes_an_order_within_a_stage(city):
    dig = {"kind": "channel_clearance", "targets": {"layer": "rivers"}, "lower_bed_m": 0.3}
    a, b = ADAPTER.validate_python(dig), ADAPTER.validate_python({**dig, "after": ["a"]})
    built = build(city, {"b": b, "a": a})
    river = city.layers["rivers"] & city.terrain.active
    assert np.allclose(built.inputs.terrain.bed_elevation[river], city.terrain.bed_elevation[river] - 0.6)
    with pytest.raises(InputError, match="it runs in a circle"):
        build(city, {"a": ADAPTER.validate_python({**dig, "after": ["b"]}), "b": b})


WRONG = [
    ({"kind": "sewer_cleaning", "targets": ["C99999"]}, "no such item among the pipes"),
    (
        {"kind": "sewer_cleaning", "targets": {"layer": "pipes", "where": ["diameter > 1"]}},
        r"(?s)pipes have no such field; did you mean `diameter_m`.*length_m",
    ),
    ({"kind": "sewer_cleaning", "targets": {"layer": "pipes", "where": ["diameter_m ~ 1"]}}, "this is no rule"),
    ({"kind": "sewer_cleaning", "targets": {"layer": "pipes", "where": ["diameter_m > 9"]}}, r"none of \d+ pipes is meant"),
    ({"kind": "sewer_cleaning", "targets": {"layer": "nodes"}}, "this kind works on pipes"),
    ({"kind": "sewer_cleaning"}, "name the pipes"),
    ({"kind": "sunken_green", "targets": {"layer": "meadows"}}, r"(?s)no such layer.*allowed.*courts"),
    ({"kind": "sunken_green", "targets": {"polygon_m": [[0, 0], [1, 0], [1, 1]]}}, "no open cell lies there"),
    ({"kind": "inlet_cleaning", "targets": NODES, "open_share": 0.2}, "the inlets are cleaner already"),
    ({"kind": "channel_clearance", "targets": {"layer": "rivers"}, "manning_n": 0.09}, "the reach is smoother already"),
    ({"kind": "new_channel", "targets": LINE, "bottom_m": 3.0}, "less than one cell wide"),
    ({"kind": "underground_tank", "node": "N00010", "volume_m3": 100.0, "crest_m": 200.0}, "the weir at N00010 never works, or always"),
    ({"kind": "new_pump_station", "from_node": "N1", "capacity_m3_s": 1.0}, "no such node"),
]


@pytest.mark.parametrize(("keys", "message"), WRONG)
def test_wrong_measures_are_one_message(city, keys, message):
    with pytest.raises(InputError, match=message):
        build(city, {"it": ADAPTER.validate_python(keys)})


def test_faults_of_several_measures_come_together(city):
    with pytest.raises(InputError) as error:
        build(city, {f"m{k}": ADAPTER.validate_python(WRONG[k][0]) for k in (0, 6)})
    assert "measure.m0" in str(error.value) and "measure.m6" in str(error.value)


def test_cell_edits_hold_each_cell_once(city):
    for kind in BUILT:
        plan = example(kind).plan("it", InputsView(city, lambda file, place: []))
        for e in plan.edits:
            if isinstance(e, CellEdit):
                assert len(np.unique(e.cells, axis=0)) == len(e.cells)
