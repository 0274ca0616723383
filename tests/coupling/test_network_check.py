"""The check of a network finds what is wrong on purpose, and nothing in a sound network; capacities
and return periods by hand.
"""

import math

import pytest

from cases import inp_text, write_inp
from flood_sim.drainage.check import check_network
from flood_sim.drainage.conduits import read_conduits
from flood_sim.drainage.return_periods import design_return_periods, drained_areas
from flood_sim.ground.rainfall import FORMULAS
from flood_sim.scenario.checks.network import network_lines

SOUND = {
    "junctions": "A 10 3 0 0 0\nB 9.5 3 0 0 0\nC 9 3 0 0 0",
    "outfalls": "O 8.5 FREE NO",
    "conduits": "1 A B 100 0.013 0 0\n2 B C 100 0.013 0 0\n3 C O 100 0.013 0 0",
    "xsections": "1 CIRCULAR 0.5 0 0 0\n2 CIRCULAR 0.6 0 0 0\n3 CIRCULAR 0.8 0 0 0",
}
PLACES = "\n[COORDINATES]\nA 0 0\nB 100 0\nC 200 0\nO 300 0\n"


def codes(tmp_path, extra="", step=1.0, **changes):
    text = inp_text(**{**SOUND, **changes}) + PLACES + extra
    return {f.code: f.problem for f in check_network(write_inp(tmp_path, text), step)}


def test_a_sound_network_has_no_finding(tmp_path):
    assert codes(tmp_path) == {}


DEFECTS = [
    ("W421", {"junctions": "A 9.4 3 0 0 0\nB 9.5 3 0 0 0\nC 9 3 0 0 0"}, "1 by 0.10 m"),
    (
        "W422",
        {"xsections": "1 CIRCULAR 0.5 0 0 0\n2 CIRCULAR 0.4 0 0 0\n3 CIRCULAR 0.8 0 0 0"},
        r"2 \(0.40 m\) after 1 \(0.50 m\)",
    ),
    ("W423", {"junctions": "A 10 3 0 0 0\nB 0 3 0 0 0\nC 9 3 0 0 0"}, "B"),
    ("W424", {"conduits": "1 A B 100 0.013 0 0\n3 C O 100 0.013 0 0"}, "A, B"),
    (
        "W425",
        {"conduits": "1 A B 100 0.013 3.5 0\n2 B C 100 0.013 0 0\n3 C O 100 0.013 0 0"},
        "1 at A by 0.50 m",
    ),
    ("W426", {"outfalls": "O 8.5 FIXED 9.7 NO"}, "O by 1.20 m"),
    (
        "W428",
        {"conduits": "1 A B 100 0.13 0 0\n2 B C 100 0.013 0 0\n3 C O 100 0.013 0 0"},
        "1 n 0.13",
    ),
    (
        "W429",
        {"xsections": "1 CIRCULAR 0.5 0 0 0\n2 CIRCULAR 0.6 0 0 0\n3 CIRCULAR 800 0 0 0"},
        "3 800 m",
    ),
    (
        "W430",
        {"conduits": "1 A B 1000 0.013 0 0\n2 B C 100 0.013 0 0\n3 C O 100 0.013 0 0"},
        "1 10",
    ),
    (
        "W431",
        {"conduits": "1 A B 100 0.013 0 0\n2 B C 0.5 0.013 0 0\n3 C O 100 0.013 0 0"},
        r"2 0.21 s",
    ),
]


WHERE = {  # nodes where they stand, links in the middle between theirs
    "W421": ((50.0, 0.0),),
    "W422": ((150.0, 0.0),),
    "W423": ((100.0, 0.0),),
    "W424": ((0.0, 0.0), (100.0, 0.0)),
    "W425": ((50.0, 0.0),),
    "W426": ((300.0, 0.0),),
    "W428": ((50.0, 0.0),),
    "W429": ((250.0, 0.0),),
    "W430": ((50.0, 0.0),),
    "W431": ((150.0, 0.0),),
}


@pytest.mark.parametrize(("code", "change", "text"), DEFECTS, ids=[d[0] for d in DEFECTS])
def test_each_defect_is_found(tmp_path, code, change, text):
    import re

    found = {
        f.code: f
        for f in check_network(write_inp(tmp_path, inp_text(**{**SOUND, **change}) + PLACES), 1.0)
    }
    assert code in found and re.search(text, found[code].problem)
    assert found[code].at == WHERE[code]


def test_a_flap_gate_and_a_free_outfall_are_no_defect(tmp_path):
    assert codes(tmp_path, outfalls="O 8.5 FIXED 9.7 YES") == {}


def test_a_pump_that_does_not_reach_its_head(tmp_path):
    change = {
        "conduits": "1 A B 100 0.013 0 0\n3 C O 100 0.013 0 0",
        "junctions": "A 10 3 0 0 0\nB 9.5 3 0 0 0\nC 14 3 0 0 0",
    }
    pump = "\n[PUMPS]\nP B C K ON 0 0\n[CURVES]\nK PUMP3 {} 0.5\nK 1.0 1.0\n"
    assert "W427" in codes(tmp_path, pump.format("4.0"), **change)
    assert "W427" not in codes(tmp_path, pump.format("6.0"), **change)


def test_inlets_of_a_street_conduit_lead_on(tmp_path):
    """Dual drainage: the street is joined to the sewer by its inlets alone."""
    street = {"conduits": "1 A B 100 0.013 0 0\n3 C O 100 0.013 0 0"}
    assert "W424" in codes(tmp_path, **street)
    assert "W424" not in codes(tmp_path, "\n[INLET_USAGE]\n1 grate C\n", **street)


