"""Long section of a run of pipes: street level, inverts, crowns, highest head and the head at the
worst moment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flood_sim.analysis.network import Network, main_way_down, way_between
from flood_sim.analysis.pictures.style import pyplot


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
    rim, highest = network["node_rim"][nodes].astype(float), network["max_head"][nodes]
    outfall = np.array([network["node_kind"][k] == "outfall" for k in nodes])
    rim[outfall] = np.nan  # an outfall has no street over it
    frame = int(
        np.argmax(
            (network["head"][:, nodes] - np.where(outfall, np.inf, network["node_rim"][nodes])).max(
                axis=1
            )
        )
    )
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(11.0, 4.6), layout="constrained")
    for k, link in enumerate(way):
        ends = places[k : k + 2]
        low = np.array([network["link_inlet"][link], network["link_outlet"][link]])
        if np.isfinite(low).all():
            axes.fill_between(
                ends,
                low,
                low + network["link_height"][link],
                color="#d8d4cc",
                edgecolor="#6b665e",
                linewidth=0.8,
                zorder=1,
            )
        else:
            levels = network["node_invert"][nodes[k : k + 2]]
            axes.plot(ends, levels, color="#6b665e", linestyle=":", linewidth=1.2, zorder=1)
            axes.annotate(
                str(network["link_kind"][link]),
                (ends.mean(), levels.mean()),
                fontsize=7,
                ha="center",
            )
    for k, node in enumerate(nodes):
        top = rim[k] if np.isfinite(rim[k]) else highest[k]
        axes.plot(
            [places[k]] * 2,
            [network["node_invert"][node], top],
            color="#6b665e",
            linewidth=0.8,
            zorder=2,
        )
    axes.plot(places, rim, color="#4d3b20", linewidth=1.8, label="street 地面", zorder=3)
    axes.plot(
        places, highest, color="#c0392b", linewidth=1.5, label="highest head 最高水位", zorder=4
    )
    axes.plot(
        places,
        network["head"][frame][nodes],
        color="#1f6fb2",
        linewidth=1.5,
        label=f"head at {network.time_text(frame)}",
        zorder=5,
    )
    over = np.flatnonzero(highest > rim)
    axes.plot(places[over], highest[over], "v", color="#c0392b", markersize=6, zorder=6)
    step = max(1, len(nodes) // 14)
    axes.set_xticks(
        places[::step],
        [
            f"{network.nodes[n]}\n{p:.0f}"
            for n, p in zip(nodes[::step], places[::step], strict=True)
        ],
        fontsize=7,
    )
    axes.set_xlabel("node, distance (m)")
    axes.set_ylabel("level (m)")
    axes.set_title(
        f"Long section 管线水位: {network.nodes[nodes[0]]} to {network.nodes[nodes[-1]]},"
        f" {places[-1]:.0f} m; {over.size} of {len(nodes)} nodes flood"
    )
    axes.legend(fontsize=8, loc="best")
    axes.grid(alpha=0.25)
    return figure
