"""What a run leaves behind (DESIGN 10): frames that survive a kill, series, maps, and summary.json
last. Writes; never reads results.
"""

from __future__ import annotations

import csv
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tomli_w

from flood_sim.core.clock import Window
from flood_sim.core.constants import POND_DEPTH_M
from flood_sim.core.files import durable
from flood_sim.core.files.durable import sync_file, write_text
from flood_sim.core.files.live import FrameCounter
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.ground.rain_fields import RainField, mean_rainfall
from flood_sim.ground.rainfall import Rainfall
from flood_sim.output.fields import FieldsFile, write_exposure, write_geotiff
from flood_sim.output.network import NetworkFile, write_network_layers
from flood_sim.output.sites import OPENINGS, SITES, SiteFiles, action_lines, site_lines

if TYPE_CHECKING:
    from flood_sim.simulation.loop import Simulation

SCHEMA = 1
AREA_DEPTHS_M = (0.05, 0.15, 0.3, 0.5, 1.0)
HYETOGRAPH_INTERVALS = 96
AREA_SAMPLING_S = 10.0  # flooded area is counted at the first window's end after this long
GROWING = (
    "fields.nc",
    "network.nc",
    "gauges.csv",
    "sections.csv",
    SITES,
    OPENINGS,
)  # written line by line, frame by frame
FILES = (
    "scenario.toml",
    "summary.json",
    "fields.nc",
    "max_depth.tif",
    "max_hazard.tif",
    "gauges.csv",
    "network.nc",
    "network.gpkg",
    "sections.csv",
    "messages.csv",
    "messages.gpkg",
    SITES,
    OPENINGS,
    "exposure.nc",
    "consequences.json",
    "swmm.inp",
    "swmm.rpt",
    "swmm.out",
    "log.txt",
    "measures.json",
    "measures.geojson",
)