def test_capacity_by_manning(tmp_path):
    """0.5 m, 0.5 %, n 0.013: 0.2670 m3/s by hand; offsets as levels give the same; feet too."""
    inp = write_inp(tmp_path, inp_text(**SOUND))
    assert read_conduits(inp)[0].capacity_m3_s == pytest.approx(0.2670, abs=5e-4)
    levels = inp_text(
        **{
            **SOUND,
            "conduits": "1 A B 100 0.013 10 9.5\n2 B C 100 0.013 * *\n3 C O 100 0.013 9 8.5",
        }
    )
    by_level = read_conduits(
        write_inp(tmp_path, levels.replace("LINK_OFFSETS DEPTH", "LINK_OFFSETS ELEVATION"))
    )
    assert [c.capacity_m3_s for c in by_level] == pytest.approx(
        [c.capacity_m3_s for c in read_conduits(inp)]
    )
    feet = {
        "junctions": "A 32.8084 9.8425 0 0 0\nB 31.16798 9.8425 0 0 0",
        "outfalls": "O 29 FREE NO",
        "conduits": "1 A B 328.084 0.013 0 0\n2 B O 328.084 0.013 0 0",
        "xsections": "1 CIRCULAR 1.64042 0 0 0\n2 CIRCULAR 2 0 0 0",
    }
    text = inp_text(**feet).replace("FLOW_UNITS CMS", "FLOW_UNITS CFS")
    assert read_conduits(write_inp(tmp_path, text))[0].capacity_m3_s == pytest.approx(
        0.2670, abs=5e-4
    )


@pytest.mark.parametrize(
    ("shape", "area", "radius"),
    [
        ("RECT_CLOSED 2 3 0 0", 6.0, 0.6),
        ("RECT_OPEN 2 3 0 0", 6.0, 6.0 / 7.0),
        ("TRAPEZOIDAL 2 3 1 1", 10.0, 10.0 / (3.0 + 4.0 * math.sqrt(2.0))),
        ("TRIANGULAR 2 3 0 0", 3.0, 3.0 / 5.0),
        ("CIRCULAR 2 0 0 0", math.pi, 0.5),
        ("FILLED_CIRCULAR 2 1 0 0", math.pi / 2.0, (math.pi / 2.0) / (math.pi + 2.0)),
        ("CIRCULAR 2 0 0 0 3", 3.0 * math.pi, 0.5),
    ],
)
def test_full_sections(tmp_path, shape, area, radius):
    inp = write_inp(
        tmp_path,
        inp_text(
            **{**SOUND, "xsections": f"1 {shape}\n2 CIRCULAR 0.6 0 0 0\n3 CIRCULAR 0.8 0 0 0"}
        ),
    )
    conduit = read_conduits(inp)[0]
    assert conduit.area_m2 == pytest.approx(area)
    assert conduit.capacity_m3_s == pytest.approx(
        area * radius ** (2.0 / 3.0) * math.sqrt(0.005) / 0.013
    )


def test_areas_add_up_along_the_pipes_and_split_at_a_fork(tmp_path):
    conduits = "1 A B 100 0.013 0 0\n2 B C 100 0.013 0 0\n3 C O 100 0.013 0 0\n4 B O 100 0.013 0 0"
    sections = (
        "1 CIRCULAR 0.5 0 0 0\n2 CIRCULAR 0.6 0 0 0\n3 CIRCULAR 0.8 0 0 0\n4 CIRCULAR 0.6 0 0 0"
    )
    lines = read_conduits(
        write_inp(tmp_path, inp_text(**{**SOUND, "conduits": conduits, "xsections": sections}))
    )
    areas = {
        name: area
        for name, (area, _) in drained_areas(lines, {"A": 100.0, "B": 50.0, "C": 20.0}).items()
    }
    assert areas["1"] == 100.0
    assert areas["2"] + areas["4"] == pytest.approx(150.0)
    assert areas["4"] / areas["2"] == pytest.approx(
        math.sqrt(2.0)
    )  # twice the slope of pipe 2, the same pipe
    assert areas["3"] == pytest.approx(areas["2"] + 20.0)


def test_design_return_period_by_hand(tmp_path):
    """1 ha at A, runoff 0.65, entry 10 min: the pipe sized for 3 years at 10 min comes back as 3
    years.
    """
    law = FORMULAS["zhengzhou-2002"].intensity_l_s_ha
    lines = read_conduits(write_inp(tmp_path, inp_text(**SOUND)))
    area = 1e4 * 1000.0 * lines[0].capacity_m3_s / (0.65 * law(10.0, 3.0))
    periods = design_return_periods(lines, {"A": area}, 0.65, law)
    assert periods["1"] == pytest.approx(3.0, rel=1e-6)
    assert periods["2"] > 3.0  # a larger pipe and a longer way for the same area
    assert "3" in periods and design_return_periods(lines, {}, 0.65, law) == {}


def test_a_network_under_water_all_over_is_told_without_shares_of_land():
    """No dry land at the start: no density and no capacity a hectare can be told."""
    figures = {
        "conduits": 1, "length_m": 100.0, "land_km2": 0.0, "density_km_km2": None, "inlets": 2,
        "inlet_capacity_l_s_ha": None, "conduit_length_by_return_period": {"under 1 y": 1.0},
        "design_formula": "a law", "design_formula_own": True,
    }  # fmt: skip
    assert (
        network_lines(figures)[0] == "network: 0.10 km in 1 conduits on 0.00 km2 of land, 2 inlets"
    )
