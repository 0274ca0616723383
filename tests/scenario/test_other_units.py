"""Keys, columns and fields in feet, inches or minutes: refused or doubted with the converted line."""

import pytest

from flood_sim.core.errors import InputError
from flood_sim.core.files.checked_tables import read_rows
from flood_sim.core.unit_words import SIZES, number_way_out, other_unit, way_out
from flood_sim.scenario.doors.vectors import LINE, read_features
from flood_sim.scenario.loader import load_scenario
from flood_sim.scenario.spec.tables import StageRow
from scenario.test_loader import GOOD
from scenario.test_map_doors import GRID, layer, line, source


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('units = "feet"\n' + GOOD, "elevation_unit.*FLOW_UNITS"),
        (f'{GOOD}[grid]\nunits = "feet"\n', "each key's name ends in its unit"),
        (f"{GOOD}[grid]\ncell_size_ft = 30\n", "this key is in m.*write cell_size_m = 9.144"),
        (f'{GOOD}[grid]\ncell_size_m = "30 ft"\n', "this key is in m.*write cell_size_m = 9.144"),
        (f'{GOOD}[grid]\ncell_size_m = "2,5"\n', "write cell_size_m = 2.5$"),
        (f"{GOOD}[output]\ninterval_min = 5\n", "write interval_s = 300"),
        (f"{GOOD}[initial]\ndepth_in = 3\n", "write depth = 0.0762"),
    ],
)
def test_a_key_in_another_unit_gets_its_converted_line(tmp_path, text, said):
    """30 ft = 9.144 m, 5 min = 300 s, 3 in = 0.0762 m: renamed alone they would be read as 30 m, 5 s
    and 3 m.
    """
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InputError, match=rf"(?sm){said}") as caught:
        load_scenario(tmp_path / "s.toml")
    assert len(caught.value.findings) == 1


def test_units_of_other_dimensions_are_no_way_out():
    assert way_out("cell_size_acres", 3, ["cell_size_m"]) is None
    assert way_out("cell_sise_ft", 3, ["cell_size_m"]) is None
    assert number_way_out("cell_size_m", "1,234") is None
    assert number_way_out("cell_size_m", "wide") is None
    assert number_way_out("cell_size_m", "3 apples").do == "write the number alone"
    assert other_unit("level_m", ["time", "level_s"]) == ("", "")


@pytest.mark.parametrize(
    (
        "unit",
        "size",
    ),  # by the definitions of 1959: the inch is 25.4 mm, the gallon 231 cubic inches
    [
        ("cfs", 0.028316846592),
        ("gpm", 6.30901964e-5),
        ("mgd", 0.0438126363889),
        ("acres", 4046.8564224),
    ],
)
def test_sizes_of_units(unit, size):
    assert SIZES[unit][1] == pytest.approx(size, rel=1e-8)


def test_a_column_in_feet_is_converted_not_renamed(tmp_path):
    (tmp_path / "t.csv").write_text("time_s,level_ft\n0,10\n")
    with pytest.raises(InputError, match="level_m = 0.3048 x level_ft"):
        read_rows(tmp_path / "t.csv", StageRow, [])


def test_a_field_in_feet_is_not_passed_over(tmp_path):
    path = layer(tmp_path / "r.gpkg", [line((0, 0), (50, 50))], width_ft=[30.0])
    place = source(path)
    assert "width_m" not in read_features(place, GRID, (LINE,), ("width_m",)).columns
    (doubt,) = place.log.findings
    assert doubt.code == "W249" and doubt.do == "add a column width_m = 0.3048 x width_ft"


def test_keys_of_a_named_table_are_those_of_its_own_section(tmp_path):
    text = f'{GOOD}[measure.a]\nkind = "sunken_green"\ntargets = {{ polygon = "a.gpkg" }}\n'
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        load_scenario(tmp_path / "s.toml")
    (finding,) = caught.value.findings
    assert "did you mean `polygon_m`" in finding.problem and "vector" in finding.allowed
