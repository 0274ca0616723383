"""A network thinned to its trunks: what is kept, where the rest leads, and that no water is lost on
the way.
"""

from pathlib import Path

import numpy as np
import pytest

from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.trunks import thinned
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import build_inputs, load_scenario
from study.test_study import SCENARIO

# Two branches a1-a2, b1-b2 meet in m, m drains to OUT; p pumps into m; r1 and r2 are a ring without
# a way out.
NETWORK = """[OPTIONS]
FLOW_UNITS CMS
[JUNCTIONS]
a1 8 2
a2 7 2
b1 8 2
b2 7 2
m 6 2
p 5 2
r1 4 2
r2 4 2
[OUTFALLS]
OUT 5 FREE NO
[CONDUITS]
A1 a1 a2 50 0.013 0 0
A2 a2 m 50 0.013 0 0
B1 b1 b2 50 0.013 0 0
B2 b2 m 50 0.013 0 0
M m OUT 50 0.013 0 0
R1 r1 r2 50 0.013 0.1 0
R2 r2 r1 50 0.013 0.1 0
[PUMPS]
P p m * ON 0 0
[XSECTIONS]
A1 CIRCULAR 0.5 0 0 0 1
A2 CIRCULAR 0.5 0 0 0 1
B1 CIRCULAR 0.5 0 0 0 1
B2 CIRCULAR 0.5 0 0 0 1
M CIRCULAR 0.8 0 0 0 1
R1 CIRCULAR 0.3 0 0 0 1
R2 CIRCULAR 0.3 0 0 0 1
[DWF]
a1 FLOW 0.1 daily
a2 FLOW 0.2 daily
m FLOW 0.3 daily
b1 FLOW 0.4 daily
[SUBCATCHMENTS]
S gage b2 1 50 100 1
[COORDINATES]
a1 0 0
m 1 1
"""


def inp(text=NETWORK):
    return InpFile(Path("n.inp"), text.splitlines())


def test_trunks_stay_and_branches_lead_to_them():
    thin, goes = thinned(inp(), 0.1)
    assert (
        goes.keys() == {"a1", "a2", "b1", "b2"} | ({"r1", "r2"} & goes.keys())
        and len({"r1", "r2"} & goes.keys()) == 1
    )  # a ring keeps one
    assert all(goes[n] == "m" for n in ("a1", "a2", "b1", "b2"))
    assert set(thin.node_ids()) | goes.keys() == set(inp().node_ids()) and {"m", "p", "OUT"} <= set(
        thin.node_ids()
    )
    assert set(thin.links()) == {"M", "P"} and [r.tokens[0] for r in thin.rows("XSECTIONS")] == [
        "M"
    ]
    assert [r.tokens for r in thin.rows("DWF")] == [
        ["m", "FLOW", "1", "daily"]
    ]  # 0.1 + 0.2 + 0.3 + 0.4
    assert thin.rows("SUBCATCHMENTS")[0].tokens[2] == "m" and set(thin.coordinates()) == {"m"}


def test_what_is_named_stays_with_its_way_down():
    _, goes = thinned(inp(), 0.1, {"B1"})
    assert {"b1", "b2"}.isdisjoint(goes) and {"a1", "a2"} <= goes.keys()
    controls = inp(NETWORK + "[CONTROLS]\nRULE R\nIF NODE a1 DEPTH > 1\nTHEN PUMP P STATUS = ON\n")
    assert {"a1", "a2"}.isdisjoint(thinned(controls, 0.1)[1])
    assert thinned(inp(), 1.0)[1] == {}


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_a_twin_takes_the_same_water_through_fewer_nodes(tmp_path, share):
    """Openings, roofs and return cells are all there, at nodes that are; the ledger closes on both
    sides of the exchange.
    """
    (tmp_path / "whole.toml").write_text(SCENARIO)
    (tmp_path / "twin.toml").write_text(
        SCENARIO.replace("routing_step_s = 5.0", f"routing_step_s = 5.0\ntrunk_share = {share}")
    )
    whole, twin = (
        build_inputs(load_scenario(tmp_path / f"{n}.toml")).drainage for n in ("whole", "twin")
    )
    nodes = set(twin.network.node_ids())
    assert (
        share * len(whole.network.node_ids())
        <= len(nodes)
        < (share + 0.25) * len(whole.network.node_ids())
    )
    assert [(i.row, i.column, i.area_m2) for i in twin.inlets] == [
        (i.row, i.column, i.area_m2) for i in whole.inlets
    ]
    assert {i.node for i in twin.inlets} <= nodes and set(twin.return_cells) <= nodes
    rims = whole.network.rims()
    assert all(
        (t.rim_m if t.rim_m is not None else rims[t.node])
        == (w.rim_m if w.rim_m is not None else rims[w.node])
        for t, w in zip(twin.inlets, whole.inlets, strict=True)
    )
    dry = [sum(d.network.number(r, 2) for r in d.network.rows("DWF")) for d in (whole, twin)]
    assert dry[0] == pytest.approx(dry[1], rel=1e-6)
    summary = run_scenario(load_scenario(tmp_path / "twin.toml"), tmp_path / "out").summary
    assert (
        summary["ledger"]["relative_error"] <= 1e-6
        and summary["exchange"]["relative_difference"] <= 1e-12
    )
    assert (
        summary["network"]["nodes"] == len(nodes) and summary["exchange"]["to_sewer_street"] > 0.0
    )
    assert np.isfinite(summary["flood"]["max_depth_m"])
