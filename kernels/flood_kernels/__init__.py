"""Jitted functions on arrays: no options, no files, no units but SI. What is compiled is kept as
cache.py says, of every module here.
"""

from sys import modules as _modules

import numba.core.dispatcher as _dispatcher
from numba.core.registry import CPUDispatcher as _CPUDispatcher

from flood_kernels.cache import KernelCache, cache_folder
from flood_kernels.cache_place import sources_hash

_numbas_own, _dispatcher.FunctionCache = _dispatcher.FunctionCache, KernelCache
try:
    from flood_kernels import (
        addresses,
        inlets,
        layers,
        local_inertial,
        losses,
        maxima,
        nodes,
        passages,
        pieces,
        points,
        roads,
        second_order,
        second_order_rows,
        swmm_calls,
    )
finally:
    _dispatcher.FunctionCache = _numbas_own


class Part(_CPUDispatcher):
    """A function that kernels alone call: it is compiled without a way in from Python."""

    def __call__(self, *arguments, **named):
        raise TypeError(f"{self.__name__} is a part of a kernel: only kernels can call it")


for _module in [_m for _n, _m in list(_modules.items()) if _n.startswith(f"{__name__}.")]:
    for _found in vars(_module).values():
        if isinstance(_found, _CPUDispatcher) and "no_cpython_wrapper" in _found.targetoptions:
            _found.__class__ = Part  # called, it would read address 0

__all__ = [
    "addresses",
    "cache_folder",
    "inlets",
    "layers",
    "local_inertial",
    "losses",
    "maxima",
    "nodes",
    "passages",
    "pieces",
    "points",
    "roads",
    "second_order",
    "second_order_rows",
    "sources_hash",
    "swmm_calls",
]
