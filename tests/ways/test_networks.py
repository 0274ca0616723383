"""Mistakes of networks, inlets and sites, each mended as its message says."""

import re
import shlex
import shutil
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from console import flood_sim
from coupling.test_network_as_meant import GATE, LID, NOTCH, grid_of_nodes
from coupling.test_network_clock import DATED, INFLOW, PATTERN, RAIN, TIDE
from coupling.test_on_grade import built
from flood_sim.analysis.network import open_network, way_between
from flood_sim.core.errors import Finding, InputError
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.inp_files import close_files
from flood_sim.results import open_results
from flood_sim.runs.runner import Keeping, run_scenario
from flood_sim.runs.underway import Listener
from flood_sim.scenario import build_inputs, load_scenario
from sewer_cases import PARTS, alone, net, scenario
from sewered import TEXT, written
from sites.test_actions import ENTRANCE
from sites.test_site_measures import BARRIER
from sites.test_underground import GARAGE, lake
from ways.test_times import ended, key, said
from ways_out import Way, check, command, follow, put

NET = "net.inp"


# ---------------------------------------------------------------------------------------- mistakes
def sewers(text: str = "", **keys):
    """A small street over a network; keys : options of tests/sewer_cases.py."""

    def make(folder: Path) -> None:
        scenario(folder, text or net(), **keys)

    return make


def inlets(head: str, *rows: str, keys: str = ""):
    """A table of inlets along a street of 1 %."""

    def make(folder: Path) -> None:
        with suppress(InputError):
            built(folder, [f"node,kind{head}", *rows], keys)

    return make


def row(old: str, new: str):
    return put("inlets.csv", old, new)


def network(old: str, new: str):
    return put(NET, old, new)


def added(lines: str, name: str = NET):
    """Lines at the end of a file."""

    def mend(folder: Path, finding: Finding) -> None:
        path = folder / name
        path.write_text(path.read_text() + lines)

    return mend


def all_of(*mends):
    def mend(folder: Path, finding: Finding) -> None:
        for one in mends:
            one(folder, finding)

    return mend


def table_of_inlets(folder: Path, finding: Finding) -> None:
    (folder / "inlets.csv").write_text("node,kind\nJ1,open_shaft\nJ2,open_shaft\n")
    added('inlets = "inlets.csv"\n', "s.toml")(folder, finding)


def moved(folder: Path, finding: Finding) -> None:
    """The network lower by what its rims stand over the ground in the middle."""
    shift = float(re.search(r"([+-][\d.]+) m", finding.problem)[1])
    path = folder / NET
    lower = lambda found: f"{found[1]} {float(found[2]) - shift:g} "  # noqa: E731
    path.write_text(re.sub(r"(?m)^(N\d+|O) ([\d.]+) (?=[\dF])(?=.* .*)", lower, path.read_text()))


def split(folder: Path, finding: Finding) -> None:
    """The rows of a series one a line."""
    path = folder / NET
    (line,) = [text for text in path.read_text().splitlines() if text.startswith("TS ")]
    words = line.split()[1:]
    rows = [f"TS {time} {value}" for time, value in zip(words[::2], words[1::2], strict=True)]
    put(NET, line, "\n".join(rows))(folder)


# ------------------------------------------------------------------------------------ hot starts
START_10 = {"start": "2021-07-20T16:10:00+08:00"}


def warm(folder: Path, end: str) -> None:
    """A hot start that SWMM saves by itself."""
    alone(
        folder,
        net(
            {"START_TIME": "15:00:00", "END_TIME": end},
            FILES=f'SAVE HOTSTART "{folder}/warm.hsf"',
        ),
    )


def hot(folder: Path) -> None:
    warm(folder, "16:00:00")
    scenario(folder, net(FILES="USE HOTSTART warm.hsf"), **START_10)


def hot_at_the_start(folder: Path, finding: Finding) -> None:
    warm(folder, "16:10:00")
    put(NET, "START_TIME 16:00:00", "START_TIME 16:10:00")(folder)


