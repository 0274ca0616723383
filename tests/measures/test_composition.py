"""Measures together: order cannot matter, zero is nothing, plans read and write what they declare,
and wrong ones are one message.
"""

import hashlib
import itertools

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.measures import InputsView
from flood_sim.measures.describe import COMMON, explained
from flood_sim.measures.edits import CellEdit, Plan, merge, resources
from flood_sim.measures.registry import KINDS
from measure_cases import ADAPTER, BUILT, EXAMPLES, LINE, NODES, built, digest, example


def test_every_kind_has_an_example():
    assert set(EXAMPLES) == set(KINDS)


@pytest.mark.parametrize("kind", [*BUILT, "cross_connection_removal"])
def test_each_kind_changes_something_and_is_priced(city, kind):
    result = built(city, {"it": example(kind)})
    assert digest(result.inputs) != digest(city)
    (row,) = result.measures
    assert (
        row["capital"]["low"] <= row["capital"]["middle"] <= row["capital"]["high"]
        and row["capital"]["middle"] > 0.0
    )
    assert row["quantities"] and row["edits"] and row["project"] == KINDS[kind].PROJECT
    assert result.features or kind in ("obstruction_removal", "culvert_enlargement")
    assert city.rainfall is result.inputs.rainfall  # nothing touches the rain


@pytest.mark.parametrize("kind", [k for k, (_, zero) in EXAMPLES.items() if zero is not None])
def test_zero_is_nothing(city, kind):
    zero = ADAPTER.validate_python({"kind": kind, **EXAMPLES[kind][1]})
    assert digest(built(city, {"it": zero}).inputs) == digest(city)


@pytest.mark.parametrize("kind", [*BUILT, "cross_connection_removal"])
def test_plans_read_and_write_what_they_declare(city, kind):
    view, measure = InputsView(city, lambda file, place: []), example(kind)
    plan = measure.plan("it", view)
    assert view.reads <= measure.READS | {"layers"}, view.reads
    assert resources(plan.edits) <= measure.WRITES


