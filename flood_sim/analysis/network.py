"""What an engineer asks of a sewer's results: the run of pipes below a node, what feeds it, and why
it floods. Reads network.nc only.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC
from functools import cached_property
from typing import Any

import numpy as np

from flood_sim.core.errors import input_error
from flood_sim.results import Results

# of the full flow by Manning, or of the bed slope: the conduit itself holds the water back
FULL = 0.95
DEEP_STREET_M = 0.15
SPILLED_M3 = 1.0
LISTED = 8


@dataclass(frozen=True)
class Network:
    """network.nc as arrays; nodes and links are numbers here."""

    results: Results
    data: Any = field(repr=False)

    @cached_property
    def nodes(self) -> list[str]:
        return [str(v) for v in self.data["node_id"].values]

    @cached_property
    def links(self) -> list[str]:
        return [str(v) for v in self.data["link_id"].values]

    def __getitem__(self, name: str) -> np.ndarray:
        """A variable of network.nc, loaded once."""
        cache: dict[str, np.ndarray] = self.__dict__.setdefault("_loaded", {})
        if name not in cache:
            cache[name] = self.data[name].values
        return cache[name]

    def number(self, node: str) -> int:
        """Number of a node by name. Raises InputError where there is none."""
        if node not in self.nodes:
            near = sorted(name for name in self.nodes if name.lower().startswith(node[:2].lower()))[
                :LISTED
            ]
            raise input_error(
                "E407",
                str(self.results.folder / "network.nc"),
                "the network has no such node",
                given=node,
                do=f"one of {', '.join(near or self.nodes[:LISTED])} ...",
            )
        return self.nodes.index(node)

    @cached_property
    def leaving(self) -> dict[int, list[int]]:
        """Node to the links that begin there."""
        return _by_end(self["link_upper"])

    @cached_property
    def arriving(self) -> dict[int, list[int]]:
        return _by_end(self["link_lower"])

    def moment(self, node: int) -> int:
        """Output time of the node's largest head."""
        return int(np.argmax(self["head"][:, node]))

    def time_text(self, frame: int) -> str:
        """An output time on the scenario's own clock, with its offset."""
        utc = self.data["time"].values[frame].astype("datetime64[s]").item().replace(tzinfo=UTC)
        local = utc.astimezone(self.results.start.tzinfo)
        offset = local.isoformat()[-6:]
        return f"{local:%Y-%m-%d %H:%M} {offset}"


def _by_end(ends: np.ndarray) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for link, node in enumerate(ends.tolist()):
        found.setdefault(node, []).append(link)
    return found


def open_network(results: Results) -> Network:
    """The network of a result folder. Raises InputError where the run had none, or stopped before
    its end.
    """
    data = results.network
    if data is None:
        raise input_error(
            "E407",
            str(results.folder),
            "this run had no sewer network",
            do='run it again with [drainage] kind = "swmm" in its scenario',
        )
    if "max_head" not in data:
        raise input_error(
            "E407",
            str(results.folder),
            "the run has not ended: its maxima are not written",
            do=f"flood-sim run --resume {results.folder}",
        )
    return Network(results, data)


# --------------------------------------------------------------------------------------------- ways


def main_way_down(network: Network, node: int) -> list[int]:
    """Links from a node to an outfall or a dead end: at each fork the one that carried most."""
    way: list[int] = []
    seen = {node}
    carried = network["max_discharge"]
    while True:
        ahead = [
            k for k in network.leaving.get(node, []) if int(network["link_lower"][k]) not in seen
        ]
        if not ahead:
            return way
        best = max(ahead, key=lambda k: (carried[k], -k))
        way.append(best)
        node = int(network["link_lower"][best])
        seen.add(node)


def way_between(network: Network, start: int, end: int) -> list[int]:
    """Fewest links from start down to end. Raises InputError where no water can go that way."""
    came: dict[int, int] = {start: -1}
    waiting = deque([start])
    while waiting and end not in came:
        node = waiting.popleft()
        for link in network.leaving.get(node, []):
            below = int(network["link_lower"][link])
            if below not in came:
                came[below] = link
                waiting.append(below)
    if end not in came:
        names = f"{network.nodes[start]} to {network.nodes[end]}"
        raise input_error(
            "E407",
            str(network.results.folder / "network.nc"),
            "there is no way down the links",
            given=names,
            do="give the upper node first",
        )
    way = []
    while came[end] >= 0:
        way.append(came[end])
        end = int(network["link_upper"][came[end]])
    return way[::-1]


def upstream_of(network: Network, node: int) -> dict[int, float]:
    """Every node whose water can reach this one, with the length of pipe to it (m; pumps and the
    like count 0): shortest way.
    """
    distance, waiting = {node: 0.0}, deque([node])
    length = np.nan_to_num(network["link_length"])
    while waiting:
        here = waiting.popleft()
        for link in network.arriving.get(here, []):
            above, far = int(network["link_upper"][link]), distance[here] + float(length[link])
            if above >= 0 and far < distance.get(above, np.inf):
                distance[above] = far
                waiting.append(above)
    return distance


def trace(network: Network, name: str) -> list[dict[str, Any]]:
    """The nodes that feed a node and have inlets, by what these took from the street (m3), most
    first.
    """
    reached = upstream_of(network, network.number(name))
    rows = [
        {
            "node": network.nodes[k],
            "inlets": int(network["node_inlets"][k]),
            "captured_m3": float(network["captured_volume"][k]),
            "distance_m": far,
        }
        for k, far in reached.items()
        if network["node_inlets"][k] > 0
    ]
    return sorted(rows, key=lambda row: (-row["captured_m3"], row["node"]))


