"""Continuous evidence: the quick cases again, held against the committed figures (`python -m
benchmarks accuracy --gate benchmarks/accuracy.json`).
"""

import json
from pathlib import Path

import pytest

from benchmarks.cases import accuracy
from benchmarks.cases.channel import Setting
from benchmarks.tables import regressions

COMMITTED = Path(accuracy.__file__).resolve().parents[1] / "accuracy.json"
QUICK = (
    "dam_breaks",
    "order",
    "rain_on_steep_planes",
    "tilted_v",
    "wetting_front",
    "terraces",
    "iwagaki",
)


@pytest.mark.parametrize("scheme", ["second_order", "local_inertial"])
def test_no_figure_of_the_quick_cases_is_worse_than_committed(scheme):
    before = json.loads(COMMITTED.read_text(encoding="utf-8"))
    now = accuracy.run(QUICK, settings=[Setting(scheme, "float32", 1)])
    assert len([f for f in now["figures"] if f["value"] is not None]) >= 4
    assert {f["name"] for f in now["figures"]} <= {f["name"] for f in before["figures"]}
    assert regressions(now, before, part=True) == []