def test_any_order_of_six_gives_one_city(city):
    """720 permutations of one measure of each stage and more: one hash."""
    kinds = (
        "channel_clearance",
        "trunk_upsizing",
        "inlet_cleaning",
        "sewer_cleaning",
        "permeable_paving",
        "sunken_green",
    )
    measures = {f"m{n}": example(kind) for n, kind in enumerate(kinds)}
    plans = {
        name: m.plan(name, InputsView(city, lambda file, place: [])) for name, m in measures.items()
    }
    seen = set()
    for order in itertools.permutations(plans):
        merged, conflicts = merge({name: plans[name] for name in order}, city.terrain.grid.shape)
        cells = [(key, c.tobytes(), v.tobytes()) for key, (c, v) in merged.cells.items()]
        seen.add(
            hashlib.sha256(
                repr((cells, sorted(map(repr, merged.items.items())), conflicts)).encode()
            ).hexdigest()
        )
    assert len(seen) == 1
    hashes = {
        digest(built(city, {name: measures[name] for name in order}).inputs)
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
            outcomes.append(digest(built(city, order).inputs))
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
            plan.cells(
                "bed_elevation",
                rng.choice(["lower_to", "lower_to", "raise_to", "add"]),
                cells,
                rng.random(len(cells)),
            )
            plan.item(
                "inp.XSECTIONS",
                ("C1", "geom1"),
                rng.choice(["raise_to", "raise_to", "add"]),
                float(rng.random()),
            )
            plans[f"m{k}"] = plan
        outcomes = set()
        for _ in range(10):
            order = rng.permutation(list(plans))
            merged, conflicts = merge({name: plans[name] for name in order}, (6, 6))
            if conflicts:
                outcomes.add(repr(sorted(str(c.finding) for c in conflicts)))
            else:
                outcomes.add(
                    repr([(k, c.tobytes(), v.tobytes()) for k, (c, v) in merged.cells.items()])
                    + repr(merged.items)
                )
        assert len(outcomes) == 1


def test_applying_twice_is_refused_or_changes_nothing_more(city):
    once = built(city, {"clear": example("channel_clearance")})
    with pytest.raises(
        InputError,
        match=(
            r"(?s)measures a and b both change bed_elevation of 1\d\d\d cells.*around x 472250, y"
            r" 3846050.*after = \[\"a\"\]"
        ),
    ):
        built(city, {"a": example("channel_clearance"), "b": example("channel_clearance")})
    again = ADAPTER.validate_python(
        {"kind": "channel_clearance", "targets": {"layer": "rivers"}, "manning_n": 0.03}
    )
    assert digest(built(once.inputs, {"again": again}).inputs) == digest(once.inputs)


def test_two_on_one_structure_are_a_conflict(city):
    twice = {name: example("culvert_enlargement") for name in ("a", "b")}
    with pytest.raises(InputError, match="measures a and b both change culverts old culvert"):
        built(city, twice)
    pipe = {
        "kind": "trunk_rehabilitation",
        "targets": {
            "layer": "pipes",
            "where": ["sediment_m == 0"],
            "limit": {"count": 1},
            "order_by": "length_m",
        },
    }
    lined = built(
        city, {name: ADAPTER.validate_python(pipe) for name in ("a", "b")}
    )  # the same lining twice is one lining
    assert digest(lined.inputs) == digest(built(city, {"a": ADAPTER.validate_python(pipe)}).inputs)


def test_after_makes_an_order_within_a_stage(city):
    dig = {"kind": "channel_clearance", "targets": {"layer": "rivers"}, "lower_bed_m": 0.3}
    a, b = ADAPTER.validate_python(dig), ADAPTER.validate_python({**dig, "after": ["a"]})
    result = built(city, {"b": b, "a": a})
    river = city.layers["rivers"] & city.terrain.active
    assert np.allclose(
        result.inputs.terrain.bed_elevation[river], city.terrain.bed_elevation[river] - 0.6
    )
    with pytest.raises(InputError, match="it runs in a circle"):
        built(city, {"a": ADAPTER.validate_python({**dig, "after": ["b"]}), "b": b})


WRONG = [
    ({"kind": "sewer_cleaning", "targets": ["C99999"]}, "no such item among the pipes"),
    (
        {"kind": "sewer_cleaning", "targets": {"layer": "pipes", "where": ["diameter > 1"]}},
        r"(?s)pipes have no such field; did you mean `diameter_m`.*length_m",
    ),
    (
        {"kind": "sewer_cleaning", "targets": {"layer": "pipes", "where": ["diameter_m ~ 1"]}},
        "this is no rule",
    ),
    (
        {"kind": "sewer_cleaning", "targets": {"layer": "pipes", "where": ["diameter_m > 9"]}},
        r"none of \d+ pipes is meant",
    ),
    ({"kind": "sewer_cleaning", "targets": {"layer": "nodes"}}, "this kind works on pipes"),
    ({"kind": "sewer_cleaning"}, "name the pipes"),
    (
        {"kind": "sunken_green", "targets": {"layer": "meadows"}},
        r"(?s)no such layer.*allowed.*courts",
    ),
    (
        {"kind": "sunken_green", "targets": {"polygon_m": [[0, 0], [1, 0], [1, 1]]}},
        "no open cell lies there",
    ),
    (
        {"kind": "inlet_cleaning", "targets": NODES, "open_share": 0.2},
        "the inlets are cleaner already",
    ),
    (
        {"kind": "channel_clearance", "targets": {"layer": "rivers"}, "manning_n": 0.09},
        "the reach is smoother already",
    ),
    ({"kind": "new_channel", "targets": LINE, "bottom_m": 3.0}, "less than one cell wide"),
    (
        {"kind": "underground_tank", "node": "N00010", "volume_m3": 100.0, "crest_m": 200.0},
        "the weir at N00010 never works, or always",
    ),
    ({"kind": "new_pump_station", "from_node": "N1", "capacity_m3_s": 1.0}, "no such node"),
]


@pytest.mark.parametrize(("keys", "message"), WRONG)
def test_wrong_measures_are_one_message(city, keys, message):
    with pytest.raises(InputError, match=message):
        built(city, {"it": ADAPTER.validate_python(keys)})


def test_faults_of_several_measures_come_together(city):
    with pytest.raises(InputError) as error:
        built(city, {f"m{k}": ADAPTER.validate_python(WRONG[k][0]) for k in (0, 6)})
    assert "measure.m0" in str(error.value) and "measure.m6" in str(error.value)


def test_cell_edits_hold_each_cell_once(city):
    for kind in BUILT:
        plan = example(kind).plan("it", InputsView(city, lambda file, place: []))
        for e in plan.edits:
            if isinstance(e, CellEdit):
                assert len(np.unique(e.cells, axis=0)) == len(e.cells)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_explains_itself(kind):
    """Summary, stage, each field with its default and range: no kind without."""
    lines = explained(kind)
    fields = [n for n in KINDS[kind].model_fields if n not in COMMON]
    assert (
        KINDS[kind].CHINESE in lines[0] and "stage " in lines[2] and len(lines) >= 3 + len(fields)
    )
