"""HEC-22's capture on grade against its printed examples and CASES B2, and against the section
added up metre by metre.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from flood_kernels import on_grade
from flood_sim.surface.on_grade import SPLASH_OVER, splash_over

NARROW = ("gutter_section", "depth_at_kerb", "frontal_efficiency", "side_efficiency")


@pytest.fixture(autouse=True)
def in_python(monkeypatch):
    """The kernel's own text, not compiled."""
    for name in (*NARROW, "kerb_length", "kerb_efficiency", "intercepted"):
        monkeypatch.setattr(on_grade, name, getattr(on_grade, name).py_func)


def gutter(n, sx, sl, length, width=0.0, grate="p_50", sw=None, gutter_width=0.0, splash=None):
    row = {
        "manning_n": n,
        "cross_slope": sx,
        "long_slope": sl,
        "length": length,
        "grate_width": width,
        "gutter_width": gutter_width,
        "gutter_slope": sw or sx,
    }
    numbers = splash_over(grate) if splash is None else splash
    return SimpleNamespace(**{k: [v] for k, v in row.items()}, splash=np.array([numbers]))


def spread(discharge, g, width=100.0):
    """m, and the speed (m/s), by the kernel's section."""
    c = 0.376 * math.sqrt(g.long_slope[0]) / g.manning_n[0]
    shape = g.gutter_width[0], g.gutter_slope[0], g.cross_slope[0]
    depth = on_grade.depth_at_kerb(discharge / c, width, *shape)
    _, _, area = on_grade.gutter_section(depth, width, *shape)
    outer = max(depth - g.gutter_width[0] * g.gutter_slope[0], 0.0)
    return g.gutter_width[0] + outer / g.cross_slope[0], discharge / area


# CASES B2: n, Sx, SL, T, grate, Q, V, Eo, Vo, Rf, Rs, E, Qi
ROWS = [
    (0.016, 0.02, 0.010, 2.5, "p_50", 0.0399, 0.638, 0.519, 2.466, 1.0, 0.1435, 0.588, 0.0235),
    (0.016, 0.025, 0.04, 3.0, "reticuline", 0.1881, 1.672, 0.449, 1.264, 0.88, 0.0357, 0.4145, 0.078),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=["P-50", "reticuline"])
def test_a_grate_on_grade_is_hec22s(row):
    """Every column within 0.5 %; grates of 0.6 x 0.6 m."""
    n, sx, sl, top, grate, discharge, speed, front, limit, rf, rs, share, taken = row
    g = gutter(n, sx, sl, 0.6, 0.6, grate)
    assert spread(discharge, g) == pytest.approx((top, speed), rel=0.005)
    whole, _, _ = on_grade.gutter_section(sx * top, 100.0, 0.0, sx, sx)
    part, _, _ = on_grade.gutter_section(sx * top, 0.6, 0.0, sx, sx)
    assert part / whole == pytest.approx(front, rel=0.005)
    a, b, c, d = splash_over(grate)
    assert a + b * 0.6 - c * 0.36 + d * 0.216 == pytest.approx(limit, rel=0.005)
    assert on_grade.frontal_efficiency(speed, limit) == pytest.approx(rf, rel=0.005)
    assert on_grade.side_efficiency(speed, 0.6, sx) == pytest.approx(rs, rel=0.005)
    got, head = on_grade.intercepted(0, g, discharge, 100.0)
    assert got == pytest.approx(taken, rel=0.005)
    assert got / discharge == pytest.approx(share, rel=0.005)
    assert head == pytest.approx(sx * top + speed**2 / (2.0 * 9.80665), rel=0.005)


def test_the_printed_grate():
    """Fair, Geyer & Okun example 13.16: 28.3 L/s in a gutter of Sx 0.056 spread over 0.985 m, grate
    0.61 x 0.61 m with a splash-over speed of 0.91 m/s: 25 L/s (E 0.896). Within 3 %.
    """
    discharge, top, sx = 0.0283, 0.985, 0.056
    slope = (discharge * 0.016 / (0.376 * sx ** (5 / 3) * top ** (8 / 3))) ** 2
    g = gutter(0.016, sx, slope, 0.61, 0.61, splash=(0.91, 0.0, 0.0, 0.0))
    assert spread(discharge, g) == pytest.approx((top, 1.05), rel=0.03)
    assert on_grade.frontal_efficiency(1.05, 0.91) == pytest.approx(0.96, rel=0.03)
    assert on_grade.side_efficiency(1.05, 0.61, sx) == pytest.approx(0.165, rel=0.03)
    got, _ = on_grade.intercepted(0, g, discharge, 100.0)
    assert got / discharge == pytest.approx(0.896, rel=0.03)