FLOWS = """SWMM5 Interface File
case
300 - reporting time step in sec
1 - number of constituents as listed below:
FLOW CMS
1 - number of nodes as listed below:
J1
Node Year Mon Day Hr Min Sec FLOW
J1 2021 07 20 16 {0:02d} 00 0.1
J1 2021 07 20 17 {0:02d} 00 0.1
"""


def flows(folder: Path) -> None:
    (folder / "flows.txt").write_text(FLOWS.format(0))
    scenario(folder, net(FILES="USE INFLOWS flows.txt"), **START_10)


def flows_at_the_start(folder: Path, finding: Finding) -> None:
    assert "2021-07-20 16:10" in finding.do
    (folder / "flows.txt").write_text(FLOWS.format(10))
    put(NET, "START_TIME 16:00:00", "START_TIME 16:10:00")(folder)


# -------------------------------------------------------------------------------------------- runs
MINUTES = TEXT.replace("coupling_step_s = 1", "coupling_step_s = 10")


@cache
def sewered() -> TemporaryDirectory[str]:
    """A run of ten minutes with sewers, run once; in `cut` what a kill after two would leave."""
    kept = TemporaryDirectory()
    folder = Path(kept.name)

    def copied(simulation) -> None:
        if simulation.time_s <= 10.0:
            time.sleep(0.6)  # a checkpoint is due
        if simulation.time_s == 120.0:
            shutil.copytree(folder / "out", folder / "cut")

    keeping, listener = Keeping(checkpoint_s=0.5), Listener(progress=copied)
    done = run_scenario(
        written(folder, MINUTES), folder / "out", threads=1, keeping=keeping, listener=listener
    )
    assert done.exit_code == 0
    return kept


def asked(kept, words: str):
    """A finished run, and the words of a command about it."""

    def make(folder: Path) -> None:
        shutil.copytree(kept().name, folder, dirs_exist_ok=True)
        (folder / "words").write_text(words)

    return make


def about_it(folder: Path) -> list[Finding]:
    return command(*(folder / "words").read_text().split())(folder)


def way_down(folder: Path) -> list[Finding]:
    """What `section` looks for, without its picture."""
    found = open_network(open_results(folder / "out"))
    way_between(found, *map(found.number, (folder / "words").read_text().split()))
    return []


def one_of_them(folder: Path, finding: Finding) -> None:
    put("words", "nowhere", re.search(r"one of (\w+)", finding.do)[1])(folder)


def resumed(folder: Path, finding: Finding) -> None:
    words = shlex.split(finding.do)
    assert words[:3] == ["flood-sim", "run", "--resume"]
    assert flood_sim(*words[1:], "--no-report").returncode == 0


def run_with_sewers(folder: Path, finding: Finding) -> None:
    written(folder, MINUTES)
    again = flood_sim(
        "run", folder / "s.toml", "--out", folder / "out", "--overwrite", "--no-report"
    )
    assert again.returncode == 0


def of_a_run(folder: Path) -> list[Finding]:
    """What a run says at its end."""
    done = run_scenario(
        load_scenario(folder / "s.toml"), folder / "out", threads=1, keeping=Keeping(True)
    )
    keys = ("code", "place", "problem", "given", "allowed", "do")
    return [Finding(**{k: f.get(k, "") for k in keys}) for f in done.summary["findings"]]


# ----------------------------------------------------------------------------------------- others
ASK_SWMM = command("check", "{}/s.toml")


def by_swmm_too(folder: Path) -> list[Finding]:
    return [*check(folder), *ASK_SWMM(folder)]


def lines(folder: Path) -> list[Finding]:
    """A network that a program hands over line by line."""
    text = (folder / "lines").read_text().split("|")
    close_files(InpFile(folder / NET, text))
    return []


