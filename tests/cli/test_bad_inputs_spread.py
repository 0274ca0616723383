"""A spread of the campaign of bad inputs (benchmarks/reliability/bad_inputs.py): refused with code
and place, or told as odd.
"""

import pytest

from benchmarks.reliability.bad_inputs import CASES, answer, held

SLOW = {"too many rows"}
SPREAD = [case for k, case in enumerate(CASES) if k % 4 == 1 and case.name not in SLOW]


@pytest.mark.parametrize("case", SPREAD, ids=lambda case: case.name)
def test_a_bad_input_is_told(case, tmp_path, monkeypatch):
    monkeypatch.setattr("flood_sim.scenario.memory.available_bytes", lambda: 2**33)
    code, said = answer(case, tmp_path)
    assert held(case, code, said) == ""


def test_there_are_two_hundred_of_all_kinds():
    assert len(CASES) >= 200 and len({case.name for case in CASES}) == len(CASES)
    assert len(SPREAD) >= 60 and {case.kind for case in SPREAD} == {case.kind for case in CASES}
