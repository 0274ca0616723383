"""How long people underground had, and how long they needed: from openings.csv and the record of
actions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.units import SECONDS_PER_MINUTE
from flood_sim.results import Results


def limit_head(limits: dict[str, Any]) -> float:
    """Head (m) over a sill from which nobody leaves against the water: stairs, specific force
    (critical flow, h_c = 2/3 of the head), door.
    """
    by_force = 1.5 * (limits["specific_force_m2"] / 1.5) ** 0.5
    return float(min(limits["stair_head_m"], by_force, limits["door_head_m"]))


def specific_force_m2(unit_discharge_m2_s: float, depth_m: float) -> float:
    """M0 = v^2 h / g + h^2 / 2 per width."""
    return unit_discharge_m2_s**2 / max(depth_m, 1e-9) / GRAVITY_M_S2 + 0.5 * depth_m**2


def evacuation_rows(results: Results, limits: dict[str, Any]) -> list[dict[str, Any]]:
    """One row a space with people: when its last usable exit is lost, when its people began to
    leave, minutes had and needed, shortfall.

    The share who act on a warning begins with it, the rest when the first water enters, each after
    the reaction time; each exit passes so many a second until its own limit. Never lost in the run:
    the horizon is the run's end (censored).
    """
    spaces = {
        n: s
        for n, s in results.summary.get("sites", {}).items()
        if s["kind"] == "underground" and s.get("people", 0.0) > 0.0
    }
    if not spaces:
        return []
    horizon = float(results.summary["simulated_s"])
    lost, warned = _exits_lost(results, limit_head(limits)), _warned(results)
    rows = []
    for name, space in spaces.items():
        exits = [lost.get(name, {}).get(o, horizon) for o in space["openings"]]
        began, need = _begun_and_needed(results, space, exits, warned.get(name), limits)
        threatened = min(exits, default=horizon) < horizon
        have = max(min(exits, default=horizon) - began, 0.0)
        short = max(need - have, 0.0) if threatened else 0.0
        rows.append(
            {
                "space": name,
                "people": space["people"],
                "exits": len(exits),
                "warned": name in warned,
                "exit_lost_min": min(exits) / SECONDS_PER_MINUTE if threatened else None,
                "had_min": have / SECONDS_PER_MINUTE,
                "needed_min": need / SECONDS_PER_MINUTE,
                "shortfall_person_min": space["people"] * short / SECONDS_PER_MINUTE,
                "censored": not threatened,
            }
        )
    return rows


def _exits_lost(results: Results, head_limit: float) -> dict[str, dict[str, float]]:
    """Space to opening to the first moment (s since the start) with the head of the limit."""
    lost: dict[str, dict[str, float]] = {}
    for row in results.openings:
        if row["head_m"] >= head_limit:
            seconds = (row["time"] - results.start).total_seconds()
            lost.setdefault(row["site"], {}).setdefault(row["opening"], seconds)
    return lost


def _warned(results: Results) -> dict[str, tuple[float, float]]:
    """Space to its first warning: s since the start, and the share of the people who act on it."""
    warned: dict[str, tuple[float, float]] = {}
    for entry in results.summary.get("actions", {}).get("warned", []):
        seconds = (datetime.fromisoformat(entry["time"]) - results.start).total_seconds()
        warned.setdefault(entry["site"], (seconds, float(entry["share"])))
    return warned


def _begun_and_needed(
    results: Results,
    space: dict[str, Any],
    exits_s: list[float],
    warning: tuple[float, float] | None,
    limits: dict[str, Any],
) -> tuple[float, float]:
    """When leaving begins (s since the start), and the seconds until the last has left."""
    horizon = float(results.summary["simulated_s"])
    first_water = space["first_entry"]
    entered = (
        horizon
        if first_water is None
        else (datetime.fromisoformat(first_water) - results.start).total_seconds()
    )
    told, share = warning or (horizon, 0.0)
    begins, reaction = min(told, entered), limits["reaction_min"] * SECONDS_PER_MINUTE
    groups = [(begins + reaction, space["people"])]
    if told < entered:
        groups = [
            (begins + reaction, share * space["people"]),
            (entered + reaction, (1.0 - share) * space["people"]),
        ]
    return begins, leaving_s(groups, exits_s, limits["people_a_second_and_exit"]) - begins


def leaving_s(groups: list[tuple[float, float]], exits_s: list[float], rate: float) -> float:
    """When the last has left: groups (when they come to the exits in s, people) leave through exits
    of `rate` persons a second, each usable until exits_s; where they do not last, those left are
    taken to leave at the rate of all of them."""
    coming = [(start, people) for start, people in sorted(groups) if people > 0.0]
    waiting, now = 0.0, coming[0][0] if coming else 0.0
    for moment in sorted({start for start, _ in coming} | {e for e in exits_s if e > now}):
        passed = rate * sum(e > now for e in exits_s) * (moment - now)
        if waiting and passed >= waiting and all(start < moment for start, _ in coming):
            break
        waiting, now = max(waiting - passed, 0.0), moment
        waiting += sum(people for start, people in coming if start == moment)
    usable = sum(e > now for e in exits_s) or max(len(exits_s), 1)
    return now + waiting / (rate * usable)
