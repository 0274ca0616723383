"""The compiled step of a scheme, which its window is told by address: of one band, or of several
side by side. What a run does not need is not compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from numba import typeof, types

from flood_kernels import local_inertial, maxima
from flood_kernels.addresses import Address, AddressType
from flood_sim.surface.arrays import LEFT

if TYPE_CHECKING:
    from flood_sim.surface.flow import SurfaceFlow

_known: dict[tuple[Any, ...], Address] = {}


def step_kernel(kernels: Any, given: tuple[Any, ...]) -> Any:
    """The step for the number of bands; given : as advance_window's arguments after the first."""
    return kernels.step_one if len(given[3]) == 2 else kernels.step_bands


def step_types(kernels: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numba's types of the arguments of that step."""
    _, _, _, band_rows, _, _, cells, flow, scratch, runs, levels, scheme, shared, _ = given
    real = typeof(cells.depth).dtype
    states, numbers = (cells, flow, scratch, runs), (real, real, typeof(scheme))
    if kernels is local_inertial:
        faces = map(typeof, (*states, levels.gain, shared.structures))
        return (typeof(band_rows), types.int64, *faces, types.boolean, *numbers)
    points = map(typeof, (*states, shared.structures, shared.counters, shared.boundaries))
    return (typeof(band_rows), types.int64, types.boolean, *points, *numbers)


def step_of(kernels: Any, given: tuple[Any, ...]) -> Address:
    """Where the step lies; compiled, or read from the cache, at the first call."""
    step = step_kernel(kernels, given)
    key = (step, given[6].depth.dtype)
    if key not in _known:
        _known[key] = Address(step, step_types(kernels, given))
    return _known[key]


def window_types(kernels: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numba's types of the arguments of the window, so that it can be compiled before its step."""
    return (AddressType(step_types(kernels, given)), *map(typeof, given))


class Kernel(NamedTuple):
    """A kernel for some types of arguments, not compiled yet."""

    dispatcher: Any
    types: tuple[Any, ...]
    functions: int  # compiled for it, about: for the progress


def surface_kernels(surface: SurfaceFlow) -> list[Kernel]:
    """The large kernels of a surface, its window first; none for the scheme of a plugin."""
    kernels = getattr(surface._scheme.advance_window, "kernels", None)
    if kernels is None:
        return []
    given = (
        0.0,
        1.0,
        surface._state,
        surface._band_rows,
        LEFT,
        surface.grid.columns,
        surface._cells,
        surface._flow,
        surface._scratch,
        surface._runs,
        surface._levels,
        surface._numbers,
        surface._shared,
        surface._limits,
    )
    fields = tuple(map(typeof, surface._between_buildings()))
    place = (*fields, types.boolean, types.int64, types.int64)
    update = maxima.update_maxima if surface.threads == 1 else maxima.update_maxima_bands
    times, velocity = (types.float64, types.float64), types.Array(types.float32, 2, "C")
    return [
        Kernel(kernels.advance_window, window_types(kernels, given), 50),
        Kernel(step_kernel(kernels, given), step_types(kernels, given), 27),
        Kernel(update, (*place, typeof(surface.maxima), *times), 10),
        Kernel(maxima.cell_velocity, (*place, velocity, velocity), 8),
    ]
