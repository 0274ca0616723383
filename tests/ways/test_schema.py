"""Messages of the schema, which docs/errors.md has no row for (their texts are pydantic's, or hang
on the key): each followed by a value that is allowed in the place of the wrong one.
"""

from pathlib import Path

import pytest

from flood_sim.core.errors import InputError
from flood_sim.scenario import load_scenario
from scenario.test_loader import GOOD
from ways_out import Way, follow

CHANGE = "change the value"
WALL = '[[structures]]\nkind = "wall"\nname = "w"\nline_m = {}\n'
BRIDGE = (
    '[[structures]]\nkind = "bridge"\nname = "b"\nline_m = [[10.0, 20.0], [40.0, 20.0]]\n'
    "soffit_m = 12.0\ndeck_m = {}\n"
)
SPRING = '[[boundaries]]\nkind = "point_inflow"\nlocation_m = [12.5, 12.5]\n{}\n'
STAGE = '[[boundaries]]\nkind = "stage_series"\nedge = "east"\n{}\n'
GREEN = (
    '[measure.a]\nkind = "sunken_green"\ntargets = {}\ndepth_m = 0.05\n[portfolio.it]\n'
    'measures = ["a"]\n'
)
KIND = '[[structures]]\nkind = {}\nname = "w"\nline_m = [[10.0, 20.0], [40.0, 20.0]]\n'
HORTON = '[losses]\ninfiltration = "horton"\nfirst_mm_h = {}\nlast_mm_h = 6.0\ndecay_per_h = 4.0\n'
AREA = "{ polygon_m = [[10, 10], [20, 10], [20, 20]] }"


def one(says: str, wrong: str, right: str, do: str = CHANGE, text: str = "", code: str = "E104"):
    """`text` holds the value at {}; without `text` it is a key or value of the good scenario."""

    def write(value: str):
        def make(folder: Path, finding=None) -> None:
            whole = GOOD + text.format(value) if text else GOOD.replace(right, value)
            (folder / "s.toml").write_text(whole, encoding="utf-8")

        return make

    return Way(code, says, do, write(wrong), write(right))


NUMBERS = [
    one("input should be a valid number", "cell_size_m = [5.0]", "cell_size_m = 5.0"),
    one("input should be a valid integer, got …", "columns = 20.5", "columns = 20"),
    one(
        "input should be a valid integer, unable to parse string as an integer",
        'columns = "many"',
        "columns = 20",
    ),
    one("input should be greater than 0", "cell_size_m = 0.0", "cell_size_m = 5.0"),
    one("input should be 1", "schema = 2", "schema = 1"),
    one("input should be a valid string", "name = 7", 'name = "plain"'),
]

KINDS = [
    one(
        "input should be 'auto', …", 'scheme = "upwind"', 'scheme = "auto"', text="[surface]\n{}\n"
    ),
    one(
        "line_m needs at least two points",
        "[[10.0, 20.0]]",
        "[[10.0, 20.0], [40.0, 20.0]]",
        text=WALL,
    ),
    one("deck_m must not be below soffit_m", "11.0", "13.0", text=BRIDGE),
    one("give either file or discharge_m3_s", "", "discharge_m3_s = 0.1", text=SPRING),
    one("give either file or level_m", "", "level_m = 9.5", text=STAGE),
    one(
        "polygon_m has … different points; it needs at least 3",
        "{ polygon_m = [[10, 10], [10, 10], [10, 10]] }",
        AREA,
        text=GREEN,
    ),
    one("unknown kind…", '"dragon"', '"wall"', do="set kind", text=KIND),
]

WAYS = [*NUMBERS, *KINDS]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(way, tmp_path):
    follow(way, tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("columns = 20,", "columns = 20.5,"), "`columns`: input should be a valid integer"),
        (("columns = 20,", 'columns = "many",'), "`columns`: input should be a valid integer"),
        (
            ("[rainfall]", '[terrain.manning_n]\nfile = "n.tif"\nbnd = 2\n[rainfall]'),
            "`bnd`: unknown key",
        ),
    ],
)
def test_of_a_key_that_may_be_several_things_one_speaks(tmp_path, change, told):
    """Not all the keys that another kind would need."""
    (tmp_path / "s.toml").write_text(GOOD.replace(*change))
    with pytest.raises(InputError) as error:
        load_scenario(tmp_path / "s.toml")
    (finding,) = error.value.findings
    assert told in str(finding)
