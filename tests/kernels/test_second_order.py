"""The second-order kernel against its naive twin, itself on other band counts, and itself
uncompiled.
"""

from contextlib import ExitStack, contextmanager, nullcontext
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from cases import grid_of, rough_case
from flood_kernels import second_order_rows as kernel
from flood_kernels.arrays import NEXT, SAME
from flood_sim.core.clock import Window
from flood_sim.ground.rainfall import rainfall_from_intervals
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import EdgeBoundary, Series, edge_faces
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.schemes import OWN
from flood_sim.surface.settings import SurfaceSettings


def velocities(surface):
    return [np.array(a[surface._view]) for a in (surface._flow.x, surface._flow.y)]


@pytest.mark.parametrize("seed", range(7))
@pytest.mark.parametrize(
    ("precision", "limit"), [("float64", 1e-7), ("float32", 1e-6)]
)  # measured: 7.1e-8 (friction series), 1.9e-7
def test_kernel_equals_naive_twin(seed, precision, limit):
    rows, columns = [(7, 9), (1, 12), (12, 1), (16, 16), (9, 33), (24, 17), (5, 300)][
        seed
    ]  # the last: blocks of columns
    terrain, depth = rough_case(rows, columns, seed)
    rain = rainfall_from_intervals("r", np.array([0.0, 100.0]), np.array([50.0]))
    chosen = SurfaceSettings(precision, scheme="second_order", largest_step_s=0.125)
    surface = SurfaceFlow(SurfaceInputs(terrain, chosen, rainfall=rain, depth=depth))
    h, u, v = depth.copy(), np.zeros(depth.shape), np.zeros(depth.shape)
    for k in range(80):
        surface.advance(Window(0.125 * k, 0.125 * (k + 1)))
        h, u, v = naive.second_order_step(
            h,
            u,
            v,
            terrain.bed_elevation,
            terrain.manning_n,
            4.0,
            0.125,
            0.05 * 0.125 / 100.0,
            k % 2 == 0,
        )
    assert surface.steps == 80
    assert np.abs(h - depth).max() > 0.05
    assert np.abs(surface.depth - h).max() < limit
    deep = h > 0.01
    assert (
        max(np.abs(a - b)[deep].max() for a, b in zip(velocities(surface), (u, v), strict=True))
        < 20 * limit
    )  # measured 7 and 6 x


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_number_of_bands_does_not_change_a_bit(precision):
    terrain, depth = rough_case(53, 40, 11)
    rain = rainfall_from_intervals("r", np.array([0.0, 1000.0]), np.array([80.0]))
    states = []
    for threads in (1, 2, 3, 6):
        surface = SurfaceFlow(
            SurfaceInputs(
                terrain,
                SurfaceSettings(precision, scheme="second_order", threads=threads),
                rainfall=rain,
                depth=depth,
            )
        )
        for k in range(20):
            surface.advance(Window(5.0 * k, 5.0 * (k + 1)))
        assert len(surface._band_rows) - 1 == threads
        states.append((surface.depth.copy(), *velocities(surface), surface.steps))
    for state in states[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(states[0], state, strict=True))


def mirrored(array, turn):
    return np.ascontiguousarray({"left-right": np.fliplr, "up-down": np.flipud}[turn](array))


def flooded(bed, manning_n, depth, side, y_first=False):
    """Depth after 20 s; side: the edge that is open at a rising stage, or None."""
    ground, edges = terrain_of(grid_of(21, 21, 2.0), bed, manning_n), []
    if side is not None:
        edges = [
            EdgeBoundary(
                "open",
                *edge_faces(ground, np.ones(bed.shape, bool), side),
                stage=Series([0.0, 20.0], [1.0, 1.6]),
            )
        ]
    surface = SurfaceFlow(
        SurfaceInputs(
            ground, SurfaceSettings("float64", scheme="second_order"), depth=depth, edges=edges
        )
    )
    surface._state.steps[0] = float(y_first)  # steps taken: odd ones go along y first
    for k in range(10):
        surface.advance(Window(2.0 * k, 2.0 * (k + 1)))
    assert side is None or surface.boundary_in > 1.0
    return np.array(surface.depth)


@pytest.mark.parametrize("edge", [None, "west", "north"])
@pytest.mark.parametrize("turn", ["left-right", "up-down"])
def test_symmetric_input_gives_symmetric_output(turn, edge):
    """edge: floods ground as rough as it is deep; its ghosts stand beside the first or the last
    piece of a row.
    """
    terrain, depth = rough_case(21, 21, 5)
    fields = terrain.bed_elevation, terrain.manning_n, depth
    opposite = {("west", "left-right"): "east", ("north", "up-down"): "south"}.get(
        (edge, turn), edge
    )
    turned = flooded(*(mirrored(a, turn) for a in fields), opposite)
    assert np.abs(mirrored(flooded(*fields, edge), turn) - turned).max() < 1e-11


