"""What a study says of how sure it is: draws, choices, twins, expected annual damage; from
catalogues made by hand, and one run for real.
"""

import json

import numpy as np
import pandas as pd
import pytest

from flood_sim.analysis.games.money import expected_annual_damage
from flood_sim.analysis.games.uncertainty import two_fidelities
from flood_sim.core.errors import InputError
from flood_sim.study import load_study
from flood_sim.study.attribute import attribution
from flood_sim.study.expand import draw_parameters, expand
from flood_sim.study.queue import run_study
from study.test_study import written

DRAWS = '[draws]\nn = {n}\n[draws.parameters]\n"city.river_manning_n" = [0.03, 0.09]\n'
CHOICE = '[draws.choices]\n"surface.scheme" = ["local_inertial", "second_order"]\n'
TWIN = "[twin]\ndear_draws = {dear}\n[twin.changes.drainage]\ntrunk_share = 0.2\n"


def rows_of(study, losses):
    """A catalogue: losses(bits, draw, storm, twin) of every run of the study."""
    rows = []
    for spec in expand(study):
        cost = float(1000 * spec.bits)
        rows.append(
            {
                "portfolio": spec.portfolio,
                "bits": spec.bits,
                "storm": spec.storm,
                "draw": spec.draw,
                "twin": spec.twin,
                "failure_set": spec.failure_set,
                "status": "complete",
                "outcome_damage": losses(spec.bits, spec.draw, spec.storm, spec.twin),
                "cost_low": cost,
                "cost_middle": cost,
                "cost_high": cost,
                "cost_yearly": 0.0,
            }
        )
    return rows


def test_draws_say_how_sure_the_ranking_is(tmp_path):
    """Two additive projects: pipes bring 10 in every world, green 4 + 2 d in world d: green is
    first from world 4 on (a tie in world 3).
    """
    study = load_study(written(tmp_path, DRAWS.format(n=8)))
    rows = rows_of(
        study,
        lambda bits, draw, storm, twin: (
            100.0 - 10.0 * (bits & 1) - (4.0 + 2.0 * draw) * (bits >> 1)
        ),
    )
    entry = attribution(study, rows)["outcomes"][0]
    assert (
        entry["shapley"] == pytest.approx({"pipe_network": 10.0, "source_and_storage": 11.0})
        and entry["draws"] == 8
    )
    sure = entry["sure"]
    assert (sure["best"], sure["second"]) == ("source_and_storage", "pipe_network")
    assert sure["best_stays_first"] == pytest.approx(4.5 / 8) and sure["error"] == pytest.approx(
        np.sqrt(0.5625 * 0.4375 / 8)
    )
    assert sure["rank_probabilities"] == [[0.5, 0.5], [0.5, 0.5]]  # ties go to the earlier
    low, high = entry["interval"]["spread"]
    green = 4.0 + 2.0 * np.arange(8)
    assert (low, high) == (
        pytest.approx([10.0, np.quantile(green, 0.05)]),
        pytest.approx([10.0, np.quantile(green, 0.95)]),
    )
    assert (
        low[1] < entry["interval"]["mean"][0][1] < 11.0 < entry["interval"]["mean"][1][1] < high[1]
    )
    few = load_study(written(tmp_path / "few", DRAWS.format(n=4)))
    assert (
        attribution(few, rows_of(few, lambda bits, *rest: 10.0 - bits))["outcomes"][0]["interval"]
        is None
    )


def test_a_draw_that_lacks_a_run_is_left_out_and_counted(tmp_path):
    study = load_study(written(tmp_path, DRAWS.format(n=4)))
    rows = rows_of(
        study, lambda bits, draw, storm, twin: None if (bits, draw) == (3, 2) else 10.0 - bits
    )
    entry = attribution(study, rows)["outcomes"][0]
    assert entry["draws"] == 3 and entry["draws_left_out"] == 1


def test_damage_of_a_year_and_what_it_is_worth(tmp_path):
    """Three return periods: EAD of each portfolio as the tested function has it; benefit, present
    value and ratio against nothing built.
    """
    storms = (
        "[storms.s2]\n[storms.s10]\n[storms.s50]\n[return_period_y]\ns2 = 2\ns10 = 10\ns50 = 50\n"
    )
    study = load_study(written(tmp_path, storms))
    loss = {"s2": 0.0, "s10": 60.0, "s50": 200.0}
    document = attribution(
        study, rows_of(study, lambda bits, draw, storm, twin: loss[storm] * (1.0 - 0.25 * bits))
    )
    found = {row["bits"]: row for row in document["expected_annual"]}
    whole = expected_annual_damage([2, 10, 50], [0.0, 60.0, 200.0])[0]
    assert found[0]["ead"] == pytest.approx(whole) and found[2]["ead"] == pytest.approx(0.5 * whole)
    assert found[2]["benefit_a_year"] == pytest.approx(0.5 * whole) and found[1][
        "benefit_a_year"
    ] == pytest.approx(0.25 * whole)
    six = next(r for r in found[2]["rates"] if r["rate"] == 0.06)
    annuity = (1.0 - 1.06**-50) / 0.06
    assert six["npv"] == pytest.approx(0.5 * whole * annuity - 2000.0) and six[
        "bcr"
    ] == pytest.approx(0.5 * whole * annuity / 2000.0)


