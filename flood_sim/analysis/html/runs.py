"""The part of a page that one or several runs of one grid fill: their outcomes, map, hydrographs,
ledgers. From result folders alone.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flood_sim.analysis.html import svg
from flood_sim.analysis.html.maps import viewer
from flood_sim.analysis.html.names import LEDGER
from flood_sim.analysis.outcomes.access import accessible_share
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.guarded import or_reason
from flood_sim.analysis.outcomes.outcome import OutcomeKind, kinds_of, written
from flood_sim.analysis.outcomes.services import service_curve
from flood_sim.core.errors import input_error
from flood_sim.core.files.writing import reading
from flood_sim.results import Results

GAUGES_SHOWN, MOST_RUNS = 8, 6
DASHES = ("", "6 4", "2 3", "10 3", "10 3 2 3", "1 2")  # lines differ by more than their colour


def runs_context(runs: list[Results]) -> dict[str, Any]:
    """Raises InputError where a run is unfinished, the grids differ, or there are more runs than
    one page bears.
    """
    _refuse_unlike(runs)
    names = _names(runs)
    named = list(zip(names, runs, strict=True))
    scenario = runs[0].summary["scenario"]
    counted = f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}"
    return {
        "title": scenario,
        "language": str(runs[0].summary.get("region", {}).get("language", "en")),
        "about": {
            "en": f"{counted} of {scenario}: {', '.join(names)}.",
            "zh": f"情景 {scenario}：{'、'.join(names)}。",
        },
        "headline": [{"name": " → ".join(names), "rows": _headline(runs)}],
        "viewer": viewer(named),
        "curves": or_reason(partial(_curves, named))[0] or [],
        "ledgers": {"names": names, "rows": _ledger(runs)},
        "caveats": _caveats(named),
        "findings": _findings(named),
        "unknown": _unknown(runs),
        "runs": [_run_row(name, run) for name, run in named],
    }


def _unknown(runs: list[Results]) -> list[dict[str, str]]:
    """First figures that some run has no value of, and why."""
    rows = [row for run in runs for row in written(run).values() if row["value"] is None]
    notes = {row["name"]: str(row["note"]) for row in reversed(rows)}
    kinds = kinds_of(rows)
    return [
        {"en": kind.english, "zh": kind.chinese_label, "why": notes[name]}
        for name, kind in kinds.items()
        if kind.headline
    ]


def _run_row(name: str, run: Results) -> dict[str, Any]:
    return {
        "portfolio": name,
        "storm": run.summary["rainfall"]["name"],
        "key": str(run.folder),
        "error": f"{run.ledger['relative_error']:.0e}",
        "residual": f"{run.ledger['network_residual']:.0f}",
        "cost": _cost(run),
    }


def _refuse_unlike(runs: list[Results]) -> None:
    if len(runs) > MOST_RUNS:
        raise input_error(
            "E104",
            "report",
            f"{len(runs)} runs on one page",
            allowed=f"at most {MOST_RUNS}",
            do="name fewer, or make a study of them",
        )
    for run in runs:
        if run.status == "unfinished":
            raise input_error(
                "E101",
                str(run.folder),
                "this run is not finished",
                do=f"flood-sim run --resume {run.folder}",
            )
        if run.fields["bed_elevation"].shape != runs[0].fields["bed_elevation"].shape:
            raise input_error(
                "E104",
                str(run.folder),
                "the results lie on different grids",
                do="one page for runs of one scenario",
            )


def _names(runs: list[Results]) -> list[str]:
    """Portfolios; with the folder where two are alike."""
    portfolios = [str(r.summary["portfolio"]) for r in runs]
    return [
        p if portfolios.count(p) == 1 else f"{p} ({r.folder.name})"
        for p, r in zip(portfolios, runs, strict=True)
    ]


def _cost(run: Results) -> str:
    """Of all that is built, in millions of its own money."""
    path = run.folder / "measures.json"
    with reading(path):
        bill = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        capital = sum(m["capital"]["middle"] for m in bill)
        return f"{capital / 1e6:.1f} M {bill[0]['currency']}" if bill else "0"


def _headline(runs: list[Results]) -> list[dict[str, Any]]:
    """Outcomes that all runs have, then areas and the deepest water."""
    rows = []
    tables = [written(r) for r in runs]
    kinds = kinds_of(row for table in tables for row in table.values())
    for name, kind in kinds.items():
        found = [t[name]["value"] for t in tables if name in t and t[name]["value"] is not None]
        if not kind.headline or len(found) < len(runs) or not any(found):
            continue
        values = [
            _value(r, "consequences.json", f"outcomes:{name}", v)
            for r, v in zip(runs, found, strict=True)
        ]
        rows.append(headline_row(kind, values))
    for key, english, chinese, unit, scale in (
        ("flooded_area_m2:0.15", "ever deeper than 0.15 m", "水深曾超 0.15 m", "ha", 1e-4),
        ("max_depth_m", "deepest", "最大水深", "m", 1.0),
    ):
        values = [
            _value(r, "summary.json", f"flood:{key}", scale * _at(r.summary["flood"], key))
            for r in runs
        ]
        rows.append({"en": english, "zh": chinese, "unit": unit, "values": values})
    return rows


def headline_row(kind: OutcomeKind, values: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the first figures: labels, unit, and a value for each run."""
    return {"en": kind.english, "zh": kind.chinese_label, "unit": kind.unit, "values": values}


