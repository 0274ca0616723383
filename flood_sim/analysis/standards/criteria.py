"""Criteria of standards on one result folder: the worst value, its limit, and where it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.streets import freeboard_m

OBJECTS_SHOWN = 5
REACH_M = 50.0  # of a dyke: what is shown lies so far apart


@dataclass(frozen=True)
class Verdict:
    """One criterion on one run: worst value and its limit (m, or h for times), what is nearest to
    failing or fails worst, with map places.

    strict : the worst of all, where the criterion leaves out a share (worst is what that share does
    not exceed);  where : what `worst` is of.
    """

    criterion: str
    worst: float
    limit: float
    objects: tuple[dict[str, Any], ...]
    strict: float | None = None
    where: str = ""

    @property
    def margin(self) -> float:
        return self.limit - self.worst

    @property
    def passed(self) -> bool:
        return self.margin >= -1e-9


def judge(
    consequences: Consequences, criterion: Mapping[str, Any], rain_ends_h: float = 0.0
) -> Verdict | None:
    """A criterion on a run; None where the run lacks what it needs (roads, buildings, frames)."""
    return TESTS[criterion["test"]](consequences, criterion, rain_ends_h)


def _carriageway(
    c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float
) -> Verdict | None:
    """Largest depth that `share` of the carriageway (by area) stays under, over the whole run: a
    field of maxima, so it is on the safe side.
    """
    if c.exposure is None or not c.exposure["road_share"].any():
        return None
    depth = np.nan_to_num(c.results.max_depth.values)
    worst = share_quantile(depth, c.exposure["road_share"], criterion["share"])
    return Verdict(
        criterion["id"],
        worst,
        criterion["limit_m"],
        tuple(_deepest(c, np.where(c.exposure["road_share"] > 0.0, depth, 0.0), "carriageway")),
    )


def share_quantile(value: np.ndarray, weight: np.ndarray, share: float) -> float:
    """The smallest value that `share` of the weight does not exceed.

    value, weight : of one shape; weights are areas (m2) or lengths (m)
    """
    used = weight > 0.0
    order = np.argsort(value[used], kind="stable")
    total = np.cumsum(weight[used][order])
    k = int(np.searchsorted(total, share * total[-1] - 1e-9))
    return float(value[used][order][min(k, len(order) - 1)])


def _ground_floor(
    c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float
) -> Verdict | None:
    if c.exposure is None or not len(c.exposure["use"]):
        return None
    over = c.ring_depth - c.exposure["ground_floor_m"]
    order = np.argsort(-over, kind="stable")[:OBJECTS_SHOWN]
    cells = [np.argwhere(c.exposure["building"] == k + 1).mean(axis=0).astype(int) for k in order]
    objects = [
        {"name": f"building {k + 1}", "value": float(over[k]), **_place(c, *cell)}
        for k, cell in zip(order.tolist(), cells, strict=True)
    ]
    return Verdict(criterion["id"], float(over.max()), criterion["limit_m"], tuple(objects))


def _lane_path(c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float) -> Verdict | None:
    """Depth on the driest way along each street, the deepest of all frames, that `share` of the
    streets' length stays under. Roads without axes: the carriageway by area."""
    streets = c.streets
    if streets is None:
        return _carriageway(c, criterion, rain_ends_h)
    worst = streets.by_frame[1].max(axis=0)
    order = np.argsort(-worst, kind="stable")[:OBJECTS_SHOWN].tolist()
    objects = tuple(
        {"name": streets.name[k], "value": float(worst[k]), **_place(c, *streets.middle_cell(k))}
        for k in order
        if worst[k] > 0.0
    )
    value = share_quantile(worst, streets.length_m, criterion["share"])
    return Verdict(criterion["id"], value, criterion["limit_m"], objects, float(worst.max()))


