"""Criteria of standards on one result folder, and what a ladder of return periods says. Standards and loads are data files (`standards/`)."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.analysis.consequences import Consequences
from flood_sim.errors import input_error, nearest

STANDARDS = Path(__file__).parent / "standards"
OBJECTS_SHOWN = 5


@dataclass(frozen=True)
class Verdict:
    """One criterion on one run: worst value and its limit (m, or h for times), what is nearest to failing or fails worst, with map places."""

    criterion: str
    worst: float
    limit: float
    objects: tuple[dict[str, Any], ...]

    @property
    def margin(self) -> float:
        return self.limit - self.worst

    @property
    def passed(self) -> bool:
        return self.margin >= -1e-9


def read_standards(wanted: str = "china") -> dict[str, Any]:
    """A named set of standards, or a user's file. Raises InputError where there is neither."""
    named = {p.stem: p for p in STANDARDS.glob("*.toml") if p.stem != "reference_city"}
    path = named.get(wanted, Path(wanted))
    if not path.is_file():
        raise input_error(
            "E102", "--standards", f"no such standards{nearest(wanted, named)}", given=wanted, allowed=f"{', '.join(sorted(named))}, or a file"
        )
    return tomllib.loads(path.read_text(encoding="utf-8"))


def read_loads(path: Path = STANDARDS / "reference_city.toml") -> dict[str, Any]:
    """Rain and river stage by return period."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def judge(consequences: Consequences, criterion: Mapping[str, Any], rain_ends_h: float = 0.0) -> Verdict | None:
    """A criterion on a run; None where the run lacks what it needs (roads, buildings, frames)."""
    test = {"carriageway": _carriageway, "ground_floor": _ground_floor, "recession": _recession, "openings": _openings}[criterion["test"]]
    return test(consequences, criterion, rain_ends_h)


def _carriageway(c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float) -> Verdict | None:
    """Largest depth that `share` of the carriageway (by area) stays under, over the whole run: a field of maxima, so it is on the safe side."""
    if c.exposure is None or not c.exposure["road_share"].any():
        return None
    depth = np.nan_to_num(c.results.max_depth.values)
    worst = area_quantile(depth, c.exposure["road_share"], criterion["share"])
    return Verdict(
        criterion["id"], worst, criterion["limit_m"], tuple(_deepest(c, np.where(c.exposure["road_share"] > 0.0, depth, 0.0), "carriageway"))
    )


def area_quantile(value: np.ndarray, weight: np.ndarray, share: float) -> float:
    """The smallest value that `share` of the weight does not exceed."""
    used = weight > 0.0
    order = np.argsort(value[used], kind="stable")
    total = np.cumsum(weight[used][order])
    k = int(np.searchsorted(total, share * total[-1] - 1e-9))
    return float(value[used][order][min(k, len(order) - 1)])


def _ground_floor(c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float) -> Verdict | None:
    if c.exposure is None or not len(c.exposure["use"]):
        return None
    over = c.ring_depth - c.exposure["ground_floor_m"]
    order = np.argsort(-over, kind="stable")[:OBJECTS_SHOWN]
    cells = [np.argwhere(c.exposure["building"] == k + 1).mean(axis=0).astype(int) for k in order]
    objects = [{"name": f"building {k + 1}", "value": float(over[k]), **_place(c, *cell)} for k, cell in zip(order.tolist(), cells, strict=True)]
    return Verdict(criterion["id"], float(over.max()), criterion["limit_m"], tuple(objects))


def _recession(c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float) -> Verdict | None:
    """Hours after the rain at which `share` of the carriageway is at most limit_m deep and stays so; the run's end where it is not by then."""
    fields = c.results.fields
    if c.exposure is None or "depth" not in fields or not c.exposure["road_share"].any():
        return None
    times = fields["time"].values.astype("datetime64[s]").astype(float)
    hours = (times - times[0]) / 3600.0
    worst = 0.0
    for k, hour in enumerate(hours):
        depth = np.nan_to_num(fields["depth"][k].values)
        if area_quantile(depth, c.exposure["road_share"], criterion["share"]) > criterion["limit_m"]:
            worst = hours[min(k + 1, len(hours) - 1)] - rain_ends_h if k + 1 < len(hours) else math.inf
            if not math.isfinite(worst):
                worst = max(hour - rain_ends_h, 0.0) + criterion["limit_h"]  # not within the run
    return Verdict(criterion["id"], max(float(worst), 0.0), criterion["limit_h"], ())


