"""Faces of kerbs and levees, refusals and figures of measures: mutants that other tests let live."""

from datetime import date

import numpy as np
import pytest

from cases import flat, grid_of
from flood_sim.core.errors import InputError
from flood_sim.ground.terrain import terrain_of
from flood_sim.measures.base import InputsView
from flood_sim.measures.plans import Phase, _over_budget
from flood_sim.surface.culverts import plain_rating
from flood_sim.surface.structures import Culvert
from measure_cases import build, surface_inputs


def faces(structure):
    return {tuple(int(v) for v in cell) for cell in structure.cells}


@pytest.mark.parametrize("along_x", [True, False])
def test_kerbs_stand_on_both_sides_of_the_road_and_nowhere_else(along_x):
    """A road of 15 m through the middle of 7 cells of 5 m: its sides are the faces 2 and 5."""
    rows, columns, line = (7, 20, [[0.1, 17.5], [99.9, 17.5]])
    if not along_x:
        rows, columns, line = columns, rows, [[17.5, 99.9], [17.5, 0.1]]
    way = {"kind": "road_flood_way", "targets": {"line_m": line}, "width_m": 15.0, "kerb_m": 0.15}
    built = build(surface_inputs(flat(rows, columns, 5.0), 60.0), way=way).inputs
    (kerb,) = built.structures
    assert not kerb.is_x.any() if along_x else kerb.is_x.all()
    assert faces(kerb) == {(j, k) if along_x else (k, j) for j in (2, 5) for k in range(20)}


@pytest.mark.parametrize(("before", "height_m"), [(3, 0.0), (2, 3.0)])
@pytest.mark.parametrize("along_x", [True, False])
def test_a_levee_stands_over_the_higher_of_the_two_cells_beside_it(along_x, before, height_m):
    """Ground of 5 m two cells before the line is not beside it; ground of 3 m is."""
    bed = np.zeros((8, 8))
    bed[1], bed[2] = 5.0, 3.0
    at_m = 5.0 * (before + 1)
    line = [[0.1, 40.0 - at_m], [39.9, 40.0 - at_m]] if along_x else [[at_m, 39.9], [at_m, 0.1]]
    terrain = terrain_of(grid_of(8, 8, 5.0), bed if along_x else bed.T.copy(), 0.03)
    levee = {"kind": "levee_raising", "targets": {"line_m": line}, "raise_m": 1.0}
    (dyke,) = build(surface_inputs(terrain, 60.0), levee=levee).inputs.structures
    assert faces(dyke) == {
        (before + 1, k) if along_x else (k, before + 1) for k in range(8)
    } and set(dyke.is_x) == {not along_x}
    assert dyke.crest_m.tolist() == [height_m + 1.0] * 8


@pytest.mark.parametrize("size", [{"height_m": 2.0}, {"width_m": 3.0}])
def test_another_size_of_a_culvert_of_the_street_is_refused(size):
    law = plain_rating(2.0, 2.0)
    culvert = Culvert("road", (0, 0), (0, 1), 0.0, 0.0, 2.0, 4.0, 2.6, (law, law))
    inputs = surface_inputs(flat(1, 2, 5.0), 10.0, culverts=(culvert,))
    with pytest.raises(InputError, match=r"(?s)another size is not implemented.*use barrels"):
        build(inputs, more={"kind": "culvert_enlargement", "targets": ["road"], **size})


def test_land_is_what_is_not_water_at_the_start():
    depth = np.zeros((10, 10))
    depth[0, :4] = 1.0
    inputs = surface_inputs(flat(10, 10, 100.0), 60.0, depth=depth)
    assert InputsView(inputs, lambda file, place: []).land_km2 == pytest.approx(0.96)


def test_a_phase_over_its_budget_names_the_dearest_first():
    def row(name, middle):
        return {"name": name, "currency": "CNY", "capital": {"middle": middle}}

    rows = [row("small", 1e6), row("large", 3e6), row("middling", 2e6)]
    error = _over_budget("henan", Phase(name="mid", in_service=date(2025, 1, 1)), rows, 5e6)
    assert "6.0 M: large 3.0, middling 2.0, small 1.0" in str(error)
