"""Soils, stores and evaporation against textbooks and hand calculations (CASES E1 to E4)."""

import numpy as np
import pytest

import naive
from flood_kernels.losses import green_ampt_potential, green_ampt_row
from flood_sim.ground.infiltration import (
    ConstantInfiltration,
    CurveNumber,
    GreenAmpt,
    Horton,
    NoInfiltration,
    soil_classes,
)
from flood_sim.surface.boundaries import constant
from flood_sim.surface.losses import Facility, Losses, StorageInputs

K, PSI, DTHETA = 0.0065 / 3600.0, 0.167, 0.340
MM = 1e-3
HOUR = 3600.0


def column(infiltration=None, storage=StorageInputs(), real=np.float64):
    """One cell inside a ring of ghosts."""
    return np.zeros((3, 3), real), Losses(infiltration or NoInfiltration(), storage, (1, 1), 100.0)


def one(value):
    return np.full((1, 1), float(value))


def rain_on(depth, losses, rate, dt, steps, start=0.0):
    for k in range(steps):
        depth[1, 1] += rate * dt
        losses.take(depth, np.full((1, 1), rate * dt, np.float32), 1, 1, start + k * dt, dt)


@pytest.mark.parametrize(
    ("dt", "limit"), [(60.0, 0.016), (10.0, 0.004), (1.0, 0.0006)]
)  # measured 1.4, 0.3, 0.04 %
def test_ponded_green_ampt_column(dt, limit):
    filled = 0.0
    for _ in range(round(3600.0 / dt)):
        filled += green_ampt_potential(filled, 0.0, K, PSI, DTHETA, dt)
    exact = naive.green_ampt_implicit(K, PSI, DTHETA, 3600.0)
    assert exact == pytest.approx(0.03167, rel=2e-3)  # textbook: 3.17 cm
    assert abs(filled - exact) / exact < limit


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_a_row_of_green_ampt_against_one_cell_after_the_other(real):
    """Dry cells, films, deep water, hollows, closed ground: drawn; the row without branches against
    the rule cell by cell, compiled and not.
    """
    rng, cells, dt = np.random.default_rng(7), 700, 4.0
    depth = np.where(rng.random(cells) < 0.3, 0.0, 10.0 ** rng.uniform(-6, 0, cells)).astype(real)
    pond = np.where(rng.random(cells) < 0.5, 0.0, 10.0 ** rng.uniform(-6, -2, cells)).astype(
        np.float32
    )
    filled, soil = (
        rng.uniform(0, 0.05, cells).astype(np.float32),
        rng.integers(0, 3, cells).astype(np.uint8),
    )
    table = np.array([[0.0, 0.0, 0.0], [K, PSI, DTHETA], [10 * K, 0.05, 0.4]])
    for function in (green_ampt_row, green_ampt_row.py_func):
        after, hollow, inside, taken = (
            depth.copy(),
            pond.copy(),
            filled.copy(),
            np.full(cells, np.nan),
        )
        function(after, hollow, inside, soil, table, dt, taken)
        for i in range(cells):
            water, (conductivity, suction, deficit) = (
                float(depth[i]) + float(pond[i]),
                table[soil[i]],
            )
            most = green_ampt_potential(float(filled[i]), water, conductivity, suction, deficit, dt)
            wanted = min(water, most) if conductivity > 0.0 else 0.0
            assert taken[i] == pytest.approx(
                wanted, rel=1e-5, abs=1e-7 * water
            )  # what float32 can show of it
            assert (float(depth[i]) - float(after[i])) + (
                float(pond[i]) - float(hollow[i])
            ) == taken[i]  # the ledger's books
            assert inside[i] == pytest.approx(float(filled[i]) + taken[i], rel=1e-7)
            assert (
                after[i] >= 0.0 and hollow[i] >= 0.0 and (hollow[i] == pond[i] or after[i] == 0.0)
            )  # first what stands, then the hollow
        assert taken[soil == 0].max() == 0.0 and taken.max() > 1e-5