def test_a_twin_runs_all_worlds_and_the_model_the_first(tmp_path):
    study = load_study(written(tmp_path, DRAWS.format(n=8) + CHOICE + TWIN.format(dear=3)))
    runs = expand(study)
    assert (
        len(runs) == 4 * (3 + 8)
        and {r.draw for r in runs if not r.twin} == {0, 1, 2}
        and {r.draw for r in runs if r.twin} == set(range(8))
    )
    cheap, dear = (
        next(r for r in runs if r.draw == 1 and r.twin is twin) for twin in (True, False)
    )
    assert (
        cheap.parameters == dear.parameters
        and cheap.changes["drainage"] == {"trunk_share": 0.2}
        and "drainage" not in dear.changes
    )
    assert len({r.identity(study, "x") for r in runs}) == len(runs)
    schemes = [p["surface.scheme"] for p in draw_parameters(study)]
    assert (
        sorted(schemes) == ["local_inertial"] * 4 + ["second_order"] * 4
    )  # a Sobol sequence is balanced
    assert dear.changes["surface"]["scheme"] == dear.parameters["surface.scheme"]


def test_both_models_make_one_estimate(tmp_path):
    """The twin sees pipes at half their worth and green as it is but for a wiggle: values by
    control variate, its correlation said.
    """
    study = load_study(written(tmp_path, DRAWS.format(n=16) + TWIN.format(dear=8)))
    worth = 10.0 + np.arange(16) % 5
    green = 8.0 + np.cos(np.arange(16))

    def loss(bits, draw, storm, twin):
        pipes, courts = (
            (0.5 * worth[draw], green[draw] + 0.1 * np.sin(7 * draw))
            if twin
            else (worth[draw], green[draw])
        )
        return 100.0 - pipes * (bits & 1) - courts * (bits >> 1)

    rows = rows_of(study, loss)
    entry = attribution(study, rows, cost_ratio=10.0)["outcomes"][0]
    assert entry["draws"] == 8 and entry["shapley"]["pipe_network"] == pytest.approx(
        worth[:8].mean()
    )
    twin = entry["twin"]
    assert (twin["pairs"], twin["draws"], twin["enough_pairs"]) == (8, 16, True)
    assert twin["projects"]["pipe_network"]["correlation"] == pytest.approx(1.0)
    assert twin["projects"]["pipe_network"]["mean"] == pytest.approx(
        worth.mean()
    )  # exactly what sixteen dear draws would say
    expected = two_fidelities(green[:8], green + 0.1 * np.sin(7 * np.arange(16)), 10.0)
    assert (
        twin["projects"]["source_and_storage"] == pytest.approx(expected)
        and 0.9 < expected["correlation"] < 1.0
    )
    assert twin["worth_it"] == {
        "pipe_network": True,
        "source_and_storage": expected["factor"] <= 0.8,
    }
    assert attribution(study, rows)["outcomes"][0].get("twin") is None


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (TWIN.format(dear=3), "needs .draws."),
        (DRAWS.format(n=3) + TWIN.format(dear=3), "more of them than dear_draws"),
        ("[draws]\nn = 3\n", "parameters or choices are missing"),
        (
            DRAWS.format(n=3) + '[draws.choices]\n"surface.scheme" = ["auto"]\n',
            "at least two values",
        ),
        (
            DRAWS.format(n=3) + '[draws.choices]\n"city.river_manning_n" = [0.1, 0.2]\n',
            "either a range or a choice",
        ),
    ],
)
def test_wrong_draws_and_twins_are_one_message(tmp_path, extra, message):
    with pytest.raises(InputError, match=message):
        load_study(written(tmp_path, extra))


def test_a_study_with_a_twin_for_real(tmp_path):
    """Six runs of the model, eight of its twin: twins are runs of their own, kept out of the fine
    values, and the cost ratio is measured.
    """
    text = (
        "portfolios = 'factorial'\nprojects = { green = ['green'] }\n"
        + DRAWS.format(n=4)
        + TWIN.format(dear=3)
    )
    summary = run_study(load_study(written(tmp_path, text)), tmp_path / "out")
    assert summary["complete"] == summary["different"] == 2 * (3 + 4)
    table = pd.read_parquet(tmp_path / "out" / "catalogue.parquet")
    assert table["twin"].sum() == 8 and set(table.loc[~table["twin"], "draw"]) == {0, 1, 2}
    entry = next(
        e
        for e in json.loads((tmp_path / "out" / "attribution.json").read_text())["outcomes"]
        if e["name"] == "flooded_area_hours_0.15"
    )
    assert (
        entry["draws"] == 3
        and entry["twin"]["pairs"] == 3
        and entry["twin"]["draws"] == 4
        and not entry["twin"]["enough_pairs"]
    )
    assert 0.2 < entry["twin"]["cost_ratio"] < 20.0
    assert entry["total_effect"] == pytest.approx(entry["shapley"]["green"])
