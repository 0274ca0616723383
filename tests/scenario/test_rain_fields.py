"""Rain that varies in space: each field's integral, its place on the grid, its files; gutters into
the sewer.
"""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import xarray as xr

from cases import START, Silent, grid_of, steady_rain
from flood_sim.core.clock import Clock, Window
from flood_sim.core.errors import InputError
from flood_sim.ground.infiltration import NoInfiltration
from flood_sim.ground.rain_fields import (
    RainField,
    RainGauge,
    StormCell,
    gauge_field,
    inverse_distance_weights,
    moving_field,
)
from flood_sim.ground.rainfall import rainfall_from_intervals
from flood_sim.ground.terrain import terrain_of
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.simulation.loop import Simulation
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.rain import Gutters
from flood_sim.surface.settings import SurfaceSettings

WALLS = 10.0


def pits(rows, columns):
    """Every cell a pit of its own: rain stays where it falls."""
    y, x = np.mgrid[0:rows, 0:columns]
    return np.where((x + y) % 2 == 0, WALLS, 0.0)


def cells_of_their_own(rows, columns):
    """Open cells that do not touch: the others are no ground."""
    y, x = np.mgrid[0:rows, 0:columns]
    return np.where((x + y) % 2 == 0, 0.0, np.nan)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("scheme", ["local_inertial", "second_order"])
def test_every_cell_receives_its_own_rain(precision, scheme):
    """Windows of 7 s over intervals of 10 s that begin before and end within the run: the sum is
    exact in every cell.
    """
    bed = cells_of_their_own(9, 14)
    rng = np.random.default_rng(5)
    layers = rng.random((6, 9, 14)) * 0.01
    field = RainField("f", -15.0 + 10.0 * np.arange(7), lambda k: layers[k])
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain_of(grid_of(9, 14, 2.0), bed, 0.03),
            SurfaceSettings(precision, scheme=scheme),
            rainfall=field,
        )
    )
    for k in range(10):
        surface.advance(Window(7.0 * k, 7.0 * (k + 1)))
    expected = np.where(np.isfinite(bed), 0.5 * layers[1] + layers[2:].sum(axis=0), 0.0)
    limit = 1e-8 if precision == "float32" else 1e-15
    assert np.abs(surface.depth - expected).max() < limit
    assert surface.rain_volume == pytest.approx(
        expected.sum() * 4.0, rel=1e-6 if precision == "float32" else 1e-13
    )


def test_a_uniform_field_is_uniform_rain():
    rng = np.random.default_rng(2)
    terrain = terrain_of(grid_of(20, 24, 2.0), rng.random((20, 24)), 0.03).with_solid_buildings(
        rng.random((20, 24)) < 0.2
    )
    rain = steady_rain(100.0, 300.0)
    field = RainField("u", rain.time_s, lambda k: np.full((20, 24), np.diff(rain.cumulative_m)[k]))
    depths = []
    for given in (rain, field):
        surface = SurfaceFlow(SurfaceInputs(terrain, SurfaceSettings("float64"), rainfall=given))
        for k in range(100):
            surface.advance(Window(4.0 * k, 4.0 * (k + 1)))
        assert surface.volume == pytest.approx(surface.rain_volume, rel=1e-12)
        depths.append(surface.depth.copy())
    assert np.abs(depths[0] - depths[1]).max() < 1e-9


def test_gauges_by_thiessen_and_by_inverse_distance():
    grid = grid_of(10, 30, 10.0)
    series = [
        rainfall_from_intervals("a", np.array([0.0, 60.0, 120.0]), np.array([6.0, 0.0])),
        rainfall_from_intervals("b", np.array([30.0, 90.0]), np.array([3.0])),
    ]
    gauges = [RainGauge("a", 5.0, 50.0, series[0]), RainGauge("b", 295.0, 50.0, series[1])]
    nearest = gauge_field("g", gauges, grid, "thiessen")
    total = sum(nearest.depth_m(k) for k in range(nearest.intervals))
    assert total[5, 0] == pytest.approx(6e-3) and total[5, 29] == pytest.approx(3e-3)
    assert (np.abs(total[:, :15] - 6e-3) < 1e-12).all() and (
        np.abs(total[:, 15:] - 3e-3) < 1e-12
    ).all()
    weights = inverse_distance_weights(gauges, grid)
    assert np.abs(weights.sum(axis=0) - 1.0).max() < 1e-6
    smooth = gauge_field("g", gauges, grid, "inverse_distance")
    total = sum(smooth.depth_m(k) for k in range(smooth.intervals))
    a, b = (1.0 / np.hypot(85.0 - x, 5.0) ** 2 for x in (5.0, 295.0))  # cell (4, 8): x 85, y 55
    assert total[4, 8] == pytest.approx((6e-3 * a + 3e-3 * b) / (a + b), rel=1e-5)


