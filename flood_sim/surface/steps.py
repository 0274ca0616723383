"""The compiled step of a scheme, which its window is told by address: the sweep of one band, and
what runs it for several side by side. What a run does not need is not compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from numba import typeof, types

from flood_kernels import local_inertial, maxima
from flood_kernels.addresses import Address, AddressType, NoAddress
from flood_sim.surface.arrays import LEFT

if TYPE_CHECKING:
    from flood_sim.surface.flow import SurfaceFlow

_known: dict[tuple[Any, ...], tuple[Address | NoAddress, Address]] = {}


def band_types(kernels: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numba's types of the arguments of a band's sweep; given : as advance_window's arguments after
    the first two.
    """
    first_bottom = (types.int64,) * 4
    return (types.int64, *first_bottom, *_shared_types(kernels, given))


def bands_types(kernels: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Those of a step of several bands."""
    band = AddressType(band_types(kernels, given))
    return (band, typeof(given[3]), *_shared_types(kernels, given))


def _shared_types(kernels: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of what both are given."""
    _, _, _, _, _, _, cells, flow, scratch, runs, levels, scheme, shared, _ = given
    real = typeof(cells.depth).dtype
    states, numbers = (cells, flow, scratch, runs), (real, real, typeof(scheme))
    if kernels is local_inertial:
        faces = map(typeof, (*states, levels.gain, shared.structures))
        return (types.int64, *faces, types.boolean, *numbers)
    points = map(typeof, (*states, shared.structures, shared.counters, shared.boundaries))
    return (types.int64, types.boolean, *points, *numbers)


def step_of(kernels: Any, given: tuple[Any, ...]) -> tuple[Address | NoAddress, Address]:
    """Where the step of several bands and the sweep of one lie; compiled, or read from the cache,
    at the first call.
    """
    several = len(given[3]) > 2
    key = (kernels, given[6].depth.dtype, several)
    if key not in _known:
        types_of = bands_types(kernels, given)
        step = Address(kernels.step_bands, types_of) if several else NoAddress(types_of)
        _known[key] = step, Address(kernels.sweep_band, band_types(kernels, given))
    return _known[key]


def window_types(kernels: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numba's types of the arguments of the window, so that it can be compiled before its step."""
    step, band = bands_types(kernels, given), band_types(kernels, given)
    return (AddressType(step), AddressType(band), *map(typeof, given))


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
    several = [Kernel(kernels.step_bands, bands_types(kernels, given), 2)]
    return [
        Kernel(kernels.advance_window, window_types(kernels, given), 50),
        Kernel(kernels.sweep_band, band_types(kernels, given), 27),
        *(several if surface.threads > 1 else []),
        Kernel(update, (*place, typeof(surface.maxima), *times), 10),
        Kernel(maxima.cell_velocity, (*place, velocity, velocity), 8),
    ]
