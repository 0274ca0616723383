"""What results tell of a network: why a node floods, what feeds it, its long section. Each cause is
built and then found.
"""

from pathlib import Path

import numpy as np
import pytest

from flood_sim.analysis.network import (
    explain,
    main_way_down,
    open_network,
    trace,
    upstream_of,
    way_between,
)
from flood_sim.analysis.pictures.long_section import long_section
from flood_sim.cli.main import main
from flood_sim.core.errors import InputError
from flood_sim.results import open_results
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import load_scenario

# A (rim 10) - C1 - B (rim 9.9) - C2 - W, a wet well whose pump P lifts to Q - C3 - outfall O. The
# street lies over A and B.
NETWORK = """
[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
LINK_OFFSETS DEPTH
[JUNCTIONS]
A 8.0 2 0 0 0
B 7.5 2.4 0 0 0
Q 9.0 3 0 0 0
[OUTFALLS]
O {outfall}
[STORAGE]
W 6.0 5 0 FUNCTIONAL 0 0 {well} 0 0
[CONDUITS]
C1 A B 100 0.013 0 0 0 0
C2 B W 100 0.013 0 0.9 0 0
C3 Q O 100 0.013 0 0 0 0
[PUMPS]
P W Q PC ON 0 0
[XSECTIONS]
C1 CIRCULAR {first} 0 0 0
C2 CIRCULAR {second} 0 0 0
C3 CIRCULAR 0.8 0 0 0
[INFLOWS]
A FLOW T FLOW 1 1
[TIMESERIES]
T 0:00 {inflow}
T 9:00 {inflow}
[CURVES]
PC PUMP2 0 0.3
PC 9 0.3
[COORDINATES]
A 12.5 10.5
B 82.5 10.5
W 500 500
Q 501 500
O 600 500
"""
SCENARIO = """
schema = 1
name = "street"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:40:00+08:00
[terrain]
bed_elevation = {{ columns = 20, rows = 4, cell_size_m = 5.0, level_m = 10.0 }}
[drainage]
kind = "swmm"
network = "street.inp"
coupling_step_s = 2
routing_step_s = 1
default_inlet = "open_shaft"
[output]
interval_s = 300
{rest}
"""


def flood(
    folder: Path, rest: str = "", first=0.5, second=0.6, outfall="8.5 FREE NO", inflow=0.1, well=40
):
    (folder / "street.inp").write_text(
        NETWORK.format(first=first, second=second, outfall=outfall, inflow=inflow, well=well)
    )
    (folder / "s.toml").write_text(SCENARIO.format(rest=rest))
    outcome = run_scenario(load_scenario(folder / "s.toml"), folder / "out", threads=1)
    assert (
        outcome.exit_code
        in (
            0,
            3,
            4,
        )
        # 3, 4: SWMM itself loses up to 15 % where pipes under pressure fill a well whose pump
        # stands still
    )
    return open_network(open_results(folder / "out"))


def failure(kind: str, key: str, name: str) -> str:
    return (
        f'[[failures]]\nkind = "{kind}"\nname = "it"\n{key} = ["{name}"]\nat ='
        " 2021-07-20T15:00:10+08:00\n"
    )


CLOGGED = (
    '[[failures]]\nkind = "clogged_inlets"\nname = "leaves"\nclogging = 0.99\nat ='
    " 2021-07-20T15:00:10+08:00\n"
)
CAUSES = {
    "a small pipe": ({"first": 0.25, "inflow": 0.2}, "A", "cause: conduit C1 (0.25 m"),
    "a small pipe further down": (
        {"second": 0.2, "inflow": 0.2},
        "A",
        "cause: conduit C2, 1 links further down (0.20 m",
    ),
    "a weak pump": (
        {"inflow": 0.45, "first": 0.7, "second": 0.7},
        "A",
        "cause: pump P, 2 links further down lifts 0.300",
    ),
    "a tripped pump": (
        {"rest": failure("pump_trip", "pumps", "P"), "first": 0.6, "well": 10},
        "A",
        "cause: pump P, 2 links further down stands still",
    ),
    "a blocked pipe": (
        {"rest": failure("blocked_conduit", "conduits", "C1")},
        "A",
        "cause: conduit C1 carries nothing",
    ),
    "a high river": (
        {"outfall": "8.5 FIXED 12.4 NO"},
        "Q",
        "cause: the stage at outfall O, 12.40 m (3.90 m over its invert)",
    ),
}


@pytest.mark.parametrize("what", CAUSES)
def test_the_cause_that_was_built_is_found(tmp_path, what):
    numbers, node, cause = CAUSES[what]
    lines = explain(flood(tmp_path, **numbers), node)
    assert "above the rim" in lines[0]
    assert lines[-1].startswith(cause), "\n".join(lines)


def test_a_node_with_room_under_a_deep_street(tmp_path):
    burst = (
        '[[boundaries]]\nkind = "point_inflow"\nname = "burst"\nlocation_m = [47.5,'
        " 7.5]\ndischarge_m3_s = 0.25\n"
    )
    network = flood(tmp_path, burst + CLOGGED, inflow=0.0)
    assert explain(network, "A")[-1].startswith("cause: its inlets; the street stood 0.")
    assert explain(network, "Q")[-1] == "cause: none, it does not flood"


def test_what_feeds_a_node_and_the_ways(tmp_path):
    network = flood(
        tmp_path,
        '[[boundaries]]\nkind = "point_inflow"\nname = "burst"\nlocation_m = [47.5,'
        " 7.5]\ndischarge_m3_s = 0.05\n",
    )
    a, b, w, o = (network.number(name) for name in "ABWO")
    assert upstream_of(network, w) == pytest.approx({w: 0.0, b: 100.0, a: 200.0})
    rows = trace(network, "O")
    assert {row["node"] for row in rows} == {"A", "B"} and sum(
        row["inlets"] for row in rows
    ) == network["node_inlets"].sum()
    assert rows[0]["captured_m3"] > rows[1]["captured_m3"]  # the largest first
    assert sum(row["captured_m3"] for row in rows) == pytest.approx(
        network.results.summary["exchange"]["to_sewer_street"], rel=1e-9
    )
    assert (
        [network.links[k] for k in main_way_down(network, a)]
        == ["C1", "C2", "P", "C3"]
        == [network.links[k] for k in way_between(network, a, o)]
    )
    with pytest.raises(InputError, match="upper node first"):
        way_between(network, o, a)
    figure = long_section(network, "A")
    assert "A to O, 301 m" in figure.axes[0].get_title()
    assert np.isclose(
        network["link_capacity"][network.links.index("C1")],
        0.312 * 0.5 ** (8 / 3) * 0.005**0.5 / 0.013,
        rtol=2e-3,
    )  # Manning, full circle


def command(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(a) for a in arguments])
    return stop.value.code


def test_commands(tmp_path, capsys):
    flood(tmp_path, first=0.25, inflow=0.2)
    out = tmp_path / "out"
    assert command("explain", out, "A") == 0
    assert "cause: conduit C1" in capsys.readouterr().out
    assert command("trace", out, "W") == 0
    assert "inlets at" in capsys.readouterr().out
    assert command("section", out, "A", "--to", "B") == 0
    assert (out / "report" / "section_A_B.png").stat().st_size > 10_000
    assert command("explain", out, "nowhere") == 2
    assert "no such node" in capsys.readouterr().err
