"""A study to its runs, its draws and its failing components, by hand; no scenario is read but one
of a few cells.
"""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from cases import coupled_inputs, flat, inp_text, write_inp
from flood_sim.core.errors import InputError
from flood_sim.scenario.build import bare_inputs
from flood_sim.scenario.loader import load_scenario
from flood_sim.simulation.inputs import NodeInlet
from flood_sim.study import failures
from flood_sim.study.expand import (
    common_scheme,
    draw_parameters,
    expand,
    label_of,
    orders,
    portfolios,
    prefixes,
)
from flood_sim.study.failures import Envelope, components_of, envelopes, failure_sets, order_of
from flood_sim.study.queue import _Work
from flood_sim.study.spec.study import Draws, _players, _projects, load_study
from study.test_study import SCENARIO, written


def study(names="abc", **spec):
    keys = {"portfolios": "factorial", "draws": None, "twin": None, "storms": {"s": {}}}
    keys |= {"failure_sets": {"none": {}}}
    projects = {n: (f"{n}1", f"{n}2") for n in names}
    unions = tuple((k,) for k in range(len(names)))
    spec = SimpleNamespace(**(keys | spec))
    return SimpleNamespace(
        spec=spec, projects=projects, unions=unions, failure_sets=spec.failure_sets
    )


def test_sets_of_each_kind_of_study():
    """Bits in the order of the projects: a 1, b 2, c 4."""
    assert list(portfolios(study()).values()) == list(range(8))
    assert portfolios(study(portfolios="singles")) == {
        "none": 0,
        "a": 1,
        "b": 2,
        "c": 4,
        "b+c": 6,
        "a+c": 5,
        "a+b": 3,
        "all": 7,
    }
    assert list(portfolios(study("ab", portfolios="singles")).values()) == [0, 1, 2, 3]
    assert list(portfolios(study("a", portfolios="singles")).values()) == [0, 1]
    named = portfolios(study(portfolios={"x": ("c", "a"), "y": ()}))
    assert named == {"x": 5, "y": 0}
    sampling = SimpleNamespace(pairs=2, seed=1)
    sampled = study(portfolios="sampled", sampling=sampling)
    ways = orders(sampled)
    assert len(ways) == 4 and ways[1] == ways[0][::-1] and orders(study()) == []
    wanted = {0, 7, 1, 2, 4, 6, 5, 3} | {s for way in ways for s in prefixes(way)}
    assert set(portfolios(sampled).values()) == wanted
    assert prefixes([2, 0, 1]) == [0, 4, 5, 7]
    assert label_of(7, ["a", "b", "c"]) == "all" and label_of(1, ["a"]) == "a"


def test_every_run_has_its_measures_and_changes():
    """2 storms x 2 failure sets x 4 portfolios x 3 draws; the first draw by both models."""
    draws = Draws(n=3, parameters={"city.n": (1.0, 2.0)})
    twin = SimpleNamespace(dear_draws=1, changes={"city": {"cell": 20.0}})
    storms = {"s": {"rain": {"mm": 1.0}}, "t": {"rain": {"mm": 2.0}}}
    sets = {"none": {}, "f": {"rain": {"late": True}}}
    runs = expand(study("ab", draws=draws, twin=twin, storms=storms, failure_sets=sets))
    assert len(runs) == 2 * 2 * 4 * (3 + 1)
    assert [r.draw for r in runs] == [0] * 32 + [1] * 16 + [2] * 16
    assert [r.twin for r in runs if r.draw == 0] == [False, True] * 16
    assert all(r.twin for r in runs if r.draw > 0)
    one = next(r for r in runs if (r.bits, r.storm, r.failure_set) == (2, "t", "f"))
    assert one.measures == ("b1", "b2") and one.portfolio == "b" and not one.twin
    assert one.changes == {
        "rain": {"mm": 2.0, "late": True},
        "city": {"n": one.parameters["city.n"]},
    }
    cheap = runs[runs.index(one) + 1]
    assert cheap.changes["city"] == {"n": one.parameters["city.n"], "cell": 20.0}
    plain = expand(study("a"))
    assert [(r.draw, r.changes, r.measures) for r in plain] == [
        (-1, {}, ()),
        (-1, {}, ("a1", "a2")),
    ]
    assert str(plain[0]) == "none, s, none" and str(one) == "b, t, f, draw 0"


