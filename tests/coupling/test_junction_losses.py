"""Losses at manholes by HEC-22: by hand, and as SWMM feels them."""

import pytest

from flood_sim.drainage.inp import read_inp
from flood_sim.drainage.junction_losses import coefficient, missing_losses, with_losses
from sewer_cases import codes, inputs_of, net, run

Q, AREA = 0.3, 0.2827  # m3/s through pipes of 0.6 m: 1.06 m/s, 0.0574 m of velocity head


def street(x=75, y=25, drop=0.0):
    """Two full pipes with a manhole between them; the second leads to (x, y)."""
    return {
        "JUNCTIONS": f"A 8.0 9 0 9 0\nM {7.9 - drop} 9 0 9 0",
        "OUTFALLS": f"O {7.8 - drop} FIXED 9.4 NO",
        "CONDUITS": f"C1 A M 30 0.013 0 {drop}\nC2 M O 30 0.013 0 0",
        "XSECTIONS": "C1 CIRCULAR 0.6 0 0 0\nC2 CIRCULAR 0.6 0 0 0",
        "COORDINATES": f"A 15 25\nM 45 25\nO {x} {y}",
        "INFLOWS": "A FLOW TS FLOW 1 1",
        "TIMESERIES": f"TS 0:00 {Q}\nTS 9:00 {Q}",
    }


def test_coefficients_by_hand():
    """Pipes of 0.6 m, manholes of 1.2 m: b/D = 2."""
    assert coefficient(0.0, 0.0, 0.6) == pytest.approx(0.2)
    assert coefficient(90.0, 0.0, 0.6) == pytest.approx(1.4 * 2**0.15)
    assert coefficient(45.0, 0.0, 0.6) == pytest.approx(0.2 * (1 - 0.7071) + 1.5534 * 0.7071, 1e-4)
    # It falls 1.0 - 0.3 m to the middle of a pipe that is full to 0.6 m.
    assert coefficient(0.0, 1.0, 0.6) == pytest.approx(0.2 * (1 + 0.2 * (0.7 / 0.6) * (0.1 / 0.6)))
    assert coefficient(0.0, 0.85, 0.6) == pytest.approx(0.2)
    # Half of the water comes by another pipe: straight on more, round the corner less.
    assert coefficient(0.0, 0.0, 0.6, 0.5) == pytest.approx(0.2 * (0.5**0.75 + 1.0))
    assert coefficient(90.0, 0.0, 0.6, 0.5) == pytest.approx(1.5534 * (1.0 - 0.5**0.75), rel=1e-4)
    assert coefficient(180.0, 0.0, 2.4) == pytest.approx(1.4)  # no narrower than the pipe


@pytest.mark.parametrize(
    ("parts", "k"),
    [(street(), 0.2), (street(45, 55), 1.5534), (street(drop=1.0), 0.2078)],
    ids=["straight", "bend", "drop"],
)
def test_three_manholes(tmp_path, parts, k):
    """The level above the manhole rises by K V^2/2g where the losses are taken."""
    closed = 'routing_step_s = 1\ndefault_inlet = "none"\njunction_losses = "@"'
    heads = {}
    for kind in ("network", "hec22"):
        (tmp_path / kind).mkdir()
        simulation, head = run(
            tmp_path / kind, net(**parts), lambda s: s.network.heads()[0],
            drainage=closed.replace("@", kind), stop="2021-07-20T16:10:00+08:00",
        )  # fmt: skip
        heads[kind] = head
        notes = " ".join(simulation.inputs.drainage.notes)
        assert ("by HEC-22, K up to" in notes) == (kind == "hec22")
        assert ("have no loss" in notes) == (kind == "network" and k > 0.5)
    loss = k * (Q / AREA) ** 2 / 2.0 / 9.81
    assert heads["hec22"] - heads["network"] == pytest.approx(loss, rel=0.05)


def test_what_the_file_gives_stays(tmp_path):
    """A loss of its own at one end is the engineer's; gates and other conduits keep their rows."""
    parts = street(45, 55)
    parts["LOSSES"] = "C2 0.3 0 0 YES"
    (tmp_path / "n.inp").write_text(net(**parts))
    assert missing_losses(read_inp(tmp_path / "n.inp")) == []
    parts["LOSSES"] = "C2 0 0 0 YES\nC1 0 0 0 NO 0.5"
    parts["VERTICES"] = "C1 45 10\nC2 60 40"
    (tmp_path / "n.inp").write_text(net(**parts))
    inp = read_inp(tmp_path / "n.inp")
    (loss,) = missing_losses(inp)
    assert loss.link == "C2" and loss.bend_deg == pytest.approx(45.0)  # by the bends on the map
    rows = [row.tokens for row in with_losses(inp, [loss]).rows("LOSSES")]
    assert rows == [
        ["C2", f"{loss.coefficient:.4f}", "0", "0", "YES"],
        ["C1", "0", "0", "0", "NO", "0.5"],
    ]


def test_open_channels_and_outfalls_have_none(tmp_path):
    parts = street(45, 55)
    parts["XSECTIONS"] = "C1 RECT_OPEN 1 1 0 0\nC2 RECT_OPEN 1 1 0 0"
    (tmp_path / "n.inp").write_text(net(**parts))
    assert missing_losses(read_inp(tmp_path / "n.inp")) == []
    assert "E104" not in codes(inputs_of(tmp_path, net(**street())))
