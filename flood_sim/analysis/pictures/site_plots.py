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
from flood_sim.analysis.outcomes.services import service_curve
from flood_sim.analysis.pictures.plots import draw_clock, draw_ground
from flood_sim.analysis.pictures.style import GREY, HAZARDS, INK, LINE, LOSS, PAPER, STATES, pyplot
from flood_sim.core.units import SECONDS_PER_MINUTE
from flood_sim.results import Results

SITES_SHOWN, SPACES_SHOWN = 30, 8
# what a class is unsafe for: AIDR Guideline 7-3, Flood Hazard (2017), recalled
HAZARD_LABELS = (
    "dry 无水",
    "H1 generally safe\n一般安全",
    "H2 unsafe for small cars\n小型车辆不安全",
    "H3 ... for vehicles,\nchildren, the elderly\n车辆、老人、儿童不安全",
    "H4 ... for all people\n所有人和车辆不安全",
    "H5 ... weak buildings fail\n建筑可能损坏",
    "H6 ... any building fails\n建筑可能倒塌",
)


Change = tuple[datetime, str, str]  # when, to which state, by what cause


def cascade_timeline(results: Results) -> Any | None:
    """Bars of state for the sites that failed, in the order in which they did, with the cause; the
    share of service below. None without sites.
    """
    sites = {n: s for n, s in results.summary.get("sites", {}).items() if s["kind"] == "critical"}
    if not sites:
        return None
    changes: dict[str, list[Change]] = {}
    for c in results.summary["site_changes"]:
        changes.setdefault(c["site"], []).append(
            (datetime.fromisoformat(c["time"]), c["state"], c["cause"])
        )
    order = sorted(changes, key=lambda n: (-sites[n]["weight"], changes[n][0][0], n))[:SITES_SHOWN]
    order.sort(key=lambda n: (changes[n][0][0], n), reverse=True)
    plt = pyplot()
    tall = 0.19 * max(len(order), 4)
    figure, (axes, curve) = plt.subplots(
        2,
        1,
        figsize=(9.5, 2.8 + tall),
        sharex=True,
        layout="constrained",
        height_ratios=[tall, 1.6],
    )
    _draw_states(axes, results, [(name, changes[name]) for name in order])
    failed = sum(any(state == "out" for _, state, _ in c) for c in changes.values())
    axes.set_title(
        f"Services 服务: {failed} of {len(sites)} critical sites fail; the {len(order)} of largest"
        " weight by time, with the cause"
    )
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in STATES.values()]
    curve.legend(handles, list(STATES), fontsize=7, ncols=3, loc="lower left")
    _draw_service_share(curve, results)
    return figure


def _draw_states(axes: Any, results: Results, changes: list[tuple[str, list[Change]]]) -> None:
    """A row a site: its states as bars, the cause where it first failed."""
    end = results.start + timedelta(seconds=results.summary["simulated_s"])
    for row, (_, mine) in enumerate(changes):
        moments = [(results.start, "works", ""), *mine, (end, "", "")]
        for (begin, state, _), (stop, _, _) in zip(moments[:-1], moments[1:], strict=True):
            axes.barh(row, stop - begin, left=begin, color=STATES[state], height=0.8)
        moment, state, cause = next((c for c in mine if c[1] == "out"), mine[0])
        colour = PAPER if state == "out" else INK
        axes.text(moment, row, f" {cause}", fontsize=6, va="center", color=colour)
    names = [name.replace("_", " ") for name, _ in changes]
    axes.set_yticks(range(len(names)), names, fontsize=6)


def _draw_service_share(axes: Any, results: Results) -> None:
    times, share = service_curve(Consequences(results))
    axes.step(times, 100.0 * share, where="post", color=LOSS)
    axes.set_ylim(0, 103)
    axes.set_ylabel("service 服务 (%)")
    axes.grid()
    draw_clock(axes, times)


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
    chosen = _fullest(spaces)
    plt = pyplot()
    figure, (axes, heads) = plt.subplots(
        2, 1, figsize=(9.5, 6.4), sharex=True, layout="constrained"
    )
    for number, name in enumerate(chosen):
        series, colour = results.sites[name], f"C{number}"
        filled = 100.0 * np.array(series["volume_m3"]) / spaces[name]["capacity_m3"]
        axes.plot(series["time"], filled, color=colour, label=name.replace("_", " "))
        moments, highest = _highest_heads(results, name)
        heads.plot(moments, highest, color=colour, linewidth=1.0)
    axes.set_ylabel("filled 水量 (%)")
    axes.legend(fontsize=7, loc="upper left")
    total = sum(s["entered_m3"] for s in spaces.values())
    axes.set_title(
        f"Underground spaces 地下空间: {len(spaces)} took {total:,.0f} m³; the {len(chosen)} that"
        " took most, metro 地铁 first"
    )
    _draw_limit(heads, limit_head(Consequences(results).limits["evacuation"]))
    heads.set_ylabel("head over the crest\n门槛以上水头 (m)")
    for panel in (axes, heads):
        panel.grid()
    draw_clock(heads, results.sites[chosen[0]]["time"])
    return figure