@pytest.mark.parametrize("own_hollows", [True, False])
def test_hollows_of_the_whole_grid_or_of_one_row_for_all(own_hollows):
    """1,300 columns (three blocks), rows wet, dry, and with water in hollows only; an empty row
    that serves all rows is never written to.
    """
    shape = (6, 1300)
    depth, pond = (
        np.zeros((8, 1302), np.float32),
        np.zeros(shape if own_hollows else (1, 1300), np.float32),
    )
    depth[1:3, 1:-1] = 0.01
    if own_hollows:
        pond[3] = 0.005
    soil = GreenAmpt(np.full(shape, K), np.full(shape, PSI), np.full(shape, DTHETA))
    before = depth.sum(dtype=float) + pond.sum(dtype=float)
    taken = soil.take(depth, pond, np.zeros((1, 1300), np.float32), 1, 1, 60.0)
    assert taken == pytest.approx(before - depth.sum(dtype=float) - pond.sum(dtype=float), rel=1e-9)
    assert (soil.filled > 0.0).sum(axis=1).tolist() == [
        1300,
        1300,
        0,
        1300 if own_hollows else 0,
        0,
        0,
    ]
    assert taken == pytest.approx(soil.filled.sum(dtype=float), rel=1e-6)


SOILS = {
    "green_ampt": lambda field: GreenAmpt(field(K), field(PSI), field(DTHETA)),
    "recovering": lambda field: GreenAmpt(field(K), field(PSI), field(DTHETA), recovers=True),
    "horton": lambda field: Horton(
        field(2e-5), field(3e-6), field(4.0 / HOUR), field(1.0 / 24.0 / HOUR)
    ),
    "curve_number": lambda field: CurveNumber(field(85.0)),
    "constant": lambda field: ConstantInfiltration(field(1e-6)),
}


@pytest.mark.parametrize("soil", SOILS)
def test_each_row_has_its_own_hollows_rain_and_canopy(soil):
    """Four rows together lose what each loses alone."""
    canopy, hollows = np.array([0.0, 1.0, 2.0, 0.5]) * MM, np.array([3.0, 0.0, 1.0, 5.0]) * MM
    rain = np.array([1.0, 4.0, 0.0, 2.0]) * MM

    def run(rows):
        column = np.ones((len(rows), 1))
        storage = StorageInputs(
            canopy[rows, None], hollows[rows, None], constant(5.0 * MM / 86400.0)
        )
        losses = Losses(SOILS[soil](lambda value: value * column), storage, (len(rows), 1), 100.0)
        depth = np.zeros((len(rows) + 2, 3))
        for k in range(12):
            depth[1:-1, 1] += rain[rows] * (k < 6)
            losses.take(
                depth, (rain[rows, None] * (k < 6)).astype(np.float32), 1, 1, 60.0 * k, 60.0
            )
        return (
            [*depth[1:-1, 1]],
            losses.infiltrated_volume,
            losses.stored_volume,
            losses.evaporated_volume,
        )

    together, alone = run([0, 1, 2, 3]), [run([row]) for row in range(4)]
    assert together[0] == [depth for one_row in alone for depth in one_row[0]]
    for k in (1, 2, 3):
        assert together[k] == pytest.approx(sum(one_row[k] for one_row in alone), rel=1e-12)
    assert together[1] > 0.0 and together[3] > 0.0


def test_rain_of_5_cm_an_hour_ponds_as_in_the_textbook():
    soil = GreenAmpt(one(K), one(PSI), one(DTHETA))
    depth, losses = column(soil)
    ponded_at, dt = None, 5.0
    for step in range(720):
        rain_on(depth, losses, 0.05 / HOUR, dt, 1)
        if ponded_at is None and depth[1, 1] > 1e-6:
            ponded_at = (step + 1) * dt
    assert ponded_at == pytest.approx(0.170 * HOUR, rel=0.03)
    # The textbook neglects the ponded depth in the head (F(1 h) = 3.018 cm); with it dF/dt = K [1 +
    # (psi + h) dtheta / F], h = P - F.
    ponded = naive.green_ampt_with_ponded_head(K, PSI, DTHETA, 0.05 / HOUR, 0.170 * HOUR, HOUR)
    filled = losses.infiltrated_volume / 100.0
    assert filled == pytest.approx(ponded, rel=5e-3)
    assert filled == pytest.approx(0.03018, rel=2.5e-2)
    assert soil.filled[0, 0] == pytest.approx(filled, rel=1e-5)
    assert depth[1, 1] + filled == pytest.approx(0.05, rel=1e-12)