def test_a_moving_cell_brings_its_volume_along_its_track():
    """Volume of a Gaussian cell: peak 2 pi radius^2 duration; under its track the depth is peak
    sqrt(2 pi) radius / speed.
    """
    grid = grid_of(200, 400, 50.0)
    peak, radius, speed = 100.0 / 3.6e6, 800.0, 5.0
    cell = StormCell(peak, radius, 0.0, 2400.0, (4000.0, 5000.0), (16000.0, 5000.0))
    field = moving_field("m", [cell], grid, 120.0)
    total = sum(field.depth_m(k) for k in range(field.intervals))
    assert field.edges_s[0] == 0.0 and field.edges_s[-1] == 2400.0
    assert total.sum() * 2500.0 == pytest.approx(peak * 2.0 * np.pi * radius**2 * 2400.0, rel=1e-3)
    assert total[99:101, 200].mean() == pytest.approx(
        peak * np.sqrt(2.0 * np.pi) * radius / speed, rel=2e-3
    )


SCENARIO = """
schema = 1
name = "rain"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:10:00+08:00
[grid]
crs = "local"
[terrain]
bed_elevation = { columns = 20, rows = 10, cell_size_m = 10.0 }
[rainfall]
"""


def write(folder, text):
    (folder / "s.toml").write_text(SCENARIO + text, encoding="utf-8")
    return load_scenario(folder / "s.toml")


def grid_file(folder, values, hours, **names):
    """CF file on 50 m cells; times in UTC."""
    time = np.array(
        [(START - START.utcoffset()).replace(tzinfo=None) + timedelta(hours=h) for h in hours],
        "datetime64[ns]",
    )
    y, x = 125.0 - 50.0 * np.arange(4), -25.0 + 50.0 * np.arange(6)
    xr.Dataset({"rain": (("time", "y", "x"), values)}, {"time": time, "y": y, "x": x}).to_netcdf(
        folder / "rain.nc"
    )


def test_netcdf_lands_on_the_right_cells_at_the_right_time(tmp_path):
    values = np.arange(2 * 4 * 6, dtype=float).reshape(2, 4, 6)
    grid_file(tmp_path, values, [5 / 60, 10 / 60])
    text = (
        'kind = "grid"\nfile = "rain.nc"\nquantity = "depth_mm"\nlabel = "right"\ninterval_s ='
        " 300.0\n"
    )
    field = build_inputs(write(tmp_path, text)).rainfall
    assert field.edges_s.tolist() == [0.0, 300.0, 600.0]
    # model cell (0, 0): centre x 5, y 95: nearest rain cell centre x 25 or -25 ..., y 75 or 125
    assert field.depth_m(0)[2, 2] == pytest.approx(1e-3 * values[0, 1, 1])  # x 25, y 75
    assert field.depth_m(1)[7, 17] == pytest.approx(1e-3 * values[1, 2, 4])  # x 175, y 25
    later = text.replace('"right"', '"left"')
    assert build_inputs(write(tmp_path, later)).rainfall.edges_s.tolist() == [300.0, 600.0, 900.0]
    rate = text.replace("depth_mm", "rate_mm_h")
    assert build_inputs(write(tmp_path, rate)).rainfall.depth_m(1)[7, 17] == pytest.approx(
        1e-3 * values[1, 2, 4] / 12.0
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            (
                'kind = "grid"\nfile = "rain.nc"\nquantity = "depth_mm"\nlabel ='
                ' "right"\ninterval_s = 3600.0\n'
            ),
            "closer than interval_s",
        ),
        (
            (
                'kind = "grid"\nfile = "rain.nc"\nvariable = "snow"\nquantity = "depth_mm"\nlabel ='
                ' "right"\ninterval_s = 300.0\n'
            ),
            "which variable",
        ),
        (
            (
                'kind = "grid"\nfile = "none.nc"\nquantity = "depth_mm"\nlabel ='
                ' "right"\ninterval_s = 300.0\n'
            ),
            "none.nc",
        ),
        (
            'kind = "gauges"\ngauges = "g.csv"\nlabel = "right"\ninterval_s = 300.0\n',
            "columns are missing",
        ),
        (
            (
                'kind = "moving_cells"\ncells = [{ peak_mm_h = 50, radius_m = 100, begin_s = 9,'
                " end_s = 3, from_m = [0, 0], to_m = [1, 1] }]\n"
            ),
            "end_s",
        ),
    ],
)
def test_wrong_rain_is_refused(tmp_path, text, message):
    grid_file(tmp_path, np.ones((2, 4, 6)), [5 / 60, 10 / 60])
    (tmp_path / "g.csv").write_text("gauge,x_m\na,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        build_inputs(write(tmp_path, text))


def test_gauges_and_cells_from_a_scenario(tmp_path):
    (tmp_path / "a.csv").write_text("time_s,depth_mm\n300,2\n600,4\n", encoding="utf-8")
    (tmp_path / "g.csv").write_text(
        "gauge,x_m,y_m,file\na,10,10,a.csv\nb,190,90,a.csv\n", encoding="utf-8"
    )
    inputs = build_inputs(
        write(tmp_path, 'kind = "gauges"\ngauges = "g.csv"\nlabel = "right"\ninterval_s = 300.0\n')
    )
    assert np.allclose(inputs.rainfall.depth_m(1), 4e-3)
    text = (
        'kind = "moving_cells"\ncells = [{ peak_mm_h = 50, radius_m = 100, begin_s = 0, end_s ='
        " 600, from_m = [0, 50], to_m = [200, 50] }]\n"
    )
    inputs = build_inputs(write(tmp_path, text))
    simulation = Simulation(inputs, tmp_path)
    simulation.run(Silent())
    assert simulation.ledger.rain > 0.0 and simulation.ledger.relative_error < 1e-6


def test_gutters_take_the_roofs_past_the_street():
    """100 mm/h on half a block of roofs; gutters of 60 mm/h: the node gets 60 % of the roof water,
    the street the rest; both sides agree.
    """
    roofs = np.zeros((10, 10), bool)
    roofs[2:6, 3:8] = True
    terrain = terrain_of(grid_of(10, 10, 2.0), np.zeros((10, 10)), 0.02).with_solid_buildings(roofs)
    cells = np.argwhere(roofs)
    gutters = Gutters(cells, np.zeros(len(cells), np.int64), 60.0 / 3.6e6)
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings("float64"),
            rainfall=steady_rain(100.0, 300.0),
            gutters=gutters,
            nodes=1,
        )
    )
    led = 0.0
    for k in range(100):
        surface.advance(Window(4.0 * k, 4.0 * (k + 1)))
        led += surface.roof_volumes[0]
    rain = 100.0 / 3.6e6 * 300.0 * 400.0
    assert surface.rain_volume == pytest.approx(rain, rel=1e-12)
    assert led == pytest.approx(rain * 0.2 * 0.6, rel=1e-12)
    assert surface.volume == pytest.approx(rain - led, rel=1e-12)


