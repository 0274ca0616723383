"""What a study's page says in sentences, English and Chinese: what it is, how sure the ranking is,
what to bear in mind.
"""

from __future__ import annotations

from typing import Any

NAMES = {
    "conveyance": "conveyance 行泄通道", "pipe_network": "pipe network 排水管网",
    "pump_stations": "pump stations 雨水泵站", "critical_infrastructure": "critical sites 重要设施",
    "underground_space": "underground 地下空间", "source_and_storage": "source, storage 源头调蓄",
}  # fmt: skip


def project_label(project: str) -> str:
    """English and Chinese for the six projects; the name itself for a project of the user's."""
    return NAMES.get(project, project.replace("_", " "))


def about(study: Any, rows: list[dict[str, Any]]) -> dict[str, str]:
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


def sure_sentence(document: dict[str, Any]) -> dict[str, str]:
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
        project_label(sure["best"]),
        project_label(sure["second"]),
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


def caveats(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
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