def test_green_ampt_recovers_after_rain_and_only_then():
    """SWMM's rule: upper zone 4 sqrt(K) inch drains sqrt(K)/75 of its room an hour; after
    4.5/sqrt(K) dry hours a new event starts.
    """
    root = np.sqrt(K * HOUR / 0.0254)
    taken = {}
    for recovers, pause_h in ((False, 48.0), (True, 48.0), (True, 1.0)):
        depth, losses = column(GreenAmpt(one(K), one(PSI), one(DTHETA), recovers))
        rain_on(depth, losses, 0.05 / HOUR, 10.0, 360)
        depth[1, 1] = 0.0
        before = losses.infiltrated_volume
        rain_on(depth, losses, 0.0, 10.0, round(pause_h * 360))
        if recovers and pause_h == 48.0:
            expected = DTHETA * root / 75.0 * 48.0  # its room drains at sqrt(K)/75 an hour
            assert losses.infiltration.deficit[0, 0] == pytest.approx(expected, rel=0.02)
            assert losses.infiltration.upper[0, 0] == pytest.approx(
                (DTHETA - expected) * 4.0 * root * 0.0254, rel=0.02
            )
        rain_on(depth, losses, 0.05 / HOUR, 10.0, 360)
        taken[recovers, pause_h] = (losses.infiltrated_volume - before) / 100.0
    assert taken[True, 48.0] > taken[False, 48.0]
    assert taken[True, 1.0] == pytest.approx(
        taken[False, 48.0], rel=0.05
    )  # one hour is no new event


def test_horton_ponded_and_under_rain():
    """CASES E2: ponded F(.25 .. 6 h); rain 25.4 mm/h ponds at 0.677 h (integrated Horton)."""
    soil = [one(76.2 * MM / HOUR), one(12.7 * MM / HOUR), one(4.14 / HOUR), one(0.0)]
    depth, losses = column(Horton(*soil))
    depth[1, 1] = 1.0
    for hours, expected in (
        (0.25, 13.065),
        (0.5, 19.753),
        (1.0, 27.794),
        (2.0, 40.734),
        (6.0, 91.538),
    ):
        while losses.infiltration.age[0, 0] < hours * HOUR - 1e-3:
            losses.take(depth, np.zeros((1, 1), np.float32), 1, 1, 0.0, 5.0)
        assert losses.infiltrated_volume / 100.0 / MM == pytest.approx(expected, abs=0.01)
    depth, losses = column(Horton(*soil))
    ponded_at = None
    for k in range(1440):
        rain_on(depth, losses, 25.4 * MM / HOUR, 5.0, 1)
        if ponded_at is None and depth[1, 1] > 1e-7:
            ponded_at = (k + 1) * 5.0
        if k == 719:
            assert losses.infiltrated_volume / 100.0 / MM == pytest.approx(23.56, abs=0.05)
    assert ponded_at == pytest.approx(0.677 * HOUR, rel=0.01)
    assert losses.infiltrated_volume / 100.0 / MM == pytest.approx(37.06, abs=0.06)
    assert depth[1, 1] / MM == pytest.approx(13.74, abs=0.06)


def test_horton_recovers_by_its_rate():
    """1 - e^(-k age) shrinks by e^(-r t): after a day at 1/24 an hour to e^-1 of it."""
    depth, losses = column(Horton(one(2e-5), one(3e-6), one(4.0 / HOUR), one(1.0 / 24.0 / HOUR)))
    losses.infiltration.age[0, 0] = 1800.0
    rain_on(depth, losses, 0.0, 10.0, 8640)
    used = 1.0 - np.exp(-4.0 / HOUR * losses.infiltration.age[0, 0])
    assert used == pytest.approx((1.0 - np.exp(-2.0)) * np.exp(-1.0), rel=1e-3)


