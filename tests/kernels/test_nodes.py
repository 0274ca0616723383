"""The exchange's passes over the nodes against the same rules in numpy, drawn inputs: bit for
bit.
"""

import numpy as np
import pytest

from flood_kernels import nodes
from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.simulation.exchange import OFFER_RULES, ORIFICE_COEFFICIENT

N, T = 300, 4.0


def drawn(seed: int, *names: str) -> dict[str, np.ndarray]:
    """Numbers of some m3 or m3/s, a third of them zero."""
    rng = np.random.default_rng(seed)
    return {name: np.where(rng.random(N) < 0.33, 0.0, rng.exponential(0.5, N)) for name in names}


@pytest.mark.parametrize("seed", range(3))
def test_acceptance(seed):
    v = drawn(seed, "calm", "spilled", "delivered", "captured", "free")
    v["calm"] = np.minimum(v["calm"], 1.0)
    calm_s, growth, overfull, least, least_calm = OFFER_RULES
    full = v["spilled"] > 0.0
    calm = np.where(full, 0.0, np.minimum(v["calm"] + T / calm_s, 1.0))
    offer = np.where(
        full,
        overfull * np.maximum((v["delivered"] - v["spilled"]) / T, 0.0),
        (1.0 + (growth - 1.0) * calm) * v["captured"],
    )
    expected = offer + least * v["free"] * np.maximum(calm, least_calm)
    accepted = np.zeros(N)
    nodes.accept(
        T, v["calm"], v["spilled"], v["delivered"], v["captured"], v["free"], OFFER_RULES, accepted
    )
    assert (
        np.array_equal(accepted, expected)
        and np.array_equal(v["calm"], calm)
        and 0 < full.sum() < N
    )


@pytest.mark.parametrize("seed", range(3))
def test_delivery(seed):
    v = drawn(seed, "escrow", "inflow", "delivered")
    half, smallest = 1.0, 1e-3
    flow = np.maximum(0.0, (v["escrow"] - v["inflow"] * half) / T)
    flow[flow < smallest] = 0.0
    delivered = flow * T + (v["inflow"] - flow) * half
    left = v["escrow"] - delivered
    nodes.deliver(T, half, smallest, v["escrow"], v["inflow"], v["delivered"])
    assert (
        np.array_equal(v["delivered"], delivered)
        and np.array_equal(v["escrow"], left)
        and np.array_equal(v["inflow"], flow)
    )


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_street_level(precision):
    """Several cells a node; dry cells say nothing."""
    rng = np.random.default_rng(7)
    depth = np.where(rng.random((20, 30)) < 0.5, 0.0, rng.random((20, 30))).astype(precision)
    depth.flags.writeable = False
    node, row, column = rng.integers(0, N, 500), rng.integers(0, 20, 500), rng.integers(0, 30, 500)
    bed, level = rng.random(500), rng.random(N)
    expected = level.copy()
    np.maximum.at(
        expected,
        node,
        np.where(depth[row, column] > 0.0, bed + depth[row, column].astype(float), -np.inf),
    )
    nodes.street_level(depth, node, row, column, bed, level)
    assert np.array_equal(level, expected)


@pytest.mark.parametrize("seed", range(3))
def test_surcharge_depth(seed):
    v = drawn(seed, "level", "rim", "lift", "area", "own", "delivered", "spilled", "leaving")
    coupled, share, depth = np.random.default_rng(seed).random(N) < 0.7, 0.2, np.zeros(N)

    def head(flow: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(
                v["area"] > 0.0,
                (flow / (ORIFICE_COEFFICIENT * v["area"])) ** 2 / (2.0 * GRAVITY_M_S2),
                0.0,
            )

    entering, out = (
        np.maximum(d, 0.0) / T
        for d in (v["delivered"] - v["spilled"], v["spilled"] - v["delivered"])
    )
    leaving = v["leaving"] + (out - v["leaving"]) * share
    level = v["level"] + head(leaving) - head(entering)
    expected = np.where(
        coupled, np.maximum(np.maximum(level, v["rim"] + v["lift"]) - v["rim"], 0.0), v["own"]
    )
    now = (
        v["level"],
        v["rim"],
        v["lift"],
        v["area"],
        coupled,
        v["own"],
        v["delivered"],
        v["spilled"],
        v["leaving"],
    )
    nodes.surcharge_depth(T, share, (ORIFICE_COEFFICIENT, GRAVITY_M_S2), *now, depth)
    assert np.array_equal(depth, expected) and np.array_equal(v["leaving"], leaving)


@pytest.mark.parametrize("seed", range(3))
def test_what_a_window_took(seed):
    v = drawn(
        seed,
        "captured",
        "roofs",
        "spilled",
        "offered",
        "escrow",
        "flow",
        "captured_flow",
        "free_flow",
    )
    v["flow"] -= 0.3
    flips, flow = np.zeros(N, np.int64), (v["spilled"] - v["captured"]) / T
    expected = v["escrow"] + (v["captured"] + v["roofs"]), (flow * v["flow"] < 0.0).astype(int)
    nodes.take(
        T,
        *(
            v[n]
            for n in (
                "captured",
                "roofs",
                "spilled",
                "offered",
                "escrow",
                "flow",
                "captured_flow",
                "free_flow",
            )
        ),
        flips,
    )
    assert (
        np.array_equal(v["escrow"], expected[0])
        and np.array_equal(flips, expected[1])
        and 0 < flips.sum() < N
    )
    assert np.array_equal(v["flow"], flow)
    assert np.array_equal(v["captured_flow"], v["captured"] / T) and np.array_equal(
        v["free_flow"], v["offered"] / T
    )