class Recorder:
    """Everything a run writes into its folder; the loop calls `record` after every window."""

    def __init__(self, folder: Path, simulation: Simulation, resumed: bool = False) -> None:
        """resumed : the folder holds the files of a checkpoint; they are carried on."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._counter = FrameCounter(folder)
        with self._counter.writing():
            self._open(simulation, resumed)

    def _open(self, simulation: Simulation, resumed: bool) -> None:
        folder, inputs = self.folder, simulation.inputs
        if not resumed:
            write_text(folder / "scenario.toml", tomli_w.dumps(inputs.effective))
        self._fields = FieldsFile(folder / "fields.nc", inputs, resumed)
        self._network = (
            NetworkFile(folder / "network.nc", simulation, resumed)
            if simulation.network.node_ids
            else None
        )
        mode = "a" if resumed else "w"
        if not resumed or not (folder / "exposure.nc").exists():
            write_exposure(folder / "exposure.nc", inputs)
        self._sites = SiteFiles(folder, simulation, resumed)
        self._gauge_file = (folder / "gauges.csv").open(mode, newline="", encoding="utf-8")
        self._gauges = csv.writer(self._gauge_file)
        if not resumed:
            self._gauges.writerow(["time", "gauge", "depth_m", "stage_m", "velocity_m_s"])
        self._section_file = (
            (folder / "sections.csv").open(mode, newline="", encoding="utf-8")
            if inputs.sections
            else None
        )
        if self._section_file and not resumed:
            csv.writer(self._section_file).writerow(["time", "section", "discharge_m3_s"])
        self.gauge_maxima: dict[str, tuple[float, float]] = {
            g.name: (0.0, 0.0) for g in inputs.gauges
        }
        self.area_hours = dict.fromkeys(AREA_DEPTHS_M, 0.0)
        self.largest_area = dict.fromkeys(AREA_DEPTHS_M, 0.0)
        nodes = len(simulation.network.node_ids)
        self.max_head, self.max_flow = (
            np.full(nodes, -np.inf),
            np.zeros(len(simulation.network.link_ids)),
        )
        self.surcharge_hours, self.flooded_volume, self.captured_volume = (
            np.zeros(nodes),
            np.zeros(nodes),
            np.zeros(nodes),
        )
        self._initially_wet = simulation.surface.depth > AREA_DEPTHS_M[0]
        dug = simulation.inputs.dug_m
        self._dug = (
            np.zeros(self._initially_wet.shape, bool)
            if dug is None
            else (dug > 0.0) & ~self._initially_wet
        )
        self._dug_m = np.zeros(0) if dug is None else dug[self._dug]
        self._initially_dry = ~self._initially_wet & ~self._dug
        self._unwatched_s = 0.0
        if not resumed:
            self._write_frame(simulation)

    def sync(self) -> None:
        """Everything written so far is on disk."""
        self._gauge_file.flush()
        self._sites.sync()
        if self._section_file:
            self._section_file.flush()

    def record(self, simulation: Simulation, window: Window) -> None:
        """Statistics every window; a frame where one is due."""
        self._watch_gauges(simulation)
        self._watch_areas(simulation, window)
        self._watch_network(simulation, window)
        self._sites.record(simulation, window)
        if simulation.clock.is_output(window.stop):
            with self._counter.writing():
                self._write_frame(simulation)
        if self._section_file and simulation.clock.is_output(window.stop):
            for section, q in zip(
                simulation.inputs.sections,
                simulation.surface.section_discharge(window),
                strict=True,
            ):
                csv.writer(self._section_file).writerow(
                    [simulation.clock.at(window.stop).isoformat(), section.name, f"{q:.5f}"]
                )

    def _watch_gauges(self, simulation: Simulation) -> None:
        for gauge in simulation.inputs.gauges:
            depth = float(simulation.surface.depth[gauge.row, gauge.column])
            if depth > self.gauge_maxima[gauge.name][0]:
                self.gauge_maxima[gauge.name] = (depth, simulation.time_s)

    def _watch_areas(self, simulation: Simulation, window: Window) -> None:
        """Flooded area: cells above a depth that held no water at the start (river and lake are no
        flood), over the ground before measures dug.
        """
        self._unwatched_s += window.length
        if self._unwatched_s < AREA_SAMPLING_S - 1e-9 and not simulation.clock.is_output(
            window.stop
        ):
            return
        limits = np.array(AREA_DEPTHS_M)
        counts = simulation.surface.cells_deeper(limits, self._initially_dry)
        if self._dug_m.size:
            over_old_ground = simulation.surface.depth[self._dug] - self._dug_m
            counts = counts + (over_old_ground[:, None] > limits).sum(axis=0)
        for limit, count in zip(AREA_DEPTHS_M, counts.tolist(), strict=True):
            area = count * simulation.surface.grid.cell_area_m2
            self.area_hours[limit] += area * self._unwatched_s / SECONDS_PER_HOUR
            self.largest_area[limit] = max(self.largest_area[limit], area)
        self._unwatched_s = 0.0

    def _watch_network(self, simulation: Simulation, window: Window) -> None:
        if not self.max_head.size:
            return
        head = simulation.network.heads()
        self.captured_volume += simulation.surface.inlet_capture
        self.max_head = np.maximum(self.max_head, head)
        self.surcharge_hours += (head > simulation.network.rim_m) * window.length / SECONDS_PER_HOUR
        self.flooded_volume = simulation.network.flooded_volume()
        if simulation.clock.is_output(window.stop):
            self.max_flow = np.maximum(self.max_flow, np.abs(simulation.network.discharges()))

    def _write_frame(self, simulation: Simulation) -> None:
        self._fields.write(simulation)
        if self._network is not None:
            self._network.write(simulation)
        self._sites.write_frame(simulation)
        if simulation.inputs.gauges:
            east, north = simulation.surface.velocity()
        moment = simulation.clock.at(simulation.time_s).isoformat()
        for g in simulation.inputs.gauges:
            depth = float(simulation.surface.depth[g.row, g.column])
            stage = depth + float(simulation.inputs.terrain.bed_elevation[g.row, g.column])
            speed = float(np.hypot(east[g.row, g.column], north[g.row, g.column]))
            self._gauges.writerow([moment, g.name, f"{depth:.4f}", f"{stage:.4f}", f"{speed:.4f}"])
        self._gauge_file.flush()

    def _close_tables(self) -> None:
        self._gauge_file.close()
        self._sites.finish()
        if self._section_file:
            self._section_file.close()

    def finish(self, simulation: Simulation, summary: dict[str, Any]) -> dict[str, Any]:
        """Close every file, write the maps, and summary.json last; all of it is on the disk when
        this returns the summary.
        """
        with self._counter.writing():
            self._finish_series(simulation)
        self._write_maps(simulation)
        write_json(self.folder / "measures.json", list(simulation.inputs.measures))
        write_json(
            self.folder / "measures.geojson",
            {"type": "FeatureCollection", "features": list(simulation.inputs.measure_features)},
        )
        for name in GROWING:
            if (self.folder / name).exists():
                sync_file(self.folder / name)
        write_json(self.folder / "summary.json", summary)
        self._counter.close()
        return summary

    def _finish_series(self, simulation: Simulation) -> None:
        self._fields.finish(simulation)
        self._close_tables()
        if self._network is not None:
            self._network.finish(
                {
                    "max_head": self.max_head,
                    "flooded_volume": self.flooded_volume,
                    "surcharge_hours": self.surcharge_hours,
                    "captured_volume": self.captured_volume,
                    "max_discharge": self.max_flow,
                }
            )

    def _write_maps(self, simulation: Simulation) -> None:
        grid, active = simulation.surface.grid, simulation.inputs.terrain.active
        write_geotiff(
            self.folder / "max_depth.tif",
            np.where(active, simulation.surface.maxima.depth, np.nan).astype(np.float32),
            grid,
            np.nan,
        )
        write_geotiff(self.folder / "max_hazard.tif", simulation.surface.maxima.hazard, grid, None)
        if self._network is not None and simulation.inputs.drainage is not None:
            write_network_layers(
                self.folder / "network.gpkg",
                simulation,
                self.max_head,
                self.max_flow,
                self.flooded_volume,
                self.surcharge_hours,
            )

    def summary(
        self,
        simulation: Simulation,
        status: str,
        wall_s: float,
        exceeded: list[str],
        message: str = "",
        ended: bool = True,
    ) -> dict[str, Any]:
        """What summary.json says of the run as it stands now. ended : SWMM is closed (before, its
        own continuity error is not known).
        """
        s, inputs = simulation, simulation.inputs
        return {
            "schema": SCHEMA,
            "status": status,
            "message": message,
            "exceeded": exceeded,
            "scenario": inputs.name,
            "portfolio": inputs.portfolio,
            "start": s.clock.start.isoformat(),
            "simulated_s": s.time_s,
            "cells": int(inputs.terrain.active.sum()),
            "steps": s.surface.steps,
            "long_steps": s.surface.long_steps,
            "wall_s": round(wall_s, 3),
            "timers": {name: round(seconds, 3) for name, seconds in s.timers.seconds.items()},
            "threads": s.surface.threads,
            "scheme": s.surface.settings.scheme,
            "scheme_reason": inputs.scheme_reason,
            "precision": inputs.surface.precision,
            "smallest_step_s": (
                s.surface.smallest_step_s if np.isfinite(s.surface.smallest_step_s) else None
            ),
            "versions": versions(),
            "rainfall": {
                "name": inputs.rainfall.name,
                "source": inputs.rainfall.source,
                "depth_mm": 1000.0 * s.surface.rain_volume / s.surface.terrain.catchment_area_m2,
                "hyetograph_mm_h": _hyetograph(inputs.rainfall, s.time_s),
            },
            "findings": [
                {"code": f.code, "place": f.place, "problem": f.problem, "do": f.do}
                for f in inputs.findings
            ],
            "ledger": s.ledger.as_dict(),
            "structures": s.surface.structure_lines(),
            "events": [
                {
                    "time": s.clock.at(e.time_s).isoformat(),
                    "name": e.name,
                    "kind": e.kind,
                    "on": e.on,
                }
                for e in s.operations.record
            ],
            "facilities": s.surface.losses.facility_lines(),
            "exchange": s.exchange.book.as_dict(),
            "flood": self._flood(s),
            "gauges": {
                name: {
                    "max_depth_m": depth,
                    "time": s.clock.at(at).isoformat() if depth > 0.0 else None,
                }
                for name, (depth, at) in self.gauge_maxima.items()
            },
            "sites": site_lines(s, self._sites.max_head),
            "actions": action_lines(s),
            "site_changes": [
                {
                    "time": s.clock.at(c.time_s).isoformat(),
                    "site": c.name,
                    "state": c.state,
                    "cause": c.cause,
                }
                for c in s.sites.critical.record
            ],
            "network": self._network_summary(s, ended),
        }

    def _flood(self, s: Simulation) -> dict[str, Any]:
        depth = np.where(self._initially_wet, 0.0, s.surface.maxima.depth)
        depth[self._dug] = np.maximum(depth[self._dug] - self._dug_m, 0.0)
        ponding = np.where(self._initially_wet | self._dug, 0.0, s.surface.maxima.ponding_time)
        return {
            "max_depth_m": float(depth.max(initial=0.0)),
            "max_velocity_m_s": float(s.surface.maxima.velocity.max(initial=0.0)),
            "flooded_area_m2": {f"{limit:g}": area for limit, area in self.largest_area.items()},
            "area_hours_m2_h": {f"{limit:g}": value for limit, value in self.area_hours.items()},
            "ponded_0p15_over_30_min_m2": (
                float(np.count_nonzero(ponding > 1800.0)) * s.surface.grid.cell_area_m2
            ),
            "ponding_depth_m": POND_DEPTH_M,
        }

    def _network_summary(self, s: Simulation, ended: bool) -> dict[str, Any]:
        if not s.network.node_ids:
            return {}
        return {
            "nodes": len(s.network.node_ids),
            "links": len(s.network.link_ids),
            "flooded_nodes": int(np.count_nonzero(self.flooded_volume > 0.01)),
            "flooded_volume_m3": float(self.flooded_volume.sum()),
            "surcharge_hours": float(self.surcharge_hours.sum()),
            "largest_sign_flips": int(np.max(s.exchange.sign_flips, initial=0)),
            "lids_lifted": s.exchange.lids_lifted,
            "uncoupled_flooding_m3": s.exchange.uncoupled_flooding,
            "surcharge_depth_reached": bool(
                getattr(getattr(s.network, "surcharge", None), "works", True)
            ),
            "continuity": s.network.continuity() if ended else {},
        }


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