@pytest.mark.parametrize(
    ("number", "runoff"),
    [(85.0, (19.6, 61.0, 156.6, 333.0, 573.4)), (98.0, (44.3, 94.0, 195.8, 375.8, 617.9))],
)
def test_curve_number_gives_the_tables_runoff(number, runoff):
    """CASES E3; run-on is not lost again."""
    for rain, expected in zip((50.0, 100.0, 201.9, 382.0, 624.1), runoff, strict=True):
        depth, losses = column(CurveNumber(one(number)))
        rain_on(depth, losses, rain * MM / HOUR, 10.0, 360)
        assert depth[1, 1] / MM == pytest.approx(expected, abs=0.1)
    depth, losses = column(CurveNumber(one(85.0)))
    depth[1, 1] = 0.5
    rain_on(depth, losses, 0.0, 10.0, 10)
    assert depth[1, 1] == 0.5


def test_canopy_and_hollows_hold_what_they_can_and_evaporate():
    storage = StorageInputs(one(1.0 * MM), one(2.5 * MM), constant(5.0 * MM / 86400.0))
    depth, losses = column(storage=storage)
    rain_on(depth, losses, 10.0 * MM / HOUR, 10.0, 360)
    gone = losses.evaporated_volume / 100.0
    assert gone == pytest.approx(5.0 * MM / 24.0, rel=1e-6)
    assert losses.stored_volume / 100.0 == pytest.approx(3.5 * MM, rel=0.01)
    assert depth[1, 1] + losses.stored_volume / 100.0 + gone == pytest.approx(10.0 * MM, rel=1e-7)
    depth[1, 1] = 0.0
    rain_on(depth, losses, 0.0, 10.0, 2 * 8640)
    assert losses.stored_volume == 0.0  # 3.5 mm are gone within a day


def test_hollows_seep_into_the_soil():
    depth, losses = column(ConstantInfiltration(one(1e-6)), StorageInputs(depression_m=one(2e-3)))
    depth[1, 1] = 1e-3
    rain_on(depth, losses, 0.0, 10.0, 200)
    assert depth[1, 1] == 0.0 and losses.stored_volume == 0.0
    assert losses.infiltrated_volume == pytest.approx(0.1, rel=1e-6)


def paving(**changes):
    numbers = {"entry": 250.0 * MM / HOUR, "store_depth": 0.3, "voids": 0.4, **changes}
    return Facility("paving", "permeable_paving", np.zeros((1, 2), np.int64), np.ones(1), **numbers)


def test_permeable_paving_by_hand():
    """MEASURES 7: 60 mm/h for 3 h on a 120 mm store: no runoff until 2.00 h, 60 of 180 mm; clogged
    to 25 mm/h: 105 mm run off.
    """
    depth, losses = column(storage=StorageInputs(facilities=(paving(),)))
    rain_on(depth, losses, 60.0 * MM / HOUR, 10.0, 718)
    assert depth[1, 1] < 1e-4
    rain_on(depth, losses, 60.0 * MM / HOUR, 10.0, 362)
    assert depth[1, 1] / MM == pytest.approx(60.0, abs=0.01)
    assert losses.stored_volume / 100.0 / MM == pytest.approx(120.0, abs=0.01)
    depth, losses = column(storage=StorageInputs(facilities=(paving(entry=25.0 * MM / HOUR),)))
    rain_on(depth, losses, 60.0 * MM / HOUR, 10.0, 1080)
    assert depth[1, 1] / MM == pytest.approx(105.0, abs=0.2)


