"""Long section of a run of pipes: street level, inverts, crowns, highest head and the head at the
worst moment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flood_sim.analysis.network import Network, main_way_down, way_between
from flood_sim.analysis.pictures.style import GAIN, LOSS, PIPE, PIPE_EDGE, STREET, pyplot


def long_section(network: Network, start: str, end: str | None = None) -> Any:
    """Figure from node `start` down to `end`, or to the outfall that it reaches. Raises InputError
    where there is no such way.
    """
    first = network.number(start)
    way = (
        way_between(network, first, network.number(end))
        if end is not None
        else main_way_down(network, first)
    )
    nodes = [first, *(int(network["link_lower"][k]) for k in way)]
    lengths = np.nan_to_num(network["link_length"][way], nan=1.0)
    places = np.concatenate([[0.0], np.cumsum(lengths)])
    figure, axes = pyplot().subplots(figsize=(11.0, 4.6), layout="constrained")
    _draw_links(axes, network, way, places)
    over = _draw_levels(axes, network, nodes, places)
    names = [network.nodes[n] for n in nodes]
    step = max(1, len(nodes) // 14)
    marks = [f"{n}\n{p:.0f}" for n, p in zip(names[::step], places[::step], strict=True)]
    axes.set_xticks(places[::step], marks, fontsize=7)
    axes.set_xlabel("node 节点, distance 距离 (m)")
    axes.set_ylabel("level 高程 (m)")
    axes.set_title(
        f"Long section 管线水位: {names[0]} to {names[-1]}, {places[-1]:.0f} m; {over} of"
        f" {len(nodes)} nodes flood"
    )
    axes.legend(fontsize=8, loc="best")
    axes.grid()
    return figure


def _draw_links(axes: Any, network: Network, way: list[int], places: np.ndarray) -> None:
    """Conduits from invert to crown; of a link without inverts a dotted line and its kind.

    places : (nodes of the way,) m along it
    """
    for k, link in enumerate(way):
        ends = places[k : k + 2]
        low = np.array([network["link_inlet"][link], network["link_outlet"][link]])
        if np.isfinite(low).all():
            crown = low + network["link_height"][link]
            axes.fill_between(
                ends, low, crown, color=PIPE, edgecolor=PIPE_EDGE, linewidth=0.8, zorder=1
            )
            continue
        both = [int(network["link_upper"][link]), int(network["link_lower"][link])]
        levels = network["node_invert"][both]
        axes.plot(ends, levels, color=PIPE_EDGE, linestyle=":", linewidth=1.2, zorder=1)
        kind, middle = str(network["link_kind"][link]), (ends.mean(), levels.mean())
        axes.annotate(kind, middle, fontsize=7, ha="center")


def _draw_levels(axes: Any, network: Network, nodes: list[int], places: np.ndarray) -> int:
    """Shafts, street, highest head, and heads at the worst moment; returns how many nodes flood.

    places : (nodes,) m along the way
    """
    rim, highest = network["node_rim"][nodes].astype(float), network["max_head"][nodes]
    outfall = np.array([network["node_kind"][k] == "outfall" for k in nodes])
    over_rim = network["head"][:, nodes] - np.where(outfall, np.inf, rim)
    frame = int(np.argmax(over_rim.max(axis=1)))
    rim[outfall] = np.nan  # an outfall has no street over it
    for k, node in enumerate(nodes):
        top = rim[k] if np.isfinite(rim[k]) else highest[k]
        shaft = [network["node_invert"][node], top]
        axes.plot([places[k]] * 2, shaft, color=PIPE_EDGE, linewidth=0.8, zorder=2)
    axes.plot(places, rim, color=STREET, linewidth=1.8, label="street 地面", zorder=3)
    axes.plot(places, highest, color=LOSS, linewidth=1.5, label="highest head 最高水位", zorder=4)
    heads, label = network["head"][frame][nodes], f"head 水位 at {network.time_text(frame)}"
    axes.plot(places, heads, color=GAIN, linewidth=1.5, label=label, zorder=5)
    over = np.flatnonzero(highest > rim)
    axes.plot(places[over], highest[over], "v", color=LOSS, markersize=6, zorder=6)
    return int(over.size)
