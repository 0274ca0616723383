"""Pictures of what drowned and what that took with it: cascade, underground spaces, hazard, wet
floors, access.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from flood_sim.analysis.outcomes.access import STARTS, Reach, accessible_share
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.evacuation import limit_head
from flood_sim.analysis.pictures.plots import draw_clock, draw_ground
from flood_sim.analysis.pictures.style import pyplot
from flood_sim.core.units import SECONDS_PER_MINUTE
from flood_sim.core.variables import VARIABLES
from flood_sim.results import Results

SITES_SHOWN, SPACES_SHOWN = 30, 8
COLOURS = {"works": "#9fc9a0", "degraded": "#f2c14e", "out": "#b3202a"}
HAZARD_COLOURS = ("#ffffff00", "#e3eff8", "#7fb3dd", "#f5d76e", "#f39c4a", "#d9534f", "#7a1f5c")


def cascade_timeline(results: Results) -> Any | None:
    """Bars of state for the sites that failed, in the order in which they did, with the cause; the
    share of service below. None without sites.
    """
    sites = {n: s for n, s in results.summary.get("sites", {}).items() if s["kind"] == "critical"}
    if not sites:
        return None
    changes: dict[str, list[tuple[datetime, str, str]]] = {}
    for c in results.summary["site_changes"]:
        changes.setdefault(c["site"], []).append(
            (datetime.fromisoformat(c["time"]), c["state"], c["cause"])
        )
    end = results.start + timedelta(seconds=results.summary["simulated_s"])
    order = sorted(changes, key=lambda n: (-sites[n]["weight"], changes[n][0][0], n))[:SITES_SHOWN]
    order.sort(key=lambda n: (changes[n][0][0], n), reverse=True)
    plt = pyplot()
    figure, (axes, curve) = plt.subplots(
        2,
        1,
        figsize=(9.5, 2.8 + 0.19 * max(len(order), 4)),
        sharex=True,
        layout="constrained",
        height_ratios=[max(len(order), 4) * 0.19, 1.6],
    )
    for row, name in enumerate(order):
        moments = [(results.start, "works", ""), *changes[name], (end, "", "")]
        for (begin, state, _), (stop, _, _) in zip(moments[:-1], moments[1:], strict=True):
            axes.barh(row, stop - begin, left=begin, color=COLOURS[state], height=0.8)
        first = next((c for c in changes[name] if c[1] == "out"), changes[name][0])
        axes.text(
            first[0],
            row,
            f" {first[2]}",
            fontsize=6,
            va="center",
            color="white" if first[1] == "out" else "black",
        )
    axes.set_yticks(range(len(order)), [n.replace("_", " ") for n in order], fontsize=6)
    failed = sum(any(state == "out" for _, state, _ in c) for c in changes.values())
    axes.set_title(
        f"Services 服务: {failed} of {len(sites)} critical sites fail; the {len(order)} of largest"
        " weight by time, with the cause"
    )
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS.values()]
    curve.legend(handles, list(COLOURS), fontsize=7, ncols=3, loc="lower left")
    times, share = Consequences(results).service_curve()
    curve.step(times, 100.0 * share, where="post", color="#b3202a")
    curve.set_ylim(0, 103)
    curve.set_ylabel("service 服务 (%)")
    curve.grid(alpha=0.3)
    draw_clock(curve, times)
    return figure


def underground_filling(results: Results) -> Any | None:
    """How full the spaces that took most became, and the head at their openings with the limit of
    leaving. None where none took water.
    """
    spaces = {
        n: s
        for n, s in results.summary.get("sites", {}).items()
        if s["kind"] == "underground" and s["max_volume_m3"] > 0.0
    }
    if not spaces:
        return None
    metro = sorted(
        (n for n in spaces if spaces[n]["type"] == "metro"),
        key=lambda n: -spaces[n]["max_volume_m3"],
    )[: SPACES_SHOWN // 2]
    others = sorted(
        (n for n in spaces if n not in metro), key=lambda n: -spaces[n]["max_volume_m3"]
    )
    chosen = [*metro, *others[: SPACES_SHOWN - len(metro)]]
    plt = pyplot()
    figure, (axes, heads) = plt.subplots(
        2, 1, figsize=(9.5, 6.4), sharex=True, layout="constrained"
    )
    rows = results.openings
    for number, name in enumerate(chosen):
        series, colour = results.sites[name], f"C{number}"
        axes.plot(
            series["time"],
            100.0 * np.array(series["volume_m3"]) / spaces[name]["capacity_m3"],
            color=colour,
            label=name.replace("_", " "),
        )
        mine = [r for r in rows if r["site"] == name]
        moments = sorted({r["time"] for r in mine})
        heads.plot(
            moments,
            [max(r["head_m"] for r in mine if r["time"] == t) for t in moments],
            color=colour,
            linewidth=1.0,
        )
    axes.set_ylabel("filled 水量 (%)")
    axes.legend(fontsize=7, loc="upper left")
    total = sum(s["entered_m3"] for s in spaces.values())
    axes.set_title(
        f"Underground spaces 地下空间: {len(spaces)} took {total:,.0f} m³; the {len(chosen)} that"
        " took most, metro 地铁 first"
    )
    limit = limit_head(Consequences(results).limits["evacuation"])
    heads.axhline(limit, color="0.4", linewidth=0.8, linestyle="--")
    heads.text(
        0.01,
        limit,
        f"{limit:.2f} m: nobody leaves against it",
        transform=heads.get_yaxis_transform(),
        fontsize=7,
        va="bottom",
    )
    heads.set_ylabel("head over the crest (m)")
    for panel in (axes, heads):
        panel.grid(alpha=0.3)
    draw_clock(heads, results.sites[chosen[0]]["time"])
    return figure


def hazard_map(results: Results) -> Any:
    """Maximum hazard class, H1 to H6."""
    from matplotlib.colors import ListedColormap

    plt = pyplot()
    figure, axes = plt.subplots(figsize=(9.5, 8.2), layout="constrained")
    extent = draw_ground(results, axes)
    hazard = results.fields["max_hazard"].values
    image = axes.imshow(
        hazard,
        extent=extent,
        cmap=ListedColormap(HAZARD_COLOURS),
        vmin=-0.5,
        vmax=6.5,
        interpolation="nearest",
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.8, ticks=range(7))
    bar.ax.set_yticklabels(["dry", *(f"H{k}" for k in range(1, 7))])
    axes.set_title(
        f"{VARIABLES['max_hazard'].english}: H3 and above unsafe for vehicles, children and the"
        " elderly"
    )
    return figure


def wet_floors_map(consequences: Consequences) -> Any | None:
    """Buildings by the water over their ground floor. None without buildings."""
    e = consequences.exposure
    if e is None or not e["building"].any():
        return None
    over = np.append(np.nan, consequences.ring_depth - e["ground_floor_m"])[e["building"]]
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(9.5, 8.2), layout="constrained")
    extent = draw_ground(consequences.results, axes)
    image = axes.imshow(
        np.where(e["building"] > 0, over, np.nan),
        extent=extent,
        cmap="RdYlBu_r",
        vmin=-0.6,
        vmax=0.6,
        interpolation="nearest",
    )
    figure.colorbar(
        image, ax=axes, shrink=0.8, extend="both", label="water over the ground floor (m)"
    )
    found = {o.name: o.value for o in consequences.outcomes() if o.value is not None}
    axes.set_title(
        f"Ground floors: {found['ground_floors_wet']:.0f} of {len(e['use'])} wet; damage 损失"
        f" {found['damage'] / 1e6:,.1f} M CNY of 2010"
    )
    return figure


def access_curves(consequences: Consequences) -> Any | None:
    """Share of the people that fire engines and ambulances still reach. None where it cannot be
    computed.
    """
    if consequences.exposure is None or "depth" not in consequences.results.fields:
        return None
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(9.5, 3.6), layout="constrained")
    drawn = False
    for vehicle, kind in STARTS.items():
        curve = accessible_share(consequences, vehicle, kind)
        if curve is not None:
            hours, share, people = curve
            moments = [consequences.results.start + timedelta(hours=float(h)) for h in hours]
            axes.plot(
                moments,
                100.0 * share,
                label=(
                    f"{vehicle.replace('_', ' ')} from {kind.replace('_', ' ')}s ({people:,.0f}"
                    " people in the dry)"
                ),
            )
            draw_clock(axes, moments)
            drawn = True
    if not drawn:
        plt.close(figure)
        return None
    axes.set_ylim(0, 103)
    axes.set_ylabel("reached within 10 min (%)")
    axes.set_title("Access over the flooded carriageways")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    return figure


def access_maps(consequences: Consequences) -> Any | None:
    """Minutes that fire engines need to every carriageway at four times: first, a third and two
    thirds of the way to the worst, and worst frame. None where it cannot be computed."""
    results = consequences.results
    if consequences.exposure is None or "depth" not in results.fields:
        return None
    reach = Reach(consequences, "fire_engine", STARTS["fire_engine"])
    if not reach.sites or len(reach.hours) < 4:
        return None
    limit = consequences.limits["access"]["reach_min"]
    minutes = [reach.seconds(k) / SECONDS_PER_MINUTE for k in range(len(reach.hours))]
    worst = max(range(1, len(minutes)), key=lambda k: (int((minutes[k] > limit).sum()), -k))
    chosen = sorted({0, worst // 3, 2 * worst // 3, worst})
    plt = pyplot()
    figure, panels = plt.subplots(
        1, len(chosen), figsize=(4.2 * len(chosen), 4.8), layout="constrained", squeeze=False
    )
    image = None
    for axes, k in zip(panels[0], chosen, strict=True):
        extent = draw_ground(results, axes)
        field = np.full(results.fields["bed_elevation"].shape, np.nan)
        field[tuple(reach.graph.cells.T)] = np.where(np.isfinite(minutes[k]), minutes[k], 99.0)
        image = axes.imshow(
            field,
            extent=extent,
            cmap="viridis_r",
            vmin=0.0,
            vmax=2.0 * limit,
            interpolation="nearest",
        )
        for site in reach.sites.values():
            row, column = site["cell"]
            axes.plot(
                results.fields["x"].values[column],
                results.fields["y"].values[row],
                "^",
                color="#b3202a",
                markersize=5,
            )
        moment = results.start + timedelta(hours=float(reach.hours[k]))
        axes.set_title(
            f"{moment:%d %b %H:%M}: {(minutes[k] <= limit).mean():.0%} of the roads within"
            f" {limit:g} min",
            fontsize=9,
        )
        axes.tick_params(labelsize=6)
    figure.colorbar(
        image, ax=panels[0].tolist(), shrink=0.8, extend="max", label="fire engine 消防车 (min)"
    )
    return figure
