"""Kinds of network files from public threads of other tools, rebuilt small: SWMM alone on the same
file says what is right.
"""

import pytest

from flood_sim.core.errors import InputError
from sewer_cases import alone, codes, inputs_of, net, run

FLOW = "J1 FLOW TS FLOW 1 1"
ROWS = "TS 0:00 0.05\nTS 1:00 0.05"


def volume(folder, text):
    """m3 that enter the network in an hour, coupled and alone."""
    _, seen = run(folder, text, lambda simulation: simulation.ledger.network_inflow)
    return seen, alone(folder, text)["External Inflow"]


OTHERWISE = (
    lambda t: t.replace("[COORDINATES]", "[Coordinates]").replace("[INFLOWS]", "[inflows]"),
    lambda t: t.replace("[JUNCTIONS]", "[JUNCTIONS]\n;a, b, 3, 4\n;;\n"),
    lambda t: t + "\n[CURVES]\n\n[TAGS]\n;;\n[PROFILES]\n",
    lambda t: "[TITLE]\nlevels, in m, of 2020; by [us]\n" + t,
    lambda t: t.replace("J1", "ALL_1").replace("J2", "NONE_2"),
    lambda t: t.replace("0.013 0 0\n", "0.013 0 0   ; done, 5\n"),
    lambda t: t.replace("\n", "\r\n"),
)


def test_a_network_written_otherwise_is_the_same_network(tmp_path):
    """0.05 m3/s over an hour: 180 m3. Sections in small letters (pyswmm/swmmio 250), comments with
    commas (USEPA/SWMM-EPANET_User_Interface 177), sections without rows (178), a title with commas
    (pyswmm/swmmio 59), names that begin with keywords (USEPA/Stormwater-Management-Model 17),
    comments behind rows, line ends of Windows: all at once.
    """
    text = net(INFLOWS=FLOW, TIMESERIES=ROWS)
    for change in OTHERWISE:
        before, text = text, change(text)
        assert text != before
    seen, right = volume(tmp_path, text)
    assert seen == pytest.approx(180.0, rel=2e-3)
    assert right == pytest.approx(180.0, rel=2e-3)


def test_a_section_that_swmm_does_not_know_is_its_own_refusal(tmp_path):
    """USEPA/Stormwater-Management-Model 75."""
    with pytest.raises(InputError, match="E401.*SWMM knows no such section"):
        run(tmp_path, net() + "\n[MYSECTION]\nA 1\n")


def test_a_series_with_a_blank_in_its_name_is_swmms_own_refusal(tmp_path):
    """USEPA/SWMM-EPANET_User_Interface 148: quoted or not, the engine takes no such name."""
    text = net(INFLOWS='J1 FLOW "my TS" FLOW 1 1', TIMESERIES='"my TS" 0:00 0.1 1:00 0.1')
    with pytest.raises(InputError, match=r"(?s)E401.*ERROR 209.*my TS"):
        run(tmp_path, text)


def test_codes_of_the_small_network_are_few(tmp_path):
    assert set(codes(inputs_of(tmp_path, net(INFLOWS=FLOW, TIMESERIES=ROWS)))) <= {"W409"}
