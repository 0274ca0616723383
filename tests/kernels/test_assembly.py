"""The row loops are vectorised: a small edit silently loses a factor of four to ten. Looked for in the generated assembly."""

import platform
import re

import numba
import numpy as np
import pytest

from flood_kernels import local_inertial_rows, losses, second_order_rows, statistics
from flood_kernels.arrays import LOOP, NEXT, SAME
from flood_kernels.prefetch import AT_ONCE
from flood_sim.surface_schemes import OWN, SurfaceSettings

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86 assembly")
N = 96


def arguments(count, real):
    return [np.full(N, 0.5, real) for _ in range(count)]


def calls(real):
    """One call of every row loop: function, arguments."""
    precision = np.dtype(real).name
    inertial, second = (OWN[name].numbers(SurfaceSettings(precision), 5.0) for name in ("local_inertial", "second_order"))
    one, soon = real(0.1), tuple(arguments(4, real))

    def rows(count):
        return tuple(arguments(count, real))

    def prediction():
        return second_order_rows.Prediction(*rows(10))

    def fluxes():
        return second_order_rows.Fluxes(*rows(5))

    lo, hi, y = 0, N, SAME
    x = (32, N - 1, NEXT)
    return {
        "advance_faces": (local_inertial_rows.advance_faces, lo, hi, y, soon, rows(3), rows(2), rows(2), rows(2), *rows(2), one, one, inertial),
        "advance_porous_faces": (
            local_inertial_rows.advance_porous_faces,
            lo,
            hi,
            y,
            rows(3),
            *(rows(2) for _ in range(4)),
            *rows(2),
            one,
            one,
            inertial,
        ),
        "gives_too_much": (local_inertial_rows.gives_too_much, lo, hi - 1, *rows(4), one),
        "share_outflow": (local_inertial_rows.share_outflow, lo, hi - 1, *rows(5), one),
        "finish_row": (local_inertial_rows.finish_row, lo, hi - 1, *rows(8), one, one),
        "finish_limited_row": (local_inertial_rows.finish_limited_row, *x[:2], *rows(10), one, one),
        "gain_row": (local_inertial_rows.gain_row, *x[:2], *rows(8), one),
        "bring_gain": (local_inertial_rows.bring_gain, lo, hi, *rows(2), one),
        "centre_velocity": (statistics.centre_velocity, *rows(9), soon),
        "predict_row": (second_order_rows.predict_row, lo, hi, y, soon, *(rows(3) for _ in range(4)), *rows(1), prediction(), one, one, second),
        "flux_row": (second_order_rows.flux_row, lo, hi, y, prediction(), prediction(), *rows(2), None, None, fluxes(), second),
        "centred flux_row": (second_order_rows.flux_row, lo, hi, y, prediction(), prediction(), *rows(4), fluxes(), second),
        "flux_porous_row": (second_order_rows.flux_porous_row, lo, hi, y, prediction(), prediction(), *rows(4), fluxes(), second),
        "rough_cells": (second_order_rows.rough_cells, lo, hi, y, *rows(1), fluxes(), fluxes(), one),
        "centre_row": (second_order_rows.centre_row, lo, hi, y, *rows(1), prediction(), fluxes(), fluxes(), one, second),
        "update_row": (second_order_rows.update_row, lo, hi, y, fluxes(), fluxes(), prediction(), *rows(6), one, one, one, second),
        "update_porous_row": (second_order_rows.update_porous_row, lo, hi, y, fluxes(), fluxes(), prediction(), *rows(7), one, one, one, second),
        "signal_row": (second_order_rows.signal_row, lo, hi, *rows(4), second),
    }


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("name", list(calls(np.float32)))
def test_row_loop_is_vectorised(name, real):
    function, *given = calls(real)[name]
    fresh = numba.njit(**{**LOOP, "cache": False})(function.py_func)  # what comes out of the cache shows no assembly
    fresh(*given)
    suffix = "s" if real is np.float32 else "d"
    packed = re.compile(rf"\bv?(add|sub|mul|fmadd|fnmadd|fmsub|min|max|div|sqrt)\w*p{suffix}\b.*%[xyz]mm")
    scalar = re.compile(rf"\bv?(div|sqrt)s{suffix}\b")
    (assembly,) = fresh.inspect_asm().values()
    wide = len(packed.findall(assembly))
    assert wide > (3 if name == "rough_cells" else 8), f"{name}: {wide} packed and {len(scalar.findall(assembly))} scalar operations"
    if name in ("advance_faces", "centre_velocity", "predict_row"):  # one request a line of each of the four rows
        assert len(re.findall(r"\bprefetcht1\b", assembly)) >= 4 * AT_ONCE * 4 // 64
    if "%zmm" in assembly or "%ymm" in assembly:
        assert any(reg in line for line in assembly.splitlines() if packed.search(line) for reg in ("%zmm", "%ymm"))


def test_green_ampt_takes_several_roots_at_once():
    row, fresh = np.full(N, 0.5, np.float32), numba.njit(**{**LOOP, "cache": False})(losses.green_ampt_row.py_func)
    fresh(row, row.copy(), row.copy(), np.zeros(N, np.uint8), np.full((1, 3), 0.1), 1.0, np.empty(N))
    (assembly,) = fresh.inspect_asm().values()
    assert re.search(r"\bv?sqrtpd\b", assembly)
