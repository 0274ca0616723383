"""What hostile folders, full disks, kills and hasty hands do to the program: one table of what was
tried and what held.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.reliability import (
    bad_inputs,
    bmi,
    disks,
    kills,
    lost,
    processors,
    signals_cli,
    watched,
    water,
)


class Part(NamedTuple):
    """A campaign, and how much of it is tried: of each kind or in all, as the campaign says."""

    campaign: Any
    count: int


PARTS = {
    "untrusted": Part(watched.campaign, 300),
    "bad_inputs": Part(bad_inputs.campaign, 1000),
    "water": Part(water.campaign, 1000),
    "kills": Part(kills.campaign, 200),
    "studies": Part(lost.studies, 50),
    "races": Part(lost.races, 20),
    "signals": Part(lost.signals, 20),
    "clusters": Part(lost.clusters, 5),
    "commands": Part(signals_cli.campaign, 20),
    "disks": Part(disks.campaign, 1000),
    "bmi": Part(bmi.campaign, 20),
    "processors": Part(processors.campaign, 15),
}


def run(only: Sequence[str] = (), count: int | None = None) -> dict[str, Any]:
    """The benchmark. only : names of parts, () : all;  count : instead of each part's own. Raises
    KeyError for a part that is not there.
    """
    lost.reach_this_checkout()
    figures = []
    for name in only or PARTS:
        part, begun = PARTS[name], time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"hold_{name}_") as folder:
            rows = part.campaign(min(count or part.count, part.count), Path(folder))
        figures += [_figure(row) for row in rows]
        print(
            f"{name}: {sum(r['held'] for r in rows)} of {sum(r['tried'] for r in rows)} held,"
            f" {time.monotonic() - begun:.0f} s",
            flush=True,
        )
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
    }
    return {
        "benchmark": "hold",
        "machine": machine,
        "versions": {n: version(n) for n in ("numpy", "numba", "pyswmm", "landlockpy")},
        "figures": figures,
    }


def _figure(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a campaign as a figure: what held, with what was tried as its goal. Where nothing
    could be tried nothing holds or is missed.
    """
    tried = row["tried"]
    return {
        "name": row["kind"],
        "value": row["held"],
        "unit": f"of {tried}",
        "goal": tried or None,
        "holds": row["held"] == tried if tried else None,
        "lower": True,
        "note": row["note"],
    }