def _openings(c: Consequences, criterion: Mapping[str, Any], rain_ends_h: float) -> Verdict | None:
    spaces = {n: s for n, s in c.results.summary.get("sites", {}).items() if s["kind"] == "underground"}
    if not spaces:
        return None
    heads: dict[tuple[str, str], float] = {}
    for row in c.results.openings:
        key = row["site"], row["opening"]
        heads[key] = max(heads.get(key, 0.0), row["head_m"])
    order = sorted(heads, key=lambda k: -heads[k])[:OBJECTS_SHOWN]
    objects = [{"name": f"{site}/{opening}", "value": heads[site, opening]} for site, opening in order]
    return Verdict(criterion["id"], max(heads.values(), default=0.0), criterion["limit_m"], tuple(objects))


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
    return {"x_m": float(fields["x"].values[int(column)]), "y_m": float(fields["y"].values[int(row)])}


def bottleneck_depth(depth: np.ndarray, begin: np.ndarray, end: np.ndarray) -> float:
    """Least d such that cells at most d deep join the two ends (8 neighbours): the depth on the driest way through a strip of road.

    depth (rows, columns) m; begin, end bool. Sorted union-find; inf where no way leads.
    """
    rows, columns = depth.shape
    parent = list(range(depth.size + 2))
    first, last = depth.size, depth.size + 1

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    open_ = np.zeros(depth.shape, bool)
    for k in np.argsort(depth, axis=None, kind="stable").tolist():
        row, column = divmod(k, columns)
        if not np.isfinite(depth[row, column]):
            break
        open_[row, column] = True
        joined = [first] if begin[row, column] else []
        joined += [last] if end[row, column] else []
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                r, q = row + down, column + right
                if (down or right) and 0 <= r < rows and 0 <= q < columns and open_[r, q]:
                    joined.append(r * columns + q)
        for other in joined:
            parent[root(other)] = root(k)
        if root(first) == root(last):
            return float(depth[row, column])
    return math.inf


def interpolated_period(passed_y: float, margin_passed: float, failed_y: float, margin_failed: float) -> float:
    """Return period at which the margin is nothing, linear in ln T between the last pass and the first fail."""
    if margin_passed <= 0.0:
        return passed_y
    share = margin_passed / (margin_passed - margin_failed)
    return math.exp(math.log(passed_y) + share * math.log(failed_y / passed_y))


def ladder_answer(tried: Mapping[float, tuple[bool, float]], ladder: Sequence[float]) -> dict[str, Any]:
    """What a set of tried rungs (T to passed and margin) says: the largest T with all lower tried rungs passed, the first fail, the figure between.

    monotone: False where a rung passes above one that fails.
    """
    rungs = sorted(tried)
    failed = [t for t in rungs if not tried[t][0]]
    passed = [t for t in rungs if tried[t][0] and not any(f < t for f in failed)]
    monotone = not any(tried[t][0] for t in rungs for f in failed if f < t)
    passes, fails = (passed[-1] if passed else None), (failed[0] if failed else None)
    about = None
    if passes is not None and fails is not None:
        about = interpolated_period(passes, tried[passes][1], fails, tried[fails][1])
    return {"passes_y": passes, "fails_y": fails, "about_y": about, "monotone": monotone, "beyond_ladder": fails is None and passes == max(ladder)}


def next_rung(tried: Mapping[float, tuple[bool, float]], ladder: Sequence[float], required: float) -> float | None:
    """The rung to run next: the required one first, then by halves between the last pass and the first fail; None once they are neighbours."""
    if not tried:
        return min(ladder, key=lambda t: (abs(math.log(t / required)), t))
    low = max((t for t in tried if tried[t][0]), default=None)
    high = min((t for t in tried if not tried[t][0]), default=None)
    if low is not None and high is not None and low > high:  # not monotone: the whole ladder
        return next((t for t in ladder if t not in tried), None)
    inside = [t for t in ladder if t not in tried and (low is None or t > low) and (high is None or t < high)]
    return inside[len(inside) // 2] if inside else None
