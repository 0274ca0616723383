"""The row loops of the kernels, and what the processor is told to do for them: compiled for any
processor, never run.

As a program it prints a JSON object of what one target does wrong. `python tests/row_loops.py all`
looks at every loop in both precisions, with `main` at those that every step calls. NUMBA_CPU_NAME
and NUMBA_CPU_FEATURES choose another processor than this machine's.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

from assembly import faults
from flood_kernels import (
    local_inertial_rows,
    local_steps,
    losses,
    maxima,
    pieces,
    points,
    second_order_rows,
)
from flood_kernels.arrays import LOOP, NEXT, SAME, NoAlias
from flood_sim.surface.schemes import OWN
from flood_sim.surface.settings import SurfaceSettings

# Processor, features, and the registers that its loops must use. On AVX-512 as arrays.py sets it:
# LLVM would take half of them.
TARGETS = {
    "haswell": ("", "ymm"),
    "znver3": ("", "ymm"),
    "skylake-avx512": ("-prefer-256-bit", "zmm"),
    "generic": ("", "xmm"),
}
PRECISIONS = ("float32", "float64")
ASK_AHEAD = (
    "advance_faces",
    "centre_velocity",
    "predict_row",
    "fold_cells",
)  # loops that fetch the next row's lines
TABLE = "looks the soil up in a table, which processors without AVX2 do number by number"
COUNTS = "counts in integers, whose registers are xmm before AVX2"
LEFT_OUT = {"xmm": {"green_ampt_row": TABLE}, "avx": {"green_ampt_row": TABLE, "count_wet": COUNTS}}
MAIN = {
    "float32": (
        "advance_faces",
        "gives_too_much",
        "finish_row",
        "predict_row",
        "flux_row",
        "centred flux_row",
        "rough_cells",
        "update_row",
        "signal_row",
        "fold_cells",
    ),
    "float64": ("gives_too_much", "bring_gain", "rough_cells", "signal_row"),
}
NOT_IN_VECTORS = {
    "deepest_of": "a maximum that keeps NaN has an order; 32 numbers",
    "rows_since": "bytes alone",
    "mark_near": "bytes alone",
}
N = 96
ROOT = Path(__file__).resolve().parents[1]


def calls(precision):
    """One call of every row loop: name, function, arguments."""
    real = np.dtype(precision).type
    inertial, second = (
        OWN[name].numbers(SurfaceSettings(precision), 5.0)
        for name in ("local_inertial", "second_order")
    )
    one, single, flag = real(0.1), np.float32(0.1), np.zeros(N, np.uint8)

    def rows(count, kind=real):
        return tuple(np.full(N, 0.5, kind) for _ in range(count))

    def prediction():
        return second_order_rows.Prediction(*rows(10))

    def fluxes():
        return second_order_rows.Fluxes(*rows(5))

    lo, hi, y, soon = 0, N, SAME, rows(4)
    x = (32, N - 1, NEXT)
    table, inertial_rows, second_rows = np.full((1, 3), 0.1), local_inertial_rows, second_order_rows
    found = [
        (
            "advance_faces",
            inertial_rows.advance_faces,
            lo,
            hi,
            y,
            soon,
            rows(3),
            rows(4),
            rows(2),
            rows(4),
            rows(2),
            *rows(2),
            one,
            one,
            inertial,
        ),
        (
            "steep_faces",
            inertial_rows.steep_faces,
            lo,
            hi,
            y,
            rows(3),
            rows(4),
            rows(2),
            rows(4),
            rows(2),
            *rows(2),
            one,
            one,
            inertial,
        ),
        (
            "advance_porous_faces",
            inertial_rows.advance_porous_faces,
            lo,
            hi,
            y,
            rows(3),
            rows(4),
            rows(2),
            rows(4),
            rows(2),
            rows(2),
            *rows(2),
            one,
            one,
            inertial,
        ),
        ("gives_too_much", inertial_rows.gives_too_much, lo, hi - 1, *rows(4), one),
        ("share_outflow", inertial_rows.share_outflow, lo, hi - 1, *rows(5), one),
        ("scale_faces", inertial_rows.scale_faces, lo, hi, *rows(4)),
        ("finish_row", inertial_rows.finish_row, lo, hi - 1, *rows(8), one, one),
        ("finish_limited_row", inertial_rows.finish_limited_row, *x[:2], *rows(10), one, one),
        ("gain_row", inertial_rows.gain_row, *x[:2], *rows(8), one),
        ("bring_gain", inertial_rows.bring_gain, lo, hi, *rows(2), one),
        ("centre_velocity", maxima.centre_velocity, *rows(9), soon),
        ("bounded_velocity", maxima.bounded_velocity, *rows(9)),
        ("copy_velocity", maxima.copy_velocity, *rows(3)),
        (
            "fold_cells",
            maxima.fold_cells,
            *rows(3),
            *rows(3, np.float32),
            flag,
            *rows(2, np.float32),
            rows(5, np.float32),
            single,
            single,
        ),
        ("any_water", maxima.any_water, *rows(1)),
        ("count_wet", pieces.count_wet, *rows(1), one),
        (
            "predict_row",
            second_rows.predict_row,
            lo,
            hi,
            y,
            soon,
            *(rows(3) for _ in range(4)),
            *rows(1),
            prediction(),
            one,
            one,
            second,
        ),
        (
            "flux_row",
            second_rows.flux_row,
            lo,
            hi,
            y,
            prediction(),
            prediction(),
            *rows(2),
            None,
            None,
            fluxes(),
            second,
        ),
        (
            "centred flux_row",
            second_rows.flux_row,
            lo,
            hi,
            y,
            prediction(),
            prediction(),
            *rows(4),
            fluxes(),
            second,
        ),
        (
            "flux_porous_row",
            second_rows.flux_porous_row,
            lo,
            hi,
            y,
            prediction(),
            prediction(),
            *rows(4),
            fluxes(),
            second,
        ),
        ("rough_cells", second_rows.rough_cells, lo, hi, y, *rows(1), fluxes(), fluxes(), one),
        (
            "centre_row",
            second_rows.centre_row,
            lo,
            hi,
            y,
            *rows(1),
            prediction(),
            fluxes(),
            fluxes(),
            one,
            second,
        ),
        (
            "centre_porous_row",
            second_rows.centre_porous_row,
            lo,
            hi,
            y,
            *rows(2),
            prediction(),
            fluxes(),
            fluxes(),
            one,
            second,
        ),
        ("stand_row", second_rows.stand_row, lo, hi, *rows(3)),
        (
            "update_row",
            second_rows.update_row,
            lo,
            hi,
            y,
            fluxes(),
            fluxes(),
            prediction(),
            *rows(6),
            one,
            one,
            one,
            second,
        ),
        (
            "update_porous_row",
            second_rows.update_porous_row,
            lo,
            hi,
            y,
            fluxes(),
            fluxes(),
            prediction(),
            *rows(7),
            one,
            one,
            one,
            second,
        ),
        ("signal_row", second_rows.signal_row, lo, hi, *rows(4), second),
    ]
    if precision == "float64":  # what computes in float64 whatever the depth is kept in
        found += [
            (
                "green_ampt_row",
                losses.green_ampt_row,
                *rows(3, np.float32),
                flag,
                table,
                1.0,
                *rows(1),
            ),
        ]
    return [(name, function, tuple(given)) for name, function, *given in found]


def row_loops():
    """Names of all vectorised loops of the kernels."""
    modules = (local_inertial_rows, local_steps, losses, maxima, pieces, points, second_order_rows)
    return {
        n
        for m in modules
        for n, f in vars(m).items()
        if isinstance(f, Dispatcher) and f._compiler.pipeline_class is NoAlias
    }


def assembly(function, given):
    """The loop alone, compiled for this process's target: no cache (what comes out of it shows
    none), no wrapper, no call.
    """
    options = {**LOOP, "cache": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    fresh = numba.njit(**options)(function.py_func)
    fresh.compile(tuple(numba.typeof(value) for value in given))
    (text,) = fresh.inspect_asm().values()
    return text


def register():
    """The registers of this machine's loops: AVX-512's as arrays.py asks for them; "avx": ymm for
    floats alone, before AVX2.
    """
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return "zmm"
    if features.get("avx2"):
        return "ymm"
    return "avx" if features.get("avx") else "xmm"


def look(which, width):
    """What this process's target does wrong, whose registers are `width`: sentences by loop and
    precision; and the lines that loops ask for.
    """
    found, asked, seen = {}, {}, 0
    for precision in PRECISIONS:
        for name, function, given in calls(precision):
            if (which == "main" and name not in MAIN[precision]) or (
                name in LEFT_OUT.get(width, ())
            ):
                continue
            text = assembly(function, given)
            seen += 1
            if wrong := faults(text, precision, width):
                found[f"{name} {precision}"] = wrong
            if name in ASK_AHEAD:
                asked[f"{name} {precision}"] = len(re.findall(r"\bprefetcht1\b", text))
    return {
        "cpu": numba.config.CPU_NAME or llvm.get_host_cpu_name(),
        "width": width,
        "seen": seen,
        "faults": found,
        "asked": asked,
    }


def look_at(which, cpu=None, features="", width=None):
    """The same in a process of its own, for another processor; none: this machine's."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if name not in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
    }
    chosen = {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": features} if cpu else {}
    paths = os.pathsep.join(str(ROOT / folder) for folder in (".", "kernels", "tests"))
    command = [sys.executable, __file__, which, *([width] if width else [])]
    done = subprocess.run(
        command,
        env=kept | chosen | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout)


if __name__ == "__main__":
    json.dump(look(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else register()), sys.stdout)
