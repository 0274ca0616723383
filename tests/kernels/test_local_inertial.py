"""The fused kernel against its naive twin, itself on other band counts, and itself uncompiled."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from cases import grid_of, rough_case
from flood_kernels import local_inertial_rows as kernel
from flood_kernels.friction import POWER_SERIES
from flood_sim.core.clock import Window
from flood_sim.ground.rainfall import rainfall_from_intervals
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inlets import Inlet
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("precision", "limit"), [("float64", 1.5e-6), ("float32", 3e-6)]
)  # measured: 1.0e-6 (friction's series bounds what runs down steep beds), 2.3e-6
def test_kernel_equals_naive_twin(seed, precision, limit):
    rows, columns = [(7, 9), (1, 12), (12, 1), (16, 16), (9, 33), (24, 17), (5, 300), (3, 1100)][
        seed
    ]  # the last: blocks of columns
    terrain, depth = rough_case(rows, columns, seed)
    rain = rainfall_from_intervals("r", np.array([0.0, 100.0]), np.array([50.0]))
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings(precision=precision, largest_step_s=0.25),
            rainfall=rain,
            depth=depth,
        )
    )
    qx, qy = np.zeros((rows, columns + 1)), np.zeros((rows + 1, columns))
    expected = depth.copy()
    for k in range(40):
        surface.advance(Window(0.25 * k, 0.25 * (k + 1)))
        expected, qx, qy = naive.local_inertial_step(
            expected,
            terrain.bed_elevation,
            terrain.manning_n,
            qx,
            qy,
            4.0,
            0.25,
            0.05 * 0.25 / 100.0,
        )
    assert surface.steps == 40
    assert np.abs(surface.depth - expected).max() < limit
    got_qx = surface._flow.x[TOP : TOP + rows, LEFT : LEFT + columns + 1]
    assert np.abs(got_qx - qx).max() < limit


def test_coupled_cells_take_no_centred_term():
    terrain, depth = rough_case(9, 9, 3, 0.0)
    inlet = Inlet(
        4, 4, 0, 1e6, 1.0, 1.0
    )  # its rim is far above: it takes nothing, but its faces lose the centred term
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings("float64", largest_step_s=0.25),
            depth=depth,
            inlets=[inlet],
            nodes=1,
        )
    )
    coupled = np.zeros((9, 9), bool)
    coupled[4, 4] = True
    qx, qy, expected = np.zeros((9, 10)), np.zeros((10, 9)), depth.copy()
    plain = depth.copy()
    px, py = qx.copy(), qy.copy()
    for k in range(20):
        surface.advance(Window(0.25 * k, 0.25 * (k + 1)))
        expected, qx, qy = naive.local_inertial_step(
            expected,
            terrain.bed_elevation,
            terrain.manning_n,
            qx,
            qy,
            4.0,
            0.25,
            0.0,
            coupled=coupled,
        )
        plain, px, py = naive.local_inertial_step(
            plain, terrain.bed_elevation, terrain.manning_n, px, py, 4.0, 0.25, 0.0
        )
    assert np.abs(surface.depth - expected).max() < 1e-7  # measured: 4e-8
    assert np.abs(plain - expected).max() > 1e-4  # the flag matters


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_number_of_bands_does_not_change_a_bit(precision):
    terrain, depth = rough_case(53, 40, 11)
    rain = rainfall_from_intervals("r", np.array([0.0, 1000.0]), np.array([80.0]))
    states = []
    for threads in (1, 2, 3, 6):
        surface = SurfaceFlow(
            SurfaceInputs(
                terrain, SurfaceSettings(precision, threads=threads), rainfall=rain, depth=depth
            )
        )
        for k in range(20):
            surface.advance(Window(5.0 * k, 5.0 * (k + 1)))
        assert len(surface._band_rows) - 1 == threads
        states.append((surface.depth.copy(), surface._flow.y.copy(), surface.steps))
    for state in states[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(states[0], state, strict=True))


@pytest.mark.parametrize("turn", ["left-right", "up-down", "transpose"])
def test_symmetric_input_gives_symmetric_output(turn):
    rng = np.random.default_rng(5)
    bed, depth = rng.random((21, 21)), rng.random((21, 21)) * 0.3
    mirror = {"left-right": np.fliplr, "up-down": np.flipud, "transpose": np.transpose}[turn]
    out = []
    for b, h in ((bed, depth), (mirror(bed), mirror(depth))):
        surface = SurfaceFlow(
            SurfaceInputs(
                terrain_of(grid_of(21, 21, 2.0), np.ascontiguousarray(b), 0.03),
                SurfaceSettings("float64"),
                depth=np.ascontiguousarray(h),
            )
        )
        for k in range(10):
            surface.advance(Window(2.0 * k, 2.0 * (k + 1)))
        out.append(np.array(surface.depth))
    assert (
        np.abs(mirror(out[0]) - out[1]).max() < 1e-13
    )  # sums of four faces in another order; measured 3e-16


def test_rounding_stays_rounding():
    """1e-15 of the depth, on a rough bed that dries and wets: 7e-16 m of difference after 20 s. 5
    mm where an emptied cell's rounding still counts as flow for the centred term."""
    rng = np.random.default_rng(5)
    bed, depth = rng.random((21, 21)), rng.random((21, 21)) * 0.3
    terrain = terrain_of(grid_of(21, 21, 2.0), bed, 0.03)
    states = []
    for noise in (0.0, 1e-15):
        surface = SurfaceFlow(
            SurfaceInputs(
                terrain,
                SurfaceSettings("float64"),
                depth=depth * (1.0 + noise * rng.standard_normal(depth.shape)),
            )
        )
        for k in range(10):
            surface.advance(Window(2.0 * k, 2.0 * (k + 1)))
        states.append(np.array(surface.depth))
    assert np.abs(states[0] - states[1]).max() < 1e-12


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(["dry", "tiny", "huge", "mixed"]),
    st.sampled_from([0.0, 0.05, -0.5]),
)
def test_compiled_face_equals_uncompiled(seed, real, kind, fall):
    rng = np.random.default_rng(seed)
    size = {"dry": 0.0, "tiny": 1e-7, "huge": 60.0, "mixed": 0.4}[kind]
    h = (rng.random(2) * size).astype(real)
    z = (rng.random(2) * 2.0).astype(real)
    q = ((rng.random(4) - 0.5) * size).astype(real)
    series = tuple(real(0.2 * v) for v in POWER_SERIES)
    scheme = kernel.Scheme(
        *(real(v) for v in (2.0, 0.9, 0.05, 9.80665**0.5, 1e-4, 9.80665, *POWER_SERIES))
    )
    arguments = (
        q[1],
        q[0],
        q[2],
        q[3],
        h[0],
        h[1],
        z[0],
        z[1],
        real(0.07),
        real(0.1),
        real(9.8 * 0.1),
        scheme,
        series,
        real(fall) if fall else None,
    )
    compiled, flow, _ = kernel.face_discharge(*arguments)
    exact, exact_flow, _ = kernel.face_discharge.py_func(*arguments)
    scale = max(abs(float(exact)), 1e-6)
    assert abs(float(compiled) - float(exact)) <= 2e-5 * scale
    assert abs(float(flow) - float(exact_flow)) <= 1e-6 * max(size, 1.0)


def test_volume_is_exact_over_many_steps():
    """Wetting and drying for 20,000 steps: float64 to rounding, float32 by the carry (without it:
    8e-6).
    """
    terrain, depth = rough_case(40, 40, 2)
    for precision, limit in (("float64", 1e-13), ("float32", 1e-7)):
        surface = SurfaceFlow(
            SurfaceInputs(terrain, SurfaceSettings(precision, largest_step_s=0.5), depth=depth)
        )
        start = surface.volume
        for k in range(1000):
            surface.advance(Window(10.0 * k, 10.0 * (k + 1)))
        assert surface.steps >= 20_000
        assert abs(surface.volume - start) / start < limit
        assert surface.depth.min() >= 0.0
