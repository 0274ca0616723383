"""Jitted functions on arrays: no options, no files, no units but SI.

Numba keys a cached function by its own file and does not see an edit in another one. So the cache lives in a folder whose name carries
a hash of every kernel source: an edited or upgraded kernel is always compiled anew.
"""

import hashlib
import os
from pathlib import Path

import numba

SOURCES = sorted(Path(__file__).parent.glob("*.py"))


def sources_hash() -> str:
    """First 12 hexadecimal digits of the SHA-256 of all kernel sources."""
    digest = hashlib.sha256()
    for path in SOURCES:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def cache_folder() -> Path:
    """Where compiled kernels are kept: under NUMBA_CACHE_DIR, beside the sources, or in the user's cache folder."""
    here = Path(__file__).parent
    if numba.config.CACHE_DIR:
        base = Path(numba.config.CACHE_DIR)
    elif os.access(here, os.W_OK):
        base = here / "__pycache__"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "flood_sim"
    return base / f"kernels-{sources_hash()}"


_before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(cache_folder())
try:
    from flood_kernels import layers, local_inertial, losses, nodes, passages, points, roads, runs, second_order, second_order_rows, statistics
finally:
    numba.config.CACHE_DIR = _before

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
