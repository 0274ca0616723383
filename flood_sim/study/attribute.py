"""What the catalogue says of the projects: who brought how much of every gain, who needs whom, what
to buy, and how sure that is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from flood_sim.analysis.games import attribution as games
from flood_sim.analysis.games import money
from flood_sim.analysis.games.uncertainty import (
    bootstrap_mean,
    first_in_draws,
    rank_probabilities,
    two_fidelities,
)
from flood_sim.study.expand import orders, portfolios
from flood_sim.study.spec.study import Study

LEAST_DRAWS = 8  # fewer draws are points, no interval
# variance times cost against the study's own model alone; above it the twin is not worth its runs
WORTH_IT = 0.8
PREFIX = "outcome_"
Losses = dict[int, dict[int, float | None]]  # draw to set of projects to loss


def attribution(
    study: Study,
    rows: list[dict[str, Any]],
    cost_ratio: float | None = None,
    reasons: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """attribution.json: one entry an outcome, storm and failure set; what cannot be attributed is
    listed with the reason.

    cost_ratio : seconds of a run over those of its twin's, where the study has one.  reasons : why
    an outcome has no value in a run that ended well, by its name.
    """
    twins, rows = [r for r in rows if r["twin"]], [r for r in rows if not r["twin"]]
    found: dict[str, list[dict[str, Any]]] = {"outcomes": [], "missing": [], "screening": []}
    for storm in study.spec.storms:
        for failure_set in study.spec.failure_sets:
            mine, cheap = (
                [r for r in table if r["storm"] == storm and r["failure_set"] == failure_set]
                for table in (rows, twins)
            )
            for column in sorted({k for r in mine for k in r if k.startswith(PREFIX)}):
                label = {
                    "name": column.removeprefix(PREFIX),
                    "storm": storm,
                    "failure_set": failure_set,
                }
                twin = losses_of(cheap, column) if cost_ratio is not None else None
                parts = _attributed(study, losses_of(mine, column), twin, cost_ratio)
                for part, values in parts.items():
                    why = (reasons or {}).get(label["name"], "")
                    told = {"why": f"{values['why']}: {why}"} if part == "missing" and why else {}
                    found[part].append(label | values | told)
    entries = found["outcomes"]
    return {
        "study": study.spec.name,
        "projects": list(study.projects),
        **found,
        "costs": costs_of(rows),
        "buying": [b for b in (_buying(study, rows, e) for e in entries) if b is not None],
        "expected_annual": _expected_annual(study, rows),
    }


def _attributed(
    study: Study,
    losses: Losses,
    twin: Losses | None,
    cost_ratio: float | None,
) -> dict[str, dict[str, Any]]:
    """What is said of one outcome: under "outcomes", or under "missing" with the reason, and under
    "screening" where only main effects are known.
    """
    names, kind = list(study.projects), study.spec.portfolios
    if kind not in ("factorial", "sampled"):
        why = f"Shapley values need all portfolios; this study has {kind!r}"
        effects = _screened(losses, names) if kind == "fractional" else None
        more = {} if effects is None else {"screening": effects}
        return {**more, "missing": {"why": why}}
    sets = portfolios(study).values()
    whole = _whole(losses, sorted(sets) if kind == "sampled" else range(2 ** len(names)))
    if not whole:
        return {"missing": {"why": _why(losses, len(sets))}}
    if kind == "sampled":
        return {"outcomes": _sampled_entry(study, list(whole.values()), names, len(losses))}
    tables = {d: np.array(list(v.values())) for d, v in whole.items()}
    entry = _entry(np.array(list(tables.values())), names, len(losses))
    if twin is not None and cost_ratio is not None:
        whole_twin = _whole(twin, range(2 ** len(names)))
        cheap = {d: np.array(list(v.values())) for d, v in whole_twin.items()}
        entry["twin"] = _by_twin(tables, cheap, names, cost_ratio)
    return {"outcomes": entry}


def losses_of(rows: list[dict[str, Any]], outcome: str) -> Losses:
    """Draw to set of projects to loss; None for a run that failed."""
    losses: Losses = {}
    for row in rows:
        value = row.get(outcome)
        losses.setdefault(row["draw"], {})[row["bits"]] = (
            None
            if value is None or (isinstance(value, float) and math.isnan(value))
            else float(value)
        )
    return losses


def _whole(losses: Losses, sets: Iterable[int]) -> dict[int, dict[int, float]]:
    """Draw to loss by set, of the draws that lack none of the sets."""
    wanted = list(sets)
    found = {}
    for draw, values in losses.items():
        mine = {s: x for s in wanted if (x := values.get(s)) is not None}
        if len(mine) == len(wanted):
            found[draw] = mine
    return found


def _by_twin(
    dear: dict[int, np.ndarray], cheap: dict[int, np.ndarray], names: list[str], cost_ratio: float
) -> dict[str, Any]:
    """Shapley values by both models (control variate), how well the twin follows, and how sure the
    ranking is in all of its draws.
    """
    shared = sorted(dear.keys() & cheap.keys())
    if len(shared) < 2:
        return {"why": f"{len(shared)} draws are whole in both models"}
    order = [*shared, *sorted(cheap.keys() - set(shared))]
    phi = np.array([games.shapley(dear[d][0] - dear[d]) for d in shared])
    twin_phi = np.array([games.shapley(cheap[d][0] - cheap[d]) for d in order])
    projects = {
        name: two_fidelities(phi[:, i], twin_phi[:, i], cost_ratio) for i, name in enumerate(names)
    }
    worth = {name: p["factor"] <= WORTH_IT for name, p in projects.items()}
    means = np.array([p["mean"] for p in projects.values()])
    ranked = np.argsort(-means, kind="stable")
    found: dict[str, Any] = {
        "pairs": len(shared),
        "draws": len(order),
        "cost_ratio": cost_ratio,
        "projects": projects,
        "worth_it": worth,
        "enough_pairs": len(shared) >= LEAST_DRAWS,
        "rank_probabilities": rank_probabilities(twin_phi).tolist(),
        "best": names[ranked[0]],
    }
    if len(names) > 1:
        p, error = first_in_draws(twin_phi[:, ranked[0]], twin_phi[:, ranked[1]])
        found |= {"second": names[ranked[1]], "best_stays_first": p, "error": error}
    return found


def costs_of(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Capital and yearly cost by set of projects (bits as text)."""
    found = {}
    for row in rows:
        if row["cost_middle"] is not None:
            found[str(row["bits"])] = {
                level: row[f"cost_{level}"] for level in ("low", "middle", "high", "yearly")
            }
    return found


