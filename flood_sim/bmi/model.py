"""The process in which a BMI instance's model runs: asked by lines of JSON on pipes, values in
shared memory, gone once nobody listens any more.

SWMM allows one simulation a process, so each instance has its own. It ends at the end of its input,
so that no orphan is left after a program was killed.
"""

from __future__ import annotations

import faulthandler
import json
import math
import mmap
import os
import queue
import select
import shutil
import signal
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from flood_kernels import cache_folder
from flood_sim.bmi import variables as bmi
from flood_sim.core import sandbox
from flood_sim.core.clock import Window
from flood_sim.core.errors import FloodSimError, RunFailedError
from flood_sim.runs.kernel_cache import refuse_foreign
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation
from flood_sim.surface.boundaries import Inflow

LOOK_EVERY_S = 2.0  # whether the parent still lives: a fork of it may hold the pipe open


def serve(memory: str, folder: str, parent: str) -> None:
    """Answer requests from standard input on standard output until it ends.

    memory: descriptor of the shared memory;  folder: scratch, removed at the end;  parent: process
    id of who asks.
    """
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C goes to the whole group; the parent says what it means
    faulthandler.enable()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # SWMM writes to standard output
    requests: queue.Queue[str] = queue.Queue()
    model = Model(int(memory), Path(folder))
    threading.Thread(
        target=_listen, args=(requests, model.wanted_stop, Path(folder), int(parent)), daemon=True
    ).start()
    while True:
        answers.write(json.dumps(answered(model, json.loads(requests.get())), default=float) + "\n")
        answers.flush()


def _listen(
    requests: queue.Queue[str], wanted_stop: threading.Event, folder: Path, parent: int
) -> None:
    """Unbuffered, so that the end of input is seen at once, in the middle of a step too."""
    rest = b""
    while True:
        block = b"" if os.getppid() != parent else b"\n"
        if select.select([0], [], [], LOOK_EVERY_S)[0]:
            block = os.read(0, 65536)
        if not block:
            shutil.rmtree(folder, ignore_errors=True)
            sandbox.leave()
            os._exit(0)
        *lines, rest = (rest + block).split(b"\n")
        for line in filter(None, lines):
            if json.loads(line)["do"] == "stop":
                wanted_stop.set()
            else:
                requests.put(line.decode())


def answered(model: Model, request: dict[str, Any]) -> dict[str, Any]:
    """What a request comes to: the answer, an error of the user's input or of the run, or a fault
    of flood_sim.
    """
    tasks: dict[str, Callable[..., dict[str, Any]]] = {
        "initialize": model.initialize,
        "update": model.update,
        "set": model.set,
    }
    task = tasks[request.pop("do")]
    try:
        answer = task(**request)
    except FloodSimError as error:
        answer = {
            "error": type(error).__name__,
            "message": str(error),
            "findings": [asdict(f) for f in getattr(error, "findings", ())],
        }
    except OSError as error:
        kept = sandbox.denied(error)
        answer = (
            {"fault": traceback.format_exc()}
            if kept is None
            else {
                "error": "InputError",
                "message": str(kept),
                "findings": list(map(asdict, kept.findings)),
            }
        )
    except MemoryError:
        answer = {
            "error": "RunFailedError",
            "message": "the model's process has not enough memory",
            "findings": [],
        }
    except Exception:  # told to the program that asked
        answer = {"fault": traceback.format_exc()}
    return answer | {"time_s": model.time_s}


