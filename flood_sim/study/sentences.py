"""What a study's page says in sentences, English and Chinese: what it is, how sure the ranking is,
what to bear in mind.
"""

from __future__ import annotations

from typing import Any

from flood_sim.analysis.html.names import portfolio_words
from flood_sim.analysis.html.runs import NOT_VALIDATED, UNIT_COSTS
from flood_sim.analysis.html.words import Words, both, joined
from flood_sim.study.expand import label_of

NAMES = {
    "conveyance": Words("conveyance", "行泄通道"),
    "pipe_network": Words("pipe network", "排水管网"),
    "pump_stations": Words("pump stations", "雨水泵站"),
    "critical_infrastructure": Words("critical sites", "重要设施"),
    "underground_space": Words("underground", "地下空间"),
    "source_and_storage": Words("source, storage", "源头调蓄"),
}


def project_words(project: str) -> Words:
    """English and Chinese for the six projects; the name itself for a project of the user's."""
    return NAMES.get(project, both(project.replace("_", " ")))


def set_words(bits: int, names: list[Words]) -> Words:
    """A set of projects by their words: as it is, the joined names, or all."""
    said = label_of(bits, [str(k) for k in range(len(names))])
    if said in ("none", "all"):
        return portfolio_words(said)
    return joined((names[int(k)] for k in said.split("+")), " + ", " + ")


def about(study: Any, rows: list[dict[str, Any]]) -> Words:
    different = len({r["key"] for r in rows})
    storms = list(study.spec.storms)
    return Words(
        f"Scenario {study.scenario.spec.name}: {len(rows)} runs, {different} of them different;"
        f" storms: {', '.join(storms)}. Study {study.spec.name}.",
        f"情景 {study.scenario.spec.name}：{len(rows)} 次运行，其中 {different} 次不同；"
        f"暴雨：{'、'.join(storms)}。研究 {study.spec.name}。",
    )


def sure_sentence(document: dict[str, Any]) -> Words:
    """How sure the ranking by damage is: in the twin's draws where there are any, else in those of
    the study's own model.
    """
    entry: dict[str, Any] = next((e for e in document["outcomes"] if e["name"] == "damage"), {})
    twin = entry.get("twin", {})
    sure = twin if "best_stays_first" in twin else entry.get("sure")
    if sure is None or "second" not in sure:
        return Words(
            "One world was tried: how sure the ranking is, this study does not say.",
            "只试了一组参数：排名的把握本研究未给出。",
        )
    p, error, best, second = (
        sure["best_stays_first"],
        sure["error"],
        project_words(sure["best"]),
        project_words(sure["second"]),
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
    return Words(
        f"{best.en} stays before {second.en} in {p:.0%} (± {error:.0%}) of the plausible worlds"
        f" tried{by}.",
        f"在所试的情形中，{best.zh} 以 {p:.0%}（± {error:.0%}）的概率先于 {second.zh}{by_zh}。",
    )


def caveats(rows: list[dict[str, Any]]) -> list[Words]:
    worst = max(r["volume_error_rel"] for r in rows)
    censored = sum(r["censored_sites"] > 0 for r in rows)
    out = Words(
        f"In {censored} of {len(rows)} runs some service was still out at the end of the run: its"
        " loss is a lower bound.",
        f"{len(rows)} 次运行中有 {censored} 次在结束时仍有服务未恢复：其损失为下限。",
    )
    return [
        Words(
            f"The ledger of every run closes: largest volume error {worst:.1e} of the water"
            " supplied.",
            f"每次运行水量闭合：最大误差为供水量的 {worst:.1e}。",
        ),
        UNIT_COSTS,
        *([out] if censored else []),
        NOT_VALIDATED,
    ]
