"""The loaded SWMM engine: bulk reads and writes through its C functions, and through swmm-toolkit
where these are not found.

swmm-toolkit's SWIG layer keeps the GIL and costs 20 times as much a node. The library is the very
one it has loaded: one library, one state. Flow units and lengths are the file's here;
drainage/swmm.py makes them SI.
"""

from __future__ import annotations

import ctypes
import itertools
import os
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flood_sim.core.errors import DrainageError
from flood_sim.core.units import FOOT_M

SURCHARGE_PROPERTY = 2  # SM_SURCHDEPTH of the toolkit
TOTAL_INFLOW_RESULT, HEAD_RESULT, LINK_FLOW_RESULT = 0, 6, 0
NODE_SLOTS = 40  # doubles searched a node; the engine's structure has 37
# the engine's statistics of a node: words of 4 bytes, and the word that counts its unsettled steps
STATISTICS_WORDS, UNSETTLED_WORD = 32, 26
TOOLKIT_ONLY = (  # environment: set to use swmm-toolkit's functions throughout
    "FLOOD_SIM_SWMM_TOOLKIT"
)


class EngineCalls(NamedTuple):
    """What happens every window. Each call returns SWMM's error code, 0 where all is well."""

    set_inflows: Any  # (nodes,) flow units, held until set anew
    read_heads: Any  # into (nodes,) m or ft
    read_flooded: Any  # into (nodes,) m3 or ft3 since the start
    read_links: Any  # into (links,) flow units
    read_inflow: Any  # total inflow of one node now, flow units
    set_link: Any  # link, setting
    set_stage: Any  # outfall's node, level in m or ft
    stride: Any  # route so many seconds
    direct: bool  # through the C functions


@cache
def engine() -> ctypes.CDLL | None:
    """The library that swmm-toolkit has loaded, with typed functions; None where it is not
    found.
    """
    import swmm.toolkit
    import swmm.toolkit.solver

    folder = Path(swmm.toolkit.__file__).parent
    names = [
        p
        for pattern in ("libswmm5.so*", "libswmm5*.dylib", "swmm5.dll")
        for p in sorted(folder.rglob(pattern))
    ]
    if not names or os.environ.get(TOOLKIT_ONLY):
        return None
    library = ctypes.CDLL(str(names[0]))
    double, pointer, integer = ctypes.c_double, ctypes.c_void_p, ctypes.c_int
    signatures = {
        "swmm_setNodeInflow": (integer, double),
        "swmm_setNodeParam": (integer, integer, double),
        "swmm_getNodeParam": (integer, integer, pointer),
        "swmm_getNodeResult": (integer, integer, pointer),
        "swmm_getNodeStats": (integer, pointer),
        "swmm_getLinkResult": (integer, integer, pointer),
        "swmm_setLinkSetting": (integer, double),
        "swmm_setOutfallStage": (integer, double),
        "swmm_stride": (integer, pointer),
    }
    for name, arguments in signatures.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, integer
    return library


def engine_calls() -> EngineCalls:
    """The calls of every window: jitted loops over C functions, or swmm-toolkit's own."""
    library = engine()
    return toolkit_calls() if library is None else direct_calls(library)


def toolkit_calls() -> EngineCalls:
    """The same through swmm-toolkit: errors come as exceptions, the GIL is kept."""
    from swmm.toolkit import shared_enum, solver

    def set_inflows(flows: np.ndarray) -> int:
        for node, flow in enumerate(flows.tolist()):
            solver.node_set_total_inflow(node, flow)
        return 0

    def read_inflow(node: int) -> tuple[int, float]:
        return 0, float(solver.node_get_result(node, shared_enum.NodeResult.TOTAL_INFLOW))

    def set_link(link: int, setting: float) -> int:
        solver.link_set_target_setting(link, setting)
        return 0

    def set_stage(node: int, level: float) -> int:
        solver.outfall_set_stage(node, level)
        return 0

    def stride(seconds: int) -> int:
        solver.swmm_stride(seconds)
        return 0

    reads = _toolkit_reads()
    return EngineCalls(set_inflows, *reads, read_inflow, set_link, set_stage, stride, False)