def _recession(c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float) -> Verdict | None:
    """Hours after the rain until `share` of a zone's streets (by length) can be passed along a way
    at most limit_m deep, and stay so: the zone that is nearest to its own limit or furthest over
    it; over it, too, where the run ends with streets shut. None without frames.
    """
    streets = c.streets
    if streets is None or "depth" not in c.results.fields:
        return None
    hours, depth = streets.by_frame
    found = []
    for zone, limit_h in criterion["limit_h"].items():
        mine = streets.of_zone(zone)
        if not mine.any():
            continue
        shut = np.array(
            [
                share_quantile(row[mine], streets.length_m[mine], criterion["share"])
                > criterion["limit_m"]
                for row in depth
            ]
        )
        last = int(np.flatnonzero(shut)[-1]) if shut.any() else -1
        if (
            last == len(hours) - 1
        ):  # not within the run: later than its end, and over the limit as far as one knows
            found.append((limit_h, max(float(hours[last]) - rain_ends_h, limit_h + 1.0), zone))
        else:
            found.append(
                (
                    limit_h,
                    max(float(hours[last + 1]) - rain_ends_h, 0.0) if last >= 0 else 0.0,
                    zone,
                )
            )
    if not found:
        return None
    limit_h, worst, zone = min(found, key=lambda f: f[0] - f[1])
    objects = tuple({"name": f"zone {z}, limit {h:g} h", "value": value} for h, value, z in found)
    return Verdict(criterion["id"], worst, float(limit_h), objects, where=f"zone {zone}")


def _dyke(c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float) -> Verdict | None:
    """Safety height (m) that the crest lacks over the highest stage, at the worst bank cell: 0 or
    less passes.
    """
    board = freeboard_m(c)
    if board is None:
        return None
    cells, room = board
    lacking = criterion["safety_height_m"] - room
    order = np.argsort(-lacking, kind="stable")
    columns = c.results.fields["x"].size
    objects: list[dict[str, Any]] = []
    for k in order.tolist():
        place = _place(c, *divmod(int(cells[k]), columns))
        if all(
            math.hypot(place["x_m"] - o["x_m"], place["y_m"] - o["y_m"]) > REACH_M for o in objects
        ):
            objects.append({"name": "dyke", "value": float(lacking[k]), **place})
        if len(objects) == OBJECTS_SHOWN:
            break
    return Verdict(criterion["id"], float(lacking.max()), 0.0, tuple(objects))


def _openings(c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float) -> Verdict | None:
    spaces = {
        n: s for n, s in c.results.summary.get("sites", {}).items() if s["kind"] == "underground"
    }
    if not spaces:
        return None
    heads: dict[tuple[str, str], float] = {}
    for row in c.results.openings:
        key = row["site"], row["opening"]
        heads[key] = max(heads.get(key, 0.0), row["head_m"])
    order = sorted(heads, key=lambda k: -heads[k])[:OBJECTS_SHOWN]
    cells = {
        (n, o): cell
        for n, s in spaces.items()
        for o, cell in zip(s["openings"], s.get("opening_cells", []), strict=False)
    }
    objects = [
        {
            "name": "/".join(key),
            "value": heads[key],
            **(_place(c, *cells[key]) if key in cells else {}),
        }
        for key in order
    ]
    return Verdict(
        criterion["id"], max(heads.values(), default=0.0), criterion["limit_m"], tuple(objects)
    )


TESTS = {
    "carriageway": _carriageway,
    "lane_path": _lane_path,
    "recession": _recession,
    "ground_floor": _ground_floor,
    "dyke": _dyke,
    "openings": _openings,
}


def _deepest(c: Consequences, value: np.ndarray, what: str) -> list[dict[str, Any]]:
    """The worst cells, at least five cells apart."""
    left, found = value.copy(), []
    for _ in range(OBJECTS_SHOWN):
        row, column = np.unravel_index(int(np.argmax(left)), left.shape)
        if left[row, column] <= 0.0:
            break
        found.append({"name": what, "value": float(left[row, column]), **_place(c, row, column)})
        left[max(row - 5, 0) : row + 6, max(column - 5, 0) : column + 6] = 0.0
    return found


def _place(c: Consequences, row: Any, column: Any) -> dict[str, float]:
    fields = c.results.fields
    return {
        "x_m": float(fields["x"].values[int(column)]),
        "y_m": float(fields["y"].values[int(row)]),
    }
