"""The schemes behind one face: numbers, work space and kernel of each; two of ours, and those of
plugins. The surface picks one by name and never asks which.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from flood_kernels import local_inertial, local_inertial_rows, second_order, second_order_rows
from flood_kernels.friction import POWER_SERIES
from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.plugins import brought, unique
from flood_sim.surface.arrays import aligned
from flood_sim.surface.settings import SurfaceSettings
from flood_sim.surface.steps import step_of

FLOATS = {"float32": np.float32, "float64": np.float64}


@dataclass(frozen=True)
class SurfaceScheme:
    """What the surface needs to know of a scheme."""

    name: str
    courant: float
    wet_depth: Callable[
        [SurfaceSettings], float
    ]  # m, ground with less neither gives water nor moves it
    moves_momentum: bool  # whether Flow holds velocities of cells (else discharges of faces)
    advance_window: Callable[..., tuple[int, float, int, float]]
    numbers: Callable[[SurfaceSettings, float], Any]
    scratch: Callable[[int, int, Any], Any]


def _local_inertial_numbers(
    settings: SurfaceSettings, cell_size_m: float
) -> local_inertial_rows.Scheme:
    froude_speed = settings.froude_max * math.sqrt(GRAVITY_M_S2)
    real: Any = FLOATS[settings.precision]
    numbers = (
        cell_size_m,
        settings.theta,
        0.5 * (1.0 - settings.theta),
        froude_speed,
        settings.dry_depth_m,
        GRAVITY_M_S2,
    )
    return local_inertial_rows.Scheme(*[real(v) for v in (*numbers, *POWER_SERIES)])


def _local_inertial_scratch(bands: int, width: int, real: Any) -> local_inertial.Scratch:
    rows = (aligned((bands, k, width), real) for k in (4, 4, 5, 4, 4, 4))
    limited = np.zeros((bands, 4), bool)
    scratch = local_inertial.Scratch(
        *rows,
        limited,
        aligned((bands, 3, width), real),
        aligned((width,), real),
        aligned((bands, width), real),
    )
    scratch.share[...] = 1.0
    return scratch


def _second_order_numbers(
    settings: SurfaceSettings, cell_size_m: float
) -> second_order_rows.Scheme:
    real: Any = FLOATS[settings.precision]
    numbers = (cell_size_m, settings.limiter, second_order_rows.THIN_DEPTH, GRAVITY_M_S2, 10.0, 0.2)
    return second_order_rows.Scheme(*[real(v) for v in (*numbers, *POWER_SERIES)])


def _second_order_scratch(bands: int, width: int, real: Any) -> second_order.Scratch:
    cells, faces, halo = second_order.CELL_ROWS, second_order.FACE_ROWS, 2 * second_order.HALO
    shapes = (
        (4, halo, width),
        (cells, width),
        (faces, width),
        (cells, 4, width),
        (faces, 4, width),
    )
    work = (aligned((bands, *shape), real) for shape in shapes)
    blocks = width // second_order_rows.BLOCK + 3
    rough = np.zeros((bands, blocks), bool), np.zeros((bands, 4, blocks), bool)
    return second_order.Scratch(
        *work, *rough, aligned((bands, 3, width), real), aligned((bands, width), real)
    )


def window_of(kernels: Any) -> Callable[..., tuple[int, float, int, float]]:
    """The window of one of our schemes, as a function of what every scheme is given."""

    def advance_window(*given: Any) -> tuple[int, float, int, float]:
        found: tuple[int, float, int, float] = kernels.advance_window(
            *step_of(kernels, given), *given
        )
        return found

    advance_window.kernels = kernels  # type: ignore[attr-defined]
    return advance_window


OWN = {
    scheme.name: scheme
    for scheme in (
        SurfaceScheme(
            "local_inertial",
            0.65,
            lambda s: s.dry_depth_m,
            False,
            window_of(local_inertial),
            _local_inertial_numbers,
            _local_inertial_scratch,
        ),
        SurfaceScheme(
            "second_order",
            0.85,
            lambda s: second_order_rows.THIN_DEPTH,
            True,
            window_of(second_order),
            _second_order_numbers,
            _second_order_scratch,
        ),
    )
}


def scheme_named(name: str) -> SurfaceScheme:
    """One of ours, or of a plugin (looked up late: a plugin imports this module)."""
    return (
        OWN[name]
        if name in OWN
        else unique("SCHEMES", OWN, {scheme.name: scheme for scheme in brought("SCHEMES")})[name]
    )
