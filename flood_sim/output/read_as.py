"""How `check` tells what was read: maps with system, layer and unit; rain and series with file,
rows, unit and what counts outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from flood_sim.simulation.inputs import ModelInputs
from flood_sim.surface.boundaries import Series


def read_as_lines(inputs: ModelInputs) -> Iterator[str]:
    """One line a file; discharges with their volume in the run."""
    yield from (f"read as: {line}" for line in inputs.read_as)
    if inputs.rainfall.source:
        yield f"read as: rain, {inputs.rainfall.source}"
    stop = inputs.clock.duration_s
    flows = [(flow.name, flow.discharge) for flow in inputs.inflows]
    flows += [(flow.name, flow.discharge) for flow in inputs.edge_inflows]
    for name, flow in flows:
        if flow.source:
            volume = flow.integral(0.0, stop)
            yield f"read as: {name}, {flow.source}; {volume:,.0f} m3 in the run"
    others: list[tuple[str, Series | None]] = [(edge.name, edge.stage) for edge in inputs.edges]
    others += [(gate.name, gate.gate_opening) for gate in inputs.structures]
    others.append(("evaporation", inputs.storage.evaporation_m_s))
    for name, series in others:
        if series is not None and series.source:
            yield f"read as: {name}, {series.source}"