class Model:
    """One simulation and the values it shows. Rows of cells run from south to north, as BMI has
    them.
    """

    def __init__(self, memory: int, folder: Path) -> None:
        self._memory, self._folder = memory, folder
        self.wanted_stop = threading.Event()
        self.time_s = 0.0
        self._failure: RunFailedError | None = None

    def initialize(self, config: str) -> dict[str, Any]:
        """Build the model of a scenario file, `#portfolio` behind it where one is wanted; returns
        what an interface must know of it.
        """
        refuse_foreign(cache_folder())
        path, _, portfolio = config.partition("#")
        inputs = build_inputs(load_scenario(path), portfolio or "baseline")
        inputs = replace(inputs, inflows=_distinct(inputs.inflows))
        self._simulation = Simulation(inputs, self._folder)
        self._clock, self._grid = inputs.clock, inputs.terrain.grid
        self._edges = [
            (e.name, e.stage, e.cells)
            for e in self._simulation.surface.inputs.edges
            if e.stage is not None
        ]
        points = self._points(
            inputs.drainage.network.coordinates() if inputs.drainage is not None else {}
        )
        sizes = {bmi.CELLS: self._grid.rows * self._grid.columns, bmi.TOTALS: 1} | {
            grid: len(xy) for grid, xy in points.items()
        }
        self._share(sizes)
        self._values[bmi.BED][:] = inputs.terrain.bed_elevation[::-1].ravel()
        self._show()
        return {
            "sizes": sizes,
            "points": points,
            "shape": self._grid.shape,
            "cell_m": self._grid.cell_size_m,
            "end_s": self._clock.duration_s,
            "step_s": self._clock.window_s,
            "x_m": self._grid.x_m.tolist(),
            "y_m": self._grid.y_m[::-1].tolist(),
            "routing_step_s": (
                self._simulation.network.routing_step_s if points[bmi.NODES] else None
            ),
        }

    def _points(
        self, where: dict[str, tuple[float, float]]
    ) -> dict[int, list[tuple[float, float]]]:
        """(x, y) of what is no cell; NaN for a node that has no coordinates."""
        surface, network = self._simulation.surface, self._simulation.network
        nodes = [where.get(name, (math.nan, math.nan)) for name in network.node_ids]
        return {
            bmi.EDGES: [self._middle(cells) for _, _, cells in self._edges],
            bmi.INFLOWS: [self._middle(inflow.cells) for inflow in surface.inputs.inflows],
            bmi.NODES: nodes,
            bmi.OUTFALLS: [nodes[k] for k in network.outfalls],
        }

    def _middle(self, cells: np.ndarray) -> tuple[float, float]:
        return float(self._grid.x_m[cells[:, 1]].mean()), float(self._grid.y_m[cells[:, 0]].mean())

    def _share(self, sizes: dict[int, int]) -> None:
        size = bmi.block_bytes(sizes)
        try:
            if hasattr(
                os, "posix_fallocate"
            ):  # a write into memory that is not there would end the process
                os.posix_fallocate(self._memory, 0, size)
            else:
                os.ftruncate(self._memory, size)
            self._values = bmi.views(mmap.mmap(self._memory, size), sizes)
        except OSError as error:
            raise RunFailedError(
                f"no memory for the values that are handed over ({size} bytes): {error.strerror}"
            ) from error

    def update(self, until_s: float) -> dict[str, Any]:
        """To this time in windows of the scenario, or to the end of a window where a stop is
        wanted.
        """
        self.wanted_stop.clear()
        if self._failure is not None:
            raise self._failure
        try:
            while self.time_s < until_s - 1e-9 and not self.wanted_stop.is_set():
                window = Window(self.time_s, min(self.time_s + self._clock.window_s, until_s))
                self._simulation.advance(window)
                # it splits each window by the flows at its end
                self._simulation.network.outfall_volume()
                self.time_s = window.stop
        except RunFailedError as error:
            self._failure = error
            self._show_surface()  # where it went wrong
            raise
        except Exception as error:
            self._failure = RunFailedError(
                f"the model stopped before, by a fault of flood_sim: {error}; initialize starts it"
                " anew"
            )
            raise
        self._show()
        return {}

    def set(self, name: str, places: list[int], values: list[float]) -> dict[str, Any]:
        """Hold stages (m) or inflows (m3/s) from now on."""
        surface = self._simulation.surface
        for k, value in zip(places, values, strict=True):
            if name == bmi.STAGE:
                surface.held_stage_m[self._edges[k][0]] = value
            else:
                surface.held_inflow_m3_s[surface.inputs.inflows[k].name] = value
        self._show_inputs()
        return {}

    def _show(self) -> None:
        self._show_surface()
        self._show_inputs()
        if self._values[bmi.HEAD].size:
            self._values[bmi.HEAD][:] = self._simulation.network.heads()
            self._values[bmi.OUTFALL_VOLUME][:] = self._simulation.network.outfall_volume()
        self._values[bmi.LEDGER_ERROR][:] = self._simulation.ledger.relative_error

    def _show_surface(self) -> None:
        surface = self._simulation.surface
        east, north = surface.velocity()
        for name, field in ((bmi.DEPTH, surface.depth), (bmi.EAST, east), (bmi.NORTH, north)):
            self._values[name].reshape(self._grid.shape)[:] = field[::-1]
        volumes = {
            bmi.VOLUME: surface.volume,
            bmi.INFLOW_VOLUME: surface.inflow_volume,
            bmi.BOUNDARY_IN: surface.boundary_in,
            bmi.BOUNDARY_OUT: surface.boundary_out,
        }
        for name, volume in volumes.items():
            self._values[name][:] = volume

    def _show_inputs(self) -> None:
        """What holds now: the value set from outside, else the scenario's."""
        surface = self._simulation.surface
        for k, (name, stage, _) in enumerate(self._edges):
            self._values[bmi.STAGE][k] = surface.held_stage_m.get(name, stage.at(self.time_s))
        for k, inflow in enumerate(surface.inputs.inflows):
            self._values[bmi.INFLOW][k] = surface.held_inflow_m3_s.get(
                inflow.name, inflow.discharge.at(self.time_s)
            )


def _distinct(inflows: tuple[Inflow, ...]) -> tuple[Inflow, ...]:
    """Inflows under names that are theirs alone: what is set from outside is held by name, and a
    scenario may leave names away.
    """
    counts = Counter(i.name for i in inflows)
    return tuple(
        i if counts[i.name] == 1 else replace(i, name=f"{i.name}, number {k}")
        for k, i in enumerate(inflows, start=1)
    )