def test_the_printed_kerb_opening():
    """Composite gutter of 0.38 m at 0.1: T, Eo, LT and E as printed, within 3 % (0.5 % here)."""
    g = gutter(0.016, 0.0253, 0.0045, 0.94, sw=0.1, gutter_width=0.38)
    top, _ = spread(0.00688, g)
    assert top == pytest.approx(0.9749, rel=0.005)
    depth = 0.1 * 0.38 + 0.0253 * (0.9749 - 0.38)
    whole, _, _ = on_grade.gutter_section(depth, 100.0, 0.38, 0.1, 0.0253)
    part, _, _ = on_grade.gutter_section(depth, 0.38, 0.38, 0.1, 0.0253)
    assert part / whole == pytest.approx(0.8759, rel=0.005)
    length = on_grade.kerb_length(0.00688, 0.0045, 0.016, 0.0253 + 0.0747 * part / whole)
    assert length == pytest.approx(1.007, rel=0.005)
    got, _ = on_grade.intercepted(0, g, 0.00688, 100.0)
    assert got / 0.00688 == pytest.approx(0.992, rel=0.005)
    assert on_grade.kerb_efficiency(0.5, 1.0) == pytest.approx(0.7128, rel=1e-3)  # 1 - 0.5^1.8


def test_splash_over_speeds_by_their_names():
    """ft/s at 2 ft. SWMM 5.2 reads `P_BAR-50x100` as P_BAR-50: 8.16 instead of 4.70."""
    wanted = {"p_50": 8.16, "p_50x100": 4.70, "reticuline": 4.20, "curved_vane": 5.96}
    for name in SPLASH_OVER:
        a, b, c, d = splash_over(name)
        length = 2.0 * 0.3048
        speed = (a + b * length - c * length**2 + d * length**3) / 0.3048
        by_hand = np.dot(SPLASH_OVER[name], (1.0, 2.0, -4.0, 8.0))
        assert speed == pytest.approx(by_hand, rel=1e-9)
        assert speed == pytest.approx(wanted.get(name, by_hand), rel=0.005)


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0, 50.0])
@pytest.mark.parametrize(("gutter_width", "sw"), [(0.0, 0.02), (0.4, 0.08)])
def test_the_section_is_the_sum_of_its_strips(width, gutter_width, sw):
    """Wide and narrow, simple and composite: flow and area by strips of 0.1 mm, and the depth
    back."""
    depth, sx = 0.06, 0.02
    x = (np.arange(int(min(width, 5.0) * 1e4)) + 0.5) * 1e-4
    fall = np.where(x < gutter_width, sw * x, sw * gutter_width + sx * (x - gutter_width))
    y = np.maximum(depth - fall, 0.0)
    flow, growth, area = on_grade.gutter_section(depth, width, gutter_width, sw, sx)
    # Izzard: dQ = (8/3) 0.376 SL^0.5/n y^(5/3) dx
    assert flow == pytest.approx(8.0 / 3.0 * (y ** (5.0 / 3.0)).sum() * 1e-4, rel=1e-4)
    assert area == pytest.approx(y.sum() * 1e-4, rel=1e-4)
    more, _, _ = on_grade.gutter_section(depth + 1e-6, width, gutter_width, sw, sx)
    assert growth == pytest.approx((more - flow) / 1e-6, rel=1e-3)
    assert on_grade.depth_at_kerb(flow, width, gutter_width, sw, sx) == pytest.approx(depth, 1e-6)


def test_a_blocked_inlet_and_a_long_one():
    """Length 0 takes none of what runs beside it; a kerb opening longer than LT takes all."""
    assert on_grade.side_efficiency(1.0, 0.0, 0.02) == 0.0
    for sx in (0.01, 0.06):
        got, _ = on_grade.intercepted(0, gutter(0.016, sx, 0.01, 100.0), 0.05, 100.0)
        assert got == 0.05
    got, _ = on_grade.intercepted(0, gutter(0.016, 0.02, 0.01, 0.0), 0.05, 100.0)
    assert got == 0.0
