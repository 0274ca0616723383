"""sites.csv and openings.csv, and what the summary says of underground spaces, critical sites and
actions.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from flood_sim.core.clock import Clock, Window
from flood_sim.core.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE
from flood_sim.sites.critical import DEGRADED, OUT, WORKS

if TYPE_CHECKING:
    from flood_sim.simulation.loop import Simulation

SITES, OPENINGS = "sites.csv", "openings.csv"
OPENINGS_EVERY_S = 60.0  # limits of evacuation are a matter of minutes
SITES_HEADER = ("time", "site", "stage_m", "volume_m3", "inflow_m3_s", "state")
OPENINGS_HEADER = ("time", "site", "opening", "head_m", "unit_discharge_m2_s", "crest_m", "board")


class SiteFiles:
    """Writes both files: sites at the output times, openings every minute in which water stands at
    them.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "max_head",
        "_due_s",
    )

    def __init__(self, folder: Path, simulation: Simulation, resumed: bool) -> None:
        """resumed : both files are there and are carried on."""
        self._streams = {}
        self._writers = {}
        for name, header in ((SITES, SITES_HEADER), (OPENINGS, OPENINGS_HEADER)):
            self._streams[name] = (folder / name).open(
                "a" if resumed else "w", newline="", encoding="utf-8"
            )
            self._writers[name] = csv.writer(self._streams[name])
            if not resumed:
                self._writers[name].writerow(header)
        self.max_head = np.zeros(len(simulation.sites.spaces.openings))
        self._due_s = 0.0

    def sync(self) -> None:
        for stream in self._streams.values():
            stream.flush()

    def record(self, simulation: Simulation, window: Window) -> None:
        """After every window."""
        spaces = simulation.sites.spaces
        if not spaces.openings:
            return
        head = spaces.opening_heads(simulation.surface)
        np.maximum(self.max_head, head, out=self.max_head)
        if window.stop < self._due_s - 1e-9:
            return
        self._due_s = window.stop + OPENINGS_EVERY_S
        moment, crests = simulation.clock.at(window.stop).isoformat(), spaces.crests()
        flow = simulation.surface.at_openings.captured / window.length
        for k in np.flatnonzero((head > 0.0) | (flow > 0.0)).tolist():
            o = spaces.openings[k]
            row = (
                moment,
                *o.name.split("/", 1),
                f"{head[k]:.4f}",
                f"{flow[k] / o.width_m:.5f}",
                f"{crests[k]:.3f}",
                int(spaces.placed[k]),
            )
            self._writers[OPENINGS].writerow(row)

    def write_frame(self, simulation: Simulation) -> None:
        """At the output times."""
        spaces, critical = simulation.sites.spaces, simulation.sites.critical
        moment, writer = simulation.clock.at(simulation.time_s).isoformat(), self._writers[SITES]
        for space, level, volume, inflow in zip(
            spaces.inputs.spaces, spaces.levels, spaces.volume, spaces.inflow, strict=True
        ):
            writer.writerow(
                (moment, space.name, f"{level:.4f}", f"{volume:.3f}", f"{inflow:.5f}", "")
            )
        for k, site in enumerate(critical.sites):
            level = "" if np.isneginf(critical.level[k]) else f"{critical.level[k]:.4f}"
            writer.writerow((moment, site.name, level, "0.000", "0.00000", state_of(simulation, k)))
        self.sync()

    def finish(self) -> None:
        for stream in self._streams.values():
            stream.close()


def state_of(simulation: Simulation, k: int) -> str:
    """works, degraded (on its reserve) or out."""
    critical = simulation.sites.critical
    return OUT if critical.out[k] else DEGRADED if critical.degraded[k] else WORKS


def site_lines(simulation: Simulation, max_head: np.ndarray) -> dict[str, dict[str, Any]]:
    """The summary's `sites`: one entry a site, with its extremes and volumes. max_head :
    (openings,) m over the crests.
    """
    spaces, critical = simulation.sites.spaces, simulation.sites.critical
    heads = dict(zip((o.name for o in spaces.openings), max_head.tolist(), strict=True))
    lines = {
        space.name: _space_line(simulation, k, heads)
        for k, space in enumerate(spaces.inputs.spaces)
    }
    for k, site in enumerate(critical.sites):
        lines[site.name] = _critical_line(simulation, k)
    return lines


