"""A small street over a small sewer, and SWMM alone on the same file: what a coupled run must
agree with.
"""

import contextlib
import io
import re
from pathlib import Path

from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation

OPTIONS = {
    "FLOW_UNITS": "CMS", "FLOW_ROUTING": "DYNWAVE", "LINK_OFFSETS": "DEPTH",
    "START_DATE": "07/20/2021", "START_TIME": "16:00:00", "END_DATE": "07/20/2021",
    "END_TIME": "17:00:00", "ROUTING_STEP": "1", "VARIABLE_STEP": "0", "MIN_SURFAREA": "1.167",
    "WET_STEP": "00:01:00", "DRY_STEP": "00:01:00", "MAX_TRIALS": "8",
}  # fmt: skip
PARTS = {
    "JUNCTIONS": "J1 8.0 2 0 0 0\nJ2 7.9 2.1 0 0 0",
    "OUTFALLS": "O1 7.8 FREE NO",
    "CONDUITS": "C1 J1 J2 50 0.013 0 0\nC2 J2 O1 50 0.013 0 0",
    "XSECTIONS": "C1 CIRCULAR 0.5 0 0 0\nC2 CIRCULAR 0.5 0 0 0",
    "COORDINATES": "J1 15 25\nJ2 35 25\nO1 55 25",
}
SCENARIO = """
schema = 1
name = "case"
[time]
start = {start}
stop = {stop}
[output]
interval_s = 600
[terrain]
bed_elevation = {{ columns = 6, rows = 5, cell_size_m = 10.0, level_m = 10.0 }}
manning_n = 0.03
{more}
[drainage]
kind = "swmm"
network = "net.inp"
coupling_step_s = 4
{drainage}
"""


def net(options=None, **parts):
    """Text of a network: the small one with other options and sections."""
    body = {
        "OPTIONS": "\n".join(f"{k} {v}" for k, v in {**OPTIONS, **(options or {})}.items()),
        **PARTS,
        **parts,
    }
    return "\n".join(f"[{name}]\n{text}" for name, text in body.items() if text) + "\n"


def scenario(
    folder, text, *, start="2021-07-20T16:00:00+08:00", stop="2021-07-20T17:00:00+08:00",
    drainage="routing_step_s = 1", more="",
):  # fmt: skip
    """A scenario on flat ground at 10 m over the network."""
    (folder / "net.inp").write_text(text)
    (folder / "s.toml").write_text(
        SCENARIO.format(start=start, stop=stop, drainage=drainage, more=more)
    )
    return load_scenario(folder / "s.toml")


def inputs_of(folder, text, **keys):
    return build_inputs(scenario(folder, text, **keys))


def run(folder, text, probe=lambda simulation: None, **keys):
    """The finished simulation, closed, and what `probe` saw at the end."""
    from cases import Silent

    simulation = Simulation(inputs_of(folder, text, **keys), folder)
    try:
        assert simulation.run(Silent()) == "complete"
        return simulation, probe(simulation)
    finally:
        simulation.close()


def codes(inputs):
    return {f.code: f for f in inputs.findings}


def alone(folder: Path, text: str) -> dict[str, float]:
    """SWMM by itself: the volumes of its flow routing continuity, m3, by their names."""
    from pyswmm import Simulation as Swmm

    path = folder / "alone.inp"
    path.write_text(text)
    with contextlib.redirect_stdout(io.StringIO()):
        swmm = Swmm(str(path))
        swmm.execute()
        swmm.close()
    report = path.with_suffix(".rpt").read_text()
    part = report[report.index("Flow Routing Continuity") :][:2500]
    rows = re.findall(r"^  ([A-Z][\w ]+?) \.+ +(-?[\d.]+) +(-?[\d.]+)", part, re.M)
    return {name: 1e3 * float(litres) for name, _, litres in rows}
