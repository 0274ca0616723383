"""The page: what a study, an audit and runs say, gathered for the template. Every number carries
its run or table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flood_sim.analysis.html import svg
from flood_sim.analysis.html.maps import viewer
from flood_sim.analysis.html.names import HEADLINE, OUTCOMES
from flood_sim.analysis.html.page import render
from flood_sim.analysis.html.runs import runs_context, service_curves
from flood_sim.analysis.html.standards import standards_context
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.core.errors import input_error
from flood_sim.core.files.plain_folder import plain_name
from flood_sim.results import open_results, told_broken_netcdf
from flood_sim.study import store as files
from flood_sim.study.expand import label_of
from flood_sim.study.queue import open_study
from flood_sim.study.store import (
    ATTRIBUTION,
    AUDIT,
    CATALOGUE,
    ENVELOPE,
    STUDY,
    Store,
    read_document,
    read_table,
)

NAMES = {
    "conveyance": "conveyance 行泄通道", "pipe_network": "pipe network 排水管网",
    "pump_stations": "pump stations 雨水泵站", "critical_infrastructure": "critical sites 重要设施",
    "underground_space": "underground 地下空间", "source_and_storage": "source, storage 源头调蓄",
}  # fmt: skip


def write_report(*folders: Path) -> Path:
    """One page of a study, an audit, one or several runs, or of all these together, into the first
    folder. Raises InputError where one holds nothing to show.
    """
    with told_broken_netcdf(folders[0]):
        return _write_report(folders)


def _write_report(folders: tuple[Path, ...]) -> Path:
    studies, audits = ([f for f in folders if (f / file).is_file()] for file in (STUDY, AUDIT))
    runs = [f for f in folders if is_run(f)]
    parts = [study_context(f) for f in studies[:1]]
    parts += [standards_context(read_document(f / AUDIT), Store(f).runs) for f in audits[:1]]
    parts += [runs_context([open_results(f) for f in runs])] if runs else []
    if len(studies) > 1 or len(audits) > 1:
        raise input_error(
            "E104",
            "report",
            "one page holds one study and one audit",
            given=", ".join(map(str, [*studies, *audits])),
            do="name fewer folders",
        )
    context: dict[str, Any] = {}
    for part in reversed(
        parts
    ):  # where two parts fill one place, the study's comes before the runs'
        both = {
            k: [*v, *context[k]] for k, v in part.items() if isinstance(v, list) and k in context
        }
        context = context | part | both
    return render(context, folders[0] / ("report" if folders[0] in runs else "") / "report.html")


def is_run(folder: Path) -> bool:
    """Neither a study nor an audit (whether results are in it, the reader of results says)."""
    return not any((folder / file).is_file() for file in (STUDY, AUDIT))


def study_context(folder: Path) -> dict[str, Any]:
    """What a study's tables and runs say. Raises InputError where no run is complete."""
    study, store = open_study(folder), Store(folder)
    if not (folder / CATALOGUE).is_file():
        raise input_error(
            "E101",
            str(folder),
            "this study has no complete run yet",
            do=f"flood-sim study resume {folder}",
        )
    table = read_table(folder / CATALOGUE)
    table = table.astype(object).where(table.notna(), None)
    document = read_document(folder / ATTRIBUTION)
    units = {
        r["outcome"]: r["unit"] for r in read_table(folder / files.OUTCOMES).to_dict("records")
    }
    rows = [r for r in table.to_dict("records") if r["status"] == "complete"]
    full = 2 ** len(study.projects) - 1
    shown = [
        r
        for r in rows
        if not r["twin"]
        and r["draw"] in (-1, 0)
        and r["failure_set"] == next(iter(study.spec.failure_sets))
    ]
    found = {(r["storm"], r["bits"]): r for r in shown}
    names = [_project(p) for p in study.projects]
    storm = next(iter(study.spec.storms))
    maps = [
        (label_of(bits, names), open_results(store.runs / plain_name(found[storm, bits]["key"])))
        for bits in [0, *(1 << k for k in range(len(names))), full]
        if (storm, bits) in found
    ]
    if not maps:
        raise input_error(
            "E101",
            str(folder),
            "the first storm has no complete run yet",
            do=f"flood-sim study resume {folder}",
        )
    return {
        "title": study.spec.title or study.spec.name,
        "about": _about(study, rows),
        "sure": _sure(document),
        "headline": [
            _headline(s, found, full, units)
            for s in study.spec.storms
            if (s, 0) in found and (s, full) in found
        ],
        "viewer": viewer(maps),
        "entries": [_entry(e, names, units) for e in _ordered(document["outcomes"])],
        "buying": [
            _bought(b, document, names, units) for b in document["buying"] if b["name"] == "damage"
        ],
        "envelopes": _envelopes(folder),
        "curves": _curves(store, found, storm, full),
        "caveats": _caveats(rows),
        "missing": "; ".join(sorted({f"{m['name']}: {m['why']}" for m in document["missing"]})),
        "runs": [
            {
                "portfolio": r["portfolio"],
                "storm": r["storm"],
                "key": r["key"],
                "error": f"{r['volume_error_rel']:.0e}",
                "residual": f"{r['network_residual_m3']:.0f}",
                "cost": f"{(r['cost_middle_cny'] or 0.0) / 1e6:.1f}",
            }
            for r in shown
        ],
    }