def _space_line(simulation: Simulation, k: int, heads: dict[str, float]) -> dict[str, Any]:
    """An underground space; heads : the highest over each opening's crest, m."""
    spaces, clock = simulation.sites.spaces, simulation.clock
    space, book = spaces.inputs.spaces[k], spaces.book
    first = float(book.first_entry_s[k])
    top = float(np.interp(book.max_volume[k], space.volume_m3, space.stage_m))
    return {
        "kind": "underground",
        "type": space.kind,
        "people": space.people,
        "openings": [o.name.split("/", 1)[1] for o in space.openings],
        "opening_cells": [[o.row, o.column] for o in space.openings],
        "capacity_m3": float(space.volume_m3[-1]),
        "max_volume_m3": float(book.max_volume[k]),
        "max_depth_m": top - float(space.stage_m[0]),
        "entered_m3": float(book.entered[k]),
        "returned_m3": float(book.returned[k]),
        "pumped_m3": float(book.pumped[k]),
        "drained_in_m3": float(book.drained_in[k]),
        "passed_in_m3": float(book.passed_in[k]),
        "passed_out_m3": float(book.passed_out[k]),
        "stored_m3": float(spaces.volume[k]),
        "first_entry": None if np.isnan(first) else clock.at(first).isoformat(),
        "max_head_m": max((heads[o.name] for o in space.openings), default=0.0),
    }


def _critical_line(simulation: Simulation, k: int) -> dict[str, Any]:
    critical, clock = simulation.sites.critical, simulation.clock
    site, first = critical.sites[k], float(critical.first_out_s[k])
    return {
        "kind": "critical",
        "type": site.kind,
        "cell": None if isinstance(site.place, str) else list(site.place),
        "state": state_of(simulation, k),
        "out_h": float(critical.lost_s[k]) / SECONDS_PER_HOUR,
        "first_out": None if np.isnan(first) else clock.at(first).isoformat(),
        "max_level_m": float(critical.max_level[k]),
        "failure_level_m": site.failure_level_m,
        "repair_h": site.repair_s / SECONDS_PER_HOUR,
        "drowned": bool(critical.drowned[k]),
        "weight": site.weight,
        "censored": state_of(simulation, k) == OUT,  # the run ended before it was back
    }


def action_lines(simulation: Simulation) -> dict[str, Any]:
    """The summary's `actions`: what was done when, and for each board the time that it stood before
    the water came (negative: too late).
    """
    actions, clock = simulation.actions, simulation.clock
    return {
        "warned": [
            {"site": task.target, "time": _moment(clock, end), "share": task.share}
            for task, end in actions.ended("notice")
            if task.target
        ],
        "closures": _closure_lines(simulation),
        "record": [
            {"time": _moment(clock, d.time_s), "action": d.action, "what": d.what}
            for d in actions.record
        ],
        "boards": _board_lines(simulation),
        "never_triggered": [
            a.name
            for a, t in zip(actions.actions, actions.triggered_s, strict=True)
            if not np.isfinite(t)
        ],
    }


def _moment(clock: Clock, time_s: float) -> str | None:
    """None: never."""
    return clock.at(time_s).isoformat() if np.isfinite(time_s) else None


def _board_lines(simulation: Simulation) -> list[dict[str, Any]]:
    actions, spaces, clock = simulation.actions, simulation.sites.spaces, simulation.clock
    placed, margins = actions.ended_s("board"), []
    ordered = {t.target for a in actions.actions for t in a.tasks if t.effect == "board"}
    for opening, reached in zip(spaces.openings, spaces.reached_s.tolist(), strict=True):
        if opening.name in ordered:
            stood = placed.get(opening.name, np.inf)
            margin = (
                None
                if np.isnan(reached) or not np.isfinite(stood)
                else (reached - stood) / SECONDS_PER_MINUTE
            )
            margins.append(
                {
                    "opening": opening.name,
                    "placed": _moment(clock, stood),
                    "water": _moment(clock, reached),
                    "margin_min": margin,
                }
            )
    return margins


def _closure_lines(simulation: Simulation) -> list[dict[str, Any]]:
    """Closed streets: when, and when the water came to an opening in them."""
    spaces, clock, closures = simulation.sites.spaces, simulation.clock, []
    for task, end in simulation.actions.ended("closure"):
        wet = min(
            (
                t
                for o, t in zip(spaces.openings, spaces.reached_s.tolist(), strict=True)
                if (o.row, o.column) in task.cells
            ),
            default=np.nan,
        )
        margin = None if np.isnan(wet) else (wet - end) / SECONDS_PER_MINUTE
        closures.append(
            {
                "what": task.target,
                "time": _moment(clock, end),
                "water": _moment(clock, wet),
                "margin_min": margin,
                "cells": [list(c) for c in task.cells],
            }
        )
    return closures
