"""More projects than a factorial holds: orders of building, their sets, values that add up;
measures inside projects; screening by the fraction.
"""

import json
from itertools import pairwise

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.study import load_study
from flood_sim.study.attribute import attribution
from flood_sim.study.expand import orders, portfolios, prefixes
from flood_sim.study.queue import run_study
from flood_sim.study.report import write_report
from games import owen
from study.test_study import SCENARIO, written

SAMPLED = 'portfolios = "sampled"\n[sampling]\npairs = @\nof = "#"\n'


def sampled(pairs, of):
    return SAMPLED.replace("@", str(pairs)).replace("#", of)


def rows_of(study, loss, name="outcome_damage"):
    """The catalogue of a study whose loss is a function of the set."""
    common = {
        "storm": "as_given",
        "failure_set": "none",
        "draw": -1,
        "twin": False,
        "cost_middle": None,
    }
    return [
        {"bits": bits, "portfolio": label, name: loss(bits), **common}
        for label, bits in portfolios(study).items()
    ]


def test_orders_pass_through_the_sets_that_are_run(tmp_path):
    study = load_study(written(tmp_path, sampled(3, "measures")))
    assert list(study.projects) == ["clean", "green", "green_more"] and study.unions == (
        (0,),
        (1, 2),
    )
    ways = orders(study)
    assert len(ways) == 6 and all(a == b[::-1] for a, b in zip(ways[::2], ways[1::2], strict=True))
    assert all(
        abs(way.index(1) - way.index(2)) == 1 for way in ways
    )  # those of a project stand together
    assert (
        ways == orders(load_study(written(tmp_path, sampled(5, "measures"))))[:6]
    )  # more of them keep the first
    sets = set(portfolios(study).values())
    assert all(set(prefixes(way)) <= sets for way in ways) and {0, 1, 2, 4, 3, 5, 6, 7} >= sets
    assert all((a & b) == a for way in ways for a, b in pairwise(prefixes(way)))


def test_values_of_orders_add_up_and_meet_owens(tmp_path):
    """Example B of the library's DECISIONS on three measures, of which the last two are one
    project; many pairs come to the exact Owen value.
    """
    table = {
        0: 0.0,
        2: 40.0,
        4: 30.0,
        1: 10.0,
        6: 60.0,
        3: 45.0,
        5: 42.0,
        7: 75.0,
    }  # bits: clean = C, green = A, green_more = B
    exact = owen(np.array([table[s] for s in range(8)]), [[0], [1, 2]])
    assert exact.tolist() == pytest.approx([12.5, 34.5, 28.0])
    for pairs, tolerance in ((2, 20.0), (200, 0.8)):
        study = load_study(written(tmp_path, sampled(pairs, "measures")))
        (entry,) = attribution(study, rows_of(study, lambda s: 100.0 - table[s]))["outcomes"]
        values = np.array([entry["shapley"][m] for m in ("clean", "green", "green_more")])
        assert values.sum() == pytest.approx(75.0, rel=1e-12) and entry["total_effect"] == 75.0
        assert np.abs(values - exact).max() <= tolerance
        assert entry["unions"] and entry["orders"] == 2 * pairs and entry["interactions"] is None
    assert np.abs(values - exact).max() <= 4.0 * max(entry["standard_error"].values())
    assert entry["first_in"]["green"] == 40.0 and entry["last_in"]["green"] == 33.0


def test_a_set_without_a_value_is_attributed_to_nobody(tmp_path):
    study = load_study(written(tmp_path, sampled(2, "projects")))
    document = attribution(study, rows_of(study, lambda s: None if s == 3 else 1.0))
    assert (
        document["outcomes"] == []
        and "1 of 4 portfolios have no value" in document["missing"][0]["why"]
    )


SIX = SCENARIO + "".join(
    f'[measure.green{k}]\nkind = "sunken_green"\ntargets = {{ layer = "courts" }}\nshare = 0.0{k}\n'
    for k in range(1, 7)
)


def test_screening_by_the_fraction(tmp_path):
    """Main effects of an additive game are its values, of the 16 runs alone."""
    projects = "[projects]\n" + "".join(f'p{k} = ["green{k}"]\n' for k in range(1, 7))
    study = load_study(written(tmp_path, 'portfolios = "fractional"\n' + projects, SIX))
    gains = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    document = attribution(
        study, rows_of(study, lambda s: 100.0 - sum(g for k, g in enumerate(gains) if s >> k & 1))
    )
    (found,) = document["screening"]
    assert (
        list(found["main_effects"].values()) == pytest.approx(gains) and document["outcomes"] == []
    )


def test_a_sampled_study_runs_and_has_its_page(tmp_path):
    study = load_study(written(tmp_path, sampled(2, "measures")))
    summary = run_study(study, tmp_path / "out")
    assert summary["complete"] == summary["runs"] == len(portfolios(study))
    document = json.loads((tmp_path / "out" / "attribution.json").read_text())
    damage = next(e for e in document["outcomes"] if e["name"] == "damage")
    assert (
        sum(damage["shapley"].values()) == pytest.approx(damage["total_effect"], rel=1e-9)
        and damage["total_effect"] > 0.0
    )
    page = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert "green_more" in page and "Which belong together" not in page


def test_more_than_eight_projects_are_sampled_or_named(tmp_path):
    projects = "[projects]\n" + "".join(f'p{k} = ["green{1 + k % 6}"]\n' for k in range(9))
    with pytest.raises(InputError, match="512 portfolios.*"):
        load_study(written(tmp_path, projects, SIX))
    assert (
        len(load_study(written(tmp_path, 'portfolios = "sampled"\n' + projects, SIX)).projects) == 9
    )
