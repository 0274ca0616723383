"""The doctor: every part is tried and told; what fails is named and the exit says so."""

import json

import pytest

from flood_sim.cli.main import main
from flood_sim.runs import doctor


def test_the_doctor_finds_this_machine_sound(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0, found
    assert {c["name"] for c in found["checks"]} == set(doctor.CHECKS) and all(
        c["ok"] for c in found["checks"]
    )
    assert found["machine"]["threads_of_a_run"] >= 1 and "numba" in found["versions"]
    assert "ledger closes" in "\n".join(doctor.doctor_lines(found))


def test_what_fails_is_named(capsys, monkeypatch):
    def broken():
        raise OSError("no space left on device")

    monkeypatch.setattr(doctor, "CHECKS", {"maps": broken})
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    said = capsys.readouterr().out
    assert (
        ended.value.code == 3
        and "FAIL maps" in said
        and "no space left" in said
        and "maps not working here" in said
    )
