"""The part of a page that one or several runs of one grid fill: their outcomes, map, hydrographs,
ledgers. From result folders alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flood_sim.analysis.html import charts
from flood_sim.analysis.html.charts import DASHES
from flood_sim.analysis.html.maps import viewer
from flood_sim.analysis.html.names import (
    LEDGER,
    SCHEMES,
    place_words,
    portfolio_words,
    reason_words,
)
from flood_sim.analysis.html.words import Words, both, joined, money_words, unit_words, with_unit
from flood_sim.analysis.outcomes.access import accessible_share
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.guarded import or_reason
from flood_sim.analysis.outcomes.outcome import OutcomeKind, kinds_of, written
from flood_sim.analysis.outcomes.services import service_curve
from flood_sim.core.errors import input_error
from flood_sim.core.files.writing import reading
from flood_sim.results import Results

GAUGES_SHOWN, MOST_RUNS = 8, 6
SINCE_START = Words("hours since the start of the run", "自运行开始的小时数")
UNIT_COSTS = Words(
    "Unit costs and unit values are mostly recalled or assumed; replace them by your own before you"
    " decide.",
    "单价与单位价值多为经验值或假定值，决策前请替换为本地数据。",
)
NOT_VALIDATED = Words(
    "No curve or limit of consequences is validated here; what is, and what is not, stands in the"
    " program's README.",
    "后果曲线与限值未经验证；验证范围见程序的 README。",
)
LEAST_SHARE = 1e-9  # of the rain and other supply: below it a line of the ledger is rounding


def runs_context(runs: list[Results]) -> dict[str, Any]:
    """Raises InputError where a run is unfinished, the grids differ, or there are more runs than
    one page bears.
    """
    _refuse_unlike(runs)
    names = _names(runs)
    named = list(zip(names, runs, strict=True))
    scenario = runs[0].summary["scenario"]
    counted, listed = f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}", joined(names)
    return {
        "title": scenario,
        "language": str(runs[0].summary.get("region", {}).get("language", "en")),
        "about": Words(f"{counted} of {scenario}: {listed.en}.", f"情景 {scenario}：{listed.zh}。"),
        "headline": [{"name": joined(names, " → ", " → "), "rows": _headline(runs)}],
        "viewer": viewer(named),
        "curves": or_reason(partial(_curves, named))[0] or [],
        "ledgers": {"names": names, "rows": _ledger(runs)},
        "caveats": [*scheme_lines(named), *_caveats(named)],
        "findings": _findings(named),
        "unknown": _unknown(runs),
        "runs": [_run_row(name, run) for name, run in named],
    }


def _unknown(runs: list[Results]) -> list[dict[str, Words]]:
    """First figures that some run has no value of, and why."""
    rows = [row for run in runs for row in written(run).values() if row["value"] is None]
    notes = {row["name"]: str(row["note"]) for row in reversed(rows)}
    kinds = kinds_of(rows)
    return [
        {"name": Words(kind.english, kind.chinese_label), "why": reason_words(notes[name])}
        for name, kind in kinds.items()
        if kind.headline
    ]


def _run_row(name: str | Words, run: Results) -> dict[str, Any]:
    return {
        "portfolio": name,
        "storm": run.summary["rainfall"]["name"],
        "key": run.folder.name,  # a page is sent on: it tells no folder of this machine
        "error": f"{run.ledger['relative_error']:.0e}",
        "residual": f"{run.ledger['network_residual']:.0f}",
        "unsettled": _unsettled(run),
        "cost": _cost(run),
    }


def _unsettled(run: Results) -> str:
    """The share of SWMM's routing steps whose heads did not settle; a dash where nobody counted."""
    network = run.summary["network"]
    steps = network.get("routing_steps", 0)
    return f"{network['unsettled_steps'] / steps:.1%}" if steps else "–"


def scheme_lines(runs: Sequence[tuple[str | Words, Results]]) -> list[Words]:
    """By which equations the surface flowed, why, and what its depths may be off by; once for the
    runs that say the same.
    """
    said: dict[tuple[str, Words], list[str | Words]] = {}
    for name, run in runs:
        s = run.summary
        reason = s.get("scheme_reason") or "as the scenario says"
        why = Words(reason, s.get("scheme_reason_chinese") or reason)
        said.setdefault((s["scheme"], why), []).append(name)
    lines = []
    for (scheme, why), names in said.items():
        words = SCHEMES.get(scheme, both(scheme))
        who = joined(names) if len(said) > 1 else Words("Surface water", "地面水流")
        lines.append(
            Words(
                f"{who.en}: computed by {words.en}. {why.en}.",
                f"{who.zh}：用 {words.zh} 计算。{why.zh}。",
            )
        )
    return lines


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


