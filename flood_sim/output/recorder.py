"""What a run leaves behind: frames that survive a kill, series, maps, and summary.json
last. Writes; never reads results.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tomli_w

from flood_sim.core.clock import Window
from flood_sim.core.errors import FloodSimError
from flood_sim.core.files.durable import sync_file, write_text
from flood_sim.core.files.live import FrameCounter
from flood_sim.core.files.writing import LIBRARIES, reason
from flood_sim.output.fields import FieldsFile, write_exposure
from flood_sim.output.maps import MAPS, write_map
from flood_sim.output.network import NetworkFile, write_network_layers
from flood_sim.output.places import feature_collection
from flood_sim.output.sites import OPENINGS, SITES, SiteFiles
from flood_sim.output.statistics import FloodedAreas, GaugeMaxima, NetworkMaxima
from flood_sim.output.summary import Ended, Gathered, summary_of, write_json

if TYPE_CHECKING:
    from flood_sim.simulation.loop import Simulation

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
    *MAPS,
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

    KEPT: ClassVar[tuple[str, ...]] = ("areas", "gauges", "network", "_sites")

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
        if not resumed or not (folder / "exposure.nc").exists():
            write_exposure(folder / "exposure.nc", inputs)
        self._sites = SiteFiles(folder, simulation, resumed)
        self._open_tables(simulation, resumed)
        self.areas, self.gauges = FloodedAreas(simulation), GaugeMaxima(simulation)
        self.network = NetworkMaxima(simulation)
        if not resumed:
            self._write_frame(simulation)
            self._write_gauges(simulation)

    def _open_tables(self, simulation: Simulation, resumed: bool) -> None:
        """gauges.csv and, where sections are recorded, sections.csv."""
        folder, mode = self.folder, "a" if resumed else "w"
        self._gauge_file = (folder / "gauges.csv").open(mode, newline="", encoding="utf-8")
        self._gauges = csv.writer(self._gauge_file)
        if not resumed:
            self._gauges.writerow(["time", "gauge", "depth_m", "stage_m", "velocity_m_s"])
        self._section_file = (
            (folder / "sections.csv").open(mode, newline="", encoding="utf-8")
            if simulation.inputs.sections
            else None
        )
        if self._section_file and not resumed:
            csv.writer(self._section_file).writerow(["time", "section", "discharge_m3_s"])

    def sync(self) -> None:
        """Everything written so far is on disk."""
        self._gauge_file.flush()
        self._sites.sync()
        if self._section_file:
            self._section_file.flush()

    def record(self, simulation: Simulation, window: Window) -> None:
        """Statistics every window; a frame where one is due."""
        self.gauges.watch(simulation)
        self.areas.watch(simulation, window)
        self.network.watch(simulation, window)
        self._sites.record(simulation, window)
        if simulation.clock.is_output(window.stop):
            with self._counter.writing():
                self._write_frame(simulation)
        if simulation.clock.is_series(window.stop):
            self._write_gauges(simulation)
            self._write_sections(simulation, window)

    def _write_sections(self, simulation: Simulation, window: Window) -> None:
        if not self._section_file:
            return
        moment = simulation.clock.at(window.stop).isoformat()
        passing = simulation.surface.section_discharge(window)
        for section, q in zip(simulation.inputs.sections, passing, strict=True):
            csv.writer(self._section_file).writerow([moment, section.name, f"{q:.5f}"])

    def _write_gauges(self, simulation: Simulation) -> None:
        moment = simulation.clock.at(simulation.time_s).isoformat()
        decimals = simulation.inputs.decimals + 1
        for g in simulation.inputs.gauges:
            depth = float(simulation.surface.depth[g.row, g.column])
            stage = depth + float(simulation.inputs.terrain.bed_elevation[g.row, g.column])
            east, north = simulation.surface.velocity(slice(g.row, g.row + 1))
            speed = float(np.hypot(east[0, g.column], north[0, g.column]))
            values = (f"{v:.{decimals}f}" for v in (depth, stage, speed))
            self._gauges.writerow([moment, g.name, *values])
        self._gauge_file.flush()

    def _write_frame(self, simulation: Simulation) -> None:
        self._fields.write(simulation)
        if self._network is not None:
            self._network.write(simulation)
        self._sites.write_frame(simulation)

    def _close_tables(self) -> None:
        self._gauge_file.close()
        self._sites.finish()
        if self._section_file:
            self._section_file.close()

    def finish(self, simulation: Simulation, summary: dict[str, Any]) -> dict[str, Any]:
        """Close every file, write the maps, and summary.json last; all of it is on the disk when
        this returns the summary. A map that cannot be made costs no run its results: it is named
        under `not_written`, with the reason.
        """
        with self._counter.writing():
            self._finish_series(simulation)
        lost = self._write_maps(simulation)
        write_json(self.folder / "measures.json", list(simulation.inputs.measures))
        write_json(
            self.folder / "measures.geojson",
            feature_collection(simulation.inputs.measure_features, simulation.surface.grid.crs),
        )
        for name in GROWING:
            if (self.folder / name).exists():
                sync_file(self.folder / name)
        summary = summary | ({"not_written": lost} if lost else {})
        write_json(self.folder / "summary.json", summary)
        self._counter.close()
        return summary

    def _finish_series(self, simulation: Simulation) -> None:
        self._fields.finish(simulation)
        self._close_tables()
        if self._network is not None:
            self._network.finish(self.network.fields())

    def _write_maps(self, simulation: Simulation) -> dict[str, str]:
        """Maps for other programs; those that failed by their name, with the reason. Disks that are
        full still end it: what was written can be gone on with.
        """
        jobs: dict[str, Callable[[Path], None]] = {
            name: partial(write_map, name=name, simulation=simulation) for name in MAPS
        }
        if self._network is not None and simulation.inputs.drainage is not None:
            jobs["network.gpkg"] = partial(
                write_network_layers, simulation=simulation, maxima=self.network
            )
        lost = {}
        for name, write in jobs.items():
            try:
                write(self.folder / name)
            except (OSError, MemoryError, FloodSimError):
                raise
            except Exception as error:
                if type(error).__module__.partition(".")[0] in LIBRARIES:
                    raise  # what these refuse is the disk, most often: told by who called
                lost[name] = f"{type(error).__name__}: {reason(error)}"
        return lost

    def summary(self, simulation: Simulation, ended: Ended, wall_s: float) -> dict[str, Any]:
        """What summary.json says of the run as it stands now; wall_s : s since it began."""
        gathered = Gathered(self.areas, self.gauges, self.network, self._sites.max_head)
        return summary_of(simulation, gathered, ended, wall_s)