def test_draws_fill_their_ranges_and_choices():
    """256 points of a scrambled Sobol sequence: 64 in each quarter of a range and of a choice."""
    draws = Draws(
        n=256, parameters={"b": (10.0, 20.0), "a": (-1.0, 1.0)}, choices={"c": ("x", "y")}
    )
    found = draw_parameters(study(draws=draws))
    b = np.array([d["b"] for d in found])
    assert np.histogram(b, bins=4, range=(10.0, 20.0))[0].tolist() == [64] * 4
    a = np.array([d["a"] for d in found])
    assert np.histogram(a, bins=4, range=(-1.0, 1.0))[0].tolist() == [64] * 4
    assert [d["c"] for d in found].count("x") == 128
    assert draw_parameters(study(draws=draws.model_copy(update={"n": 5}))) == found[:5]
    other = draw_parameters(study(draws=draws.model_copy(update={"seed": 1})))
    assert other != found and draw_parameters(study()) == []


NETWORK = inp_text(
    junctions="M 6 4 0 0 0\nN 6 4 0 0 0",
    outfalls="O 5 FREE YES\nP 5 FREE NO",
    conduits="C M O 50 0.013 0 0 0 0\nD N P 50 0.013 0 0 0 0",
    xsections="C CIRCULAR 1 0 0 0\nD CIRCULAR 1 0 0 0",
)


@pytest.fixture
def inputs(tmp_path):
    inlets = [NodeInlet("M", 0, 0), NodeInlet("M", 0, 1), NodeInlet("N", 1, 1, kind="drain")]
    return coupled_inputs(flat(2, 2), write_inp(tmp_path, NETWORK), inlets, duration_s=60.0)


def test_components_are_those_that_can_fail(inputs):
    every = Envelope(components=("flaps", "inlets", "pipes", "pumps", "boards"))
    assert components_of(every, inputs) == [
        ("flaps", "O"),
        ("inlets", "M"),
        ("pipes", "C"),
        ("pipes", "D"),
    ]
    with pytest.raises(InputError, match="the scenario has no such components"):
        failure_sets(Envelope(components=("pumps",)), inputs, "t", "p")
    one = failure_sets(
        Envelope(components=("pipes",), levels=(1.0,), sequences=2), inputs, "t", "p"
    )
    assert list(one) == ["sequence 0, 100 %", "sequence 1, 100 %"]
    for levels in ((0.5, 0.2), (0.2, 0.2), (0.0, 0.5), (0.5, 1.1)):
        with pytest.raises(InputError, match="levels are shares that rise"):
            failure_sets(Envelope(components=("pipes",), levels=levels), inputs, "t", "p")


def test_failures_are_nested_and_count_their_share(inputs):
    """4 components at 25, 50 and 100 %: 1, 2 and 4 of them; the order is the sequence's."""
    kinds = ("flaps", "inlets", "pipes")
    envelope = Envelope(components=kinds, sequences=3, levels=(0.25, 0.5, 1.0))
    found = failure_sets(envelope, inputs, "now", "p")
    assert list(found)[:3] == ["sequence 0, 25 %", "sequence 0, 50 %", "sequence 0, 100 %"]
    names = {"conduits", "nodes", "outfalls"}
    for s in range(3):
        order = [components_of(envelope, inputs)[k][1] for k in order_of(envelope, 4, s)]
        for level, count in ((25, 1), (50, 2), (100, 4)):
            rows = found[f"sequence {s}, {level} %"]["failures"]
            members = [m for row in rows for key in names & row.keys() for m in row[key]]
            assert sorted(members) == sorted(order[:count])
    whole = {r["kind"]: r for r in found["sequence 0, 100 %"]["failures"]}
    assert whole["clogged_inlets"] == {
        "kind": "clogged_inlets",
        "name": "failed inlets",
        "nodes": ["M"],
        "at": "now",
        "clogging": 1.0,
    }
    assert whole["stuck_flap"] == {"kind": "stuck_flap", "name": "failed flaps", "outfalls": ["O"]}
    assert failures.failed_count(0.01, 4) == 1 and failures.failed_count(0.9, 10) == 9