def _why(losses: Losses, sets: int) -> str:
    lacking = min(
        (sets - sum(x is not None for x in v.values()) for v in losses.values()), default=sets
    )
    return f"{lacking} of {sets} portfolios have no value: nothing is attributed over a gap"


def _sampled_entry(
    study: Study, losses: list[dict[int, float]], names: list[str], draws: int
) -> dict[str, Any]:
    """Mean gains over random orders of building (Owen values where measures of a project stand
    together), with their standard errors from pairs of an order and its reverse. They add up to the
    whole gain whatever the number of orders; interactions are not known.
    """
    ways, n = orders(study), len(names)
    pairs = np.array([_in_pairs(ways, v) for v in losses])
    phi = pairs.mean(axis=(0, 1))
    error = pairs.mean(axis=0).std(axis=0, ddof=1) / math.sqrt(pairs.shape[1])
    full = 2**n - 1
    mean = {s: float(np.mean([v[s] for v in losses])) for s in losses[0]}
    return {
        "total_effect": mean[0] - mean[full],
        "loss_none": mean[0],
        "loss_all": mean[full],
        "draws": len(losses),
        "draws_left_out": draws - len(losses),
        "shapley": _named(names, phi),
        "standard_error": _named(names, error),
        "orders": len(ways),
        "unions": study.spec.sampling.of == "measures",
        "first_in": _named(names, np.array([mean[0] - mean[1 << i] for i in range(n)])),
        "last_in": _named(names, np.array([mean[full ^ 1 << i] - mean[full] for i in range(n)])),
        "interactions": None,
        "interval": None,
        "losses": None,
    }


def _in_pairs(ways: list[list[int]], losses: dict[int, float]) -> np.ndarray:
    """(pairs, projects) mean gain of each project in an order and its reverse."""
    gains = np.array([games.marginals(order, lambda s: losses[0] - losses[s]) for order in ways])
    return np.asarray(0.5 * (gains[::2] + gains[1::2]))


def _screened(losses: Losses, names: list[str]) -> dict[str, Any] | None:
    """Main effects on the gain from the 16 runs of the fraction, means over the draws; None where a
    run lacks. Pairs are mixed with pairs.
    """
    sets = games.fractional_design()
    whole = _whole(losses, sets.tolist())
    if not whole:
        return None
    effects = np.mean(
        [
            games.main_effects(sets, -np.array([v[s] for s in sets.tolist()]), len(names))
            for v in whole.values()
        ],
        axis=0,
    )
    return {
        "main_effects": _named(names, effects),
        "draws": len(whole),
        "note": "clear of pairs; AB=CE, AC=BE, AD=EF, AF=DE, BD=CF, BF=CD, AE=BC=DF",
    }


