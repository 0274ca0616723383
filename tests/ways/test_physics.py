"""Rain, spaces, networks and water that cannot be, each mended as its message says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from analytical.test_stability import N, surface_on
from flood_sim.core.clock import Window
from flood_sim.core.errors import Finding
from flood_sim.drainage.swmm import SwmmNetwork
from flood_sim.ground.infiltration import GreenAmpt
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation
from flood_sim.sites.checks import space_faults
from flood_sim.sites.underground_inputs import Space, SpaceInputs, SumpPump
from flood_sim.surface.boundaries import Inflow, Series, constant
from flood_sim.surface.stability import refuse, refuse_beyond_physics
from ledger.test_second_sum import yard
from measured_town import town
from scenario.test_gridded_rain import FALLEN, field_of, write
from sewered import written
from ways_out import Way, check, follow, put

ALLOWED = "give what is allowed"
LEVELS = "check the levels of the passage and of both sites: one datum, in metres"
SPACE = "width_m = 2.0\n[[passages]]"


# ------------------------------------------------------------------------------------------ rain


def grid_rain(folder: Path) -> list[Finding]:
    """What reading the folder's rain.nc says; the scenario's own keys stand in keys.txt."""
    return list(field_of(folder, (folder / "keys.txt").read_text())[1])


def rained(says: str, do: str, first: dict, second: dict) -> Way:
    """Gridded rain: what rain.nc and the scenario hold, and both mended."""

    def made(folder: Path, keys: dict) -> None:
        write(folder, keys.get("amounts", FALLEN), keys.get("units", "mm"), **keys.get("more", {}))
        (folder / "keys.txt").write_text(keys.get("said", ""))

    return Way(
        "E501",
        says,
        do,
        lambda folder: made(folder, first),
        lambda folder, finding: made(folder, {**second, "said": unit_said(finding)}),
        grid_rain,
    )


def unit_said(finding: Finding) -> str:
    """The key that a way out names, as a line of the scenario."""
    found = re.search(r"set (quantity = \S+)", finding.do)
    return found[1] if found else ""


# -------------------------------------------------------------------------------- sites, sewers


def placed(
    says: str, do: str, *changes: str, code: str = "E507", more: str = "", give=check
) -> Way:
    """The town with a fault (changes: right, wrong, in the scenario), which is taken back."""

    def wrong(folder: Path) -> None:
        town(folder, more)
        for right, fault in zip(changes[::2], changes[1::2], strict=True):
            put("s.toml", right, fault)(folder)

    def mend(folder: Path, finding: Finding) -> None:
        for right, fault in zip(changes[::2], changes[1::2], strict=True):
            put("s.toml", fault, right)(folder)

    return Way(code, says, do, wrong, mend, give)


def spaced(says: str, do: str, first: dict, second: dict) -> Way:
    """A space of 5 to 8 m as a plugin's measure leaves it: volumes by level, and its pump."""

    def made(folder: Path, keys: dict) -> None:
        (folder / "space.json").write_text(json.dumps(keys))

    def give(folder: Path) -> list[Finding]:
        keys = json.loads((folder / "space.json").read_text())
        volume = np.array(keys.get("volume", [0.0, 30.0]))
        pumps = tuple(SumpPump("p", *pump) for pump in keys.get("pumps", []))
        space = Space("a", np.array([5.0, 8.0]), volume, (), pumps=pumps)
        return space_faults(SpaceInputs((space,)), lambda kind, name: f"[[{kind}]] {name}")

    return Way(
        "E507",
        says,
        do,
        lambda folder: made(folder, first),
        lambda folder, finding: made(folder, second),
        give,
    )


# ------------------------------------------------------------------------- water that runs away


def runs_away(folder: Path) -> list[Finding]:
    """Twenty seconds of water on the ground of run.json: depth (m), cells with their bed and depth,
    and an inflow (m3/s) into one of them.
    """
    said = json.loads((folder / "run.json").read_text())
    bed, depth = np.zeros((N, N)), np.full((N, N), 0.1)
    for row, column, level, water in said.get("cells", []):
        bed[row, column], depth[row, column] = level, water
    flow = np.full(2, said.get("inflow", 0.0))
    inflow = Inflow("works", np.array([[4, 9]]), Series(np.array([0.0, 100.0]), flow))
    surface = surface_on(bed, depth=depth, inflows=[inflow])
    for k in range(20):
        surface.advance(Window(float(k), float(k + 1)))
    return []


