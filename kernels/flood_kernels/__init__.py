"""Jitted functions on arrays: no options, no files, no units but SI. What is compiled is kept as
cache.py says, of every module here.
"""

import numba.core.dispatcher as _dispatcher

from flood_kernels.cache import KernelCache, cache_folder
from flood_kernels.cache_place import sources_hash

_numbas_own, _dispatcher.FunctionCache = _dispatcher.FunctionCache, KernelCache
try:
    from flood_kernels import (
        layers,
        local_inertial,
        losses,
        nodes,
        passages,
        points,
        roads,
        runs,
        second_order,
        second_order_rows,
        statistics,
    )
finally:
    _dispatcher.FunctionCache = _numbas_own

__all__ = [
    "cache_folder",
    "layers",
    "local_inertial",
    "losses",
    "nodes",
    "passages",
    "points",
    "roads",
    "runs",
    "second_order",
    "second_order_rows",
    "sources_hash",
    "statistics",
]
