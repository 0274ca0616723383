"""Services that fail, and water in underground spaces: from the sites of a run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from flood_sim.analysis.outcomes.outcome import Outcome, our_outcome

if TYPE_CHECKING:
    from flood_sim.analysis.outcomes.consequences import Consequences

SOURCE = "summary.json sites"


def service_losses(consequences: Consequences) -> list[Outcome]:
    """Weighted hours without service, and the same with the repair of what drowned."""
    sites = consequences.sites("critical")
    total = sum(s["weight"] for s in sites.values())
    if total <= 0.0:
        return [our_outcome("service_loss", None, "the scenario has no critical sites", SOURCE)]
    within = sum(s["weight"] * s["out_h"] for s in sites.values()) / total
    drowned = [s for s in sites.values() if s["censored"] and s["drowned"]]
    after = sum(s["weight"] * s["repair_h"] for s in drowned) / total
    censored = sum(s["censored"] for s in sites.values())
    note = (
        f"weighted hours without service, the same window for all runs; {censored} of"
        f" {len(sites)} sites were still out at its end"
    )
    more = (
        "the same, and the repair of what was drowned at the end (water taken to be gone by"
        " then: a lower bound)"
    )
    return [
        our_outcome("service_loss", within, note, SOURCE),
        our_outcome("service_loss_with_repair", within + after, more, SOURCE),
    ]


def underground_entries(consequences: Consequences) -> list[Outcome]:
    """Water that entered, by type of space."""
    spaces = consequences.sites("underground")
    note = "gross inflow over sills and through boards, whatever was pumped out"
    found = [
        our_outcome(
            f"underground_entry_{t}",
            sum(s["entered_m3"] for s in spaces.values() if s["type"] == t),
            note,
            SOURCE,
        )
        for t in sorted({s["type"] for s in spaces.values()})
    ]
    why = "the scenario has no underground spaces"
    return found or [our_outcome("underground_entry", None, why, SOURCE)]


def service_curve(consequences: Consequences) -> tuple[list[datetime], np.ndarray]:
    """Times (n) and F(t) (n,): weighted share of the critical sites that give their service, from
    sites.csv.
    """
    sites = consequences.sites("critical")
    times: dict[datetime, float] = {}
    total = sum(s["weight"] for s in sites.values())
    for name, series in consequences.results.sites.items():
        if name in sites and total > 0.0:
            for moment, state in zip(series["time"], series["state"], strict=True):
                times[moment] = (
                    times.get(moment, 0.0) + sites[name]["weight"] * (state != "out") / total
                )
    ordered = sorted(times)
    return ordered, np.array([times[t] for t in ordered])


def lost_service(time_h: np.ndarray, share: np.ndarray) -> float:
    """Integral of 1 - F over time (h), F linear between points; both arrays (n,)."""
    return float(np.trapezoid(1.0 - np.asarray(share, float), np.asarray(time_h, float)))


def rapidity_h(time_h: np.ndarray, share: np.ndarray, level: float = 0.95) -> float | None:
    """Hours from the end of the minimum to `level` again; None where the record ends before. Both
    arrays (n,).
    """
    time_h, share = np.asarray(time_h, float), np.asarray(share, float)
    low = int(np.flatnonzero(share == share.min())[-1])
    for k in range(low, len(share) - 1):
        if share[k] < level <= share[k + 1]:
            return float(np.interp(level, share[k : k + 2], time_h[k : k + 2]) - time_h[low])
    return 0.0 if share[low] >= level else None