def _project(project: str) -> str:
    return NAMES.get(project, project.replace("_", " "))


def _about(study: Any, rows: list[dict[str, Any]]) -> dict[str, str]:
    different = len({r["key"] for r in rows})
    storms = ", ".join(study.spec.storms)
    return {
        "en": (
            f"Scenario {study.scenario.spec.name}: {len(rows)} runs, {different} of them different;"
            f" storms: {storms}. Study {study.spec.name}."
        ),
        "zh": (
            f"情景 {study.scenario.spec.name}：{len(rows)} 次运行，其中 {different}"
            f" 次不同；暴雨：{storms}。"
        ),
    }


def _sure(document: dict[str, Any]) -> dict[str, str]:
    """How sure the ranking by damage is: in the twin's draws where there are any, else in those of
    the study's own model.
    """
    entry: dict[str, Any] = next((e for e in document["outcomes"] if e["name"] == "damage"), {})
    twin = entry.get("twin", {})
    sure = twin if "best_stays_first" in twin else entry.get("sure")
    if sure is None or "second" not in sure:
        return {
            "en": "One world was tried: how sure the ranking is, this study does not say.",
            "zh": "只试了一组参数：排名的把握本研究未给出。",
        }
    p, error, best, second = (
        sure["best_stays_first"],
        sure["error"],
        _project(sure["best"]),
        _project(sure["second"]),
    )
    by = by_zh = ""
    if sure is twin:
        follows = min(twin["projects"][sure[k]]["correlation"] for k in ("best", "second"))
        by = (
            f", {twin['draws']} by a coarse twin (its values follow the fine ones with a"
            f" correlation of {follows:.2f} in {twin['pairs']} pairs)"
        )
        by_zh = (
            f"（{twin['draws']} 个由粗网格孪生模型计算，"
            f"{twin['pairs']} 对的相关系数 {follows:.2f}）"
        )
    return {
        "en": (
            f"{best} stays before {second} in {p:.0%} (± {error:.0%}) of the plausible worlds"
            f" tried{by}."
        ),
        "zh": f"在所试的情形中，{best} 以 {p:.0%}（± {error:.0%}）的概率保持第一{by_zh}。",
    }


def _headline(
    storm: str, found: dict[tuple[str, int], dict[str, Any]], full: int, units: dict[str, str]
) -> dict[str, Any]:
    rows = []
    for name in HEADLINE:
        column, pair = f"outcome_{name}", (found[storm, 0], found[storm, full])
        if any(r.get(column) is None for r in pair):
            continue
        values = [
            {"value": float(r[column]), "src": f"{r['key']}:catalogue.parquet:{column}"}
            for r in pair
        ]
        english, chinese = OUTCOMES[name]
        rows.append({"en": english, "zh": chinese, "unit": units.get(name, ""), "values": values})
    return {"name": storm, "rows": rows}


