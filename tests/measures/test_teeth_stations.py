"""Wells, pumps and inlets that a measure adds, and how two edits of one field meet, by hand."""

from dataclasses import replace

import pytest

from flood_sim.core.errors import InputError
from flood_sim.measures.network_edits import _changed
from measure_cases import build
from measures.test_teeth_plans import sewered, tokens


def test_a_station_shares_its_flow_among_equal_pumps(tmp_path):
    """0.6 m3/s by three pumps between 2 and 0.5 m: 0.2 m3/s each, each starts 0.25 m over the one
    before; a well of 60 x 0.6 / 1.5 = 24 m2, its floor 2.5 m under the invert of 6 m.
    """
    keys = {"kind": "new_pump_station", "from_node": "M", "capacity_m3_s": 0.6}
    built = build(sewered(tmp_path), it=keys)
    store = tokens(built, "STORAGE", "it_well")
    assert float(store[1]) == pytest.approx(3.5) and store[4] == "FUNCTIONAL"
    assert [float(t) for t in store[5:]] == pytest.approx([0.0, 0.0, 24.0, 0.0, 0.0])
    for k in range(3):
        pump = tokens(built, "PUMPS", f"it_p{k + 1}")
        assert pump[1:3] == ["it_well", f"it_out{k + 1}"]
        assert [float(t) for t in pump[5:7]] == pytest.approx([2.0 + 0.25 * k, 0.5 + 0.25 * k])
        assert float(tokens(built, "CURVES", pump[3])[-1]) == pytest.approx(0.2)
        assert float(tokens(built, "OUTFALLS", f"it_out{k + 1}")[1]) == pytest.approx(10.0)
        place = tokens(built, "COORDINATES", f"it_out{k + 1}")
        assert [float(t) for t in place[1:]] == pytest.approx([15.0 + 3.0 * k, 12.0])
    pipe = tokens(built, "CONDUITS", "it_inlet")
    assert pipe[1:3] == ["M", "it_well"]
    assert [float(t) for t in pipe[3:7]] == pytest.approx([12.0, 0.013, 0.0, 2.49])
    assert float(tokens(built, "XSECTIONS", "it_inlet")[2]) == 1.0
    assert build(sewered(tmp_path), it=keys | {"start_m": 6.4}).measures
    for start in (6.5, 7.0):  # rim of 10 m, floor of 3.5 m
        with pytest.raises(InputError, match="start over the rim"):
            build(sewered(tmp_path), it=keys | {"start_m": start})


@pytest.mark.parametrize("cells", [((1, 1),), ((1, 1), (2, 3))])
def test_new_inlets_share_their_sizes_among_the_cells(tmp_path, cells):
    """Two double gutter grates, 0.6 open: 1.2 x (1.95 m, 0.3 m2, 0.035 m3/s) over the cells."""
    inputs = sewered(tmp_path)
    drainage = replace(inputs.drainage, return_cells={"M": cells})
    keys = {"kind": "inlet_addition", "targets": ["M"]}
    built = build(replace(inputs, drainage=drainage), it=keys)
    made = built.inputs.drainage.inlets
    assert [(i.row, i.column) for i in made] == list(cells)
    part = 1.2 / len(cells)
    for i in made:
        sizes = i.perimeter_m, i.area_m2, i.capacity_m3_s, i.open_share
        assert sizes == pytest.approx((1.95 * part, 0.3 * part, 0.035 * part, 0.6))
    bill = {q["item"]: q["amount"] for q in built.measures[0]["quantities"]}
    assert bill == {"inlet": 2}


@pytest.mark.parametrize(
    ("op", "value", "result"),
    [
        ("lower_to", 40.0, "40"),
        ("lower_to", 60.0, "50"),
        ("raise_to", 40.0, "50"),
        ("raise_to", 60.0, "60"),
        ("add", 5.0, "55"),
        ("set", 7.0, "7"),
        ("set", "X", "X"),
    ],
)
def test_an_edit_lowers_raises_adds_or_sets(op, value, result):
    row = ["C", "M", "O", "50", "0.013", "0", "0"]
    changed = _changed("CONDUITS", list(row), [("length", op, value)])
    assert changed == [*row[:3], result, *row[4:]]


def test_short_rows_are_filled_before_they_are_changed():
    """A pump row without its depths gets noughts, a section without its barrels a one."""
    assert _changed("PUMPS", ["P", "W", "O", "PC", "ON"], [("stop", "add", 0.5)]) == [
        *("P", "W", "O", "PC", "ON", "0", "0.5")
    ]
    section = ["C", "CIRCULAR", "1", "0", "0", "0"]
    assert _changed("XSECTIONS", list(section), [("barrels", "add", 1.0)]) == [*section, "2"]
