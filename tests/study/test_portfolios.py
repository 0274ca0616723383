"""The shipped study of the six projects, run to its page with four of them: 16 portfolios. All 64
are a benchmark (`python -m benchmarks study`), which asks the same questions.
"""

import pytest
import tomli_w

from benchmarks.speed.study import attribution_faults
from flood_sim.study import load_study
from flood_sim.study.queue import run_study
from flood_sim.study.report import write_report

FOUR = ("pipe_network", "critical_infrastructure", "underground_space", "source_and_storage")


@pytest.mark.slow
def test_portfolios_of_four_projects(tmp_path):
    """All complete, rain equal to the last bit, values add up; boards keep the metro dry, power is
    project 4's to keep.
    """
    shipped = load_study("six_projects_small")
    projects = {name: list(shipped.projects[name]) for name in FOUR}
    four = {"name": "four", "projects": projects}
    written = shipped.spec.model_dump(by_alias=True, mode="json", exclude_unset=True) | four
    (tmp_path / "four.toml").write_text(tomli_w.dumps(written))
    summary = run_study(load_study(tmp_path / "four.toml"), tmp_path / "out")
    assert summary["complete"] == 16 and summary["failed"] == {}
    assert attribution_faults(tmp_path / "out") == []
    assert write_report(tmp_path / "out").stat().st_size < 15e6