def test_bioretention_and_green_roof_by_hand():
    """Bioretention: 600 (.52 - .15) + 300 x .45 = 357 mm under its berm. Green roof: keeps 100 (.35
    - .15) = 20 mm, drains the rest.
    """
    garden = Facility(
        "garden",
        "bioretention",
        np.zeros((1, 2), np.int64),
        np.ones(1),
        entry=1e-4,
        soil_depth=0.6,
        porosity=0.52,
        field_capacity=0.15,
        percolation=5e-5,
        store_depth=0.3,
        voids=0.45,
        soil_start=0.09,
    )
    depth, losses = column(storage=StorageInputs(facilities=(garden,)))
    start = losses.stored_volume
    depth[1, 1] = 1.0
    rain_on(depth, losses, 0.0, 5.0, 20_000)
    assert (losses.stored_volume - start) / 100.0 / MM == pytest.approx(357.0, abs=0.1)
    roof = Facility(
        "roof",
        "green_roof",
        np.zeros((1, 2), np.int64),
        np.ones(1),
        only_rain=True,
        entry=1000 * MM / HOUR,
        soil_depth=0.1,
        field_capacity=0.35,
        percolation=1000 * MM / HOUR,
        store_depth=0.025,
        voids=0.5,
        drain=1000 * MM / HOUR,
        soil_start=0.015,
    )
    for rain, runs_off in ((15.0, 0.0), (64.6, 44.6)):
        depth, losses = column(storage=StorageInputs(facilities=(roof,)))
        rain_on(depth, losses, rain * MM / HOUR, 5.0, 720)
        rain_on(depth, losses, 0.0, 5.0, 7200)
        assert depth[1, 1] / MM == pytest.approx(runs_off, abs=0.1)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_facilities_lose_no_water(real):
    """Seepage, underdrain into another cell, share below 1: what left the cell is in the stack, the
    ground or the other cell.
    """
    f = Facility(
        "f",
        "bioretention",
        np.array([[0, 0]]),
        np.array([0.37]),
        entry=2e-4,
        soil_depth=0.2,
        percolation=3e-5,
        store_depth=0.2,
        seepage=1e-5,
        drain=2e-5,
        drain_cells=np.array([[0, 1]]),
    )
    depth, losses = (
        np.zeros((3, 4), real),
        Losses(NoInfiltration(), StorageInputs(facilities=(f,)), (1, 2), 9.0),
    )
    depth[1, 1] = 0.3
    total = float(depth.sum(dtype=float)) * 9.0
    for k in range(3000):
        losses.take(depth, np.zeros((1, 2), np.float32), 1, 1, 4.0 * k, 4.0)
    now = float(depth.sum(dtype=float)) * 9.0 + losses.stored_volume + losses.infiltrated_volume
    assert losses.infiltrated_volume > 0.1 and depth[1, 2] > 0.01
    assert now == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_never_more_than_the_water_present(real):
    depth, losses = column(ConstantInfiltration(one(1.0)), real=real)
    depth[:] = 1e-5
    losses.take(depth, np.zeros((1, 1), np.float32), 1, 1, 0.0, 10.0)
    assert depth[1, 1] == 0.0
    assert losses.infiltrated_volume == pytest.approx(float(real(1e-5)) * 100.0, rel=1e-15)
    assert depth[0, 0] == real(1e-5)  # ghosts are not the soil's


def test_soil_classes_give_every_cell_its_values():
    rng = np.random.default_rng(3)
    fields = [rng.integers(0, 9, (20, 30)) * 0.1 for _ in range(3)]
    code, table = soil_classes(*fields)
    assert code.dtype == np.uint16 and len(table) <= 600
    for k, field in enumerate(fields):
        assert np.array_equal(table[code, k], field)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_filling_stores_leaves_no_negative_depth(real):
    """Stores are float32: one that rounds up would take more than the cell holds (-4e-12 m, which
    second order turned into NaN).
    """
    rng = np.random.default_rng(3)
    shape = (60, 80)
    losses = Losses(
        NoInfiltration(), StorageInputs(np.full(shape, 1e-3), np.full(shape, 2e-3)), shape, 1.0
    )
    depth = np.zeros((62, 82), real)
    rain = np.zeros(shape, np.float32)
    total = 0.0
    for k in range(40):
        rain[:] = rng.random(shape) * 1e-4
        depth[1:-1, 1:-1] += rain
        total += float(rain.sum(dtype=float)) if real is np.float64 else 0.0
        losses.take(depth, rain, 1, 1, 4.0 * k, 4.0)
        assert depth.min() >= 0.0
    assert losses.stored_volume > 0.0
    if real is np.float64:
        assert losses.stored_volume + depth.sum() == pytest.approx(total, rel=1e-12)