def _entry(losses: np.ndarray, names: list[str], draws: int) -> dict[str, Any]:
    """losses (draws, 2^n). Values are means over the draws; attribution is linear, so the mean
    comes last.
    """
    gains = losses[:, :1] - losses
    phi = np.array([games.shapley(v) for v in gains])
    mean = gains.mean(axis=0)
    entry: dict[str, Any] = {
        "total_effect": float(mean[-1]),
        "loss_none": float(losses[:, 0].mean()),
        "loss_all": float(losses[:, -1].mean()),
        "draws": len(losses),
        "draws_left_out": draws - len(losses),
        "shapley": _named(names, phi.mean(axis=0)),
        "banzhaf": _named(names, games.banzhaf(mean)),
        "first_in": _named(names, games.first_in(mean)),
        "last_in": _named(names, games.last_in(mean)),
        "interactions": games.interactions(mean).tolist(),
        "interval": None,
        "losses": losses.mean(axis=0).tolist(),
    }
    if len(losses) > 1:
        best = int(np.argmax(phi.mean(axis=0)))
        second = int(np.argsort(-phi.mean(axis=0), kind="stable")[1]) if len(names) > 1 else best
        p, error = first_in_draws(phi[:, best], phi[:, second])
        entry["sure"] = {
            "rank_probabilities": rank_probabilities(phi).tolist(),
            "best": names[best],
            "second": names[second],
            "best_stays_first": p,
            "error": error,
            "best_is_first_of_all": float(np.mean(np.argmax(phi, axis=1) == best)),
        }
    if len(losses) >= LEAST_DRAWS:
        low, high = bootstrap_mean(phi)
        entry["interval"] = {
            "spread": [
                np.quantile(phi, 0.05, axis=0).tolist(),
                np.quantile(phi, 0.95, axis=0).tolist(),
            ],
            "mean": [low.tolist(), high.tolist()],
            "draws": len(losses),
        }
    return entry


def _named(names: list[str], values: np.ndarray) -> dict[str, float]:
    return dict(zip(names, np.asarray(values, float).tolist(), strict=True))


def _buying(
    study: Study, rows: list[dict[str, Any]], entry: dict[str, Any]
) -> dict[str, Any] | None:
    """Frontier, hull and order under the yearly budget for one outcome; None where a cost is
    missing.
    """
    names, costs = list(study.projects), costs_of(rows)
    if entry["losses"] is None or len(costs) < 2 ** len(names):
        return None
    cost = np.array([costs[str(s)]["middle"] for s in range(2 ** len(names))])
    gain = entry["loss_none"] - np.array(entry["losses"])
    single = [float(cost[1 << i]) for i in range(len(names))]
    found: dict[str, Any] = {
        "name": entry["name"],
        "storm": entry["storm"],
        "failure_set": entry["failure_set"],
        "frontier": money.frontier(cost, gain),
        "hull": money.hull(cost, gain),
        "gain_a_million": {
            n: entry["shapley"][n] / (c / 1e6) if c > 0.0 else None
            for n, c in zip(names, single, strict=True)
        },
    }
    budgets = study.spec.money.yearly_budget
    if budgets:
        path, total = money.best_order(gain, single, list(budgets))
        greedy_path, greedy = money.greedy_order(gain, single, list(budgets))
        found["order"] = {
            "years": path,
            "gain": total,
            "greedy_years": greedy_path,
            "greedy_gain": greedy,
            "greedy_loss": total - greedy,
        }
    return found


def _expected_annual(study: Study, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """EAD of damage, and what the portfolios are worth at each rate; [] where fewer than three
    storms have a return period.
    """
    periods = sorted((t, storm) for storm, t in study.spec.return_period_y.items())
    if len(periods) < 3:
        return []
    means, found, base = _mean_damages(study, rows), [], None
    for bits in sorted({b for b, _ in means}):
        if any((bits, storm) not in means for _, storm in periods):
            continue
        total, tail, trapezoid = money.expected_annual_damage(
            [t for t, _ in periods], [means[bits, s] for _, s in periods]
        )
        base = total if bits == 0 else base
        row: dict[str, Any] = {
            "bits": bits,
            "ead": total,
            "tail": tail,
            "trapezoid": trapezoid,
        }
        cost = costs_of([r for r in rows if r["bits"] == bits]).get(str(bits))
        if base is not None and bits and cost is not None:
            row |= _worth(study, cost, base - total)
        found.append(row)
    return found


def _mean_damages(study: Study, rows: list[dict[str, Any]]) -> dict[tuple[int, str], float]:
    """Set of projects and storm to the mean over the draws, where no draw lacks it. Runs without
    failures only.
    """
    means: dict[tuple[int, str], float] = {}
    calm = next(iter(study.spec.failure_sets))
    for storm in study.spec.return_period_y:
        mine = [r for r in rows if r["storm"] == storm and r["failure_set"] == calm]
        losses = losses_of(mine, f"{PREFIX}damage")
        for bits in {b for v in losses.values() for b in v}:
            values = [x for v in losses.values() if (x := v.get(bits)) is not None]
            if len(values) == len(losses):
                means[bits, storm] = float(np.mean(values))
    return means


def _worth(study: Study, cost: dict[str, float], benefit: float) -> dict[str, Any]:
    """What a portfolio is worth at each discount rate; benefit : money a year."""
    years, middle, yearly = study.spec.money.horizon_y, cost["middle"], cost["yearly"]
    rates = []
    for rate in study.spec.money.rates:
        npv, bcr = money.net_present_value(middle, yearly, benefit, rate, years)
        rates.append({"rate": rate, "npv": npv, "bcr": bcr})
    return {
        "benefit_a_year": benefit,
        "rates": rates,
        "internal_rate": money.internal_rate(middle, yearly, benefit, years),
    }
