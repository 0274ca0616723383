"""The page of a study: what its tables and runs say, gathered for the template. Every number carries its run or table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flood_sim.analysis.access import accessible_share
from flood_sim.analysis.consequences import Consequences
from flood_sim.analysis.html import svg
from flood_sim.analysis.html.page import depth_map, figure, render
from flood_sim.analysis.style import DEPTH_COLOURS, DEPTH_STEPS_M
from flood_sim.errors import input_error
from flood_sim.results import open_results
from flood_sim.study.engine import open_study
from flood_sim.study.expand import label_of
from flood_sim.study.store import ATTRIBUTION, CATALOGUE, Store

NAMES = {
    "conveyance": "conveyance 行泄通道", "pipe_network": "pipe network 排水管网", "pump_stations": "pump stations 雨水泵站",
    "critical_infrastructure": "critical sites 重要设施", "underground_space": "underground 地下空间", "source_and_storage": "source, storage 源头调蓄",
}  # fmt: skip
OUTCOMES = {
    "damage": ("damage", "经济损失"), "people_exposed": ("people in wet ground floors", "底层进水居民"), "people_outdoors": ("people on dangerous streets", "街上处于危险的人"),
    "underground_entry_metro": ("water into the metro", "地铁进水量"), "underground_entry_garage": ("water into garages", "车库进水量"),
    "evacuation_shortfall": ("people too late underground", "地下疏散不及"), "service_loss": ("hours without service", "服务中断小时"),
    "road_area_hours": ("flooded road", "道路积水"), "access_loss_fire_engine": ("people beyond fire engines", "消防不可达"),
    "ground_floors_wet": ("wet ground floors", "底层进水建筑"), "volume_out_of_sewer": ("water out of sewers", "检查井冒溢"),
}  # fmt: skip
HEADLINE = ("damage", "people_exposed", "underground_entry_metro", "service_loss", "road_area_hours", "access_loss_fire_engine")


def write_report(folder: Path) -> Path:
    """report.html in a study's folder. Raises InputError where no run is complete."""
    import pandas

    study, store = open_study(folder), Store(folder)
    if not (folder / CATALOGUE).is_file():
        raise input_error("E101", str(folder), "this study has no complete run yet", do="flood-sim study resume DIR")
    table = pandas.read_parquet(folder / CATALOGUE)
    table = table.astype(object).where(table.notna(), None)
    document = json.loads((folder / ATTRIBUTION).read_text(encoding="utf-8"))
    units = {r["outcome"]: r["unit"] for r in pandas.read_parquet(folder / "outcomes.parquet").to_dict("records")}
    rows = [r for r in table.to_dict("records") if r["status"] == "complete"]
    full = 2 ** len(study.projects) - 1
    shown = [r for r in rows if r["draw"] in (-1, 0) and r["failure_set"] == next(iter(study.spec.failure_sets))]
    found = {(r["storm"], r["bits"]): r for r in shown}
    names = [_project(p) for p in study.projects]
    storm = next(iter(study.spec.storms))
    context = {
        "title": study.spec.title or study.spec.name, "about": _about(study, rows), "sure": _sure(document),
        "headline": [_headline(s, found, full, units) for s in study.spec.storms if (s, 0) in found and (s, full) in found],
        "maps": [{"name": label_of(bits, names), "png": depth_map(open_results(store.runs / found[storm, bits]["key"]))}
                 for bits in [0, *(1 << k for k in range(len(names))), full] if (storm, bits) in found],
        "key": _depth_key(), "entries": [_entry(e, names, units) for e in _ordered(document["outcomes"])],
        "buying": [_bought(b, document, names, units) for b in document["buying"] if b["name"] == "damage"],
        "curves": _curves(store, found, storm, full), "caveats": _caveats(rows), "missing": "; ".join(sorted({f"{m['name']}: {m['why']}" for m in document["missing"]})),
        "runs": [{"portfolio": r["portfolio"], "storm": r["storm"], "key": r["key"], "error": f"{r['volume_error_rel']:.0e}",
                  "residual": f"{r['network_residual_m3']:.0f}", "cost": f"{(r['cost_middle_cny'] or 0.0) / 1e6:.1f}"} for r in shown],
    }  # fmt: skip
    if not context["maps"]:
        raise input_error("E101", str(folder), "the first storm has no complete run yet", do="flood-sim study resume DIR")
    return render(context, folder / "report.html")


