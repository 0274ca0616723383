"""No water from nothing: inputs that could make or lose water without a word. Each is refused, or
stopped, or its books close and no store is negative.

A case is a scenario with one fault. "Held" is one of: InputError (refused), RunFailedError
(stopped), or a complete run whose second sums agree.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from flood_sim.core.clock import Window
from flood_sim.core.errors import InputError, RunFailedError
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation
from flood_sim.simulation.volume_check import Models, least_contents, second_sums

REFUSED, STOPPED, CLOSED, ERROR = "refused", "stopped", "closed", "traceback"
CLOSES = 1.0e-6  # of the water that took part

PLAIN = """
schema = 1
name = "yard"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:20:00+08:00
[terrain]
bed_elevation = { columns = 12, rows = 12, cell_size_m = 10.0, level_m = 10.0 }
[initial]
depth = 0.0
[surface]
precision = "float64"
scheme = "local_inertial"
window_s = 5
[output]
interval_s = 60
"""
POND = PLAIN.replace("depth = 0.0", "depth = 0.5")
GARAGE = """
[[sites]]
name = "garage"
kind = "underground"
location_m = [65.0, 65.0]
sill_height_m = 0.15
width_m = 6.0
floor_area_m2 = 400.0
height_m = 3.0
"""
SUMP = """
[measure.sump]
kind = "sump_pumps"
targets = ["garage"]
start_depth_m = 9.0
always_powered = true
[portfolio.built]
measures = ["sump"]
"""
METRO = """
[[sites]]
name = "metro"
kind = "underground"
type = "metro"
location_m = [25.0, 25.0]
sill_height_m = 0.3
floor_area_m2 = 300.0
height_m = 4.0
"""
TUNNEL = """
[[passages]]
name = "way"
from_site = "garage"
to_site = "metro"
sill_elevation_m = @SILL
width_m = 3.0
height_m = 2.5
"""
INP = """[TITLE]
case
[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
LINK_OFFSETS DEPTH
INERTIAL_DAMPING PARTIAL
MIN_SURFAREA 1.167
HEAD_TOLERANCE 0.0005
MAX_TRIALS 20
[JUNCTIONS]
M 8 2 0 0 0
Q 5.8 4 0 0 0
[OUTFALLS]
O 5.2 FREE NO
[STORAGE]
S 6 4 0 FUNCTIONAL 0 0 50 0 0
[CONDUITS]
C M S 100 0.013 0 0 0 0
E Q O 100 0.013 0 0 0 0
D S Q 50 0.013 0 0 0 0
[PUMPS]
P S Q PC OFF 9 8
[XSECTIONS]
C CIRCULAR 0.5 0 0 0
E CIRCULAR 0.6 0 0 0
D CIRCULAR 0.5 0 0 0
[CURVES]
PC PUMP2 0 0.1
PC 9 0.1
[COORDINATES]
M 25 25
Q 501 500
S 500 500
O 502 500
"""
SEWERS = """
[drainage]
kind = "swmm"
network = "street.inp"
coupling_step_s = 2
routing_step_s = 1
default_inlet = "open_shaft"
"""
RAIN = '[rainfall]\nkind = "series"\nfile = "rain.csv"\nlabel = "left"\ninterval_s = 600\n'


class Case(NamedTuple):
    """A scenario with one fault; files: name to text. outcomes: what may come of it, `CLOSED` where
    the fault makes no water.
    """

    name: str
    text: str
    files: dict[str, str] = {}
    outcomes: tuple[str, ...] = (REFUSED, STOPPED, CLOSED)
    portfolio: str = "baseline"


def _garage(old: str, new: str, base: str = PLAIN) -> str:
    assert old in GARAGE
    return base + GARAGE.replace(old, new)


def _sewers(old: str = "", new: str = "", more: str = "") -> dict[str, str]:
    assert old in INP
    return {"street.inp": INP.replace(old, new, 1) + more}


def underground() -> list[Case]:
    """Spaces that cannot be."""
    height, area = "height_m = 3.0", "floor_area_m2 = 400.0"
    refused = (REFUSED,)
    table = "stage_volume = "
    tables = {
        "falls in volume": "[[6.0, 0.0], [7.0, 400.0], [8.0, 300.0]]",
        "falls in stage": "[[6.0, 0.0], [5.0, 400.0]]",
        "first volume not 0": "[[6.0, 5.0], [7.0, 400.0]]",
        "first volume negative": "[[6.0, -5.0], [7.0, 400.0]]",
        "one row": "[[6.0, 0.0]]",
        "level twice": "[[6.0, 0.0], [7.0, 100.0], [7.0, 200.0]]",
        "floor over sill": "[[16.0, 0.0], [19.0, 400.0]]",
        "not a number": "[[6.0, 0.0], [nan, 400.0]]",
    }
    pump = "\npumps = [{ capacity_m3_s = 0.1, start_depth_m = %s, stop_depth_m = %s }]"
    pair = PLAIN + GARAGE + METRO
    cases = [
        Case(
            "floor over sill", _garage(height, f"{height}\nfloor_elevation_m = 30.0"), {}, refused
        ),
        Case("floor at sill", _garage(height, f"{height}\nfloor_elevation_m = 10.15"), {}, refused),
        Case(
            "cover lifts the floor over the sill",
            _garage(height, f"{height}\ncover_m = -4.0"),
            {},
            refused,
        ),
        Case(
            "sill far below",
            _garage("sill_height_m = 0.15", "sill_elevation_m = -20.0\nfloor_elevation_m = 6.0"),
            {},
            refused,
        ),
        Case(
            "one sill of two below the floor",
            _garage(
                "location_m = [65.0, 65.0]\nsill_height_m = 0.15",
                "openings = [{ location_m = [65.0, 65.0] }, { location_m = [25.0, 65.0],"
                " sill_elevation_m = 3.0 }]\nfloor_elevation_m = 6.0",
            ),
            {},
            refused,
        ),
        Case(
            "deeper than the ceiling",
            _garage(height, f"{height}\ninitial_depth_m = 3.5"),
            {},
            refused,
        ),
        Case("negative depth", _garage(height, f"{height}\ninitial_depth_m = -0.5"), {}, refused),
        Case(
            "pump starts over the ceiling", _garage(height, height + pump % (3.5, 0.1)), {}, refused
        ),
        Case("pump stops over its start", _garage(height, height + pump % (0.1, 0.2)), {}, refused),
        Case(
            "pump out of an empty place",
            _garage(height, height + pump % (0.0, 0.0)),
            {},
            (CLOSED, REFUSED),
        ),
        Case(
            "a measure's pump starts over the ceiling", PLAIN + GARAGE + SUMP, {}, refused, "built"
        ),
        Case("passage under both floors", pair + TUNNEL.replace("@SILL", "-50.0"), {}, refused),
        Case("passage over both ceilings", pair + TUNNEL.replace("@SILL", "40.0"), {}, refused),
        Case(
            "full and drained over its sill",
            _garage(
                "sill_height_m = 0.15",
                "sill_height_m = 0.0\nfloor_elevation_m = 8.0\ninitial_depth_m = 3.0",
            ),
            {},
            (CLOSED,),
        ),
        Case(
            "garage and metro, a sound passage",
            POND + GARAGE + METRO + TUNNEL.replace("@SILL", "6.3"),
            {},
            (CLOSED,),
        ),
    ]
    return cases + [
        Case(f"table {name}", _garage(f"{area}\n{height}", table + rows), {}, refused)
        for name, rows in tables.items()
    ]


def surface() -> list[Case]:
    """What stands on the ground, comes in and is taken."""
    point = '[[boundaries]]\nkind = "point_inflow"\nname = "spring"\nlocation_m = [65.0, 65.0]\n'
    stage = '[[boundaries]]\nkind = "stage_series"\nedge = "west"\nlevel_m = %s\n'
    weir = (
        '[[structures]]\nkind = "weir"\nname = "w"\nline_m = [[60.0, 0.0], [60.0, 120.0]]\ncrest_m'
        " = %s\n"
    )
    dyke = (
        weir.replace("weir", "dyke")
        % 11.0
        + "breach = { location_m = [60.0, 60.0], width_m = 20.0, begin_s = 60.0, sinking_s = 60.0,"
        " level_m = %s }\n"
    )
    gate = (
        '[[structures]]\nkind = "gate"\nname = "g"\nline_m = [[60.0, 0.0], [60.0, 120.0]]\nsill_m ='
        " %s\nopening_m = 0.5\n"
    )
    culvert = (
        '[[structures]]\nkind = "culvert"\nname = "c"\nfrom_m = %s\nto_m = %s\nheight_m = 1.0\n'
    )
    pump = (
        '[[structures]]\nkind = "pump"\nname = "p"\nfrom_m = %s\nto_m = %s\ncapacity_m3_s = 50.0\n'
    )
    half = POND.replace("depth = 0.5", "depth = 0.0\nstage = [{ level_m = %s }]")
    here, there = "[15.0, 15.0]", "[95.0, 95.0]"
    return [
        Case("discharge below zero", PLAIN + point + "discharge_m3_s = -1.0\n"),
        Case(
            "discharge series below zero",
            PLAIN + point + 'file = "q.csv"\n',
            {"q.csv": "time_s,discharge_m3_s\n0,1\n600,-2\n"},
        ),
        Case(
            "discharge that is no number",
            PLAIN + point + 'file = "q.csv"\n',
            {"q.csv": "time_s,discharge_m3_s\n0,1\n600,nan\n"},
        ),
        Case("discharge in L/s", PLAIN + point + "discharge_m3_s = 100000.0\n"),
        Case(
            "initial depth below zero", POND.replace("depth = 0.5", "depth = -0.5"), {}, (REFUSED,)
        ),
        Case("initial stage under the bed", half % "5.0", {}, (CLOSED, REFUSED)),
        Case("edge stage under the bed", POND + stage % "-100.0"),
        Case("edge stage 50 m over the ground", PLAIN + stage % "60.0"),
        Case(
            "rain below zero",
            PLAIN + RAIN,
            {"rain.csv": "time_s,rate_mm_h\n0,50\n600,-50\n"},
            (REFUSED,),
        ),
        Case(
            "rain that is no number",
            PLAIN + RAIN,
            {"rain.csv": "time_s,rate_mm_h\n0,50\n600,nan\n"},
            (REFUSED,),
        ),
        Case("rain of 1e9 mm/h", PLAIN + RAIN, {"rain.csv": "time_s,rate_mm_h\n0,50\n600,1e9\n"}),
        Case(
            "evaporation below zero",
            POND + '[evaporation]\nfile = "e.csv"\n',
            {"e.csv": "time_s,rate_mm_d\n0,5\n600,-5\n"},
            (REFUSED,),
        ),
        Case(
            "evaporation beyond the store",
            POND + '[evaporation]\nfile = "e.csv"\n',
            {"e.csv": "time_s,rate_mm_d\n0,100000\n"},
        ),
        Case(
            "soil that takes more than there is",
            POND + '[infiltration]\nkind = "constant"\nrate_mm_h = 500.0\n',
            {},
            (CLOSED,),
        ),
        Case(
            "soil with a capacity that rises",
            POND
            + '[infiltration]\nkind = "horton"\nfirst_mm_h = 1.0\nlast_mm_h = 50.0\ndecay_1_h ='
            " 1.0\n",
        ),
        Case(
            "soil without room",
            POND + '[infiltration]\nkind = "green_ampt"\nconductivity_mm_h = 500.0\nsuction_mm ='
            " 2000.0\ndeficit = 0.0\n",
        ),
        Case("weir in the ground", POND + weir % "2.0"),
        Case("weir far over the ground", POND + weir % "1000.0"),
        Case("gate under the bed", POND + gate % "-20.0"),
        Case("breach to under the bed", POND + dyke % "-50.0"),
        Case("culvert with both ends in one cell", POND + culvert % (here, here), {}, (REFUSED,)),
        Case(
            "culvert 99 m under the ground",
            POND + culvert % (here, there) + "from_level_m = -89.0\nto_level_m = -89.0\n",
        ),
        Case(
            "culvert that rises 20 m",
            POND + culvert % (here, there) + "from_level_m = 10.0\nto_level_m = 30.0\n",
        ),
        Case("pump out of a dry cell", PLAIN + pump % (here, there)),
        Case("pump onto its own cell", POND + pump % (here, here)),
        Case("pump larger than its pond", POND + pump % (here, there), {}, (CLOSED, REFUSED)),
        Case(
            "facility without an area",
            POND
            + '[[facilities]]\nkind = "permeable_paving"\nname = "f"\npolygon = "f.geojson"\nshare'
            " = 0.0\n",
            {},
            (REFUSED,),
        ),
    ]


def sewers() -> list[Case]:
    """Networks that SWMM takes, and what comes of them on the street."""
    base, inflow = POND + SEWERS, '\n[INFLOWS]\nM FLOW "" FLOW 1.0 1.0 %s\n'
    return [
        Case("sound", base, _sewers(), (CLOSED,)),
        Case("negative inflow", base, _sewers(more=inflow % "-0.5")),
        Case("negative inflow of an empty network", PLAIN + SEWERS, _sewers(more=inflow % "-5.0")),
        Case("large inflow", PLAIN + SEWERS, _sewers(more=inflow % "50.0")),
        Case(
            "storage that shrinks upwards",
            base,
            _sewers(
                "S 6 4 0 FUNCTIONAL 0 0 50 0 0",
                "S 6 4 0 TABULAR SC 0 0",
                "\n[CURVES]\nSC STORAGE 0 100\nSC 4 -100\n",
            ),
        ),
        Case(
            "storage with a negative area", base, _sewers("FUNCTIONAL 0 0 50", "FUNCTIONAL 0 0 -50")
        ),
        Case("storage without an area", base, _sewers("FUNCTIONAL 0 0 50", "FUNCTIONAL 0 0 0")),
        Case("initial depth of a node", PLAIN + SEWERS, _sewers("M 8 2 0 0 0", "M 8 2 1.9 0 0")),
        Case("initial depth over the rim", PLAIN + SEWERS, _sewers("M 8 2 0 0 0", "M 8 2 20 0 0")),
        Case("negative initial depth", PLAIN + SEWERS, _sewers("S 6 4 0", "S 6 4 -2")),
        Case("initial depth of a store", PLAIN + SEWERS, _sewers("S 6 4 0", "S 6 4 3.9")),
        Case(
            "outfall stage over the street",
            PLAIN + SEWERS,
            _sewers("O 5.2 FREE NO", "O 8.8 FIXED 30 NO"),
        ),
        Case("negative length", base, _sewers("C M S 100", "C M S -100")),
        Case("negative diameter", base, _sewers("C CIRCULAR 0.5", "C CIRCULAR -0.5")),
        Case(
            "negative pump curve",
            base,
            _sewers("PC PUMP2 0 0.1\nPC 9 0.1", "PC PUMP2 0 -0.1\nPC 9 -0.1"),
        ),
        Case(
            "evaporation of a store",
            base,
            _sewers(
                "S 6 4 0 FUNCTIONAL 0 0 50 0 0",
                "S 6 4 0 FUNCTIONAL 0 0 50 0 1",
                "\n[EVAPORATION]\nCONSTANT 5000\n",
            ),
        ),
        Case(
            "negative evaporation of a store",
            base,
            _sewers(
                "S 6 4 0 FUNCTIONAL 0 0 50 0 0",
                "S 6 4 0 FUNCTIONAL 0 0 50 0 1",
                "\n[EVAPORATION]\nCONSTANT -5000\n",
            ),
        ),
        Case(
            "negative seepage of a store",
            base,
            _sewers("FUNCTIONAL 0 0 50 0 0", "FUNCTIONAL 0 0 50 0 0 100 -5 0.3"),
        ),
        Case("negative seepage of a pipe", base, _sewers(more="\n[LOSSES]\nC 0 0 0 NO -500\n")),
        Case("dry weather flow below zero", base, _sewers(more="\n[DWF]\nM FLOW -0.5\n")),
    ]


KINDS: dict[str, Callable[[], list[Case]]] = {
    "underground": underground,
    "surface": surface,
    "sewers": sewers,
}


class _Silent:
    def record(self, simulation: Simulation, window: Window) -> None: ...


def outcome(case: Case, folder: Path) -> tuple[str, str]:
    """What comes of a case, and the first line of what is said."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**case.files, "s.toml": case.text}.items():
        (folder / name).write_text(text)
    try:
        simulation = Simulation(
            build_inputs(load_scenario(folder / "s.toml"), case.portfolio), folder
        )
    except InputError as error:
        return REFUSED, str(error)
    except Exception:  # the campaign's finding
        return ERROR, traceback.format_exc()
    try:
        simulation.run(_Silent())
        simulation.ledger.judge()
        return CLOSED if closes(simulation) else "open", str(simulation.ledger)
    except RunFailedError as error:
        return STOPPED, str(error)
    except Exception:
        return ERROR, traceback.format_exc()
    finally:
        simulation.close()


def closes(simulation: Simulation) -> bool:
    """Whether the books close and every store agrees with its fields, none below zero."""
    models = Models(
        simulation.ledger,
        simulation.surface,
        simulation.exchange,
        simulation.network,
        simulation.sites.spaces,
    )
    wrong = any(s.apart for s in second_sums(models)) or any(
        s.negative for s in least_contents(models)
    )
    return not wrong and abs(simulation.ledger.error) <= CLOSES * simulation.ledger.took_part + 1e-6


def every_case() -> list[tuple[str, Case]]:
    return [(kind, case) for kind, make in KINDS.items() for case in make()]


def campaign(count: int, folder: Path) -> list[dict]:
    """Rows of the benchmark `hold`: the first `count` cases of each kind."""
    rows = []
    for kind, make in KINDS.items():
        cases = make()[:count]
        results = [(case, *outcome(case, folder / f"{kind}_{k}")) for k, case in enumerate(cases)]
        failed = [f"{case.name}: {what}" for case, what, _ in results if what not in case.outcomes]
        seen = Counter(what for _, what, _ in results)
        note = "; ".join(failed[:5]) or ", ".join(f"{n} {what}" for what, n in sorted(seen.items()))
        rows.append(
            {
                "kind": f"water: {kind}",
                "tried": len(cases),
                "held": len(cases) - len(failed),
                "note": note,
            }
        )
    return rows


if __name__ == "__main__":
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        for number, (kind, case) in enumerate(every_case()):
            if len(sys.argv) > 1 and sys.argv[1] not in f"{kind} {case.name}":
                continue
            what, said = outcome(case, Path(scratch) / str(number))
            lines = [line for line in said.strip().splitlines() if line.strip()]
            mark, line = (
                "ok " if what in case.outcomes else "BAD",
                lines[-1 if what == ERROR else 0],
            )
            print(f"{mark} {kind:12}{case.name:42}{what:10}{line.strip()[:150]}")
