"""The shipped study of the six projects, run to its page with four of them: 16 portfolios. All 64
are a benchmark (`python -m benchmarks study`), which asks the same questions.
"""

from dataclasses import replace

import pytest

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
    study = load_study("six_projects_small")
    projects = {name: found for name, found in study.projects.items() if name in FOUR}
    assert len(projects) == 4
    summary = run_study(replace(study, projects=projects), tmp_path / "out")
    assert summary["complete"] == 16 and summary["failed"] == {}
    assert attribution_faults(tmp_path / "out") == []
    assert write_report(tmp_path / "out").stat().st_size < 15e6