def _project(project: str) -> str:
    return NAMES.get(project, project.replace("_", " "))


def _about(study: Any, rows: list[dict[str, Any]]) -> dict[str, str]:
    different = len({r["key"] for r in rows})
    storms = ", ".join(study.spec.storms)
    return {
        "en": f"Scenario {study.scenario.spec.name}: {len(rows)} runs, {different} of them different; storms: {storms}. Study {study.spec.name}.",
        "zh": f"情景 {study.scenario.spec.name}：{len(rows)} 次运行，其中 {different} 次不同；暴雨：{storms}。",
    }


def _sure(document: dict[str, Any]) -> dict[str, str]:
    sure = next((e["sure"] for e in document["outcomes"] if e["name"] == "damage" and "sure" in e), None)
    if sure is None:
        return {"en": "One world was tried: how sure the ranking is, this study does not say.", "zh": "只试了一组参数：排名的把握本研究未给出。"}
    p, error = sure["best_stays_first"], sure["error"]
    return {
        "en": f"{_project(sure['best'])} stays before {_project(sure['second'])} in {p:.0%} (± {error:.0%}) of the plausible worlds tried.",
        "zh": f"在所试的情形中，{_project(sure['best'])} 以 {p:.0%}（± {error:.0%}）的概率保持第一。",
    }


def _headline(storm: str, found: dict[tuple[str, int], dict[str, Any]], full: int, units: dict[str, str]) -> dict[str, Any]:
    rows = []
    for name in HEADLINE:
        column, pair = f"outcome_{name}", (found[storm, 0], found[storm, full])
        if any(r.get(column) is None for r in pair):
            continue
        before, after = ({"value": float(r[column]), "src": f"{r['key']}:catalogue.parquet:{column}"} for r in pair)
        english, chinese = OUTCOMES[name]
        rows.append({"en": english, "zh": chinese, "unit": units.get(name, ""), "before": before, "after": after})
    return {"name": storm, "rows": rows}


