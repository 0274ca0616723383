"""Boundaries, culverts and watches of a scenario: which cells, which numbers, by hand."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cases import grid_of
from flood_sim.core.errors import InputError
from flood_sim.drainage.inp import InpFile
from flood_sim.ground.terrain import terrain_of
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.culverts import _barrel
from flood_sim.scenario.edges import _check_along_edge, city_edges
from flood_sim.scenario.spec.boundaries import EdgeSpec
from flood_sim.scenario.switches import SwitchBuilder
from flood_sim.simulation.inputs import DrainageInputs, NodeInlet

BASE = """
schema = 1
name = "edges"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:20:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, level_m = 10.0 }
"""


def built(folder, text):
    (folder / "s.toml").write_text(BASE + text, encoding="utf-8")
    return build_inputs(load_scenario(folder / "s.toml"))


def test_edges_and_what_enters_there(tmp_path):
    """20 x 10 cells: 10 faces in the west, 20 in the north; the corner's cell has both."""
    inputs = built(
        tmp_path,
        """
[[boundaries]]
kind = "free_outflow"
edge = "west"
slope = 0.02
[[boundaries]]
kind = "stage_series"
edge = "north"
level_m = 10.5
[[boundaries]]
kind = "discharge_series"
edge = "east"
discharge_m3_s = 3.0
level_m = 10.8
[[boundaries]]
kind = "point_inflow"
name = "spring"
location_m = [52.0, 26.0]
discharge_m3_s = 0.25
""",
    )
    west, north = inputs.edges
    assert len(west.cells) == 10 and (west.cells[:, 1] == 0).all()
    assert (west.sides == [0, -1]).all() and (west.slope, west.stage) == (0.02, None)
    assert len(north.cells) == 20 and (north.cells[:, 0] == 0).all()
    assert (north.sides == [-1, 0]).all() and north.stage.at(9.0) == 10.5 and north.slope is None
    (east,) = inputs.edge_inflows
    assert (east.cells[:, 1] == 19).all() and east.discharge.at(0.0) == 3.0
    assert east.stage.at(0.0) == 10.8
    (spring,) = inputs.inflows
    assert spring.cells.tolist() == [[4, 10]] and spring.discharge.at(5.0) == 0.25
    assert inputs.findings == ()


def test_critical_outflow_and_faces_taken_twice(tmp_path):
    """ "all" after "west" keeps what is left; the west twice is refused; a quarter is said."""
    outflow = '[[boundaries]]\nkind = "free_outflow"\nedge = @\n'
    inputs = built(
        tmp_path, outflow.replace("@", '"west"\ncritical = true') + outflow.replace("@", '"all"')
    )
    assert np.isinf(inputs.edges[0].slope) and inputs.edges[1].slope is None
    assert not [f for f in inputs.findings if f.code == "W229"]
    with pytest.raises(InputError, match="10 of its 10 faces.*does nothing"):
        built(tmp_path, outflow.replace("@", '"west"') * 2)
    line = "{ line_m = [[1.0, @], [1.0, 49.0]] }"  # the west from a height on
    for low, said in ((1.0, None), (26.0, True)):
        text = outflow.replace("@", line.replace("@", str(low))) + outflow.replace("@", '"west"')
        if said is None:
            with pytest.raises(InputError, match="does nothing"):
                built(tmp_path, text)
        else:
            found = built(tmp_path, text).findings
            assert [f.code for f in found if f.code == "W229"] == ["W229"]
    with pytest.raises(InputError, match="unknown edge"):
        built(tmp_path, outflow.replace("@", '"wset"'))


def test_an_inflow_in_a_polygon_takes_its_open_cells(tmp_path):
    """A square of 2 x 2 cells; a hole of the ground in it is left out."""
    import json

    ring = [[10.5, 10.5], [19.5, 10.5], [19.5, 19.5], [10.5, 19.5], [10.5, 10.5]]
    shape = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (tmp_path / "p.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [shape]})
    )
    text = (
        '[[boundaries]]\nkind = "discharge_series"\npolygon = "p.geojson"\ndischarge_m3_s = 0.1\n'
    )
    (inflow,) = built(tmp_path, text).inflows
    assert sorted(map(tuple, inflow.cells.tolist())) == [(6, 2), (6, 3), (7, 2), (7, 3)]