def _toolkit_reads() -> tuple[Any, Any, Any]:
    """Heads, flooded volumes and link flows."""
    from swmm.toolkit import shared_enum, solver

    def read_heads(heads: np.ndarray) -> int:
        heads[:] = [
            solver.node_get_result(node, shared_enum.NodeResult.HEAD) for node in range(heads.size)
        ]
        return 0

    def read_flooded(volumes: np.ndarray) -> int:
        volumes[:] = [solver.node_get_stats(node).volFlooded for node in range(volumes.size)]
        return 0

    def read_links(flows: np.ndarray) -> int:
        flows[:] = [
            solver.link_get_result(link, shared_enum.LinkResult.FLOW) for link in range(flows.size)
        ]
        return 0

    return read_heads, read_flooded, read_links


@cache
def direct_calls(library: ctypes.CDLL) -> EngineCalls:
    """Compiled loops over the C functions, whose addresses they find by name."""
    import llvmlite.binding

    from flood_kernels import swmm_calls

    for name in swmm_calls.FUNCTIONS:
        address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
        llvmlite.binding.add_symbol(name, address)

    def read_inflow(node: int) -> tuple[int, float]:
        one = ctypes.c_double()
        return int(
            library.swmm_getNodeResult(node, TOTAL_INFLOW_RESULT, ctypes.byref(one))
        ), one.value

    def set_link(link: int, setting: float) -> int:
        return int(library.swmm_setLinkSetting(link, setting))

    def set_stage(node: int, level: float) -> int:
        return int(library.swmm_setOutfallStage(node, level))

    def stride(seconds: int) -> int:
        elapsed = ctypes.c_double()
        return int(library.swmm_stride(seconds, ctypes.byref(elapsed)))

    return EngineCalls(
        swmm_calls.set_inflows,
        partial(swmm_calls.read_nodes, HEAD_RESULT),
        swmm_calls.read_flooded,
        partial(swmm_calls.read_links, LINK_FLOW_RESULT),
        read_inflow,
        set_link,
        set_stage,
        stride,
        True,
    )


def trial_counts() -> tuple[int, int] | None:
    """Routing steps since SWMM was opened, and those in which the heads did not settle within
    MAX_TRIALS; None where this engine does not show its counts.
    """
    library = engine()
    try:
        return (
            (
                ctypes.c_int.in_dll(library, "TotalStepCount").value,
                ctypes.c_int.in_dll(library, "NonConvergeCount").value,
            )
            if library is not None
            else None
        )
    except ValueError:
        return None


def unsettled_counts(nodes: int, outfalls: np.ndarray) -> np.ndarray | None:
    """(nodes,) routing steps since the start that ended with this node's head on the move, 0 at
    outfalls; None where this engine's memory is laid out differently.

    No API function tells them. SWMM never judges an outfall: it counts each unsettled step of the
    network there, so the outfalls show whether the right word is read.
    """
    library, counts = engine(), trial_counts()
    if library is None or counts is None or not _statistics_fit(library, nodes):
        return None
    words = _statistics(library, nodes * STATISTICS_WORDS, ctypes.c_int)
    found = words.reshape(nodes, STATISTICS_WORDS)[:, UNSETTLED_WORD].astype(np.int64)
    inside = (found >= 0).all() and (found <= counts[1]).all()
    if not (inside and outfalls.size and (found[outfalls] == counts[1]).all()):
        return None
    found[outfalls] = 0
    return found


def _statistics(library: ctypes.CDLL, size: int, kind: Any) -> np.ndarray:
    """The first `size` numbers of the nodes' statistics, in the engine's own memory."""
    base = ctypes.c_void_p.in_dll(library, "NodeStats").value
    return np.ctypeslib.as_array(ctypes.cast(base or 0, ctypes.POINTER(kind)), (size,))