def _ordered(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = list(OUTCOMES)
    mine = [e for e in entries if e["name"] in OUTCOMES and abs(e["loss_none"]) > 0.0]
    return sorted(mine, key=lambda e: (order.index(e["name"]), e["storm"]))


def _entry(entry: dict[str, Any], names: list[str], units: dict[str, str]) -> dict[str, Any]:
    projects, unit = list(entry["shapley"]), units.get(entry["name"], "")
    values, total = list(entry["shapley"].values()), entry["total_effect"]
    english, chinese = OUTCOMES[entry["name"]]
    label = f"{english} {chinese}, {entry['storm']}"
    order = sorted(range(len(values)), key=lambda k: -values[k])
    share = [f"{v / total:.0%}" if abs(total) > 1e-12 else "–" for v in values]
    interval = entry["interval"]
    low, high = ([side[k] for k in order] for side in interval["spread"]) if interval else (None, None)
    first, last = (list(entry[side].values()) for side in ("first_in", "last_in"))
    bars = svg.bars([names[k] for k in order], [values[k] for k in order], [first[k] for k in order], [last[k] for k in order],
                    [f"{figure(values[k])} ({share[k]})" for k in order], label, low, high)  # fmt: skip
    best = order[0]
    return {
        "name": entry["name"], "storm": entry["storm"], "label": label, "unit": unit, "total": total, "bars": bars,
        "circles": svg.circles(names, entry["interactions"], f"interactions, {label}"),
        "sentence": {"en": f"{names[best]} brings most: {figure(values[best])} of {figure(total)} {unit}.", "zh": f"贡献最大：{names[best]}。"},
        "rows": [{"name": names[k], "project": projects[k], "value": values[k], "first": first[k], "last": last[k], "share": share[k]} for k in order],
    }  # fmt: skip


def _bought(bought: dict[str, Any], document: dict[str, Any], names: list[str], units: dict[str, str]) -> dict[str, Any]:
    entry = next(
        e for e in document["outcomes"] if (e["name"], e["storm"], e["failure_set"]) == (bought["name"], bought["storm"], bought["failure_set"])
    )
    sets = range(len(entry["losses"]))
    cost = [document["costs"][str(s)]["middle"] for s in sets]
    labels = [f"{label_of(s, names)}: {figure(cost[s])} CNY, {figure(entry['losses'][s])}" for s in sets]
    order = bought.get("order")
    if order is not None:
        order = {**order, "years": _built(order["years"], names), "greedy_years": _built(order["greedy_years"], names)}
    steps = [label_of(b & ~a, names) for a, b in zip(bought["hull"][:-1], bought["hull"][1:], strict=True)]
    return {
        "label": f"{OUTCOMES['damage'][0]} {OUTCOMES['damage'][1]}, {bought['storm']}", "order": order, "hull": " → ".join(steps) or "none",
        "dots": svg.dots(cost, entry["losses"], bought["frontier"], bought["hull"], labels, "capital 投资 (CNY)", f"loss 损失 ({units.get('damage', '')})",
                         f"cost and loss of {len(cost)} portfolios"),
    }  # fmt: skip


def _built(years: list[int], names: list[str]) -> list[str]:
    """What is new in each year."""
    before, found = 0, []
    for now in years:
        found.append("–" if now == before else label_of(now & ~before, names))
        before = now
    return found


def _depth_key() -> list[dict[str, Any]]:
    edges = [*DEPTH_STEPS_M, None]
    return [
        {"colour": c, "label": f"{edges[k]:g}" + (f"–{edges[k + 1]:g}" if edges[k + 1] is not None else "+"), "dark": k > 2}
        for k, c in enumerate(DEPTH_COLOURS)
    ]


def _curves(store: Store, found: dict[tuple[str, int], dict[str, Any]], storm: str, full: int) -> list[dict[str, Any]]:
    """F(t) of services and access, nothing built and all."""
    services, access = [], []
    for bits, name, dash in ((0, "as it is 现状", "6 4"), (full, "all 全部", "")):
        if (storm, bits) not in found:
            continue
        consequences = Consequences(open_results(store.runs / found[storm, bits]["key"]))
        times, share = consequences.service_curve()
        if len(times):
            services.append((name, [(t - times[0]).total_seconds() / 3600.0 for t in times], share.tolist(), dash))
        curve = accessible_share(consequences, "fire_engine", "fire_station") if "depth" in consequences.results.fields else None
        if curve is not None:
            access.append((name, curve[0].tolist(), curve[1].tolist(), dash))
    pairs = (("services that work 服务保持率", services), ("people reached by fire engines 消防可达率", access))
    return [{"label": f"{label}, {storm}", "svg": svg.curves(series, "h", "", label)} for label, series in pairs if series]


def _caveats(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    worst = max(r["volume_error_rel"] for r in rows)
    censored = sum(r["censored_sites"] > 0 for r in rows)
    return [
        {"en": f"The ledger of every run closes: largest volume error {worst:.1e} of the water supplied.", "zh": f"每次运行水量闭合：最大误差 {worst:.1e}。"},
        {"en": "Unit costs and unit values are mostly recalled or assumed; replace them by your own before you decide.", "zh": "单价与单位价值多为经验值或假定值，决策前请替换为本地数据。"},
        {"en": f"In {censored} of {len(rows)} runs some service was still out at the end of the run: its loss is a lower bound.", "zh": f"{len(rows)} 次运行中有 {censored} 次在结束时仍有服务未恢复：其损失为下限。"},
        {"en": "No curve or limit of consequences is validated here; what is, and what is not, stands in the program's README.", "zh": "后果曲线与限值未经验证；验证范围见程序 README。"},
    ]  # fmt: skip
