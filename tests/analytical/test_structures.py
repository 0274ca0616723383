"""Structures on faces and between cells, under both schemes, against their own laws and by the
ledger.
"""

import numpy as np
import pytest

from cases import advance, flat, grid_of
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.boundaries import EdgeBoundary, Inflow, Series, constant, edge_faces
from flood_sim.surface.culverts import plain_rating
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings
from flood_sim.surface.structures import Culvert, FaceStructure, SurfacePump, barrel_loss

SCHEMES = ["local_inertial", "second_order"]
G = 9.80665
ROWS, COLUMNS, DX = 3, 80, 5.0


def across(kind, crest, column=40, rows=ROWS, **rest):
    """A structure over the whole width, between columns column-1 and column."""
    cells = np.array([[j, column] for j in range(rows)], np.int64)
    return FaceStructure(
        "it", kind, np.ones(rows, bool), cells, np.full(rows, crest), np.ones(rows), **rest
    )


def channel(
    scheme, q, structures, *, depth=0.0, manning_n=0.02, precision="float64", open_end=True
):
    """A flat channel fed in the west with q m2/s; its eastern end falls free."""
    terrain = flat(ROWS, COLUMNS, DX, 0.0, manning_n)
    everywhere = np.ones(terrain.grid.shape, bool)
    west, _ = edge_faces(terrain, everywhere, "west")
    east, sides = edge_faces(terrain, everywhere, "east")
    inflows = [Inflow("river", west, constant(q * ROWS * DX))] if q > 0.0 else []
    edges = [EdgeBoundary("fall", east, sides, slope=np.inf)] if open_end else []
    return SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings(precision, scheme=scheme),
            inflows=inflows,
            edges=edges,
            depth=depth,
            structures=structures,
        )
    )


