"""Messages name a row of a list section as the user wrote it: `first [[sites]] "metro"`."""

import pytest

from flood_sim.core.errors import InputError
from flood_sim.scenario.spec.rows import key_place, list_row, named_row, ordinal
from scenario.test_loader import GOOD, load

METRO = '[[sites]]\nkind = "underground"\nname = "metro"\ntype = "metro_station"\n'
CLINIC = '[[sites]]\nkind = "critical"\nname = "clinic"\ntype = "hospital"\n'


def refused(folder, more):
    with pytest.raises(InputError) as error:
        load(folder, GOOD + more)
    return str(error.value)


def test_two_rows_are_told_apart(tmp_path):
    """By their number and name; `kind` is no part of the way to a key."""
    said = refused(
        tmp_path,
        METRO + "sill_elevation_m = 1e9\nlocation_m = [5.0, 5.0]\n" + CLINIC + "weigth = 2.0\n",
    )
    assert 's.toml, first [[sites]] "metro", `sill_elevation_m`:' in said
    assert (
        's.toml, second [[sites]] "clinic", `weigth`: unknown key; did you mean `weight`?' in said
    )
    assert "sites.0" not in said and "[sites" not in said.replace("[[sites", "")


def test_rows_within_a_row(tmp_path):
    openings = "openings = [{ location_m = [5.0, 5.0], width_m = 1.0 },"
    said = refused(tmp_path, METRO + openings + ' { name = "east", width_m = -2.0 }]\n')
    assert 'first [[sites]] "metro", second `openings` "east", `width_m`:' in said
    assert (
        'first [[sites]] "metro", second `openings` "east", `location_m`: this key is miss' in said
    )


def test_rows_without_a_name(tmp_path):
    edge = '[[boundaries]]\nkind = "free_outflow"\nedge = "north"\nslope = 5.0\n'
    said = refused(tmp_path, edge + edge.replace("slope", "sloop"))
    assert "s.toml, first [[boundaries]], `slope`:" in said
    assert "s.toml, second [[boundaries]], `sloop`: unknown key" in said


def test_failures_and_rules(tmp_path):
    trip = '[[failures]]\nkind = "pump_trip"\nname = "night"\npumps = ["p"]\nprobability = 2.0\n'
    said = refused(tmp_path, trip)
    assert 's.toml, first [[failures]] "night", `probability`:' in said


def test_a_row_that_can_be_read_and_not_built(tmp_path):
    wall = '[[structures]]\nkind = "wall"\nname = "w"\nline_m = [[25.0, 5.0], [25.0, 40.0]]\n'
    said = refused(tmp_path, wall + wall.replace('"w"', '"v"').replace("25.0", "900.0"))
    assert 's.toml, second [[structures]] "v", ' in said
    trip = '[[failures]]\nkind = "pump_trip"\nname = "night"\npumps = ["p"]\n'
    trip += "at = 2021-07-20T15:05:00+08:00\n"
    assert 's.toml, first [[failures]] "night": there is no sewer' in refused(tmp_path, trip)


def test_odd_values_have_such_places_too(tmp_path):
    ends = "from_m = [25.0, 25.0]\nto_m = [75.0, 25.0]\n"
    culvert = f'[[structures]]\nkind = "culvert"\nname = "a"\n{ends}height_m = '
    inputs = load(tmp_path, GOOD + culvert + "1.0\n" + culvert.replace('"a"', '"b"') + "0.05\n")
    assert [f.place for f in inputs.findings if f.code == "W220"] == [
        's.toml, second [[structures]] "b", `height_m`'
    ]


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "first"), (3, "third"), (4, "4th"), (11, "11th"), (22, "22nd"), (113, "113th")],
)
def test_ordinals(number, word):
    assert ordinal(number) == word
    assert list_row("rules", number, "x") == f'{word} [[rules]] "x"'


def test_ways_to_keys():
    data = {"grid": {}, "measure": {"pipes": {}}, "initial": {"stage": [{}, {}]}}
    assert key_place(("name",), data) == "`name`"
    assert key_place(("grid", "crs"), data) == "[grid], `crs`"
    assert key_place(("measure", "pipes", "count"), data) == "[measure.pipes], `count`"
    assert key_place(("initial", "stage", 1, "level_m"), data) == (
        "[initial], second `stage`, `level_m`"
    )
    assert key_place(("grid", "bounds_m", 3), data) == "[grid], 4th `bounds_m`"
    assert key_place(("boundaries", 0, "edge", "line_m", 1, 0), data) == (
        "first [[boundaries]], `edge`, second `line_m`, first value"
    )
    assert key_place((), data) == ""
    assert named_row("sites", [], "metro") == '[[sites]] "metro"'  # a city's own
