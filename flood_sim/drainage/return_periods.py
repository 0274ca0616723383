"""What drains to each conduit, and the return period that it carries full (rational method)."""

from __future__ import annotations

import math
from collections.abc import Callable

from flood_sim.drainage.conduits import Conduit

ENTRY_MINUTES = 10.0  # overland time to the first inlet (GB 50014: 5 to 15 min)


def drained_areas(
    conduits: list[Conduit], own_area_m2: dict[str, float]
) -> dict[str, tuple[float, float]]:
    """Conduit to (m2 that drain to it, minutes of flow from its farthest upstream node), by the
    links' own directions.

    At a node with several ways out the area is split by their capacities. Loops are cut where they
    close: their areas are then too small.
    """
    out: dict[str, list[Conduit]] = {}
    waiting: dict[str, int] = {}
    for c in conduits:
        out.setdefault(c.upper, []).append(c)
        waiting[c.lower] = waiting.get(c.lower, 0) + 1
    area, minutes = dict(own_area_m2), dict.fromkeys(own_area_m2, 0.0)
    nodes = list(
        dict.fromkeys([*own_area_m2, *(c.upper for c in conduits), *(c.lower for c in conduits)])
    )
    ready = [n for n in nodes if waiting.get(n, 0) == 0]
    result: dict[str, tuple[float, float]] = {}
    seen: set[str] = set()
    while len(seen) < len(nodes):
        if not ready:  # a loop: go on with the node that waits for least
            ready = [min((n for n in nodes if n not in seen), key=lambda n: waiting.get(n, 0))]
        node = ready.pop()
        if node in seen:
            continue
        seen.add(node)
        ways = out.get(node, [])
        total = sum(
            max(c.capacity_m3_s, 1e-6) if math.isfinite(c.capacity_m3_s) else 1e-6 for c in ways
        )
        for c in ways:
            weight = max(c.capacity_m3_s, 1e-6) if math.isfinite(c.capacity_m3_s) else 1e-6
            part = area.get(node, 0.0) * weight / total
            result[c.name] = (part, minutes.get(node, 0.0))
            area[c.lower] = area.get(c.lower, 0.0) + part
            speed = (
                max(c.capacity_m3_s / c.area_m2, 0.3)
                if c.capacity_m3_s > 0.0 and c.area_m2 > 0.0
                else 0.3
            )
            minutes[c.lower] = max(
                minutes.get(c.lower, 0.0), minutes.get(node, 0.0) + c.length_m / speed / 60.0
            )
            waiting[c.lower] -= 1
            if waiting[c.lower] == 0:
                ready.append(c.lower)
    return result


def design_return_periods(
    conduits: list[Conduit],
    own_area_m2: dict[str, float],
    runoff_coefficient: float,
    intensity_l_s_ha: Callable[[float, float], float],
    longest_y: float = 100.0,
) -> dict[str, float]:
    """Conduit to the return period (years) whose rational flow psi q(t, P) A just fills it; at most
    longest_y, 0 where it carries nothing.

    intensity_l_s_ha(minutes, return period) : a storm formula; t = ENTRY_MINUTES + flow time (GB
    50014). Conduits without an area are left out.
    """
    periods, drained = {}, drained_areas(conduits, own_area_m2)
    for c in conduits:
        area, minutes = drained.get(c.name, (0.0, 0.0))
        if area <= 0.0 or not math.isfinite(c.capacity_m3_s):
            continue
        wanted = 1000.0 * c.capacity_m3_s / (runoff_coefficient * area / 1e4)  # L/(s ha)
        low, high = 0.05, longest_y
        if wanted >= intensity_l_s_ha(ENTRY_MINUTES + minutes, high):
            periods[c.name] = high
            continue
        if wanted <= intensity_l_s_ha(ENTRY_MINUTES + minutes, low):
            periods[c.name] = 0.0
            continue
        for _ in range(60):
            middle = math.sqrt(low * high)
            low, high = (
                (middle, high)
                if intensity_l_s_ha(ENTRY_MINUTES + minutes, middle) < wanted
                else (low, middle)
            )
        periods[c.name] = low
    return periods