def test_what_is_critical_by_hand():
    """Two components, two sequences, halves: the first to fail adds 4 and 2, the second 6 and 1.

    x fails first in one sequence and second in the other: (4 + 1) / 2; y: (6 + 2) / 2.
    """
    seed = next(
        s
        for s in range(99)
        if [order_of(Envelope(seed=s), 2, k) for k in (0, 1)] == [[0, 1], [1, 0]]
    )
    envelope = Envelope(sequences=2, levels=(0.5, 1.0), seed=seed, outcome="damage")
    losses = {(0, 50): 14.0, (0, 100): 20.0, (1, 50): 12.0, (1, 100): 13.0}
    rows = [
        {"portfolio": "none", "storm": "s", "twin": False, "outcome_damage": v}
        | {"failure_set": f"sequence {k[0]}, {k[1]} %"}
        for k, v in losses.items()
    ]
    calm = {"portfolio": "none", "storm": "s", "twin": False, "outcome_damage": 10.0}
    rows += [
        calm | {"failure_set": "none"},
        calm | {"twin": True, "failure_set": "none", "outcome_damage": 0.0},
    ]
    mine = study("a", envelope=envelope, failure_sets={"none": {}})
    mine.components = ("x", "y")
    (found,) = envelopes(mine, rows)["envelopes"]
    assert found["calm"] == 10.0
    assert found["critical"] == [
        {"component": "y", "adds": 4.0, "seen": 2},
        {"component": "x", "adds": 2.5, "seen": 2},
    ]
    first, last = found["levels"]
    assert (first["lowest"], first["mean"], first["highest"]) == (12.0, 13.0, 14.0)
    assert first["low"] == pytest.approx(12.1) and first["high"] == pytest.approx(13.9)
    assert (last["share"], last["sequences"]) == (1.0, 2)
    # a run that lacks: its level and the rise after it are not counted
    lacking = [r | {"outcome_damage": None} if r["outcome_damage"] == 14.0 else r for r in rows]
    (found,) = envelopes(mine, lacking)["envelopes"]
    assert found["levels"][0]["sequences"] == 1
    assert {c["component"]: c["adds"] for c in found["critical"]} == {"y": 2.0, "x": 1.0}
    assert envelopes(study("a", envelope=None), rows) is None


def scenario_of(**projects):
    measure = {n: SimpleNamespace(PROJECT=p) for n, p in projects.items()}
    return SimpleNamespace(spec=SimpleNamespace(measure=measure))


def test_projects_of_a_study(tmp_path):
    """Absent: by the project of the measures' kinds, in the order of the six."""
    given = scenario_of(
        wall="critical_infrastructure",
        pipe="pipe_network",
        pump="pump_stations",
        pond="pipe_network",
    )
    spec = SimpleNamespace(projects={}, portfolios="factorial", scenario="s")
    found = _projects(spec, given, tmp_path)
    assert list(found.items()) == [
        ("pipe_network", ("pipe", "pond")),
        ("pump_stations", ("pump",)),
        ("critical_infrastructure", ("wall",)),
    ]
    cases = (
        ({"scenario": "s"}, scenario_of(), "the scenario has no measures"),
        ({"projects": {"x": ("weir",)}}, given, "no such measure"),
        ({"projects": {str(k): ("pipe",) for k in range(9)}}, given, "512 portfolios"),
        ({"projects": {"x": ("pipe",)}, "portfolios": "fractional"}, given, "six projects"),
    )
    for change, where, words in cases:
        with pytest.raises(InputError, match=words):
            _projects(SimpleNamespace(**(vars(spec) | change)), where, tmp_path)
    six = {str(k): ("pipe",) for k in range(6)}
    kept = SimpleNamespace(**(vars(spec) | {"projects": six, "portfolios": "fractional"}))
    assert _projects(kept, given, tmp_path) == six
    eight = {str(k): ("pipe",) for k in range(8)}
    assert (
        len(_projects(SimpleNamespace(**(vars(spec) | {"projects": eight})), given, tmp_path)) == 8
    )
    nine = {str(k): ("pipe",) for k in range(9)}
    sampled = SimpleNamespace(**(vars(spec) | {"projects": nine, "portfolios": "sampled"}))
    assert len(_projects(sampled, given, tmp_path)) == 9


