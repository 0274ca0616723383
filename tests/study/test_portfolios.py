"""The shipped study of all 64 portfolios of the six projects, run to its page. A file of its own: it
takes minutes.
"""

import json

import pandas as pd
import pytest

from flood_sim.study import load_study
from flood_sim.study.queue import run_study
from flood_sim.study.report import write_report


@pytest.mark.slow
def test_sixty_four_portfolios_of_six_projects(tmp_path):
    """The shipped study: all complete, rain equal to the last bit, values add up; boards keep the
    metro dry, power is project 4's to keep.
    """
    summary = run_study(load_study("six_projects_small"), tmp_path / "out")
    assert summary["complete"] == 64 and summary["failed"] == {}
    table = pd.read_parquet(tmp_path / "out" / "catalogue.parquet")
    assert table["rain_m3"].nunique() == 1 and table["volume_error_rel"].max() <= 1e-6
    document = json.loads((tmp_path / "out" / "attribution.json").read_text())
    for entry in document["outcomes"]:
        assert sum(entry["shapley"].values()) == pytest.approx(
            entry["total_effect"], rel=1e-9, abs=1e-9 * max(entry["loss_none"], 1.0)
        )
    found = {e["name"]: e for e in document["outcomes"]}
    metro, service = found["underground_entry_metro"]["shapley"], found["service_loss"]["shapley"]
    assert (
        max(metro, key=metro.get) == "underground_space"
        and max(service, key=service.get) == "critical_infrastructure"
    )
    assert document["buying"] and write_report(tmp_path / "out").stat().st_size < 15e6