def box(name, from_cell, to_cell, from_level, to_level, height, width, loss, one_way=False):
    """A box culvert without a named inlet."""
    law = plain_rating(height, width)
    return Culvert(
        name,
        from_cell,
        to_cell,
        from_level,
        to_level,
        height,
        height * width,
        loss,
        (law, law),
        one_way,
    )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_wall_passes_nothing(scheme):
    deep = np.where(np.arange(COLUMNS) < 40, 1.0, 0.0) * np.ones((ROWS, 1))
    surface = channel(scheme, 0.0, [across("wall", np.inf)], depth=deep, open_end=False)
    advance(surface, 200.0)
    assert surface.depth[:, 40:].sum() == 0.0
    assert surface.structure_lines()["it"] == {"kind": "wall", "forward_m3": 0.0, "back_m3": 0.0}
    without = channel(scheme, 0.0, [], depth=deep, open_end=False)
    advance(without, 200.0)
    assert without.depth[:, 40:].sum() > 10.0


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_weir_holds_the_head_of_its_law(scheme, precision):
    """q = C H^1.5: with q 0.4 m2/s and C 1.8 the pool stands 0.367 m over the crest."""
    surface = channel(
        scheme,
        0.4,
        [across("weir", 1.0, weir_coefficient=1.8)],
        depth=np.where(np.arange(COLUMNS) < 40, 1.2, 0.3) * np.ones((ROWS, 1)),
        precision=precision,
    )
    advance(surface, 4000.0)
    head = float(surface.depth[1, 39]) - 1.0
    assert head == pytest.approx((0.4 / 1.8) ** (2 / 3), rel=0.01)
    passed = surface.structure_lines()["it"]["forward_m3"]
    before = float(surface.depth[:, :40].sum()) * DX**2 - 1.2 * 40 * ROWS * DX**2
    assert passed == pytest.approx(0.4 * ROWS * DX * 4000.0 - before, rel=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_drowned_weir_follows_villemonte(scheme):
    """Two lakes held 0.5 and 0.3 m over the crest."""
    terrain = flat(ROWS, COLUMNS, DX)
    everywhere = np.ones(terrain.grid.shape, bool)
    stages, edges = {"west": 1.5, "east": 1.3}, []
    for side, level in stages.items():
        cells, sides = edge_faces(terrain, everywhere, side)
        edges.append(EdgeBoundary(side, cells, sides, stage=constant(level)))
    depth = np.where(np.arange(COLUMNS) < 40, 1.5, 1.3) * np.ones((ROWS, 1))
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings("float64", scheme=scheme),
            edges=edges,
            depth=depth,
            structures=[across("weir", 1.0)],
        )
    )
    advance(surface, 1500.0)
    before = surface.structure_volume[0, 0]
    advance(surface, 2100.0)
    rate = (surface.structure_volume[0, 0] - before) / 600.0 / (ROWS * DX)
    upper, lower = float(surface.depth[1, 39]) - 1.0, float(surface.depth[1, 40]) - 1.0
    law = 1.7 * upper**1.5 * (1.0 - (lower / upper) ** 1.5) ** 0.385
    assert rate == pytest.approx(law, rel=0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gate_jet(scheme):
    """q = C a sqrt(2 g (h1 - h2)) under a gate open 0.2 m whose jet the tail water (above 0.61 a)
    drowns.
    """
    gate = across("gate", np.inf, sill_m=np.zeros(ROWS), soffit_m=np.full(ROWS, 0.2))
    surface = channel(
        scheme, 0.5, [gate], depth=np.where(np.arange(COLUMNS) < 40, 1.0, 0.2) * np.ones((ROWS, 1))
    )
    advance(surface, 6000.0)
    pool, tail = float(surface.depth[1, 39]), float(surface.depth[1, 40])
    assert tail > 0.61 * 0.2
    assert pytest.approx(0.6 * 0.2 * np.sqrt(2 * G * (pool - tail)), rel=0.02) == 0.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gate_opens_by_its_series(scheme):
    opening = Series(np.array([0.0, 100.0, 101.0]), np.array([0.0, 0.0, 0.3]))
    gate = across(
        "gate", np.inf, sill_m=np.zeros(ROWS), soffit_m=np.zeros(ROWS), gate_opening=opening
    )
    surface = channel(
        scheme,
        0.0,
        [gate],
        depth=np.where(np.arange(COLUMNS) < 40, 1.0, 0.0) * np.ones((ROWS, 1)),
        open_end=False,
    )
    advance(surface, 99.0)
    assert surface.depth[:, 40:].sum() == 0.0
    advance(surface, 400.0)
    assert surface.depth[:, 40:].sum() * DX**2 == pytest.approx(
        surface.structure_volume[0, 0] - surface.structure_volume[0, 1], rel=1e-9
    )
    assert surface.structure_volume[0, 0] > 100.0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bridge_below_the_deck_changes_no_bit_and_above_it_backs_up(scheme):
    def run(structures, q):
        surface = channel(scheme, q, structures, depth=0.4, manning_n=0.03)
        advance(surface, 3000.0)
        return np.array(surface.depth[1])

    bridge = [
        across(
            "bridge",
            2.5,
            sill_m=np.zeros(ROWS),
            soffit_m=np.full(ROWS, 1.2),
            orifice_coefficient=0.8,
        )
    ]
    assert np.array_equal(run(bridge, 0.3), run([], 0.3))
    low = [
        across(
            "bridge",
            2.5,
            sill_m=np.zeros(ROWS),
            soffit_m=np.full(ROWS, 0.6),
            orifice_coefficient=0.8,
        )
    ]
    free, dammed = run([], 2.0), run(low, 2.0)
    assert dammed[35] - free[35] > 0.15  # it is 1.6 m deep without the bridge
    head = dammed[39] - dammed[40]
    assert (
        pytest.approx(0.8 * 0.6 * np.sqrt(2 * G * head), rel=0.06) == 2.0
    )  # friction under the deck takes the rest
    assert abs(dammed[60] - free[60]) < 0.02


@pytest.mark.parametrize("scheme", SCHEMES)
def test_breach_opens_when_and_where_it_is_told(scheme):
    rows = 30
    terrain = flat(rows, 60, 5.0)
    cells = np.array([[j, 30] for j in range(rows)], np.int64)
    begin = np.full(rows, np.nan)
    begin[13:17] = 60.0
    dyke = FaceStructure(
        "it",
        "dyke",
        np.ones(rows, bool),
        cells,
        np.full(rows, 2.0),
        np.ones(rows),
        breach_begin_s=begin,
        breach_duration_s=100.0,
        breach_level_m=np.zeros(rows),
    )
    depth = np.where(np.arange(60) < 30, 1.5, 0.0) * np.ones((rows, 1))
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain, SurfaceSettings("float64", scheme=scheme), depth=depth, structures=[dyke]
        )
    )
    advance(surface, 60.0)
    assert surface.depth[:, 30:].sum() == 0.0
    advance(surface, 80.0)  # the crest is down to 1.6 m: nothing yet
    assert surface.depth[:, 30:].sum() == 0.0
    advance(surface, 180.0)
    wet = np.asarray(surface.depth[:, 30])
    assert wet[13:17].min() > 0.2
    assert surface.depth[:, 30:].sum() * 25.0 == pytest.approx(
        surface.structure_volume[0, 0] - surface.structure_volume[0, 1], rel=1e-9
    )
    advance(surface, 7200.0, 20.0)
    assert np.abs(surface.depth - 0.75).max() < 0.05


