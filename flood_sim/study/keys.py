"""What a run depends on, as one hash of contents: arrays by their bytes, never paths, times of
files, labels, costs or threads.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import flood_kernels
import flood_sim
from flood_sim.core.plugins import plugin_files
from flood_sim.ground.rain_fields import RainField
from flood_sim.simulation.inputs import ModelInputs

# What changes no result: labels, notes, bills, and what only targets of measures look at (they have
# been resolved).
LEFT_OUT = {
    "name",
    "findings",
    "read_as",
    "effective",
    "folder",
    "portfolio",
    "measures",
    "measure_features",
    "scheme_reason",
    "scheme_reason_chinese",
    "design_law",
    "region",
    "layers",
    "lines",
}
APART = (
    "analysis",
    "study",
    "scenario",
    "measures",
    "city",
    "cli",
    "_scenarios",
)  # sub-packages that act through the inputs, or read results


def run_key(inputs: ModelInputs) -> str:
    """First 24 hexadecimal digits of the SHA-256 of everything that the result hangs on: effective
    inputs after measures, and the code.
    """
    digest = hashlib.sha256(model_sources().encode())
    for field in dataclasses.fields(inputs):
        if field.name not in LEFT_OUT:
            value = getattr(inputs, field.name)
            if field.name == "surface":
                value = dataclasses.replace(value, threads=1)
            digest.update(field.name.encode())
            _feed(digest, value)
    return digest.hexdigest()[:24]


@cache
def model_sources() -> str:
    """Hash of the code that computes: kernels, and the package's own modules."""
    return (
        _hash_of(_modules(lambda top: top not in APART) + plugin_files())
        + flood_kernels.sources_hash()
    )


@cache
def all_sources() -> str:
    """Hash of all code that a run's folder comes from, outcomes included."""
    return (
        _hash_of(_modules(lambda top: top not in ("study", "cli", "_scenarios")) + plugin_files())
        + flood_kernels.sources_hash()
    )


def _modules(wanted: Any) -> list[Path]:
    root = Path(flood_sim.__file__).parent
    return sorted(p for p in root.rglob("*.py") if wanted(p.relative_to(root).parts[0]))


def _hash_of(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    """Add a value; raises TypeError for what has no content that could be hashed."""
    digest.update(type(value).__name__.encode())
    if value is None or isinstance(value, (bool, int, str, float)):
        digest.update(
            (float(value).hex() if isinstance(value, float) else str(value)).encode() + b";"
        )
    elif isinstance(value, np.ndarray):
        digest.update(
            str((value.dtype.str, value.shape)).encode() + np.ascontiguousarray(value).tobytes()
        )
    elif isinstance(value, np.generic):
        _feed(digest, value.item())
    elif isinstance(value, (datetime, date)):
        digest.update(value.isoformat().encode())
    elif isinstance(value, Path):
        return
    elif isinstance(value, RainField):
        _feed(digest, value.edges_s)
        for k in range(value.intervals):
            _feed(digest, np.asarray(value.depth_m(k)))
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            _feed(digest, str(key))
            _feed(digest, value[key])
    elif isinstance(value, (tuple, list)):
        digest.update(str(len(value)).encode())
        for item in value:
            _feed(digest, item)
    elif isinstance(value, (set, frozenset)):
        _feed(digest, sorted(value, key=str))
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if not field.name.startswith("_"):
                _feed(digest, getattr(value, field.name))
    elif type(value).__module__ == "pyproj.crs.crs" or type(value).__name__ == "CRS":
        digest.update(str(value).encode())
    elif type(value).__module__.startswith("flood_sim.") and hasattr(value, "__dict__"):
        _feed(digest, vars(value))
    else:
        raise TypeError(f"a {type(value).__name__} has no content to hash")