def away(code: str, says: str, first: dict, second: dict, words: str) -> Way:
    """Water that runs away on its ground, and the ground mended; words: the way out says them."""

    def mend(folder: Path, finding: Finding) -> None:
        assert words in finding.do
        (folder / "run.json").write_text(json.dumps(second))

    return Way(
        code,
        says,
        "",
        lambda folder: (folder / "run.json").write_text(json.dumps(first)),
        mend,
        runs_away,
    )


def disturbed(code: str, says: str, do: str, words: str, touch, look=None) -> Way:
    """Two minutes of the yard whose spring is given in litres, not cubic metres, a second. No input
    is known to end so: in the first call alone the model is touched, as its failure would be.
    touch(simulation) : before the second output;  look(surface) : what is looked at then.
    """

    def give(folder: Path) -> list[Finding]:
        flow = json.loads((folder / "flow.json").read_text())
        spring = Inflow("spring", np.array([[9, 2]]), constant(flow))
        simulation = Simulation(yard(inflows=(spring,)), None)
        for window in simulation.clock.windows():
            simulation.advance(window)
            if window.stop == 70.0 and flow > 1.0:
                touch(simulation)
            if window.stop == 70.0 and look is not None:
                look(simulation.surface)
            if window.stop >= 120.0:
                break
        return []

    def mend(folder: Path, finding: Finding) -> None:
        assert words in finding.do
        (folder / "flow.json").write_text("0.005")

    return Way(
        code,
        says,
        do,
        lambda folder: (folder / "flow.json").write_text("5.0"),
        mend,
        give,
    )


def owed(simulation: Simulation) -> None:
    """5 m of water that a cell beside the spring has given and did not have."""
    simulation.surface._cells.carry[simulation.surface._view][9, 3] -= 5.0
    simulation.surface._cells.depth[simulation.surface._view][2:4, :8] += 5.0 / 16.0


def deep(simulation: Simulation) -> None:
    simulation.surface._cells.depth[simulation.surface._view][9, 3] = 4000.0


def fast(simulation: Simulation) -> None:
    simulation.surface._flow.x[simulation.surface._view][9, 3] = 60.0


def signal(simulation: Simulation) -> None:
    simulation.surface._state.fastest[0] = 60.0


def beyond(simulation: Simulation) -> None:
    simulation.surface._state.fastest[0] = 150.0


def stale(simulation: Simulation) -> None:
    """From then on the cells are summed up no more."""
    surface, honest = simulation.surface, simulation.surface._sum_up
    surface._sum_up = lambda: None if surface.time_s > 116.0 else honest()


def drain(simulation: Simulation) -> None:
    simulation.sites.spaces.volume[0] -= 200.0


def backwards(folder: Path) -> None:
    """A conduit of the small network begins with a flow against its own direction."""
    written(folder)
    put("n.inp", "C J1 O 10 0.013 0 0 0 0", "C J1 O 10 0.013 0 0 -5 0")(folder)


def opened(folder: Path) -> list[Finding]:
    """The folder's network as SWMM begins with it. This SWMM takes such a conduit to be empty: an
    engine that takes it to hold less is put in its place.
    """
    inputs = build_inputs(load_scenario(folder / "s.toml"))
    with pytest.MonkeyPatch.context() as patch:
        if "-5" in (folder / "n.inp").read_text():
            patch.setattr(SwmmNetwork, "volumes", lambda self: (np.zeros(2), np.array([-1.0])))
        Simulation(inputs, folder).close()
    return []


def at_the_start(folder: Path) -> list[Finding]:
    """A closed yard that begins with the depths of depth.npy."""
    Simulation(yard(initial_depth=np.load(folder / "depth.npy")), None).close()
    return []


def soil(folder: Path) -> list[Finding]:
    """Soils by the three fields of soil.npy."""
    GreenAmpt(*np.load(folder / "soil.npy"))
    return []


def arrays(says: str, do: str, name: str, right: np.ndarray, fault: np.ndarray, give) -> Way:
    """An array of the notebook's user with a fault, and without."""
    return Way(
        "E509",
        says,
        do,
        lambda folder: np.save(folder / name, fault),
        lambda folder, finding: np.save(folder / name, right),
        give,
    )