@pytest.mark.parametrize("roofs", [False, True])
def test_rain_volume_is_the_same_bit_for_bit_under_any_window(roofs):
    rng = np.random.default_rng(4)
    layers = rng.random((6, 12, 12)) * 5e-3
    solid = np.zeros((12, 12), bool)
    solid[3:7, 4:9] = roofs
    terrain = terrain_of(grid_of(12, 12, 2.0), rng.random((12, 12)), 0.03).with_solid_buildings(
        solid
    )
    cells = np.argwhere(solid)
    gutters = Gutters(cells, np.zeros(len(cells), np.int64), 5e-5) if roofs else None
    field = RainField(
        "f", -30.0 + 50.0 * np.arange(7), lambda k: layers[k]
    )  # begins before the run, ends in it
    volumes = []
    for window in (1.0, 4.0, 70.0, 140.0):
        surface = SurfaceFlow(
            SurfaceInputs(
                terrain, SurfaceSettings("float64"), rainfall=field, gutters=gutters, nodes=1
            )
        )
        while surface.time_s < 280.0:
            surface.advance(Window(surface.time_s, surface.time_s + window))
        volumes.append(surface.rain_volume)
    assert len(set(volumes)) == 1
    assert volumes[0] == pytest.approx(
        (0.4 * layers[0] + layers[1:].sum(axis=0)).sum() * 4.0, rel=1e-12
    )


def test_the_ledger_closes_with_everything_at_once(tmp_path):
    """Field, soil with recovery, hollows, leaves, evaporation, a facility: float64 to 1e-12."""
    from flood_sim.ground.infiltration import GreenAmpt
    from flood_sim.surface.boundaries import constant
    from flood_sim.surface.losses import Facility, StorageInputs

    rng = np.random.default_rng(8)
    bed = rng.random((30, 30))
    layers = rng.random((10, 30, 30)) * 4e-3
    field = RainField("f", 60.0 * np.arange(11), lambda k: layers[k])
    flat = np.ones((30, 30))
    garden = Facility(
        "g",
        "bioretention",
        np.array([[3, 4], [3, 5]]),
        np.array([0.5, 1.0]),
        soil_depth=0.3,
        store_depth=0.2,
        seepage=2e-6,
        drain=1e-5,
    )
    storage = StorageInputs(flat * 1e-3, flat * 2e-3, constant(1e-7), (garden,))
    for precision, limit in (("float64", 1e-12), ("float32", 1e-6)):
        inputs = ModelInputs(
            "all",
            Clock(START, 1200.0, 4.0, 600.0),
            terrain_of(grid_of(30, 30, 2.0), bed, 0.03),
            field,
            GreenAmpt(flat * 2e-6, flat * 0.1, flat * 0.3, True),
            SurfaceSettings(precision),
            storage=storage,
        )
        simulation = Simulation(inputs, tmp_path)
        simulation.run(Silent())
        ledger = simulation.ledger
        assert min(ledger.layers_stored_end, ledger.evaporation, ledger.infiltration) > 0.0
        assert ledger.relative_error < limit
        dry = replace(inputs, infiltration=NoInfiltration(), storage=StorageInputs())
        other = Simulation(dry, tmp_path)
        other.run(Silent())
        assert other.ledger.rain == ledger.rain