def _names(runs: list[Results]) -> list[Words]:
    """Portfolios; with the folder where two are alike."""
    portfolios = [portfolio_words(str(r.summary["portfolio"])) for r in runs]
    return [
        p if portfolios.count(p) == 1 else Words(*(f"{w} ({r.folder.name})" for w in p))
        for p, r in zip(portfolios, runs, strict=True)
    ]


def _cost(run: Results) -> str | Words:
    """Of all that is built, in its own money."""
    path = run.folder / "measures.json"
    with reading(path):
        bill = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        capital = sum(m["capital"]["middle"] for m in bill)
        return money_words(capital, bill[0]["currency"]) if bill else "0"


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
        ("max_depth_m", "deepest water", "最大水深", "m", 1.0),
    ):
        values = [
            _value(r, "summary.json", f"flood:{key}", scale * _at(r.summary["flood"], key))
            for r in runs
        ]
        words = Words(english, chinese)
        rows.append({"name": words, "unit": unit_words(unit), "values": values})
    return rows


def headline_row(kind: OutcomeKind, values: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the first figures: labels, unit, and a value for each run."""
    words = Words(kind.english, kind.chinese_label)
    return {"name": words, "unit": unit_words(kind.unit), "values": values}


def _value(run: Results, file: str, place: str, value: float) -> dict[str, Any]:
    return {"value": float(value), "src": f"{run.folder.name}:{file}:{place}"}


def _at(table: dict[str, Any], key: str) -> float:
    value: Any = table
    for part in key.split(":"):
        value = value[part]
    return float(value)


def hours_since(moments: list[datetime]) -> list[float]:
    return [(m - moments[0]) / timedelta(hours=1) for m in moments]


def _curves(runs: Sequence[tuple[str | Words, Results]]) -> list[dict[str, Any]]:
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
        place = place_words(gauge)
        label = Words(f"depth at {place.en}", f"{place.zh}：水深")
        depth = with_unit(Words("water depth", "水深"), "m")
        picture = charts.curves(series, SINCE_START, depth, label, most=peaks[gauge])
        found.append({"label": label, "svg": picture})
    return found


def service_curves(
    runs: Sequence[tuple[str | Words, Consequences, str]], where: str = ""
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
        (Words("services that work", "服务保持率"), "share of all by weight", "占比", services),
        (Words("people reached by fire engines", "消防可达率"), "share of people", "占比", access),
    )
    return [
        {
            "label": Words(f"{label.en}, {where}", f"{label.zh}，{where}") if where else label,
            "svg": charts.curves(series, SINCE_START, Words(english, chinese), label),
        }
        for label, english, chinese, series in pairs
        if series
    ]


def _ledger(runs: list[Results]) -> list[dict[str, Any]]:
    """Lines that are more than rounding in some run, and the error."""
    rows, least = [], LEAST_SHARE * max(abs(v) for r in runs for v in r.ledger.values())
    for key, words in LEDGER.items():
        values = [_value(r, "summary.json", f"ledger:{key}", r.ledger.get(key, 0.0)) for r in runs]
        if any(abs(v["value"]) > least for v in values) or key == "error":
            rows.append({"name": words, "values": values})
    return rows


def _caveats(runs: Sequence[tuple[str | Words, Results]]) -> list[Words]:
    lines = [UNIT_COSTS, NOT_VALIDATED]
    for name, run in runs:
        who, s = both(name), run.summary
        if s["status"] != "complete":
            lines.append(
                Words(
                    f"{who.en}: this run is {s['status']}: {s['message']}",
                    f"{who.zh}：运行未完成（{s['status']}）。",
                )
            )
        lines += [
            Words(f"{who.en}: a tolerance was exceeded: {text}", f"{who.zh}：超出容差：{text}")
            for text in s["exceeded"]
        ]
    return lines


def _findings(runs: Sequence[tuple[str | Words, Results]]) -> list[dict[str, Any]]:
    """What was doubtful at the start of the runs: each finding once, with the runs that have it
    where not all do. Their text is in one language.
    """
    having: dict[tuple[str, str, str], list[str | Words]] = {}
    for name, run in runs:
        for f in run.summary["findings"]:
            having.setdefault((f["code"], f["place"], f["problem"]), []).append(name)
    return [
        {
            "code": code,
            "text": f"{place}: {problem}",
            "runs": None if len(n) == len(runs) else joined(n),
        }
        for (code, place, problem), n in having.items()
    ]