def along(line, cells, rows=20, columns=20):
    """Findings of a line whose band covers its cells and touches so many cells of the edge."""
    terrain = terrain_of(grid_of(rows, columns, 5.0), np.full((rows, columns), 10.0), 0.03)
    selected, findings = np.zeros((rows, columns), bool), []
    selected[:, :1] = True  # a column of the edge
    selected[2:18, 4:9] = True  # and 80 cells inside
    _check_along_edge(terrain, EdgeSpec(line_m=line), selected, np.array(cells), "b", findings)
    return findings


def test_a_line_inside_the_model_is_no_edge():
    """Of a line of 95 m inside: 20 cells at the edge are more than all of it; 9 are 71 %, 3 (15 m
    of 100, times 1.5) 22 %: refused under a quarter.
    """
    line = ((2.0, 2.0), (2.0, 97.0))
    (said,) = along(line, [(k, 0) for k in range(9)])
    assert said.code == "W229" and "about 71% of this line" in said.problem
    assert "87 of its cells lie inside" not in said.problem
    (said,) = along(line, [(k, 0) for k in range(4)])
    assert "about 32%" in said.problem
    with pytest.raises(InputError, match="about 24% of this line"):
        along(line, [(k, 0) for k in range(3)])
    short = ((2.0, 2.0), (2.0, 31.0))  # less than six cells: a corner
    assert along(short, [(k, 0) for k in range(3)]) == []


def test_the_rivers_stage_at_both_ends_of_its_reach():
    """Hours to seconds, metres over the riverside street to the datum; the river's edge cells."""
    from flood_sim.city.land_use import RIVER
    from flood_sim.city.parameters import STREET_LEVEL_M

    terrain = terrain_of(grid_of(4, 5, 5.0), np.full((4, 5), 10.0), 0.03)
    use = np.zeros((4, 5), int)
    use[2] = RIVER
    table = [[0.0, -1.0], [2.0, 0.5]]
    city = SimpleNamespace(
        ground=SimpleNamespace(land_use=use), parameters=SimpleNamespace(river_stage_h_m=table)
    )
    (river,) = city_edges(city, terrain)
    assert river.cells.tolist() == [[2, 0], [2, 4]] and river.sides.tolist() == [[0, -1], [0, 1]]
    assert river.stage.time_s.tolist() == [0.0, 7200.0]
    assert river.stage.value == pytest.approx([STREET_LEVEL_M - 1.0, STREET_LEVEL_M + 0.5])


def barrel(**keys):
    spec = {"width_m": None, "height_m": 1.0, "length_m": None, "inlet": None, "manning_n": 0.013}
    spec |= {"from_m": (0.0, 0.0), "to_m": (30.0, 40.0), "entry_loss": 0.5, "exit_loss": 1.0}
    return _barrel(SimpleNamespace(**(spec | keys)), 0.5)


def test_a_barrel_by_its_shape():
    """A pipe of 1 m: 0.785 m2; a box 2 m wide 2 m2. The loss over 50 m with R = 0.25 m:
    0.5 + 1 + 2 g n2 L / R^(4/3) = 1.5 + 1.052 (HDS-5, equation 3.4).
    """
    area, loss, (there, back) = barrel()
    assert area == pytest.approx(np.pi / 4.0)
    assert loss == pytest.approx(1.5 + 2.0 * 9.80665 * 0.013**2 * 50.0 / 0.25 ** (4.0 / 3.0))
    assert there is back
    assert barrel(width_m=2.0)[0] == pytest.approx(2.0)
    assert barrel(length_m=100.0)[1] - 1.5 == pytest.approx(2.0 * (loss - 1.5))


def spec_of(**keys):
    names = ("action", "edge", "node", "gauge", "at_m", "depth_above_m", "depth_below_m")
    return SimpleNamespace(**(dict.fromkeys((*names, "level_above_m", "level_below_m")) | keys))


