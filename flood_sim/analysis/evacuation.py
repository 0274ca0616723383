"""How long people underground had, and how long they needed: from openings.csv and the record of actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flood_sim.constants import GRAVITY_M_S2
from flood_sim.results import Results
from flood_sim.units import SECONDS_PER_MINUTE


def limit_head(limits: dict[str, Any]) -> float:
    """Head (m) over a sill from which nobody leaves against the water: stairs, specific force (critical flow, h_c = 2/3 of the head), door."""
    by_force = 1.5 * (limits["specific_force_m2"] / 1.5) ** 0.5
    return float(min(limits["stair_head_m"], by_force, limits["door_head_m"]))


def specific_force_m2(unit_discharge_m2_s: float, depth_m: float) -> float:
    """M0 = v^2 h / g + h^2 / 2 per width."""
    return unit_discharge_m2_s**2 / max(depth_m, 1e-9) / GRAVITY_M_S2 + 0.5 * depth_m**2


def evacuation_rows(results: Results, limits: dict[str, Any]) -> list[dict[str, Any]]:
    """One row a space with people: when its last usable exit is lost, when its people began to leave, minutes had and needed, shortfall.

    People begin when they are warned, or when the first water enters, after the reaction time; each exit passes so many a second until its own
    limit. Never lost in the run: the horizon is the run's end (censored).
    """
    summary = results.summary
    spaces = {n: s for n, s in summary.get("sites", {}).items() if s["kind"] == "underground" and s.get("people", 0.0) > 0.0}
    if not spaces:
        return []
    start = results.start
    head_limit, horizon = limit_head(limits), float(summary["simulated_s"])
    lost: dict[str, dict[str, float]] = {}
    for row in results.openings:
        if row["head_m"] >= head_limit:
            seconds = (row["time"] - start).total_seconds()
            lost.setdefault(row["site"], {}).setdefault(row["opening"], seconds)
    warned: dict[str, float] = {}
    for entry in summary.get("actions", {}).get("record", []):
        word, _, target = entry["what"].partition(" ")
        if word == "done" and target in spaces:
            warned.setdefault(target, (datetime.fromisoformat(entry["time"]) - start).total_seconds())
    rows = []
    for name, space in spaces.items():
        exits = [lost.get(name, {}).get(o, horizon) for o in space["openings"]]
        first_water = space["first_entry"]
        entered = horizon if first_water is None else (datetime.fromisoformat(first_water) - start).total_seconds()
        begins = min(warned.get(name, horizon), entered)
        reaction = limits["reaction_min"] * SECONDS_PER_MINUTE
        need = reaction + leaving_s(space["people"], [e - begins - reaction for e in exits], limits["people_a_second_and_exit"])
        threatened = min(exits, default=horizon) < horizon
        have = max(min(exits, default=horizon) - begins, 0.0)
        short = max(need - have, 0.0) if threatened else 0.0
        rows.append({
            "space": name, "people": space["people"], "exits": len(exits), "warned": name in warned,
            "had_min": have / SECONDS_PER_MINUTE, "needed_min": need / SECONDS_PER_MINUTE,
            "shortfall_person_min": space["people"] * short / SECONDS_PER_MINUTE, "censored": not threatened,
        })  # fmt: skip
    return rows


def leaving_s(people: float, exits_s: list[float], rate: float) -> float:
    """Seconds that people need to leave through exits of `rate` persons a second, each usable until exits_s; where they do not last, the time
    that those left would have needed through all of them."""
    left, now = people, 0.0
    for stop in sorted(exits_s):
        usable = sum(e > now for e in exits_s)
        if stop <= now or not usable:
            continue
        if left <= rate * usable * (stop - now):
            return now + left / (rate * usable)
        left, now = left - rate * usable * (stop - now), stop
    return now + left / (rate * max(len(exits_s), 1))