# ------------------------------------------------------------------------------------ why it floods


def explain(network: Network, name: str) -> list[str]:
    """Why a node floods, or why its street does although the node does not: plain sentences, the
    cause last.
    """
    node = network.number(name)
    rim, head = float(network["node_rim"][node]), float(network["max_head"][node])
    frame = network.moment(node)
    lines = [
        (
            f"{name} ({network['node_kind'][node]}): rim {rim:.2f} m, invert"
            f" {network['node_invert'][node]:.2f} m; highest head {head:.2f} m,"
            f" {abs(head - rim):.2f} m {'above' if head > rim else 'below'} the rim, about"
            f" {network.time_text(frame)}"
        ),
        (
            f"spilled {network['flooded_volume'][node]:.1f} m3, head above the rim for"
            f" {network['surcharge_hours'][node]:.2f} h; {int(network['node_inlets'][node])} inlets"
            f" took {network['captured_volume'][node]:.1f} m3"
        ),
    ]
    if (
        head <= rim and network["flooded_volume"][node] < SPILLED_M3
    ):  # storage nodes spill at their rim
        return [*lines, *_room_left(network, node)]
    return [*lines, *_held_back(network, node, frame)]


def _room_left(network: Network, node: int) -> list[str]:
    street = _street_depth(network, node)
    if street is None or street < DEEP_STREET_M:
        return ["cause: none, it does not flood"]
    if int(network["node_inlets"][node]) == 0:
        return [
            f"cause: no inlet leads into it, while the street beside it stood {street:.2f} m deep"
        ]
    return [
        f"cause: its inlets; the street stood {street:.2f} m deep while the node had room: more or"
        " larger ones, or clogged ones, would show here"
    ]


def _street_depth(network: Network, node: int) -> float | None:
    """Largest depth (m) on the ground within a cell of the node; None where it lies off the
    grid.
    """
    fields = network.results.fields
    x, y = fields["x"].values, fields["y"].values
    cell = abs(float(x[1] - x[0])) if x.size > 1 else 1.0
    column, row = (
        int(np.argmin(np.abs(axis - place)))
        for axis, place in ((x, network["node_x"][node]), (y, network["node_y"][node]))
    )
    if not (
        abs(x[column] - network["node_x"][node]) <= cell
        and abs(y[row] - network["node_y"][node]) <= cell
    ):
        return None
    around = network.results.max_depth.values[
        max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2
    ]
    return float(np.nanmax(around)) if np.isfinite(around).any() else None


def _held_back(network: Network, node: int, frame: int) -> list[str]:
    """Walk down from a surcharged node to what holds its water back: a conduit steeper loaded than
    it is laid, a pump, an outfall's stage.
    """
    head, flow = network["head"][frame], network["discharge"][frame]
    way = main_way_down(network, node)
    if not way:
        return ["cause: no link leads on from it; its water can only spill"]
    for passed, link in enumerate(way):
        where = f"{network['link_kind'][link]} {network.links[link]}"
        where += f", {passed} links further down" if passed else ""
        drop = float(
            head[int(network["link_upper"][link])] - head[int(network["link_lower"][link])]
        )
        if (why := _holds_back(network, link, drop, float(flow[link]), frame)) is not None:
            return [f"cause: {where} {why}"]
    last = int(network["link_lower"][way[-1]])
    if network["node_kind"][last] == "outfall":
        over = head[last] - (
            network["link_outlet"][way[-1]]
            if np.isfinite(network["link_outlet"][way[-1]])
            else network["node_invert"][last]
        )
        return [
            f"cause: the stage at outfall {network.nodes[last]}, {head[last]:.2f} m ({over:.2f} m"
            f" over its invert): backwater through {len(way)} links"
        ]
    return [f"cause: the water stands up to {network.nodes[last]}, where no link leads on"]


def _holds_back(network: Network, link: int, drop: float, flow: float, frame: int) -> str | None:
    """How a link holds water back under `drop` (m) of head with `flow` (m3/s); None: it does
    not.
    """
    kind = str(network["link_kind"][link])
    if kind == "pump":
        if abs(flow) < 1e-4:
            return "stands still (tripped, switched off by a rule, or below its starting depth)"
        return f"lifts {flow:.3f} m3/s, less than arrives"
    if kind != "conduit":
        return f"passes {flow:.3f} m3/s under {drop:.2f} m of head" if drop > 0.1 else None
    fall = float(network["link_inlet"][link] - network["link_outlet"][link])
    capacity, height = float(network["link_capacity"][link]), network["link_height"][link]
    upper = network["head"][frame][int(network["link_upper"][link])]
    if not upper >= network["link_inlet"][link] + height:
        return None  # not full
    if flow <= 1e-4 and drop > 0.1:
        return f"carries nothing under {drop:.2f} m of head: blocked, closed or collapsed"
    if drop >= FULL * max(fall, 0.0) and drop > 0.02:
        room = (
            f"full flow {capacity:.3f} m3/s" if capacity > 0.0 else "laid level or against the flow"
        )
        return (
            f"({height:.2f} m, {room}) carries {flow:.3f} m3/s and uses {drop:.2f} m of head, laid"
            f" with {fall:.2f} m"
        )
    return None