@pytest.mark.parametrize(
    ("keys", "watch"),
    [
        ({"gauge": "g", "depth_above_m": 0.3}, ("depth", (1, 2), 0.3, None)),
        ({"gauge": "g", "depth_below_m": 0.3}, ("depth", (1, 2), None, 0.3)),
        ({"gauge": "g", "level_above_m": 9.0}, ("level", (1, 2), 9.0, None)),
        ({"gauge": "g", "level_below_m": 9.0}, ("level", (1, 2), None, 9.0)),
        ({"node": "M", "depth_below_m": 1.0}, ("node_depth", "M", None, 1.0)),
        ({"node": "M", "level_below_m": 9.0}, ("node_level", "M", None, 9.0)),
        ({"edge": "sea", "level_below_m": 1.5}, ("edge_level", "sea", None, 1.5)),
        ({"action": "boards"}, ("action", "boards", 0.5, None)),
        ({"at_m": (2.5, 17.5), "level_below_m": 9.0}, ("level", (0, 0), None, 9.0)),
    ],
)
def test_a_watch_looks_at_its_place(keys, watch):
    builder = object.__new__(SwitchBuilder)
    actions = [SimpleNamespace(name="boards")]
    builder.scenario = SimpleNamespace(spec=SimpleNamespace(actions=actions))
    builder.terrain = terrain_of(grid_of(4, 4, 5.0), np.zeros((4, 4)), 0.03)
    builder._edges, builder._nodes, builder._gauges = {"sea"}, {"M"}, {"g": (1, 2)}
    found = builder.watch(spec_of(**keys), "place")
    assert (found.quantity, found.place, found.above, found.below) == watch
    for key, name in (("edge", "see"), ("node", "N"), ("gauge", "h"), ("action", "board")):
        with pytest.raises(InputError, match=f"no such .*{key}"):
            builder.watch(spec_of(**{key: name}, level_above_m=1.0), "place")


def test_a_mobile_pump_is_an_opening_of_its_node():
    """0.3 m3/s into a node from a cell, after the inlets that are there; no outfall, no other."""
    inp = InpFile(Path(), ["[JUNCTIONS]", "M 1 2", "[OUTFALLS]", "O 0 FREE NO"])
    builder = object.__new__(SwitchBuilder)
    builder.drainage = DrainageInputs(inp, (NodeInlet("M", 0, 0),), {}, 1.0)
    builder._nodes = set(inp.node_ids())
    assert builder._pump_opening((3, 2), "M", 0.3, "place") == 1
    pump = builder.drainage.inlets[1]
    assert (pump.node, pump.row, pump.column, pump.capacity_m3_s) == ("M", 3, 2, 0.3)
    assert (pump.kind, pump.area_m2, pump.perimeter_m) == ("pump", 0.0, 0.0)
    for node in ("O", "N"):
        with pytest.raises(InputError, match="no such node"):
            builder._pump_opening((3, 2), node, 0.3, "place")


def test_a_table_of_culverts_tells_each_row_that_is_wrong(tmp_path):
    """Two rows whose numbers don't go together, one that is sound."""
    head = "name,from_x_m,from_y_m,to_x_m,to_y_m,height_m,width_m,inlet\n"
    rows = "a,2,2,22,2,1,,bevelled\nb,2,7,22,7,1,,square\nc,2,12,22,12,1,,\n"
    (tmp_path / "c.csv").write_text(head + rows, encoding="utf-8")
    text = '[[structures]]\nkind = "culvert_table"\nname = "t"\nfile = "c.csv"\n'
    with pytest.raises(InputError) as told:
        built(tmp_path, text)
    places = [f.place for f in told.value.findings]
    assert len(places) == 2 and "row 2" in places[0] and "row 3" in places[1]


def test_barrels_carry_together_both_ways(tmp_path):
    """Three of one culvert, with an inlet that is worse one way: three times each rating."""
    text = '[[structures]]\nkind = "culvert"\nname = "c"\nfrom_m = [2, 2]\nto_m = [42, 2]\n'
    text += "height_m = 1.0\nfrom_level_m = 9.0\nto_level_m = 8.5\nbarrels = @\n"
    text += 'inlet = "circular_metal_projecting"\n'
    (one,), (three,) = (built(tmp_path, text.replace("@", str(n))).culverts for n in (1, 3))
    assert three.area_m2 == pytest.approx(3.0 * one.area_m2) and three.loss == one.loss
    for single, whole in zip(one.ratings, three.ratings, strict=True):
        assert np.allclose(whole, 3.0 * single) and single.max() > 0.0
    assert not np.array_equal(*one.ratings)
