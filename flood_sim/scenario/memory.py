"""Memory that a scenario needs, against what is free."""

from __future__ import annotations

from pathlib import Path

from flood_sim.core.errors import input_error
from flood_sim.core.files.map_keys import MapKeys
from flood_sim.core.units import GIBIBYTE, MEBIBYTE
from flood_sim.scenario.doors.rasters import header_size
from flood_sim.scenario.loader import Scenario
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.surface.arrays import estimated_bytes

MEMORY_SHARE = 0.8


def available_bytes() -> int:
    """Memory this process may still take: the machine's, or the cgroup's where that is less."""
    import psutil

    free = int(psutil.virtual_memory().available)
    for limit, used in (("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),):
        try:
            text = Path(limit).read_text().strip()
            if text != "max":
                free = min(free, int(text) - int(Path(used).read_text()))
        except (OSError, ValueError):
            continue
    return free


def check_memory_early(scenario: Scenario) -> None:
    """Raises InputError for what this machine cannot hold, from the header alone."""
    rows, columns = grid_size(scenario)
    need = estimated_bytes(
        rows, columns, scenario.spec.surface.precision, scenario.spec.infiltration.kind != "none"
    )
    free = available_bytes()
    if need > MEMORY_SHARE * free:
        cell = 1.0 if rows == 0 else (need / (MEMORY_SHARE * free)) ** 0.5
        raise input_error(
            "E601",
            scenario.path.name,
            f"{rows} x {columns} cells need about {need / GIBIBYTE:.1f} GiB",
            given=f"{free / GIBIBYTE:.1f} GiB are free, {MEMORY_SHARE:.0%} of it may be used",
            do=f"clip the grid, or use cells at least {cell:.2g} times as large",
        )


def grid_size(scenario: Scenario) -> tuple[int, int]:
    """Rows and columns, from the header alone."""
    spec = scenario.spec
    if spec.city is not None:
        n = round(spec.city.side_m / spec.city.cell_size_m)
        return n, n
    bed = spec.terrain.bed_elevation if spec.terrain is not None else ""
    if not isinstance(bed, str | MapKeys):
        cells = getattr(bed, "cells", None)
        return (int(cells**0.5), int(cells**0.5)) if cells else (bed.rows, bed.columns)  # type: ignore[union-attr]
    high, wide, cell_m = header_size(scenario.map(bed, "[terrain] bed_elevation"))
    factor = cell_m / spec.grid.cell_size_m if spec.grid.cell_size_m else 1.0
    return int(high * factor), int(wide * factor)


def memory_line(inputs: ModelInputs) -> str:
    """What `check` and `run` print about memory."""
    grid = inputs.terrain.grid
    need = estimated_bytes(
        grid.rows, grid.columns, inputs.surface.precision, inputs.infiltration.kind != "none"
    )
    frames = frame_bytes(inputs)
    return (
        f"memory about {need / MEBIBYTE:.0f} MiB of {available_bytes() / MEBIBYTE:.0f} MiB free;"
        f" {inputs.clock.outputs()} frames, {frames / MEBIBYTE:.0f} MiB raw on disk"
    )


def frame_bytes(inputs: ModelInputs) -> int:
    """Of all frames of a run, before compression."""
    fields = {"frames": 3, "depth": 1, "maxima": 0}[inputs.fields]
    return (
        inputs.clock.outputs() * inputs.terrain.grid.rows * inputs.terrain.grid.columns * 4 * fields
    )