def site(text: str):
    def make(folder: Path) -> None:
        (folder / "s.toml").write_text(lake(0.1) + text)

    return make


def of_the_portfolio(folder: Path) -> list[Finding]:
    return build_inputs(load_scenario(folder / "s.toml"), "it").findings


ROOM = (
    '[[sites]]\nname = "room"\nkind = "critical"\nlocation_m = [7500.0, 7500.0]\n'
    "failure_elevation_m = 2.0\n"
)
BARE, _, ACTION = BARRIER.partition("[[actions]]")
ONE_UNKNOWN = PARTS["CONDUITS"].replace("J1 J2", "J1 JX")
TWO_UNKNOWN = PARTS["CONDUITS"].replace("J1 J2", "J1 JX").replace("J2 O1", "J2 JY")
ROWS = "TS " + " ".join(f"{k // 60}:{k % 60:02d} 0.1" for k in range(120))
REGULAR = [*range(0, 26, 5), *range(45, 60, 5)]
LACKING = "\n".join(f"TS 0:{m:02d} 0.1" for m in REGULAR) + "\nTS 1:00 0.1"
PLACED = f"[COORDINATES]\n{PARTS['COORDINATES']}\n"
NO_INFLOW = "give what flows in; an abstraction is a pump or an outlet"
DATES = "give them the dates of the run, or run at theirs"
OTHER_NAME = "mend the network, or the table that names it"
PLACES = "the .inp needs [COORDINATES] in the terrain's system; or set coupled = false"
EARLIER = {"start": "2021-07-20T15:30:00+08:00"}
UTC = {"start": "2021-07-20T00:00:00Z", "stop": "2021-07-20T01:00:00Z"}
SHORTEST, SHORT = (PARTS["CONDUITS"].replace(" 50 ", f" {m} ") for m in (1, 5))
FINE = {"HEAD_TOLERANCE": "0.000000001"}
SLOW = {"INFLOWS": INFLOW, "TIMESERIES": "TS 0:00 0.1\nTS 1:00 0.2"}
PULSE = {"INFLOWS": INFLOW, "TIMESERIES": "TS 0:00 0.1\nTS 0:05 0.4\nTS 0:10 0.1"}
TEN = {"stop": "2021-07-20T16:10:00+08:00"}
DRAINED = {"RDII": "J1 UH1 1", "HYDROGRAPHS": "UH1 G",
           "RAINGAGES": "G INTENSITY 1:00 1 TIMESERIES R"}  # fmt: skip
GRATES = {"XSECTIONS": "C1 RECT_OPEN 1 2 0 0\nC2 CIRCULAR 0.5 0 0 0",
          "STREETS": "ST 5 0.15 2 0.016 0 0 1", "INLETS": "IN GRATE 2 2 P_BAR-50",
          "INLET_USAGE": "C1 IN J2 1 0 0 0 0"}  # fmt: skip
GUTTER = ",cross_slope,long_slope,gutter_width_m,gutter_slope"