def _ordered(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = list(OUTCOMES)
    mine = [e for e in entries if e["name"] in OUTCOMES and abs(e["loss_none"]) > 0.0]
    return sorted(mine, key=lambda e: order.index(e["name"]))  # storms as the study has them


def _entry(entry: dict[str, Any], names: list[str], units: dict[str, str]) -> dict[str, Any]:
    projects, unit = list(entry["shapley"]), units.get(entry["name"], "")
    values, total = list(entry["shapley"].values()), entry["total_effect"]
    english, chinese = OUTCOMES[entry["name"]]
    label = f"{english} {chinese}, {entry['storm']}"
    order = sorted(range(len(values)), key=lambda k: -values[k])
    share = [f"{v / total:.0%}" if abs(total) > 1e-12 else "–" for v in values]
    interval = entry["interval"]
    low, high = (
        ([side[k] for k in order] for side in interval["spread"]) if interval else (None, None)
    )
    first, last = (list(entry[side].values()) for side in ("first_in", "last_in"))
    bars = svg.bars(
        [names[k] for k in order],
        [values[k] for k in order],
        [first[k] for k in order],
        [last[k] for k in order],
        [f"{svg.short(values[k])} ({share[k]})" for k in order],
        label,
        low,
        high,
    )
    best = order[0]
    return {
        "name": entry["name"],
        "storm": entry["storm"],
        "label": label,
        "unit": unit,
        "total": total,
        "bars": bars,
        "circles": (
            svg.circles(names, entry["interactions"], f"interactions, {label}")
            if entry["interactions"] is not None
            else None
        ),
        "sentence": {
            "en": (
                f"{names[best]} brings most: {svg.short(values[best])} of {svg.short(total)}"
                f" {unit}."
            ),
            "zh": f"贡献最大：{names[best]}。",
        },
        "rows": [
            {
                "name": names[k],
                "project": projects[k],
                "value": values[k],
                "first": first[k],
                "last": last[k],
                "share": share[k],
            }
            for k in order
        ],
    }


def _bought(
    bought: dict[str, Any], document: dict[str, Any], names: list[str], units: dict[str, str]
) -> dict[str, Any]:
    entry = next(
        e
        for e in document["outcomes"]
        if (e["name"], e["storm"], e["failure_set"])
        == (bought["name"], bought["storm"], bought["failure_set"])
    )
    sets = range(len(entry["losses"]))
    cost = [document["costs"][str(s)]["middle"] for s in sets]
    labels = [
        f"{label_of(s, names)}: {svg.short(cost[s])} CNY, {svg.short(entry['losses'][s])}"
        for s in sets
    ]
    order = bought.get("order")
    if order is not None:
        order = {
            **order,
            "years": _built(order["years"], names),
            "greedy_years": _built(order["greedy_years"], names),
        }
    steps = [
        label_of(b & ~a, names)
        for a, b in zip(bought["hull"][:-1], bought["hull"][1:], strict=True)
    ]
    return {
        "label": f"{OUTCOMES['damage'][0]} {OUTCOMES['damage'][1]}, {bought['storm']}",
        "order": order,
        "hull": " → ".join(steps) or "none",
        "dots": svg.dots(
            cost,
            entry["losses"],
            bought["frontier"],
            bought["hull"],
            labels,
            "capital 投资 (CNY)",
            f"loss 损失 ({units.get('damage', '')})",
            f"cost and loss of {len(cost)} portfolios",
        ),
    }


def _built(years: list[int], names: list[str]) -> list[str]:
    """What is new in each year."""
    before, found = 0, []
    for now in years:
        found.append("–" if now == before else label_of(now & ~before, names))
        before = now
    return found


def _envelopes(folder: Path) -> list[dict[str, Any]]:
    """Bands of a global resilience analysis, each storm a picture, each portfolio a band, and what
    is critical.
    """
    path = folder / ENVELOPE
    if not path.is_file():
        return []
    document = read_document(path)
    english, chinese = OUTCOMES.get(document["outcome"], (document["outcome"], ""))
    found = []
    for storm in dict.fromkeys(e["storm"] for e in document["envelopes"]):
        mine = [e for e in document["envelopes"] if e["storm"] == storm]
        calm = [5 * (e["calm"] or 0.0,) for e in mine]
        groups = [
            (
                e["portfolio"],
                [
                    (0.0, *c),
                    *(
                        (v["share"], v["lowest"], v["low"], v["mean"], v["high"], v["highest"])
                        for v in e["levels"]
                    ),
                ],
            )
            for e, c in zip(mine, calm, strict=True)
        ]
        label = f"{english} {chinese}, {storm}"
        critical = [
            f"{e['portfolio']}: " + ", ".join(c["component"] for c in e["critical"][:10])
            for e in mine
        ]
        found.append(
            {
                "label": label,
                "svg": svg.bands(groups, "of the components failed 构件失效比例", english, label),
                "critical": critical,
            }
        )
    return found


def _curves(
    store: Store, found: dict[tuple[str, int], dict[str, Any]], storm: str, full: int
) -> list[dict[str, Any]]:
    """F(t) of services and access, nothing built and all."""
    pair = [
        (bits, name, dash)
        for bits, name, dash in ((0, "as it is 现状", "6 4"), (full, "all 全部", ""))
        if (storm, bits) in found
    ]
    runs = [
        (name, Consequences(open_results(store.runs / plain_name(found[storm, bits]["key"]))), dash)
        for bits, name, dash in pair
    ]
    return service_curves(runs, f", {storm}")


def _caveats(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    worst = max(r["volume_error_rel"] for r in rows)
    censored = sum(r["censored_sites"] > 0 for r in rows)
    return [
        {
            "en": (
                f"The ledger of every run closes: largest volume error {worst:.1e} of the water"
                " supplied."
            ),
            "zh": f"每次运行水量闭合：最大误差 {worst:.1e}。",
        },
        {
            "en": (
                "Unit costs and unit values are mostly recalled or assumed; replace them by your"
                " own before you decide."
            ),
            "zh": "单价与单位价值多为经验值或假定值，决策前请替换为本地数据。",
        },
        {
            "en": (
                f"In {censored} of {len(rows)} runs some service was still out at the end of the"
                " run: its loss is a lower bound."
            ),
            "zh": f"{len(rows)} 次运行中有 {censored} 次在结束时仍有服务未恢复：其损失为下限。",
        },
        {
            "en": (
                "No curve or limit of consequences is validated here; what is, and what is not,"
                " stands in the program's README."
            ),
            "zh": "后果曲线与限值未经验证；验证范围见程序 README。",
        },
    ]