def _value(run: Results, file: str, place: str, value: float) -> dict[str, Any]:
    return {"value": float(value), "src": f"{run.folder.name}:{file}:{place}"}


def _at(table: dict[str, Any], key: str) -> float:
    value: Any = table
    for part in key.split(":"):
        value = value[part]
    return float(value)


def hours_since(moments: list[datetime]) -> list[float]:
    return [(m - moments[0]) / timedelta(hours=1) for m in moments]


def _curves(runs: list[tuple[str, Results]]) -> list[dict[str, Any]]:
    """Services and access of all runs, then the gauges that got wettest, each run a line."""
    found = service_curves(
        [(name, Consequences(r), dash) for (name, r), dash in zip(runs, DASHES, strict=False)]
    )
    peaks: dict[str, float] = {}
    for _, run in runs:
        for gauge, columns in run.gauges.items():
            peaks[gauge] = max(peaks.get(gauge, 0.0), max(columns["depth_m"], default=0.0))
    for gauge in sorted(peaks, key=lambda g: (-peaks[g], g))[:GAUGES_SHOWN]:
        if peaks[gauge] <= 0.0:
            continue
        lines = zip(runs, DASHES, strict=False)
        series = [
            (name, hours_since(r.gauges[gauge]["time"]), r.gauges[gauge]["depth_m"], dash)
            for (name, r), dash in lines
            if gauge in r.gauges
        ]
        label = f"depth at {gauge} 水深"
        found.append(
            {
                "label": label,
                "svg": svg.curves(series, "h", "m", label, most=svg.round_up(peaks[gauge])),
            }
        )
    return found


def service_curves(
    runs: list[tuple[str, Consequences, str]], where: str = ""
) -> list[dict[str, Any]]:
    """F(t) of services and of access; name, consequences and dash of each run."""
    services, access = [], []
    for name, consequences, dash in runs:
        times, share = service_curve(consequences)
        if len(times):
            services.append((name, hours_since(list(times)), share.tolist(), dash))
        curve = (
            accessible_share(consequences, "fire_engine", "fire_station")
            if "depth" in consequences.results.fields
            else None
        )
        if curve is not None:
            access.append((name, curve[0].tolist(), curve[1].tolist(), dash))
    pairs = (
        ("services that work 服务保持率", services),
        ("people reached by fire engines 消防可达率", access),
    )
    return [
        {"label": label + where, "svg": svg.curves(series, "h", "", label)}
        for label, series in pairs
        if series
    ]


def _ledger(runs: list[Results]) -> list[dict[str, Any]]:
    rows = []
    for key, (english, chinese) in LEDGER.items():
        values = [_value(r, "summary.json", f"ledger:{key}", r.ledger.get(key, 0.0)) for r in runs]
        if any(v["value"] for v in values) or key == "error":
            rows.append({"en": english, "zh": chinese, "values": values})
    return rows


def _caveats(runs: list[tuple[str, Results]]) -> list[dict[str, str]]:
    lines = [
        {
            "en": (
                "Unit costs and unit values are mostly recalled or assumed; replace them by your"
                " own before you decide."
            ),
            "zh": "单价与单位价值多为经验值或假定值，决策前请替换为本地数据。",
        },
        {
            "en": (
                "No curve or limit of consequences is validated here; what is, and what is not,"
                " stands in the program's README."
            ),
            "zh": "后果曲线与限值未经验证；验证范围见程序 README。",
        },
    ]
    for name, run in runs:
        s = run.summary
        if s["status"] != "complete":
            lines.append(
                {
                    "en": f"{name}: this run is {s['status']}: {s['message']}",
                    "zh": f"{name}：运行未完成（{s['status']}）。",
                }
            )
        lines += [
            {"en": f"{name}: a tolerance was exceeded: {text}", "zh": f"{name}：超出容差：{text}"}
            for text in s["exceeded"]
        ]
    return lines


def _findings(runs: list[tuple[str, Results]]) -> list[dict[str, Any]]:
    """What was doubtful at the start of the runs: each finding once, with the runs that have it
    where not all do. Their text is in one language.
    """
    having: dict[tuple[str, str, str], list[str]] = {}
    for name, run in runs:
        for f in run.summary["findings"]:
            having.setdefault((f["code"], f["place"], f["problem"]), []).append(name)
    return [
        {"code": code, "text": f"{place}: {problem}", "runs": [] if len(n) == len(runs) else n}
        for (code, place, problem), n in having.items()
    ]
