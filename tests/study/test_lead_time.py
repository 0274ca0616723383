"""The latest order that still holds a loss: by bisection, against the sill law by hand; orders by
the clock; what cannot be searched.
"""

import json
from datetime import datetime

import pytest
from typer.testing import CliRunner

from flood_sim.cli.main import app
from flood_sim.core.errors import InputError
from flood_sim.scenario import load_scenario
from flood_sim.study.lead_time import Wanted, latest_step, lead_time_lines, search_lead_time
from sites.test_actions import BOARD, ENTRANCE
from sites.test_underground import lake

TIGHT = ENTRANCE.replace("s_m = 0.02", "s_m = 0.0").replace("[output]", "[output]\ninterval_s = 60")


def written(folder, events, site=TIGHT):
    folder.mkdir(exist_ok=True)
    (folder / "rain.csv").write_text("time_s,rate_mm_h\n0,300\n")
    (folder / "s.toml").write_text(lake(stop="17:00", rate_mm_h=300.0) + site + events)
    return load_scenario(folder / "s.toml")


def test_bisection_finds_the_last_step_and_asks_seldom():
    for edge in range(101):
        asked = []
        assert (
            latest_step(lambda k, edge=edge, asked=asked: asked.append(k) or k <= edge, 100) == edge
        )
        assert len(asked) <= 2 + 7
    assert latest_step(lambda k: False, 100) is None


def test_the_latest_order_of_a_board_is_the_sill_laws(tmp_path):
    """The street reaches the sill at 16:00; (2/5) 1.70 B r^1.5 t^2.5 = 18.2 m3 in 10 min, 50 in 15:
    a board of 15 min set-up that holds 20 m3 is ordered at 15:55, not at 16:00. The scenario orders
    it at 16:05."""
    scenario = written(tmp_path / "case", BOARD.replace("@AT", "16:05"))
    found = search_lead_time(
        scenario,
        Wanted("baseline", "board", "underground_entry_garage", 20.0, 5.0),
        tmp_path / "out",
    )
    assert datetime.fromisoformat(found.latest).strftime("%H:%M") == "15:55"
    assert datetime.fromisoformat(found.done).strftime("%H:%M") == "16:10"
    assert found.loss_at_latest == pytest.approx(
        18.2, rel=0.01
    ) and found.loss_after == pytest.approx(50.1, rel=0.01)
    assert found.loss_at_once == 0.0 and found.loss_without == pytest.approx(1609.0, rel=0.01)
    assert found.slack_min == pytest.approx(-10.0) and "TOO LATE" in "\n".join(
        lead_time_lines(found)
    )
    passes = 600.0 * (20.0 / 18.2) ** 0.4  # s after 16:00; sites.csv has a line each minute
    assert found.needed_min == pytest.approx(5.0 + passes / 60.0, abs=1.0)
    assert found.runs <= 2 + 2 + 5
    written_down = json.loads((tmp_path / "out" / "lead_time.json").read_text())
    assert written_down["latest"] == found.latest


def test_no_moment_is_early_enough(tmp_path):
    """A board of 0.6 m that takes two hours to stand: the station fills whenever it is ordered."""
    scenario = written(
        tmp_path / "case",
        BOARD.replace("@AT", "15:00").replace("setup_min = 15", "setup_min = 120"),
    )
    found = search_lead_time(
        scenario,
        Wanted("baseline", "board", "underground_entry_garage", 20.0, 60.0),
        tmp_path / "out",
    )
    assert (
        found.latest is None
        and found.needed_min is None
        and "no moment is early enough" in "\n".join(lead_time_lines(found))
    )


def test_a_measure_by_order_is_searched_by_the_clock_alone(tmp_path):
    """The warning's own order (rain) is put aside: at the run's end nobody is warned, whatever has
    fallen.
    """
    warning = (
        '[measure.call]\nkind = "flood_warning"\ntargets = ["metro"]\norder = { rain_mm = 20,'
        ' within_h = 3 }\n[portfolio.it]\nmeasures = ["call"]\n'
    )
    people = TIGHT.replace("board_leak", "people = 3500\nboard_leak").replace(
        "sill_height_m = 0.3", "sill_height_m = 0.1"
    )
    scenario = written(tmp_path / "case", warning, people)
    found = search_lead_time(
        scenario, Wanted("it", "call", "evacuation_shortfall", 0.0, 20.0), tmp_path / "out"
    )
    assert (
        found.loss_as_ordered == found.loss_at_once == 0.0 < found.loss_without
        and found.latest is not None
    )
    assert datetime.fromisoformat(found.ordered).strftime("%H:%M") == "15:04"  # 20 mm at 300 mm/h


def test_what_cannot_be_searched_is_said(tmp_path):
    scenario = written(tmp_path / "case", BOARD.replace("@AT", "16:05"))
    with pytest.raises(InputError, match="takes no such action; did you mean `board`"):
        search_lead_time(
            scenario, Wanted("baseline", "bord", "underground_entry_garage", 20.0), tmp_path / "out"
        )
    with pytest.raises(InputError, match="steps do not fit the run"):
        search_lead_time(
            scenario,
            Wanted("baseline", "board", "underground_entry_garage", 20.0, 0.01),
            tmp_path / "out",
        )
    with pytest.raises(InputError, match="no such outcome"):
        search_lead_time(
            scenario,
            Wanted("baseline", "board", "underground_entry_gara", 20.0, 60.0),
            tmp_path / "out",
        )


def test_the_command_says_it(tmp_path):
    written(tmp_path / "case", BOARD.replace("@AT", "15:30"))
    words = [
        "lead-time",
        str(tmp_path / "case" / "s.toml"),
        "--out",
        str(tmp_path / "out"),
        "--portfolio",
        "baseline",
        "--action",
        "board",
    ]
    result = CliRunner().invoke(
        app, [*words, "--outcome", "underground_entry_garage", "--limit", "20", "--step-min", "60"]
    )
    assert result.exit_code == 0, result.output
    assert (
        "latest order    20 Jul 15:00" in result.output
        and "slack           -30 min" in result.output
    )