@pytest.mark.parametrize("edge", [None, "west", "north"])
def test_rows_and_columns_are_alike(edge):
    """Transposed ground, the other sweep first: transposed answer. The open edges have notches
    (ghosts between cells of a row).
    """
    terrain, depth = rough_case(21, 21, 5, wall_share=0.3)
    fields = terrain.bed_elevation, terrain.manning_n, depth
    turned = flooded(
        *(np.ascontiguousarray(a.T) for a in fields),
        {"west": "north", "north": "west"}.get(edge),
        y_first=True,
    )
    assert np.abs(flooded(*fields, edge).T - turned).max() < 1e-11


@contextmanager
def as_numpy_scalars(real):
    """Jitted helpers hand Python floats back to Python, and float32(0.5) x float would be a
    float32.
    """
    with ExitStack() as stack:
        for name in (
            "half_slope",
            "friction_series",
            "friction_power",
            "face_flux",
            "centring",
            "update_cell",
        ):

            def plain(*arguments, function=getattr(kernel, name).py_func):
                found = function(*arguments)
                return tuple(real(v) for v in found) if isinstance(found, tuple) else real(found)

            stack.enter_context(mock.patch.object(kernel, name, plain))
        yield


def rows_of(record, n, real):
    return record(*(np.zeros(n, real) for _ in record._fields))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(["dry", "tiny", "huge", "mixed"]),
)
def test_compiled_rows_equal_uncompiled(seed, real, kind):
    """Prediction and flux of a row of drawn cells: compiled, vectorised and fused against plain
    Python.
    """
    rng = np.random.default_rng(seed)
    size = {"dry": 0.0, "tiny": 1e-7, "huge": 60.0, "mixed": 0.4}[kind]
    n = 19
    scheme = OWN["second_order"].numbers(
        SurfaceSettings({4: "float32", 8: "float64"}[real(0).itemsize]), 2.0
    )
    h, z = (tuple((rng.random(n) * k).astype(real) for _ in range(3)) for k in (size, 2.0))
    w, t = (tuple(((rng.random(n) - 0.5) * 2.0).astype(real) for _ in range(3)) for _ in range(2))
    friction, soon = (rng.random(n) * 0.02).astype(real), (np.zeros(n, real),)
    both = []
    for function, next_rows in ((kernel.predict_row, soon), (kernel.predict_row.py_func, ())):
        out = rows_of(kernel.Prediction, n, real)
        with as_numpy_scalars(real) if both else nullcontext():
            function(
                0, n, SAME, next_rows, h, z, w, t, friction, out, real(0.04), real(0.08), scheme
            )
        both.append(out)
    scale = max(size, 1.0)
    tight = (
        1e-5 if real is np.float32 else 3e-7
    )  # the power of the depth in the friction has float32 accuracy in both
    assert all(np.abs(a - b).max() <= tight * scale * scale for a, b in zip(*both, strict=True))
    p, fluxes = both[0], []
    for function in (kernel.flux_row, kernel.flux_row.py_func):
        out = rows_of(kernel.Fluxes, n, real)
        with as_numpy_scalars(real) if fluxes else nullcontext():
            function(1, n, NEXT, p, p, z[1], z[1], None, None, out, scheme)
        fluxes.append(out)
    assert all(np.abs(a - b).max() <= 10 * tight * scale**2.5 for a, b in zip(*fluxes, strict=True))
    again = rows_of(kernel.Fluxes, n, real)
    kernel.flux_row(
        1, n, NEXT, p, p, z[1], z[1], p.centre, p.centre, again, scheme
    )  # nothing is centred here: p.centre is 0
    assert all(
        np.abs(a - b).max() <= 10 * tight * scale**2.5
        for a, b in zip(fluxes[0], again, strict=True)
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([np.float32, np.float64]))
def test_rows_between_buildings(seed, real):
    """Flux, centring and update where cells are open in part: compiled against plain Python; shares
    of 1 are the rows without buildings; one share for all scales what passes and no speed."""
    rng, n, one = np.random.default_rng(seed), 21, real(1.0)
    scheme = OWN["second_order"].numbers(SurfaceSettings(np.dtype(real).name), 2.0)
    h, z, w, t, e = (
        [(rng.random(n) * k - (k / 2 if k == 2 else 0.0)).astype(real) for _ in range(2)]
        for k in (0.4, 1.0, 2, 2, 0.01)
    )
    rises, tight = (
        [(rng.random(n) * 0.1).astype(real) for _ in range(2)],
        (2e-5 if real is np.float32 else 1e-6),
    )

    none = np.zeros(n, real)
    left, right = (
        kernel.Prediction(
            h[k], h[k], w[k], w[k], t[k], t[k], e[k], (0.5 * rises[k]).astype(real), e[k], none
        )
        for k in range(2)
    )

    centres = left.centre, right.centre

    def flux(function, *shares):
        out = rows_of(kernel.Fluxes, n, real)
        function(0, n, SAME, left, right, *z, *shares, out, scheme)
        return out

    def turned(f):
        return kernel.Fluxes(f.mass[::-1].copy(), f.m_r, f.m_l, f.cross[::-1].copy(), f.jump)

    def update(function, f, share=None):
        state = [
            (h[0] * (one if share is None else share)).astype(real),
            w[0].copy(),
            t[0].copy(),
            np.zeros(n, real),
        ]
        p = left._replace(speed=np.hypot(w[0], t[0]))
        given = [
            *state,
            np.full(n, 0.06, real),
            np.ones(n, real),
            *([] if share is None else [share]),
        ]
        function(0, n, SAME, f, turned(f), p, *given, real(0.01), real(0.02), real(1e-4), scheme)
        return state

    def centre(function, f, *share):
        p = left._replace(h_r=h[1], centre=np.zeros(n, real))
        function(0, n, SAME, h[0], *share, p, f, turned(f), real(0.01), scheme)
        return [p.centre]

    drawn = [rng.uniform(0.2, 1.0, n).astype(real) for _ in range(2)]
    passing = flux(kernel.flux_porous_row, *drawn)
    for porous, plain, call in (
        (kernel.flux_porous_row, kernel.flux_row, lambda f, *p: flux(f, *(p or centres))),
        (kernel.update_porous_row, kernel.update_row, lambda f, *p: update(f, passing, *p[:1])),
        (kernel.centre_porous_row, kernel.centre_row, lambda f, *p: centre(f, passing, *p[:1])),
    ):
        compiled = call(porous, *drawn)
        with as_numpy_scalars(real):
            uncompiled = call(porous.py_func, *drawn)
        assert all(
            np.allclose(a, b, rtol=tight, atol=tight)
            for a, b in zip(compiled, uncompiled, strict=True)
        )
        full = [np.ones(n, real)] * 2
        assert all(
            np.allclose(a, b, rtol=tight, atol=tight)
            for a, b in zip(call(porous, *full), call(plain), strict=True)
        )  # fused elsewhere
    assert np.allclose(
        passing[0], np.minimum(*drawn) * flux(kernel.flux_row, *centres)[0], rtol=1e-6, atol=1e-7
    )  # through the smaller share
    half = [np.full(n, 0.5, real)] * 2
    whole, narrow = flux(kernel.flux_row, *centres), flux(kernel.flux_porous_row, *half)
    assert all(
        np.allclose(b, 0.5 * a, rtol=1e-6, atol=1e-7)
        for a, b in zip(whole[:4], narrow[:4], strict=True)
    )
    quick, slow = (
        update(kernel.update_row, whole),
        update(kernel.update_porous_row, narrow, half[0]),
    )
    deep = quick[0] > 1e-3  # rain falls on the whole cell: 0.1 mm more between the buildings
    assert np.allclose(slow[0][deep] / 0.5, quick[0][deep], atol=2e-4)
    deep = quick[0] > 0.1  # there the rain dilutes by 0.1 %
    assert np.allclose(slow[1][deep], quick[1][deep], rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_fastest_signal_of_a_row(real):
    """|u| or |v|, the larger, + sqrt(g h), column by column; what stood there before stays where it
    is larger.
    """
    rng, n = np.random.default_rng(3), 45
    h, u, v = (rng.uniform(low, 2.0, n).astype(real) for low in (0.0, -2.0, -2.0))
    peak = np.where(np.arange(n) % 5 == 0, 9.0, 0.1).astype(real)
    expected = np.maximum(peak, np.maximum(abs(u), abs(v)) + np.sqrt(9.80665 * h.astype(float)))
    expected[:3] = peak[:3]  # outside of the columns asked for
    kernel.signal_row(
        3, n, h, u, v, peak, OWN["second_order"].numbers(SurfaceSettings(np.dtype(real).name), 2.0)
    )
    assert np.allclose(peak, expected, rtol=1e-6)


def test_volume_is_exact_over_many_steps():
    """Wetting and drying for 20,000 steps: float64 to rounding, float32 by the carry."""
    terrain, depth = rough_case(40, 40, 2)
    for precision, limit in (("float64", 1e-13), ("float32", 1e-7)):
        surface = SurfaceFlow(
            SurfaceInputs(
                terrain,
                SurfaceSettings(precision, scheme="second_order", largest_step_s=0.5),
                depth=depth,
            )
        )
        start = surface.volume
        for k in range(1000):
            surface.advance(Window(10.0 * k, 10.0 * (k + 1)))
        assert surface.steps >= 20_000
        assert abs(surface.volume - start) / start < limit
        assert surface.depth.min() >= 0.0


def test_padding_stays_dry():
    """What lies beyond the model is never touched: ghosts, lanes, halo rows."""
    terrain, depth = rough_case(12, 19, 8)
    surface = SurfaceFlow(
        SurfaceInputs(terrain, SurfaceSettings("float32", scheme="second_order"), depth=depth)
    )
    for k in range(10):
        surface.advance(Window(2.0 * k, 2.0 * (k + 1)))
    outside = np.ones(surface._cells.depth.shape, bool)
    outside[TOP : TOP + 12, LEFT : LEFT + 19] = False
    for array in (surface._cells.depth, surface._cells.carry, *surface._flow):
        assert not array[outside].any()