def _fullest(spaces: dict[str, dict[str, Any]]) -> list[str]:
    """The spaces that took most, at most half of them metros, which come first."""
    order = sorted(spaces, key=lambda n: -spaces[n]["max_volume_m3"])
    metro = [n for n in order if spaces[n]["type"] == "metro"][: SPACES_SHOWN // 2]
    return [*metro, *(n for n in order if n not in metro)][:SPACES_SHOWN]


def _highest_heads(results: Results, space: str) -> tuple[list[datetime], list[float]]:
    """Moments of openings.csv, and the highest head (m) of the space's openings at each."""
    highest: dict[datetime, float] = {}
    for row in results.openings:
        if row["site"] == space:
            highest[row["time"]] = max(highest.get(row["time"], row["head_m"]), row["head_m"])
    moments = sorted(highest)
    return moments, [highest[t] for t in moments]


def _draw_limit(axes: Any, limit_m: float) -> None:
    axes.axhline(limit_m, color=GREY, linewidth=0.8, linestyle="--")
    axes.text(
        0.01,
        limit_m,
        f"{limit_m:.2f} m: nobody leaves against it 无法逃出",
        transform=axes.get_yaxis_transform(),
        fontsize=7,
        va="bottom",
    )


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
        cmap=ListedColormap(HAZARDS),
        vmin=-0.5,
        vmax=6.5,
        interpolation="nearest",
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.8, ticks=range(7))
    bar.ax.set_facecolor(LINE)  # where nothing is drawn the ground shows
    bar.ax.set_yticklabels(HAZARD_LABELS, fontsize=8)
    axes.set_title("maximum hazard class of AIDR 最大危险等级")
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
        image,
        ax=axes,
        shrink=0.8,
        extend="both",
        label="water over the ground floor 底层地面以上水深 (m)",
    )
    found = {o.name: o.value for o in consequences.outcomes()}
    wet, loss, value = (
        found.get("ground_floors_wet"),
        found.get("damage"),
        consequences.limits["damage"]["value_m2"],
    )
    currency = consequences.limits["damage"]["currency"]
    count = "-" if wet is None else f"{wet:.0f}"
    title = f"Ground floors 建筑底层: {count} of {len(e['use'])} wet 进水"
    if loss is not None:
        title += f"; damage 损失 {loss / 1e6:,.1f} M {currency} of {value['price_year']}"
    axes.set_title(title)
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
    axes.set_ylabel("reached within 10 min\n10 分钟可达 (%)")
    axes.set_title("Access over the flooded carriageways 积水道路上的可达性")
    axes.legend(fontsize=8)
    axes.grid()
    return figure


def access_maps(consequences: Consequences) -> Any | None:
    """Minutes that fire engines need to every carriageway at four times: first, a third and two
    thirds of the way to the worst, and worst frame. None where it cannot be computed."""
    results = consequences.results
    if consequences.exposure is None or "depth" not in results.fields:
        return None
    if not consequences.exposure["road_share"].any():
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
        image = _draw_minutes(axes, results, reach, minutes[k], 2.0 * limit)
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


def _draw_minutes(
    axes: Any, results: Results, reach: Reach, minutes: np.ndarray, longest: float
) -> Any:
    """Minutes (carriageway cells,) to every cell of the roads, and where help starts."""
    extent = draw_ground(results, axes)
    field = np.full(results.fields["bed_elevation"].shape, np.nan)
    field[tuple(reach.graph.cells.T)] = np.where(np.isfinite(minutes), minutes, 99.0)
    image = axes.imshow(
        field, extent=extent, cmap="viridis_r", vmin=0.0, vmax=longest, interpolation="nearest"
    )
    x, y = results.fields["x"].values, results.fields["y"].values
    for site in reach.sites.values():
        row, column = site["cell"]
        axes.plot(x[column], y[row], "^", color=LOSS, markersize=5)
    return image