def _statistics_fit(library: ctypes.CDLL, nodes: int) -> bool:
    """Whether the second node's statistics lie where they are looked for: the moment of its
    greatest depth is that which the API tells.
    """
    from swmm.toolkit import solver

    try:
        base = ctypes.c_void_p.in_dll(library, "NodeStats").value
    except ValueError:
        return False
    if base is None or nodes < 2:
        return False
    moment = _statistics(library, STATISTICS_WORDS, ctypes.c_double)[STATISTICS_WORDS // 2 + 2]
    return bool(moment == solver.node_get_stats(1).maxDepthDate)


def check_version() -> None:
    """Raise DrainageError for pyswmm before 2.1: a wheels-only install falls back to 1.0 without a
    word (its `julian` has no wheel).
    """
    major, minor = (int(part) for part in version("pyswmm").split(".")[:2])
    if (major, minor) < (2, 1):
        raise DrainageError(
            f"pyswmm {version('pyswmm')} is too old, 2.1 or newer is needed: pip install"
            " 'pyswmm>=2.1,<3' (allow its source package julian)"
        )


class SurchargeField:
    """The field `surDepth` of every node in the engine's memory (feet): no API function sets it
    once SWMM has started.

    Found before the start from marker values set through the API; `works` is false where that
    fails, then nodes spill at the rim.
    """

    def __init__(self, nodes: int, to_api: float) -> None:
        self.works, self._to_api = False, to_api
        library = engine()
        if library is None:
            return
        self._library = library
        try:
            base = ctypes.c_void_p.in_dll(library, "Node").value
        except ValueError:
            base = None
        count, value, before = min(nodes, 3), ctypes.c_double(), []
        for node in range(count):
            library.swmm_getNodeParam(node, SURCHARGE_PROPERTY, ctypes.byref(value))
            before.append(value.value)
        if base is not None and count >= 2:
            self._locate(base, nodes, count)
        for node, depth in enumerate(before):
            library.swmm_setNodeParam(node, SURCHARGE_PROPERTY, depth)

    def _locate(self, base: int, nodes: int, count: int) -> None:
        """Offset and stride of the field: places that follow two rounds of markers (one round also
        finds what freed memory kept).
        """
        memory = np.ctypeslib.as_array(
            ctypes.cast(base, ctypes.POINTER(ctypes.c_double)), (NODE_SLOTS * count,)
        )
        follows = np.ones((count, memory.size), bool)
        for salt in (12345.678, 3210.987):
            for node in range(count):
                marker = salt + 7.0 * node
                self._library.swmm_setNodeParam(node, SURCHARGE_PROPERTY, marker)
                follows[node] &= np.abs(memory - marker / self._to_api / FOOT_M) < 1e-6
        places = [np.flatnonzero(row) for row in follows]
        if all(place.size == 1 for place in places):
            first, strides = (
                int(places[0][0]),
                {int(b[0] - a[0]) for a, b in itertools.pairwise(places)},
            )
            stride = strides.pop()
            if not strides and first < stride:
                whole = np.ctypeslib.as_array(
                    ctypes.cast(base, ctypes.POINTER(ctypes.c_double)), (nodes * stride,)
                )
                self._feet, self.works = whole[first::stride], True

    def write(self, depth_m: np.ndarray) -> None:
        """Set the depth (nodes,) m over the rim at which each node spills; the first node is read
        back through the API. Raises DrainageError where that differs.
        """
        if not self.works:
            return
        self._feet[:] = depth_m / FOOT_M
        value = ctypes.c_double()
        self._library.swmm_getNodeParam(0, SURCHARGE_PROPERTY, ctypes.byref(value))
        if abs(value.value - depth_m[0] * self._to_api) > 1e-6 * max(1.0, depth_m[0]):
            raise DrainageError(
                "SWMM's surcharge depth does not read back what was written; this engine's memory"
                " is laid out differently"
            )