WAYS = [
    # ------------------------------------------------------------------------------------ network
    Way("E401", "SWMM knows no such section", "rename or remove the section",
        sewers(net() + "\n[MYSECTION]\nA 1\n"), network("\n[MYSECTION]\nA 1\n", "")),
    Way("E401", "SWMM refuses the network, … times for this",
        "mend this line of the network, then `flood-sim check`",
        sewers(net(CONDUITS=TWO_UNKNOWN)), network(TWO_UNKNOWN, PARTS["CONDUITS"]), ASK_SWMM),
    Way("E401", "SWMM refuses the network", "mend this line of the network, then `flood-sim check`",
        sewers(net(CONDUITS=ONE_UNKNOWN)), network(ONE_UNKNOWN, PARTS["CONDUITS"]), ASK_SWMM),
    Way("E401", "`…` has no number here", "mend the line",
        sewers(net(COORDINATES="J1 fifteen 25\nJ2 35 25\nO1 55 25")), network("fifteen", "15")),
    Way("E401", "a name holds a line break or a zero byte", "rename it: one line",
        lambda folder: (folder / "lines").write_text("[JUNCTIONS]|J\n1 8 2"),
        put("lines", "J\n1", "J1"), lines),
    Way("E401", "a section header stands in quotes", "remove the quotes",
        sewers(net() + '"[TITLE]"\ncase\n'), network('"[TITLE]"', "[TITLE]"), ASK_SWMM),
    Way("E401", "the line is longer than SWMM reads", "split the line",
        sewers(net(INFLOWS=INFLOW, TIMESERIES=ROWS)), split, ASK_SWMM),
    Way("E402", "no node of the network has coordinates", PLACES,
        sewers(net(COORDINATES="")), added(PLACED)),
    Way("E402", "no node of the network has coordinates", PLACES,
        sewers(net(COORDINATES="")), added("coupled = false\n", "s.toml")),
    Way("E402", "these outfalls lie off the grid: there is no river for them",
        'give them coordinates on the grid, or outfalls = "leave"',
        sewers(net(COORDINATES=PARTS["COORDINATES"].replace("O1 55", "O1 1055")),
               drainage='routing_step_s = 1\noutfalls = "river"'), said),
    Way("E408", "an inflow of …", NO_INFLOW,
        sewers(net(INFLOWS=INFLOW + " -1", TIMESERIES=DATED)), network("1 1 -1", "1 1 0.01")),
    Way("E408", "the dry-weather flow of …", NO_INFLOW,
        sewers(net(DWF="J1 FLOW -0.1")), network("FLOW -0.1", "FLOW 0.1")),
    Way("E408", "series …", NO_INFLOW,
        sewers(net(INFLOWS=INFLOW, TIMESERIES=DATED.replace("16:00 0.05", "16:00 -0.05"))),
        network("-0.05", "0.05")),
    Way("E421", "SWMM loses the notch of a V-notch weir that is set between shut and open",
        "shut it or leave it open, or make it a TRANSVERSE weir",
        sewers(net(**NOTCH), more=GATE.format(0.5)), put("s.toml", "setting = 0.5", "setting = 0")),
    # --------------------------------------------------------------------------------- its clock
    Way("E420", "… series lie outside the run: …: …", DATES,
        sewers(net(INFLOWS=INFLOW, TIMESERIES=DATED.replace("2021", "2007"))),
        network("/2007", "/2021")),
    Way("W310", "… series lie outside the run: …: …", DATES,
        sewers(net(OUTFALLS="O1 7.8 TIMESERIES TS NO", TIMESERIES=DATED.replace("2021", "2007")),
               more=RAIN), network("/2007", "/2021")),
    Way("W310", "… series cover a part of the run: …", "give the values. …",
        sewers(net(INFLOWS=INFLOW, TIMESERIES=DATED.replace("17:00", "16:45"))),
        network("TS 07/20/2021 16:45 0.1", "TS 07/20/2021 16:45 0.1\nTS 07/20/2021 17:00 0.1")),
    Way("W304", "… regular series lack rows: SWMM draws a straight line there: …",
        "give the values. …", sewers(net(INFLOWS=INFLOW, TIMESERIES=LACKING)),
        network("TS 0:45", "TS 0:30 0.1\nTS 0:35 0.1\nTS 0:40 0.1\nTS 0:45")),
    Way("W432", "the network's clock is taken in UTC, the zone of [time] start: …",
        '[drainage] network_utc_offset = "+08:00", the zone in which it is written; "+00:00" where'
        " it is UTC", sewers(net(DWF='J1 FLOW 0.01 "P"', PATTERNS=PATTERN), **UTC), said),
    Way("W433", "hours count from …, the start of the run, not from the network's own …: …",
        "give the series dates",
        sewers(net({"START_TIME": "00:00:00"}, INFLOWS=INFLOW,
                   TIMESERIES="TS 0:00 0.1\nTS 20:00 0.1")),
        all_of(network("TS 0:00", "TS 07/20/2021 0:00"), network("TS 20", "TS 07/20/2021 20"))),
    Way("W434", "the hot start is the state of …; the run takes it as that of …",
        "save a hot start at the run's start, and set START_DATE and START_TIME to it",
        hot, hot_at_the_start, by_swmm_too),
    Way("W435", "files of … ([FILES]) are dated, and were made for …",
        "make them for …, and set START_DATE and START_TIME to it",
        flows, flows_at_the_start, by_swmm_too),
    Way("W452", "tides follow the hour of the day; SWMM alone begins their curves at …",
        "start the network's own run at midnight",
        sewers(net(OUTFALLS="O1 7.8 TIDAL T NO", CURVES=TIDE), **EARLIER),
        network("START_TIME 16:00:00", "START_TIME 00:00:00")),
    # ------------------------------------------------------------------------------ its contents
    Way("W403", "… of … rims differ from the ground by more than … m (rim - ground: …)",
        'mend them, or set [drainage] rim = "bed"',
        sewers(grid_of_nodes(10.05, N3=11.4, N7=9.0)), said),
    Way("W403", "…; half of them by … m",
        "Give network and ground on one datum, in one unit and one coordinate system",
        sewers(grid_of_nodes(11.2)), moved),
    Way("W437", "…: a datum or unit error, not single nodes…",
        '……: move one of them; rim = "bed" would only hide it', sewers(grid_of_nodes(11.2)), moved),
    Way("W408", "FLOW_ROUTING …: surcharge needs DYNWAVE", "set FLOW_ROUTING DYNWAVE",
        sewers(net({"FLOW_ROUTING": "KINWAVE"})), network("KINWAVE", "DYNWAVE")),
    Way("W410", "MIN_SURFAREA is … m2 a node (12.566 is SWMM's default in ft2): SWMM does not"
        " count the water in it, its residual grows as nodes fill",
        "set [drainage] min_surface_area_m2 = 1.167",
        sewers(net({"MIN_SURFAREA": "12.566"})), said),
    Way("W431", "… conduits are so short that a wave passes them in half a routing step of … s:"
        " SWMM loses water there: …",
        "[drainage] routing_step_s = …, or LENGTHENING_STEP in the network",
        sewers(net(CONDUITS=SHORTEST)), said),
    Way("W436", "… nodes take infiltration from the network's rain gauges (RDII), and rain falls on"
        " the grid: that share of the rain counts twice",
        "remove [RDII], or the rain from the scenario",
        sewers(net(**DRAINED), more=RAIN), network("[RDII]\nJ1 UH1 1\n", "")),
    Way("W439", "… nodes have a SurDepth (bolted lids, pressure mains), up to … m: no street water"
        " enters, they spill above it only: …", "name those with open inlets in [drainage] inlets",
        sewers(net(**LID)), table_of_inlets),
    Way("W449", "… inlets do not fit their conduit: SWMM lets nothing into them: …",
        "GRATE, CURB and SLOTTED in a STREET, DROP ones in open channels; or CUSTOM",
        sewers(net(**GRATES)), network("RECT_OPEN 1 2 0 0", "STREET ST")),
    # ------------------------------------------------------------------------------------- inlets
    Way("E402", "the inlet is not on an open cell", "give what is allowed",
        inlets(",x_m,y_m", "A,grate,900,10"), row("900", "90")),
    Way("E222", "unknown ………", "give what is allowed", inlets("", "A,grat"), row("grat", "grate")),
    Way("E410", "`…` has no length along a kerb", "fill length_m, or empty the cells",
        inlets(",cross_slope", "A,manhole,0.02"), row("0.02", "")),
    Way("E410", "a custom inlet needs perimeter_m and area_m2", "fill the cells",
        inlets(",perimeter_m,area_m2", "A,custom,,"), row("custom,,", "custom,4,1")),
    Way("E410", "a gutter needs its cross_slope",
        "fill cross_slope, or give [drainage] gutter",
        inlets(GUTTER, "A,grate,,0.02,,"), row("grate,,", "grate,0.02,")),
    Way("E410", "a node is closed and has an inlet: …", "remove one of the rows",
        inlets("", "A,grate", "A,sealed"), row("A,sealed\n", "")),
    Way("E410", "gutter_slope is below cross_slope", "a gutter is steeper than the street",
        inlets(GUTTER, "A,grate,0.05,,0.4,0.02"), row("0.4,0.02", "0.4,0.08")),
    Way("E410", "gutter_width_m and gutter_slope go together", "fill both, or neither",
        inlets(GUTTER, "A,grate,0.02,,0.4,"), row("0.4,", "0.4,0.08")),
    Way("E410", "node `…` is not coupled…", OTHER_NAME, inlets("", "AA,grate"), row("AA", "A")),
    Way("E410", "x_m and y_m go together", "fill both, or neither",
        inlets(",x_m,y_m", "A,grate,9,"), row("9,", "9,9")),
    Way("W454", "… of … street inlets without a gutter lie on ground that falls more than …: they"
        " take what the ponded law says, which knows no water that runs by",
        "give [drainage] gutter, or cross_slope in the table of inlets: HEC-22 on grade",
        inlets("", "A,grate"), added("gutter = { cross_slope = 0.02 }\n", "s.toml")),
    # -------------------------------------------------------------------------------------- sites
    Way("W443", "no action completes it: its boards stay in the store, its doors and gates open",
        'add one: [[actions]] with a trigger and completes = "…"',
        site(ENTRANCE.replace("board_height_m = 0.6\n", "") + BARE),
        added("[[actions]]" + ACTION, "s.toml"), of_the_portfolio),
    Way("W450", "the sill lies … m under the ground in front of it: all water that reaches the cell"
        " runs in", "give its elevation on the datum of the ground, or sill_height_m over it",
        site(GARAGE.replace("sill_height_m = 0.15", "sill_elevation_m = 0.15")),
        put("s.toml", "sill_elevation_m", "sill_height_m")),
    Way("W451", "its failure level lies … m under the ground (or floor) that it stands on: the first"
        " water drowns it",
        "give its elevation on the datum of the ground, or failure_depth_m over it",
        site(ROOM), put("s.toml", "failure_elevation_m", "failure_depth_m")),
    # --------------------------------------------------------------------------------------- runs
    Way("E407", "the network has no such node", "one of … ...",
        asked(sewered, "explain {}/out nowhere"), one_of_them, about_it),
    Way("E407", "there is no way down the links", "give the upper node first",
        asked(sewered, "O J1"), put("words", "O J1", "J1 O"), way_down),
    Way("E407", "this run had no sewer network",
        'run it again with [drainage] kind = "swmm" in its scenario',
        asked(ended, "explain {}/out J1"), run_with_sewers, about_it),
    Way("E407", "the run has not ended: its maxima are not written", "flood-sim run --resume …",
        asked(sewered, "explain {}/cut J1"), resumed, about_it),
    Way("W438", "it … … m3, … of the … m3 that the sewers carried",
        "a routing_step_s below … s, or a smaller min_surface_area_m2; what stays is SWMM's own:"
        " swmm.rpt names the nodes",
        sewers(net({"MIN_SURFAREA": "12.566"}, CONDUITS=SHORT, **PULSE), **TEN),
        key("min_surface_area_m2", "1.167"), of_a_run),
    Way("W453", "the heads did not settle in … of … routing steps (over …)…",
        "look at the pipes of these nodes; a routing_step_s below … s, or a HEAD_TOLERANCE of 1.5"
        " mm where it is finer (more trials hardly help)",
        sewers(net(FINE, **SLOW), **TEN), network("0.000000001", "0.0015"), of_a_run),
]  # fmt: skip


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