@pytest.mark.parametrize("scheme", SCHEMES)
def test_dyke_spills_over_its_crest_only(scheme):
    surface = channel(
        scheme,
        0.0,
        [across("dyke", 1.0)],
        depth=np.where(np.arange(COLUMNS) < 40, 1.3, 0.0) * np.ones((ROWS, 1)),
        open_end=False,
    )
    advance(surface, 7200.0, 20.0)
    assert float(surface.depth[1, 20]) == pytest.approx(1.0, abs=0.02)
    assert float(surface.depth[1, 60]) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_culvert_runs_at_its_law_and_levels_out(scheme):
    """Two closed basins 15 m x 200 m joined by a barrel 1 x 1 m, 20 m long, drowned at both
    ends.
    """
    loss = barrel_loss(20.0, 0.25, 0.015)
    assert loss == pytest.approx(1.5 + 2 * G * 0.015**2 * 20.0 / 0.25 ** (4 / 3), rel=1e-12)
    culvert = box("pipe", (1, 38), (1, 41), -1.0, -1.0, 1.0, 1.0, loss)
    depth = np.where(np.arange(COLUMNS) < 40, 1.0, 0.5) * np.ones((ROWS, 1))
    terrain = flat(ROWS, COLUMNS, DX)
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings("float64", scheme=scheme),
            depth=depth,
            structures=[across("wall", np.inf)],
            culverts=[culvert],
        )
    )
    advance(surface, 20.0)
    fall = float(surface.depth[1, 38] - surface.depth[1, 41])  # both cells are drawn down a little
    assert fall > 0.3
    assert surface._shared.pairs.discharge[0] == pytest.approx(
        np.sqrt(2 * G * fall / loss), rel=0.02
    )
    advance(surface, 7200.0, 20.0)
    assert np.abs(surface.depth - 0.75).max() < 0.01
    line = surface.structure_lines()["pipe"]
    assert line["forward_m3"] - line["back_m3"] == pytest.approx(0.25 * 40 * ROWS * DX**2, rel=0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_flap_lets_nothing_back(scheme):
    culvert = box("flap", (1, 41), (1, 38), 0.0, 0.0, 1.0, 1.0, 2.0, True)
    depth = np.where(np.arange(COLUMNS) < 40, 1.0, 0.5) * np.ones((ROWS, 1))
    surface = SurfaceFlow(
        SurfaceInputs(
            flat(ROWS, COLUMNS, DX),
            SurfaceSettings("float64", scheme=scheme),
            depth=depth,
            structures=[across("wall", np.inf)],
            culverts=[culvert],
        )
    )
    advance(surface, 300.0)
    assert (
        surface.structure_lines()["flap"]["forward_m3"]
        == surface.structure_lines()["flap"]["back_m3"]
        == 0.0
    )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pump_moves_its_capacity_and_stops(scheme):
    pump = SurfacePump("pump", (1, 10), (1, 70), 0.5, 0.2, 0.05)
    depth = np.where(np.arange(COLUMNS) < 40, 0.4, 0.0) * np.ones((ROWS, 1))
    surface = SurfaceFlow(
        SurfaceInputs(
            flat(ROWS, COLUMNS, DX),
            SurfaceSettings("float32", scheme=scheme),
            depth=depth,
            structures=[across("wall", np.inf)],
            pumps=[pump],
        )
    )
    advance(surface, 600.0)
    assert surface.structure_lines()["pump"]["forward_m3"] == pytest.approx(300.0, rel=1e-3)
    advance(surface, 6000.0, 20.0)
    left = float(surface.depth[:, :40].sum()) * DX**2
    assert left / (40 * ROWS * DX**2) < 0.2 and float(surface.depth[1, 10]) <= 0.2
    total = 0.4 * 40 * ROWS * DX**2
    assert surface.volume == pytest.approx(total, rel=1e-6)
    assert surface.structure_lines()["pump"]["forward_m3"] == pytest.approx(total - left, rel=1e-5)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_everything_at_once_keeps_its_volume(scheme, precision):
    """Rough ground, a dyke that breaches, weir, gate, bridge, culverts and pumps, for a thousand
    windows.
    """
    rng = np.random.default_rng(8)
    rows, columns = 24, 40
    bed = rng.random((rows, columns)) * 0.8
    terrain = terrain_of(grid_of(rows, columns, 4.0), bed, 0.03)
    ground = np.maximum(bed[:, 1:], bed[:, :-1])

    def line(name, kind, column, crest, **rest):
        cells = np.array([[j, column] for j in range(rows)], np.int64)
        return FaceStructure(
            name, kind, np.ones(rows, bool), cells, np.full(rows, crest), np.ones(rows), **rest
        )

    begin = np.where(np.abs(np.arange(rows) - 12) < 4, 50.0, np.nan)
    structures = [
        line(
            "dyke",
            "dyke",
            10,
            1.5,
            breach_begin_s=begin,
            breach_duration_s=60.0,
            breach_level_m=ground[:, 9],
        ),
        line("weir", "weir", 18, 0.9),
        line("gate", "gate", 26, 2.0, sill_m=ground[:, 25], soffit_m=ground[:, 25] + 0.2),
        line("bridge", "bridge", 34, 1.2, sill_m=ground[:, 33], soffit_m=ground[:, 33] + 0.15),
    ]
    culverts = [
        box("pipe", (3, 8), (3, 12), 0.1, 0.1, 0.5, 0.5, 2.0),
        box("flap", (20, 15), (20, 22), 0.2, 0.0, 0.5, 0.5, 2.0, True),
    ]
    pumps = [SurfacePump("pump", (12, 5), (12, 36), 0.3, 0.2, 0.05)]
    depth = np.maximum(np.where(np.arange(columns) < 10, 1.4, 0.2) - bed, 0.0)
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings(precision, scheme=scheme),
            depth=depth,
            structures=structures,
            culverts=culverts,
            pumps=pumps,
        )
    )
    start = surface.volume
    for _ in range(1000):
        advance(surface, surface.time_s + 2.0, 2.0)
    assert abs(surface.volume - start) / start < (1e-13 if precision == "float64" else 1e-7)
    assert surface.depth.min() >= 0.0
    assert all(
        line["forward_m3"] + line["back_m3"] > 1.0 for line in surface.structure_lines().values()
    )
    states = [np.array(surface.depth)]
    for threads in (2, 3):
        again = SurfaceFlow(
            SurfaceInputs(
                terrain,
                SurfaceSettings(precision, scheme=scheme, threads=threads),
                depth=depth,
                structures=structures,
                culverts=culverts,
                pumps=pumps,
            )
        )
        for _ in range(1000):
            advance(again, again.time_s + 2.0, 2.0)
        states.append(np.array(again.depth))
    assert all(np.array_equal(states[0], state) for state in states[1:])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_drowned_structures_leave_a_lake_at_rest(scheme):
    rng = np.random.default_rng(2)
    bed = rng.random((20, 40)) * 0.5
    cells = np.array([[j, 20] for j in range(20)], np.int64)
    parts = [
        FaceStructure(
            k, k, np.ones(5, bool), cells[5 * n : 5 * n + 5], np.full(5, c), np.ones(5), **rest
        )
        for n, (k, c, rest) in enumerate(
            [
                ("dyke", 1.0, {}),
                ("weir", 0.8, {}),
                ("gate", 1.5, {"sill_m": np.full(5, 0.5), "soffit_m": np.full(5, 0.9)}),
                ("bridge", 1.5, {"sill_m": np.full(5, 0.5), "soffit_m": np.full(5, 0.9)}),
            ]
        )
    ]
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain_of(grid_of(20, 40, 5.0), bed, 0.03),
            SurfaceSettings("float64", scheme=scheme),
            depth=2.0 - bed,
            structures=parts,
        )
    )
    advance(surface, 600.0)
    assert np.abs(surface.depth + bed - 2.0).max() < 1e-12