DEPTH = np.full((12, 12), 0.2)
SOIL = np.full((3, 2, 2), 0.1)
WAYS = [
    rained(
        "rain below zero in … layers",
        "mend the file: is that a value for missing cells that it does not declare?",
        {"amounts": [10.0, -9999.0, 20.0, 5.0]},
        {"amounts": [10.0, 0.0, 20.0, 5.0]},
    ),
    rained(
        "the file's unit is not that of `quantity`",
        'set quantity = "…"',
        {"units": "kg m-2 s-1", "amounts": FALLEN / 3600.0},
        {"units": "kg m-2 s-1", "amounts": FALLEN / 3600.0},
    ),
    rained(
        "… mm/h at the peak",
        "check the unit and interval_s: rate_mm_h, depth_mm",
        {"units": "m"},
        {"units": "mm"},
    ),
    placed("it lies over the ceilings of …", LEVELS, "7.0\n" + SPACE, "70.0\n" + SPACE),
    placed("it lies under the floors of …", LEVELS, "7.0\n" + SPACE, "0.7\n" + SPACE),
    placed(
        "it starts over the ceiling, so it never runs in time",
        "lower start_depth_m",
        "catchment_ha = 0.008",
        "catchment_ha = 0.008\npumps = [{ capacity_m3_s = 0.1, start_depth_m = 3.5 }]",
    ),
    spaced(
        "it would pump on where the space is empty",
        "give start_depth_m and stop_depth_m over the floor, the stop lower",
        {"pumps": [[0.1, 5.1, 5.3]]},
        {"pumps": [[0.1, 5.3, 5.1]]},
    ),
    spaced(
        "its capacity is no amount of water",
        ALLOWED,
        {"pumps": [[0.0, 5.3, 5.1]]},
        {"pumps": [[0.1, 5.3, 5.1]]},
    ),
    spaced(
        "the table does not rise from an empty floor",
        "give level and volume from the floor to the ceiling",
        {"volume": [10.0, 30.0]},
        {"volume": [0.0, 30.0]},
    ),
    placed(
        "its sill lies under the floor of the space: water would come out of an empty space",
        "check floor_elevation_m (or cover_m, stage_volume) and the sill: levels of one datum, in"
        " metres",
        "catchment_ha = 0.008",
        "catchment_ha = 0.008\nfloor_elevation_m = 60.0",
    ),
    placed(
        "the space does not hold this water at the start",
        "give a depth between 0 and … m",
        "catchment_ha = 0.008",
        "catchment_ha = 0.008\ninitial_depth_m = 5.0",
    ),
    away(
        "E502",
        "the water on the ground has no volume…",
        {"inflow": float("nan")},
        {"inflow": 1.0},
        "m3/s",
    ),
    away(
        "E503",
        "the stable time step fell to … ……",
        {"cells": [[12, 5, -9.0e7, 9.0e7]]},
        {},
        "fill it",
    ),
    disturbed(
        "E504",
        "this volume is negative: water was taken that was not there, or came from nothing…",
        "",
        "check its unit (m3/s)",
        owed,
    ),
    disturbed(
        "E504",
        "…: a volume below zero, so water came from nothing elsewhere",
        "check levels and units of what gives or takes this water",
        "units",
        drain,
    ),
    disturbed("E505", "two sums of one store differ by … m3…", "", "check its unit (m3/s)", stale),
    disturbed(
        "E502",
        "water and its waves run at … m/s…",
        "",
        "check its unit (m3/s)",
        beyond,
        lambda surface: refuse(surface, None),
    ),
    Way(
        "E508",
        "it holds less than nothing at the start",
        "check its initial depth (or flow) and its storage curve",
        backwards,
        put("n.inp", "0 0 -5 0", "0 0 0 0"),
        opened,
    ),
    disturbed(
        "E506",
        "the deepest cell holds … m3, all water of the model is … m3…",
        "",
        "check its unit (m3/s)",
        deep,
        lambda surface: refuse_beyond_physics(surface, 1e5),
    ),
    disturbed(
        "E506",
        "water runs faster than any fall explains. ……",
        "",
        "check its unit (m3/s)",
        fast,
        lambda surface: refuse_beyond_physics(surface, 1e6),
    ),
    disturbed(
        "E506",
        "water and its waves run at … m/s. ……",
        "",
        "check its unit (m3/s)",
        signal,
        lambda surface: refuse(surface, None),
    ),
    arrays(
        "a value of the soil is below zero or no number: it would give water",
        "look through the table of land cover",
        "soil.npy",
        SOIL,
        -SOIL,
        soil,
    ),
    arrays(
        "… cells begin with a depth below zero, or with none; first row …, column …",
        "check the raster of depths",
        "depth.npy",
        DEPTH,
        DEPTH - 0.5,
        at_the_start,
    ),
]

REPORT = "a fault of flood_sim: asks for a report"
SENT = (
    "look at which line of the table is too large for its cause; then send the scenario with this"
    " message"
)
# Messages that no test follows, and why.
WITHOUT = {
    ("E505", "the volume error is … at … s, allowed …", SENT): REPORT,
    (
        "E505",
        "the volume is not a number: a cell, SWMM or a site has lost its value",
        SENT,
    ): REPORT,
}


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
