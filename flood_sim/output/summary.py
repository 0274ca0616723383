"""summary.json: what a run says of itself, as it stands now."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from flood_sim.core.errors import Finding
from flood_sim.core.files import durable
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.ground.rain_fields import RainField, mean_rainfall
from flood_sim.ground.rainfall import Rainfall
from flood_sim.output.read_as import read_as_lines
from flood_sim.output.sites import action_lines, site_lines
from flood_sim.output.statistics import (
    FloodedAreas,
    GaugeMaxima,
    NetworkMaxima,
    most_unsettled,
)

if TYPE_CHECKING:
    from flood_sim.drainage.protocol import DrainageNetwork
    from flood_sim.simulation.loop import Simulation

SCHEMA = 1
HYETOGRAPH_INTERVALS = 96


# of SWMM's routing steps whose heads may not settle without a word. The reference city in 7.20:
# 18 % and 0.06 % of the water lost; 23 % and 0.18 %; in a storm of two years 0.7 % and 0.02 %
UNSETTLED_SHARE = 0.1
LOST_SHARE = 0.01  # of the water in the sewers, that SWMM may lose or make without a word


class Ended(NamedTuple):
    """How a run has ended, or stands. closed : SWMM is (before, its own continuity error is not
    known).
    """

    status: str
    message: str = ""
    exceeded: tuple[str, ...] | list[str] = ()
    closed: bool = False


class Gathered(NamedTuple):
    """Statistics of all windows; max_head : (openings,) m over the crests of ways underground."""

    areas: FloodedAreas
    gauges: GaugeMaxima
    network: NetworkMaxima
    max_head: np.ndarray


def summary_of(s: Simulation, gathered: Gathered, ended: Ended, wall_s: float) -> dict[str, Any]:
    """The document, in the order of its lines; wall_s : wall time since the run began."""
    return {
        **_heading(s, ended),
        **_computing(s, wall_s),
        "versions": versions(),
        "rainfall": _rain_lines(s),
        "read_as": [line.removeprefix("read as: ") for line in read_as_lines(s.inputs)],
        "findings": [
            {"code": f.code, "place": f.place, "problem": f.problem, "do": f.do}
            for f in (*s.inputs.findings, *_lost_inside(s, ended), *_unsettled(s, ended))
        ],
        "ledger": s.ledger.as_dict(),
        "structures": s.surface.structure_lines(),
        "events": _event_lines(s),
        "facilities": s.surface.losses.facility_lines(),
        "exchange": s.exchange.book.as_dict(),
        "flood": gathered.areas.lines(s),
        "gauges": gathered.gauges.lines(s),
        "sites": site_lines(s, gathered.max_head),
        "actions": action_lines(s),
        "site_changes": _change_lines(s),
        "network": gathered.network.lines(s, ended.closed),
    }


def _lost_inside(s: Simulation, ended: Ended) -> list[Finding]:
    """W438: what SWMM lost or made beside the water that its pipes carried. The ledger judges it
    beside all water of the run, which hides it where little of that went into sewers.
    """
    book, ledger = s.exchange.book, s.ledger
    carried = book.to_sewer_street + ledger.network_inflow + ledger.network_stored_start
    lost = ledger.network_residual
    if ended.status != "complete" or carried < 1.0 or abs(lost) <= LOST_SHARE * carried:
        return []
    d = s.inputs.drainage
    step = 0.0 if d is None else d.routing_step_s
    return [
        Finding(
            "W438",
            "SWMM",
            f"it {'lost' if lost > 0.0 else 'made'} {abs(lost):.1f} m3,"
            f" {abs(lost) / carried:.1%} of the {carried:.0f} m3 that the sewers carried",
            do=f"a routing_step_s below {step:g} s, or a smaller min_surface_area_m2; what stays is"
            " SWMM's own: swmm.rpt names the nodes",
        )
    ]


def _unsettled(s: Simulation, ended: Ended) -> list[Finding]:
    """W453: SWMM ended many routing steps at its last trial, with heads still on the move."""
    steps, unsettled = s.network.unsettled_steps()
    if ended.status != "complete" or unsettled <= UNSETTLED_SHARE * steps:
        return []
    d = s.inputs.drainage
    step = 0.0 if d is None else d.routing_step_s
    trials, tolerance = (
        ("", "") if d is None else (d.network.option(n) for n in ("MAX_TRIALS", "HEAD_TOLERANCE"))
    )
    return [
        Finding(
            "W453",
            "SWMM",
            f"the heads did not settle in {unsettled / steps:.1%} of {steps} routing steps (over"
            f" {UNSETTLED_SHARE:.0%})" + _moving(s.network, steps, unsettled),
            given=f"MAX_TRIALS {trials or 8}, HEAD_TOLERANCE {tolerance or 'of SWMM'}",
            allowed=f"up to {UNSETTLED_SHARE:.0%} of the steps",
            do=f"look at the pipes of these nodes; a routing_step_s below {step:g} s, or a"
            " HEAD_TOLERANCE of 1.5 mm where it is finer (more trials hardly help)",
            at=() if d is None else d.network.places(most_unsettled(s.network)),
        )
    ]


def _moving(network: DrainageNetwork, steps: int, unsettled: int) -> str:
    """How many nodes are on the move in such a step, and which most often; "" if not known."""
    worst, total = most_unsettled(network), int(network.unsettled_nodes().sum())
    if not worst:
        return ""
    named = ", ".join(f"{name} ({count / steps:.1%})" for name, count in worst.items())
    nodes = len(network.node_ids)
    return f": each time at {total / unsettled:.2g} of {nodes} nodes; most often {named}"


def _heading(s: Simulation, ended: Ended) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "status": ended.status,
        "message": ended.message,
        "exceeded": list(ended.exceeded),
        "scenario": s.inputs.name,
        "portfolio": s.inputs.portfolio,
        "region": s.inputs.region,
        "start": s.clock.start.isoformat(),
        "simulated_s": s.time_s,
        "cells": int(s.inputs.terrain.active.sum()),
    }


def _computing(s: Simulation, wall_s: float) -> dict[str, Any]:
    """Steps, time, threads and scheme."""
    surface = s.surface
    return {
        "steps": surface.steps,
        "long_steps": surface.long_steps,
        "wall_s": round(wall_s, 3),
        "timers": {name: round(seconds, 3) for name, seconds in s.timers.seconds.items()},
        "threads": surface.threads,
        "scheme": surface.settings.scheme,
        "scheme_reason": s.inputs.scheme_reason,
        "scheme_reason_chinese": s.inputs.scheme_reason_chinese,
        "precision": s.inputs.surface.precision,
        "smallest_step_s": (
            surface.smallest_step_s if np.isfinite(surface.smallest_step_s) else None
        ),
    }


def _rain_lines(s: Simulation) -> dict[str, Any]:
    rain, surface = s.inputs.rainfall, s.surface
    return {
        "name": rain.name,
        "source": rain.source,
        "depth_mm": 1000.0 * surface.rain_volume / surface.terrain.catchment_area_m2,
        "hyetograph_mm_h": _hyetograph(rain, s.time_s),
    }


def _event_lines(s: Simulation) -> list[dict[str, Any]]:
    return [
        {"time": s.clock.at(e.time_s).isoformat(), "name": e.name, "kind": e.kind, "on": e.on}
        for e in s.operations.record
    ]


def _change_lines(s: Simulation) -> list[dict[str, Any]]:
    return [
        {
            "time": s.clock.at(c.time_s).isoformat(),
            "site": c.name,
            "state": c.state,
            "cause": c.cause,
        }
        for c in s.sites.critical.record
    ]


def _hyetograph(rainfall: Rainfall | RainField, duration_s: float) -> dict[str, Any]:
    """Mean rain of the run in mm/h, in some hundred intervals of `step_h` since its start."""
    rain = mean_rainfall(rainfall)
    edges = np.linspace(0.0, duration_s, HYETOGRAPH_INTERVALS + 1)
    fallen = np.diff(np.interp(edges, rain.time_s, rain.cumulative_m))
    step_h = duration_s / HYETOGRAPH_INTERVALS / SECONDS_PER_HOUR
    return {
        "step_h": step_h,
        "mm_h": [round(1000.0 * float(v) / step_h, 3) if step_h > 0.0 else 0.0 for v in fallen],
    }


def versions() -> dict[str, str]:
    """What the numbers were made with."""
    names = (
        "flood_sim",
        "numpy",
        "numba",
        "scipy",
        "pyswmm",
        "swmm-toolkit",
        "netCDF4",
        "rasterio",
    )
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in names},
    }


def write_json(path: Path, data: Any) -> None:
    """Write a document whole or not at all; numbers that are not finite become null."""
    durable.write_json(path, _finite(data))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def python_line() -> str:
    """One line for the log."""
    return f"Python {sys.version.split()[0]} on {platform.platform()}"