def test_players_of_a_sampled_study(tmp_path):
    projects = {"a": ("m", "n"), "b": ("o",)}
    for of, portfolio, unions in (
        ("projects", "sampled", ((0,), (1,))),
        ("measures", "sampled", ((0, 1), (2,))),
        ("measures", "factorial", ((0,), (1,))),
    ):
        spec = SimpleNamespace(portfolios=portfolio, sampling=SimpleNamespace(of=of))
        found, together = _players(spec, projects, tmp_path)
        assert together == unions
        assert list(found) == (["m", "n", "o"] if len(unions[0]) > 1 else ["a", "b"])
    spec = SimpleNamespace(portfolios="sampled", sampling=SimpleNamespace(of="measures"))
    for count, refused in ((62, False), (63, True)):
        many = {"a": tuple(str(k) for k in range(count))}
        if refused:
            with pytest.raises(InputError, match="63 measures"):
                _players(spec, many, tmp_path)
        else:
            assert len(_players(spec, many, tmp_path)[0]) == 62


def test_a_study_is_found_by_its_name_or_its_path(tmp_path):
    assert load_study(written(tmp_path, "", SCENARIO)).spec.portfolios == "factorial"
    with pytest.raises(InputError, match="no study of this name"):
        load_study("no_such_study")


STEEP = """
schema = 1
name = "tiny"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:10:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, slope_x = -0.019, level_m = 10.0 }
manning_n = 0.05
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
[measure.pond]
kind = "pond_restoration"
targets = { polygon_m = [[10, 10], [40, 10], [40, 40], [10, 40]] }
depth_m = 0.5
cost = 1.0e6
"""
DRAWN = """portfolios = "factorial"
[projects]
ponds = ["pond"]
[storms.a]
[draws]
n = 4
[draws.parameters]
"terrain.manning_n" = [0.01, 0.05]
"""


@pytest.mark.parametrize(("own", "runs_with"), [("", {"local_inertial"}), (
    '[draws.choices]\n"surface.scheme" = ["local_inertial", "second_order"]\n',
    {"local_inertial", "second_order"},
)])  # fmt: skip
def test_drawn_roughness_changes_no_scheme(tmp_path, own, runs_with):
    """Normal flow on 1.9 % reaches Froude 1 at n 0.03. All runs take the scheme of n 0.05, but for
    those that draw it.
    """
    wanted = load_study(written(tmp_path, DRAWN + own, STEEP))
    base = wanted.scenario
    smooth = load_scenario(base.path, (), {"terrain": {"manning_n": 0.015}})
    assert bare_inputs(smooth).surface.scheme == "second_order"
    sent = []
    todo = {str(k): run for k, run in enumerate(expand(wanted))}
    work = _Work(wanted, "", SimpleNamespace(folder=tmp_path), todo, len(todo), print)
    flight = SimpleNamespace(send=lambda identity, name, given: sent.append(json.loads(given[1])))
    for _ in todo:
        work._submit(flight)
    schemes = [document["changes"]["surface"]["scheme"] for document in sent]
    assert len(schemes) == 8 and set(schemes) == runs_with
    named = written(tmp_path, DRAWN, STEEP + '[surface]\nscheme = "second_order"\n')
    assert common_scheme(load_study(named)) is None
