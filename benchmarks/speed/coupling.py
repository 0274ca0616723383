"""What sewers cost: a million wet cells with 200 to 20,000 coupled nodes; surface, network and
exchange alone and together.

One SWMM simulation a process: every figure is taken in a child of its own (`python -m
benchmarks.speed.coupling MODE NODES`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.kernel import figure, processor

CELLS, CELL_M, FALL = 1000, 5.0, 0.003
WINDOW_S, ROUTING_S, WINDOWS, WARM = 4.0, 2.0, 12, 3
ROUNDS = 5
NODES = (200, 1000, 5000, 20000)
CONTRACT_NODES = 5000  # of the figures that other programs read
INLET_M3_S = 0.02  # capacity of each inlet, under deep water
CHAIN = 20  # nodes that share an outfall
RIVER_COLUMNS, RIVER_M = (
    20,
    0.3,
    # along the low edge, so much deeper: as in a city its water sets the step, not the inlets'
    # streets
)
NAIVE_NODES = 200  # of which the naive loop's cost is taken: a sweep over all is quadratic


def places(nodes: int) -> np.ndarray:
    """(nodes, 2) rows and columns of the nodes, chains along the fall; none in the river."""
    side = int(np.ceil(np.sqrt(nodes)))
    k = np.arange(nodes)
    return np.column_stack(
        [(k // side + 0.5) * CELLS / side, (k % side + 0.5) * (CELLS - RIVER_COLUMNS) / side]
    ).astype(int)


def network_text(nodes: int) -> str:
    """A .inp of chains: each CHAIN nodes fall to an outfall of their own, 2.5 m below the
    street.
    """
    at = places(nodes)
    bed = 20.0 - FALL * CELL_M * (at[:, 1] + 0.5)
    junctions, conduits, sections, outfalls = [], [], [], []
    row = 0
    for k in range(nodes):
        junctions.append(f"N{k} {bed[k] - 2.5:.4f} 2.5 0 0 0")
        last = (k + 1) % CHAIN == 0 or k + 1 == nodes or at[k + 1, 0] != at[k, 0]
        length = 35.0 if last else CELL_M * (at[k + 1, 1] - at[k, 1])
        target = f"O{row}" if last else f"N{k + 1}"
        if last:
            outfalls.append(f"O{row} {bed[k] - 2.5 - FALL * 35.0:.4f} FREE NO")
            row += 1
        conduits.append(f"C{k} N{k} {target} {length:.2f} 0.013 0 0 0 0")
        sections.append(f"C{k} CIRCULAR {0.6 + 0.02 * (k % CHAIN):.2f} 0 0 0")
    parts = {
        "JUNCTIONS": junctions,
        "OUTFALLS": outfalls,
        "CONDUITS": conduits,
        "XSECTIONS": sections,
    }
    options = (
        "FLOW_UNITS CMS\nFLOW_ROUTING DYNWAVE\nLINK_OFFSETS DEPTH\nMIN_SURFAREA"
        " 1.167\nINERTIAL_DAMPING PARTIAL"
    )
    return (
        "[TITLE]\nbenchmark\n[OPTIONS]\n"
        + options
        + "\n"
        + "\n".join(f"[{name}]\n" + "\n".join(rows) for name, rows in parts.items())
        + "\n"
    )


def child(mode: str, nodes: int, folder: Path) -> dict[str, float]:
    """Seconds a window of one measurement."""
    from flood_sim.core.clock import Clock, Window
    from flood_sim.core.grid import Grid
    from flood_sim.drainage.inp import read_inp
    from flood_sim.ground.infiltration import NoInfiltration
    from flood_sim.ground.rainfall import rainfall_from_intervals
    from flood_sim.ground.terrain import terrain_of
    from flood_sim.simulation.inputs import DrainageInputs, ModelInputs, NodeInlet
    from flood_sim.simulation.loop import Simulation
    from flood_sim.surface.settings import SurfaceSettings

    (folder / "n.inp").write_text(network_text(nodes), encoding="utf-8")
    network = read_inp(folder / "n.inp")
    at = places(nodes)
    inlets = tuple(
        NodeInlet(f"N{k}", int(r), int(c), 1.2, 0.15, INLET_M3_S) for k, (r, c) in enumerate(at)
    )
    drainage = DrainageInputs(
        network, inlets, {i.node: ((i.row, i.column),) for i in inlets}, ROUTING_S
    )
    x = CELL_M * (np.arange(CELLS) + 0.5)
    noise = 0.02 * np.random.default_rng(1).random((CELLS, CELLS))
    bed = 20.0 - FALL * x[None, :] + noise
    bed[:, -RIVER_COLUMNS:] -= RIVER_M
    depth = np.full(bed.shape, 0.3)
    depth[:, -RIVER_COLUMNS:] += RIVER_M
    terrain = terrain_of(Grid(CELLS, CELLS, CELL_M, 0.0, CELLS * CELL_M), bed, 0.03)
    rain = rainfall_from_intervals("steady", np.array([0.0, 36000.0]), np.array([360.0]))
    clock = Clock(datetime(2021, 7, 20, 15, tzinfo=UTC), WINDOW_S * (WINDOWS + WARM), WINDOW_S, 1e6)
    threads = 2 if mode == "coupled2" else 1
    inputs = ModelInputs(
        "benchmark",
        clock,
        terrain,
        rain,
        NoInfiltration(),
        SurfaceSettings(threads=threads),
        depth,
        drainage=drainage,
    )
    if mode in ("network", "naive"):
        return _network(mode, inputs, folder)
    if mode in ("surface", "strangers"):
        inputs = replace(inputs, drainage=None)
    import numba

    numba.set_num_threads(threads)
    simulation = Simulation(inputs, folder)
    walls, stranger = (
        [],
        (_Stranger(replace(inputs, drainage=drainage), folder) if mode == "strangers" else None),
    )
    for k, window in enumerate(clock.windows()):
        begun = time.perf_counter()
        if stranger is not None:
            stranger.start(window.stop)
        simulation.advance(Window(window.start, window.stop))
        if stranger is not None:
            stranger.wait()
        walls.append(time.perf_counter() - begun)
        if k + 1 == WARM:
            simulation.timers.seconds.clear()
    seconds = {name: value / WINDOWS for name, value in simulation.timers.seconds.items()}
    simulation.close()
    if stranger is not None:
        stranger.close()
    return {"wall": float(np.mean(walls[WARM:])), **seconds}


def _loaded(inputs: Any, folder: Path) -> Any:
    """A network alone that gets what the street gives it in the coupled run: SWMM's trials follow
    the load.
    """
    from flood_sim.simulation.models import open_network

    network: Any = open_network(inputs, folder)
    nodes = len(network.node_ids)
    network.set_inflow(np.where(np.arange(nodes) < nodes - network.outfalls.size, INLET_M3_S, 0.0))
    return network


class _Stranger:
    """A network that routes in a thread of its own and does not know the surface beside it: what
    both cost each other by memory and cache.
    """

    def __init__(self, inputs: Any, folder: Path) -> None:
        self._network = _loaded(inputs, folder)
        self._pool = ThreadPoolExecutor(1)

    def start(self, stop: float) -> None:
        self._routing = self._pool.submit(self._network.advance, stop)

    def wait(self) -> None:
        self._routing.result()

    def close(self) -> None:
        self._pool.shutdown()
        self._network.close()


def _network(mode: str, inputs: Any, folder: Path) -> dict[str, float]:
    network = _loaded(inputs, folder)
    walls = []
    for k in range(WINDOWS + WARM):
        begun = time.perf_counter()
        network.advance(WINDOW_S * (k + 1))
        walls.append(time.perf_counter() - begun)
    result = {"wall": float(np.mean(walls[WARM:]))}
    if mode == "naive":
        from pyswmm import Nodes

        begun = time.perf_counter()
        for name in network.node_ids[:NAIVE_NODES]:
            node = Nodes(network._simulation)[name]
            node.generated_inflow(INLET_M3_S)
            _ = node.head, node.flooding
        result["exchange"] = (time.perf_counter() - begun) / NAIVE_NODES * len(network.node_ids)
    network.close()
    return result


def measured(
    modes: tuple[str, ...], nodes: int, rounds: int = ROUNDS
) -> dict[str, dict[str, float]]:
    """The figures of each mode, the best of several children in turns: the machine is shared, and
    its pace changes from one minute to the next.
    """
    best: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for mode in modes:
            with tempfile.TemporaryDirectory() as folder:
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.speed.coupling",
                    mode,
                    str(nodes),
                    folder,
                ]
                done = subprocess.run(
                    command,
                    cwd=Path(__file__).parents[2],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                found = json.loads(done.stdout.splitlines()[-1])
            if mode not in best or found["wall"] < best[mode]["wall"]:
                best[mode] = found
    return best


def run() -> dict[str, Any]:
    """All figures, ms a coupling window of 4 s."""
    cores = min(2, os.cpu_count() or 1)
    figures, alone = [], float("inf")
    for nodes in NODES:
        best = measured(
            ("surface", "network", "strangers", "coupled", *(["coupled2"] if cores > 1 else [])),
            nodes,
        )
        naive = measured(("naive",), nodes, 1)["naive"]["exchange"]
        surface, network, one = best["surface"]["wall"], best["network"]["wall"], best["coupled"]
        alone, name = min(alone, surface), f"nodes_{nodes}"
        over_larger = one["wall"] / max(surface, network)
        figures += [
            figure(f"{name}_network_alone_ms", 1e3 * network, "ms"),
            figure(f"{name}_exchange_ms", 1e3 * one["exchange"], "ms"),
            figure(
                f"exchange_share_{nodes}_nodes",
                one["exchange"] / surface,
                "1",
                0.05 if nodes == CONTRACT_NODES else None,
            ),
            figure(
                f"{name}_wall_over_larger_alone",
                over_larger,
                "1",
                1.1,
                note="one surface thread, the network on the other core",
            ),
            figure(
                f"{name}_wall_over_strangers",
                one["wall"] / best["strangers"]["wall"],
                "1",
                note="both side by side without exchange: memory and cache are shared there, too",
            ),
            figure(
                f"{name}_naive_exchange_ms",
                1e3 * naive,
                "ms",
                note="pyswmm's properties node by node",
            ),
        ]
        if nodes == CONTRACT_NODES:
            figures.append(
                figure("wall_over_slower_part", over_larger, "1", 1.1, note=f"{nodes} nodes")
            )
            figures.append(
                figure("pyswmm_loop_over_ours", naive / one["exchange"], "1", note=f"{nodes} nodes")
            )
        if cores > 1:
            both = best["coupled2"]["wall"]
            figures.append(
                figure(
                    f"{name}_two_threads_wall_over_surface_and_network_half",
                    both / (0.5 * (surface + network)),
                    "1",
                    note="bound 1",
                )
            )
    said = (
        f"{CELLS} x {CELLS} wet cells, one thread, a window of {WINDOW_S:g} s; a river sets the"
        " step"
    )
    figures.insert(0, figure("surface_alone_ms", 1e3 * alone, "ms", note=said))
    machine = {"processor": processor(), "cores": os.cpu_count(), "system": sys.platform}
    return {"benchmark": "coupling", "machine": machine, "versions": {}, "figures": figures}


if __name__ == "__main__":
    print(json.dumps(child(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
