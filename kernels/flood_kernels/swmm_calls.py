"""Loops over the functions of the SWMM library: one call a node or link. The library's addresses
are made known before the first call (flood_sim/drainage/engine.py): compiled code finds them by
name, so it can be kept.
"""

import numpy as np
from numba import njit, types

OPTIONS = {"cache": True, "fastmath": False, "no_cfunc_wrapper": True}
STATISTICS_SLOTS = 32  # doubles; the structure of the toolkit has 16
FLOODED_SLOT = 4

# By name: the signature in C.
FUNCTIONS = {
    "swmm_setNodeInflow": types.int32(types.int32, types.float64),
    "swmm_getNodeResult": types.int32(types.int32, types.int32, types.voidptr),
    "swmm_getLinkResult": types.int32(types.int32, types.int32, types.voidptr),
    "swmm_getNodeStats": types.int32(types.int32, types.voidptr),
}
_set_inflow, _node_result, _link_result, _node_stats = (
    types.ExternalFunction(name, signature) for name, signature in FUNCTIONS.items()
)


@njit(**OPTIONS)
def set_inflows(flows):
    """Inflow of every node, (nodes,) in the file's unit, held until set anew. Returns SWMM's first
    error code, 0 where all is well, as all functions here.
    """
    code = 0
    for node in range(flows.size):
        code = code if code != 0 else _set_inflow(node, flows[node])
    return code


@njit(**OPTIONS)
def read_nodes(result, values):
    """A result of every node, by its number in the toolkit, into (nodes,)."""
    one, code = np.zeros(1), 0
    for k in range(values.size):
        code = code if code != 0 else _node_result(k, result, one.ctypes)
        values[k] = one[0]
    return code


@njit(**OPTIONS)
def read_links(result, values):
    """A result of every link, by its number in the toolkit, into (links,)."""
    one, code = np.zeros(1), 0
    for k in range(values.size):
        code = code if code != 0 else _link_result(k, result, one.ctypes)
        values[k] = one[0]
    return code


@njit(**OPTIONS)
def read_flooded(volumes):
    """The volume that every node has spilled since the start, into (nodes,)."""
    slots, code = np.zeros(STATISTICS_SLOTS), 0
    for node in range(volumes.size):
        slots[FLOODED_SLOT] = 0.0
        code = code if code != 0 else _node_stats(node, slots.ctypes)
        volumes[node] = slots[FLOODED_SLOT]
    return code
