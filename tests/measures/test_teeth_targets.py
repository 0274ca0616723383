"""Who a measure means, when it is ordered, how edits meet: on ground of a few cells, by hand."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from cases import START, flat, steady_rain
from flood_sim.core.errors import InputError
from flood_sim.measures.base import InputsView, Targets
from flood_sim.measures.edits import Plan, merge
from flood_sim.measures.effectiveness import triangular
from flood_sim.measures.orders import Order, ordered
from flood_sim.measures.targets import _limited, cells_of, items_of
from flood_sim.simulation.inputs import Gauge
from flood_sim.sites.sites import SiteInputs
from flood_sim.sites.underground_inputs import Opening, Passage, Space, SpaceInputs
from measure_cases import surface_inputs


def ground(**more):
    """6 x 6 cells of 5 m at 10 m; a meadow of two cells, two gauges."""
    meadow = np.zeros((6, 6), bool)
    meadow[0, :2] = True
    gauges = tuple(Gauge(n, r, c, 0.0, 0.0) for n, r, c in (("quay", 0, 0), ("gate", 5, 5)))
    keys = {"layers": {"meadow": meadow}, "gauges": gauges} | more
    rain = keys.pop("rain", steady_rain(60.0, 7200.0))
    return surface_inputs(flat(6, 6, 5.0, 10.0), 7200.0, rain=rain, **keys)


def view_of(inputs):
    return InputsView(inputs, lambda file, place: [])


# ------------------------------------------------------------------------------- who is meant


def sites(**more):
    def space(name, row, sill, **keys):
        way = Opening(f"{name}/door", row, 0, sill, 2.0)
        table = np.array([5.0, 8.0]), np.array([0.0, 30.0])
        return Space(name, *table, (way,), **keys)

    spaces = (
        space("a", 0, 10.1, kind="garage", people=5.0),
        space("b", 2, 10.2, kind="metro", people=50.0),
        space("c", 4, 10.3, kind="garage", people=9.0),
    )
    passages = (Passage("ab", "a", "b", 6.0, 2.0), Passage("bc", "b", "c", 6.0, 2.0, door=True))
    return replace(SiteInputs(SpaceInputs(spaces, passages)), **more)


@pytest.mark.parametrize(
    ("targets", "found"),
    [
        ({"names": ["c", "a"]}, ["a", "c"]),
        ({"layer": "spaces"}, ["a", "b", "c"]),
        ({"where": ["people > 5"]}, ["b", "c"]),
        ({"where": ["people >= 5", "type == garage"]}, ["a", "c"]),
        ({"where": ["type != 'garage'"]}, ["b"]),
        ({"any": [["people < 6"], ["type == metro", "people <= 50"]]}, ["a", "b"]),
        ({"layer": "spaces", "order_by": "-people", "limit": {"count": 2}}, ["b", "c"]),
        ({"layer": "spaces", "order_by": "people", "limit": {"count": 1}}, ["a"]),
        ({"within_m": [[0, 0], [30, 0], [30, 20], [0, 20]]}, ["b", "c"]),
        ({"where": ["people > 99"], "allow_empty": True}, []),
    ],
)
def test_rules_find_what_they_say(targets, found):
    view = view_of(ground(sites=sites()))
    assert items_of("m", Targets.model_validate(targets), view, "spaces") == found


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ({}, "name the spaces, or give layer"),
        ({"names": ["x"]}, "no such item"),
        ({"names": ["a", "a"]}, "a name stands twice"),
        ({"layer": "nodes"}, "this kind works on spaces"),
        ({"where": ["people is 5"]}, "this is no rule"),
        ({"where": ["people > five"]}, "`people` is a number"),
        ({"layer": "spaces", "order_by": "persons"}, "no such field"),
        ({"layer": "spaces", "limit": {"length_m": 5.0}}, "no such field"),
        ({"where": ["people > 99"]}, "none of 3 spaces is meant"),
    ],
)
def test_rules_that_find_nothing_say_why(targets, words):
    view = view_of(ground(sites=sites()))
    with pytest.raises(InputError, match=words):
        items_of("m", Targets.model_validate(targets), view, "spaces")


def test_lines_as_long_as_the_limit_are_kept():
    """Pipes of 10, 20 and 30 m: 30 m of them are two, 29.9 one."""
    rows = [{"id": f"C{k}", "length_m": 10.0 * k} for k in (1, 2, 3)]
    for most, kept in ((30.0, 2), (29.9, 1), (60.0, 3), (9.9, 0)):
        targets = Targets.model_validate({"limit": {"length_m": most}})
        assert len(_limited("m", "pipes", rows, targets)) == kept


def test_cells_of_lines_polygons_and_layers():
    view = view_of(ground())
    line = Targets.model_validate({"line_m": [[1.0, 12.5], [29.0, 12.5]]})
    assert {int(r) for r, _ in cells_of("m", line, view)} == {3}
    assert {int(r) for r, _ in cells_of("m", line, view, half_width_m=6.0)} == {2, 3, 4}
    off = Targets.model_validate({"line_m": [[1.0, 12.0], [29.0, 12.0]], "allow_empty": True})
    assert {int(r) for r, _ in cells_of("m", off, view)} == {3}  # touched; a strip needs middles
    assert len(cells_of("m", off, view, half_width_m=0.4)) == 0
    assert {int(r) for r, _ in cells_of("m", off, view, half_width_m=0.6)} == {3}
    meadow = Targets.model_validate({"layer": "meadow"})
    assert cells_of("m", meadow, view).tolist() == [[0, 0], [0, 1]]
    within = {"layer": "meadow", "within_m": [[0, 0], [5, 0], [5, 30], [0, 30]]}
    assert cells_of("m", Targets.model_validate(within), view).tolist() == [[0, 0]]
    with pytest.raises(InputError, match="no such layer"):
        cells_of("m", Targets.model_validate({"layer": "meadows"}), view)


# ------------------------------------------------------------------------------ when it is ordered


def order_of(**keys):
    plan = Plan()
    ordered("m", Order.model_validate(keys), (), view_of(ground()), plan, travel_s=30.0)
    return plan


def test_an_order_comes_at_the_earliest_of_what_is_given():
    """60 mm/h: 30 mm have fallen at 30 min; 10 min of lead: 20 min; a decision of 5 min is the
    action's own. A time before the run is its start.
    """
    rain = {"rain_mm": 30.0, "lead_min": 10.0}
    late, soon = START + timedelta(minutes=50), START + timedelta(minutes=7)
    view = view_of(ground())
    for keys, minutes in (
        (rain, 20.0),
        (rain | {"at": late}, 20.0),
        (rain | {"at": soon}, 7.0),
        ({"at": late}, 50.0),
        ({"at": START - timedelta(minutes=9)}, 0.0),
        ({"rain_mm": 2.0, "lead_min": 60.0}, 0.0),
    ):
        (edit,) = order_of(**keys, decision_min=5.0).edits
        action = edit.value
        assert (action.at_s, action.decision_s, action.travel_s) == (60.0 * minutes, 300.0, 30.0)
    assert Order(rain_mm=30.0, decision_min=5.0).given_at_s(view) == 2100.0
    assert Order(at=START - timedelta(minutes=9)).given_at_s(view) == -540.0


def test_an_order_by_water_watches_its_place():
    (edit,) = order_of(gauge="gate", depth_m=0.3).edits
    watch = edit.value.watch
    assert (watch.quantity, watch.place, watch.above, watch.below) == ("depth", (5, 5), 0.3, None)
    assert edit.value.at_s == np.inf
    (edit,) = order_of(at_m=[12.0, 28.0], depth_m=0.2).edits
    assert edit.value.watch.place == (0, 2)
    (edit,) = order_of(after="other").edits
    assert edit.value.after == "other" and edit.value.watch is None
    for keys, words in (
        ({"gauge": "gat", "depth_m": 0.3}, "no such gauge"),
        ({"at_m": [-5.0, 5.0], "depth_m": 0.3}, "no open cell"),
    ):
        plan = order_of(**keys)
        assert not plan.edits and words in plan.refusals[0].problem
    for keys in ({}, {"gauge": "gate"}, {"depth_m": 0.3}, {"lead_min": 5.0, "after": "x"}):
        with pytest.raises(
            ValueError, match="not said when|goes with|two places|rain_mm is missing"
        ):
            Order.model_validate(keys)
    with pytest.raises(ValueError, match="goes with|two places"):
        Order.model_validate({"gauge": "gate", "at_m": [1.0, 1.0], "depth_m": 0.3})


# -------------------------------------------------------------------------------- how edits meet


def cells_plan(op, cells, value, resource="bed_elevation"):
    plan = Plan()
    plan.cells(resource, op, np.array(cells), np.asarray(value, float))
    return plan


def test_lower_meets_lower_and_higher_meets_higher():
    lower = {
        n: cells_plan("lower_to", [[0, 0], [0, k]], [v, v])
        for n, k, v in (("a", 1, 5.0), ("b", 2, 4.0))
    }
    merged, conflicts = merge(lower, (1, 3))
    cells, value = merged.cells["bed_elevation", "lower_to"]
    assert cells.tolist() == [[0, 0], [0, 1], [0, 2]] and value.tolist() == [4.0, 5.0, 4.0]
    assert conflicts == []
    higher = {n: cells_plan("raise_to", [[0, 0]], [v]) for n, v in (("a", 5.0), ("b", 4.0))}
    merged, _ = merge(higher, (1, 3))
    assert merged.cells["bed_elevation", "raise_to"][1].tolist() == [5.0]
    equal = {n: cells_plan("set", [[0, 0]], [2.0]) for n in "ab"}
    assert merge(equal, (1, 1))[1] == []
    for op, value in (("set", 3.0), ("add", 2.0), ("lower_to", 2.0)):
        apart = {"a": cells_plan("set", [[0, 0]], [2.0]), "b": cells_plan(op, [[0, 0]], [value])}
        (conflict,) = merge(apart, (1, 2))[1]
        assert conflict.cells.tolist() == [[0, 0]] and "of 1 cells" in conflict.finding.problem
    both = {n: cells_plan("add", [[0, 0]], [1.0]) for n in "ab"}
    assert len(merge(both, (1, 1))[1]) == 1
    other = {"a": cells_plan("add", [[0, 0]], [1.0]), "b": cells_plan("add", [[0, 1]], [1.0])}
    assert merge(other, (1, 2))[1] == []


@pytest.mark.parametrize(
    ("op", "values", "together"),
    [
        ("lower_to", (3.0, 2.0), 2.0),
        ("raise_to", (3.0, 2.0), 3.0),
        ("add", (3.0, 2.0), 5.0),
        ("set", ("x", "x"), "x"),
        ("set", ("x", "y"), None),
        ("set", (None, None), None),
        ("insert", (1.0, 1.0), None),
    ],
)
def test_items_meet_by_their_operation(op, values, together):
    plans = {}
    for name, value in zip("ab", values, strict=True):
        plans[name] = Plan()
        plans[name].item("spaces", ("s", "f"), op, value)
    merged, conflicts = merge(plans, (1, 1))
    if together is None:
        assert f"a {op} {values[0]}, b {op} {values[1]}" in conflicts[0].finding.given
    else:
        assert conflicts == [] and merged.items["spaces", ("s", "f")] == (op, together)


def test_the_triangle_is_inverted():
    """Between 1 and 4 with its top at 2: a third of the draws below 2; quartiles by hand."""
    assert triangular(1.0 / 3.0, 1.0, 2.0, 4.0) == pytest.approx(2.0)
    assert triangular(1.0 / 12.0, 1.0, 2.0, 4.0) == pytest.approx(1.5)  # (x - 1)^2 / 3
    assert triangular(1.0 - 1.0 / 6.0, 1.0, 2.0, 4.0) == pytest.approx(3.0)  # (4 - x)^2 / 6
    assert (triangular(0.0, 1.0, 2.0, 4.0), triangular(1.0, 1.0, 2.0, 4.0)) == (1.0, 4.0)
